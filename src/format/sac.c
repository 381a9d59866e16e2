/* SAC binary files: 632 bytes of header, then float32 samples.
 *
 * Words of 4 bytes: 70 floats, 40 integers (of which 5 logical), then texts from byte 440; −12345
 * is undefined. Header version 7 adds 22 float64 behind the samples, which are floats of the
 * header in full precision. SAC manual, "SAC Data File Format". */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "format/format.h"

enum {
    HEADER_BYTES = 632,
    FOOTER_BYTES = 22 * 8,
    SAMPLE_BYTES = 4,
    UNDEFINED = -12345,

    /* Words of the header. */
    DELTA = 0,
    DEPMIN = 1,
    DEPMAX = 2,
    B = 5,
    DEPMEN = 56,
    NZYEAR = 70,
    NZJDAY = 71,
    NZHOUR = 72,
    NZMIN = 73,
    NZSEC = 74,
    NZMSEC = 75,
    NVHDR = 76,
    NPTS = 79,
    IFTYPE = 85,
    IDEP = 86,
    LEVEN = 105,
    NUM_LOGICALS = 4, /* in use, from LEVEN on */

    /* Float64 of the footer: delta, b, e, o, a, t0 … t9, f, evlo, evla, stlo, stla, sb, sdelta. */
    FOOTER_DELTA = 0,
    FOOTER_B = 1,

    /* Bytes of texts of 8. */
    KSTNM = 440,
    KHOLE = 464,
    KCMPNM = 600,
    KNETWK = 608,
    TEXT_BYTES = 8,

    /* Values of iftype and idep. */
    ITIME = 1,
    IRLIM = 2,
    IAMPH = 3,
    IXY = 4,
    IXYZ = 51,
    IDISP = 6,
    IVEL = 7,
    IACC = 8,
    IVOLTS = 50
};

static const char *const suffixes[] = {".sac", NULL};

typedef struct sv_sac {
    sv_dtype dtype;
    int64_t num_samples; /* that are in the file */
    double sample_rate;
    sv_time start;
    bool complete;
    char id[SV_ID_SIZE];
    char unit[16];
} sv_sac;

/* The header's bytes with the order of its numbers. */
typedef struct sv_sac_header {
    const unsigned char *bytes;
    sv_byte_order order;
    bool has_footer;
    unsigned char footer[FOOTER_BYTES];
} sv_sac_header;

/* ---- fields ------------------------------------------------------------------------------ */

static int32_t integer_at(const sv_sac_header *header, int word)
{
    sv_dtype dtype = sv_dtype_make(SV_I4, header->order);
    return (int32_t)sv_dtype_load(dtype, header->bytes + 4 * word).value.i;
}

static float float_at(const sv_sac_header *header, int word)
{
    sv_dtype dtype = sv_dtype_make(SV_F4, header->order);
    return (float)sv_dtype_load(dtype, header->bytes + 4 * word).value.f;
}

/* A time in seconds; float32 as the shortest decimal that reads back, which is what was meant. */
typedef struct sv_sac_seconds {
    double value;
    bool is_f4;
    float f4; /* as stored, where is_f4 */
} sv_sac_seconds;

/* The footer wins, unless it is nothing but the float32 made longer. */
static sv_sac_seconds seconds_at(const sv_sac_header *header, int word, int footer_index)
{
    sv_sac_seconds seconds = {.is_f4 = true, .f4 = float_at(header, word)};
    if (header->has_footer) {
        sv_dtype dtype = sv_dtype_make(SV_F8, header->order);
        double full = sv_dtype_load(dtype, header->footer + 8 * footer_index).value.f;
        if (isfinite(full) && full != UNDEFINED && full != (double)seconds.f4) {
            return (sv_sac_seconds){.value = full};
        }
    }
    char text[SV_NUMBER_TEXT_SIZE];
    if (!sv_number_parse(sv_number_shortest_f4(seconds.f4, text), &seconds.value)) {
        seconds.value = (double)seconds.f4;
    }
    return seconds;
}

/* Up to the first NUL, without blanks at either end; "-12345" is undefined. */
static int text_at(const sv_sac_header *header, int byte, const char **text)
{
    const char *first = (const char *)header->bytes + byte;
    int length = (int)strnlen(first, TEXT_BYTES);
    while (length > 0 && *first == ' ') {
        first++;
        length--;
    }
    while (length > 0 && first[length - 1] == ' ') {
        length--;
    }
    *text = first;
    return length == 6 && memcmp(first, "-12345", 6) == 0 ? 0 : length;
}

