#include "cli/condition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t"

static sv_status refuse(sv_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static sv_status refuse(sv_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return SV_INVALID;
}

/* ---- parsing ------------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    enum relation relation;
} relations[] = {{"<=", LESS_OR_EQUAL}, {">=", GREATER_OR_EQUAL},
                 {"==", EQUAL},         {"!=", NOT_EQUAL},
                 {"<", LESS},           {">", GREATER}};

/* Returns what follows the operator, NULL: there is none. */
static const char *read_relation(const char *text, enum relation *relation)
{
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        size_t length = strlen(relations[i].sign);
        if (strncmp(text, relations[i].sign, length) == 0) {
            *relation = relations[i].relation;
            return text + length;
        }
    }
    return NULL;
}

static int find_key(const char *text, size_t length, const struct condition_key *keys, int num_keys)
{
    for (int i = 0; i < num_keys; i++) {
        if (strlen(keys[i].name) == length && strncmp(keys[i].name, text, length) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_ordered(enum relation relation)
{
    return relation != EQUAL && relation != NOT_EQUAL;
}

static sv_status read_number(const char *text, struct condition *condition, sv_error *error)
{
    sv_status status = sv_scalar_parse(text, &condition->number);
    if (status != SV_OK || isnan(sv_scalar_as_f8(condition->number))) {
        return refuse(error, "'%s' is no number", text);
    }
    return SV_OK;
}

static sv_status read_text(const char *text, struct condition *condition, sv_error *error)
{
    condition->kind = SV_VALUE_TEXT;
    condition->operand = text;
    return is_ordered(condition->relation) ? refuse(error, "text is in no order; give == or !=")
                                           : SV_OK;
}

static sv_status read_boolean(const char *text, struct condition *condition, sv_error *error)
{
    condition->boolean = strcmp(text, "true") == 0;
    if (!condition->boolean && strcmp(text, "false") != 0) {
        return refuse(error, "'%s' is neither true nor false", text);
    }
    return is_ordered(condition->relation)
               ? refuse(error, "true and false are in no order; give == or !=")
               : SV_OK;
}

static sv_status read_operand(const char *text, const struct condition_key *key,
                              struct condition *condition, sv_error *error)
{
    condition->kind = key->kind;
    if (strcmp(text, "null") == 0) {
        condition->kind = SV_VALUE_NULL;
        return is_ordered(condition->relation) ? refuse(error, "null is in no order; give == or !=")
                                               : SV_OK;
    }
    switch (key->kind) {
    case SV_VALUE_BOOL: return read_boolean(text, condition, error);
    case SV_VALUE_TEXT: return read_text(text, condition, error);
    case SV_VALUE_TIME:
        return sv_time_parse(text, &condition->time) == SV_OK
                   ? SV_OK
                   : refuse(error, "'%s' is no time; give UTC as 2026-01-31T12:00:00Z", text);
    default: break;
    }
    if (strcmp(key->name, "channel") == 0 && strcmp(text, "all") == 0) {
        return read_text(text, condition, error);
    }
    return read_number(text, condition, error);
}

sv_status condition_parse(const char *text, const struct condition_key *keys, int num_keys,
                          struct condition *condition, sv_error *error)
{
    *condition = (struct condition){.text = text};
    const char *key = text + strspn(text, BLANKS);
    size_t key_length = strcspn(key, "<>=!" BLANKS);
    const char *sign = key + key_length + strspn(key + key_length, BLANKS);
    const char *operand = read_relation(sign, &condition->relation);
    if (key_length == 0 || operand == NULL) {
        return refuse(error, "that is no condition; give KEY, one of < <= > >= == !=, and a value, "
                             "as in 'num_nan>0'");
    }
    condition->key = find_key(key, key_length, keys, num_keys);
    if (condition->key < 0) {
        return refuse(error, "there is no key '%.*s'; the keys are those of --json",
                      (int)key_length, key);
    }
    operand += strspn(operand, BLANKS);
    if (*operand == '\0') {
        return refuse(error, "there is nothing to compare with after the operator");
    }
    return read_operand(operand, &keys[condition->key], condition, error);
}

/* ---- asking -------------------------------------------------------------------------------- */

static bool relates(enum relation relation, int order)
{
    switch (relation) {
    case LESS: return order < 0;
    case LESS_OR_EQUAL: return order <= 0;
    case GREATER: return order > 0;
    case GREATER_OR_EQUAL: return order >= 0;
    case EQUAL: return order == 0;
    case NOT_EQUAL: return order != 0;
    }
    return false;
}

/* Counts are compared exactly with whole numbers. */
static int compare_numbers(sv_scalar a, sv_scalar b)
{
    if (a.kind == SV_KIND_INT && b.kind == SV_KIND_INT) {
        return (a.value.i > b.value.i) - (a.value.i < b.value.i);
    }
    double x = sv_scalar_as_f8(a), y = sv_scalar_as_f8(b);
    return (x > y) - (x < y);
}

bool condition_holds(const struct condition *condition, sv_value value)
{
    bool equal;
    if (condition->kind == SV_VALUE_NULL || value.kind == SV_VALUE_NULL) {
        equal = value.kind == condition->kind;
        return condition->kind == SV_VALUE_NULL && equal == (condition->relation == EQUAL);
    }
    if (condition->kind == SV_VALUE_TEXT || value.kind == SV_VALUE_TEXT) {
        equal = value.kind == condition->kind && strcmp(value.as.text, condition->operand) == 0;
        return !is_ordered(condition->relation) && equal == (condition->relation == EQUAL);
    }
    switch (value.kind) {
    case SV_VALUE_INT:
        return relates(condition->relation,
                       compare_numbers(sv_scalar_int(value.as.integer), condition->number));
    case SV_VALUE_REAL:
        return relates(condition->relation,
                       compare_numbers(sv_scalar_float(value.as.real), condition->number));
    case SV_VALUE_TIME:
        return relates(condition->relation,
                       (value.as.time > condition->time) - (value.as.time < condition->time));
    case SV_VALUE_BOOL:
        return (value.as.boolean == condition->boolean) == (condition->relation == EQUAL);
    default: return false;
    }
}
