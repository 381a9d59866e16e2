/* Template matching against the definition in float64: every size, gaps, offsets, quakes and
 * glitches nearby, delays; the threshold in deviations against sorting; detections against choosing
 * one by one; synthetic quakes buried in noise. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../../data/quake.h"
#include "array/match_counts.h"
#include "array/match_peaks.h"
#include "base/memory.h"
#include "random.h"
#include "sac_file.h"
#include "samples.h"
#include "sanitizers.h"
#include "scratch.h"
#include "seisview/guard.h"
#include "seisview/match.h"

#define STEP      0x1p-20
#define TOLERANCE 1e-6 /* half a step, and what float64 leaves */

static double gaussian(struct random *random)
{
    double sum = 0.0;
    for (int i = 0; i < 12; i++) {
        sum += random_unit(random);
    }
    return 0.5 * sum; /* of variance 1 */
}

static double *noise(struct random *random, int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        x[i] = gaussian(random);
    }
    return x;
}

/* ---- recordings and templates of arrays ---------------------------------------------------- */

/* Channels one after the other: planar float64 at 100 Hz. */
static sv_recording *record(const double *x, int64_t channels, int64_t n)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    options.channels = channels;
    options.layout = SV_PLANAR;
    options.rate = 100.0;
    return open_good(write_scratch("x.raw", x, (size_t)(channels * n) * sizeof *x), &options);
}

typedef struct piece {
    const double *samples;
    int64_t length, delay;
} piece;

static sv_template *template_of(const piece *pieces, int num_channels)
{
    sv_template_channel channels[8];
    sv_buffer *buffers[8];
    sv_template *made;
    sv_error error;
    for (int i = 0; i < num_channels; i++) {
        void *samples = (void *)(uintptr_t)pieces[i].samples;
        size_t bytes = (size_t)pieces[i].length * sizeof(double);
        ck_assert_int_eq(sv_buffer_borrow(samples, bytes, &buffers[i], NULL), SV_OK);
        channels[i] = (sv_template_channel){.delay = pieces[i].delay};
        ck_assert_int_eq(sv_view_of_buffer(buffers[i], sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN),
                                           &channels[i].samples, NULL),
                         SV_OK);
    }
    sv_status status = sv_template_make(channels, num_channels, 100.0, &made, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    for (int i = 0; i < num_channels; i++) {
        ck_assert_int_eq(sv_buffer_close(buffers[i]), SV_OK);
    }
    return made;
}

/* ---- the definition ------------------------------------------------------------------------ */

/* NaN where it is not defined. */
static double coefficient(const double *t, const double *x, int64_t n)
{
    double mean_t = 0.0, mean_x = 0.0, tt = 0.0, xx = 0.0, tx = 0.0;
    bool constant = true;
    for (int64_t i = 0; i < n; i++) {
        mean_t += t[i];
        mean_x += x[i];
        constant = constant && x[i] == x[0];
    }
    mean_t /= (double)n;
    mean_x /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        tt += (t[i] - mean_t) * (t[i] - mean_t);
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        tx += (t[i] - mean_t) * (x[i] - mean_x);
    }
    return constant || !isfinite(xx) ? (double)NAN : tx / sqrt(tt * xx);
}

static double definition(const piece *pieces, int num_channels, const double *x, int64_t n,
                         int64_t position)
{
    double sum = 0.0;
    bool defined = false;
    for (int i = 0; i < num_channels; i++) {
        double r = coefficient(pieces[i].samples, x + i * n + position + pieces[i].delay,
                               pieces[i].length);
        defined = defined || !isnan(r);
        sum += isnan(r) ? 0.0 : r;
    }
    return defined ? sum / num_channels : (double)NAN;
}

static int64_t span_of(const piece *pieces, int num_channels)
{
    int64_t span = 0;
    for (int i = 0; i < num_channels; i++) {
        int64_t past = pieces[i].delay + pieces[i].length;
        span = past > span ? past : span;
    }
    return span;
}

/* ---- the function as it is handed out ------------------------------------------------------ */

typedef struct function {
    float *values;
    int64_t num_positions;
    int64_t fail_at; /* the call that fails, counted down */
} function;

static sv_status take_function(void *context, int64_t index, int64_t first, int64_t count,
                               const float *values, sv_error *error)
{
    function *f = context;
    if (__atomic_sub_fetch(&f->fail_at, 1, __ATOMIC_RELAXED) == 0) {
        error->message[0] = '\0';
        return SV_IO;
    }
    memcpy(f->values + index * f->num_positions + first, values, (size_t)count * sizeof *values);
    return SV_OK;
}

typedef struct result {
    function function;
    sv_detection *detections;
    int64_t count;
    sv_match_report report;
} result;

