/* libsndfile over a recording: the functions it reads through, and its frames as samples. */
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "format/sound.h"

/* Decoders look for sense in damaged bytes, and may do so without end. They are given bytes enough
 * to open a whole file, or to find and decode frames of any encoding; then the file is at its end
 * for them. */
enum { FINDING_BYTES = 1 << 20, FINDING_FRAMES = 65536, TIMES_OVER = 4 };

/* ---- encodings --------------------------------------------------------------------------- */

/* What depends on all that came before it, or whose seeking libsndfile does not do to the sample,
 * is decoded in order. */
static const sv_sound_encoding encodings[] = {
    {SF_FORMAT_PCM_U8, SV_U1, 24, true, true},
    {SF_FORMAT_PCM_S8, SV_I1, 24, true, true},
    {SF_FORMAT_PCM_16, SV_I2, 16, true, true},
    {SF_FORMAT_PCM_24, SV_I3, 8, true, true},
    {SF_FORMAT_PCM_32, SV_I4, 0, true, true},
    {SF_FORMAT_FLOAT, SV_F4, 0, true, true},
    {SF_FORMAT_DOUBLE, SV_F8, 0, true, true},
    {SF_FORMAT_ULAW, SV_I2, 16, false, true},
    {SF_FORMAT_ALAW, SV_I2, 16, false, true},
    {SF_FORMAT_IMA_ADPCM, SV_I2, 16, false, true},
    {SF_FORMAT_MS_ADPCM, SV_I2, 16, false, true},
    {SF_FORMAT_ALAC_16, SV_I2, 16, false, true},
    {SF_FORMAT_ALAC_20, SV_I3, 12, false, true},
    {SF_FORMAT_ALAC_24, SV_I3, 8, false, true},
    {SF_FORMAT_ALAC_32, SV_I4, 0, false, true},
    {SF_FORMAT_GSM610, SV_I2, 16, false, false},
    {SF_FORMAT_VOX_ADPCM, SV_I2, 16, false, false},
    {SF_FORMAT_NMS_ADPCM_16, SV_I2, 16, false, false},
    {SF_FORMAT_NMS_ADPCM_24, SV_I2, 16, false, false},
    {SF_FORMAT_NMS_ADPCM_32, SV_I2, 16, false, false},
    {SF_FORMAT_G721_32, SV_I2, 16, false, false},
    {SF_FORMAT_G723_24, SV_I2, 16, false, false},
    {SF_FORMAT_G723_40, SV_I2, 16, false, false},
    {SF_FORMAT_DPCM_8, SV_I1, 24, false, false},
    {SF_FORMAT_DPCM_16, SV_I2, 16, false, false},
    {SF_FORMAT_DWVW_12, SV_I2, 20, false, false},
    {SF_FORMAT_DWVW_16, SV_I2, 16, false, false},
    {SF_FORMAT_DWVW_24, SV_I3, 8, false, false},
    {SF_FORMAT_VORBIS, SV_F4, 0, false, false},
    {SF_FORMAT_OPUS, SV_F4, 0, false, false},
};

const sv_sound_encoding *sv_sound_encoding_of(int format)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        if (encodings[i].code == (format & SF_FORMAT_SUBMASK)) {
            return &encodings[i];
        }
    }
    return NULL;
}

sv_dtype sv_sound_decoded_dtype(const sv_sound_encoding *encoding)
{
    return sv_dtype_make(encoding->type,
                         encoding->type == SV_I3 ? SV_LITTLE_ENDIAN : SV_NATIVE_ENDIAN);
}

int64_t sv_sound_frame_room(const sv_sound_encoding *encoding, int64_t num_channels)
{
    return num_channels * (int64_t)(encoding->type == SV_F8 ? sizeof(double) : sizeof(int));
}

/* ---- what libsndfile reads through ------------------------------------------------------- */

static int64_t size_of(const sv_sound_file *file)
{
    return (int64_t)sv_buffer_size_bytes(file->recording->buffer);
}

static sf_count_t answer_size(void *context)
{
    return size_of(context);
}

static sf_count_t answer_seek(sf_count_t offset, int whence, void *context)
{
    sv_sound_file *file = context;
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->byte : size_of(file);
    int64_t byte;
    if (!sv_add(from, offset, &byte) || byte < 0) {
        return -1;
    }
    file->byte = byte;
    return byte;
}

static sf_count_t answer_tell(void *context)
{
    const sv_sound_file *file = context;
    return file->byte;
}

static sf_count_t answer_write(const void *bytes, sf_count_t count, void *context)
{
    (void)bytes;
    (void)count;
    (void)context;
    return 0;
}

static void put_patch(const sv_sound_patch *patch, int64_t first_byte, char *bytes, int64_t count)
{
    for (size_t i = 0; i < patch->num_bytes; i++) {
        int64_t at = patch->first_byte + (int64_t)i - first_byte;
        if (at >= 0 && at < count) {
            memcpy(bytes + at, &patch->bytes[i], 1);
        }
    }
}

