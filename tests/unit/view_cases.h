/* For tests of views: buffers and views of them, and what a view's elements are. */
#ifndef SV_TESTS_VIEW_CASES_H
#define SV_TESTS_VIEW_CASES_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "seisview/view.h"

#define ASSERT_OK(call)             ck_assert_int_eq((call), SV_OK)
#define ASSERT_STATUS(call, status) ck_assert_int_eq((call), (status))

static inline sv_dtype native(sv_type type)
{
    return sv_dtype_make(type, SV_NATIVE_ENDIAN);
}

static inline sv_dtype dtype_of(const char *text)
{
    sv_dtype dtype;
    ASSERT_OK(sv_dtype_parse(text, &dtype, NULL));
    return dtype;
}

/* `size_bytes` bytes 0, 1, 2, … with a buffer of their own, the right size to the byte. */
static inline sv_buffer *counting_buffer(size_t size_bytes)
{
    sv_buffer *buffer;
    sv_view bytes;
    ASSERT_OK(sv_buffer_alloc(size_bytes, &buffer, NULL));
    ASSERT_OK(sv_view_of_buffer(buffer, native(SV_U1), &bytes, NULL));
    for (size_t byte = 0; byte < size_bytes; byte++) {
        ((unsigned char *)bytes.address)[byte] = (unsigned char)byte;
    }
    return buffer;
}

static inline sv_view view_of(const sv_buffer *buffer, const char *type)
{
    sv_view view;
    ASSERT_OK(sv_view_of_buffer(buffer, dtype_of(type), &view, NULL));
    return view;
}

static inline sv_view shaped(const sv_buffer *buffer, const char *type, int ndim,
                             const int64_t shape[])
{
    sv_view view = view_of(buffer, type);
    ASSERT_OK(sv_view_reshape(&view, ndim, shape, &view, NULL));
    return view;
}

/* The same value in all that means something. */
static inline bool same_view(const sv_view *a, const sv_view *b)
{
    if (a->address != b->address || a->generation != b->generation || a->slot != b->slot ||
        !sv_dtype_equal(a->dtype, b->dtype) || a->ndim != b->ndim || a->readonly != b->readonly) {
        return false;
    }
    for (int axis = 0; axis < a->ndim; axis++) {
        if (a->shape[axis] != b->shape[axis] ||
            (a->shape[axis] > 1 && a->strides[axis] != b->strides[axis])) {
            return false;
        }
    }
    return true;
}

/* Goes to the next index in C order; false after the last. */
static inline bool next_index(const sv_view *view, int64_t index[])
{
    for (int axis = view->ndim - 1; axis >= 0; axis--) {
        if (++index[axis] < view->shape[axis]) {
            return true;
        }
        index[axis] = 0;
    }
    return false;
}

/* Bytes from element [0, …, 0] to that at `index`. */
static inline int64_t offset_of(const sv_view *view, const int64_t index[])
{
    int64_t offset = 0;
    for (int axis = 0; axis < view->ndim; axis++) {
        offset += index[axis] * view->strides[axis];
    }
    return offset;
}

/* The elements' bytes in C order, one element at a time: what all faster ways are compared to. */
static inline void copy_slowly(const sv_view *view, char *out)
{
    size_t itemsize = sv_view_itemsize(view);
    int64_t index[SV_MAX_DIMS] = {0};
    if (sv_view_size(view) == 0) {
        return;
    }
    do {
        memcpy(out, view->address + offset_of(view, index), itemsize);
        out += itemsize;
    } while (next_index(view, index));
}

static inline int64_t random_between(struct random *random, int64_t low, int64_t high)
{
    return low + (int64_t)random_below(random, (uint64_t)(high - low) + 1);
}

/* A shape of up to 8 axes and 200 elements. */
static inline int random_shape(struct random *random, int64_t shape[])
{
    int ndim = (int)random_below(random, SV_MAX_DIMS + 1);
    int64_t size = 1;
    for (int axis = 0; axis < ndim; axis++) {
        int64_t most = ndim <= 2 ? 14 : 4;
        shape[axis] = random_below(random, 25) == 0 ? 0 : random_between(random, 1, most);
        if (size * shape[axis] > 200) {
            shape[axis] = 1;
        }
        size *= shape[axis];
    }
    return ndim;
}

/* A view of that shape with strides of any kind: backwards, overlapping itself, of any alignment.
 */
static inline sv_view random_strides(struct random *random, const sv_buffer *buffer, sv_dtype dtype,
                                     int ndim, const int64_t shape[])
{
    int64_t size_bytes = (int64_t)sv_buffer_size_bytes(buffer);
    int64_t itemsize = (int64_t)sv_dtype_itemsize(dtype);
    for (;;) {
        sv_view view;
        int64_t strides[SV_MAX_DIMS];
        int64_t unit = random_below(random, 2) == 0 ? itemsize : 1;
        bool nested = random_below(random, 3) > 0;
        int64_t reach = 1;
        for (int axis = ndim - 1; axis >= 0; axis--) {
            int64_t stride =
                nested ? reach + random_between(random, 0, 2) : random_between(random, 0, 20);
            reach += stride * (shape[axis] > 0 ? shape[axis] - 1 : 0);
            strides[axis] = stride * (nested ? itemsize : unit);
            strides[axis] *= random_below(random, 3) == 0 ? -1 : 1;
        }
        /* Axes in any order of strides. */
        for (int axis = ndim - 1; axis > 0 && !nested; axis--) {
            int other = (int)random_below(random, (uint64_t)axis + 1);
            int64_t kept = strides[axis];
            strides[axis] = strides[other];
            strides[other] = kept;
        }
        for (int attempt = 0; attempt < 8; attempt++) {
            int64_t offset = random_between(random, 0, size_bytes - itemsize);
            if (sv_view_make(buffer, offset, dtype, ndim, shape, strides, &view, NULL) == SV_OK) {
                return view;
            }
        }
    }
}

static inline sv_type random_type(struct random *random)
{
    return (sv_type)random_between(random, SV_TYPE_NONE + 1, SV_NUM_TYPES - 1);
}

static inline unsigned digit_value(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a' + 10);
}

/* The bytes that hexadecimal digits spell, and how many there are. */
static inline size_t bytes_of_hex(const char *hex, unsigned char *bytes)
{
    size_t count = strlen(hex) / 2;
    for (size_t byte = 0; byte < count; byte++) {
        bytes[byte] =
            (unsigned char)(digit_value(hex[2 * byte]) << 4 | digit_value(hex[2 * byte + 1]));
    }
    return count;
}

/* One suite of one case. */
static inline int run_tests(const char *name, const TTest *const tests[], size_t num_tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 300);
    for (size_t index = 0; index < num_tests; index++) {
        tcase_add_test(tcase, tests[index]);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
