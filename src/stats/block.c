#include "stats/block.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "stats/pair.h"
#include "stats/runs.h"

/* The block's samples as the kernels want them: in place where they lie as native aligned float32
 * or float64, else converted into a tile in the cache. */
typedef struct block {
    const sv_kernels *kernels;
    const char *address;
    ptrdiff_t stride;
    int64_t n;
    sv_dtype dtype;
    bool is_f4;
    bool in_place;
} block;

static block block_of(const sv_kernels *kernels, const sv_view *samples)
{
    sv_dtype dtype = samples->dtype;
    size_t size = sv_dtype_itemsize(dtype);
    bool native = (dtype.type == SV_F4 || dtype.type == SV_F8) && dtype.order == SV_NATIVE_ENDIAN;
    return (block){
        .kernels = kernels,
        .address = samples->address,
        .stride = (ptrdiff_t)samples->strides[0],
        .n = samples->shape[0],
        .dtype = dtype,
        .is_f4 = sv_kernel_is_f4(dtype),
        .in_place = native && samples->strides[0] == (int64_t)size &&
                    (uintptr_t)samples->address % size == 0,
    };
}

static const char *sample_address(const block *b, int64_t i)
{
    return b->address + i * b->stride;
}

static void convert(const block *b, int64_t first, int64_t count, void *to)
{
    b->kernels->convert(b->dtype, sample_address(b, first), b->stride, count, to);
}

static double sample_at(const block *b, int64_t i)
{
    union {
        float f4;
        double f8;
    } value;
    convert(b, i, 1, &value);
    return b->is_f4 ? (double)value.f4 : value.f8;
}

/* ---- passes over the whole block --------------------------------------------------------- */

typedef enum pass_kind { SURVEY, COUNT, CENTRE } pass_kind;

typedef struct pass {
    pass_kind kind;
    double pilot, scale; /* CENTRE */
} pass;

enum { TILE_LINES = 16, TILE_SAMPLES = TILE_LINES * SV_LANES + 1 };

typedef union tile {
    float f4[SV_STREAMS][TILE_SAMPLES];
    double f8[SV_STREAMS][TILE_SAMPLES];
} tile;

static void pass_f4(const sv_kernels *kernels, pass p, const float *const stream[SV_STREAMS],
                    int64_t lines, sv_lanes *lanes)
{
    switch (p.kind) {
    case SURVEY: kernels->survey_f4(lanes, stream, lines); break;
    case COUNT: kernels->count_f4(lanes, stream, lines); break;
    case CENTRE: kernels->centre_f4(lanes, stream, lines, p.pilot, p.scale); break;
    }
}

static void pass_f8(const sv_kernels *kernels, pass p, const double *const stream[SV_STREAMS],
                    int64_t lines, sv_lanes *lanes)
{
    switch (p.kind) {
    case SURVEY: kernels->survey_f8(lanes, stream, lines); break;
    case COUNT: kernels->count_f8(lanes, stream, lines); break;
    case CENTRE: kernels->centre_f8(lanes, stream, lines, p.pilot, p.scale); break;
    }
}

/* Some of the lines of each stream, as most functions below take them. */
typedef struct stretch {
    int64_t first, count;
    int64_t lines; /* of a whole stream */
} stretch;

static int64_t first_of_stream(stretch of, int stream)
{
    return (stream * of.lines + of.first) * SV_LANES;
}

static void pass_in_place(const block *b, pass p, stretch of, sv_lanes *lanes)
{
    const float *stream_f4[SV_STREAMS];
    const double *stream_f8[SV_STREAMS];
    for (int s = 0; s < SV_STREAMS; s++) {
        const void *samples = sample_address(b, first_of_stream(of, s));
        stream_f4[s] = samples;
        stream_f8[s] = samples;
    }
    if (b->is_f4) {
        pass_f4(b->kernels, p, stream_f4, of.count, lanes);
    } else {
        pass_f8(b->kernels, p, stream_f8, of.count, lanes);
    }
}

