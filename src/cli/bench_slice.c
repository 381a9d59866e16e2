/* Slices of the mapped file, by view and by copy. */
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"

#define LEAST_SLICE ((int64_t)1 << 10)
#define MOST_SLICE  ((int64_t)1 << 30)

struct slices {
    sv_view bytes; /* of the file */
    const char *first, *past;
    int64_t size_bytes;
    void *there;          /* memory that is there already */
    void *volatile fresh; /* a copy that was not freed yet */
};

static sv_status run_view(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    struct slices *slices = context;
    sv_view slice = slices->bytes;
    for (int64_t turn = 0; turn < times; turn++) {
        sv_status status =
            sv_view_slice(&slices->bytes, 0, 0, slices->size_bytes, 1, &slice, error);
        if (status != SV_OK) {
            return status;
        }
    }
    bool in_place =
        slice.address >= slices->first && slice.address + slices->size_bytes <= slices->past;
    counts->bytes_copied = in_place ? 0 : sv_view_nbytes(&slice);
    return SV_OK;
}

static sv_status run_copy(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    struct slices *slices = context;
    size_t size_bytes = (size_t)slices->size_bytes;
    sv_view slice;
    for (int64_t turn = 0; turn < times; turn++) {
        sv_view_slice(&slices->bytes, 0, 0, slices->size_bytes, 1, &slice, NULL);
        void *copy = bench_fresh(slices->size_bytes, &slices->fresh, error);
        if (copy == NULL) {
            return SV_NOMEM;
        }
        counts->num_allocations++;
        sv_status status = sv_view_copy_out(&slice, SV_C_ORDER, copy, size_bytes, error);
        counts->bytes_copied += slices->size_bytes;
        free(slices->fresh);
        slices->fresh = NULL;
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static sv_status run_memcpy(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    struct slices *slices = context;
    (void)counts;
    (void)error;
    for (int64_t turn = 0; turn < times; turn++) {
        memcpy(slices->there, slices->first, (size_t)slices->size_bytes);
        /* So that no compiler takes all turns but the last for idle. */
        __asm__ volatile("" : : "r"(slices->there) : "memory");
    }
    return SV_OK;
}

static sv_status compare(struct bench *bench, struct slices *slices, sv_error *error)
{
    static const struct method methods[] = {{"view", run_view, false}, {"copy", run_copy, true}};
    const struct comparison comparison = {.operation = "slice",
                                          .size_bytes = slices->size_bytes,
                                          .methods = methods,
                                          .num_methods = 2,
                                          .ceiling = run_memcpy,
                                          .context = slices};
    void *volatile base;
    slices->there = bench_fresh(slices->size_bytes, &base, error);
    if (slices->there == NULL) {
        return SV_NOMEM;
    }
    sv_status status = bench_compare(bench, &comparison, error);
    free(base);
    free(slices->fresh);
    return status;
}

sv_status bench_slices(struct bench *bench, sv_error *error)
{
    const sv_buffer *buffer = sv_recording_buffer(bench->recording);
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(buffer);
    struct slices slices = {.first = sv_buffer_data(buffer)};
    slices.past = slices.first + file_bytes;
    sv_status status =
        sv_view_of_buffer(buffer, sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN), &slices.bytes, error);
    for (slices.size_bytes = LEAST_SLICE;
         status == SV_OK && slices.size_bytes <= MOST_SLICE && slices.size_bytes <= file_bytes &&
         slices.size_bytes <= bench->most_bytes;
         slices.size_bytes *= 4) {
        status = compare(bench, &slices, error);
    }
    return status;
}
