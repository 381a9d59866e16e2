#include "scan/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "scan/machine.h"

/* Measured: mapping calls are few enough from 8 MiB on; direct reads of 2 MiB into a large page are
 * one piece of memory for the disk, and three times as fast as such into many small ones. What is
 * copied should still be in the caches when it is used. */
enum { MAP_BYTES = 8 << 20, READ_BYTES = 1 << 20, LARGE_PAGE = 2 << 20 };

enum { SMALL_BYTES = 64 << 10, MOST_SCRATCH_BYTES = 16 << 20, ALWAYS_FIT_BYTES = 64 << 20 };

/* A scan of no more leaves all mapped. */
enum { KEPT_BYTES = 512 << 20 };

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14; others answer EINVAL */
#endif

/* ---- choosing ---------------------------------------------------------------------------- */

/* In whole pages. The first task may be cut short by the window, the second is not unless all
 * are. */
int64_t sv_fetch_task_bytes(const sv_plan *plan)
{
    int64_t most = SV_PAGE;
    for (int64_t i = 0; i < 2 && i < plan->num_tasks; i++) {
        sv_task task = sv_plan_task(plan, i);
        most = sv_max_i8(most, sv_page_up(task.last_byte) - sv_page_down(task.first_byte));
    }
    return most;
}

/* Whether the page cache could not keep it, and does not. Of a sparse file only what was written
 * comes from the disk. */
static bool exceeds_memory(const sv_file *file, const sv_plan *plan, int64_t task_bytes)
{
    struct stat about;
    int64_t bytes = task_bytes * plan->num_tasks;
    if (bytes <= ALWAYS_FIT_BYTES || fstat(file->fd, &about) != 0) {
        return false;
    }
    bytes = sv_min_i8(bytes, (int64_t)about.st_blocks * 512);
    int64_t memory = sv_memory_bytes();
    return memory > 0 && bytes > memory / 4 * 3 &&
           sv_file_cached_bytes(file, 0, file->size_bytes) < bytes / 4 * 3;
}

static sv_io choose(const sv_file *file, const sv_plan *plan, sv_io io, const char **why)
{
    int64_t task_bytes = sv_fetch_task_bytes(plan);
    *why = io == SV_IO_AUTO ? "the page cache can hold it" : "as asked for";
    if (file->fd < 0) {
        *why = "it is in memory";
        return SV_IO_MAP;
    }
    if (task_bytes > MOST_SCRATCH_BYTES) {
        *why = "its blocks are too long to be copied";
        return SV_IO_MAP;
    }
    if (io == SV_IO_AUTO && exceeds_memory(file, plan, task_bytes)) {
        *why = "it is more than the page cache could keep";
        return SV_IO_DIRECT;
    }
    return io == SV_IO_AUTO ? SV_IO_MAP : io;
}

/* What was written to a private mapping must stay. */
static bool leaves_behind(const sv_fetch *fetch, const sv_recording *recording)
{
    const sv_plan *plan = fetch->plan;
    return fetch->io == SV_IO_MAP && fetch->file.fd >= 0 && plan->segment.in_place &&
           sv_buffer_readonly(sv_recording_buffer(recording)) &&
           sv_fetch_task_bytes(plan) * plan->num_tasks > KEPT_BYTES;
}

void sv_fetch_open(sv_fetch *fetch, const sv_recording *recording, const sv_plan *plan, sv_io io)
{
    static const int64_t span_bytes[] = {
        [SV_IO_MAP] = MAP_BYTES, [SV_IO_READ] = READ_BYTES, [SV_IO_DIRECT] = LARGE_PAGE};
    *fetch = (sv_fetch){.plan = plan, .file = sv_file_of(recording), .direct_fd = -1};
    fetch->io = io == SV_IO_AUTO ? SV_IO_MAP : io;
    fetch->why = "samples are decoded";
    if (plan->num_tasks > 0 && plan->segment.in_place) {
        fetch->io = choose(&fetch->file, plan, io, &fetch->why);
    }
    fetch->span_bytes = span_bytes[fetch->io];
    fetch->leaves_behind = leaves_behind(fetch, recording);
#ifdef O_DIRECT
    if (fetch->io == SV_IO_DIRECT && plan->segment.in_place) {
        fetch->direct_fd = sv_file_reopen(&fetch->file, O_DIRECT);
    }
#endif
}

