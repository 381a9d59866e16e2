/* Quantiles by scans: every pass is a census, in which each thread counts the samples it is given
 * in a table of its own. */
#include "seisview/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "stats/order.h"

/* Room for all tables of a census. More threads than this would not count faster than memory
 * delivers, and take room from each other. */
enum { ARENA_BYTES = 32 << 20, MOST_WORKERS = 16 };

/* Bits of a key that one pass finds out. */
enum { MOST_WIDTH = 16, LEAST_WIDTH = 8 };

/* Samples after which a thread adds its counts to the totals, long before they could overflow. */
enum { MOST_COUNTED = 1 << 26 };

/* Below this a range is left to one thread. */
enum { ALONE_SAMPLES = 1 << 18 };

/* One population in a census. */
typedef struct tally {
    sv_population *population;
    sv_bins bins;
    size_t first_place; /* of its bins among those of all populations */
    int64_t num_merged; /* samples */
} tally;

typedef struct worker {
    uint32_t *counts;    /* of all places */
    int64_t num_counted; /* samples since they were added to the totals */
    volatile bool is_counting;
    bool is_spoiled; /* it was left in the middle of a block, which may be counted in part */
} worker;

typedef struct census {
    const sv_kernels *kernels;
    sv_scan_options options;
    sv_key_kind kind;
    bool together;  /* all rows are one population; else each is one */
    tally *tallies; /* of the populations that are counted */
    int64_t num_tallies;
    size_t num_places; /* bins, and one a population for samples in none of them */
    char *arena;       /* zeros between one census and the next */
    uint64_t *totals;  /* of all places */
    worker workers[MOST_WORKERS];
} census;

/* ---- counting, by several threads -------------------------------------------------------- */

enum { TILE_SAMPLES = 1024 };

typedef union tile {
    float f4[TILE_SAMPLES];
    double f8[TILE_SAMPLES];
    uint32_t i4[TILE_SAMPLES];
} tile;

/* Whether the samples lie as the kernels count them. */
static bool is_native(sv_key_kind kind, const sv_view *samples)
{
    sv_dtype dtype = samples->dtype;
    if (dtype.order != SV_NATIVE_ENDIAN ||
        samples->strides[0] != (int64_t)sv_dtype_itemsize(dtype)) {
        return false;
    }
    switch (kind) {
    case SV_KEY_F4: return dtype.type == SV_F4;
    case SV_KEY_I4: return dtype.type == SV_I4 || dtype.type == SV_U4;
    default: return dtype.type == SV_F8;
    }
}

static void convert(const census *c, sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n,
                    tile *to)
{
    if (c->kind == SV_KEY_I4) {
        c->kernels->integers(dtype, from, stride, n, to->i4);
    } else if (c->kind == SV_KEY_F8 && sv_kernel_is_f4(dtype)) {
        tile narrow;
        c->kernels->convert(dtype, from, stride, n, narrow.f4);
        for (int64_t i = 0; i < n; i++) {
            to->f8[i] = (double)narrow.f4[i];
        }
    } else {
        c->kernels->convert(dtype, from, stride, n, to);
    }
}

static void count_native(const census *c, const sv_bins *bins, const void *samples, int64_t n,
                         uint32_t *counts)
{
    switch (c->kind) {
    case SV_KEY_F4: c->kernels->histogram_f4(bins, samples, n, counts); break;
    case SV_KEY_I4: c->kernels->histogram_i4(bins, samples, n, counts); break;
    case SV_KEY_F8: c->kernels->histogram_f8(bins, samples, n, counts); break;
    }
}

static void count_samples(const census *c, const sv_bins *bins, const sv_view *samples,
                          uint32_t *counts)
{
    int64_t n = samples->shape[0], stride = samples->strides[0];
    if (is_native(c->kind, samples)) {
        count_native(c, bins, samples->address, n, counts);
        return;
    }
    tile t;
    for (int64_t first = 0; first < n; first += TILE_SAMPLES) {
        int64_t count = sv_min_i8(TILE_SAMPLES, n - first);
        convert(c, samples->dtype, samples->address + first * stride, (ptrdiff_t)stride, count, &t);
        count_native(c, bins, &t, count, counts);
    }
}

