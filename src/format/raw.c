/* Raw samples: no header of their own; options and SigMF side files say what they are. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"
#include "format/order.h"
#include "format/sigmf.h"

static const char *const suffixes[] = {".bin", ".raw", ".f32", ".dat", ".sigmf-data", NULL};

/* Consecutive frames that share a clock: a segment. */
typedef struct sv_run {
    int64_t offset_bytes; /* of sample 0 of row 0 */
    int64_t num_samples;
    sv_time start;
} sv_run;

typedef struct sv_raw {
    sv_dtype dtype;
    int64_t num_channels;
    bool is_planar;
    double sample_rate;
    int64_t frame_bytes;
    int64_t sample_stride, row_stride; /* bytes */
    int64_t num_runs;
    sv_run runs[];
} sv_raw;

/* What the options and the side file come to. */
typedef struct sv_plan {
    sv_dtype dtype;
    int64_t num_channels;
    bool is_planar;
    double sample_rate;
    sv_time start; /* asked for; SV_TIME_NONE: as the captures say */
    int64_t frame_bytes;
    int64_t end_bytes;    /* where samples end: the file's end without trailing bytes */
    sv_capture *captures; /* at least one; the first at sample 0 */
    int64_t num_captures;
} sv_plan;

/* ---- the side file ----------------------------------------------------------------------- */

static bool side_is_named(const sv_source *source)
{
    return strcmp(source->path, source->data_path) != 0;
}

static sv_likeness probe_raw(const sv_source *source, const sv_head *head)
{
    (void)head;
    if (sv_options_say_raw(source->options) || side_is_named(source) ||
        sv_path_has_suffix(source->data_path, suffixes)) {
        return SV_LIKE_STATED;
    }
    sv_sigmf meta;
    if (source->side_path != NULL && sv_sigmf_read(source->side_path, &meta, NULL) == SV_OK) {
        bool stated;
        bool describes = sv_sigmf_describes(&meta, source->data_path, &stated);
        sv_sigmf_free(&meta);
        return describes && stated ? SV_LIKE_STATED : SV_UNLIKE;
    }
    return strcmp(source->path, "-") == 0 ? SV_LIKE_NOTHING_ELSE : SV_UNLIKE;
}

/* Sets *found where there is a side file that speaks of these samples. One that cannot be used is
 * an error, unless the user gave the type of the samples: then it is passed over with a warning. */
static sv_status read_side_file(sv_recording *recording, const sv_source *source, sv_sigmf *meta,
                                bool *found, sv_error *error)
{
    *found = false;
    if (source->side_path == NULL) {
        return SV_OK;
    }
    sv_error inner;
    sv_status status = sv_sigmf_read(source->side_path, meta, &inner);
    if (status == SV_NOTFOUND) {
        return SV_OK;
    }
    if (status != SV_OK && source->options->dtype.type != SV_TYPE_NONE && status != SV_NOMEM) {
        return sv_recording_warn(recording, error, "%s; it is passed over", inner.message);
    }
    if (status != SV_OK) {
        return sv_fail(error, status, "%s", inner.message);
    }
    bool stated;
    *found = side_is_named(source) || sv_sigmf_describes(meta, source->data_path, &stated);
    if (*found) {
        return SV_OK;
    }
    status = sv_recording_warn(
        recording, error, "side file %.128s: it names another file, %.128s; it is passed over",
        sv_path_name(source->side_path), meta->dataset != NULL ? meta->dataset : "its .sigmf-data");
    sv_sigmf_free(meta);
    return status;
}

/* ---- the plan ---------------------------------------------------------------------------- */

/* Captures that begin nothing are dropped, and one at sample 0 is put before those that begin
 * later. The array has room for one more than *count. */
static void tidy_captures(sv_capture *captures, int64_t *count)
{
    static const sv_capture whole = {0, 0, SV_TIME_NONE};
    if (*count == 0 || captures[0].sample_start > 0) {
        memmove(captures + 1, captures, (size_t)*count * sizeof *captures);
        captures[0] = whole;
        ++*count;
    }
    int64_t kept = 1;
    for (int64_t i = 1; i < *count; i++) {
        if (captures[i].start != SV_TIME_NONE || captures[i].header_bytes > 0) {
            captures[kept++] = captures[i];
        }
    }
    *count = kept;
}

