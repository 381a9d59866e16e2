#include "array/match_cost.h"

#include "base/size.h"

/* For each number of a transform: of what is done for every template, and once for all of them. */
static const struct {
    double each, once;
} costs[] = {{0.55, 0.55}, {0.82, 0.60}, {1.20, 1.10}, {2.30, 1.20}};

static const double adding = 0.50; /* a product of spectra, to the sums over channels */

double sv_match_cost_of_transforms(int levels, int64_t hop, int64_t num_templates)
{
    double in_hand = (double)sv_min_i8(num_templates, SV_MOST_IN_HAND);
    double numbers = (double)((int64_t)1 << 2 * levels) / (double)hop;
    int i = levels - SV_LEAST_LEVELS;
    return adding + numbers * (costs[i].each + costs[i].once / in_hand);
}

/* Eight templates share the loading of samples, the rest go one by one. */
double sv_match_cost_of_products(double length, int64_t num_templates)
{
    const double among_eight = 0.036, alone = 0.062, besides = 0.30;
    int64_t in_hand = sv_min_i8(num_templates, SV_MOST_IN_HAND), rest = in_hand % 8;
    double sum = (double)(in_hand - rest) * among_eight + (double)rest * alone;
    return besides + length * sum / (double)in_hand;
}
