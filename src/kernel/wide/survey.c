/* The main pass, written once for all sets with wide registers. The samples of a line are loaded
 * and, where need be, swapped and converted in registers; each way of storing them becomes a
 * function of its own. */
#include <math.h>
#include <string.h>

#include "kernel/set.h"
#include "kernel/wide/squares.h"

/* How samples are stored: their type, and whether their bytes are to be swapped. Both are constants
 * wherever a function is inlined. */
typedef struct stored {
    sv_type type;
    bool swapped;
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
    f4_part min_f4, max_f4;
    magnitude_part magnitudes;
    i4_part min_i4, max_i4, zeros;
    i4_part least_fraction; /* of IBM floats, less 1, but for 0 */
    f8_part min_f8, max_f8, least_f8;
    equal_part equal;
} state;

SV_INLINE state begin(void)
{
    return (state){
        .sum = all_f8(0.0),
        .chunk = all_f8(0.0),
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
    };
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
    s->equal = part_equal_i4(s->equal, load_i4(x), load_i4(x + 4));
    if (as.type == SV_IBM4) {
        i4_line fraction = and_i4(load_word(as, x), 0xffffff);
        s->least_fraction = part_least_but_0_i4(s->least_fraction, fraction);
    }
}

static void finish_f4(const state *s, int64_t count, sv_lanes *lanes)
{
    lanes->min = (double)lowest_of_f4(s->min_f4);
    lanes->max = (double)highest_of_f4(s->max_f4);
    store_magnitudes(s->magnitudes, count, lanes);
}

/* Whether a sample, or one of the neighbours past the streams' ends, may be written in another way
 * than one of its value. */
static bool any_not_normalised(stored as, const state *s, const sv_lanes *lanes,
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
    if (size_of(as) == 4) {
        s->equal = part_equal_i4(s->equal, load_i4(x), load_i4(x + 4));
    }
}

static void finish_whole(const state *s, sv_lanes *lanes)
{
    int32_t min[F4_PART], max[F4_PART], zeros[F4_PART];
    store_i4_part(min, s->min_i4);
    store_i4_part(max, s->max_i4);
    store_i4_part(zeros, s->zeros);
    for (int i = 1; i < F4_PART; i++) {
        min[0] = min[i] < min[0] ? min[i] : min[0];
        max[0] = max[i] > max[0] ? max[i] : max[0];
        zeros[0] += zeros[i];
    }
    lanes->min = (double)min[0];
    lanes->max = (double)max[0];
    lanes->least = 1.0;
    lanes->zeros = zeros[0];
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
    s->equal = part_equal_f8(s->equal, own, load_f8(x + 8));
}

static void finish_f8(const state *s, sv_lanes *lanes)
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

SV_INLINE void finish(stored as, const state *s, int64_t count, sv_lanes *lanes)
{
    lanes->zeros = lanes->negative_zeros = 0;
    /* Small integers are full of equal neighbours. */
    lanes->any_equal = size_of(as) < 4 || any_equal(s->equal);
    if (as.type == SV_F8) {
        finish_f8(s, lanes);
    } else if (is_whole(as)) {
        finish_whole(s, lanes);
    } else {
        finish_f4(s, count, lanes);
    }
}

SV_INLINE void survey(stored as, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                      int64_t lines)
{
    const char *x0 = stream[0], *x1 = stream[1], *x2 = stream[2], *x3 = stream[3];
    const int64_t line_bytes = SV_LANES * size_of(as), bytes = lines * line_bytes;
    squares sums = {all_f8(0.0), all_f8(0.0)};
    state s = begin();
    for (int64_t i = 0; i < bytes;) {
        int64_t group_end = lesser(bytes, i + SV_GROUP_LINES * line_bytes);
        while (i < group_end) {
            int64_t chunk_end = lesser(bytes, i + SV_CHUNK_LINES * line_bytes);
            for (; i < chunk_end; i += line_bytes) {
                ahead(x0 + i);
                ahead(x1 + i);
                ahead(x2 + i);
                ahead(x3 + i);
                add_line(as, &s, x0 + i);
                add_line(as, &s, x1 + i);
                add_line(as, &s, x2 + i);
                add_line(as, &s, x3 + i);
            }
            end_chunk(&sums, &s.chunk);
        }
        end_group(&sums);
    }
    finish(as, &s, lines * SV_STREAMS * SV_LANES, lanes);
    if (as.type == SV_IBM4 && !lanes->any_equal) {
        const char *const end[SV_STREAMS] = {x0 + bytes, x1 + bytes, x2 + bytes, x3 + bytes};
        lanes->any_equal = any_not_normalised(as, &s, lanes, end);
    }
    if (lines == 0) {
        lanes->min = lanes->least = (double)INFINITY;
        lanes->max = -(double)INFINITY;
    }
    store_f8(lanes->sum, s.sum);
    store_f8(lanes->squares, sums.stretch);
}

/* Each use is a loop of its own. */
SV_INLINE bool survey_type(sv_type type, bool swapped, sv_lanes *lanes,
                           const void *const stream[SV_STREAMS], int64_t lines)
{
    if (swapped) {
        survey((stored){type, true}, lanes, stream, lines);
    } else {
        survey((stored){type, false}, lanes, stream, lines);
    }
    return true;
}

bool SV_SET(survey)(sv_dtype dtype, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                    int64_t lines)
{
    bool swapped = dtype.order != SV_NATIVE_ENDIAN;
    switch ((sv_type)dtype.type) {
    case SV_F4: return survey_type(SV_F4, swapped, lanes, stream, lines);
    case SV_F8: return survey_type(SV_F8, swapped, lanes, stream, lines);
    case SV_IBM4: return survey_type(SV_IBM4, swapped, lanes, stream, lines);
    case SV_I1: return survey_type(SV_I1, false, lanes, stream, lines);
    case SV_U1: return survey_type(SV_U1, false, lanes, stream, lines);
    case SV_I2: return survey_type(SV_I2, swapped, lanes, stream, lines);
    case SV_U2: return survey_type(SV_U2, swapped, lanes, stream, lines);
    case SV_I3: return survey_type(SV_I3, swapped, lanes, stream, lines);
    case SV_U3: return survey_type(SV_U3, swapped, lanes, stream, lines);
    case SV_I4: return survey_type(SV_I4, swapped, lanes, stream, lines);
    default: return false;
    }
}
