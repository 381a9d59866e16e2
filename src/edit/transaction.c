/* Windows staged in batches, journaled, stored, committed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "edit/editor.h"
#include "edit/samples.h"
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

static sv_status open_batch(sv_transaction *transaction, int64_t windows, sv_error *error)
{
    size_t after = (size_t)windows * items_room(transaction);
    transaction->batch_windows = windows;
    transaction->after = sv_malloc_aligned(64, after);
    transaction->staged = sv_calloc((size_t)windows, sizeof *transaction->staged);
    return transaction->after != NULL && transaction->staged != NULL ? SV_OK
                                                                     : sv_fail_memory(error, after);
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

static void close_walk(sv_transaction *transaction)
{
    if (transaction->walk != NULL) {
        transaction->parts[transaction->walk_part].work->close_row(transaction->walk);
        transaction->walk = NULL;
    }
}

void sv_transaction_close(sv_transaction *transaction)
{
    close_walk(transaction);
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
    sv_free(transaction->after);
    sv_free(transaction->staged);
    *transaction = (sv_transaction){.slot = 0};
}

/* ---- beginning --------------------------------------------------------------------------- */

/* The largest record of a window that follows from the parts. */
static int64_t largest_record(const sv_transaction *transaction)
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

/* A slot has room for a batch. */
static sv_status make_batch(sv_transaction *transaction, sv_error *error)
{
    sv_begn *begn = &transaction->begn.is.begn;
    int64_t windows = transaction->editor->options.batch_windows;
    if (begn->num_parts != 0) {
        windows = sv_min_i8(windows, transaction->num_windows);
    }
    begn->slot_bytes = transaction->keeps ? 0 : windows * largest_record(transaction);
    return open_batch(transaction, windows, error);
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

static sv_status reserve(sv_transaction *transaction, sv_error *error)
{
    const sv_begn *begn = &transaction->begn.is.begn;
    sv_journal *journal = &transaction->editor->journal;
    int64_t bytes = sv_record_bytes(transaction->begn.body_bytes) + sv_record_bytes(0);
    int64_t windows;
    if (!sv_multiply(largest_record(transaction), transaction->num_windows, &windows) ||
        !sv_add(bytes, transaction->keeps ? windows : 2 * begn->slot_bytes, &bytes)) {
        return sv_fail(error, SV_OVERFLOW, "the journal would have more bytes than 64 bits count");
    }
    sv_status status = sv_journal_reserve(journal, bytes, error);
    transaction->reserved_to = journal->end + bytes;
    return status == SV_OK ? fill_holes(transaction, error) : status;
}

sv_status sv_transaction_begin(sv_editor *editor, const sv_part *parts, uint32_t num_parts,
                               bool keeps, const char *words, sv_transaction *transaction,
                               sv_error *error)
{
    *transaction = (sv_transaction){.editor = editor, .keeps = keeps};
    sv_status status = sv_editor_exclude(editor, error);
    if (status == SV_OK) {
        status = sv_editor_need_journal(editor, error);
    }
    if (status == SV_OK) {
        status = make_begn(transaction, parts, num_parts, words, error);
    }
    if (status == SV_OK) {
        status = open_rooms(transaction, error);
    }
    if (status == SV_OK) {
        status = make_batch(transaction, error);
    }
    if (status == SV_OK) {
        status = reserve(transaction, error);
    }
    if (status == SV_OK) {
        status =
            sv_journal_append(&editor->journal, &transaction->begn, transaction->begn_bytes, error);
    }
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
        return sv_fail(error, SV_CONFLICT,
                       "its journal is damaged at byte %" PRId64
                       "; to keep the recording as it is, move the journal away",
                       begn_at);
    }
    transaction->keeps = begn->slot_bytes == 0;
    status = read_parts(transaction, is_whole, error);
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

/* ---- a batch ----------------------------------------------------------------------------- */

static sv_status store_all(sv_transaction *transaction, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    sv_status status = SV_OK;
    for (int64_t i = 0; status == SV_OK && i < transaction->num_staged; i++) {
        const sv_staged *staged = &transaction->staged[i];
        status = sv_samples_store(editor->system, editor->fd, &staged->run,
                                  transaction->after + staged->at, error);
    }
    return status;
}

static sv_status flush(sv_transaction *transaction, sv_error *error)
{
    if (transaction->num_staged == 0) {
        return SV_OK;
    }
    sv_status status = sv_holds(SV_RULE_JOURNAL_SYNC_BEFORE_STORES)
                           ? sv_journal_sync(&transaction->editor->journal, error)
                           : SV_OK;
    if (status == SV_OK) {
        status = store_all(transaction, error);
    }
    transaction->num_staged = 0;
    transaction->staged_bytes = 0;
    transaction->batch++;
    return status;
}

/* The slot says that all windows before its own are done. */
static sv_status begin_slot(sv_transaction *transaction, sv_error *error)
{
    const sv_record *begn = &transaction->begn;
    sv_status status = SV_OK;
    if (transaction->batch > 0 && sv_holds(SV_RULE_DATA_SYNC_BEFORE_NEXT_SLOT)) {
        status = sv_editor_sync_data(transaction->editor, error);
    }
    int slot = sv_holds(SV_RULE_TWO_SLOTS) ? transaction->slot : 0;
    transaction->slot_at = begn->end + slot * begn->is.begn.slot_bytes;
    transaction->slot_crc = begn->crc;
    transaction->slot = 1 - transaction->slot;
    return status;
}

/* Journals a window whose old items, new ones (`after_bytes`) and context lie in the record, and
 * whose new items lie at the end of the batch; then they are staged. */
static sv_status stage(sv_transaction *transaction, sv_record *record, sv_error *error)
{
    sv_wind *wind = &record->is.wind;
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    wind->window = (uint64_t)transaction->next_window;
    wind->batch = transaction->batch;
    wind->after_crc = sv_crc(transaction->after + transaction->staged_bytes, items, 0);
    wind->tally = transaction->tally;
    sv_status status = SV_OK;
    if (!transaction->keeps && transaction->num_staged == 0) {
        status = begin_slot(transaction, error);
    }
    if (status == SV_OK) {
        status = sv_wind_write(transaction, record, items, error);
    }
    if (status != SV_OK) {
        return status;
    }
    transaction->staged[transaction->num_staged++] =
        (sv_staged){.run = wind->run, .at = transaction->staged_bytes};
    transaction->staged_bytes += items;
    transaction->next_window++;
    return transaction->num_staged == transaction->batch_windows ? flush(transaction, error)
                                                                 : SV_OK;
}

/* ---- the parts --------------------------------------------------------------------------- */

/* The walk over the contexts of the window's row. */
static sv_status walk_in(sv_transaction *transaction, uint32_t part, const sv_row *row,
                         sv_error *error)
{
    if (transaction->walk != NULL && transaction->walk_part == part &&
        transaction->walk_row.number == row->number) {
        return SV_OK;
    }
    close_walk(transaction);
    transaction->walk_part = part;
    transaction->walk_row = *row;
    return transaction->parts[part].work->open_row(
        transaction->states[part], &transaction->walk_row, &transaction->walk, error);
}

static sv_status take_context(sv_transaction *transaction, uint32_t part, const sv_place *place,
                              unsigned char *context, uint32_t *context_bytes, sv_error *error)
{
    size_t taken = 0;
    const sv_work *work = transaction->parts[part].work;
    *context_bytes = 0;
    if (work->context == NULL) {
        return SV_OK;
    }
    sv_status status = walk_in(transaction, part, place->row, error);
    if (status == SV_OK) {
        status = work->context(transaction->walk, place->count, context, &taken, error);
    }
    *context_bytes = (uint32_t)taken;
    return status;
}

static sv_status stage_next(sv_transaction *transaction, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    sv_record record = {.kind = SV_WIND};
    sv_wind *wind = &record.is.wind;
    uint32_t part;
    sv_row row;
    sv_place place;
    sv_wind_find(transaction, transaction->next_window, &part, &row, &place, &wind->run);
    unsigned char *before = transaction->record + SV_RECORD_HEAD_BYTES;
    unsigned char *context = before + wind->run.count * wind->run.item_bytes;
    sv_status status = sv_samples_read(editor->system, editor->fd, &wind->run, before,
                                       transaction->scratch, error);
    if (status == SV_OK) {
        status = take_context(transaction, part, &place, context, &wind->context_bytes, error);
    }
    if (status == SV_OK) {
        status = transaction->parts[part].work->compute(
            transaction->states[part], &place, context, wind->context_bytes, before,
            transaction->after + transaction->staged_bytes, &transaction->tally, error);
    }
    return status == SV_OK ? stage(transaction, &record, error) : status;
}

static sv_status resume_walk(sv_transaction *transaction, const sv_record *last, sv_error *error)
{
    uint32_t part;
    sv_row row;
    sv_place place;
    sv_run run;
    sv_images images;
    sv_wind_find(transaction, (int64_t)last->is.wind.window, &part, &row, &place, &run);
    const sv_work *work = transaction->parts[part].work;
    if (work->context == NULL || place.first + place.count == row.samples) {
        return SV_OK;
    }
    sv_status status = sv_wind_need(transaction, last, &images, error);
    if (status == SV_OK) {
        status = walk_in(transaction, part, &row, error);
    }
    return status == SV_OK
               ? work->resume(transaction->walk, place.first, place.count, images.context,
                              last->is.wind.context_bytes, images.before, error)
               : status;
}

sv_status sv_transaction_resume(sv_transaction *transaction, const sv_record *last, int slot,
                                sv_error *error)
{
    int64_t windows = transaction->begn.is.begn.slot_bytes / largest_record(transaction);
    if (windows < 1) {
        return sv_fail(error, SV_CONFLICT,
                       "its journal has no room for a window; to keep the recording as it is, "
                       "move the journal away");
    }
    transaction->next_window = (int64_t)last->is.wind.window + 1;
    transaction->batch = last->is.wind.batch + 1;
    transaction->tally = last->is.wind.tally;
    transaction->slot = 1 - slot;
    sv_status status = open_batch(transaction, sv_min_i8(windows, SV_BATCH_WINDOWS), error);
    return status == SV_OK ? resume_walk(transaction, last, error) : status;
}

sv_status sv_transaction_run(sv_transaction *transaction, sv_error *error)
{
    sv_status status = SV_OK;
    while (status == SV_OK && transaction->next_window < transaction->num_windows) {
        status = stage_next(transaction, error);
    }
    return status;
}

static void count_changes(sv_dtype dtype, int64_t count, const unsigned char *before,
                          const unsigned char *after, sv_tally *tally)
{
    size_t item = sv_dtype_itemsize(dtype);
    for (int64_t i = 0; i < count; i++, before += item, after += item) {
        if (memcmp(before, after, item) == 0) {
            continue;
        }
        double change = fabs(sv_scalar_as_f8(sv_dtype_load(dtype, after)) -
                             sv_scalar_as_f8(sv_dtype_load(dtype, before)));
        tally->num_changed++;
        tally->largest_change = fmax(tally->largest_change, change);
    }
}

sv_status sv_transaction_supply(sv_transaction *transaction, const sv_run *run, sv_dtype dtype,
                                const void *items, sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    sv_record record = {.kind = SV_WIND};
    size_t num_bytes = (size_t)(run->count * run->item_bytes);
    unsigned char *before = transaction->record + SV_RECORD_HEAD_BYTES;
    record.is.wind.run = *run;
    record.is.wind.after_bytes = (uint32_t)num_bytes;
    sv_status status =
        sv_samples_read(editor->system, editor->fd, run, before, transaction->scratch, error);
    if (status != SV_OK) {
        return status;
    }
    memcpy(before + num_bytes, items, num_bytes);
    memcpy(transaction->after + transaction->staged_bytes, items, num_bytes);
    count_changes(dtype, run->count, before, items, &transaction->tally);
    return stage(transaction, &record, error);
}

/* ---- the end ----------------------------------------------------------------------------- */

sv_status sv_transaction_commit(sv_transaction *transaction, sv_error *error)
{
    sv_editor *editor = transaction->editor;
    bool data_first = sv_holds(SV_RULE_DATA_SYNC_BEFORE_COMMIT);
    sv_status status = flush(transaction, error);
    if (status == SV_OK && data_first && sv_holds(SV_RULE_DATA_SYNC)) {
        status = sv_editor_sync_data(editor, error);
    }
    if (status == SV_OK) {
        status = sv_journal_mark(&editor->journal, &transaction->begn, SV_COMMIT,
                                 &transaction->tally, sv_time_now(), error);
    }
    if (status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_AFTER_COMMIT)) {
        status = sv_journal_sync(&editor->journal, error);
    }
    if (status == SV_OK && !data_first) {
        status = sv_editor_sync_data(editor, error);
    }
    /* What was reserved and not needed: the file ends where it ended. Nothing depends on it. */
    if (status == SV_OK && transaction->reserved_to > editor->journal.end) {
        editor->system->ftruncate(editor->journal.fd, (off_t)editor->journal.end);
    }
    return status;
}
