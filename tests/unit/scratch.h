/* For tests that open recordings: a scratch directory for each test, files made in it, and what
 * opening them must say. Included by one source a program. */
#ifndef SV_TESTS_SCRATCH_H
#define SV_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seisview/recording.h"

static char scratch_directory[256];

/* Checked fixtures: they run in the process of each test. */
static void make_scratch(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(scratch_directory, sizeof scratch_directory, "%s/seisview-test-XXXXXX",
             parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(scratch_directory));
}

static void remove_scratch(void)
{
    DIR *directory = opendir(scratch_directory);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            ck_assert_int_eq(unlinkat(dirfd(directory), entry->d_name, 0), 0);
        }
    }
    closedir(directory);
    ck_assert_int_eq(rmdir(scratch_directory), 0);
}

/* Valid until the fourth call after this one. */
static const char *scratch_path(const char *name)
{
    static char paths[4][512];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", scratch_directory, name);
    return paths[next];
}

static inline const char *write_scratch(const char *name, const void *bytes, size_t num_bytes)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, num_bytes, file), num_bytes);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline sv_recording *open_good(const char *path, const sv_open_options *options)
{
    sv_error error = {.message = ""};
    sv_recording *recording = NULL;
    sv_status status = sv_recording_open(path, options, &recording, &error);
    ck_assert_msg(status == SV_OK, "%s: %s: %s", path, sv_status_name(status), error.message);
    return recording;
}

static inline void close_good(sv_recording *recording)
{
    ck_assert_int_eq(sv_recording_close(recording), SV_OK);
}

/* Opening must fail with `status` and a sentence that holds `words`. */
static inline void open_bad(const char *path, const sv_open_options *options, sv_status status,
                            const char *words)
{
    sv_error error = {.message = ""};
    sv_recording *recording = NULL;
    sv_status answer = sv_recording_open(path, options, &recording, &error);
    ck_assert_msg(answer == status, "%s: %s instead of %s: %s", path, sv_status_name(answer),
                  sv_status_name(status), error.message);
    ck_assert_int_eq(error.status, status);
    ck_assert_ptr_null(recording);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(sv_recording_open(path, options, &recording, NULL), status);
}

static inline sv_segment segment_of(const sv_recording *recording, int64_t index)
{
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, index, &segment), SV_OK);
    ck_assert_int_eq(segment.index, index);
    ck_assert_int_eq(segment.samples.ndim, 2);
    ck_assert_int_eq(segment.samples.shape[0], segment.num_channels);
    ck_assert_int_eq(segment.samples.shape[1], segment.num_samples);
    ck_assert(segment.samples.readonly);
    return segment;
}

static inline double sample_at(const sv_segment *segment, int64_t row, int64_t column)
{
    double value;
    int64_t index[] = {row, column};
    ck_assert_int_eq(sv_view_get_f8(&segment->samples, index, &value, NULL), SV_OK);
    return value;
}

static inline int count_warnings(const sv_recording *recording)
{
    int count = 0;
    while (sv_recording_warning(recording, count) != NULL) {
        count++;
    }
    return count;
}

/* There must be exactly one warning, one that holds `words`. */
static inline void one_warning(const sv_recording *recording, const char *words)
{
    ck_assert_int_eq(count_warnings(recording), 1);
    ck_assert_msg(strstr(sv_recording_warning(recording, 0), words) != NULL, "'%s' lacks '%s'",
                  sv_recording_warning(recording, 0), words);
}

static inline void no_warning(const sv_recording *recording)
{
    const char *warning = sv_recording_warning(recording, 0);
    ck_assert_msg(warning == NULL, "%s", warning);
}

static inline sv_time time_of(const char *text)
{
    sv_time time;
    ck_assert_int_eq(sv_time_parse(text, &time), SV_OK);
    return time;
}

/* One suite of one case, every test in a scratch directory of its own. */
static inline int run_in_scratch(const char *name, const TTest *const tests[], size_t num_tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < num_tests; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
