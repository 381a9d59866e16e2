#include "cli/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/files.h"
#include "cli/message.h"
#include "cli/signals.h"

/* ---- scans --------------------------------------------------------------------------------- */

static void on_progress(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct visit *visit = context;
    (void)total_bytes;
    /* What began again has gone once through all of it. */
    if (done_bytes < visit->scan_bytes) {
        visit->done_bytes += visit->scan_bytes;
    }
    visit->scan_bytes = done_bytes;
    progress_update(visit->done_bytes + done_bytes);
    if (visit->options->explain) {
        explain_look_at_memory(&visit->peak_anonymous);
    }
}

void visit_begin_scan(struct visit *visit)
{
    visit->scan = visit->options->scan;
    visit->scan.progress = on_progress;
    visit->scan.progress_context = visit;
    signals_begin_work();
}

static int64_t bytes_of(const struct visit *visit, const sv_scan_range *range)
{
    sv_segment segment;
    if (sv_recording_segment(visit->recording, range->segment, &segment) != SV_OK) {
        return 0;
    }
    return range->num_rows * (range->last - range->first) *
           (int64_t)sv_dtype_itemsize(segment.samples.dtype);
}

enum outcome visit_end_scan(struct visit *visit, const sv_scan_range *range, sv_status status,
                            const sv_error *error)
{
    signals_end_work();
    visit->done_bytes += bytes_of(visit, range);
    visit->scan_bytes = 0;
    if (status == SV_CANCELLED || signals_stopped()) {
        return STOPPED;
    }
    if (status != SV_OK) {
        message(visit->speaker, "%s", error->message);
        return status == SV_FORMAT ? LOST : FAILED;
    }
    return DONE;
}

bool visit_check(struct visit *visit)
{
    sv_error error;
    sv_status status = sv_recording_check(visit->recording, &error);
    if (status == SV_OK || (status == SV_BUSY && visit->is_written_to)) {
        return true;
    }
    message(visit->speaker, "%s", error.message);
    visit->is_written_to = status == SV_BUSY;
    return status == SV_BUSY;
}

/* ---- files --------------------------------------------------------------------------------- */

static void say_warnings(const struct visit *visit)
{
    for (int i = 0; sv_recording_warning(visit->recording, i) != NULL; i++) {
        message(visit->speaker, "%s", sv_recording_warning(visit->recording, i));
    }
}

/* Files of a joined recording that could not be read, or samples that the header states and the
 * file lacks; that it does so was a warning. */
static bool lacks_samples(const struct visit *visit)
{
    if (sv_recording_num_missing(visit->recording) > 0) {
        return true;
    }
    for (int64_t i = 0; i < sv_recording_num_segments(visit->recording); i++) {
        sv_segment segment;
        if (sv_recording_segment(visit->recording, i, &segment) == SV_OK && !segment.complete) {
            return true;
        }
    }
    return false;
}

static enum outcome work_on(struct visit *visit, visitor *work, void *context)
{
    say_warnings(visit);
    enum outcome outcome =
        selection_make(visit->path, visit->recording, visit->options, &visit->selection);
    if (outcome != DONE) {
        return sv_recording_num_missing(visit->recording) > 0 ? FAILED : outcome;
    }
    progress_begin(visit->options->progress, visit->path,
                   visit->selection.num_bytes * (visit->options->detrend ? 2 : 1));
    outcome = work(context, visit);
    progress_end();
    if (outcome == LOST || (outcome == DONE && lacks_samples(visit))) {
        outcome = FAILED;
    }
    if (visit->options->explain && outcome != STOPPED) {
        explain(visit);
    }
    return outcome;
}

/* `status` and `error`: what opening it answered. */
static enum outcome visit_opened(struct visit *visit, sv_status status, const sv_error *error,
                                 visitor *work, void *context)
{
    if (status != SV_OK) {
        message(visit->speaker, "%s", error->message);
        return status == SV_INVALID ? REFUSED : FAILED;
    }
    visit->peak_anonymous = -1;
    enum outcome outcome = work_on(visit, work, context);
    sv_recording_close(visit->recording);
    return outcome;
}

static enum outcome visit_file(const struct options *options, const char *path, visitor *work,
                               void *context)
{
    struct visit visit = {.path = path, .speaker = path, .options = options};
    sv_error error;
    sv_status status = sv_recording_open(path, &options->open, &visit.recording, &error);
    return visit_opened(&visit, status, &error, work, context);
}

static enum outcome visit_joined(const struct options *options, char *const *paths, long num_paths,
                                 visitor *work, void *context)
{
    struct visit visit = {.path = paths[0], .options = options};
    sv_error error;
    sv_status status = sv_recording_join((const char *const *)paths, num_paths, &options->open,
                                         &visit.recording, &error);
    return visit_opened(&visit, status, &error, work, context);
}

static void visit_each(struct files *files, const struct options *options, visitor *work,
                       void *context, bool met[STOPPED + 1])
{
    for (const char *path; !met[STOPPED] && (path = files_next(files)) != NULL;) {
        met[visit_file(options, path, work, context)] = true;
    }
}

static void visit_together(struct files *files, const struct options *options, visitor *work,
                           void *context, bool met[STOPPED + 1])
{
    char **paths = NULL;
    long count = 0, room = 0;
    for (const char *path; (path = files_next(files)) != NULL; count++) {
        if (count == room) {
            room = room + room / 2 + 16;
            paths = must_have(realloc(paths, (size_t)room * sizeof *paths));
        }
        paths[count] = must_have(strdup(path));
    }
    if (count > 0) {
        met[visit_joined(options, paths, count, work, context)] = true;
    }
    for (long i = 0; i < count; i++) {
        free(paths[i]);
    }
    free(paths);
}

int visit_all(const struct options *options, visitor *work, void *context)
{
    bool met[STOPPED + 1] = {false};
    struct files files;
    files_begin(&files, options->files);
    if (options->join) {
        visit_together(&files, options, work, context, met);
    } else {
        visit_each(&files, options, work, context, met);
    }
    if (!files_end(&files, options->command->name)) {
        return EXIT_USAGE;
    }
    met[FAILED] = met[FAILED] || files.failed;
    return outcomes_status(met);
}
