/* What a machine can do with a file of float32: read it once and add it up, and nothing else.
 *
 *   sum [--threads N] [--streams 1|4] [--map populate|faults|read] FILE
 *   sum --ceiling [--passes N] ... FILE
 *
 * The first is the peer that `seisview stats` is measured against, a whole process: it maps the
 * file, each thread sums an equal share in float32, and the sum is printed, good for nothing. With
 * --map read the threads read their shares into buffers of 256 KiB instead. The second sums the
 * mapped file again and again and prints what that came to in GB/s.
 *
 * One stream walks straight on; four streams, 128 KiB apart, take a cache line of each in turn and
 * keep more lines in flight. The loops are written with vector extensions and compiled for each
 * instruction set that the processor may have. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "figures.h"

#define LINE_SAMPLES   16         /* float32 in 64 bytes */
#define STREAM_SAMPLES (32 << 10) /* 128 KiB */
#define READ_BYTES     ((size_t)256 << 10)
#define MAX_THREADS    1024
#define MAX_PASSES     1000

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

typedef float half_line __attribute__((vector_size(2 * LINE_SAMPLES), aligned(4), may_alias));

typedef enum mapping { MAP_POPULATE_SHARES, MAP_FAULTS, MAP_NOT_AT_ALL } mapping;

struct team;

struct worker {
    struct team *team;
    pthread_t thread;
    const float *samples;
    size_t num_samples;
    float sum;
};

struct team {
    int num_threads, num_streams, num_passes;
    mapping mapping;
    bool ceiling;
    int file;
    const float *samples;      /* the mapped file */
    pthread_barrier_t barrier; /* of the ceiling's passes: all threads and main */
    struct worker workers[MAX_THREADS];
};

/* Takes an address, as vectors by value change the calling convention. */
static float add_lanes(const half_line *total)
{
    float lanes[LINE_SAMPLES / 2], sum = 0.0F;
    memcpy(lanes, total, sizeof lanes);
    for (int lane = 0; lane < LINE_SAMPLES / 2; lane++) {
        sum += lanes[lane];
    }
    return sum;
}

FOR_EACH_PROCESSOR static float sum_one_stream(const float *samples, size_t num_samples)
{
    half_line a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0};
    size_t done = 0;
    for (; done + 4 * LINE_SAMPLES <= num_samples; done += 4 * LINE_SAMPLES) {
        const half_line *halves = (const half_line *)(samples + done);
        a += halves[0];
        b += halves[1];
        c += halves[2];
        d += halves[3];
        e += halves[4];
        f += halves[5];
        g += halves[6];
        h += halves[7];
    }
    half_line total = a + b + c + d + e + f + g + h;
    float sum = add_lanes(&total);
    for (; done < num_samples; done++) {
        sum += samples[done];
    }
    return sum;
}

FOR_EACH_PROCESSOR static float sum_four_streams(const float *samples, size_t num_samples)
{
    half_line a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0}, g = {0}, h = {0};
    size_t done = 0;
    for (; done + 4 * STREAM_SAMPLES <= num_samples; done += 4 * STREAM_SAMPLES) {
        const half_line *first = (const half_line *)(samples + done);
        const half_line *second = (const half_line *)(samples + done + STREAM_SAMPLES);
        const half_line *third = (const half_line *)(samples + done + 2 * STREAM_SAMPLES);
        const half_line *fourth = (const half_line *)(samples + done + 3 * STREAM_SAMPLES);
        for (size_t half = 0; half < 2 * STREAM_SAMPLES / LINE_SAMPLES; half += 2) {
            a += first[half];
            b += first[half + 1];
            c += second[half];
            d += second[half + 1];
            e += third[half];
            f += third[half + 1];
            g += fourth[half];
            h += fourth[half + 1];
        }
    }
    half_line total = a + b + c + d + e + f + g + h;
    return add_lanes(&total) + sum_one_stream(samples + done, num_samples - done);
}

/* A kernel without MADV_POPULATE_READ (Linux before 5.14) maps by faults all the same. */
static void populate(const struct worker *worker)
{
#ifdef MADV_POPULATE_READ
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)worker->samples & ~(page - 1);
    uintptr_t end = (uintptr_t)(worker->samples + worker->num_samples);
    if (madvise((void *)begin, end - begin, MADV_POPULATE_READ) != 0 && errno != EINVAL) {
        perror("sum: madvise");
    }
#else
    (void)worker;
#endif
}

static float sum_samples(const struct team *team, const float *samples, size_t num_samples)
{
    return team->num_streams == 4 ? sum_four_streams(samples, num_samples)
                                  : sum_one_stream(samples, num_samples);
}

static void sum_share(struct worker *worker)
{
    worker->sum = sum_samples(worker->team, worker->samples, worker->num_samples);
}

