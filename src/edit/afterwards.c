/* What comes after an edit: undo, redo, verify, log, forget. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "edit/edit.h"
#include "format/sigmf.h"

/* `path` may be a side file's. */
typedef sv_status opener(const char *path, const sv_editor_options *options, sv_editor *editor,
                         sv_recovery *recovery, sv_error *error);

static sv_status open_by(opener *open, const char *path, const sv_edit_options *options,
                         sv_editor *editor, sv_recovery *recovery, sv_error *error)
{
    static const sv_open_options defaults = SV_OPEN_OPTIONS_INIT;
    char *data_path, *side_path;
    sv_editor_options chosen = sv_edit_editor_options(options);
    sv_status status = sv_sigmf_locate(path, &defaults, &data_path, &side_path, error);
    if (status != SV_OK) {
        return status;
    }
    status = open(data_path, &chosen, editor, recovery, error);
    sv_free(data_path);
    sv_free(side_path);
    return status;
}

static sv_status open_editor(const char *path, const sv_edit_options *options, sv_editor *editor,
                             sv_recovery *recovery, sv_error *error)
{
    return open_by(sv_editor_open, path, options, editor, recovery, error);
}

static sv_status open_to_read(const char *path, const sv_editor_options *options, sv_editor *editor,
                              sv_recovery *recovery, sv_error *error)
{
    *recovery = SV_NOTHING_HOT;
    return sv_editor_open_to_read(path, options, editor, error);
}

static sv_status do_again(const char *path, const sv_edit_options *options,
                          sv_status (*run)(sv_editor *editor, uint64_t *number, sv_error *error),
                          uint64_t *number, sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_status status = open_editor(path, options, &editor, &recovery, error);
    if (status == SV_OK) {
        status = run(&editor, number, error);
        sv_editor_close(&editor);
    }
    return status;
}

sv_status sv_edit_undo(const char *path, const sv_edit_options *options, uint64_t *number,
                       sv_error *error)
{
    return do_again(path, options, sv_editor_undo, number, error);
}

sv_status sv_edit_redo(const char *path, const sv_edit_options *options, uint64_t *number,
                       sv_error *error)
{
    return do_again(path, options, sv_editor_redo, number, error);
}

