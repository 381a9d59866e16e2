/* Quantiles against sorting: every type, layout, thread count and way of reading; and what becomes
 * of samples that are not those of their summary. */
#include <check.h>

#include "base/memory.h"
#include "layouts.h"
#include "seisview/quantiles.h"
#include "stats/order.h"

/* ---- sorting --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The finite samples of a view of one axis, added to `values`. */
static int64_t collect(const sv_view *view, double *values)
{
    int64_t n = 0;
    for (int64_t i = 0; i < view->shape[0]; i++) {
        const char *address = view->address + i * view->strides[0];
        double value = sv_scalar_as_f8(sv_dtype_load(view->dtype, address));
        if (isfinite(value)) {
            values[n++] = value;
        }
    }
    return n;
}

static double quantile_of(const double *sorted, int64_t n, double probability)
{
    if (n == 0) {
        return NAN;
    }
    double at = (double)(n - 1) * probability;
    int64_t i = (int64_t)at < n - 1 ? (int64_t)at : n - 1;
    double lower = sorted[i], upper = sorted[i + 1 < n ? i + 1 : i], part = at - (double)i;
    if (isinf(upper - lower)) {
        return lower * (1.0 - part) + upper * part;
    }
    return part < 0.5 ? lower + (upper - lower) * part : upper - (upper - lower) * (1.0 - part);
}

static void check_quantiles(const char *what, double *values, int64_t n,
                            const double *probabilities, int count, const double *own)
{
    qsort(values, (size_t)n, sizeof *values, compare);
    for (int i = 0; i < count; i++) {
        double expected = quantile_of(values, n, probabilities[i]);
        if (!(own[i] == expected || (isnan(own[i]) && isnan(expected)))) {
            ck_abort_msg("%s, %" PRId64 " finite samples: quantile %g is %a instead of %a", what, n,
                         probabilities[i], own[i], expected);
        }
        ck_assert(own[i] != 0.0 || !signbit(own[i]));
    }
}

static sv_view row_of(const sv_segment *segment, const sv_scan_range *range, int64_t position)
{
    sv_view row;
    int64_t number = range->rows != NULL ? range->rows[position] : position;
    ck_assert_int_eq(sv_view_at(&segment->samples, 0, number, &row, NULL), SV_OK);
    ck_assert_int_eq(sv_view_slice(&row, 0, range->first, range->last, 1, &row, NULL), SV_OK);
    return row;
}

/* ---- rows and all of them -------------------------------------------------------------------- */

static sv_summary *summarise(sv_recording *recording, const sv_scan_range *range)
{
    sv_summary *summaries = malloc((size_t)range->num_rows * sizeof *summaries + 1);
    ck_assert_int_eq(sv_summary_scan(recording, range, 0, NULL, summaries, NULL, NULL), SV_OK);
    return summaries;
}

static sv_summary merge_all(const sv_summary *summaries, int64_t num_rows)
{
    sv_summary all;
    sv_summary_init(&all);
    for (int64_t i = 0; i < num_rows; i++) {
        sv_summary_merge(&all, &summaries[i]);
    }
    return all;
}

static void check_rows(sv_recording *recording, const sv_scan_range *range,
                       const sv_summary *summaries, const double *probabilities, int count,
                       const sv_scan_options *options, const char *what)
{
    sv_error error = {.message = ""};
    sv_segment segment = segment_of(recording, range->segment);
    double *own = malloc((size_t)(range->num_rows * count) * sizeof *own);
    double *values = malloc((size_t)(range->last - range->first) * sizeof *values);
    sv_status status = sv_quantiles_scan(recording, range, summaries, probabilities, count, options,
                                         own, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s: %s", what, error.message);
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_view row = row_of(&segment, range, i);
        int64_t n = collect(&row, values);
        check_quantiles(what, values, n, probabilities, count, own + i * count);
    }
    free(values);
    free(own);
}

