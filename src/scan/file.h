/* The file behind a recording: whether it is still whole, and what the system holds of it. */
#ifndef SV_SCAN_FILE_H
#define SV_SCAN_FILE_H

#include "seisview/recording.h"
#include "seisview/status.h"

enum { SV_PAGE = 4096 };

/* A recording's bytes. */
typedef struct sv_file {
    const char *data; /* the mapping */
    int64_t size_bytes;
    int fd; /* −1: memory without a file, which cannot be cut */
} sv_file;

sv_file sv_file_of(const sv_recording *recording);

/* A descriptor with an offset and flags of its own; −1 where the system has no such way. */
int sv_file_reopen(const sv_file *file, int flags);

/* The look at the file after bytes were read: SV_TRUNCATED when it no longer holds `last_byte`.
 * Without it the last page of a cut file would have been read as zeros. `size_bytes`, unless NULL,
 * is its size now; 0 where it cannot be told. SV_IO. */
sv_status sv_file_look(const sv_file *file, int64_t last_byte, int64_t *size_bytes,
                       sv_error *error);

/* After a page of bytes [first_byte, last_byte) could not be touched: SV_TRUNCATED, also when the
 * file holds them again by now; SV_IO where the system cannot read them. */
sv_status sv_file_fault(const sv_file *file, int64_t first_byte, int64_t last_byte,
                        sv_error *error);

/* How many of these bytes the page cache holds, in whole pages. 0 where the system does not tell.
 */
int64_t sv_file_cached_bytes(const sv_file *file, int64_t first_byte, int64_t last_byte);

static inline int64_t sv_page_down(int64_t byte)
{
    return byte & ~(int64_t)(SV_PAGE - 1);
}

static inline int64_t sv_page_up(int64_t byte)
{
    return sv_page_down(byte + SV_PAGE - 1);
}

#endif
