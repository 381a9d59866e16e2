/* libFuzzer target: any bytes as a sound file. The bytes are borrowed, not mapped, so that the
 * sanitizer sees every byte that is read past their end. */
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>

#include "../unit/sound_file.h"
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

/* ---- what must hold ---------------------------------------------------------------------- */

static void read_samples(const sv_recording *recording, const sv_segment *segment)
{
    enum { MOST_SAMPLES = 200000 };
    sv_reader *reader;
    require(sv_reader_open(recording, 0, &reader, NULL) == SV_OK);
    for (int64_t first = 0; first < segment->num_samples && first < MOST_SAMPLES;) {
        sv_view samples = {.ndim = 0};
        double sample;
        sv_error error;
        sv_status status = sv_reader_read(reader, first, 5000, &samples, &error);
        require(status == SV_OK || status == SV_FORMAT);
        require(samples.shape[1] >= 1 && samples.shape[1] <= 5000);
        int64_t last[] = {segment->num_channels - 1, samples.shape[1] - 1};
        require(status == SV_FORMAT || sv_view_get_f8(&samples, last, &sample, NULL) == SV_OK);
        first += samples.shape[1];
    }
    sv_reader_close(reader);
}

static void look_at(const sv_recording *recording, size_t num_bytes)
{
    sv_segment segment;
    sv_channel channel;
    require(sv_recording_num_segments(recording) == 1);
    require(sv_recording_segment(recording, 0, &segment) == SV_OK);
    require(segment.num_channels >= 1 && segment.num_samples >= 0);
    require(sv_recording_channel(recording, 0, segment.num_channels - 1, &channel) == SV_OK);
    require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate));
    int64_t itemsize = (int64_t)sv_dtype_itemsize(segment.samples.dtype);
    require(!segment.in_place ||
            segment.num_samples * segment.num_channels * itemsize <= (int64_t)num_bytes);
    read_samples(recording, &segment);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "sound";
    sv_source source = {"a.wav", "a.wav", NULL, &options};
    sv_buffer *buffer;
    sv_recording *recording;
    sv_error error;
    require(sv_buffer_borrow_const(bytes, num_bytes, &buffer, NULL) == SV_OK);
    if (sv_recording_of_buffer(&source, buffer, NULL, &recording, &error) == SV_OK) {
        look_at(recording, num_bytes);
        require(sv_recording_close(recording) == SV_OK);
    } else {
        require(error.message[0] != '\0');
        require(sv_buffer_close(buffer) == SV_OK);
    }
    return 0;
}

/* ---- what it begins with ----------------------------------------------------------------- */

static const int formats[] = {
    SF_FORMAT_WAV | SF_FORMAT_PCM_U8,    SF_FORMAT_WAV | SF_FORMAT_ULAW,
    SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
    SF_FORMAT_WAV | SF_FORMAT_GSM610,    SF_FORMAT_WAV | SF_FORMAT_NMS_ADPCM_16,
    SF_FORMAT_WAVEX | SF_FORMAT_FLOAT,   SF_FORMAT_RF64 | SF_FORMAT_PCM_24,
    SF_FORMAT_W64 | SF_FORMAT_DOUBLE,    SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM,
    SF_FORMAT_AIFF | SF_FORMAT_DWVW_16,  SF_FORMAT_AU | SF_FORMAT_G723_40,
    SF_FORMAT_CAF | SF_FORMAT_ALAC_24,   SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
    SF_FORMAT_FLAC | SF_FORMAT_PCM_24,   SF_FORMAT_OGG | SF_FORMAT_VORBIS,
    SF_FORMAT_OGG | SF_FORMAT_OPUS,      SF_FORMAT_AVR | SF_FORMAT_PCM_16,
    SF_FORMAT_HTK | SF_FORMAT_PCM_16,    SF_FORMAT_IRCAM | SF_FORMAT_FLOAT,
    SF_FORMAT_MAT4 | SF_FORMAT_PCM_16,   SF_FORMAT_MAT5 | SF_FORMAT_FLOAT,
    SF_FORMAT_MPC2K | SF_FORMAT_PCM_16,  SF_FORMAT_NIST | SF_FORMAT_PCM_16,
    SF_FORMAT_PAF | SF_FORMAT_PCM_16,    SF_FORMAT_PVF | SF_FORMAT_PCM_16,
    SF_FORMAT_SVX | SF_FORMAT_PCM_16,    SF_FORMAT_VOC | SF_FORMAT_PCM_U8,
    SF_FORMAT_WVE | SF_FORMAT_ALAW,      SF_FORMAT_XI | SF_FORMAT_DPCM_16,
};

