/* Claim: seisview match takes the faster of its two ways, transforms and products in the time
 * domain: never one that takes over 1.25 times as long as the other one. Beside them a product of
 * matrices by OpenBLAS.
 *
 * Nanoseconds for each position of each template of one channel, on one thread, from samples of
 * float64 in the cache to the sums over channels, without what all ways have in common (weights and
 * what becomes of the function):
 *   transforms   of 256 or 1,024 numbers, whichever is faster
 *   products     in the time domain, 16 templates in hand
 *   sgemm        of all templates with 512 windows, which are copied, centred and scaled to 1
 * before (in float32 they must be, or a strong quake beside them would tell) dgemm        the same
 * in float64, as they are The best of some rounds, all in turn. Exits with 3 when the claim does
 * not hold. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/blas.h"
#include "array/match_cost.h"
#include "figures.h"
#include "kernel/kernel.h"
#include "seisview/array.h"

enum { LONGEST = 128, MOST_TEMPLATES = 1000, IN_HAND = 16, WINDOWS = 512, MOST_SIZE = 1024 };
enum { MOST_POSITIONS = SV_WINDOWS * MOST_SIZE, LEAST_WORK = 2000000 };

typedef struct bench {
    const sv_kernels *kernels;
    const sv_blas *blas;
    int64_t length, num_templates;
    double *samples, *weights, *means, *sums; /* in order of positions */
    double *templates;                        /* one after the other */
    float *templates_f4;
    sv_waves *lines, *windows, *products, *side_by_side; /* weights */
    double *roots, *spectrum;
    double *copies, *results; /* of windows and of their products; of float32, too */
} bench;

static void *allocate(size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    if (memory == NULL) {
        fprintf(stderr, "match_ways: out of memory\n");
        exit(2);
    }
    memset(memory, 0, bytes);
    return memory;
}

static double *sums_of(const bench *b, int64_t template)
{
    return b->sums + template % IN_HAND * MOST_POSITIONS;
}

static void add(double *restrict sums, const double *restrict products,
                const double *restrict weights)
{
    for (int i = 0; i < WINDOWS; i++) {
        double x = products[i] * weights[i];
        x = x > 1.0 ? 1.0 : x;
        sums[i] += x < -1.0 ? -1.0 : x;
    }
}

static void add_f4(double *restrict sums, const float *restrict products)
{
    for (int i = 0; i < WINDOWS; i++) {
        float x = products[i];
        x = x > 1.0F ? 1.0F : x;
        sums[i] += (double)(x < -1.0F ? -1.0F : x);
    }
}

/* ---- ways, each of which returns how many positions it did --------------------------------- */

static int64_t transforms(bench *b, int levels)
{
    int64_t size = (int64_t)1 << 2 * levels, hop = size - b->length + 1;
    b->kernels->take_off(b->lines, size, b->means, b->windows);
    b->kernels->transform(b->windows, levels, b->roots);
    for (int64_t t = 0; t < b->num_templates; t++) {
        b->kernels->multiply(b->products, b->windows, b->spectrum + 2 * (t % IN_HAND) * MOST_SIZE,
                             size, false);
        b->kernels->restore(b->products, levels, b->roots);
        b->kernels->add_weighed(b->products, b->side_by_side, hop, sums_of(b, t));
    }
    return SV_WINDOWS * hop;
}

static int64_t short_transforms(bench *b)
{
    return transforms(b, 4);
}

static int64_t long_transforms(bench *b)
{
    return transforms(b, 5);
}

static int64_t products(bench *b)
{
    int64_t positions = SV_WINDOWS * (256 - b->length + 1);
    for (int64_t first = 0; first < b->num_templates; first += IN_HAND) {
        const double *templates[IN_HAND];
        double *sums[IN_HAND];
        int64_t count = b->num_templates - first < IN_HAND ? b->num_templates - first : IN_HAND;
        for (int64_t t = 0; t < count; t++) {
            templates[t] = b->templates + (first + t) * b->length;
            sums[t] = sums_of(b, first + t);
        }
        b->kernels->add_slid(b->samples, templates, count, b->length, b->weights, positions, sums);
    }
    return positions;
}

static int64_t by_sgemm(bench *b)
{
    float *copies = (float *)(void *)b->copies, *results = (float *)(void *)b->results;
    int n = (int)b->length, count = (int)b->num_templates;
    for (int64_t i = 0; i < b->length; i++) {
        for (int64_t p = 0; p < WINDOWS; p++) {
            copies[i * WINDOWS + p] = (float)((b->samples[p + i] - b->means[0]) * b->weights[p]);
        }
    }
    b->blas->sgemm(SV_ROW_MAJOR, SV_NO_TRANS, SV_NO_TRANS, count, WINDOWS, n, 1.0F, b->templates_f4,
                   n, copies, WINDOWS, 0.0F, results, WINDOWS);
    for (int64_t t = 0; t < b->num_templates; t++) {
        add_f4(sums_of(b, t), results + t * WINDOWS);
    }
    return WINDOWS;
}

static int64_t by_dgemm(bench *b)
{
    int n = (int)b->length, count = (int)b->num_templates;
    for (int64_t i = 0; i < b->length; i++) {
        memcpy(b->copies + i * WINDOWS, b->samples + i, WINDOWS * sizeof *b->copies);
    }
    b->blas->dgemm(SV_ROW_MAJOR, SV_NO_TRANS, SV_NO_TRANS, count, WINDOWS, n, 1.0, b->templates, n,
                   b->copies, WINDOWS, 0.0, b->results, WINDOWS);
    for (int64_t t = 0; t < b->num_templates; t++) {
        add(sums_of(b, t), b->results + t * WINDOWS, b->weights);
    }
    return WINDOWS;
}

