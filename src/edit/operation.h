/* What an edit does to samples, as pure functions.
 *
 * A chain is operations in their order, on the samples [first, last) of one row. Samples become
 * float64, the operations are composed, and the result is rounded once into the row's type. A
 * sample that they leave as it was keeps its bytes. Those outside [first, last) are never changed,
 * but looked at as they are: for a despiked sample's neighbours, and where a fill begins and ends.
 *
 *   sv_operations_check()   that they make sense for the samples
 *   sv_operations_measure() means and trends, which are parameters from there on, row by row
 *   sv_operations_encode()  what a journal keeps, with sv_trend_encode()
 *
 *   sv_walk_open()          a row, whose windows are taken in ascending order:
 *   sv_walk_context()       … before a window is stored, what it needs of the old samples around it
 *   sv_chain_compute()      … its new bytes, from its old ones and that context alone
 *   sv_walk_close()
 *
 * How a row is cut into windows does not change a bit of the result. */
#ifndef SV_EDIT_OPERATION_H
#define SV_EDIT_OPERATION_H

#include <stddef.h>
#include <stdint.h>

#include "seisview/dtype.h"
#include "seisview/operation.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/trend.h"
#include "seisview/view.h"

/* Whether `count` operations make sense for the samples [first, last) of a type.
 * SV_INVALID: more than SV_MOST_OPERATIONS, SV_MOST_DESPIKES or one linear fill; none; a NaN for a
 * type without. SV_RANGE: an index to be set lies outside of [first, last). */
sv_status sv_operations_check(const sv_operation *operations, int count, sv_dtype dtype,
                              int64_t first, int64_t last, sv_error *error);

enum { SV_MOST_DESPIKES = 8 };

/* How many of them are measured: demean and detrend. */
int sv_operations_num_measured(const sv_operation *operations, int count);

/* Of the trend that it takes away, 0: a mean. */
int sv_operation_order(const sv_operation *operation);

/* Measures each row of `range` as the operations before leave it, a scan for each operation that is
 * measured. `trends`: of the first row for each such operation, of the second row, …
 * SV_UNSUPPORTED: the segment is not in place; else sv_scan(). */
sv_status sv_operations_measure(sv_recording *recording, const sv_scan_range *range,
                                const sv_operation *operations, int count,
                                const sv_scan_options *options, sv_trend *trends, sv_error *error);

/* ---- as bytes: little-endian, the layout in operation_bytes.c ---------------------------- */

size_t sv_operations_size(int count);
void sv_operations_encode(const sv_operation *operations, int count, void *bytes);

/* `*operations` is freed by sv_free(). SV_FORMAT: these bytes are none, or of another version;
 * SV_NOMEM. */
sv_status sv_operations_decode(const void *bytes, size_t size, sv_operation **operations,
                               int *count, sv_error *error);

/* Of a trend of this order, and of all trends of a row. */
size_t sv_trend_bytes(int order);
size_t sv_trends_bytes(const sv_operation *operations, int count);
void sv_trend_encode(const sv_trend *trend, int order, void *bytes);

/* SV_FORMAT. */
sv_status sv_trend_decode(const void *bytes, int order, sv_trend *trend, sv_error *error);

/* ---- a row -------------------------------------------------------------------------------- */

/* A value that borrows. */
typedef struct sv_chain {
    const sv_operation *operations; /* that sv_operations_check() found good */
    int count;
    const sv_trend *trends; /* the row's, one for each operation that is measured */
    sv_dtype dtype;
    int64_t first, last; /* the samples that are edited */
    int64_t num_samples; /* of the row, those that are not edited with them */
} sv_chain;

/* What became of samples, added to what the struct holds. */
typedef struct sv_changes {
    int64_t num_changed;   /* samples with other bytes than before */
    int64_t num_saturated; /* beyond the type: the nearest value of an integer or IBM type, infinite
                              in float32 and float64 where it was not before */
    double largest;        /* |new − old|, of samples that are not NaN before or after */
} sv_changes;

/* The new samples [first, first + count), packed into `to`, from the old ones, which lie `stride`
 * bytes apart, and their context. `to` must not overlap them. Neither allocates nor locks.
 * SV_RANGE: the sample that the sentence names would be NaN, in a type that has none; `to` then
 * holds nothing of use. SV_FORMAT: the context is not that of such a window. */
sv_status sv_chain_compute(const sv_chain *chain, int64_t first, int64_t count, const void *context,
                           size_t context_size, const void *from, ptrdiff_t stride, void *to,
                           sv_changes *changes, sv_error *error);

/* The most bytes that a window's context has; 0 where a sample depends on itself alone. */
size_t sv_context_room(const sv_chain *chain);

/* Finds the contexts of a row's windows, from chain->first on. */
typedef struct sv_walk sv_walk;

/* `row` is the view of the row's samples, 1-D and in place; it and the chain are copied, what they
 * point to is not. SV_NOMEM, SV_SHAPE, SV_STALE. */
sv_status sv_walk_open(const sv_chain *chain, const sv_view *row, sv_walk **walk, sv_error *error);

/* The context of the next `count` samples; returns its size. The row must hold the old samples from
 * there on; what lies before may have been stored. Neither allocates nor locks, so that it can be
 * run under the fault guard; left in the middle, the walk is of no more use. */
size_t sv_walk_context(sv_walk *walk, int64_t count, void *context);

/* The walk goes on behind a window whose context and old samples (packed) are known: what recovery
 * needs. SV_FORMAT: the context is not that of such a window. */
sv_status sv_walk_resume(sv_walk *walk, int64_t first, int64_t count, const void *context,
                         size_t context_size, const void *old, sv_error *error);

/* NULL is fine. */
void sv_walk_close(sv_walk *walk);

#endif
