/* The inner side of edits: a recording that is open for editing, and its transactions.
 *
 *   editor.c        opening, locks, the journal beside it
 *   transaction.c   a transaction's memory, and its BEGN, written or read back
 *   stage.c         windows staged in batches, journaled, stored, committed; or tried alone
 *   wind.c          a window's record: written, read back, its new bytes computed again
 *   recover.c       what an interrupted transaction left, proved and carried back or on
 *   undo.c          undo and redo
 *   history.c       the log, from the newest transaction backwards; forgetting
 *
 * Nothing here knows of formats: samples are runs of bytes in a file (part.h). */
#ifndef SV_EDIT_EDITOR_H
#define SV_EDIT_EDITOR_H

#include <signal.h>

#include "base/error.h"
#include "edit/part.h"
#include "edit/samples.h"
#include "journal/journal.h"
#include "journal/lock.h"

enum {
    SV_MAX_WINDOW_BYTES = 1 << 20, /* that a journal may say */
    SV_WINDOW_BYTES = 1 << 18,     /* what is taken */
    SV_BATCH_WINDOWS = 32          /* 8 MiB between two syncs of the journal */
};

typedef struct sv_editor_options {
    const sv_system *system;
    const sv_work *const *works;
    int64_t window_bytes;
    int64_t batch_windows;
    bool works_ahead; /* a thread computes the next batch while one is written */
    double wait_seconds;
    bool allow_remote;
    bool only_looks;         /* nothing is repaired; an interrupted edit is SV_INTERRUPTED */
    const char *user, *host; /* for the log */
    const volatile sig_atomic_t *cancel;                                      /* may be NULL */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes); /* may be NULL */
    void *progress_context;
} sv_editor_options;

extern const sv_editor_options sv_editor_defaults;

typedef struct sv_editor {
    sv_editor_options options;
    const sv_system *system;
    char *journal_path;
    int fd; /* the recording */
    sv_identity recording;
    sv_lock_level level;
    sv_stretch stretch; /* of the recording, while something is stored */
    sv_journal journal;
    bool has_journal;
    bool was_set_aside; /* a journal of another file was renamed */
    bool was_walked;    /* recovery has looked at all of the journal */
} sv_editor;

/* What recovery found and did. */
typedef enum sv_recovery {
    SV_NOTHING_HOT,
    SV_CARRIED_BACK,
    SV_CARRIED_ON /* to COMMIT */
} sv_recovery;

/* ---- editor.c ---------------------------------------------------------------------------- */

/* Opens `path` for editing and takes RESERVED; an interrupted edit is recovered first. */
sv_status sv_editor_open(const char *path, const sv_editor_options *options, sv_editor *editor,
                         sv_recovery *recovery, sv_error *error);

/* For the log alone: as a reader, with SHARED. SV_INTERRUPTED, SV_BUSY. */
sv_status sv_editor_open_to_read(const char *path, const sv_editor_options *options,
                                 sv_editor *editor, sv_error *error);
void sv_editor_close(sv_editor *editor);

/* From the first byte that is appended to the journal until all is durable. SV_BUSY. */
sv_status sv_editor_exclude(sv_editor *editor, sv_error *error);
void sv_editor_readmit(sv_editor *editor);

/* Makes a journal where there is none, and an empty one durable. */
sv_status sv_editor_need_journal(sv_editor *editor, sv_error *error);

/* Stores items into the recording, and ends with that. SV_TRUNCATED, SV_IO. */
sv_status sv_editor_store(sv_editor *editor, const sv_run *run, const void *items, sv_error *error);
sv_status sv_editor_stop_storing(sv_editor *editor, sv_error *error);

/* Makes what was stored durable; a failure poisons the editor. */
sv_status sv_editor_sync_data(sv_editor *editor, sv_error *error);

/* After a failed sync nothing is promised any more, and nothing is done. */
bool sv_editor_is_poisoned(const sv_editor *editor);

int64_t sv_time_now(void);

/* ---- transaction.c ----------------------------------------------------------------------- */

/* A window that was computed: its record, all but the head, and its new items. */
typedef struct sv_staged {
    sv_record record;
    unsigned char *bytes; /* of the record */
    const unsigned char *after;
} sv_staged;

/* Windows that are journaled, and stored, together. */
typedef struct sv_batch {
    unsigned char *records, *after;
    sv_staged *staged;
    int64_t num_staged;
    size_t record_bytes, after_bytes; /* that are used */
} sv_batch;

