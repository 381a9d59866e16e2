/* struct.unpack_from and pack_into; golden/ holds what Python answers. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "view_cases.h"

/* The tables were made where long has 8 bytes and the lowest comes first. */
static bool is_like_golden(const char *format)
{
    bool is_native = format[0] == '\0' || strchr("<>!=", format[0]) == NULL;
    bool is_alike = SV_NATIVE_ENDIAN == SV_LITTLE_ENDIAN;
    return is_native ? is_alike && sizeof(long) == 8 : is_alike || format[0] != '=';
}

/* ---- calcsize ---- */

static const struct {
    const char *format;
    int64_t size_bytes;
} golden_sizes[] = {
#include "golden/sizes.def"
};

START_TEST(sizes_are_python_s)
{
    for (size_t row = 0; row < sizeof golden_sizes / sizeof golden_sizes[0]; row++) {
        if (!is_like_golden(golden_sizes[row].format)) {
            continue;
        }
        int64_t size_bytes = -1;
        sv_error error = {.message = ""};
        sv_status status = sv_pack_size(golden_sizes[row].format, &size_bytes, &error);
        ck_assert_msg(size_bytes == golden_sizes[row].size_bytes, "'%s' has %lld bytes: %s",
                      golden_sizes[row].format, (long long)size_bytes, error.message);
        ck_assert_int_eq(status, golden_sizes[row].size_bytes < 0 ? SV_INVALID : SV_OK);
        ck_assert((status == SV_OK) == (error.message[0] == '\0'));
    }
}
END_TEST

/* ---- pack_into ---- */

enum { ROOM = 64, BEFORE = 5 };

static unsigned char memory[ROOM];

/* What sv_pack left in `memory`, filled with 0xa5 before, at byte BEFORE. */
static void check_packed(sv_status status, const char *expected, const char *format)
{
    unsigned char model[ROOM];
    bool refused = strcmp(expected, "refused") == 0;
    memset(model, 0xa5, sizeof model);
    if (!refused) {
        bytes_of_hex(expected, model + BEFORE);
    }
    ck_assert_msg(status == (refused ? SV_RANGE : SV_OK), "%s: %s", format, sv_status_name(status));
    ck_assert_msg(memcmp(memory, model, ROOM) == 0, "%s: other bytes than %s", format, expected);
    memset(memory, 0xa5, sizeof memory);
}

START_TEST(packed_bytes_are_python_s)
{
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow(memory, sizeof memory, &buffer, NULL));
    sv_view view = view_of(buffer, "u1");
    sv_error error;
    memset(memory, 0xa5, sizeof memory);
