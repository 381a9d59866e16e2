/* Where the traces of a SEG-Y file lie. Real files break the standard: lengths in the binary header
 * and in the trace headers differ, textual headers are announced that are not there, or stand where
 * the revision has none. So the binary header counts first, and of the readings that are possible
 * the one that gives whole traces. */
#include <inttypes.h>
#include <string.h>

#include "base/size.h"
#include "format/format.h"
#include "format/segy.h"

/* ---- readings ---------------------------------------------------------------------------- */

enum { MAX_CANDIDATES = 4 };

/* What one number may be, likelier ones first. */
typedef struct sv_candidates {
    int64_t values[MAX_CANDIDATES];
    int count;
} sv_candidates;

static void add(sv_candidates *candidates, int64_t value)
{
    candidates->values[candidates->count++] = value;
}

/* The best reading so far. */
typedef struct sv_choice {
    int64_t itemsize; /* of all */
    sv_trace_layout layout;
    int grade;
    int num_tried;
    bool is_first; /* it is the reading that the standard asks for */
} sv_choice;

static sv_status find_firsts(const sv_recording *recording, const sv_segy *segy,
                             sv_candidates *firsts, sv_error *error)
{
    int64_t texts_byte = segy->label_bytes + SV_SEGY_HEADER_BYTES;
    int64_t stated = segy->revision >= 2 ? sv_segy_field(segy, SV_SEGY_FIRST_TRACE, SV_U8) : 0;
    int64_t num_texts = sv_segy_field(segy, SV_SEGY_NUM_TEXTS, SV_I2);
    int64_t num_found;
    sv_status status = sv_segy_count_text(recording, texts_byte, &num_found, error);
    if (status != SV_OK) {
        return status;
    }
    *firsts = (sv_candidates){.count = 0};
    if (stated >= texts_byte) {
        add(firsts, stated);
    }
    if (num_texts >= 0) {
        add(firsts, texts_byte + num_texts * SV_SEGY_TEXT_BYTES);
    }
    add(firsts, texts_byte + num_found * SV_SEGY_TEXT_BYTES);
    add(firsts, texts_byte);
    return SV_OK;
}

static sv_status find_ends(const sv_recording *recording, const sv_segy *segy, int64_t file_bytes,
                           sv_candidates *ends, sv_error *error)
{
    int64_t num_trailers =
        segy->revision >= 2 ? sv_segy_field(segy, SV_SEGY_NUM_TRAILERS, SV_I4) : 0;
    *ends = (sv_candidates){.count = 0};
    if (num_trailers < 0) {
        sv_status status = sv_segy_count_trailer(
            recording, segy->label_bytes + SV_SEGY_HEADER_BYTES, file_bytes, &num_trailers, error);
        if (status != SV_OK) {
            return status;
        }
    }
    if (num_trailers > 0) {
        add(ends, file_bytes - num_trailers * SV_SEGY_TEXT_BYTES);
    }
    add(ends, file_bytes);
    return SV_OK;
}

static sv_candidates find_num_headers(const sv_segy *segy)
{
    sv_candidates num_headers = {.count = 0};
    if (segy->revision >= 2) {
        int64_t wide = sv_segy_field(segy, SV_SEGY_NUM_MORE_HEADERS, SV_I4);
        int64_t narrow = sv_segy_field(segy, SV_SEGY_NUM_MORE_HEADERS, SV_I2);
        int64_t first = segy->minor == 0 ? wide : narrow, second = segy->minor == 0 ? narrow : wide;
        if (first > 0 && first <= UINT16_MAX) {
            add(&num_headers, first + 1);
        }
        if (second > 0 && second <= UINT16_MAX) {
            add(&num_headers, second + 1);
        }
    }
    add(&num_headers, 1);
    return num_headers;
}

static bool is_extension(const unsigned char *header)
{
    static const unsigned char ascii[] = {'S', 'E', 'G', '0', '0', '0', '0', '1'};
    static const unsigned char ebcdic[] = {0xe2, 0xc5, 0xc7, 0xf0, 0xf0, 0xf0, 0xf0, 0xf1};
    const unsigned char *name = header + SV_TRACE_NAME - 1;
    return memcmp(name, ascii, sizeof ascii) == 0 || memcmp(name, ebcdic, sizeof ebcdic) == 0;
}

