#include "kernel_cases.h"

#include <check.h>
#include <stdlib.h>

#include "fenced.h"
#include "kernel/kernel.h"
#include "stored_samples.h"

enum { SKIPPED = 77, SHIFTS = 33, MOST_SAMPLES = SV_STRETCH_LINES * SV_LANES + 1 + SHIFTS };

static const sv_kernels *tested, *reference;

/* ---- passes over streams --------------------------------------------------------------------- */

enum { NUM_DTYPES = 2 * (SV_NUM_TYPES - 1) };

static sv_dtype dtype_of(int i)
{
    return sv_dtype_make((sv_type)(i / 2 + SV_TYPE_NONE + 1),
                         i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
}

static sv_dtype native(bool is_f4)
{
    return sv_dtype_make(is_f4 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
}

static bool is_native_float(sv_dtype dtype)
{
    return (dtype.type == SV_F4 || dtype.type == SV_F8) && dtype.order == SV_NATIVE_ENDIAN;
}

/* Four pieces of memory, and in each a stream near the fence behind it, or before it. */
typedef struct streams {
    fenced memory[SV_STREAMS];
    char *begin[SV_STREAMS];
    const void *stored[SV_STREAMS];
    const float *f4[SV_STREAMS];
    const double *f8[SV_STREAMS];
} streams;

static streams open_streams(void)
{
    streams all = {.f4 = {NULL}};
    for (int s = 0; s < SV_STREAMS; s++) {
        all.memory[s] = fence(MOST_SAMPLES * sizeof(double));
    }
    return all;
}

static void close_streams(streams *all)
{
    for (int s = 0; s < SV_STREAMS; s++) {
        unfence(all->memory[s]);
    }
}

/* Where kernels may want their samples aligned, `shift` is in samples, else in bytes. */
static void place_streams(streams *all, sv_dtype dtype, int64_t samples, bool at_begin, int shift)
{
    size_t itemsize = sv_dtype_itemsize(dtype);
    size_t bytes = (size_t)samples * itemsize;
    size_t gap = (size_t)shift * (is_native_float(dtype) ? itemsize : 1);
    for (int s = 0; s < SV_STREAMS; s++) {
        fenced memory = all->memory[s];
        all->begin[s] = at_begin ? memory.begin + gap : memory.end - bytes - gap;
        all->stored[s] = all->begin[s];
        all->f4[s] = (const void *)all->begin[s];
        all->f8[s] = (const void *)all->begin[s];
    }
}

static void fill_streams(streams *all, struct random *random, sample_kind kind, sv_dtype dtype,
                         int64_t samples)
{
    size_t itemsize = sv_dtype_itemsize(dtype);
    for (int s = 0; s < SV_STREAMS; s++) {
        for (int64_t i = 0; i < samples; i++) {
            store_sample(random, kind, dtype, i, all->begin[s] + (size_t)i * itemsize);
        }
    }
}

/* Streams as tests want them most: at their ends the fence, or a few samples before it. */
static void draw_streams(streams *all, struct random *random, sample_kind kind, sv_dtype dtype,
                         int64_t samples)
{
    uint64_t place = random_below(random, 4);
    int shift = place < 2 ? 0 : (int)random_below(random, SHIFTS);
    place_streams(all, dtype, samples, place == 1, shift);
    fill_streams(all, random, kind, dtype, samples);
}

static bool same_bits_f8(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Each assertion of Check is a system call: where there are millions, the failures alone are told.
 */
static void check_f8(const char *what, int lane, double own, double expected)
{
    if (!same_bits_f8(own, expected)) {
        ck_abort_msg("%s %d: %a instead of %a", what, lane, own, expected);
    }
}

static void check_all_f8(const char *what, const double own[SV_LANES],
                         const double expected[SV_LANES])
{
    for (int i = 0; i < SV_LANES; i++) {
        check_f8(what, i, own[i], expected[i]);
    }
}

/* ---- the survey ------------------------------------------------------------------------------ */

/* What there is to know of the samples of a survey, and of their neighbours. */
typedef struct known {
    bool all_finite, has_equal, is_beyond_survey;
    int64_t zeros, negative_zeros;
    double least_but_zero;
} known;

/* The samples as float64, and the same as the reference wants them. */
typedef struct converted {
    float f4[SV_STREAMS][MOST_SAMPLES];
    double f8[SV_STREAMS][MOST_SAMPLES];
} converted;

static void convert_streams(const streams *all, sv_dtype dtype, int64_t samples, converted *to)
{
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    bool is_f4 = sv_kernel_is_f4(dtype);
    for (int s = 0; s < SV_STREAMS; s++) {
        void *values = is_f4 ? (void *)to->f4[s] : (void *)to->f8[s];
        reference->convert(dtype, all->begin[s], itemsize, samples, values);
        for (int64_t i = 0; i < samples && is_f4; i++) {
            to->f8[s][i] = (double)to->f4[s][i];
        }
    }
}

static known know(const converted *values, sv_dtype dtype, int64_t lines)
{
    known all = {.all_finite = true, .least_but_zero = INFINITY};
    for (int64_t i = 0; i < SV_STREAMS * lines * SV_LANES; i++) {
        const double *x = &values->f8[i % SV_STREAMS][i / SV_STREAMS];
        double magnitude = fabs(*x);
        all.all_finite &= isfinite(*x) != 0;
        all.has_equal |= x[0] == x[1] && *x != 0.0;
        all.zeros += *x == 0.0;
        all.negative_zeros += *x == 0.0 && signbit(*x);
        all.least_but_zero =
            *x != 0.0 && magnitude < all.least_but_zero ? magnitude : all.least_but_zero;
        all.is_beyond_survey |=
            dtype.type == SV_IBM4 &&
            (magnitude >= SV_IBM4_MOST || (magnitude < SV_IBM4_LEAST && magnitude > 0.0));
    }
    return all;
}

static bool is_integer(sv_dtype dtype)
{
    return dtype.type != SV_F4 && dtype.type != SV_F8 && dtype.type != SV_IBM4;
}

static void check_extremes(const sv_lanes *own, const sv_lanes *expected, sv_dtype dtype,
                           const known *all)
{
    check_f8("min", 0, own->min + 0.0, expected->min + 0.0);
    check_f8("max", 0, own->max + 0.0, expected->max + 0.0);
    if (own->least == 0.0) {
        ck_assert_msg(all->zeros > 0, "there is no zero");
        return;
    }
    ck_assert_msg(own->zeros == all->zeros, "%" PRId64 " zeros instead of %" PRId64, own->zeros,
                  all->zeros);
    ck_assert_msg(own->negative_zeros == all->negative_zeros, "%" PRId64 " times -0, not %" PRId64,
                  own->negative_zeros, all->negative_zeros);
    bool is_least = own->least == all->least_but_zero;
    ck_assert_msg(is_least || (is_integer(dtype) && own->least == 1.0), "least: %a instead of %a",
                  own->least, all->least_but_zero);
}

static void check_survey(const sv_lanes *own, const sv_lanes *expected, sv_dtype dtype,
                         const known *all)
{
    ck_assert_msg(own->any_equal != 0 || !all->has_equal, "a pair of equal samples is not seen");
    if (all->is_beyond_survey && !is_native_float(dtype)) {
        ck_assert_msg(own->min <= -SV_IBM4_MOST || own->max >= SV_IBM4_MOST ||
                          own->least < SV_IBM4_LEAST,
                      "samples beyond the survey are not told");
        return;
    }
    check_all_f8("sum", own->sum, expected->sum);
    check_all_f8("squares", own->squares, expected->squares);
    if (all->all_finite) {
        check_extremes(own, expected, dtype, all);
    }
}

static bool is_untouched(const sv_lanes *lanes)
{
    const unsigned char *byte = (const unsigned char *)lanes;
    bool untouched = true;
    for (size_t i = 0; i < sizeof *lanes; i++) {
        untouched &= byte[i] == 0xa5;
    }
    return untouched;
}

static const void *values_of(const converted *values, sv_dtype dtype, int stream)
{
    return sv_kernel_is_f4(dtype) ? (const void *)values->f4[stream]
                                  : (const void *)values->f8[stream];
}

static void check_pairs(const sv_lanes *own, const sv_pair_bits *pairs, const converted *values,
                        sv_dtype dtype, int64_t lines)
{
    uint64_t any = 0;
    int64_t num_pairs = lines * SV_LANES;
    for (int s = 0; s < SV_STREAMS; s++) {
        uint64_t bits[SV_PAIRS_WORDS];
        if (sv_kernel_is_f4(dtype)) {
            reference->equal_f4(values->f4[s], num_pairs, bits);
        } else {
            reference->equal_f8(values->f8[s], num_pairs, bits);
        }
        for (int64_t i = 0; i * 64 < num_pairs; i++) {
            ck_assert_msg(pairs->of[s][i] == bits[i],
                          "pairs of stream %d, word %" PRId64 ": %016" PRIx64
                          " instead of %016" PRIx64,
                          s, i, pairs->of[s][i], bits[i]);
            any |= bits[i];
        }
    }
    ck_assert_int_eq(own->any_equal != 0, any != 0);
}

static void check_powers(const sv_power_lanes *own, const converted *values, sv_dtype dtype,
                         int64_t lines)
{
    const float *const f4[SV_STREAMS] = {values->f4[0], values->f4[1], values->f4[2],
                                         values->f4[3]};
    const double *const f8[SV_STREAMS] = {values->f8[0], values->f8[1], values->f8[2],
                                          values->f8[3]};
    double cubes[SV_LANES], fourths[SV_LANES];
    if (sv_kernel_is_f4(dtype)) {
        reference->powers_f4(cubes, fourths, f4, lines, own->pilot, 1.0, true);
    } else {
        reference->powers_f8(cubes, fourths, f8, lines, own->pilot, 1.0, true);
    }
    check_all_f8("cubes", own->cubes, cubes);
    check_all_f8("fourths", own->fourths, fourths);
}

/* The survey again, with what it may find besides: of the lanes it leaves the same. */
static void compare_besides(const streams *all, sv_dtype dtype, int64_t lines,
                            const converted *values, const known *truth, const sv_lanes *alone)
{
    for (int which = 1; which < 4; which++) {
        static sv_pair_bits pairs;
        sv_power_lanes powers = {.pilot = 1.5};
        sv_lanes own;
        bool finite = truth->all_finite && !truth->is_beyond_survey;
        memset(&own, 0xa5, sizeof own);
        memset(&pairs, 0xa5, sizeof pairs);
        ck_assert(tested->survey(dtype, &own, all->stored, lines, (which & 1) != 0 ? &pairs : NULL,
                                 (which & 2) != 0 ? &powers : NULL));
        ck_assert((!own.has_pairs || (which & 1) != 0) && (!own.has_powers || (which & 2) != 0));
        check_all_f8("sum", own.sum, alone->sum);
        check_all_f8("squares", own.squares, alone->squares);
        if (finite) {
            check_survey(&own, alone, dtype, truth);
        }
        if (own.has_pairs && finite) {
            check_pairs(&own, &pairs, values, dtype, lines);
        }
        if (own.has_powers && finite) {
            check_powers(&powers, values, dtype, lines);
        }
    }
}

/* Against the reference's survey of the converted samples. */
static void compare_survey(const streams *all, sv_dtype dtype, int64_t lines)
{
    static converted values;
    sv_lanes own, expected;
    memset(&own, 0xa5, sizeof own);
    if (!tested->survey(dtype, &own, all->stored, lines, NULL, NULL)) {
        ck_assert(is_untouched(&own) && !is_native_float(dtype));
        return;
    }
    ck_assert(!own.has_pairs && !own.has_powers);
    convert_streams(all, dtype, lines * SV_LANES + 1, &values);
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = values_of(&values, dtype, s);
    }
    sv_dtype as = native(sv_kernel_is_f4(dtype));
    ck_assert(reference->survey(as, &expected, stream, lines, NULL, NULL));
    known truth = know(&values, dtype, lines);
    check_survey(&own, &expected, dtype, &truth);
    compare_besides(all, dtype, lines, &values, &truth, &own);
}

/* The wide sets find pairs of native float32 and float64 and of int32 on their way, and powers of
 * the first two: the tests above look at something. */
START_TEST(surveys_find_more_on_their_way)
{
    static const sv_type types[] = {SV_F4, SV_F8, SV_I4};
    struct random random = random_begin("surveys_find_more_on_their_way");
    streams all = open_streams();
    for (int i = 0; i < 3; i++) {
        static sv_pair_bits pairs;
        sv_power_lanes powers = {.pilot = 0.0};
        sv_lanes lanes;
        sv_dtype dtype = {(uint8_t)types[i], SV_NATIVE_ENDIAN};
        draw_streams(&all, &random, NOISE, dtype, SV_LANES + 1);
        ck_assert(tested->survey(dtype, &lanes, all.stored, 1, &pairs, i < 2 ? &powers : NULL));
        ck_assert(lanes.has_pairs && lanes.has_powers == (i < 2));
    }
    close_streams(&all);
}
END_TEST

START_TEST(surveys_at_every_number_of_lines)
{
    struct random random = random_begin("surveys_at_every_number_of_lines");
    streams all = open_streams();
    sv_dtype dtype = dtype_of(_i);
    for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        draw_streams(&all, &random, kind, dtype, lines * SV_LANES + 1);
        compare_survey(&all, dtype, lines);
    }
    close_streams(&all);
}
END_TEST

START_TEST(surveys_of_every_kind_at_every_address)
{
    struct random random = random_begin("surveys_of_every_kind_at_every_address");
    streams all = open_streams();
    sv_dtype dtype = dtype_of(_i);
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        for (int shift = 0; shift < SHIFTS; shift++) {
            int64_t lines = (int64_t)random_below(&random, 40);
            place_streams(&all, dtype, lines * SV_LANES + 1, shift % 3 == 2, shift);
            fill_streams(&all, &random, (sample_kind)kind, dtype, lines * SV_LANES + 1);
            compare_survey(&all, dtype, lines);
        }
    }
    close_streams(&all);
}
END_TEST

