/* Maxima of a function become detections: of those that are too near to each other the highest
 * stays. Maxima come in order; what can be decided is, and what cannot yet waits. */
#ifndef SV_ARRAY_MATCH_PEAKS_H
#define SV_ARRAY_MATCH_PEAKS_H

#include "seisview/status.h"

#include <stdint.h>

typedef struct sv_peak {
    int64_t index; /* of the template */
    int64_t position;
    float cc, before, after; /* the function there, and one position before and behind */
} sv_peak;

typedef struct sv_peaks {
    sv_peak *items;
    int64_t count, room;
} sv_peaks;

sv_status sv_peaks_add(sv_peaks *peaks, const sv_peak *peak, sv_error *error);
void sv_peaks_free(sv_peaks *peaks);

/* Moves from `waiting`, which is in order of position, to `kept` what stays of it, and drops what
 * lies less than `distance` from that, as far as peaks from `frontier` on, which are still to come,
 * cannot change it. */
sv_status sv_peaks_decide(sv_peaks *waiting, int64_t distance, int64_t frontier, sv_peaks *kept,
                          sv_error *error);

/* The maximum of the parabola through the peak and its neighbours, from the peak on: within ±0.5.
 */
double sv_peak_shift(const sv_peak *peak);

#endif
