/* Runs of ones in bits, against looking at each bit. */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "fenced.h"
#include "random.h"
#include "stats/runs.h"

enum { MOST_BITS = 5000, MOST_WORDS = MOST_BITS / 64 + 1 };

static void naive(const bool *bit, int64_t n, sv_runs *runs)
{
    *runs = (sv_runs){.num_pairs = n};
    for (int64_t first = 0; first < n; first++) {
        int64_t length = 0;
        while (first + length < n && bit[first + length]) {
            length++;
        }
        runs->head = first == 0 ? length : runs->head;
        runs->current =
            length > 0 && first + length == n && runs->current == 0 ? length : runs->current;
        if (length > runs->longest) {
            runs->longest = length;
            runs->longest_first = first;
        }
        first += length;
    }
}

static void must_be_same(const sv_runs *own, const sv_runs *expected)
{
    require(own->num_pairs == expected->num_pairs, "the number of pairs");
    require(own->head == expected->head, "the ones in front");
    require(own->current == expected->current, "the ones at the end");
    require(own->longest == expected->longest, "the longest run");
    require(own->longest_first == expected->longest_first, "where the longest run begins");
}

static void pack(const bool *bit, int64_t n, uint64_t words[MOST_WORDS])
{
    memset(words, 0, MOST_WORDS * sizeof words[0]);
    for (int64_t i = 0; i < n; i++) {
        words[i / 64] |= (uint64_t)bit[i] << i % 64;
    }
}

/* Bits in which a one follows a one with a probability of `stay` in 1024, a zero a zero with
 * `rest` in 1024. */
static void draw_bits(struct random *random, uint64_t stay, uint64_t rest, bool *bit, int64_t n)
{
    bool now = random_below(random, 2) == 0;
    for (int64_t i = 0; i < n; i++) {
        now = now ? random_below(random, 1024) < stay : random_below(random, 1024) >= rest;
        bit[i] = now;
    }
}

static int64_t draw_length(struct random *random, int64_t most)
{
    static const int64_t words[] = {64, 128, 2048};
    int64_t length = random_below(random, 3) == 0 ? words[random_below(random, 3)]
                                                  : (int64_t)random_below(random, 200);
    return length < most ? length : most;
}

START_TEST(random_bits_in_random_pieces)
{
    static const uint64_t chances[] = {0, 100, 512, 900, 1000, 1020, 1024};
    struct random random = random_begin("random_bits_in_random_pieces");
    for (int round = 0; round < 2000; round++) {
        bool bit[MOST_BITS];
        int64_t n = (int64_t)random_below(&random, round % 10 == 0 ? MOST_BITS : 400);
        draw_bits(&random, chances[random_below(&random, 7)], chances[random_below(&random, 7)],
                  bit, n);
        sv_runs own = {0}, expected;
        for (int64_t first = 0; first < n;) {
            uint64_t words[MOST_WORDS];
            int64_t length = draw_length(&random, n - first);
            pack(bit + first, length, words);
            sv_runs_add(&own, words, length);
            first += length;
            naive(bit, first, &expected);
            must_be_same(&own, &expected);
        }
    }
}
END_TEST

/* All bits of a word and a half: every run at every place, in one piece and cut at every place. */
START_TEST(one_run_everywhere)
{
    enum { N = 100 };
    for (int64_t first = 0; first < N; first++) {
        for (int64_t last = first; last <= N; last++) {
            bool bit[N];
            for (int64_t i = 0; i < N; i++) {
                bit[i] = i >= first && i < last;
            }
            uint64_t words[MOST_WORDS];
            int64_t cut = (first * 7 + last * 3) % (N + 1);
            sv_runs own = {0}, expected;
            pack(bit, cut, words);
            sv_runs_add(&own, words, cut);
            pack(bit + cut, N - cut, words);
            sv_runs_add(&own, words, N - cut);
            naive(bit, N, &expected);
            must_be_same(&own, &expected);
        }
    }
}
END_TEST

START_TEST(nothing_is_nothing)
{
    sv_runs own = {0}, expected = {0};
    uint64_t words[1] = {0};
    sv_runs_add(&own, words, 0);
    must_be_same(&own, &expected);
}
END_TEST

/* The bits end with their memory, before the fence. */
START_TEST(bits_past_the_last_are_not_read)
{
    for (int64_t words = 1; words <= 20; words++) {
        fenced memory = fence((size_t)words * sizeof(uint64_t));
        uint64_t *bits = (uint64_t *)(void *)memory.end - words;
        for (int64_t one = -1; one < words; one++) {
            sv_runs runs = {0};
            memset(bits, 0, (size_t)words * sizeof *bits);
            if (one >= 0) {
                bits[one] = 1;
            }
            sv_runs_add(&runs, bits, words * 64);
            ck_assert_int_eq(runs.num_pairs, words * 64);
            ck_assert_int_eq(runs.longest, one >= 0);
            ck_assert(one < 0 || runs.longest_first == one * 64);
        }
        unfence(memory);
    }
}
END_TEST

