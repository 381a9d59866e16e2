#include "stats/order.h"

#include <math.h>
#include <string.h>

#include "base/size.h"

/* ---- keys -------------------------------------------------------------------------------- */

sv_key_kind sv_key_kind_of(sv_dtype dtype)
{
    switch ((sv_type)dtype.type) {
    case SV_F4: return SV_KEY_F4;
    case SV_I1:
    case SV_U1:
    case SV_I2:
    case SV_U2:
    case SV_I3:
    case SV_U3:
    case SV_I4:
    case SV_U4: return SV_KEY_I4;
    default: return SV_KEY_F8;
    }
}

static uint64_t key_of(sv_key_kind kind, double value)
{
    uint64_t bits;
    uint32_t half;
    float f4;
    switch (kind) {
    case SV_KEY_I4: return (uint32_t)(int64_t)value;
    case SV_KEY_F4:
        f4 = (float)value;
        memcpy(&half, &f4, sizeof half);
        return sv_key_of_f4(half);
    default: memcpy(&bits, &value, sizeof bits); return sv_key_of_f8(bits);
    }
}

/* Of the key that lies `distance` after that of the least sample. Zero has one sign. */
static double value_at(const sv_population *population, uint64_t distance)
{
    uint64_t bits;
    uint32_t half;
    float f4;
    double f8;
    switch (population->kind) {
    case SV_KEY_I4: return population->min + (double)distance;
    case SV_KEY_F4:
        half = sv_f4_of_key((uint32_t)(population->least + distance));
        memcpy(&f4, &half, sizeof f4);
        return (double)f4 + 0.0;
    default:
        bits = sv_f8_of_key(population->least + distance);
        memcpy(&f8, &bits, sizeof f8);
        return f8 + 0.0;
    }
}

/* How many bits a number has. */
static int length_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - __builtin_clzll(number);
}

/* ---- ranks ------------------------------------------------------------------------------- */

/* A quantile lies between two order statistics that follow one another. */
typedef struct place {
    int64_t rank;    /* of the lower one */
    double fraction; /* of the way to the upper one */
} place;

/* As NumPy's `linear`, definition 7 of Hyndman and Fan (1996). */
static place place_of(double probability, int64_t count)
{
    double at = (double)(count - 1) * probability;
    int64_t rank = sv_min_i8((int64_t)floor(at), count - 1);
    return (place){rank, at - (double)rank};
}

void sv_population_begin(sv_population *population, sv_key_kind kind, const sv_summary *summary,
                         const double *probabilities, int num_probabilities, sv_rank *ranks)
{
    *population = (sv_population){
        .kind = kind,
        .min = summary->min,
        .num_samples = summary->num_samples,
        .num_finite = sv_summary_num_finite(summary),
        .ranks = ranks,
    };
    if (population->num_finite == 0) {
        return;
    }
    /* A summary knows one zero, samples have two. */
    population->least =
        key_of(kind, summary->min == 0.0 && kind != SV_KEY_I4 ? -0.0 : summary->min);
    if (summary->min < summary->max) {
        uint64_t range = key_of(kind, summary->max) - population->least;
        population->bits = length_of(kind == SV_KEY_F8 ? range : (uint32_t)range);
    }
    population->num_ranks = 2 * num_probabilities;
    for (int i = 0; i < population->num_ranks; i++) {
        int64_t within = place_of(probabilities[i / 2], population->num_finite).rank + i % 2;
        within = sv_min_i8(within, population->num_finite - 1);
        ranks[i] = (sv_rank){.within = within, .count = -1};
    }
}

bool sv_population_is_open(const sv_population *population)
{
    return population->bits > 0 && !population->lost;
}

/* ---- a pass ------------------------------------------------------------------------------ */

/* Several order statistics may lie in one interval. */
static int find_target(const uint64_t *targets, int num_targets, uint64_t target)
{
    int i = 0;
    while (i < num_targets && targets[i] != target) {
        i++;
    }
    return i;
}

void sv_population_aim(const sv_population *population, int most_width, sv_bins *bins,
                       uint64_t *targets)
{
    int width = population->bits < most_width ? population->bits : most_width;
    *bins = (sv_bins){
        .least = population->least,
        .shift = population->bits - width,
        .width = width,
        .targets = targets,
    };
    for (int i = 0; i < population->num_ranks; i++) {
        uint64_t target = population->ranks[i].first >> bins->shift;
        int found = find_target(targets, bins->num_targets, target);
        targets[found] = target;
        bins->num_targets += found == bins->num_targets;
    }
}

/* Whether the interval's counts are there and those of the pass before. */
static bool narrow_rank(sv_rank *rank, const sv_bins *bins, const uint64_t *totals)
{
    int target = find_target(bins->targets, bins->num_targets, rank->first >> bins->shift);
    const uint64_t *counts = totals + ((size_t)target << bins->width);
    int64_t num_bins = INT64_C(1) << bins->width, before = 0, found = -1, within = 0;
    for (int64_t bin = 0; bin < num_bins; bin++) {
        int64_t count = (int64_t)counts[bin];
        if (found < 0 && rank->within < before + count) {
            found = bin;
            within = rank->within - before;
        }
        before += count;
    }
    if (found < 0 || (rank->count >= 0 && rank->count != before)) {
        return false;
    }
    rank->first += (uint64_t)found << bins->shift;
    rank->within = within;
    rank->count = (int64_t)counts[found];
    return true;
}

void sv_population_narrow(sv_population *population, const sv_bins *bins, const uint64_t *totals)
{
    population->bits = bins->shift;
    for (int i = 0; i < population->num_ranks; i++) {
        if (!narrow_rank(&population->ranks[i], bins, totals)) {
            population->lost = true;
        }
    }
}

/* ---- figures ----------------------------------------------------------------------------- */

/* From the nearer end, as NumPy does; the difference of two finite samples may be infinite. */
static double between(double lower, double upper, double fraction)
{
    double difference = upper - lower;
    if (!isfinite(difference)) {
        return lower * (1.0 - fraction) + upper * fraction;
    }
    return fraction < 0.5 ? lower + difference * fraction : upper - difference * (1.0 - fraction);
}

double sv_population_quantile(const sv_population *population, double probability, int i)
{
    if (population->num_finite == 0 || population->lost || population->bits > 0) {
        return NAN;
    }
    double lower = value_at(population, population->ranks[2 * i].first);
    double upper = value_at(population, population->ranks[2 * i + 1].first);
    return between(lower, upper, place_of(probability, population->num_finite).fraction);
}
