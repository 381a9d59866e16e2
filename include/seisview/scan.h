/* The scan: every chosen sample of a segment, once, in blocks, by a team of threads.
 *
 * A block is a run of samples of one channel. Its boundaries are multiples of sv_block_samples(),
 * counted from the segment's first sample and cut by the window: they follow from the segment's
 * geometry alone, never from threads, I/O or machine. Each block becomes a small result; results
 * are merged in the order of the channel's samples, by one thread at a time. So the answer is the
 * same to the last bit everywhere. Where a segment is not in place, a block may come in pieces (a
 * long record each, a file each), whose results are joined in order.
 *
 *   block    threads  ──► result ──┐
 *   block    threads  ──► result ──┼──► merge, in order
 *   block    threads  ──► result ──┘
 *
 * Memory is bounded: a few blocks and results a thread, whatever the file. While a scan runs the
 * recording's buffer is pinned. */
#ifndef SEISVIEW_SCAN_H
#define SEISVIEW_SCAN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/status.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One block, valid during the call it is given to. */
typedef struct sv_block {
    int64_t row;      /* of the segment */
    int64_t position; /* of the row among the rows that are scanned */
    int64_t first;    /* index of its first sample, from the segment's first */
    int worker;       /* the thread, numbered from 0: less than sv_scan_options.threads */
    sv_view samples;  /* one axis */
} sv_block;

/* What is made of the blocks. `context` is the caller's. */
typedef struct sv_reducer {
    void *context;
    size_t result_size; /* bytes of a block's result */
    /* Fills `result` (not initialised) from a block; several threads call it at once. It may be
     * left in the middle when the file is cut under it: it must not lock or allocate. */
    void (*block)(void *context, const sv_block *block, void *result);
    /* Fills `result` from a block all of whose bytes are zero, without being shown them: it lies in
     * a hole of a sparse file, and was not read. The same as `block` would make of them. NULL:
     * holes are read. */
    void (*hole)(void *context, const sv_block *block, void *result);
    /* Adds to `result` that of the piece of the same block that comes after it; as `block`. Needed
     * for segments that are not in place alone. */
    void (*join)(void *context, void *result, const void *next);
    /* Takes the results of the row at `position` in order; one thread at a time, and what it wrote
     * the next call and the caller of sv_scan() see. */
    void (*merge)(void *context, int64_t position, const void *result);
    /* Whether blocks of interleaved rows are put together without gaps first, in the cache: faster
     * for what takes a sample more than once, or many at once. */
    bool dense;
    /* The same of some neighbouring interleaved rows at once, for those that can do better than
     * row by row; may be NULL. The block is the first row's, but for its samples: those of all of
     * them (rows × samples) as they lie. `dense` has the same shape and no gaps in its rows, and is
     * room to put them. Fills a result of each row, one after the other. With `dense` alone. */
    void (*rows)(void *context, const sv_block *block, const sv_view *dense, void *results);
} sv_reducer;

typedef enum sv_io {
    SV_IO_AUTO,  /* what is best for the file */
    SV_IO_MAP,   /* the mapping, read ahead in bounded windows */
    SV_IO_READ,  /* read into a few buffers; the page cache keeps what it will */
    SV_IO_DIRECT /* the same past the page cache, as far as the file system can */
} sv_io;

typedef struct sv_scan_options {
    /* 0: sv_num_processors(). While a scan waits for the disk, a few more do nothing but read. */
    int threads;
    sv_io io;
    const volatile sig_atomic_t *cancel; /* the scan stops soon after it is not 0; may be NULL */
    /* Called now and then from the thread that called sv_scan(); may be NULL. */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *progress_context;
} sv_scan_options;

#define SV_SCAN_OPTIONS_INIT                                                                       \
    {                                                                                              \
        0, SV_IO_AUTO, NULL, NULL, NULL                                                            \
    }

/* What a scan did, added to what the struct held. */
typedef struct sv_scan_report {
    int64_t num_blocks;
    int64_t bytes_mapped;     /* of samples read in place */
    int64_t bytes_copied;     /* of samples that were copied or decoded before they were read */
    int64_t samples_lost;     /* that could not be decoded */
    int64_t bytes_in_holes;   /* of samples that were never written: not read either */
    int64_t bytes_by_faults;  /* of those mapped: by touching them, in a cache of small pieces */
    int64_t bytes_read_ahead; /* brought from the disk into the page cache in advance */
    int threads;              /* the most that ran at once */
    sv_io io;                 /* what was chosen, */
    const char *why;          /* and why, in a few words; never to be freed */
    double seconds;
} sv_scan_report;

/* What to scan: rows `rows[0 … num_rows)` of a segment in ascending order (NULL: all of
 * [0, num_rows)), samples [first, last). */
typedef struct sv_scan_range {
    int64_t segment;
    const int64_t *rows;
    int64_t num_rows;
    int64_t first, last;
} sv_scan_range;

/* Scans. Each row's results are merged in order; the rows' merges may be interleaved.
 * SV_FORMAT: samples could not be decoded; all others were merged, the message tells the first.
 * SV_TRUNCATED: the file became shorter meanwhile; what lies before was merged, the message names
 * the byte where it ends now. SV_CANCELLED: what was done was merged, gap-free from each row's
 * beginning. SV_RANGE, SV_NOMEM, SV_IO (a read failed, at the byte the message names), SV_STALE.
 * `options` NULL: SV_SCAN_OPTIONS_INIT; `report` may be NULL. */
SV_API sv_status sv_scan(sv_recording *recording, const sv_scan_range *range,
                         const sv_reducer *reducer, const sv_scan_options *options,
                         sv_scan_report *report, sv_error *error);

/* The length of a segment's blocks. */
SV_API int64_t sv_block_samples(const sv_segment *segment);

/* The ceiling: the rate in bytes a second at which the same threads merely add up the samples of
 * `range` as float32, whatever they are, from the mapping as it is, in blocks as sv_scan() takes
 * them. What a scan of these bytes reaches at best. Statuses: sv_scan(). */
SV_API sv_status sv_ceiling(sv_recording *recording, const sv_scan_range *range,
                            const sv_scan_options *options, double *bytes_per_second,
                            sv_error *error);

/* How many processors this process may use (affinity mask and cgroup quota), at least 1. */
SV_API int sv_num_processors(void);

#ifdef __cplusplus
}
#endif
#endif