static sv_status plan_captures(const sv_sigmf *meta, const sv_open_options *options, sv_plan *plan,
                               sv_error *error)
{
    size_t size_bytes = ((size_t)meta->num_captures + 1) * sizeof *plan->captures;
    plan->captures = sv_malloc(size_bytes);
    if (plan->captures == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
    plan->num_captures = meta->num_captures;
    if (plan->num_captures > 0) {
        memcpy(plan->captures, meta->captures, size_bytes - sizeof *plan->captures);
    }
    tidy_captures(plan->captures, &plan->num_captures);
    if (options->skip_bytes >= 0) {
        plan->captures[0].header_bytes = options->skip_bytes;
    }
    return SV_OK;
}

/* `meta` is all zeros where there is no side file. */
static sv_status make_plan(const sv_sigmf *meta, const sv_open_options *options, int64_t file_bytes,
                           sv_plan *plan, sv_error *error)
{
    plan->dtype = options->dtype.type != SV_TYPE_NONE ? options->dtype
                  : meta->dtype.type != SV_TYPE_NONE  ? meta->dtype
                                                      : sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN);
    plan->num_channels =
        options->channels != 0 ? options->channels : sv_max_i8(meta->num_channels, 1);
    plan->is_planar = options->layout == SV_PLANAR;
    plan->sample_rate = options->rate > 0.0       ? options->rate
                        : meta->sample_rate > 0.0 ? meta->sample_rate
                                                  : 1.0;
    plan->start = options->start;
    plan->end_bytes = file_bytes - sv_min_i8(meta->trailing_bytes, file_bytes);
    if (!sv_multiply(plan->num_channels, (int64_t)sv_dtype_itemsize(plan->dtype),
                     &plan->frame_bytes)) {
        return sv_fail(error, SV_OVERFLOW,
                       "%" PRId64 " channels of %zu bytes do not fit in 64 bits",
                       plan->num_channels, sv_dtype_itemsize(plan->dtype));
    }
    return plan_captures(meta, options, plan, error);
}

/* ---- runs -------------------------------------------------------------------------------- */

static sv_raw *make_raw(const sv_plan *plan, sv_error *error)
{
    size_t size_bytes = sizeof(sv_raw) + (size_t)plan->num_captures * sizeof(sv_run);
    sv_raw *raw = sv_calloc(1, size_bytes);
    if (raw == NULL) {
        sv_fail_memory(error, size_bytes);
        return NULL;
    }
    raw->dtype = plan->dtype;
    raw->num_channels = plan->num_channels;
    raw->is_planar = plan->is_planar;
    raw->sample_rate = plan->sample_rate;
    raw->frame_bytes = plan->frame_bytes;
    return raw;
}

static sv_status fail_without_samples(const sv_plan *plan, sv_error *error)
{
    int64_t header_bytes = plan->captures[0].header_bytes;
    if (header_bytes >= plan->end_bytes) {
        return sv_fail(error, SV_EMPTY,
                       "its header of %" PRId64 " bytes leaves no sample: samples end at byte "
                       "%" PRId64 "; give another --skip",
                       header_bytes, plan->end_bytes);
    }
    return sv_fail(error, SV_EMPTY, "there is no whole sample%s: %" PRId64 " of %" PRId64 " bytes",
                   plan->num_channels > 1 ? " for each channel" : "",
                   plan->end_bytes - header_bytes, plan->frame_bytes);
}

/* Channel by channel, the samples of all captures run on without a header between them. */
static sv_status find_planar_runs(const sv_plan *plan, sv_raw *raw, sv_error *error)
{
    for (int64_t i = 1; i < plan->num_captures; i++) {
        if (plan->captures[i].header_bytes > 0) {
            return sv_fail(error, SV_UNSUPPORTED,
                           "planar samples cannot have bytes before a later capture");
        }
    }
    int64_t itemsize = (int64_t)sv_dtype_itemsize(plan->dtype);
    int64_t first_byte = plan->captures[0].header_bytes;
    int64_t num_bytes = plan->end_bytes - first_byte;
    if (first_byte >= plan->end_bytes || num_bytes < plan->frame_bytes) {
        return fail_without_samples(plan, error);
    }
    if (num_bytes % plan->frame_bytes != 0) {
        return sv_fail(error, SV_SHAPE,
                       "%" PRId64 " bytes of planar samples do not divide by %" PRId64
                       " channels of %" PRId64 "-byte samples; give other --channels or --skip",
                       num_bytes, plan->num_channels, itemsize);
    }
    int64_t num_frames = num_bytes / plan->frame_bytes;
    raw->sample_stride = itemsize;
    raw->row_stride = num_frames * itemsize;
    for (int64_t i = 0; i < plan->num_captures; i++) {
        const sv_capture *capture = &plan->captures[i];
        int64_t first = capture->sample_start;
        int64_t next = i + 1 < plan->num_captures ? capture[1].sample_start : num_frames;
        if (first >= num_frames) {
            break;
        }
        raw->runs[raw->num_runs++] = (sv_run){first_byte + first * itemsize,
                                              sv_min_i8(next, num_frames) - first, capture->start};
    }
    return SV_OK;
}

