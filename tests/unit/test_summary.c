/* Summaries against a naive scan: counts, extremes, places and runs exactly, moments against a
 * wider float; and that merging is what it says. */
#include <check.h>
#include <stdlib.h>

#include "samples.h"
#include "seisview/summary.h"

enum { MOST_SAMPLES = 300001, MOST_STEP = 24 };

/* ---- the naive scan -------------------------------------------------------------------------- */

typedef struct expected {
    sv_summary exact; /* all but the moments */
    int64_t max_abs_index;
    double max_abs;
    double mean, rms, stdev;
} expected;

/* A stretch at a time, so that rounding stays far below what is tested. */
enum { STRETCH = 1024 };

typedef struct sums {
    long double plain, squares;
} sums;

/* Of x − mean over the finite samples. */
static sums add_up(const double *x, int64_t n, long double mean)
{
    sums all = {0.0L, 0.0L};
    for (int64_t first = 0; first < n; first += STRETCH) {
        sums part = {0.0L, 0.0L};
        for (int64_t i = first; i < n && i < first + STRETCH; i++) {
            long double deviation = isfinite(x[i]) ? (long double)x[i] - mean : 0.0L;
            part.plain += deviation;
            part.squares += deviation * deviation;
        }
        all.plain += part.plain;
        all.squares += part.squares;
    }
    return all;
}

