/* The guard's inner side: running code that touches mapped memory. */
#ifndef SV_BASE_GUARD_H
#define SV_BASE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "seisview/guard.h"

/* Runs body(context). When it touches a page in [start, start + size_bytes) that the system cannot
 * give (SIGBUS), the body is left at once, the result is false and *fault the address. The body
 * must then be harmless to leave: no locks, no allocation. May be nested: a fault ends the
 * innermost run whose memory it lies in. Without sv_guard_install() the signal takes its usual
 * course. */
bool sv_guard_run(void (*body)(void *context), void *context, const void *start, size_t size_bytes,
                  const void **fault);

#endif
