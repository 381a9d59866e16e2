#include "array/rows.h"

#include <math.h>
#include <stdlib.h>
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
                       int64_t num_samples, sv_io io, sv_error *error)
{
    *set = (sv_rows_read){.io = io, .rows = rows, .num_rows = num_rows, .num_samples = num_samples};
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

/* Sample by sample, rather than row by row. */
static bool is_interleaved(const sv_row_group *group)
{
    const int64_t *strides = group->segment.samples.strides;
    return llabs((long long)strides[1]) > llabs((long long)strides[0]);
}

bool sv_rows_are_called_for(const sv_rows_read *set, const sv_row_group *group)
{
    sv_file file = sv_file_of(group->recording);
    return group->reader == NULL && sv_bytes_are_called_for(set->io, &file);
}

bool sv_rows_are_together(const sv_rows_read *set, const sv_row_group *group)
{
    return group->count > 1 && is_interleaved(group) && sv_rows_are_called_for(set, group);
}

/* Would hold any group that is read by calls, or where its rows come one by one, a row. With less,
 * what is between the rows is read several times. */
static int64_t most_bytes_copied(const sv_rows_read *set, int64_t samples)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < set->num_groups; i++) {
        const sv_row_group *group = &set->groups[i];
        size_t itemsize = sv_dtype_itemsize(group->segment.samples.dtype);
        if (sv_rows_are_called_for(set, group)) {
            int64_t rows = sv_rows_are_together(set, group) ? group->count : 1;
            bytes = sv_max_i8(bytes, rows * dense_step(samples, itemsize));
        }
    }
    return bytes;
}

static int64_t copied_bytes_of(const sv_rows_read *set, int64_t samples, int64_t most_copied)
{
    int64_t most = sv_max_i8(most_copied, dense_step(samples, sizeof(double)));
    return sv_min_i8(most, most_bytes_copied(set, samples));
}

int64_t sv_rows_scratch_bytes(const sv_rows_read *set, int64_t samples, int64_t most_copied)
{
    return (DENSE_ROWS + most_staged(set) + 2) * dense_step(samples, sizeof(double)) +
           copied_bytes_of(set, samples, most_copied) + sv_bytes_memory(set->io);
}

sv_status sv_rows_scratch_open(sv_rows_scratch *scratch, const sv_rows_read *set, int64_t samples,
                               int64_t most_copied, sv_error *error)
{
    size_t row_bytes = (size_t)samples * sizeof(double);
    int64_t copied_bytes = copied_bytes_of(set, samples, most_copied);
    *scratch = (sv_rows_scratch){
        .samples = samples,
        .dense = sv_malloc_aligned(64, (size_t)(DENSE_ROWS * dense_step(samples, sizeof(double)))),
        .f4 = sv_malloc_aligned(64, row_bytes),
        .f8 = sv_malloc_aligned(64, row_bytes),
        .staged = sv_malloc_aligned(64, (size_t)most_staged(set) * row_bytes),
        .copied = sv_malloc_aligned(64, (size_t)copied_bytes),
        .copied_bytes = copied_bytes,
    };
    if (scratch->dense == NULL || scratch->f4 == NULL || scratch->f8 == NULL ||
        scratch->staged == NULL || scratch->copied == NULL) {
        return sv_fail_memory(error, (size_t)sv_rows_scratch_bytes(set, samples, most_copied));
    }
    return sv_bytes_open(set->io, &scratch->bytes, error);
}

