/* Runs of equal samples, found in the bits of sv_kernels.equal_*: bit i says that samples i and
 * i + 1 are equal, so k ones in a row are a run of k + 1 samples. */
#ifndef SV_STATS_RUNS_H
#define SV_STATS_RUNS_H

#include <stdint.h>

/* What is known of the samples so far. Lengths are in pairs: ones in a row. Begin with zeros. */
typedef struct sv_runs {
    int64_t num_pairs;     /* bits taken so far */
    int64_t head;          /* ones before the first zero */
    int64_t current;       /* ones up to the last bit taken */
    int64_t longest;       /* most ones in a row, the first of its length … */
    int64_t longest_first; /* … and the bit where it begins */
} sv_runs;

/* Takes the next `pairs` bits. All words but the last of a call are full; bits past `pairs` are 0.
 */
void sv_runs_add(sv_runs *runs, const uint64_t *bits, int64_t pairs);

/* The same of bits that are all 0. */
void sv_runs_skip(sv_runs *runs, int64_t pairs);

#endif
