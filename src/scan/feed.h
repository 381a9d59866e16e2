/* The feed: threads that do nothing but bring spans, some way ahead of those that use them, so that
 * the disk always has several requests before it. It runs while a scan waits for the disk.
 *
 * Feeders take the next span and bring it to the next free portion of a ring; spans are used in the
 * order in which they were taken. All is under the lock of the team. */
#ifndef SV_SCAN_FEED_H
#define SV_SCAN_FEED_H

#include <pthread.h>

#include "scan/fetch.h"

enum { SV_PORTIONS = 16, SV_FEEDERS = 4 };

typedef enum sv_portion_state {
    SV_PORTION_FREE,
    SV_PORTION_COMING,
    SV_PORTION_BROUGHT
} sv_portion_state;

typedef struct sv_portion {
    sv_portion_state state;
    sv_span span;
    sv_hold hold; /* where spans are read; mapped ones are in the page cache */
    sv_scratch scratch;
} sv_portion;

typedef struct sv_feed {
    sv_fetch *fetch;
    sv_spans *spans;
    pthread_mutex_t *lock;
    pthread_cond_t *moved;
    int64_t num_taken, num_used; /* spans */
    bool stopped;
    int num_feeders; /* 0: there is no feed */
    pthread_t feeder[SV_FEEDERS];
    int num_portions;
    sv_portion portions[SV_PORTIONS];
} sv_feed;

/* Begins to feed all spans from the next one on; without threads to do so it does nothing.
 * With the lock held. SV_NOMEM. */
sv_status sv_feed_start(sv_feed *feed, sv_error *error);

/* Without the lock. Also where it was never started. */
void sv_feed_stop(sv_feed *feed);

/* The next portion in order, when it was brought; else NULL, with *is_over when there is none left.
 * With the lock held. */
sv_portion *sv_feed_take(sv_feed *feed, bool *is_over);

/* With the lock held. */
void sv_feed_give_back(sv_feed *feed, sv_portion *portion);

#endif
