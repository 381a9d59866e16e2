#include "scramble.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

const sv_system *scramble_system;

uint64_t scramble(uint64_t left, uint64_t old, uint64_t operation)
{
    uint64_t bits = left * 3 + old * UINT64_C(0x9e3779b97f4a7c15) + operation;
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return bits ^ bits >> 31;
}

static sv_status open_operation(const void *parameters, size_t num_bytes, void **state,
                                sv_error *error)
{
    uint64_t *operation = sv_malloc(sizeof *operation);
    if (operation == NULL) {
        return sv_fail_memory(error, sizeof *operation);
    }
    if (num_bytes != sizeof *operation) {
        sv_free(operation);
        return sv_fail(error, SV_FORMAT, "no operation");
    }
    memcpy(operation, parameters, sizeof *operation);
    *state = operation;
    return SV_OK;
}

static sv_status compute(const void *state, uint64_t build, const sv_place *place,
                         const void *context, size_t context_bytes, const void *before, void *after)
{
    uint64_t left, old, new;
    if (context_bytes != sizeof left) {
        return SV_FORMAT;
    }
    memcpy(&left, context, sizeof left);
    for (int64_t i = 0; i < place->count; i++) {
        memcpy(&old, (const char *)before + 8 * i, 8);
        new = scramble(left, old, *(const uint64_t *)state + build);
        memcpy((char *)after + 8 * i, &new, 8);
        left = old;
    }
    return SV_OK;
}

static sv_status compute_here(const void *state, const sv_place *place, const void *context,
                              size_t context_bytes, const void *before, void *after,
                              sv_tally *tally, sv_error *error)
{
    (void)error;
    tally->num_changed += place->count;
    return compute(state, 0, place, context, context_bytes, before, after);
}

static sv_status compute_elsewhere(const void *state, const sv_place *place, const void *context,
                                   size_t context_bytes, const void *before, void *after,
                                   sv_tally *tally, sv_error *error)
{
    (void)error;
    tally->num_changed += place->count;
    return compute(state, 1, place, context, context_bytes, before, after);
}

/* The old sample to the left of the next window. */
struct walk {
    sv_row row;
    int64_t next;
    uint64_t left;
};

static sv_status read_sample(const struct walk *walk, int64_t index, uint64_t *sample,
                             sv_error *error)
{
    off_t at = (off_t)(walk->row.offset_bytes + index * walk->row.stride_bytes);
    ssize_t count = scramble_system->pread(walk->row.fd, sample, sizeof *sample, at);
    return count == sizeof *sample ? SV_OK : sv_fail(error, SV_IO, "it cannot be read");
}

static size_t context_room(const void *state)
{
    (void)state;
    return sizeof(uint64_t);
}

static sv_status open_row(const void *state, const sv_row *row, void **walk, sv_error *error)
{
    (void)state;
    struct walk *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->row = *row;
    sv_status status = row->lead > 0 ? read_sample(opened, -1, &opened->left, error) : SV_OK;
    if (status != SV_OK) {
        sv_free(opened);
        return status;
    }
    *walk = opened;
    return SV_OK;
}

static sv_status take_context(void *walk, int64_t count, void *context, size_t *context_bytes,
                              sv_error *error)
{
    struct walk *w = walk;
    memcpy(context, &w->left, sizeof w->left);
    *context_bytes = sizeof w->left;
    w->next += count;
    return read_sample(w, w->next - 1, &w->left, error);
}

static sv_status resume(void *walk, int64_t first, int64_t count, const void *context,
                        size_t context_bytes, const void *before, sv_error *error)
{
    (void)context;
    (void)context_bytes;
    (void)error;
    struct walk *w = walk;
    w->next = first + count;
    memcpy(&w->left, (const char *)before + 8 * (count - 1), sizeof w->left);
    return SV_OK;
}

static const sv_work here = {.name = "scramble",
                             .open = open_operation,
                             .close = sv_free,
                             .compute = compute_here,
                             .context_room = context_room,
                             .open_row = open_row,
                             .context = take_context,
                             .resume = resume,
                             .close_row = sv_free};

static const sv_work elsewhere = {.name = "scramble",
                                  .open = open_operation,
                                  .close = sv_free,
                                  .compute = compute_elsewhere,
                                  .context_room = context_room,
                                  .open_row = open_row,
                                  .context = take_context,
                                  .resume = resume,
                                  .close_row = sv_free};

/* The operations that users have, and a build that has others by the same name. */
static sv_status operate_elsewhere(const void *state, const sv_place *place, const void *context,
                                   size_t context_bytes, const void *before, void *after,
                                   sv_tally *tally, sv_error *error)
{
    sv_status status = sv_work_operations.compute(state, place, context, context_bytes, before,
                                                  after, tally, error);
    ((unsigned char *)after)[0] ^= 1;
    return status;
}

static sv_work operations_elsewhere;

const sv_work *const this_build[] = {&here, &sv_work_operations, NULL};
const sv_work *const another_build[] = {&elsewhere, &operations_elsewhere, NULL};

void scramble_begin(void)
{
    operations_elsewhere = sv_work_operations;
    operations_elsewhere.compute = operate_elsewhere;
}
