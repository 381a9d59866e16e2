#include "stats/samples.h"

#include "base/size.h"

sv_samples sv_samples_of(const sv_kernels *kernels, const sv_view *view)
{
    sv_dtype dtype = view->dtype;
    size_t size = sv_dtype_itemsize(dtype);
    bool dense = view->strides[0] == (int64_t)size;
    bool native = (dtype.type == SV_F4 || dtype.type == SV_F8) && dtype.order == SV_NATIVE_ENDIAN;
    bool in_place = native && dense && (uintptr_t)view->address % size == 0;
    return (sv_samples){
        .kernels = kernels,
        .address = view->address,
        .stride = (ptrdiff_t)view->strides[0],
        .n = view->shape[0],
        .lines = sv_lines_of(view->shape[0]),
        .dtype = dtype,
        .is_f4 = sv_kernel_is_f4(dtype),
        .in_place = in_place,
        .as_stored = dense && (in_place || !native),
    };
}

static const char *address_of(const sv_samples *samples, int64_t i)
{
    return samples->address + i * samples->stride;
}

void sv_samples_convert(const sv_samples *samples, int64_t first, int64_t count, void *to)
{
    samples->kernels->convert(samples->dtype, address_of(samples, first), samples->stride, count,
                              to);
}

double sv_sample_at(const sv_samples *samples, int64_t i)
{
    union {
        float f4;
        double f8;
    } value;
    sv_samples_convert(samples, i, 1, &value);
    return samples->is_f4 ? (double)value.f4 : value.f8;
}

bool sv_samples_are_whole(sv_dtype dtype)
{
    return dtype.type != SV_F4 && dtype.type != SV_F8 && dtype.type != SV_IBM4;
}

/* Whether integers lie one after the other, so that equal ones have equal bytes there. Those of 8
 * bytes may be equal as float64 alone. */
static bool compares_as_stored(const sv_samples *samples)
{
    size_t itemsize = sv_dtype_itemsize(samples->dtype);
    return sv_samples_are_whole(samples->dtype) && itemsize <= 4 &&
           samples->stride == (ptrdiff_t)itemsize;
}

static void find_equal(const sv_samples *samples, const void *values, int64_t pairs, uint64_t *bits)
{
    if (samples->is_f4) {
        samples->kernels->equal_f4(values, pairs, bits);
    } else {
        samples->kernels->equal_f8(values, pairs, bits);
    }
}

void sv_samples_equal(const sv_samples *samples, int64_t first, int64_t pairs, uint64_t *bits)
{
    const char *from = address_of(samples, first);
    union {
        float f4[SV_TILE_SAMPLES];
        double f8[SV_TILE_SAMPLES];
    } values;
    if (compares_as_stored(samples)) {
        samples->kernels->equal_stored(from, sv_dtype_itemsize(samples->dtype), pairs, bits);
    } else if (samples->in_place) {
        find_equal(samples, from, pairs, bits);
    } else {
        sv_samples_convert(samples, first, pairs + 1, &values);
        find_equal(samples, &values, pairs, bits);
    }
}

void sv_stretch_move(sv_stretch *stretch, const sv_samples *samples, int64_t first)
{
    stretch->samples = samples;
    stretch->first = first;
    stretch->count = sv_min_i8(SV_STRETCH_LINES, samples->lines - first);
    stretch->has_values = false;
}

static int64_t first_of_stream(const sv_stretch *stretch, int stream)
{
    return (stream * stretch->samples->lines + stretch->first) * SV_LANES;
}

static void find_values(sv_stretch *stretch)
{
    if (stretch->has_values) {
        return;
    }
    const sv_samples *samples = stretch->samples;
    for (int s = 0; s < SV_STREAMS; s++) {
        const void *values = address_of(samples, first_of_stream(stretch, s));
        if (!samples->in_place) {
            void *to = samples->is_f4 ? (void *)stretch->tile.f4[s] : (void *)stretch->tile.f8[s];
            sv_samples_convert(samples, first_of_stream(stretch, s), stretch->count * SV_LANES + 1,
                               to);
            values = to;
        }
        stretch->f4[s] = values;
        stretch->f8[s] = values;
    }
    stretch->has_values = true;
}

