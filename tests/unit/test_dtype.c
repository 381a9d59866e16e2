/* Data types: names, single samples in memory, their text. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "random.h"
#include "seisview/dtype.h"

static const struct {
    const char *name;
    size_t itemsize;
    sv_kind kind;
    const char *letter, *numpy;
} types[SV_NUM_TYPES] = {
#define SV_DTYPE(NAME, name, itemsize, kind, letter, numpy)                                        \
    [SV_##NAME] = {name, itemsize, SV_KIND_##kind, letter, numpy},
#include "seisview/dtype.def"
#undef SV_DTYPE
};

static const sv_byte_order orders[] = {SV_LITTLE_ENDIAN, SV_BIG_ENDIAN};

/* A loop test over all types runs _i from the first to the last of them. */
enum { FIRST_TYPE = SV_TYPE_NONE + 1 };

static bool is_float(int type)
{
    return types[type].kind == SV_KIND_FLOAT;
}

/* ---- names ---------------------------------------------------------------------------------- */

static void check_parse(const char *prefix, const char *name, sv_type type, sv_byte_order order)
{
    char text[32];
    sv_dtype dtype = {0, 0};
    snprintf(text, sizeof text, "%s%s", prefix, name);
    ck_assert_msg(sv_dtype_parse(text, &dtype, NULL) == SV_OK, "%s", text);
    ck_assert_msg(sv_dtype_equal(dtype, sv_dtype_make(type, order)), "%s", text);
}

static void check_name(const char *name, sv_type type)
{
    check_parse("", name, type, SV_NATIVE_ENDIAN);
    check_parse("=", name, type, SV_NATIVE_ENDIAN);
    check_parse("@", name, type, SV_NATIVE_ENDIAN);
    check_parse("|", name, type, SV_NATIVE_ENDIAN);
    check_parse("<", name, type, SV_LITTLE_ENDIAN);
    check_parse(">", name, type, SV_BIG_ENDIAN);
    check_parse("!", name, type, SV_BIG_ENDIAN);
}

START_TEST(every_type_is_known_by_all_its_names)
{
    check_name(types[_i].name, (sv_type)_i);
    if (types[_i].letter[0] != '\0') {
        check_name(types[_i].letter, (sv_type)_i);
    }
    if (types[_i].numpy[0] != '\0') {
        check_name(types[_i].numpy, (sv_type)_i);
    }
}
END_TEST

START_TEST(a_long_has_four_bytes)
{
    check_name("l", SV_I4);
    check_name("L", SV_U4);
}
END_TEST

START_TEST(what_is_no_type_is_refused)
{
    static const char *const texts[] = {
        "",  "<",  "<<f4", "F4",      "f2",  "f16", "i5",  "f4 ",  " f4", "f4>", "c",    "?",
        "s", "4s", "cf32", "float16", "ibm", "x",   "int", "f4f4", "|",   "n",   "\xff", "float 3"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sv_dtype dtype = {SV_U8, SV_BIG_ENDIAN};
        sv_error error;
        ck_assert_msg(sv_dtype_parse(texts[i], &dtype, &error) == SV_DTYPE, "%s", texts[i]);
        ck_assert_int_eq(error.status, SV_DTYPE);
        ck_assert_ptr_nonnull(strstr(error.message, " ibm4"));
        ck_assert_int_eq(dtype.type, SV_U8);
        ck_assert_int_eq(sv_dtype_parse(texts[i], &dtype, NULL), SV_DTYPE);
    }
}
END_TEST

START_TEST(a_long_wrong_name_is_cut)
{
    char text[4096];
    sv_dtype dtype;
    sv_error error;
    memset(text, 'f', sizeof text);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(sv_dtype_parse(text, &dtype, &error), SV_DTYPE);
    ck_assert_uint_lt(strlen(error.message), 200);
}
END_TEST

START_TEST(text_and_format_read_back)
{
    for (int i = 0; i < 2; i++) {
        sv_dtype dtype = sv_dtype_make((sv_type)_i, orders[i]), back = {0, 0};
        char text[SV_DTYPE_TEXT_SIZE];
        ck_assert_ptr_eq(sv_dtype_text(dtype, text), text);
        ck_assert_int_eq(sv_dtype_parse(text, &back, NULL), SV_OK);
        ck_assert(sv_dtype_equal(dtype, back));
        if (types[_i].letter[0] != '\0') {
            ck_assert_ptr_eq(sv_dtype_format(dtype, text), text);
            ck_assert_int_eq(sv_dtype_parse(text, &back, NULL), SV_OK);
            ck_assert(sv_dtype_equal(dtype, back));
        }
    }
}
END_TEST

