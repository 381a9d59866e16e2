#include "stats/block.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/size.h"
#include "stats/clipping.h"
#include "stats/exact.h"
#include "stats/pair.h"
#include "stats/samples.h"
#include "stats/shape.h"
#include "stats/sums.h"

static void take_counts(const sv_counts *counts, sv_summary *summary)
{
    summary->num_nan = counts->nans;
    summary->num_inf = counts->infinities;
    summary->num_zero = counts->zeros;
    /* Which of the two zeros was met first depends on the lanes: there is one zero here. */
    summary->min = counts->min + 0.0;
    summary->max = counts->max + 0.0;
}

/* Fourth powers of values whose exponent is within the first range neither overflow nor vanish; a
 * scale of 2^1022 is the largest power that brings up the smallest denormals. */
enum { COMFORTABLE_EXPONENT = 200, LOWEST_EXPONENT = -1022 };

int sv_scale_exponent(double min, double max)
{
    double max_abs = fmax(fabs(min), fabs(max));
    if (max_abs == 0.0) {
        return 0;
    }
    int exponent = ilogb(max_abs);
    if (abs(exponent) <= COMFORTABLE_EXPONENT) {
        return 0;
    }
    return exponent > LOWEST_EXPONENT ? exponent : LOWEST_EXPONENT;
}

/* Σ(x − mean)² from sums of x − p and (x − p)², whatever p. */
static sv_pair about_mean(sv_pair sum, sv_pair squares, double n)
{
    sv_pair of_mean = sv_pair_divide(sv_pair_multiply(sum, sum), n);
    return sv_pair_add(squares, sv_pair_negate(of_mean));
}

/* What the squares' sum is off by grows, against the result, by as much as the subtraction in
 * about_mean() takes away; beyond this factor the mean is taken off first. A lane's sum is within
 * 25 · 2^-53 of itself, so the deviation is within 1.25 · 25 / 2 · 2^-53 < 2e-15. Squares of
 * integers below 2^22 are added without rounding, and the subtraction has 106 bits. */
static double most_cancellation(sv_dtype dtype, double max_abs)
{
    return sv_samples_are_whole(dtype) && max_abs < 0x1p22 ? 0x1p40 : 1.25;
}

static void take_squares(const sv_samples *samples, sv_pair squares, sv_summary *summary)
{
    double n = (double)sv_summary_num_finite(summary);
    summary->exponent = sv_scale_exponent(summary->min, summary->max);
    if (summary->min == summary->max) {
        return;
    }
    double scale = ldexp(1.0, -summary->exponent);
    bool all_finite = summary->num_nan + summary->num_inf == 0;
    if (summary->exponent != 0) {
        squares = sv_centred_squares(samples, 0.0, scale, false);
    }
    sv_pair sum = sv_exact_pair(&summary->sum, summary->exponent);
    sv_pair m2 = about_mean(sum, squares, n);
    double max_abs = fmax(fabs(summary->min), fabs(summary->max));
    if (m2.high * most_cancellation(samples->dtype, max_abs) < squares.high) {
        double pilot = sum.high / n;
        sv_pair rest = sv_pair_add(sum, sv_pair_negate(sv_two_product(pilot, n)));
        m2 = about_mean(rest, sv_centred_squares(samples, pilot, scale, all_finite), n);
    }
    summary->m2 = m2.high > 0.0 ? m2.high : 0.0;
    summary->m2_low = m2.high > 0.0 ? m2.low : 0.0;
}

/* ---- places: extremes and runs ----------------------------------------------------------- */

enum { SEARCH_SAMPLES = 1024 };

/* The first of `count` samples from `first` on that equals `value`, counted from `first`; or count.
 */
static int64_t find_among(const sv_samples *samples, int64_t first, int64_t count, double value)
{
    const sv_kernels *kernels = samples->kernels;
    const void *all = samples->address + first * samples->stride;
    if (samples->in_place) {
        return samples->is_f4 ? kernels->find_f4(all, count, (float)value)
                              : kernels->find_f8(all, count, value);
    }
    union {
        float f4[SEARCH_SAMPLES];
        double f8[SEARCH_SAMPLES];
    } values;
    for (int64_t done = 0; done < count; done += SEARCH_SAMPLES) {
        int64_t some = sv_min_i8(SEARCH_SAMPLES, count - done);
        sv_samples_convert(samples, first + done, some, &values);
        int64_t i = samples->is_f4 ? kernels->find_f4(values.f4, some, (float)value)
                                   : kernels->find_f8(values.f8, some, value);
        if (i < some) {
            return done + i;
        }
    }
    return count;
}

/* The first sample that equals `value`, which is in the stretches `at` or in the rest. */
static int64_t find(const sv_samples *samples, double value, uint64_t at)
{
    int64_t lines = samples->lines;
    for (int stream = 0; stream < SV_STREAMS; stream++) {
        for (int64_t line = 0; line < lines; line += SV_STRETCH_LINES) {
            int64_t first = (stream * lines + line) * SV_LANES;
            int64_t count = sv_min_i8(SV_STRETCH_LINES, lines - line) * SV_LANES;
            bool is_here = (at >> line / SV_STRETCH_LINES & 1) != 0;
            int64_t i = is_here ? find_among(samples, first, count, value) : count;
            if (i < count) {
                return first + i;
            }
        }
    }
    int64_t taken = lines * SV_STREAMS * SV_LANES;
    return taken + find_among(samples, taken, samples->n - taken, value);
}

