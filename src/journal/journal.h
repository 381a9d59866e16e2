/* The journal as a file: found, looked at, walked, appended to, cut.
 *
 * What a journal's end can be, and what follows from it:
 *
 *   last record             the transaction it is of         recovery
 *   ----------------------  -------------------------------  -------------------------------------
 *   none (header alone)     –                                –
 *   MARK COMMIT             done                             –
 *   MARK BACK               undone                           –
 *   BEGN, WIND              hot, never committed             back and cut; undo=none: on to COMMIT
 *   MARK UNDO, MARK REDO    hot, had been committed          back, then MARK BACK
 *
 * Invariants:
 *   1. At most one transaction is hot, and it is that of the last record.
 *   2. A record is appended only behind a journal that ends in the header, COMMIT or BACK, or
 *      behind another record of the same transaction.
 *   3. Every byte of the recording that may differ from what it was before a hot transaction lies
 *      in one of its windows, whose WIND was durable before.
 *   4. A transaction whose last MARK is COMMIT or BACK is durable in the recording.
 *   5. The file ends where its last record does, unless it was interrupted: then the last sector
 *      is no sealed COMMIT or BACK, and a walk over the heads tells what it was. */
#ifndef SV_JOURNAL_JOURNAL_H
#define SV_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "journal/layout.h"

typedef struct sv_journal {
    const sv_system *system;
    char *path;
    int fd;
    sv_journal_header header;
    uint64_t header_crc;

    /* Set by a look or a walk, kept by what is appended. */
    int64_t end;       /* where the next record goes */
    uint64_t crc;      /* of the last head, or of the header */
    uint64_t number;   /* of the newest transaction begun */
    sv_record last;    /* the last record; `at` 0: none */
    int64_t begn_at;   /* the BEGN of the transaction that the last record is of */
    int64_t mark_at;   /* the newest MARK, 0: none */
    int64_t unsure_at; /* a MARK that was believed at a look: it may not be on the disk */
    bool is_poisoned;  /* a sync failed: nothing more can be promised */
} sv_journal;

/* "quake.bin.svj" for "quake.bin", beside the file that a symbolic link leads to. NULL: no memory,
 * or no such file, with errno. To be freed. */
char *sv_journal_path(const char *recording_path);

/* Opens the journal at `path`, for reading alone or for editing, and reads its header. On failure
 * nothing is open, and fd is −1.
 * SV_NOTFOUND: there is none; SV_CONFLICT: it is none, or damaged; SV_IO, SV_NOMEM. */
sv_status sv_journal_open(const sv_system *system, const char *path, bool to_edit,
                          sv_journal *journal, sv_error *error);

/* Makes a new one that is durable, under its temporary name first; an older one is replaced. The
 * transactions go on behind `last_number`. */
sv_status sv_journal_create(const sv_system *system, const char *path, const sv_identity *recording,
                            uint64_t last_number, sv_journal *journal, sv_error *error);

/* In two steps, for a journal that is filled before it takes the place of the older one. */
sv_status sv_journal_prepare(const sv_system *system, const char *path,
                             const sv_identity *recording, uint64_t last_number,
                             sv_journal *journal, sv_error *error);
sv_status sv_journal_install(sv_journal *journal, sv_error *error);

/* Instead of installing it: closes it, and it is gone. */
void sv_journal_abandon(sv_journal *journal);

/* Whether a journal can be made at `path`; SV_IO: its directory does not let this user write. */
sv_status sv_journal_check_place(const char *path, sv_error *error);

void sv_journal_close(sv_journal *journal);

/* Whether it is the journal of this file. */
bool sv_journal_is_of(const sv_journal *journal, const sv_identity *recording);

/* One look at the last bytes: true if they say that nothing is hot, and the state is set. False
 * tells nothing: walk. */
sv_status sv_journal_look(sv_journal *journal, bool *is_clean, sv_error *error);

/* The state of an empty journal. */
void sv_journal_rewind(sv_journal *journal);

/* Over all heads, up to the first that is not valid; sets the state. Slots of a transaction with
 * undo=none are passed over. */
sv_status sv_journal_walk(sv_journal *journal, sv_error *error);

/* Whether the last record leaves a transaction hot. */
bool sv_journal_is_hot(const sv_journal *journal);

/* The head at `at`; *is_valid false where there is none. seed NULL: a MARK, by its seal. */
sv_status sv_journal_read_head(const sv_journal *journal, int64_t at, const uint64_t *seed,
                               sv_record *record, bool *is_valid, sv_error *error);

/* SV_CONFLICT, with the sentence. */
sv_status sv_journal_damaged(sv_error *error, int64_t at);

/* The BEGN that a MARK names. SV_CONFLICT: there is none. */
sv_status sv_journal_read_begn(const sv_journal *journal, int64_t at, sv_record *begn,
                               sv_error *error);

/* The body, of record->body_bytes; *is_whole false where it has another CRC than the head says. */
sv_status sv_journal_read_body(const sv_journal *journal, const sv_record *record, void *body,
                               bool *is_whole, sv_error *error);

/* `bytes` is room for all of a record, sv_record_bytes(), with the body behind the place of the
 * head: its CRC, and zeros behind it. Any thread may do this. */
void sv_journal_close_body(sv_record *record, unsigned char *bytes);

/* Writes `record`, whose body was closed, at record->at. Sets the CRCs and `end`. */
sv_status sv_journal_write(sv_journal *journal, sv_record *record, uint64_t seed,
                           unsigned char *bytes, sv_error *error);

/* Appends it, and makes it the last. */
sv_status sv_journal_append(sv_journal *journal, sv_record *record, unsigned char *bytes,
                            sv_error *error);

/* Appends what became of the transaction of `begn`. Not synced. */
sv_status sv_journal_mark(sv_journal *journal, const sv_record *begn, sv_outcome outcome,
                          const sv_tally *tally, int64_t time, sv_error *error);

/* Where the records of a transaction go on behind its BEGN. */
int64_t sv_journal_behind(const sv_record *begn);

/* Makes what was written durable. A failure poisons the journal. */
sv_status sv_journal_sync(sv_journal *journal, sv_error *error);
sv_status sv_journal_sync_directory(sv_journal *journal, sv_error *error);

/* Writes bytes of the journal as they are once more: their sync may have failed, and another would
 * say that all is well. */
sv_status sv_journal_write_again(sv_journal *journal, int64_t from, int64_t to, sv_error *error);

/* Overwrites the head at `at` with zeros, durably: from there on nothing is believed. The head
 * alone: should it stay after all, it must find its body whole. */
sv_status sv_journal_clear(sv_journal *journal, int64_t at, sv_error *error);

/* Ends the file at `end`, durably. Does nothing where it ends there. */
sv_status sv_journal_cut(sv_journal *journal, int64_t end, sv_error *error);

/* Reserves space behind the end without moving it. SV_IO with ENOSPC: there is none, and `instead`
 * ends the sentence. */
sv_status sv_journal_reserve(sv_journal *journal, int64_t num_bytes, const char *instead,
                             sv_error *error);

#endif
