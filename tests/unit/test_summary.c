/* Summaries against a naive scan: counts, extremes, places and runs exactly, moments against exact
 * arithmetic; that every instruction set gives the same bits, and merging is what it says. */
#include <check.h>
#include <stdlib.h>

#include "big_integer.h"
#include "kernel/kernel.h"
#include "seisview/summary.h"
#include "sequences.h"
#include "stats/block.h"

/* ---- the naive scan -------------------------------------------------------------------------- */

typedef struct expected {
    sv_summary exact; /* all but the moments */
    int64_t max_abs_index;
    double max_abs;
    int64_t num_finite;
    struct big sum;
    long double rms, stdev; /* to within 2^−60 */
} expected;

/* Of finite samples, exactly. */
typedef struct big_sums {
    struct big positive, negative, squares;
} big_sums;

static void big_sums_of(const double *x, int64_t n, big_sums *sums)
{
    big_zero(&sums->positive);
    big_zero(&sums->negative);
    big_zero(&sums->squares);
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i])) {
            big_add_double(x[i] < 0.0 ? &sums->negative : &sums->positive, fabs(x[i]));
            big_add_square(&sums->squares, x[i]);
        }
    }
}

/* n · Σx² − (Σx)² is n² times the variance. */
static void naive_moments(const double *x, int64_t n, expected *e)
{
    big_sums sums;
    big_sums_of(x, n, &sums);
    e->num_finite = n - e->exact.num_nan - e->exact.num_inf;
    e->sum = sums.positive;
    big_subtract(&e->sum, &sums.negative);
    struct big size = e->sum, squares = big_times(&sums.squares, (uint64_t)e->num_finite);
    if (big_is_negative(&size)) {
        big_negate(&size);
    }
    struct big spread = squares, product = big_multiply(&size, &size);
    big_subtract(&spread, &product);
    long double count = (long double)e->num_finite;
    e->rms =
        sqrtl(big_as_long_double(&squares, 2 * BIG_UNIT)) / count; /* NaN where there is none */
    e->stdev = sqrtl(big_as_long_double(&spread, 2 * BIG_UNIT)) / count;
}

static void naive_runs(const double *x, int64_t n, int64_t first, sv_summary *s)
{
    for (int64_t i = 0; i < n;) {
        int64_t length = 1;
        while (i + length < n && x[i + length] == x[i]) {
            length++;
        }
        if (isfinite(x[i])) {
            sv_flat run = {length, first + i, x[i] + 0.0};
            s->head = i == 0 ? run : s->head;
            s->tail = i + length == n ? run : s->tail;
            s->longest = length > s->longest.length ? run : s->longest;
        }
        i += length;
    }
}

static expected naive(const double *x, int64_t n, int64_t first)
{
    expected e = {.max_abs = NAN, .max_abs_index = -1};
    sv_summary_init(&e.exact);
    e.exact.num_samples = n;
    for (int64_t i = 0; i < n; i++) {
        e.exact.num_nan += isnan(x[i]) != 0;
        e.exact.num_inf += isinf(x[i]) != 0;
        e.exact.num_zero += x[i] == 0.0;
        if (!isfinite(x[i])) {
            continue;
        }
        if (x[i] < e.exact.min) {
            e.exact.min = x[i];
            e.exact.min_index = first + i;
        }
        if (x[i] > e.exact.max) {
            e.exact.max = x[i];
            e.exact.max_index = first + i;
        }
        if (isnan(e.max_abs) || fabs(x[i]) > e.max_abs) {
            e.max_abs = fabs(x[i]);
            e.max_abs_index = first + i;
        }
    }
    naive_runs(x, n, first, &e.exact);
    naive_moments(x, n, &e);
    return e;
}

/* ---- comparison ------------------------------------------------------------------------------ */

static bool same_flat(sv_flat own, sv_flat other)
{
    return own.length == other.length && own.index == other.index && own.value == other.value &&
           !signbit(own.value) == !signbit(other.value);
}

