/* Channels of many files, lined up by time: which samples of each lie in what all have in common.
 */
#ifndef SV_CLI_LINEUP_H
#define SV_CLI_LINEUP_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "seisview.h"

/* A channel, or until they are lined up a run of its samples. */
struct lane {
    const char *path, *speaker; /* of the file; what stands before the library's sentences */
    sv_recording *recording;
    int64_t segment, row;
    int64_t number;      /* of the channel: of the second file they number on */
    int64_t first, last; /* samples of the segment */
    double rate;
    sv_time start; /* of the segment's sample 0; SV_TIME_NONE where no file has times */
};

struct lineup {
    struct lane *lanes;
    int64_t count, room;
    int64_t next_number;
    int64_t num_samples; /* in common; each lane's begin at its `first` */
};

/* Adds what the options choose of a recording. False: a line was said. */
bool lineup_add(struct lineup *lineup, const char *path, const char *speaker,
                sv_recording *recording, const struct options *options);

/* Leaves one lane for each channel, by number. False: nothing is in common, a channel has a gap in
 * it, or rates differ; a line was said. */
bool lineup_find_common(struct lineup *lineup);

void lineup_free(struct lineup *lineup);

#endif
