/* Chunks in rounds. A chunk is the same number of samples of all rows, which are loaded, centred
 * and multiplied; how long it is, and how many there are in a round, follows from the rows and
 * their length alone, so that nothing depends on how many threads there are.
 *
 * Few rows: chunks that follow one another are a run. A thread takes a run, chunk by chunk: its
 * samples and products stay in the cache, and are merged into the run's own sums at once. These are
 * merged in order at the end of the round, each thread some rows of the matrix. Many rows: all
 * threads load one chunk, and then share out the tiles of the matrix, each of which is multiplied
 * and merged at once. What readers decode is loaded before the round by all threads, too. */
#include "array/comoments.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "array/frames.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

enum {
    WIDE_ROWS = 256, /* of more the chunks are shorter: they stay in the cache */
    FEW_ROWS = 512,
    LONG_CHUNK = 2048,
    RUN_CHUNKS = 8,
    LEAST_RUNS = 64, /* that a recording is cut into */
    MOST_RUNS = 32,  /* in a round */
    MOST_CHUNKS = 256,
    LOADED_BYTES = 8 << 20, /* of chunks that are loaded before a round */
    SUMS_BYTES = 16 << 20,  /* of the runs' sums */
    OWN_BYTES = 36 << 20,   /* of the threads' own chunks and products */
    ALONE_BYTES = 12 << 20, /* of copies that one thread alone makes of many rows */
    PRODUCTS = 128,
    FINE_PRODUCTS = 32,
    TILE = 256,
    LOAD_ROWS = 64, /* loaded at a time, where threads load one chunk together */
    MERGE_ROWS = 8,
    PAGE_BYTES = 4096, /* frames that lie alike in their pages are written without waiting */
    ROW_GAP = 32       /* between rows, or all would fall on the same few places of the cache */
};

/* By how much of a row's squared deviations float32 may be off with its squares; usually it is half
 * as much. */
#define MOST_ERROR 5e-7

/* Of a chunk, by row. */
typedef struct time_chunk {
    int64_t first, n;
    double share; /* of the products of means: before · n / (before + n) */
    sv_centred *rows;
    double *units, *deltas, *offsets;
} time_chunk;

typedef struct run {
    int64_t n; /* samples so far */
    double share;
    double *sums; /* the upper triangle */
    sv_row_moments *moments;
    double *deltas;
} run;

typedef struct part_of_rows {
    const sv_row_group *group;
    int64_t from, count;
} part_of_rows;

typedef struct comoments {
    sv_correlating *work;
    int64_t n; /* rows */
    double *sums;
    sv_row_moments *moments;
    int64_t chunk_samples, chunks_per_run, runs_per_round;
    int64_t chunk_floats;         /* that a chunk's samples take */
    bool is_frames;               /* the samples of a chunk lie frame by frame, else row by row */
    bool is_shared;               /* chunks are loaded by all threads, before they are multiplied */
    int64_t num_parts, num_alone; /* parts; the first are loaded by one thread */
    part_of_rows *parts;
    int64_t room;       /* chunks that are held: those of a round if shared, else each thread's */
    time_chunk *chunks; /* so many, */
    char *of_chunks;    /* what they point to, */
    float *samples;     /* and theirs */
    float *products;    /* of each thread: of a chunk, of many rows a tile */
    bool *is_rough;     /* of many rows: each tile on the diagonal */
    run runs[MOST_CHUNKS];
    char *of_runs; /* what these point to */
    sv_rows_scratch *scratch;
    sv_frames_scratch *frames_scratch;
    sv_rows_count *counted;
    int64_t merged;                  /* samples before the round */
    int64_t first, last, num_chunks; /* samples of it, and chunks */

    pthread_mutex_t lock; /* of the failure */
    int64_t failed_at;    /* the first piece that failed */
    sv_status status;
    sv_error error;
} comoments;

static bool are_many(const sv_rows_read *set)
{
    return set->num_rows > FEW_ROWS;
}

