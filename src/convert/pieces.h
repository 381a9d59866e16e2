/* Writes gathered into large ones.
 *
 * The page cache keeps a file in pieces as large as those it was written in, and maps each of them
 * on its own: a file of small ones takes many times as long to map as one whose pieces are those
 * of the processor's large pages, and lie as they do. So what follows on what was written is kept
 * until it ends where such a piece ends. That holds at several places of a file in turn, as where
 * interleaved channels become planar. */
#ifndef SV_CONVERT_PIECES_H
#define SV_CONVERT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SV_NUM_PIECES = 16 };

/* Bytes [first, end) of the file that wait to be written, from bytes + first % the size of a piece
 * on. No two of a file overlap. */
typedef struct sv_piece {
    char *bytes; /* NULL: nothing waited here so far */
    int64_t first, end;
    int64_t last_use;
} sv_piece;

/* Zeros to begin with, but for the descriptor. */
typedef struct sv_pieces {
    int fd;
    bool is_stream; /* standard output: each write follows on the one before */
    int64_t num_uses;
    sv_piece pieces[SV_NUM_PIECES];
} sv_pieces;

/* SV_IO, of these bytes or of some that waited; SV_NOMEM. */
sv_status sv_pieces_write(sv_pieces *pieces, int64_t offset_bytes, const void *bytes,
                          size_t num_bytes, sv_error *error);

/* Writes what waits. SV_IO. */
sv_status sv_pieces_flush(sv_pieces *pieces, sv_error *error);

/* What waits is dropped. */
void sv_pieces_free(sv_pieces *pieces);

/* Writes bytes on standard output, where a reader that went away is an errno and no signal. SV_IO,
 * SV_NOMEM. */
sv_status sv_write_on(int fd, const void *bytes, size_t num_bytes, sv_error *error);

#endif
