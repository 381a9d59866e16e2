/* Histograms of keys: the places of a tile of samples are worked out, which compilers do with
 * vectors, and then counted one by one. */
#include <string.h>

#include "kernel/set.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { TILE_SAMPLES = 512, MOST_AT_ONCE = 4, RUN = 16 };

/* ---- places ------------------------------------------------------------------------------ */

typedef uint32_t (*key_4)(uint32_t bits);

ALWAYS_INLINE uint32_t key_of_i4(uint32_t bits)
{
    return bits;
}

/* Looks for a tile's samples in `count` targets from `first` on, a constant of the loop; where
 * there are fewer, no bin equals what stands for them. Samples that are not found keep their
 * places. */
ALWAYS_INLINE void place_4(key_4 key, const sv_bins *bins, int first, int count,
                           const char *samples, int n, uint32_t *places)
{
    uint32_t least = (uint32_t)bins->least, digits = (UINT32_C(1) << bins->width) - 1;
    uint32_t target[MOST_AT_ONCE], place_of[MOST_AT_ONCE];
    for (int j = 0; j < count; j++) {
        target[j] = first + j < bins->num_targets ? (uint32_t)bins->targets[first + j] : UINT32_MAX;
        place_of[j] = (uint32_t)(first + j) << bins->width;
    }
    for (int i = 0; i < n; i++) {
        uint32_t bits, place = places[i];
        memcpy(&bits, samples + 4 * i, sizeof bits);
        uint32_t bin = (key(bits) - least) >> bins->shift;
        uint32_t digit = bin & digits;
#pragma GCC unroll 4
        for (int j = 0; j < count; j++) {
            place = bin - digit == target[j] ? place_of[j] + digit : place;
        }
        places[i] = place;
    }
}

ALWAYS_INLINE void place_8(const sv_bins *bins, int first, int count, const char *samples, int n,
                           uint32_t *places)
{
    uint64_t least = bins->least, digits = (UINT64_C(1) << bins->width) - 1;
    uint64_t target[MOST_AT_ONCE], place_of[MOST_AT_ONCE];
    for (int j = 0; j < count; j++) {
        target[j] = first + j < bins->num_targets ? bins->targets[first + j] : UINT64_MAX;
        place_of[j] = (uint64_t)(first + j) << bins->width;
    }
    for (int i = 0; i < n; i++) {
        uint64_t bits, place = places[i];
        memcpy(&bits, samples + 8 * i, sizeof bits);
        uint64_t bin = (sv_key_of_f8(bits) - least) >> bins->shift;
        uint64_t digit = bin & digits;
#pragma GCC unroll 4
        for (int j = 0; j < count; j++) {
            place = bin - digit == target[j] ? place_of[j] + digit : place;
        }
        places[i] = (uint32_t)place;
    }
}

/* ---- counts ------------------------------------------------------------------------------ */

/* Where few samples are looked for, most runs hold none of them. */
static void count_places(const uint32_t *places, int n, uint32_t none, uint32_t *counts)
{
    int i = 0;
    for (; i + RUN <= n; i += RUN) {
        uint32_t any = 0;
        for (int j = 0; j < RUN; j++) {
            any |= places[i + j] ^ none;
        }
        if (any == 0) {
            continue;
        }
#pragma GCC unroll 8
        for (int j = 0; j < RUN; j += SV_COUNTS_A_BIN) {
            counts[(size_t)places[i + j] * SV_COUNTS_A_BIN]++;
            counts[(size_t)places[i + j + 1] * SV_COUNTS_A_BIN + 1]++;
        }
    }
    for (; i < n; i++) {
        counts[(size_t)places[i] * SV_COUNTS_A_BIN]++;
    }
}

static uint32_t place_of_none(const sv_bins *bins)
{
    return (uint32_t)bins->num_targets << bins->width;
}

static int tile_of(int64_t left)
{
    return left < TILE_SAMPLES ? (int)left : TILE_SAMPLES;
}

static void fill(uint32_t *places, uint32_t none)
{
    for (int i = 0; i < TILE_SAMPLES; i++) {
        places[i] = none;
    }
}

ALWAYS_INLINE void histogram_4(key_4 key, const sv_bins *bins, const char *samples, int64_t n,
                               uint32_t *counts)
{
    uint32_t places[TILE_SAMPLES], none = place_of_none(bins);
    for (int64_t done = 0; done < n; done += TILE_SAMPLES) {
        const char *tile = samples + 4 * done;
        int count = tile_of(n - done);
        fill(places, none);
        if (bins->num_targets == 1) {
            place_4(key, bins, 0, 1, tile, count, places);
        }
        for (int first = 0; bins->num_targets > 1 && first < bins->num_targets;
             first += MOST_AT_ONCE) {
            place_4(key, bins, first, MOST_AT_ONCE, tile, count, places);
        }
        count_places(places, count, none, counts);
    }
}

void SV_SET(histogram_f4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts)
{
    histogram_4(sv_key_of_f4, bins, samples, n, counts);
}

void SV_SET(histogram_i4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts)
{
    histogram_4(key_of_i4, bins, samples, n, counts);
}

void SV_SET(histogram_f8)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts)
{
    uint32_t places[TILE_SAMPLES], none = place_of_none(bins);
    for (int64_t done = 0; done < n; done += TILE_SAMPLES) {
        const char *tile = (const char *)samples + 8 * done;
        int count = tile_of(n - done);
        fill(places, none);
        if (bins->num_targets == 1) {
            place_8(bins, 0, 1, tile, count, places);
        }
        for (int first = 0; bins->num_targets > 1 && first < bins->num_targets;
             first += MOST_AT_ONCE) {
            place_8(bins, first, MOST_AT_ONCE, tile, count, places);
        }
        count_places(places, count, none, counts);
    }
}
