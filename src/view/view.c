/* Making views, asking them, and views made from views. */
#include "seisview/view.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "view/buffer.h"
#include "view/rules.h"

/* ---- what the other files ask first ---- */

sv_status sv_view_check(const sv_view *view)
{
    return sv_generation_is_current(view->slot, view->generation) ? SV_OK : SV_STALE;
}

sv_status sv_require_current(const sv_view *view, sv_error *error)
{
    if (sv_view_check(view) == SV_OK) {
        return SV_OK;
    }
    return sv_fail(error, SV_STALE, "the buffer of this view has been closed; open it again");
}

sv_status sv_require_writable(const sv_view *view, sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status == SV_OK && view->readonly) {
        return sv_fail(error, SV_READONLY,
                       "the view is read-only; open its buffer for writing to store");
    }
    return status;
}

sv_status sv_require_c_contiguous(const sv_view *view, const char *purpose, sv_error *error)
{
    if (sv_view_c_contiguous(view)) {
        return SV_OK;
    }
    return sv_fail(error, SV_SHAPE, "a C-contiguous view is needed to %s; copy it out first",
                   purpose);
}

/* ---- asking ---- */

size_t sv_view_itemsize(const sv_view *view)
{
    return sv_dtype_itemsize(view->dtype);
}

int64_t sv_view_size(const sv_view *view)
{
    int64_t size = 1;
    for (int axis = 0; axis < view->ndim; axis++) {
        if (view->shape[axis] == 0) {
            return 0;
        }
        size *= view->shape[axis];
    }
    return size;
}

int64_t sv_view_nbytes(const sv_view *view)
{
    return sv_view_size(view) * (int64_t)sv_view_itemsize(view);
}

bool sv_have_equal_shapes(const sv_view *a, const sv_view *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, a->ndim * sizeof a->shape[0]) == 0;
}

/* Strides of axes with one element at most are never used, so they may be anything. */
static bool is_packed(const sv_view *view, sv_order order)
{
    if (sv_view_size(view) == 0) {
        return true;
    }
    int64_t packed = (int64_t)sv_view_itemsize(view);
    for (int step = 0; step < view->ndim; step++) {
        int axis = order == SV_C_ORDER ? view->ndim - 1 - step : step;
        if (view->shape[axis] > 1 && view->strides[axis] != packed) {
            return false;
        }
        packed *= view->shape[axis];
    }
    return true;
}

bool sv_view_c_contiguous(const sv_view *view)
{
    return is_packed(view, SV_C_ORDER);
}

bool sv_view_f_contiguous(const sv_view *view)
{
    return is_packed(view, SV_F_ORDER);
}

/* ---- making ---- */

static sv_status check_dims(int ndim, sv_error *error)
{
    if (ndim < 0 || ndim > SV_MAX_DIMS) {
        return sv_fail(error, SV_INVALID, "a view cannot have %d axes; 0 to %d are possible", ndim,
                       SV_MAX_DIMS);
    }
    return SV_OK;
}

static sv_status check_type(sv_dtype dtype, sv_error *error)
{
    if (sv_dtype_itemsize(dtype) == 0) {
        return sv_fail(error, SV_INVALID, "a view needs a data type; name one, such as f4");
    }
    return SV_OK;
}

static sv_status negative_length(int axis, int64_t length, sv_error *error)
{
    return sv_fail(error, SV_INVALID, "axis %d cannot have a length of %" PRId64, axis, length);
}

/* Lengths of 0 are left out of the product, so that what follows from the shape (strides, the
 * views of the other axes) fits too. */
static bool shape_fits(int ndim, const int64_t shape[], int64_t itemsize)
{
    int64_t product = itemsize;
    for (int axis = 0; axis < ndim; axis++) {
        if (shape[axis] != 0 && !sv_multiply(product, shape[axis], &product)) {
            return false;
        }
    }
    return true;
}

void sv_packed_strides(int ndim, const int64_t shape[], sv_order order, int64_t itemsize,
                       int64_t strides[])
{
    int64_t packed = itemsize;
    for (int step = 0; step < ndim; step++) {
        int axis = order == SV_C_ORDER ? ndim - 1 - step : step;
        strides[axis] = packed;
        packed *= sv_max_i8(shape[axis], 1);
    }
}

/* The bytes that the elements take: from *low (included) to *high, relative to element [0, …, 0].
 */
static bool reach(const sv_view *view, int64_t *low, int64_t *high)
{
    *low = 0;
    *high = (int64_t)sv_view_itemsize(view);
    for (int axis = 0; axis < view->ndim; axis++) {
        int64_t distance;
        if (!sv_multiply(view->strides[axis], view->shape[axis] - 1, &distance)) {
            return false;
        }
        int64_t *end = distance < 0 ? low : high;
        if (!sv_add(*end, distance, end)) {
            return false;
        }
    }
    return true;
}

