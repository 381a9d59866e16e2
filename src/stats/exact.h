/* Sums of float64 without any rounding: a number of 2,240 bits with a fixed point, which holds
 * every sum of fewer than 2^62 float64 (Neal 2015, Fast Exact Summation Using Small and Large
 * Superaccumulators). So sums can be added in any order, and rounded once. */
#ifndef SV_STATS_EXACT_H
#define SV_STATS_EXACT_H

#include "seisview/summary.h"
#include "stats/pair.h"

/* Adds a finite x and leaves what is carried for later: at most 2^30 times, then settle. */
void sv_exact_add(sv_exact *sum, double x);
void sv_exact_settle(sv_exact *sum);

/* Both settled, as the sums below. */
void sv_exact_merge(sv_exact *into, const sv_exact *other);

/* The sum times 2^−exponent, to within 2^−100 of itself; an overflow gives infinity. */
sv_pair sv_exact_pair(const sv_exact *sum, int exponent);

/* The sum divided by n, 0 < n < 2^62, rounded once to the nearest float64, ties to even. */
double sv_exact_mean(const sv_exact *sum, int64_t n);

#endif