static void add_to_totals(census *c, worker *w)
{
    for (size_t place = 0; place < c->num_places; place++) {
        uint32_t *counts = w->counts + place * SV_COUNTS_A_BIN;
        if ((counts[0] | counts[1]) != 0) {
            __atomic_fetch_add(&c->totals[place], (uint64_t)counts[0] + counts[1],
                               __ATOMIC_RELAXED);
            counts[0] = counts[1] = 0;
        }
    }
    w->num_counted = 0;
}

static void count_block(void *context, const sv_block *block, void *result)
{
    census *c = context;
    worker *w = &c->workers[block->worker];
    const tally *t = &c->tallies[c->together ? 0 : block->position];
    int64_t *num_samples = result;
    *num_samples = block->samples.shape[0];
    w->is_spoiled |= w->is_counting;
    w->is_counting = true;
    count_samples(c, &t->bins, &block->samples, w->counts + t->first_place * SV_COUNTS_A_BIN);
    w->is_counting = false;
    w->num_counted += *num_samples;
    if (w->num_counted > MOST_COUNTED) {
        add_to_totals(c, w);
    }
}

static void join_counts(void *context, void *result, const void *next)
{
    (void)context;
    *(int64_t *)result += *(const int64_t *)next;
}

static void merge_counts(void *context, int64_t position, const void *result)
{
    census *c = context;
    c->tallies[c->together ? 0 : position].num_merged += *(const int64_t *)result;
}

/* ---- a census ---------------------------------------------------------------------------- */

static sv_status check_probabilities(const double *probabilities, int num_probabilities,
                                     sv_error *error)
{
    if (num_probabilities < 1 || num_probabilities > SV_MOST_QUANTILES) {
        return sv_fail(error, SV_INVALID, "%d quantiles were asked for; ask for 1 to %d at once",
                       num_probabilities, SV_MOST_QUANTILES);
    }
    for (int i = 0; i < num_probabilities; i++) {
        if (!(probabilities[i] >= 0.0 && probabilities[i] <= 1.0)) {
            return sv_fail(error, SV_INVALID, "there is no quantile %g; give a number from 0 to 1",
                           probabilities[i]);
        }
    }
    return SV_OK;
}

static sv_status open_census(census *c, const sv_scan_options *options, sv_error *error)
{
    static const sv_scan_options usual = SV_SCAN_OPTIONS_INIT;
    sv_status status = sv_kernels_get(&c->kernels, error);
    if (status != SV_OK) {
        return status;
    }
    c->options = options != NULL ? *options : usual;
    int threads = c->options.threads > 0 ? c->options.threads : sv_num_processors();
    c->options.threads = threads < MOST_WORKERS ? threads : MOST_WORKERS;
    c->arena = sv_calloc(1, ARENA_BYTES);
    return c->arena != NULL ? SV_OK : sv_fail_memory(error, ARENA_BYTES);
}

/* Of which each thread has two counts, and the totals one. */
static size_t most_places(const census *c)
{
    size_t counts_bytes = (size_t)c->options.threads * SV_COUNTS_A_BIN * sizeof(uint32_t);
    return ARENA_BYTES / (counts_bytes + sizeof(uint64_t));
}

/* More bins than samples would take longer to look through than to count. */
static int widest_for(int64_t num_samples)
{
    int width = LEAST_WIDTH;
    while (width < MOST_WIDTH && num_samples >> width > 0) {
        width++;
    }
    return width;
}

static void begin_census(census *c)
{
    c->num_tallies = 0;
    c->num_places = 0;
}