void sv_rows_scratch_close(sv_rows_scratch *scratch)
{
    sv_free(scratch->dense);
    sv_free(scratch->f4);
    sv_free(scratch->f8);
    sv_free(scratch->staged);
    sv_free(scratch->copied);
    sv_bytes_close(&scratch->bytes);
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

/* ---- loading by calls ------------------------------------------------------------------------ */

int64_t sv_rows_that_fit(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                         int64_t count, int64_t n, const sv_rows_scratch *scratch)
{
    const sv_view *samples = &group->segment.samples;
    const sv_correlation_row *rows = set->rows + group->position + from;
    int64_t step = dense_step(n, sv_dtype_itemsize(samples->dtype));
    int64_t most = sv_min_i8(count, scratch->copied_bytes / step), fit = 1;
    int64_t reach = SV_BYTES_ROOM / 2 / sv_max_i8(1, llabs((long long)samples->strides[0]));
    while (fit < most && is_interleaved(group) && rows[fit].row - rows[0].row < reach) {
        fit++;
    }
    return fit;
}

sv_status sv_rows_call(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                       int64_t count, int64_t first, int64_t n, sv_rows_scratch *scratch,
                       sv_view *piece, sv_error *error)
{
    const sv_correlation_row *rows = set->rows + group->position + from;
    sv_file file = sv_file_of(group->recording);
    *piece = group->segment.samples;
    piece->address = (char *)(uintptr_t)sv_rows_address(set, group, from, first);
    piece->shape[0] = rows[count - 1].row - rows[0].row + 1;
    piece->shape[1] = sv_min_i8(n, sv_bytes_room(piece));
    return sv_bytes_read(&scratch->bytes, &file, piece, error);
}

/* Puts what was read of `count` rows from the group's row i on one row after the other. */
static void part_piece(const load *l, const sv_view *piece, int64_t i, int64_t count, int64_t done)
{
    const sv_correlation_row *rows = l->set->rows + l->group->position;
    size_t itemsize = sv_dtype_itemsize(piece->dtype);
    int64_t step = dense_step(l->n, itemsize);
    for (int64_t row = i, beside; row < i + count; row += beside) {
        beside = sv_min_i8(count_beside(l, row), i + count - row);
        l->set->kernels->part(
            sv_step(piece->address, rows[row].row - rows[i].row, piece->strides[0]),
            (ptrdiff_t)piece->strides[1], itemsize, (int)beside, piece->shape[1],
            l->scratch->copied + (row - i) * step + done * (int64_t)itemsize, (ptrdiff_t)step);
    }
}

/* `count` rows from the group's row i on, which fit. */
static sv_status load_copies(const load *l, int64_t i, int64_t count, sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(l->group->segment.samples.dtype);
    int64_t step = dense_step(l->n, (size_t)itemsize);
    sv_view piece;
    for (int64_t done = 0; done < l->n; done += piece.shape[1]) {
        sv_status status = sv_rows_call(l->set, l->group, i, count, l->first + done, l->n - done,
                                        l->scratch, &piece, error);
        if (status != SV_OK) {
            return status;
        }
        part_piece(l, &piece, i, count, done);
    }
    for (int64_t row = 0; row < count; row++) {
        const char *copy = l->scratch->copied + row * step;
        take_row(l, l->group->position + i + row, copy, itemsize,
                 row + 1 < count ? copy + step : NULL);
    }
    return SV_OK;
}

static sv_status load_by_calls(const load *l, sv_error *error)
{
    sv_file file = sv_file_of(l->group->recording);
    for (int64_t i = l->from, past = l->from + l->count, fit; i < past; i += fit) {
        fit = sv_rows_that_fit(l->set, l->group, i, past - i, l->n, l->scratch);
        sv_status status = load_copies(l, i, fit, error);
        if (status != SV_OK) {
            return status;
        }
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

/* What a reader gives of a file as it lies there. */
static sv_status stage_by_calls(const load *l, const sv_file *file, sv_error *error)
{
    for (int64_t i = 0; i < l->group->count; i++) {
        int64_t row = l->set->rows[l->group->position + i].row;
        sv_view some;
        for (int64_t done = 0; done < l->piece.shape[1]; done += some.shape[0]) {
            sv_view_at(&l->piece, 0, row, &some, NULL);
            some.address = sv_step(some.address, done, some.strides[0]);
            some.shape[0] = sv_min_i8(some.shape[0] - done, sv_bytes_room(&some));
            sv_status status = sv_bytes_read(&l->scratch->bytes, file, &some, error);
            if (status != SV_OK) {
                return status;
            }
            sv_load_f8(l->set->kernels, some.dtype, some.address, (ptrdiff_t)some.strides[0],
                       some.shape[0], staged_row(l, i) + l->done + done);
        }
    }
    return sv_file_look(file, file->size_bytes, NULL, error);
}

static sv_status load_piece(load *l, const sv_recording *source, sv_error *error)
{
    sv_file file = sv_file_of(source);
    uintptr_t offset = (uintptr_t)l->piece.address - (uintptr_t)file.data;
    if (sv_bytes_are_called_for(l->set->io, &file) && offset < (uintptr_t)file.size_bytes) {
        return stage_by_calls(l, &file, error);
    }
    return sv_rows_guard(stage_piece, l, source, error);
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
        status = load_piece(l, source, &loss);
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
    if (sv_rows_are_called_for(set, group)) {
        counted->bytes_copied += bytes;
        return load_by_calls(&l, error);
    }
    counted->bytes_mapped += bytes;
    return sv_rows_guard(load_in_place, &l, group->recording, error);
}