/* Sample i of a stream. */
static void *sample_of(const streams *all, sv_dtype dtype, int stream, int64_t i)
{
    return all->begin[stream] + (size_t)i * sv_dtype_itemsize(dtype);
}

/* One awkward sample at each place of two lines: no lane is left out. */
START_TEST(surveys_see_every_lane)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES + 1, NUM_AWKWARD = 6 };
    static const sample_kind awkward[NUM_AWKWARD] = {ZEROS,       DENORMAL, ENORMOUS,
                                                     FINITE_BITS, ANY_BITS, ALL_NAN};
    struct random random = random_begin("surveys_see_every_lane");
    streams all = open_streams();
    sv_dtype dtype = dtype_of(_i);
    for (int i = 0; i < SV_STREAMS * SAMPLES * NUM_AWKWARD; i++) {
        int place = i / NUM_AWKWARD;
        void *sample = NULL;
        draw_streams(&all, &random, NOISE, dtype, SAMPLES);
        sample = sample_of(&all, dtype, place % SV_STREAMS, place / SV_STREAMS);
        store_sample(&random, awkward[i % NUM_AWKWARD], dtype, place, sample);
        compare_survey(&all, dtype, LINES);
    }
    close_streams(&all);
}
END_TEST

static const double distinct_values[] = {1.0,  2.0,  3.0,   5.0,   7.0,  11.0,
                                         13.0, 64.0, 100.0, 110.0, 120.0};

