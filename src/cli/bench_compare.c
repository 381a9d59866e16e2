/* Rounds of methods that do the same, and their medians. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/clock.h"
#include "cli/progress.h"

#define BATCH_SECONDS 5e-4 /* shorter work is repeated, for the clock's sake */
#define TOTAL_SECONDS 1.0  /* of all rounds */
#define PAGE_BYTES    4096

enum { LEAST_ROUNDS = 3, MOST_ROUNDS = 15, MOST_RUNS = MOST_METHODS + 1 };

const char bench_seisview[] = "seisview";
const char bench_python[] = "numpy";

/* ---- medians ------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

struct spread spread_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_numbers);
    return (struct spread){(values[(count - 1) / 2] + values[count / 2]) / 2.0, values[0],
                           values[count - 1]};
}

/* ---- one batch ----------------------------------------------------------------------------- */

struct batch {
    run_method *run;
    void *context;
    int64_t times;
    struct counts counts;
    double seconds;
    sv_status status;
    sv_error *error;
};

static void run_batch(void *context)
{
    struct batch *batch = context;
    double begun = seconds_now();
    batch->status = batch->run(batch->context, batch->times, &batch->counts, batch->error);
    batch->seconds = seconds_now() - begun;
}

/* Seconds of one run. */
static sv_status time_batch(const struct bench *bench, run_method *run, void *context,
                            int64_t times, double *seconds, struct counts *counts, sv_error *error)
{
    struct batch batch = {.run = run, .context = context, .times = times, .error = error};
    uint64_t allocations = sv_num_allocations();
    sv_status status =
        sv_buffer_guard(sv_recording_buffer(bench->recording), run_batch, &batch, error);
    status = status != SV_OK ? status : batch.status;
    if (status != SV_OK) {
        return status;
    }
    *counts = batch.counts;
    counts->num_allocations += (int64_t)(sv_num_allocations() - allocations);
    *seconds = (batch.counts.seconds > 0.0 ? batch.counts.seconds : batch.seconds) / (double)times;
    return SV_OK;
}

/* ---- rounds -------------------------------------------------------------------------------- */

/* A method, or the ceiling behind the last of them. */
struct runner {
    run_method *run;
    int64_t times;
    struct counts counts; /* of one run */
    double seconds[MOST_ROUNDS];
};

/* Runs until the batch is long enough, which also brings pages in. Of short work the counts are
 * those of a run that is not the first. */
static sv_status warm_up(const struct bench *bench, void *context, struct runner *runner,
                         double *batch_seconds, sv_error *error)
{
    double seconds;
    struct counts ignored;
    sv_status status = time_batch(bench, runner->run, context, 1, &seconds, &runner->counts, error);
    runner->times = 1;
    while (status == SV_OK && seconds * (double)runner->times < BATCH_SECONDS / 8.0) {
        runner->times *= 8;
        status = time_batch(bench, runner->run, context, runner->times, &seconds, &ignored, error);
    }
    if (status == SV_OK && runner->times > 1) {
        status = time_batch(bench, runner->run, context, 1, batch_seconds, &runner->counts, error);
    }
    double missing = BATCH_SECONDS / (seconds > 0.0 ? seconds : BATCH_SECONDS);
    runner->times = missing > 1.0 ? (int64_t)missing : 1;
    *batch_seconds = seconds * (double)runner->times;
    return status;
}

static sv_status run_rounds(const struct bench *bench, void *context, struct runner *runners,
                            int num_runners, int num_rounds, sv_error *error)
{
    struct counts ignored;
    sv_status status = SV_OK;
    for (int round = 0; round < num_rounds; round++) {
        for (int turn = 0; turn < num_runners && status == SV_OK; turn++) {
            struct runner *runner = &runners[(round + turn) % num_runners];
            status = time_batch(bench, runner->run, context, runner->times, &runner->seconds[round],
                                &ignored, error);
        }
    }
    return status;
}

