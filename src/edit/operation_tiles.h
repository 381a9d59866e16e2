/* A chain applied to a row tile after tile: what operations see of the samples around. */
#ifndef SV_EDIT_OPERATION_TILES_H
#define SV_EDIT_OPERATION_TILES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "edit/operation_values.h"
#include "kernel/kernel.h"

/* Old samples [first, last) of the row: `address` is that of the first. */
typedef struct sv_piece {
    int64_t first, last;
    const char *address;
    ptrdiff_t stride;
} sv_piece;

enum { SV_NUM_PIECES = 3 };

/* A sample that is finite as the operations before the linear fill leave it. */
typedef struct sv_anchor {
    int64_t index; /* −1: there is none */
    double value;
} sv_anchor;

/* A stretch of a row in which nothing is finite, as tiles [first, last) of SV_TILE samples: first
 * in the low half, last in the high one. Threads that look for the ends of one gap tell each other
 * how far they came. What it says is true whoever reads it when; 0 says nothing. */
typedef _Atomic uint64_t sv_gap;

/* A chain in work. The operations before the linear fill, [0, fill), look `reach_before` to each
 * side, those behind it `reach_behind`. */
typedef struct sv_tiles {
    const sv_kernels *kernels;
    sv_chain chain;
    int fill; /* its number; chain.count where there is none */
    int reach_before, reach_behind;
    sv_piece pieces[SV_NUM_PIECES]; /* the old samples that are known, without a gap */
    /* What the linear fill knows; meaningless without one. */
    sv_anchor left;     /* the nearest one before the values of the next tile */
    sv_anchor right;    /* the nearest one at or behind `right_from` */
    int64_t right_from; /* INT64_MAX: not known */
    sv_anchor beyond;   /* the nearest one behind the known samples */
    sv_gap *gap;        /* of this row and chain; may be NULL */
} sv_tiles;

void sv_tiles_init(sv_tiles *tiles, const sv_kernels *kernels, const sv_chain *chain);

bool sv_tiles_has_fill(const sv_tiles *tiles);

/* Where those begin and end that the fill must leave for the samples [first, last): the operations
 * behind it look to the sides. */
int64_t sv_tiles_low(const sv_tiles *tiles, int64_t first);
int64_t sv_tiles_high(const sv_tiles *tiles, int64_t last);

/* Makes tiles->left the nearest one before `last`, not before `first`; leaves it where there is
 * none. */
void sv_tiles_find_left(sv_tiles *tiles, int64_t first, int64_t last);

/* Makes tiles->right the nearest one at or behind `from`: of the known samples, else `beyond`. */
void sv_tiles_find_right(sv_tiles *tiles, int64_t from);

/* values becomes what the chain makes of samples [first, last), at most SV_TILE, which follow those
 * of the call before. `was`: what they were. */
void sv_tiles_next(sv_tiles *tiles, int64_t first, int64_t last, sv_values *values, double *was);

#endif
