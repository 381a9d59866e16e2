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

#endif
