/* Views: what Python's memoryview is to Python, for C.
 *
 * A view is a small value that borrows a buffer: an address, a data type, a shape and strides in
 * bytes. Slicing, indexing, transposing and casting make another value: nothing is allocated,
 * copied or freed. Copy views freely, by value; they need no release. When the buffer is closed
 * its views are stale: every function that touches samples answers SV_STALE.
 *
 * Conventions. Axes count from 0; a negative axis or index counts from the end, as in Python.
 * Strides may be negative or 0. `out` may be the same view as the input. Where an sv_error is
 * taken it may be NULL. A view never leaves the bytes of its buffer: that is checked when it is
 * made from a buffer, and kept by every function here.
 *
 * Threads: a view is a value, and its functions keep no state. Any number of threads may read the
 * same samples; threads may store at once to samples that do not share a byte.
 *
 *   sv_buffer *buffer;
 *   sv_view all, second, every_tenth;
 *   sv_buffer_map("quake.bin", SV_READ, &buffer, NULL);
 *   sv_view_of_buffer(buffer, sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN), &all, NULL);
 *   sv_view_reshape(&all, 2, (int64_t[]){-1, 3}, &all, NULL);       frames × channels
 *   sv_view_at(&all, 1, 1, &second, NULL);                           channel 1, in place
 *   sv_view_slice(&second, 0, 0, SV_END, 10, &every_tenth, NULL);
 *   sv_buffer_close(buffer);
 */
#ifndef SEISVIEW_VIEW_H
#define SEISVIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/buffer.h"
#include "seisview/dtype.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SV_MAX_DIMS 8

typedef struct sv_view {
    char *address;       /* of element [0, …, 0]; meaningless where the view has no element */
    uint64_t generation; /* of the buffer when the view was made */
    uint32_t slot;       /* of the buffer in the generation table */
    sv_dtype dtype;
    uint8_t ndim; /* 0 (a single element) to SV_MAX_DIMS */
    bool readonly;
    int64_t shape[SV_MAX_DIMS];   /* elements; entries past ndim mean nothing */
    int64_t strides[SV_MAX_DIMS]; /* bytes from one element to the next */
} sv_view;

/* ---- making ------------------------------------------------------------------------------ */

/* The whole buffer as one axis. SV_SHAPE: its size is no multiple of the itemsize. */
SV_API sv_status sv_view_of_buffer(const sv_buffer *buffer, sv_dtype dtype, sv_view *out,
                                   sv_error *error);

/* Any view of a buffer: element [0, …, 0] at `offset_bytes`, `strides` NULL for C order.
 * SV_RANGE: an element would lie outside the buffer; SV_OVERFLOW; SV_INVALID: ndim, a negative
 * length, no type. */
SV_API sv_status sv_view_make(const sv_buffer *buffer, int64_t offset_bytes, sv_dtype dtype,
                              int ndim, const int64_t shape[], const int64_t strides[],
                              sv_view *out, sv_error *error);

/* SV_OK, or SV_STALE when the buffer has been closed. */
SV_API sv_status sv_view_check(const sv_view *view);

/* ---- asking ------------------------------------------------------------------------------ */

SV_API size_t sv_view_itemsize(const sv_view *view);
SV_API int64_t sv_view_size(const sv_view *view);   /* number of elements */
SV_API int64_t sv_view_nbytes(const sv_view *view); /* size × itemsize */
SV_API bool sv_view_c_contiguous(const sv_view *view);
SV_API bool sv_view_f_contiguous(const sv_view *view);

/* ---- other views of the same memory ------------------------------------------------------ */

#define SV_END   INT64_MAX /* a slice's end: as far as the step goes, up */
#define SV_BEGIN INT64_MIN /* a slice's end: as far as the step goes, down */

/* The functions of this part only compute, and ask nothing of the buffer: what they make of a stale
 * view is stale. On failure `out` is left as it was. */

/* view[start:stop:step] along `axis`, with Python's rules: bounds are cut to the axis, negative
 * ones count from its end, an empty range is an axis of length 0. A step down to the first element
 * included stops at SV_BEGIN. SV_INVALID: step 0, no such axis. */
SV_API sv_status sv_view_slice(const sv_view *view, int axis, int64_t start, int64_t stop,
                               int64_t step, sv_view *out, sv_error *error);

/* view[..., index, ...]: one axis less. SV_RANGE, SV_INVALID (no such axis). */
SV_API sv_status sv_view_at(const sv_view *view, int axis, int64_t index, sv_view *out,
                            sv_error *error);

/* Axis i of the result is axis axes[i] of the view; NULL reverses them.
 * SV_INVALID: not a permutation. */
SV_API sv_status sv_view_transpose(const sv_view *view, const int axes[], sv_view *out,
                                   sv_error *error);

