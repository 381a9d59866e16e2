/* Kernels: the inner loops over samples, on plain pointers.
 *
 * One table of functions per instruction set, chosen once (sv_kernels_get). The reference set is
 * plain C and defines what each function computes; the others give the same bits.
 *
 * The lane structure, which every set keeps. A block of n samples is split into SV_STREAMS streams
 * that lie one after the other; each is a row of *lines* of SV_LANES samples. A kernel takes a line
 * of each stream in turn: line 0 of streams 0, 1, 2, 3, then line 1 … Sample i of a line is added
 * to lane i. Four streams, because the memory system answers four sequential streams faster than
 * one. What is left of the block after the last whole line is taken sample by sample.
 *
 * A call takes at most SV_STRETCH_LINES lines of each stream, a *stretch*, and begins its sums
 * anew: so a lane adds at most SV_STRETCH_ADDS samples. Squares are added in three steps: those of
 * SV_CHUNK_LINES lines, these sums over SV_GROUP_LINES lines, and these over the stretch. A lane's
 * sum of squares is then off by (15 + 7 + 3) · 2^-53 of itself at most, whatever the samples.
 *
 * Kernels know two kinds of samples, float32 and float64, in native order and aligned. All other
 * types, orders and strides are converted a tile at a time into one of the two, float32 where it
 * holds every value exactly (8, 16 and 24 bits) and float64 otherwise; for some there is a survey
 * that converts in registers and gives the same bits. */
#ifndef SV_KERNEL_KERNEL_H
#define SV_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/dtype.h"
#include "seisview/status.h"

enum {
    SV_STREAMS = 4,
    SV_LANES = 16,
    SV_CHUNK_LINES = 4,
    SV_GROUP_LINES = 32,
    SV_STRETCH_LINES = 128,
    SV_STRETCH_ADDS = SV_STREAMS * SV_STRETCH_LINES,
};

/* What the main pass finds in a stretch. */
typedef struct sv_lanes {
    double sum[SV_LANES], squares[SV_LANES];
    double min, max; /* +inf and −inf where there is no line */
    double least; /* the smallest |x|, or of integers perhaps 1; +inf where there is none. 0 where
                   * there are zeros that are not counted; where they are, the smallest of the rest
                   */
    int64_t zeros, negative_zeros; /* how many samples are 0, and of these −0, where least is not */
    uint32_t any_equal; /* not 0: perhaps a sample equals the one after it; 0: none does, unless
                         * both are zeros */
    bool has_pairs, has_powers; /* what was found besides */
} sv_lanes;

/* What the main pass may find on its way, so that no other pass over the same samples is needed.
 * The pairs are the bits that sv_kernels.equal_f4 or equal_f8 gives of each stream, the powers what
 * powers_f4 or powers_f8 gives about `pilot` with a scale of 1. Both mean nothing where a sample is
 * not finite. */
enum { SV_PAIRS_WORDS = SV_STRETCH_LINES * SV_LANES / 64 };

typedef struct sv_pair_bits {
    uint64_t of[SV_STREAMS][SV_PAIRS_WORDS];
} sv_pair_bits;

typedef struct sv_power_lanes {
    double pilot, cubes[SV_LANES], fourths[SV_LANES];
} sv_power_lanes;

/* Neighbouring rows of interleaved samples, and where they are put one after the other; see
 * sv_kernels.part. */
enum { SV_FRAMES_ROWS = 16 };

typedef struct sv_frames {
    sv_dtype dtype;
    const char *from;
    ptrdiff_t frame_bytes;
    int rows; /* SV_FRAMES_ROWS at most */
    int64_t n;
    char *to;
    ptrdiff_t row_bytes;
} sv_frames;

/* What the look at single samples finds. */
typedef struct sv_counts {
    int64_t zeros, nans, infinities;
    int64_t negative_zeros; /* of the zeros */
    double min, max;        /* of the finite ones; +inf and −inf where there is none */
    double least; /* the smallest |x| that is finite and not 0; +inf where there is none */
} sv_counts;

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

/* Where samples are looked for on the line of keys. A key is an unsigned integer, of 32 bits for
 * float32 and for integers of up to 32 bits, of 64 for float64, that is in the order of the values.
 * Counted from `least`, the key of the least finite sample, keys wrap round: so NaN and infinities
 * of both signs come after all finite samples. -0 comes right before +0.
 *
 * A bin is 2^shift keys, a target 2^width bins: bin (key - least) >> shift belongs to the target
 * that equals it but for its lowest `width` bits, which are 0 in the target. */
