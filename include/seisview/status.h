/* Statuses and errors.
 *
 * Convention, for every function of seisview that can fail:
 *   - it returns an sv_status, SV_OK on success;
 *   - results come last among the arguments, followed only by the optional sv_error;
 *   - on failure no result is written, unless its page says otherwise;
 *   - sizes are in elements unless the name ends in _bytes; ranges are half-open [from, to).
 *
 * The library never prints, exits, aborts or installs a signal handler unless asked (guard.h).
 */
#ifndef SEISVIEW_STATUS_H
#define SEISVIEW_STATUS_H

#include "seisview/api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sv_status {
#define SV_STATUS(name, text) SV_##name,
#include "seisview/status.def"
#undef SV_STATUS
    SV_NUM_STATUSES /* not a status: how many there are */
} sv_status;

#define SV_ERROR_SIZE 512

/* What went wrong, as one sentence for a person: what is wrong and where (byte, channel, sample),
 * and after a semicolon what to do. It does not name the file: the caller knows it.
 * The caller owns the struct; every function that takes an `sv_error *` takes NULL too.
 * Written on failure alone; it needs no initialisation and nothing to free. */
typedef struct sv_error {
    sv_status status;
    int system_error;            /* errno where a system call failed, else 0 */
    char message[SV_ERROR_SIZE]; /* NUL-terminated UTF-8, one line */
} sv_error;

/* The text of a status: a static string, never NULL, also for a number that is none.
 * Any thread. */
SV_API const char *sv_status_text(sv_status status);

/* The name of a status ("SV_RANGE"): a static string, never NULL. Any thread. */
SV_API const char *sv_status_name(sv_status status);

#ifdef __cplusplus
}
#endif
#endif