/* No two neighbours are equal, so that a pair is the only one. */
static void fill_distinct(const streams *all, sv_dtype dtype, int64_t samples)
{
    for (int64_t i = 0; i < SV_STREAMS * samples; i++) {
        sv_scalar value = sv_scalar_float(distinct_values[i / SV_STREAMS % 11]);
        void *to = sample_of(all, dtype, (int)(i % SV_STREAMS), i / SV_STREAMS);
        ck_assert_int_eq(sv_dtype_store(dtype, to, value), SV_OK);
    }
}

/* A single pair of equal samples, at each place; and of floats, where none is told when there is
 * none. */
START_TEST(surveys_see_every_equal_pair)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES + 1 };
    streams all = open_streams();
    sv_dtype dtype = dtype_of(_i);
    size_t itemsize = sv_dtype_itemsize(dtype);
    for (int place = 0; place < SV_STREAMS * (SAMPLES - 1); place++) {
        place_streams(&all, dtype, SAMPLES, false, 0);
        fill_distinct(&all, dtype, SAMPLES);
        sv_lanes lanes = {.any_equal = 0};
        bool surveyed = tested->survey(dtype, &lanes, all.stored, LINES, NULL, NULL);
        ck_assert(!surveyed || is_integer(dtype) || lanes.any_equal == 0);
        char *sample = sample_of(&all, dtype, place % SV_STREAMS, place / SV_STREAMS);
        memcpy(sample + itemsize, sample, itemsize);
        compare_survey(&all, dtype, LINES);
    }
    close_streams(&all);
}
END_TEST

/* IBM floats have many ways to write a value: 1 is 0x41100000, 0x42010000, 0x43001000 … */
START_TEST(surveys_see_ibm_floats_that_are_equal_in_value_alone)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES + 1, WAYS = 6 };
    streams all = open_streams();
    sv_dtype dtype = sv_dtype_make(SV_IBM4, _i == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN);
    for (int i = 0; i < SV_STREAMS * (SAMPLES - 1) * WAYS * WAYS; i++) {
        int place = i / (WAYS * WAYS);
        place_streams(&all, dtype, SAMPLES, false, 0);
        fill_distinct(&all, dtype, SAMPLES);
        for (int k = 0; k < 2; k++) {
            unsigned way = (unsigned)(k == 0 ? i % WAYS : i / WAYS % WAYS);
            uint32_t bits = 0x41000000 + (way << 24) + (0x00100000U >> 4 * way);
            bits = dtype.order == SV_NATIVE_ENDIAN ? bits : __builtin_bswap32(bits);
            memcpy(sample_of(&all, dtype, place % SV_STREAMS, place / SV_STREAMS + k), &bits, 4);
        }
        compare_survey(&all, dtype, LINES);
    }
    close_streams(&all);
}
END_TEST

/* ---- zeros, counts, folds, powers ----------------------------------------------------
 */

typedef enum pass_kind { ZERO, COUNT, FOLD, CENTRE, POWERS, NUM_PASSES } pass_kind;

typedef struct pass {
    pass_kind kind;
    bool is_f4, all_finite;
    double pivot, pilot, scale;
} pass;

/* Of a pass; what it does not write stays as it was. */
typedef struct found {
    sv_counts counts;
    double high[SV_LANES], low[SV_LANES];
} found;

static void run_pass(const sv_kernels *set, pass p, const streams *all, int64_t lines, found *to)
{
    switch (p.kind) {
    case ZERO:
        p.is_f4 ? set->zeros_f4(&to->counts, all->f4, lines)
                : set->zeros_f8(&to->counts, all->f8, lines);
        break;
    case COUNT:
        p.is_f4 ? set->count_f4(&to->counts, all->f4, lines)
                : set->count_f8(&to->counts, all->f8, lines);
        break;
    case FOLD:
        p.is_f4 ? set->fold_f4(to->high, to->low, all->f4, lines, p.pivot, p.all_finite)
                : set->fold_f8(to->high, to->low, all->f8, lines, p.pivot, p.all_finite);
        break;
    case CENTRE:
        p.is_f4 ? set->centre_f4(to->high, all->f4, lines, p.pilot, p.scale, p.all_finite)
                : set->centre_f8(to->high, all->f8, lines, p.pilot, p.scale, p.all_finite);
        break;
    default:
        p.is_f4 ? set->powers_f4(to->high, to->low, all->f4, lines, p.pilot, p.scale, p.all_finite)
                : set->powers_f8(to->high, to->low, all->f8, lines, p.pilot, p.scale, p.all_finite);
        break;
    }
}

static void same_counts(const sv_counts *own, const sv_counts *expected)
{
    ck_assert_msg(own->zeros == expected->zeros && own->nans == expected->nans &&
                      own->infinities == expected->infinities,
                  "%" PRId64 " zeros, %" PRId64 " NaN, %" PRId64 " infinite instead of %" PRId64
                  ", %" PRId64 ", %" PRId64,
                  own->zeros, own->nans, own->infinities, expected->zeros, expected->nans,
                  expected->infinities);
    check_f8("min", 0, own->min + 0.0, expected->min + 0.0);
    check_f8("max", 0, own->max + 0.0, expected->max + 0.0);
    check_f8("least", 0, own->least, expected->least);
}

static void begin_found(found *all)
{
    sv_counts_init(&all->counts);
    for (int i = 0; i < SV_LANES; i++) {
        all->high[i] = all->low[i] = 0x5a5a5a;
    }
}

/* Counts go on from call to call, sums begin anew. */
static void compare_pass(pass p, sample_kind kind, streams *all, struct random *random,
                         int64_t lines)
{
    found own, expected;
    begin_found(&own);
    begin_found(&expected);
    for (int call = 0; call < 2; call++) {
        draw_streams(all, random, kind, native(p.is_f4), lines * SV_LANES);
        run_pass(tested, p, all, lines, &own);
        run_pass(reference, p, all, lines, &expected);
        same_counts(&own.counts, &expected.counts);
        check_all_f8("high", own.high, expected.high);
        check_all_f8("low", own.low, expected.low);
    }
}

