#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic uint64_t num_allocations;
static atomic_long left_before_failure = -1;
static atomic_bool failure_is_sticky;

void sv_memory_fail_after(long count, bool sticky)
{
    atomic_store(&failure_is_sticky, sticky);
    atomic_store(&left_before_failure, count);
}

uint64_t sv_memory_count(void)
{
    return atomic_load_explicit(&num_allocations, memory_order_relaxed);
}

static bool must_fail(void)
{
    atomic_fetch_add_explicit(&num_allocations, 1, memory_order_relaxed);
    if (atomic_load_explicit(&left_before_failure, memory_order_relaxed) < 0) {
        return false;
    }
    long left = atomic_fetch_sub(&left_before_failure, 1);
    if (left > 0) {
        return false;
    }
    if (atomic_load(&failure_is_sticky)) {
        atomic_store(&left_before_failure, 0);
    }
    return true;
}

void *sv_malloc(size_t size_bytes)
{
    return must_fail() ? NULL : malloc(size_bytes != 0 ? size_bytes : 1);
}

void *sv_calloc(size_t count, size_t size_bytes)
{
    return must_fail() ? NULL : calloc(count != 0 ? count : 1, size_bytes != 0 ? size_bytes : 1);
}

void *sv_realloc(void *memory, size_t size_bytes)
{
    return must_fail() ? NULL : realloc(memory, size_bytes != 0 ? size_bytes : 1);
}

void *sv_malloc_aligned(size_t alignment, size_t size_bytes)
{
    void *memory = NULL;
    if (must_fail() || posix_memalign(&memory, alignment, size_bytes != 0 ? size_bytes : 1) != 0) {
        return NULL;
    }
    return memory;
}

char *sv_strdup(const char *text)
{
    size_t size_bytes = strlen(text) + 1;
    char *copy = sv_malloc(size_bytes);
    return copy != NULL ? memcpy(copy, text, size_bytes) : NULL;
}

void sv_free(void *memory)
{
    free(memory);
}
