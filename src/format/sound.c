/* Sound files through libsndfile: WAV, RF64, W64, AIFF, AIFF-C, AU, CAF, FLAC, Ogg, and the rarer
 * AVR, HTK, IRCAM, MATLAB 4 and 5, MPC 2000, NIST, PAF, PVF, SVX, VOC, WVE and XI. Sound has a
 * rate, and neither a start nor ids. */
#include "format/sound.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

static const char *const suffixes[] = {".wav",  ".wave", ".rf64", ".w64", ".aif",  ".aiff",
                                       ".aifc", ".au",   ".snd",  ".caf", ".flac", ".ogg",
                                       ".oga",  ".opus", ".mp3",  ".sds", ".sd2",  NULL};

static sv_likeness probe_sound(const sv_source *source, const sv_head *head)
{
    (void)source;
    return sv_sound_has_magic(head) || sv_sound_is_refused(head) ? SV_LIKE_MAGIC : SV_UNLIKE;
}

/* ---- how many there are ------------------------------------------------------------------ */

static sv_status warn_of_missing(sv_recording *recording, sv_sound *sound, int64_t num_stated,
                                 sv_error *error)
{
    sound->complete = false;
    return sv_recording_warn(recording, error,
                             "%" PRId64 " of the %" PRId64
                             " samples of each channel that its header states are missing: the "
                             "file ends at byte %zu",
                             num_stated - sound->num_frames, num_stated,
                             sv_buffer_size_bytes(recording->buffer));
}

static sv_status warn_of_unfinished(sv_recording *recording, const sv_sound *sound, sv_error *error)
{
    return sv_recording_warn(recording, error,
                             "its header does not state how many samples it has, as in a recording "
                             "that was not finished; the %" PRId64
                             " of each channel that are there are read",
                             sound->num_frames);
}

static sv_status count_in_place(sv_recording *recording, sv_sound *sound,
                                const sv_sound_statement *stated, sv_error *error)
{
    int64_t frame_bytes = sound->num_channels * (int64_t)sv_dtype_itemsize(sound->dtype);
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer);
    if (stated->is_unfinished && sound->data_byte == stated->data_byte) {
        sound->num_frames = (file_bytes - sound->data_byte) / frame_bytes;
        return warn_of_unfinished(recording, sound, error);
    }
    int64_t num_stated = sound->num_frames;
    if (sound->data_byte == stated->data_byte) {
        num_stated = sv_max_i8(num_stated, stated->data_bytes / frame_bytes);
    }
    num_stated = sv_max_i8(num_stated, stated->num_frames);
    return num_stated > sound->num_frames ? warn_of_missing(recording, sound, num_stated, error)
                                          : SV_OK;
}

static sv_status count_encoded(sv_recording *recording, sv_sound *sound,
                               const sv_sound_statement *stated, sv_error *error)
{
    int64_t num_stated = sound->num_frames;
    sv_status status =
        sv_sound_count_frames(sound, recording, num_stated, &sound->num_frames, error);
    if (status != SV_OK) {
        return status;
    }
    if (stated->is_unfinished) {
        return warn_of_unfinished(recording, sound, error);
    }
    num_stated = sv_max_i8(num_stated, stated->num_frames);
    if (sound->num_frames < num_stated && num_stated < SF_COUNT_MAX) {
        return warn_of_missing(recording, sound, num_stated, error);
    }
    int64_t file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer);
    if (stated->data_byte < 0 || stated->data_bytes <= file_bytes - stated->data_byte) {
        return SV_OK;
    }
    sound->complete = false;
    return sv_recording_warn(recording, error,
                             "its header states %" PRId64 " bytes of encoded samples from byte "
                             "%" PRId64 " on, but the file ends at byte %" PRId64,
                             stated->data_bytes, stated->data_byte, file_bytes);
}

static sv_status count(sv_recording *recording, sv_sound *sound, const sv_sound_statement *stated,
                       sv_error *error)
{
    sv_status status = sound->in_place ? count_in_place(recording, sound, stated, error)
                                       : count_encoded(recording, sound, stated, error);
    int64_t most;
    bool fits = sv_multiply(sound->num_frames, sound->num_channels * 8, &most);
    if (status == SV_OK && !fits) {
        return sv_fail(error, SV_OVERFLOW,
                       "%" PRId64 " samples of each of %" PRId64 " channels are more than fit",
                       sound->num_frames, sound->num_channels);
    }
    return status;
}

/* ---- opening ----------------------------------------------------------------------------- */

/* The header's rate has a fraction that libsndfile rounds away. */
static double find_rate(const sv_source *source, const sv_sound_statement *stated, int rounded)
{
    if (source->options->rate > 0.0) {
        return source->options->rate;
    }
    bool is_same = stated->rate > 0.0 && fabs(stated->rate - rounded) <= 1.0;
    return is_same ? stated->rate : rounded;
}