typedef struct sv_transaction {
    sv_editor *editor;
    sv_record begn;
    unsigned char *begn_bytes; /* the whole record: the parts' parameters lie in it */
    sv_part *parts;
    void **states; /* of the parts' works; NULL: not known or not opened */
    int64_t num_windows;
    int64_t batch_windows;
    bool keeps;       /* before-images: undo=keep */
    bool only_before; /* nobody asks for new items of windows that are read back */

    /* Memory for one window: its record (the body: items before, items after, context), and its
     * items in other states. */
    unsigned char *record, *before, *after_of_one, *found, *scratch;

    /* While one batch is journaled and stored, the next is computed into the other. */
    sv_batch batches[2];
    int now;             /* the one that is filled, or in flight */
    size_t record_room;  /* of each, in bytes */
    int64_t next_window; /* that is computed */
    uint64_t batch;      /* number of the next that is journaled */
    sv_tally tally;
    int slot; /* undo=none: the one that is written next, how far, after which head */
    int64_t slot_at;
    uint64_t slot_crc;
    int64_t reserved_to; /* of the journal */
    int windows_not_packed;
    int64_t done_bytes, all_bytes; /* of the parts' samples */

    /* The row whose contexts are being taken. */
    sv_row walk_row;
    uint32_t walk_part;
    void *walk;
} sv_transaction;

/* Appends BEGN; nothing of it is durable yet. Parts must be checked and must not overlap. */
sv_status sv_transaction_begin(sv_editor *editor, const sv_part *parts, uint32_t num_parts,
                               bool keeps, const char *words, sv_transaction *transaction,
                               sv_error *error);

/* The same without the journal: a transaction that can only be rehearsed. */
sv_status sv_transaction_prepare(sv_editor *editor, const sv_part *parts, uint32_t num_parts,
                                 bool keeps, const char *words, sv_transaction *transaction,
                                 sv_error *error);

/* What beginning it reserves. SV_OVERFLOW. */
sv_status sv_transaction_journal_bytes(const sv_transaction *transaction, int64_t *num_bytes,
                                       sv_error *error);

/* The same of a BEGN that is in the journal. *is_whole false: its body is not; the transaction then
 * has no parts. */
sv_status sv_transaction_load(sv_editor *editor, int64_t begn_at, sv_transaction *transaction,
                              bool *is_whole, sv_error *error);
void sv_transaction_close(sv_transaction *transaction);

/* For stage.c: the memory of batches; the room that a window's record may need; the end of a row
 * whose contexts were taken. */
sv_status sv_transaction_open_batches(sv_transaction *transaction, int64_t windows,
                                      sv_error *error);
int64_t sv_transaction_largest_record(const sv_transaction *transaction);
void sv_transaction_close_walk(sv_transaction *transaction);

/* ---- stage.c ----------------------------------------------------------------------------- */

/* A window's new items, packed. */
typedef sv_status sv_spectator(void *context, uint32_t part, const sv_place *place,
                               const void *after, sv_error *error);

/* Computes all windows of a prepared one, for `see` (may be NULL) and the tally alone. */
sv_status sv_transaction_rehearse(sv_transaction *transaction, sv_spectator *see, void *context,
                                  sv_error *error);

/* Says that a window more is through; whether somebody asks to stop. */
void sv_transaction_tell(sv_transaction *transaction, const sv_run *run);
bool sv_transaction_is_stopped(const sv_transaction *transaction);

/* Makes a loaded one, with undo=none, go on behind a window of a slot. */
sv_status sv_transaction_resume(sv_transaction *transaction, const sv_record *last, int slot,
                                sv_error *error);

/* Journals and stores all windows that are left, batch by batch. SV_CANCELLED: it was told to stop,
 * where it can be carried back. */
sv_status sv_transaction_run(sv_transaction *transaction, sv_error *error);

/* The same for samples of the caller's; the run is no longer than a window, nor wider. */
sv_status sv_transaction_supply(sv_transaction *transaction, const sv_run *run, sv_dtype dtype,
                                const void *items, sv_error *error);

/* Stores what is staged, makes all durable, and says so. */
sv_status sv_transaction_commit(sv_transaction *transaction, sv_error *error);

/* ---- wind.c ------------------------------------------------------------------------------ */

