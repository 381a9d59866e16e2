/* A line of sixteen samples in AVX2's registers: two of float32, four of float64. A *part* is one
 * register of float32's or float64's, for what does not depend on the order of samples. */
#ifndef SV_KERNEL_AVX2_LINE_H
#define SV_KERNEL_AVX2_LINE_H

#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"

#define SV_INLINE static inline __attribute__((always_inline))

typedef struct f4_line {
    __m256 low, high;
} f4_line;

typedef struct i4_line {
    __m256i low, high;
} i4_line;

typedef struct f8_line {
    __m256d a, b, c, d;
} f8_line;

typedef __m256 f4_part;
typedef __m256i i4_part;
typedef __m256d f8_part;
typedef __m256i equal_part;

/* The smallest magnitude of each place, as twice its bits. Counting zeros, too, would take longer
 * than looking for them where there are some. */
typedef struct magnitude_part {
    __m256i least;
} magnitude_part;

/* See AVX-512's. Intel's processors gain a quarter by it; AMD's fetch four streams well by
 * themselves, and what they are asked for on top slows them down: they are asked for the line in
 * hand, which costs nothing. */
SV_INLINE ptrdiff_t ahead_bytes(void)
{
    return __builtin_cpu_is("intel") ? 2048 : 0;
}

/* Holds the sums in registers from line to line: left to itself, gcc mixes the lines, runs out of
 * registers, and takes every sum through memory. */
SV_INLINE void hold(f8_line *x)
{
    __asm__ volatile("" : "+x"(x->a), "+x"(x->b), "+x"(x->c), "+x"(x->d));
}

/* ---- 32 bits ------------------------------------------------------------------------------- */

SV_INLINE i4_line load_i4(const char *x)
{
    const __m256i *from = (const __m256i *)(const void *)x;
    return (i4_line){_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
}

SV_INLINE i4_line swap_i4(i4_line x)
{
    const __m256i order = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3,
                                           2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    return (i4_line){_mm256_shuffle_epi8(x.low, order), _mm256_shuffle_epi8(x.high, order)};
}

/* Sixteen integers of 1, 2 or 3 bytes. */
SV_INLINE i4_line widen_1(const char *x, bool has_sign)
{
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)x);
    __m128i high = _mm_srli_si128(all, 8);
    return has_sign ? (i4_line){_mm256_cvtepi8_epi32(all), _mm256_cvtepi8_epi32(high)}
                    : (i4_line){_mm256_cvtepu8_epi32(all), _mm256_cvtepu8_epi32(high)};
}

SV_INLINE i4_line widen_2(const char *x, bool has_sign, bool swapped)
{
    const __m128i *from = (const __m128i *)(const void *)x;
    const __m128i order = _mm_setr_epi8(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    __m128i low = _mm_loadu_si128(from), high = _mm_loadu_si128(from + 1);
    if (swapped) {
        low = _mm_shuffle_epi8(low, order);
        high = _mm_shuffle_epi8(high, order);
    }
    return has_sign ? (i4_line){_mm256_cvtepi16_epi32(low), _mm256_cvtepi16_epi32(high)}
                    : (i4_line){_mm256_cvtepu16_epi32(low), _mm256_cvtepu16_epi32(high)};
}

/* Eight of them from `first` and `second`, with each one's bytes moved to the top of its lane. */
SV_INLINE __m256i widen_3_half(const char *first, const char *second, __m256i order, bool has_sign)
{
    __m256i all = _mm256_loadu2_m128i((const __m128i *)(const void *)second,
                                      (const __m128i *)(const void *)first);
    all = _mm256_shuffle_epi8(all, order);
    return has_sign ? _mm256_srai_epi32(all, 8) : _mm256_srli_epi32(all, 8);
}

SV_INLINE i4_line widen_3(const char *x, bool has_sign, bool swapped)
{
    /* The last four end with their 16 bytes, so that nothing behind them is read. */
    const __m128i little = _mm_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11);
    const __m128i big = _mm_setr_epi8(-1, 2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9);
    __m128i order = swapped ? big : little;
    __m128i at_end = _mm_add_epi8(
        order, _mm_and_si128(_mm_cmpgt_epi8(order, _mm_set1_epi8(-1)), _mm_set1_epi8(4)));
    return (i4_line){
        widen_3_half(x, x + 12, _mm256_set_m128i(order, order), has_sign),
        widen_3_half(x + 24, x + 32, _mm256_set_m128i(at_end, order), has_sign),
    };
}

