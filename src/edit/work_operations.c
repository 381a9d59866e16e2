/* Operations as a transaction's work. The parameters:
 *
 *   0   how many bytes the operations take, a multiple of 8
 *   8   the operations (operation_bytes.c)
 *   …   trends: of the part's first row, one for each operation that is measured; of the second …
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "edit/operation.h"
#include "edit/work.h"
#include "journal/bytes.h"
#include "seisview/buffer.h"

enum { SIZE_BYTES = 8 };

typedef struct operations {
    sv_operation *list;
    int count;
    const unsigned char *trends;
    size_t trends_bytes, row_bytes; /* of all rows, of one */
} operations;

/* ---- parameters -------------------------------------------------------------------------- */

size_t sv_work_parameters_size(const sv_operation *list, int count, int64_t num_rows)
{
    return SIZE_BYTES + sv_operations_size(count) + (size_t)num_rows * sv_trends_bytes(list, count);
}

void sv_work_operations_encode(const sv_operation *list, int count, void *parameters)
{
    unsigned char *to = parameters;
    sv_put_i8(to, (int64_t)sv_operations_size(count));
    sv_operations_encode(list, count, to + SIZE_BYTES);
}

void sv_work_trends_encode(const sv_operation *list, int count, const sv_trend *trends,
                           int64_t first_row, int64_t num_rows, void *parameters)
{
    unsigned char *to = parameters;
    to += sv_work_parameters_size(list, count, first_row);
    for (int64_t row = 0; row < num_rows; row++) {
        for (int i = 0; i < count; i++) {
            if (sv_operations_num_measured(&list[i], 1) != 0) {
                int order = sv_operation_order(&list[i]);
                sv_trend_encode(trends++, order, to);
                to += sv_trend_bytes(order);
            }
        }
    }
}

static sv_status decode(const unsigned char *bytes, size_t num_bytes, operations *all,
                        sv_error *error)
{
    uint64_t size = num_bytes >= SIZE_BYTES ? sv_get_u8(bytes) : UINT64_MAX;
    if (size > num_bytes - SIZE_BYTES) {
        return sv_fail(error, SV_FORMAT, "its operations do not have the size they state");
    }
    sv_status status =
        sv_operations_decode(bytes + SIZE_BYTES, size, &all->list, &all->count, error);
    if (status != SV_OK) {
        return status;
    }
    all->row_bytes = sv_trends_bytes(all->list, all->count);
    all->trends = bytes + SIZE_BYTES + size;
    all->trends_bytes = num_bytes - SIZE_BYTES - size;
    return SV_OK;
}

static sv_status open_operations(const void *parameters, size_t num_bytes, void **state,
                                 sv_error *error)
{
    operations *all = sv_calloc(1, sizeof *all);
    if (all == NULL) {
        return sv_fail_memory(error, sizeof *all);
    }
    sv_status status = decode(parameters, num_bytes, all, error);
    if (status != SV_OK) {
        sv_free(all);
        return status;
    }
    *state = all;
    return SV_OK;
}

static void close_operations(void *state)
{
    operations *all = state;
    sv_free(all->list);
    sv_free(all);
}

/* ---- a row's chain ----------------------------------------------------------------------- */

typedef struct row_chain {
    sv_chain chain;
    sv_trend trends[SV_MOST_OPERATIONS];
} row_chain;

static sv_status read_trends(const operations *all, int64_t row, row_chain *made, sv_error *error)
{
    sv_trend *trend = made->trends;
    sv_status status = SV_OK;
    if (all->row_bytes > 0 && (size_t)row >= all->trends_bytes / all->row_bytes) {
        return sv_fail(error, SV_FORMAT, "the journal holds too few trends for its rows");
    }
    const unsigned char *from = all->trends + (size_t)row * all->row_bytes;
    for (int i = 0; status == SV_OK && i < all->count; i++) {
        if (sv_operations_num_measured(&all->list[i], 1) != 0) {
            int order = sv_operation_order(&all->list[i]);
            status = sv_trend_decode(from, order, trend++, error);
            from += sv_trend_bytes(order);
        }
    }
    return status;
}

