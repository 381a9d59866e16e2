/* What the two ways of matching cost, so that the faster one can be chosen: in nanoseconds for a
 * coefficient (a channel of a template at a position), on one thread of a processor with AVX-512.
 * Of narrower registers both cost more, products a little more so; the choice is the same for all,
 * since the last bits depend on it. `make bench CLAIMS=match_ways` measures the constants, and
 * finds that a product of matrices by OpenBLAS, of windows that are copied for it, would take about
 * as long as ours. */
#ifndef SV_ARRAY_MATCH_COST_H
#define SV_ARRAY_MATCH_COST_H

#include <stdint.h>

enum {
    SV_LEAST_LEVELS = 4, /* of transforms, whose size is 4^levels */
    SV_MOST_LEVELS = 7,
    SV_MOST_IN_HAND = 16, /* templates that are summed over a stretch of the recording at once */
};

/* By transforms, `hop` positions each. */
double sv_match_cost_of_transforms(int levels, int64_t hop, int64_t num_templates);

/* By products in the time domain, of so many samples each. */
double sv_match_cost_of_products(double length, int64_t num_templates);

#endif
