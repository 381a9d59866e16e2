/* What --quantiles asks for: quantiles of the rows in hand, and of all rows of a file. */
#ifndef SV_CLI_QUANTILES_H
#define SV_CLI_QUANTILES_H

#include "cli/visit.h"

struct quantiles {
    int count; /* of a row; 0: none are asked for */
    double probabilities[SV_MOST_QUANTILES];
    double *rows; /* those of the rows in hand */
};

void quantiles_choose(struct quantiles *quantiles, const struct options *options);

/* Room for the rows of a visit, to be freed by quantiles_end(); tells the progress bar. */
void quantiles_begin(struct quantiles *quantiles, const struct visit *visit);
void quantiles_end(struct quantiles *quantiles);

/* Of the rows of the walk, whose summaries were made with `outcome`. Returns what has come of both.
 * Of rows that were cut meanwhile it takes what their summaries hold. */
enum outcome quantiles_of_rows(struct quantiles *quantiles, struct visit *visit,
                               const struct walk *walk, const sv_summary *summaries,
                               enum outcome outcome);

/* Of all rows of the visit together, whose merged summary was made with `outcome`; `type` is that
 * of all samples, SV_TYPE_NONE where there are several. Where a file was cut meanwhile there is no
 * saying what all its rows were: NaN. */
enum outcome quantiles_of_all(const struct quantiles *quantiles, struct visit *visit, sv_type type,
                              const sv_summary *summary, enum outcome outcome,
                              double values[SV_MOST_QUANTILES]);

#endif
