/* A window's record. */
#include <inttypes.h>
#include <string.h>

#include "base/size.h"
#include "edit/editor.h"
#include "edit/pack.h"
#include "edit/samples.h"
#include "journal/rules.h"

/* ---- going through them ------------------------------------------------------------------ */

sv_winds sv_winds_of(const sv_transaction *transaction, int slot)
{
    const sv_record *begn = &transaction->begn;
    sv_winds winds = {.transaction = transaction, .at = begn->end, .past = INT64_MAX};
    winds.crc = begn->crc;
    if (slot >= 0) {
        winds.at += slot * begn->is.begn.slot_bytes;
        winds.past = winds.at + begn->is.begn.slot_bytes;
    }
    return winds;
}

sv_status sv_winds_next(sv_winds *winds, sv_record *record, bool *found, sv_error *error)
{
    const sv_transaction *transaction = winds->transaction;
    const sv_journal *journal = &transaction->editor->journal;
    int64_t size_bytes = journal->system->size(journal->fd);
    *found = false;
    if (size_bytes < 0) {
        return sv_fail_errno(error, "the journal can no longer be looked at");
    }
    sv_status status = sv_journal_read_head(journal, winds->at, &winds->crc, record, found, error);
    *found = *found && record->kind == SV_WIND && record->number == transaction->begn.number &&
             record->end <= winds->past && record->end <= size_bytes;
    if (*found) {
        winds->at = record->end;
        winds->crc = record->crc;
    }
    return status;
}

sv_status sv_winds_check_end(const sv_winds *winds, sv_error *error)
{
    sv_record mark;
    bool is_valid;
    const sv_transaction *transaction = winds->transaction;
    sv_status status = sv_journal_read_head(&transaction->editor->journal, winds->at, &winds->crc,
                                            &mark, &is_valid, error);
    if (status == SV_OK &&
        (!is_valid || mark.kind != SV_MARK || mark.is.mark.begn_at != transaction->begn.at)) {
        return sv_journal_damaged(error, winds->at);
    }
    return status;
}

void sv_wind_find(const sv_transaction *transaction, int64_t number, uint32_t *part, sv_row *row,
                  sv_place *place, sv_run *run)
{
    const sv_begn *begn = &transaction->begn.is.begn;
    uint32_t i = 0;
    for (;; i++) {
        int64_t windows = sv_part_num_windows(&transaction->parts[i], begn->window_bytes);
        if (number < windows) {
            break;
        }
        number -= windows;
    }
    *part = i;
    sv_part_window(&transaction->parts[i], begn->window_bytes, number, transaction->editor->fd, row,
                   place, run);
}

