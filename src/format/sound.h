/* Sound files: what the parts of this format share.
 *
 * libsndfile reads the headers and decodes what is encoded. Samples that are not encoded are read
 * in place; where they lie it shows by the bytes it asks for when the first frame is wanted, since
 * it reads a recording through functions of ours. */
#ifndef SV_FORMAT_SOUND_H
#define SV_FORMAT_SOUND_H

#include <pthread.h>
#include <sndfile.h>

#include "format/format.h"

/* How libsndfile's encodings become samples. */
typedef struct sv_sound_encoding {
    int code; /* SF_FORMAT_… of the encoding alone */
    sv_type type;
    int shift;     /* integers come in the upper bits of 32: this far up */
    bool is_plain; /* such samples may lie in the file as they are */
    bool seeks;    /* a decoder sent to a frame gives what one gives that came there in order */
} sv_sound_encoding;

/* NULL: none that is known. `format` is SF_INFO's. */
const sv_sound_encoding *sv_sound_encoding_of(int format);

/* ---- what the header states -------------------------------------------------------------- */

/* libsndfile cuts what a header states to what the file holds, and rates to whole Hz. */
typedef struct sv_sound_statement {
    int64_t data_byte;  /* where encoded or plain samples begin; −1: not found */
    int64_t data_bytes; /* how many the header states; −1: it does not say */
    int64_t num_frames; /* where that is stated apart from the bytes; −1: it is not */
    double rate;        /* with its fraction; 0: not found */
    bool is_unfinished; /* the header was never completed: data_bytes means nothing */
    bool is_mpeg;       /* a WAV file of MPEG frames */

    /* The field that states data_bytes in chunks; field_bytes 0: there is none. */
    int64_t field_byte;
    int field_bytes;
    sv_byte_order field_order;
    int64_t counted_from; /* the byte from which it counts */
} sv_sound_statement;

/* Whether the file begins as one of the sound files that are read. */
bool sv_sound_has_magic(const sv_head *head);

/* Whether it begins as one of those that libsndfile reads and that are refused all the same: its
 * decoders of MP3 and of MIDI sample dumps write messages to the standard streams of whoever runs
 * them. */
bool sv_sound_is_refused(const sv_head *head);

/* Why a file without the magic of those that are read is not: SV_UNSUPPORTED, SV_FORMAT. */
sv_status sv_sound_refuse(const char *path, const sv_head *head, sv_error *error);

/* SV_IO, SV_TRUNCATED. */
sv_status sv_sound_read_statement(const sv_recording *recording, const sv_head *head,
                                  sv_sound_statement *statement, sv_error *error);

/* The chunk that states each channel's largest |sample| and where it is, which programs that write
 * floats add. */
typedef struct sv_sound_peaks {
    int64_t byte, num_bytes; /* of its contents; byte −1: there is none */
    sv_byte_order order;
    bool has_long_places; /* CAF: 64 bits, and no time */
} sv_sound_peaks;

/* SV_IO, SV_TRUNCATED. */
sv_status sv_sound_find_peaks(const sv_recording *recording, sv_sound_peaks *peaks,
                              sv_error *error);

/* As in sv_format. */
sv_status sv_sound_restate(const sv_recording *recording, const sv_row_figures *figures,
                           sv_header_store *store, void *context, sv_error *error);

/* ---- the decoder ------------------------------------------------------------------------- */

/* Bytes that libsndfile is shown in the place of the file's: a length that a header lacks, or lies
 * about. num_bytes 0: none. */
typedef struct sv_sound_patch {
    int64_t first_byte;
    size_t num_bytes;
    unsigned char bytes[8];
} sv_sound_patch;

/* The length that is there, for a header that does not state one that can be. Not every such header
 * does libsndfile take. */
void sv_sound_mend_header(const sv_sound_statement *stated, int64_t file_bytes,
                          sv_sound_patch *patch);

/* Another number of frames for a FLAC file's header, 0: not known; nothing for other files. Its
 * decoder finds no frame by a number that is wrong. SV_IO, SV_TRUNCATED. */
sv_status sv_sound_restate_flac(const sv_recording *recording, int64_t num_frames,
                                sv_sound_patch *patch, sv_error *error);

/* A decoder over a recording's bytes, of one thread. */
typedef struct sv_sound_file {
    const sv_recording *recording;
    const sv_sound_patch *patch;
    SNDFILE *sndfile; /* NULL: closed */
    SF_INFO info;
    int64_t byte;       /* where libsndfile reads next */
    int64_t first_read; /* the first byte it read since this was set to −1 */
    int64_t position;   /* the frame that is decoded next */
    int64_t budget;     /* bytes that may still be read for what is asked */
    sv_status status;   /* of the first read of the file that failed, with its sentence */
    sv_error error;
} sv_sound_file;

/* SV_FORMAT, SV_UNSUPPORTED; SV_IO, SV_TRUNCATED. The patch is borrowed until the file is closed.
 * Nothing is to be closed where it failed. */
sv_status sv_sound_file_open(sv_sound_file *file, const sv_recording *recording,
                             const sv_sound_patch *patch, sv_error *error);
void sv_sound_file_close(sv_sound_file *file);

/* Whether the recording's bytes could be read so far: SV_OK, SV_IO, SV_TRUNCATED. */
sv_status sv_sound_file_failure(const sv_sound_file *file, sv_error *error);

/* False: the decoder cannot go there. */
bool sv_sound_file_seek(sv_sound_file *file, int64_t frame);

/* Bytes that decoding a frame needs room for, at least those of its samples. */
int64_t sv_sound_frame_room(const sv_sound_encoding *encoding, int64_t num_channels);

/* The type that frames are decoded to. */
sv_dtype sv_sound_decoded_dtype(const sv_sound_encoding *encoding);

/* Decodes up to `count` frames, one after the other, and returns how many there were; *whole:
 * that many, and without an error. */
int64_t sv_sound_file_decode(sv_sound_file *file, const sv_sound_encoding *encoding, int64_t count,
                             void *frames, bool *whole);

/* ---- the recording ----------------------------------------------------------------------- */

typedef struct sv_sound_reader sv_sound_reader;

typedef struct sv_sound {
    const sv_sound_encoding *encoding;
    bool seeks;
    sv_dtype dtype;
    int64_t num_channels, num_frames;
    double sample_rate;
    sv_time start;
    bool complete, in_place;
    int64_t data_byte; /* in place alone */
    sv_sound_patch patch;

    /* Readers that wait to be used again: what must be decoded in order is not begun anew each
     * time somebody goes on reading. */
    pthread_mutex_t lock;
    sv_sound_reader *idle;
} sv_sound;

/* Whether the samples lie plainly in the file, and then where and in which order of bytes: sets
 * sound->in_place, dtype and data_byte. Their number is libsndfile's. SV_NOMEM, SV_IO,
 * SV_TRUNCATED. */
sv_status sv_sound_find_place(sv_sound *sound, sv_sound_file *file, sv_error *error);

/* How many of `stated` frames can be decoded, where that is not plausible anyway. May set the
 * patch. SV_NOMEM, SV_IO, SV_TRUNCATED. */
sv_status sv_sound_count_frames(sv_sound *sound, const sv_recording *recording, int64_t stated,
                                int64_t *num_frames, sv_error *error);

/* As in sv_format. */
sv_status sv_sound_open_reader(const sv_recording *recording, int64_t segment, void **state,
                               sv_error *error);
sv_status sv_sound_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                        int64_t count, sv_view *samples, sv_error *error);
void sv_sound_close_reader(void *state);

/* Closes the readers that wait. */
void sv_sound_close_idle(sv_sound *sound);

#endif
