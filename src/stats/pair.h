/* Sums kept as a pair of float64, high + low, with about 106 bits (Dekker 1971; Knuth,
 * TAOCP 4.2.2). Compiled without contraction, the bits are the same everywhere. */
#ifndef SV_STATS_PAIR_H
#define SV_STATS_PAIR_H

#include <math.h>

typedef struct sv_pair {
    double high, low;
} sv_pair;

/* a + b exactly (Knuth's two-sum). */
static inline sv_pair sv_two_sum(double a, double b)
{
    double sum = a + b;
    double rounded_b = sum - a;
    return (sv_pair){sum, (a - (sum - rounded_b)) + (b - rounded_b)};
}

/* a · b exactly. */
static inline sv_pair sv_two_product(double a, double b)
{
    double product = a * b;
    return (sv_pair){product, fma(a, b, -product)};
}

static inline sv_pair sv_pair_add(sv_pair a, sv_pair b)
{
    sv_pair high = sv_two_sum(a.high, b.high);
    sv_pair low = sv_two_sum(a.low, b.low);
    high = sv_two_sum(high.high, high.low + low.high);
    return sv_two_sum(high.high, high.low + low.low);
}

static inline sv_pair sv_pair_multiply(sv_pair a, sv_pair b)
{
    sv_pair product = sv_two_product(a.high, b.high);
    return sv_two_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

static inline sv_pair sv_pair_divide(sv_pair a, double b)
{
    double quotient = a.high / b;
    sv_pair product = sv_two_product(quotient, b);
    double rest = ((a.high - product.high) - product.low) + a.low;
    return sv_two_sum(quotient, rest / b);
}

static inline sv_pair sv_pair_negate(sv_pair a)
{
    return (sv_pair){-a.high, -a.low};
}

/* By a power of two: exact but for underflow. */
static inline sv_pair sv_pair_scale(sv_pair a, int exponent)
{
    return (sv_pair){ldexp(a.high, exponent), ldexp(a.low, exponent)};
}

#endif
