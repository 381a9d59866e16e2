#include "journal/hot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "journal/journal.h"
#include "seisview/time.h"

static sv_status walk_to_the_end(const sv_system *system, const char *journal_path, bool *is_hot,
                                 sv_journal *journal, sv_error *error)
{
    sv_status status = sv_journal_open(system, journal_path, false, journal, error);
    bool is_clean = false;
    if (status == SV_OK) {
        status = sv_journal_look(journal, &is_clean, error);
    }
    if (status == SV_OK && !is_clean) {
        status = sv_journal_walk(journal, error);
    }
    *is_hot = status != SV_OK || (!is_clean && sv_journal_is_hot(journal));
    return status;
}

sv_status sv_busy(const sv_system *system, const char *journal_path, sv_error *error)
{
    sv_journal journal;
    sv_record begn;
    bool is_hot;
    sv_status status = walk_to_the_end(system, journal_path, &is_hot, &journal, NULL);
    if (status == SV_OK && is_hot) {
        status = sv_journal_read_begn(&journal, journal.begn_at, &begn, NULL);
    }
    sv_journal_close(&journal);
    if (status != SV_OK || !is_hot) {
        return sv_fail(error, SV_BUSY, "busy: another process edits it; try again later");
    }
    char since[SV_TIME_TEXT_SIZE];
    return sv_fail(error, SV_BUSY,
                   "busy: being edited by pid %" PRId64 " on %s since %s; try again later",
                   begn.is.begn.pid, begn.is.begn.host, sv_time_format(begn.is.begn.time, since));
}

sv_status sv_interrupted(const char *path, sv_error *error)
{
    return sv_fail(error, SV_INTERRUPTED, "an edit was interrupted; run: seisview verify %.300s",
                   path);
}

/* A journal that cannot be read counts as hot; one of another file is none of ours, unless
 * something in it is hot: then the two may have been copied together. */
static sv_status look(const sv_system *system, const char *path, const char *journal_path,
                      sv_error *error)
{
    sv_journal journal;
    bool is_hot;
    sv_status status = walk_to_the_end(system, journal_path, &is_hot, &journal, error);
    sv_journal_close(&journal);
    if (status == SV_NOTFOUND || !is_hot) {
        return SV_OK;
    }
    if (status == SV_NOMEM) {
        return status;
    }
    return sv_interrupted(path, error);
}

sv_status sv_reader_enter(const sv_system *system, const char *path, int fd, double wait_seconds,
                          sv_error *error)
{
    char *journal_path = sv_journal_path(path);
    if (journal_path == NULL) {
        return errno == ENOMEM ? sv_fail_memory(error, strlen(path))
                               : sv_fail_errno(error, "its journal cannot be named");
    }
    int failure = sv_lock_change(system, fd, SV_NO_LOCK, SV_SHARED_LOCK, wait_seconds, NULL);
    sv_status status = failure == EAGAIN ? sv_busy(system, journal_path, error)
                                         : look(system, path, journal_path, error);
    sv_free(journal_path);
    if (status != SV_OK && failure == 0) {
        sv_lock_change(system, fd, SV_SHARED_LOCK, SV_NO_LOCK, 0.0, NULL);
    }
    return status;
}
