/* One miniSEED header: SEED manual 2.4, chapter 8, "Fixed Section of Data Header". */
#include <inttypes.h>
#include <libmseed.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "format/mseed.h"
#include "format/steim.h"

/* Bytes of the header. */
enum {
    QUALITY = 6,
    STATION = 8,
    YEAR = 20,
    DAY = 22,
    HOUR = 24,
    MINUTE = 25,
    SECOND = 26,
    FRACTION = 28, /* of 100 µs */
    NUM_SAMPLES = 30,
    RATE_FACTOR = 32,
    RATE_MULTIPLIER = 34,
    ACTIVITY = 36,
    TIME_CORRECTION = 40, /* of 100 µs */
    DATA_OFFSET = 44,
    FIRST_BLOCKETTE = 46,

    CORRECTION_IS_APPLIED = 0x02, /* in the activity flags */

    /* Blockettes, each of which begins with its type and the byte of the next. */
    SAMPLE_RATE = 100,
    DATA_ONLY = 1000,
    DATA_EXTENSION = 1001,
    LONGEST_BLOCKETTE = 12, /* of these three */

    LEAST_EXPONENT = 7, /* of two, for the length of a record */
    MOST_EXPONENT = 20
};

/* ---- encodings ------------------------------------------------------------------------------- */

/* Without blockette 1000 the encoding stands in the control headers alone, and practically always
 * was this one. */
enum { USUAL_ENCODING = DE_STEIM1 };

enum { DE_INT24 = 2 }; /* SEED has it, libmseed has no name for it */

struct encoding {
    const char *name;
    uint8_t plain;          /* sv_type of samples that lie plainly in the record */
    uint8_t decoded;        /* sv_type that they become */
    uint8_t sample_bytes;   /* 0: frames, */
    uint8_t most_per_frame; /* each of which holds so many samples at most */
};

/* By SEED's codes; without a name, none that is read. */
static const struct encoding encodings[] = {
    [DE_INT16] = {"int16", SV_I2, SV_I4, 2, 0},
    [DE_INT24] = {"int24", SV_I3, SV_I4, 3, 0},
    [DE_INT32] = {"int32", SV_I4, SV_I4, 4, 0},
    [DE_FLOAT32] = {"float32", SV_F4, SV_F4, 4, 0},
    [DE_FLOAT64] = {"float64", SV_F8, SV_F8, 8, 0},
    [DE_STEIM1] = {"Steim1", SV_TYPE_NONE, SV_I4, 0, SV_STEIM1_MOST},
    [DE_STEIM2] = {"Steim2", SV_TYPE_NONE, SV_I4, 0, SV_STEIM2_MOST},
    [DE_GEOSCOPE24] = {"GEOSCOPE 24 bit", SV_TYPE_NONE, SV_F4, 3, 0},
    [DE_GEOSCOPE163] = {"GEOSCOPE 16/3", SV_TYPE_NONE, SV_F4, 2, 0},
    [DE_GEOSCOPE164] = {"GEOSCOPE 16/4", SV_TYPE_NONE, SV_F4, 2, 0},
    [DE_CDSN] = {"CDSN", SV_TYPE_NONE, SV_I4, 2, 0},
    [DE_SRO] = {"SRO", SV_TYPE_NONE, SV_I4, 2, 0},
    [DE_DWWSSN] = {"DWWSSN", SV_TYPE_NONE, SV_I4, 2, 0},
};

static const struct encoding *find_encoding(uint8_t code)
{
    bool is_known = code < sizeof encodings / sizeof encodings[0] && encodings[code].name != NULL;
    return is_known ? &encodings[code] : NULL;
}

const char *sv_mseed_encoding_name(uint8_t code)
{
    const struct encoding *encoding = find_encoding(code);
    return encoding != NULL ? encoding->name : "unknown";
}

/* ---- numbers ------------------------------------------------------------------------------- */

