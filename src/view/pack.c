/* Values packed into bytes and read from them, in the language of Python's struct. */
#include <inttypes.h>
#include <math.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/size.h"
#include "seisview/view.h"
#include "view/rules.h"

/* ---- formats ---- */

enum kind { PAD, CHARACTERS, BOOL, SIGNED, UNSIGNED, REAL };

struct letter {
    char name;
    enum kind kind;
    int standard_size; /* 0: with `@` alone */
    int native_size;
    int alignment; /* of the native type */
};

static const struct letter letters[] = {
    {'x', PAD, 1, 1, 1},
    {'s', CHARACTERS, 1, 1, 1},
    {'?', BOOL, 1, sizeof(bool), alignof(bool)},
    {'b', SIGNED, 1, 1, 1},
    {'B', UNSIGNED, 1, 1, 1},
    {'h', SIGNED, 2, sizeof(short), alignof(short)},
    {'H', UNSIGNED, 2, sizeof(short), alignof(short)},
    {'i', SIGNED, 4, sizeof(int), alignof(int)},
    {'I', UNSIGNED, 4, sizeof(int), alignof(int)},
    {'l', SIGNED, 4, sizeof(long), alignof(long)},
    {'L', UNSIGNED, 4, sizeof(long), alignof(long)},
    {'q', SIGNED, 8, sizeof(long long), alignof(long long)},
    {'Q', UNSIGNED, 8, sizeof(long long), alignof(long long)},
    {'n', SIGNED, 0, sizeof(ssize_t), alignof(ssize_t)},
    {'N', UNSIGNED, 0, sizeof(size_t), alignof(size_t)},
    {'f', REAL, 4, sizeof(float), alignof(float)},
    {'d', REAL, 8, sizeof(double), alignof(double)},
};

/* Reads a format item by item, and knows where each lies. */
struct layout {
    const char *format; /* what is left of it */
    bool native;        /* C's sizes and alignment */
    bool big_endian;
    int64_t end_bytes; /* of the items so far */
};

/* `count` letters alike: of characters and pads one stretch, of others as many values. */
struct item {
    char letter; /* '\0' after the last */
    enum kind kind;
    int64_t count;
    int size; /* bytes of each */
    int64_t offset_bytes;
};

static struct layout begin_layout(const char *format)
{
    bool has_order = *format != '\0' && strchr("@=<>!", *format) != NULL;
    char order = has_order ? *format : '@';
    bool native_order = order == '@' || order == '=';
    return (struct layout){.format = format + (has_order ? 1 : 0),
                           .native = order == '@',
                           .big_endian =
                               native_order ? SV_NATIVE_ENDIAN == SV_BIG_ENDIAN : order != '<'};
}

