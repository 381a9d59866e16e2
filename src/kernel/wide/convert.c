/* IBM floats, which compilers do not turn into wide instructions well. */
#include <string.h>

#include "kernel/set.h"
#include "kernel/wide/line.h"

void SV_SET(convert_ibm4)(bool big, const char *from, ptrdiff_t stride, int64_t n, double *to)
{
    const bool swap = big != (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN);
    int64_t i = 0;
    for (; stride == 4 && i + SV_LANES <= n; i += SV_LANES) {
        i4_line words = load_i4(from + 4 * i);
        store_f8(to + i, f8_of_ibm4(swap ? swap_i4(words) : words));
    }
    /* What is left, or lies apart: gathered into lines. */
    while (i < n) {
        uint32_t gathered[SV_LANES] = {0};
        double values[SV_LANES];
        int64_t count = n - i < SV_LANES ? n - i : SV_LANES;
        for (int64_t k = 0; k < count; k++) {
            memcpy(&gathered[k], from + (i + k) * stride, sizeof gathered[k]);
        }
        i4_line words = load_i4((const char *)gathered);
        store_f8(values, f8_of_ibm4(swap ? swap_i4(words) : words));
        memcpy(to + i, values, (size_t)count * sizeof *values);
        i += count;
    }
}