typedef struct sv_bins {
    uint64_t least;
    int shift, width; /* width 1 to 16 */
    int num_targets;
    const uint64_t *targets; /* no two are equal */
} sv_bins;

/* Each bin of a target has two counts, for samples at even and at odd places, so that equal samples
 * need not wait for each other. After those of the last target come two for all other samples,
 * which mean nothing. */
enum { SV_COUNTS_A_BIN = 2 };

static inline size_t sv_bins_places(const sv_bins *bins)
{
    return ((size_t)bins->num_targets << bins->width) + 1;
}

/* Of a row of samples: the sum, which is not finite where one of them is not; then the others mean
 * nothing. Without samples 0, +inf and −inf. */
typedef struct sv_spread {
    double sum, min, max;
} sv_spread;

/* Of a row less its pilot. */
typedef struct sv_deviations {
    double sum, squares;
} sv_deviations;

/* Sixteen windows of samples side by side, as the correlation with templates takes them: one
 * complex number of each of SV_WAVES transforms, window i in re[i] and window SV_WAVES + i in
 * im[i]. What is multiplied by the spectrum of real numbers keeps the two apart. */
enum { SV_WAVES = 8, SV_WINDOWS = 2 * SV_WAVES };

typedef struct sv_waves {
    _Alignas(64) double re[SV_WAVES];
    double im[SV_WAVES];
} sv_waves;

/* The samples of all windows: re, then im. */
static inline double *sv_windows_of(sv_waves *waves)
{
    return (double *)(void *)waves;
}

static inline const double *sv_windows_in(const sv_waves *waves)
{
    return (const double *)(const void *)waves;
}

/* A function of correlation is rounded to multiples of 1 / SV_CC_STEPS. */
#define SV_CC_STEPS 0x1p20