static bool is_space(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static sv_status too_long(sv_error *error)
{
    return sv_fail(error, SV_INVALID, "the format takes more bytes than 64 bits count");
}

/* The count before a letter, 1 when there is none. */
static sv_status read_count(struct layout *layout, int64_t *count, sv_error *error)
{
    *count = is_digit(*layout->format) ? 0 : 1;
    for (; is_digit(*layout->format); layout->format++) {
        if (!sv_multiply(*count, 10, count) || !sv_add(*count, *layout->format - '0', count)) {
            return too_long(error);
        }
    }
    return SV_OK;
}

static const struct letter *find_letter(char name)
{
    for (size_t index = 0; index < sizeof letters / sizeof letters[0]; index++) {
        if (letters[index].name == name) {
            return &letters[index];
        }
    }
    return NULL;
}

static sv_status read_letter(struct layout *layout, struct item *item, sv_error *error)
{
    char name = *layout->format;
    const struct letter *letter = find_letter(name);
    if (name == '\0' || is_space(name)) {
        return sv_fail(error, SV_INVALID, "a count in the format has no letter after it");
    }
    if (letter == NULL) {
        return sv_fail(error, SV_INVALID, "a format has no letter '%c'; use xbB?hHiIlLqQnNfds",
                       name > ' ' && name <= '~' ? name : '?');
    }
    item->letter = name;
    item->kind = letter->kind;
    item->size = layout->native ? letter->native_size : letter->standard_size;
    if (item->size == 0) {
        return sv_fail(error, SV_INVALID, "'%c' has a size with '@' alone; use q or Q", name);
    }
    layout->format++;
    int64_t alignment = layout->native ? letter->alignment : 1;
    int64_t padding = (alignment - layout->end_bytes % alignment) % alignment;
    int64_t size_bytes;
    if (!sv_add(layout->end_bytes, padding, &item->offset_bytes) ||
        !sv_multiply(item->count, item->size, &size_bytes) ||
        !sv_add(item->offset_bytes, size_bytes, &layout->end_bytes)) {
        return too_long(error);
    }
    return SV_OK;
}

/* The item's letter is '\0' when the format is through. */
static sv_status next_item(struct layout *layout, struct item *item, sv_error *error)
{
    *item = (struct item){0};
    while (is_space(*layout->format)) {
        layout->format++;
    }
    if (*layout->format == '\0') {
        return SV_OK;
    }
    sv_status status = read_count(layout, &item->count, error);
    return status == SV_OK ? read_letter(layout, item, error) : status;
}

sv_status sv_pack_size(const char *format, int64_t *size_bytes, sv_error *error)
{
    struct layout layout = begin_layout(format);
    struct item item;
    do {
        sv_status status = next_item(&layout, &item, error);
        if (status != SV_OK) {
            return status;
        }
    } while (item.letter != '\0');
    *size_bytes = layout.end_bytes;
    return SV_OK;
}

/* Where the format's bytes begin. After this the format is known to be right. */
static sv_status find_bytes(const sv_view *view, int64_t offset_bytes, const char *format,
                            char **bytes, int64_t *size_bytes, sv_error *error)
{
    sv_status status = sv_require_c_contiguous(view, "pack or unpack", error);
    if (status != SV_OK || (status = sv_pack_size(format, size_bytes, error)) != SV_OK) {
        return status;
    }
    int64_t nbytes = sv_view_nbytes(view);
    int64_t from_start = offset_bytes < 0 ? offset_bytes + nbytes : offset_bytes;
    if (from_start < 0 || from_start > nbytes || *size_bytes > nbytes - from_start) {
        return sv_fail(error, SV_RANGE,
                       "%" PRId64 " bytes at byte %" PRId64 " are not within the view's %" PRId64,
                       *size_bytes, offset_bytes, nbytes);
    }
    *bytes = sv_step(view->address, from_start, 1);
    return SV_OK;
}

/* ---- bytes to values ---- */

static void unpack_value(const struct layout *layout, const struct item *item, const char *bytes,
                         char *value)
{
    bool swapped = layout->big_endian != (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN);
    if (item->kind == BOOL) {
        *(bool *)(void *)value = *bytes != 0;
        return;
    }
    for (int byte = 0; byte < item->size; byte++) {
        value[byte] = bytes[swapped ? item->size - 1 - byte : byte];
    }
}

/* Every pointer is taken as void *, whatever it points to: they are alike on POSIX. */
static void unpack_item(const struct layout *layout, const struct item *item, const char *bytes,
                        va_list *values)
{
    if (item->kind == PAD) {
        return;
    }
    if (item->kind == CHARACTERS) {
        memcpy(va_arg(*values, void *), bytes, (size_t)item->count);
        return;
    }
    for (int64_t index = 0; index < item->count; index++) {
        unpack_value(layout, item, bytes + index * item->size, va_arg(*values, void *));
    }
}

sv_status sv_unpack(const sv_view *view, int64_t offset_bytes, const char *format, sv_error *error,
                    ...)
{
    char *bytes;
    int64_t size_bytes;
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK ||
        (status = find_bytes(view, offset_bytes, format, &bytes, &size_bytes, error)) != SV_OK) {
        return status;
    }
    if (size_bytes == 0) {
        return SV_OK;
    }
    struct layout layout = begin_layout(format);
    struct item item;
    va_list values;
    va_start(values, error);
    while (next_item(&layout, &item, NULL) == SV_OK && item.letter != '\0') {
        unpack_item(&layout, &item, bytes + item.offset_bytes, &values);
    }
    va_end(values);
    return SV_OK;
}

