/* Operations: what an edit (edit.h) does to samples, by name, as on the command line.
 *
 * Operations are applied in their order, composed in float64, and the result is rounded once into
 * the samples' type: integers to the nearest, ties to even; what lies beyond a type saturates. A
 * sample that they leave as it was keeps its bytes. */
#ifndef SEISVIEW_OPERATION_H
#define SEISVIEW_OPERATION_H

#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers stand in journals: they stay. */
typedef enum sv_operation_kind {
    SV_GAIN = 1,        /* x · value */
    SV_OFFSET = 2,      /* x + value */
    SV_INVERT = 3,      /* −x */
    SV_DEMEAN = 4,      /* x − its trend of order 0 */
    SV_DETREND = 5,     /* x − its trend of `order` */
    SV_CLIP = 6,        /* into [value, high]; NaN stays */
    SV_DESPIKE = 7,     /* more than value · 1.4826 MAD from the median of 11: the median */
    SV_FILL = 8,        /* NaN: value */
    SV_FILL_LINEAR = 9, /* NaN: on the line between the nearest finite samples on both sides; where
                           one side has none, as the other's; where none is, NaN stays */
    SV_SET = 10,        /* value at `index`, counted from the segment's first sample */
    SV_TAPER = 11 /* · sin²(π/2 · j/n): n is `value` of the window, j the distance from the
                     nearer end of it */
} sv_operation_kind;

typedef struct sv_operation {
    sv_operation_kind kind;
    int order;
    int64_t index;
    double value, high;
} sv_operation;

/* Of one edit. */
enum { SV_MOST_OPERATIONS = 64 };

/* An operation by the name of its option ("gain", "fill-nan") and the option's argument, NULL where
 * it has none. SV_INVALID: there is none of that name, or the argument makes no sense. */
SV_API sv_status sv_operation_parse(const char *name, const char *argument, sv_operation *operation,
                                    sv_error *error);

#define SV_OPERATION_TEXT_SIZE 80

/* As on the command line: "--gain=2.5". Returns `text`. */
SV_API char *sv_operation_text(const sv_operation *operation, char text[SV_OPERATION_TEXT_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
