/* The passes over whole lines, in plain C: the definition that every set must match bit by bit.
 * The loops over lanes are independent of one another, so a compiler may vectorise them without
 * changing any result. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/set.h"

#ifndef SV_WIDE
/* Running sums of squares of a chunk, a group, and the stretch. */
typedef struct squares {
    double chunk[SV_LANES], group[SV_LANES], stretch[SV_LANES];
} squares;

static void move_up(double from[SV_LANES], double to[SV_LANES])
{
    for (int i = 0; i < SV_LANES; i++) {
        to[i] += from[i];
        from[i] = 0.0;
    }
}

/* After `line` lines. */
static void end_line(squares *s, int64_t line)
{
    if (line % SV_CHUNK_LINES == 0) {
        move_up(s->chunk, s->group);
    }
    if (line % SV_GROUP_LINES == 0) {
        move_up(s->group, s->stretch);
    }
}

static void finish(squares *s, double result[SV_LANES])
{
    move_up(s->chunk, s->group);
    move_up(s->group, s->stretch);
    memcpy(result, s->stretch, sizeof s->stretch);
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static void begin_lanes(sv_lanes *lanes)
{
    *lanes = (sv_lanes){.min = INFINITY, .max = -INFINITY, .least = INFINITY};
}

static void survey_f4(sv_lanes *lanes, const void *const stream[SV_STREAMS], int64_t lines)
{
    squares s = {0};
    begin_lanes(lanes);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const float *x = (const float *)stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                double value = (double)x[i];
                lanes->sum[i] += value;
                s.chunk[i] += value * value;
                lanes->min = smaller(value, lanes->min);
                lanes->max = larger(value, lanes->max);
                lanes->least = smaller(fabs(value), lanes->least);
                lanes->any_equal |= x[i] == x[i + 1];
            }
        }
        end_line(&s, line + 1);
    }
    finish(&s, lanes->squares);
}

static void survey_f8(sv_lanes *lanes, const void *const stream[SV_STREAMS], int64_t lines)
{
    squares s = {0};
    begin_lanes(lanes);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const double *x = (const double *)stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                lanes->sum[i] += x[i];
                s.chunk[i] += x[i] * x[i];
                lanes->min = smaller(x[i], lanes->min);
                lanes->max = larger(x[i], lanes->max);
                lanes->least = smaller(fabs(x[i]), lanes->least);
                lanes->any_equal |= x[i] == x[i + 1];
            }
        }
        end_line(&s, line + 1);
    }
    finish(&s, lanes->squares);
}

bool SV_SET(survey)(sv_dtype dtype, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                    int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers)
{
    (void)pairs;
    (void)powers;
    if (dtype.order != SV_NATIVE_ENDIAN || (dtype.type != SV_F4 && dtype.type != SV_F8)) {
        return false;
    }
    if (dtype.type == SV_F4) {
        survey_f4(lanes, stream, lines);
    } else {
        survey_f8(lanes, stream, lines);
    }
    return true;
}

static inline void fold_sample(double *high, double *low, double x, double pivot)
{
    double value = fabs(x) <= DBL_MAX ? x : 0.0;
    double part = (value + pivot) - pivot;
    *high += part;
    *low += value - part;
}

void SV_SET(fold_f4)(double high[SV_LANES], double low[SV_LANES],
                     const float *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite)
{
    (void)all_finite;
    memset(high, 0, SV_LANES * sizeof *high);
    memset(low, 0, SV_LANES * sizeof *low);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const float *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                fold_sample(&high[i], &low[i], (double)x[i], pivot);
            }
        }
    }
}

void SV_SET(fold_f8)(double high[SV_LANES], double low[SV_LANES],
                     const double *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite)
{
    (void)all_finite;
    memset(high, 0, SV_LANES * sizeof *high);
    memset(low, 0, SV_LANES * sizeof *low);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const double *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                fold_sample(&high[i], &low[i], x[i], pivot);
            }
        }
    }
}

static inline double centred_square(double x, double pilot, double scale)
{
    double offset = fabs(x) <= DBL_MAX ? x * scale - pilot : 0.0;
    return offset * offset;
}

void SV_SET(centre_f4)(double result[SV_LANES], const float *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite)
{
    (void)all_finite;
    squares s = {0};
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const float *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                s.chunk[i] += centred_square((double)x[i], pilot, scale);
            }
        }
        end_line(&s, line + 1);
    }
    finish(&s, result);
}

void SV_SET(centre_f8)(double result[SV_LANES], const double *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite)
{
    (void)all_finite;
    squares s = {0};
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const double *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                s.chunk[i] += centred_square(x[i], pilot, scale);
            }
        }
        end_line(&s, line + 1);
    }
    finish(&s, result);
}

static inline void add_powers(double *cube, double *fourth, double x, double pilot, double scale)
{
    double offset = fabs(x) <= DBL_MAX ? x * scale - pilot : 0.0;
    double square = offset * offset;
    *cube = fma(offset, square, *cube);
    *fourth = fma(square, square, *fourth);
}

