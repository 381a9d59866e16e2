/* Views of some elements of a view, and of its axes in another order: slice, index, transpose and
 * newaxis. All of it is arithmetic on a small value, and the first two are meant to be as quick as
 * that. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "seisview/view.h"
#include "view/rules.h"

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
    memmove((char *)out + from, (const char *)view + from, offsetof(sv_view, shape) - from);
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
    int place = axis;
    if (!resolve_axis(view->ndim + 1, &place)) {
        return sv_fail(error, SV_INVALID, "a new axis cannot be axis %d of %d", axis,
                       view->ndim + 1);
    }
    sv_view result = *view;
    result.ndim++;
    for (int later = view->ndim; later > place; later--) {
        result.shape[later] = view->shape[later - 1];
        result.strides[later] = view->strides[later - 1];
    }
    result.shape[place] = 1;
    result.strides[place] = 0;
    *out = result;
    return SV_OK;
}
