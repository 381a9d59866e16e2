/* libFuzzer target: any bytes as a miniSEED file. The bytes are borrowed, not mapped, so that the
 * sanitizer sees every byte that is read past their end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/mseed_file.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t num_bytes, size_t max_bytes);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Touches every sample, so that the sanitizer sees where it lies. */
static double add_up(const sv_view *samples)
{
    double sum = 0.0;
    for (int64_t i = 0; i < samples->shape[1]; i++) {
        const char *address = samples->address + i * samples->strides[1];
        sum += sv_scalar_as_f8(sv_dtype_load(samples->dtype, address));
    }
    return sum;
}

static volatile double touched;

/* Every sample is had, or said to be lost; `count` at a time. */
static void read_segment(const sv_recording *recording, const sv_segment *segment, int64_t count)
{
    sv_reader *reader;
    require(sv_reader_open(recording, segment->index, &reader, NULL) == SV_OK);
    for (int64_t first = 0; first < segment->num_samples;) {
        sv_view samples;
        sv_error error = {.message = ""};
        sv_status status = sv_reader_read(reader, first, count, &samples, &error);
        require(status == SV_OK || (status == SV_FORMAT && error.message[0] != '\0'));
        require(samples.shape[0] == 1 && samples.shape[1] >= 1 && samples.shape[1] <= count);
        require(samples.shape[1] <= segment->num_samples - first);
        require(sv_dtype_equal(samples.dtype, segment->samples.dtype));
        if (status == SV_OK) {
            touched = add_up(&samples);
        }
        first += samples.shape[1];
    }
    sv_reader_close(reader);
}

/* What must hold of a recording, whatever its bytes. */
static void look_at(const sv_recording *recording, size_t num_bytes)
{
    int64_t num_segments = sv_recording_num_segments(recording);
    int64_t total = 0;
    require(num_segments >= 1 && sv_recording_num_gaps(recording) < num_segments);
    for (int64_t i = 0; i < num_segments; i++) {
        sv_segment segment;
        sv_channel channel;
        require(sv_recording_segment(recording, i, &segment) == SV_OK);
        require(sv_recording_channel(recording, i, 0, &channel) == SV_OK);
        require(segment.num_channels == 1 && segment.num_samples >= 0);
        require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate));
        require(segment.start >= sv_recording_start(recording) && channel.has_id);
        read_segment(recording, &segment, i % 2 == 0 ? segment.num_samples + 1 : 13);
        total += segment.num_samples;
    }
    require((size_t)total <= num_bytes * 105 / 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = num_bytes % 3 == 0 ? NULL : "mseed";
    sv_source source = {"a.mseed", "a.mseed", NULL, &options};
    sv_buffer *buffer;
    sv_recording *recording;
    sv_error error = {.message = ""};
    require(sv_buffer_borrow_const(bytes, num_bytes, &buffer, NULL) == SV_OK);
    if (sv_recording_of_buffer(&source, buffer, NULL, &recording, &error) == SV_OK) {
        if (strcmp(sv_recording_format(recording), "mseed") == 0) {
            look_at(recording, num_bytes);
        }
        require(sv_recording_close(recording) == SV_OK);
    } else {
        require(error.message[0] != '\0');
        require(sv_buffer_close(buffer) == SV_OK);
    }
    return 0;
}

/* Random bytes are hardly ever a record: short inputs become a few sound ones, of any kind, before
 * anything is changed in them. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    static const int encodings[] = {INT16, INT24, INT32, FLOAT32, FLOAT64, STEIM1, STEIM2,
                                    12,    13,    14,    16,      30,      DWWSSN};
    enum { NUM_ENCODINGS = sizeof encodings / sizeof encodings[0] };
    struct record record = plain_record();
    if (num_bytes < 128) {
        record.exponent = 7 + (int)(seed % 4);
        record.num_samples = 5 + (int)(seed / 4 % 10);
        record.order = seed / 64 % 2 == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
        size_t length = length_of_record(&record);
        num_bytes = 0;
        for (unsigned i = 0; i < 6 && num_bytes + length <= max_bytes; i++) {
            record.encoding = encodings[(seed / 128 + (seed % 5 == 0 ? i : 0)) % NUM_ENCODINGS];
            record.channel = seed % 3 == 0 && i % 2 == 0 ? "BHN" : "BHZ";
            record.data_order = (sv_byte_order)(seed / 32 % 2);
            num_bytes += put_record(bytes + num_bytes, &record);
            record = record_after(record);
        }
    }
    return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
}
