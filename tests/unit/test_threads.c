/* Many threads reading, writers apart; buffers opened and closed beside them; and a view shared
 * with another process. Meant to be run under ThreadSanitizer too. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "view_cases.h"

enum { NUM_THREADS = 6, NUM_FRAMES = 3000 };

struct task {
    const sv_view *view;
    int64_t number;
    bool holds;
};

static void run_tasks(void *(*run)(void *), struct task tasks[NUM_THREADS], const sv_view *view)
{
    pthread_t threads[NUM_THREADS];
    for (int thread = 0; thread < NUM_THREADS; thread++) {
        tasks[thread] = (struct task){.view = view, .number = thread};
        ck_assert_int_eq(pthread_create(&threads[thread], NULL, run, &tasks[thread]), 0);
    }
    for (int thread = 0; thread < NUM_THREADS; thread++) {
        pthread_join(threads[thread], NULL);
        ck_assert_msg(tasks[thread].holds, "thread %d", thread);
    }
}

/* ---- many readers ---- */

static void *read_everything(void *argument)
{
    struct task *task = argument;
    const sv_view *view = task->view;
    sv_view channel;
    sv_cursor cursor;
    double sum = 0;
    int64_t count;
    bool equal;
    size_t needed;
    char *bytes = malloc((size_t)sv_view_nbytes(view));
    sv_view_at(view, 1, task->number, &channel, NULL);
    sv_cursor_begin(&cursor, &channel);
    for (const void *element; (element = sv_cursor_next(&cursor)) != NULL;) {
        sum += sv_scalar_as_f8(sv_dtype_load(channel.dtype, element));
    }
    task->holds =
        sum == (double)task->number * NUM_FRAMES &&
        sv_view_count(view, sv_scalar_int(task->number), &count, NULL) == SV_OK &&
        count == NUM_FRAMES && sv_view_equal(view, view, &equal, NULL) == SV_OK && equal &&
        sv_view_copy_out(view, SV_F_ORDER, bytes, (size_t)sv_view_nbytes(view), NULL) == SV_OK &&
        sv_view_text(&channel, NULL, 0, &needed, NULL) == SV_RANGE;
    free(bytes);
    return NULL;
}

START_TEST(many_threads_read_one_view)
{
    sv_buffer *buffer = counting_buffer(NUM_FRAMES * NUM_THREADS * 4);
    sv_view view = shaped(buffer, ">i4", 2, (int64_t[]){NUM_FRAMES, NUM_THREADS});
    struct task tasks[NUM_THREADS];
    for (int64_t channel = 0; channel < NUM_THREADS; channel++) {
        sv_view one;
        ASSERT_OK(sv_view_at(&view, 1, channel, &one, NULL));
        ASSERT_OK(sv_view_fill(&one, sv_scalar_int(channel), NULL));
    }
    run_tasks(read_everything, tasks, &view);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- writers apart ---- */

/* Each thread stores to the channel of its number alone, between those of the others. */
static void *write_channel(void *argument)
{
    struct task *task = argument;
    sv_view channel;
    sv_view reversed;
    sv_view_at(task->view, 1, task->number, &channel, NULL);
    task->holds = true;
    for (int64_t frame = 0; frame < NUM_FRAMES; frame++) {
        task->holds &= sv_view_set_i8(&channel, &frame, frame, NULL) == SV_OK;
    }
    sv_view_slice(&channel, 0, SV_END, SV_BEGIN, -1, &reversed, NULL);
    task->holds &= sv_view_assign(&channel, &reversed, NULL) == SV_OK;
    sv_view_slice(&channel, 0, 0, 1000, 1, &channel, NULL);
    task->holds &= sv_view_fill(&channel, sv_scalar_int(task->number), NULL) == SV_OK;
    return NULL;
}

START_TEST(writers_apart_do_not_meet)
{
    /* Three bytes a sample: no two channels share one, all share their words. */
    sv_buffer *buffer = counting_buffer(NUM_FRAMES * NUM_THREADS * 3);
    sv_view view = shaped(buffer, "<i3", 2, (int64_t[]){NUM_FRAMES, NUM_THREADS});
    struct task tasks[NUM_THREADS];
    run_tasks(write_channel, tasks, &view);
    for (int64_t frame = 0; frame < NUM_FRAMES; frame++) {
        for (int64_t channel = 0; channel < NUM_THREADS; channel++) {
            int64_t value;
            sv_view_get_i8(&view, (int64_t[]){frame, channel}, &value, NULL);
            require(value == (frame < 1000 ? channel : NUM_FRAMES - 1 - frame),
                    "a sample was lost");
        }
    }
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- opening and closing beside readers ---- */

static void *open_and_close(void *argument)
{
    struct task *task = argument;
    task->holds = true;
    for (int round = 0; round < 2000; round++) {
        sv_buffer *buffer;
        sv_view view;
        int64_t value = 0;
        task->holds &= sv_buffer_alloc(64, &buffer, NULL) == SV_OK;
        task->holds &= sv_view_of_buffer(buffer, native(SV_I4), &view, NULL) == SV_OK;
        task->holds &= sv_view_fill(&view, sv_scalar_int(round), NULL) == SV_OK;
        task->holds &= sv_view_get_i8(&view, (int64_t[]){-1}, &value, NULL) == SV_OK;
        task->holds &= value == round;
        task->holds &= sv_buffer_close(buffer) == SV_OK;
        task->holds &= sv_view_check(&view) == SV_STALE;
        task->holds &= sv_view_check(task->view) == SV_OK; /* another's, open all the time */
    }
    return NULL;
}

START_TEST(buffers_open_and_close_beside_readers)
{
    sv_buffer *buffer = counting_buffer(64);
    sv_view view = view_of(buffer, "u1");
    struct task tasks[NUM_THREADS];
    run_tasks(open_and_close, tasks, &view);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* ---- a pin keeps the buffer open ---- */

static sv_buffer *pinned;
static atomic_bool is_pinned;
static atomic_bool was_busy;

static void *scan_with_pin(void *argument)
{
    struct task *task = argument;
    int64_t count = 0;
    sv_buffer_pin(pinned);
    atomic_store(&is_pinned, true);
    while (!atomic_load(&was_busy)) {
        task->holds = sv_view_count(task->view, sv_scalar_int(1), &count, NULL) == SV_OK;
    }
    sv_buffer_unpin(pinned);
    return NULL;
}

START_TEST(closing_while_a_thread_scans_answers_busy)
{
    pinned = counting_buffer(4096);
    sv_view view = view_of(pinned, "u1");
    struct task task = {.view = &view};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, scan_with_pin, &task), 0);
    while (!atomic_load(&is_pinned)) {
    }
    ASSERT_STATUS(sv_buffer_close(pinned), SV_BUSY);
    atomic_store(&was_busy, true);
    pthread_join(thread, NULL);
    ck_assert(task.holds);
    ASSERT_OK(sv_buffer_close(pinned));
    ASSERT_STATUS(sv_view_check(&view), SV_STALE);
}
END_TEST

/* ---- shared between processes ---- */

/* Sums the strided sub-view, and stores to it: 0 when all is as the parent made it. */
static int child_of_view(const sv_view *part)
{
    int64_t sum = 0;
    sv_cursor cursor;
    sv_cursor_begin(&cursor, part);
    for (const void *element; (element = sv_cursor_next(&cursor)) != NULL;) {
        sum += sv_dtype_load(part->dtype, element).value.i;
    }
    /* Channel 1, frames 9, 6, 3, 0 of value 10 × frame + channel. */
    if (sum != 91 + 61 + 31 + 1) {
        return 1;
    }
    return sv_view_fill(part, sv_scalar_int(-5), NULL) == SV_OK ? 0 : 2;
}

static sv_view number_frames(const sv_buffer *buffer)
{
    sv_view view = shaped(buffer, ">i2", 2, (int64_t[]){10, 3});
    for (int64_t frame = 0; frame < 10; frame++) {
        for (int64_t channel = 0; channel < 3; channel++) {
            ASSERT_OK(
                sv_view_set_i8(&view, (int64_t[]){frame, channel}, 10 * frame + channel, NULL));
        }
    }
    return view;
}

static sv_view every_third_backwards(const sv_view *view)
{
    sv_view part;
    ASSERT_OK(sv_view_at(view, 1, 1, &part, NULL));
    ASSERT_OK(sv_view_slice(&part, 0, SV_END, SV_BEGIN, -3, &part, NULL));
    return part;
}

static void check_child(pid_t child, const sv_view *view)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    for (int64_t frame = 0; frame < 10; frame++) {
        for (int64_t channel = 0; channel < 3; channel++) {
            int64_t value;
            ASSERT_OK(sv_view_get_i8(view, (int64_t[]){frame, channel}, &value, NULL));
            bool stored = channel == 1 && frame % 3 == 0;
            ck_assert_int_eq(value, stored ? -5 : 10 * frame + channel);
        }
    }
}

