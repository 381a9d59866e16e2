/* recv_into, readinto, send and write: whole views through pipes and sockets that give and take
 * them piecemeal. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "view_cases.h"

enum { NUM_BYTES = 300000 }; /* more than a pipe or a socket holds */

static sv_buffer *random_buffer(struct random *random)
{
    sv_buffer *buffer = counting_buffer(NUM_BYTES);
    sv_view view = view_of(buffer, "u1");
    for (size_t byte = 0; byte < NUM_BYTES; byte++) {
        view.address[byte] = (char)random_bits(random);
    }
    return buffer;
}

/* ---- an other end that gives and takes piecemeal ---- */

struct peer {
    int fd;
    bool gives;
    uint64_t seed;
    char *bytes;
    size_t num_bytes;
};

static void *give_or_take(void *argument)
{
    struct peer *peer = argument;
    struct random random = {peer->seed};
    size_t done = 0;
    while (done < peer->num_bytes) {
        size_t piece = (size_t)random_between(&random, 1, 9000);
        piece = piece < peer->num_bytes - done ? piece : peer->num_bytes - done;
        if (done == 0 || random_below(&random, 8) == 0) {
            nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        }
        ssize_t moved = peer->gives ? write(peer->fd, peer->bytes + done, piece)
                                    : read(peer->fd, peer->bytes + done, piece);
        if (moved <= 0 && errno != EINTR) {
            break;
        }
        done += moved > 0 ? (size_t)moved : 0;
    }
    close(peer->fd);
    return NULL;
}

/* The alarm is for the thread that transfers alone. */
static pthread_t start_peer(struct peer *peer)
{
    pthread_t thread;
    sigset_t alarm_signal;
    sigemptyset(&alarm_signal);
    sigaddset(&alarm_signal, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_signal, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, give_or_take, peer), 0);
    pthread_sigmask(SIG_UNBLOCK, &alarm_signal, NULL);
    return thread;
}

static volatile sig_atomic_t num_alarms;

static void count_alarm(int signal_number)
{
    (void)signal_number;
    num_alarms = num_alarms + 1;
}

/* Interrupts system calls every millisecond; none of them is begun again by the system. */
static void interrupt_calls(bool on)
{
    struct sigaction action = {.sa_handler = count_alarm};
    struct itimerval every = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};
    sigemptyset(&action.sa_mask);
    if (on) {
        num_alarms = 0;
        sigaction(SIGALRM, &action, NULL);
    }
    setitimer(ITIMER_REAL, &every, NULL);
}

enum way { BY_READ, BY_WRITE, BY_RECV, BY_SEND };

static sv_status transfer(enum way way, const sv_view *view, int fd, int64_t *done, sv_error *error)
{
    switch (way) {
    case BY_READ: return sv_view_read(view, fd, done, error);
    case BY_WRITE: return sv_view_write(view, fd, done, error);
    case BY_RECV: return sv_view_recv(view, fd, 0, done, error);
    default: return sv_view_send(view, fd, 0, done, error);
    }
}

static void make_channel(enum way way, int ends[2])
{
    if (way == BY_READ || way == BY_WRITE) {
        ck_assert_int_eq(pipe(ends), 0);
    } else {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    }
}

static void check_transfer(enum way way, struct random *random)
{
    bool fills = way == BY_READ || way == BY_RECV;
    sv_buffer *buffer = random_buffer(random);
    char *bytes = malloc(NUM_BYTES);
    int ends[2];
    make_channel(way, ends);
    for (size_t byte = 0; byte < NUM_BYTES; byte++) {
        bytes[byte] = (char)random_bits(random);
    }
    struct peer peer = {ends[fills ? 1 : 0], fills, random_bits(random), bytes, NUM_BYTES};
    interrupt_calls(true);
    pthread_t thread = start_peer(&peer);
    sv_view view = shaped(buffer, "i3", 2, (int64_t[]){-1, 4});
    sv_error error = {.message = ""};
    int64_t done;
    sv_status status = transfer(way, &view, ends[fills ? 0 : 1], &done, &error);
    interrupt_calls(false);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    ck_assert_int_eq(done, NUM_BYTES);
    ck_assert_int_gt(num_alarms, 0);
    pthread_join(thread, NULL);
    close(ends[fills ? 0 : 1]);
    ck_assert_mem_eq(bytes, view.address, NUM_BYTES);
    free(bytes);
    ASSERT_OK(sv_buffer_close(buffer));
}

