/* SEG-Y and SU: traces of one length behind headers of 240 bytes, SEG-Y after a textual header of
 * 3200 bytes and a binary one of 400. SEG-Y is big-endian, revision 1 wherever its 16-bit counts
 * and codes will do, else revision 2; SU has float32 in the machine's own order, which is
 * little-endian here whatever the machine, so that the bytes are the same everywhere.
 *
 * Bytes of headers are numbered from 1, as in "SEG-Y_r2.0: SEG-Y revision 2.0 Data Exchange
 * format", SEG Technical Standards Committee, 2017. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "convert/writer.h"

enum {
    TEXT_BYTES = 3200,
    REEL_BYTES = 3600,
    TRACE_HEADER_BYTES = 240,
    LINE_LETTERS = 80,
    MOST_SIGNED = INT16_MAX,
    MOST_UNSIGNED = UINT16_MAX,
    LAST_CODE_OF_REVISION_1 = 8, /* of its codes 6 and 7 were not in use */

    /* Bytes of the binary header, counted from the file's first. */
    NUM_TRACES_OF_ENSEMBLE = 3213,
    INTERVAL = 3217,
    ORIGINAL_INTERVAL = 3219,
    NUM_SAMPLES = 3221,
    ORIGINAL_NUM_SAMPLES = 3223,
    FORMAT = 3225,
    SORTING = 3229,
    MEASUREMENT_SYSTEM = 3255,
    LONG_NUM_SAMPLES = 3269,
    LONG_INTERVAL = 3273,
    ORDER_MARK = 3297,
    REVISION = 3501,
    FIXED_LENGTH = 3503,
    TIME_BASIS = 3511,
    NUM_TRACES = 3513,
    FIRST_TRACE = 3521,

    /* Bytes of a trace header. */
    TRACE_OF_LINE = 1,
    TRACE_OF_FILE = 5,
    TRACE_OF_RECORD = 13,
    IDENTIFICATION = 29,
    DELAY = 109,
    TRACE_NUM_SAMPLES = 115,
    TRACE_INTERVAL = 117,
    YEAR = 157,
    TRACE_TIME_BASIS = 167,
    UNIT = 203,
    TIME_SCALAR = 215,

    GMT = 2,
    UTC = 4,
    LIVE = 1,
    METRES = 1
};

typedef struct sv_segy_state {
    bool is_su;
    sv_byte_order order;
    int revision;
    int64_t interval_us; /* as the 16 bits have it; 0: they cannot */
    int64_t first_byte;
} sv_segy_state;

/* ---- numbers ----------------------------------------------------------------------------- */

/* Whole numbers that fit, by the callers' care. */
static void put(const sv_segy_state *segy, unsigned char *header, int byte, sv_type type,
                int64_t value)
{
    sv_dtype_store(sv_dtype_make(type, segy->order), header + byte - 1, sv_scalar_int(value));
}

/* ---- the textual header ------------------------------------------------------------------ */

/* EBCDIC, code page 037, of ' ' to '~'. */
static const unsigned char ebcdic[] = {
    0x40, 0x5a, 0x7f, 0x7b, 0x5b, 0x6c, 0x50, 0x7d, 0x4d, 0x5d, 0x5c, 0x4e, 0x6b, 0x60, 0x4b, 0x61,
    0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0x7a, 0x5e, 0x4c, 0x7e, 0x6e, 0x6f,
    0x7c, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6,
    0xd7, 0xd8, 0xd9, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xba, 0xe0, 0xbb, 0xb0, 0x6d,
    0x79, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xc0, 0x4f, 0xd0, 0xa1};

static void put_line(unsigned char text[TEXT_BYTES], int line, const char *letters)
{
    char card[LINE_LETTERS + 1];
    int length = snprintf(card, sizeof card, "C%2d %s", line, letters);
    for (int i = 0; i < LINE_LETTERS; i++) {
        char letter = i < length ? card[i] : ' ';
        bool is_plain = letter >= ' ' && letter <= '~';
        text[(line - 1) * LINE_LETTERS + i] = ebcdic[is_plain ? letter - ' ' : '?' - ' '];
    }
}

