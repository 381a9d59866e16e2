/* What the program says on standard error: one line at a time. */
#ifndef SV_CLI_MESSAGE_H
#define SV_CLI_MESSAGE_H

#include "seisview.h"

/* "seisview: FILE: what is wrong; what to do"; `file` NULL: none. */
void message(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says that memory ran out, and ends the program: for the few small things the program itself
 * keeps. The library answers SV_NOMEM. */
void *must_have(void *memory);

#endif
