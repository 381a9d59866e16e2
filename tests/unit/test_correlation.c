/* Correlations against plain float64, over every type, layout and size; offsets, gaps, constants;
 * the same bits for any number of threads. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "random.h"
#include "sanitizers.h"
#include "scratch.h"
#include "seisview/correlation.h"
#include "seisview/guard.h"
#include "seisview/summary.h"
#include "seisview/trend.h"

#define TOLERANCE 1e-6

/* ---- recordings and their reference ---------------------------------------------------------- */

typedef struct data {
    int64_t rows, n;
    double *x; /* rows × n, as the file holds them */
    sv_recording *recording;
    sv_correlation_row *given;
} data;

static double *row_of(const data *d, int64_t i)
{
    return d->x + i * d->n;
}

/* Writes the values in this type and layout, and keeps what they became. */
static void write_and_open(data *d, sv_type type, sv_byte_order order, sv_layout layout)
{
    sv_dtype dtype = sv_dtype_make(type, order);
    size_t size = sv_dtype_itemsize(dtype), bytes = (size_t)(d->rows * d->n) * size;
    char *file = malloc(bytes);
    for (int64_t i = 0; i < d->rows * d->n; i++) {
        int64_t row = i / d->n, at = i % d->n;
        int64_t place = layout == SV_PLANAR ? i : at * d->rows + row;
        bool whole = type != SV_F4 && type != SV_F8;
        double value = type == SV_F4 ? (double)(float)d->x[i] : (whole ? round(d->x[i]) : d->x[i]);
        d->x[i] = value;
        sv_scalar scalar = whole ? sv_scalar_int((int64_t)value) : sv_scalar_float(value);
        ck_assert_int_eq(sv_dtype_store(dtype, file + place * (int64_t)size, scalar), SV_OK);
    }
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    options.dtype = dtype;
    options.channels = d->rows;
    options.layout = layout;
    d->recording = open_good(write_scratch("rows.bin", file, bytes), &options);
    free(file);
    d->given = calloc((size_t)d->rows, sizeof *d->given);
    for (int64_t i = 0; i < d->rows; i++) {
        d->given[i] = (sv_correlation_row){d->recording, 0, i, 0};
    }
}

/* Rows that have something in common, of several sizes and offsets. */
static data make_data(struct random *random, int64_t rows, int64_t n, double offset, double size)
{
    data d = {.rows = rows, .n = n, .x = calloc((size_t)(rows * n), sizeof(double))};
    for (int64_t at = 0; at < n; at++) {
        double common = (double)(random_bits(random) >> 11) * 0x1p-52 - 1.0;
        for (int64_t i = 0; i < rows; i++) {
            double own = (double)(random_bits(random) >> 11) * 0x1p-52 - 1.0;
            double share = (double)(i % 5) / 4.0 * (i % 2 == 0 ? 1.0 : -1.0);
            d.x[i * n + at] = offset * (double)(i % 3) + size * (share * common + own);
        }
    }
    return d;
}

static void free_data(data *d)
{
    close_good(d->recording);
    free(d->x);
    free(d->given);
}

/* Over the samples that both have; the coefficient, or with `covariance` that. */
static double reference(const double *x, const double *y, int64_t n, bool covariance)
{
    long double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    int64_t both = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) {
            mean_x += (long double)x[i];
            mean_y += (long double)y[i];
            both++;
        }
    }
    mean_x /= (long double)both;
    mean_y /= (long double)both;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) {
            xx += ((long double)x[i] - mean_x) * ((long double)x[i] - mean_x);
            yy += ((long double)y[i] - mean_y) * ((long double)y[i] - mean_y);
            xy += ((long double)x[i] - mean_x) * ((long double)y[i] - mean_y);
        }
    }
    if (covariance) {
        return (double)(xy / (long double)both);
    }
    return (double)(xy / (sqrtl(xx) * sqrtl(yy)));
}

