/* The reference kernels against what kernel.h says of them, written down naively, and the choice
 * among the sets. */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "big_integer.h"
#include "kernel/kernel.h"
#include "samples.h"
#include "seisview/summary.h"

enum { STREAM_SAMPLES = SV_STRETCH_LINES * SV_LANES + 1 };

static const sv_kernels *reference;

static void take_reference(void)
{
    bool runs_here;
    reference = sv_kernels_at(0, &runs_here);
    ck_assert_str_eq(reference->name, "reference");
    ck_assert(runs_here);
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* Four streams, as float64 whatever the kernel reads. */
typedef struct streams {
    bool is_f4;
    float f4[SV_STREAMS][STREAM_SAMPLES];
    double f8[SV_STREAMS][STREAM_SAMPLES];
} streams;

static void widen(streams *all)
{
    for (int s = 0; s < SV_STREAMS && all->is_f4; s++) {
        for (int i = 0; i < STREAM_SAMPLES; i++) {
            all->f8[s][i] = (double)all->f4[s][i];
        }
    }
}

static void fill(streams *all, struct random *random, sample_kind kind, bool is_f4)
{
    all->is_f4 = is_f4;
    for (int s = 0; s < SV_STREAMS; s++) {
        fill_f4(random, kind, all->f4[s], STREAM_SAMPLES);
        fill_f8(random, kind, all->f8[s], STREAM_SAMPLES);
    }
    widen(all);
}

/* Of a lane, sample i in the order in which they are added. */
static double of_lane(const streams *all, int lane, int64_t i)
{
    return all->f8[i % SV_STREAMS][i / SV_STREAMS * SV_LANES + lane];
}

static bool same_f8(double a, double b)
{
    return (a == b && signbit(a) == signbit(b)) || (isnan(a) && isnan(b));
}

/* Each assertion of Check is a system call: where there are millions, the failures alone are told.
 */
static void check_f8(const char *what, int64_t i, double own, double expected)
{
    if (!same_f8(own, expected)) {
        ck_abort_msg("%s %lld: %a instead of %a", what, (long long)i, own, expected);
    }
}

typedef struct offset {
    double pilot, scale;
} offset;

static double square_of(double x, const offset *centre)
{
    if (centre == NULL) {
        return x * x;
    }
    double rest = x * centre->scale - centre->pilot;
    return isfinite(x) ? rest * rest : 0.0;
}

/* Sums of sums of squares: of a chunk's lines, of a group's chunks, of the groups. */
static double naive_squares(const streams *all, int lane, int64_t lines, const offset *centre)
{
    const int64_t n = lines * SV_STREAMS;
    double stretch = 0.0;
    for (int64_t group_first = 0; group_first < n; group_first += SV_GROUP_LINES * SV_STREAMS) {
        double group = 0.0;
        for (int64_t chunk_first = group_first;
             chunk_first < n && chunk_first < group_first + SV_GROUP_LINES * SV_STREAMS;
             chunk_first += SV_CHUNK_LINES * SV_STREAMS) {
            double chunk = 0.0;
            for (int64_t i = chunk_first; i < n && i < chunk_first + SV_CHUNK_LINES * SV_STREAMS;
                 i++) {
                chunk = chunk + square_of(of_lane(all, lane, i), centre);
            }
            group = group + chunk;
        }
        stretch = stretch + group;
    }
    return stretch;
}

static void survey(const streams *all, int64_t lines, sv_lanes *lanes)
{
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = all->is_f4 ? (const void *)all->f4[s] : (const void *)all->f8[s];
    }
    sv_dtype dtype = sv_dtype_make(all->is_f4 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
    memset(lanes, 0xa5, sizeof *lanes);
    ck_assert(reference->survey(dtype, lanes, stream, lines, NULL, NULL));
}

static void check_survey(const streams *all, int64_t lines, bool all_finite)
{
    sv_lanes own;
    double min = INFINITY, max = -INFINITY, least = INFINITY;
    bool any_equal = false;
    survey(all, lines, &own);
    for (int lane = 0; lane < SV_LANES; lane++) {
        double sum = 0.0;
        for (int64_t i = 0; i < lines * SV_STREAMS; i++) {
            double x = of_lane(all, lane, i);
            sum = sum + x;
            min = fmin(min, x);
            max = fmax(max, x);
            least = fmin(least, fabs(x));
            any_equal |= x == all->f8[i % SV_STREAMS][i / SV_STREAMS * SV_LANES + lane + 1];
        }
        check_f8("sum", lane, own.sum[lane], sum);
        check_f8("squares", lane, own.squares[lane], naive_squares(all, lane, lines, NULL));
    }
    ck_assert_int_eq(own.any_equal != 0, any_equal);
    if (all_finite) {
        check_f8("min", 0, own.min + 0.0, min + 0.0);
        check_f8("max", 0, own.max + 0.0, max + 0.0);
        check_f8("least", 0, own.least, least);
        ck_assert_int_eq(own.zeros, 0);
    }
}

START_TEST(surveys_are_what_the_header_says)
{
    static streams all;
    struct random random = random_begin("surveys_are_what_the_header_says");
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        fill(&all, &random, (sample_kind)kind, _i == 0);
        for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
            check_survey(&all, lines, kind < LAST_FINITE);
        }
    }
}
END_TEST