START_TEST(all_ones_and_all_zeros)
{
    for (int64_t n = 1; n <= 600; n++) {
        bool bit[600];
        for (int ones = 0; ones < 2; ones++) {
            memset(bit, ones, sizeof bit);
            uint64_t words[MOST_WORDS];
            pack(bit, n, words);
            sv_runs own = {0};
            sv_runs_add(&own, words, n);
            must_be_same(&own, &(sv_runs){n, ones * n, ones * n, ones * n, 0});
        }
    }
}
END_TEST

/* Of runs of one length the first counts, also where a later one begins in the fast path. */
START_TEST(of_equal_runs_the_first_is_kept)
{
    bool bit[MOST_BITS] = {false};
    for (int64_t i = 10; i + 5 < MOST_BITS; i += 97) {
        memset(bit + i, 1, 5);
    }
    uint64_t words[MOST_WORDS];
    pack(bit, MOST_BITS, words);
    sv_runs own = {0};
    sv_runs_add(&own, words, MOST_BITS);
    ck_assert_int_eq(own.longest, 5);
    ck_assert_int_eq(own.longest_first, 10);
}
END_TEST

/* Runs of every length up to three words that begin at every bit of a word, behind a shorter one
 * that comes first, and before one of the same length that must not count. */
START_TEST(long_runs_over_many_words)
{
    enum { MOST_LENGTH = 200, N = 700 };
    for (int64_t length = 2; length <= MOST_LENGTH; length++) {
        for (int64_t first = 201; first < 201 + 64; first += 1 + first % 3) {
            bool bit[N] = {false};
            int64_t again = first + length + 1 + first % 5;
            memset(bit + 200 - (length - 1), 1, (size_t)(length - 1));
            memset(bit + first, 1, (size_t)length);
            memset(bit + again, 1, (size_t)(again + length <= N ? length : N - again));
            uint64_t words[MOST_WORDS];
            pack(bit, N, words);
            sv_runs own = {0}, expected;
            sv_runs_add(&own, words, N);
            naive(bit, N, &expected);
            must_be_same(&own, &expected);
        }
    }
}
END_TEST

/* Words full of runs of one to a few, of which a word holds many: the longest grows by one at a
 * time, and is in the middle of a word, at its ends, or over them. */
START_TEST(dense_short_runs)
{
    struct random random = random_begin("dense_short_runs");
    for (int round = 0; round < 400; round++) {
        bool bit[MOST_BITS];
        int64_t n = 1 + (int64_t)random_below(&random, MOST_BITS);
        int64_t at = 0;
        while (at < n) {
            uint64_t most = 1 + 4 * (uint64_t)at / MOST_BITS + random_below(&random, 3);
            for (uint64_t k = random_below(&random, most) + 1; k > 0 && at < n; k--) {
                bit[at++] = true;
            }
            for (uint64_t k = random_below(&random, 2) + 1; k > 0 && at < n; k--) {
                bit[at++] = false;
            }
        }
        uint64_t words[MOST_WORDS];
        pack(bit, n, words);
        sv_runs own = {0}, expected;
        sv_runs_add(&own, words, n);
        naive(bit, n, &expected);
        must_be_same(&own, &expected);
    }
}
END_TEST

/* Every word of 16 bits, in front of, behind and between others: what joins at its ends. */
START_TEST(every_pattern_at_both_ends_of_a_word)
{
    enum { N = 192 };
    static const uint64_t others[] = {0, ~UINT64_C(0), 1, UINT64_C(1) << 63, 0x00ff};
    for (uint64_t pattern = 0; pattern < 1 << 16; pattern += 1 + pattern / 512) {
        for (int i = 0; i < 25; i++) {
            const uint64_t words[3] = {others[i % 5], pattern | pattern << 40, others[i / 5]};
            bool bit[N];
            for (int k = 0; k < N; k++) {
                bit[k] = words[k / 64] >> k % 64 & 1;
            }
            sv_runs own = {0}, expected;
            sv_runs_add(&own, words, N);
            naive(bit, N, &expected);
            must_be_same(&own, &expected);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runs");
    TCase *tests = tcase_create("runs");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, random_bits_in_random_pieces);
    tcase_add_test(tests, one_run_everywhere);
    tcase_add_test(tests, nothing_is_nothing);
    tcase_add_test(tests, bits_past_the_last_are_not_read);
    tcase_add_test(tests, all_ones_and_all_zeros);
    tcase_add_test(tests, of_equal_runs_the_first_is_kept);
    tcase_add_test(tests, long_runs_over_many_words);
    tcase_add_test(tests, dense_short_runs);
    tcase_add_test(tests, every_pattern_at_both_ends_of_a_word);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