/* As a search with the type of the samples, and as one for several types. */
static void check_all(sv_recording *recording, const sv_scan_range *range,
                      const sv_summary *summaries, const double *probabilities, int count,
                      const sv_scan_options *options, sv_dtype dtype, const char *what)
{
    double own[SV_MOST_QUANTILES];
    sv_quantile_search *search;
    sv_segment segment = segment_of(recording, range->segment);
    sv_summary all = merge_all(summaries, range->num_rows);
    ck_assert_int_eq(
        sv_quantile_search_open(dtype, &all, probabilities, count, options, &search, NULL), SV_OK);
    while (sv_quantile_search_next(search)) {
        ck_assert_int_eq(sv_quantile_search_scan(search, recording, range, NULL, NULL), SV_OK);
    }
    sv_quantile_search_get(search, own);
    sv_quantile_search_close(search);
    double *values =
        malloc((size_t)(range->num_rows * (range->last - range->first)) * sizeof *values);
    int64_t n = 0;
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_view row = row_of(&segment, range, i);
        n += collect(&row, values + n);
    }
    check_quantiles(what, values, n, probabilities, count, own);
    free(values);
}

/* ---- types ----------------------------------------------------------------------------------- */

enum { NUM_INTEGER_KINDS = 5 };

/* Integers that a few bits hold, and such that need all of them. */
static sv_scalar draw_integer(struct random *random, int kind, sv_dtype dtype)
{
    int bits = 8 * (int)sv_dtype_itemsize(dtype);
    bool is_unsigned = dtype.type == SV_U1 || dtype.type == SV_U2 || dtype.type == SV_U3 ||
                       dtype.type == SV_U4 || dtype.type == SV_U8;
    uint64_t any = random_bits(random) >> (64 - bits);
    switch (kind) {
    case 0: any %= 3; break;
    case 1: any = 7; break;
    case 2: any = random_below(random, 200) == 0 ? any : any % 100; break; /* spikes */
    case 3: any >>= random_below(random, (uint64_t)bits); break;
    default: break;
    }
    if (is_unsigned) {
        return sv_scalar_uint(any);
    }
    return sv_scalar_int((int64_t)(any << (64 - bits)) >> (64 - bits));
}

static void fill_kind(struct random *random, int kind, sv_dtype dtype, char *bytes, int64_t n)
{
    size_t size = sv_dtype_itemsize(dtype);
    for (int64_t i = 0; i < n; i++) {
        char *to = bytes + (size_t)i * size;
        uint64_t any = random_bits(random);
        if (dtype.type == SV_F4) {
            sv_dtype_store(dtype, to,
                           sv_scalar_float((double)sample_f4(random, (sample_kind)kind, i)));
        } else if (dtype.type == SV_F8) {
            sv_dtype_store(dtype, to, sv_scalar_float(sample_f8(random, (sample_kind)kind, i)));
        } else if (dtype.type == SV_IBM4) {
            memcpy(to, &any, size);
            if (kind % 2 == 0) {
                sv_dtype_store(dtype, to, sv_scalar_float(floor(100.0 * random_unit(random))));
            }
        } else {
            ck_assert_int_eq(
                sv_dtype_store(dtype, to, draw_integer(random, kind % NUM_INTEGER_KINDS, dtype)),
                SV_OK);
        }
    }
}

static const double usual[] = {0.25, 0.5, 0.75, 0.0, 1.0, 0.01, 0.999};
enum { NUM_USUAL = sizeof usual / sizeof usual[0] };

static void check_type(struct random *random, sv_dtype dtype, int kind, int64_t channels,
                       int64_t samples)
{
    char what[64], text[SV_DTYPE_TEXT_SIZE];
    int64_t n = channels * samples;
    size_t num_bytes = (size_t)n * sv_dtype_itemsize(dtype);
    char *bytes = malloc(num_bytes);
    fill_kind(random, kind, dtype, bytes, n);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = dtype;
    options.channels = channels;
    options.format = "raw";
    sv_recording *recording = open_good(write_scratch("typed.bin", bytes, num_bytes), &options);
    free(bytes);
    sv_scan_range range = {.num_rows = channels, .last = samples};
    sv_summary *summaries = summarise(recording, &range);
    snprintf(what, sizeof what, "%s, kind %d", sv_dtype_text(dtype, text), kind);
    check_rows(recording, &range, summaries, usual, NUM_USUAL, NULL, what);
    check_all(recording, &range, summaries, usual, NUM_USUAL, NULL, dtype, what);
    check_all(recording, &range, summaries, usual, NUM_USUAL, NULL,
              sv_dtype_make(SV_TYPE_NONE, SV_NATIVE_ENDIAN), what);
    free(summaries);
    close_good(recording);
}

