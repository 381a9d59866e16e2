/* In float64, since what two rows have in common may be a small part of each, far from their means.
 *
 * With d the deviations of a row, 0 where a sample is missing, and m 1 where there is one and 0
 * where there is none, the sums over what rows i and j have in common are products of rows:
 * n = m·m, x = d·m, y = m·d, xx = d²·m, yy = m·d², xy = d·d. A pass has up to PANEL rows i. */
#include "array/gaps.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

enum { PANEL = 128, CHUNK = 256, TILE = 128, LOAD_ROWS = 64, NUM_SUMS = 6 };

enum { PRESENCE, DEVIATION, SQUARE, NUM_KINDS };

/* What is multiplied with what, in the order of sv_pair_sums. */
static const int factors[NUM_SUMS][2] = {{PRESENCE, PRESENCE},  {DEVIATION, PRESENCE},
                                         {PRESENCE, DEVIATION}, {SQUARE, PRESENCE},
                                         {PRESENCE, SQUARE},    {DEVIATION, DEVIATION}};

typedef struct gaps {
    sv_correlating *work;
    const sv_row_moments *moments;
    const double *units;
    int64_t n;            /* rows */
    int64_t panel[PANEL]; /* those of this pass */
    int64_t num_panel;
    int32_t *place_in_panel;   /* of each row, −1: it is not in it */
    double *rows[NUM_KINDS];   /* n × CHUNK: of all rows, */
    double *chosen[NUM_KINDS]; /* PANEL × CHUNK: and those of the panel */
    double *sums[NUM_SUMS];    /* PANEL × n */
    int64_t first, count;      /* samples of the chunk */
    sv_rows_scratch *scratch;
    sv_rows_count *counted;

    pthread_mutex_t lock; /* of the failure */
    sv_status status;
    sv_error error;
} gaps;

/* ---- loading --------------------------------------------------------------------------------- */

static void split_row(void *context, int64_t position, const sv_row_values *values)
{
    const gaps *g = context;
    double *to[NUM_KINDS], mean = g->moments[position].base + g->moments[position].offset,
                           scale = 1.0 / g->units[position];
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        to[kind] = g->rows[kind] + position * CHUNK;
    }
    for (int64_t i = 0; i < values->n; i++) {
        double x = values->f4 != NULL ? (double)values->f4[i] : values->f8[i];
        double deviation = isfinite(x) ? (x - mean) * scale : 0.0;
        to[PRESENCE][i] = isfinite(x) ? 1.0 : 0.0;
        to[DEVIATION][i] = deviation;
        to[SQUARE][i] = deviation * deviation;
    }
    for (int kind = 0; kind < NUM_KINDS && g->place_in_panel[position] >= 0; kind++) {
        memcpy(g->chosen[kind] + g->place_in_panel[position] * CHUNK, to[kind],
               (size_t)values->n * sizeof(double));
    }
}

static void load_group(void *context, int64_t i, int worker)
{
    gaps *g = context;
    const sv_row_group *group = &g->work->set->groups[i];
    sv_error error;
    sv_status status = sv_rows_load(g->work->set, group, 0, group->count, g->first, g->count,
                                    &g->scratch[worker], split_row, g, &g->counted[worker], &error);
    if (status != SV_OK) {
        pthread_mutex_lock(&g->lock);
        g->status = status;
        g->error = error;
        pthread_mutex_unlock(&g->lock);
    }
}

/* ---- multiplying ----------------------------------------------------------------------------- */

static void multiply(void *context, int64_t i, int worker)
{
    const gaps *g = context;
    (void)worker;
    int64_t sum = i % NUM_SUMS, column = i / NUM_SUMS * TILE;
    g->work->blas->dgemm(
        SV_ROW_MAJOR, SV_NO_TRANS, SV_TRANS, (int)g->num_panel, (int)sv_min_i8(TILE, g->n - column),
        (int)g->count, 1.0, g->chosen[factors[sum][0]], CHUNK,
        g->rows[factors[sum][1]] + column * CHUNK, CHUNK, 1.0, g->sums[sum] + column, (int)g->n);
}

/* ---- a pass ---------------------------------------------------------------------------------- */

static bool lacks_samples(const gaps *g, int64_t row)
{
    return g->moments[row].present < g->work->set->num_samples;
}

/* The next rows that lack samples, from `row` on; returns where to go on. */
static int64_t choose_panel(gaps *g, int64_t row)
{
    g->num_panel = 0;
    for (int64_t i = 0; i < g->n; i++) {
        g->place_in_panel[i] = -1;
    }
    for (; row < g->n && g->num_panel < PANEL; row++) {
        if (lacks_samples(g, row)) {
            g->place_in_panel[row] = (int32_t)g->num_panel;
            g->panel[g->num_panel++] = row;
        }
    }
    return row;
}

