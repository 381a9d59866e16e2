#include "convert/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "base/temporary.h"
#include "seisview/buffer.h"
#include "seisview/view.h"

enum { COPY_BYTES = 256 * 1024, MOST_TRIES = 10000 };

struct sv_output {
    int fd;
    char *path;      /* NULL: standard output */
    char *temporary; /* NULL: nameless, or there no more */
    bool replace;
    bool is_stream;
    bool is_committed;
    int64_t size_bytes;
};

/* ---- paths ------------------------------------------------------------------------------- */

/* Bytes of the path up to and with its last slash. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* A link is followed, so that what it names is written and not the link replaced. */
static sv_status resolve(const char *path, bool replace, char **resolved, sv_error *error)
{
    struct stat found;
    if (stat(path, &found) != 0) {
        *resolved = sv_strdup(path);
        return *resolved != NULL ? SV_OK : sv_fail_memory(error, strlen(path) + 1);
    }
    if (!S_ISREG(found.st_mode)) {
        return sv_fail(error, SV_INVALID,
                       "it is no regular file; give - to write to standard output");
    }
    if (!replace) {
        return sv_fail(error, SV_BUSY, "it exists; give --force to replace it");
    }
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return sv_fail_errno(error, "it cannot be found");
    }
    *resolved = sv_strdup(real);
    size_t size_bytes = strlen(real) + 1;
    free(real);
    return *resolved != NULL ? SV_OK : sv_fail_memory(error, size_bytes);
}

/* ---- opening ----------------------------------------------------------------------------- */

/* The mode of a new file is the system's to decide, by the umask; mkstemp() would not ask it. */
static sv_status open_beside(sv_output *output, sv_error *error)
{
    static const char pattern[] = ".seisview-%ld-%d.part";
    size_t length = directory_length(output->path);
    size_t size_bytes = length + sizeof pattern + 32;
    output->temporary = sv_malloc(size_bytes);
    if (output->temporary == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
    memcpy(output->temporary, output->path, length);
    for (int i = 0; i < MOST_TRIES && output->fd < 0; i++) {
        snprintf(output->temporary + length, size_bytes - length, pattern, (long)getpid(), i);
        output->fd = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
                          S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
        if (output->fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (output->fd >= 0) {
        return SV_OK;
    }
    sv_status status = sv_fail_errno(error, "no file can be made in its directory");
    sv_free(output->temporary);
    output->temporary = NULL;
    return status;
}

static sv_status open_standard_output(sv_output *output, bool appends, sv_error *error)
{
    output->is_stream = appends;
    output->fd = appends ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                         : sv_open_nameless(sv_temporary_directory());
    if (output->fd >= 0) {
        return SV_OK;
    }
    return appends ? sv_fail_errno(error, "standard output cannot be written")
                   : sv_fail_errno(error,
                                   "what goes to standard output is first kept in %s, which "
                                   "failed; let TMPDIR name a directory that can be written",
                                   sv_temporary_directory());
}

sv_status sv_output_open(const char *path, bool replace, bool appends, sv_output **output,
                         sv_error *error)
{
    sv_output *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->fd = -1;
    opened->replace = replace;
    sv_status status;
    if (strcmp(path, "-") == 0) {
        status = open_standard_output(opened, appends, error);
    } else {
        status = resolve(path, replace, &opened->path, error);
        status = status == SV_OK ? open_beside(opened, error) : status;
    }
    if (status != SV_OK) {
        sv_output_close(opened);
        return status;
    }
    *output = opened;
    return SV_OK;
}

/* ---- bytes ------------------------------------------------------------------------------- */

/* A view's way of writing: a reader that went away is an errno and no signal. */
static sv_status write_on(int fd, const void *bytes, size_t num_bytes, sv_error *error)
{
    sv_buffer *buffer;
    sv_status status = sv_buffer_borrow_const(bytes, num_bytes, &buffer, error);
    if (status != SV_OK) {
        return status;
    }
    sv_view view;
    int64_t done_bytes;
    sv_error inner;
    status = sv_view_of_buffer(buffer, sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN), &view, error);
    if (status == SV_OK) {
        status = sv_view_write(&view, fd, &done_bytes, &inner);
        if (status != SV_OK) {
            errno = inner.system_error;
            status = sv_fail_errno(error, "standard output cannot be written");
        }
    }
    sv_buffer_close(buffer);
    return status;
}

static sv_status write_at(const sv_output *output, int64_t offset_bytes, const char *bytes,
                          size_t num_bytes, sv_error *error)
{
    while (num_bytes > 0) {
        ssize_t count = pwrite(output->fd, bytes, num_bytes, (off_t)offset_bytes);
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "it cannot be written at byte %lld",
                                 (long long)offset_bytes);
        }
        if (count > 0) {
            bytes += count;
            offset_bytes += count;
            num_bytes -= (size_t)count;
        }
    }
    return SV_OK;
}

