/* seisview convert: a recording, or a window and some channels of it, in another format. */
#include <errno.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/visit.h"

static void on_note(void *context, const char *path, const char *sentence)
{
    (void)context;
    message(path, "%s", sentence);
}

static void on_progress(void *context, int64_t done_bytes, int64_t total_bytes)
{
    (void)context;
    (void)total_bytes;
    progress_update(done_bytes);
}

static enum outcome outcome_of(sv_status status)
{
    switch (status) {
    case SV_OK: return DONE;
    case SV_CANCELLED: return STOPPED;
    case SV_INVALID:
    case SV_SHAPE:
    case SV_BUSY: return REFUSED;
    case SV_WINDOW: return PASSED_OVER;
    default: return FAILED;
    }
}

/* Whether it is the recording that an answer speaks of, and not what is made of it. */
static bool is_of_source(sv_status status)
{
    return status == SV_TRUNCATED || status == SV_FORMAT || status == SV_RANGE ||
           status == SV_WINDOW;
}

static enum outcome convert_file(void *context, struct visit *visit)
{
    const char *path = context;
    const struct options *options = visit->options;
    const sv_convert_options how = {.format = options->to_format,
                                    .encoding = options->encoding,
                                    .window = &options->window,
                                    .channels = options->channels,
                                    .replace = options->force,
                                    .cancel = signals_flag(),
                                    .note = on_note,
                                    .progress = on_progress};
    sv_error error;
    signals_begin_work();
    sv_status status = sv_convert(visit->recording, path, &how, &error);
    signals_end_work();
    if (signals_stopped()) {
        return STOPPED;
    }
    if (status == SV_IO && error.system_error == EPIPE) {
        output_failed(EPIPE);
        return STOPPED;
    }
    if (status != SV_OK) {
        message(is_of_source(status) ? visit->speaker : path, "%s", error.message);
    }
    return outcome_of(status);
}

int cmd_convert(const struct options *options)
{
    char **target = options->files;
    while (target[0] != NULL && target[1] != NULL) {
        target++;
    }
    long num_sources = target - options->files;
    if (num_sources < 1 || (num_sources > 1 && !options->join)) {
        message(NULL, "convert takes a recording and the file to write, and with --join several "
                      "before it; see: seisview help convert");
        return EXIT_USAGE;
    }
    char *path = *target;
    *target = NULL;
    int status = visit_all(options, convert_file, path);
    *target = path;
    return status;
}
