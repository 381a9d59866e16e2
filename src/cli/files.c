#include "cli/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

void files_begin(struct files *files, char **arguments)
{
    *files = (struct files){.next = arguments};
}

static void open_list(struct files *files, const char *argument)
{
    files->list = fopen(argument + 1, "re");
    if (files->list == NULL) {
        message(argument, "the list cannot be opened: %s", strerror(errno));
        files->failed = true;
    }
}

static void close_list(struct files *files)
{
    if (ferror(files->list)) {
        message(files->next[-1], "the list cannot be read: %s", strerror(errno));
        files->failed = true;
    }
    fclose(files->list);
    files->list = NULL;
}

/* The next line that is not empty, NULL at the list's end. */
static const char *next_line(struct files *files)
{
    errno = 0;
    while (getline(&files->line, &files->room, files->list) >= 0) {
        files->line[strcspn(files->line, "\r\n")] = '\0';
        if (files->line[0] != '\0') {
            return files->line;
        }
    }
    return NULL;
}

const char *files_next(struct files *files)
{
    for (;;) {
        const char *path = NULL;
        if (files->list != NULL) {
            path = next_line(files);
            if (path == NULL) {
                close_list(files);
                continue;
            }
        } else if (*files->next == NULL) {
            return NULL;
        } else if ((*files->next)[0] == '@') {
            open_list(files, *files->next++);
            continue;
        } else {
            path = *files->next++;
        }
        files->num_paths++;
        return path;
    }
}

bool files_end(struct files *files, const char *command)
{
    if (files->list != NULL) {
        fclose(files->list);
    }
    free(files->line);
    if (files->num_paths == 0 && !files->failed) {
        message(NULL, "no file is named; see: seisview help %s", command);
        return false;
    }
    return true;
}
