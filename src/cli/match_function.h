/* The function of correlation as a file of NumPy's: float32, templates × positions. It appears
 * under its name when it is whole. */
#ifndef SV_CLI_MATCH_FUNCTION_H
#define SV_CLI_MATCH_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview.h"

struct function_file {
    const char *path;
    char *temporary; /* NULL: nothing is open */
    int fd;
    int64_t header_bytes;
    int64_t num_positions;
};

/* False after a line. */
bool function_begin(struct function_file *file, const char *path, int64_t num_templates,
                    int64_t num_positions);

/* For sv_match_options.function; the context is the file. */
sv_status function_write(void *context, int64_t index, int64_t first, int64_t count,
                         const float *values, sv_error *error);

/* Gives it its name, or takes it away where it is not whole. False after a line. */
bool function_end(struct function_file *file, bool is_whole);

#endif
