/* seisview corr: the matrix of correlations, or covariances, of all channels. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/files.h"
#include "cli/lineup.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/signals.h"

enum key {
#define CORR_KEY(key, heading, fact, importance) KEY_##key,
#include "cli/corr_keys.def"
#undef CORR_KEY
    NUM_KEYS
};

static const sv_column keys[NUM_KEYS] = {
#define CORR_KEY(key, heading, fact, importance)                                                   \
    {#key, heading, fact, importance,                                                              \
     KEY_##key == KEY_num_missing ? SV_NOTICE_NONZERO : SV_NOTICE_NEVER},
#include "cli/corr_keys.def"
#undef CORR_KEY
};

enum { NUMBER_SIZE = 24, MATRIX_IMPORTANCE = 9 };

struct corr {
    const struct options *options;
    sv_recording **recordings;
    char **paths;
    long count, room;
    bool failed; /* a file could not be read, or lacks samples */
    struct lineup lineup;
    sv_correlation *result;
    sv_scan_report report;
    int64_t peak_anonymous;
};

/* ---- files ----------------------------------------------------------------------------------- */

static bool lacks_samples(const sv_recording *recording)
{
    bool lacks = sv_recording_num_missing(recording) > 0;
    for (int64_t i = 0; i < sv_recording_num_segments(recording) && !lacks; i++) {
        sv_segment segment;
        lacks = sv_recording_segment(recording, i, &segment) == SV_OK && !segment.complete;
    }
    return lacks;
}

/* `speaker`: as in struct visit. */
static void keep_recording(struct corr *corr, const char *path, bool is_joined,
                           sv_recording *recording)
{
    if (corr->count == corr->room) {
        corr->room = corr->room + corr->room / 2 + 16;
        corr->recordings =
            must_have(realloc(corr->recordings, (size_t)corr->room * sizeof(sv_recording *)));
        corr->paths = must_have(realloc(corr->paths, (size_t)corr->room * sizeof(char *)));
    }
    char *kept = must_have(strdup(path));
    const char *speaker = is_joined ? NULL : kept;
    corr->recordings[corr->count] = recording;
    corr->paths[corr->count++] = kept;
    for (int i = 0; sv_recording_warning(recording, i) != NULL; i++) {
        message(speaker, "%s", sv_recording_warning(recording, i));
    }
    corr->failed = corr->failed || lacks_samples(recording);
    lineup_add(&corr->lineup, kept, speaker, recording, corr->options);
}

static void open_each(struct corr *corr, struct files *files)
{
    sv_error error;
    for (const char *path; (path = files_next(files)) != NULL;) {
        sv_recording *recording;
        if (sv_recording_open(path, &corr->options->open, &recording, &error) == SV_OK) {
            keep_recording(corr, path, false, recording);
        } else {
            message(path, "%s", error.message);
            corr->failed = true;
        }
    }
}

static void open_joined(struct corr *corr, struct files *files)
{
    char **paths = NULL;
    long count = 0;
    for (const char *path; (path = files_next(files)) != NULL; count++) {
        paths = must_have(realloc(paths, (size_t)(count + 1) * sizeof *paths));
        paths[count] = must_have(strdup(path));
    }
    sv_error error;
    sv_recording *recording;
    if (count > 0 && sv_recording_join((const char *const *)paths, count, &corr->options->open,
                                       &recording, &error) == SV_OK) {
        keep_recording(corr, paths[0], true, recording);
    } else if (count > 0) {
        message(NULL, "%s", error.message);
        corr->failed = true;
    }
    for (long i = 0; i < count; i++) {
        free(paths[i]);
    }
    free(paths);
}

