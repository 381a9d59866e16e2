/* From record to record through a file, past whatever lies between them.
 *
 * The file is copied through a window in large steps, and never touched in its mapping: cut
 * meanwhile, it is an error and no fault. */
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/mseed.h"

enum {
    WINDOW_BYTES = 32 << 10, /* read at once where the walk is dense: they stay in a cache; */
    STEP_BYTES = 4 << 10,    /* and where it leaps, to look at something; */
    NEAR_BYTES = 8 << 10,    /* shorter leaps cost less than one more read */
    LOOK_BYTES = 128,        /* of a record, which nearly always hold all of its blockettes */
    WHOLE_BYTES = 16 << 10   /* a record up to this long is brought as a whole */
};

void sv_mseed_walk_begin(sv_mseed_walk *walk, const sv_recording *recording)
{
    *walk = (sv_mseed_walk){
        .recording = recording,
        .file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer),
    };
}

void sv_mseed_walk_end(sv_mseed_walk *walk)
{
    sv_free(walk->window);
}

/* ---- the window ---------------------------------------------------------------------------- */

static bool is_in_window(const sv_mseed_walk *walk, int64_t offset, size_t num_bytes)
{
    return offset >= walk->first &&
           offset + (int64_t)num_bytes <= walk->first + (int64_t)walk->num_bytes;
}

static sv_status make_room(sv_mseed_walk *walk, size_t num_bytes, sv_error *error)
{
    size_t wanted = num_bytes > WINDOW_BYTES ? num_bytes : WINDOW_BYTES;
    if (walk->file_bytes < (int64_t)wanted) {
        wanted = (size_t)walk->file_bytes;
    }
    if (walk->capacity >= wanted) {
        return SV_OK;
    }
    sv_free(walk->window);
    walk->num_bytes = 0;
    walk->window = sv_malloc(wanted);
    walk->capacity = walk->window != NULL ? wanted : 0;
    return walk->window != NULL ? SV_OK : sv_fail_memory(error, wanted);
}

