/* Fenced memory: reading or writing outside of it ends the test. */
#ifndef TESTS_FENCED_H
#define TESTS_FENCED_H

#include <check.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct fenced {
    char *begin, *end;
} fenced;

static inline size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static inline fenced fence(size_t size_bytes)
{
    size_t page = page_bytes();
    size_t inner = (size_bytes + page - 1) / page * page;
    char *all = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    ck_assert_int_eq(mprotect(all + page, inner, PROT_READ | PROT_WRITE), 0);
    return (fenced){all + page, all + page + inner};
}

static inline void unfence(fenced memory)
{
    size_t page = page_bytes();
    munmap(memory.begin - page, (size_t)(memory.end - memory.begin) + 2 * page);
}

#endif
