#include "cli/lineup.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/message.h"
#include "cli/selection.h"

/* ---- collecting ------------------------------------------------------------------------------ */

static void add_lane(struct lineup *lineup, struct lane lane)
{
    if (lineup->count == lineup->room) {
        lineup->room = lineup->room + lineup->room / 2 + 64;
        lineup->lanes =
            must_have(realloc(lineup->lanes, (size_t)lineup->room * sizeof *lineup->lanes));
    }
    lineup->lanes[lineup->count++] = lane;
}

static void add_rows(struct lineup *lineup, const struct walk *walk, struct lane lane)
{
    sv_channel channel;
    for (int64_t i = 0; i < walk->num_rows; i++) {
        lane.row = walk->rows[i];
        if (sv_recording_channel(lane.recording, lane.segment, lane.row, &channel) == SV_OK) {
            lane.number = channel.number;
            add_lane(lineup, lane);
        }
    }
}

bool lineup_add(struct lineup *lineup, const char *path, const char *speaker,
                sv_recording *recording, const struct options *options)
{
    struct selection selection;
    struct walk walk;
    int64_t before = lineup->count, next = lineup->next_number;
    if (selection_make(path, recording, options, &selection) != DONE) {
        return false;
    }
    walk_begin(&walk, &selection);
    while (walk_segment(&walk)) {
        struct lane lane = {.path = path,
                            .speaker = speaker,
                            .recording = recording,
                            .segment = walk.segment.index,
                            .first = walk.first,
                            .last = walk.last,
                            .rate = walk.segment.sample_rate,
                            .start = walk.segment.start};
        while (walk_rows(&walk)) {
            add_rows(lineup, &walk, lane);
        }
    }
    walk_end(&walk);
    for (int64_t i = before; i < lineup->count; i++) {
        lineup->lanes[i].number += lineup->next_number;
        next = lineup->lanes[i].number >= next ? lineup->lanes[i].number + 1 : next;
    }
    lineup->next_number = next;
    return true;
}

void lineup_free(struct lineup *lineup)
{
    free(lineup->lanes);
}

/* ---- what is in common ----------------------------------------------------------------------- */

/* Seconds from `origin` to a sample; without times from the segments' first samples. */
static double seconds_at(const struct lane *lane, int64_t sample, sv_time origin)
{
    double from_start = (double)sample / lane->rate;
    return lane->start == SV_TIME_NONE ? from_start
                                       : (double)(lane->start - origin) * 1e-9 + from_start;
}

static int compare_lanes(const void *a, const void *b)
{
    const struct lane *left = a, *right = b;
    if (left->number != right->number) {
        return left->number < right->number ? -1 : 1;
    }
    if (left->start != right->start) {
        return left->start < right->start ? -1 : 1;
    }
    return (left->first > right->first) - (left->first < right->first);
}

static int64_t end_of_channel(const struct lineup *lineup, int64_t i)
{
    int64_t end = i + 1;
    while (end < lineup->count && lineup->lanes[end].number == lineup->lanes[i].number) {
        end++;
    }
    return end;
}

/* All have times, or none has. */
static bool agree_on_times(const struct lineup *lineup)
{
    for (int64_t i = 1; i < lineup->count; i++) {
        const struct lane *first = &lineup->lanes[0], *lane = &lineup->lanes[i];
        if ((lane->start == SV_TIME_NONE) != (first->start == SV_TIME_NONE)) {
            const struct lane *without = lane->start == SV_TIME_NONE ? lane : first;
            message(without->path, "it has no time by which to line it up with the others; "
                                   "give --start");
            return false;
        }
    }
    return true;
}

struct common {
    sv_time origin;
    double begin, end;                    /* seconds from the origin */
    const struct lane *latest, *earliest; /* that begins last, and that ends first */
};

