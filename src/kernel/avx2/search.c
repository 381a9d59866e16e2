/* Equal neighbours with AVX2: comparisons straight into the bits of a word. */
#include <float.h>
#include <immintrin.h>
#include <math.h>

#include "kernel/set.h"

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

void SV_SET(equal_f4)(const float *samples, int64_t pairs, uint64_t *bits)
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
    if (first < pairs) {
        uint64_t word = 0;
        for (int64_t i = first; i < pairs; i++) {
            word |= (uint64_t)(samples[i] == samples[i + 1] && fabsf(samples[i]) <= FLT_MAX)
                    << (i - first);
        }
        bits[first / WORD] = word;
    }
}

void SV_SET(equal_f8)(const double *samples, int64_t pairs, uint64_t *bits)
{
    int64_t first = 0;
    for (; first + WORD <= pairs; first += WORD) {
        uint64_t word = 0;
#pragma GCC unroll 16
        for (int i = 0; i < WORD; i += 4) {
            word |= equal_4(samples + first + i) << i;
        }
        bits[first / WORD] = word;
    }
    if (first < pairs) {
        uint64_t word = 0;
        for (int64_t i = first; i < pairs; i++) {
            word |= (uint64_t)(samples[i] == samples[i + 1] && fabs(samples[i]) <= DBL_MAX)
                    << (i - first);
        }
        bits[first / WORD] = word;
    }
}