static sv_correlation *correlate(const data *d, const sv_correlation_options *options)
{
    sv_correlation *made = NULL;
    sv_error error = {.message = ""};
    sv_status status = sv_correlate(d->given, d->rows, d->n, options, &made, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    ck_assert_int_eq(made->num_rows, d->rows);
    ck_assert_int_eq(made->num_samples, d->n);
    return made;
}

/* Every pair of few rows, some of many. */
static void compare(const data *d, const sv_correlation *made, bool covariance)
{
    int64_t step = d->rows > 40 ? d->rows / 13 : 1;
    for (int64_t i = 0; i < d->rows; i++) {
        for (int64_t j = 0; j < d->rows; j++) {
            double value = made->matrix[i * d->rows + j];
            double mirrored = made->matrix[j * d->rows + i];
            require(memcmp(&value, &mirrored, sizeof value) == 0, "it is symmetric");
            require(covariance || !(fabs(value) > 1.0), "none lies beyond 1");
            require(covariance || i != j || value == 1.0 || isnan(value), "the diagonal is 1");
        }
    }
    for (int64_t i = 0; i < d->rows; i += step) {
        for (int64_t j = 0; j < d->rows; j += step) {
            double is = made->matrix[i * d->rows + j];
            double should = reference(row_of(d, i), row_of(d, j), d->n, covariance);
            double scale = covariance ? made->deviations[i] * made->deviations[j] + 1e-300 : 1.0;
            ck_assert_msg((isnan(is) && isnan(should)) || fabs(is - should) <= TOLERANCE * scale,
                          "rows %d and %d of %d, %d samples: %.12g instead of %.12g", (int)i,
                          (int)j, (int)d->rows, (int)d->n, is, should);
        }
    }
}

static void check_data(data *d, sv_type type, sv_byte_order order, sv_layout layout)
{
    write_and_open(d, type, order, layout);
    sv_correlation *made = correlate(d, NULL);
    compare(d, made, false);
    sv_correlation_free(made);
    sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
    options.covariance = true;
    made = correlate(d, &options);
    compare(d, made, true);
    sv_correlation_free(made);
    free_data(d);
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(test_every_type_and_layout)
{
    static const sv_type types[] = {SV_F4, SV_F8, SV_I2, SV_I4, SV_I1};
    struct random random = random_begin("types");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (int k = 0; k < 4; k++) {
            data d = make_data(&random, 7, 3000, types[i] == SV_I1 ? 10.0 : 500.0, 40.0);
            check_data(&d, types[i], k % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN,
                       k / 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        }
    }
}
END_TEST

START_TEST(test_every_size)
{
    static const int64_t rows[] = {1, 2, 3, 16, 17, 65, 130};
    static const int64_t samples[] = {2, 3, 15, 16, 17, 255, 1023, 1024, 1025, 2500};
    struct random random = random_begin("sizes");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof samples / sizeof samples[0]; k++) {
            data d = make_data(&random, rows[i], samples[k], 3.0, 1.0);
            check_data(&d, SV_F4, SV_NATIVE_ENDIAN, k % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        }
    }
}
END_TEST

START_TEST(test_many_rows_in_tiles)
{
    struct random random = random_begin("tiles");
    for (int k = 0; k < 2; k++) {
        sv_layout layout = k == 0 ? SV_INTERLEAVED : SV_PLANAR;
        data d = make_data(&random, 601, 1300, 20.0, 1.0);
        check_data(&d, SV_F4, SV_NATIVE_ENDIAN, layout);
        d = make_data(&random, 601, 600, 20.0, 40.0);
        check_data(&d, SV_I2, SV_BIG_ENDIAN, layout);
    }
}
END_TEST

/* What float32 alone, or sums of squares less those of means, would lose. */
START_TEST(test_offsets_cost_nothing)
{
    struct random random = random_begin("offsets");
    for (int k = 0; k < 2; k++) {
        sv_layout layout = k == 0 ? SV_INTERLEAVED : SV_PLANAR;
        data d = make_data(&random, 6, 20000, 1e4, 1.0); /* ten thousand deviations */
        check_data(&d, SV_F4, SV_NATIVE_ENDIAN, layout);
        d = make_data(&random, 6, 20000, 1e9, 1.0);
        check_data(&d, SV_F8, SV_NATIVE_ENDIAN, layout);
        d = make_data(&random, 6, 20000, 1e9, 1e5);
        check_data(&d, SV_I4, SV_NATIVE_ENDIAN, layout);
    }
}
END_TEST

/* Values that drift by many deviations of a chunk, and values of all sizes. */
START_TEST(test_drifts_steps_and_spikes)
{
    struct random random = random_begin("drifts");
    for (int k = 0; k < 2; k++) {
        sv_layout layout = k == 0 ? SV_INTERLEAVED : SV_PLANAR;
        data d = make_data(&random, 5, 9000, 0.0, 1.0);
        for (int64_t at = 0; at < d.n; at++) {
            row_of(&d, 0)[at] += (double)at;
            row_of(&d, 1)[at] += at > 4000 ? 1e5 : 0.0;
            row_of(&d, 2)[at] += at % 64 == 0 ? 1e4 : 0.0; /* where pilots are looked for */
            row_of(&d, 3)[at] += at == 5555 ? 1e7 : 0.0;
        }
        check_data(&d, SV_F4, SV_NATIVE_ENDIAN, layout);
    }
}
END_TEST

START_TEST(test_any_size_of_values)
{
    static const double sizes[] = {1e-42, 1e-30, 1e-15, 1e15, 1e30};
    struct random random = random_begin("values");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        data d = make_data(&random, 4, 3000, 0.0, 1.0);
        for (int64_t k = 0; k < d.rows * d.n; k++) {
            d.x[k] *= sizes[i];
        }
        write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, i % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        sv_correlation *made = correlate(&d, NULL);
        compare(&d, made, false);
        sv_correlation_free(made);
        free_data(&d);
    }
}
END_TEST

