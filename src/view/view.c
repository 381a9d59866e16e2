/* Making views, asking them, and giving them another shape or type. */
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

/* ---- the same memory with another shape ---- */

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
