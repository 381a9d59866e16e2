/* Sums for array/, in float64 whatever the samples: what a vectoriser makes of these loops waits
 * for the memory. Where both strides are 1 a lane takes every SV_LANES-th sample; else every
 * FEW_LANES-th. */
#include <math.h>

#include "kernel/set.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { FEW_LANES = SV_LANES / 2 };

static double add_lanes(double *lanes, int width)
{
    for (width /= 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            lanes[i] += lanes[i + width];
        }
    }
    return lanes[0];
}

/* Two parts of each, side by side: the memory answers four streams faster than two. */
static double dense_dot_f4(const float *x, const float *y, int64_t n)
{
    double lanes[SV_LANES] = {0.0};
    int64_t part = n / 2 / SV_LANES * SV_LANES;
    for (int64_t first = 0; first < part; first += SV_LANES) {
        for (int i = 0; i < SV_LANES; i++) {
            lanes[i] += (double)x[first + i] * (double)y[first + i] +
                        (double)x[first + part + i] * (double)y[first + part + i];
        }
    }
    for (int64_t at = 2 * part; at < n; at++) {
        lanes[at % SV_LANES] += (double)x[at] * (double)y[at];
    }
    return add_lanes(lanes, SV_LANES);
}

/* The same for Σx². */
static double dense_squares_f4(const float *x, int64_t n)
{
    double lanes[SV_LANES] = {0.0};
    int64_t part = n / SV_STREAMS / SV_LANES * SV_LANES;
    const float *second = x + part, *third = x + 2 * part, *fourth = x + 3 * part;
    for (int64_t first = 0; first < part; first += SV_LANES) {
        for (int i = 0; i < SV_LANES; i++) {
            double a = (double)x[first + i], b = (double)second[first + i];
            double c = (double)third[first + i], d = (double)fourth[first + i];
            lanes[i] += (a * a + b * b) + (c * c + d * d);
        }
    }
    for (int64_t at = SV_STREAMS * part; at < n; at++) {
        lanes[at % SV_LANES] += (double)x[at] * (double)x[at];
    }
    return add_lanes(lanes, SV_LANES);
}

/* Samples apart are added one by one: four parts of the row, a sum each. */
static double apart_dot_f4(const float *x, ptrdiff_t x_step, const float *y, ptrdiff_t y_step,
                           int64_t n)
{
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    int64_t part = n / SV_STREAMS;
    for (int64_t i = 0; i < part; i++) {
        const float *left = x + i * x_step, *right = y + i * y_step;
        a += (double)left[0] * (double)right[0];
        b += (double)left[part * x_step] * (double)right[part * y_step];
        c += (double)left[2 * part * x_step] * (double)right[2 * part * y_step];
        d += (double)left[3 * part * x_step] * (double)right[3 * part * y_step];
    }
    for (int64_t i = SV_STREAMS * part; i < n; i++) {
        a += (double)x[i * x_step] * (double)y[i * y_step];
    }
    return (a + b) + (c + d);
}

static double apart_squares_f4(const float *x, ptrdiff_t step, int64_t n)
{
    double sums[SV_STREAMS] = {0.0};
    int64_t part = n / SV_STREAMS;
    for (int64_t i = 0; i < part; i++) {
        const float *at = x + i * step;
        double a = (double)at[0], b = (double)at[part * step];
        double c = (double)at[2 * part * step], d = (double)at[3 * part * step];
        sums[0] += a * a;
        sums[1] += b * b;
        sums[2] += c * c;
        sums[3] += d * d;
    }
    for (int64_t i = SV_STREAMS * part; i < n; i++) {
        sums[0] += (double)x[i * step] * (double)x[i * step];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double SV_SET(dot_f4)(const float *x, ptrdiff_t x_step, const float *y, ptrdiff_t y_step, int64_t n)
{
    if (x_step == 1 && y_step == 1) {
        return x == y ? dense_squares_f4(x, n) : dense_dot_f4(x, y, n);
    }
    return x == y && x_step == y_step ? apart_squares_f4(x, x_step, n)
                                      : apart_dot_f4(x, x_step, y, y_step, n);
}

/* In so many lanes. */
ALWAYS_INLINE double dot_in_lanes(int width, const double *x, ptrdiff_t x_step, const double *y,
                                  ptrdiff_t y_step, int64_t n)
{
    double lanes[SV_LANES] = {0.0};
    int64_t first = 0;
    for (; first + width <= n; first += width) {
        for (int i = 0; i < width; i++) {
            lanes[i] += x[(first + i) * x_step] * y[(first + i) * y_step];
        }
    }
    for (int i = 0; first + i < n; i++) {
        lanes[i] += x[(first + i) * x_step] * y[(first + i) * y_step];
    }
    return add_lanes(lanes, width);
}

double SV_SET(dot_f8)(const double *x, ptrdiff_t x_step, const double *y, ptrdiff_t y_step,
                      int64_t n)
{
    bool is_dense = x_step == 1 && y_step == 1;
    return is_dense ? dot_in_lanes(SV_LANES, x, 1, y, 1, n)
                    : dot_in_lanes(FEW_LANES, x, x_step, y, y_step, n);
}

/* Four parts. */
static double dense_sizes_f4(const float *x, int64_t n)
{
    double lanes[SV_LANES] = {0.0};
    int64_t part = n / SV_STREAMS / SV_LANES * SV_LANES;
    const float *second = x + part, *third = x + 2 * part, *fourth = x + 3 * part;
    for (int64_t first = 0; first < part; first += SV_LANES) {
        for (int i = 0; i < SV_LANES; i++) {
            lanes[i] += ((double)fabsf(x[first + i]) + (double)fabsf(second[first + i])) +
                        ((double)fabsf(third[first + i]) + (double)fabsf(fourth[first + i]));
        }
    }
    for (int64_t at = SV_STREAMS * part; at < n; at++) {
        lanes[at % SV_LANES] += (double)fabsf(x[at]);
    }
    return add_lanes(lanes, SV_LANES);
}

double SV_SET(sizes_f4)(const float *x, ptrdiff_t step, int64_t n)
{
    if (step == 1) {
        return dense_sizes_f4(x, n);
    }
    double lanes[FEW_LANES] = {0.0};
    for (int64_t i = 0; i < n; i++) {
        lanes[i % FEW_LANES] += (double)fabsf(x[i * step]);
    }
    return add_lanes(lanes, FEW_LANES);
}

double SV_SET(sizes_f8)(const double *x, ptrdiff_t step, int64_t n)
{
    double lanes[FEW_LANES] = {0.0};
    for (int64_t i = 0; i < n; i++) {
        lanes[i % FEW_LANES] += fabs(x[i * step]);
    }
    return add_lanes(lanes, FEW_LANES);
}
