/* Equal neighbours with AVX-512: comparisons straight into the bits of a word. */
#ifndef SV_KERNEL_AVX512_SEARCH_H
#define SV_KERNEL_AVX512_SEARCH_H

#include <float.h>

#include "kernel/avx512/line.h"

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

static inline uint64_t equal_word_f4(const float *x)
{
    return equal_16(x) | equal_16(x + 16) << 16 | equal_16(x + 32) << 32 | equal_16(x + 48) << 48;
}

static inline uint64_t equal_word_f8(const double *x)
{
    uint64_t word = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORD; i += 8) {
        word |= equal_8(x + i) << i;
    }
    return word;
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

#endif