/* Every assertion of Check is a system call, and there are many summaries to compare. */
static void same_but_moments(const sv_summary *own, const sv_summary *other)
{
    ck_assert_msg(own->num_samples == other->num_samples && own->num_nan == other->num_nan &&
                      own->num_inf == other->num_inf && own->num_zero == other->num_zero,
                  "%" PRId64 " samples, %" PRId64 " NaN, %" PRId64 " infinite, %" PRId64
                  " zero instead of %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
                  own->num_samples, own->num_nan, own->num_inf, own->num_zero, other->num_samples,
                  other->num_nan, other->num_inf, other->num_zero);
    ck_assert_msg(own->min == other->min && own->max == other->max &&
                      own->min_index == other->min_index && own->max_index == other->max_index,
                  "from %a at %" PRId64 " to %a at %" PRId64 " instead of from %a at %" PRId64
                  " to %a at %" PRId64,
                  own->min, own->min_index, own->max, own->max_index, other->min, other->min_index,
                  other->max, other->max_index);
    ck_assert_msg(same_flat(own->head, other->head), "head: %" PRId64 " instead of %" PRId64,
                  own->head.length, other->head.length);
    ck_assert_msg(same_flat(own->tail, other->tail), "tail: %" PRId64 " instead of %" PRId64,
                  own->tail.length, other->tail.length);
    ck_assert_msg(same_flat(own->longest, other->longest),
                  "longest: %" PRId64 " of %a at %" PRId64 " instead of %" PRId64
                  " of %a at %" PRId64,
                  own->longest.length, own->longest.value, own->longest.index,
                  other->longest.length, other->longest.value, other->longest.index);
}

/* The worst errors met. */
static struct {
    double rms, stdev;
} worst;

/* What float64 cannot resolve near 0 is no error. */
static double error_of(double own, long double other)
{
    if ((long double)own == other || (isnan(own) && isnan(other))) {
        return 0.0;
    }
    long double error = fabsl((long double)own - other);
    return error <= 0x1p-1074L ? 0.0 : (double)(error / other);
}

/* The claim of summary.h. */
static void near(const char *what, double own, long double other, double *worst_error)
{
    double error = error_of(own, other);
    if (!(error <= 2e-15)) {
        ck_abort_msg("%s: %.17g instead of %.20Lg, off by %g", what, own, other, error);
    }
    *worst_error = error > *worst_error ? error : *worst_error;
}

static void check_moments(const sv_summary *own, const expected *e)
{
    double mean = sv_summary_mean(own);
    bool is_mean =
        e->num_finite == 0 ? isnan(mean) != 0 : big_is_rounded_mean(&e->sum, e->num_finite, mean);
    if (!is_mean) {
        ck_abort_msg("mean: %a is not rounded from the exact one (rms %Lg)", mean, e->rms);
    }
    near("rms", sv_summary_rms(own), e->rms, &worst.rms);
    near("stdev", sv_summary_stdev(own), e->stdev, &worst.stdev);
}

static void check_summary(const sv_summary *own, const expected *e)
{
    same_but_moments(own, &e->exact);
    int64_t index;
    double max_abs = sv_summary_max_abs(own, &index);
    require(index == e->max_abs_index &&
                (max_abs == e->max_abs || (isnan(max_abs) && isnan(e->max_abs))),
            "the largest magnitude, or its place");
    check_moments(own, e);
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void same_to_the_bit(const sv_summary *own, const sv_summary *other)
{
    same_but_moments(own, other);
    require(own->exponent == other->exponent, "exponents differ");
    require(memcmp(&own->sum, &other->sum, sizeof own->sum) == 0, "sums differ");
    require(same_bits(own->m2, other->m2) && same_bits(own->m2_low, other->m2_low),
            "sums of squares differ");
}

static void same_more_figures(const sv_summary *own, const sv_summary *other)
{
    require(same_bits(own->m3, other->m3) && same_bits(own->m4, other->m4), "powers differ");
    require(own->num_clipped_min == other->num_clipped_min &&
                own->num_clipped_max == other->num_clipped_max &&
                own->num_sign_changes == other->num_sign_changes &&
                own->first_sign == other->first_sign && own->last_sign == other->last_sign,
            "clipped samples or signs differ");
}

static void tell_worst(const char *test)
{
    printf("%s: worst errors: rms %.1e, stdev %.1e\n", test, worst.rms, worst.stdev);
    fflush(stdout);
}

/* ---- samples of every type ------------------------------------------------------------------- */

static sv_summary summary_of(const sequence *made, int64_t from, int64_t to, int64_t first)
{
    sv_view part;
    sv_summary summary;
    ck_assert_int_eq(sv_view_slice(&made->view, 0, from, to, 1, &part, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&part, first + from, 0, &summary), SV_OK);
    return summary;
}

static sv_summary block_by(const sv_kernels *set, const sequence *made, int64_t first)
{
    sv_summary own;
    sv_known nothing = SV_KNOWN_NOTHING;
    sv_summarise_block(set, &made->view, first, nothing, SV_FIGURES_SHAPE | SV_FIGURES_CLIPPING,
                       &own);
    return own;
}

/* One block, by every set that runs here. */
static void check_sets(const sequence *made, int64_t first, const sv_summary *usual)
{
    bool runs_here;
    sv_summary reference = block_by(sv_kernels_at(0, &runs_here), made, first);
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        if (runs_here) {
            sv_summary own = block_by(set, made, first);
            same_to_the_bit(&own, usual);
            same_more_figures(&own, &reference);
        }
    }
}

