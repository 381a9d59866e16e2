/* The main pass over float64 with AVX2: four vectors of four lanes. */
#include <immintrin.h>
#include <math.h>

#include "kernel/set.h"

typedef struct state {
    __m256d sum[4], squares[4];
    /* The order of minima, maxima and counts does not matter: these have lanes of their own. */
    __m256d min, max;
    __m256d equal;
    __m256i zeros;
} state;

static inline __attribute__((always_inline)) void add_line(state *s, const double *x)
{
    __m256d zero = _mm256_setzero_pd();
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
        __m256d value = _mm256_loadu_pd(x + 4 * q);
        s->sum[q] = _mm256_add_pd(s->sum[q], value);
        /* Not fused: the rounded square is what the reference adds. */
        s->squares[q] = _mm256_add_pd(s->squares[q], _mm256_mul_pd(value, value));
        s->min = _mm256_min_pd(s->min, value);
        s->max = _mm256_max_pd(s->max, value);
        __m256d is_zero = _mm256_cmp_pd(value, zero, _CMP_EQ_OQ);
        s->zeros = _mm256_sub_epi64(s->zeros, _mm256_castpd_si256(is_zero));
        __m256d is_equal = _mm256_cmp_pd(value, _mm256_loadu_pd(x + 4 * q + 1), _CMP_EQ_OQ);
        s->equal = _mm256_or_pd(s->equal, is_equal);
    }
}

static void finish(const state *s, sv_lanes *lanes)
{
    double min[4], max[4];
    uint64_t zeros[4];
    _mm256_storeu_pd(min, s->min);
    _mm256_storeu_pd(max, s->max);
    _mm256_storeu_si256((__m256i *)zeros, s->zeros);
    for (int i = 0; i < 4; i++) {
        lanes->min[i] = min[i] < lanes->min[i] ? min[i] : lanes->min[i];
        lanes->max[i] = max[i] > lanes->max[i] ? max[i] : lanes->max[i];
        lanes->zeros[i] += (uint32_t)zeros[i];
    }
    for (int q = 0; q < 4; q++) {
        _mm256_storeu_pd(lanes->sum + 4 * q, s->sum[q]);
        _mm256_storeu_pd(lanes->squares + 4 * q, s->squares[q]);
    }
    lanes->any_equal |= (uint32_t)_mm256_movemask_pd(s->equal);
}

void SV_SET(survey_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines)
{
    const double *x0 = stream[0], *x1 = stream[1], *x2 = stream[2], *x3 = stream[3];
    state s;
    for (int q = 0; q < 4; q++) {
        s.sum[q] = _mm256_loadu_pd(lanes->sum + 4 * q);
        s.squares[q] = _mm256_loadu_pd(lanes->squares + 4 * q);
    }
    s.min = _mm256_set1_pd(INFINITY);
    s.max = _mm256_set1_pd(-INFINITY);
    s.equal = _mm256_setzero_pd();
    s.zeros = _mm256_setzero_si256();
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        add_line(&s, x0 + i);
        add_line(&s, x1 + i);
        add_line(&s, x2 + i);
        add_line(&s, x3 + i);
    }
    finish(&s, lanes);
}
