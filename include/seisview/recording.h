/* Recordings: open files of samples.
 *
 * A recording is a list of segments; a segment is samples of one or more channels that share a
 * clock, handed out as one 2-D view channels × samples that reads the file in place. Its rows are
 * channels; a channel has an id `NET.STA.LOC.CHA` where the format knows one.
 *
 *   sv_recording *recording;
 *   sv_segment segment;
 *   sv_recording_open("quake.bin", NULL, &recording, &error);
 *   sv_recording_segment(recording, 0, &segment);
 *   … segment.samples is an sv_view …
 *   sv_recording_close(recording);
 *
 * Threads: an open recording is read by any number of threads; opening and closing are one
 * thread's. */
#ifndef SEISVIEW_RECORDING_H
#define SEISVIEW_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/buffer.h"
#include "seisview/dtype.h"
#include "seisview/status.h"
#include "seisview/time.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_recording sv_recording;

typedef enum sv_layout {
    SV_LAYOUT_NONE, /* not given */
    SV_INTERLEAVED, /* frame by frame: a sample of each channel in turn */
    SV_PLANAR       /* channel by channel */
} sv_layout;

/* What the caller knows of a file. Anything given wins over what the file or its side file says;
 * dtype, channels, layout and skip make sense for raw samples alone (SV_INVALID otherwise). */
typedef struct sv_open_options {
    const char *format;  /* a name of sv_format_name(), NULL: guess */
    sv_dtype dtype;      /* SV_TYPE_NONE: not given, then <f4 */
    int64_t channels;    /* 0: not given, then 1 */
    sv_layout layout;    /* SV_LAYOUT_NONE: not given, then interleaved */
    double rate;         /* Hz, 0: not given, then 1 */
    sv_time start;       /* SV_TIME_NONE: not given, then unknown */
    int64_t skip_bytes;  /* −1: not given, then 0 */
    double wait_seconds; /* how long to wait while it is edited */
} sv_open_options;

#define SV_OPEN_OPTIONS_INIT                                                                       \
    {                                                                                              \
        NULL, {SV_TYPE_NONE, 0}, 0, SV_LAYOUT_NONE, 0.0, SV_TIME_NONE, -1, 0.0                     \
    }

#define SV_ID_SIZE 64 /* room for any id, with its NUL */

/* A segment, by value; valid until the recording is closed. */
typedef struct sv_segment {
    int64_t index;
    int64_t num_channels;
    int64_t num_samples; /* that are in the file; the same for each channel */
    double sample_rate;  /* Hz, > 0 */
    sv_time start;       /* of sample 0; SV_TIME_NONE where the file has no time */
    bool complete;       /* false: the header states more samples than the file holds */
    /* Whether the samples lie plainly in the file, so that `samples` is a view of it. Where they
     * are encoded or lie in records, `samples` has the decoded dtype and the shape alone (it is
     * stale), and a reader gives them (below). */
    bool in_place;
    int64_t data_offset; /* byte of the file where sample 0 of row 0 lies; −1: not in place */
    sv_view samples;     /* channels × samples, read-only */
} sv_segment;

/* A row of a segment, by value. */
typedef struct sv_channel {
    int64_t number;      /* from 0 within the recording, ids in order of appearance; those of a
                            segment's rows follow one another */
    bool has_id;         /* whether the format knows an id at all */
    char id[SV_ID_SIZE]; /* NET.STA.LOC.CHA as in the file, "" without one; maybe not UTF-8 */
    char unit[16];       /* "" where the format has none */
    sv_time start;       /* of this row's sample 0 */
    int64_t delay_ns;    /* from the source's time to sample 0 (SEG-Y, SU), which `start` leaves
                            out; 0 where the format knows none */
} sv_channel;

