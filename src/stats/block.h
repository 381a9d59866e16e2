/* One block's summary: the kernels put together. */
#ifndef SV_STATS_BLOCK_H
#define SV_STATS_BLOCK_H

#include "kernel/kernel.h"
#include "seisview/summary.h"

enum { SV_SUMMARY_BLOCK_MAX = 1 << 17 }; /* samples; more would overflow nothing, but lose bits */

/* The extremes that are known from samples before the block: where the block's own do not go
 * beyond, their places are not looked for (they stay −1), since merging keeps the earlier ones. */
typedef struct sv_known {
    double min, max;
} sv_known;

#define SV_KNOWN_NOTHING                                                                           \
    {                                                                                              \
        INFINITY, -INFINITY                                                                        \
    }

/* The exponent of a summary whose finite samples lie within [min, max]: 0, or that of the largest
 * where squares would overflow or vanish. */
int sv_scale_exponent(double min, double max);

/* Neither allocates nor locks: it may be left in the middle by the fault guard. */
void sv_summarise_block(const sv_kernels *kernels, const sv_view *view, int64_t first,
                        sv_known known, unsigned figures, sv_summary *summary);

/* The same of neighbouring interleaved rows at once, SV_FRAMES_ROWS at most: `frames` (rows ×
 * samples) as they lie, `dense` (as many) where they are put one after the other. */
void sv_summarise_rows(const sv_kernels *kernels, const sv_view *frames, const sv_view *dense,
                       int64_t first, const sv_known *known, unsigned figures,
                       sv_summary *summaries);

#endif
