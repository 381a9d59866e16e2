/* From float64 into the type of the samples. */
#ifndef SV_EDIT_OPERATION_ROUND_H
#define SV_EDIT_OPERATION_ROUND_H

#include <stddef.h>
#include <stdint.h>

#include "edit/operation.h"

/* `n` samples `now`, which were `was` and lie at `from`, `stride` bytes apart, packed into `to`.
 * Where `now` is what it was (a NaN still one) the bytes are kept. Integers and IBM floats are
 * rounded to nearest, ties to even, and take the nearest value they have where `now` lies beyond.
 * Returns the first sample that is NaN without having been one, in a type without; −1: none. */
int64_t sv_round_into(sv_dtype dtype, const double *was, const double *now, int64_t n,
                      const char *from, ptrdiff_t stride, char *to, sv_changes *changes);

#endif