/* `all_finite` may be said, and need not, where they are. */
static pass draw_pass(struct random *random, int i, sample_kind kind)
{
    static const double pivots[] = {0x1.8p0, 0x1.8p40, 0x1.8p-100, 0x1.8p900};
    static const double pilots[] = {0.0, 1e9, -0.1, 1e300};
    static const double scales[] = {1.0, 0x1p-1000, 0x1p1000, 0x1p-1023};
    return (pass){
        .kind = (pass_kind)(i / 2),
        .is_f4 = i % 2 == 0,
        .all_finite = kind < LAST_FINITE && random_below(random, 2) == 0,
        .pivot = pivots[random_below(random, 4)],
        .pilot = pilots[random_below(random, 4)],
        .scale = scales[random_below(random, 2) * random_below(random, 4)],
    };
}

/* The pass over zeros is for finite samples alone. */
static bool is_for(pass p, sample_kind kind)
{
    return p.kind != ZERO || kind < LAST_FINITE;
}

START_TEST(passes_at_every_number_of_lines)
{
    struct random random = random_begin("passes_at_every_number_of_lines");
    streams all = open_streams();
    for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        pass p = draw_pass(&random, _i, kind);
        compare_pass(p, is_for(p, kind) ? kind : FEW_VALUES, &all, &random, lines);
    }
    close_streams(&all);
}
END_TEST

START_TEST(passes_over_every_kind_of_samples)
{
    struct random random = random_begin("passes_over_every_kind_of_samples");
    streams all = open_streams();
    for (int i = 0; i < NUM_SAMPLE_KINDS * 40; i++) {
        sample_kind kind = (sample_kind)(i / 40);
        pass p = draw_pass(&random, _i, kind);
        if (is_for(p, kind)) {
            compare_pass(p, kind, &all, &random, i % 40);
        }
    }
    close_streams(&all);
}
END_TEST

/* One awkward sample at each place of two lines: no lane is left out. */
START_TEST(passes_see_every_lane)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES, NUM_AWKWARD = 8, FIRST_FINITE = 3 };
    static const double awkward[NUM_AWKWARD] = {NAN,  INFINITY, -INFINITY, 0.0,
                                                -0.0, -3e38,    3e38,      1e-45};
    struct random random = random_begin("passes_see_every_lane");
    streams all = open_streams();
    pass p = {(pass_kind)(_i / 2), _i % 2 == 0, false, 0x1.8p8, 0.5, 1.0};
    for (int i = 0; i < SV_STREAMS * SAMPLES * NUM_AWKWARD; i++) {
        int which = i % NUM_AWKWARD, place = i / NUM_AWKWARD;
        if (p.kind == ZERO && which < FIRST_FINITE) {
            continue;
        }
        found own, expected;
        begin_found(&own);
        begin_found(&expected);
        draw_streams(&all, &random, NOISE, native(p.is_f4), SAMPLES);
        sv_scalar value = sv_scalar_float(awkward[which]);
        void *sample = sample_of(&all, native(p.is_f4), place % SV_STREAMS, place / SV_STREAMS);
        ck_assert_int_eq(sv_dtype_store(native(p.is_f4), sample, value), SV_OK);
        run_pass(tested, p, &all, LINES, &own);
        run_pass(reference, p, &all, LINES, &expected);
        same_counts(&own.counts, &expected.counts);
        check_all_f8("high", own.high, expected.high);
        check_all_f8("low", own.low, expected.low);
    }
    close_streams(&all);
}
END_TEST

START_TEST(plain_sums)
{
    struct random random = random_begin("plain_sums");
    streams all = open_streams();
    for (int64_t lines = 0; lines <= SV_STRETCH_LINES; lines++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        draw_streams(&all, &random, kind, native(true), lines * SV_LANES);
        float own = tested->sum_f4(all.f4, lines);
        float expected = reference->sum_f4(all.f4, lines);
        ck_assert_msg(memcmp(&own, &expected, sizeof own) == 0 || (isnan(own) && isnan(expected)),
                      "%" PRId64 " lines: %a, %a", lines, (double)own, (double)expected);
    }
    close_streams(&all);
}
END_TEST

/* ---- equal neighbours and values ------------------------------------------------------------- */

enum { MOST_PAIRS = 600, MOST_WORDS = MOST_PAIRS / 64 + 2 };

static const uint64_t untouched = UINT64_C(0x5a5a5a5a5a5a5a5a);

static void find_equal(const sv_kernels *set, bool is_f4, const void *samples, int64_t pairs,
                       uint64_t bits[MOST_WORDS])
{
    for (int i = 0; i < MOST_WORDS; i++) {
        bits[i] = untouched;
    }
    if (is_f4) {
        set->equal_f4(samples, pairs, bits);
    } else {
        set->equal_f8(samples, pairs, bits);
    }
}

static void *fill_before_fence(fenced memory, struct random *random, sample_kind kind, bool is_f4,
                               int64_t n, int shift)
{
    if (is_f4) {
        float *f4 = (float *)(void *)memory.end - n - shift;
        fill_f4(random, kind, f4, n);
        return f4;
    }
    double *f8 = (double *)(void *)memory.end - n - shift;
    fill_f8(random, kind, f8, n);
    return f8;
}

