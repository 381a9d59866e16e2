/* Edits: changes of samples in place that happen wholly or not at all, and can be undone.
 *
 * Whatever stops an edit (a kill, a power loss, a full disk, an I/O error), the recording is as it
 * was or as the edit leaves it, never a mixture; an edit that sv_edit_commit() has acknowledged
 * survives all of these; and nothing is written over bytes that the edit did not expect to find.
 * What it takes stands in a journal beside the recording, FILE.svj (doc/journal.md), which undo
 * reads, too.
 *
 *   sv_edit *edit;
 *   sv_edit_effect effect;
 *   sv_scan_range range = {0, NULL, 3, 0, 12000};        segment 0, three rows, 12000 samples each
 *   sv_operation operations[2];
 *   sv_operation_parse("demean", NULL, &operations[0], &error);
 *   sv_operation_parse("gain", "2.5e-9", &operations[1], &error);
 *   sv_edit_begin("quake.bin", NULL, NULL, &edit, &error);
 *   sv_edit_apply(edit, &range, operations, 2, &error);
 *   sv_edit_commit(edit, &effect, &error);                       or sv_edit_rollback(edit, &error)
 *
 * Programs that compute their own samples give them as a view to sv_edit_write().
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
 * nothing was touched; SV_INTERRUPTED: this edit could not be carried back, since a sync failed
 * (what was written last may be lost without a word), or there was no memory for it: nothing more
 * is done; sv_edit_verify() will.
 */
#ifndef SEISVIEW_EDIT_H
#define SEISVIEW_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/operation.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
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
    bool undo_none;      /* keep nothing for undo: the journal stays small, and an edit that was
                            interrupted is carried on to its end */
    bool only_looks;     /* sv_edit_preview() alone: nothing is changed, nor repaired */
    const char *words;   /* for the log: what the edit does; NULL: nothing */
    /* Is told in a sentence what else is done: an older edit repaired, a checksum removed. May be
     * NULL. */
    void (*note)(void *context, const char *sentence);
    void *note_context;
    /* Threads and I/O of what is measured; who is told of progress, from 0 for each pass over the
     * samples; and what stops the edit: SV_CANCELLED, and it is carried back, but for one with
     * undo_none that has begun to store. */
    sv_scan_options scan;
} sv_edit_options;

#define SV_EDIT_OPTIONS_INIT                                                                       \
    {                                                                                              \
        0.0, false, false, false, NULL, NULL, NULL, SV_SCAN_OPTIONS_INIT                           \
    }

/* What an edit did, or would do. */
typedef struct sv_edit_effect {
    uint64_t number;       /* the transaction's, from 1; 0: there is none */
    int64_t num_samples;   /* that operations were applied to */
    int64_t num_changed;   /* with other bytes than before */
    int64_t num_saturated; /* beyond their type: the nearest value of an integer or IBM type,
                              infinite in float32 and float64 where it was not before */
    double largest_change; /* of those that were numbers before and after */
    int64_t journal_bytes; /* at most, that the journal grows by */
    int64_t free_bytes;    /* sv_edit_preview(): on its file system, for this user */
} sv_edit_effect;

/* ---- an edit ----------------------------------------------------------------------------- */

/* Opens `path` as sv_recording_open() does, for editing. An edit of it that was interrupted is
 * carried back, or on, first (with only_looks it is SV_INTERRUPTED). Both options may be NULL.
 * Statuses of sv_recording_open(), too. */
SV_API sv_status sv_edit_begin(const char *path, const sv_open_options *open_options,
                               const sv_edit_options *options, sv_edit **edit, sv_error *error);

/* The recording, as it is on the way: what was written is stored batch by batch. It belongs to the
 * edit, and so do the views of it. */
SV_API sv_recording *sv_edit_recording(const sv_edit *edit);

/* Applies `count` operations, in their order, to the samples of `range`, once the edit is
 * committed; means and trends are measured now, per row of the segment. Samples may be in one
 * range alone, and ranges come before what is written. SV_UNSUPPORTED: the samples are encoded, or
 * of a format that is not edited; SV_INVALID, SV_RANGE: the operations make no sense for these
 * samples; statuses of sv_scan(). */
SV_API sv_status sv_edit_apply(sv_edit *edit, const sv_scan_range *range,
                               const sv_operation *operations, int count, sv_error *error);

/* What committing would do now, computed sample by sample; nothing is changed. SV_RANGE: a sample
 * would become NaN in a type that has none; SV_CANCELLED. */
SV_API sv_status sv_edit_preview(sv_edit *edit, sv_edit_effect *effect, sv_error *error);

/* where[...] = samples: `where` is a view of the recording's buffer with one or two axes, `samples`
 * one of anything else, with the same shape and dtype. It is journaled and stored in batches of a
 * few megabytes; memory stays bounded, whatever the shape. A sample is written once in an edit.
 * What a header states of the samples (SAC's depmin, the peaks of sound) is the caller's then.
 * SV_SHAPE, SV_DTYPE, SV_STALE; SV_INVALID: `where` is not of this recording, overlaps itself or
 * what was written before, or there are more than 4096 separate pieces; SV_UNSUPPORTED: with
 * undo_none, since nobody could compute these samples again; SV_TRUNCATED: the recording was cut.
 * On failure the edit can only be rolled back. */
SV_API sv_status sv_edit_write(sv_edit *edit, const sv_view *where, const sv_view *samples,
                               sv_error *error);

/* Makes everything durable, and ends the edit, which is freed. `effect` may be NULL. SV_RANGE as
 * sv_edit_preview(). On failure everything was carried back, unless the status is
 * SV_INTERRUPTED. */
SV_API sv_status sv_edit_commit(sv_edit *edit, sv_edit_effect *effect, sv_error *error);

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
    int64_t first, last, num_channels; /* operations: samples [first, last) of so many channels; −1:
                                          it was given its samples, or different ones of each */
    int64_t num_changed;               /* samples with other bytes than before */
    int64_t num_saturated;
    double largest_change; /* of samples that were numbers before and after */
    const char *words, *user, *host;
    int64_t pid;
} sv_log_entry;

/* Calls `take` for each transaction, the newest first, until it answers false. This is a reader's
 * work: the recording need not be writable. SV_INTERRUPTED: an edit was interrupted, and is to be
 * verified first. */
SV_API sv_status sv_edit_log(const char *path, const sv_edit_options *options,
                             bool (*take)(void *context, const sv_log_entry *entry), void *context,
                             sv_error *error);

/* Drops what undo needs of all transactions but the newest `num_kept`, and frees the disk. Their
 * numbers are not used again. */
SV_API sv_status sv_edit_forget(const char *path, const sv_edit_options *options, int64_t num_kept,
                                sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