/* Opens `path`; options NULL means SV_OPEN_OPTIONS_INIT. `-` is standard input: a regular file is
 * mapped, anything else is first written to a nameless file in $TMPDIR (else /var/tmp), so that
 * memory stays bounded and every format works.
 * While it is open nobody edits it (edit.h); on file systems without locks it is read without.
 * SV_BUSY: it is being edited; SV_INTERRUPTED: an edit of it was interrupted, and must be finished
 * or carried back first. SV_IO; SV_INVALID: options that make no sense; SV_FORMAT: not understood
 * (named by no descriptor); SV_UNSUPPORTED; SV_EMPTY: no whole sample; SV_SHAPE: planar samples
 * that do not divide by the channels; SV_TRUNCATED: the header is cut; SV_OVERFLOW; SV_NOMEM. */
SV_API sv_status sv_recording_open(const char *path, const sv_open_options *options,
                                   sv_recording **recording, sv_error *error);

/* Opens `num_paths` files, the parts, as one recording. Every continuous run of one id over all of
 * them becomes a segment of its own, with one row: runs of one id are put in order of time, and a
 * run goes on with a segment when it begins within half a sample of when that ends, at the same
 * rate (one with which its last sample is within half a sample too), and its samples have the same
 * dtype, byte order included, and unit; otherwise it begins another: nothing is filled, converted
 * or left out where parts overlap. Channels number the ids in order of appearance, and the
 * segments come by channel, then by time. sv_recording_num_gaps() counts gaps and overlaps alike,
 * not a change of type or unit alone.
 *
 * All parts are opened with `options`, but `start`, which is that of the earliest sample of all:
 * the others keep their distance from it. The segments are not in place: a reader hands out what
 * lies plainly in a part as a view of that. Parts are opened again when they are needed, and only
 * so many stay open (256, or a quarter of the descriptors that the process may have), so that
 * there may be more parts than open files; what comes through a pipe stays open.
 *
 * The path is that of the first part, the format that of all parts, or "mixed". Sentences, of
 * errors and warnings, that are of one part begin with its path and ": ".
 * A part that cannot be opened or understood is left out, with a warning, and counted by
 * sv_recording_num_missing(). What a part no longer gives while it is read answers SV_FORMAT for
 * these samples; the others can be read on.
 *
 * SV_INVALID: no path, a channel without id or without time, or what sv_recording_open() refuses
 * so; SV_NOMEM, SV_OVERFLOW; where no part can be opened, what the first answered. */
SV_API sv_status sv_recording_join(const char *const *paths, int64_t num_paths,
                                   const sv_open_options *options, sv_recording **recording,
                                   sv_error *error);

/* Closes and frees; NULL is SV_OK. SV_BUSY: a scan is running, nothing was closed. */
SV_API sv_status sv_recording_close(sv_recording *recording);

SV_API const char *sv_recording_path(const sv_recording *recording);    /* as given */
SV_API const char *sv_recording_format(const sv_recording *recording);  /* "raw", "sac" */
SV_API int64_t sv_recording_size_bytes(const sv_recording *recording);  /* at opening, all parts */
SV_API int64_t sv_recording_num_missing(const sv_recording *recording); /* parts left out */
SV_API int64_t sv_recording_num_segments(const sv_recording *recording);
SV_API int64_t sv_recording_num_gaps(const sv_recording *recording);

/* SV_RANGE: no such segment or row. */
SV_API sv_status sv_recording_segment(const sv_recording *recording, int64_t index,
                                      sv_segment *segment);
SV_API sv_status sv_recording_channel(const sv_recording *recording, int64_t segment, int64_t row,
                                      sv_channel *channel);

/* The earliest start of all segments, from which seconds count; SV_TIME_NONE without times. */
SV_API sv_time sv_recording_start(const sv_recording *recording);

/* Sentences about the file that do not keep it from being read ("3 bytes are left over…"):
 * warning i, NULL past the last. They belong to the recording. */
SV_API const char *sv_recording_warning(const sv_recording *recording, int i);

/* The buffer that the segments' views borrow; an empty one of a joined recording. It belongs to the
 * recording. */
SV_API sv_buffer *sv_recording_buffer(const sv_recording *recording);

