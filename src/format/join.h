/* Several files as one recording: what the files of joining share.
 *
 *   join.c         the runs of all parts put in order, and into segments; the descriptor
 *   join_parts.c   the parts: opened when they are needed, closed when others are
 *   join_read.c    the samples of a segment, run by run
 *
 * A *part* is a file, a recording of its own. A *run* is one row of one segment of a part: samples
 * of one channel, one after the other. A joined segment is runs that follow one another in time. */
#ifndef SV_FORMAT_JOIN_H
#define SV_FORMAT_JOIN_H

#include <pthread.h>

#include "format/format.h"

/* ---- parts --------------------------------------------------------------------------------- */

typedef struct sv_part {
    char *path;
    const char *format;     /* by which it was understood first; NULL: not yet */
    struct stat at_joining; /* when its runs were listed */

    /* Under the lock of sv_parts: */
    sv_recording *open; /* NULL: closed */
    int64_t uses;       /* it stays open while there are some */
    uint64_t last_use;
    bool is_read;      /* since the last sv_parts_check(), */
    int32_t next_read; /* in whose list it is then */
    sv_status change;  /* SV_OK, SV_BUSY or SV_TRUNCATED: what was seen of it meanwhile */
} sv_part;

/* There may be more parts than a process may have open files: only so many stay open that nobody
 * uses. Any thread. */
typedef struct sv_parts {
    sv_part *part;
    int32_t num_parts;
    sv_open_options options;
    int32_t most_open;

    pthread_mutex_t lock; /* of all below */
    int32_t *open;        /* the parts that are */
    int32_t num_open;
    uint64_t clock;
    int32_t first_read; /* −1: none */
} sv_parts;

/* The options are copied, but for the name of a format. SV_NOMEM. To be freed in either case. */
sv_status sv_parts_make(sv_parts *parts, const char *const *paths, int32_t num_parts,
                        const sv_open_options *options, sv_error *error);
void sv_parts_free(sv_parts *parts);

/* Opens part i, or takes it as it is open; to be given back. What sv_recording_open() answers;
 * SV_TRUNCATED also where it is shorter than it was. */
sv_status sv_parts_take(sv_parts *parts, int32_t i, const sv_recording **recording,
                        sv_error *error);
void sv_parts_give_back(sv_parts *parts, int32_t i);

/* sv_recording_check() of all parts that were taken since it was called last. */
sv_status sv_parts_check(sv_parts *parts, sv_error *error);

/* ---- the joined recording's state ---------------------------------------------------------- */

typedef struct sv_run {
    sv_time start;
    double rate;
    int64_t num_samples;
    int64_t segment; /* of the part */
    int64_t joined;  /* the segment that it is put into; while it is sought, counted by channel */
    int64_t first;   /* index of its first sample in there */
    int32_t part, row;
    int32_t channel, unit;
    sv_dtype dtype;
    bool complete;
} sv_run;

/* Runs [first_run, first_run + num_runs), the first of which has its start, rate, dtype, channel
 * and unit. */
typedef struct sv_joined_segment {
    int64_t first_run, num_runs, num_samples;
    bool complete;
} sv_joined_segment;

typedef struct sv_joined_id {
    char text[SV_ID_SIZE];
} sv_joined_id;

typedef struct sv_joined_unit {
    char text[16];
} sv_joined_unit;

typedef struct sv_join {
    sv_format format; /* the descriptor, by the name of the parts' own */
    sv_parts parts;
    sv_run *runs;
    int64_t num_runs, room_for_runs;
    sv_joined_segment *segments;
    int64_t num_segments;
    sv_joined_id *ids; /* of the channels */
    int32_t *by_id;    /* the channels in the order of their ids */
    int64_t num_ids, room_for_ids, room_for_by_id;
    sv_joined_unit *units;
    int64_t num_units, room_for_units;
} sv_join;

/* ---- reading: as in sv_format -------------------------------------------------------------- */

sv_status sv_join_open_reader(const sv_recording *recording, int64_t segment, void **state,
                              sv_error *error);
sv_status sv_join_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                       int64_t count, sv_view *samples, sv_error *error);
const sv_recording *sv_join_source(const void *state);
void sv_join_close_reader(void *state);

#endif