START_TEST(texts_and_formats_are_known)
{
    static const struct {
        sv_type type;
        sv_byte_order order;
        const char *text, *format;
    } cases[] = {{SV_F4, SV_LITTLE_ENDIAN, "<f4", "<f"},  {SV_F4, SV_BIG_ENDIAN, ">f4", ">f"},
                 {SV_F8, SV_BIG_ENDIAN, ">f8", ">d"},     {SV_I1, SV_BIG_ENDIAN, "i1", "b"},
                 {SV_U1, SV_LITTLE_ENDIAN, "u1", "B"},    {SV_I2, SV_LITTLE_ENDIAN, "<i2", "<h"},
                 {SV_U2, SV_BIG_ENDIAN, ">u2", ">H"},     {SV_I3, SV_BIG_ENDIAN, ">i3", "3s"},
                 {SV_U3, SV_LITTLE_ENDIAN, "<u3", "3s"},  {SV_I4, SV_LITTLE_ENDIAN, "<i4", "<i"},
                 {SV_U4, SV_LITTLE_ENDIAN, "<u4", "<I"},  {SV_I8, SV_BIG_ENDIAN, ">i8", ">q"},
                 {SV_U8, SV_LITTLE_ENDIAN, "<u8", "<Q"},  {SV_IBM4, SV_BIG_ENDIAN, ">ibm4", "4s"},
                 {SV_TYPE_NONE, SV_LITTLE_ENDIAN, "", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SV_DTYPE_TEXT_SIZE];
        sv_dtype dtype = sv_dtype_make(cases[i].type, cases[i].order);
        ck_assert_str_eq(sv_dtype_text(dtype, text), cases[i].text);
        ck_assert_str_eq(sv_dtype_format(dtype, text), cases[i].format);
    }
}
END_TEST

START_TEST(types_are_equal_when_order_matters_not)
{
    sv_dtype little = sv_dtype_make((sv_type)_i, SV_LITTLE_ENDIAN);
    sv_dtype big = sv_dtype_make((sv_type)_i, SV_BIG_ENDIAN);
    ck_assert(sv_dtype_equal(little, little));
    ck_assert_int_eq(sv_dtype_equal(little, big), types[_i].itemsize == 1);
    ck_assert_uint_eq(sv_dtype_itemsize(little), types[_i].itemsize);
    for (int other = FIRST_TYPE; other < SV_NUM_TYPES; other++) {
        sv_dtype dtype = sv_dtype_make((sv_type)other, SV_NATIVE_ENDIAN);
        ck_assert_int_eq(sv_dtype_equal(sv_dtype_make((sv_type)_i, SV_NATIVE_ENDIAN), dtype),
                         other == _i);
    }
}
END_TEST

START_TEST(what_is_no_type_has_no_size)
{
    ck_assert_uint_eq(sv_dtype_itemsize((sv_dtype){SV_TYPE_NONE, 0}), 0);
    ck_assert_uint_eq(sv_dtype_itemsize((sv_dtype){SV_NUM_TYPES, 0}), 0);
    ck_assert_uint_eq(sv_dtype_itemsize((sv_dtype){255, 0}), 0);
}
END_TEST

/* ---- scalars -------------------------------------------------------------------------------- */

START_TEST(scalars_become_float64)
{
    ck_assert(sv_scalar_as_f8(sv_scalar_int(-3)) == -3);
    ck_assert(sv_scalar_as_f8(sv_scalar_uint(UINT64_MAX)) == 0x1p64);
    ck_assert(sv_scalar_as_f8(sv_scalar_int(INT64_C(9007199254740993))) == 0x1p53);
    ck_assert(sv_scalar_as_f8(sv_scalar_float(0.1)) == 0.1);
    ck_assert(isnan(sv_scalar_as_f8(sv_scalar_float(NAN))));
}
END_TEST