static void punch(struct random *random, data *d, int64_t row)
{
    for (int64_t i = 0; i < d->n; i++) {
        uint64_t draw = random_below(random, 10);
        double *x = &row_of(d, row)[i];
        *x = draw == 0 ? NAN : (draw == 1 ? INFINITY : (draw == 2 ? -INFINITY : *x));
    }
}

START_TEST(test_missing_samples_pair_by_pair)
{
    struct random random = random_begin("missing");
    for (int k = 0; k < 4; k++) {
        data d = make_data(&random, k < 2 ? 6 : 140, 2600, 1e3, 1.0);
        for (int64_t i = 1; i < d.rows; i += k % 2 == 0 ? 2 : 1) {
            punch(&random, &d, i);
        }
        for (int64_t at = 0; at < d.n;
             at++) { /* these two share a few samples, far from the mean */
            row_of(&d, 1)[at] = at < 1310 ? row_of(&d, 1)[at] : NAN;
            row_of(&d, 3)[at] = at < 1300 ? NAN : row_of(&d, 3)[at] + (at < 1310 ? 1e4 : 0.0);
        }
        check_data(&d, SV_F4, SV_NATIVE_ENDIAN, k % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
    }
}
END_TEST

START_TEST(test_nothing_in_common_and_constants_are_nan)
{
    data d = {.rows = 5, .n = 2000, .x = calloc(5 * 2000, sizeof(double))};
    for (int64_t at = 0; at < d.n; at++) {
        row_of(&d, 0)[at] = at < 1000 ? (double)(at % 7) : NAN;
        row_of(&d, 1)[at] = at < 1000 ? NAN : (double)(at % 5);
        row_of(&d, 2)[at] = 0.1; /* a sum of it is rounded */
        row_of(&d, 3)[at] = (double)(at % 3);
        row_of(&d, 4)[at] = NAN;
    }
    write_and_open(&d, SV_F8, SV_NATIVE_ENDIAN, SV_PLANAR);
    sv_correlation *made = correlate(&d, NULL);
    ck_assert(isnan(made->matrix[1]));
    ck_assert(isnan(made->matrix[2 * 5 + 3]) && isnan(made->matrix[2 * 5 + 2]));
    ck_assert(isnan(made->matrix[4 * 5 + 3]) && isnan(made->matrix[4 * 5 + 4]));
    ck_assert(made->matrix[0] == 1.0 && made->matrix[6] == 1.0 && made->matrix[18] == 1.0);
    ck_assert(fabs(made->matrix[3] - reference(row_of(&d, 0), row_of(&d, 3), d.n, false)) < 1e-6);
    ck_assert(made->deviations[2] == 0.0 && made->means[2] == 0.1);
    ck_assert(isnan(made->means[4]) && made->num_missing[4] == d.n && made->num_missing[0] == 1000);
    sv_correlation_free(made);
    sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
    options.covariance = true;
    made = correlate(&d, &options);
    ck_assert(made->matrix[2 * 5 + 3] == 0.0 && made->matrix[2 * 5 + 2] == 0.0);
    ck_assert(isnan(made->matrix[1]) && isnan(made->matrix[24]));
    sv_correlation_free(made);
    free_data(&d);
}
END_TEST

START_TEST(test_missing_samples_may_be_forbidden)
{
    struct random random = random_begin("forbidden");
    data d = make_data(&random, 3, 5000, 0.0, 1.0);
    row_of(&d, 1)[3210] = NAN;
    write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, SV_INTERLEAVED);
    sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
    options.fail_on_missing = true;
    sv_correlation *made = NULL;
    sv_error error;
    ck_assert_int_eq(sv_correlate(d.given, 3, d.n, &options, &made, NULL, &error), SV_INVALID);
    ck_assert_ptr_null(made);
    ck_assert_ptr_nonnull(strstr(error.message, "sample 3210 of row 1 "));
    free_data(&d);
}
END_TEST

