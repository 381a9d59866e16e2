/* Storing and copying many elements: from view to view, from and to packed bytes, and filling. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "seisview/view.h"
#include "view/rules.h"

/* ---- two layouts walked together ---- */

/* Element [i, j, …] goes from `from` to `to`, both with strides of their own. */
struct walk {
    char *to;
    const char *from;
    int64_t itemsize;
    int ndim;
    int64_t shape[SV_MAX_DIMS];
    int64_t to_strides[SV_MAX_DIMS];
    int64_t from_strides[SV_MAX_DIMS];
};

/* Axes of one element are left out: their strides mean nothing. */
static void begin_walk(struct walk *walk, const sv_view *view, char *to, const int64_t to_strides[],
                       const char *from, const int64_t from_strides[])
{
    walk->to = to;
    walk->from = from;
    walk->itemsize = (int64_t)sv_view_itemsize(view);
    walk->ndim = 0;
    for (int axis = 0; axis < view->ndim; axis++) {
        if (view->shape[axis] == 1) {
            continue;
        }
        walk->shape[walk->ndim] = view->shape[axis];
        walk->to_strides[walk->ndim] = to_strides[axis];
        walk->from_strides[walk->ndim] = from_strides[axis];
        walk->ndim++;
    }
}

static void flip_axis(struct walk *walk, int axis)
{
    int64_t last = walk->shape[axis] - 1;
    walk->to = sv_step(walk->to, last, walk->to_strides[axis]);
    walk->from = sv_step(walk->from, last, walk->from_strides[axis]);
    walk->to_strides[axis] = -walk->to_strides[axis];
    walk->from_strides[axis] = -walk->from_strides[axis];
}

static void swap_axes(struct walk *walk, int a, int b)
{
    int64_t *columns[] = {walk->shape, walk->to_strides, walk->from_strides};
    for (size_t column = 0; column < 3; column++) {
        int64_t kept = columns[column][a];
        columns[column][a] = columns[column][b];
        columns[column][b] = kept;
    }
}

/* Turns and sorts the axes so that the walk stores at rising addresses. */
static void sort_walk(struct walk *walk)
{
    for (int axis = 0; axis < walk->ndim; axis++) {
        if (walk->to_strides[axis] < 0) {
            flip_axis(walk, axis);
        }
        for (int to = axis; to > 0 && walk->to_strides[to - 1] < walk->to_strides[to]; to--) {
            swap_axes(walk, to - 1, to);
        }
    }
}

/* Of a sorted walk: every step is longer than all that the axes after it reach, so no two elements
 * are stored to the same byte, and addresses rise all the way. */
static bool is_nested(const struct walk *walk)
{
    int64_t reach = walk->itemsize;
    for (int axis = walk->ndim - 1; axis >= 0; axis--) {
        if (walk->to_strides[axis] < reach) {
            return false;
        }
        reach += walk->to_strides[axis] * (walk->shape[axis] - 1);
    }
    return true;
}

/* Joins neighbouring axes that are one run in both layouts. */
static void merge_axes(struct walk *walk)
{
    int kept = 0;
    for (int axis = 1; axis < walk->ndim; axis++) {
        int64_t length = walk->shape[axis];
        bool joined = walk->to_strides[kept] == walk->to_strides[axis] * length &&
                      walk->from_strides[kept] == walk->from_strides[axis] * length;
        kept += joined ? 0 : 1;
        walk->shape[kept] = joined ? walk->shape[kept] * length : length;
        walk->to_strides[kept] = walk->to_strides[axis];
        walk->from_strides[kept] = walk->from_strides[axis];
    }
    walk->ndim = walk->ndim > 0 ? kept + 1 : 0;
}

/* ---- copying along a walk ---- */

/* A constant size makes memmove one load and one store; an element may overlap its own copy. */
static inline void copy_items(char *to, int64_t to_stride, const char *from, int64_t from_stride,
                              int64_t count, size_t itemsize)
{
    for (int64_t item = 0; item < count; item++) {
        memmove(to, from, itemsize);
        to = sv_step(to, 1, to_stride);
        from = sv_step(from, 1, from_stride);
    }
}

