/* seisview bench: what a copy costs where a view would do, on the user's own file and machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/bench.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/visit.h"

enum key {
#define BENCH_KEY(key) KEY_##key,
#include "cli/bench_keys.def"
#undef BENCH_KEY
    NUM_KEYS
};

static const sv_column columns[NUM_KEYS] = {
#define BENCH_KEY(key) {#key, false, false, 0, SV_NOTICE_NEVER},
#include "cli/bench_keys.def"
#undef BENCH_KEY
};

/* A table is for people, who read times and sizes in units. */
static const sv_column shown[] = {{"file", true, false, 0, SV_NOTICE_NEVER},
                                  {"operation", true, false, 0, SV_NOTICE_NEVER},
                                  {"method", true, false, 0, SV_NOTICE_NEVER},
                                  {"program", true, false, 0, SV_NOTICE_NEVER},
                                  {"size", true, false, 0, SV_NOTICE_NEVER},
                                  {"time", false, false, 9, SV_NOTICE_NEVER},
                                  {"least – most", false, false, 5, SV_NOTICE_NEVER},
                                  {"ratio", false, false, 8, SV_NOTICE_NEVER},
                                  {"copied", false, false, 7, SV_NOTICE_NEVER},
                                  {"allocations", false, false, 4, SV_NOTICE_NEVER},
                                  {"ceiling", false, false, 6, SV_NOTICE_NEVER},
                                  {"its least – most", false, false, 2, SV_NOTICE_NEVER},
                                  {"share", false, false, 3, SV_NOTICE_NEVER}};

enum { NUM_SHOWN = sizeof shown / sizeof shown[0] };

enum { MOST_ROWS = 4096, MOST_BYTES = 1 << 30 };

struct work {
    struct bench bench;
    sv_report *report;
};

/* ---- output -------------------------------------------------------------------------------- */

static double share_of(const struct bench_line *line)
{
    return line->touches_bytes ? line->ceiling.median / line->seconds.median : -1.0;
}

/* −1 is what is not known. */
static sv_value real_or_null(double number)
{
    return number >= 0.0 ? sv_value_real(number) : sv_value_null();
}

static sv_value count_or_null(int64_t number)
{
    return number >= 0 ? sv_value_int(number) : sv_value_null();
}

static bool write_keys(sv_report *report, const char *path, const struct bench_line *line)
{
    const sv_value values[NUM_KEYS] = {
        [KEY_file] = sv_value_text(path),
        [KEY_operation] = sv_value_text(line->operation),
        [KEY_method] = sv_value_text(line->method),
        [KEY_program] = sv_value_text(line->program),
        [KEY_size_bytes] = sv_value_int(line->size_bytes),
        [KEY_bytes_copied] = count_or_null(line->bytes_copied),
        [KEY_num_allocations] = count_or_null(line->num_allocations),
        [KEY_num_rounds] = sv_value_int(line->num_rounds),
        [KEY_seconds] = sv_value_real(line->seconds.median),
        [KEY_seconds_least] = sv_value_real(line->seconds.least),
        [KEY_seconds_most] = sv_value_real(line->seconds.most),
        [KEY_ratio] = sv_value_real(line->ratio.median),
        [KEY_ratio_least] = sv_value_real(line->ratio.least),
        [KEY_ratio_most] = sv_value_real(line->ratio.most),
        [KEY_ceiling_seconds] = sv_value_real(line->ceiling.median),
        [KEY_ceiling_seconds_least] = sv_value_real(line->ceiling.least),
        [KEY_ceiling_seconds_most] = sv_value_real(line->ceiling.most),
        [KEY_share_of_ceiling] = real_or_null(share_of(line)),
    };
    return output_row(report, values);
}

struct texts {
    char size[32], time[32], spread[80], ratio[32], ceiling[32], ceiling_spread[80], share[32],
        copied[32];
};

static void write_spread(struct spread spread, char text[80])
{
    char least[32], most[32];
    snprintf(text, 80, "%s – %s", bench_time_text(spread.least, 4, least),
             bench_time_text(spread.most, 4, most));
}

