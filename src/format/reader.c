/* Readers: any segment's samples, a run at a time. */
#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"

struct sv_reader {
    const sv_recording *recording;
    sv_segment segment;
    void *state; /* the format's; NULL where the segment is in place */
};

sv_status sv_reader_open(const sv_recording *recording, int64_t segment, sv_reader **reader,
                         sv_error *error)
{
    sv_reader *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->recording = recording;
    sv_status status = sv_recording_segment(recording, segment, &opened->segment);
    if (status != SV_OK) {
        sv_fail(error, status, "there is no segment %lld", (long long)segment);
    } else if (!opened->segment.in_place) {
        status = recording->format->open_reader(recording, segment, &opened->state, error);
    }
    if (status != SV_OK) {
        sv_free(opened);
        return status;
    }
    *reader = opened;
    return SV_OK;
}

sv_status sv_reader_read(sv_reader *reader, int64_t first, int64_t count, sv_view *samples,
                         sv_error *error)
{
    const sv_segment *segment = &reader->segment;
    if (first < 0 || count < 1 || first >= segment->num_samples) {
        return sv_fail(error, SV_RANGE, "%lld samples from %lld on are not in a segment of %lld",
                       (long long)count, (long long)first, (long long)segment->num_samples);
    }
    count = sv_min_i8(count, segment->num_samples - first);
    if (segment->in_place) {
        return sv_view_slice(&segment->samples, 1, first, first + count, 1, samples, error);
    }
    return reader->recording->format->read(reader->recording, segment->index, reader->state, first,
                                           count, samples, error);
}

const sv_recording *sv_reader_source(const sv_reader *reader)
{
    const sv_format *format = reader->recording->format;
    return reader->state != NULL && format->source != NULL ? format->source(reader->state)
                                                           : reader->recording;
}

void sv_reader_close(sv_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->state != NULL) {
        reader->recording->format->close_reader(reader->state);
    }
    sv_free(reader);
}
