/* A block's counts, extremes, exact sum and sum of squares: the kernels' lanes put together. */
#ifndef SV_STATS_SUMS_H
#define SV_STATS_SUMS_H

#include "seisview/summary.h"
#include "stats/pair.h"
#include "stats/pairs.h"
#include "stats/samples.h"

/* Sums of the powers of x − pilot over the stretches, without what they leave. */
typedef struct sv_powers {
    bool known; /* all samples are finite */
    double pilot, cubes, fourths;
} sv_powers;

typedef struct sv_sums {
    sv_counts counts;
    sv_exact sum;    /* of the finite samples */
    sv_pair squares; /* of the finite samples; not finite where one leaves float64 */
    /* Bit i: perhaps a sample of stretch i equals the one after it; and of what is left. */
    uint64_t equal;
    uint64_t min_at, max_at; /* likewise, where the extremes are */
    sv_powers powers;
    sv_pairs *pairs; /* the caller's; NULL: those of `equal` are looked for later */
} sv_sums;

/* Reads the block once, and stretches that need it again while they are in the cache. The powers
 * are summed where they are wanted, about the mean of the first stretch. */
void sv_sums_of(const sv_samples *samples, bool powers, sv_pairs *pairs, sv_sums *sums);

/* The same of interleaved rows, which are parted on the way; `rows` are what they are then. False,
 * and nothing is done, where there is no such way. */
bool sv_sums_of_frames(const sv_frames *frames, const sv_samples *rows, bool powers, sv_sums *sums);

/* Σ(x·scale − pilot)² over the finite samples. */
sv_pair sv_centred_squares(const sv_samples *samples, double pilot, double scale, bool all_finite);

#endif
