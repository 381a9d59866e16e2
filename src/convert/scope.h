/* What of a recording goes into a file: rows of segments, and a window of each. */
#ifndef SV_CONVERT_SCOPE_H
#define SV_CONVERT_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/convert.h"
#include "seisview/recording.h"

#define SV_GROUP_ROWS 1024 /* no more are in work at once */

typedef struct sv_scope {
    const sv_recording *recording;
    const sv_convert_options *options;   /* window and channels choose */
    int64_t first_segment, last_segment; /* [first, last) */
    int64_t only_row;                    /* of the only segment; −1: all that are chosen */
} sv_scope;

/* All that the options choose. */
sv_scope sv_scope_of(const sv_recording *recording, const sv_convert_options *options);

/* What lies in a scope. */
typedef struct sv_extent {
    int64_t num_segments; /* with a chosen row, and a sample within the window */
    int64_t num_rows;     /* of all segments together */
    int64_t num_samples;  /* of the longest row */
    int64_t num_bytes;    /* of all samples, as the recording has them */
    double sample_rate;   /* of the first segment */
    sv_dtype dtype;       /* of all; one that holds all of them where they differ */
    bool is_alike;        /* all segments have one length and one rate */
    bool is_complete;     /* all segments have what their headers state */
} sv_extent;

/* SV_WINDOW: there is nothing in it; SV_INVALID, as sv_window_resolve(). */
sv_status sv_scope_measure(const sv_scope *scope, sv_extent *extent, sv_error *error);

/* A walk over it: segments, and of each the rows, at most `most_rows` at a time.
 *
 *   sv_walk_begin(&walk, &scope, most_rows);
 *   while (sv_walk_segment(&walk)) {
 *       while (sv_walk_rows(&walk)) … */
typedef struct sv_walk {
    const sv_scope *scope;
    int64_t most_rows; /* up to SV_GROUP_ROWS */
    int64_t next_segment, next_row;
    sv_segment segment;
    int64_t first, last;  /* samples of the window */
    int64_t segment_rows; /* chosen in the segment */
    int64_t position;     /* of rows[0] among the rows of the scope */
    int64_t num_rows;
    int64_t rows[SV_GROUP_ROWS]; /* chosen, ascending */
} sv_walk;

void sv_walk_begin(sv_walk *walk, const sv_scope *scope, int64_t most_rows);
bool sv_walk_segment(sv_walk *walk);
bool sv_walk_rows(sv_walk *walk);

/* Row i of those in hand, and the time of the window's first sample in it. */
sv_channel sv_walk_channel(const sv_walk *walk, int64_t i);

#endif
