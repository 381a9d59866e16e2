/* SEG-Y files, revisions 0, 1 and 2: 3200 letters, a binary header of 400 bytes, more textual
 * headers, traces. SEG, "SEG-Y revision 2.0 Data Exchange format", January 2017. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "format/format.h"
#include "format/segy.h"

static const char *const suffixes[] = {".sgy", ".segy", NULL};

enum {
    LABEL_BYTES = 128, /* of the tape label that may stand before everything */
    BYTE_ORDER_CONSTANT = 0x01020304,
    PAIRS_SWAPPED = 0x02010403,
    FIXED_POINT_WITH_GAIN = 4
};

/* By format code. */
static const sv_type types[] = {
    [1] = SV_IBM4, [2] = SV_I4,  [3] = SV_I2,  [5] = SV_F4,  [6] = SV_F8,
    [7] = SV_I3,   [8] = SV_I1,  [9] = SV_I8,  [10] = SV_U4, [11] = SV_U2,
    [12] = SV_U8,  [15] = SV_U3, [16] = SV_U1,
};

enum { NUM_CODES = sizeof types / sizeof types[0] };

/* ---- the binary header ------------------------------------------------------------------- */

/* "SY1.0", "SY2.0" … stand in the fifth to the ninth letter of a tape label, "RECORD" after. */
static int64_t label_bytes(const sv_head *head)
{
    bool is_label = head->num_bytes >= LABEL_BYTES && memcmp(head->bytes + 4, "SY", 2) == 0 &&
                    head->bytes[7] == '.' && memcmp(head->bytes + 9, "RECORD", 6) == 0;
    return is_label ? LABEL_BYTES : 0;
}

static bool is_code(int64_t code)
{
    return code == FIXED_POINT_WITH_GAIN ||
           (code > 0 && code < NUM_CODES && types[code] != SV_TYPE_NONE);
}

/* Revision 1 is 0x0100 in two bytes; some write it in the other order, or as 0x0010. */
static void find_revision(sv_segy *segy)
{
    int first = segy->header[SV_SEGY_REVISION - 1], second = segy->header[SV_SEGY_REVISION];
    bool is_swapped = first == 0 && (second == 1 || second == 2);
    segy->revision = is_swapped ? second : first == 0 && second == 0x10 ? 1 : first;
    segy->minor = first == 0 ? 0 : second;
    if (segy->revision > 2) {
        segy->revision = 0;
    }
    if (segy->has_constant && segy->revision < 2) {
        segy->revision = 2;
    }
}

static bool take_order(sv_segy *segy, sv_byte_order order, bool by_constant)
{
    segy->order = order;
    segy->code = sv_segy_field(segy, SV_SEGY_FORMAT, SV_I2);
    segy->has_constant = sv_segy_field(segy, SV_SEGY_BYTE_ORDER, SV_U4) == BYTE_ORDER_CONSTANT;
    return by_constant ? segy->has_constant : is_code(segy->code);
}

/* By the constant, else by the format code: no code is one in both orders. False where neither
 * tells. */
static bool find_header(const sv_head *head, sv_segy *segy)
{
    *segy = (sv_segy){.label_bytes = label_bytes(head)};
    segy->header = head->bytes + segy->label_bytes + SV_SEGY_TEXT_BYTES;
    bool found =
        take_order(segy, SV_BIG_ENDIAN, true) || take_order(segy, SV_LITTLE_ENDIAN, true) ||
        take_order(segy, SV_LITTLE_ENDIAN, false) || take_order(segy, SV_BIG_ENDIAN, false);
    find_revision(segy);
    return found;
}

static bool is_whole(const sv_head *head)
{
    return head->num_bytes >= (size_t)(label_bytes(head) + SV_SEGY_HEADER_BYTES);
}

static sv_likeness probe_segy(const sv_source *source, const sv_head *head)
{
    (void)source;
    sv_segy segy;
    if (!is_whole(head) || !find_header(head, &segy)) {
        return SV_UNLIKE;
    }
    if (segy.has_constant || segy.label_bytes > 0 || sv_segy_is_text(head->bytes)) {
        return SV_LIKE_MAGIC;
    }
    /* Without its text there are only small numbers. */
    bool makes_sense = sv_segy_field(&segy, SV_SEGY_INTERVAL, SV_U2) > 0 &&
                       sv_segy_field(&segy, SV_SEGY_NUM_SAMPLES, SV_U2) > 0 &&
                       sv_segy_field(&segy, SV_SEGY_NUM_TEXTS, SV_I2) >= -1;
    return makes_sense && segy.header[SV_SEGY_REVISION - 1] <= 2 ? SV_LIKE_CONTENT : SV_UNLIKE;
}

