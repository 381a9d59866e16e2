/* Bringing a task's bytes: from the mapping, read ahead in bounded windows, or by reading them into
 * a scratch buffer of the thread. */
#ifndef SV_SCAN_FETCH_H
#define SV_SCAN_FETCH_H

#include <stdatomic.h>

#include "scan/plan.h"

/* A recording's bytes. */
typedef struct sv_file {
    const char *data; /* the mapping */
    int64_t size_bytes;
    int fd; /* −1: memory without a file, which cannot be cut */
} sv_file;

/* Of the whole scan, shared by its threads. */
typedef struct sv_fetch {
    const sv_plan *plan;
    sv_file file;
    int direct_fd; /* −1: not asked for, or not possible */
    sv_io io;      /* what is done: never SV_IO_AUTO */
    int64_t tasks_ahead, tasks_a_step;
    _Atomic int64_t ahead; /* tasks before this one were asked of the system */
    _Atomic int64_t bytes_ahead;
} sv_fetch;

/* Of one thread. Begin with zeros. */
typedef struct sv_scratch {
    char *memory;
    size_t size_bytes;
} sv_scratch;

sv_file sv_file_of(const sv_recording *recording);

void sv_fetch_open(sv_fetch *fetch, const sv_recording *recording, const sv_plan *plan, sv_io io);
void sv_fetch_close(sv_fetch *fetch);

/* Makes the bytes of task i readable; *data is where byte 0 of the buffer would lie: the mapping's
 * first byte, or as much before the scratch. SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_fetch_task(sv_fetch *fetch, int64_t i, const sv_task *task, sv_scratch *scratch,
                        const char **data, sv_error *error);

/* The look at the file after a task was read: SV_TRUNCATED when it no longer holds `last_byte`.
 * Without it the last page of a cut file would have been read as zeros. */
sv_status sv_file_look(const sv_file *file, int64_t last_byte, sv_error *error);

/* After a page of bytes [first_byte, last_byte) could not be touched: SV_TRUNCATED, also when the
 * file holds them again by now; SV_IO where the system cannot read them. */
sv_status sv_file_fault(const sv_file *file, int64_t first_byte, int64_t last_byte,
                        sv_error *error);

#endif
