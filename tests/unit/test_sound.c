/* Sound files: what is read in place and what is decoded, in all encodings that libsndfile writes;
 * headers that lie, files that are cut or damaged. */
#include <math.h>
#include <sndfile.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "format/format.h"
#include "random.h"
#include "scratch.h"
#include "sound_file.h"

enum { MANY_FRAMES = 30000 };

static const char *write_file(const struct sound_file *file)
{
    return write_scratch("quake.wav", file->bytes, file->num_bytes);
}

static sv_segment open_only(const char *path, sv_recording **recording)
{
    *recording = open_good(path, NULL);
    ck_assert_str_eq(sv_recording_format(*recording), "sound");
    ck_assert_int_eq(sv_recording_num_segments(*recording), 1);
    ck_assert_int_eq(sv_recording_num_gaps(*recording), 0);
    return segment_of(*recording, 0);
}

static sv_segment open_file(const struct sound_file *file, sv_recording **recording)
{
    return open_only(write_file(file), recording);
}

static const char *dtype_of(const sv_segment *segment)
{
    static char text[SV_DTYPE_TEXT_SIZE];
    return sv_dtype_text(segment->samples.dtype, text);
}

/* ---- written by libsndfile --------------------------------------------------------------- */

static int noise[2 * MANY_FRAMES];

/* Integers of 32 bits, louder and softer, that libsndfile makes into any encoding. */
static void make_noise(void)
{
    struct random random = {7};
    for (int i = 0; i < 2 * MANY_FRAMES; i++) {
        noise[i] = (int32_t)(uint32_t)random_bits(&random) >> (i / 4096 % 5 + 4);
    }
}

/* False: libsndfile does not write this format. */
static bool write_sound(const char *path, int format, int num_channels, int num_frames)
{
    bool is_opus = (format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS;
    if ((format & SF_FORMAT_SUBMASK) == SF_FORMAT_ALAC_20 && num_channels == 2) {
        return false; /* libsndfile garbles it while writing */
    }
    if ((format & ~SF_FORMAT_ENDMASK) == (SF_FORMAT_PAF | SF_FORMAT_PCM_24)) {
        return false; /* and this one while reading */
    }
    SF_INFO info = {.samplerate = is_opus ? 48000 : 8000, .channels = num_channels};
    info.format = format;
    SNDFILE *file = sf_format_check(&info) ? sf_open(path, SFM_WRITE, &info) : NULL;
    if (file == NULL) {
        return false;
    }
    bool written = sf_writef_int(file, noise, num_frames) == num_frames;
    return sf_close(file) == 0 && written;
}

static const int containers[] = {SF_FORMAT_WAV,  SF_FORMAT_WAVEX, SF_FORMAT_RF64,  SF_FORMAT_W64,
                                 SF_FORMAT_AIFF, SF_FORMAT_AU,    SF_FORMAT_CAF,   SF_FORMAT_FLAC,
                                 SF_FORMAT_OGG,  SF_FORMAT_AVR,   SF_FORMAT_HTK,   SF_FORMAT_IRCAM,
                                 SF_FORMAT_MAT4, SF_FORMAT_MAT5,  SF_FORMAT_MPC2K, SF_FORMAT_NIST,
                                 SF_FORMAT_PAF,  SF_FORMAT_PVF,   SF_FORMAT_SVX,   SF_FORMAT_VOC,
                                 SF_FORMAT_WVE,  SF_FORMAT_XI};

enum { NUM_CONTAINERS = sizeof containers / sizeof containers[0] };

/* What libsndfile decodes of the whole file, in order, as float64: integers shifted back. */
struct decoded {
    int64_t num_frames;
    int num_channels;
    bool is_float;
    double *samples;
};

static int bits_below(int code)
{
    switch (code) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_DPCM_8:
    case SF_FORMAT_PCM_U8: return 24;
    case SF_FORMAT_DWVW_12: return 20;
    case SF_FORMAT_ALAC_20: return 12;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_DWVW_24:
    case SF_FORMAT_ALAC_24: return 8;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32: return 0;
    default: return 16;
    }
}

static bool is_float(int code)
{
    return code == SF_FORMAT_FLOAT || code == SF_FORMAT_DOUBLE || code == SF_FORMAT_VORBIS ||
           code == SF_FORMAT_OPUS;
}

static struct decoded decode_all(const char *path)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    ck_assert_ptr_nonnull(file);
    int code = info.format & SF_FORMAT_SUBMASK;
    int64_t num_samples = info.frames * info.channels;
    struct decoded decoded = {.num_channels = info.channels, .is_float = is_float(code)};
    decoded.samples = calloc((size_t)num_samples + 1, sizeof *decoded.samples);
    if (decoded.is_float) {
        decoded.num_frames = sf_readf_double(file, decoded.samples, info.frames);
    } else {
        int *samples = calloc((size_t)num_samples + 1, sizeof *samples);
        decoded.num_frames = sf_readf_int(file, samples, info.frames);
        for (int64_t i = 0; i < num_samples; i++) {
            int shifted = samples[i] >> bits_below(code);
            decoded.samples[i] = code == SF_FORMAT_PCM_U8 ? shifted + 128 : shifted;
        }
        free(samples);
    }
    ck_assert_int_eq(decoded.num_frames, info.frames);
    ck_assert_int_eq(sf_close(file), 0);
    return decoded;
}

static void compare(const char *what, const sv_view *samples, const struct decoded *decoded,
                    int64_t first)
{
    for (int64_t i = 0; i < samples->shape[1]; i++) {
        for (int64_t row = 0; row < samples->shape[0]; row++) {
            double value = NAN;
            sv_view_get_f8(samples, (int64_t[]){row, i}, &value, NULL);
            double expected = decoded->samples[(first + i) * decoded->num_channels + row];
            if (decoded->is_float && samples->dtype.type == SV_F4) {
                expected = (float)expected;
            }
            if (value != expected) {
                ck_abort_msg("%s: sample %d of channel %d is %.17g instead of %.17g", what,
                             (int)(first + i), (int)row, value, expected);
            }
        }
    }
}

/* Reads [first, first + count) in as many pieces as it takes. */
static void read_and_compare(const char *what, sv_reader *reader, const struct decoded *decoded,
                             int64_t first, int64_t count)
{
    while (count > 0) {
        sv_view samples;
        sv_error error = {.message = ""};
        sv_status status = sv_reader_read(reader, first, count, &samples, &error);
        ck_assert_msg(status == SV_OK, "%s: %s", what, error.message);
        ck_assert(samples.shape[1] >= 1 && samples.shape[1] <= count);
        ck_assert(samples.readonly);
        compare(what, &samples, decoded, first);
        first += samples.shape[1];
        count -= samples.shape[1];
    }
}

typedef void with_sound(const char *what, int format, const char *path);

/* Every format that libsndfile writes. Returns how many. */
static int for_all_sounds(int num_frames, with_sound *use)
{
    int count = 0;
    for (size_t i = 0; i < NUM_CONTAINERS; i++) {
        for (int code = 1; code < SF_FORMAT_MPEG_LAYER_I; code++) {
            for (int variant = 0; variant < 6; variant++) {
                int order = (int[]){SF_ENDIAN_FILE, SF_ENDIAN_LITTLE, SF_ENDIAN_BIG}[variant % 3];
                int format = containers[i] | code | order;
                char what[64];
                snprintf(what, sizeof what, "format %x on %d channels", (unsigned)format,
                         variant / 3 + 1);
                const char *path = scratch_path("sound");
                if (write_sound(path, format, variant / 3 + 1, num_frames)) {
                    use(what, format, path);
                    count++;
                }
            }
        }
    }
    return count;
}