static bool find_order(const unsigned char *bytes, sv_byte_order *order)
{
    for (int i = 0; i < 2; i++) {
        *order = i == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN;
        sv_sac_header header = {.bytes = bytes, .order = *order};
        int32_t version = integer_at(&header, NVHDR);
        if (version == 6 || version == 7) {
            return true;
        }
    }
    return false;
}

/* ---- is it one? -------------------------------------------------------------------------- */

/* Four logicals, a file type and a delta that are what they may be, beside the version: small
 * integers of a raw file hardly are. */
static sv_likeness probe_sac(const sv_source *source, const sv_head *head)
{
    (void)source;
    sv_sac_header header = {.bytes = head->bytes};
    if (head->num_bytes < HEADER_BYTES || !find_order(head->bytes, &header.order)) {
        return SV_UNLIKE;
    }
    for (int i = 0; i < NUM_LOGICALS; i++) {
        int32_t logical = integer_at(&header, LEVEN + i);
        if (logical != 0 && logical != 1 && logical != UNDEFINED) {
            return SV_UNLIKE;
        }
    }
    int32_t type = integer_at(&header, IFTYPE);
    bool has_type = (type >= ITIME && type <= IXY) || type == IXYZ || type == UNDEFINED;
    float delta = float_at(&header, DELTA);
    bool has_delta = !(fabsf(delta) < 1e-12F);
    return has_type && has_delta ? SV_LIKE_CONTENT : SV_UNLIKE;
}

static sv_status check_version(const sv_head *head, sv_sac_header *header, sv_error *error)
{
    if (head->num_bytes < HEADER_BYTES) {
        return sv_fail(error, SV_TRUNCATED,
                       "the header is cut: the file has %zu bytes, a SAC header has %d",
                       head->num_bytes, HEADER_BYTES);
    }
    header->bytes = head->bytes;
    if (!find_order(head->bytes, &header->order)) {
        return sv_fail(error, SV_FORMAT,
                       "this is no SAC file: its header version (byte %d) is neither 6 nor 7 in "
                       "either byte order; if its samples are raw, give --format raw",
                       4 * NVHDR);
    }
    return SV_OK;
}

static sv_status check_kind(const sv_sac_header *header, sv_error *error)
{
    int32_t type = integer_at(header, IFTYPE);
    if (type == IRLIM || type == IAMPH) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "this SAC file holds a spectrum of two components (iftype %" PRId32
                       "); only time series are read",
                       type);
    }
    if (type != ITIME && type != UNDEFINED) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "this SAC file holds no time series of one component (iftype %" PRId32
                       "); only those are read",
                       type);
    }
    if (integer_at(header, LEVEN) == 0) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "this SAC file is unevenly spaced (leven is false); only evenly spaced "
                       "time series are read");
    }
    return SV_OK;
}

/* ---- the clock --------------------------------------------------------------------------- */

/* Whole Hz where 1/rate is this float32 or its neighbour, which programs that reckon in float32
 * write; else one over the decimal that was meant. */
static double rate_of(const sv_sac_seconds *delta)
{
    double whole = round(1.0 / delta->value);
    if (whole < 1.0 || !isfinite(whole)) {
        return 1.0 / delta->value;
    }
    if (!delta->is_f4) {
        return 1.0 / whole == delta->value ? whole : 1.0 / delta->value;
    }
    float exact = (float)(1.0 / whole);
    bool is_whole =
        delta->f4 >= nextafterf(exact, 0.0F) && delta->f4 <= nextafterf(exact, INFINITY);
    return is_whole ? whole : 1.0 / delta->value;
}

static sv_status find_rate(const sv_sac_header *header, const sv_open_options *options,
                           double *rate, sv_error *error)
{
    if (options->rate > 0.0) {
        *rate = options->rate;
        return SV_OK;
    }
    sv_sac_seconds delta = seconds_at(header, DELTA, FOOTER_DELTA);
    *rate = delta.value > 0.0 ? rate_of(&delta) : 0.0;
    if (!(*rate > 0.0 && isfinite(*rate))) {
        return sv_fail(error, SV_FORMAT,
                       "its sample interval (delta) of %g s makes no sense; give --rate",
                       delta.value);
    }
    return SV_OK;
}

