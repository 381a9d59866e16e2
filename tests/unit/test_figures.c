/* The figures that a summary holds beyond the usual ones, against naive scans: skewness and
 * kurtosis, clipped samples, changes of sign, energy. That every instruction set gives the same
 * bits of them is tested in test_summary.c, and scans in test_scan.c and test_planar.c. */
#include <check.h>
#include <stdlib.h>

#include "big_integer.h"
#include "seisview/summary.h"
#include "sequences.h"

enum { ALL_FIGURES = SV_FIGURES_SHAPE | SV_FIGURES_CLIPPING };

static sv_summary summary_of(const sequence *made, int64_t from, int64_t to)
{
    sv_view part;
    sv_summary summary;
    ck_assert_int_eq(sv_view_slice(&made->view, 0, from, to, 1, &part, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&part, from, ALL_FIGURES, &summary), SV_OK);
    return summary;
}

static sequence open_values(const double *values, int64_t n)
{
    sv_dtype dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    sequence made = place_sequence(dtype, 8, n);
    memcpy(memory, values, (size_t)n * sizeof *values);
    load_values(&made);
    return made;
}

static sv_summary of_values(const double *values, int64_t n)
{
    sequence made = open_values(values, n);
    sv_summary summary = summary_of(&made, 0, n);
    close_sequence(&made);
    return summary;
}

/* ---- shape ----------------------------------------------------------------------------------- */

/* Central moments of the finite samples, over the deviation's powers; `third` is that of |x −
 * mean|, in whose size errors of the skewness count. NaN where nothing deviates. */
typedef struct shape {
    long double skewness, fourth, third;
} shape;

/* Two passes, in long double, over what samples differ by from the first finite one. */
static shape naive_shape(const double *x, int64_t n)
{
    int64_t first = 0;
    while (first < n && !isfinite(x[first])) {
        first++;
    }
    long double count = 0.0L, sum = 0.0L, powers[5] = {0.0L};
    for (int64_t i = first; i < n; i++) {
        count += isfinite(x[i]) ? 1.0L : 0.0L;
        sum += isfinite(x[i]) ? (long double)x[i] - (long double)x[first] : 0.0L;
    }
    for (int64_t i = first; i < n; i++) {
        long double d = (long double)x[i] - (long double)x[first] - sum / count;
        d = isfinite(x[i]) ? d : 0.0L;
        powers[2] += d * d;
        powers[3] += d * d * d;
        powers[4] += d * d * d * d;
        powers[0] += fabsl(d * d * d);
    }
    long double variance = powers[2] / count, cubed = variance * sqrtl(variance);
    return (shape){powers[3] / count / cubed, powers[4] / count / (variance * variance),
                   powers[0] / count / cubed};
}

static double worst_shape;

static void near(const char *what, double own, long double other, long double size)
{
    double error = (double)(fabsl((long double)own - other) / size);
    if (!(error <= 1e-12)) {
        ck_abort_msg("%s: %.17g instead of %.20Lg, off by %g", what, own, other, error);
    }
    worst_shape = error > worst_shape ? error : worst_shape;
}

static void check_shape(const sv_summary *own, const shape *e)
{
    double skewness = sv_summary_skewness(own), kurtosis = sv_summary_kurtosis(own);
    if (!(own->min < own->max)) {
        require(isnan(skewness) && isnan(kurtosis), "the shape of samples that are all equal");
        return;
    }
    near("skewness", skewness, e->skewness, e->third);
    near("kurtosis", kurtosis, e->fourth - 3.0L, e->fourth);
}

/* Merged from parts of any length, which are mostly short, or mostly long. */
static sv_summary merged_of(struct random *random, const sequence *made)
{
    sv_summary merged;
    sv_summary_init(&merged);
    int64_t n = made->view.shape[0], most = 1 + (int64_t)random_below(random, (uint64_t)n / 4 + 40);
    for (int64_t from = 0, to; from < n; from = to) {
        to = from + (int64_t)random_below(random, (uint64_t)most + 1);
        to = to < n ? to : n;
        sv_summary part = summary_of(made, from, to);
        sv_summary_merge(&merged, &part);
    }
    return merged;
}

