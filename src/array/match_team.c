#include "array/match_team.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "array/match_cost.h"
#include "array/match_group.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

enum {
    WORK_BYTES = 20 << 20, /* of all threads together */
    MOST_THREADS = 256,
    SLOTS_PER_THREAD = 2,
    SAMPLED = 16,         /* for a guess one group of so many is taken */
    LEAST_TO_SAMPLE = 64, /* groups */
};

/* What a group found, until all groups before it are through. */
typedef struct slot {
    bool waits;
    sv_peaks peaks;
} slot;

typedef struct team {
    const sv_match_plan *plan;
    const sv_match_options *options;
    const sv_match_pass *pass;
    sv_match_progress *progress;

    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t taken, merged, past_group;
    slot *slots;
    int64_t num_slots;
    int threads;
    int64_t at_once; /* templates */
    bool stopped;
    sv_status status;
    sv_error error;
    int64_t samples_lost, num_transforms, num_direct, bytes_mapped, bytes_copied;
    sv_error loss;
} team;

/* ---- what becomes of a function ------------------------------------------------------------ */

static bool is_defined(float value)
{
    return value != 0.0F || !signbit(value);
}

/* Maxima in [1, count]; of equal neighbours the first. */
static sv_status find_peaks(const team *t, int64_t template, int64_t first, int64_t count,
                            const float *function, sv_peaks *peaks, sv_error *error)
{
    float threshold = (float)t->progress[template].threshold;
    for (int64_t i = 1; i <= count; i++) {
        if (function[i] < threshold || function[i] <= function[i - 1] ||
            function[i] < function[i + 1] || !is_defined(function[i])) {
            continue;
        }
        sv_peak peak = {template, first + i - 1, function[i], function[i - 1], function[i + 1]};
        peak.before = is_defined(peak.before) ? peak.before : (float)NAN;
        peak.after = is_defined(peak.after) ? peak.after : (float)NAN;
        sv_status status = sv_peaks_add(peaks, &peak, error);
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static sv_status hand_out(team *t, int64_t template, int64_t first, int64_t count, float *values,
                          sv_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        values[i] += 0.0F; /* no −0 leaves the house */
    }
    return t->options->function(t->options->function_context, t->pass->first_template + template,
                                first, count, values, error);
}

static void count_values(team *t, int64_t template, const float *values, int64_t count,
                         uint32_t *counts)
{
    sv_tally *tally = t->progress[template].tally;
    memset(counts, 0, SV_NUM_PLACES * sizeof *counts);
    sv_tally_values(&tally->zones, values, count, counts);
    pthread_mutex_lock(&t->lock);
    sv_tally_add(tally, counts);
    pthread_mutex_unlock(&t->lock);
}

static sv_status use_function(team *t, sv_match_group *work, int64_t template, uint32_t *counts,
                              sv_peaks *peaks, sv_error *error)
{
    int64_t first = work->group * t->plan->step;
    int64_t count = sv_match_group_settle(work, template);
    sv_status status = SV_OK;
    if (count > 0 && t->progress[template].tally != NULL) {
        count_values(t, template, work->function + 1, count, counts);
    }
    if (t->progress[template].threshold <= 1.0) {
        status = find_peaks(t, template, first, count, work->function, peaks, error);
    }
    if (status == SV_OK && count > 0 && t->options->function != NULL && !t->pass->is_sample) {
        status = hand_out(t, template, first, count, work->function + 1, error);
    }
    return status;
}

/* ---- groups -------------------------------------------------------------------------------- */

static bool is_cancelled(const team *t)
{
    const volatile sig_atomic_t *cancel = t->options->scan.cancel;
    return cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

static sv_status do_group(team *t, sv_match_group *work, int64_t group, uint32_t *counts,
                          sv_peaks *peaks, sv_error *error)
{
    int64_t num_templates = t->plan->num_templates;
    for (int64_t first = 0; first < num_templates; first += t->at_once) {
        int64_t count = sv_min_i8(t->at_once, num_templates - first);
        if (is_cancelled(t)) {
            return sv_fail(error, SV_CANCELLED, "the matching was cancelled");
        }
        sv_status status = sv_match_group_sum(work, group, first, count, error);
        for (int64_t i = 0; i < count && status == SV_OK; i++) {
            status = use_function(t, work, first + i, counts, peaks, error);
        }
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

/* With the lock held. */
static void fail(team *t, sv_status status, const sv_error *error)
{
    if (!t->stopped) {
        t->stopped = true;
        t->status = status;
        t->error = *error;
    }
    pthread_cond_broadcast(&t->moved);
}

static sv_status merge_peaks(team *t, sv_peaks *peaks, int64_t frontier, sv_error *error)
{
    sv_status status = SV_OK;
    for (int64_t i = 0; i < peaks->count && status == SV_OK; i++) {
        const sv_peak *peak = &peaks->items[i];
        status = sv_peaks_add(&t->progress[peak->index].waiting, peak, error);
    }
    for (int64_t i = 0; i < t->plan->num_templates && status == SV_OK; i++) {
        sv_match_progress *of = &t->progress[i];
        status = sv_peaks_decide(&of->waiting, of->distance, frontier, &of->kept, error);
    }
    peaks->count = 0;
    return status;
}

/* With the lock held: groups in order. */
static void merge_ready(team *t)
{
    sv_error error;
    slot *next = &t->slots[t->merged % t->num_slots];
    while (!t->stopped && t->merged < t->taken && next->waits) {
        next->waits = false;
        bool is_last = t->merged + 1 == t->past_group;
        int64_t frontier = is_last ? INT64_MAX : (t->merged + 1) * t->plan->step;
        sv_status status = merge_peaks(t, &next->peaks, frontier, &error);
        if (status != SV_OK) {
            fail(t, status, &error);
        }
        t->merged++;
        next = &t->slots[t->merged % t->num_slots];
    }
    pthread_cond_broadcast(&t->moved);
}

static int64_t stride_of(const team *t)
{
    return t->pass->is_sample ? SAMPLED : 1;
}

/* With the lock held. Groups are numbered by those that are taken. */
static bool take_group(team *t, int64_t *number)
{
    while (!t->stopped && t->taken < t->past_group && t->taken - t->merged >= t->num_slots) {
        pthread_cond_wait(&t->moved, &t->lock);
    }
    if (t->stopped || t->taken >= t->past_group) {
        return false;
    }
    *number = t->taken++;
    return true;
}

static void show_progress(const team *t, int64_t merged)
{
    const sv_scan_options *scan = &t->options->scan;
    double share = (double)merged / (double)t->past_group;
    double done = t->pass->begins + (t->pass->ends - t->pass->begins) * share;
    if (scan->progress != NULL) {
        scan->progress(scan->progress_context, (int64_t)(done * SV_MATCH_PROGRESS),
                       SV_MATCH_PROGRESS);
    }
}

static void gather(team *t, const sv_match_group *work)
{
    if (work->reader.samples_lost > 0 && t->samples_lost == 0) {
        t->loss = work->reader.loss;
    }
    t->samples_lost += work->reader.samples_lost;
    t->num_transforms += work->num_transforms;
    t->num_direct += work->num_direct;
    t->bytes_mapped += work->reader.bytes_mapped;
    t->bytes_copied += work->reader.bytes_copied;
}

static void work_off_groups(team *t, sv_match_group *work, uint32_t *counts, bool leader)
{
    int64_t number;
    sv_error error;
    pthread_mutex_lock(&t->lock);
    while (take_group(t, &number)) {
        slot *found = &t->slots[number % t->num_slots];
        int64_t merged = t->merged;
        pthread_mutex_unlock(&t->lock);
        if (leader) {
            show_progress(t, merged);
        }
        sv_status status = do_group(t, work, number * stride_of(t), counts, &found->peaks, &error);
        pthread_mutex_lock(&t->lock);
        found->waits = true;
        if (status != SV_OK) {
            fail(t, status, &error);
        }
        merge_ready(t);
    }
    gather(t, work);
    pthread_mutex_unlock(&t->lock);
}

static void work_off(team *t, bool leader)
{
    sv_match_group work;
    sv_error error;
    size_t bytes = SV_NUM_PLACES * sizeof(uint32_t);
    uint32_t *counts = sv_malloc(bytes);
    sv_status status = sv_match_group_open(t->plan, t->at_once, &work, &error);
    if (status == SV_OK && counts == NULL) {
        status = sv_fail_memory(&error, bytes);
    }
    if (status == SV_OK) {
        work_off_groups(t, &work, counts, leader);
    } else {
        pthread_mutex_lock(&t->lock);
        fail(t, status, &error);
        pthread_mutex_unlock(&t->lock);
    }
    sv_match_group_close(&work);
    sv_free(counts);
}

static void *run_thread(void *context)
{
    work_off(context, false);
    return NULL;
}

/* The calling thread is one of the team. */
static void run_team(team *t)
{
    pthread_t thread[MOST_THREADS];
    int started = 0;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->moved, NULL);
    while (started < t->threads - 1 && pthread_create(&thread[started], NULL, run_thread, t) == 0) {
        started++;
    }
    work_off(t, true);
    for (int i = 0; i < started; i++) {
        pthread_join(thread[i], NULL);
    }
    pthread_cond_destroy(&t->moved);
    pthread_mutex_destroy(&t->lock);
    t->threads = started + 1;
}

/* ---- a pass -------------------------------------------------------------------------------- */

static void choose_threads(team *t)
{
    int threads = t->options->scan.threads > 0 ? t->options->scan.threads : sv_num_processors();
    int64_t single = sv_match_group_bytes(t->plan, 1);
    int64_t each = sv_match_group_bytes(t->plan, 2) - single;
    int64_t most = sv_max_i8(1, WORK_BYTES / single);
    most = sv_min_i8(sv_min_i8(most, t->past_group), MOST_THREADS);
    t->threads = (int)sv_min_i8(threads, most);
    t->at_once = 1 + sv_max_i8(0, WORK_BYTES / t->threads - single) / each;
    t->at_once = sv_min_i8(sv_min_i8(t->at_once, SV_MOST_IN_HAND), t->plan->num_templates);
    t->num_slots = SLOTS_PER_THREAD * t->threads;
}

static void free_slots(team *t)
{
    for (int64_t i = 0; i < t->num_slots && t->slots != NULL; i++) {
        sv_peaks_free(&t->slots[i].peaks);
    }
    sv_free(t->slots);
}

bool sv_match_can_sample(const sv_match_plan *plan)
{
    return plan->num_groups >= LEAST_TO_SAMPLE;
}

static void add_report(const team *t, sv_match_report *report)
{
    report->num_transforms += t->num_transforms;
    report->num_direct += t->num_direct;
    report->bytes_mapped += t->bytes_mapped;
    report->bytes_copied += t->bytes_copied;
    report->num_passes++;
    report->threads = t->threads > report->threads ? t->threads : report->threads;
    report->samples_lost = sv_max_i8(report->samples_lost, t->samples_lost);
}

sv_status sv_match_pass_run(const sv_match_pass *pass, sv_match_report *report, sv_error *error)
{
    team t = {
        .plan = pass->plan,
        .options = pass->options,
        .pass = pass,
        .progress = pass->progress,
    };
    t.past_group = (t.plan->num_groups + stride_of(&t) - 1) / stride_of(&t);
    choose_threads(&t);
    t.slots = sv_calloc((size_t)t.num_slots, sizeof *t.slots);
    if (t.slots == NULL) {
        return sv_fail_memory(error, (size_t)t.num_slots * sizeof *t.slots);
    }
    run_team(&t);
    free_slots(&t);
    add_report(&t, report);
    if (t.status != SV_OK) {
        *error = t.error;
    } else if (t.samples_lost > 0) {
        *error = t.loss;
    }
    return t.status;
}
