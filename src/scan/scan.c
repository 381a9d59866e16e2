/* The scan: a team of threads takes the plan's tasks in turn; results wait in a ring until all
 * before them have been merged. */
#include "seisview/scan.h"

#include <pthread.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "scan/fetch.h"
#include "scan/plan.h"
#include "scan/task.h"

enum { SLOTS_PER_THREAD = 4, MOST_THREADS = 256, ALONE_BYTES = 1 << 20 };

/* Of results that wait; where a task has thousands of rows, fewer tasks are done at once. */
enum { MOST_RESULTS_BYTES = 16 << 20 };

/* Where a task's results wait until all before them have been merged. */
typedef struct slot {
    bool waits;
    sv_outcome outcome;
} slot;

typedef struct team {
    sv_recording *recording;
    const sv_plan *plan;
    const sv_reducer *reducer;
    const sv_scan_options *options;
    sv_fetch fetch;
    int threads;
    int64_t slots;
    char *results; /* slots × rows of a task × result_size */
    slot *ring;    /* slots */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved; /* merged or stopped has changed */
    int64_t next;         /* the first task nobody has taken */
    int64_t merged;       /* tasks before it have been merged */
    bool stopped;         /* no more tasks are taken */
    int64_t failed_task;  /* the earliest that failed; INT64_MAX: none */
    sv_status status;
    sv_error error;
    sv_error loss; /* of the first samples that could not be decoded */
    sv_scan_report report;
} team;

/* ---- the ring: called with the lock held ------------------------------------------------- */

static char *results_of(const team *t, int64_t task)
{
    size_t task_bytes = (size_t)t->plan->rows_per_task * t->reducer->result_size;
    return t->results + (size_t)(task % t->slots) * task_bytes;
}

static void merge_task(team *t, int64_t i)
{
    sv_task task = sv_plan_task(t->plan, i);
    const char *results = results_of(t, i);
    for (int64_t row = 0; row < task.num_rows; row++) {
        t->reducer->merge(t->reducer->context, task.position + row,
                          results + (size_t)row * t->reducer->result_size);
    }
    t->report.num_blocks += task.num_rows;
}

static void take_outcome(team *t, const sv_outcome *outcome)
{
    t->report.bytes_mapped += outcome->bytes_mapped;
    t->report.bytes_copied += outcome->bytes_copied;
    if (outcome->samples_lost > 0 && t->report.samples_lost == 0) {
        t->loss = outcome->loss;
    }
    t->report.samples_lost += outcome->samples_lost;
}

static void merge_ready(team *t)
{
    slot *next = &t->ring[t->merged % t->slots];
    while (t->merged < t->next && next->waits) {
        next->waits = false;
        take_outcome(t, &next->outcome);
        if (next->outcome.has_results) {
            merge_task(t, t->merged);
        }
        t->merged++;
        next = &t->ring[t->merged % t->slots];
    }
    pthread_cond_broadcast(&t->moved);
}

static void fail_task(team *t, int64_t i, sv_status status, const sv_error *error)
{
    t->stopped = true;
    if (i < t->failed_task) {
        t->failed_task = i;
        t->status = status;
        t->error = *error;
    }
    pthread_cond_broadcast(&t->moved);
}

static bool is_cancelled(const team *t)
{
    return t->options->cancel != NULL && *t->options->cancel != 0;
}

/* Waits until the next task's slot is free. False: there is nothing more to do. */
static bool take_task(team *t, int64_t *i)
{
    while (!t->stopped && t->next < t->plan->num_tasks && t->next - t->merged >= t->slots) {
        pthread_cond_wait(&t->moved, &t->lock);
    }
    if (!t->stopped && t->next < t->plan->num_tasks && is_cancelled(t)) {
        sv_error error;
        sv_status status = sv_fail(&error, SV_CANCELLED, "the scan was cancelled");
        fail_task(t, t->next, status, &error);
    }
    if (t->stopped || t->next >= t->plan->num_tasks) {
        return false;
    }
    *i = t->next++;
    return true;
}

/* ---- the team ---------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show_progress(team *t, double *shown)
{
    double now = seconds_now();
    if (t->options->progress == NULL || now - *shown < 0.1) {
        return;
    }
    *shown = now;
    pthread_mutex_lock(&t->lock);
    int64_t merged = t->merged;
    pthread_mutex_unlock(&t->lock);
    const sv_scan_range *range = &t->plan->range;
    int64_t total = range->num_rows * (range->last - range->first) *
                    (int64_t)sv_dtype_itemsize(t->plan->segment.samples.dtype);
    double share = (double)merged / (double)t->plan->num_tasks;
    t->options->progress(t->options->progress_context, (int64_t)(share * (double)total), total);
}

/* Without memory for a worker the earliest task nobody has done is what fails. */
static bool open_worker(team *t, sv_worker *worker)
{
    sv_error error;
    sv_status status = sv_worker_open(worker, &error);
    if (status != SV_OK) {
        pthread_mutex_lock(&t->lock);
        fail_task(t, t->next, status, &error);
        pthread_mutex_unlock(&t->lock);
    }
    return status == SV_OK;
}

