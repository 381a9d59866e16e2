/* One channel's records, put together into runs and chains as they are met. */
#include "format/mseed_track.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

/* A run that is walked does not reach over more foreign bytes than this for each of the records
 * that it may have: they would have to be walked over every time. */
enum { FAR_BYTES_A_RECORD = 512 };

/* Rates that differ less are the same, written down in different ways; so does libmseed. */
#define RATE_TOLERANCE 1e-4

sv_status sv_mseed_make_room(void **items, int64_t *room, int64_t count, size_t item_bytes,
                             sv_error *error)
{
    if (count < *room) {
        return SV_OK;
    }
    int64_t wanted = *room + *room / 2 + 2;
    void *grown = sv_realloc(*items, (size_t)wanted * item_bytes);
    if (grown == NULL) {
        return sv_fail_memory(error, (size_t)wanted * item_bytes);
    }
    *items = grown;
    *room = wanted;
    return SV_OK;
}

/* The same for lists that may become as long as the file. */
static sv_status make_more_room(sv_spill *spill, void **items, int64_t *room, int64_t count,
                                size_t item_bytes, sv_error *error)
{
    if (count < *room) {
        return SV_OK;
    }
    int64_t wanted = *room + *room / 2 + 2;
    void *grown = sv_spill_alloc(spill, (size_t)wanted * item_bytes);
    if (grown == NULL) {
        return sv_fail_memory(error, (size_t)wanted * item_bytes);
    }
    if (count > 0) {
        memcpy(grown, *items, (size_t)count * item_bytes);
    }
    sv_spill_free(spill, *items);
    *items = grown;
    *room = wanted;
    return SV_OK;
}

void sv_mseed_track_free(sv_mseed_track *track)
{
    sv_spill_free(track->spill, track->chains);
    sv_spill_free(track->spill, track->runs);
}

/* ---- time ---------------------------------------------------------------------------------- */

bool sv_mseed_follows(sv_time start, double rate, sv_time due, double rate_before)
{
    bool same_rate = rate == rate_before || fabs(1.0 - rate / rate_before) < RATE_TOLERANCE;
    if (due == SV_TIME_NONE || !same_rate) {
        return false;
    }
    return start == due || fabs((double)(start - due)) <= 0.5e9 / rate;
}

/* Exact to the nanosecond: a record's samples are few. */
static sv_time end_of(const sv_mseed_record *record)
{
    double nanoseconds = (double)record->num_samples * 1e9 / record->rate;
    sv_time end;
    bool fits = nanoseconds < 9e18 && sv_add(record->start, llround(nanoseconds), &end);
    return fits ? end : SV_TIME_NONE;
}

/* ---- runs ---------------------------------------------------------------------------------- */

static bool is_stepped(const sv_mseed_run *run)
{
    return run->dtype.type != SV_TYPE_NONE;
}

/* Whether a record is as far from the run's last one as they all are from each other. */
static bool is_next_step(sv_mseed_run *run, const sv_mseed_record *record)
{
    int64_t distance = record->offset - run->offset;
    if (run->num_records == 1 && distance <= UINT32_MAX) {
        run->step = (uint32_t)distance;
    }
    return distance == (int64_t)run->step * run->num_records;
}

/* One more of records that are all alike, and equally far from each other. */
static bool step_on(sv_mseed_run *run, const sv_mseed_record *record)
{
    if (!sv_dtype_equal(run->dtype, record->dtype) || run->samples != record->num_samples ||
        run->data_offset != record->data_offset || run->num_records == UINT32_MAX) {
        return false;
    }
    return is_next_step(run, record);
}

/* One more of records that are found one after the other. Those that are not equally far from each
 * other must be near. */
static bool walk_on(const sv_mseed_track *track, sv_mseed_run *run, const sv_mseed_record *record,
                    uint32_t records_a_run)
{
    int64_t far = (int64_t)FAR_BYTES_A_RECORD * records_a_run;
    if (run->num_records >= records_a_run) {
        return false;
    }
    if (is_next_step(run, record)) {
        return true;
    }
    int64_t before = (int64_t)run->step - record->length; /* foreign bytes, about */
    bool are_near = record->offset - track->last_byte <= far && before <= far;
    run->step = are_near ? 0 : run->step;
    return are_near;
}