static sv_status check_header(const sv_head *head, sv_segy *segy, sv_error *error)
{
    if (!is_whole(head)) {
        return sv_fail(error, SV_TRUNCATED,
                       "the header is cut: the file has %zu bytes, the headers of a SEG-Y file "
                       "have %d",
                       head->num_bytes, SV_SEGY_HEADER_BYTES);
    }
    bool found = find_header(head, segy);
    int64_t byte = segy->label_bytes + SV_SEGY_TEXT_BYTES + SV_SEGY_FORMAT;
    if (!found && sv_segy_field(segy, SV_SEGY_BYTE_ORDER, SV_U4) == PAIRS_SWAPPED) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "the bytes of this SEG-Y file are swapped in pairs; swap them back first "
                       "(dd conv=swab)");
    }
    if (!found) {
        return sv_fail(error, SV_FORMAT,
                       "this is no SEG-Y file: its format code (byte %" PRId64 ") is %" PRId64
                       ", which is none; if its samples are raw, give --format raw",
                       byte, segy->code);
    }
    if (!is_code(segy->code)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "the samples of this SEG-Y file have the format code %" PRId64
                       " (byte %" PRId64 "), which the standard leaves open",
                       segy->code, byte);
    }
    if (segy->code == FIXED_POINT_WITH_GAIN) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "the samples of this SEG-Y file are fixed point with gain (format code 4, "
                       "byte %" PRId64 "), which is not read; have it written as floats",
                       byte);
    }
    return SV_OK;
}

/* ---- the clock --------------------------------------------------------------------------- */

static double extended_interval(const unsigned char *header, int byte, sv_byte_order order)
{
    double interval = sv_dtype_load(sv_dtype_make(SV_F8, order), header + byte - 1).value.f;
    return isfinite(interval) && interval >= 1e-6 && interval <= 1e15 ? interval : 0.0;
}

/* Whole Hz where the interval is theirs: 60 Hz is one over no float64. */
static double rate_of(double interval)
{
    double whole = round(1e6 / interval);
    return whole >= 1.0 && 1e6 / whole == interval ? whole : 1e6 / interval;
}

/* µs; 0 where none is stated. More than 32767 is a negative number to those who hold the field to
 * be signed. */
static double interval_of(double extended, int64_t plain, bool unsigned_too)
{
    if (extended > 0.0) {
        return extended;
    }
    return plain <= INT16_MAX || unsigned_too ? (double)plain : 0.0;
}

static sv_status find_rate(sv_recording *recording, const sv_segy *segy,
                           const sv_first_trace *trace, const sv_open_options *options,
                           double *rate, sv_error *error)
{
    double extended = segy->revision >= 2
                          ? extended_interval(segy->header, SV_SEGY_EXTENDED_INTERVAL, segy->order)
                          : 0.0;
    double trace_extended = extended_interval(trace->extension, SV_EXTENSION_INTERVAL, segy->order);
    int64_t plain = sv_segy_field(segy, SV_SEGY_INTERVAL, SV_U2);
    int64_t trace_plain = sv_header_integer(trace->header, SV_TRACE_INTERVAL, SV_U2, segy->order);
    double found = 0.0, of_trace = 0.0;
    for (int unsigned_too = 0; unsigned_too < 2 && found == 0.0; unsigned_too++) {
        of_trace = interval_of(trace_extended, trace_plain, unsigned_too == 1);
        found = interval_of(extended, plain, unsigned_too == 1);
        found = found > 0.0 ? found : of_trace;
    }
    *rate = options->rate > 0.0 ? options->rate : found > 0.0 ? rate_of(found) : 1.0;
    if (options->rate > 0.0) {
        return SV_OK;
    }
    if (found == 0.0) {
        return sv_recording_warn(
            recording, error, "no header states a sample interval; 1 Hz is assumed, give --rate");
    }
    if (of_trace > 0.0 && of_trace != found) {
        return sv_recording_warn(recording, error,
                                 "its binary header states a sample interval of %g µs, its first "
                                 "trace one of %g µs; the first is taken, give --rate for another",
                                 found, of_trace);
    }
    return SV_OK;
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status open_segy(sv_recording *recording, const sv_source *source, const sv_head *head,
                           sv_error *error)
{
    if (sv_options_say_raw(source->options)) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels, layout and skip are for raw samples, not for SEG-Y "
                       "files; leave them out, or give --format raw");
    }
    sv_segy segy;
    sv_status status = check_header(head, &segy, error);
    if (status != SV_OK) {
        return status;
    }
    sv_traces traces = {
        .dtype = sv_dtype_make(types[segy.code], segy.order),
        .order = segy.order,
        .has_unit_and_scalar = segy.revision >= 1,
        .time_basis = segy.revision >= 2 ? (int)sv_segy_field(&segy, SV_SEGY_TIME_BASIS, SV_I2) : 0,
    };
    status = sv_segy_find_layout(recording, &segy, head->file_bytes, &traces, error);
    sv_first_trace trace;
    if (status == SV_OK) {
        status = sv_segy_read_first_trace(recording, &traces.layout, &trace, error);
    }
    if (status == SV_OK) {
        traces.has_extension = trace.has_extension;
        status = find_rate(recording, &segy, &trace, source->options, &traces.sample_rate, error);
    }
    return status == SV_OK ? sv_traces_open(recording, source->options, &traces, error) : status;
}

const sv_format sv_format_segy = {
    .name = "segy",
    .description = "SEG-Y, revisions 0, 1 and 2, traces of one length, either byte order",
    .suffixes = suffixes,
    .probe = probe_segy,
    .open = open_segy,
    .segment = sv_traces_segment,
    .channel = sv_traces_channel,
    .close = sv_traces_close,
};
