/* Chains of plain arithmetic on float32, straight from the old samples to the new. It is written
 * for AVX2, and is yet no kernel: it knows chains, trends and the tally of changes, which a kernel,
 * that knows samples alone, would have to be told one by one. */
#ifndef SV_EDIT_OPERATION_FAST_H
#define SV_EDIT_OPERATION_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edit/operation.h"
#include "kernel/kernel.h"

/* Whether sv_fast_compute() can be asked for this chain, on samples that lie so. */
bool sv_fast_can(const sv_kernels *kernels, const sv_chain *chain, ptrdiff_t stride);

/* The same bits as the general way, packed samples to packed ones. Returns how many of the samples
 * [first, first + count) were done: those before the first few that would not all be finite. */
int64_t sv_fast_compute(const sv_chain *chain, int64_t first, int64_t count, const char *from,
                        char *to, sv_changes *changes);

#endif
