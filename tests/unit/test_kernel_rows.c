/* The kernels of array/: every set that runs here gives the reference's bits, and these are what
 * kernel.h says, reckoned plainly. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "random.h"

enum { MOST = 2000, ROWS = 37, STEP = 40, FRAMES = 50 };

static float f4[2][MOST * 3];
static double f8[2][MOST * 3];

static void fill(struct random *random)
{
    for (int i = 0; i < 2 * MOST * 3; i++) {
        double x = ldexp((double)(random_bits(random) >> 11) * 0x1p-52 - 1.0,
                         (int)random_below(random, 20));
        f8[i % 2][i / 2] = x;
        f4[i % 2][i / 2] = (float)x;
    }
}

static void same(const void *a, const void *b, size_t bytes, const char *what)
{
    require(memcmp(a, b, bytes) == 0, what);
}

static void close_to(double is, double should, double scale, const char *what)
{
    ck_assert_msg(fabs(is - should) <= 1e-13 * scale, "%s: %.17g instead of %.17g", what, is,
                  should);
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void check_sums(const sv_kernels *set, const sv_kernels *reference, int64_t n, ptrdiff_t a,
                       ptrdiff_t b)
{
    double own = set->dot_f4(f4[0], a, f4[1], b, n), dot = 0.0, sizes = 0.0, scale = 0.0;
    double should = reference->dot_f4(f4[0], a, f4[1], b, n);
    same(&own, &should, sizeof own, "dot_f4");
    for (int64_t i = 0; i < n; i++) {
        dot += (double)f4[0][i * a] * (double)f4[1][i * b];
        scale += fabs((double)f4[0][i * a] * (double)f4[1][i * b]);
        sizes += fabs((double)f4[0][i * a]);
    }
    close_to(own, dot, scale, "dot_f4");
    own = set->sizes_f4(f4[0], a, n);
    should = reference->sizes_f4(f4[0], a, n);
    same(&own, &should, sizeof own, "sizes_f4");
    close_to(own, sizes, sizes, "sizes_f4");
    own = set->dot_f8(f8[0], a, f8[1], b, n);
    should = reference->dot_f8(f8[0], a, f8[1], b, n);
    same(&own, &should, sizeof own, "dot_f8");
    close_to(own, dot, scale * 1e7, "dot_f8"); /* of values that float32 rounded */
    own = set->sizes_f8(f8[0], a, n);
    should = reference->sizes_f8(f8[0], a, n);
    same(&own, &should, sizeof own, "sizes_f8");
}

static void check_spread(const sv_kernels *set, const sv_kernels *reference, int64_t n)
{
    sv_spread own, should;
    double sum = 0.0, size = 0.0, min = (double)INFINITY, max = -(double)INFINITY;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)f4[0][i];
        size += fabs((double)f4[0][i]);
        min = fmin(min, (double)f4[0][i]);
        max = fmax(max, (double)f4[0][i]);
    }
    set->spread_f4(f4[0], n, &own);
    reference->spread_f4(f4[0], n, &should);
    same(&own, &should, sizeof own, "spread_f4");
    close_to(own.sum, sum, size, "spread_f4");
    ck_assert(own.min == min && own.max == max);
    set->spread_f8(f8[0], n, &own);
    reference->spread_f8(f8[0], n, &should);
    same(&own, &should, sizeof own, "spread_f8");
}

static void check_centred(const sv_kernels *set, const sv_kernels *reference, int64_t n)
{
    static float own[MOST], should[MOST];
    sv_deviations found, as_found;
    double sum = 0.0, squares = 0.0, size = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double d = (double)f4[0][i] - 0.1;
        sum += d;
        size += fabs(d);
        squares += d * d;
    }
    set->centre_row_f4(f4[0], n, 0.1, 1.7, own, f4[1], &found);
    reference->centre_row_f4(f4[0], n, 0.1, 1.7, should, NULL, &as_found);
    same(own, should, (size_t)n * sizeof(float), "centre_row_f4");
    same(&found, &as_found, sizeof found, "sums of centre_row_f4");
    ck_assert(n == 0 || own[n - 1] == (float)(((double)f4[0][n - 1] - 0.1) * 1.7));
    close_to(found.sum, sum, size, "the sum of centre_row_f4");
    close_to(found.squares, squares, squares, "the squares of centre_row_f4");
    set->centre_row_f8(f8[0], n, 0.1, 1.7, own, f8[1], &found);
    reference->centre_row_f8(f8[0], n, 0.1, 1.7, should, NULL, &as_found);
    same(own, should, (size_t)n * sizeof(float), "centre_row_f8");
    same(&found, &as_found, sizeof found, "sums of centre_row_f8");
    memcpy(own, f4[0], sizeof own);
    set->centre_row_f4(own, n, 0.1, 1.7, own, NULL, &found);
    reference->centre_row_f4(f4[0], n, 0.1, 1.7, should, NULL, &as_found);
    same(own, should, (size_t)n * sizeof(float), "centre_row_f4 in place");
}

