/* Bytes of a view through a file descriptor, until they are all through. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"
#include "seisview/view.h"
#include "view/rules.h"

/* One call's worth: some systems refuse counts over INT_MAX. */
enum { MOST_BYTES = 1 << 30 };

/* read, write, recv or send, by one signature. */
typedef ssize_t transfer(int fd, char *bytes, size_t size_bytes, int flags);

static ssize_t transfer_read(int fd, char *bytes, size_t size_bytes, int flags)
{
    (void)flags;
    return read(fd, bytes, size_bytes);
}

static ssize_t transfer_write(int fd, char *bytes, size_t size_bytes, int flags)
{
    (void)flags;
    return write(fd, bytes, size_bytes);
}

static ssize_t transfer_recv(int socket, char *bytes, size_t size_bytes, int flags)
{
    return recv(socket, bytes, size_bytes, flags);
}

static ssize_t transfer_send(int socket, char *bytes, size_t size_bytes, int flags)
{
    return send(socket, bytes, size_bytes, flags);
}

static sv_status transfer_all(transfer *move, int fd, int flags, const sv_view *view,
                              int64_t *done_bytes, sv_error *error)
{
    sv_status status = sv_require_c_contiguous(view, "transfer", error);
    int64_t nbytes = sv_view_nbytes(view);
    while (status == SV_OK && *done_bytes < nbytes) {
        size_t wanted = (size_t)sv_min_i8(nbytes - *done_bytes, MOST_BYTES);
        ssize_t moved = move(fd, view->address + *done_bytes, wanted, flags);
        if (moved == 0) {
            return SV_OK;
        }
        if (moved > 0) {
            *done_bytes += moved;
        } else if (errno != EINTR) {
            status = sv_fail_errno(error, "the transfer stopped at byte %lld of %lld",
                                   (long long)*done_bytes, (long long)nbytes);
        }
    }
    return status;
}

/* ---- into a view ---- */

sv_status sv_view_read(const sv_view *view, int fd, int64_t *done_bytes, sv_error *error)
{
    *done_bytes = 0;
    sv_status status = sv_require_writable(view, error);
    return status == SV_OK ? transfer_all(transfer_read, fd, 0, view, done_bytes, error) : status;
}

sv_status sv_view_recv(const sv_view *view, int socket, int flags, int64_t *done_bytes,
                       sv_error *error)
{
    *done_bytes = 0;
    /* A peek gives the same bytes at every turn; a truncating call counts bytes it did not store.
     */
    if ((flags & (MSG_PEEK | MSG_TRUNC)) != 0) {
        return sv_fail(error, SV_INVALID,
                       "MSG_PEEK and MSG_TRUNC do not go with a whole view; call recv itself");
    }
    sv_status status = sv_require_writable(view, error);
    return status == SV_OK ? transfer_all(transfer_recv, socket, flags, view, done_bytes, error)
                           : status;
}

/* ---- out of a view ---- */

/* write() has no MSG_NOSIGNAL: the signal is held back in this thread, and taken away again unless
 * one was waiting before. */
sv_status sv_view_write(const sv_view *view, int fd, int64_t *done_bytes, sv_error *error)
{
    *done_bytes = 0;
    sv_status status = sv_require_current(view, error);
    if (status != SV_OK) {
        return status;
    }
    sigset_t broken_pipe;
    sigset_t waiting;
    sigset_t mask;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &mask);
    sigpending(&waiting);
    bool was_waiting = sigismember(&waiting, SIGPIPE) == 1;

    status = transfer_all(transfer_write, fd, 0, view, done_bytes, error);

    sigpending(&waiting);
    if (!was_waiting && sigismember(&waiting, SIGPIPE) == 1) {
        int signal_number;
        sigwait(&broken_pipe, &signal_number);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return status;
}

sv_status sv_view_send(const sv_view *view, int socket, int flags, int64_t *done_bytes,
                       sv_error *error)
{
    *done_bytes = 0;
    sv_status status = sv_require_current(view, error);
    return status == SV_OK
               ? transfer_all(transfer_send, socket, flags | MSG_NOSIGNAL, view, done_bytes, error)
               : status;
}
