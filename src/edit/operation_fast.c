#include "edit/operation_fast.h"

#include <math.h>
#include <string.h>

#ifdef SV_HAVE_AVX2

#include <float.h>
#include <immintrin.h>

/* Compiled for AVX2 whatever the flags are; asked for only where the kernels are of that set. */
#define AVX2        __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

enum { LINE = 16, QUARTERS = 4, MOST_STEPS = 16 };

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
    for (int i = 0; i < QUARTERS; i++) {
        x[i] = _mm256_max_pd(s->value, x[i]);
        x[i] = _mm256_min_pd(s->high, x[i]);
    }
}

AVX2_INLINE void apply(step *s, __m256d x[QUARTERS])
{
    switch (s->kind) {
    case SV_GAIN:
    case SV_INVERT:
        for (int i = 0; i < QUARTERS; i++) {
            x[i] = _mm256_mul_pd(x[i], s->value);
        }
        break;
    case SV_OFFSET:
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

typedef struct tally {
    __m256i unchanged;
    __m256d largest;
} tally;

AVX2_INLINE __m256d size_of(__m256d x)
{
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
}

/* The bytes of each float the other way round. */
AVX2_INLINE __m256 swapped(__m256 x)
{
    const __m256i order = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3,
                                           2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    return _mm256_castsi256_ps(_mm256_shuffle_epi8(_mm256_castps_si256(x), order));
}

AVX2_INLINE int not_finite(__m256 x)
{
    __m256 size = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
    return _mm256_movemask_ps(_mm256_cmp_ps(size, _mm256_set1_ps(FLT_MAX), _CMP_NLE_UQ));
}

/* Eight samples: false where one of them would not be finite. */
AVX2_INLINE bool store(__m256 old, __m256d low, __m256d high, bool swap, char *to, tally *all)
{
    __m128 new_low = _mm256_cvtpd_ps(low), new_high = _mm256_cvtpd_ps(high);
    __m256 new = _mm256_set_m128(new_high, new_low);
    if (not_finite(new) != 0) {
        return false;
    }
    __m256d change_low =
        _mm256_sub_pd(_mm256_cvtps_pd(new_low), _mm256_cvtps_pd(_mm256_castps256_ps128(old)));
    __m256d change_high =
        _mm256_sub_pd(_mm256_cvtps_pd(new_high), _mm256_cvtps_pd(_mm256_extractf128_ps(old, 1)));
    all->largest = _mm256_max_pd(all->largest, size_of(change_low));
    all->largest = _mm256_max_pd(all->largest, size_of(change_high));
    __m256i same = _mm256_cmpeq_epi32(_mm256_castps_si256(old), _mm256_castps_si256(new));
    all->unchanged = _mm256_sub_epi32(all->unchanged, same);
    _mm256_storeu_ps((float *)(void *)to, swap ? swapped(new) : new);
    return true;
}

AVX2_INLINE bool do_line(steps *all, const char *from, bool swap, char *to, tally *of)
{
    const float *samples = (const float *)(const void *)from;
    __m256 first = _mm256_loadu_ps(samples), second = _mm256_loadu_ps(samples + LINE / 2);
    first = swap ? swapped(first) : first;
    second = swap ? swapped(second) : second;
    __m256d x[QUARTERS] = {_mm256_cvtps_pd(_mm256_castps256_ps128(first)),
                           _mm256_cvtps_pd(_mm256_extractf128_ps(first, 1)),
                           _mm256_cvtps_pd(_mm256_castps256_ps128(second)),
                           _mm256_cvtps_pd(_mm256_extractf128_ps(second, 1))};
    for (int i = 0; i < all->count; i++) {
        apply(&all->list[i], x);
    }
    return store(first, x[0], x[1], swap, to, of) &&
           store(second, x[2], x[3], swap, to + LINE / 2 * sizeof(float), of);
}

/* Returns how many samples are done. A line that stops half-way is not counted. */
AVX2_INLINE int64_t do_lines(steps *all, const char *from, int64_t count, bool swap, char *to,
                             tally *of)
{
    int64_t done = 0;
    while (done + LINE <= count) {
        tally before = *of;
        size_t byte = (size_t)done * sizeof(float);
        if (!do_line(all, from + byte, swap, to + byte, of)) {
            *of = before;
            break;
        }
        done += LINE;
    }
    return done;
}

static int64_t add_up(const tally *of, double *largest)
{
    uint32_t unchanged[8];
    double lane[4];
    int64_t count = 0;
    memcpy(unchanged, &of->unchanged, sizeof unchanged);
    memcpy(lane, &of->largest, sizeof lane);
    for (int i = 0; i < 8; i++) {
        count += unchanged[i];
    }
    for (int i = 0; i < 4; i++) {
        *largest = lane[i] > *largest ? lane[i] : *largest;
    }
    return count;
}

AVX2 int64_t sv_fast_compute(const sv_chain *chain, int64_t first, int64_t count, const char *from,
                             char *to, sv_changes *changes)
{
    const int64_t most = INT32_MAX; /* that the lanes can count */
    steps all;
    tally of = {_mm256_setzero_si256(), _mm256_setzero_pd()};
    int64_t done;
    count = count < most ? count : most;
    prepare(chain, first, &all);
    if (chain->dtype.order == SV_NATIVE_ENDIAN) {
        done = do_lines(&all, from, count, false, to, &of);
    } else {
        done = do_lines(&all, from, count, true, to, &of);
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
