/* Quantiles: exact order statistics of samples that need not fit into memory.
 *
 * Nothing is sketched or sorted. Each pass over the samples counts them in bins; the bins that hold
 * the wanted ranks are divided further by the next pass, until they are single values. A pass takes
 * up to 16 bits of what lies between the least and the greatest sample: types of 8 and 16 bits take
 * one pass, of 24 and 32 bits two at most, float64, 64-bit integers (rounded once to float64) and
 * IBM floats four at most. Where all samples are equal, or there is none, nothing is read.
 *
 * Where many rows are asked for at once, or rows are short, passes take fewer bits each, and there
 * are more of them: memory stays below 34 MiB and 100 bytes for each quantile of a row.
 *
 * NaN and infinities are left out; -0 and +0 are one value. Quantile p of n samples in ascending
 * order is the one at (n - 1)·p, between two samples on the straight line from one to the other
 * (NumPy's `linear`, definition 7 of Hyndman and Fan, The American Statistician 50, 1996); p = 0.5
 * is the median. It is the same to the last bit for any threads, reading and instruction set.
 *
 * What is known of the samples comes from their summary, which is made first. */
#ifndef SEISVIEW_QUANTILES_H
#define SEISVIEW_QUANTILES_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/dtype.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/summary.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SV_MOST_QUANTILES 64 /* that can be asked for at once */

/* Quantiles of each row of `range`: quantiles[i·num_probabilities + j] is quantile
 * probabilities[j], 0 to 1, of row i. `summaries` are those of the same samples, one each
 * (sv_summary_scan). The report counts every pass.
 *
 * NaN: a row without a finite sample, and a row whose samples are not those of its summary, or
 * changed from one pass to the next; on failure all rows that were not through.
 * SV_INVALID: a probability, or more than SV_MOST_QUANTILES of them; SV_NOMEM; SV_FORMAT: samples
 * could not be decoded, all others were taken; else as sv_scan(). */
SV_API sv_status sv_quantiles_scan(sv_recording *recording, const sv_scan_range *range,
                                   const sv_summary *summaries, const double *probabilities,
                                   int num_probabilities, const sv_scan_options *options,
                                   double *quantiles, sv_scan_report *report, sv_error *error);

/* Quantiles of all samples of several rows, segments or recordings together:
 *
 *   sv_quantile_search_open(dtype, &merged, probabilities, 3, &options, &search, &error);
 *   while (sv_quantile_search_next(search)) {
 *       for (…each range…) {
 *           sv_quantile_search_scan(search, recording, &range, &report, &error);
 *       }
 *   }
 *   sv_quantile_search_get(search, quantiles);
 *   sv_quantile_search_close(search); */
typedef struct sv_quantile_search sv_quantile_search;

/* `dtype` is that of all samples in any byte order, SV_TYPE_NONE where there are several;
 * `summary` that of all samples, merged in any order. `options` (NULL: SV_SCAN_OPTIONS_INIT) are
 * those of all scans; what they point to must outlive the search.
 * SV_INVALID: a probability, or more than SV_MOST_QUANTILES of them; SV_NOMEM; SV_UNSUPPORTED: see
 * sv_kernel_name(). */
SV_API sv_status sv_quantile_search_open(sv_dtype dtype, const sv_summary *summary,
                                         const double *probabilities, int num_probabilities,
                                         const sv_scan_options *options,
                                         sv_quantile_search **search, sv_error *error);

/* Ends the pass before and begins another. False: none is needed. */
SV_API bool sv_quantile_search_next(sv_quantile_search *search);

/* Counts the samples of one range of this pass. Each pass takes the same ranges, in any order.
 * SV_DTYPE: samples of another type than the search's; else as sv_scan(). After a failure, but for
 * SV_FORMAT, the search is of no use. */
SV_API sv_status sv_quantile_search_scan(sv_quantile_search *search, sv_recording *recording,
                                         const sv_scan_range *range, sv_scan_report *report,
                                         sv_error *error);

/* quantiles[j] for probabilities[j]; NaN where there is no finite sample, or where the samples were
 * not those of the summary or changed from one pass to the next. */
SV_API void sv_quantile_search_get(const sv_quantile_search *search, double *quantiles);

/* NULL is fine. */
SV_API void sv_quantile_search_close(sv_quantile_search *search);

#ifdef __cplusplus
}
#endif
#endif
