#include "edit/operation_fast.h"

#include <math.h>
#include <string.h>

#ifdef SV_HAVE_AVX2

#include <float.h>
#include <immintrin.h>

/* Compiled for AVX2 whatever the flags are; asked for only where the kernels are of that set. */
#define AVX2        __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

enum { LINE = 16, HALVES = 2, QUARTERS = 4, MOST_STEPS = 16 };

/* An operation as the loop wants it. */
typedef struct step {
    sv_operation_kind kind;
    __m256d value, high;
    __m256d t, t_step, coefficients[SV_TREND_MOST_ORDER + 1]; /* SV_DETREND */
    int order;
} step;

typedef struct steps {
    step list[MOST_STEPS];
    int count;
} steps;

AVX2_INLINE void take_trend(step *s, const sv_trend *trend, int64_t first)
{
    double scale = ldexp(1.0, -trend->exponent);
    double t = (double)(2 * first - trend->twice_centre) * scale;
    double by = 2.0 * scale;
    s->value = _mm256_set1_pd(trend->offset);
    s->t = _mm256_setr_pd(t, t + by, t + 2.0 * by, t + 3.0 * by);
    s->t_step = _mm256_set1_pd(4.0 * by);
    s->order = trend->order;
    for (int k = 0; k <= SV_TREND_MOST_ORDER; k++) {
        s->coefficients[k] = _mm256_set1_pd(trend->coefficients[k]);
    }
}

AVX2_INLINE void prepare(const sv_chain *chain, int64_t first, steps *all)
{
    const sv_trend *trend = chain->trends;
    all->count = chain->count;
    for (int i = 0; i < chain->count; i++) {
        const sv_operation *operation = &chain->operations[i];
        step *s = &all->list[i];
        s->kind = operation->kind;
        s->value = _mm256_set1_pd(operation->kind == SV_INVERT ? -1.0 : operation->value);
        s->high = _mm256_set1_pd(operation->high);
        if (operation->kind == SV_DEMEAN || operation->kind == SV_DETREND) {
            take_trend(s, trend++, first);
        }
    }
}

/* As sv_trend_subtract(): t is exact in either way. */
AVX2_INLINE void subtract_trend(step *s, __m256d x[QUARTERS])
{
    for (int i = 0; i < QUARTERS && s->order >= 0; i++) {
        __m256d sum = s->coefficients[s->order];
        for (int k = s->order - 1; k >= 0; k--) {
            sum = _mm256_add_pd(s->coefficients[k], _mm256_mul_pd(s->t, sum));
        }
        x[i] = _mm256_sub_pd(_mm256_sub_pd(x[i], s->value), sum);
        s->t = _mm256_add_pd(s->t, s->t_step);
    }
}

AVX2_INLINE void clip(const step *s, __m256d x[QUARTERS])
{
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) {
        x[i] = _mm256_max_pd(s->value, x[i]);
        x[i] = _mm256_min_pd(s->high, x[i]);
    }
}

AVX2_INLINE void multiply(const step *s, __m256d x[QUARTERS])
{
#pragma GCC unroll 4
    for (int i = 0; i < QUARTERS; i++) {
        x[i] = _mm256_mul_pd(x[i], s->value);
    }
}

static bool is_factor(sv_operation_kind kind)
{
    return kind == SV_GAIN || kind == SV_INVERT;
}

AVX2_INLINE void apply(step *s, __m256d x[QUARTERS])
{
    switch (s->kind) {
    case SV_GAIN:
    case SV_INVERT: multiply(s, x); break;
    case SV_OFFSET:
#pragma GCC unroll 4
        for (int i = 0; i < QUARTERS; i++) {
            x[i] = _mm256_add_pd(x[i], s->value);
        }
        break;
    case SV_DEMEAN:
    case SV_DETREND: subtract_trend(s, x); break;
    case SV_CLIP: clip(s, x); break;
    default: break;
    }
}

/* No change that rounds to less than `near` can be larger than `largest`. All lanes of either are
 * the same. */
typedef struct tally {
    __m256i unchanged;
    __m256d largest;
    __m256 near;
} tally;

/* The bytes of each float the other way round. */
AVX2_INLINE __m256 swapped(__m256 x)
{
    const __m256i order = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3,
                                           2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    return _mm256_castsi256_ps(_mm256_shuffle_epi8(_mm256_castps_si256(x), order));
}