START_TEST(scalars_are_equal_by_value)
{
    const struct {
        sv_scalar a, b;
        bool equal;
    } cases[] = {
        {sv_scalar_int(2), sv_scalar_float(2), true},
        {sv_scalar_int(2), sv_scalar_uint(2), true},
        {sv_scalar_uint(2), sv_scalar_float(2), true},
        {sv_scalar_int(-2), sv_scalar_float(-2), true},
        {sv_scalar_int(2), sv_scalar_float(2.5), false},
        {sv_scalar_int(2), sv_scalar_int(3), false},
        {sv_scalar_int(-1), sv_scalar_uint(UINT64_MAX), false},
        {sv_scalar_int(-1), sv_scalar_uint(1), false},
        {sv_scalar_int(0), sv_scalar_float(-0.0), true},
        {sv_scalar_float(0.0), sv_scalar_float(-0.0), true},
        {sv_scalar_float(NAN), sv_scalar_float(NAN), false},
        {sv_scalar_float(NAN), sv_scalar_int(0), false},
        {sv_scalar_float(INFINITY), sv_scalar_float(INFINITY), true},
        {sv_scalar_float(INFINITY), sv_scalar_uint(UINT64_MAX), false},
        {sv_scalar_int(INT64_C(9007199254740993)), sv_scalar_float(0x1p53), false},
        {sv_scalar_int(INT64_C(9007199254740992)), sv_scalar_float(0x1p53), true},
        {sv_scalar_int(INT64_MAX), sv_scalar_float(0x1p63), false},
        {sv_scalar_uint(UINT64_C(1) << 63), sv_scalar_float(0x1p63), true},
        {sv_scalar_int(INT64_MIN), sv_scalar_float(-0x1p63), true},
        {sv_scalar_uint(UINT64_C(1) << 63), sv_scalar_float(-0x1p63), false},
        {sv_scalar_int(INT64_MIN), sv_scalar_uint(UINT64_C(1) << 63), false},
        {sv_scalar_uint(UINT64_MAX), sv_scalar_float(0x1p64), false},
        {sv_scalar_uint(UINT64_MAX), sv_scalar_uint(UINT64_MAX), true},
        {sv_scalar_float(1e300), sv_scalar_int(1), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(sv_scalar_equal(cases[i].a, cases[i].b) == cases[i].equal, "case %zu", i);
        ck_assert_msg(sv_scalar_equal(cases[i].b, cases[i].a) == cases[i].equal, "case %zu", i);
    }
}
END_TEST

/* ---- samples in memory ---------------------------------------------------------------------- */

/* `bits` as the bytes of a sample, put down one by one. */
static void put_bytes(unsigned char *bytes, uint64_t bits, size_t itemsize, sv_byte_order order)
{
    for (size_t i = 0; i < itemsize; i++) {
        size_t at = order == SV_LITTLE_ENDIAN ? i : itemsize - 1 - i;
        bytes[at] = (unsigned char)(bits >> (8 * i));
    }
}

/* What the bits mean, worked out another way than in the code under test. */
static double float_meant(int type, uint64_t bits)
{
    if (type == SV_IBM4) {
        double value = 0;
        for (int bit = 0; bit < 24; bit++) {
            value += (bits >> bit & 1) != 0 ? ldexp(1, bit - 24) : 0;
        }
        for (int power = (int)(bits >> 24 & 0x7f); power != 64; power += power < 64 ? 1 : -1) {
            value = power < 64 ? value / 16 : value * 16;
        }
        return bits >> 31 != 0 ? -value : value;
    }
    if (type == SV_F4) {
        union {
            uint32_t bits;
            float value;
        } single = {.bits = (uint32_t)bits};
        return (double)single.value;
    }
    union {
        uint64_t bits;
        double value;
    } pair = {.bits = bits};
    return pair.value;
}

static bool scalar_is_meant(int type, uint64_t bits, sv_scalar scalar)
{
    size_t num_bits = 8 * types[type].itemsize;
    if (scalar.kind != types[type].kind) {
        return false;
    }
    if (is_float(type)) {
        double meant = float_meant(type, bits);
        return isnan(meant)
                   ? isnan(scalar.value.f) != 0
                   : scalar.value.f == meant && !signbit(scalar.value.f) == !signbit(meant);
    }
    if (types[type].kind == SV_KIND_UINT) {
        return scalar.value.u == bits;
    }
    bool negative = (bits >> (num_bits - 1) & 1) != 0;
    uint64_t meant = negative && num_bits < 64 ? bits | UINT64_MAX << num_bits : bits;
    return (uint64_t)scalar.value.i == meant;
}

/* Loads the bits at every alignment, and stores them back; bytes beside the sample stay. */
static void check_bits(int type, uint64_t bits, sv_byte_order order)
{
    sv_dtype dtype = sv_dtype_make((sv_type)type, order);
    size_t itemsize = types[type].itemsize;
    unsigned char expected[32], memory[32];
    for (size_t offset = 1; offset < 9; offset++) {
        memset(expected, 0xa5, sizeof expected);
        put_bytes(expected + offset, bits, itemsize, order);
        sv_scalar scalar = sv_dtype_load(dtype, expected + offset);
        bool loaded = scalar_is_meant(type, bits, scalar);
        memset(memory, 0xa5, sizeof memory);
        bool stored = sv_dtype_store(dtype, memory + offset, scalar) == SV_OK &&
                      scalar_is_meant(type, bits, sv_dtype_load(dtype, memory + offset));
        if (type == SV_IBM4 || (is_float(type) && isnan(scalar.value.f))) {
            /* The same value may have other bits: not normalised, or another NaN. */
            memcpy(memory + offset, expected + offset, itemsize);
        }
        if (!loaded || !stored || memcmp(memory, expected, sizeof memory) != 0) {
            ck_abort_msg("%s %" PRIx64 " at %zu: loaded %d, stored %d", types[type].name, bits,
                         offset, loaded, stored);
        }
    }
}

START_TEST(small_types_load_and_store_all_their_values)
{
    size_t itemsize = types[_i].itemsize;
    for (uint64_t bits = 0; itemsize <= 2 && bits >> (8 * itemsize) == 0; bits++) {
        check_bits(_i, bits, SV_LITTLE_ENDIAN);
        check_bits(_i, bits, SV_BIG_ENDIAN);
    }
}
END_TEST

START_TEST(types_load_and_store_any_value)
{
    struct random random = random_begin("types_load_and_store_any_value");
    uint64_t mask = UINT64_MAX >> (64 - 8 * types[_i].itemsize);
    uint64_t top = mask ^ mask >> 1;
    const uint64_t edges[] = {0, 1, 2, top - 1, top, top + 1, mask - 1, mask, 0x0102030405060708};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        check_bits(_i, edges[i] & mask, SV_LITTLE_ENDIAN);
        check_bits(_i, edges[i] & mask, SV_BIG_ENDIAN);
    }
    for (int i = 0; i < 30000; i++) {
        check_bits(_i, random_bits(&random) & mask, orders[i % 2]);
    }
}
END_TEST

