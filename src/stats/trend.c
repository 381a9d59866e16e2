/* Trends by a scan, and what is left when they are taken away. */
#include "seisview/trend.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "stats/block.h"
#include "stats/moments.h"
#include "stats/tile.h"

/* ---- evaluation -------------------------------------------------------------------------- */

/* t at `index`: exact, as a multiple of a power of two with fewer than 53 bits. */
static double t_at(const sv_trend *trend, int64_t index)
{
    return (double)(2 * index - trend->twice_centre) * ldexp(1.0, -trend->exponent);
}

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE double rest_at(const double *coefficients, int order, double t)
{
    double sum = coefficients[order];
    for (int k = order - 1; k >= 0; k--) {
        sum = coefficients[k] + t * sum;
    }
    return sum;
}

double sv_trend_at(const sv_trend *trend, int64_t index)
{
    if (trend->order < 0) {
        return 0.0;
    }
    return trend->offset + rest_at(trend->coefficients, trend->order, t_at(trend, index));
}

enum { LANES = 8 };

ALWAYS_INLINE void subtract(const sv_trend *trend, int order, int64_t first, int64_t count,
                            double *samples)
{
    double step = ldexp(2.0, -trend->exponent);
    double offset = trend->offset;
    double c[SV_TREND_MOST_ORDER + 1];
    memcpy(c, trend->coefficients, sizeof c);
    int64_t lines = count / LANES;
    for (int64_t line = 0; line < lines; line++) {
        double *x = samples + line * LANES;
        double t = t_at(trend, first + line * LANES);
        for (int i = 0; i < LANES; i++) {
            x[i] = (x[i] - offset) - rest_at(c, order, t + (double)i * step);
        }
    }
    for (int64_t i = lines * LANES; i < count; i++) {
        samples[i] = (samples[i] - offset) - rest_at(c, order, t_at(trend, first + i));
    }
}

/* The order becomes a constant of the loop. */
void sv_trend_subtract(const sv_trend *trend, int64_t first, int64_t count, double *samples)
{
    switch (trend->order) {
    case 0: subtract(trend, 0, first, count, samples); break;
    case 1: subtract(trend, 1, first, count, samples); break;
    case 2: subtract(trend, 2, first, count, samples); break;
    case 3: subtract(trend, 3, first, count, samples); break;
    case 4: subtract(trend, 4, first, count, samples); break;
    case 5: subtract(trend, 5, first, count, samples); break;
    default: break;
    }
}

/* ---- fitting ----------------------------------------------------------------------------- */

static void add_view(const sv_kernels *kernels, const sv_view *view, int64_t first,
                     sv_moments *moments)
{
    double tile[SV_MOMENTS_TILE];
    int64_t stride = view->strides[0];
    for (int64_t from = 0; from < view->shape[0]; from += SV_MOMENTS_TILE) {
        int64_t count = sv_min_i8(SV_MOMENTS_TILE, view->shape[0] - from);
        sv_load_f8(kernels, view->dtype, view->address + from * stride, (ptrdiff_t)stride, count,
                   tile);
        sv_moments_add(moments, first + from, tile, count);
    }
}

static bool is_order(int order)
{
    return order >= 0 && order <= SV_TREND_MOST_ORDER;
}

sv_status sv_trend_of(const sv_view *samples, int64_t first, int order, sv_trend *trend)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, NULL);
    if (status == SV_OK) {
        status = sv_view_check(samples);
    }
    if (status != SV_OK) {
        return status;
    }
    if (!is_order(order) || first < 0) {
        return SV_INVALID;
    }
    if (samples->ndim != 1) {
        return SV_SHAPE;
    }
    sv_moments moments;
    sv_moments_init(&moments, order);
    add_view(kernels, samples, first, &moments);
    sv_moments_fit(&moments, trend);
    return SV_OK;
}

typedef struct trend_scan {
    const sv_kernels *kernels;
    int order;
    sv_moments *moments; /* of each row so far */
} trend_scan;

static void take_block(void *context, const sv_block *block, void *result)
{
    const trend_scan *scan = context;
    sv_moments_init(result, scan->order);
    add_view(scan->kernels, &block->samples, block->first, result);
}

static void join_blocks(void *context, void *result, const void *next)
{
    (void)context;
    sv_moments_merge(result, next);
}

