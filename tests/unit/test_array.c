/* BLAS on views against plain float64: every operation over dtypes, strides up and down, odd sizes,
 * overlaps, NaN, and lengths past 2^31; what is copied is counted. */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random.h"
#include "scratch.h"
#include "seisview/array.h"

/* ---- views ----------------------------------------------------------------------------------- */

/* A view of its own memory, and its values. */
typedef struct vector {
    sv_buffer *buffer;
    sv_view view;
    int64_t n;
    double *x;
} vector;

static double unit(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-52 - 1.0;
}

static vector make_vector(struct random *random, sv_dtype dtype, int64_t n, int64_t step)
{
    int64_t size = (int64_t)sv_dtype_itemsize(dtype);
    int64_t span = (n > 0 ? (n - 1) * llabs(step) + 1 : 0) * size;
    vector v = {.n = n, .x = calloc((size_t)n + 1, sizeof(double))};
    ck_assert_int_eq(sv_buffer_alloc((size_t)span, &v.buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_make(v.buffer, step < 0 && n > 0 ? span - size : 0, dtype, 1, &n,
                                  (int64_t[]){step * size}, &v.view, NULL),
                     SV_OK);
    bool whole = dtype.type != SV_F4 && dtype.type != SV_F8;
    for (int64_t i = 0; i < n; i++) {
        double value = whole ? round(100.0 * unit(random)) : (double)(float)unit(random);
        ck_assert_int_eq(sv_view_set_f8(&v.view, &i, value, NULL), SV_OK);
        v.x[i] = value;
    }
    return v;
}

static void free_vector(vector *v)
{
    ck_assert_int_eq(sv_buffer_close(v->buffer), SV_OK);
    free(v->x);
}

static double value_at(const sv_view *view, int64_t i)
{
    double value;
    ck_assert_int_eq(sv_view_get_f8(view, &i, &value, NULL), SV_OK);
    return value;
}

static const int64_t sizes[] = {0, 1, 2, 15, 16, 17, 255, 4095, 4096, 4097, 10000};
static const int64_t steps[] = {1, 3, -1, -2};
static const sv_dtype dtypes[] = {{SV_F4, SV_LITTLE_ENDIAN},
                                  {SV_F8, SV_LITTLE_ENDIAN},
                                  {SV_F4, SV_BIG_ENDIAN},
                                  {SV_I2, SV_LITTLE_ENDIAN},
                                  {SV_I4, SV_BIG_ENDIAN}};

enum {
    NUM_SIZES = sizeof sizes / sizeof sizes[0],
    NUM_STEPS = sizeof steps / sizeof steps[0],
    NUM_DTYPES = sizeof dtypes / sizeof dtypes[0]
};

typedef void one_case(struct random *random, sv_dtype dtype, int64_t n, int64_t step);

static void for_all(const char *name, one_case *work)
{
    struct random random = random_begin(name);
    for (int i = 0; i < NUM_DTYPES * NUM_SIZES * NUM_STEPS; i++) {
        work(&random, dtypes[i % NUM_DTYPES], sizes[i / NUM_DTYPES % NUM_SIZES],
             steps[i / NUM_DTYPES / NUM_SIZES]);
    }
}

static void close_to(double is, double should, double scale, const char *what)
{
    ck_assert_msg(fabs(is - should) <= 1e-6 * scale, "%s: %.12g instead of %.12g", what, is,
                  should);
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void dot_case(struct random *random, sv_dtype dtype, int64_t n, int64_t step)
{
    vector x = make_vector(random, dtype, n, step);
    vector y = make_vector(random, dtypes[random_below(random, NUM_DTYPES)], n,
                           steps[random_below(random, NUM_STEPS)]);
    double is = NAN, should = 0.0, scale = 0.0;
    ck_assert_int_eq(sv_dot(&x.view, &y.view, &is, NULL), SV_OK);
    for (int64_t i = 0; i < n; i++) {
        should += x.x[i] * y.x[i];
        scale += fabs(x.x[i] * y.x[i]);
    }
    close_to(is, should, scale, "dot");
    free_vector(&x);
    free_vector(&y);
}

START_TEST(test_dot)
{
    for_all("dot", dot_case);
}
END_TEST

static void sizes_case(struct random *random, sv_dtype dtype, int64_t n, int64_t step)
{
    vector x = make_vector(random, dtype, n, step);
    double norm = NAN, sum = NAN, squares = 0.0, absolute = 0.0;
    int64_t index = -2, should = -1;
    ck_assert_int_eq(sv_nrm2(&x.view, &norm, NULL), SV_OK);
    ck_assert_int_eq(sv_asum(&x.view, &sum, NULL), SV_OK);
    ck_assert_int_eq(sv_iamax(&x.view, &index, NULL), SV_OK);
    for (int64_t i = 0; i < n; i++) {
        squares += x.x[i] * x.x[i];
        absolute += fabs(x.x[i]);
        should = should < 0 || fabs(x.x[i]) > fabs(x.x[should]) ? i : should;
    }
    close_to(norm, sqrt(squares), sqrt(squares), "nrm2");
    close_to(sum, absolute, absolute, "asum");
    ck_assert_int_eq(index, should);
    free_vector(&x);
}

START_TEST(test_nrm2_asum_iamax)
{
    for_all("sizes", sizes_case);
}
END_TEST

static sv_view view_of(void *memory, sv_type type, int64_t n, sv_buffer **buffer)
{
    sv_view view;
    sv_dtype dtype = sv_dtype_make(type, SV_NATIVE_ENDIAN);
    size_t bytes = (size_t)n * sv_dtype_itemsize(dtype);
    ck_assert_int_eq(sv_buffer_borrow(memory, bytes, buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(*buffer, dtype, &view, NULL), SV_OK);
    return view;
}

START_TEST(test_norms_of_any_size)
{
    static const double scales[] = {1e-300, 1e-200, 1e200, 1e300};
    for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++) {
        double x[] = {3.0 * scales[k], -4.0 * scales[k]}, norm;
        sv_buffer *buffer;
        sv_view view = view_of(x, SV_F8, 2, &buffer);
        ck_assert_int_eq(sv_nrm2(&view, &norm, NULL), SV_OK);
        close_to(norm, 5.0 * scales[k], 5.0 * scales[k], "nrm2");
        sv_buffer_close(buffer);
    }
    float tiny[] = {3e-42F, 4e-42F, 3e38F};
    sv_buffer *buffer;
    double norm;
    sv_view view = view_of(tiny, SV_F4, 2, &buffer);
    ck_assert_int_eq(sv_nrm2(&view, &norm, NULL), SV_OK);
    close_to(norm, hypot((double)tiny[0], (double)tiny[1]), norm, "nrm2");
    sv_buffer_close(buffer);
}
END_TEST

START_TEST(test_nan_and_infinities)
{
    float x[] = {1.0F, INFINITY, -2.0F, NAN, 9.0F, NAN};
    sv_buffer *buffer;
    double result;
    int64_t index;
    sv_view all = view_of(x, SV_F4, 6, &buffer), some = all;
    ck_assert_int_eq(sv_iamax(&all, &index, NULL), SV_OK);
    ck_assert_int_eq(index, 3);
    ck_assert_int_eq(sv_view_slice(&all, 0, 0, 3, 1, &some, NULL), SV_OK);
    ck_assert_int_eq(sv_iamax(&some, &index, NULL), SV_OK);
    ck_assert_int_eq(index, 1);
    ck_assert(sv_nrm2(&some, &result, NULL) == SV_OK && result == (double)INFINITY);
    ck_assert(sv_asum(&some, &result, NULL) == SV_OK && result == (double)INFINITY);
    ck_assert(sv_dot(&all, &all, &result, NULL) == SV_OK && isnan(result));
    ck_assert(sv_nrm2(&all, &result, NULL) == SV_OK && isnan(result));
    ck_assert_int_eq(sv_scal(0.0, &all, NULL), SV_OK);
    ck_assert(x[3] == 0.0F && x[1] == 0.0F && x[5] == 0.0F);
    sv_buffer_close(buffer);
}
END_TEST

/* ---- what writes ----------------------------------------------------------------------------- */

static void writing_case(struct random *random, sv_dtype dtype, int64_t n, int64_t step)
{
    sv_dtype to = sv_dtype_make(random_below(random, 2) ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
    vector x = make_vector(random, dtype, n, step);
    vector y = make_vector(random, to, n, steps[random_below(random, NUM_STEPS)]);
    double alpha = 0.5 + unit(random);
    ck_assert_int_eq(sv_axpy(alpha, &x.view, &y.view, NULL), SV_OK);
    for (int64_t i = 0; i < n; i++) {
        close_to(value_at(&y.view, i), y.x[i] + alpha * x.x[i], 1.0 + fabs(x.x[i]), "axpy");
    }
    ck_assert_int_eq(sv_copy(&x.view, &y.view, NULL), SV_OK);
    for (int64_t i = 0; i < n; i++) {
        ck_assert(value_at(&y.view, i) == x.x[i]);
    }
    ck_assert_int_eq(sv_scal(alpha, &y.view, NULL), SV_OK);
    for (int64_t i = 0; i < n; i++) {
        close_to(value_at(&y.view, i), alpha * x.x[i], fabs(alpha * x.x[i]), "scal");
    }
    free_vector(&x);
    free_vector(&y);
}

START_TEST(test_axpy_copy_scal)
{
    for_all("writing", writing_case);
}
END_TEST

/* Channels of interleaved frames share no byte; a shifted view does. */
START_TEST(test_overlaps_and_shapes_are_refused)
{
    float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    sv_buffer *buffer;
    sv_view all = view_of(x, SV_F4, 12, &buffer), first, second, wide;
    double result;
    sv_error error;
    ck_assert_int_eq(sv_view_slice(&all, 0, 0, SV_END, 2, &first, NULL), SV_OK);
    ck_assert_int_eq(sv_view_slice(&all, 0, 1, SV_END, 2, &second, NULL), SV_OK);
    ck_assert_int_eq(sv_axpy(1.0, &first, &second, NULL), SV_OK);
    ck_assert(x[1] == 3.0F && x[11] == 23.0F && x[0] == 1.0F);
    ck_assert_int_eq(sv_axpy(1.0, &first, &first, NULL), SV_OK);
    ck_assert(x[0] == 2.0F && x[2] == 6.0F);
    ck_assert_int_eq(sv_view_slice(&all, 0, 0, 10, 1, &first, NULL), SV_OK);
    ck_assert_int_eq(sv_view_slice(&all, 0, 1, 11, 1, &second, NULL), SV_OK);
    ck_assert_int_eq(sv_axpy(1.0, &first, &second, &error), SV_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "overlap"));
    ck_assert_int_eq(sv_dot(&first, &all, &result, &error), SV_SHAPE);
    ck_assert_int_eq(sv_dot(&first, &second, &result, NULL), SV_OK);
    sv_view readonly = sv_view_toreadonly(&first), zero = first;
    ck_assert_int_eq(sv_scal(2.0, &readonly, NULL), SV_READONLY);
    zero.strides[0] = 0;
    ck_assert_int_eq(sv_scal(2.0, &zero, NULL), SV_INVALID);
    ck_assert_int_eq(sv_dot(&zero, &zero, &result, NULL), SV_OK);
    wide = first;
    wide.dtype = sv_dtype_make(SV_I4, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_scal(2.0, &wide, NULL), SV_DTYPE);
    ck_assert_int_eq(sv_view_reshape(&all, 2, (int64_t[]){3, 4}, &wide, NULL), SV_OK);
    ck_assert_int_eq(sv_dot(&wide, &wide, &result, NULL), SV_SHAPE);
    ck_assert_int_eq(sv_syrk(1.0, &wide, 0.0, &wide, NULL), SV_SHAPE);
    sv_buffer_close(buffer);
    ck_assert_int_eq(sv_dot(&all, &all, &result, NULL), SV_STALE);
    ck_assert_int_eq(sv_scal(1.0, &all, NULL), SV_STALE);
}
END_TEST

START_TEST(test_what_lies_well_is_not_copied)
{
    struct random random = random_begin("copied");
    sv_dtype f4 = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), i2 = sv_dtype_make(SV_I2, SV_BIG_ENDIAN);
    vector x = make_vector(&random, f4, 9000, 3), y = make_vector(&random, f4, 9000, -2);
    vector z = make_vector(&random, i2, 9000, 1);
    double result;
    uint64_t before = sv_array_bytes_copied();
    ck_assert_int_eq(sv_dot(&x.view, &y.view, &result, NULL), SV_OK);
    ck_assert_int_eq(sv_nrm2(&x.view, &result, NULL), SV_OK);
    ck_assert_int_eq(sv_asum(&y.view, &result, NULL), SV_OK);
    ck_assert_int_eq(sv_axpy(2.0, &x.view, &y.view, NULL), SV_OK);
    ck_assert_uint_eq(sv_array_bytes_copied() - before, 0);
    ck_assert_int_eq(sv_asum(&z.view, &result, NULL), SV_OK);
    ck_assert_uint_eq(sv_array_bytes_copied() - before, 9000 * sizeof(float));
    free_vector(&x);
    free_vector(&y);
    free_vector(&z);
}
END_TEST

/* ---- matrices -------------------------------------------------------------------------------- */

typedef struct matrix {
    sv_buffer *buffer;
    sv_view view;
    double *x; /* rows × columns */
} matrix;

/* `kind`: C order with a gap, Fortran order, both strides wide, rows from the last to the first. */
static matrix make_matrix(struct random *random, sv_dtype dtype, int64_t rows, int64_t columns,
                          int kind)
{
    int64_t size = (int64_t)sv_dtype_itemsize(dtype), shape[] = {rows, columns};
    int64_t strides[] = {(columns + 3) * size, size}, offset = 0;
    if (kind == 1) {
        strides[0] = size;
        strides[1] = (rows + 1) * size;
    } else if (kind == 2) {
        strides[0] = 2 * columns * size;
        strides[1] = 2 * size;
    } else if (kind == 3) {
        offset = (rows - 1) * strides[0];
        strides[0] = -strides[0];
    }
    matrix m = {.x = calloc((size_t)(rows * columns), sizeof(double))};
    size_t bytes = (size_t)((rows + 4) * (columns + 4) * 4 * size);
    ck_assert_int_eq(sv_buffer_alloc(bytes, &m.buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_make(m.buffer, offset, dtype, 2, shape, strides, &m.view, NULL),
                     SV_OK);
    bool whole = dtype.type != SV_F4 && dtype.type != SV_F8;
    for (int64_t i = 0; i < rows * columns; i++) {
        double value = whole ? round(20.0 * unit(random)) : (double)(float)unit(random);
        int64_t index[] = {i / columns, i % columns};
        ck_assert_int_eq(sv_view_set_f8(&m.view, index, value, NULL), SV_OK);
        m.x[i] = value;
    }
    return m;
}

static void free_matrix(matrix *m)
{
    ck_assert_int_eq(sv_buffer_close(m->buffer), SV_OK);
    free(m->x);
}

/* alpha·a·b + beta·before. */
static void check_product(const matrix *a, const matrix *b, const matrix *c, double alpha,
                          double beta, bool is_transposed)
{
    int64_t inner = a->view.shape[1], columns = c->view.shape[1];
    for (int64_t i = 0; i < c->view.shape[0]; i++) {
        for (int64_t j = 0; j < columns; j++) {
            double sum = 0.0, scale = 1.0, is;
            for (int64_t k = 0; k < inner; k++) {
                double factor = is_transposed ? b->x[j * inner + k] : b->x[k * columns + j];
                sum += a->x[i * inner + k] * factor;
                scale += fabs(a->x[i * inner + k] * factor);
            }
            ck_assert_int_eq(sv_view_get_f8(&c->view, (int64_t[]){i, j}, &is, NULL), SV_OK);
            close_to(is, alpha * sum + beta * c->x[i * columns + j], scale, "product");
        }
    }
}

static const int64_t shapes[][3] = {{1, 1, 1},    {3, 5, 4},     {17, 33, 9},
                                    {256, 1, 70}, {257, 300, 3}, {5, 600, 260}};

enum { NUM_SHAPES = sizeof shapes / sizeof shapes[0] };

START_TEST(test_gemm_and_gemv)
{
    struct random random = random_begin("gemm");
    for (int i = 0; i < NUM_SHAPES * NUM_DTYPES * 2; i++) {
        const int64_t *s = shapes[i % NUM_SHAPES];
        sv_dtype to = sv_dtype_make(i % 2 == 0 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
        matrix a = make_matrix(&random, dtypes[i / NUM_SHAPES % NUM_DTYPES], s[0], s[1],
                               (int)random_below(&random, 4));
        matrix b = make_matrix(&random, dtypes[random_below(&random, NUM_DTYPES)], s[1], s[2],
                               (int)random_below(&random, 4));
        matrix c = make_matrix(&random, to, s[0], s[2], (int)random_below(&random, 4));
        ck_assert_int_eq(sv_gemm(2.0, &a.view, &b.view, -0.5, &c.view, NULL), SV_OK);
        check_product(&a, &b, &c, 2.0, -0.5, false);
        free_matrix(&c);
        free_matrix(&b);
        b = make_matrix(&random, to, s[1], 1, 1);
        c = make_matrix(&random, to, s[0], 1, 1);
        sv_view x, y;
        ck_assert_int_eq(sv_view_at(&b.view, 1, 0, &x, NULL), SV_OK);
        ck_assert_int_eq(sv_view_at(&c.view, 1, 0, &y, NULL), SV_OK);
        ck_assert_int_eq(sv_gemv(-1.0, &a.view, &x, 1.0, &y, NULL), SV_OK);
        check_product(&a, &b, &c, -1.0, 1.0, false);
        free_matrix(&a);
        free_matrix(&b);
        free_matrix(&c);
    }
}
END_TEST

START_TEST(test_syrk)
{
    struct random random = random_begin("syrk");
    for (int i = 0; i < NUM_SHAPES * NUM_DTYPES; i++) {
        const int64_t *s = shapes[i % NUM_SHAPES];
        sv_dtype to = sv_dtype_make(i % 2 == 0 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN);
        matrix a =
            make_matrix(&random, dtypes[i / NUM_SHAPES], s[0], s[1], (int)random_below(&random, 4));
        matrix c = make_matrix(&random, to, s[0], s[0], (int)random_below(&random, 4));
        for (int64_t k = 0; k < s[0] * s[0]; k++) { /* symmetric before, too */
            int64_t row = k / s[0], column = k % s[0];
            c.x[k] = (double)(row + column);
            ck_assert_int_eq(sv_view_set_f8(&c.view, (int64_t[]){row, column}, c.x[k], NULL),
                             SV_OK);
        }
        ck_assert_int_eq(sv_syrk(0.5, &a.view, 2.0, &c.view, NULL), SV_OK);
        check_product(&a, &a, &c, 0.5, 2.0, true);
        free_matrix(&a);
        free_matrix(&c);
    }
}
END_TEST

START_TEST(test_products_of_nothing)
{
    float c[4] = {1, 2, NAN, 4};
    sv_buffer *buffer;
    sv_view flat = view_of(c, SV_F4, 4, &buffer), square, none;
    ck_assert_int_eq(sv_view_reshape(&flat, 2, (int64_t[]){2, 2}, &square, NULL), SV_OK);
    none = square;
    none.shape[1] = 0;
    ck_assert_int_eq(sv_syrk(1.0, &none, 1.0, &square, NULL), SV_OK);
    ck_assert(c[0] == 1.0F && c[3] == 4.0F);
    ck_assert_int_eq(sv_syrk(1.0, &none, 0.0, &square, NULL), SV_OK);
    ck_assert(c[0] == 0.0F && c[1] == 0.0F && c[2] == 0.0F && c[3] == 0.0F);
    sv_buffer_close(buffer);
}
END_TEST

/* ---- past 2^31 ------------------------------------------------------------------------------- */

/* A sparse file of 2^31 + 1000 float32, zeros but for a few. */
START_TEST(test_lengths_past_32_bits)
{
    const int64_t n = (INT64_C(1) << 31) + 1000;
    const int64_t places[] = {0, (INT64_C(1) << 31) - 1, (INT64_C(1) << 31) + 7, n - 1};
    const float values[] = {3.0F, -4.0F, 12.0F, 84.0F};
    const char *path = scratch_path("sparse.f32");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    if (ftruncate(fd, (off_t)(n * 4)) != 0) {
        close(fd);
        return; /* a file system without files so large */
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pwrite(fd, &values[i], 4, (off_t)(places[i] * 4)), 4);
    }
    close(fd);
    sv_buffer *buffer;
    sv_view all, down;
    double result;
    int64_t index;
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), &all, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_view_slice(&all, 0, SV_END, SV_BEGIN, -1, &down, NULL), SV_OK);
    ck_assert(sv_nrm2(&all, &result, NULL) == SV_OK && result == 85.0 + 0.0 * result);
    ck_assert(sv_asum(&all, &result, NULL) == SV_OK && result == 103.0);
    ck_assert(sv_iamax(&all, &index, NULL) == SV_OK && index == n - 1);
    ck_assert(sv_dot(&all, &down, &result, NULL) == SV_OK && result == 2.0 * 3.0 * 84.0);
    sv_buffer_close(buffer);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_dot,
        test_nrm2_asum_iamax,
        test_norms_of_any_size,
        test_nan_and_infinities,
        test_axpy_copy_scal,
        test_overlaps_and_shapes_are_refused,
        test_what_lies_well_is_not_copied,
        test_gemm_and_gemv,
        test_syrk,
        test_products_of_nothing,
        test_lengths_past_32_bits,
    };
    return run_in_scratch("array", tests, sizeof tests / sizeof tests[0]);
}