static void find_window(const struct lineup *lineup, struct common *common)
{
    *common = (struct common){lineup->lanes[0].start, -INFINITY, INFINITY, NULL, NULL};
    for (int64_t i = 0, next; i < lineup->count; i = next) {
        next = end_of_channel(lineup, i);
        const struct lane *first = &lineup->lanes[i], *last = &lineup->lanes[next - 1];
        double begin = seconds_at(first, first->first, common->origin);
        double end = seconds_at(last, last->last, common->origin);
        if (begin > common->begin) {
            common->begin = begin;
            common->latest = first;
        }
        if (end < common->end) {
            common->end = end;
            common->earliest = last;
        }
    }
}

/* Where a channel breaks off within what is in common, or begins late. */
static void say_gap(const struct lineup *lineup, int64_t i, int64_t end,
                    const struct common *common)
{
    const struct lane *before = &lineup->lanes[i];
    for (int64_t k = i; k < end; k++) {
        const struct lane *lane = &lineup->lanes[k];
        if (seconds_at(lane, lane->first, common->origin) <= common->begin + 0.5 / lane->rate) {
            before = lane;
        }
    }
    char time[SV_TIME_TEXT_SIZE];
    sv_time_format(sv_time_of_sample(before->start, before->rate, before->last - 1), time);
    message(before->path,
            "channel %" PRId64 " has a gap after %s, within what all channels have in common; "
            "choose a window without it with --from and --to",
            before->number, time);
}

/* The run of a channel that has all that is in common. */
static const struct lane *find_run(const struct lineup *lineup, int64_t i, int64_t end,
                                   const struct common *common)
{
    for (int64_t k = i; k < end; k++) {
        const struct lane *lane = &lineup->lanes[k];
        double half = 0.5 / lane->rate;
        if (seconds_at(lane, lane->first, common->origin) <= common->begin + half &&
            seconds_at(lane, lane->last, common->origin) >= common->end - half) {
            return lane;
        }
    }
    return NULL;
}

static bool keep_runs(struct lineup *lineup, const struct common *common)
{
    int64_t kept = 0;
    for (int64_t i = 0, next; i < lineup->count; i = next) {
        next = end_of_channel(lineup, i);
        const struct lane *run = find_run(lineup, i, next, common);
        if (run == NULL) {
            say_gap(lineup, i, next, common);
            return false;
        }
        struct lane lane = *run;
        double behind = common->begin - seconds_at(&lane, lane.first, common->origin);
        int64_t skipped = llround(behind * lane.rate);
        lane.first += skipped > 0 ? skipped : 0;
        lineup->lanes[kept++] = lane;
    }
    lineup->count = kept;
    return true;
}

/* Clocks that would run half a sample apart. */
static bool have_one_rate(const struct lineup *lineup)
{
    const struct lane *first = &lineup->lanes[0];
    for (int64_t i = 1; i < lineup->count; i++) {
        const struct lane *lane = &lineup->lanes[i];
        double apart = fabs(lane->rate - first->rate) / first->rate * (double)lineup->num_samples;
        if (apart >= 0.5) {
            message(lane->path,
                    "channel %" PRId64 " has %.9g samples a second, and channel %" PRId64
                    " %.9g; correlate channels of one rate",
                    lane->number, lane->rate, first->number, first->rate);
            return false;
        }
    }
    return true;
}

bool lineup_find_common(struct lineup *lineup)
{
    struct common common;
    qsort(lineup->lanes, (size_t)lineup->count, sizeof *lineup->lanes, compare_lanes);
    if (!agree_on_times(lineup)) {
        return false;
    }
    find_window(lineup, &common);
    if (!(common.begin < common.end)) {
        message(common.latest->path,
                "channel %" PRId64 " begins when channel %" PRId64
                " has ended: there is no time that all channels have in common",
                common.latest->number, common.earliest->number);
        return false;
    }
    if (!keep_runs(lineup, &common)) {
        return false;
    }
    lineup->num_samples = INT64_MAX;
    for (int64_t i = 0; i < lineup->count; i++) {
        int64_t there = lineup->lanes[i].last - lineup->lanes[i].first;
        lineup->num_samples = there < lineup->num_samples ? there : lineup->num_samples;
    }
    return have_one_rate(lineup);
}
