/* What the main pass knows of a stretch while it goes on, written once for all sets with wide
 * registers. The samples of a line are loaded and, where need be, swapped and converted in
 * registers. */
#ifndef SV_KERNEL_WIDE_STATE_H
#define SV_KERNEL_WIDE_STATE_H

#include <math.h>
#include <string.h>

#include "kernel/wide/squares.h"

/* How samples are stored: their type, and whether their bytes are to be swapped; and what is found
 * of them besides. All are constants wherever a function is inlined. */
typedef struct stored {
    sv_type type;
    bool swapped;
    bool pairs, powers;
} stored;

SV_INLINE bool is_whole(stored as)
{
    return as.type != SV_F4 && as.type != SV_F8 && as.type != SV_IBM4;
}

SV_INLINE int64_t size_of(stored as)
{
    switch (as.type) {
    case SV_I1:
    case SV_U1: return 1;
    case SV_I2:
    case SV_U2: return 2;
    case SV_I3:
    case SV_U3: return 3;
    case SV_F8: return 8;
    default: return 4;
    }
}

/* Of these a survey uses those of its kind alone. */
typedef struct state {
    f8_line sum, chunk;
    squares squares;
    f4_part min_f4, max_f4;
    magnitude_part magnitudes;
    i4_part min_i4, max_i4, zeros;
    i4_part least_fraction; /* of IBM floats, less 1, but for 0 */
    f8_part min_f8, max_f8, least_f8;
    equal_part equal;
    uint64_t any_pair;
    f8_line pilot, cubes, fourths;
} state;

SV_INLINE state begin(void)
{
    return (state){
        .sum = all_f8(0.0),
        .chunk = all_f8(0.0),
        .squares = {all_f8(0.0), all_f8(0.0)},
        .min_f4 = all_f4_part(INFINITY),
        .max_f4 = all_f4_part(-INFINITY),
        .min_i4 = all_i4_part(INT32_MAX),
        .max_i4 = all_i4_part(INT32_MIN),
        .magnitudes = no_magnitudes(),
        .least_fraction = all_i4_part(-1),
        .zeros = all_i4_part(0),
        .min_f8 = all_f8_part((double)INFINITY),
        .max_f8 = all_f8_part((double)-INFINITY),
        .least_f8 = all_f8_part((double)INFINITY),
        .equal = none_equal(),
        .cubes = all_f8(0.0),
        .fourths = all_f8(0.0),
    };
}

SV_INLINE void add_powers(state *s, f8_line value)
{
    f8_line offset = subtract_f8(value, s->pilot);
    f8_line square = multiply_f8(offset, offset);
    s->cubes = multiply_add_f8(offset, square, s->cubes);
    s->fourths = multiply_add_f8(square, square, s->fourths);
}

/* ---- samples that float32 holds ------------------------------------------------------------ */

SV_INLINE i4_line load_word(stored as, const char *x)
{
    return as.swapped ? swap_i4(load_i4(x)) : load_i4(x);
}

/* Integers of up to 4 bytes. */
SV_INLINE i4_line load_whole(stored as, const char *x)
{
    switch (as.type) {
    case SV_I1: return widen_1(x, true);
    case SV_U1: return widen_1(x, false);
    case SV_I2: return widen_2(x, true, as.swapped);
    case SV_U2: return widen_2(x, false, as.swapped);
    case SV_I3: return widen_3(x, true, as.swapped);
    case SV_U3: return widen_3(x, false, as.swapped);
    default: return load_word(as, x);
    }
}

SV_INLINE f4_line load_f4(stored as, const char *x)
{
    switch (as.type) {
    case SV_F4: return f4_of_bits(load_word(as, x));
    case SV_IBM4: return f4_of_ibm4(load_word(as, x));
    default: return f4_of_i4(load_whole(as, x));
    }
}

/* IBM floats of one value may differ in their bits, unless they are normalised: their fraction
 * begins with a digit that is not 0. */
enum { LEAST_NORMALISED = 0x100000 };

SV_INLINE bool is_normalised(stored as, const char *x)
{
    uint32_t word;
    memcpy(&word, x, sizeof word);
    return ((as.swapped ? __builtin_bswap32(word) : word) & 0xffffff) >= LEAST_NORMALISED;
}

