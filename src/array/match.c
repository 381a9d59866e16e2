/* Matching: templates in batches, thresholds, detections. */
#include "seisview/match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array/match_team.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

#define LEAST_CC (1.0 / SV_CC_STEPS) /* above 0 */

/* ---- thresholds in deviations -------------------------------------------------------------- */

/* A threshold that what comes out will hardly lie below; surely not, where all groups were counted:
 * then the deviation is known to a bin, and its centre too. */
static double guess_threshold(const sv_tally *tally, double factor, bool all_counted)
{
    const double bin = SV_BIN_STEPS / SV_CC_STEPS;
    double guess = sv_tally_guess(tally);
    double lowest = guess - (all_counted ? 3 : SV_ZONE_BINS / 2) * bin;
    return factor * (all_counted ? lowest : fmax(0.8 * guess, lowest));
}

static void begin_guessed(sv_match_progress *of, double factor, bool all_counted)
{
    of->threshold =
        of->tally->total > 0 ? guess_threshold(of->tally, factor, all_counted) : LEAST_CC;
    of->threshold = fmax(of->threshold, LEAST_CC);
    of->waiting.count = of->kept.count = 0;
    sv_tally_again(of->tally);
}

static void drop_below(sv_peaks *peaks, double threshold)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < peaks->count; i++) {
        if ((double)peaks->items[i].cc >= threshold) {
            peaks->items[kept++] = peaks->items[i];
        }
    }
    peaks->count = kept;
}

/* Whether the deviation is known now and no detection was missed. Dropping what lies below the
 * threshold afterwards is right, since what is higher was decided without it. */
static bool settle_threshold(sv_match_progress *of, double factor)
{
    if (of->tally->total == 0) {
        return true;
    }
    if (!sv_tally_deviation(of->tally, &of->deviation)) {
        return false;
    }
    double threshold = fmax(factor * of->deviation, LEAST_CC);
    if (threshold < of->threshold) {
        return false;
    }
    drop_below(&of->kept, threshold);
    return true;
}

/* ---- a batch ------------------------------------------------------------------------------- */

typedef struct batch {
    sv_match_plan plan;
    sv_match_progress *progress;
    int64_t first_template;
    const sv_match_options *options;
    sv_match_report *report;
    sv_error *error;
    double begins, share; /* of all the work */
} batch;

/* `begins` and `ends`: of the batch's work. */
static sv_status run_pass(batch *b, bool is_sample, double begins, double ends)
{
    sv_match_pass pass = {
        .plan = &b->plan,
        .options = b->options,
        .progress = b->progress,
        .first_template = b->first_template,
        .is_sample = is_sample,
        .begins = b->begins + b->share * begins,
        .ends = b->begins + b->share * ends,
    };
    return sv_match_pass_run(&pass, b->report, b->error);
}

/* Counting, of a sample where there is much; then all that is known but for the last digits. Again
 * where the sample misled. */
static sv_status match_in_mad(batch *b)
{
    bool all_counted = !sv_match_can_sample(&b->plan), done = false;
    for (int64_t i = 0; i < b->plan.num_templates; i++) {
        b->progress[i].threshold = INFINITY;
    }
    double counting = all_counted ? 0.5 : 0.1; /* of the work */
    sv_status status = run_pass(b, !all_counted, 0.0, counting);
    while (status == SV_OK && !done) {
        for (int64_t i = 0; i < b->plan.num_templates; i++) {
            begin_guessed(&b->progress[i], b->options->threshold, all_counted);
        }
        status = run_pass(b, false, counting, 1.0);
        all_counted = done = true;
        for (int64_t i = 0; i < b->plan.num_templates && status == SV_OK; i++) {
            done = settle_threshold(&b->progress[i], b->options->threshold) && done;
        }
    }
    return status;
}

static sv_status match_by_value(batch *b)
{
    for (int64_t i = 0; i < b->plan.num_templates; i++) {
        b->progress[i].threshold = b->options->threshold;
    }
    return run_pass(b, false, 0.0, 1.0);
}

static int64_t distance_of(const sv_template *template, double seconds)
{
    if (seconds < 0.0) {
        return (template->span + 1) / 2;
    }
    double samples = ceil(seconds * template->sample_rate - 1e-6);
    return samples < 1.0 ? 1 : samples < 1e15 ? (int64_t)samples : (int64_t)1e15;
}