static void fill_text(const sv_writing *writing, const sv_segy_state *segy,
                      unsigned char text[TEXT_BYTES])
{
    char line[LINE_LETTERS], rate[SV_NUMBER_TEXT_SIZE], start[SV_TIME_TEXT_SIZE];
    for (int i = 1; i <= TEXT_BYTES / LINE_LETTERS; i++) {
        put_line(text, i, "");
    }
    put_line(text, 1, "WRITTEN BY SEISVIEW");
    snprintf(line, sizeof line, "TRACES: %" PRId64 "  SAMPLES OF EACH: %" PRId64,
             writing->extent.num_rows, writing->extent.num_samples);
    put_line(text, 2, line);
    snprintf(line, sizeof line, "SAMPLE RATE: %s HZ",
             sv_number_shortest(writing->extent.sample_rate, rate));
    put_line(text, 3, line);
    sv_channel channel = sv_first_channel(writing);
    if (sv_time_format(channel.start, start)[0] != '\0') {
        snprintf(line, sizeof line, "FIRST SAMPLE OF THE FIRST TRACE: %s", start);
        put_line(text, 4, line);
    }
    put_line(text, 39, segy->revision == 2 ? "SEG-Y REV2.0" : "SEG Y REV1");
    put_line(text, 40, "END TEXTUAL HEADER");
}

/* ---- the binary header ------------------------------------------------------------------- */

/* The float64 whose rate is the one meant: the quotient or a neighbour of it. */
static double interval_of(double rate)
{
    double nearest = 1e6 / rate;
    double below = nextafter(nearest, 0.0), above = nextafter(nearest, INFINITY);
    if (1e6 / nearest == rate) {
        return nearest;
    }
    return 1e6 / below == rate ? below : 1e6 / above == rate ? above : nearest;
}

static void put_revision_2(const sv_writing *writing, const sv_segy_state *segy,
                           unsigned char *reel)
{
    const sv_extent *extent = &writing->extent;
    put(segy, reel, LONG_NUM_SAMPLES, SV_U4, extent->num_samples);
    sv_dtype_store(sv_dtype_make(SV_F8, segy->order), reel + LONG_INTERVAL - 1,
                   sv_scalar_float(interval_of(extent->sample_rate)));
    put(segy, reel, ORDER_MARK, SV_U4, 0x01020304);
    put(segy, reel, TIME_BASIS, SV_I2, UTC);
    put(segy, reel, NUM_TRACES, SV_U8, extent->num_rows);
    put(segy, reel, FIRST_TRACE, SV_U8, REEL_BYTES);
}

static sv_status write_reel(sv_writing *writing, const sv_segy_state *segy, sv_error *error)
{
    unsigned char reel[REEL_BYTES] = {0};
    const sv_extent *extent = &writing->extent;
    int64_t num_samples = extent->num_samples <= MOST_UNSIGNED ? extent->num_samples : 0;
    fill_text(writing, segy, reel);
    put(segy, reel, NUM_TRACES_OF_ENSEMBLE, SV_I2,
        extent->num_rows <= MOST_SIGNED ? extent->num_rows : 0);
    put(segy, reel, INTERVAL, SV_U2, segy->interval_us);
    put(segy, reel, ORIGINAL_INTERVAL, SV_U2, segy->interval_us);
    put(segy, reel, NUM_SAMPLES, SV_U2, num_samples);
    put(segy, reel, ORIGINAL_NUM_SAMPLES, SV_U2, num_samples);
    put(segy, reel, FORMAT, SV_I2, writing->encoding.code);
    put(segy, reel, SORTING, SV_I2, 1); /* as recorded */
    put(segy, reel, MEASUREMENT_SYSTEM, SV_I2, METRES);
    put(segy, reel, REVISION, SV_U1, segy->revision);
    put(segy, reel, FIXED_LENGTH, SV_I2, 1);
    if (segy->revision == 2) {
        put_revision_2(writing, segy, reel);
    }
    return sv_output_write(writing->output, 0, reel, sizeof reel, error);
}

/* ---- trace headers ----------------------------------------------------------------------- */

static int64_t divide_to_nearest(int64_t a, int64_t b)
{
    return (a + (a < 0 ? -b : b) / 2) / b;
}

