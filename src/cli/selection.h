/* What the options choose of one recording: rows of segments, and a window of each. */
#ifndef SV_CLI_SELECTION_H
#define SV_CLI_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "seisview.h"

/* How one file went. */
enum outcome {
    DONE,
    LOST,        /* some of its samples cannot be decoded; the others are done */
    PASSED_OVER, /* the window or the channels choose nothing of it */
    REFUSED,     /* the options make no sense for it; nothing was tried */
    CONFLICT,    /* it is not as an edit of it left it, and nothing was touched */
    FAILED,
    STOPPED /* by a signal, or because the output fails: no further file is begun */
};

/* The exit status where these were met. Wrong usage is what went wrong with every file: then
 * nothing was tried. */
int outcomes_status(const bool met[STOPPED + 1]);

#define GROUP_ROWS 4096 /* no more rows than this are in work at once */

struct selection {
    sv_recording *recording;
    const struct options *options;
    int64_t num_rows;    /* chosen, of all segments together */
    int64_t num_samples; /* chosen, of all those rows together */
    int64_t num_bytes;   /* that they take in the file */
};

/* Looks through the segments. When the answer is not DONE a line was said. */
enum outcome selection_make(const char *path, sv_recording *recording,
                            const struct options *options, struct selection *selection);

/* A walk over what is chosen: segments, and of each the rows, GROUP_ROWS at a time.
 *
 *   walk_begin(&walk, &selection);
 *   while (walk_segment(&walk)) {
 *       while (walk_rows(&walk)) …
 *   }
 *   walk_end(&walk); */
struct walk {
    const struct selection *selection;
    sv_segment segment;
    int64_t next_segment;
    int64_t first, last;  /* samples of the segment's window */
    int64_t segment_rows; /* chosen in the segment */
    int64_t next_row;     /* of the segment, to be looked at */
    int64_t num_rows;     /* in `rows` */
    int64_t *rows;        /* chosen ones, ascending */
};

void walk_begin(struct walk *walk, const struct selection *selection);
bool walk_segment(struct walk *walk);
bool walk_rows(struct walk *walk);
void walk_rows_again(struct walk *walk); /* from the segment's first row */
void walk_end(struct walk *walk);

/* Samples [first, last) of the rows in hand, as sv_scan() takes them. */
sv_scan_range walk_range(const struct walk *walk, int64_t first, int64_t last);

#endif
