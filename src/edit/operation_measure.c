/* Means and trends of samples as operations leave them. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "edit/operation.h"
#include "edit/operation_tiles.h"
#include "stats/moments.h"

/* One operation that is measured, of all rows. */
typedef struct measure {
    const sv_kernels *kernels;
    sv_segment segment;
    sv_chain chain; /* the operations before it */
    int order;
    const sv_trend *trends; /* of the first row, each row's num_measured apart */
    int num_measured;
    sv_moments *moments; /* of each row so far */
    sv_gap *gaps;        /* of each row */
} measure;

/* The row as the operations before see it: a block's neighbours lie in the map around it. */
static void begin_row(const measure *m, const sv_block *block, sv_tiles *tiles)
{
    const sv_view *samples = &m->segment.samples;
    sv_chain chain = m->chain;
    chain.trends = m->trends + block->position * m->num_measured;
    sv_tiles_init(tiles, m->kernels, &chain);
    tiles->pieces[0] =
        (sv_piece){0, chain.num_samples, samples->address + block->row * samples->strides[0],
                   (ptrdiff_t)samples->strides[1]};
    tiles->gap = &m->gaps[block->position];
    if (sv_tiles_has_fill(tiles)) {
        sv_tiles_find_left(tiles, 0, sv_tiles_low(tiles, block->first));
    }
}

static void take_block(void *context, const sv_block *block, void *result)
{
    const measure *m = context;
    sv_tiles tiles;
    sv_values values;
    double was[SV_TILE];
    int64_t end = block->first + block->samples.shape[0];
    begin_row(m, block, &tiles);
    sv_moments_init(result, m->order);
    for (int64_t first = block->first; first < end; first += SV_TILE) {
        int64_t last = sv_min_i8(first + SV_TILE, end);
        sv_tiles_next(&tiles, first, last, &values, was);
        sv_moments_add(result, first, values.x + (first - values.first), last - first);
    }
}

static void merge_block(void *context, int64_t position, const void *result)
{
    const measure *m = context;
    sv_moments_merge(&m->moments[position], result);
}

/* Fills in trends[number] of each row. */
static sv_status measure_one(sv_recording *recording, const sv_scan_range *range, measure *m,
                             const sv_scan_options *options, sv_trend *trends, sv_error *error)
{
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_moments_init(&m->moments[i], m->order);
        atomic_init(&m->gaps[i], 0);
    }
    sv_reducer reducer = {.context = m,
                          .result_size = sizeof(sv_moments),
                          .block = take_block,
                          .merge = merge_block,
                          .dense = true};
    sv_status status = sv_scan(recording, range, &reducer, options, NULL, error);
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_moments_fit(&m->moments[i], &trends[i * m->num_measured]);
    }
    return status;
}

static sv_status measure_all(sv_recording *recording, const sv_scan_range *range, measure *m,
                             const sv_operation *operations, int count,
                             const sv_scan_options *options, sv_trend *trends, sv_error *error)
{
    sv_scan_options mapped = SV_SCAN_OPTIONS_INIT;
    sv_status status = SV_OK;
    int number = 0;
    mapped = options != NULL ? *options : mapped;
    mapped.io = SV_IO_MAP; /* a block's neighbours are read from the map in any case */
    for (int i = 0; i < count && status == SV_OK; i++) {
        if (sv_operations_num_measured(&operations[i], 1) == 0) {
            continue;
        }
        m->chain.count = i;
        m->order = sv_operation_order(&operations[i]);
        status = measure_one(recording, range, m, &mapped, trends + number++, error);
    }
    return status;
}

sv_status sv_operations_measure(sv_recording *recording, const sv_scan_range *range,
                                const sv_operation *operations, int count,
                                const sv_scan_options *options, sv_trend *trends, sv_error *error)
{
    measure m = {.trends = trends, .num_measured = sv_operations_num_measured(operations, count)};
    sv_status status = sv_kernels_get(&m.kernels, error);
    if (status != SV_OK || m.num_measured == 0) {
        return status;
    }
    status = sv_recording_segment(recording, range->segment, &m.segment);
    if (status != SV_OK || range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "there are no %lld rows of segment %lld",
                       (long long)range->num_rows, (long long)range->segment);
    }
    if (!m.segment.in_place) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its samples do not lie plainly in the file; convert it first");
    }
    m.chain = (sv_chain){.operations = operations,
                         .dtype = m.segment.samples.dtype,
                         .first = range->first,
                         .last = range->last,
                         .num_samples = m.segment.num_samples};
    size_t rows = (size_t)range->num_rows;
    m.moments = sv_malloc(rows * sizeof *m.moments);
    m.gaps = sv_malloc(rows * sizeof *m.gaps);
    if (m.moments == NULL || m.gaps == NULL) {
        status = sv_fail_memory(error, rows * sizeof *m.moments);
    } else {
        status = measure_all(recording, range, &m, operations, count, options, trends, error);
    }
    sv_free(m.moments);
    sv_free(m.gaps);
    return status;
}