START_TEST(bytes_are_known)
{
    unsigned char bytes[8];
    const struct {
        const char *dtype;
        sv_scalar value;
        const char *bytes;
    } cases[] = {
        {"<i3", sv_scalar_int(-2), "\xfe\xff\xff"},
        {">i3", sv_scalar_int(-8388608), "\x80\x00\x00"},
        {">u3", sv_scalar_int(0x123456), "\x12\x34\x56"},
        {"<u3", sv_scalar_int(0x123456), "\x56\x34\x12"},
        {">i2", sv_scalar_int(-2), "\xff\xfe"},
        {">f4", sv_scalar_float(1), "\x3f\x80\x00\x00"},
        {"<f8", sv_scalar_float(-2), "\0\0\0\0\0\0\0\xc0"},
        {">ibm4", sv_scalar_float(-118.625), "\xc2\x76\xa0\x00"}, /* the textbooks' example */
        {"<ibm4", sv_scalar_float(-118.625), "\x00\xa0\x76\xc2"},
        {">ibm4", sv_scalar_float(1), "\x41\x10\x00\x00"},
        {">ibm4", sv_scalar_float(0.5), "\x40\x80\x00\x00"},
        {">ibm4", sv_scalar_float(16), "\x42\x10\x00\x00"},
        {">ibm4", sv_scalar_float(0x1p-4), "\x40\x10\x00\x00"},
        {">ibm4", sv_scalar_float(0x1p-5), "\x3f\x80\x00\x00"},
        {">ibm4", sv_scalar_float(0), "\0\0\0\0"},
        {">ibm4", sv_scalar_int(0), "\0\0\0\0"},
        {">ibm4", sv_scalar_float(-0.0), "\x80\0\0\0"},
        {">ibm4", sv_scalar_float(0x0.ffffffp252), "\x7f\xff\xff\xff"},
        {">ibm4", sv_scalar_float(0x1p-260), "\x00\x10\x00\x00"},
        {">ibm4", sv_scalar_float(0x1p-280), "\x00\x00\x00\x01"},
        {">ibm4", sv_scalar_float(0x1p-281), "\0\0\0\0"},           /* a tie, to even */
        {">ibm4", sv_scalar_float(0x1.8p-280), "\x00\x00\x00\x02"}, /* a tie, to even */
        {">ibm4", sv_scalar_float(-1e-300), "\x80\0\0\0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sv_dtype dtype;
        ck_assert_int_eq(sv_dtype_parse(cases[i].dtype, &dtype, NULL), SV_OK);
        ck_assert_int_eq(sv_dtype_store(dtype, bytes, cases[i].value), SV_OK);
        ck_assert_msg(memcmp(bytes, cases[i].bytes, sv_dtype_itemsize(dtype)) == 0, "case %zu", i);
    }
}
END_TEST

/* ---- what fits ------------------------------------------------------------------------------ */

static void check_store(int type, sv_scalar value, bool fits)
{
    for (int i = 0; i < 2; i++) {
        unsigned char memory[8], before[8];
        sv_dtype dtype = sv_dtype_make((sv_type)type, orders[i]);
        memset(memory, 0x5a, sizeof memory);
        memcpy(before, memory, sizeof memory);
        ck_assert_msg(sv_dtype_store(dtype, memory, value) == (fits ? SV_OK : SV_RANGE), "%s %.17g",
                      types[type].name, sv_scalar_as_f8(value));
        if (fits) {
            ck_assert(sv_scalar_equal(sv_dtype_load(dtype, memory), value));
        } else {
            ck_assert_mem_eq(memory, before, sizeof memory);
        }
    }
}

START_TEST(integers_take_what_fits)
{
    int num_bits = 8 * (int)types[_i].itemsize;
    if (is_float(_i)) {
        return;
    }
    bool is_signed = types[_i].kind == SV_KIND_INT;
    uint64_t largest = UINT64_MAX >> (64 - num_bits + (is_signed ? 1 : 0));
    int64_t smallest = is_signed ? -(int64_t)largest - 1 : 0;
    check_store(_i, sv_scalar_uint(largest), true);
    check_store(_i, sv_scalar_int(smallest), true);
    check_store(_i, sv_scalar_float((double)smallest), true);
    check_store(_i, sv_scalar_float(100), true);
    check_store(_i, sv_scalar_float(-0.0), true);
    check_store(_i, sv_scalar_int(-1), is_signed);
    check_store(_i, sv_scalar_float(-1), is_signed);
    check_store(_i, sv_scalar_float(ldexp(1, num_bits - (is_signed ? 1 : 0))), false);
    if (largest < UINT64_MAX) {
        check_store(_i, sv_scalar_uint(largest + 1), false);
    }
    if (smallest > INT64_MIN) {
        check_store(_i, sv_scalar_int(smallest - 1), false);
    } else {
        check_store(_i, sv_scalar_float(nextafter(-0x1p63, -INFINITY)), false);
    }
    check_store(_i, sv_scalar_float(0.5), false);
    check_store(_i, sv_scalar_float(-0.5), false);
    check_store(_i, sv_scalar_float(nextafter(1, 2)), false);
    check_store(_i, sv_scalar_float(NAN), false);
    check_store(_i, sv_scalar_float(INFINITY), false);
    check_store(_i, sv_scalar_float(-INFINITY), false);
    check_store(_i, sv_scalar_float(1e300), false);
}
END_TEST

START_TEST(float32_takes_what_stays_finite)
{
    check_store(SV_F4, sv_scalar_float(FLT_MAX), true);
    check_store(SV_F4, sv_scalar_float(-FLT_MAX), true);
    check_store(SV_F4, sv_scalar_float(FLT_TRUE_MIN), true);
    check_store(SV_F4, sv_scalar_float(INFINITY), true);
    check_store(SV_F4, sv_scalar_float(-INFINITY), true);
    check_store(SV_F4, sv_scalar_float(0x1.ffffffp127), false);
    check_store(SV_F4, sv_scalar_float(-0x1.ffffffp127), false);
    check_store(SV_F4, sv_scalar_float(DBL_MAX), false);
    check_store(SV_F4, sv_scalar_uint(UINT64_C(0xffffff0000000000)), true);
    sv_dtype dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    float value = 0;
    ck_assert_int_eq(sv_dtype_store(dtype, &value, sv_scalar_float(NAN)), SV_OK);
    ck_assert(isnan(value));
    double below = nextafter(0x1.ffffffp127, 0);
    ck_assert_int_eq(sv_dtype_store(dtype, &value, sv_scalar_float(below)), SV_OK);
    ck_assert(value == FLT_MAX);
}
END_TEST

START_TEST(ibm_takes_what_stays_finite)
{
    check_store(SV_IBM4, sv_scalar_float(0x0.ffffffp252), true);
    check_store(SV_IBM4, sv_scalar_float(-0x0.ffffffp252), true);
    check_store(SV_IBM4, sv_scalar_float(0x0.ffffff8p252), false); /* rounds up to 16^63 */
    check_store(SV_IBM4, sv_scalar_float(0x1p252), false);
    check_store(SV_IBM4, sv_scalar_float(-DBL_MAX), false);
    check_store(SV_IBM4, sv_scalar_float(INFINITY), false);
    check_store(SV_IBM4, sv_scalar_float(-INFINITY), false);
    check_store(SV_IBM4, sv_scalar_float(NAN), false);
    check_store(SV_IBM4, sv_scalar_uint(UINT64_C(0xffffff0000000000)), true);
    check_store(SV_IBM4, sv_scalar_int(INT64_MIN), true);
}
END_TEST

START_TEST(float64_takes_everything)
{
    check_store(SV_F8, sv_scalar_float(DBL_MAX), true);
    check_store(SV_F8, sv_scalar_float(-INFINITY), true);
    check_store(SV_F8, sv_scalar_float(DBL_TRUE_MIN), true);
    check_store(SV_F8, sv_scalar_int(INT64_MIN), true);
    double value = 0;
    sv_dtype dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_dtype_store(dtype, &value, sv_scalar_uint(UINT64_MAX)), SV_OK);
    ck_assert(value == 0x1p64);
}
END_TEST

