/* Undo and redo: recovery's carrying back, and the stores of an edit, asked for. */
#include <inttypes.h>
#include <string.h>

#include "edit/editor.h"
#include "edit/samples.h"
#include "journal/rules.h"

/* ---- which one --------------------------------------------------------------------------- */

struct choice {
    sv_outcome wanted;
    uint64_t newest; /* transaction of the journal */
    bool is_found;
    sv_entry entry;
};

/* On the way back, the first that is done was done last, and the first that is undone was undone
 * last. What was undone before the newest edit cannot be redone, nor anything behind it. */
static bool choose(void *context, const sv_entry *entry)
{
    struct choice *choice = context;
    if (choice->wanted == SV_BACK && entry->newest < choice->newest) {
        return false;
    }
    if (entry->mark.outcome != choice->wanted) {
        return true;
    }
    choice->is_found = true;
    choice->entry = *entry;
    return false;
}

/* ---- the windows ------------------------------------------------------------------------- */

enum errand { CHECK_BEFORE_UNDO, CHECK_BEFORE_REDO, STORE_AGAIN };

/* Before anything is changed, every window must be what the last MARK says. */
static sv_status check_window(sv_transaction *transaction, const sv_images *images, bool is_undo,
                              sv_error *error)
{
    const sv_wind *wind = &images->record.is.wind;
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    sv_status status = sv_samples_read(transaction->editor->system, transaction->editor->fd,
                                       &wind->run, transaction->found, transaction->scratch, error);
    if (status != SV_OK || !sv_holds(SV_RULE_CHECK_BEFORE_UNDO)) {
        return status;
    }
    bool is_as_left = is_undo ? sv_crc(transaction->found, items, 0) == wind->after_crc
                              : memcmp(transaction->found, images->before, items) == 0;
    if (is_undo && !sv_holds(SV_RULE_AFTER_CRC)) {
        is_as_left = images->after != NULL && memcmp(transaction->found, images->after, items) == 0;
    }
    if (!is_as_left) {
        return sv_fail(error, SV_CONFLICT,
                       "its samples have changed since, in window %" PRIu64 " at byte %" PRId64
                       "; nothing was done",
                       wind->window, wind->run.offset_bytes);
    }
    if (!is_undo && images->after == NULL) {
        return sv_fail(error, SV_CONFLICT,
                       "this build computes other samples for window %" PRIu64
                       " than the edit did; nothing was done",
                       wind->window);
    }
    return SV_OK;
}

/* What has begun to store goes on to its end. */
static sv_status run_errand(sv_transaction *transaction, const sv_images *images, int errand,
                            sv_error *error)
{
    if (errand == STORE_AGAIN) {
        return sv_editor_store(transaction->editor, &images->record.is.wind.run, images->after,
                               error);
    }
    if (sv_transaction_is_stopped(transaction)) {
        return sv_fail(error, SV_CANCELLED, "it was stopped; nothing was done");
    }
    return check_window(transaction, images, errand == CHECK_BEFORE_UNDO, error);
}

static sv_status for_all(sv_transaction *transaction, enum errand errand, sv_error *error)
{
    return sv_winds_each(transaction, -1, INT64_MAX, run_errand, (int)errand, error);
}

/* ---- doing it ---------------------------------------------------------------------------- */

static sv_status open_chosen(sv_editor *editor, sv_outcome wanted, sv_transaction *transaction,
                             sv_error *error)
{
    bool is_whole;
    struct choice choice = {.wanted = wanted, .newest = editor->journal.number};
    sv_status status = sv_history(editor, choose, &choice, error);
    if (status != SV_OK) {
        return status;
    }
    if (!choice.is_found) {
        return sv_fail(error, SV_NOTFOUND,
                       wanted == SV_COMMIT ? "there is no edit left to be undone"
                                           : "there is no undone edit to be done again");
    }
    const sv_record *begn = &choice.entry.begn;
    if (begn->is.begn.slot_bytes != 0) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "edit %" PRIu64 " was made with --undo=none: what it overwrote was not kept",
                       begn->number);
    }
    status = sv_transaction_load(editor, begn->at, transaction, &is_whole, error);
    if (status == SV_OK && !is_whole) {
        sv_transaction_close(transaction);
        return sv_fail(error, SV_CONFLICT,
                       "its journal is damaged at byte %" PRId64 "; nothing was done", begn->at);
    }
    return status;
}

/* Checks all, and says durably what begins. */
static sv_status announce(sv_transaction *transaction, sv_outcome outcome, enum errand check,
                          sv_rule sync, sv_error *error)
{
    sv_journal *journal = &transaction->editor->journal;
    sv_status status = for_all(transaction, check, error);
    if (status == SV_OK) {
        status = sv_journal_mark(journal, &transaction->begn, outcome, &transaction->tally,
                                 sv_time_now(), error);
    }
    return status == SV_OK && sv_holds(sync) ? sv_journal_sync(journal, error) : status;
}

/* The CRC of the new samples is enough for the check: they are not computed again. */
static sv_status undo(sv_transaction *transaction, sv_error *error)
{
    transaction->only_before = sv_holds(SV_RULE_AFTER_CRC) && sv_holds(SV_RULE_ALL_PROVED_FIRST);
    sv_status status =
        announce(transaction, SV_UNDO, CHECK_BEFORE_UNDO, SV_RULE_JOURNAL_SYNC_AFTER_UNDO, error);
    return status == SV_OK ? sv_transaction_carry_back(transaction, true, error) : status;
}

static sv_status redo(sv_transaction *transaction, sv_error *error)
{
    sv_status status =
        announce(transaction, SV_REDO, CHECK_BEFORE_REDO, SV_RULE_JOURNAL_SYNC_AFTER_REDO, error);
    if (status == SV_OK) {
        status = for_all(transaction, STORE_AGAIN, error);
    }
    return status == SV_OK ? sv_transaction_commit(transaction, error) : status;
}

/* What failed on its way is carried back at once, as recovery would: then an undo has been done
 * after all. */
static sv_status settle(sv_editor *editor, sv_outcome wanted, sv_status status)
{
    sv_recovery recovery;
    if (status == SV_OK || sv_editor_is_poisoned(editor) || !sv_journal_is_hot(&editor->journal)) {
        return status;
    }
    editor->was_walked = false;
    bool is_back = sv_editor_recover(editor, &recovery, NULL) == SV_OK;
    return is_back && wanted == SV_COMMIT ? SV_OK : status;
}

static sv_status run_chosen(sv_editor *editor, sv_outcome wanted,
                            sv_status (*run)(sv_transaction *transaction, sv_error *error),
                            uint64_t *number, sv_error *error)
{
    sv_transaction transaction;
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        status = open_chosen(editor, wanted, &transaction, error);
    }
    if (status == SV_OK) {
        *number = transaction.begn.number;
        status = run(&transaction, error);
        sv_transaction_close(&transaction);
        status = settle(editor, wanted, status);
    }
    sv_editor_readmit(editor);
    return status;
}

sv_status sv_editor_undo(sv_editor *editor, uint64_t *number, sv_error *error)
{
    return run_chosen(editor, SV_COMMIT, undo, number, error);
}

sv_status sv_editor_redo(sv_editor *editor, uint64_t *number, sv_error *error)
{
    return run_chosen(editor, SV_BACK, redo, number, error);
}
