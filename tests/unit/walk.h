/* A reducer that holds a scan to its word: every sample once, in order, without a gap. */
#ifndef SV_TESTS_WALK_H
#define SV_TESTS_WALK_H

#include <check.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "seisview/scan.h"

/* What a block becomes: where it lies, and a sum over its samples that knows their places. */
typedef struct step {
    int64_t row, position, first, count;
    uint64_t sum;
} step;

typedef struct walk {
    sv_scan_range range;
    int64_t block_samples;
    int64_t *next; /* of each row of the range: the sample that must come */
    uint64_t *sum;
    int64_t num_merged;
    bool in_order, takes_holes, dense;
    atomic_int num_blocks; /* that were begun */
    /* Called in each block, from any thread: block number `number` of those begun. May be NULL. */
    void (*in_block)(void *context, int number);
    void (*in_merge)(void *context, int64_t number);
    void *context;
} walk;

static inline uint64_t mix(int64_t row, int64_t index, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= (uint64_t)index * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)row << 48;
    bits *= UINT64_C(0xbf58476d1ce4e5b9);
    return bits ^ bits >> 31;
}

static inline uint64_t sum_of_view(const sv_view *view, int64_t row, int64_t first)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < view->shape[0]; i++) {
        const char *address = view->address + i * view->strides[0];
        sum += mix(row, first + i, sv_scalar_as_f8(sv_dtype_load(view->dtype, address)));
    }
    return sum;
}

static inline void walk_block(void *context, const sv_block *block, void *result)
{
    walk *w = context;
    int number = atomic_fetch_add(&w->num_blocks, 1);
    if (w->in_block != NULL) {
        w->in_block(w->context, number);
    }
    *(step *)result = (step){
        block->row,
        block->position,
        block->first,
        block->samples.shape[0],
        sum_of_view(&block->samples, block->row, block->first),
    };
}

/* Its samples are zeros that are not to be looked at. */
static inline void walk_hole(void *context, const sv_block *block, void *result)
{
    walk *w = context;
    atomic_fetch_add(&w->num_blocks, 1);
    step *s = result;
    *s = (step){block->row, block->position, block->first, block->samples.shape[0], 0};
    for (int64_t i = 0; i < s->count; i++) {
        s->sum += mix(s->row, s->first + i, 0.0);
    }
}

static inline void walk_join(void *context, void *result, const void *next)
{
    (void)context;
    step *own = result;
    const step *after = next;
    own->count = after->first == own->first + own->count ? own->count + after->count : INT64_MIN;
    own->sum += after->sum;
}

static inline bool is_next(const walk *w, int64_t position, const step *s)
{
    int64_t row = w->range.rows != NULL ? w->range.rows[position] : position;
    int64_t end = (s->first / w->block_samples + 1) * w->block_samples;
    end = end < w->range.last ? end : w->range.last;
    return s->position == position && s->row == row && s->first == w->next[position] &&
           s->count == end - s->first;
}

static inline void walk_merge(void *context, int64_t position, const void *result)
{
    walk *w = context;
    const step *s = result;
    w->in_order &= is_next(w, position, s);
    w->next[position] = s->first + s->count;
    w->sum[position] += s->sum;
    if (w->in_merge != NULL) {
        w->in_merge(w->context, w->num_merged);
    }
    w->num_merged++;
}

static inline walk begin_walk(const sv_segment *segment, const sv_scan_range *range)
{
    walk w = {
        .range = *range,
        .block_samples = sv_block_samples(segment),
        .next = malloc((size_t)range->num_rows * sizeof *w.next + 1),
        .sum = calloc((size_t)range->num_rows + 1, sizeof *w.sum),
        .in_order = true,
    };
    for (int64_t i = 0; i < range->num_rows; i++) {
        w.next[i] = range->first;
    }
    return w;
}

static inline sv_status run_walk(walk *w, sv_recording *recording, const sv_scan_options *options,
                                 sv_scan_report *report, sv_error *error)
{
    sv_reducer reducer = {.context = w,
                          .result_size = sizeof(step),
                          .block = walk_block,
                          .join = walk_join,
                          .merge = walk_merge,
                          .dense = w->dense};
    reducer.hole = w->takes_holes ? walk_hole : NULL;
    return sv_scan(recording, &w->range, &reducer, options, report, error);
}

/* What was merged of each row is [range.first, next) and nothing else; `view` holds the rows as
 * they were before the scan. */
static inline void check_walked(const walk *w, const sv_view *view)
{
    ck_assert(w->in_order);
    for (int64_t i = 0; i < w->range.num_rows; i++) {
        int64_t row = w->range.rows != NULL ? w->range.rows[i] : i;
        sv_view samples;
        ck_assert_int_eq(sv_view_at(view, 0, row, &samples, NULL), SV_OK);
        ck_assert_int_eq(sv_view_slice(&samples, 0, w->range.first, w->next[i], 1, &samples, NULL),
                         SV_OK);
        ck_assert_msg(sum_of_view(&samples, row, w->range.first) == w->sum[i],
                      "row %" PRId64 " was not seen as it is", row);
    }
}

static inline void end_walk(walk *w)
{
    free(w->next);
    free(w->sum);
}

#endif
