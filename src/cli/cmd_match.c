/* seisview match: where recordings look like templates. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/match_function.h"
#include "cli/match_templates.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/visit.h"

enum key {
#define MATCH_KEY(key, heading) KEY_##key,
#include "cli/match_keys.def"
#undef MATCH_KEY
    NUM_KEYS
};

static const sv_column columns[NUM_KEYS] = {
#define MATCH_KEY(key, heading) {#key, heading, false, 0, SV_NOTICE_NEVER},
#include "cli/match_keys.def"
#undef MATCH_KEY
};

struct match {
    sv_report *report;
    sv_template **templates;
    double *deviations; /* of each template's function */
};

/* ---- detections ---------------------------------------------------------------------------- */

static bool write_detection(const struct match *match, const struct visit *visit,
                            const sv_detection *detection)
{
    sv_channel channel;
    sv_value values[NUM_KEYS];
    int64_t segment = detection->segment < 0 ? 0 : detection->segment;
    bool is_known =
        detection->segment >= 0 &&
        sv_recording_channel(visit->recording, segment, detection->row, &channel) == SV_OK;
    values[KEY_file] = sv_value_text(visit->path);
    values[KEY_id] = is_known && channel.has_id ? sv_value_text(channel.id) : sv_value_null();
    values[KEY_template] = sv_value_text(visit->options->templates[detection->index]);
    values[KEY_time] = sv_value_time(detection->time);
    values[KEY_sample] = is_known ? sv_value_int(detection->sample) : sv_value_null();
    values[KEY_cc] = sv_value_real(detection->cc);
    return output_row(match->report, values);
}

static bool write_detections(const struct match *match, const struct visit *visit,
                             const sv_detection *detections, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (!write_detection(match, visit, &detections[i])) {
            return false;
        }
    }
    return true;
}

/* ---- a file -------------------------------------------------------------------------------- */

static void on_progress(void *context, int64_t done, int64_t total)
{
    struct visit *visit = context;
    double share = (double)done / (double)total;
    progress_update((int64_t)(share * (double)visit->selection.num_bytes));
    if (visit->options->explain) {
        explain_look_at_memory(&visit->peak_anonymous);
    }
}

static sv_match_options options_of(const struct match *match, struct visit *visit,
                                   struct function_file *function)
{
    const struct options *options = visit->options;
    sv_match_options how = SV_MATCH_OPTIONS_INIT;
    how.window = options->window;
    how.channels = options->channels;
    how.threshold = options->threshold;
    how.in_mad = options->threshold_is_mad;
    how.distance = options->distance;
    how.subsample = options->subsample;
    how.function = options->output != NULL ? function_write : NULL;
    how.function_context = function;
    how.deviations = match->deviations;
    how.scan = options->scan;
    how.scan.progress = on_progress;
    how.scan.progress_context = visit;
    return how;
}