/* ---- in place ---------------------------------------------------------------------------- */

static bool is_plain(int format)
{
    return (format & SF_FORMAT_SUBMASK) <= SF_FORMAT_DOUBLE &&
           (format & SF_FORMAT_TYPEMASK) != SF_FORMAT_FLAC;
}

static void check_place(const char *what, int format, const char *path)
{
    sv_recording *recording;
    sv_segment segment = open_only(path, &recording);
    ck_assert_msg(segment.in_place == is_plain(format), "%s: in place: %d", what, segment.in_place);
    ck_assert(segment.complete);
    no_warning(recording);
    if (segment.in_place) {
        struct decoded decoded = decode_all(path);
        const sv_buffer *buffer = sv_recording_buffer(recording);
        ck_assert_int_eq(segment.num_samples, decoded.num_frames);
        ck_assert_ptr_eq(segment.samples.address,
                         (const char *)sv_buffer_data(buffer) + segment.data_offset);
        compare(what, &segment.samples, &decoded, 0);
        free(decoded.samples);
    } else {
        ck_assert_int_eq(segment.data_offset, -1);
        ck_assert_int_eq(sv_view_check(&segment.samples), SV_STALE);
    }
    close_good(recording);
}

START_TEST(what_is_not_encoded_is_read_in_place)
{
    ck_assert_int_ge(for_all_sounds(777, check_place), 200);
}
END_TEST

START_TEST(pcm_is_as_it_is_stored)
{
    static const struct {
        uint16_t bits;
        const char *dtype;
        unsigned char bytes[8];
        double values[8];
        int count;
    } cases[] = {
        {8, "u1", {0, 1, 127, 128, 255}, {0, 1, 127, 128, 255}, 5},
        {16, "<i2", {0, 0x80, 0xFF, 0x7F, 0xFF, 0xFF}, {-32768, 32767, -1}, 3},
        {24, "<i3", {0, 0, 0x80, 0xFF, 0xFF, 0x7F}, {-8388608, 8388607}, 2},
        {32, "<i4", {0, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0x7F}, {-2147483648.0, 2147483647}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wav wav = {.code = 1, .channels = 1, .bits = cases[i].bits, .rate = 250};
        struct sound_file file =
            make_wav(wav, cases[i].bytes, (size_t)(cases[i].count * cases[i].bits / 8));
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        ck_assert_str_eq(dtype_of(&segment), cases[i].dtype);
        ck_assert(segment.in_place);
        ck_assert_int_eq(segment.data_offset, 44);
        ck_assert_int_eq(segment.num_samples, cases[i].count);
        ck_assert_double_eq(segment.sample_rate, 250.0);
        for (int sample = 0; sample < cases[i].count; sample++) {
            ck_assert_double_eq(sample_at(&segment, 0, sample), cases[i].values[sample]);
        }
        close_good(recording);
    }
}
END_TEST

START_TEST(floats_keep_every_bit)
{
    static const uint32_t bits[] = {0x00000000, 0x80000000, 0x7F800000, 0xFF800000,
                                    0x7FC01234, 0x00000001, 0x7F7FFFFF, 0x42F6E979};
    for (int is_big = 0; is_big < 2; is_big++) {
        struct sound_file data = {.num_bytes = 0};
        for (size_t i = 0; i < 8; i++) {
            add_number(&data, is_big, 4, bits[i]);
        }
        struct wav wav = {.is_big = is_big, .code = 3, .channels = 1, .bits = 32, .rate = 40};
        struct sound_file file = make_wav(wav, data.bytes, data.num_bytes);
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        ck_assert(segment.in_place);
        ck_assert_str_eq(dtype_of(&segment), is_big ? ">f4" : "<f4");
        ck_assert_mem_eq(segment.samples.address, data.bytes, data.num_bytes);
        close_good(recording);
    }
}
END_TEST

START_TEST(eight_bits_have_a_sign_in_all_but_wav)
{
    static const unsigned char bytes[] = {0x80, 0xFF, 0x00, 0x7F};
    struct sound_file files[] = {make_aiff(8, bytes, 4), make_au(true, 2, bytes, 4),
                                 make_au(false, 2, bytes, 4)};
    for (int i = 0; i < 3; i++) {
        sv_recording *recording;
        sv_segment segment = open_file(&files[i], &recording);
        ck_assert(segment.in_place);
        ck_assert_str_eq(dtype_of(&segment), "i1");
        ck_assert_double_eq(sample_at(&segment, 0, 0), -128.0);
        ck_assert_double_eq(sample_at(&segment, 0, 3), 127.0);
        close_good(recording);
    }
}
END_TEST

START_TEST(silence_is_in_the_order_of_its_container)
{
    static const unsigned char zeros[64];
    struct wav wav = {.code = 1, .channels = 2, .bits = 16, .rate = 100};
    struct wav rifx = wav;
    rifx.is_big = true;
    struct sound_file files[] = {make_wav(wav, zeros, 64), make_wav(rifx, zeros, 64),
                                 make_aiff(16, zeros, 64), make_au(false, 3, zeros, 64)};
    static const char *const dtypes[] = {"<i2", ">i2", ">i2", "<i2"};
    for (int i = 0; i < 4; i++) {
        sv_recording *recording;
        sv_segment segment = open_file(&files[i], &recording);
        ck_assert(segment.in_place);
        ck_assert_str_eq(dtype_of(&segment), dtypes[i]);
        close_good(recording);
    }
}
END_TEST

/* ---- decoded ----------------------------------------------------------------------------- */

static void check_decoding(const char *what, int format, const char *path)
{
    if (is_plain(format)) {
        return;
    }
    struct decoded decoded = decode_all(path);
    struct random random = {(uint64_t)format};
    sv_recording *recording;
    sv_segment segment = open_only(path, &recording);
    sv_reader *reader;
    ck_assert_int_eq(segment.num_samples, decoded.num_frames);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    read_and_compare(what, reader, &decoded, 0, decoded.num_frames);
    for (int i = 0; i < 20; i++) {
        int64_t first = (int64_t)random_below(&random, (uint64_t)decoded.num_frames);
        int64_t count = (int64_t)random_below(&random, 3000) + 1;
        count = first + count > decoded.num_frames ? decoded.num_frames - first : count;
        read_and_compare(what, reader, &decoded, first, count);
    }
    read_and_compare(what, reader, &decoded, decoded.num_frames - 1, 1);
    read_and_compare(what, reader, &decoded, 0, 1);
    sv_reader_close(reader);
    close_good(recording);
    free(decoded.samples);
}

/* As if it had been decoded in order, whatever the order in which it is asked for. */
START_TEST(what_is_encoded_is_the_same_in_any_order_of_reading)
{
    for_all_sounds(MANY_FRAMES, check_decoding);
}
END_TEST

START_TEST(lossless_encodings_hold_the_samples_that_were_written)
{
    static const struct {
        int format, shift;
        const char *dtype;
        int num_channels;
    } cases[] = {
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_S8, 24, "i1", 2},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16, "<i2", 2},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 8, "<i3", 2},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 16, "<i2", 2},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_20, 12, "<i3", 1},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_24, 8, "<i3", 2},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_32, 0, "<i4", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = scratch_path("sound");
        ck_assert(write_sound(path, cases[i].format, cases[i].num_channels, MANY_FRAMES));
        sv_recording *recording;
        sv_segment segment = open_only(path, &recording);
        ck_assert_str_eq(dtype_of(&segment), cases[i].dtype);
        ck_assert(!segment.in_place);
        struct decoded written = {.num_frames = MANY_FRAMES, .num_channels = cases[i].num_channels};
        written.samples = calloc(2 * MANY_FRAMES, sizeof *written.samples);
        for (int sample = 0; sample < 2 * MANY_FRAMES; sample++) {
            written.samples[sample] = noise[sample] >> cases[i].shift;
        }
        sv_reader *reader;
        ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
        read_and_compare(cases[i].dtype, reader, &written, 0, MANY_FRAMES);
        sv_reader_close(reader);
        close_good(recording);
        free(written.samples);
    }
}
END_TEST