SV_INLINE void add_f4(stored as, state *s, const char *x)
{
    f4_line value = load_f4(as, x);
    f8_line wide = as.type == SV_F4 && !as.swapped ? widen_f4_at(x) : widen_f4(value);
    s->sum = add_f8(s->sum, wide);
    /* The product of two float32 is exact in float64: fused or not, the bits are the same. */
    s->chunk = multiply_add_f8(wide, wide, s->chunk);
    s->min_f4 = part_min_f4(s->min_f4, value);
    s->max_f4 = part_max_f4(s->max_f4, value);
    add_magnitudes(&s->magnitudes, value);
    if (!as.pairs) {
        s->equal = part_equal_i4(s->equal, load_i4(x), load_i4(x + 4));
    }
    if (as.powers) {
        add_powers(s, wide);
    }
    if (as.type == SV_IBM4) {
        i4_line fraction = and_i4(load_word(as, x), 0xffffff);
        s->least_fraction = part_least_but_0_i4(s->least_fraction, fraction);
    }
}

SV_INLINE void finish_f4(const state *s, int64_t count, sv_lanes *lanes)
{
    lanes->min = (double)lowest_of_f4(s->min_f4);
    lanes->max = (double)highest_of_f4(s->max_f4);
    store_magnitudes(s->magnitudes, count, lanes);
}

/* Whether a sample, or one of the neighbours past the streams' ends, may be written in another way
 * than one of its value. */
SV_INLINE bool any_not_normalised(stored as, const state *s, const sv_lanes *lanes,
                                  const char *const end[SV_STREAMS])
{
    uint32_t fraction[F4_PART];
    bool any = lanes->least == 0.0 || lanes->zeros > 0;
    store_i4_part((int32_t *)fraction, s->least_fraction);
    for (int i = 0; i < F4_PART; i++) {
        any |= fraction[i] < LEAST_NORMALISED - 1;
    }
    for (int i = 0; i < SV_STREAMS; i++) {
        any |= !is_normalised(as, end[i]);
    }
    return any;
}

/* ---- integers ------------------------------------------------------------------------------ */

SV_INLINE void add_whole(stored as, state *s, const char *x)
{
    i4_line value = load_whole(as, x);
    f8_line wide = widen_i4(value);
    s->sum = add_f8(s->sum, wide);
    /* Not fused: of 32 bits the rounded square is what the reference adds. */
    s->chunk = add_f8(s->chunk, multiply_f8(wide, wide));
    s->min_i4 = part_min_i4(s->min_i4, value);
    s->max_i4 = part_max_i4(s->max_i4, value);
    s->zeros = part_zeros_i4(s->zeros, value);
    if (!as.pairs && size_of(as) == 4) {
        s->equal = part_equal_i4(s->equal, load_i4(x), load_i4(x + 4));
    }
}

SV_INLINE void finish_whole(const state *s, sv_lanes *lanes)
{
    lanes->min = (double)lowest_of_i4(s->min_i4);
    lanes->max = (double)highest_of_i4(s->max_i4);
    lanes->least = 1.0;
    lanes->zeros = total_of_i4(s->zeros);
}

/* ---- float64 ------------------------------------------------------------------------------- */

SV_INLINE void add_f8_line(stored as, state *s, const char *x)
{
    f8_line own = load_f8(x);
    f8_line value = as.swapped ? swap_f8(own) : own;
    s->sum = add_f8(s->sum, value);
    s->chunk = add_f8(s->chunk, multiply_f8(value, value));
    s->min_f8 = part_min_f8(s->min_f8, value);
    s->max_f8 = part_max_f8(s->max_f8, value);
    s->least_f8 = part_least_f8(s->least_f8, value);
    if (!as.pairs) {
        s->equal = part_equal_f8(s->equal, own, load_f8(x + 8));
    }
    if (as.powers) {
        add_powers(s, value);
    }
}

