/* The rules of the protocol, by name. A crash test is compiled so that it can leave one out;
 * elsewhere sv_holds() is true and costs nothing. */
#ifndef SV_JOURNAL_RULES_H
#define SV_JOURNAL_RULES_H

#include <stdbool.h>

typedef enum sv_rule {
#define SV_RULE(name, text) SV_RULE_##name,
#include "journal/rules.def"
#undef SV_RULE
    SV_NUM_RULES
} sv_rule;

#ifdef SV_RULES_CAN_BE_LEFT_OUT
extern sv_rule sv_rule_left_out; /* SV_NUM_RULES: none */

static inline bool sv_holds(sv_rule rule)
{
    return rule != sv_rule_left_out;
}
#else
static inline bool sv_holds(sv_rule rule)
{
    (void)rule;
    return true;
}
#endif

#endif