START_TEST(readers_do_not_disturb_one_another)
{
    static const int formats[] = {SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_OGG | SF_FORMAT_VORBIS};
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path("sound");
        ck_assert(write_sound(path, formats[i], 2, MANY_FRAMES));
        struct decoded decoded = decode_all(path);
        sv_recording *recording = open_good(path, NULL);
        sv_reader *readers[4];
        for (int r = 0; r < 4; r++) {
            ck_assert_int_eq(sv_reader_open(recording, 0, &readers[r], NULL), SV_OK);
        }
        for (int64_t first = 0; first + 2000 < MANY_FRAMES; first += 1999) {
            read_and_compare("in turn", readers[first % 4], &decoded, first, 2000);
        }
        for (int r = 0; r < 4; r++) {
            sv_reader_close(readers[r]);
        }
        /* What was closed is used again, wherever it stands. */
        ck_assert_int_eq(sv_reader_open(recording, 0, &readers[0], NULL), SV_OK);
        read_and_compare("again", readers[0], &decoded, 5, 100);
        sv_reader_close(readers[0]);
        close_good(recording);
        free(decoded.samples);
    }
}
END_TEST

START_TEST(a_reader_answers_within_the_segment_alone)
{
    const char *path = scratch_path("sound");
    ck_assert(write_sound(path, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, 5000));
    sv_recording *recording = open_good(path, NULL);
    sv_reader *reader;
    sv_view samples;
    ck_assert_int_eq(sv_reader_open(recording, 1, &reader, NULL), SV_RANGE);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 5000, 1, &samples, NULL), SV_RANGE);
    ck_assert_int_eq(sv_reader_read(reader, -1, 1, &samples, NULL), SV_RANGE);
    ck_assert_int_eq(sv_reader_read(reader, 0, 0, &samples, NULL), SV_RANGE);
    ck_assert_int_eq(sv_reader_read(reader, 4990, INT64_MAX, &samples, NULL), SV_OK);
    ck_assert_int_eq(samples.shape[1], 10);
    sv_reader_close(reader);
    close_good(recording);
}
END_TEST

/* ---- clock, ids, options ----------------------------------------------------------------- */

START_TEST(there_is_a_rate_and_neither_start_nor_id)
{
    struct sound_file file = make_counting_wav(10);
    sv_recording *recording;
    sv_segment segment = open_file(&file, &recording);
    ck_assert_double_eq(segment.sample_rate, 100.0);
    ck_assert_int_eq(segment.start, SV_TIME_NONE);
    ck_assert_int_eq(sv_recording_start(recording), SV_TIME_NONE);
    ck_assert_int_eq(segment.num_channels, 2);
    ck_assert_int_eq(segment.samples.strides[0], 2);
    ck_assert_int_eq(segment.samples.strides[1], 4);
    ck_assert_double_eq(sample_at(&segment, 0, 9), 9.0);
    ck_assert_double_eq(sample_at(&segment, 1, 9), -9.0);
    for (int64_t row = 0; row < 2; row++) {
        sv_channel channel;
        ck_assert_int_eq(sv_recording_channel(recording, 0, row, &channel), SV_OK);
        ck_assert(!channel.has_id);
        ck_assert_int_eq(channel.number, row);
        ck_assert_int_eq(channel.start, SV_TIME_NONE);
        ck_assert_str_eq(channel.unit, "");
    }
    no_warning(recording);
    close_good(recording);
}
END_TEST

START_TEST(rates_keep_their_fraction_where_the_header_has_one)
{
    static const unsigned char data[8] = {1, 2, 3, 4};
    struct sound_file files[] = {make_aiff(16, data, 8), make_caf(data, 8)};
    for (int i = 0; i < 2; i++) {
        sv_recording *recording;
        ck_assert_double_eq(open_file(&files[i], &recording).sample_rate, 62.5);
        close_good(recording);
    }
}
END_TEST

START_TEST(options_win_over_the_header)
{
    struct sound_file file = make_counting_wav(10);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 12.5;
    options.start = time_of("2026-01-31T12:00:00Z");
    sv_recording *recording = open_good(write_file(&file), &options);
    sv_channel channel;
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 12.5);
    ck_assert_int_eq(segment_of(recording, 0).start, options.start);
    ck_assert_int_eq(sv_recording_start(recording), options.start);
    ck_assert_int_eq(sv_recording_channel(recording, 0, 1, &channel), SV_OK);
    ck_assert_int_eq(channel.start, options.start);
    close_good(recording);
}
END_TEST

START_TEST(options_of_raw_samples_are_refused)
{
    struct sound_file file = make_counting_wav(10);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = 2;
    open_bad(write_file(&file), &options, SV_INVALID, "for raw samples");
    options.format = "raw";
    sv_recording *recording = open_good(write_file(&file), &options);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    close_good(recording);
}
END_TEST

START_TEST(magic_numbers_of_other_forms_are_not_taken)
{
    struct sound_file file = make_counting_wav(10);
    memcpy(file.bytes + 8, "AVI ", 4);
    open_bad(write_scratch("a", file.bytes, file.num_bytes), NULL, SV_FORMAT, "neither its");
    file = make_aiff(16, file.bytes, 20);
    memcpy(file.bytes + 8, "ILBM", 4);
    open_bad(write_scratch("a", file.bytes, file.num_bytes), NULL, SV_FORMAT, "neither its");
    file = make_au(true, 3, file.bytes, 20);
    put_number(&file, AU_DATA_START, true, 4, 3);
    open_bad(write_scratch("a", file.bytes, file.num_bytes), NULL, SV_FORMAT, "neither its");
    file = make_w64(file.bytes, 20, 20);
    file.bytes[30] ^= 1;
    open_bad(write_scratch("a", file.bytes, file.num_bytes), NULL, SV_FORMAT, "neither its");
}
END_TEST

/* libsndfile reads some of these, and now and then talks about it. */
START_TEST(other_sound_files_are_refused)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "sound";
    static const struct {
        const char *name, *bytes;
        size_t num_bytes;
        sv_status status;
        const char *words;
    } cases[] = {
        {"a", "ID3\4", 4, SV_UNSUPPORTED, "MP3 is not read"},
        {"a.mp3", "\xFF\xFB\x90\x64", 4, SV_UNSUPPORTED, "MP3 is not read"},
        {"a", "\xFF\xFB\x90\x64", 4, SV_FORMAT, "does not begin as a sound file"},
        {"a", "\xF0\x7E\x00\x01xxxxxxxxxxxxxxxx\xF7", 21, SV_UNSUPPORTED, "a MIDI sample dump"},
        {"a", "\xF0\x7E\x00\x01xxxxxxxxxxxxxxxxx", 21, SV_FORMAT, "does not begin as a sound file"},
        {"a", "\x64\xA3\1\0\0\0\0\0\0\1\1\0", 12, SV_FORMAT, "does not begin as a sound file"},
        {"a", "ID3 = 7", 7, SV_FORMAT, "does not begin as a sound file"},
        {"a.sds", "1", 1, SV_UNSUPPORTED, "a MIDI sample dump"},
        {"a.sd2", "1", 1, SV_UNSUPPORTED, "resource fork"},
        {"a", "NIST_1B", 7, SV_FORMAT, "does not begin as a sound file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = write_scratch(cases[i].name, cases[i].bytes, cases[i].num_bytes);
        open_bad(path, &options, cases[i].status, cases[i].words);
    }
    static const uint16_t codes[] = {0x50, 0x55};
    for (int i = 0; i < 4; i++) {
        struct wav wav = {
            .is_big = i >= 2, .code = codes[i % 2], .channels = 1, .bits = 16, .rate = 100};
        struct sound_file file = make_wav(wav, "12345678", 8);
        open_bad(write_file(&file), NULL, SV_UNSUPPORTED, "MP3 frames");
    }
}
END_TEST

