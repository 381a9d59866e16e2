/* Memory that becomes a file when there is too much of it. */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/spill.h"

enum { BUDGET = 100000, PIECES = 40, PIECE = 10000 };

static void fill(unsigned char *memory, int piece)
{
    memset(memory, piece, PIECE);
}

static bool is_filled(const unsigned char *memory, int piece)
{
    return memory[0] == piece && memcmp(memory, memory + 1, PIECE - 1) == 0;
}

/* Takes PIECES of them, and frees some on the way, of both kinds. */
static void use(sv_spill *spill)
{
    unsigned char *pieces[PIECES];
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = sv_spill_alloc(spill, PIECE);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        fill(pieces[i], i);
        if (i % 3 == 2) {
            sv_spill_free(spill, pieces[i - 1]);
            pieces[i - 1] = NULL;
        }
    }
    sv_spill_end(spill);
    for (int i = 0; i < PIECES; i++) {
        ck_assert(pieces[i] == NULL || is_filled(pieces[i], i));
        sv_spill_free(NULL, pieces[i]);
    }
}

START_TEST(what_is_within_the_budget_lies_in_memory)
{
    sv_spill spill;
    sv_spill_begin(&spill, BUDGET);
    void *memory = sv_spill_alloc(&spill, BUDGET / 2);
    ck_assert_ptr_nonnull(memory);
    ck_assert_int_lt(spill.fd, 0);
    ck_assert_uint_le(spill.memory_left, BUDGET / 2);
    sv_spill_free(&spill, memory);
    ck_assert_uint_eq(spill.memory_left, BUDGET);
    sv_spill_end(&spill);
}
END_TEST

START_TEST(what_is_more_lies_in_a_file)
{
    sv_spill spill;
    sv_spill_begin(&spill, BUDGET);
    void *memory = sv_spill_alloc(&spill, BUDGET);
    ck_assert_ptr_nonnull(memory);
    ck_assert_int_ge(spill.fd, 0);
    ck_assert_uint_eq(spill.memory_left, BUDGET);
    ck_assert_int_ge(spill.file_bytes, BUDGET);
    sv_spill_free(&spill, memory);
    use(&spill);
}
END_TEST

START_TEST(without_a_file_there_is_memory)
{
    sv_spill spill;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    sv_spill_begin(&spill, BUDGET);
    use(&spill);
    ck_assert_int_eq(spill.file_bytes, 0);
}
END_TEST

/* A file that must not grow stands for a disk without room. */
START_TEST(without_room_for_a_file_there_is_memory)
{
    struct rlimit limit = {3 * PIECE, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    sv_spill spill;
    sv_spill_begin(&spill, BUDGET);
    use(&spill);
    ck_assert_int_gt(spill.file_bytes, 0);
    ck_assert_int_le(spill.file_bytes, 3 * PIECE);
}
END_TEST

START_TEST(without_memory_there_is_nothing)
{
    sv_spill spill;
    sv_spill_begin(&spill, BUDGET);
    sv_memory_fail_after(0, true);
    void *memory = sv_spill_alloc(&spill, 100);
    sv_memory_fail_after(-1, false);
    ck_assert_ptr_null(memory);
    ck_assert_ptr_null(sv_spill_alloc(&spill, SIZE_MAX - 100));
    ck_assert_uint_eq(spill.memory_left, BUDGET);
    sv_spill_free(&spill, NULL);
    sv_spill_free(NULL, NULL);
    sv_spill_end(&spill);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spill");
    TCase *tests = tcase_create("spill");
    tcase_add_test(tests, what_is_within_the_budget_lies_in_memory);
    tcase_add_test(tests, what_is_more_lies_in_a_file);
    tcase_add_test(tests, without_a_file_there_is_memory);
    tcase_add_test(tests, without_room_for_a_file_there_is_memory);
    tcase_add_test(tests, without_memory_there_is_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