/* The point stands in one column. */
static void write_ratio(double ratio, char text[32])
{
    if (ratio < 99.95) {
        snprintf(text, 32, "%8.2f", ratio);
    } else {
        snprintf(text, 32, ratio < 99999.5 ? "%5.0f" : "%5.0e", ratio);
    }
}

static void write_texts(const struct bench_line *line, struct texts *texts)
{
    double share = share_of(line);
    bench_size_text(line->size_bytes, 5, texts->size);
    bench_time_text(line->seconds.median, 4, texts->time);
    write_spread(line->seconds, texts->spread);
    write_ratio(line->ratio.median, texts->ratio);
    bench_size_text(line->bytes_copied, 5, texts->copied);
    bench_time_text(line->ceiling.median, 4, texts->ceiling);
    write_spread(line->ceiling, texts->ceiling_spread);
    snprintf(texts->share, sizeof texts->share, "%.2f", share);
}

static bool write_shown(sv_report *report, const char *path, const struct bench_line *line)
{
    struct texts texts;
    write_texts(line, &texts);
    const sv_value values[] = {
        sv_value_text(path),
        sv_value_text(line->operation),
        sv_value_text(line->method),
        sv_value_text(line->program),
        sv_value_text(texts.size),
        sv_value_text(texts.time),
        sv_value_text(texts.spread),
        sv_value_text(texts.ratio),
        line->bytes_copied >= 0 ? sv_value_text(texts.copied) : sv_value_null(),
        count_or_null(line->num_allocations),
        sv_value_text(texts.ceiling),
        sv_value_text(texts.ceiling_spread),
        line->touches_bytes ? sv_value_text(texts.share) : sv_value_null(),
    };
    return output_row(report, values);
}

static bool write_lines(struct work *work)
{
    const struct bench *bench = &work->bench;
    bool table = bench->options->style == SV_TABLE;
    bool written = true;
    for (int i = 0; written && i < bench->num_lines; i++) {
        const struct bench_line *line = &bench->lines[i];
        written = table ? write_shown(work->report, bench->path, line)
                        : write_keys(work->report, bench->path, line);
    }
    return written;
}

/* ---- what is measured ---------------------------------------------------------------------- */

static void choose_segment(struct bench *bench)
{
    int64_t most = -1;
    for (int64_t i = 0; i < sv_recording_num_segments(bench->recording); i++) {
        sv_segment segment;
        if (sv_recording_segment(bench->recording, i, &segment) == SV_OK &&
            segment.num_channels * segment.num_samples > most) {
            most = segment.num_channels * segment.num_samples;
            bench->segment = segment;
        }
    }
}