/* Kinds that go through all ways: frames, rows, tiles, gaps, trends. */
START_TEST(test_same_bits_for_any_number_of_threads)
{
    static const int threads[] = {2, 3, 7};
    struct random random = random_begin("threads");
    for (int k = 0; k < 5; k++) {
        data d =
            make_data(&random, k == 2 ? 530 : (k < 2 ? 4 : 40), k < 2 ? 270000 : 6000, 5.0, 1.0);
        if (k == 3) {
            punch(&random, &d, 4);
            punch(&random, &d, 5);
        }
        write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, k % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
        options.detrend_order = k == 4 ? 2 : -1;
        options.scan.threads = 1;
        sv_correlation *one = correlate(&d, &options);
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            options.scan.threads = threads[t];
            sv_correlation *more = correlate(&d, &options);
            size_t bytes = (size_t)(d.rows * d.rows) * sizeof(double);
            ck_assert(memcmp(one->matrix, more->matrix, bytes) == 0);
            sv_correlation_free(more);
        }
        sv_correlation_free(one);
        free_data(&d);
    }
}
END_TEST

static void require_same(const sv_correlation *one, const sv_correlation *other)
{
    size_t rows = (size_t)one->num_rows;
    ck_assert_mem_eq(one->matrix, other->matrix, rows * rows * sizeof(double));
    ck_assert_mem_eq(one->means, other->means, rows * sizeof(double));
    ck_assert_mem_eq(one->deviations, other->deviations, rows * sizeof(double));
    ck_assert_mem_eq(one->num_missing, other->num_missing, rows * sizeof(int64_t));
}

/* Whatever is not mapped must be read by calls: nothing is decoded here. */
static void check_ways_to_read(const data *d, sv_correlation_options options)
{
    options.scan.io = SV_IO_AUTO;
    sv_correlation *mapped = correlate(d, &options);
    for (int io = SV_IO_MAP; io <= SV_IO_DIRECT; io++) {
        sv_correlation *made = NULL;
        sv_scan_report report = {.threads = 0};
        options.scan.io = (sv_io)io;
        options.scan.threads = io;
        ck_assert_int_eq(sv_correlate(d->given, d->rows, d->n, &options, &made, &report, NULL),
                         SV_OK);
        ck_assert((report.bytes_mapped > 0) == (io == SV_IO_MAP));
        ck_assert((report.bytes_copied > 0) == (io != SV_IO_MAP));
        ck_assert_int_eq((int)report.io, io);
        require_same(mapped, made);
        sv_correlation_free(made);
    }
    sv_correlation_free(mapped);
}

