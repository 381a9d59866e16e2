/* Exact sums against whole numbers of thousands of bits. */
#include <check.h>
#include <stdlib.h>

#include "big_integer.h"
#include "samples.h"
#include "stats/exact.h"

enum { MOST = 3000 };

/* A sum, and what it is. */
typedef struct both {
    sv_exact own;
    struct big expected;
} both;

static void begin(both *sum)
{
    sum->own = (sv_exact){{0}};
    big_zero(&sum->expected);
}

static void add(both *sum, double x)
{
    sv_exact_add(&sum->own, x);
    big_add_double(&sum->expected, x);
}

static both sum_of(const double *x, int64_t n)
{
    both sum;
    begin(&sum);
    for (int64_t i = 0; i < n; i++) {
        add(&sum, x[i]);
    }
    sv_exact_settle(&sum.own);
    return sum;
}

static void fill_finite(struct random *random, sample_kind kind, double *x, int64_t n)
{
    fill_f8(random, kind, x, n);
    for (int64_t i = 0; i < n; i++) {
        x[i] = isfinite(x[i]) ? x[i] : random_sign(random) * DBL_MAX;
    }
}

/* ---- the digits ------------------------------------------------------------------------------ */

/* The digits as one number, in units of 2^−1152: 78 bits below the units of `expected`. */
static bool has_digits_of(const sv_exact *own, const struct big *expected)
{
    enum { BELOW = 1152 + BIG_UNIT };
    struct big digits, scaled, factor;
    big_zero(&digits);
    big_zero(&factor);
    big_add_shifted(&factor, 1, BELOW, false);
    scaled = big_multiply(expected, &factor);
    for (int i = 0; i < SV_EXACT_DIGITS; i++) {
        bool negative = own->digits[i] < 0;
        uint64_t magnitude = negative ? 0 - (uint64_t)own->digits[i] : (uint64_t)own->digits[i];
        big_add_shifted(&digits, magnitude, 32 * i, negative);
    }
    return big_compare(&digits, &scaled) == 0;
}

/* One sum has one form: the same digits, however it came about. */
static bool is_settled(const sv_exact *own)
{
    bool settled = true;
    for (int i = 0; i < SV_EXACT_DIGITS - 1; i++) {
        settled &= own->digits[i] >= 0 && own->digits[i] <= UINT32_MAX;
    }
    return settled;
}

static void check_digits(const both *sum)
{
    require(is_settled(&sum->own), "the digits are not settled");
    require(has_digits_of(&sum->own, &sum->expected), "the digits are not those of the sum");
}

START_TEST(sums_of_every_kind_are_exact)
{
    static double x[MOST];
    struct random random = random_begin("sums_of_every_kind_are_exact");
    for (int round = 0; round < 60; round++) {
        int64_t n = (int64_t)random_below(&random, MOST);
        fill_finite(&random, (sample_kind)_i, x, n);
        both sum = sum_of(x, n);
        check_digits(&sum);
    }
}
END_TEST

/* Each float64 that is a power of two, its neighbours, both signs: each place of a mantissa in the
 * digits. */
START_TEST(every_exponent_finds_its_digits)
{
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double power = ldexp(1.0, exponent);
        const double x[] = {power, -power, nextafter(power, 0.0), nextafter(power, DBL_MAX),
                            -nextafter(power, DBL_MAX)};
        for (int i = 0; i < 5; i++) {
            both sum = sum_of(&x[i], 1);
            check_digits(&sum);
        }
        both sum = sum_of(x, 5);
        check_digits(&sum);
    }
}
END_TEST

/* What was added is taken away again, in another order: nothing is left, not even a sign. */
START_TEST(what_cancels_leaves_nothing)
{
    static double x[MOST];
    struct random random = random_begin("what_cancels_leaves_nothing");
    for (int round = 0; round < 100; round++) {
        sv_exact own = {{0}};
        int64_t n = (int64_t)random_below(&random, MOST);
        fill_finite(&random, (sample_kind)random_below(&random, NUM_SAMPLE_KINDS), x, n);
        for (int64_t i = 0; i < n; i++) {
            sv_exact_add(&own, x[i]);
        }
        sv_exact_settle(&own);
        for (int64_t i = n; i > 0; i--) {
            sv_exact_add(&own, -x[i - 1]);
        }
        sv_exact_settle(&own);
        for (int i = 0; i < SV_EXACT_DIGITS; i++) {
            require(own.digits[i] == 0, "a digit is left");
        }
        double mean = sv_exact_mean(&own, 7);
        sv_pair pair = sv_exact_pair(&own, 0);
        require(mean == 0.0 && !signbit(mean), "the mean of nothing");
        require(pair.high == 0.0 && pair.low == 0.0, "the pair of nothing");
    }
}
END_TEST

/* A digit takes 2^30 additions before it must settle: as many of the largest mantissa, by adding
 * the digits of one many times over. */