sv_status sv_edit_verify(const char *path, const sv_edit_options *options, sv_verified *verified,
                         sv_error *error)
{
    static const sv_verified found[] = {SV_VERIFIED_CLEAN, SV_VERIFIED_BACK, SV_VERIFIED_ON};
    sv_editor editor;
    sv_recovery recovery, again = SV_NOTHING_HOT;
    sv_status status = open_editor(path, options, &editor, &recovery, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_editor_recover(&editor, &again, error);
    sv_editor_close(&editor);
    if (status == SV_OK) {
        *verified = found[recovery != SV_NOTHING_HOT ? recovery : again];
    }
    return status;
}

sv_status sv_edit_forget(const char *path, const sv_edit_options *options, int64_t num_kept,
                         sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_status status = open_editor(path, options, &editor, &recovery, error);
    if (status == SV_OK) {
        status = sv_editor_forget(&editor, num_kept, error);
        sv_editor_close(&editor);
    }
    return status;
}

/* ---- the log ----------------------------------------------------------------------------- */

/* A transaction, of which BEGN is read when it is told. */
struct told {
    uint64_t number;
    int64_t begn_at;
    sv_mark mark;
    bool is_dead;
};

struct reader {
    const sv_editor *editor;
    struct told *list;
    size_t count, room;
    bool (*take)(void *context, const sv_log_entry *entry);
    void *context;
    bool is_barred; /* one that kept nothing is done: undo does not get behind it */
    sv_status status;
    sv_error *error;
};

static bool give(struct reader *reader, const struct told *entry, const sv_record *record,
                 const unsigned char *body)
{
    const sv_begn *begn = &record->is.begn;
    size_t body_bytes = (size_t)record->body_bytes;
    bool is_undone = entry->mark.outcome == SV_BACK;
    reader->is_barred = reader->is_barred || (!is_undone && begn->slot_bytes != 0);
    sv_part *parts = NULL;
    sv_log_entry told = {.number = entry->number,
                         .begun = begn->time,
                         .done = entry->mark.time,
                         .is_undone = is_undone,
                         .can_be_undone = !is_undone && !reader->is_barred,
                         .can_be_redone = is_undone && !entry->is_dead && begn->slot_bytes == 0,
                         .num_changed = entry->mark.tally.num_changed,
                         .num_saturated = entry->mark.tally.num_saturated,
                         .largest_change = entry->mark.tally.largest_change,
                         .words = "",
                         .user = begn->user,
                         .host = begn->host,
                         .pid = begn->pid};
    sv_parts_words(body, body_bytes, begn->num_parts, &told.words);
    if (sv_parts_decode(body, body_bytes, begn->num_parts, sv_works, begn->size_bytes, &parts,
                        NULL) != SV_OK ||
        !sv_parts_window(parts, begn->num_parts, &told.first, &told.last, &told.num_channels)) {
        told.first = told.last = told.num_channels = -1;
    }
    sv_free(parts);
    return reader->take(reader->context, &told);
}

static bool gather(void *context, const sv_entry *entry)
{
    struct reader *reader = context;
    if (reader->count == reader->room) {
        size_t room = 2 * reader->room + 16;
        struct told *grown = sv_realloc(reader->list, room * sizeof *grown);
        if (grown == NULL) {
            reader->status = sv_fail_memory(reader->error, room * sizeof *grown);
            return false;
        }
        reader->list = grown;
        reader->room = room;
    }
    reader->list[reader->count++] =
        (struct told){entry->begn.number, entry->begn.at, entry->mark, entry->is_dead};
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct told *first = a, *second = b;
    return (first->number < second->number) - (first->number > second->number);
}

static sv_status tell(struct reader *reader, const struct told *entry, bool *goes_on)
{
    sv_record record;
    const sv_journal *journal = &reader->editor->journal;
    bool is_whole = false;
    sv_status status = sv_journal_read_begn(journal, entry->begn_at, &record, reader->error);
    if (status != SV_OK) {
        return status;
    }
    if (record.end > journal->system->size(journal->fd)) {
        return sv_fail(reader->error, SV_CONFLICT, "its journal is damaged at byte %" PRId64,
                       record.at);
    }
    /* A NUL behind the words. */
    unsigned char *body = sv_calloc(1, (size_t)record.body_bytes + 1);
    if (body == NULL) {
        return sv_fail_memory(reader->error, (size_t)record.body_bytes + 1);
    }
    status = sv_journal_read_body(journal, &record, body, &is_whole, reader->error);
    if (status == SV_OK && !is_whole) {
        status = sv_fail(reader->error, SV_CONFLICT, "its journal is damaged at byte %" PRId64,
                         record.at);
    }
    *goes_on = status == SV_OK && give(reader, entry, &record, body);
    sv_free(body);
    return status;
}

static sv_status tell_all(struct reader *reader)
{
    sv_status status = sv_history(reader->editor, gather, reader, reader->error);
    status = status == SV_OK ? reader->status : status;
    bool goes_on = status == SV_OK && reader->count > 0;
    if (goes_on) {
        qsort(reader->list, reader->count, sizeof *reader->list, newest_first);
    }
    for (size_t i = 0; goes_on && status == SV_OK && i < reader->count; i++) {
        status = tell(reader, &reader->list[i], &goes_on);
    }
    return status;
}

sv_status sv_edit_log(const char *path, const sv_edit_options *options,
                      bool (*take)(void *context, const sv_log_entry *entry), void *context,
                      sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_status status = open_by(open_to_read, path, options, &editor, &recovery, error);
    if (status != SV_OK) {
        return status;
    }
    struct reader reader = {.editor = &editor, .take = take, .context = context, .error = error};
    status = tell_all(&reader);
    sv_free(reader.list);
    sv_editor_close(&editor);
    return status;
}
