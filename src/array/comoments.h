/* The first pass of a correlation: the products of all pairs of rows, as if no sample was missing,
 * and what each row has. */
#ifndef SV_ARRAY_COMOMENTS_H
#define SV_ARRAY_COMOMENTS_H

#include "array/blas.h"
#include "array/crew.h"
#include "array/row_moments.h"
#include "array/rows.h"

/* What the passes share. */
typedef struct sv_correlating {
    const sv_rows_read *set;
    const sv_blas *blas;
    sv_crew *crew;
    const sv_correlation_options *options;
    sv_rows_count counted;
    int64_t chunks;
    int64_t done_bytes, total_bytes; /* for the progress */
} sv_correlating;

/* Shows the progress after `samples` of `rows` rows; SV_CANCELLED where that was asked for. */
sv_status sv_correlating_go_on(sv_correlating *work, int64_t samples, int64_t rows,
                               sv_error *error);

/* So many threads have work and room: more would only take memory. */
int sv_comoments_most_threads(const sv_rows_read *set);

/* Fills the upper triangle of `products` (num_rows × num_rows) with Σ(x − mean)(y − mean), right
 * for pairs of rows that have all samples; and the rows' moments. SV_INVALID: a sample is missing
 * that must not be; otherwise as sv_correlate(). */
sv_status sv_comoments(sv_correlating *work, double *products, sv_row_moments *moments,
                       sv_error *error);

#endif
