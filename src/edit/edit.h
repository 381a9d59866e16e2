/* An edit, as the files that share it see it:
 *
 *   edit.c         beginning, pieces, samples that are written, the end
 *   apply.c        operations on channels become parts
 *   figures.c      what headers state of the samples
 *   afterwards.c   undo, redo, verify, log, forget */
#ifndef SV_EDIT_EDIT_H
#define SV_EDIT_EDIT_H

#include "edit/editor.h"
#include "seisview/edit.h"

struct sv_edit {
    sv_editor editor;
    sv_recording *recording;
    char user[SV_USER_SIZE], host[SV_HOST_SIZE];
    char *words;
    char *data_path;
    char *side_path; /* where a SigMF side file would lie; NULL: there can be none */
    sv_scan_options scan;
    void (*note)(void *context, const char *sentence);
    void *note_context;
    sv_part *pieces; /* what is changed: parts, then what was written */
    uint32_t num_pieces, num_parts;
    int64_t trends_bytes; /* of their parameters */
    bool keeps;
    bool has_begun; /* BEGN is in the journal */
    bool has_failed;
    sv_transaction transaction;
    unsigned char *items; /* of one window */
};

sv_editor_options sv_edit_editor_options(const sv_edit_options *options);

/* Adds a work on the samples of `where` to an edit in which nothing was written yet; it is done by
 * sv_edit_commit(), or before the first samples are written. `lead` and `trail`: samples before and
 * behind them in each row that the work may look at. The parameters are copied. As sv_edit_write().
 */
sv_status sv_edit_add(sv_edit *edit, const sv_view *where, int64_t lead, int64_t trail,
                      const sv_work *work, const void *parameters, size_t parameters_bytes,
                      sv_error *error);

/* The same for bytes of a header, which are copied. */
sv_status sv_edit_add_header(sv_edit *edit, int64_t offset_bytes, const void *bytes,
                             size_t num_bytes, sv_error *error);

/* Whether the recording's header states figures of its samples; and adds those as they will be.
 * SV_RANGE as sv_edit_preview(), statuses of sv_scan(). */
bool sv_edit_has_figures(const sv_edit *edit);
sv_status sv_edit_take_figures(sv_edit *edit, sv_error *error);

#endif
