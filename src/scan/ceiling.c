/* The machine's ceiling: a scan whose reducer only adds. */
#include "base/error.h"
#include "kernel/kernel.h"
#include "seisview/scan.h"

typedef struct ceiling {
    const sv_kernels *kernels;
    /* Bytes from one row's block to the next, where rows are interleaved: the blocks of a task then
     * lie in one stretch, of which each row adds up a part of its own. */
    int64_t interleave;
} ceiling;

static void add_block(void *context, const sv_block *block, void *result)
{
    const ceiling *c = context;
    int64_t bytes = block->samples.shape[0] * (int64_t)sv_dtype_itemsize(block->samples.dtype);
    uintptr_t address = (uintptr_t)block->samples.address;
    if (c->interleave != 0) {
        address += (uintptr_t)(block->row * (bytes - c->interleave));
    }
    address = (address + 3) & ~(uintptr_t)3;
    int64_t lines = bytes >= 8 ? sv_lines_of(bytes / 4 - 1) : 0;
    const float *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = (const float *)address + s * lines * SV_LANES;
    }
    *(float *)result = c->kernels->sum_f4(stream, lines);
}

static void add_piece(void *context, void *result, const void *next)
{
    (void)context;
    *(float *)result += *(const float *)next;
}

static void forget(void *context, int64_t position, const void *result)
{
    (void)context;
    (void)position;
    (void)result;
}

sv_status sv_ceiling(sv_recording *recording, const sv_scan_range *range,
                     const sv_scan_options *options, double *bytes_per_second, sv_error *error)
{
    ceiling c = {NULL, 0};
    sv_segment segment;
    sv_status status = sv_kernels_get(&c.kernels, error);
    if (status != SV_OK) {
        return status;
    }
    if (sv_recording_segment(recording, range->segment, &segment) != SV_OK) {
        return sv_fail(error, SV_RANGE, "there is no segment %lld", (long long)range->segment);
    }
    if (segment.in_place && segment.samples.strides[0] < segment.samples.strides[1]) {
        c.interleave = segment.samples.strides[0];
    }
    sv_scan_options mapped = SV_SCAN_OPTIONS_INIT;
    if (options != NULL) {
        mapped.threads = options->threads;
        mapped.cancel = options->cancel;
    }
    mapped.io = SV_IO_MAP;
    sv_reducer reducer = {.context = &c,
                          .result_size = sizeof(float),
                          .block = add_block,
                          .join = add_piece,
                          .merge = forget};
    sv_scan_report report = {0};
    status = sv_scan(recording, range, &reducer, &mapped, &report, error);
    if (status == SV_OK) {
        *bytes_per_second =
            report.seconds > 0.0
                ? (double)(report.bytes_mapped + report.bytes_copied) / report.seconds
                : 0.0;
    }
    return status;
}