/* ---- rounds -------------------------------------------------------------------------------- */

enum { SHORT_TRANSFORMS, LONG_TRANSFORMS, PRODUCTS, SGEMM, DGEMM, NUM_WAYS };

static int64_t (*const ways[NUM_WAYS])(bench *b) = {short_transforms, long_transforms, products,
                                                    by_sgemm, by_dgemm};

/* Nanoseconds for each position of each template. */
static double measure(bench *b, int64_t (*way)(bench *b))
{
    double began = figures_now();
    int64_t done = 0;
    while (done < LEAST_WORK) {
        done += way(b) * b->num_templates;
    }
    return (figures_now() - began) / (double)done * 1e9;
}

static void measure_all(bench *b, int rounds, double best[NUM_WAYS])
{
    for (int w = 0; w < NUM_WAYS; w++) {
        best[w] = INFINITY;
    }
    for (int i = 0; i < rounds; i++) {
        for (int w = 0; w < NUM_WAYS; w++) {
            best[w] = fmin(best[w], measure(b, ways[w]));
        }
    }
}

static void set_up(bench *b)
{
    sv_error error;
    const char *core = sv_blas_best_core();
    if (core != NULL) {
        setenv("OPENBLAS_CORETYPE", core, 0);
    }
    if (sv_blas_get(&b->blas, &error) != SV_OK || sv_kernels_get(&b->kernels, &error) != SV_OK) {
        fprintf(stderr, "match_ways: %s\n", error.message);
        exit(2);
    }
    b->samples = allocate(MOST_POSITIONS + LONGEST, sizeof *b->samples);
    b->weights = allocate(MOST_POSITIONS, sizeof *b->weights);
    b->means = allocate(SV_WINDOWS, sizeof *b->means);
    b->sums = allocate((size_t)IN_HAND * MOST_POSITIONS, sizeof *b->sums);
    b->templates = allocate((size_t)MOST_TEMPLATES * LONGEST, sizeof *b->templates);
    b->templates_f4 = allocate((size_t)MOST_TEMPLATES * LONGEST, sizeof *b->templates_f4);
    b->lines = allocate(MOST_SIZE, sizeof *b->lines);
    b->windows = allocate(MOST_SIZE, sizeof *b->windows);
    b->products = allocate(MOST_SIZE, sizeof *b->products);
    b->side_by_side = allocate(MOST_SIZE, sizeof *b->side_by_side);
    b->roots = allocate(2 * MOST_SIZE, sizeof *b->roots);
    b->spectrum = allocate((size_t)2 * IN_HAND * MOST_SIZE, sizeof *b->spectrum);
    b->copies = allocate((size_t)LONGEST * WINDOWS, sizeof *b->copies);
    b->results = allocate((size_t)MOST_TEMPLATES * WINDOWS, sizeof *b->results);
}

/* Numbers of no meaning, none of which is slower to compute with than others. */
static void fill(bench *b)
{
    for (int64_t i = 0; i < MOST_POSITIONS + LONGEST; i++) {
        b->samples[i] = (double)(i * 7919 % 1009) / 1009.0 - 0.5;
    }
    for (int64_t i = 0; i < MOST_POSITIONS; i++) {
        b->weights[i] = 0.1;
    }
    for (int64_t i = 0; i < (int64_t)MOST_TEMPLATES * LONGEST; i++) {
        b->templates[i] = (double)(i * 104729 % 997) / 997.0 - 0.5;
        b->templates_f4[i] = (float)b->templates[i];
    }
    for (int64_t i = 0; i < 2 * MOST_SIZE; i++) {
        b->roots[i] = i % 2 == 0 ? 0.6 : 0.8;
    }
}

/* As the plan chooses. */
static bool takes_products(const bench *b)
{
    double transforms = INFINITY;
    for (int levels = 4; levels <= 5; levels++) {
        int64_t hop = ((int64_t)1 << 2 * levels) - b->length + 1;
        double cost = sv_match_cost_of_transforms(levels, hop, b->num_templates);
        transforms = fmin(transforms, cost);
    }
    return sv_match_cost_of_products((double)b->length, b->num_templates) < transforms;
}

static bool compare(bench *b, int rounds)
{
    double best[NUM_WAYS];
    bool chosen = takes_products(b);
    measure_all(b, rounds, best);
    double by_transforms = fmin(best[SHORT_TRANSFORMS], best[LONG_TRANSFORMS]);
    double by_products = best[PRODUCTS];
    bool held = chosen ? by_products <= 1.25 * by_transforms : by_transforms <= 1.25 * by_products;
    printf("  %7lld %10lld %11.2f %9.2f %9.2f %9.2f   %s%s\n", (long long)b->length,
           (long long)b->num_templates, by_transforms, by_products, best[SGEMM], best[DGEMM],
           chosen ? "products" : "transforms", held ? "" : ", missed");
    return held;
}

int main(void)
{
    static const int64_t lengths[] = {4, 8, 16, 24, 32, 64, 128}, numbers[] = {1, 10, 100, 1000};
    static bench b;
    const char *pairs = getenv("PAIRS");
    int rounds = pairs != NULL ? atoi(pairs) : 5;
    bool held = true;
    set_up(&b);
    fill(&b);
    printf("ns for a channel of a template at a position, one thread; %s kernels, OpenBLAS's %s\n",
           b.kernels->name, b.blas->core);
    puts("  samples  templates  transforms  products     sgemm     dgemm   chosen");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            b.length = lengths[i];
            b.num_templates = numbers[k];
            held = compare(&b, rounds) && held;
        }
    }
    return held ? 0 : 3;
}