/* Where their headers count the samples. */
START_TEST(rare_containers_know_what_is_missing)
{
    static const int formats[] = {
        SF_FORMAT_AVR | SF_FORMAT_PCM_16,  SF_FORMAT_NIST | SF_FORMAT_PCM_16,
        SF_FORMAT_NIST | SF_FORMAT_ULAW,   SF_FORMAT_SVX | SF_FORMAT_PCM_16,
        SF_FORMAT_SVX | SF_FORMAT_PCM_S8,  SF_FORMAT_WVE | SF_FORMAT_ALAW,
        SF_FORMAT_MAT4 | SF_FORMAT_DOUBLE, SF_FORMAT_MAT4 | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const char *path = scratch_path("sound");
        ck_assert(write_sound(path, formats[i], 1, 500));
        sv_recording *recording;
        sv_segment segment = open_only(path, &recording);
        ck_assert(segment.complete);
        ck_assert_int_eq(segment.num_samples, 500);
        int64_t num_bytes = sv_recording_size_bytes(recording);
        close_good(recording);
        ck_assert_int_eq(truncate(path, num_bytes - 80), 0);
        segment = open_only(path, &recording);
        ck_assert_msg(!segment.complete, "format %x", (unsigned)formats[i]);
        ck_assert(segment.num_samples < 500 && segment.num_samples >= 420);
        ck_assert_ptr_nonnull(sv_recording_warning(recording, 0));
        close_good(recording);
    }
}
END_TEST

START_TEST(what_libsndfile_garbles_is_refused)
{
    SF_INFO info = {.samplerate = 100, .channels = 1, .format = SF_FORMAT_PAF | SF_FORMAT_PCM_24};
    const char *path = scratch_path("sound");
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    ck_assert_int_eq(sf_writef_int(file, noise, 100), 100);
    ck_assert_int_eq(sf_close(file), 0);
    open_bad(path, NULL, SV_UNSUPPORTED, "not read; convert it to WAV");
}
END_TEST

START_TEST(the_rate_of_htk_has_its_fraction)
{
    static const unsigned char bytes[] = {0, 0, 0, 2, 0, 0x3D, 9, 1, 0, 2, 0, 0, 0, 1, 0xFF, 0xFF};
    sv_recording *recording;
    sv_segment segment = open_only(write_scratch("a", bytes, sizeof bytes), &recording);
    ck_assert_double_eq(segment.sample_rate, 1e7 / 4000001);
    ck_assert_double_eq(sample_at(&segment, 0, 0), 1.0);
    ck_assert_double_eq(sample_at(&segment, 0, 1), -1.0);
    close_good(recording);
}
END_TEST

/* ---- headers that lie -------------------------------------------------------------------- */

static void expect_counting(const sv_segment *segment, int64_t num_samples)
{
    ck_assert_int_eq(segment->num_samples, num_samples);
    ck_assert(segment->in_place);
    for (int64_t i = 0; i < num_samples; i++) {
        ck_assert_double_eq(sample_at(segment, 0, i), (double)i);
        ck_assert_double_eq(sample_at(segment, 1, i), (double)-i);
    }
}

START_TEST(fewer_samples_than_stated_are_incomplete)
{
    struct sound_file file = make_counting_wav(100);
    for (size_t cut = 1; cut <= 400; cut += 57) {
        file.num_bytes = WAV_DATA + 400 - cut;
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        expect_counting(&segment, (int64_t)(400 - cut) / 4);
        ck_assert(!segment.complete);
        one_warning(recording, "of the 100 samples of each channel that its header states");
        close_good(recording);
    }
}
END_TEST

static void expect_missing(const struct sound_file *file, int64_t num_samples, const char *words)
{
    sv_recording *recording;
    sv_segment segment = open_file(file, &recording);
    ck_assert_int_eq(segment.num_samples, num_samples);
    ck_assert(!segment.complete);
    one_warning(recording, words);
    close_good(recording);
}

START_TEST(every_container_knows_what_is_missing)
{
    static const unsigned char data[200] = {1, 2, 3, 4};
    struct sound_file file = make_rf64(data, 200, UINT64_C(1) << 40);
    expect_missing(&file, 100, "549755813788 of the 549755813888 samples");
    file = make_w64(data, 200, 1000);
    expect_missing(&file, 100, "400 of the 500 samples");
    file = make_w64(data, 200, INT64_MAX - 1000);
    expect_missing(&file, 100, "samples of each channel that its header states are missing");
    file = make_aiff(16, data, 200);
    file.num_bytes -= 50;
    expect_missing(&file, 75, "25 of the 100 samples");
    file = make_aiff(16, data, 200);
    put_number(&file, AIFF_FRAMES, true, 4, 150);
    expect_missing(&file, 100, "50 of the 150 samples");
    file = make_au(true, 3, data, 200);
    file.num_bytes -= 1;
    expect_missing(&file, 99, "1 of the 100 samples");
    file = make_caf(data, 200);
    file.num_bytes -= 100;
    expect_missing(&file, 50, "50 of the 100 samples");
}
END_TEST

START_TEST(encoded_samples_that_are_missing_are_told_in_bytes)
{
    static const unsigned char data[200] = {1, 2, 3, 4};
    struct wav wav = {.code = 7, .channels = 1, .bits = 8, .rate = 100};
    struct sound_file file = make_wav(wav, data, 200);
    file.num_bytes -= 20;
    expect_missing(&file, 180,
                   "states 200 bytes of encoded samples from byte 44 on, but the file ends at "
                   "byte 224");
}
END_TEST

START_TEST(an_unfinished_wav_has_what_is_there)
{
    static const uint32_t riff_sizes[] = {0, 36, UINT32_MAX, 0x7FFFF024};
    static const uint32_t data_sizes[] = {0, 0, UINT32_MAX, 0x7FFFF000};
    for (int i = 0; i < 4; i++) {
        struct sound_file file = make_counting_wav(100);
        put_number(&file, WAV_RIFF_SIZE, false, 4, riff_sizes[i]);
        put_number(&file, WAV_DATA_SIZE, false, 4, data_sizes[i]);
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        expect_counting(&segment, 100);
        ck_assert(segment.complete);
        one_warning(recording, "was not finished; the 100 of each channel");
        close_good(recording);
    }
}
END_TEST

