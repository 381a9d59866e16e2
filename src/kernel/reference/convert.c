/* Samples of every type and order to native float32 or float64, exactly (64-bit integers rounded
 * once); integers of up to 32 bits to those of 32. */
#include <string.h>

#include "kernel/set.h"

/* How one stored sample becomes a number: `bytes` is its value as an unsigned integer. */
typedef float (*to_f4)(uint32_t bytes);
typedef double (*to_f8)(uint64_t bytes);

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint64_t load_bytes(const char *address, size_t size, bool big)
{
    const unsigned char *byte = (const unsigned char *)address;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    bool swap = big != (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN);
    switch (size) {
    case 1: return byte[0];
    case 2: memcpy(&two, address, 2); return swap ? __builtin_bswap16(two) : two;
    case 3:
        return big ? (uint64_t)byte[0] << 16 | (uint64_t)byte[1] << 8 | byte[2]
                   : (uint64_t)byte[2] << 16 | (uint64_t)byte[1] << 8 | byte[0];
    case 4: memcpy(&four, address, 4); return swap ? __builtin_bswap32(four) : four;
    default: memcpy(&eight, address, 8); return swap ? __builtin_bswap64(eight) : eight;
    }
}

ALWAYS_INLINE float f4_of_f4(uint32_t bytes)
{
    float value;
    memcpy(&value, &bytes, sizeof value);
    return value;
}

ALWAYS_INLINE float f4_of_i1(uint32_t bytes)
{
    return (float)(int8_t)bytes;
}

ALWAYS_INLINE float f4_of_i2(uint32_t bytes)
{
    return (float)(int16_t)bytes;
}

ALWAYS_INLINE float f4_of_i3(uint32_t bytes)
{
    return (float)((int32_t)(bytes << 8) >> 8);
}

ALWAYS_INLINE float f4_of_unsigned(uint32_t bytes)
{
    return (float)(int32_t)bytes;
}

ALWAYS_INLINE double f8_of_f8(uint64_t bytes)
{
    double value;
    memcpy(&value, &bytes, sizeof value);
    return value;
}

ALWAYS_INLINE double f8_of_i4(uint64_t bytes)
{
    return (double)(int32_t)(uint32_t)bytes;
}

/* 64-bit integers: few instruction sets convert them, but the bits of 2^84 + high·2^32 and of
 * 2^52 + low can be put together, and the two differ from the value by constants. One rounding. */
ALWAYS_INLINE double f8_of_halves(uint64_t bytes, double constant)
{
    double high = f8_of_f8(bytes >> 32 | (uint64_t)0x453 << 52);
    double low = f8_of_f8((bytes & 0xffffffff) | (uint64_t)0x433 << 52);
    return (high - constant) + low;
}

ALWAYS_INLINE double f8_of_i8(uint64_t bytes)
{
    return f8_of_halves(bytes ^ (uint64_t)1 << 63, 0x1p84 + 0x1p63 + 0x1p52);
}

ALWAYS_INLINE double f8_of_u8(uint64_t bytes)
{
    return f8_of_halves(bytes, 0x1p84 + 0x1p52);
}

ALWAYS_INLINE double f8_of_u4(uint64_t bytes)
{
    return f8_of_f8(bytes | (uint64_t)0x433 << 52) - 0x1p52;
}

ALWAYS_INLINE void loop_f4(to_f4 value, size_t size, bool big, const char *from, ptrdiff_t stride,
                           int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = value((uint32_t)load_bytes(from + i * stride, size, big));
    }
}

ALWAYS_INLINE void loop_f8(to_f8 value, size_t size, bool big, const char *from, ptrdiff_t stride,
                           int64_t n, double *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = value(load_bytes(from + i * stride, size, big));
    }
}

/* The order, and whether the samples lie without a gap, become constants of the loop. */
ALWAYS_INLINE void all_f4(to_f4 value, size_t size, sv_dtype dtype, const char *from,
                          ptrdiff_t stride, int64_t n, float *to)
{
    bool dense = stride == (ptrdiff_t)size;
    if (dtype.order == SV_BIG_ENDIAN) {
        dense ? loop_f4(value, size, true, from, (ptrdiff_t)size, n, to)
              : loop_f4(value, size, true, from, stride, n, to);
    } else {
        dense ? loop_f4(value, size, false, from, (ptrdiff_t)size, n, to)
              : loop_f4(value, size, false, from, stride, n, to);
    }
}

