/* SU files, of Seismic Unix: traces of float32 behind SEG-Y's trace headers, without a header of
 * the file, in the byte order of whichever machine wrote them. Nothing in it tells what it is; the
 * traces' lengths must make up the file's. CWP, "segy.h". */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "format/format.h"
#include "format/traces.h"

static const char *const suffixes[] = {".su", NULL};

enum {
    SAMPLE_BYTES = 4,
    SPACING = 181 /* f4: what the interval is where it is not in µs */
};

/* ---- the byte order ---------------------------------------------------------------------- */

static int64_t field(const unsigned char *header, int byte, sv_type type, sv_byte_order order)
{
    return sv_header_integer(header, byte, type, order);
}

static bool is_within(int64_t value, int64_t lowest, int64_t highest)
{
    return value >= lowest && value <= highest;
}

/* Whether the fields that hold small numbers do so in this order. */
static bool makes_sense(const unsigned char *header, sv_byte_order order)
{
    int64_t year = field(header, SV_TRACE_YEAR, SV_I2, order);
    return (is_within(year, 0, 99) || is_within(year, 1900, 2200)) &&
           is_within(field(header, SV_TRACE_YEAR + 2, SV_I2, order), 0, 366) &&
           is_within(field(header, SV_TRACE_YEAR + 4, SV_I2, order), 0, 24) &&
           is_within(field(header, SV_TRACE_YEAR + 6, SV_I2, order), 0, 60) &&
           is_within(field(header, SV_TRACE_YEAR + 8, SV_I2, order), 0, 60) &&
           is_within(field(header, SV_TRACE_IDENTIFICATION, SV_I2, order), -1, 255) &&
           is_within(field(header, SV_TRACE_LINE_NUMBER, SV_I4, order), 0, INT64_C(1) << 28);
}

static sv_trace_layout layout_of(const unsigned char *header, sv_byte_order order,
                                 int64_t file_bytes)
{
    return (sv_trace_layout){
        .end_byte = file_bytes,
        .num_headers = 1,
        .num_samples = field(header, SV_TRACE_NUM_SAMPLES, SV_U2, order),
    };
}

/* Of what a probe can see. */
static bool is_likely(const sv_head *head, sv_byte_order order)
{
    sv_trace_layout layout = layout_of(head->bytes, order, head->file_bytes);
    if (layout.num_samples == 0 || !sv_trace_layout_fit(&layout, SAMPLE_BYTES) ||
        layout.left_bytes > 0 || !makes_sense(head->bytes, order)) {
        return false;
    }
    int64_t second = layout.trace_bytes + SV_TRACE_NUM_SAMPLES - 1;
    return second + 4 > (int64_t)head->num_bytes ||
           memcmp(head->bytes + SV_TRACE_NUM_SAMPLES - 1, head->bytes + second, 4) == 0;
}

static sv_likeness probe_su(const sv_source *source, const sv_head *head)
{
    (void)source;
    bool is_su = head->num_bytes > SV_TRACE_HEADER_BYTES &&
                 (is_likely(head, SV_LITTLE_ENDIAN) || is_likely(head, SV_BIG_ENDIAN));
    return is_su ? SV_LIKE_CONTENT : SV_UNLIKE;
}

/* One reading: its grade, and a point where its fields make sense. */
typedef struct sv_reading {
    sv_byte_order order;
    sv_trace_layout layout;
    int grade;
    bool makes_sense;
} sv_reading;

static sv_status read_as(const sv_recording *recording, const sv_head *head, sv_byte_order order,
                         sv_reading *reading, sv_error *error)
{
    *reading = (sv_reading){
        .order = order,
        .layout = layout_of(head->bytes, order, head->file_bytes),
        .grade = SV_GRADE_IMPOSSIBLE,
        .makes_sense = makes_sense(head->bytes, order),
    };
    if (!sv_trace_layout_fit(&reading->layout, SAMPLE_BYTES)) {
        return SV_OK;
    }
    return sv_trace_layout_grade(recording, &reading->layout, &reading->grade, error);
}

/* Of two that are as good, the one with the fewer samples: a length with its bytes swapped is
 * mostly a large one. */
static bool is_better(const sv_reading *a, const sv_reading *b)
{
    int points_a = 2 * a->grade + (int)a->makes_sense,
        points_b = 2 * b->grade + (int)b->makes_sense;
    return points_a != points_b ? points_a > points_b
                                : a->layout.num_samples < b->layout.num_samples;
}