/* Whole milliseconds, or with a scalar that divides finer ones, where that says more and fits in
 * 16 bits. Returns what it comes to, in ns. */
static int64_t put_delay(const sv_segy_state *segy, unsigned char *header, int64_t delay_ns)
{
    int64_t unit = 1000000; /* ns */
    int scalar = 1;
    while (!segy->is_su && scalar < 1000 && delay_ns % unit != 0 &&
           llabs(divide_to_nearest(delay_ns, unit / 10)) <= MOST_SIGNED) {
        unit /= 10;
        scalar *= 10;
    }
    int64_t delay = divide_to_nearest(delay_ns, unit);
    delay = sv_max_i8(-MOST_SIGNED, sv_min_i8(delay, MOST_SIGNED));
    put(segy, header, DELAY, SV_I2, delay);
    if (scalar > 1) {
        put(segy, header, TIME_SCALAR, SV_I2, -scalar);
    }
    return delay * unit;
}

static void note_delay(sv_writing *writing, const sv_channel *channel, int64_t lost_ns)
{
    char start[SV_TIME_TEXT_SIZE], lost[SV_NUMBER_TEXT_SIZE];
    sv_time_format(channel->start, start);
    if (lost_ns != 0) {
        sv_note_loss(writing, SV_LOSS_START,
                     "times of traces are whole seconds, and their delays have 16 bits: %s us of "
                     "the start %s are lost",
                     sv_number_shortest((double)lost_ns / 1e3, lost), start);
    } else {
        sv_note_loss(writing, SV_LOSS_START,
                     "times of traces are whole seconds: what the start %s has beyond them is the "
                     "delay of its first sample",
                     start);
    }
}

/* The time of a trace is whole seconds; the part of a second is added to its delay, so that the
 * sum is the time of the first sample. */
static void put_start(sv_writing *writing, const sv_segy_state *segy, unsigned char *header,
                      const sv_channel *channel)
{
    int64_t delay_ns = channel->delay_ns;
    int64_t part_ns = 0;
    if (channel->start != SV_TIME_NONE) {
        sv_civil civil = sv_civil_of(channel->start);
        int64_t fields[] = {civil.year, civil.day_of_year, civil.hour, civil.minute, civil.second};
        for (int i = 0; i < 5; i++) {
            put(segy, header, YEAR + 2 * i, SV_I2, fields[i]);
        }
        put(segy, header, TRACE_TIME_BASIS, SV_I2, segy->is_su ? GMT : UTC);
        part_ns = civil.nanosecond;
    }
    int64_t lost_ns = delay_ns + part_ns - put_delay(segy, header, delay_ns + part_ns);
    if (part_ns != 0 || lost_ns != 0) {
        note_delay(writing, channel, lost_ns);
    }
}

static void put_unit(sv_writing *writing, const sv_segy_state *segy, unsigned char *header,
                     const char *unit)
{
    static const char *const units[] = {"", "Pa", "V", "mV", "A", "m", "m/s", "m/s2", "N", "W"};
    for (int i = 0; i < (int)(sizeof units / sizeof units[0]) && !segy->is_su; i++) {
        if (strcmp(unit, units[i]) == 0) {
            put(segy, header, UNIT, SV_I2, i);
            return;
        }
    }
    if (unit[0] != '\0') {
        put(segy, header, UNIT, SV_I2, segy->is_su ? 0 : -1); /* another one */
        sv_note_loss(writing, SV_LOSS_UNIT,
                     "trace headers have no code for the unit %s, which is "
                     "lost",
                     unit);
    }
}

static void fill_trace_header(sv_writing *writing, const sv_walk *walk, int64_t i,
                              unsigned char header[TRACE_HEADER_BYTES])
{
    const sv_segy_state *segy = writing->state;
    int64_t number = walk->position + i + 1;
    int64_t num_samples = writing->extent.num_samples;
    sv_channel channel = sv_walk_channel(walk, i);
    memset(header, 0, TRACE_HEADER_BYTES);
    /* Past 2^31 traces the number begins again. */
    int64_t wrapped = (number - 1) % INT32_MAX + 1;
    put(segy, header, TRACE_OF_LINE, SV_I4, wrapped);
    put(segy, header, TRACE_OF_FILE, SV_I4, wrapped);
    put(segy, header, TRACE_OF_RECORD, SV_I4, wrapped);
    put(segy, header, IDENTIFICATION, SV_I2, LIVE);
    put(segy, header, TRACE_NUM_SAMPLES, SV_U2, num_samples <= MOST_UNSIGNED ? num_samples : 0);
    put(segy, header, TRACE_INTERVAL, SV_U2, segy->interval_us);
    put_start(writing, segy, header, &channel);
    put_unit(writing, segy, header, channel.unit);
}

