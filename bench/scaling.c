/* Claim: two threads that already run summarise pieces of at most half the last-level cache 1.9
 * times as fast as one. Beyond the cache the memory decides, and a plain sum is printed beside it.
 *
 * Each round the threads summarise their shares of the piece in blocks, as a scan does, and wait
 * for each other. Rounds of one thread and of all take turns. Exits with 3 when the claim does not
 * hold. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "figures.h"
#include "kernel/kernel.h"
#include "seisview/buffer.h"
#include "seisview/summary.h"

enum { THREADS = 2, ROUNDS = 31, BLOCK = 1 << 17 };

static const double goal = 1.9;

typedef struct team {
    pthread_barrier_t barrier; /* both threads: the caller is one of them */
    const sv_kernels *kernels;
    sv_view samples;
    int num_threads; /* that work in this round; 0: the end */
    int64_t repeats;
    bool sums;
} team;

static void work_on_block(const team *t, int64_t first)
{
    sv_view block = t->samples;
    block.address += first * (int64_t)sizeof(float);
    block.shape[0] = BLOCK;
    if (t->sums) {
        const float *stream[SV_STREAMS];
        int64_t lines = sv_lines_of(BLOCK - 1);
        for (int s = 0; s < SV_STREAMS; s++) {
            stream[s] = (const float *)(const void *)block.address + s * lines * SV_LANES;
        }
        volatile float sum = t->kernels->sum_f4(stream, lines);
        (void)sum;
    } else {
        sv_summary summary;
        sv_summary_of(&block, first, 0, &summary);
    }
}

static void work(const team *t, int number)
{
    int64_t blocks = t->samples.shape[0] / BLOCK;
    int64_t first = blocks * number / t->num_threads, past = blocks * (number + 1) / t->num_threads;
    for (int64_t repeat = 0; repeat < t->repeats; repeat++) {
        for (int64_t block = first; block < past; block++) {
            work_on_block(t, block * BLOCK);
        }
    }
}

static void *run_second(void *context)
{
    team *t = context;
    for (;;) {
        pthread_barrier_wait(&t->barrier);
        if (t->num_threads == 0) {
            return NULL;
        }
        if (t->num_threads == THREADS) {
            work(t, 1);
        }
        pthread_barrier_wait(&t->barrier);
    }
}

static double time_round(team *t, int num_threads)
{
    t->num_threads = num_threads;
    pthread_barrier_wait(&t->barrier);
    double begin = figures_now();
    work(t, 0);
    pthread_barrier_wait(&t->barrier);
    return figures_now() - begin;
}

/* How many times as fast two are. */
static struct figures measure(team *t, int64_t bytes, bool sums)
{
    double ratios[ROUNDS];
    t->samples.shape[0] = bytes / (int64_t)sizeof(float);
    t->repeats = ((int64_t)256 << 20) / bytes + 1;
    t->sums = sums;
    time_round(t, 1);
    for (int round = 0; round < ROUNDS; round++) {
        double one = time_round(t, 1);
        ratios[round] = one / time_round(t, THREADS);
    }
    return figures_of(ratios, ROUNDS);
}

static bool print_size(team *t, int64_t bytes, bool is_claimed)
{
    struct figures own = measure(t, bytes, false), sum = measure(t, bytes, true);
    bool reached = !is_claimed || own.median >= goal;
    printf("  pieces of %6.1f MiB            %.2f (%.2f–%.2f), plain sum %.2f (%.2f–%.2f)",
           (double)bytes / 1048576.0, own.median, own.least, own.most, sum.median, sum.least,
           sum.most);
    if (is_claimed) {
        printf("  goal ≥ %g: %s", goal, reached ? "reached" : "MISSED");
    }
    putchar('\n');
    return reached;
}

static bool fill(team *t, int64_t bytes)
{
    sv_buffer *buffer;
    if (sv_buffer_alloc((size_t)bytes, &buffer, NULL) != SV_OK ||
        sv_view_make(buffer, 0, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 1,
                     (int64_t[]){bytes / (int64_t)sizeof(float)}, NULL, &t->samples,
                     NULL) != SV_OK) {
        return false;
    }
    float *samples = (float *)(void *)t->samples.address;
    uint32_t state = 1;
    for (int64_t i = 0; i < bytes / (int64_t)sizeof(float); i++) {
        state = state * 1664525u + 1013904223u;
        samples[i] = (float)(int32_t)state;
    }
    return true;
}

/* As the system says, which knows what the C library only guesses; 8 MiB where neither does. */
static int64_t last_cache_bytes(void)
{
    long kibibytes = 0;
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "re");
    if (file == NULL || fscanf(file, "%ldK", &kibibytes) != 1) {
        kibibytes = sysconf(_SC_LEVEL3_CACHE_SIZE) / 1024;
    }
    if (file != NULL) {
        fclose(file);
    }
    return (int64_t)(kibibytes > 8192 ? kibibytes : 8192) * 1024;
}

int main(void)
{
    static team t;
    pthread_t second;
    int64_t cache = last_cache_bytes(), beyond = 8 * cache;
    printf("1 to %d threads, already running: how many times as fast\n", (int)THREADS);
    if (sysconf(_SC_NPROCESSORS_ONLN) < THREADS) {
        puts("  skipped: there is one processor");
        return 0;
    }
    if (sv_kernels_get(&t.kernels, NULL) != SV_OK || !fill(&t, beyond) ||
        pthread_barrier_init(&t.barrier, NULL, THREADS) != 0 ||
        pthread_create(&second, NULL, run_second, &t) != 0) {
        return 2;
    }
    bool reached = print_size(&t, (int64_t)1 << 20, true);
    reached = print_size(&t, cache / 8, true) && reached;
    reached = print_size(&t, cache / 2, true) && reached;
    print_size(&t, beyond, false);
    t.num_threads = 0;
    pthread_barrier_wait(&t.barrier);
    pthread_join(second, NULL);
    return reached ? 0 : 3;
}