/* One summary by halves: parts of equal length merge with each other. */
static sv_summary halved_of(const sequence *made, int64_t from, int64_t to)
{
    if (to - from <= 3) {
        return summary_of(made, from, to);
    }
    int64_t middle = from + (to - from) / 2;
    sv_summary left = halved_of(made, from, middle), right = halved_of(made, middle, to);
    sv_summary_merge(&left, &right);
    return left;
}

static void check_groupings(struct random *random, const sequence *made)
{
    int64_t n = made->view.shape[0];
    shape e = naive_shape(made->values, n);
    sv_summary whole = summary_of(made, 0, n), merged = merged_of(random, made);
    check_shape(&whole, &e);
    check_shape(&merged, &e);
    if (n <= 1000) {
        merged = halved_of(made, 0, n);
        check_shape(&merged, &e);
    }
}

static void tell_worst(const char *test)
{
    printf("%s: worst error of shape: %.1e\n", test, worst_shape);
    fflush(stdout);
}

START_TEST(shape_of_every_type_and_kind)
{
    struct random random = random_begin("shape_of_every_type_and_kind");
    sv_dtype dtype = dtype_of(_i);
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        for (int i = 0; i < NUM_SHORT; i++) {
            ptrdiff_t stride = stride_of((i + kind) % NUM_STRIDES, dtype);
            sequence made =
                open_sequence(&random, (sample_kind)kind, dtype, stride, short_lengths[i]);
            check_groupings(&random, &made);
            close_sequence(&made);
        }
    }
    tell_worst("kinds");
}
END_TEST

START_TEST(shape_of_any_input)
{
    static const int64_t lengths[] = {2, 64, 65, 129, 500, 8193, 131071, 131072, 131073, 140001};
    enum { NUM_LENGTHS = sizeof lengths / sizeof lengths[0], FIRST_LONG = 6 };
    struct random random = random_begin("shape_of_any_input");
    sv_dtype dtype = dtype_of(_i);
    for (int i = 0; i < NUM_ADVERSE * NUM_LENGTHS; i++) {
        int length = i % NUM_LENGTHS;
        if (length >= FIRST_LONG && random_below(&random, 24) != 0) {
            continue;
        }
        sequence made = open_adverse(&random, (adverse)(i / NUM_LENGTHS), dtype, lengths[length]);
        check_groupings(&random, &made);
        close_sequence(&made);
    }
    tell_worst("adverse");
}
END_TEST

/* Sizes at which powers leave float64, with deviations down to the last bit; and one sample that is
 * like no other. */
START_TEST(shape_at_any_size)
{
    static const double sizes[] = {1e-310,  1e-300, 0x1p-201, 0x1p-200, 0x1p-199, 1e-60,    1e-30,
                                   1.0,     1e30,   0x1p200,  0x1p201,  1e77,     1e100,    1e154,
                                   1.1e154, 1e300,  DBL_MAX,  -1e300,   -0x1p200, -0x1p-200};
    static double values[100000];
    struct random random = random_begin("shape_at_any_size");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int64_t n = 2; n <= 100000; n *= 50) {
            for (int64_t k = 0; k < n; k++) {
                values[k] = _i == 0   ? sizes[i] * random_unit(&random)
                            : _i == 1 ? nextafter(sizes[i], k % 3 == 0 ? 0.0 : sizes[i])
                                      : sizes[i];
            }
            values[n / 3] = _i == 0 ? sizes[i] : _i == 1 ? values[n / 3] : nextafter(sizes[i], 0.0);
            sequence made = open_values(values, n);
            check_groupings(&random, &made);
            close_sequence(&made);
        }
    }
    tell_worst("sizes");
}
END_TEST