/* ---- rounding ------------------------------------------------------------------------------- */

START_TEST(float32_rounds_as_the_processor)
{
    struct random random = random_begin("float32_rounds_as_the_processor");
    sv_dtype dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    for (int i = 0; i < 200000; i++) {
        float stored = 0;
        uint64_t bits = random_bits(&random);
        int shift = (int)random_below(&random, 64);
        bits = i % 2 == 0 ? bits >> shift : (bits >> 40 << 1 | 1) << (shift % 40); /* ties */
        require(sv_dtype_store(dtype, &stored, sv_scalar_uint(bits)) == SV_OK &&
                    stored == (float)bits,
                "not as the processor");
        require(sv_dtype_store(dtype, &stored, sv_scalar_int((int64_t)bits)) == SV_OK &&
                    stored == (float)(int64_t)bits,
                "not as the processor");
        double value = ldexp((double)(int64_t)bits, -(int)random_below(&random, 220));
        require(sv_dtype_store(dtype, &stored, sv_scalar_float(value)) == SV_OK &&
                    stored == (float)value,
                "not as the processor");
    }
    /* Rounded to float64 first this is a tie, and goes the other way. */
    float stored = 0;
    uint64_t above_tie = UINT64_C(0x8000008000000001);
    ck_assert_int_eq(sv_dtype_store(dtype, &stored, sv_scalar_uint(above_tie)), SV_OK);
    ck_assert(stored == 0x1.000002p63F);
}
END_TEST