/* What a journal says is looked at as what a user says. */
static sv_status make_chain(const operations *all, const sv_row *row, row_chain *made,
                            sv_error *error)
{
    sv_chain *chain = &made->chain;
    *chain = (sv_chain){.operations = all->list,
                        .count = all->count,
                        .trends = made->trends,
                        .dtype = row->dtype,
                        .first = row->lead};
    if (!sv_add(row->lead, row->samples, &chain->last) ||
        !sv_add(chain->last, row->trail, &chain->num_samples)) {
        return sv_fail(error, SV_FORMAT, "the journal has rows of more samples than 64 bits count");
    }
    sv_status status =
        sv_operations_check(all->list, all->count, row->dtype, chain->first, chain->last, error);
    return status == SV_OK ? read_trends(all, row->number, made, error) : status;
}

static sv_status compute(const void *state, const sv_place *place, const void *context,
                         size_t context_bytes, const void *before, void *after, sv_tally *tally,
                         sv_error *error)
{
    row_chain made;
    sv_changes changes = {.num_changed = tally->num_changed,
                          .num_saturated = tally->num_saturated,
                          .largest = tally->largest_change};
    sv_status status = make_chain(state, place->row, &made, error);
    if (status == SV_OK) {
        status = sv_chain_compute(
            &made.chain, made.chain.first + place->first, place->count, context, context_bytes,
            before, (ptrdiff_t)sv_dtype_itemsize(place->row->dtype), after, &changes, error);
    }
    *tally = (sv_tally){changes.num_changed, changes.num_saturated, changes.largest};
    return status;
}

/* ---- contexts ---------------------------------------------------------------------------- */

static size_t context_room(const void *state)
{
    const operations *all = state;
    sv_chain widest = {.operations = all->list,
                       .count = all->count,
                       .dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN)};
    return sv_context_room(&widest);
}

/* The row's samples are looked at through a map of the file. */
typedef struct walk {
    sv_buffer *buffer;
    row_chain made;
    sv_walk *walk;
} walk;

static void close_row(void *opened)
{
    walk *of = opened;
    sv_walk_close(of->walk);
    sv_buffer_close(of->buffer);
    sv_free(of);
}

static sv_status map_row(walk *of, const sv_row *row, sv_error *error)
{
    sv_view samples;
    int64_t before, first_byte;
    const int64_t shape[] = {of->made.chain.num_samples}, strides[] = {row->stride_bytes};
    if (!sv_multiply(row->lead, row->stride_bytes, &before) ||
        !sv_add(row->offset_bytes, -before, &first_byte)) {
        return sv_fail(error, SV_FORMAT, "the journal has rows beyond 64 bits");
    }
    sv_status status = sv_buffer_map_fd(row->fd, SV_READ, &of->buffer, error);
    if (status == SV_OK) {
        status =
            sv_view_make(of->buffer, first_byte, row->dtype, 1, shape, strides, &samples, error);
    }
    return status == SV_OK ? sv_walk_open(&of->made.chain, &samples, &of->walk, error) : status;
}

static sv_status open_row(const void *state, const sv_row *row, void **opened, sv_error *error)
{
    walk *of = sv_calloc(1, sizeof *of);
    if (of == NULL) {
        return sv_fail_memory(error, sizeof *of);
    }
    sv_status status = make_chain(state, row, &of->made, error);
    if (status == SV_OK) {
        status = map_row(of, row, error);
    }
    if (status != SV_OK) {
        close_row(of);
        return status;
    }
    *opened = of;
    return SV_OK;
}

struct look {
    sv_walk *walk;
    int64_t count;
    void *context;
    size_t context_bytes;
};

static void look(void *asked)
{
    struct look *of = asked;
    of->context_bytes = sv_walk_context(of->walk, of->count, of->context);
}

static sv_status take_context(void *opened, int64_t count, void *context, size_t *context_bytes,
                              sv_error *error)
{
    const walk *of = opened;
    struct look asked = {of->walk, count, context, 0};
    sv_status status = sv_buffer_guard(of->buffer, look, &asked, error);
    *context_bytes = asked.context_bytes;
    return status;
}

static sv_status resume(void *opened, int64_t first, int64_t count, const void *context,
                        size_t context_bytes, const void *before, sv_error *error)
{
    const walk *of = opened;
    return sv_walk_resume(of->walk, of->made.chain.first + first, count, context, context_bytes,
                          before, error);
}

const sv_work sv_work_operations = {.name = "operations",
                                    .open = open_operations,
                                    .close = close_operations,
                                    .compute = compute,
                                    .context_room = context_room,
                                    .open_row = open_row,
                                    .context = take_context,
                                    .resume = resume,
                                    .close_row = close_row};
