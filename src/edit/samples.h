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

/* The stretch of a file that is mapped while samples are stored; zeros: none. It is wider than a
 * window, since a page cache that holds a file in folios of up to 2 MiB makes one of them writable
 * at once where the map covers all of it, and otherwise page by page, each at the cost of all. */
typedef struct sv_stretch {
    void *mapped;
    int64_t first, past; /* bytes of the file */
} sv_stretch;

/* Stores the items through a shared map of their pages: of `stretch`, which is moved where they lie
 * outside of it. SV_TRUNCATED, SV_IO. */
sv_status sv_samples_store(const sv_system *system, int fd, sv_stretch *stretch, const sv_run *run,
                           const void *items, sv_error *error);

/* Nothing can be stored any more. SV_IO. */
sv_status sv_stretch_close(const sv_system *system, sv_stretch *stretch, sv_error *error);

/* The cells of a sample: it is cut where sectors meet, since a power loss may leave one of them
 * old. Whether each cell of each item that was found is the one before or the one after; `after`
 * NULL: it is not known. *at is the file's byte of the first that is neither. */
bool sv_samples_are_ours(const sv_run *run, const void *found, const void *before,
                         const void *after, int64_t *at);

#endif
