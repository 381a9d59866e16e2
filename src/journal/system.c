#include "journal/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/guard.h"
#include "seisview/time.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* ---- files ------------------------------------------------------------------------------- */

static int open_file(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
}

/* The numbers are those of statfs(2). */
static bool is_remote(int fd)
{
    static const uint32_t remote[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB 2 */
        0x5346414f, /* AFS */
        0x6b414653, /* kAFS */
        0x00c36400, /* Ceph */
        0x0bd00bd0, /* Lustre */
        0x47504653, /* GPFS */
        0x01021997  /* 9P */
    };
    struct statfs system;
    if (fstatfs(fd, &system) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
        if ((uint32_t)system.f_type == remote[i]) {
            return true;
        }
    }
    return false;
}

static int64_t birth_of(int fd)
{
    struct statx file;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &file) != 0 ||
        (file.stx_mask & STATX_BTIME) == 0) {
        return SV_TIME_NONE;
    }
    return (int64_t)file.stx_btime.tv_sec * 1000000000 + file.stx_btime.tv_nsec;
}

static int identify(int fd, sv_identity *identity)
{
    struct stat file;
    if (fstat(fd, &file) != 0) {
        return -1;
    }
    *identity = (sv_identity){.inode = file.st_ino,
                              .birth = birth_of(fd),
                              .size_bytes = file.st_size,
                              .num_links = (int64_t)file.st_nlink,
                              .mode = file.st_mode & 07777,
                              .owner = file.st_uid,
                              .group = file.st_gid,
                              .is_regular = S_ISREG(file.st_mode),
                              .is_remote = is_remote(fd),
                              .has_holes = (int64_t)file.st_blocks * 512 < file.st_size};
    return 0;
}

static int64_t size_of(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 ? file.st_size : -1;
}

static int get_random(void *bytes, size_t num_bytes)
{
    return getrandom(bytes, num_bytes, 0) == (ssize_t)num_bytes ? 0 : -1;
}

/* ---- mapped windows ---------------------------------------------------------------------- */

static void *map(int fd, size_t num_bytes, off_t offset)
{
    void *mapped = mmap(NULL, num_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    return mapped != MAP_FAILED ? mapped : NULL;
}

/* Kernels before 5.14 do not know the advice; the guard is all that is left there. */
static int populate(void *mapped, size_t num_bytes)
{
    int failure = madvise(mapped, num_bytes, MADV_POPULATE_WRITE);
    return failure != 0 && errno == EINVAL ? 0 : failure;
}

typedef struct stores {
    char *to;
    const sv_run *run;
    const char *from;
} stores;

/* Sixteen bytes by one instruction, at any address. */
typedef uint64_t sixteen __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t eight __attribute__((aligned(1), may_alias));
typedef uint32_t four __attribute__((aligned(1), may_alias));
typedef uint16_t two __attribute__((aligned(1), may_alias));

/* One instruction where the size is a power of two. Volatile: the compiler neither splits the
 * store nor makes a memcpy of many, which may be stopped in the middle of an item. */
static void store_item(char *to, const char *from, int64_t item_bytes)
{
    switch (item_bytes) {
    case 8: *(volatile eight *)to = *(const eight *)from; break;
    case 4: *(volatile four *)to = *(const four *)from; break;
    case 2: *(volatile two *)to = *(const two *)from; break;
    default:
        for (int64_t i = 0; i < item_bytes; i++) {
            ((volatile char *)to)[i] = from[i];
        }
    }
}

/* Items one after the other, whole ones by each instruction. */
static void store_row(char *to, const char *from, int64_t num_bytes, int64_t item_bytes)
{
    int64_t done = 0;
    for (; 16 % item_bytes == 0 && done <= num_bytes - 16; done += 16) {
        *(volatile sixteen *)(to + done) = *(const sixteen *)(from + done);
    }
    for (; done < num_bytes; done += item_bytes) {
        store_item(to + done, from + done, item_bytes);
    }
}

static void store_all(void *context)
{
    const stores *s = context;
    const sv_run *run = s->run;
    char *to = s->to + run->offset_bytes;
    if (run->stride_bytes == run->item_bytes) {
        store_row(to, s->from, run->count * run->item_bytes, run->item_bytes);
        return;
    }
    for (int64_t i = 0; i < run->count; i++) {
        store_item(to + i * run->stride_bytes, s->from + i * run->item_bytes, run->item_bytes);
    }
}

static int store(void *mapped, size_t num_bytes, const sv_run *run, const void *items)
{
    const void *fault;
    stores all = {mapped, run, items};
    if (!sv_guard_run(store_all, &all, mapped, num_bytes, &fault)) {
        errno = EIO;
        return -1;
    }
    return 0;
}

/* ---- locks ------------------------------------------------------------------------------- */

/* A lock of the open file description, which other threads' closing of the file does not drop;
 * where there are none, the process's own. */
#ifdef F_OFD_SETLK
enum { SET_LOCK = F_OFD_SETLK };
#else
enum { SET_LOCK = F_SETLK };
#endif

static int lock(int fd, sv_lock_kind kind, off_t offset)
{
    static const short types[] = {F_UNLCK, F_RDLCK, F_WRLCK};
    struct flock byte;
    memset(&byte, 0, sizeof byte);
    byte.l_type = types[kind];
    byte.l_whence = SEEK_SET;
    byte.l_start = offset;
    byte.l_len = 1;
    return fcntl(fd, SET_LOCK, &byte);
}

const sv_system sv_real_system = {
    .open = open_file,
    .close = close,
    .identify = identify,
    .size = size_of,
    .pread = pread,
    .pwrite = pwrite,
    .fdatasync = fdatasync,
    .fsync = fsync,
    .ftruncate = ftruncate,
    .fallocate = fallocate,
    .fchown = fchown,
    .fchmod = fchmod,
    .rename = rename,
    .unlink = unlink,
    .map = map,
    .populate = populate,
    .store = store,
    .unmap = munmap,
    .lock = lock,
    .random = get_random,
};
