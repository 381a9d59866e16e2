#include "array/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

sv_status sv_bytes_open(sv_io io, sv_bytes *bytes, sv_error *error)
{
    *bytes = (sv_bytes){.direct_fd = -1};
    if (io != SV_IO_READ && io != SV_IO_DIRECT) {
        return SV_OK;
    }
    bytes->memory = sv_malloc_aligned(SV_PAGE, SV_BYTES_ROOM);
    return bytes->memory != NULL ? SV_OK : sv_fail_memory(error, SV_BYTES_ROOM);
}

static void leave_file(sv_bytes *bytes)
{
    if (bytes->direct_fd >= 0) {
        close(bytes->direct_fd);
    }
    bytes->direct_fd = -1;
}

void sv_bytes_close(sv_bytes *bytes)
{
    leave_file(bytes);
    sv_free(bytes->memory);
}

static int64_t stride_of(const sv_view *samples)
{
    return llabs((long long)samples->strides[0]);
}

/* Two pages of it go to whole pages at the ends. */
int64_t sv_bytes_room(const sv_view *samples)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(samples->dtype);
    return 1 + (SV_BYTES_ROOM - 2 * SV_PAGE - itemsize) / sv_max_i8(stride_of(samples), itemsize);
}

static void enter_file(sv_bytes *bytes, sv_io io, const sv_file *file)
{
#ifdef O_DIRECT
    if (io == SV_IO_DIRECT && bytes->of != file->data) {
        leave_file(bytes);
        bytes->direct_fd = sv_file_reopen(file, O_DIRECT);
        bytes->of = file->data;
    }
#endif
}

/* One read at an aligned place; past the page cache where that is wanted and works. */
static ssize_t read_once(const sv_bytes *bytes, const sv_file *file, int64_t done, int64_t count,
                         int64_t first)
{
    char *to = bytes->memory + done;
    off_t byte = (off_t)(first + done);
    ssize_t there = -1;
    if (bytes->direct_fd >= 0 && byte % SV_PAGE == 0) {
        there = pread(bytes->direct_fd, to, (size_t)(count - done), byte);
    }
    return there >= 0 ? there : pread(file->fd, to, (size_t)(count - done), byte);
}

sv_status sv_bytes_read(sv_bytes *bytes, sv_io io, const sv_file *file, sv_view *samples,
                        sv_error *error)
{
    int64_t at = samples->address - file->data,
            reach = (samples->shape[0] - 1) * stride_of(samples);
    int64_t low = samples->strides[0] < 0 ? at - reach : at;
    int64_t past = low + reach + (int64_t)sv_dtype_itemsize(samples->dtype);
    int64_t first = sv_page_down(low), count = sv_page_up(past) - first, done = 0;
    enter_file(bytes, io, file);
    while (first + done < past) {
        ssize_t there = read_once(bytes, file, done, count, first);
        if (there == 0) {
            return sv_file_look(file, INT64_MAX, NULL, error);
        }
        if (there < 0 && errno != EINTR) {
            return sv_fail_errno(error, "byte %lld could not be read", (long long)(first + done));
        }
        done += there > 0 ? there : 0;
    }
    samples->address = bytes->memory + (at - first);
    return SV_OK;
}
