/* A pass over the recording: groups go to a team of threads; what they find is merged in order. */
#ifndef SV_ARRAY_MATCH_TEAM_H
#define SV_ARRAY_MATCH_TEAM_H

#include "array/match_counts.h"
#include "array/match_peaks.h"
#include "array/match_plan.h"

/* Of each template. */
typedef struct sv_match_progress {
    double threshold; /* of peaks that are kept; above 1: none is */
    int64_t distance; /* in positions, 1 or more */
    sv_peaks waiting, kept;
    sv_tally *tally;  /* NULL: nothing is counted */
    double deviation; /* NaN: not known, or no value is defined */
} sv_match_progress;

typedef struct sv_match_pass {
    const sv_match_plan *plan;
    const sv_match_options *options;
    sv_match_progress *progress;
    int64_t first_template; /* of the batch, among all */
    bool is_sample;         /* some of the groups will do, and nobody is given the function */
    double begins, ends;    /* shares of all the work, for the progress */
} sv_match_pass;

/* Statuses: sv_match(), but that lost samples are told in *report and *error alone. */
sv_status sv_match_pass_run(const sv_match_pass *pass, sv_match_report *report, sv_error *error);

/* Whether there are so many groups that some of them will do. */
bool sv_match_can_sample(const sv_match_plan *plan);

#endif