/* Frames, rows, tiles, gaps, trends, rows that are left out. */
START_TEST(test_same_bits_for_any_way_to_read)
{
    static const struct {
        sv_type type;
        sv_byte_order order;
        int64_t rows, n;
        int trend;
        bool has_gaps;
    } kinds[] = {
        {SV_F4, SV_NATIVE_ENDIAN, 5, 270000, -1, false},
        {SV_I2, SV_BIG_ENDIAN, 40, 6000, -1, false},
        {SV_F8, SV_NATIVE_ENDIAN, 40, 6000, -1, true},
        {SV_F4, SV_NATIVE_ENDIAN, 40, 6000, 2, false},
        {SV_F4, SV_BIG_ENDIAN, 601, 700, -1, false},
        {SV_F8, SV_NATIVE_ENDIAN, 601, 700, -1, true},
    };
    struct random random = random_begin("ways");
    for (size_t k = 0; k < 2 * sizeof kinds / sizeof kinds[0]; k++) {
        data d = make_data(&random, kinds[k / 2].rows, kinds[k / 2].n, 5.0, 40.0);
        if (kinds[k / 2].has_gaps) {
            punch(&random, &d, 4);
        }
        write_and_open(&d, kinds[k / 2].type, kinds[k / 2].order,
                       k % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
        options.detrend_order = kinds[k / 2].trend;
        check_ways_to_read(&d, options);
        d.rows = (d.rows + 1) / 2;
        for (int64_t i = 0; i < d.rows; i++) {
            d.given[i] = (sv_correlation_row){d.recording, 0, 2 * i, 17};
        }
        d.n -= 17;
        check_ways_to_read(&d, options);
        free_data(&d);
    }
}
END_TEST

START_TEST(test_a_file_that_is_cut)
{
    struct random random = random_begin("cut");
    int first_io = SV_IO_AUTO;
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    if (under_thread_sanitizer()) {
        puts("skipped: mapped files that are cut, whose signals this sanitizer holds back");
        first_io = SV_IO_READ;
    }
    for (int k = 0; k < 2; k++) {
        data d = make_data(&random, 5, 3000, 10.0, 1.0);
        write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, k == 0 ? SV_INTERLEAVED : SV_PLANAR);
        ck_assert_int_eq(truncate(scratch_path("rows.bin"), 5 * 3000 * 4 - 8192), 0);
        for (int io = first_io; io <= SV_IO_DIRECT; io++) {
            sv_correlation *made = NULL;
            sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
            sv_error error;
            options.scan.io = (sv_io)io;
            ck_assert_int_eq(sv_correlate(d.given, 5, 3000, &options, &made, NULL, &error),
                             SV_TRUNCATED);
            ck_assert_ptr_nonnull(strstr(error.message, "the file was cut at byte 51808 "));
            /* Also where nothing is wanted of what is gone. */
            ck_assert_int_eq(sv_correlate(d.given, 1, 100, &options, &made, NULL, &error),
                             SV_TRUNCATED);
            ck_assert_ptr_null(made);
        }
        free_data(&d);
    }
}
END_TEST