START_TEST(equal_neighbours)
{
    struct random random = random_begin("equal_neighbours");
    fenced memory = fence((MOST_PAIRS + 1 + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (int64_t pairs = 0; pairs <= MOST_PAIRS; pairs++) {
        for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
            int shift = kind % 2 == 0 ? 0 : (int)random_below(&random, SHIFTS);
            const void *samples =
                fill_before_fence(memory, &random, (sample_kind)kind, is_f4, pairs + 1, shift);
            uint64_t own[MOST_WORDS], expected[MOST_WORDS];
            find_equal(tested, is_f4, samples, pairs, own);
            find_equal(reference, is_f4, samples, pairs, expected);
            ck_assert_mem_eq(own, expected, sizeof own);
            ck_assert_uint_eq(own[(pairs + 63) / 64], untouched);
        }
    }
    unfence(memory);
}
END_TEST

/* Integers as they lie, of few values so that many neighbours are equal; or wholly equal, or
 * different in one byte alone. */
static void draw_stored(struct random *random, char *to, int64_t n, size_t itemsize, int kind)
{
    for (int64_t i = 0; i < n; i++) {
        char *sample = to + (size_t)i * itemsize;
        memset(sample, 0x17, itemsize);
        if (kind == 0) {
            sample[random_below(random, itemsize)] ^= (char)random_below(random, 2);
        } else if (kind == 1) {
            uint64_t bits = random_bits(random);
            memcpy(sample, &bits, itemsize);
        } else if (random_below(random, 50) == 0) {
            sample[random_below(random, itemsize)] ^= (char)0x80;
        }
    }
}

START_TEST(equal_neighbours_as_they_are_stored)
{
    static const size_t itemsizes[] = {1, 2, 3, 4};
    size_t itemsize = itemsizes[_i];
    struct random random = random_begin("equal_neighbours_as_they_are_stored");
    fenced memory = fence((MOST_PAIRS + 1) * itemsize + SHIFTS);
    for (int64_t i = 0; i <= 4 * 3 * MOST_PAIRS; i++) {
        int64_t pairs = i / 12, n = pairs + 1;
        bool at_begin = i / 3 % 4 == 1;
        size_t shift = i / 3 % 4 < 2 ? 0 : (size_t)random_below(&random, SHIFTS);
        char *samples = at_begin ? memory.begin + shift : memory.end - (size_t)n * itemsize - shift;
        draw_stored(&random, samples, n, itemsize, (int)(i % 3));
        uint64_t own[MOST_WORDS], expected[MOST_WORDS];
        memset(own, 0x5a, sizeof own);
        memset(expected, 0x5a, sizeof expected);
        tested->equal_stored(samples, itemsize, pairs, own);
        reference->equal_stored(samples, itemsize, pairs, expected);
        ck_assert_mem_eq(own, expected, sizeof own);
        ck_assert_uint_eq(own[(pairs + 63) / 64], untouched);
    }
    unfence(memory);
}
END_TEST

static int64_t find_value(const sv_kernels *set, bool is_f4, const void *samples, int64_t n,
                          double value)
{
    return is_f4 ? set->find_f4(samples, n, (float)value) : set->find_f8(samples, n, value);
}

/* For a value that is there at every place in turn, once and again behind it. */
START_TEST(finding_a_value)
{
    static const int64_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 300, 511, 600};
    struct random random = random_begin("finding_a_value");
    fenced memory = fence((MOST_PAIRS + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
        int64_t n = sizes[size];
        for (int64_t place = 0; place < n; place++) {
            void *samples = fill_before_fence(memory, &random, SPRINKLED, is_f4, n, 0);
            int64_t again = place + (int64_t)random_below(&random, (uint64_t)(n - place));
            for (int64_t at = place; at <= again; at += again > place ? again - place : 1) {
                if (is_f4) {
                    ((float *)samples)[at] = 4096.0f;
                } else {
                    ((double *)samples)[at] = 4096.0;
                }
            }
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, 4096.0), place);
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, 5000.0), n);
        }
    }
    unfence(memory);
}
END_TEST

START_TEST(finding_awkward_values)
{
    static const double values[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 0.1, 1.0, -1.0, 1e30};
    struct random random = random_begin("finding_awkward_values");
    fenced memory = fence((MOST_PAIRS + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (int64_t n = 0; n <= MOST_PAIRS; n++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        int shift = (int)random_below(&random, SHIFTS);
        const void *samples = fill_before_fence(memory, &random, kind, is_f4, n, shift);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, values[i]),
                             find_value(reference, is_f4, samples, n, values[i]));
        }
    }
    unfence(memory);
}
END_TEST

/* ---- conversion ------------------------------------------------------------------------------ */

enum { MOST_CONVERTED = 300, MOST_STRIDE = 40, NUM_STRIDES = 9 };

static ptrdiff_t stride_of(int i, ptrdiff_t itemsize)
{
    const ptrdiff_t strides[NUM_STRIDES] = {
        itemsize, -itemsize, 0, itemsize + 1, -itemsize - 3, 3 * itemsize, 1, -1, MOST_STRIDE};
    return strides[i];
}

/* The first sample's address when all of them lie as far up, or down, as they can. */
static const char *place_samples(fenced memory, bool at_end, ptrdiff_t stride, int64_t n,
                                 ptrdiff_t itemsize, int shift)
{
    ptrdiff_t last = n > 0 ? (ptrdiff_t)(n - 1) * stride : 0;
    ptrdiff_t highest = last > 0 ? last : 0, lowest_offset = last < 0 ? last : 0;
    return at_end ? memory.end - shift - itemsize - highest : memory.begin + shift - lowest_offset;
}

static void compare_conversion(fenced memory, sv_dtype dtype, ptrdiff_t stride, int64_t n,
                               struct random *random)
{
    static double own[MOST_CONVERTED + 1], expected[MOST_CONVERTED + 1];
    int shift = (int)random_below(random, 9) % 8;
    const char *from = place_samples(memory, random_below(random, 2) == 0, stride, n,
                                     (ptrdiff_t)sv_dtype_itemsize(dtype), shift);
    memset(own, 0xa5, sizeof own);
    memset(expected, 0xa5, sizeof expected);
    tested->convert(dtype, from, stride, n, own);
    reference->convert(dtype, from, stride, n, expected);
    char text[SV_DTYPE_TEXT_SIZE];
    ck_assert_msg(memcmp(own, expected, sizeof own) == 0, "%s, stride %td, %lld samples",
                  sv_dtype_text(dtype, text), stride, (long long)n);
}

/* Random bytes, so that floats are of every kind; what lies behind the last sample stays. */
START_TEST(conversions)
{
    struct random random = random_begin("conversions");
    fenced memory = fence(MOST_CONVERTED * MOST_STRIDE + 64);
    for (char *byte = memory.begin; byte < memory.end; byte++) {
        *byte = (char)random_bits(&random);
    }
    sv_dtype dtype = dtype_of(_i);
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    for (int64_t n = 0; n <= MOST_CONVERTED; n++) {
        for (int i = 0; i < NUM_STRIDES; i++) {
            compare_conversion(memory, dtype, stride_of(i, itemsize), n, &random);
        }
    }
    unfence(memory);
}
END_TEST

START_TEST(conversions_at_every_stride)
{
    static const int64_t lengths[] = {1, 2, 15, 16, 17, 33, 70};
    struct random random = random_begin("conversions_at_every_stride");
    fenced memory = fence(MOST_CONVERTED * MOST_STRIDE + 64);
    for (char *byte = memory.begin; byte < memory.end; byte++) {
        *byte = (char)random_bits(&random);
    }
    for (ptrdiff_t stride = -MOST_STRIDE; stride <= MOST_STRIDE; stride++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            compare_conversion(memory, dtype_of(_i), stride, lengths[i], &random);
        }
    }
    unfence(memory);
}
END_TEST

/* ---- channels apart from one another ----------------------------------------------------------
 */

enum { MOST_ROWS = 19, MOST_FRAMES = 90, MOST_GAP = 13, MOST_ITEM = 8 };

typedef struct frames {
    size_t itemsize;
    int rows;
    int64_t count;
    ptrdiff_t frame_bytes, row_bytes;
} frames;

enum { MOST_PARTED = MOST_ROWS * (MOST_FRAMES * MOST_ITEM + MOST_GAP) };

/* The frames end with the last sample of the last, before the fence, or begin behind the other. */
static void check_part(const sv_kernels *set, fenced memory, const frames *as, bool at_begin)
{
    static char own[MOST_PARTED], expected[MOST_PARTED];
    ptrdiff_t frame = (ptrdiff_t)as->itemsize * as->rows;
    ptrdiff_t bytes = as->count > 0 ? (ptrdiff_t)(as->count - 1) * as->frame_bytes + frame : 0;
    const char *from = at_begin ? memory.begin : memory.end - bytes;
    memset(own, 0x5a, sizeof own);
    memset(expected, 0x5a, sizeof expected);
    set->part(from, as->frame_bytes, as->itemsize, as->rows, as->count, own, as->row_bytes);
    for (int64_t i = 0; i < as->count * as->rows; i++) {
        int64_t row = i % as->rows, at = i / as->rows;
        memcpy(expected + row * as->row_bytes + at * (int64_t)as->itemsize,
               from + at * as->frame_bytes + row * (int64_t)as->itemsize, as->itemsize);
    }
    ck_assert_msg(memcmp(own, expected, sizeof own) == 0,
                  "%" PRId64 " frames of %d rows of %zu bytes, %td bytes apart", as->count,
                  as->rows, as->itemsize, as->frame_bytes);
}