/* False: there is no room for it beside those that came before. */
static bool add_population(census *c, sv_population *population, int width, uint64_t *targets)
{
    tally *t = &c->tallies[c->num_tallies];
    *t = (tally){.population = population, .first_place = c->num_places};
    sv_population_aim(population, width, &t->bins, targets);
    if (c->num_places + sv_bins_places(&t->bins) > most_places(c)) {
        return false;
    }
    c->num_places += sv_bins_places(&t->bins);
    c->num_tallies++;
    return true;
}

static void lay_out_tables(census *c)
{
    char *table = c->arena;
    c->totals = (uint64_t *)(void *)table;
    for (int i = 0; i < c->options.threads; i++) {
        table += c->num_places * sizeof(uint64_t);
        c->workers[i] = (worker){.counts = (uint32_t *)(void *)table};
    }
}

static sv_status scan_census(census *c, sv_recording *recording, const sv_scan_range *range,
                             sv_scan_report *report, sv_error *error)
{
    sv_reducer reducer = {.context = c,
                          .result_size = sizeof(int64_t),
                          .block = count_block,
                          .join = join_counts,
                          .merge = merge_counts,
                          .dense = true};
    return sv_scan(recording, range, &reducer, &c->options, report, error);
}

static void end_census(census *c)
{
    bool is_spoiled = false;
    for (int i = 0; i < c->options.threads; i++) {
        worker *w = &c->workers[i];
        is_spoiled |= w->is_spoiled || w->is_counting;
        add_to_totals(c, w);
    }
    for (int64_t i = 0; i < c->num_tallies; i++) {
        const tally *t = &c->tallies[i];
        sv_population_narrow(t->population, &t->bins, c->totals + t->first_place);
        t->population->lost |= is_spoiled || t->num_merged != t->population->num_samples;
    }
    memset(c->arena, 0, c->num_places * sizeof(uint64_t));
}

/* ---- rows, each a population ------------------------------------------------------------- */

typedef struct row_search {
    census census;
    sv_recording *recording;
    sv_scan_range range;
    bool apart; /* rows do not lie among each other: a group of them is read without the others */
    int widest;
    sv_population *populations; /* of all rows, as all below */
    sv_rank *ranks;
    uint64_t *targets;
    int64_t *rows; /* those of a census */
} row_search;

static void close_row_search(row_search *search)
{
    sv_free(search->census.arena);
    sv_free(search->census.tallies);
    sv_free(search->populations);
    sv_free(search->ranks);
    sv_free(search->targets);
    sv_free(search->rows);
}

static sv_status allocate_rows(row_search *search, int num_ranks, sv_error *error)
{
    size_t num_rows = (size_t)search->range.num_rows;
    size_t row_ranks = (size_t)num_ranks;
    search->census.tallies = sv_calloc(num_rows, sizeof *search->census.tallies);
    search->populations = sv_calloc(num_rows, sizeof *search->populations);
    search->ranks = sv_calloc(num_rows, row_ranks * sizeof *search->ranks);
    search->targets = sv_calloc(num_rows, row_ranks * sizeof *search->targets);
    search->rows = sv_calloc(num_rows, sizeof *search->rows);
    if (search->census.tallies == NULL || search->populations == NULL || search->ranks == NULL ||
        search->targets == NULL || search->rows == NULL) {
        return sv_fail_memory(
            error, num_rows * (sizeof *search->populations + row_ranks * sizeof *search->ranks));
    }
    return SV_OK;
}

static void begin_rows(row_search *search, const sv_segment *segment, const sv_summary *summaries,
                       const double *probabilities, int num_probabilities)
{
    const int64_t *strides = segment->samples.strides;
    const sv_scan_range *range = &search->range;
    int64_t row_samples = range->last - range->first;
    search->widest = widest_for(row_samples);
    search->apart = segment->in_place && llabs(strides[0]) >= llabs(strides[1]);
    search->census.kind = sv_key_kind_of(segment->samples.dtype);
    if (range->num_rows * row_samples < ALONE_SAMPLES) {
        search->census.options.threads = 1;
    }
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_population_begin(&search->populations[i], search->census.kind, &summaries[i],
                            probabilities, num_probabilities,
                            search->ranks + i * 2 * num_probabilities);
    }
}