static void check_sequence(const sequence *made, int64_t first)
{
    int64_t n = made->view.shape[0];
    sv_summary own = summary_of(made, 0, n, first);
    expected e = naive(made->values, n, first);
    check_summary(&own, &e);
    if (n <= SV_SUMMARY_BLOCK_MAX) {
        check_sets(made, first, &own);
    }
}

static void check_samples(struct random *random, sample_kind kind, sv_dtype dtype, ptrdiff_t stride,
                          int64_t n)
{
    int64_t first = (int64_t)random_below(random, 3) * 1000000007;
    sequence made = open_sequence(random, kind, dtype, stride, n);
    check_sequence(&made, first);
    close_sequence(&made);
}

/* ---- one run of samples ---------------------------------------------------------------------- */

START_TEST(every_type_kind_stride_and_short_length)
{
    struct random random = random_begin("every_type_kind_stride_and_short_length");
    sv_dtype dtype = dtype_of(_i);
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        for (int i = 0; i < NUM_SHORT * NUM_STRIDES; i++) {
            check_samples(&random, (sample_kind)kind, dtype, stride_of(i % NUM_STRIDES, dtype),
                          short_lengths[i / NUM_STRIDES]);
        }
    }
    tell_worst("short");
}
END_TEST

START_TEST(every_type_and_long_length)
{
    struct random random = random_begin("every_type_and_long_length");
    sv_dtype dtype = dtype_of(_i);
    for (int i = _i / 2 % 2; i < NUM_LONG; i += 2) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        int stride = (int)random_below(&random, NUM_STRIDES);
        check_samples(&random, kind, dtype, stride_of(stride, dtype), long_lengths[i]);
    }
    tell_worst("long");
}
END_TEST

START_TEST(every_kind_of_many_native_samples)
{
    struct random random = random_begin("every_kind_of_many_native_samples");
    for (sv_type type = SV_F4; type <= SV_F8; type++) {
        sv_dtype dtype = sv_dtype_make(type, SV_NATIVE_ENDIAN);
        ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
        check_samples(&random, (sample_kind)_i, dtype, itemsize, 140001);
    }
    tell_worst("native");
}
END_TEST

/* The summary of float64 values as they are given. */
/* ---- interleaved rows at once ---------------------------------------------------------------- */

enum { MOST_INTERLEAVED = 20000, MOST_ROWS = SV_FRAMES_ROWS };

/* By one set, each row as by the reference alone. */
static void check_rows(const sv_kernels *set, const sv_view *frames, int64_t first)
{
    const unsigned figures = SV_FIGURES_SHAPE | SV_FIGURES_CLIPPING;
    const int64_t rows = frames->shape[0];
    sv_known known[MOST_ROWS];
    sv_summary own[MOST_ROWS], alone;
    sv_view dense = *frames;
    dense.strides[1] = (int64_t)sv_dtype_itemsize(frames->dtype);
    dense.strides[0] = frames->shape[1] * dense.strides[1] + 192;
    dense.address = malloc((size_t)(rows * dense.strides[0]));
    for (int64_t i = 0; i < rows; i++) {
        known[i] = (sv_known)SV_KNOWN_NOTHING;
    }
    sv_summarise_rows(set, frames, &dense, first, known, figures, own);
    for (int64_t i = 0; i < rows; i++) {
        bool runs_here;
        sv_view row = {.dtype = frames->dtype,
                       .ndim = 1,
                       .shape = {frames->shape[1]},
                       .strides = {frames->strides[1]},
                       .address = frames->address + i * frames->strides[0]};
        sv_summarise_block(sv_kernels_at(0, &runs_here), &row, first, known[i], figures, &alone);
        same_to_the_bit(&own[i], &alone);
        same_more_figures(&own[i], &alone);
    }
    free(dense.address);
}

