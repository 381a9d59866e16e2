/* OpenBLAS, loaded at its first use: a program that computes nothing with it does not pay for it.
 *
 * It computes on the thread that calls it, alone: many of ours call it at once, each on samples of
 * its own, and the bits depend on no number of threads. Counts and strides are of 32 bits here: who
 * calls goes in pieces. */
#ifndef SV_ARRAY_BLAS_H
#define SV_ARRAY_BLAS_H

#include <stddef.h>
#include <stdint.h>

#include "seisview/status.h"

/* CBLAS's own numbers. */
enum {
    SV_ROW_MAJOR = 101,
    SV_COLUMN_MAJOR = 102,
    SV_NO_TRANS = 111,
    SV_TRANS = 112,
    SV_UPPER = 121,
    SV_LOWER = 122
};

/* cblas_sdot() is blas->sdot(), and so on. */
typedef struct sv_blas {
    const char *core; /* the set of kernels that it chose: "SkylakeX" */
#define SV_BLAS(result, name, arguments) result(*name) arguments;
#include "array/blas.def"
#undef SV_BLAS
} sv_blas;

/* Loads it, the first time; the same on every call, from any thread. It stays loaded.
 * SV_UNSUPPORTED: it is not installed, or lacks one of these functions. */
sv_status sv_blas_get(const sv_blas **blas, sv_error *error);

/* What CPUID and XGETBV say of a processor and of the system on it. */
typedef struct sv_processor {
    char vendor[13];            /* "GenuineIntel" */
    uint32_t leaf_1_ecx;        /* CPUID(1).ecx, */
    uint32_t leaf_7_ebx;        /* CPUID(7, 0).ebx, */
    uint32_t extended_1_ecx;    /* CPUID(0x80000001).ecx */
    uint32_t enabled_registers; /* XCR0: which registers the system keeps; 0 without XGETBV */
} sv_processor;

/* The best set of kernels in OpenBLAS 0.3.21 that it can run, by the name that OPENBLAS_CORETYPE
 * takes; NULL: OpenBLAS chooses as well. */
const char *sv_blas_core_for(const sv_processor *processor);

#endif
