/* Whether raw samples look as if they were stored in the other byte order. */
#ifndef SV_FORMAT_ORDER_H
#define SV_FORMAT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "seisview/recording.h"

/* Samples of one channel as they lie in the file, `stride_bytes` apart. */
typedef struct sv_stored_run {
    sv_dtype dtype;
    int64_t offset_bytes;
    int64_t num_samples;
    int64_t stride_bytes;
} sv_stored_run;

/* Looks at a bounded number of samples spread over the run. *wrong is set where they make no sense
 * as they are, and do with their bytes the other way round; never for zeros, constants, noise,
 * tiny values or NaN, of which either order makes as much or as little sense.
 * SV_IO, SV_TRUNCATED, SV_NOMEM. */
sv_status sv_order_looks_wrong(const sv_recording *recording, const sv_stored_run *run, bool *wrong,
                               sv_error *error);

#endif
