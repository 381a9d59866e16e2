/* Operations on channels of a segment become parts of an edit. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "edit/edit.h"
#include "edit/operation.h"
#include "format/format.h"

/* What is applied to the rows of a range. */
struct application {
    sv_edit *edit;
    sv_segment segment;
    const sv_scan_range *range;
    const sv_operation *operations;
    int count, num_measured;
    sv_trend *trends; /* of the first row, each row's num_measured apart */
};

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
    sv_work_parameters_encode(a->operations, a->count, a->trends + position * a->num_measured,
                              count, parameters);
    sv_status status = sv_view_slice(&a->segment.samples, 0, row, row + (count - 1) * step + 1,
                                     step, &where, error);
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
    a.num_measured = sv_operations_num_measured(operations, count);
    size_t num_trends = (size_t)range->num_rows * (size_t)a.num_measured;
    a.trends = sv_calloc(num_trends, sizeof *a.trends);
    if (a.trends == NULL) {
        return sv_fail_memory(error, num_trends * sizeof *a.trends);
    }
    status =
        sv_operations_measure(recording, range, operations, count, &edit->scan, a.trends, error);
    if (status == SV_OK) {
        status = add_all(&a, error);
    }
    sv_free(a.trends);
    return status;
}