/* Where frame `first` lies behind the headers of its own capture and of all before. −1: outside. */
static int64_t find_frame(const sv_plan *plan, int64_t first, int64_t header_bytes)
{
    int64_t bytes, offset;
    bool fits = sv_multiply(first, plan->frame_bytes, &bytes) &&
                sv_add(bytes, header_bytes, &offset) && offset < plan->end_bytes;
    return fits ? offset : -1;
}

static sv_status find_interleaved_runs(const sv_plan *plan, sv_raw *raw, sv_error *error)
{
    raw->sample_stride = plan->frame_bytes;
    raw->row_stride = (int64_t)sv_dtype_itemsize(plan->dtype);
    int64_t header_bytes = 0;
    for (int64_t i = 0; i < plan->num_captures; i++) {
        const sv_capture *capture = &plan->captures[i];
        int64_t offset = sv_add(header_bytes, capture->header_bytes, &header_bytes)
                             ? find_frame(plan, capture->sample_start, header_bytes)
                             : -1;
        int64_t there = offset >= 0 ? (plan->end_bytes - offset) / plan->frame_bytes : 0;
        if (there == 0) {
            break;
        }
        int64_t wanted =
            i + 1 < plan->num_captures ? capture[1].sample_start - capture->sample_start : there;
        raw->runs[raw->num_runs++] = (sv_run){offset, sv_min_i8(wanted, there), capture->start};
    }
    return raw->num_runs > 0 ? SV_OK : fail_without_samples(plan, error);
}

/* Captures that begin at the same frame leave nothing for all but the last of them. */
static void drop_empty_runs(sv_raw *raw)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < raw->num_runs; i++) {
        if (raw->runs[i].num_samples > 0) {
            raw->runs[kept++] = raw->runs[i];
        }
    }
    raw->num_runs = kept;
}

/* ---- clocks ------------------------------------------------------------------------------ */

/* The start that was asked for is the first run's; the others keep their distance from it. */
static sv_status move_starts(sv_raw *raw, sv_time start, sv_error *error)
{
    sv_time first = raw->runs[0].start;
    int64_t distance = 0;
    bool fits = first == SV_TIME_NONE || !__builtin_sub_overflow(start, first, &distance);
    raw->runs[0].start = start;
    for (int64_t i = 1; i < raw->num_runs && fits; i++) {
        if (raw->runs[i].start != SV_TIME_NONE) {
            fits = sv_add(raw->runs[i].start, distance, &raw->runs[i].start);
        }
    }
    return fits ? SV_OK
                : sv_fail(error, SV_OVERFLOW,
                          "the given start moves a capture out of the years 1677 to 2262");
}

/* A run without a start of its own goes on with the clock of the one before. */
static void continue_clocks(sv_raw *raw)
{
    for (int64_t i = 1; i < raw->num_runs; i++) {
        sv_run *run = &raw->runs[i];
        if (run->start == SV_TIME_NONE && run[-1].start != SV_TIME_NONE) {
            run->start = sv_time_of_sample(run[-1].start, raw->sample_rate, run[-1].num_samples);
        }
    }
}

/* Half a sample decides, as elsewhere in seismology. */
static bool is_gap(const sv_raw *raw, const sv_run *before, const sv_run *after)
{
    if (before->start == SV_TIME_NONE || after->start == SV_TIME_NONE) {
        return false;
    }
    sv_time expected = sv_time_of_sample(before->start, raw->sample_rate, before->num_samples);
    double distance_ns = fabs((double)after->start - (double)expected);
    return expected == SV_TIME_NONE || distance_ns * raw->sample_rate > 0.5e9;
}

static void describe_clocks(sv_recording *recording, const sv_raw *raw)
{
    for (int64_t i = 0; i < raw->num_runs; i++) {
        const sv_run *run = &raw->runs[i];
        recording->num_gaps += i > 0 && is_gap(raw, run - 1, run);
        bool is_earlier = recording->start == SV_TIME_NONE || run->start < recording->start;
        if (run->start != SV_TIME_NONE && is_earlier) {
            recording->start = run->start;
        }
    }
}

/* ---- warnings ---------------------------------------------------------------------------- */

static sv_status warn_of_left_over(sv_recording *recording, const sv_plan *plan, const sv_raw *raw,
                                   sv_error *error)
{
    const sv_run *last = &raw->runs[raw->num_runs - 1];
    int64_t left_bytes =
        plan->end_bytes - last->offset_bytes - last->num_samples * plan->frame_bytes;
    if (raw->is_planar || left_bytes == 0) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error, "%" PRId64 " %s left over after the last whole %s",
                             left_bytes, left_bytes == 1 ? "byte is" : "bytes are",
                             plan->num_channels == 1 ? "sample" : "frame");
}

static sv_status warn_of_captures(sv_recording *recording, const sv_plan *plan, int64_t num_found,
                                  sv_error *error)
{
    if (num_found == plan->num_captures) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error,
                             "the file ends before the capture that starts at sample %" PRId64
                             "; it is passed over, as are those behind it",
                             plan->captures[num_found].sample_start);
}

