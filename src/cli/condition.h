/* Conditions of --fail-on: KEY OPERATOR VALUE, as in 'num_nan>0' and 'complete==false'.
 *
 * Numbers and times are in order, text is equal or not, `null` is in no order with anything and
 * only equal to itself: 'sample_min==null' is the way to ask for it. A value is compared with
 * what it can be: text never with a number. */
#ifndef SV_CLI_CONDITION_H
#define SV_CLI_CONDITION_H

#include <stdbool.h>

#include "seisview.h"

enum relation { LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, EQUAL, NOT_EQUAL };

/* A key that can be asked for, and the kind of its values where they are not null. */
struct condition_key {
    const char *name;
    sv_value_kind kind;
};

struct condition {
    const char *text; /* as it was given, for messages */
    int key;          /* its number */
    enum relation relation;
    sv_value_kind kind; /* of the operand */
    sv_scalar number;
    sv_time time;
    bool boolean;
    const char *operand; /* TEXT: within `text` */
};

/* SV_INVALID: the error says why. `text` is borrowed. */
sv_status condition_parse(const char *text, const struct condition_key *keys, int num_keys,
                          struct condition *condition, sv_error *error);

/* Whether a row's value says yes. */
bool condition_holds(const struct condition *condition, sv_value value);

#endif