static sv_status open_progress(batch *b)
{
    size_t count = (size_t)b->plan.num_templates;
    b->progress = sv_calloc(count, sizeof *b->progress);
    if (b->progress == NULL) {
        return sv_fail_memory(b->error, count * sizeof *b->progress);
    }
    for (size_t i = 0; i < count; i++) {
        b->progress[i].distance = distance_of(b->plan.templates[i], b->options->distance);
        b->progress[i].deviation = (double)NAN;
        b->progress[i].tally = b->options->in_mad ? sv_calloc(1, sizeof(sv_tally)) : NULL;
        if (b->options->in_mad && b->progress[i].tally == NULL) {
            return sv_fail_memory(b->error, sizeof(sv_tally));
        }
    }
    return SV_OK;
}

static void close_batch(batch *b)
{
    for (int64_t i = 0; i < b->plan.num_templates && b->progress != NULL; i++) {
        sv_peaks_free(&b->progress[i].waiting);
        sv_peaks_free(&b->progress[i].kept);
        sv_free(b->progress[i].tally);
    }
    sv_free(b->progress);
    sv_match_plan_close(&b->plan);
}

/* ---- detections ---------------------------------------------------------------------------- */

typedef struct found {
    sv_detection *items;
    int64_t count;
} found;

/* Without a part that covers the place its time is counted from the first one's. */
static void place(const sv_timeline *timeline, int64_t channel, sv_detection *detection)
{
    const sv_timeline_part *part = sv_timeline_part_at(timeline, channel, detection->position);
    const sv_timeline_part *from =
        part != NULL ? part : &timeline->parts[timeline->channels[channel].first_part];
    int64_t offset = detection->position - from->at;
    sv_time shift = (sv_time)llround(detection->shift / from->sample_rate * 1e9);
    sv_channel of_row;
    sv_recording_channel(timeline->recording, from->segment, from->row, &of_row);
    sv_time time = sv_time_of_sample(of_row.start, from->sample_rate, from->first + offset);
    detection->channel = of_row.number;
    detection->segment = part != NULL ? from->segment : -1;
    detection->row = from->row;
    detection->sample = part != NULL ? from->first + offset : -1;
    detection->time = time != SV_TIME_NONE ? time + shift : SV_TIME_NONE;
}

static int64_t earliest_channel(const sv_match_plan *plan, int64_t template)
{
    const sv_template *of = plan->templates[template];
    int64_t i = 0;
    while (of->channels[i].delay != 0) {
        i++;
    }
    return plan->pairs[template][i];
}

static sv_status add_detections(const batch *b, int64_t template, found *all)
{
    const sv_peaks *kept = &b->progress[template].kept;
    size_t room = (size_t)(all->count + kept->count);
    sv_detection *grown = sv_realloc(all->items, room * sizeof *grown);
    if (grown == NULL) {
        return sv_fail_memory(b->error, room * sizeof *grown);
    }
    all->items = grown;
    for (int64_t i = 0; i < kept->count; i++) {
        const sv_peak *peak = &kept->items[i];
        sv_detection *added = &all->items[all->count++];
        *added = (sv_detection){
            .index = b->first_template + template,
            .position = peak->position,
            .shift = b->options->subsample ? sv_peak_shift(peak) : 0.0,
            .cc = (double)peak->cc,
        };
        place(b->plan.timeline, earliest_channel(&b->plan, template), added);
    }
    return SV_OK;
}

