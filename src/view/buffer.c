#include "view/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/guard.h"
#include "base/memory.h"
#include "base/temporary.h"

enum { ALIGNMENT = 64 };

/* Memory, and what has to happen to it in the end. */
struct memory {
    void *address; /* NULL when there is no byte */
    size_t size_bytes;
    enum { LENT, ALLOCATED, MAPPED } origin;
    int fd; /* −1: none */
    bool readonly;
};

struct sv_buffer {
    struct memory memory;
    uint32_t slot;
    uint64_t generation;
    atomic_int pins;
};

/* ---- the generation table ------------------------------------------------------------------- */

#define NO_SLOT UINT32_MAX

_Atomic(sv_generation_chunk *) sv_generation_chunks[SV_MAX_CHUNKS];

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER; /* of the four below */
static uint32_t num_slots;
static uint32_t first_free = NO_SLOT;
static uint64_t last_generation;

static sv_generation_chunk *chunk_of(uint32_t slot)
{
    return atomic_load_explicit(&sv_generation_chunks[slot / SV_CHUNK_SLOTS], memory_order_relaxed);
}

/* Under the lock: a slot that was never used, or NO_SLOT without memory. */
static uint32_t new_slot(void)
{
    if (num_slots == (uint32_t)SV_CHUNK_SLOTS * SV_MAX_CHUNKS) {
        return NO_SLOT;
    }
    if (chunk_of(num_slots) == NULL) {
        sv_generation_chunk *chunk = sv_calloc(1, sizeof *chunk);
        if (chunk == NULL) {
            return NO_SLOT;
        }
        atomic_store_explicit(&sv_generation_chunks[num_slots / SV_CHUNK_SLOTS], chunk,
                              memory_order_release);
    }
    return num_slots++;
}

/* Under the lock: a free slot, or NO_SLOT. */
static uint32_t find_slot(void)
{
    uint32_t slot = first_free;
    if (slot == NO_SLOT) {
        return new_slot();
    }
    first_free = chunk_of(slot)->next_free[slot % SV_CHUNK_SLOTS];
    return slot;
}

static void set_generation(uint32_t slot, uint64_t generation)
{
    atomic_store_explicit(&chunk_of(slot)->generations[slot % SV_CHUNK_SLOTS], generation,
                          memory_order_release);
}

static bool take_slot(sv_buffer *buffer)
{
    pthread_mutex_lock(&table_lock);
    buffer->slot = find_slot();
    if (buffer->slot != NO_SLOT) {
        buffer->generation = ++last_generation;
        set_generation(buffer->slot, buffer->generation);
    }
    pthread_mutex_unlock(&table_lock);
    return buffer->slot != NO_SLOT;
}

static void leave_slot(const sv_buffer *buffer)
{
    pthread_mutex_lock(&table_lock);
    set_generation(buffer->slot, 0);
    chunk_of(buffer->slot)->next_free[buffer->slot % SV_CHUNK_SLOTS] = first_free;
    first_free = buffer->slot;
    pthread_mutex_unlock(&table_lock);
}

uint32_t sv_buffer_slot(const sv_buffer *buffer)
{
    return buffer->slot;
}

uint64_t sv_buffer_generation(const sv_buffer *buffer)
{
    return buffer->generation;
}

/* ---- memory to buffer, and back ------------------------------------------------------------- */

static void release(const struct memory *memory)
{
    if (memory->origin == ALLOCATED) {
        sv_free(memory->address);
    } else if (memory->origin == MAPPED && memory->address != NULL) {
        munmap(memory->address, memory->size_bytes);
    }
    if (memory->fd >= 0) {
        close(memory->fd);
    }
}

/* The memory is the buffer's from here on, and released when there can be no buffer. */
static sv_status open_buffer(const struct memory *memory, sv_buffer **buffer, sv_error *error)
{
    sv_buffer *opened = sv_malloc(sizeof *opened);
    if (opened == NULL) {
        release(memory);
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->memory = *memory;
    atomic_init(&opened->pins, 0);
    if (!take_slot(opened)) {
        release(memory);
        sv_free(opened);
        return sv_fail(error, SV_NOMEM, "out of memory: no room for another buffer; close some");
    }
    *buffer = opened;
    return SV_OK;
}

sv_status sv_buffer_close(sv_buffer *buffer)
{
    if (buffer == NULL) {
        return SV_OK;
    }
    if (atomic_load_explicit(&buffer->pins, memory_order_acquire) != 0) {
        return SV_BUSY;
    }
    leave_slot(buffer);
    release(&buffer->memory);
    sv_free(buffer);
    return SV_OK;
}

void sv_buffer_pin(sv_buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->pins, 1, memory_order_relaxed);
}

