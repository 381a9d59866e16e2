/* What a template holds: its channels, with the mean taken off and scaled to a sum of squares of 1.
 */
#ifndef SV_ARRAY_MATCH_TEMPLATE_H
#define SV_ARRAY_MATCH_TEMPLATE_H

#include "seisview/match.h"

typedef struct sv_template_part {
    char id[SV_ID_SIZE];
    int64_t delay; /* after the earliest channel */
    int64_t length;
    double *samples;
} sv_template_part;

struct sv_template {
    double sample_rate;
    int64_t num_channels;
    int64_t span; /* from the first sample to behind the last */
    sv_template_part *channels;
};

#endif