static result match(sv_recording *recording, sv_template *const *templates, int64_t num_templates,
                    const sv_match_options *how)
{
    result found;
    sv_error error;
    sv_match_options options = *how;
    memset(&found, 0, sizeof found);
    ck_assert_int_eq(sv_match_positions(recording, templates, num_templates, &options,
                                        &found.function.num_positions, &error),
                     SV_OK);
    size_t size = (size_t)(num_templates * found.function.num_positions);
    found.function.values = malloc(size * sizeof(float));
    for (size_t i = 0; i < size; i++) {
        found.function.values[i] = 7.0F;
    }
    options.function = take_function;
    options.function_context = &found.function;
    sv_status status = sv_match(recording, templates, num_templates, &options, &found.detections,
                                &found.count, &found.report, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    ck_assert_int_eq(found.report.num_positions, found.function.num_positions);
    return found;
}

static void free_result(result *found)
{
    free(found->function.values);
    sv_detections_free(found->detections);
}

static sv_match_options by_value(double threshold)
{
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    options.threshold = threshold;
    options.in_mad = false;
    return options;
}

/* Every `step`th position against the definition. */
static void compare(const function *f, int64_t index, const piece *pieces, int num_channels,
                    const double *x, int64_t n, int64_t step)
{
    int64_t positions = n - span_of(pieces, num_channels) + 1;
    for (int64_t p = 0; p < positions; p += step) {
        float value = f->values[index * f->num_positions + p];
        double wanted = definition(pieces, num_channels, x, n, p);
        double error = fabs((double)value - (isnan(wanted) ? 0.0 : wanted));
        if (!(error < TOLERANCE) || fabsf(value) > 1.0F || (value == 0.0F && signbit(value))) {
            ck_abort_msg("position %lld: %.9g instead of %.9g", (long long)p, (double)value,
                         wanted);
        }
    }
    for (int64_t p = positions; p < f->num_positions; p++) {
        require(f->values[index * f->num_positions + p] == 7.0F, "a value past the last position");
    }
}

/* One template against one recording. */
static result match_one(const piece *pieces, int num_channels, const double *x, int64_t n,
                        const sv_match_options *options)
{
    sv_recording *recording = record(x, num_channels, n);
    sv_template *template = template_of(pieces, num_channels);
    result found = match(recording, &template, 1, options);
    sv_template_free(template);
    close_good(recording);
    return found;
}

static result check_function(const piece *pieces, int num_channels, const double *x, int64_t n,
                             int64_t step)
{
    sv_match_options options = by_value(0.9);
    result found = match_one(pieces, num_channels, x, n, &options);
    ck_assert_int_eq(found.function.num_positions, n - span_of(pieces, num_channels) + 1);
    compare(&found.function, 0, pieces, num_channels, x, n, step);
    return found;
}

/* Of which way the templates went. */
static void check_way(const sv_match_report *report, bool by_products, int64_t num_templates)
{
    const sv_match_way *way = by_products ? &report->by_products : &report->by_transforms;
    const sv_match_way *other = by_products ? &report->by_transforms : &report->by_products;
    ck_assert_int_eq(way->num_templates, num_templates);
    ck_assert_int_eq(other->num_templates, 0);
    ck_assert_double_le(way->cost, way->other_cost);
    ck_assert_int_gt(way->transform_size, 0);
}

static void check_and_free(const piece *pieces, int num_channels, const double *x, int64_t n,
                           int64_t step)
{
    result found = check_function(pieces, num_channels, x, n, step);
    free_result(&found);
}

START_TEST(every_size_is_that_of_the_definition)
{
    static const int64_t lengths[] = {2,   3,   7,   16,  21,  22,  40,  64,  127,
                                      128, 129, 255, 256, 257, 511, 513, 2049};
    struct random random = random_begin("every_size");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t length = lengths[i], n = length + (int64_t)random_below(&random, 5000);
        double *x = noise(&random, n), *t = noise(&random, length);
        piece only = {t, length, 0};
        check_and_free(&only, 1, x, n, 1);
        check_and_free(&only, 1, x, length, 1); /* a single position */
        check_and_free(&only, 1, x, length + 1 < n ? length + 1 : n, 1);
        free(x);
        free(t);
    }
}
END_TEST

/* Beside a long template, transforms are faster for the short ones, too: the same comes out but for
 * the last digit. Templates of several lengths slide along more positions than a group has. */
START_TEST(both_ways_find_the_same)
{
    struct random random = random_begin("both_ways");
    enum { N = 100003, COUNT = 21 };
    double *x = noise(&random, 2 * N), *t = noise(&random, 2100);
    sv_template *templates[COUNT];
    piece pieces[COUNT][2];
    for (int i = 0; i < COUNT; i++) {
        int64_t length = i == COUNT - 1 ? 2000 : 5 + i / 10 * 6, delay = 50 * (i % 3);
        pieces[i][0] = (piece){t + i, length, delay};
        pieces[i][1] = (piece){t + i + 7, length, 100 - delay};
        int64_t earliest = delay < 100 - delay ? delay : 100 - delay;
        pieces[i][0].delay -= earliest;
        pieces[i][1].delay -= earliest;
        templates[i] = template_of(pieces[i], 2);
    }
    sv_recording *recording = record(x, 2, N);
    sv_match_options options = by_value(0.8);
    result alone = match(recording, templates, COUNT - 1, &options);
    result beside = match(recording, templates, COUNT, &options);
    check_way(&alone.report, true, COUNT - 1);
    check_way(&beside.report, false, COUNT);
    ck_assert_int_gt(alone.count, 100);
    ck_assert_int_eq(beside.count, alone.count);
    for (int64_t i = 0; i < alone.count; i++) {
        ck_assert_int_eq(beside.detections[i].index, alone.detections[i].index);
        ck_assert_int_eq(beside.detections[i].position, alone.detections[i].position);
    }
    for (int i = 0; i < COUNT - 1; i++) {
        compare(&alone.function, i, pieces[i], 2, x, N, 97);
        for (int64_t p = 0; p < alone.function.num_positions; p++) {
            float one = alone.function.values[i * alone.function.num_positions + p];
            float other = beside.function.values[i * beside.function.num_positions + p];
            require(fabsf(one - other) <= (float)STEP, "the two ways differ");
        }
    }
    free_result(&alone);
    free_result(&beside);
    for (int i = 0; i < COUNT; i++) {
        sv_template_free(templates[i]);
    }
    close_good(recording);
    free(x);
    free(t);
}
END_TEST

START_TEST(templates_longer_than_a_transform)
{
    struct random random = random_begin("long_templates");
    for (int i = 0; i < 3; i++) {
        int64_t length = i == 0 ? 8192 : i == 1 ? 8193 : 20001, n = 3 * length + 77;
        double *x = noise(&random, n), *t = noise(&random, length);
        piece only = {t, length, 0};
        check_and_free(&only, 1, x, n, 101);
        free(x);
        free(t);
    }
}
END_TEST

