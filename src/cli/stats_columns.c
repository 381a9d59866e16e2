#include "cli/stats_columns.h"

#include <stdio.h>

/* USUAL: by no option, and left out by --quick. */
enum asked_by { ALWAYS, USUAL, MOMENTS, QUANTILES, CLIPPING, ENERGY };

static const struct {
    sv_column column;
    struct condition_key condition;
    enum asked_by asked_by;
} keys[NUM_KEYS] = {
#define STATS_KEY(key, kind, asked_by, heading, fact, importance, notice)                          \
    {{#key, heading, fact, importance, SV_NOTICE_##notice}, {#key, SV_VALUE_##kind}, asked_by},
#include "cli/stats_keys.def"
#undef STATS_KEY
};

static bool is_asked(enum asked_by option, const struct options *options)
{
    switch (option) {
    case ALWAYS: return true;
    case USUAL: return !options->quick;
    case MOMENTS: return options->moments;
    case QUANTILES: return options->quartiles;
    case CLIPPING: return options->clipping;
    case ENERGY: return options->energy;
    }
    return false;
}

static void add(struct stats_columns *columns, int key, sv_column column,
                struct condition_key condition)
{
    columns->key[columns->count] = key;
    columns->columns[columns->count] = column;
    columns->conditions[columns->count] = condition;
    columns->count++;
}

static void add_quantiles(struct stats_columns *columns, const struct options *options)
{
    for (int i = 0; i < options->num_quantiles; i++) {
        char number[SV_SCALAR_TEXT_SIZE];
        char *name = columns->names[i];
        sv_scalar_text(sv_scalar_float(options->quantiles[i]),
                       sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), number);
        snprintf(name, sizeof columns->names[i], "sample_quantile_%s", number);
        add(columns, KEY_quantile + i, (sv_column){name, false, false, 7, SV_NOTICE_NEVER},
            (struct condition_key){name, SV_VALUE_REAL});
    }
}

void stats_columns_choose(const struct options *options, struct stats_columns *columns)
{
    columns->count = 0;
    for (int key = 0; key < NUM_KEYS; key++) {
        if (is_asked(keys[key].asked_by, options)) {
            add(columns, key, keys[key].column, keys[key].condition);
        }
        if (key == KEY_sample_upper_quartile) {
            add_quantiles(columns, options);
        }
    }
}

void stats_columns_arrange(const struct stats_columns *columns, const sv_value values[MOST_KEYS],
                           sv_value row[MOST_KEYS])
{
    for (int i = 0; i < columns->count; i++) {
        row[i] = values[columns->key[i]];
    }
}
