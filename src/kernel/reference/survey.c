/* The passes over whole lines, in plain C: the definition that every set must match bit by bit.
 * The loops over lanes are independent of one another, so a compiler may vectorise them without
 * changing any result. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/set.h"

#ifndef SV_OWN_SURVEY
void SV_SET(survey_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines)
{
    sv_lanes own = *lanes;
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            const float *x = stream[s] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                double value = (double)x[i];
                own.sum[i] += value;
                own.squares[i] += value * value;
                own.min[i] = value < own.min[i] ? value : own.min[i];
                own.max[i] = value > own.max[i] ? value : own.max[i];
                own.zeros[i] += x[i] == 0.0f;
                own.any_equal |= x[i] == x[i + 1];
            }
        }
    }
    *lanes = own;
}

void SV_SET(survey_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines)
{
    sv_lanes own = *lanes;
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            const double *x = stream[s] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                own.sum[i] += x[i];
                own.squares[i] += x[i] * x[i];
                own.min[i] = x[i] < own.min[i] ? x[i] : own.min[i];
                own.max[i] = x[i] > own.max[i] ? x[i] : own.max[i];
                own.zeros[i] += x[i] == 0.0;
                own.any_equal |= x[i] == x[i + 1];
            }
        }
    }
    *lanes = own;
}
#endif

static inline void count_sample(sv_lanes *lanes, int lane, double x)
{
    bool finite = fabs(x) <= DBL_MAX;
    lanes->nans[lane] += x != x;
    lanes->infinities[lane] += x == x && !finite;
    lanes->zeros[lane] += x == 0.0;
    lanes->min[lane] = finite && x < lanes->min[lane] ? x : lanes->min[lane];
    lanes->max[lane] = finite && x > lanes->max[lane] ? x : lanes->max[lane];
}

void SV_SET(count_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines)
{
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            for (int i = 0; i < SV_LANES; i++) {
                count_sample(lanes, i, (double)stream[s][line * SV_LANES + i]);
            }
        }
    }
}

void SV_SET(count_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines)
{
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            for (int i = 0; i < SV_LANES; i++) {
                count_sample(lanes, i, stream[s][line * SV_LANES + i]);
            }
        }
    }
}

/* Running sums of their own, which a compiler can hold in registers. */
typedef struct moments {
    double sum[SV_LANES], squares[SV_LANES];
} moments;

static inline moments moments_of(const sv_lanes *lanes)
{
    moments m;
    memcpy(m.sum, lanes->sum, sizeof m.sum);
    memcpy(m.squares, lanes->squares, sizeof m.squares);
    return m;
}

static inline void keep_moments(const moments *m, sv_lanes *lanes)
{
    memcpy(lanes->sum, m->sum, sizeof m->sum);
    memcpy(lanes->squares, m->squares, sizeof m->squares);
}

static inline void centre_sample(moments *m, int lane, double x, double pilot, double scale)
{
    double offset = fabs(x) <= DBL_MAX ? x * scale - pilot : 0.0;
    m->sum[lane] += offset;
    m->squares[lane] += offset * offset;
}

void SV_SET(centre_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines,
                       double pilot, double scale)
{
    moments m = moments_of(lanes);
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            const float *x = stream[s] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                centre_sample(&m, i, (double)x[i], pilot, scale);
            }
        }
    }
    keep_moments(&m, lanes);
}

void SV_SET(centre_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines,
                       double pilot, double scale)
{
    moments m = moments_of(lanes);
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            const double *x = stream[s] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                centre_sample(&m, i, x[i], pilot, scale);
            }
        }
    }
    keep_moments(&m, lanes);
}

float SV_SET(sum_f4)(const float *const stream[SV_STREAMS], int64_t lines)
{
    float sum[SV_STREAMS][SV_LANES] = {{0.0f}};
    for (int64_t line = 0; line < lines; line++) {
        for (int s = 0; s < SV_STREAMS; s++) {
            for (int i = 0; i < SV_LANES; i++) {
                sum[s][i] += stream[s][line * SV_LANES + i];
            }
        }
    }
    float total = 0.0f;
    for (int i = 0; i < SV_STREAMS * SV_LANES; i++) {
        total += sum[i / SV_LANES][i % SV_LANES];
    }
    return total;
}