START_TEST(every_type)
{
    static const int64_t sizes[] = {1, 2, 3, 17, 1031};
    struct random random = random_begin("every_type");
    sv_dtype dtype = sv_dtype_make((sv_type)(_i / 2 + SV_TYPE_NONE + 1),
                                   _i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
            check_type(&random, dtype, kind, 1 + kind % 3, sizes[size]);
        }
    }
    check_type(&random, dtype, ANY_BITS, 1, 70001);
}
END_TEST

/* ---- layouts --------------------------------------------------------------------------------- */

START_TEST(every_layout_by_any_threads)
{
    static const sv_io ios[] = {SV_IO_AUTO, SV_IO_MAP, SV_IO_READ, SV_IO_DIRECT};
    static const int threads[] = {1, 2, 3, 7, 40};
    struct random random = random_begin("every_layout_by_any_threads");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "layout.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(l);
    sv_summary *summaries = summarise(recording, &range);
    for (int way = 0; way < 2; way++) {
        sv_scan_options options = SV_SCAN_OPTIONS_INIT;
        options.threads = threads[(_i + 2 * way) % 5];
        options.io = ios[(_i + way) % 4];
        check_rows(recording, &range, summaries, usual, 3, &options, l->name);
        check_all(recording, &range, summaries, usual, 3, &options, segment.samples.dtype, l->name);
    }
    free(summaries);
    close_good(recording);
}
END_TEST

/* So many that several groups of targets and narrower passes are needed. */
START_TEST(many_quantiles_at_once)
{
    struct random random = random_begin("many_quantiles_at_once");
    double probabilities[SV_MOST_QUANTILES];
    for (int i = 0; i < SV_MOST_QUANTILES; i++) {
        probabilities[i] = (double)random_below(&random, 1000001) / 1e6;
    }
    const layout *l = &layouts[3 * _i];
    sv_recording *recording = open_layout(l, "many.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(l);
    sv_summary *summaries = summarise(recording, &range);
    check_rows(recording, &range, summaries, probabilities, SV_MOST_QUANTILES, NULL, l->name);
    check_all(recording, &range, summaries, probabilities, SV_MOST_QUANTILES, NULL,
              segment.samples.dtype, l->name);
    free(summaries);
    close_good(recording);
}
END_TEST

/* More samples than a thread counts before it adds them to the totals; holes are zeros. */
START_TEST(more_samples_than_are_counted_at_once)
{
    enum { SAMPLES = (1 << 27) + 12345, NUM_ONES = 1000 };
    static const double probabilities[] = {0.5, 1.0 - 999.0 / (SAMPLES - 1),
                                           1.0 - 1000.0 / (SAMPLES - 1)};
    char ones[NUM_ONES];
    memset(ones, 1, sizeof ones);
    const char *path = write_scratch("large.bin", "", 0);
    FILE *file = fopen(path, "r+b");
    ck_assert_int_eq(fseek(file, SAMPLES - NUM_ONES, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(ones, 1, NUM_ONES, file), NUM_ONES);
    ck_assert_int_eq(fclose(file), 0);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN);
    sv_recording *recording = open_good(path, &options);
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    sv_summary *summary = summarise(recording, &range);
    sv_scan_options alone = SV_SCAN_OPTIONS_INIT;
    alone.threads = 1;
    double own[3];
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, probabilities, 3, &alone, own, NULL, NULL),
        SV_OK);
    ck_assert(own[0] == 0.0 && own[1] > 0.999 && own[2] < 0.001);
    free(summary);
    close_good(recording);
}
END_TEST

/* ---- counts beyond 32 bits ------------------------------------------------------------------- */

/* 3·2^40 samples of three values, as totals have them. */
START_TEST(counts_of_terabytes)
{
    static const double probabilities[] = {0.0, 0.3, 0.5, 0.7, 1.0};
    static const double expected[] = {-1.0, -1.0, 0.0, 5.0, 5.0};
    const int64_t each = INT64_C(1) << 40;
    sv_rank ranks[10];
    uint64_t targets[10], totals[16 * 10] = {0};
    sv_bins bins;
    sv_population population;
    sv_summary summary;
    sv_summary_init(&summary);
    summary.num_samples = 3 * each + 7;
    summary.num_nan = 7;
    summary.min = -1.0;
    summary.max = 5.0;
    sv_population_begin(&population, SV_KEY_I4, &summary, probabilities, 5, ranks);
    ck_assert(sv_population_is_open(&population));
    sv_population_aim(&population, 16, &bins, targets);
    ck_assert_int_eq(bins.num_targets, 1);
    ck_assert_int_eq(bins.width, 3);
    totals[0] = totals[1] = totals[6] = (uint64_t)each;
    sv_population_narrow(&population, &bins, totals);
    ck_assert(!sv_population_is_open(&population));
    for (int i = 0; i < 5; i++) {
        ck_assert_double_eq(sv_population_quantile(&population, probabilities[i], i), expected[i]);
    }
}
END_TEST

