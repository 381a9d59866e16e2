/* Edits of real files: what the public functions promise, with every call of the system failing in
 * every way, once and for good, and with the process killed at every call. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/random.h"
#include "../unit/scratch.h"
#include "base/memory.h"
#include "edit/edit.h"
#include "edit/editor.h"
#include "seisview/edit.h"

enum { SAMPLES = 5000, MOST_SIGNALS = 50 };

static const char *recording;

/* ---- a recording ----------------------------------------------------------------------------- */

static float old_sample(int i)
{
    return (float)(i % 97) - 48.0f;
}

static void make_recording(void)
{
    static float samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = old_sample(i);
    }
    recording = write_scratch("quake.bin", samples, sizeof samples);
    unlink(scratch_path("quake.bin.svj"));
    recording = scratch_path("quake.bin");
}

static bool holds(float gain)
{
    static float samples[SAMPLES + 1];
    FILE *file = fopen(recording, "rb");
    size_t count = fread(samples, sizeof samples[0], SAMPLES + 1, file);
    fclose(file);
    if (count != SAMPLES) {
        return false;
    }
    for (int i = 0; i < SAMPLES; i++) {
        if (samples[i] != old_sample(i) * gain) {
            return false;
        }
    }
    return true;
}

static sv_status verify(sv_verified *verified)
{
    sv_error error = {.message = ""};
    sv_status status = sv_edit_verify(recording, NULL, verified, &error);
    ck_assert_msg(status == SV_OK, "%s: %s", sv_status_name(status), error.message);
    return status;
}

/* ---- a gain through the inner functions, so that the table can be another one -----------------
 */

enum { PARAMETERS_BYTES = 48 };

static const void *parameters_of(double gain)
{
    static unsigned char parameters[PARAMETERS_BYTES];
    const sv_operation operation = {.kind = SV_GAIN, .value = gain};
    ck_assert_uint_eq(sv_work_parameters_size(&operation, 1, 1), PARAMETERS_BYTES);
    sv_work_operations_encode(&operation, 1, parameters);
    return parameters;
}

static sv_status add_gain(sv_edit *edit, const sv_view *samples, double gain)
{
    return sv_edit_add(edit, samples, 0, 0, &sv_work_operations, parameters_of(gain),
                       PARAMETERS_BYTES, NULL);
}

static sv_status gain_by(const sv_system *system, double gain, bool keeps, sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_transaction transaction;
    sv_editor_options options = sv_editor_defaults;
    options.system = system;
    options.window_bytes = 2048;
    options.batch_windows = 3;
    options.works_ahead = system == &sv_real_system; /* the counts of calls are for one thread */
    sv_status status = sv_editor_open(recording, &options, &editor, &recovery, error);
    if (status != SV_OK) {
        return status;
    }
    sv_part part = {.dtype = sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN),
                    .rows = 1,
                    .samples = SAMPLES,
                    .stride_bytes = 4,
                    .work = &sv_work_operations,
                    .parameters = parameters_of(gain),
                    .parameters_bytes = PARAMETERS_BYTES};
    status = sv_transaction_begin(&editor, &part, 1, keeps, "gain", &transaction, error);
    if (status == SV_OK) {
        status = sv_transaction_run(&transaction, error);
        if (status == SV_OK) {
            status = sv_transaction_commit(&transaction, error);
        }
        sv_transaction_close(&transaction);
    }
    sv_editor_close(&editor);
    return status;
}

/* What is let fail, and killed. */
enum task { EDIT_KEEPING, EDIT_NOT_KEEPING, UNDO, REDO, FORGET, RECOVER, NUM_TASKS };

static const char *const task_names[] = {"edit, keep", "edit, none", "undo",
                                         "redo",       "forget",     "recovery"};

static sv_status run_opened(sv_editor *editor, enum task task, sv_error *error)
{
    uint64_t number;
    switch (task) {
    case UNDO: return sv_editor_undo(editor, &number, error);
    case REDO: return sv_editor_redo(editor, &number, error);
    case FORGET: return sv_editor_forget(editor, 0, error);
    default: return SV_OK; /* opening recovers */
    }
}

