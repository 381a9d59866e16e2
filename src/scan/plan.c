#include "scan/plan.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/size.h"

/* A block of contiguous float32 is 512 KiB: it stays in a second-level cache, and its four streams
 * lie 128 KiB apart. Strided blocks span twice as much of the file, since what each row of a block
 * costs besides would be felt, and hold 1024 samples at least. */
enum { BLOCK_BYTES = 512 * 1024, MOST_SAMPLES = 1 << 17, FEWEST_SAMPLES = 1024 };

/* Short rows are put together into a task of about as many bytes as a block. */
enum { MOST_ROWS_PER_TASK = 1024 };

int64_t sv_block_samples(const sv_segment *segment)
{
    int64_t stride = segment->in_place ? llabs(segment->samples.strides[1])
                                       : (int64_t)sv_dtype_itemsize(segment->samples.dtype) *
                                             segment->num_channels;
    bool strided = segment->in_place && stride > (int64_t)sv_dtype_itemsize(segment->samples.dtype);
    int64_t samples = MOST_SAMPLES, bytes = strided ? 2 * BLOCK_BYTES : BLOCK_BYTES;
    while (samples > FEWEST_SAMPLES && samples > bytes / sv_max_i8(stride, 1)) {
        samples /= 2;
    }
    return samples;
}

static sv_status check_range(const sv_segment *segment, const sv_scan_range *range, sv_error *error)
{
    if (range->first < 0 || range->first > range->last || range->last > segment->num_samples) {
        return sv_fail(
            error, SV_RANGE, "samples %lld to %lld were asked for, but the segment has %lld",
            (long long)range->first, (long long)range->last, (long long)segment->num_samples);
    }
    if (range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "%lld rows were asked for", (long long)range->num_rows);
    }
    int64_t before = -1;
    for (int64_t i = 0; i < range->num_rows; i++) {
        int64_t row = range->rows != NULL ? range->rows[i] : i;
        if (row <= before || row >= segment->num_channels) {
            return sv_fail(error, SV_RANGE,
                           "row %lld was asked for, but the segment has %lld, to be named in "
                           "ascending order",
                           (long long)row, (long long)segment->num_channels);
        }
        before = row;
    }
    return SV_OK;
}

/* The longest way from one of the rows to the next. */
static int64_t widest_step(const sv_scan_range *range)
{
    int64_t widest = 1;
    for (int64_t i = 1; i < range->num_rows && range->rows != NULL; i++) {
        widest = sv_max_i8(widest, range->rows[i] - range->rows[i - 1]);
    }
    return widest;
}

static void plan_tasks(sv_plan *plan)
{
    const sv_view *samples = &plan->segment.samples;
    const sv_scan_range *range = &plan->range;
    /* What is decoded comes with all its rows at once. */
    plan->interleaved =
        !plan->segment.in_place ||
        (range->num_rows > 1 && llabs(samples->strides[0]) < llabs(samples->strides[1]));
    if (plan->interleaved) {
        plan->rows_per_task = range->num_rows;
        plan->num_tasks = plan->num_blocks;
        return;
    }
    plan->rows_per_task = 1;
    if (plan->num_blocks == 1) {
        /* With what lies between them: a short window of long rows has its samples far apart. */
        int64_t row_bytes = sv_max_i8((range->last - range->first) * llabs(samples->strides[1]),
                                      widest_step(range) * llabs(samples->strides[0]));
        int64_t rows = BLOCK_BYTES / sv_max_i8(row_bytes, 1);
        plan->rows_per_task = sv_max_i8(1, sv_min_i8(rows, MOST_ROWS_PER_TASK));
        plan->rows_per_task = sv_min_i8(plan->rows_per_task, range->num_rows);
        plan->num_tasks = (range->num_rows - 1) / plan->rows_per_task + 1;
    } else {
        plan->num_tasks = range->num_rows * plan->num_blocks;
    }
}

sv_status sv_plan_make(const sv_recording *recording, const sv_scan_range *range, sv_plan *plan,
                       sv_error *error)
{
    sv_segment segment;
    if (sv_recording_segment(recording, range->segment, &segment) != SV_OK) {
        return sv_fail(error, SV_RANGE, "there is no segment %lld", (long long)range->segment);
    }
    sv_status status = check_range(&segment, range, error);
    if (status != SV_OK) {
        return status;
    }
    *plan = (sv_plan){.segment = segment, .range = *range};
    if (range->first == range->last || range->num_rows == 0) {
        return SV_OK;
    }
    if (segment.in_place) {
        const char *data = sv_buffer_data(sv_recording_buffer(recording));
        plan->segment_offset = segment.samples.address - data;
    }
    plan->block_samples = sv_block_samples(&segment);
    plan->first_block = range->first / plan->block_samples;
    plan->num_blocks = (range->last - 1) / plan->block_samples - plan->first_block + 1;
    plan_tasks(plan);
    return SV_OK;
}

int64_t sv_plan_row(const sv_plan *plan, int64_t position)
{
    return plan->range.rows != NULL ? plan->range.rows[position] : position;
}

static void find_bytes(const sv_plan *plan, sv_task *task)
{
    const sv_view *samples = &plan->segment.samples;
    int64_t rows[2] = {sv_plan_row(plan, task->position),
                       sv_plan_row(plan, task->position + task->num_rows - 1)};
    int64_t ends[2] = {task->first, task->last - 1};
    task->first_byte = INT64_MAX;
    task->last_byte = 0;
    for (int corner = 0; corner < 4; corner++) {
        int64_t byte = plan->segment_offset + rows[corner / 2] * samples->strides[0] +
                       ends[corner % 2] * samples->strides[1];
        task->first_byte = sv_min_i8(task->first_byte, byte);
        task->last_byte = sv_max_i8(task->last_byte, byte);
    }
    task->last_byte += (int64_t)sv_dtype_itemsize(samples->dtype);
}

sv_task sv_plan_task(const sv_plan *plan, int64_t i)
{
    sv_task task;
    int64_t block;
    if (plan->interleaved) {
        task.position = 0;
        task.num_rows = plan->range.num_rows;
        block = i;
    } else {
        task.position = i / plan->num_blocks * plan->rows_per_task;
        task.num_rows = sv_min_i8(plan->rows_per_task, plan->range.num_rows - task.position);
        block = i % plan->num_blocks;
    }
    int64_t first = (plan->first_block + block) * plan->block_samples;
    task.first = sv_max_i8(first, plan->range.first);
    task.last = sv_min_i8(first + plan->block_samples, plan->range.last);
    task.first_byte = task.last_byte = 0;
    if (plan->segment.in_place) {
        find_bytes(plan, &task);
    }
    return task;
}