START_TEST(test_trends_are_taken_away)
{
    struct random random = random_begin("trends");
    for (int order = 0; order <= 3; order++) {
        data d = make_data(&random, 4, 7000, 1e3, 1.0);
        for (int64_t at = 0; at < d.n; at++) {
            row_of(&d, 1)[at] += 0.01 * (double)at;
            row_of(&d, 3)[at] = 7.0 - 3.0 * (double)at; /* nothing is left of it */
        }
        write_and_open(&d, SV_F8, SV_NATIVE_ENDIAN, order % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
        options.detrend_order = order;
        sv_correlation *made = correlate(&d, &options);
        ck_assert(order == 0 || isnan(made->matrix[3 * 4 + 1]));
        d.rows = 3;
        for (int64_t i = 0; i < d.rows; i++) {
            sv_trend trend;
            sv_segment segment = segment_of(d.recording, 0);
            sv_view row;
            ck_assert_int_eq(sv_view_at(&segment.samples, 0, i, &row, NULL), SV_OK);
            ck_assert_int_eq(sv_trend_of(&row, 0, order, &trend), SV_OK);
            sv_trend_subtract(&trend, 0, d.n, row_of(&d, i));
        }
        for (int64_t i = 0; i < 9; i++) {
            double should = reference(row_of(&d, i / 3), row_of(&d, i % 3), d.n, false);
            ck_assert(fabs(made->matrix[i / 3 * 4 + i % 3] - should) < TOLERANCE);
        }
        sv_correlation_free(made);
        free_data(&d);
    }
}
END_TEST

/* What float32 rounds the same way in every sum: all rows nearly the same; a spike that they share
 * before everything else, so that all that follows is added to a large sum. */
START_TEST(test_what_all_rows_share)
{
    struct random random = random_begin("shared");
    for (int k = 0; k < 8; k++) { /* also in tiles */
        int64_t rows = k / 2 == 3 ? 530 : 64, n = k / 2 == 2 ? 70000 : 2048;
        data d = make_data(&random, rows, n, 0.0, 0.05);
        for (int64_t at = 0; at < d.n; at++) {
            double wave = sin((double)at * 0.0123) + (k / 2 == 2 ? 1e-3 * (double)at : 0.0);
            for (int64_t i = 0; i < d.rows; i++) {
                row_of(&d, i)[at] += k / 2 % 2 == 1 ? (at == 0 ? 100.0 : 0.0) : wave;
            }
        }
        write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, k % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR);
        sv_correlation *made = correlate(&d, NULL);
        compare(&d, made, false);
        sv_correlation_free(made);
        free_data(&d);
    }
}
END_TEST

static void check_moments(const data *d, const char *what)
{
    sv_correlation *made = correlate(d, NULL);
    sv_segment segment = segment_of(d->recording, 0);
    for (int64_t i = 0; i < d->rows; i++) {
        sv_view row;
        sv_summary summary;
        ck_assert_int_eq(sv_view_at(&segment.samples, 0, i, &row, NULL), SV_OK);
        ck_assert_int_eq(sv_summary_of(&row, 0, SV_FIGURES_USUAL, &summary), SV_OK);
        double mean = sv_summary_mean(&summary), deviation = sv_summary_stdev(&summary);
        ck_assert_msg(made->means[i] == mean, "%s: the mean is %.17g instead of %.17g", what,
                      made->means[i], mean);
        ck_assert_msg(fabs(made->deviations[i] - deviation) <= 4e-15 * deviation,
                      "%s: the deviation is %.17g instead of %.17g", what, made->deviations[i],
                      deviation);
    }
    sv_correlation_free(made);
}

/* Whole numbers, whose sums are exact; in runs of several chunks, of which a round has many. */
START_TEST(test_means_and_deviations_are_those_of_summaries)
{
    static const sv_type types[] = {SV_F4, SV_I2, SV_I4, SV_F8};
    struct random random = random_begin("moments");
    for (int k = 0; k < 8; k++) {
        data d = make_data(&random, 3, k < 4 ? 300001 : 20000, 12345.0, 300.0);
        for (int64_t i = 0; i < d.rows * d.n; i++) {
            d.x[i] = round(d.x[i]);
        }
        write_and_open(&d, types[k % 4], SV_NATIVE_ENDIAN, k % 3 == 0 ? SV_PLANAR : SV_INTERLEAVED);
        check_moments(&d, "whole numbers");
        sv_correlation *made = correlate(&d, NULL);
        compare(&d, made, false);
        sv_correlation_free(made);
        free_data(&d);
    }
}
END_TEST

/* Rows that begin at samples of their own, in any order, and twice. */
START_TEST(test_rows_may_begin_anywhere)
{
    struct random random = random_begin("anywhere");
    data d = make_data(&random, 4, 4000, 10.0, 1.0);
    write_and_open(&d, SV_I2, SV_BIG_ENDIAN, SV_INTERLEAVED);
    sv_correlation_row rows[] = {{d.recording, 0, 3, 5},
                                 {d.recording, 0, 1, 999},
                                 {d.recording, 0, 2, 999},
                                 {d.recording, 0, 3, 5}};
    sv_correlation *made = NULL;
    ck_assert_int_eq(sv_correlate(rows, 4, 3000, NULL, &made, NULL, NULL), SV_OK);
    for (int i = 0; i < 16; i++) {
        const sv_correlation_row *a = &rows[i / 4], *b = &rows[i % 4];
        double should =
            reference(row_of(&d, a->row) + a->first, row_of(&d, b->row) + b->first, 3000, false);
        ck_assert(fabs(made->matrix[i] - should) < TOLERANCE);
    }
    ck_assert(made->matrix[3] > 1.0 - 1e-6);
    sv_correlation_free(made);
    sv_error error;
    ck_assert_int_eq(sv_correlate(rows, 4, 3002, NULL, &made, NULL, &error), SV_RANGE);
    rows[2].row = 4;
    ck_assert_int_eq(sv_correlate(rows, 4, 10, NULL, &made, NULL, &error), SV_RANGE);
    ck_assert_int_eq(sv_correlate(rows, 0, 10, NULL, &made, NULL, &error), SV_INVALID);
    free_data(&d);
}
END_TEST

