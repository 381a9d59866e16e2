/* Rules that the files of the view share: what may be touched, and how bounds are cut. */
#ifndef SV_VIEW_RULES_H
#define SV_VIEW_RULES_H

#include <stdint.h>

#include "seisview/view.h"

/* SV_STALE when the view's buffer has been closed. */
sv_status sv_require_current(const sv_view *view, sv_error *error);

/* SV_STALE, or SV_READONLY. */
sv_status sv_require_writable(const sv_view *view, sv_error *error);

/* SV_SHAPE when the elements do not lie one after the other in C order. `purpose` ends the sentence
 * "… is needed to": "cast", "reshape". */
sv_status sv_require_c_contiguous(const sv_view *view, const char *purpose, sv_error *error);

/* sv_dtype_store with a sentence. */
sv_status sv_store_checked(sv_dtype dtype, void *address, sv_scalar value, sv_error *error);

bool sv_have_equal_shapes(const sv_view *a, const sv_view *b);

/* The strides of packed elements of `itemsize` bytes. An axis of length 0 counts as 1, as in NumPy,
 * so that no stride overflows. */
void sv_packed_strides(int ndim, const int64_t shape[], sv_order order, int64_t itemsize,
                       int64_t strides[]);

/* One bound of a slice cut to an axis of `length` elements, as PySlice_AdjustIndices does it. */
static inline int64_t sv_slice_bound(int64_t bound, int64_t length, int64_t step)
{
    if ((uint64_t)bound < (uint64_t)length) {
        return bound;
    }
    bool is_down = step < 0;
    if (bound >= 0) {
        return is_down ? length - 1 : length;
    }
    bound += length;
    return bound >= 0 ? bound : (is_down ? -1 : 0);
}

/* `count` strides on. Wraps instead of overflowing: where a view has no element its address means
 * nothing, and neither need the sum. */
static inline char *sv_step(const char *address, int64_t count, int64_t stride)
{
    return (char *)((uintptr_t)address + (uintptr_t)count * (uintptr_t)stride);
}

#endif
