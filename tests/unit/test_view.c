/* Views: making them, asking them, and views made from views. The names of the tests follow the
 * rows of what Python's memoryview can do; golden/ holds what Python answers. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "view_cases.h"

/* ---- a view over memory that someone owns ---- */

/* Element 1 of three samples is read, stored where that is possible, and read again. */
static void check_owner(sv_buffer *buffer, bool readonly)
{
    sv_view view = view_of(buffer, "<i2");
    int64_t value;
    ck_assert_int_eq(view.shape[0], 3);
    ck_assert(view.readonly == readonly);
    ASSERT_OK(sv_view_get_i8(&view, (int64_t[]){1}, &value, NULL));
    ck_assert_int_eq(value, 7);
    ASSERT_STATUS(sv_view_set_i8(&view, (int64_t[]){1}, -9, NULL), readonly ? SV_READONLY : SV_OK);
    ASSERT_OK(sv_view_get_i8(&view, (int64_t[]){1}, &value, NULL));
    ck_assert_int_eq(value, readonly ? 7 : -9);
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_STATUS(sv_view_check(&view), SV_STALE);
}

static void put_seven(sv_buffer *buffer)
{
    sv_view view = view_of(buffer, "<i2");
    ASSERT_OK(sv_view_set_i8(&view, (int64_t[]){1}, 7, NULL));
}

START_TEST(a_view_over_memory_that_someone_owns)
{
    static const unsigned char lent_const[] = {0, 0, 7, 0, 0, 0};
    unsigned char lent[] = {0, 0, 7, 0, 0, 0};
    char name[64];
    sv_buffer *buffer;
    snprintf(name, sizeof name, "/seisview-test-view-%ld", (long)getpid());

    ASSERT_OK(sv_buffer_alloc(6, &buffer, NULL));
    put_seven(buffer);
    check_owner(buffer, false);
    ASSERT_OK(sv_buffer_borrow(lent, sizeof lent, &buffer, NULL));
    check_owner(buffer, false);
    ck_assert_uint_eq(lent[2], 0xf7);
    ASSERT_OK(sv_buffer_borrow_const(lent_const, sizeof lent_const, &buffer, NULL));
    check_owner(buffer, true);
    ASSERT_OK(sv_buffer_memfd("view", 6, &buffer, NULL));
    put_seven(buffer);
    check_owner(buffer, false);
    ASSERT_OK(sv_buffer_shm_create(name, 6, &buffer, NULL));
    put_seven(buffer);
    sv_buffer *other;
    ASSERT_OK(sv_buffer_shm_open(name, SV_READ, &other, NULL));
    ASSERT_OK(sv_buffer_shm_unlink(name, NULL));
    check_owner(other, true);
    check_owner(buffer, false);
}
END_TEST