static void pass_converted(const block *b, pass p, stretch of, sv_lanes *lanes)
{
    tile t;
    const float *stream_f4[SV_STREAMS] = {t.f4[0], t.f4[1], t.f4[2], t.f4[3]};
    const double *stream_f8[SV_STREAMS] = {t.f8[0], t.f8[1], t.f8[2], t.f8[3]};
    for (int64_t line = 0; line < of.count; line += TILE_LINES) {
        stretch part = {of.first + line, sv_min_i8(TILE_LINES, of.count - line), of.lines};
        for (int s = 0; s < SV_STREAMS; s++) {
            void *to = b->is_f4 ? (void *)t.f4[s] : (void *)t.f8[s];
            /* One sample more: the neighbour of the stream's last. */
            convert(b, first_of_stream(part, s), part.count * SV_LANES + 1, to);
        }
        if (b->is_f4) {
            pass_f4(b->kernels, p, stream_f4, part.count, lanes);
        } else {
            pass_f8(b->kernels, p, stream_f8, part.count, lanes);
        }
    }
}

/* Each stretch is added up from nothing, and then to what was before: where every addition rounds
 * the same way (a few values that alternate), the error grows with a stretch's length and their
 * number, not with the block. It stays below 540 · 2^-53 = 6e-14 of a sum at worst. */
enum { STRETCH_LINES = 128 };

static void pass_lines(const block *b, pass p, int64_t lines, sv_lanes *lanes)
{
    double sum[SV_LANES] = {0.0}, squares[SV_LANES] = {0.0};
    for (int64_t line = 0; line < lines; line += STRETCH_LINES) {
        stretch of = {line, sv_min_i8(STRETCH_LINES, lines - line), lines};
        if (b->in_place) {
            pass_in_place(b, p, of, lanes);
        } else {
            pass_converted(b, p, of, lanes);
        }
        for (int i = 0; i < SV_LANES; i++) {
            sum[i] += lanes->sum[i];
            squares[i] += lanes->squares[i];
        }
        memset(lanes->sum, 0, sizeof lanes->sum);
        memset(lanes->squares, 0, sizeof lanes->squares);
    }
    memcpy(lanes->sum, sum, sizeof sum);
    memcpy(lanes->squares, squares, sizeof squares);
}

/* What the kernels do with a sample, for those after the last whole line. */
static void pass_sample(pass p, double x, int lane, sv_lanes *lanes)
{
    bool finite = isfinite(x);
    if (p.kind == CENTRE) {
        double offset = finite ? x * p.scale - p.pilot : 0.0;
        lanes->sum[lane] += offset;
        lanes->squares[lane] += offset * offset;
        return;
    }
    if (p.kind == SURVEY) {
        lanes->sum[lane] += x;
        lanes->squares[lane] += x * x;
    }
    lanes->nans[lane] += isnan(x) != 0;
    lanes->infinities[lane] += isinf(x) != 0;
    lanes->zeros[lane] += x == 0.0;
    lanes->min[lane] = finite && x < lanes->min[lane] ? x : lanes->min[lane];
    lanes->max[lane] = finite && x > lanes->max[lane] ? x : lanes->max[lane];
}

static void run_pass(const block *b, pass p, sv_lanes *lanes)
{
    int64_t lines = sv_lines_of(b->n);
    sv_lanes_init(lanes);
    pass_lines(b, p, lines, lanes);
    int64_t taken = lines * SV_STREAMS * SV_LANES;
    double x = 0.0;
    for (int64_t i = taken; i < b->n; i++) {
        double before = x;
        x = sample_at(b, i);
        pass_sample(p, x, (int)((i - taken) % SV_LANES), lanes);
        lanes->any_equal |= i > taken && x == before;
    }
}

/* ---- from lanes to figures --------------------------------------------------------------- */