static sv_status run_task(const sv_system *system, enum task task, sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_editor_options options = sv_editor_defaults;
    if (task == EDIT_KEEPING || task == EDIT_NOT_KEEPING) {
        return gain_by(system, 2.0, task == EDIT_KEEPING, error);
    }
    options.system = system;
    sv_status status = sv_editor_open(recording, &options, &editor, &recovery, error);
    if (status == SV_OK) {
        status = run_opened(&editor, task, error);
        sv_editor_close(&editor);
    }
    return status;
}

/* ---- calls that fail ------------------------------------------------------------------------- */

/* Every call of the table goes on to the real system, but one. */
static long calls_left; /* before the one that fails; −1: none does */
static int failure;     /* its errno; 0: a short count; −1: the process is killed there */
static bool is_sticky, has_failed;
static int num_signals; /* that came: they come often, not for ever */

static bool fails(void)
{
    if (calls_left > 0) {
        calls_left--;
        return false;
    }
    if (calls_left < 0 || (has_failed && !is_sticky) ||
        (failure == EINTR && num_signals++ >= MOST_SIGNALS)) {
        return false;
    }
    has_failed = true;
    if (failure < 0) {
        kill(getpid(), SIGKILL);
    }
    errno = failure;
    return failure != 0;
}

static int open_(const char *path, int flags, mode_t mode)
{
    return fails() ? -1 : sv_real_system.open(path, flags, mode);
}

static int identify_(int fd, sv_identity *identity)
{
    return fails() ? -1 : sv_real_system.identify(fd, identity);
}

static int64_t size_(int fd)
{
    return fails() ? -1 : sv_real_system.size(fd);
}

static size_t shortened(size_t num_bytes)
{
    bool is_first = !has_failed;
    fails();
    return has_failed && failure == 0 && (is_first || is_sticky) && num_bytes > 1 ? num_bytes / 2
                                                                                  : num_bytes;
}

static ssize_t pread_(int fd, void *bytes, size_t num_bytes, off_t offset)
{
    if (failure == 0) {
        return pread(fd, bytes, shortened(num_bytes), offset);
    }
    return fails() ? -1 : pread(fd, bytes, num_bytes, offset);
}

static ssize_t pwrite_(int fd, const void *bytes, size_t num_bytes, off_t offset)
{
    if (failure == 0) {
        return pwrite(fd, bytes, shortened(num_bytes), offset);
    }
    return fails() ? -1 : pwrite(fd, bytes, num_bytes, offset);
}

static int fdatasync_(int fd)
{
    return fails() ? -1 : fdatasync(fd);
}

static int fsync_(int fd)
{
    return fails() ? -1 : fsync(fd);
}

static int ftruncate_(int fd, off_t size)
{
    return fails() ? -1 : ftruncate(fd, size);
}

static int fallocate_(int fd, int mode, off_t offset, off_t num_bytes)
{
    return fails() ? -1 : fallocate(fd, mode, offset, num_bytes);
}

static int fchown_(int fd, uid_t owner, gid_t group)
{
    return fails() ? -1 : fchown(fd, owner, group);
}

static int fchmod_(int fd, mode_t mode)
{
    return fails() ? -1 : fchmod(fd, mode);
}

static int rename_(const char *from, const char *to)
{
    return fails() ? -1 : rename(from, to);
}

static int unlink_(const char *path)
{
    return fails() ? -1 : unlink(path);
}

static void *map_(int fd, size_t num_bytes, off_t offset)
{
    return fails() ? NULL : sv_real_system.map(fd, num_bytes, offset);
}

static int populate_(void *mapped, size_t num_bytes)
{
    return fails() ? -1 : sv_real_system.populate(mapped, num_bytes);
}

/* A store that fails, or is stopped, has stored the first half. */
static int store_(void *mapped, size_t num_bytes, const sv_run *run, const void *items)
{
    sv_run half = *run;
    half.count /= 2;
    if (calls_left == 0 && half.count > 0) {
        sv_real_system.store(mapped, num_bytes, &half, items);
    }
    return fails() ? -1 : sv_real_system.store(mapped, num_bytes, run, items);
}

static int unmap_(void *mapped, size_t num_bytes)
{
    return fails() ? (sv_real_system.unmap(mapped, num_bytes), -1)
                   : sv_real_system.unmap(mapped, num_bytes);
}

