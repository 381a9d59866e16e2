/* seisview edit: changes samples in place, wholly or not at all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/editing.h"
#include "cli/files.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/selection.h"
#include "cli/signals.h"

/* ---- what is said ------------------------------------------------------------------------ */

/* For the log: the options as they were given, but for the window, which the log knows. */
static void tell_words(const struct options *options, char *words, size_t size)
{
    char text[SV_OPERATION_TEXT_SIZE];
    size_t used = 0;
    words[0] = '\0';
    for (int i = 0; i < options->num_operations && used < size; i++) {
        used += (size_t)snprintf(words + used, size - used, "%s%s", i > 0 ? " " : "",
                                 sv_operation_text(&options->operations[i], text));
    }
    if (options->channels != NULL && used < size) {
        snprintf(words + used, size - used, " --channel=%s", options->channels);
    }
}

static bool tell_effect(const char *path, const sv_edit_effect *effect)
{
    char line[8192];
    snprintf(line, sizeof line,
             "%s: edit %" PRIu64 ": %" PRId64 " samples changed, by %.6g at "
             "most\n",
             path, effect->number, effect->num_changed, effect->largest_change);
    return output_bytes(line, strlen(line));
}

/* ---- one file ---------------------------------------------------------------------------- */

static enum outcome apply(const struct options *options, const char *path, sv_edit *edit)
{
    struct selection selection;
    struct walk walk;
    sv_error error;
    sv_status status = SV_OK;
    enum outcome outcome = selection_make(path, sv_edit_recording(edit), options, &selection);
    if (outcome != DONE) {
        return outcome;
    }
    walk_begin(&walk, &selection);
    while (status == SV_OK && walk_segment(&walk)) {
        while (status == SV_OK && walk_rows(&walk)) {
            sv_scan_range range = walk_range(&walk, walk.first, walk.last);
            status =
                sv_edit_apply(edit, &range, options->operations, options->num_operations, &error);
        }
    }
    walk_end(&walk);
    return status == SV_OK ? DONE : editing_failed(path, status, &error);
}

static enum outcome commit(const char *path, sv_edit *edit)
{
    sv_edit_effect effect;
    sv_error error;
    sv_status status = sv_edit_commit(edit, &effect, &error);
    if (status != SV_OK) {
        return editing_failed(path, status, &error);
    }
    return tell_effect(path, &effect) ? DONE : STOPPED;
}

static enum outcome edit_opened(const struct options *options, const char *path, sv_edit *edit)
{
    enum outcome outcome = apply(options, path, edit);
    if (outcome != DONE) {
        sv_edit_rollback(edit, NULL);
        return outcome;
    }
    return commit(path, edit);
}

static enum outcome edit_file(const struct options *options, const char *path)
{
    char words[4096];
    sv_edit *edit;
    sv_error error;
    sv_edit_options how = editing_options(options);
    tell_words(options, words, sizeof words);
    how.words = words;
    how.undo_none = options->undo_none;
    how.only_looks = options->dry_run;
    sv_status status = sv_edit_begin(path, &options->open, &how, &edit, &error);
    return status == SV_OK ? edit_opened(options, path, edit)
                           : editing_failed(path, status, &error);
}

int cmd_edit(const struct options *options)
{
    if (options->num_operations == 0) {
        message(NULL, "no operation was given, as --demean; see: seisview help edit");
        return EXIT_USAGE;
    }
    return editing_each(options, edit_file);
}
