/* The samples of a joined segment: each run's from a reader of its part, which hands out views of
 * the part's file where the samples lie plainly in it. */
#include "base/memory.h"
#include "base/size.h"
#include "format/join.h"

typedef struct reader {
    const sv_recording *recording;
    sv_join *join;
    const sv_joined_segment *segment;
    /* The run in hand; NULL: none. */
    const sv_run *run;
    const sv_recording *part;
    sv_reader *reader;
} reader;

sv_status sv_join_open_reader(const sv_recording *recording, int64_t segment, void **state,
                              sv_error *error)
{
    reader *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->recording = recording;
    opened->join = recording->state;
    opened->segment = &opened->join->segments[segment];
    *state = opened;
    return SV_OK;
}

static void leave_run(reader *r)
{
    if (r->run == NULL) {
        return;
    }
    sv_reader_close(r->reader);
    sv_parts_give_back(&r->join->parts, r->run->part);
    r->run = NULL;
    r->reader = NULL;
}

void sv_join_close_reader(void *state)
{
    leave_run(state);
    sv_free(state);
}

const sv_recording *sv_join_source(const void *state)
{
    const reader *r = state;
    return r->run != NULL ? r->part : r->recording;
}

/* ---- the run in hand ----------------------------------------------------------------------- */

/* The last run that begins at the sample or before it. */
static const sv_run *find_run(const reader *r, int64_t sample)
{
    const sv_run *runs = r->join->runs + r->segment->first_run;
    int64_t first = 0, last = r->segment->num_runs;
    while (last - first > 1) {
        int64_t middle = first + (last - first) / 2;
        if (runs[middle].first <= sample) {
            first = middle;
        } else {
            last = middle;
        }
    }
    return &runs[first];
}

/* A part that was closed meanwhile may have been written anew. */
static bool is_as_listed(const sv_recording *part, const sv_run *run)
{
    sv_segment segment;
    sv_channel channel;
    return sv_recording_segment(part, run->segment, &segment) == SV_OK &&
           sv_recording_channel(part, run->segment, run->row, &channel) == SV_OK &&
           segment.num_samples == run->num_samples && segment.sample_rate == run->rate &&
           sv_dtype_equal(segment.samples.dtype, run->dtype);
}

static sv_status enter_run(reader *r, const sv_run *run, sv_error *error)
{
    sv_parts *parts = &r->join->parts;
    const char *path = parts->part[run->part].path;
    sv_status status = sv_parts_take(parts, run->part, &r->part, error);
    if (status != SV_OK) {
        return status;
    }
    if (!is_as_listed(r->part, run)) {
        status = sv_fail(error, SV_FORMAT, "it holds other samples than when it was opened");
    } else {
        status = sv_reader_open(r->part, run->segment, &r->reader, error);
    }
    if (status != SV_OK) {
        sv_parts_give_back(parts, run->part);
        return sv_fail_at(error, path, status);
    }
    r->run = run;
    return SV_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What a part no longer gives is lost; the other parts can be read on. */
static sv_status lose(const sv_run *run, int64_t count, sv_view *samples, sv_error *error)
{
    *samples = (sv_view){.dtype = run->dtype, .ndim = 2, .readonly = true, .shape = {1, count}};
    if (error != NULL) {
        error->status = SV_FORMAT;
    }
    return SV_FORMAT;
}

static bool is_lost(sv_status status)
{
    return status != SV_OK && status != SV_NOMEM;
}

static void take_row(const sv_run *run, sv_view *samples)
{
    samples->address =
        (char *)((uintptr_t)samples->address + (uintptr_t)(run->row * samples->strides[0]));
    samples->shape[0] = 1;
    samples->readonly = true;
}

sv_status sv_join_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                       int64_t count, sv_view *samples, sv_error *error)
{
    (void)recording;
    (void)segment;
    reader *r = state;
    const sv_run *run = find_run(r, first);
    int64_t skipped = first - run->first;
    count = sv_min_i8(count, run->num_samples - skipped);
    if (run != r->run) {
        leave_run(r);
        sv_status status = enter_run(r, run, error);
        if (status != SV_OK) {
            return is_lost(status) ? lose(run, count, samples, error) : status;
        }
    }
    sv_status status = sv_reader_read(r->reader, skipped, count, samples, error);
    if (status == SV_OK) {
        take_row(run, samples);
        return SV_OK;
    }
    sv_fail_at(error, sv_recording_path(r->part), status);
    if (status == SV_FORMAT) {
        return lose(run, samples->shape[1], samples, error);
    }
    return is_lost(status) ? lose(run, count, samples, error) : status;
}