static int lock_(int fd, sv_lock_kind kind, off_t offset)
{
    return fails() ? -1 : sv_real_system.lock(fd, kind, offset);
}

static int random_(void *bytes, size_t num_bytes)
{
    return fails() ? -1 : sv_real_system.random(bytes, num_bytes);
}

static sv_system failing_system(void)
{
    sv_system failing = {.open = open_,
                         .identify = identify_,
                         .size = size_,
                         .pread = pread_,
                         .pwrite = pwrite_,
                         .fdatasync = fdatasync_,
                         .fsync = fsync_,
                         .ftruncate = ftruncate_,
                         .fallocate = fallocate_,
                         .fchown = fchown_,
                         .fchmod = fchmod_,
                         .rename = rename_,
                         .unlink = unlink_,
                         .map = map_,
                         .populate = populate_,
                         .store = store_,
                         .unmap = unmap_,
                         .lock = lock_,
                         .random = random_};
    failing.close = sv_real_system.close;
    return failing;
}

static void fail_at(long call, int with, bool sticky)
{
    calls_left = call;
    failure = with;
    is_sticky = sticky;
    has_failed = false;
    num_signals = 0;
}

static const int failures[] = {EIO, ENOSPC, EDQUOT, EINTR, EROFS, 0};

/* After a failure anywhere, the recording is as it was or as the edit leaves it once it is
 * verified, and the edit that said that it is done is. A signal that comes once is no failure. */
static void check_after(sv_status status, float before, float after, long call, const char *what)
{
    sv_verified verified;
    fail_at(-1, 0, false);
    verify(&verified);
    bool is_after = holds(after);
    ck_assert_msg(is_after || holds(before), "%s: call %ld: a mixture", what, call);
    ck_assert_msg(status != SV_OK || is_after, "%s: call %ld: acknowledged and lost", what, call);
}

/* ---- a process that is killed ---------------------------------------------------------------- */

/* Runs the task in a child that is killed at a call; false: it came to its end before. */
static bool kill_at(long call, enum task task)
{
    const sv_system failing = failing_system();
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fail_at(call, -1, false);
        _exit(run_task(&failing, task, NULL) == SV_OK ? 0 : 1);
    }
    int ended;
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    ck_assert(WIFSIGNALED(ended) || WEXITSTATUS(ended) == 0);
    return WIFSIGNALED(ended);
}

/* What must be there for the task; its samples before and after, as multiples of the first. */
static void prepare(enum task task, float *before, float *after)
{
    uint64_t number;
    long call = 0;
    make_recording();
    fail_at(-1, 0, false);
    *before = task == UNDO || task == FORGET ? 2.0f : 1.0f;
    *after = task == UNDO || task == RECOVER ? 1.0f : 2.0f;
    if (task == UNDO || task == REDO || task == FORGET) {
        ck_assert_int_eq(gain_by(&sv_real_system, 2.0, true, NULL), SV_OK);
    }
    if (task == REDO) {
        ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
    }
    while (task == RECOVER && kill_at(call, EDIT_KEEPING) && holds(1.0f)) {
        call += 7;
    }
}

START_TEST(each_call_fails)
{
    const sv_system failing = failing_system();
    enum task task = (enum task)(_i / 2 % NUM_TASKS);
    int with = failures[_i / 2 / NUM_TASKS];
    for (long call = 0;; call++) {
        float before, after;
        sv_error error = {.message = ""};
        prepare(task, &before, &after);
        fail_at(call, with, _i % 2 == 1);
        sv_status status = run_task(&failing, task, &error);
        bool was_reached = has_failed;
        ck_assert(status == SV_OK || error.message[0] != '\0');
        check_after(status, before, after, call, task_names[task]);
        if (!was_reached) {
            ck_assert_int_eq(status, SV_OK);
            ck_assert_int_gt(call, 20);
            break;
        }
    }
}
END_TEST

/* Each task, killed at each call; recovery killed at each of its calls, at some of those; make
 * torture: at all. */
