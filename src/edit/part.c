#include "edit/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "journal/bytes.h"

/* Places of a part's fields in BEGN's body. */
enum {
    PART_DTYPE = 0,
    PART_WORK = 8,
    PART_OFFSET = 24,
    PART_ROWS = 32,
    PART_ROW_STRIDE = 40,
    PART_SAMPLES = 48,
    PART_STRIDE = 56,
    PART_LEAD = 64,
    PART_TRAIL = 72,
    PART_PARAMETERS_BYTES = 80,
    PART_BYTES = 88
};

/* ---- geometry ---------------------------------------------------------------------------- */

/* Adds (count − 1) · stride to whichever end of [*low, *high] it moves. */
static bool stretch(int64_t count, int64_t stride, int64_t *low, int64_t *high)
{
    int64_t way;
    return sv_multiply(count - 1, stride, &way) &&
           (way < 0 ? sv_add(*low, way, low) : sv_add(*high, way, high));
}

static bool find_extent(const sv_part *part, int64_t *first_byte, int64_t *past_byte)
{
    *first_byte = *past_byte = part->offset_bytes;
    return stretch(part->rows, part->row_stride_bytes, first_byte, past_byte) &&
           stretch(part->samples, part->stride_bytes, first_byte, past_byte) &&
           sv_add(*past_byte, (int64_t)sv_dtype_itemsize(part->dtype), past_byte);
}

void sv_part_extent(const sv_part *part, int64_t *first_byte, int64_t *past_byte)
{
    find_extent(part, first_byte, past_byte);
}

/* No sample may share a byte with another: what one stores, another would not expect. */
static bool is_disjoint(const sv_part *part)
{
    int64_t item = (int64_t)sv_dtype_itemsize(part->dtype);
    int64_t along = llabs(part->stride_bytes), across = llabs(part->row_stride_bytes), length;
    if (part->samples > 1 && along < item) {
        return false;
    }
    if (part->rows == 1) {
        return true;
    }
    /* Row behind row, or sample behind sample of all rows. */
    if (across < item || !sv_multiply(part->samples - 1, along, &length) ||
        !sv_add(length, item, &length)) {
        return false;
    }
    return across >= length || (sv_multiply(part->rows - 1, across, &length) &&
                                sv_add(length, item, &length) && along >= length);
}

sv_status sv_part_check(const sv_part *part, int64_t size_bytes, sv_error *error)
{
    int64_t first, past;
    if (sv_dtype_itemsize(part->dtype) == 0 || part->rows < 1 || part->samples < 1 ||
        part->lead < 0 || part->trail < 0) {
        return sv_fail(error, SV_INVALID, "there is no sample to be edited");
    }
    if (part->stride_bytes == INT64_MIN || part->row_stride_bytes == INT64_MIN ||
        !find_extent(part, &first, &past)) {
        return sv_fail(error, SV_OVERFLOW, "the samples to be edited lie beyond 64 bits");
    }
    if (first < 0 || past > size_bytes) {
        return sv_fail(error, SV_RANGE, "the samples to be edited lie outside of the file");
    }
    if (!is_disjoint(part)) {
        return sv_fail(error, SV_INVALID, "the samples to be edited overlap each other");
    }
    return SV_OK;
}

/* The bytes of a part by their remainder: from *first to behind *past, both within one period.
 * False: they wrap around, or fill more than one. An axis that goes whole periods adds nothing. */
static bool find_remainders(const sv_part *part, int64_t period, int64_t *first, int64_t *past)
{
    const int64_t counts[] = {part->rows, part->samples};
    const int64_t strides[] = {part->row_stride_bytes, part->stride_bytes};
    int64_t low = part->offset_bytes, span = (int64_t)sv_dtype_itemsize(part->dtype);
    for (int axis = 0; axis < 2; axis++) {
        if (counts[axis] == 1 || strides[axis] % period == 0) {
            continue;
        }
        int64_t way = (counts[axis] - 1) * strides[axis];
        low += way < 0 ? way : 0;
        span += llabs(way);
    }
    *first = low % period;
    *past = *first + span;
    return span <= period && *past <= period;
}

/* Channels side by side, or windows of the same rows: they never meet. */
static bool are_side_by_side(const sv_part *a, const sv_part *b, int64_t period)
{
    int64_t a_first, a_past, b_first, b_past;
    return period > 0 && find_remainders(a, period, &a_first, &a_past) &&
           find_remainders(b, period, &b_first, &b_past) &&
           (a_past <= b_first || b_past <= a_first);
}

