#include "edit/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "journal/hot.h"
#include "journal/rules.h"

const sv_editor_options sv_editor_defaults = {.system = &sv_real_system,
                                              .works = sv_works,
                                              .window_bytes = SV_WINDOW_BYTES,
                                              .batch_windows = SV_BATCH_WINDOWS,
                                              .works_ahead = true,
                                              .user = "",
                                              .host = ""};

int64_t sv_time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- locks ------------------------------------------------------------------------------- */

static sv_status change_level(sv_editor *editor, sv_lock_level level, sv_error *error)
{
    int failure = sv_lock_change(editor->system, editor->fd, editor->level, level,
                                 editor->options.wait_seconds, editor->options.cancel);
    if (failure == 0) {
        editor->level = level;
        return SV_OK;
    }
    if (failure != EAGAIN) {
        errno = failure;
        return sv_fail_errno(error, "the file cannot be locked");
    }
    if (editor->options.cancel != NULL && *editor->options.cancel != 0) {
        return sv_fail(error, SV_CANCELLED, "it was stopped; nothing was done");
    }
    if (level == SV_EXCLUSIVE_LOCK) {
        return sv_fail(error, SV_BUSY,
                       "busy: being read by another process; try again later, or wait with --wait");
    }
    return sv_busy(editor->system, editor->journal_path, error);
}

sv_status sv_editor_exclude(sv_editor *editor, sv_error *error)
{
    return editor->level == SV_EXCLUSIVE_LOCK ? SV_OK
                                              : change_level(editor, SV_EXCLUSIVE_LOCK, error);
}

void sv_editor_readmit(sv_editor *editor)
{
    if (editor->level == SV_EXCLUSIVE_LOCK) {
        change_level(editor, SV_RESERVED_LOCK, NULL);
    }
}

/* ---- the recording ----------------------------------------------------------------------- */

static sv_status check_recording(sv_editor *editor, sv_error *error)
{
    sv_identity *file = &editor->recording;
    if (editor->system->identify(editor->fd, file) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    if (!file->is_regular) {
        return sv_fail(error, SV_UNSUPPORTED, "it is no regular file: it cannot be edited");
    }
    if (file->num_links != 1) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "it has %" PRId64 " names, and a journal stands beside one of them; edit a "
                       "copy",
                       file->num_links);
    }
    if (file->is_remote && !editor->options.allow_remote) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "it is on a network file system, where locks and syncs may not hold; edit "
                       "a copy, or insist with --force");
    }
    return SV_OK;
}

/* ---- the journal ------------------------------------------------------------------------- */

/* A journal of another file has nothing to say of this one. It is kept, under another name. */
static sv_status set_aside(sv_editor *editor, sv_error *error)
{
    char name[4096];
    int length = snprintf(name, sizeof name, "%s.%016" PRIx64, editor->journal_path,
                          editor->journal.header.salt);
    if (length < 0 || (size_t)length >= sizeof name) {
        return sv_fail(error, SV_OVERFLOW, "its path is too long");
    }
    if (editor->system->rename(editor->journal_path, name) != 0) {
        return sv_fail_errno(error, "the journal of another file cannot be set aside");
    }
    sv_status status = sv_journal_sync_directory(&editor->journal, error);
    sv_journal_close(&editor->journal);
    editor->has_journal = false;
    editor->was_set_aside = true;
    return status;
}

static sv_status take_foreign(sv_editor *editor, bool is_clean, sv_error *error)
{
    sv_status status = is_clean ? SV_OK : sv_journal_walk(&editor->journal, error);
    if (status != SV_OK) {
        return status;
    }
    if (!is_clean && sv_journal_is_hot(&editor->journal)) {
        return sv_fail(error, SV_CONFLICT,
                       "its journal holds an interrupted edit of another file; to keep the "
                       "recording as it is, move the journal away");
    }
    if (editor->options.only_looks) {
        sv_journal_close(&editor->journal);
        editor->has_journal = false;
        return SV_OK;
    }
    return set_aside(editor, error);
}

static sv_status open_journal(sv_editor *editor, bool *is_clean, sv_error *error)
{
    *is_clean = true;
    sv_status status =
        sv_journal_open(editor->system, editor->journal_path, true, &editor->journal, error);
    if (status == SV_NOTFOUND) {
        return SV_OK;
    }
    editor->has_journal = status == SV_OK;
    if (status == SV_OK) {
        status = sv_journal_look(&editor->journal, is_clean, error);
    }
    if (status == SV_OK && !sv_journal_is_of(&editor->journal, &editor->recording)) {
        status = take_foreign(editor, *is_clean, error);
        *is_clean = true;
    }
    return status;
}

sv_status sv_editor_need_journal(sv_editor *editor, sv_error *error)
{
    sv_journal *journal = &editor->journal;
    if (!editor->has_journal) {
        sv_status status = sv_journal_create(editor->system, editor->journal_path,
                                             &editor->recording, 0, journal, error);
        editor->has_journal = status == SV_OK;
        return status;
    }
    /* Its maker may have been stopped before the name was durable. */
    return journal->last.at == 0 ? sv_journal_sync_directory(journal, error) : SV_OK;
}

/* ---- opening and closing ----------------------------------------------------------------- */