static void check_products(const sv_kernels *set, const sv_kernels *reference, int64_t n)
{
    static double own[MOST], should[MOST];
    memcpy(own, f8[0], sizeof own);
    memcpy(should, f8[0], sizeof should);
    set->add_products(own, f4[0], n, 0.3, f8[1], 1.1, f8[0], -0.7, f8[1] + 5);
    reference->add_products(should, f4[0], n, 0.3, f8[1], 1.1, f8[0], -0.7, f8[1] + 5);
    same(own, should, sizeof own, "add_products");
    for (int64_t i = 0; i < n; i++) {
        double added = (double)f4[0][i] * (0.3 * f8[1][i]) + 1.1 * f8[0][i] - 0.7 * f8[1][i + 5];
        double size =
            fabs(f8[0][i]) + fabs(added) + fabs(f8[1][i + 5]) + fabs((double)f4[0][i] * f8[1][i]);
        close_to(own[i], f8[0][i] + added, size, "add_products");
    }
}

/* ---- frames ---------------------------------------------------------------------------------- */

typedef struct centred {
    float to[FRAMES * STEP];
    double sums[ROWS], squares[ROWS];
} centred;

static void check_frames(const sv_kernels *set, const sv_kernels *reference, int64_t n,
                         int64_t rows)
{
    static centred own, should;
    float scales[ROWS];
    memset(&own, 0, sizeof own);
    memset(&should, 0, sizeof should);
    for (int i = 0; i < ROWS; i++) {
        scales[i] = 0.5F + (float)i;
    }
    set->centre_frames(f4[0], STEP, n, rows, f4[1], scales, own.to, STEP, own.sums, own.squares);
    reference->centre_frames(f4[0], STEP, n, rows, f4[1], scales, should.to, STEP, should.sums,
                             should.squares);
    same(&own, &should, sizeof own, "centre_frames");
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0.0, size = 0.0, squares = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double d = (double)f4[0][i * STEP + r] - (double)f4[1][r];
            ck_assert(own.to[i * STEP + r] == (f4[0][i * STEP + r] - f4[1][r]) * scales[r]);
            sum += d;
            size += fabs(d);
            squares += d * d;
        }
        close_to(own.sums[r], sum, size, "the sums of centre_frames");
        close_to(own.squares[r], squares, squares, "the squares of centre_frames");
    }
}

/* ---- all sets -------------------------------------------------------------------------------- */

START_TEST(test_every_set_at_every_size)
{
    static const int64_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 31, 32, 100, 1023, MOST};
    static const ptrdiff_t steps[] = {1, 2, 3};
    struct random random = random_begin("rows");
    bool runs_here;
    const sv_kernels *reference = sv_kernels_at(0, &runs_here), *set;
    fill(&random);
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        for (size_t k = 0; runs_here && k < sizeof sizes / sizeof sizes[0]; k++) {
            for (int step = 0; step < 9; step++) {
                check_sums(set, reference, sizes[k], steps[step / 3], steps[step % 3]);
            }
            check_spread(set, reference, sizes[k]);
            check_centred(set, reference, sizes[k]);
            check_products(set, reference, sizes[k]);
        }
        for (int64_t rows = 1; runs_here && rows <= ROWS; rows++) {
            check_frames(set, reference, rows + 13, rows);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel rows");
    TCase *tcase = tcase_create("kernel rows");
    tcase_add_test(tcase, test_every_set_at_every_size);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
