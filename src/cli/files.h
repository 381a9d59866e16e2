/* The files a command is given: paths, and @lists of paths, a line each. */
#ifndef SV_CLI_FILES_H
#define SV_CLI_FILES_H

#include <stdbool.h>
#include <stdio.h>

/* A walk over them. Lists are read as the walk goes, so that their length costs no memory. */
struct files {
    char **next; /* the argument that follows, NULL at the end */
    FILE *list;  /* open while the walk is in one */
    char *line;  /* of the list */
    size_t room; /* of the line */
    bool failed; /* a list could not be read, which was said */
    long num_paths;
};

void files_begin(struct files *files, char **arguments);

/* The next path, valid until the next call; NULL at the end. */
const char *files_next(struct files *files);

/* False: there was none to walk over, which is said. */
bool files_end(struct files *files, const char *command);

#endif
