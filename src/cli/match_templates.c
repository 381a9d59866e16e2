#include "cli/match_templates.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/message.h"

/* ---- FILE@A..B ----------------------------------------------------------------------------- */

struct place {
    char *path;
    sv_window window;
};

/* Either side may be left out. */
static bool read_position(const char *name, const char *text, sv_position *position)
{
    sv_error error;
    if (text[0] == '\0' || sv_position_parse(text, position, &error) == SV_OK) {
        return true;
    }
    message(NULL, "--template %s: %s", name, error.message);
    return false;
}

static bool read_window(const char *name, char *text, sv_window *window)
{
    char *dots = strstr(text, "..");
    *dots = '\0';
    return read_position(name, text, &window->from) && read_position(name, dots + 2, &window->to);
}

/* A file whose name has an @ itself goes before a window of another. The path is to be freed. */
static bool read_place(const char *name, struct place *place)
{
    *place = (struct place){.path = must_have(strdup(name))};
    char *at = strrchr(place->path, '@');
    if (at == NULL || strstr(at, "..") == NULL || access(name, F_OK) == 0) {
        return true;
    }
    *at = '\0';
    return read_window(name, at + 1, &place->window);
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool is_among(char *const *files, const char *path)
{
    for (; *files != NULL; files++) {
        if (strcmp(*files, path) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of_format(const sv_recording *recording, const char *name)
{
    return strcmp(sv_recording_format(recording), name) == 0;
}

/* The options that describe raw samples are for raw templates; what tells its format itself is
 * taken at its word, unless it is one of the recordings that the options are of. NumPy's format
 * tells no sample rate. */
static sv_status open_template(const struct options *options, const char *path,
                               sv_recording **recording, sv_error *error)
{
    sv_open_options plain = SV_OPEN_OPTIONS_INIT;
    if (is_among(options->files, path) ||
        sv_recording_open(path, &plain, recording, error) != SV_OK) {
        return sv_recording_open(path, &options->open, recording, error);
    }
    bool is_raw = is_of_format(*recording, "raw"), is_npy = is_of_format(*recording, "npy");
    if (!is_raw && !is_npy) {
        return SV_OK;
    }
    sv_recording_close(*recording);
    plain.rate = options->open.rate;
    return sv_recording_open(path, is_raw ? &options->open : &plain, recording, error);
}

static int read_opened(const char *name, sv_recording *recording, const sv_window *window,
                       const char *channels, sv_template **template)
{
    sv_error error;
    for (int i = 0; sv_recording_warning(recording, i) != NULL; i++) {
        message(name, "%s", sv_recording_warning(recording, i));
    }
    sv_status status = sv_template_read(recording, window, channels, template, &error);
    if (status == SV_OK) {
        return EXIT_DONE;
    }
    message(name, "%s", error.message);
    bool has_window = window->from.kind != SV_POSITION_NONE || window->to.kind != SV_POSITION_NONE;
    return has_window && (status == SV_WINDOW || status == SV_INVALID) ? EXIT_USAGE : EXIT_FAILED;
}

static int read_template(const struct options *options, const char *name, sv_template **template)
{
    struct place place;
    sv_recording *recording;
    sv_error error;
    int status = EXIT_USAGE;
    if (read_place(name, &place)) {
        status = EXIT_FAILED;
        if (open_template(options, place.path, &recording, &error) != SV_OK) {
            message(place.path, "%s", error.message);
        } else {
            /* A window of a recording has the channels that are chosen of it. */
            const char *channels = is_among(options->files, place.path) ? options->channels : NULL;
            status = read_opened(name, recording, &place.window, channels, template);
            sv_recording_close(recording);
        }
    }
    free(place.path);
    return status;
}

int templates_read(const struct options *options, sv_template **templates)
{
    int status = EXIT_DONE;
    for (int i = 0; i < options->num_templates && status == EXIT_DONE; i++) {
        status = read_template(options, options->templates[i], &templates[i]);
    }
    return status;
}