void sv_buffer_unpin(sv_buffer *buffer)
{
    atomic_fetch_sub_explicit(&buffer->pins, 1, memory_order_release);
}

size_t sv_buffer_size_bytes(const sv_buffer *buffer)
{
    return buffer->memory.size_bytes;
}

bool sv_buffer_readonly(const sv_buffer *buffer)
{
    return buffer->memory.readonly;
}

const void *sv_buffer_data(const sv_buffer *buffer)
{
    return buffer->memory.address;
}

int sv_buffer_fd(const sv_buffer *buffer)
{
    return buffer->memory.fd;
}

/* Views count in int64_t, and pointers into one object must have a difference. */
static sv_status check_size(uintmax_t size_bytes, sv_error *error)
{
    if (size_bytes > PTRDIFF_MAX) {
        return sv_fail(error, SV_OVERFLOW,
                       "%ju bytes do not fit in the address space; take a part of them",
                       size_bytes);
    }
    return SV_OK;
}

/* ---- allocated and lent memory -------------------------------------------------------------- */

sv_status sv_buffer_alloc(size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    struct memory memory = {.size_bytes = size_bytes, .origin = ALLOCATED, .fd = -1};
    if (size_bytes != 0) {
        memory.address = sv_malloc_aligned(ALIGNMENT, size_bytes);
        if (memory.address == NULL) {
            return sv_fail_memory(error, size_bytes);
        }
        memset(memory.address, 0, size_bytes);
    }
    return open_buffer(&memory, buffer, error);
}

static sv_status lend(void *address, size_t size_bytes, bool readonly, sv_buffer **buffer,
                      sv_error *error)
{
    struct memory memory = {
        .size_bytes = size_bytes, .origin = LENT, .fd = -1, .readonly = readonly};
    sv_status status = check_size(size_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    if (address == NULL && size_bytes != 0) {
        return sv_fail(error, SV_INVALID, "there are no %zu bytes at a null pointer", size_bytes);
    }
    memory.address = size_bytes != 0 ? address : NULL;
    return open_buffer(&memory, buffer, error);
}

sv_status sv_buffer_borrow(void *memory, size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    return lend(memory, size_bytes, false, buffer, error);
}

sv_status sv_buffer_borrow_const(const void *memory, size_t size_bytes, sv_buffer **buffer,
                                 sv_error *error)
{
    return lend((void *)memory, size_bytes, true, buffer, error);
}

/* ---- mapped files --------------------------------------------------------------------------- */

static sv_status check_access(sv_access access, sv_error *error)
{
    if (access != SV_READ && access != SV_SHARED && access != SV_PRIVATE) {
        return sv_fail(error, SV_INVALID, "there is no access %d", (int)access);
    }
    return SV_OK;
}

static sv_status check_regular(mode_t mode, sv_error *error)
{
    if (S_ISREG(mode)) {
        return SV_OK;
    }
    if (S_ISDIR(mode)) {
        return sv_fail(error, SV_INVALID, "it is a directory; name a file in it");
    }
    return sv_fail(error, SV_INVALID, "%s is not a regular file; copy what it gives to one",
                   S_ISFIFO(mode) ? "a pipe" : (S_ISSOCK(mode) ? "a socket" : "a device"));
}

static void *map(int fd, size_t size_bytes, sv_access access)
{
    int protection = access == SV_READ ? PROT_READ : PROT_READ | PROT_WRITE;
    /* Private pages are copied when stored to: reserving room for a whole file at once would
     * refuse the large ones. */
    int flags = access == SV_PRIVATE ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
    return mmap(NULL, size_bytes, protection, flags, fd, 0);
}

/* The whole of what is behind `fd`, which is the buffer's from here on. */
static sv_status map_whole(int fd, sv_access access, sv_buffer **buffer, sv_error *error)
{
    struct memory memory = {.origin = MAPPED, .fd = fd, .readonly = access == SV_READ};
    struct stat about;
    if (fstat(fd, &about) != 0) {
        sv_fail_errno(error, "its size cannot be asked");
        close(fd);
        return SV_IO;
    }
    sv_status status = check_size((uintmax_t)about.st_size, error);
    if (status != SV_OK) {
        close(fd);
        return status;
    }
    memory.size_bytes = (size_t)about.st_size;
    if (memory.size_bytes == 0) {
        return open_buffer(&memory, buffer, error);
    }
    memory.address = map(fd, memory.size_bytes, access);
    if (memory.address == MAP_FAILED) {
        sv_fail_errno(error, "its %zu bytes cannot be mapped", memory.size_bytes);
        close(fd);
        return SV_IO;
    }
    return open_buffer(&memory, buffer, error);
}

static sv_status map_regular(int fd, sv_access access, sv_buffer **buffer, sv_error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        sv_fail_errno(error, "its kind cannot be asked");
        close(fd);
        return SV_IO;
    }
    sv_status status = check_regular(about.st_mode, error);
    if (status != SV_OK) {
        close(fd);
        return status;
    }
    return map_whole(fd, access, buffer, error);
}