START_TEST(samples_not_native_are_left_to_the_conversion)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            sv_byte_order order =
                swapped == (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN) ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN;
            const void *stream[SV_STREAMS] = {NULL};
            sv_lanes lanes = {.min = 17.0};
            bool is_own = reference->survey(sv_dtype_make((sv_type)type, order), &lanes, stream, 0,
                                            NULL, NULL);
            ck_assert_int_eq(is_own, !swapped && (type == SV_F4 || type == SV_F8));
            ck_assert_int_eq(lanes.min == 17.0, !is_own);
        }
    }
}
END_TEST

/* By this a stretch is found to need the slower passes. */
START_TEST(whatever_is_not_finite_leaves_its_squares_not_finite)
{
    static const double awkward[] = {NAN, INFINITY, -INFINITY};
    static streams all;
    struct random random = random_begin("whatever_is_not_finite");
    fill(&all, &random, NOISE, _i == 0);
    for (int i = 0; i < 3 * SV_STREAMS * 2 * SV_LANES; i++) {
        int place = i / 3, stream = place % SV_STREAMS, at = place / SV_STREAMS;
        double kept = all.f8[stream][at];
        all.f8[stream][at] = awkward[i % 3];
        all.f4[stream][at] = (float)awkward[i % 3];
        sv_lanes lanes;
        survey(&all, 2, &lanes);
        bool that_alone = true;
        for (int other = 0; other < SV_LANES; other++) {
            that_alone &= isfinite(lanes.squares[other]) == (other != at % SV_LANES);
        }
        ck_assert(that_alone);
        all.f8[stream][at] = kept;
        all.f4[stream][at] = (float)kept;
    }
}
END_TEST

typedef void (*counter)(const streams *all, int64_t lines, sv_counts *counts);

static void count(const streams *all, int64_t lines, sv_counts *counts)
{
    const float *const f4[SV_STREAMS] = {all->f4[0], all->f4[1], all->f4[2], all->f4[3]};
    const double *const f8[SV_STREAMS] = {all->f8[0], all->f8[1], all->f8[2], all->f8[3]};
    all->is_f4 ? reference->count_f4(counts, f4, lines) : reference->count_f8(counts, f8, lines);
}

static void count_zeros(const streams *all, int64_t lines, sv_counts *counts)
{
    const float *const f4[SV_STREAMS] = {all->f4[0], all->f4[1], all->f4[2], all->f4[3]};
    const double *const f8[SV_STREAMS] = {all->f8[0], all->f8[1], all->f8[2], all->f8[3]};
    all->is_f4 ? reference->zeros_f4(counts, f4, lines) : reference->zeros_f8(counts, f8, lines);
}

static void naive_count(const streams *all, int64_t lines, sv_counts *counts)
{
    for (int64_t i = 0; i < SV_STREAMS * lines * SV_LANES; i++) {
        double x = all->f8[i % SV_STREAMS][i / SV_STREAMS];
        counts->nans += isnan(x) != 0;
        counts->infinities += isinf(x) != 0;
        if (isfinite(x)) {
            counts->zeros += x == 0.0;
            counts->min = fmin(counts->min, x);
            counts->max = fmax(counts->max, x);
            counts->least = x != 0.0 ? fmin(counts->least, fabs(x)) : counts->least;
        }
    }
}

