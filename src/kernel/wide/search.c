/* Equal neighbours, a word of pairs at a time. The pairs that do not fill a word are compared one
 * by one, so that nothing behind the last is read. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/set.h"

#ifdef SV_WIDE_AVX512
#include "kernel/avx512/search.h"
#else
#include "kernel/avx2/search.h"
#endif

static uint64_t equal_some_f4(const float *x, int64_t pairs)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < pairs; i++) {
        word |= (uint64_t)(x[i] == x[i + 1] && fabsf(x[i]) <= FLT_MAX) << i;
    }
    return word;
}

static uint64_t equal_some_f8(const double *x, int64_t pairs)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < pairs; i++) {
        word |= (uint64_t)(x[i] == x[i + 1] && fabs(x[i]) <= DBL_MAX) << i;
    }
    return word;
}

void SV_SET(equal_f4)(const float *samples, int64_t pairs, uint64_t *bits)
{
    int64_t first = 0;
    for (; first + WORD <= pairs; first += WORD) {
        bits[first / WORD] = equal_word_f4(samples + first);
    }
    if (first < pairs) {
        bits[first / WORD] = equal_some_f4(samples + first, pairs - first);
    }
}

void SV_SET(equal_f8)(const double *samples, int64_t pairs, uint64_t *bits)
{
    int64_t first = 0;
    for (; first + WORD <= pairs; first += WORD) {
        bits[first / WORD] = equal_word_f8(samples + first);
    }
    if (first < pairs) {
        bits[first / WORD] = equal_some_f8(samples + first, pairs - first);
    }
}

/* ---- integers as they are stored ----------------------------------------------------------- */

static inline __attribute__((always_inline)) uint64_t equal_some(const char *x, size_t itemsize,
                                                                 int64_t pairs)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < pairs; i++) {
        const char *own = x + i * (int64_t)itemsize;
        word |= (uint64_t)(memcmp(own, own + itemsize, itemsize) == 0) << i;
    }
    return word;
}

/* Each use is a loop of its own. */
static inline uint64_t equal_word(const char *x, size_t itemsize, int64_t pairs)
{
    switch (itemsize) {
    case 1: return pairs == WORD ? equal_word_1(x) : equal_some(x, 1, pairs);
    case 2: return pairs == WORD ? equal_word_2(x) : equal_some(x, 2, pairs);
    case 3: return pairs == WORD ? equal_word_3(x) : equal_some(x, 3, pairs);
    default: return pairs == WORD ? equal_word_4(x) : equal_some(x, 4, pairs);
    }
}

void SV_SET(equal_stored)(const char *samples, size_t itemsize, int64_t pairs, uint64_t *bits)
{
    for (int64_t first = 0; first < pairs; first += WORD) {
        int64_t count = pairs - first < WORD ? pairs - first : WORD;
        bits[first / WORD] = equal_word(samples + first * (int64_t)itemsize, itemsize, count);
    }
}
