/* Moments of samples over their index, of which a trend is made; trend.h has the mathematics. */
#ifndef SV_STATS_MOMENTS_H
#define SV_STATS_MOMENTS_H

#include <stdint.h>

#include "seisview/trend.h"
#include "stats/pair.h"

enum { SV_MOMENTS_WEIGHTS = 2 * SV_TREND_MOST_ORDER + 1, SV_MOMENTS_SAMPLES = 6 };

/* A monoid, merged in the order of the indices. `order` is that of the trend it is for: the sums
 * past it are not kept. Samples are times 2^-64. */
typedef struct sv_moments {
    int order;
    int64_t count;       /* of samples present */
    int64_t first, last; /* present ones; last is included */
    /* t = (2i − twice_centre)·2^−exponent. */
    int64_t twice_centre;
    int exponent;
    double pilot;
    sv_pair weights[SV_MOMENTS_WEIGHTS]; /* Σt^k, k <= 2·order */
    sv_pair samples[SV_MOMENTS_SAMPLES]; /* Σ(x − pilot)·t^k, k <= order */
} sv_moments;

/* As many samples are taken at a time. */
enum { SV_MOMENTS_TILE = 2048 };

void sv_moments_init(sv_moments *moments, int order);

/* Adds samples, of which the first has the index `first`, behind all that are in it; count is at
 * most SV_MOMENTS_TILE. Neither allocates nor locks. */
void sv_moments_add(sv_moments *moments, int64_t first, const double *samples, int64_t count);

/* `next` lies behind `into`. */
void sv_moments_merge(sv_moments *into, const sv_moments *next);

void sv_moments_fit(const sv_moments *moments, sv_trend *trend);

#endif
