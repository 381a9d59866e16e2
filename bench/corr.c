/* Claim: correlating 256 channels of a recording in the page cache, from the file to the matrix,
 * runs at 0.85 of the speed at which the same threads merely call cblas_ssyrk on blocks of the same
 * shape that are in memory already, with the same set of kernels.
 *
 *   corr FILE      of float32; called by corr.sh
 *
 * Rounds of both take turns, for interleaved channels and for planar ones. Exits with 3 when the
 * claim does not hold. */
#include <stdio.h>
#include <stdlib.h>

#include "array/blas.h"
#include "array/crew.h"
#include "figures.h"
#include "seisview/array.h"
#include "seisview/buffer.h"
#include "seisview/correlation.h"

enum { CHANNELS = 256, BLOCK = 1024, MOST_ROUNDS = 101 };

static const double goal = 0.85;

typedef struct bench {
    const sv_blas *blas;
    sv_crew *crew;
    sv_recording *recording;
    bool is_planar;
    int64_t samples; /* of each channel */
    float *products; /* of each thread */
} bench;

/* A block as it lies in memory: frames, or rows of BLOCK samples one after the other. */
static void multiply(void *context, int64_t i, int worker)
{
    const bench *b = context;
    const float *all = sv_buffer_data(sv_recording_buffer(b->recording));
    b->blas->ssyrk(SV_ROW_MAJOR, SV_UPPER, b->is_planar ? SV_NO_TRANS : SV_TRANS, CHANNELS, BLOCK,
                   1.0F, all + i * CHANNELS * BLOCK, b->is_planar ? BLOCK : CHANNELS, 0.0F,
                   b->products + (int64_t)worker * CHANNELS * CHANNELS, CHANNELS);
}

/* Of all threads, without what others on the machine took from them. */
static double processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double time_peer(bench *b)
{
    double begin = figures_now();
    sv_crew_run(b->crew, multiply, b, b->samples / BLOCK);
    return figures_now() - begin;
}

static bool time_own(const bench *b, double *seconds)
{
    sv_correlation_row rows[CHANNELS];
    sv_correlation *made = NULL;
    for (int64_t i = 0; i < CHANNELS; i++) {
        rows[i] = (sv_correlation_row){b->recording, 0, i, 0};
    }
    double begin = figures_now();
    sv_status status = sv_correlate(rows, CHANNELS, b->samples, NULL, &made, NULL, NULL);
    *seconds = figures_now() - begin;
    sv_correlation_free(made);
    return status == SV_OK;
}

/* A product is counted once for each pair of channels in either order: n² of a sample of n. */
static void print_speed(const char *name, const bench *b, double *seconds, int rounds)
{
    double products = (double)CHANNELS * CHANNELS * (double)b->samples / 1e9;
    double gigabytes = (double)CHANNELS * (double)b->samples * sizeof(float) / 1e9;
    struct figures took = figures_of(seconds, (size_t)rounds);
    printf("  %-28s %5.1f GFLOP/s (%.1f–%.1f), %.2f GB/s\n", name, products / took.median,
           products / took.most, products / took.least, gigabytes / took.median);
}

static bool measure(bench *b, int rounds, bool *reached)
{
    double shares[MOST_ROUNDS] = {0.0}, own[MOST_ROUNDS] = {0.0}, peer[MOST_ROUNDS] = {0.0};
    double of_processor[MOST_ROUNDS] = {0.0};
    time_peer(b); /* maps the file */
    for (int i = 0; i < rounds; i++) {
        double begin = processor_time();
        if (!time_own(b, &own[i])) {
            return false;
        }
        double between = processor_time();
        peer[i] = time_peer(b);
        shares[i] = peer[i] / own[i];
        of_processor[i] = (processor_time() - between) / (between - begin);
    }
    struct figures share = figures_of(shares, (size_t)rounds);
    struct figures busy = figures_of(of_processor, (size_t)rounds);
    printf("  %s\n", b->is_planar ? "planar" : "interleaved");
    print_speed("bare cblas_ssyrk", b, peer, rounds);
    print_speed("corr", b, own, rounds);
    printf("  %-28s %5.2f (%.2f–%.2f)  goal ≥ %g: %s\n", "its share", share.median, share.least,
           share.most, goal, share.median >= goal ? "reached" : "MISSED");
    printf("  %-28s %5.2f (%.2f–%.2f)\n", "by the processor's time", busy.median, busy.least,
           busy.most);
    *reached = *reached && share.median >= goal;
    return true;
}

static bool open_as(bench *b, const char *path, sv_layout layout)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    sv_segment segment;
    options.format = "raw";
    options.channels = CHANNELS;
    options.layout = layout;
    b->is_planar = layout == SV_PLANAR;
    if (sv_recording_open(path, &options, &b->recording, NULL) != SV_OK) {
        return false;
    }
    sv_recording_segment(b->recording, 0, &segment);
    b->samples = segment.num_samples / BLOCK * BLOCK;
    return true;
}

int main(int count, char *arguments[])
{
    static bench b;
    const char *core = sv_blas_best_core(), *pairs = getenv("PAIRS");
    int rounds = pairs != NULL ? atoi(pairs) : 5;
    bool reached = true;
    if (core != NULL) {
        setenv("OPENBLAS_CORETYPE", core, 0);
    }
    if (count != 2 || rounds < 1 || rounds > MOST_ROUNDS || sv_blas_get(&b.blas, NULL) != SV_OK ||
        sv_crew_open(0, &b.crew, NULL) != SV_OK) {
        return 2;
    }
    int threads = sv_crew_size(b.crew);
    b.products = malloc((size_t)threads * CHANNELS * CHANNELS * sizeof(float));
    printf("corr of %d channels in the page cache, %d threads, OpenBLAS's %s kernels\n",
           (int)CHANNELS, threads, b.blas->core);
    for (int layout = SV_INTERLEAVED; layout <= SV_PLANAR; layout++) {
        if (b.products == NULL || !open_as(&b, arguments[1], (sv_layout)layout) ||
            !measure(&b, rounds, &reached)) {
            return 2;
        }
        sv_recording_close(b.recording);
    }
    free(b.products);
    sv_crew_close(b.crew);
    return reached ? 0 : 3;
}