bool sv_stretch_survey_stored(sv_stretch *stretch, sv_lanes *lanes, sv_pair_bits *pairs,
                              sv_power_lanes *powers)
{
    const sv_samples *samples = stretch->samples;
    if (!samples->as_stored) {
        return false;
    }
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = address_of(samples, first_of_stream(stretch, s));
    }
    return samples->kernels->survey(samples->dtype, lanes, stream, stretch->count, pairs, powers);
}

void sv_stretch_survey(sv_stretch *stretch, sv_lanes *lanes, sv_pair_bits *pairs,
                       sv_power_lanes *powers)
{
    find_values(stretch);
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = stretch->f4[s];
    }
    sv_dtype native = {stretch->samples->is_f4 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN};
    stretch->samples->kernels->survey(native, lanes, stream, stretch->count, pairs, powers);
}

void sv_stretch_zeros(sv_stretch *stretch, sv_counts *counts)
{
    find_values(stretch);
    const sv_kernels *kernels = stretch->samples->kernels;
    if (stretch->samples->is_f4) {
        kernels->zeros_f4(counts, stretch->f4, stretch->count);
    } else {
        kernels->zeros_f8(counts, stretch->f8, stretch->count);
    }
}

void sv_stretch_count(sv_stretch *stretch, sv_counts *counts)
{
    find_values(stretch);
    const sv_kernels *kernels = stretch->samples->kernels;
    if (stretch->samples->is_f4) {
        kernels->count_f4(counts, stretch->f4, stretch->count);
    } else {
        kernels->count_f8(counts, stretch->f8, stretch->count);
    }
}

void sv_stretch_fold(sv_stretch *stretch, double high[SV_LANES], double low[SV_LANES], double pivot,
                     bool all_finite)
{
    find_values(stretch);
    const sv_kernels *kernels = stretch->samples->kernels;
    if (stretch->samples->is_f4) {
        kernels->fold_f4(high, low, stretch->f4, stretch->count, pivot, all_finite);
    } else {
        kernels->fold_f8(high, low, stretch->f8, stretch->count, pivot, all_finite);
    }
}

void sv_stretch_centre(sv_stretch *stretch, double squares[SV_LANES], double pilot, double scale,
                       bool all_finite)
{
    find_values(stretch);
    const sv_kernels *kernels = stretch->samples->kernels;
    if (stretch->samples->is_f4) {
        kernels->centre_f4(squares, stretch->f4, stretch->count, pilot, scale, all_finite);
    } else {
        kernels->centre_f8(squares, stretch->f8, stretch->count, pilot, scale, all_finite);
    }
}

void sv_stretch_powers(sv_stretch *stretch, double cubes[SV_LANES], double fourths[SV_LANES],
                       double pilot, double scale, bool all_finite)
{
    find_values(stretch);
    const sv_kernels *kernels = stretch->samples->kernels;
    if (stretch->samples->is_f4) {
        kernels->powers_f4(cubes, fourths, stretch->f4, stretch->count, pilot, scale, all_finite);
    } else {
        kernels->powers_f8(cubes, fourths, stretch->f8, stretch->count, pilot, scale, all_finite);
    }
}

void sv_stretch_equal(sv_stretch *stretch, int stream, uint64_t *bits)
{
    const sv_samples *samples = stretch->samples;
    int64_t pairs = stretch->count * SV_LANES;
    if (compares_as_stored(samples)) {
        sv_samples_equal(samples, first_of_stream(stretch, stream), pairs, bits);
        return;
    }
    find_values(stretch);
    find_equal(samples,
               samples->is_f4 ? (const void *)stretch->f4[stream]
                              : (const void *)stretch->f8[stream],
               pairs, bits);
}

double sv_stretch_at(sv_stretch *stretch, int stream, int64_t i)
{
    find_values(stretch);
    return stretch->samples->is_f4 ? (double)stretch->f4[stream][i] : stretch->f8[stream][i];
}