/* The IBM number after (or before) a positive one. */
static double ibm_neighbour(uint32_t bits, int step)
{
    uint32_t fraction = bits & 0xffffff, exponent = bits >> 24 & 0x7f;
    double unit = ldexp(1, 4 * ((int)exponent - 64) - 24);
    bool first = fraction == 0x100000 && exponent > 0; /* below it they lie closer */
    return ldexp((double)fraction, 4 * ((int)exponent - 64) - 24) +
           (step > 0 ? unit : (first ? -unit / 16 : -unit));
}

static void check_ibm_rounding(double value)
{
    unsigned char bytes[4];
    sv_dtype dtype = sv_dtype_make(SV_IBM4, SV_BIG_ENDIAN);
    if (sv_dtype_store(dtype, bytes, sv_scalar_float(value)) == SV_RANGE) {
        require(fabs(value) >= 0x0.ffffff8p252, "it fits");
        return;
    }
    uint32_t bits = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                    (uint32_t)bytes[3];
    require(bits >> 31 == (signbit(value) ? 1 : 0), "the sign is wrong");
    uint32_t fraction = bits & 0xffffff, exponent = bits >> 24 & 0x7f;
    require(fraction >= 0x100000 || exponent == 0, "it is not normalised");
    double magnitude = fabs(value), stored = fabs(float_meant(SV_IBM4, bits));
    double error = fabs(stored - magnitude); /* exact: the two are close, or one is 0 */
    double above = ibm_neighbour(bits, 1) - magnitude, below = magnitude - ibm_neighbour(bits, -1);
    if (error > above || error > below) {
        ck_abort_msg("%a became %a", value, stored);
    }
    if ((error == above || error == below) && (fraction & 1) != 0) {
        ck_abort_msg("%a is a tie and became %a", value, stored);
    }
}

START_TEST(ibm_rounds_to_nearest_even)
{
    struct random random = random_begin("ibm_rounds_to_nearest_even");
    for (int i = 0; i < 200000; i++) {
        int exponent = (int)random_below(&random, 560) - 300;
        uint64_t bits = random_bits(&random);
        double sign = (bits & 1) != 0 ? -1 : 1;
        check_ibm_rounding(sign * ldexp((double)(bits >> 11), exponent - 53));
        /* Half-way between two fractions, and next to it. */
        double tie = sign * ldexp((double)(bits >> 43 | 0x100000) + 0.5, exponent - 21);
        check_ibm_rounding(tie);
        check_ibm_rounding(nextafter(tie, 0));
        check_ibm_rounding(nextafter(tie, sign * INFINITY));
    }
    for (int exponent = -290; exponent < 260; exponent++) {
        check_ibm_rounding(ldexp(1, exponent));
        check_ibm_rounding(nextafter(ldexp(1, exponent), 0));
        check_ibm_rounding(-nextafter(ldexp(1, exponent), INFINITY));
    }
}
END_TEST

