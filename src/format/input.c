/* From a path to mapped bytes: files as they are, pipes by way of a nameless temporary file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/temporary.h"
#include "format/format.h"

enum { SPOOL_BYTES = 256 * 1024 };

/* Reads what there is, waiting where the descriptor would not; 0 at the end, −1 with errno. */
static ssize_t read_some(int fd, char *bytes, size_t size_bytes)
{
    for (;;) {
        ssize_t count = read(fd, bytes, size_bytes);
        if (count >= 0) {
            return count;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd readable = {.fd = fd, .events = POLLIN};
            poll(&readable, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

static bool write_all(int fd, const char *bytes, size_t size_bytes)
{
    while (size_bytes > 0) {
        ssize_t count = write(fd, bytes, size_bytes);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        if (count > 0) {
            bytes += count;
            size_bytes -= (size_t)count;
        }
    }
    return true;
}

static sv_status copy(int from, int to, char *bytes, sv_error *error)
{
    for (;;) {
        ssize_t count = read_some(from, bytes, SPOOL_BYTES);
        if (count == 0) {
            return SV_OK;
        }
        if (count < 0) {
            return sv_fail_errno(error, "it cannot be read");
        }
        if (!write_all(to, bytes, (size_t)count)) {
            return sv_fail_errno(error,
                                 "a pipe is kept in %s while it is measured, which failed; let "
                                 "TMPDIR name a directory with room",
                                 sv_temporary_directory());
        }
    }
}

/* Writes everything that `from` gives into a nameless file, and sets *to to its descriptor. */
static sv_status spool(int from, int *to, sv_error *error)
{
    char *bytes = sv_malloc(SPOOL_BYTES);
    if (bytes == NULL) {
        return sv_fail_memory(error, SPOOL_BYTES);
    }
    sv_status status = SV_OK;
    int fd = sv_open_nameless(sv_temporary_directory());
    if (fd < 0) {
        status = sv_fail_errno(error,
                               "a pipe is kept in %s while it is measured, which failed; let "
                               "TMPDIR name a directory that can be written",
                               sv_temporary_directory());
    } else {
        status = copy(from, fd, bytes, error);
    }
    sv_free(bytes);
    if (status != SV_OK && fd >= 0) {
        close(fd);
    }
    *to = fd;
    return status;
}

/* Whether the bytes can be mapped where they are. Standard input may be a file that somebody has
 * read a part of: what counts is the rest. */
static bool is_mappable(int fd, const struct stat *file, bool is_standard_input)
{
    return S_ISREG(file->st_mode) && (!is_standard_input || lseek(fd, 0, SEEK_CUR) == 0);
}

static sv_status map(int fd, sv_buffer **buffer, struct stat *at_opening, sv_error *error)
{
    if (fstat(fd, at_opening) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    return sv_buffer_map_fd(fd, SV_READ, buffer, error);
}

static sv_status spool_and_map(int fd, sv_buffer **buffer, struct stat *at_opening, sv_error *error)
{
    int copied = -1;
    sv_status status = spool(fd, &copied, error);
    if (status == SV_OK) {
        status = map(copied, buffer, at_opening, error);
        close(copied);
    }
    return status;
}

static sv_status take_in(int fd, bool is_standard_input, sv_buffer **buffer,
                         struct stat *at_opening, sv_error *error)
{
    struct stat file;
    if (fstat(fd, &file) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    if (is_mappable(fd, &file, is_standard_input)) {
        return map(fd, buffer, at_opening, error);
    }
    if (S_ISDIR(file.st_mode)) {
        errno = EISDIR;
        return sv_fail_errno(error, "it holds no samples");
    }
    if (is_standard_input || S_ISFIFO(file.st_mode)) {
        return spool_and_map(fd, buffer, at_opening, error);
    }
    return sv_fail(error, SV_IO, "it is neither a file nor a pipe");
}

sv_status sv_input_open(const char *path, sv_buffer **buffer, struct stat *at_opening,
                        sv_error *error)
{
    if (strcmp(path, "-") == 0) {
        return take_in(STDIN_FILENO, true, buffer, at_opening, error);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return sv_fail_errno(error, "it cannot be opened");
    }
    sv_status status = take_in(fd, false, buffer, at_opening, error);
    close(fd);
    return status;
}