static void fail(comoments *c, int64_t at, sv_status status, const sv_error *error)
{
    pthread_mutex_lock(&c->lock);
    if (c->status == SV_OK || at < c->failed_at) {
        c->failed_at = at;
        c->status = status;
        c->error = *error;
    }
    pthread_mutex_unlock(&c->lock);
}

/* From one row to the next, or from one frame. */
static int step_of(const comoments *c)
{
    return (int)(c->is_frames ? c->n : c->chunk_samples + ROW_GAP);
}

/* ---- loading --------------------------------------------------------------------------------- */

typedef struct destination {
    const comoments *c;
    sv_centred *rows;
    float *samples;
} destination;

static void centre_into(void *context, int64_t position, const sv_row_values *values)
{
    const destination *to = context;
    to->rows[position] =
        sv_centre_row(to->c->work->set->kernels, values, to->samples + position * step_of(to->c));
}

static float *samples_of(const comoments *c, const time_chunk *chunk)
{
    return c->samples + (chunk - c->chunks) * c->chunk_floats;
}

static bool load(comoments *c, const part_of_rows *part, time_chunk *chunk, int64_t piece,
                 int worker)
{
    destination to = {c, chunk->rows, samples_of(c, chunk)};
    sv_error error;
    sv_status status;
    if (c->is_frames) {
        status = sv_frames_load(c->work->set, part->from, part->count, chunk->first, chunk->n,
                                &c->frames_scratch[worker], &c->scratch[worker], to.samples, c->n,
                                chunk->rows, &c->counted[worker], &error);
    } else {
        status =
            sv_rows_load(c->work->set, part->group, part->from, part->count, chunk->first, chunk->n,
                         &c->scratch[worker], centre_into, &to, &c->counted[worker], &error);
    }
    if (status != SV_OK) {
        fail(c, piece, status, &error);
    }
    return status == SV_OK;
}

/* Chunk i of the round. */
static void place_chunk(const comoments *c, int64_t i, time_chunk *chunk)
{
    chunk->first = c->first + i * c->chunk_samples;
    chunk->n = sv_min_i8(c->chunk_samples, c->last - chunk->first);
}

/* One part of the rows, of all chunks of the round. */
static void load_part(void *context, int64_t i, int worker)
{
    comoments *c = context;
    for (int64_t k = 0; k < c->num_chunks; k++) {
        if (!load(c, &c->parts[i], &c->chunks[k], i, worker)) {
            return;
        }
    }
}

static void load_other_part(void *context, int64_t i, int worker)
{
    const comoments *c = context;
    load_part(context, c->num_alone + i, worker);
}

/* Moves the rows' moments on, before which there are `before` samples, and keeps how far the
 * chunk's means lie from theirs. */
static void settle(const comoments *c, time_chunk *chunk, sv_row_moments *moments, int64_t before)
{
    double a = (double)before, b = (double)chunk->n;
    chunk->share = a * b / (a + b);
    for (int64_t i = 0; i < c->n; i++) {
        const sv_centred *row = &chunk->rows[i];
        sv_row_moments of_row = sv_row_moments_of(row);
        chunk->units[i] = row->unit;
        chunk->deltas[i] = sv_row_moments_merge(&moments[i], &of_row);
        chunk->offsets[i] = of_row.offset;
    }
}

/* Fails where a sample of the chunk is missing and must not be. */
static bool look_for_missing(comoments *c, const time_chunk *chunk, int64_t piece)
{
    for (int64_t i = 0; c->work->options->fail_on_missing && i < c->n; i++) {
        const sv_centred *row = &chunk->rows[i];
        if (row->first_missing >= 0) {
            sv_error error;
            sv_fail(&error, SV_INVALID,
                    "sample %lld of row %lld is missing: NaN, infinite or not to be decoded; "
                    "choose another window, or let pairs do without",
                    (long long)(chunk->first + row->first_missing), (long long)i);
            fail(c, piece, SV_INVALID, &error);
            return false;
        }
    }
    return true;
}

/* ---- multiplying ----------------------------------------------------------------------------- */

/* Some neighbouring rows of a chunk. */
typedef struct block {
    const float *samples;
    int rows;
} block;

