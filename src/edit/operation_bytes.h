/* Numbers as little-endian bytes. */
#ifndef SV_EDIT_OPERATION_BYTES_H
#define SV_EDIT_OPERATION_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void sv_put_u8(char *bytes, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (char)(value >> 8 * i);
    }
}

static inline uint64_t sv_get_u8(const char *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    }
    return value;
}

static inline void sv_put_f8(char *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    sv_put_u8(bytes, bits);
}

static inline double sv_get_f8(const char *bytes)
{
    uint64_t bits = sv_get_u8(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
