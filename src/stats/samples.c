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

bool sv_stretch_survey_stored(sv_stretch *stretch, sv_lanes *lanes)
{
    const sv_samples *samples = stretch->samples;
    if (!samples->as_stored) {
        return false;
    }
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = address_of(samples, first_of_stream(stretch, s));
    }
    return samples->kernels->survey(samples->dtype, lanes, stream, stretch->count);
}

void sv_stretch_survey(sv_stretch *stretch, sv_lanes *lanes)
{
    find_values(stretch);
    const void *stream[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        stream[s] = stretch->f4[s];
    }
    sv_dtype native = {stretch->samples->is_f4 ? SV_F4 : SV_F8, SV_NATIVE_ENDIAN};
    stretch->samples->kernels->survey(native, lanes, stream, stretch->count);
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

double sv_stretch_at(sv_stretch *stretch, int stream, int64_t i)
{
    find_values(stretch);
    return stretch->samples->is_f4 ? (double)stretch->f4[stream][i] : stretch->f8[stream][i];
}
