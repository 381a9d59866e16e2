/* Operations on matrices: the result a tile at a time, over the inner axis a piece at a time. BLAS
 * multiplies a piece in the result's precision; the pieces are added in float64. */
#include <stdlib.h>
#include <string.h>

#include "array/blas.h"
#include "array/operand.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "seisview/array.h"
#include "view/rules.h"

enum { TILE = 256, INNER = 256 };

/* A part of a matrix as BLAS takes it, row by row or, with `trans`, column by column. */
typedef struct part {
    const void *address;
    int step, trans;
} part;

typedef struct product {
    const sv_kernels *kernels;
    const sv_blas *blas;
    sv_precision precision;
    const sv_view *a, *b;
    double alpha, beta;
    const sv_view *c;
    void *converted[2]; /* TILE × INNER each */
    void *tile;         /* TILE × TILE, of one piece */
    double *sums;       /* TILE × TILE */
} product;

static size_t item_bytes(const product *p)
{
    return p->precision == SV_SINGLE ? sizeof(float) : sizeof(double);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Whether BLAS can walk along `inner` with a step of 1 and take `outer` for its leading one. */
static bool is_leading(const sv_view *view, int inner, int64_t count, int64_t size)
{
    int64_t outer = view->strides[1 - inner] / size;
    return view->strides[inner] == size && outer >= sv_max_i8(count, 1) && outer <= INT32_MAX;
}

/* Rows [row, row + rows) and columns [column, column + columns) of one of the two factors. */
static part part_of(const product *p, int which, int64_t row, int64_t rows, int64_t column,
                    int64_t columns)
{
    const sv_view *view = which == 0 ? p->a : p->b;
    int64_t size = (int64_t)item_bytes(p);
    const char *address =
        sv_step(sv_step(view->address, row, view->strides[0]), column, view->strides[1]);
    if (sv_is_native(view, p->precision) && is_leading(view, 1, columns, size)) {
        return (part){address, (int)(view->strides[0] / size), SV_NO_TRANS};
    }
    if (sv_is_native(view, p->precision) && is_leading(view, 0, rows, size)) {
        return (part){address, (int)(view->strides[1] / size), SV_TRANS};
    }
    char *to = p->converted[which];
    for (int64_t i = 0; i < rows; i++) {
        sv_convert_to(p->kernels, view->dtype, sv_step(address, i, view->strides[0]),
                      view->strides[1], columns, p->precision, to + i * columns * size);
    }
    return (part){to, (int)columns, SV_NO_TRANS};
}

/* ---- a tile ---------------------------------------------------------------------------------- */

static void multiply(const product *p, part a, part b, int rows, int columns, int inner)
{
    const sv_blas *blas = p->blas;
    if (p->precision == SV_DOUBLE) {
        blas->dgemm(SV_ROW_MAJOR, a.trans, b.trans, rows, columns, inner, 1.0, a.address, a.step,
                    b.address, b.step, 1.0, p->sums, columns);
        return;
    }
    blas->sgemm(SV_ROW_MAJOR, a.trans, b.trans, rows, columns, inner, 1.0F, a.address, a.step,
                b.address, b.step, 0.0F, p->tile, columns);
    const float *tile = p->tile;
    for (int64_t i = 0; i < (int64_t)rows * columns; i++) {
        p->sums[i] += (double)tile[i];
    }
}

static double load(const product *p, const char *address)
{
    return p->precision == SV_SINGLE ? (double)*(const float *)(const void *)address
                                     : *(const double *)(const void *)address;
}

/* A factor of 0 takes nothing of what was there, as BLAS has it. */
static void store(const product *p, char *address, double sum)
{
    double before = p->beta != 0.0 ? p->beta * load(p, address) : 0.0;
    double value = (p->alpha != 0.0 ? p->alpha * sum : 0.0) + before;
    if (p->precision == SV_SINGLE) {
        *(float *)(void *)address = (float)value;
    } else {
        *(double *)(void *)address = value;
    }
}

static char *place_of(const product *p, int64_t row, int64_t column)
{
    return sv_step(sv_step(p->c->address, row, p->c->strides[0]), column, p->c->strides[1]);
}

/* Of a symmetric result the tiles above the diagonal are written below it too. */
static void do_tile(const product *p, int64_t row, int64_t column, bool symmetric)
{
    int64_t rows = sv_min_i8(TILE, p->c->shape[0] - row);
    int64_t columns = sv_min_i8(TILE, p->c->shape[1] - column), inner = p->a->shape[1];
    memset(p->sums, 0, (size_t)(rows * columns) * sizeof(double));
    for (int64_t k = 0; p->alpha != 0.0 && k < inner; k += INNER) {
        int64_t n = sv_min_i8(INNER, inner - k);
        multiply(p, part_of(p, 0, row, rows, k, n), part_of(p, 1, k, n, column, columns), (int)rows,
                 (int)columns, (int)n);
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            if (symmetric && row + i > column + j) {
                continue;
            }
            double sum = p->sums[i * columns + j];
            store(p, place_of(p, row + i, column + j), sum);
            if (symmetric && row + i < column + j) {
                memcpy(place_of(p, column + j, row + i), place_of(p, row + i, column + j),
                       item_bytes(p));
            }
        }
    }
}

