/* Views: the elements. Reading, storing, walking, copying, assigning, comparing, searching, text.
 * The names of the tests follow the rows of what Python's memoryview can do. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "view_cases.h"

/* ---- reading and storing one element ---- */

START_TEST(one_element_of_every_type_is_read_and_stored)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        for (int order = 0; order < 2; order++) {
            sv_dtype dtype = sv_dtype_make((sv_type)type, (sv_byte_order)order);
            size_t itemsize = sv_dtype_itemsize(dtype);
            sv_buffer *buffer = counting_buffer(itemsize * 6);
            sv_view bytes = view_of(buffer, "u1");
            sv_view view;
            double f8;
            int64_t i8;
            uint64_t u8;
            char kept[48];
            ASSERT_OK(sv_view_fill(&bytes, sv_scalar_int(0), NULL));
            ASSERT_OK(sv_view_cast(&bytes, dtype, 2, (int64_t[]){2, 3}, &view, NULL));
            ASSERT_OK(sv_view_set_f8(&view, (int64_t[]){1, 0}, 100, NULL));
            ASSERT_OK(sv_view_set_i8(&view, (int64_t[]){1, 1}, 101, NULL));
            ASSERT_OK(sv_view_set_u8(&view, (int64_t[]){1, 2}, 102, NULL));
            ASSERT_OK(sv_view_get_f8(&view, (int64_t[]){-1, -3}, &f8, NULL));
            ck_assert(f8 == 100);
            ASSERT_OK(sv_view_get_i8(&view, (int64_t[]){-1, -2}, &i8, NULL));
            ck_assert_int_eq(i8, 101);
            ASSERT_OK(sv_view_get_u8(&view, (int64_t[]){-1, -1}, &u8, NULL));
            ck_assert_uint_eq(u8, 102);
            /* As the type's own functions see the bytes, and nowhere else. */
            ck_assert(sv_scalar_equal(
                sv_dtype_load(dtype, (const char *)sv_buffer_data(buffer) + 3 * itemsize),
                sv_scalar_int(100)));
            memset(kept, 0, sizeof kept);
            ck_assert_mem_eq(sv_buffer_data(buffer), kept, 3 * itemsize);
            ASSERT_OK(sv_buffer_close(buffer));
        }
    }
}
END_TEST

