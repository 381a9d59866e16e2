#include "array/operand.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/size.h"
#include "seisview/array.h"
#include "stats/tile.h"
#include "view/rules.h"

static _Atomic uint64_t copied;

uint64_t sv_array_bytes_copied(void)
{
    return atomic_load_explicit(&copied, memory_order_relaxed);
}

bool sv_is_native(const sv_view *view, sv_precision precision)
{
    int64_t size = precision == SV_SINGLE ? 4 : 8;
    sv_type type = precision == SV_SINGLE ? SV_F4 : SV_F8;
    bool whole = (uintptr_t)view->address % (uintptr_t)size == 0;
    for (int axis = 0; axis < view->ndim; axis++) {
        whole = whole && view->strides[axis] % size == 0;
    }
    return whole && view->dtype.type == type && view->dtype.order == SV_NATIVE_ENDIAN;
}

sv_precision sv_precision_of(const sv_view *view)
{
    return sv_kernel_is_f4(view->dtype) ? SV_SINGLE : SV_DOUBLE;
}

void sv_convert_to(const sv_kernels *kernels, sv_dtype dtype, const char *from, int64_t stride,
                   int64_t n, sv_precision precision, void *to)
{
    size_t size = precision == SV_SINGLE ? sizeof(float) : sizeof(double);
    atomic_fetch_add_explicit(&copied, (uint64_t)n * size, memory_order_relaxed);
    if (precision == SV_DOUBLE) {
        sv_load_f8(kernels, dtype, from, (ptrdiff_t)stride, n, to);
        return;
    }
    if (sv_kernel_is_f4(dtype)) {
        kernels->convert(dtype, from, (ptrdiff_t)stride, n, to);
        return;
    }
    double wide[256];
    float *narrow = to;
    for (int64_t first = 0; first < n; first += 256) {
        int64_t count = sv_min_i8(256, n - first);
        sv_load_f8(kernels, dtype, from + first * stride, (ptrdiff_t)stride, count, wide);
        for (int64_t i = 0; i < count; i++) {
            narrow[first + i] = (float)wide[i];
        }
    }
}

sv_piece sv_piece_of(const sv_kernels *kernels, const sv_view *view, sv_precision precision,
                     int64_t first, int64_t n, sv_piece_tile *tile)
{
    const char *address = sv_step(view->address, first, view->strides[0]);
    bool single = precision == SV_SINGLE;
    const void *at = address;
    ptrdiff_t step = (ptrdiff_t)(view->strides[0] / (single ? 4 : 8));
    if (!sv_is_native(view, precision)) {
        sv_convert_to(kernels, view->dtype, address, view->strides[0], n, precision, tile);
        at = tile;
        step = 1;
    }
    return single ? (sv_piece){at, NULL, step} : (sv_piece){NULL, at, step};
}

/* ---- checks ---------------------------------------------------------------------------------- */

sv_status sv_operand_check(const sv_view *view, int ndim, sv_error *error)
{
    if (view->ndim != ndim) {
        return sv_fail(error, SV_SHAPE, "a view of %d axes was given where one of %d is needed",
                       (int)view->ndim, ndim);
    }
    return sv_require_current(view, error);
}

sv_status sv_result_check(const sv_view *view, int ndim, sv_error *error)
{
    sv_status status = sv_operand_check(view, ndim, error);
    status = status == SV_OK ? sv_require_writable(view, error) : status;
    if (status != SV_OK) {
        return status;
    }
    if (!sv_is_native(view, SV_SINGLE) && !sv_is_native(view, SV_DOUBLE)) {
        return sv_fail(error, SV_DTYPE,
                       "results are written to aligned float32 or float64 in native order alone");
    }
    int64_t reach = (int64_t)sv_dtype_itemsize(view->dtype);
    int inner = ndim == 2 && llabs(view->strides[0]) < llabs(view->strides[1]) ? 0 : ndim - 1;
    for (int i = 0; i < ndim; i++) { /* from the inner axis out */
        int axis = i == 0 ? inner : 1 - inner;
        if (view->shape[axis] > 1 && llabs(view->strides[axis]) < reach) {
            return sv_fail(error, SV_INVALID, "elements of the result lie on one another");
        }
        reach += (sv_max_i8(view->shape[axis], 1) - 1) * llabs(view->strides[axis]);
    }
    return SV_OK;
}

static void find_bytes(const sv_view *view, uintptr_t *first, uintptr_t *last)
{
    uintptr_t low = (uintptr_t)view->address, high = low + sv_dtype_itemsize(view->dtype);
    for (int axis = 0; axis < view->ndim; axis++) {
        int64_t reach = (view->shape[axis] - 1) * view->strides[axis];
        low += reach < 0 ? (uintptr_t)reach : 0;
        high += reach > 0 ? (uintptr_t)reach : 0;
    }
    *first = low;
    *last = high;
}

bool sv_views_overlap(const sv_view *a, const sv_view *b)
{
    uintptr_t a_first, a_last, b_first, b_last;
    if (sv_view_size(a) == 0 || sv_view_size(b) == 0) {
        return false;
    }
    find_bytes(a, &a_first, &a_last);
    find_bytes(b, &b_first, &b_last);
    if (a_last <= b_first || b_last <= a_first) {
        return false;
    }
    uint64_t stride = a->ndim == 1 ? (uint64_t)llabs(a->strides[0]) : 0;
    if (a->ndim != 1 || b->ndim != 1 || stride == 0 || (uint64_t)llabs(b->strides[0]) != stride) {
        return true;
    }
    uint64_t behind = (b_first - a_first) % stride;
    if (b_first < a_first) {
        behind = (stride - (a_first - b_first) % stride) % stride;
    }
    return behind < sv_dtype_itemsize(a->dtype) || behind + sv_dtype_itemsize(b->dtype) > stride;
}