/* Rows of different kinds, so that each one's second looks stay with its own samples. */
static void check_interleaved(struct random *random, sv_dtype dtype, int64_t rows, int64_t n)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(dtype), gap = (int64_t)random_below(random, 2);
    int64_t frame = (rows + gap) * itemsize;
    sv_view frames = {.dtype = dtype, .ndim = 2, .shape = {rows, n}, .strides = {itemsize, frame}};
    bool runs_here;
    const sv_kernels *set;
    frames.address = malloc((size_t)(n * frame + 1));
    for (int64_t row = 0; row < rows; row++) {
        sample_kind kind = (sample_kind)random_below(random, NUM_SAMPLE_KINDS);
        for (int64_t i = 0; i < n; i++) {
            store_sample(random, kind, dtype, i, frames.address + i * frame + row * itemsize);
        }
    }
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        if (runs_here) {
            check_rows(set, &frames, 1000);
        }
    }
    free(frames.address);
}

START_TEST(interleaved_rows_are_as_each_alone)
{
    struct random random = random_begin("interleaved_rows_are_as_each_alone");
    for (int i = 0; i < 40; i++) {
        int64_t rows = i % 2 == 0 ? 3 : 2 + (int64_t)random_below(&random, MOST_ROWS - 1);
        uint64_t most = i % 8 == 0 ? MOST_INTERLEAVED : 300;
        check_interleaved(&random, dtype_of(_i), rows, 1 + (int64_t)random_below(&random, most));
    }
}
END_TEST

static sv_summary of_values(const double *values, int64_t n)
{
    sv_buffer *buffer;
    sv_view view;
    sv_summary summary;
    sv_dtype dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_buffer_borrow_const(values, (size_t)n * sizeof *values, &buffer, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, dtype, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, 0, 0, &summary), SV_OK);
    sv_buffer_close(buffer);
    return summary;
}

static void check_values(const double *values, int64_t n)
{
    sv_summary own = of_values(values, n);
    expected e = naive(values, n, 0);
    check_summary(&own, &e);
}

START_TEST(a_constant_has_no_deviation_at_all)
{
    static const double constants[] = {0.1,   -0.1,  1.0 / 3.0, 1e300,  -1e300,
                                       1e-30, 1e155, 1e-170,    1e-310, 0x1p-1074};
    static double values[MOST_SAMPLES];
    for (size_t c = 0; c < sizeof constants / sizeof constants[0]; c++) {
        double constant = constants[c];
        for (int64_t i = 0; i < MOST_SAMPLES; i++) {
            values[i] = constant;
        }
        for (int64_t n = 1; n <= MOST_SAMPLES; n = n * 7 + 1) {
            sv_summary own = of_values(values, n);
            ck_assert_double_eq(sv_summary_mean(&own), constant);
            ck_assert_double_eq(sv_summary_rms(&own), fabs(constant));
            ck_assert_double_eq(sv_summary_stdev(&own), 0.0);
            ck_assert_int_eq(own.longest.length, n);
        }
        check_values(values, 1000);
    }
}
END_TEST

/* Of the values [from, to), with indices as they are in the whole. */
static sv_summary of_part(const double *values, int64_t from, int64_t to)
{
    sv_summary part = of_values(values + from, to - from);
    part.head.index += part.head.length > 0 ? from : 0;
    part.tail.index += part.tail.length > 0 ? from : 0;
    part.longest.index += part.longest.length > 0 ? from : 0;
    part.min_index += part.min_index >= 0 ? from : 0;
    part.max_index += part.max_index >= 0 ? from : 0;
    return part;
}

static void check_merged(const double *values, int64_t n, int64_t cut)
{
    sv_summary own = of_values(values, cut), next = of_part(values, cut, n);
    sv_summary_merge(&own, &next);
    expected e = naive(values, n, 0);
    check_summary(&own, &e);
}

enum { NUM_MAGNITUDES = 12 };

static const double magnitudes[NUM_MAGNITUDES] = {
    0.0, 0x1p-1074, 1e-310, 1e-200, 1e-121, 1e-119, 1e-50, 1.0, 1e119, 1e122, 1e200, DBL_MAX,
};

