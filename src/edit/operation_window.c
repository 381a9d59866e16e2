/* Windows of a row: what each needs of the samples around it, and what becomes of it.
 *
 * A context is the old samples before the window and those behind it, as far as the operations
 * look; and of a linear fill the anchors at both ends, each an index and a value of 8 bytes,
 * little-endian. How many samples it has follows from chain and window. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "edit/operation.h"
#include "edit/operation_fast.h"
#include "edit/operation_round.h"
#include "edit/operation_tiles.h"
#include "journal/bytes.h"

enum { ANCHOR_BYTES = 16, MOST_BYTES = SV_MOST_REACH * 8 };

/* ---- contexts ---------------------------------------------------------------------------- */

/* How the context of samples [first, last) is laid out. */
typedef struct layout {
    int64_t before, behind; /* the samples [before, first) and [last, behind) */
    size_t itemsize;
    size_t anchors; /* byte where they begin */
    size_t size;
} layout;

static layout layout_of(const sv_tiles *tiles, int64_t first, int64_t last)
{
    int64_t reach = tiles->reach_before + tiles->reach_behind;
    layout l = {.before = sv_max_i8(first - reach, 0),
                .behind = sv_min_i8(last + reach, tiles->chain.num_samples),
                .itemsize = sv_dtype_itemsize(tiles->chain.dtype)};
    l.anchors = (size_t)(first - l.before + l.behind - last) * l.itemsize;
    l.size = l.anchors + (sv_tiles_has_fill(tiles) ? 2 * ANCHOR_BYTES : 0);
    return l;
}

size_t sv_context_room(const sv_chain *chain)
{
    sv_tiles tiles;
    sv_tiles_init(&tiles, NULL, chain);
    size_t reach = (size_t)(tiles.reach_before + tiles.reach_behind);
    return 2 * reach * sv_dtype_itemsize(chain->dtype) +
           (sv_tiles_has_fill(&tiles) ? 2 * ANCHOR_BYTES : 0);
}

static void write_anchor(sv_anchor anchor, void *bytes)
{
    unsigned char *to = bytes;
    sv_put_i8(to, anchor.index);
    sv_put_f8(to + 8, anchor.value);
}

static sv_anchor read_anchor(const void *bytes)
{
    const unsigned char *from = bytes;
    return (sv_anchor){sv_get_i8(from), sv_get_f8(from + 8)};
}

/* The window's old samples and its context become what the tiles know. */
static void know(sv_tiles *tiles, int64_t first, int64_t last, const char *context,
                 const char *from, ptrdiff_t stride)
{
    layout l = layout_of(tiles, first, last);
    ptrdiff_t itemsize = (ptrdiff_t)l.itemsize;
    const char *behind = l.anchors > 0 ? context + (first - l.before) * itemsize : NULL;
    tiles->pieces[0] = (sv_piece){l.before, first, context, itemsize};
    tiles->pieces[1] = (sv_piece){first, last, from, stride};
    tiles->pieces[2] = (sv_piece){last, l.behind, behind, itemsize};
    if (sv_tiles_has_fill(tiles)) {
        tiles->left = read_anchor(context + l.anchors);
        tiles->beyond = read_anchor(context + l.anchors + ANCHOR_BYTES);
    }
}

/* Whether the anchors lie on their sides of what the fill must leave. */
static bool anchors_are_good(const sv_tiles *tiles, int64_t first, int64_t last,
                             const char *anchors)
{
    sv_anchor left = read_anchor(anchors), right = read_anchor(anchors + ANCHOR_BYTES);
    return left.index >= -1 && left.index < sv_tiles_low(tiles, first) && isfinite(left.value) &&
           right.index < tiles->chain.num_samples && isfinite(right.value) &&
           (right.index == -1 || right.index >= sv_tiles_high(tiles, last));
}

