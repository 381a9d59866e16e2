/* What a format that is written is: the inner side of conversions.
 *
 * A writer is one descriptor in one file, and one line in writers.def. The engine (file.c) reads a
 * segment, carries its samples a tile at a time into the writer's own type, order and layout, and
 * hands it the tiles in order: of a group of rows all tiles, then of the next. */
#ifndef SV_CONVERT_WRITER_H
#define SV_CONVERT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "convert/output.h"
#include "convert/scope.h"

/* What one file can hold. */
typedef enum sv_holds {
    SV_HOLDS_CHANNEL, /* one row of one segment */
    SV_HOLDS_SEGMENT, /* all rows of one segment */
    SV_HOLDS_ALIKE,   /* segments of one length and rate */
    SV_HOLDS_ALL
} sv_holds;

/* How samples are stored: a name that --encoding takes. */
typedef struct sv_encoding {
    const char *name;
    sv_dtype dtype; /* that the writer is handed */
    int code;       /* the writer's own */
} sv_encoding;

/* A tile: `num_rows` rows of `num_samples`, packed in the writer's layout. */
typedef struct sv_tile {
    int64_t first; /* sample, from the window's first */
    int64_t num_samples;
    const char *samples;
    int64_t row_bytes; /* from a row to the next; planar tiles alone */
} sv_tile;

/* Things that a target cannot hold; each is told once a file. */
typedef enum sv_loss {
    SV_LOSS_ID,
    SV_LOSS_UNIT,
    SV_LOSS_RATE,
    SV_LOSS_START,
    SV_LOSS_SIDE_FILE,
    SV_LOSS_STEIM,
    SV_LOSS_HEADER
} sv_loss;

struct sv_writer;

/* A file that is being written. */
typedef struct sv_writing {
    const struct sv_writer *writer;
    const sv_convert_options *options;
    const char *path;   /* as it is named, "-" for standard output */
    const char *suffix; /* that says which of the writer's kinds is meant: ".wav" */
    sv_output *output;
    sv_output *side;     /* a second file beside it, which the writer opened; NULL: none */
    char *obsolete_path; /* a file that is to go with the one that is replaced; NULL: none */
    sv_scope scope;
    sv_extent extent;
    sv_encoding encoding;
    unsigned losses; /* that were told, a bit each */
    void *state;     /* the writer's own */
} sv_writing;

typedef struct sv_writer {
    const char *name, *description;
    const char *const
        *suffixes; /* ".sac", in lower case, NULL at the end; the first for new names */
    sv_holds holds;
    bool is_interleaved; /* tiles are frames; else each row's samples lie together */
    bool appends;        /* never goes back in the file */
    int64_t group_rows;  /* rows of a group at most, up to SV_GROUP_ROWS */

    /* Chooses how samples of type `from` are stored. `asked` NULL: as is best.
     * SV_INVALID: no such encoding, or none that fits. */
    sv_status (*encode)(const sv_writing *writing, sv_dtype from, const char *asked,
                        sv_encoding *encoding, sv_error *error);

    /* Each may be NULL. begin: looks whether all fits, writes what comes first, sets `state`.
     * rows, rows_end: around the tiles of a group of rows. end: what comes last. */
    sv_status (*begin)(sv_writing *writing, sv_error *error);
    sv_status (*rows)(sv_writing *writing, const sv_walk *walk, sv_error *error);
    sv_status (*samples)(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                         sv_error *error);
    sv_status (*rows_end)(sv_writing *writing, const sv_walk *walk, sv_error *error);
    sv_status (*end)(sv_writing *writing, sv_error *error);
    void (*close)(sv_writing *writing); /* frees `state`; always called once begin was */
} sv_writer;

#define SV_WRITER_IN_LIST(name) extern const sv_writer sv_writer_##name;
#include "convert/writers.def"
#undef SV_WRITER_IN_LIST

/* ---- for writers ------------------------------------------------------------------------- */

/* Tells the user what the target cannot hold. */
void sv_note(const sv_writing *writing, const char *format, ...) SV_PRINTF(2, 3);
void sv_note_loss(sv_writing *writing, sv_loss loss, const char *format, ...) SV_PRINTF(3, 4);

/* That ids, units and the clock are lost, where there are some; "NumPy files" have no room for
 * them. */
void sv_note_no_ids(sv_writing *writing, const char *target);
void sv_note_no_units(sv_writing *writing, const char *target);
void sv_note_no_clock(sv_writing *writing, const char *target);

/* The asked one of `list`, or of those that hold every value of `from` the first; else the last
 * float, to which the others are rounded. SV_INVALID. */
sv_status sv_choose_encoding(const sv_encoding *list, int num_encodings, sv_dtype from,
                             const char *asked, sv_encoding *encoding, sv_error *error);

/* An answer again, with its errno, and `before` before its sentence. */
sv_status sv_pass_on(sv_error *error, const sv_error *answer, const char *before);

/* The channel and start of the file's first row. */
sv_channel sv_first_channel(const sv_writing *writing);

/* The parts of an id NET.STA.LOC.CHA; what is missing is "". A fourth point and what follows it
 * belong to the channel. */
typedef struct sv_id_parts {
    char network[SV_ID_SIZE], station[SV_ID_SIZE], location[SV_ID_SIZE], channel[SV_ID_SIZE];
} sv_id_parts;

void sv_split_id(const char *id, sv_id_parts *parts);

/* What a calendar and a clock show, UTC. Any time but SV_TIME_NONE. */
typedef struct sv_civil {
    int64_t year;
    int day_of_year; /* from 1 */
    int hour, minute, second;
    int64_t nanosecond;
} sv_civil;

sv_civil sv_civil_of(sv_time time);

/* ---- the engine -------------------------------------------------------------------------- */

/* How far a whole conversion is. */
typedef struct sv_course {
    int64_t done_bytes, total_bytes;
    bool is_written_to; /* the source was, and that was told */
} sv_course;

/* Writes a file; its name is there afterwards, or nothing of it. `writing` has writer, options,
 * path, suffix and scope. What sv_convert() answers. */
sv_status sv_write_file(sv_writing *writing, sv_course *course, sv_error *error);

#endif
