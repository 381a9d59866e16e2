/* Claims: dot, nrm2 and asum over 4 GiB in the page cache run at 0.85 of the speed at which one
 * thread merely adds up the same samples; and dot of a channel of interleaved frames, as it lies,
 * copies no byte, and takes no longer than putting the channel together first.
 *
 *   array FILE      of float32; called by array.sh
 *
 * One thread; all take turns in each round. Exits with 3 when a claim does not hold. */
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "kernel/kernel.h"
#include "seisview/array.h"
#include "seisview/buffer.h"

enum { MOST_ROUNDS = 101, BLOCK = 1 << 17, CHANNELS = 4 };

typedef struct bench {
    const sv_kernels *kernels;
    sv_view all, first_half, second_half;
    sv_view channel; /* of CHANNELS interleaved ones */
    sv_view room;    /* for one of them */
    double result;
} bench;

typedef void work(bench *b);

static void ceiling(bench *b)
{
    const float *samples = (const float *)(const void *)b->all.address;
    float sum = 0.0F;
    for (int64_t first = 0; first + BLOCK <= b->all.shape[0]; first += BLOCK) {
        const float *stream[SV_STREAMS];
        int64_t lines = BLOCK / SV_STREAMS / SV_LANES;
        for (int s = 0; s < SV_STREAMS; s++) {
            stream[s] = samples + first + s * lines * SV_LANES;
        }
        sum += b->kernels->sum_f4(stream, lines);
    }
    b->result = (double)sum;
}

static void dot(bench *b)
{
    sv_dot(&b->first_half, &b->second_half, &b->result, NULL);
}

static void nrm2(bench *b)
{
    sv_nrm2(&b->all, &b->result, NULL);
}

static void asum(bench *b)
{
    sv_asum(&b->all, &b->result, NULL);
}

static void strided_dot(bench *b)
{
    sv_dot(&b->channel, &b->channel, &b->result, NULL);
}

static void dot_of_a_copy(bench *b)
{
    sv_copy(&b->channel, &b->room, NULL);
    sv_dot(&b->room, &b->room, &b->result, NULL);
}

static double time_of(bench *b, work *done)
{
    double begin = figures_now();
    done(b);
    return figures_now() - begin;
}

/* Prints how many times as fast `own` is as `peer`; false: less than `goal`. */
static bool compare(bench *b, const char *name, work *own, work *peer, double goal, int rounds,
                    int64_t bytes)
{
    double ratios[MOST_ROUNDS] = {0.0}, rates[MOST_ROUNDS] = {0.0};
    for (int i = 0; i < rounds; i++) {
        double took = time_of(b, own);
        ratios[i] = time_of(b, peer) / took;
        rates[i] = (double)bytes / took / 1e9;
    }
    struct figures ratio = figures_of(ratios, (size_t)rounds);
    struct figures rate = figures_of(rates, (size_t)rounds);
    printf("  %-28s %5.1f GB/s  %.2f (%.2f–%.2f)  goal ≥ %g: %s\n", name, rate.median, ratio.median,
           ratio.least, ratio.most, goal, ratio.median >= goal ? "reached" : "MISSED");
    return ratio.median >= goal;
}

static bool prepare(bench *b, const char *path, sv_buffer **file, sv_buffer **room)
{
    sv_dtype dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    if (sv_kernels_get(&b->kernels, NULL) != SV_OK ||
        sv_buffer_map(path, SV_READ, file, NULL) != SV_OK ||
        sv_view_of_buffer(*file, dtype, &b->all, NULL) != SV_OK) {
        return false;
    }
    int64_t half = b->all.shape[0] / 2, quarter = b->all.shape[0] / CHANNELS;
    return sv_view_slice(&b->all, 0, 0, half, 1, &b->first_half, NULL) == SV_OK &&
           sv_view_slice(&b->all, 0, half, 2 * half, 1, &b->second_half, NULL) == SV_OK &&
           sv_view_slice(&b->all, 0, 0, CHANNELS * quarter, CHANNELS, &b->channel, NULL) == SV_OK &&
           sv_buffer_alloc((size_t)quarter * sizeof(float), room, NULL) == SV_OK &&
           sv_view_of_buffer(*room, dtype, &b->room, NULL) == SV_OK;
}

int main(int count, char *arguments[])
{
    static bench b;
    const char *core = sv_blas_best_core(), *pairs = getenv("PAIRS");
    int rounds = pairs != NULL ? atoi(pairs) : 5;
    sv_buffer *file = NULL, *room = NULL;
    if (core != NULL) {
        setenv("OPENBLAS_CORETYPE", core, 0);
    }
    if (count != 2 || rounds < 1 || rounds > MOST_ROUNDS ||
        !prepare(&b, arguments[1], &file, &room)) {
        return 2;
    }
    int64_t bytes = b.all.shape[0] * (int64_t)sizeof(float);
    printf("BLAS on %lld MiB in the page cache, one thread, beside a plain sum of it\n",
           (long long)(bytes >> 20));
    ceiling(&b); /* maps the file */
    bool reached = compare(&b, "dot", dot, ceiling, 0.85, rounds, bytes);
    reached = compare(&b, "nrm2", nrm2, ceiling, 0.85, rounds, bytes) && reached;
    reached = compare(&b, "asum", asum, ceiling, 0.85, rounds, bytes) && reached;
    puts("dot of one of 4 interleaved channels as it lies, beside putting it together first");
    uint64_t before = sv_array_bytes_copied();
    strided_dot(&b);
    uint64_t copied = sv_array_bytes_copied() - before;
    reached = compare(&b, "dot, strided", strided_dot, dot_of_a_copy, 1.0, rounds, bytes) &&
              copied == 0 && reached;
    printf("  bytes copied: %llu\n", (unsigned long long)copied);
    sv_buffer_close(file);
    sv_buffer_close(room);
    return reached ? 0 : 3;
}