START_TEST(channels_begin_at_different_times)
{
    struct random random = random_begin("delays");
    enum { N = 30011 };
    double *x = noise(&random, 3 * N), *t = noise(&random, 500);
    for (int round = 0; round < 6; round++) {
        int64_t most = round < 3 ? 50 : 20000;
        piece pieces[3];
        for (int i = 0; i < 3; i++) {
            pieces[i] = (piece){t + 17 * i, 100 + (int64_t)random_below(&random, 300),
                                (int64_t)random_below(&random, (uint64_t)most)};
        }
        int64_t earliest = pieces[0].delay;
        for (int i = 1; i < 3; i++) {
            earliest = pieces[i].delay < earliest ? pieces[i].delay : earliest;
        }
        for (int i = 0; i < 3; i++) {
            pieces[i].delay -= earliest;
        }
        check_and_free(pieces, 3, x, N, 1);
    }
    free(x);
    free(t);
}
END_TEST

START_TEST(constant_stretches_and_what_is_not_finite_give_0)
{
    struct random random = random_begin("gaps");
    enum { N = 9001 };
    double *x = noise(&random, 2 * N), *t = noise(&random, 100);
    piece pieces[] = {{t, 100, 0}, {t + 10, 90, 20}};
    for (int i = 1000; i < 1500; i++) {
        x[i] = 0.1;
    }
    for (int i = 1200; i < 1700; i++) {
        x[N + i] = -3e9;
    }
    x[3000] = NAN;
    x[N + 4000] = INFINITY;
    x[5000] = -INFINITY;
    x[5001] = NAN;
    x[0] = NAN;
    x[2 * N - 1] = NAN;
    check_and_free(pieces, 2, x, N, 1);
    for (int i = 0; i < N; i++) {
        x[i] = NAN;
    }
    check_and_free(pieces, 2, x, N, 1); /* one channel is dead, */
    for (int i = 0; i < N; i++) {
        x[N + i] = 4.0;
    }
    check_and_free(pieces, 2, x, N, 1); /* and the other too */
    free(x);
    free(t);
}
END_TEST

static void check_strong(struct random *random, int64_t length)
{
    static const double strengths[] = {1e3, 1e6, 1e9, 1e15, 1e30, 1e100, 1e200};
    enum { N = 20011 };
    double *quiet = noise(random, N), *x = malloc(N * sizeof *x), *t = noise(random, length);
    piece only = {t, length, 0};
    for (size_t i = 0; i < sizeof strengths / sizeof strengths[0]; i++) {
        memcpy(x, quiet, N * sizeof *x);
        for (int k = 7000; k < 7300; k++) {
            x[k] *= strengths[i];
        }
        x[13000] = strengths[i];
        result found = check_function(&only, 1, x, N, 1);
        ck_assert((found.report.num_direct > 0) == (strengths[i] > 1e8));
        free_result(&found);
        for (int k = 0; k < N && strengths[i] < 1e10; k++) {
            x[k] = quiet[k] * (k < 10000 ? 1.0 : strengths[i]) + 1e4;
        }
        check_and_free(&only, 1, x, N, 1);
    }
    free(quiet);
    free(x);
    free(t);
}

/* What is not on the template must leave no trace, and an offset none either, whichever way
 * products are summed. */
START_TEST(strong_quakes_offsets_and_glitches_nearby)
{
    struct random random = random_begin("strong");
    check_strong(&random, 400);
    check_strong(&random, 12);
}
END_TEST

START_TEST(integers_and_their_offset)
{
    struct random random = random_begin("integers");
    enum { N = 5003 };
    int32_t *stored = malloc(N * sizeof *stored);
    double *x = malloc(N * sizeof *x);
    for (int i = 0; i < N; i++) {
        stored[i] = 2000000000 + (int32_t)random_below(&random, 20);
        x[i] = (double)stored[i];
    }
    sv_open_options open = SV_OPEN_OPTIONS_INIT;
    open.dtype = sv_dtype_make(SV_I4, SV_NATIVE_ENDIAN);
    open.rate = 100.0;
    sv_recording *recording = open_good(write_scratch("i.raw", stored, N * sizeof *stored), &open);
    sv_template *template;
    sv_window window = {{SV_POSITION_SAMPLE, 2000}, {SV_POSITION_SAMPLE, 2333}};
    ck_assert_int_eq(sv_template_read(recording, &window, NULL, &template, NULL), SV_OK);
    sv_match_options options = by_value(0.9);
    result found = match(recording, &template, 1, &options);
    piece only = {x + 2000, 333, 0};
    compare(&found.function, 0, &only, 1, x, N, 1);
    ck_assert_int_eq(found.count, 1);
    ck_assert_int_eq(found.detections[0].sample, 2000);
    ck_assert_double_eq(found.detections[0].cc, 1.0);
    free_result(&found);
    sv_template_free(template);
    close_good(recording);
    free(stored);
    free(x);
}
END_TEST

/* More than a batch of them, of different lengths and over several groups, with any threads. */
START_TEST(many_templates_and_any_threads)
{
    struct random random = random_begin("many");
    enum { N = 150001, COUNT = 70 };
    double *x = noise(&random, N), *t = noise(&random, 2000);
    piece pieces[COUNT];
    sv_template *templates[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pieces[i] = (piece){t + i, 20 + (int64_t)random_below(&random, i < 60 ? 300 : 1500), 0};
        templates[i] = template_of(&pieces[i], 1);
    }
    sv_recording *recording = record(x, 1, N);
    sv_match_options options = by_value(0.3);
    options.scan.threads = 1;
    result first = match(recording, templates, COUNT, &options);
    ck_assert_int_gt(first.report.num_passes, 1);
    for (int i = 0; i < COUNT; i++) {
        compare(&first.function, i, &pieces[i], 1, x, N, 997);
    }
    for (int threads = 2; threads < 6; threads += 3) {
        options.scan.threads = threads;
        result other = match(recording, templates, COUNT, &options);
        ck_assert_int_eq(other.count, first.count);
        ck_assert_mem_eq(other.detections, first.detections,
                         (size_t)first.count * sizeof *first.detections);
        ck_assert_mem_eq(other.function.values, first.function.values,
                         COUNT * (size_t)first.function.num_positions * sizeof(float));
        free_result(&other);
    }
    free_result(&first);
    for (int i = 0; i < COUNT; i++) {
        sv_template_free(templates[i]);
    }
    close_good(recording);
    free(x);
    free(t);
}
END_TEST

