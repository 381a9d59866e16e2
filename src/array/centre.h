/* A row of a chunk, less its mean and scaled, so that float32 holds it well whatever its size.
 *
 * One pass takes off a *pilot*, which is about the mean, and finds in float64 what is left of the
 * mean and how far the samples lie from it. */
#ifndef SV_ARRAY_CENTRE_H
#define SV_ARRAY_CENTRE_H

#include "array/rows.h"

typedef struct sv_centred {
    double pilot;          /* what was taken off */
    double sum;            /* Σ(x − pilot) of the samples that are there */
    double m2;             /* Σ(x − mean)² of them */
    double unit;           /* what 1 stands for */
    int64_t present;       /* samples that are neither NaN nor infinite */
    int64_t first_missing; /* −1: none is */
} sv_centred;

/* How far the mean lies from the pilot; 0 where no sample is there. */
static inline double sv_centred_offset(const sv_centred *row)
{
    return row->present > 0 ? row->sum / (double)row->present : 0.0;
}

/* Writes (x − pilot) / unit, and 0 for what is missing, elsewhere. The sum of products of two such
 * rows without gaps, less n times that of their offsets, is that of their deviations. */
sv_centred sv_centre_row(const sv_kernels *kernels, const sv_row_values *values, float *to);

/* The same for any samples: some may be missing, or so large that sums of them overflow. Slower;
 * `to` may be where the values lie. */
sv_centred sv_centre_in_steps(const sv_row_values *values, float *to);

/* SV_PILOT_SAMPLES of the row tell the pilot, each n / SV_PILOT_SAMPLES behind the one before: from
 * their sum and extremes. */
enum { SV_PILOT_SAMPLES = 16 };

typedef struct sv_pilot {
    double value, scale; /* the scale within float32 */
} sv_pilot;

sv_pilot sv_pilot_of(const sv_spread *spread, int64_t n);

/* What came of it; false: the pilot was too far off, or samples are missing, or are of very
 * different sizes. */
bool sv_pilot_centred(sv_pilot pilot, const sv_deviations *found, int64_t n, sv_centred *centred);

#endif
