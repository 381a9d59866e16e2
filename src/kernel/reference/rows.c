/* Passes over whole rows for array/, in plain C. Lanes are independent of one another, so that a
 * compiler may vectorise them without changing any result; every set compiles this. */
#include <math.h>

#include "kernel/set.h"

/* So that the loops' lengths are known. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Lane i takes samples i, i + SV_LANES …; then the lanes are added in halves. */
static double add_lanes(double lanes[SV_LANES])
{
    for (int width = SV_LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            lanes[i] += lanes[i + width];
        }
    }
    return lanes[0];
}

void SV_SET(spread_f4)(const float *x, int64_t n, sv_spread *spread)
{
    double sum[SV_LANES] = {0.0};
    float min[SV_LANES], max[SV_LANES];
    for (int i = 0; i < SV_LANES; i++) {
        min[i] = INFINITY;
        max[i] = -INFINITY;
    }
    int64_t lines = n / SV_LANES * SV_LANES;
    for (int64_t first = 0; first < lines; first += SV_LANES) {
        for (int i = 0; i < SV_LANES; i++) {
            float value = x[first + i];
            sum[i] += (double)value;
            min[i] = value < min[i] ? value : min[i];
            max[i] = value > max[i] ? value : max[i];
        }
    }
    for (int64_t at = lines; at < n; at++) {
        int i = (int)(at - lines);
        sum[i] += (double)x[at];
        min[i] = x[at] < min[i] ? x[at] : min[i];
        max[i] = x[at] > max[i] ? x[at] : max[i];
    }
    *spread = (sv_spread){add_lanes(sum), (double)min[0], (double)max[0]};
    for (int i = 1; i < SV_LANES; i++) {
        spread->min = fmin(spread->min, (double)min[i]);
        spread->max = fmax(spread->max, (double)max[i]);
    }
}

void SV_SET(spread_f8)(const double *x, int64_t n, sv_spread *spread)
{
    double sum[SV_LANES] = {0.0}, min[SV_LANES], max[SV_LANES];
    for (int i = 0; i < SV_LANES; i++) {
        min[i] = (double)INFINITY;
        max[i] = -(double)INFINITY;
    }
    int64_t lines = n / SV_LANES * SV_LANES;
    for (int64_t first = 0; first < lines; first += SV_LANES) {
        for (int i = 0; i < SV_LANES; i++) {
            double value = x[first + i];
            sum[i] += value;
            min[i] = value < min[i] ? value : min[i];
            max[i] = value > max[i] ? value : max[i];
        }
    }
    for (int64_t at = lines; at < n; at++) {
        int i = (int)(at - lines);
        sum[i] += x[at];
        min[i] = x[at] < min[i] ? x[at] : min[i];
        max[i] = x[at] > max[i] ? x[at] : max[i];
    }
    *spread = (sv_spread){add_lanes(sum), min[0], max[0]};
    for (int i = 1; i < SV_LANES; i++) {
        spread->min = fmin(spread->min, min[i]);
        spread->max = fmax(spread->max, max[i]);
    }
}

/* Of a line, of which n are samples. */
ALWAYS_INLINE void centre_line(const double *deviations, int64_t n, double scale, float *to,
                               double *sums, double *squares)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)(deviations[i] * scale);
        sums[i] += deviations[i];
        squares[i] += deviations[i] * deviations[i];
    }
}

void SV_SET(centre_row_f4)(const float *x, int64_t n, double pilot, double scale, float *to,
                           const void *next, sv_deviations *found)
{
    double sums[SV_LANES] = {0.0}, squares[SV_LANES] = {0.0}, line[SV_LANES];
    int64_t lines = n / SV_LANES * SV_LANES;
    for (int64_t first = 0; first < lines; first += SV_LANES) {
        if (next != NULL) {
            __builtin_prefetch((const float *)next + first, 0, 2);
        }
        for (int i = 0; i < SV_LANES; i++) {
            line[i] = (double)x[first + i] - pilot;
        }
        centre_line(line, SV_LANES, scale, to + first, sums, squares);
    }
    for (int64_t i = 0; i < n - lines; i++) {
        line[i] = (double)x[lines + i] - pilot;
    }
    centre_line(line, n - lines, scale, to + lines, sums, squares);
    *found = (sv_deviations){add_lanes(sums), add_lanes(squares)};
}