static void merge_block(void *context, int64_t position, const void *result)
{
    const trend_scan *scan = context;
    sv_moments_merge(&scan->moments[position], result);
}

sv_status sv_trend_scan(sv_recording *recording, const sv_scan_range *range, int order,
                        const sv_scan_options *options, sv_trend *trends, sv_scan_report *report,
                        sv_error *error)
{
    trend_scan scan = {.order = order};
    sv_status status = sv_kernels_get(&scan.kernels, error);
    if (status != SV_OK) {
        return status;
    }
    if (!is_order(order)) {
        return sv_fail(error, SV_INVALID, "there is no trend of order %d; give 0 to %d", order,
                       SV_TREND_MOST_ORDER);
    }
    if (range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "%lld rows were asked for", (long long)range->num_rows);
    }
    scan.moments = sv_calloc((size_t)range->num_rows, sizeof *scan.moments);
    if (scan.moments == NULL) {
        return sv_fail_memory(error, (size_t)range->num_rows * sizeof *scan.moments);
    }
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_moments_init(&scan.moments[i], order);
    }
    sv_reducer reducer = {.context = &scan,
                          .result_size = sizeof(sv_moments),
                          .block = take_block,
                          .join = join_blocks,
                          .merge = merge_block,
                          .dense = true};
    status = sv_scan(recording, range, &reducer, options, report, error);
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_moments_fit(&scan.moments[i], &trends[i]);
    }
    sv_free(scan.moments);
    return status;
}

/* ---- what is left ------------------------------------------------------------------------ */

/* A block is detrended and summarised a part at a time, so that its float64 samples need no memory
 * but the stack's: a block may neither allocate nor lock. */
enum { PART = 8192 };

typedef struct rest_scan {
    const sv_kernels *kernels;
    const sv_trend *trends;
    unsigned figures;
    sv_summary *summaries;
} rest_scan;

static void summarise_part(const rest_scan *scan, const sv_trend *trend, const sv_view *samples,
                           int64_t first, sv_summary *summary)
{
    double rest[PART];
    sv_view view = {
        .address = (char *)rest,
        .dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN),
        .ndim = 1,
        .shape = {samples->shape[0]},
        .strides = {sizeof rest[0]},
    };
    sv_summary part;
    sv_known known = {summary->min, summary->max};
    sv_load_f8(scan->kernels, samples->dtype, samples->address, (ptrdiff_t)samples->strides[0],
               samples->shape[0], rest);
    sv_trend_subtract(trend, first, samples->shape[0], rest);
    sv_summarise_block(scan->kernels, &view, first, known, scan->figures, &part);
    sv_summary_merge(summary, &part);
}

static void summarise_rest(void *context, const sv_block *block, void *result)
{
    const rest_scan *scan = context;
    sv_summary *summary = result;
    sv_summary_init(summary);
    for (int64_t from = 0; from < block->samples.shape[0]; from += PART) {
        sv_view part = block->samples;
        part.address += from * part.strides[0];
        part.shape[0] = sv_min_i8(PART, part.shape[0] - from);
        summarise_part(scan, &scan->trends[block->position], &part, block->first + from, summary);
    }
}

static void join_rests(void *context, void *result, const void *next)
{
    (void)context;
    sv_summary_merge(result, next);
}

static void merge_rest(void *context, int64_t position, const void *result)
{
    const rest_scan *scan = context;
    sv_summary_merge(&scan->summaries[position], result);
}

sv_status sv_trend_summary_scan(sv_recording *recording, const sv_scan_range *range,
                                const sv_trend *trends, unsigned figures,
                                const sv_scan_options *options, sv_summary *summaries,
                                sv_scan_report *report, sv_error *error)
{
    rest_scan scan = {.trends = trends, .figures = figures, .summaries = summaries};
    sv_status status = sv_kernels_get(&scan.kernels, error);
    if (status != SV_OK) {
        return status;
    }
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_summary_init(&summaries[i]);
        summaries[i].figures = figures;
    }
    sv_reducer reducer = {.context = &scan,
                          .result_size = sizeof(sv_summary),
                          .block = summarise_rest,
                          .join = join_rests,
                          .merge = merge_rest,
                          .dense = true};
    return sv_scan(recording, range, &reducer, options, report, error);
}