START_TEST(parting_channels)
{
    static const size_t itemsizes[] = {1, 2, 3, 4, 8};
    struct random random = random_begin("parting_channels");
    fenced memory = fence(MOST_FRAMES * (MOST_ROWS * MOST_ITEM + MOST_GAP));
    for (char *byte = memory.begin; byte < memory.end; byte++) {
        *byte = (char)random_bits(&random);
    }
    frames as = {.itemsize = itemsizes[_i]};
    for (as.rows = 1; as.rows <= MOST_ROWS; as.rows++) {
        for (as.count = 0; as.count <= MOST_FRAMES; as.count += 1 + as.count / 24) {
            ptrdiff_t gap = (ptrdiff_t)random_below(&random, 3) * MOST_GAP / 2;
            as.frame_bytes = as.rows * (ptrdiff_t)as.itemsize + gap;
            as.row_bytes = (ptrdiff_t)as.count * (ptrdiff_t)as.itemsize +
                           (ptrdiff_t)random_below(&random, 2) * MOST_GAP;
            check_part(tested, memory, &as, as.count % 4 == 3);
            check_part(reference, memory, &as, as.count % 4 == 3);
        }
    }
    unfence(memory);
}
END_TEST

/* ---- interleaved rows surveyed on the way ---------------------------------------------------- */

enum { MOST_SURVEYED = 3 * SV_STRETCH_LINES * SV_STREAMS * SV_LANES + 100 };

/* A row that has been parted, of which the stretch at `line` was surveyed: as a survey of the row.
 */
static void check_row(const sv_frames *f, int row, int64_t line, int64_t count, const sv_lanes *own)
{
    const char *samples = f->to + row * f->row_bytes;
    const int64_t lines = sv_lines_of(f->n);
    const void *stream[SV_STREAMS];
    sv_lanes expected;
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = samples + (s * lines + line) * SV_LANES * 4;
    }
    ck_assert(tested->survey(f->dtype, &expected, stream, count, NULL, NULL));
    check_all_f8("sum", own->sum, expected.sum);
    check_all_f8("squares", own->squares, expected.squares);
    ck_assert_int_eq(own->any_equal != 0, expected.any_equal != 0);
    ck_assert(!own->has_pairs && !own->has_powers);
    for (int i = 0; i < SV_LANES; i++) {
        if (!isfinite(own->squares[i])) {
            return;
        }
    }
    check_f8("min", row, own->min, expected.min);
    check_f8("max", row, own->max, expected.max);
    check_f8("least", row, own->least, expected.least);
    ck_assert_int_eq(own->zeros, expected.zeros);
    ck_assert_int_eq(own->negative_zeros, expected.negative_zeros);
}

static void check_frames(const sv_frames *f)
{
    sv_lanes lanes[SV_FRAMES_ROWS];
    const int64_t all = sv_lines_of(f->n);
    for (int64_t line = 0; line < all; line += SV_STRETCH_LINES) {
        int64_t count = all - line < SV_STRETCH_LINES ? all - line : SV_STRETCH_LINES;
        ck_assert(tested->survey_frames(f, line, count, lanes));
        for (int row = 0; row < f->rows; row++) {
            check_row(f, row, line, count, &lanes[row]);
        }
    }
    for (int64_t i = 0; i < f->n * f->rows && all > 0; i++) {
        int64_t row = i % f->rows, at = i / f->rows;
        require(memcmp(f->to + row * f->row_bytes + 4 * at, f->from + at * f->frame_bytes + 4 * row,
                       4) == 0,
                "a sample is not in its place");
    }
}

/* Floats and integers of all kinds, or of a few bits: full of equal neighbours and zeros. */
static void fill_frames(struct random *random, fenced memory, bool any)
{
    for (char *word = memory.begin; word + 4 <= memory.end; word += 4) {
        float small = (float)random_below(random, 5) - 2.0F;
        uint32_t bits = (uint32_t)random_bits(random);
        memcpy(word, any ? (const void *)&bits : (const void *)&small, 4);
    }
}

START_TEST(surveying_interleaved_rows)
{
    static const sv_dtype dtypes[] = {{SV_F4, SV_NATIVE_ENDIAN},
                                      {SV_F4, SV_BIG_ENDIAN},
                                      {SV_I4, SV_NATIVE_ENDIAN},
                                      {SV_I4, SV_BIG_ENDIAN}};
    struct random random = random_begin("surveying_interleaved_rows");
    enum { GAP = 8 };
    static char parted[SV_FRAMES_ROWS * (MOST_SURVEYED * 4 + GAP)];
    sv_frames f = {.dtype = dtypes[_i % 4], .to = parted};
    for (f.rows = 2; f.rows <= SV_FRAMES_ROWS; f.rows += f.rows < 5 ? 1 : 4) {
        fenced memory = fence((size_t)MOST_SURVEYED * (size_t)(f.rows * 4 + GAP));
        fill_frames(&random, memory, _i < 4);
        for (int i = 0; i < 24; i++) {
            f.n = (int64_t)random_below(&random, i < 20 ? 700 : MOST_SURVEYED);
            f.frame_bytes = f.rows * 4 + (i % 3 == 2 ? GAP : 0);
            f.row_bytes = (ptrdiff_t)f.n * 4 + (i % 2 == 1 ? GAP : 0);
            ptrdiff_t bytes = f.n > 0 ? (f.n - 1) * f.frame_bytes + f.rows * 4 : 0;
            f.from = i % 4 == 3 ? memory.begin + i : memory.end - bytes;
            check_frames(&f);
        }
        unfence(memory);
    }
}
END_TEST

/* The reference has no way to: what it would write is not touched. */
START_TEST(surveying_interleaved_rows_of_other_types)
{
    sv_lanes lanes;
    sv_frames f = {.dtype = dtype_of(_i), .rows = 2, .n = 100};
    memset(&lanes, 0xa5, sizeof lanes);
    if (f.dtype.type != SV_F4 && f.dtype.type != SV_I4) {
        ck_assert(!tested->survey_frames(&f, 0, 1, &lanes) && is_untouched(&lanes));
    }
    ck_assert(!reference->survey_frames(&f, 0, 1, &lanes) && is_untouched(&lanes));
}
END_TEST

static const sv_type integer_types[] = {SV_I1, SV_U1, SV_I2, SV_U2, SV_I3, SV_U3, SV_I4, SV_U4};

enum { NUM_INTEGER_TYPES = sizeof integer_types / sizeof integer_types[0] };

