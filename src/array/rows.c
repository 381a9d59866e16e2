#include "array/rows.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/guard.h"
#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"
#include "stats/tile.h"
#include "view/rules.h"

/* Of interleaved rows a line of the cache is taken at a time; between them in the scratch some
 * bytes are left, or all rows would fall on the same few places of the cache. */
enum { DENSE_ROWS = 16, GAP_BYTES = 192 };

/* ---- groups --------------------------------------------------------------------------------- */

static bool goes_on(const sv_correlation_row *before, const sv_correlation_row *row)
{
    return row->recording == before->recording && row->segment == before->segment &&
           row->first == before->first && row->row > before->row;
}

static sv_status check_row(const sv_segment *segment, const sv_correlation_row *row,
                           int64_t num_samples, sv_error *error)
{
    if (row->row < 0 || row->row >= segment->num_channels) {
        return sv_fail(error, SV_RANGE, "row %lld was asked for, but the segment has %lld",
                       (long long)row->row, (long long)segment->num_channels);
    }
    if (row->first < 0 || num_samples > segment->num_samples - row->first) {
        return sv_fail(
            error, SV_RANGE, "%lld samples from %lld on were asked for, but the segment has %lld",
            (long long)num_samples, (long long)row->first, (long long)segment->num_samples);
    }
    return segment->in_place ? sv_require_current(&segment->samples, error) : SV_OK;
}

static sv_status open_group(sv_rows_read *set, int64_t position, sv_error *error)
{
    const sv_correlation_row *row = &set->rows[position];
    sv_row_group *group = &set->groups[set->num_groups];
    *group = (sv_row_group){
        .recording = row->recording, .first = row->first, .position = position, .count = 0};
    if (sv_recording_segment(row->recording, row->segment, &group->segment) != SV_OK) {
        return sv_fail(error, SV_RANGE, "there is no segment %lld", (long long)row->segment);
    }
    sv_status status = check_row(&group->segment, row, set->num_samples, error);
    if (status == SV_OK && !group->segment.in_place) {
        status = sv_reader_open(row->recording, row->segment, &group->reader, error);
        set->has_readers = true;
    }
    set->num_groups += status == SV_OK;
    return status;
}

sv_status sv_rows_open(sv_rows_read *set, const sv_correlation_row *rows, int64_t num_rows,
                       int64_t num_samples, sv_error *error)
{
    *set = (sv_rows_read){.rows = rows, .num_rows = num_rows, .num_samples = num_samples};
    sv_status status = sv_kernels_get(&set->kernels, error);
    if (status != SV_OK) {
        return status;
    }
    set->groups = sv_calloc((size_t)num_rows, sizeof *set->groups);
    if (set->groups == NULL) {
        return sv_fail_memory(error, (size_t)num_rows * sizeof *set->groups);
    }
    for (int64_t i = 0; i < num_rows; i++) {
        if (i == 0 || !goes_on(&rows[i - 1], &rows[i])) {
            status = open_group(set, i, error);
        }
        sv_row_group *group = &set->groups[set->num_groups - (status == SV_OK)];
        status =
            status == SV_OK ? check_row(&group->segment, &rows[i], num_samples, error) : status;
        if (status != SV_OK) {
            return status;
        }
        group->count++;
    }
    return SV_OK;
}

void sv_rows_close(sv_rows_read *set)
{
    for (int64_t i = 0; i < set->num_groups; i++) {
        sv_reader_close(set->groups[i].reader);
    }
    sv_free(set->groups);
    sv_free(set->trends);
}

static sv_status detrend_group(sv_rows_read *set, const sv_row_group *group, int order,
                               const sv_scan_options *options, int64_t *rows,
                               sv_scan_report *report, sv_error *error)
{
    for (int64_t i = 0; i < group->count; i++) {
        rows[i] = set->rows[group->position + i].row;
    }
    sv_scan_range range = {.segment = group->segment.index,
                           .rows = rows,
                           .num_rows = group->count,
                           .first = group->first,
                           .last = group->first + set->num_samples};
    sv_status status = sv_trend_scan(group->recording, &range, order, options,
                                     set->trends + group->position, report, error);
    return status == SV_FORMAT ? SV_OK : status;
}

sv_status sv_rows_detrend(sv_rows_read *set, int order, const sv_scan_options *options,
                          sv_scan_report *report, sv_error *error)
{
    int64_t *rows = sv_calloc((size_t)set->num_rows, sizeof *rows);
    set->trends = sv_calloc((size_t)set->num_rows, sizeof *set->trends);
    sv_status status = SV_OK;
    if (rows == NULL || set->trends == NULL) {
        status = sv_fail_memory(error, (size_t)set->num_rows * sizeof *set->trends);
    }
    for (int64_t i = 0; i < set->num_groups && status == SV_OK; i++) {
        status = detrend_group(set, &set->groups[i], order, options, rows, report, error);
    }
    sv_free(rows);
    return status;
}

/* ---- scratch --------------------------------------------------------------------------------- */