/* ---- a product ------------------------------------------------------------------------------- */

static sv_status check(const product *p, sv_error *error)
{
    sv_status status = sv_operand_check(p->a, 2, error);
    status = status == SV_OK ? sv_operand_check(p->b, 2, error) : status;
    status = status == SV_OK ? sv_result_check(p->c, 2, error) : status;
    if (status != SV_OK) {
        return status;
    }
    if (p->a->shape[0] != p->c->shape[0] || p->b->shape[1] != p->c->shape[1] ||
        p->a->shape[1] != p->b->shape[0]) {
        return sv_fail(error, SV_SHAPE, "%lld × %lld times %lld × %lld is not %lld × %lld",
                       (long long)p->a->shape[0], (long long)p->a->shape[1],
                       (long long)p->b->shape[0], (long long)p->b->shape[1],
                       (long long)p->c->shape[0], (long long)p->c->shape[1]);
    }
    if (sv_views_overlap(p->a, p->c) || sv_views_overlap(p->b, p->c)) {
        return sv_fail(error, SV_INVALID, "the result lies among the bytes of a factor");
    }
    return SV_OK;
}

static sv_status multiply_all(product *p, bool symmetric, sv_error *error)
{
    sv_status status = check(p, error);
    status = status == SV_OK ? sv_kernels_get(&p->kernels, error) : status;
    status = status == SV_OK ? sv_blas_get(&p->blas, error) : status;
    if (status != SV_OK) {
        return status;
    }
    p->precision = p->c->dtype.type == SV_F4 ? SV_SINGLE : SV_DOUBLE;
    size_t converted = TILE * INNER * sizeof(double), square = TILE * TILE * sizeof(double);
    char *memory = sv_malloc_aligned(64, 2 * converted + 2 * square);
    if (memory == NULL) {
        return sv_fail_memory(error, 2 * converted + 2 * square);
    }
    p->converted[0] = memory;
    p->converted[1] = memory + converted;
    p->tile = memory + 2 * converted;
    p->sums = (double *)(void *)(memory + 2 * converted + square);
    for (int64_t row = 0; row < p->c->shape[0]; row += TILE) {
        for (int64_t column = symmetric ? row : 0; column < p->c->shape[1]; column += TILE) {
            do_tile(p, row, column, symmetric);
        }
    }
    sv_free(memory);
    return SV_OK;
}

sv_status sv_gemm(double alpha, const sv_view *a, const sv_view *b, double beta, const sv_view *c,
                  sv_error *error)
{
    product p = {.a = a, .b = b, .c = c, .alpha = alpha, .beta = beta};
    return multiply_all(&p, false, error);
}

sv_status sv_gemv(double alpha, const sv_view *a, const sv_view *x, double beta, const sv_view *y,
                  sv_error *error)
{
    sv_view column, result;
    sv_status status = sv_operand_check(x, 1, error);
    status = status == SV_OK ? sv_result_check(y, 1, error) : status;
    status = status == SV_OK ? sv_view_newaxis(x, 1, &column, error) : status;
    status = status == SV_OK ? sv_view_newaxis(y, 1, &result, error) : status;
    return status == SV_OK ? sv_gemm(alpha, a, &column, beta, &result, error) : status;
}

sv_status sv_syrk(double alpha, const sv_view *a, double beta, const sv_view *c, sv_error *error)
{
    sv_view turned;
    sv_status status = sv_operand_check(a, 2, error);
    status = status == SV_OK ? sv_view_transpose(a, NULL, &turned, error) : status;
    product p = {.a = a, .b = &turned, .c = c, .alpha = alpha, .beta = beta};
    return status == SV_OK ? multiply_all(&p, true, error) : status;
}
