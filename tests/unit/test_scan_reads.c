/* Scans of which every read goes wrong in some way: pread() of this program is between the library
 * and the system. And the spans that are brought in one go, and the ways they are mapped in. */
#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "layouts.h"
#include "scan/pace.h"
#include "scan/spans.h"
#include "walk.h"

/* ---- reads that go wrong --------------------------------------------------------------------- */

enum { NO_BYTE = -1 };

static _Atomic int64_t bad_byte = NO_BYTE; /* a read that touches it fails */
static atomic_size_t longest_read = SIZE_MAX;
static atomic_int interrupt_every; /* 0: never */
static atomic_int num_reads;

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    int every = atomic_load(&interrupt_every);
    int64_t bad = atomic_load(&bad_byte);
    size_t longest = atomic_load(&longest_read);
    if (every > 0 && atomic_fetch_add(&num_reads, 1) % every == 0) {
        errno = EINTR;
        return -1;
    }
    size = size < longest ? size : longest;
    if (bad >= offset && bad < offset + (int64_t)size) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, bytes, size, offset);
}

static const int thread_counts[] = {1, 2, 3, 7};
static const sv_io ios[] = {SV_IO_READ, SV_IO_DIRECT};

enum { NUM_WAYS = 8, SAMPLES = 1500000 };

static sv_scan_options way(int i)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.threads = thread_counts[i % 4];
    options.io = ios[i / 4];
    return options;
}

static const layout one_channel = {"one channel", "<f4", 1, SAMPLES, SV_INTERLEAVED, 0, 0,
                                   {0, 0},        0,     0};

START_TEST(reads_may_be_short_or_interrupted)
{
    static const size_t longest[] = {4096, 70000, 1000001, SIZE_MAX};
    struct random random = random_begin("reads_may_be_short_or_interrupted");
    sv_recording *recording = open_layout(&one_channel, "reads.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(&one_channel);
    sv_scan_options options = way(_i);
    for (int i = 0; i < 4; i++) {
        atomic_store(&longest_read, longest[i]);
        atomic_store(&interrupt_every, i + 2);
        walk w = begin_walk(&segment, &range);
        ck_assert_int_eq(run_walk(&w, recording, &options, NULL, NULL), SV_OK);
        ck_assert_int_eq(w.next[0], SAMPLES);
        check_walked(&w, &segment.samples);
        end_walk(&w);
    }
    ck_assert_int_gt(atomic_load(&num_reads), 0);
    close_good(recording);
}
END_TEST

/* What lies before the bad place is measured, as far as whole blocks go. */
START_TEST(a_bad_place_is_told)
{
    static const int64_t bad[] = {0, 4096, 524287, 524288, 2500001, 4 * SAMPLES - 1};
    struct random random = random_begin("a_bad_place_is_told");
    sv_recording *recording = open_layout(&one_channel, "reads.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(&one_channel);
    sv_scan_options options = way(_i);
    int64_t block_bytes = 4 * sv_block_samples(&segment);
    for (int i = 0; i < 6; i++) {
        char words[64];
        sv_error error;
        atomic_store(&bad_byte, bad[i]);
        walk w = begin_walk(&segment, &range);
        ck_assert_int_eq(run_walk(&w, recording, &options, NULL, &error), SV_IO);
        snprintf(words, sizeof words, "byte %" PRId64 " could not be read", bad[i] / 4096 * 4096);
        ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message,
                      words);
        ck_assert_int_eq(error.system_error, EIO);
        ck_assert_int_eq(w.next[0], bad[i] / block_bytes * block_bytes / 4);
        atomic_store(&bad_byte, NO_BYTE);
        check_walked(&w, &segment.samples);
        end_walk(&w);
    }
    close_good(recording);
}
END_TEST

/* ---- spans ----------------------------------------------------------------------------------- */

static void check_span(const sv_plan *plan, const sv_spans *spans, const sv_span *span)
{
    int64_t first = INT64_MAX, last = 0, tasks = span->past_task - span->first_task;
    for (int64_t i = span->first_task; i < span->past_task; i++) {
        sv_task task = sv_plan_task(plan, i);
        first = task.first_byte < first ? task.first_byte : first;
        last = task.last_byte > last ? task.last_byte : last;
    }
    ck_assert(span->first_byte == first && span->last_byte == last);
    ck_assert(tasks == 1 || last - first <= spans->most_bytes);
    ck_assert_int_le(tasks, spans->most_tasks);
    for (int64_t byte = first; byte <= last; byte += 1 + (last - first) / 16) {
        int64_t at = sv_span_task_at(plan, span, byte);
        ck_assert(at == span->past_task || sv_plan_task(plan, at).last_byte > byte);
        ck_assert(at == span->first_task || sv_plan_task(plan, at - 1).last_byte <= byte);
    }
    ck_assert_int_eq(sv_span_task_at(plan, span, last), span->past_task);
}

START_TEST(every_task_is_in_one_span)
{
    struct random random = random_begin("every_task_is_in_one_span");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "spans.bin", &random);
    sv_scan_range range = range_of(l);
    sv_plan plan;
    sv_file file = sv_file_of(recording);
    ck_assert_int_eq(sv_plan_make(recording, &range, &plan, NULL), SV_OK);
    for (int round = 0; round < 20; round++) {
        sv_spans spans;
        sv_span span;
        int64_t next = 0;
        sv_spans_open(&spans, &plan, &file, true);
        spans.most_bytes = (int64_t)random_below(&random, 4 << 20);
        spans.most_tasks = 1 + (int64_t)random_below(&random, 20);
        spans.threads = 1 + (int)random_below(&random, 8);
        while (sv_spans_next(&spans, &span)) {
            ck_assert_int_eq(span.first_task, next);
            ck_assert_int_gt(span.past_task, next);
            check_span(&plan, &spans, &span);
            next = span.past_task;
        }
        ck_assert_int_eq(next, plan.num_tasks);
        sv_spans_close(&spans);
    }
    close_good(recording);
}
END_TEST

