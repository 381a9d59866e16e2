/* JSON Lines: one object a row, its keys in the order of the columns. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/style.h"

/* Whole numbers below this have no more digits than %.17g prints, which writes 3, not 3.0. */
#define PLAIN_DIGITS 1e17

static json_t *json_of_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *shown = sv_malloc(size);
    if (shown == NULL) {
        return NULL;
    }
    json_t *json = json_string(sv_printable(text, shown, size));
    sv_free(shown);
    return json;
}

static json_t *json_of_real(double value)
{
    bool plain = fabs(value) < PLAIN_DIGITS && value == floor(value);
    return plain ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *json_of_time(sv_time time)
{
    char text[SV_TIME_TEXT_SIZE];
    return json_string(sv_time_format(time, text));
}

static json_t *json_of_integers(const int64_t *items, int length)
{
    json_t *list = json_array();
    for (int i = 0; i < length && list != NULL; i++) {
        if (json_array_append_new(list, json_integer(items[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *json_of_value(sv_value value)
{
    switch (value.kind) {
    case SV_VALUE_TEXT: return json_of_text(value.as.text);
    case SV_VALUE_INT: return json_integer(value.as.integer);
    case SV_VALUE_REAL: return json_of_real(value.as.real);
    case SV_VALUE_BOOL: return json_boolean(value.as.boolean);
    case SV_VALUE_TIME: return json_of_time(value.as.time);
    case SV_VALUE_INTS: return json_of_integers(value.as.integers.items, value.as.integers.length);
    case SV_VALUE_NULL: break;
    }
    return json_null();
}

static json_t *object_of_row(const sv_report *report, const sv_value *values)
{
    json_t *object = json_object();
    for (int i = 0; i < report->num_columns && object != NULL; i++) {
        json_t *member = json_of_value(sv_value_normal(values[i]));
        if (json_object_set_new(object, report->columns[i].key, member) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static sv_status row(sv_report *report, const sv_value *values, sv_error *error)
{
    json_t *object = object_of_row(report, values);
    if (object == NULL) {
        return sv_fail(error, SV_NOMEM, "out of memory for a line of JSON");
    }
    int failed = json_dumpf(object, report->file, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    if (failed == 0) {
        failed = fputc('\n', report->file) == EOF;
    }
    return failed != 0 ? sv_fail_errno(error, "the output cannot be written") : SV_OK;
}

const struct sv_style sv_style_json = {row, NULL};
