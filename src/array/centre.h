/* A row of a chunk, centred on its mean and scaled, so that float32 holds it well
 * whatever its size. */
#ifndef SV_ARRAY_CENTRE_H
#define SV_ARRAY_CENTRE_H

#include "array/rows.h"

typedef struct sv_centred {
    double mean;     /* of the samples that are there; 0 where there is none */
    double rest;     /* the mean of what was written, in units: 0 but for rounding, or little */
    double unit;     /* what 1 stands for */
    int64_t present; /* samples that are neither NaN nor infinite */
    int64_t first_missing; /* −1: none is */
} sv_centred;

/* Writes (x − mean) / unit + rest, and 0 for what is missing; `to` may be where the values lie. The
 * sum of products of two such rows, less n times that of their rests, is that of their deviations.
 */
sv_centred sv_centre_row(const sv_kernels *kernels, const sv_row_values *values, float *to);

/* One pass takes samples less a *pilot*, which is about their mean, and finds what the mean is.
 * SV_PILOT_SAMPLES of the row tell the pilot, each n / SV_PILOT_SAMPLES behind the one before: from
 * their sum and extremes. */
enum { SV_PILOT_SAMPLES = 16 };

typedef struct sv_pilot {
    float value, scale;
} sv_pilot;

sv_pilot sv_pilot_of(const sv_spread *spread, int64_t n);

/* What came of it, from the sum and the squares of what was written; false: the pilot was too far
 * off, or samples are missing, or are of very different sizes. */
bool sv_pilot_centred(sv_pilot pilot, double sum, double squares, int64_t n, sv_centred *centred);

#endif
