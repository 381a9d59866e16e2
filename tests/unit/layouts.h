/* Raw recordings of every layout that scans treat in a way of their own. */
#ifndef SV_TESTS_LAYOUTS_H
#define SV_TESTS_LAYOUTS_H

#include <sys/mman.h>

#include "samples.h"
#include "scratch.h"
#include "seisview/scan.h"

typedef struct layout {
    const char *name, *dtype;
    int64_t channels, samples; /* of each channel */
    sv_layout order;
    int64_t skip_bytes;
    int64_t num_rows, rows[2]; /* 0: all */
    int64_t first, last;       /* 0, 0: all */
} layout;

static const layout layouts[] = {
    {"planar", "<f4", 3, 140001, SV_PLANAR, 0, 0, {0, 0}, 0, 0},
    {"interleaved", "<f4", 3, 140001, SV_INTERLEAVED, 0, 0, {0, 0}, 0, 0},
    {"one channel", "<f4", 1, 420000, SV_INTERLEAVED, 0, 0, {0, 0}, 0, 0},
    {"big-endian", ">f4", 3, 100000, SV_INTERLEAVED, 0, 0, {0, 0}, 0, 0},
    {"counts", ">i2", 2, 300000, SV_PLANAR, 0, 0, {0, 0}, 0, 0},
    {"three bytes", "<i3", 2, 200000, SV_INTERLEAVED, 0, 0, {0, 0}, 0, 0},
    {"float64", "<f8", 2, 100000, SV_PLANAR, 0, 0, {0, 0}, 0, 0},
    {"ibm", ">ibm4", 1, 300000, SV_PLANAR, 0, 0, {0, 0}, 0, 0},
    {"unaligned", "<f4", 2, 150000, SV_PLANAR, 3, 0, {0, 0}, 0, 0},
    {"rows and a window, planar", "<f4", 5, 300000, SV_PLANAR, 0, 2, {1, 4}, 100001, 299998},
    {"rows and a window", "<f4", 3, 210000, SV_INTERLEAVED, 0, 2, {0, 2}, 30001, 209998},
    {"one row of many", "<f4", 2, 300000, SV_INTERLEAVED, 0, 1, {1, 0}, 1, 299999},
    {"a short window of long rows", "<f4", 40, 9000, SV_PLANAR, 0, 2, {3, 37}, 4000, 4100},
    {"a window within a block", "<f4", 3, 140000, SV_PLANAR, 0, 0, {0, 0}, 135000, 135001},
    {"short rows", "<f4", 10000, 50, SV_PLANAR, 0, 0, {0, 0}, 0, 0},
    {"short frames", "<i2", 5000, 120, SV_INTERLEAVED, 0, 0, {0, 0}, 0, 0},
};

enum { NUM_LAYOUTS = sizeof layouts / sizeof layouts[0] };

/* Values that are worth summarising: noise, runs of equal samples, here and there NaN. */
static inline void fill_awkwardly(struct random *random, sv_dtype dtype, char *bytes, int64_t n)
{
    size_t size = sv_dtype_itemsize(dtype);
    bool is_float = dtype.type == SV_F4 || dtype.type == SV_F8;
    bool is_whole = !is_float && dtype.type != SV_IBM4;
    for (int64_t i = 0; i < n; i++) {
        uint64_t draw = random_below(random, 1000);
        double value = is_float ? 100.0 * random_unit(random) : floor(100.0 * random_unit(random));
        if (draw < 300 && i > 0) { /* the same once more */
            memcpy(bytes + (size_t)i * size, bytes + (size_t)(i - 1) * size, size);
            continue;
        }
        value = is_float && draw == 999 ? (double)NAN : value;
        sv_dtype_store(dtype, bytes + (size_t)i * size,
                       is_whole ? sv_scalar_int((int64_t)value) : sv_scalar_float(value));
    }
}

/* The same in less time: pieces of a few thousand such values, copied in any order. */
static inline void fill_with_pieces(struct random *random, sv_dtype dtype, char *bytes, int64_t n)
{
    enum { POOL = 10000 };
    size_t size = sv_dtype_itemsize(dtype);
    char *pool = malloc(POOL * size);
    fill_awkwardly(random, dtype, pool, POOL);
    for (int64_t i = 0, length; i < n; i += length) {
        int64_t from = (int64_t)random_below(random, POOL);
        length = 1 + (int64_t)random_below(random, (uint64_t)(POOL - from));
        length = length < n - i ? length : n - i;
        memcpy(bytes + (size_t)i * size, pool + (size_t)from * size, (size_t)length * size);
    }
    free(pool);
}

static inline sv_recording *open_layout(const layout *l, const char *name, struct random *random)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    ck_assert_int_eq(sv_dtype_parse(l->dtype, &options.dtype, NULL), SV_OK);
    options.format = "raw";
    options.channels = l->channels;
    options.layout = l->order;
    options.skip_bytes = l->skip_bytes;
    int64_t n = l->channels * l->samples;
    size_t num_bytes = (size_t)(n * (int64_t)sv_dtype_itemsize(options.dtype) + l->skip_bytes);
    char *bytes = calloc(1, num_bytes);
    fill_with_pieces(random, options.dtype, bytes + l->skip_bytes, n);
    const char *path = write_scratch(name, bytes, num_bytes);
    free(bytes);
    return open_good(path, &options);
}

static inline sv_scan_range range_of(const layout *l)
{
    return (sv_scan_range){
        .rows = l->num_rows > 0 ? l->rows : NULL,
        .num_rows = l->num_rows > 0 ? l->num_rows : l->channels,
        .first = l->first,
        .last = l->last > 0 ? l->last : l->samples,
    };
}

#endif