bool sv_parts_overlap(const sv_part *a, const sv_part *b)
{
    int64_t a_first, a_past, b_first, b_past;
    sv_part_extent(a, &a_first, &a_past);
    sv_part_extent(b, &b_first, &b_past);
    return a_first < b_past && b_first < a_past &&
           !are_side_by_side(a, b, llabs(a->stride_bytes)) &&
           !are_side_by_side(a, b, llabs(a->row_stride_bytes)) &&
           !are_side_by_side(a, b, llabs(b->row_stride_bytes));
}

int64_t sv_part_window_samples(const sv_part *part, int64_t window_bytes)
{
    int64_t item = (int64_t)sv_dtype_itemsize(part->dtype);
    int64_t step = sv_max_i8(llabs(part->stride_bytes), item);
    return sv_min_i8(part->samples, sv_max_i8(window_bytes / step, 1));
}

static int64_t windows_a_row(const sv_part *part, int64_t window_bytes)
{
    int64_t each = sv_part_window_samples(part, window_bytes);
    return part->samples / each + (part->samples % each != 0);
}

int64_t sv_part_num_windows(const sv_part *part, int64_t window_bytes)
{
    return part->rows * windows_a_row(part, window_bytes);
}

void sv_part_window(const sv_part *part, int64_t window_bytes, int64_t window, int fd, sv_row *row,
                    sv_place *place, sv_run *run)
{
    int64_t each = sv_part_window_samples(part, window_bytes);
    int64_t a_row = windows_a_row(part, window_bytes);
    int64_t number = window / a_row;
    *row = (sv_row){.dtype = part->dtype,
                    .number = number,
                    .samples = part->samples,
                    .lead = part->lead,
                    .trail = part->trail,
                    .offset_bytes = part->offset_bytes + number * part->row_stride_bytes,
                    .stride_bytes = part->stride_bytes,
                    .fd = fd};
    place->row = row;
    place->first = window % a_row * each;
    place->count = sv_min_i8(each, part->samples - place->first);
    *run = (sv_run){.offset_bytes = row->offset_bytes + place->first * row->stride_bytes,
                    .count = place->count,
                    .stride_bytes = row->stride_bytes,
                    .item_bytes = (int64_t)sv_dtype_itemsize(part->dtype)};
}

/* ---- as bytes ---------------------------------------------------------------------------- */

static size_t padded(size_t num_bytes)
{
    return (num_bytes + 7) / 8 * 8;
}

size_t sv_parts_bytes(const sv_part *parts, uint32_t num_parts, const char *words)
{
    size_t bytes = strlen(words);
    for (uint32_t i = 0; i < num_parts; i++) {
        bytes += PART_BYTES + padded(parts[i].parameters_bytes);
    }
    return bytes;
}

static void encode(const sv_part *part, unsigned char *bytes)
{
    memset(bytes, 0, PART_BYTES);
    sv_dtype_text(part->dtype, (char *)bytes + PART_DTYPE);
    memcpy(bytes + PART_WORK, part->work->name, SV_WORK_NAME_SIZE);
    sv_put_i8(bytes + PART_OFFSET, part->offset_bytes);
    sv_put_i8(bytes + PART_ROWS, part->rows);
    sv_put_i8(bytes + PART_ROW_STRIDE, part->row_stride_bytes);
    sv_put_i8(bytes + PART_SAMPLES, part->samples);
    sv_put_i8(bytes + PART_STRIDE, part->stride_bytes);
    sv_put_i8(bytes + PART_LEAD, part->lead);
    sv_put_i8(bytes + PART_TRAIL, part->trail);
    sv_put_i8(bytes + PART_PARAMETERS_BYTES, (int64_t)part->parameters_bytes);
}

void sv_parts_encode(const sv_part *parts, uint32_t num_parts, const char *words,
                     unsigned char *bytes)
{
    for (uint32_t i = 0; i < num_parts; i++) {
        size_t room = padded(parts[i].parameters_bytes);
        encode(&parts[i], bytes);
        memset(bytes + PART_BYTES, 0, room);
        memcpy(bytes + PART_BYTES, parts[i].parameters, parts[i].parameters_bytes);
        bytes += PART_BYTES + room;
    }
    memcpy(bytes, words, strlen(words));
}