START_TEST(killed_at_each_call)
{
    enum task task = (enum task)_i;
    int apart = getenv("SEISVIEW_TORTURE") != NULL ? 1 : 41;
    bool goes_on = true;
    for (long call = 0; goes_on; call++) {
        sv_verified verified;
        float before, after;
        prepare(task, &before, &after);
        goes_on = kill_at(call, task);
        for (long again = 0; call % apart == 0 && kill_at(again, RECOVER); again++) {
        }
        verify(&verified);
        ck_assert_msg(holds(before) || holds(after), "%s: call %ld: a mixture", task_names[task],
                      call);
        ck_assert(goes_on || holds(after));
    }
}
END_TEST

/* Edits, undos and redos one after the other on one recording, killed at any moment, recovery too.
 * Each gain is a power of two: the samples tell how many are done. */
static pid_t try_something(int what)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        sv_verified verified;
        uint64_t number;
        switch (what) {
        case 0: gain_by(&sv_real_system, 2.0, true, NULL); break;
        case 1: gain_by(&sv_real_system, 2.0, false, NULL); break;
        case 2: sv_edit_undo(recording, NULL, &number, NULL); break;
        case 3: sv_edit_redo(recording, NULL, &number, NULL); break;
        case 4: sv_edit_forget(recording, NULL, 0, NULL); break;
        default: sv_edit_verify(recording, NULL, &verified, NULL); break;
        }
        _exit(0);
    }
    return child;
}

START_TEST(killed_at_random)
{
    struct random random = random_begin("random kills");
    int rounds = getenv("SEISVIEW_TORTURE") != NULL ? 100000 : 40;
    for (int round = 0; round < rounds; round++) {
        sv_verified verified;
        int way, ended, what = (int)random_below(&random, 6);
        if (round % 40 == 0) {
            make_recording();
        }
        pid_t child = try_something(what);
        usleep((useconds_t)random_below(&random, 3000));
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, &ended, 0), child);
        /* Or the next one finds what this one left. */
        if (random_below(&random, 3) == 0) {
            continue;
        }
        verify(&verified);
        for (way = 0; way < 60 && !holds((float)(1LL << way)); way++) {
        }
        ck_assert_msg(way < 60, "round %d: a mixture", round);
    }
}
END_TEST

/* ---- the public functions -------------------------------------------------------------------- */

static void open_segment(sv_edit *edit, sv_view *row)
{
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(sv_edit_recording(edit), 0, &segment), SV_OK);
    ck_assert_int_eq(sv_view_at(&segment.samples, 0, 0, row, NULL), SV_OK);
}

static sv_status write_ones(sv_edit *edit, int64_t first, int64_t last, int64_t step)
{
    static float ones[SAMPLES];
    sv_view row, some, new;
    sv_buffer *buffer;
    for (int i = 0; i < SAMPLES; i++) {
        ones[i] = 1.0f;
    }
    open_segment(edit, &row);
    ck_assert_int_eq(sv_view_slice(&row, 0, first, last, step, &some, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_borrow(ones, (size_t)some.shape[0] * sizeof ones[0], &buffer, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, some.dtype, &new, NULL), SV_OK);
    sv_status status = sv_edit_write(edit, &some, &new, NULL);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    return status;
}

static sv_edit *begin(void)
{
    sv_edit *edit;
    sv_error error = {.message = ""};
    sv_status status = sv_edit_begin(recording, NULL, NULL, &edit, &error);
    ck_assert_msg(status == SV_OK, "%s: %s", sv_status_name(status), error.message);
    return edit;
}

static sv_status commit(sv_edit *edit, uint64_t *number)
{
    sv_edit_effect effect;
    sv_status status = sv_edit_commit(edit, &effect, NULL);
    if (status == SV_OK) {
        *number = effect.number;
    }
    return status;
}

static float sample_now(int index)
{
    float sample;
    int fd = open(recording, O_RDONLY);
    ck_assert_int_eq(pread(fd, &sample, sizeof sample, 4 * index), sizeof sample);
    close(fd);
    return sample;
}

START_TEST(written_undone_and_redone)
{
    uint64_t number;
    make_recording();
    sv_edit *edit = begin();
    ck_assert_int_eq(write_ones(edit, 10, 20, 1), SV_OK);
    ck_assert_int_eq(write_ones(edit, 20, 4000, 3), SV_OK);
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    ck_assert_uint_eq(number, 1);
    ck_assert(sample_now(9) == old_sample(9) && sample_now(10) == 1.0f);
    ck_assert(sample_now(20) == 1.0f && sample_now(21) == old_sample(21));
    ck_assert_int_eq(sv_edit_redo(recording, NULL, &number, NULL), SV_NOTFOUND);
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
    ck_assert(holds(1.0f));
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_NOTFOUND);
    ck_assert_int_eq(sv_edit_redo(recording, NULL, &number, NULL), SV_OK);
    ck_assert(sample_now(20) == 1.0f && sample_now(21) == old_sample(21));
    ck_assert_int_eq(sv_edit_forget(recording, NULL, 0, NULL), SV_OK);
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_NOTFOUND);
    edit = begin();
    ck_assert_int_eq(write_ones(edit, 0, 1, 1), SV_OK);
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    ck_assert_uint_eq(number, 2);
}
END_TEST

