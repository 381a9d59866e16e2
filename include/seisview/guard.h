/* The fault guard: what keeps a program alive when a mapped file is truncated under it.
 *
 * Touching a page past the end of a mapped file is SIGBUS, which ends the process. Scans
 * (scan.h) read under a guard that turns the fault into SV_TRUNCATED with its byte offset, but
 * only once the program has asked for it here: the library installs no signal handler by itself.
 * Without it scans still look at the file's size before and after each block, and a truncation
 * in between ends the process, as it would without seisview. */
#ifndef SEISVIEW_GUARD_H
#define SEISVIEW_GUARD_H

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Installs the handler for SIGBUS, once for the process; further calls do nothing. Faults that are
 * not a guarded access of the faulting thread go to the handler that was there before, or to the
 * default action. Call it from main before other threads start. SV_IO: sigaction failed. */
SV_API sv_status sv_guard_install(sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
