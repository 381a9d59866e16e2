/* A line of sixteen samples in AVX-512's registers: one of float32, two of float64. A *part* is one
 * register of float32's or float64's, for what does not depend on the order of samples. */
#ifndef SV_KERNEL_AVX512_LINE_H
#define SV_KERNEL_AVX512_LINE_H

#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"

#define SV_INLINE static inline __attribute__((always_inline))

typedef __m512 f4_line;
typedef __m512i i4_line;

typedef struct f8_line {
    __m512d low, high;
} f8_line;

typedef __m512 f4_part;
typedef __m512i i4_part;
typedef __m512d f8_part;

/* Of the magnitudes of each place: the smallest but for 0, how many are not 0, and how many are −0.
 * While lines come from memory this costs nothing. */
typedef struct magnitude_part {
    __m512 least;
    __m512i others, negative;
} magnitude_part;

/* Of the places so far, those without equal neighbours: a compare under a mask joins them at no
 * cost. */
typedef struct equal_part {
    __mmask16 of_32;
    __mmask8 of_64;
} equal_part;

/* How far behind the line in hand another one is asked for. The processors with these registers ask
 * for too few lines by themselves: from memory this is worth half of a survey's rate, at any
 * distance from 1.5 to 3 KiB. Past the end of a mapping it does nothing. */
SV_INLINE ptrdiff_t ahead_bytes(void)
{
    return 2048;
}

/* There are registers enough; see AVX2's. */
SV_INLINE void hold(f8_line *x)
{
    (void)x;
}

/* ---- 32 bits ------------------------------------------------------------------------------- */

SV_INLINE i4_line load_i4(const char *x)
{
    return _mm512_loadu_si512(x);
}

SV_INLINE i4_line swap_i4(i4_line x)
{
    const __m128i order = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order));
}

/* Sixteen integers of 1, 2 or 3 bytes. */
SV_INLINE i4_line widen_1(const char *x, bool has_sign)
{
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)x);
    return has_sign ? _mm512_cvtepi8_epi32(all) : _mm512_cvtepu8_epi32(all);
}

SV_INLINE i4_line widen_2(const char *x, bool has_sign, bool swapped)
{
    const __m128i order = _mm_setr_epi8(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    __m256i all = _mm256_loadu_si256((const __m256i *)(const void *)x);
    if (swapped) {
        all = _mm256_shuffle_epi8(all, _mm256_broadcastsi128_si256(order));
    }
    return has_sign ? _mm512_cvtepi16_epi32(all) : _mm512_cvtepu16_epi32(all);
}

SV_INLINE i4_line widen_3(const char *x, bool has_sign, bool swapped)
{
    const __m128i little = _mm_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11);
    const __m128i big = _mm_setr_epi8(-1, 2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9);
    /* Four samples, that is three words, to each quarter. */
    const __m512i words = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    __m512i all = _mm512_maskz_loadu_epi32(0x0fff, x);
    all = _mm512_permutexvar_epi32(words, all);
    all = _mm512_shuffle_epi8(all, _mm512_broadcast_i32x4(swapped ? big : little));
    return has_sign ? _mm512_srai_epi32(all, 8) : _mm512_srli_epi32(all, 8);
}

SV_INLINE f4_line f4_of_i4(i4_line x)
{
    return _mm512_cvtepi32_ps(x);
}

SV_INLINE i4_line bits_of_f4(f4_line x)
{
    return _mm512_castps_si512(x);
}

SV_INLINE f4_line f4_of_bits(i4_line x)
{
    return _mm512_castsi512_ps(x);
}

SV_INLINE f4_line f4_of_ibm4(i4_line word)
{
    /* sign · fraction · 16^(exponent − 64) / 2^24. Twice the word has the exponent in its seven
     * highest bits, which is held where the power of two stays within float32. */
    __m512i exponent = _mm512_add_epi32(word, word);
    exponent = _mm512_max_epu32(exponent, _mm512_set1_epi32(39 << 25));
    exponent = _mm512_min_epu32(exponent, _mm512_set1_epi32((int32_t)(97U << 25)));
    exponent = _mm512_and_si512(exponent, _mm512_set1_epi32((int32_t)(127U << 25)));
    __m512i power = _mm512_add_epi32(exponent, _mm512_set1_epi32((127 - 280) * (1 << 23)));
    power = _mm512_or_si512(power, _mm512_and_si512(word, _mm512_set1_epi32(INT32_MIN)));
    __m512i fraction = _mm512_and_si512(word, _mm512_set1_epi32(0xffffff));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(fraction), _mm512_castsi512_ps(power));
}