static void copy_row(const struct walk *walk, int axis, char *to, const char *from)
{
    int64_t count = walk->shape[axis];
    int64_t to_stride = walk->to_strides[axis];
    int64_t from_stride = walk->from_strides[axis];
    int64_t itemsize = walk->itemsize;
    if (to_stride == from_stride && to_stride == -itemsize) {
        to -= (count - 1) * itemsize;
        from -= (count - 1) * itemsize;
        to_stride = from_stride = itemsize;
    }
    if (to_stride == itemsize && from_stride == itemsize) {
        memmove(to, from, (size_t)(count * itemsize));
        return;
    }
    switch (itemsize) {
    case 1: copy_items(to, to_stride, from, from_stride, count, 1); return;
    case 2: copy_items(to, to_stride, from, from_stride, count, 2); return;
    case 3: copy_items(to, to_stride, from, from_stride, count, 3); return;
    case 4: copy_items(to, to_stride, from, from_stride, count, 4); return;
    case 8: copy_items(to, to_stride, from, from_stride, count, 8); return;
    default: copy_items(to, to_stride, from, from_stride, count, (size_t)itemsize); return;
    }
}

static void copy_axes(const struct walk *walk, int axis, char *to, const char *from)
{
    if (axis == walk->ndim - 1) {
        copy_row(walk, axis, to, from);
        return;
    }
    for (int64_t index = 0; index < walk->shape[axis]; index++) {
        copy_axes(walk, axis + 1, to, from);
        to = sv_step(to, 1, walk->to_strides[axis]);
        from = sv_step(from, 1, walk->from_strides[axis]);
    }
}

static void run_walk(struct walk *walk)
{
    merge_axes(walk);
    if (walk->ndim == 0) {
        memmove(walk->to, walk->from, (size_t)walk->itemsize);
    } else {
        copy_axes(walk, 0, walk->to, walk->from);
    }
}

/* Where the two do not overlap any order will do, but for elements that are stored to more than
 * once: there C order decides which of them stays. */
static void copy_apart(const sv_view *view, char *to, const int64_t to_strides[], const char *from,
                       const int64_t from_strides[])
{
    struct walk in_c_order;
    begin_walk(&in_c_order, view, to, to_strides, from, from_strides);
    struct walk sorted = in_c_order;
    sort_walk(&sorted);
    run_walk(is_nested(&sorted) ? &sorted : &in_c_order);
}

/* ---- assigning views that may overlap ---- */

struct span {
    uintptr_t from;
    uintptr_t to;
};