static bool add_seconds(sv_time time, double seconds, sv_time *sum)
{
    double whole = trunc(seconds);
    if (!(fabs(whole) < 9.2e9)) {
        return false;
    }
    int64_t nanoseconds = (int64_t)whole * 1000000000 + llround((seconds - whole) * 1e9);
    return sv_add(time, nanoseconds, sum);
}

/* The reference time plus B. No time where a field of it is undefined. */
static sv_status find_start(sv_recording *recording, const sv_sac_header *header, sv_time *start,
                            sv_error *error)
{
    *start = SV_TIME_NONE;
    int nz[6];
    for (int i = 0; i < 6; i++) {
        nz[i] = integer_at(header, NZYEAR + i);
        if (nz[i] == UNDEFINED) {
            return SV_OK;
        }
    }
    sv_sac_seconds b = seconds_at(header, B, FOOTER_B);
    double seconds = b.value == UNDEFINED ? 0.0 : b.value;
    sv_time reference;
    bool fits = nz[5] >= 0 && nz[5] < 1000 &&
                sv_time_make(nz[0], 0, nz[1], nz[2], nz[3], nz[4], (int64_t)nz[5] * 1000000,
                             &reference) == SV_OK &&
                add_seconds(reference, seconds, start);
    if (fits) {
        return SV_OK;
    }
    *start = SV_TIME_NONE;
    return sv_recording_warn(recording, error,
                             "its time makes no sense: year %d, day %d, %d:%d:%d.%d and B of %g s; "
                             "it is left out",
                             nz[0], nz[1], nz[2], nz[3], nz[4], nz[5], seconds);
}

/* ---- samples ----------------------------------------------------------------------------- */

static sv_status count_stated(const sv_sac_header *header, int64_t *stated, sv_error *error)
{
    *stated = integer_at(header, NPTS);
    if (*stated == UNDEFINED) {
        return sv_fail(error, SV_FORMAT,
                       "its header does not state how many samples it has (npts)");
    }
    if (*stated < 0) {
        return sv_fail(error, SV_FORMAT, "its header states %" PRId64 " samples (npts)", *stated);
    }
    return SV_OK;
}

static sv_status count_samples(sv_recording *recording, int64_t stated, int64_t file_bytes,
                               sv_sac *sac, sv_error *error)
{
    int64_t there = (file_bytes - HEADER_BYTES) / SAMPLE_BYTES;
    sac->num_samples = sv_min_i8(stated, there);
    sac->complete = stated <= there;
    if (sac->complete) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error,
                             "%" PRId64 " of the %" PRId64 " samples that its header states (npts) "
                             "are missing: the file ends at byte %" PRId64,
                             stated - there, stated, file_bytes);
}

/* Reads the footer, and says what is wrong with the file's end. */
static sv_status read_end(sv_recording *recording, sv_sac_header *header, int64_t stated,
                          int64_t file_bytes, sv_error *error)
{
    int64_t end = HEADER_BYTES + stated * SAMPLE_BYTES;
    int64_t behind = file_bytes - end;
    if (integer_at(header, NVHDR) == 7 && behind < FOOTER_BYTES) {
        return sv_recording_warn(recording, error,
                                 "the footer of header version 7 is cut; its times are read from "
                                 "the float32 header");
    }
    if (integer_at(header, NVHDR) == 7) {
        header->has_footer = true;
        behind -= FOOTER_BYTES;
        sv_status status = sv_recording_read(recording, end, header->footer, FOOTER_BYTES, error);
        if (status != SV_OK) {
            return status;
        }
    }
    if (behind == 0) {
        return SV_OK;
    }
    return sv_recording_warn(recording, error,
                             "%" PRId64 " %s behind the %" PRId64
                             " samples that its header states (npts); they are not read",
                             behind, behind == 1 ? "byte stands" : "bytes stand", stated);
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static void describe(const sv_sac_header *header, sv_sac *sac)
{
    const char *network, *station, *hole, *component;
    int network_length = text_at(header, KNETWK, &network);
    int station_length = text_at(header, KSTNM, &station);
    int hole_length = text_at(header, KHOLE, &hole);
    int component_length = text_at(header, KCMPNM, &component);
    snprintf(sac->id, sizeof sac->id, "%.*s.%.*s.%.*s.%.*s", network_length, network,
             station_length, station, hole_length, hole, component_length, component);

    int32_t quantity = integer_at(header, IDEP);
    const char *unit = quantity == IDISP    ? "nm"
                       : quantity == IVEL   ? "nm/s"
                       : quantity == IACC   ? "nm/s2"
                       : quantity == IVOLTS ? "V"
                                            : "";
    snprintf(sac->unit, sizeof sac->unit, "%s", unit);
}

static sv_status read_header(sv_recording *recording, const sv_source *source, const sv_head *head,
                             sv_sac *sac, sv_error *error)
{
    sv_sac_header header = {.bytes = NULL};
    int64_t stated;
    sv_status status = check_version(head, &header, error);
    if (status == SV_OK) {
        status = check_kind(&header, error);
    }
    if (status == SV_OK) {
        status = count_stated(&header, &stated, error);
    }
    if (status == SV_OK) {
        status = count_samples(recording, stated, head->file_bytes, sac, error);
    }
    if (status == SV_OK && sac->complete) {
        status = read_end(recording, &header, stated, head->file_bytes, error);
    }
    if (status == SV_OK) {
        status = find_rate(&header, source->options, &sac->sample_rate, error);
    }
    if (status == SV_OK) {
        status = find_start(recording, &header, &sac->start, error);
    }
    if (status == SV_OK) {
        sac->dtype = sv_dtype_make(SV_F4, header.order);
        describe(&header, sac);
    }
    return status;
}

static sv_status open_sac(sv_recording *recording, const sv_source *source, const sv_head *head,
                          sv_error *error)
{
    if (sv_options_say_raw(source->options)) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels, layout and skip are for raw samples, not for SAC files; "
                       "leave them out, or give --format raw");
    }
    sv_sac *sac = sv_calloc(1, sizeof *sac);
    if (sac == NULL) {
        return sv_fail_memory(error, sizeof *sac);
    }
    sv_status status = read_header(recording, source, head, sac, error);
    if (status != SV_OK) {
        sv_free(sac);
        return status;
    }
    if (source->options->start != SV_TIME_NONE) {
        sac->start = source->options->start;
    }
    recording->num_segments = 1;
    recording->start = sac->start;
    recording->state = sac;
    return SV_OK;
}