/* They go on from call to call: with what a first call has left. */
static void check_counts(const streams *all, int64_t lines, counter own_count, bool zeros_alone)
{
    sv_counts own, expected;
    sv_counts_init(&own);
    sv_counts_init(&expected);
    for (int call = 0; call < 2; call++) {
        own_count(all, call == 0 ? lines / 3 : lines, &own);
        naive_count(all, call == 0 ? lines / 3 : lines, &expected);
    }
    ck_assert_msg(own.zeros == expected.zeros, "%lld zeros instead of %lld", (long long)own.zeros,
                  (long long)expected.zeros);
    check_f8("least", lines, own.least, expected.least);
    ck_assert_int_eq(own.nans, zeros_alone ? 0 : expected.nans);
    ck_assert_int_eq(own.infinities, zeros_alone ? 0 : expected.infinities);
    check_f8("min", lines, own.min + 0.0, zeros_alone ? (double)INFINITY : expected.min + 0.0);
    check_f8("max", lines, own.max + 0.0, zeros_alone ? -(double)INFINITY : expected.max + 0.0);
}

START_TEST(counts_are_what_the_header_says)
{
    static streams all;
    struct random random = random_begin("counts_are_what_the_header_says");
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        fill(&all, &random, (sample_kind)kind, _i == 0);
        for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines += 1 + lines / 4) {
            check_counts(&all, lines, count, false);
            if (kind < LAST_FINITE) {
                check_counts(&all, lines, count_zeros, true);
            }
        }
    }
}
END_TEST

START_TEST(counts_begin_with_nothing)
{
    sv_counts counts;
    memset(&counts, 0xff, sizeof counts);
    sv_counts_init(&counts);
    ck_assert_int_eq(counts.zeros, 0);
    ck_assert_int_eq(counts.nans, 0);
    ck_assert_int_eq(counts.infinities, 0);
    ck_assert(counts.min == (double)INFINITY && counts.max == -(double)INFINITY);
    ck_assert_double_eq(counts.least, (double)INFINITY);
}
END_TEST

static void fold(const streams *all, int64_t lines, double pivot, bool all_finite,
                 double high[SV_LANES], double low[SV_LANES])
{
    const float *const f4[SV_STREAMS] = {all->f4[0], all->f4[1], all->f4[2], all->f4[3]};
    const double *const f8[SV_STREAMS] = {all->f8[0], all->f8[1], all->f8[2], all->f8[3]};
    all->is_f4 ? reference->fold_f4(high, low, f4, lines, pivot, all_finite)
               : reference->fold_f8(high, low, f8, lines, pivot, all_finite);
}

/* Whole numbers of every size up to 2^82: `bits` of each are not zero. */
static void fill_folded(streams *all, struct random *random, bool is_f4, bool all_finite)
{
    int bits = is_f4 ? 24 : 53;
    all->is_f4 = is_f4;
    for (int64_t i = 0; i < SV_STREAMS * STREAM_SAMPLES; i++) {
        double x = (double)(random_bits(random) >> (64 - bits)) * random_sign(random);
        x = ldexp(x, (int)random_below(random, (uint64_t)(83 - bits)));
        if (!all_finite && random_below(random, 20) == 0) {
            x = random_below(random, 3) == 0 ? (double)NAN : random_sign(random) * INFINITY;
        }
        all->f8[i % SV_STREAMS][i / SV_STREAMS] = x;
        all->f4[i % SV_STREAMS][i / SV_STREAMS] = (float)x;
    }
    widen(all);
}

/* With a pivot for samples below 2^82, whose sums of 512 then stay below 2^91: the high parts are
 * multiples of 2^39, and neither sum rounds. */
START_TEST(folds_add_up_exactly)
{
    enum { UNIT = 39 };
    static streams all;
    struct random random = random_begin("folds_add_up_exactly");
    bool is_f4 = _i % 2 == 0, all_finite = _i / 2 == 0;
    for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
        double high[SV_LANES], low[SV_LANES];
        fill_folded(&all, &random, is_f4, all_finite);
        fold(&all, lines, ldexp(1.5, UNIT + 52), all_finite, high, low);
        for (int lane = 0; lane < SV_LANES; lane++) {
            struct big exact, own;
            big_zero(&exact);
            big_zero(&own);
            for (int64_t i = 0; i < lines * SV_STREAMS; i++) {
                double x = of_lane(&all, lane, i);
                if (isfinite(x)) {
                    big_add_double(&exact, x);
                }
            }
            big_add_double(&own, high[lane]);
            big_add_double(&own, low[lane]);
            require(big_compare(&own, &exact) == 0, "high and low are not the sum");
            require(fmod(high[lane], ldexp(1.0, UNIT)) == 0.0, "high is no multiple of its unit");
        }
    }
}
END_TEST

