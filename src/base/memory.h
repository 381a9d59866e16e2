/* The allocator: every allocation of the library goes through here, so that tests can make the
 * Nth fail. */
#ifndef SV_BASE_MEMORY_H
#define SV_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As malloc, calloc, realloc and free; NULL when there is no memory, or when a test says so.
 * A size of 0 gives a pointer that can be freed. */
void *sv_malloc(size_t size_bytes);
void *sv_calloc(size_t count, size_t size_bytes);
void *sv_realloc(void *memory, size_t size_bytes);
void *sv_malloc_aligned(size_t alignment, size_t size_bytes); /* freed by sv_free too */
char *sv_strdup(const char *text);
void sv_free(void *memory);

/* How many of these have been asked for, on all threads. */
uint64_t sv_memory_count(void);

/* For tests: the allocation after `count` more fails, and with `sticky` all that follow.
 * A negative count turns it off. Not for use while other threads allocate. */
void sv_memory_fail_after(long count, bool sticky);

#endif
