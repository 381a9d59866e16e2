/* One channel's chains, joined in time into segments. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "format/mseed_track.h"

enum { OPEN_SEGMENTS = 8 }; /* the latest ones, in which a chain looks for its place */

/* ---- order --------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_start(const sv_mseed_chain *a, const sv_mseed_chain *b)
{
    int order = compare(a->start, b->start);
    return order != 0 ? order : compare(a->first_run, b->first_run);
}

static int by_segment(const sv_mseed_chain *a, const sv_mseed_chain *b)
{
    int order = compare(a->segment, b->segment);
    return order != 0 ? order : by_start(a, b);
}

typedef int chain_order(const sv_mseed_chain *a, const sv_mseed_chain *b);

static void swap(sv_mseed_chain *a, sv_mseed_chain *b)
{
    sv_mseed_chain kept = *a;
    *a = *b;
    *b = kept;
}

/* Of a heap of `count` chains, which has the last in order on top: all but the one at `place` are
 * where they belong. */
static void sink(sv_mseed_chain *heap, int64_t count, int64_t place, chain_order *order)
{
    for (;;) {
        int64_t largest = 2 * place + 1;
        if (largest >= count) {
            return;
        }
        if (largest + 1 < count && order(&heap[largest], &heap[largest + 1]) < 0) {
            largest++;
        }
        if (order(&heap[place], &heap[largest]) >= 0) {
            return;
        }
        swap(&heap[place], &heap[largest]);
        place = largest;
    }
}

/* By a heap, since qsort() may take as much memory again. */
static void sort_by_heap(sv_mseed_chain *chains, int64_t count, chain_order *order)
{
    for (int64_t i = count / 2 - 1; i >= 0; i--) {
        sink(chains, count, i, order);
    }
    for (int64_t last = count - 1; last > 0; last--) {
        swap(&chains[0], &chains[last]);
        sink(chains, last, 0, order);
    }
}

/* Most files are in order as they are. */
static void sort(sv_mseed_track *track, chain_order *order)
{
    for (int64_t i = 1; i < track->num_chains; i++) {
        if (order(&track->chains[i - 1], &track->chains[i]) > 0) {
            sort_by_heap(track->chains, track->num_chains, order);
            return;
        }
    }
}

/* ---- segments ------------------------------------------------------------------------------ */

static bool joins(const sv_mseed_chain *before, const sv_mseed_chain *chain)
{
    return before->decoded == chain->decoded &&
           sv_mseed_follows(chain->start, chain->rate, before->end, before->rate);
}

/* Gives each chain, in order of time, the segment that it goes on with, or a new one. Looking back
 * at several keeps two that overlap apart, as of a channel that came over two lines. */
static void number_segments(sv_mseed_track *track)
{
    const sv_mseed_chain *open[OPEN_SEGMENTS]; /* the last chain of each, the latest first */
    int num_open = 0;
    int64_t num_segments = 0;
    for (int64_t i = 0; i < track->num_chains; i++) {
        sv_mseed_chain *chain = &track->chains[i];
        int place = 0;
        while (place < num_open && !joins(open[place], chain)) {
            place++;
        }
        chain->segment = place < num_open ? open[place]->segment : num_segments++;
        if (place == num_open && num_open < OPEN_SEGMENTS) {
            num_open++;
        }
        int last = place < num_open ? place : num_open - 1;
        memmove(open + 1, open, (size_t)last * sizeof open[0]);
        open[0] = chain;
    }
}

static bool runs_are_in_order(const sv_mseed_track *track)
{
    for (int64_t i = 1; i < track->num_chains; i++) {
        if (track->chains[i].first_run < track->chains[i - 1].first_run) {
            return false;
        }
    }
    return true;
}