START_TEST(rolled_back)
{
    make_recording();
    sv_edit *edit = begin();
    ck_assert_int_eq(write_ones(edit, 0, SAMPLES, 1), SV_OK);
    ck_assert_int_eq(write_ones(edit, 5, 6, 1), SV_INVALID);
    ck_assert_int_eq(sv_edit_rollback(edit, NULL), SV_OK);
    ck_assert(holds(1.0f));
    uint64_t number = 7;
    edit = begin();
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    ck_assert_uint_eq(number, 0);
    ck_assert_int_eq(sv_edit_rollback(NULL, NULL), SV_OK);
}
END_TEST

START_TEST(readers_and_editors_exclude_each_other)
{
    sv_edit *edit, *second;
    sv_error error;
    uint64_t number;
    make_recording();
    sv_recording *reader = open_good(recording, NULL);
    edit = begin();
    ck_assert_int_eq(sv_edit_begin(recording, NULL, NULL, &second, &error), SV_BUSY);
    ck_assert_int_eq(write_ones(edit, 0, 10, 1), SV_BUSY);
    ck_assert_int_eq(sv_edit_rollback(edit, NULL), SV_OK);
    close_good(reader);
    edit = begin();
    ck_assert_int_eq(write_ones(edit, 0, 10, 1), SV_OK);
    open_bad(recording, NULL, SV_BUSY, "being edited by pid");
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    close_good(open_good(recording, NULL));
}
END_TEST

START_TEST(an_interrupted_edit_is_not_read)
{
    sv_verified verified;
    make_recording();
    long call = 0;
    while (kill_at(call, EDIT_KEEPING) && holds(1.0f)) {
        call++;
    }
    open_bad(recording, NULL, SV_INTERRUPTED, "run: seisview verify ");
    verify(&verified);
    ck_assert_int_eq(verified, SV_VERIFIED_BACK);
    ck_assert(holds(1.0f));
    verify(&verified);
    ck_assert_int_eq(verified, SV_VERIFIED_CLEAN);
    close_good(open_good(recording, NULL));
}
END_TEST

START_TEST(what_others_wrote_is_left_alone)
{
    sv_verified verified;
    sv_error error;
    uint64_t number;
    float theirs = 12345.0f;
    make_recording();
    ck_assert_int_eq(gain_by(&sv_real_system, 2.0, true, NULL), SV_OK);
    int fd = open(recording, O_RDWR);
    ck_assert_int_eq(pwrite(fd, &theirs, 4, 4000), 4);
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, &error), SV_CONFLICT);
    ck_assert_msg(strstr(error.message, "changed since") != NULL, "%s", error.message);
    ck_assert(sample_now(1000) == theirs && sample_now(0) == 2 * old_sample(0));
    make_recording();
    long call = 0;
    while (kill_at(call, EDIT_KEEPING) && holds(1.0f)) {
        call++;
    }
    ck_assert_int_eq(pwrite(fd, &theirs, 4, 4), 4);
    ck_assert_int_eq(sv_edit_verify(recording, NULL, &verified, &error), SV_CONFLICT);
    ck_assert_msg(strstr(error.message, "byte 4,") != NULL, "%s", error.message);
    ck_assert(sample_now(1) == theirs && sample_now(0) == 2 * old_sample(0));
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    ck_assert_int_eq(sv_edit_verify(recording, NULL, &verified, &error), SV_CONFLICT);
    struct stat file;
    ck_assert_int_eq(fstat(fd, &file), 0);
    ck_assert_int_eq(file.st_size, 100);
    close(fd);
}
END_TEST