void sv_fetch_close(sv_fetch *fetch)
{
    if (fetch->direct_fd >= 0) {
        close(fetch->direct_fd);
    }
}

void sv_fetch_look(const sv_fetch *fetch, const sv_span *span, sv_hold *hold)
{
    int64_t size_bytes;
    sv_error error;
    sv_status status = sv_file_look(&fetch->file, span->last_byte, &size_bytes, &error);
    if (status == SV_OK) {
        return;
    }
    int64_t past_task = sv_span_task_at(fetch->plan, span, size_bytes);
    if (past_task < hold->past_task) {
        hold->past_task = past_task;
        hold->status = status;
        hold->error = error;
    }
}

/* ---- the page cache ---------------------------------------------------------------------- */

/* What is small is brought by touching it. */
bool sv_fetch_is_cold(const sv_fetch *fetch, const sv_span *span)
{
    int64_t first = sv_page_down(span->first_byte), size = span->last_byte - first;
    return fetch->file.fd >= 0 && size > SMALL_BYTES &&
           sv_file_cached_bytes(&fetch->file, first, span->last_byte) < size;
}

/* Through a mapping of its own, which asks for large pages: the system then reads 2 MiB at once,
 * and the next 2 MiB in advance. Other mappings of the file are left as they are. */
static bool bring_large_page(int fd, int64_t first_byte, int64_t last_byte)
{
#ifdef MADV_HUGEPAGE
    size_t size = (size_t)(last_byte - first_byte);
    void *window = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)first_byte);
    if (window == MAP_FAILED) {
        return false;
    }
    bool brought =
        madvise(window, size, MADV_HUGEPAGE) == 0 && madvise(window, size, MADV_POPULATE_READ) == 0;
    munmap(window, size);
    return brought;
#else
    (void)fd, (void)first_byte, (void)last_byte;
    return false;
#endif
}

/* Of less than a large page the system would read more than is wanted. */
void sv_fetch_ahead(sv_fetch *fetch, const sv_span *span)
{
    int64_t byte = sv_page_down(span->first_byte);
    bool is_large = span->last_byte - byte >= LARGE_PAGE;
    atomic_fetch_add(&fetch->bytes_ahead, span->last_byte - byte);
    while (is_large && byte < span->last_byte) {
        int64_t end = sv_min_i8(byte / LARGE_PAGE * LARGE_PAGE + LARGE_PAGE, span->last_byte);
        is_large = bring_large_page(fetch->file.fd, byte, end);
        byte = is_large ? end : byte;
    }
    if (byte < span->last_byte) {
        madvise((void *)(uintptr_t)(fetch->file.data + byte), (size_t)(span->last_byte - byte),
                MADV_WILLNEED);
    }
}

/* ---- the mapping ------------------------------------------------------------------------- */

/* Maps pages in one call, which answers an error where a touch would fault. Where the system does
 * not know the call, touching them faults them in as ever. */
static bool populate(const sv_file *file, int64_t first_byte, int64_t last_byte)
{
    int64_t first = sv_page_down(first_byte);
    void *address = (void *)(uintptr_t)(file->data + first);
    return madvise(address, (size_t)(last_byte - first), MADV_POPULATE_READ) == 0 ||
           errno == EINVAL || errno == ENOSYS || errno == ENOMEM;
}

/* Task by task, up to the one that cannot be mapped. */
static void populate_tasks(const sv_fetch *fetch, const sv_span *span, sv_hold *hold)
{
    for (int64_t i = span->first_task; i < hold->past_task; i++) {
        sv_task task = sv_plan_task(fetch->plan, i);
        if (!populate(&fetch->file, task.first_byte, task.last_byte)) {
            hold->past_task = i;
            hold->status =
                sv_file_fault(&fetch->file, task.first_byte, task.last_byte, &hold->error);
        }
    }
}