/* Why open() failed: what is no regular file may refuse to be opened for reasons of its own. */
static sv_status fail_to_open(const char *path, sv_error *error)
{
    struct stat about;
    int system_error = errno;
    sv_status status = stat(path, &about) == 0 ? check_regular(about.st_mode, error) : SV_OK;
    if (status != SV_OK) {
        return status;
    }
    errno = system_error;
    return sv_fail_errno(error, "it cannot be opened");
}

sv_status sv_buffer_map(const char *path, sv_access access, sv_buffer **buffer, sv_error *error)
{
    sv_status status = check_access(access, error);
    if (status != SV_OK) {
        return status;
    }
    /* Not blocking: a pipe without a writer would keep us waiting only to be refused. */
    int fd =
        open(path, (access == SV_SHARED ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail_to_open(path, error);
    }
    return map_regular(fd, access, buffer, error);
}

sv_status sv_buffer_map_fd(int fd, sv_access access, sv_buffer **buffer, sv_error *error)
{
    sv_status status = check_access(access, error);
    if (status != SV_OK) {
        return status;
    }
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) {
        return sv_fail_errno(error, "the descriptor cannot be duplicated");
    }
    return map_regular(own, access, buffer, error);
}

/* ---- guarded access ------------------------------------------------------------------------- */

sv_status sv_buffer_guard(const sv_buffer *buffer, void (*body)(void *context), void *context,
                          sv_error *error)
{
    const struct memory *memory = &buffer->memory;
    const void *fault;
    if (sv_guard_run(body, context, memory->address, memory->size_bytes, &fault)) {
        return SV_OK;
    }
    return sv_fail(error, SV_TRUNCATED,
                   "the file was cut before byte %td while it was read; take it again when nothing "
                   "writes to it",
                   (const char *)fault - (const char *)memory->address);
}

uint64_t sv_num_allocations(void)
{
    return sv_memory_count();
}

/* ---- shared memory -------------------------------------------------------------------------- */

static sv_status check_name(const char *name, sv_error *error)
{
    if (name[0] != '/' || name[1] == '\0' || strchr(name + 1, '/') != NULL) {
        return sv_fail(error, SV_INVALID,
                       "the name of shared memory is a slash and then none; try /quake");
    }
    return SV_OK;
}

/* Takes the room at once, so that a full file system answers here and not with a signal at some
 * later store. Returns 0 or the errno. */
static int reserve(int fd, size_t size_bytes)
{
#if _POSIX_ADVISORY_INFO > 0
    int failure = 0;
    do {
        failure = size_bytes != 0 ? posix_fallocate(fd, 0, (off_t)size_bytes) : 0;
    } while (failure == EINTR);
    return failure == EOPNOTSUPP ? 0 : failure;
#else
    (void)fd;
    (void)size_bytes;
    return 0;
#endif
}

