#include "cli/editing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"

/* An edit goes over its samples several times: each pass begins again. */
static void on_progress(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct editing *editing = context;
    if (done_bytes < editing->pass_bytes) {
        editing->done_bytes += editing->pass_bytes;
    }
    editing->pass_bytes = done_bytes;
    int64_t least_bytes = editing->done_bytes + total_bytes;
    progress_expect(least_bytes > editing->all_bytes ? least_bytes : editing->all_bytes);
    progress_update(editing->done_bytes + done_bytes);
}

static void on_note(void *context, const char *sentence)
{
    const struct editing *editing = context;
    message(editing->path, "%s", sentence);
}

sv_edit_options editing_begin(struct editing *editing, const struct options *options,
                              const char *path)
{
    sv_edit_options how = SV_EDIT_OPTIONS_INIT;
    *editing = (struct editing){.path = path};
    how.wait_seconds = options->wait_seconds;
    how.allow_remote = options->force;
    how.note = on_note;
    how.note_context = editing;
    how.scan = options->scan;
    how.scan.progress = on_progress;
    how.scan.progress_context = editing;
    progress_begin(options->progress, path, 0);
    signals_begin_work();
    return how;
}

void editing_end(struct editing *editing)
{
    (void)editing;
    signals_end_work();
    progress_end();
}

enum outcome editing_failed(const char *path, sv_status status, const sv_error *error)
{
    if (status == SV_CANCELLED) {
        message(path, "the edit was stopped, and the recording is as it was");
        return STOPPED;
    }
    message(path, "%s", error->message);
    switch (status) {
    case SV_INVALID: return REFUSED;
    case SV_CONFLICT: return CONFLICT;
    default: return FAILED;
    }
}

int editing_each(const struct options *options,
                 enum outcome (*edit)(const struct options *options, const char *path))
{
    bool met[STOPPED + 1] = {false};
    struct files files;
    files_begin(&files, options->files);
    for (const char *path; !met[STOPPED] && (path = files_next(&files)) != NULL;) {
        met[edit(options, path)] = true;
        met[STOPPED] = met[STOPPED] || signals_stopped();
    }
    if (!files_end(&files, options->command->name)) {
        return EXIT_USAGE;
    }
    met[FAILED] = met[FAILED] || files.failed;
    return outcomes_status(met);
}

/* ---- undo and redo ----------------------------------------------------------------------- */

static bool read_count(const char *text, int64_t *count)
{
    sv_scalar scalar;
    if (text != NULL && (sv_scalar_parse(text, &scalar) != SV_OK || scalar.kind != SV_KIND_INT ||
                         scalar.value.i < 1)) {
        return false;
    }
    *count = text != NULL ? scalar.value.i : 1;
    return true;
}

static int run_step(const struct options *options, const char *path, editing_step *step,
                    const char *done)
{
    char line[8192];
    uint64_t number;
    sv_error error;
    struct editing editing;
    sv_edit_options how = editing_begin(&editing, options, path);
    sv_status status = step(path, &how, &number, &error);
    editing_end(&editing);
    if (status != SV_OK) {
        message(path, "%s", error.message);
        return status == SV_CONFLICT ? EXIT_CHECK : EXIT_FAILED;
    }
    snprintf(line, sizeof line, "%s: edit %" PRIu64 " %s\n", path, number, done);
    return output_bytes(line, strlen(line)) ? EXIT_DONE : EXIT_FAILED;
}

int editing_steps(const struct options *options, editing_step *step, const char *done)
{
    const char *path = options->files[0];
    int64_t count;
    if (path == NULL || (options->files[1] != NULL && options->files[2] != NULL) ||
        !read_count(options->files[1], &count)) {
        message(NULL, "%s takes a file and how many edits, 1 or more; see: seisview help %s",
                options->command->name, options->command->name);
        return EXIT_USAGE;
    }
    for (int64_t i = 0; i < count && !signals_stopped(); i++) {
        int status = run_step(options, path, step, done);
        if (status != EXIT_DONE) {
            return status;
        }
    }
    return EXIT_DONE;
}
