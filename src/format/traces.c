#include "format/traces.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "base/memory.h"
#include "base/size.h"

enum {
    MAX_ASKED = 65536, /* traces whose headers are looked at when a file is opened */
    TIME_BYTES = 12    /* of the fields from the year to the time basis */
};

int64_t sv_header_integer(const unsigned char *header, int byte, sv_type type, sv_byte_order order)
{
    return (int64_t)sv_dtype_load(sv_dtype_make(type, order), header + byte - 1).value.u;
}

static int64_t header_at(const sv_trace_layout *layout, int64_t trace)
{
    return layout->first_byte + trace * layout->trace_bytes;
}

/* ---- reading ----------------------------------------------------------------------------- */

typedef struct sv_copy {
    void *to;
    const void *from;
    size_t num_bytes;
} sv_copy;

static void copy_bytes(void *context)
{
    const sv_copy *copy = context;
    memcpy(copy->to, copy->from, copy->num_bytes);
}

/* Headers are many and small: from the mapping, which takes a thirtieth of the time of a system
 * call. Where the guard finds that the file was cut, the system tells so. */
static sv_status read_at(const sv_recording *recording, int64_t byte, void *bytes, size_t num_bytes,
                         sv_error *error)
{
    const char *data = sv_buffer_data(recording->buffer);
    sv_copy copy = {bytes, data + byte, num_bytes};
    const void *fault;
    if (sv_guard_run(copy_bytes, &copy, data, sv_buffer_size_bytes(recording->buffer), &fault)) {
        return SV_OK;
    }
    return sv_recording_read(recording, byte, bytes, num_bytes, error);
}

/* ---- layouts ----------------------------------------------------------------------------- */

bool sv_trace_layout_fit(sv_trace_layout *layout, int64_t itemsize)
{
    int64_t room = layout->end_byte - layout->first_byte;
    int64_t sample_bytes;
    if (room <= 0 || !sv_multiply(layout->num_samples, itemsize, &sample_bytes) ||
        !sv_add(sample_bytes, layout->num_headers * SV_TRACE_HEADER_BYTES, &layout->trace_bytes)) {
        return false;
    }
    layout->num_traces = room / layout->trace_bytes;
    if (layout->num_stated > 0) {
        layout->num_traces = sv_min_i8(layout->num_traces, layout->num_stated);
    }
    layout->left_bytes = room - layout->num_traces * layout->trace_bytes;
    return layout->num_traces > 0;
}

sv_status sv_trace_layout_grade(const sv_recording *recording, const sv_trace_layout *layout,
                                int *grade, sv_error *error)
{
    unsigned char first[4], other[4]; /* the sample count and the interval */
    const int64_t others[] = {1, layout->num_traces - 1};
    bool agree = true;
    sv_status status = read_at(recording, layout->first_byte + SV_TRACE_NUM_SAMPLES - 1, first,
                               sizeof first, error);
    for (int i = 0; i < 2 && status == SV_OK && agree && others[i] < layout->num_traces; i++) {
        status = read_at(recording, header_at(layout, others[i]) + SV_TRACE_NUM_SAMPLES - 1, other,
                         sizeof other, error);
        agree = status == SV_OK && memcmp(first, other, sizeof first) == 0;
    }
    bool whole = layout->left_bytes == 0 || layout->num_traces == layout->num_stated;
    *grade = (int)whole + (int)agree;
    return status;
}

/* ---- traces of different lengths --------------------------------------------------------- */