/* ---- many channels ------------------------------------------------------------------------- */

/* Channels of one byte a sample, one after the other. */
static sv_recording *record_bytes(struct random *random, int8_t *x, int64_t channels, int64_t n)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_I1, SV_NATIVE_ENDIAN);
    options.channels = channels;
    options.layout = SV_PLANAR;
    options.rate = 100.0;
    for (int64_t i = 0; i < channels * n; i++) {
        x[i] = (int8_t)(random_bits(random) >> 56);
    }
    return open_good(write_scratch("bytes.raw", x, (size_t)(channels * n)), &options);
}

/* The template is a window of the recording itself, from 1,000 on. */
static double definition_of_bytes(const int8_t *x, int64_t channels, int64_t n, int64_t length,
                                  int64_t position)
{
    double t[1000], window[1000], sum = 0.0;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t i = 0; i < length; i++) {
            t[i] = (double)x[c * n + 1000 + i];
            window[i] = (double)x[c * n + position + i];
        }
        sum += coefficient(t, window, length);
    }
    return sum / (double)channels;
}

/* Templates whose spectra would fill the memory: they are made for each group, in which the
 * function is the same. */
START_TEST(templates_of_many_channels)
{
    struct random random = random_begin("many_channels");
    enum { N = 230000, CHANNELS = 50, LENGTH = 600 };
    int8_t *x = malloc((size_t)N * CHANNELS);
    sv_recording *recording = record_bytes(&random, x, CHANNELS, N);
    sv_window window = {{SV_POSITION_SAMPLE, 1000}, {SV_POSITION_SAMPLE, 1000 + LENGTH}};
    sv_template *templates[2];
    ck_assert_int_eq(sv_template_read(recording, &window, NULL, &templates[0], NULL), SV_OK);
    ck_assert_int_eq(sv_template_read(recording, &window, NULL, &templates[1], NULL), SV_OK);
    sv_match_options options = by_value(0.9);
    options.scan.threads = 1;
    result found = match(recording, templates, 2, &options);
    options.scan.threads = 2;
    result other = match(recording, templates, 2, &options);
    size_t bytes = 2 * (size_t)found.function.num_positions * sizeof(float);
    ck_assert_mem_eq(other.function.values, found.function.values, bytes);
    ck_assert_int_eq(found.count, 2);
    ck_assert_int_eq(found.detections[0].sample, 1000);
    for (int64_t p = 0; p < found.function.num_positions; p += 4999) {
        double wanted = definition_of_bytes(x, CHANNELS, N, LENGTH, p);
        ck_assert_double_eq_tol((double)found.function.values[p], wanted, TOLERANCE);
    }
    free_result(&found);
    free_result(&other);
    sv_template_free(templates[0]);
    sv_template_free(templates[1]);
    close_good(recording);
    free(x);
}
END_TEST

/* In bytes: what is resident and no page of a file; 0 where the system does not tell. */
static int64_t anonymous_memory(void)
{
    char line[256];
    long long kibibytes = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL &&
           sscanf(line, "RssAnon: %lld", &kibibytes) != 1) {
    }
    if (status != NULL) {
        fclose(status);
    }
    return (int64_t)kibibytes * 1024;
}

static sv_status look_at_memory(void *context, int64_t index, int64_t first, int64_t count,
                                const float *values, sv_error *error)
{
    int64_t *most = context, now = anonymous_memory();
    *most = now > *most ? now : *most;
    (void)index, (void)first, (void)count, (void)values, (void)error;
    return SV_OK;
}

static void check_memory(int64_t channels, int64_t n, int64_t length, int num_templates)
{
    struct random random = random_begin("memory");
    int8_t *x = malloc((size_t)(channels * n));
    sv_recording *recording = record_bytes(&random, x, channels, n);
    sv_window window = {{SV_POSITION_SAMPLE, 100}, {SV_POSITION_SAMPLE, 100 + length}};
    sv_template **templates = malloc((size_t)num_templates * sizeof(sv_template *));
    for (int i = 0; i < num_templates; i++) {
        ck_assert_int_eq(sv_template_read(recording, &window, NULL, &templates[i], NULL), SV_OK);
    }
    free(x);
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    sv_detection *detections;
    int64_t count, before = anonymous_memory(), most = before;
    options.function = look_at_memory;
    options.function_context = &most;
    options.scan.threads = 1; /* who looks is one */
    ck_assert_int_eq(
        sv_match(recording, templates, num_templates, &options, &detections, &count, NULL, NULL),
        SV_OK);
    if (most - before > (int64_t)64 << 20) {
        ck_abort_msg("%lld channels, %d templates: %lld MiB", (long long)channels, num_templates,
                     (long long)(most - before) >> 20);
    }
    sv_detections_free(detections);
    for (int i = 0; i < num_templates; i++) {
        sv_template_free(templates[i]);
    }
    free(templates);
    close_good(recording);
}

