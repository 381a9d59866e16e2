/* What a test cannot do in an instrumented program. */
#ifndef SV_TESTS_SANITIZERS_H
#define SV_TESTS_SANITIZERS_H

#include <stdbool.h>

/* Clang says it in another way than gcc. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SV_THREAD_SANITIZER 1
#endif
#if __has_feature(address_sanitizer)
#define SV_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define SV_THREAD_SANITIZER 1
#elif defined(__SANITIZE_ADDRESS__)
#define SV_ADDRESS_SANITIZER 1
#endif

/* ThreadSanitizer keeps most of the address space, and all signals blocked once a handler has been
 * left by a jump. */
static inline bool under_thread_sanitizer(void)
{
#ifdef SV_THREAD_SANITIZER
    return true;
#else
    return false;
#endif
}

/* Memory is then not what a program would take without. */
static inline bool under_memory_tracker(void)
{
#if defined(SV_THREAD_SANITIZER) || defined(SV_ADDRESS_SANITIZER)
    return true;
#else
    return false;
#endif
}

#endif
