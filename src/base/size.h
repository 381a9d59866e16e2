/* Arithmetic on sizes that says when it does not fit. */
#ifndef SV_BASE_SIZE_H
#define SV_BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

static inline bool sv_multiply(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool sv_add(int64_t a, int64_t b, int64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline int64_t sv_min_i8(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t sv_max_i8(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
