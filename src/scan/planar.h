/* Interleaved rows without gaps: what is reduced row by row is first put into a scratch, some
 * neighbouring rows at a time, so that every line of the cache is read once and not once a row. */
#ifndef SV_SCAN_PLANAR_H
#define SV_SCAN_PLANAR_H

#include "kernel/kernel.h"
#include "scan/plan.h"

/* Of one thread. Begin with zeros. */
typedef struct sv_planar {
    const sv_kernels *kernels;
    int64_t most_rows; /* 0: rows are reduced where they lie */
    char *memory;
} sv_planar;

/* For blocks of the plan. SV_NOMEM; SV_UNSUPPORTED: see sv_kernels_get(). */
sv_status sv_planar_open(sv_planar *planar, const sv_plan *plan, sv_error *error);
void sv_planar_close(sv_planar *planar);

/* How many rows from `position` on are neighbours in `samples` (rows × samples) and are to be taken
 * together: 1 where they stay where they are. */
int64_t sv_planar_count(const sv_planar *planar, const sv_plan *plan, const sv_view *samples,
                        int64_t position, int64_t last_position);

/* Copies them to the scratch, one after the other, sv_planar_step() bytes from each row's first
 * sample to the next's; `address` is that of the first one's first sample. */
void sv_planar_copy(const sv_planar *planar, const sv_view *samples, const char *address,
                    int64_t rows);
int64_t sv_planar_step(const sv_view *samples);

/* The scratch as a view: rows × samples. */
sv_view sv_planar_view(const sv_planar *planar, const sv_view *samples, int64_t rows);

#endif
