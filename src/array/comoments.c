/* Chunks in rounds. A chunk is the same number of samples of all rows; how many there are in a
 * round follows from the number of rows alone, so that nothing depends on how many threads there
 * are.
 *
 * Few rows: a thread loads a chunk and multiplies it; the round's products are then merged in
 * order, each thread some rows of the matrix. Many rows: all threads load one chunk, and then share
 * out the tiles of the matrix, each of which is multiplied and merged at once. */
#include "array/comoments.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "array/frames.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

enum {
    FEW_ROWS = 512,
    CHUNK_OF_FEW = 1024,
    CHUNK_OF_MANY = 512,
    MOST_CHUNKS = 256, /* in a round */
    ROUND_BYTES = 8 << 20,
    OWN_BYTES = 16 << 20, /* of the threads' own chunks together */
    PRODUCTS = 128,
    TILE = 256,
    LOAD_ROWS = 64, /* loaded at a time, where threads load one chunk together */
    MERGE_ROWS = 8,
    PAGE_BYTES = 4096, /* frames that lie alike in their pages are written without waiting */
    ROW_GAP = 32       /* between rows, or all would fall on the same few places of the cache */
};

/* Of a chunk, by row. */
typedef struct time_chunk {
    int64_t first, n;
    double share; /* of the products of means: before · n / (before + n) */
    sv_centred *rows;
    double *units, *deltas, *offsets;
} time_chunk;

typedef struct part_of_rows {
    const sv_row_group *group;
    int64_t from, count;
} part_of_rows;

typedef struct comoments {
    sv_correlating *work;
    int64_t n; /* rows */
    double *sums;
    sv_row_moments *moments;
    int64_t chunk_samples, chunks_per_round;
    int64_t chunk_floats; /* that a chunk's samples take */
    bool is_frames;       /* the samples of a chunk lie frame by frame, else row by row */
    bool is_shared;       /* chunks are loaded by all threads, before they are multiplied */
    int64_t num_parts;
    part_of_rows *parts;
    float *samples;  /* chunks of the round where they are shared, else one of each thread */
    float *products; /* of each chunk of the round; of many rows a tile of each thread */
    time_chunk chunks[MOST_CHUNKS];
    char *of_chunks; /* what these point to */
    sv_rows_scratch *scratch;
    sv_frames_scratch *frames_scratch;
    sv_rows_count *counted;
    int64_t merged, num_chunks; /* samples before the round; chunks of it */

    pthread_mutex_t lock; /* of the failure */
    int64_t failed_at;    /* the piece */
    sv_status status;
    sv_error error;
} comoments;

static bool has_many_rows(const comoments *c)
{
    return c->n > FEW_ROWS;
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
    time_chunk *chunk;
    float *samples;
} destination;

static void centre_into(void *context, int64_t position, const sv_row_values *values)
{
    const destination *to = context;
    to->chunk->rows[position] =
        sv_centre_row(to->c->work->set->kernels, values, to->samples + position * step_of(to->c));
}

