#include "edit/operation_tiles.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "stats/tile.h"

void sv_tiles_init(sv_tiles *tiles, const sv_kernels *kernels, const sv_chain *chain)
{
    *tiles = (sv_tiles){.kernels = kernels,
                        .chain = *chain,
                        .left = {-1, 0.0},
                        .right_from = INT64_MAX,
                        .beyond = {-1, 0.0}};
    while (tiles->fill < chain->count && chain->operations[tiles->fill].kind != SV_FILL_LINEAR) {
        tiles->fill++;
    }
    tiles->reach_before = sv_chain_reach(chain, 0, tiles->fill);
    tiles->reach_behind = sv_chain_reach(chain, tiles->fill, chain->count);
}

bool sv_tiles_has_fill(const sv_tiles *tiles)
{
    return tiles->fill < tiles->chain.count;
}

int64_t sv_tiles_low(const sv_tiles *tiles, int64_t first)
{
    return sv_max_i8(first - tiles->reach_behind, 0);
}

int64_t sv_tiles_high(const sv_tiles *tiles, int64_t last)
{
    return sv_min_i8(last + tiles->reach_behind, tiles->chain.num_samples);
}

/* ---- old samples ------------------------------------------------------------------------- */

static void load(const sv_tiles *tiles, int64_t first, int64_t last, double *to)
{
    for (int i = 0; i < SV_NUM_PIECES; i++) {
        const sv_piece *part = &tiles->pieces[i];
        int64_t from = sv_max_i8(first, part->first);
        int64_t until = sv_min_i8(last, part->last);
        if (from < until) {
            sv_load_f8(tiles->kernels, tiles->chain.dtype,
                       part->address + (from - part->first) * part->stride, part->stride,
                       until - from, to + (from - first));
        }
    }
}

/* The old samples [first, last) and so many more on each side, as far as the row goes. */
static void begin(const sv_tiles *tiles, int64_t first, int64_t last, int reach, sv_values *values)
{
    values->first = sv_max_i8(first - reach, 0);
    values->last = sv_min_i8(last + reach, tiles->chain.num_samples);
    values->x = values->room;
    load(tiles, values->first, values->last, values->x);
}

/* As the operations before the linear fill leave them. */
static void values_before_fill(const sv_tiles *tiles, int64_t first, int64_t last,
                               sv_values *values)
{
    begin(tiles, first, last, tiles->reach_before, values);
    sv_values_apply(&tiles->chain, 0, tiles->fill, values);
}

/* ---- gaps -------------------------------------------------------------------------------- */

typedef struct stretch {
    int64_t first, last;
} stretch;

static stretch gap_of(const sv_tiles *tiles)
{
    uint64_t known = 0;
    if (tiles->gap != NULL) {
        known = atomic_load_explicit(tiles->gap, memory_order_relaxed);
    }
    return (stretch){(int64_t)(known & UINT32_MAX) * SV_TILE, (int64_t)(known >> 32) * SV_TILE};
}

/* Nothing is finite in [first, last), which may join the gap that is known. */
static void tell_gap(const sv_tiles *tiles, int64_t first, int64_t last)
{
    stretch known = gap_of(tiles);
    first = (first + SV_TILE - 1) / SV_TILE * SV_TILE;
    last = last / SV_TILE * SV_TILE;
    if (first <= known.last && known.first <= last) {
        first = sv_min_i8(first, known.first);
        last = sv_max_i8(last, known.last);
    }
    if (tiles->gap != NULL && last - first > known.last - known.first &&
        last / SV_TILE <= UINT32_MAX) {
        uint64_t gap = (uint64_t)(first / SV_TILE) | (uint64_t)(last / SV_TILE) << 32;
        atomic_store_explicit(tiles->gap, gap, memory_order_relaxed);
    }
}

/* ---- the linear fill --------------------------------------------------------------------- */

static bool find_last(const sv_tiles *tiles, int64_t first, int64_t last, sv_anchor *anchor)
{
    sv_values values;
    values_before_fill(tiles, first, last, &values);
    for (int64_t i = last - 1; i >= first; i--) {
        double x = values.x[i - values.first];
        if (isfinite(x)) {
            *anchor = (sv_anchor){i, x};
            return true;
        }
    }
    return false;
}

