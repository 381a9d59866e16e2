/* Zeros, and the smallest of the others. */
#include "kernel/set.h"
#include "kernel/wide/line.h"

void SV_SET(zeros_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines)
{
    i4_part zeros = all_i4_part(0), negative = all_i4_part(0), least = all_i4_part(-1);
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        for (int k = 0; k < SV_STREAMS; k++) {
            i4_line bits = load_i4((const char *)(stream[k] + i)), doubled = double_i4(bits);
            zeros = part_zeros_i4(zeros, doubled);
            negative = part_lowest_i4(negative, bits);
            least = part_least_but_0_i4(least, doubled);
        }
    }
    uint32_t count[F4_PART], of_negative[F4_PART], below[F4_PART];
    store_i4_part((int32_t *)count, zeros);
    store_i4_part((int32_t *)of_negative, negative);
    store_i4_part((int32_t *)below, least);
    for (int i = 0; i < F4_PART; i++) {
        union {
            uint32_t bits;
            float value;
        } magnitude = {(below[i] + 1) >> 1};
        bool is_least = below[i] != UINT32_MAX && (double)magnitude.value < counts->least;
        counts->least = is_least ? (double)magnitude.value : counts->least;
        counts->zeros += count[i];
        counts->negative_zeros += of_negative[i];
    }
}

void SV_SET(zeros_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines)
{
    i4_part zeros = all_i4_part(0), negative = all_i4_part(0);
    f8_part least = all_f8_part((double)INFINITY);
    for (int64_t i = 0; i < lines * SV_LANES; i += SV_LANES) {
        for (int k = 0; k < SV_STREAMS; k++) {
            f8_line x = load_f8((const char *)(stream[k] + i));
            zeros = part_zeros_f8(zeros, x);
            negative = part_lowest_f8(negative, x);
            least = part_least_but_0_f8(least, x);
        }
    }
    int32_t count[F4_PART], of_negative[F4_PART];
    double magnitude[F8_PART];
    store_i4_part(count, zeros);
    store_i4_part(of_negative, negative);
    store_f8_part(magnitude, least);
    for (int i = 0; i < F8_PART; i++) {
        counts->least = magnitude[i] < counts->least ? magnitude[i] : counts->least;
        counts->zeros += count[2 * i];
        counts->negative_zeros += of_negative[2 * i];
    }
}
