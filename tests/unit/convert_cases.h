/* For tests of conversions: sources, targets, notes, and what a conversion must answer. Included by
 * one source a program. */
#ifndef SV_TESTS_CONVERT_CASES_H
#define SV_TESTS_CONVERT_CASES_H

#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "random.h"
#include "scratch.h"
#include "seisview/convert.h"

/* ---- paths ---------------------------------------------------------------------------------- */

/* Valid until many calls later. */
static inline const char *path_of(const char *name)
{
    static char paths[64][128];
    static int next;
    next = (next + 1) % 64;
    snprintf(paths[next], sizeof paths[next], "%s", scratch_path(name));
    return paths[next];
}

static inline const char *write_file(const char *name, const void *bytes, size_t num_bytes)
{
    write_scratch(name, bytes, num_bytes);
    return path_of(name);
}

/* ---- what is written ------------------------------------------------------------------------ */

enum holding { CHANNEL, SEGMENT, ALL };

static const struct target {
    const char *suffix;
    enum holding holding;
    bool has_start, has_rate; /* of 100 Hz */
    bool has_floats;
} targets[] = {
    {"bin", SEGMENT, true, true, true},    {"npy", SEGMENT, false, false, true},
    {"sac", CHANNEL, true, true, true},    {"segy", ALL, true, true, true},
    {"su", ALL, true, true, true},         {"mseed", ALL, true, true, true},
    {"wav", SEGMENT, false, true, true},   {"rf64", SEGMENT, false, true, true},
    {"w64", SEGMENT, false, true, true},   {"aiff", SEGMENT, false, true, true},
    {"au", SEGMENT, false, true, true},    {"caf", SEGMENT, false, true, true},
    {"flac", SEGMENT, false, true, false},
};

enum { NUM_TARGETS = sizeof targets / sizeof targets[0], MOST_BYTES = 1 << 18 };

/* Samples as they were written first: frame by frame. */
struct source {
    sv_dtype dtype;
    int64_t num_channels, num_samples;
    unsigned char bytes[MOST_BYTES];
};

static struct source source;

static inline sv_scalar source_at(int64_t row, int64_t sample)
{
    size_t itemsize = sv_dtype_itemsize(source.dtype);
    size_t index = (size_t)(sample * source.num_channels + row);
    return sv_dtype_load(source.dtype, source.bytes + index * itemsize);
}

/* ---- notes ---------------------------------------------------------------------------------- */

static char notes[8192];

static inline void take_note(void *context, const char *path, const char *sentence)
{
    (void)context;
    ck_assert_ptr_nonnull(path);
    size_t used = strlen(notes);
    snprintf(notes + used, sizeof notes - used, "%s\n", sentence);
}

static inline bool noted(const char *words)
{
    return strstr(notes, words) != NULL;
}

static inline sv_convert_options plain_options(void)
{
    notes[0] = '\0';
    return (sv_convert_options){.note = take_note};
}

/* ---- converting ----------------------------------------------------------------------------- */

static inline sv_status convert_path(const char *from, const sv_open_options *open, const char *to,
                                     const sv_convert_options *options, sv_error *error)
{
    sv_recording *recording = open_good(from, open);
    sv_status status = sv_convert(recording, to, options, error);
    close_good(recording);
    return status;
}

static inline void convert_good(const char *from, const sv_open_options *open, const char *to,
                                const sv_convert_options *options)
{
    sv_error error = {.message = ""};
    sv_status status = convert_path(from, open, to, options, &error);
    ck_assert_msg(status == SV_OK, "%s to %s: %s: %s", from, to, sv_status_name(status),
                  error.message);
}

static inline void convert_bad(const char *from, const sv_open_options *open, const char *to,
                               const sv_convert_options *options, sv_status status,
                               const char *words)
{
    sv_error error = {.message = ""};
    sv_status answer = convert_path(from, open, to, options, &error);
    ck_assert_msg(answer == status, "%s to %s: %s instead of %s: %s", from, to,
                  sv_status_name(answer), sv_status_name(status), error.message);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(convert_path(from, open, to, options, NULL), status);
}

static inline bool exists(const char *path)
{
    struct stat found;
    return lstat(path, &found) == 0;
}

/* Nothing but `expected` entries lie in the scratch directory. */
static inline void count_scratch(int expected)
{
    int count = 0;
    char names[1024] = "";
    DIR *directory = opendir(scratch_directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, " %s", entry->d_name);
            count++;
        }
    }
    closedir(directory);
    ck_assert_msg(count == expected, "%d files instead of %d:%s", count, expected, names);
}

static inline void remove_file(const char *name)
{
    ck_assert_int_eq(unlink(path_of(name)), 0);
}

