/* Operations and trends as a journal keeps them, little-endian.
 *
 *   operations                          each operation, 32 bytes     a trend, 24 bytes and more
 *   0  version, 1                       0   kind                     0   order, 255: none
 *   1  0, to byte 3                     1   order                    1   exponent
 *   4  how many, 4 bytes                2   0, to byte 7             2   0, to byte 7
 *   8  the operations                   8   index                    8   twice_centre
 *                                       16  value, float64           16  offset, float64
 *                                       24  high, float64            24  those of its operation's
 * order, float64
 */
#include <limits.h>

#include "base/error.h"
#include "base/memory.h"
#include "edit/operation.h"
#include "edit/operation_values.h"
#include "journal/bytes.h"

enum { LAYOUT_VERSION = 1, HEADER_BYTES = 8, OPERATION_BYTES = 32, MOST_EXPONENT = 62 };

/* The first 8 bytes of each: small numbers in the low two, else nothing. */
static uint64_t small_numbers(int first, int second)
{
    return (uint64_t)(first & 0xff) | (uint64_t)(second & 0xff) << 8;
}

size_t sv_operations_size(int count)
{
    return HEADER_BYTES + (size_t)count * OPERATION_BYTES;
}

void sv_operations_encode(const sv_operation *operations, int count, void *bytes)
{
    unsigned char *to = bytes;
    sv_put_u8(to, (uint64_t)LAYOUT_VERSION | (uint64_t)count << 32);
    to += HEADER_BYTES;
    for (int i = 0; i < count; i++, to += OPERATION_BYTES) {
        const sv_operation *operation = &operations[i];
        sv_put_u8(to, small_numbers((int)operation->kind, operation->order));
        sv_put_i8(to + 8, operation->index);
        sv_put_f8(to + 16, operation->value);
        sv_put_f8(to + 24, operation->high);
    }
}

static bool decode_operation(const unsigned char *bytes, sv_operation *operation)
{
    uint64_t numbers = sv_get_u8(bytes);
    operation->kind = (sv_operation_kind)(numbers & 0xff);
    operation->order = (int)(numbers >> 8 & 0xff);
    operation->index = sv_get_i8(bytes + 8);
    operation->value = sv_get_f8(bytes + 16);
    operation->high = sv_get_f8(bytes + 24);
    return numbers >> 16 == 0 && sv_operation_is_good(operation);
}

sv_status sv_operations_decode(const void *bytes, size_t size, sv_operation **operations,
                               int *count, sv_error *error)
{
    const unsigned char *from = bytes;
    uint64_t head = size >= HEADER_BYTES ? sv_get_u8(from) : 0;
    uint64_t number = head >> 32;
    if ((head & 0xffffffff) != LAYOUT_VERSION) {
        return sv_fail(error, SV_FORMAT,
                       "its operations are of another version than %d; take the seisview that "
                       "wrote it",
                       LAYOUT_VERSION);
    }
    if (number > INT_MAX || size - HEADER_BYTES != number * OPERATION_BYTES) {
        return sv_fail(error, SV_FORMAT, "its operations do not have the size they state");
    }
    sv_operation *read = sv_calloc((size_t)number, sizeof *read);
    if (read == NULL) {
        return sv_fail_memory(error, (size_t)number * sizeof *read);
    }
    for (uint64_t i = 0; i < number; i++) {
        if (!decode_operation(from + HEADER_BYTES + i * OPERATION_BYTES, &read[i])) {
            sv_free(read);
            return sv_fail(error, SV_FORMAT, "its operation %llu is not understood",
                           (unsigned long long)i);
        }
    }
    *operations = read;
    *count = (int)number;
    return SV_OK;
}

size_t sv_trend_bytes(int order)
{
    return 24 + 8 * ((size_t)order + 1);
}

size_t sv_trends_bytes(const sv_operation *operations, int count)
{
    size_t num_bytes = 0;
    for (int i = 0; i < count; i++) {
        if (sv_operations_num_measured(&operations[i], 1) != 0) {
            num_bytes += sv_trend_bytes(sv_operation_order(&operations[i]));
        }
    }
    return num_bytes;
}

void sv_trend_encode(const sv_trend *trend, int order, void *bytes)
{
    unsigned char *to = bytes;
    sv_put_u8(to, small_numbers(trend->order, trend->exponent));
    sv_put_i8(to + 8, trend->twice_centre);
    sv_put_f8(to + 16, trend->offset);
    for (int k = 0; k <= order; k++) {
        sv_put_f8(to + 24 + 8 * k, trend->coefficients[k]);
    }
}

sv_status sv_trend_decode(const void *bytes, int order, sv_trend *trend, sv_error *error)
{
    const unsigned char *from = bytes;
    uint64_t numbers = sv_get_u8(from);
    sv_trend read = {.order = (int)(numbers & 0xff), .exponent = (int)(numbers >> 8 & 0xff)};
    read.order = read.order == 0xff ? -1 : read.order;
    read.twice_centre = sv_get_i8(from + 8);
    read.offset = sv_get_f8(from + 16);
    for (int k = 0; k <= order; k++) {
        read.coefficients[k] = sv_get_f8(from + 24 + 8 * k);
    }
    if (numbers >> 16 != 0 || read.order > order || read.exponent > MOST_EXPONENT ||
        read.twice_centre < 0) {
        return sv_fail(error, SV_FORMAT, "its trend is not understood");
    }
    *trend = read;
    return SV_OK;
}
