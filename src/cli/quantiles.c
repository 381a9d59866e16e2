#include "cli/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

void quantiles_choose(struct quantiles *quantiles, const struct options *options)
{
    static const double quartiles[NUM_QUARTILES] = {0.25, 0.5, 0.75};
    *quantiles = (struct quantiles){.count = 0};
    if (!options->quartiles) {
        return;
    }
    quantiles->count = NUM_QUARTILES + options->num_quantiles;
    memcpy(quantiles->probabilities, quartiles, sizeof quartiles);
    memcpy(quantiles->probabilities + NUM_QUARTILES, options->quantiles,
           (size_t)options->num_quantiles * sizeof *options->quantiles);
}

/* Two passes for the rows, which most types need, and two for all rows together. */
static int64_t expected_bytes(const struct visit *visit)
{
    int64_t passes = visit->selection.num_rows > 1 ? 5 : 3;
    return visit->selection.num_bytes * passes;
}

void quantiles_begin(struct quantiles *quantiles, const struct visit *visit)
{
    int64_t num_rows =
        visit->selection.num_rows < GROUP_ROWS ? visit->selection.num_rows : GROUP_ROWS;
    if (quantiles->count > 0) {
        size_t count = (size_t)num_rows * (size_t)quantiles->count;
        quantiles->rows = must_have(malloc(count * sizeof *quantiles->rows));
        progress_expect(expected_bytes(visit));
    }
}

void quantiles_end(struct quantiles *quantiles)
{
    free(quantiles->rows);
    quantiles->rows = NULL;
}

/* What the scan of the summaries has said is not said again. */
static enum outcome end_scan(struct visit *visit, const sv_scan_range *range, sv_status status,
                             const sv_error *error, enum outcome outcome)
{
    bool known =
        (outcome == LOST && status == SV_FORMAT) || (outcome == FAILED && status != SV_CANCELLED);
    enum outcome own = visit_end_scan(visit, range, known ? SV_OK : status, error);
    return own == DONE ? outcome : own;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* How many rows from `first` on hold as many samples. */
static int64_t count_alike(const sv_summary *summaries, int64_t first, int64_t num_rows)
{
    int64_t end = first + 1;
    while (end < num_rows && summaries[end].num_samples == summaries[first].num_samples) {
        end++;
    }
    return end - first;
}

enum outcome quantiles_of_rows(struct quantiles *quantiles, struct visit *visit,
                               const struct walk *walk, const sv_summary *summaries,
                               enum outcome outcome)
{
    bool is_cut = outcome == FAILED;
    for (int64_t row = 0, count; quantiles->count > 0 && row < walk->num_rows; row += count) {
        sv_error error;
        sv_scan_range range = walk_range(walk, walk->first, walk->last);
        count = is_cut ? count_alike(summaries, row, walk->num_rows) : walk->num_rows;
        range.rows += row;
        range.num_rows = count;
        range.last = is_cut ? range.first + summaries[row].num_samples : range.last;
        visit_begin_scan(visit);
        sv_status status = sv_quantiles_scan(
            visit->recording, &range, summaries + row, quantiles->probabilities, quantiles->count,
            &visit->scan, quantiles->rows + row * quantiles->count, &visit->report, &error);
        outcome = end_scan(visit, &range, status, &error, outcome);
        if (outcome == STOPPED) {
            break;
        }
    }
    return outcome;
}

/* ---- all rows ------------------------------------------------------------------------------ */

static enum outcome count_all(sv_quantile_search *search, struct visit *visit, enum outcome outcome)
{
    struct walk walk;
    walk_begin(&walk, &visit->selection);
    while (outcome < FAILED && walk_segment(&walk)) {
        while (outcome < FAILED && walk_rows(&walk)) {
            sv_error error;
            sv_scan_range range = walk_range(&walk, walk.first, walk.last);
            visit_begin_scan(visit);
            sv_status status =
                sv_quantile_search_scan(search, visit->recording, &range, &visit->report, &error);
            outcome = end_scan(visit, &range, status, &error, outcome);
        }
    }
    walk_end(&walk);
    return outcome;
}

enum outcome quantiles_of_all(const struct quantiles *quantiles, struct visit *visit, sv_type type,
                              const sv_summary *summary, enum outcome outcome,
                              double values[SV_MOST_QUANTILES])
{
    sv_error error;
    sv_quantile_search *search;
    for (int i = 0; i < quantiles->count; i++) {
        values[i] = NAN;
    }
    if (quantiles->count == 0 || outcome >= FAILED) {
        return outcome;
    }
    /* The rows' scans have filled in visit->scan. */
    if (sv_quantile_search_open(sv_dtype_make(type, SV_NATIVE_ENDIAN), summary,
                                quantiles->probabilities, quantiles->count, &visit->scan, &search,
                                &error) != SV_OK) {
        message(visit->speaker, "%s", error.message);
        return FAILED;
    }
    while (outcome < FAILED && sv_quantile_search_next(search)) {
        outcome = count_all(search, visit, outcome);
    }
    if (outcome < FAILED) {
        sv_quantile_search_get(search, values);
    }
    sv_quantile_search_close(search);
    return outcome;
}