#define PACKED(expected, format, ...)                                                              \
    if (is_like_golden(format)) {                                                                  \
        check_packed(sv_pack(&view, BEFORE, format, &error, ##__VA_ARGS__), expected, format);     \
    }
#include "golden/packed.def"
#undef PACKED
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(the_header_s_example)
{
    sv_buffer *buffer = counting_buffer(12);
    sv_view view = view_of(buffer, "u1");
    uint32_t word = 0;
    uint16_t first = 0;
    uint16_t second = 0;
    ASSERT_OK(sv_pack(&view, 3, ">IHH", NULL, UINT64_C(0x01020304), UINT64_C(2), UINT64_C(65535)));
    ck_assert_mem_eq(view.address, "\0\1\2\1\2\3\4\0\2\377\377\13", 12);
    ASSERT_OK(sv_unpack(&view, 3, ">IHH", NULL, &word, &first, &second));
    ck_assert_uint_eq(word, 0x01020304);
    ck_assert_uint_eq(first, 2);
    ck_assert_uint_eq(second, 65535);
    /* Counted from the end, as in Python. */
    word = 0;
    ASSERT_OK(sv_unpack(&view, -9, ">I", NULL, &word));
    ck_assert_uint_eq(word, 0x01020304);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- unpack_from ---- */

START_TEST(every_letter_unpacks_what_was_packed)
{
    static const char *const orders[] = {"<", ">", "!", "=", "@", ""};
    sv_buffer *buffer = counting_buffer(100);
    sv_view view = view_of(buffer, "f4"); /* of any type */
    for (size_t row = 0; row < sizeof orders / sizeof orders[0]; row++) {
        char format[32];
        int8_t b = 0;
        uint8_t B = 0;
        bool yes = false;
        int16_t h = 0;
        uint16_t H = 0;
        int32_t i = 0;
        uint32_t I = 0;
        int64_t q = 0;
        uint64_t Q = 0;
        float f = 0;
        double d = 0;
        char s[3] = "";
        snprintf(format, sizeof format, "%sxbB? hHiI2xqQfd3sx", orders[row]);
        ASSERT_OK(sv_pack(&view, 1, format, NULL, INT64_C(-128), UINT64_C(255), 9, INT64_C(-32768),
                          UINT64_C(65535), (int64_t)INT32_MIN, (uint64_t)UINT32_MAX, INT64_MIN,
                          UINT64_MAX, -1.5, 0.1, "a\0z"));
        ASSERT_OK(
            sv_unpack(&view, 1, format, NULL, &b, &B, &yes, &h, &H, &i, &I, &q, &Q, &f, &d, s));
        ck_assert_int_eq(b, -128);
        ck_assert_uint_eq(B, 255);
        ck_assert(yes);
        ck_assert_int_eq(h, -32768);
        ck_assert_uint_eq(H, 65535);
        ck_assert_int_eq(i, INT32_MIN);
        ck_assert_uint_eq(I, UINT32_MAX);
        ck_assert_int_eq(q, INT64_MIN);
        ck_assert_uint_eq(Q, UINT64_MAX);
        ck_assert(f == -1.5F && d == 0.1);
        ck_assert_mem_eq(s, "a\0z", 3);
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(long_and_size_follow_the_order)
{
    sv_buffer *buffer = counting_buffer(64);
    sv_view view = view_of(buffer, "u1");
    int32_t standard = 0;
    uint32_t standard_unsigned = 0;
    int64_t native_long = 0;
    uint64_t native_unsigned = 0;
    int64_t n = 0;
    uint64_t N = 0;
    ASSERT_OK(sv_pack(&view, 0, "<lL", NULL, INT64_C(-5), UINT64_C(4000000000)));
    ASSERT_OK(sv_unpack(&view, 0, "<lL", NULL, &standard, &standard_unsigned));
    ck_assert_int_eq(standard, -5);
    ck_assert_uint_eq(standard_unsigned, 4000000000U);
    if (sizeof(long) == 8 && sizeof(size_t) == 8) {
        ASSERT_OK(sv_pack(&view, 0, "lLnN", NULL, INT64_MIN, UINT64_MAX, INT64_C(-7), UINT64_C(7)));
        ASSERT_OK(sv_unpack(&view, 0, "lLnN", NULL, &native_long, &native_unsigned, &n, &N));
        ck_assert_int_eq(native_long, INT64_MIN);
        ck_assert_uint_eq(native_unsigned, UINT64_MAX);
        ck_assert_int_eq(n, -7);
        ck_assert_uint_eq(N, 7);
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(floats_keep_all_their_bits)
{
    static const uint32_t bits32[] = {0x7fc00001, 0x7f800001, 0xffbfffff, 0x80000000, 1};
    unsigned char bytes[4];
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_borrow(bytes, sizeof bytes, &buffer, NULL));
    sv_view view = view_of(buffer, "u1");
    for (size_t row = 0; row < sizeof bits32 / sizeof bits32[0]; row++) {
        float value;
        uint32_t unpacked;
        ASSERT_OK(sv_pack(&view, 0, ">I", NULL, (uint64_t)bits32[row]));
        ASSERT_OK(sv_unpack(&view, 0, ">f", NULL, &value));
        memcpy(&unpacked, &value, sizeof value);
        ck_assert_uint_eq(unpacked, bits32[row]); /* a signalling NaN too */
    }
    double nan_value;
    ASSERT_OK(sv_pack(&view, 0, "<f", NULL, (double)NAN));
    float unpacked;
    ASSERT_OK(sv_unpack(&view, 0, "<f", NULL, &unpacked));
    nan_value = (double)unpacked;
    ck_assert(isnan(nan_value));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(any_byte_but_zero_is_true)
{
    sv_buffer *buffer = counting_buffer(256);
    sv_view view = view_of(buffer, "u1");
    for (int64_t byte = 0; byte < 256; byte++) {
        bool yes = byte == 0;
        ASSERT_OK(sv_unpack(&view, byte, byte % 2 == 0 ? "<?" : "?", NULL, &yes));
        ck_assert(yes == (byte != 0));
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- nothing is stored on failure ---- */

START_TEST(the_format_must_lie_within_the_view)
{
    static const struct {
        int64_t offset;
        const char *format;
        sv_status status;
    } rows[] = {{0, "<q", SV_OK},          {1, "<q", SV_RANGE},
                {-8, "<q", SV_OK},         {-7, "<q", SV_RANGE},
                {-9, "<b", SV_RANGE},      {7, "<b", SV_OK},
                {8, "<b", SV_RANGE},       {8, "", SV_OK},
                {9, "", SV_RANGE},         {INT64_MAX, "<b", SV_RANGE},
                {INT64_MIN, "", SV_RANGE}, {0, "9223372036854775807x", SV_RANGE},
                {0, "<z", SV_INVALID},     {0, "3", SV_INVALID}};
    sv_buffer *buffer = counting_buffer(8);
    sv_view view = view_of(buffer, "u1");
    char before[8];
    memcpy(before, view.address, 8);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        int64_t value = 77;
        sv_error error = {.message = ""};
        sv_status status =
            sv_unpack(&view, rows[row].offset, rows[row].format, &error, &value, &value);
        ck_assert_msg(status == rows[row].status, "row %zu: %s", row, error.message);
        ck_assert((status == SV_OK) == (error.message[0] == '\0'));
        if (status != SV_OK) {
            ck_assert_int_eq(value, 77);
            ASSERT_STATUS(sv_pack(&view, rows[row].offset, rows[row].format, NULL, INT64_C(1)),
                          rows[row].status);
            ck_assert_mem_eq(before, view.address, 8);
        }
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(all_values_are_looked_at_before_one_is_stored)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view view = view_of(buffer, "u1");
    char before[16];
    sv_error error;
    memcpy(before, view.address, 16);
    ASSERT_STATUS(sv_pack(&view, 0, "<4xh2B", &error, INT64_C(1), UINT64_C(1), UINT64_C(256)),
                  SV_RANGE);
    ck_assert_str_eq(error.message, "the value for byte 7 of the format does not fit in 'B'");
    ASSERT_STATUS(sv_pack(&view, 0, "<4xqf", NULL, INT64_C(1), 1e300), SV_RANGE);
    ck_assert_mem_eq(before, view.address, 16);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(packing_needs_c_contiguous_bytes)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view view = view_of(buffer, "u1");
    int16_t value = 77;
    ASSERT_OK(sv_view_slice(&view, 0, 0, SV_END, 2, &view, NULL));
    ASSERT_STATUS(sv_unpack(&view, 0, "<h", NULL, &value), SV_SHAPE);
    ASSERT_STATUS(sv_pack(&view, 0, "<h", NULL, INT64_C(1)), SV_SHAPE);
    ck_assert_int_eq(value, 77);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(an_empty_view_takes_empty_formats)
{
    sv_buffer *buffer = counting_buffer(0);
    sv_view view = view_of(buffer, "u1");
    char none[1] = "n";
    ASSERT_OK(sv_unpack(&view, 0, "", NULL));
    ASSERT_OK(sv_unpack(&view, 0, "0s0i", NULL, none));
    ASSERT_OK(sv_pack(&view, 0, "0s0i", NULL, ""));
    ASSERT_STATUS(sv_unpack(&view, 0, "x", NULL), SV_RANGE);
    ck_assert_int_eq(none[0], 'n');
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sizes_are_python_s,
        packed_bytes_are_python_s,
        the_header_s_example,
        every_letter_unpacks_what_was_packed,
        long_and_size_follow_the_order,
        floats_keep_all_their_bits,
        any_byte_but_zero_is_true,
        the_format_must_lie_within_the_view,
        all_values_are_looked_at_before_one_is_stored,
        packing_needs_c_contiguous_bytes,
        an_empty_view_takes_empty_formats,
    };
    return run_tests("pack", tests, sizeof tests / sizeof tests[0]);
}
