/* Trends against least squares in a float of 113 bits, and what they promise: the same bits for any
 * threads, nothing lost at an offset of 1e9, gaps of every kind. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "samples.h"
#include "scratch.h"
#include "seisview/trend.h"
#include "stats/moments.h"

__extension__ typedef __float128 quad;

enum { MOST = SV_TREND_MOST_ORDER + 1 };

/* ---- the reference --------------------------------------------------------------------------- */

static quad power(quad t, int k)
{
    quad value = 1;
    for (int i = 0; i < k; i++) {
        value *= t;
    }
    return value;
}

static quad t_of(const sv_trend *trend, int64_t index)
{
    return (quad)(2 * index - trend->twice_centre) / (quad)ldexp(1.0, trend->exponent);
}

/* Gauss and Jordan with pivots. */
static void solve(quad a[MOST][MOST + 1], int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k; i < n; i++) {
            quad size = a[i][k] < 0 ? -a[i][k] : a[i][k];
            quad best = a[pivot][k] < 0 ? -a[pivot][k] : a[pivot][k];
            pivot = size > best ? i : pivot;
        }
        for (int j = 0; j <= n; j++) {
            quad swap = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        for (int i = 0; i < n; i++) {
            quad factor = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = k; j <= n; j++) {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    for (int k = 0; k < n; k++) {
        a[k][n] /= a[k][k];
    }
}

/* The coefficients of t^k, in the axis of `trend`, of the finite samples less x0. */
static void reference(const sv_trend *trend, const double *x, int64_t first, int64_t n, double x0,
                      quad c[MOST])
{
    int size = trend->order + 1;
    quad a[MOST][MOST + 1];
    memset(a, 0, sizeof a);
    for (int64_t i = 0; i < n; i++) {
        quad t = t_of(trend, first + i);
        for (int j = 0; j < size && isfinite(x[i]); j++) {
            for (int k = 0; k < size; k++) {
                a[j][k] += power(t, j + k);
            }
            a[j][size] += power(t, j) * ((quad)x[i] - (quad)x0);
        }
    }
    solve(a, size);
    for (int k = 0; k < MOST; k++) {
        c[k] = k < size ? a[k][size] : 0;
    }
}

static double value_of(const quad c[MOST], quad t)
{
    quad value = 0;
    for (int k = MOST - 1; k >= 0; k--) {
        value = value * t + c[k];
    }
    return (double)value;
}

static double first_finite(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i])) {
            return x[i];
        }
    }
    return 0.0;
}

static double spread_of(const double *x, int64_t n)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        least = isfinite(x[i]) ? fmin(least, x[i]) : least;
        most = isfinite(x[i]) ? fmax(most, x[i]) : most;
    }
    return most > least ? most - least : 0.0;
}

static sv_trend trend_of(const double *x, int64_t first, int64_t n, int order)
{
    sv_trend trend;
    sv_buffer *buffer;
    sv_view view;
    ck_assert_int_eq(sv_buffer_borrow_const(x, (size_t)n * sizeof *x, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &view, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_trend_of(&view, first, order, &trend), SV_OK);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    return trend;
}

/* What is left must be right to `tolerance` of the samples' spread, at every sample present. */
static void compare(const double *x, int64_t first, int64_t n, int order, double tolerance)
{
    sv_trend trend = trend_of(x, first, n, order);
    double x0 = first_finite(x, n);
    double allowed = tolerance * spread_of(x, n);
    quad c[MOST];
    reference(&trend, x, first, n, x0, c);
    double *rest = malloc((size_t)n * sizeof *rest);
    ck_assert_ptr_nonnull(rest);
    memcpy(rest, x, (size_t)n * sizeof *rest);
    sv_trend_subtract(&trend, first, n, rest);
    for (int64_t i = 0; i < n; i++) {
        double at = value_of(c, t_of(&trend, first + i));
        double expected = (x[i] - x0) - at;
        if (isfinite(x[i]) && !(fabs(rest[i] - expected) <= allowed)) {
            ck_abort_msg("order %d, %lld samples: %.17g instead of %.17g at %lld, %g allowed",
                         order, (long long)n, rest[i], expected, (long long)i, allowed);
        }
        double value = sv_trend_at(&trend, first + i);
        double about = DBL_EPSILON * (fabs(x0) + fabs(at));
        require(!isfinite(x[i]) || fabs(value - (x0 + at)) <= allowed + about, "sv_trend_at()");
    }
    free(rest);
}

/* ---- against it ------------------------------------------------------------------------------ */

enum { SOME = 5000 };

static const int64_t sizes[] = {7, 8, 9, 63, 100, 2047, 2048, 2049, 4097, SOME};
enum { NUM_SIZES = sizeof sizes / sizeof sizes[0] };

START_TEST(every_order_is_that_of_the_reference)
{
    struct random random = random_begin("trend");
    static const sample_kind kinds[] = {NOISE, FEW_VALUES, OFFSET, SPRINKLED};
    double x[SOME];
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        fill_f8(&random, kinds[kind], x, SOME);
        for (size_t size = 0; size < NUM_SIZES; size++) {
            for (int order = 0; order <= SV_TREND_MOST_ORDER; order++) {
                compare(x, (int64_t)random_below(&random, 1000000), sizes[size], order, 2e-14);
            }
        }
    }
}
END_TEST

