/* Exact median and median absolute deviation of a function's values, which are whole numbers of
 * steps (SV_CC_STEPS), by counting: coarse bins over all of them, and single steps within zones
 * around where the answers are expected. Where that was wrong the coarse bins know better, and
 * another pass finds them. */
#ifndef SV_ARRAY_MATCH_COUNTS_H
#define SV_ARRAY_MATCH_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"

enum {
    SV_BIN_STEPS = 256,                                      /* of a coarse bin */
    SV_NUM_BINS = 2 * ((int)SV_CC_STEPS / SV_BIN_STEPS) + 1, /* from −1 on */
    SV_ZONE_BINS = 16,                                       /* of a zone */
    SV_ZONE_STEPS = SV_ZONE_BINS * SV_BIN_STEPS,
    SV_NUM_ZONES = 3,
    SV_NUM_PLACES = SV_NUM_BINS + SV_NUM_ZONES * SV_ZONE_STEPS,
};

typedef struct sv_zones {
    int32_t first[SV_NUM_ZONES]; /* coarse bins; a zone may begin before the first one */
} sv_zones;

typedef struct sv_tally {
    sv_zones zones;
    int64_t total;
    uint64_t counts[SV_NUM_PLACES]; /* bins, then the zones' steps */
} sv_tally;

/* Counts the values that are defined (not −0) into `counts`, which was zero or counted before. */
void sv_tally_values(const sv_zones *zones, const float *values, int64_t n,
                     uint32_t counts[SV_NUM_PLACES]);
void sv_tally_add(sv_tally *tally, const uint32_t counts[SV_NUM_PLACES]);

/* Begins anew, with zones about what was counted so far. */
void sv_tally_again(sv_tally *tally);

/* In units of the function; about right, from the coarse bins. Needs a value. */
double sv_tally_guess(const sv_tally *tally);

/* The median absolute deviation, exactly; false where the zones miss it. Needs a value. */
bool sv_tally_deviation(const sv_tally *tally, double *deviation);

#endif
