#include "edit/work.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

const sv_work *const sv_works[] = {&sv_work_bytes, &sv_work_header, &sv_work_operations, NULL};

/* ---- bytes ------------------------------------------------------------------------------- */

typedef struct bytes {
    const char *first;
    size_t num_bytes;
} bytes;

static sv_status open_bytes(const void *parameters, size_t num_bytes, void **state, sv_error *error)
{
    bytes *opened = sv_malloc(sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    *opened = (bytes){parameters, num_bytes};
    *state = opened;
    return SV_OK;
}

static sv_status copy_bytes(const void *state, const sv_place *place, const void *context,
                            size_t context_bytes, const void *before, void *after, sv_tally *tally,
                            sv_error *error)
{
    (void)context;
    (void)before;
    (void)tally;
    const bytes *all = state;
    size_t item_bytes = sv_dtype_itemsize(place->row->dtype);
    size_t from = (size_t)(place->row->number * place->row->samples + place->first) * item_bytes;
    size_t num_bytes = (size_t)place->count * item_bytes;
    if (context_bytes != 0 || from > all->num_bytes || num_bytes > all->num_bytes - from) {
        return sv_fail(error, SV_FORMAT, "the journal holds too few bytes for its samples");
    }
    memcpy(after, all->first + from, num_bytes);
    return SV_OK;
}

static sv_status compute_bytes(const void *state, const sv_place *place, const void *context,
                               size_t context_bytes, const void *before, void *after,
                               sv_tally *tally, sv_error *error)
{
    size_t item_bytes = sv_dtype_itemsize(place->row->dtype);
    size_t num_bytes = (size_t)place->count * item_bytes;
    sv_status status =
        copy_bytes(state, place, context, context_bytes, before, after, tally, error);
    for (size_t i = 0; status == SV_OK && i < num_bytes; i += item_bytes) {
        tally->num_changed +=
            memcmp((const char *)after + i, (const char *)before + i, item_bytes) != 0;
    }
    return status;
}

const sv_work sv_work_bytes = {
    .name = "bytes", .open = open_bytes, .close = sv_free, .compute = compute_bytes};

const sv_work sv_work_header = {
    .name = "header", .open = open_bytes, .close = sv_free, .compute = copy_bytes};
