/* The lines of the instruction set that is being compiled. */
#ifndef SV_KERNEL_WIDE_LINE_H
#define SV_KERNEL_WIDE_LINE_H

#ifdef SV_WIDE_AVX512
#include "kernel/avx512/line.h"
#else
#include "kernel/avx2/line.h"
#endif

#endif
