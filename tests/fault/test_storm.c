/* A storm of truncations: another process cuts a recording of ones and lets it grow again, without
 * a pause, while its statistics are measured and while it is edited. Nobody dies, and no figure is
 * wrong without a word: either the scan says that the file was cut or changed, or all samples were
 * ones. A slice of it in `make check`; SEISVIEW_TORTURE=1: a million truncations. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/random.h"
#include "../unit/scratch.h"
#include "seisview/edit.h"
#include "seisview/guard.h"
#include "seisview/summary.h"

enum { SAMPLES = 700000, MOST_TRUNCATIONS = 1000000 };

/* Shared with the process that cuts. */
static volatile struct storm {
    long truncations;
    bool is_over;
} * storm;

static const float *ones(void)
{
    static float samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = 1.0f;
    }
    return samples;
}

/* Cuts anywhere, and writes what was cut off again. It may be killed at any moment. */
static void cut_and_grow(const char *path, struct random random)
{
    const float *samples = ones();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    while (fd >= 0 && !storm->is_over) {
        off_t size = (off_t)(4 * random_below(&random, SAMPLES));
        size_t cut_off = sizeof samples[0] * SAMPLES - (size_t)size;
        if (ftruncate(fd, size) != 0 ||
            pwrite(fd, (const char *)samples + size, cut_off, size) != (ssize_t)cut_off) {
            break;
        }
        storm->truncations++;
    }
    _exit(0);
}

static pid_t begin_storm(const char *path, struct random random)
{
    storm = mmap(NULL, sizeof *storm, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(storm != MAP_FAILED);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        cut_and_grow(path, random);
    }
    return child;
}

static void end_storm(pid_t child)
{
    int ended;
    storm->is_over = true;
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    ck_assert(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

struct counts {
    long good, told, not_opened;
};

/* One measurement: right, or with a word. */
static void measure(const char *path, struct random *random, struct counts *counts)
{
    static const sv_io ios[] = {SV_IO_AUTO, SV_IO_MAP, SV_IO_READ, SV_IO_DIRECT};
    sv_recording *recording;
    sv_segment segment;
    sv_summary summary;
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.io = ios[random_below(random, 4)];
    options.threads = (int)random_below(random, 3) + 1;
    if (sv_recording_open(path, NULL, &recording, NULL) != SV_OK) {
        counts->not_opened++; /* it was empty */
        return;
    }
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    sv_scan_range range = {.num_rows = 1, .last = segment.num_samples};
    sv_status status = sv_summary_scan(recording, &range, 0, &options, &summary, NULL, NULL);
    if (status == SV_OK) {
        status = sv_recording_check(recording, NULL);
    }
    if (status != SV_OK) {
        require(status == SV_TRUNCATED || status == SV_BUSY, "another status");
        counts->told++;
    } else {
        require(summary.num_samples == segment.num_samples, "samples are missing");
        require(summary.num_zero == 0 && summary.min == 1.0 && summary.max == 1.0,
                "a wrong figure without a word");
        counts->good++;
    }
    close_good(recording);
}

static long wanted(void)
{
    return getenv("SEISVIEW_TORTURE") != NULL ? MOST_TRUNCATIONS : 2000;
}

START_TEST(statistics_in_a_storm)
{
    struct random random = random_begin("truncations");
    struct counts counts = {0, 0, 0};
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    const char *path = write_scratch("ones.bin", ones(), sizeof(float) * SAMPLES);
    pid_t child = begin_storm(path, random);
    while (storm->truncations < wanted()) {
        measure(path, &random, &counts);
        require(waitpid(child, NULL, WNOHANG) == 0, "the storm has died down");
    }
    end_storm(child);
    printf("%ld truncations: %ld told, %ld right, %ld not opened\n", storm->truncations,
           counts.told, counts.good, counts.not_opened);
    ck_assert_int_gt(counts.told, 0);
    counts.good = 0;
    measure(path, &random, &counts);
    ck_assert_int_eq(counts.good, 1);
}
END_TEST

/* An edit ends in some way, and leaves what was never a sample of its own as it is. */
static void edit_once(const char *path)
{
    const sv_operation operation = {.kind = SV_GAIN, .value = 2.0};
    sv_segment segment;
    sv_edit *edit;
    sv_verified verified;
    sv_status status = sv_edit_begin(path, NULL, NULL, &edit, NULL);
    if (status == SV_OK) {
        sv_recording_segment(sv_edit_recording(edit), 0, &segment);
        sv_scan_range range = {.num_rows = 1, .last = segment.num_samples};
        status = sv_edit_apply(edit, &range, &operation, 1, NULL);
        status = status == SV_OK ? sv_edit_commit(edit, NULL, NULL) : sv_edit_rollback(edit, NULL);
    }
    if (status != SV_OK) {
        sv_edit_verify(path, NULL, &verified, NULL);
    }
}

START_TEST(edits_in_a_storm)
{
    struct random random = random_begin("truncations of what is edited");
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    char path[512], journal[512];
    snprintf(path, sizeof path, "%s", scratch_path("edited.bin"));
    snprintf(journal, sizeof journal, "%s", scratch_path("edited.bin.svj"));
    write_scratch("edited.bin", ones(), sizeof(float) * SAMPLES);
    pid_t child = begin_storm(path, random);
    while (storm->truncations < wanted() / 10) {
        edit_once(path);
        unlink(journal);
        require(waitpid(child, NULL, WNOHANG) == 0, "the storm has died down");
    }
    end_storm(child);
    FILE *file = fopen(path, "rb");
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    ck_assert_int_eq(ftell(file), (long)(sizeof(float) * SAMPLES)); /* never grown */
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storm");
    TCase *tcase = tcase_create("storm");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, getenv("SEISVIEW_TORTURE") != NULL ? 36000 : 600);
    tcase_add_test(tcase, statistics_in_a_storm);
    tcase_add_test(tcase, edits_in_a_storm);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