SV_INLINE i4_line and_i4(i4_line x, int32_t mask)
{
    return _mm512_and_si512(x, _mm512_set1_epi32(mask));
}

SV_INLINE f4_part part_min_f4(f4_part part, f4_line x)
{
    return _mm512_min_ps(part, x);
}

SV_INLINE f4_part part_max_f4(f4_part part, f4_line x)
{
    return _mm512_max_ps(part, x);
}

SV_INLINE i4_part part_min_i4(i4_part part, i4_line x)
{
    return _mm512_min_epi32(part, x);
}

SV_INLINE i4_part part_max_i4(i4_part part, i4_line x)
{
    return _mm512_max_epi32(part, x);
}

/* Twice the bits: without a sign, and of float32 in the order of magnitudes. */
SV_INLINE i4_line double_i4(i4_line x)
{
    return _mm512_add_epi32(x, x);
}

/* How many are 0. */
SV_INLINE i4_part part_zeros_i4(i4_part part, i4_line x)
{
    __mmask16 zero = _mm512_testn_epi32_mask(x, x);
    return _mm512_mask_add_epi32(part, zero, part, _mm512_set1_epi32(1));
}

/* How many have their highest bit alone: float32's −0. */
SV_INLINE i4_part part_lowest_i4(i4_part part, i4_line x)
{
    __mmask16 lowest = _mm512_cmpeq_epi32_mask(x, _mm512_set1_epi32(INT32_MIN));
    return _mm512_mask_add_epi32(part, lowest, part, _mm512_set1_epi32(1));
}

/* The smallest of x − 1, without a sign: so that 0 is the largest. */
SV_INLINE i4_part part_least_but_0_i4(i4_part part, i4_line x)
{
    return _mm512_min_epu32(part, _mm512_sub_epi32(x, _mm512_set1_epi32(1)));
}

SV_INLINE equal_part part_equal_i4(equal_part part, i4_line x, i4_line y)
{
    part.of_32 = _mm512_mask_cmpneq_epi32_mask(part.of_32, x, y);
    return part;
}

/* Which samples of a line equal those of another, by value: bit i says it of sample i. */
SV_INLINE uint16_t same_f4(f4_line x, f4_line y)
{
    return _mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ);
}

SV_INLINE uint16_t same_i4(i4_line x, i4_line y)
{
    return _mm512_cmpeq_epi32_mask(x, y);
}

SV_INLINE f4_part all_f4_part(float value)
{
    return _mm512_set1_ps(value);
}

SV_INLINE i4_part all_i4_part(int32_t value)
{
    return _mm512_set1_epi32(value);
}

/* Of 32 bits. The whole would go through memory in pieces that are read as one, which takes longer
 * than a line. */
SV_INLINE void copy_equal_i4(equal_part *to, const equal_part *from)
{
    to->of_32 = from->of_32;
}

SV_INLINE equal_part none_equal(void)
{
    return (equal_part){0xffff, 0xff};
}

SV_INLINE bool any_equal(equal_part part)
{
    return part.of_32 != 0xffff || part.of_64 != 0xff;
}

SV_INLINE magnitude_part no_magnitudes(void)
{
    return (magnitude_part){_mm512_set1_ps(INFINITY), _mm512_setzero_si512(),
                            _mm512_setzero_si512()};
}

SV_INLINE void add_magnitudes(magnitude_part *part, f4_line x)
{
    enum { LEAST_MAGNITUDE = 0xa };
    const __m512i one = _mm512_set1_epi32(1), lowest = _mm512_set1_epi32(INT32_MIN);
    __m512i bits = bits_of_f4(x);
    __mmask16 other = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(INT32_MAX));
    __mmask16 negative = _mm512_cmpeq_epi32_mask(bits, lowest);
    part->least = _mm512_mask_range_ps(part->least, other, part->least, x, LEAST_MAGNITUDE);
    part->others = _mm512_mask_add_epi32(part->others, other, part->others, one);
    part->negative = _mm512_mask_add_epi32(part->negative, negative, part->negative, one);
}

/* Of `count` samples. */
SV_INLINE void store_magnitudes(magnitude_part part, int64_t count, sv_lanes *lanes)
{
    lanes->least = (double)_mm512_reduce_min_ps(part.least);
    lanes->zeros = count - _mm512_reduce_add_epi32(part.others);
    lanes->negative_zeros = _mm512_reduce_add_epi32(part.negative);
}

