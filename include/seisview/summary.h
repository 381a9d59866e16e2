/* The summary: the statistics of any run of samples, mergeable.
 *
 * sv_summary is a monoid: sv_summary_init() is empty, sv_summary_of() is one run's,
 * sv_summary_merge() joins two runs that follow one another. NaN and infinities are counted and
 * left out of everything else. The sum is exact and the mean rounded once. Squares are centred and
 * merged in float64 pairs (Chan, Golub, LeVeque 1983: M2 = M2a + M2b + δ²·na·nb/n), never
 * √(E[x²] − mean²): deviation and root mean square are within 2·10^−15 of their exact values.
 *
 * Indices count from the segment's first sample. Ties report the first. −1 where there is none.
 * All functions: any thread, on different objects. */
#ifndef SEISVIEW_SUMMARY_H
#define SEISVIEW_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run of samples that are equal by value and finite. */
typedef struct sv_flat {
    int64_t length; /* 0: none */
    int64_t index;  /* of its first sample */
    double value;
} sv_flat;

/* A sum of float64 without rounding: digits of 32 bits, the first of which counts 2^−1152. */
enum { SV_EXACT_DIGITS = 70 };

typedef struct sv_exact {
    int64_t digits[SV_EXACT_DIGITS];
} sv_exact;

/* What a summary may hold beyond the usual figures, or-ed; each costs time. */
enum {
    SV_FIGURES_USUAL = 0,
    SV_FIGURES_SHAPE = 1,   /* skewness and kurtosis */
    SV_FIGURES_CLIPPING = 2 /* clipped samples and changes of sign */
};

typedef struct sv_summary {
    unsigned figures;    /* which of those it holds */
    int64_t num_samples; /* all of them */
    int64_t num_nan, num_inf, num_zero;
    double min, max; /* of the finite ones; +inf and −inf where there is none */
    int64_t min_index, max_index;
    sv_exact sum; /* Σx over the finite ones */
    /* Σ(x − mean)² = (m2 + m2_low) · 4^exponent; exponent is 0 unless squares leave float64. */
    int exponent;
    double m2, m2_low;
    double m3, m4; /* SHAPE: Σ(x − mean)³ · 8^−exponent, Σ(x − mean)⁴ · 16^−exponent */
    /* The runs of equal samples at both ends, with which the neighbours' may join, and the
     * longest, the first of its length. */
    sv_flat head, tail, longest;
    /* CLIPPING: samples in runs of SV_CLIPPED_RUN or more that equal min, and max. */
    int64_t num_clipped_min, num_clipped_max;
    /* CLIPPING: how often a sample has another sign than the one before it; zeros, NaN and
     * infinities are passed over. The signs of the first and the last are ±1, or 0: none. */
    int64_t num_sign_changes;
    int first_sign, last_sign;
} sv_summary;

enum { SV_CLIPPED_RUN = 3 };

SV_API void sv_summary_init(sv_summary *summary);

/* The summary of a 1-D view whose first sample has the index `first`; any dtype, any stride, any
 * length: it is taken in blocks, counted from its own beginning. SV_SHAPE: not 1-D; SV_STALE;
 * SV_UNSUPPORTED: see sv_kernel_name(). */
SV_API sv_status sv_summary_of(const sv_view *samples, int64_t first, unsigned figures,
                               sv_summary *summary);

/* *into becomes the summary of both; `next` begins where `into` ends. Both hold the same figures,
 * or one has no sample. */
SV_API void sv_summary_merge(sv_summary *into, const sv_summary *next);

/* NaN where there is no finite sample. */
SV_API int64_t sv_summary_num_finite(const sv_summary *summary);
SV_API double sv_summary_mean(const sv_summary *summary);
SV_API double sv_summary_rms(const sv_summary *summary);    /* √(Σx²/n): keeps the mean */
SV_API double sv_summary_stdev(const sv_summary *summary);  /* √(Σ(x−mean)²/n) */
SV_API double sv_summary_energy(const sv_summary *summary); /* Σx² */
/* With SV_FIGURES_SHAPE (Fisher's; merged as in Pébay 2008, SAND2008-6212): Σ(x−mean)³/n over the
 * deviation's third power, and Σ(x−mean)⁴/n over its fourth, less 3. NaN also where all finite
 * samples are equal. */
SV_API double sv_summary_skewness(const sv_summary *summary);
SV_API double sv_summary_kurtosis(const sv_summary *summary);
/* With SV_FIGURES_CLIPPING: samples in runs of SV_CLIPPED_RUN or more at the extreme values. */
SV_API int64_t sv_summary_num_clipped(const sv_summary *summary);
/* The largest |x| and where it is first. */
SV_API double sv_summary_max_abs(const sv_summary *summary, int64_t *index);

/* Summaries of the rows of `range`, one each, with `figures`, by a scan: `summaries` has num_rows
 * entries and is written also on SV_TRUNCATED, SV_IO and SV_CANCELLED, with what came before.
 * Statuses: sv_scan().
 */
SV_API sv_status sv_summary_scan(sv_recording *recording, const sv_scan_range *range,
                                 unsigned figures, const sv_scan_options *options,
                                 sv_summary *summaries, sv_scan_report *report, sv_error *error);

/* The instruction set whose kernels are used: "reference", "avx2" or "avx512", chosen at the first
 * use from what the processor and the system can run, or by SEISVIEW_KERNEL in the environment.
 * SV_UNSUPPORTED: the environment names one that is unknown, not built in, or not in this
 * processor. */
SV_API sv_status sv_kernel_name(const char **name, sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