/* Puts the runs in the order of the chains. */
static sv_status order_runs(sv_mseed_track *track, sv_error *error)
{
    if (runs_are_in_order(track)) {
        return SV_OK;
    }
    size_t bytes = (size_t)track->num_runs * sizeof *track->runs;
    sv_mseed_run *ordered = sv_spill_alloc(track->spill, bytes);
    if (ordered == NULL) {
        return sv_fail_memory(error, bytes);
    }
    int64_t count = 0;
    for (int64_t i = 0; i < track->num_chains; i++) {
        sv_mseed_chain *chain = &track->chains[i];
        memcpy(ordered + count, track->runs + chain->first_run,
               (size_t)chain->num_runs * sizeof *ordered);
        chain->first_run = count;
        count += chain->num_runs;
    }
    sv_spill_free(track->spill, track->runs);
    track->runs = ordered;
    track->room_for_runs = track->num_runs;
    return SV_OK;
}

/* A rate that came as a float32 is the shortest decimal that reads back to it, which was meant. */
static double rate_of(const sv_mseed_chain *chain)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double meant;
    bool is_known = chain->rate_is_f4 &&
                    sv_number_parse(sv_number_shortest_f4((float)chain->rate, text), &meant);
    return is_known ? meant : chain->rate;
}

static void begin_segment(sv_mseed_segment *segment, const sv_mseed_track *track,
                          const sv_mseed_chain *chain, int32_t channel)
{
    *segment = (sv_mseed_segment){
        .start = chain->start,
        .rate = rate_of(chain),
        .runs = track->runs + chain->first_run,
        .channel = channel,
        .dtype = chain->dtype,
        .complete = true,
    };
}

static void add_chain(sv_mseed_segment *segment, sv_mseed_track *track, const sv_mseed_chain *chain)
{
    for (int64_t i = chain->first_run; i < chain->first_run + chain->num_runs; i++) {
        track->runs[i].first += segment->num_samples;
    }
    if (!sv_dtype_equal(segment->dtype, chain->dtype)) {
        segment->dtype = sv_dtype_make((sv_type)chain->decoded, SV_NATIVE_ENDIAN);
    }
    segment->num_runs += chain->num_runs;
    segment->num_samples += chain->num_samples;
    segment->complete = segment->complete && chain->complete;
}

/* The first chain of a segment, whether a gap or an overlap parts it from the one before, or only
 * that it is of another type. */
static sv_status open_segment(const sv_mseed_track *track, const sv_mseed_chain *chain,
                              sv_mseed *mseed, int64_t *room, sv_error *error)
{
    sv_status status = sv_mseed_make_room((void **)&mseed->segments, room, mseed->num_segments,
                                          sizeof *mseed->segments, error);
    if (status != SV_OK) {
        return status;
    }
    begin_segment(&mseed->segments[mseed->num_segments++], track, chain, mseed->num_channels);
    if (chain != track->chains) {
        const sv_mseed_chain *before = chain - 1;
        mseed->num_gaps += !sv_mseed_follows(chain->start, chain->rate, before->end, before->rate);
    }
    return SV_OK;
}

static sv_status add_segments(sv_mseed_track *track, sv_mseed *mseed, int64_t *room,
                              sv_error *error)
{
    int64_t first_segment = mseed->num_segments;
    for (int64_t i = 0; i < track->num_chains; i++) {
        const sv_mseed_chain *chain = &track->chains[i];
        if (first_segment + chain->segment == mseed->num_segments) {
            sv_status status = open_segment(track, chain, mseed, room, error);
            if (status != SV_OK) {
                return status;
            }
        }
        add_chain(&mseed->segments[mseed->num_segments - 1], track, chain);
    }
    return SV_OK;
}

sv_status sv_mseed_track_join(sv_mseed_track *track, sv_mseed *mseed, int64_t *room_for_segments,
                              sv_error *error)
{
    sort(track, by_start);
    number_segments(track);
    sort(track, by_segment);
    sv_status status = order_runs(track, error);
    if (status == SV_OK) {
        status = add_segments(track, mseed, room_for_segments, error);
    }
    if (status == SV_OK) {
        sv_mseed_channel *channel = &mseed->channels[mseed->num_channels++];
        memcpy(channel->key, track->key, sizeof channel->key);
        channel->runs = track->runs;
        track->runs = NULL;
    }
    return status;
}
