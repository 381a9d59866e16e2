/* Exact sums, centred squares and higher powers, written once for all sets with wide registers. */
#include "kernel/set.h"
#include "kernel/wide/squares.h"

SV_INLINE f8_line load(bool is_f4, const char *x)
{
    return is_f4 ? widen_f4_at(x) : load_f8(x);
}

SV_INLINE void fold_line(bool is_f4, bool all_finite, f8_line *high, f8_line *low, const char *x,
                         f8_line pivot)
{
    f8_line value = load(is_f4, x);
    value = all_finite ? value : finite_only(value, value);
    f8_line part = subtract_f8(add_f8(value, pivot), pivot);
    *high = add_f8(*high, part);
    *low = add_f8(*low, subtract_f8(value, part));
}

SV_INLINE void fold(bool is_f4, bool all_finite, double high[SV_LANES], double low[SV_LANES],
                    const void *const stream[SV_STREAMS], int64_t lines, double pivot)
{
    f8_line high_sum = all_f8(0.0), low_sum = all_f8(0.0), all_pivot = all_f8(pivot);
    const int64_t line_bytes = SV_LANES * (is_f4 ? 4 : 8);
    for (int64_t i = 0; i < lines * line_bytes; i += line_bytes) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const char *x = (const char *)stream[k] + i;
            fold_line(is_f4, all_finite, &high_sum, &low_sum, x, all_pivot);
        }
    }
    store_f8(high, high_sum);
    store_f8(low, low_sum);
}

SV_INLINE void choose_fold(bool is_f4, double high[SV_LANES], double low[SV_LANES],
                           const void *const stream[SV_STREAMS], int64_t lines, double pivot,
                           bool all_finite)
{
    if (all_finite) {
        fold(is_f4, true, high, low, stream, lines, pivot);
    } else {
        fold(is_f4, false, high, low, stream, lines, pivot);
    }
}

void SV_SET(fold_f4)(double high[SV_LANES], double low[SV_LANES],
                     const float *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_fold(true, high, low, from, lines, pivot, all_finite);
}

void SV_SET(fold_f8)(double high[SV_LANES], double low[SV_LANES],
                     const double *const stream[SV_STREAMS], int64_t lines, double pivot,
                     bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_fold(false, high, low, from, lines, pivot, all_finite);
}

SV_INLINE void centre_line(bool is_f4, bool lean, f8_line *chunk, const char *x, f8_line pilot,
                           f8_line scale)
{
    f8_line value = load(is_f4, x);
    f8_line offset = subtract_f8(lean ? value : multiply_f8(value, scale), pilot);
    offset = lean ? offset : finite_only(offset, value);
    *chunk = add_f8(*chunk, multiply_f8(offset, offset));
}

/* `lean`: all samples are finite, and the scale is 1. */
SV_INLINE void centre(bool is_f4, bool lean, double result[SV_LANES],
                      const void *const stream[SV_STREAMS], int64_t lines, double pilot,
                      double scale)
{
    squares sums = {all_f8(0.0), all_f8(0.0)};
    f8_line chunk = all_f8(0.0), all_pilot = all_f8(pilot), all_scale = all_f8(scale);
    const int64_t line_bytes = SV_LANES * (is_f4 ? 4 : 8);
    for (int64_t line = 0; line < lines;) {
        int64_t group_end = lesser(lines, line + SV_GROUP_LINES);
        while (line < group_end) {
            int64_t chunk_end = lesser(lines, line + SV_CHUNK_LINES);
            for (; line < chunk_end; line++) {
                for (int k = 0; k < SV_STREAMS; k++) {
                    const char *x = (const char *)stream[k] + line * line_bytes;
                    centre_line(is_f4, lean, &chunk, x, all_pilot, all_scale);
                }
            }
            end_chunk(&sums, &chunk);
        }
        end_group(&sums);
    }
    store_f8(result, sums.stretch);
}

SV_INLINE void choose_centre(bool is_f4, double result[SV_LANES],
                             const void *const stream[SV_STREAMS], int64_t lines, double pilot,
                             double scale, bool all_finite)
{
    if (all_finite && scale == 1.0) {
        centre(is_f4, true, result, stream, lines, pilot, scale);
    } else {
        centre(is_f4, false, result, stream, lines, pilot, scale);
    }
}

void SV_SET(centre_f4)(double result[SV_LANES], const float *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_centre(true, result, from, lines, pilot, scale, all_finite);
}

void SV_SET(centre_f8)(double result[SV_LANES], const double *const stream[SV_STREAMS],
                       int64_t lines, double pilot, double scale, bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_centre(false, result, from, lines, pilot, scale, all_finite);
}

SV_INLINE void powers_line(bool is_f4, bool lean, f8_line *cubes, f8_line *fourths, const char *x,
                           f8_line pilot, f8_line scale)
{
    f8_line value = load(is_f4, x);
    f8_line offset = subtract_f8(lean ? value : multiply_f8(value, scale), pilot);
    offset = lean ? offset : finite_only(offset, value);
    f8_line square = multiply_f8(offset, offset);
    *cubes = multiply_add_f8(offset, square, *cubes);
    *fourths = multiply_add_f8(square, square, *fourths);
}

SV_INLINE void powers(bool is_f4, bool lean, double cubes[SV_LANES], double fourths[SV_LANES],
                      const void *const stream[SV_STREAMS], int64_t lines, double pilot,
                      double scale)
{
    f8_line cube_sum = all_f8(0.0), fourth_sum = all_f8(0.0);
    f8_line all_pilot = all_f8(pilot), all_scale = all_f8(scale);
    const int64_t line_bytes = SV_LANES * (is_f4 ? 4 : 8);
    for (int64_t i = 0; i < lines * line_bytes; i += line_bytes) {
        for (int k = 0; k < SV_STREAMS; k++) {
            const char *x = (const char *)stream[k] + i;
            powers_line(is_f4, lean, &cube_sum, &fourth_sum, x, all_pilot, all_scale);
        }
    }
    store_f8(cubes, cube_sum);
    store_f8(fourths, fourth_sum);
}

SV_INLINE void choose_powers(bool is_f4, double cubes[SV_LANES], double fourths[SV_LANES],
                             const void *const stream[SV_STREAMS], int64_t lines, double pilot,
                             double scale, bool all_finite)
{
    if (all_finite && scale == 1.0) {
        powers(is_f4, true, cubes, fourths, stream, lines, pilot, scale);
    } else {
        powers(is_f4, false, cubes, fourths, stream, lines, pilot, scale);
    }
}

void SV_SET(powers_f4)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const float *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_powers(true, cubes, fourths, from, lines, pilot, scale, all_finite);
}

void SV_SET(powers_f8)(double cubes[SV_LANES], double fourths[SV_LANES],
                       const double *const stream[SV_STREAMS], int64_t lines, double pilot,
                       double scale, bool all_finite)
{
    const void *const from[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    choose_powers(false, cubes, fourths, from, lines, pilot, scale, all_finite);
}