/* ---- values to bytes ---- */

/* A value as the bits to store, the lowest ones first. */
static bool take_signed(int size, int64_t value, uint64_t *bits)
{
    *bits = (uint64_t)value;
    int64_t limit = size < 8 ? (int64_t)1 << (8 * size - 1) : 0;
    return size == 8 || (value >= -limit && value < limit);
}

static bool take_unsigned(int size, uint64_t value, uint64_t *bits)
{
    *bits = value;
    return size == 8 || value >> (8 * size) == 0;
}

static bool take_real(int size, double value, uint64_t *bits)
{
    if (size == 8) {
        memcpy(bits, &value, sizeof value);
        return true;
    }
    float rounded = (float)value;
    uint32_t bits32;
    memcpy(&bits32, &rounded, sizeof rounded);
    *bits = bits32;
    return !isinf(rounded) || isinf(value);
}

/* False when the next value does not fit. */
static bool take_value(const struct item *item, va_list *values, uint64_t *bits)
{
    switch (item->kind) {
    case SIGNED: return take_signed(item->size, va_arg(*values, int64_t), bits);
    case UNSIGNED: return take_unsigned(item->size, va_arg(*values, uint64_t), bits);
    case REAL: return take_real(item->size, va_arg(*values, double), bits);
    default: *bits = va_arg(*values, int) != 0 ? 1 : 0; return true;
    }
}

static void store_bits(const struct layout *layout, int size, uint64_t bits, char *bytes)
{
    for (int byte = 0; byte < size; byte++) {
        bytes[layout->big_endian ? size - 1 - byte : byte] =
            (char)(unsigned char)(bits >> 8 * byte);
    }
}

/* With `bytes` NULL the values are only looked at. */
static sv_status pack_item(const struct layout *layout, const struct item *item, char *bytes,
                           va_list *values, sv_error *error)
{
    if (item->kind == PAD) {
        return SV_OK;
    }
    if (item->kind == CHARACTERS) {
        const char *characters = va_arg(*values, const char *);
        if (bytes != NULL) {
            memcpy(bytes, characters, (size_t)item->count);
        }
        return SV_OK;
    }
    for (int64_t index = 0; index < item->count; index++) {
        uint64_t bits;
        if (!take_value(item, values, &bits)) {
            return sv_fail(error, SV_RANGE,
                           "the value for byte %" PRId64 " of the format does not fit in '%c'",
                           item->offset_bytes + index * item->size, item->letter);
        }
        if (bytes != NULL) {
            store_bits(layout, item->size, bits, bytes + index * item->size);
        }
    }
    return SV_OK;
}

static sv_status pack_all(const char *format, char *bytes, va_list *values, sv_error *error)
{
    struct layout layout = begin_layout(format);
    struct item item;
    sv_status status = SV_OK;
    while (status == SV_OK && next_item(&layout, &item, NULL) == SV_OK && item.letter != '\0') {
        status = pack_item(&layout, &item, bytes != NULL ? bytes + item.offset_bytes : NULL, values,
                           error);
    }
    return status;
}

sv_status sv_pack(const sv_view *view, int64_t offset_bytes, const char *format, sv_error *error,
                  ...)
{
    char *bytes;
    int64_t size_bytes;
    sv_status status = sv_require_writable(view, error);
    if (status != SV_OK ||
        (status = find_bytes(view, offset_bytes, format, &bytes, &size_bytes, error)) != SV_OK) {
        return status;
    }
    /* All values are looked at before the first is stored. */
    va_list values;
    va_start(values, error);
    status = pack_all(format, NULL, &values, error);
    va_end(values);
    if (status != SV_OK || size_bytes == 0) {
        return status;
    }
    memset(bytes, 0, (size_t)size_bytes); /* pads are stored as zeros, as Python does */
    va_start(values, error);
    pack_all(format, bytes, &values, NULL);
    va_end(values);
    return SV_OK;
}
