/* Channels of a recording on one line of sample times: segments where their times put them, NaN in
 * the gaps between. */
#ifndef SV_ARRAY_MATCH_TIMELINE_H
#define SV_ARRAY_MATCH_TIMELINE_H

#include "array/bytes.h"
#include "kernel/kernel.h"
#include "seisview/recording.h"
#include "seisview/time.h"

/* Samples [first, last) of a row, the first of which is sample `at` of the timeline. */
typedef struct sv_timeline_part {
    int64_t channel; /* the recording's number */
    int64_t segment, row;
    int64_t first, last;
    int64_t at;
    sv_time start; /* of `first` */
    double sample_rate;
} sv_timeline_part;

typedef struct sv_timeline_channel {
    int64_t number;
    char id[SV_ID_SIZE];
    int64_t first_part, num_parts; /* in order of `at` */
    int64_t longest;               /* of its parts */
    int64_t past;                  /* where the last of them ends */
    double sample_rate;            /* 0: its parts differ */
} sv_timeline_channel;

typedef struct sv_timeline {
    sv_recording *recording;
    sv_io io; /* how readers bring what is mapped */
    int64_t num_parts, num_channels;
    sv_timeline_part *parts;
    sv_timeline_channel *channels; /* in order of their numbers */
} sv_timeline;

/* SV_WINDOW: nothing is chosen; what sv_window_resolve() and sv_channel_selected() answer. The
 * timeline is closed by sv_timeline_close() in any case. */
sv_status sv_timeline_open(sv_recording *recording, const sv_window *window, const char *channels,
                           sv_timeline *timeline, sv_error *error);
void sv_timeline_close(sv_timeline *timeline);

/* The part that covers a place, NULL in a gap. */
const sv_timeline_part *sv_timeline_part_at(const sv_timeline *timeline, int64_t channel,
                                            int64_t place);

/* A thread's way to the samples. */
typedef struct sv_timeline_reader {
    const sv_timeline *timeline;
    const sv_kernels *kernels;
    sv_reader **readers; /* of each channel the last one that was needed, */
    int64_t *segments;   /* and its segment */
    sv_bytes bytes;
    int64_t bytes_behind; /* that were mapped since all was unmapped */
    int64_t bytes_mapped, bytes_copied;
    int64_t samples_lost;
    sv_error loss; /* of the first that was */
} sv_timeline_reader;

sv_status sv_timeline_reader_open(const sv_timeline *timeline, const sv_kernels *kernels,
                                  sv_timeline_reader *reader, sv_error *error);
void sv_timeline_reader_close(sv_timeline_reader *reader);

/* Places [first, first + count) of a channel, NaN where it has no sample or it cannot be decoded.
 * SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_timeline_read(sv_timeline_reader *reader, int64_t channel, int64_t first,
                           int64_t count, double *to, sv_error *error);

#endif