sv_status sv_segy_read_first_trace(const sv_recording *recording, const sv_trace_layout *layout,
                                   sv_first_trace *trace, sv_error *error)
{
    *trace = (sv_first_trace){.is_there = false};
    int64_t extension_byte, end_byte;
    if (!sv_add(layout->first_byte, SV_TRACE_HEADER_BYTES, &extension_byte) ||
        !sv_add(extension_byte, SV_TRACE_HEADER_BYTES, &end_byte) ||
        extension_byte > layout->end_byte) {
        return SV_OK;
    }
    trace->is_there = true;
    sv_status status = sv_recording_read(recording, layout->first_byte, trace->header,
                                         sizeof trace->header, error);
    if (status != SV_OK || layout->num_headers < 2 || end_byte > layout->end_byte) {
        return status;
    }
    status = sv_recording_read(recording, extension_byte, trace->extension, sizeof trace->extension,
                               error);
    trace->has_extension = status == SV_OK && is_extension(trace->extension);
    if (!trace->has_extension) {
        memset(trace->extension, 0, sizeof trace->extension);
    }
    return status;
}

static int64_t samples_of(const sv_segy *segy, const sv_first_trace *trace)
{
    int64_t extended =
        sv_header_integer(trace->extension, SV_EXTENSION_NUM_SAMPLES, SV_U4, segy->order);
    return extended != 0
               ? extended
               : sv_header_integer(trace->header, SV_TRACE_NUM_SAMPLES, SV_U2, segy->order);
}

/* Zero is no count but where all say so. */
static sv_candidates find_num_samples(const sv_segy *segy, const sv_first_trace *trace)
{
    sv_candidates found = {.count = 0};
    int64_t extended =
        segy->revision >= 2 ? sv_segy_field(segy, SV_SEGY_EXTENDED_NUM_SAMPLES, SV_U4) : 0;
    const int64_t counts[] = {extended, sv_segy_field(segy, SV_SEGY_NUM_SAMPLES, SV_U2),
                              samples_of(segy, trace)};
    for (int i = 0; i < 3; i++) {
        if (counts[i] > 0) {
            add(&found, counts[i]);
        }
    }
    if (found.count == 0) {
        add(&found, 0);
    }
    return found;
}

/* Tries one reading, and keeps it if it is better than all before. */
static sv_status try_layout(const sv_recording *recording, sv_trace_layout layout, bool is_first,
                            sv_choice *choice, sv_error *error)
{
    int grade = SV_GRADE_IMPOSSIBLE;
    sv_status status = SV_OK;
    if (sv_trace_layout_fit(&layout, choice->itemsize)) {
        status = sv_trace_layout_grade(recording, &layout, &grade, error);
    }
    if (status == SV_OK && (choice->num_tried == 0 || grade > choice->grade)) {
        choice->layout = layout;
        choice->grade = grade;
        choice->is_first = is_first;
    }
    choice->num_tried++;
    return status;
}

/* Of one place of the traces, the sample count that comes as number `which`. */
static sv_status try_place(const sv_recording *recording, const sv_segy *segy,
                           const sv_trace_layout *place, int which, bool is_first,
                           sv_choice *choice, sv_error *error)
{
    sv_first_trace trace;
    sv_status status = sv_segy_read_first_trace(recording, place, &trace, error);
    if (status != SV_OK || !trace.is_there) {
        return status;
    }
    sv_candidates num_samples = find_num_samples(segy, &trace);
    if (which >= num_samples.count) {
        return SV_OK;
    }
    sv_trace_layout layout = *place;
    layout.num_samples = num_samples.values[which];
    return try_layout(recording, layout, is_first, choice, error);
}

