/* Sums of squares over a stretch, in the three steps of kernel.h. The chunk's is held in registers;
 * the others wait in memory. */
#ifndef SV_KERNEL_WIDE_SQUARES_H
#define SV_KERNEL_WIDE_SQUARES_H

#include "kernel/kernel.h"
#include "kernel/wide/line.h"

typedef struct squares {
    f8_line group, stretch;
} squares;

SV_INLINE void end_chunk(squares *s, f8_line *chunk)
{
    s->group = add_f8(s->group, *chunk);
    *chunk = all_f8(0.0);
}

SV_INLINE void end_group(squares *s)
{
    s->stretch = add_f8(s->stretch, s->group);
    s->group = all_f8(0.0);
}

SV_INLINE int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
