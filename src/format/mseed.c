/* miniSEED 2, and the data records of full SEED volumes. mseed.h says how it is read. */
#include "format/mseed.h"

#include <string.h>

#include "base/memory.h"
#include "base/size.h"

static const char *const suffixes[] = {".mseed", ".miniseed", ".mseed2", ".msd",
                                       ".ms",    ".seed",     NULL};

/* ---- is it one? ---------------------------------------------------------------------------- */

/* "MS", the version, and an hour, minute and second that there are. */
static bool is_version_3(const sv_head *head)
{
    const unsigned char *bytes = head->bytes;
    return head->num_bytes >= 40 && memcmp(bytes, "MS\003", 3) == 0 && bytes[12] <= 23 &&
           bytes[13] <= 59 && bytes[14] <= 60;
}

/* A blank record may come before the first, wherever that begins then. */
static bool has_record(const sv_head *head)
{
    for (size_t i = 0; i + SV_MSEED_HEADER_BYTES <= head->num_bytes; i += SV_MSEED_LEAST_BYTES) {
        if (sv_mseed_is_record(head->bytes + i)) {
            return true;
        }
    }
    return false;
}

static sv_likeness probe_mseed(const sv_source *source, const sv_head *head)
{
    (void)source;
    if (is_version_3(head)) {
        return SV_LIKE_MAGIC;
    }
    if (head->num_bytes < SV_MSEED_HEADER_BYTES) {
        return SV_UNLIKE;
    }
    bool is_volume = sv_mseed_is_control(head->bytes) && head->bytes[6] == 'V';
    bool is_like = is_volume || sv_mseed_is_record(head->bytes) ||
                   (sv_mseed_is_blank(head->bytes) && has_record(head));
    return is_like ? SV_LIKE_MAGIC : SV_UNLIKE;
}

/* ---- opening ------------------------------------------------------------------------------- */

static sv_status check_kind(const sv_source *source, const sv_head *head, sv_error *error)
{
    if (sv_options_say_raw(source->options)) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels, layout and skip are for raw samples, not for miniSEED "
                       "files; leave them out, or give --format raw");
    }
    if (is_version_3(head)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "this is miniSEED 3, which is not read yet; convert it to miniSEED 2 first");
    }
    return SV_OK;
}

/* A given start is that of the earliest sample; the others keep their distance from it. */
static sv_status move_starts(sv_mseed *mseed, sv_time from, sv_time to, sv_error *error)
{
    for (int64_t i = 0; i < mseed->num_segments; i++) {
        sv_time *start = &mseed->segments[i].start;
        if (!sv_add(*start - from, to, start)) {
            return sv_fail(error, SV_OVERFLOW,
                           "with this start its segments lie outside the years 1677 to 2262");
        }
    }
    return SV_OK;
}

static sv_time earliest_start(const sv_mseed *mseed)
{
    sv_time earliest = INT64_MAX;
    for (int64_t i = 0; i < mseed->num_segments; i++) {
        earliest = sv_min_i8(earliest, mseed->segments[i].start);
    }
    return earliest;
}

static sv_status apply_options(sv_mseed *mseed, const sv_open_options *options, sv_error *error)
{
    for (int64_t i = 0; i < mseed->num_segments && options->rate > 0.0; i++) {
        mseed->segments[i].rate = options->rate;
    }
    return options->start != SV_TIME_NONE
               ? move_starts(mseed, earliest_start(mseed), options->start, error)
               : SV_OK;
}

static sv_status open_mseed(sv_recording *recording, const sv_source *source, const sv_head *head,
                            sv_error *error)
{
    sv_mseed *mseed = NULL;
    sv_status status = check_kind(source, head, error);
    if (status == SV_OK) {
        status = sv_mseed_scan(recording, &mseed, error);
    }
    if (status == SV_OK) {
        status = apply_options(mseed, source->options, error);
    }
    if (status != SV_OK) {
        sv_mseed_free(mseed);
        return status;
    }
    recording->num_segments = mseed->num_segments;
    recording->num_gaps = mseed->num_gaps;
    recording->start = earliest_start(mseed);
    recording->state = mseed;
    return SV_OK;
}

/* ---- asking -------------------------------------------------------------------------------- */

/* The samples of a single record may lie plainly in the file. */
static bool is_in_place(const sv_mseed_segment *found)
{
    return found->num_runs == 1 && found->runs->num_records == 1 &&
           found->runs->dtype.type != SV_TYPE_NONE;
}

static sv_status segment_of_mseed(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    const sv_mseed *mseed = recording->state;
    const sv_mseed_segment *found = &mseed->segments[index];
    int64_t shape[] = {1, found->num_samples};
    segment->num_channels = 1;
    segment->num_samples = found->num_samples;
    segment->sample_rate = found->rate;
    segment->start = found->start;
    segment->complete = found->complete;
    segment->in_place = is_in_place(found);
    if (segment->in_place) {
        segment->data_offset = found->runs->offset + found->runs->data_offset;
        return sv_view_make(recording->buffer, segment->data_offset, found->dtype, 2, shape, NULL,
                            &segment->samples, NULL);
    }
    int64_t itemsize = (int64_t)sv_dtype_itemsize(found->dtype);
    segment->data_offset = -1;
    segment->samples = (sv_view){
        .dtype = found->dtype,
        .ndim = 2,
        .readonly = true,
        .shape = {1, found->num_samples},
        .strides = {found->num_samples * itemsize, itemsize},
    };
    return SV_OK;
}

static sv_status channel_of_mseed(const sv_recording *recording, int64_t segment, int64_t row,
                                  sv_channel *channel)
{
    (void)row;
    const sv_mseed *mseed = recording->state;
    const sv_mseed_segment *found = &mseed->segments[segment];
    channel->number = found->channel;
    channel->has_id = true;
    sv_mseed_id(mseed->channels[found->channel].key, channel->id);
    channel->start = found->start;
    return SV_OK;
}

static void close_mseed(sv_recording *recording)
{
    sv_mseed_free(recording->state);
}

const sv_format sv_format_mseed = {
    .name = "mseed",
    .description = "miniSEED 2 and the data of full SEED volumes, either byte order",
    .suffixes = suffixes,
    .not_edited = "miniSEED is not edited in place, since its records carry flags and checksums of "
                  "other programs; convert it first: seisview convert",
    .probe = probe_mseed,
    .open = open_mseed,
    .segment = segment_of_mseed,
    .channel = channel_of_mseed,
    .close = close_mseed,
    .open_reader = sv_mseed_open_reader,
    .read = sv_mseed_read,
    .close_reader = sv_mseed_close_reader,
};