static bool take_entry(void *context, const sv_log_entry *entry)
{
    char *told = context;
    size_t length = strlen(told);
    snprintf(told + length, 200 - length, "%d:%d:%s;", (int)entry->number, entry->is_undone,
             entry->words);
    return true;
}

START_TEST(the_log_tells)
{
    char told[200] = "";
    uint64_t number;
    make_recording();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(gain_by(&sv_real_system, 2.0, i != 0, NULL), SV_OK);
    }
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
    ck_assert_uint_eq(number, 3);
    ck_assert_int_eq(sv_edit_log(recording, NULL, take_entry, told, NULL), SV_OK);
    ck_assert_str_eq(told, "3:1:gain;2:0:gain;1:0:gain;");
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_UNSUPPORTED);
    ck_assert(holds(2.0f));
}
END_TEST

START_TEST(memory_runs_out)
{
    bool was_short = true;
    for (long count = 0; was_short; count++) {
        uint64_t number;
        sv_edit *edit;
        sv_verified verified;
        make_recording();
        sv_memory_fail_after(count, _i == 1);
        sv_status status = sv_edit_begin(recording, NULL, NULL, &edit, NULL);
        if (status == SV_OK) {
            sv_segment segment;
            sv_recording_segment(sv_edit_recording(edit), 0, &segment);
            status = add_gain(edit, &segment.samples, 2.0);
            if (status == SV_OK) {
                status = commit(edit, &number);
            } else {
                sv_edit_rollback(edit, NULL);
            }
        }
        sv_memory_fail_after(-1, false);
        was_short = status != SV_OK;
        verify(&verified);
        ck_assert(holds(was_short ? 1.0f : 2.0f));
    }
}
END_TEST

/* ---- any samples ------------------------------------------------------------------------------
 */

enum { ROOM = 1 << 20 };

static unsigned char whole[ROOM + 1];

static size_t read_whole(unsigned char *bytes)
{
    FILE *file = fopen(recording, "rb");
    size_t count = fread(bytes, 1, ROOM + 1, file);
    fclose(file);
    return count;
}

/* Compressible ones, too: a few values, or any. */
static void fill(struct random *random, unsigned char *bytes, size_t num_bytes)
{
    uint64_t values = random_below(random, 2) == 0 ? 3 : 256;
    for (size_t i = 0; i < num_bytes; i++) {
        bytes[i] = (unsigned char)random_below(random, values);
    }
}

/* Interleaved or planar samples of any type behind a header of any size, a window of them with any
 * step, forwards or backwards. */
