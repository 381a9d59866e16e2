/* One task, done by one thread: its samples brought, every row's block reduced. */
#ifndef SV_SCAN_TASK_H
#define SV_SCAN_TASK_H

#include "scan/fetch.h"
#include "scan/pace.h"
#include "scan/plan.h"
#include "scan/planar.h"
#include "scan/spans.h"

/* What one thread keeps from span to span. */
typedef struct sv_worker {
    int number; /* from 0 */
    const sv_recording *recording;
    const sv_plan *plan;
    const sv_reducer *reducer;
    sv_fetch *fetch; /* the scan's, shared */
    sv_scratch scratch;
    sv_planar planar;
    sv_pace pace;
    bool is_paced;     /* the span counts for it */
    bool by_faults;    /* how the span is mapped */
    double shown;      /* when progress was shown last; infinite: by another thread */
    sv_reader *reader; /* where the segment is not in place */
    char *piece;       /* results of one piece of a task, rows_per_task of them */
} sv_worker;

/* What came of a task. */
typedef struct sv_outcome {
    bool has_results; /* false: all its samples were lost */
    int64_t bytes_mapped, bytes_copied, bytes_in_holes, bytes_by_faults;
    int64_t samples_lost;
    sv_error loss; /* why the first of them could not be decoded */
} sv_outcome;

/* SV_NOMEM, SV_IO. To be closed also where it failed. */
sv_status sv_worker_open(sv_worker *worker, sv_error *error);
void sv_worker_close(sv_worker *worker);

/* Fills `results`, one for each row of a task of the span. In place, the file is still to be looked
 * at afterwards. SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_worker_do(sv_worker *worker, const sv_span *span, const sv_hold *hold,
                       const sv_task *task, char *results, sv_outcome *outcome, sv_error *error);

#endif
