#include "scan/planar.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

/* Sixteen samples of four bytes are a line of the cache. Between rows of the scratch some lines are
 * left, or all rows of a block, whose length is a power of two, would fall on the same few places
 * of the cache. */
enum { MOST_ROWS = SV_FRAMES_ROWS, GAP_BYTES = 192 };

int64_t sv_planar_step(const sv_view *samples)
{
    return samples->shape[1] * (int64_t)sv_dtype_itemsize(samples->dtype) + GAP_BYTES;
}

sv_status sv_planar_open(sv_planar *planar, const sv_plan *plan, sv_error *error)
{
    if (!plan->interleaved || plan->range.num_rows < 2) {
        return SV_OK;
    }
    sv_status status = sv_kernels_get(&planar->kernels, error);
    if (status != SV_OK) {
        return status;
    }
    int64_t rows = sv_min_i8(MOST_ROWS, plan->range.num_rows);
    int64_t row_bytes =
        plan->block_samples * (int64_t)sv_dtype_itemsize(plan->segment.samples.dtype) + GAP_BYTES;
    planar->memory = sv_malloc_aligned(64, (size_t)(rows * row_bytes));
    if (planar->memory == NULL) {
        return sv_fail_memory(error, (size_t)(rows * row_bytes));
    }
    planar->most_rows = rows;
    return SV_OK;
}

void sv_planar_close(sv_planar *planar)
{
    sv_free(planar->memory);
}

int64_t sv_planar_count(const sv_planar *planar, const sv_plan *plan, const sv_view *samples,
                        int64_t position, int64_t last_position)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(samples->dtype);
    int64_t most = sv_min_i8(planar->most_rows, last_position - position);
    if (samples->strides[0] != itemsize || samples->strides[1] <= itemsize) {
        return 1;
    }
    int64_t first_row = sv_plan_row(plan, position);
    int64_t count = 1;
    while (count < most && sv_plan_row(plan, position + count) == first_row + count) {
        count++;
    }
    return count;
}

void sv_planar_copy(const sv_planar *planar, const sv_view *samples, const char *address,
                    int64_t rows)
{
    size_t itemsize = sv_dtype_itemsize(samples->dtype);
    planar->kernels->part(address, (ptrdiff_t)samples->strides[1], itemsize, (int)rows,
                          samples->shape[1], planar->memory, (ptrdiff_t)sv_planar_step(samples));
}

sv_view sv_planar_view(const sv_planar *planar, const sv_view *samples, int64_t rows)
{
    sv_view view = *samples;
    view.address = planar->memory;
    view.shape[0] = rows;
    view.strides[0] = sv_planar_step(samples);
    view.strides[1] = (int64_t)sv_dtype_itemsize(samples->dtype);
    return view;
}