/* A window that was read back. */
typedef struct sv_images {
    sv_record record;
    const unsigned char *before; /* items */
    const unsigned char *after;  /* items, NULL: this build cannot compute those of the edit, or
                                  * nobody asked for them */
    const unsigned char *context;
} sv_images;

/* Goes through a transaction's WINDs by their heads. */
typedef struct sv_winds {
    const sv_transaction *transaction;
    int64_t at, past;
    uint64_t crc;
} sv_winds;

/* slot −1: those behind BEGN; 0, 1: those of a slot. */
sv_winds sv_winds_of(const sv_transaction *transaction, int slot);
sv_status sv_winds_next(sv_winds *winds, sv_record *record, bool *found, sv_error *error);

/* Behind the last window of a committed transaction comes its MARK: none is missing. SV_CONFLICT.
 */
sv_status sv_winds_check_end(const sv_winds *winds, sv_error *error);

/* The record that holds `items_bytes` of old items in `bytes` + the head's size, new ones behind
 * them (`after_bytes`, may be 0), and the context behind those: packs the old ones where that pays,
 * and closes the body. */
void sv_wind_close(sv_transaction *transaction, sv_record *record, unsigned char *bytes,
                   size_t items_bytes);

/* Journals it: behind the last record, or in the slot. */
sv_status sv_wind_write(sv_transaction *transaction, sv_record *record, unsigned char *bytes,
                        sv_error *error);

/* Reads the body and computes the new items again. *is_whole false: the body has another CRC. */
sv_status sv_wind_load(sv_transaction *transaction, const sv_record *record, sv_images *images,
                       bool *is_whole, sv_error *error);

/* The same where it must be whole: SV_CONFLICT. */
sv_status sv_wind_need(sv_transaction *transaction, const sv_record *record, sv_images *images,
                       sv_error *error);

/* Gives up to `num_windows` of the windows of a slot (as sv_winds_of()) to `take`, in their order;
 * INT64_MAX: all of a committed transaction. The tally is that of the last one. */
typedef sv_status sv_wind_taker(sv_transaction *transaction, const sv_images *images, int errand,
                                sv_error *error);
sv_status sv_winds_each(sv_transaction *transaction, int slot, int64_t num_windows,
                        sv_wind_taker *take, int errand, sv_error *error);

/* The CRC of what the file holds of the windows of a batch, the first of them number `first`; 0:
 * there are none. */
sv_status sv_winds_crc_of_batch(sv_transaction *transaction, int64_t first, uint64_t *crc,
                                sv_error *error);

/* Where a window of the parts lies. */
void sv_wind_find(const sv_transaction *transaction, int64_t number, uint32_t *part, sv_row *row,
                  sv_place *place, sv_run *run);

/* ---- recover.c --------------------------------------------------------------------------- */

/* Proves and repairs what an interrupted edit left, unless opening did. Holds EXCLUSIVE meanwhile.
 * SV_CONFLICT. */
sv_status sv_editor_recover(sv_editor *editor, sv_recovery *recovery, sv_error *error);

/* Stores the before-images of all windows, durably, and says so: BACK, or a cut where the
 * transaction was never committed. */
sv_status sv_transaction_carry_back(sv_transaction *transaction, bool was_committed,
                                    sv_error *error);

/* ---- undo.c, history.c ------------------------------------------------------------------- */

/* A transaction as the journal's MARKs tell it. */
typedef struct sv_entry {
    sv_record begn;
    sv_mark mark;    /* the newest of it */
    uint64_t newest; /* the number of the newest transaction at that time */
    bool is_dead;    /* undone, and edited since: it can no longer be redone */
} sv_entry;

/* Calls `take` for each transaction, the newest first, until it answers false. Nothing is hot. */
sv_status sv_history(const sv_editor *editor, bool (*take)(void *context, const sv_entry *entry),
                     void *context, sv_error *error);

/* Undoes the newest transaction that is not; redoes the one undone last. *number is its own.
 * SV_NOTFOUND: there is none; SV_UNSUPPORTED: its before-images were not kept; SV_CONFLICT. */
sv_status sv_editor_undo(sv_editor *editor, uint64_t *number, sv_error *error);
sv_status sv_editor_redo(sv_editor *editor, uint64_t *number, sv_error *error);

/* Drops what undo needs of all transactions but the newest. The numbers go on. */
sv_status sv_editor_forget(sv_editor *editor, int64_t num_kept, sv_error *error);

#endif
