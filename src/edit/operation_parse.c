/* Operations from the command line and back, and whether they make sense. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "edit/operation.h"
#include "edit/operation_values.h"

/* ---- names ------------------------------------------------------------------------------- */

/* Reads an argument, which is NULL where there is none. */
typedef bool argument_reader(const char *text, sv_operation *operation);

static bool read_nothing(const char *text, sv_operation *operation)
{
    (void)operation;
    return text == NULL;
}

static bool read_value(const char *text, sv_operation *operation)
{
    return text != NULL && sv_number_parse(text, &operation->value);
}

static bool read_order(const char *text, sv_operation *operation)
{
    bool is_digit = text == NULL || (text[0] >= '0' && text[0] <= '9' && text[1] == '\0');
    operation->order = text == NULL ? 1 : text[0] - '0';
    return is_digit;
}

/* The number before `mark`; NULL where there is none, else the text behind the mark. */
static const char *read_first(const char *text, char mark, char first[SV_NUMBER_TEXT_SIZE])
{
    const char *end = text != NULL ? strchr(text, mark) : NULL;
    if (end == NULL || end - text >= SV_NUMBER_TEXT_SIZE) {
        return NULL;
    }
    memcpy(first, text, (size_t)(end - text));
    first[end - text] = '\0';
    return end + 1;
}

static bool read_limits(const char *text, sv_operation *operation)
{
    char low[SV_NUMBER_TEXT_SIZE];
    const char *high = read_first(text, ',', low);
    return high != NULL && sv_number_parse(low, &operation->value) &&
           sv_number_parse(high, &operation->high);
}

static bool read_fill(const char *text, sv_operation *operation)
{
    if (text != NULL && strcmp(text, "linear") == 0) {
        operation->kind = SV_FILL_LINEAR;
        return true;
    }
    return read_value(text, operation);
}

static bool read_setting(const char *text, sv_operation *operation)
{
    char first[SV_NUMBER_TEXT_SIZE];
    sv_scalar index;
    const char *value = read_first(text, '=', first);
    if (value == NULL || sv_scalar_parse(first, &index) != SV_OK || index.kind != SV_KIND_INT) {
        return false;
    }
    operation->index = index.value.i;
    return sv_number_parse(value, &operation->value);
}

static const struct entry {
    const char *name;
    sv_operation_kind kind;
    argument_reader *read;
    const char *wants;
} entries[] = {
    {"gain", SV_GAIN, read_value, "a number"},
    {"offset", SV_OFFSET, read_value, "a number"},
    {"invert", SV_INVERT, read_nothing, "nothing"},
    {"demean", SV_DEMEAN, read_nothing, "nothing"},
    {"detrend", SV_DETREND, read_order, "an order of 0 to 5"},
    {"clip", SV_CLIP, read_limits, "two numbers as LO,HI with LO not above HI"},
    {"despike", SV_DESPIKE, read_value, "a number above 0"},
    {"fill-nan", SV_FILL, read_fill, "a number or linear"},
    {"set", SV_SET, read_setting, "INDEX=VALUE with an index of 0 or more"},
    {"taper", SV_TAPER, read_value, "a fraction of 0 to 0.5"},
};

enum { NUM_ENTRIES = sizeof entries / sizeof entries[0] };

sv_status sv_operation_parse(const char *name, const char *argument, sv_operation *operation,
                             sv_error *error)
{
    for (int i = 0; i < NUM_ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        sv_operation read = {.kind = entry->kind};
        if (strcmp(name, entry->name) != 0) {
            continue;
        }
        if (!entry->read(argument, &read) || !sv_operation_is_good(&read)) {
            return sv_fail(error, SV_INVALID, "--%s takes %s; '%.40s' was given", name,
                           entry->wants, argument != NULL ? argument : "");
        }
        *operation = read;
        return SV_OK;
    }
    return sv_fail(error, SV_INVALID, "there is no operation '%.40s'", name);
}