/* The widest bins of which all rows' tables have room together, or, where rows lie apart, those of
 * any one of them; the least width where there are none. 0: all rows are through. */
static int choose_width(const row_search *search)
{
    size_t num_targets = 0, most_targets = 0;
    for (int64_t i = 0; i < search->range.num_rows; i++) {
        const sv_population *population = &search->populations[i];
        if (sv_population_is_open(population)) {
            sv_bins bins;
            sv_population_aim(population, LEAST_WIDTH, &bins, search->targets);
            num_targets += (size_t)bins.num_targets;
            most_targets =
                most_targets > (size_t)bins.num_targets ? most_targets : (size_t)bins.num_targets;
        }
    }
    size_t together = search->apart ? most_targets : num_targets;
    int width = search->widest;
    while (width > LEAST_WIDTH && (together << width) + together > most_places(&search->census)) {
        width--;
    }
    return num_targets > 0 ? width : 0;
}

/* As many open rows from *first on as there is room for. */
static sv_status count_group(row_search *search, int width, int64_t *first, sv_scan_report *report,
                             sv_error *error)
{
    census *c = &search->census;
    begin_census(c);
    for (; *first < search->range.num_rows; ++*first) {
        sv_population *population = &search->populations[*first];
        uint64_t *targets = search->targets + *first * population->num_ranks;
        if (!sv_population_is_open(population)) {
            continue;
        }
        search->rows[c->num_tallies] =
            search->range.rows != NULL ? search->range.rows[*first] : *first;
        if (!add_population(c, population, width, targets)) {
            break;
        }
    }
    lay_out_tables(c);
    sv_scan_range range = search->range;
    range.rows = search->rows;
    range.num_rows = c->num_tallies;
    sv_status status = scan_census(c, search->recording, &range, report, error);
    end_census(c);
    return status;
}

/* Samples that cannot be decoded are left out of every pass. */
static sv_status count_rows(row_search *search, sv_scan_report *report, sv_error *error)
{
    sv_status answer = SV_OK;
    for (int width = choose_width(search); width > 0; width = choose_width(search)) {
        int64_t first = 0;
        while (first < search->range.num_rows) {
            sv_status status = count_group(search, width, &first, report, error);
            if (status != SV_OK && status != SV_FORMAT) {
                return status;
            }
            answer = status != SV_OK ? status : answer;
        }
    }
    return answer;
}

static void take_quantiles(const sv_population *population, const double *probabilities,
                           int num_probabilities, double *quantiles)
{
    for (int i = 0; i < num_probabilities; i++) {
        quantiles[i] = sv_population_quantile(population, probabilities[i], i);
    }
}

static sv_status search_rows(row_search *search, const sv_segment *segment,
                             const sv_summary *summaries, const double *probabilities,
                             int num_probabilities, double *quantiles, sv_scan_report *report,
                             sv_error *error)
{
    sv_status status = allocate_rows(search, 2 * num_probabilities, error);
    if (status != SV_OK) {
        return status;
    }
    begin_rows(search, segment, summaries, probabilities, num_probabilities);
    status = count_rows(search, report, error);
    for (int64_t i = 0; i < search->range.num_rows; i++) {
        take_quantiles(&search->populations[i], probabilities, num_probabilities,
                       quantiles + i * num_probabilities);
    }
    return status;
}

