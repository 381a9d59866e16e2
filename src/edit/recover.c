/* What an interrupted transaction left: proved, then carried back, or on with undo=none. */
#include <inttypes.h>
#include <string.h>

#include "edit/editor.h"
#include "edit/samples.h"
#include "journal/rules.h"

/* ---- which windows there are ------------------------------------------------------------- */

/* The last record of the hot transaction and where the journal ends, while its bodies are looked
 * at. */
struct survey {
    int64_t num_windows; /* that are whole */
    sv_record last;      /* of them */
    bool is_cut;         /* a body was not whole */
    uint64_t cut_batch;
};

static sv_status damaged(sv_error *error, int64_t at)
{
    return sv_fail(error, SV_CONFLICT,
                   "its journal is damaged at byte %" PRId64
                   ", in what was durable; to keep the recording as it is, move the journal away",
                   at);
}

/* Whole bodies up to the first that is not. It may be of the batch in flight, of which a power loss
 * leaves anything; but not of one that a later one followed. */
static sv_status survey_run(sv_transaction *transaction, int slot, bool begn_is_whole,
                            struct survey *found, sv_error *error)
{
    sv_winds winds = sv_winds_of(transaction, slot);
    sv_record record;
    bool is_there;
    *found = (struct survey){.is_cut = !begn_is_whole};
    for (;;) {
        sv_status status = sv_winds_next(&winds, &record, &is_there, error);
        if (status != SV_OK || !is_there) {
            return status;
        }
        if (found->is_cut && record.is.wind.batch > found->cut_batch) {
            return damaged(error, record.at);
        }
        sv_images images;
        bool is_whole = false;
        if (!found->is_cut) {
            status = sv_wind_load(transaction, &record, &images, &is_whole, error);
        }
        if (status != SV_OK) {
            return status;
        }
        if (is_whole) {
            found->last = record;
            found->num_windows++;
        } else if (!found->is_cut) {
            found->is_cut = true;
            found->cut_batch = record.is.wind.batch;
        }
    }
}

/* What recovery works with. */
struct hot {
    sv_transaction transaction;
    bool was_committed;
    int slot;            /* undo=none: the one in flight, −1: none */
    int64_t num_windows; /* of those to be proved and stored */
    sv_record last;
};

/* Of a batch that is not whole nothing was stored, unless it was damaged since: check_next() tells.
 */
static bool is_whole_batch(const sv_transaction *transaction, const struct survey *found)
{
    return found->num_windows > 0 &&
           (found->num_windows >= transaction->batch_windows ||
            (int64_t)found->last.is.wind.window + 1 >= transaction->num_windows);
}

static sv_status survey_slots(struct hot *hot, bool begn_is_whole, sv_error *error)
{
    hot->slot = -1;
    for (int slot = 0; slot < 2; slot++) {
        struct survey found;
        sv_status status = survey_run(&hot->transaction, slot, begn_is_whole, &found, error);
        if (status != SV_OK) {
            return status;
        }
        if (is_whole_batch(&hot->transaction, &found) &&
            (hot->slot < 0 || found.last.is.wind.window > hot->last.is.wind.window)) {
            hot->slot = slot;
            hot->num_windows = found.num_windows;
            hot->last = found.last;
        }
    }
    return SV_OK;
}

/* The journal's end follows the last whole window of a transaction that was never committed. */
static sv_status survey_open(struct hot *hot, bool begn_is_whole, sv_error *error)
{
    sv_journal *journal = &hot->transaction.editor->journal;
    if (!hot->transaction.keeps) {
        return survey_slots(hot, begn_is_whole, error);
    }
    struct survey found;
    sv_status status = survey_run(&hot->transaction, -1, begn_is_whole, &found, error);
    if (status != SV_OK) {
        return status;
    }
    hot->num_windows = found.num_windows;
    hot->last = found.num_windows > 0 ? found.last : hot->transaction.begn;
    journal->last = hot->last;
    journal->crc = hot->last.crc;
    journal->end = hot->last.end;
    return SV_OK;
}

