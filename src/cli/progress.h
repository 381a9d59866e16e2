/* The progress bar on standard error:
 *
 *   quake.bin  [#########-----------]  45 %  14.2 GB/s  0:03 left
 *
 * There is one, since there is one terminal: it is drawn when the work lasts over a second, and
 * erased before anything else is said and at the end. */
#ifndef SV_CLI_PROGRESS_H
#define SV_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_mode {
    PROGRESS_AUTO, /* when standard error is a terminal and the work lasts over a second */
    PROGRESS_ALWAYS,
    PROGRESS_NEVER
};

/* `label` is borrowed until progress_end(). */
void progress_begin(enum progress_mode mode, const char *label, int64_t total_bytes);

/* There is more to do than was said. */
void progress_expect(int64_t total_bytes);

/* So much is done; draws now and then. */
void progress_update(int64_t done_bytes);

/* Takes the bar away; the next update draws it again. */
void progress_erase(void);
void progress_erase_from_handler(void); /* async-signal-safe */

void progress_end(void);

#endif
