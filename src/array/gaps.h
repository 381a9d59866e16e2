/* The further passes of a correlation: rows that lack samples, with all others. */
#ifndef SV_ARRAY_GAPS_H
#define SV_ARRAY_GAPS_H

#include "array/comoments.h"

/* Over the samples that both rows of a pair have, of their deviations from the rows' means, each in
 * its row's unit. */
typedef struct sv_pair_sums {
    double n;
    double x, y, xx, yy, xy;
} sv_pair_sums;

/* Takes the sums of rows i and j. */
typedef void sv_take_pair(void *context, int64_t i, int64_t j, const sv_pair_sums *sums);

/* Rows of which `moments` says that they lack samples are taken with every other and with
 * themselves, once. `units`: powers of two, about the size of the rows' deviations. Statuses:
 * sv_correlate(). */
sv_status sv_gaps(sv_correlating *work, const sv_row_moments *moments, const double *units,
                  sv_take_pair *take, void *context, sv_error *error);

#endif
