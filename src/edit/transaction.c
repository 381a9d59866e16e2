/* A transaction: its memory, its beginning in the journal, and one that is read from there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "edit/editor.h"
#include "journal/file.h"
#include "journal/rules.h"

/* ---- memory ------------------------------------------------------------------------------ */

/* Bytes of a window's items, at most. */
static size_t items_room(const sv_transaction *transaction)
{
    return (size_t)sv_max_i8(transaction->begn.is.begn.window_bytes, 8);
}

static sv_status open_rooms(sv_transaction *transaction, sv_error *error)
{
    size_t items = items_room(transaction);
    size_t record = (size_t)sv_record_bytes((int64_t)(2 * items + SV_MAX_CONTEXT_BYTES));
    transaction->record = sv_malloc_aligned(64, record + 4 * items);
    if (transaction->record == NULL) {
        return sv_fail_memory(error, record + 4 * items);
    }
    transaction->before = transaction->record + record;
    transaction->after_of_one = transaction->before + items;
    transaction->found = transaction->after_of_one + items;
    transaction->scratch = transaction->found + items;
    return SV_OK;
}

static sv_status open_batch(sv_transaction *transaction, sv_batch *batch, int64_t windows,
                            sv_error *error)
{
    size_t after = (size_t)windows * items_room(transaction);
    batch->records = sv_malloc_aligned(64, transaction->record_room + after);
    batch->staged = sv_calloc((size_t)windows, sizeof *batch->staged);
    if (batch->records == NULL || batch->staged == NULL) {
        return sv_fail_memory(error, transaction->record_room + after);
    }
    batch->after = batch->records + transaction->record_room;
    return SV_OK;
}

/* Records of samples that a program supplies are larger, and then there are fewer in a batch. */
sv_status sv_transaction_open_batches(sv_transaction *transaction, int64_t windows, sv_error *error)
{
    int64_t items = (int64_t)items_room(transaction);
    int64_t each = sv_max_i8(sv_transaction_largest_record(transaction), sv_record_bytes(items));
    int64_t room = sv_max_i8(windows * each, sv_record_bytes(2 * items));
    transaction->batch_windows = windows;
    transaction->record_room = (size_t)room;
    sv_status status = open_batch(transaction, &transaction->batches[0], windows, error);
    if (status == SV_OK && transaction->num_windows > windows) {
        status = open_batch(transaction, &transaction->batches[1], windows, error);
    }
    return status;
}

/* Parts whose work is not known, or does not take the parameters, keep a NULL. */
static sv_status open_works(sv_transaction *transaction, sv_error *error)
{
    uint32_t num_parts = transaction->begn.is.begn.num_parts;
    transaction->states = sv_calloc(num_parts, sizeof *transaction->states);
    if (transaction->states == NULL) {
        return sv_fail_memory(error, num_parts * sizeof *transaction->states);
    }
    for (uint32_t i = 0; i < num_parts; i++) {
        const sv_part *part = &transaction->parts[i];
        transaction->num_windows +=
            sv_part_num_windows(part, transaction->begn.is.begn.window_bytes);
        transaction->all_bytes +=
            part->rows * part->samples * (int64_t)sv_dtype_itemsize(part->dtype);
        sv_status status = part->work != NULL
                               ? part->work->open(part->parameters, part->parameters_bytes,
                                                  &transaction->states[i], error)
                               : SV_OK;
        if (status == SV_NOMEM) {
            return status;
        }
    }
    return SV_OK;
}

void sv_transaction_close_walk(sv_transaction *transaction)
{
    if (transaction->walk != NULL) {
        transaction->parts[transaction->walk_part].work->close_row(transaction->walk);
        transaction->walk = NULL;
    }
}

void sv_transaction_close(sv_transaction *transaction)
{
    sv_transaction_close_walk(transaction);
    uint32_t num_parts = transaction->states != NULL ? transaction->begn.is.begn.num_parts : 0;
    for (uint32_t i = 0; i < num_parts; i++) {
        if (transaction->states[i] != NULL) {
            transaction->parts[i].work->close(transaction->states[i]);
        }
    }
    sv_free(transaction->states);
    sv_free(transaction->parts);
    sv_free(transaction->begn_bytes);
    sv_free(transaction->record);
    for (int i = 0; i < 2; i++) {
        sv_free(transaction->batches[i].records);
        sv_free(transaction->batches[i].staged);
    }
    *transaction = (sv_transaction){.slot = 0};
}

void sv_transaction_tell(sv_transaction *transaction, const sv_run *run)
{
    const sv_editor_options *options = &transaction->editor->options;
    transaction->done_bytes += run->count * run->item_bytes;
    if (options->progress != NULL) {
        options->progress(options->progress_context, transaction->done_bytes,
                          transaction->all_bytes);
    }
}

bool sv_transaction_is_stopped(const sv_transaction *transaction)
{
    const volatile sig_atomic_t *cancel = transaction->editor->options.cancel;
    return cancel != NULL && *cancel != 0;
}

