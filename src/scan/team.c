#include "scan/team.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

#include "base/error.h"
#include "base/size.h"

/* ---- the ring: called with the lock held ------------------------------------------------- */

static char *results_of(const sv_team *t, int64_t task)
{
    size_t task_bytes = (size_t)t->plan->rows_per_task * t->reducer->result_size;
    return t->results + (size_t)(task % t->slots) * task_bytes;
}

static void merge_task(sv_team *t, int64_t i)
{
    sv_task task = sv_plan_task(t->plan, i);
    const char *results = results_of(t, i);
    for (int64_t row = 0; row < task.num_rows; row++) {
        t->reducer->merge(t->reducer->context, task.position + row,
                          results + (size_t)row * t->reducer->result_size);
    }
    t->report.num_blocks += task.num_rows;
}

static void take_outcome(sv_team *t, const sv_outcome *outcome)
{
    t->report.bytes_mapped += outcome->bytes_mapped;
    t->report.bytes_copied += outcome->bytes_copied;
    t->report.bytes_in_holes += outcome->bytes_in_holes;
    t->report.bytes_by_faults += outcome->bytes_by_faults;
    if (outcome->samples_lost > 0 && t->report.samples_lost == 0) {
        t->loss = outcome->loss;
    }
    t->report.samples_lost += outcome->samples_lost;
}