SV_INLINE void finish_f8(const state *s, sv_lanes *lanes)
{
    double min[F8_PART], max[F8_PART], least[F8_PART];
    store_f8_part(min, s->min_f8);
    store_f8_part(max, s->max_f8);
    store_f8_part(least, s->least_f8);
    for (int i = 1; i < F8_PART; i++) {
        min[0] = min[i] < min[0] ? min[i] : min[0];
        max[0] = max[i] > max[0] ? max[i] : max[0];
        least[0] = least[i] < least[0] ? least[i] : least[0];
    }
    lanes->min = min[0];
    lanes->max = max[0];
    lanes->least = least[0];
}

/* ---- the stretch --------------------------------------------------------------------------- */

SV_INLINE void add_line(stored as, state *s, const char *x)
{
    if (as.type == SV_F8) {
        add_f8_line(as, s, x);
    } else if (is_whole(as)) {
        add_whole(as, s, x);
    } else {
        add_f4(as, s, x);
    }
    hold(&s->sum);
    hold(&s->chunk);
}

/* The lines of a chunk of each stream. Those `ahead` bytes behind them are asked for. */
SV_INLINE void add_chunk(stored as, state *s, const char *const x[SV_STREAMS], int64_t lines,
                         ptrdiff_t ahead)
{
    const int64_t line_bytes = SV_LANES * size_of(as);
    for (int64_t i = 0; i < lines * line_bytes; i += line_bytes) {
        for (int k = 0; k < SV_STREAMS; k++) {
            _mm_prefetch(x[k] + i + ahead, _MM_HINT_T0);
        }
        add_line(as, s, x[0] + i);
        add_line(as, s, x[1] + i);
        add_line(as, s, x[2] + i);
        add_line(as, s, x[3] + i);
    }
    end_chunk(&s->squares, &s->chunk);
}

/* Of `count` samples. */
SV_INLINE void finish(stored as, const state *s, int64_t count, sv_lanes *lanes)
{
    lanes->zeros = lanes->negative_zeros = 0;
    lanes->has_pairs = as.pairs;
    lanes->has_powers = as.powers;
    /* Small integers are full of equal neighbours. */
    lanes->any_equal = as.pairs ? s->any_pair != 0 : size_of(as) < 4 || any_equal(s->equal);
    if (as.type == SV_F8) {
        finish_f8(s, lanes);
    } else if (is_whole(as)) {
        finish_whole(s, lanes);
    } else {
        finish_f4(s, count, lanes);
    }
    store_f8(lanes->sum, s->sum);
    store_f8(lanes->squares, s->squares.stretch);
}

/* ---- what is found besides, of a chunk that has just been read ------------------------------ */

SV_INLINE uint64_t pairs_of_line(stored as, const char *x)
{
    const char *next = x + size_of(as);
    if (as.type == SV_F8) {
        f8_line own = load_f8(x), other = load_f8(next);
        return same_f8(as.swapped ? swap_f8(own) : own, as.swapped ? swap_f8(other) : other);
    }
    return is_whole(as) ? same_i4(load_whole(as, x), load_whole(as, next))
                        : same_f4(load_f4(as, x), load_f4(as, next));
}

/* The pairs of a chunk's lines fill a word. */
_Static_assert(SV_CHUNK_LINES *SV_LANES == 64, "a chunk's pairs are not a word");

SV_INLINE uint64_t pairs_of_chunk(stored as, const char *x, int64_t lines)
{
    const int64_t line_bytes = SV_LANES * size_of(as);
    uint64_t word = 0;
    if (lines == SV_CHUNK_LINES) {
        return pairs_of_line(as, x) | pairs_of_line(as, x + line_bytes) << 16 |
               pairs_of_line(as, x + 2 * line_bytes) << 32 |
               pairs_of_line(as, x + 3 * line_bytes) << 48;
    }
    for (int64_t i = 0; i < lines; i++) {
        word |= pairs_of_line(as, x + i * line_bytes) << SV_LANES * i;
    }
    return word;
}

SV_INLINE void add_pairs(stored as, state *s, const char *const x[SV_STREAMS], int64_t lines,
                         int64_t word, sv_pair_bits *pairs)
{
    for (int k = 0; k < SV_STREAMS; k++) {
        uint64_t bits = pairs_of_chunk(as, x[k], lines);
        pairs->of[k][word] = bits;
        s->any_pair |= bits;
    }
}

#endif
