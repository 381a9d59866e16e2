#include "journal/lock.h"

#include <errno.h>
#include <time.h>

/* No file reaches so far, and the offset fits where they are 63 bits. */
static const off_t pending = (off_t)0x4000000000000000;
static const off_t reserved = (off_t)0x4000000000000001;
static const off_t shared = (off_t)0x4000000000000002;

static int set(const sv_system *system, int fd, sv_lock_kind kind, off_t byte)
{
    for (;;) {
        if (system->lock(fd, kind, byte) == 0) {
            return 0;
        }
        if (errno != EINTR) {
            return errno == EACCES ? EAGAIN : errno;
        }
    }
}

static int enter(const sv_system *system, int fd)
{
    int failure = set(system, fd, SV_LOCK_TO_READ, pending);
    if (failure == 0) {
        failure = set(system, fd, SV_LOCK_TO_READ, shared);
        set(system, fd, SV_UNLOCK, pending);
    }
    return failure;
}

static int reserve(const sv_system *system, int fd, sv_lock_level from)
{
    int failure = set(system, fd, SV_LOCK_TO_WRITE, reserved);
    if (failure == 0 && from == SV_NO_LOCK) {
        failure = enter(system, fd);
        if (failure != 0) {
            set(system, fd, SV_UNLOCK, reserved);
        }
    }
    return failure;
}

/* PENDING is kept while there are readers, as long as somebody waits for them to leave. */
static int exclude(const sv_system *system, int fd)
{
    int failure = set(system, fd, SV_LOCK_TO_WRITE, pending);
    return failure == 0 ? set(system, fd, SV_LOCK_TO_WRITE, shared) : failure;
}

static int step_up(const sv_system *system, int fd, sv_lock_level from, sv_lock_level to)
{
    if (to == SV_SHARED_LOCK) {
        return enter(system, fd);
    }
    int failure = from < SV_RESERVED_LOCK ? reserve(system, fd, from) : 0;
    return failure == 0 && to == SV_EXCLUSIVE_LOCK ? exclude(system, fd) : failure;
}

static void step_down(const sv_system *system, int fd, sv_lock_level to)
{
    set(system, fd, to == SV_NO_LOCK ? SV_UNLOCK : SV_LOCK_TO_READ, shared);
    set(system, fd, SV_UNLOCK, pending);
    if (to < SV_RESERVED_LOCK) {
        set(system, fd, SV_UNLOCK, reserved);
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int sv_lock_change(const sv_system *system, int fd, sv_lock_level from, sv_lock_level to,
                   double wait_seconds, const volatile sig_atomic_t *cancel)
{
    static const struct timespec moment = {.tv_nsec = 10000000};
    if (to <= from) {
        step_down(system, fd, to);
        return 0;
    }
    double until = seconds_now() + wait_seconds;
    for (;;) {
        int failure = step_up(system, fd, from, to);
        if (failure == 0) {
            return 0;
        }
        bool gives_up = seconds_now() >= until || (cancel != NULL && *cancel != 0);
        if (failure != EAGAIN || gives_up) {
            step_down(system, fd, from);
            return failure;
        }
        nanosleep(&moment, NULL);
    }
}