static sv_status place(sv_view *view, const sv_buffer *buffer, int64_t offset_bytes,
                       sv_error *error)
{
    int64_t size_bytes = (int64_t)sv_buffer_size_bytes(buffer);
    int64_t low;
    int64_t high;
    if (!reach(view, &low, &high) || !sv_add(low, offset_bytes, &low) ||
        !sv_add(high, offset_bytes, &high)) {
        return sv_fail(error, SV_OVERFLOW, "the strides reach further than 64 bits count");
    }
    if (low < 0 || high > size_bytes) {
        return sv_fail(error, SV_RANGE,
                       "the view takes bytes %" PRId64 " to %" PRId64 " of a buffer of %" PRId64
                       " bytes; choose a smaller shape or offset",
                       low, high, size_bytes);
    }
    view->address += offset_bytes;
    return SV_OK;
}

sv_status sv_view_make(const sv_buffer *buffer, int64_t offset_bytes, sv_dtype dtype, int ndim,
                       const int64_t shape[], const int64_t strides[], sv_view *out,
                       sv_error *error)
{
    sv_status status = check_type(dtype, error);
    if (status != SV_OK || (status = check_dims(ndim, error)) != SV_OK) {
        return status;
    }
    sv_view view = {.address = (char *)(uintptr_t)sv_buffer_data(buffer),
                    .generation = sv_buffer_generation(buffer),
                    .slot = sv_buffer_slot(buffer),
                    .dtype = dtype,
                    .ndim = (uint8_t)ndim,
                    .readonly = sv_buffer_readonly(buffer)};
    for (int axis = 0; axis < ndim; axis++) {
        if (shape[axis] < 0) {
            return negative_length(axis, shape[axis], error);
        }
        view.shape[axis] = shape[axis];
        view.strides[axis] = strides != NULL ? strides[axis] : 0;
    }
    int64_t itemsize = (int64_t)sv_dtype_itemsize(dtype);
    if (!shape_fits(ndim, view.shape, itemsize)) {
        return sv_fail(error, SV_OVERFLOW, "the shape has more bytes than 64 bits count");
    }
    if (strides == NULL) {
        sv_packed_strides(ndim, view.shape, SV_C_ORDER, itemsize, view.strides);
    }
    if (sv_view_size(&view) > 0) {
        status = place(&view, buffer, offset_bytes, error);
    }
    if (status == SV_OK) {
        *out = view;
    }
    return status;
}

sv_status sv_view_of_buffer(const sv_buffer *buffer, sv_dtype dtype, sv_view *out, sv_error *error)
{
    sv_status status = check_type(dtype, error);
    if (status != SV_OK) {
        return status;
    }
    size_t itemsize = sv_dtype_itemsize(dtype);
    size_t size_bytes = sv_buffer_size_bytes(buffer);
    if (size_bytes % itemsize != 0) {
        return sv_fail(error, SV_SHAPE,
                       "%zu bytes are no whole number of samples of %zu bytes; %zu are left over",
                       size_bytes, itemsize, size_bytes % itemsize);
    }
    int64_t length = (int64_t)(size_bytes / itemsize);
    return sv_view_make(buffer, 0, dtype, 1, &length, NULL, out, error);
}

/* ---- other views of the same memory ---- */

/* False when there is no such axis. */
static inline bool resolve_axis(int ndim, int *axis)
{
    if (*axis < 0) {
        *axis += ndim;
    }
    return *axis >= 0 && *axis < ndim;
}

/* Apart, like the failures below: the way that succeeds then keeps its registers. */
__attribute__((cold, noinline)) static sv_status no_such_axis(int axis, int ndim, sv_error *error)
{
    int asked = axis < 0 ? axis - ndim : axis; /* before resolve_axis() */
    return sv_fail(error, SV_INVALID, "there is no axis %d; the view has %d", asked, ndim);
}

/* What stays the same along with the memory: everything between the address and the shape. */
static inline void copy_origin(const sv_view *view, sv_view *out)
{
    size_t from = offsetof(sv_view, generation);
    memcpy((char *)out + from, (const char *)view + from, offsetof(sv_view, shape) - from);
}

/* A 64-bit division takes up to 90 cycles where a 32-bit one takes 26 (Intel before Ice Lake). */
static inline uint64_t divide(uint64_t dividend, uint64_t divisor)
{
    if ((dividend | divisor) <= UINT32_MAX) {
        return (uint32_t)dividend / (uint32_t)divisor;
    }
    return dividend / divisor;
}