static void merge_ready(sv_team *t)
{
    sv_slot *next = &t->ring[t->merged % t->slots];
    while (t->merged < t->taken && next->waits) {
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

static void fail_task(sv_team *t, int64_t i, sv_status status, const sv_error *error)
{
    t->stopped = true;
    if (i < t->failed_task) {
        t->failed_task = i;
        t->status = status;
        t->error = *error;
    }
    pthread_cond_broadcast(&t->moved);
}

/* Read by any thread, written by a signal handler or any thread. */
static bool is_cancelled(const sv_team *t)
{
    const volatile sig_atomic_t *cancel = t->options->cancel;
    return cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

/* ---- taking work: called with the lock held ----------------------------------------------- */

/* False: there is none now, or none any more. */
static bool find_next(sv_team *t, bool *is_over)
{
    if (!t->has_next && t->feed.num_feeders > 0) {
        t->next.portion = sv_feed_take(&t->feed, is_over);
        t->has_next = t->next.portion != NULL;
        if (t->has_next) {
            t->next.span = t->next.portion->span;
        }
    } else if (!t->has_next) {
        t->next.portion = NULL;
        t->has_next = sv_spans_next(&t->spans, &t->next.span);
        *is_over = !t->has_next;
    }
    return t->has_next;
}

static sv_status cancelled(sv_error *error)
{
    return sv_fail(error, SV_CANCELLED, "the scan was cancelled");
}

/* Waits until there is a span, and room for its results. False: there is nothing more to do. */
static bool take_work(sv_team *t, sv_work *work)
{
    bool is_over = false;
    while (!t->stopped &&
           !(find_next(t, &is_over) && t->next.span.past_task - t->merged <= t->slots)) {
        if (is_over) {
            return false;
        }
        pthread_cond_wait(&t->moved, &t->lock);
    }
    if (!t->stopped && is_cancelled(t)) {
        sv_error error;
        sv_status status = cancelled(&error);
        fail_task(t, t->taken, status, &error);
    }
    if (t->stopped) {
        return false;
    }
    *work = t->next;
    t->has_next = false;
    t->taken = work->span.past_task;
    return true;
}

/* Once: what is left is brought by feeders from here on. */
static void start_feed(sv_team *t)
{
    sv_error error;
    if (t->is_fed || t->stopped || t->spans.next_task >= t->plan->num_tasks) {
        return;
    }
    t->is_fed = true;
    sv_status status = sv_feed_start(&t->feed, &error);
    if (status != SV_OK) {
        fail_task(t, t->taken, status, &error);
    }
}

/* ---- doing it ---------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show_progress(sv_team *t, sv_worker *worker)
{
    double now = seconds_now();
    if (t->options->progress == NULL || now - worker->shown < 0.1) {
        return;
    }
    worker->shown = now;
    pthread_mutex_lock(&t->lock);
    int64_t merged = t->merged;
    pthread_mutex_unlock(&t->lock);
    const sv_scan_range *range = &t->plan->range;
    int64_t total = range->num_rows * (range->last - range->first) *
                    (int64_t)sv_dtype_itemsize(t->plan->segment.samples.dtype);
    double share = (double)merged / (double)t->plan->num_tasks;
    t->options->progress(t->options->progress_context, (int64_t)(share * (double)total), total);
}

/* Pages that this thread had to have mapped; 0 where the system does not count. */
static int64_t count_faults(void)
{
#ifdef RUSAGE_THREAD
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_minflt : 0;
#else
    return 0;
#endif
}

static void bring_mapped(sv_team *t, sv_worker *worker, const sv_work *work, sv_hold *hold)
{
    bool is_cold = work->portion == NULL && sv_fetch_is_cold(&t->fetch, &work->span);
    if (is_cold) {
        pthread_mutex_lock(&t->lock);
        start_feed(t);
        pthread_mutex_unlock(&t->lock);
        sv_fetch_ahead(&t->fetch, &work->span);
    }
    worker->is_paced = work->portion == NULL && !is_cold;
    worker->by_faults = worker->is_paced && sv_pace_choose(&worker->pace) == SV_BY_FAULTS;
    sv_fetch_map(&t->fetch, &work->span, worker->by_faults, hold);
}

static void bring(sv_team *t, sv_worker *worker, const sv_work *work, sv_hold *hold)
{
    worker->is_paced = false;
    hold->data = t->fetch.file.data;
    hold->past_task = work->span.past_task;
    hold->status = SV_OK;
    if (!t->plan->segment.in_place || work->span.is_hole) {
        return;
    }
    if (t->fetch.io == SV_IO_MAP) {
        bring_mapped(t, worker, work, hold);
    } else if (work->portion != NULL) {
        *hold = work->portion->hold;
    } else {
        sv_fetch_read(&t->fetch, &work->span, &worker->scratch, hold);
    }
}

/* The tasks that `hold` holds, up to the first that fails. */
static void do_tasks(sv_team *t, sv_worker *worker, const sv_span *span, sv_hold *hold)
{
    for (int64_t i = span->first_task; i < hold->past_task; i++) {
        sv_task task = sv_plan_task(t->plan, i);
        sv_outcome *outcome = &t->ring[i % t->slots].outcome;
        sv_error error;
        sv_status status = is_cancelled(t) ? cancelled(&error)
                                           : sv_worker_do(worker, span, hold, &task,
                                                          results_of(t, i), outcome, &error);
        if (status != SV_OK) {
            hold->past_task = i;
            hold->status = status;
            hold->error = error;
        }
        show_progress(t, worker);
    }
    if (t->plan->segment.in_place) {
        sv_fetch_look(&t->fetch, span, hold);
    }
}

/* With the lock held: what has been merged since the last time, when that has become much. Large
 * pieces stay mapped, as they cost next to no page tables. */
static bool take_behind(sv_team *t, const sv_worker *worker, sv_span *behind)
{
    if (!t->fetch.leaves_behind || !worker->pace.has_small_pieces || t->merged == t->left) {
        return false;
    }
    sv_task first = sv_plan_task(t->plan, t->left), last = sv_plan_task(t->plan, t->merged - 1);
    *behind = (sv_span){.first_task = t->left,
                        .past_task = t->merged,
                        .first_byte = sv_min_i8(first.first_byte, last.first_byte),
                        .last_byte = sv_max_i8(first.last_byte, last.last_byte)};
    if (behind->last_byte - behind->first_byte < SV_BEHIND_BYTES) {
        return false;
    }
    t->left = t->merged;
    return true;
}

static void do_work(sv_team *t, sv_worker *worker, const sv_work *work)
{
    sv_hold hold;
    double began = seconds_now();
    int64_t faults = count_faults();
    bring(t, worker, work, &hold);
    do_tasks(t, worker, &work->span, &hold);
    if (worker->is_paced) {
        sv_pace_note(&worker->pace, worker->by_faults ? SV_BY_FAULTS : SV_BY_CALLS,
                     work->span.last_byte - work->span.first_byte, seconds_now() - began,
                     count_faults() - faults);
    }
    pthread_mutex_lock(&t->lock);
    if (work->portion != NULL) {
        sv_feed_give_back(&t->feed, work->portion);
    }
    for (int64_t i = work->span.first_task; i < hold.past_task; i++) {
        t->ring[i % t->slots].waits = true;
    }
    merge_ready(t);
    if (hold.past_task < work->span.past_task) {
        fail_task(t, hold.past_task, hold.status, &hold.error);
    }
    sv_span behind;
    bool leaves = take_behind(t, worker, &behind);
    pthread_mutex_unlock(&t->lock);
    if (leaves) {
        sv_fetch_leave(&t->fetch, &behind);
    }
}

/* Without memory for a worker the earliest task nobody has done is what fails. */
static bool open_worker(sv_team *t, sv_worker *worker)
{
    sv_error error;
    sv_status status = sv_worker_open(worker, &error);
    if (status != SV_OK) {
        pthread_mutex_lock(&t->lock);
        fail_task(t, t->taken, status, &error);
        pthread_mutex_unlock(&t->lock);
    }
    return status == SV_OK;
}

static void work_off(sv_team *t, bool leader)
{
    pthread_mutex_lock(&t->lock);
    int number = t->num_workers++;
    pthread_mutex_unlock(&t->lock);
    sv_worker worker = {
        .number = number,
        .recording = t->recording,
        .plan = t->plan,
        .reducer = t->reducer,
        .fetch = &t->fetch,
        .shown = leader ? seconds_now() : INFINITY,
    };
    sv_work work;
    bool is_open = open_worker(t, &worker);
    pthread_mutex_lock(&t->lock);
    while (is_open && take_work(t, &work)) {
        pthread_mutex_unlock(&t->lock);
        do_work(t, &worker, &work);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    sv_worker_close(&worker);
}

static void *run_thread(void *context)
{
    work_off(context, false);
    return NULL;
}

/* The calling thread is one of the team. When the system gives fewer threads, fewer do the work. */
void sv_team_run(sv_team *t)
{
    pthread_t thread[SV_MOST_THREADS];
    int started = 0;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->moved, NULL);
    if (t->fetch.io == SV_IO_DIRECT && t->plan->segment.in_place) {
        pthread_mutex_lock(&t->lock);
        start_feed(t);
        pthread_mutex_unlock(&t->lock);
    }
    while (started < t->threads - 1 && pthread_create(&thread[started], NULL, run_thread, t) == 0) {
        started++;
    }
    t->report.threads = started + 1;
    work_off(t, true);
    for (int i = 0; i < started; i++) {
        pthread_join(thread[i], NULL);
    }
    sv_feed_stop(&t->feed);
    pthread_cond_destroy(&t->moved);
    pthread_mutex_destroy(&t->lock);
}
