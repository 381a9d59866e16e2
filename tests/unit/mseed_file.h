/* miniSEED records made in memory, for tests of them. */
#ifndef SV_TESTS_MSEED_FILE_H
#define SV_TESTS_MSEED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "seisview/dtype.h"

enum {
    INT16 = 1,
    INT24 = 2,
    INT32 = 3,
    FLOAT32 = 4,
    FLOAT64 = 5,
    STEIM1 = 10,
    STEIM2 = 11,
    DWWSSN = 32
};

/* What a record says; begin with plain_record(). */
struct record {
    sv_byte_order order;      /* of the header */
    sv_byte_order data_order; /* of the samples */
    char quality;
    const char *station, *location, *channel, *network;
    int year, day, hour, minute, second, fraction; /* of 100 µs */
    int num_samples;
    int factor, multiplier;
    int activity;
    int32_t correction; /* of 100 µs */
    int encoding;
    int exponent; /* of its length; −1: no blockette 1000 */
    int data_offset;
    int first_blockette;
    float rate; /* of blockette 100; 0: none */
    bool has_microseconds;
    int microseconds; /* of blockette 1001 */
    int first;        /* its samples are first, first + 1, … */
};

/* 100 Hz, 512 bytes, float32 in big-endian order, as many as fit. */
static inline struct record plain_record(void)
{
    return (struct record){
        .order = SV_BIG_ENDIAN,
        .data_order = SV_BIG_ENDIAN,
        .quality = 'D',
        .station = "ANMO",
        .location = "00",
        .channel = "BHZ",
        .network = "IU",
        .year = 2026,
        .day = 31,
        .hour = 12,
        .num_samples = 100,
        .factor = 100,
        .multiplier = 1,
        .encoding = FLOAT32,
        .exponent = 9,
        .data_offset = 64,
        .first_blockette = 48,
    };
}

static inline size_t length_of_record(const struct record *record)
{
    return (size_t)1 << (record->exponent >= 0 ? record->exponent : 9);
}

static inline void put(unsigned char *to, sv_type type, sv_byte_order order, int64_t value)
{
    sv_dtype dtype = sv_dtype_make(type, order);
    if (sv_dtype_store(dtype, to, sv_scalar_int(value)) != SV_OK) {
        sv_dtype_store(dtype, to, sv_scalar_uint((uint64_t)value));
    }
}

static inline void put_text(unsigned char *to, const char *text, size_t length)
{
    memset(to, ' ', length);
    memcpy(to, text, strlen(text) < length ? strlen(text) : length);
}

/* A blockette at `offset`, and in the one before it where it is. Returns the next free byte. */
static inline int begin_blockette(unsigned char *bytes, const struct record *record, int *before,
                                  int type, int offset, int size)
{
    if (*before != 0) {
        put(bytes + *before + 2, SV_U2, record->order, offset);
    }
    put(bytes + offset, SV_U2, record->order, type);
    put(bytes + offset + 2, SV_U2, record->order, 0);
    *before = offset;
    bytes[39]++;
    return offset + size;
}

static inline void put_blockettes(unsigned char *bytes, const struct record *record)
{
    int before = 0, offset = 48;
    if (record->exponent >= 0) {
        bytes[offset + 4] = (unsigned char)record->encoding;
        bytes[offset + 5] = record->data_order == SV_BIG_ENDIAN;
        bytes[offset + 6] = (unsigned char)record->exponent;
        offset = begin_blockette(bytes, record, &before, 1000, offset, 8);
    }
    if (record->has_microseconds) {
        bytes[offset + 5] = (unsigned char)(int8_t)record->microseconds;
        offset = begin_blockette(bytes, record, &before, 1001, offset, 8);
    }
    if (record->rate != 0.0F) {
        sv_dtype_store(sv_dtype_make(SV_F4, record->order), bytes + offset + 4,
                       sv_scalar_float((double)record->rate));
        begin_blockette(bytes, record, &before, 100, offset, 12);
    }
}

