#include "array/frames.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "view/rules.h"

typedef struct load {
    const sv_rows_read *set;
    const sv_row_group *group;
    int64_t from, count, first, n;
    sv_frames_scratch *scratch;
    float *to;
    int64_t step;
    sv_centred *centred;
} load;

bool sv_frames_are(const sv_rows_read *set)
{
    const sv_row_group *group = &set->groups[0];
    const sv_view *samples = &group->segment.samples;
    if (set->num_groups != 1 || set->num_rows < 2 || group->reader != NULL || set->trends != NULL ||
        !sv_kernel_is_f4(samples->dtype) ||
        samples->strides[0] != (int64_t)sv_dtype_itemsize(samples->dtype) ||
        samples->strides[1] <= samples->strides[0]) {
        return false;
    }
    return set->rows[set->num_rows - 1].row - set->rows[0].row == set->num_rows - 1;
}

sv_status sv_frames_scratch_open(sv_frames_scratch *scratch, int64_t rows, int64_t samples,
                                 sv_error *error)
{
    size_t wide = (size_t)rows * sizeof(double), narrow = (size_t)rows * sizeof(float);
    *scratch = (sv_frames_scratch){
        .sums = sv_malloc_aligned(64, wide),
        .squares = sv_malloc_aligned(64, wide),
        .pilots = sv_malloc_aligned(64, narrow),
        .scales = sv_malloc_aligned(64, narrow),
        .row = sv_malloc_aligned(64, (size_t)samples * sizeof(float)),
        .piece = sv_malloc_aligned(64, SV_FRAMES_PIECE * narrow),
    };
    if (scratch->sums == NULL || scratch->squares == NULL || scratch->pilots == NULL ||
        scratch->scales == NULL || scratch->row == NULL || scratch->piece == NULL) {
        return sv_fail_memory(error, 2 * (wide + narrow) + (size_t)samples * sizeof(float));
    }
    return SV_OK;
}

void sv_frames_scratch_close(sv_frames_scratch *scratch)
{
    sv_free(scratch->sums);
    sv_free(scratch->squares);
    sv_free(scratch->pilots);
    sv_free(scratch->scales);
    sv_free(scratch->row);
    sv_free(scratch->piece);
}

/* ---- a chunk --------------------------------------------------------------------------------- */

static const char *address_of(const load *l, int64_t row, int64_t frame)
{
    return sv_rows_address(l->set, l->group, l->from + row, l->first + frame);
}

static bool are_native(const load *l)
{
    const sv_view *samples = &l->group->segment.samples;
    return samples->dtype.type == SV_F4 && samples->dtype.order == SV_NATIVE_ENDIAN &&
           (uintptr_t)address_of(l, 0, 0) % sizeof(float) == 0 &&
           samples->strides[1] % (int64_t)sizeof(float) == 0;
}

/* Where a frame lies as native float32, or else is put, the k-th of the piece. */
static const float *frame_at(const load *l, int64_t frame, int64_t k)
{
    const sv_view *samples = &l->group->segment.samples;
    float *to = l->scratch->piece + k * l->count;
    if (are_native(l)) {
        return (const float *)(const void *)address_of(l, 0, frame);
    }
    l->set->kernels->convert(samples->dtype, address_of(l, 0, frame),
                             (ptrdiff_t)samples->strides[0], l->count, to);
    return to;
}

/* Frames [first, first + n), no more than a piece, `step` values apart. */
static const float *frames_at(const load *l, int64_t first, int64_t n, int64_t *step)
{
    bool native = are_native(l);
    *step = native ? l->group->segment.samples.strides[1] / (int64_t)sizeof(float) : l->count;
    for (int64_t k = native ? n : 0; k < n; k++) {
        frame_at(l, first + k, k);
    }
    return native ? frame_at(l, first, 0) : l->scratch->piece;
}

/* A row whose pilot will not do, by itself. */
static void centre_alone(const load *l, int64_t i)
{
    const sv_view *samples = &l->group->segment.samples;
    float *row = l->scratch->row;
    l->set->kernels->convert(samples->dtype, address_of(l, i, 0), (ptrdiff_t)samples->strides[1],
                             l->n, row);
    sv_row_values values = {row, NULL, l->n, NULL};
    l->centred[l->from + i] = sv_centre_in_steps(&values, row);
    for (int64_t k = 0; k < l->n; k++) {
        l->to[k * l->step + l->from + i] = row[k];
    }
}

