#include "scan/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

/* Measured: 8 MiB at a time, 128 MiB ahead, feeds a scan from disk twice as fast as the kernel's
 * own read-ahead; shorter steps or a shorter lead lose most of it. */
enum { STEP_BYTES = 8 << 20, AHEAD_BYTES = 128 << 20 };

enum { PAGE = 4096, SMALL_BYTES = 64 << 10, MOST_SCRATCH_BYTES = 16 << 20 };

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14; others answer EINVAL */
#endif

static int64_t round_down(int64_t byte)
{
    return byte & ~(int64_t)(PAGE - 1);
}

static int64_t round_up(int64_t byte)
{
    return round_down(byte + PAGE - 1);
}

/* A second descriptor of the same file, past the page cache. */
static int open_direct(int fd)
{
#ifdef O_DIRECT
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
#else
    (void)fd;
    return -1;
#endif
}

/* Bytes of a task, in whole pages. The first may be cut short by the window, the second is not
 * unless all are. */
static int64_t usual_task_bytes(const sv_plan *plan)
{
    int64_t most = PAGE;
    for (int64_t i = 0; i < 2 && i < plan->num_tasks; i++) {
        sv_task task = sv_plan_task(plan, i);
        most = sv_max_i8(most, round_up(task.last_byte) - round_down(task.first_byte));
    }
    return most;
}

sv_file sv_file_of(const sv_recording *recording)
{
    const sv_buffer *buffer = sv_recording_buffer(recording);
    return (sv_file){sv_buffer_data(buffer), (int64_t)sv_buffer_size_bytes(buffer),
                     sv_buffer_fd(buffer)};
}

void sv_fetch_open(sv_fetch *fetch, const sv_recording *recording, const sv_plan *plan, sv_io io)
{
    *fetch = (sv_fetch){
        .plan = plan,
        .file = sv_file_of(recording),
        .direct_fd = -1,
        .io = io == SV_IO_AUTO ? SV_IO_MAP : io,
    };
    if (plan->num_tasks == 0 || !plan->segment.in_place) {
        return;
    }
    int64_t task_bytes = usual_task_bytes(plan);
    if (fetch->file.fd < 0 || task_bytes > MOST_SCRATCH_BYTES) {
        fetch->io = SV_IO_MAP;
    }
    if (fetch->io == SV_IO_DIRECT) {
        fetch->direct_fd = open_direct(fetch->file.fd);
    }
    fetch->tasks_a_step = STEP_BYTES / task_bytes + 1;
    fetch->tasks_ahead = AHEAD_BYTES / task_bytes + 1;
}

void sv_fetch_close(sv_fetch *fetch)
{
    if (fetch->direct_fd >= 0) {
        close(fetch->direct_fd);
    }
}

