/* Equal neighbours in a block: looked for while a stretch is in the cache, and put together to runs
 * when the block is done. */
#ifndef SV_STATS_PAIRS_H
#define SV_STATS_PAIRS_H

#include "stats/runs.h"
#include "stats/samples.h"

/* The stretches of the largest block of a scan; those of larger ones are looked at later. */
enum { SV_PAIRS_STRETCHES = 16 };

/* Begin with none known; the bits need no beginning. */
typedef struct sv_pairs {
    uint64_t known; /* bit i: the pairs of stretch i */
    sv_pair_bits bits[SV_PAIRS_STRETCHES];
} sv_pairs;

/* Where a survey may write the pairs of a stretch; NULL: nowhere, as with pairs that are NULL. */
sv_pair_bits *sv_pairs_place(sv_pairs *pairs, const sv_stretch *stretch);

/* They have been written there, or are looked for now. */
void sv_pairs_keep(sv_pairs *pairs, const sv_stretch *stretch);
void sv_pairs_take(sv_pairs *pairs, sv_stretch *stretch);

enum { SV_REST_BIT = 63 };

/* The runs of the block; pairs may be NULL. Bit i of `equal`: perhaps a sample of stretch i equals
 * the one after it; and SV_REST_BIT, of what the stretches leave. */
void sv_pairs_runs(const sv_pairs *pairs, const sv_samples *samples, uint64_t equal, sv_runs *runs);

#endif
