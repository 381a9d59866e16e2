/* The real recordings in the folder that SEISVIEW_RECORDINGS names, and what they must measure.
 * Skipped (77) where it names none. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seisview/recording.h"

enum { SKIPPED = 77 };

/* Formats of expected.json by our names; those that are not read yet are named at the end. */
static const struct {
    const char *expected, *name;
} formats[] = {
    {"MSEED", "mseed"}, {"SAC", "sac"}, {"SEGY", "segy"}, {"SU", "su"}, {"WAV", "sound"}};

static const char *folder(void)
{
    return getenv("SEISVIEW_RECORDINGS");
}

static sv_recording *open_real(const char *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder(), file);
    sv_recording *recording = NULL;
    sv_error error = {.message = ""};
    ck_assert_msg(sv_recording_open(path, NULL, &recording, &error) == SV_OK, "%s: %s", file,
                  error.message);
    return recording;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    ck_assert_msg(text != NULL, "expected.json lacks %s", key);
    return text;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    ck_assert_msg(json_is_number(number), "expected.json lacks %s", key);
    return json_number_value(number);
}

/* ---- a trace
 * -------------------------------------------------------------------------------------- */

struct figures {
    int64_t num_finite;
    double min, max;
    long double mean, rms, stdev;
};

static struct figures measure(const sv_view *samples)
{
    struct figures figures = {.min = (double)INFINITY, .max = -(double)INFINITY};
    long double sum = 0.0L, squares = 0.0L, deviations = 0.0L;
    for (int pass = 0; pass < 2; pass++) {
        sv_cursor cursor;
        ck_assert_int_eq(sv_cursor_begin(&cursor, samples), SV_OK);
        for (void *address; (address = sv_cursor_next(&cursor)) != NULL;) {
            double sample = sv_scalar_as_f8(sv_dtype_load(samples->dtype, address));
            if (!isfinite(sample)) {
                continue;
            }
            long double deviation = (long double)sample - figures.mean;
            deviations += pass == 1 ? deviation * deviation : 0.0L;
            squares += pass == 0 ? (long double)sample * (long double)sample : 0.0L;
            sum += pass == 0 ? (long double)sample : 0.0L;
            figures.num_finite += pass == 0;
            figures.min = fmin(figures.min, sample);
            figures.max = fmax(figures.max, sample);
        }
        if (pass == 0) {
            figures.mean = sum / (long double)figures.num_finite;
        }
    }
    figures.rms = sqrtl(squares / (long double)figures.num_finite);
    figures.stdev = sqrtl(deviations / (long double)figures.num_finite);
    return figures;
}

/* Of a row, or of all rows. What is not a number is not counted where there is none. */
static void compare_figures(const char *file, const sv_view *samples, const json_t *trace)
{
    struct figures figures = measure(samples);
    int64_t num_samples = sv_view_size(samples);
    ck_assert_int_eq(num_samples, (int64_t)number_of(trace, "num_samples"));
    ck_assert_int_eq(num_samples - figures.num_finite,
                     (int64_t)json_number_value(json_object_get(trace, "num_nan")));
    ck_assert_double_eq(figures.min, number_of(trace, "sample_min"));
    ck_assert_double_eq(figures.max, number_of(trace, "sample_max"));
    double tolerance = 1e-12 * number_of(trace, "sample_rms");
    ck_assert_msg(fabs((double)figures.mean - number_of(trace, "sample_mean")) <= tolerance &&
                      fabs((double)figures.rms - number_of(trace, "sample_rms")) <= tolerance &&
                      fabs((double)figures.stdev - number_of(trace, "sample_stdev")) <= tolerance,
                  "%s: mean %.20Lg, rms %.20Lg, stdev %.20Lg", file, figures.mean, figures.rms,
                  figures.stdev);
}

