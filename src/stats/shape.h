/* Third and fourth sums. */
#ifndef SV_STATS_SHAPE_H
#define SV_STATS_SHAPE_H

#include "seisview/summary.h"
#include "stats/sums.h"

/* From `powers` where their pilot lies near the mean, else by reading the block once more. Its sum,
 * m2 and exponent are known. */
void sv_take_shape(const sv_samples *samples, const sv_powers *powers, sv_summary *summary);

/* m3 and m4 of both, in units of 2^exponent, to which both summaries' are brought. Nothing else of
 * `into` has been merged yet. */
void sv_merge_shape(sv_summary *into, const sv_summary *next, int exponent);

#endif