enum { NUM_FORMATS = sizeof formats / sizeof formats[0], NUM_MADE = 6 };

struct memory {
    unsigned char bytes[1 << 16];
    sf_count_t num_bytes, at;
};

static sf_count_t answer_size(void *context)
{
    return ((struct memory *)context)->num_bytes;
}

static sf_count_t answer_seek(sf_count_t offset, int whence, void *context)
{
    struct memory *memory = context;
    memory->at = offset + (whence == SEEK_CUR   ? memory->at
                           : whence == SEEK_END ? memory->num_bytes
                                                : 0);
    return memory->at;
}

static sf_count_t answer_read(void *bytes, sf_count_t count, void *context)
{
    struct memory *memory = context;
    count = count < memory->num_bytes - memory->at ? count : memory->num_bytes - memory->at;
    memcpy(bytes, memory->bytes + memory->at, (size_t)count);
    memory->at += count;
    return count;
}

static sf_count_t answer_write(const void *bytes, sf_count_t count, void *context)
{
    struct memory *memory = context;
    require(memory->at + count <= (sf_count_t)sizeof memory->bytes);
    memcpy(memory->bytes + memory->at, bytes, (size_t)count);
    memory->at += count;
    memory->num_bytes = memory->at > memory->num_bytes ? memory->at : memory->num_bytes;
    return count;
}

static sf_count_t answer_tell(void *context)
{
    return ((struct memory *)context)->at;
}

static size_t write_sound(int format, unsigned seed, uint8_t *bytes, size_t max_bytes)
{
    static struct memory memory;
    SF_VIRTUAL_IO functions = {answer_size, answer_seek, answer_read, answer_write, answer_tell};
    SF_INFO info = {.samplerate = 48000, .channels = 1, .format = format};
    memory.num_bytes = memory.at = 0;
    SNDFILE *file = sf_open_virtual(&functions, SFM_WRITE, &info, &memory);
    require(file != NULL);
    for (unsigned i = 0; i < 1500; i++) {
        int sample = (int)(seed = seed * 1103515245 + 12345) / 64;
        require(sf_writef_int(file, &sample, 1) == 1);
    }
    sf_close(file);
    size_t num_bytes = (size_t)memory.num_bytes < max_bytes ? (size_t)memory.num_bytes : max_bytes;
    memcpy(bytes, memory.bytes, num_bytes);
    return num_bytes;
}

static size_t make_sound(unsigned kind, uint8_t *bytes, size_t max_bytes)
{
    static const unsigned char data[64] = {1, 2, 3};
    struct sound_file file = kind == 0   ? make_counting_wav(16)
                             : kind == 1 ? make_rf64(data, 64, 64)
                             : kind == 2 ? make_w64(data, 64, 64)
                             : kind == 3 ? make_aiff(16, data, 64)
                             : kind == 4 ? make_au(true, 3, data, 64)
                                         : make_caf(data, 64);
    size_t num_bytes = file.num_bytes < max_bytes ? file.num_bytes : max_bytes;
    memcpy(bytes, file.bytes, num_bytes);
    return num_bytes;
}

/* Random bytes are hardly ever a sound file: short inputs become one before anything is changed. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    unsigned kind = seed / 64 % (NUM_MADE + NUM_FORMATS);
    if (num_bytes < 60 || seed % 64 == 0) {
        num_bytes = kind < NUM_MADE ? make_sound(kind, bytes, max_bytes)
                                    : write_sound(formats[kind - NUM_MADE], seed, bytes, max_bytes);
    }
    return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
}