/* Whatever the samples and the pivot: (x + pivot) − pivot, and what is left. */
START_TEST(folds_are_what_the_header_says)
{
    static const double pivots[] = {0x1.8p0, 0x1.8p60, 0x1.8p-1000, 0x1.8p1000};
    static streams all;
    struct random random = random_begin("folds_are_what_the_header_says");
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        fill(&all, &random, (sample_kind)kind, _i == 0);
        for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines += 1 + lines / 8) {
            double high[SV_LANES], low[SV_LANES], pivot = pivots[lines % 4];
            fold(&all, lines, pivot, kind < LAST_FINITE && lines % 2 == 0, high, low);
            for (int lane = 0; lane < SV_LANES; lane++) {
                double high_sum = 0.0, low_sum = 0.0;
                for (int64_t i = 0; i < lines * SV_STREAMS; i++) {
                    double x = of_lane(&all, lane, i);
                    double part = isfinite(x) ? (x + pivot) - pivot : 0.0;
                    high_sum = high_sum + part;
                    low_sum = low_sum + (isfinite(x) ? x - part : 0.0);
                }
                check_f8("high", lane, high[lane], high_sum);
                check_f8("low", lane, low[lane], low_sum);
            }
        }
    }
}
END_TEST

START_TEST(centred_squares_are_what_the_header_says)
{
    static const offset centres[] = {
        {0.0, 1.0}, {1e9, 1.0}, {-3.25, 0x1p-600}, {1e9, 0x1p600}, {0.1, 1.0}};
    static streams all;
    struct random random = random_begin("centred_squares");
    const float *const f4[SV_STREAMS] = {all.f4[0], all.f4[1], all.f4[2], all.f4[3]};
    const double *const f8[SV_STREAMS] = {all.f8[0], all.f8[1], all.f8[2], all.f8[3]};
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        fill(&all, &random, (sample_kind)kind, _i == 0);
        for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
            const offset *centre = &centres[lines % 5];
            bool all_finite = kind < LAST_FINITE && random_below(&random, 2) == 0;
            double own[SV_LANES];
            _i == 0
                ? reference->centre_f4(own, f4, lines, centre->pilot, centre->scale, all_finite)
                : reference->centre_f8(own, f8, lines, centre->pilot, centre->scale, all_finite);
            for (int lane = 0; lane < SV_LANES; lane++) {
                check_f8("squares", lane, own[lane], naive_squares(&all, lane, lines, centre));
            }
        }
    }
}
END_TEST

START_TEST(powers_are_what_the_header_says)
{
    static const offset centres[] = {{0.0, 1.0}, {1e9, 1.0}, {-3.25, 0x1p-300}, {0.1, 0x1p200}};
    static streams all;
    struct random random = random_begin("powers");
    const float *const f4[SV_STREAMS] = {all.f4[0], all.f4[1], all.f4[2], all.f4[3]};
    const double *const f8[SV_STREAMS] = {all.f8[0], all.f8[1], all.f8[2], all.f8[3]};
    for (int i = 0; i < NUM_SAMPLE_KINDS * 40; i++) {
        int64_t lines = i % 40 * 3;
        const offset *to = &centres[i % 4];
        bool all_finite = i / 40 < LAST_FINITE && i % 2 == 0;
        double cubes[SV_LANES], fourths[SV_LANES];
        fill(&all, &random, (sample_kind)(i / 40), _i == 0);
        _i == 0 ? reference->powers_f4(cubes, fourths, f4, lines, to->pilot, to->scale, all_finite)
                : reference->powers_f8(cubes, fourths, f8, lines, to->pilot, to->scale, all_finite);
        for (int lane = 0; lane < SV_LANES; lane++) {
            double cube = 0.0, fourth = 0.0;
            for (int64_t k = 0; k < lines * SV_STREAMS; k++) {
                double x = of_lane(&all, lane, k);
                double rest = isfinite(x) ? x * to->scale - to->pilot : 0.0, square = rest * rest;
                cube = fma(rest, square, cube);
                fourth = fma(square, square, fourth);
            }
            check_f8("cubes", lane, cubes[lane], cube);
            check_f8("fourths", lane, fourths[lane], fourth);
        }
    }
}
END_TEST