/* Beside the templates; their spectra alone would take 78, 262 and 125 MiB. */
START_TEST(memory_does_not_grow_with_templates_channels_and_samples)
{
    if (under_memory_tracker()) {
        return;
    }
    check_memory(300, 20000, 700, 1);
    check_memory(20, 30000, 800, 50);
    check_memory(1, 20000, 400, 2000);
    check_memory(2, 200000, 60000, 2);
}
END_TEST

/* ---- thresholds and detections ------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *x, int64_t n)
{
    qsort(x, (size_t)n, sizeof *x, compare_doubles);
    return (x[(n - 1) / 2] + x[n / 2]) / 2.0;
}

/* By sorting; where the definition says that the function is defined. */
static double deviation(const function *f, const piece *of, const double *x)
{
    double *values = malloc((size_t)f->num_positions * sizeof *values);
    int64_t count = 0;
    for (int64_t p = 0; p < f->num_positions; p++) {
        if (!isnan(coefficient(of->samples, x + p, of->length))) {
            values[count++] = (double)f->values[p];
        }
    }
    double middle = median(values, count);
    for (int64_t i = 0; i < count; i++) {
        values[i] = fabs(values[i] - middle);
    }
    double found = median(values, count);
    free(values);
    return found;
}

/* The highest first, of equal ones the earliest; what is nearer than `distance` to one that was
 * chosen is not. Writes 1 where one is. */
static int64_t choose(const float *f, int64_t n, double threshold, int64_t distance, char *chosen)
{
    int64_t count = 0;
    char *closed = calloc((size_t)n, 1);
    memset(chosen, 0, (size_t)n);
    for (;;) {
        int64_t best = -1;
        for (int64_t p = 0; p < n; p++) {
            bool peak = (double)f[p] >= threshold && f[p] > (p > 0 ? f[p - 1] : 0.0F) &&
                        f[p] >= (p + 1 < n ? f[p + 1] : 0.0F);
            if (peak && !closed[p] && (best < 0 || f[p] > f[best])) {
                best = p;
            }
        }
        if (best < 0) {
            free(closed);
            return count;
        }
        chosen[best] = 1;
        count++;
        for (int64_t p = best - distance + 1; p < best + distance; p++) {
            if (p >= 0 && p < n) {
                closed[p] = 1;
            }
        }
    }
}

static void check_detections(const result *found, double threshold, int64_t distance)
{
    const function *f = &found->function;
    char *chosen = malloc((size_t)f->num_positions);
    int64_t count = choose(f->values, f->num_positions, threshold, distance, chosen);
    ck_assert_int_eq(found->count, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t position = found->detections[i].position;
        ck_assert_int_eq(chosen[position], 1);
        ck_assert_int_eq(found->detections[i].sample, position);
        ck_assert_double_eq(found->detections[i].cc, (double)f->values[position]);
        ck_assert(i == 0 || found->detections[i - 1].position < position);
    }
    free(chosen);
}

START_TEST(detections_are_the_highest_that_are_far_enough_apart)
{
    struct random random = random_begin("detections");
    enum { N = 140001 };
    double *x = noise(&random, N), *t = noise(&random, 60);
    for (int i = 2; i < N; i++) {
        x[i] += 1.5 * x[i - 1] - 0.8 * x[i - 2]; /* so that maxima are wide */
    }
    piece only = {t, 60, 0};
    static const double seconds[] = {-1.0, 0.0, 0.01, 0.05, 3.0, 700.0};
    static const int64_t distances[] = {30, 1, 1, 5, 300, 70000};
    for (int i = 0; i < 6; i++) {
        sv_match_options options = by_value(i < 3 ? 0.3 : i == 3 ? 0.2 : 0.05);
        options.distance = seconds[i];
        result found = match_one(&only, 1, x, N, &options);
        check_detections(&found, options.threshold, distances[i]);
        free_result(&found);
    }
    free(x);
    free(t);
}
END_TEST

START_TEST(thresholds_in_deviations_are_exact)
{
    struct random random = random_begin("deviations");
    for (int round = 0; round < 8; round++) {
        int64_t n = 300 + (int64_t)random_below(&random, 70000), length = 3 + 40 * round;
        double *x = noise(&random, n), *t = noise(&random, length);
        for (int64_t i = n / 3; i < n / 3 + n / 10 * (round % 3); i++) {
            x[i] = 0.0;
        }
        piece only = {t, length, 0};
        sv_match_options options = SV_MATCH_OPTIONS_INIT;
        double mad_found = 0.0;
        options.threshold = 3.0;
        options.deviations = &mad_found;
        result found = match_one(&only, 1, x, n, &options);
        double mad = deviation(&found.function, &only, x);
        ck_assert_double_gt(mad, 0.0);
        ck_assert_double_eq(mad_found, mad);
        check_detections(&found, 3.0 * mad, (length + 1) / 2);
        ck_assert_int_eq(found.report.num_passes, 2);
        free_result(&found);
        free(x);
        free(t);
    }
}
END_TEST

/* What is slow is like other slow things: the deviation is several times that of white noise. */
static void redden(double *x, int64_t first, int64_t last)
{
    for (int64_t i = first + 1; i < last; i++) {
        x[i] += 0.95 * x[i - 1];
    }
}

/* Where groups are sampled: of noise one pass is enough; when just those that are looked at are
 * unlike the others, another finds what was missed. */