static sf_count_t answer_read(void *bytes, sf_count_t count, void *context)
{
    sv_sound_file *file = context;
    count = sv_min_i8(count, sv_min_i8(file->budget, size_of(file) - file->byte));
    if (count <= 0 || file->status != SV_OK) {
        return 0;
    }
    if (file->first_read < 0) {
        file->first_read = file->byte;
    }
    file->status =
        sv_recording_read(file->recording, file->byte, bytes, (size_t)count, &file->error);
    if (file->status != SV_OK) {
        return 0;
    }
    put_patch(file->patch, file->byte, bytes, count);
    file->byte += count;
    file->budget -= count;
    return count;
}

sv_status sv_sound_file_failure(const sv_sound_file *file, sv_error *error)
{
    /* Looking at the file again tells where it ends now. */
    if (file->status == SV_TRUNCATED &&
        sv_recording_check(file->recording, error) == SV_TRUNCATED) {
        return SV_TRUNCATED;
    }
    if (file->status != SV_OK && error != NULL) {
        *error = file->error;
    }
    return file->status;
}

/* ---- opening ----------------------------------------------------------------------------- */

/* libsndfile says why a file could not be opened in a variable of the whole process. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static sv_status fail_opening(const sv_sound_file *file, int code, sv_error *error)
{
    if (file->status != SV_OK) {
        return sv_sound_file_failure(file, error);
    }
    const char *reason = sf_error_number(code);
    int length = (int)strlen(reason);
    while (length > 0 && (reason[length - 1] == '.' || reason[length - 1] == ' ')) {
        length--;
    }
    sv_status status = code == SF_ERR_UNSUPPORTED_ENCODING ? SV_UNSUPPORTED : SV_FORMAT;
    return sv_fail(error, status,
                   "it cannot be read as a sound file (libsndfile: %.*s); if its samples are raw, "
                   "say --format raw",
                   length, reason);
}

sv_status sv_sound_file_open(sv_sound_file *file, const sv_recording *recording,
                             const sv_sound_patch *patch, sv_error *error)
{
    SF_VIRTUAL_IO functions = {answer_size, answer_seek, answer_read, answer_write, answer_tell};
    *file = (sv_sound_file){.recording = recording, .patch = patch, .status = SV_OK};
    file->budget = FINDING_BYTES + TIMES_OVER * size_of(file);
    pthread_mutex_lock(&opening);
    file->sndfile = sf_open_virtual(&functions, SFM_READ, &file->info, file);
    int code = file->sndfile == NULL ? sf_error(NULL) : SF_ERR_NO_ERROR;
    pthread_mutex_unlock(&opening);
    return file->sndfile != NULL ? SV_OK : fail_opening(file, code, error);
}

void sv_sound_file_close(sv_sound_file *file)
{
    if (file->sndfile != NULL) {
        sf_close(file->sndfile);
        file->sndfile = NULL;
    }
}

/* ---- decoding ---------------------------------------------------------------------------- */

static void allow(sv_sound_file *file, int64_t num_frames)
{
    int64_t frames = FINDING_FRAMES + TIMES_OVER * num_frames;
    file->budget = FINDING_BYTES + frames * file->info.channels * (int64_t)sizeof(double);
}

bool sv_sound_file_seek(sv_sound_file *file, int64_t frame)
{
    allow(file, 0);
    if (sf_seek(file->sndfile, frame, SEEK_SET) != frame || sf_error(file->sndfile) != 0) {
        return false;
    }
    file->position = frame;
    return true;
}

/* Packs integers of 32 bits into the type's bytes, in place: each lands before the next is read.
 * The shift of a negative number keeps its sign, with every compiler that is in use. */
static void shift_back(const sv_sound_encoding *encoding, char *samples, int64_t count)
{
    size_t itemsize = sv_dtype_itemsize(sv_sound_decoded_dtype(encoding));
    for (int64_t i = 0; i < count; i++) {
        int32_t sample;
        memcpy(&sample, samples + 4 * i, sizeof sample);
        sample >>= encoding->shift;
        char *to = samples + (int64_t)itemsize * i;
        if (encoding->type == SV_I2) {
            int16_t narrow = (int16_t)sample;
            memcpy(to, &narrow, sizeof narrow);
        } else if (encoding->type == SV_I3) {
            uint32_t bits = (uint32_t)sample;
            unsigned char narrow[] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                      (unsigned char)(bits >> 16)};
            memcpy(to, narrow, sizeof narrow);
        } else {
            *to = (char)(unsigned char)(encoding->type == SV_U1 ? sample + 128 : sample);
        }
    }
}

int64_t sv_sound_file_decode(sv_sound_file *file, const sv_sound_encoding *encoding, int64_t count,
                             void *frames, bool *whole)
{
    int64_t decoded;
    allow(file, count);
    if (encoding->type == SV_F4) {
        decoded = sf_readf_float(file->sndfile, frames, count);
    } else if (encoding->type == SV_F8) {
        decoded = sf_readf_double(file->sndfile, frames, count);
    } else {
        decoded = sf_readf_int(file->sndfile, frames, count);
    }
    decoded = sv_max_i8(decoded, 0);
    if (encoding->shift > 0) {
        shift_back(encoding, frames, decoded * file->info.channels);
    }
    file->position += decoded;
    *whole = decoded == count && sf_error(file->sndfile) == 0;
    return decoded;
}
