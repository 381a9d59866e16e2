/* Random numbers for properties: printed seed, the same sequence everywhere (splitmix64).
 * SEISVIEW_SEED in the environment repeats a run. And an assertion for them. */
#ifndef SV_TESTS_RANDOM_H
#define SV_TESTS_RANDOM_H

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random {
    uint64_t state;
};

static inline struct random random_begin(const char *property)
{
    const char *given = getenv("SEISVIEW_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("%s: SEISVIEW_SEED=%" PRIu64 "\n", property, seed);
    fflush(stdout);
    return (struct random){seed};
}

static inline uint64_t random_bits(struct random *random)
{
    uint64_t bits = random->state += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

/* From 0 to limit − 1. */
static inline uint64_t random_below(struct random *random, uint64_t limit)
{
    return random_bits(random) % limit;
}

/* An assertion that costs nothing while it holds: Check's own tell the parent process each time. */
static inline void require(bool holds, const char *what)
{
    if (!holds) {
        ck_abort_msg("%s", what);
    }
}

#endif
