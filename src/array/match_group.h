/* A thread's workplace: the functions of some templates over a group. */
#ifndef SV_ARRAY_MATCH_GROUP_H
#define SV_ARRAY_MATCH_GROUP_H

#include "array/match_cost.h"
#include "array/match_plan.h"

typedef struct sv_match_group {
    const sv_match_plan *plan;
    sv_timeline_reader reader;
    int64_t most_templates; /* at once */
    int64_t group;
    int64_t first_template, num_templates; /* in hand */

    /* What is in work, −1: nothing. */
    int64_t channel, round;
    int64_t part;   /* whose transform is in `windows` */
    int64_t length; /* whose spread is in `weights` */
    bool any_small; /* weights that are 0 */

    double *samples; /* of the round, in order */
    sv_waves *lines; /* the same, window beside window */
    double means[SV_WINDOWS], least[SV_WINDOWS];
    sv_waves *windows, *products, *weights, *scratch;
    double *centred, *straight; /* for products in the time domain: samples and weights in order */
    double *spectra; /* of one channel of each template in hand, where the plan keeps none */
    int64_t has_spectra[SV_MOST_IN_HAND]; /* of which one, −1: of none */
    double *sums;    /* of each template in hand, from `reach` positions before the group on */
    float *function; /* step + 2 values, from a position before the group on */
    int64_t num_transforms, num_direct;
} sv_match_group;

/* Bytes of a workplace for so many templates at once. */
int64_t sv_match_group_bytes(const sv_match_plan *plan, int64_t most_templates);

/* Closed in any case. */
sv_status sv_match_group_open(const sv_match_plan *plan, int64_t most_templates,
                              sv_match_group *work, sv_error *error);
void sv_match_group_close(sv_match_group *work);

/* Sums up templates [first_template, first_template + num_templates) over a group. */
sv_status sv_match_group_sum(sv_match_group *work, int64_t group, int64_t first_template,
                             int64_t num_templates, sv_error *error);

/* The function of one of them: function[0] lies a position before the group. −0 where it is not
 * defined or has no position. Returns how many positions of the group it has. */
int64_t sv_match_group_settle(sv_match_group *work, int64_t template);

#endif
