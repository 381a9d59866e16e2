#include "convert/pieces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "seisview/buffer.h"
#include "seisview/view.h"

/* The large pages of x86-64, and of AArch64 with small pages of 4 KiB. Larger pieces map no faster,
 * and stay in no processor's cache until they are written. */
enum { PIECE_BYTES = 2 * 1024 * 1024 };

/* ---- the file ---------------------------------------------------------------------------- */

sv_status sv_write_on(int fd, const void *bytes, size_t num_bytes, sv_error *error)
{
    sv_buffer *buffer;
    sv_status status = sv_buffer_borrow_const(bytes, num_bytes, &buffer, error);
    if (status != SV_OK) {
        return status;
    }
    sv_view view;
    int64_t done_bytes;
    sv_error inner;
    status = sv_view_of_buffer(buffer, sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN), &view, error);
    if (status == SV_OK) {
        status = sv_view_write(&view, fd, &done_bytes, &inner);
        if (status != SV_OK) {
            errno = inner.system_error;
            status = sv_fail_errno(error, "standard output cannot be written");
        }
    }
    sv_buffer_close(buffer);
    return status;
}

static sv_status write_at(int fd, int64_t offset_bytes, const char *bytes, int64_t num_bytes,
                          sv_error *error)
{
    while (num_bytes > 0) {
        ssize_t count = pwrite(fd, bytes, (size_t)num_bytes, (off_t)offset_bytes);
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "it cannot be written at byte %lld",
                                 (long long)offset_bytes);
        }
        if (count > 0) {
            bytes += count;
            offset_bytes += count;
            num_bytes -= count;
        }
    }
    return SV_OK;
}

static sv_status put(const sv_pieces *pieces, int64_t offset_bytes, const char *bytes,
                     int64_t num_bytes, sv_error *error)
{
    return pieces->is_stream ? sv_write_on(pieces->fd, bytes, (size_t)num_bytes, error)
                             : write_at(pieces->fd, offset_bytes, bytes, num_bytes, error);
}

/* ---- one piece --------------------------------------------------------------------------- */

static bool is_empty(const sv_piece *piece)
{
    return piece->first == piece->end;
}

static sv_status put_piece(const sv_pieces *pieces, sv_piece *piece, sv_error *error)
{
    if (is_empty(piece)) {
        return SV_OK;
    }
    sv_status status = put(pieces, piece->first, piece->bytes + piece->first % PIECE_BYTES,
                           piece->end - piece->first, error);
    piece->first = piece->end;
    return status;
}

static sv_status gather(const sv_pieces *pieces, sv_piece *piece, const char *bytes,
                        int64_t num_bytes, sv_error *error)
{
    if (piece->bytes == NULL) {
        piece->bytes = sv_malloc(PIECE_BYTES);
    }
    if (piece->bytes == NULL) {
        return sv_fail_memory(error, PIECE_BYTES);
    }
    memcpy(piece->bytes + piece->end % PIECE_BYTES, bytes, (size_t)num_bytes);
    piece->end += num_bytes;
    return piece->end % PIECE_BYTES == 0 ? put_piece(pieces, piece, error) : SV_OK;
}

/* Where whole pieces come in one write nothing is copied. */
static sv_status add(const sv_pieces *pieces, sv_piece *piece, const char *bytes, int64_t num_bytes,
                     sv_error *error)
{
    sv_status status = SV_OK;
    while (num_bytes > 0 && status == SV_OK) {
        int64_t count = sv_min_i8(num_bytes, PIECE_BYTES - piece->end % PIECE_BYTES);
        if (count == PIECE_BYTES) {
            count = num_bytes - num_bytes % PIECE_BYTES;
            status = put(pieces, piece->end, bytes, count, error);
            piece->first = piece->end += count;
        } else {
            status = gather(pieces, piece, bytes, count, error);
        }
        bytes += count;
        num_bytes -= count;
    }
    return status;
}

/* ---- all --------------------------------------------------------------------------------- */

/* Of bytes that are written twice the later ones must come later. */
static sv_status clear_way(sv_pieces *pieces, int64_t first, int64_t end, sv_error *error)
{
    sv_status status = SV_OK;
    for (int i = 0; i < SV_NUM_PIECES && status == SV_OK; i++) {
        sv_piece *piece = &pieces->pieces[i];
        if (piece->first < end && first < piece->end) {
            status = put_piece(pieces, piece, error);
        }
    }
    return status;
}

/* The piece that ends at `first`, else the one that was of no use for the longest. */
static sv_piece *find_piece(sv_pieces *pieces, int64_t first)
{
    sv_piece *oldest = &pieces->pieces[0];
    for (int i = 0; i < SV_NUM_PIECES; i++) {
        sv_piece *piece = &pieces->pieces[i];
        if (piece->end == first) {
            return piece;
        }
        oldest = piece->last_use < oldest->last_use ? piece : oldest;
    }
    return oldest;
}

sv_status sv_pieces_write(sv_pieces *pieces, int64_t offset_bytes, const void *bytes,
                          size_t num_bytes, sv_error *error)
{
    sv_status status = clear_way(pieces, offset_bytes, offset_bytes + (int64_t)num_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    sv_piece *piece = find_piece(pieces, offset_bytes);
    piece->last_use = ++pieces->num_uses;
    if (piece->end != offset_bytes) {
        status = put_piece(pieces, piece, error);
        piece->first = piece->end = offset_bytes;
    }
    return status == SV_OK ? add(pieces, piece, bytes, (int64_t)num_bytes, error) : status;
}

sv_status sv_pieces_flush(sv_pieces *pieces, sv_error *error)
{
    return clear_way(pieces, 0, INT64_MAX, error);
}

void sv_pieces_free(sv_pieces *pieces)
{
    for (int i = 0; i < SV_NUM_PIECES; i++) {
        sv_free(pieces->pieces[i].bytes);
    }
}
