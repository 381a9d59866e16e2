/* A block's samples as the kernels want them: in place where they lie as native aligned float32 or
 * float64, else converted into a tile in the cache, a stretch at a time. */
#ifndef SV_STATS_SAMPLES_H
#define SV_STATS_SAMPLES_H

#include "kernel/kernel.h"
#include "seisview/view.h"

typedef struct sv_samples {
    const sv_kernels *kernels;
    const char *address;
    ptrdiff_t stride;
    int64_t n;
    int64_t lines; /* of each stream */
    sv_dtype dtype;
    bool is_f4; /* what the kernels get: float32, else float64 */
    bool in_place;
    bool as_stored; /* a survey of the samples as they lie may be tried */
} sv_samples;

sv_samples sv_samples_of(const sv_kernels *kernels, const sv_view *view);

/* Integers. */
bool sv_samples_are_whole(sv_dtype dtype);

/* `count` samples from `first` on as native float32 or float64. */
void sv_samples_convert(const sv_samples *samples, int64_t first, int64_t count, void *to);

double sv_sample_at(const sv_samples *samples, int64_t i);

/* Which of `pairs` samples from `first` on equal the next one and are finite, as kernels->equal_f4
 * says it; no more pairs than a stream has in a stretch. */
void sv_samples_equal(const sv_samples *samples, int64_t first, int64_t pairs, uint64_t *bits);

/* The lines [first, first + count) of each stream; one sample more, the neighbour of the last. */
enum { SV_TILE_SAMPLES = SV_STRETCH_LINES * SV_LANES + 1 };

typedef struct sv_stretch {
    const sv_samples *samples;
    int64_t first, count;
    bool has_values; /* the streams below are set */
    const float *f4[SV_STREAMS];
    const double *f8[SV_STREAMS];
    union {
        float f4[SV_STREAMS][SV_TILE_SAMPLES];
        double f8[SV_STREAMS][SV_TILE_SAMPLES];
    } tile;
} sv_stretch;

/* Moves to the stretch that begins at `first` (the tile stays as it is: nothing is cleared). */
void sv_stretch_move(sv_stretch *stretch, const sv_samples *samples, int64_t first);

/* The main pass over the samples as they are stored; false: there is none. Pairs and powers may be
 * found where they are not NULL; see kernel.h. */
bool sv_stretch_survey_stored(sv_stretch *stretch, sv_lanes *lanes, sv_pair_bits *pairs,
                              sv_power_lanes *powers);

/* The passes over the values. */
void sv_stretch_survey(sv_stretch *stretch, sv_lanes *lanes, sv_pair_bits *pairs,
                       sv_power_lanes *powers);
void sv_stretch_zeros(sv_stretch *stretch, sv_counts *counts);
void sv_stretch_count(sv_stretch *stretch, sv_counts *counts);
void sv_stretch_fold(sv_stretch *stretch, double high[SV_LANES], double low[SV_LANES], double pivot,
                     bool all_finite);
void sv_stretch_centre(sv_stretch *stretch, double squares[SV_LANES], double pilot, double scale,
                       bool all_finite);
void sv_stretch_powers(sv_stretch *stretch, double cubes[SV_LANES], double fourths[SV_LANES],
                       double pilot, double scale, bool all_finite);

/* The same as sv_samples_equal() of a stream's part. */
void sv_stretch_equal(sv_stretch *stretch, int stream, uint64_t *bits);

/* Sample i of a stream's part. */
double sv_stretch_at(sv_stretch *stretch, int stream, int64_t i);

#endif
