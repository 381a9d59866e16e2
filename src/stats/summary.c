#include "seisview/summary.h"

#include <math.h>

#include "base/error.h"
#include "base/size.h"
#include "kernel/kernel.h"
#include "stats/block.h"
#include "stats/clipping.h"
#include "stats/exact.h"
#include "stats/pair.h"
#include "stats/shape.h"

void sv_summary_init(sv_summary *summary)
{
    *summary = (sv_summary){
        .min = INFINITY,
        .max = -INFINITY,
        .min_index = -1,
        .max_index = -1,
        .head = {0, -1, 0.0},
        .tail = {0, -1, 0.0},
        .longest = {0, -1, 0.0},
    };
}

sv_status sv_summary_of(const sv_view *samples, int64_t first, unsigned figures,
                        sv_summary *summary)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, NULL);
    if (status == SV_OK) {
        status = sv_view_check(samples);
    }
    if (status != SV_OK) {
        return status;
    }
    if (samples->ndim != 1) {
        return SV_SHAPE;
    }
    sv_summary_init(summary);
    summary->figures = figures;
    for (int64_t from = 0; from < samples->shape[0]; from += SV_SUMMARY_BLOCK_MAX) {
        sv_view part = *samples;
        part.address += from * samples->strides[0];
        part.shape[0] = sv_min_i8(SV_SUMMARY_BLOCK_MAX, samples->shape[0] - from);
        sv_summary block;
        sv_known known = {summary->min, summary->max};
        sv_summarise_block(kernels, &part, first + from, known, figures, &block);
        sv_summary_merge(summary, &block);
    }
    return SV_OK;
}

int64_t sv_summary_num_finite(const sv_summary *summary)
{
    return summary->num_samples - summary->num_nan - summary->num_inf;
}

/* ---- merging ----------------------------------------------------------------------------- */

static sv_pair m2_of(const sv_summary *summary)
{
    return (sv_pair){summary->m2, summary->m2_low};
}

/* Means and squares here are of samples times 2^−exponent. */
static sv_pair scaled_mean(const sv_summary *summary, int exponent)
{
    return sv_pair_divide(sv_exact_pair(&summary->sum, exponent),
                          (double)sv_summary_num_finite(summary));
}

static sv_pair scaled_m2(const sv_summary *summary, int exponent)
{
    return sv_pair_scale(m2_of(summary), 2 * (summary->exponent - exponent));
}

static void merge_moments(sv_summary *into, const sv_summary *next)
{
    int64_t n_into = sv_summary_num_finite(into), n_next = sv_summary_num_finite(next);
    if (n_next == 0) {
        return;
    }
    int exponent = sv_scale_exponent(fmin(into->min, next->min), fmax(into->max, next->max));
    if ((into->figures & SV_FIGURES_SHAPE) != 0) {
        sv_merge_shape(into, next, exponent);
    }
    sv_pair m2 = sv_pair_add(scaled_m2(into, exponent), scaled_m2(next, exponent));
    if (n_into > 0) {
        double a = (double)n_into, b = (double)n_next;
        sv_pair mean_into = scaled_mean(into, exponent), mean_next = scaled_mean(next, exponent);
        sv_pair delta = sv_pair_add(mean_next, sv_pair_negate(mean_into));
        sv_pair between = sv_pair_multiply(delta, delta);
        between = sv_pair_multiply(between, (sv_pair){a, 0.0});
        between = sv_pair_divide(sv_pair_multiply(between, (sv_pair){b, 0.0}), a + b);
        m2 = sv_pair_add(m2, between);
    }
    sv_exact_merge(&into->sum, &next->sum);
    into->exponent = exponent;
    into->m2 = m2.high;
    into->m2_low = m2.low;
}

static void merge_extremes(sv_summary *into, const sv_summary *next)
{
    if (next->min < into->min) {
        into->min = next->min;
        into->min_index = next->min_index;
    }
    if (next->max > into->max) {
        into->max = next->max;
        into->max_index = next->max_index;
    }
}

static void merge_runs(sv_summary *into, const sv_summary *next)
{
    bool joins =
        into->tail.length > 0 && next->head.length > 0 && into->tail.value == next->head.value;
    sv_flat joined = into->tail;
    if (joins) {
        joined.length += next->head.length;
    }
    if (joins && joined.length > into->longest.length) {
        into->longest = joined;
    }
    if (next->longest.length > into->longest.length) {
        into->longest = next->longest;
    }
    if (joins && into->head.length == into->num_samples) {
        into->head = joined;
    }
    into->tail = joins && next->tail.length == next->num_samples ? joined : next->tail;
}

void sv_summary_merge(sv_summary *into, const sv_summary *next)
{
    if (next->num_samples == 0) {
        return;
    }
    if (into->num_samples == 0) {
        *into = *next;
        return;
    }
    if ((into->figures & SV_FIGURES_CLIPPING) != 0) {
        sv_merge_clipping(into, next);
    }
    merge_runs(into, next);
    merge_moments(into, next);
    merge_extremes(into, next);
    into->num_samples += next->num_samples;
    into->num_nan += next->num_nan;
    into->num_inf += next->num_inf;
    into->num_zero += next->num_zero;
}

/* ---- figures ----------------------------------------------------------------------------- */

double sv_summary_mean(const sv_summary *summary)
{
    int64_t n = sv_summary_num_finite(summary);
    return n > 0 ? sv_exact_mean(&summary->sum, n) : NAN;
}

double sv_summary_stdev(const sv_summary *summary)
{
    int64_t n = sv_summary_num_finite(summary);
    if (n == 0) {
        return NAN;
    }
    return ldexp(sqrt(sv_pair_divide(m2_of(summary), (double)n).high), summary->exponent);
}

/* Σx²/n, in units of 4^exponent. */
static sv_pair scaled_mean_square(const sv_summary *summary)
{
    sv_pair mean = scaled_mean(summary, summary->exponent);
    sv_pair variance = sv_pair_divide(m2_of(summary), (double)sv_summary_num_finite(summary));
    return sv_pair_add(sv_pair_multiply(mean, mean), variance);
}

double sv_summary_rms(const sv_summary *summary)
{
    if (sv_summary_num_finite(summary) == 0) {
        return NAN;
    }
    return ldexp(sqrt(scaled_mean_square(summary).high), summary->exponent);
}

double sv_summary_energy(const sv_summary *summary)
{
    int64_t n = sv_summary_num_finite(summary);
    if (n == 0) {
        return NAN;
    }
    sv_pair energy = sv_pair_multiply(scaled_mean_square(summary), (sv_pair){(double)n, 0.0});
    return ldexp(energy.high, 2 * summary->exponent);
}

double sv_summary_max_abs(const sv_summary *summary, int64_t *index)
{
    if (sv_summary_num_finite(summary) == 0) {
        *index = -1;
        return NAN;
    }
    bool of_min = -summary->min > summary->max;
    if (-summary->min == summary->max) {
        of_min = summary->min_index < summary->max_index;
    }
    *index = of_min ? summary->min_index : summary->max_index;
    return of_min ? -summary->min : summary->max;
}

sv_status sv_kernel_name(const char **name, sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status == SV_OK) {
        *name = kernels->name;
    }
    return status;
}