static sv_status open_hot(sv_editor *editor, struct hot *hot, sv_error *error)
{
    bool is_whole;
    sv_journal *journal = &editor->journal;
    *hot = (struct hot){.slot = -1, .was_committed = journal->last.kind == SV_MARK};
    sv_status status =
        sv_transaction_load(editor, journal->begn_at, &hot->transaction, &is_whole, error);
    if (status != SV_OK) {
        return status;
    }
    hot->num_windows = INT64_MAX;
    if (!hot->was_committed) {
        status = survey_open(hot, is_whole, error);
    } else if (!is_whole) {
        status = damaged(error, hot->transaction.begn.at);
    }
    if (status != SV_OK) {
        sv_transaction_close(&hot->transaction);
    }
    return status;
}

/* ---- the journal ------------------------------------------------------------------------- */

/* A sealed MARK in what a walk does not reach: it was appended to what was durable. */
static sv_status check_tail(const sv_journal *journal, sv_error *error)
{
    int64_t size_bytes = journal->system->size(journal->fd);
    sv_record mark;
    bool is_valid = false;
    if (size_bytes < 0) {
        return sv_fail_errno(error, "the journal can no longer be looked at");
    }
    sv_status status = SV_OK;
    for (int64_t at = journal->end; status == SV_OK && !is_valid && at < size_bytes;
         at += SV_SECTOR_BYTES) {
        status = sv_journal_read_head(journal, at, NULL, &mark, &is_valid, error);
    }
    return status == SV_OK && is_valid ? damaged(error, journal->end) : status;
}

static sv_status write_sector_again(sv_journal *journal, int64_t at, sv_error *error)
{
    return at != 0 ? sv_journal_write_again(journal, at, at + SV_SECTOR_BYTES, error) : SV_OK;
}

static sv_status write_slot_again(const struct hot *hot, sv_error *error)
{
    sv_journal *journal = &hot->transaction.editor->journal;
    int64_t from = sv_winds_of(&hot->transaction, hot->slot).at;
    return sv_journal_write_again(journal, from, hot->last.end, error);
}

/* What the walk believed may stand in clean pages and not on the disk: its sync may have failed. */
static sv_status make_believed_durable(sv_journal *journal, const struct hot *hot, sv_error *error)
{
    sv_status status = SV_OK;
    if (sv_holds(SV_RULE_LAST_RECORDS_WRITTEN_AGAIN)) {
        status = write_sector_again(journal, journal->last.at, error);
        if (status == SV_OK) {
            status = write_sector_again(journal, journal->mark_at, error);
        }
        if (status == SV_OK && hot != NULL && hot->slot >= 0) {
            status = write_slot_again(hot, error);
        }
    }
    if (status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_IN_RECOVERY)) {
        status = sv_journal_sync(journal, error);
    }
    if (status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_IN_RECOVERY)) {
        status = sv_journal_sync_directory(journal, error);
    }
    if (status == SV_OK && sv_holds(SV_RULE_TAIL_CUT)) {
        status = sv_journal_cut(journal, journal->end, error);
    }
    return status;
}

/* ---- the recording ----------------------------------------------------------------------- */

static sv_status conflict(sv_error *error, const sv_record *record, int64_t at)
{
    return sv_fail(error, SV_CONFLICT,
                   "another program has changed the sample at byte %" PRId64 ", in window %" PRIu64
                   " of an interrupted edit; to keep the recording as it is, move its journal away",
                   at, record->is.wind.window);
}

/* A recording that was cut is never grown back. */
static sv_status as_conflict(sv_status status, sv_error *error)
{
    if (status != SV_TRUNCATED) {
        return status;
    }
    if (error != NULL) {
        error->status = SV_CONFLICT;
    }
    return SV_CONFLICT;
}