/* A new shared memory object, of `size_bytes` zeros; −1 and the errno. */
static int create_object(const char *name, size_t size_bytes)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    int failure = ftruncate(fd, (off_t)size_bytes) == 0 ? reserve(fd, size_bytes) : errno;
    if (failure != 0) {
        close(fd);
        shm_unlink(name);
        errno = failure;
        return -1;
    }
    return fd;
}

sv_status sv_buffer_shm_create(const char *name, size_t size_bytes, sv_buffer **buffer,
                               sv_error *error)
{
    sv_status status = check_name(name, error);
    if (status == SV_OK) {
        status = check_size(size_bytes, error);
    }
    if (status != SV_OK) {
        return status;
    }
    int fd = create_object(name, size_bytes);
    if (fd < 0) {
        return sv_fail_errno(error, "shared memory of %zu bytes cannot be made", size_bytes);
    }
    status = map_whole(fd, SV_SHARED, buffer, error);
    if (status != SV_OK) {
        shm_unlink(name);
    }
    return status;
}

sv_status sv_buffer_shm_open(const char *name, sv_access access, sv_buffer **buffer,
                             sv_error *error)
{
    sv_status status = check_access(access, error);
    if (status == SV_OK) {
        status = check_name(name, error);
    }
    if (status != SV_OK) {
        return status;
    }
    int fd = shm_open(name, (access == SV_SHARED ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);
    if (fd < 0) {
        return sv_fail_errno(error, "the shared memory cannot be opened");
    }
    return map_whole(fd, access, buffer, error);
}

sv_status sv_buffer_shm_unlink(const char *name, sv_error *error)
{
    sv_status status = check_name(name, error);
    if (status != SV_OK) {
        return status;
    }
    if (shm_unlink(name) != 0) {
        return sv_fail_errno(error, "the name of the shared memory cannot be removed");
    }
    return SV_OK;
}

sv_status sv_buffer_unlinked_shm(size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    char name[64];
    sv_status status = check_size(size_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    int fd = -1;
    for (unsigned attempt = 0; attempt == 0 || (fd < 0 && errno == EEXIST); attempt++) {
        snprintf(name, sizeof name, "/seisview-%ld-%u", (long)getpid(), attempt);
        fd = create_object(name, size_bytes);
    }
    if (fd < 0) {
        return sv_fail_errno(error, "shared memory of %zu bytes cannot be made", size_bytes);
    }
    shm_unlink(name);
    return map_whole(fd, SV_SHARED, buffer, error);
}

sv_status sv_buffer_scratch(size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    const char *directory = sv_temporary_directory();
    sv_status status = check_size(size_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    int fd = sv_open_nameless(directory);
    int failure = fd < 0 || ftruncate(fd, (off_t)size_bytes) != 0 ? errno : reserve(fd, size_bytes);
    if (failure == 0) {
        return map_whole(fd, SV_SHARED, buffer, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = failure;
    return sv_fail_errno(error,
                         "a scratch file of %zu bytes cannot be made in %s; let TMPDIR name a "
                         "directory with room",
                         size_bytes, directory);
}

#ifdef HAVE_MEMFD_CREATE
sv_status sv_buffer_memfd(const char *name, size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    char label[64]; /* the system refuses long ones, and a label is no reason to fail */
    sv_status status = check_size(size_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    snprintf(label, sizeof label, "%s", name != NULL ? name : "seisview");
    int fd = memfd_create(label, MFD_CLOEXEC);
    if (fd < 0 && errno == ENOSYS) {
        return sv_buffer_unlinked_shm(size_bytes, buffer, error);
    }
    if (fd < 0) {
        return sv_fail_errno(error, "shared memory of %zu bytes cannot be made", size_bytes);
    }
    if (ftruncate(fd, (off_t)size_bytes) != 0) {
        sv_fail_errno(error, "shared memory of %zu bytes cannot be made", size_bytes);
        close(fd);
        return SV_IO;
    }
    return map_whole(fd, SV_SHARED, buffer, error);
}
#else
sv_status sv_buffer_memfd(const char *name, size_t size_bytes, sv_buffer **buffer, sv_error *error)
{
    (void)name;
    return sv_buffer_unlinked_shm(size_bytes, buffer, error);
}
#endif