static uint16_t u2_at(const unsigned char *bytes, sv_byte_order order)
{
    return order == SV_BIG_ENDIAN ? (uint16_t)(bytes[0] << 8 | bytes[1])
                                  : (uint16_t)(bytes[1] << 8 | bytes[0]);
}

static uint32_t u4_at(const unsigned char *bytes, sv_byte_order order)
{
    uint32_t first = u2_at(bytes, order), second = u2_at(bytes + 2, order);
    return order == SV_BIG_ENDIAN ? first << 16 | second : second << 16 | first;
}

static float f4_at(const unsigned char *bytes, sv_byte_order order)
{
    uint32_t bits = u4_at(bytes, order);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- is it one? ---------------------------------------------------------------------------- */

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_sequence_number(const unsigned char *bytes)
{
    for (int i = 0; i < QUALITY; i++) {
        if (!is_digit(bytes[i]) && bytes[i] != ' ' && bytes[i] != '\0') {
            return false;
        }
    }
    return true;
}

static bool is_date(const unsigned char *bytes, sv_byte_order order)
{
    uint16_t year = u2_at(bytes + YEAR, order), day = u2_at(bytes + DAY, order);
    return year >= 1900 && year <= 2100 && day >= 1 && day <= 366;
}

bool sv_mseed_is_record(const unsigned char *bytes)
{
    unsigned char quality = bytes[QUALITY], reserved = bytes[QUALITY + 1];
    if ((quality != 'D' && quality != 'R' && quality != 'Q' && quality != 'M') ||
        (reserved != ' ' && reserved != '\0')) {
        return false;
    }
    return bytes[HOUR] <= 23 && bytes[MINUTE] <= 59 && bytes[SECOND] <= 60 &&
           (is_date(bytes, SV_BIG_ENDIAN) || is_date(bytes, SV_LITTLE_ENDIAN)) &&
           is_sequence_number(bytes);
}

bool sv_mseed_is_control(const unsigned char *bytes)
{
    unsigned char type = bytes[QUALITY], continued = bytes[QUALITY + 1];
    for (int i = 0; i < QUALITY; i++) {
        if (!is_digit(bytes[i])) {
            return false;
        }
    }
    return (type == 'V' || type == 'A' || type == 'S' || type == 'T') &&
           (continued == ' ' || continued == '*');
}

bool sv_mseed_is_blank(const unsigned char *bytes)
{
    for (int i = 0; i < SV_MSEED_HEADER_BYTES; i++) {
        bool fits = i < QUALITY ? is_digit(bytes[i]) || bytes[i] == '\0' : bytes[i] == ' ';
        if (!fits) {
            return false;
        }
    }
    return true;
}

/* ---- reading it ---------------------------------------------------------------------------- */

/* What the blockettes say. */
typedef struct blockettes {
    bool has_data_only;
    uint8_t encoding, order, exponent;
    float rate;          /* 0: not stated */
    int8_t microseconds; /* that the start lies after what the header says */
} blockettes;

static void read_blockette(const unsigned char *bytes, sv_byte_order order, blockettes *found)
{
    switch (u2_at(bytes, order)) {
    case SAMPLE_RATE: found->rate = f4_at(bytes + 4, order); break;
    case DATA_EXTENSION: found->microseconds = (int8_t)bytes[5]; break;
    case DATA_ONLY:
        found->has_data_only = true;
        found->encoding = bytes[4];
        found->order = bytes[5];
        found->exponent = bytes[6];
        break;
    default: break;
    }
}

/* A chain that does not lead forwards has ended. */
static size_t read_blockettes(const unsigned char *bytes, size_t num_bytes, sv_byte_order order,
                              blockettes *found)
{
    size_t offset = u2_at(bytes + FIRST_BLOCKETTE, order);
    size_t end = SV_MSEED_HEADER_BYTES;
    while (offset >= end) {
        if (offset + LONGEST_BLOCKETTE > num_bytes) {
            return offset + LONGEST_BLOCKETTE;
        }
        read_blockette(bytes + offset, order, found);
        end = offset + 4;
        offset = u2_at(bytes + offset + 2, order);
    }
    return end;
}

/* The nominal rate where the float32 of blockette 100 is but its rounding. */
static void find_rate(const unsigned char *bytes, sv_byte_order order, const blockettes *found,
                      sv_mseed_record *record)
{
    double nominal = ms_nomsamprate((int16_t)u2_at(bytes + RATE_FACTOR, order),
                                    (int16_t)u2_at(bytes + RATE_MULTIPLIER, order));
    record->rate_is_f4 =
        isfinite(found->rate) && found->rate > 0.0F && found->rate != (float)nominal;
    double rate = record->rate_is_f4 ? (double)found->rate : nominal;
    record->rate = isfinite(rate) && rate > 0.0 ? rate : 0.0;
}

/* From 1970 to the beginning of a year, of the Gregorian calendar. */
static int64_t days_before(int64_t year)
{
    int64_t years = year - 1;
    return years * 365 + years / 4 - years / 100 + years / 400 - 719162;
}

/* A day 366 of any year and a second 60 are the next one's. Nothing here can overflow. */
static sv_time find_start(const unsigned char *bytes, sv_byte_order order, const blockettes *found)
{
    int64_t days = days_before(u2_at(bytes + YEAR, order)) + u2_at(bytes + DAY, order) - 1;
    int64_t hours = days * 24 + bytes[HOUR];
    int64_t seconds = (hours * 60 + bytes[MINUTE]) * 60 + bytes[SECOND];
    int64_t ticks = u2_at(bytes + FRACTION, order);
    if ((bytes[ACTIVITY] & CORRECTION_IS_APPLIED) == 0) {
        ticks += (int32_t)u4_at(bytes + TIME_CORRECTION, order);
    }
    return seconds * 1000000000 + ticks * 100000 + (int64_t)found->microseconds * 1000;
}

size_t sv_mseed_parse(const unsigned char *bytes, size_t num_bytes, sv_mseed_record *record)
{
    sv_byte_order order = is_date(bytes, SV_BIG_ENDIAN) ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
    blockettes found = {.has_data_only = false};
    size_t seen = read_blockettes(bytes, num_bytes, order, &found);
    bool has_length =
        found.has_data_only && found.exponent >= LEAST_EXPONENT && found.exponent <= MOST_EXPONENT;
    bool has_order = found.has_data_only && found.order <= 1;
    *record = (sv_mseed_record){
        .length = has_length ? 1 << found.exponent : 0,
        .num_samples = u2_at(bytes + NUM_SAMPLES, order),
        .data_offset = u2_at(bytes + DATA_OFFSET, order),
        .encoding = found.has_data_only ? found.encoding : USUAL_ENCODING,
        .order =
            (uint8_t)(has_order ? (found.order == 1 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN) : order),
        .start = find_start(bytes, order, &found),
    };
    find_rate(bytes, order, &found, record);
    memcpy(record->key, bytes + STATION, SV_MSEED_KEY_BYTES);
    const struct encoding *encoding = find_encoding(record->encoding);
    if (encoding != NULL) {
        record->decoded = encoding->decoded;
        record->dtype = sv_dtype_make((sv_type)encoding->plain, (sv_byte_order)record->order);
    }
    return seen;
}

/* ---- judging it ---------------------------------------------------------------------------- */

static int64_t most_samples(const sv_mseed_record *record, const struct encoding *encoding)
{
    int64_t bytes = record->length - record->data_offset;
    return encoding->sample_bytes != 0 ? bytes / encoding->sample_bytes
                                       : bytes / SV_STEIM_FRAME_BYTES * encoding->most_per_frame;
}

static sv_mseed_fault find_fault(const sv_mseed_record *record, int64_t file_bytes)
{
    int64_t left = file_bytes - record->offset;
    if (record->length > left || left < SV_MSEED_LEAST_BYTES) {
        return SV_MSEED_CUT;
    }
    if (record->length == 0) {
        return SV_MSEED_NO_LENGTH;
    }
    if (record->encoding == DE_ASCII) {
        return SV_MSEED_TEXT;
    }
    if (record->num_samples == 0) {
        return SV_MSEED_SOUND;
    }
    const struct encoding *encoding = find_encoding(record->encoding);
    if (encoding == NULL) {
        return SV_MSEED_ENCODING;
    }
    if (record->data_offset < SV_MSEED_HEADER_BYTES || record->data_offset >= record->length) {
        return SV_MSEED_DATA_OFFSET;
    }
    if (record->num_samples > most_samples(record, encoding)) {
        return SV_MSEED_TOO_MANY;
    }
    return record->rate > 0.0 ? SV_MSEED_SOUND : SV_MSEED_NO_RATE;
}

void sv_mseed_judge(sv_mseed_record *record, int64_t file_bytes)
{
    record->fault = (uint8_t)find_fault(record, file_bytes);
}

char *sv_mseed_fault_text(const sv_mseed_record *record, int64_t file_bytes, char text[128])
{
    enum { SIZE = 128 };
    switch ((sv_mseed_fault)record->fault) {
    case SV_MSEED_SOUND: snprintf(text, SIZE, "is sound"); break;
    case SV_MSEED_NO_LENGTH: snprintf(text, SIZE, "does not state how long it is"); break;
    case SV_MSEED_CUT:
        snprintf(text, SIZE, "is cut: the file ends at byte %" PRId64, file_bytes);
        break;
    case SV_MSEED_ENCODING:
        snprintf(text, SIZE, "is encoded in a way that is not read (encoding %d)",
                 record->encoding);
        break;
    case SV_MSEED_DATA_OFFSET:
        snprintf(text, SIZE, "has its samples at byte %d of its %" PRId32, record->data_offset,
                 record->length);
        break;
    case SV_MSEED_TOO_MANY:
        snprintf(text, SIZE, "states %d samples, more than its %" PRId32 " bytes hold (%s)",
                 record->num_samples, record->length, sv_mseed_encoding_name(record->encoding));
        break;
    case SV_MSEED_TEXT: snprintf(text, SIZE, "holds text and no samples"); break;
    case SV_MSEED_NO_RATE: snprintf(text, SIZE, "has samples without a sample rate"); break;
    }
    return text;
}

/* ---- channels ------------------------------------------------------------------------------ */

/* Lengths of the codes in the order in which they stand in the header. */
static const struct code {
    int first, length;
} station = {0, 5}, location = {5, 2}, component = {7, 3}, network = {10, 2};

static bool is_filler(unsigned char byte)
{
    return byte == ' ' || byte == '\0';
}

static void clean_code(struct code code, const unsigned char *key, unsigned char *clean)
{
    int first = code.first, last = code.first + code.length;
    while (first < last && is_filler(key[first])) {
        first++;
    }
    while (last > first && is_filler(key[last - 1])) {
        last--;
    }
    memset(clean + code.first, ' ', (size_t)code.length);
    for (int i = 0; i < last - first; i++) {
        clean[code.first + i] = key[first + i] == '\0' ? '?' : key[first + i];
    }
}

void sv_mseed_clean_key(const unsigned char key[SV_MSEED_KEY_BYTES],
                        unsigned char clean[SV_MSEED_KEY_BYTES])
{
    clean_code(station, key, clean);
    clean_code(location, key, clean);
    clean_code(component, key, clean);
    clean_code(network, key, clean);
}

static int length_of(struct code code, const unsigned char *clean)
{
    int length = code.length;
    while (length > 0 && clean[code.first + length - 1] == ' ') {
        length--;
    }
    return length;
}

void sv_mseed_id(const unsigned char clean[SV_MSEED_KEY_BYTES], char id[SV_ID_SIZE])
{
    const char *text = (const char *)clean;
    snprintf(id, SV_ID_SIZE, "%.*s.%.*s.%.*s.%.*s", length_of(network, clean), text + network.first,
             length_of(station, clean), text + station.first, length_of(location, clean),
             text + location.first, length_of(component, clean), text + component.first);
}
