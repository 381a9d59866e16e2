/* Figures that a header states of the samples (SAC's depmin, depmax and depmen, the peaks of sound
 * files) change in the transaction that changes the samples: as parts of their own, whose bytes are
 * known before it begins. For that the edit is rehearsed, and what it leaves alone is scanned. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "edit/edit.h"
#include "format/format.h"
#include "seisview/summary.h"

struct figures {
    sv_edit *edit;
    sv_segment segment;
    sv_row_figures *of_row;
    sv_summary *sums; /* of each row, but for places */
};

/* ---- which rows -------------------------------------------------------------------------- */

/* The row of the segment that row `number` of a part is. */
static int64_t row_of(const struct figures *f, const sv_part *part, int64_t number)
{
    const int64_t *strides = f->segment.samples.strides;
    int64_t first_byte = part->offset_bytes - part->lead * part->stride_bytes;
    if (f->segment.num_channels == 1) {
        return 0;
    }
    return (first_byte - f->segment.data_offset + number * part->row_stride_bytes) / strides[0];
}

static bool has_row(const struct figures *f, const sv_part *part, int64_t row)
{
    int64_t first = row_of(f, part, 0);
    int64_t step = part->rows > 1 ? row_of(f, part, 1) - first : 1;
    int64_t number = (row - first) / step;
    return number >= 0 && number < part->rows && first + number * step == row;
}

/* ---- adding up --------------------------------------------------------------------------- */

/* Pieces of a row come in any order. */
static void add(struct figures *f, int64_t row, const sv_summary *piece)
{
    sv_row_figures *of = &f->of_row[row];
    int64_t index;
    double max_abs = sv_summary_max_abs(piece, &index);
    if (sv_summary_num_finite(piece) > 0 &&
        (of->num_finite == 0 || max_abs > of->max_abs ||
         (max_abs == of->max_abs && index < of->max_abs_index))) {
        of->max_abs = max_abs;
        of->max_abs_index = index;
    }
    sv_summary_merge(&f->sums[row], piece);
    of->num_finite = sv_summary_num_finite(&f->sums[row]);
}

static void finish(struct figures *f)
{
    for (int64_t row = 0; row < f->segment.num_channels; row++) {
        f->of_row[row].min = f->sums[row].min;
        f->of_row[row].max = f->sums[row].max;
        f->of_row[row].mean = sv_summary_mean(&f->sums[row]);
    }
}

/* ---- what is left alone ------------------------------------------------------------------ */

static sv_status scan(struct figures *f, int64_t row, int64_t first, int64_t last, sv_error *error)
{
    sv_summary summary;
    sv_scan_range range = {f->segment.index, &row, 1, first, last};
    if (first >= last) {
        return SV_OK;
    }
    sv_status status = sv_summary_scan(f->edit->recording, &range, SV_FIGURES_USUAL, &f->edit->scan,
                                       &summary, NULL, error);
    if (status == SV_OK) {
        add(f, row, &summary);
    }
    return status;
}

/* The first part of the row that begins at or behind `index`. */
static const sv_part *next_part(const struct figures *f, int64_t row, int64_t index)
{
    const sv_part *next = NULL;
    for (uint32_t i = 0; i < f->edit->num_parts; i++) {
        const sv_part *part = &f->edit->pieces[i];
        if (part->lead >= index && (next == NULL || part->lead < next->lead) &&
            has_row(f, part, row)) {
            next = part;
        }
    }
    return next;
}

static sv_status scan_rest(struct figures *f, int64_t row, sv_error *error)
{
    int64_t index = 0;
    const sv_part *part;
    while ((part = next_part(f, row, index)) != NULL) {
        sv_status status = scan(f, row, index, part->lead, error);
        if (status != SV_OK) {
            return status;
        }
        index = part->lead + part->samples;
    }
    return scan(f, row, index, f->segment.num_samples, error);
}

/* ---- what is edited ---------------------------------------------------------------------- */

static sv_status see(void *context, uint32_t number, const sv_place *place, const void *after,
                     sv_error *error)
{
    struct figures *f = context;
    const sv_part *part = &f->edit->pieces[number];
    int64_t shape[] = {place->count};
    sv_buffer *buffer;
    sv_view samples;
    sv_summary summary;
    sv_status status = sv_buffer_borrow_const(
        after, (size_t)place->count * sv_dtype_itemsize(part->dtype), &buffer, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_view_make(buffer, 0, part->dtype, 1, shape, NULL, &samples, error);
    if (status == SV_OK) {
        status = sv_summary_of(&samples, part->lead + place->first, SV_FIGURES_USUAL, &summary);
    }
    if (status == SV_OK) {
        add(f, row_of(f, part, place->row->number), &summary);
    }
    sv_buffer_close(buffer);
    return status;
}

static sv_status rehearse(struct figures *f, sv_error *error)
{
    sv_edit *edit = f->edit;
    sv_transaction transaction;
    sv_status status = sv_transaction_prepare(&edit->editor, edit->pieces, edit->num_parts,
                                              edit->keeps, edit->words, &transaction, error);
    if (status == SV_OK) {
        status = sv_transaction_rehearse(&transaction, see, f, error);
        sv_transaction_close(&transaction);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------ */

static sv_status store(void *context, int64_t offset_bytes, const void *bytes, size_t num_bytes,
                       sv_error *error)
{
    return sv_edit_add_header(context, offset_bytes, bytes, num_bytes, error);
}

static sv_status note_there(void *context, int64_t offset_bytes, const void *bytes,
                            size_t num_bytes, sv_error *error)
{
    (void)offset_bytes;
    (void)bytes;
    (void)num_bytes;
    (void)error;
    *(bool *)context = true;
    return SV_OK;
}

bool sv_edit_has_figures(const sv_edit *edit)
{
    bool is_there = false;
    const sv_format *format = edit->recording->format;
    return format->restate != NULL &&
           format->restate(edit->recording, NULL, note_there, &is_there, NULL) == SV_OK && is_there;
}

static sv_status take(struct figures *f, sv_error *error)
{
    sv_status status = rehearse(f, error);
    for (int64_t row = 0; status == SV_OK && row < f->segment.num_channels; row++) {
        status = scan_rest(f, row, error);
    }
    if (status != SV_OK) {
        return status;
    }
    finish(f);
    return f->edit->recording->format->restate(f->edit->recording, f->of_row, store, f->edit,
                                               error);
}

sv_status sv_edit_take_figures(sv_edit *edit, sv_error *error)
{
    struct figures f = {.edit = edit};
    sv_status status = sv_recording_segment(edit->recording, 0, &f.segment);
    if (status != SV_OK) {
        return sv_fail(error, status, "it has no samples");
    }
    size_t rows = (size_t)f.segment.num_channels;
    f.of_row = sv_calloc(rows, sizeof *f.of_row);
    f.sums = sv_malloc(rows * sizeof *f.sums);
    if (f.of_row == NULL || f.sums == NULL) {
        status = sv_fail_memory(error, rows * sizeof *f.sums);
    } else {
        for (size_t row = 0; row < rows; row++) {
            sv_summary_init(&f.sums[row]);
        }
        status = take(&f, error);
    }
    sv_free(f.of_row);
    sv_free(f.sums);
    return status;
}