/* Ids of expected.json lack what is not printable ASCII, or show it as `?`. */
static void compare_id(const char *file, const char *id, const char *expected)
{
    char shown[SV_ID_SIZE], kept[SV_ID_SIZE];
    size_t length = 0, num_kept = 0;
    for (; id[length] != '\0'; length++) {
        bool is_printable = id[length] >= ' ' && id[length] <= '~';
        shown[length] = is_printable ? id[length] : '?';
        kept[num_kept] = id[length];
        num_kept += is_printable;
    }
    shown[length] = kept[num_kept] = '\0';
    ck_assert_msg(strcmp(shown, expected) == 0 || strcmp(kept, expected) == 0,
                  "%s: id %s, expected %s", file, shown, expected);
}

static void compare_start(const char *file, sv_time start, const char *expected, bool is_sac)
{
    if (start == SV_TIME_NONE) {
        ck_assert_msg(strncmp(expected, "1970-01-01T00:00:00", 19) == 0, "%s: no start", file);
        return;
    }
    sv_time expected_start;
    ck_assert_int_eq(sv_time_parse(expected, &expected_start), SV_OK);
    int64_t tolerance = is_sac ? 1000000 : 2000;
    char text[SV_TIME_TEXT_SIZE];
    ck_assert_msg(llabs(start - expected_start) <= tolerance, "%s: start %s, expected %s", file,
                  sv_time_format(start, text), expected);
}

static void compare_samples(const char *file, const sv_view *samples, const json_t *trace)
{
    const json_t *first = json_object_get(trace, "first");
    for (size_t i = 0; i < json_array_size(first); i++) {
        double sample;
        ck_assert_int_eq(sv_view_get_f8(samples, (int64_t[]){(int64_t)i}, &sample, NULL), SV_OK);
        ck_assert_double_eq(sample, json_number_value(json_array_get(first, i)));
    }
    compare_figures(file, samples, trace);
}

static void compare_rate(const char *file, double rate, const json_t *trace)
{
    double expected = number_of(trace, "sample_rate");
    ck_assert_msg(fabs(rate - expected) <= 1e-12 * expected, "%s: %.17g Hz, expected %.17g", file,
                  rate, expected);
}

static void compare_trace(const char *file, const sv_recording *recording,
                          const sv_segment *segment, int64_t row, const json_t *trace)
{
    sv_channel channel;
    sv_view samples;
    ck_assert_int_eq(sv_recording_channel(recording, segment->index, row, &channel), SV_OK);
    ck_assert_int_eq(sv_view_at(&segment->samples, 0, row, &samples, NULL), SV_OK);
    bool is_sac = strcmp(sv_recording_format(recording), "sac") == 0;
    compare_id(file, channel.has_id ? channel.id : "...", text_of(trace, "id"));
    compare_start(file, channel.start, text_of(trace, "start"), is_sac);
    ck_assert_int_eq(segment->num_samples, (int64_t)number_of(trace, "num_samples"));
    compare_rate(file, segment->sample_rate, trace);
    compare_samples(file, &samples, trace);
}

/* A trace of ObsPy's is a part of a segment of ours, which finds the place of records that lie out
 * of order. */
static void compare_part(const char *file, const sv_recording *recording, const sv_segment *segment,
                         const json_t *trace)
{
    sv_channel channel;
    sv_time start;
    sv_view samples;
    ck_assert_int_eq(sv_recording_channel(recording, segment->index, 0, &channel), SV_OK);
    ck_assert_int_eq(sv_time_parse(text_of(trace, "start"), &start), SV_OK);
    int64_t num_samples = (int64_t)number_of(trace, "num_samples");
    int64_t first = sv_first_sample_at(segment->start, segment->sample_rate, start - 2000);
    compare_id(file, channel.id, text_of(trace, "id"));
    compare_start(file, sv_time_of_sample(segment->start, segment->sample_rate, first),
                  text_of(trace, "start"), false);
    compare_rate(file, segment->sample_rate, trace);
    ck_assert_int_le(first + num_samples, segment->num_samples);
    ck_assert_int_eq(
        sv_view_slice(&segment->samples, 1, first, first + num_samples, 1, &samples, NULL), SV_OK);
    ck_assert_int_eq(sv_view_at(&samples, 0, 0, &samples, NULL), SV_OK);
    compare_samples(file, &samples, trace);
}