START_TEST(a_misleading_sample_costs_another_pass)
{
    struct random random = random_begin("misleading");
    enum { GROUPS = 70, LENGTH = 200, STEPS = 3 * 16 * (1024 - 199) - 2, N = GROUPS * STEPS };
    double *x = noise(&random, N), *t = noise(&random, LENGTH);
    piece only = {t, LENGTH, 0};
    redden(t, 0, LENGTH);
    for (int round = 0; round < 2; round++) {
        for (int64_t group = 0; group < GROUPS && round == 1; group += 16) {
            redden(x, group * STEPS, (group + 1) * STEPS);
        }
        for (int k = 0; k < LENGTH; k++) {
            x[30 * STEPS + k] += 0.7 * t[k];
        }
        sv_match_options options = SV_MATCH_OPTIONS_INIT;
        options.threshold = 7.0;
        options.distance = 1000.0;
        result found = match_one(&only, 1, x, N, &options);
        ck_assert_int_eq(found.report.num_passes, 2 + round);
        double mad = deviation(&found.function, &only, x);
        check_detections(&found, 7.0 * mad, 100000);
        free_result(&found);
    }
    free(x);
    free(t);
}
END_TEST

START_TEST(a_parabola_finds_the_maximum_between_samples)
{
    enum { N = 2000, LENGTH = 100 };
    double x[N] = {0.0}, t[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
        t[i] = exp(-0.01 * (i - 50.0) * (i - 50.0));
    }
    for (int i = 0; i < N; i++) {
        x[i] = exp(-0.01 * (i - 1050.3) * (i - 1050.3)) + 1e-3 * (i % 3);
    }
    piece only = {t, LENGTH, 0};
    sv_match_options options = by_value(0.9);
    options.subsample = true;
    result found = match_one(&only, 1, x, N, &options);
    ck_assert_int_eq(found.count, 1);
    ck_assert_int_eq(found.detections[0].sample, 1000);
    ck_assert_double_eq_tol(found.detections[0].shift, 0.3, 0.02);
    ck_assert_int_eq(found.detections[0].time, SV_TIME_NONE);
    free_result(&found);
}
END_TEST

START_TEST(parabolas_stay_between_the_neighbours)
{
    sv_peak peak = {.cc = 0.5F, .before = 0.5F, .after = 0.0F};
    ck_assert_double_eq(sv_peak_shift(&peak), -0.5);
    peak.after = NAN;
    ck_assert_double_eq(sv_peak_shift(&peak), 0.0);
    peak.before = peak.after = 0.5F;
    ck_assert_double_eq(sv_peak_shift(&peak), 0.0);
}
END_TEST

/* ---- quakes -------------------------------------------------------------------------------- */

/* Two minutes of a quake of three components, hardly any noise. */
static double *make_quake(int64_t *n, int64_t *arrival)
{
    double origin = 20.0;
    struct settings settings = {.seconds = 60.0,
                                .rate = 100.0,
                                .snr = 1e4,
                                .num_channels = 3,
                                .seed = 3,
                                .origins = &origin,
                                .num_origins = 1};
    struct recorder *recorder = recorder_make(&settings);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    recorder_write(recorder, file);
    *n = recorder_num_frames(recorder);
    *arrival = recorder_arrival(recorder, 0, WAVE_S);
    float *frames = malloc((size_t)*n * 3 * sizeof *frames);
    double *x = malloc((size_t)*n * 3 * sizeof *x);
    rewind(file);
    ck_assert_uint_eq(fread(frames, 3 * sizeof *frames, (size_t)*n, file), (size_t)*n);
    for (int64_t i = 0; i < *n * 3; i++) {
        x[i % 3 * *n + i / 3] = (double)frames[i];
    }
    fclose(file);
    free(frames);
    recorder_free(recorder);
    return x;
}

static double rms(const double *x, int64_t n)
{
    double squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        squares += x[i] * x[i];
    }
    return sqrt(squares / (double)n);
}

enum { HOUR = 360000, QUAKE = 400, FIRST_QUAKE = 1234, EVERY = 2900 };

/* A hundred and more, at the rms of the noise over the template's length, in each channel. */
static int64_t bury(const piece pieces[3], double *x)
{
    int64_t count = 0;
    for (int64_t at = FIRST_QUAKE; at + QUAKE < HOUR; at += EVERY, count++) {
        for (int i = 0; i < 3; i++) {
            double scale = rms(x + i * HOUR + at, QUAKE) / rms(pieces[i].samples, QUAKE);
            for (int k = 0; k < QUAKE; k++) {
                x[i * HOUR + at + k] += scale * pieces[i].samples[k];
            }
        }
    }
    return count;
}

START_TEST(quakes_buried_in_noise_are_found_and_none_is_invented)
{
    struct random random = random_begin("quakes");
    int64_t n, arrival;
    double *quake = make_quake(&n, &arrival), *x = noise(&random, 3 * HOUR);
    piece pieces[3];
    for (int i = 0; i < 3; i++) {
        pieces[i] = (piece){quake + i * n + arrival - 20, QUAKE, 0};
    }
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    options.threshold = 9.0;
    result nothing = match_one(pieces, 3, x, HOUR, &options);
    ck_assert_int_eq(nothing.count, 0);
    int64_t count = bury(pieces, x);
    result found = match_one(pieces, 3, x, HOUR, &options);
    ck_assert_int_eq(found.count, count);
    for (int64_t k = 0; k < found.count; k++) {
        ck_assert_int_le(llabs(found.detections[k].sample - (FIRST_QUAKE + k * EVERY)), 1);
    }
    free_result(&nothing);
    free_result(&found);
    free(quake);
    free(x);
}
END_TEST

/* ---- ids, times and gaps ------------------------------------------------------------------- */

static const char *write_sac(const char *name, const char *channel, double begin,
                             const double *samples, int count)
{
    struct sac_file file = make_sac(SV_LITTLE_ENDIAN, 6, count);
    sac_float(&file, 5, (float)begin);
    sac_text(&file, 440, "ANMO");
    sac_text(&file, 600, channel);
    sac_text(&file, 608, "IU");
    for (int i = 0; i < count; i++) {
        sac_float(&file, SAC_HEADER / 4 + i, (float)samples[i]);
    }
    return write_scratch(name, file.bytes, file.num_bytes);
}

