/* Edits in place, through a shared map, and edits of a copy that is read, changed and written. All
 * of it happens to nameless scratch files that hold what the beginning of the recording does: the
 * recording itself is never written. Nothing is synced, so that the disk is not what is measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"

#define MOST_SCRATCH ((int64_t)64 << 20)
#define WINDOW_BYTES ((int64_t)64 << 10)

struct edit {
    sv_buffer *scratch, *target;      /* what is edited, and where a copy of it goes */
    int64_t size_bytes;               /* of each */
    int64_t first_byte, window_bytes; /* what is edited of it */
    uint64_t *there;                  /* memory that is there already, of the window's size */
};

static sv_status fail(sv_error *error, const char *sentence)
{
    error->status = SV_IO;
    error->system_error = errno;
    snprintf(error->message, sizeof error->message, "%s: %s", sentence,
             errno != 0 ? strerror(errno) : "the file was cut");
    return SV_IO;
}

/* The edit itself: every float32 changes its sign. */
static void invert(uint64_t *pairs, int64_t num_bytes)
{
    for (int64_t i = 0; i < num_bytes / (int64_t)sizeof *pairs; i++) {
        pairs[i] ^= UINT64_C(0x8000000080000000);
    }
}

/* All of it, or false with errno. */
static bool read_all(int fd, char *bytes, int64_t num_bytes, int64_t offset_bytes)
{
    for (int64_t done = 0; done < num_bytes;) {
        errno = 0;
        ssize_t count =
            pread(fd, bytes + done, (size_t)(num_bytes - done), (off_t)(offset_bytes + done));
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        done += count > 0 ? count : 0;
    }
    return true;
}

static bool write_all(int fd, const char *bytes, int64_t num_bytes)
{
    for (int64_t done = 0; done < num_bytes;) {
        ssize_t count = pwrite(fd, bytes + done, (size_t)(num_bytes - done), (off_t)done);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? count : 0;
    }
    return true;
}

/* ---- methods ------------------------------------------------------------------------------- */

static sv_status run_in_place(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    const struct edit *edit = context;
    sv_status status = SV_OK;
    (void)counts;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        sv_buffer *map;
        status = sv_buffer_map_fd(sv_buffer_fd(edit->scratch), SV_SHARED, &map, error);
        if (status == SV_OK) {
            char *bytes = (char *)(uintptr_t)sv_buffer_data(map);
            invert((uint64_t *)(void *)(bytes + edit->first_byte), edit->window_bytes);
            sv_buffer_close(map);
        }
    }
    return status;
}

static sv_status change_copy(const struct edit *edit, sv_error *error)
{
    void *volatile base;
    char *bytes = bench_fresh(edit->size_bytes, &base, error);
    sv_status status = SV_OK;
    if (bytes == NULL) {
        return SV_NOMEM;
    }
    if (!read_all(sv_buffer_fd(edit->scratch), bytes, edit->size_bytes, 0)) {
        status = fail(error, "the scratch file cannot be read");
    }
    invert((uint64_t *)(void *)(bytes + edit->first_byte), edit->window_bytes);
    if (status == SV_OK && !write_all(sv_buffer_fd(edit->target), bytes, edit->size_bytes)) {
        status = fail(error, "the scratch file cannot be written");
    }
    free(base);
    return status;
}

static sv_status run_copy(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    const struct edit *edit = context;
    sv_status status = SV_OK;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        status = change_copy(edit, error);
        counts->num_allocations++;
        counts->bytes_copied += 2 * edit->size_bytes; /* read, and written */
    }
    return status;
}

static sv_status run_in_memory(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    const struct edit *edit = context;
    (void)counts;
    (void)error;
    for (int64_t turn = 0; turn < times; turn++) {
        invert(edit->there, edit->window_bytes);
        /* So that no compiler takes two turns for none. */
        __asm__ volatile("" : : "r"(edit->there) : "memory");
    }
    return SV_OK;
}

/* ---- the comparisons ----------------------------------------------------------------------- */

static sv_status compare(struct bench *bench, struct edit *edit, const char *operation,
                         sv_error *error)
{
    static const struct method methods[] = {{"in_place", run_in_place, true},
                                            {"copy", run_copy, true}};
    const struct comparison comparison = {.operation = operation,
                                          .size_bytes = edit->window_bytes,
                                          .methods = methods,
                                          .num_methods = 2,
                                          .ceiling = run_in_memory,
                                          .context = edit};
    void *volatile base;
    edit->there = bench_fresh(edit->window_bytes, &base, error);
    if (edit->there == NULL) {
        return SV_NOMEM;
    }
    memset(edit->there, 0, (size_t)edit->window_bytes);
    sv_status status = bench_compare(bench, &comparison, error);
    free(base);
    return status;
}

/* By writing, as files come to be: pages that are stored to through a map are smaller. */
static sv_status fill_scratch(const struct bench *bench, const struct edit *edit, sv_error *error)
{
    int fd = sv_buffer_fd(sv_recording_buffer(bench->recording));
    void *volatile base;
    char *bytes = bench_fresh(edit->size_bytes, &base, error);
    sv_status status = bytes != NULL ? SV_OK : SV_NOMEM;
    if (status == SV_OK && !read_all(fd, bytes, edit->size_bytes, 0)) {
        status = fail(error, "it cannot be read");
    }
    if (status == SV_OK && (!write_all(sv_buffer_fd(edit->scratch), bytes, edit->size_bytes) ||
                            !write_all(sv_buffer_fd(edit->target), bytes, edit->size_bytes))) {
        status = fail(error, "the scratch file cannot be written");
    }
    free(base);
    return status;
}

static sv_status compare_all(struct bench *bench, struct edit *edit, sv_error *error)
{
    edit->window_bytes = edit->size_bytes;
    sv_status status = compare(bench, edit, "edit", error);
    if (status == SV_OK && edit->size_bytes > 2 * WINDOW_BYTES) {
        edit->window_bytes = WINDOW_BYTES;
        edit->first_byte = edit->size_bytes / 2 & ~(WINDOW_BYTES - 1);
        status = compare(bench, edit, "edit_window", error);
    }
    return status;
}

static int64_t scratch_bytes(const struct bench *bench)
{
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(sv_recording_buffer(bench->recording));
    int64_t most = bench->most_bytes < MOST_SCRATCH ? bench->most_bytes : MOST_SCRATCH;
    return (file_bytes < most ? file_bytes : most) & ~(int64_t)7;
}

sv_status bench_edits(struct bench *bench, sv_error *error)
{
    struct edit edit = {.size_bytes = scratch_bytes(bench)};
    if (edit.size_bytes == 0) {
        return SV_OK;
    }
    sv_status status = sv_buffer_scratch((size_t)edit.size_bytes, &edit.scratch, error);
    if (status == SV_OK) {
        status = sv_buffer_scratch((size_t)edit.size_bytes, &edit.target, error);
    }
    if (status == SV_OK) {
        status = fill_scratch(bench, &edit, error);
    }
    if (status == SV_OK) {
        status = compare_all(bench, &edit, error);
    }
    sv_buffer_close(edit.target);
    sv_buffer_close(edit.scratch);
    return status;
}
