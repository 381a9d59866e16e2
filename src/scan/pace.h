/* The quicker of two ways to map what the page cache holds: by a call in advance or by touching it.
 *
 * What the cache holds in large pieces is mapped by calls. Where it holds a file in small ones,
 * which way is quicker depends on the processor and on the system, so that each thread tries both
 * now and then, and keeps to the better. */
#ifndef SV_SCAN_PACE_H
#define SV_SCAN_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum sv_way { SV_BY_CALLS, SV_BY_FAULTS } sv_way;

/* Begin with zeros. */
typedef struct sv_pace {
    int64_t spans;            /* that were noted */
    double seconds_a_byte[2]; /* of each way, at best; 0: not tried */
    bool has_small_pieces;    /* as far as faults told */
} sv_pace;

/* How the next span is to be mapped. */
sv_way sv_pace_choose(const sv_pace *pace);

/* What a span took, from mapping it to its results, and how often it faulted. */
void sv_pace_note(sv_pace *pace, sv_way way, int64_t bytes, double seconds, int64_t faults);

#endif