static int64_t clip(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

/* How many strides fit the memory that may be taken, 1 at least. */
static int64_t strides_that_fit(const struct bench *bench, int64_t stride)
{
    int64_t count = bench->most_bytes / stride;
    return count > 0 ? count : 1;
}

/* As many samples as may be copied into memory at once: the first ones of all channels where these
 * are interleaved, otherwise the first channels. Sets the bytes of the file that they lie in. */
static void choose_samples(struct bench *bench)
{
    const sv_segment *segment = &bench->segment;
    const int64_t *strides = segment->samples.strides;
    int64_t itemsize = (int64_t)sv_view_itemsize(&segment->samples);
    bench->num_rows = segment->num_channels;
    bench->num_samples = segment->num_samples;
    if (strides[0] >= strides[1]) {
        bench->num_rows =
            clip(clip(bench->num_rows, MOST_ROWS), strides_that_fit(bench, strides[0]));
    }
    bench->num_samples = clip(bench->num_samples, strides_that_fit(bench, strides[1]));
    bench->first_byte = segment->data_offset;
    bench->extent_bytes =
        (bench->num_rows - 1) * strides[0] + (bench->num_samples - 1) * strides[1] + itemsize;
}

/* For the progress bar: no fewer bytes than the comparisons are about. */
static int64_t plan_bytes(const struct bench *bench)
{
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(sv_recording_buffer(bench->recording));
    int64_t longest = clip(file_bytes, bench->most_bytes);
    /* Slices of a quarter, a sixteenth … of the longest; all samples, a channel; an edit. */
    return longest / 3 * 4 + 2 * bench->extent_bytes + clip(longest, (int64_t)64 << 20);
}

static sv_status measure(struct bench *bench, sv_error *error)
{
    sv_status status = bench_slices(bench, error);
    if (status == SV_OK && bench->segment.in_place) {
        status = bench_statistics(bench, error);
    }
    if (status == SV_OK && bench->segment.in_place) {
        status = bench_channel(bench, error);
    }
    if (status == SV_OK) {
        status = bench_edits(bench, error);
    }
    return status;
}

/* A signal waits for the end of these: one has a process to end, the other a file. */
static sv_status measure_numpy(struct bench *bench, sv_error *error)
{
    signals_begin_work();
    sv_status status = bench_numpy(bench, error);
    signals_end_work();
    return status;
}

static sv_status draw(const struct bench *bench, sv_error *error)
{
    signals_begin_work();
    sv_status status = bench_draw(bench, bench->options->output, error);
    signals_end_work();
    return status;
}

/* Says what went wrong; what was measured before still counts. */
static enum outcome outcome_of(const char *speaker, sv_status status, const sv_error *error)
{
    if (signals_stopped()) {
        return STOPPED;
    }
    if (status != SV_OK) {
        message(speaker, "%s", error->message);
    }
    return status == SV_OK ? DONE : FAILED;
}

static enum outcome measure_chosen(struct work *work, struct visit *visit)
{
    struct bench *bench = &work->bench;
    const struct options *options = bench->options;
    sv_error error;
    progress_begin(options->progress, visit->path, plan_bytes(bench));
    enum outcome outcome = outcome_of(visit->speaker, measure(bench, &error), &error);
    if (outcome == DONE && options->against_numpy) {
        outcome = outcome_of(NULL, measure_numpy(bench, &error), &error);
    }
    if (outcome == STOPPED || !write_lines(work)) {
        return STOPPED;
    }
    if (options->output != NULL && bench->num_lines > 0) {
        enum outcome drawn = outcome_of(options->output, draw(bench, &error), &error);
        outcome = drawn != DONE ? drawn : outcome;
    }
    return visit_check(visit) ? outcome : FAILED;
}

static enum outcome measure_file(void *context, struct visit *visit)
{
    struct work *work = context;
    struct bench *bench = &work->bench;
    bench->path = visit->path;
    bench->recording = visit->recording;
    choose_segment(bench);
    if (bench->segment.num_samples == 0) {
        return DONE;
    }
    bench->most_bytes = clip(bench_comfortable_bytes(), MOST_BYTES);
    if (bench->segment.in_place) {
        choose_samples(bench);
    } else {
        message(visit->speaker,
                "its samples are decoded as they are read, so that there is no view "
                "of them: only its bytes are sliced and edited");
    }
    return measure_chosen(work, visit);
}

/* ---- the command --------------------------------------------------------------------------- */

static bool is_same_file(const char *path, const char *other)
{
    struct stat first, second;
    return other != NULL && stat(path, &first) == 0 && stat(other, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int cmd_bench(const struct options *options)
{
    if (options->files[0] != NULL &&
        (options->files[1] != NULL || strchr("-@", options->files[0][0]) != NULL)) {
        message(NULL, "bench takes one file, by its name; see: seisview help bench");
        return EXIT_USAGE;
    }
    if (options->files[0] != NULL && is_same_file(options->files[0], options->output)) {
        message(options->output, "it is the recording that is to be measured; name another file");
        return EXIT_USAGE;
    }
    struct work *work = must_have(calloc(1, sizeof *work));
    work->bench.options = options;
    work->report = options->style == SV_TABLE ? output_open(options, shown, NUM_SHOWN)
                                              : output_open(options, columns, NUM_KEYS);
    int status = EXIT_FAILED;
    if (work->report != NULL) {
        status = visit_all(options, measure_file, work);
        output_close(work->report);
    }
    free(work);
    return status;
}
