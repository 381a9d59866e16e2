/* Samples of a file read by calls, into memory of ours, rather than through its mapping: where the
 * user wants that (sv_io). */
#ifndef SV_ARRAY_BYTES_H
#define SV_ARRAY_BYTES_H

#include "scan/file.h"
#include "seisview/scan.h"
#include "seisview/view.h"

typedef struct sv_bytes {
    const char *of; /* the mapping of the file that direct_fd is of */
    int direct_fd;  /* −1: none, or not possible */
    char *memory;   /* SV_BYTES_ROOM */
} sv_bytes;

enum { SV_BYTES_ROOM = 1 << 20 };

/* SV_NOMEM. Closed in any case. */
sv_status sv_bytes_open(sv_io io, sv_bytes *bytes, sv_error *error);
void sv_bytes_close(sv_bytes *bytes);

/* How many samples, one axis, fit at once: one at least. */
int64_t sv_bytes_room(const sv_view *samples);

/* Makes *samples, which lie in the mapping, those that were read. SV_TRUNCATED, SV_IO. */
sv_status sv_bytes_read(sv_bytes *bytes, sv_io io, const sv_file *file, sv_view *samples,
                        sv_error *error);

#endif