SV_INLINE f4_line f4_of_i4(i4_line x)
{
    return (f4_line){_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}

SV_INLINE i4_line bits_of_f4(f4_line x)
{
    return (i4_line){_mm256_castps_si256(x.low), _mm256_castps_si256(x.high)};
}

SV_INLINE f4_line f4_of_bits(i4_line x)
{
    return (f4_line){_mm256_castsi256_ps(x.low), _mm256_castsi256_ps(x.high)};
}

SV_INLINE __m256 f4_of_ibm4_half(__m256i word)
{
    /* sign · fraction · 16^(exponent − 64) / 2^24. Twice the word has the exponent in its seven
     * highest bits, which is held where the power of two stays within float32. */
    __m256i exponent = _mm256_add_epi32(word, word);
    exponent = _mm256_max_epu32(exponent, _mm256_set1_epi32(39 << 25));
    exponent = _mm256_min_epu32(exponent, _mm256_set1_epi32((int32_t)(97U << 25)));
    exponent = _mm256_and_si256(exponent, _mm256_set1_epi32((int32_t)(127U << 25)));
    __m256i power = _mm256_add_epi32(exponent, _mm256_set1_epi32((127 - 280) * (1 << 23)));
    power = _mm256_or_si256(power, _mm256_and_si256(word, _mm256_set1_epi32(INT32_MIN)));
    __m256i fraction = _mm256_and_si256(word, _mm256_set1_epi32(0xffffff));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(fraction), _mm256_castsi256_ps(power));
}

SV_INLINE f4_line f4_of_ibm4(i4_line x)
{
    return (f4_line){f4_of_ibm4_half(x.low), f4_of_ibm4_half(x.high)};
}

SV_INLINE f4_part part_min_f4(f4_part part, f4_line x)
{
    return _mm256_min_ps(part, _mm256_min_ps(x.low, x.high));
}

SV_INLINE f4_part part_max_f4(f4_part part, f4_line x)
{
    return _mm256_max_ps(part, _mm256_max_ps(x.low, x.high));
}

SV_INLINE i4_part part_min_i4(i4_part part, i4_line x)
{
    return _mm256_min_epi32(part, _mm256_min_epi32(x.low, x.high));
}

SV_INLINE i4_part part_max_i4(i4_part part, i4_line x)
{
    return _mm256_max_epi32(part, _mm256_max_epi32(x.low, x.high));
}

/* Twice the bits: without a sign, and of float32 in the order of magnitudes. */
SV_INLINE i4_line double_i4(i4_line x)
{
    return (i4_line){_mm256_add_epi32(x.low, x.low), _mm256_add_epi32(x.high, x.high)};
}

/* How many are 0. */
SV_INLINE i4_part part_zeros_i4(i4_part part, i4_line x)
{
    const __m256i zero = _mm256_setzero_si256();
    part = _mm256_sub_epi32(part, _mm256_cmpeq_epi32(x.low, zero));
    return _mm256_sub_epi32(part, _mm256_cmpeq_epi32(x.high, zero));
}

/* How many have their highest bit alone: float32's −0. */
SV_INLINE i4_part part_lowest_i4(i4_part part, i4_line x)
{
    const __m256i lowest = _mm256_set1_epi32(INT32_MIN);
    part = _mm256_sub_epi32(part, _mm256_cmpeq_epi32(x.low, lowest));
    return _mm256_sub_epi32(part, _mm256_cmpeq_epi32(x.high, lowest));
}

/* The smallest, as numbers without a sign. */
SV_INLINE i4_part part_least_i4(i4_part part, i4_line x)
{
    return _mm256_min_epu32(part, _mm256_min_epu32(x.low, x.high));
}

/* The smallest of x − 1, without a sign: so that 0 is the largest. */
SV_INLINE i4_part part_least_but_0_i4(i4_part part, i4_line x)
{
    const __m256i one = _mm256_set1_epi32(1);
    return part_least_i4(part,
                         (i4_line){_mm256_sub_epi32(x.low, one), _mm256_sub_epi32(x.high, one)});
}

SV_INLINE equal_part part_equal_i4(equal_part part, i4_line x, i4_line y)
{
    __m256i low = _mm256_cmpeq_epi32(x.low, y.low), high = _mm256_cmpeq_epi32(x.high, y.high);
    return _mm256_or_si256(part, _mm256_or_si256(low, high));
}

SV_INLINE i4_line and_i4(i4_line x, int32_t mask)
{
    __m256i all = _mm256_set1_epi32(mask);
    return (i4_line){_mm256_and_si256(x.low, all), _mm256_and_si256(x.high, all)};
}