/* All readings, likelier ones first; the first that is proven is taken. */
static sv_status choose_layout(const sv_recording *recording, const sv_segy *segy,
                               int64_t file_bytes, int64_t itemsize, sv_choice *choice,
                               sv_error *error)
{
    sv_candidates firsts, ends, num_headers = find_num_headers(segy);
    sv_status status = find_firsts(recording, segy, &firsts, error);
    if (status == SV_OK) {
        status = find_ends(recording, segy, file_bytes, &ends, error);
    }
    if (status != SV_OK) {
        return status;
    }
    *choice = (sv_choice){.itemsize = itemsize, .grade = SV_GRADE_IMPOSSIBLE};
    int num_places = firsts.count * num_headers.count * ends.count;
    for (int i = 0; i < MAX_CANDIDATES * num_places && choice->grade < SV_GRADE_PROVEN; i++) {
        int place = i % num_places;
        sv_trace_layout layout = {
            .first_byte = firsts.values[place / ends.count / num_headers.count],
            .num_headers = num_headers.values[place / ends.count % num_headers.count],
            .end_byte = ends.values[place % ends.count],
            .num_stated = segy->revision >= 2
                              ? sv_max_i8(sv_segy_field(segy, SV_SEGY_NUM_TRACES, SV_U8), 0)
                              : 0,
        };
        status = try_place(recording, segy, &layout, i / num_places, i == 0, choice, error);
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

/* ---- is the layout to be believed? ------------------------------------------------------- */

/* A cut trace is believed only if its own header states the same count as the binary header. */
static sv_status take_cut_trace(sv_recording *recording, const sv_segy *segy, sv_traces *traces,
                                sv_error *error)
{
    const sv_trace_layout *layout = &traces->layout;
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer);
    if (layout->trace_bytes == 0) {
        return sv_fail(error, SV_EMPTY,
                       "there is no trace behind its headers: the file ends at byte %" PRId64,
                       file_bytes);
    }
    sv_first_trace trace;
    sv_status status = sv_segy_read_first_trace(recording, layout, &trace, error);
    if (status == SV_OK && trace.is_there && samples_of(segy, &trace) == layout->num_samples) {
        return sv_traces_take_cut(recording, traces, error);
    }
    if (status != SV_OK) {
        return status;
    }
    return sv_fail(error, SV_EMPTY,
                   "there is no whole trace: from byte %" PRId64 " on the file has %" PRId64
                   " bytes, a trace of %" PRId64 " samples has %" PRId64,
                   layout->first_byte, file_bytes - layout->first_byte, layout->num_samples,
                   layout->trace_bytes);
}

static sv_status doubt_layout(const sv_recording *recording, const sv_traces *traces, int grade,
                              sv_error *error)
{
    sv_status status = sv_traces_require_one_length(recording, traces, error);
    const sv_trace_layout *layout = &traces->layout;
    if (status == SV_OK && layout->num_samples == 0) {
        return sv_fail(error, SV_FORMAT,
                       "neither its binary header nor its first trace states how many samples a "
                       "trace has");
    }
    if (status == SV_OK && grade == SV_GRADE_DOUBTFUL) {
        return sv_fail(error, SV_FORMAT,
                       "its traces are not where its headers put them: with %" PRId64
                       " samples each from byte %" PRId64
                       " on, their headers differ in their length and %" PRId64
                       " bytes are left over",
                       layout->num_samples, layout->first_byte, layout->left_bytes);
    }
    return status;
}

static sv_status warn_of_reading(sv_recording *recording, const sv_segy *segy,
                                 const sv_choice *choice, sv_error *error)
{
    const sv_trace_layout *layout = &choice->layout;
    if (choice->is_first) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error,
                             "its binary header (%" PRId64 " samples a trace, %" PRId64
                             " more textual headers) does not fit the file; read are traces of "
                             "%" PRId64 " samples from byte %" PRId64 " on",
                             sv_segy_field(segy, SV_SEGY_NUM_SAMPLES, SV_U2),
                             sv_segy_field(segy, SV_SEGY_NUM_TEXTS, SV_I2), layout->num_samples,
                             layout->first_byte);
}

sv_status sv_segy_find_layout(sv_recording *recording, const sv_segy *segy, int64_t file_bytes,
                              sv_traces *traces, sv_error *error)
{
    sv_choice choice;
    sv_status status = choose_layout(recording, segy, file_bytes,
                                     (int64_t)sv_dtype_itemsize(traces->dtype), &choice, error);
    if (status != SV_OK) {
        return status;
    }
    traces->layout = choice.layout;
    traces->complete = true;
    if (choice.grade == SV_GRADE_IMPOSSIBLE) {
        return take_cut_trace(recording, segy, traces, error);
    }
    if (choice.grade < SV_GRADE_PROVEN) {
        status = doubt_layout(recording, traces, choice.grade, error);
    }
    return status == SV_OK ? warn_of_reading(recording, segy, &choice, error) : status;
}