/* ---- the layout -------------------------------------------------------------------------- */

static sv_status check_layout(sv_recording *recording, const sv_reading *reading, sv_traces *traces,
                              sv_error *error)
{
    if (reading->grade == SV_GRADE_IMPOSSIBLE && reading->makes_sense) {
        return sv_traces_take_cut(recording, traces, error);
    }
    sv_status status = reading->grade < SV_GRADE_PROVEN
                           ? sv_traces_require_one_length(recording, traces, error)
                           : SV_OK;
    bool is_su = reading->grade > SV_GRADE_DOUBTFUL &&
                 (reading->layout.num_samples > 0 || reading->grade == SV_GRADE_PROVEN);
    if (status == SV_OK && !is_su) {
        return sv_fail(error, SV_FORMAT,
                       "this is no SU file: traces of %" PRId64
                       " samples, as bytes %d and %d say, do not make it up; if its samples are "
                       "raw, give --format raw",
                       reading->layout.num_samples, SV_TRACE_NUM_SAMPLES, SV_TRACE_NUM_SAMPLES + 1);
    }
    return status;
}

static sv_status find_layout(sv_recording *recording, const sv_head *head, sv_traces *traces,
                             sv_error *error)
{
    sv_reading little, big;
    sv_status status = read_as(recording, head, SV_LITTLE_ENDIAN, &little, error);
    if (status == SV_OK) {
        status = read_as(recording, head, SV_BIG_ENDIAN, &big, error);
    }
    if (status != SV_OK) {
        return status;
    }
    const sv_reading *reading = is_better(&big, &little) ? &big : &little;
    traces->order = reading->order;
    traces->dtype = sv_dtype_make(SV_F4, reading->order);
    traces->layout = reading->layout;
    traces->complete = true;
    return check_layout(recording, reading, traces, error);
}

/* ---- the clock --------------------------------------------------------------------------- */

/* From the interval in µs, else from the spacing in seconds, read as the shortest decimal that it
 * is the float32 of. 0 where neither is stated. */
static double rate_of(const unsigned char *header, sv_byte_order order)
{
    int64_t interval = field(header, SV_TRACE_INTERVAL, SV_U2, order);
    if (interval > 0) {
        return 1e6 / (double)interval;
    }
    double spacing = sv_dtype_load(sv_dtype_make(SV_F4, order), header + SPACING - 1).value.f;
    char text[SV_NUMBER_TEXT_SIZE];
    bool is_spacing = spacing >= 1e-12 && spacing <= 1e9 &&
                      sv_number_parse(sv_number_shortest_f4((float)spacing, text), &spacing);
    return is_spacing ? 1.0 / spacing : 0.0;
}

static sv_status find_rate(sv_recording *recording, const sv_head *head,
                           const sv_open_options *options, sv_traces *traces, sv_error *error)
{
    double stated = rate_of(head->bytes, traces->order);
    traces->sample_rate = options->rate > 0.0 ? options->rate : stated > 0.0 ? stated : 1.0;
    if (options->rate > 0.0 || stated > 0.0) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error,
                             "no header states a sample interval; 1 Hz is assumed, give --rate");
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status open_su(sv_recording *recording, const sv_source *source, const sv_head *head,
                         sv_error *error)
{
    if (sv_options_say_raw(source->options)) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels, layout and skip are for raw samples, not for SU files; "
                       "leave them out, or give --format raw");
    }
    if (head->num_bytes < SV_TRACE_HEADER_BYTES) {
        return sv_fail(error, SV_TRUNCATED,
                       "the header is cut: the file has %zu bytes, the header of a trace %d",
                       head->num_bytes, SV_TRACE_HEADER_BYTES);
    }
    sv_traces traces = {.complete = true};
    sv_status status = find_layout(recording, head, &traces, error);
    if (status == SV_OK) {
        status = find_rate(recording, head, source->options, &traces, error);
    }
    return status == SV_OK ? sv_traces_open(recording, source->options, &traces, error) : status;
}

const sv_format sv_format_su = {
    .name = "su",
    .description = "Seismic Unix traces of one length, float32, either byte order",
    .suffixes = suffixes,
    .probe = probe_su,
    .open = open_su,
    .segment = sv_traces_segment,
    .channel = sv_traces_channel,
    .close = sv_traces_close,
};
