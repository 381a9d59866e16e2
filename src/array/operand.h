/* What BLAS is given of a view: in place where it takes it as it lies, else converted. */
#ifndef SV_ARRAY_OPERAND_H
#define SV_ARRAY_OPERAND_H

#include "kernel/kernel.h"
#include "seisview/view.h"

/* The kind of arithmetic: that of the result. */
typedef enum sv_precision { SV_SINGLE, SV_DOUBLE } sv_precision;

/* Samples of a piece of a vector: one of the two is not NULL, sample i is at [i * step]. */
typedef struct sv_piece {
    const float *f4;
    const double *f8;
    ptrdiff_t step; /* may be negative */
} sv_piece;

/* As many samples are converted at a time. */
enum { SV_PIECE_SAMPLES = 4096 };

typedef union sv_piece_tile {
    float f4[SV_PIECE_SAMPLES];
    double f8[SV_PIECE_SAMPLES];
} sv_piece_tile;

/* Whether the view is native samples of this kind, aligned, whose strides are whole samples. */
bool sv_is_native(const sv_view *view, sv_precision precision);

/* Of which kind the arithmetic on it is: float32, where that holds every sample. */
sv_precision sv_precision_of(const sv_view *view);

/* Samples [first, first + n) of a 1-D view; n is SV_PIECE_SAMPLES at most unless it is native. */
sv_piece sv_piece_of(const sv_kernels *kernels, const sv_view *view, sv_precision precision,
                     int64_t first, int64_t n, sv_piece_tile *tile);

/* n samples, `stride` bytes apart, as float32 or float64, rounded where they must be; counted. */
void sv_convert_to(const sv_kernels *kernels, sv_dtype dtype, const char *from, int64_t stride,
                   int64_t n, sv_precision precision, void *to);

/* SV_STALE; SV_SHAPE: not of `ndim` axes. */
sv_status sv_operand_check(const sv_view *view, int ndim, sv_error *error);

/* Of one that is written: also SV_READONLY; SV_DTYPE: not native float32 or float64; SV_INVALID:
 * elements lie on one another. */
sv_status sv_result_check(const sv_view *view, int ndim, sv_error *error);

/* Whether a byte of one is a byte of the other. Two vectors of one stride are told apart exactly,
 * all else by where it begins and ends. */
bool sv_views_overlap(const sv_view *a, const sv_view *b);

#endif
