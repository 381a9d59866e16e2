/* Equal neighbours with AVX-512: comparisons straight into the bits of a word. The pairs that do
 * not fill a word are compared one by one. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/avx512/line.h"
#include "kernel/set.h"

enum { WORD = 64 };

/* Equal infinities have a magnitude beyond the largest. */
static inline uint64_t equal_16(const float *x)
{
    __m512 own = _mm512_loadu_ps(x);
    __mmask16 equal = _mm512_cmp_ps_mask(own, _mm512_loadu_ps(x + 1), _CMP_EQ_OQ);
    return _mm512_mask_cmp_ps_mask(equal, _mm512_abs_ps(own), _mm512_set1_ps(FLT_MAX), _CMP_LE_OQ);
}

static inline uint64_t equal_8(const double *x)
{
    __m512d own = _mm512_loadu_pd(x);
    __mmask8 equal = _mm512_cmp_pd_mask(own, _mm512_loadu_pd(x + 1), _CMP_EQ_OQ);
    return _mm512_mask_cmp_pd_mask(equal, _mm512_abs_pd(own), _mm512_set1_pd(DBL_MAX), _CMP_LE_OQ);
}

void SV_SET(equal_f4)(const float *samples, int64_t pairs, uint64_t *bits)
{
    int64_t first = 0;
    for (; first + WORD <= pairs; first += WORD) {
        const float *x = samples + first;
        bits[first / WORD] =
            equal_16(x) | equal_16(x + 16) << 16 | equal_16(x + 32) << 32 | equal_16(x + 48) << 48;
    }
    for (int64_t i = first; i < pairs; i++) {
        bool equal = samples[i] == samples[i + 1] && fabsf(samples[i]) <= FLT_MAX;
        bits[i / WORD] = (i > first ? bits[i / WORD] : 0) | (uint64_t)equal << (i - first);
    }
}

void SV_SET(equal_f8)(const double *samples, int64_t pairs, uint64_t *bits)
{
    int64_t first = 0;
    for (; first + WORD <= pairs; first += WORD) {
        uint64_t word = 0;
#pragma GCC unroll 8
        for (int i = 0; i < WORD; i += 8) {
            word |= equal_8(samples + first + i) << i;
        }
        bits[first / WORD] = word;
    }
    for (int64_t i = first; i < pairs; i++) {
        bool equal = samples[i] == samples[i + 1] && fabs(samples[i]) <= DBL_MAX;
        bits[i / WORD] = (i > first ? bits[i / WORD] : 0) | (uint64_t)equal << (i - first);
    }
}

/* ---- integers as they are stored ----------------------------------------------------------- */

static inline uint64_t equal_word_1(const char *x)
{
    return _mm512_cmpeq_epi8_mask(load_i4(x), load_i4(x + 1));
}

static inline uint64_t equal_word_2(const char *x)
{
    return _mm512_cmpeq_epi16_mask(load_i4(x), load_i4(x + 2)) |
           (uint64_t)_mm512_cmpeq_epi16_mask(load_i4(x + 64), load_i4(x + 66)) << 32;
}

static inline uint64_t equal_word_3(const char *x)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i += 16) {
        const char *own = x + 3 * i;
        __mmask16 equal =
            _mm512_cmpeq_epi32_mask(widen_3(own, false, false), widen_3(own + 3, false, false));
        word |= (uint64_t)equal << i;
    }
    return word;
}

static inline uint64_t equal_word_4(const char *x)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i += 16) {
        const char *own = x + 4 * i;
        word |= (uint64_t)_mm512_cmpeq_epi32_mask(load_i4(own), load_i4(own + 4)) << i;
    }
    return word;
}

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

/* Each use is a function of its own. */
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
        int64_t some = pairs - first < WORD ? pairs - first : WORD;
        bits[first / WORD] = equal_word(samples + first * (int64_t)itemsize, itemsize, some);
    }
}