START_TEST(shapes_that_are_known)
{
    static const double one_of_four[] = {0.0, 0.0, 0.0, 1.0};
    sv_summary own = of_values(one_of_four, 4);
    ck_assert_double_eq_tol(sv_summary_skewness(&own), 2.0 / sqrt(3.0), 1e-15);
    ck_assert_double_eq_tol(sv_summary_kurtosis(&own), -2.0 / 3.0, 1e-15);
    static const double coins[] = {-1.0, 1.0, 1.0, -1.0, NAN, (double)INFINITY};
    own = of_values(coins, 6);
    ck_assert_double_eq(sv_summary_skewness(&own), 0.0);
    ck_assert_double_eq(sv_summary_kurtosis(&own), -2.0);
    static const double flat[] = {0.1, NAN, 0.1, 0.1};
    for (int64_t n = 0; n <= 4; n++) {
        own = of_values(flat, n);
        ck_assert(isnan(sv_summary_skewness(&own)) && isnan(sv_summary_kurtosis(&own)));
    }
}
END_TEST

/* ---- clipping and signs ------------------------------------------------------------------------
 */

typedef struct clipping {
    int64_t min, max, either, sign_changes;
} clipping;

static clipping naive_clipping(const double *x, int64_t n)
{
    clipping found = {0};
    double least = (double)INFINITY, most = -(double)INFINITY, before = 0.0;
    for (int64_t i = 0; i < n; i++) {
        least = isfinite(x[i]) && x[i] < least ? x[i] : least;
        most = isfinite(x[i]) && x[i] > most ? x[i] : most;
    }
    for (int64_t i = 0, length; i < n; i += length) {
        length = 1;
        while (i + length < n && x[i + length] == x[i]) {
            length++;
        }
        int64_t clipped = length >= 3 ? length : 0;
        clipped = isfinite(x[i]) ? clipped : 0;
        found.min += x[i] == least ? clipped : 0;
        found.max += x[i] == most ? clipped : 0;
        found.either += x[i] == least || x[i] == most ? clipped : 0;
    }
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && x[i] != 0.0) {
            found.sign_changes += before != 0.0 && (x[i] > 0.0) != (before > 0.0);
            before = x[i];
        }
    }
    return found;
}

static void check_clipping(const sv_summary *own, const clipping *e)
{
    if (own->num_clipped_min != e->min || own->num_clipped_max != e->max ||
        sv_summary_num_clipped(own) != e->either || own->num_sign_changes != e->sign_changes) {
        ck_abort_msg("%" PRId64 " at min, %" PRId64 " at max, %" PRId64 " clipped, %" PRId64
                     " changes of sign instead of %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
                     own->num_clipped_min, own->num_clipped_max, sv_summary_num_clipped(own),
                     own->num_sign_changes, e->min, e->max, e->either, e->sign_changes);
    }
}

/* Whole numbers from −most to most, in runs of which those at the ends are longest; of floats with
 * zeros of both signs, NaN and infinities here and there, in the runs too. */
static sequence open_runs(struct random *random, sv_dtype dtype, ptrdiff_t stride, int64_t n)
{
    sequence made = place_sequence(dtype, stride, n);
    int64_t most = (int64_t)random_below(random, 4), left = 0, value = 0;
    bool is_native_float = dtype.type == SV_F4 || dtype.type == SV_F8;
    uint64_t longest = 1 + random_below(random, random_below(random, 4) == 0 ? 10000 : 8);
    for (int64_t i = 0; i < n; i++) {
        if (left-- <= 0) {
            value = (int64_t)random_below(random, 2 * (uint64_t)most + 1) - most;
            left = (int64_t)random_below(random, llabs(value) == most ? longest : 3);
        }
        double x = (double)(is_unsigned(dtype) ? value + most : value);
        uint64_t draw = random_below(random, 100);
        if (is_native_float && draw < 3) {
            x = draw == 0 ? (double)NAN : draw == 1 ? (double)INFINITY : -(double)INFINITY;
        }
        x = is_native_float && draw >= 50 && x == 0.0 ? -0.0 : x;
        require(sv_dtype_store(dtype, made.view.address + i * stride, fit(dtype, x)) == SV_OK,
                "a sample does not fit");
    }
    load_values(&made);
    return made;
}

