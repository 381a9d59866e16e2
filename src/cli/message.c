#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/progress.h"

#define LINE_BYTES 8192 /* the longest path and the longest sentence */

void message(const char *file, const char *format, ...)
{
    char said[LINE_BYTES], line[LINE_BYTES], shown[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    int length = file != NULL ? snprintf(line, sizeof line, "seisview: %s: %s", file, said)
                              : snprintf(line, sizeof line, "seisview: %s", said);
    progress_erase();
    if (length > 0) {
        fprintf(stderr, "%s\n", sv_printable(line, shown, sizeof shown));
    }
}

void *must_have(void *memory)
{
    if (memory == NULL) {
        message(NULL, "out of memory");
        exit(EXIT_FAILED);
    }
    return memory;
}
