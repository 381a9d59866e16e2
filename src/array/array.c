/* Operations on vectors. */
#include "seisview/array.h"

#include <math.h>
#include <stdlib.h>

#include "array/blas.h"
#include "array/operand.h"
#include "base/error.h"
#include "base/size.h"
#include "view/rules.h"

/* BLAS counts in 32 bits, and so it does the samples of a piece times their stride. */
enum { MOST_SAMPLES = 1 << 17 };

/* Kernels of ours take what lies in place in larger pieces than what is converted. */
static int64_t piece_samples(bool in_place)
{
    return in_place ? MOST_SAMPLES : SV_PIECE_SAMPLES;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static sv_status check_pair(const sv_view *x, const sv_view *y, sv_error *error)
{
    if (x->shape[0] != y->shape[0]) {
        return sv_fail(error, SV_SHAPE, "vectors of %lld and of %lld samples",
                       (long long)x->shape[0], (long long)y->shape[0]);
    }
    return SV_OK;
}

sv_status sv_dot(const sv_view *x, const sv_view *y, double *result, sv_error *error)
{
    const sv_kernels *kernels;
    sv_piece_tile tiles[2];
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_operand_check(y, 1, error) : status;
    status = status == SV_OK ? check_pair(x, y, error) : status;
    status = status == SV_OK ? sv_kernels_get(&kernels, error) : status;
    if (status != SV_OK) {
        return status;
    }
    bool single = sv_precision_of(x) == SV_SINGLE && sv_precision_of(y) == SV_SINGLE;
    sv_precision precision = single ? SV_SINGLE : SV_DOUBLE;
    int64_t most = piece_samples(sv_is_native(x, precision) && sv_is_native(y, precision));
    double sum = 0.0;
    for (int64_t first = 0; first < x->shape[0]; first += most) {
        int64_t n = sv_min_i8(most, x->shape[0] - first);
        sv_piece a = sv_piece_of(kernels, x, precision, first, n, &tiles[0]);
        sv_piece b = sv_piece_of(kernels, y, precision, first, n, &tiles[1]);
        sum += single ? kernels->dot_f4(a.f4, a.step, b.f4, b.step, n)
                      : kernels->dot_f8(a.f8, a.step, b.f8, b.step, n);
    }
    *result = sum;
    return SV_OK;
}

/* Σ of |x|, or of (x · scale)². */
static double add_up(const sv_kernels *kernels, const sv_view *x, bool squares, double scale)
{
    sv_piece_tile tile;
    sv_precision precision = scale == 1.0 ? sv_precision_of(x) : SV_DOUBLE;
    bool single = precision == SV_SINGLE, in_place = sv_is_native(x, precision) && scale == 1.0;
    int64_t most = piece_samples(in_place);
    double sum = 0.0;
    for (int64_t first = 0; first < x->shape[0]; first += most) {
        int64_t n = sv_min_i8(most, x->shape[0] - first);
        sv_piece a = {NULL, tile.f8, 1};
        if (scale == 1.0) {
            a = sv_piece_of(kernels, x, precision, first, n, &tile);
        } else {
            sv_convert_to(kernels, x->dtype, sv_step(x->address, first, x->strides[0]),
                          x->strides[0], n, SV_DOUBLE, tile.f8);
            for (int64_t i = 0; i < n; i++) {
                tile.f8[i] *= scale;
            }
        }
        if (squares) {
            sum += single ? kernels->dot_f4(a.f4, a.step, a.f4, a.step, n)
                          : kernels->dot_f8(a.f8, a.step, a.f8, a.step, n);
        } else {
            sum += single ? kernels->sizes_f4(a.f4, a.step, n) : kernels->sizes_f8(a.f8, a.step, n);
        }
    }
    return sum;
}

sv_status sv_asum(const sv_view *x, double *result, sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_kernels_get(&kernels, error) : status;
    if (status == SV_OK) {
        *result = add_up(kernels, x, false, 1.0);
    }
    return status;
}

/* Squares of float64 can leave its range where the norm does not. */
sv_status sv_nrm2(const sv_view *x, double *result, sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_kernels_get(&kernels, error) : status;
    if (status != SV_OK) {
        return status;
    }
    double sum = add_up(kernels, x, true, 1.0), scale = 1.0;
    if (sum > 0x1p1000) {
        scale = 0x1p-600;
    } else if (sum < 0x1p-900 && sv_precision_of(x) == SV_DOUBLE) {
        scale = 0x1p600;
    }
    sum = scale != 1.0 ? add_up(kernels, x, true, scale) : sum;
    *result = sqrt(sum) / scale;
    return SV_OK;
}

/* ---- iamax ----------------------------------------------------------------------------------- */

typedef struct largest {
    double size;
    int64_t index;
    bool is_nan;
} largest;

static void look_at(largest *found, double x, int64_t index)
{
    bool is_nan = isnan(x);
    if (!found->is_nan && (is_nan || fabs(x) > found->size || found->index < 0)) {
        *found = (largest){fabs(x), index, is_nan};
    }
}

/* The extremes tell whether a piece must be looked through. */
static bool may_hold_larger(const sv_kernels *kernels, const sv_piece *a, int64_t n, double size)
{
    sv_spread spread;
    if (a->step != 1) {
        return true;
    }
    if (a->f4 != NULL) {
        kernels->spread_f4(a->f4, n, &spread);
    } else {
        kernels->spread_f8(a->f8, n, &spread);
    }
    return !isfinite(spread.sum) || !(fmax(spread.max, -spread.min) <= size);
}

sv_status sv_iamax(const sv_view *x, int64_t *index, sv_error *error)
{
    const sv_kernels *kernels;
    sv_piece_tile tile;
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_kernels_get(&kernels, error) : status;
    if (status != SV_OK) {
        return status;
    }
    largest found = {-1.0, -1, false};
    sv_precision precision = sv_precision_of(x);
    for (int64_t first = 0; first < x->shape[0] && !found.is_nan; first += SV_PIECE_SAMPLES) {
        int64_t n = sv_min_i8(SV_PIECE_SAMPLES, x->shape[0] - first);
        sv_piece a = sv_piece_of(kernels, x, precision, first, n, &tile);
        int64_t looked = may_hold_larger(kernels, &a, n, found.size) ? n : 0;
        for (int64_t i = 0; i < looked; i++) {
            look_at(&found, a.f4 != NULL ? (double)a.f4[i * a.step] : a.f8[i * a.step], first + i);
        }
    }
    *index = found.index;
    return SV_OK;
}

/* ---- what writes ----------------------------------------------------------------------------- */

/* BLAS takes a vector that runs down by its lowest address. */
static const void *lowest(const sv_piece *piece, int64_t n)
{
    ptrdiff_t back = piece->step < 0 ? (ptrdiff_t)(n - 1) * piece->step : 0;
    return piece->f4 != NULL ? (const void *)(piece->f4 + back) : (const void *)(piece->f8 + back);
}

/* So that a piece's samples times its stride fit in 32 bits. */
static int64_t most_samples(const sv_view *x, const sv_view *y)
{
    int64_t step = sv_max_i8(llabs(x->strides[0]), llabs(y->strides[0])) / 4 + 1;
    return sv_max_i8(1, sv_min_i8(MOST_SAMPLES, INT32_MAX / step));
}

static bool has_wide_steps(const sv_view *view)
{
    return llabs(view->strides[0]) / 4 > INT32_MAX;
}

static sv_status check_writing(const sv_view *x, const sv_view *y, sv_error *error)
{
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_result_check(y, 1, error) : status;
    status = status == SV_OK ? check_pair(x, y, error) : status;
    if (status != SV_OK) {
        return status;
    }
    bool same = x->address == y->address && x->strides[0] == y->strides[0] &&
                sv_dtype_equal(x->dtype, y->dtype);
    if (!same && sv_views_overlap(x, y)) {
        return sv_fail(error, SV_INVALID, "the two vectors overlap, and are not the same");
    }
    if (has_wide_steps(x) || has_wide_steps(y)) {
        return sv_fail(error, SV_UNSUPPORTED, "samples lie further apart than BLAS can count");
    }
    return SV_OK;
}

typedef void pair_work(const sv_blas *blas, double alpha, int n, const sv_piece *x,
                       const sv_piece *y);

static sv_status for_pairs(const sv_view *x, const sv_view *y, double alpha, pair_work *work,
                           sv_error *error)
{
    const sv_kernels *kernels;
    const sv_blas *blas;
    sv_piece_tile tile;
    sv_status status = check_writing(x, y, error);
    status = status == SV_OK ? sv_kernels_get(&kernels, error) : status;
    status = status == SV_OK ? sv_blas_get(&blas, error) : status;
    if (status != SV_OK) {
        return status;
    }
    sv_precision precision = y->dtype.type == SV_F4 ? SV_SINGLE : SV_DOUBLE;
    int64_t most = sv_is_native(x, precision) ? most_samples(x, y)
                                              : sv_min_i8(SV_PIECE_SAMPLES, most_samples(x, y));
    for (int64_t first = 0; first < y->shape[0]; first += most) {
        int64_t n = sv_min_i8(most, y->shape[0] - first);
        sv_piece a = sv_piece_of(kernels, x, precision, first, n, &tile);
        sv_piece b = sv_piece_of(kernels, y, precision, first, n, NULL);
        work(blas, alpha, (int)n, &a, &b);
    }
    return SV_OK;
}

static void axpy(const sv_blas *blas, double alpha, int n, const sv_piece *x, const sv_piece *y)
{
    void *to = (void *)(uintptr_t)lowest(y, n);
    if (y->f4 != NULL) {
        blas->saxpy(n, (float)alpha, lowest(x, n), (int)x->step, to, (int)y->step);
    } else {
        blas->daxpy(n, alpha, lowest(x, n), (int)x->step, to, (int)y->step);
    }
}

static void copy(const sv_blas *blas, double alpha, int n, const sv_piece *x, const sv_piece *y)
{
    void *to = (void *)(uintptr_t)lowest(y, n);
    (void)alpha;
    if (y->f4 != NULL) {
        blas->scopy(n, lowest(x, n), (int)x->step, to, (int)y->step);
    } else {
        blas->dcopy(n, lowest(x, n), (int)x->step, to, (int)y->step);
    }
}

/* Of a vector that runs down BLAS scales nothing: it is taken from its other end. A factor of 0
 * leaves 0 of NaN too, whatever the version. */
static void scal(const sv_blas *blas, double alpha, int n, const sv_piece *x, const sv_piece *y)
{
    static const float zero_f4 = 0.0F;
    static const double zero_f8 = 0.0;
    void *at = (void *)(uintptr_t)lowest(x, n);
    int step = (int)(x->step < 0 ? -x->step : x->step);
    (void)y;
    if (alpha == 0.0 && x->f4 != NULL) {
        blas->scopy(n, &zero_f4, 0, at, step);
    } else if (alpha == 0.0) {
        blas->dcopy(n, &zero_f8, 0, at, step);
    } else if (x->f4 != NULL) {
        blas->sscal(n, (float)alpha, at, step);
    } else {
        blas->dscal(n, alpha, at, step);
    }
}

sv_status sv_axpy(double alpha, const sv_view *x, const sv_view *y, sv_error *error)
{
    return for_pairs(x, y, alpha, axpy, error);
}

sv_status sv_copy(const sv_view *x, const sv_view *y, sv_error *error)
{
    return for_pairs(x, y, 0.0, copy, error);
}

sv_status sv_scal(double alpha, const sv_view *x, sv_error *error)
{
    return for_pairs(x, x, alpha, scal, error);
}