START_TEST(unfinished_files_of_other_containers)
{
    unsigned char data[200] = {1, 2, 3, 4};
    struct sound_file files[] = {make_rf64(data, 200, 0), make_aiff(16, data, 200),
                                 make_aiff(16, data, 200), make_w64(data, 200, 0)};
    put_number(&files[0], RF64_RIFF_SIZE, false, 8, 0);
    put_number(&files[1], AIFF_DATA_SIZE, true, 4, 0x7F000008);
    put_number(&files[1], AIFF_FRAMES, true, 4, 0x7F000000 / 2);
    put_number(&files[2], AIFF_DATA_SIZE, true, 4, 0);
    put_number(&files[2], 4, true, 4, 0);
    for (int i = 0; i < 4; i++) {
        sv_recording *recording;
        sv_segment segment = open_file(&files[i], &recording);
        ck_assert_int_eq(segment.num_samples, 100);
        ck_assert(segment.complete && segment.in_place);
        ck_assert_double_eq(sample_at(&segment, 0, 1), i % 3 == 0 ? 1027.0 : 772.0);
        one_warning(recording, "was not finished");
        close_good(recording);
    }
}
END_TEST

/* Their standards allow it. */
START_TEST(au_and_caf_need_not_state_a_length)
{
    unsigned char data[200] = {1, 2, 3, 4};
    struct sound_file files[] = {make_au(true, 3, data, 200), make_caf(data, 200)};
    put_number(&files[0], AU_DATA_SIZE, true, 4, UINT32_MAX);
    put_number(&files[1], CAF_DATA_SIZE, true, 8, UINT64_MAX);
    for (int i = 0; i < 2; i++) {
        sv_recording *recording;
        sv_segment segment = open_file(&files[i], &recording);
        ck_assert_int_eq(segment.num_samples, 100);
        ck_assert(segment.complete && segment.in_place);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(an_unfinished_encoded_wav_is_decoded)
{
    const char *path = scratch_path("whole");
    ck_assert(write_sound(path, SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 1, 3000));
    struct decoded decoded = decode_all(path);
    static struct sound_file file;
    FILE *stream = fopen(path, "rb");
    file.num_bytes = fread(file.bytes, 1, sizeof file.bytes, stream);
    fclose(stream);
    put_number(&file, WAV_RIFF_SIZE, false, 4, 0);
    size_t size_byte = 0;
    while (memcmp(file.bytes + size_byte, "data", 4) != 0) {
        size_byte++;
    }
    put_number(&file, size_byte + 4, false, 4, 0);
    sv_recording *recording;
    sv_segment segment = open_file(&file, &recording);
    sv_reader *reader;
    ck_assert_int_eq(segment.num_samples, decoded.num_frames);
    one_warning(recording, "was not finished");
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    read_and_compare("IMA", reader, &decoded, 0, decoded.num_frames);
    sv_reader_close(reader);
    close_good(recording);
    free(decoded.samples);
}
END_TEST

START_TEST(no_samples_are_an_empty_segment)
{
    struct wav ulaw = {.code = 7, .channels = 1, .bits = 8, .rate = 100};
    struct sound_file files[] = {
        make_counting_wav(0), make_aiff(16, "", 0), make_au(true, 3, "", 0), make_caf("", 0),
        make_rf64("", 0, 0),  make_w64("", 0, 0),   make_wav(ulaw, "", 0)};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        sv_recording *recording;
        sv_segment segment = open_file(&files[i], &recording);
        ck_assert_int_eq(segment.num_samples, 0);
        ck_assert(segment.complete);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

/* Chunks behind the samples are no samples, also where there are none. */
START_TEST(chunks_behind_the_samples_are_passed_over)
{
    for (int num_frames = 0; num_frames <= 10; num_frames += 10) {
        struct sound_file file = make_counting_wav(num_frames);
        add_text(&file, "LIST");
        add_number(&file, false, 4, 14);
        add_text(&file, "INFOISFT");
        add_number(&file, false, 4, 2);
        add_text(&file, "me");
        put_number(&file, WAV_RIFF_SIZE, false, 4, file.num_bytes - 8);
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        expect_counting(&segment, num_frames);
        ck_assert(segment.complete);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(chunks_of_other_containers_state_nothing)
{
    static const char *const ids[] = {"COMM", "ds64", "desc"};
    for (int i = 0; i < 3; i++) {
        struct sound_file whole = make_counting_wav(10);
        struct sound_file file = {.num_bytes = 0};
        add_bytes(&file, whole.bytes, 36);
        add_text(&file, ids[i]);
        add_number(&file, false, 4, 28);
        add_bytes(&file, "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7", 28);
        add_bytes(&file, whole.bytes + 36, whole.num_bytes - 36);
        put_number(&file, WAV_RIFF_SIZE, false, 4, file.num_bytes - 8);
        sv_recording *recording;
        sv_segment segment = open_file(&file, &recording);
        expect_counting(&segment, 10);
        ck_assert(segment.complete);
        ck_assert_double_eq(segment.sample_rate, 100.0);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

/* ---- more than 4 GiB --------------------------------------------------------------------- */

enum { GIB_BYTES = 1 << 30 };

/* A file of holes with this head and a sample of value 5 at the end. */
static const char *write_long(const struct sound_file *head, int64_t data_bytes)
{
    const char *path = write_scratch("long", head->bytes, head->num_bytes);
    int fd = open(path, O_WRONLY);
    off_t end = (off_t)head->num_bytes + data_bytes;
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "\5\0", 2, end - 2), 2);
    ck_assert_int_eq(close(fd), 0);
    return path;
}

static void expect_long(const char *path, int64_t data_byte, int64_t num_samples)
{
    sv_recording *recording;
    sv_segment segment = open_only(path, &recording);
    ck_assert(segment.in_place && segment.complete);
    ck_assert_int_eq(segment.data_offset, data_byte);
    ck_assert_int_eq(segment.num_samples, num_samples);
    ck_assert_double_eq(sample_at(&segment, segment.num_channels - 1, num_samples - 1), 5.0);
    close_good(recording);
}

START_TEST(more_than_four_gib_are_read_in_place)
{
    int64_t data_bytes = INT64_C(5) * GIB_BYTES;
    struct sound_file rf64 = make_rf64("", 0, (uint64_t)data_bytes);
    struct sound_file w64 = make_w64("", 0, (uint64_t)data_bytes);
    expect_long(write_long(&rf64, data_bytes), RF64_DATA, data_bytes / 2);
    expect_long(write_long(&w64, data_bytes), W64_DATA, data_bytes / 2);
}
END_TEST

/* 32 bits cannot state it: a program that streams writes all ones, and goes on. */
START_TEST(an_unfinished_wav_may_be_longer_than_its_field)
{
    int64_t data_bytes = INT64_C(5) * GIB_BYTES;
    struct sound_file file = make_counting_wav(0);
    put_number(&file, WAV_RIFF_SIZE, false, 4, UINT32_MAX);
    put_number(&file, WAV_DATA_SIZE, false, 4, UINT32_MAX);
    expect_long(write_long(&file, data_bytes), WAV_DATA, data_bytes / 4);
}
END_TEST

/* ---- FLAC that is cut, damaged, or lies -------------------------------------------------- */

struct flac {
    unsigned char *bytes;
    size_t num_bytes;
    struct decoded decoded;
};

enum { FLAC_FRAMES = 40 * 4096, FLAC_TOTAL = 21 };

/* Frames of FLAC hold 4096 samples. */
static struct flac make_flac(void)
{
    const char *path = scratch_path("whole.flac");
    SF_INFO info = {.samplerate = 100, .channels = 1};
    info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    for (int i = 0; i < FLAC_FRAMES / MANY_FRAMES + 1; i++) {
        int left = FLAC_FRAMES - i * MANY_FRAMES;
        sf_writef_int(file, noise + i, left < MANY_FRAMES ? left : MANY_FRAMES);
    }
    ck_assert_int_eq(sf_close(file), 0);
    struct flac flac = {.decoded = decode_all(path)};
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    flac.num_bytes = (size_t)status.st_size;
    flac.bytes = malloc(flac.num_bytes);
    FILE *stream = fopen(path, "rb");
    ck_assert_uint_eq(fread(flac.bytes, 1, flac.num_bytes, stream), flac.num_bytes);
    fclose(stream);
    return flac;
}

static void free_flac(struct flac *flac)
{
    free(flac->bytes);
    free(flac->decoded.samples);
}

static const char *write_flac(const struct flac *flac, size_t num_bytes)
{
    return write_scratch("some.flac", flac->bytes, num_bytes);
}

/* All samples are read and right, from the end to the beginning. */
static void read_all_backwards(sv_recording *recording, const struct decoded *decoded)
{
    int64_t num_samples = segment_of(recording, 0).num_samples;
    sv_reader *reader;
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    for (int64_t last = num_samples; last > 0; last -= 10000) {
        int64_t first = last > 10000 ? last - 10000 : 0;
        read_and_compare("FLAC", reader, decoded, first, last - first);
    }
    sv_reader_close(reader);
}

START_TEST(a_flac_file_that_is_cut_has_its_whole_frames)
{
    struct random random = random_begin("a cut FLAC file");
    struct flac flac = make_flac();
    for (int i = 0; i < 12; i++) {
        size_t cut = 1 + (size_t)random_below(&random, i < 4 ? 100 : flac.num_bytes - 200);
        sv_recording *recording;
        sv_segment segment = open_only(write_flac(&flac, flac.num_bytes - cut), &recording);
        ck_assert(!segment.complete);
        ck_assert_int_eq(segment.num_samples % 4096, 0);
        ck_assert_int_lt(segment.num_samples, FLAC_FRAMES);
        if (i < 4) {
            ck_assert_int_eq(segment.num_samples, FLAC_FRAMES - 4096);
        }
        one_warning(recording, "samples of each channel that its header states are missing");
        read_all_backwards(recording, &flac.decoded);
        close_good(recording);
    }
    free_flac(&flac);
}
END_TEST

/* 36 bits from the middle of a byte on. */
static void state_total(struct flac *flac, uint64_t total)
{
    flac->bytes[FLAC_TOTAL] =
        (unsigned char)((flac->bytes[FLAC_TOTAL] & 0xF0) | (total >> 32 & 0x0F));
    for (int i = 1; i < 5; i++) {
        flac->bytes[FLAC_TOTAL + i] = (unsigned char)(total >> 8 * (4 - i));
    }
}

START_TEST(a_flac_file_need_not_state_a_length)
{
    struct flac flac = make_flac();
    state_total(&flac, 0);
    sv_recording *recording;
    sv_segment segment = open_only(write_flac(&flac, flac.num_bytes), &recording);
    ck_assert_int_eq(segment.num_samples, FLAC_FRAMES);
    ck_assert(segment.complete);
    no_warning(recording);
    read_all_backwards(recording, &flac.decoded);
    close_good(recording);
    free_flac(&flac);
}
END_TEST

START_TEST(a_flac_file_that_states_more_than_it_has)
{
    static const uint64_t totals[] = {FLAC_FRAMES + 1, 2 * FLAC_FRAMES, (UINT64_C(1) << 36) - 1};
    struct flac flac = make_flac();
    for (int i = 0; i < 3; i++) {
        state_total(&flac, totals[i]);
        sv_recording *recording;
        sv_segment segment = open_only(write_flac(&flac, flac.num_bytes), &recording);
        ck_assert_int_eq(segment.num_samples, FLAC_FRAMES);
        ck_assert(!segment.complete);
        one_warning(recording, "that its header states are missing");
        read_all_backwards(recording, &flac.decoded);
        close_good(recording);
    }
    free_flac(&flac);
}
END_TEST

/* Reads everything and returns how many samples were lost; those that were not are right. */
static int64_t read_around_damage(const char *path, const struct decoded *decoded, int64_t step)
{
    sv_recording *recording;
    sv_segment segment = open_only(path, &recording);
    sv_reader *reader;
    int64_t lost = 0;
    ck_assert_int_eq(segment.num_samples, FLAC_FRAMES);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    for (int64_t block = 0; block < FLAC_FRAMES; block += step) {
        int64_t last = block + step < FLAC_FRAMES ? block + step : FLAC_FRAMES;
        for (int64_t first = block; first < last;) {
            sv_view samples;
            sv_error error = {.message = ""};
            sv_status status = sv_reader_read(reader, first, last - first, &samples, &error);
            ck_assert(status == SV_OK || status == SV_FORMAT);
            ck_assert(samples.shape[1] >= 1 && samples.shape[1] <= last - first);
            if (status == SV_OK) {
                compare("damaged FLAC", &samples, decoded, first);
            } else {
                ck_assert_ptr_nonnull(strstr(error.message, "cannot be decoded"));
                lost += samples.shape[1];
            }
            first += samples.shape[1];
        }
    }
    sv_reader_close(reader);
    close_good(recording);
    return lost;
}

START_TEST(a_damaged_frame_is_lost_and_the_rest_is_read)
{
    struct flac flac = make_flac();
    size_t middle = flac.num_bytes / 2;
    for (size_t i = 0; i < 30; i++) {
        flac.bytes[middle + i] ^= 0x5A;
    }
    const char *path = write_flac(&flac, flac.num_bytes);
    ck_assert_int_eq(read_around_damage(path, &flac.decoded, 16384), 4096);
    ck_assert_int_eq(read_around_damage(path, &flac.decoded, 65536), 4096);
    ck_assert_int_eq(read_around_damage(path, &flac.decoded, FLAC_FRAMES), 4096);
    free_flac(&flac);
}
END_TEST

START_TEST(a_quarter_of_noise_is_lost_and_the_rest_is_read)
{
    struct random random = {3};
    struct flac flac = make_flac();
    for (size_t i = flac.num_bytes / 2; i < flac.num_bytes * 3 / 4; i++) {
        flac.bytes[i] = (unsigned char)random_bits(&random);
    }
    int64_t lost = read_around_damage(write_flac(&flac, flac.num_bytes), &flac.decoded, 16384);
    ck_assert_int_ge(lost, FLAC_FRAMES / 5);
    ck_assert_int_le(lost, FLAC_FRAMES / 2);
    free_flac(&flac);
}
END_TEST

/* Pages of Ogg that are gone; the last still says how many frames there were. */
START_TEST(what_is_decoded_in_order_ends_early_where_some_is_gone)
{
    static unsigned char bytes[1 << 18];
    const char *path = scratch_path("sound");
    ck_assert(write_sound(path, SF_FORMAT_OGG | SF_FORMAT_VORBIS, 1, MANY_FRAMES));
    struct decoded decoded = decode_all(path);
    FILE *stream = fopen(path, "rb");
    size_t num_bytes = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    memset(bytes + num_bytes / 2, 0, num_bytes / 8);
    sv_recording *recording = open_good(write_scratch("damaged", bytes, num_bytes), NULL);
    sv_reader *reader;
    sv_view samples;
    sv_error error;
    int64_t first = 0;
    ck_assert_int_eq(segment_of(recording, 0).num_samples, MANY_FRAMES);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    while (sv_reader_read(reader, first, 1000, &samples, &error) == SV_OK) {
        first += samples.shape[1];
        ck_assert_int_lt(first, MANY_FRAMES);
    }
    ck_assert_int_ge(first, MANY_FRAMES / 4);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot be decoded"));
    ck_assert_int_eq(sv_reader_read(reader, first, 1000, &samples, NULL), SV_FORMAT);
    ck_assert_int_eq(samples.shape[1], first + 1000 < MANY_FRAMES ? 1000 : MANY_FRAMES - first);
    ck_assert_int_eq(sv_reader_read(reader, MANY_FRAMES - 1, 1, &samples, NULL), SV_FORMAT);
    read_and_compare("before the damage", reader, &decoded, 0, 1000);
    sv_reader_close(reader);
    close_good(recording);
    free(decoded.samples);
}
END_TEST

/* ---- files that are cut while they are read ---------------------------------------------- */

START_TEST(a_file_that_is_cut_while_it_is_read_is_an_error)
{
    static const int formats[] = {SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_OGG | SF_FORMAT_VORBIS,
                                  SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM};
    for (int i = 0; i < 3; i++) {
        for (int begun = 0; begun < 2; begun++) {
            const char *path = scratch_path("sound");
            ck_assert(write_sound(path, formats[i], 1, MANY_FRAMES));
            sv_recording *recording = open_good(path, NULL);
            sv_reader *reader;
            sv_view samples;
            sv_error error;
            int64_t last = segment_of(recording, 0).num_samples - 1;
            ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
            if (begun) {
                ck_assert_int_eq(sv_reader_read(reader, 0, 10, &samples, &error), SV_OK);
            }
            ck_assert_int_eq(truncate(path, 100), 0);
            ck_assert_int_eq(sv_reader_read(reader, last, 1, &samples, &error), SV_TRUNCATED);
            ck_assert_ptr_nonnull(strstr(error.message, "the file was cut"));
            ck_assert_int_eq(sv_reader_read(reader, last, 1, &samples, NULL), SV_TRUNCATED);
            sv_reader_close(reader);
            close_good(recording);
        }
    }
}
END_TEST

/* ---- hostile files ----------------------------------------------------------------------- */

/* Whatever it is, it answers, and what it holds can be looked at. */
static sv_status look_at(const char *path)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    sv_recording *recording;
    sv_error error = {.message = ""};
    options.format = "sound";
    sv_status status = sv_recording_open(path, &options, &recording, &error);
    if (status != SV_OK) {
        ck_assert_uint_gt(strlen(error.message), 10);
        return status;
    }
    sv_segment segment = segment_of(recording, 0);
    ck_assert(segment.num_channels >= 1 && segment.num_samples >= 0);
    ck_assert(segment.sample_rate > 0.0 && isfinite(segment.sample_rate));
    if (segment.in_place && segment.num_samples > 0) {
        sample_at(&segment, 0, 0);
        sample_at(&segment, segment.num_channels - 1, segment.num_samples - 1);
    }
    sv_reader *reader;
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    for (int64_t first = 0; first < segment.num_samples && first < 1000000;) {
        sv_view samples = {.ndim = 0};
        status = sv_reader_read(reader, first, 70000, &samples, &error);
        ck_assert(status == SV_OK || status == SV_FORMAT);
        ck_assert_int_ge(samples.shape[1], 1);
        first += samples.shape[1];
    }
    sv_reader_close(reader);
    close_good(recording);
    return SV_OK;
}

static void expect_refused(const struct sound_file *file, const char *what)
{
    sv_status status = look_at(write_file(file));
    ck_assert_msg(status == SV_FORMAT || status == SV_UNSUPPORTED, "%s: %s", what,
                  sv_status_name(status));
}

/* A counting WAV with one field of its header changed. */
static struct sound_file with_field(size_t byte, int num_bytes, uint64_t value)
{
    struct sound_file file = make_counting_wav(100);
    put_number(&file, byte, false, num_bytes, value);
    return file;
}

START_TEST(hostile_no_channels)
{
    struct sound_file file = with_field(WAV_CHANNELS, 2, 0);
    expect_refused(&file, "no channels");
}
END_TEST

START_TEST(hostile_too_many_channels)
{
    struct sound_file file = with_field(WAV_CHANNELS, 2, 65535);
    expect_refused(&file, "65535 channels");
}
END_TEST

START_TEST(hostile_no_rate)
{
    struct sound_file file = with_field(WAV_RATE, 4, 0);
    expect_refused(&file, "0 Hz");
}
END_TEST

START_TEST(hostile_negative_rate)
{
    struct sound_file file = with_field(WAV_RATE, 4, 0x80000000);
    expect_refused(&file, "-2147483648 Hz");
}
END_TEST

START_TEST(hostile_no_bits)
{
    struct sound_file file = with_field(WAV_BITS, 2, 0);
    look_at(write_file(&file));
    file = with_field(WAV_BITS, 2, 65535);
    expect_refused(&file, "65535 bits");
}
END_TEST

START_TEST(hostile_unknown_encoding)
{
    struct sound_file file = with_field(WAV_CODE, 2, 0x1234);
    expect_refused(&file, "encoding 0x1234");
}
END_TEST

START_TEST(hostile_frame_size_that_lies)
{
    static const uint64_t sizes[] = {0, 1, 3, 65535};
    for (int i = 0; i < 4; i++) {
        struct sound_file file = with_field(WAV_FRAME_BYTES, 2, sizes[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_fmt_length)
{
    static const uint64_t sizes[] = {0, 1, 15, 17, 1000, 0x7FFFFFFF, 0xFFFFFFFF};
    for (int i = 0; i < 7; i++) {
        struct sound_file file = with_field(WAV_FMT_SIZE, 4, sizes[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_magic_alone)
{
    static const char *const magics[] = {"RIFF",
                                         "RIFX",
                                         "RF64",
                                         "FORM",
                                         "riff",
                                         "caff",
                                         ".snd",
                                         "dns.",
                                         "fLaC",
                                         "OggS",
                                         "RIFF\4\0\0\0WAVE",
                                         "FORM\0\0\0\4AIFF"};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        struct sound_file file = {.num_bytes = 0};
        add_bytes(&file, magics[i], i < 10 ? 4 : 12);
        expect_refused(&file, magics[i]);
    }
}
END_TEST

START_TEST(hostile_no_data_chunk)
{
    struct sound_file file = make_counting_wav(100);
    memcpy(file.bytes + 36, "DATA", 4);
    expect_refused(&file, "no data chunk");
}
END_TEST

/* More empty chunks than anybody walks over. */
START_TEST(hostile_thousands_of_chunks)
{
    enum { NUM_CHUNKS = 200000 };
    struct sound_file file = make_counting_wav(0);
    unsigned char *bytes = calloc(NUM_CHUNKS, 8);
    memcpy(bytes, file.bytes, 36);
    for (size_t byte = 40; byte < NUM_CHUNKS * 8; byte += 8) {
        memcpy(bytes + byte - 4, "junk", 4);
    }
    look_at(write_scratch("quake.wav", bytes, NUM_CHUNKS * 8));
    free(bytes);
}
END_TEST

START_TEST(hostile_chunk_that_ends_past_all_numbers)
{
    struct sound_file file = make_w64("12345678", 8, 8);
    put_number(&file, 56, false, 8, INT64_MAX);
    look_at(write_file(&file));
    put_number(&file, 56, false, 8, UINT64_MAX);
    look_at(write_file(&file));
    file = make_caf("12345678", 8);
    put_number(&file, 12, true, 8, INT64_MAX - 20);
    look_at(write_file(&file));
    put_number(&file, 12, true, 8, UINT64_C(1) << 63);
    look_at(write_file(&file));
}
END_TEST

START_TEST(hostile_rf64_sizes)
{
    static const uint64_t sizes[] = {1, INT64_MAX, UINT64_MAX, UINT64_C(1) << 63};
    for (int i = 0; i < 4; i++) {
        struct sound_file file = make_rf64("12345678", 8, 8);
        put_number(&file, RF64_DATA_SIZE, false, 8, sizes[i]);
        look_at(write_file(&file));
        put_number(&file, RF64_RIFF_SIZE, false, 8, sizes[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_aiff_rates)
{
    static const uint64_t exponents[] = {0x0000, 0x7FFF, 0xFFFF, 0xC004, 0x7000};
    for (int i = 0; i < 5; i++) {
        struct sound_file file = make_aiff(16, "12345678", 8);
        put_number(&file, AIFF_RATE, true, 2, exponents[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_caf_rates)
{
    static const uint64_t rates[] = {0, UINT64_C(0x7FF0000000000000), UINT64_C(0x7FF8000000000000),
                                     UINT64_C(0xC04F400000000000), UINT64_C(0x7FEFFFFFFFFFFFFF)};
    for (int i = 0; i < 5; i++) {
        struct sound_file file = make_caf("12345678", 8);
        put_number(&file, CAF_RATE, true, 8, rates[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_aiff_offset)
{
    static const uint64_t offsets[] = {1, 7, 8, 1000, UINT32_MAX};
    for (int i = 0; i < 5; i++) {
        struct sound_file file = make_aiff(16, "12345678", 8);
        put_number(&file, AIFF_DATA_SIZE + 4, true, 4, offsets[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_au_header_size)
{
    static const uint64_t starts[] = {24, 25, 28, 31, 32, 33, 10000, UINT32_MAX};
    for (int i = 0; i < 8; i++) {
        struct sound_file file = make_au(true, 3, "12345678", 8);
        put_number(&file, AU_DATA_START, true, 4, starts[i]);
        look_at(write_file(&file));
    }
}
END_TEST

START_TEST(hostile_text_with_a_suffix)
{
    open_bad(write_scratch("notes.wav", "Monday: calm\n", 13), NULL, SV_FORMAT,
             "does not begin as a sound file");
    open_bad(write_scratch("notes.flac", "", 0), NULL, SV_EMPTY, "empty");
}
END_TEST

START_TEST(hostile_cut_anywhere)
{
    static const unsigned char data[40] = {1, 2, 3};
    struct sound_file files[] = {make_counting_wav(10),       make_rf64(data, 40, 40),
                                 make_w64(data, 40, 40),      make_aiff(24, data, 39),
                                 make_au(false, 5, data, 40), make_caf(data, 40)};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        for (; files[i].num_bytes > 0; files[i].num_bytes--) {
            look_at(write_file(&files[i]));
        }
    }
}
END_TEST

static void cut_and_damage(const char *what, int format, const char *path)
{
    static unsigned char bytes[1 << 18];
    (void)what;
    struct random random = {(uint64_t)format};
    FILE *stream = fopen(path, "rb");
    size_t num_bytes = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    for (int i = 0; i < 3; i++) {
        look_at(write_scratch("cut", bytes, (size_t)random_below(&random, num_bytes) + 1));
    }
    for (int i = 0; i < 8; i++) {
        bytes[random_below(&random, num_bytes < 200 ? num_bytes : 200)] =
            (unsigned char)random_bits(&random);
        look_at(write_scratch("cut", bytes, num_bytes));
    }
}

START_TEST(hostile_any_sound_cut_or_damaged)
{
    for_all_sounds(300, cut_and_damage);
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------ */

START_TEST(without_memory_it_fails_and_leaks_nothing)
{
    struct sound_file wav = make_counting_wav(10);
    ck_assert(write_sound(scratch_path("flac"), SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, 5000));
    const char *const paths[] = {write_file(&wav), scratch_path("flac")};
    for (int i = 0; i < 2; i++) {
        sv_status status = SV_NOMEM;
        for (long after = 0; status != SV_OK; after++) {
            ck_assert_int_lt(after, 100);
            sv_recording *recording;
            sv_reader *reader = NULL;
            sv_view samples;
            sv_memory_fail_after(after, true);
            status = sv_recording_open(paths[i], NULL, &recording, NULL);
            bool opened = status == SV_OK;
            status = opened ? sv_reader_open(recording, 0, &reader, NULL) : status;
            status = reader != NULL ? sv_reader_read(reader, 0, 10, &samples, NULL) : status;
            sv_memory_fail_after(-1, false);
            ck_assert(status == SV_OK || status == SV_NOMEM);
            sv_reader_close(reader);
            if (opened) {
                close_good(recording);
            }
        }
    }
}
END_TEST

int main(void)
{
    make_noise();
    const TTest *const tests[] = {
        what_is_not_encoded_is_read_in_place,
        pcm_is_as_it_is_stored,
        floats_keep_every_bit,
        eight_bits_have_a_sign_in_all_but_wav,
        silence_is_in_the_order_of_its_container,
        what_is_encoded_is_the_same_in_any_order_of_reading,
        lossless_encodings_hold_the_samples_that_were_written,
        readers_do_not_disturb_one_another,
        a_reader_answers_within_the_segment_alone,
        there_is_a_rate_and_neither_start_nor_id,
        rates_keep_their_fraction_where_the_header_has_one,
        options_win_over_the_header,
        options_of_raw_samples_are_refused,
        magic_numbers_of_other_forms_are_not_taken,
        other_sound_files_are_refused,
        rare_containers_know_what_is_missing,
        what_libsndfile_garbles_is_refused,
        the_rate_of_htk_has_its_fraction,
        fewer_samples_than_stated_are_incomplete,
        every_container_knows_what_is_missing,
        encoded_samples_that_are_missing_are_told_in_bytes,
        an_unfinished_wav_has_what_is_there,
        unfinished_files_of_other_containers,
        au_and_caf_need_not_state_a_length,
        an_unfinished_encoded_wav_is_decoded,
        no_samples_are_an_empty_segment,
        chunks_behind_the_samples_are_passed_over,
        chunks_of_other_containers_state_nothing,
        more_than_four_gib_are_read_in_place,
        an_unfinished_wav_may_be_longer_than_its_field,
        a_flac_file_that_is_cut_has_its_whole_frames,
        a_flac_file_need_not_state_a_length,
        a_flac_file_that_states_more_than_it_has,
        a_damaged_frame_is_lost_and_the_rest_is_read,
        a_quarter_of_noise_is_lost_and_the_rest_is_read,
        what_is_decoded_in_order_ends_early_where_some_is_gone,
        a_file_that_is_cut_while_it_is_read_is_an_error,
        hostile_no_channels,
        hostile_too_many_channels,
        hostile_no_rate,
        hostile_negative_rate,
        hostile_no_bits,
        hostile_unknown_encoding,
        hostile_frame_size_that_lies,
        hostile_fmt_length,
        hostile_magic_alone,
        hostile_no_data_chunk,
        hostile_thousands_of_chunks,
        hostile_chunk_that_ends_past_all_numbers,
        hostile_rf64_sizes,
        hostile_aiff_rates,
        hostile_caf_rates,
        hostile_aiff_offset,
        hostile_au_header_size,
        hostile_text_with_a_suffix,
        hostile_cut_anywhere,
        hostile_any_sound_cut_or_damaged,
        without_memory_it_fails_and_leaks_nothing,
    };
    return run_in_scratch("sound", tests, sizeof tests / sizeof tests[0]);
}
