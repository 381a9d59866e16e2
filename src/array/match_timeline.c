#include "array/match_timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/guard.h"
#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"
#include "scan/file.h"
#include "stats/tile.h"

enum { MOST_BEHIND = 256 << 20 };

/* ---- what is chosen ------------------------------------------------------------------------ */

typedef struct parts {
    sv_timeline_part *items;
    int64_t count, room;
} parts;

static sv_status add_part(parts *list, const sv_timeline_part *part, sv_error *error)
{
    if (list->count == list->room) {
        int64_t room = list->room + list->room / 2 + 16;
        sv_timeline_part *grown = sv_realloc(list->items, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            return sv_fail_memory(error, (size_t)room * sizeof *grown);
        }
        list->items = grown;
        list->room = room;
    }
    list->items[list->count++] = *part;
    return SV_OK;
}

static sv_status add_rows(sv_recording *recording, const sv_segment *segment, const char *channels,
                          int64_t first, int64_t last, parts *list, sv_error *error)
{
    sv_rows rows = {0, 0};
    sv_status status = SV_OK;
    while (status == SV_OK &&
           sv_rows_selected(recording, segment->index, channels, rows.end, &rows)) {
        for (int64_t row = rows.first; row < rows.end && status == SV_OK; row++) {
            sv_channel channel;
            sv_recording_channel(recording, segment->index, row, &channel);
            sv_timeline_part part = {
                .channel = channel.number,
                .segment = segment->index,
                .row = row,
                .first = first,
                .last = last,
                .start = sv_time_of_sample(segment->start, segment->sample_rate, first),
                .sample_rate = segment->sample_rate,
            };
            status = add_part(list, &part, error);
        }
    }
    return status;
}

static sv_status add_segments(sv_recording *recording, const sv_window *window,
                              const char *channels, parts *list, sv_error *error)
{
    sv_channel any = {.number = 0, .start = SV_TIME_NONE};
    bool selected;
    sv_status status = sv_channel_selected(channels, &any, &selected, error);
    for (int64_t i = 0; i < sv_recording_num_segments(recording) && status == SV_OK; i++) {
        sv_segment segment;
        int64_t first, last;
        sv_recording_segment(recording, i, &segment);
        status = sv_window_resolve(recording, i, window, &first, &last, error);
        if (status == SV_OK && last > first) {
            status = add_rows(recording, &segment, channels, first, last, list, error);
        }
    }
    if (status == SV_OK && list->count == 0) {
        status = sv_fail(error, SV_WINDOW, "the window or the choice of channels holds no sample");
    }
    return status;
}

/* ---- the timeline ------------------------------------------------------------------------------
 */

/* Without times all begin together. */
static void place_parts(sv_timeline *timeline)
{
    sv_time earliest = INT64_MAX;
    for (int64_t i = 0; i < timeline->num_parts; i++) {
        sv_time start = timeline->parts[i].start;
        earliest = start != SV_TIME_NONE && start < earliest ? start : earliest;
    }
    for (int64_t i = 0; i < timeline->num_parts; i++) {
        sv_timeline_part *part = &timeline->parts[i];
        if (part->start != SV_TIME_NONE) {
            long double seconds = ((long double)part->start - (long double)earliest) / 1e9L;
            part->at = (int64_t)llroundl(seconds * (long double)part->sample_rate);
        }
    }
}

static int compare_parts(const void *a, const void *b)
{
    const sv_timeline_part *x = a, *y = b;
    if (x->channel != y->channel) {
        return x->channel < y->channel ? -1 : 1;
    }
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->segment < y->segment ? -1 : x->segment > y->segment;
}

static void add_to_channel(sv_timeline_channel *channel, const sv_timeline_part *part)
{
    int64_t count = part->last - part->first;
    channel->num_parts++;
    channel->longest = sv_max_i8(channel->longest, count);
    channel->past = sv_max_i8(channel->past, part->at + count);
    if (channel->sample_rate != part->sample_rate) {
        channel->sample_rate = 0.0;
    }
}

static sv_status find_channels(sv_timeline *timeline, sv_error *error)
{
    size_t bytes = (size_t)timeline->num_parts * sizeof *timeline->channels;
    timeline->channels = sv_malloc(bytes);
    if (timeline->channels == NULL) {
        return sv_fail_memory(error, bytes);
    }
    for (int64_t i = 0; i < timeline->num_parts; i++) {
        const sv_timeline_part *part = &timeline->parts[i];
        if (i == 0 || part->channel != timeline->parts[i - 1].channel) {
            sv_channel channel;
            sv_timeline_channel *added = &timeline->channels[timeline->num_channels++];
            sv_recording_channel(timeline->recording, part->segment, part->row, &channel);
            *added = (sv_timeline_channel){
                .number = part->channel, .first_part = i, .sample_rate = part->sample_rate};
            memcpy(added->id, channel.id, sizeof added->id);
        }
        add_to_channel(&timeline->channels[timeline->num_channels - 1], part);
    }
    return SV_OK;
}