typedef struct sv_kernels {
    const char *name;

    /* The main pass over a stretch of samples as they are stored, without gaps; writes all of
     * *lanes. Reads one sample past each stream (the neighbour of its last). A sample that is NaN
     * or infinite leaves squares that are not finite in its lane; min, max and least then mean
     * nothing. False, and nothing is done, where the set has no survey of this type: the samples
     * are converted first. Every set has those of f4 and f8 in native order, which are aligned;
     * all others may lie at any address. A survey of ibm4 may have held values beyond SV_IBM4_LEAST
     * and SV_IBM4_MOST at its own limits, which lie beyond them, too. Pairs and powers are found
     * unless they are NULL, or the set has no way to; has_pairs and has_powers say it. Where pairs
     * are found, any_equal is not 0 if and only if one of their bits is set. */
    bool (*survey)(sv_dtype dtype, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                   int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers);

    /* For stretches with zeros, where all samples are finite: counts them and lowers least. */
    void (*zeros_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines);
    void (*zeros_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines);

    /* For stretches with NaN or infinities. Adds to the counts, lowers min and least, raises max.
     */
    void (*count_f4)(sv_counts *counts, const float *const stream[SV_STREAMS], int64_t lines);
    void (*count_f8)(sv_counts *counts, const double *const stream[SV_STREAMS], int64_t lines);

    /* Sums in two parts of the finite samples: high[i] of (x + pivot) − pivot, low[i] of what is
     * left of x. With a pivot of 1.5 · 2^p the high parts are multiples of 2^(p−52) (Demmel and
     * Nguyen 2015, Parallel Reproducible Summation). Faster where all are known to be finite. */
    void (*fold_f4)(double high[SV_LANES], double low[SV_LANES],
                    const float *const stream[SV_STREAMS], int64_t lines, double pivot,
                    bool all_finite);
    void (*fold_f8)(double high[SV_LANES], double low[SV_LANES],
                    const double *const stream[SV_STREAMS], int64_t lines, double pivot,
                    bool all_finite);

    /* Sums of (x · scale − pilot)² over the finite samples. Where all are known to be finite, and
     * the scale is 1, it is faster. */
    void (*centre_f4)(double squares[SV_LANES], const float *const stream[SV_STREAMS],
                      int64_t lines, double pilot, double scale, bool all_finite);
    void (*centre_f8)(double squares[SV_LANES], const double *const stream[SV_STREAMS],
                      int64_t lines, double pilot, double scale, bool all_finite);

    /* Sums of the third and fourth powers of x · scale − pilot over the finite samples. With d of
     * a sample and its square rounded, d · d² and d² · d² are added with one rounding each. */
    void (*powers_f4)(double cubes[SV_LANES], double fourths[SV_LANES],
                      const float *const stream[SV_STREAMS], int64_t lines, double pilot,
                      double scale, bool all_finite);
    void (*powers_f8)(double cubes[SV_LANES], double fourths[SV_LANES],
                      const double *const stream[SV_STREAMS], int64_t lines, double pilot,
                      double scale, bool all_finite);

    /* Bit i of `bits` (64 a word, zero-filled to the end of the last) says whether samples i and
     * i + 1 are equal by value and finite, for i in [0, pairs): reads pairs + 1 samples. */
    void (*equal_f4)(const float *samples, int64_t pairs, uint64_t *bits);
    void (*equal_f8)(const double *samples, int64_t pairs, uint64_t *bits);

    /* The same of integers of up to 4 bytes as they are stored, at any address. */
    void (*equal_stored)(const char *samples, size_t itemsize, int64_t pairs, uint64_t *bits);

    /* The first index whose sample equals `value`; n where none does. */
    int64_t (*find_f4)(const float *samples, int64_t n, float value);
    int64_t (*find_f8)(const double *samples, int64_t n, double value);

    /* n samples of any type, `stride` bytes apart and aligned or not, to native float32 or float64
     * (sv_kernel_is_f4). */
    void (*convert)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, void *to);

    /* `frames` frames of `rows` neighbouring samples each, one row after the other: sample `row` of
     * `frame` goes from from + frame · frame_bytes + row · itemsize to to + row · row_bytes + frame
     * · itemsize. Reads nothing but samples of rows and frames between the first and the last. */
    void (*part)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows, int64_t frames,
                 char *to, ptrdiff_t row_bytes);

    /* Parts frames and surveys their rows on the way, lines [first, first + count) of each stream:
     * lanes[row] is what survey() finds. The stretches of a block are taken in order; after each of
     * them its samples have been parted, and those behind its lines. False, and nothing is done,
     * where the set has no way to: the frames are parted first. */
    bool (*survey_frames)(const sv_frames *frames, int64_t first, int64_t count, sv_lanes *lanes);

    /* n integers of up to 32 bits, modulo 2^32, by the same rules. */
    void (*integers)(sv_dtype dtype, const char *from, ptrdiff_t stride, int64_t n, uint32_t *to);

    /* Adds n native samples, one after the other and aligned or not, to the counts of their bins:
     * float32, integers modulo 2^32, float64. */
    void (*histogram_f4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);
    void (*histogram_i4)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);
    void (*histogram_f8)(const sv_bins *bins, const void *samples, int64_t n, uint32_t *counts);

    /* Σxy and Σ|x| of n samples, `step` samples apart, in float64. */
    double (*dot_f4)(const float *x, ptrdiff_t x_step, const float *y, ptrdiff_t y_step, int64_t n);
    double (*dot_f8)(const double *x, ptrdiff_t x_step, const double *y, ptrdiff_t y_step,
                     int64_t n);
    double (*sizes_f4)(const float *x, ptrdiff_t step, int64_t n);
    double (*sizes_f8)(const double *x, ptrdiff_t step, int64_t n);

    /* Of n samples in place; SV_LANES sums. */
    void (*spread_f4)(const float *samples, int64_t n, sv_spread *spread);
    void (*spread_f8)(const double *samples, int64_t n, sv_spread *spread);

    /* Of n samples of a row: writes (x − pilot) · scale, rounded to float32; `to` may be where the
     * samples lie. Finds the sum of x − pilot and that of its squares, in SV_LANES sums. What lies
     * at `next`, as much as was read, is fetched to the cache meanwhile, if it is not NULL. */
    void (*centre_row_f4)(const float *samples, int64_t n, double pilot, double scale, float *to,
                          const void *next, sv_deviations *found);
    void (*centre_row_f8)(const double *samples, int64_t n, double pilot, double scale, float *to,
                          const void *next, sv_deviations *found);

    /* Of `rows` interleaved rows of n samples, one frame `step` samples behind the other: writes
     * (x − pilot) · scale, in float32, into frames `to_step` apart, elsewhere, and adds x − pilot
     * to each row's sum and its square to its squares. Frames that lie behind are fetched to the
     * cache meanwhile. */
    void (*centre_frames)(const float *frames, int64_t step, int64_t n, int64_t rows,
                          const float *pilots, const float *scales, float *to, int64_t to_step,
                          double *sums, double *squares);

    /* sums[i] += products[i] · (scale · scales[i]) + (delta · deltas[i] + offset · offsets[i]). */
    void (*add_products)(double *sums, const float *products, int64_t n, double scale,
                         const double *scales, double delta, const double *deltas, double offset,
                         const double *offsets);

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

    /* The discrete Fourier transform in place, of 4^levels numbers (levels 2 or more) in each lane:
     * what comes out has the base-4 digits of its indices reversed. Of each level from the second
     * on `roots` has, for k in [0, n / 4) with n = 4^level, the cosine and the sine of 2π k / n, 4π
     * k / n and 6π k / n. */
    void (*transform)(sv_waves *waves, int levels, const double *roots);
    /* Its inverse, times 4^levels, from reversed digits to the natural order. */
    void (*restore)(sv_waves *waves, int levels, const double *roots);

    /* to[k] = from[k] · factors[k], or with `add` to[k] += …; n complex factors. */
    void (*multiply)(sv_waves *to, const sv_waves *from, const double *factors, int64_t n,
                     bool add);

    /* Of n samples of each window, as far as they are finite: their mean, and the sum of squares
     * about it. */
    void (*centre_windows)(const sv_waves *samples, int64_t n, double means[SV_WINDOWS],
                           double squares[SV_WINDOWS]);
    /* Takes the means off; 0 where a sample is not finite. */
    void (*take_off)(const sv_waves *samples, int64_t n, const double means[SV_WINDOWS],
                     sv_waves *to);

    /* How far the samples of windows are spread: weights[p], for p in [0, count), is 1 / √M of
     * samples [p, p + length), M their sum of squares about their mean; NaN where M is 0 or not
     * finite, and 0 where M is below its window's `least`: that was met when the result is true.
     * Window sums are put together of a part behind p and a part before a multiple of `length`, of
     * the samples of the window alone (van Herk 1992), their moments by updates (Welford 1962) and
     * a merge (Chan, Golub and LeVeque 1979): so samples outside the window leave no trace.
     * `reciprocals` has 1 / k at k - 1, `scratch` room for 2 · length. */
    bool (*weigh_windows)(const sv_waves *samples, int64_t length, int64_t count,
                          const double *reciprocals, const double least[SV_WINDOWS],
                          sv_waves *scratch, sv_waves *weights);

    /* Adds products[p] · weights[p], held within ±1, to sums[window · count + p] for p in
     * [0, count); −0, which changes nothing but keeps a sum of −0, where a weight is NaN. A sum of
     * -0 had nothing added but that. */
    void (*add_weighed)(const sv_waves *products, const sv_waves *weights, int64_t count,
                        double *sums);

    /* The same, of products in the time domain: for each template Σ template[i] · samples[p + i]
     * over its `length` samples, for p in [0, count), a multiple of SV_WINDOWS. Samples and weights
     * are in order of p, and so are the sums of each template. */
    void (*add_slid)(const double *samples, const double *const templates[], int64_t num_templates,
                     int64_t length, const double *weights, int64_t count, double *const sums[]);

    /* function[i] = sums[i] / divisor to the nearest multiple of 1 / SV_CC_STEPS; −0 of −0 alone.
     */
    void (*settle)(const double *sums, int64_t n, double divisor, float *function);
} sv_kernels;