/* ---- a file
 * --------------------------------------------------------------------------------------- */

/* What a reader gives of a segment that is not in place, in memory of its own. */
static sv_buffer *read_samples(const sv_recording *recording, sv_segment *segment)
{
    sv_buffer *copy;
    sv_reader *reader;
    sv_view part, samples;
    sv_error error = {.message = ""};
    int64_t shape[] = {segment->num_channels, segment->num_samples};
    size_t itemsize = sv_dtype_itemsize(segment->samples.dtype);
    ck_assert_int_eq(sv_buffer_alloc((size_t)(shape[0] * shape[1]) * itemsize, &copy, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_open(recording, segment->index, &reader, NULL), SV_OK);
    ck_assert_int_eq(
        sv_view_make(copy, 0, segment->samples.dtype, 2, shape, NULL, &segment->samples, NULL),
        SV_OK);
    for (int64_t first = 0; first < shape[1]; first += part.shape[1]) {
        sv_status status = sv_reader_read(reader, first, shape[1], &part, &error);
        ck_assert_msg(status == SV_OK, "sample %lld: %s", (long long)first, error.message);
        ck_assert_int_eq(
            sv_view_slice(&segment->samples, 1, first, first + part.shape[1], 1, &samples, NULL),
            SV_OK);
        ck_assert_int_eq(sv_view_assign(&samples, &part, NULL), SV_OK);
    }
    sv_reader_close(reader);
    return copy;
}

static sv_segment segment_of(const char *file, const sv_recording *recording, int64_t index,
                             sv_buffer **copy)
{
    sv_segment segment;
    bool lacks = strcmp(file, "obspy/brokenlastrecord.mseed") == 0;
    ck_assert_int_eq(sv_recording_segment(recording, index, &segment), SV_OK);
    ck_assert_int_eq(segment.complete, !lacks);
    *copy = segment.in_place ? NULL : read_samples(recording, &segment);
    return segment;
}

static void compare_file(const json_t *entry, const char *format)
{
    const char *file = text_of(entry, "file");
    const json_t *traces = json_object_get(entry, "traces");
    sv_recording *recording = open_real(file);
    int64_t num_segments = sv_recording_num_segments(recording);
    ck_assert_str_eq(sv_recording_format(recording), format);
    ck_assert_int_eq(sv_recording_num_gaps(recording), (int64_t)number_of(entry, "num_gaps"));
    size_t compared = 0;
    for (int64_t i = 0; i < num_segments; i++) {
        sv_buffer *copy;
        sv_segment segment = segment_of(file, recording, i, &copy);
        bool is_joined = num_segments * segment.num_channels == 1 && json_array_size(traces) > 1;
        for (int64_t row = 0; row < segment.num_channels && !is_joined; row++) {
            ck_assert_uint_lt(compared, json_array_size(traces));
            compare_trace(file, recording, &segment, row, json_array_get(traces, compared++));
        }
        while (is_joined && compared < json_array_size(traces)) {
            compare_part(file, recording, &segment, json_array_get(traces, compared++));
        }
        ck_assert_int_eq(sv_buffer_close(copy), SV_OK);
    }
    ck_assert_uint_eq(compared, json_array_size(traces));
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}

/* Lines of SEG-Y traces, of which the first, the last and all together are known. */
static void compare_line(const json_t *entry)
{
    const char *file = text_of(entry, "file");
    sv_recording *recording = open_real(file);
    sv_segment segment;
    sv_view row;
    ck_assert_str_eq(sv_recording_format(recording), "segy");
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    ck_assert(segment.complete);
    ck_assert_int_eq(segment.num_channels, (int64_t)number_of(entry, "num_traces"));
    ck_assert_int_eq(segment.num_samples, (int64_t)number_of(entry, "samples_per_trace"));
    double interval = number_of(entry, "dt_us");
    ck_assert(interval <= 0.0 || segment.sample_rate == 1e6 / interval);
    compare_figures(file, &segment.samples, json_object_get(entry, "all"));
    ck_assert_int_eq(sv_view_at(&segment.samples, 0, 0, &row, NULL), SV_OK);
    compare_figures(file, &row, json_object_get(entry, "first_trace"));
    ck_assert_int_eq(sv_view_at(&segment.samples, 0, -1, &row, NULL), SV_OK);
    compare_figures(file, &row, json_object_get(entry, "last_trace"));
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}

static const char *our_name(const char *expected)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].expected, expected) == 0) {
            return formats[i].name;
        }
    }
    return NULL;
}