START_TEST(ibm_takes_integers_rounded_once)
{
    unsigned char bytes[4];
    sv_dtype dtype = sv_dtype_make(SV_IBM4, SV_BIG_ENDIAN);
    /* 24 bits, then a tie but for the last bit: float64 would make it a tie. */
    uint64_t above_tie = UINT64_C(0x8000008000000001);
    ck_assert_int_eq(sv_dtype_store(dtype, bytes, sv_scalar_uint(above_tie)), SV_OK);
    ck_assert_mem_eq(bytes, "\x50\x80\x00\x01", 4);
    ck_assert_int_eq(sv_dtype_store(dtype, bytes, sv_scalar_uint(above_tie - 1)), SV_OK);
    ck_assert_mem_eq(bytes, "\x50\x80\x00\x00", 4);
    ck_assert_int_eq(sv_dtype_store(dtype, bytes, sv_scalar_uint(UINT64_MAX)), SV_OK);
    ck_assert_mem_eq(bytes, "\x51\x10\x00\x00", 4);
    ck_assert_int_eq(sv_dtype_store(dtype, bytes, sv_scalar_int(-16777217)), SV_OK);
    ck_assert_mem_eq(bytes, "\xc7\x10\x00\x00", 4); /* 21 bits are left in the seventh digit */
}
END_TEST

/* ---- text ----------------------------------------------------------------------------------- */

START_TEST(texts_of_samples_are_known)
{
    const struct {
        sv_scalar scalar;
        sv_type type;
        const char *text;
    } cases[] = {
        {sv_scalar_float((double)0.1F), SV_F4, "0.1"},
        {sv_scalar_float((double)0.1F), SV_F8, "0.10000000149011612"},
        {sv_scalar_float(0.1), SV_F8, "0.1"},
        {sv_scalar_float(3), SV_F4, "3"},
        {sv_scalar_float(-0.0), SV_F4, "0"},
        {sv_scalar_float(-0.0), SV_IBM4, "0"},
        {sv_scalar_float(-118.625), SV_IBM4, "-118.625"},
        {sv_scalar_float(0x1.9999ap-4), SV_IBM4, "0.1"},
        {sv_scalar_float(0x0.ffffffp252), SV_IBM4, "7.237005e+75"},
        {sv_scalar_float(0x1p-280), SV_IBM4, "5e-85"},
        {sv_scalar_float(NAN), SV_F4, "nan"},
        {sv_scalar_float(INFINITY), SV_F8, "inf"},
        {sv_scalar_float(-INFINITY), SV_F4, "-inf"},
        {sv_scalar_float(1e300), SV_F4, "1e+300"}, /* no float32, but not a reason to lie */
        {sv_scalar_int(INT64_MIN), SV_I8, "-9223372036854775808"},
        {sv_scalar_uint(UINT64_MAX), SV_U8, "18446744073709551615"},
        {sv_scalar_int(-8388608), SV_I3, "-8388608"},
        {sv_scalar_int(7), SV_TYPE_NONE, "7"},
        {sv_scalar_float(0.25), SV_TYPE_NONE, "0.25"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SV_SCALAR_TEXT_SIZE];
        sv_dtype dtype = sv_dtype_make(cases[i].type, SV_NATIVE_ENDIAN);
        ck_assert_str_eq(sv_scalar_text(cases[i].scalar, dtype, text), cases[i].text);
    }
}
END_TEST

START_TEST(any_sample_reads_back_from_its_text)
{
    struct random random = random_begin("any_sample_reads_back_from_its_text");
    sv_dtype dtype = sv_dtype_make((sv_type)_i, SV_BIG_ENDIAN);
    for (int i = 0; i < 50000; i++) {
        unsigned char memory[8], again[8];
        char text[SV_SCALAR_TEXT_SIZE];
        uint64_t bits = random_bits(&random);
        memcpy(memory, &bits, sizeof memory);
        sv_scalar scalar = sv_dtype_load(dtype, memory), back;
        sv_scalar_text(scalar, dtype, text);
        require(sv_scalar_parse(text, &back) == SV_OK, text);
        if (is_float(_i) && !isfinite(scalar.value.f)) {
            require(isnan(scalar.value.f) ? isnan(back.value.f) != 0
                                          : back.value.f == scalar.value.f,
                    text);
            continue;
        }
        require(sv_dtype_store(dtype, again, back) == SV_OK, text);
        require(sv_scalar_equal(sv_dtype_load(dtype, again), scalar), text);
    }
}
END_TEST

