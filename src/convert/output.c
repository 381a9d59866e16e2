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
#include "convert/pieces.h"

enum { COPY_BYTES = 256 * 1024, MOST_TRIES = 10000, LINK_TEXT_SIZE = 32 };

struct sv_output {
    sv_pieces pieces; /* with the descriptor */
    char *path;       /* NULL: standard output */
    char *temporary;  /* NULL: nameless, or there no more */
    bool replace;
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

/* "." for a name alone. NULL: no memory. */
static char *directory_of(const char *path)
{
    size_t length = directory_length(path);
    char *directory = sv_malloc(length + sizeof ".");
    if (directory != NULL) {
        memcpy(directory, path, length);
        strcpy(directory + length, length > 0 ? "" : ".");
    }
    return directory;
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
enum { NEW_MODE = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH };

/* Under which a file without a name can be given one. */
static void name_descriptor(int fd, char text[LINK_TEXT_SIZE])
{
    snprintf(text, LINK_TEXT_SIZE, "/proc/self/fd/%d", fd);
}

/* A file without a name: nothing is left of it whatever ends the program. −1 where the file system
 * has no such files, or they could not be given a name at the end. */
static int open_nameless(const char *directory)
{
    int fd = -1;
#ifdef O_TMPFILE
    char text[LINK_TEXT_SIZE];
    struct stat itself, found;
    fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, NEW_MODE);
    if (fd < 0) {
        return -1;
    }
    name_descriptor(fd, text);
    if (fstat(fd, &itself) != 0 || stat(text, &found) != 0 || found.st_dev != itself.st_dev ||
        found.st_ino != itself.st_ino) {
        close(fd);
        fd = -1;
    }
#else
    (void)directory;
#endif
    return fd;
}

/* Tries `make` with one hidden name after the other in the target's directory, until it answers
 * something else than that this one exists: what it answered, with errno. Sets output->temporary
 * where that was not −1. */
static int try_names(sv_output *output, int (*make)(const sv_output *, const char *))
{
    static const char pattern[] = ".seisview-%ld-%d.part";
    size_t length = directory_length(output->path);
    size_t size_bytes = length + sizeof pattern + 32;
    char *name = sv_malloc(size_bytes);
    int answer = -1;
    errno = name == NULL ? ENOMEM : EEXIST;
    for (int i = 0; i < MOST_TRIES && answer < 0 && errno == EEXIST; i++) {
        memcpy(name, output->path, length);
        snprintf(name + length, size_bytes - length, pattern, (long)getpid(), i);
        answer = make(output, name);
    }
    if (answer < 0) {
        int kept = errno;
        sv_free(name);
        errno = kept;
        return -1;
    }
    output->temporary = name;
    return answer;
}

static int make_file(const sv_output *output, const char *name)
{
    (void)output;
    return open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, NEW_MODE);
}

static sv_status open_beside(sv_output *output, sv_error *error)
{
    char *directory = directory_of(output->path);
    if (directory == NULL) {
        return sv_fail_memory(error, strlen(output->path) + 1);
    }
    output->pieces.fd = open_nameless(directory);
    sv_free(directory);
    if (output->pieces.fd < 0) {
        output->pieces.fd = try_names(output, make_file);
    }
    if (output->pieces.fd < 0 && errno == ENOMEM) {
        return sv_fail_memory(error, strlen(output->path) + 1);
    }
    return output->pieces.fd >= 0 ? SV_OK
                                  : sv_fail_errno(error, "no file can be made in its directory");
}

static sv_status open_standard_output(sv_output *output, bool appends, sv_error *error)
{
    output->pieces.is_stream = appends;
    output->pieces.fd = appends ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                : sv_open_nameless(sv_temporary_directory());
    if (output->pieces.fd >= 0) {
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
    opened->pieces.fd = -1;
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

sv_status sv_output_write(sv_output *output, int64_t offset_bytes, const void *bytes,
                          size_t num_bytes, sv_error *error)
{
    if (num_bytes == 0) {
        return SV_OK;
    }
    sv_status status = sv_pieces_write(&output->pieces, offset_bytes, bytes, num_bytes, error);
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
    sv_status status = sv_pieces_flush(&output->pieces, error);
    if (status != SV_OK) {
        return status;
    }
    while (*num_read < num_bytes) {
        ssize_t count = pread(output->pieces.fd, (char *)bytes + *num_read, num_bytes - *num_read,
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
    return output->pieces.is_stream;
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
            status = count > 0 ? sv_write_on(STDOUT_FILENO, bytes, count, error)
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
    char *directory = directory_of(output->path);
    int fd = directory != NULL ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    sv_free(directory);
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

/* A file without a name takes `name`, which nothing must have. */
static int link_nameless(const sv_output *output, const char *name)
{
    char text[LINK_TEXT_SIZE];
    name_descriptor(output->pieces.fd, text);
    return linkat(AT_FDCWD, text, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* 0; −1 with errno. What is replaced is there until the new one is: only a rename does that, and
 * for as long as it takes a nameless file has a hidden name. */
static int take_name(sv_output *output)
{
    if (output->temporary == NULL) {
        int linked = link_nameless(output, output->path);
        if (linked == 0 || errno != EEXIST || !output->replace) {
            return linked;
        }
        if (try_names(output, link_nameless) != 0) {
            return -1;
        }
    }
    return output->replace ? rename(output->temporary, output->path)
                           : rename_to_nothing(output->temporary, output->path);
}

sv_status sv_output_commit(sv_output *output, sv_error *error)
{
    sv_status status = sv_pieces_flush(&output->pieces, error);
    if (status != SV_OK || output->pieces.is_stream) {
        return status;
    }
    if (output->path == NULL) {
        return copy_to_standard_output(output, error);
    }
    if (fsync(output->pieces.fd) != 0) {
        return sv_fail_errno(error, "it cannot be written to the disk");
    }
    if (take_name(output) != 0) {
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
    if (output->pieces.fd >= 0) {
        close(output->pieces.fd);
    }
    sv_pieces_free(&output->pieces);
    if (output->temporary != NULL) {
        unlink(output->temporary);
        sv_free(output->temporary);
    }
    sv_free(output->path);
    sv_free(output);
}