AVX2_INLINE __m256 size_of(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
}

/* Sizes of float32 are in the order of their bits, with infinity and NaN behind all others. */
AVX2_INLINE bool are_finite(__m256 low, __m256 high)
{
    __m256i larger =
        _mm256_max_epi32(_mm256_castps_si256(size_of(low)), _mm256_castps_si256(size_of(high)));
    __m256i past = _mm256_cmpgt_epi32(larger, _mm256_castps_si256(_mm256_set1_ps(FLT_MAX)));
    return _mm256_testz_si256(past, past) != 0;
}

AVX2_INLINE __m256d larger_of_half(__m256 old, __m256 new, __m256d than)
{
    const __m256d sign = _mm256_set1_pd(-0.0);
    __m256d low = _mm256_sub_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(new)),
                                _mm256_cvtps_pd(_mm256_castps256_ps128(old)));
    __m256d high = _mm256_sub_pd(_mm256_cvtps_pd(_mm256_extractf128_ps(new, 1)),
                                 _mm256_cvtps_pd(_mm256_extractf128_ps(old, 1)));
    than = _mm256_max_pd(than, _mm256_andnot_pd(sign, low));
    return _mm256_max_pd(than, _mm256_andnot_pd(sign, high));
}

/* A line that may hold the largest change so far, or a sample that is not finite: then false. */
static AVX2 bool look_at(__m256 old_low, __m256 old_high, __m256 new_low, __m256 new_high,
                         tally *all)
{
    if (!are_finite(new_low, new_high)) {
        return false;
    }
    __m256d larger = larger_of_half(old_low, new_low, all->largest);
    larger = larger_of_half(old_high, new_high, larger);
    if (_mm256_movemask_pd(_mm256_cmp_pd(larger, all->largest, _CMP_GT_OQ)) != 0) {
        larger = _mm256_max_pd(larger, _mm256_permute4x64_pd(larger, 0x4e));
        all->largest = _mm256_max_pd(larger, _mm256_permute_pd(larger, 0x5));
        all->near = _mm256_set1_ps((float)_mm256_cvtsd_f64(all->largest));
    }
    return true;
}

/* Changes are told in float64. Rounding keeps their order, so one look in float32 finds the few
 * lines that are worth it; and those that are not finite, whose change is not less than any. */
AVX2_INLINE bool is_usual(const __m256 old[HALVES], const __m256 new[HALVES], const tally *all)
{
    __m256 low = size_of(_mm256_sub_ps(new[0], old[0]));
    __m256 high = size_of(_mm256_sub_ps(new[1], old[1]));
    __m256 unusual = _mm256_or_ps(_mm256_cmp_ps(low, all->near, _CMP_NLT_UQ),
                                  _mm256_cmp_ps(high, all->near, _CMP_NLT_UQ));
    return _mm256_movemask_ps(unusual) == 0;
}

AVX2_INLINE void count_same(__m256 old, __m256 new, tally *all)
{
    __m256i same = _mm256_cmpeq_epi32(_mm256_castps_si256(old), _mm256_castps_si256(new));
    all->unchanged = _mm256_sub_epi32(all->unchanged, same);
}

/* What the loop is compiled for. A factor alone, the usual edit, stays in a register. */
typedef struct shape {
    bool swap, only_factor;
} shape;

/* Eight samples. A conversion from memory costs less than one of half a register. */
AVX2_INLINE void load(const float *samples, shape form, __m256 *old, __m256d x[QUARTERS / HALVES])
{
    *old = _mm256_loadu_ps(samples);
    if (form.swap) {
        *old = swapped(*old);
        x[0] = _mm256_cvtps_pd(_mm256_castps256_ps128(*old));
        x[1] = _mm256_cvtps_pd(_mm256_extractf128_ps(*old, 1));
    } else {
        x[0] = _mm256_cvtps_pd(_mm_loadu_ps(samples));
        x[1] = _mm256_cvtps_pd(_mm_loadu_ps(samples + 4));
    }
}

