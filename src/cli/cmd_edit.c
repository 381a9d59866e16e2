/* seisview edit: changes samples in place, wholly or not at all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/editing.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/selection.h"
#include "cli/size_text.h"

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

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* The type of the samples: all segments of a recording that can be edited have one. */
static sv_dtype dtype_of(const sv_edit *edit)
{
    sv_segment segment;
    sv_status status = sv_recording_segment(sv_edit_recording(edit), 0, &segment);
    return status == SV_OK ? segment.samples.dtype : sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
}

static void tell_saturated(const char *path, const sv_edit_effect *effect, sv_dtype dtype,
                           const char *how)
{
    char type[SV_DTYPE_TEXT_SIZE];
    bool has_infinity = dtype.type == SV_F4 || dtype.type == SV_F8;
    if (effect->num_saturated > 0) {
        message(path, "%" PRId64 " sample%s %s beyond %s, and %s", effect->num_saturated,
                plural(effect->num_saturated), how, sv_dtype_text(dtype, type),
                has_infinity ? "became infinite" : "hold the nearest value that it has");
    }
}

static enum outcome tell_done(const char *path, const sv_edit_effect *effect, sv_dtype dtype)
{
    char line[8192];
    tell_saturated(path, effect, dtype, "lay");
    snprintf(line, sizeof line,
             "%s: edit %" PRIu64 ": %" PRId64 " sample%s changed, by %.6g at most\n", path,
             effect->number, effect->num_changed, plural(effect->num_changed),
             effect->largest_change);
    return output_bytes(line, strlen(line)) ? DONE : STOPPED;
}

static enum outcome tell_preview(const char *path, const sv_edit_effect *effect, sv_dtype dtype)
{
    char line[8192], needed[SIZE_TEXT_SIZE], there[SIZE_TEXT_SIZE];
    tell_saturated(path, effect, dtype, "would lie");
    snprintf(line, sizeof line,
             "%s: %" PRId64 " of %" PRId64 " sample%s would change, by %.6g at most\n"
             "%s: the journal would take up to %s; %s are free\n",
             path, effect->num_changed, effect->num_samples, plural(effect->num_samples),
             effect->largest_change, path, size_text(effect->journal_bytes, needed),
             size_text(effect->free_bytes, there));
    return output_bytes(line, strlen(line)) ? DONE : STOPPED;
}

/* ---- one file ---------------------------------------------------------------------------- */

/* Each mean and trend takes a pass, and the edit itself one. */
static int64_t passes(const struct options *options)
{
    int64_t count = 1;
    for (int i = 0; i < options->num_operations; i++) {
        sv_operation_kind kind = options->operations[i].kind;
        count += kind == SV_DEMEAN || kind == SV_DETREND;
    }
    return count;
}

static enum outcome apply(const struct options *options, struct editing *editing, sv_edit *edit)
{
    const char *path = editing->path;
    struct selection selection;
    struct walk walk;
    sv_error error;
    sv_status status = SV_OK;
    enum outcome outcome = selection_make(path, sv_edit_recording(edit), options, &selection);
    if (outcome != DONE) {
        return outcome;
    }
    editing->all_bytes = selection.num_bytes * passes(options);
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
    sv_dtype dtype = dtype_of(edit);
    sv_status status = sv_edit_commit(edit, &effect, &error);
    return status == SV_OK ? tell_done(path, &effect, dtype) : editing_failed(path, status, &error);
}

static enum outcome preview(const char *path, sv_edit *edit)
{
    sv_edit_effect effect;
    sv_error error;
    sv_dtype dtype = dtype_of(edit);
    sv_status status = sv_edit_preview(edit, &effect, &error);
    sv_edit_rollback(edit, NULL);
    return status == SV_OK ? tell_preview(path, &effect, dtype)
                           : editing_failed(path, status, &error);
}

static enum outcome edit_opened(const struct options *options, struct editing *editing,
                                sv_edit *edit)
{
    enum outcome outcome = apply(options, editing, edit);
    if (outcome != DONE) {
        sv_edit_rollback(edit, NULL);
        return outcome;
    }
    return options->dry_run ? preview(editing->path, edit) : commit(editing->path, edit);
}

static enum outcome edit_file(const struct options *options, const char *path)
{
    char words[4096];
    sv_edit *edit;
    sv_error error;
    struct editing editing;
    sv_edit_options how = editing_begin(&editing, options, path);
    tell_words(options, words, sizeof words);
    how.words = words;
    how.undo_none = options->undo_none;
    how.only_looks = options->dry_run;
    sv_status status = sv_edit_begin(path, &options->open, &how, &edit, &error);
    enum outcome outcome = status == SV_OK ? edit_opened(options, &editing, edit)
                                           : editing_failed(path, status, &error);
    editing_end(&editing);
    return outcome;
}

int cmd_edit(const struct options *options)
{
    if (options->num_operations == 0) {
        message(NULL, "no operation was given, as --demean; see: seisview help edit");
        return EXIT_USAGE;
    }
    return editing_each(options, edit_file);
}
