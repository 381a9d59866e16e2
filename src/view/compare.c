/* Comparing views and searching them, by value. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "seisview/view.h"
#include "view/rules.h"

/* Equal bytes are equal values, and other bytes other ones: true of integers alone (0.0 == -0.0,
 * NaN equals nothing, IBM numbers have several forms). */
static bool bytes_decide(const sv_view *a, const sv_view *b)
{
    return sv_dtype_equal(a->dtype, b->dtype) && a->dtype.type != SV_F4 && a->dtype.type != SV_F8 &&
           a->dtype.type != SV_IBM4 && sv_view_c_contiguous(a) && sv_view_c_contiguous(b);
}

static bool have_equal_elements(const sv_view *a, const sv_view *b)
{
    sv_cursor of_a;
    sv_cursor of_b;
    sv_cursor_begin(&of_a, a);
    sv_cursor_begin(&of_b, b);
    for (const void *element; (element = sv_cursor_next(&of_a)) != NULL;) {
        sv_scalar value = sv_dtype_load(a->dtype, element);
        if (!sv_scalar_equal(value, sv_dtype_load(b->dtype, sv_cursor_next(&of_b)))) {
            return false;
        }
    }
    return true;
}

sv_status sv_view_equal(const sv_view *a, const sv_view *b, bool *equal, sv_error *error)
{
    sv_status status = sv_require_current(a, error);
    if (status != SV_OK || (status = sv_require_current(b, error)) != SV_OK) {
        return status;
    }
    if (!sv_have_equal_shapes(a, b)) {
        *equal = false;
    } else if (sv_view_size(a) == 0) {
        *equal = true;
    } else if (bytes_decide(a, b)) {
        *equal = memcmp(a->address, b->address, (size_t)sv_view_nbytes(a)) == 0;
    } else {
        *equal = have_equal_elements(a, b);
    }
    return SV_OK;
}

/* How many elements equal `value`, but no more than `enough`. */
static int64_t count_up_to(const sv_view *view, sv_scalar value, int64_t enough)
{
    int64_t count = 0;
    sv_cursor cursor;
    sv_cursor_begin(&cursor, view);
    for (const void *element; count < enough && (element = sv_cursor_next(&cursor)) != NULL;) {
        count += sv_scalar_equal(sv_dtype_load(view->dtype, element), value) ? 1 : 0;
    }
    return count;
}

sv_status sv_view_count(const sv_view *view, sv_scalar value, int64_t *count, sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status == SV_OK) {
        *count = count_up_to(view, value, INT64_MAX);
    }
    return status;
}

sv_status sv_view_contains(const sv_view *view, sv_scalar value, bool *found, sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status == SV_OK) {
        *found = count_up_to(view, value, 1) > 0;
    }
    return status;
}

sv_status sv_view_find(const sv_view *view, sv_scalar value, int64_t start, int64_t stop,
                       int64_t *index, sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK) {
        return status;
    }
    if (view->ndim != 1) {
        return sv_fail(error, SV_SHAPE, "a search needs 1 axis, the view has %d; reshape it",
                       view->ndim);
    }
    start = sv_slice_bound(start, view->shape[0], 1);
    stop = sv_slice_bound(stop, view->shape[0], 1);
    for (int64_t at = start; at < stop; at++) {
        const char *element = sv_step(view->address, at, view->strides[0]);
        if (sv_scalar_equal(sv_dtype_load(view->dtype, element), value)) {
            *index = at;
            return SV_OK;
        }
    }
    return sv_fail(error, SV_NOTFOUND, "no element from %" PRId64 " to %" PRId64 " has that value",
                   start, stop);
}