START_TEST(every_recording_measures_what_is_expected)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/expected.json", folder());
    json_error_t where;
    json_t *expected = json_load_file(path, 0, &where);
    ck_assert_msg(expected != NULL, "%s: %s", path, where.text);
    int num_compared = 0, num_unread = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(expected, i, entry)
    {
        const char *format = our_name(text_of(entry, "format"));
        if (json_object_get(entry, "traces") == NULL) {
            compare_line(entry);
        } else if (format != NULL) {
            compare_file(entry, format);
        }
        num_compared += format != NULL;
        num_unread += format == NULL;
    }
    printf("%d recordings compared, %d of formats that are not read\n", num_compared, num_unread);
    ck_assert_int_ge(num_compared, 91);
    json_decref(expected);
}
END_TEST

START_TEST(a_sac_file_that_is_longer_than_it_says)
{
    sv_recording *recording = open_real("malformed/seism-longer.sac");
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    ck_assert_int_eq(segment.num_samples, 998);
    ck_assert(segment.complete);
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "8 bytes stand behind"));
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}
END_TEST

START_TEST(a_sac_file_that_is_shorter_than_it_says)
{
    sv_recording *recording = open_real("malformed/seism-shorter.sac");
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    ck_assert_int_eq(segment.num_samples, 998);
    ck_assert(!segment.complete);
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "2 of the 1000 samples"));
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}
END_TEST

START_TEST(a_line_that_is_cut_in_its_last_trace)
{
    sv_recording *recording = open_real("malformed/broken.sgy");
    sv_segment segment;
    double sample;
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    ck_assert_int_eq(segment.num_channels, 3);
    ck_assert_int_eq(segment.num_samples, 4);
    ck_assert_int_eq(sv_view_get_f8(&segment.samples, (int64_t[]){0, 0}, &sample, NULL), SV_OK);
    ck_assert_double_eq_tol(sample, 1.2, 1e-6);
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "68 bytes are left over"));
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}
END_TEST

/* A full SEED volume of which only control headers are left, and the beginning of one. */
START_TEST(volumes_without_records)
{
    static const char *const files[] = {"not.mseed", "not2.mseed"};
    for (size_t i = 0; i < 2; i++) {
        char path[4096];
        sv_recording *recording = NULL;
        sv_error error = {.message = ""};
        snprintf(path, sizeof path, "%s/malformed/%s", folder(), files[i]);
        sv_status status = sv_recording_open(path, NULL, &recording, &error);
        ck_assert_int_eq(status, i == 0 ? SV_EMPTY : SV_FORMAT);
        ck_assert_ptr_nonnull(strstr(error.message, "it holds no miniSEED record"));
    }
}
END_TEST

/* A delay of 10000 with a scalar of −10. */
START_TEST(a_scaled_delay)
{
    sv_recording *recording = open_real("segyio/delay-scalar.sgy");
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    ck_assert_int_eq(channel.delay_ns, 1000000000);
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}
END_TEST

int main(void)
{
    if (folder() == NULL || folder()[0] == '\0') {
        puts("skipped: SEISVIEW_RECORDINGS does not name a folder of real recordings");
        return SKIPPED;
    }
    Suite *suite = suite_create("real recordings");
    TCase *tcase = tcase_create("real recordings");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_recording_measures_what_is_expected);
    tcase_add_test(tcase, a_sac_file_that_is_longer_than_it_says);
    tcase_add_test(tcase, a_sac_file_that_is_shorter_than_it_says);
    tcase_add_test(tcase, a_line_that_is_cut_in_its_last_trace);
    tcase_add_test(tcase, a_scaled_delay);
    tcase_add_test(tcase, volumes_without_records);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
