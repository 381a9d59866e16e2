/* Several files as one recording. join.h says of what it is made. */
#include "format/join.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

enum {
    OPEN_SEGMENTS = 8, /* the latest ones, in which a run looks for its place */
    MOST_PARTS = INT32_MAX / 2
};

/* Makes room for one more element. */
static sv_status make_room(void **array, int64_t used, int64_t *room, size_t size, sv_error *error)
{
    if (used < *room) {
        return SV_OK;
    }
    int64_t grown = *room + *room / 2 + 16;
    void *moved = sv_realloc(*array, (size_t)grown * size);
    if (moved == NULL) {
        return sv_fail_memory(error, (size_t)grown * size);
    }
    *array = moved;
    *room = grown;
    return SV_OK;
}

/* ---- ids and units ------------------------------------------------------------------------- */

/* Where the id stands among the sorted ones, or would stand. */
static int64_t find_id(const sv_join *join, const char *id)
{
    int64_t first = 0, last = join->num_ids;
    while (first < last) {
        int64_t middle = first + (last - first) / 2;
        if (strcmp(join->ids[join->by_id[middle]].text, id) < 0) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    return first;
}

static sv_status number_id(sv_join *join, const char *id, int32_t *number, sv_error *error)
{
    int64_t place = find_id(join, id);
    if (place < join->num_ids && strcmp(join->ids[join->by_id[place]].text, id) == 0) {
        *number = join->by_id[place];
        return SV_OK;
    }
    sv_status status = make_room((void **)&join->ids, join->num_ids, &join->room_for_ids,
                                 sizeof *join->ids, error);
    if (status == SV_OK) {
        status = make_room((void **)&join->by_id, join->num_ids, &join->room_for_by_id,
                           sizeof *join->by_id, error);
    }
    if (status != SV_OK) {
        return status;
    }
    *number = (int32_t)join->num_ids;
    snprintf(join->ids[*number].text, sizeof join->ids[*number].text, "%s", id);
    memmove(join->by_id + place + 1, join->by_id + place,
            (size_t)(join->num_ids - place) * sizeof *join->by_id);
    join->by_id[place] = *number;
    join->num_ids++;
    return SV_OK;
}

/* There are few. */
static sv_status number_unit(sv_join *join, const char *unit, int32_t *number, sv_error *error)
{
    int32_t i = 0;
    while (i < join->num_units && strcmp(join->units[i].text, unit) != 0) {
        i++;
    }
    *number = i;
    if (i < join->num_units) {
        return SV_OK;
    }
    sv_status status = make_room((void **)&join->units, join->num_units, &join->room_for_units,
                                 sizeof *join->units, error);
    if (status == SV_OK) {
        snprintf(join->units[i].text, sizeof join->units[i].text, "%s", unit);
        join->num_units++;
    }
    return status;
}

/* ---- the runs of a part -------------------------------------------------------------------- */

/* What has no name, or no time, has no place among others. */
static sv_status check_channel(const sv_channel *channel, sv_error *error)
{
    if (!channel->has_id || channel->id[strspn(channel->id, ".")] == '\0') {
        return sv_fail(error, SV_INVALID,
                       "its channel %" PRId64 " has no id by which it could be joined to others; "
                       "leave --join out",
                       channel->number);
    }
    if (channel->start == SV_TIME_NONE) {
        return sv_fail(error, SV_INVALID,
                       "its channel %" PRId64 " has no time by which it could be joined to others; "
                       "leave --join out",
                       channel->number);
    }
    return SV_OK;
}

static sv_status add_run(sv_join *join, int32_t part, const sv_segment *segment, int64_t row,
                         const sv_channel *channel, sv_error *error)
{
    sv_status status = check_channel(channel, error);
    sv_run run = {
        .start = channel->start,
        .rate = segment->sample_rate,
        .num_samples = segment->num_samples,
        .segment = segment->index,
        .part = part,
        .row = (int32_t)row,
        .dtype = segment->samples.dtype,
        .complete = segment->complete,
    };
    if (status == SV_OK) {
        status = number_id(join, channel->id, &run.channel, error);
    }
    if (status == SV_OK) {
        status = number_unit(join, channel->unit, &run.unit, error);
    }
    if (status == SV_OK) {
        status = make_room((void **)&join->runs, join->num_runs, &join->room_for_runs,
                           sizeof *join->runs, error);
    }
    if (status == SV_OK) {
        join->runs[join->num_runs++] = run;
    }
    return status;
}

static sv_status add_rows(sv_join *join, int32_t part, const sv_recording *opened,
                          const sv_segment *segment, sv_error *error)
{
    sv_status status = SV_OK;
    if (segment->num_channels > INT32_MAX) {
        return sv_fail(error, SV_OVERFLOW, "it has too many channels to be joined");
    }
    for (int64_t row = 0; status == SV_OK && row < segment->num_channels; row++) {
        sv_channel channel;
        status = sv_recording_channel(opened, segment->index, row, &channel);
        if (status != SV_OK) {
            return sv_fail(error, status, "its channel %" PRId64 " cannot be told", row);
        }
        status = add_run(join, part, segment, row, &channel, error);
    }
    return status;
}

static sv_status add_segments(sv_join *join, int32_t part, const sv_recording *opened,
                              sv_error *error)
{
    sv_status status = SV_OK;
    for (int64_t i = 0; status == SV_OK && i < sv_recording_num_segments(opened); i++) {
        sv_segment segment;
        status = sv_recording_segment(opened, i, &segment);
        if (status != SV_OK) {
            return sv_fail(error, status, "its segment %" PRId64 " cannot be told", i);
        }
        status = add_rows(join, part, opened, &segment, error);
    }
    return status;
}

static sv_status take_warnings(sv_recording *recording, const sv_recording *opened, sv_error *error)
{
    sv_status status = SV_OK;
    const char *warning;
    for (int i = 0; status == SV_OK && (warning = sv_recording_warning(opened, i)) != NULL; i++) {
        status = sv_recording_warn(recording, error, "%s: %s", sv_recording_path(opened), warning);
    }
    return status;
}

static sv_status add_part(sv_recording *recording, int32_t i, sv_error *error)
{
    sv_join *join = recording->state;
    const sv_recording *opened;
    sv_status status = sv_parts_take(&join->parts, i, &opened, error);
    if (status != SV_OK) {
        return status;
    }
    const char *format = sv_recording_format(opened);
    if (join->format.name == NULL) {
        join->format.name = format;
    } else if (strcmp(join->format.name, format) != 0) {
        join->format.name = "mixed";
    }
    recording->size_bytes += opened->size_bytes;
    status = add_segments(join, i, opened, error);
    if (status != SV_OK) {
        sv_fail_at(error, join->parts.part[i].path, status);
    } else {
        status = take_warnings(recording, opened, error);
    }
    sv_parts_give_back(&join->parts, i);
    return status;
}

/* A part that cannot be read is left out, with a warning; wrong usage and want of memory end it. */
static sv_status add_parts(sv_recording *recording, sv_error *error)
{
    sv_join *join = recording->state;
    sv_error reason = {.status = SV_OK}, first = reason;
    for (int32_t i = 0; i < join->parts.num_parts; i++) {
        sv_status status = add_part(recording, i, &reason);
        if (status == SV_OK) {
            continue;
        }
        bool ends = status == SV_INVALID || status == SV_NOMEM;
        if (!ends && recording->num_missing++ == 0) {
            first = reason;
        }
        if (!ends) {
            status = sv_recording_warn(recording, &reason, "%s", reason.message);
        }
        if (status != SV_OK) {
            return sv_fail(error, status, "%s", reason.message);
        }
    }
    if (recording->num_missing < join->parts.num_parts) {
        return SV_OK;
    }
    if (error != NULL) {
        *error = first;
    }
    return first.status;
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By channel and time; of equals the one that was named first. */
static int by_start(const void *left, const void *right)
{
    const sv_run *a = left, *b = right;
    int order = compare(a->channel, b->channel);
    order = order != 0 ? order : compare(a->start, b->start);
    order = order != 0 ? order : compare(a->part, b->part);
    order = order != 0 ? order : compare(a->segment, b->segment);
    return order != 0 ? order : compare(a->row, b->row);
}

static int by_segment(const void *left, const void *right)
{
    const sv_run *a = left, *b = right;
    int order = compare(a->channel, b->channel);
    order = order != 0 ? order : compare(a->joined, b->joined);
    return order != 0 ? order : by_start(left, right);
}

static void sort(sv_join *join, int (*order)(const void *, const void *))
{
    for (int64_t i = 1; i < join->num_runs; i++) {
        if (order(&join->runs[i - 1], &join->runs[i]) > 0) {
            qsort(join->runs, (size_t)join->num_runs, sizeof *join->runs, order);
            return;
        }
    }
}

/* ---- segments ------------------------------------------------------------------------------ */

/* Within half a sample of when the next one is due, at a rate with which its last sample is. */
static bool follows(const sv_run *run, const sv_run *before)
{
    sv_time due = sv_time_of_sample(before->start, before->rate, before->num_samples);
    double drift = fabs(1.0 - run->rate / before->rate) * (double)run->num_samples;
    return due != SV_TIME_NONE && drift <= 0.5 &&
           fabs((double)run->start - (double)due) <= 0.5e9 / run->rate;
}

/* Samples of another type or unit cannot share a segment, though they follow. */
static bool joins(const sv_run *run, const sv_run *before)
{
    return sv_dtype_equal(run->dtype, before->dtype) && run->unit == before->unit &&
           follows(run, before);
}

/* Gives each run of a channel, in order of time, the segment that it goes on with, or a new one.
 * Looking back at several keeps two that overlap apart, as of a channel that came over two lines.
 */
static void number_segments(sv_run *runs, int64_t num_runs)
{
    const sv_run *open[OPEN_SEGMENTS] = {NULL}; /* the last run of each, the latest first */
    int num_open = 0;
    int64_t num_segments = 0;
    for (sv_run *run = runs; run < runs + num_runs; run++) {
        int place = 0;
        while (place < num_open && !joins(run, open[place])) {
            place++;
        }
        run->joined = place < num_open ? open[place]->joined : num_segments++;
        if (place == num_open && num_open < OPEN_SEGMENTS) {
            num_open++;
        }
        int last = place < num_open ? place : num_open - 1;
        memmove(open + 1, open, (size_t)last * sizeof open[0]);
        open[0] = run;
    }
}

static int64_t end_of_channel(const sv_join *join, int64_t first)
{
    int64_t last = first;
    while (last < join->num_runs && join->runs[last].channel == join->runs[first].channel) {
        last++;
    }
    return last;
}

/* Leaves runs without samples out, but for one of a channel that has no other, and those that
 * lack the samples that they state. */
static void drop_empty(sv_join *join)
{
    int64_t kept = 0;
    for (int64_t first = 0, last; first < join->num_runs; first = last) {
        int64_t kept_before = kept;
        last = end_of_channel(join, first);
        for (int64_t i = first; i < last; i++) {
            if (join->runs[i].num_samples > 0 || !join->runs[i].complete) {
                join->runs[kept++] = join->runs[i];
            }
        }
        if (kept == kept_before) {
            join->runs[kept++] = join->runs[first];
        }
    }
    join->num_runs = kept;
}

static bool begins_segment(const sv_run *run)
{
    return run->channel != run[-1].channel || run->joined != run[-1].joined;
}

static sv_status make_segments(sv_join *join, int64_t *num_gaps, sv_error *error)
{
    int64_t room = 0;
    for (int64_t i = 0; i < join->num_runs; i++) {
        sv_run *run = &join->runs[i];
        if (i == 0 || begins_segment(run)) {
            sv_status status = make_room((void **)&join->segments, join->num_segments, &room,
                                         sizeof *join->segments, error);
            if (status != SV_OK) {
                return status;
            }
            join->segments[join->num_segments++] =
                (sv_joined_segment){.first_run = i, .complete = true};
            *num_gaps += i > 0 && run->channel == run[-1].channel && !follows(run, run - 1);
        }
        sv_joined_segment *segment = &join->segments[join->num_segments - 1];
        run->first = segment->num_samples;
        segment->num_runs++;
        segment->complete = segment->complete && run->complete;
        if (!sv_add(segment->num_samples, run->num_samples, &segment->num_samples)) {
            return sv_fail(error, SV_OVERFLOW, "together they have too many samples");
        }
    }
    return SV_OK;
}

static sv_status put_together(sv_join *join, int64_t *num_gaps, sv_error *error)
{
    sort(join, by_start);
    drop_empty(join);
    for (int64_t first = 0, last; first < join->num_runs; first = last) {
        last = end_of_channel(join, first);
        number_segments(join->runs + first, last - first);
    }
    sort(join, by_segment);
    return make_segments(join, num_gaps, error);
}

/* A given start is that of the earliest sample; the others keep their distance from it. */
static sv_status find_start(sv_recording *recording, sv_time given, sv_error *error)
{
    sv_join *join = recording->state;
    sv_time earliest = INT64_MAX;
    for (int64_t i = 0; i < join->num_runs; i++) {
        earliest = sv_min_i8(earliest, join->runs[i].start);
    }
    recording->start = given != SV_TIME_NONE ? given : earliest;
    for (int64_t i = 0; i < join->num_runs && given != SV_TIME_NONE; i++) {
        int64_t distance;
        if (!sv_add(join->runs[i].start, -earliest, &distance) ||
            !sv_add(given, distance, &join->runs[i].start)) {
            return sv_fail(error, SV_OVERFLOW,
                           "with this start its segments lie outside the years 1677 to 2262");
        }
    }
    return SV_OK;
}

/* ---- the descriptor ------------------------------------------------------------------------ */

static sv_status segment_of_join(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    const sv_join *join = recording->state;
    const sv_joined_segment *joined = &join->segments[index];
    const sv_run *run = &join->runs[joined->first_run];
    int64_t itemsize = (int64_t)sv_dtype_itemsize(run->dtype);
    segment->num_channels = 1;
    segment->num_samples = joined->num_samples;
    segment->sample_rate = run->rate;
    segment->start = run->start;
    segment->complete = joined->complete;
    segment->in_place = false;
    segment->data_offset = -1;
    segment->samples = (sv_view){
        .dtype = run->dtype,
        .ndim = 2,
        .readonly = true,
        .shape = {1, joined->num_samples},
        .strides = {joined->num_samples * itemsize, itemsize},
    };
    return SV_OK;
}

static sv_status channel_of_join(const sv_recording *recording, int64_t segment, int64_t row,
                                 sv_channel *channel)
{
    (void)row;
    const sv_join *join = recording->state;
    const sv_run *run = &join->runs[join->segments[segment].first_run];
    channel->number = run->channel;
    channel->has_id = true;
    memcpy(channel->id, join->ids[run->channel].text, sizeof channel->id);
    memcpy(channel->unit, join->units[run->unit].text, sizeof channel->unit);
    channel->start = run->start;
    return SV_OK;
}

static bool is_join_of(const sv_recording *recording, const struct stat *file)
{
    const sv_join *join = recording->state;
    for (int32_t i = 0; i < join->parts.num_parts; i++) {
        const struct stat *part = &join->parts.part[i].at_joining;
        if (part->st_dev == file->st_dev && part->st_ino == file->st_ino) {
            return true;
        }
    }
    return false;
}

static sv_status check_join(const sv_recording *recording, sv_error *error)
{
    sv_join *join = recording->state;
    return sv_parts_check(&join->parts, error);
}

static void close_join(sv_recording *recording)
{
    sv_join *join = recording->state;
    sv_parts_free(&join->parts);
    sv_free(join->runs);
    sv_free(join->segments);
    sv_free(join->ids);
    sv_free(join->by_id);
    sv_free(join->units);
    sv_free(join);
}

/* ---- joining ------------------------------------------------------------------------------- */

static sv_status check_paths(int64_t num_paths, sv_error *error)
{
    if (num_paths < 1 || num_paths > MOST_PARTS) {
        return sv_fail(error, SV_INVALID, "%" PRId64 " files cannot be joined; give 1 to %d",
                       num_paths, MOST_PARTS);
    }
    return SV_OK;
}

/* A recording without segments yet, and without a name of its format. */
static sv_status make_empty(const char *path, sv_recording **recording, sv_error *error)
{
    static const sv_format descriptor = {
        .description = "several files as one recording",
        .segment = segment_of_join,
        .channel = channel_of_join,
        .check = check_join,
        .is_of = is_join_of,
        .close = close_join,
        .open_reader = sv_join_open_reader,
        .read = sv_join_read,
        .source = sv_join_source,
        .close_reader = sv_join_close_reader,
    };
    sv_recording *made = sv_calloc(1, sizeof *made);
    sv_join *join = sv_calloc(1, sizeof *join);
    char *own_path = sv_strdup(path);
    sv_buffer *buffer = NULL;
    sv_status status = made != NULL && join != NULL && own_path != NULL
                           ? sv_buffer_borrow_const(NULL, 0, &buffer, error)
                           : sv_fail_memory(error, sizeof *made + sizeof *join);
    if (status != SV_OK) {
        sv_free(made);
        sv_free(join);
        sv_free(own_path);
        return status;
    }
    join->format = descriptor;
    *made = (sv_recording){.format = &join->format,
                           .path = own_path,
                           .buffer = buffer,
                           .start = SV_TIME_NONE,
                           .state = join};
    *recording = made;
    return SV_OK;
}

sv_status sv_recording_join(const char *const *paths, int64_t num_paths,
                            const sv_open_options *options, sv_recording **recording,
                            sv_error *error)
{
    static const sv_open_options defaults = SV_OPEN_OPTIONS_INIT;
    if (options == NULL) {
        options = &defaults;
    }
    sv_recording *made = NULL;
    sv_status status = check_paths(num_paths, error);
    if (status == SV_OK) {
        status = make_empty(paths[0], &made, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_join *join = made->state;
    status = sv_parts_make(&join->parts, paths, (int32_t)num_paths, options, error);
    if (status == SV_OK) {
        status = add_parts(made, error);
    }
    if (status == SV_OK) {
        status = put_together(join, &made->num_gaps, error);
    }
    if (status == SV_OK) {
        status = find_start(made, options->start, error);
    }
    if (status != SV_OK) {
        sv_recording_close(made);
        return status;
    }
    made->num_segments = join->num_segments;
    *recording = made;
    return SV_OK;
}