/* Where most is missing, what is there decides: at an end, in the middle, here and there. */
START_TEST(gaps_do_not_spoil_the_fit)
{
    struct random random = random_begin("gaps");
    double x[SOME];
    for (int round = 0; round < 60; round++) {
        int64_t from = (int64_t)random_below(&random, SOME - 40);
        int64_t until = from + 10 + (int64_t)random_below(&random, round % 2 == 0 ? 30 : 2500);
        for (int64_t i = 0; i < SOME; i++) {
            double missing = random_bits(&random) & 1 ? NAN : -INFINITY;
            bool present = (i >= from && i < until) && random_below(&random, 5) != 0;
            x[i] = present ? 1e9 + (double)i + random_unit(&random) : missing;
        }
        for (int order = 0; order <= SV_TREND_MOST_ORDER; order++) {
            compare(x, 0, SOME, order, 1e-12);
        }
    }
}
END_TEST

/* A few samples far apart: order 5 through six of them, three at each end. What there is
 * between them is a thousand times as large as they are. */
START_TEST(far_clusters_are_told_apart)
{
    enum { FAR = 3 * SV_MOMENTS_TILE };
    double x[3] = {1.0, -2.0, 5.0}, y[3] = {7.0, 0.5, -3.0};
    sv_moments all;
    sv_trend trend;
    sv_moments_init(&all, 5);
    sv_moments_add(&all, 10, x, 3);
    sv_moments_add(&all, FAR, y, 3);
    sv_moments_fit(&all, &trend);
    ck_assert_int_eq(trend.order, 5);
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq_tol(sv_trend_at(&trend, 10 + i), x[i], 1e-6);
        ck_assert_double_eq_tol(sv_trend_at(&trend, FAR + i), y[i], 1e-6);
    }
}
END_TEST

/* ---- odd numbers of samples --------------------------------------------------------------------
 */

START_TEST(fewer_samples_than_coefficients_give_a_lower_order)
{
    const double x[] = {3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0};
    for (int order = 0; order <= SV_TREND_MOST_ORDER; order++) {
        for (int64_t n = 1; n <= 7; n++) {
            sv_trend trend = trend_of(x, 40, n, order);
            ck_assert_int_eq(trend.order, n - 1 < order ? (int)n - 1 : order);
            compare(x, 40, n, order, 2e-14);
            for (int64_t i = 0; i < n && n <= order + 1; i++) {
                ck_assert_double_eq_tol(sv_trend_at(&trend, 40 + i), x[i], 1e-13);
            }
            for (int k = trend.order + 1; k < MOST; k++) {
                ck_assert_double_eq(trend.coefficients[k], 0.0);
            }
        }
    }
}
END_TEST

