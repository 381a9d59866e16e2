/* The main pass over float64 with AVX-512: two vectors of eight lanes. */
#include <immintrin.h>
#include <math.h>

#include "kernel/set.h"

typedef struct state {
    __m512d sum[2], squares[2];
    /* The order of minima, maxima and counts does not matter: these have lanes of their own. */
    __m512d min, max;
    __m512i zeros;
    __mmask8 equal;
} state;

static inline __attribute__((always_inline)) void add_line(state *s, const double *x)
{
#pragma GCC unroll 2
    for (int h = 0; h < 2; h++) {
        __m512d value = _mm512_loadu_pd(x + 8 * h);
        s->sum[h] = _mm512_add_pd(s->sum[h], value);
        /* Not fused: the rounded square is what the reference adds. */
        s->squares[h] = _mm512_add_pd(s->squares[h], _mm512_mul_pd(value, value));
        s->min = _mm512_min_pd(s->min, value);
        s->max = _mm512_max_pd(s->max, value);
        __mmask8 zero = _mm512_cmp_pd_mask(value, _mm512_setzero_pd(), _CMP_EQ_OQ);
        s->zeros = _mm512_mask_add_epi64(s->zeros, zero, s->zeros, _mm512_set1_epi64(1));
        __mmask8 equal = _mm512_cmp_pd_mask(value, _mm512_loadu_pd(x + 8 * h + 1), _CMP_EQ_OQ);
        s->equal = _kor_mask8(s->equal, equal);
    }
}

static void finish(const state *s, sv_lanes *lanes)
{
    double min[8], max[8];
    uint64_t zeros[8];
    _mm512_storeu_pd(min, s->min);
    _mm512_storeu_pd(max, s->max);
    _mm512_storeu_si512(zeros, s->zeros);
    for (int i = 0; i < 8; i++) {
        lanes->min[i] = min[i] < lanes->min[i] ? min[i] : lanes->min[i];
        lanes->max[i] = max[i] > lanes->max[i] ? max[i] : lanes->max[i];
        lanes->zeros[i] += (uint32_t)zeros[i];
    }
    for (int h = 0; h < 2; h++) {
        _mm512_storeu_pd(lanes->sum + 8 * h, s->sum[h]);
        _mm512_storeu_pd(lanes->squares + 8 * h, s->squares[h]);
    }
    lanes->any_equal |= (uint32_t)s->equal;
}

void SV_SET(survey_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines)
{
    const double *x0 = stream[0], *x1 = stream[1], *x2 = stream[2], *x3 = stream[3];
    state s;
    for (int h = 0; h < 2; h++) {
        s.sum[h] = _mm512_loadu_pd(lanes->sum + 8 * h);
        s.squares[h] = _mm512_loadu_pd(lanes->squares + 8 * h);
    }
    s.min = _mm512_set1_pd(INFINITY);
    s.max = _mm512_set1_pd(-INFINITY);
    s.equal = 0;
    s.zeros = _mm512_setzero_si512();
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        add_line(&s, x0 + i);
        add_line(&s, x1 + i);
        add_line(&s, x2 + i);
        add_line(&s, x3 + i);
    }
    finish(&s, lanes);
}
