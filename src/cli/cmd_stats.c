/* seisview stats: one row per channel of a segment, and one for all channels of a file. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/condition.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/quantiles.h"
#include "cli/stats_columns.h"
#include "cli/visit.h"

/* What the line for all channels tells of the rows where they agree. */
static const enum key shared_keys[] = {KEY_dtype,
                                       KEY_id,
                                       KEY_segment,
                                       KEY_start,
                                       KEY_end,
                                       KEY_sample_rate,
                                       KEY_sample_min_index,
                                       KEY_sample_max_index,
                                       KEY_sample_max_abs_index,
                                       KEY_longest_flat_index};

enum { NUM_SHARED = sizeof shared_keys / sizeof shared_keys[0] };

/* All rows of a file so far. */
struct total {
    int64_t num_rows;
    sv_value values[NUM_KEYS];                      /* the shared ones, of the first row */
    char dtype[SV_DTYPE_TEXT_SIZE], id[SV_ID_SIZE]; /* that they borrow */
    sv_type type;                                   /* SV_TYPE_NONE: of several */
    sv_summary summary;
    int64_t longest_flat, num_clipped, num_sign_changes;
    bool whole; /* all samples are integers */
    bool complete;
};

/* How often a condition said yes in a file, and where first. */
struct hits {
    int64_t count;
    char channel[32];
};

struct stats {
    sv_report *report;
    struct stats_columns columns;
    struct quantiles quantiles;
    struct condition *conditions;
    struct hits *hits;
    int num_conditions;
    bool check_failed;
    sv_trend *trends; /* of the rows in hand; NULL: they are not taken away */
    struct total total;
};

/* ---- values -------------------------------------------------------------------------------- */

/* Of integer samples the extremes are whole, and are written in full. */
static sv_value value_of_extreme(double extreme, bool whole)
{
    bool fits = whole && extreme >= -0x1p63 && extreme < 0x1p63;
    return fits ? sv_value_int((int64_t)extreme) : sv_value_real(extreme);
}

static sv_value value_of_index(int64_t index)
{
    return index >= 0 ? sv_value_int(index) : sv_value_null();
}

static void fill_figures(sv_value *values, const sv_summary *summary, bool whole)
{
    int64_t max_abs_index;
    double max_abs = sv_summary_max_abs(summary, &max_abs_index);
    values[KEY_num_samples] = sv_value_int(summary->num_samples);
    values[KEY_num_nan] = sv_value_int(summary->num_nan);
    values[KEY_num_inf] = sv_value_int(summary->num_inf);
    values[KEY_sample_min] = value_of_extreme(summary->min, whole);
    values[KEY_sample_min_index] = value_of_index(summary->min_index);
    values[KEY_sample_max] = value_of_extreme(summary->max, whole);
    values[KEY_sample_max_index] = value_of_index(summary->max_index);
    values[KEY_sample_max_abs] = value_of_extreme(max_abs, whole);
    values[KEY_sample_max_abs_index] = value_of_index(max_abs_index);
    values[KEY_sample_mean] = sv_value_real(sv_summary_mean(summary));
    values[KEY_sample_rms] = sv_value_real(sv_summary_rms(summary));
    values[KEY_sample_stdev] = sv_value_real(sv_summary_stdev(summary));
    values[KEY_num_zero] = sv_value_int(summary->num_zero);
    values[KEY_longest_flat] = sv_value_int(summary->longest.length);
    values[KEY_longest_flat_index] =
        value_of_index(summary->longest.length > 0 ? summary->longest.index : -1);
}

/* Those that were not asked for are not shown. */
static void fill_more_figures(sv_value *values, const sv_summary *summary)
{
    values[KEY_sample_skewness] = sv_value_real(sv_summary_skewness(summary));
    values[KEY_sample_kurtosis] = sv_value_real(sv_summary_kurtosis(summary));
    values[KEY_sample_energy] = sv_value_real(sv_summary_energy(summary));
    values[KEY_num_clipped] = sv_value_int(sv_summary_num_clipped(summary));
    values[KEY_num_sign_changes] = sv_value_int(summary->num_sign_changes);
}

static unsigned figures_of(const struct options *options)
{
    return (options->moments ? SV_FIGURES_SHAPE : 0u) |
           (options->clipping ? SV_FIGURES_CLIPPING : 0u);
}

static void fill_quantiles(sv_value *values, const struct quantiles *quantiles,
                           const double *figures)
{
    static const enum key quartiles[NUM_QUARTILES] = {KEY_sample_lower_quartile, KEY_sample_median,
                                                      KEY_sample_upper_quartile};
    for (int i = 0; i < quantiles->count; i++) {
        int key = i < NUM_QUARTILES ? (int)quartiles[i] : KEY_quantile + i - NUM_QUARTILES;
        values[key] = sv_value_real(figures[i]);
    }
}