void sv_fetch_map(const sv_fetch *fetch, const sv_span *span, bool by_faults, sv_hold *hold)
{
    hold->data = fetch->file.data;
    hold->past_task = span->past_task;
    hold->status = SV_OK;
    if (fetch->file.fd < 0) {
        return;
    }
    sv_fetch_look(fetch, span, hold);
    if (hold->status == SV_OK &&
        (by_faults || populate(&fetch->file, span->first_byte, span->last_byte))) {
        return;
    }
    populate_tasks(fetch, span, hold);
}

void sv_fetch_leave(const sv_fetch *fetch, const sv_span *span)
{
    int64_t first = sv_page_up(span->first_byte), past = sv_page_down(span->last_byte);
    madvise((void *)(uintptr_t)(fetch->file.data + first), (size_t)(past - first), MADV_DONTNEED);
}

/* ---- reading ----------------------------------------------------------------------------- */

sv_status sv_scratch_make(sv_scratch *scratch, size_t size_bytes, sv_error *error)
{
    if (scratch->size_bytes >= size_bytes) {
        return SV_OK;
    }
    sv_free(scratch->memory);
    bool is_large = size_bytes >= LARGE_PAGE;
    scratch->memory = sv_malloc_aligned(is_large ? LARGE_PAGE : SV_PAGE, size_bytes);
    scratch->size_bytes = scratch->memory != NULL ? size_bytes : 0;
    if (scratch->memory == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
#ifdef MADV_HUGEPAGE
    if (is_large) {
        madvise(scratch->memory, size_bytes, MADV_HUGEPAGE);
    }
#endif
    return SV_OK;
}

/* One read at an aligned place; past the page cache where that is wanted and works. */
static ssize_t read_once(const sv_fetch *fetch, char *to, size_t size_bytes, int64_t byte)
{
    if (fetch->direct_fd >= 0 && byte % SV_PAGE == 0) {
        ssize_t count = pread(fetch->direct_fd, to, size_bytes, (off_t)byte);
        if (count >= 0 || errno != EINVAL) {
            return count;
        }
    }
    return pread(fetch->file.fd, to, size_bytes, (off_t)byte);
}

/* Reads what the scratch has room for, up to `last` at least. Returns the first byte that cannot be
 * read, and why. A read that fails is tried again with ever less, so that what lies before a bad
 * place is had. */
static int64_t read_bytes(const sv_fetch *fetch, const sv_scratch *scratch, int64_t first,
                          int64_t last, sv_hold *hold)
{
    int64_t done = first, room = sv_page_up(last) - first, most = room;
    while (done < last) {
        int64_t wanted = sv_min_i8(room - (done - first), most);
        ssize_t count = read_once(fetch, scratch->memory + (done - first), (size_t)wanted, done);
        if (count == 0) {
            hold->status = sv_file_look(&fetch->file, INT64_MAX, NULL, &hold->error);
            return done;
        }
        if (count < 0 && errno != EINTR && wanted <= SV_PAGE) {
            hold->status =
                sv_fail_errno(&hold->error, "byte %lld could not be read", (long long)done);
            return done;
        }
        if (count < 0 && errno != EINTR) {
            most = sv_page_up(wanted / 2);
        }
        done += count > 0 ? count : 0;
    }
    return done;
}

void sv_fetch_read(const sv_fetch *fetch, const sv_span *span, sv_scratch *scratch, sv_hold *hold)
{
    int64_t first = sv_page_down(span->first_byte);
    hold->past_task = span->first_task;
    hold->status =
        sv_scratch_make(scratch, (size_t)(sv_page_up(span->last_byte) - first), &hold->error);
    if (hold->status != SV_OK) {
        return;
    }
    int64_t done = read_bytes(fetch, scratch, first, span->last_byte, hold);
    hold->past_task = sv_span_task_at(fetch->plan, span, done);
    hold->data = (const char *)((uintptr_t)scratch->memory - (uintptr_t)first);
}