/* The products of samples [first, last) of rows of `left` and `right`, of one block with itself the
 * upper triangle, in sums of PRODUCTS, which BLAS adds one by one in float32: as many as err by
 * less than 1e-6, unless nearly all of what is added comes first. */
static void multiply(const comoments *c, const block *left, const block *right, int first, int last,
                     float *products, int step)
{
    const sv_blas *blas = c->work->blas;
    int row_step = step_of(c), first_trans = c->is_frames ? SV_TRANS : SV_NO_TRANS;
    int second_trans = c->is_frames ? SV_NO_TRANS : SV_TRANS;
    for (int from = first; from < last; from += PRODUCTS) {
        int n = last - from < PRODUCTS ? last - from : PRODUCTS;
        int64_t skip = from * (c->is_frames ? (int64_t)row_step : 1);
        float before = from > first ? 1.0F : 0.0F;
        if (left == right) {
            blas->ssyrk(SV_ROW_MAJOR, SV_UPPER, first_trans, left->rows, n, 1.0F,
                        left->samples + skip, row_step, before, products, step);
        } else {
            blas->sgemm(SV_ROW_MAJOR, first_trans, second_trans, left->rows, right->rows, n, 1.0F,
                        left->samples + skip, row_step, right->samples + skip, row_step, before,
                        products, step);
        }
    }
}

/* Where products of a chunk go: those of `rows` rows from `row` on with `columns` from `column` on;
 * of what lies on the diagonal the upper triangle. */
typedef struct place {
    int64_t row, column, rows, columns;
    float *products;
    int step;
    double *sums;
} place;

static void merge(const comoments *c, const time_chunk *chunk, const place *at)
{
    for (int64_t k = 0; k < at->rows; k++) {
        int64_t skip = at->row == at->column ? k : 0, row = at->row + k;
        int64_t column = at->column + skip;
        c->work->set->kernels->add_products(
            at->sums + row * c->n + column, at->products + k * at->step + skip, at->columns - skip,
            chunk->units[row], chunk->units + column, chunk->share * chunk->deltas[row],
            chunk->deltas + column, -(double)chunk->n * chunk->offsets[row],
            chunk->offsets + column);
    }
}

/* What float32 made of the rows' squares, beside what is known of them, shows how it errs. */
static bool are_rough(const time_chunk *chunk, const place *at)
{
    for (int64_t k = 0; k < at->rows; k++) {
        const sv_centred *row = &chunk->rows[at->row + k];
        double squares = row->m2 + row->sum * sv_centred_offset(row);
        double made = (double)at->products[k * at->step + k] * row->unit * row->unit;
        if (fabs(made - squares) > MOST_ERROR * row->m2) {
            return true;
        }
    }
    return false;
}

static void add_finely(const comoments *c, const time_chunk *chunk, const block *left,
                       const block *right, const place *at)
{
    time_chunk part = *chunk;
    for (int first = 0; first < chunk->n; first += FINE_PRODUCTS) {
        int last = (int)sv_min_i8(first + FINE_PRODUCTS, chunk->n);
        multiply(c, left, right, first, last, at->products, at->step);
        merge(c, &part, at);
        part.share = 0.0; /* the means' part is added once */
        part.n = 0;
    }
}

/* Adds the products of a chunk's rows; of rows with themselves it says whether they were `rough`,
 * and added finely. */
static bool add_block(const comoments *c, const time_chunk *chunk, const float *samples,
                      const place *at, bool rough)
{
    int64_t apart = c->is_frames ? 1 : step_of(c);
    block left = {samples + at->row * apart, (int)at->rows};
    block right = {samples + at->column * apart, (int)at->columns};
    const block *second = at->row == at->column ? &left : &right;
    if (!rough) {
        multiply(c, &left, second, 0, (int)chunk->n, at->products, at->step);
        rough = at->row == at->column && are_rough(chunk, at);
    }
    if (rough) {
        add_finely(c, chunk, &left, second, at);
    } else {
        merge(c, chunk, at);
    }
    return rough;
}

/* ---- runs of few rows ------------------------------------------------------------------------ */

