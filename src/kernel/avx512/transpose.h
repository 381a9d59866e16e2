/* Sixteen frames of four samples, transposed in AVX-512's registers. */
#ifndef SV_KERNEL_AVX512_TRANSPOSE_H
#define SV_KERNEL_AVX512_TRANSPOSE_H

#include <stddef.h>

#include "kernel/avx512/line.h"

enum { FRAMES = 16 };

SV_INLINE __m128 load_frame(const char *frame)
{
    return _mm_loadu_ps((const float *)(const void *)frame);
}

/* Four samples of frames 0, 4, 8 and 12, counted from this one. */
SV_INLINE __m512 load_frames(const char *frame, ptrdiff_t frame_bytes)
{
    const ptrdiff_t step = 4 * frame_bytes;
    __m512 four = _mm512_castps128_ps512(load_frame(frame));
    four = _mm512_insertf32x4(four, load_frame(frame + step), 1);
    four = _mm512_insertf32x4(four, load_frame(frame + 2 * step), 2);
    return _mm512_insertf32x4(four, load_frame(frame + 3 * step), 3);
}

/* Writes the first `rows` of the four. */
SV_INLINE void part_frames(const char *from, ptrdiff_t frame_bytes, int rows, char *to,
                           ptrdiff_t row_bytes)
{
    __m512 a = load_frames(from, frame_bytes), b = load_frames(from + frame_bytes, frame_bytes);
    __m512 c = load_frames(from + 2 * frame_bytes, frame_bytes);
    __m512 d = load_frames(from + 3 * frame_bytes, frame_bytes);
    __m512d low_ab = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    __m512d low_cd = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    __m512d high_ab = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    __m512d high_cd = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    _mm512_storeu_pd(to, _mm512_unpacklo_pd(low_ab, low_cd));
    if (rows > 1) {
        _mm512_storeu_pd(to + row_bytes, _mm512_unpackhi_pd(low_ab, low_cd));
    }
    if (rows > 2) {
        _mm512_storeu_pd(to + 2 * row_bytes, _mm512_unpacklo_pd(high_ab, high_cd));
    }
    if (rows > 3) {
        _mm512_storeu_pd(to + 3 * row_bytes, _mm512_unpackhi_pd(high_ab, high_cd));
    }
}

/* A row of three: in each place of a register one of the three has a sample of it, since 3 and 16
 * have no common divisor. */
SV_INLINE void part_row_of_three(const __m512 x[3], __mmask16 second, __mmask16 third,
                                 __m512i order, char *to)
{
    __m512 mixed = _mm512_mask_blend_ps(second, x[0], x[1]);
    mixed = _mm512_mask_blend_ps(third, mixed, x[2]);
    _mm512_storeu_ps(to, _mm512_permutexvar_ps(order, mixed));
}

/* Frames of three samples without gaps. */
SV_INLINE void part_three(const char *from, char *to, ptrdiff_t row_bytes)
{
    enum { EVERY_THIRD = 0x9249, FROM_SECOND = 0x2492, FROM_THIRD = 0x4924 };
    const __m512i order = _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13);
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i next = _mm512_add_epi32(order, one), last = _mm512_add_epi32(next, one);
    const __m512 x[3] = {_mm512_loadu_ps(from), _mm512_loadu_ps(from + 64),
                         _mm512_loadu_ps(from + 128)};
    part_row_of_three(x, FROM_THIRD, FROM_SECOND, order, to);
    part_row_of_three(x, EVERY_THIRD, FROM_THIRD, next, to + row_bytes);
    part_row_of_three(x, FROM_SECOND, EVERY_THIRD, last, to + 2 * row_bytes);
}

#endif
