/* Edits of recordings, through their views. */
#include "edit/edit.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "edit/editor.h"
#include "edit/samples.h"
#include "format/format.h"
#include "format/sigmf.h"
#include "view/buffer.h"

enum { MOST_PIECES = 4096 };

struct sv_edit {
    sv_editor editor;
    sv_recording *recording;
    char user[SV_USER_SIZE], host[SV_HOST_SIZE];
    char *words;
    sv_scan_options scan;
    sv_part *pieces; /* what is changed: parts, then what was written */
    uint32_t num_pieces, num_parts;
    bool keeps;
    bool has_begun; /* BEGN is in the journal */
    bool has_failed;
    sv_transaction transaction;
    unsigned char *items; /* of one window */
};

/* ---- opening ----------------------------------------------------------------------------- */

static void find_names(char user[SV_USER_SIZE], char host[SV_HOST_SIZE])
{
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0 && found != NULL) {
        snprintf(user, SV_USER_SIZE, "%s", found->pw_name);
    } else {
        snprintf(user, SV_USER_SIZE, "%ld", (long)geteuid());
    }
    if (gethostname(host, SV_HOST_SIZE) != 0) {
        host[0] = '\0';
    }
    host[SV_HOST_SIZE - 1] = '\0';
}

static sv_editor_options editor_options(const sv_edit_options *options)
{
    sv_editor_options chosen = sv_editor_defaults;
    if (options != NULL) {
        chosen.wait_seconds = options->wait_seconds;
        chosen.allow_remote = options->allow_remote;
        chosen.only_looks = options->only_looks;
        chosen.cancel = options->scan.cancel;
        chosen.progress = options->scan.progress;
        chosen.progress_context = options->scan.progress_context;
    }
    return chosen;
}

