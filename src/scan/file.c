#include "scan/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

sv_file sv_file_of(const sv_recording *recording)
{
    const sv_buffer *buffer = sv_recording_buffer(recording);
    return (sv_file){sv_buffer_data(buffer), (int64_t)sv_buffer_size_bytes(buffer),
                     sv_buffer_fd(buffer)};
}

int sv_file_reopen(const sv_file *file, int flags)
{
    char path[64];
    if (file->fd < 0) {
        return -1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    return open(path, O_RDONLY | O_CLOEXEC | flags);
}

sv_status sv_file_look(const sv_file *file, int64_t last_byte, int64_t *size_bytes, sv_error *error)
{
    struct stat now = {.st_size = 0};
    if (file->fd < 0) {
        return SV_OK;
    }
    bool is_known = fstat(file->fd, &now) == 0;
    if (size_bytes != NULL) {
        *size_bytes = is_known ? now.st_size : 0;
    }
    if (!is_known) {
        return sv_fail_errno(error, "its size could not be looked at");
    }
    if (now.st_size >= last_byte) {
        return SV_OK;
    }
    return sv_fail(error, SV_TRUNCATED,
                   "the file was cut at byte %lld while it was read; what is reported ends before "
                   "it, so measure the file again when nothing writes to it",
                   (long long)now.st_size);
}

sv_status sv_file_fault(const sv_file *file, int64_t first_byte, int64_t last_byte, sv_error *error)
{
    sv_status status = sv_file_look(file, last_byte, NULL, error);
    if (status != SV_OK) {
        return status;
    }
    for (int64_t byte = first_byte; byte < last_byte; byte = sv_page_down(byte) + SV_PAGE) {
        char ignored;
        ssize_t count = pread(file->fd, &ignored, 1, (off_t)byte);
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "byte %lld could not be read", (long long)byte);
        }
    }
    return sv_fail(
        error, SV_TRUNCATED,
        "the file was cut before byte %lld while it was read, and has grown again since; "
        "what is reported ends before it, so measure the file again when nothing writes "
        "to it",
        (long long)last_byte);
}

int64_t sv_file_cached_bytes(const sv_file *file, int64_t first_byte, int64_t last_byte)
{
#if defined(__linux__) && defined(__x86_64__)
    enum { SYS_CACHESTAT = 451 }; /* Linux 6.5 */
    struct {
        uint64_t first_byte, size_bytes;
    } range = {(uint64_t)first_byte, (uint64_t)(last_byte - first_byte)};
    struct {
        uint64_t cached, dirty, writeback, evicted, recently_evicted;
    } pages;
    if (syscall(SYS_CACHESTAT, file->fd, &range, &pages, 0) != 0) {
        return 0;
    }
    return (int64_t)pages.cached * SV_PAGE;
#else
    (void)file, (void)first_byte, (void)last_byte;
    return 0;
#endif
}