START_TEST(a_digit_bears_as_many_additions_as_the_header_says)
{
    const int64_t times = INT64_C(1) << 30;
    static const double x[] = {DBL_MAX, -DBL_MAX, 0x1.fffffffffffffp0, 0x0.fffffffffffffp-1022};
    for (int i = 0; i < 4; i++) {
        both sum;
        begin(&sum);
        sv_exact_add(&sum.own, x[i]);
        for (int k = 0; k < SV_EXACT_DIGITS; k++) {
            sum.own.digits[k] *= times; /* a digit of one addition is below 2^32 */
        }
        sv_exact_settle(&sum.own);
        sum.expected = big_of_product(x[i], times);
        check_digits(&sum);
    }
}
END_TEST

/* ---- merging --------------------------------------------------------------------------------- */

static both merged(const both *a, const both *b)
{
    both sum = *a;
    sv_exact_merge(&sum.own, &b->own);
    big_add(&sum.expected, &b->expected);
    return sum;
}

static bool same_digits(const both *a, const both *b)
{
    return memcmp(&a->own, &b->own, sizeof a->own) == 0;
}

START_TEST(sums_merge_in_any_order_and_grouping)
{
    static double x[MOST];
    struct random random = random_begin("sums_merge_in_any_order_and_grouping");
    for (int round = 0; round < 200; round++) {
        both part[3], whole;
        int64_t cut[4] = {0, 0, 0, 300};
        cut[1] = (int64_t)random_below(&random, 301);
        cut[2] = cut[1] + (int64_t)random_below(&random, (uint64_t)(301 - cut[1]));
        for (int i = 0; i < 3; i++) {
            sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
            fill_finite(&random, kind, x + cut[i], cut[i + 1] - cut[i]);
            part[i] = sum_of(x + cut[i], cut[i + 1] - cut[i]);
        }
        whole = sum_of(x, cut[3]);
        both ab = merged(&part[0], &part[1]), ba = merged(&part[1], &part[0]);
        both bc = merged(&part[1], &part[2]);
        both ab_c = merged(&ab, &part[2]), a_bc = merged(&part[0], &bc);
        require(same_digits(&ab, &ba), "a + b is not b + a");
        require(same_digits(&ab_c, &a_bc), "(a + b) + c is not a + (b + c)");
        require(same_digits(&ab_c, &whole), "the parts are not the whole");
        check_digits(&ab_c);
    }
}
END_TEST

/* The sum of 2^61 samples, by doubling. */
static both doubled(double x, int times)
{
    both sum = sum_of(&x, 1);
    for (int i = 0; i < times; i++) {
        sum = merged(&sum, &sum);
    }
    return sum;
}

START_TEST(as_many_samples_as_there_may_be)
{
    static const double x[] = {DBL_MAX, -DBL_MAX, 0x1p-1074, -0x1p-1074, 0.1, -0.1, 1e300};
    for (int i = 0; i < 7; i++) {
        both sum = doubled(x[i], 61);
        int64_t n = INT64_C(1) << 61;
        check_digits(&sum);
        ck_assert_double_eq(sv_exact_mean(&sum.own, n), x[i]);
        ck_assert(
            big_is_rounded_mean(&sum.expected, 2 * n - 1, sv_exact_mean(&sum.own, 2 * n - 1)));
    }
    both low = doubled(-DBL_MAX, 61), high = doubled(DBL_MAX, 61), rest = doubled(0x1p-1074, 0);
    high = merged(&high, &rest);
    both sum = merged(&low, &high);
    check_digits(&sum);
    ck_assert_double_eq(sv_exact_mean(&sum.own, 1), 0x1p-1074);
}
END_TEST

/* ---- the mean -------------------------------------------------------------------------------- */

static void check_mean(const both *sum, int64_t n)
{
    double mean = sv_exact_mean(&sum->own, n);
    if (!big_is_rounded_mean(&sum->expected, n, mean)) {
        ck_abort_msg("the mean of %" PRId64 " is rounded to %a", n, mean);
    }
    require(signbit(mean) == 0 || big_is_negative(&sum->expected), "the sign of a zero");
}

static int64_t draw_divisor(struct random *random)
{
    return 1 + (int64_t)(random_bits(random) >> (2 + random_below(random, 62)));
}

START_TEST(means_are_rounded_once)
{
    static double x[MOST];
    struct random random = random_begin("means_are_rounded_once");
    for (int round = 0; round < 400; round++) {
        int64_t n = 1 + (int64_t)random_below(&random, round % 10 == 0 ? MOST - 1 : 20);
        fill_finite(&random, (sample_kind)_i, x, n);
        both sum = sum_of(x, n);
        check_mean(&sum, n);
        /* Of as many samples as it takes for the mean to become small, or vanish. */
        check_mean(&sum, n + draw_divisor(&random) / 2);
    }
}
END_TEST

/* (a · n + b) / n lies at, just above or just below the middle between two float64 neighbours:
 * of normal numbers and of denormals, where the middle is higher up. */