static bool is_whole(sv_type type)
{
    switch (type) {
    case SV_F4:
    case SV_F8:
    case SV_IBM4: return false;
    default: return true;
    }
}

static bool same_value(sv_value a, sv_value b)
{
    if (a.kind != b.kind) {
        return false;
    }
    switch (a.kind) {
    case SV_VALUE_TEXT: return strcmp(a.as.text, b.as.text) == 0;
    case SV_VALUE_INT: return a.as.integer == b.as.integer;
    case SV_VALUE_REAL: return a.as.real == b.as.real;
    case SV_VALUE_TIME: return a.as.time == b.as.time;
    default: return true;
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void check(struct stats *stats, const sv_value *row, sv_value channel)
{
    for (int i = 0; i < stats->num_conditions; i++) {
        const struct condition *condition = &stats->conditions[i];
        struct hits *hits = &stats->hits[i];
        if (!condition_holds(condition, row[condition->key])) {
            continue;
        }
        if (hits->count++ == 0 && channel.kind == SV_VALUE_INT) {
            sv_scalar_text(sv_scalar_int(channel.as.integer),
                           sv_dtype_make(SV_I8, SV_NATIVE_ENDIAN), hits->channel);
        } else if (hits->count == 1) {
            snprintf(hits->channel, sizeof hits->channel, "all");
        }
    }
}

static bool write_values(struct stats *stats, const sv_value values[MOST_KEYS])
{
    sv_value row[MOST_KEYS];
    stats_columns_arrange(&stats->columns, values, row);
    check(stats, row, values[KEY_channel]);
    return output_row(stats->report, row);
}

static void say_hits(struct stats *stats, const char *path)
{
    for (int i = 0; i < stats->num_conditions; i++) {
        struct hits *hits = &stats->hits[i];
        if (hits->count > 0) {
            message(path, "%s in %lld row%s, first in channel %s", stats->conditions[i].text,
                    (long long)hits->count, hits->count == 1 ? "" : "s", hits->channel);
            stats->check_failed = true;
        }
        *hits = (struct hits){0};
    }
}

static void begin_total(struct total *total)
{
    *total = (struct total){.whole = true, .complete = true};
    sv_summary_init(&total->summary);
}

static void keep_shared(struct total *total, const sv_value *values)
{
    for (int i = 0; i < NUM_SHARED; i++) {
        enum key key = shared_keys[i];
        if (total->num_rows == 0) {
            total->values[key] = values[key];
        } else if (!same_value(total->values[key], values[key])) {
            total->values[key] = sv_value_null();
        }
    }
    if (total->num_rows == 0) {
        snprintf(total->dtype, sizeof total->dtype, "%s", values[KEY_dtype].as.text);
        total->values[KEY_dtype] = sv_value_text(total->dtype);
    }
    if (total->num_rows == 0 && values[KEY_id].kind == SV_VALUE_TEXT) {
        snprintf(total->id, sizeof total->id, "%s", values[KEY_id].as.text);
        total->values[KEY_id] = sv_value_text(total->id);
    }
}

static void add_to_total(struct total *total, const sv_value *values, const sv_summary *summary,
                         sv_type type, bool whole)
{
    keep_shared(total, values);
    total->type = total->num_rows == 0 || total->type == type ? type : SV_TYPE_NONE;
    sv_summary_merge(&total->summary, summary);
    if (summary->longest.length > total->longest_flat) {
        total->longest_flat = summary->longest.length;
    }
    total->num_clipped += sv_summary_num_clipped(summary);
    total->num_sign_changes += summary->num_sign_changes;
    total->whole = total->whole && whole;
    total->complete = total->complete && values[KEY_complete].as.boolean;
    total->num_rows++;
}

static bool write_total(struct stats *stats, const struct visit *visit, const double *quantiles)
{
    struct total *total = &stats->total;
    sv_value values[MOST_KEYS];
    values[KEY_file] = sv_value_text(visit->path);
    values[KEY_format] = sv_value_text(sv_recording_format(visit->recording));
    values[KEY_channel] = sv_value_text("all");
    values[KEY_complete] = sv_value_bool(total->complete);
    fill_figures(values, &total->summary, total->whole);
    fill_more_figures(values, &total->summary);
    fill_quantiles(values, &stats->quantiles, quantiles);
    /* The merged summary joins runs across channels, which do not follow one another. */
    values[KEY_longest_flat] = sv_value_int(total->longest_flat);
    values[KEY_num_clipped] = sv_value_int(total->num_clipped);
    values[KEY_num_sign_changes] = sv_value_int(total->num_sign_changes);
    for (int i = 0; i < NUM_SHARED; i++) {
        values[shared_keys[i]] = total->values[shared_keys[i]];
    }
    return write_values(stats, values);
}

/* Row i of the walk's. */
static bool write_row(struct stats *stats, const struct visit *visit, const struct walk *walk,
                      int64_t i, const sv_summary *summary, enum outcome outcome)
{
    const sv_segment *segment = &walk->segment;
    const struct quantiles *quantiles = &stats->quantiles;
    sv_channel channel;
    char dtype[SV_DTYPE_TEXT_SIZE];
    sv_value values[MOST_KEYS];
    if (sv_recording_channel(visit->recording, segment->index, walk->rows[i], &channel) != SV_OK) {
        return true;
    }
    sv_type type = (sv_type)segment->samples.dtype.type;
    /* What is left of a trend is never whole. */
    bool whole = is_whole(type) && stats->trends == NULL;
    bool empty = summary->num_samples == 0;
    /* What is cut ends early; what cannot be decoded lies anywhere. */
    int64_t last = (outcome == LOST ? walk->last : walk->first + summary->num_samples) - 1;
    double rate = segment->sample_rate;
    values[KEY_file] = sv_value_text(visit->path);
    values[KEY_format] = sv_value_text(sv_recording_format(visit->recording));
    values[KEY_dtype] = sv_value_text(sv_dtype_text(segment->samples.dtype, dtype));
    values[KEY_id] = channel.has_id ? sv_value_text(channel.id) : sv_value_null();
    values[KEY_segment] = sv_value_int(segment->index);
    values[KEY_channel] = sv_value_int(channel.number);
    values[KEY_start] =
        sv_value_time(empty ? SV_TIME_NONE : sv_time_of_sample(channel.start, rate, walk->first));
    values[KEY_end] =
        sv_value_time(empty ? SV_TIME_NONE : sv_time_of_sample(channel.start, rate, last));
    values[KEY_sample_rate] = sv_value_real(rate);
    values[KEY_complete] = sv_value_bool(segment->complete && outcome == DONE &&
                                         summary->num_samples == walk->last - walk->first);
    fill_figures(values, summary, whole);
    fill_more_figures(values, summary);
    if (quantiles->count > 0) {
        fill_quantiles(values, quantiles, quantiles->rows + i * quantiles->count);
    }
    add_to_total(&stats->total, values, summary, type, whole);
    return write_values(stats, values);
}

/* ---- a file -------------------------------------------------------------------------------- */

/* Whether a scan that ended so gave what there is. */
static bool is_measured(sv_status status)
{
    return status == SV_OK || status == SV_TRUNCATED || status == SV_IO || status == SV_FORMAT;
}

/* What goes wrong with samples on the way is said when they are read again. */
static enum outcome find_trends(struct stats *stats, struct visit *visit,
                                const sv_scan_range *range)
{
    sv_error error;
    int order = (int)visit->options->detrend_order;
    visit_begin_scan(visit);
    sv_status status = sv_trend_scan(visit->recording, range, order, &visit->scan, stats->trends,
                                     &visit->report, &error);
    return visit_end_scan(visit, range, is_measured(status) ? SV_OK : status, &error);
}

static enum outcome summarise(struct stats *stats, struct visit *visit, const sv_scan_range *range,
                              sv_summary *summaries, sv_status *status)
{
    sv_error error;
    unsigned figures = figures_of(visit->options);
    enum outcome outcome = stats->trends != NULL ? find_trends(stats, visit, range) : DONE;
    if (outcome != DONE) {
        return outcome;
    }
    visit_begin_scan(visit);
    if (stats->trends != NULL) {
        *status = sv_trend_summary_scan(visit->recording, range, stats->trends, figures,
                                        &visit->scan, summaries, &visit->report, &error);
    } else {
        *status = sv_summary_scan(visit->recording, range, figures, &visit->scan, summaries,
                                  &visit->report, &error);
    }
    return visit_end_scan(visit, range, *status, &error);
}

/* The rows in hand: measured, looked at once more, written. */
static enum outcome measure_rows(struct stats *stats, struct visit *visit, const struct walk *walk,
                                 sv_summary *summaries)
{
    sv_scan_range range = walk_range(walk, walk->first, walk->last);
    sv_status status = SV_CANCELLED;
    enum outcome outcome = summarise(stats, visit, &range, summaries, &status);
    if (outcome == STOPPED || !is_measured(status)) {
        return outcome;
    }
    outcome = quantiles_of_rows(&stats->quantiles, visit, walk, summaries, outcome);
    if (outcome == STOPPED) {
        return STOPPED;
    }
    if (outcome == DONE && !visit_check(visit)) {
        outcome = FAILED;
    }
    for (int64_t i = 0; i < walk->num_rows; i++) {
        if (!write_row(stats, visit, walk, i, &summaries[i], outcome)) {
            return STOPPED;
        }
    }
    return outcome;
}

static enum outcome measure_segments(struct stats *stats, struct visit *visit,
                                     sv_summary *summaries)
{
    struct walk walk;
    enum outcome outcome = DONE;
    bool lost = false;
    walk_begin(&walk, &visit->selection);
    while (outcome == DONE && walk_segment(&walk)) {
        while (outcome == DONE && walk_rows(&walk)) {
            outcome = measure_rows(stats, visit, &walk, summaries);
            lost = lost || outcome == LOST;
            outcome = outcome == LOST ? DONE : outcome;
        }
    }
    walk_end(&walk);
    return outcome == DONE && lost ? LOST : outcome;
}

/* The line for all channels, where there is more than one row. */
static enum outcome measure_total(struct stats *stats, struct visit *visit, enum outcome outcome)
{
    struct total *total = &stats->total;
    double quantiles[SV_MOST_QUANTILES];
    if (outcome == STOPPED || total->num_rows < 2) {
        return outcome;
    }
    outcome = quantiles_of_all(&stats->quantiles, visit, total->type, &total->summary, outcome,
                               quantiles);
    if (outcome == STOPPED) {
        return STOPPED;
    }
    if (outcome == DONE && stats->quantiles.count > 0 && !visit_check(visit)) {
        outcome = FAILED;
    }
    total->complete = total->complete && outcome == DONE;
    return write_total(stats, visit, quantiles) ? outcome : STOPPED;
}

static enum outcome measure_file(void *context, struct visit *visit)
{
    struct stats *stats = context;
    int64_t num_rows =
        visit->selection.num_rows < GROUP_ROWS ? visit->selection.num_rows : GROUP_ROWS;
    sv_summary *summaries = must_have(malloc((size_t)num_rows * sizeof *summaries));
    if (visit->options->detrend) {
        stats->trends = must_have(malloc((size_t)num_rows * sizeof *stats->trends));
    }
    begin_total(&stats->total);
    quantiles_begin(&stats->quantiles, visit);
    enum outcome outcome = measure_segments(stats, visit, summaries);
    outcome = measure_total(stats, visit, outcome);
    quantiles_end(&stats->quantiles);
    free(summaries);
    free(stats->trends);
    stats->trends = NULL;
    say_hits(stats, visit->path);
    return outcome;
}

/* ---- the command --------------------------------------------------------------------------- */

static bool read_conditions(const struct options *options, struct stats *stats)
{
    size_t count = (size_t)options->num_conditions;
    stats->num_conditions = options->num_conditions;
    stats->conditions = must_have(calloc(count + 1, sizeof *stats->conditions));
    stats->hits = must_have(calloc(count + 1, sizeof *stats->hits));
    for (int i = 0; i < options->num_conditions; i++) {
        sv_error error;
        if (condition_parse(options->conditions[i], stats->columns.conditions, stats->columns.count,
                            &stats->conditions[i], &error) != SV_OK) {
            message(NULL, "--fail-on '%s': %s", options->conditions[i], error.message);
            return false;
        }
    }
    return true;
}

static bool has_kernel(void)
{
    const char *name;
    sv_error error;
    if (sv_kernel_name(&name, &error) != SV_OK) {
        message(NULL, "%s", error.message);
        return false;
    }
    return true;
}

static int run(const struct options *options, struct stats *stats)
{
    stats->report = output_open(options, stats->columns.columns, stats->columns.count);
    if (stats->report == NULL) {
        return EXIT_FAILED;
    }
    int status = visit_all(options, measure_file, stats);
    output_close(stats->report);
    return status == EXIT_DONE && stats->check_failed ? EXIT_CHECK : status;
}

int cmd_stats(const struct options *options)
{
    struct stats stats = {0};
    int status = EXIT_USAGE;
    stats_columns_choose(options, &stats.columns);
    quantiles_choose(&stats.quantiles, options);
    if (read_conditions(options, &stats) && has_kernel()) {
        status = run(options, &stats);
    }
    free(stats.conditions);
    free(stats.hits);
    return status;
}
