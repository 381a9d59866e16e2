/* The columns of `seisview stats`: keys that are always there, those that options ask for, and one
 * for each quantile of a list. */
#ifndef SV_CLI_STATS_COLUMNS_H
#define SV_CLI_STATS_COLUMNS_H

#include "cli/condition.h"
#include "cli/options.h"
#include "seisview.h"

enum key {
#define STATS_KEY(key, kind, asked_by, heading, fact, importance, notice) KEY_##key,
#include "cli/stats_keys.def"
#undef STATS_KEY
    NUM_KEYS
};

/* A row's values are numbered by their keys; the quantiles of the list follow. */
enum { KEY_quantile = NUM_KEYS, MOST_KEYS = NUM_KEYS + MOST_QUANTILES };

struct stats_columns {
    int count;
    int key[MOST_KEYS]; /* of each column */
    sv_column columns[MOST_KEYS];
    struct condition_key conditions[MOST_KEYS];
    char names[MOST_QUANTILES][sizeof "sample_quantile_" + SV_SCALAR_TEXT_SIZE];
};

void stats_columns_choose(const struct options *options, struct stats_columns *columns);

/* Puts a row's values into the order of the columns. */
void stats_columns_arrange(const struct stats_columns *columns, const sv_value values[MOST_KEYS],
                           sv_value row[MOST_KEYS]);

#endif