static void check_magnitudes(struct random *random, double early, double late, bool alternating)
{
    enum { N = 4000, CUT = 1700 };
    double values[N];
    for (int64_t i = 0; i < N; i++) {
        double sign = i % 2 == 0 ? 1.0 : -0.5;
        values[i] = (alternating ? sign : random_unit(random)) * (i < CUT ? early : late);
    }
    check_values(values, N);
    check_values(values + CUT, N - CUT);
    check_merged(values, N, CUT);
}

/* Magnitudes from the smallest to the largest, alone and two of them one after the other, in one
 * block and in two, where the squares of one would leave float64, or vanish beside the other's. */
START_TEST(magnitudes_neither_overflow_nor_vanish)
{
    struct random random = random_begin("magnitudes");
    for (int late = 0; late < NUM_MAGNITUDES; late++) {
        check_magnitudes(&random, magnitudes[_i], magnitudes[late], false);
        check_magnitudes(&random, magnitudes[_i], magnitudes[late], true);
    }
}
END_TEST

/* ---- input that is against it ---------------------------------------------------------------- */

START_TEST(figures_are_right_on_any_input)
{
    static const int64_t lengths[] = {1,   2,    63,   64,   65,   128,    129,
                                      500, 8191, 8192, 8193, 9000, 131072, 140001};
    enum { NUM_LENGTHS = sizeof lengths / sizeof lengths[0], FIRST_LONG = 8 };
    struct random random = random_begin("figures_are_right_on_any_input");
    sv_dtype dtype = dtype_of(_i);
    for (int i = 0; i < NUM_ADVERSE * NUM_LENGTHS; i++) {
        int length = i % NUM_LENGTHS;
        if (length >= FIRST_LONG && random_below(&random, 4) != 0) {
            continue;
        }
        sequence made = open_adverse(&random, (adverse)(i / NUM_LENGTHS), dtype, lengths[length]);
        check_sequence(&made, 0);
        close_sequence(&made);
    }
    tell_worst("adverse");
}
END_TEST

/* 2^32 samples and more, from the summary of a block: neither mean nor deviation changes. */
START_TEST(many_times_the_same_samples_have_the_same_figures)
{
    struct random random = random_begin("many_times_the_same_samples");
    for (int round = 0; round < 4; round++) {
        sv_dtype dtype = sv_dtype_make(round % 2 == 0 ? SV_F8 : SV_F4, SV_NATIVE_ENDIAN);
        int64_t n = round < 2 ? 131072 : 1000 + (int64_t)random_below(&random, 1000);
        sequence made = open_adverse(&random, (adverse)_i, dtype, n);
        expected e = naive(made.values, n, 0);
        sv_summary own = summary_of(&made, 0, n, 0);
        double mean = sv_summary_mean(&own);
        for (int doubling = 0; doubling < 32; doubling++) {
            sv_summary again = own;
            sv_summary_merge(&own, &again);
            require(same_bits(mean, sv_summary_mean(&own)) || isnan(mean), "the mean has changed");
            near("rms", sv_summary_rms(&own), e.rms, &worst.rms);
            near("stdev", sv_summary_stdev(&own), e.stdev, &worst.stdev);
        }
        close_sequence(&made);
    }
    tell_worst("many");
}
END_TEST

START_TEST(without_a_finite_sample_there_is_no_figure)
{
    const double values[] = {NAN, INFINITY, -INFINITY, NAN};
    sv_summary own = of_values(values, 4 * _i);
    int64_t index = 5;
    ck_assert(isnan(sv_summary_mean(&own)) && isnan(sv_summary_rms(&own)));
    ck_assert(isnan(sv_summary_stdev(&own)) && isnan(sv_summary_max_abs(&own, &index)));
    ck_assert_int_eq(index, -1);
    ck_assert_int_eq(sv_summary_num_finite(&own), 0);
    ck_assert_int_eq(own.min_index, -1);
    ck_assert_int_eq(own.max_index, -1);
    ck_assert_int_eq(own.longest.length, 0);
    ck_assert_int_eq(own.longest.index, -1);
    ck_assert_double_eq(own.min, (double)INFINITY);
    ck_assert_double_eq(own.max, -(double)INFINITY);
}
END_TEST