/* Chunk i of the round, which is of this run. */
static bool add_chunk(comoments *c, run *r, int64_t i, int worker)
{
    time_chunk *chunk = &c->chunks[c->is_shared ? i : worker];
    if (!c->is_shared) {
        place_chunk(c, i, chunk);
    }
    for (int64_t part = 0; !c->is_shared && part < c->num_parts; part++) {
        if (!load(c, &c->parts[part], chunk, i, worker)) {
            return false;
        }
    }
    if (!look_for_missing(c, chunk, i)) {
        return false;
    }
    settle(c, chunk, r->moments, r->n);
    r->n += chunk->n;
    place all = {0, 0, c->n, c->n, c->products + worker * c->n * c->n, (int)c->n, r->sums};
    add_block(c, chunk, samples_of(c, chunk), &all, false);
    return true;
}

static void do_run(void *context, int64_t i, int worker)
{
    comoments *c = context;
    run *r = &c->runs[i];
    int64_t first = i * c->chunks_per_run;
    int64_t last = sv_min_i8(first + c->chunks_per_run, c->num_chunks);
    r->n = 0;
    memset(r->moments, 0, (size_t)c->n * sizeof *r->moments);
    for (int64_t row = 0; row < c->n; row++) {
        memset(r->sums + row * c->n + row, 0, (size_t)(c->n - row) * sizeof *r->sums);
    }
    for (int64_t k = first; k < last; k++) {
        if (!add_chunk(c, r, k, worker)) {
            return;
        }
    }
}

static int64_t num_runs(const comoments *c)
{
    return (c->num_chunks + c->chunks_per_run - 1) / c->chunks_per_run;
}

static void settle_runs(comoments *c)
{
    for (int64_t k = 0; k < num_runs(c); k++) {
        run *r = &c->runs[k];
        double before = (double)c->merged, n = (double)r->n;
        r->share = before * n / (before + n);
        for (int64_t i = 0; i < c->n; i++) {
            r->deltas[i] = sv_row_moments_merge(&c->moments[i], &r->moments[i]);
        }
        c->merged += r->n;
    }
}

static void merge_rows(void *context, int64_t i, int worker)
{
    const comoments *c = context;
    const sv_blas *blas = c->work->blas;
    (void)worker;
    int64_t last = sv_min_i8((i + 1) * MERGE_ROWS, c->n);
    for (int64_t k = 0; k < num_runs(c); k++) {
        const run *r = &c->runs[k];
        for (int64_t row = i * MERGE_ROWS; row < last; row++) {
            double *sums = c->sums + row * c->n + row;
            int n = (int)(c->n - row);
            blas->daxpy(n, 1.0, r->sums + row * c->n + row, 1, sums, 1);
            blas->daxpy(n, r->share * r->deltas[row], r->deltas + row, 1, sums, 1);
        }
    }
}

/* ---- tiles of many rows ---------------------------------------------------------------------- */

static int64_t tiles_across(const comoments *c)
{
    return (c->n + TILE - 1) / TILE;
}

/* Returns whether the products were rough. */
static bool add_tile(const comoments *c, int64_t down, int64_t across, bool rough, int worker)
{
    int64_t row = down * TILE, column = across * TILE;
    place at = {.row = row,
                .column = column,
                .rows = sv_min_i8(TILE, c->n - row),
                .columns = sv_min_i8(TILE, c->n - column),
                .products = c->products + (int64_t)worker * TILE * TILE,
                .step = TILE,
                .sums = c->sums};
    return add_block(c, &c->chunks[0], c->samples, &at, rough);
}

static void add_diagonal_tile(void *context, int64_t i, int worker)
{
    comoments *c = context;
    c->is_rough[i] = add_tile(c, i, i, false, worker);
}

/* Tile i above the diagonal, column by column. */
static void add_other_tile(void *context, int64_t i, int worker)
{
    const comoments *c = context;
    int64_t down = i, across = 1;
    while (down >= across) {
        down -= across;
        across++;
    }
    add_tile(c, down, across, c->is_rough[down] || c->is_rough[across], worker);
}