static struct span bytes_of(const sv_view *view)
{
    uintptr_t address = (uintptr_t)view->address;
    struct span span = {address, address + sv_view_itemsize(view)};
    for (int axis = 0; axis < view->ndim; axis++) {
        int64_t distance = view->strides[axis] * (view->shape[axis] - 1);
        uintptr_t *end = distance < 0 ? &span.from : &span.to;
        *end += (uintptr_t)distance;
    }
    return span;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* Interleaved channels: where all strides are multiples of one number, the elements of each view
 * keep to their own bytes of every such stretch. */
static bool are_interleaved(const sv_view *a, const sv_view *b)
{
    int64_t stretch = 0;
    for (int axis = 0; axis < a->ndim; axis++) {
        if (a->shape[axis] > 1) {
            stretch = common_divisor(stretch, a->strides[axis]);
            stretch = common_divisor(stretch, b->strides[axis]);
        }
    }
    if (stretch == 0) {
        return false;
    }
    int64_t itemsize = (int64_t)sv_view_itemsize(a);
    int64_t apart = (int64_t)((uintptr_t)a->address - (uintptr_t)b->address) % stretch;
    apart += apart < 0 ? stretch : 0;
    return apart >= itemsize && apart + itemsize <= stretch;
}

static bool may_overlap(const sv_view *a, const sv_view *b)
{
    struct span of_a = bytes_of(a);
    struct span of_b = bytes_of(b);
    if (of_a.to <= of_b.from || of_b.to <= of_a.from) {
        return false;
    }
    return !are_interleaved(a, b);
}

/* One layout at two places: each element moves by the same distance. Walking away from where they
 * move to, nothing is overwritten before it was read. False where the layout has no such order. */
static bool shift(const sv_view *to, const sv_view *from)
{
    struct walk walk;
    begin_walk(&walk, to, to->address, to->strides, from->address, from->strides);
    for (int axis = 0; axis < walk.ndim; axis++) {
        if (walk.to_strides[axis] != walk.from_strides[axis]) {
            return false;
        }
    }
    sort_walk(&walk);
    if (!is_nested(&walk)) {
        return false;
    }
    if ((uintptr_t)to->address > (uintptr_t)from->address) {
        for (int axis = 0; axis < walk.ndim; axis++) {
            flip_axis(&walk, axis);
        }
    }
    run_walk(&walk);
    return true;
}

static sv_status assign_through_scratch(const sv_view *to, const sv_view *from, sv_error *error)
{
    int64_t packed[SV_MAX_DIMS];
    size_t nbytes = (size_t)sv_view_nbytes(from);
    char *scratch = sv_malloc(nbytes);
    if (scratch == NULL) {
        return sv_fail_memory(error, nbytes);
    }
    sv_packed_strides(from->ndim, from->shape, SV_C_ORDER, (int64_t)sv_view_itemsize(from), packed);
    copy_apart(from, scratch, packed, from->address, from->strides);
    copy_apart(to, to->address, to->strides, scratch, packed);
    sv_free(scratch);
    return SV_OK;
}

sv_status sv_view_assign(const sv_view *to, const sv_view *from, sv_error *error)
{
    sv_status status = sv_require_writable(to, error);
    if (status != SV_OK || (status = sv_require_current(from, error)) != SV_OK) {
        return status;
    }
    if (!sv_dtype_equal(to->dtype, from->dtype)) {
        char to_type[SV_DTYPE_TEXT_SIZE];
        char from_type[SV_DTYPE_TEXT_SIZE];
        return sv_fail(error, SV_DTYPE,
                       "elements of %s cannot be assigned to %s; store them singly",
                       sv_dtype_text(from->dtype, from_type), sv_dtype_text(to->dtype, to_type));
    }
    if (!sv_have_equal_shapes(to, from)) {
        return sv_fail(error, SV_SHAPE, "the two views have different shapes; slice one to match");
    }
    if (sv_view_size(to) == 0) {
        return SV_OK;
    }
    if (!may_overlap(to, from)) {
        copy_apart(to, to->address, to->strides, from->address, from->strides);
        return SV_OK;
    }
    return shift(to, from) ? SV_OK : assign_through_scratch(to, from, error);
}

/* ---- packed bytes, and one value for all ---- */

static sv_status check_nbytes(const sv_view *view, size_t size_bytes, sv_error *error)
{
    size_t nbytes = (size_t)sv_view_nbytes(view);
    if (nbytes == size_bytes) {
        return SV_OK;
    }
    return sv_fail(error, SV_SHAPE, "the view has %zu bytes; %zu were given", nbytes, size_bytes);
}

sv_status sv_view_copy_out(const sv_view *view, sv_order order, void *out, size_t out_bytes,
                           sv_error *error)
{
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK || (status = check_nbytes(view, out_bytes, error)) != SV_OK) {
        return status;
    }
    if (out_bytes > 0) {
        int64_t packed[SV_MAX_DIMS];
        sv_packed_strides(view->ndim, view->shape, order, (int64_t)sv_view_itemsize(view), packed);
        copy_apart(view, out, packed, view->address, view->strides);
    }
    return SV_OK;
}

sv_status sv_view_assign_bytes(const sv_view *to, const void *bytes, size_t size_bytes,
                               sv_error *error)
{
    sv_status status = sv_require_writable(to, error);
    if (status != SV_OK || (status = check_nbytes(to, size_bytes, error)) != SV_OK) {
        return status;
    }
    if (size_bytes > 0) {
        int64_t packed[SV_MAX_DIMS];
        sv_packed_strides(to->ndim, to->shape, SV_C_ORDER, (int64_t)sv_view_itemsize(to), packed);
        copy_apart(to, to->address, to->strides, bytes, packed);
    }
    return SV_OK;
}

sv_status sv_view_fill(const sv_view *to, sv_scalar value, sv_error *error)
{
    char element[sizeof(int64_t)];
    sv_status status = sv_require_writable(to, error);
    if (status != SV_OK || (status = sv_store_checked(to->dtype, element, value, error)) != SV_OK) {
        return status;
    }
    if (sv_view_size(to) > 0) {
        int64_t repeated[SV_MAX_DIMS] = {0};
        copy_apart(to, to->address, to->strides, element, repeated);
    }
    return SV_OK;
}