sv_status sv_quantiles_scan(sv_recording *recording, const sv_scan_range *range,
                            const sv_summary *summaries, const double *probabilities,
                            int num_probabilities, const sv_scan_options *options,
                            double *quantiles, sv_scan_report *report, sv_error *error)
{
    sv_segment segment;
    sv_status status = check_probabilities(probabilities, num_probabilities, error);
    if (status != SV_OK) {
        return status;
    }
    if (range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "%lld rows were asked for", (long long)range->num_rows);
    }
    for (int64_t i = 0; i < range->num_rows * num_probabilities; i++) {
        quantiles[i] = NAN;
    }
    if (sv_recording_segment(recording, range->segment, &segment) != SV_OK) {
        return sv_fail(error, SV_RANGE, "there is no segment %lld", (long long)range->segment);
    }
    row_search search = {.recording = recording, .range = *range};
    status = open_census(&search.census, options, error);
    if (status == SV_OK) {
        status = search_rows(&search, &segment, summaries, probabilities, num_probabilities,
                             quantiles, report, error);
    }
    close_row_search(&search);
    return status;
}

/* ---- one population in several scans ----------------------------------------------------- */

struct sv_quantile_search {
    census census;
    bool is_begun; /* a pass is */
    tally tally;
    sv_population population;
    int num_probabilities;
    double probabilities[SV_MOST_QUANTILES];
    sv_rank ranks[2 * SV_MOST_QUANTILES];
    uint64_t targets[2 * SV_MOST_QUANTILES];
};

sv_status sv_quantile_search_open(sv_dtype dtype, const sv_summary *summary,
                                  const double *probabilities, int num_probabilities,
                                  const sv_scan_options *options, sv_quantile_search **search,
                                  sv_error *error)
{
    sv_status status = check_probabilities(probabilities, num_probabilities, error);
    if (status != SV_OK) {
        return status;
    }
    sv_quantile_search *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    status = open_census(&opened->census, options, error);
    if (status != SV_OK) {
        sv_free(opened);
        return status;
    }
    opened->census.kind = sv_key_kind_of(dtype);
    opened->census.together = true;
    opened->census.tallies = &opened->tally;
    opened->num_probabilities = num_probabilities;
    memcpy(opened->probabilities, probabilities, (size_t)num_probabilities * sizeof *probabilities);
    sv_population_begin(&opened->population, opened->census.kind, summary, probabilities,
                        num_probabilities, opened->ranks);
    *search = opened;
    return SV_OK;
}

bool sv_quantile_search_next(sv_quantile_search *search)
{
    census *c = &search->census;
    if (search->is_begun) {
        end_census(c);
        search->is_begun = false;
    }
    if (!sv_population_is_open(&search->population)) {
        return false;
    }
    int width = widest_for(search->population.num_samples);
    begin_census(c);
    while (!add_population(c, &search->population, width, search->targets)) {
        width--;
    }
    lay_out_tables(c);
    search->is_begun = true;
    return true;
}

sv_status sv_quantile_search_scan(sv_quantile_search *search, sv_recording *recording,
                                  const sv_scan_range *range, sv_scan_report *report,
                                  sv_error *error)
{
    sv_segment segment;
    if (sv_recording_segment(recording, range->segment, &segment) != SV_OK) {
        return sv_fail(error, SV_RANGE, "there is no segment %lld", (long long)range->segment);
    }
    sv_key_kind kind = sv_key_kind_of(segment.samples.dtype);
    if (kind != search->census.kind && search->census.kind != SV_KEY_F8) {
        char text[SV_DTYPE_TEXT_SIZE];
        return sv_fail(error, SV_DTYPE,
                       "samples of type %s do not belong to this search; open it for several types",
                       sv_dtype_text(segment.samples.dtype, text));
    }
    return scan_census(&search->census, recording, range, report, error);
}

void sv_quantile_search_get(const sv_quantile_search *search, double *quantiles)
{
    take_quantiles(&search->population, search->probabilities, search->num_probabilities,
                   quantiles);
}

void sv_quantile_search_close(sv_quantile_search *search)
{
    if (search != NULL) {
        sv_free(search->census.arena);
        sv_free(search);
    }
}