/* Each template by itself, so that what is wrong with one has its name. */
static bool count_positions(const struct match *match, const struct visit *visit,
                            const sv_match_options *how, int64_t *num_positions)
{
    *num_positions = 0;
    for (int i = 0; i < visit->options->num_templates; i++) {
        int64_t count;
        sv_error error;
        if (sv_match_positions(visit->recording, &match->templates[i], 1, how, &count, &error) !=
            SV_OK) {
            message(visit->path, "template %s: %s", visit->options->templates[i], error.message);
            return false;
        }
        *num_positions = count > *num_positions ? count : *num_positions;
    }
    return true;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* Which way was taken, and why. */
static void explain_ways(const struct visit *visit, const sv_match_report *report)
{
    const sv_match_way *way = &report->by_transforms;
    if (way->num_templates > 0) {
        message(visit->path,
                "%" PRId64 " template%s at %" PRId64
                " positions by overlap-save with transforms of "
                "%" PRId64 " numbers, sixteen windows side by side: estimated at %.2f ns for a "
                "channel at a position; products in the time domain at %.2f ns",
                way->num_templates, plural(way->num_templates), report->num_positions,
                way->transform_size, way->cost, way->other_cost);
    }
    way = &report->by_products;
    if (way->num_templates > 0) {
        message(visit->path,
                "%" PRId64 " template%s at %" PRId64 " positions by products in the time domain: "
                "estimated at %.2f ns for a channel at a position; overlap-save with transforms of "
                "%" PRId64 " numbers at %.2f ns",
                way->num_templates, plural(way->num_templates), report->num_positions, way->cost,
                way->transform_size, way->other_cost);
    }
}

static void explain_thresholds(const struct match *match, const struct visit *visit)
{
    const struct options *options = visit->options;
    for (int i = 0; i < options->num_templates && options->threshold_is_mad; i++) {
        double deviation = match->deviations[i];
        message(visit->path,
                isnan(deviation) ? "template %s: no threshold, its function is defined nowhere"
                                 : "template %s: threshold %.6f, %g times the deviation of %.7f",
                options->templates[i], options->threshold * deviation, options->threshold,
                deviation);
    }
}

static void explain_match(const struct match *match, const struct visit *visit,
                          const sv_match_report *report)
{
    const char *kernel = "unknown";
    double products = (double)report->num_positions * visit->options->num_templates;
    sv_kernel_name(&kernel, NULL);
    explain_ways(visit, report);
    explain_thresholds(match, visit);
    message(visit->path,
            "%" PRId64 " transforms in %" PRId64 " pass%s; %" PRId64
            " coefficients summed one by one, next to samples 10^8 times as strong",
            report->num_transforms, report->num_passes, report->num_passes == 1 ? "" : "es",
            report->num_direct);
    message(visit->path, "%" PRId64 " bytes mapped, %" PRId64 " copied", report->bytes_mapped,
            report->bytes_copied);
    message(visit->path, "%.3f s, %.1f million coefficients a second, %d thread%s, %s kernels",
            report->seconds, products / report->seconds / 1e6, report->threads,
            plural(report->threads), kernel);
}

static enum outcome outcome_of(sv_status status)
{
    switch (status) {
    case SV_OK: return DONE;
    case SV_FORMAT: return LOST;
    case SV_CANCELLED: return STOPPED;
    default: return FAILED;
    }
}

static enum outcome match_opened(const struct match *match, struct visit *visit,
                                 const sv_match_options *how)
{
    sv_detection *detections;
    int64_t count;
    sv_match_report report;
    sv_error error;
    signals_begin_work();
    sv_status status = sv_match(visit->recording, match->templates, visit->options->num_templates,
                                how, &detections, &count, &report, &error);
    signals_end_work();
    if (signals_stopped()) {
        sv_detections_free(detections);
        return STOPPED;
    }
    enum outcome outcome = outcome_of(status);
    if (status != SV_OK) {
        message(visit->speaker, "%s", error.message);
    }
    if (!write_detections(match, visit, detections, count)) {
        outcome = STOPPED;
    }
    sv_detections_free(detections);
    if (visit->options->explain && outcome == DONE) {
        explain_match(match, visit, &report);
    }
    return outcome == DONE && !visit_check(visit) ? FAILED : outcome;
}

static enum outcome match_file(void *context, struct visit *visit)
{
    const struct match *match = context;
    const struct options *options = visit->options;
    struct function_file function = {.temporary = NULL};
    sv_match_options how = options_of(match, visit, &function);
    int64_t num_positions;
    if (!count_positions(match, visit, &how, &num_positions) ||
        (options->output != NULL &&
         !function_begin(&function, options->output, options->num_templates, num_positions))) {
        return FAILED;
    }
    enum outcome outcome = match_opened(match, visit, &how);
    bool is_whole = outcome == DONE || outcome == LOST;
    return function_end(&function, is_whole) ? outcome : FAILED;
}

/* ---- the command --------------------------------------------------------------------------- */

static int match_files(const struct options *options, sv_template **templates, double *deviations)
{
    struct match match = {.templates = templates, .deviations = deviations};
    int status = templates_read(options, templates);
    if (status != EXIT_DONE) {
        return status;
    }
    match.report = output_open(options, columns, NUM_KEYS);
    if (match.report == NULL) {
        return EXIT_FAILED;
    }
    status = visit_all(options, match_file, &match);
    output_close(match.report);
    return status;
}

int cmd_match(const struct options *options)
{
    if (options->num_templates == 0) {
        message(NULL, "match needs a template; name one with --template");
        return EXIT_USAGE;
    }
    if (options->output != NULL && !options->join && options->files[0] != NULL &&
        options->files[1] != NULL) {
        message(NULL, "-o takes the function of one recording; name one file, or use --join");
        return EXIT_USAGE;
    }
    size_t count = (size_t)options->num_templates;
    sv_template **templates = must_have(calloc(count, sizeof(sv_template *)));
    double *deviations = must_have(calloc(count, sizeof *deviations));
    int status = match_files(options, templates, deviations);
    for (size_t i = 0; i < count; i++) {
        sv_template_free(templates[i]);
    }
    free(templates);
    free(deviations);
    return status;
}
