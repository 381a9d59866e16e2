#include "cli/match_function.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"

enum { ALIGNMENT = 64, HEADER_ROOM = 256 };

/* Version 1.0: magic, length, a dict in text that blanks fill up. */
static size_t make_header(int64_t num_templates, int64_t num_positions, char header[HEADER_ROOM])
{
    static const char magic[] = "\x93NUMPY\x01";
    const uint16_t one = 1;
    char order = *(const unsigned char *)&one == 1 ? '<' : '>';
    char text[HEADER_ROOM - 64];
    int length =
        snprintf(text, sizeof text,
                 "{'descr': '%cf4', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
                 order, num_templates, num_positions);
    size_t total = (10 + (size_t)length + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    memset(header, ' ', total);
    memcpy(header, magic, sizeof magic);
    header[8] = (char)((total - 10) & 0xff);
    header[9] = (char)((total - 10) >> 8);
    memcpy(header + 10, text, (size_t)length);
    header[total - 1] = '\n';
    return total;
}

static bool write_all(int fd, const char *bytes, size_t count, int64_t offset)
{
    while (count > 0) {
        ssize_t written = pwrite(fd, bytes, count, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        bytes += written;
        count -= (size_t)written;
        offset += written;
    }
    return true;
}

static bool fill_in(struct function_file *file, int64_t num_templates)
{
    char header[HEADER_ROOM];
    size_t length = make_header(num_templates, file->num_positions, header);
    int64_t bytes;
    file->header_bytes = (int64_t)length;
    if (__builtin_mul_overflow(num_templates, file->num_positions, &bytes) ||
        __builtin_mul_overflow(bytes, (int64_t)sizeof(float), &bytes) ||
        __builtin_add_overflow(bytes, file->header_bytes, &bytes)) {
        errno = EFBIG;
        return false;
    }
    return ftruncate(file->fd, (off_t)bytes) == 0 && write_all(file->fd, header, length, 0);
}

/* What a file gets that is opened as usual. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

bool function_begin(struct function_file *file, const char *path, int64_t num_templates,
                    int64_t num_positions)
{
    static const char ending[] = ".XXXXXX";
    size_t length = strlen(path);
    *file = (struct function_file){.path = path, .num_positions = num_positions};
    file->temporary = must_have(malloc(length + sizeof ending));
    memcpy(file->temporary, path, length);
    memcpy(file->temporary + length, ending, sizeof ending);
    file->fd = mkstemp(file->temporary);
    if (file->fd < 0) {
        message(path, "it cannot be written: %s", strerror(errno));
        free(file->temporary);
        file->temporary = NULL;
        return false;
    }
    if (!fill_in(file, num_templates)) {
        message(path, "it cannot be written: %s", strerror(errno));
        function_end(file, false);
        return false;
    }
    return true;
}

sv_status function_write(void *context, int64_t index, int64_t first, int64_t count,
                         const float *values, sv_error *error)
{
    const struct function_file *file = context;
    int64_t item = index * file->num_positions + first;
    int64_t offset = file->header_bytes + item * (int64_t)sizeof *values;
    if (write_all(file->fd, (const char *)values, (size_t)count * sizeof *values, offset)) {
        return SV_OK;
    }
    error->system_error = errno;
    snprintf(error->message, sizeof error->message, "%s cannot be written: %s", file->path,
             strerror(errno));
    return SV_IO;
}

bool function_end(struct function_file *file, bool is_whole)
{
    bool done = true;
    if (file->temporary == NULL) {
        return true;
    }
    if (is_whole) {
        done = fchmod(file->fd, usual_mode()) == 0;
    }
    done = close(file->fd) == 0 && done;
    if (is_whole && done) {
        done = rename(file->temporary, file->path) == 0;
    }
    if (!done) {
        message(file->path, "it cannot be written: %s", strerror(errno));
    }
    if (!is_whole || !done) {
        unlink(file->temporary);
    }
    free(file->temporary);
    file->temporary = NULL;
    return done;
}
