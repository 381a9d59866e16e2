/* The plan of a scan: which blocks there are, and how they are put together into tasks.
 *
 * A block is the fixed unit of results (sv_block_samples). A task is what one thread does between
 * two looks at the file: one block of all rows where rows are interleaved, one block of a long
 * row, or several short rows. Tasks follow the file. Results never depend on tasks. */
#ifndef SV_SCAN_PLAN_H
#define SV_SCAN_PLAN_H

#include "seisview/scan.h"

typedef struct sv_plan {
    sv_segment segment;
    sv_scan_range range;
    int64_t segment_offset; /* byte of the buffer where element [0, 0] lies; in place alone */
    int64_t block_samples;
    int64_t first_block; /* the one that holds range.first */
    int64_t num_blocks;  /* of one row */
    bool interleaved;    /* a task is one block of all rows; else rows_per_task blocks */
    int64_t rows_per_task;
    int64_t num_tasks;
} sv_plan;

/* The rows at positions [position, position + num_rows) of the range, samples [first, last), and
 * the bytes of the buffer [first_byte, last_byte) in which all of them lie (in place alone). */
typedef struct sv_task {
    int64_t position, num_rows;
    int64_t first, last;
    int64_t first_byte, last_byte;
} sv_task;

/* SV_RANGE: rows or samples that the segment does not have. */
sv_status sv_plan_make(const sv_recording *recording, const sv_scan_range *range, sv_plan *plan,
                       sv_error *error);

sv_task sv_plan_task(const sv_plan *plan, int64_t i);

/* The segment's row at a position of the range. */
int64_t sv_plan_row(const sv_plan *plan, int64_t position);

#endif
