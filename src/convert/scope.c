#include "convert/scope.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "convert/carry.h"

sv_scope sv_scope_of(const sv_recording *recording, const sv_convert_options *options)
{
    return (sv_scope){.recording = recording,
                      .options = options,
                      .last_segment = sv_recording_num_segments(recording),
                      .only_row = -1};
}

/* The selection's text made sense when it was first looked at. */
static bool next_rows(const sv_scope *scope, int64_t segment, sv_rows *rows)
{
    if (scope->only_row < 0) {
        return sv_rows_selected(scope->recording, segment, scope->options->channels, rows->end,
                                rows);
    }
    bool is_ahead = rows->end <= scope->only_row;
    *rows = (sv_rows){scope->only_row, scope->only_row + 1};
    return is_ahead;
}

static int64_t count_rows(const sv_scope *scope, int64_t segment)
{
    int64_t count = 0;
    sv_rows rows = {0, 0};
    while (next_rows(scope, segment, &rows)) {
        count += rows.end - rows.first;
    }
    return count;
}

static bool has_window(const sv_scope *scope)
{
    const sv_window *window = scope->options->window;
    return window != NULL &&
           (window->from.kind != SV_POSITION_NONE || window->to.kind != SV_POSITION_NONE);
}

/* ---- the walk ---------------------------------------------------------------------------- */

void sv_walk_begin(sv_walk *walk, const sv_scope *scope, int64_t most_rows)
{
    memset(walk, 0, sizeof *walk);
    walk->scope = scope;
    walk->most_rows = sv_min_i8(most_rows, SV_GROUP_ROWS);
    walk->next_segment = scope->first_segment;
}

/* A segment that the window misses is passed over; one without samples is taken as it is. */
static bool take_segment(sv_walk *walk, int64_t index)
{
    const sv_scope *scope = walk->scope;
    if (sv_recording_segment(scope->recording, index, &walk->segment) != SV_OK ||
        sv_window_resolve(scope->recording, index, scope->options->window, &walk->first,
                          &walk->last, NULL) != SV_OK) {
        return false;
    }
    if (walk->first == walk->last && has_window(scope)) {
        return false;
    }
    walk->segment_rows = count_rows(scope, index);
    walk->next_row = 0;
    return walk->segment_rows > 0;
}

bool sv_walk_segment(sv_walk *walk)
{
    walk->position += walk->num_rows;
    walk->num_rows = 0;
    while (walk->next_segment < walk->scope->last_segment) {
        if (take_segment(walk, walk->next_segment++)) {
            return true;
        }
    }
    return false;
}

bool sv_walk_rows(sv_walk *walk)
{
    sv_rows rows = {0, walk->next_row};
    walk->position += walk->num_rows;
    walk->num_rows = 0;
    while (walk->num_rows < walk->most_rows && next_rows(walk->scope, walk->segment.index, &rows)) {
        while (walk->num_rows < walk->most_rows && rows.first < rows.end) {
            walk->rows[walk->num_rows++] = rows.first++;
        }
        walk->next_row = rows.first;
    }
    return walk->num_rows > 0;
}

sv_channel sv_walk_channel(const sv_walk *walk, int64_t i)
{
    sv_channel channel = {.start = SV_TIME_NONE};
    sv_recording_channel(walk->scope->recording, walk->segment.index, walk->rows[i], &channel);
    channel.start = sv_time_of_sample(channel.start, walk->segment.sample_rate, walk->first);
    return channel;
}

/* ---- measuring --------------------------------------------------------------------------- */

/* What cannot be meant, before anything is passed over for it. */
static sv_status check_options(const sv_scope *scope, sv_error *error)
{
    static const sv_channel any = {.start = SV_TIME_NONE};
    bool chosen;
    sv_status status = sv_channel_selected(scope->options->channels, &any, &chosen, error);
    for (int64_t i = scope->first_segment; i < scope->last_segment && status == SV_OK; i++) {
        int64_t first, last;
        status =
            sv_window_resolve(scope->recording, i, scope->options->window, &first, &last, error);
    }
    return status;
}

/* A type for both. */
static sv_dtype common_type(sv_dtype a, sv_dtype b)
{
    if (sv_type_holds((sv_type)a.type, (sv_type)b.type)) {
        return a;
    }
    return sv_type_holds((sv_type)b.type, (sv_type)a.type) ? b
                                                           : sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
}

static void add_segment(const sv_walk *walk, sv_extent *extent)
{
    int64_t num_samples = walk->last - walk->first;
    if (extent->num_segments++ == 0) {
        extent->num_samples = num_samples;
        extent->sample_rate = walk->segment.sample_rate;
        extent->dtype = walk->segment.samples.dtype;
    }
    extent->dtype = common_type(extent->dtype, walk->segment.samples.dtype);
    extent->is_alike = extent->is_alike && num_samples == extent->num_samples &&
                       walk->segment.sample_rate == extent->sample_rate;
    extent->is_complete = extent->is_complete && walk->segment.complete;
    extent->num_samples = sv_max_i8(extent->num_samples, num_samples);
    extent->num_rows += walk->segment_rows;
    extent->num_bytes +=
        walk->segment_rows * num_samples * (int64_t)sv_dtype_itemsize(walk->segment.samples.dtype);
}

sv_status sv_scope_measure(const sv_scope *scope, sv_extent *extent, sv_error *error)
{
    sv_status status = check_options(scope, error);
    if (status != SV_OK) {
        return status;
    }
    sv_walk walk;
    *extent = (sv_extent){.is_alike = true, .is_complete = true};
    sv_walk_begin(&walk, scope, SV_GROUP_ROWS);
    while (sv_walk_segment(&walk)) {
        add_segment(&walk, extent);
    }
    if (extent->num_segments > 0) {
        return SV_OK;
    }
    return has_window(scope)
               ? sv_fail(error, SV_WINDOW,
                         "the window holds no sample of the channels; see: "
                         "seisview info")
               : sv_fail(error, SV_WINDOW, "none of its channels is chosen; see: seisview info");
}