START_TEST(lines_leave_a_neighbour_and_less_than_a_line_of_each_stream)
{
    for (int64_t n = 0; n < 1000; n++) {
        int64_t taken = sv_lines_of(n) * SV_STREAMS * SV_LANES;
        ck_assert(n == 0 ? taken == 0 : taken < n);
        ck_assert_int_le(n - taken, SV_STREAMS * SV_LANES);
    }
}
END_TEST

START_TEST(the_plain_sum_of_small_whole_numbers_is_exact)
{
    static streams all;
    struct random random = random_begin("the_plain_sum");
    fill(&all, &random, FEW_VALUES, true);
    const float *const f4[SV_STREAMS] = {all.f4[0], all.f4[1], all.f4[2], all.f4[3]};
    for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
        double sum = 0.0;
        for (int64_t i = 0; i < lines * SV_LANES * SV_STREAMS; i++) {
            sum += all.f8[i % SV_STREAMS][i / SV_STREAMS];
        }
        ck_assert_double_eq((double)reference->sum_f4(f4, lines), sum);
    }
}
END_TEST

/* ---- equal neighbours and values ------------------------------------------------------------- */

enum { MOST = 400 };

START_TEST(equal_neighbours_are_those_that_are_equal_and_finite)
{
    static float f4[MOST + 1];
    static double f8[MOST + 1];
    struct random random = random_begin("equal_neighbours");
    for (int64_t pairs = 0; pairs <= MOST; pairs++) {
        for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
            uint64_t bits_f4[MOST / 64 + 1], bits_f8[MOST / 64 + 1];
            fill_f4(&random, (sample_kind)kind, f4, pairs + 1);
            fill_f8(&random, (sample_kind)kind, f8, pairs + 1);
            reference->equal_f4(f4, pairs, bits_f4);
            reference->equal_f8(f8, pairs, bits_f8);
            bool same = true;
            for (int64_t i = 0; i < (pairs + 63) / 64 * 64; i++) {
                bool is_f4 = i < pairs && isfinite(f4[i]) && f4[i] == f4[i + 1];
                bool is_f8 = i < pairs && isfinite(f8[i]) && f8[i] == f8[i + 1];
                same &= (bits_f4[i / 64] >> i % 64 & 1) == is_f4;
                same &= (bits_f8[i / 64] >> i % 64 & 1) == is_f8;
            }
            ck_assert_msg(same, "%lld pairs, samples of kind %d", (long long)pairs, kind);
        }
    }
}
END_TEST

START_TEST(equal_neighbours_as_they_are_stored_have_equal_bytes)
{
    enum { MOST_BYTES = 8 * (MOST + 1) + 1 };
    static const size_t itemsizes[] = {1, 2, 3, 4};
    static char bytes[MOST_BYTES];
    struct random random = random_begin("equal_neighbours_as_they_are_stored");
    size_t itemsize = itemsizes[_i];
    for (int64_t pairs = 0; pairs <= MOST; pairs++) {
        for (int i = 0; i < MOST_BYTES; i++) {
            bytes[i] = (char)(random_below(&random, 8 * itemsize) == 0);
        }
        const char *samples = bytes + pairs % 2;
        uint64_t bits[MOST / 64 + 2] = {0};
        reference->equal_stored(samples, itemsize, pairs, bits);
        bool same = true;
        for (int64_t i = 0; i < (pairs + 63) / 64 * 64; i++) {
            bool equal = i < pairs;
            for (size_t byte = 0; byte < itemsize && equal; byte++) {
                const char *sample = samples + (size_t)i * itemsize;
                equal = sample[byte] == sample[byte + itemsize];
            }
            same &= (bits[i / 64] >> i % 64 & 1) == equal;
        }
        ck_assert_msg(same, "%lld pairs of %zu bytes", (long long)pairs, itemsize);
    }
}
END_TEST

