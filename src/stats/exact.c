#include "stats/exact.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Digit i counts 2^(32i − BIAS). Settled, all but the last lie in [0, 2^32), and the last carries
 * the sign. */
enum { BITS = 32, BIAS = 1152, NUM_DIGITS = SV_EXACT_DIGITS, LAST = NUM_DIGITS - 1 };

/* Float64: 52 bits of fraction; the exponent field of a number that is 2^(field − 1075) · mantissa.
 */
enum { FRACTION_BITS = 52, FIELD_BIAS = 1075 };

static const uint64_t low_digit = UINT32_MAX;

void sv_exact_settle(sv_exact *sum)
{
    int64_t over = 0;
    for (int i = 0; i < LAST; i++) {
        int64_t digit = sum->digits[i] + over;
        over = digit >> BITS; /* arithmetic: towards −∞ */
        sum->digits[i] = digit & (int64_t)low_digit;
    }
    sum->digits[LAST] += over;
}

void sv_exact_add(sv_exact *sum, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> FRACTION_BITS & 0x7ff);
    uint64_t mantissa = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    if (field > 0) {
        mantissa |= (uint64_t)1 << FRACTION_BITS;
    } else {
        field = 1; /* a denormal has the smallest exponent */
    }
    int bit = field - FIELD_BIAS + BIAS;
    int first = bit / BITS, shift = bit % BITS;
    uint64_t low = mantissa << shift;
    uint64_t high = shift > 0 ? mantissa >> (64 - shift) : 0;
    int64_t sign = bits >> 63 ? -1 : 1;
    sum->digits[first] += sign * (int64_t)(low & low_digit);
    sum->digits[first + 1] += sign * (int64_t)(low >> BITS);
    sum->digits[first + 2] += sign * (int64_t)high;
}

void sv_exact_merge(sv_exact *into, const sv_exact *other)
{
    for (int i = 0; i < NUM_DIGITS; i++) {
        into->digits[i] += other->digits[i];
    }
    sv_exact_settle(into);
}

/* ---- rounding ---------------------------------------------------------------------------- */

/* The magnitude, and the sign. */
static bool magnitude_of(const sv_exact *sum, sv_exact *magnitude)
{
    *magnitude = *sum;
    if (sum->digits[LAST] >= 0) {
        return false;
    }
    for (int i = 0; i < NUM_DIGITS; i++) {
        magnitude->digits[i] = -magnitude->digits[i];
    }
    sv_exact_settle(magnitude);
    return true;
}

static int highest_digit(const sv_exact *magnitude)
{
    int i = LAST;
    while (i > 0 && magnitude->digits[i] == 0) {
        i--;
    }
    return i;
}

/* Settled, the digits are those of a number in two's complement: above the highest one that counts
 * all are 0, or all but the last are 2^32 − 1. */
sv_pair sv_exact_pair(const sv_exact *sum, int exponent)
{
    enum { MOST = 5 };
    static const double weights[MOST + 1] = {1.0, 0x1p32, 0x1p64, 0x1p96, 0x1p128, 0x1p160};
    const int64_t *digits = sum->digits;
    bool negative = digits[LAST] < 0;
    int64_t fill = negative ? (int64_t)low_digit : 0;
    int top = LAST - 1;
    if (digits[LAST] != (negative ? -1 : 0)) {
        top = LAST;
    }
    while (top > 0 && digits[top] == fill) {
        top--;
    }
    /* Five digits hold at least 129 bits of it. They are added as digits and scaled at the end, so
     * that nothing vanishes on the way. */
    int bottom = top >= MOST ? top - MOST + 1 : 0;
    bool borrows = negative && top < LAST;
    sv_pair pair = {borrows ? -weights[top - bottom + 1] : 0.0, 0.0};
    for (int i = top; i >= bottom; i--) {
        double digit = (double)digits[i] * weights[i - bottom];
        pair = sv_pair_add(pair, (sv_pair){digit, 0.0});
    }
    return sv_pair_scale(pair, BITS * bottom - BIAS - exponent);
}

/* mantissa · 2^exponent rounded once, where `rest` tells that more than nothing was cut off below
 * it. The mantissa has its highest bit set. */
static double round_once(uint64_t mantissa, int exponent, bool rest)
{
    enum { KEPT = 53, LOWEST = -1074 };
    int cut = 64 - KEPT;
    if (exponent + cut < LOWEST) {
        cut = LOWEST - exponent; /* a denormal keeps fewer bits */
    }
    if (cut > 64) {
        return 0.0; /* below half of the smallest denormal */
    }
    uint64_t kept = cut < 64 ? mantissa >> cut : 0;
    uint64_t half = (uint64_t)1 << (cut - 1);
    bool above_half = (mantissa & (half - 1)) != 0 || rest;
    bool is_half = (mantissa & half) != 0;
    kept += is_half && (above_half || (kept & 1) != 0);
    return ldexp((double)kept, exponent + cut);
}

/* Division by hand, a bit at a time from the top, until the quotient has 64 bits; then what is left
 * only says whether anything is. */
double sv_exact_mean(const sv_exact *sum, int64_t n)
{
    sv_exact magnitude;
    bool negative = magnitude_of(sum, &magnitude);
    uint64_t quotient = 0, left = 0, divisor = (uint64_t)n;
    int bit = BITS * (highest_digit(&magnitude) + 1) + BITS;
    while (bit > 0 && quotient >> 63 == 0) {
        bit--;
        uint64_t digit = bit / BITS < NUM_DIGITS ? (uint64_t)magnitude.digits[bit / BITS] : 0;
        left = left << 1 | (digit >> bit % BITS & 1);
        quotient <<= 1;
        if (left >= divisor) {
            left -= divisor;
            quotient |= 1;
        }
    }
    bool rest = left != 0;
    for (int i = 0; i < bit && !rest; i++) {
        rest = (magnitude.digits[i / BITS] >> i % BITS & 1) != 0;
    }
    int exponent = bit - BIAS;
    while (quotient != 0 && quotient >> 63 == 0) {
        /* Only where the lowest bit of all was reached: nothing is cut off but the remainder. */
        quotient <<= 1;
        exponent--;
    }
    double mean = quotient == 0 ? 0.0 : round_once(quotient, exponent, rest);
    return negative ? -mean : mean;
}
