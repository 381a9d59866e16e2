/* The samples of a segment: records that are long and plain as views of the file, all others, a row
 * of records at a time, decoded or gathered into memory.
 *
 * A short record is copied because what a view of it costs (a page to map, a look at the file, a
 * result of its own that must be joined) is more than what its copy does.
 *
 * What a read gives follows from the file and the request alone, never from what was read before:
 * a scan's results may depend on where its blocks are cut. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/mseed.h"

enum {
    LONG_BYTES = 32 << 10,  /* of plain samples, from which on a record is handed out as a view */
    MOST_AT_ONCE = 1 << 17, /* samples that are decoded or gathered for one read: a scan's block */
    MOST_IN_RECORD = UINT16_MAX,
    MOST_IN_ROW = MOST_AT_ONCE + 2 * MOST_IN_RECORD
};

typedef struct reader {
    const sv_recording *recording;
    const sv_kernels *kernels;
    const sv_mseed *mseed;
    const sv_mseed_segment *segment;
    sv_mseed_walk walk;

    /* The record in hand, and which one of its run it is; run −1: none. */
    int64_t run;
    uint32_t position;
    int64_t first; /* its first sample, of the segment */
    sv_mseed_record record;

    /* Samples [row_first, row_last) of the segment, at the beginning of `scratch`. */
    int64_t row_first, row_last;
    sv_buffer *scratch;
} reader;

sv_status sv_mseed_open_reader(const sv_recording *recording, int64_t segment, void **state,
                               sv_error *error)
{
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status != SV_OK) {
        return status;
    }
    reader *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->recording = recording;
    opened->kernels = kernels;
    opened->mseed = recording->state;
    opened->segment = &opened->mseed->segments[segment];
    opened->run = -1;
    sv_mseed_walk_begin(&opened->walk, recording);
    *state = opened;
    return SV_OK;
}

void sv_mseed_close_reader(void *state)
{
    reader *r = state;
    sv_mseed_walk_end(&r->walk);
    sv_buffer_close(r->scratch);
    sv_free(r);
}

/* ---- finding a record ---------------------------------------------------------------------- */

static bool is_stepped(const sv_mseed_run *run)
{
    return run->dtype.type != SV_TYPE_NONE;
}

static int64_t end_of_run(const reader *r, int64_t run)
{
    const sv_mseed_segment *segment = r->segment;
    return run + 1 < segment->num_runs ? segment->runs[run + 1].first : segment->num_samples;
}

/* The run that holds the sample: most often the one in hand. */
static int64_t find_run(const reader *r, int64_t sample)
{
    const sv_mseed_run *runs = r->segment->runs;
    if (r->run >= 0 && sample >= runs[r->run].first && sample < end_of_run(r, r->run)) {
        return r->run;
    }
    int64_t first = 0, last = r->segment->num_runs;
    while (last - first > 1) {
        int64_t middle = first + (last - first) / 2;
        if (runs[middle].first <= sample) {
            first = middle;
        } else {
            last = middle;
        }
    }
    return first;
}

static bool is_own(const reader *r, const sv_mseed_record *record)
{
    const unsigned char *key = r->mseed->channels[r->segment->channel].key;
    if (memcmp(record->key, key, SV_MSEED_KEY_BYTES) == 0) {
        return true;
    }
    unsigned char clean[SV_MSEED_KEY_BYTES];
    sv_mseed_clean_key(record->key, clean);
    return memcmp(clean, key, SV_MSEED_KEY_BYTES) == 0;
}

/* Walks to the next record of the segment's channel that has samples. */
static sv_status next_record(reader *r, bool *found, sv_error *error)
{
    sv_mseed_item item;
    do {
        sv_status status = sv_mseed_walk_next(&r->walk, &item, error);
        if (status != SV_OK) {
            return status;
        }
        *found = item.kind == SV_MSEED_RECORD && item.record.fault == SV_MSEED_SOUND &&
                 item.record.num_samples > 0 && is_own(r, &item.record);
    } while (!*found && item.kind != SV_MSEED_END);
    if (*found) {
        r->record = item.record;
    }
    return SV_OK;
}

/* The first record of a run; of a stepped one, the record that holds the sample. */
static sv_status enter_run(reader *r, int64_t run, int64_t sample, bool *found, sv_error *error)
{
    const sv_mseed_run *entered = &r->segment->runs[run];
    int64_t position = is_stepped(entered) ? (sample - entered->first) / entered->samples : 0;
    r->run = run;
    r->position = (uint32_t)position;
    r->first = entered->first + position * entered->samples;
    r->walk.offset = entered->offset + position * entered->step;
    return next_record(r, found, error);
}

/* In a stepped run any record is as near as the next. */
static bool must_enter(const reader *r, int64_t run, int64_t sample)
{
    const sv_mseed_run *wanted = &r->segment->runs[run];
    return r->run != run || sample < r->first ||
           (is_stepped(wanted) && sample >= r->first + 2 * (int64_t)wanted->samples);
}