/* All files are open at once. */
static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool is_input(const struct corr *corr, const char *path)
{
    struct stat output, input;
    for (long i = 0; path != NULL && stat(path, &output) == 0 && i < corr->count; i++) {
        if (stat(corr->paths[i], &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino) {
            return true;
        }
    }
    return false;
}

/* ---- correlating ----------------------------------------------------------------------------- */

static void on_progress(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct corr *corr = context;
    progress_expect(total_bytes);
    progress_update(done_bytes);
    if (corr->options->explain) {
        explain_look_at_memory(&corr->peak_anonymous);
    }
}

static int64_t bytes_of(const struct corr *corr)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < corr->lineup.count; i++) {
        const struct lane *lane = &corr->lineup.lanes[i];
        sv_segment segment;
        if (sv_recording_segment(lane->recording, lane->segment, &segment) == SV_OK) {
            bytes += corr->lineup.num_samples * (int64_t)sv_dtype_itemsize(segment.samples.dtype);
        }
    }
    return bytes;
}

static sv_status correlate(struct corr *corr, sv_error *error)
{
    const struct options *options = corr->options;
    const struct lineup *lineup = &corr->lineup;
    sv_correlation_row *rows = must_have(calloc((size_t)lineup->count, sizeof *rows));
    for (int64_t i = 0; i < lineup->count; i++) {
        const struct lane *lane = &lineup->lanes[i];
        rows[i] = (sv_correlation_row){lane->recording, lane->segment, lane->row, lane->first};
    }
    sv_correlation_options how = {.covariance = options->covariance,
                                  .fail_on_missing = options->fail_on_missing,
                                  .detrend_order =
                                      options->detrend ? (int)options->detrend_order : -1,
                                  .scan = options->scan};
    how.scan.progress = on_progress;
    how.scan.progress_context = corr;
    progress_begin(options->progress, lineup->lanes[0].path, bytes_of(corr));
    signals_begin_work();
    sv_status status = sv_correlate(rows, lineup->count, lineup->num_samples, &how, &corr->result,
                                    &corr->report, error);
    signals_end_work();
    progress_end();
    free(rows);
    return status;
}

/* The library counts rows; a message names the channel. */
static void say_failure(const struct corr *corr, sv_status status, const sv_error *error)
{
    bool of_one = corr->count == 1;
    if (status == SV_INVALID && corr->options->fail_on_missing) {
        message(of_one ? corr->paths[0] : NULL, "%s (--nan=pairwise)", error->message);
    } else {
        message(of_one && !corr->options->join ? corr->paths[0] : NULL, "%s", error->message);
    }
}

static bool check_files(const struct corr *corr)
{
    bool same = true;
    for (long i = 0; i < corr->count; i++) {
        sv_error error;
        sv_status status = sv_recording_check(corr->recordings[i], &error);
        if (status != SV_OK) {
            message(corr->options->join ? NULL : corr->paths[i], "%s", error.message);
            same = same && status == SV_BUSY;
        }
    }
    return same;
}

/* Of the rows of the first segment. */
static double ceiling_of(const struct corr *corr)
{
    const struct lineup *lineup = &corr->lineup;
    const struct lane *lane = &lineup->lanes[0];
    int64_t *rows = must_have(calloc((size_t)lineup->count, sizeof *rows)), count = 0;
    while (count < lineup->count && lane[count].recording == lane->recording &&
           lane[count].segment == lane->segment && lane[count].first == lane->first) {
        rows[count] = lane[count].row;
        count++;
    }
    sv_scan_range range = {.segment = lane->segment,
                           .rows = rows,
                           .num_rows = count,
                           .first = lane->first,
                           .last = lane->first + lineup->num_samples};
    double ceiling = explain_ceiling(lane->recording, range, &corr->options->scan);
    free(rows);
    return ceiling;
}

