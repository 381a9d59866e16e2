/* No memory: in every public function of edit.h the Nth allocation fails, once and for good. Each
 * answers SV_NOMEM or does its work, and the recording is whole; what leaks, AddressSanitizer says
 * when the tests are built with it. */
#include <check.h>
#include <stdlib.h>

#include "../unit/scratch.h"
#include "base/memory.h"
#include "seisview/edit.h"

enum { SAMPLES = 3000 };

static const char *path;
static sv_buffer *threes;

static void make_recording(void)
{
    static float samples[SAMPLES], new[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = 1.0f;
        new[i] = 3.0f;
    }
    write_scratch("quake.bin", samples, sizeof samples);
    unlink(scratch_path("quake.bin.svj"));
    path = scratch_path("quake.bin");
    ck_assert_int_eq(sv_buffer_borrow(new, sizeof new, &threes, NULL), SV_OK);
}

static bool holds(float value)
{
    static float samples[SAMPLES];
    FILE *file = fopen(path, "rb");
    bool is_so = fread(samples, sizeof samples[0], SAMPLES, file) == SAMPLES;
    fclose(file);
    for (int i = 0; i < SAMPLES; i++) {
        is_so = is_so && samples[i] == value;
    }
    return is_so;
}

/* ---- what is done ---------------------------------------------------------------------------- */

static const sv_operation twice[] = {
    {.kind = SV_GAIN, .value = 2.0}, {.kind = SV_FILL_LINEAR}, {.kind = SV_DESPIKE, .value = 1e30}};

static sv_status apply_all(sv_edit *edit, sv_error *error)
{
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    return sv_edit_apply(edit, &range, twice, 3, error);
}

static sv_status begin(bool undo_none, sv_edit **edit, sv_error *error)
{
    sv_edit_options options = SV_EDIT_OPTIONS_INIT;
    options.words = "twice";
    options.undo_none = undo_none;
    return sv_edit_begin(path, NULL, &options, edit, error);
}

static sv_status end(sv_edit *edit, sv_status status, sv_error *error)
{
    if (status == SV_OK) {
        return sv_edit_commit(edit, NULL, error);
    }
    sv_edit_rollback(edit, NULL);
    return status;
}

static sv_status edit_keeping(sv_error *error)
{
    sv_edit *edit;
    sv_status status = begin(false, &edit, error);
    return status == SV_OK ? end(edit, apply_all(edit, error), error) : status;
}

static sv_status edit_not_keeping(sv_error *error)
{
    sv_edit *edit;
    sv_status status = begin(true, &edit, error);
    return status == SV_OK ? end(edit, apply_all(edit, error), error) : status;
}

static sv_status write_samples(sv_error *error)
{
    sv_edit *edit;
    sv_segment segment;
    sv_view new;
    sv_status status = begin(false, &edit, error);
    if (status != SV_OK) {
        return status;
    }
    sv_recording_segment(sv_edit_recording(edit), 0, &segment);
    status =
        sv_view_make(threes, 0, segment.samples.dtype, 2, segment.samples.shape, NULL, &new, error);
    if (status == SV_OK) {
        status = sv_edit_write(edit, &segment.samples, &new, error);
    }
    return end(edit, status, error);
}

static sv_status roll_back(sv_error *error)
{
    sv_edit *edit;
    sv_status status = begin(false, &edit, error);
    if (status != SV_OK) {
        return status;
    }
    status = apply_all(edit, error);
    sv_status rolled = sv_edit_rollback(edit, error);
    return status != SV_OK ? status : rolled;
}

static sv_status preview(sv_error *error)
{
    sv_edit *edit;
    sv_edit_effect effect;
    sv_status status = begin(false, &edit, error);
    if (status != SV_OK) {
        return status;
    }
    status = apply_all(edit, error);
    if (status == SV_OK) {
        status = sv_edit_preview(edit, &effect, error);
    }
    sv_edit_rollback(edit, NULL);
    return status;
}

static sv_status undo(sv_error *error)
{
    uint64_t number;
    return sv_edit_undo(path, NULL, &number, error);
}

static sv_status redo(sv_error *error)
{
    uint64_t number;
    return sv_edit_redo(path, NULL, &number, error);
}

static sv_status verify(sv_error *error)
{
    sv_verified verified;
    return sv_edit_verify(path, NULL, &verified, error);
}

static bool take(void *context, const sv_log_entry *entry)
{
    (void)entry;
    ++*(int *)context;
    return true;
}

static sv_status read_log(sv_error *error)
{
    int count = 0;
    sv_status status = sv_edit_log(path, NULL, take, &count, error);
    ck_assert(status != SV_OK || count == 1);
    return status;
}

static sv_status forget(sv_error *error)
{
    return sv_edit_forget(path, NULL, 0, error);
}

/* `first` is done before; the samples are `before`, and `after` where it succeeds. */
static const struct scenario {
    const char *name;
    sv_status (*first[2])(sv_error *error);
    sv_status (*run)(sv_error *error);
    float before, after;
} scenarios[] = {{"edit", {NULL}, edit_keeping, 1.0f, 2.0f},
                 {"edit, undo=none", {NULL}, edit_not_keeping, 1.0f, 2.0f},
                 {"write", {NULL}, write_samples, 1.0f, 3.0f},
                 {"rollback", {NULL}, roll_back, 1.0f, 1.0f},
                 {"preview", {NULL}, preview, 1.0f, 1.0f},
                 {"undo", {edit_keeping}, undo, 2.0f, 1.0f},
                 {"redo", {edit_keeping, undo}, redo, 1.0f, 2.0f},
                 {"redo of samples", {write_samples, undo}, redo, 1.0f, 3.0f},
                 {"log", {edit_keeping}, read_log, 2.0f, 2.0f},
                 {"forget", {edit_keeping}, forget, 2.0f, 2.0f},
                 {"verify", {edit_keeping}, verify, 2.0f, 2.0f}};

enum { NUM_SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

START_TEST(each_allocation_fails)
{
    const struct scenario *of = &scenarios[_i / 2];
    bool was_short = true;
    long count;
    for (count = 0; was_short; count++) {
        sv_error error = {.message = ""};
        make_recording();
        for (int i = 0; i < 2 && of->first[i] != NULL; i++) {
            ck_assert_int_eq(of->first[i](NULL), SV_OK);
        }
        sv_memory_fail_after(count, _i % 2 == 1);
        sv_status status = of->run(&error);
        sv_memory_fail_after(-1, false);
        was_short = status != SV_OK;
        /* Where there is none for good, there is none to carry back either. */
        bool is_interrupted = status == SV_INTERRUPTED && _i % 2 == 1;
        ck_assert_msg(status == SV_OK || status == SV_NOMEM || is_interrupted,
                      "%s: allocation %ld: %s: %s", of->name, count, sv_status_name(status),
                      error.message);
        ck_assert_int_eq(verify(NULL), SV_OK);
        ck_assert_msg(holds(was_short ? of->before : of->after) ||
                          (is_interrupted && holds(of->after)),
                      "%s: allocation %ld: other samples", of->name, count);
        sv_buffer_close(threes);
    }
    ck_assert_int_gt(count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = tcase_create("memory");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, each_allocation_fails, 0, 2 * NUM_SCENARIOS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
