/* miniSEED files in the scratch directory, and what they must give. */
#ifndef SV_TESTS_MSEED_SCRATCH_H
#define SV_TESTS_MSEED_SCRATCH_H

#include "mseed_file.h"
#include "scratch.h"

enum { MSEED_FILE_BYTES = 8 << 20 };

struct mseed_file {
    size_t num_bytes;
    unsigned char bytes[MSEED_FILE_BYTES];
};

static struct mseed_file file; /* of the test that runs */

/* Returns the byte where the record begins. */
static inline size_t add(const struct record *record)
{
    size_t offset = file.num_bytes;
    ck_assert_uint_le(offset + length_of_record(record), sizeof file.bytes);
    file.num_bytes += put_record(file.bytes + offset, record);
    return offset;
}

/* `count` records, each going on where the one before it ends; returns the one that would follow.
 */
static inline struct record add_row(struct record record, int count)
{
    for (int i = 0; i < count; i++) {
        add(&record);
        record = record_after(record);
    }
    return record;
}

static inline void add_bytes(int byte, size_t count)
{
    memset(file.bytes + file.num_bytes, byte, count);
    file.num_bytes += count;
}

static inline const char *write_file(void)
{
    return write_scratch("a.mseed", file.bytes, file.num_bytes);
}

static inline sv_recording *open_file(void)
{
    return open_good(write_file(), NULL);
}

static inline sv_recording *open_segments(int64_t num_segments, int64_t num_gaps)
{
    sv_recording *recording = open_file();
    ck_assert_str_eq(sv_recording_format(recording), "mseed");
    ck_assert_int_eq(sv_recording_num_segments(recording), num_segments);
    ck_assert_int_eq(sv_recording_num_gaps(recording), num_gaps);
    return recording;
}

static inline const char *id_of(const sv_recording *recording, int64_t segment)
{
    static sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, segment, 0, &channel), SV_OK);
    ck_assert(channel.has_id);
    return channel.id;
}

static inline int64_t number_of(const sv_recording *recording, int64_t segment)
{
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, segment, 0, &channel), SV_OK);
    return channel.number;
}

/* The samples of a view 1 × n must be first, first + 1, …. */
static inline void count_up(const sv_view *samples, int64_t first)
{
    ck_assert_int_eq(samples->ndim, 2);
    ck_assert_int_eq(samples->shape[0], 1);
    ck_assert(samples->readonly);
    for (int64_t i = 0; i < samples->shape[1]; i++) {
        const char *address = samples->address + i * samples->strides[1];
        double value = sv_scalar_as_f8(sv_dtype_load(samples->dtype, address));
        if (value != (double)(first + i)) {
            ck_abort_msg("sample %lld of the view is %g instead of %lld", (long long)i, value,
                         (long long)(first + i));
        }
    }
}

/* The samples [first, last) of a segment, read `step` at a time, must be value, value + 1, …. */
static inline void read_up(const sv_recording *recording, int64_t segment, int64_t first,
                           int64_t last, int64_t step, int64_t value)
{
    sv_reader *reader;
    sv_error error = {.message = ""};
    ck_assert_int_eq(sv_reader_open(recording, segment, &reader, NULL), SV_OK);
    sv_segment whole = segment_of(recording, segment);
    while (first < last) {
        sv_view samples;
        int64_t count = step < last - first ? step : last - first;
        sv_status status = sv_reader_read(reader, first, count, &samples, &error);
        ck_assert_msg(status == SV_OK, "sample %lld: %s", (long long)first, error.message);
        ck_assert(samples.shape[1] >= 1 && samples.shape[1] <= count);
        ck_assert(sv_dtype_equal(samples.dtype, whole.samples.dtype));
        ck_assert_int_eq(sv_view_check(&samples), SV_OK);
        count_up(&samples, value);
        value += samples.shape[1];
        first += samples.shape[1];
    }
    sv_reader_close(reader);
}

/* All samples of a segment must be value, value + 1, …. */
static inline void counts_up(const sv_recording *recording, int64_t segment, int64_t value)
{
    int64_t num_samples = segment_of(recording, segment).num_samples;
    read_up(recording, segment, 0, num_samples, num_samples, value);
}

#endif
