/* Carrying samples from a view into memory of another type, order and layout. */
#ifndef SV_CONVERT_CARRY_H
#define SV_CONVERT_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seisview/dtype.h"
#include "seisview/view.h"

/* A sample that is worth a sentence. */
typedef struct sv_place {
    int64_t row; /* of the segment */
    int64_t sample;
} sv_place;

/* What happens to samples on their way, added up over all that were carried. */
typedef struct sv_carry {
    sv_dtype from, to;
    const sv_kernels *kernels;
    int64_t num_rounded; /* whose value is another now; NaN stays NaN */
    sv_place first_rounded;
    int64_t num_unfit; /* that the type cannot hold; what is stored for them means nothing */
    sv_place first_unfit;
    sv_scalar unfit;
} sv_carry;

/* SV_UNSUPPORTED: there are no kernels (sv_kernels_get). */
sv_status sv_carry_begin(sv_carry *carry, sv_dtype from, sv_dtype to, sv_error *error);

/* A run of samples of one row. The addresses need no alignment. It only touches memory: it may be
 * left in the middle. */
typedef struct sv_run_of_samples {
    const char *from;
    char *to;
    int64_t from_stride, to_stride; /* bytes */
    int64_t num_samples;
    sv_place first; /* where the first one lies */
} sv_run_of_samples;

void sv_carry_run(sv_carry *carry, const sv_run_of_samples *run);

/* Whether `to` holds every value of `from` exactly. */
bool sv_type_holds(sv_type to, sv_type from);

#endif
