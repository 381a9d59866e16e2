#include "scan/feed.h"

#include "base/memory.h"
#include "base/size.h"

/* Of all portions, where they are read. */
enum { MOST_BYTES = 32 << 20 };

static bool is_read(const sv_feed *feed)
{
    return feed->fetch->io != SV_IO_MAP;
}

static sv_portion *next_free(sv_feed *feed)
{
    sv_portion *portion = &feed->portions[feed->num_taken % feed->num_portions];
    return portion->state == SV_PORTION_FREE ? portion : NULL;
}

/* Waits for a free portion. False: there is nothing more to bring. */
static bool take_span(sv_feed *feed, sv_portion **portion)
{
    while (!feed->stopped && next_free(feed) == NULL) {
        pthread_cond_wait(feed->moved, feed->lock);
    }
    *portion = next_free(feed);
    if (feed->stopped || !sv_spans_next(feed->spans, &(*portion)->span)) {
        return false;
    }
    (*portion)->state = SV_PORTION_COMING;
    feed->num_taken++;
    return true;
}

static void bring(sv_feed *feed, sv_portion *portion)
{
    if (portion->span.is_hole) {
        return;
    }
    if (is_read(feed)) {
        sv_fetch_read(feed->fetch, &portion->span, &portion->scratch, &portion->hold);
    } else if (sv_fetch_is_cold(feed->fetch, &portion->span)) {
        sv_fetch_ahead(feed->fetch, &portion->span);
    }
}

static void *run_feeder(void *context)
{
    sv_feed *feed = context;
    sv_portion *portion;
    pthread_mutex_lock(feed->lock);
    while (take_span(feed, &portion)) {
        pthread_mutex_unlock(feed->lock);
        bring(feed, portion);
        pthread_mutex_lock(feed->lock);
        portion->state = SV_PORTION_BROUGHT;
        pthread_cond_broadcast(feed->moved);
    }
    pthread_mutex_unlock(feed->lock);
    return NULL;
}

/* What is read is kept in memory; what is mapped, in the page cache. */
static sv_status make_portions(sv_feed *feed, sv_error *error)
{
    sv_status status = SV_OK;
    int64_t bytes = sv_max_i8(feed->fetch->span_bytes, sv_fetch_task_bytes(feed->fetch->plan));
    feed->num_portions = (int)sv_max_i8(2, sv_min_i8(SV_PORTIONS, MOST_BYTES / bytes));
    if (!is_read(feed)) {
        feed->num_portions = SV_PORTIONS;
        return SV_OK;
    }
    for (int i = 0; status == SV_OK && i < feed->num_portions; i++) {
        status = sv_scratch_make(&feed->portions[i].scratch, (size_t)bytes, error);
    }
    return status;
}

sv_status sv_feed_start(sv_feed *feed, sv_error *error)
{
    sv_status status = make_portions(feed, error);
    while (status == SV_OK && feed->num_feeders < SV_FEEDERS &&
           pthread_create(&feed->feeder[feed->num_feeders], NULL, run_feeder, feed) == 0) {
        feed->num_feeders++;
    }
    return status;
}

void sv_feed_stop(sv_feed *feed)
{
    pthread_mutex_lock(feed->lock);
    feed->stopped = true;
    pthread_cond_broadcast(feed->moved);
    pthread_mutex_unlock(feed->lock);
    for (int i = 0; i < feed->num_feeders; i++) {
        pthread_join(feed->feeder[i], NULL);
    }
    for (int i = 0; i < SV_PORTIONS; i++) {
        sv_free(feed->portions[i].scratch.memory);
    }
}

sv_portion *sv_feed_take(sv_feed *feed, bool *is_over)
{
    bool all_taken = feed->spans->next_task >= feed->spans->plan->num_tasks;
    bool none_ahead = feed->num_used == feed->num_taken;
    *is_over = none_ahead && all_taken;
    sv_portion *portion = &feed->portions[feed->num_used % feed->num_portions];
    if (none_ahead || portion->state != SV_PORTION_BROUGHT) {
        return NULL;
    }
    feed->num_used++;
    return portion;
}

void sv_feed_give_back(sv_feed *feed, sv_portion *portion)
{
    portion->state = SV_PORTION_FREE;
    pthread_cond_broadcast(feed->moved);
}
