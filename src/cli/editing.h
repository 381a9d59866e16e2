/* What the commands that change a recording have in common. */
#ifndef SV_CLI_EDITING_H
#define SV_CLI_EDITING_H

#include "cli/options.h"
#include "cli/selection.h"

/* Work on one file, with its progress bar. */
struct editing {
    const char *path;
    int64_t all_bytes;  /* of all passes, as far as they are known */
    int64_t done_bytes; /* of the passes that are through */
    int64_t pass_bytes; /* of the one that is not, when it was last heard of */
};

/* The options of an edit, as the command line has them, which tell `editing` how far it is. */
sv_edit_options editing_begin(struct editing *editing, const struct options *options,
                              const char *path);
void editing_end(struct editing *editing);

/* Says why something failed. */
enum outcome editing_failed(const char *path, sv_status status, const sv_error *error);

/* Edits every file; returns the exit status. */
int editing_each(const struct options *options,
                 enum outcome (*edit)(const struct options *options, const char *path));

/* undo and redo: FILE [N]. `done` is what is said of each edit. */
typedef sv_status editing_step(const char *path, const sv_edit_options *options, uint64_t *number,
                               sv_error *error);
int editing_steps(const struct options *options, editing_step *step, const char *done);

#endif