SV_INLINE int32_t lowest_of_i4(i4_part part)
{
    return _mm512_reduce_min_epi32(part);
}

SV_INLINE int32_t highest_of_i4(i4_part part)
{
    return _mm512_reduce_max_epi32(part);
}

SV_INLINE int32_t total_of_i4(i4_part part)
{
    return _mm512_reduce_add_epi32(part);
}

SV_INLINE float lowest_of_f4(f4_part part)
{
    return _mm512_reduce_min_ps(part);
}

SV_INLINE float highest_of_f4(f4_part part)
{
    return _mm512_reduce_max_ps(part);
}

/* ---- 64 bits ------------------------------------------------------------------------------- */

SV_INLINE f8_line load_f8(const char *x)
{
    return (f8_line){_mm512_loadu_pd(x), _mm512_loadu_pd(x + 64)};
}

SV_INLINE __m512d swap_half(__m512d x)
{
    const __m128i order = _mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
    return _mm512_castsi512_pd(
        _mm512_shuffle_epi8(_mm512_castpd_si512(x), _mm512_broadcast_i32x4(order)));
}

SV_INLINE f8_line swap_f8(f8_line x)
{
    return (f8_line){swap_half(x.low), swap_half(x.high)};
}

/* Straight from memory, which is faster than from the halves of a register. */
SV_INLINE f8_line widen_f4_at(const char *x)
{
    const float *from = (const float *)(const void *)x;
    return (f8_line){_mm512_cvtps_pd(_mm256_loadu_ps(from)),
                     _mm512_cvtps_pd(_mm256_loadu_ps(from + 8))};
}

SV_INLINE f8_line widen_f4(f4_line x)
{
    return (f8_line){_mm512_cvtps_pd(_mm512_castps512_ps256(x)),
                     _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
}

SV_INLINE f8_line widen_i4(i4_line x)
{
    return (f8_line){_mm512_cvtepi32_pd(_mm512_castsi512_si256(x)),
                     _mm512_cvtepi32_pd(_mm512_extracti32x8_epi32(x, 1))};
}

/* IBM floats: sign · fraction · 16^(exponent − 64) / 2^24. The power of 16 is put together as the
 * bits of a float64. */
SV_INLINE __m512d f8_of_ibm4_half(__m256i word)
{
    __m256i exponent = _mm256_srli_epi32(_mm256_add_epi32(word, word), 25);
    __m512i power = _mm512_slli_epi64(_mm512_cvtepu32_epi64(exponent), 54);
    power = _mm512_add_epi64(power, _mm512_set1_epi64((int64_t)(1023 - 280) << 52));
    __m256i fraction = _mm256_and_si256(word, _mm256_set1_epi32(0xffffff));
    __m512d value = _mm512_mul_pd(_mm512_cvtepi32_pd(fraction), _mm512_castsi512_pd(power));
    __m256i sign = _mm256_and_si256(word, _mm256_set1_epi32(INT32_MIN));
    __m512i high_sign = _mm512_slli_epi64(_mm512_cvtepu32_epi64(sign), 32);
    return _mm512_or_pd(value, _mm512_castsi512_pd(high_sign));
}

SV_INLINE f8_line f8_of_ibm4(i4_line x)
{
    return (f8_line){f8_of_ibm4_half(_mm512_castsi512_si256(x)),
                     f8_of_ibm4_half(_mm512_extracti32x8_epi32(x, 1))};
}

SV_INLINE f8_line all_f8(double value)
{
    return (f8_line){_mm512_set1_pd(value), _mm512_set1_pd(value)};
}

SV_INLINE f8_line add_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm512_add_pd(x.low, y.low), _mm512_add_pd(x.high, y.high)};
}

SV_INLINE f8_line subtract_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm512_sub_pd(x.low, y.low), _mm512_sub_pd(x.high, y.high)};
}

SV_INLINE f8_line multiply_f8(f8_line x, f8_line y)
{
    return (f8_line){_mm512_mul_pd(x.low, y.low), _mm512_mul_pd(x.high, y.high)};
}

/* x · y + z with one rounding. */
SV_INLINE f8_line multiply_add_f8(f8_line x, f8_line y, f8_line z)
{
    return (f8_line){_mm512_fmadd_pd(x.low, y.low, z.low), _mm512_fmadd_pd(x.high, y.high, z.high)};
}