static sv_status write_anything(struct random *random, unsigned char *expected, uint64_t *number)
{
    static unsigned char fresh[ROOM];
    static const sv_type types[] = {SV_F4, SV_F8, SV_I2, SV_I3, SV_U1, SV_IBM4};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    sv_edit *edit;
    sv_segment segment;
    sv_view some, new;
    sv_buffer *buffer;
    options.dtype = sv_dtype_make(types[random_below(random, 6)], SV_BIG_ENDIAN);
    options.channels = (int64_t)random_below(random, 4) + 1;
    options.layout = SV_INTERLEAVED;
    options.skip_bytes = (int64_t)random_below(random, 700);
    sv_status status = sv_edit_begin(recording, &options, NULL, &edit, NULL);
    ck_assert_int_eq(status, SV_OK);
    ck_assert_int_eq(sv_recording_segment(sv_edit_recording(edit), 0, &segment), SV_OK);
    int64_t first = (int64_t)random_below(random, (uint64_t)segment.num_samples);
    int64_t step = (int64_t)random_below(random, 3) + 1;
    ck_assert_int_eq(sv_view_slice(&segment.samples, 1, first, SV_END, step, &some, NULL), SV_OK);
    if (random_below(random, 2) == 0) {
        ck_assert_int_eq(sv_view_slice(&some, 1, SV_END - 1, SV_BEGIN, -1, &some, NULL), SV_OK);
    }
    fill(random, fresh, (size_t)sv_view_nbytes(&some));
    ck_assert_int_eq(sv_buffer_borrow(fresh, (size_t)sv_view_nbytes(&some), &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_make(buffer, 0, some.dtype, 2, some.shape, NULL, &new, NULL), SV_OK);
    int64_t from =
        some.address - (const char *)sv_buffer_data(sv_recording_buffer(sv_edit_recording(edit)));
    int64_t item = (int64_t)sv_view_itemsize(&some);
    for (int64_t i = 0; i < some.shape[0] * some.shape[1]; i++) {
        int64_t at =
            from + i / some.shape[1] * some.strides[0] + i % some.shape[1] * some.strides[1];
        memcpy(expected + at, fresh + i * item, (size_t)item);
    }
    status = sv_edit_write(edit, &some, &new, NULL);
    if (status == SV_OK) {
        status = commit(edit, number);
    } else {
        sv_edit_rollback(edit, NULL);
    }
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    return status;
}

START_TEST(any_samples_are_written_undone_and_redone)
{
    static unsigned char before[ROOM], after[ROOM];
    struct random random = random_begin("any samples");
    for (int round = 0; round < 30; round++) {
        uint64_t number, again;
        size_t num_bytes = random_below(&random, ROOM - 20000) + 20000;
        fill(&random, before, num_bytes);
        memcpy(after, before, num_bytes);
        write_scratch("any.bin", before, num_bytes);
        unlink(scratch_path("any.bin.svj"));
        recording = scratch_path("any.bin");
        ck_assert_int_eq(write_anything(&random, after, &number), SV_OK);
        ck_assert_uint_eq(read_whole(whole), num_bytes);
        require(memcmp(whole, after, num_bytes) == 0, "something else was written");
        ck_assert_int_eq(sv_edit_undo(recording, NULL, &again, NULL), SV_OK);
        ck_assert_uint_eq(read_whole(whole), num_bytes);
        require(memcmp(whole, before, num_bytes) == 0, "undo brought back something else");
        ck_assert_int_eq(sv_edit_redo(recording, NULL, &again, NULL), SV_OK);
        ck_assert_uint_eq(read_whole(whole), num_bytes);
        require(memcmp(whole, after, num_bytes) == 0, "redo wrote something else");
        ck_assert_uint_eq(number, again);
    }
}
END_TEST

/* Planar and interleaved rows, block by block and channel by channel, and an operation on others.
 */
START_TEST(pieces_of_the_same_rows)
{
    static float ones[SAMPLES];
    uint64_t number;
    sv_edit *edit;
    sv_segment segment;
    sv_view some, new, part;
    sv_buffer *buffer;
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = 5;
    options.layout = _i == 0 ? SV_PLANAR : SV_INTERLEAVED;
    ck_assert_int_eq(sv_buffer_borrow(ones, sizeof ones, &buffer, NULL), SV_OK);
    make_recording();
    ck_assert_int_eq(sv_edit_begin(recording, &options, NULL, &edit, NULL), SV_OK);
    ck_assert_int_eq(sv_recording_segment(sv_edit_recording(edit), 0, &segment), SV_OK);
    ck_assert_int_eq(sv_view_slice(&segment.samples, 0, 4, 5, 1, &part, NULL), SV_OK);
    ck_assert_int_eq(add_gain(edit, &part, 2.0), SV_OK);
    for (int64_t from = 0; from < 1000; from += 100) {
        ck_assert_int_eq(sv_view_slice(&segment.samples, 1, from, from + 100, 1, &some, NULL),
                         SV_OK);
        ck_assert_int_eq(sv_view_slice(&some, 0, 0, 2, 1, &some, NULL), SV_OK);
        ck_assert_int_eq(sv_view_make(buffer, 0, some.dtype, 2, some.shape, NULL, &new, NULL),
                         SV_OK);
        ck_assert_int_eq(sv_edit_write(edit, &some, &new, NULL), SV_OK);
    }
    ck_assert_int_eq(sv_view_at(&segment.samples, 0, 3, &some, NULL), SV_OK);
    ck_assert_int_eq(sv_view_make(buffer, 0, some.dtype, 1, some.shape, NULL, &new, NULL), SV_OK);
    ck_assert_int_eq(sv_edit_write(edit, &some, &new, NULL), SV_OK);
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    for (int i = 0; i < SAMPLES; i++) {
        int channel = _i == 0 ? i / 1000 : i % 5;
        float kept = channel == 2 ? 1.0f : channel == 4 ? 2.0f : 0.0f;
        ck_assert_msg(sample_now(i) == old_sample(i) * kept, "sample %d", i);
    }
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
    ck_assert(holds(1.0f));
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

/* What compresses well takes little room in the journal. */
START_TEST(old_samples_are_packed_where_it_pays)
{
    static const unsigned char zeros[ROOM];
    struct stat file;
    uint64_t number;
    sv_edit *edit;
    sv_segment segment;
    recording = write_scratch("zeros.bin", zeros, ROOM);
    ck_assert_int_eq(sv_edit_begin(recording, NULL, NULL, &edit, NULL), SV_OK);
    ck_assert_int_eq(sv_recording_segment(sv_edit_recording(edit), 0, &segment), SV_OK);
    ck_assert_int_eq(add_gain(edit, &segment.samples, 2.0), SV_OK);
    ck_assert_int_eq(commit(edit, &number), SV_OK);
    ck_assert_int_eq(stat(scratch_path("zeros.bin.svj"), &file), 0);
    ck_assert_int_lt(file.st_size, 10000);
    ck_assert_int_lt(file.st_blocks * 512, 40000);
    ck_assert_int_eq(sv_edit_undo(recording, NULL, &number, NULL), SV_OK);
}
END_TEST

/* A write that is stopped at each kind of place carries back on its own. */
START_TEST(a_failed_write_is_carried_back)
{
    const sv_system failing = failing_system();
    for (long call = 60; call < 200; call += 3) {
        sv_editor editor;
        sv_recovery recovery;
        make_recording();
        fail_at(call, ENOSPC, false);
        sv_status status = gain_by(&failing, 2.0, true, NULL);
        fail_at(-1, 0, false);
        ck_assert_int_eq(sv_editor_open(recording, &sv_editor_defaults, &editor, &recovery, NULL),
                         SV_OK);
        ck_assert(status == SV_OK || holds(1.0f) || holds(2.0f));
        sv_editor_close(&editor);
    }
}
END_TEST

int main(void)
{
    enum { NUM_FAILURES = sizeof failures / sizeof failures[0] };
    Suite *suite = suite_create("edit");
    TCase *tcase = tcase_create("edit");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, getenv("SEISVIEW_TORTURE") != NULL ? 36000 : 600);
    tcase_add_test(tcase, written_undone_and_redone);
    tcase_add_test(tcase, rolled_back);
    tcase_add_test(tcase, readers_and_editors_exclude_each_other);
    tcase_add_test(tcase, an_interrupted_edit_is_not_read);
    tcase_add_test(tcase, what_others_wrote_is_left_alone);
    tcase_add_test(tcase, the_log_tells);
    tcase_add_test(tcase, any_samples_are_written_undone_and_redone);
    tcase_add_loop_test(tcase, pieces_of_the_same_rows, 0, 2);
    tcase_add_test(tcase, old_samples_are_packed_where_it_pays);
    tcase_add_test(tcase, a_failed_write_is_carried_back);
    tcase_add_loop_test(tcase, memory_runs_out, 0, 2);
    tcase_add_loop_test(tcase, each_call_fails, 0, 2 * NUM_TASKS * NUM_FAILURES);
    tcase_add_loop_test(tcase, killed_at_each_call, 0, NUM_TASKS);
    suite_add_tcase(suite, tcase);
    TCase *kills = tcase_create("kills");
    tcase_add_checked_fixture(kills, make_scratch, remove_scratch);
    tcase_set_timeout(kills, getenv("SEISVIEW_TORTURE") != NULL ? 36000 : 600);
    tcase_add_test(kills, killed_at_random);
    suite_add_tcase(suite, kills);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
