/* Buffers: memory with an owner. Views (view.h) borrow them.
 *
 * A buffer is opened by one of the functions below and closed by sv_buffer_close(). Closing makes
 * every view of it stale: using one answers SV_STALE, never a crash. Closing while it is pinned
 * (a scan reads it) answers SV_BUSY and closes nothing.
 *
 * Threads: any number may read one buffer, and write to parts that do not overlap. Closing while
 * another thread accesses samples through a view, without a pin, is a race the caller prevents;
 * opening and closing different buffers is free. */
#ifndef SEISVIEW_BUFFER_H
#define SEISVIEW_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_buffer sv_buffer;

typedef enum sv_access {
    SV_READ,   /* stores answer SV_READONLY */
    SV_SHARED, /* stores reach the file, and other processes */
    SV_PRIVATE /* stores stay in this process, the file is not changed */
} sv_access;

/* Maps the whole regular file `path`. An empty file gives an empty buffer.
 * SV_IO: it cannot be opened or mapped (the errno says why); SV_INVALID: not a regular file;
 * SV_OVERFLOW: larger than the address space; SV_NOMEM. */
SV_API sv_status sv_buffer_map(const char *path, sv_access access, sv_buffer **buffer,
                               sv_error *error);

/* The same for an open file descriptor, which stays the caller's (it is duplicated). */
SV_API sv_status sv_buffer_map_fd(int fd, sv_access access, sv_buffer **buffer, sv_error *error);

/* Allocated memory of zeros, 64-byte aligned, writable. SV_NOMEM. */
SV_API sv_status sv_buffer_alloc(size_t size_bytes, sv_buffer **buffer, sv_error *error);

/* Memory that the caller owns and keeps until the buffer is closed. SV_INVALID: no address for
 * more than 0 bytes; SV_OVERFLOW, SV_NOMEM. */
SV_API sv_status sv_buffer_borrow(void *memory, size_t size_bytes, sv_buffer **buffer,
                                  sv_error *error);
SV_API sv_status sv_buffer_borrow_const(const void *memory, size_t size_bytes, sv_buffer **buffer,
                                        sv_error *error);

/* POSIX shared memory by name ("/quake"). `create` makes it, with mode 0600 and `size_bytes` zeros,
 * and fails where it exists; `open` takes it as it is, whole. The name lives until
 * sv_buffer_shm_unlink(); buffers that hold it stay valid after that.
 * SV_IO, SV_INVALID: the name is not a slash and more without one; SV_OVERFLOW, SV_NOMEM. */
SV_API sv_status sv_buffer_shm_create(const char *name, size_t size_bytes, sv_buffer **buffer,
                                      sv_error *error);
SV_API sv_status sv_buffer_shm_open(const char *name, sv_access access, sv_buffer **buffer,
                                    sv_error *error);
SV_API sv_status sv_buffer_shm_unlink(const char *name, sv_error *error);

/* Anonymous shared memory of zeros behind a file descriptor (memfd; an unlinked shared memory
 * object where the system has none): inherited over fork, passed over a socket. `name` is for
 * debuggers alone, and may be NULL. sv_buffer_fd() gives the descriptor.
 * SV_IO, SV_OVERFLOW, SV_NOMEM. */
SV_API sv_status sv_buffer_memfd(const char *name, size_t size_bytes, sv_buffer **buffer,
                                 sv_error *error);

/* A nameless file of zeros in $TMPDIR, else in /var/tmp, mapped for SV_SHARED: scratch space that
 * may be larger than memory, and is gone when the buffer is closed or the process ends in any way.
 * SV_IO: among others, the disk is full; SV_OVERFLOW, SV_NOMEM. */
SV_API sv_status sv_buffer_scratch(size_t size_bytes, sv_buffer **buffer, sv_error *error);

/* Closes and frees; NULL is SV_OK. SV_BUSY: it is pinned, nothing was closed. */
SV_API sv_status sv_buffer_close(sv_buffer *buffer);

/* A pin keeps a buffer from being closed. Any thread; each pin needs its unpin. */
SV_API void sv_buffer_pin(sv_buffer *buffer);
SV_API void sv_buffer_unpin(sv_buffer *buffer);

SV_API size_t sv_buffer_size_bytes(const sv_buffer *buffer);
SV_API bool sv_buffer_readonly(const sv_buffer *buffer);

/* First byte; NULL for an empty buffer. Valid until the buffer is closed. */
SV_API const void *sv_buffer_data(const sv_buffer *buffer);

/* The buffer's own descriptor, −1 for memory without one. Do not close it. */
SV_API int sv_buffer_fd(const sv_buffer *buffer);

/* Runs body(context), which reads or stores through views of `buffer`. Where the file behind it is
 * cut meanwhile, the body is left at once and the answer is SV_TRUNCATED; it must be harmless to
 * leave: no locks, and no memory that nothing else knows of. Needs sv_guard_install() (guard.h);
 * without it such an access ends the process. Any thread. */
SV_API sv_status sv_buffer_guard(const sv_buffer *buffer, void (*body)(void *context),
                                 void *context, sv_error *error);

/* How often the library has asked for memory since the process began, on all threads: with this
 * tests and benches hold that a view allocates nothing. */
SV_API uint64_t sv_num_allocations(void);

#ifdef __cplusplus
}
#endif
#endif