static bool is_plain(const reader *r)
{
    return sv_dtype_equal(r->record.dtype, r->segment->dtype);
}

/* Whether the record in hand can be what was met there when the file was opened. */
static bool is_as_expected(const reader *r, int64_t end)
{
    sv_dtype decoded = sv_dtype_make((sv_type)r->record.decoded, SV_NATIVE_ENDIAN);
    return r->first + r->record.num_samples <= end &&
           (is_plain(r) || sv_dtype_equal(decoded, r->segment->dtype));
}

/* To the run's next record: where it must be, or on from the one in hand. */
static sv_status go_on(reader *r, const sv_mseed_run *run, bool *found, sv_error *error)
{
    sv_status status = SV_OK;
    int64_t length = r->record.length;
    if (run->step > length) {
        r->walk.offset = r->record.offset + run->step;
    }
    if (run->step > length && r->walk.offset + length <= r->walk.file_bytes) {
        /* It is about as long, and brought as a whole. */
        const unsigned char *bytes;
        status = sv_mseed_walk_bytes(&r->walk, r->walk.offset, (size_t)length, &bytes, error);
    }
    return status == SV_OK ? next_record(r, found, error) : status;
}

static sv_status find_record(reader *r, int64_t run, int64_t sample, bool *found, sv_error *error)
{
    int64_t end = end_of_run(r, run);
    sv_status status = SV_OK;
    *found = true;
    if (must_enter(r, run, sample)) {
        status = enter_run(r, run, sample, found, error);
    }
    while (status == SV_OK && *found && sample >= r->first + r->record.num_samples) {
        r->first += r->record.num_samples;
        r->position++;
        *found = r->first < end && r->position < r->segment->runs[run].num_records;
        status = *found ? go_on(r, &r->segment->runs[run], found, error) : SV_OK;
    }
    *found = *found && is_as_expected(r, end);
    return status;
}

/* Takes the record that holds the sample in hand. SV_FORMAT: it is not there any more; *next is
 * where those samples begin that may be. */
static sv_status seek(reader *r, int64_t sample, int64_t *next, sv_error *error)
{
    bool found;
    int64_t run = find_run(r, sample);
    *next = end_of_run(r, run);
    sv_status status = find_record(r, run, sample, &found, error);
    if (status == SV_OK && found) {
        return SV_OK;
    }
    r->run = -1;
    return status != SV_OK
               ? status
               : sv_fail(error, SV_FORMAT,
                         "the records from byte %" PRId64 " on are not those that were there when "
                         "the file was opened; read it again when nothing writes to it",
                         r->segment->runs[run].offset);
}

/* ---- views --------------------------------------------------------------------------------- */

static sv_status view_of(const sv_buffer *buffer, int64_t offset, sv_dtype dtype, int64_t count,
                         sv_view *samples, sv_error *error)
{
    int64_t shape[] = {1, count};
    sv_status status = sv_view_make(buffer, offset, dtype, 2, shape, NULL, samples, error);
    samples->readonly = true;
    return status;
}

static bool is_long(sv_dtype dtype, uint16_t num_samples)
{
    return num_samples * sv_dtype_itemsize(dtype) >= LONG_BYTES;
}

/* Where a sample of a run of plain records lies, which are all alike: no header is looked at. */
typedef struct place {
    int64_t offset; /* byte of the file */
    int64_t left;   /* samples from it on, in its record */
} place;

static place place_in_run(const sv_mseed_run *run, int64_t sample)
{
    int64_t position = (sample - run->first) / run->samples;
    int64_t skipped = (sample - run->first) % run->samples;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(run->dtype);
    return (place){
        .offset = run->offset + position * run->step + run->data_offset + skipped * itemsize,
        .left = run->samples - skipped,
    };
}

static place place_in_record(const reader *r, int64_t sample)
{
    int64_t skipped = sample - r->first;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(r->record.dtype);
    return (place){
        .offset = r->record.offset + r->record.data_offset + skipped * itemsize,
        .left = r->record.num_samples - skipped,
    };
}

