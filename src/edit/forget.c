/* Forgetting: a new journal takes the place of the old one, with the newest transactions alone.
 *
 * Their records are copied one by one. Heads are made anew, since each names its place and carries
 * the CRC of the one before it; what later MARKs say of transactions that are forgotten is left
 * out. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "edit/editor.h"

/* A transaction that stays. */
struct kept {
    uint64_t number;
    int64_t old_at, new_at; /* of its BEGN */
};

struct copy {
    const sv_journal *from;
    sv_journal to;
    struct kept *kept; /* by number, ascending */
    size_t num_kept, room;
    unsigned char *bytes; /* of a record */
    size_t bytes_room;
    sv_status status; /* of note() */
    sv_error *error;
};

/* ---- which ones -------------------------------------------------------------------------- */

static bool note(void *context, const sv_entry *entry)
{
    struct copy *copy = context;
    if (copy->num_kept == copy->room) {
        size_t room = 2 * copy->room + 16;
        struct kept *grown = sv_realloc(copy->kept, room * sizeof *grown);
        if (grown == NULL) {
            copy->status = sv_fail_memory(copy->error, room * sizeof *grown);
            return false;
        }
        copy->kept = grown;
        copy->room = room;
    }
    copy->kept[copy->num_kept++] = (struct kept){entry->begn.number, entry->begn.at, 0};
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct kept *first = a, *second = b;
    return (first->number > second->number) - (first->number < second->number);
}

/* All there are, then the newest of them. *drops false: they are all to stay. */
static sv_status choose(const sv_editor *editor, int64_t num_kept, struct copy *copy, bool *drops,
                        sv_error *error)
{
    sv_status status = sv_history(editor, note, copy, error);
    status = status == SV_OK ? copy->status : status;
    *drops = status == SV_OK && (uint64_t)num_kept < copy->num_kept;
    if (!*drops) {
        return status;
    }
    qsort(copy->kept, copy->num_kept, sizeof *copy->kept, by_number);
    size_t first = copy->num_kept - (size_t)num_kept;
    for (size_t i = first; i < copy->num_kept; i++) {
        copy->kept[i - first] = copy->kept[i];
    }
    copy->num_kept -= first;
    return SV_OK;
}

static struct kept *find(const struct copy *copy, int64_t old_at)
{
    for (size_t i = 0; i < copy->num_kept; i++) {
        if (copy->kept[i].old_at == old_at) {
            return &copy->kept[i];
        }
    }
    return NULL;
}

/* ---- copying ----------------------------------------------------------------------------- */

static sv_status read_body(struct copy *copy, const sv_record *record, sv_error *error)
{
    bool is_whole;
    size_t room = (size_t)sv_record_bytes(record->body_bytes);
    if (room > copy->bytes_room) {
        sv_free(copy->bytes);
        copy->bytes = sv_malloc(room);
        copy->bytes_room = copy->bytes != NULL ? room : 0;
    }
    if (copy->bytes == NULL) {
        return sv_fail_memory(error, room);
    }
    if (record->kind == SV_MARK) {
        return SV_OK; /* it has none */
    }
    sv_status status = sv_journal_read_body(copy->from, record, copy->bytes + SV_RECORD_HEAD_BYTES,
                                            &is_whole, error);
    return status == SV_OK && !is_whole ? sv_journal_damaged(error, record->at) : status;
}

static sv_status append(struct copy *copy, const sv_record *record, sv_error *error)
{
    sv_record made = *record;
    struct kept *kept = NULL;
    if (record->kind != SV_WIND) {
        kept = find(copy, record->kind == SV_BEGN ? record->at : record->is.mark.begn_at);
    }
    if (record->kind == SV_MARK && kept == NULL) {
        return SV_OK;
    }
    if (record->kind == SV_MARK) {
        made.is.mark.begn_at = kept->new_at;
        made.is.mark.previous_at = copy->to.mark_at;
    }
    sv_status status = read_body(copy, record, error);
    if (status == SV_OK) {
        sv_journal_close_body(&made, copy->bytes);
        status = sv_journal_append(&copy->to, &made, copy->bytes, error);
    }
    if (status == SV_OK && record->kind == SV_BEGN && kept != NULL) {
        kept->new_at = made.at;
    }
    return status;
}

/* From the first transaction that stays to the end: all that begin there stay. */
static sv_status copy_records(struct copy *copy, sv_error *error)
{
    sv_record record;
    sv_status status = sv_journal_read_begn(copy->from, copy->kept[0].old_at, &record, error);
    while (status == SV_OK) {
        bool is_valid;
        status = append(copy, &record, error);
        int64_t at = record.kind == SV_BEGN ? sv_journal_behind(&record) : record.end;
        uint64_t seed = record.crc;
        if (status != SV_OK || at >= copy->from->end) {
            return status;
        }
        status = sv_journal_read_head(copy->from, at, &seed, &record, &is_valid, error);
        if (status == SV_OK && !is_valid) {
            return sv_journal_damaged(error, at);
        }
    }
    return status;
}

static sv_status fill(struct copy *copy, sv_error *error)
{
    if (copy->num_kept == 0) {
        return SV_OK;
    }
    sv_status status =
        sv_journal_reserve(&copy->to, copy->from->end - copy->kept[0].old_at, "", error);
    return status == SV_OK ? copy_records(copy, error) : status;
}

/* ------------------------------------------------------------------------------------------ */

static sv_status replace(sv_editor *editor, struct copy *copy, sv_error *error)
{
    uint64_t before = copy->num_kept > 0 ? copy->kept[0].number - 1 : editor->journal.number;
    sv_status status = sv_journal_prepare(editor->system, editor->journal_path, &editor->recording,
                                          before, &copy->to, error);
    if (status != SV_OK) {
        return status;
    }
    status = fill(copy, error);
    if (status != SV_OK) {
        sv_journal_abandon(&copy->to);
        return status;
    }
    status = sv_journal_install(&copy->to, error);
    if (status != SV_OK) {
        sv_journal_close(&copy->to);
        return status;
    }
    sv_journal_close(&editor->journal);
    editor->journal = copy->to;
    return SV_OK;
}

/* Where nothing is left to be dropped, somebody may have dropped it who was stopped before the new
 * journal's name was durable. */
static sv_status forget(sv_editor *editor, int64_t num_kept, sv_error *error)
{
    bool drops;
    struct copy copy = {.from = &editor->journal, .error = error};
    sv_status status = choose(editor, num_kept, &copy, &drops, error);
    if (status == SV_OK) {
        status = drops ? replace(editor, &copy, error)
                       : sv_journal_sync_directory(&editor->journal, error);
    }
    sv_free(copy.kept);
    sv_free(copy.bytes);
    return status;
}

sv_status sv_editor_forget(sv_editor *editor, int64_t num_kept, sv_error *error)
{
    if (!editor->has_journal) {
        return SV_OK;
    }
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        status = forget(editor, num_kept, error);
    }
    sv_editor_readmit(editor);
    return status;
}