static sv_status open_recording(sv_edit *edit, const sv_source *source, sv_error *error)
{
    sv_buffer *buffer;
    struct stat at_opening;
    if (fstat(edit->editor.fd, &at_opening) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    sv_status status = sv_buffer_map_fd(edit->editor.fd, SV_READ, &buffer, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_recording_of_buffer(source, buffer, &at_opening, &edit->recording, error);
    if (status != SV_OK) {
        sv_buffer_close(buffer);
    }
    return status;
}

static sv_status open_edit(sv_edit *edit, const sv_source *source, const sv_edit_options *options,
                           sv_error *error)
{
    sv_recovery recovery;
    sv_editor_options chosen = editor_options(options);
    const char *words = options != NULL && options->words != NULL ? options->words : "";
    find_names(edit->user, edit->host);
    chosen.user = edit->user;
    chosen.host = edit->host;
    edit->keeps = options == NULL || !options->undo_none;
    edit->scan = options != NULL ? options->scan : (sv_scan_options)SV_SCAN_OPTIONS_INIT;
    edit->words = sv_strdup(words);
    edit->items = sv_malloc((size_t)chosen.window_bytes);
    if (edit->words == NULL || edit->items == NULL) {
        return sv_fail_memory(error, (size_t)chosen.window_bytes);
    }
    sv_status status = sv_editor_open(source->data_path, &chosen, &edit->editor, &recovery, error);
    return status == SV_OK ? open_recording(edit, source, error) : status;
}

static void close_edit(sv_edit *edit)
{
    if (edit->has_begun) {
        sv_transaction_close(&edit->transaction);
    }
    for (uint32_t i = 0; i < edit->num_parts; i++) {
        sv_free((void *)(uintptr_t)edit->pieces[i].parameters);
    }
    sv_recording_close(edit->recording);
    sv_editor_close(&edit->editor);
    sv_free(edit->pieces);
    sv_free(edit->words);
    sv_free(edit->items);
    sv_free(edit);
}

static sv_status begin_located(const sv_source *source, const sv_edit_options *options,
                               sv_edit **edit, sv_error *error)
{
    sv_edit *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->editor.fd = -1;
    sv_status status = open_edit(opened, source, options, error);
    if (status != SV_OK) {
        close_edit(opened);
        return status;
    }
    *edit = opened;
    return SV_OK;
}

sv_status sv_edit_begin(const char *path, const sv_open_options *open_options,
                        const sv_edit_options *options, sv_edit **edit, sv_error *error)
{
    static const sv_open_options defaults = SV_OPEN_OPTIONS_INIT;
    char *data_path, *side_path;
    if (open_options == NULL) {
        open_options = &defaults;
    }
    sv_status status = sv_options_check(open_options, error);
    if (status == SV_OK) {
        status = sv_sigmf_locate(path, open_options, &data_path, &side_path, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_source source = {path, data_path, side_path, open_options};
    status = begin_located(&source, options, edit, error);
    sv_free(data_path);
    sv_free(side_path);
    return status;
}

sv_recording *sv_edit_recording(const sv_edit *edit)
{
    return edit->recording;
}

const sv_scan_options *sv_edit_scan(const sv_edit *edit)
{
    return &edit->scan;
}

/* ---- pieces ------------------------------------------------------------------------------ */

/* Where the samples of a view lie in the file. */
static sv_status locate(const sv_edit *edit, const sv_view *where, sv_part *piece, sv_error *error)
{
    const sv_buffer *buffer = sv_recording_buffer(edit->recording);
    if (sv_view_check(where) != SV_OK) {
        return sv_fail(error, SV_STALE, "the samples' recording has been closed");
    }
    if (where->slot != sv_buffer_slot(buffer) ||
        where->generation != sv_buffer_generation(buffer)) {
        return sv_fail(error, SV_INVALID, "the samples are not of the recording that is edited");
    }
    if (where->ndim < 1 || where->ndim > 2) {
        return sv_fail(error, SV_SHAPE, "samples are written along one axis or two, not %d",
                       where->ndim);
    }
    int along = where->ndim - 1;
    bool has_rows = where->ndim == 2;
    *piece = (sv_part){.dtype = where->dtype,
                       .rows = has_rows ? where->shape[0] : 1,
                       .row_stride_bytes = has_rows ? where->strides[0] : 0,
                       .samples = where->shape[along],
                       .stride_bytes = where->strides[along]};
    if (piece->rows > 0 && piece->samples > 0) {
        piece->offset_bytes = where->address - (const char *)sv_buffer_data(buffer);
    }
    return SV_OK;
}

/* Whether `piece` goes on where the one before it ends: then the two are one. */
static bool extends(const sv_part *last, const sv_part *piece)
{
    return last->work == NULL && last->rows == piece->rows &&
           (last->rows == 1 || last->row_stride_bytes == piece->row_stride_bytes) &&
           sv_dtype_equal(last->dtype, piece->dtype) &&
           (last->stride_bytes == piece->stride_bytes || piece->samples == 1) &&
           piece->offset_bytes == last->offset_bytes + last->samples * last->stride_bytes;
}

static sv_status take_piece(sv_edit *edit, const sv_part *piece, sv_error *error)
{
    sv_status status = sv_part_check(piece, edit->editor.recording.size_bytes, error);
    for (uint32_t i = 0; status == SV_OK && i < edit->num_pieces; i++) {
        if (sv_parts_overlap(&edit->pieces[i], piece)) {
            return sv_fail(error, SV_INVALID,
                           "the samples at byte %" PRId64
                           " were changed in this edit before; commit it first",
                           piece->offset_bytes);
        }
    }
    if (status != SV_OK) {
        return status;
    }
    if (edit->num_pieces > 0 && piece->work == NULL &&
        extends(&edit->pieces[edit->num_pieces - 1], piece)) {
        edit->pieces[edit->num_pieces - 1].samples += piece->samples;
        return SV_OK;
    }
    if (edit->num_pieces == MOST_PIECES) {
        return sv_fail(error, SV_INVALID,
                       "more than %d separate pieces cannot be changed in one edit; commit it "
                       "first",
                       MOST_PIECES);
    }
    size_t size_bytes = (edit->num_pieces + 1) * sizeof *edit->pieces;
    sv_part *grown = sv_realloc(edit->pieces, size_bytes);
    if (grown == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
    edit->pieces = grown;
    edit->pieces[edit->num_pieces++] = *piece;
    return SV_OK;
}

sv_status sv_edit_add(sv_edit *edit, const sv_view *where, int64_t lead, int64_t trail,
                      const sv_work *work, const void *parameters, size_t parameters_bytes,
                      sv_error *error)
{
    sv_part part;
    if (edit->has_begun) {
        return sv_fail(error, SV_INVALID, "operations come before samples that are written");
    }
    sv_status status = locate(edit, where, &part, error);
    if (status != SV_OK || part.rows == 0 || part.samples == 0) {
        return status;
    }
    void *copy = sv_malloc(parameters_bytes);
    if (copy == NULL) {
        return sv_fail_memory(error, parameters_bytes);
    }
    memcpy(copy, parameters, parameters_bytes);
    part.lead = lead;
    part.trail = trail;
    part.work = work;
    part.parameters = copy;
    part.parameters_bytes = parameters_bytes;
    status = take_piece(edit, &part, error);
    if (status != SV_OK) {
        sv_free(copy);
        return status;
    }
    edit->num_parts++;
    return SV_OK;
}

/* ---- writing ----------------------------------------------------------------------------- */

static sv_status begin_transaction(sv_edit *edit, sv_error *error)
{
    if (edit->has_begun) {
        return SV_OK;
    }
    sv_status status = sv_transaction_begin(&edit->editor, edit->pieces, edit->num_parts,
                                            edit->keeps, edit->words, &edit->transaction, error);
    edit->has_begun = status == SV_OK;
    return status;
}

static sv_status write_row(sv_edit *edit, const sv_part *piece, int64_t row, const sv_view *samples,
                           sv_error *error)
{
    size_t item = sv_dtype_itemsize(piece->dtype);
    int64_t each = sv_part_window_samples(piece, edit->editor.options.window_bytes);
    for (int64_t first = 0; first < piece->samples; first += each) {
        sv_view some;
        int64_t count = piece->samples - first < each ? piece->samples - first : each;
        sv_run run = {.offset_bytes = piece->offset_bytes + row * piece->row_stride_bytes +
                                      first * piece->stride_bytes,
                      .count = count,
                      .stride_bytes = piece->stride_bytes,
                      .item_bytes = (int64_t)item};
        sv_status status = sv_view_slice(samples, 0, first, first + count, 1, &some, error);
        if (status == SV_OK) {
            status = sv_view_copy_out(&some, SV_C_ORDER, edit->items, (size_t)count * item, error);
        }
        if (status == SV_OK) {
            status =
                sv_transaction_supply(&edit->transaction, &run, piece->dtype, edit->items, error);
        }
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static sv_status write_rows(sv_edit *edit, const sv_part *piece, const sv_view *samples,
                            sv_error *error)
{
    sv_status status = begin_transaction(edit, error);
    if (status == SV_OK) {
        status = sv_transaction_run(&edit->transaction, error);
    }
    for (int64_t row = 0; status == SV_OK && row < piece->rows; row++) {
        sv_view of_row = *samples;
        if (samples->ndim == 2) {
            status = sv_view_at(samples, 0, row, &of_row, error);
        }
        if (status == SV_OK) {
            status = write_row(edit, piece, row, &of_row, error);
        }
    }
    return status;
}

static sv_status check_samples(const sv_view *where, const sv_view *samples, sv_error *error)
{
    if (sv_view_check(samples) != SV_OK) {
        return sv_fail(error, SV_STALE, "the new samples' buffer has been closed");
    }
    if (!sv_dtype_equal(where->dtype, samples->dtype)) {
        return sv_fail(error, SV_DTYPE, "the new samples have another dtype than the old ones");
    }
    if (where->ndim != samples->ndim ||
        memcmp(where->shape, samples->shape, where->ndim * sizeof where->shape[0]) != 0) {
        return sv_fail(error, SV_SHAPE, "the new samples have another shape than the old ones");
    }
    return SV_OK;
}

sv_status sv_edit_write(sv_edit *edit, const sv_view *where, const sv_view *samples,
                        sv_error *error)
{
    sv_part piece;
    if (edit->has_failed) {
        return sv_fail(error, SV_INVALID, "the edit has failed before; roll it back");
    }
    if (!edit->keeps) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "samples that a program supplies cannot be computed again: what they "
                       "overwrite must be kept");
    }
    sv_status status = locate(edit, where, &piece, error);
    if (status == SV_OK) {
        status = check_samples(where, samples, error);
    }
    if (status == SV_OK && (piece.rows == 0 || piece.samples == 0)) {
        return SV_OK;
    }
    if (status == SV_OK) {
        status = take_piece(edit, &piece, error);
    }
    if (status == SV_OK) {
        status = write_rows(edit, &piece, samples, error);
    }
    edit->has_failed = status != SV_OK;
    return status;
}

/* ---- the end ----------------------------------------------------------------------------- */

/* Carries back what a transaction has stored, as recovery would. After a failed sync nothing can be
 * believed: the next opener recovers. Before EXCLUSIVE was held, nothing was written. */
static sv_status carry_back(sv_edit *edit, sv_recovery *recovery, sv_error *error)
{
    sv_editor *editor = &edit->editor;
    *recovery = SV_NOTHING_HOT;
    if (editor->level != SV_EXCLUSIVE_LOCK) {
        return SV_OK;
    }
    if (sv_editor_is_poisoned(editor)) {
        return SV_INTERRUPTED;
    }
    editor->was_walked = false;
    return sv_editor_recover(editor, recovery, error);
}

static sv_edit_effect effect_of(const sv_edit *edit, const sv_tally *tally)
{
    sv_edit_effect effect = {.num_changed = tally->num_changed,
                             .num_saturated = tally->num_saturated,
                             .largest_change = tally->largest_change};
    for (uint32_t i = 0; i < edit->num_pieces; i++) {
        effect.num_samples += edit->pieces[i].rows * edit->pieces[i].samples;
    }
    return effect;
}

static sv_status rehearse(sv_edit *edit, sv_edit_effect *effect, sv_error *error)
{
    sv_transaction transaction;
    int64_t journal_bytes;
    sv_status status = sv_transaction_prepare(&edit->editor, edit->pieces, edit->num_parts,
                                              edit->keeps, edit->words, &transaction, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_transaction_journal_bytes(&transaction, &journal_bytes, error);
    if (status == SV_OK) {
        status = sv_transaction_rehearse(&transaction, NULL, NULL, error);
    }
    if (status == SV_OK) {
        *effect = effect_of(edit, &transaction.tally);
        effect->journal_bytes = journal_bytes;
    }
    sv_transaction_close(&transaction);
    return status;
}

sv_status sv_edit_preview(sv_edit *edit, sv_edit_effect *effect, sv_error *error)
{
    if (edit->has_begun || edit->has_failed) {
        return sv_fail(error, SV_INVALID, "the edit has begun to write; commit it or roll it back");
    }
    *effect = (sv_edit_effect){.number = 0};
    return edit->num_parts > 0 ? rehearse(edit, effect, error) : SV_OK;
}

static bool can_hold_anything(const sv_edit *edit)
{
    bool can = true;
    for (uint32_t i = 0; i < edit->num_pieces; i++) {
        sv_type type = edit->pieces[i].dtype.type;
        can = can && (type == SV_F4 || type == SV_F8);
    }
    return can;
}

/* Without before-images there is no way back from a sample that its type cannot hold. */
static sv_status look_ahead(sv_edit *edit, sv_error *error)
{
    sv_edit_effect effect;
    return edit->keeps || edit->has_begun || can_hold_anything(edit)
               ? SV_OK
               : rehearse(edit, &effect, error);
}

static sv_status finish(sv_edit *edit, sv_error *error)
{
    sv_status status = look_ahead(edit, error);
    if (status == SV_OK) {
        status = begin_transaction(edit, error);
    }
    if (status == SV_OK) {
        status = sv_transaction_run(&edit->transaction, error);
    }
    return status == SV_OK ? sv_transaction_commit(&edit->transaction, error) : status;
}

/* What was not kept cannot be carried back: such an edit is carried on to its end, and done. */
static sv_status recover_failed(sv_edit *edit, sv_status status, sv_error *error)
{
    sv_recovery recovery;
    if (carry_back(edit, &recovery, NULL) != SV_OK) {
        if (error != NULL) {
            error->status = SV_INTERRUPTED;
        }
        return SV_INTERRUPTED;
    }
    return recovery == SV_CARRIED_ON ? SV_OK : status;
}

sv_status sv_edit_commit(sv_edit *edit, sv_edit_effect *effect, sv_error *error)
{
    sv_edit_effect done = {.number = 0};
    sv_status status = SV_OK;
    if (edit->has_failed) {
        status = sv_fail(error, SV_INVALID, "the edit has failed before, and is carried back");
    } else if (edit->num_pieces > 0) {
        status = finish(edit, error);
    }
    if (status != SV_OK) {
        status = recover_failed(edit, status, error);
    }
    if (status == SV_OK && edit->has_begun) {
        done = effect_of(edit, &edit->transaction.tally);
        done.number = edit->transaction.begn.number;
    }
    if (status == SV_OK && effect != NULL) {
        *effect = done;
    }
    close_edit(edit);
    return status;
}

sv_status sv_edit_rollback(sv_edit *edit, sv_error *error)
{
    if (edit == NULL) {
        return SV_OK;
    }
    sv_recovery recovery;
    sv_status status = carry_back(edit, &recovery, error);
    if (status == SV_INTERRUPTED) {
        sv_fail(error, SV_INTERRUPTED,
                "a sync has failed: the edit stays as it is until it is verified");
    }
    close_edit(edit);
    return status;
}

/* ---- afterwards -------------------------------------------------------------------------- */

/* `path` may be a side file's. */
static sv_status open_editor(const char *path, const sv_edit_options *options, sv_editor *editor,
                             sv_recovery *recovery, sv_error *error)
{
    static const sv_open_options defaults = SV_OPEN_OPTIONS_INIT;
    char *data_path, *side_path;
    sv_editor_options chosen = editor_options(options);
    sv_status status = sv_sigmf_locate(path, &defaults, &data_path, &side_path, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_editor_open(data_path, &chosen, editor, recovery, error);
    sv_free(data_path);
    sv_free(side_path);
    return status;
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

sv_status sv_edit_forget(const char *path, const sv_edit_options *options, sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_status status = open_editor(path, options, &editor, &recovery, error);
    if (status == SV_OK) {
        status = sv_editor_forget(&editor, error);
        sv_editor_close(&editor);
    }
    return status;
}

/* ---- the log ----------------------------------------------------------------------------- */

struct reader {
    const sv_editor *editor;
    bool (*take)(void *context, const sv_log_entry *entry);
    void *context;
    sv_status status;
    sv_error *error;
};

static bool give(struct reader *reader, const sv_entry *entry, const unsigned char *body)
{
    const sv_begn *begn = &entry->begn.is.begn;
    size_t body_bytes = (size_t)entry->begn.body_bytes;
    bool is_undone = entry->mark.outcome == SV_BACK;
    sv_part *parts = NULL;
    sv_log_entry told = {.number = entry->begn.number,
                         .begun = begn->time,
                         .done = entry->mark.time,
                         .is_undone = is_undone,
                         .can_be_undone = !is_undone && begn->slot_bytes == 0,
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

static bool tell(void *context, const sv_entry *entry)
{
    struct reader *reader = context;
    const sv_record *record = &entry->begn;
    const sv_journal *journal = &reader->editor->journal;
    bool is_whole = false;
    int64_t size_bytes = journal->system->size(journal->fd);
    if (record->end > size_bytes) {
        reader->status = sv_fail(reader->error, SV_CONFLICT,
                                 "its journal is damaged at byte %" PRId64, record->at);
        return false;
    }
    /* A NUL behind the words. */
    unsigned char *body = sv_calloc(1, (size_t)record->body_bytes + 1);
    if (body == NULL) {
        reader->status = sv_fail_memory(reader->error, (size_t)record->body_bytes + 1);
        return false;
    }
    reader->status = sv_journal_read_body(journal, record, body, &is_whole, reader->error);
    if (reader->status == SV_OK && !is_whole) {
        reader->status = sv_fail(reader->error, SV_CONFLICT,
                                 "its journal is damaged at byte %" PRId64, record->at);
    }
    bool goes_on = reader->status == SV_OK && give(reader, entry, body);
    sv_free(body);
    return goes_on;
}

sv_status sv_edit_log(const char *path, const sv_edit_options *options,
                      bool (*take)(void *context, const sv_log_entry *entry), void *context,
                      sv_error *error)
{
    sv_editor editor;
    sv_recovery recovery;
    sv_edit_options looks = SV_EDIT_OPTIONS_INIT;
    looks.wait_seconds = options != NULL ? options->wait_seconds : 0.0;
    looks.only_looks = true;
    sv_status status = open_editor(path, &looks, &editor, &recovery, error);
    if (status != SV_OK) {
        return status;
    }
    struct reader reader = {.editor = &editor, .take = take, .context = context, .error = error};
    status = sv_history(&editor, tell, &reader, error);
    sv_editor_close(&editor);
    return status == SV_OK ? reader.status : status;
}
