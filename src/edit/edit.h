/* What operations need of an edit. */
#ifndef SV_EDIT_EDIT_H
#define SV_EDIT_EDIT_H

#include "edit/work.h"
#include "seisview/edit.h"

/* Adds a work on the samples of `where` to an edit in which nothing was written yet; it is done by
 * sv_edit_commit(), or before the first samples are written. `lead` and `trail`: samples before and
 * behind them in each row that the work may look at. The parameters are copied. As sv_edit_write().
 */
sv_status sv_edit_add(sv_edit *edit, const sv_view *where, int64_t lead, int64_t trail,
                      const sv_work *work, const void *parameters, size_t parameters_bytes,
                      sv_error *error);

/* How scans for the edit are done. */
const sv_scan_options *sv_edit_scan(const sv_edit *edit);

#endif