/* A new axis of length 1 before `axis` (ndim: after the last). A negative one is the place in the
 * result, as in NumPy: −1 is after the last. SV_INVALID: already 8 axes, no such place. */
SV_API sv_status sv_view_newaxis(const sv_view *view, int axis, sv_view *out, sv_error *error);

/* Another shape over the same elements in C order; one length may be −1 and is worked out.
 * SV_SHAPE: other number of elements, or the view is not C-contiguous; SV_INVALID: ndim, another
 * negative length. */
SV_API sv_status sv_view_reshape(const sv_view *view, int ndim, const int64_t shape[], sv_view *out,
                                 sv_error *error);

/* The same bytes as another type and, with shape != NULL, another shape (as sv_view_reshape);
 * without, one axis. SV_SHAPE: not C-contiguous, the bytes do not divide, or the shape has other
 * bytes; SV_INVALID: no type, ndim, a negative length. */
SV_API sv_status sv_view_cast(const sv_view *view, sv_dtype dtype, int ndim, const int64_t shape[],
                              sv_view *out, sv_error *error);

/* The same, read-only. Kept by everything that is made from it. */
SV_API sv_view sv_view_toreadonly(const sv_view *view);

/* ---- single elements --------------------------------------------------------------------- */

/* Where an element lies. Valid until the buffer is closed. SV_RANGE, SV_STALE.
 * `index` has ndim entries. */
SV_API sv_status sv_view_address(const sv_view *view, const int64_t index[], void **address,
                                 sv_error *error);

/* Any dtype. Get: SV_RANGE, SV_STALE. Set: also SV_READONLY, and SV_RANGE where the value does not
 * fit (sv_dtype_store). */
SV_API sv_status sv_view_get(const sv_view *view, const int64_t index[], sv_scalar *value,
                             sv_error *error);
SV_API sv_status sv_view_set(const sv_view *view, const int64_t index[], sv_scalar value,
                             sv_error *error);

/* The same for a C type. Getting an integer from a float that is not whole, or too large:
 * SV_RANGE. Getting a float64 rounds once. */
SV_API sv_status sv_view_get_f8(const sv_view *view, const int64_t index[], double *value,
                                sv_error *error);
SV_API sv_status sv_view_get_i8(const sv_view *view, const int64_t index[], int64_t *value,
                                sv_error *error);
SV_API sv_status sv_view_get_u8(const sv_view *view, const int64_t index[], uint64_t *value,
                                sv_error *error);
SV_API sv_status sv_view_set_f8(const sv_view *view, const int64_t index[], double value,
                                sv_error *error);
SV_API sv_status sv_view_set_i8(const sv_view *view, const int64_t index[], int64_t value,
                                sv_error *error);
SV_API sv_status sv_view_set_u8(const sv_view *view, const int64_t index[], uint64_t value,
                                sv_error *error);

/* ---- iteration --------------------------------------------------------------------------- */

/* Walks the addresses of all elements in C order:
 *
 *   sv_cursor cursor;
 *   sv_cursor_begin(&cursor, &view);
 *   for (void *element; (element = sv_cursor_next(&cursor)) != NULL;) …
 *
 * A stale view has no element. The cursor is a value with nothing to free; one thread at a time.
 * Whoever stores through the address looks at view->readonly first. */
typedef struct sv_cursor {
    sv_view view;
    int64_t index[SV_MAX_DIMS];
    char *next;
    int64_t left;
} sv_cursor;

SV_API sv_status sv_cursor_begin(sv_cursor *cursor, const sv_view *view);
SV_API void *sv_cursor_next(sv_cursor *cursor);

/* ---- copies out -------------------------------------------------------------------------- */

typedef enum sv_order { SV_C_ORDER, SV_F_ORDER } sv_order;

/* tobytes: the elements' bytes, one after the other, into memory that does not overlap them.
 * SV_SHAPE: out_bytes is not sv_view_nbytes(). */
SV_API sv_status sv_view_copy_out(const sv_view *view, sv_order order, void *out, size_t out_bytes,
                                  sv_error *error);

/* tolist, as text: "[[1, 2], [3, 4]]", a single element "1"; numbers as sv_scalar_text.
 * hex: two digits a byte in C order; `separator` '\0' for none, else between every byte.
 * Both write at most `size` bytes with the NUL and set *needed (may be NULL) to what the whole text
 * needs, NUL included; SV_RANGE when it did not fit (what fits was written). `text` may be NULL
 * when size is 0. */
SV_API sv_status sv_view_text(const sv_view *view, char *text, size_t size, size_t *needed,
                              sv_error *error);
SV_API sv_status sv_view_hex(const sv_view *view, char separator, char *text, size_t size,
                             size_t *needed, sv_error *error);

/* ---- comparison and search, by value (sv_scalar_equal) ----------------------------------- */