static int64_t first_finite(const sv_samples *samples)
{
    int64_t i = 0;
    while (i < samples->n && !isfinite(sv_sample_at(samples, i))) {
        i++;
    }
    return i;
}

static void take_runs(const sv_samples *samples, const sv_sums *sums, int64_t first,
                      sv_summary *summary)
{
    sv_runs runs = {0};
    if (sums->equal != 0) {
        sv_pairs_runs(sums->pairs, samples, sums->equal, &runs);
    }
    /* + 0.0: a run of zeros of both signs has one value, wherever it is cut. */
    double head = sv_sample_at(samples, 0) + 0.0;
    double tail = sv_sample_at(samples, samples->n - 1) + 0.0;
    if (isfinite(head)) {
        summary->head = (sv_flat){runs.head + 1, first, head};
    }
    if (isfinite(tail)) {
        summary->tail = (sv_flat){runs.current + 1, first + samples->n - 1 - runs.current, tail};
    }
    if (sv_summary_num_finite(summary) > 0) {
        int64_t at = runs.longest > 0 ? runs.longest_first : first_finite(samples);
        summary->longest = (sv_flat){runs.longest + 1, first + at, sv_sample_at(samples, at) + 0.0};
    }
}

static void begin(int64_t num_samples, unsigned figures, sv_summary *summary)
{
    sv_summary_init(summary);
    summary->figures = figures;
    summary->num_samples = num_samples;
}

/* The samples' figures, once they have been read. */
static void take_sums(const sv_samples *samples, const sv_sums *sums, int64_t first, sv_known known,
                      sv_summary *summary)
{
    take_counts(&sums->counts, summary);
    if (sv_summary_num_finite(summary) > 0) {
        summary->sum = sums->sum;
        take_squares(samples, sums->squares, summary);
        summary->min_index =
            summary->min < known.min ? first + find(samples, summary->min, sums->min_at) : -1;
        summary->max_index =
            summary->max > known.max ? first + find(samples, summary->max, sums->max_at) : -1;
    }
    take_runs(samples, sums, first, summary);
    if ((summary->figures & SV_FIGURES_SHAPE) != 0 && summary->min < summary->max) {
        sv_take_shape(samples, &sums->powers, summary);
    }
    if ((summary->figures & SV_FIGURES_CLIPPING) != 0) {
        sv_take_clipping(samples, summary);
    }
}

void sv_summarise_block(const sv_kernels *kernels, const sv_view *view, int64_t first,
                        sv_known known, unsigned figures, sv_summary *summary)
{
    begin(view->shape[0], figures, summary);
    if (summary->num_samples == 0) {
        return;
    }
    sv_samples samples = sv_samples_of(kernels, view);
    sv_sums sums;
    sv_pairs pairs;
    pairs.known = 0;
    sv_sums_of(&samples, (figures & SV_FIGURES_SHAPE) != 0, &pairs, &sums);
    take_sums(&samples, &sums, first, known, summary);
}

static sv_view row_of(const sv_view *rows, int64_t row)
{
    sv_view view = *rows;
    view.ndim = 1;
    view.shape[0] = rows->shape[1];
    view.strides[0] = rows->strides[1];
    view.address = (char *)rows->address + row * rows->strides[0];
    return view;
}

/* Row by row, once all have been put one after the other. */
static void summarise_parted(const sv_kernels *kernels, const sv_frames *f, const sv_view *dense,
                             int64_t first, const sv_known *known, unsigned figures,
                             sv_summary *summaries)
{
    kernels->part(f->from, f->frame_bytes, sv_dtype_itemsize(f->dtype), f->rows, f->n, f->to,
                  f->row_bytes);
    for (int i = 0; i < f->rows; i++) {
        sv_view row = row_of(dense, i);
        sv_summarise_block(kernels, &row, first, known[i], figures, &summaries[i]);
    }
}

void sv_summarise_rows(const sv_kernels *kernels, const sv_view *frames, const sv_view *dense,
                       int64_t first, const sv_known *known, unsigned figures,
                       sv_summary *summaries)
{
    const sv_frames all = {
        .dtype = frames->dtype,
        .from = frames->address,
        .frame_bytes = (ptrdiff_t)frames->strides[1],
        .rows = (int)frames->shape[0],
        .n = frames->shape[1],
        .to = dense->address,
        .row_bytes = (ptrdiff_t)dense->strides[0],
    };
    sv_samples samples[SV_FRAMES_ROWS] = {{.n = 0}};
    sv_sums sums[SV_FRAMES_ROWS];
    for (int i = 0; i < all.rows; i++) {
        sv_view row = row_of(dense, i);
        samples[i] = sv_samples_of(kernels, &row);
    }
    if (!sv_sums_of_frames(&all, samples, (figures & SV_FIGURES_SHAPE) != 0, sums)) {
        summarise_parted(kernels, &all, dense, first, known, figures, summaries);
        return;
    }
    for (int i = 0; i < all.rows; i++) {
        begin(all.n, figures, &summaries[i]);
        take_sums(&samples[i], &sums[i], first, known[i], &summaries[i]);
    }
}