static sv_pair add_up(const double lane[SV_LANES])
{
    sv_pair sum = {lane[0], 0.0};
    for (int i = 1; i < SV_LANES; i++) {
        sum = sv_pair_add(sum, (sv_pair){lane[i], 0.0});
    }
    return sum;
}

static int64_t count_up(const uint32_t lane[SV_LANES])
{
    int64_t count = 0;
    for (int i = 0; i < SV_LANES; i++) {
        count += lane[i];
    }
    return count;
}

static void take_counts(const sv_lanes *lanes, sv_summary *summary)
{
    summary->num_nan = count_up(lanes->nans);
    summary->num_inf = count_up(lanes->infinities);
    summary->num_zero = count_up(lanes->zeros);
    summary->min = INFINITY;
    summary->max = -INFINITY;
    for (int i = 0; i < SV_LANES; i++) {
        summary->min = lanes->min[i] < summary->min ? lanes->min[i] : summary->min;
        summary->max = lanes->max[i] > summary->max ? lanes->max[i] : summary->max;
    }
    /* Which of the two zeros was met first depends on the lanes: there is one zero here. */
    summary->min += 0.0;
    summary->max += 0.0;
}

/* Σ(x − mean)² from Σx and Σx². */
static sv_pair centred_squares(sv_pair sum, sv_pair squares, double n)
{
    sv_pair of_mean = sv_pair_divide(sv_pair_multiply(sum, sum), n);
    return sv_pair_add(squares, sv_pair_negate(of_mean));
}

/* Squares of values whose exponent is within the first range neither overflow nor vanish; a scale
 * of 2^1022 is the largest power that brings up the smallest denormals. */
enum { COMFORTABLE_EXPONENT = 400, LOWEST_EXPONENT = -1022 };

int sv_scale_exponent(double min, double max)
{
    double max_abs = fmax(fabs(min), fabs(max));
    if (max_abs == 0.0) {
        return 0;
    }
    int exponent = ilogb(max_abs);
    if (abs(exponent) <= COMFORTABLE_EXPONENT) {
        return 0;
    }
    return exponent > LOWEST_EXPONENT ? exponent : LOWEST_EXPONENT;
}

/* Cancellation in centred_squares() costs as many bits as Σx² is larger than the result; beyond
 * this factor the block is looked at again with its mean taken off first. */
static const double most_cancellation = 16.0;

static void take_moments(const block *b, sv_lanes *lanes, bool surveyed, sv_summary *summary)
{
    double n = (double)sv_summary_num_finite(summary);
    summary->exponent = sv_scale_exponent(summary->min, summary->max);
    double scale = ldexp(1.0, -summary->exponent);
    if (summary->min == summary->max) {
        sv_pair sum = sv_two_product(summary->min * scale, n);
        summary->sum = sum.high;
        summary->sum_low = sum.low;
        return;
    }
    if (!surveyed || summary->exponent != 0) {
        run_pass(b, (pass){CENTRE, 0.0, scale}, lanes);
    }
    sv_pair sum = add_up(lanes->sum);
    sv_pair squares = add_up(lanes->squares);
    sv_pair m2 = centred_squares(sum, squares, n);
    if (m2.high * most_cancellation < squares.high) {
        double pilot = sum.high / n;
        run_pass(b, (pass){CENTRE, pilot, scale}, lanes);
        sv_pair rest = add_up(lanes->sum);
        m2 = centred_squares(rest, add_up(lanes->squares), n);
        /* float32 lanes add up nearly exactly; float64 ones lose less with the mean taken off. */
        sum = b->is_f4 ? sum : sv_pair_add(sv_two_product(pilot, n), rest);
    }
    summary->sum = sum.high;
    summary->sum_low = sum.low;
    summary->m2 = m2.high > 0.0 ? m2.high : 0.0;
    summary->m2_low = m2.high > 0.0 ? m2.low : 0.0;
}

/* ---- places: extremes and runs ----------------------------------------------------------- */

enum { SEARCH_SAMPLES = 1024 };

