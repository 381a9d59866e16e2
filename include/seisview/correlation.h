/* Correlation: the matrix of the correlation coefficients, or the covariances, of many channels
 * over one stretch of time.
 *
 * The samples are taken in chunks of all channels. Of each channel of a chunk about its mean is
 * taken off, what is left is rounded to float32, OpenBLAS's ssyrk multiplies the chunk with itself,
 * and the products are merged in float64 and in order, with the means' share (Chan, Golub and
 * LeVeque 1983). So neither the length of a recording nor its offset costs accuracy: against plain
 * float64 coefficients are right to 1e-6. Means and deviations are found in float64 in the same
 * pass, and are those of summary.h but for the last digits. The bits do not depend on the number of
 * threads, but may on OpenBLAS's set of kernels (array.h says how a program lets it choose the
 * right one).
 *
 * NaN and infinities are missing. Of a pair of channels the samples count that both have, for the
 * means and deviations too. What a channel with gaps has to do with all others is measured by
 * further passes in float64, for up to 128 such channels at once: the others do not pay for it.
 *
 * Besides the matrix 64 MiB are needed at most, whatever the length. */
#ifndef SEISVIEW_CORRELATION_H
#define SEISVIEW_CORRELATION_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A channel: a row of a segment, from its sample `first` on. */
typedef struct sv_correlation_row {
    sv_recording *recording;
    int64_t segment, row;
    int64_t first;
} sv_correlation_row;

typedef struct sv_correlation_options {
    bool covariance;      /* Σ(x − mean)(y − mean)/n instead */
    bool fail_on_missing; /* a sample that is missing is an error */
    int detrend_order; /* 0 to 5: each row's trend is taken away first (trend.h); −1: it is not */
    sv_scan_options scan; /* SV_IO_AUTO is SV_IO_MAP; no bit depends on it */
} sv_correlation_options;

#define SV_CORRELATION_OPTIONS_INIT                                                                \
    {                                                                                              \
        false, false, -1, SV_SCAN_OPTIONS_INIT                                                     \
    }

typedef struct sv_correlation {
    int64_t num_rows, num_samples;
    /* num_rows × num_rows in C order, symmetric. Correlations lie in [−1, 1], of a row with itself
     * they are 1. NaN: one of the two is constant, or they have no sample in common. Deviations
     * beyond 1e-140 to 1e140 are not told from these. */
    double *matrix;
    /* Of each row, over all samples that it has; NaN where it has none. */
    double *means, *deviations;
    int64_t *num_missing;
} sv_correlation;

/* Correlates `rows` over `num_samples` samples each. Neighbouring rows of one segment that begin
 * at the same sample are read together, so they had better come in order. The result is freed by
 * sv_correlation_free(); it is there also with SV_FORMAT, where samples that could not be decoded
 * are missing: the message tells the first.
 * SV_INVALID: no row, no such order of a trend, or a sample is missing that must not be (the
 * message says how many, and of which row); SV_RANGE: a row or a sample that is not there;
 * SV_UNSUPPORTED: OpenBLAS is not installed; SV_TRUNCATED: a file became shorter meanwhile;
 * SV_CANCELLED, SV_NOMEM, SV_IO, SV_STALE.
 * `options` NULL: SV_CORRELATION_OPTIONS_INIT; `report` may be NULL. */
SV_API sv_status sv_correlate(const sv_correlation_row *rows, int64_t num_rows, int64_t num_samples,
                              const sv_correlation_options *options, sv_correlation **correlation,
                              sv_scan_report *report, sv_error *error);

/* NULL is fine. */
SV_API void sv_correlation_free(sv_correlation *correlation);

/* Writes the matrix to `path` as NumPy's .npy, float64. A file of that name is replaced, and only
 * by a whole one. SV_INVALID: it is no regular file; SV_IO, SV_NOMEM. */
SV_API sv_status sv_correlation_write_npy(const sv_correlation *correlation, const char *path,
                                          sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