START_TEST(a_value_is_found_at_its_first_place)
{
    static float f4[MOST];
    static double f8[MOST];
    struct random random = random_begin("a_value_is_found");
    for (int64_t n = 0; n <= MOST; n++) {
        sample_kind kind = n % 2 == 0 ? FEW_VALUES : SPRINKLED;
        fill_f4(&random, kind, f4, n);
        fill_f8(&random, kind, f8, n);
        for (double value = -1.0; value <= 2.0; value += 1.0) {
            int64_t at_f4 = 0, at_f8 = 0;
            while (at_f4 < n && f4[at_f4] != (float)value) {
                at_f4++;
            }
            while (at_f8 < n && f8[at_f8] != value) {
                at_f8++;
            }
            ck_assert_int_eq(reference->find_f4(f4, n, (float)value), at_f4);
            ck_assert_int_eq(reference->find_f8(f8, n, value), at_f8);
        }
        ck_assert_int_eq(reference->find_f4(f4, n, NAN), n);
        ck_assert_int_eq(reference->find_f8(f8, n, NAN), n);
    }
}
END_TEST

START_TEST(a_zero_is_found_by_either_sign)
{
    const float f4[] = {1.0f, -0.0f, 0.0f};
    const double f8[] = {1.0, 0.0, -0.0};
    ck_assert_int_eq(reference->find_f4(f4, 3, 0.0f), 1);
    ck_assert_int_eq(reference->find_f8(f8, 3, -0.0), 1);
}
END_TEST

/* ---- conversion ------------------------------------------------------------------------------ */

typedef struct known_sample {
    sv_type type;
    unsigned char bytes[8]; /* big-endian */
    double value;
} known_sample;

static const known_sample known_samples[] = {
    {SV_F4, {0x3f, 0x80, 0x00, 0x00}, 1.0},
    {SV_F4, {0x80, 0x00, 0x00, 0x01}, -0x1p-149},
    {SV_F4, {0xff, 0x80, 0x00, 0x00}, -INFINITY},
    {SV_F4, {0x7f, 0xc0, 0x00, 0x00}, NAN},
    {SV_F8, {0xc0, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -2.5},
    {SV_F8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -0.0},
    {SV_I1, {0x80}, -128.0},
    {SV_I1, {0x7f}, 127.0},
    {SV_U1, {0xff}, 255.0},
    {SV_I2, {0x80, 0x01}, -32767.0},
    {SV_U2, {0xff, 0xfe}, 65534.0},
    {SV_I3, {0x80, 0x00, 0x00}, -8388608.0},
    {SV_I3, {0x7f, 0xff, 0xff}, 8388607.0},
    {SV_I3, {0xff, 0xff, 0xff}, -1.0},
    {SV_U3, {0xff, 0xff, 0xff}, 16777215.0},
    {SV_U3, {0x01, 0x02, 0x03}, 66051.0},
    {SV_I4, {0x80, 0x00, 0x00, 0x00}, -2147483648.0},
    {SV_I4, {0x01, 0x00, 0x00, 0x01}, 16777217.0},
    {SV_U4, {0xff, 0xff, 0xff, 0xff}, 4294967295.0},
    {SV_I8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -0x1p63},
    {SV_I8, {0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}, 0x1p53},
    {SV_I8, {0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03}, 0x1p53 + 4.0},
    {SV_U8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0x1p64},
    {SV_U8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00}, 0x1p63},
    {SV_U8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x01}, 0x1p63 + 2048.0},
    {SV_IBM4, {0x42, 0x64, 0x00, 0x00}, 100.0},
    {SV_IBM4, {0xc2, 0x76, 0xa0, 0x00}, -118.625},
    {SV_IBM4, {0x00, 0x00, 0x00, 0x00}, 0.0},
    {SV_IBM4, {0x80, 0x00, 0x00, 0x00}, -0.0},
    {SV_IBM4, {0x7f, 0xff, 0xff, 0xff}, 0x1.fffffep251},
    {SV_IBM4, {0x00, 0x10, 0x00, 0x00}, 0x1p-260},
    {SV_IBM4, {0x00, 0x00, 0x00, 0x01}, 0x1p-280}, /* not normalised */
};

static double convert_one(sv_dtype dtype, const void *from, ptrdiff_t stride)
{
    union {
        float f4;
        double f8;
    } to;
    reference->convert(dtype, from, stride, 1, &to);
    return sv_kernel_is_f4(dtype) ? (double)to.f4 : to.f8;
}