static sv_status read_num_samples(const sv_recording *recording, const sv_traces *traces,
                                  int64_t byte, int64_t *num_samples, sv_error *error)
{
    unsigned char headers[2 * SV_TRACE_HEADER_BYTES];
    size_t num_bytes = traces->has_extension ? sizeof headers : SV_TRACE_HEADER_BYTES;
    sv_status status = read_at(recording, byte, headers, num_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    *num_samples = sv_header_integer(headers, SV_TRACE_NUM_SAMPLES, SV_U2, traces->order);
    if (traces->has_extension) {
        int64_t extended = sv_header_integer(headers + SV_TRACE_HEADER_BYTES,
                                             SV_EXTENSION_NUM_SAMPLES, SV_U4, traces->order);
        *num_samples = extended != 0 ? extended : *num_samples;
    }
    return SV_OK;
}

/* Sets *differs to the first trace that is not as long as the first, if each is as long as its own
 * header says and so they end with the file; −1 otherwise. After MAX_ASKED traces that follow one
 * another nobody doubts that the rest does. */
static sv_status find_other_length(const sv_recording *recording, const sv_traces *traces,
                                   int64_t *differs, sv_error *error)
{
    const sv_trace_layout *layout = &traces->layout;
    int64_t header_bytes = layout->num_headers * SV_TRACE_HEADER_BYTES;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(traces->dtype);
    int64_t byte = layout->first_byte;
    int64_t first = 0, found = -1;
    *differs = -1;
    for (int64_t i = 0; i < MAX_ASKED && byte < layout->end_byte; i++) {
        int64_t num_samples = 0;
        sv_status status = layout->end_byte - byte >= header_bytes
                               ? read_num_samples(recording, traces, byte, &num_samples, error)
                               : SV_OK;
        byte += header_bytes + num_samples * itemsize;
        if (status != SV_OK || num_samples == 0 || byte > layout->end_byte) {
            return status;
        }
        first = i == 0 ? num_samples : first;
        found = found < 0 && num_samples != first ? i : found;
    }
    *differs = found;
    return SV_OK;
}

sv_status sv_traces_require_one_length(const sv_recording *recording, const sv_traces *traces,
                                       sv_error *error)
{
    int64_t differs;
    sv_status status = find_other_length(recording, traces, &differs, error);
    if (status == SV_OK && differs >= 0) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its traces have different lengths, trace %" PRId64
                       " another than the first; only traces of one length are read",
                       differs);
    }
    return status;
}

sv_status sv_traces_take_cut(sv_recording *recording, sv_traces *traces, sv_error *error)
{
    sv_trace_layout *layout = &traces->layout;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(traces->dtype);
    int64_t stated = layout->num_samples;
    int64_t room = layout->end_byte - layout->first_byte;
    int64_t sample_bytes = room - layout->num_headers * SV_TRACE_HEADER_BYTES;
    if (sample_bytes < itemsize) {
        return sv_fail(error, SV_EMPTY,
                       "there is no whole sample: the file ends at byte %" PRId64
                       ", in or with the header of its first trace",
                       layout->end_byte);
    }
    layout->num_samples = sample_bytes / itemsize;
    layout->left_bytes = sample_bytes % itemsize;
    layout->num_traces = 1;
    layout->trace_bytes = room - layout->left_bytes;
    traces->complete = false;
    return sv_recording_warn(recording, error,
                             "%" PRId64 " of the %" PRId64
                             " samples of its only trace are missing: the file ends at byte "
                             "%" PRId64,
                             stated - layout->num_samples, stated, layout->end_byte);
}

/* ---- times ------------------------------------------------------------------------------- */

/* The time of a trace as its header states it; SV_TIME_NONE where it has none. *sensible is false
 * where the fields are no time. `fields` are the bytes from the year on. */
static sv_time time_of(const unsigned char *fields, int64_t nanoseconds, sv_byte_order order,
                       bool *sensible)
{
    int values[5];
    for (int i = 0; i < 5; i++) {
        values[i] = (int)sv_header_integer(fields, 1 + 2 * i, SV_I2, order);
    }
    *sensible = true;
    int year = values[0];
    if (year == 0) {
        return SV_TIME_NONE;
    }
    if (year > 0 && year < 100) {
        /* The standard of 1975 did not say that all four digits are meant. */
        year += year < 30 ? 2000 : 1900;
    }
    sv_time time;
    *sensible =
        sv_time_make(year, 0, values[1], values[2], values[3], values[4], 0, &time) == SV_OK &&
        sv_add(time, nanoseconds, &time);
    return *sensible ? time : SV_TIME_NONE;
}

static sv_status read_nanoseconds(const sv_recording *recording, const sv_traces *traces,
                                  int64_t trace, int64_t *nanoseconds, sv_error *error)
{
    *nanoseconds = 0;
    if (!traces->has_extension) {
        return SV_OK;
    }
    unsigned char bytes[4];
    int64_t byte =
        header_at(&traces->layout, trace) + SV_TRACE_HEADER_BYTES + SV_EXTENSION_NANOSECONDS - 1;
    sv_status status = read_at(recording, byte, bytes, sizeof bytes, error);
    if (status == SV_OK) {
        *nanoseconds = sv_header_integer(bytes, 1, SV_I4, traces->order);
    }
    return status;
}

/* What the times of the traces come to. */
typedef struct sv_times {
    sv_time earliest;
    int time_basis; /* of the first that has a time */
    int64_t num_asked, num_nonsense, first_nonsense;
} sv_times;

