/* Several processes at one recording: two editors and three readers, as fast as they can. A reader
 * that is let in never sees a mixture, nor an open edit; editors take turns; each edit that was
 * acknowledged is there at the end. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/random.h"
#include "../unit/scratch.h"
#include "seisview/edit.h"
#include "seisview/summary.h"

enum { SAMPLES = 100000, EDITORS = 2, READERS = 3, ROUNDS = 40, TORTURE_ROUNDS = 2000 };

static volatile struct crowd {
    long edits[EDITORS], turned_away[EDITORS + READERS], reads[READERS];
    bool is_over;
} * crowd;

static const char *path;

/* Adds 1 to every sample; half of them wait for their turn. */
static sv_status add_one(double wait_seconds)
{
    const sv_operation operation = {.kind = SV_OFFSET, .value = 1.0};
    sv_edit_options options = SV_EDIT_OPTIONS_INIT;
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    sv_edit *edit;
    options.wait_seconds = wait_seconds;
    sv_status status = sv_edit_begin(path, NULL, &options, &edit, NULL);
    if (status != SV_OK) {
        return status;
    }
    status = sv_edit_apply(edit, &range, &operation, 1, NULL);
    if (status != SV_OK) {
        sv_edit_rollback(edit, NULL);
        return status;
    }
    return sv_edit_commit(edit, NULL, NULL);
}

static void be_an_editor(int number, int rounds)
{
    while (crowd->edits[number] < rounds) {
        sv_status status = add_one(number % 2 == 0 ? 0.0 : 0.2);
        if (status == SV_OK) {
            crowd->edits[number]++;
        } else if (status == SV_BUSY) {
            crowd->turned_away[number]++;
            usleep(500);
        } else {
            _exit(1);
        }
    }
    _exit(0);
}

/* All samples are the same whole number, which never falls. */
static bool read_once(double *last, bool *is_in)
{
    sv_recording *recording;
    sv_summary summary;
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    sv_status status = sv_recording_open(path, NULL, &recording, NULL);
    *is_in = status == SV_OK;
    if (!*is_in) {
        return status == SV_BUSY;
    }
    status = sv_summary_scan(recording, &range, 0, NULL, &summary, NULL, NULL);
    bool is_good = status == SV_OK && summary.min == summary.max && summary.min >= *last &&
                   sv_recording_check(recording, NULL) == SV_OK;
    *last = summary.min;
    sv_recording_close(recording);
    return is_good;
}

static void be_a_reader(int number)
{
    double last = 0.0;
    while (!crowd->is_over) {
        bool is_in;
        if (!read_once(&last, &is_in)) {
            _exit(1);
        }
        *(is_in ? &crowd->reads[number] : &crowd->turned_away[EDITORS + number]) += 1;
        usleep(is_in ? 1500 : 200);
    }
    _exit(0);
}

static pid_t start(int number, int rounds)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child != 0) {
        return child;
    }
    if (number < EDITORS) {
        be_an_editor(number, rounds);
    }
    be_a_reader(number - EDITORS);
    return 0;
}

START_TEST(editors_and_readers)
{
    static float samples[SAMPLES];
    pid_t children[EDITORS + READERS];
    int ended, rounds = getenv("SEISVIEW_TORTURE") != NULL ? TORTURE_ROUNDS : ROUNDS;
    write_scratch("crowd.bin", samples, sizeof samples);
    path = scratch_path("crowd.bin");
    crowd = mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(crowd != MAP_FAILED);
    for (int i = 0; i < EDITORS + READERS; i++) {
        children[i] = start(i, rounds);
    }
    for (int i = 0; i < EDITORS + READERS; i++) {
        ck_assert_int_eq(waitpid(children[i], &ended, 0), children[i]);
        ck_assert_msg(WIFEXITED(ended) && WEXITSTATUS(ended) == 0, "%s %d",
                      i < EDITORS ? "editor" : "reader", i);
        crowd->is_over = i >= EDITORS - 1;
    }
    double last = EDITORS * rounds;
    bool is_in;
    ck_assert(read_once(&last, &is_in) && is_in && last == EDITORS * rounds);
    long reads = 0, turned_away = 0;
    for (int i = 0; i < EDITORS + READERS; i++) {
        reads += i < READERS ? crowd->reads[i] : 0;
        turned_away += crowd->turned_away[i];
    }
    printf("%d edits, %ld reads, %ld times turned away\n", EDITORS * rounds, reads, turned_away);
    ck_assert_int_gt(reads, 0);
    ck_assert_int_gt(turned_away, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crowd");
    TCase *tcase = tcase_create("crowd");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, getenv("SEISVIEW_TORTURE") != NULL ? 36000 : 600);
    tcase_add_test(tcase, editors_and_readers);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
