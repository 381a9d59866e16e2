#include "base/spill.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/temporary.h"

enum { PAGE = 4096 };

/* Before what is handed out. */
typedef struct header {
    size_t size_bytes; /* with the header */
    int64_t offset;    /* byte of the file; −1: it lies in memory */
    _Alignas(max_align_t) char memory[];
} header;

void sv_spill_begin(sv_spill *spill, size_t budget_bytes)
{
    *spill = (sv_spill){.memory_left = budget_bytes, .fd = -1};
}

void sv_spill_end(sv_spill *spill)
{
    if (spill->fd >= 0) {
        close(spill->fd);
    }
    spill->fd = -1;
}

/* The blocks are reserved: a disk that is full says so here, not where the memory is touched. */
static header *map_more(sv_spill *spill, size_t size_bytes)
{
    if (spill->fd < 0) {
        spill->fd = sv_open_nameless(sv_temporary_directory());
    }
    int64_t offset = spill->file_bytes;
    if (spill->fd < 0 || posix_fallocate(spill->fd, offset, (off_t)size_bytes) != 0) {
        return NULL;
    }
    void *mapped =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, spill->fd, (off_t)offset);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    spill->file_bytes += (int64_t)size_bytes;
    header *made = mapped;
    *made = (header){.size_bytes = size_bytes, .offset = offset};
    return made;
}

static header *take_memory(sv_spill *spill, size_t size_bytes)
{
    header *made = sv_malloc(size_bytes);
    if (made != NULL) {
        *made = (header){.size_bytes = size_bytes, .offset = -1};
        spill->memory_left -= size_bytes < spill->memory_left ? size_bytes : spill->memory_left;
    }
    return made;
}

void *sv_spill_alloc(sv_spill *spill, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2) {
        return NULL;
    }
    header *made = NULL;
    size_bytes += sizeof *made;
    if (size_bytes > spill->memory_left) {
        made = map_more(spill, (size_bytes + PAGE - 1) / PAGE * PAGE);
    }
    if (made == NULL) {
        made = take_memory(spill, size_bytes);
    }
    return made != NULL ? made->memory : NULL;
}

void sv_spill_free(sv_spill *spill, void *memory)
{
    if (memory == NULL) {
        return;
    }
    header *freed = (header *)((char *)memory - offsetof(header, memory));
    size_t size_bytes = freed->size_bytes;
    int64_t offset = freed->offset;
    if (offset < 0) {
        sv_free(freed);
    } else {
        munmap(freed, size_bytes);
    }
    if (spill != NULL && offset < 0) {
        spill->memory_left += size_bytes;
    }
#ifdef FALLOC_FL_PUNCH_HOLE
    if (spill != NULL && offset >= 0) {
        /* What the file system cannot give back now, it does when the file is closed. */
        int ignored = fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)offset, (off_t)size_bytes);
        (void)ignored;
    }
#endif
}
