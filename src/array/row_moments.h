/* How many samples a row has, their mean and their deviation, merged from chunk to chunk in pairs
 * of float64: the figures of summary.h, to the last digits. */
#ifndef SV_ARRAY_ROW_MOMENTS_H
#define SV_ARRAY_ROW_MOMENTS_H

#include "array/centre.h"
#include "stats/pair.h"

typedef struct sv_row_moments {
    int64_t present;
    double base, offset; /* the mean is about their sum: samples may lie far from 0 */
    sv_pair sum;         /* Σx */
    sv_pair m2;          /* Σ(x − mean)² */
    double largest;      /* |x|, about: of the means of chunks and deviations from them */
} sv_row_moments;

sv_row_moments sv_row_moments_of(const sv_centred *row);

/* `next` are samples that follow. Returns how far their mean lies from the others'; 0 where one of
 * the two has none. */
double sv_row_moments_merge(sv_row_moments *into, const sv_row_moments *next);

/* NaN where no sample is there. */
double sv_row_mean(const sv_row_moments *moments);
double sv_row_deviation(const sv_row_moments *moments);

#endif
