/* Order statistics by narrowing.
 *
 * Samples have keys, unsigned integers in the order of their values (kernel/kernel.h). Of every
 * order statistic that is sought an interval of 2^bits keys is known, and its rank within it. A
 * pass over the samples counts those in each bin of the interval; the bin that holds the rank is
 * the next interval, until it is one key. Counts are integers: how samples are shared among threads
 * and scans makes no difference.
 *
 *   sv_population_begin(…, &summary, …);       all finite samples lie between its min and its max
 *   while (sv_population_is_open(&p)) {
 *       sv_population_aim(&p, most_width, &bins, targets);
 *       … count every sample …
 *       sv_population_narrow(&p, &bins, totals);
 *   }
 *   sv_population_quantile(&p, …); */
#ifndef SV_STATS_ORDER_H
#define SV_STATS_ORDER_H

#include "kernel/kernel.h"
#include "seisview/summary.h"

/* What samples are compared as. 64-bit integers are rounded once to float64, IBM floats are exact
 * in it. */
typedef enum sv_key_kind { SV_KEY_F4, SV_KEY_I4, SV_KEY_F8 } sv_key_kind;

/* One order statistic: where it lies. */
typedef struct sv_rank {
    uint64_t first; /* of the keys there, counted from that of the least sample */
    int64_t within; /* its rank among the samples there, from 0 */
    int64_t count;  /* of the samples there; −1: not known yet */
} sv_rank;

/* Samples of which quantiles are sought together. */
typedef struct sv_population {
    sv_key_kind kind;
    double min;
    uint64_t least;      /* the key of min */
    int bits;            /* of the keys that are not known yet */
    int64_t num_samples; /* all of them, NaN and infinities too */
    int64_t num_finite;
    bool lost;      /* the counts of two passes do not agree: the samples changed meanwhile */
    sv_rank *ranks; /* two for each quantile; borrowed */
    int num_ranks;
} sv_population;

/* SV_TYPE_NONE: samples of several types. */
sv_key_kind sv_key_kind_of(sv_dtype dtype);

/* `ranks` has two for each probability. */
void sv_population_begin(sv_population *population, sv_key_kind kind, const sv_summary *summary,
                         const double *probabilities, int num_probabilities, sv_rank *ranks);

/* Whether a pass over the samples is needed. */
bool sv_population_is_open(const sv_population *population);

/* The next pass: which bins to count, at most 2^most_width of each target. `targets` has room for
 * num_ranks, and is borrowed by `bins`. How many targets there are does not depend on the width.
 */
void sv_population_aim(const sv_population *population, int most_width, sv_bins *bins,
                       uint64_t *targets);

/* totals: of each bin of each target. */
void sv_population_narrow(sv_population *population, const sv_bins *bins, const uint64_t *totals);

/* Quantile i: NaN where there is no finite sample, or where passes do not agree. */
double sv_population_quantile(const sv_population *population, double probability, int i);

#endif