static sv_status ask_time(const sv_recording *recording, const sv_traces *traces, int64_t trace,
                          sv_times *times, sv_error *error)
{
    unsigned char fields[TIME_BYTES];
    int64_t nanoseconds = 0;
    sv_status status = read_at(recording, header_at(&traces->layout, trace) + SV_TRACE_YEAR - 1,
                               fields, sizeof fields, error);
    if (status == SV_OK) {
        status = read_nanoseconds(recording, traces, trace, &nanoseconds, error);
    }
    if (status != SV_OK) {
        return status;
    }
    bool sensible;
    sv_time time = time_of(fields, nanoseconds, traces->order, &sensible);
    times->num_asked++;
    if (!sensible && times->num_nonsense++ == 0) {
        times->first_nonsense = trace;
    }
    if (time == SV_TIME_NONE) {
        return SV_OK;
    }
    if (times->earliest == SV_TIME_NONE) {
        int stated = (int)sv_header_integer(fields, SV_TRACE_TIME_BASIS - SV_TRACE_YEAR + 1, SV_I2,
                                            traces->order);
        times->time_basis = stated != 0 ? stated : traces->time_basis;
    }
    times->earliest = times->earliest == SV_TIME_NONE ? time : sv_min_i8(times->earliest, time);
    return SV_OK;
}

