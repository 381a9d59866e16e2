/* Who may read a recording and who may change it, as SQLite has it: locks on three bytes far past
 * the end of the file.
 *
 *   SHARED     readers read-lock it while the recording is open; an editor that stores write-locks
 *              it: no reader ever sees a mixture
 *   RESERVED   an editor write-locks it from the beginning: there is only one; readers are welcome
 *   PENDING    an editor that waits for readers write-locks it, and readers touch it on their way
 *              in: so the last reader leaves some time
 *
 * Whoever holds SHARED and finds an open transaction in the journal has found an interrupted one.
 * A lock outlives close() while a mapping of the file lives: unlock. */
#ifndef SV_JOURNAL_LOCK_H
#define SV_JOURNAL_LOCK_H

#include <signal.h>

#include "journal/system.h"

typedef enum sv_lock_level {
    SV_NO_LOCK,
    SV_SHARED_LOCK,   /* a reader */
    SV_RESERVED_LOCK, /* an editor that reads */
    SV_EXCLUSIVE_LOCK /* an editor that stores */
} sv_lock_level;

/* Goes from one level to another, at once or after up to `wait_seconds`, as long as
 * *cancel is 0 (may be NULL). 0, or an errno: EAGAIN
 * somebody else's lock is in the way, ENOLCK or ENOSYS there are no locks here. On failure the
 * level is what it was. */
int sv_lock_change(const sv_system *system, int fd, sv_lock_level from, sv_lock_level to,
                   double wait_seconds, const volatile sig_atomic_t *cancel);

#endif