START_TEST(ties_are_rounded_to_even)
{
    struct random random = random_begin("ties_are_rounded_to_even");
    for (int round = 0; round < 4000; round++) {
        int exponent = -1074 + (int)random_below(&random, round % 2 == 0 ? 60 : 2040);
        double ulp = ldexp(1.0, exponent);
        uint64_t mantissa = random_bits(&random) >> (11 + random_below(&random, 53));
        double value = ldexp((double)mantissa, exponent);
        double sign = random_sign(&random);
        int off = (int)random_below(&random, 3) - 1;
        both sum;
        begin(&sum);
        /* value + (value + ulp) over 2, and by a hair more or less. */
        add(&sum, sign * value);
        add(&sum, sign * (value + ulp));
        add(&sum, off * 0x1p-1074);
        sv_exact_settle(&sum.own);
        check_mean(&sum, 2);
        both eightfold = merged(&sum, &sum);
        eightfold = merged(&eightfold, &eightfold);
        eightfold = merged(&eightfold, &eightfold);
        check_mean(&eightfold, 16);
        check_mean(&eightfold, 48); /* no longer a tie */
    }
}
END_TEST

START_TEST(small_means_are_rounded_once)
{
    static const int64_t divisors[] = {1, 2, 3, 4, 5, 7, 1000003, (INT64_C(1) << 62) - 1};
    for (int units = -40; units <= 40; units++) {
        for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++) {
            double x = units * 0x1p-1074;
            both sum = sum_of(&x, 1);
            check_mean(&sum, divisors[i]);
        }
    }
}
END_TEST

/* ---- the pair -------------------------------------------------------------------------------- */

/* |high + low − sum| · 2^100 is at most |sum|, all of them times 2^1074; no smaller than units. */
static bool is_near(const struct big *sum, sv_pair pair)
{
    struct big error, factor, size = *sum;
    big_zero(&error);
    big_add_double(&error, pair.high);
    big_add_double(&error, pair.low);
    big_subtract(&error, sum);
    if (big_is_negative(&error)) {
        big_negate(&error);
    }
    if (big_is_negative(&size)) {
        big_negate(&size);
    }
    big_zero(&factor);
    big_add_shifted(&factor, 1, 100, false);
    error = big_multiply(&error, &factor);
    return big_compare(&error, &size) <= 0 && fabs(pair.low) <= ldexp(fabs(pair.high), -53);
}

/* Where the pair is scaled by 2^−exponent, so is the sum: samples that stay float64 by it. */
START_TEST(pairs_are_the_sum_to_a_hundred_bits)
{
    static double x[MOST], scaled[MOST];
    struct random random = random_begin("pairs_are_the_sum_to_a_hundred_bits");
    for (int round = 0; round < 300; round++) {
        int64_t n = 1 + (int64_t)random_below(&random, round % 10 == 0 ? MOST - 1 : 20);
        int exponent = (int)random_below(&random, 400) - 200;
        for (int64_t i = 0; i < n; i++) {
            double mantissa = random_unit(&random);
            x[i] = ldexp(mantissa, (int)random_below(&random, 800) - 400);
            x[i] = i % 3 == 2 && round % 2 == 0 ? -x[i - 1] * (1.0 + 0x1p-40) : x[i];
            scaled[i] = ldexp(x[i], -exponent);
        }
        both sum = sum_of(x, n), other = sum_of(scaled, n);
        require(is_near(&sum.expected, sv_exact_pair(&sum.own, 0)), "the pair is off");
        require(is_near(&other.expected, sv_exact_pair(&sum.own, exponent)),
                "the scaled pair is off");
    }
}
END_TEST

START_TEST(pairs_at_the_ends_of_float64)
{
    const double large[] = {DBL_MAX, DBL_MAX, DBL_MAX};
    both sum = sum_of(large, 3);
    sv_pair scaled = sv_exact_pair(&sum.own, 1023);
    ck_assert_double_eq(scaled.high, ldexp(DBL_MAX, -1023) * 3.0);
    ck_assert(isinf(sv_exact_pair(&sum.own, 0).high));
    const double small[] = {-0x1p-1074, -0x1p-1074, -0x1p-1074};
    sum = sum_of(small, 3);
    ck_assert_double_eq(sv_exact_pair(&sum.own, -1022).high, -0x1.8p-51);
    ck_assert_double_eq(sv_exact_pair(&sum.own, 0).high, -3 * 0x1p-1074);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("exact");
    TCase *tests = tcase_create("exact");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, sums_of_every_kind_are_exact, 0, NUM_SAMPLE_KINDS);
    tcase_add_test(tests, every_exponent_finds_its_digits);
    tcase_add_test(tests, what_cancels_leaves_nothing);
    tcase_add_test(tests, a_digit_bears_as_many_additions_as_the_header_says);
    tcase_add_test(tests, sums_merge_in_any_order_and_grouping);
    tcase_add_test(tests, as_many_samples_as_there_may_be);
    tcase_add_loop_test(tests, means_are_rounded_once, 0, NUM_SAMPLE_KINDS);
    tcase_add_test(tests, ties_are_rounded_to_even);
    tcase_add_test(tests, small_means_are_rounded_once);
    tcase_add_test(tests, pairs_are_the_sum_to_a_hundred_bits);
    tcase_add_test(tests, pairs_at_the_ends_of_float64);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