/* Which samples of a line equal those of another, by value: bit i says it of sample i. */
SV_INLINE uint16_t same_f4(f4_line x, f4_line y)
{
    int low = _mm256_movemask_ps(_mm256_cmp_ps(x.low, y.low, _CMP_EQ_OQ));
    int high = _mm256_movemask_ps(_mm256_cmp_ps(x.high, y.high, _CMP_EQ_OQ));
    return (uint16_t)(low | high << 8);
}

SV_INLINE uint16_t same_i4(i4_line x, i4_line y)
{
    int low = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x.low, y.low)));
    int high = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x.high, y.high)));
    return (uint16_t)(low | high << 8);
}

SV_INLINE f4_part all_f4_part(float value)
{
    return _mm256_set1_ps(value);
}

SV_INLINE i4_part all_i4_part(int32_t value)
{
    return _mm256_set1_epi32(value);
}

SV_INLINE void copy_equal_i4(equal_part *to, const equal_part *from)
{
    *to = *from;
}

SV_INLINE equal_part none_equal(void)
{
    return _mm256_setzero_si256();
}

SV_INLINE bool any_equal(equal_part part)
{
    return _mm256_movemask_epi8(part) != 0;
}

SV_INLINE magnitude_part no_magnitudes(void)
{
    return (magnitude_part){_mm256_set1_epi32(-1)};
}

SV_INLINE void add_magnitudes(magnitude_part *part, f4_line x)
{
    part->least = part_least_i4(part->least, double_i4(bits_of_f4(x)));
}

SV_INLINE void store_magnitudes(magnitude_part part, int64_t count, sv_lanes *lanes)
{
    uint32_t doubled[8];
    _mm256_storeu_si256((__m256i *)(void *)doubled, part.least);
    for (int i = 1; i < 8; i++) {
        doubled[0] = doubled[i] < doubled[0] ? doubled[i] : doubled[0];
    }
    union {
        uint32_t bits;
        float value;
    } least = {doubled[0] >> 1};
    lanes->least = (double)least.value;
    (void)count;
}

SV_INLINE int32_t lowest_of_i4(i4_part part)
{
    int32_t lowest[8];
    _mm256_storeu_si256((__m256i *)(void *)lowest, part);
    for (int i = 1; i < 8; i++) {
        lowest[0] = lowest[i] < lowest[0] ? lowest[i] : lowest[0];
    }
    return lowest[0];
}

SV_INLINE int32_t highest_of_i4(i4_part part)
{
    int32_t highest[8];
    _mm256_storeu_si256((__m256i *)(void *)highest, part);
    for (int i = 1; i < 8; i++) {
        highest[0] = highest[i] > highest[0] ? highest[i] : highest[0];
    }
    return highest[0];
}

SV_INLINE int32_t total_of_i4(i4_part part)
{
    int32_t total[8];
    _mm256_storeu_si256((__m256i *)(void *)total, part);
    for (int i = 1; i < 8; i++) {
        total[0] += total[i];
    }
    return total[0];
}

SV_INLINE float lowest_of_f4(f4_part part)
{
    float lowest[8];
    _mm256_storeu_ps(lowest, part);
    for (int i = 1; i < 8; i++) {
        lowest[0] = lowest[i] < lowest[0] ? lowest[i] : lowest[0];
    }
    return lowest[0];
}

SV_INLINE float highest_of_f4(f4_part part)
{
    float highest[8];
    _mm256_storeu_ps(highest, part);
    for (int i = 1; i < 8; i++) {
        highest[0] = highest[i] > highest[0] ? highest[i] : highest[0];
    }
    return highest[0];
}

/* ---- 64 bits ------------------------------------------------------------------------------- */

SV_INLINE f8_line load_f8(const char *x)
{
    const double *from = (const double *)(const void *)x;
    return (f8_line){_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4), _mm256_loadu_pd(from + 8),
                     _mm256_loadu_pd(from + 12)};
}

SV_INLINE __m256d swap_quarter(__m256d x)
{
    const __m256i order = _mm256_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7,
                                           6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
    return _mm256_castsi256_pd(_mm256_shuffle_epi8(_mm256_castpd_si256(x), order));
}

SV_INLINE f8_line swap_f8(f8_line x)
{
    return (f8_line){swap_quarter(x.a), swap_quarter(x.b), swap_quarter(x.c), swap_quarter(x.d)};
}

/* Straight from memory, which is faster than from the halves of registers. */
SV_INLINE f8_line widen_f4_at(const char *x)
{
    const float *from = (const float *)(const void *)x;
    return (f8_line){_mm256_cvtps_pd(_mm_loadu_ps(from)), _mm256_cvtps_pd(_mm_loadu_ps(from + 4)),
                     _mm256_cvtps_pd(_mm_loadu_ps(from + 8)),
                     _mm256_cvtps_pd(_mm_loadu_ps(from + 12))};
}

