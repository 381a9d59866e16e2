/* Samples of a file read by calls, into memory of ours, rather than through its mapping: where the
 * user wants that (sv_io). */
#ifndef SV_ARRAY_BYTES_H
#define SV_ARRAY_BYTES_H

#include <stdbool.h>

#include "scan/file.h"
#include "seisview/scan.h"
#include "seisview/view.h"

/* A thread's way to them. Zeros are a closed one. */
typedef struct sv_bytes {
    sv_io io;
    char *memory;   /* SV_BYTES_ROOM; NULL: nothing is read by calls */
    const char *of; /* the mapping of the file that direct_fd is of; NULL: none */
    int direct_fd;  /* −1: not possible */
} sv_bytes;

enum { SV_BYTES_ROOM = 1 << 20 };

/* Whether the user wants calls, and there is a file to call for. */
bool sv_bytes_are_called_for(sv_io io, const sv_file *file);

/* What one takes. */
int64_t sv_bytes_memory(sv_io io);

/* SV_NOMEM. Closed in any case. */
sv_status sv_bytes_open(sv_io io, sv_bytes *bytes, sv_error *error);
void sv_bytes_close(sv_bytes *bytes);

/* How many samples, along the last axis, fit at once, of one row or of all: one at least, of rows
 * that lie within half the room. */
int64_t sv_bytes_room(const sv_view *samples);

/* Makes *samples, which lie in the mapping and fit, those that were read: one axis, or rows ×
 * samples. SV_TRUNCATED, SV_IO. */
sv_status sv_bytes_read(sv_bytes *bytes, const sv_file *file, sv_view *samples, sv_error *error);

#endif
