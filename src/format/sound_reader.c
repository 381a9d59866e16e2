/* Readers of encoded samples: a decoder for each thread, sent to where samples are asked for.
 *
 * Lossless and block-wise encodings give the same samples wherever a decoder was before, so each
 * thread seeks. The others depend on all that came before: there each decoder goes through the
 * file in order, past what other threads take, and begins anew to go back. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/sound.h"

enum {
    MOST_BYTES = 8 << 20, /* decoded at once: more than any block of a scan */
    COUNTED_AT_ONCE = 65536,
    RETREAT_FRAMES = 1 << 18,
    FEWEST_FRAMES = 4096, /* there is room for */

    /* Around damage: frames at once, which double after so many were lost one after the other. */
    CAREFUL_FRAMES = 1024,
    PATIENCE = 8
};

struct sv_sound_reader {
    sv_sound *sound;
    const sv_recording *recording;
    sv_sound_file file; /* closed at first and after a failure; opened when it is needed */
    sv_buffer *buffer;
    int64_t careful_until; /* frames before this one are decoded a few at a time */
    int num_lost;          /* times one after the other */
    int64_t ends_at;       /* where a decoder that goes in order gave up */
    sv_sound_reader *next; /* of those that wait */
};

static int64_t room_of(const sv_sound_reader *reader)
{
    return sv_sound_frame_room(reader->sound->encoding, reader->sound->num_channels);
}

static int64_t most_frames(const sv_sound_reader *reader)
{
    return sv_max_i8(1, MOST_BYTES / room_of(reader));
}

static sv_status make_room(sv_sound_reader *reader, int64_t num_frames, sv_error *error)
{
    size_t size_bytes = (size_t)(num_frames * room_of(reader));
    if (reader->buffer != NULL && sv_buffer_size_bytes(reader->buffer) >= size_bytes) {
        return SV_OK;
    }
    sv_buffer *larger;
    sv_status status = sv_buffer_alloc(size_bytes, &larger, error);
    if (status == SV_OK) {
        sv_buffer_close(reader->buffer);
        reader->buffer = larger;
    }
    return status;
}

/* ---- decoding ---------------------------------------------------------------------------- */

/* What came of an attempt: how many frames there are, and whether the decoder was content. */
typedef struct attempt {
    int64_t num_frames;
    bool whole;
} attempt;

static attempt decode_here(sv_sound_reader *reader, int64_t count)
{
    attempt made;
    void *frames = (void *)(uintptr_t)sv_buffer_data(reader->buffer);
    made.num_frames =
        sv_sound_file_decode(&reader->file, reader->sound->encoding, count, frames, &made.whole);
    return made;
}

/* Decodes and drops what lies before `frame`. Behind damage, where a decoder goes on, its count of
 * frames is wrong: only what is always decoded in order has no other count. */
static bool pass_over(sv_sound_reader *reader, int64_t frame)
{
    int64_t most = (int64_t)sv_buffer_size_bytes(reader->buffer) / room_of(reader);
    bool moved = true;
    while (moved && reader->file.position < frame) {
        attempt made = decode_here(reader, sv_min_i8(most, frame - reader->file.position));
        moved = reader->sound->seeks ? made.whole : made.num_frames > 0;
    }
    return moved;
}

/* A seek near damage, or near the end of a file that is cut, may fail although the frame is there:
 * it can be come to from some way before it. */
static bool come_from_before(sv_sound_reader *reader, int64_t frame)
{
    int64_t before = sv_max_i8(0, frame - RETREAT_FRAMES);
    sv_sound_file *file = &reader->file;
    sv_sound_file_close(file);
    return sv_sound_file_open(file, reader->recording, &reader->sound->patch, NULL) == SV_OK &&
           (before == 0 || sv_sound_file_seek(file, before)) && pass_over(reader, frame);
}

static bool go_to(sv_sound_reader *reader, int64_t frame)
{
    if (reader->file.position == frame) {
        return true;
    }
    if (!reader->sound->seeks) {
        return pass_over(reader, frame);
    }
    return sv_sound_file_seek(&reader->file, frame) || come_from_before(reader, frame);
}

static sv_status ready(sv_sound_reader *reader, int64_t first, int64_t count, sv_error *error)
{
    sv_sound_file *file = &reader->file;
    if (file->sndfile != NULL && !reader->sound->seeks && file->position > first) {
        sv_sound_file_close(file);
    }
    if (file->sndfile == NULL) {
        sv_status status =
            sv_sound_file_open(file, reader->recording, &reader->sound->patch, error);
        if (status != SV_OK) {
            return status;
        }
    }
    return make_room(reader, sv_max_i8(count, FEWEST_FRAMES), error);
}

