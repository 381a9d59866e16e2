/* Eight frames of four samples, transposed in AVX2's registers. */
#ifndef SV_KERNEL_AVX2_TRANSPOSE_H
#define SV_KERNEL_AVX2_TRANSPOSE_H

#include <stddef.h>

#include "kernel/avx2/line.h"

enum { FRAMES = 8 };

/* Four samples of a frame, and of the one four frames on. */
SV_INLINE __m256 load_frames(const char *frame, ptrdiff_t frame_bytes)
{
    return _mm256_loadu2_m128((const float *)(const void *)(frame + 4 * frame_bytes),
                              (const float *)(const void *)frame);
}

/* Writes the first `rows` of the four. */
SV_INLINE void part_frames(const char *from, ptrdiff_t frame_bytes, int rows, char *to,
                           ptrdiff_t row_bytes)
{
    __m256 a = load_frames(from, frame_bytes), b = load_frames(from + frame_bytes, frame_bytes);
    __m256 c = load_frames(from + 2 * frame_bytes, frame_bytes);
    __m256 d = load_frames(from + 3 * frame_bytes, frame_bytes);
    __m256 low_ab = _mm256_unpacklo_ps(a, b), high_ab = _mm256_unpackhi_ps(a, b);
    __m256 low_cd = _mm256_unpacklo_ps(c, d), high_cd = _mm256_unpackhi_ps(c, d);
    _mm256_storeu_ps((float *)(void *)to, _mm256_shuffle_ps(low_ab, low_cd, 0x44));
    if (rows > 1) {
        _mm256_storeu_ps((float *)(void *)(to + row_bytes),
                         _mm256_shuffle_ps(low_ab, low_cd, 0xee));
    }
    if (rows > 2) {
        _mm256_storeu_ps((float *)(void *)(to + 2 * row_bytes),
                         _mm256_shuffle_ps(high_ab, high_cd, 0x44));
    }
    if (rows > 3) {
        _mm256_storeu_ps((float *)(void *)(to + 3 * row_bytes),
                         _mm256_shuffle_ps(high_ab, high_cd, 0xee));
    }
}

/* Frames of three samples without gaps. In each place of a register one of the three has a sample
 * of a row, since 3 and 8 have no common divisor. */
SV_INLINE void part_three(const char *from, char *to, ptrdiff_t row_bytes)
{
    enum { EVERY_THIRD = 0x49, FROM_SECOND = 0x92, FROM_THIRD = 0x24 };
    const __m256i order = _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5);
    const __m256i seven = _mm256_set1_epi32(7), one = _mm256_set1_epi32(1);
    const __m256i next = _mm256_and_si256(_mm256_add_epi32(order, one), seven);
    const __m256i last = _mm256_and_si256(_mm256_add_epi32(next, one), seven);
    const float *x = (const float *)(const void *)from;
    __m256 a = _mm256_loadu_ps(x), b = _mm256_loadu_ps(x + 8), c = _mm256_loadu_ps(x + 16);
    __m256 row0 = _mm256_blend_ps(_mm256_blend_ps(a, b, FROM_SECOND), c, FROM_THIRD);
    __m256 row1 = _mm256_blend_ps(_mm256_blend_ps(a, b, FROM_THIRD), c, EVERY_THIRD);
    __m256 row2 = _mm256_blend_ps(_mm256_blend_ps(a, b, EVERY_THIRD), c, FROM_SECOND);
    _mm256_storeu_ps((float *)(void *)to, _mm256_permutevar8x32_ps(row0, order));
    _mm256_storeu_ps((float *)(void *)(to + row_bytes), _mm256_permutevar8x32_ps(row1, next));
    _mm256_storeu_ps((float *)(void *)(to + 2 * row_bytes), _mm256_permutevar8x32_ps(row2, last));
}

#endif