START_TEST(a_whole_view_goes_through_short_counts_and_interrupts)
{
    struct random random = random_begin("transfer");
    for (enum way way = BY_READ; way <= BY_SEND; way++) {
        check_transfer(way, &random);
    }
}
END_TEST

/* ---- ends ---- */

START_TEST(reading_stops_where_the_other_end_does)
{
    for (enum way way = BY_READ; way <= BY_RECV; way += BY_RECV - BY_READ) {
        sv_buffer *buffer = counting_buffer(16);
        sv_view view = view_of(buffer, "u4");
        sv_view rest;
        int64_t done;
        int ends[2];
        make_channel(way, ends);
        ck_assert_int_eq(write(ends[1], "abcdefg", 7), 7);
        close(ends[1]);
        ASSERT_OK(transfer(way, &view, ends[0], &done, NULL));
        ck_assert_int_eq(done, 7);
        ck_assert_mem_eq(view.address, "abcdefg\7\10\11", 10);
        /* Going on through a slice of the bytes. */
        ASSERT_OK(sv_view_cast(&view, native(SV_U1), 0, NULL, &rest, NULL));
        ASSERT_OK(sv_view_slice(&rest, 0, done, SV_END, 1, &rest, NULL));
        ASSERT_OK(transfer(way, &rest, ends[0], &done, NULL));
        ck_assert_int_eq(done, 0);
        close(ends[0]);
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

START_TEST(what_would_block_answers_so_and_tells_how_far_it_came)
{
    for (enum way way = BY_READ; way <= BY_SEND; way++) {
        bool fills = way == BY_READ || way == BY_RECV;
        sv_buffer *buffer = counting_buffer(fills ? 16 : 4000000);
        sv_view view = view_of(buffer, "u1");
        sv_error error;
        int64_t done;
        int ends[2];
        make_channel(way, ends);
        int own = ends[fills ? 0 : 1];
        ck_assert_int_eq(fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK), 0);
        if (fills) {
            ck_assert_int_eq(write(ends[1], "abc", 3), 3);
        }
        ASSERT_STATUS(transfer(way, &view, own, &done, &error), SV_IO);
        ck_assert(error.system_error == EAGAIN || error.system_error == EWOULDBLOCK);
        ck_assert_ptr_nonnull(strstr(error.message, "stopped at byte"));
        ck_assert(fills ? done == 3 : done > 0 && done < sv_view_nbytes(&view));
        ck_assert_mem_eq(view.address, fills ? "abc\3" : "\0\1\2\3", 4);
        close(ends[0]);
        close(ends[1]);
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

START_TEST(flags_are_passed_on)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view view = view_of(buffer, "u1");
    sv_error error;
    int64_t done;
    int ends[2];
    make_channel(BY_RECV, ends);
    ASSERT_STATUS(sv_view_recv(&view, ends[0], MSG_DONTWAIT, &done, &error), SV_IO);
    ck_assert(error.system_error == EAGAIN || error.system_error == EWOULDBLOCK);
    ASSERT_OK(sv_view_send(&view, ends[1], MSG_DONTWAIT, &done, NULL));
    ck_assert_int_eq(done, 16);
    ASSERT_STATUS(sv_view_recv(&view, ends[0], MSG_PEEK, &done, &error), SV_INVALID);
    ck_assert_int_eq(done, 0);
    ASSERT_STATUS(sv_view_recv(&view, ends[0], MSG_TRUNC, &done, NULL), SV_INVALID);
    ASSERT_OK(sv_view_recv(&view, ends[0], MSG_WAITALL, &done, NULL));
    ck_assert_int_eq(done, 16);
    close(ends[0]);
    close(ends[1]);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

static bool is_pending(int signal_number)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, signal_number) == 1;
}

/* The signal's action is the one it has from the start: it would end the process. */
START_TEST(nobody_reads_any_more_without_a_signal)
{
    for (enum way way = BY_WRITE; way <= BY_SEND; way += BY_SEND - BY_WRITE) {
        sv_buffer *buffer = counting_buffer(16);
        sv_view view = view_of(buffer, "u1");
        sv_error error;
        sigset_t mask;
        int64_t done = 77;
        int ends[2];
        make_channel(way, ends);
        close(ends[0]);
        ASSERT_STATUS(transfer(way, &view, ends[1], &done, &error), SV_IO);
        ck_assert_int_eq(error.system_error, EPIPE);
        ck_assert_int_eq(done, 0);
        ck_assert(!is_pending(SIGPIPE));
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        ck_assert_int_eq(sigismember(&mask, SIGPIPE), 0);
        /* A socket takes the write way too. */
        ASSERT_STATUS(sv_view_write(&view, ends[1], &done, &error), SV_IO);
        ck_assert_int_eq(error.system_error, EPIPE);
        close(ends[1]);
        ASSERT_OK(sv_buffer_close(buffer));
    }
}
END_TEST

START_TEST(a_signal_that_waited_before_still_waits)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view view = view_of(buffer, "u1");
    sigset_t broken_pipe;
    int64_t done;
    int ends[2];
    make_channel(BY_WRITE, ends);
    close(ends[0]);
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
    raise(SIGPIPE);
    ASSERT_STATUS(sv_view_write(&view, ends[1], &done, NULL), SV_IO);
    ck_assert(is_pending(SIGPIPE));
    int signal_number;
    sigwait(&broken_pipe, &signal_number);
    pthread_sigmask(SIG_UNBLOCK, &broken_pipe, NULL);
    close(ends[1]);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(a_transfer_needs_c_contiguous_bytes_and_a_descriptor)
{
    sv_buffer *buffer = counting_buffer(16);
    sv_view view = view_of(buffer, "u1");
    sv_view strided;
    ASSERT_OK(sv_view_slice(&view, 0, 0, SV_END, 2, &strided, NULL));
    for (enum way way = BY_READ; way <= BY_SEND; way++) {
        sv_error error;
        int64_t done = 77;
        ASSERT_STATUS(transfer(way, &strided, -1, &done, &error), SV_SHAPE);
        ck_assert_int_eq(done, 0);
        ASSERT_STATUS(transfer(way, &view, -1, &done, &error), SV_IO);
        ck_assert_int_eq(error.system_error, EBADF);
    }
    /* Nothing to move needs no descriptor. */
    int64_t done = 77;
    ASSERT_OK(sv_view_slice(&view, 0, 0, 0, 1, &view, NULL));
    ASSERT_OK(sv_view_read(&view, -1, &done, NULL));
    ck_assert_int_eq(done, 0);
    ASSERT_OK(sv_buffer_close(buffer));
}
END_TEST

START_TEST(a_view_goes_into_a_file_and_back)
{
    char path[] = "/tmp/seisview-test-transfer-XXXXXX";
    sv_buffer *buffer = counting_buffer(48);
    sv_buffer *other = counting_buffer(48);
    sv_view view = shaped(buffer, ">f8", 2, (int64_t[]){2, 3});
    sv_view back = shaped(other, ">f8", 2, (int64_t[]){2, 3});
    int64_t done;
    bool equal;
    int fd = mkstemp(path);
    unlink(path);
    ASSERT_OK(sv_view_fill(&view, sv_scalar_float(0.1), NULL));
    ASSERT_OK(sv_view_write(&view, fd, &done, NULL));
    ck_assert_int_eq(done, 48);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ASSERT_OK(sv_view_read(&back, fd, &done, NULL));
    ck_assert_int_eq(done, 48);
    ASSERT_OK(sv_view_equal(&view, &back, &equal, NULL));
    ck_assert(equal);
    close(fd);
    ASSERT_OK(sv_buffer_close(buffer));
    ASSERT_OK(sv_buffer_close(other));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_whole_view_goes_through_short_counts_and_interrupts,
        reading_stops_where_the_other_end_does,
        what_would_block_answers_so_and_tells_how_far_it_came,
        flags_are_passed_on,
        nobody_reads_any_more_without_a_signal,
        a_signal_that_waited_before_still_waits,
        a_transfer_needs_c_contiguous_bytes_and_a_descriptor,
        a_view_goes_into_a_file_and_back,
    };
    return run_tests("transfer", tests, sizeof tests / sizeof tests[0]);
}
