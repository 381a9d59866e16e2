/* Kernels: the inner loops over samples, on plain pointers.
 *
 * One table of functions per instruction set, chosen once (sv_kernels_get). The reference set is
 * plain C and defines what each function computes; the others give the same bits.
 *
 * The lane structure, which every set keeps. A block of n samples is split into SV_STREAMS streams
 * that lie one after the other; each is a row of *lines* of SV_LANES samples. A kernel takes a line
 * of each stream in turn: line 0 of streams 0, 1, 2, 3, then line 1 … Sample i of a line is added
 * to lane i. What is left of the block after the last whole line is added sample by sample to the
 * lanes 0, 1, 2 … (sv_lanes_add_tail). Four streams, because the memory system answers four
 * sequential streams faster than one.
 *
 * Kernels know two kinds of samples, float32 and float64, in native order and aligned. All other
 * types, orders and strides are converted a tile at a time into one of the two: float32 where it
 * holds every value exactly (8, 16 and 24 bits), float64 otherwise. */
#ifndef SV_KERNEL_KERNEL_H
#define SV_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/dtype.h"
#include "seisview/status.h"

enum { SV_STREAMS = 4, SV_LANES = 16 };

/* Running figures of a block; all lanes start from sv_lanes_init(). */
typedef struct sv_lanes {
    double sum[SV_LANES];
    double squares[SV_LANES];
    double min[SV_LANES], max[SV_LANES];
    uint32_t zeros[SV_LANES];
    uint32_t nans[SV_LANES], infinities[SV_LANES]; /* count_* alone */
    uint32_t any_equal; /* not 0: somewhere a sample equals the one after it */
} sv_lanes;

/* Steim's compression: a frame is 16 words, of which the first one holds two bits for each, from
 * the top. These and the word's own two highest make its code, which says how the differences of
 * samples stand in it: so many of so many bits, the first one highest, the last one lowest. */
enum { SV_STEIM_WORDS = 16, SV_STEIM_CODES = 16, SV_STEIM_LANES = 8 };

typedef enum sv_packing {
    SV_PACKED_NONE,
    SV_PACKED_UNKNOWN, /* there is no such code */
    SV_PACKED_1_OF_32,
    SV_PACKED_2_OF_16,
    SV_PACKED_2_OF_16_REVERSED, /* the first one lowest */
    SV_PACKED_4_OF_8,
    SV_PACKED_4_OF_8_REVERSED,
    SV_PACKED_1_OF_30,
    SV_PACKED_2_OF_15,
    SV_PACKED_3_OF_10,
    SV_PACKED_5_OF_6,
    SV_PACKED_6_OF_5,
    SV_PACKED_7_OF_4
} sv_packing;

typedef struct sv_kernels {
    const char *name;

    /* The main pass: sum, squares, min, max, zeros, any_equal. Reads one sample past each stream
     * (the neighbour of its last). A sample that is NaN or infinite leaves squares not finite in
     * its lane; min, max and zeros then mean nothing. float32 squares are exact. */
    void (*survey_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines);
    void (*survey_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines);

    /* For blocks with NaN or infinities: min, max, zeros of the finite samples, nans, infinities.
     */
    void (*count_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines);
    void (*count_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines);

    /* sum and squares of x·scale − pilot over the finite samples. */
    void (*centre_f4)(sv_lanes *lanes, const float *const stream[SV_STREAMS], int64_t lines,
                      double pilot, double scale);
    void (*centre_f8)(sv_lanes *lanes, const double *const stream[SV_STREAMS], int64_t lines,
                      double pilot, double scale);

    /* Bit i of `bits` (64 a word, zero-filled to the end of the last) says whether samples i and
     * i + 1 are equal by value and finite, for i in [0, pairs): reads pairs + 1 samples. */
    void (*equal_f4)(const float *samples, int64_t pairs, uint64_t *bits);
    void (*equal_f8)(const double *samples, int64_t pairs, uint64_t *bits);

    /* The first index whose sample equals `value`; n where none does. */
    int64_t (*find_f4)(const float *samples, int64_t n, float value);
    int64_t (*find_f8)(const double *samples, int64_t n, double value);

    /* n samples of any type, `stride` bytes apart and aligned or not, to native float32 or float64
     * (sv_kernel_is_f4). */
    void (*convert)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, void *to);

    /* The plain float32 sum, for the machine's ceiling. */
    float (*sum_f4)(const float *const stream[SV_STREAMS], int64_t lines);

    /* The differences in the words of frames, all but the first of each, one after the other. There
     * must be room for SV_STEIM_LANES more than the frames can hold. `packings` has an sv_packing
     * for each code. False: a word is packed in no known way; *count is how many differences stand
     * before it. */
    bool (*split_frames)(const uint8_t packings[SV_STEIM_CODES], const unsigned char *frames,
                         int64_t num_frames, sv_byte_order order, int32_t *differences,
                         int64_t *count);

    /* Running sums, which wrap around. */
    void (*add_up)(int32_t before, const int32_t *differences, int64_t count, int32_t *samples);
} sv_kernels;

/* Whether samples of this type convert to float32 (else to float64), exactly. */
static inline bool sv_kernel_is_f4(sv_dtype dtype)
{
    return dtype.type == SV_F4 || sv_dtype_itemsize(dtype) <= 3;
}

void sv_lanes_init(sv_lanes *lanes);

/* The best set that this processor and system can run, or what SEISVIEW_KERNEL names. The same on
 * every call. SV_UNSUPPORTED with the sentence. */
sv_status sv_kernels_get(const sv_kernels **kernels, sv_error *error);

/* All sets that are built in, whether they can run here or not; for tests. NULL past the last. */
const sv_kernels *sv_kernels_at(int i, bool *runs_here);

/* How many of n samples the lines take, per stream: all that leave a neighbour to read. */
static inline int64_t sv_lines_of(int64_t n)
{
    return n > 0 ? (n - 1) / (SV_STREAMS * SV_LANES) : 0;
}

#endif
