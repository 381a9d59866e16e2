/* A crew: threads that share out numbered pieces of work, and wait for more. */
#ifndef SV_ARRAY_CREW_H
#define SV_ARRAY_CREW_H

#include <stdint.h>

#include "seisview/status.h"

typedef struct sv_crew sv_crew;

/* Does piece i; `worker`, from 0, is the thread: less than sv_crew_size(). */
typedef void sv_crew_work(void *context, int64_t i, int worker);

/* `threads` with the caller's own, 0: sv_num_processors(); fewer where the system has no more.
 * SV_NOMEM. */
sv_status sv_crew_open(int threads, sv_crew **crew, sv_error *error);
void sv_crew_close(sv_crew *crew); /* NULL is fine */

int sv_crew_size(const sv_crew *crew);

/* Does the pieces [0, count), each once, in any order, and returns when all are done: what they
 * wrote is seen by the caller, and by the pieces of the next call. */
void sv_crew_run(sv_crew *crew, sv_crew_work *work, void *context, int64_t count);

#endif