static sv_status segment_of_sac(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    (void)index;
    const sv_sac *sac = recording->state;
    segment->num_channels = 1;
    segment->num_samples = sac->num_samples;
    segment->sample_rate = sac->sample_rate;
    segment->start = sac->start;
    segment->complete = sac->complete;
    segment->data_offset = HEADER_BYTES;
    int64_t shape[] = {1, sac->num_samples};
    return sv_view_make(recording->buffer, HEADER_BYTES, sac->dtype, 2, shape, NULL,
                        &segment->samples, NULL);
}

static sv_status channel_of_sac(const sv_recording *recording, int64_t segment, int64_t row,
                                sv_channel *channel)
{
    (void)segment;
    (void)row;
    const sv_sac *sac = recording->state;
    channel->has_id = true;
    memcpy(channel->id, sac->id, sizeof channel->id);
    memcpy(channel->unit, sac->unit, sizeof channel->unit);
    channel->start = sac->start;
    return SV_OK;
}

static void store_f4(const sv_sac *sac, const sv_row_figures *figures, double value,
                     unsigned char *bytes)
{
    sv_scalar scalar = {.kind = SV_KIND_FLOAT,
                        .value.f = figures->num_finite > 0 ? (double)(float)value : UNDEFINED};
    sv_dtype_store(sac->dtype, bytes, scalar);
}

static sv_status restate_sac(const sv_recording *recording, const sv_row_figures *figures,
                             sv_header_store *store, void *context, sv_error *error)
{
    const sv_sac *sac = recording->state;
    unsigned char extremes[8], mean[4];
    const void *of_extremes = NULL, *of_mean = NULL;
    if (figures != NULL) {
        store_f4(sac, figures, figures->min, extremes);
        store_f4(sac, figures, figures->max, extremes + 4);
        store_f4(sac, figures, figures->mean, mean);
        of_extremes = extremes;
        of_mean = mean;
    }
    sv_status status = store(context, 4 * DEPMIN, of_extremes, sizeof extremes, error);
    return status == SV_OK ? store(context, 4 * DEPMEN, of_mean, sizeof mean, error) : status;
}

static void close_sac(sv_recording *recording)
{
    sv_free(recording->state);
}

const sv_format sv_format_sac = {
    .name = "sac",
    .description = "SAC binary time series, header versions 6 and 7, either byte order",
    .suffixes = suffixes,
    .probe = probe_sac,
    .open = open_sac,
    .segment = segment_of_sac,
    .channel = channel_of_sac,
    .close = close_sac,
    .restate = restate_sac,
};