/* The first sample that equals `value`, which is there. */
static int64_t find(const block *b, double value)
{
    if (b->in_place && b->is_f4) {
        const float *samples = (const float *)(const void *)b->address;
        return b->kernels->find_f4(samples, b->n, (float)value);
    }
    if (b->in_place) {
        return b->kernels->find_f8((const double *)(const void *)b->address, b->n, value);
    }
    union {
        float f4[SEARCH_SAMPLES];
        double f8[SEARCH_SAMPLES];
    } samples;
    for (int64_t first = 0; first < b->n; first += SEARCH_SAMPLES) {
        int64_t count = sv_min_i8(SEARCH_SAMPLES, b->n - first);
        convert(b, first, count, &samples);
        int64_t i = b->is_f4 ? b->kernels->find_f4(samples.f4, count, (float)value)
                             : b->kernels->find_f8(samples.f8, count, value);
        if (i < count) {
            return first + i;
        }
    }
    return b->n;
}

enum { RUN_PAIRS = 2048 };

/* Which neighbours are equal, RUN_PAIRS at a time. */
static void find_runs(const block *b, sv_runs *runs)
{
    uint64_t bits[RUN_PAIRS / 64];
    union {
        float f4[RUN_PAIRS + 1];
        double f8[RUN_PAIRS + 1];
    } samples;
    for (int64_t first = 0; first < b->n - 1; first += RUN_PAIRS) {
        int64_t pairs = sv_min_i8(RUN_PAIRS, b->n - 1 - first);
        const void *from = sample_address(b, first);
        if (!b->in_place) {
            convert(b, first, pairs + 1, &samples);
            from = &samples;
        }
        if (b->is_f4) {
            b->kernels->equal_f4(from, pairs, bits);
        } else {
            b->kernels->equal_f8(from, pairs, bits);
        }
        sv_runs_add(runs, bits, pairs);
    }
}

static int64_t first_finite(const block *b)
{
    int64_t i = 0;
    while (i < b->n && !isfinite(sample_at(b, i))) {
        i++;
    }
    return i;
}

static void take_runs(const block *b, bool any_equal, int64_t first, sv_summary *summary)
{
    sv_runs runs = {0};
    if (any_equal) {
        find_runs(b, &runs);
    }
    /* + 0.0: a run of zeros of both signs has one value, wherever it is cut. */
    double head = sample_at(b, 0) + 0.0;
    double tail = sample_at(b, b->n - 1) + 0.0;
    if (isfinite(head)) {
        summary->head = (sv_flat){runs.head + 1, first, head};
    }
    if (isfinite(tail)) {
        summary->tail = (sv_flat){runs.current + 1, first + b->n - 1 - runs.current, tail};
    }
    if (sv_summary_num_finite(summary) > 0) {
        int64_t at = runs.longest > 0 ? runs.longest_first : first_finite(b);
        summary->longest = (sv_flat){runs.longest + 1, first + at, sample_at(b, at) + 0.0};
    }
}

void sv_summarise_block(const sv_kernels *kernels, const sv_view *samples, int64_t first,
                        sv_known known, sv_summary *summary)
{
    sv_summary_init(summary);
    summary->num_samples = samples->shape[0];
    if (summary->num_samples == 0) {
        return;
    }
    block b = block_of(kernels, samples);
    sv_lanes lanes;
    run_pass(&b, (pass){SURVEY, 0.0, 1.0}, &lanes);
    bool any_equal = lanes.any_equal != 0;
    bool finite = isfinite(add_up(lanes.squares).high);
    if (!finite) {
        run_pass(&b, (pass){COUNT, 0.0, 1.0}, &lanes);
    }
    take_counts(&lanes, summary);
    if (sv_summary_num_finite(summary) > 0) {
        take_moments(&b, &lanes, finite, summary);
        summary->min_index = summary->min < known.min ? first + find(&b, summary->min) : -1;
        summary->max_index = summary->max > known.max ? first + find(&b, summary->max) : -1;
    }
    take_runs(&b, any_equal, first, summary);
}