/* SV_OK also where fewer frames could be decoded, or none. */
static sv_status try_to_decode(sv_sound_reader *reader, int64_t first, int64_t count, attempt *made,
                               sv_error *error)
{
    *made = (attempt){0, false};
    sv_status status = ready(reader, first, count, error);
    if (status != SV_OK) {
        return status;
    }
    if (go_to(reader, first)) {
        *made = decode_here(reader, count);
    }
    status = sv_sound_file_failure(&reader->file, error);
    if (status != SV_OK) {
        sv_sound_file_close(&reader->file);
    }
    return status;
}

static sv_status fail_decoding(const sv_sound_reader *reader, int64_t first, int64_t count,
                               sv_error *error)
{
    return sv_fail(error, SV_FORMAT,
                   "samples %" PRId64 " to %" PRId64
                   " cannot be decoded: the file is damaged near byte %" PRId64
                   ", or ends too early; they are left out",
                   first, first + count - 1, reader->file.byte);
}

/* A decoder may have met the damage ahead of what it was asked for, and is confused by what it met
 * before: lost is what one cannot decode that is new and begins there. */
static sv_status decode_carefully(sv_sound_reader *reader, int64_t first, int64_t *count,
                                  sv_error *error)
{
    int doublings = reader->num_lost > PATIENCE ? reader->num_lost - PATIENCE : 0;
    *count = sv_min_i8(*count, (int64_t)CAREFUL_FRAMES << (doublings < 20 ? doublings : 20));
    sv_sound_file_close(&reader->file);
    attempt made;
    sv_status status = try_to_decode(reader, first, *count, &made, error);
    if (status != SV_OK) {
        return status;
    }
    reader->num_lost = made.whole ? 0 : reader->num_lost + 1;
    return made.whole ? SV_OK : fail_decoding(reader, first, *count, error);
}

static sv_status decode_anywhere(sv_sound_reader *reader, int64_t first, int64_t *count,
                                 sv_error *error)
{
    if (first >= reader->careful_until) {
        attempt made;
        sv_status status = try_to_decode(reader, first, *count, &made, error);
        if (status != SV_OK || made.whole) {
            return status;
        }
        reader->careful_until = first + *count;
        reader->num_lost = 0;
    }
    return decode_carefully(reader, first, count, error);
}

/* In order, nothing behind a failure can be had. */
static sv_status decode_in_order(sv_sound_reader *reader, int64_t first, int64_t *count,
                                 sv_error *error)
{
    attempt made = {0, false};
    if (first < reader->ends_at) {
        sv_status status = try_to_decode(reader, first, *count, &made, error);
        if (status != SV_OK) {
            return status;
        }
    }
    if (made.num_frames < *count) {
        reader->ends_at = sv_min_i8(reader->ends_at, first + made.num_frames);
    }
    if (made.num_frames == 0) {
        return fail_decoding(reader, first, *count, error);
    }
    *count = made.num_frames;
    return SV_OK;
}

sv_status sv_sound_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                        int64_t count, sv_view *samples, sv_error *error)
{
    (void)recording;
    (void)segment;
    sv_sound_reader *reader = state;
    const sv_sound *sound = reader->sound;
    count = sv_min_i8(count, most_frames(reader));
    sv_status status = sound->seeks ? decode_anywhere(reader, first, &count, error)
                                    : decode_in_order(reader, first, &count, error);
    if (status == SV_FORMAT) {
        samples->shape[1] = count;
    }
    if (status != SV_OK) {
        return status;
    }
    int64_t itemsize = (int64_t)sv_dtype_itemsize(sound->dtype);
    int64_t shape[] = {sound->num_channels, count};
    int64_t strides[] = {itemsize, itemsize * sound->num_channels};
    status = sv_view_make(reader->buffer, 0, sound->dtype, 2, shape, strides, samples, error);
    samples->readonly = true;
    return status;
}

/* ---- opening and closing ----------------------------------------------------------------- */

static sv_sound_reader *take_idle(sv_sound *sound)
{
    pthread_mutex_lock(&sound->lock);
    sv_sound_reader *reader = sound->idle;
    if (reader != NULL) {
        sound->idle = reader->next;
    }
    pthread_mutex_unlock(&sound->lock);
    return reader;
}