/* ---- a round --------------------------------------------------------------------------------- */

static void begin_round(comoments *c, int64_t first)
{
    int64_t most = c->runs_per_round * c->chunks_per_run * c->chunk_samples;
    c->first = first;
    c->last = sv_min_i8(first + most, c->work->set->num_samples);
    c->num_chunks = (c->last - first + c->chunk_samples - 1) / c->chunk_samples;
    for (int64_t k = 0; c->is_shared && k < c->num_chunks; k++) {
        place_chunk(c, k, &c->chunks[k]);
    }
}

static void do_runs(comoments *c)
{
    sv_crew_run(c->work->crew, do_run, c, num_runs(c));
    if (c->status == SV_OK) {
        settle_runs(c);
        sv_crew_run(c->work->crew, merge_rows, c, (c->n + MERGE_ROWS - 1) / MERGE_ROWS);
    }
}

static void do_tiles(comoments *c)
{
    time_chunk *chunk = &c->chunks[0];
    if (look_for_missing(c, chunk, 0)) {
        settle(c, chunk, c->moments, c->merged);
        c->merged += chunk->n;
        int64_t across = tiles_across(c);
        sv_crew_run(c->work->crew, add_diagonal_tile, c, across);
        sv_crew_run(c->work->crew, add_other_tile, c, across * (across - 1) / 2);
    }
}