SV_INLINE f8_line widen_f4(f4_line x)
{
    return (f8_line){_mm256_cvtps_pd(_mm256_castps256_ps128(x.low)),
                     _mm256_cvtps_pd(_mm256_extractf128_ps(x.low, 1)),
                     _mm256_cvtps_pd(_mm256_castps256_ps128(x.high)),
                     _mm256_cvtps_pd(_mm256_extractf128_ps(x.high, 1))};
}

SV_INLINE f8_line widen_i4(i4_line x)
{
    return (f8_line){_mm256_cvtepi32_pd(_mm256_castsi256_si128(x.low)),
                     _mm256_cvtepi32_pd(_mm256_extracti128_si256(x.low, 1)),
                     _mm256_cvtepi32_pd(_mm256_castsi256_si128(x.high)),
                     _mm256_cvtepi32_pd(_mm256_extracti128_si256(x.high, 1))};
}

/* IBM floats: sign · fraction · 16^(exponent − 64) / 2^24. The power of 16 is put together as the
 * bits of a float64. */
SV_INLINE __m256d f8_of_ibm4_quarter(__m128i word)
{
    __m128i exponent = _mm_srli_epi32(_mm_add_epi32(word, word), 25);
    __m256i power = _mm256_slli_epi64(_mm256_cvtepu32_epi64(exponent), 54);
    power = _mm256_add_epi64(power, _mm256_set1_epi64x((int64_t)(1023 - 280) << 52));
    __m128i fraction = _mm_and_si128(word, _mm_set1_epi32(0xffffff));
    __m256d value = _mm256_mul_pd(_mm256_cvtepi32_pd(fraction), _mm256_castsi256_pd(power));
    __m128i sign = _mm_and_si128(word, _mm_set1_epi32(INT32_MIN));
    __m256i high_sign = _mm256_slli_epi64(_mm256_cvtepu32_epi64(sign), 32);
    return _mm256_or_pd(value, _mm256_castsi256_pd(high_sign));
}

SV_INLINE f8_line f8_of_ibm4(i4_line x)
{
    return (f8_line){f8_of_ibm4_quarter(_mm256_castsi256_si128(x.low)),
                     f8_of_ibm4_quarter(_mm256_extracti128_si256(x.low, 1)),
                     f8_of_ibm4_quarter(_mm256_castsi256_si128(x.high)),
                     f8_of_ibm4_quarter(_mm256_extracti128_si256(x.high, 1))};
}

SV_INLINE f8_line all_f8(double value)
{
    __m256d all = _mm256_set1_pd(value);
    return (f8_line){all, all, all, all};
}

SV_INLINE f8_line add_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b), _mm256_add_pd(x.c, y.c),
                     _mm256_add_pd(x.d, y.d)};
}

SV_INLINE f8_line subtract_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b), _mm256_sub_pd(x.c, y.c),
                     _mm256_sub_pd(x.d, y.d)};
}

SV_INLINE f8_line multiply_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b), _mm256_mul_pd(x.c, y.c),
                     _mm256_mul_pd(x.d, y.d)};
}

/* x · y + z with one rounding. */
SV_INLINE f8_line multiply_add_f8(f8_line x, f8_line y, f8_line z)
{
    return (f8_line){_mm256_fmadd_pd(x.a, y.a, z.a), _mm256_fmadd_pd(x.b, y.b, z.b),
                     _mm256_fmadd_pd(x.c, y.c, z.c), _mm256_fmadd_pd(x.d, y.d, z.d)};
}

SV_INLINE __m256d finite_quarter(__m256d x)
{
    __m256d magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
    return _mm256_cmp_pd(magnitude, _mm256_set1_pd(0x1.fffffffffffffp1023), _CMP_LE_OQ);
}

/* x where `like` is finite, else 0. */
SV_INLINE f8_line finite_only(f8_line x, f8_line like)
{
    return (f8_line){
        _mm256_and_pd(x.a, finite_quarter(like.a)), _mm256_and_pd(x.b, finite_quarter(like.b)),
        _mm256_and_pd(x.c, finite_quarter(like.c)), _mm256_and_pd(x.d, finite_quarter(like.d))};
}

SV_INLINE f8_part part_min_f8(f8_part part, f8_line x)
{
    __m256d low = _mm256_min_pd(x.a, x.b), high = _mm256_min_pd(x.c, x.d);
    return _mm256_min_pd(part, _mm256_min_pd(low, high));
}

