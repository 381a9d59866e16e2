/* Passes over whole rows for array/, in plain C. Lanes are independent of one another, so that a
 * compiler may vectorise them without changing any result; every set compiles this. */
#include <math.h>

#include "kernel/set.h"

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

void SV_SET(shift_f4)(const float *x, int64_t n, double mean, double scale, float *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)(((double)x[i] - mean) * scale);
    }
}

void SV_SET(shift_f8)(const double *x, int64_t n, double mean, double scale, float *to)
{
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)((x[i] - mean) * scale);
    }
}

enum { EIGHT = 8 };

/* Eight frames at a time, so that sums are loaded and stored once for all of them. */
static void centre_eight(const float *restrict x, int64_t step, int64_t rows,
                         const float *restrict pilots, const float *restrict scales,
                         float *restrict y, int64_t to_step, double *restrict sums,
                         float *restrict squares)
{
    for (int64_t r = 0; r < rows; r++) {
        float pilot = pilots[r], scale = scales[r];
        float a = (x[r] - pilot) * scale, b = (x[r + step] - pilot) * scale;
        float c = (x[r + 2 * step] - pilot) * scale, d = (x[r + 3 * step] - pilot) * scale;
        float e = (x[r + 4 * step] - pilot) * scale, f = (x[r + 5 * step] - pilot) * scale;
        float g = (x[r + 6 * step] - pilot) * scale, h = (x[r + 7 * step] - pilot) * scale;
        y[r] = a;
        y[r + to_step] = b;
        y[r + 2 * to_step] = c;
        y[r + 3 * to_step] = d;
        y[r + 4 * to_step] = e;
        y[r + 5 * to_step] = f;
        y[r + 6 * to_step] = g;
        y[r + 7 * to_step] = h;
        sums[r] += (double)(((a + b) + (c + d)) + ((e + f) + (g + h)));
        squares[r] += ((a * a + b * b) + (c * c + d * d)) + ((e * e + f * f) + (g * g + h * h));
    }
}

void SV_SET(centre_frames)(const float *frames, int64_t step, int64_t n, int64_t rows,
                           const float *pilots, const float *scales, float *to, int64_t to_step,
                           double *sums, float *squares)
{
    int64_t first = 0;
    for (; first + EIGHT <= n; first += EIGHT) {
        centre_eight(frames + first * step, step, rows, pilots, scales, to + first * to_step,
                     to_step, sums, squares);
    }
    for (; first < n; first++) {
        for (int64_t r = 0; r < rows; r++) {
            float d = (frames[first * step + r] - pilots[r]) * scales[r];
            to[first * to_step + r] = d;
            sums[r] += (double)d;
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