START_TEST(test_memory_that_runs_out_is_said)
{
    struct random random = random_begin("memory");
    data d = make_data(&random, 5, 3000, 10.0, 1.0);
    row_of(&d, 2)[7] = NAN;
    write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, SV_INTERLEAVED);
    for (int io = SV_IO_MAP; io <= SV_IO_DIRECT; io++) {
        sv_correlation *made = NULL;
        sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
        options.scan.threads = 2;
        options.scan.io = (sv_io)io;
        sv_status status = SV_NOMEM;
        for (long after = 0; status == SV_NOMEM; after++) {
            ck_assert_int_lt(after, 1000);
            sv_memory_fail_after(after, true);
            status = sv_correlate(d.given, d.rows, d.n, &options, &made, NULL, NULL);
            sv_memory_fail_after(-1, false);
        }
        ck_assert_int_eq(status, SV_OK);
        compare(&d, made, false);
        sv_correlation_free(made);
    }
    free_data(&d);
}
END_TEST

START_TEST(test_cancelled)
{
    struct random random = random_begin("cancelled");
    data d = make_data(&random, 5, 3000, 10.0, 1.0);
    write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, SV_INTERLEAVED);
    static const volatile sig_atomic_t now = 1;
    sv_correlation *made = NULL;
    sv_correlation_options options = SV_CORRELATION_OPTIONS_INIT;
    options.scan.cancel = &now;
    ck_assert_int_eq(sv_correlate(d.given, d.rows, d.n, &options, &made, NULL, NULL), SV_CANCELLED);
    ck_assert_ptr_null(made);
    free_data(&d);
}
END_TEST

START_TEST(test_matrix_as_npy)
{
    struct random random = random_begin("npy");
    data d = make_data(&random, 3, 100, 10.0, 1.0);
    write_and_open(&d, SV_F4, SV_NATIVE_ENDIAN, SV_INTERLEAVED);
    sv_correlation *made = correlate(&d, NULL);
    const char *path = scratch_path("matrix.npy");
    ck_assert_int_eq(sv_correlation_write_npy(made, path, NULL), SV_OK);
    sv_recording *read = open_good(path, NULL);
    sv_segment segment = segment_of(read, 0);
    ck_assert_int_eq(segment.samples.dtype.type, SV_F8);
    for (int64_t i = 0; i < 9; i++) {
        ck_assert(sample_at(&segment, i / 3, i % 3) == made->matrix[i]);
    }
    close_good(read);
    sv_correlation_free(made);
    free_data(&d);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_every_type_and_layout,
        test_every_size,
        test_many_rows_in_tiles,
        test_offsets_cost_nothing,
        test_drifts_steps_and_spikes,
        test_any_size_of_values,
        test_missing_samples_pair_by_pair,
        test_nothing_in_common_and_constants_are_nan,
        test_missing_samples_may_be_forbidden,
        test_same_bits_for_any_number_of_threads,
        test_same_bits_for_any_way_to_read,
        test_a_file_that_is_cut,
        test_trends_are_taken_away,
        test_what_all_rows_share,
        test_means_and_deviations_are_those_of_summaries,
        test_rows_may_begin_anywhere,
        test_memory_that_runs_out_is_said,
        test_cancelled,
        test_matrix_as_npy,
    };
    return run_in_scratch("correlation", tests, sizeof tests / sizeof tests[0]);
}