/* ---- the traces -------------------------------------------------------------------------- */

static int64_t byte_of_trace(const sv_writing *writing, int64_t position)
{
    const sv_segy_state *segy = writing->state;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    return segy->first_byte +
           position * (TRACE_HEADER_BYTES + writing->extent.num_samples * itemsize);
}

static sv_status write_header(sv_writing *writing, const sv_walk *walk, int64_t i, sv_error *error)
{
    unsigned char header[TRACE_HEADER_BYTES];
    fill_trace_header(writing, walk, i, header);
    return sv_output_write(writing->output, byte_of_trace(writing, walk->position + i), header,
                           sizeof header, error);
}

/* Of traces without samples there are no tiles. */
static sv_status write_empty(sv_writing *writing, const sv_walk *walk, sv_error *error)
{
    sv_status status = SV_OK;
    bool is_empty = writing->extent.num_samples == 0;
    for (int64_t i = 0; is_empty && i < walk->num_rows && status == SV_OK; i++) {
        status = write_header(writing, walk, i, error);
    }
    return status;
}

/* A header right before its samples, so that the file is written in order where tiles have whole
 * traces. */
static sv_status write_samples(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                               sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    sv_status status = SV_OK;
    for (int64_t i = 0; i < walk->num_rows && status == SV_OK; i++) {
        int64_t byte = byte_of_trace(writing, walk->position + i) + TRACE_HEADER_BYTES +
                       tile->first * itemsize;
        status = tile->first == 0 ? write_header(writing, walk, i, error) : SV_OK;
        if (status == SV_OK) {
            status = sv_output_write(writing->output, byte, tile->samples + i * tile->row_bytes,
                                     (size_t)(tile->num_samples * itemsize), error);
        }
    }
    return status;
}

/* ---- the descriptors --------------------------------------------------------------------- */

static sv_status encode_segy(const sv_writing *writing, sv_dtype from, const char *asked,
                             sv_encoding *encoding, sv_error *error)
{
    static const sv_encoding list[] = {
        {"i1", {SV_I1, SV_NATIVE_ENDIAN}, 8},  {"u1", {SV_U1, SV_NATIVE_ENDIAN}, 16},
        {"i2", {SV_I2, SV_BIG_ENDIAN}, 3},     {"u2", {SV_U2, SV_BIG_ENDIAN}, 11},
        {"i3", {SV_I3, SV_BIG_ENDIAN}, 7},     {"u3", {SV_U3, SV_BIG_ENDIAN}, 15},
        {"i4", {SV_I4, SV_BIG_ENDIAN}, 2},     {"u4", {SV_U4, SV_BIG_ENDIAN}, 10},
        {"i8", {SV_I8, SV_BIG_ENDIAN}, 9},     {"u8", {SV_U8, SV_BIG_ENDIAN}, 12},
        {"ibm4", {SV_IBM4, SV_BIG_ENDIAN}, 1}, {"f4", {SV_F4, SV_BIG_ENDIAN}, 5},
        {"f8", {SV_F8, SV_BIG_ENDIAN}, 6},
    };
    (void)writing;
    return sv_choose_encoding(list, (int)(sizeof list / sizeof list[0]), from, asked, encoding,
                              error);
}

static sv_status encode_su(const sv_writing *writing, sv_dtype from, const char *asked,
                           sv_encoding *encoding, sv_error *error)
{
    static const sv_encoding list[] = {{"f4", {SV_F4, SV_LITTLE_ENDIAN}, 5}};
    (void)writing;
    return sv_choose_encoding(list, 1, from, asked, encoding, error);
}

