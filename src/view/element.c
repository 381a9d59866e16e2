/* Single elements: where they lie, reading, storing, and walking over all of them. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "seisview/view.h"
#include "view/rules.h"

static sv_status find_element(const sv_view *view, const int64_t index[], char **address,
                              sv_error *error)
{
    char *element = view->address;
    for (int axis = 0; axis < view->ndim; axis++) {
        int64_t length = view->shape[axis];
        int64_t from_start = index[axis] < 0 ? index[axis] + length : index[axis];
        if (from_start < 0 || from_start >= length) {
            return sv_fail(error, SV_RANGE,
                           "index %" PRId64 " is outside axis %d, which has %" PRId64 " elements",
                           index[axis], axis, length);
        }
        element = sv_step(element, from_start, view->strides[axis]);
    }
    *address = element;
    return SV_OK;
}

sv_status sv_view_address(const sv_view *view, const int64_t index[], void **address,
                          sv_error *error)
{
    char *element;
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK || (status = find_element(view, index, &element, error)) != SV_OK) {
        return status;
    }
    *address = element;
    return SV_OK;
}

/* ---- reading ---- */

sv_status sv_view_get(const sv_view *view, const int64_t index[], sv_scalar *value, sv_error *error)
{
    void *address;
    sv_status status = sv_view_address(view, index, &address, error);
    if (status == SV_OK) {
        *value = sv_dtype_load(view->dtype, address);
    }
    return status;
}

sv_status sv_view_get_f8(const sv_view *view, const int64_t index[], double *value, sv_error *error)
{
    sv_scalar scalar;
    sv_status status = sv_view_get(view, index, &scalar, error);
    if (status == SV_OK) {
        *value = sv_scalar_as_f8(scalar);
    }
    return status;
}

static sv_status no_such_integer(sv_scalar scalar, sv_dtype dtype, const char *type,
                                 sv_error *error)
{
    char text[SV_SCALAR_TEXT_SIZE];
    return sv_fail(error, SV_RANGE, "%s is not a whole number that %s holds; read it as float64",
                   sv_scalar_text(scalar, dtype, text), type);
}

sv_status sv_view_get_i8(const sv_view *view, const int64_t index[], int64_t *value,
                         sv_error *error)
{
    sv_scalar scalar;
    sv_status status = sv_view_get(view, index, &scalar, error);
    if (status != SV_OK) {
        return status;
    }
    /* Whatever the kind, storing knows which values fit. */
    int64_t stored;
    if (sv_dtype_store(sv_dtype_make(SV_I8, SV_NATIVE_ENDIAN), &stored, scalar) != SV_OK) {
        return no_such_integer(scalar, view->dtype, "int64", error);
    }
    *value = stored;
    return SV_OK;
}

sv_status sv_view_get_u8(const sv_view *view, const int64_t index[], uint64_t *value,
                         sv_error *error)
{
    sv_scalar scalar;
    sv_status status = sv_view_get(view, index, &scalar, error);
    if (status != SV_OK) {
        return status;
    }
    uint64_t stored;
    if (sv_dtype_store(sv_dtype_make(SV_U8, SV_NATIVE_ENDIAN), &stored, scalar) != SV_OK) {
        return no_such_integer(scalar, view->dtype, "uint64", error);
    }
    *value = stored;
    return SV_OK;
}

/* ---- storing ---- */

sv_status sv_view_set(const sv_view *view, const int64_t index[], sv_scalar value, sv_error *error)
{
    char *element;
    sv_status status = sv_require_writable(view, error);
    if (status != SV_OK || (status = find_element(view, index, &element, error)) != SV_OK) {
        return status;
    }
    return sv_store_checked(view->dtype, element, value, error);
}

sv_status sv_store_checked(sv_dtype dtype, void *address, sv_scalar value, sv_error *error)
{
    sv_status status = sv_dtype_store(dtype, address, value);
    if (status == SV_OK) {
        return SV_OK;
    }
    /* The value as it was given: an integer in full, a float with float64's digits. */
    char text[SV_SCALAR_TEXT_SIZE];
    char type[SV_DTYPE_TEXT_SIZE];
    sv_type given = value.kind == SV_KIND_INT ? SV_I8 : value.kind == SV_KIND_UINT ? SV_U8 : SV_F8;
    sv_scalar_text(value, sv_dtype_make(given, SV_NATIVE_ENDIAN), text);
    return sv_fail(error, status, "%s does not fit in %s", text, sv_dtype_text(dtype, type));
}

sv_status sv_view_set_f8(const sv_view *view, const int64_t index[], double value, sv_error *error)
{
    return sv_view_set(view, index, sv_scalar_float(value), error);
}

sv_status sv_view_set_i8(const sv_view *view, const int64_t index[], int64_t value, sv_error *error)
{
    return sv_view_set(view, index, sv_scalar_int(value), error);
}

sv_status sv_view_set_u8(const sv_view *view, const int64_t index[], uint64_t value,
                         sv_error *error)
{
    return sv_view_set(view, index, sv_scalar_uint(value), error);
}

/* ---- iteration ---- */

sv_status sv_cursor_begin(sv_cursor *cursor, const sv_view *view)
{
    sv_status status = sv_view_check(view);
    cursor->view = *view;
    memset(cursor->index, 0, sizeof cursor->index);
    cursor->next = view->address;
    cursor->left = status == SV_OK ? sv_view_size(view) : 0;
    return status;
}

/* Back to the beginning of every axis that has come to its end, and one on along the next. */
static void carry(sv_cursor *cursor, int axis)
{
    const sv_view *view = &cursor->view;
    while (cursor->index[axis] == view->shape[axis] - 1) {
        cursor->next = sv_step(cursor->next, -cursor->index[axis], view->strides[axis]);
        cursor->index[axis] = 0;
        axis--;
    }
    cursor->index[axis]++;
    cursor->next = sv_step(cursor->next, 1, view->strides[axis]);
}

void *sv_cursor_next(sv_cursor *cursor)
{
    if (cursor->left == 0) {
        return NULL;
    }
    char *element = cursor->next;
    cursor->left--;
    if (cursor->left > 0) {
        /* With an element left some axis can still go on, so the carry ends there. */
        carry(cursor, cursor->view.ndim - 1);
    }
    return element;
}