/* Each cell of the window must be what it was or what the edit made of it. */
static sv_status prove(sv_transaction *transaction, const sv_images *images, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    const sv_wind *wind = &images->record.is.wind;
    sv_status status = sv_samples_read(editor->system, editor->fd, &wind->run, transaction->found,
                                       transaction->scratch, error);
    if (status != SV_OK || !sv_holds(SV_RULE_CONFLICT_CHECK)) {
        return as_conflict(status, error);
    }
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    int64_t at = wind->run.offset_bytes;
    if (images->after == NULL) {
        bool is_known =
            transaction->keeps && (memcmp(transaction->found, images->before, items) == 0 ||
                                   sv_crc(transaction->found, items, 0) == wind->after_crc);
        return is_known ? SV_OK
                        : sv_fail(error, SV_CONFLICT,
                                  "this build cannot prove window %" PRIu64 " at byte %" PRId64
                                  " of an interrupted edit; run verify with "
                                  "the one that made it, or, to keep the recording as it is, "
                                  "move its journal away",
                                  wind->window, at);
    }
    return sv_samples_are_ours(&wind->run, transaction->found, images->before, images->after, &at)
               ? SV_OK
               : conflict(error, &images->record, at);
}

/* Behind the batch that the slots know, nothing has been stored: a newer slot may have been lost.
 */
static sv_status check_next(struct hot *hot, sv_error *error)
{
    sv_transaction *transaction = &hot->transaction;
    const sv_wind *last = hot->slot >= 0 ? &hot->last.is.wind : NULL;
    int64_t first = last != NULL ? (int64_t)last->window + 1 : 0;
    uint64_t found, stated = last != NULL ? last->next_crc : transaction->begn.is.begn.next_crc;
    if (transaction->keeps || transaction->batch_windows == 0 ||
        !sv_holds(SV_RULE_NEXT_BATCH_AS_IT_WAS)) {
        return SV_OK;
    }
    sv_status status = sv_winds_crc_of_batch(transaction, first, &found, error);
    if (status == SV_OK && found != stated) {
        return sv_fail(error, SV_CONFLICT,
                       "the samples from window %" PRId64
                       " on of an interrupted edit are not as it "
                       "found them: its journal was damaged, or another program has changed them; "
                       "to keep the recording as it is, move its journal away",
                       first);
    }
    return as_conflict(status, error);
}

/* What is done with each of the windows. */
enum errand { PROVE, STORE_BEFORE, STORE_AFTER };

static sv_status run_errand(sv_transaction *transaction, const sv_images *images, int errand,
                            sv_error *error)
{
    const sv_wind *wind = &images->record.is.wind;
    if (errand == PROVE || (errand == STORE_BEFORE && !sv_holds(SV_RULE_ALL_PROVED_FIRST))) {
        sv_status status = prove(transaction, images, error);
        if (status != SV_OK || errand == PROVE) {
            return status;
        }
    }
    if (errand == STORE_BEFORE && !sv_holds(SV_RULE_STORED_EVEN_WHERE_RIGHT)) {
        sv_status status =
            sv_samples_read(transaction->editor->system, transaction->editor->fd, &wind->run,
                            transaction->found, transaction->scratch, error);
        size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
        if (status != SV_OK || memcmp(transaction->found, images->before, items) == 0) {
            return status;
        }
    }
    const unsigned char *items = errand == STORE_BEFORE ? images->before : images->after;
    if (items == NULL) {
        return conflict(error, &images->record, wind->run.offset_bytes);
    }
    return sv_editor_store(transaction->editor, &wind->run, items, error);
}

/* It never happened: the journal ends before it, as it did. BEGN goes first: while a file is cut, a
 * power loss may leave any part of what was there, and of a transaction with holes nobody could
 * tell whether it had been carried back. */
static sv_status cut_out(const sv_transaction *transaction, sv_error *error)
{
    sv_journal *journal = &transaction->editor->journal;
    int64_t begn_at = transaction->begn.at;
    bool is_clean;
    sv_status status = SV_OK;
    if (sv_holds(SV_RULE_BEGN_CLEARED_BEFORE_CUT)) {
        status = sv_journal_clear(journal, begn_at, error);
    }
    if (status == SV_OK) {
        status = sv_journal_cut(journal, begn_at, error);
    }
    sv_journal_rewind(journal);
    if (status == SV_OK) {
        status = sv_journal_look(journal, &is_clean, error);
    }
    return status;
}