static sv_status describe(sv_recording *recording, const sv_source *source,
                          const sv_sound_statement *stated, sv_sound_file *file, sv_error *error)
{
    sv_sound *sound = recording->state;
    int container = file->info.format & SF_FORMAT_TYPEMASK;
    int code = file->info.format & SF_FORMAT_SUBMASK;
    /* PAF packs 24 bits in blocks, of which libsndfile loses the end. */
    bool is_garbled = container == SF_FORMAT_PAF && code == SF_FORMAT_PCM_24;
    sound->encoding = is_garbled ? NULL : sv_sound_encoding_of(file->info.format);
    if (sound->encoding == NULL) {
        return sv_fail(
            error, SV_UNSUPPORTED,
            "its samples are encoded in a way (libsndfile's 0x%x) that is not read; convert "
            "it to WAV with sox or sndfile-convert",
            (unsigned)file->info.format);
    }
    sound->num_channels = file->info.channels;
    sound->num_frames = sv_max_i8(0, file->info.frames);
    sound->sample_rate = find_rate(source, stated, file->info.samplerate);
    sound->start = source->options->start;
    sound->complete = true;
    if (sound->num_channels < 1 || !(sound->sample_rate > 0.0 && isfinite(sound->sample_rate))) {
        return sv_fail(error, SV_FORMAT, "its header makes no sense: %" PRId64 " channels at %g Hz",
                       sound->num_channels, sound->sample_rate);
    }
    bool is_flac = container == SF_FORMAT_FLAC;
    /* What looks plain but is not lies in blocks, where seeking is not to be trusted. */
    sound->seeks = sound->encoding->seeks && (is_flac || !sound->encoding->is_plain);
    sv_status status = sv_sound_find_place(sound, file, error);
    return status == SV_OK ? count(recording, sound, stated, error) : status;
}

static sv_status examine(sv_recording *recording, const sv_source *source, const sv_head *head,
                         sv_error *error)
{
    sv_sound *sound = recording->state;
    sv_sound_statement stated;
    sv_sound_file file;
    sv_status status = sv_sound_read_statement(recording, head, &stated, error);
    if (status != SV_OK) {
        return status;
    }
    if (stated.is_mpeg) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its samples are MP3 frames, which are not read; convert it to plain WAV "
                       "with sox or ffmpeg");
    }
    sv_sound_mend_header(&stated, head->file_bytes, &sound->patch);
    status = sv_sound_file_open(&file, recording, &sound->patch, error);
    if (status == SV_OK) {
        status = describe(recording, source, &stated, &file, error);
        sv_sound_file_close(&file);
    }
    return status;
}

static void close_sound(sv_recording *recording)
{
    sv_sound *sound = recording->state;
    sv_sound_close_idle(sound);
    pthread_mutex_destroy(&sound->lock);
    sv_free(sound);
    recording->state = NULL;
}

static sv_status open_sound(sv_recording *recording, const sv_source *source, const sv_head *head,
                            sv_error *error)
{
    if (sv_options_say_raw(source->options)) {
        return sv_fail(error, SV_INVALID,
                       "dtype, channels, layout and skip are for raw samples, not for sound "
                       "files; leave them out, or give --format raw");
    }
    if (!sv_sound_has_magic(head)) {
        return sv_sound_refuse(source->data_path, head, error);
    }
    sv_sound *sound = sv_calloc(1, sizeof *sound);
    if (sound == NULL) {
        return sv_fail_memory(error, sizeof *sound);
    }
    pthread_mutex_init(&sound->lock, NULL);
    recording->state = sound;
    sv_status status = examine(recording, source, head, error);
    if (status != SV_OK) {
        close_sound(recording);
        return status;
    }
    recording->num_segments = 1;
    recording->start = sound->start;
    return SV_OK;
}

/* ---- answering --------------------------------------------------------------------------- */

static sv_status segment_of_sound(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    (void)index;
    const sv_sound *sound = recording->state;
    segment->num_channels = sound->num_channels;
    segment->num_samples = sound->num_frames;
    segment->sample_rate = sound->sample_rate;
    segment->start = sound->start;
    segment->complete = sound->complete;
    segment->in_place = sound->in_place;
    segment->data_offset = sound->in_place ? sound->data_byte : -1;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(sound->dtype);
    int64_t shape[] = {sound->num_channels, sound->num_frames};
    int64_t strides[] = {itemsize, itemsize * sound->num_channels};
    if (sound->in_place) {
        return sv_view_make(recording->buffer, sound->data_byte, sound->dtype, 2, shape, strides,
                            &segment->samples, NULL);
    }
    segment->samples = (sv_view){.dtype = sound->dtype, .ndim = 2, .readonly = true};
    memcpy(segment->samples.shape, shape, sizeof shape);
    memcpy(segment->samples.strides, strides, sizeof strides);
    return SV_OK;
}

static sv_status channel_of_sound(const sv_recording *recording, int64_t segment, int64_t row,
                                  sv_channel *channel)
{
    (void)segment;
    const sv_sound *sound = recording->state;
    channel->number = row;
    channel->has_id = false;
    channel->start = sound->start;
    return SV_OK;
}

const sv_format sv_format_sound = {
    .name = "sound",
    .description = "sound files: WAV, RF64, W64, AIFF, AU, CAF, FLAC, Ogg, VOC, NIST and others, "
                   "read in place where they are not encoded",
    .suffixes = suffixes,
    .probe = probe_sound,
    .open = open_sound,
    .segment = segment_of_sound,
    .channel = channel_of_sound,
    .close = close_sound,
    .open_reader = sv_sound_open_reader,
    .read = sv_sound_read,
    .close_reader = sv_sound_close_reader,
    .restate = sv_sound_restate,
};