ALWAYS_INLINE void all_f8(to_f8 value, size_t size, sv_dtype dtype, const char *from,
                          ptrdiff_t stride, int64_t n, double *to)
{
    bool dense = stride == (ptrdiff_t)size;
    if (dtype.order == SV_BIG_ENDIAN) {
        dense ? loop_f8(value, size, true, from, (ptrdiff_t)size, n, to)
              : loop_f8(value, size, true, from, stride, n, to);
    } else {
        dense ? loop_f8(value, size, false, from, (ptrdiff_t)size, n, to)
              : loop_f8(value, size, false, from, stride, n, to);
    }
}

#ifndef SV_WIDE
/* IBM System/360: sign · fraction/2^24 · 16^(exponent − 64). The power of 16 is put together as the
 * bits of a float64: 2^(4·exponent − 256 − 24) lies far inside its range. */
ALWAYS_INLINE double f8_of_ibm4(uint64_t bytes)
{
    uint64_t exponent = bytes >> 24 & 0x7f;
    double power = f8_of_f8((4 * exponent + 1023 - 280) << 52);
    double magnitude = f8_of_u4(bytes & 0xffffff) * power;
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    return f8_of_f8(bits | (bytes >> 31 & 1) << 63);
}

void SV_SET(convert_ibm4)(bool big, const char *from, ptrdiff_t stride, int64_t n, double *to)
{
    loop_f8(f8_of_ibm4, 4, big, from, stride, n, to);
}
#endif

void SV_SET(convert)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, void *to)
{
    switch ((sv_type)dtype.type) {
    case SV_F4: all_f4(f4_of_f4, 4, dtype, from, stride, n, to); break;
    case SV_I1: all_f4(f4_of_i1, 1, dtype, from, stride, n, to); break;
    case SV_U1: all_f4(f4_of_unsigned, 1, dtype, from, stride, n, to); break;
    case SV_I2: all_f4(f4_of_i2, 2, dtype, from, stride, n, to); break;
    case SV_U2: all_f4(f4_of_unsigned, 2, dtype, from, stride, n, to); break;
    case SV_I3: all_f4(f4_of_i3, 3, dtype, from, stride, n, to); break;
    case SV_U3: all_f4(f4_of_unsigned, 3, dtype, from, stride, n, to); break;
    case SV_F8: all_f8(f8_of_f8, 8, dtype, from, stride, n, to); break;
    case SV_I4: all_f8(f8_of_i4, 4, dtype, from, stride, n, to); break;
    case SV_U4: all_f8(f8_of_u4, 4, dtype, from, stride, n, to); break;
    case SV_I8: all_f8(f8_of_i8, 8, dtype, from, stride, n, to); break;
    case SV_U8: all_f8(f8_of_u8, 8, dtype, from, stride, n, to); break;
    case SV_IBM4: SV_SET(convert_ibm4)(dtype.order == SV_BIG_ENDIAN, from, stride, n, to); break;
    case SV_TYPE_NONE:
    case SV_NUM_TYPES: break;
    }
}

/* ---- integers ---------------------------------------------------------------------------- */

/* Modulo 2^32, so that only the sign has to be carried up. */
ALWAYS_INLINE void loop_integers(size_t size, bool big, uint32_t sign, const char *from,
                                 ptrdiff_t stride, int64_t n, uint32_t *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = ((uint32_t)load_bytes(from + i * stride, size, big) ^ sign) - sign;
    }
}

ALWAYS_INLINE void all_integers(size_t size, bool is_signed, sv_dtype dtype, const char *from,
                                ptrdiff_t stride, int64_t n, uint32_t *to)
{
    bool dense = stride == (ptrdiff_t)size;
    uint32_t sign = is_signed ? UINT32_C(1) << (8 * size - 1) : 0;
    if (dtype.order == SV_BIG_ENDIAN) {
        dense ? loop_integers(size, true, sign, from, (ptrdiff_t)size, n, to)
              : loop_integers(size, true, sign, from, stride, n, to);
    } else {
        dense ? loop_integers(size, false, sign, from, (ptrdiff_t)size, n, to)
              : loop_integers(size, false, sign, from, stride, n, to);
    }
}

void SV_SET(integers)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, uint32_t *to)
{
    switch ((sv_type)dtype.type) {
    case SV_I1: all_integers(1, true, dtype, from, stride, n, to); break;
    case SV_U1: all_integers(1, false, dtype, from, stride, n, to); break;
    case SV_I2: all_integers(2, true, dtype, from, stride, n, to); break;
    case SV_U2: all_integers(2, false, dtype, from, stride, n, to); break;
    case SV_I3: all_integers(3, true, dtype, from, stride, n, to); break;
    case SV_U3: all_integers(3, false, dtype, from, stride, n, to); break;
    case SV_I4: all_integers(4, true, dtype, from, stride, n, to); break;
    case SV_U4: all_integers(4, false, dtype, from, stride, n, to); break;
    default: break;
    }
}
