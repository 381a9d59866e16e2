/* Rows that are read side by side: where each begins, and its samples a chunk at a time, as float32
 * or float64 in native order.
 *
 * Neighbouring rows of one segment are a *group*. Where it lies plainly in a file, any thread
 * reads any part of it. Where it does not, it has one reader, and is one thread's at a time. */
#ifndef SV_ARRAY_ROWS_H
#define SV_ARRAY_ROWS_H

#include <stdbool.h>

#include "array/bytes.h"
#include "kernel/kernel.h"
#include "seisview/correlation.h"
#include "seisview/trend.h"

typedef struct sv_row_group {
    sv_recording *recording;
    sv_segment segment;
    int64_t first;           /* sample of the segment */
    int64_t position, count; /* its rows, among all */
    sv_reader *reader;       /* NULL: in place */
} sv_row_group;

typedef struct sv_rows_read {
    const sv_kernels *kernels;
    sv_io io; /* how what lies in place is read; SV_IO_AUTO is SV_IO_MAP */
    const sv_correlation_row *rows;
    int64_t num_rows, num_samples;
    sv_row_group *groups;
    int64_t num_groups;
    bool has_readers;
    sv_trend *trends; /* of the rows; NULL: they stay */
} sv_rows_read;

/* n samples of a row: one of the two is not NULL. */
typedef struct sv_row_values {
    const float *f4;
    const double *f8;
    int64_t n;
    const void *next; /* where the next row lies of which the same holds; NULL: not known */
} sv_row_values;

/* Takes the values of the row at `position`. It may be left in the middle when the file is cut
 * under it: it must not lock or allocate. */
typedef void sv_take_row(void *context, int64_t position, const sv_row_values *values);

/* Memory of one thread for chunks of so many samples. */
typedef struct sv_rows_scratch {
    int64_t samples;
    char *dense;    /* some interleaved rows put together */
    float *f4;      /* a row */
    double *f8;     /* a row */
    double *staged; /* all rows of a group with a reader; NULL where there are none */
    sv_bytes bytes; /* what was read by calls, */
    char *copied;   /* and rows put together from that */
    int64_t copied_bytes;
} sv_rows_scratch;

/* What was done, by one thread. */
typedef struct sv_rows_count {
    int64_t bytes_mapped, bytes_copied, samples_lost;
    sv_error loss; /* of the first of them */
} sv_rows_count;

/* SV_RANGE: a row or a sample is not there; SV_STALE, SV_NOMEM, SV_IO. `rows` is borrowed. To be
 * closed also where it failed. */
sv_status sv_rows_open(sv_rows_read *set, const sv_correlation_row *rows, int64_t num_rows,
                       int64_t num_samples, sv_io io, sv_error *error);
void sv_rows_close(sv_rows_read *set);

/* Finds the rows' trends, which are taken away from then on. Statuses: sv_trend_scan(), but
 * SV_FORMAT: what cannot be decoded is told when it is read again. */
sv_status sv_rows_detrend(sv_rows_read *set, int order, const sv_scan_options *options,
                          sv_scan_report *report, sv_error *error);

/* Whether the group is read by calls, and that brings several rows at once. */
bool sv_rows_are_called_for(const sv_rows_read *set, const sv_row_group *group);
bool sv_rows_are_together(const sv_rows_read *set, const sv_row_group *group);

/* Bytes of copies that any thread may have. */
enum { SV_ROWS_COPIED = 1 << 20 };

/* What one takes; about. It holds no more than `most_copied` bytes of copies, but a row at least.
 */
int64_t sv_rows_scratch_bytes(const sv_rows_read *set, int64_t samples, int64_t most_copied);
sv_status sv_rows_scratch_open(sv_rows_scratch *scratch, const sv_rows_read *set, int64_t samples,
                               int64_t most_copied, sv_error *error);
void sv_rows_scratch_close(sv_rows_scratch *scratch);

/* Gives `count` rows of the group from its row `from` on, samples [first, first + n) counted from
 * where the rows begin, to `take`. A group with a reader gives all its rows. What cannot be
 * decoded is NaN. SV_TRUNCATED, SV_IO. */
sv_status sv_rows_load(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                       int64_t count, int64_t first, int64_t n, sv_rows_scratch *scratch,
                       sv_take_row *take, void *context, sv_rows_count *counted, sv_error *error);

/* Of a group that is read by calls: how many of its rows [from, from + count) the scratch can hold
 * n samples of, and samples [first, first + n) of such rows, or the first of them, through the
 * scratch's bytes: *piece begins with row `from`, and may hold rows between that are not the
 * group's. SV_TRUNCATED, SV_IO. */
int64_t sv_rows_that_fit(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                         int64_t count, int64_t n, const sv_rows_scratch *scratch);
sv_status sv_rows_call(const sv_rows_read *set, const sv_row_group *group, int64_t from,
                       int64_t count, int64_t first, int64_t n, sv_rows_scratch *scratch,
                       sv_view *piece, sv_error *error);

/* Where a sample of a row of the group lies, which is in place; counted from where the rows begin.
 */
const char *sv_rows_address(const sv_rows_read *set, const sv_row_group *group, int64_t row,
                            int64_t sample);

/* Runs body(context), which touches the recording's mapping, and looks whether the file is still
 * whole. The body may be left in the middle. SV_TRUNCATED, SV_IO. */
sv_status sv_rows_guard(void (*body)(void *context), void *context, const sv_recording *recording,
                        sv_error *error);

#endif