sv_status sv_winds_crc_of_batch(sv_transaction *transaction, int64_t first, uint64_t *crc,
                                sv_error *error)
{
    const sv_editor *editor = transaction->editor;
    int64_t past = sv_min_i8(first + transaction->batch_windows, transaction->num_windows);
    sv_status status = SV_OK;
    *crc = 0;
    for (int64_t number = first; status == SV_OK && number < past; number++) {
        uint32_t part;
        sv_row row;
        sv_place place;
        sv_run run;
        sv_wind_find(transaction, number, &part, &row, &place, &run);
        status = sv_samples_read(editor->system, editor->fd, &run, transaction->found,
                                 transaction->scratch, error);
        *crc = sv_crc(transaction->found, (size_t)(run.count * run.item_bytes), *crc);
    }
    return status;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Where packing does not pay, it is tried again only now and then. */
static void pack_old(sv_transaction *transaction, sv_record *record, unsigned char *body,
                     size_t items_bytes)
{
    enum { PAUSE = 16 };
    sv_wind *wind = &record->is.wind;
    if (!transaction->keeps || transaction->windows_not_packed-- > 0) {
        return;
    }
    size_t packed = sv_items_pack(body, items_bytes, (size_t)wind->run.item_bytes,
                                  transaction->found, transaction->scratch);
    transaction->windows_not_packed = packed != 0 ? 0 : PAUSE;
    if (packed == 0) {
        return;
    }
    memmove(body + packed, body + items_bytes, (size_t)wind->after_bytes + wind->context_bytes);
    memcpy(body, transaction->found, packed);
    wind->before_bytes = (uint32_t)packed;
    wind->flags |= SV_WIND_PACKED;
}

void sv_wind_close(sv_transaction *transaction, sv_record *record, unsigned char *bytes,
                   size_t items_bytes)
{
    sv_wind *wind = &record->is.wind;
    record->kind = SV_WIND;
    record->number = transaction->begn.number;
    wind->before_bytes = (uint32_t)items_bytes;
    pack_old(transaction, record, bytes + SV_RECORD_HEAD_BYTES, items_bytes);
    record->body_bytes = (int64_t)wind->before_bytes + wind->after_bytes + wind->context_bytes;
    sv_journal_close_body(record, bytes);
}

sv_status sv_wind_write(sv_transaction *transaction, sv_record *record, unsigned char *bytes,
                        sv_error *error)
{
    sv_journal *journal = &transaction->editor->journal;
    if (transaction->keeps) {
        return sv_journal_append(journal, record, bytes, error);
    }
    record->at = transaction->slot_at;
    sv_status status = sv_journal_write(journal, record, transaction->slot_crc, bytes, error);
    transaction->slot_at = record->end;
    transaction->slot_crc = record->crc;
    return status;
}

/* ---- reading back ------------------------------------------------------------------------ */

/* A head whose CRC is right was written by us; this is for those who forge one. */
static bool makes_sense(const sv_transaction *transaction, const sv_record *record)
{
    const sv_wind *wind = &record->is.wind;
    const sv_run *run = &wind->run;
    int64_t first, past, most = transaction->begn.is.begn.window_bytes;
    if (run->item_bytes < 1 || run->item_bytes > 8 || run->count > most ||
        !sv_run_extent(run, &first, &past) ||
        past - first > (most > run->item_bytes ? most : run->item_bytes)) {
        return false;
    }
    int64_t items = run->count * run->item_bytes;
    bool is_packed = (wind->flags & SV_WIND_PACKED) != 0;
    return items <= (most > 8 ? most : 8) &&
           (wind->after_bytes == 0 || wind->after_bytes == items) &&
           (is_packed ? wind->before_bytes < items : wind->before_bytes == items) &&
           wind->context_bytes <= SV_MAX_CONTEXT_BYTES &&
           record->body_bytes ==
               (int64_t)wind->before_bytes + wind->after_bytes + wind->context_bytes;
}

/* The window's new items from its old ones; false where this build makes others. */
static bool compute_again(const sv_transaction *transaction, const sv_wind *wind,
                          const void *before, const void *context)
{
    uint32_t part;
    sv_row row;
    sv_place place;
    sv_run run;
    sv_tally tally = {0};
    if (wind->window >= (uint64_t)transaction->num_windows) {
        return false;
    }
    sv_wind_find(transaction, (int64_t)wind->window, &part, &row, &place, &run);
    const void *state = transaction->states[part];
    return state != NULL && memcmp(&run, &wind->run, sizeof run) == 0 &&
           transaction->parts[part].work->compute(state, &place, context, wind->context_bytes,
                                                  before, transaction->after_of_one, &tally,
                                                  NULL) == SV_OK;
}

static void find_after(sv_transaction *transaction, const sv_wind *wind, sv_images *images,
                       unsigned char *body)
{
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    const unsigned char *after = body + wind->before_bytes;
    unsigned char *context = body + wind->before_bytes + wind->after_bytes;
    if (!sv_holds(SV_RULE_CONTEXT_IN_WIND)) {
        memset(context, 0, wind->context_bytes);
    }
    if (wind->after_bytes == 0 && transaction->only_before) {
        after = NULL;
    } else if (wind->after_bytes == 0) {
        after = compute_again(transaction, wind, images->before, context)
                    ? transaction->after_of_one
                    : NULL;
    }
    bool is_right = after != NULL &&
                    (sv_crc(after, items, 0) == wind->after_crc || !sv_holds(SV_RULE_AFTER_CRC));
    images->after = is_right ? after : NULL;
    images->context = context;
}

sv_status sv_wind_load(sv_transaction *transaction, const sv_record *record, sv_images *images,
                       bool *is_whole, sv_error *error)
{
    const sv_wind *wind = &record->is.wind;
    unsigned char *body = transaction->record + SV_RECORD_HEAD_BYTES;
    *is_whole = false;
    if (!makes_sense(transaction, record)) {
        return sv_journal_damaged(error, record->at);
    }
    size_t items = (size_t)(wind->run.count * wind->run.item_bytes);
    sv_status status =
        sv_journal_read_body(&transaction->editor->journal, record, body, is_whole, error);
    if (status != SV_OK || !*is_whole) {
        return status;
    }
    images->record = *record;
    images->before = body;
    if ((wind->flags & SV_WIND_PACKED) != 0) {
        images->before = transaction->before;
        if (!sv_items_unpack(body, wind->before_bytes, (size_t)wind->run.item_bytes,
                             transaction->before, items, transaction->scratch)) {
            return sv_journal_damaged(error, record->at);
        }
    }
    find_after(transaction, wind, images, body);
    return SV_OK;
}

sv_status sv_wind_need(sv_transaction *transaction, const sv_record *record, sv_images *images,
                       sv_error *error)
{
    bool is_whole;
    sv_status status = sv_wind_load(transaction, record, images, &is_whole, error);
    return status == SV_OK && !is_whole ? sv_journal_damaged(error, record->at) : status;
}

sv_status sv_winds_each(sv_transaction *transaction, int slot, int64_t num_windows,
                        sv_wind_taker *take, int errand, sv_error *error)
{
    sv_winds winds = sv_winds_of(transaction, slot);
    transaction->done_bytes = 0;
    for (int64_t i = 0; i < num_windows; i++) {
        sv_images images;
        sv_record record;
        bool is_there;
        sv_status status = sv_winds_next(&winds, &record, &is_there, error);
        if (status != SV_OK) {
            return status;
        }
        if (!is_there) {
            return sv_winds_check_end(&winds, error);
        }
        transaction->tally = record.is.wind.tally;
        status = sv_wind_need(transaction, &record, &images, error);
        if (status == SV_OK) {
            status = take(transaction, &images, errand, error);
        }
        if (status != SV_OK) {
            return status;
        }
        sv_transaction_tell(transaction, &record.is.wind.run);
    }
    return SV_OK;
}
