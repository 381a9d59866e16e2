/* Whole numbers without limits that matter, written plainly: what sums of float64, and of their
 * squares, are compared with. A float64 counts in units of 2^−1074, its square in units of 2^−2148;
 * the squares of sums of 2^61 of them stay below 2^4400. */
#ifndef SV_TESTS_BIG_INTEGER_H
#define SV_TESTS_BIG_INTEGER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { BIG_WORDS = 140, BIG_UNIT = -1074 };

/* Two's complement, the lowest word first. */
struct big {
    uint32_t word[BIG_WORDS];
};

static inline void big_zero(struct big *x)
{
    memset(x, 0, sizeof *x);
}

static inline bool big_is_negative(const struct big *x)
{
    return x->word[BIG_WORDS - 1] >> 31 != 0;
}

static inline void big_negate(struct big *x)
{
    uint64_t carry = 1;
    for (int i = 0; i < BIG_WORDS; i++) {
        carry += (uint32_t)~x->word[i];
        x->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* x += value · 2^(32 · at), at most as far as it carries. */
static inline void big_add_word(struct big *x, uint32_t value, int at)
{
    uint64_t carry = value;
    for (int i = at; i < BIG_WORDS && carry != 0; i++) {
        carry += x->word[i];
        x->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static inline void big_subtract_word(struct big *x, uint32_t value, int at)
{
    bool borrow = x->word[at] < value;
    x->word[at] -= value;
    for (int i = at + 1; i < BIG_WORDS && borrow; i++) {
        borrow = x->word[i] == 0;
        x->word[i]--;
    }
}

/* x ± value · 2^shift. */
static inline void big_add_shifted(struct big *x, uint64_t value, int shift, bool negative)
{
    const int at = shift / 32, bits = shift % 32;
    const uint64_t low = (value & UINT32_MAX) << bits, high = (value >> 32) << bits;
    const uint64_t middle = (low >> 32) + (high & UINT32_MAX);
    const uint32_t parts[3] = {(uint32_t)low, (uint32_t)middle,
                               (uint32_t)((high >> 32) + (middle >> 32))};
    for (int i = 0; i < 3; i++) {
        if (negative) {
            big_subtract_word(x, parts[i], at + i);
        } else {
            big_add_word(x, parts[i], at + i);
        }
    }
}

static inline void big_add(struct big *x, const struct big *y)
{
    uint64_t carry = 0;
    for (int i = 0; i < BIG_WORDS; i++) {
        carry += (uint64_t)x->word[i] + y->word[i];
        x->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static inline void big_subtract(struct big *x, const struct big *y)
{
    struct big minus = *y;
    big_negate(&minus);
    big_add(x, &minus);
}

/* Of numbers of either sign: what overflows is the same as what two's complement leaves out. */
static inline struct big big_multiply(const struct big *x, const struct big *y)
{
    struct big product;
    big_zero(&product);
    for (int i = 0; i < BIG_WORDS; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < BIG_WORDS - i && x->word[i] != 0; k++) {
            carry += (uint64_t)x->word[i] * y->word[k] + product.word[i + k];
            product.word[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    return product;
}

static inline struct big big_times(const struct big *x, uint64_t n)
{
    struct big factor;
    big_zero(&factor);
    big_add_shifted(&factor, n, 0, false);
    return big_multiply(&factor, x);
}

static inline int big_sign(const struct big *x)
{
    if (big_is_negative(x)) {
        return -1;
    }
    for (int i = 0; i < BIG_WORDS; i++) {
        if (x->word[i] != 0) {
            return 1;
        }
    }
    return 0;
}

static inline int big_compare(const struct big *x, const struct big *y)
{
    struct big difference = *x;
    big_subtract(&difference, y);
    return big_sign(&difference);
}

/* ---- float64 ------------------------------------------------------------------------------- */

/* |x| = mantissa · 2^(shift + BIG_UNIT). */
static inline uint64_t big_mantissa(double x, int *shift)
{
    const uint64_t hidden = (uint64_t)1 << 52;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> 52 & 0x7ff);
    *shift = field > 0 ? field - 1 : 0;
    return (bits & (hidden - 1)) | (field > 0 ? hidden : 0);
}

static inline void big_add_double(struct big *x, double value)
{
    int shift;
    uint64_t mantissa = big_mantissa(value, &shift);
    big_add_shifted(x, mantissa, shift, value < 0.0);
}

/* In units of 2^(2 · BIG_UNIT). */
static inline void big_add_square(struct big *x, double value)
{
    int shift;
    uint64_t mantissa = big_mantissa(value, &shift);
    uint64_t high = mantissa >> 32, low = mantissa & UINT32_MAX;
    big_add_shifted(x, low * low, 2 * shift, false);
    big_add_shifted(x, high * low, 2 * shift + 33, false);
    big_add_shifted(x, high * high, 2 * shift + 64, false);
}

/* x · 2^exponent of x ≥ 0, cut after 64 bits. */
static inline long double big_as_long_double(const struct big *x, int exponent)
{
    int top = BIG_WORDS - 1;
    while (top > 0 && x->word[top] == 0) {
        top--;
    }
    long double value = 0.0L;
    for (int i = top; i >= 0 && i > top - 4; i--) {
        value += ldexpl((long double)x->word[i], 32 * i + exponent);
    }
    return value;
}

/* n · x, in the units of a sum. */
static inline struct big big_of_product(double x, int64_t n)
{
    struct big whole;
    big_zero(&whole);
    big_add_double(&whole, x);
    return big_times(&whole, (uint64_t)n);
}

/* Whether `mean` is the float64 nearest to sum/n, of two the even one: neither neighbour is
 * nearer, n · (mean + neighbour) against 2 · sum. */
static inline bool big_is_rounded_mean(const struct big *sum, int64_t n, double mean)
{
    int shift;
    bool is_even = big_mantissa(mean, &shift) % 2 == 0;
    if (!isfinite(mean)) {
        return false;
    }
    for (int side = -1; side <= 1; side += 2) {
        double neighbour = nextafter(mean, side * (double)INFINITY);
        if (!isfinite(neighbour)) {
            continue; /* a mean is no larger than the largest */
        }
        struct big middle = big_of_product(mean, n), beyond = big_of_product(neighbour, n);
        big_add(&middle, &beyond);
        struct big twice = *sum;
        big_add(&twice, sum);
        int order = side * big_compare(&twice, &middle);
        if (order > 0 || (order == 0 && !is_even)) {
            return false;
        }
    }
    return true;
}

#endif