SV_INLINE f8_part part_max_f8(f8_part part, f8_line x)
{
    __m256d low = _mm256_max_pd(x.a, x.b), high = _mm256_max_pd(x.c, x.d);
    return _mm256_max_pd(part, _mm256_max_pd(low, high));
}

/* The smallest magnitude. */
SV_INLINE f8_part part_least_f8(f8_part part, f8_line x)
{
    const __m256d sign = _mm256_set1_pd(-0.0);
    return part_min_f8(part, (f8_line){_mm256_andnot_pd(sign, x.a), _mm256_andnot_pd(sign, x.b),
                                       _mm256_andnot_pd(sign, x.c), _mm256_andnot_pd(sign, x.d)});
}

/* The smallest magnitude that is not 0. */
SV_INLINE __m256d infinite_zero(__m256d x)
{
    __m256d zero = _mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_EQ_OQ);
    return _mm256_or_pd(x, _mm256_and_pd(zero, _mm256_set1_pd((double)INFINITY)));
}

SV_INLINE f8_part part_least_but_0_f8(f8_part part, f8_line x)
{
    return part_least_f8(part, (f8_line){infinite_zero(x.a), infinite_zero(x.b), infinite_zero(x.c),
                                         infinite_zero(x.d)});
}

/* How many are 0; of each place the count is in its low 32 bits. */
SV_INLINE i4_part part_zeros_f8(i4_part part, f8_line x)
{
    const __m256d zero = _mm256_setzero_pd();
    __m256i a = _mm256_castpd_si256(_mm256_cmp_pd(x.a, zero, _CMP_EQ_OQ));
    __m256i b = _mm256_castpd_si256(_mm256_cmp_pd(x.b, zero, _CMP_EQ_OQ));
    __m256i c = _mm256_castpd_si256(_mm256_cmp_pd(x.c, zero, _CMP_EQ_OQ));
    __m256i d = _mm256_castpd_si256(_mm256_cmp_pd(x.d, zero, _CMP_EQ_OQ));
    __m256i sum = _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(c, d));
    return _mm256_sub_epi64(part, sum);
}

SV_INLINE __m256i equal_quarter(__m256d x, __m256d y)
{
    return _mm256_cmpeq_epi64(_mm256_castpd_si256(x), _mm256_castpd_si256(y));
}

/* How many are −0, in the same places. */
SV_INLINE i4_part part_lowest_f8(i4_part part, f8_line x)
{
    const __m256d lowest = _mm256_set1_pd(-0.0);
    __m256i low = _mm256_add_epi64(equal_quarter(x.a, lowest), equal_quarter(x.b, lowest));
    __m256i high = _mm256_add_epi64(equal_quarter(x.c, lowest), equal_quarter(x.d, lowest));
    return _mm256_sub_epi64(part, _mm256_add_epi64(low, high));
}

/* With the same bits. */
SV_INLINE equal_part part_equal_f8(equal_part part, f8_line x, f8_line y)
{
    __m256i low = _mm256_or_si256(equal_quarter(x.a, y.a), equal_quarter(x.b, y.b));
    __m256i high = _mm256_or_si256(equal_quarter(x.c, y.c), equal_quarter(x.d, y.d));
    return _mm256_or_si256(part, _mm256_or_si256(low, high));
}

SV_INLINE uint16_t same_f8(f8_line x, f8_line y)
{
    int a = _mm256_movemask_pd(_mm256_cmp_pd(x.a, y.a, _CMP_EQ_OQ));
    int b = _mm256_movemask_pd(_mm256_cmp_pd(x.b, y.b, _CMP_EQ_OQ));
    int c = _mm256_movemask_pd(_mm256_cmp_pd(x.c, y.c, _CMP_EQ_OQ));
    int d = _mm256_movemask_pd(_mm256_cmp_pd(x.d, y.d, _CMP_EQ_OQ));
    return (uint16_t)(a | b << 4 | c << 8 | d << 12);
}

SV_INLINE f8_part all_f8_part(double value)
{
    return _mm256_set1_pd(value);
}

/* ---- to memory ----------------------------------------------------------------------------- */

enum { F4_PART = 8, F8_PART = 4 };

SV_INLINE void store_f8(double *to, f8_line x)
{
    _mm256_storeu_pd(to, x.a);
    _mm256_storeu_pd(to + 4, x.b);
    _mm256_storeu_pd(to + 8, x.c);
    _mm256_storeu_pd(to + 12, x.d);
}

SV_INLINE void store_i4_part(int32_t *to, i4_part x)
{
    _mm256_storeu_si256((__m256i *)(void *)to, x);
}

SV_INLINE void store_f8_part(double *to, f8_part x)
{
    _mm256_storeu_pd(to, x);
}

#endif