START_TEST(clipping_of_every_type_and_split)
{
    struct random random = random_begin("clipping_of_every_type_and_split");
    sv_dtype dtype = dtype_of(_i);
    for (int round = 0; round < 200; round++) {
        bool is_long = round % 100 == 0;
        int64_t n = (int64_t)random_below(&random, is_long ? MOST_SAMPLES : 300);
        ptrdiff_t stride = stride_of(round % NUM_STRIDES, dtype);
        sequence made = open_runs(&random, dtype, stride, n);
        clipping e = naive_clipping(made.values, n);
        sv_summary own = summary_of(&made, 0, n);
        check_clipping(&own, &e);
        own = merged_of(&random, &made);
        check_clipping(&own, &e);
        own = halved_of(&made, 0, n < 1000 ? n : 0);
        check_clipping(&own, n < 1000 ? &e : &(clipping){0});
        close_sequence(&made);
    }
}
END_TEST

START_TEST(clipping_of_every_kind)
{
    struct random random = random_begin("clipping_of_every_kind");
    sv_dtype dtype = dtype_of(_i);
    for (int i = 0; i < NUM_SAMPLE_KINDS * NUM_SHORT; i++) {
        sample_kind kind = (sample_kind)(i / NUM_SHORT);
        int64_t n = i % NUM_SHORT == 0 ? 2500 : short_lengths[i % NUM_SHORT];
        sequence made = open_sequence(&random, kind, dtype, stride_of(i % NUM_STRIDES, dtype), n);
        clipping e = naive_clipping(made.values, n);
        sv_summary own = summary_of(&made, 0, n), merged = merged_of(&random, &made);
        check_clipping(&own, &e);
        check_clipping(&merged, &e);
        close_sequence(&made);
    }
}
END_TEST

/* Runs over edges and through parts, beside NaN (.) and infinities (i), zeros (0, and o for the
 * negative one), cut in every possible way. */
START_TEST(clipping_and_signs_cut_anywhere)
{
    static const char *const sequences[] = {
        "aaaa",       "aabb",      "abba",       "aa.aa",   "..aa",      "aaa..",
        ".",          "bbb",       "aAaA",       "AA.iaa",  "A00a0oA",   "0o0",
        "o0ooA",      "bbaaabba",  "AAAbbbAAA",  "a0.0A.a", "bAAAAb.bb", "ccccbbcccc",
        "BBBaaaBBbb", "iiiaaaiii", "caabbbaaccc"};
    for (size_t s = 0; s < sizeof sequences / sizeof sequences[0]; s++) {
        double values[16];
        int64_t n = (int64_t)strlen(sequences[s]);
        for (int64_t i = 0; i < n; i++) {
            int c = sequences[s][i];
            values[i] = c == '.'   ? (double)NAN
                        : c == 'i' ? (double)INFINITY
                        : c == '0' ? 0.0
                        : c == 'o' ? -0.0
                        : c < 'a'  ? (double)('A' - 1 - c)
                                   : (double)(c - 'a' + 1);
        }
        sequence made = open_values(values, n);
        clipping e = naive_clipping(values, n);
        for (unsigned cuts = 0; cuts < 1U << (n - 1); cuts++) { /* bit i: one after sample i */
            sv_summary merged;
            sv_summary_init(&merged);
            for (int64_t from = 0, to = 0; from < n; from = to) {
                do {
                    to++;
                } while (to < n && (cuts >> (to - 1) & 1) == 0);
                sv_summary part = summary_of(&made, from, to);
                sv_summary_merge(&merged, &part);
            }
            check_clipping(&merged, &e);
        }
        close_sequence(&made);
    }
}
END_TEST

START_TEST(all_samples_at_both_extremes_are_clipped_once)
{
    static double values[MOST_SAMPLES];
    for (int64_t n = 0; n <= MOST_SAMPLES; n = n * 7 + 1) {
        for (int64_t i = 0; i < n; i++) {
            values[i] = -7.5;
        }
        sv_summary own = of_values(values, n);
        ck_assert_int_eq(sv_summary_num_clipped(&own), n < 3 ? 0 : n);
        ck_assert_int_eq(own.num_sign_changes, 0);
    }
}
END_TEST

/* ---- energy ------------------------------------------------------------------------------------
 */