static sv_status begin_run(sv_mseed_track *track, const sv_mseed_record *record, int64_t first,
                           sv_error *error)
{
    sv_status status = make_more_room(track->spill, (void **)&track->runs, &track->room_for_runs,
                                      track->num_runs, sizeof *track->runs, error);
    if (status == SV_OK) {
        track->runs[track->num_runs++] = (sv_mseed_run){
            .offset = record->offset,
            .first = first,
            .num_records = 1,
            .samples = record->num_samples,
            .data_offset = record->data_offset,
            .dtype = record->dtype,
        };
    }
    return status;
}

/* Merges the runs [first, first + count) of a chain two by two, and writes them from `to` on. */
static int64_t merge_pairs(sv_mseed_run *runs, int64_t first, int64_t count, sv_mseed_run *to,
                           uint32_t records_a_run)
{
    int64_t kept = 0;
    for (int64_t i = first; i < first + count; i++) {
        sv_mseed_run run = runs[i];
        bool has_next = i + 1 < first + count;
        if (has_next && (uint64_t)run.num_records + runs[i + 1].num_records <= records_a_run) {
            run.num_records += runs[++i].num_records;
            run.step = 0;
            run.dtype = sv_dtype_make(SV_TYPE_NONE, SV_NATIVE_ENDIAN);
        }
        to[kept++] = run;
    }
    return kept;
}

void sv_mseed_track_thin(sv_mseed_track *track, uint32_t records_a_run)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < track->num_chains; i++) {
        sv_mseed_chain *chain = &track->chains[i];
        int64_t count = merge_pairs(track->runs, chain->first_run, chain->num_runs,
                                    track->runs + kept, records_a_run);
        chain->first_run = kept;
        chain->num_runs = count;
        kept += count;
    }
    track->num_runs = kept;
}

/* ---- chains -------------------------------------------------------------------------------- */

static sv_dtype dtype_of(const sv_mseed_record *record)
{
    bool is_plain = record->dtype.type != SV_TYPE_NONE;
    return is_plain ? record->dtype : sv_dtype_make((sv_type)record->decoded, SV_NATIVE_ENDIAN);
}

static sv_status begin_chain(sv_mseed_track *track, const sv_mseed_record *record, sv_error *error)
{
    sv_status status =
        make_more_room(track->spill, (void **)&track->chains, &track->room_for_chains,
                       track->num_chains, sizeof *track->chains, error);
    if (status == SV_OK) {
        track->chains[track->num_chains++] = (sv_mseed_chain){
            .start = record->start,
            .rate = record->rate,
            .first_run = track->num_runs,
            .dtype = dtype_of(record),
            .decoded = record->decoded,
            .rate_is_f4 = record->rate_is_f4,
            .complete = true,
        };
    }
    return status;
}

static bool goes_on(const sv_mseed_chain *chain, const sv_mseed_record *record)
{
    return chain->decoded == record->decoded &&
           sv_mseed_follows(record->start, record->rate, chain->end, chain->rate);
}

static sv_status add_to_chain(sv_mseed_track *track, sv_mseed_chain *chain,
                              const sv_mseed_record *record, uint32_t records_a_run,
                              sv_error *error)
{
    sv_mseed_run *run = chain->num_runs > 0 ? &track->runs[track->num_runs - 1] : NULL;
    bool fits = run != NULL && (is_stepped(run) ? step_on(run, record)
                                                : walk_on(track, run, record, records_a_run));
    if (fits) {
        run->num_records++;
    } else {
        sv_status status = begin_run(track, record, chain->num_samples, error);
        if (status != SV_OK) {
            return status;
        }
        chain->num_runs++;
    }
    if (!sv_dtype_equal(chain->dtype, dtype_of(record))) {
        chain->dtype = sv_dtype_make((sv_type)chain->decoded, SV_NATIVE_ENDIAN);
    }
    chain->num_samples += record->num_samples;
    chain->end = end_of(record);
    return SV_OK;
}

sv_status sv_mseed_track_add(sv_mseed_track *track, const sv_mseed_record *record,
                             uint32_t records_a_run, bool *is_new_chain, sv_error *error)
{
    int64_t num_chains = track->num_chains;
    *is_new_chain = num_chains == 0 || !goes_on(&track->chains[num_chains - 1], record);
    if (*is_new_chain) {
        sv_status status = begin_chain(track, record, error);
        if (status != SV_OK) {
            return status;
        }
    }
    sv_mseed_chain *chain = &track->chains[track->num_chains - 1];
    sv_status status = add_to_chain(track, chain, record, records_a_run, error);
    track->last_byte = record->offset + record->length;
    return status;
}