/* How many elements steps of `stride` elements take of `distance`. */
static inline int64_t count_steps(int64_t distance, uint64_t stride)
{
    return distance > 0 ? (int64_t)divide((uint64_t)distance - 1, stride) + 1 : 0;
}

__attribute__((cold, noinline)) static sv_status no_such_step(sv_error *error)
{
    return sv_fail(error, SV_INVALID, "a slice cannot have a step of 0; 1 takes every element");
}

/* The view with another `axis`: from element `start` on, of another length and stride. */
static inline void replace_axis(const sv_view *view, int axis, int64_t start, int64_t length,
                                int64_t stride, sv_view *out)
{
    int64_t ndim = view->ndim;
    out->address = sv_step(view->address, start, view->strides[axis]);
    copy_origin(view, out);
    for (int64_t other = axis == 0 ? 1 : 0; other < ndim; other += other + 1 == axis ? 2 : 1) {
        out->shape[other] = view->shape[other];
        out->strides[other] = view->strides[other];
    }
    out->shape[axis] = length;
    out->strides[axis] = stride;
}

/* Any step but 0; apart from the step of 1, so that nearly all slices need not divide. */
__attribute__((noinline)) static sv_status slice_by_step(const sv_view *view, int axis,
                                                         int64_t start, int64_t stop, int64_t step,
                                                         sv_view *out)
{
    int64_t length = view->shape[axis];
    int64_t stride = view->strides[axis];
    if (step > 0) {
        start = sv_slice_bound(start, length, 1);
        length = count_steps(sv_slice_bound(stop, length, 1) - start, (uint64_t)step);
    } else {
        start = sv_slice_bound(start, length, -1);
        length = count_steps(start - sv_slice_bound(stop, length, -1), 0 - (uint64_t)step);
    }
    /* Wraps where the step is longer than the axis alone: what is left then needs no stride. */
    stride = (int64_t)((uint64_t)stride * (uint64_t)step);
    replace_axis(view, axis, start, length, stride, out);
    return SV_OK;
}

sv_status sv_view_slice(const sv_view *view, int axis, int64_t start, int64_t stop, int64_t step,
                        sv_view *out, sv_error *error)
{
    if (!resolve_axis(view->ndim, &axis)) {
        return no_such_axis(axis, view->ndim, error);
    }
    if (step != 1) {
        return step != 0 ? slice_by_step(view, axis, start, stop, step, out) : no_such_step(error);
    }
    int64_t length = view->shape[axis];
    start = sv_slice_bound(start, length, 1);
    length = sv_max_i8(sv_slice_bound(stop, length, 1) - start, 0);
    replace_axis(view, axis, start, length, view->strides[axis], out);
    return SV_OK;
}

__attribute__((cold, noinline)) static sv_status no_such_index(const sv_view *view, int axis,
                                                               int64_t index, sv_error *error)
{
    return sv_fail(error, SV_RANGE,
                   "index %" PRId64 " is outside axis %d, which has %" PRId64 " elements", index,
                   axis, view->shape[axis]);
}

sv_status sv_view_at(const sv_view *view, int axis, int64_t index, sv_view *out, sv_error *error)
{
    if (!resolve_axis(view->ndim, &axis)) {
        return no_such_axis(axis, view->ndim, error);
    }
    int64_t length = view->shape[axis];
    int64_t from_start = index < 0 ? index + length : index;
    if (from_start < 0 || from_start >= length) {
        return no_such_index(view, axis, index, error);
    }
    out->address = sv_step(view->address, from_start, view->strides[axis]);
    int ndim = view->ndim - 1;
    copy_origin(view, out);
    out->ndim = (uint8_t)ndim;
    for (int other = 0; other < ndim; other++) {
        int source = other < axis ? other : other + 1;
        out->shape[other] = view->shape[source];
        out->strides[other] = view->strides[source];
    }
    return SV_OK;
}

sv_status sv_view_transpose(const sv_view *view, const int axes[], sv_view *out, sv_error *error)
{
    sv_view result = *view;
    unsigned seen = 0;
    for (int position = 0; position < view->ndim; position++) {
        int axis = axes != NULL ? axes[position] : view->ndim - 1 - position;
        if (!resolve_axis(view->ndim, &axis)) {
            return no_such_axis(axis, view->ndim, error);
        }
        if ((seen & (1U << axis)) != 0) {
            return sv_fail(error, SV_INVALID, "axis %d is named twice; name every axis once", axis);
        }
        seen |= 1U << axis;
        result.shape[position] = view->shape[axis];
        result.strides[position] = view->strides[axis];
    }
    *out = result;
    return SV_OK;
}

