/* Memory for lists of which nobody knows how long they become. As long as the budget of a spill
 * lasts they lie in memory; then in a nameless file that is mapped, whose pages the system may
 * write out when it needs the room. */
#ifndef SV_BASE_SPILL_H
#define SV_BASE_SPILL_H

#include <stddef.h>
#include <stdint.h>

/* Of one thread. */
typedef struct sv_spill {
    size_t memory_left; /* bytes of the budget */
    int fd;             /* −1: there is no file yet */
    int64_t file_bytes;
} sv_spill;

void sv_spill_begin(sv_spill *spill, size_t budget_bytes);

/* What was allocated stays. */
void sv_spill_end(sv_spill *spill);

/* NULL when there is neither memory nor a file. Where no file can be had, memory is taken. */
void *sv_spill_alloc(sv_spill *spill, size_t size_bytes);

/* `spill` may be NULL when it has ended; `memory` too. */
void sv_spill_free(sv_spill *spill, void *memory);

#endif