void SV_SET(centre_row_f8)(const double *x, int64_t n, double pilot, double scale, float *to,
                           const void *next, sv_deviations *found)
{
    double sums[SV_LANES] = {0.0}, squares[SV_LANES] = {0.0}, line[SV_LANES];
    int64_t lines = n / SV_LANES * SV_LANES;
    for (int64_t first = 0; first < lines; first += SV_LANES) {
        if (next != NULL) {
            __builtin_prefetch((const double *)next + first, 0, 2);
            __builtin_prefetch((const double *)next + first + SV_LANES / 2, 0, 2);
        }
        for (int i = 0; i < SV_LANES; i++) {
            line[i] = x[first + i] - pilot;
        }
        centre_line(line, SV_LANES, scale, to + first, sums, squares);
    }
    for (int64_t i = 0; i < n - lines; i++) {
        line[i] = x[lines + i] - pilot;
    }
    centre_line(line, n - lines, scale, to + lines, sums, squares);
    *found = (sv_deviations){add_lanes(sums), add_lanes(squares)};
}

/* Frames are fetched this long before they are needed: some of them are always on their way, and
 * they stay in the cache until then. */
enum { EIGHT = 8, FETCH_AHEAD = 8192 };

/* A line of `n` rows, SV_LANES at most, of eight frames: sums are loaded and stored once for all of
 * them. */
ALWAYS_INLINE void centre_eight(const float *x, int64_t step, int64_t n, const float *pilots,
                                const float *scales, float *to, int64_t to_step, double *sums,
                                double *squares)
{
    float pilot[SV_LANES], scale[SV_LANES], line[SV_LANES];
    double sum[SV_LANES] = {0.0}, square[SV_LANES] = {0.0};
    for (int64_t i = 0; i < n; i++) {
        pilot[i] = pilots[i];
        scale[i] = scales[i];
    }
    for (int frame = 0; frame < EIGHT; frame++) {
        for (int64_t i = 0; i < n; i++) {
            line[i] = x[frame * step + i];
        }
        for (int64_t i = 0; i < n; i++) {
            double d = (double)line[i] - (double)pilot[i];
            to[frame * to_step + i] = (line[i] - pilot[i]) * scale[i];
            sum[i] += d;
            square[i] += d * d;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        sums[i] += sum[i];
        squares[i] += square[i];
    }
}

void SV_SET(centre_frames)(const float *frames, int64_t step, int64_t n, int64_t rows,
                           const float *pilots, const float *scales, float *to, int64_t to_step,
                           double *sums, double *squares)
{
    int64_t first = 0, lines = rows / SV_LANES * SV_LANES;
    int64_t ahead = (FETCH_AHEAD / step + EIGHT) / EIGHT * EIGHT * step;
    for (; first + EIGHT <= n; first += EIGHT) {
        const float *x = frames + first * step;
        float *y = to + first * to_step;
        for (int64_t r = 0; r < lines; r += SV_LANES) {
            for (int i = 0; i < EIGHT; i++) {
                __builtin_prefetch(x + r + ahead + i * step, 0, 2);
            }
            centre_eight(x + r, step, SV_LANES, pilots + r, scales + r, y + r, to_step, sums + r,
                         squares + r);
        }
        centre_eight(x + lines, step, rows - lines, pilots + lines, scales + lines, y + lines,
                     to_step, sums + lines, squares + lines);
    }
    for (; first < n; first++) {
        for (int64_t r = 0; r < rows; r++) {
            float x = frames[first * step + r];
            double d = (double)x - (double)pilots[r];
            to[first * to_step + r] = (x - pilots[r]) * scales[r];
            sums[r] += d;
            squares[r] += d * d;
        }
    }
}

void SV_SET(add_products)(double *sums, const float *products, int64_t n, double scale,
                          const double *scales, double delta, const double *deltas, double offset,
                          const double *offsets)
{
    for (int64_t i = 0; i < n; i++) {
        sums[i] +=
            (double)products[i] * (scale * scales[i]) + (delta * deltas[i] + offset * offsets[i]);
    }
}
