/* The generators' own random numbers: the same on every machine, whatever the C library. */
#ifndef SV_DATA_RANDOM_H
#define SV_DATA_RANDOM_H

#include <stdint.h>

typedef struct random_state {
    uint64_t state;
} random_state;

/* SplitMix64: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014. */
static inline uint64_t random_bits(random_state *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* A stream of its own for each `stream` of one seed. */
static inline random_state random_begin(uint64_t seed, uint64_t stream)
{
    random_state random = {seed};
    random.state = random_bits(&random) + stream;
    random.state = random_bits(&random);
    return random;
}

/* Mean 0, variance 1, nearly Gaussian: the sum of twelve uniform numbers (Irwin-Hall), here of
 * 16 bits each, so that it is exact: no logarithm whose last bit depends on the machine. */
static inline double random_gaussian(random_state *random)
{
    uint64_t sum = 0;
    for (int draw = 0; draw < 3; draw++) {
        uint64_t bits = random_bits(random);
        sum += (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
    }
    return ((double)sum - 6.0 * 65535.0) / 65536.0;
}

#endif