/* Sixteen samples: false where one of them would not be finite. */
AVX2_INLINE bool do_line(steps *all, shape form, const char *from, char *to, tally *of)
{
    const float *samples = (const float *)(const void *)from;
    __m256 old[HALVES];
    __m256d x[QUARTERS];
    load(samples, form, &old[0], x);
    load(samples + LINE / HALVES, form, &old[1], x + QUARTERS / HALVES);
    if (form.only_factor) {
        multiply(&all->list[0], x);
    } else {
        for (int i = 0; i < all->count; i++) {
            apply(&all->list[i], x);
        }
    }
    __m256 new[HALVES] = {_mm256_set_m128(_mm256_cvtpd_ps(x[1]), _mm256_cvtpd_ps(x[0])),
                          _mm256_set_m128(_mm256_cvtpd_ps(x[3]), _mm256_cvtpd_ps(x[2]))};
    if (!is_usual(old, new, of) && !look_at(old[0], old[1], new[0], new[1], of)) {
        return false;
    }
    count_same(old[0], new[0], of);
    count_same(old[1], new[1], of);
    float *line = (float *)(void *)to;
    _mm256_storeu_ps(line, form.swap ? swapped(new[0]) : new[0]);
    _mm256_storeu_ps(line + LINE / HALVES, form.swap ? swapped(new[1]) : new[1]);
    return true;
}

/* Returns how many samples are done. */
AVX2_INLINE int64_t do_lines(steps *all, shape form, const char *from, int64_t count, char *to,
                             tally *of)
{
    int64_t done = 0;
    while (done + LINE <= count) {
        size_t byte = (size_t)done * sizeof(float);
        if (!do_line(all, form, from + byte, to + byte, of)) {
            break;
        }
        done += LINE;
    }
    return done;
}

AVX2_INLINE int64_t add_up(const tally *of, double *largest)
{
    uint32_t unchanged[8];
    int64_t count = 0;
    memcpy(unchanged, &of->unchanged, sizeof unchanged);
    for (int i = 0; i < 8; i++) {
        count += unchanged[i];
    }
    *largest = fmax(*largest, _mm256_cvtsd_f64(of->largest));
    return count;
}

AVX2 int64_t sv_fast_compute(const sv_chain *chain, int64_t first, int64_t count, const char *from,
                             char *to, sv_changes *changes)
{
    const int64_t most = INT32_MAX; /* that the lanes can count */
    steps all;
    tally of = {_mm256_setzero_si256(), _mm256_setzero_pd(), _mm256_setzero_ps()};
    int64_t done;
    count = count < most ? count : most;
    prepare(chain, first, &all);
    bool swap = chain->dtype.order != SV_NATIVE_ENDIAN;
    if (!swap && all.count == 1 && is_factor(all.list[0].kind)) {
        done = do_lines(&all, (shape){.only_factor = true}, from, count, to, &of);
    } else if (!swap) {
        done = do_lines(&all, (shape){.swap = false}, from, count, to, &of);
    } else {
        done = do_lines(&all, (shape){.swap = true}, from, count, to, &of);
    }
    changes->num_changed += done - add_up(&of, &changes->largest);
    return done;
}

static bool is_plain(sv_operation_kind kind)
{
    switch (kind) {
    case SV_GAIN:
    case SV_OFFSET:
    case SV_INVERT:
    case SV_DEMEAN:
    case SV_DETREND:
    case SV_CLIP:
    case SV_FILL: return true; /* what is filled is not finite */
    default: return false;
    }
}

bool sv_fast_can(const sv_kernels *kernels, const sv_chain *chain, ptrdiff_t stride)
{
    bool is_set = strcmp(kernels->name, "avx2") == 0 || strcmp(kernels->name, "avx512") == 0;
    bool can = is_set && chain->dtype.type == SV_F4 && stride == (ptrdiff_t)sizeof(float) &&
               chain->count <= MOST_STEPS;
    for (int i = 0; i < chain->count && can; i++) {
        can = is_plain(chain->operations[i].kind);
    }
    return can;
}

#else

bool sv_fast_can(const sv_kernels *kernels, const sv_chain *chain, ptrdiff_t stride)
{
    (void)kernels;
    (void)chain;
    (void)stride;
    return false;
}

int64_t sv_fast_compute(const sv_chain *chain, int64_t first, int64_t count, const char *from,
                        char *to, sv_changes *changes)
{
    (void)chain;
    (void)first;
    (void)count;
    (void)from;
    (void)to;
    (void)changes;
    return 0;
}

#endif
