/* The log: from MARK to MARK backwards. */
#include <inttypes.h>

#include "base/memory.h"
#include "edit/editor.h"

/* Transactions that were undone, whose older MARKs are still to come on the way back. */
struct past {
    int64_t *begn_at;
    size_t count, room;
};

static bool is_known(const struct past *past, int64_t begn_at)
{
    for (size_t i = 0; i < past->count; i++) {
        if (past->begn_at[i] == begn_at) {
            return true;
        }
    }
    return false;
}

static sv_status remember(struct past *past, int64_t begn_at, sv_error *error)
{
    if (past->count == past->room) {
        size_t room = past->room != 0 ? 2 * past->room : 16;
        int64_t *grown = sv_realloc(past->begn_at, room * sizeof *grown);
        if (grown == NULL) {
            return sv_fail_memory(error, room * sizeof *grown);
        }
        past->begn_at = grown;
        past->room = room;
    }
    past->begn_at[past->count++] = begn_at;
    return SV_OK;
}

/* A transaction has its BEGN and at least one MARK; once the way back has come past its BEGN, there
 * are none left of it. */
static void forget_behind(struct past *past, int64_t at)
{
    size_t kept = 0;
    for (size_t i = 0; i < past->count; i++) {
        if (past->begn_at[i] < at) {
            past->begn_at[kept++] = past->begn_at[i];
        }
    }
    past->count = kept;
}

static sv_status read_entry(const sv_journal *journal, int64_t at, sv_entry *entry, sv_error *error)
{
    sv_record mark;
    bool is_valid;
    sv_status status = sv_journal_read_head(journal, at, NULL, &mark, &is_valid, error);
    if (status != SV_OK) {
        return status;
    }
    if (!is_valid || mark.is.mark.previous_at >= at || mark.is.mark.begn_at >= at) {
        return sv_fail(error, SV_CONFLICT, "its journal is damaged at byte %" PRId64, at);
    }
    entry->mark = mark.is.mark;
    entry->newest = mark.number;
    entry->is_dead = mark.is.mark.outcome == SV_BACK && mark.number < journal->number;
    return sv_journal_read_begn(journal, entry->mark.begn_at, &entry->begn, error);
}

sv_status sv_history(const sv_editor *editor, bool (*take)(void *context, const sv_entry *entry),
                     void *context, sv_error *error)
{
    const sv_journal *journal = &editor->journal;
    struct past past = {NULL, 0, 0};
    sv_status status = SV_OK;
    int64_t at = editor->has_journal ? journal->mark_at : 0;
    while (status == SV_OK && at != 0) {
        sv_entry entry;
        status = read_entry(journal, at, &entry, error);
        if (status != SV_OK) {
            break;
        }
        forget_behind(&past, at);
        at = entry.mark.previous_at;
        if (is_known(&past, entry.begn.at)) {
            continue;
        }
        status = remember(&past, entry.begn.at, error);
        if (status == SV_OK && !take(context, &entry)) {
            break;
        }
    }
    sv_free(past.begn_at);
    return status;
}
