/* The main pass with AVX2 and FMA: four vectors of four float64 lanes. A line of each of the four
 * streams in turn keeps as many cache lines in flight as the memory system takes. */
#include <immintrin.h>
#include <math.h>

#include "kernel/set.h"

typedef struct state {
    __m256d sum[4], squares[4];
    /* The order of minima, maxima and counts does not matter: these have lanes of their own. */
    __m256 min, max;
    __m256 equal;
    __m256i zeros;
} state;

static inline __attribute__((always_inline)) void add_line(state *s, const float *x)
{
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        __m256d value = _mm256_cvtps_pd(_mm_loadu_ps(x + 4 * q));
        s->sum[q] = _mm256_add_pd(s->sum[q], value);
        /* The product of two float32 is exact in float64: fused or not, the bits are the same. */
        s->squares[q] = _mm256_fmadd_pd(value, value, s->squares[q]);
    }
    __m256 low = _mm256_loadu_ps(x), high = _mm256_loadu_ps(x + 8);
    s->min = _mm256_min_ps(s->min, _mm256_min_ps(low, high));
    s->max = _mm256_max_ps(s->max, _mm256_max_ps(low, high));
    __m256 zero = _mm256_setzero_ps();
    __m256i low_zero = _mm256_castps_si256(_mm256_cmp_ps(low, zero, _CMP_EQ_OQ));
    __m256i high_zero = _mm256_castps_si256(_mm256_cmp_ps(high, zero, _CMP_EQ_OQ));
    s->zeros = _mm256_sub_epi32(s->zeros, _mm256_add_epi32(low_zero, high_zero));
    __m256 low_equal = _mm256_cmp_ps(low, _mm256_loadu_ps(x + 1), _CMP_EQ_OQ);
    __m256 high_equal = _mm256_cmp_ps(high, _mm256_loadu_ps(x + 9), _CMP_EQ_OQ);
    s->equal = _mm256_or_ps(s->equal, _mm256_or_ps(low_equal, high_equal));
}

static void finish(const state *s, sv_lanes *lanes)
{
    float min[8], max[8];
    uint32_t zeros[8];
    _mm256_storeu_ps(min, s->min);
    _mm256_storeu_ps(max, s->max);
    _mm256_storeu_si256((__m256i *)zeros, s->zeros);
    for (int i = 0; i < 8; i++) {
        lanes->min[i] = (double)min[i] < lanes->min[i] ? (double)min[i] : lanes->min[i];
        lanes->max[i] = (double)max[i] > lanes->max[i] ? (double)max[i] : lanes->max[i];
        lanes->zeros[i] += zeros[i];
    }
    for (int q = 0; q < 4; q++) {
        _mm256_storeu_pd(lanes->sum + 4 * q, s->sum[q]);
        _mm256_storeu_pd(lanes->squares + 4 * q, s->squares[q]);
    }
    lanes->any_equal |= (uint32_t)_mm256_movemask_ps(s->equal);
}

void SV_SET(survey_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines)
{
    const float *x0 = stream[0], *x1 = stream[1], *x2 = stream[2], *x3 = stream[3];
    state s;
    for (int q = 0; q < 4; q++) {
        s.sum[q] = _mm256_loadu_pd(lanes->sum + 4 * q);
        s.squares[q] = _mm256_loadu_pd(lanes->squares + 4 * q);
    }
    s.min = _mm256_set1_ps(INFINITY);
    s.max = _mm256_set1_ps(-INFINITY);
    s.equal = _mm256_setzero_ps();
    s.zeros = _mm256_setzero_si256();
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        add_line(&s, x0 + i);
        add_line(&s, x1 + i);
        add_line(&s, x2 + i);
        add_line(&s, x3 + i);
    }
    finish(&s, lanes);
}