/* Where blocks follow one another they are brought together: a system call for each would cost. */
START_TEST(neighbours_are_brought_together)
{
    struct random random = random_begin("neighbours_are_brought_together");
    sv_recording *recording = open_layout(&one_channel, "spans.bin", &random);
    sv_scan_range range = range_of(&one_channel);
    sv_plan plan;
    sv_spans spans;
    sv_span span;
    sv_file file = sv_file_of(recording);
    ck_assert_int_eq(sv_plan_make(recording, &range, &plan, NULL), SV_OK);
    sv_spans_open(&spans, &plan, &file, true);
    spans.most_bytes = 2 << 20;
    spans.most_tasks = 16;
    ck_assert(sv_spans_next(&spans, &span));
    ck_assert_int_eq(span.last_byte - span.first_byte, 2 << 20);
    sv_spans_close(&spans);
    close_good(recording);
}
END_TEST

/* ---- ways of mapping ------------------------------------------------------------------------- */

enum { SPAN_BYTES = 8 << 20, SPANS = 400, PIECES_A_SPAN = 128 };

/* How many of SPANS are mapped by faults, when each way takes so long and faults so often. */
static int count_by_faults(sv_pace *pace, double by_calls, double by_faults, int64_t faults)
{
    int count = 0;
    for (int i = 0; i < SPANS; i++) {
        sv_way way = sv_pace_choose(pace);
        bool is_held_up = i % 7 == 3;
        double seconds = way == SV_BY_FAULTS ? by_faults : by_calls;
        sv_pace_note(pace, way, SPAN_BYTES, is_held_up ? 3.0 * seconds : seconds,
                     way == SV_BY_FAULTS ? faults : 0);
        count += way == SV_BY_FAULTS;
    }
    return count;
}

START_TEST(the_quicker_way_is_found_and_kept)
{
    sv_pace pace = {0};
    ck_assert_int_gt(count_by_faults(&pace, 1.0e-3, 0.9e-3, PIECES_A_SPAN), SPANS * 9 / 10);
    ck_assert(pace.has_small_pieces);
    pace = (sv_pace){0};
    ck_assert_int_lt(count_by_faults(&pace, 0.9e-3, 1.0e-3, PIECES_A_SPAN), SPANS / 10);
    /* By chance a little quicker is not enough. */
    pace = (sv_pace){0};
    ck_assert_int_lt(count_by_faults(&pace, 1.0e-3, 0.99e-3, PIECES_A_SPAN), SPANS / 10);
}
END_TEST

START_TEST(large_pieces_are_mapped_by_calls)
{
    sv_pace pace = {0};
    int faults = count_by_faults(&pace, 1.0e-3, 0.9e-3, SPAN_BYTES >> 21);
    ck_assert_int_lt(faults, SPANS / 10);
    ck_assert_int_gt(faults, 0);
    ck_assert(!pace.has_small_pieces);
    /* What comes next lies in small ones. */
    ck_assert_int_gt(count_by_faults(&pace, 1.0e-3, 0.9e-3, PIECES_A_SPAN), SPANS * 8 / 10);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("scan reads");
    TCase *tests = tcase_create("reads");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_add_loop_test(tests, reads_may_be_short_or_interrupted, 0, NUM_WAYS);
    tcase_add_loop_test(tests, a_bad_place_is_told, 0, NUM_WAYS);
    tcase_add_loop_test(tests, every_task_is_in_one_span, 0, NUM_LAYOUTS);
    tcase_add_test(tests, neighbours_are_brought_together);
    tcase_add_test(tests, the_quicker_way_is_found_and_kept);
    tcase_add_test(tests, large_pieces_are_mapped_by_calls);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