static const sv_work *find_work(const sv_work *const *works, const unsigned char *name)
{
    for (; *works != NULL; works++) {
        if (memcmp((*works)->name, name, SV_WORK_NAME_SIZE) == 0) {
            return *works;
        }
    }
    return NULL;
}

/* Bytes of the part that begins here, with its parameters; 0: they would lie beyond the end. */
static size_t whole_part(const unsigned char *bytes, size_t num_bytes)
{
    if (num_bytes < PART_BYTES) {
        return 0;
    }
    int64_t parameters = sv_get_i8(bytes + PART_PARAMETERS_BYTES);
    if (parameters < 0 || parameters > INT64_MAX - 8 ||
        padded((size_t)parameters) > num_bytes - PART_BYTES) {
        return 0;
    }
    return PART_BYTES + padded((size_t)parameters);
}

static bool decode(const unsigned char *bytes, const sv_work *const *works, int64_t size_bytes,
                   sv_part *part)
{
    char dtype[SV_DTYPE_TEXT_SIZE];
    memcpy(dtype, bytes + PART_DTYPE, sizeof dtype);
    dtype[sizeof dtype - 1] = '\0';
    *part = (sv_part){.offset_bytes = sv_get_i8(bytes + PART_OFFSET),
                      .rows = sv_get_i8(bytes + PART_ROWS),
                      .row_stride_bytes = sv_get_i8(bytes + PART_ROW_STRIDE),
                      .samples = sv_get_i8(bytes + PART_SAMPLES),
                      .stride_bytes = sv_get_i8(bytes + PART_STRIDE),
                      .lead = sv_get_i8(bytes + PART_LEAD),
                      .trail = sv_get_i8(bytes + PART_TRAIL),
                      .work = find_work(works, bytes + PART_WORK),
                      .parameters = bytes + PART_BYTES,
                      .parameters_bytes = (size_t)sv_get_i8(bytes + PART_PARAMETERS_BYTES)};
    return sv_dtype_parse(dtype, &part->dtype, NULL) == SV_OK &&
           sv_part_check(part, size_bytes, NULL) == SV_OK;
}

sv_status sv_parts_decode(const unsigned char *bytes, size_t num_bytes, uint32_t num_parts,
                          const sv_work *const *works, int64_t size_bytes, sv_part **parts,
                          sv_error *error)
{
    static const char damaged[] =
        "its journal names samples that cannot be; to keep the recording as it is, move the "
        "journal away";
    if (num_parts > num_bytes / PART_BYTES) {
        return sv_fail(error, SV_CONFLICT, "%s", damaged);
    }
    sv_part *decoded = sv_calloc(num_parts, sizeof *decoded);
    if (decoded == NULL) {
        return sv_fail_memory(error, num_parts * sizeof *decoded);
    }
    for (uint32_t i = 0; i < num_parts; i++) {
        size_t whole = whole_part(bytes, num_bytes);
        if (whole == 0 || !decode(bytes, works, size_bytes, &decoded[i])) {
            sv_free(decoded);
            return sv_fail(error, SV_CONFLICT, "%s", damaged);
        }
        bytes += whole;
        num_bytes -= whole;
    }
    *parts = decoded;
    return SV_OK;
}

bool sv_parts_window(const sv_part *parts, uint32_t num_parts, int64_t *first, int64_t *last,
                     int64_t *num_rows)
{
    *num_rows = 0;
    for (uint32_t i = 0; i < num_parts; i++) {
        const sv_part *part = &parts[i];
        if (part->work == &sv_work_header) {
            continue;
        }
        if (*num_rows > 0 && (part->lead != *first || part->lead + part->samples != *last)) {
            return false;
        }
        *first = part->lead;
        *last = part->lead + part->samples;
        *num_rows += part->rows;
    }
    return *num_rows > 0;
}

size_t sv_parts_words(const unsigned char *bytes, size_t num_bytes, uint32_t num_parts,
                      const char **words)
{
    for (uint32_t i = 0; i < num_parts; i++) {
        size_t whole = whole_part(bytes, num_bytes);
        if (whole == 0) {
            return 0;
        }
        bytes += whole;
        num_bytes -= whole;
    }
    *words = (const char *)bytes;
    return num_bytes;
}