START_TEST(an_index_is_checked_against_its_bounds)
{
    sv_buffer *buffer = counting_buffer(12);
    sv_view view = shaped(buffer, "u1", 2, (int64_t[]){3, 4});
    static const int64_t outside[][2] = {{3, 0},         {0, 4},         {-4, 0},
                                         {0, -5},        {INT64_MAX, 0}, {INT64_MIN, 0},
                                         {0, INT64_MIN}, {0, INT64_MAX}};
    sv_error error;
    sv_scalar value;
    void *address;
    for (size_t row = 0; row < sizeof outside / sizeof outside[0]; row++) {
        ASSERT_STATUS(sv_view_get(&view, outside[row], &value, &error), SV_RANGE);
        ck_assert_ptr_nonnull(strstr(error.message, "outside axis"));
        ASSERT_STATUS(sv_view_set(&view, outside[row], sv_scalar_int(0), NULL), SV_RANGE);
        ASSERT_STATUS(sv_view_address(&view, outside[row], &address, NULL), SV_RANGE);
    }
    ASSERT_OK(sv_view_address(&view, (int64_t[]){-3, -4}, &address, NULL));
    ck_assert_ptr_eq(address, view.address);
    ASSERT_OK(sv_view_at(&view, 0, 2, &view, NULL));
    ASSERT_OK(sv_view_at(&view, 0, 3, &view, NULL));
    ASSERT_OK(sv_view_get(&view, NULL, &value, NULL)); /* a single element needs no index */
    ck_assert(sv_scalar_equal(value, sv_scalar_int(11)));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(an_integer_is_read_only_where_it_is_whole_and_fits)
{
    static const struct {
        double value;
        bool as_i8, as_u8;
    } floats[] = {{0.0, true, true},
                  {-0.0, true, true},
                  {0.5, false, false},
                  {-1.0, true, false},
                  {0x1p53, true, true},
                  {0x1p63, false, true},
                  {-0x1p63, true, false},
                  {0x1.fffffffffffffp63, false, true},
                  {0x1p64, false, false},
                  {-0x1.0000000000001p63, false, false},
                  {(double)NAN, false, false},
                  {(double)INFINITY, false, false},
                  {-(double)INFINITY, false, false}};
    double memory;
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow(&memory, sizeof memory, &buffer, NULL));
    sv_view view = view_of(buffer, "f8");
    int64_t i8;
    uint64_t u8;
    double f8;
    for (size_t row = 0; row < sizeof floats / sizeof floats[0]; row++) {
        memory = floats[row].value;
        ASSERT_STATUS(sv_view_get_i8(&view, (int64_t[]){0}, &i8, NULL),
                      floats[row].as_i8 ? SV_OK : SV_RANGE);
        ASSERT_STATUS(sv_view_get_u8(&view, (int64_t[]){0}, &u8, NULL),
                      floats[row].as_u8 ? SV_OK : SV_RANGE);
        if (floats[row].as_i8) {
            ck_assert((double)i8 == memory);
        }
        if (floats[row].as_u8) {
            ck_assert((double)u8 == memory);
        }
    }
    view = view_of(buffer, "u8");
    ASSERT_OK(sv_view_set_u8(&view, (int64_t[]){0}, UINT64_MAX, NULL));
    ASSERT_STATUS(sv_view_get_i8(&view, (int64_t[]){0}, &i8, NULL), SV_RANGE);
    ASSERT_OK(sv_view_get_f8(&view, (int64_t[]){0}, &f8, NULL));
    ck_assert(f8 == 0x1p64);
    view = view_of(buffer, "i8");
    ASSERT_STATUS(sv_view_get_u8(&view, (int64_t[]){0}, &u8, NULL), SV_RANGE);
    ASSERT_OK(sv_view_set_i8(&view, (int64_t[]){0}, ((int64_t)1 << 53) + 1, NULL));
    ASSERT_OK(sv_view_get_f8(&view, (int64_t[]){0}, &f8, NULL));
    ck_assert(f8 == 0x1p53); /* rounded once, to even */
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(what_does_not_fit_is_not_stored)
{
    sv_buffer *buffer = counting_buffer(8);
    sv_view view = view_of(buffer, "i1");
    sv_error error;
    ASSERT_STATUS(sv_view_set_i8(&view, (int64_t[]){1}, 128, &error), SV_RANGE);
    ck_assert_str_eq(error.message, "128 does not fit in i1");
    ASSERT_STATUS(sv_view_set_f8(&view, (int64_t[]){1}, 0.5, &error), SV_RANGE);
    ck_assert_str_eq(error.message, "0.5 does not fit in i1");
    ASSERT_STATUS(sv_view_set_u8(&view, (int64_t[]){1}, UINT64_MAX, &error), SV_RANGE);
    ck_assert_str_eq(error.message, "18446744073709551615 does not fit in i1");
    ASSERT_STATUS(sv_view_fill(&view, sv_scalar_int(-129), &error), SV_RANGE);
    ck_assert_str_eq(error.message, "-129 does not fit in i1");
    ASSERT_STATUS(sv_view_fill(&view, sv_scalar_float((double)NAN), NULL), SV_RANGE);
    for (int64_t byte = 0; byte < 8; byte++) {
        ck_assert_int_eq(view.address[byte], byte);
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- iteration ---- */

START_TEST(a_cursor_walks_all_elements_in_c_order)
{
    struct random random = random_begin("cursor");
    sv_buffer *buffer = counting_buffer(4096);
    for (int round = 0; round < 5000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int64_t index[SV_MAX_DIMS] = {0};
        int ndim = random_shape(&random, shape);
        sv_view view = random_strides(&random, buffer, native(random_type(&random)), ndim, shape);
        sv_cursor cursor;
        require(sv_cursor_begin(&cursor, &view) == SV_OK, "the cursor does not begin");
        for (int64_t left = sv_view_size(&view); left > 0; left--) {
            require(sv_cursor_next(&cursor) == view.address + offset_of(&view, index),
                    "the cursor is somewhere else");
            next_index(&view, index);
        }
        require(sv_cursor_next(&cursor) == NULL && sv_cursor_next(&cursor) == NULL,
                "the cursor does not end");
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- tobytes ---- */

START_TEST(tobytes_in_c_and_fortran_order)
{
    struct random random = random_begin("copy out");
    sv_buffer *buffer = counting_buffer(4096);
    char *expected = malloc(2048);
    for (int round = 0; round < 20000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int ndim = random_shape(&random, shape);
        sv_view view = random_strides(&random, buffer, native(random_type(&random)), ndim, shape);
        sv_view reversed;
        size_t nbytes = (size_t)sv_view_nbytes(&view);
        char *out = malloc(nbytes + 1); /* the right size, so that a byte too many is seen */
        copy_slowly(&view, expected);
        require(sv_view_copy_out(&view, SV_C_ORDER, out, nbytes, NULL) == SV_OK &&
                    memcmp(out, expected, nbytes) == 0,
                "C order differs");
        sv_view_transpose(&view, NULL, &reversed, NULL);
        copy_slowly(&reversed, expected);
        require(sv_view_copy_out(&view, SV_F_ORDER, out, nbytes, NULL) == SV_OK &&
                    memcmp(out, expected, nbytes) == 0,
                "Fortran order differs");
        free(out);
    }
    free(expected);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(tobytes_needs_the_right_room)
{
    sv_buffer *buffer = counting_buffer(12);
    sv_view view = view_of(buffer, "u4");
    char out[16] = "untouched";
    sv_error error;
    ASSERT_STATUS(sv_view_copy_out(&view, SV_C_ORDER, out, 11, &error), SV_SHAPE);
    ck_assert_str_ne(error.message, "");
    ASSERT_STATUS(sv_view_copy_out(&view, SV_C_ORDER, out, 13, NULL), SV_SHAPE);
    ck_assert_str_eq(out, "untouched");
    ASSERT_OK(sv_view_slice(&view, 0, 1, 1, 1, &view, NULL));
    ASSERT_OK(sv_view_copy_out(&view, SV_F_ORDER, NULL, 0, NULL));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- slice assignment, overlapping safely ---- */

static void check_assign(const sv_buffer *buffer, const sv_view *to, const sv_view *from)
{
    static char packed[4096];
    static char model[4096];
    char *data = (char *)(uintptr_t)sv_buffer_data(buffer);
    size_t itemsize = sv_view_itemsize(to);
    int64_t index[SV_MAX_DIMS] = {0};
    const char *element = packed;
    copy_slowly(from, packed);
    memcpy(model, data, sizeof model);
    for (int64_t left = sv_view_size(to); left > 0; left--) {
        memcpy(model + (to->address - data) + offset_of(to, index), element, itemsize);
        element += itemsize;
        next_index(to, index);
    }
    require(sv_view_assign(to, from, NULL) == SV_OK, "assign failed");
    require(memcmp(model, data, sizeof model) == 0, "assign differs from copying first");
}

START_TEST(assign_overlapping_is_as_if_copied_first)
{
    struct random random = random_begin("assign");
    sv_buffer *buffer = counting_buffer(4096);
    for (int round = 0; round < 40000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int ndim = random_shape(&random, shape);
        sv_dtype dtype = native(random_type(&random));
        sv_view to = random_strides(&random, buffer, dtype, ndim, shape);
        sv_view from = random_strides(&random, buffer, dtype, ndim, shape);
        check_assign(buffer, &to, &from);
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(assign_of_a_shifted_view_is_as_if_copied_first)
{
    struct random random = random_begin("shifted assign");
    sv_buffer *buffer = counting_buffer(4096);
    const char *data = sv_buffer_data(buffer);
    for (int round = 0; round < 40000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int ndim = random_shape(&random, shape);
        sv_dtype dtype = native(random_type(&random));
        sv_view to = random_strides(&random, buffer, dtype, ndim, shape);
        int64_t offset = to.address - data + random_between(&random, -20, 20);
        sv_view from;
        if (sv_view_make(buffer, offset, dtype, ndim, shape, to.strides, &from, NULL) == SV_OK) {
            check_assign(buffer, &to, &from);
        }
        /* Backwards, and with other axes where the lengths allow it. */
        for (int axis = 0; axis < ndim; axis++) {
            sv_view_slice(&to, axis, SV_END, SV_BEGIN, -1, &from, NULL);
            check_assign(buffer, &to, &from);
        }
        if (ndim == 2 && shape[0] == shape[1]) {
            sv_view_transpose(&to, NULL, &from, NULL);
            check_assign(buffer, &to, &from);
        }
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(assign_copies_first_only_where_it_must)
{
    sv_buffer *buffer = counting_buffer(4096);
    sv_view view = shaped(buffer, "u4", 2, (int64_t[]){256, 4});
    sv_view to;
    sv_view from;
    sv_memory_fail_after(0, true); /* none of these may allocate */
    sv_view_slice(&view, 0, 1, SV_END, 1, &to, NULL);
    sv_view_slice(&view, 0, 0, -1, 1, &from, NULL);
    check_assign(buffer, &to, &from); /* rows one on, and back */
    check_assign(buffer, &from, &to);
    sv_view_slice(&view, 1, 1, SV_END, 1, &to, NULL);
    sv_view_slice(&view, 1, 0, -1, 1, &from, NULL);
    check_assign(buffer, &to, &from); /* columns one on, and back */
    check_assign(buffer, &from, &to);
    sv_view_at(&view, 1, 2, &to, NULL);
    sv_view_at(&view, 1, 0, &from, NULL);
    check_assign(buffer, &to, &from); /* one channel to another */
    sv_view_slice(&from, 0, SV_END, SV_BEGIN, -1, &from, NULL);
    check_assign(buffer, &to, &from); /* the same backwards */
    check_assign(buffer, &view, &view);
    sv_view_transpose(&view, NULL, &to, NULL);
    check_assign(buffer, &to, &to);
    sv_view_slice(&to, 1, -2, SV_BEGIN, -1, &from, NULL);
    sv_view_slice(&to, 1, SV_END, 0, -1, &to, NULL);
    check_assign(buffer, &to, &from); /* both transposed and backwards */
    check_assign(buffer, &from, &to);
    /* The stride of a single element means nothing. */
    sv_view_make(buffer, 4, native(SV_U4), 2, (int64_t[]){1, 9}, (int64_t[]){INT64_MIN, 4}, &to,
                 NULL);
    sv_view_make(buffer, 8, native(SV_U4), 2, (int64_t[]){1, 9}, (int64_t[]){7, 4}, &from, NULL);
    check_assign(buffer, &to, &from);
    check_assign(buffer, &from, &to);
    sv_memory_fail_after(-1, false);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(assign_without_memory_stores_nothing)
{
    sv_buffer *buffer = counting_buffer(4096);
    sv_view view = view_of(buffer, "u4");
    sv_view reversed;
    char before[4096];
    sv_error error;
    memcpy(before, sv_buffer_data(buffer), sizeof before);
    ASSERT_OK(sv_view_slice(&view, 0, SV_END, SV_BEGIN, -1, &reversed, NULL));
    sv_memory_fail_after(0, true);
    ASSERT_STATUS(sv_view_assign(&view, &reversed, &error), SV_NOMEM);
    sv_memory_fail_after(-1, false);
    ck_assert_ptr_nonnull(strstr(error.message, "4096"));
    ck_assert_mem_eq(before, sv_buffer_data(buffer), sizeof before);
    check_assign(buffer, &view, &reversed);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(assign_needs_equal_shapes_and_types)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_view view = shaped(buffer, ">u2", 2, (int64_t[]){3, 4});
    sv_view other = shaped(buffer, "<u2", 2, (int64_t[]){3, 4});
    char before[24];
    sv_error error;
    memcpy(before, sv_buffer_data(buffer), sizeof before);
    ASSERT_STATUS(sv_view_assign(&view, &other, &error), SV_DTYPE);
    ck_assert_ptr_nonnull(strstr(error.message, "<u2"));
    ck_assert_ptr_nonnull(strstr(error.message, ">u2"));
    other = shaped(buffer, ">u2", 2, (int64_t[]){4, 3});
    ASSERT_STATUS(sv_view_assign(&view, &other, NULL), SV_SHAPE);
    other = shaped(buffer, ">u2", 3, (int64_t[]){3, 4, 1});
    ASSERT_STATUS(sv_view_assign(&view, &other, NULL), SV_SHAPE);
    other = view_of(buffer, ">u2");
    ASSERT_STATUS(sv_view_assign(&view, &other, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_assign_bytes(&view, before, 23, NULL), SV_SHAPE);
    ASSERT_STATUS(sv_view_assign_bytes(&view, before, 25, NULL), SV_SHAPE);
    ck_assert_mem_eq(before, sv_buffer_data(buffer), sizeof before);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(bytes_are_assigned_in_c_order_and_values_fill)
{
    struct random random = random_begin("assign bytes and fill");
    sv_buffer *buffer = counting_buffer(4096);
    char *data = (char *)(uintptr_t)sv_buffer_data(buffer);
    char *model = malloc(4096);
    for (int round = 0; round < 20000; round++) {
        int64_t shape[SV_MAX_DIMS];
        int64_t index[SV_MAX_DIMS] = {0};
        int ndim = random_shape(&random, shape);
        sv_dtype dtype = sv_dtype_make(random_type(&random), SV_BIG_ENDIAN);
        sv_view to = random_strides(&random, buffer, dtype, ndim, shape);
        size_t itemsize = sv_view_itemsize(&to);
        size_t nbytes = (size_t)sv_view_nbytes(&to);
        bool filled = random_below(&random, 2) == 0;
        char *bytes = malloc(nbytes + itemsize);
        for (size_t byte = 0; byte < nbytes; byte++) {
            bytes[byte] = (char)random_bits(&random);
        }
        sv_scalar value = sv_scalar_int((int64_t)random_below(&random, 128));
        sv_dtype_store(dtype, bytes + (filled ? 0 : nbytes), value);
        memcpy(model, data, 4096);
        for (int64_t element = 0; element < sv_view_size(&to); element++) {
            memcpy(model + (to.address - data) + offset_of(&to, index),
                   bytes + (filled ? 0 : (size_t)element * itemsize), itemsize);
            next_index(&to, index);
        }
        require((filled ? sv_view_fill(&to, value, NULL)
                        : sv_view_assign_bytes(&to, bytes, nbytes, NULL)) == SV_OK,
                "storing failed");
        require(memcmp(model, data, 4096) == 0, "what was stored differs");
        free(bytes);
    }
    free(model);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- tolist and hex ---- */

START_TEST(tolist_is_nested_text)
{
    static float memory[] = {0.1F, -0.0F, 3, (float)NAN, (float)INFINITY, 1e-45F};
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow(memory, sizeof memory, &buffer, NULL));
    sv_view view = shaped(buffer, "f4", 2, (int64_t[]){2, 3});
    sv_view other;
    char text[64];
    size_t needed;
    ASSERT_OK(sv_view_text(&view, text, sizeof text, &needed, NULL));
    ck_assert_str_eq(text, "[[0.1, 0, 3], [nan, inf, 1e-45]]");
    ck_assert_uint_eq(needed, strlen(text) + 1);
    ASSERT_OK(sv_view_transpose(&view, NULL, &other, NULL));
    ASSERT_OK(sv_view_text(&other, text, sizeof text, NULL, NULL));
    ck_assert_str_eq(text, "[[0.1, nan], [0, inf], [3, 1e-45]]");
    ASSERT_OK(sv_view_slice(&view, 1, 1, 1, 1, &other, NULL));
    ASSERT_OK(sv_view_text(&other, text, sizeof text, NULL, NULL));
    ck_assert_str_eq(text, "[[], []]");
    ASSERT_OK(sv_view_at(&view, 0, 0, &other, NULL));
    ASSERT_OK(sv_view_at(&other, 0, 0, &other, NULL));
    ASSERT_OK(sv_view_text(&other, text, sizeof text, NULL, NULL));
    ck_assert_str_eq(text, "0.1");
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

static const struct {
    int64_t size;
    char separator;
    const char *text;
} golden_hex[] = {
#include "golden/hex.def"
};

START_TEST(hex_is_python_s)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view bytes = view_of(buffer, "u1");
    for (int64_t byte = 0; byte < 16; byte++) {
        ASSERT_OK(sv_view_set_i8(&bytes, &byte, (7 * byte + 3) % 251, NULL));
    }
    for (size_t row = 0; row < sizeof golden_hex / sizeof golden_hex[0]; row++) {
        sv_view view;
        char text[64];
        ASSERT_OK(sv_view_slice(&bytes, 0, 0, golden_hex[row].size, 1, &view, NULL));
        ASSERT_OK(sv_view_slice(&view, 0, SV_END, SV_BEGIN, -1, &view, NULL));
        ASSERT_OK(sv_view_hex(&view, golden_hex[row].separator, text, sizeof text, NULL, NULL));
        ck_assert_str_eq(text, golden_hex[row].text);
    }
    char text[8];
    sv_view words;
    ASSERT_OK(sv_view_cast(&bytes, dtype_of(">u2"), 0, NULL, &words, NULL));
    ASSERT_OK(sv_view_slice(&words, 0, 1, SV_BEGIN, -1, &words, NULL));
    ASSERT_STATUS(sv_view_hex(&words, '\0', text, sizeof text, NULL, NULL), SV_RANGE);
    ck_assert_str_eq(text, "1118030"); /* elements backwards, each one's bytes as they lie */
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(text_takes_no_more_room_than_it_is_given)
{
    sv_buffer *buffer = counting_buffer(6);
    sv_view view = shaped(buffer, "u1", 2, (int64_t[]){2, 3});
    const char *whole_text = "[[0, 1, 2], [3, 4, 5]]";
    const char *whole_hex = "00 01 02 03 04 05";
    for (size_t size = 0; size <= 24; size++) {
        char *text = malloc(size); /* a byte too many is seen */
        size_t needed = 0;
        sv_error error;
        sv_status status = sv_view_text(&view, text, size, &needed, &error);
        ck_assert_int_eq(status, size > strlen(whole_text) ? SV_OK : SV_RANGE);
        ck_assert_uint_eq(needed, strlen(whole_text) + 1);
        if (size > 0) {
            ck_assert_int_eq(strncmp(text, whole_text, size - 1), 0);
            ck_assert_uint_eq(strlen(text), size > needed ? needed - 1 : size - 1);
        }
        status = sv_view_hex(&view, ' ', text, size, &needed, NULL);
        ck_assert_int_eq(status, size > strlen(whole_hex) ? SV_OK : SV_RANGE);
        ck_assert_uint_eq(needed, strlen(whole_hex) + 1);
        if (size > 0) {
            ck_assert_int_eq(strncmp(text, whole_hex, size - 1), 0);
        }
        free(text);
    }
    size_t needed;
    ASSERT_STATUS(sv_view_text(&view, NULL, 0, &needed, NULL), SV_RANGE);
    ck_assert_uint_eq(needed, strlen(whole_text) + 1);
    ASSERT_STATUS(sv_view_hex(&view, ':', NULL, 0, NULL, NULL), SV_RANGE);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- == count index in ---- */

static const struct {
    const char *type_a, *hex_a, *type_b, *hex_b;
    bool equal;
} golden_equal[] = {
#include "golden/equal.def"
};

START_TEST(views_are_equal_by_value_as_in_python)
{
    for (size_t row = 0; row < sizeof golden_equal / sizeof golden_equal[0]; row++) {
        unsigned char bytes_a[8];
        unsigned char bytes_b[8];
        size_t size_a = bytes_of_hex(golden_equal[row].hex_a, bytes_a);
        size_t size_b = bytes_of_hex(golden_equal[row].hex_b, bytes_b);
        sv_buffer *a;
        sv_buffer *b;
        ASSERT_OK(sv_buffer_borrow_const(bytes_a, size_a, &a, NULL));
        ASSERT_OK(sv_buffer_borrow_const(bytes_b, size_b, &b, NULL));
        sv_view view_a = view_of(a, golden_equal[row].type_a);
        sv_view view_b = view_of(b, golden_equal[row].type_b);
        bool equal = !golden_equal[row].equal;
        ASSERT_OK(sv_view_equal(&view_a, &view_b, &equal, NULL));
        ck_assert_msg(equal == golden_equal[row].equal, "%s %s and %s %s", golden_equal[row].type_a,
                      golden_equal[row].hex_a, golden_equal[row].type_b, golden_equal[row].hex_b);
        ASSERT_OK(sv_buffer_close(a));
        ASSERT_OK(sv_buffer_close(b));
    }
}
END_TEST

static bool equal_views(const sv_view *a, const sv_view *b)
{
    bool equal;
    ASSERT_OK(sv_view_equal(a, b, &equal, NULL));
    return equal;
}

START_TEST(equality_looks_at_shape_and_every_element)
{
    sv_buffer *buffer = counting_buffer(24);
    sv_buffer *other_buffer = counting_buffer(96);
    sv_view view = shaped(buffer, "u1", 3, (int64_t[]){2, 3, 4});
    sv_view out = view_of(buffer, "u1");
    sv_view evens = view_of(other_buffer, "u1");
    sv_view_slice(&out, 0, 0, SV_END, 2, &out, NULL);
    sv_view_slice(&evens, 0, 0, 12, 1, &evens, NULL);
    ASSERT_OK(sv_view_copy_out(&out, SV_C_ORDER, evens.address, 12, NULL));
    ck_assert(equal_views(&evens, &out) && equal_views(&out, &evens)); /* one of them strided */

    sv_view other = shaped(other_buffer, ">f4", 3, (int64_t[]){2, 3, 4});
    for (int64_t element = 0; element < 24; element++) {
        int64_t index[] = {element / 12, element / 4 % 3, element % 4};
        ASSERT_OK(sv_view_set_i8(&other, index, element, NULL));
    }
    ck_assert(equal_views(&view, &other) && equal_views(&other, &view));
    ck_assert(equal_views(&view, &view) && equal_views(&other, &other));
    out = shaped(buffer, "u1", 3, (int64_t[]){2, 4, 3});
    ck_assert(!equal_views(&view, &out));
    out = view_of(buffer, "u1");
    ck_assert(!equal_views(&view, &out));
    sv_view_transpose(&view, NULL, &view, NULL);
    sv_view_transpose(&other, NULL, &other, NULL);
    ck_assert(equal_views(&view, &other));
    sv_view_slice(&view, 0, SV_END, SV_BEGIN, -2, &view, NULL);
    ck_assert(!equal_views(&view, &other));
    sv_view_slice(&other, 0, SV_END, SV_BEGIN, -2, &other, NULL);
    ck_assert(equal_views(&view, &other));
    ASSERT_OK(sv_view_set_f8(&other, (int64_t[]){1, 2, 1}, (double)NAN, NULL));
    ck_assert(!equal_views(&view, &other));
    ck_assert(!equal_views(&other, &other)); /* NaN equals nothing, itself included */
    /* Without elements two views are equal where their shapes are. */
    sv_view_slice(&view, 1, 0, 0, 1, &view, NULL);
    sv_view_slice(&other, 1, 2, 2, 1, &other, NULL);
    ck_assert(equal_views(&view, &other));
    sv_view_slice(&other, 2, 0, 1, 1, &other, NULL);
    ck_assert(!equal_views(&view, &other));
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_OK(sv_buffer_close(other_buffer));
}
END_TEST

START_TEST(equal_bytes_of_every_type)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        sv_buffer *a = counting_buffer(48);
        sv_buffer *b = counting_buffer(48);
        sv_view bytes = view_of(b, "u1");
        sv_view view_a;
        sv_view view_b;
        ASSERT_OK(sv_view_of_buffer(a, native((sv_type)type), &view_a, NULL));
        ASSERT_OK(sv_view_of_buffer(b, native((sv_type)type), &view_b, NULL));
        ck_assert(equal_views(&view_a, &view_b));
        ASSERT_OK(sv_view_set_i8(&bytes, (int64_t[]){-1}, 1, NULL));
        ck_assert(!equal_views(&view_a, &view_b));
        ASSERT_OK(sv_buffer_close(a));
        ASSERT_OK(sv_buffer_close(b));
    }
    /* Zero has two signs, and NaN equals nothing. */
    static const char *const floats[] = {"<f4", ">f4", "<f8", ">f8"};
    for (size_t row = 0; row < sizeof floats / sizeof floats[0]; row++) {
        sv_buffer *a = counting_buffer(8);
        sv_buffer *b = counting_buffer(8);
        sv_view view_a = view_of(a, floats[row]);
        sv_view view_b = view_of(b, floats[row]);
        ASSERT_OK(sv_view_fill(&view_a, sv_scalar_float(0.0), NULL));
        ASSERT_OK(sv_view_fill(&view_b, sv_scalar_float(-0.0), NULL));
        ck_assert(equal_views(&view_a, &view_b));
        ASSERT_OK(sv_view_fill(&view_a, sv_scalar_float((double)NAN), NULL));
        ck_assert(!equal_views(&view_a, &view_a));
        ASSERT_OK(sv_buffer_close(a));
        ASSERT_OK(sv_buffer_close(b));
    }
    /* One IBM number has several forms. */
    static const unsigned char one[] = {0x41, 0x10, 0, 0, 0x42, 0x01, 0, 0};
    sv_buffer *buffer;
    bool found;
    int64_t count;
    ASSERT_OK(sv_buffer_borrow_const(one, sizeof one, &buffer, NULL));
    sv_view view = view_of(buffer, ">ibm4");
    sv_view reversed;
    ASSERT_OK(sv_view_slice(&view, 0, SV_END, SV_BEGIN, -1, &reversed, NULL));
    ck_assert(equal_views(&view, &reversed));
    ASSERT_OK(sv_view_count(&view, sv_scalar_int(1), &count, NULL));
    ck_assert_int_eq(count, 2);
    ASSERT_OK(sv_view_contains(&view, sv_scalar_float(1), &found, NULL));
    ck_assert(found);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

static const struct {
    int64_t value, start, stop, index;
} golden_find[] = {
#include "golden/find.def"
};

START_TEST(index_is_python_s)
{
    static const int16_t values[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow_const(values, sizeof values, &buffer, NULL));
    sv_view view = view_of(buffer, "i2");
    for (size_t row = 0; row < sizeof golden_find / sizeof golden_find[0]; row++) {
        int64_t index = -1;
        sv_scalar value = row % 2 == 0 ? sv_scalar_int(golden_find[row].value)
                                       : sv_scalar_float((double)golden_find[row].value);
        sv_status status =
            sv_view_find(&view, value, golden_find[row].start, golden_find[row].stop, &index, NULL);
        ck_assert_int_eq(status, golden_find[row].index < 0 ? SV_NOTFOUND : SV_OK);
        ck_assert_int_eq(index, golden_find[row].index);
    }
    int64_t index = 77;
    ASSERT_OK(sv_view_reshape(&view, 2, (int64_t[]){2, 5}, &view, NULL));
    ASSERT_STATUS(sv_view_find(&view, sv_scalar_int(3), 0, SV_END, &index, NULL), SV_SHAPE);
    ASSERT_OK(sv_view_at(&view, 0, 0, &view, NULL));
    ASSERT_OK(sv_view_at(&view, 0, 0, &view, NULL));
    ASSERT_STATUS(sv_view_find(&view, sv_scalar_int(3), 0, SV_END, &index, NULL), SV_SHAPE);
    ck_assert_int_eq(index, 77);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(count_and_in_look_at_every_element)
{
    static float values[] = {1, (float)NAN, 2, 1, -0.0F, 1, (float)INFINITY, 3};
    static const struct {
        double value;
        int64_t count;
    } rows[] = {{1, 3}, {0, 1}, {(double)NAN, 0}, {(double)INFINITY, 1}, {4, 0}, {3, 1}};
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow(values, sizeof values, &buffer, NULL));
    sv_view view = shaped(buffer, "f4", 3, (int64_t[]){2, 2, 2});
    sv_view_transpose(&view, (int[]){2, 0, 1}, &view, NULL);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        int64_t count;
        bool found;
        ASSERT_OK(sv_view_count(&view, sv_scalar_float(rows[row].value), &count, NULL));
        ck_assert_int_eq(count, rows[row].count);
        ASSERT_OK(sv_view_contains(&view, sv_scalar_float(rows[row].value), &found, NULL));
        ck_assert(found == (rows[row].count > 0));
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_element_of_every_type_is_read_and_stored,
        an_index_is_checked_against_its_bounds,
        an_integer_is_read_only_where_it_is_whole_and_fits,
        what_does_not_fit_is_not_stored,
        a_cursor_walks_all_elements_in_c_order,
        tobytes_in_c_and_fortran_order,
        tobytes_needs_the_right_room,
        assign_overlapping_is_as_if_copied_first,
        assign_of_a_shifted_view_is_as_if_copied_first,
        assign_copies_first_only_where_it_must,
        assign_without_memory_stores_nothing,
        assign_needs_equal_shapes_and_types,
        bytes_are_assigned_in_c_order_and_values_fill,
        tolist_is_nested_text,
        hex_is_python_s,
        text_takes_no_more_room_than_it_is_given,
        views_are_equal_by_value_as_in_python,
        equality_looks_at_shape_and_every_element,
        equal_bytes_of_every_type,
        index_is_python_s,
        count_and_in_look_at_every_element,
    };
    return run_tests("view data", tests, sizeof tests / sizeof tests[0]);
}