static sv_status look_for_hot(sv_editor *editor, const char *path, sv_error *error)
{
    sv_status status = sv_journal_walk(&editor->journal, error);
    return status == SV_OK && sv_journal_is_hot(&editor->journal) ? sv_interrupted(path, error)
                                                                  : status;
}

static sv_status enter(sv_editor *editor, const char *path, sv_recovery *recovery, sv_error *error)
{
    bool is_clean = false;
    sv_status status = check_recording(editor, error);
    if (status == SV_OK) {
        status = change_level(editor, SV_RESERVED_LOCK, error);
    }
    if (status == SV_OK) {
        status = open_journal(editor, &is_clean, error);
    }
    *recovery = SV_NOTHING_HOT;
    if (status != SV_OK || is_clean) {
        return status;
    }
    return editor->options.only_looks ? look_for_hot(editor, path, error)
                                      : sv_editor_recover(editor, recovery, error);
}

static sv_status name_journal(sv_editor *editor, const char *path, sv_error *error)
{
    editor->journal_path = sv_journal_path(path);
    if (editor->journal_path != NULL) {
        return SV_OK;
    }
    return errno == ENOMEM ? sv_fail_memory(error, strlen(path))
                           : sv_fail_errno(error, "its journal cannot be named");
}

sv_status sv_editor_open(const char *path, const sv_editor_options *options, sv_editor *editor,
                         sv_recovery *recovery, sv_error *error)
{
    *editor = (sv_editor){.options = *options, .system = options->system, .fd = -1};
    editor->journal.fd = -1;
    editor->fd = editor->system->open(path, O_RDWR, 0);
    if (editor->fd < 0) {
        return sv_fail_errno(error, "it cannot be opened for editing");
    }
    sv_status status = name_journal(editor, path, error);
    if (status == SV_OK) {
        status = enter(editor, path, recovery, error);
    }
    if (status != SV_OK) {
        sv_editor_close(editor);
    }
    return status;
}

/* Where nothing is hot, a walk is needed only behind a journal that does not end in its last
 * record.
 */
static sv_status read_journal(sv_editor *editor, sv_error *error)
{
    bool is_clean;
    sv_journal *journal = &editor->journal;
    sv_status status = sv_journal_open(editor->system, editor->journal_path, false, journal, error);
    if (status != SV_OK) {
        return status == SV_NOTFOUND ? SV_OK : status;
    }
    editor->has_journal = true;
    status = sv_journal_look(journal, &is_clean, error);
    if (status == SV_OK && !is_clean) {
        status = sv_journal_walk(journal, error);
    }
    if (status == SV_OK && !sv_journal_is_of(journal, &editor->recording)) {
        sv_journal_rewind(journal);
    }
    return status;
}

static sv_status enter_to_read(sv_editor *editor, const char *path, sv_error *error)
{
    sv_status status =
        sv_reader_enter(editor->system, path, editor->fd, editor->options.wait_seconds, error);
    if (status != SV_OK) {
        return status;
    }
    editor->level = SV_SHARED_LOCK;
    if (editor->system->identify(editor->fd, &editor->recording) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    status = name_journal(editor, path, error);
    return status == SV_OK ? read_journal(editor, error) : status;
}

sv_status sv_editor_open_to_read(const char *path, const sv_editor_options *options,
                                 sv_editor *editor, sv_error *error)
{
    *editor = (sv_editor){.options = *options, .system = options->system, .fd = -1};
    editor->journal.fd = -1;
    editor->fd = editor->system->open(path, O_RDONLY, 0);
    if (editor->fd < 0) {
        return sv_fail_errno(error, "it cannot be opened");
    }
    sv_status status = enter_to_read(editor, path, error);
    if (status != SV_OK) {
        sv_editor_close(editor);
    }
    return status;
}

void sv_editor_close(sv_editor *editor)
{
    if (editor->has_journal) {
        sv_journal_close(&editor->journal);
    }
    if (editor->fd >= 0) {
        sv_editor_stop_storing(editor, NULL);
        sv_lock_change(editor->system, editor->fd, editor->level, SV_NO_LOCK, 0.0, NULL);
        editor->system->close(editor->fd);
    }
    sv_free(editor->journal_path);
    *editor = (sv_editor){.fd = -1};
}

/* ---- durable ----------------------------------------------------------------------------- */

bool sv_editor_is_poisoned(const sv_editor *editor)
{
    return editor->journal.is_poisoned;
}

sv_status sv_editor_store(sv_editor *editor, const sv_run *run, const void *items, sv_error *error)
{
    return sv_samples_store(editor->system, editor->fd, &editor->stretch, run, items, error);
}

sv_status sv_editor_stop_storing(sv_editor *editor, sv_error *error)
{
    return sv_stretch_close(editor->system, &editor->stretch, error);
}

sv_status sv_editor_sync_data(sv_editor *editor, sv_error *error)
{
    sv_status status = sv_editor_stop_storing(editor, error);
    if (status != SV_OK) {
        return status;
    }
    if (editor->system->fdatasync(editor->fd) != 0) {
        editor->journal.is_poisoned = true;
        return sv_fail_errno(error, "the file cannot be synced");
    }
    return SV_OK;
}