/* What float64 cannot hold is infinite, or 0. */
static void check_energy(const sv_summary *own, const double *x, int64_t n)
{
    struct big squares;
    big_zero(&squares);
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i])) {
            big_add_square(&squares, x[i]);
        }
    }
    double energy = sv_summary_energy(own);
    if (sv_summary_num_finite(own) == 0) {
        require(isnan(energy), "the energy of nothing");
        return;
    }
    long double exact = big_as_long_double(&squares, 2 * BIG_UNIT);
    if (exact > (long double)DBL_MAX) {
        require(energy >= DBL_MAX, "energy that float64 does not hold");
        return;
    }
    long double error = fabsl((long double)energy - exact);
    if (!(error <= 4e-15L * exact || error <= 0x1p-1074L)) {
        ck_abort_msg("energy: %.17g instead of %.20Lg", energy, exact);
    }
}

START_TEST(energy_of_any_input)
{
    static const int64_t lengths[] = {1, 2, 65, 129, 1000, 8193, 131073};
    enum { NUM_LENGTHS = sizeof lengths / sizeof lengths[0] };
    struct random random = random_begin("energy_of_any_input");
    sv_dtype dtype = dtype_of(_i);
    for (int i = 0; i < NUM_ADVERSE * NUM_LENGTHS; i++) {
        int64_t n = lengths[i % NUM_LENGTHS];
        if (n > 1000 && random_below(&random, 8) != 0) {
            continue;
        }
        sequence made = open_adverse(&random, (adverse)(i / NUM_LENGTHS), dtype, n);
        sv_summary own = summary_of(&made, 0, n), merged = merged_of(&random, &made);
        check_energy(&own, made.values, n);
        check_energy(&merged, made.values, n);
        close_sequence(&made);
    }
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        sequence made = open_sequence(&random, (sample_kind)kind, dtype,
                                      (ptrdiff_t)sv_dtype_itemsize(dtype), 130);
        sv_summary own = summary_of(&made, 0, 130);
        check_energy(&own, made.values, 130);
        close_sequence(&made);
    }
}
END_TEST

/* ---- together ----------------------------------------------------------------------------------
 */

START_TEST(figures_that_were_not_asked_for_change_nothing)
{
    struct random random = random_begin("figures_that_were_not_asked_for_change_nothing");
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        sv_dtype dtype = sv_dtype_make(kind % 2 == 0 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
        sequence made = open_sequence(&random, (sample_kind)kind, dtype,
                                      (ptrdiff_t)sv_dtype_itemsize(dtype), 1000);
        sv_summary all = summary_of(&made, 0, 1000), usual;
        ck_assert_int_eq(sv_summary_of(&made.view, 0, SV_FIGURES_USUAL, &usual), SV_OK);
        ck_assert_uint_eq(usual.figures, SV_FIGURES_USUAL);
        ck_assert_uint_eq(all.figures, ALL_FIGURES);
        ck_assert(usual.m2 == all.m2 && usual.m2_low == all.m2_low && usual.min == all.min);
        ck_assert_int_eq(memcmp(&usual.sum, &all.sum, sizeof all.sum), 0);
        ck_assert(usual.m3 == 0.0 && usual.m4 == 0.0);
        ck_assert(usual.num_clipped_min == 0 && usual.num_sign_changes == 0);
        close_sequence(&made);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("figures");
    TCase *tests = tcase_create("figures");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, shape_of_every_type_and_kind, 0, NUM_DTYPES);
    tcase_add_loop_test(tests, shape_of_any_input, 0, NUM_DTYPES);
    tcase_add_loop_test(tests, shape_at_any_size, 0, 3);
    tcase_add_test(tests, shapes_that_are_known);
    tcase_add_loop_test(tests, clipping_of_every_type_and_split, 0, NUM_DTYPES);
    tcase_add_loop_test(tests, clipping_of_every_kind, 0, NUM_DTYPES);
    tcase_add_test(tests, clipping_and_signs_cut_anywhere);
    tcase_add_test(tests, all_samples_at_both_extremes_are_clipped_once);
    tcase_add_loop_test(tests, energy_of_any_input, 0, NUM_DTYPES);
    tcase_add_test(tests, figures_that_were_not_asked_for_change_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    enum { SKIPPED = 77 };
    if (LDBL_MANT_DIG < 64 || LDBL_MAX_EXP < 16384) {
        puts("skipped: there is no float wider than float64 to compare with");
        return SKIPPED;
    }
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