SV_INLINE __m512d finite_half(__m512d x, __m512d like)
{
    __m512d most = _mm512_set1_pd(0x1.fffffffffffffp1023);
    __mmask8 finite = _mm512_cmp_pd_mask(_mm512_abs_pd(like), most, _CMP_LE_OQ);
    return _mm512_maskz_mov_pd(finite, x);
}

/* x where `like` is finite, else 0. */
SV_INLINE f8_line finite_only(f8_line x, f8_line like)
{
    return (f8_line){finite_half(x.low, like.low), finite_half(x.high, like.high)};
}

SV_INLINE f8_part part_min_f8(f8_part part, f8_line x)
{
    return _mm512_min_pd(part, _mm512_min_pd(x.low, x.high));
}

SV_INLINE f8_part part_max_f8(f8_part part, f8_line x)
{
    return _mm512_max_pd(part, _mm512_max_pd(x.low, x.high));
}

/* The smallest magnitude. */
SV_INLINE f8_part part_least_f8(f8_part part, f8_line x)
{
    return part_min_f8(part, (f8_line){_mm512_abs_pd(x.low), _mm512_abs_pd(x.high)});
}

/* The smallest magnitude that is not 0. */
SV_INLINE __m512d infinite_zero(__m512d x)
{
    __mmask8 zero = _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_EQ_OQ);
    return _mm512_mask_mov_pd(x, zero, _mm512_set1_pd((double)INFINITY));
}

SV_INLINE f8_part part_least_but_0_f8(f8_part part, f8_line x)
{
    return part_least_f8(part, (f8_line){infinite_zero(x.low), infinite_zero(x.high)});
}

/* How many are 0; of each place the count is in its low 32 bits. */
SV_INLINE i4_part part_zeros_f8(i4_part part, f8_line x)
{
    const __m512i one = _mm512_set1_epi64(1);
    const __m512d zero = _mm512_setzero_pd();
    __mmask8 low = _mm512_cmp_pd_mask(x.low, zero, _CMP_EQ_OQ);
    __mmask8 high = _mm512_cmp_pd_mask(x.high, zero, _CMP_EQ_OQ);
    part = _mm512_mask_add_epi64(part, low, part, one);
    return _mm512_mask_add_epi64(part, high, part, one);
}

/* How many are −0, in the same places. */
SV_INLINE i4_part part_lowest_f8(i4_part part, f8_line x)
{
    const __m512i one = _mm512_set1_epi64(1), lowest = _mm512_set1_epi64(INT64_MIN);
    __mmask8 low = _mm512_cmpeq_epi64_mask(_mm512_castpd_si512(x.low), lowest);
    __mmask8 high = _mm512_cmpeq_epi64_mask(_mm512_castpd_si512(x.high), lowest);
    part = _mm512_mask_add_epi64(part, low, part, one);
    return _mm512_mask_add_epi64(part, high, part, one);
}

/* With the same bits. */
SV_INLINE equal_part part_equal_f8(equal_part part, f8_line x, f8_line y)
{
    part.of_64 = _mm512_mask_cmpneq_epi64_mask(part.of_64, _mm512_castpd_si512(x.low),
                                               _mm512_castpd_si512(y.low));
    part.of_64 = _mm512_mask_cmpneq_epi64_mask(part.of_64, _mm512_castpd_si512(x.high),
                                               _mm512_castpd_si512(y.high));
    return part;
}

SV_INLINE uint16_t same_f8(f8_line x, f8_line y)
{
    return (uint16_t)(_mm512_cmp_pd_mask(x.low, y.low, _CMP_EQ_OQ) |
                      _mm512_cmp_pd_mask(x.high, y.high, _CMP_EQ_OQ) << 8);
}

SV_INLINE f8_part all_f8_part(double value)
{
    return _mm512_set1_pd(value);
}

/* ---- to memory ----------------------------------------------------------------------------- */

enum { F4_PART = 16, F8_PART = 8 };

SV_INLINE void store_f8(double *to, f8_line x)
{
    _mm512_storeu_pd(to, x.low);
    _mm512_storeu_pd(to + 8, x.high);
}

SV_INLINE void store_i4_part(int32_t *to, i4_part x)
{
    _mm512_storeu_si512(to, x);
}

SV_INLINE void store_f8_part(double *to, f8_part x)
{
    _mm512_storeu_pd(to, x);
}

#endif