/* ---- what is not as it was said -------------------------------------------------------------- */

static sv_recording *open_floats(const char *name, const float *samples, size_t count)
{
    return open_good(write_scratch(name, samples, count * sizeof *samples), NULL);
}

static bool all_nan(const double *quantiles, int count)
{
    for (int i = 0; i < count; i++) {
        if (!isnan(quantiles[i])) {
            return false;
        }
    }
    return true;
}

START_TEST(nothing_finite_is_no_quantile)
{
    static const float samples[] = {NAN, INFINITY, -INFINITY, -NAN};
    sv_recording *recording = open_floats("none.bin", samples, 4);
    sv_scan_range range = {.num_rows = 1, .last = 4};
    sv_scan_report report = {0};
    sv_summary *summary = summarise(recording, &range);
    double own[NUM_USUAL] = {0.0};
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, usual, NUM_USUAL, NULL, own, &report, NULL),
        SV_OK);
    ck_assert(all_nan(own, NUM_USUAL));
    ck_assert_int_eq(report.num_blocks, 0);
    range.last = 0;
    sv_summary_init(summary);
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, usual, NUM_USUAL, NULL, own, NULL, NULL),
        SV_OK);
    ck_assert(all_nan(own, NUM_USUAL));
    free(summary);
    close_good(recording);
}
END_TEST

START_TEST(equal_samples_are_not_read)
{
    static const float samples[] = {-0.0f, 0.0f, NAN, -0.0f};
    sv_recording *recording = open_floats("zeros.bin", samples, 4);
    sv_scan_range range = {.num_rows = 1, .last = 4};
    sv_scan_report report = {0};
    sv_summary *summary = summarise(recording, &range);
    double own[NUM_USUAL];
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, usual, NUM_USUAL, NULL, own, &report, NULL),
        SV_OK);
    for (int i = 0; i < NUM_USUAL; i++) {
        ck_assert(own[i] == 0.0 && !signbit(own[i]));
    }
    ck_assert_int_eq(report.num_blocks, 0);
    free(summary);
    close_good(recording);
}
END_TEST

/* Both zeros are the least of the samples here, and the greatest there. */
START_TEST(zeros_of_both_signs)
{
    static const float samples[][6] = {{-0.0f, 7.0f, 0.0f, -0.0f, 5.0f, -0.0f},
                                       {-0.0f, -7.0f, 0.0f, -0.0f, -5.0f, 0.0f}};
    static const double probabilities[] = {0.2, 0.4, 0.8};
    static const double expected[][3] = {{0.0, 0.0, 5.0}, {-5.0, 0.0, 0.0}};
    for (int i = 0; i < 2; i++) {
        sv_recording *recording = open_floats("signs.bin", samples[i], 6);
        sv_scan_range range = {.num_rows = 1, .last = 6};
        sv_summary *summary = summarise(recording, &range);
        double own[3];
        ck_assert_int_eq(
            sv_quantiles_scan(recording, &range, summary, probabilities, 3, NULL, own, NULL, NULL),
            SV_OK);
        for (int j = 0; j < 3; j++) {
            ck_assert(own[j] == expected[i][j] && (own[j] != 0.0 || !signbit(own[j])));
        }
        free(summary);
        close_good(recording);
    }
}
END_TEST

START_TEST(two_passes_at_most_for_four_bytes)
{
    struct random random = random_begin("two_passes_at_most_for_four_bytes");
    enum { SAMPLES = 200000 };
    static float samples[SAMPLES];
    fill_f4(&random, ANY_BITS, samples, SAMPLES);
    sv_recording *recording = open_floats("passes.bin", samples, SAMPLES);
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    sv_scan_report report = {0};
    sv_summary *summary = summarise(recording, &range);
    double own[3];
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, usual, 3, NULL, own, &report, NULL), SV_OK);
    ck_assert_int_eq(report.bytes_mapped + report.bytes_copied, 2 * (int64_t)sizeof samples);
    free(summary);
    close_good(recording);
}
END_TEST

