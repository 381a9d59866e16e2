/* SIGINT, SIGTERM and SIGHUP: a line, then death by that signal, so that a shell or a job queue
 * sees what ended the program. A second signal ends it at once.
 *
 * During a scan the first signal only sets the flag that stops it; anywhere else there is nothing
 * to stop, and the program dies where it stands. A signal that was ignored when the program
 * started (nohup) stays ignored. */
#ifndef SV_CLI_SIGNALS_H
#define SV_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

void signals_install(void);

/* For sv_scan_options.cancel. */
const volatile sig_atomic_t *signals_flag(void);

/* Around work that looks at the flag. */
void signals_begin_work(void);
void signals_end_work(void);

/* Whether a signal has stopped the work. */
bool signals_stopped(void);

/* Says which signal stopped the work, and dies by it; returns when none did. */
void signals_die(void);

#endif
