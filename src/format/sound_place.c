/* Whether the samples of a sound file lie plainly in it, and where.
 *
 * libsndfile is sent to the first frame, and the byte it reads first is taken for the place. Then
 * frames at the beginning, in the middle and at the end, as it decodes them, are compared with the
 * bytes that should be theirs. What does not agree is decoded. */
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/sound.h"

enum { LOOK_BYTES = 64 * 1024 };

typedef struct look {
    sv_sound *sound;
    sv_sound_file *file;
    int64_t data_byte;
    int64_t frame_bytes;
    int64_t num_frames; /* that are compared at each place */
    char *decoded, *stored;
    bool agrees[2]; /* as the order of bytes in the file: little-endian, big-endian */
} look;

static bool same_bytes(const char *a, const char *b, size_t itemsize, bool reversed)
{
    for (size_t i = 0; i < itemsize; i++) {
        if (a[i] != b[reversed ? itemsize - 1 - i : i]) {
            return false;
        }
    }
    return true;
}

static void compare(look *l, int64_t count)
{
    sv_dtype dtype = sv_sound_decoded_dtype(l->sound->encoding);
    size_t itemsize = sv_dtype_itemsize(dtype);
    int64_t num_samples = count * l->sound->num_channels;
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        bool agrees = l->agrees[order];
        for (int64_t i = 0; agrees && i < num_samples; i++) {
            int64_t byte = i * (int64_t)itemsize;
            agrees = same_bytes(l->decoded + byte, l->stored + byte, itemsize,
                                order != (int)dtype.order);
        }
        l->agrees[order] = agrees;
    }
}

static sv_status compare_at(look *l, int64_t frame, sv_error *error)
{
    const sv_recording *recording = l->file->recording;
    int64_t count = sv_min_i8(l->num_frames, l->file->info.frames - frame);
    bool whole = sv_sound_file_seek(l->file, frame);
    if (whole) {
        sv_sound_file_decode(l->file, l->sound->encoding, count, l->decoded, &whole);
    }
    if (!whole) {
        l->agrees[SV_LITTLE_ENDIAN] = l->agrees[SV_BIG_ENDIAN] = false;
        return SV_OK;
    }
    sv_status status = sv_recording_read(recording, l->data_byte + frame * l->frame_bytes,
                                         l->stored, (size_t)(count * l->frame_bytes), error);
    if (status == SV_OK) {
        compare(l, count);
    }
    return status;
}

static sv_status compare_frames(look *l, sv_error *error)
{
    int64_t num_frames = l->file->info.frames;
    int64_t last = sv_max_i8(0, num_frames - l->num_frames);
    int64_t places[] = {0, last / 2, last};
    for (int i = 0; i < 3 && num_frames > 0; i++) {
        sv_status status = compare_at(l, places[i], error);
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

/* Where libsndfile goes for the first frame. */
static int64_t find_data(look *l)
{
    bool whole;
    l->file->first_read = -1;
    if (!sv_sound_file_seek(l->file, 0)) {
        return -1;
    }
    if (l->file->info.frames > 0) {
        sv_sound_file_decode(l->file, l->sound->encoding, 1, l->decoded, &whole);
    }
    return l->file->first_read >= 0 ? l->file->first_read : l->file->byte;
}

static bool fits_in_file(const look *l)
{
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(l->file->recording->buffer);
    int64_t num_bytes, end;
    return l->data_byte >= 0 && sv_multiply(l->file->info.frames, l->frame_bytes, &num_bytes) &&
           sv_add(l->data_byte, num_bytes, &end) && end <= file_bytes;
}

/* Samples that are the same in both orders (silence) are in the order libsndfile says. */
static void decide(look *l)
{
    int native = SV_NATIVE_ENDIAN;
    bool swapped = sf_command(l->file->sndfile, SFC_RAW_DATA_NEEDS_ENDSWAP, NULL, 0) == SF_TRUE;
    int order = swapped ? !native : native;
    order = l->agrees[order] ? order : !order;
    l->sound->in_place = l->agrees[order];
    if (l->sound->in_place) {
        l->sound->data_byte = l->data_byte;
        l->sound->dtype = sv_dtype_make(l->sound->encoding->type, (sv_byte_order)order);
    }
}

static sv_status look_at(look *l, sv_error *error)
{
    l->data_byte = find_data(l);
    sv_status status = SV_OK;
    if (fits_in_file(l)) {
        status = compare_frames(l, error);
        decide(l);
    }
    return status == SV_OK ? sv_sound_file_failure(l->file, error) : status;
}

sv_status sv_sound_find_place(sv_sound *sound, sv_sound_file *file, sv_error *error)
{
    sound->in_place = false;
    sound->dtype = sv_sound_decoded_dtype(sound->encoding);
    bool is_flac = (file->info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
    if (!sound->encoding->is_plain || is_flac) {
        return SV_OK;
    }
    int64_t room = sv_sound_frame_room(sound->encoding, sound->num_channels);
    int64_t num_frames = sv_max_i8(1, LOOK_BYTES / room);
    look l = {.sound = sound,
              .file = file,
              .frame_bytes = sound->num_channels * (int64_t)sv_dtype_itemsize(sound->dtype),
              .num_frames = num_frames,
              .agrees = {true, true}};
    size_t size_bytes = (size_t)(num_frames * room);
    l.decoded = sv_malloc(2 * size_bytes);
    if (l.decoded == NULL) {
        return sv_fail_memory(error, 2 * size_bytes);
    }
    l.stored = l.decoded + size_bytes;
    sv_status status = look_at(&l, error);
    sv_free(l.decoded);
    return status;
}