static sv_status view_at(const reader *r, place at, int64_t count, sv_view *samples,
                         sv_error *error)
{
    return view_of(r->recording->buffer, at.offset, r->segment->dtype, sv_min_i8(count, at.left),
                   samples, error);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static char *in_row(const reader *r, int64_t sample)
{
    size_t itemsize = sv_dtype_itemsize(r->segment->dtype);
    char *scratch = (char *)(uintptr_t)sv_buffer_data(r->scratch);
    return scratch + (size_t)(sample - r->row_first) * itemsize;
}

static bool is_in_row(const reader *r, int64_t sample)
{
    return sample >= r->row_first && sample < r->row_last;
}

static sv_status make_scratch(reader *r, sv_error *error)
{
    if (r->scratch != NULL) {
        return SV_OK;
    }
    int64_t room = sv_min_i8(r->segment->num_samples, MOST_IN_ROW);
    size_t itemsize = sv_dtype_itemsize(r->segment->dtype);
    return sv_buffer_alloc((size_t)room * itemsize, &r->scratch, error);
}

/* Adds samples of one record after the other, up to sample `last`. */
static sv_status gather(reader *r, const sv_mseed_run *run, int64_t last, sv_error *error)
{
    size_t itemsize = sv_dtype_itemsize(run->dtype);
    while (r->row_last < last) {
        place at = place_in_run(run, r->row_last);
        int64_t count = sv_min_i8(at.left, last - r->row_last);
        const unsigned char *bytes;
        sv_status status =
            sv_mseed_walk_bytes(&r->walk, at.offset, (size_t)count * itemsize, &bytes, error);
        if (status != SV_OK) {
            return status;
        }
        memcpy(in_row(r, r->row_last), bytes, (size_t)count * itemsize);
        r->row_last += count;
    }
    return SV_OK;
}

/* Adds the record in hand, with which a row may begin. */
static sv_status add_record(reader *r, sv_error *error)
{
    const sv_mseed_record *record = &r->record;
    const unsigned char *bytes;
    sv_status status =
        sv_mseed_walk_bytes(&r->walk, record->offset, (size_t)record->length, &bytes, error);
    if (status != SV_OK) {
        return status;
    }
    if (r->row_first == r->row_last) {
        r->row_first = r->row_last = r->first;
    }
    char *to = in_row(r, r->row_last);
    if (is_plain(r)) {
        memcpy(to, bytes + record->data_offset,
               record->num_samples * sv_dtype_itemsize(record->dtype));
    } else {
        status = sv_mseed_decode(r->kernels, record, bytes, to, error);
    }
    r->row_last += status == SV_OK ? record->num_samples : 0;
    return status;
}

/* Adds what holds the row's next sample. *next is where those samples begin that may be there when
 * that one is not: SV_FORMAT. Adds nothing where it is in a long record, of which *at is set. */
static sv_status add_next(reader *r, int64_t last, place *at, int64_t *next, sv_error *error)
{
    int64_t number = find_run(r, r->row_last);
    const sv_mseed_run *run = &r->segment->runs[number];
    if (is_stepped(run) && sv_dtype_equal(run->dtype, r->segment->dtype)) {
        if (!is_long(run->dtype, run->samples)) {
            return gather(r, run, sv_min_i8(last, end_of_run(r, number)), error);
        }
        *at = place_in_run(run, r->row_last);
        return SV_OK;
    }
    sv_status status = seek(r, r->row_last, next, error);
    if (status != SV_OK) {
        return status;
    }
    *next = r->first + r->record.num_samples;
    if (is_plain(r) && is_long(r->record.dtype, r->record.num_samples)) {
        *at = place_in_record(r, r->row_last);
        return SV_OK;
    }
    return add_record(r, error);
}

/* What is left of the row before. */
static void begin_row(reader *r, int64_t first)
{
    if (!is_in_row(r, first)) {
        r->row_first = r->row_last = first;
        return;
    }
    size_t itemsize = sv_dtype_itemsize(r->segment->dtype);
    memmove(in_row(r, r->row_first), in_row(r, first), (size_t)(r->row_last - first) * itemsize);
    r->row_first = first;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Samples that cannot be had: a view of as many, of nothing. */
static sv_status lose(const reader *r, int64_t count, sv_view *samples)
{
    *samples = (sv_view){
        .dtype = r->segment->dtype,
        .ndim = 2,
        .readonly = true,
        .shape = {1, count},
    };
    return SV_FORMAT;
}

/* A row ends before a record that is long or lost, with which the next read begins. */
sv_status sv_mseed_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                        int64_t count, sv_view *samples, sv_error *error)
{
    (void)recording;
    (void)segment;
    reader *r = state;
    int64_t last = first + sv_min_i8(count, MOST_AT_ONCE), next = last;
    place at = {.left = 0};
    begin_row(r, first);
    sv_status status = make_scratch(r, error);
    while (status == SV_OK && at.left == 0 && r->row_last < last) {
        status = add_next(r, last, &at, &next, error);
    }
    if (status != SV_OK && status != SV_FORMAT) {
        return status;
    }
    if (is_in_row(r, first)) {
        int64_t offset = (first - r->row_first) * (int64_t)sv_dtype_itemsize(r->segment->dtype);
        return view_of(r->scratch, offset, r->segment->dtype, sv_min_i8(last, r->row_last) - first,
                       samples, error);
    }
    return status == SV_OK ? view_at(r, at, count, samples, error)
                           : lose(r, sv_min_i8(next - first, count), samples);
}