START_TEST(scalars_are_parsed)
{
    const struct {
        const char *text;
        sv_scalar scalar;
    } cases[] = {
        {"0", sv_scalar_int(0)},
        {"-0", sv_scalar_int(0)},
        {"+7", sv_scalar_int(7)},
        {"007", sv_scalar_int(7)},
        {"0x1F", sv_scalar_int(31)},
        {"-0X1f", sv_scalar_int(-31)},
        {"9223372036854775807", sv_scalar_int(INT64_MAX)},
        {"-9223372036854775808", sv_scalar_int(INT64_MIN)},
        {"9223372036854775808", sv_scalar_uint(UINT64_C(1) << 63)},
        {"0xffffffffffffffff", sv_scalar_uint(UINT64_MAX)},
        {"18446744073709551615", sv_scalar_uint(UINT64_MAX)},
        {"18446744073709551616", sv_scalar_float(0x1p64)},
        {"-9223372036854775809", sv_scalar_float(-0x1p63)},
        {"-18446744073709551615", sv_scalar_float(-0x1p64)},
        {"0x10000000000000000", sv_scalar_float(0x1p64)},
        {"1.5", sv_scalar_float(1.5)},
        {"-2.0", sv_scalar_float(-2)},
        {"1e3", sv_scalar_float(1000)},
        {".5", sv_scalar_float(0.5)},
        {"inf", sv_scalar_float(INFINITY)},
        {"-inf", sv_scalar_float(-INFINITY)},
    };
    sv_scalar scalar;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(sv_scalar_parse(cases[i].text, &scalar) == SV_OK, "%s", cases[i].text);
        ck_assert_msg(scalar.kind == cases[i].scalar.kind, "%s", cases[i].text);
        ck_assert_msg(sv_scalar_equal(scalar, cases[i].scalar), "%s", cases[i].text);
    }
    ck_assert_int_eq(sv_scalar_parse("nan", &scalar), SV_OK);
    ck_assert(scalar.kind == SV_KIND_FLOAT && isnan(scalar.value.f));
}
END_TEST

START_TEST(what_is_no_scalar_is_refused)
{
    static const char *const texts[] = {"",   "-",   "+",     "x",   "0x",  "0xg",
                                        "1 ", " 1",  "1,5",   "--1", "+-1", "- 1",
                                        "1e", "1_0", "1e999", "0b1", "5x",  "one"};
    sv_scalar scalar = sv_scalar_int(42);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(sv_scalar_parse(texts[i], &scalar) == SV_INVALID, "%s", texts[i]);
    }
    ck_assert(sv_scalar_equal(scalar, sv_scalar_int(42)));
}
END_TEST

/* ---- suite ---------------------------------------------------------------------------------- */

int main(void)
{
    Suite *suite = suite_create("dtype");
    TCase *tests = tcase_create("dtype");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_type_is_known_by_all_its_names, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, a_long_has_four_bytes);
    tcase_add_test(tests, what_is_no_type_is_refused);
    tcase_add_test(tests, a_long_wrong_name_is_cut);
    tcase_add_loop_test(tests, text_and_format_read_back, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, texts_and_formats_are_known);
    tcase_add_loop_test(tests, types_are_equal_when_order_matters_not, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, what_is_no_type_has_no_size);
    tcase_add_test(tests, scalars_become_float64);
    tcase_add_test(tests, scalars_are_equal_by_value);
    tcase_add_loop_test(tests, small_types_load_and_store_all_their_values, FIRST_TYPE,
                        SV_NUM_TYPES);
    tcase_add_loop_test(tests, types_load_and_store_any_value, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, bytes_are_known);
    tcase_add_loop_test(tests, integers_take_what_fits, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, float32_takes_what_stays_finite);
    tcase_add_test(tests, ibm_takes_what_stays_finite);
    tcase_add_test(tests, float64_takes_everything);
    tcase_add_test(tests, float32_rounds_as_the_processor);
    tcase_add_test(tests, ibm_rounds_to_nearest_even);
    tcase_add_test(tests, ibm_takes_integers_rounded_once);
    tcase_add_test(tests, texts_of_samples_are_known);
    tcase_add_loop_test(tests, any_sample_reads_back_from_its_text, FIRST_TYPE, SV_NUM_TYPES);
    tcase_add_test(tests, scalars_are_parsed);
    tcase_add_test(tests, what_is_no_scalar_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