static int64_t dense_step(int64_t samples, size_t itemsize)
{
    return samples * (int64_t)itemsize + GAP_BYTES;
}

static int64_t most_staged(const sv_rows_read *set)
{
    int64_t rows = 0;
    for (int64_t i = 0; i < set->num_groups; i++) {
        if (set->groups[i].reader != NULL) {
            rows = sv_max_i8(rows, set->groups[i].count);
        }
    }
    return rows;
}

int64_t sv_rows_scratch_bytes(const sv_rows_read *set, int64_t samples)
{
    return (DENSE_ROWS + most_staged(set) + 2) * dense_step(samples, sizeof(double));
}

sv_status sv_rows_scratch_open(sv_rows_scratch *scratch, const sv_rows_read *set, int64_t samples,
                               sv_error *error)
{
    size_t row_bytes = (size_t)samples * sizeof(double);
    *scratch = (sv_rows_scratch){
        .samples = samples,
        .dense = sv_malloc_aligned(64, (size_t)(DENSE_ROWS * dense_step(samples, sizeof(double)))),
        .f4 = sv_malloc_aligned(64, row_bytes),
        .f8 = sv_malloc_aligned(64, row_bytes),
        .staged = sv_malloc_aligned(64, (size_t)most_staged(set) * row_bytes),
    };
    if (scratch->dense == NULL || scratch->f4 == NULL || scratch->f8 == NULL ||
        scratch->staged == NULL) {
        return sv_fail_memory(error, (size_t)sv_rows_scratch_bytes(set, samples));
    }
    return SV_OK;
}

void sv_rows_scratch_close(sv_rows_scratch *scratch)
{
    sv_free(scratch->dense);
    sv_free(scratch->f4);
    sv_free(scratch->f8);
    sv_free(scratch->staged);
}

/* ---- loading in place ------------------------------------------------------------------------ */

typedef struct load {
    const sv_rows_read *set;
    const sv_row_group *group;
    int64_t from, count;
    int64_t first, n;
    sv_rows_scratch *scratch;
    sv_take_row *take;
    void *context;
    sv_view piece; /* of a reader: rows × samples, */
    int64_t done;  /* which begin here in the staged rows */
} load;

static bool is_native(sv_dtype dtype, sv_type type, int64_t stride, const char *address)
{
    size_t size = sv_dtype_itemsize(dtype);
    return dtype.type == type && dtype.order == SV_NATIVE_ENDIAN && stride == (int64_t)size &&
           (uintptr_t)address % size == 0;
}

static void take_f8(const load *l, int64_t position, double *values)
{
    const sv_trend *trends = l->set->trends;
    if (trends != NULL) {
        sv_trend_subtract(&trends[position], l->group->first + l->first, l->n, values);
    }
    l->take(l->context, position, &(sv_row_values){NULL, values, l->n, NULL});
}

/* Rows lie far apart: without this each would be waited for. */
static void fetch(const char *address, int64_t bytes)
{
    for (int64_t byte = 0; address != NULL && byte < bytes; byte += 64) {
        __builtin_prefetch(address + byte, 0, 2);
    }
}

/* A row whose samples lie at `address`, `stride` bytes apart; the next one's lie at `next`. */
static void take_row(const load *l, int64_t position, const char *address, int64_t stride,
                     const char *next)
{
    const sv_kernels *kernels = l->set->kernels;
    sv_dtype dtype = l->group->segment.samples.dtype;
    bool keeps = l->set->trends == NULL;
    sv_row_values values = {NULL, NULL, l->n, NULL};
    if (keeps && is_native(dtype, SV_F4, stride, address)) {
        values.f4 = (const float *)(const void *)address;
        values.next = next;
    } else if (keeps && is_native(dtype, SV_F8, stride, address)) {
        values.f8 = (const double *)(const void *)address;
        values.next = next;
    } else if (keeps && sv_kernel_is_f4(dtype)) {
        fetch(next, stride <= 8 ? l->n * stride : 0);
        kernels->convert(dtype, address, (ptrdiff_t)stride, l->n, l->scratch->f4);
        values.f4 = l->scratch->f4;
    } else {
        fetch(next, stride <= 8 ? l->n * stride : 0);
        sv_load_f8(kernels, dtype, address, (ptrdiff_t)stride, l->n, l->scratch->f8);
        take_f8(l, position, l->scratch->f8);
        return;
    }
    l->take(l->context, position, &values);
}

/* How many rows from the group's row i on lie beside one another, sample by sample. */
static int64_t count_beside(const load *l, int64_t i)
{
    const sv_view *samples = &l->group->segment.samples;
    const sv_correlation_row *rows = l->set->rows + l->group->position;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(samples->dtype);
    int64_t most = sv_min_i8(DENSE_ROWS, l->from + l->count - i), count = 1;
    if (samples->strides[0] != itemsize || samples->strides[1] <= itemsize) {
        return 1;
    }
    while (count < most && rows[i + count].row == rows[i].row + count) {
        count++;
    }
    return count;
}