static void has_no_trend(const double *x, int64_t n)
{
    double rest[] = {1.5, -0.0, NAN};
    sv_trend trend = trend_of(x, 0, n, 3);
    ck_assert_int_eq(trend.order, -1);
    ck_assert_double_eq(sv_trend_at(&trend, 1000), 0.0);
    sv_trend_subtract(&trend, 1000, 3, rest);
    ck_assert_double_eq(rest[0], 1.5);
    ck_assert(rest[1] == 0.0 && signbit(rest[1]));
    ck_assert(isnan(rest[2]));
}

START_TEST(nothing_present_is_no_trend)
{
    double x[3000];
    for (int i = 0; i < 3000; i++) {
        x[i] = i % 3 == 0 ? INFINITY : NAN;
    }
    has_no_trend(x, 0);
    has_no_trend(x, 1);
    has_no_trend(x, 3000);
}
END_TEST

/* To the last bit: nothing is left of them. */
START_TEST(of_equal_samples_nothing_is_left)
{
    static const double values[] = {0.1, -1e9 / 3.0, 1e-250, DBL_MAX, 0.0};
    double x[SOME];
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        for (int order = 0; order <= SV_TREND_MOST_ORDER; order++) {
            for (int64_t i = 0; i < SOME; i++) {
                x[i] = i % 1000 == 17 ? NAN : values[v];
            }
            sv_trend trend = trend_of(x, 5, SOME, order);
            ck_assert_double_eq(trend.offset, values[v]);
            sv_trend_subtract(&trend, 5, SOME, x);
            for (int64_t i = 0; i < SOME; i++) {
                require(i % 1000 == 17 || x[i] == 0.0, "a rest");
            }
        }
    }
}
END_TEST

START_TEST(enormous_samples_do_not_overflow)
{
    struct random random = random_begin("enormous");
    double x[SOME];
    fill_f8(&random, ENORMOUS, x, SOME);
    for (int order = 0; order <= 1; order++) {
        sv_trend trend = trend_of(x, 0, SOME, order);
        ck_assert(isfinite(sv_trend_at(&trend, 0)) && isfinite(sv_trend_at(&trend, SOME - 1)));
    }
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    double x[4] = {0.0};
    sv_trend trend;
    sv_buffer *buffer;
    sv_view view, square;
    sv_dtype f8 = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_buffer_borrow_const(x, sizeof x, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, f8, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_view_reshape(&view, 2, (int64_t[]){2, 2}, &square, NULL), SV_OK);
    ck_assert_int_eq(sv_trend_of(&view, 0, -1, &trend), SV_INVALID);
    ck_assert_int_eq(sv_trend_of(&view, 0, 6, &trend), SV_INVALID);
    ck_assert_int_eq(sv_trend_of(&view, -1, 1, &trend), SV_INVALID);
    ck_assert_int_eq(sv_trend_of(&square, 0, 1, &trend), SV_SHAPE);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    ck_assert_int_eq(sv_trend_of(&view, 0, 1, &trend), SV_STALE);
}
END_TEST

/* ---- a great many ------------------------------------------------------------------------------
 */

/* 1e9 and a polynomial and a wave, exact in float64 to 2^-23; the reference adds the deviations
 * from the known polynomial up in long double. */
static double long_sample(int64_t i, int64_t n)
{
    double t = ((double)(2 * i - n)) / (double)n;
    double wave = (double)(i * 7919 % 1000) / 500.0 - 1.0;
    return 1e9 + (1e6 * t + 300.0 * t * t * t + wave);
}