sv_status sv_file_look(const sv_file *file, int64_t last_byte, sv_error *error)
{
    struct stat now;
    if (file->fd < 0) {
        return SV_OK;
    }
    if (fstat(file->fd, &now) != 0) {
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
    sv_status status = sv_file_look(file, last_byte, error);
    if (status != SV_OK) {
        return status;
    }
    for (int64_t byte = first_byte; byte < last_byte; byte = round_down(byte) + PAGE) {
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

/* ---- the mapping ------------------------------------------------------------------------- */

/* Whether the page cache holds these bytes already: asking for them again would cost a walk. */
static bool is_cached(int fd, int64_t first_byte, int64_t size_bytes)
{
#if defined(__linux__) && defined(__x86_64__)
    enum { SYS_CACHESTAT = 451 }; /* Linux 6.5 */
    struct {
        uint64_t first_byte, size_bytes;
    } range = {(uint64_t)first_byte, (uint64_t)size_bytes};
    struct {
        uint64_t cached, dirty, writeback, evicted, recently_evicted;
    } pages;
    if (syscall(SYS_CACHESTAT, fd, &range, &pages, 0) != 0) {
        return false;
    }
    return pages.cached * PAGE >= range.size_bytes;
#else
    (void)fd;
    (void)first_byte;
    (void)size_bytes;
    return false;
#endif
}

static void ask_for(sv_fetch *fetch, int64_t first_byte, int64_t last_byte)
{
    int64_t first = round_down(first_byte);
    int64_t size = last_byte - first;
    /* What is small is brought by touching it, in one go. */
    if (size <= SMALL_BYTES || is_cached(fetch->file.fd, first, size)) {
        return;
    }
    if (madvise((void *)(uintptr_t)(fetch->file.data + first), (size_t)size, MADV_WILLNEED) == 0) {
        atomic_fetch_add(&fetch->bytes_ahead, size);
    }
}

/* Asks for tasks [first, last), joining those whose bytes follow one another. */
static void ask_for_tasks(sv_fetch *fetch, int64_t first, int64_t last)
{
    sv_task joined = sv_plan_task(fetch->plan, first);
    for (int64_t i = first + 1; i < last; i++) {
        sv_task task = sv_plan_task(fetch->plan, i);
        if (task.first_byte >= joined.first_byte && task.first_byte <= joined.last_byte + PAGE) {
            joined.last_byte = sv_max_i8(joined.last_byte, task.last_byte);
            continue;
        }
        ask_for(fetch, joined.first_byte, joined.last_byte);
        joined = task;
    }
    ask_for(fetch, joined.first_byte, joined.last_byte);
}

static void read_ahead(sv_fetch *fetch, int64_t i)
{
    int64_t goal = sv_min_i8(i + fetch->tasks_ahead, fetch->plan->num_tasks);
    int64_t from = atomic_load(&fetch->ahead);
    while (from < goal) {
        int64_t to = sv_min_i8(from + fetch->tasks_a_step, fetch->plan->num_tasks);
        if (atomic_compare_exchange_weak(&fetch->ahead, &from, to)) {
            ask_for_tasks(fetch, from, to);
            from = to;
        }
    }
}

/* Maps the task's pages in one call, which answers an error where a touch would fault. Where the
 * system does not know the call, touching them faults them in as ever. */
static sv_status populate(const sv_fetch *fetch, const sv_task *task, sv_error *error)
{
    int64_t first = round_down(task->first_byte);
    void *address = (void *)(uintptr_t)(fetch->file.data + first);
    if (madvise(address, (size_t)(task->last_byte - first), MADV_POPULATE_READ) == 0 ||
        errno == EINVAL || errno == ENOSYS || errno == ENOMEM) {
        return SV_OK;
    }
    return sv_file_fault(&fetch->file, task->first_byte, task->last_byte, error);
}

/* ---- reading ----------------------------------------------------------------------------- */

static sv_status make_scratch(sv_scratch *scratch, size_t size_bytes, sv_error *error)
{
    if (scratch->size_bytes >= size_bytes) {
        return SV_OK;
    }
    sv_free(scratch->memory);
    scratch->memory = sv_malloc_aligned(PAGE, size_bytes);
    scratch->size_bytes = scratch->memory != NULL ? size_bytes : 0;
    return scratch->memory != NULL ? SV_OK : sv_fail_memory(error, size_bytes);
}

/* One read at an aligned place; past the page cache where that is wanted and works. */
static ssize_t read_once(const sv_fetch *fetch, char *to, size_t size_bytes, int64_t byte)
{
    if (fetch->direct_fd >= 0 && byte % PAGE == 0) {
        ssize_t count = pread(fetch->direct_fd, to, size_bytes, (off_t)byte);
        if (count >= 0 || errno != EINVAL) {
            return count;
        }
    }
    return pread(fetch->file.fd, to, size_bytes, (off_t)byte);
}

static sv_status read_task(const sv_fetch *fetch, const sv_task *task, sv_scratch *scratch,
                           const char **data, sv_error *error)
{
    int64_t first = round_down(task->first_byte);
    int64_t past = round_up(task->last_byte);
    sv_status status = make_scratch(scratch, (size_t)(past - first), error);
    if (status != SV_OK) {
        return status;
    }
    int64_t done = first;
    while (done < task->last_byte) {
        ssize_t count =
            read_once(fetch, scratch->memory + (done - first), (size_t)(past - done), done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return sv_fail_errno(error, "bytes %lld to %lld could not be read", (long long)done,
                                 (long long)task->last_byte);
        }
        if (count == 0) {
            return sv_file_look(&fetch->file, INT64_MAX, error);
        }
        done += count;
    }
    *data = (const char *)((uintptr_t)scratch->memory - (uintptr_t)first);
    return SV_OK;
}

sv_status sv_fetch_task(sv_fetch *fetch, int64_t i, const sv_task *task, sv_scratch *scratch,
                        const char **data, sv_error *error)
{
    if (fetch->io != SV_IO_MAP) {
        return read_task(fetch, task, scratch, data, error);
    }
    *data = fetch->file.data;
    if (fetch->file.fd < 0) {
        return SV_OK;
    }
    sv_status status = sv_file_look(&fetch->file, task->last_byte, error);
    if (status != SV_OK) {
        return status;
    }
    read_ahead(fetch, i);
    return populate(fetch, task, error);
}
