/* Samples of a file read by calls, into memory of ours, rather than through its mapping: where the
 * user wants that (sv_io). */
#ifndef SV_ARRAY_MATCH_BYTES_H
#define SV_ARRAY_MATCH_BYTES_H

#include "scan/file.h"
#include "seisview/scan.h"
#include "seisview/view.h"

typedef struct sv_match_bytes {
    const char *of; /* the mapping of the file that direct_fd is of */
    int direct_fd;  /* −1: none, or not possible */
    char *memory;   /* SV_MATCH_BYTES */
} sv_match_bytes;

enum { SV_MATCH_BYTES = 1 << 20 };

/* SV_NOMEM. Closed in any case. */
sv_status sv_match_bytes_open(sv_io io, sv_match_bytes *bytes, sv_error *error);
void sv_match_bytes_close(sv_match_bytes *bytes);

/* How many samples, one axis, fit at once. */
int64_t sv_match_bytes_room(const sv_view *samples);

/* Makes *samples, which lie in the mapping, those that were read. SV_TRUNCATED, SV_IO. */
sv_status sv_match_bytes_read(sv_match_bytes *bytes, sv_io io, const sv_file *file,
                              sv_view *samples, sv_error *error);

#endif