static sv_status do_chunk(gaps *g, int64_t first, sv_error *error)
{
    g->first = first;
    g->count = sv_min_i8(CHUNK, g->work->set->num_samples - first);
    sv_crew_run(g->work->crew, load_group, g, g->work->set->num_groups);
    if (g->status != SV_OK) {
        if (error != NULL) {
            *error = g->error;
        }
        return g->status;
    }
    sv_crew_run(g->work->crew, multiply, g, (g->n + TILE - 1) / TILE * NUM_SUMS);
    return sv_correlating_go_on(g->work, g->count, g->n, error);
}

/* A pair of rows that both lack samples is in the panels of both. */
static void take_panel(const gaps *g, sv_take_pair *take, void *context)
{
    for (int64_t place = 0; place < g->num_panel; place++) {
        int64_t i = g->panel[place];
        for (int64_t j = 0; j < g->n; j++) {
            double sums[NUM_SUMS];
            for (int k = 0; k < NUM_SUMS; k++) {
                sums[k] = g->sums[k][place * g->n + j];
            }
            if (j >= i || !lacks_samples(g, j)) {
                take(context, i, j,
                     &(sv_pair_sums){sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]});
            }
        }
    }
}

static sv_status do_pass(gaps *g, sv_take_pair *take, void *context, sv_error *error)
{
    sv_status status = SV_OK;
    for (int k = 0; k < NUM_SUMS; k++) {
        memset(g->sums[k], 0, (size_t)(g->num_panel * g->n) * sizeof(double));
    }
    for (int64_t first = 0; status == SV_OK && first < g->work->set->num_samples; first += CHUNK) {
        status = do_chunk(g, first, error);
    }
    if (status == SV_OK) {
        take_panel(g, take, context);
    }
    return status;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static sv_status begin(gaps *g, sv_error *error)
{
    int size = sv_crew_size(g->work->crew);
    size_t chunk_bytes = CHUNK * sizeof(double), n = (size_t)g->n;
    bool there = (g->place_in_panel = sv_calloc(n, sizeof *g->place_in_panel)) != NULL;
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        there = (g->rows[kind] = sv_malloc_aligned(64, n * chunk_bytes)) != NULL && there;
        there = (g->chosen[kind] = sv_malloc_aligned(64, PANEL * chunk_bytes)) != NULL && there;
    }
    for (int k = 0; k < NUM_SUMS; k++) {
        there = (g->sums[k] = sv_malloc_aligned(64, PANEL * n * sizeof(double))) != NULL && there;
    }
    g->scratch = sv_calloc((size_t)size, sizeof *g->scratch);
    g->counted = sv_calloc((size_t)size, sizeof *g->counted);
    if (!there || g->scratch == NULL || g->counted == NULL) {
        return sv_fail_memory(error, n * (NUM_KINDS * chunk_bytes + NUM_SUMS * PANEL * 8));
    }
    sv_status status = SV_OK;
    for (int i = 0; i < size && status == SV_OK; i++) {
        status = sv_rows_scratch_open(&g->scratch[i], g->work->set, CHUNK, SV_ROWS_COPIED, error);
    }
    return status;
}

/* What could not be decoded was counted by the first pass. */
static void end(gaps *g)
{
    for (int i = 0; i < sv_crew_size(g->work->crew) && g->scratch != NULL; i++) {
        sv_rows_scratch_close(&g->scratch[i]);
    }
    for (int i = 0; i < sv_crew_size(g->work->crew) && g->counted != NULL; i++) {
        g->work->counted.bytes_mapped += g->counted[i].bytes_mapped;
        g->work->counted.bytes_copied += g->counted[i].bytes_copied;
    }
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        sv_free(g->rows[kind]);
        sv_free(g->chosen[kind]);
    }
    for (int k = 0; k < NUM_SUMS; k++) {
        sv_free(g->sums[k]);
    }
    sv_free(g->place_in_panel);
    sv_free(g->scratch);
    sv_free(g->counted);
}

sv_status sv_gaps(sv_correlating *work, const sv_row_moments *moments, const double *units,
                  sv_take_pair *take, void *context, sv_error *error)
{
    gaps *g = sv_calloc(1, sizeof *g);
    if (g == NULL) {
        return sv_fail_memory(error, sizeof *g);
    }
    *g = (gaps){.work = work, .moments = moments, .units = units, .n = work->set->num_rows};
    pthread_mutex_init(&g->lock, NULL);
    sv_status status = begin(g, error);
    int64_t row = status == SV_OK ? choose_panel(g, 0) : 0;
    while (status == SV_OK && g->num_panel > 0) {
        status = do_pass(g, take, context, error);
        row = choose_panel(g, row);
    }
    end(g);
    pthread_mutex_destroy(&g->lock);
    sv_free(g);
    return status;
}