static void say_how(struct corr *corr)
{
    const sv_scan_report *report = &corr->report;
    const sv_correlation *result = corr->result;
    const char *kernel = "unknown", *core = "unknown";
    double products = (double)result->num_rows * (double)result->num_rows;
    explain_look_at_memory(&corr->peak_anonymous);
    sv_kernel_name(&kernel, NULL);
    sv_blas_core(&core, NULL);
    message(NULL, "%" PRId64 " channels with %" PRId64 " samples in common", result->num_rows,
            result->num_samples);
    message(NULL, "%" PRId64 " bytes mapped, %" PRId64 " copied, in %" PRId64 " chunks",
            report->bytes_mapped, report->bytes_copied, report->num_blocks);
    message(NULL, "%d thread%s, %s kernels; OpenBLAS with its %s kernels, on the same threads",
            report->threads, report->threads == 1 ? "" : "s", kernel, core);
    int64_t bytes = report->bytes_mapped + report->bytes_copied;
    explain_rate(NULL, bytes, report->seconds, explain_can_rate(bytes) ? ceiling_of(corr) : 0.0);
    message(NULL, "%.1f GFLOP/s", products * (double)result->num_samples / report->seconds / 1e9);
    message(NULL, "%.1f MiB of anonymous memory at most, of which the matrix takes %.1f",
            (double)corr->peak_anonymous / 1048576.0, products * 8.0 / 1048576.0);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void fill_row(const struct corr *corr, int64_t i, const sv_channel *channel,
                     sv_value *values)
{
    const struct lane *lane = &corr->lineup.lanes[i];
    const sv_correlation *result = corr->result;
    int64_t last = lane->first + result->num_samples - 1;
    values[KEY_file] = sv_value_text(lane->path);
    values[KEY_id] = channel->has_id ? sv_value_text(channel->id) : sv_value_null();
    values[KEY_segment] = sv_value_int(lane->segment);
    values[KEY_channel] = sv_value_int(lane->number);
    values[KEY_start] = sv_value_time(sv_time_of_sample(channel->start, lane->rate, lane->first));
    values[KEY_end] = sv_value_time(sv_time_of_sample(channel->start, lane->rate, last));
    values[KEY_sample_rate] = sv_value_real(lane->rate);
    values[KEY_num_samples] = sv_value_int(result->num_samples);
    values[KEY_num_missing] = sv_value_int(result->num_missing[i]);
    values[KEY_sample_mean] = sv_value_real(result->means[i]);
    values[KEY_sample_stdev] = sv_value_real(result->deviations[i]);
    for (int64_t j = 0; j < result->num_rows; j++) {
        values[NUM_KEYS + j] = sv_value_real(result->matrix[i * result->num_rows + j]);
    }
}

static void write_rows(const struct corr *corr, sv_report *report)
{
    int64_t rows = corr->result->num_rows;
    sv_value *values = must_have(calloc((size_t)(NUM_KEYS + rows), sizeof *values));
    bool written = true;
    for (int64_t i = 0; i < rows && written; i++) {
        const struct lane *lane = &corr->lineup.lanes[i];
        sv_channel channel = {.start = SV_TIME_NONE};
        sv_recording_channel(lane->recording, lane->segment, lane->row, &channel);
        fill_row(corr, i, &channel, values);
        written = output_row(report, values);
    }
    free(values);
}

static bool write_table(const struct corr *corr)
{
    int64_t rows = corr->result->num_rows;
    sv_column *columns = must_have(calloc((size_t)(NUM_KEYS + rows), sizeof *columns));
    char(*numbers)[NUMBER_SIZE] = must_have(calloc((size_t)rows, sizeof *numbers));
    memcpy(columns, keys, sizeof keys);
    for (int64_t i = 0; i < rows; i++) {
        snprintf(numbers[i], NUMBER_SIZE, "%" PRId64, corr->lineup.lanes[i].number);
        columns[NUM_KEYS + i] =
            (sv_column){numbers[i], false, false, MATRIX_IMPORTANCE, SV_NOTICE_NEVER};
    }
    sv_report *report = output_open(corr->options, columns, (int)(NUM_KEYS + rows));
    if (report != NULL) {
        write_rows(corr, report);
        output_close(report);
    }
    free(columns);
    free(numbers);
    return report != NULL;
}

static bool is_npy(const char *path)
{
    const char *suffix = strrchr(path, '.');
    return suffix != NULL && strcmp(suffix, ".npy") == 0;
}

static sv_status draw(const struct corr *corr, sv_error *error)
{
    const struct options *options = corr->options;
    const struct lineup *lineup = &corr->lineup;
    int64_t rows = corr->result->num_rows;
    sv_channel *channels = must_have(calloc((size_t)rows, sizeof *channels));
    const char **names = must_have(calloc((size_t)rows, sizeof *names));
    char caption[512], start[SV_TIME_TEXT_SIZE] = "";
    bool named = true;
    for (int64_t i = 0; i < rows; i++) {
        const struct lane *lane = &lineup->lanes[i];
        sv_recording_channel(lane->recording, lane->segment, lane->row, &channels[i]);
        named = named && channels[i].has_id && strcmp(channels[i].id, "...") != 0;
        names[i] = channels[i].id;
    }
    sv_time first =
        sv_time_of_sample(channels[0].start, lineup->lanes[0].rate, lineup->lanes[0].first);
    if (first != SV_TIME_NONE) {
        sv_time_format(first, start);
    }
    snprintf(caption, sizeof caption, "%s%s%" PRId64 " channels, %" PRId64 " samples at %.9g Hz",
             start, start[0] != '\0' ? ", " : "", rows, corr->result->num_samples,
             lineup->lanes[0].rate);
    sv_matrix matrix = {.title = options->covariance ? "Covariance" : "Correlation",
                        .caption = caption,
                        .size = rows,
                        .values = corr->result->matrix,
                        .most = options->covariance ? 0.0 : 1.0,
                        .label = "channel",
                        .names = named ? names : NULL,
                        .first_number = lineup->lanes[0].number};
    sv_status status = sv_plot_matrix(options->output, &matrix, error);
    free(names);
    free(channels);
    return status;
}

static bool write_output(const struct corr *corr)
{
    const char *path = corr->options->output;
    sv_error error;
    sv_status status =
        is_npy(path) ? sv_correlation_write_npy(corr->result, path, &error) : draw(corr, &error);
    if (status != SV_OK) {
        message(path, "%s", error.message);
    }
    return status == SV_OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int run(struct corr *corr)
{
    const struct options *options = corr->options;
    sv_error error;
    if (corr->lineup.count == 0) {
        return corr->failed ? EXIT_FAILED : EXIT_USAGE;
    }
    if (is_input(corr, options->output)) {
        message(options->output, "it is one of the recordings; name another file");
        return EXIT_USAGE;
    }
    if (!lineup_find_common(&corr->lineup)) {
        return EXIT_FAILED;
    }
    sv_status status = correlate(corr, &error);
    if (status == SV_CANCELLED || signals_stopped()) {
        return EXIT_FAILED;
    }
    if (status != SV_OK) {
        say_failure(corr, status, &error);
        corr->failed = true;
    }
    if (corr->result == NULL || !check_files(corr)) {
        return EXIT_FAILED;
    }
    if ((options->output == NULL || options->style_is_given) && !write_table(corr)) {
        return EXIT_FAILED;
    }
    if (options->output != NULL && !write_output(corr)) {
        return EXIT_FAILED;
    }
    if (options->explain) {
        say_how(corr);
    }
    return corr->failed ? EXIT_FAILED : EXIT_DONE;
}

int cmd_corr(const struct options *options)
{
    struct corr corr = {.options = options};
    struct files files;
    allow_many_files();
    files_begin(&files, options->files);
    if (options->join) {
        open_joined(&corr, &files);
    } else {
        open_each(&corr, &files);
    }
    corr.failed = corr.failed || files.failed;
    int status = files_end(&files, "corr") ? run(&corr) : EXIT_USAGE;
    for (long i = 0; i < corr.count; i++) {
        sv_recording_close(corr.recordings[i]);
        free(corr.paths[i]);
    }
    sv_correlation_free(corr.result);
    lineup_free(&corr.lineup);
    free(corr.recordings);
    free(corr.paths);
    return status;
}
