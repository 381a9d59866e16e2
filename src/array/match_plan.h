/* How a batch of templates is matched: which channels pair, by transforms (overlap-save) or by
 * products in the time domain, how long the transforms are, and how the function is cut into
 * groups.
 *
 * A *round* is sixteen windows of each channel, `hop` positions apart, whose transforms go side by
 * side. A *group* is so many rounds that delays between channels take away little of it: positions
 * [first, first + step) of the function, which need `step + 2` values, one on each side more, so
 * that every maximum is seen with its neighbours. Of a template longer than a transform can hold
 * *parts* of part_length samples are transformed by themselves. */
#ifndef SV_ARRAY_MATCH_PLAN_H
#define SV_ARRAY_MATCH_PLAN_H

#include "array/match_template.h"
#include "array/match_timeline.h"
#include "kernel/kernel.h"

typedef struct sv_match_plan {
    const sv_timeline *timeline;
    const sv_kernels *kernels;
    sv_template *const *templates;
    int64_t num_templates;
    int64_t **pairs;        /* of each template: of each of its channels the timeline's */
    int64_t *num_positions; /* of each template's function */
    int64_t most_positions;

    int64_t longest; /* samples of a template's channel */
    int64_t reach;   /* the largest delay */
    int levels;
    int64_t size; /* 4^levels, of a transform */
    bool by_products;
    double cost_of_products, cost_of_transforms; /* estimates, in nanoseconds for a coefficient */
    int64_t size_for_transforms;                 /* that would be the best */
    int64_t part_length, hop;
    int64_t rounds; /* of a group */
    int64_t step;
    int64_t num_groups;

    double *roots, *reciprocals;
    /* Of templates whose spectra would fill too much memory they are made again by every group. */
    bool keeps_spectra;
    double *spectra;    /* of all parts, one after the other */
    double ***spectrum; /* of each template's channels: of the first part */
} sv_match_plan;

/* Pairs templates with the timeline's channels. Statuses: sv_match(). Closed in any case. */
sv_status sv_match_plan_pair(const sv_timeline *timeline, sv_template *const templates[],
                             int64_t num_templates, sv_match_plan *plan, sv_error *error);
/* The rest. */
sv_status sv_match_plan_way(sv_match_plan *plan, sv_error *error);
void sv_match_plan_close(sv_match_plan *plan);

/* The spectra of a template's channel, part after part; `waves` is room for a transform. Returns
 * where the next one goes. */
double *sv_match_plan_spectra(const sv_match_plan *plan, const sv_template_part *channel,
                              sv_waves *waves, double *spectra);

/* How many templates, from the first on, go in one batch. */
int64_t sv_match_batch(sv_template *const templates[], int64_t num_templates);

static inline int64_t sv_match_num_parts(const sv_match_plan *plan, int64_t length)
{
    return (length + plan->part_length - 1) / plan->part_length;
}

#endif