START_TEST(known_samples_convert_to_their_values)
{
    const known_sample *known = &known_samples[_i];
    size_t size = sv_dtype_itemsize(sv_dtype_make(known->type, SV_BIG_ENDIAN));
    unsigned char big[9], little[9];
    for (size_t i = 0; i < size; i++) {
        big[1 + i] = known->bytes[i]; /* at odd addresses */
        little[1 + i] = known->bytes[size - 1 - i];
    }
    double of_big = convert_one(sv_dtype_make(known->type, SV_BIG_ENDIAN), big + 1, 17);
    double of_little = convert_one(sv_dtype_make(known->type, SV_LITTLE_ENDIAN), little + 1, 17);
    ck_assert_msg(same_f8(of_big, known->value), "%a instead of %a", of_big, known->value);
    ck_assert_msg(same_f8(of_little, known->value), "%a instead of %a", of_little, known->value);
}
END_TEST

/* Whatever the room of views loads from the same bytes. */
START_TEST(conversions_agree_with_loading_single_samples)
{
    enum { N = 100, MOST_STRIDE = 29 };
    static unsigned char bytes[2 * N * MOST_STRIDE + 16];
    struct random random = random_begin("conversions_agree");
    sv_type type = (sv_type)(_i / 2 + SV_TYPE_NONE + 1);
    sv_dtype dtype = sv_dtype_make(type, _i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)random_bits(&random);
    }
    for (ptrdiff_t stride = -MOST_STRIDE; stride <= MOST_STRIDE; stride++) {
        const unsigned char *from = bytes + sizeof bytes / 2 + random_below(&random, 4);
        union {
            float f4[N];
            double f8[N];
        } to;
        reference->convert(dtype, (const char *)from, stride, N, &to);
        for (int i = 0; i < N; i++) {
            double own = sv_kernel_is_f4(dtype) ? (double)to.f4[i] : to.f8[i];
            double expected = sv_scalar_as_f8(sv_dtype_load(dtype, from + i * stride));
            check_f8("sample", i, own, expected);
        }
    }
}
END_TEST

START_TEST(float32_is_taken_where_it_holds_every_value)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        bool is_f4 = type == SV_F4 || type == SV_I1 || type == SV_U1 || type == SV_I2 ||
                     type == SV_U2 || type == SV_I3 || type == SV_U3;
        ck_assert_int_eq(sv_kernel_is_f4(sv_dtype_make((sv_type)type, SV_BIG_ENDIAN)), is_f4);
        ck_assert_int_eq(sv_kernel_is_f4(sv_dtype_make((sv_type)type, SV_LITTLE_ENDIAN)), is_f4);
    }
}
END_TEST

/* ---- the choice ------------------------------------------------------------------------------ */

START_TEST(every_set_is_listed_once_and_whole)
{
    bool runs_here;
    ck_assert_ptr_null(sv_kernels_at(-1, &runs_here));
    int count = 0;
    for (const sv_kernels *set; (set = sv_kernels_at(count, &runs_here)) != NULL; count++) {
        ck_assert(set->survey && set->zeros_f4 && set->zeros_f8 && set->count_f4 && set->count_f8);
        ck_assert(set->fold_f4 && set->fold_f8 && set->centre_f4 && set->centre_f8);
        ck_assert(set->powers_f4 && set->powers_f8);
        ck_assert(set->equal_f4 && set->equal_f8 && set->equal_stored);
        ck_assert(set->find_f4 && set->find_f8 && set->convert && set->part && set->sum_f4);
        for (int other = 0; other < count; other++) {
            ck_assert_str_ne(set->name, sv_kernels_at(other, &runs_here)->name);
        }
    }
    ck_assert_int_ge(count, 1);
    ck_assert_ptr_null(sv_kernels_at(count + 1, &runs_here));
}
END_TEST

/* The environment is asked once in a process: each of these tests runs in one of its own. */
static void must_choose(const char *name)
{
    const sv_kernels *first, *again;
    const char *told;
    ck_assert_int_eq(sv_kernels_get(&first, NULL), SV_OK);
    ck_assert_str_eq(first->name, name);
    unsetenv("SEISVIEW_KERNEL");
    ck_assert_int_eq(sv_kernels_get(&again, NULL), SV_OK);
    ck_assert_ptr_eq(first, again);
    ck_assert_int_eq(sv_kernel_name(&told, NULL), SV_OK);
    ck_assert_str_eq(told, name);
}

static void must_refuse(const char *words)
{
    const sv_kernels *kernels = NULL;
    const char *told = NULL;
    sv_error error;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sv_kernels_get(&kernels, &error), SV_UNSUPPORTED);
        ck_assert_int_eq(error.status, SV_UNSUPPORTED);
        ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message,
                      words);
        ck_assert_int_eq(sv_kernel_name(&told, NULL), SV_UNSUPPORTED);
    }
    ck_assert_ptr_null(kernels);
    ck_assert_ptr_null(told);
}

