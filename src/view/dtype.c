#include "seisview/dtype.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

static const struct {
    const char *name;
    uint8_t itemsize;
    sv_kind kind;
    const char *letter, *numpy; /* "": none */
} types[SV_NUM_TYPES] = {
#define SV_DTYPE(NAME, name, itemsize, kind, letter, numpy)                                        \
    [SV_##NAME] = {name, itemsize, SV_KIND_##kind, letter, numpy},
#include "seisview/dtype.def"
#undef SV_DTYPE
};

static const char all_names[] =
#define SV_DTYPE(NAME, name, itemsize, kind, letter, numpy) " " name
#include "seisview/dtype.def"
#undef SV_DTYPE
    ;

static bool is_type(unsigned type)
{
    return type > SV_TYPE_NONE && type < SV_NUM_TYPES;
}

sv_dtype sv_dtype_make(sv_type type, sv_byte_order order)
{
    sv_dtype dtype = {(uint8_t)type, (uint8_t)order};
    if (sv_dtype_itemsize(dtype) <= 1) {
        dtype.order = SV_NATIVE_ENDIAN;
    }
    return dtype;
}

bool sv_dtype_equal(sv_dtype a, sv_dtype b)
{
    return a.type == b.type && a.order == b.order;
}

size_t sv_dtype_itemsize(sv_dtype dtype)
{
    return is_type(dtype.type) ? types[dtype.type].itemsize : 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

static sv_type type_of_name(const char *name)
{
    for (unsigned type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES && name[0] != '\0'; type++) {
        if (strcmp(name, types[type].name) == 0 || strcmp(name, types[type].letter) == 0 ||
            strcmp(name, types[type].numpy) == 0) {
            return (sv_type)type;
        }
    }
    /* In standard sizes C's long is an int. */
    if (strcmp(name, "l") == 0) {
        return SV_I4;
    }
    return strcmp(name, "L") == 0 ? SV_U4 : SV_TYPE_NONE;
}

sv_status sv_dtype_parse(const char *text, sv_dtype *dtype, sv_error *error)
{
    sv_byte_order order = SV_NATIVE_ENDIAN;
    const char *name = text;
    if (*name != '\0' && strchr("<>!=@|", *name) != NULL) {
        order = *name == '<' ? SV_LITTLE_ENDIAN
                             : (*name == '>' || *name == '!' ? SV_BIG_ENDIAN : SV_NATIVE_ENDIAN);
        name++;
    }
    sv_type type = type_of_name(name);
    if (type == SV_TYPE_NONE) {
        return sv_fail(error, SV_DTYPE, "there is no data type '%.20s'; take one of%s, with < or >",
                       text, all_names);
    }
    *dtype = sv_dtype_make(type, order);
    return SV_OK;
}

/* "<" or ">" where the order matters. */
static const char *order_text(sv_dtype dtype)
{
    if (sv_dtype_itemsize(dtype) <= 1) {
        return "";
    }
    return dtype.order == SV_LITTLE_ENDIAN ? "<" : ">";
}

char *sv_dtype_text(sv_dtype dtype, char text[SV_DTYPE_TEXT_SIZE])
{
    snprintf(text, SV_DTYPE_TEXT_SIZE, "%s%s", order_text(dtype),
             is_type(dtype.type) ? types[dtype.type].name : "");
    return text;
}

char *sv_dtype_format(sv_dtype dtype, char text[SV_DTYPE_TEXT_SIZE])
{
    if (is_type(dtype.type) && types[dtype.type].letter[0] == '\0') {
        snprintf(text, SV_DTYPE_TEXT_SIZE, "%us", (unsigned)types[dtype.type].itemsize);
        return text;
    }
    snprintf(text, SV_DTYPE_TEXT_SIZE, "%s%s", order_text(dtype),
             is_type(dtype.type) ? types[dtype.type].letter : "");
    return text;
}

/* ---- scalars -------------------------------------------------------------------------------- */

sv_scalar sv_scalar_int(int64_t value)
{
    return (sv_scalar){.kind = SV_KIND_INT, .value.i = value};
}

sv_scalar sv_scalar_uint(uint64_t value)
{
    return (sv_scalar){.kind = SV_KIND_UINT, .value.u = value};
}

sv_scalar sv_scalar_float(double value)
{
    return (sv_scalar){.kind = SV_KIND_FLOAT, .value.f = value};
}

double sv_scalar_as_f8(sv_scalar scalar)
{
    switch (scalar.kind) {
    case SV_KIND_INT: return (double)scalar.value.i;
    case SV_KIND_UINT: return (double)scalar.value.u;
    default: return scalar.value.f;
    }
}

/* A whole number of 65 bits: what int64_t and uint64_t hold together. Zero is not negative. */
struct whole {
    bool negative;
    uint64_t magnitude;
};

/* False where the value is no whole number, or none of 65 bits. */
static bool whole_of(sv_scalar scalar, struct whole *whole)
{
    if (scalar.kind == SV_KIND_INT) {
        uint64_t bits = (uint64_t)scalar.value.i;
        *whole = (struct whole){scalar.value.i < 0, scalar.value.i < 0 ? 0 - bits : bits};
        return true;
    }
    if (scalar.kind == SV_KIND_UINT) {
        *whole = (struct whole){false, scalar.value.u};
        return true;
    }
    double value = scalar.value.f;
    if (!(value >= -9223372036854775808.0 && value < 18446744073709551616.0) ||
        value != trunc(value)) {
        return false;
    }
    *whole = (struct whole){value < 0, (uint64_t)fabs(value)};
    return true;
}

bool sv_scalar_equal(sv_scalar a, sv_scalar b)
{
    struct whole whole_a, whole_b;
    if (a.kind == SV_KIND_FLOAT && b.kind == SV_KIND_FLOAT) {
        return a.value.f == b.value.f;
    }
    return whole_of(a, &whole_a) && whole_of(b, &whole_b) && whole_a.negative == whole_b.negative &&
           whole_a.magnitude == whole_b.magnitude;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint64_t reverse(uint64_t bits, size_t itemsize)
{
    return __builtin_bswap64(bits) >> (64 - 8 * itemsize);
}

/* The sample's bytes as a number, in the low bits. */
static uint64_t load_bits(sv_dtype dtype, size_t itemsize, const void *address)
{
    unsigned char bytes[8] = {0};
    uint64_t bits;
    memcpy(SV_NATIVE_ENDIAN == SV_LITTLE_ENDIAN ? bytes : bytes + 8 - itemsize, address, itemsize);
    memcpy(&bits, bytes, sizeof bits);
    return dtype.order == SV_NATIVE_ENDIAN ? bits : reverse(bits, itemsize);
}

static void store_bits(sv_dtype dtype, size_t itemsize, void *address, uint64_t bits)
{
    unsigned char bytes[8];
    uint64_t ordered = dtype.order == SV_NATIVE_ENDIAN ? bits : reverse(bits, itemsize);
    memcpy(bytes, &ordered, sizeof bytes);
    memcpy(address, SV_NATIVE_ENDIAN == SV_LITTLE_ENDIAN ? bytes : bytes + 8 - itemsize, itemsize);
}

/* ---- load ----------------------------------------------------------------------------------- */

static double f4_of_bits(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return (double)value;
}

static double f8_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { IBM_BIAS = 64, IBM_FRACTION_BITS = 24 };

/* Exact: a fraction of 24 bits has room in a float64, and so has the least power, 16^-64 × 2^-24.
 */
static double ibm_of_bits(uint64_t bits)
{
    int sixteens = (int)(bits >> IBM_FRACTION_BITS & 0x7f) - IBM_BIAS;
    double magnitude = ldexp((double)(bits & 0xffffff), 4 * sixteens - IBM_FRACTION_BITS);
    return (bits & 0x80000000) != 0 ? -magnitude : magnitude;
}

/* Two's complement of `itemsize` bytes. */
static int64_t int_of_bits(uint64_t bits, size_t itemsize)
{
    uint64_t sign = UINT64_C(1) << (8 * itemsize - 1);
    return (int64_t)((bits ^ sign) - sign);
}

sv_scalar sv_dtype_load(sv_dtype dtype, const void *address)
{
    size_t itemsize = sv_dtype_itemsize(dtype);
    uint64_t bits = load_bits(dtype, itemsize, address);
    switch (dtype.type) {
    case SV_F4: return sv_scalar_float(f4_of_bits(bits));
    case SV_F8: return sv_scalar_float(f8_of_bits(bits));
    case SV_IBM4: return sv_scalar_float(ibm_of_bits(bits));
    default: break;
    }
    return types[dtype.type].kind == SV_KIND_INT ? sv_scalar_int(int_of_bits(bits, itemsize))
                                                 : sv_scalar_uint(bits);
}

/* ---- store ---------------------------------------------------------------------------------- */

/* False where the value is not whole or does not fit. */
static bool bits_of_whole(sv_scalar scalar, sv_kind kind, size_t itemsize, uint64_t *bits)
{
    struct whole whole;
    uint64_t past_largest = UINT64_C(1) << (8 * itemsize - 1); /* of a signed type */
    if (!whole_of(scalar, &whole)) {
        return false;
    }
    *bits = whole.negative ? 0 - whole.magnitude : whole.magnitude;
    if (kind == SV_KIND_INT) {
        return whole.negative ? whole.magnitude <= past_largest : whole.magnitude < past_largest;
    }
    return !whole.negative && whole.magnitude <= past_largest - 1 + past_largest;
}

/* The value as a float64 that rounds to fewer bits as the value itself would. Whole numbers past
 * 2^53 are rounded to odd for it (to nearest twice is not to nearest once): the lost bits leave a
 * mark in the last one that is kept. */
static double for_rounding(sv_scalar scalar)
{
    struct whole whole;
    if (scalar.kind == SV_KIND_FLOAT || !whole_of(scalar, &whole)) {
        return scalar.value.f;
    }
    uint64_t magnitude = whole.magnitude;
    if (magnitude >> DBL_MANT_DIG != 0) {
        uint64_t lost = magnitude & 0x7ff;
        magnitude = (magnitude & ~UINT64_C(0x7ff)) | (lost != 0 ? 0x800 : 0);
    }
    return whole.negative ? -(double)magnitude : (double)magnitude;
}

static bool bits_of_f4(double value, uint64_t *bits)
{
    uint32_t low;
    if (isfinite(value) && fabs(value) >= 0x1.ffffffp127) { /* rounds past the largest */
        return false;
    }
    float narrow = (float)value;
    memcpy(&low, &narrow, sizeof low);
    *bits = low;
    return true;
}

static bool bits_of_ibm(double value, uint64_t *bits)
{
    int exponent;
    if (!isfinite(value)) {
        return false;
    }
    frexp(value, &exponent); /* |value| < 2^exponent */
    int sixteens = exponent > 0 ? (exponent + 3) / 4 : -(-exponent / 4);
    if (sixteens >= IBM_BIAS) {
        return false;
    }
    if (value == 0 || sixteens < -IBM_BIAS) {
        sixteens = -IBM_BIAS; /* the fraction is left with zeros in front */
    }
    uint64_t fraction =
        (uint64_t)llrint(ldexp(fabs(value), IBM_FRACTION_BITS - 4 * sixteens)); /* ties to even */
    if (fraction >> IBM_FRACTION_BITS != 0) {
        fraction >>= 4;
        sixteens++;
    }
    *bits = (signbit(value) ? 0x80000000 : 0) |
            (uint64_t)(sixteens + IBM_BIAS) << IBM_FRACTION_BITS | fraction;
    return sixteens < IBM_BIAS;
}

sv_status sv_dtype_store(sv_dtype dtype, void *address, sv_scalar scalar)
{
    size_t itemsize = sv_dtype_itemsize(dtype);
    uint64_t bits;
    bool fits;
    switch (dtype.type) {
    case SV_F4: fits = bits_of_f4(for_rounding(scalar), &bits); break;
    case SV_IBM4: fits = bits_of_ibm(for_rounding(scalar), &bits); break;
    case SV_F8: {
        double value = sv_scalar_as_f8(scalar);
        memcpy(&bits, &value, sizeof bits);
        fits = true;
        break;
    }
    default: fits = bits_of_whole(scalar, types[dtype.type].kind, itemsize, &bits); break;
    }
    if (!fits) {
        return SV_RANGE;
    }
    store_bits(dtype, itemsize, address, bits);
    return SV_OK;
}

/* ---- text ----------------------------------------------------------------------------------- */

static bool same_ibm(double read, double value)
{
    uint64_t bits;
    return bits_of_ibm(read, &bits) && ibm_of_bits(bits) == value;
}

static char *float_text(double value, sv_dtype dtype, char text[SV_SCALAR_TEXT_SIZE])
{
    if (dtype.type == SV_F4 && !(fabs(value) > (double)FLT_MAX && isfinite(value))) {
        return sv_number_shortest_f4((float)value, text);
    }
    if (dtype.type == SV_IBM4) {
        /* Of the 24 bits up to three are zeros in front, and below 16^-64 any number of them. */
        bool full = fabs(value) >= 0x1p-260;
        return sv_number_shortest_such(value, full ? 6 : 1, same_ibm, text);
    }
    return sv_number_shortest(value, text);
}

char *sv_scalar_text(sv_scalar scalar, sv_dtype dtype, char text[SV_SCALAR_TEXT_SIZE])
{
    if (scalar.kind == SV_KIND_FLOAT) {
        return float_text(scalar.value.f, dtype, text);
    }
    if (scalar.kind == SV_KIND_INT) {
        snprintf(text, SV_SCALAR_TEXT_SIZE, "%" PRId64, scalar.value.i);
    } else {
        snprintf(text, SV_SCALAR_TEXT_SIZE, "%" PRIu64, scalar.value.u);
    }
    return text;
}

/* Sign, then decimal digits or 0x and hexadecimal ones, as far as uint64_t goes. */
static bool parse_whole(const char *text, struct whole *whole)
{
    const char *first = text + (*text == '-' || *text == '+' ? 1 : 0);
    bool hexadecimal = first[0] == '0' && (first[1] == 'x' || first[1] == 'X');
    char *end;
    if (first[0] < '0' || first[0] > '9') {
        return false;
    }
    errno = 0;
    whole->magnitude = strtoull(first, &end, hexadecimal ? 16 : 10);
    whole->negative = *text == '-' && whole->magnitude != 0;
    return *end == '\0' && errno == 0;
}

sv_status sv_scalar_parse(const char *text, sv_scalar *scalar)
{
    struct whole whole;
    double value;
    if (parse_whole(text, &whole)) {
        if (whole.magnitude <= (uint64_t)INT64_MAX + (whole.negative ? 1 : 0)) {
            uint64_t bits = whole.negative ? 0 - whole.magnitude : whole.magnitude;
            *scalar = sv_scalar_int((int64_t)bits);
            return SV_OK;
        }
        if (!whole.negative) {
            *scalar = sv_scalar_uint(whole.magnitude);
            return SV_OK;
        }
    }
    if (!sv_number_parse(text, &value)) {
        return SV_INVALID;
    }
    *scalar = sv_scalar_float(value);
    return SV_OK;
}
