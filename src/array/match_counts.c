#include "array/match_counts.h"

#include <math.h>
#include <string.h>

enum { MOST = (int)SV_CC_STEPS }; /* steps of a coefficient of 1 */

/* ---- counting ------------------------------------------------------------------------------ */

static int bin_of(int step)
{
    return (step + MOST) / SV_BIN_STEPS;
}

void sv_tally_values(const sv_zones *zones, const float *values, int64_t n,
                     uint32_t counts[SV_NUM_PLACES])
{
    int first[SV_NUM_ZONES];
    for (int z = 0; z < SV_NUM_ZONES; z++) {
        first[z] = zones->first[z] * SV_BIN_STEPS - MOST;
    }
    for (int64_t i = 0; i < n; i++) {
        if (values[i] == 0.0F && signbit(values[i])) {
            continue;
        }
        int step = (int)(values[i] * (float)SV_CC_STEPS);
        uint32_t *of_zones = counts + SV_NUM_BINS;
        counts[bin_of(step)]++;
        for (int z = 0; z < SV_NUM_ZONES; z++) {
            unsigned place = (unsigned)(step - first[z]);
            if (place < SV_ZONE_STEPS) {
                of_zones[z * SV_ZONE_STEPS + (int)place]++;
            }
        }
    }
}

void sv_tally_add(sv_tally *tally, const uint32_t counts[SV_NUM_PLACES])
{
    for (int i = 0; i < SV_NUM_PLACES; i++) {
        tally->counts[i] += counts[i];
    }
    for (int i = 0; i < SV_NUM_BINS; i++) {
        tally->total += counts[i];
    }
}

/* ---- how many values there are up to a step ------------------------------------------------ */

typedef struct range {
    int64_t least, most;
} range;

static int64_t sum(const uint64_t *counts, int first, int past)
{
    int64_t total = 0;
    for (int i = first; i < past; i++) {
        total += (int64_t)counts[i];
    }
    return total;
}

/* Of the values that are `step` or less: exact where a zone has the step, or a bin ends with it. */
static range count_up_to(const sv_tally *tally, int step)
{
    if (step < -MOST) {
        return (range){0, 0};
    }
    if (step >= MOST) {
        return (range){tally->total, tally->total};
    }
    int bin = bin_of(step), first_step = bin * SV_BIN_STEPS - MOST;
    int64_t before = sum(tally->counts, 0, bin);
    for (int z = 0; z < SV_NUM_ZONES; z++) {
        int first = tally->zones.first[z];
        if (bin >= first && bin < first + SV_ZONE_BINS) {
            const uint64_t *steps =
                tally->counts + SV_NUM_BINS + z * SV_ZONE_STEPS + (bin - first) * SV_BIN_STEPS;
            int64_t count = before + sum(steps, 0, step - first_step + 1);
            return (range){count, count};
        }
    }
    int64_t of_bin = (int64_t)tally->counts[bin];
    bool ends = step == first_step + SV_BIN_STEPS - 1;
    return (range){before + (ends ? of_bin : 0), before + of_bin};
}

/* ---- order statistics ---------------------------------------------------------------------- */

/* Floor of half of a whole number. */
static int half(int doubled)
{
    return (int)floor((double)doubled / 2.0);
}

/* How many values lie within `distance` of `centre`, both in half steps; distance −1: none. */
static range count_within(const sv_tally *tally, int centre, int distance)
{
    if (distance < 0) {
        return (range){0, 0};
    }
    range up_to = count_up_to(tally, half(centre + distance));
    range below = count_up_to(tally, half(centre - distance - 1));
    return (range){up_to.least - below.most, up_to.most - below.least};
}

/* The smallest distance from `centre` within which more than `rank` values lie. False: it cannot be
 * told. */
static bool find_distance(const sv_tally *tally, int centre, int64_t rank, int *distance)
{
    int low = 0, high = 4 * MOST;
    while (low < high) {
        int middle = (low + high) / 2;
        range count = count_within(tally, centre, middle);
        if (count.least > rank) {
            high = middle;
        } else if (count.most <= rank) {
            low = middle + 1;
        } else {
            return false;
        }
    }
    *distance = low;
    return true;
}

/* The value of a rank, as the distance from below all. In half steps. */
static bool find_value(const sv_tally *tally, int64_t rank, int *value)
{
    const int lowest = -2 * MOST;
    int distance;
    if (!find_distance(tally, lowest, rank, &distance)) {
        return false;
    }
    *value = lowest + distance;
    return true;
}

bool sv_tally_deviation(const sv_tally *tally, double *deviation)
{
    int64_t low_rank = (tally->total - 1) / 2, high_rank = tally->total / 2;
    int low, high;
    if (!find_value(tally, low_rank, &low) || !find_value(tally, high_rank, &high)) {
        return false;
    }
    int median = (low + high) / 2; /* both are even */
    if (!find_distance(tally, median, low_rank, &low) ||
        !find_distance(tally, median, high_rank, &high)) {
        return false;
    }
    *deviation = ((double)low + (double)high) / (4.0 * SV_CC_STEPS);
    return true;
}

/* ---- zones --------------------------------------------------------------------------------- */

static int middle_bin(const sv_tally *tally)
{
    int64_t count = 0;
    int bin = 0;
    while (bin < SV_NUM_BINS - 1 && (count += (int64_t)tally->counts[bin]) <= tally->total / 2) {
        bin++;
    }
    return bin;
}

static int deviation_in_bins(const sv_tally *tally, int middle)
{
    int distance = 0;
    for (;; distance++) {
        int first = middle - distance < 0 ? 0 : middle - distance;
        int past = middle + distance + 1 > SV_NUM_BINS ? SV_NUM_BINS : middle + distance + 1;
        if (sum(tally->counts, first, past) > tally->total / 2 || past - first == SV_NUM_BINS) {
            return distance;
        }
    }
}

double sv_tally_guess(const sv_tally *tally)
{
    int middle = middle_bin(tally);
    return (double)deviation_in_bins(tally, middle) * SV_BIN_STEPS / SV_CC_STEPS;
}

void sv_tally_again(sv_tally *tally)
{
    int middle = tally->total > 0 ? middle_bin(tally) : SV_NUM_BINS / 2;
    int distance = tally->total > 0 ? deviation_in_bins(tally, middle) : 0;
    memset(tally, 0, sizeof *tally);
    tally->zones.first[0] = middle - SV_ZONE_BINS / 2;
    tally->zones.first[1] = middle - distance - SV_ZONE_BINS / 2;
    tally->zones.first[2] = middle + distance - SV_ZONE_BINS / 2;
}