START_TEST(an_offset_of_1e9_costs_nothing_on_1e8_samples)
{
    enum { N = 100000000, ORDER = 3, SIZE = ORDER + 1 };
    double x[SV_MOMENTS_TILE];
    long double sums[SIZE] = {0.0L};
    sv_moments all;
    sv_trend trend;
    sv_moments_init(&all, ORDER);
    for (int64_t first = 0; first < N; first += SV_MOMENTS_TILE) {
        int64_t count = N - first < SV_MOMENTS_TILE ? N - first : SV_MOMENTS_TILE;
        long double part[SIZE] = {0.0L};
        for (int64_t i = 0; i < count; i++) {
            x[i] = long_sample(first + i, N);
            long double t = (long double)(2 * (first + i) - (N - 1)) / (long double)(1LL << 27);
            long double term = (long double)x[i] - 1e9L;
            for (int k = 0; k < SIZE; k++, term *= t) {
                part[k] += term;
            }
        }
        for (int k = 0; k < SIZE; k++) {
            sums[k] += part[k];
        }
        sv_moments_add(&all, first, x, count);
    }
    sv_moments_fit(&all, &trend);
    /* Σt^k without a gap, from the polynomials of Faulhaber. */
    long double n = N, u = 1.0L / (long double)(1LL << 27);
    quad a[MOST][MOST + 1];
    memset(a, 0, sizeof a);
    const quad even[] = {n, (quad)u * u * ((quad)n * n * n - n) / 3,
                         (quad)u * u * u * u * (3 * power(n, 5) - 10 * power(n, 3) + 7 * n) / 15,
                         power(u, 6) *
                             (3 * power(n, 7) - 21 * power(n, 5) + 49 * power(n, 3) - 31 * n) / 21};
    for (int j = 0; j < SIZE; j++) {
        for (int k = 0; k < SIZE; k++) {
            a[j][k] = (j + k) % 2 == 0 ? even[(j + k) / 2] : 0;
        }
        a[j][SIZE] = sums[j];
    }
    solve(a, SIZE);
    quad c[MOST] = {a[0][SIZE], a[1][SIZE], a[2][SIZE], a[3][SIZE]};
    for (int64_t i = 0; i < N; i += N / 1000) {
        double zero = 1e9;
        sv_trend_subtract(&trend, i, 1, &zero);
        double expected = -value_of(c, (quad)(2 * i - (N - 1)) * u);
        ck_assert_msg(fabs(zero - expected) < 1e-9, "%.17g instead of %.17g", zero, expected);
    }
}
END_TEST

/* ---- scans -------------------------------------------------------------------------------------
 */

enum { CHANNELS = 3, FRAMES = 400001 };

static const char *write_recording(const char *name, struct random *random)
{
    float *x = malloc(sizeof(float) * CHANNELS * FRAMES);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < CHANNELS * FRAMES; i++) {
        double value = (double)i * 1e-3 + random_unit(random);
        x[i] = random_below(random, 100000) == 0 ? NAN : (float)value;
    }
    const char *path = write_scratch(name, x, sizeof(float) * CHANNELS * FRAMES);
    free(x);
    return path;
}

