/* The scan: what it needs is chosen and made, and a team does the work. */
#include "seisview/scan.h"

#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "scan/team.h"

enum { SPANS_PER_THREAD = 4, MOST_TASKS_PER_SPAN = 16, ALONE_BYTES = 1 << 20 };

/* Of results that wait; where a task has thousands of rows, fewer tasks are done at once. Spans are
 * of several tasks as long as their results are small. */
enum { MOST_RESULTS_BYTES = 16 << 20, SMALL_RESULTS_BYTES = 1 << 20 };

enum { MOST_READ_BYTES = 32 << 20 };

static int choose_threads(const sv_plan *plan, const sv_scan_options *options)
{
    const sv_scan_range *range = &plan->range;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(plan->segment.samples.dtype);
    if (range->num_rows * (range->last - range->first) * itemsize < ALONE_BYTES) {
        return 1; /* starting a thread would take longer than the work */
    }
    int threads = options->threads > 0 ? options->threads : sv_num_processors();
    threads = threads < SV_MOST_THREADS ? threads : SV_MOST_THREADS;
    return (int)sv_min_i8(threads, plan->num_tasks);
}

static void choose_slots(sv_team *t)
{
    int64_t task_bytes = sv_max_i8(1, t->plan->rows_per_task * (int64_t)t->reducer->result_size);
    t->slots = sv_min_i8((int64_t)t->threads * SPANS_PER_THREAD,
                         sv_max_i8(1, MOST_RESULTS_BYTES / task_bytes));
    t->threads = (int)sv_min_i8(t->threads, t->slots);
    int64_t tasks = SMALL_RESULTS_BYTES / (t->slots * task_bytes);
    t->tasks_per_span = sv_max_i8(1, sv_min_i8(tasks, MOST_TASKS_PER_SPAN));
    t->slots *= t->tasks_per_span;
}

static void add_report(const sv_team *t, double seconds, sv_scan_report *report)
{
    report->num_blocks += t->report.num_blocks;
    report->bytes_mapped += t->report.bytes_mapped;
    report->bytes_copied += t->report.bytes_copied;
    report->samples_lost += t->report.samples_lost;
    report->bytes_in_holes += t->report.bytes_in_holes;
    report->bytes_by_faults += t->report.bytes_by_faults;
    report->bytes_read_ahead += t->fetch.bytes_ahead;
    report->threads = report->threads > t->report.threads ? report->threads : t->report.threads;
    report->io = t->fetch.io;
    report->why = t->fetch.why;
    report->seconds += seconds;
}

static sv_status allocate_ring(sv_team *t, sv_error *error)
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

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Each thread that reads has a span of its own in memory. */
static void limit_threads(sv_team *t)
{
    int64_t bytes = sv_max_i8(t->fetch.span_bytes, sv_fetch_task_bytes(t->plan));
    if (t->fetch.io != SV_IO_MAP && t->plan->segment.in_place) {
        t->threads = (int)sv_max_i8(1, sv_min_i8(t->threads, MOST_READ_BYTES / bytes));
    }
}

static void run(sv_team *t)
{
    sv_fetch_open(&t->fetch, t->recording, t->plan, t->options->io);
    limit_threads(t);
    sv_spans_open(&t->spans, t->plan, &t->fetch.file, t->reducer->hole != NULL);
    t->spans.most_bytes = t->fetch.span_bytes;
    t->spans.most_tasks = t->tasks_per_span;
    t->spans.threads = t->threads;
    t->feed =
        (sv_feed){.fetch = &t->fetch, .spans = &t->spans, .lock = &t->lock, .moved = &t->moved};
    sv_team_run(t);
    sv_spans_close(&t->spans);
    sv_fetch_close(&t->fetch);
    if (t->status == SV_OK && t->report.samples_lost > 0) {
        t->status = SV_FORMAT;
        t->error = t->loss;
    }
}

static sv_status scan_plan(sv_recording *recording, const sv_plan *plan, const sv_reducer *reducer,
                           const sv_scan_options *options, sv_scan_report *report, sv_error *error)
{
    sv_team t = {
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
        run(&t);
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