static void check_integers(const sv_kernels *set, sv_dtype dtype, const char *from,
                           ptrdiff_t stride, int64_t n)
{
    static uint32_t own[MOST_CONVERTED + 1];
    own[n] = 0xa5a5a5a5;
    set->integers(dtype, from, stride, n, own);
    for (int64_t i = 0; i < n; i++) {
        double value = sv_scalar_as_f8(sv_dtype_load(dtype, from + i * stride));
        require(own[i] == (uint32_t)(int64_t)value, "another integer");
    }
    require(own[n] == 0xa5a5a5a5, "something is written behind the last integer");
}

/* By the values that single samples are read as; what lies behind the last one stays. */
START_TEST(integers)
{
    struct random random = random_begin("integers");
    fenced memory = fence(MOST_CONVERTED * MOST_STRIDE + 64);
    for (char *byte = memory.begin; byte < memory.end; byte++) {
        *byte = (char)random_bits(&random);
    }
    sv_dtype dtype =
        sv_dtype_make(integer_types[_i / 2], _i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    for (int64_t n = 0; n <= MOST_CONVERTED; n++) {
        for (int i = 0; i < NUM_STRIDES; i++) {
            ptrdiff_t stride = stride_of(i, itemsize);
            const char *from = place_samples(memory, n % 2 == 0, stride, n, itemsize, (int)(n % 8));
            check_integers(tested, dtype, from, stride, n);
            check_integers(reference, dtype, from, stride, n);
        }
    }
    unfence(memory);
}
END_TEST

/* ---- histograms ------------------------------------------------------------------------------ */

enum { MOST_COUNTED = 1100, MOST_TARGETS = 11, MOST_PLACES = MOST_TARGETS * 256 + 1 };

typedef enum counted { COUNTED_F4, COUNTED_I4, COUNTED_F8, NUM_COUNTED } counted;

static uint64_t key_at(counted type, const char *samples, int64_t i)
{
    uint32_t four;
    uint64_t eight;
    if (type == COUNTED_F8) {
        memcpy(&eight, samples + 8 * i, sizeof eight);
        return eight >> 63 ? ~eight : eight | UINT64_C(1) << 63;
    }
    memcpy(&four, samples + 4 * i, sizeof four);
    if (type == COUNTED_I4) {
        return four;
    }
    return four >> 31 ? ~four : four | UINT32_C(1) << 31;
}

/* Draws some of the samples' own bins, and some that none is in. */
static sv_bins draw_bins(struct random *random, counted type, const char *samples, int64_t n,
                         uint64_t targets[MOST_TARGETS])
{
    int bits = type == COUNTED_F8 ? 64 : 32;
    uint64_t all = type == COUNTED_F8 ? UINT64_MAX : UINT32_MAX;
    sv_bins bins = {.targets = targets, .width = 1 + (int)random_below(random, 8)};
    bins.shift = (int)random_below(random, (uint64_t)(bits - bins.width + 1));
    bins.least = n > 0 ? key_at(type, samples, (int64_t)random_below(random, (uint64_t)n)) : 5;
    uint64_t wanted = 1 + random_below(random, MOST_TARGETS);
    for (uint64_t i = 0; i < wanted; i++) {
        uint64_t key = random_bits(random);
        if (n > 0 && random_below(random, 3) > 0) {
            key = key_at(type, samples, (int64_t)random_below(random, (uint64_t)n));
        }
        uint64_t target = ((key - bins.least) & all) >> bins.shift >> bins.width << bins.width;
        bool is_new = true;
        for (int j = 0; j < bins.num_targets; j++) {
            is_new &= targets[j] != target;
        }
        targets[bins.num_targets] = target;
        bins.num_targets += is_new;
    }
    return bins;
}

/* What counts of bins must be, both of a bin together. */
static void count_naively(const sv_bins *bins, counted type, const char *samples, int64_t n,
                          uint32_t *counts)
{
    uint64_t all = type == COUNTED_F8 ? UINT64_MAX : UINT32_MAX;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bin = ((key_at(type, samples, i) - bins->least) & all) >> bins->shift;
        for (int j = 0; j < bins->num_targets; j++) {
            if (bin >> bins->width == bins->targets[j] >> bins->width) {
                counts[((uint64_t)j << bins->width) + (bin - bins->targets[j])]++;
            }
        }
    }
}

static void check_histogram(const sv_kernels *set, const sv_bins *bins, counted type,
                            const char *samples, int64_t n, const uint32_t *expected)
{
    static uint32_t own[MOST_PLACES * SV_COUNTS_A_BIN];
    memset(own, 0, sizeof own);
    switch (type) {
    case COUNTED_F4: set->histogram_f4(bins, samples, n, own); break;
    case COUNTED_I4: set->histogram_i4(bins, samples, n, own); break;
    default: set->histogram_f8(bins, samples, n, own); break;
    }
    for (size_t place = 0; place < sv_bins_places(bins) - 1; place++) {
        const uint32_t *counts = own + place * SV_COUNTS_A_BIN;
        require(counts[0] + counts[1] == expected[place], "another count");
    }
}

START_TEST(histograms)
{
    static uint32_t expected[MOST_PLACES];
    struct random random = random_begin("histograms");
    fenced memory = fence((MOST_COUNTED + SHIFTS) * sizeof(double));
    counted type = (counted)_i;
    for (int64_t n = 0; n <= MOST_COUNTED; n += 1 + n / 40) {
        for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
            uint64_t targets[MOST_TARGETS];
            const char *samples =
                fill_before_fence(memory, &random, (sample_kind)kind, type != COUNTED_F8, n, 0);
            sv_bins bins = draw_bins(&random, type, samples, n, targets);
            memset(expected, 0, sizeof expected);
            count_naively(&bins, type, samples, n, expected);
            check_histogram(tested, &bins, type, samples, n, expected);
            check_histogram(reference, &bins, type, samples, n, expected);
        }
    }
    unfence(memory);
}
END_TEST

/* Every value's key, and back; neighbours in value are neighbours in key. */
START_TEST(keys_are_in_the_order_of_values)
{
    static const double ascending[] = {-INFINITY, -DBL_MAX, -1e10,   -1.0,     -DBL_MIN,
                                       -5e-324,   -0.0,     0.0,     5e-324,   DBL_MIN,
                                       1.0,       1e10,     DBL_MAX, INFINITY, NAN};
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof ascending / sizeof ascending[0]; i++) {
        uint64_t bits;
        uint32_t half;
        float f4 = (float)ascending[i];
        memcpy(&bits, &ascending[i], sizeof bits);
        memcpy(&half, &f4, sizeof half);
        ck_assert(i == 0 || sv_key_of_f8(bits) > before);
        before = sv_key_of_f8(bits);
        ck_assert_uint_eq(sv_f8_of_key(before), bits);
        ck_assert_uint_eq(sv_f4_of_key(sv_key_of_f4(half)), half);
    }
}
END_TEST

/* ---- windows side by side -------------------------------------------------------------------- */

enum { LEVELS = 3, WAVES = 1 << 2 * LEVELS, WINDOW = 20, PLACES = WAVES - WINDOW + 1, SLID = 13 };

