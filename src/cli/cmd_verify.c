/* seisview verify: finishes or carries back an edit that was interrupted. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/editing.h"
#include "cli/files.h"
#include "cli/message.h"

static int verify(const struct options *options, const char *path)
{
    static const char *const sentences[] = {
        [SV_VERIFIED_CLEAN] = "no edit was interrupted",
        [SV_VERIFIED_BACK] = "an interrupted edit was carried back",
        [SV_VERIFIED_ON] = "an interrupted edit was carried on to its end"};
    sv_verified verified;
    sv_error error;
    struct editing editing;
    sv_edit_options how = editing_begin(&editing, options, path);
    sv_status status = sv_edit_verify(path, &how, &verified, &error);
    editing_end(&editing);
    if (status == SV_OK) {
        printf("%s: %s\n", path, sentences[verified]);
        return EXIT_DONE;
    }
    message(path, "%s", error.message);
    return status == SV_CONFLICT ? EXIT_CHECK : EXIT_FAILED;
}

int cmd_verify(const struct options *options)
{
    struct files files;
    const char *path;
    int status = EXIT_DONE;
    files_begin(&files, options->files);
    while ((path = files_next(&files)) != NULL) {
        int of_file = verify(options, path);
        if (of_file == EXIT_FAILED || status == EXIT_DONE) {
            status = of_file;
        }
    }
    if (!files_end(&files, "verify")) {
        return EXIT_USAGE;
    }
    return files.failed ? EXIT_FAILED : status;
}
