/* Sound files made byte by byte, and the fields of theirs that lie. */
#ifndef SV_TESTS_SOUND_FILE_H
#define SV_TESTS_SOUND_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* libsndfile forgets what it had of an Ogg file whose header turns out to be damaged. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libsndfile\nleak:libvorbis\n";
}

enum { SOUND_SIZE = 8192 };

struct sound_file {
    unsigned char bytes[SOUND_SIZE];
    size_t num_bytes;
};

/* ---- pieces ------------------------------------------------------------------------------ */

static inline void put_number(struct sound_file *file, size_t byte, bool is_big, int num_bytes,
                              uint64_t value)
{
    for (int i = 0; i < num_bytes; i++) {
        int shift = 8 * (is_big ? num_bytes - 1 - i : i);
        file->bytes[byte + (size_t)i] = (unsigned char)(value >> shift);
    }
}

static inline void add_number(struct sound_file *file, bool is_big, int num_bytes, uint64_t value)
{
    put_number(file, file->num_bytes, is_big, num_bytes, value);
    file->num_bytes += (size_t)num_bytes;
}

static inline void add_bytes(struct sound_file *file, const void *bytes, size_t num_bytes)
{
    memcpy(file->bytes + file->num_bytes, bytes, num_bytes);
    file->num_bytes += num_bytes;
}

static inline void add_text(struct sound_file *file, const char *text)
{
    add_bytes(file, text, strlen(text));
}

/* ---- WAV --------------------------------------------------------------------------------- */

/* Bytes of fields in what make_wav() makes. */
enum {
    WAV_RIFF_SIZE = 4,
    WAV_FMT_SIZE = 16,
    WAV_CODE = 20,
    WAV_CHANNELS = 22,
    WAV_RATE = 24,
    WAV_FRAME_BYTES = 32,
    WAV_BITS = 34,
    WAV_DATA_SIZE = 40,
    WAV_DATA = 44
};

struct wav {
    bool is_big;   /* RIFX */
    uint16_t code; /* 1 PCM, 3 float, 6 A-law, 7 µ-law */
    uint16_t channels, bits;
    uint32_t rate;
};

/* A sound file of these samples, without anything behind them. */
static inline struct sound_file make_wav(struct wav wav, const void *data, size_t data_bytes)
{
    struct sound_file file = {.num_bytes = 0};
    uint32_t frame_bytes = (uint32_t)wav.channels * wav.bits / 8;
    add_text(&file, wav.is_big ? "RIFX" : "RIFF");
    add_number(&file, wav.is_big, 4, 36 + data_bytes);
    add_text(&file, "WAVEfmt ");
    add_number(&file, wav.is_big, 4, 16);
    add_number(&file, wav.is_big, 2, wav.code);
    add_number(&file, wav.is_big, 2, wav.channels);
    add_number(&file, wav.is_big, 4, wav.rate);
    add_number(&file, wav.is_big, 4, wav.rate * frame_bytes);
    add_number(&file, wav.is_big, 2, frame_bytes);
    add_number(&file, wav.is_big, 2, wav.bits);
    add_text(&file, "data");
    add_number(&file, wav.is_big, 4, data_bytes);
    add_bytes(&file, data, data_bytes);
    return file;
}

/* 16 bits, 2 channels, 100 Hz, frames 0 to num_frames − 1: channel 0 counts up, channel 1 down. */
static inline struct sound_file make_counting_wav(int num_frames)
{
    unsigned char data[SOUND_SIZE / 2] = {0};
    for (int i = 0; i < num_frames; i++) {
        unsigned down = (unsigned)-i;
        unsigned char frame[] = {(unsigned char)i, (unsigned char)(i >> 8), (unsigned char)down,
                                 (unsigned char)(down >> 8)};
        memcpy(data + 4 * i, frame, sizeof frame);
    }
    struct wav wav = {.code = 1, .channels = 2, .bits = 16, .rate = 100};
    return make_wav(wav, data, 4 * (size_t)num_frames);
}

/* ---- the others -------------------------------------------------------------------------- */

/* RF64, of 16 bits on one channel: its sizes are in the chunk ds64. */
enum { RF64_RIFF_SIZE = 20, RF64_DATA_SIZE = 28, RF64_DATA = 80 };

