#include "edit/samples.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/size.h"
#include "journal/file.h"
#include "journal/layout.h"
#include "journal/rules.h"

bool sv_run_extent(const sv_run *run, int64_t *first_byte, int64_t *past_byte)
{
    int64_t way, last;
    if (run->count < 1 || run->item_bytes < 1 || run->offset_bytes < 0 ||
        !sv_multiply(run->count - 1, run->stride_bytes, &way) ||
        !sv_add(run->offset_bytes, way, &last) || last < 0 ||
        sv_max_i8(last, run->offset_bytes) > INT64_MAX - run->item_bytes) {
        return false;
    }
    *first_byte = sv_min_i8(run->offset_bytes, last);
    *past_byte = sv_max_i8(run->offset_bytes, last) + run->item_bytes;
    return true;
}

static sv_status truncated(sv_error *error, int64_t byte)
{
    return sv_fail(error, SV_TRUNCATED,
                   "the file ends before its sample at byte %" PRId64
                   ": it was cut; to keep it as it is, move its journal away",
                   byte);
}

static void gather(const sv_run *run, const char *first, char *items)
{
    for (int64_t i = 0; i < run->count; i++) {
        memcpy(items + i * run->item_bytes, first + i * run->stride_bytes, (size_t)run->item_bytes);
    }
}

sv_status sv_samples_read(const sv_system *system, int fd, const sv_run *run, void *items,
                          void *scratch, sv_error *error)
{
    int64_t first, past;
    size_t done;
    bool is_packed = run->stride_bytes == run->item_bytes;
    if (!sv_run_extent(run, &first, &past)) {
        return truncated(error, run->offset_bytes);
    }
    sv_status status = sv_read_at(system, fd, first, is_packed ? items : scratch,
                                  (size_t)(past - first), &done, error);
    if (status != SV_OK) {
        return status;
    }
    if ((int64_t)done < past - first) {
        return truncated(error, first + (int64_t)done);
    }
    if (!is_packed) {
        gather(run, (const char *)scratch + (run->offset_bytes - first), items);
    }
    return SV_OK;
}

/* ---- storing ----------------------------------------------------------------------------- */

enum { FOLIO_BYTES = 2 << 20, STRETCH_BYTES = 16 << 20 };

sv_status sv_stretch_close(const sv_system *system, sv_stretch *stretch, sv_error *error)
{
    sv_stretch old = *stretch;
    *stretch = (sv_stretch){.mapped = NULL};
    if (old.mapped != NULL && system->unmap(old.mapped, (size_t)(old.past - old.first)) != 0) {
        return sv_fail_errno(error, "the file cannot be unmapped at byte %" PRId64, old.first);
    }
    return SV_OK;
}

/* As wide as the file has folios, from the one in which `first` lies. */
static sv_status move_stretch(const sv_system *system, int fd, int64_t size_bytes, int64_t first,
                              int64_t past, sv_stretch *stretch, sv_error *error)
{
    if (stretch->mapped != NULL && first >= stretch->first && past <= stretch->past) {
        return SV_OK;
    }
    sv_status status = sv_stretch_close(system, stretch, error);
    if (status != SV_OK) {
        return status;
    }
    int64_t from = first - first % FOLIO_BYTES;
    int64_t to = sv_max_i8(sv_min_i8(size_bytes, from + STRETCH_BYTES), past);
    to += (FOLIO_BYTES - to % FOLIO_BYTES) % FOLIO_BYTES;
    void *mapped = system->map(fd, (size_t)(to - from), (off_t)from);
    if (mapped == NULL) {
        return sv_fail_errno(error, "the file cannot be mapped at byte %" PRId64, from);
    }
    *stretch = (sv_stretch){mapped, from, to};
    return SV_OK;
}

/* The look at the size between making the pages ready and storing: a page behind the end would be
 * a signal, and the last one would take what nobody ever reads. */
sv_status sv_samples_store(const sv_system *system, int fd, sv_stretch *stretch, const sv_run *run,
                           const void *items, sv_error *error)
{
    int64_t first, past, size_bytes = system->size(fd), page = sysconf(_SC_PAGESIZE);
    if (!sv_run_extent(run, &first, &past) || size_bytes < past) {
        return truncated(error, run->offset_bytes);
    }
    sv_status status = move_stretch(system, fd, size_bytes, first, past, stretch, error);
    if (status != SV_OK) {
        return status;
    }
    int64_t from = first - first % page;
    size_t num_bytes = (size_t)(past - from);
    char *pages = (char *)stretch->mapped + (from - stretch->first);
    if (system->populate(pages, num_bytes) != 0) {
        return sv_fail_errno(error, "no sample can be stored at byte %" PRId64, run->offset_bytes);
    }
    if (system->size(fd) < past) {
        return truncated(error, past - run->item_bytes);
    }
    sv_run within = *run;
    within.offset_bytes -= from;
    if (system->store(pages, num_bytes, &within, items) != 0) {
        return sv_fail_errno(error, "no sample could be stored at byte %" PRId64,
                             run->offset_bytes);
    }
    return SV_OK;
}

/* ---- proof ------------------------------------------------------------------------------- */

/* Where the cell ends that begins at byte `at` of the file. A store of an item whose size is no
 * power of two takes several instructions, between which the process may be killed. */
static int64_t end_of_cell(const sv_run *run, int64_t at, int64_t past)
{
    if ((run->item_bytes & (run->item_bytes - 1)) != 0) {
        return at + 1;
    }
    if (!sv_holds(SV_RULE_CELLS_CUT_AT_SECTORS)) {
        return past;
    }
    return sv_min_i8(past, at - at % SV_SECTOR_BYTES + SV_SECTOR_BYTES);
}

static bool item_is_ours(const sv_run *run, int64_t at, const char *found, const char *before,
                         const char *after)
{
    for (int64_t from = 0; from < run->item_bytes;) {
        int64_t to = end_of_cell(run, at + from, at + run->item_bytes) - at;
        size_t num_bytes = (size_t)(to - from);
        if (memcmp(found + from, before + from, num_bytes) != 0 &&
            (after == NULL || memcmp(found + from, after + from, num_bytes) != 0)) {
            return false;
        }
        from = to;
    }
    return true;
}

bool sv_samples_are_ours(const sv_run *run, const void *found, const void *before,
                         const void *after, int64_t *at)
{
    size_t all = (size_t)(run->count * run->item_bytes);
    if (memcmp(found, before, all) == 0 || (after != NULL && memcmp(found, after, all) == 0)) {
        return true;
    }
    for (int64_t i = 0; i < run->count; i++) {
        int64_t item = i * run->item_bytes;
        *at = run->offset_bytes + i * run->stride_bytes;
        if (!item_is_ours(run, *at, (const char *)found + item, (const char *)before + item,
                          after != NULL ? (const char *)after + item : NULL)) {
            return false;
        }
    }
    return true;
}