static sv_status check_window(const sv_tiles *tiles, int64_t first, int64_t count,
                              const char *context, size_t context_size, sv_error *error)
{
    const sv_chain *chain = &tiles->chain;
    bool good = first >= chain->first && count >= 0 && count <= chain->last - first;
    if (good) {
        layout l = layout_of(tiles, first, first + count);
        good = context_size == l.size &&
               (!sv_tiles_has_fill(tiles) ||
                anchors_are_good(tiles, first, first + count, context + l.anchors));
    }
    if (!good) {
        return sv_fail(error, SV_FORMAT,
                       "the context of %lld samples from %lld on is not that of such a window",
                       (long long)count, (long long)first);
    }
    return SV_OK;
}

/* ---- computing --------------------------------------------------------------------------- */

static sv_status compute_tile(sv_tiles *tiles, int64_t first, int64_t last, char *to,
                              sv_changes *changes, sv_error *error)
{
    sv_values values;
    double was[SV_TILE];
    const sv_piece *window = &tiles->pieces[1];
    sv_tiles_next(tiles, first, last, &values, was);
    int64_t nan = sv_round_into(
        tiles->chain.dtype, was, values.x + (first - values.first), last - first,
        window->address + (first - window->first) * window->stride, window->stride, to, changes);
    if (nan >= 0) {
        char type[SV_DTYPE_TEXT_SIZE];
        return sv_fail(error, SV_RANGE, "sample %lld would become NaN, and %s has none",
                       (long long)(first + nan), sv_dtype_text(tiles->chain.dtype, type));
    }
    return SV_OK;
}

sv_status sv_chain_compute(const sv_chain *chain, int64_t first, int64_t count, const void *context,
                           size_t context_size, const void *from, ptrdiff_t stride, void *to,
                           sv_changes *changes, sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status != SV_OK) {
        return status;
    }
    sv_tiles tiles;
    sv_tiles_init(&tiles, kernels, chain);
    status = check_window(&tiles, first, count, context, context_size, error);
    if (status != SV_OK) {
        return status;
    }
    know(&tiles, first, first + count, context, from, stride);
    bool fast = sv_fast_can(kernels, chain, stride);
    size_t itemsize = sv_dtype_itemsize(chain->dtype);
    const char *old = from;
    char *new = to;
    for (int64_t done = 0; done < count && status == SV_OK;) {
        if (fast) {
            done +=
                sv_fast_compute(chain, first + done, count - done, old + (size_t)done * itemsize,
                                new + (size_t)done *itemsize, changes);
        }
        int64_t until = sv_min_i8(done + SV_TILE, count);
        status = compute_tile(&tiles, first + done, first + until, new + (size_t)done *itemsize,
                              changes, error);
        done = until;
    }
    return status;
}

/* ---- walking ----------------------------------------------------------------------------- */

struct sv_walk {
    sv_tiles tiles;
    sv_view row;
    int64_t next;            /* the sample at which the next window begins */
    char before[MOST_BYTES]; /* the old samples before it, whatever the row holds now */
};

/* The row's samples from `next` on; before it, what is kept of the old ones. */
static void look_at_row(sv_walk *walk)
{
    sv_tiles *tiles = &walk->tiles;
    layout l = layout_of(tiles, walk->next, walk->next);
    ptrdiff_t stride = (ptrdiff_t)walk->row.strides[0];
    tiles->pieces[0] = (sv_piece){l.before, walk->next, walk->before, (ptrdiff_t)l.itemsize};
    tiles->pieces[1] = (sv_piece){walk->next, tiles->chain.num_samples,
                                  walk->row.address + walk->next * stride, stride};
    tiles->pieces[2] = (sv_piece){0};
}

/* Old samples [first, last), packed. */
static void copy_old(const sv_tiles *tiles, int64_t first, int64_t last, char *to)
{
    size_t itemsize = sv_dtype_itemsize(tiles->chain.dtype);
    for (int i = 0; i < SV_NUM_PIECES; i++) {
        const sv_piece *part = &tiles->pieces[i];
        int64_t until = sv_min_i8(last, part->last);
        for (int64_t at = sv_max_i8(first, part->first); at < until; at++) {
            memcpy(to + (size_t)(at - first) * itemsize,
                   part->address + (at - part->first) * part->stride, itemsize);
        }
    }
}

