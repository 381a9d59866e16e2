/* The transposition of the instruction set that is being compiled. */
#ifndef SV_KERNEL_WIDE_TRANSPOSE_H
#define SV_KERNEL_WIDE_TRANSPOSE_H

#ifdef SV_WIDE_AVX512
#include "kernel/avx512/transpose.h"
#else
#include "kernel/avx2/transpose.h"
#endif

#endif
