/* Sound files through libsndfile: WAV (RF64 where it grows past 4 GiB), W64, AIFF, AU, CAF, FLAC.
 *
 * What is not compressed is handed over as bytes, so that what is stored are our integers as they
 * are, and floats bit by bit; FLAC takes integers in the upper bits of 32. */
#include <inttypes.h>
#include <math.h>
#include <sndfile.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "convert/writer.h"

enum {
    MOST_CHANNELS = 1024, /* of libsndfile */
    SHIFTED_SAMPLES = 4096,
    RIFF_BYTES = 12,
    CHUNK_BYTES = 8,   /* before its content: a name and a size */
    HEAD_BYTES = 16384 /* 8 of peaks for each of 1024 channels, and what stands before */
};

/* Where 32 bits for a file's length end, with room for a header. */
#define SHORT_BYTES (INT64_C(0xffffffff) - 65536)

static const char *const suffixes[] = {".wav", ".rf64", ".w64", ".aiff", ".aif",
                                       ".au",  ".snd",  ".caf", ".flac", NULL};

typedef struct sv_container {
    const char *suffix;
    int code;
    sv_byte_order order;
    bool has_u1, has_i1, is_long; /* is_long: past 4 GiB */
} sv_container;

static const sv_container containers[] = {
    {".wav", SF_FORMAT_WAV, SV_LITTLE_ENDIAN, true, false, true}, /* as RF64 */
    {".rf64", SF_FORMAT_RF64, SV_LITTLE_ENDIAN, true, false, true},
    {".w64", SF_FORMAT_W64, SV_LITTLE_ENDIAN, true, false, true},
    {".aiff", SF_FORMAT_AIFF, SV_BIG_ENDIAN, false, true, false},
    {".aif", SF_FORMAT_AIFF, SV_BIG_ENDIAN, false, true, false},
    {".au", SF_FORMAT_AU, SV_BIG_ENDIAN, false, true, false},
    {".snd", SF_FORMAT_AU, SV_BIG_ENDIAN, false, true, false},
    {".caf", SF_FORMAT_CAF, SV_BIG_ENDIAN, false, true, true},
    {".flac", SF_FORMAT_FLAC, SV_NATIVE_ENDIAN, false, true, true},
};

typedef struct sv_sound_state {
    SNDFILE *file;
    sv_output *output;
    int64_t position; /* where libsndfile is */
    sv_status status; /* of the output */
    sv_error error;
    bool is_rf64;
    int shift; /* FLAC: how far up its integers go */
    int32_t shifted[SHIFTED_SAMPLES];
} sv_sound_state;

/* ---- the output, as libsndfile wants it -------------------------------------------------- */

static sf_count_t size_of(void *context)
{
    const sv_sound_state *sound = context;
    return sv_output_size(sound->output);
}

static sf_count_t seek_in(sf_count_t offset, int whence, void *context)
{
    sv_sound_state *sound = context;
    int64_t origin = whence == SEEK_CUR   ? sound->position
                     : whence == SEEK_END ? sv_output_size(sound->output)
                                          : 0;
    sound->position = origin + offset;
    return sound->position;
}

static sf_count_t tell_in(void *context)
{
    const sv_sound_state *sound = context;
    return sound->position;
}

static sf_count_t read_from(void *bytes, sf_count_t count, void *context)
{
    sv_sound_state *sound = context;
    size_t num_read = 0;
    if (sound->status == SV_OK) {
        sound->status = sv_output_read(sound->output, sound->position, bytes, (size_t)count,
                                       &num_read, &sound->error);
    }
    sound->position += (int64_t)num_read;
    return (sf_count_t)num_read;
}

static sf_count_t write_to(const void *bytes, sf_count_t count, void *context)
{
    sv_sound_state *sound = context;
    if (sound->status == SV_OK) {
        sound->status =
            sv_output_write(sound->output, sound->position, bytes, (size_t)count, &sound->error);
    }
    if (sound->status != SV_OK) {
        return 0;
    }
    sound->position += count;
    return count;
}

/* ---- encodings --------------------------------------------------------------------------- */

static const sv_container *container_of(const sv_writing *writing)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
        if (strcmp(writing->suffix, containers[i].suffix) == 0) {
            return &containers[i];
        }
    }
    return &containers[0];
}

static sv_status encode_sound(const sv_writing *writing, sv_dtype from, const char *asked,
                              sv_encoding *encoding, sv_error *error)
{
    const sv_container *container = container_of(writing);
    uint8_t order = (uint8_t)container->order;
    sv_encoding list[8];
    int count = 0;
    if (container->has_u1) {
        list[count++] = (sv_encoding){"u1", {SV_U1, SV_NATIVE_ENDIAN}, SF_FORMAT_PCM_U8};
    }
    if (container->has_i1) {
        list[count++] = (sv_encoding){"i1", {SV_I1, SV_NATIVE_ENDIAN}, SF_FORMAT_PCM_S8};
    }
    list[count++] = (sv_encoding){"i2", {SV_I2, order}, SF_FORMAT_PCM_16};
    list[count++] = (sv_encoding){"i3", {SV_I3, order}, SF_FORMAT_PCM_24};
    if (container->code != SF_FORMAT_FLAC) {
        list[count++] = (sv_encoding){"i4", {SV_I4, order}, SF_FORMAT_PCM_32};
        list[count++] = (sv_encoding){"f4", {SV_F4, order}, SF_FORMAT_FLOAT};
        list[count++] = (sv_encoding){"f8", {SV_F8, order}, SF_FORMAT_DOUBLE};
    }
    return sv_choose_encoding(list, count, from, asked, encoding, error);
}

