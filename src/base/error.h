/* Filling in an sv_error. */
#ifndef SV_BASE_ERROR_H
#define SV_BASE_ERROR_H

#include <stddef.h>

#include "seisview/api.h"
#include "seisview/status.h"

#if defined(__GNUC__)
#define SV_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SV_PRINTF(text, first)
#endif

/* Writes the sentence into `error` (NULL: nowhere) and returns `status`, so that a failing
 * function ends in `return sv_fail(error, SV_RANGE, "…", …)`. */
sv_status sv_fail(sv_error *error, sv_status status, const char *format, ...) SV_PRINTF(3, 4);

/* The same for a failed system call: SV_IO, errno kept, and its text after the sentence:
 * "cannot open it: Permission denied". Uses errno as it is at the call. */
sv_status sv_fail_errno(sv_error *error, const char *format, ...) SV_PRINTF(2, 3);

/* Puts "PATH: " in front of the sentence, for errors that are of one file among several, and
 * returns `status`. */
sv_status sv_fail_at(sv_error *error, const char *path, sv_status status);

/* "out of memory" with the bytes that were asked for. */
sv_status sv_fail_memory(sv_error *error, size_t size_bytes);

#endif