/* The share by way of a buffer; it ends at the first read that fails. */
static void sum_read(struct worker *worker)
{
    const struct team *team = worker->team;
    size_t first = (size_t)(worker->samples - team->samples) * sizeof(float);
    size_t past = first + worker->num_samples * sizeof(float);
    float *buffer = aligned_alloc(4096, READ_BYTES); /* copied into twice as fast */
    while (buffer != NULL && first < past) {
        size_t wanted = past - first < READ_BYTES ? past - first : READ_BYTES;
        ssize_t count = pread(team->file, buffer, wanted, (off_t)first);
        if (count <= 0) {
            perror("sum: read");
            break;
        }
        worker->sum += sum_samples(team, buffer, (size_t)count / sizeof(float));
        first += (size_t)count;
    }
    free(buffer);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct team *team = worker->team;
    if (team->mapping == MAP_POPULATE_SHARES) {
        populate(worker);
    }
    if (team->mapping == MAP_NOT_AT_ALL) {
        sum_read(worker);
    } else {
        sum_share(worker);
    }
    for (int pass = 0; team->ceiling && pass < team->num_passes; pass++) {
        pthread_barrier_wait(&worker->team->barrier);
        sum_share(worker);
        pthread_barrier_wait(&worker->team->barrier);
    }
    return NULL;
}

static void print_ceiling(struct team *team, size_t size_bytes)
{
    double rates[MAX_PASSES] = {0.0};
    for (int pass = 0; pass < team->num_passes; pass++) {
        pthread_barrier_wait(&team->barrier);
        double begin = figures_now();
        pthread_barrier_wait(&team->barrier);
        rates[pass] = (double)size_bytes / (figures_now() - begin) / 1e9;
    }
    struct figures figures = figures_of(rates, (size_t)team->num_passes);
    printf("%.1f (%.1f–%.1f) GB/s\n", figures.median, figures.least, figures.most);
}

static int run_team(struct team *team, const float *samples, size_t num_samples)
{
    size_t count = (size_t)team->num_threads;
    size_t unit = 4 * STREAM_SAMPLES;
    size_t share = (num_samples / unit + count - 1) / count * unit;
    pthread_barrier_init(&team->barrier, NULL, (unsigned)team->num_threads + 1);
    for (size_t index = 0; index < count; index++) {
        struct worker *worker = &team->workers[index];
        size_t begin = share * index < num_samples ? share * index : num_samples;
        size_t end =
            index + 1 == count || begin + share > num_samples ? num_samples : begin + share;
        *worker =
            (struct worker){.team = team, .samples = samples + begin, .num_samples = end - begin};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            fputs("sum: a thread could not be started\n", stderr);
            return 2;
        }
    }
    if (team->ceiling) {
        print_ceiling(team, num_samples * sizeof(float));
    }
    float sum = 0.0F;
    for (size_t index = 0; index < count; index++) {
        pthread_join(team->workers[index].thread, NULL);
        sum += team->workers[index].sum;
    }
    if (!team->ceiling) {
        printf("%g\n", (double)sum);
    }
    return 0;
}

static int sum_file(struct team *team, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        fprintf(stderr, "sum: %s: %s\n", path, strerror(errno));
        return 2;
    }
    size_t size_bytes = (size_t)status.st_size;
    if (size_bytes < sizeof(float)) {
        fprintf(stderr, "sum: %s: no sample\n", path);
        return 2;
    }
    const float *samples = mmap(NULL, size_bytes, PROT_READ, MAP_SHARED, file, 0);
    if (samples == MAP_FAILED) {
        fprintf(stderr, "sum: %s: %s\n", path, strerror(errno));
        return 2;
    }
    team->file = file;
    team->samples = samples;
    return run_team(team, samples, size_bytes / sizeof(float));
}

static int usage(void)
{
    fputs("Usage: sum [--threads N] [--streams 1|4] [--map populate|faults|read] "
          "[--ceiling [--passes N]] FILE\n",
          stderr);
    return 1;
}

static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static bool find_mapping(const char *name, mapping *found)
{
    static const char *const names[] = {
        [MAP_POPULATE_SHARES] = "populate", [MAP_FAULTS] = "faults", [MAP_NOT_AT_ALL] = "read"};
    for (int i = MAP_POPULATE_SHARES; i <= MAP_NOT_AT_ALL; i++) {
        if (strcmp(names[i], name) == 0) {
            *found = (mapping)i;
            return true;
        }
    }
    return false;
}

static bool parse_options(struct team *team, int count, char *arguments[])
{
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'}, {"streams", required_argument, NULL, 's'},
        {"map", required_argument, NULL, 'm'},     {"ceiling", no_argument, NULL, 'c'},
        {"passes", required_argument, NULL, 'p'},  {NULL, 0, NULL, 0}};
    bool known = true;
    int option;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        switch (option) {
        case 't': team->num_threads = atoi(optarg); break;
        case 's': team->num_streams = atoi(optarg); break;
        case 'm': known = find_mapping(optarg, &team->mapping); break;
        case 'c': team->ceiling = true; break;
        case 'p': team->num_passes = atoi(optarg); break;
        default: return false;
        }
    }
    return known && optind + 1 == count && team->num_threads >= 1 &&
           team->num_threads <= MAX_THREADS && team->num_passes >= 1 &&
           team->num_passes <= MAX_PASSES && (team->num_streams == 1 || team->num_streams == 4);
}

int main(int count, char *arguments[])
{
    static struct team team = {.num_streams = 1, .num_passes = 11};
    team.num_threads = processors();
    if (!parse_options(&team, count, arguments)) {
        return usage();
    }
    return sum_file(&team, arguments[optind]);
}
