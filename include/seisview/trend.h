/* Trends: the polynomial of order 0 to 5 in a sample's index that fits a run of samples best in
 * the sense of least squares. NaN and infinities count as missing.
 *
 * One pass takes moments Σt^k and Σ(x − pilot)·t^k, k ≤ 10 and k ≤ 5, of each run about the run's
 * own middle, t scaled to [−1, 1]. They are merged in pairs of float64 (some 106 bits): the axis is
 * moved by the binomial theorem, pilots by Σt^k. From the moments of all follow the polynomials
 * that are orthogonal over the very samples that are present, by Gram and Schmidt as the LDLᵀ
 * factors of the matrix Σt^(j+k) (Gautschi, Orthogonal Polynomials, 2004, 2.1; without gaps they
 * are the discrete Legendre polynomials of Gram), and the fit is the sum of its projections.
 *
 * Samples are taken times 2^−64, so that no sum overflows; what is smaller than 1e-250 loses
 * digits. The bits do not depend on threads, instruction set or way of reading.
 * All functions: any thread, on different objects. */
#ifndef SEISVIEW_TREND_H
#define SEISVIEW_TREND_H

#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/summary.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SV_TREND_MOST_ORDER 5

/* At index i: offset + Σ coefficients[k]·t^k with t = (2i − twice_centre)·2^−exponent, which lies
 * in [−1, 1] over the samples present. */
typedef struct sv_trend {
    int order; /* the one asked for, or less: the highest that the samples tell apart; −1: none */
    int exponent;
    int64_t twice_centre;
    double offset;                                /* so large a part that the rest is small */
    double coefficients[SV_TREND_MOST_ORDER + 1]; /* 0 past `order` */
} sv_trend;

/* The trend of a 1-D view whose first sample has the index `first`, 0 <= first. SV_INVALID: there
 * is no such order; SV_SHAPE: not 1-D; SV_STALE; SV_UNSUPPORTED: see sv_kernel_name(). */
SV_API sv_status sv_trend_of(const sv_view *samples, int64_t first, int order, sv_trend *trend);

/* Its value at an index, of size below 2^51. A trend of order −1 is 0 everywhere. */
SV_API double sv_trend_at(const sv_trend *trend, int64_t index);

/* samples[i] becomes (samples[i] − offset) − Σ coefficients[k]·t^k at index first + i: the large
 * part goes first, so that little is lost where the offset is great. Nothing where the order is
 * −1. */
SV_API void sv_trend_subtract(const sv_trend *trend, int64_t first, int64_t count, double *samples);

/* Trends of the rows of `range`, one each, by a scan; `trends` has num_rows entries and is written
 * also where the scan fails on the way, from what came before. SV_INVALID: there is no such order;
 * otherwise as sv_scan(). */
SV_API sv_status sv_trend_scan(sv_recording *recording, const sv_scan_range *range, int order,
                               const sv_scan_options *options, sv_trend *trends,
                               sv_scan_report *report, sv_error *error);

/* sv_summary_scan() of what is left of the samples, as float64, when each row's trend is taken
 * away: `trends` has num_rows entries. */
SV_API sv_status sv_trend_summary_scan(sv_recording *recording, const sv_scan_range *range,
                                       const sv_trend *trends, unsigned figures,
                                       const sv_scan_options *options, sv_summary *summaries,
                                       sv_scan_report *report, sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