sv_status sv_timeline_open(sv_recording *recording, const sv_window *window, const char *channels,
                           sv_timeline *timeline, sv_error *error)
{
    parts list = {NULL, 0, 0};
    sv_status status = add_segments(recording, window, channels, &list, error);
    *timeline = (sv_timeline){.recording = recording, .parts = list.items, .num_parts = list.count};
    if (status != SV_OK) {
        return status;
    }
    place_parts(timeline);
    qsort(timeline->parts, (size_t)timeline->num_parts, sizeof *timeline->parts, compare_parts);
    return find_channels(timeline, error);
}

void sv_timeline_close(sv_timeline *timeline)
{
    sv_free(timeline->parts);
    sv_free(timeline->channels);
    *timeline = (sv_timeline){.parts = NULL};
}

/* How many of a channel's parts begin before `place`. */
static int64_t count_before(const sv_timeline *timeline, const sv_timeline_channel *channel,
                            int64_t place)
{
    int64_t low = 0, high = channel->num_parts;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (timeline->parts[channel->first_part + middle].at < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const sv_timeline_part *sv_timeline_part_at(const sv_timeline *timeline, int64_t channel,
                                            int64_t place)
{
    const sv_timeline_channel *of = &timeline->channels[channel];
    const sv_timeline_part *found = NULL;
    for (int64_t i = count_before(timeline, of, place + 1) - 1; i >= 0; i--) {
        const sv_timeline_part *part = &timeline->parts[of->first_part + i];
        if (place < part->at + (part->last - part->first)) {
            found = part;
        }
        if (part->at + of->longest <= place) {
            break;
        }
    }
    return found;
}

/* ---- reading ------------------------------------------------------------------------------- */

sv_status sv_timeline_reader_open(const sv_timeline *timeline, const sv_kernels *kernels,
                                  sv_timeline_reader *reader, sv_error *error)
{
    size_t count = (size_t)timeline->num_channels;
    *reader = (sv_timeline_reader){.timeline = timeline, .kernels = kernels};
    reader->readers = sv_calloc(count, sizeof(sv_reader *));
    reader->segments = sv_calloc(count, sizeof *reader->segments);
    if (reader->readers == NULL || reader->segments == NULL) {
        return sv_fail_memory(error, count * (sizeof(sv_reader *) + sizeof *reader->segments));
    }
    return sv_bytes_open(timeline->io, &reader->bytes, error);
}

void sv_timeline_reader_close(sv_timeline_reader *reader)
{
    for (int64_t i = 0; reader->readers != NULL && i < reader->timeline->num_channels; i++) {
        sv_reader_close(reader->readers[i]);
    }
    sv_free(reader->readers);
    sv_free(reader->segments);
    sv_bytes_close(&reader->bytes);
}

static sv_status reader_of(sv_timeline_reader *reader, int64_t channel, int64_t segment,
                           sv_reader **found, sv_error *error)
{
    if (reader->readers[channel] == NULL || reader->segments[channel] != segment) {
        sv_reader_close(reader->readers[channel]);
        reader->readers[channel] = NULL;
        sv_status status =
            sv_reader_open(reader->timeline->recording, segment, &reader->readers[channel], error);
        if (status != SV_OK) {
            return status;
        }
        reader->segments[channel] = segment;
    }
    *found = reader->readers[channel];
    return SV_OK;
}

typedef struct load {
    const sv_kernels *kernels;
    sv_view samples; /* one axis */
    double *to;
} load;

static void load_samples(void *context)
{
    const load *l = context;
    sv_load_f8(l->kernels, l->samples.dtype, l->samples.address, l->samples.strides[0],
               l->samples.shape[0], l->to);
}

/* Unmaps pages that were used, which the page cache keeps: or page tables would grow with the
 * recording. What other threads use is mapped again; what was written to a private mapping must
 * stay. */
static void leave_behind(sv_timeline_reader *reader, const load *l, const sv_recording *source)
{
    sv_file file = sv_file_of(source);
    int64_t itemsize = (int64_t)sv_dtype_itemsize(l->samples.dtype);
    int64_t stride = sv_max_i8(llabs((long long)l->samples.strides[0]), itemsize);
    reader->bytes_behind += stride * l->samples.shape[0];
    if (reader->bytes_behind >= MOST_BEHIND && file.fd >= 0 &&
        sv_buffer_readonly(sv_recording_buffer(source))) {
        madvise((void *)(uintptr_t)file.data, (size_t)file.size_bytes, MADV_DONTNEED);
        reader->bytes_behind = 0;
    }
}

static sv_status load_by_calls(sv_timeline_reader *reader, const load *l, const sv_file *file,
                               sv_error *error)
{
    int64_t room = sv_bytes_room(&l->samples), count = l->samples.shape[0];
    sv_status status = SV_OK;
    for (int64_t done = 0; done < count && status == SV_OK; done += room) {
        load piece = *l;
        piece.to += done;
        piece.samples.address += done * l->samples.strides[0];
        piece.samples.shape[0] = sv_min_i8(room, count - done);
        status = sv_bytes_read(&reader->bytes, file, &piece.samples, error);
        if (status == SV_OK) {
            load_samples(&piece);
        }
    }
    return status;
}

/* What lies in the mapped file may be cut under us. */
static sv_status load_guarded(sv_timeline_reader *reader, const load *l, const sv_recording *source,
                              sv_error *error)
{
    sv_file file = sv_file_of(source);
    uintptr_t offset = (uintptr_t)l->samples.address - (uintptr_t)file.data;
    const void *fault = NULL;
    int64_t bytes = l->samples.shape[0] * (int64_t)sv_dtype_itemsize(l->samples.dtype);
    bool by_calls = sv_bytes_are_called_for(reader->timeline->io, &file);
    bool in_file = offset < (uintptr_t)file.size_bytes;
    *(in_file && !by_calls ? &reader->bytes_mapped : &reader->bytes_copied) += bytes;
    if (!in_file) {
        load_samples((void *)(uintptr_t)l);
        return SV_OK;
    }
    if (by_calls) {
        return load_by_calls(reader, l, &file, error);
    }
    if (!sv_guard_run(load_samples, (void *)(uintptr_t)l, file.data, (size_t)file.size_bytes,
                      &fault)) {
        int64_t byte = (const char *)fault - file.data;
        return sv_file_fault(&file, byte, byte + 1, error);
    }
    leave_behind(reader, l, source);
    return sv_file_look(&file, file.size_bytes, NULL, error);
}

static void lose(sv_timeline_reader *reader, int64_t count, const sv_error *error, double *to)
{
    if (reader->samples_lost == 0) {
        reader->loss = *error;
    }
    reader->samples_lost += count;
    for (int64_t i = 0; i < count; i++) {
        to[i] = (double)NAN;
    }
}

/* Samples [first, last) of a part's row. */
static sv_status read_part(sv_timeline_reader *reader, int64_t channel,
                           const sv_timeline_part *part, int64_t first, int64_t last, double *to,
                           sv_error *error)
{
    sv_reader *source;
    sv_error why = {.message = ""};
    sv_status status = reader_of(reader, channel, part->segment, &source, error);
    while (status == SV_OK && first < last) {
        load l = {.kernels = reader->kernels, .to = to};
        sv_view rows;
        sv_status answer = sv_reader_read(source, first, last - first, &rows, &why);
        if (answer == SV_OK) {
            answer = sv_view_at(&rows, 0, part->row, &l.samples, &why);
        }
        if (answer == SV_OK) {
            const sv_recording *file = sv_reader_source(source);
            answer = load_guarded(reader, &l, file, &why);
            answer = answer != SV_OK && file != reader->timeline->recording
                         ? sv_fail_at(&why, sv_recording_path(file), SV_FORMAT)
                         : answer;
        }
        if (answer == SV_FORMAT) {
            lose(reader, rows.shape[1], &why, to);
        } else if (answer != SV_OK) {
            *error = why;
            status = answer;
        }
        first += rows.shape[1];
        to += rows.shape[1];
    }
    return status;
}

/* Where parts overlap the one that begins first is taken. */
sv_status sv_timeline_read(sv_timeline_reader *reader, int64_t channel, int64_t first,
                           int64_t count, double *to, sv_error *error)
{
    const sv_timeline_channel *of = &reader->timeline->channels[channel];
    sv_status status = SV_OK;
    for (int64_t i = 0; i < count; i++) {
        to[i] = (double)NAN;
    }
    for (int64_t i = count_before(reader->timeline, of, first + count) - 1;
         i >= 0 && status == SV_OK; i--) {
        const sv_timeline_part *part = &reader->timeline->parts[of->first_part + i];
        int64_t from = sv_max_i8(first, part->at);
        int64_t past = sv_min_i8(first + count, part->at + (part->last - part->first));
        if (from < past) {
            status = read_part(reader, channel, part, from - part->at + part->first,
                               past - part->at + part->first, to + (from - first), error);
        }
        if (part->at + of->longest <= first) {
            break;
        }
    }
    return status;
}
