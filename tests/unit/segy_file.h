/* SEG-Y and SU files made in memory, for tests of them and of what looks like them. */
#ifndef SV_TESTS_SEGY_FILE_H
#define SV_TESTS_SEGY_FILE_H

#include <stdint.h>
#include <string.h>

#include "seisview/dtype.h"

enum { SEGY_TEXT = 3200, SEGY_HEADERS = 3600, TRACE_HEADER = 240, SEGY_MAX_BYTES = 65536 };

/* What is to be made; all zeros but `num_traces`, `num_samples` and `code` is revision 0. */
struct segy_plan {
    sv_byte_order order;
    int code; /* of the format; 0: none, an SU file */
    int num_traces, num_samples;
    int revision, minor;
    int num_texts;        /* more than the one that every file has */
    int num_more_headers; /* of each trace; the first is named SEG00001 */
};

struct segy_file {
    struct segy_plan plan;
    sv_dtype dtype;
    size_t first_byte, trace_bytes, num_bytes;
    unsigned char bytes[SEGY_MAX_BYTES];
};

static inline sv_type segy_type(int code)
{
    static const sv_type types[] = {SV_F4, SV_IBM4,      SV_I4,        SV_I2, SV_TYPE_NONE, SV_F4,
                                    SV_F8, SV_I3,        SV_I1,        SV_I8, SV_U4,        SV_U2,
                                    SV_U8, SV_TYPE_NONE, SV_TYPE_NONE, SV_U3, SV_U1};
    return types[code];
}

/* Bytes of headers count from 1. */
static inline void segy_set(struct segy_file *file, size_t header, int byte, sv_type type,
                            int64_t value)
{
    sv_dtype dtype = sv_dtype_make(type, file->plan.order);
    unsigned char *address = file->bytes + header + (size_t)byte - 1;
    sv_dtype_store(dtype, address,
                   type == SV_F8 ? sv_scalar_float((double)value) : sv_scalar_int(value));
}

static inline void segy_binary(struct segy_file *file, int byte, sv_type type, int64_t value)
{
    segy_set(file, SEGY_TEXT, byte, type, value);
}

static inline size_t segy_header_of(const struct segy_file *file, int trace)
{
    return file->first_byte + (size_t)trace * file->trace_bytes;
}

static inline void segy_trace(struct segy_file *file, int trace, int byte, sv_type type,
                              int64_t value)
{
    segy_set(file, segy_header_of(file, trace), byte, type, value);
}

static inline void segy_traces(struct segy_file *file, int byte, sv_type type, int64_t value)
{
    for (int trace = 0; trace < file->plan.num_traces; trace++) {
        segy_trace(file, trace, byte, type, value);
    }
}

/* The first five fields of a time. */
static inline void segy_time(struct segy_file *file, int trace, int year, int day, int hour,
                             int minute, int second)
{
    const int values[] = {year, day, hour, minute, second};
    for (int i = 0; i < 5; i++) {
        segy_trace(file, trace, 157 + 2 * i, SV_I2, values[i]);
    }
}

/* What stands at a place of the sound file. */
static inline double segy_sample(int trace, int index)
{
    return (double)((trace * 7 + index) % 100);
}

static inline void segy_text(unsigned char *text, const char *letters, int blank)
{
    memset(text, blank, SEGY_TEXT);
    memcpy(text, letters, strlen(letters));
}

static inline void fill_trace(struct segy_file *file, int trace)
{
    const struct segy_plan *plan = &file->plan;
    segy_trace(file, trace, 1, SV_I4, trace + 1);
    segy_trace(file, trace, 29, SV_I2, 1);
    segy_trace(file, trace, 115, SV_U2, plan->num_samples);
    segy_trace(file, trace, 117, SV_U2, 4000);
    size_t samples =
        segy_header_of(file, trace) + TRACE_HEADER * (1 + (size_t)plan->num_more_headers);
    if (plan->num_more_headers > 0) {
        memcpy(file->bytes + segy_header_of(file, trace) + TRACE_HEADER + 232, "SEG00001", 8);
    }
    for (int i = 0; i < plan->num_samples; i++) {
        sv_scalar sample = sv_dtype_load(file->dtype, file->bytes + samples); /* for its kind */
        sample = sample.kind == SV_KIND_FLOAT ? sv_scalar_float(segy_sample(trace, i))
                                              : sv_scalar_int((int64_t)segy_sample(trace, i));
        sv_dtype_store(file->dtype,
                       file->bytes + samples + (size_t)i * sv_dtype_itemsize(file->dtype), sample);
    }
}

/* A sound file at 250 Hz. The caller keeps the size below SEGY_MAX_BYTES. */
static inline struct segy_file make_segy(struct segy_plan plan)
{
    static const char text[] = "C 1 CLIENT: NOBODY";
    struct segy_file file = {.plan = plan};
    file.dtype = sv_dtype_make(segy_type(plan.code), plan.order);
    file.trace_bytes = TRACE_HEADER * (1 + (size_t)plan.num_more_headers) +
                       (size_t)plan.num_samples * sv_dtype_itemsize(file.dtype);
    if (plan.code > 0) {
        for (int i = 0; i <= plan.num_texts; i++) {
            segy_text(file.bytes + (i > 0 ? SEGY_HEADERS + SEGY_TEXT * (i - 1) : 0), text, ' ');
        }
        file.first_byte = (size_t)(SEGY_HEADERS + SEGY_TEXT * plan.num_texts);
        segy_binary(&file, 17, SV_U2, 4000);
        segy_binary(&file, 21, SV_U2, plan.num_samples);
        segy_binary(&file, 25, SV_I2, plan.code);
        file.bytes[SEGY_TEXT + 300] = (unsigned char)plan.revision;
        file.bytes[SEGY_TEXT + 301] = (unsigned char)plan.minor;
        segy_binary(&file, 303, SV_I2, plan.revision > 0);
        segy_binary(&file, 305, SV_I2, plan.num_texts);
        if (plan.revision >= 2) {
            segy_binary(&file, 97, SV_U4, 0x01020304);
            segy_binary(&file, 307, plan.minor > 0 ? SV_I2 : SV_I4, plan.num_more_headers);
        }
    }
    for (int trace = 0; trace < plan.num_traces; trace++) {
        fill_trace(&file, trace);
    }
    file.num_bytes = segy_header_of(&file, plan.num_traces);
    return file;
}

#endif
