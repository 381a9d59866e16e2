#include "journal/file.h"

#include <errno.h>
#include <inttypes.h>

sv_status sv_read_at(const sv_system *system, int fd, int64_t offset_bytes, void *bytes,
                     size_t num_bytes, size_t *done_bytes, sv_error *error)
{
    size_t done = 0;
    while (done < num_bytes) {
        ssize_t count = system->pread(fd, (char *)bytes + done, num_bytes - done,
                                      (off_t)(offset_bytes + (int64_t)done));
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "it cannot be read at byte %" PRId64,
                                 offset_bytes + (int64_t)done);
        }
        if (count == 0) {
            break;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    *done_bytes = done;
    return SV_OK;
}

sv_status sv_write_at(const sv_system *system, int fd, int64_t offset_bytes, const void *bytes,
                      size_t num_bytes, sv_error *error)
{
    for (size_t done = 0; done < num_bytes;) {
        ssize_t count = system->pwrite(fd, (const char *)bytes + done, num_bytes - done,
                                       (off_t)(offset_bytes + (int64_t)done));
        if (count == 0) {
            errno = EIO;
        }
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return sv_fail_errno(error, "the journal cannot be written at byte %" PRId64,
                                 offset_bytes + (int64_t)done);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return SV_OK;
}

sv_status sv_reserve(const sv_system *system, int fd, int mode, int64_t offset_bytes,
                     int64_t num_bytes, sv_error *error)
{
    while (num_bytes > 0 &&
           system->fallocate(fd, mode, (off_t)offset_bytes, (off_t)num_bytes) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS) {
            return SV_OK;
        }
        if (errno != EINTR) {
            return sv_fail_errno(error, "no space (%" PRId64 " bytes are needed)", num_bytes);
        }
    }
    return SV_OK;
}