/* Looks whether the file is as it was at opening; of a joined recording, whether the parts are that
 * were read since the last look. SV_TRUNCATED: it is shorter now (the message names the byte where
 * it ends, or the part); SV_BUSY: it has the same size or more but was written to since (mtime or
 * ctime differ). */
SV_API sv_status sv_recording_check(const sv_recording *recording, sv_error *error);

/* The formats that are read: name i and its one-line description, NULL past the last. */
SV_API const char *sv_format_name(int i);
SV_API const char *sv_format_description(int i);

/* ---- readers ----------------------------------------------------------------------------- */

/* Gives the samples of one segment, in place or not, a run at a time. Each thread opens its own. */
typedef struct sv_reader sv_reader;

/* SV_RANGE: no such segment; SV_NOMEM; SV_IO; SV_UNSUPPORTED: see sv_kernel_name(). The recording
 * must outlive the reader. */
SV_API sv_status sv_reader_open(const sv_recording *recording, int64_t segment, sv_reader **reader,
                                sv_error *error);

/* Samples [first, first + n) of all rows as a view rows × n, where 1 <= n <= count: what lies
 * plainly in the file, enough of it in one place, as a view of it, the rest decoded or gathered
 * into memory of the reader. Valid until the next read or close. Any order of reading is right,
 * forwards is fast.
 * SV_RANGE: not within the segment, or count < 1; SV_TRUNCATED, SV_IO.
 * SV_FORMAT: samples [first, first + samples->shape[1]) cannot be decoded, for the reason that the
 * sentence gives with its byte; what follows them can be read on. */
SV_API sv_status sv_reader_read(sv_reader *reader, int64_t first, int64_t count, sv_view *samples,
                                sv_error *error);

/* NULL is fine. */
SV_API void sv_reader_close(sv_reader *reader);

/* ---- windows and selections -------------------------------------------------------------- */

typedef enum sv_position_kind {
    SV_POSITION_NONE,    /* not given: the segment's own end */
    SV_POSITION_SAMPLE,  /* value: index from the segment's first sample */
    SV_POSITION_SECONDS, /* value: ns from the recording's earliest start */
    SV_POSITION_UTC      /* value: sv_time */
} sv_position_kind;

typedef struct sv_position {
    sv_position_kind kind;
    int64_t value;
} sv_position;

/* Half-open: the samples at or after `from` and before `to`. */
typedef struct sv_window {
    sv_position from, to;
} sv_window;

/* "1000", "12.5s", "2026-01-31T12:00:00.5Z", "2026,031,12:00:00.5". SV_INVALID, SV_OVERFLOW. */
SV_API sv_status sv_position_parse(const char *text, sv_position *position, sv_error *error);

/* The window in samples [*first, *last) of one segment, cut to what is there; an empty one has
 * *first == *last. window NULL is the whole segment. SV_INVALID: UTC asked of a recording without
 * times, or of rows whose starts differ. */
SV_API sv_status sv_window_resolve(const sv_recording *recording, int64_t segment,
                                   const sv_window *window, int64_t *first, int64_t *last,
                                   sv_error *error);

/* Whether `selection` ("0,3-5", "IU.*.00.BH?", or several with commas; NULL: all) takes this
 * channel. Patterns as the shell's (* ? [..]). SV_INVALID when the text makes no sense. */
SV_API sv_status sv_channel_selected(const char *selection, const sv_channel *channel,
                                     bool *selected, sv_error *error);

/* Neighbouring rows of a segment. */
typedef struct sv_rows {
    int64_t first, end; /* [first, end) */
} sv_rows;

/* The next rows at or behind `row` that the selection takes; false where there are none, and where
 * its text makes no sense. Only patterns ask row after row:
 *
 *   sv_rows rows = {0, 0};
 *   while (sv_rows_selected(recording, segment, "0,3-5", rows.end, &rows)) … */
SV_API bool sv_rows_selected(const sv_recording *recording, int64_t segment, const char *selection,
                             int64_t row, sv_rows *rows);

#ifdef __cplusplus
}
#endif
#endif