static void scan_both(sv_recording *recording, int threads, sv_io io, sv_trend trends[CHANNELS],
                      sv_summary rests[CHANNELS])
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    sv_scan_range range = {0, NULL, CHANNELS, 11, FRAMES - 7};
    sv_error error = {.message = ""};
    options.threads = threads;
    options.io = io;
    sv_status status = sv_trend_scan(recording, &range, 2, &options, trends, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    status = sv_trend_summary_scan(recording, &range, trends, 0, &options, rests, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
}

START_TEST(scans_give_the_same_bits_for_any_threads)
{
    struct random random = random_begin("scan");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = CHANNELS;
    sv_recording *recording = open_good(write_recording("a.f32", &random), &options);
    sv_trend expected[CHANNELS], trends[CHANNELS];
    sv_summary rests[CHANNELS], expected_rests[CHANNELS];
    scan_both(recording, 1, SV_IO_MAP, expected, expected_rests);
    for (int threads = 1; threads <= 7; threads += 2) {
        for (int io = SV_IO_AUTO; io <= SV_IO_DIRECT; io++) {
            memset(trends, 0xa5, sizeof trends);
            memset(rests, 0xa5, sizeof rests);
            scan_both(recording, threads, (sv_io)io, trends, rests);
            ck_assert_mem_eq(trends, expected, sizeof trends);
            for (int i = 0; i < CHANNELS; i++) {
                ck_assert_double_eq(sv_summary_stdev(&rests[i]),
                                    sv_summary_stdev(&expected_rests[i]));
                ck_assert_int_eq(rests[i].min_index, expected_rests[i].min_index);
                ck_assert_int_eq(rests[i].num_nan, expected_rests[i].num_nan);
            }
        }
    }
    close_good(recording);
}
END_TEST

START_TEST(a_scan_finds_the_trend_and_what_is_left)
{
    struct random random = random_begin("rest");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = CHANNELS;
    sv_recording *recording = open_good(write_recording("b.f32", &random), &options);
    sv_segment segment = segment_of(recording, 0);
    sv_trend trends[CHANNELS];
    sv_summary rests[CHANNELS];
    scan_both(recording, 0, SV_IO_AUTO, trends, rests);
    for (int row = 0; row < CHANNELS; row++) {
        int64_t count = FRAMES - 7 - 11;
        double *x = malloc((size_t)count * sizeof *x);
        ck_assert_ptr_nonnull(x);
        for (int64_t i = 0; i < count; i++) {
            x[i] = sample_at(&segment, row, 11 + i);
        }
        sv_trend trend = trend_of(x, 11, count, 2);
        ck_assert_int_eq(trend.twice_centre, trends[row].twice_centre);
        for (int64_t i = 11; i < FRAMES; i += 9999) {
            ck_assert_double_eq_tol(sv_trend_at(&trend, i), sv_trend_at(&trends[row], i), 1e-12);
        }
        sv_trend_subtract(&trends[row], 11, count, x);
        sv_buffer *buffer;
        sv_view view;
        sv_summary summary;
        ck_assert_int_eq(sv_buffer_borrow(x, (size_t)count * sizeof *x, &buffer, NULL), SV_OK);
        ck_assert_int_eq(
            sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &view, NULL), SV_OK);
        ck_assert_int_eq(sv_summary_of(&view, 11, 0, &summary), SV_OK);
        ck_assert_int_eq(summary.min_index, rests[row].min_index);
        ck_assert_int_eq(summary.max_index, rests[row].max_index);
        ck_assert_double_eq(summary.min, rests[row].min);
        ck_assert_int_eq(summary.num_samples, rests[row].num_samples);
        ck_assert_int_eq(summary.num_nan, rests[row].num_nan);
        ck_assert_double_eq_tol(sv_summary_stdev(&summary), sv_summary_stdev(&rests[row]), 1e-13);
        ck_assert_double_eq_tol(sv_summary_mean(&rests[row]), 0.0, 1e-12);
        ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
        free(x);
    }
    close_good(recording);
}
END_TEST

START_TEST(scans_refuse_what_makes_no_sense)
{
    struct random random = random_begin("refused");
    sv_recording *recording = open_good(write_recording("c.f32", &random), NULL);
    sv_trend trend;
    sv_error error;
    sv_scan_range range = {0, NULL, 1, 0, 10};
    ck_assert_int_eq(sv_trend_scan(recording, &range, 6, NULL, &trend, NULL, &error), SV_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "give 0 to 5"));
    range.num_rows = -1;
    ck_assert_int_eq(sv_trend_scan(recording, &range, 1, NULL, &trend, NULL, &error), SV_RANGE);
    range = (sv_scan_range){0, NULL, 1, 5, 5};
    ck_assert_int_eq(sv_trend_scan(recording, &range, 1, NULL, &trend, NULL, &error), SV_OK);
    ck_assert_int_eq(trend.order, -1);
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_order_is_that_of_the_reference,
        gaps_do_not_spoil_the_fit,
        far_clusters_are_told_apart,
        fewer_samples_than_coefficients_give_a_lower_order,
        nothing_present_is_no_trend,
        of_equal_samples_nothing_is_left,
        enormous_samples_do_not_overflow,
        what_makes_no_sense_is_refused,
        an_offset_of_1e9_costs_nothing_on_1e8_samples,
        scans_give_the_same_bits_for_any_threads,
        a_scan_finds_the_trend_and_what_is_left,
        scans_refuse_what_makes_no_sense,
    };
    return run_in_scratch("trend", tests, sizeof tests / sizeof tests[0]);
}