static inline struct sound_file make_rf64(const void *data, size_t data_bytes, uint64_t stated)
{
    struct sound_file file = {.num_bytes = 0};
    add_text(&file, "RF64");
    add_number(&file, false, 4, UINT32_MAX);
    add_text(&file, "WAVEds64");
    add_number(&file, false, 4, 28);
    add_number(&file, false, 8, stated + RF64_DATA - 8);
    add_number(&file, false, 8, stated);
    add_number(&file, false, 8, stated / 2);
    add_number(&file, false, 4, 0);
    add_text(&file, "fmt ");
    add_number(&file, false, 4, 16);
    add_number(&file, false, 2, 1);
    add_number(&file, false, 2, 1);
    add_number(&file, false, 4, 100);
    add_number(&file, false, 4, 200);
    add_number(&file, false, 2, 2);
    add_number(&file, false, 2, 16);
    add_text(&file, "data");
    add_number(&file, false, 4, UINT32_MAX);
    add_bytes(&file, data, data_bytes);
    return file;
}

/* W64, of 16 bits on one channel. */
enum { W64_FILE_SIZE = 16, W64_DATA_SIZE = 96, W64_DATA = 104 };

static inline struct sound_file make_w64(const void *data, size_t data_bytes, uint64_t stated)
{
    static const char tail[] = "\xF3\xAC\xD3\x11\x8C\xD1\x00\xC0\x4F\x8E\xDB\x8A";
    struct sound_file file = {.num_bytes = 0};
    add_text(&file, "riff");
    add_bytes(&file, "\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00", 12);
    add_number(&file, false, 8, stated + W64_DATA);
    add_text(&file, "wave");
    add_bytes(&file, tail, 12);
    add_text(&file, "fmt ");
    add_bytes(&file, tail, 12);
    add_number(&file, false, 8, 40);
    add_number(&file, false, 2, 1);
    add_number(&file, false, 2, 1);
    add_number(&file, false, 4, 100);
    add_number(&file, false, 4, 200);
    add_number(&file, false, 2, 2);
    add_number(&file, false, 2, 16);
    add_text(&file, "data");
    add_bytes(&file, tail, 12);
    add_number(&file, false, 8, stated + 24);
    add_bytes(&file, data, data_bytes);
    return file;
}

/* AIFF, big-endian, one channel. The rate is 80 bits of float: 62.5 is 4004 FA00… */
enum { AIFF_FRAMES = 22, AIFF_RATE = 28, AIFF_DATA_SIZE = 42, AIFF_DATA = 54 };

static inline struct sound_file make_aiff(uint16_t bits, const void *data, size_t data_bytes)
{
    struct sound_file file = {.num_bytes = 0};
    add_text(&file, "FORM");
    add_number(&file, true, 4, AIFF_DATA - 8 + data_bytes);
    add_text(&file, "AIFFCOMM");
    add_number(&file, true, 4, 18);
    add_number(&file, true, 2, 1);
    add_number(&file, true, 4, data_bytes / (bits / 8));
    add_number(&file, true, 2, bits);
    add_number(&file, true, 2, 0x4004);
    add_number(&file, true, 8, UINT64_C(0xFA00000000000000));
    add_text(&file, "SSND");
    add_number(&file, true, 4, data_bytes + 8);
    add_number(&file, true, 8, 0);
    add_bytes(&file, data, data_bytes);
    return file;
}

/* AU, one channel: encoding 2 is 8 bits, 3 is 16, 4 is 24, 5 is 32, 6 float, 7 double, 1 µ-law. */
enum { AU_DATA_START = 4, AU_DATA_SIZE = 8, AU_ENCODING = 12, AU_DATA = 24 };

static inline struct sound_file make_au(bool is_big, uint32_t encoding, const void *data,
                                        size_t data_bytes)
{
    struct sound_file file = {.num_bytes = 0};
    add_text(&file, is_big ? ".snd" : "dns.");
    add_number(&file, is_big, 4, AU_DATA);
    add_number(&file, is_big, 4, data_bytes);
    add_number(&file, is_big, 4, encoding);
    add_number(&file, is_big, 4, 8000);
    add_number(&file, is_big, 4, 1);
    add_bytes(&file, data, data_bytes);
    return file;
}

/* CAF, big-endian 16 bits on one channel at 62.5 Hz. */
enum { CAF_RATE = 20, CAF_DATA_SIZE = 56, CAF_DATA = 68 };

static inline struct sound_file make_caf(const void *data, size_t data_bytes)
{
    struct sound_file file = {.num_bytes = 0};
    add_text(&file, "caff");
    add_number(&file, true, 4, 0x00010000);
    add_text(&file, "desc");
    add_number(&file, true, 8, 32);
    add_number(&file, true, 8, UINT64_C(0x404F400000000000));
    add_text(&file, "lpcm");
    add_number(&file, true, 4, 0);
    add_number(&file, true, 4, 2);
    add_number(&file, true, 4, 1);
    add_number(&file, true, 4, 1);
    add_number(&file, true, 4, 16);
    add_text(&file, "data");
    add_number(&file, true, 8, data_bytes + 4);
    add_number(&file, true, 4, 0);
    add_bytes(&file, data, data_bytes);
    return file;
}

#endif
