/* A file that comes to be wholly or not at all: written without a name, or where the file system
 * has no such files under a temporary one beside its own; synced; given its name. Standard output
 * ("-") gets its bytes at the end, from a nameless file; or as they come, where each is written
 * behind the one before. Bytes that follow one another are gathered (convert/pieces.h), so that a
 * write may also say why an earlier one failed. */
#ifndef SV_CONVERT_OUTPUT_H
#define SV_CONVERT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

typedef struct sv_output sv_output;

/* `replace`: one of that name is replaced. `appends`: the writer never goes back.
 * SV_BUSY: it exists; SV_INVALID: it is no regular file; SV_IO, SV_NOMEM. */
sv_status sv_output_open(const char *path, bool replace, bool appends, sv_output **output,
                         sv_error *error);

/* `output` is where the bytes go; what lies between the writes is zeros. SV_IO, SV_NOMEM. */
sv_status sv_output_write(sv_output *output, int64_t offset_bytes, const void *bytes,
                          size_t num_bytes, sv_error *error);
sv_status sv_output_append(sv_output *output, const void *bytes, size_t num_bytes, sv_error *error);

/* Bytes that were written may be read back until the file is there, but for one that appends to
 * standard output. Sets *num_read, short at the end. SV_IO. */
sv_status sv_output_read(sv_output *output, int64_t offset_bytes, void *bytes, size_t num_bytes,
                         size_t *num_read, sv_error *error);

int64_t sv_output_size(const sv_output *output);
bool sv_output_is_stream(const sv_output *output); /* to standard output, as it comes */

/* Gives the file its name. SV_BUSY: meanwhile somebody made one of that name; SV_IO. After any
 * answer the output is still to be closed. */
sv_status sv_output_commit(sv_output *output, sv_error *error);

/* Removes what a commit made. */
void sv_output_take_back(sv_output *output);

/* Removes what was not committed, and frees. NULL is fine. */
void sv_output_close(sv_output *output);

#endif
