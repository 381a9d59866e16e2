/* What a reader must know of a journal. */
#ifndef SV_JOURNAL_HOT_H
#define SV_JOURNAL_HOT_H

#include "base/error.h"
#include "journal/lock.h"

/* For a reader that has opened the recording `path` as `fd`: takes SHARED, at once
 * or after up to `wait_seconds`, looks at the journal
 * beside it, and keeps the lock until the file is closed. On file systems without locks it goes on
 * without.
 * SV_BUSY: an editor is at work; SV_INTERRUPTED: an edit was interrupted, or the journal cannot be
 * read; SV_NOMEM. On failure no lock is held. */
sv_status sv_reader_enter(const sv_system *system, const char *path, int fd, double wait_seconds,
                          sv_error *error);

/* What a reader says of an edit of `path` that was interrupted: SV_INTERRUPTED. */
sv_status sv_interrupted(const char *path, sv_error *error);

/* Says who holds the lock that is in the way, as far as the journal tells. SV_BUSY; SV_NOMEM. */
sv_status sv_busy(const sv_system *system, const char *journal_path, sv_error *error);

#endif
