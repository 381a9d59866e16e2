/* Whole reads and writes through the table of calls, with sentences. Inside the journal room and
 * the edit room. */
#ifndef SV_JOURNAL_FILE_H
#define SV_JOURNAL_FILE_H

#include "base/error.h"
#include "journal/system.h"

/* Reads up to `num_bytes`; *done_bytes is less where the file ends. SV_IO. */
sv_status sv_read_at(const sv_system *system, int fd, int64_t offset_bytes, void *bytes,
                     size_t num_bytes, size_t *done_bytes, sv_error *error);

/* Writes all of them. SV_IO: maybe a part was written. */
sv_status sv_write_at(const sv_system *system, int fd, int64_t offset_bytes, const void *bytes,
                      size_t num_bytes, sv_error *error);

/* fallocate, where the file system has it. */
sv_status sv_reserve(const sv_system *system, int fd, int mode, int64_t offset_bytes,
                     int64_t num_bytes, sv_error *error);

#endif