static const char *name_of_best_set(void)
{
    const char *best = NULL;
    bool runs_here;
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        best = runs_here ? set->name : best;
    }
    return best;
}

START_TEST(the_best_set_that_runs_here_is_chosen)
{
    unsetenv("SEISVIEW_KERNEL");
    must_choose(name_of_best_set());
}
END_TEST

START_TEST(an_empty_name_is_none)
{
    setenv("SEISVIEW_KERNEL", "", 1);
    must_choose(name_of_best_set());
}
END_TEST

START_TEST(an_unknown_set_is_refused_by_its_name)
{
    setenv("SEISVIEW_KERNEL", "avx1024", 1);
    must_refuse("'avx1024'");
    sv_summary summary;
    double sample = 1.0;
    sv_buffer *buffer;
    sv_view view;
    ck_assert_int_eq(sv_buffer_borrow(&sample, sizeof sample, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &view, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, 0, 0, &summary), SV_UNSUPPORTED);
    sv_buffer_close(buffer);
}
END_TEST

/* Every set by its name: taken where it runs, refused where it does not. */
START_TEST(a_set_that_is_named_is_taken_or_refused)
{
    static const char *const names[] = {"reference", "avx2", "avx512", "neon"};
    bool runs_here = false, is_built_in = false;
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL && !is_built_in; i++) {
        is_built_in = strcmp(set->name, names[_i]) == 0;
        if (is_built_in) {
            break;
        }
    }
    setenv("SEISVIEW_KERNEL", names[_i], 1);
    if (is_built_in && runs_here) {
        must_choose(names[_i]);
    } else {
        must_refuse(names[_i]);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("kernel");
    TCase *kernels = tcase_create("reference");
    tcase_set_timeout(kernels, 120);
    tcase_add_checked_fixture(kernels, take_reference, NULL);
    tcase_add_loop_test(kernels, surveys_are_what_the_header_says, 0, 2);
    tcase_add_test(kernels, samples_not_native_are_left_to_the_conversion);
    tcase_add_loop_test(kernels, whatever_is_not_finite_leaves_its_squares_not_finite, 0, 2);
    tcase_add_loop_test(kernels, counts_are_what_the_header_says, 0, 2);
    tcase_add_test(kernels, counts_begin_with_nothing);
    tcase_add_loop_test(kernels, folds_add_up_exactly, 0, 4);
    tcase_add_loop_test(kernels, folds_are_what_the_header_says, 0, 2);
    tcase_add_loop_test(kernels, centred_squares_are_what_the_header_says, 0, 2);
    tcase_add_loop_test(kernels, powers_are_what_the_header_says, 0, 2);
    tcase_add_test(kernels, lines_leave_a_neighbour_and_less_than_a_line_of_each_stream);
    tcase_add_test(kernels, the_plain_sum_of_small_whole_numbers_is_exact);
    tcase_add_test(kernels, equal_neighbours_are_those_that_are_equal_and_finite);
    tcase_add_loop_test(kernels, equal_neighbours_as_they_are_stored_have_equal_bytes, 0, 4);
    tcase_add_test(kernels, a_value_is_found_at_its_first_place);
    tcase_add_test(kernels, a_zero_is_found_by_either_sign);
    tcase_add_loop_test(kernels, known_samples_convert_to_their_values, 0,
                        sizeof known_samples / sizeof known_samples[0]);
    tcase_add_loop_test(kernels, conversions_agree_with_loading_single_samples, 0,
                        2 * (SV_NUM_TYPES - 1));
    tcase_add_test(kernels, float32_is_taken_where_it_holds_every_value);
    suite_add_tcase(suite, kernels);
    TCase *choice = tcase_create("choice");
    tcase_add_test(choice, every_set_is_listed_once_and_whole);
    tcase_add_test(choice, the_best_set_that_runs_here_is_chosen);
    tcase_add_test(choice, an_empty_name_is_none);
    tcase_add_test(choice, an_unknown_set_is_refused_by_its_name);
    tcase_add_loop_test(choice, a_set_that_is_named_is_taken_or_refused, 0, 4);
    suite_add_tcase(suite, choice);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_set_fork_status(runner, CK_FORK); /* the set is chosen once in a process */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