static void naive_moments(const double *x, int64_t n, expected *e)
{
    long double count = (long double)(n - e->exact.num_nan - e->exact.num_inf);
    sums whole = add_up(x, n, 0.0L);
    long double mean = whole.plain / count; /* NaN where there is none */
    e->mean = (double)mean;
    e->rms = (double)sqrtl(whole.squares / count);
    e->stdev = (double)sqrtl(add_up(x, n, mean).squares / count);
    if (e->exact.min == e->exact.max) { /* where the mean's own last bit would be seen */
        e->stdev = 0.0;
    }
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

/* The worst errors met, of what each is relative to. */
static struct {
    double mean, rms, stdev;
} worst;

/* Relative to `size`; what float64 cannot resolve near 0 is no error. */
static double error_of(double own, double other, double size)
{
    if (own == other || (isnan(own) && isnan(other))) {
        return 0.0;
    }
    double error = fabs(own - other);
    return error <= 0x1p-1073 ? 0.0 : error / size;
}

static void near(const char *what, double own, double other, double size, double most,
                 double *worst_error)
{
    double error = error_of(own, other, size);
    if (!(error <= most)) {
        ck_abort_msg("%s: %.17g instead of %.17g, off by %g", what, own, other, error);
    }
    *worst_error = error > *worst_error ? error : *worst_error;
}

static void check_within(const sv_summary *own, const expected *e, double most)
{
    same_but_moments(own, &e->exact);
    int64_t index;
    double max_abs = sv_summary_max_abs(own, &index);
    ck_assert(index == e->max_abs_index &&
              (max_abs == e->max_abs || (isnan(max_abs) && isnan(e->max_abs))));
    near("mean", sv_summary_mean(own), e->mean, e->rms, most, &worst.mean);
    near("rms", sv_summary_rms(own), e->rms, e->rms, most, &worst.rms);
    near("stdev", sv_summary_stdev(own), e->stdev, e->stdev, most, &worst.stdev);
}

static void check_summary(const sv_summary *own, const expected *e)
{
    check_within(own, e, 1e-13);
}

static void tell_worst(const char *test)
{
    printf("%s: worst errors: mean %.1e of rms, rms %.1e, stdev %.1e\n", test, worst.mean,
           worst.rms, worst.stdev);
    fflush(stdout);
}

/* ---- samples of every type ------------------------------------------------------------------- */

/* For integers: kinds that mean something to them, in their own range; else any bytes. */
static bool draw_integer(struct random *random, sample_kind kind, sv_dtype dtype, int64_t i,
                         sv_scalar *value)
{
    bool is_unsigned = dtype.type == SV_U1 || dtype.type == SV_U2 || dtype.type == SV_U3 ||
                       dtype.type == SV_U4 || dtype.type == SV_U8;
    int bits = 8 * (int)sv_dtype_itemsize(dtype);
    int64_t large = (INT64_C(1) << (bits - 2)) - 1;
    switch (kind) {
    case FEW_VALUES: *value = sv_scalar_int((int64_t)random_below(random, 3) - !is_unsigned); break;
    case CONSTANT: *value = sv_scalar_int(large); break;
    case OFFSET: *value = sv_scalar_int(large - (int64_t)random_below(random, 3)); break;
    case ALTERNATING: *value = sv_scalar_int(i % 2 == 0 || is_unsigned ? large : -large); break;
    case ZEROS: *value = sv_scalar_int(0); break;
    default: return false;
    }
    return true;
}

static void store_sample(struct random *random, sample_kind kind, sv_dtype dtype, int64_t i,
                         void *address)
{
    sv_scalar value;
    if (dtype.type == SV_F4) {
        value = sv_scalar_float((double)sample_f4(random, kind, i));
    } else if (dtype.type == SV_F8 || (dtype.type == SV_IBM4 && kind < ENORMOUS)) {
        value = sv_scalar_float(sample_f8(random, kind, i));
    } else if (dtype.type == SV_IBM4 || !draw_integer(random, kind, dtype, i, &value)) {
        uint64_t bits = random_bits(random);
        memcpy(address, &bits, sv_dtype_itemsize(dtype));
        return;
    }
    if (sv_dtype_store(dtype, address, value) != SV_OK) {
        ck_abort_msg("sample %" PRId64 " does not fit its type", i);
    }
}

/* A view of n samples `stride` bytes apart, and their values. */
typedef struct sequence {
    sv_buffer *buffer;
    sv_view view;
    double *values;
} sequence;

static char memory[MOST_SAMPLES * MOST_STEP + 64];
static double all_values[MOST_SAMPLES];

static sequence open_sequence(struct random *random, sample_kind kind, sv_dtype dtype,
                              ptrdiff_t stride, int64_t n)
{
    sequence made = {.values = all_values};
    /* Odd addresses for odd strides; the first sample lies behind all others for negative ones. */
    int64_t offset = (stride < 0 && n > 0 ? -stride * (n - 1) : 0) + (stride % 2 != 0);
    ck_assert_int_eq(sv_buffer_borrow(memory, sizeof memory, &made.buffer, NULL), SV_OK);
    int64_t step = stride;
    sv_error error;
    sv_status status = sv_view_make(made.buffer, offset, dtype, 1, &n, &step, &made.view, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    for (int64_t i = 0; i < n; i++) {
        store_sample(random, kind, dtype, i, made.view.address + i * stride);
    }
    for (int64_t i = 0; i < n; i++) {
        made.values[i] = sv_scalar_as_f8(sv_dtype_load(dtype, made.view.address + i * stride));
    }
    return made;
}

static void close_sequence(sequence *made)
{
    ck_assert_int_eq(sv_buffer_close(made->buffer), SV_OK);
}

static sv_summary summary_of(const sequence *made, int64_t from, int64_t to, int64_t first)
{
    sv_view part;
    sv_summary summary;
    ck_assert_int_eq(sv_view_slice(&made->view, 0, from, to, 1, &part, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&part, first + from, 0, &summary), SV_OK);
    return summary;
}

static void check_samples(struct random *random, sample_kind kind, sv_dtype dtype, ptrdiff_t stride,
                          int64_t n)
{
    int64_t first = (int64_t)random_below(random, 3) * 1000000007;
    sequence made = open_sequence(random, kind, dtype, stride, n);
    sv_summary own = summary_of(&made, 0, n, first);
    expected e = naive(made.values, n, first);
    check_summary(&own, &e);
    close_sequence(&made);
}

static const int64_t short_lengths[] = {0,  1,  2,  3,   15,  16,  17,  63,
                                        64, 65, 66, 127, 128, 129, 130, 1000};
static const int64_t long_lengths[] = {131071, 131072, 131073, 300001};

enum {
    NUM_SHORT = sizeof short_lengths / sizeof short_lengths[0],
    NUM_LONG = sizeof long_lengths / sizeof long_lengths[0],
    NUM_DTYPES = 2 * (SV_NUM_TYPES - 1),
    NUM_STRIDES = 6
};

static sv_dtype dtype_of(int i)
{
    return sv_dtype_make((sv_type)(i / 2 + SV_TYPE_NONE + 1),
                         i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
}

static ptrdiff_t stride_of(int i, sv_dtype dtype)
{
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    const ptrdiff_t strides[NUM_STRIDES] = {itemsize,     -itemsize,    0,
                                            itemsize + 1, 3 * itemsize, -2 * itemsize - 1};
    return strides[i];
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

/* Few values that alternate round the same way at every addition; a mean of a few deviations
 * cancels, but not so much that the block is looked at again. */
START_TEST(biased_rounding_and_cancellation_stay_small)
{
    enum { N = 131072 };
    static double values[N];
    struct random random = random_begin("biased_rounding_and_cancellation");
    for (int round = 0; round < 16; round++) {
        double mean = 10.0 * random_unit(&random), deviation = random_unit(&random);
        int64_t period = 2 + (int64_t)random_below(&random, 7);
        for (int64_t i = 0; i < N; i++) {
            double value = mean + (i % period == 0 ? deviation : -deviation);
            values[i] = _i == 0 ? (double)(float)value : value;
        }
        sv_summary own = of_values(values, N);
        expected e = naive(values, N, 0);
        check_within(&own, &e, 5e-13); /* 16 times cancelled, half of it left by the root */
    }
    tell_worst("biased");
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

static void same_moments(const sv_summary *own, const sv_summary *other, double most)
{
    double rms = sv_summary_rms(other), stdev = sv_summary_stdev(other);
    near("mean", sv_summary_mean(own), sv_summary_mean(other), rms, most, &worst.mean);
    near("rms", sv_summary_rms(own), rms, rms, most, &worst.rms);
    near("stdev", sv_summary_stdev(own), stdev, stdev, most, &worst.stdev);
}

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
    same_moments(&merged, &whole, 3e-14);
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
        same_moments(&left, &early, 1e-14);
        close_sequence(&made);
    }
}
END_TEST

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void same_to_the_bit(const sv_summary *own, const sv_summary *other)
{
    same_but_moments(own, other);
    ck_assert_int_eq(own->exponent, other->exponent);
    ck_assert(same_bits(own->sum, other->sum) && same_bits(own->sum_low, other->sum_low));
    ck_assert(same_bits(own->m2, other->m2) && same_bits(own->m2_low, other->m2_low));
}

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
    tcase_add_test(runs, a_constant_has_no_deviation_at_all);
    tcase_add_loop_test(runs, magnitudes_neither_overflow_nor_vanish, 0, NUM_MAGNITUDES);
    tcase_add_loop_test(runs, biased_rounding_and_cancellation_stay_small, 0, 2);
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
    tcase_add_test(merging, runs_join_over_edges);
    suite_add_tcase(suite, merging);
    return suite;
}

int main(void)
{
    enum { SKIPPED = 77 };
    if (LDBL_MANT_DIG < 64) {
        puts("skipped: there is no float wider than float64 to compare with");
        return SKIPPED;
    }
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