const char *sv_rows_address(const sv_rows_read *set, const sv_row_group *group, int64_t row,
                            int64_t sample)
{
    const sv_view *samples = &group->segment.samples;
    const char *first =
        sv_step(samples->address, set->rows[group->position + row].row, samples->strides[0]);
    return sv_step(first, group->first + sample, samples->strides[1]);
}

static const char *address_of(const load *l, int64_t i)
{
    return sv_rows_address(l->set, l->group, i, l->first);
}

static void load_in_place(void *context)
{
    const load *l = context;
    const sv_view *samples = &l->group->segment.samples;
    size_t itemsize = sv_dtype_itemsize(samples->dtype);
    int64_t step = dense_step(l->n, itemsize);
    for (int64_t i = l->from, count; i < l->from + l->count; i += count) {
        count = count_beside(l, i);
        if (count == 1) {
            const char *next = i + 1 < l->from + l->count ? address_of(l, i + 1) : NULL;
            take_row(l, l->group->position + i, address_of(l, i), samples->strides[1], next);
            continue;
        }
        l->set->kernels->part(address_of(l, i), (ptrdiff_t)samples->strides[1], itemsize,
                              (int)count, l->n, l->scratch->dense, (ptrdiff_t)step);
        for (int64_t row = 0; row < count; row++) {
            take_row(l, l->group->position + i + row, l->scratch->dense + row * step,
                     (int64_t)itemsize, NULL);
        }
    }
}

sv_status sv_rows_guard(void (*body)(void *context), void *context, const sv_recording *recording,
                        sv_error *error)
{
    sv_file file = sv_file_of(recording);
    const void *fault = NULL;
    if (!sv_guard_run(body, context, file.data, (size_t)file.size_bytes, &fault)) {
        int64_t byte = (const char *)fault - file.data;
        return sv_file_fault(&file, byte, byte + 1, error);
    }
    return sv_file_look(&file, file.size_bytes, NULL, error);
}

/* ---- loading by a reader --------------------------------------------------------------------- */

static double *staged_row(const load *l, int64_t i)
{
    return l->scratch->staged + i * l->scratch->samples;
}

static void stage_piece(void *context)
{
    const load *l = context;
    for (int64_t i = 0; i < l->group->count; i++) {
        int64_t row = l->set->rows[l->group->position + i].row;
        sv_load_f8(l->set->kernels, l->piece.dtype,
                   sv_step(l->piece.address, row, l->piece.strides[0]),
                   (ptrdiff_t)l->piece.strides[1], l->piece.shape[1], staged_row(l, i) + l->done);
    }
}

static void lose_piece(const load *l, const sv_error *loss, sv_rows_count *counted)
{
    for (int64_t i = 0; i < l->group->count; i++) {
        double *to = staged_row(l, i) + l->done;
        for (int64_t k = 0; k < l->piece.shape[1]; k++) {
            to[k] = (double)NAN;
        }
    }
    if (counted->samples_lost == 0) {
        counted->loss = *loss;
    }
    counted->samples_lost += l->group->count * l->piece.shape[1];
}

/* Of a joined recording the part that was cut is lost; of any other it is an error. */
static sv_status read_piece(load *l, sv_rows_count *counted, sv_error *error)
{
    sv_reader *reader = l->group->reader;
    sv_error loss = {.message = ""};
    sv_status status = sv_reader_read(reader, l->group->first + l->first + l->done, l->n - l->done,
                                      &l->piece, &loss);
    if (status == SV_OK) {
        const sv_recording *source = sv_reader_source(reader);
        status = sv_rows_guard(stage_piece, l, source, &loss);
        if (status != SV_OK && source != l->group->recording) {
            status = sv_fail_at(&loss, sv_recording_path(source), SV_FORMAT);
        }
    }
    if (status == SV_FORMAT) {
        lose_piece(l, &loss, counted);
        return SV_OK;
    }
    if (status != SV_OK && error != NULL) {
        *error = loss;
    }
    return status;
}

static sv_status load_by_reader(load *l, sv_rows_count *counted, sv_error *error)
{
    while (l->done < l->n) {
        sv_status status = read_piece(l, counted, error);
        if (status != SV_OK) {
            return status;
        }
        l->done += l->piece.shape[1];
    }
    for (int64_t i = 0; i < l->group->count; i++) {
        take_f8(l, l->group->position + i, staged_row(l, i));
    }
    return SV_OK;
}

sv_status sv_rows_load(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                       int64_t count, int64_t first, int64_t n, sv_rows_scratch *scratch,
                       sv_take_row *take, void *context, sv_rows_count *counted, sv_error *error)
{
    load l = {.set = set,
              .group = group,
              .from = from,
              .count = count,
              .first = first,
              .n = n,
              .scratch = scratch,
              .take = take,
              .context = context};
    int64_t bytes = count * n * (int64_t)sv_dtype_itemsize(group->segment.samples.dtype);
    if (group->reader != NULL) {
        counted->bytes_copied += bytes;
        return load_by_reader(&l, counted, error);
    }
    counted->bytes_mapped += bytes;
    return sv_rows_guard(load_in_place, &l, group->recording, error);
}