START_TEST(a_forked_child_uses_a_strided_view_of_shared_memory)
{
    sv_buffer *buffer;
    ASSERT_OK(sv_buffer_memfd("quake", 10 * 3 * 2, &buffer, NULL));
    sv_view view = number_frames(buffer);
    sv_view part = every_third_backwards(&view);
    pid_t child = fork();
    if (child == 0) {
        _exit(child_of_view(&part));
    }
    ck_assert_int_gt(child, 0);
    check_child(child, &view);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

/* A child that knows the name alone, as a program of its own would. */
static int child_of_name(const char *name)
{
    sv_buffer *buffer;
    sv_view view;
    if (sv_buffer_shm_open(name, SV_SHARED, &buffer, NULL) != SV_OK ||
        sv_view_make(buffer, 0, sv_dtype_make(SV_I2, SV_BIG_ENDIAN), 2, (int64_t[]){10, 3}, NULL,
                     &view, NULL) != SV_OK) {
        return 3;
    }
    sv_view_at(&view, 1, 1, &view, NULL);
    sv_view_slice(&view, 0, SV_END, SV_BEGIN, -3, &view, NULL);
    int result = child_of_view(&view);
    return sv_buffer_close(buffer) == SV_OK ? result : 4;
}

START_TEST(another_process_opens_shared_memory_by_name)
{
    char name[64];
    sv_buffer *buffer;
    snprintf(name, sizeof name, "/seisview-test-threads-%ld", (long)getpid());
    ASSERT_OK(sv_buffer_shm_create(name, 10 * 3 * 2, &buffer, NULL));
    sv_view view = number_frames(buffer);
    pid_t child = fork();
    if (child == 0) {
        _exit(child_of_name(name));
    }
    ck_assert_int_gt(child, 0);
    check_child(child, &view);
    ASSERT_OK(sv_buffer_shm_unlink(name, NULL));
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        many_threads_read_one_view,
        writers_apart_do_not_meet,
        buffers_open_and_close_beside_readers,
        closing_while_a_thread_scans_answers_busy,
        a_forked_child_uses_a_strided_view_of_shared_memory,
        another_process_opens_shared_memory_by_name,
    };
    return run_tests("threads", tests, sizeof tests / sizeof tests[0]);
}
