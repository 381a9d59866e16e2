/* Samples that stay at the extreme values, and changes of sign. */
#ifndef SV_STATS_CLIPPING_H
#define SV_STATS_CLIPPING_H

#include "seisview/summary.h"
#include "stats/samples.h"

/* Reads the block once more; its counts, extremes and runs are known. */
void sv_take_clipping(const sv_samples *samples, sv_summary *summary);

/* Before anything else of `into` is merged. */
void sv_merge_clipping(sv_summary *into, const sv_summary *next);

#endif