static sv_status do_round(comoments *c, sv_error *error)
{
    for (int64_t i = 0; i < c->num_alone; i++) {
        load_part(c, i, 0);
    }
    if (c->is_shared) {
        sv_crew_run(c->work->crew, load_other_part, c, c->num_parts - c->num_alone);
    }
    if (c->status == SV_OK && are_many(c->work->set)) {
        do_tiles(c);
    } else if (c->status == SV_OK) {
        do_runs(c);
    }
    if (c->status != SV_OK && error != NULL) {
        *error = c->error;
    }
    c->work->chunks += c->num_chunks;
    return c->status;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int64_t chunk_samples_of(const sv_rows_read *set)
{
    return set->num_rows <= WIDE_ROWS ? LONG_CHUNK : LONG_CHUNK / (are_many(set) ? 4 : 2);
}

static int64_t products_of(const sv_rows_read *set)
{
    return are_many(set) ? TILE * TILE : set->num_rows * set->num_rows;
}

/* Many rows that are read together take more memory than each thread could have. */
static int64_t most_copied(const sv_rows_read *set, int worker)
{
    int64_t most = are_many(set) ? SV_ROWS_COPIED : INT64_MAX;
    return are_many(set) && worker == 0 ? ALONE_BYTES : most;
}

int sv_comoments_most_threads(const sv_rows_read *set)
{
    bool is_shared = are_many(set) || set->has_readers;
    int64_t samples = chunk_samples_of(set), rows = is_shared ? 0 : set->num_rows;
    int64_t own = (rows * samples + products_of(set)) * (int64_t)sizeof(float);
    own += sv_rows_scratch_bytes(set, samples, most_copied(set, 1));
    return (int)sv_max_i8(1, OWN_BYTES / own);
}

static void choose_sizes(comoments *c)
{
    const sv_rows_read *set = c->work->set;
    int64_t sums_bytes = c->n * c->n * (int64_t)sizeof(double);
    c->chunk_samples = chunk_samples_of(set);
    c->is_frames = sv_frames_are(set);
    c->is_shared = are_many(set) || set->has_readers;
    c->chunk_floats = c->is_frames ? c->chunk_samples * c->n : c->n * step_of(c);
    int64_t num_chunks = (set->num_samples + c->chunk_samples - 1) / c->chunk_samples;
    c->chunks_per_run = sv_max_i8(1, sv_min_i8(RUN_CHUNKS, num_chunks / LEAST_RUNS));
    c->runs_per_round = sv_max_i8(1, sv_min_i8(MOST_RUNS, SUMS_BYTES / sums_bytes));
    if (c->is_shared) {
        int64_t fit = LOADED_BYTES / (c->chunk_floats * (int64_t)sizeof(float));
        c->chunks_per_run = 1;
        c->runs_per_round =
            sv_max_i8(1, sv_min_i8(MOST_CHUNKS, sv_min_i8(fit, SUMS_BYTES / sums_bytes)));
    }
    if (are_many(set)) {
        c->runs_per_round = 1;
    }
    c->room = c->is_shared ? c->runs_per_round : sv_crew_size(c->work->crew);
}

static bool is_alone(const sv_rows_read *set, const sv_row_group *group)
{
    return are_many(set) && sv_rows_are_together(set, group);
}

static void add_parts(comoments *c, bool alone)
{
    const sv_rows_read *set = c->work->set;
    for (int64_t i = 0; i < set->num_groups; i++) {
        const sv_row_group *group = &set->groups[i];
        bool is_cut = c->is_shared && group->reader == NULL && !sv_rows_are_together(set, group);
        int64_t step = is_cut ? LOAD_ROWS : group->count;
        for (int64_t from = 0; is_alone(set, group) == alone && from < group->count; from += step) {
            c->parts[c->num_parts++] =
                (part_of_rows){group, from, sv_min_i8(step, group->count - from)};
        }
    }
}

/* A group with a reader is one part, and one that is read together. Of any other all rows are,
 * unless many share a chunk. */
static sv_status make_parts(comoments *c, sv_error *error)
{
    const sv_rows_read *set = c->work->set;
    size_t most = (size_t)(set->num_groups + set->num_rows / LOAD_ROWS + 1);
    c->parts = sv_calloc(most, sizeof *c->parts);
    if (c->parts == NULL) {
        return sv_fail_memory(error, most * sizeof *c->parts);
    }
    add_parts(c, true);
    c->num_alone = c->num_parts;
    add_parts(c, false);
    return SV_OK;
}

/* For each chunk its rows, units, deltas and offsets. */
static sv_status make_chunks(comoments *c, sv_error *error)
{
    size_t rows = (size_t)c->n, room = (size_t)c->room;
    size_t bytes = rows * (sizeof(sv_centred) + 3 * sizeof(double));
    c->chunks = sv_calloc(room, sizeof *c->chunks);
    c->of_chunks = sv_calloc(room, bytes);
    if (c->chunks == NULL || c->of_chunks == NULL) {
        return sv_fail_memory(error, room * bytes);
    }
    for (int64_t i = 0; i < c->room; i++) {
        char *memory = c->of_chunks + (size_t)i * bytes;
        c->chunks[i].rows = (sv_centred *)(void *)memory;
        c->chunks[i].units = (double *)(void *)(memory + rows * sizeof(sv_centred));
        c->chunks[i].deltas = c->chunks[i].units + rows;
        c->chunks[i].offsets = c->chunks[i].deltas + rows;
    }
    return SV_OK;
}

/* Of few rows: for each run its moments, deltas and sums. */
static sv_status make_runs(comoments *c, sv_error *error)
{
    size_t rows = (size_t)c->n, runs = (size_t)c->runs_per_round;
    size_t bytes = rows * (sizeof(sv_row_moments) + (rows + 1) * sizeof(double));
    c->of_runs = sv_malloc_aligned(64, runs * bytes);
    if (c->of_runs == NULL) {
        return sv_fail_memory(error, runs * bytes);
    }
    for (int64_t i = 0; i < c->runs_per_round; i++) {
        char *memory = c->of_runs + (size_t)i * bytes;
        c->runs[i].moments = (sv_row_moments *)(void *)memory;
        c->runs[i].deltas = (double *)(void *)(memory + rows * sizeof(sv_row_moments));
        c->runs[i].sums = c->runs[i].deltas + rows;
    }
    return SV_OK;
}

static sv_status make_scratch(comoments *c, sv_error *error)
{
    int size = sv_crew_size(c->work->crew);
    size_t samples_bytes = (size_t)(c->room * c->chunk_floats) * sizeof(float);
    size_t products_bytes = (size_t)(size * products_of(c->work->set)) * sizeof(float);
    c->samples = sv_malloc_aligned(PAGE_BYTES, samples_bytes);
    c->products = sv_malloc_aligned(64, products_bytes);
    c->is_rough = sv_calloc((size_t)tiles_across(c), sizeof *c->is_rough);
    c->scratch = sv_calloc((size_t)size, sizeof *c->scratch);
    c->frames_scratch = sv_calloc((size_t)size, sizeof *c->frames_scratch);
    c->counted = sv_calloc((size_t)size, sizeof *c->counted);
    if (c->samples == NULL || c->products == NULL || c->is_rough == NULL || c->scratch == NULL ||
        c->frames_scratch == NULL || c->counted == NULL) {
        return sv_fail_memory(error, samples_bytes + products_bytes);
    }
    sv_status status = SV_OK;
    for (int i = 0; i < size && status == SV_OK; i++) {
        status = sv_rows_scratch_open(&c->scratch[i], c->work->set, c->chunk_samples,
                                      most_copied(c->work->set, i), error);
        if (status == SV_OK) {
            status = sv_frames_scratch_open(&c->frames_scratch[i], c->n, c->chunk_samples, error);
        }
    }
    return status;
}

static sv_status begin(comoments *c, sv_error *error)
{
    pthread_mutex_init(&c->lock, NULL);
    choose_sizes(c);
    sv_status status = make_parts(c, error);
    status = status == SV_OK ? make_chunks(c, error) : status;
    status = status == SV_OK && !are_many(c->work->set) ? make_runs(c, error) : status;
    return status == SV_OK ? make_scratch(c, error) : status;
}

static void end(comoments *c)
{
    for (int i = 0; i < sv_crew_size(c->work->crew); i++) {
        if (c->counted != NULL) {
            sv_rows_count *all = &c->work->counted;
            all->loss = all->samples_lost == 0 ? c->counted[i].loss : all->loss;
            all->bytes_mapped += c->counted[i].bytes_mapped;
            all->bytes_copied += c->counted[i].bytes_copied;
            all->samples_lost += c->counted[i].samples_lost;
        }
        if (c->scratch != NULL) {
            sv_rows_scratch_close(&c->scratch[i]);
        }
        if (c->frames_scratch != NULL) {
            sv_frames_scratch_close(&c->frames_scratch[i]);
        }
    }
    sv_free(c->parts);
    sv_free(c->chunks);
    sv_free(c->of_chunks);
    sv_free(c->of_runs);
    sv_free(c->samples);
    sv_free(c->products);
    sv_free(c->is_rough);
    sv_free(c->scratch);
    sv_free(c->frames_scratch);
    sv_free(c->counted);
    pthread_mutex_destroy(&c->lock);
}

/* ---- the pass -------------------------------------------------------------------------------- */

sv_status sv_correlating_go_on(sv_correlating *work, int64_t samples, int64_t rows, sv_error *error)
{
    const sv_scan_options *scan = &work->options->scan;
    const sv_row_group *group = &work->set->groups[0];
    work->done_bytes += samples * rows * (int64_t)sv_dtype_itemsize(group->segment.samples.dtype);
    if (scan->progress != NULL) {
        scan->progress(scan->progress_context, work->done_bytes, work->total_bytes);
    }
    if (scan->cancel != NULL && *scan->cancel != 0) {
        return sv_fail(error, SV_CANCELLED, "the work was cancelled");
    }
    return SV_OK;
}

sv_status sv_comoments(sv_correlating *work, double *products, sv_row_moments *moments,
                       sv_error *error)
{
    comoments *c = sv_calloc(1, sizeof *c);
    if (c == NULL) {
        return sv_fail_memory(error, sizeof *c);
    }
    *c = (comoments){.work = work, .n = work->set->num_rows, .sums = products, .moments = moments};
    sv_status status = begin(c, error);
    for (int64_t first = 0; status == SV_OK && first < work->set->num_samples;) {
        begin_round(c, first);
        status = do_round(c, error);
        if (status == SV_OK) {
            status = sv_correlating_go_on(work, c->last - first, c->n, error);
        }
        first = c->last;
    }
    end(c);
    sv_free(c);
    return status;
}