/* Same shape and every element equal by value, whatever the two types. */
SV_API sv_status sv_view_equal(const sv_view *a, const sv_view *b, bool *equal, sv_error *error);

/* How many elements equal `value`; whether one does. */
SV_API sv_status sv_view_count(const sv_view *view, sv_scalar value, int64_t *count,
                               sv_error *error);
SV_API sv_status sv_view_contains(const sv_view *view, sv_scalar value, bool *found,
                                  sv_error *error);

/* Python's index(): the first index in [start, stop) of a 1-D view whose element equals `value`.
 * start and stop as in a slice. SV_NOTFOUND; SV_SHAPE: not 1-D. */
SV_API sv_status sv_view_find(const sv_view *view, sv_scalar value, int64_t start, int64_t stop,
                              int64_t *index, sv_error *error);

/* ---- storing many ------------------------------------------------------------------------ */

/* to[...] = from: equal shapes and equal dtypes. The two may overlap in any way: the result is as
 * if `from` had been copied first, and then stored in C order. That needs scratch memory where they
 * overlap and strides differ (SV_NOMEM). Memory that is mapped twice, at two addresses, is not seen
 * to overlap. SV_READONLY, SV_SHAPE, SV_DTYPE, SV_STALE; on failure nothing is stored. */
SV_API sv_status sv_view_assign(const sv_view *to, const sv_view *from, sv_error *error);

/* The view's elements in C order from packed bytes, which must not overlap it.
 * SV_SHAPE: size_bytes is not sv_view_nbytes(). */
SV_API sv_status sv_view_assign_bytes(const sv_view *to, const void *bytes, size_t size_bytes,
                                      sv_error *error);

/* Every element becomes `value`. SV_RANGE: it does not fit the type; nothing is stored then. */
SV_API sv_status sv_view_fill(const sv_view *to, sv_scalar value, sv_error *error);

/* ---- struct.unpack_from, struct.pack_into ------------------------------------------------ */

/* Reads values at `offset_bytes` (negative: from the end) of a C-contiguous view, as Python's
 * struct: `format` is an order (`<` little, `>` or `!` big, `=` native in standard sizes, `@` or
 * none native with C's sizes and alignment) and letters with counts: x pad; b B ? h H i I l L q Q
 * f d n N one pointer each (n and N with `@` alone); `s` a char array of exactly its count of
 * bytes.
 * unpack takes for each value a pointer to: int8_t, uint8_t, bool (?), int16_t, uint16_t, int32_t
 * (i, and l in standard size), int64_t (q, and l with `@` where long has 8 bytes), …, float,
 * double, char[count].
 * pack takes the values as they are passed through `...`: int64_t for b h i l q n, uint64_t for
 * B H I L Q N, int for ?, double for f and d, const char * to exactly its count of bytes for
 * s. Pads are stored as zeros.
 *   sv_unpack(&bytes, 3, ">IHH", &error, &word, &first, &second);
 *   sv_pack(&bytes, 3, ">IHH", &error, (uint64_t)1, (uint64_t)2, (uint64_t)3);
 * SV_INVALID: the format; SV_RANGE: the bytes end before it, or a value does not fit (nothing is
 * stored); SV_SHAPE: not C-contiguous; SV_READONLY, SV_STALE. */
SV_API sv_status sv_unpack(const sv_view *view, int64_t offset_bytes, const char *format,
                           sv_error *error, ...);
SV_API sv_status sv_pack(const sv_view *view, int64_t offset_bytes, const char *format,
                         sv_error *error, ...);

/* Bytes that `format` takes (struct.calcsize). */
SV_API sv_status sv_pack_size(const char *format, int64_t *size_bytes, sv_error *error);

/* ---- file descriptors -------------------------------------------------------------------- */

/* Moves bytes between a descriptor and a C-contiguous view, going on after short counts and EINTR
 * until the view is through, the other end has no more (read, recv), or would block.
 * *done_bytes is how many were moved, also on failure. A view of which only a part was moved is
 * gone on with through a slice of its bytes (sv_view_cast to u1).
 * SV_IO with the errno (EAGAIN for a descriptor that would block), SV_SHAPE, SV_READONLY (read,
 * recv), SV_STALE, SV_INVALID (recv with MSG_PEEK or MSG_TRUNC). Writing and sending to what nobody
 * reads any more answers EPIPE, without a signal. */
SV_API sv_status sv_view_read(const sv_view *view, int fd, int64_t *done_bytes, sv_error *error);
SV_API sv_status sv_view_write(const sv_view *view, int fd, int64_t *done_bytes, sv_error *error);
SV_API sv_status sv_view_recv(const sv_view *view, int socket, int flags, int64_t *done_bytes,
                              sv_error *error);
SV_API sv_status sv_view_send(const sv_view *view, int socket, int flags, int64_t *done_bytes,
                              sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
