/* libFuzzer target: any text as the SigMF side file of a few samples. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/format.h"
#include "format/sigmf.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *text, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *text, size_t num_bytes, size_t max_bytes);

enum { DATA_BYTES = 1000 };

static char side_path[64];
static sv_buffer *side;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static sv_segment look_at(const sv_recording *recording, int64_t index)
{
    sv_segment segment;
    sv_channel channel;
    require(sv_recording_segment(recording, index, &segment) == SV_OK);
    require(sv_recording_channel(recording, index, segment.num_channels - 1, &channel) == SV_OK);
    require(segment.num_channels > 0 && segment.num_samples > 0);
    require(segment.num_channels <= DATA_BYTES && segment.num_samples <= DATA_BYTES);
    require(segment.sample_rate > 0.0);
    int64_t last[] = {segment.num_channels - 1, segment.num_samples - 1};
    sv_scalar sample;
    require(sv_view_get(&segment.samples, last, &sample, NULL) == SV_OK);
    return segment;
}

/* Samples are taken once at most, in the order of the file. */
static void look_at_all(const sv_recording *recording)
{
    int64_t end = 0;
    require(sv_recording_num_segments(recording) > 0);
    for (int64_t i = 0; i < sv_recording_num_segments(recording); i++) {
        sv_segment segment = look_at(recording, i);
        require(segment.data_offset >= end);
        end = segment.data_offset + sv_view_nbytes(&segment.samples);
    }
    require(end <= DATA_BYTES);
}

static void open_with_side_file(sv_type type)
{
    static const unsigned char samples[DATA_BYTES] = {1, 2, 3, 4, 5, 6, 7};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(type, SV_BIG_ENDIAN);
    sv_source source = {"quake.bin", "quake.bin", side_path, &options};
    sv_buffer *buffer;
    sv_recording *recording;
    sv_error error;
    require(sv_buffer_borrow_const(samples, sizeof samples, &buffer, NULL) == SV_OK);
    if (sv_recording_of_buffer(&source, buffer, NULL, &recording, &error) == SV_OK) {
        look_at_all(recording);
        require(sv_recording_close(recording) == SV_OK);
    } else {
        require(error.message[0] != '\0');
        require(sv_buffer_close(buffer) == SV_OK);
    }
}

/* The side file is read by its path: one in memory, made anew for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t num_bytes)
{
    if (ftruncate(sv_buffer_fd(side), 0) != 0 ||
        pwrite(sv_buffer_fd(side), text, num_bytes, 0) != (ssize_t)num_bytes) {
        return 0;
    }
    sv_sigmf meta;
    if (sv_sigmf_parse((const char *)text, num_bytes, &meta, NULL) == SV_OK) {
        sv_sigmf_free(&meta);
    }
    open_with_side_file(SV_TYPE_NONE);
    open_with_side_file(SV_I2);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    require(sv_buffer_memfd("side", 1, &side, NULL) == SV_OK);
    snprintf(side_path, sizeof side_path, "/proc/self/fd/%d", sv_buffer_fd(side));
    return 0;
}

/* Every other change puts a member or a value at the end of something; random bytes would hardly
 * make one. */
size_t LLVMFuzzerCustomMutator(uint8_t *text, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    static const char *const words[] = {
        "{\"global\": {\"core:datatype\": \"ri16_be\"}, \"captures\": []}",
        ",{\"core:sample_start\": 40, \"core:datetime\": \"2026-01-31T12:00:00.5Z\"}",
        ",{\"core:sample_start\": 50, \"core:header_bytes\": 20}",
        "{\"core:sample_start\": 10}",
        ",\"core:num_channels\": 3",
        ",\"core:sample_rate\": 100",
        ",\"core:trailing_bytes\": 5",
        ",\"core:offset\": 10",
        ",\"core:dataset\": \"quake.bin\"",
        "rf32_le",
        "ru8",
        "cf32_le",
        "9223372036854775807",
    };
    enum { NUM_WORDS = sizeof words / sizeof words[0] };
    const char *word = words[num_bytes == 0 ? 0 : seed / 2 % NUM_WORDS];
    size_t length = strlen(word);
    if ((seed % 2 == 0 || num_bytes == 0) && num_bytes + length <= max_bytes) {
        size_t place = seed / 2 / NUM_WORDS % (num_bytes + 1);
        while (place < num_bytes && text[place] != '}' && text[place] != ']') {
            place++;
        }
        memmove(text + place + length, text + place, num_bytes - place);
        memcpy(text + place, word, length);
        return num_bytes + length;
    }
    return LLVMFuzzerMutate(text, num_bytes, max_bytes);
}
