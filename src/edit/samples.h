/* Samples of a file, read and stored through the table of calls. */
#ifndef SV_EDIT_SAMPLES_H
#define SV_EDIT_SAMPLES_H

#include "base/error.h"
#include "journal/system.h"

/* From its lowest byte to behind its highest. False: beyond 64 bits, below 0, or no run. */
bool sv_run_extent(const sv_run *run, int64_t *first_byte, int64_t *past_byte);

/* Reads the items, packed. `scratch` has room for the run's whole extent.
 * SV_TRUNCATED: the file ends before them; SV_IO. */
sv_status sv_samples_read(const sv_system *system, int fd, const sv_run *run, void *items,
                          void *scratch, sv_error *error);

/* Stores the items through a shared map of their pages. SV_TRUNCATED, SV_IO. */
sv_status sv_samples_store(const sv_system *system, int fd, const sv_run *run, const void *items,
                           sv_error *error);

/* The cells of a sample: it is cut where sectors meet, since a power loss may leave one of them
 * old. Whether each cell of each item that was found is the one before or the one after; `after`
 * NULL: it is not known. *at is the file's byte of the first that is neither. */
bool sv_samples_are_ours(const sv_run *run, const void *found, const void *before,
                         const void *after, int64_t *at);

#endif