static sv_status make_state(sv_writing *writing, bool is_su, sv_error *error)
{
    sv_segy_state *segy = sv_calloc(1, sizeof *segy);
    if (segy == NULL) {
        return sv_fail_memory(error, sizeof *segy);
    }
    segy->is_su = is_su;
    segy->order = is_su ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN;
    segy->first_byte = is_su ? 0 : REEL_BYTES;
    double interval = nearbyint(1e6 / writing->extent.sample_rate);
    segy->interval_us = interval >= 1.0 && interval <= MOST_UNSIGNED ? (int64_t)interval : 0;
    writing->state = segy;
    sv_note_no_ids(writing, is_su ? "SU files" : "SEG-Y files");
    return SV_OK;
}

/* Whether 16 bits hold the sample rate. */
static bool is_whole_interval(const sv_writing *writing)
{
    const sv_segy_state *segy = writing->state;
    return segy->interval_us > 0 && 1e6 / (double)segy->interval_us == writing->extent.sample_rate;
}

static sv_status begin_segy(sv_writing *writing, sv_error *error)
{
    if (writing->extent.num_samples > UINT32_MAX) {
        return sv_fail(error, SV_RANGE,
                       "a SEG-Y trace holds %u samples at most, and there are %" PRId64
                       "; give a window with --from and --to",
                       UINT32_MAX, writing->extent.num_samples);
    }
    sv_status status = make_state(writing, false, error);
    if (status != SV_OK) {
        return status;
    }
    sv_segy_state *segy = writing->state;
    int code = writing->encoding.code;
    bool is_code_of_1 = code <= LAST_CODE_OF_REVISION_1 && code != 6 && code != 7;
    segy->revision = is_code_of_1 && is_whole_interval(writing) &&
                             segy->interval_us <= MOST_SIGNED &&
                             writing->extent.num_samples <= MOST_SIGNED
                         ? 1
                         : 2;
    return write_reel(writing, segy, error);
}

static sv_status begin_su(sv_writing *writing, sv_error *error)
{
    char rate[SV_NUMBER_TEXT_SIZE];
    if (writing->extent.num_samples > MOST_UNSIGNED) {
        return sv_fail(error, SV_RANGE,
                       "an SU trace holds %d samples at most, and there are %" PRId64
                       "; give a window with --from and --to, or write SEG-Y",
                       MOST_UNSIGNED, writing->extent.num_samples);
    }
    sv_status status = make_state(writing, true, error);
    if (status != SV_OK) {
        return status;
    }
    const sv_segy_state *segy = writing->state;
    sv_number_shortest(writing->extent.sample_rate, rate);
    if (segy->interval_us == 0) {
        return sv_fail(error, SV_RANGE,
                       "SU holds sample intervals of 1 to %d us, and %s Hz is none; write SEG-Y",
                       MOST_UNSIGNED, rate);
    }
    if (!is_whole_interval(writing)) {
        sv_note_loss(writing, SV_LOSS_RATE,
                     "%s Hz is rounded: SU holds a sample interval of %" PRId64 " us", rate,
                     segy->interval_us);
    }
    return SV_OK;
}

static void close_segy(sv_writing *writing)
{
    sv_free(writing->state);
}

static const char *const segy_suffixes[] = {".segy", ".sgy", NULL};
static const char *const su_suffixes[] = {".su", NULL};

const sv_writer sv_writer_segy = {
    .name = "segy",
    .description = "SEG-Y, big-endian, revision 1, or 2 where that is needed",
    .suffixes = segy_suffixes,
    .holds = SV_HOLDS_ALIKE,
    .group_rows = SV_GROUP_ROWS,
    .encode = encode_segy,
    .begin = begin_segy,
    .rows = write_empty,
    .samples = write_samples,
    .close = close_segy,
};

const sv_writer sv_writer_su = {
    .name = "su",
    .description = "Seismic Unix, little-endian float32",
    .suffixes = su_suffixes,
    .holds = SV_HOLDS_ALIKE,
    .group_rows = SV_GROUP_ROWS,
    .encode = encode_su,
    .begin = begin_su,
    .rows = write_empty,
    .samples = write_samples,
    .close = close_segy,
};