/* Two channels in two files each, with a gap in both; the template names them in another order. */
START_TEST(channels_pair_by_id_and_gaps_are_no_samples)
{
    struct random random = random_begin("pairs");
    double z[120], n[120];
    for (int i = 0; i < 120; i++) {
        z[i] = (double)(float)gaussian(&random);
        n[i] = (double)(float)gaussian(&random);
    }
    char paths[4][512];
    snprintf(paths[0], sizeof paths[0], "%s", write_sac("z1", "BHZ", 10.0, z, 60));
    snprintf(paths[1], sizeof paths[1], "%s", write_sac("n1", "BHN", 10.0, n, 60));
    snprintf(paths[2], sizeof paths[2], "%s", write_sac("z2", "BHZ", 11.0, z + 60, 60));
    snprintf(paths[3], sizeof paths[3], "%s", write_sac("n2", "BHN", 11.0, n + 60, 60));
    const char *all[] = {paths[0], paths[1], paths[2], paths[3]};
    const char *event[] = {write_sac("tn", "BHN", 11.1, n + 70, 20),
                           write_sac("tz", "BHZ", 11.15, z + 75, 20)};
    sv_recording *recording, *of_template;
    sv_template *template;
    ck_assert_int_eq(sv_recording_join(all, 4, NULL, &recording, NULL), SV_OK);
    ck_assert_int_eq(sv_recording_join(event, 2, NULL, &of_template, NULL), SV_OK);
    ck_assert_int_eq(sv_template_read(of_template, NULL, NULL, &template, NULL), SV_OK);
    ck_assert_int_eq(sv_template_num_channels(template), 2);
    ck_assert_int_eq(sv_template_num_samples(template), 25);
    sv_match_options options = by_value(0.9);
    result found = match(recording, &template, 1, &options);
    ck_assert_int_eq(found.function.num_positions, 160 - 25 + 1);
    ck_assert_int_eq(found.count, 1);
    const sv_detection *first = found.detections;
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, first->segment, first->row, &channel), SV_OK);
    ck_assert_str_eq(channel.id, "IU.ANMO..BHN");
    ck_assert_int_eq(first->sample, 10);
    ck_assert_int_eq(first->position, 110);
    ck_assert_double_eq(first->cc, 1.0);
    ck_assert_int_eq(first->time, time_of("1981-03-29T10:38:25.35Z"));
    for (int p = 60; p < 80; p++) {
        ck_assert_float_eq(found.function.values[p], 0.0F);
    }
    free_result(&found);
    sv_template_free(template);
    sv_window gap = {{SV_POSITION_SECONDS, 0}, {SV_POSITION_NONE, 0}};
    sv_error error;
    ck_assert_int_eq(sv_template_read(recording, &gap, NULL, &template, &error), SV_SHAPE);
    ck_assert_ptr_nonnull(strstr(error.message, "has a gap within the template"));
    close_good(of_template);
    close_good(recording);
}
END_TEST

START_TEST(some_ids_are_not_enough)
{
    double x[60];
    for (int i = 0; i < 60; i++) {
        x[i] = i % 7;
    }
    char paths[3][512];
    snprintf(paths[0], sizeof paths[0], "%s", write_sac("z", "BHZ", 10.0, x, 60));
    snprintf(paths[1], sizeof paths[1], "%s", write_sac("n", "BHN", 10.0, x, 60));
    snprintf(paths[2], sizeof paths[2], "%s", write_sac("e", "BHE", 10.0, x, 60));
    const char *zn[] = {paths[0], paths[1]}, *ze[] = {paths[0], paths[2]};
    sv_recording *recording, *of_template;
    sv_template *template;
    sv_error error;
    int64_t count;
    ck_assert_int_eq(sv_recording_join(zn, 2, NULL, &recording, NULL), SV_OK);
    ck_assert_int_eq(sv_recording_join(ze, 2, NULL, &of_template, NULL), SV_OK);
    ck_assert_int_eq(sv_template_read(of_template, NULL, NULL, &template, NULL), SV_OK);
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    ck_assert_int_eq(sv_match_positions(recording, &template, 1, &options, &count, &error),
                     SV_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "not IU.ANMO..BHE"));
    sv_template_free(template);
    close_good(of_template);
    close_good(recording);
}
END_TEST

/* ---- what is refused ----------------------------------------------------------------------- */

static void refuse_template(const double *samples, int64_t length, sv_status status,
                            const char *words)
{
    sv_buffer *buffer;
    sv_template_channel channel = {.delay = 0};
    sv_template *made = NULL;
    sv_error error;
    size_t bytes = (size_t)length * sizeof *samples;
    ck_assert_int_eq(sv_buffer_borrow((void *)(uintptr_t)samples, bytes, &buffer, NULL), SV_OK);
    ck_assert_int_eq(
        sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &channel.samples, NULL),
        SV_OK);
    ck_assert_int_eq(sv_template_make(&channel, 1, 100.0, &made, &error), status);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_ptr_null(made);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}

START_TEST(templates_that_make_no_sense)
{
    sv_template *made;
    static const double bad[] = {1.0, NAN, 2.0, 5.0, 5.0, 5.0, INFINITY};
    double *endless = calloc((size_t)SV_TEMPLATE_MOST_SAMPLES + 1, sizeof *endless);
    refuse_template(bad, 1, SV_EMPTY, "give it two at least");
    refuse_template(bad, 3, SV_INVALID, "has NaN or infinities");
    refuse_template(bad + 5, 2, SV_INVALID, "has NaN or infinities");
    refuse_template(bad + 3, 3, SV_INVALID, "is constant");
    refuse_template(endless, SV_TEMPLATE_MOST_SAMPLES + 1, SV_OVERFLOW, "are the most");
    ck_assert_int_eq(sv_template_make(NULL, 0, 100.0, &made, NULL), SV_EMPTY);
    sv_template_channel channel = {.delay = 0};
    ck_assert_int_eq(sv_template_make(&channel, 1, 0.0, &made, NULL), SV_INVALID);
    ck_assert_int_eq(sv_template_make(&channel, 1, 1.0, &made, NULL), SV_STALE);
    sv_template_free(NULL);
    free(endless);
}
END_TEST

