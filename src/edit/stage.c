/* Windows staged in batches, journaled, stored, committed. */
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "base/size.h"
#include "edit/editor.h"
#include "edit/samples.h"
#include "journal/rules.h"

/* ---- a batch ----------------------------------------------------------------------------- */

static sv_batch *batch_now(sv_transaction *transaction)
{
    return &transaction->batches[transaction->now];
}

static bool has_room(const sv_transaction *transaction, const sv_batch *batch, size_t record_bytes)
{
    return batch->num_staged < transaction->batch_windows &&
           record_bytes <= transaction->record_room - batch->record_bytes;
}

/* A window whose old items, new ones (`after_bytes`) and context lie behind the batch's records,
 * and whose new items lie behind the batch's, becomes one of the batch. */
static void stage(sv_transaction *transaction, sv_batch *batch, sv_record *record)
{
    sv_wind *wind = &record->is.wind;
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    unsigned char *bytes = batch->records + batch->record_bytes;
    const unsigned char *after = batch->after + batch->after_bytes;
    wind->window = (uint64_t)transaction->next_window;
    wind->after_crc = sv_crc(after, items, 0);
    wind->tally = transaction->tally;
    sv_wind_close(transaction, record, bytes, items);
    batch->staged[batch->num_staged++] =
        (sv_staged){.record = *record, .bytes = bytes, .after = after};
    batch->record_bytes += (size_t)sv_record_bytes(record->body_bytes);
    batch->after_bytes += items;
    transaction->next_window++;
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

static sv_status journal_all(sv_transaction *transaction, sv_batch *batch, sv_error *error)
{
    sv_status status = transaction->keeps ? SV_OK : begin_slot(transaction, error);
    for (int64_t i = 0; status == SV_OK && i < batch->num_staged; i++) {
        sv_staged *staged = &batch->staged[i];
        staged->record.is.wind.batch = transaction->batch;
        status = sv_wind_write(transaction, &staged->record, staged->bytes, error);
    }
    return status == SV_OK && sv_holds(SV_RULE_JOURNAL_SYNC_BEFORE_STORES)
               ? sv_journal_sync(&transaction->editor->journal, error)
               : status;
}

static sv_status store_all(sv_transaction *transaction, const sv_batch *batch, sv_error *error)
{
    sv_editor *editor = transaction->editor;
    sv_status status = SV_OK;
    for (int64_t i = 0; status == SV_OK && i < batch->num_staged; i++) {
        const sv_staged *staged = &batch->staged[i];
        status = sv_editor_store(editor, &staged->record.is.wind.run, staged->after, error);
        sv_transaction_tell(transaction, &staged->record.is.wind.run);
    }
    return status == SV_OK ? sv_editor_stop_storing(editor, error) : status;
}

static sv_status flush(sv_transaction *transaction, sv_error *error)
{
    sv_batch *batch = batch_now(transaction);
    if (batch->num_staged == 0) {
        return SV_OK;
    }
    sv_status status = journal_all(transaction, batch, error);
    if (status == SV_OK) {
        status = store_all(transaction, batch, error);
    }
    batch->num_staged = 0;
    batch->record_bytes = batch->after_bytes = 0;
    transaction->batch++;
    return status;
}

/* ---- the parts --------------------------------------------------------------------------- */

/* A window that was computed. */
struct next {
    uint32_t part;
    sv_row row;
    sv_place place;
    sv_record record;
};

/* The walk over the contexts of the window's row. */
static sv_status walk_in(sv_transaction *transaction, uint32_t part, const sv_row *row,
                         sv_error *error)
{
    if (transaction->walk != NULL && transaction->walk_part == part &&
        transaction->walk_row.number == row->number) {
        return SV_OK;
    }
    sv_transaction_close_walk(transaction);
    transaction->walk_part = part;
    transaction->walk_row = *row;
    return transaction->parts[part].work->open_row(
        transaction->states[part], &transaction->walk_row, &transaction->walk, error);
}

static bool needs_context(const sv_transaction *transaction, uint32_t part)
{
    const sv_work *work = transaction->parts[part].work;
    return work->context != NULL && work->context_room(transaction->states[part]) > 0;
}

static sv_status take_context(sv_transaction *transaction, uint32_t part, const sv_place *place,
                              unsigned char *context, uint32_t *context_bytes, sv_error *error)
{
    size_t taken = 0;
    const sv_work *work = transaction->parts[part].work;
    *context_bytes = 0;
    if (!needs_context(transaction, part)) {
        return SV_OK;
    }
    sv_status status = walk_in(transaction, part, place->row, error);
    if (status == SV_OK) {
        status = work->context(transaction->walk, place->count, context, &taken, error);
    }
    *context_bytes = (uint32_t)taken;
    return status;
}

/* The next window: its old items and context behind the batch's records, its new items behind
 * those of the batch. */
static sv_status compute_next(sv_transaction *transaction, const sv_batch *batch, struct next *next,
                              sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    unsigned char *after = batch->after + batch->after_bytes;
    next->record = (sv_record){.kind = SV_WIND};
    sv_wind *wind = &next->record.is.wind;
    sv_wind_find(transaction, transaction->next_window, &next->part, &next->row, &next->place,
                 &wind->run);
    unsigned char *before = batch->records + batch->record_bytes + SV_RECORD_HEAD_BYTES;
    unsigned char *context = before + wind->run.count * wind->run.item_bytes;
    sv_status status = sv_samples_read(editor->system, editor->fd, &wind->run, before,
                                       transaction->scratch, error);
    if (status == SV_OK) {
        status = take_context(transaction, next->part, &next->place, context, &wind->context_bytes,
                              error);
    }
    return status == SV_OK ? transaction->parts[next->part].work->compute(
                                 transaction->states[next->part], &next->place, context,
                                 wind->context_bytes, before, after, &transaction->tally, error)
                           : status;
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
    if (!needs_context(transaction, part) || place.first + place.count == row.samples) {
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
    if (transaction->batch_windows < 1) {
        return sv_fail(error, SV_CONFLICT,
                       "its journal has no room for a window; to keep the recording as it is, "
                       "move the journal away");
    }
    transaction->next_window = (int64_t)last->is.wind.window + 1;
    transaction->batch = last->is.wind.batch + 1;
    transaction->tally = last->is.wind.tally;
    transaction->slot = 1 - slot;
    sv_status status = sv_transaction_open_batches(transaction, transaction->batch_windows, error);
    return status == SV_OK ? resume_walk(transaction, last, error) : status;
}

/* ---- all windows ------------------------------------------------------------------------- */

/* Whether somebody asks for it to stop, while it can be carried back. */
static bool is_stopped(const sv_transaction *transaction)
{
    return sv_transaction_is_stopped(transaction) &&
           (transaction->keeps || transaction->batch == 0);
}

static sv_status stopped(sv_error *error)
{
    return sv_fail(error, SV_CANCELLED, "the edit was stopped");
}

/* Without before-images, a batch says how the next one was found: should the slot of that one be
 * lost, recovery must not take what is stored for what is not. */
static sv_status look_ahead(sv_transaction *transaction, sv_batch *batch, sv_error *error)
{
    uint64_t crc;
    if (transaction->keeps) {
        return SV_OK;
    }
    sv_status status = sv_winds_crc_of_batch(transaction, transaction->next_window, &crc, error);
    for (int64_t i = 0; status == SV_OK && i < batch->num_staged; i++) {
        batch->staged[i].record.is.wind.next_crc = crc;
    }
    return status;
}

/* Computes windows until the batch is full, or none is left. */
static sv_status fill(sv_transaction *transaction, sv_batch *batch, sv_error *error)
{
    size_t largest = (size_t)sv_transaction_largest_record(transaction);
    sv_status status = SV_OK;
    while (status == SV_OK && transaction->next_window < transaction->num_windows &&
           has_room(transaction, batch, largest)) {
        struct next next;
        status = compute_next(transaction, batch, &next, error);
        if (status == SV_OK) {
            stage(transaction, batch, &next.record);
        }
    }
    return status == SV_OK ? look_ahead(transaction, batch, error) : status;
}

/* Another thread fills the other batch, each time it is asked to. It reads the recording, and
 * writes to memory alone. Without one (is_running false), it is done when it is waited for. */
struct ahead {
    pthread_t thread;
    bool is_running, is_over;
    sem_t asked, filled;
    sv_transaction *transaction;
    sv_status status;
    sv_error error;
};

static void fill_other(struct ahead *ahead)
{
    sv_transaction *transaction = ahead->transaction;
    ahead->status = fill(transaction, &transaction->batches[1 - transaction->now], &ahead->error);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

static void *work_ahead(void *context)
{
    struct ahead *ahead = context;
    for (wait_for(&ahead->asked); !ahead->is_over; wait_for(&ahead->asked)) {
        fill_other(ahead);
        sem_post(&ahead->filled);
    }
    return NULL;
}

static void begin_ahead(struct ahead *ahead, sv_transaction *transaction)
{
    *ahead = (struct ahead){.transaction = transaction};
    if (transaction->editor->options.works_ahead &&
        transaction->next_window < transaction->num_windows) {
        sem_init(&ahead->asked, 0, 0);
        sem_init(&ahead->filled, 0, 0);
        ahead->is_running = pthread_create(&ahead->thread, NULL, work_ahead, ahead) == 0;
    }
}

static void end_ahead(struct ahead *ahead)
{
    if (ahead->is_running) {
        ahead->is_over = true;
        sem_post(&ahead->asked);
        pthread_join(ahead->thread, NULL);
    }
}

static sv_status flush_and_fill(struct ahead *ahead, sv_error *error)
{
    sv_transaction *transaction = ahead->transaction;
    if (ahead->is_running) {
        sem_post(&ahead->asked);
    }
    sv_status status = flush(transaction, error);
    if (ahead->is_running) {
        wait_for(&ahead->filled);
    } else if (status == SV_OK) {
        fill_other(ahead);
    }
    transaction->now = 1 - transaction->now;
    if (status == SV_OK && ahead->status != SV_OK && error != NULL) {
        *error = ahead->error;
    }
    return status == SV_OK ? ahead->status : status;
}

sv_status sv_transaction_run(sv_transaction *transaction, sv_error *error)
{
    struct ahead ahead;
    sv_status status = fill(transaction, batch_now(transaction), error);
    begin_ahead(&ahead, transaction);
    while (status == SV_OK && transaction->next_window < transaction->num_windows) {
        status = is_stopped(transaction) ? stopped(error) : flush_and_fill(&ahead, error);
    }
    end_ahead(&ahead);
    return status == SV_OK && is_stopped(transaction) ? stopped(error) : status;
}

sv_status sv_transaction_rehearse(sv_transaction *transaction, sv_spectator *see, void *context,
                                  sv_error *error)
{
    struct next next;
    const sv_batch *batch = batch_now(transaction);
    sv_status status = SV_OK;
    while (status == SV_OK && transaction->next_window < transaction->num_windows) {
        if (is_stopped(transaction)) {
            return stopped(error);
        }
        status = compute_next(transaction, batch, &next, error);
        if (status == SV_OK && see != NULL) {
            status = see(context, next.part, &next.place, batch->after, error);
        }
        transaction->next_window++;
        sv_transaction_tell(transaction, &next.record.is.wind.run);
    }
    return status;
}

/* ---- samples that are supplied ----------------------------------------------------------- */

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
    sv_batch *batch = batch_now(transaction);
    if (!has_room(transaction, batch, (size_t)sv_record_bytes(2 * (int64_t)num_bytes))) {
        sv_status status = flush(transaction, error);
        if (status != SV_OK) {
            return status;
        }
    }
    unsigned char *before = batch->records + batch->record_bytes + SV_RECORD_HEAD_BYTES;
    record.is.wind.run = *run;
    record.is.wind.after_bytes = (uint32_t)num_bytes;
    sv_status status =
        sv_samples_read(editor->system, editor->fd, run, before, transaction->scratch, error);
    if (status != SV_OK) {
        return status;
    }
    memcpy(before + num_bytes, items, num_bytes);
    memcpy(batch->after + batch->after_bytes, items, num_bytes);
    count_changes(dtype, run->count, before, items, &transaction->tally);
    stage(transaction, batch, &record);
    return SV_OK;
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
