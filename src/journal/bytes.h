/* Numbers in the little-endian bytes of a journal. */
#ifndef SV_JOURNAL_BYTES_H
#define SV_JOURNAL_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void sv_put(unsigned char *bytes, size_t num_bytes, uint64_t value)
{
    for (size_t i = 0; i < num_bytes; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
}

static inline uint64_t sv_get(const unsigned char *bytes, size_t num_bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < num_bytes; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static inline void sv_put_u4(unsigned char *bytes, uint32_t value)
{
    sv_put(bytes, 4, value);
}

static inline void sv_put_u8(unsigned char *bytes, uint64_t value)
{
    sv_put(bytes, 8, value);
}

static inline void sv_put_i8(unsigned char *bytes, int64_t value)
{
    sv_put(bytes, 8, (uint64_t)value);
}

static inline uint32_t sv_get_u4(const unsigned char *bytes)
{
    return (uint32_t)sv_get(bytes, 4);
}

static inline uint64_t sv_get_u8(const unsigned char *bytes)
{
    return sv_get(bytes, 8);
}

static inline int64_t sv_get_i8(const unsigned char *bytes)
{
    return (int64_t)sv_get(bytes, 8);
}

static inline void sv_put_f8(unsigned char *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    sv_put_u8(bytes, bits);
}

static inline double sv_get_f8(const unsigned char *bytes)
{
    uint64_t bits = sv_get_u8(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
