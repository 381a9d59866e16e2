/* Statistics in place, and of copies: of everything, where each run opens the recording anew as a
 * program does that has just been started, and of a channel among others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/message.h"

struct statistics {
    struct bench *bench;
    sv_summary *summaries; /* of each row */
    void *volatile fresh;  /* a copy that was not freed yet */
};

static sv_status refuse(sv_error *error, sv_status status, const char *sentence)
{
    error->status = status;
    error->system_error = 0;
    snprintf(error->message, sizeof error->message, "%s", sentence);
    return status;
}

static sv_scan_range range_of(const struct bench *bench, int64_t num_rows)
{
    return (sv_scan_range){bench->segment.index, NULL, num_rows, 0, bench->num_samples};
}

/* ---- in place, and in chunks --------------------------------------------------------------- */

/* By one thread. */
static sv_status scan(struct statistics *statistics, sv_recording *recording, int64_t num_rows,
                      sv_io io, struct counts *counts, sv_error *error)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    sv_scan_report report = {0};
    sv_scan_range range = range_of(statistics->bench, num_rows);
    options.threads = 1;
    options.io = io;
    sv_status status =
        sv_summary_scan(recording, &range, 0, &options, statistics->summaries, &report, error);
    counts->bytes_copied += report.bytes_copied;
    return status;
}

static sv_status open_and_scan(struct statistics *statistics, sv_io io, int64_t times,
                               struct counts *counts, sv_error *error)
{
    const struct bench *bench = statistics->bench;
    sv_status status = SV_OK;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        sv_recording *recording;
        status = sv_recording_open(bench->path, &bench->options->open, &recording, error);
        if (status == SV_OK) {
            status = scan(statistics, recording, bench->num_rows, io, counts, error);
            sv_recording_close(recording);
        }
    }
    return status;
}

static sv_status run_map(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    return open_and_scan(context, SV_IO_MAP, times, counts, error);
}

static sv_status run_chunks(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    return open_and_scan(context, SV_IO_READ, times, counts, error);
}

/* ---- read everything, then compute --------------------------------------------------------- */

static sv_status read_extent(const struct bench *bench, const sv_recording *recording, char *bytes,
                             sv_error *error)
{
    int fd = sv_buffer_fd(sv_recording_buffer(recording));
    for (int64_t done = 0; done < bench->extent_bytes;) {
        ssize_t count = pread(fd, bytes + done, (size_t)(bench->extent_bytes - done),
                              (off_t)(bench->first_byte + done));
        if (count == 0) {
            return refuse(error, SV_TRUNCATED, "the file was cut while it was read");
        }
        if (count < 0 && errno != EINTR) {
            return refuse(error, SV_IO, strerror(errno));
        }
        done += count > 0 ? count : 0;
    }
    return SV_OK;
}

/* Block by block, as a scan goes, so that interleaved rows find their lines in the cache. */
static sv_status summarise(const struct bench *bench, const sv_view *samples, sv_summary *summaries,
                           sv_error *error)
{
    int64_t block = sv_block_samples(&bench->segment);
    for (int64_t row = 0; row < bench->num_rows; row++) {
        sv_summary_init(&summaries[row]);
    }
    for (int64_t first = 0; first < bench->num_samples; first += block) {
        for (int64_t row = 0; row < bench->num_rows; row++) {
            sv_view run;
            sv_summary next;
            sv_view_at(samples, 0, row, &run, NULL);
            sv_view_slice(&run, 0, first, first + block, 1, &run, NULL);
            sv_status status = sv_summary_of(&run, first, 0, &next);
            if (status != SV_OK) {
                return refuse(error, status, sv_status_text(status));
            }
            sv_summary_merge(&summaries[row], &next);
        }
    }
    return SV_OK;
}

static sv_status compute_in_memory(const struct bench *bench, char *bytes, sv_summary *summaries,
                                   sv_error *error)
{
    const sv_view *there = &bench->segment.samples;
    sv_buffer *buffer;
    sv_view samples;
    sv_status status = sv_buffer_borrow(bytes, (size_t)bench->extent_bytes, &buffer, error);
    if (status != SV_OK) {
        return status;
    }
    status =
        sv_view_make(buffer, 0, there->dtype, 2, (int64_t[]){bench->num_rows, bench->num_samples},
                     there->strides, &samples, error);
    if (status == SV_OK) {
        status = summarise(bench, &samples, summaries, error);
    }
    sv_buffer_close(buffer);
    return status;
}

static sv_status read_and_compute(struct statistics *statistics, struct counts *counts,
                                  sv_error *error)
{
    const struct bench *bench = statistics->bench;
    sv_recording *recording;
    sv_status status = sv_recording_open(bench->path, &bench->options->open, &recording, error);
    if (status != SV_OK) {
        return status;
    }
    char *bytes = bench_fresh(bench->extent_bytes, &statistics->fresh, error);
    counts->num_allocations++;
    status = bytes != NULL ? read_extent(bench, recording, bytes, error) : SV_NOMEM;
    counts->bytes_copied += bench->extent_bytes;
    if (status == SV_OK) {
        status = compute_in_memory(bench, bytes, statistics->summaries, error);
    }
    free(statistics->fresh);
    statistics->fresh = NULL;
    sv_recording_close(recording);
    return status;
}

