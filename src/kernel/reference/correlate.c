/* What makes coefficients of correlation of products: the spread of sliding windows, and sums over
 * channels. Loops over sixteen windows, which compilers turn into registers of any width. */
#include <math.h>
#include <string.h>

#include "kernel/reference/vector.h"
#include "kernel/set.h"

/* Mean and sum of squares about it, of a run of samples in each window. */
typedef struct moments {
    _Alignas(64) double mean[SV_WINDOWS];
    double squares[SV_WINDOWS];
} moments;

/* ---- centring ------------------------------------------------------------------------------ */

void SV_SET(centre_windows)(const sv_waves *samples, int64_t n, double means[SV_WINDOWS],
                            double squares[SV_WINDOWS])
{
    double sums[SV_WINDOWS] = {0.0}, counts[SV_WINDOWS] = {0.0};
    for (int64_t k = 0; k < n; k++) {
        const double *x = sv_windows_in(&samples[k]);
        for (int i = 0; i < SV_WINDOWS; i++) {
            bool finite = x[i] - x[i] == 0.0;
            sums[i] += finite ? x[i] : 0.0;
            counts[i] += finite ? 1.0 : 0.0;
        }
    }
    for (int i = 0; i < SV_WINDOWS; i++) {
        means[i] = counts[i] > 0.0 ? sums[i] / counts[i] : 0.0;
        squares[i] = 0.0;
    }
    for (int64_t k = 0; k < n; k++) {
        const double *x = sv_windows_in(&samples[k]);
        for (int i = 0; i < SV_WINDOWS; i++) {
            double distance = x[i] - means[i];
            squares[i] += x[i] - x[i] == 0.0 ? distance * distance : 0.0;
        }
    }
}

void SV_SET(take_off)(const sv_waves *samples, int64_t n, const double means[SV_WINDOWS],
                      sv_waves *to)
{
    for (int64_t k = 0; k < n; k++) {
        const double *x = sv_windows_in(&samples[k]);
        double *centred = sv_windows_of(&to[k]);
        for (int i = 0; i < SV_WINDOWS; i++) {
            centred[i] = x[i] - x[i] == 0.0 ? x[i] - means[i] : 0.0;
        }
    }
}

/* ---- spread -------------------------------------------------------------------------------- */

/* One sample more, which makes their number 1 / reciprocal. */
SV_INLINE void add_sample(moments *run, const double *samples, double reciprocal)
{
    for (int i = 0; i < SV_WINDOWS; i++) {
        double distance = samples[i] - run->mean[i];
        run->mean[i] += distance * reciprocal;
        run->squares[i] += distance * (samples[i] - run->mean[i]);
    }
}

/* The samples themselves, where there is but one: its mean is exact. */
SV_INLINE void begin_run(moments *run, const double *samples)
{
    for (int i = 0; i < SV_WINDOWS; i++) {
        run->mean[i] = samples[i];
        run->squares[i] = samples[i] - samples[i]; /* 0, or NaN */
    }
}

/* tails[i]: of samples [i, length). */
static void measure_tails(const sv_waves *samples, int64_t length, const double *reciprocals,
                          moments *tails)
{
    begin_run(&tails[length - 1], sv_windows_in(&samples[length - 1]));
    for (int64_t i = length - 2; i >= 0; i--) {
        tails[i] = tails[i + 1];
        add_sample(&tails[i], sv_windows_in(&samples[i]), reciprocals[length - 1 - i]);
    }
}

/* share: of the product of the two runs' lengths in their sum. */
SV_INLINE void merge_squares(const moments *tail, const moments *head, double share,
                             double squares[SV_WINDOWS])
{
    for (int i = 0; i < SV_WINDOWS; i++) {
        double distance = head->mean[i] - tail->mean[i];
        squares[i] = tail->squares[i] + head->squares[i] + distance * distance * share;
    }
}

SV_INLINE bool weigh(const double squares[SV_WINDOWS], const double least[SV_WINDOWS],
                     double *weights)
{
    int small = 0;
    for (int i = 0; i < SV_WINDOWS; i++) {
        double weight = 1.0 / sqrt(squares[i]);
        bool is_small = squares[i] < least[i];
        weight = is_small ? 0.0 : weight;
        small |= is_small & (squares[i] > 0.0);
        weights[i] = squares[i] > 0.0 && squares[i] < INFINITY ? weight : (double)NAN;
    }
    return small != 0;
}