START_TEST(zeros_of_both_signs_are_one_value)
{
    static const double values[] = {-0.0, 0.0, -0.0, -0.0};
    sv_summary own = of_values(values, 4);
    ck_assert_int_eq(own.num_zero, 4);
    ck_assert_int_eq(own.longest.length, 4);
    const double figures[] = {own.min,
                              own.max,
                              own.longest.value,
                              own.head.value,
                              own.tail.value,
                              sv_summary_mean(&own),
                              sv_summary_rms(&own)};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        ck_assert_msg(figures[i] == 0.0 && !signbit(figures[i]), "figure %zu is %g", i, figures[i]);
    }
}
END_TEST

START_TEST(ties_report_the_first)
{
    static const double values[] = {1.0, -3.0, 3.0, -3.0, 3.0, 2.0, 2.0, 1.0, 1.0};
    sv_summary own = of_values(values, 9);
    int64_t index;
    ck_assert_int_eq(own.min_index, 1);
    ck_assert_int_eq(own.max_index, 2);
    ck_assert_double_eq(sv_summary_max_abs(&own, &index), 3.0);
    ck_assert_int_eq(index, 1);
    ck_assert_int_eq(own.longest.index, 5);
    static const double mirrored[] = {1.0, 3.0, -3.0};
    own = of_values(mirrored, 3);
    ck_assert_double_eq(sv_summary_max_abs(&own, &index), 3.0);
    ck_assert_int_eq(index, 1);
}
END_TEST

START_TEST(views_that_cannot_be_summarised_say_so)
{
    sv_buffer *buffer;
    sv_view view, plane, point;
    sv_summary summary;
    int64_t shape[] = {2, -1};
    ck_assert_int_eq(sv_buffer_alloc(64, &buffer, NULL), SV_OK);
    sv_dtype dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_view_of_buffer(buffer, dtype, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_view_reshape(&view, 2, shape, &plane, NULL), SV_OK);
    ck_assert_int_eq(sv_view_at(&view, 0, 3, &point, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, 0, 0, &summary), SV_OK);
    ck_assert_int_eq(sv_summary_of(&plane, 0, 0, &summary), SV_SHAPE);
    ck_assert_int_eq(sv_summary_of(&point, 0, 0, &summary), SV_SHAPE);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, 0, 0, &summary), SV_STALE);
}
END_TEST

/* ---- merging --------------------------------------------------------------------------------- */

static int64_t draw_length(struct random *random, int64_t most)
{
    static const uint64_t limits[] = {2, 4, 70, 300, 5000};
    int64_t length = (int64_t)random_below(random, limits[random_below(random, 5)]);
    return length < most ? length : most;
}

static void check_split(struct random *random, const sequence *made, int64_t n)
{
    sv_summary whole = summary_of(made, 0, n, 77), merged;
    sv_summary_init(&merged);
    for (int64_t from = 0, to; from < n; from = to) {
        to = from + draw_length(random, n - from);
        sv_summary part = summary_of(made, from, to, 77);
        sv_summary_merge(&merged, &part);
    }
    same_but_moments(&merged, &whole);
    expected e = naive(made->values, n, 77);
    check_moments(&merged, &e);
    require(memcmp(&merged.sum, &whole.sum, sizeof whole.sum) == 0, "the parts' sum");
}