char *sv_operation_text(const sv_operation *operation, char text[SV_OPERATION_TEXT_SIZE])
{
    char value[SV_NUMBER_TEXT_SIZE], high[SV_NUMBER_TEXT_SIZE];
    const size_t size = SV_OPERATION_TEXT_SIZE;
    const char *name = "fill-nan";
    for (int i = 0; i < NUM_ENTRIES; i++) {
        name = entries[i].kind == operation->kind ? entries[i].name : name;
    }
    sv_number_shortest(operation->value, value);
    switch (operation->kind) {
    case SV_INVERT:
    case SV_DEMEAN: snprintf(text, size, "--%s", name); break;
    case SV_DETREND: snprintf(text, size, "--%s=%d", name, operation->order); break;
    case SV_CLIP:
        sv_number_shortest(operation->high, high);
        snprintf(text, size, "--%s=%s,%s", name, value, high);
        break;
    case SV_FILL_LINEAR: snprintf(text, size, "--%s=linear", name); break;
    case SV_SET:
        snprintf(text, size, "--%s=%lld=%s", name, (long long)operation->index, value);
        break;
    default: snprintf(text, size, "--%s=%s", name, value); break;
    }
    return text;
}

/* ---- sense ------------------------------------------------------------------------------- */

bool sv_operation_is_good(const sv_operation *operation)
{
    double value = operation->value;
    switch (operation->kind) {
    case SV_GAIN:
    case SV_OFFSET:
    case SV_FILL: return isfinite(value);
    case SV_CLIP: return value <= operation->high; /* so neither is NaN */
    case SV_DESPIKE: return isfinite(value) && value > 0.0;
    case SV_TAPER: return value >= 0.0 && value <= 0.5;
    case SV_SET: return operation->index >= 0;
    case SV_DETREND: return operation->order >= 0 && operation->order <= SV_TREND_MOST_ORDER;
    case SV_INVERT:
    case SV_DEMEAN:
    case SV_FILL_LINEAR: return true;
    }
    return false;
}

static int count_kind(const sv_operation *operations, int count, sv_operation_kind kind)
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += operations[i].kind == kind;
    }
    return found;
}

sv_status sv_operations_check(const sv_operation *operations, int count, sv_dtype dtype,
                              int64_t first, int64_t last, sv_error *error)
{
    bool has_nan = dtype.type == SV_F4 || dtype.type == SV_F8;
    char type[SV_DTYPE_TEXT_SIZE];
    if (count < 1) {
        return sv_fail(error, SV_INVALID, "there is no operation; give one, as --demean");
    }
    if (count > SV_MOST_OPERATIONS) {
        return sv_fail(error, SV_INVALID, "there are more than %d operations; make several edits",
                       SV_MOST_OPERATIONS);
    }
    if (count_kind(operations, count, SV_DESPIKE) > SV_MOST_DESPIKES) {
        return sv_fail(error, SV_INVALID, "--despike is given more than %d times; give it less",
                       SV_MOST_DESPIKES);
    }
    if (count_kind(operations, count, SV_FILL_LINEAR) > 1) {
        return sv_fail(error, SV_INVALID, "--fill-nan linear is given twice; give it once");
    }
    for (int i = 0; i < count; i++) {
        const sv_operation *set = &operations[i];
        if (set->kind != SV_SET) {
            continue;
        }
        if (isnan(set->value) && !has_nan) {
            return sv_fail(error, SV_INVALID, "sample %lld cannot be set to NaN: %s has none",
                           (long long)set->index, sv_dtype_text(dtype, type));
        }
        if (set->index < first || set->index >= last) {
            return sv_fail(error, SV_RANGE,
                           "sample %lld is to be set, but samples %lld to %lld are edited",
                           (long long)set->index, (long long)first, (long long)last);
        }
    }
    return SV_OK;
}

int sv_operation_order(const sv_operation *operation)
{
    return operation->kind == SV_DETREND ? operation->order : 0;
}

int sv_operations_num_measured(const sv_operation *operations, int count)
{
    return count_kind(operations, count, SV_DEMEAN) + count_kind(operations, count, SV_DETREND);
}
