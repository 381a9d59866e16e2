/* The spans of a scan, in order: tasks that follow one another in the file, and are brought to
 * memory in one go. Holes of a sparse file are spans of their own, of which nothing is brought.
 *
 * Which tasks make a span depends on threads, the way of reading and the file's holes, and may
 * change from scan to scan. Results depend on blocks alone. */
#ifndef SV_SCAN_SPANS_H
#define SV_SCAN_SPANS_H

#include "scan/file.h"
#include "scan/plan.h"

/* Tasks [first_task, past_task), and the bytes [first_byte, last_byte) in which they lie. */
typedef struct sv_span {
    int64_t first_task, past_task;
    int64_t first_byte, last_byte; /* in place alone */
    bool is_hole;                  /* nothing was ever written there: all bytes are zero */
} sv_span;

/* What was found out last about the file's holes. */
typedef struct sv_holes {
    int fd; /* −1: the file has none, or they are not wanted */
    int64_t first_byte, last_byte;
    bool are_holes;
} sv_holes;

typedef struct sv_spans {
    const sv_plan *plan;
    int64_t most_bytes, most_tasks; /* of a span, unless a task alone is more */
    int threads;                    /* among which the last tasks are to be divided */
    sv_holes holes;
    int64_t next_task;
} sv_spans;

/* `finds_holes`: whether the scan's reducer does without reading them. */
void sv_spans_open(sv_spans *spans, const sv_plan *plan, const sv_file *file, bool finds_holes);
void sv_spans_close(sv_spans *spans);

/* False: there are no more. */
bool sv_spans_next(sv_spans *spans, sv_span *span);

/* The first task of a span that does not lie before `byte`; past_task: all do. */
int64_t sv_span_task_at(const sv_plan *plan, const sv_span *span, int64_t byte);

#endif
