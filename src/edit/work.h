/* What a transaction does to samples, as it sees it: a pure function of parameters, of a context
 * that was taken from the old samples around a window, and of the window's old bytes. Recovery
 * computes the new bytes again from what the journal holds of the three.
 *
 * A work is one descriptor; the journal holds its name and the parameters as bytes. */
#ifndef SV_EDIT_WORK_H
#define SV_EDIT_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "journal/layout.h"
#include "seisview/dtype.h"
#include "seisview/operation.h"
#include "seisview/status.h"
#include "seisview/trend.h"

enum { SV_WORK_NAME_SIZE = 16, SV_MAX_CONTEXT_BYTES = 65536 };

/* A row of samples that is edited from its sample `lead` on: what lies around them in the row may
 * be looked at, and is not changed. */
typedef struct sv_row {
    sv_dtype dtype;
    int64_t number;       /* of the row within its part */
    int64_t samples;      /* that are edited */
    int64_t lead, trail;  /* that lie before and after them */
    int64_t offset_bytes; /* in the file, of the first sample that is edited */
    int64_t stride_bytes;
    int fd; /* the file */
} sv_row;

/* A window: samples [first, first + count) of those that are edited in `row`. */
typedef struct sv_place {
    const sv_row *row;
    int64_t first, count;
} sv_place;

/* The new items from the old ones, both packed. Adds to the tally. `state` is the work's own. */
typedef sv_status (*sv_edit_compute)(const void *state, const sv_place *place, const void *context,
                                     size_t context_bytes, const void *before, void *after,
                                     sv_tally *tally, sv_error *error);

typedef struct sv_work {
    char name[SV_WORK_NAME_SIZE];

    /* From the parameters to what the other functions get as `state`, and back. The parameters
     * outlive it. */
    sv_status (*open)(const void *parameters, size_t num_bytes, void **state, sv_error *error);
    void (*close)(void *state);

    sv_edit_compute compute;

    /* Contexts of a row's windows in ascending order; NULL, all five, where a sample depends on
     * itself alone. `walk` is of one row. What lies before the window may have been stored, what
     * follows has not. */
    size_t (*context_room)(const void *state); /* at most SV_MAX_CONTEXT_BYTES */
    sv_status (*open_row)(const void *state, const sv_row *row, void **walk, sv_error *error);
    sv_status (*context)(void *walk, int64_t count, void *context, size_t *context_bytes,
                         sv_error *error);
    /* The walk goes on behind a window that is known from the journal. */
    sv_status (*resume)(void *walk, int64_t first, int64_t count, const void *context,
                        size_t context_bytes, const void *before, sv_error *error);
    void (*close_row)(void *walk);
} sv_work;

/* Those that this build knows, NULL at the end. */
extern const sv_work *const sv_works[];

/* Stores the parameters themselves: the bytes of all its samples, row after row. */
extern const sv_work sv_work_bytes;

/* The same for the bytes of a header, which are no samples and not counted. */
extern const sv_work sv_work_header;

/* Operations (operation.h), with the trends that were measured. */
extern const sv_work sv_work_operations;

/* Its parameters: the operations, and behind them the trends of each row, as
 * sv_operations_measure() gives them; those of some rows at a time. */
size_t sv_work_parameters_size(const sv_operation *list, int count, int64_t num_rows);
void sv_work_operations_encode(const sv_operation *list, int count, void *parameters);
void sv_work_trends_encode(const sv_operation *list, int count, const sv_trend *trends,
                           int64_t first_row, int64_t num_rows, void *parameters);

#endif