static void choose_pilots(const load *l)
{
    sv_frames_scratch *s = l->scratch;
    const float *some[SV_PILOT_SAMPLES];
    int64_t apart = l->n / SV_PILOT_SAMPLES;
    for (int k = 0; k < SV_PILOT_SAMPLES; k++) {
        some[k] = frame_at(l, k * apart, k);
    }
    for (int64_t i = 0; i < l->count; i++) {
        sv_spread spread = {0.0, INFINITY, -INFINITY};
        for (int k = 0; k < SV_PILOT_SAMPLES; k++) {
            double x = (double)some[k][i];
            spread.sum += x;
            spread.min = x < spread.min ? x : spread.min;
            spread.max = x > spread.max ? x : spread.max;
        }
        sv_pilot pilot = sv_pilot_of(&spread, SV_PILOT_SAMPLES);
        s->pilots[i] = (float)pilot.value;
        s->scales[i] = (float)pilot.scale;
        s->sums[i] = s->squares[i] = 0.0;
    }
}

/* Frames that are converted are not fetched ahead by the kernel. */
static void fetch(const load *l, int64_t first)
{
    int64_t frame_bytes = l->group->segment.samples.strides[1];
    int64_t n = sv_min_i8(SV_FRAMES_PIECE, l->n - first);
    const char *address = address_of(l, 0, first);
    for (int64_t byte = 0; byte < n * frame_bytes; byte += 64) {
        __builtin_prefetch(address + byte, 0, 2);
    }
}

static void load_frames(void *context)
{
    const load *l = context;
    sv_frames_scratch *s = l->scratch;
    choose_pilots(l);
    for (int64_t first = 0, step; first < l->n; first += SV_FRAMES_PIECE) {
        int64_t n = sv_min_i8(SV_FRAMES_PIECE, l->n - first);
        const float *frames = frames_at(l, first, n, &step);
        if (!are_native(l)) {
            fetch(l, first + n);
        }
        l->set->kernels->centre_frames(frames, step, n, l->count, s->pilots, s->scales,
                                       l->to + first * l->step + l->from, l->step, s->sums,
                                       s->squares);
    }
    for (int64_t i = 0; i < l->count; i++) {
        sv_pilot pilot = {(double)s->pilots[i], (double)s->scales[i]};
        sv_deviations found = {s->sums[i], s->squares[i]};
        if (!sv_pilot_centred(pilot, &found, l->n, &l->centred[l->from + i])) {
            centre_alone(l, i);
        }
    }
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Puts the frames' rows together, and makes *group one that has nothing else. */
static sv_status copy_frames(const load *l, sv_rows_scratch *copies, sv_row_group *group,
                             sv_error *error)
{
    sv_view *samples = &group->segment.samples, piece;
    int64_t width = l->count * samples->strides[0];
    int64_t row = l->set->rows[group->position + l->from].row;
    for (int64_t done = 0; done < l->n; done += piece.shape[1]) {
        sv_status status = sv_rows_call(l->set, l->group, l->from, l->count, l->first + done,
                                        l->n - done, copies, &piece, error);
        if (status != SV_OK) {
            return status;
        }
        for (int64_t i = 0; i < piece.shape[1]; i++) {
            memcpy(copies->copied + (done + i) * width, sv_step(piece.address, i, piece.strides[1]),
                   (size_t)width);
        }
    }
    samples->address = sv_step(sv_step(copies->copied, -row, samples->strides[0]),
                               -(group->first + l->first), width);
    samples->strides[1] = width;
    return SV_OK;
}

/* As many rows at a time as fit. */
static sv_status load_by_calls(const load *l, sv_rows_scratch *copies, sv_error *error)
{
    sv_file file = sv_file_of(l->group->recording);
    for (int64_t from = l->from, past = from + l->count; from < past;) {
        load some = *l;
        sv_row_group copied = *l->group;
        some.from = from;
        some.count = sv_rows_that_fit(l->set, l->group, from, past - from, l->n, copies);
        sv_status status = copy_frames(&some, copies, &copied, error);
        if (status != SV_OK) {
            return status;
        }
        some.group = &copied;
        load_frames(&some);
        from += some.count;
    }
    return sv_file_look(&file, file.size_bytes, NULL, error);
}

sv_status sv_frames_load(const sv_rows_read *set, int64_t from, int64_t count, int64_t first,
                         int64_t n, sv_frames_scratch *scratch, sv_rows_scratch *copies, float *to,
                         int64_t step, sv_centred *centred, sv_rows_count *counted, sv_error *error)
{
    const sv_row_group *group = &set->groups[0];
    load l = {.set = set,
              .group = group,
              .from = from,
              .count = count,
              .first = first,
              .n = n,
              .scratch = scratch,
              .to = to,
              .step = step,
              .centred = centred};
    int64_t bytes = count * n * (int64_t)sv_dtype_itemsize(group->segment.samples.dtype);
    if (sv_rows_are_called_for(set, group)) {
        counted->bytes_copied += bytes;
        return load_by_calls(&l, copies, error);
    }
    counted->bytes_mapped += bytes;
    return sv_rows_guard(load_frames, &l, group->recording, error);
}