/* Of more samples, and of fewer, among which every rank is found. */
START_TEST(a_summary_of_other_samples)
{
    static const float samples[] = {1, 2, 3, 4, 5};
    sv_recording *recording = open_floats("other.bin", samples, 5);
    for (int64_t summarised = 4; summarised <= 5; summarised++) {
        sv_scan_range range = {.num_rows = 1, .last = summarised};
        sv_summary *summary = summarise(recording, &range);
        double own[3];
        range.last = 9 - summarised;
        ck_assert_int_eq(
            sv_quantiles_scan(recording, &range, summary, usual, 3, NULL, own, NULL, NULL), SV_OK);
        ck_assert(all_nan(own, 3));
        free(summary);
    }
    close_good(recording);
}
END_TEST

/* As a file that is written to between two passes: the rank is still there. */
START_TEST(samples_that_change_between_passes)
{
    static const float before[] = {1.0f, 1.001f, 1.002f, 1.003f, 700.0f};
    static const float after[] = {1.0f, 1.001f, 1.002f, 600.0f, 700.0f};
    sv_recording *recordings[] = {open_floats("before.bin", before, 5),
                                  open_floats("after.bin", after, 5)};
    sv_scan_range range = {.num_rows = 1, .last = 5};
    sv_summary *summary = summarise(recordings[0], &range);
    sv_quantile_search *search;
    double own[1];
    int passes = 0;
    ck_assert_int_eq(sv_quantile_search_open(sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), summary, usual,
                                             1, NULL, &search, NULL),
                     SV_OK);
    for (; sv_quantile_search_next(search); passes++) {
        ck_assert_int_eq(
            sv_quantile_search_scan(search, recordings[passes > 0], &range, NULL, NULL), SV_OK);
    }
    ck_assert_int_ge(passes, 2);
    sv_quantile_search_get(search, own);
    ck_assert(isnan(own[0]));
    sv_quantile_search_close(search);
    free(summary);
    close_good(recordings[0]);
    close_good(recordings[1]);
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------------- */

START_TEST(probabilities_that_make_no_sense)
{
    static const float samples[] = {1, 2};
    static const double bad[] = {-0.001, 1.001, NAN, INFINITY};
    sv_recording *recording = open_floats("bad.bin", samples, 2);
    sv_scan_range range = {.num_rows = 1, .last = 2};
    sv_summary *summary = summarise(recording, &range);
    sv_dtype f4 = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    sv_quantile_search *search;
    sv_error error;
    double own[1], many[SV_MOST_QUANTILES + 1] = {0.0};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(
            sv_quantiles_scan(recording, &range, summary, &bad[i], 1, NULL, own, NULL, &error),
            SV_INVALID);
        ck_assert_int_eq(sv_quantile_search_open(f4, summary, &bad[i], 1, NULL, &search, NULL),
                         SV_INVALID);
    }
    ck_assert_ptr_nonnull(strstr(error.message, "from 0 to 1"));
    ck_assert_int_eq(sv_quantiles_scan(recording, &range, summary, many, SV_MOST_QUANTILES + 1,
                                       NULL, own, NULL, NULL),
                     SV_INVALID);
    ck_assert_int_eq(sv_quantiles_scan(recording, &range, summary, many, 0, NULL, own, NULL, NULL),
                     SV_INVALID);
    range.num_rows = -1;
    ck_assert_int_eq(sv_quantiles_scan(recording, &range, summary, many, 1, NULL, own, NULL, NULL),
                     SV_RANGE);
    range = (sv_scan_range){.segment = 1, .num_rows = 1, .last = 2};
    ck_assert_int_eq(sv_quantiles_scan(recording, &range, summary, many, 1, NULL, own, NULL, NULL),
                     SV_RANGE);
    range = (sv_scan_range){.num_rows = 1, .last = 3};
    ck_assert_int_eq(sv_quantiles_scan(recording, &range, summary, many, 1, NULL, own, NULL, NULL),
                     SV_RANGE);
    ck_assert(isnan(own[0]));
    free(summary);
    close_good(recording);
}
END_TEST