START_TEST(a_view_over_a_mapped_file)
{
    static const sv_access accesses[] = {SV_READ, SV_PRIVATE, SV_SHARED};
    char path[] = "/tmp/seisview-test-view-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "\0\0\7\0\0\0", 6), 6);
    for (size_t row = 0; row < 3; row++) {
        sv_buffer *buffer;
        ASSERT_OK(sv_buffer_map(path, accesses[row], &buffer, NULL));
        check_owner(buffer, accesses[row] == SV_READ);
    }
    char stored[6]; /* by the shared map, and by no other before it */
    ck_assert_int_eq(pread(fd, stored, 6, 0), 6);
    ck_assert_mem_eq(stored, "\0\0\xf7\xff\0\0", 6);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(an_empty_buffer_has_views_without_elements)
{
    sv_buffer *buffer;
    char text[8];
    ASSERT_OK(sv_buffer_alloc(0, &buffer, NULL));
    sv_view view = view_of(buffer, "f4");
    ck_assert_int_eq(view.shape[0], 0);
    ck_assert_int_eq(sv_view_nbytes(&view), 0);
    ASSERT_OK(sv_view_slice(&view, 0, SV_END, SV_BEGIN, -1, &view, NULL));
    ASSERT_OK(sv_view_reshape(&view, 3, (int64_t[]){4, 0, 2}, &view, NULL));
    ASSERT_OK(sv_view_at(&view, 0, 3, &view, NULL));
    ASSERT_OK(sv_view_text(&view, text, sizeof text, NULL, NULL));
    ck_assert_str_eq(text, "[]");
    ASSERT_OK(sv_view_make(buffer, 0, native(SV_F4), 2, (int64_t[]){0, 5}, (int64_t[]){9, -99},
                           &view, NULL));
    ASSERT_OK(sv_view_at(&view, 1, 4, &view, NULL));
    ASSERT_STATUS(sv_view_at(&view, 0, 0, &view, NULL), SV_RANGE);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- making ---- */

static void refuse_make(const sv_buffer *buffer, int64_t offset, sv_dtype dtype, int ndim,
                        const int64_t shape[], const int64_t strides[], sv_status status)
{
    sv_error error = {.message = ""};
    sv_view view = {.ndim = 77};
    ASSERT_STATUS(sv_view_make(buffer, offset, dtype, ndim, shape, strides, &view, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_str_ne(error.message, "");
    ck_assert_int_eq(view.ndim, 77);
    ASSERT_STATUS(sv_view_make(buffer, offset, dtype, ndim, shape, strides, &view, NULL), status);
}

START_TEST(a_view_never_leaves_its_buffer)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_dtype i4 = native(SV_I4);
    sv_view view;
    ASSERT_OK(sv_view_make(buffer, 0, i4, 2, (int64_t[]){2, 3}, NULL, &view, NULL));
    ASSERT_OK(
        sv_view_make(buffer, 20, i4, 2, (int64_t[]){2, 3}, (int64_t[]){-12, -4}, &view, NULL));
    ASSERT_OK(sv_view_make(buffer, 20, i4, 0, NULL, NULL, &view, NULL));
    ASSERT_OK(
        sv_view_make(buffer, 0, i4, 1, (int64_t[]){INT64_MAX / 4}, (int64_t[]){0}, &view, NULL));
    ck_assert_int_eq(sv_view_nbytes(&view), INT64_MAX / 4 * 4);
    ASSERT_OK(sv_view_make(buffer, 3, i4, 1, (int64_t[]){1}, (int64_t[]){INT64_MIN}, &view, NULL));
    refuse_make(buffer, 21, i4, 0, NULL, NULL, SV_RANGE);
    refuse_make(buffer, -1, i4, 0, NULL, NULL, SV_RANGE);
    refuse_make(buffer, 4, i4, 2, (int64_t[]){2, 3}, NULL, SV_RANGE);
    refuse_make(buffer, 19, i4, 2, (int64_t[]){2, 3}, (int64_t[]){-12, -4}, SV_RANGE);
    refuse_make(buffer, 0, i4, 1, (int64_t[]){7}, NULL, SV_RANGE);
    refuse_make(buffer, 0, i4, 1, (int64_t[]){2}, (int64_t[]){21}, SV_RANGE);
    refuse_make(buffer, INT64_MAX, i4, 1, (int64_t[]){2}, NULL, SV_OVERFLOW);
    refuse_make(buffer, 0, i4, 1, (int64_t[]){3}, (int64_t[]){INT64_MAX}, SV_OVERFLOW);
    refuse_make(buffer, 0, i4, 1, (int64_t[]){3}, (int64_t[]){INT64_MIN}, SV_OVERFLOW);
    refuse_make(buffer, 0, i4, 2, (int64_t[]){2, 2}, (int64_t[]){INT64_MAX, 1}, SV_OVERFLOW);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(shapes_that_overflow_are_refused)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_dtype u1 = native(SV_U1);
    int64_t huge = (int64_t)1 << 40;
    int64_t eight[] = {256, 256, 256, 256, 256, 256, 256, 256};
    refuse_make(buffer, 0, u1, 2, (int64_t[]){huge, huge}, NULL, SV_OVERFLOW);
    refuse_make(buffer, 0, u1, 2, (int64_t[]){huge, huge}, (int64_t[]){0, 0}, SV_OVERFLOW);
    refuse_make(buffer, 0, u1, 8, eight, NULL, SV_OVERFLOW); /* 2^64: zero in 64 bits */
    refuse_make(buffer, 0, native(SV_F8), 1, (int64_t[]){INT64_MAX}, (int64_t[]){0}, SV_OVERFLOW);
    refuse_make(buffer, 0, u1, 3, (int64_t[]){huge, 0, huge}, NULL, SV_OVERFLOW);
    sv_view view;
    ASSERT_OK(sv_view_make(buffer, 0, u1, 1, (int64_t[]){INT64_MAX}, (int64_t[]){0}, &view, NULL));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(nonsense_makes_no_view)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_dtype none = {SV_TYPE_NONE, SV_NATIVE_ENDIAN};
    sv_dtype beyond = {SV_NUM_TYPES, SV_NATIVE_ENDIAN};
    int64_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    sv_view view = {.ndim = 77};
    refuse_make(buffer, 0, none, 1, (int64_t[]){1}, NULL, SV_INVALID);
    refuse_make(buffer, 0, beyond, 1, (int64_t[]){1}, NULL, SV_INVALID);
    refuse_make(buffer, 0, native(SV_U1), 9, nine, NULL, SV_INVALID);
    refuse_make(buffer, 0, native(SV_U1), -1, NULL, NULL, SV_INVALID);
    refuse_make(buffer, 0, native(SV_U1), 1, (int64_t[]){-1}, NULL, SV_INVALID);
    refuse_make(buffer, 0, native(SV_U1), 2, (int64_t[]){0, INT64_MIN}, NULL, SV_INVALID);
    ASSERT_STATUS(sv_view_of_buffer(buffer, none, &view, NULL), SV_INVALID);
    ASSERT_OK(sv_view_of_buffer(buffer, native(SV_I3), &view, NULL));
    ck_assert_int_eq(view.shape[0], 8);
    ASSERT_OK(sv_buffer_close(buffer));
    buffer = counting_buffer(25);
    view.ndim = 77;
    sv_error error;
    ASSERT_STATUS(sv_view_of_buffer(buffer, native(SV_I3), &view, &error), SV_SHAPE);
    ck_assert_ptr_nonnull(strstr(error.message, "1 are left over"));
    ck_assert_int_eq(view.ndim, 77);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- no copy on slicing ---- */

static const struct {
    int64_t length, start, stop, step;
    const char *elements;
    int64_t stride;
} golden_slices[] = {
#include "golden/slices.def"
};

START_TEST(slices_are_python_s)
{
    for (size_t row = 0; row < sizeof golden_slices / sizeof golden_slices[0]; row++) {
        int64_t length = golden_slices[row].length;
        sv_buffer *buffer = counting_buffer((size_t)length * 2);
        sv_view view = view_of(buffer, "<u2");
        sv_view slice;
        ASSERT_OK(sv_view_slice(&view, 0, golden_slices[row].start, golden_slices[row].stop,
                                golden_slices[row].step, &slice, NULL));
        size_t count = strlen(golden_slices[row].elements);
        ck_assert_int_eq(slice.shape[0], (int64_t)count);
        if (count > 1) {
            ck_assert_int_eq(slice.strides[0], golden_slices[row].stride);
        }
        for (size_t element = 0; element < count; element++) {
            int64_t original = golden_slices[row].elements[element] - '0';
            void *address;
            ASSERT_OK(sv_view_address(&slice, (int64_t[]){(int64_t)element}, &address, NULL));
            ck_assert_ptr_eq(address, view.address + 2 * original);
        }
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

START_TEST(no_copy_on_slicing_in_eight_dimensions)
{
    sv_buffer *buffer = counting_buffer(256 * 2);
    const int64_t shape[] = {2, 2, 2, 2, 2, 2, 2, 2};
    sv_view view = shaped(buffer, "u2", 8, shape);
    sv_view other;
    sv_memory_fail_after(0, true); /* whatever would allocate now, fails */
    for (int axis = -8; axis < 8; axis++) {
        ASSERT_OK(sv_view_slice(&view, axis, SV_END, SV_BEGIN, -1, &other, NULL));
        int positive = axis < 0 ? axis + 8 : axis;
        ck_assert_int_eq(other.strides[positive], -view.strides[positive]);
        ck_assert_ptr_eq(other.address, view.address + view.strides[positive]);
        ASSERT_OK(sv_view_at(&view, axis, -1, &other, NULL));
        ck_assert_int_eq(other.ndim, 7);
        ck_assert_ptr_eq(other.address, view.address + view.strides[positive]);
    }
    ASSERT_OK(sv_view_transpose(&view, NULL, &other, NULL));
    ck_assert_int_eq(other.strides[0], 2);
    other = view;
    for (int axes = 7; axes >= 0; axes--) {
        ASSERT_OK(sv_view_at(&other, 0, 1, &other, NULL));
        ck_assert_int_eq(other.ndim, axes);
    }
    ck_assert_ptr_eq(other.address, view.address + 255 * 2);
    ASSERT_STATUS(sv_view_at(&other, 0, 0, &other, NULL), SV_INVALID);
    sv_memory_fail_after(-1, false);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(a_slice_of_a_slice_is_the_composed_slice)
{
    struct random random = random_begin("slice of slice");
    sv_buffer *buffer = counting_buffer(40 * 4);
    sv_view view = view_of(buffer, "u4");
    for (int round = 0; round < 20000; round++) {
        sv_view slice;
        int64_t indices[40];
        int64_t count = random_between(&random, 0, 40);
        ASSERT_STATUS(sv_view_slice(&view, 0, 0, count, 1, &slice, NULL), SV_OK);
        for (int64_t index = 0; index < count; index++) {
            indices[index] = index;
        }
        for (int depth = 0; depth < 4; depth++) {
            int64_t step = random_between(&random, 1, 4) * (random_below(&random, 2) ? 1 : -1);
            int64_t start = random_between(&random, -1, count);
            int64_t stop = random_between(&random, -1, count);
            /* The same on a list of indices; −1 stands for "before the first". */
            int64_t kept = 0;
            int64_t cut[40];
            int64_t first = step < 0 && start == count ? count - 1 : start;
            first = step > 0 && start < 0 ? 0 : first;
            for (int64_t at = first; step > 0 ? at < stop : at > stop; at += step) {
                cut[kept++] = indices[at];
            }
            memcpy(indices, cut, sizeof cut);
            sv_view_slice(&slice, 0, start < 0 ? SV_BEGIN : start, stop < 0 ? SV_BEGIN : stop, step,
                          &slice, NULL);
            count = kept;
            require(slice.shape[0] == count, "the slice has another length");
        }
        for (int64_t index = 0; index < count; index++) {
            require(slice.address + index * slice.strides[0] == view.address + 4 * indices[index],
                    "the slice has another element");
        }
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(slices_of_any_view_stay_in_it)
{
    struct random random = random_begin("slices stay inside");
    sv_buffer *buffer = counting_buffer(4096);
    const char *data = sv_buffer_data(buffer);
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1};
    for (int round = 0; round < 20000; round++) {
        int64_t shape[SV_MAX_DIMS];
        sv_dtype dtype = native(random_type(&random));
        int ndim = random_shape(&random, shape);
        sv_view view = random_strides(&random, buffer, dtype, ndim, shape);
        for (int depth = 0; depth < 3 && view.ndim > 0; depth++) {
            int64_t bounds[3];
            for (int bound = 0; bound < 3; bound++) {
                bounds[bound] = random_below(&random, 4) == 0 ? extremes[random_below(&random, 4)]
                                                              : random_between(&random, -16, 16);
            }
            bounds[2] += bounds[2] == 0 ? 1 : 0;
            int axis = (int)random_below(&random, view.ndim);
            sv_view_slice(&view, axis, bounds[0], bounds[1], bounds[2], &view, NULL);
        }
        int64_t index[SV_MAX_DIMS] = {0};
        if (sv_view_size(&view) > 0) {
            do {
                const char *element = view.address + offset_of(&view, index);
                require(element >= data && element + sv_view_itemsize(&view) <=
                                               data + sv_buffer_size_bytes(buffer),
                        "an element lies outside the buffer");
            } while (next_index(&view, index));
        }
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(the_result_may_be_the_view_itself)
{
    sv_buffer *buffer = counting_buffer(24 * 2);
    const sv_view view = shaped(buffer, "i2", 3, (int64_t[]){2, 3, 4});
    sv_view apart;
    sv_view in_place = view;
    ASSERT_OK(sv_view_slice(&view, 1, 2, SV_BEGIN, -2, &apart, NULL));
    ASSERT_OK(sv_view_slice(&in_place, 1, 2, SV_BEGIN, -2, &in_place, NULL));
    ck_assert(same_view(&apart, &in_place));
    in_place = view;
    ASSERT_OK(sv_view_at(&view, 0, 1, &apart, NULL));
    ASSERT_OK(sv_view_at(&in_place, 0, 1, &in_place, NULL));
    ck_assert(same_view(&apart, &in_place));
    in_place = view;
    ASSERT_OK(sv_view_transpose(&view, (int[]){1, 2, 0}, &apart, NULL));
    ASSERT_OK(sv_view_transpose(&in_place, (int[]){1, 2, 0}, &in_place, NULL));
    ck_assert(same_view(&apart, &in_place));
    in_place = view;
    ASSERT_OK(sv_view_newaxis(&view, 1, &apart, NULL));
    ASSERT_OK(sv_view_newaxis(&in_place, 1, &in_place, NULL));
    ck_assert(same_view(&apart, &in_place));
    in_place = view;
    ASSERT_OK(sv_view_cast(&view, native(SV_F4), 2, (int64_t[]){-1, 3}, &apart, NULL));
    ASSERT_OK(sv_view_cast(&in_place, native(SV_F4), 2, (int64_t[]){-1, 3}, &in_place, NULL));
    ck_assert(same_view(&apart, &in_place));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(nonsense_slices_leave_the_result_alone)
{
    sv_buffer *buffer = counting_buffer(12);
    sv_view view = shaped(buffer, "u1", 2, (int64_t[]){3, 4});
    sv_view out = {.ndim = 77};
    sv_error error;
    ASSERT_STATUS(sv_view_slice(&view, 0, 0, 1, 0, &out, &error), SV_INVALID);
    ASSERT_STATUS(sv_view_slice(&view, 2, 0, 1, 1, &out, &error), SV_INVALID);
    ASSERT_STATUS(sv_view_slice(&view, -3, 0, 1, 1, &out, &error), SV_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "axis -3"));
    ASSERT_STATUS(sv_view_slice(&view, INT32_MIN, 0, 1, 1, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_at(&view, 2, 0, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_at(&view, 0, 3, &out, &error), SV_RANGE);
    ck_assert_ptr_nonnull(strstr(error.message, "index 3 is outside axis 0"));
    ASSERT_STATUS(sv_view_at(&view, 0, -4, &out, NULL), SV_RANGE);
    ASSERT_STATUS(sv_view_at(&view, 1, INT64_MIN, &out, NULL), SV_RANGE);
    ASSERT_STATUS(sv_view_at(&view, 1, INT64_MAX, &out, NULL), SV_RANGE);
    ASSERT_STATUS(sv_view_transpose(&view, (int[]){0, 0}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_transpose(&view, (int[]){1, -1}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_transpose(&view, (int[]){0, 2}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_newaxis(&view, 3, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_newaxis(&view, -4, &out, NULL), SV_INVALID);
    ck_assert_int_eq(out.ndim, 77);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(transposing_twice_is_the_identity)
{
    struct random random = random_begin("transpose");
    sv_buffer *buffer = counting_buffer(4096);
    for (int round = 0; round < 5000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int axes[SV_MAX_DIMS];
        int inverse[SV_MAX_DIMS];
        int ndim = random_shape(&random, shape);
        sv_view view = random_strides(&random, buffer, native(SV_I3), ndim, shape);
        sv_view result;
        for (int axis = 0; axis < ndim; axis++) {
            int other = (int)random_below(&random, (uint64_t)axis + 1);
            axes[axis] = axes[other];
            axes[other] = axis;
        }
        for (int axis = 0; axis < ndim; axis++) {
            inverse[axes[axis]] = axis;
            axes[axis] -= random_below(&random, 2) == 0 ? ndim : 0;
        }
        require(sv_view_transpose(&view, axes, &result, NULL) == SV_OK &&
                    sv_view_transpose(&result, inverse, &result, NULL) == SV_OK &&
                    same_view(&view, &result),
                "a permutation and its inverse do not cancel");
        require(sv_view_transpose(&view, NULL, &result, NULL) == SV_OK &&
                    sv_view_c_contiguous(&result) == sv_view_f_contiguous(&view) &&
                    sv_view_transpose(&result, NULL, &result, NULL) == SV_OK &&
                    same_view(&view, &result),
                "transposing twice is not the identity");
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(a_new_axis_has_one_element)
{
    sv_buffer *buffer = counting_buffer(12);
    sv_view view = shaped(buffer, "u1", 2, (int64_t[]){3, 4});
    static const struct {
        int axis, at;
    } places[] = {{0, 0}, {1, 1}, {2, 2}, {-1, 2}, {-2, 1}, {-3, 0}};
    for (size_t row = 0; row < sizeof places / sizeof places[0]; row++) {
        sv_view out;
        ASSERT_OK(sv_view_newaxis(&view, places[row].axis, &out, NULL));
        ck_assert_int_eq(out.ndim, 3);
        ck_assert_int_eq(out.shape[places[row].at], 1);
        ck_assert(sv_view_c_contiguous(&out));
        ASSERT_OK(sv_view_at(&out, places[row].at, -1, &out, NULL));
        ck_assert(same_view(&out, &view));
    }
    for (int axes = 3; axes <= 8; axes++) {
        ASSERT_OK(sv_view_newaxis(&view, 1, &view, NULL));
    }
    ASSERT_STATUS(sv_view_newaxis(&view, 0, &view, NULL), SV_INVALID);
    ck_assert_int_eq(view.ndim, 8);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- cast and reshape ---- */

static const struct {
    const char *type;
    int ndim;
    int64_t shape[SV_MAX_DIMS], strides[SV_MAX_DIMS];
    bool c_contiguous, f_contiguous;
    const char *text, *fortran_hex;
} golden_casts[] = {
#include "golden/casts.def"
};

START_TEST(casts_to_n_dimensions_are_python_s)
{
    for (size_t row = 0; row < sizeof golden_casts / sizeof golden_casts[0]; row++) {
        sv_buffer *buffer = counting_buffer(48);
        sv_view bytes = view_of(buffer, "u1");
        sv_view view;
        unsigned char expected[48];
        unsigned char fortran[48];
        char text[1024];
        for (int64_t byte = 0; byte < 48; byte++) {
            ASSERT_OK(sv_view_set_i8(&bytes, &byte, (7 * byte + 3) % 251, NULL));
        }
        ASSERT_OK(sv_view_cast(&bytes, dtype_of(golden_casts[row].type), golden_casts[row].ndim,
                               golden_casts[row].shape, &view, NULL));
        for (int axis = 0; axis < view.ndim; axis++) {
            ck_assert_int_eq(view.shape[axis], golden_casts[row].shape[axis]);
            ck_assert_int_eq(view.strides[axis], golden_casts[row].strides[axis]);
        }
        ck_assert(sv_view_c_contiguous(&view) == golden_casts[row].c_contiguous);
        ck_assert(sv_view_f_contiguous(&view) == golden_casts[row].f_contiguous);
        ck_assert_int_eq(sv_view_nbytes(&view), 48);
        if (golden_casts[row].text[0] != '\0') {
            ASSERT_OK(sv_view_text(&view, text, sizeof text, NULL, NULL));
            ck_assert_str_eq(text, golden_casts[row].text);
        }
        ASSERT_OK(sv_view_copy_out(&view, SV_F_ORDER, fortran, 48, NULL));
        ck_assert_uint_eq(bytes_of_hex(golden_casts[row].fortran_hex, expected), 48);
        ck_assert_mem_eq(fortran, expected, 48);
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

static const struct {
    size_t size_bytes;
    const char *type;
    bool works;
} golden_divisions[] = {
#include "golden/divisions.def"
};

START_TEST(a_cast_fails_when_the_bytes_do_not_divide)
{
    for (size_t row = 0; row < sizeof golden_divisions / sizeof golden_divisions[0]; row++) {
        sv_buffer *buffer = counting_buffer(golden_divisions[row].size_bytes);
        sv_view bytes = view_of(buffer, "u1");
        sv_view view = {.ndim = 77};
        sv_status status =
            sv_view_cast(&bytes, dtype_of(golden_divisions[row].type), 0, NULL, &view, NULL);
        ck_assert_int_eq(status, golden_divisions[row].works ? SV_OK : SV_SHAPE);
        ck_assert_int_eq(view.ndim, golden_divisions[row].works ? 1 : 77);
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

START_TEST(a_cast_needs_c_contiguous_bytes)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_view view = shaped(buffer, "i2", 2, (int64_t[]){3, 4});
    sv_view other;
    sv_view out = {.ndim = 77};
    ASSERT_OK(sv_view_transpose(&view, NULL, &other, NULL));
    ASSERT_STATUS(sv_view_cast(&other, native(SV_U1), 0, NULL, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&other, 1, (int64_t[]){12}, &out, NULL), SV_SHAPE);
    ASSERT_OK(sv_view_slice(&view, 0, 0, SV_END, 2, &other, NULL));
    ASSERT_STATUS(sv_view_cast(&other, native(SV_U1), 0, NULL, &out, NULL), SV_SHAPE);
    ck_assert_int_eq(out.ndim, 77);
    /* One row of two, every second: nothing lies between. */
    ASSERT_OK(sv_view_slice(&view, 0, 1, SV_END, 2, &other, NULL));
    ASSERT_OK(sv_view_cast(&other, native(SV_U1), 0, NULL, &out, NULL));
    ck_assert_int_eq(out.shape[0], 8);
    ck_assert_ptr_eq(out.address, view.address + 8);
    /* No element lies anywhere. */
    ASSERT_OK(sv_view_slice(&view, 1, 2, 2, -1, &other, NULL));
    ASSERT_OK(sv_view_cast(&other, native(SV_F8), 0, NULL, &out, NULL));
    ck_assert_int_eq(out.shape[0], 0);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(casts_and_reshapes_take_shapes)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_view view = view_of(buffer, "u1");
    sv_view out = {.ndim = 77};
    sv_dtype f4 = native(SV_F4);
    int64_t nine[9] = {24, 1, 1, 1, 1, 1, 1, 1, 1};
    int64_t huge = (int64_t)1 << 62;
    ASSERT_STATUS(sv_view_cast(&view, f4, 2, (int64_t[]){2, 2}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_cast(&view, f4, 2, (int64_t[]){4, -1}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_cast(&view, f4, 9, nine, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_cast(&view, f4, -1, nine, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_cast(&view, f4, 1, (int64_t[]){-2}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_cast(&view, (sv_dtype){0, 0}, 0, NULL, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){5, -1}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){-1, -1}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){0, -1}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){-4, -6}, &out, NULL), SV_INVALID);
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){huge, 4}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&view, 0, NULL, &out, NULL), SV_SHAPE);
    ck_assert_int_eq(out.ndim, 77);
    ASSERT_OK(sv_view_reshape(&view, 3, (int64_t[]){2, -1, 4}, &out, NULL));
    ck_assert_int_eq(out.shape[1], 3);
    ASSERT_OK(sv_view_slice(&view, 0, 0, 8, 1, &view, NULL));
    ASSERT_OK(sv_view_cast(&view, native(SV_F8), 0, (int64_t[]){0}, &out, NULL));
    ck_assert_int_eq(out.ndim, 0); /* a single element */
    ASSERT_OK(sv_view_reshape(&out, 1, (int64_t[]){-1}, &out, NULL));
    ck_assert_int_eq(out.shape[0], 1);
    ASSERT_OK(sv_view_slice(&view, 0, 0, 0, 1, &view, NULL));
    ASSERT_OK(sv_view_reshape(&view, 2, (int64_t[]){-1, 3}, &out, NULL));
    ck_assert_int_eq(out.shape[0], 0);
    out.ndim = 77;
    ASSERT_STATUS(sv_view_reshape(&view, 2, (int64_t[]){-1, 0}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&view, 3, (int64_t[]){0, huge, huge}, &out, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_reshape(&view, 3, (int64_t[]){huge, huge, 0}, &out, NULL), SV_SHAPE);
    ck_assert_int_eq(out.ndim, 77);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(cast_and_reshape_go_there_and_back)
{
    struct random random = random_begin("cast and reshape");
    sv_buffer *buffer = counting_buffer(4096);
    sv_view bytes = view_of(buffer, "u1");
    for (int round = 0; round < 5000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int ndim = random_shape(&random, shape);
        sv_type type = random_type(&random);
        sv_view view;
        sv_view out;
        int64_t size = 1;
        for (int axis = 0; axis < ndim; axis++) {
            size *= shape[axis];
        }
        int64_t nbytes = size * (int64_t)sv_dtype_itemsize(native(type));
        int64_t start = random_between(&random, 0, 4096 - nbytes);
        sv_view_slice(&bytes, 0, start, start + nbytes, 1, &view, NULL);
        sv_view original = view;
        require(sv_view_cast(&view, native(type), ndim, shape, &view, NULL) == SV_OK &&
                    sv_view_c_contiguous(&view) && sv_view_nbytes(&view) == nbytes,
                "the cast to a type and a shape failed");
        require(sv_view_reshape(&view, 1, (int64_t[]){-1}, &out, NULL) == SV_OK &&
                    out.shape[0] == size &&
                    sv_view_reshape(&out, ndim, shape, &out, NULL) == SV_OK &&
                    same_view(&view, &out),
                "reshape does not come back");
        require(sv_view_cast(&out, native(SV_U1), 0, NULL, &out, NULL) == SV_OK &&
                    same_view(&out, &original),
                "cast does not come back");
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- obj format itemsize nbytes ndim shape strides readonly c_contiguous f_contiguous ---- */

START_TEST(a_view_tells_what_it_is)
{
    sv_buffer *buffer = counting_buffer(48);
    sv_buffer *other = counting_buffer(48);
    char format[SV_DTYPE_TEXT_SIZE];
    sv_view view = shaped(buffer, ">i4", 3, (int64_t[]){2, 3, 2});
    sv_view elsewhere = view_of(other, ">i4");
    ck_assert_uint_eq(sv_view_itemsize(&view), 4);
    ck_assert_int_eq(sv_view_size(&view), 12);
    ck_assert_int_eq(sv_view_nbytes(&view), 48);
    ck_assert_int_eq(view.ndim, 3);
    ck_assert_int_eq(view.strides[0], 24);
    ck_assert(!view.readonly);
    ck_assert_ptr_eq(view.address, sv_buffer_data(buffer));
    ck_assert(view.generation != elsewhere.generation); /* of another owner */
    ck_assert_str_eq(sv_dtype_format(view.dtype, format), ">i");
    ck_assert(sv_dtype_equal(dtype_of(format), view.dtype));
    ck_assert(sv_view_c_contiguous(&view) && !sv_view_f_contiguous(&view));
    ASSERT_OK(sv_view_transpose(&view, NULL, &view, NULL));
    ck_assert(!sv_view_c_contiguous(&view) && sv_view_f_contiguous(&view));
    ASSERT_OK(sv_view_slice(&view, 0, SV_END, SV_BEGIN, -1, &view, NULL));
    ck_assert(!sv_view_c_contiguous(&view) && !sv_view_f_contiguous(&view));
    for (int axis = 0; axis < 3; axis++) {
        ASSERT_OK(sv_view_slice(&view, axis, 1, SV_END, 7, &view, NULL)); /* one element is left */
    }
    ck_assert_int_eq(sv_view_size(&view), 1);
    ck_assert(sv_view_c_contiguous(&view) && sv_view_f_contiguous(&view));
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_OK(sv_buffer_close(other));
}
END_TEST

/* ---- read-only is kept through every slice and cast ---- */

START_TEST(read_only_is_kept)
{
    sv_buffer *buffer = counting_buffer(48);
    sv_view writable = shaped(buffer, "u2", 2, (int64_t[]){4, 6});
    sv_view view = sv_view_toreadonly(&writable);
    sv_view out;
    ck_assert(!writable.readonly && view.readonly);
    out = sv_view_toreadonly(&view);
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_slice(&view, 0, 0, 2, 1, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_slice(&view, 0, 3, 0, -2, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_at(&view, 0, 2, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_transpose(&view, NULL, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_newaxis(&view, 1, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_reshape(&view, 1, (int64_t[]){-1}, &out, NULL));
    ck_assert(out.readonly);
    ASSERT_OK(sv_view_cast(&view, native(SV_U1), 0, NULL, &out, NULL));
    ck_assert(out.readonly);
    sv_cursor cursor;
    ASSERT_OK(sv_cursor_begin(&cursor, &view));
    ck_assert(cursor.view.readonly);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(storing_through_a_read_only_view_answers_so)
{
    sv_buffer *buffer = counting_buffer(8);
    sv_view writable = view_of(buffer, "u1");
    sv_view view = sv_view_toreadonly(&writable);
    const int64_t index[] = {0};
    int64_t done = 77;
    sv_error error;
    ASSERT_STATUS(sv_view_set(&view, index, sv_scalar_int(1), &error), SV_READONLY);
    ck_assert_str_ne(error.message, "");
    ASSERT_STATUS(sv_view_set_f8(&view, index, 1, NULL), SV_READONLY);
    ASSERT_STATUS(sv_view_set_i8(&view, index, 1, NULL), SV_READONLY);
    ASSERT_STATUS(sv_view_set_u8(&view, index, 1, NULL), SV_READONLY);
    ASSERT_STATUS(sv_view_assign(&view, &writable, NULL), SV_READONLY);
    ASSERT_OK(sv_view_assign(&writable, &view, NULL));
    ASSERT_STATUS(sv_view_assign_bytes(&view, "12345678", 8, NULL), SV_READONLY);
    ASSERT_STATUS(sv_view_fill(&view, sv_scalar_int(1), NULL), SV_READONLY);
    ASSERT_STATUS(sv_pack(&view, 0, "b", NULL, INT64_C(1)), SV_READONLY);
    ASSERT_STATUS(sv_view_read(&view, 0, &done, NULL), SV_READONLY);
    ck_assert_int_eq(done, 0);
    ASSERT_STATUS(sv_view_recv(&view, 0, 0, &done, NULL), SV_READONLY);
    for (int64_t byte = 0; byte < 8; byte++) {
        ck_assert_int_eq(writable.address[byte], byte);
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- release; the owner closed while views live ---- */

START_TEST(a_stale_view_answers_so_everywhere)
{
    sv_buffer *buffer = counting_buffer(8);
    sv_buffer *open = counting_buffer(8);
    sv_view view = view_of(buffer, "u1");
    sv_view current = view_of(open, "u1");
    ASSERT_OK(sv_buffer_close(buffer));
    sv_buffer *next = counting_buffer(8); /* takes over the slot, perhaps the memory */
    const int64_t index[] = {0};
    void *address;
    sv_scalar scalar;
    double f8;
    int64_t i8;
    uint64_t u8;
    bool yes;
    char text[64];
    int8_t byte;
    sv_error error;
    sv_cursor cursor;

    ASSERT_STATUS(sv_view_check(&view), SV_STALE);
    ASSERT_STATUS(sv_view_address(&view, index, &address, &error), SV_STALE);
    ck_assert_str_ne(error.message, "");
    ASSERT_STATUS(sv_view_get(&view, index, &scalar, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_get_f8(&view, index, &f8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_get_i8(&view, index, &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_get_u8(&view, index, &u8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_set(&view, index, sv_scalar_int(1), NULL), SV_STALE);
    ASSERT_STATUS(sv_view_set_f8(&view, index, 1, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_set_i8(&view, index, 1, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_set_u8(&view, index, 1, NULL), SV_STALE);
    ASSERT_STATUS(sv_cursor_begin(&cursor, &view), SV_STALE);
    ck_assert_ptr_null(sv_cursor_next(&cursor));
    ASSERT_STATUS(sv_view_copy_out(&view, SV_C_ORDER, text, 8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_text(&view, text, sizeof text, NULL, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_hex(&view, '\0', text, sizeof text, NULL, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_equal(&view, &current, &yes, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_equal(&current, &view, &yes, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_count(&view, sv_scalar_int(1), &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_contains(&view, sv_scalar_int(1), &yes, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_find(&view, sv_scalar_int(1), 0, SV_END, &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_assign(&view, &current, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_assign(&current, &view, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_assign_bytes(&view, "12345678", 8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_fill(&view, sv_scalar_int(1), NULL), SV_STALE);
    ASSERT_STATUS(sv_unpack(&view, 0, "b", NULL, &byte), SV_STALE);
    ASSERT_STATUS(sv_pack(&view, 0, "b", NULL, INT64_C(1)), SV_STALE);
    ASSERT_STATUS(sv_view_read(&view, 0, &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_write(&view, 1, &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_recv(&view, 0, 0, &i8, NULL), SV_STALE);
    ASSERT_STATUS(sv_view_send(&view, 0, 0, &i8, NULL), SV_STALE);
    ck_assert_int_eq(i8, 0);

    /* Read-only changes nothing of it. */
    view = sv_view_toreadonly(&view);
    ASSERT_STATUS(sv_view_set_i8(&view, index, 1, NULL), SV_STALE);
    ASSERT_OK(sv_view_check(&current));
    ASSERT_OK(sv_buffer_close(next));
    ASSERT_OK(sv_buffer_close(open));
}
END_TEST

START_TEST(what_is_made_of_a_stale_view_is_stale)
{
    sv_buffer *buffer = counting_buffer(8);
    sv_view view = view_of(buffer, "u1");
    sv_view out;
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_OK(sv_view_slice(&view, 0, 1, 5, 2, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    ASSERT_OK(sv_view_at(&view, 0, 1, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    ASSERT_OK(sv_view_transpose(&view, NULL, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    ASSERT_OK(sv_view_newaxis(&view, 0, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    ASSERT_OK(sv_view_reshape(&view, 2, (int64_t[]){2, 4}, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    ASSERT_OK(sv_view_cast(&view, native(SV_F4), 0, NULL, &out, NULL));
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    out = sv_view_toreadonly(&view);
    ASSERT_STATUS(sv_view_check(&out), SV_STALE);
    /* Not made by any function. */
    ASSERT_STATUS(sv_view_check(&(sv_view){0}), SV_STALE);
    ASSERT_STATUS(sv_view_check(&(sv_view){.slot = UINT32_MAX, .generation = 1}), SV_STALE);
}
END_TEST

START_TEST(closing_while_pinned_answers_busy)
{
    sv_buffer *buffer = counting_buffer(8);
    sv_view view = view_of(buffer, "u1");
    sv_buffer_pin(buffer);
    ASSERT_STATUS(sv_buffer_close(buffer), SV_BUSY);
    ASSERT_OK(sv_view_check(&view));
    sv_buffer_unpin(buffer);
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_STATUS(sv_view_check(&view), SV_STALE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_view_over_memory_that_someone_owns,
        a_view_over_a_mapped_file,
        an_empty_buffer_has_views_without_elements,
        a_view_never_leaves_its_buffer,
        shapes_that_overflow_are_refused,
        nonsense_makes_no_view,
        slices_are_python_s,
        no_copy_on_slicing_in_eight_dimensions,
        a_slice_of_a_slice_is_the_composed_slice,
        slices_of_any_view_stay_in_it,
        the_result_may_be_the_view_itself,
        nonsense_slices_leave_the_result_alone,
        transposing_twice_is_the_identity,
        a_new_axis_has_one_element,
        casts_to_n_dimensions_are_python_s,
        a_cast_fails_when_the_bytes_do_not_divide,
        a_cast_needs_c_contiguous_bytes,
        casts_and_reshapes_take_shapes,
        cast_and_reshape_go_there_and_back,
        a_view_tells_what_it_is,
        read_only_is_kept,
        storing_through_a_read_only_view_answers_so,
        a_stale_view_answers_so_everywhere,
        what_is_made_of_a_stale_view_is_stale,
        closing_while_pinned_answers_busy,
    };
    return run_tests("view", tests, sizeof tests / sizeof tests[0]);
}