static const sv_run *longest_run(const sv_raw *raw)
{
    const sv_run *longest = raw->runs;
    for (int64_t i = 1; i < raw->num_runs; i++) {
        if (raw->runs[i].num_samples > longest->num_samples) {
            longest = &raw->runs[i];
        }
    }
    return longest;
}

static sv_status warn_of_order(sv_recording *recording, const sv_raw *raw, sv_error *error)
{
    const sv_run *run = longest_run(raw);
    sv_stored_run stored = {raw->dtype, run->offset_bytes, run->num_samples, raw->sample_stride};
    if (!raw->is_planar && raw->num_channels > 16) {
        /* So many channels that a channel's samples lie far apart: neighbours will do. */
        stored.num_samples *= raw->num_channels;
        stored.stride_bytes = raw->row_stride;
    }
    bool wrong;
    sv_status status = sv_order_looks_wrong(recording, &stored, &wrong, error);
    if (status != SV_OK || !wrong) {
        return status;
    }
    sv_byte_order other = raw->dtype.order == SV_LITTLE_ENDIAN ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
    char text[SV_DTYPE_TEXT_SIZE];
    return sv_recording_warn(recording, error,
                             "the samples look as if their bytes were in the other order; try "
                             "--dtype '%s'",
                             sv_dtype_text(sv_dtype_make((sv_type)raw->dtype.type, other), text));
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status settle(sv_recording *recording, const sv_plan *plan, sv_raw *raw, sv_error *error)
{
    sv_status status = plan->is_planar ? find_planar_runs(plan, raw, error)
                                       : find_interleaved_runs(plan, raw, error);
    if (status == SV_OK) {
        status = warn_of_captures(recording, plan, raw->num_runs, error);
    }
    if (status == SV_OK && plan->start != SV_TIME_NONE) {
        status = move_starts(raw, plan->start, error);
    }
    if (status == SV_OK) {
        continue_clocks(raw);
        drop_empty_runs(raw);
        describe_clocks(recording, raw);
        status = raw->num_runs > 0 ? warn_of_left_over(recording, plan, raw, error)
                                   : fail_without_samples(plan, error);
    }
    return status == SV_OK ? warn_of_order(recording, raw, error) : status;
}

static sv_status open_planned(sv_recording *recording, const sv_plan *plan, sv_error *error)
{
    sv_raw *raw = make_raw(plan, error);
    if (raw == NULL) {
        return SV_NOMEM;
    }
    sv_status status = settle(recording, plan, raw, error);
    if (status != SV_OK) {
        sv_free(raw);
        return status;
    }
    recording->num_segments = raw->num_runs;
    recording->state = raw;
    return SV_OK;
}

static sv_status open_raw(sv_recording *recording, const sv_source *source, const sv_head *head,
                          sv_error *error)
{
    sv_sigmf meta = {0};
    bool found;
    sv_status status = read_side_file(recording, source, &meta, &found, error);
    if (status != SV_OK) {
        return status;
    }
    if (!found) {
        memset(&meta, 0, sizeof meta);
    }
    sv_plan plan = {0};
    status = make_plan(&meta, source->options, head->file_bytes, &plan, error);
    if (status == SV_OK) {
        status = open_planned(recording, &plan, error);
    }
    sv_free(plan.captures);
    sv_sigmf_free(&meta);
    return status;
}

static sv_status segment_of_raw(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    const sv_raw *raw = recording->state;
    const sv_run *run = &raw->runs[index];
    segment->num_channels = raw->num_channels;
    segment->num_samples = run->num_samples;
    segment->sample_rate = raw->sample_rate;
    segment->start = run->start;
    segment->complete = true;
    segment->data_offset = run->offset_bytes;
    int64_t shape[] = {raw->num_channels, run->num_samples};
    int64_t strides[] = {raw->row_stride, raw->sample_stride};
    return sv_view_make(recording->buffer, run->offset_bytes, raw->dtype, 2, shape, strides,
                        &segment->samples, NULL);
}

static sv_status channel_of_raw(const sv_recording *recording, int64_t segment, int64_t row,
                                sv_channel *channel)
{
    const sv_raw *raw = recording->state;
    channel->number = row;
    channel->start = raw->runs[segment].start;
    return SV_OK;
}

static void close_raw(sv_recording *recording)
{
    sv_free(recording->state);
}

const sv_format sv_format_raw = {
    .name = "raw",
    .description = "samples without a header, with or without a SigMF side file",
    .suffixes = suffixes,
    .probe = probe_raw,
    .open = open_raw,
    .segment = segment_of_raw,
    .channel = channel_of_raw,
    .close = close_raw,
};