/* ---- beginning --------------------------------------------------------------------------- */

/* The largest record of a window that follows from the parts. */
int64_t sv_transaction_largest_record(const sv_transaction *transaction)
{
    const sv_begn *begn = &transaction->begn.is.begn;
    int64_t largest = 0;
    for (uint32_t i = 0; i < begn->num_parts; i++) {
        const sv_part *part = &transaction->parts[i];
        int64_t items = sv_part_window_samples(part, begn->window_bytes) *
                        (int64_t)sv_dtype_itemsize(part->dtype);
        size_t context =
            part->work->context_room != NULL ? part->work->context_room(transaction->states[i]) : 0;
        largest = sv_max_i8(largest, sv_record_bytes(items + (int64_t)context));
    }
    return largest;
}

static void describe(sv_begn *begn, const sv_editor *editor)
{
    begn->time = sv_time_now();
    begn->pid = (int64_t)getpid();
    begn->size_bytes = editor->recording.size_bytes;
    begn->window_bytes = editor->options.window_bytes;
    snprintf(begn->user, sizeof begn->user, "%s", editor->options.user);
    snprintf(begn->host, sizeof begn->host, "%s", editor->options.host);
}

static sv_status make_begn(sv_transaction *transaction, const sv_part *parts, uint32_t num_parts,
                           const char *words, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    sv_record *record = &transaction->begn;
    sv_begn *begn = &record->is.begn;
    size_t body_bytes = sv_parts_bytes(parts, num_parts, words);
    *record = (sv_record){
        .kind = SV_BEGN, .number = editor->journal.number + 1, .body_bytes = (int64_t)body_bytes};
    begn->num_parts = num_parts;
    describe(begn, editor);
    size_t whole = (size_t)sv_record_bytes(record->body_bytes);
    transaction->begn_bytes = sv_malloc(whole);
    if (transaction->begn_bytes == NULL) {
        return sv_fail_memory(error, whole);
    }
    unsigned char *body = transaction->begn_bytes + SV_RECORD_HEAD_BYTES;
    sv_parts_encode(parts, num_parts, words, body);
    sv_status status = sv_parts_decode(body, body_bytes, num_parts, editor->options.works,
                                       begn->size_bytes, &transaction->parts, error);
    return status == SV_OK ? open_works(transaction, error) : status;
}

enum { LEAST_SLOT_WINDOWS = 8 };

/* A slot has room for a batch. */
static sv_status make_batch(sv_transaction *transaction, sv_error *error)
{
    sv_begn *begn = &transaction->begn.is.begn;
    int64_t windows = transaction->editor->options.batch_windows;
    if (begn->num_parts != 0) {
        windows = sv_min_i8(windows, transaction->num_windows);
    }
    /* Slots are for those without the room: together no more than a quarter of the samples. */
    if (!transaction->keeps) {
        windows = sv_min_i8(windows, sv_max_i8(LEAST_SLOT_WINDOWS, transaction->num_windows / 8));
    }
    begn->slot_bytes =
        transaction->keeps ? 0 : windows * sv_transaction_largest_record(transaction);
    return sv_transaction_open_batches(transaction, windows, error);
}

/* Holes of the recording: a full disk must answer here, not at a store. */
static sv_status fill_holes(const sv_transaction *transaction, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    for (uint32_t i = 0; editor->recording.has_holes && i < transaction->begn.is.begn.num_parts;
         i++) {
        sv_part row = transaction->parts[i];
        row.rows = 1;
        for (int64_t k = 0; k < transaction->parts[i].rows; k++) {
            int64_t first, past;
            sv_part_extent(&row, &first, &past);
            sv_status status = sv_reserve(editor->system, editor->fd, FALLOC_FL_KEEP_SIZE, first,
                                          past - first, error);
            if (status != SV_OK) {
                return status;
            }
            row.offset_bytes += row.row_stride_bytes;
        }
    }
    return SV_OK;
}

sv_status sv_transaction_journal_bytes(const sv_transaction *transaction, int64_t *num_bytes,
                                       sv_error *error)
{
    const sv_begn *begn = &transaction->begn.is.begn;
    int64_t windows, bytes = sv_record_bytes(transaction->begn.body_bytes) + sv_record_bytes(0);
    if (!sv_multiply(sv_transaction_largest_record(transaction), transaction->num_windows,
                     &windows) ||
        !sv_add(bytes, transaction->keeps ? windows : 2 * begn->slot_bytes, num_bytes)) {
        return sv_fail(error, SV_OVERFLOW, "the journal would have more bytes than 64 bits count");
    }
    return SV_OK;
}

static sv_status reserve(sv_transaction *transaction, sv_error *error)
{
    int64_t bytes;
    sv_journal *journal = &transaction->editor->journal;
    sv_status status = sv_transaction_journal_bytes(transaction, &bytes, error);
    if (status == SV_OK) {
        const char *instead = transaction->keeps ? ", or give --undo=none" : "";
        status = sv_journal_reserve(journal, bytes, instead, error);
    }
    if (status != SV_OK) {
        return status;
    }
    transaction->reserved_to = journal->end + bytes;
    return fill_holes(transaction, error);
}

