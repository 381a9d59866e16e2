/* Samples of any type as float64, a tile at a time. */
#ifndef SV_STATS_TILE_H
#define SV_STATS_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seisview/dtype.h"

/* `n` samples that lie `stride` bytes apart, aligned or not; 64-bit integers are rounded once. */
void sv_load_f8(const sv_kernels *kernels, sv_dtype dtype, const char *from, ptrdiff_t stride,
                int64_t n, double *to);

#endif
