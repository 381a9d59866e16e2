/* BLAS on views. OpenBLAS does the arithmetic.
 *
 * OpenBLAS is loaded at first use; a program that never gets there starts without it. Debian's
 * version, 0.3.21, knows processors by their model numbers and takes one that is newer for the
 * oldest of all, at a fourth of the speed. It reads OPENBLAS_CORETYPE when it is loaded, and takes
 * a name at its word. So a program does this first, before any thread, and the library never:
 *
 *   const char *core = sv_blas_best_core();
 *   if (core != NULL) {
 *       setenv("OPENBLAS_CORETYPE", core, 0);      not over what the user chose
 *   }
 *   setenv("OPENBLAS_NUM_THREADS", "1", 0);        or it starts threads that would only wait
 *
 * OpenBLAS computes on the calling thread alone from then on (openblas_set_num_threads(1), which is
 * for the whole process): threads are seisview's, and the bits do not depend on how many there are.
 * They may depend on the set of kernels. */
#ifndef SEISVIEW_ARRAY_H
#define SEISVIEW_ARRAY_H

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The best of OpenBLAS's sets of kernels that this processor and system can run, by the name that
 * OPENBLAS_CORETYPE takes: "SkylakeX" (AVX-512), "Zen", "Haswell" (AVX2); NULL where OpenBLAS may
 * choose for itself. A static string; any thread; OpenBLAS is not loaded. */
SV_API const char *sv_blas_best_core(void);

/* The set that OpenBLAS has chosen; loads it. A static string, any thread.
 * SV_UNSUPPORTED: OpenBLAS is not installed, or lacks a function. */
SV_API sv_status sv_blas_core(const char **name, sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