bool SV_SET(weigh_windows)(const sv_waves *samples, int64_t length, int64_t count,
                           const double *reciprocals, const double least[SV_WINDOWS],
                           sv_waves *scratch, sv_waves *weights)
{
    moments *tails = (moments *)(void *)scratch;
    bool any_small = false;
    for (int64_t first = 0; first < count; first += length) {
        const sv_waves *behind = samples + first + length;
        moments head;
        measure_tails(samples + first, length, reciprocals, tails);
        any_small |= weigh(tails[0].squares, least, sv_windows_of(&weights[first]));
        for (int64_t i = 1; i < length && first + i < count; i++) {
            double squares[SV_WINDOWS];
            if (i == 1) {
                begin_run(&head, sv_windows_in(behind));
            } else {
                add_sample(&head, sv_windows_in(behind + i - 1), reciprocals[i - 1]);
            }
            double share = (double)i * (double)(length - i) / (double)length;
            merge_squares(&tails[i], &head, share, squares);
            any_small |= weigh(squares, least, sv_windows_of(&weights[first + i]));
        }
    }
    return any_small;
}

/* ---- sums over channels -------------------------------------------------------------------- */

enum { TILE = 8 };

SV_INLINE void weigh_products(const double *products, const double *weights,
                              double weighed[SV_WINDOWS])
{
    for (int i = 0; i < SV_WINDOWS; i++) {
        double x = products[i] * weights[i];
        x = x > 1.0 ? 1.0 : x;
        x = x < -1.0 ? -1.0 : x;
        weighed[i] = x == x ? x + 0.0 : -0.0;
    }
}

void SV_SET(add_weighed)(const sv_waves *products, const sv_waves *weights, int64_t count,
                         double *sums)
{
    double weighed[TILE][SV_WINDOWS];
    for (int64_t first = 0; first < count; first += TILE) {
        int64_t lines = count - first < TILE ? count - first : TILE;
        for (int64_t p = 0; p < lines; p++) {
            weigh_products(sv_windows_in(&products[first + p]), sv_windows_in(&weights[first + p]),
                           weighed[p]);
        }
        for (int i = 0; i < SV_WINDOWS; i++) {
            double *to = sums + i * count + first;
            for (int64_t p = 0; p < lines; p++) {
                to[p] += weighed[p][i];
            }
        }
    }
}

/* ---- products in the time domain ----------------------------------------------------------- */

/* Sixteen positions of as many templates as half of the registers hold. */
enum { VECTORS = SV_WINDOWS / STEP, TOGETHER = NUM_REGISTERS / (2 * VECTORS) };

SV_INLINE void slide(const double *samples, const double *const templates[], int num_templates,
                     int64_t length, double products[][SV_WINDOWS])
{
    vector sums[TOGETHER][VECTORS] = {{{0.0}}};
    for (int64_t i = 0; i < length; i++) {
        vector x[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            memcpy(&x[v], samples + i + v * STEP, sizeof x[v]);
        }
#pragma GCC unroll 8
        for (int t = 0; t < num_templates; t++) {
            double factor = templates[t][i];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                sums[t][v] += x[v] * factor;
            }
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < num_templates; t++) {
        memcpy(products[t], sums[t], sizeof products[t]);
    }
}

SV_INLINE void add_slid_some(const double *samples, const double *const templates[],
                             int num_templates, int64_t length, const double *weights,
                             int64_t count, double *const sums[])
{
    double products[TOGETHER][SV_WINDOWS], weighed[SV_WINDOWS];
    for (int64_t p = 0; p < count; p += SV_WINDOWS) {
        slide(samples + p, templates, num_templates, length, products);
        for (int t = 0; t < num_templates; t++) {
            double *to = sums[t] + p;
            weigh_products(products[t], weights + p, weighed);
            for (int i = 0; i < SV_WINDOWS; i++) {
                to[i] += weighed[i];
            }
        }
    }
}

void SV_SET(add_slid)(const double *samples, const double *const templates[], int64_t num_templates,
                      int64_t length, const double *weights, int64_t count, double *const sums[])
{
    int64_t t = 0;
    for (; num_templates - t >= TOGETHER; t += TOGETHER) {
        add_slid_some(samples, templates + t, TOGETHER, length, weights, count, sums + t);
    }
    for (; t < num_templates; t++) {
        add_slid_some(samples, templates + t, 1, length, weights, count, sums + t);
    }
}

/* ---- the function -------------------------------------------------------------------------- */

void SV_SET(settle)(const double *sums, int64_t n, double divisor, float *function)
{
    const double pivot = 0x1.8p52 / SV_CC_STEPS;
    for (int64_t i = 0; i < n; i++) {
        double x = sums[i] / divisor;
        double rounded = (x + pivot) - pivot + 0.0;
        function[i] = (float)(x == 0.0 ? x : rounded);
    }
}
