/* Samples of every awkward kind, float32 or float64, for tests of kernels and summaries. */
#ifndef SV_TESTS_SAMPLES_H
#define SV_TESTS_SAMPLES_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "random.h"

typedef enum sample_kind {
    NOISE,
    FEW_VALUES, /* −1, 0, 1: many equal neighbours */
    CONSTANT,
    OFFSET, /* 1e9 and a unit deviation */
    ALTERNATING,
    ZEROS, /* of both signs */
    DENORMAL,
    ENORMOUS,
    FINITE_BITS, /* every exponent */
    LAST_FINITE,
    ANY_BITS, /* from here on with NaN and infinities */
    SPRINKLED,
    ALL_NAN,
    ALL_INFINITE,
    NUM_SAMPLE_KINDS
} sample_kind;

static inline double random_unit(struct random *random) /* in (−1, 1) */
{
    return ((double)(random_bits(random) >> 11) + 0.5) * 0x1p-52 - 1.0;
}

static inline double random_sign(struct random *random)
{
    return random_bits(random) & 1 ? 1.0 : -1.0;
}

static inline double sprinkle(struct random *random)
{
    uint64_t draw = random_below(random, 40);
    if (draw == 0) {
        return NAN;
    }
    return draw == 1 ? random_sign(random) * INFINITY : 1000.0 * random_unit(random);
}

static inline double sample_f8(struct random *random, sample_kind kind, int64_t i)
{
    uint64_t bits = random_bits(random);
    double value;
    switch (kind) {
    case NOISE: return 1000.0 * random_unit(random);
    case FEW_VALUES: return (double)(bits % 3) - 1.0;
    case CONSTANT: return 0.1;
    case OFFSET: return 1e9 + random_unit(random);
    case ALTERNATING: return i % 2 == 0 ? 1e30 : -1e30;
    case ZEROS: return bits & 1 ? 0.0 : -0.0;
    case DENORMAL: return random_unit(random) * 1e-310;
    case ENORMOUS: return random_unit(random) * DBL_MAX;
    case SPRINKLED: return sprinkle(random);
    case ALL_INFINITE: return random_sign(random) * INFINITY;
    case ALL_NAN: return NAN;
    case FINITE_BITS: bits &= ~(UINT64_C(1) << 62); break;
    default: break;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float sample_f4(struct random *random, sample_kind kind, int64_t i)
{
    uint32_t bits = (uint32_t)random_bits(random);
    float value;
    switch (kind) {
    case DENORMAL: return (float)(random_unit(random) * 1e-39);
    case ENORMOUS: return (float)(random_unit(random) * (double)FLT_MAX);
    case FINITE_BITS: bits &= ~(UINT32_C(1) << 30); break;
    case ANY_BITS: break;
    default: return (float)sample_f8(random, kind, i);
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void fill_f4(struct random *random, sample_kind kind, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = sample_f4(random, kind, i);
    }
}

static inline void fill_f8(struct random *random, sample_kind kind, double *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = sample_f8(random, kind, i);
    }
}

#endif
