/* Edits: changes of samples in place that happen wholly or not at all, and can be undone.
 *
 * Whatever stops an edit (a kill, a power loss, a full disk, an I/O error), the recording is as it
 * was or as the edit leaves it, never a mixture; an edit that sv_edit_commit() has acknowledged
 * survives all of these; and nothing is written over bytes that the edit did not expect to find.
 * What it takes stands in a journal beside the recording, FILE.svj (doc/journal.md), which undo
 * reads, too.
 *
 *   sv_edit *edit;
 *   uint64_t number;
 *   sv_segment segment;
 *   sv_view first;
 *   sv_edit_begin("quake.bin", NULL, NULL, &edit, &error);
 *   sv_recording_segment(sv_edit_recording(edit), 0, &segment);
 *   sv_view_slice(&segment.samples, 1, 0, 1000, 1, &first, &error);
 *   … work out 1000 new samples of each channel, of the same type, as a view `samples` …
 *   sv_edit_write(edit, &first, &samples, &error);
 *   sv_edit_commit(edit, &number, &error);                       or sv_edit_rollback(edit, &error)
 *
 * Locks. There is one editor at a time; readers are welcome until the first sample is written, and
 * shut out from there until the edit is durable. A recording that is open elsewhere in the same
 * program is a reader like any other. Nothing waits unless the options say so.
 *
 * Threads: an edit is one thread's. Whoever wants truncation by others to be an error and not a
 * signal calls sv_guard_install() (guard.h).
 *
 * Statuses of all functions here, beside those they name: SV_IO; SV_NOMEM; SV_BUSY: somebody edits
 * or reads the recording; SV_UNSUPPORTED: it is no regular file, has other names (hard links), or
 * lies on a network file system; SV_CONFLICT: it, or its journal, is not as an edit left it:
 * nothing was touched; SV_INTERRUPTED: this edit could not be carried back, since a sync failed:
 * what was written last may be lost without a word, so nothing more is done; sv_edit_verify() will.
 */
#ifndef SEISVIEW_EDIT_H
#define SEISVIEW_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/status.h"
#include "seisview/time.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_edit sv_edit;

typedef struct sv_edit_options {
    double wait_seconds; /* for other editors and for readers */
    bool allow_remote;   /* network file systems, whose locks and syncs may not hold */
    const char *words;   /* for the log: what the edit does; NULL: nothing */
} sv_edit_options;

#define SV_EDIT_OPTIONS_INIT                                                                       \
    {                                                                                              \
        0.0, false, NULL                                                                           \
    }

/* ---- an edit ----------------------------------------------------------------------------- */

/* Opens `path` as sv_recording_open() does, for editing. An edit of it that was interrupted is
 * carried back, or on, first. Both options may be NULL. Statuses of sv_recording_open(), too. */
SV_API sv_status sv_edit_begin(const char *path, const sv_open_options *open_options,
                               const sv_edit_options *options, sv_edit **edit, sv_error *error);

/* The recording, as it is on the way: what was written is stored batch by batch. It belongs to the
 * edit, and so do the views of it. */
SV_API sv_recording *sv_edit_recording(const sv_edit *edit);

/* where[...] = samples: `where` is a view of the recording's buffer with one or two axes, `samples`
 * one of anything else, with the same shape and dtype. It is journaled and stored in batches of a
 * few megabytes; memory stays bounded, whatever the shape. A sample is written once in an edit.
 * SV_SHAPE, SV_DTYPE, SV_STALE; SV_INVALID: `where` is not of this recording, overlaps itself or
 * what was written before, or there are more than 4096 separate pieces; SV_TRUNCATED: the recording
 * was cut. On failure the edit can only be rolled back. */
SV_API sv_status sv_edit_write(sv_edit *edit, const sv_view *where, const sv_view *samples,
                               sv_error *error);

/* Makes everything durable, and ends the edit, which is freed. *number, from 1, is the
 * transaction's; 0 where nothing was written. On failure everything was carried back, unless the
 * status is SV_INTERRUPTED. */
SV_API sv_status sv_edit_commit(sv_edit *edit, uint64_t *number, sv_error *error);

/* Carries back what was stored, and ends the edit, which is freed. NULL is SV_OK. */
SV_API sv_status sv_edit_rollback(sv_edit *edit, sv_error *error);

/* ---- afterwards -------------------------------------------------------------------------- */

/* Undoes the newest transaction that is not undone; does again the one that was undone last, unless
 * the recording was edited since. *number is its own. The samples must be those that the edit, or
 * undoing it, left: SV_CONFLICT, and nothing is done. SV_NOTFOUND: there is none; SV_UNSUPPORTED:
 * what it overwrote was not kept. `options` may be NULL. */
SV_API sv_status sv_edit_undo(const char *path, const sv_edit_options *options, uint64_t *number,
                              sv_error *error);
SV_API sv_status sv_edit_redo(const char *path, const sv_edit_options *options, uint64_t *number,
                              sv_error *error);

typedef enum sv_verified {
    SV_VERIFIED_CLEAN, /* nothing was interrupted, or there is no journal */
    SV_VERIFIED_BACK,  /* an interrupted edit was carried back */
    SV_VERIFIED_ON     /* one that kept no before-images was carried on to its end */
} sv_verified;

/* Finishes or carries back an interrupted edit, and touches nothing that it cannot prove to be that
 * edit's. */
SV_API sv_status sv_edit_verify(const char *path, const sv_edit_options *options,
                                sv_verified *verified, sv_error *error);

/* A transaction, valid during the call that it is given to. */
typedef struct sv_log_entry {
    uint64_t number;
    sv_time begun, done; /* `done`: when it was committed, or undone */
    bool is_undone, can_be_undone, can_be_redone;
    int64_t num_changed;   /* samples with other bytes than before */
    double largest_change; /* of samples that were numbers before and after */
    const char *words, *user, *host;
    int64_t pid;
} sv_log_entry;

/* Calls `take` for each transaction, the newest first, until it answers false. */
SV_API sv_status sv_edit_log(const char *path, const sv_edit_options *options,
                             bool (*take)(void *context, const sv_log_entry *entry), void *context,
                             sv_error *error);

/* Drops what undo needs of all transactions, and frees the disk. Their numbers are not used
 * again. */
SV_API sv_status sv_edit_forget(const char *path, const sv_edit_options *options, sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
