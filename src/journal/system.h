/* The calls of the system through which everything that an edit reads, writes, maps and locks
 * goes, so that tests can let any of them fail, stop the program at any of them, or play a disk
 * that loses its power.
 *
 * As in POSIX: −1 and errno on failure. Nothing here repeats a call; callers go on after short
 * counts and EINTR where that is right. */
#ifndef SV_JOURNAL_SYSTEM_H
#define SV_JOURNAL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Samples of a file: `count` items of `item_bytes` each, `stride_bytes` from one to the next. */
typedef struct sv_run {
    int64_t offset_bytes; /* of the first item */
    int64_t count;
    int64_t stride_bytes; /* may be negative */
    int64_t item_bytes;
} sv_run;

/* What a file is, beside its name. */
typedef struct sv_identity {
    uint64_t inode;
    int64_t birth; /* ns since 1970, INT64_MIN: not known */
    int64_t size_bytes;
    int64_t num_links;
    mode_t mode;
    uid_t owner;
    gid_t group;
    bool is_regular;
    bool is_remote; /* on a file system whose other users are on other machines */
    bool has_holes; /* it has fewer blocks than its size needs */
} sv_identity;

typedef enum sv_lock_kind { SV_UNLOCK, SV_LOCK_TO_READ, SV_LOCK_TO_WRITE } sv_lock_kind;

typedef struct sv_system {
    int (*open)(const char *path, int flags, mode_t mode);
    int (*close)(int fd);
    int (*identify)(int fd, sv_identity *identity);
    int64_t (*size)(int fd);
    ssize_t (*pread)(int fd, void *bytes, size_t num_bytes, off_t offset);
    ssize_t (*pwrite)(int fd, const void *bytes, size_t num_bytes, off_t offset);
    int (*fdatasync)(int fd);
    int (*fsync)(int fd);
    int (*ftruncate)(int fd, off_t size_bytes);
    int (*fallocate)(int fd, int mode, off_t offset, off_t num_bytes);
    int (*fchown)(int fd, uid_t owner, gid_t group);
    int (*fchmod)(int fd, mode_t mode);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);

    /* Maps the bytes shared and writable; `offset` is a multiple of the page size. NULL: failed. */
    void *(*map)(int fd, size_t num_bytes, off_t offset);
    /* Makes the pages ready for stores, so that a full disk answers here and not with a signal. */
    int (*populate)(void *mapped, size_t num_bytes);
    /* Stores items that lie one after the other in `items` to the places of `run`, whose offset
     * counts from `mapped`. An item of 1, 2, 4 or 8 bytes is never left half stored when the
     * process is killed. −1: a page could not be written. */
    int (*store)(void *mapped, size_t num_bytes, const sv_run *run, const void *items);
    int (*unmap)(void *mapped, size_t num_bytes);

    /* One byte of the file, not waiting; EAGAIN or EACCES: somebody else's. */
    int (*lock)(int fd, sv_lock_kind kind, off_t offset);
    int (*random)(void *bytes, size_t num_bytes);
} sv_system;

/* The real one. */
extern const sv_system sv_real_system;

#endif
