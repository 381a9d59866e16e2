/* seisview log: the edits of a recording, the newest first. */
#include "cli/command.h"
#include "cli/editing.h"
#include "cli/message.h"
#include "cli/output.h"

enum key {
#define LOG_KEY(key, heading, fact, importance) KEY_##key,
#include "cli/log_keys.def"
#undef LOG_KEY
    NUM_KEYS
};

static const sv_column columns[NUM_KEYS] = {
#define LOG_KEY(key, heading, fact, importance) {#key, heading, fact, importance, SV_NOTICE_NEVER},
#include "cli/log_keys.def"
#undef LOG_KEY
};

struct log {
    const char *path;
    bool is_table; /* for people: times to the second */
    sv_report *report;
};

static sv_value value_of_index(int64_t index)
{
    return index >= 0 ? sv_value_int(index) : sv_value_null();
}

static sv_value value_of_time(const struct log *log, sv_time time)
{
    const sv_time second = 1000000000;
    return sv_value_time(log->is_table ? time - (time % second + second) % second : time);
}

static bool take(void *context, const sv_log_entry *entry)
{
    const struct log *log = context;
    sv_value values[NUM_KEYS];
    values[KEY_file] = sv_value_text(log->path);
    values[KEY_number] = sv_value_int((int64_t)entry->number);
    values[KEY_time] = value_of_time(log, entry->begun);
    values[KEY_operation] = sv_value_text(entry->words[0] != '\0' ? entry->words : NULL);
    values[KEY_from] = value_of_index(entry->first);
    values[KEY_to] = value_of_index(entry->last);
    values[KEY_num_channels] = value_of_index(entry->num_channels);
    values[KEY_num_changed] = sv_value_int(entry->num_changed);
    values[KEY_num_saturated] = sv_value_int(entry->num_saturated);
    values[KEY_largest_change] = sv_value_real(entry->largest_change);
    values[KEY_state] = sv_value_text(entry->is_undone ? "undone" : "done");
    values[KEY_can_be_undone] = sv_value_bool(entry->can_be_undone);
    values[KEY_can_be_redone] = sv_value_bool(entry->can_be_redone);
    values[KEY_user] = sv_value_text(entry->user);
    values[KEY_host] = sv_value_text(entry->host);
    values[KEY_pid] = sv_value_int(entry->pid);
    return output_row(log->report, values);
}

static int list(const struct options *options, const char *path)
{
    sv_error error;
    struct log log = {path, options->style == SV_TABLE, output_open(options, columns, NUM_KEYS)};
    if (log.report == NULL) {
        return EXIT_FAILED;
    }
    sv_report_as_list(log.report);
    struct editing editing;
    sv_edit_options how = editing_begin(&editing, options, path);
    sv_status status = sv_edit_log(path, &how, take, &log, &error);
    editing_end(&editing);
    output_close(log.report);
    if (status != SV_OK) {
        message(path, "%s", error.message);
        return status == SV_CONFLICT ? EXIT_CHECK : EXIT_FAILED;
    }
    return EXIT_DONE;
}

static int forget(const struct options *options, const char *path)
{
    sv_error error;
    struct editing editing;
    sv_edit_options how = editing_begin(&editing, options, path);
    sv_status status = sv_edit_forget(path, &how, options->num_kept, &error);
    editing_end(&editing);
    if (status != SV_OK) {
        message(path, "%s", error.message);
        return status == SV_CONFLICT ? EXIT_CHECK : EXIT_FAILED;
    }
    return EXIT_DONE;
}

int cmd_log(const struct options *options)
{
    if (options->files[0] == NULL || options->files[1] != NULL) {
        message(NULL, "log takes a file; see: seisview help log");
        return EXIT_USAGE;
    }
    return options->forget ? forget(options, options->files[0]) : list(options, options->files[0]);
}
