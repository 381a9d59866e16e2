/* Operations on values: a tile of a row's samples as float64. */
#ifndef SV_EDIT_OPERATION_VALUES_H
#define SV_EDIT_OPERATION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "edit/operation.h"

enum {
    SV_DESPIKE_REACH = 5, /* neighbours on each side */
    SV_MOST_REACH = SV_MOST_DESPIKES * SV_DESPIKE_REACH,
    SV_TILE = 1024,
    SV_TILE_ROOM = SV_TILE + 2 * SV_MOST_REACH
};

/* Values of the samples [first, last): x[0] is that of `first`. */
typedef struct sv_values {
    int64_t first, last;
    double *x;
    double room[SV_TILE_ROOM];
} sv_values;

/* Whether its parameters are such as the command line could have given. */
bool sv_operation_is_good(const sv_operation *operation);

/* How far operations [from, to) of a chain look to each side. */
int sv_chain_reach(const sv_chain *chain, int from, int to);

/* Applies operations [from, to) of a chain, SV_FILL_LINEAR not among them. Where they look to the
 * sides, the values lose as much at each end, but for an end of the row. */
void sv_values_apply(const sv_chain *chain, int from, int to, sv_values *values);

#endif
