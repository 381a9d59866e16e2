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
 * They may depend on the set of kernels.
 *
 * Vectors are views of one axis, matrices of two, of any strides, negative ones too, and any
 * length: BLAS counts in 32 bits, and gets them in pieces. What is read may be of any dtype. What
 * is written is float32 or float64 in native order, and its kind is that of the arithmetic; what is
 * read is converted to it where it is of another, some thousand samples at a time. What BLAS takes
 * as it lies is not copied: strides become incx, or lda where one of a matrix's two strides is an
 * item.
 *
 * Sums are float64 between pieces. Those of sv_dot(), sv_nrm2() and sv_asum() are so within them
 * too, by kernels of our own, which have the same bits on every machine: they wait for the memory,
 * while OpenBLAS's snrm2 runs at half its rate, and a float32 sdot would have to be called for some
 * hundred samples at a time to be as good as 1e-6. sv_iamax() is ours as well, since BLAS does not
 * say what it makes of NaN. Everything else is OpenBLAS's.
 *
 * NaN and infinities go through the arithmetic, as IEEE 754 has it: they are not missing here. A
 * factor alpha or beta of 0 counts as "not at all": 0 · NaN is 0 there.
 *
 * All functions: any thread, on one thread; views that are written are nobody else's meanwhile. A
 * mapped file that may be cut meanwhile is read within sv_buffer_guard(). Statuses of all:
 * SV_SHAPE: axes or lengths do not fit; SV_STALE; SV_UNSUPPORTED: see sv_kernel_name(), and where
 * OpenBLAS is needed sv_blas_core(). Of those that write also SV_READONLY; SV_DTYPE: the result is
 * of another type; SV_INVALID: it overlaps what is read (a vector may be the very same), or its
 * elements lie on one another. On failure nothing is written. */
#ifndef SEISVIEW_ARRAY_H
#define SEISVIEW_ARRAY_H

#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"
#include "seisview/view.h"

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

/* ---- vectors ----------------------------------------------------------------------------- */

/* Σ x[i]·y[i]. Right to 1e-6 of Σ|x[i]·y[i]|, and far better. Of nothing 0. */
SV_API sv_status sv_dot(const sv_view *x, const sv_view *y, double *result, sv_error *error);

/* √Σx², without overflow on the way; Σ|x|. Right to 1e-6 of themselves, and far better. */
SV_API sv_status sv_nrm2(const sv_view *x, double *result, sv_error *error);
SV_API sv_status sv_asum(const sv_view *x, double *result, sv_error *error);

/* The first index of the largest |x|; of the first NaN, where there is one; −1 of nothing. */
SV_API sv_status sv_iamax(const sv_view *x, int64_t *index, sv_error *error);

/* y += alpha·x. y = x, converted. x *= alpha. SV_UNSUPPORTED also: samples lie 8 GiB apart. */
SV_API sv_status sv_axpy(double alpha, const sv_view *x, const sv_view *y, sv_error *error);
SV_API sv_status sv_copy(const sv_view *x, const sv_view *y, sv_error *error);
SV_API sv_status sv_scal(double alpha, const sv_view *x, sv_error *error);

/* ---- matrices ---------------------------------------------------------------------------- */

/* y = alpha·a·x + beta·y; c = alpha·a·b + beta·c; c = alpha·a·aᵀ + beta·c, of which the upper
 * triangle is computed and written to both. A transposed factor is a transposed view. Right to
 * about 1e-6 of the sum of sizes in float32, 1e-15 in float64, for any inner length. SV_NOMEM:
 * each call takes 3 MiB. */
SV_API sv_status sv_gemv(double alpha, const sv_view *a, const sv_view *x, double beta,
                         const sv_view *y, sv_error *error);
SV_API sv_status sv_gemm(double alpha, const sv_view *a, const sv_view *b, double beta,
                         const sv_view *c, sv_error *error);
SV_API sv_status sv_syrk(double alpha, const sv_view *a, double beta, const sv_view *c,
                         sv_error *error);

/* How many bytes these functions have converted since the process began, on all threads: with this
 * tests and benches hold that what lies well is not copied. */
SV_API uint64_t sv_array_bytes_copied(void);

#ifdef __cplusplus
}
#endif
#endif
