/* What a format is: the inner side of recordings.
 *
 * A format is one descriptor in one file, and one line in formats.def. It says how sure it is of a
 * file, opens it, and afterwards answers for its segments and channels from whatever compact state
 * it keeps; nothing is sized by the number of samples. */
#ifndef SV_FORMAT_FORMAT_H
#define SV_FORMAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "seisview/recording.h"

#define SV_HEAD_BYTES 4096 /* of a file's beginning that a probe may look at */

/* Where samples are to come from, and what is known before the file is looked at. Borrowed by
 * those it is given to. */
typedef struct sv_source {
    const char *path;      /* as the user named it; "-" is standard input */
    const char *data_path; /* where the samples lie; another than `path` for a named side file */
    const char *side_path; /* where a SigMF side file would lie; NULL: there can be none */
    const sv_open_options *options;
} sv_source;

/* The beginning of a file whose format is sought. */
typedef struct sv_head {
    size_t num_bytes; /* in `bytes`: the smaller of SV_HEAD_BYTES and the file's size */
    int64_t file_bytes;
    unsigned char bytes[SV_HEAD_BYTES];
} sv_head;

/* How sure a format is that a file is its own. The surest is taken, of equals the first listed. */
typedef enum sv_likeness {
    SV_UNLIKE,
    SV_LIKE_NOTHING_ELSE, /* what is left where nothing else fits */
    SV_LIKE_SUFFIX,       /* its suffix alone; given without asking the format */
    SV_LIKE_CONTENT,      /* its header makes sense, but has no magic number */
    SV_LIKE_STATED,       /* somebody says so: the user, a side file */
    SV_LIKE_MAGIC         /* a magic number */
} sv_likeness;

/* What a header may state of a row's finite samples. */
typedef struct sv_row_figures {
    int64_t num_finite;
    double min, max, mean;
    double max_abs;
    int64_t max_abs_index; /* the first */
} sv_row_figures;

/* Takes new bytes of a header. */
typedef sv_status sv_header_store(void *context, int64_t offset_bytes, const void *bytes,
                                  size_t num_bytes, sv_error *error);

typedef struct sv_format {
    const char *name, *description;
    const char *const *suffixes; /* ".sac", in lower case, NULL at the end */
    const char *not_edited;      /* why its samples are never edited in place; NULL: they are */

    sv_likeness (*probe)(const sv_source *source, const sv_head *head);

    /* Sets the recording's num_segments, num_gaps, start and state, and adds its warnings. The
     * file has at least one byte. On failure it leaves nothing in `state`. */
    sv_status (*open)(sv_recording *recording, const sv_source *source, const sv_head *head,
                      sv_error *error);

    /* Both: the indices are within range; every field is to be set but `index`, and `in_place`,
     * which is true unless the format says otherwise. */
    sv_status (*segment)(const sv_recording *recording, int64_t index, sv_segment *segment);
    sv_status (*channel)(const sv_recording *recording, int64_t segment, int64_t row,
                         sv_channel *channel);

    /* sv_recording_check(); NULL: of the one file. */
    sv_status (*check)(const sv_recording *recording, sv_error *error);

    /* sv_recording_is_of(); NULL: of the one file. */
    bool (*is_of)(const sv_recording *recording, const struct stat *file);

    void (*close)(sv_recording *recording); /* frees `state` */

    /* Segments that are not in place, NULL where all are: a reader's own state, of one thread; see
     * sv_reader_read(), which has checked the range. `read` must not let a fault of the mapping
     * pass: it copies what it decodes by sv_recording_read(). */
    sv_status (*open_reader)(const sv_recording *recording, int64_t segment, void **state,
                             sv_error *error);
    sv_status (*read)(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                      int64_t count, sv_view *samples, sv_error *error);
    /* The recording that the samples read last are of, a part of a joined one; NULL: the same. */
    const sv_recording *(*source)(const void *state);
    void (*close_reader)(void *state);

    /* Gives `store` the parts of the header that follow from the samples, as the figures of each
     * channel of the one segment have them; `figures` NULL: no bytes, but where they are. NULL:
     * there are none. */
    sv_status (*restate)(const sv_recording *recording, const sv_row_figures *figures,
                         sv_header_store *store, void *context, sv_error *error);
} sv_format;

#define SV_FORMAT_IN_LIST(name) extern const sv_format sv_format_##name;
#include "format/formats.def"
#undef SV_FORMAT_IN_LIST

struct sv_recording {
    const sv_format *format;
    char *path;
    sv_buffer *buffer;
    struct stat at_opening;
    int64_t size_bytes;  /* of the file, of all files of a joined recording */
    int64_t num_missing; /* files of a joined recording that could not be read */
    int64_t num_segments, num_gaps;
    sv_time start; /* the earliest of all segments */
    void *state;   /* the format's own */
    char **warnings;
    int num_warnings;
};

/* ---- for formats ------------------------------------------------------------------------- */

/* Adds a sentence to the recording's warnings. SV_NOMEM. */
sv_status sv_recording_warn(sv_recording *recording, sv_error *error, const char *format, ...)
    SV_PRINTF(3, 4);

/* Copies bytes of the file without touching its mapping, so that a file that is cut meanwhile is
 * an error: SV_TRUNCATED. SV_IO. */
sv_status sv_recording_read(const sv_recording *recording, int64_t offset_bytes, void *bytes,
                            size_t num_bytes, sv_error *error);

/* Whether an option was given that only raw samples can have: dtype, channels, layout, skip. */
bool sv_options_say_raw(const sv_open_options *options);

/* Whether `path` ends in one of `suffixes`, upper or lower case. */
bool sv_path_has_suffix(const char *path, const char *const *suffixes);

/* The file's name in `path`: what follows the last slash. */
const char *sv_path_name(const char *path);

/* ---- how a recording is opened ----------------------------------------------------------- */

/* The descriptor that options->format names, or that fits best.
 * SV_INVALID: no such name; SV_FORMAT: none fits. */
sv_status sv_format_choose(const sv_source *source, const sv_head *head, const sv_format **format,
                           sv_error *error);

/* SV_OK, or SV_INVALID: options that make no sense. */
sv_status sv_options_check(const sv_open_options *options, sv_error *error);

/* Opens and maps `path`; pipes, and standard input unless it is a regular file at its beginning,
 * by way of a nameless temporary file. `at_opening` is what fstat() said before the first byte was
 * read. SV_IO, SV_NOMEM. */
sv_status sv_input_open(const char *path, sv_buffer **buffer, struct stat *at_opening,
                        sv_error *error);

/* Whether a file is as it was: as sv_recording_check(). */
sv_status sv_stat_check(const struct stat *then, const struct stat *now, sv_error *error);

/* Whether it is this file that the samples lie in, or one of those of a joined recording. */
bool sv_recording_is_of(const sv_recording *recording, const struct stat *file);

/* The recording whose buffer the samples lie in that were read last, unless they were decoded: the
 * reader's own or, of a joined one, the part. */
const sv_recording *sv_reader_source(const sv_reader *reader);

/* Makes a recording of a buffer, which it owns from then on; on failure the buffer stays the
 * caller's. `at_opening` may be NULL where the buffer has no file behind it. */
sv_status sv_recording_of_buffer(const sv_source *source, sv_buffer *buffer,
                                 const struct stat *at_opening, sv_recording **recording,
                                 sv_error *error);

#endif