/* Goes on behind a window that ends with `last`, of which the tiles know the old samples. */
static void move_on(sv_walk *walk, int64_t last)
{
    sv_tiles *tiles = &walk->tiles;
    char before[MOST_BYTES];
    layout l = layout_of(tiles, last, last);
    copy_old(tiles, l.before, last, before);
    if (sv_tiles_has_fill(tiles)) {
        sv_tiles_find_left(tiles, sv_tiles_low(tiles, walk->next), sv_tiles_low(tiles, last));
    }
    memcpy(walk->before, before, sizeof before);
    walk->next = last;
}

sv_status sv_walk_open(const sv_chain *chain, const sv_view *row, sv_walk **walk, sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status == SV_OK && sv_view_check(row) != SV_OK) {
        status = sv_fail(error, SV_STALE, "the buffer of the row has been closed; open it again");
    }
    if (status == SV_OK && (row->ndim != 1 || row->shape[0] != chain->num_samples)) {
        status = sv_fail(error, SV_SHAPE, "the view is not one of the row's %lld samples",
                         (long long)chain->num_samples);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_walk *made = sv_calloc(1, sizeof *made);
    if (made == NULL) {
        return sv_fail_memory(error, sizeof *made);
    }
    sv_tiles_init(&made->tiles, kernels, chain);
    made->row = *row;
    made->next = -1;
    *walk = made;
    return SV_OK;
}

/* Not done by sv_walk_open(), which need not run under the fault guard. */
static void begin_walk(sv_walk *walk)
{
    sv_tiles *tiles = &walk->tiles;
    int64_t first = tiles->chain.first;
    tiles->pieces[0] =
        (sv_piece){0, tiles->chain.num_samples, walk->row.address, (ptrdiff_t)walk->row.strides[0]};
    walk->next = first;
    copy_old(tiles, layout_of(tiles, first, first).before, first, walk->before);
    if (sv_tiles_has_fill(tiles)) {
        sv_tiles_find_left(tiles, 0, sv_tiles_low(tiles, first));
    }
}

size_t sv_walk_context(sv_walk *walk, int64_t count, void *context)
{
    sv_tiles *tiles = &walk->tiles;
    if (walk->next < 0) {
        begin_walk(walk);
    }
    int64_t first = walk->next, last = first + count;
    layout l = layout_of(tiles, first, last);
    char *bytes = context;
    look_at_row(walk);
    copy_old(tiles, l.before, first, bytes);
    copy_old(tiles, last, l.behind, bytes + (size_t)(first - l.before) * l.itemsize);
    if (sv_tiles_has_fill(tiles)) {
        sv_tiles_find_right(tiles, sv_tiles_high(tiles, last));
        write_anchor(tiles->left, bytes + l.anchors);
        write_anchor(tiles->right, bytes + l.anchors + ANCHOR_BYTES);
    }
    move_on(walk, last);
    return l.size;
}

sv_status sv_walk_resume(sv_walk *walk, int64_t first, int64_t count, const void *context,
                         size_t context_size, const void *old, sv_error *error)
{
    sv_tiles *tiles = &walk->tiles;
    sv_status status = check_window(tiles, first, count, context, context_size, error);
    if (status != SV_OK) {
        return status;
    }
    know(tiles, first, first + count, context, old,
         (ptrdiff_t)sv_dtype_itemsize(tiles->chain.dtype));
    tiles->beyond = (sv_anchor){-1, 0.0};
    walk->next = first;
    move_on(walk, first + count);
    return SV_OK;
}

void sv_walk_close(sv_walk *walk)
{
    sv_free(walk);
}