START_TEST(any_split_merges_to_the_whole)
{
    struct random random = random_begin("any_split_merges_to_the_whole");
    for (int round = 0; round < 120; round++) {
        sv_dtype dtype = sv_dtype_make(round % 2 == 0 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
        ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
        int64_t n = 1 + (int64_t)random_below(&random, round % 15 == 0 ? 20000 : 500);
        sequence made = open_sequence(&random, (sample_kind)_i, dtype, itemsize, n);
        check_split(&random, &made, n);
        close_sequence(&made);
    }
    tell_worst("split");
}
END_TEST

START_TEST(merging_is_associative)
{
    struct random random = random_begin("merging_is_associative");
    sv_dtype dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    for (int round = 0; round < 100; round++) {
        int64_t n = (int64_t)random_below(&random, 200);
        int64_t a = draw_length(&random, n), b = a + draw_length(&random, n - a);
        sequence made = open_sequence(&random, (sample_kind)_i, dtype, 8, n);
        sv_summary left = summary_of(&made, 0, a, 0), middle = summary_of(&made, a, b, 0);
        sv_summary right = summary_of(&made, b, n, 0), early = left, late = middle;
        sv_summary_merge(&early, &middle);
        sv_summary_merge(&early, &right);
        sv_summary_merge(&late, &right);
        sv_summary_merge(&left, &late);
        same_but_moments(&left, &early);
        require(memcmp(&left.sum, &early.sum, sizeof left.sum) == 0, "sums differ by grouping");
        expected e = naive(made.values, n, 0);
        check_moments(&left, &e);
        check_moments(&early, &e);
        close_sequence(&made);
    }
}
END_TEST

START_TEST(an_empty_one_changes_nothing)
{
    struct random random = random_begin("an_empty_one_changes_nothing");
    sv_dtype dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    for (int64_t n = 0; n < 100; n++) {
        sequence made = open_sequence(&random, (sample_kind)_i, dtype, 8, n);
        sv_summary own = summary_of(&made, 0, n, 5), kept = own, empty;
        sv_summary_init(&empty);
        sv_summary_merge(&own, &empty);
        same_to_the_bit(&own, &kept);
        sv_summary_merge(&empty, &own);
        same_to_the_bit(&empty, &kept);
        close_sequence(&made);
    }
}
END_TEST

/* Runs that join over one, two and many edges; that do not, beside NaN; that reach both ends: cut
 * in every possible way. */
START_TEST(runs_join_over_edges)
{
    static const char *const sequences[] = {"aaaa",   "aabb",    "abba",     "aa.aa", "..aa",
                                            "aa..",   ".",       "..",       "a",     "abcabc",
                                            "baaaab", "aaab...", "bbaaabba", "a.a.a", "bbbaaa"};
    for (size_t s = 0; s < sizeof sequences / sizeof sequences[0]; s++) {
        double values[16];
        int64_t n = (int64_t)strlen(sequences[s]);
        for (int64_t i = 0; i < n; i++) {
            values[i] = sequences[s][i] == '.' ? (double)NAN : sequences[s][i];
        }
        sv_summary whole = of_values(values, n);
        for (unsigned cuts = 0; cuts < 1U << (n - 1); cuts++) { /* bit i: one after sample i */
            sv_summary merged;
            sv_summary_init(&merged);
            for (int64_t from = 0, to = 0; from < n; from = to) {
                do {
                    to++;
                } while (to < n && (cuts >> (to - 1) & 1) == 0);
                sv_summary part = of_part(values, from, to);
                sv_summary_merge(&merged, &part);
            }
            same_but_moments(&merged, &whole);
        }
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("summary");
    TCase *runs = tcase_create("runs of samples");
    tcase_set_timeout(runs, 120);
    tcase_add_loop_test(runs, every_type_kind_stride_and_short_length, 0, NUM_DTYPES);
    tcase_add_loop_test(runs, every_type_and_long_length, 0, NUM_DTYPES);
    tcase_add_loop_test(runs, every_kind_of_many_native_samples, 0, NUM_SAMPLE_KINDS);
    tcase_add_loop_test(runs, interleaved_rows_are_as_each_alone, 0, NUM_DTYPES);
    tcase_add_test(runs, a_constant_has_no_deviation_at_all);
    tcase_add_loop_test(runs, magnitudes_neither_overflow_nor_vanish, 0, NUM_MAGNITUDES);
    tcase_add_loop_test(runs, figures_are_right_on_any_input, 0, NUM_DTYPES);
    tcase_add_loop_test(runs, without_a_finite_sample_there_is_no_figure, 0, 2);
    tcase_add_test(runs, zeros_of_both_signs_are_one_value);
    tcase_add_test(runs, ties_report_the_first);
    tcase_add_test(runs, views_that_cannot_be_summarised_say_so);
    suite_add_tcase(suite, runs);
    TCase *merging = tcase_create("merging");
    tcase_set_timeout(merging, 120);
    tcase_add_loop_test(merging, any_split_merges_to_the_whole, 0, NUM_SAMPLE_KINDS);
    tcase_add_loop_test(merging, merging_is_associative, 0, NUM_SAMPLE_KINDS);
    tcase_add_loop_test(merging, an_empty_one_changes_nothing, 0, NUM_SAMPLE_KINDS);
    tcase_add_loop_test(merging, many_times_the_same_samples_have_the_same_figures, 0, NUM_ADVERSE);
    tcase_add_test(merging, runs_join_over_edges);
    suite_add_tcase(suite, merging);
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