void SV_SET(powers_f4)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const float *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite)
{
    (void)all_finite;
    memset(cubes, 0, SV_LANES * sizeof *cubes);
    memset(fourths, 0, SV_LANES * sizeof *fourths);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const float *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                add_powers(&cubes[i], &fourths[i], (double)x[i], pilot, scale);
            }
        }
    }
}

void SV_SET(powers_f8)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const double *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite)
{
    (void)all_finite;
    memset(cubes, 0, SV_LANES * sizeof *cubes);
    memset(fourths, 0, SV_LANES * sizeof *fourths);
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const double *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                add_powers(&cubes[i], &fourths[i], x[i], pilot, scale);
            }
        }
    }
}

static inline void take_zero(sv_counts *counts, double x)
{
    counts->zeros += x == 0.0;
    counts->negative_zeros += x == 0.0 && signbit(x) != 0;
    counts->least = x != 0.0 ? smaller(fabs(x), counts->least) : counts->least;
}

void SV_SET(zeros_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines)
{
    for (int k = 0; k < SV_STREAMS; k++) {
        for (int64_t i = 0; i < lines * SV_LANES; i++) {
            take_zero(counts, (double)stream[k][i]);
        }
    }
}

void SV_SET(zeros_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines)
{
    for (int k = 0; k < SV_STREAMS; k++) {
        for (int64_t i = 0; i < lines * SV_LANES; i++) {
            take_zero(counts, stream[k][i]);
        }
    }
}
#endif

/* ---- counting: every set's own compilation of this ------------------------------------------- */

static inline uint32_t bits_of_f4(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline uint64_t bits_of_f8(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Lane by lane, in the samples' own width, and without a branch: so a vectoriser packs it. */
void SV_SET(count_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines)
{
    uint32_t zeros[SV_LANES] = {0}, nans[SV_LANES] = {0}, infinities[SV_LANES] = {0};
    uint32_t negative_zeros[SV_LANES] = {0};
    float min[SV_LANES], max[SV_LANES], least[SV_LANES];
    for (int i = 0; i < SV_LANES; i++) {
        min[i] = least[i] = INFINITY;
        max[i] = -INFINITY;
    }
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const float *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                float magnitude = fabsf(x[i]);
                float low = magnitude <= FLT_MAX ? x[i] : INFINITY;
                float high = magnitude <= FLT_MAX ? x[i] : -INFINITY;
                float some = magnitude > 0.0f ? magnitude : INFINITY;
                zeros[i] += magnitude == 0.0f;
                negative_zeros[i] += bits_of_f4(x[i]) == (uint32_t)1 << 31;
                nans[i] += x[i] != x[i];
                infinities[i] += magnitude > FLT_MAX;
                min[i] = low < min[i] ? low : min[i];
                max[i] = high > max[i] ? high : max[i];
                least[i] = some < least[i] ? some : least[i];
            }
        }
    }
    for (int i = 0; i < SV_LANES; i++) {
        counts->zeros += zeros[i];
        counts->negative_zeros += negative_zeros[i];
        counts->nans += nans[i];
        counts->infinities += infinities[i];
        counts->min = (double)min[i] < counts->min ? (double)min[i] : counts->min;
        counts->max = (double)max[i] > counts->max ? (double)max[i] : counts->max;
        counts->least = (double)least[i] < counts->least ? (double)least[i] : counts->least;
    }
}

void SV_SET(count_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines)
{
    const double infinity = (double)INFINITY;
    int64_t zeros[SV_LANES] = {0}, nans[SV_LANES] = {0}, infinities[SV_LANES] = {0};
    int64_t negative_zeros[SV_LANES] = {0};
    double min[SV_LANES], max[SV_LANES], least[SV_LANES];
    for (int i = 0; i < SV_LANES; i++) {
        min[i] = least[i] = infinity;
        max[i] = -infinity;
    }
    for (int64_t line = 0; line < lines; line++) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const double *x = stream[k] + line * SV_LANES;
            for (int i = 0; i < SV_LANES; i++) {
                double magnitude = fabs(x[i]);
                double low = magnitude <= DBL_MAX ? x[i] : infinity;
                double high = magnitude <= DBL_MAX ? x[i] : -infinity;
                double some = magnitude > 0.0 ? magnitude : infinity;
                zeros[i] += magnitude == 0.0;
                negative_zeros[i] += bits_of_f8(x[i]) == (uint64_t)1 << 63;
                nans[i] += x[i] != x[i];
                infinities[i] += magnitude > DBL_MAX;
                min[i] = low < min[i] ? low : min[i];
                max[i] = high > max[i] ? high : max[i];
                least[i] = some < least[i] ? some : least[i];
            }
        }
    }
    for (int i = 0; i < SV_LANES; i++) {
        counts->zeros += zeros[i];
        counts->negative_zeros += negative_zeros[i];
        counts->nans += nans[i];
        counts->infinities += infinities[i];
        counts->min = min[i] < counts->min ? min[i] : counts->min;
        counts->max = max[i] > counts->max ? max[i] : counts->max;
        counts->least = least[i] < counts->least ? least[i] : counts->least;
    }
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
