#include "array/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

static bool wants_calls(sv_io io)
{
    return io == SV_IO_READ || io == SV_IO_DIRECT;
}

bool sv_bytes_are_called_for(sv_io io, const sv_file *file)
{
    return wants_calls(io) && file->fd >= 0;
}

int64_t sv_bytes_memory(sv_io io)
{
    return wants_calls(io) ? SV_BYTES_ROOM : 0;
}

sv_status sv_bytes_open(sv_io io, sv_bytes *bytes, sv_error *error)
{
    *bytes = (sv_bytes){.io = io};
    if (!wants_calls(io)) {
        return SV_OK;
    }
    bytes->memory = sv_malloc_aligned(SV_PAGE, SV_BYTES_ROOM);
    return bytes->memory != NULL ? SV_OK : sv_fail_memory(error, SV_BYTES_ROOM);
}

static void leave_file(sv_bytes *bytes)
{
    if (bytes->of != NULL && bytes->direct_fd >= 0) {
        close(bytes->direct_fd);
    }
    bytes->of = NULL;
}

void sv_bytes_close(sv_bytes *bytes)
{
    leave_file(bytes);
    sv_free(bytes->memory);
}

/* ---- extents --------------------------------------------------------------------------------- */

/* How many bytes the samples of the axis lie from its first to its last. */
static int64_t reach_of(const sv_view *samples, int axis)
{
    return (samples->shape[axis] - 1) * llabs((long long)samples->strides[axis]);
}

/* How many bytes the lowest sample lies before the first one. */
static int64_t reach_down(const sv_view *samples)
{
    int64_t bytes = 0;
    for (int axis = 0; axis < samples->ndim; axis++) {
        bytes += samples->strides[axis] < 0 ? reach_of(samples, axis) : 0;
    }
    return bytes;
}

/* Two pages of it go to whole pages at the ends. */
int64_t sv_bytes_room(const sv_view *samples)
{
    int last = samples->ndim - 1;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(samples->dtype);
    int64_t across = itemsize + (last > 0 ? reach_of(samples, 0) : 0);
    int64_t stride = llabs((long long)samples->strides[last]);
    return 1 + (SV_BYTES_ROOM - 2 * SV_PAGE - across) / sv_max_i8(stride, itemsize);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void enter_file(sv_bytes *bytes, const sv_file *file)
{
    if (bytes->of != file->data) {
        leave_file(bytes);
        bytes->of = file->data;
        bytes->direct_fd = -1;
#ifdef O_DIRECT
        if (bytes->io == SV_IO_DIRECT) {
            bytes->direct_fd = sv_file_reopen(file, O_DIRECT);
        }
#endif
    }
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

sv_status sv_bytes_read(sv_bytes *bytes, const sv_file *file, sv_view *samples, sv_error *error)
{
    int64_t at = samples->address - file->data, low = at - reach_down(samples);
    int64_t past = low + (int64_t)sv_dtype_itemsize(samples->dtype);
    for (int axis = 0; axis < samples->ndim; axis++) {
        past += reach_of(samples, axis);
    }
    int64_t first = sv_page_down(low), count = sv_page_up(past) - first, done = 0;
    enter_file(bytes, file);
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
