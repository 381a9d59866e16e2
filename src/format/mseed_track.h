/* Of one channel of a miniSEED file, while the file is scanned: its chains and their runs. */
#ifndef SV_FORMAT_MSEED_TRACK_H
#define SV_FORMAT_MSEED_TRACK_H

#include "base/spill.h"
#include "format/mseed.h"

typedef struct sv_mseed_chain {
    sv_time start;
    sv_time end; /* when the sample behind its last is due */
    double rate;
    int64_t num_samples;
    int64_t first_run; /* of its track */
    int64_t num_runs;
    int64_t segment; /* of its track, once it is joined */
    sv_dtype dtype;  /* in which its samples are handed out: that in which they lie, where all of
                        its records agree, else the native one of `decoded` */
    uint8_t decoded; /* sv_type, in which all records do agree */
    bool rate_is_f4;
    bool complete;
} sv_mseed_chain;

typedef struct sv_mseed_track {
    unsigned char key[SV_MSEED_KEY_BYTES]; /* clean */
    sv_spill *spill;                       /* of the scan: chains and runs are its */
    sv_mseed_chain *chains;                /* in the order of the file */
    int64_t num_chains, room_for_chains;
    sv_mseed_run *runs;
    int64_t num_runs, room_for_runs;
    int64_t last_byte; /* where its last record ended */
    /* Of its first record: all there is of a channel without samples. */
    sv_time start;
    double rate;
    uint8_t decoded;
    bool lacks; /* records, the next of which would have begun a chain */
} sv_mseed_track;

/* Makes room for one more item; it grows by half. SV_NOMEM. */
sv_status sv_mseed_make_room(void **items, int64_t *room, int64_t count, size_t item_bytes,
                             sv_error *error);

/* Whether samples that start at `start` go on where others ended, to half a sample. */
bool sv_mseed_follows(sv_time start, double rate, sv_time due, double rate_before);

/* Adds a sound record, which lies behind all that were added before; *is_new_chain says whether it
 * does not go on where the last one ended. A run that is walked takes up to `records_a_run`.
 * SV_NOMEM. */
sv_status sv_mseed_track_add(sv_mseed_track *track, const sv_mseed_record *record,
                             uint32_t records_a_run, bool *is_new_chain, sv_error *error);

/* Merges the runs of each chain two by two, unless they hold more than `records_a_run` together. */
void sv_mseed_track_thin(sv_mseed_track *track, uint32_t records_a_run);

/* Makes segments of the chains, puts the runs in their order, and adds both to `mseed`, to which
 * the runs belong from then on. SV_NOMEM. */
sv_status sv_mseed_track_join(sv_mseed_track *track, sv_mseed *mseed, int64_t *room_for_segments,
                              sv_error *error);

void sv_mseed_track_free(sv_mseed_track *track);

#endif
