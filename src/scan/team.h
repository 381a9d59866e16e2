/* The team: threads that take the plan's spans in turn and do their tasks; results wait in a ring
 * until all before them have been merged. */
#ifndef SV_SCAN_TEAM_H
#define SV_SCAN_TEAM_H

#include <pthread.h>

#include "scan/feed.h"
#include "scan/fetch.h"
#include "scan/plan.h"
#include "scan/spans.h"
#include "scan/task.h"

enum { SV_MOST_THREADS = 256 };

/* Where a task's results wait until all before them have been merged. */
typedef struct sv_slot {
    bool waits;
    sv_outcome outcome;
} sv_slot;

/* A span to be done; the portion that holds it, where it was fed. */
typedef struct sv_work {
    sv_span span;
    sv_portion *portion;
} sv_work;

typedef struct sv_team {
    sv_recording *recording;
    const sv_plan *plan;
    const sv_reducer *reducer;
    const sv_scan_options *options;
    sv_fetch fetch;
    int threads;
    int64_t tasks_per_span; /* at most */
    int64_t slots;          /* enough for several spans */
    char *results;          /* slots × rows of a task × result_size */
    sv_slot *ring;          /* slots */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved; /* some of it has changed */
    int num_workers;      /* that have begun */
    sv_spans spans;
    sv_feed feed;
    bool is_fed; /* the feed was started, or tried to */
    bool has_next;
    sv_work next;        /* what nobody has taken yet, if has_next */
    int64_t taken;       /* tasks before it have been taken, */
    int64_t merged;      /* before it merged, */
    int64_t left;        /* and before it unmapped again, where they are */
    bool stopped;        /* nothing more is taken */
    int64_t failed_task; /* the earliest that failed; INT64_MAX: none */
    sv_status status;
    sv_error error;
    sv_error loss; /* of the first samples that could not be decoded */
    sv_scan_report report;
} sv_team;

/* Does all tasks; what came of it are status, error and report. What is above the lock is the
 * caller's to make, and with it spans, feed and failed_task. */
void sv_team_run(sv_team *t);

#endif