/* ---- beginning --------------------------------------------------------------------------- */

/* Whole Hz. */
static sv_status put_rate(sv_writing *writing, SF_INFO *info, sv_error *error)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double rate = writing->extent.sample_rate;
    double whole = nearbyint(rate);
    sv_number_shortest(rate, text);
    if (!(whole >= 1.0 && whole <= INT32_MAX)) {
        return sv_fail(error, SV_RANGE, "sound files hold rates of whole Hz, and %s Hz is none",
                       text);
    }
    info->samplerate = (int)whole;
    if (whole != rate) {
        sv_note_loss(writing, SV_LOSS_RATE, "%s Hz is rounded to %d Hz: sound files hold whole Hz",
                     text, info->samplerate);
    }
    return SV_OK;
}

static sv_status describe(sv_writing *writing, SF_INFO *info, sv_error *error)
{
    const sv_container *container = container_of(writing);
    const sv_extent *extent = &writing->extent;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    if (extent->num_rows > MOST_CHANNELS) {
        return sv_fail(error, SV_RANGE,
                       "sound files hold %d channels at most, and there are %" PRId64
                       "; give some with --channel",
                       MOST_CHANNELS, extent->num_rows);
    }
    bool is_short = extent->num_samples * extent->num_rows * itemsize <= SHORT_BYTES;
    if (!is_short && !container->is_long) {
        return sv_fail(error, SV_RANGE,
                       "a file *%s ends at 4 GiB, and the samples take more; write .w64, .rf64 or "
                       ".caf",
                       container->suffix);
    }
    *info = (SF_INFO){.channels = (int)extent->num_rows};
    bool needs_rf64 = container->code == SF_FORMAT_WAV && !is_short;
    info->format = (needs_rf64 ? SF_FORMAT_RF64 : container->code) | writing->encoding.code;
    return put_rate(writing, info, error);
}

static void note_what_is_lost(sv_writing *writing)
{
    char text[SV_TIME_TEXT_SIZE];
    if (sv_time_format(sv_first_channel(writing).start, text)[0] != '\0') {
        sv_note_loss(writing, SV_LOSS_START,
                     "sound files have no room for a time: %s is lost; "
                     "give --start to read it",
                     text);
    }
    sv_note_no_ids(writing, "sound files");
    sv_note_no_units(writing, "sound files");
}