static bool find_first(const sv_tiles *tiles, int64_t first, int64_t last, sv_anchor *anchor)
{
    sv_values values;
    values_before_fill(tiles, first, last, &values);
    for (int64_t i = first; i < last; i++) {
        double x = values.x[i - values.first];
        if (isfinite(x)) {
            *anchor = (sv_anchor){i, x};
            return true;
        }
    }
    return false;
}

void sv_tiles_find_left(sv_tiles *tiles, int64_t first, int64_t last)
{
    int64_t until = last;
    while (until > first) {
        stretch gap = gap_of(tiles);
        if (gap.first < until && until <= gap.last) {
            until = gap.first;
            continue;
        }
        int64_t from = sv_max_i8(until - SV_TILE, first);
        if (find_last(tiles, from, until, &tiles->left)) {
            tell_gap(tiles, tiles->left.index + 1, last);
            return;
        }
        until = from;
    }
    tell_gap(tiles, first, last);
}

/* One past the last sample whose value before the fill the known samples tell. */
static int64_t known_end(const sv_tiles *tiles)
{
    int64_t end = 0;
    for (int i = 0; i < SV_NUM_PIECES; i++) {
        end = sv_max_i8(end, tiles->pieces[i].last);
    }
    return end == tiles->chain.num_samples ? end : end - tiles->reach_before;
}

void sv_tiles_find_right(sv_tiles *tiles, int64_t from)
{
    bool nearest =
        from >= tiles->right_from && (tiles->right.index >= from || tiles->right.index < 0);
    if (nearest) {
        return;
    }
    int64_t end = known_end(tiles), at = from;
    tiles->right_from = from;
    while (at < end) {
        stretch gap = gap_of(tiles);
        if (gap.first <= at && at < gap.last) {
            at = gap.last;
            continue;
        }
        int64_t until = sv_min_i8(at + SV_TILE, end);
        if (find_first(tiles, at, until, &tiles->right)) {
            tell_gap(tiles, from, tiles->right.index);
            return;
        }
        at = until;
    }
    tell_gap(tiles, from, end);
    tiles->right = tiles->beyond;
}

static double between(sv_anchor left, sv_anchor right, int64_t index)
{
    if (left.index < 0) {
        return right.index < 0 ? NAN : right.value;
    }
    if (right.index < 0) {
        return left.value;
    }
    double part = (double)(index - left.index) / (double)(right.index - left.index);
    double step = right.value - left.value;
    if (!isfinite(step)) {
        return (1.0 - part) * left.value + part * right.value;
    }
    return left.value + step * part;
}

/* Fills the NaN of [first, last), which lie between two anchors. */
static void fill_gap(const sv_tiles *tiles, sv_anchor left, sv_anchor right, int64_t first,
                     int64_t last, sv_values *values)
{
    first = sv_max_i8(first, tiles->chain.first);
    last = sv_min_i8(last, tiles->chain.last);
    for (int64_t i = first; i < last; i++) {
        double *x = &values->x[i - values->first];
        *x = isnan(*x) ? between(left, right, i) : *x;
    }
}

/* Leaves tiles->left for a tile whose values begin with `next`. */
static void fill(sv_tiles *tiles, int64_t next, sv_values *values)
{
    sv_anchor left = tiles->left;
    int64_t gap = values->first;
    for (int64_t i = values->first; i < values->last; i++) {
        double x = values->x[i - values->first];
        if (!isfinite(x)) {
            continue;
        }
        sv_anchor here = {i, x};
        fill_gap(tiles, left, here, gap, i, values);
        left = here;
        gap = i + 1;
        tiles->left = i < next ? here : tiles->left;
    }
    if (gap < values->last) {
        sv_tiles_find_right(tiles, values->last - 1);
        fill_gap(tiles, left, tiles->right, gap, values->last, values);
    }
}

/* ------------------------------------------------------------------------------------------ */

void sv_tiles_next(sv_tiles *tiles, int64_t first, int64_t last, sv_values *values, double *was)
{
    begin(tiles, first, last, tiles->reach_before + tiles->reach_behind, values);
    memcpy(was, values->x + (first - values->first), (size_t)(last - first) * sizeof *was);
    sv_values_apply(&tiles->chain, 0, tiles->fill, values);
    if (sv_tiles_has_fill(tiles)) {
        fill(tiles, sv_tiles_low(tiles, last), values);
        sv_values_apply(&tiles->chain, tiles->fill + 1, tiles->chain.count, values);
    }
}