sv_status sv_view_newaxis(const sv_view *view, int axis, sv_view *out, sv_error *error)
{
    if (view->ndim == SV_MAX_DIMS) {
        return sv_fail(error, SV_INVALID, "the view has %d axes already, and cannot have more",
                       SV_MAX_DIMS);
    }
    if (!resolve_axis(view->ndim + 1, &axis)) {
        return no_such_axis(axis, view->ndim + 1, error);
    }
    sv_view result = *view;
    result.ndim++;
    for (int later = view->ndim; later > axis; later--) {
        result.shape[later] = view->shape[later - 1];
        result.strides[later] = view->strides[later - 1];
    }
    result.shape[axis] = 1;
    result.strides[axis] = 0;
    *out = result;
    return SV_OK;
}

/* Copies the shape, and works out the one length that may be −1 from the `size` elements. */
static sv_status complete_shape(int64_t size, int ndim, const int64_t shape[], int64_t completed[],
                                sv_error *error)
{
    int unknown = -1;
    int64_t known = 1;
    for (int axis = 0; axis < ndim; axis++) {
        completed[axis] = shape[axis];
        if (shape[axis] < -1) {
            return negative_length(axis, shape[axis], error);
        }
        if (shape[axis] == -1 && unknown >= 0) {
            return sv_fail(error, SV_INVALID, "only one length can be worked out; give axis %d one",
                           axis);
        }
        if (shape[axis] == -1) {
            unknown = axis;
        } else if (!sv_multiply(known, shape[axis], &known)) {
            return sv_fail(error, SV_SHAPE, "the shape has more elements than 64 bits count");
        }
    }
    if (unknown >= 0 && known > 0) {
        completed[unknown] = size / known;
        known *= completed[unknown];
    }
    if (known != size || (unknown >= 0 && completed[unknown] < 0)) {
        return sv_fail(error, SV_SHAPE, "%" PRId64 " elements cannot fill the shape", size);
    }
    return SV_OK;
}

/* A C-contiguous view's bytes, `size` elements of its type now, in another shape. */
static sv_status give_shape(sv_view *view, int64_t size, int ndim, const int64_t shape[],
                            sv_error *error)
{
    int64_t completed[SV_MAX_DIMS];
    sv_status status = check_dims(ndim, error);
    if (status != SV_OK ||
        (status = complete_shape(size, ndim, shape, completed, error)) != SV_OK) {
        return status;
    }
    int64_t itemsize = (int64_t)sv_view_itemsize(view);
    if (!shape_fits(ndim, completed, itemsize)) {
        return sv_fail(error, SV_SHAPE, "the shape has more bytes than 64 bits count");
    }
    view->ndim = (uint8_t)ndim;
    memcpy(view->shape, completed, (size_t)ndim * sizeof completed[0]);
    sv_packed_strides(ndim, view->shape, SV_C_ORDER, itemsize, view->strides);
    return SV_OK;
}

sv_status sv_view_reshape(const sv_view *view, int ndim, const int64_t shape[], sv_view *out,
                          sv_error *error)
{
    sv_view result = *view;
    sv_status status = sv_require_c_contiguous(view, "reshape", error);
    if (status == SV_OK) {
        status = give_shape(&result, sv_view_size(view), ndim, shape, error);
    }
    if (status == SV_OK) {
        *out = result;
    }
    return status;
}

sv_status sv_view_cast(const sv_view *view, sv_dtype dtype, int ndim, const int64_t shape[],
                       sv_view *out, sv_error *error)
{
    sv_status status = check_type(dtype, error);
    if (status != SV_OK || (status = sv_require_c_contiguous(view, "cast", error)) != SV_OK) {
        return status;
    }
    int64_t nbytes = sv_view_nbytes(view);
    int64_t itemsize = (int64_t)sv_dtype_itemsize(dtype);
    if (nbytes % itemsize != 0) {
        return sv_fail(error, SV_SHAPE,
                       "%" PRId64 " bytes are no whole number of elements of %" PRId64
                       " bytes; %" PRId64 " are left over",
                       nbytes, itemsize, nbytes % itemsize);
    }
    int64_t size = nbytes / itemsize;
    sv_view result = *view;
    result.dtype = dtype;
    status = shape != NULL ? give_shape(&result, size, ndim, shape, error)
                           : give_shape(&result, size, 1, &size, error);
    if (status == SV_OK) {
        *out = result;
    }
    return status;
}

sv_view sv_view_toreadonly(const sv_view *view)
{
    sv_view result = *view;
    result.readonly = true;
    return result;
}