sv_status sv_sound_open_reader(const sv_recording *recording, int64_t segment, void **state,
                               sv_error *error)
{
    (void)segment;
    sv_sound *sound = recording->state;
    sv_sound_reader *reader = take_idle(sound);
    if (reader == NULL) {
        reader = sv_malloc(sizeof *reader);
        if (reader == NULL) {
            return sv_fail_memory(error, sizeof *reader);
        }
        *reader = (sv_sound_reader){.sound = sound, .recording = recording, .ends_at = INT64_MAX};
    }
    *state = reader;
    return SV_OK;
}

void sv_sound_close_reader(void *state)
{
    sv_sound_reader *reader = state;
    pthread_mutex_lock(&reader->sound->lock);
    reader->next = reader->sound->idle;
    reader->sound->idle = reader;
    pthread_mutex_unlock(&reader->sound->lock);
}

void sv_sound_close_idle(sv_sound *sound)
{
    for (sv_sound_reader *reader; (reader = take_idle(sound)) != NULL;) {
        sv_sound_file_close(&reader->file);
        sv_buffer_close(reader->buffer);
        sv_free(reader);
    }
}

/* ---- counting ---------------------------------------------------------------------------- */

/* Whether a new decoder reaches the frame. */
static sv_status reach(sv_sound_reader *reader, int64_t frame, bool *reached, sv_error *error)
{
    attempt made;
    sv_sound_file_close(&reader->file);
    sv_status status = try_to_decode(reader, frame, 1, &made, error);
    *reached = made.whole;
    return status;
}

/* Halves what lies between a frame that is reached and one that is not. */
static sv_status find_end(sv_sound_reader *reader, int64_t missed, int64_t *num_frames,
                          sv_error *error)
{
    *num_frames = 0;
    while (*num_frames < missed) {
        int64_t frame = *num_frames + (missed - *num_frames) / 2;
        bool reached;
        sv_status status = reach(reader, frame, &reached, error);
        if (status != SV_OK) {
            return status;
        }
        *num_frames = reached ? frame + 1 : *num_frames;
        missed = reached ? missed : frame;
    }
    return SV_OK;
}

/* The same as if the header did not state a number: what finds frames by a stated one misses them
 * where it is wrong, and without one where the end is cut. */
static sv_status find_end_unstated(sv_sound_reader *reader, int64_t missed, int64_t *num_frames,
                                   sv_error *error)
{
    int64_t unstated = 0;
    sv_sound_patch *patch = &reader->sound->patch;
    sv_status status = sv_sound_restate_flac(reader->recording, 0, patch, error);
    if (status == SV_OK) {
        status = find_end(reader, missed, &unstated, error);
    }
    *num_frames = sv_max_i8(*num_frames, unstated);
    if (status == SV_OK) {
        status = sv_sound_restate_flac(reader->recording, *num_frames, patch, error);
    }
    return status;
}

/* Most files are whole: the last frame that is stated is tried first. */
static sv_status count_by_seeking(sv_sound_reader *reader, int64_t stated, int64_t *num_frames,
                                  sv_error *error)
{
    bool reached;
    sv_status status = reach(reader, stated - 1, &reached, error);
    if (status != SV_OK || reached) {
        return status;
    }
    status = find_end(reader, stated - 1, num_frames, error);
    return status == SV_OK ? find_end_unstated(reader, stated - 1, num_frames, error) : status;
}

static sv_status count_by_decoding(sv_sound_reader *reader, int64_t stated, int64_t *num_frames,
                                   sv_error *error)
{
    int64_t step = sv_min_i8(most_frames(reader), COUNTED_AT_ONCE);
    attempt made = {step, true};
    *num_frames = 0;
    while (made.num_frames == step && *num_frames < stated) {
        sv_status status = try_to_decode(reader, *num_frames, step, &made, error);
        if (status != SV_OK) {
            return status;
        }
        *num_frames = sv_min_i8(*num_frames + made.num_frames, stated);
    }
    return SV_OK;
}

/* No encoding puts more than some thousand frames into a byte. */
static bool is_plausible(const sv_recording *recording, int64_t num_frames)
{
    return num_frames / 8192 <= (int64_t)sv_buffer_size_bytes(recording->buffer);
}

sv_status sv_sound_count_frames(sv_sound *sound, const sv_recording *recording, int64_t stated,
                                int64_t *num_frames, sv_error *error)
{
    *num_frames = stated;
    if (stated == 0 || (!sound->seeks && is_plausible(recording, stated))) {
        return SV_OK;
    }
    sv_sound_reader reader = {.sound = sound, .recording = recording};
    sv_status status = sound->seeks ? count_by_seeking(&reader, stated, num_frames, error)
                                    : count_by_decoding(&reader, stated, num_frames, error);
    sv_sound_file_close(&reader.file);
    sv_buffer_close(reader.buffer);
    return status;
}