/* Of very many traces some, from the first to the last. */
static sv_status ask_times(const sv_recording *recording, const sv_traces *traces, sv_times *times,
                           sv_error *error)
{
    int64_t num_traces = traces->layout.num_traces;
    int64_t num_asked = sv_min_i8(num_traces, MAX_ASKED);
    for (int64_t i = 0; i < num_asked; i++) {
        int64_t trace = num_asked == num_traces
                            ? i
                            : (int64_t)((double)i / (MAX_ASKED - 1) * (double)(num_traces - 1));
        sv_status status = ask_time(recording, traces, trace, times, error);
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static sv_status warn_of_times(sv_recording *recording, const sv_times *times, sv_error *error)
{
    sv_status status = SV_OK;
    if (times->num_nonsense > 0) {
        status = sv_recording_warn(recording, error,
                                   "the times of %" PRId64 " of %" PRId64
                                   " traces make no sense, first that of trace %" PRId64
                                   "; they are left out",
                                   times->num_nonsense, times->num_asked, times->first_nonsense);
    }
    const char *basis = times->earliest == SV_TIME_NONE ? NULL
                        : times->time_basis == 1        ? "local time"
                        : times->time_basis == 3        ? "of another time basis than UTC"
                        : times->time_basis == 5 ? "GPS time, which is ahead of UTC by the leap "
                                                   "seconds since 1980"
                                                 : NULL;
    if (status == SV_OK && basis != NULL) {
        status = sv_recording_warn(recording, error,
                                   "its times are %s (time basis code %d); they are shown as they "
                                   "stand",
                                   basis, times->time_basis);
    }
    return status;
}

/* The start that was asked for is the earliest trace's; the others keep their distance from it. */
static sv_status settle_times(sv_traces *traces, sv_time earliest, sv_time asked, sv_error *error)
{
    traces->start = earliest;
    traces->absent = SV_TIME_NONE;
    traces->shift = 0;
    if (asked == SV_TIME_NONE) {
        return SV_OK;
    }
    traces->start = asked;
    if (earliest == SV_TIME_NONE) {
        traces->absent = asked;
        return SV_OK;
    }
    if (__builtin_sub_overflow(asked, earliest, &traces->shift)) {
        return sv_fail(error, SV_OVERFLOW,
                       "the given start lies too far from the time of the traces");
    }
    return SV_OK;
}

/* ---- the parts of descriptors ------------------------------------------------------------ */

static sv_status warn_of_end(sv_recording *recording, const sv_traces *traces, sv_error *error)
{
    const sv_trace_layout *layout = &traces->layout;
    if (layout->num_traces < layout->num_stated) {
        return sv_recording_warn(recording, error,
                                 "%" PRId64 " of the %" PRId64
                                 " traces that its header states are missing: the file ends at "
                                 "byte %" PRId64,
                                 layout->num_stated - layout->num_traces, layout->num_stated,
                                 layout->end_byte);
    }
    if (layout->left_bytes == 0 || !traces->complete) {
        return SV_OK;
    }
    if (layout->num_stated > 0) {
        return sv_recording_warn(recording, error,
                                 "%" PRId64 " %s behind the %" PRId64
                                 " traces that its header states; they are not read",
                                 layout->left_bytes,
                                 layout->left_bytes == 1 ? "byte stands" : "bytes stand",
                                 layout->num_stated);
    }
    return sv_recording_warn(recording, error,
                             "%" PRId64 " %s left over after the last whole trace",
                             layout->left_bytes, layout->left_bytes == 1 ? "byte is" : "bytes are");
}

static sv_status settle(sv_recording *recording, const sv_open_options *options, sv_traces *traces,
                        sv_error *error)
{
    sv_times times = {.earliest = SV_TIME_NONE};
    sv_status status = warn_of_end(recording, traces, error);
    traces->complete = traces->complete && traces->layout.num_traces >= traces->layout.num_stated;
    if (status == SV_OK) {
        status = ask_times(recording, traces, &times, error);
    }
    if (status == SV_OK) {
        status = settle_times(traces, times.earliest, options->start, error);
    }
    return status == SV_OK ? warn_of_times(recording, &times, error) : status;
}

sv_status sv_traces_open(sv_recording *recording, const sv_open_options *options,
                         const sv_traces *traces, sv_error *error)
{
    sv_traces *state = sv_malloc(sizeof *state);
    if (state == NULL) {
        return sv_fail_memory(error, sizeof *state);
    }
    *state = *traces;
    sv_status status = settle(recording, options, state, error);
    if (status != SV_OK) {
        sv_free(state);
        return status;
    }
    recording->num_segments = 1;
    recording->start = state->start;
    recording->state = state;
    return SV_OK;
}

sv_status sv_traces_segment(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    (void)index;
    const sv_traces *traces = recording->state;
    const sv_trace_layout *layout = &traces->layout;
    segment->num_channels = layout->num_traces;
    segment->num_samples = layout->num_samples;
    segment->sample_rate = traces->sample_rate;
    segment->start = traces->start;
    segment->complete = traces->complete;
    segment->data_offset = layout->first_byte + layout->num_headers * SV_TRACE_HEADER_BYTES;
    int64_t shape[] = {layout->num_traces, layout->num_samples};
    int64_t strides[] = {layout->trace_bytes, (int64_t)sv_dtype_itemsize(traces->dtype)};
    return sv_view_make(recording->buffer, segment->data_offset, traces->dtype, 2, shape, strides,
                        &segment->samples, NULL);
}

/* Positive scalars multiply, negative ones divide, 0 stands for 1. */
static int64_t delay_of(const sv_traces *traces, const unsigned char *header)
{
    int64_t delay_ns = sv_header_integer(header, SV_TRACE_DELAY, SV_I2, traces->order) * 1000000;
    int64_t scalar = traces->has_unit_and_scalar
                         ? sv_header_integer(header, SV_TRACE_TIME_SCALAR, SV_I2, traces->order)
                         : 0;
    return scalar > 0 ? delay_ns * scalar : scalar < 0 ? delay_ns / -scalar : delay_ns;
}

static const char *unit_of(const sv_traces *traces, const unsigned char *header)
{
    static const char *const units[] = {"", "Pa", "V", "mV", "A", "m", "m/s", "m/s2", "N", "W"};
    int64_t code = traces->has_unit_and_scalar
                       ? sv_header_integer(header, SV_TRACE_UNIT, SV_I2, traces->order)
                       : 0;
    return code > 0 && code < (int64_t)(sizeof units / sizeof units[0]) ? units[code] : "";
}

/* A header that cannot be read any more tells nothing: the file was cut, which whoever reads the
 * samples learns with them. */
sv_status sv_traces_channel(const sv_recording *recording, int64_t segment, int64_t row,
                            sv_channel *channel)
{
    (void)segment;
    const sv_traces *traces = recording->state;
    unsigned char header[SV_TRACE_HEADER_BYTES];
    int64_t nanoseconds;
    channel->number = row;
    channel->start = traces->absent;
    if (read_at(recording, header_at(&traces->layout, row), header, sizeof header, NULL) != SV_OK ||
        read_nanoseconds(recording, traces, row, &nanoseconds, NULL) != SV_OK) {
        return SV_OK;
    }
    bool sensible;
    sv_time time = time_of(header + SV_TRACE_YEAR - 1, nanoseconds, traces->order, &sensible);
    sv_time shifted;
    if (time != SV_TIME_NONE) {
        channel->start = sv_add(time, traces->shift, &shifted) ? shifted : SV_TIME_NONE;
    }
    channel->delay_ns = delay_of(traces, header);
    snprintf(channel->unit, sizeof channel->unit, "%s", unit_of(traces, header));
    return SV_OK;
}

void sv_traces_close(sv_recording *recording)
{
    sv_free(recording->state);
}
