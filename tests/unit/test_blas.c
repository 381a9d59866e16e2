/* OpenBLAS: that it loads, once, for all threads, and which of its sets of kernels a processor is
 * given. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "array/blas.h"
#include "seisview/array.h"

/* ---- what a processor can run ---------------------------------------------------------------- */

/* What CPUID says on processors of these kinds; XCR0 as systems set it. */
static const sv_processor skylake_server = {
    .vendor = "GenuineIntel",
    .leaf_1_ecx = 0x7ffefbff,
    .leaf_7_ebx = 0xd39ffffb,
    .extended_1_ecx = 0x121,
    .enabled_registers = 0x2e7,
};

static const sv_processor zen_3 = {
    .vendor = "AuthenticAMD",
    .leaf_1_ecx = 0x7efa320b,
    .leaf_7_ebx = 0x219c97a9,
    .extended_1_ecx = 0x75c237ff,
    .enabled_registers = 0x207,
};

START_TEST(test_each_gets_the_best_it_can_run)
{
    sv_processor p = skylake_server;
    ck_assert_str_eq(sv_blas_core_for(&p), "SkylakeX");
    ck_assert_str_eq(sv_blas_core_for(&zen_3), "Zen");
    p = zen_3;
    memcpy(p.vendor, "GenuineIntel", sizeof p.vendor);
    ck_assert_str_eq(sv_blas_core_for(&p), "Haswell");
    memcpy(p.vendor, "HygonGenuine", sizeof p.vendor);
    ck_assert_str_eq(sv_blas_core_for(&p), "Zen");
    ck_assert_ptr_null(sv_blas_core_for(&(sv_processor){.vendor = "GenuineIntel"}));
}
END_TEST

/* The system does not keep the wide registers: they must not be touched, whatever CPUID says. */
START_TEST(test_the_system_has_a_say)
{
    sv_processor p = skylake_server;
    p.enabled_registers = 0x7;
    ck_assert_str_eq(sv_blas_core_for(&p), "Haswell");
    p.enabled_registers = 0x3;
    ck_assert_ptr_null(sv_blas_core_for(&p));
    p = skylake_server;
    p.leaf_1_ecx &= ~(UINT32_C(1) << 27); /* no XGETBV: XCR0 is not known */
    ck_assert_ptr_null(sv_blas_core_for(&p));
}
END_TEST

/* Each bit that the kernels were compiled for is asked for: without it they end in SIGILL. */
START_TEST(test_every_instruction_is_asked_for)
{
    static const int leaf_1[] = {12, 20, 22, 23, 28, 29}, leaf_7[] = {3, 5, 8, 16, 17, 28, 30, 31};
    for (size_t i = 0; i < sizeof leaf_1 / sizeof leaf_1[0]; i++) {
        sv_processor p = skylake_server;
        p.leaf_1_ecx &= ~(UINT32_C(1) << leaf_1[i]);
        const char *core = sv_blas_core_for(&p);
        ck_assert_msg(core == NULL || strcmp(core, "SkylakeX") != 0, "bit %d", leaf_1[i]);
    }
    for (size_t i = 0; i < sizeof leaf_7 / sizeof leaf_7[0]; i++) {
        sv_processor p = skylake_server;
        p.leaf_7_ebx &= ~(UINT32_C(1) << leaf_7[i]);
        const char *core = sv_blas_core_for(&p);
        ck_assert_msg(core == NULL || strcmp(core, "SkylakeX") != 0, "bit %d", leaf_7[i]);
    }
    sv_processor p = skylake_server;
    p.extended_1_ecx &= ~(UINT32_C(1) << 5);
    ck_assert_str_eq(sv_blas_core_for(&p), "Haswell");
}
END_TEST

/* ---- loading --------------------------------------------------------------------------------- */

static const sv_blas *get_good(void)
{
    sv_error error = {.message = ""};
    const sv_blas *blas = NULL;
    sv_status status = sv_blas_get(&blas, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    return blas;
}

static void *get_once_more(void *context)
{
    const sv_blas *blas = NULL;
    *(const sv_blas **)context = sv_blas_get(&blas, NULL) == SV_OK ? blas : NULL;
    return NULL;
}

START_TEST(test_all_threads_get_the_same)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    const sv_blas *found[THREADS];
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, get_once_more, &found[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_ptr_eq(found[i], get_good());
    }
}
END_TEST

/* Small whole numbers: every sum is exact. */
START_TEST(test_functions_are_what_they_are_declared_to_be)
{
    const sv_blas *blas = get_good();
    const float a[] = {1, 2, 3, 4, 5, 6}, x[] = {1, -1, 2};
    float y[] = {0, 0}, c[4] = {0, 0, 0, 0};
    ck_assert(blas->sdot(3, a, 2, x, 1) == 1.0F * 1 - 3 + 10);
    ck_assert(blas->sasum(3, x, 1) == 4.0F);
    ck_assert(blas->isamax(3, x, 1) == 2);
    blas->sgemv(SV_ROW_MAJOR, SV_NO_TRANS, 2, 3, 1.0F, a, 3, x, 1, 0.0F, y, 1);
    ck_assert(y[0] == 5.0F && y[1] == 11.0F);
    blas->ssyrk(SV_ROW_MAJOR, SV_UPPER, SV_NO_TRANS, 2, 3, 1.0F, a, 3, 0.0F, c, 2);
    ck_assert(c[0] == 14.0F && c[1] == 32.0F && c[2] == 0.0F && c[3] == 77.0F);
    blas->sgemm(SV_ROW_MAJOR, SV_NO_TRANS, SV_TRANS, 2, 2, 3, 1.0F, a, 3, a, 3, 0.0F, c, 2);
    ck_assert(c[0] == 14.0F && c[1] == 32.0F && c[2] == 32.0F && c[3] == 77.0F);
}
END_TEST

/* The name that this processor is given is one that OpenBLAS takes, and its kernels run here. */
START_TEST(test_the_best_core_is_taken)
{
    const char *best = sv_blas_best_core(), *name = NULL;
    if (best != NULL) {
        setenv("OPENBLAS_CORETYPE", best, 1);
    }
    ck_assert_int_eq(sv_blas_core(&name, NULL), SV_OK);
    ck_assert(best == NULL || strcmp(name, best) == 0);
    float many[1024], sum = 0.0F;
    for (int i = 0; i < 1024; i++) {
        many[i] = (float)(i % 7);
        sum += many[i] * many[i];
    }
    ck_assert(get_good()->sdot(1024, many, 1, many, 1) == sum);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blas");
    TCase *tcase = tcase_create("blas");
    tcase_add_test(tcase, test_each_gets_the_best_it_can_run);
    tcase_add_test(tcase, test_the_system_has_a_say);
    tcase_add_test(tcase, test_every_instruction_is_asked_for);
    tcase_add_test(tcase, test_all_threads_get_the_same);
    tcase_add_test(tcase, test_functions_are_what_they_are_declared_to_be);
    tcase_add_test(tcase, test_the_best_core_is_taken);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