static inline void read_bytes(const char *path, long offset, void *bytes, size_t num_bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
    ck_assert_uint_eq(fread(bytes, 1, num_bytes, file), num_bytes);
    fclose(file);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static inline bool same(sv_scalar a, sv_scalar b)
{
    bool both_nan =
        a.kind == SV_KIND_FLOAT && b.kind == SV_KIND_FLOAT && isnan(a.value.f) && isnan(b.value.f);
    return both_nan || sv_scalar_equal(a, b);
}

/* Row `row` of the segment has the samples of row `of` of the source. */
static inline void compare_row(const sv_recording *recording, int64_t index, int64_t row,
                               int64_t of)
{
    sv_reader *reader;
    sv_error error = {.message = ""};
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, index, &segment), SV_OK);
    ck_assert_int_eq(segment.num_samples, source.num_samples);
    ck_assert(segment.complete);
    ck_assert_int_eq(sv_reader_open(recording, index, &reader, &error), SV_OK);
    for (int64_t done = 0; done < segment.num_samples;) {
        sv_view samples;
        sv_status status =
            sv_reader_read(reader, done, segment.num_samples - done, &samples, &error);
        ck_assert_msg(status == SV_OK, "%s", error.message);
        for (int64_t i = 0; i < samples.shape[1]; i++) {
            sv_scalar value;
            require(sv_view_get(&samples, (int64_t[]){row, i}, &value, NULL) == SV_OK, "get");
            if (!same(value, source_at(of, done + i))) {
                ck_abort_msg("%s: row %" PRId64 ", sample %" PRId64 ": %.17g instead of %.17g",
                             sv_recording_path(recording), of, done + i, sv_scalar_as_f8(value),
                             sv_scalar_as_f8(source_at(of, done + i)));
            }
        }
        done += samples.shape[1];
    }
    sv_reader_close(reader);
}

/* The recording has all rows of the source, in order, in one segment or in several. */
static inline void compare_all(const sv_recording *recording)
{
    int64_t of = 0;
    for (int64_t i = 0; i < sv_recording_num_segments(recording); i++) {
        sv_segment segment;
        ck_assert_int_eq(sv_recording_segment(recording, i, &segment), SV_OK);
        for (int64_t row = 0; row < segment.num_channels; row++) {
            compare_row(recording, i, row, of++);
        }
    }
    ck_assert_int_eq(of, source.num_channels);
}

/* ---- sources -------------------------------------------------------------------------------- */

/* Any bits that make a sample: every value of the type may come. */
static inline void fill_source(struct random *random, sv_type type, sv_byte_order order,
                               int64_t channels, int64_t samples)
{
    source.dtype = sv_dtype_make(type, order);
    source.num_channels = channels;
    source.num_samples = samples;
    size_t num_bytes = (size_t)(channels * samples) * sv_dtype_itemsize(source.dtype);
    ck_assert_uint_le(num_bytes, sizeof source.bytes);
    for (size_t i = 0; i < num_bytes; i++) {
        source.bytes[i] = (unsigned char)random_bits(random);
    }
}

/* Whole numbers, which a rounded type may hold too. */
static inline void fill_counts(struct random *random, sv_type type, int64_t channels,
                               int64_t samples, uint64_t range)
{
    fill_source(random, type, SV_LITTLE_ENDIAN, channels, samples);
    for (int64_t i = 0; i < channels * samples; i++) {
        int64_t value = (int64_t)random_below(random, range) - (int64_t)(range / 2);
        ck_assert_int_eq(sv_dtype_store(source.dtype,
                                        source.bytes + (size_t)i * sv_dtype_itemsize(source.dtype),
                                        sv_scalar_int(value)),
                         SV_OK);
    }
}

static inline const char *write_source(const char *name)
{
    return write_file(name, source.bytes,
                      (size_t)(source.num_channels * source.num_samples) *
                          sv_dtype_itemsize(source.dtype));
}

#define START "2026-01-31T12:34:56Z"

static inline sv_open_options source_options(void)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    options.dtype = source.dtype;
    options.channels = source.num_channels;
    options.rate = 100.0;
    options.start = time_of(START);
    return options;
}

/* A source of one channel is written to one file whatever the format. */
static inline const char *target_path(const struct target *target, const char *stem)
{
    char name[32];
    snprintf(name, sizeof name, "%s.%s", stem, target->suffix);
    return path_of(name);
}

/* ---- running -------------------------------------------------------------------------------- */

struct convert_test {
    const TTest *test;
    int times; /* with _i from 0 */
};

static inline int run_convert_tests(const char *name, const struct convert_test *tests,
                                    size_t num_tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 300);
    for (size_t i = 0; i < num_tests; i++) {
        tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].times);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