static sv_status run_read_all(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    sv_status status = SV_OK;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        status = read_and_compute(context, counts, error);
    }
    return status;
}

/* ---- one channel among others -------------------------------------------------------------- */

static sv_status run_strided(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    struct statistics *statistics = context;
    sv_recording *recording = statistics->bench->recording;
    sv_status status = SV_OK;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        status = scan(statistics, recording, 1, SV_IO_MAP, counts, error);
    }
    return status;
}

/* The channel's samples are put side by side first. */
static sv_status gather_and_compute(struct statistics *statistics, const sv_view *channel,
                                    struct counts *counts, sv_error *error)
{
    size_t size_bytes = (size_t)sv_view_nbytes(channel);
    sv_buffer *buffer;
    sv_view samples;
    void *copy = bench_fresh((int64_t)size_bytes, &statistics->fresh, error);
    if (copy == NULL) {
        return SV_NOMEM;
    }
    counts->num_allocations++;
    sv_status status = sv_view_copy_out(channel, SV_C_ORDER, copy, size_bytes, error);
    counts->bytes_copied += (int64_t)size_bytes;
    if (status == SV_OK) {
        status = sv_buffer_borrow(copy, size_bytes, &buffer, error);
    }
    if (status == SV_OK) {
        status = sv_view_of_buffer(buffer, channel->dtype, &samples, error);
        if (status == SV_OK) {
            status = sv_summary_of(&samples, 0, 0, statistics->summaries);
        }
        sv_buffer_close(buffer);
    }
    free(statistics->fresh);
    statistics->fresh = NULL;
    return status;
}

static sv_status run_gather(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    struct statistics *statistics = context;
    const struct bench *bench = statistics->bench;
    sv_view channel;
    sv_view_at(&bench->segment.samples, 0, 0, &channel, NULL);
    sv_view_slice(&channel, 0, 0, bench->num_samples, 1, &channel, NULL);
    sv_status status = SV_OK;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        status = gather_and_compute(statistics, &channel, counts, error);
    }
    return status;
}

/* ---- the ceilings -------------------------------------------------------------------------- */

static sv_status run_sum(void *context, int64_t times, struct counts *counts, sv_error *error)
{
    const struct statistics *statistics = context;
    const struct bench *bench = statistics->bench;
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    sv_scan_range range = range_of(bench, bench->num_rows);
    double num_bytes = (double)bench->num_rows * (double)bench->num_samples *
                       (double)sv_view_itemsize(&bench->segment.samples);
    sv_status status = SV_OK;
    options.threads = 1;
    for (int64_t turn = 0; turn < times && status == SV_OK; turn++) {
        double rate;
        status = sv_ceiling(bench->recording, &range, &options, &rate, error);
        counts->seconds += status == SV_OK && rate > 0.0 ? num_bytes / rate : 0.0;
    }
    return status;
}

/* Of frames longer than a cache line not all lines need be read. */
static sv_status run_sum_of_lines(void *context, int64_t times, struct counts *counts,
                                  sv_error *error)
{
    const struct statistics *statistics = context;
    double frame_bytes = (double)statistics->bench->segment.samples.strides[1];
    sv_status status = run_sum(context, times, counts, error);
    counts->seconds *= frame_bytes > 64.0 ? 64.0 / frame_bytes : 1.0;
    return status;
}

/* ---- the comparisons ----------------------------------------------------------------------- */

static sv_status compare(struct bench *bench, const struct comparison *given, sv_error *error)
{
    struct statistics statistics = {.bench = bench};
    struct comparison comparison = *given;
    statistics.summaries = must_have(calloc((size_t)bench->num_rows, sizeof(sv_summary)));
    comparison.context = &statistics;
    sv_status status = bench_compare(bench, &comparison, error);
    free(statistics.fresh);
    free(statistics.summaries);
    return status;
}

sv_status bench_statistics(struct bench *bench, sv_error *error)
{
    static const struct method methods[] = {
        {"map", run_map, true}, {"chunks", run_chunks, true}, {"read_all", run_read_all, true}};
    int64_t itemsize = (int64_t)sv_view_itemsize(&bench->segment.samples);
    const struct comparison comparison = {.operation = "statistics",
                                          .size_bytes =
                                              bench->num_rows * bench->num_samples * itemsize,
                                          .methods = methods,
                                          .num_methods = 3,
                                          .ceiling = run_sum};
    return compare(bench, &comparison, error);
}

sv_status bench_channel(struct bench *bench, sv_error *error)
{
    static const struct method methods[] = {{"strided", run_strided, true},
                                            {"deinterleave", run_gather, true}};
    const sv_view *samples = &bench->segment.samples;
    if (bench->num_rows < 2 || samples->strides[0] >= samples->strides[1]) {
        return SV_OK;
    }
    const struct comparison comparison = {.operation = "channel",
                                          .size_bytes = bench->num_samples *
                                                        (int64_t)sv_view_itemsize(samples),
                                          .methods = methods,
                                          .num_methods = 2,
                                          .ceiling = run_sum_of_lines};
    return compare(bench, &comparison, error);
}
