/* Edits of recordings, through their views. */
#include "edit/edit.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "edit/editor.h"
#include "edit/samples.h"
#include "format/format.h"
#include "format/sigmf.h"
#include "view/buffer.h"

enum { MOST_PIECES = 4096 };

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

sv_editor_options sv_edit_editor_options(const sv_edit_options *options)
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

static void say(const sv_edit *edit, const char *sentence)
{
    if (edit->note != NULL) {
        edit->note(edit->note_context, sentence);
    }
}

static void say_recovered(const sv_edit *edit, sv_recovery recovery)
{
    if (edit->editor.was_set_aside) {
        say(edit, "its journal was that of another file, and was renamed");
    }
    if (recovery != SV_NOTHING_HOT) {
        say(edit, recovery == SV_CARRIED_BACK
                      ? "an interrupted edit was carried back first"
                      : "an interrupted edit was carried on to its end first");
    }
}

static sv_status open_edit(sv_edit *edit, const sv_source *source, const sv_edit_options *options,
                           sv_error *error)
{
    sv_recovery recovery;
    sv_editor_options chosen = sv_edit_editor_options(options);
    const char *words = options != NULL && options->words != NULL ? options->words : "";
    find_names(edit->user, edit->host);
    chosen.user = edit->user;
    chosen.host = edit->host;
    edit->keeps = options == NULL || !options->undo_none;
    edit->scan = options != NULL ? options->scan : (sv_scan_options)SV_SCAN_OPTIONS_INIT;
    edit->note = options != NULL ? options->note : NULL;
    edit->note_context = options != NULL ? options->note_context : NULL;
    edit->words = sv_strdup(words);
    edit->items = sv_malloc((size_t)chosen.window_bytes);
    edit->data_path = sv_strdup(source->data_path);
    edit->side_path = source->side_path != NULL ? sv_strdup(source->side_path) : NULL;
    if (edit->words == NULL || edit->items == NULL || edit->data_path == NULL ||
        (source->side_path != NULL && edit->side_path == NULL)) {
        return sv_fail_memory(error, (size_t)chosen.window_bytes);
    }
    sv_status status = sv_editor_open(source->data_path, &chosen, &edit->editor, &recovery, error);
    if (status != SV_OK) {
        return status;
    }
    say_recovered(edit, recovery);
    if (!edit->editor.has_journal) {
        status = sv_journal_check_place(edit->editor.journal_path, error);
    }
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
    sv_free(edit->data_path);
    sv_free(edit->side_path);
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

/* Completes the part by a copy of the parameters, and takes it. */
static sv_status add_part(sv_edit *edit, sv_part *part, const void *parameters,
                          size_t parameters_bytes, sv_error *error)
{
    void *copy = sv_malloc(parameters_bytes);
    if (copy == NULL) {
        return sv_fail_memory(error, parameters_bytes);
    }
    memcpy(copy, parameters, parameters_bytes);
    part->parameters = copy;
    part->parameters_bytes = parameters_bytes;
    sv_status status = take_piece(edit, part, error);
    if (status != SV_OK) {
        sv_free(copy);
        return status;
    }
    edit->num_parts++;
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
    part.lead = lead;
    part.trail = trail;
    part.work = work;
    return add_part(edit, &part, parameters, parameters_bytes, error);
}

sv_status sv_edit_add_header(sv_edit *edit, int64_t offset_bytes, const void *bytes,
                             size_t num_bytes, sv_error *error)
{
    sv_part part = {.dtype = sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN),
                    .offset_bytes = offset_bytes,
                    .rows = 1,
                    .samples = (int64_t)num_bytes,
                    .stride_bytes = 1,
                    .work = &sv_work_header};
    return add_part(edit, &part, bytes, num_bytes, error);
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Whether the side file speaks of the samples, as it was when the recording was opened. */
static bool has_side_file(const sv_edit *edit)
{
    sv_sigmf meta;
    bool is_stated;
    if (edit->side_path == NULL || edit->recording->format != &sv_format_raw ||
        sv_sigmf_read(edit->side_path, &meta, NULL) != SV_OK) {
        return false;
    }
    bool describes = sv_sigmf_describes(&meta, edit->data_path, &is_stated);
    sv_sigmf_free(&meta);
    return describes;
}

/* Its checksum of the samples is stale from the first store on. */
static sv_status drop_checksum(const sv_edit *edit, sv_error *error)
{
    bool was_there = false;
    if (!has_side_file(edit)) {
        return SV_OK;
    }
    sv_status status =
        sv_sigmf_drop_checksum(edit->editor.system, edit->side_path, &was_there, error);
    if (status == SV_OK && was_there) {
        say(edit, "core:sha512 was removed from its side file: it was that of the samples before");
    }
    return status;
}

static sv_status begin_transaction(sv_edit *edit, sv_error *error)
{
    if (edit->has_begun) {
        return SV_OK;
    }
    sv_status status = sv_transaction_begin(&edit->editor, edit->pieces, edit->num_parts,
                                            edit->keeps, edit->words, &edit->transaction, error);
    edit->has_begun = status == SV_OK;
    return status == SV_OK ? drop_checksum(edit, error) : status;
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
        const sv_part *piece = &edit->pieces[i];
        effect.num_samples += piece->work != &sv_work_header ? piece->rows * piece->samples : 0;
    }
    return effect;
}

static int64_t free_bytes(const sv_edit *edit)
{
    struct statvfs file_system;
    return fstatvfs(edit->editor.fd, &file_system) == 0
               ? (int64_t)(file_system.f_bavail * file_system.f_frsize)
               : -1;
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
        effect->free_bytes = free_bytes(edit);
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
    if (edit->has_begun || edit->num_parts == 0) {
        return SV_OK;
    }
    if (sv_edit_has_figures(edit)) {
        return sv_edit_take_figures(edit, error);
    }
    return edit->keeps || can_hold_anything(edit) ? SV_OK : rehearse(edit, &effect, error);
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