static inline void put_header(unsigned char *bytes, const struct record *record)
{
    sv_byte_order order = record->order;
    memcpy(bytes, "000001", 6);
    bytes[6] = (unsigned char)record->quality;
    bytes[7] = ' ';
    put_text(bytes + 8, record->station, 5);
    put_text(bytes + 13, record->location, 2);
    put_text(bytes + 15, record->channel, 3);
    put_text(bytes + 18, record->network, 2);
    put(bytes + 20, SV_U2, order, record->year);
    put(bytes + 22, SV_U2, order, record->day);
    bytes[24] = (unsigned char)record->hour;
    bytes[25] = (unsigned char)record->minute;
    bytes[26] = (unsigned char)record->second;
    put(bytes + 28, SV_U2, order, record->fraction);
    put(bytes + 30, SV_U2, order, record->num_samples);
    put(bytes + 32, SV_I2, order, record->factor);
    put(bytes + 34, SV_I2, order, record->multiplier);
    bytes[36] = (unsigned char)record->activity;
    put(bytes + 40, SV_I4, order, record->correction);
    put(bytes + 44, SV_U2, order, record->data_offset);
    put(bytes + 46, SV_U2, order, record->first_blockette);
}

/* Differences of 1 each, four of 8 bits or seven of 4 bits to a word; the first leads to the first
 * sample. */
static inline void put_steim(unsigned char *data, size_t num_bytes, const struct record *record)
{
    int version = record->encoding - STEIM1 + 1;
    uint32_t kind = version == 1 ? 1 : 3;
    uint32_t ones = version == 1 ? 0x01010101U : 0x81111111U;
    int in_word = version == 1 ? 4 : 7;
    int left = record->num_samples;
    for (size_t frame = 0; frame + 64 <= num_bytes && left > 0; frame += 64) {
        uint32_t kinds = 0;
        for (int word = frame == 0 ? 3 : 1; word < 16 && left > 0; word++, left -= in_word) {
            kinds |= kind << (30 - 2 * word);
            put(data + frame + 4 * (size_t)word, SV_U4, record->data_order, ones);
        }
        put(data + frame, SV_U4, record->data_order, kinds);
    }
    put(data + 4, SV_I4, record->data_order, record->first);
    put(data + 8, SV_I4, record->data_order, record->first + record->num_samples - 1);
}

static inline void put_samples(unsigned char *data, size_t num_bytes, const struct record *record)
{
    static const sv_type types[] = {[INT16] = SV_I2,   [INT24] = SV_I3,   [INT32] = SV_I4,
                                    [FLOAT32] = SV_F4, [FLOAT64] = SV_F8, [DWWSSN] = SV_I2};
    if (record->encoding == STEIM1 || record->encoding == STEIM2) {
        put_steim(data, num_bytes, record);
        return;
    }
    if (record->encoding < 0 || record->encoding > DWWSSN ||
        types[record->encoding] == SV_TYPE_NONE) {
        return;
    }
    sv_dtype dtype = sv_dtype_make(types[record->encoding], record->data_order);
    size_t itemsize = sv_dtype_itemsize(dtype);
    for (size_t i = 0; i < (size_t)record->num_samples && (i + 1) * itemsize <= num_bytes; i++) {
        sv_scalar value = sv_scalar_int(record->first + (int)i);
        bool is_float = record->encoding == FLOAT32 || record->encoding == FLOAT64;
        sv_dtype_store(dtype, data + i * itemsize,
                       is_float ? sv_scalar_float((double)value.value.i) : value);
    }
}

/* Writes the record at `bytes`, which has room for it; returns its length. */
static inline size_t put_record(unsigned char *bytes, const struct record *record)
{
    size_t length = length_of_record(record);
    memset(bytes, 0, length);
    put_header(bytes, record);
    put_blockettes(bytes, record);
    if (record->data_offset >= 48 && (size_t)record->data_offset < length) {
        size_t offset = (size_t)record->data_offset;
        put_samples(bytes + offset, length - offset, record);
    }
    return length;
}

/* The record that goes on where this one ends: the next samples, at the next time. */
static inline struct record record_after(struct record record)
{
    int64_t rate = record.factor;
    int64_t ticks = record.num_samples * INT64_C(10000) / rate;
    int64_t since = ((record.hour * 60 + record.minute) * 60 + record.second) * INT64_C(10000) +
                    record.fraction + ticks;
    record.first += record.num_samples;
    record.fraction = (int)(since % 10000);
    record.second = (int)(since / 10000 % 60);
    record.minute = (int)(since / 600000 % 60);
    record.hour = (int)(since / 36000000);
    return record;
}

#endif