static bool load(comoments *c, const part_of_rows *part, int64_t i, float *samples, int64_t piece,
                 int worker)
{
    time_chunk *chunk = &c->chunks[i];
    destination to = {c, chunk, samples};
    sv_error error;
    sv_status status;
    if (c->is_frames) {
        status = sv_frames_load(c->work->set, part->from, part->count, chunk->first, chunk->n,
                                &c->frames_scratch[worker], samples, c->n, chunk->rows,
                                &c->counted[worker], &error);
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

static float *samples_of(const comoments *c, int64_t i)
{
    return c->samples + i * c->chunk_floats;
}

/* One part of the rows, of all chunks of the round. */
static void load_part(void *context, int64_t i, int worker)
{
    comoments *c = context;
    for (int64_t k = 0; k < c->num_chunks; k++) {
        if (!load(c, &c->parts[i], k, samples_of(c, k), i, worker)) {
            return;
        }
    }
}

/* ---- multiplying ----------------------------------------------------------------------------- */

/* Some neighbouring rows of a chunk. */
typedef struct block {
    const float *samples;
    int rows;
} block;

/* The products of rows of `left` and `right`, of one block with itself the upper triangle. A
 * float32 sum of more than PRODUCTS products, which BLAS adds one by one, errs by more than 1e-6 at
 * times.
 */
static void multiply(const comoments *c, const block *left, const block *right, int samples,
                     float *products, int step)
{
    const sv_blas *blas = c->work->blas;
    int row_step = step_of(c), first_trans = c->is_frames ? SV_TRANS : SV_NO_TRANS;
    int second_trans = c->is_frames ? SV_NO_TRANS : SV_TRANS;
    for (int first = 0; first < samples; first += PRODUCTS) {
        int n = samples - first < PRODUCTS ? samples - first : PRODUCTS;
        int64_t skip = first * (c->is_frames ? (int64_t)row_step : 1);
        float before = first > 0 ? 1.0F : 0.0F;
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

/* ---- multiplying few rows -------------------------------------------------------------------- */

static float *products_of(const comoments *c, int64_t i)
{
    return c->products + i * c->n * c->n;
}

static void multiply_chunk(void *context, int64_t i, int worker)
{
    comoments *c = context;
    float *samples = samples_of(c, c->is_shared ? i : worker);
    for (int64_t part = 0; !c->is_shared && part < c->num_parts; part++) {
        if (!load(c, &c->parts[part], i, samples, i, worker)) {
            return;
        }
    }
    block all = {samples, (int)c->n};
    multiply(c, &all, &all, (int)c->chunks[i].n, products_of(c, i), (int)c->n);
}

/* Adds a chunk's products of row `row` with rows [column, column + count). */
static void merge(const comoments *c, const time_chunk *chunk, int64_t row, int64_t column,
                  int64_t count, const float *products)
{
    c->work->set->kernels->add_products(
        c->sums + row * c->n + column, products, count, chunk->units[row], chunk->units + column,
        chunk->share * chunk->deltas[row], chunk->deltas + column,
        -(double)chunk->n * chunk->offsets[row], chunk->offsets + column);
}

static void merge_rows(void *context, int64_t i, int worker)
{
    const comoments *c = context;
    (void)worker;
    int64_t last = sv_min_i8((i + 1) * MERGE_ROWS, c->n);
    for (int64_t k = 0; k < c->num_chunks; k++) {
        for (int64_t row = i * MERGE_ROWS; row < last; row++) {
            merge(c, &c->chunks[k], row, row, c->n - row, products_of(c, k) + row * c->n + row);
        }
    }
}

/* ---- multiplying many rows ------------------------------------------------------------------- */

static int64_t num_tiles(const comoments *c)
{
    int64_t edge = (c->n + TILE - 1) / TILE;
    return edge * (edge + 1) / 2;
}

/* Tile i of the upper triangle, column by column. */
static void place_of_tile(int64_t i, int64_t *row, int64_t *column)
{
    int64_t down = i, across = 0;
    while (down > across) {
        down -= across + 1;
        across++;
    }
    *row = down * TILE;
    *column = across * TILE;
}

static void multiply_tile(void *context, int64_t i, int worker)
{
    const comoments *c = context;
    const time_chunk *chunk = &c->chunks[0];
    int64_t row, column;
    place_of_tile(i, &row, &column);
    int rows = (int)sv_min_i8(TILE, c->n - row), columns = (int)sv_min_i8(TILE, c->n - column);
    int64_t apart = c->is_frames ? 1 : step_of(c);
    float *products = c->products + (int64_t)worker * TILE * TILE;
    block left = {c->samples + row * apart, rows}, right = {c->samples + column * apart, columns};
    multiply(c, &left, row == column ? &left : &right, (int)chunk->n, products, TILE);
    for (int64_t k = 0; k < rows; k++) {
        int64_t skip = row == column ? k : 0;
        merge(c, chunk, row + k, column + skip, columns - skip, products + k * TILE + skip);
    }
}

/* ---- a round --------------------------------------------------------------------------------- */

static void begin_round(comoments *c, int64_t first)
{
    c->num_chunks = 0;
    while (c->num_chunks < c->chunks_per_round && first < c->work->set->num_samples) {
        time_chunk *chunk = &c->chunks[c->num_chunks++];
        chunk->first = first;
        chunk->n = sv_min_i8(c->chunk_samples, c->work->set->num_samples - first);
        first += chunk->n;
    }
}

/* Moves the rows' means on, and keeps how far each chunk's lie from those before it. */
static void move_means(comoments *c, time_chunk *chunk)
{
    double before = (double)c->merged, n = (double)chunk->n;
    chunk->share = before * n / (before + n);
    for (int64_t i = 0; i < c->n; i++) {
        const sv_centred *row = &chunk->rows[i];
        sv_row_moments *moments = &c->moments[i];
        double delta = moments->present > 0 && row->present > 0 ? row->mean - moments->mean : 0.0;
        chunk->units[i] = row->unit;
        chunk->deltas[i] = delta;
        chunk->offsets[i] = row->rest * row->unit;
        moments->largest = fmax(moments->largest, fabs(row->mean) + row->unit);
        if (row->present > 0) {
            double all = (double)(moments->present + row->present);
            moments->mean = moments->present > 0
                                ? moments->mean + delta * ((double)row->present / all)
                                : row->mean;
            moments->present += row->present;
        }
    }
    c->merged += chunk->n;
}

/* SV_INVALID where a sample is missing and must not be. */
static sv_status look_for_missing(const comoments *c, sv_error *error)
{
    for (int64_t k = 0; c->work->options->fail_on_missing && k < c->num_chunks; k++) {
        for (int64_t i = 0; i < c->n; i++) {
            const sv_centred *row = &c->chunks[k].rows[i];
            if (row->first_missing >= 0) {
                return sv_fail(error, SV_INVALID,
                               "sample %lld of row %lld is missing: NaN, infinite or not to be "
                               "decoded; choose another window, or let pairs do without",
                               (long long)(c->chunks[k].first + row->first_missing), (long long)i);
            }
        }
    }
    return SV_OK;
}

static sv_status do_round(comoments *c, sv_error *error)
{
    sv_crew *crew = c->work->crew;
    if (c->is_shared) {
        sv_crew_run(crew, load_part, c, c->num_parts);
    }
    if (c->status == SV_OK && !has_many_rows(c)) {
        sv_crew_run(crew, multiply_chunk, c, c->num_chunks);
    }
    if (c->status != SV_OK) {
        if (error != NULL) {
            *error = c->error;
        }
        return c->status;
    }
    sv_status status = look_for_missing(c, error);
    for (int64_t k = 0; status == SV_OK && k < c->num_chunks; k++) {
        move_means(c, &c->chunks[k]);
    }
    if (status == SV_OK && has_many_rows(c)) {
        sv_crew_run(crew, multiply_tile, c, num_tiles(c));
    } else if (status == SV_OK) {
        sv_crew_run(crew, merge_rows, c, (c->n + MERGE_ROWS - 1) / MERGE_ROWS);
    }
    c->work->chunks += c->num_chunks;
    return status;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void choose_sizes(comoments *c)
{
    int64_t chunk_bytes;
    c->chunk_samples = has_many_rows(c) ? CHUNK_OF_MANY : CHUNK_OF_FEW;
    c->is_frames = sv_frames_are(c->work->set);
    c->chunk_floats = c->is_frames ? c->chunk_samples * c->n : c->n * step_of(c);
    chunk_bytes = c->chunk_floats * (int64_t)sizeof(float);
    int64_t fit = ROUND_BYTES / sv_max_i8(chunk_bytes, c->n * c->n * (int64_t)sizeof(float));
    c->chunks_per_round = has_many_rows(c) ? 1 : sv_max_i8(1, sv_min_i8(fit, MOST_CHUNKS));
    c->is_shared = has_many_rows(c) || c->work->set->has_readers ||
                   sv_crew_size(c->work->crew) * chunk_bytes > OWN_BYTES;
}

/* A group with a reader is one part. Of one in place all rows are, unless many share a chunk. */
static sv_status make_parts(comoments *c, sv_error *error)
{
    const sv_rows_read *set = c->work->set;
    size_t most = (size_t)(set->num_groups + set->num_rows / LOAD_ROWS + 1);
    c->parts = sv_calloc(most, sizeof *c->parts);
    if (c->parts == NULL) {
        return sv_fail_memory(error, most * sizeof *c->parts);
    }
    for (int64_t i = 0; i < set->num_groups; i++) {
        const sv_row_group *group = &set->groups[i];
        bool is_cut = c->is_shared && group->reader == NULL;
        int64_t step = is_cut ? LOAD_ROWS : group->count;
        for (int64_t from = 0; from < group->count; from += step) {
            c->parts[c->num_parts++] =
                (part_of_rows){group, from, sv_min_i8(step, group->count - from)};
        }
    }
    return SV_OK;
}

/* For each chunk of a round its rows, units and deltas. */
static sv_status make_chunks(comoments *c, sv_error *error)
{
    size_t rows = (size_t)c->n;
    size_t bytes = rows * (sizeof(sv_centred) + 3 * sizeof(double));
    c->of_chunks = sv_calloc((size_t)c->chunks_per_round, bytes);
    if (c->of_chunks == NULL) {
        return sv_fail_memory(error, (size_t)c->chunks_per_round * bytes);
    }
    for (int64_t i = 0; i < c->chunks_per_round; i++) {
        char *memory = c->of_chunks + (size_t)i * bytes;
        c->chunks[i].rows = (sv_centred *)(void *)memory;
        c->chunks[i].units = (double *)(void *)(memory + rows * sizeof(sv_centred));
        c->chunks[i].deltas = c->chunks[i].units + rows;
        c->chunks[i].offsets = c->chunks[i].deltas + rows;
    }
    return SV_OK;
}

static sv_status make_scratch(comoments *c, sv_error *error)
{
    int size = sv_crew_size(c->work->crew);
    size_t chunks = (size_t)(c->is_shared ? c->chunks_per_round : size);
    size_t samples_bytes = chunks * (size_t)c->chunk_floats * sizeof(float);
    size_t products =
        has_many_rows(c) ? (size_t)size * TILE * TILE : (size_t)(c->chunks_per_round * c->n * c->n);
    c->samples = sv_malloc_aligned(PAGE_BYTES, samples_bytes);
    c->products = sv_malloc_aligned(64, products * sizeof(float));
    c->scratch = sv_calloc((size_t)size, sizeof *c->scratch);
    c->frames_scratch = sv_calloc((size_t)size, sizeof *c->frames_scratch);
    c->counted = sv_calloc((size_t)size, sizeof *c->counted);
    if (c->samples == NULL || c->products == NULL || c->scratch == NULL ||
        c->frames_scratch == NULL || c->counted == NULL) {
        return sv_fail_memory(error, samples_bytes + products * sizeof(float));
    }
    sv_status status = SV_OK;
    for (int i = 0; i < size && status == SV_OK; i++) {
        status = sv_rows_scratch_open(&c->scratch[i], c->work->set, c->chunk_samples, error);
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
    sv_free(c->of_chunks);
    sv_free(c->samples);
    sv_free(c->products);
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
        int64_t next =
            sv_min_i8(first + c->chunks_per_round * c->chunk_samples, work->set->num_samples);
        if (status == SV_OK) {
            status = sv_correlating_go_on(work, next - first, c->n, error);
        }
        first = next;
    }
    end(c);
    sv_free(c);
    return status;
}