static void add_lines(struct bench *bench, const struct comparison *comparison,
                      struct runner *runners, int num_rounds)
{
    double ratios[MOST_METHODS][MOST_ROUNDS];
    for (int i = 0; i < comparison->num_methods; i++) {
        for (int round = 0; round < num_rounds; round++) {
            ratios[i][round] = runners[i].seconds[round] / runners[0].seconds[round];
        }
    }
    struct spread ceiling = spread_of(runners[comparison->num_methods].seconds, num_rounds);
    for (int i = 0; i < comparison->num_methods && bench->num_lines < MOST_LINES; i++) {
        bench->lines[bench->num_lines++] =
            (struct bench_line){.program = bench_seisview,
                                .operation = comparison->operation,
                                .method = comparison->methods[i].name,
                                .size_bytes = comparison->size_bytes,
                                .bytes_copied = runners[i].counts.bytes_copied,
                                .num_allocations = runners[i].counts.num_allocations,
                                .num_rounds = num_rounds,
                                .seconds = spread_of(runners[i].seconds, num_rounds),
                                .ratio = spread_of(ratios[i], num_rounds),
                                .ceiling = ceiling,
                                .touches_bytes = comparison->methods[i].touches_bytes};
    }
}

sv_status bench_compare(struct bench *bench, const struct comparison *comparison, sv_error *error)
{
    struct runner runners[MOST_RUNS] = {{0}};
    int num_runners = comparison->num_methods + 1;
    double round_seconds = 0.0;
    for (int i = 0; i < num_runners; i++) {
        double seconds;
        runners[i].run =
            i < comparison->num_methods ? comparison->methods[i].run : comparison->ceiling;
        sv_status status = warm_up(bench, comparison->context, &runners[i], &seconds, error);
        if (status != SV_OK) {
            return status;
        }
        round_seconds += seconds;
    }
    double fit = TOTAL_SECONDS / round_seconds;
    int num_rounds = fit < LEAST_ROUNDS ? LEAST_ROUNDS : fit > MOST_ROUNDS ? MOST_ROUNDS : (int)fit;
    sv_status status =
        run_rounds(bench, comparison->context, runners, num_runners, num_rounds, error);
    if (status == SV_OK) {
        add_lines(bench, comparison, runners, num_rounds);
        bench->done_bytes += comparison->size_bytes;
        progress_update(bench->done_bytes);
    }
    return status;
}

/* ---- memory -------------------------------------------------------------------------------- */

/* The number that follows `key` in a file of the system, times `unit`; −1: it is not there. */
static int64_t read_number(const char *path, const char *key, int64_t unit)
{
    char line[256], format[64];
    int64_t number = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return -1;
    }
    snprintf(format, sizeof format, "%s%%" SCNd64, key);
    while (number < 0 && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, format, &number) != 1) {
            number = -1;
        }
    }
    fclose(file);
    return number >= 0 ? number * unit : -1;
}

void *bench_fresh(int64_t size_bytes, void *volatile *base, sv_error *error)
{
    *base = malloc((size_t)size_bytes + PAGE_BYTES);
    if (*base == NULL) {
        error->status = SV_NOMEM;
        snprintf(error->message, sizeof error->message,
                 "there are no %" PRId64 " bytes of memory for a copy", size_bytes);
        return NULL;
    }
    return (void *)(((uintptr_t)*base + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1));
}

/* A quarter of what is free, of the machine and of the container. */
int64_t bench_comfortable_bytes(void)
{
    int64_t available = read_number("/proc/meminfo", "MemAvailable: ", 1024);
    int64_t most = read_number("/sys/fs/cgroup/memory.max", "", 1);
    int64_t taken = read_number("/sys/fs/cgroup/memory.current", "", 1);
    if (available < 0) {
        available = (int64_t)sysconf(_SC_PHYS_PAGES) / 2 * (int64_t)sysconf(_SC_PAGESIZE);
    }
    if (most >= 0 && taken >= 0 && most - taken < available) {
        available = most > taken ? most - taken : 0;
    }
    return available / 4;
}

/* ---- texts --------------------------------------------------------------------------------- */

char *bench_size_text(int64_t bytes, int width, char text[32])
{
    static const char *const units[] = {"B  ", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]; unit++) {
        size /= 1024.0;
    }
    bool whole = size == (double)(int64_t)size;
    snprintf(text, 32, "%*.*f %s", width, whole ? 0 : 1, size, units[unit]);
    return text;
}

char *bench_time_text(double seconds, int width, char text[32])
{
    static const char *const units[] = {"ns", "µs", "ms", "s "};
    double time = seconds * 1e9;
    size_t unit = 0;
    for (; time >= 999.5 && unit + 1 < sizeof units / sizeof units[0]; unit++) {
        time /= 1e3;
    }
    int decimals = time < 9.995 ? 2 : time < 99.95 ? 1 : 0;
    snprintf(text, 32, "%*.*f %s", width, decimals, time, units[unit]);
    return text;
}
