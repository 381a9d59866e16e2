#include "stats/tile.h"

#include "base/size.h"

enum { PART = 512 };

void sv_load_f8(const sv_kernels *kernels, sv_dtype dtype, const char *from, ptrdiff_t stride,
                int64_t n, double *to)
{
    if (!sv_kernel_is_f4(dtype)) {
        kernels->convert(dtype, from, stride, n, to);
        return;
    }
    float narrow[PART];
    for (int64_t first = 0; first < n; first += PART) {
        int64_t count = sv_min_i8(PART, n - first);
        kernels->convert(dtype, from + first * stride, stride, count, narrow);
        for (int64_t i = 0; i < count; i++) {
            to[first + i] = (double)narrow[i];
        }
    }
}