/* All but what touches the file or its journal. */
static sv_status prepare(sv_transaction *transaction, const sv_part *parts, uint32_t num_parts,
                         const char *words, sv_error *error)
{
    sv_status status = make_begn(transaction, parts, num_parts, words, error);
    if (status == SV_OK) {
        status = open_rooms(transaction, error);
    }
    return status == SV_OK ? make_batch(transaction, error) : status;
}

sv_status sv_transaction_prepare(sv_editor *editor, const sv_part *parts, uint32_t num_parts,
                                 bool keeps, const char *words, sv_transaction *transaction,
                                 sv_error *error)
{
    *transaction = (sv_transaction){.editor = editor, .keeps = keeps};
    sv_status status = prepare(transaction, parts, num_parts, words, error);
    if (status != SV_OK) {
        sv_transaction_close(transaction);
    }
    return status;
}

static sv_status begin(sv_transaction *transaction, sv_error *error)
{
    sv_editor *editor = transaction->editor;
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        status = sv_editor_need_journal(editor, error);
    }
    if (status == SV_OK) {
        status = reserve(transaction, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (!transaction->keeps) {
        status = sv_winds_crc_of_batch(transaction, 0, &transaction->begn.is.begn.next_crc, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_journal_close_body(&transaction->begn, transaction->begn_bytes);
    return sv_journal_append(&editor->journal, &transaction->begn, transaction->begn_bytes, error);
}

sv_status sv_transaction_begin(sv_editor *editor, const sv_part *parts, uint32_t num_parts,
                               bool keeps, const char *words, sv_transaction *transaction,
                               sv_error *error)
{
    sv_status status =
        sv_transaction_prepare(editor, parts, num_parts, keeps, words, transaction, error);
    if (status != SV_OK) {
        return status;
    }
    status = begin(transaction, error);
    if (status != SV_OK) {
        sv_transaction_close(transaction);
    }
    return status;
}

/* ---- one that is in the journal ---------------------------------------------------------- */

static sv_status read_parts(sv_transaction *transaction, bool *is_whole, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    const sv_record *record = &transaction->begn;
    const sv_begn *begn = &record->is.begn;
    transaction->begn_bytes = sv_malloc((size_t)record->body_bytes);
    if (transaction->begn_bytes == NULL) {
        return sv_fail_memory(error, (size_t)record->body_bytes);
    }
    sv_status status =
        sv_journal_read_body(&editor->journal, record, transaction->begn_bytes, is_whole, error);
    if (status != SV_OK || !*is_whole) {
        return status;
    }
    status = sv_parts_decode(transaction->begn_bytes, (size_t)record->body_bytes, begn->num_parts,
                             editor->options.works, begn->size_bytes, &transaction->parts, error);
    return status == SV_OK ? open_works(transaction, error) : status;
}

/* Windows of a batch that a slot has room for; 0: this build does not know the works. */
static int64_t windows_of_slot(const sv_transaction *transaction)
{
    const sv_begn *begn = &transaction->begn.is.begn;
    for (uint32_t i = 0; i < begn->num_parts; i++) {
        if (transaction->states[i] == NULL) {
            return 0;
        }
    }
    int64_t largest = sv_transaction_largest_record(transaction);
    return largest > 0 ? sv_min_i8(begn->slot_bytes / largest, SV_BATCH_WINDOWS) : 0;
}

static sv_status load(sv_transaction *transaction, int64_t begn_at, bool *is_whole, sv_error *error)
{
    const sv_journal *journal = &transaction->editor->journal;
    const sv_begn *begn = &transaction->begn.is.begn;
    sv_status status = sv_journal_read_begn(journal, begn_at, &transaction->begn, error);
    if (status != SV_OK) {
        return status;
    }
    if (begn->window_bytes < 1 || begn->window_bytes > SV_MAX_WINDOW_BYTES ||
        transaction->begn.end > journal->system->size(journal->fd)) {
        return sv_journal_damaged(error, begn_at);
    }
    transaction->keeps = begn->slot_bytes == 0;
    status = read_parts(transaction, is_whole, error);
    if (status == SV_OK && *is_whole && !transaction->keeps) {
        transaction->batch_windows = windows_of_slot(transaction);
    }
    return status == SV_OK ? open_rooms(transaction, error) : status;
}

sv_status sv_transaction_load(sv_editor *editor, int64_t begn_at, sv_transaction *transaction,
                              bool *is_whole, sv_error *error)
{
    *transaction = (sv_transaction){.editor = editor};
    *is_whole = false;
    sv_status status = load(transaction, begn_at, is_whole, error);
    if (status != SV_OK) {
        sv_transaction_close(transaction);
    }
    return status;
}