sv_status sv_output_write(sv_output *output, int64_t offset_bytes, const void *bytes,
                          size_t num_bytes, sv_error *error)
{
    if (num_bytes == 0) {
        return SV_OK;
    }
    sv_status status = output->is_stream ? write_on(output->fd, bytes, num_bytes, error)
                                         : write_at(output, offset_bytes, bytes, num_bytes, error);
    if (status == SV_OK) {
        output->size_bytes = sv_max_i8(output->size_bytes, offset_bytes + (int64_t)num_bytes);
    }
    return status;
}

sv_status sv_output_append(sv_output *output, const void *bytes, size_t num_bytes, sv_error *error)
{
    return sv_output_write(output, output->size_bytes, bytes, num_bytes, error);
}

sv_status sv_output_read(sv_output *output, int64_t offset_bytes, void *bytes, size_t num_bytes,
                         size_t *num_read, sv_error *error)
{
    *num_read = 0;
    while (*num_read < num_bytes) {
        ssize_t count = pread(output->fd, (char *)bytes + *num_read, num_bytes - *num_read,
                              (off_t)(offset_bytes + (int64_t)*num_read));
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "it cannot be read back at byte %lld",
                                 (long long)offset_bytes);
        }
        if (count == 0) {
            break;
        }
        *num_read += count > 0 ? (size_t)count : 0;
    }
    return SV_OK;
}

int64_t sv_output_size(const sv_output *output)
{
    return output->size_bytes;
}

bool sv_output_is_stream(const sv_output *output)
{
    return output->is_stream;
}

/* ---- the end ----------------------------------------------------------------------------- */

static sv_status copy_to_standard_output(sv_output *output, sv_error *error)
{
    char *bytes = sv_malloc(COPY_BYTES);
    if (bytes == NULL) {
        return sv_fail_memory(error, COPY_BYTES);
    }
    sv_status status = SV_OK;
    for (int64_t done = 0; done < output->size_bytes && status == SV_OK;) {
        size_t count;
        status = sv_output_read(output, done, bytes, COPY_BYTES, &count, error);
        if (status == SV_OK) {
            status = count > 0 ? write_on(STDOUT_FILENO, bytes, count, error)
                               : sv_fail(error, SV_TRUNCATED, "what was kept of it is cut");
        }
        done += (int64_t)count;
    }
    sv_free(bytes);
    return status;
}

/* So that the name itself survives a power cut. Some file systems cannot: then nothing is lost that
 * they could have kept. */
static void sync_directory(const sv_output *output)
{
    size_t length = directory_length(output->path);
    char directory[PATH_MAX] = ".";
    if (length >= sizeof directory) {
        return;
    }
    if (length > 0) {
        memcpy(directory, output->path, length);
        directory[length] = '\0';
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* A file that somebody made meanwhile is never replaced. */
static int rename_to_nothing(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno == EEXIST) {
        return -1;
    }
#endif
    /* A file system without it. */
    if (link(from, to) != 0) {
        return -1;
    }
    return unlink(from);
}

sv_status sv_output_commit(sv_output *output, sv_error *error)
{
    if (output->is_stream) {
        return SV_OK;
    }
    if (output->path == NULL) {
        return copy_to_standard_output(output, error);
    }
    if (fsync(output->fd) != 0) {
        return sv_fail_errno(error, "it cannot be written to the disk");
    }
    int renamed = output->replace ? rename(output->temporary, output->path)
                                  : rename_to_nothing(output->temporary, output->path);
    if (renamed != 0) {
        return errno == EEXIST ? sv_fail(error, SV_BUSY,
                                         "somebody made a file of that name meanwhile; give "
                                         "--force to replace it")
                               : sv_fail_errno(error, "it cannot be given its name");
    }
    sv_free(output->temporary);
    output->temporary = NULL;
    output->is_committed = true;
    sync_directory(output);
    return SV_OK;
}

void sv_output_take_back(sv_output *output)
{
    if (output->is_committed) {
        unlink(output->path);
    }
}

void sv_output_close(sv_output *output)
{
    if (output == NULL) {
        return;
    }
    if (output->fd >= 0) {
        close(output->fd);
    }
    if (output->temporary != NULL) {
        unlink(output->temporary);
        sv_free(output->temporary);
    }
    sv_free(output->path);
    sv_free(output);
}