START_TEST(samples_of_another_type)
{
    static const float samples[] = {1, 2};
    sv_recording *recording = open_floats("type.bin", samples, 2);
    sv_scan_range range = {.num_rows = 1, .last = 2};
    sv_summary *summary = summarise(recording, &range);
    sv_quantile_search *search;
    sv_error error;
    ck_assert_int_eq(sv_quantile_search_open(sv_dtype_make(SV_I4, SV_NATIVE_ENDIAN), summary, usual,
                                             1, NULL, &search, NULL),
                     SV_OK);
    ck_assert(sv_quantile_search_next(search));
    ck_assert_int_eq(sv_quantile_search_scan(search, recording, &range, NULL, &error), SV_DTYPE);
    ck_assert_ptr_nonnull(strstr(error.message, "<f4"));
    range.segment = 1;
    ck_assert_int_eq(sv_quantile_search_scan(search, recording, &range, NULL, NULL), SV_RANGE);
    sv_quantile_search_close(search);
    sv_quantile_search_close(NULL);
    free(summary);
    close_good(recording);
}
END_TEST

START_TEST(a_cancelled_search_has_no_figures)
{
    static const float samples[] = {1, 2, 3};
    volatile sig_atomic_t cancel = 1;
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.cancel = &cancel;
    sv_recording *recording = open_floats("cancel.bin", samples, 3);
    sv_scan_range range = {.num_rows = 1, .last = 3};
    sv_summary *summary = summarise(recording, &range);
    double own[3];
    ck_assert_int_eq(
        sv_quantiles_scan(recording, &range, summary, usual, 3, &options, own, NULL, NULL),
        SV_CANCELLED);
    ck_assert(all_nan(own, 3));
    free(summary);
    close_good(recording);
}
END_TEST

START_TEST(without_memory)
{
    static const float samples[] = {1, 2, 3, 4};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = 2;
    sv_recording *recording =
        open_good(write_scratch("memory.bin", samples, sizeof samples), &options);
    sv_scan_range range = {.num_rows = 2, .last = 2};
    sv_summary *summaries = summarise(recording, &range);
    sv_summary all = merge_all(summaries, 2);
    sv_quantile_search *search;
    double own[6];
    int failed = 0;
    for (sv_status status = SV_NOMEM; status != SV_OK; failed++) {
        sv_memory_fail_after(failed, false);
        status = sv_quantiles_scan(recording, &range, summaries, usual, 3, NULL, own, NULL, NULL);
        sv_memory_fail_after(-1, false);
        ck_assert(status == SV_OK || (status == SV_NOMEM && all_nan(own, 6)));
    }
    ck_assert_int_gt(failed, 6);
    for (int i = 0; i < 2; i++) {
        sv_memory_fail_after(i, false);
        ck_assert_int_eq(sv_quantile_search_open(sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), &all,
                                                 usual, 3, NULL, &search, NULL),
                         SV_NOMEM);
        sv_memory_fail_after(-1, false);
    }
    free(summaries);
    close_good(recording);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quantiles");
    TCase *types = tcase_create("types");
    tcase_add_checked_fixture(types, make_scratch, remove_scratch);
    tcase_set_timeout(types, 120);
    tcase_add_loop_test(types, every_type, 0, 2 * (SV_NUM_TYPES - 1));
    tcase_add_loop_test(types, every_layout_by_any_threads, 0, NUM_LAYOUTS);
    tcase_add_loop_test(types, many_quantiles_at_once, 0, (NUM_LAYOUTS + 2) / 3);
    tcase_add_test(types, more_samples_than_are_counted_at_once);
    tcase_add_test(types, counts_of_terabytes);
    suite_add_tcase(suite, types);
    TCase *edges = tcase_create("edges");
    tcase_add_checked_fixture(edges, make_scratch, remove_scratch);
    tcase_set_timeout(edges, 120);
    tcase_add_test(edges, nothing_finite_is_no_quantile);
    tcase_add_test(edges, equal_samples_are_not_read);
    tcase_add_test(edges, zeros_of_both_signs);
    tcase_add_test(edges, two_passes_at_most_for_four_bytes);
    tcase_add_test(edges, a_summary_of_other_samples);
    tcase_add_test(edges, samples_that_change_between_passes);
    tcase_add_test(edges, probabilities_that_make_no_sense);
    tcase_add_test(edges, samples_of_another_type);
    tcase_add_test(edges, a_cancelled_search_has_no_figures);
    tcase_add_test(edges, without_memory);
    suite_add_tcase(suite, edges);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
