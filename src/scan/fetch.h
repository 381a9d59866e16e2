/* Bringing a span's bytes: by the mapping, or by reading them into memory of our own.
 *
 * What the page cache holds is mapped by calls or by faults (scan/pace.h). Where it lies there in
 * small pieces, what was used is unmapped again, so that page tables do not grow with the file; of
 * a scan that is not long all stays mapped, for the next one. What the page cache does not hold is
 * first brought into it in pieces of 2 MiB, as far as the system can: these come from a disk at its
 * best rate, and map at once, now and in the next scan. More than it could keep is read past it. */
#ifndef SV_SCAN_FETCH_H
#define SV_SCAN_FETCH_H

#include <stdatomic.h>

#include "scan/spans.h"
#include "seisview/scan.h"

/* Unmapped at a time: all threads are interrupted each time. */
enum { SV_BEHIND_BYTES = 64 << 20 };

/* Of the whole scan, shared by its threads. */
typedef struct sv_fetch {
    const sv_plan *plan;
    sv_file file;
    sv_io io;        /* what is done: never SV_IO_AUTO */
    const char *why; /* as sv_scan_report.why */
    int direct_fd;   /* −1: not asked for, or not possible */
    int64_t span_bytes;
    bool leaves_behind; /* small pieces that were used are unmapped */
    _Atomic int64_t bytes_ahead;
} sv_fetch;

/* Memory that spans are read into. Begin with zeros. */
typedef struct sv_scratch {
    char *memory;
    size_t size_bytes;
} sv_scratch;

/* A span in memory: tasks before past_task can be read there, and that one not, for a reason. */
typedef struct sv_hold {
    const char *data; /* where byte 0 of the buffer would lie */
    int64_t past_task;
    sv_status status;
    sv_error error;
} sv_hold;

void sv_fetch_open(sv_fetch *fetch, const sv_recording *recording, const sv_plan *plan, sv_io io);
void sv_fetch_close(sv_fetch *fetch);

/* Of one task, more or less. */
int64_t sv_fetch_task_bytes(const sv_plan *plan);

/* Whether bringing the span would wait for the disk, as far as the system tells. */
bool sv_fetch_is_cold(const sv_fetch *fetch, const sv_span *span);

/* Brings the span into the page cache, or tries. */
void sv_fetch_ahead(sv_fetch *fetch, const sv_span *span);

/* The mapping's bytes. `by_faults`: touching them maps them, rather than a call in advance. */
void sv_fetch_map(const sv_fetch *fetch, const sv_span *span, bool by_faults, sv_hold *hold);

/* Unmaps what lies between the span's ends, which nobody uses any more. The page cache keeps it. */
void sv_fetch_leave(const sv_fetch *fetch, const sv_span *span);

/* Reads the span into the scratch, which is made large enough. */
void sv_fetch_read(const sv_fetch *fetch, const sv_span *span, sv_scratch *scratch, sv_hold *hold);

/* The look at the file after the span was used: it ends where the file does now. */
void sv_fetch_look(const sv_fetch *fetch, const sv_span *span, sv_hold *hold);

/* SV_NOMEM. */
sv_status sv_scratch_make(sv_scratch *scratch, size_t size_bytes, sv_error *error);

#endif