static int compare_detections(const void *a, const void *b)
{
    const sv_detection *x = a, *y = b;
    if (x->position != y->position) {
        return x->position < y->position ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static void report_way(const sv_match_plan *plan, sv_match_report *report)
{
    double products = plan->cost_of_products, transforms = plan->cost_of_transforms;
    sv_match_way *way = plan->by_products ? &report->by_products : &report->by_transforms;
    way->num_templates += plan->num_templates;
    way->cost = plan->by_products ? products : transforms;
    way->other_cost = plan->by_products ? transforms : products;
    way->transform_size = plan->size_for_transforms;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static sv_status match_batch(batch *b, const sv_timeline *timeline, sv_template *const templates[],
                             int64_t count, found *all)
{
    sv_status status = sv_match_plan_pair(timeline, templates, count, &b->plan, b->error);
    if (status == SV_OK) {
        status = sv_match_plan_way(&b->plan, b->error);
    }
    if (status == SV_OK) {
        status = open_progress(b);
    }
    if (status == SV_OK) {
        status = b->options->in_mad ? match_in_mad(b) : match_by_value(b);
    }
    for (int64_t i = 0; i < count && status == SV_OK; i++) {
        status = add_detections(b, i, all);
        if (b->options->deviations != NULL) {
            b->options->deviations[b->first_template + i] = b->progress[i].deviation;
        }
    }
    report_way(&b->plan, b->report);
    close_batch(b);
    return status;
}

static sv_status match_all(const sv_timeline *timeline, sv_template *const templates[],
                           int64_t count, const sv_match_options *options, found *all,
                           sv_match_report *report, sv_error *error)
{
    sv_status status = SV_OK;
    sv_error loss;
    for (int64_t first = 0, size; first < count && status == SV_OK; first += size) {
        int64_t lost_before = report->samples_lost;
        size = sv_match_batch(templates + first, count - first);
        batch b = {
            .first_template = first,
            .options = options,
            .report = report,
            .error = error,
            .begins = (double)first / (double)count,
            .share = (double)size / (double)count,
        };
        status = match_batch(&b, timeline, templates + first, size, all);
        if (lost_before == 0) {
            loss = *error;
        }
    }
    if (status == SV_OK && report->samples_lost > 0) {
        *error = loss;
        status = SV_FORMAT;
    }
    if (all->count > 0) {
        qsort(all->items, (size_t)all->count, sizeof *all->items, compare_detections);
    }
    return status;
}

static sv_status check_options(int64_t num_templates, const sv_match_options *options,
                               sv_error *error)
{
    if (num_templates < 1) {
        return sv_fail(error, SV_INVALID, "there is no template; name one");
    }
    if (!(options->threshold > 0.0) || isinf(options->threshold) ||
        (!options->in_mad && options->threshold > 1.0)) {
        return sv_fail(error, SV_INVALID,
                       "the threshold is no coefficient above 0 and up to 1, nor a number of "
                       "deviations above 0");
    }
    if (isnan(options->distance)) {
        return sv_fail(error, SV_INVALID, "the distance between detections is no number");
    }
    return SV_OK;
}

/* Checks, and counts positions; every template by itself, so that nothing of their number is held.
 */
static sv_status check_templates(const sv_timeline *timeline, sv_template *const templates[],
                                 int64_t num_templates, int64_t *num_positions, sv_error *error)
{
    sv_status status = SV_OK;
    *num_positions = 0;
    for (int64_t i = 0; i < num_templates && status == SV_OK; i++) {
        sv_match_plan plan;
        status = sv_match_plan_pair(timeline, templates + i, 1, &plan, error);
        *num_positions = sv_max_i8(*num_positions, plan.most_positions);
        sv_match_plan_close(&plan);
    }
    return status;
}

sv_status sv_match_positions(sv_recording *recording, sv_template *const templates[],
                             int64_t num_templates, const sv_match_options *options,
                             int64_t *num_positions, sv_error *error)
{
    sv_error own = {.message = ""};
    sv_timeline timeline;
    error = error != NULL ? error : &own;
    sv_status status = check_options(num_templates, options, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_timeline_open(recording, &options->window, options->channels, &timeline, error);
    if (status == SV_OK) {
        status = check_templates(&timeline, templates, num_templates, num_positions, error);
    }
    sv_timeline_close(&timeline);
    return status;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static sv_status match_on_axis(const sv_timeline *timeline, sv_template *const templates[],
                               int64_t num_templates, const sv_match_options *options, found *all,
                               sv_match_report *report, sv_error *error)
{
    double began = seconds_now();
    report->num_channels = timeline->num_channels;
    sv_status status =
        check_templates(timeline, templates, num_templates, &report->num_positions, error);
    if (status == SV_OK) {
        status = match_all(timeline, templates, num_templates, options, all, report, error);
    }
    report->seconds = seconds_now() - began;
    return status;
}

sv_status sv_match(sv_recording *recording, sv_template *const templates[], int64_t num_templates,
                   const sv_match_options *options, sv_detection **detections,
                   int64_t *num_detections, sv_match_report *report, sv_error *error)
{
    sv_error own_error = {.message = ""};
    sv_match_report own_report = {.num_positions = 0};
    sv_timeline timeline;
    found all = {NULL, 0};
    error = error != NULL ? error : &own_error;
    report = report != NULL ? report : &own_report;
    *report = (sv_match_report){.num_positions = 0};
    *detections = NULL;
    *num_detections = 0;
    sv_status status = check_options(num_templates, options, error);
    if (status != SV_OK) {
        return status;
    }
    sv_buffer *buffer = sv_recording_buffer(recording);
    sv_buffer_pin(buffer);
    status = sv_timeline_open(recording, &options->window, options->channels, &timeline, error);
    timeline.io = options->scan.io;
    if (status == SV_OK) {
        status = match_on_axis(&timeline, templates, num_templates, options, &all, report, error);
    }
    sv_timeline_close(&timeline);
    sv_buffer_unpin(buffer);
    if (status != SV_OK && status != SV_FORMAT) {
        sv_free(all.items);
        return status;
    }
    *detections = all.items;
    *num_detections = all.count;
    return status;
}

void sv_detections_free(sv_detection *detections)
{
    sv_free(detections);
}