static sv_status begin_sound(sv_writing *writing, sv_error *error)
{
    static SF_VIRTUAL_IO io = {size_of, seek_in, read_from, write_to, tell_in};
    SF_INFO info;
    sv_status status = describe(writing, &info, error);
    if (status != SV_OK) {
        return status;
    }
    sv_sound_state *sound = sv_calloc(1, sizeof *sound);
    if (sound == NULL) {
        return sv_fail_memory(error, sizeof *sound);
    }
    writing->state = sound;
    sound->output = writing->output;
    sound->is_rf64 = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_RF64;
    bool is_flac = container_of(writing)->code == SF_FORMAT_FLAC;
    sound->shift = is_flac ? 32 - 8 * (int)sv_dtype_itemsize(writing->encoding.dtype) : 0;
    note_what_is_lost(writing);
    sound->file = sf_open_virtual(&io, SFM_WRITE, &info, sound);
    if (sound->file == NULL) {
        return sv_fail(error, SV_INVALID, "libsndfile cannot write such a file: %.200s",
                       sf_strerror(NULL));
    }
    /* It would hold the time of this run. */
    sf_command(sound->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    return SV_OK;
}

/* ---- samples ----------------------------------------------------------------------------- */

static sv_status check(const sv_sound_state *sound, bool is_whole, sv_error *error)
{
    if (sound->status != SV_OK) {
        return sv_pass_on(error, &sound->error, "");
    }
    return is_whole ? SV_OK
                    : sv_fail(error, SV_IO, "libsndfile cannot write the samples: %.200s",
                              sf_strerror(sound->file));
}

static bool write_shifted(sv_sound_state *sound, sv_dtype dtype, const char *samples,
                          int64_t num_channels, int64_t num_items)
{
    size_t itemsize = sv_dtype_itemsize(dtype);
    int64_t whole_frames = SHIFTED_SAMPLES - SHIFTED_SAMPLES % num_channels;
    for (int64_t done = 0; done < num_items;) {
        int64_t n = sv_min_i8(whole_frames, num_items - done);
        for (int64_t i = 0; i < n; i++) {
            int64_t value = sv_dtype_load(dtype, samples + (size_t)(done + i) * itemsize).value.i;
            sound->shifted[i] = (int32_t)(value * (INT64_C(1) << sound->shift));
        }
        if (sf_write_int(sound->file, sound->shifted, n) != n) {
            return false;
        }
        done += n;
    }
    return true;
}

static sv_status write_sound(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                             sv_error *error)
{
    sv_sound_state *sound = writing->state;
    sv_dtype dtype = writing->encoding.dtype;
    int64_t num_items = tile->num_samples * walk->num_rows;
    if (sound->shift > 0) {
        bool is_whole = write_shifted(sound, dtype, tile->samples, walk->num_rows, num_items);
        return check(sound, is_whole, error);
    }
    sf_count_t num_bytes = num_items * (int64_t)sv_dtype_itemsize(dtype);
    sf_count_t written = sf_write_raw(sound->file, tile->samples, num_bytes);
    return check(sound, written == num_bytes, error);
}

/* ---- what libsndfile leaves -------------------------------------------------------------- */

/* The beginning of a file of chunks: a name of 4 letters, a size, then so many bytes. */
typedef struct sv_chunks {
    sv_dtype word; /* of sizes */
    size_t num_bytes;
    unsigned char bytes[HEAD_BYTES];
} sv_chunks;

static size_t chunk_size(const sv_chunks *chunks, size_t byte)
{
    return (size_t)sv_dtype_load(chunks->word, chunks->bytes + byte + 4).value.u;
}

/* Byte of the chunk of this name; 0: there is none before the samples. */
static size_t find_chunk(const sv_chunks *chunks, const char *name)
{
    for (size_t byte = RIFF_BYTES; byte + CHUNK_BYTES <= chunks->num_bytes;) {
        if (memcmp(chunks->bytes + byte, name, 4) == 0) {
            return byte;
        }
        size_t size = chunk_size(chunks, byte);
        byte += size < HEAD_BYTES ? CHUNK_BYTES + size + size % 2 : HEAD_BYTES;
    }
    return 0;
}

/* RF64 files get a PEAK chunk that no command turns off, with the time of this run and peaks that
 * were not looked for. It becomes one that nobody reads. */
static void blank_peaks(sv_chunks *chunks)
{
    size_t byte = find_chunk(chunks, "PEAK");
    if (byte == 0 || chunk_size(chunks, byte) > chunks->num_bytes - byte - CHUNK_BYTES) {
        return;
    }
    memcpy(chunks->bytes + byte, "JUNK", 4);
    memset(chunks->bytes + byte + CHUNK_BYTES, 0, chunk_size(chunks, byte));
}

/* AIFF files of an odd number of bytes get one more, which is counted as if it were of samples. */
static void count_frames(const sv_writing *writing, sv_chunks *chunks)
{
    const sv_extent *extent = &writing->extent;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    size_t common = find_chunk(chunks, "COMM");
    size_t sound = find_chunk(chunks, "SSND");
    if (common == 0 || sound == 0) {
        return;
    }
    sv_dtype_store(chunks->word, chunks->bytes + common + CHUNK_BYTES + 2,
                   sv_scalar_int(extent->num_samples));
    sv_dtype_store(chunks->word, chunks->bytes + sound + 4,
                   sv_scalar_int(CHUNK_BYTES + extent->num_samples * extent->num_rows * itemsize));
}

static sv_status mend(sv_writing *writing, sv_error *error)
{
    int code = container_of(writing)->code;
    const sv_sound_state *sound = writing->state;
    if (code != SF_FORMAT_AIFF && !sound->is_rf64) {
        return SV_OK;
    }
    sv_chunks *chunks = sv_calloc(1, sizeof *chunks);
    if (chunks == NULL) {
        return sv_fail_memory(error, sizeof *chunks);
    }
    chunks->word = sv_dtype_make(SV_U4, sound->is_rf64 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    sv_status status =
        sv_output_read(writing->output, 0, chunks->bytes, HEAD_BYTES, &chunks->num_bytes, error);
    if (status == SV_OK) {
        sound->is_rf64 ? blank_peaks(chunks) : count_frames(writing, chunks);
        status = sv_output_write(writing->output, 0, chunks->bytes, chunks->num_bytes, error);
    }
    sv_free(chunks);
    return status;
}

static sv_status end_sound(sv_writing *writing, sv_error *error)
{
    sv_sound_state *sound = writing->state;
    int failed = sf_close(sound->file);
    sound->file = NULL;
    sv_status status = check(sound, failed == 0, error);
    return status == SV_OK ? mend(writing, error) : status;
}

static void close_sound(sv_writing *writing)
{
    sv_sound_state *sound = writing->state;
    if (sound != NULL) {
        if (sound->file != NULL) {
            sf_close(sound->file);
        }
        sv_free(sound);
    }
}

const sv_writer sv_writer_sound = {
    .name = "sound",
    .description = "WAV, RF64, W64, AIFF, AU, CAF or FLAC, by the suffix",
    .suffixes = suffixes,
    .holds = SV_HOLDS_SEGMENT,
    .is_interleaved = true,
    .group_rows = SV_GROUP_ROWS,
    .encode = encode_sound,
    .begin = begin_sound,
    .samples = write_sound,
    .end = end_sound,
    .close = close_sound,
};
