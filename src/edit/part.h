/* What a transaction changes: parts, each rows of samples and a work; and how they fall into
 * windows. The body of BEGN is the parts:
 *
 *   for each part 88 bytes (doc/journal.md), its parameters, zeros up to a multiple of 8;
 *   then the words for the log, up to the end. */
#ifndef SV_EDIT_PART_H
#define SV_EDIT_PART_H

#include "edit/work.h"

typedef struct sv_part {
    sv_dtype dtype;
    int64_t offset_bytes; /* of the first sample of the first row */
    int64_t rows, row_stride_bytes;
    int64_t samples, stride_bytes;
    int64_t lead, trail; /* samples of each row before and after those that are edited */
    const sv_work *work; /* NULL: one that this build does not know */
    const void *parameters;
    size_t parameters_bytes;
} sv_part;

/* SV_OK, or SV_RANGE: a sample lies outside of a file of `size_bytes`; SV_INVALID, SV_OVERFLOW. */
sv_status sv_part_check(const sv_part *part, int64_t size_bytes, sv_error *error);

/* Bytes from the lowest byte of the part to behind the highest; needs a checked part. */
void sv_part_extent(const sv_part *part, int64_t *first_byte, int64_t *past_byte);

/* Whether two checked parts may have a byte in common. Parts that are woven into each other in
 * another way than channels or windows of the same rows are said to. */
bool sv_parts_overlap(const sv_part *a, const sv_part *b);

/* How many samples of a row a window holds, where a window holds at most `window_bytes` of them and
 * spans no more than that in the file; at least one. */
int64_t sv_part_window_samples(const sv_part *part, int64_t window_bytes);

int64_t sv_part_num_windows(const sv_part *part, int64_t window_bytes);

/* Window `window` of a part, and where it lies. */
void sv_part_window(const sv_part *part, int64_t window_bytes, int64_t window, int fd, sv_row *row,
                    sv_place *place, sv_run *run);

/* ---- as bytes ---------------------------------------------------------------------------- */

size_t sv_parts_bytes(const sv_part *parts, uint32_t num_parts, const char *words);
void sv_parts_encode(const sv_part *parts, uint32_t num_parts, const char *words,
                     unsigned char *bytes);

/* The parts borrow `bytes`; to be freed. `works` ends with NULL. SV_CONFLICT: no such parts. */
sv_status sv_parts_decode(const unsigned char *bytes, size_t num_bytes, uint32_t num_parts,
                          const sv_work *const *works, int64_t size_bytes, sv_part **parts,
                          sv_error *error);

/* Which samples of their rows operations of a transaction are applied to, and of how many rows.
 * False: there are none, or different ones of each. */
bool sv_parts_window(const sv_part *parts, uint32_t num_parts, int64_t *first, int64_t *last,
                     int64_t *num_rows);

/* The words for the log within the bytes, not NUL-terminated; their length, 0 where the bytes make
 * no sense. */
size_t sv_parts_words(const unsigned char *bytes, size_t num_bytes, uint32_t num_parts,
                      const char **words);

#endif