/* Between these |x| a survey of ibm4 is right; all but the rarest recordings lie there. */
#define SV_IBM4_LEAST 0x1p-100
#define SV_IBM4_MOST  0x1p108

/* Whether samples of this type convert to float32 (else to float64), exactly. */
static inline bool sv_kernel_is_f4(sv_dtype dtype)
{
    return dtype.type == SV_F4 || sv_dtype_itemsize(dtype) <= 3;
}

/* No samples counted yet. */
void sv_counts_init(sv_counts *counts);

/* The keys of float32 and float64 by their bits, and back. */
static inline uint32_t sv_key_of_f4(uint32_t bits)
{
    return bits ^ ((UINT32_C(0) - (bits >> 31)) | UINT32_C(1) << 31);
}

static inline uint64_t sv_key_of_f8(uint64_t bits)
{
    return bits ^ ((UINT64_C(0) - (bits >> 63)) | UINT64_C(1) << 63);
}

static inline uint32_t sv_f4_of_key(uint32_t key)
{
    return key ^ (((key >> 31) - UINT32_C(1)) | UINT32_C(1) << 31);
}

static inline uint64_t sv_f8_of_key(uint64_t key)
{
    return key ^ (((key >> 63) - UINT64_C(1)) | UINT64_C(1) << 63);
}

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
