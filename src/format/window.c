/* Windows: from what a user writes to the samples of a segment. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "seisview/recording.h"

/* ---- reading ----------------------------------------------------------------------------- */

static bool is_all_digits(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static sv_status parse_sample(const char *text, sv_position *position, sv_error *error)
{
    errno = 0;
    long long index = strtoll(text, NULL, 10);
    if (errno == ERANGE) {
        return sv_fail(error, SV_OVERFLOW, "'%.40s' is too large for a sample index", text);
    }
    *position = (sv_position){SV_POSITION_SAMPLE, index};
    return SV_OK;
}

static sv_status parse_seconds(const char *text, size_t length, sv_position *position)
{
    char number[64];
    if (length >= sizeof number) {
        return SV_INVALID;
    }
    memcpy(number, text, length);
    number[length] = '\0';
    int64_t nanoseconds;
    sv_status status = sv_seconds_parse(number, &nanoseconds);
    if (status == SV_OK && nanoseconds < 0) {
        return SV_INVALID;
    }
    if (status == SV_OK) {
        *position = (sv_position){SV_POSITION_SECONDS, nanoseconds};
    }
    return status;
}

static sv_status parse_time(const char *text, sv_position *position)
{
    sv_time time;
    sv_status status = sv_time_parse(text, &time);
    if (status == SV_OK) {
        *position = (sv_position){SV_POSITION_UTC, time};
    }
    return status;
}

sv_status sv_position_parse(const char *text, sv_position *position, sv_error *error)
{
    if (is_all_digits(text)) {
        return parse_sample(text, position, error);
    }
    size_t length = strlen(text);
    bool is_seconds = length > 1 && text[length - 1] == 's';
    sv_status status =
        is_seconds ? parse_seconds(text, length - 1, position) : parse_time(text, position);
    if (status == SV_OVERFLOW) {
        return sv_fail(error, status, "'%.64s' is outside the years 1677 to 2262", text);
    }
    if (status != SV_OK) {
        return sv_fail(error, SV_INVALID,
                       "'%.64s' is no position; give a sample index (1000), seconds (12.5s) or "
                       "UTC (2026-01-31T12:00:00.5Z)",
                       text);
    }
    return SV_OK;
}

/* ---- resolving --------------------------------------------------------------------------- */

/* Seconds count from the recording's earliest start; where there is no time, from the segment's
 * own first sample. */
static int64_t sample_at_seconds(const sv_recording *recording, const sv_segment *segment,
                                 int64_t nanoseconds)
{
    sv_time origin = sv_recording_start(recording);
    if (origin == SV_TIME_NONE || segment->start == SV_TIME_NONE) {
        return sv_first_sample_at(0, segment->sample_rate, nanoseconds);
    }
    sv_time at;
    if (!sv_add(origin, nanoseconds, &at)) {
        return INT64_MAX;
    }
    return sv_first_sample_at(segment->start, segment->sample_rate, at);
}

static sv_status resolve(const sv_recording *recording, const sv_segment *segment,
                         const sv_position *position, int64_t absent, int64_t *sample,
                         sv_error *error)
{
    int64_t found = absent;
    switch (position->kind) {
    case SV_POSITION_NONE: break;
    case SV_POSITION_SAMPLE: found = position->value; break;
    case SV_POSITION_SECONDS: found = sample_at_seconds(recording, segment, position->value); break;
    case SV_POSITION_UTC:
        if (segment->start == SV_TIME_NONE) {
            return sv_fail(error, SV_INVALID,
                           "a window in UTC needs a recording with a time; give its start with "
                           "--start, or the window in samples or seconds");
        }
        found = sv_first_sample_at(segment->start, segment->sample_rate, position->value);
        break;
    default: return sv_fail(error, SV_INVALID, "the window's position is of no known kind");
    }
    *sample = sv_max_i8(0, sv_min_i8(found, segment->num_samples));
    return SV_OK;
}

/* One window in UTC is one of samples only where all rows begin at the same time. */
static sv_status require_one_start(const sv_recording *recording, const sv_segment *segment,
                                   sv_error *error)
{
    for (int64_t row = 0; row < segment->num_channels; row++) {
        sv_channel channel;
        sv_status status = sv_recording_channel(recording, segment->index, row, &channel);
        if (status != SV_OK || channel.start != segment->start) {
            return sv_fail(error, SV_INVALID,
                           "a window in UTC needs channels that start together, which channel "
                           "%" PRId64 " and others do not; give the window in samples or seconds",
                           row);
        }
    }
    return SV_OK;
}

sv_status sv_window_resolve(const sv_recording *recording, int64_t segment, const sv_window *window,
                            int64_t *first, int64_t *last, sv_error *error)
{
    static const sv_window whole = {{SV_POSITION_NONE, 0}, {SV_POSITION_NONE, 0}};
    if (window == NULL) {
        window = &whole;
    }
    sv_segment found;
    sv_status status = sv_recording_segment(recording, segment, &found);
    if (status != SV_OK) {
        return sv_fail(error, status, "there is no segment %" PRId64, segment);
    }
    bool is_utc = window->from.kind == SV_POSITION_UTC || window->to.kind == SV_POSITION_UTC;
    if (is_utc && found.start != SV_TIME_NONE) {
        status = require_one_start(recording, &found, error);
    }
    int64_t from = 0, to = 0;
    if (status == SV_OK) {
        status = resolve(recording, &found, &window->from, 0, &from, error);
    }
    if (status == SV_OK) {
        status = resolve(recording, &found, &window->to, found.num_samples, &to, error);
    }
    if (status == SV_OK) {
        *first = from;
        *last = sv_max_i8(from, to);
    }
    return status;
}