typedef struct side_by_side {
    sv_waves samples[WAVES], others[WAVES];
    sv_waves scratch[2 * WINDOW];
    double roots[2 * WAVES], reciprocals[WAVES];
    double means[SV_WINDOWS], squares[SV_WINDOWS];
    double sums[SV_WINDOWS * PLACES];
    double slid[SLID][SV_WINDOWS * PLACES];
    float function[SV_WINDOWS * PLACES];
} side_by_side;

/* Templates slide along the windows' numbers, whatever they are; more of them than are done at
 * once.
 */
static void slide(const sv_kernels *set, const side_by_side *s, const sv_waves *weights,
                  double sums[SLID][SV_WINDOWS * PLACES])
{
    const double *templates[SLID];
    double *to[SLID];
    for (int t = 0; t < SLID; t++) {
        templates[t] = s->roots + t;
        to[t] = sums[t];
    }
    set->add_slid(sv_windows_in(s->samples), templates, SLID, WINDOW, sv_windows_in(weights),
                  SV_WINDOWS * (PLACES - WINDOW), to);
}

/* What a set makes of the same samples, step by step; the roots need not be roots. */
static void correlate(const sv_kernels *set, side_by_side *s)
{
    sv_waves weights[PLACES];
    set->centre_windows(s->samples, WAVES, s->means, s->squares);
    for (int i = 0; i < SV_WINDOWS; i++) {
        s->squares[i] *= i % 3 == 0 ? 0.2 : 1e-16;
    }
    ck_assert(set->weigh_windows(s->samples, WINDOW, PLACES, s->reciprocals, s->squares, s->scratch,
                                 weights) == (s->function[0] != 0.0F));
    slide(set, s, weights, s->slid);
    set->take_off(s->samples, WAVES, s->means, s->others);
    set->transform(s->others, LEVELS, s->roots);
    set->multiply(s->samples, s->others, s->roots, WAVES, false);
    set->multiply(s->samples, s->others, s->roots, WAVES, true);
    set->restore(s->samples, LEVELS, s->roots);
    set->add_weighed(s->samples, weights, PLACES, s->sums);
    set->settle(s->sums, SV_WINDOWS * PLACES, 3.0, s->function);
}

START_TEST(correlations_of_windows_side_by_side)
{
    struct random random = random_begin("correlations");
    side_by_side *first = aligned_alloc(64, sizeof *first);
    side_by_side *second = aligned_alloc(64, sizeof *second);
    memset(first, 0, sizeof *first);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < WAVES; i++) {
            for (int k = 0; k < SV_WINDOWS; k++) {
                double x = random_unit(&random);
                bool is_flat = k % 5 == 0 && i < WAVES / 2;
                sv_windows_of(&first->samples[i])[k] = is_flat                    ? 0.3
                                                       : round % 4 == 3 && k == i ? NAN
                                                                                  : x;
            }
            first->reciprocals[i] = 1.0 / (i + 1);
        }
        for (int i = 0; i < 2 * WAVES; i++) {
            first->roots[i] = random_unit(&random);
        }
        for (int i = 0; i < SV_WINDOWS * PLACES; i++) {
            first->sums[i] = -0.0;
        }
        first->function[0] = 1.0F; /* some windows are small */
        memcpy(second, first, sizeof *first);
        correlate(tested, first);
        correlate(reference, second);
        ck_assert_mem_eq(first->sums, second->sums, sizeof first->sums);
        ck_assert_mem_eq(first->slid, second->slid, sizeof first->slid);
        ck_assert_mem_eq(first->function, second->function, sizeof first->function);
        ck_assert_mem_eq(first->means, second->means, sizeof first->means);
    }
    free(first);
    free(second);
}
END_TEST

/* ---- all of it ------------------------------------------------------------------------------- */

static const sv_kernels *find_set(const char *name, bool *runs_here)
{
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, runs_here)) != NULL; i++) {
        if (strcmp(set->name, name) == 0) {
            return set;
        }
    }
    return NULL;
}

static Suite *make_suite(const char *name)
{
    Suite *suite = suite_create(name);
    TCase *surveys = tcase_create("surveys");
    tcase_set_timeout(surveys, 120);
    tcase_add_test(surveys, surveys_find_more_on_their_way);
    tcase_add_loop_test(surveys, surveys_at_every_number_of_lines, 0, NUM_DTYPES);
    tcase_add_loop_test(surveys, surveys_of_every_kind_at_every_address, 0, NUM_DTYPES);
    tcase_add_loop_test(surveys, surveys_see_every_lane, 0, NUM_DTYPES);
    tcase_add_loop_test(surveys, surveys_see_every_equal_pair, 0, NUM_DTYPES);
    tcase_add_loop_test(surveys, surveys_see_ibm_floats_that_are_equal_in_value_alone, 0, 2);
    suite_add_tcase(suite, surveys);
    TCase *passes = tcase_create("passes");
    tcase_set_timeout(passes, 120);
    tcase_add_loop_test(passes, passes_at_every_number_of_lines, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(passes, passes_over_every_kind_of_samples, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(passes, passes_see_every_lane, 0, 2 * NUM_PASSES);
    tcase_add_test(passes, plain_sums);
    suite_add_tcase(suite, passes);
    TCase *search = tcase_create("search");
    tcase_set_timeout(search, 120);
    tcase_add_loop_test(search, equal_neighbours, 0, 2);
    tcase_add_loop_test(search, equal_neighbours_as_they_are_stored, 0, 4);
    tcase_add_loop_test(search, finding_a_value, 0, 2);
    tcase_add_loop_test(search, finding_awkward_values, 0, 2);
    suite_add_tcase(suite, search);
    TCase *conversion = tcase_create("conversion");
    tcase_set_timeout(conversion, 120);
    tcase_add_loop_test(conversion, conversions, 0, NUM_DTYPES);
    tcase_add_loop_test(conversion, conversions_at_every_stride, 0, NUM_DTYPES);
    tcase_add_loop_test(conversion, integers, 0, 2 * NUM_INTEGER_TYPES);
    suite_add_tcase(suite, conversion);
    TCase *counting = tcase_create("counting");
    tcase_set_timeout(counting, 120);
    tcase_add_loop_test(counting, histograms, 0, NUM_COUNTED);
    tcase_add_test(counting, keys_are_in_the_order_of_values);
    suite_add_tcase(suite, counting);
    TCase *parting = tcase_create("parting");
    tcase_add_loop_test(parting, parting_channels, 0, 5);
    tcase_add_loop_test(parting, surveying_interleaved_rows, 0, 8);
    tcase_add_loop_test(parting, surveying_interleaved_rows_of_other_types, 0, NUM_DTYPES);
    suite_add_tcase(suite, parting);
    TCase *correlation = tcase_create("correlation");
    tcase_add_test(correlation, correlations_of_windows_side_by_side);
    suite_add_tcase(suite, correlation);
    return suite;
}

int run_kernel_cases(const char *name)
{
    bool runs_here;
    reference = find_set("reference", &runs_here);
    tested = find_set(name, &runs_here);
    if (tested == NULL || !runs_here) {
        printf("skipped: the kernels %s %s\n", name,
               tested == NULL ? "are not built in" : "do not run on this processor or system");
        return SKIPPED;
    }
    SRunner *runner = srunner_create(make_suite(name));
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
