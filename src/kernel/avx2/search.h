/* Equal neighbours with AVX2: comparisons straight into the bits of a word. */
#ifndef SV_KERNEL_AVX2_SEARCH_H
#define SV_KERNEL_AVX2_SEARCH_H

#include <float.h>
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

enum { WORD = 64 };

static inline uint64_t equal_8(const float *x)
{
    __m256 own = _mm256_loadu_ps(x);
    __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), own);
    __m256 finite = _mm256_cmp_ps(magnitude, _mm256_set1_ps(FLT_MAX), _CMP_LE_OQ);
    __m256 equal = _mm256_cmp_ps(own, _mm256_loadu_ps(x + 1), _CMP_EQ_OQ);
    return (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_and_ps(equal, finite));
}

static inline uint64_t equal_4(const double *x)
{
    __m256d own = _mm256_loadu_pd(x);
    __m256d magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), own);
    __m256d finite = _mm256_cmp_pd(magnitude, _mm256_set1_pd(DBL_MAX), _CMP_LE_OQ);
    __m256d equal = _mm256_cmp_pd(own, _mm256_loadu_pd(x + 1), _CMP_EQ_OQ);
    return (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_and_pd(equal, finite));
}

static inline uint64_t equal_word_f4(const float *x)
{
    uint64_t word = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORD; i += 8) {
        word |= equal_8(x + i) << i;
    }
    return word;
}

static inline uint64_t equal_word_f8(const double *x)
{
    uint64_t word = 0;
#pragma GCC unroll 16
    for (int i = 0; i < WORD; i += 4) {
        word |= equal_4(x + i) << i;
    }
    return word;
}

static inline uint64_t equal_word_1(const char *x)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i += 32) {
        __m256i own = _mm256_loadu_si256((const __m256i *)(const void *)(x + i));
        __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(x + i + 1));
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(own, next)) << i;
    }
    return word;
}

static inline __m256i equal_vector_2(const char *x)
{
    return _mm256_cmpeq_epi16(_mm256_loadu_si256((const __m256i *)(const void *)x),
                              _mm256_loadu_si256((const __m256i *)(const void *)(x + 2)));
}

static inline uint64_t equal_word_2(const char *x)
{
    uint64_t word = 0;
    for (int i = 0; i < WORD; i += 32) {
        __m256i equal =
            _mm256_packs_epi16(equal_vector_2(x + 2 * i), equal_vector_2(x + 2 * i + 32));
        equal = _mm256_permute4x64_epi64(equal, 0xd8); /* packing goes by halves */
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(equal) << i;
    }
    return word;
}

static inline uint64_t equal_word_4(const char *x)
{
    uint64_t word = 0;
#pragma GCC unroll 8
    for (int i = 0; i < WORD; i += 8) {
        __m256i own = _mm256_loadu_si256((const __m256i *)(const void *)(x + 4 * i));
        __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(x + 4 * i + 4));
        __m256 equal = _mm256_castsi256_ps(_mm256_cmpeq_epi32(own, next));
        word |= (uint64_t)(uint32_t)_mm256_movemask_ps(equal) << i;
    }
    return word;
}

/* Four pairs of three bytes: reads 19 bytes. */
static inline uint64_t equal_quad_3(const char *x)
{
    const __m128i spread = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    __m128i own = _mm_loadu_si128((const __m128i *)(const void *)x);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(x + 3));
    __m128i equal = _mm_cmpeq_epi32(_mm_shuffle_epi8(own, spread), _mm_shuffle_epi8(next, spread));
    return (uint64_t)(uint32_t)_mm_movemask_ps(_mm_castsi128_ps(equal));
}

/* A full word; its last pairs one by one, so that nothing behind them is read. */
static inline uint64_t equal_word_3(const char *x)
{
    enum { REST = 4 };
    uint64_t word = 0;
    for (int i = 0; i < WORD - REST; i += 4) {
        word |= equal_quad_3(x + 3 * i) << i;
    }
    for (int i = WORD - REST; i < WORD; i++) {
        word |= (uint64_t)(memcmp(x + 3 * i, x + 3 * i + 3, 3) == 0) << i;
    }
    return word;
}

#endif