static sv_status carry_back(sv_transaction *transaction, int64_t num_windows, bool was_committed,
                            sv_error *error)
{
    sv_editor *editor = transaction->editor;
    sv_status status = sv_winds_each(transaction, -1, num_windows, run_errand, STORE_BEFORE, error);
    if (status == SV_OK && sv_holds(SV_RULE_DATA_SYNC_AFTER_CARRYING_BACK)) {
        status = sv_editor_sync_data(editor, error);
    }
    if (status != SV_OK || !was_committed) {
        return status == SV_OK ? cut_out(transaction, error) : status;
    }
    status = sv_journal_mark(&editor->journal, &transaction->begn, SV_BACK, &transaction->tally,
                             sv_time_now(), error);
    if (status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_AFTER_BACK)) {
        status = sv_journal_sync(&editor->journal, error);
    }
    return status;
}

sv_status sv_transaction_carry_back(sv_transaction *transaction, bool was_committed,
                                    sv_error *error)
{
    return carry_back(transaction, INT64_MAX, was_committed, error);
}

/* The batch in flight once more, then the windows that are left. */
static sv_status carry_on(struct hot *hot, sv_error *error)
{
    sv_transaction *transaction = &hot->transaction;
    sv_status status =
        sv_winds_each(transaction, hot->slot, hot->num_windows, run_errand, STORE_AFTER, error);
    if (status == SV_OK) {
        status = sv_transaction_resume(transaction, &hot->last, hot->slot, error);
    }
    if (status == SV_OK) {
        status = sv_transaction_run(transaction, error);
    }
    return status == SV_OK ? sv_transaction_commit(transaction, error) : status;
}

/* ---- recovery ---------------------------------------------------------------------------- */

static sv_status recover_hot(struct hot *hot, sv_recovery *recovery, sv_error *error)
{
    sv_transaction *transaction = &hot->transaction;
    sv_journal *journal = &transaction->editor->journal;
    bool goes_back = transaction->keeps || hot->slot < 0;
    int64_t num_windows = goes_back && !transaction->keeps ? 0 : hot->num_windows;
    sv_status status = make_believed_durable(journal, hot, error);
    if (status == SV_OK && sv_holds(SV_RULE_ALL_PROVED_FIRST)) {
        status = sv_winds_each(transaction, hot->slot, num_windows, run_errand, PROVE, error);
    }
    if (status == SV_OK) {
        status = check_next(hot, error);
    }
    if (status != SV_OK) {
        return status;
    }
    *recovery = goes_back ? SV_CARRIED_BACK : SV_CARRIED_ON;
    return goes_back ? carry_back(transaction, num_windows, hot->was_committed, error)
                     : carry_on(hot, error);
}

static sv_status recover(sv_editor *editor, sv_recovery *recovery, sv_error *error)
{
    sv_journal *journal = &editor->journal;
    sv_status status = sv_journal_walk(journal, error);
    if (status == SV_OK) {
        status = check_tail(journal, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (!sv_journal_is_hot(journal)) {
        return make_believed_durable(journal, NULL, error);
    }
    struct hot hot;
    status = open_hot(editor, &hot, error);
    if (status == SV_OK) {
        status = recover_hot(&hot, recovery, error);
        sv_transaction_close(&hot.transaction);
    }
    return status;
}

sv_status sv_editor_recover(sv_editor *editor, sv_recovery *recovery, sv_error *error)
{
    *recovery = SV_NOTHING_HOT;
    if (!editor->has_journal || editor->was_walked) {
        return SV_OK;
    }
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        editor->was_walked = true;
        status = recover(editor, recovery, error);
        sv_editor_readmit(editor);
    }
    return status;
}