static void do_tasks(team *t, sv_worker *worker, bool leader)
{
    double shown = seconds_now();
    int64_t i;
    pthread_mutex_lock(&t->lock);
    while (take_task(t, &i)) {
        pthread_mutex_unlock(&t->lock);
        sv_task task = sv_plan_task(t->plan, i);
        slot *own = &t->ring[i % t->slots];
        sv_error error;
        sv_status status = sv_worker_do(worker, i, &task, results_of(t, i), &own->outcome, &error);
        if (leader) {
            show_progress(t, &shown);
        }
        pthread_mutex_lock(&t->lock);
        if (status == SV_OK) {
            own->waits = true;
            merge_ready(t);
        } else {
            fail_task(t, i, status, &error);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

static void work_off(team *t, bool leader)
{
    sv_worker worker = {
        .recording = t->recording,
        .plan = t->plan,
        .reducer = t->reducer,
        .fetch = &t->fetch,
    };
    if (open_worker(t, &worker)) {
        do_tasks(t, &worker, leader);
    }
    sv_worker_close(&worker);
}

static void *run_thread(void *context)
{
    work_off(context, false);
    return NULL;
}

static int choose_threads(const sv_plan *plan, const sv_scan_options *options)
{
    const sv_scan_range *range = &plan->range;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(plan->segment.samples.dtype);
    if (range->num_rows * (range->last - range->first) * itemsize < ALONE_BYTES) {
        return 1; /* starting a thread would take longer than the work */
    }
    int threads = options->threads > 0 ? options->threads : sv_num_processors();
    threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    return (int)sv_min_i8(threads, plan->num_tasks);
}

static void choose_slots(team *t)
{
    int64_t task_bytes = t->plan->rows_per_task * (int64_t)t->reducer->result_size;
    int64_t most = sv_max_i8(1, MOST_RESULTS_BYTES / sv_max_i8(1, task_bytes));
    t->slots = sv_min_i8((int64_t)t->threads * SLOTS_PER_THREAD, most);
    t->threads = (int)sv_min_i8(t->threads, t->slots);
}

/* The calling thread is one of the team. When the system gives fewer threads, fewer do the work. */
static void run_team(team *t)
{
    pthread_t thread[MOST_THREADS];
    int started = 0;
    while (started < t->threads - 1 && pthread_create(&thread[started], NULL, run_thread, t) == 0) {
        started++;
    }
    t->report.threads = started + 1;
    work_off(t, true);
    for (int i = 0; i < started; i++) {
        pthread_join(thread[i], NULL);
    }
}

static void add_report(const team *t, double seconds, sv_scan_report *report)
{
    report->num_blocks += t->report.num_blocks;
    report->bytes_mapped += t->report.bytes_mapped;
    report->bytes_copied += t->report.bytes_copied;
    report->samples_lost += t->report.samples_lost;
    report->bytes_read_ahead += t->fetch.bytes_ahead;
    report->threads = report->threads > t->report.threads ? report->threads : t->report.threads;
    report->io = t->fetch.io;
    report->seconds += seconds;
}

static sv_status allocate_ring(team *t, sv_error *error)
{
    size_t results_bytes =
        (size_t)t->slots * (size_t)t->plan->rows_per_task * t->reducer->result_size;
    t->results = sv_malloc_aligned(64, results_bytes);
    t->ring = sv_calloc((size_t)t->slots, sizeof *t->ring);
    if (t->results == NULL || t->ring == NULL) {
        return sv_fail_memory(error, results_bytes + (size_t)t->slots * sizeof *t->ring);
    }
    return SV_OK;
}

static sv_status scan_plan(sv_recording *recording, const sv_plan *plan, const sv_reducer *reducer,
                           const sv_scan_options *options, sv_scan_report *report, sv_error *error)
{
    team t = {
        .recording = recording,
        .plan = plan,
        .reducer = reducer,
        .options = options,
        .failed_task = INT64_MAX,
    };
    double began = seconds_now();
    t.threads = choose_threads(plan, options);
    choose_slots(&t);
    sv_status status = allocate_ring(&t, error);
    if (status == SV_OK) {
        pthread_mutex_init(&t.lock, NULL);
        pthread_cond_init(&t.moved, NULL);
        sv_fetch_open(&t.fetch, recording, plan, options->io);
        run_team(&t);
        sv_fetch_close(&t.fetch);
        pthread_cond_destroy(&t.moved);
        pthread_mutex_destroy(&t.lock);
        if (t.status == SV_OK && t.report.samples_lost > 0) {
            t.status = SV_FORMAT;
            t.error = t.loss;
        }
        status = t.status;
        if (status != SV_OK && error != NULL) {
            *error = t.error;
        }
        if (report != NULL) {
            add_report(&t, seconds_now() - began, report);
        }
    }
    sv_free(t.ring);
    sv_free(t.results);
    return status;
}

sv_status sv_scan(sv_recording *recording, const sv_scan_range *range, const sv_reducer *reducer,
                  const sv_scan_options *options, sv_scan_report *report, sv_error *error)
{
    static const sv_scan_options usual = SV_SCAN_OPTIONS_INIT;
    sv_plan plan;
    sv_status status = sv_plan_make(recording, range, &plan, error);
    if (status != SV_OK || plan.num_tasks == 0) {
        return status;
    }
    sv_buffer *buffer = sv_recording_buffer(recording);
    sv_buffer_pin(buffer);
    status =
        scan_plan(recording, &plan, reducer, options != NULL ? options : &usual, report, error);
    sv_buffer_unpin(buffer);
    return status;
}
