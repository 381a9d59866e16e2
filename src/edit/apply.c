/* Operations on channels of a segment become parts of an edit. */
#include <inttypes.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "edit/edit.h"
#include "edit/operation.h"
#include "format/format.h"

/* What is applied to the rows of a range. */
struct application {
    sv_edit *edit;
    sv_segment segment;
    const sv_scan_range *range;
    const sv_operation *operations;
    int count;
    sv_trend *trends; /* of the rows that are being measured; NULL: none are */
    int64_t *rows;    /* their numbers */
};

/* Trends are kept of every row, twice while an edit begins; so many bytes of them leave it within
 * bounded memory. While they are measured a row takes more, and is one of a few. */
enum { MOST_TRENDS_BYTES = 10 << 20, ROWS_AT_ONCE = 8192 };

/* ---- what can be edited ------------------------------------------------------------------ */

static sv_status check(const struct application *a, const sv_recording *recording, sv_error *error)
{
    const sv_scan_range *range = a->range;
    if (recording->format->not_edited != NULL) {
        return sv_fail(error, SV_UNSUPPORTED, "%s", recording->format->not_edited);
    }
    if (!a->segment.in_place) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its samples are encoded, and are not edited in place; convert it first, as "
                       "by: seisview convert %.200s edited.npy",
                       recording->path);
    }
    if (range->first < 0 || range->last > a->segment.num_samples || range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "the samples to be edited are not within the segment");
    }
    return sv_operations_check(a->operations, a->count, a->segment.samples.dtype, range->first,
                               range->last, error);
}

/* ---- parts ------------------------------------------------------------------------------- */

static int64_t row_at(const sv_scan_range *range, int64_t position)
{
    return range->rows != NULL ? range->rows[position] : position;
}

/* How many rows from `position` on lie at equal distances: they make one part. */
static int64_t count_even(const sv_scan_range *range, int64_t position)
{
    int64_t end = position + 1;
    if (end == range->num_rows) {
        return 1;
    }
    int64_t step = row_at(range, end) - row_at(range, position);
    while (end < range->num_rows && row_at(range, end) - row_at(range, end - 1) == step) {
        end++;
    }
    return end - position;
}

/* Trends of `count` rows, behind the operations in the parameters. */
static sv_status measure(const struct application *a, int64_t position, int64_t count,
                         void *parameters, sv_error *error)
{
    sv_status status = SV_OK;
    for (int64_t done = 0; status == SV_OK && a->trends != NULL && done < count;) {
        int64_t some = sv_min_i8(count - done, ROWS_AT_ONCE);
        sv_scan_range range = *a->range;
        for (int64_t i = 0; i < some; i++) {
            a->rows[i] = row_at(a->range, position + done + i);
        }
        range.rows = a->rows;
        range.num_rows = some;
        status = sv_operations_measure(a->edit->recording, &range, a->operations, a->count,
                                       &a->edit->scan, a->trends, error);
        sv_work_trends_encode(a->operations, a->count, a->trends, done, some, parameters);
        done += some;
    }
    return status;
}

static sv_status add_rows(const struct application *a, int64_t position, int64_t count,
                          sv_error *error)
{
    const sv_scan_range *range = a->range;
    int64_t row = row_at(range, position);
    int64_t step = count > 1 ? row_at(range, position + 1) - row : 1;
    sv_view where;
    size_t size = sv_work_parameters_size(a->operations, a->count, count);
    void *parameters = sv_malloc(size);
    if (parameters == NULL) {
        return sv_fail_memory(error, size);
    }
    sv_work_operations_encode(a->operations, a->count, parameters);
    sv_status status = measure(a, position, count, parameters, error);
    if (status == SV_OK) {
        status = sv_view_slice(&a->segment.samples, 0, row, row + (count - 1) * step + 1, step,
                               &where, error);
    }
    if (status == SV_OK) {
        status = sv_view_slice(&where, 1, range->first, range->last, 1, &where, error);
    }
    if (status == SV_OK) {
        status = sv_edit_add(a->edit, &where, range->first, a->segment.num_samples - range->last,
                             &sv_work_operations, parameters, size, error);
    }
    sv_free(parameters);
    return status;
}

static sv_status add_all(const struct application *a, sv_error *error)
{
    sv_status status = SV_OK;
    for (int64_t position = 0; status == SV_OK && position < a->range->num_rows;) {
        int64_t count = count_even(a->range, position);
        status = add_rows(a, position, count, error);
        position += count;
    }
    return status;
}

/* ---- what is measured -------------------------------------------------------------------- */

/* All that the edit has been asked for. */
static sv_status check_trends(const struct application *a, sv_error *error)
{
    int64_t each = (int64_t)sv_trends_bytes(a->operations, a->count);
    int64_t left = (MOST_TRENDS_BYTES - a->edit->trends_bytes) / each;
    if (a->range->num_rows > left) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "what is measured of each channel does not fit into bounded memory for so "
                       "many; edit at most %" PRId64 " of them at a time",
                       MOST_TRENDS_BYTES / each);
    }
    a->edit->trends_bytes += a->range->num_rows * each;
    return SV_OK;
}

static sv_status open_trends(struct application *a, sv_error *error)
{
    size_t measured = (size_t)sv_operations_num_measured(a->operations, a->count);
    size_t rows = (size_t)sv_min_i8(a->range->num_rows, ROWS_AT_ONCE);
    if (measured == 0) {
        return SV_OK;
    }
    sv_status status = check_trends(a, error);
    if (status != SV_OK) {
        return status;
    }
    a->trends = sv_calloc(rows * measured, sizeof *a->trends);
    a->rows = sv_calloc(rows, sizeof *a->rows);
    return a->trends != NULL && a->rows != NULL
               ? SV_OK
               : sv_fail_memory(error, rows * measured * sizeof *a->trends);
}

/* ------------------------------------------------------------------------------------------ */

sv_status sv_edit_apply(sv_edit *edit, const sv_scan_range *range, const sv_operation *operations,
                        int count, sv_error *error)
{
    sv_recording *recording = sv_edit_recording(edit);
    struct application a = {.edit = edit, .range = range, .operations = operations, .count = count};
    sv_status status = sv_recording_segment(recording, range->segment, &a.segment);
    if (status != SV_OK) {
        return sv_fail(error, status, "there is no segment %lld", (long long)range->segment);
    }
    status = check(&a, recording, error);
    if (status != SV_OK || range->num_rows == 0) {
        return status;
    }
    status = open_trends(&a, error);
    if (status == SV_OK) {
        status = add_all(&a, error);
    }
    sv_free(a.trends);
    sv_free(a.rows);
    return status;
}