static void refuse_match(sv_recording *recording, sv_template *template,
                         const sv_match_options *options, sv_status status)
{
    sv_detection *detections = NULL;
    int64_t count = -1;
    sv_error error;
    ck_assert_int_eq(sv_match(recording, &template, 1, options, &detections, &count, NULL, &error),
                     status);
    ck_assert_ptr_null(detections);
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(sv_match(recording, &template, 1, options, &detections, &count, NULL, NULL),
                     status);
}

START_TEST(matches_that_make_no_sense)
{
    double x[50];
    for (int i = 0; i < 50; i++) {
        x[i] = i % 5;
    }
    sv_recording *recording = record(x, 2, 25);
    piece longer[] = {{x, 20, 0}, {x, 20, 6}}, more[] = {{x, 9, 0}, {x, 9, 0}, {x, 9, 0}};
    sv_template *good = template_of(longer, 1), *bad = template_of(longer, 2);
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    refuse_match(recording, bad, &options, SV_RANGE);
    sv_template_free(bad);
    bad = template_of(more, 3);
    refuse_match(recording, bad, &options, SV_SHAPE);
    sv_template_free(bad);
    options.threshold = 0.0;
    refuse_match(recording, good, &options, SV_INVALID);
    options.threshold = NAN;
    refuse_match(recording, good, &options, SV_INVALID);
    options = by_value(1.01);
    refuse_match(recording, good, &options, SV_INVALID);
    options = by_value(0.5);
    options.distance = NAN;
    refuse_match(recording, good, &options, SV_INVALID);
    options = by_value(0.5);
    options.channels = "5";
    refuse_match(recording, good, &options, SV_WINDOW);
    options = by_value(0.5);
    options.window.from = (sv_position){SV_POSITION_SAMPLE, 6};
    refuse_match(recording, good, &options, SV_RANGE);
    options = by_value(0.5);
    sv_detection *detections;
    int64_t count;
    ck_assert_int_eq(sv_match(recording, NULL, 0, &options, &detections, &count, NULL, NULL),
                     SV_INVALID);
    sv_template_free(good);
    close_good(recording);
}
END_TEST

START_TEST(cancelled_failed_and_without_memory)
{
    struct random random = random_begin("failures");
    enum { N = 9000 };
    double *x = noise(&random, N);
    sv_recording *recording = record(x, 1, N);
    piece only = {x + 100, 300, 0};
    sv_template *template = template_of(&only, 1);
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    volatile sig_atomic_t cancel = 1;
    options.scan.threads = 1;
    options.scan.cancel = &cancel;
    refuse_match(recording, template, &options, SV_CANCELLED);
    options.scan.cancel = NULL;
    function failing = {.values = malloc(N * sizeof(float)), .num_positions = N, .fail_at = 1};
    options.function = take_function;
    options.function_context = &failing;
    sv_detection *detections;
    int64_t count;
    ck_assert_int_eq(sv_match(recording, &template, 1, &options, &detections, &count, NULL, NULL),
                     SV_IO);
    options.function = NULL;
    sv_status status = SV_NOMEM;
    int tries = 0;
    for (; status == SV_NOMEM; tries++) {
        sv_memory_fail_after(tries, true);
        status = sv_match(recording, &template, 1, &options, &detections, &count, NULL, NULL);
        sv_memory_fail_after(-1, false);
    }
    ck_assert_int_eq(status, SV_OK);
    ck_assert_int_gt(tries, 20);
    ck_assert_int_eq(count, 1);
    sv_detections_free(detections);
    free(failing.values);
    sv_template_free(template);
    close_good(recording);
    free(x);
}
END_TEST

START_TEST(a_file_that_is_cut)
{
    struct random random = random_begin("cut");
    enum { N = 300000 };
    double *x = noise(&random, N);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    sv_recording *recording = record(x, 1, N);
    piece only = {x + 100, 300, 0};
    sv_template *template = template_of(&only, 1);
    sv_match_options options = SV_MATCH_OPTIONS_INIT;
    ck_assert_int_eq(truncate(scratch_path("x.raw"), N * 4 + 4), 0);
    for (int io = SV_IO_AUTO; io <= SV_IO_DIRECT; io++) {
        options.scan.io = (sv_io)io;
        refuse_match(recording, template, &options, SV_TRUNCATED);
    }
    sv_template_free(template);
    close_good(recording);
    free(x);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_size_is_that_of_the_definition,
        both_ways_find_the_same,
        templates_longer_than_a_transform,
        channels_begin_at_different_times,
        constant_stretches_and_what_is_not_finite_give_0,
        strong_quakes_offsets_and_glitches_nearby,
        integers_and_their_offset,
        many_templates_and_any_threads,
        templates_of_many_channels,
        memory_does_not_grow_with_templates_channels_and_samples,
        detections_are_the_highest_that_are_far_enough_apart,
        thresholds_in_deviations_are_exact,
        a_misleading_sample_costs_another_pass,
        a_parabola_finds_the_maximum_between_samples,
        parabolas_stay_between_the_neighbours,
        quakes_buried_in_noise_are_found_and_none_is_invented,
        channels_pair_by_id_and_gaps_are_no_samples,
        some_ids_are_not_enough,
        templates_that_make_no_sense,
        matches_that_make_no_sense,
        cancelled_failed_and_without_memory,
        a_file_that_is_cut,
    };
    return run_in_scratch("match", tests, sizeof tests / sizeof tests[0]);
}