static sv_status move_window(sv_mseed_walk *walk, int64_t offset, size_t num_bytes, sv_error *error)
{
    sv_status status = make_room(walk, num_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    bool goes_on = offset >= walk->first && offset - walk->asked < NEAR_BYTES;
    size_t wanted = num_bytes > LOOK_BYTES ? num_bytes : STEP_BYTES;
    wanted = goes_on && wanted < walk->capacity ? walk->capacity : wanted;
    wanted = (size_t)sv_min_i8((int64_t)wanted, walk->file_bytes - offset);
    wanted = wanted < walk->capacity ? wanted : walk->capacity;
    walk->num_bytes = 0;
    status = sv_recording_read(walk->recording, offset, walk->window, wanted, error);
    walk->first = offset;
    walk->num_bytes = status == SV_OK ? wanted : 0;
    return status;
}

sv_status sv_mseed_walk_bytes(sv_mseed_walk *walk, int64_t offset, size_t num_bytes,
                              const unsigned char **bytes, sv_error *error)
{
    sv_status status = SV_OK;
    if (!is_in_window(walk, offset, num_bytes)) {
        status = move_window(walk, offset, num_bytes, error);
    }
    walk->asked = offset + (int64_t)num_bytes;
    *bytes = status == SV_OK ? walk->window + (offset - walk->first) : NULL;
    return status;
}

/* The 48 bytes at a place, without moving the window. */
static sv_status glance_at(sv_mseed_walk *walk, int64_t offset, const unsigned char **bytes,
                           sv_error *error)
{
    if (is_in_window(walk, offset, SV_MSEED_HEADER_BYTES)) {
        *bytes = walk->window + (offset - walk->first);
        return SV_OK;
    }
    *bytes = walk->glance;
    return sv_recording_read(walk->recording, offset, walk->glance, SV_MSEED_HEADER_BYTES, error);
}

/* ---- records ------------------------------------------------------------------------------- */

/* Whether a record may end at `offset`. One that states its length is only doubted where another
 * record begins. */
static sv_status ends_at(sv_mseed_walk *walk, int64_t offset, bool is_stated, bool *ends,
                         sv_error *error)
{
    *ends = offset == walk->file_bytes && !is_stated;
    if (offset + SV_MSEED_HEADER_BYTES > walk->file_bytes) {
        return SV_OK;
    }
    const unsigned char *bytes;
    sv_status status = glance_at(walk, offset, &bytes, error);
    if (status == SV_OK) {
        *ends = sv_mseed_is_record(bytes) ||
                (!is_stated && (sv_mseed_is_control(bytes) || sv_mseed_is_blank(bytes)));
    }
    return status;
}

/* Another record within what a record calls its own says that its length lies, and where it ends.
 * Without a length, whatever comes next says so. */
static sv_status find_length(sv_mseed_walk *walk, sv_mseed_record *record, sv_error *error)
{
    bool is_stated = record->length != 0;
    int32_t limit = is_stated ? record->length : SV_MSEED_MOST_BYTES + 1;
    for (int32_t length = SV_MSEED_LEAST_BYTES; length < limit; length *= 2) {
        bool ends;
        sv_status status = ends_at(walk, record->offset + length, is_stated, &ends, error);
        if (status != SV_OK) {
            return status;
        }
        if (ends) {
            record->length = length;
            return SV_OK;
        }
    }
    return SV_OK;
}

static sv_status parse(sv_mseed_walk *walk, int64_t offset, sv_mseed_record *record,
                       sv_error *error)
{
    int64_t left = walk->file_bytes - offset;
    size_t have = (size_t)sv_min_i8(left, LOOK_BYTES);
    for (;;) {
        const unsigned char *bytes;
        sv_status status = sv_mseed_walk_bytes(walk, offset, have, &bytes, error);
        if (status != SV_OK) {
            return status;
        }
        size_t wanted = sv_mseed_parse(bytes, have, record);
        record->offset = offset;
        if (wanted <= have || (int64_t)have == left) {
            return SV_OK;
        }
        have = (size_t)sv_min_i8(left, (int64_t)wanted);
    }
}

/* A record that cannot be told to be as long as it says is passed over by its header alone. */
static sv_status take_record(sv_mseed_walk *walk, sv_mseed_item *item, sv_error *error)
{
    sv_mseed_record *record = &item->record;
    sv_status status = parse(walk, item->first, record, error);
    if (status != SV_OK) {
        return status;
    }
    int64_t whole = sv_min_i8(record->length, walk->file_bytes - record->offset);
    if (whole <= WHOLE_BYTES) {
        const unsigned char *bytes;
        status = sv_mseed_walk_bytes(walk, record->offset, (size_t)whole, &bytes, error);
    }
    if (status == SV_OK) {
        status = find_length(walk, record, error);
    }
    sv_mseed_judge(record, walk->file_bytes);
    item->kind = SV_MSEED_RECORD;
    item->last = record->offset + record->length;
    if (record->length == 0 || item->last > walk->file_bytes) {
        item->last = record->offset + SV_MSEED_HEADER_BYTES;
    }
    return status;
}

/* ---- between records ----------------------------------------------------------------------- */

/* The first header of a record in bytes [first, num_bytes), or where one might begin of which the
 * end is not there any more. Nearly every byte is told by the one where the quality would stand. */
static size_t find_header(const unsigned char *bytes, size_t first, size_t num_bytes)
{
    size_t place = first;
    for (; place + SV_MSEED_HEADER_BYTES <= num_bytes; place++) {
        unsigned char quality = bytes[place + 6];
        if (quality >= 'D' && quality <= 'R' && sv_mseed_is_record(bytes + place)) {
            break;
        }
    }
    return place;
}

static bool is_padding(const unsigned char *bytes, size_t num_bytes)
{
    size_t i = 0;
    while (i < num_bytes && (bytes[i] == '\0' || bytes[i] == ' ')) {
        i++;
    }
    return i == num_bytes;
}

/* Everything up to the next record, or the end. */
static sv_status take_other(sv_mseed_walk *walk, sv_mseed_item *item, sv_error *error)
{
    bool is_blank = true;
    size_t first = 1;
    item->last = item->first;
    for (;;) {
        const unsigned char *bytes;
        size_t have = (size_t)sv_min_i8(walk->file_bytes - item->last, STEP_BYTES);
        sv_status status = sv_mseed_walk_bytes(walk, item->last, have, &bytes, error);
        if (status != SV_OK) {
            return status;
        }
        size_t place = find_header(bytes, first, have);
        bool is_end = item->last + (int64_t)have == walk->file_bytes;
        bool is_found = place + SV_MSEED_HEADER_BYTES <= have;
        place = is_end && !is_found ? have : place;
        is_blank = is_blank && is_padding(bytes, place);
        item->last += (int64_t)place;
        if (is_found || is_end) {
            break;
        }
        first = 0;
    }
    if (item->kind != SV_MSEED_NOISE) {
        item->kind = is_blank ? SV_MSEED_PADDING : SV_MSEED_UNKNOWN;
    }
    return SV_OK;
}

/* What begins at the walk's place: a record, noise, or nothing that is known. */
static sv_status find_kind(sv_mseed_walk *walk, sv_mseed_kind *kind, sv_error *error)
{
    *kind = SV_MSEED_UNKNOWN;
    if (walk->offset + SV_MSEED_HEADER_BYTES > walk->file_bytes) {
        return SV_OK;
    }
    const unsigned char *bytes;
    sv_status status =
        sv_mseed_walk_bytes(walk, walk->offset, SV_MSEED_HEADER_BYTES, &bytes, error);
    if (status != SV_OK) {
        return status;
    }
    if (sv_mseed_is_record(bytes)) {
        *kind = SV_MSEED_RECORD;
    } else if (sv_mseed_is_control(bytes) || sv_mseed_is_blank(bytes)) {
        *kind = SV_MSEED_NOISE;
    }
    return SV_OK;
}

sv_status sv_mseed_walk_next(sv_mseed_walk *walk, sv_mseed_item *item, sv_error *error)
{
    item->first = item->last = walk->offset;
    item->kind = SV_MSEED_END;
    if (walk->offset >= walk->file_bytes) {
        return SV_OK;
    }
    sv_status status = find_kind(walk, &item->kind, error);
    if (status == SV_OK) {
        status = item->kind == SV_MSEED_RECORD ? take_record(walk, item, error)
                                               : take_other(walk, item, error);
    }
    walk->offset = item->last;
    return status;
}
