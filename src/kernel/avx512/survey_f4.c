/* The main pass with AVX-512: two vectors of eight float64 lanes. */
#include <immintrin.h>
#include <math.h>

#include "kernel/set.h"

typedef struct state {
    __m512d sum[2], squares[2];
    __m512 min, max;
    __m512i zeros;
    __mmask16 equal;
} state;

static inline __attribute__((always_inline)) void add_line(state *s, const float *x)
{
#pragma GCC unroll 2
    for (int h = 0; h < 2; h++) {
        __m512d value = _mm512_cvtps_pd(_mm256_loadu_ps(x + 8 * h));
        s->sum[h] = _mm512_add_pd(s->sum[h], value);
        /* The product of two float32 is exact in float64: fused or not, the bits are the same. */
        s->squares[h] = _mm512_fmadd_pd(value, value, s->squares[h]);
    }
    __m512 all = _mm512_loadu_ps(x);
    s->min = _mm512_min_ps(s->min, all);
    s->max = _mm512_max_ps(s->max, all);
    __mmask16 zero = _mm512_cmp_ps_mask(all, _mm512_setzero_ps(), _CMP_EQ_OQ);
    s->zeros = _mm512_mask_add_epi32(s->zeros, zero, s->zeros, _mm512_set1_epi32(1));
    __mmask16 equal = _mm512_cmp_ps_mask(all, _mm512_loadu_ps(x + 1), _CMP_EQ_OQ);
    s->equal = _kor_mask16(s->equal, equal);
}

static void finish(const state *s, sv_lanes *lanes)
{
    float min[SV_LANES], max[SV_LANES];
    uint32_t zeros[SV_LANES];
    _mm512_storeu_ps(min, s->min);
    _mm512_storeu_ps(max, s->max);
    _mm512_storeu_si512(zeros, s->zeros);
    for (int i = 0; i < SV_LANES; i++) {
        lanes->min[i] = (double)min[i] < lanes->min[i] ? (double)min[i] : lanes->min[i];
        lanes->max[i] = (double)max[i] > lanes->max[i] ? (double)max[i] : lanes->max[i];
        lanes->zeros[i] += zeros[i];
    }
    for (int h = 0; h < 2; h++) {
        _mm512_storeu_pd(lanes->sum + 8 * h, s->sum[h]);
        _mm512_storeu_pd(lanes->squares + 8 * h, s->squares[h]);
    }
    lanes->any_equal |= (uint32_t)s->equal;
}

void SV_SET(survey_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines)
{
    const float *x0 = stream[0], *x1 = stream[1], *x2 = stream[2], *x3 = stream[3];
    state s;
    for (int h = 0; h < 2; h++) {
        s.sum[h] = _mm512_loadu_pd(lanes->sum + 8 * h);
        s.squares[h] = _mm512_loadu_pd(lanes->squares + 8 * h);
    }
    s.min = _mm512_set1_ps(INFINITY);
    s.max = _mm512_set1_ps(-INFINITY);
    s.zeros = _mm512_setzero_si512();
    s.equal = 0;
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        add_line(&s, x0 + i);
        add_line(&s, x1 + i);
        add_line(&s, x2 + i);
        add_line(&s, x3 + i);
    }
    finish(&s, lanes);
}
