/* Instants in UTC as int64 nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted
 * (as POSIX counts): 1677-09-21 to 2262-04-11. All functions: any thread, any locale. */
#ifndef SEISVIEW_TIME_H
#define SEISVIEW_TIME_H

#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t sv_time; /* nanoseconds */

#define SV_TIME_NONE      INT64_MIN /* no time is known */
#define SV_TIME_TEXT_SIZE 40        /* room for any text of sv_time_format, with its NUL */

/* Reads `YYYY-MM-DDTHH:MM:SS[.fff…][Z]` (a blank may stand for the T; the time of day may be left
 * out) and `YYYY,DDD,HH:MM:SS[.fff…]` (day of the year). Digits past the nanosecond are cut.
 * An explicit offset (`+01:00`) is taken into account. A second of 60 is the next minute's 0.
 * SV_INVALID: not such a text; SV_OVERFLOW: outside the range of sv_time. */
SV_API sv_status sv_time_parse(const char *text, sv_time *time);

/* Writes `YYYY-MM-DDTHH:MM:SS[.fff…]Z` with as many digits as the time has (0, 3, 6 or 9 are not
 * enforced: trailing zeros are dropped). SV_TIME_NONE gives "". Returns `text`. */
SV_API char *sv_time_format(sv_time time, char text[SV_TIME_TEXT_SIZE]);

/* The time from civil figures: month 1–12 with day of the month, or month 0 with day of the year.
 * SV_INVALID: no such date; SV_OVERFLOW: outside the range of sv_time. */
SV_API sv_status sv_time_make(int64_t year, int month, int day, int hour, int minute, int second,
                              int64_t nanosecond, sv_time *time);

/* `seconds` as nanoseconds, from a decimal text ("12.5", "-3", "1e3" is not read), exact to the
 * nanosecond; further digits are cut. SV_INVALID, SV_OVERFLOW. */
SV_API sv_status sv_seconds_parse(const char *text, int64_t *nanoseconds);

/* The time of sample `index` of a run that starts at `start` with `sample_rate` Hz:
 * start + index / sample_rate, rounded to the nearest nanosecond; the error stays below 1 ns for
 * any index up to 2^53. SV_TIME_NONE when start is, or the result leaves the range.
 * Needs sample_rate > 0 and finite. */
SV_API sv_time sv_time_of_sample(sv_time start, double sample_rate, int64_t index);

/* The inverse: the smallest index >= 0 whose sv_time_of_sample() is at or after `at`.
 * INT64_MAX where none is. Needs start != SV_TIME_NONE, sample_rate > 0 and finite. */
SV_API int64_t sv_first_sample_at(sv_time start, double sample_rate, sv_time at);

#ifdef __cplusplus
}
#endif
#endif
