#include "seisview/time.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Products of times, rates and indices are formed exactly, in 128 bits. */
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

enum {
    SECONDS_PER_DAY = 86400,
    DAYS_PER_ERA = 146097,      /* 400 years of the Gregorian calendar */
    DAYS_BEFORE_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
    NANOSECOND_DIGITS = 9
};

#define NANOSECONDS INT64_C(1000000000) /* per second */

/* Years that any time in reach lies in, on any clock. */
enum { FIRST_YEAR = 1677, LAST_YEAR = 2262 };

/* ---- the calendar ---------------------------------------------------------------------------
 * Years are counted from March, so that the leap day is a year's last, and months have the days
 * 31 30 31 30 31 twice and 31 again: that is (153 m + 2) / 5 days before month m. */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days since 1970-01-01. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t march_year = month > 2 ? year : year - 1;
    int march_month = month > 2 ? month - 3 : month + 9;
    int64_t era = floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH;
}

static void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t since_march = days + DAYS_BEFORE_EPOCH;
    int64_t era = floor_divide(since_march, DAYS_PER_ERA);
    int64_t day_of_era = since_march - era * DAYS_PER_ERA;
    /* Take the leap days out: 1460 days end in one, 36524 lack one, the era's last day is one. */
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    int march_month = (int)((5 * day_of_year + 2) / 153);
    *day = (int)(day_of_year - (153 * march_month + 2) / 5) + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * 400 + year_of_era + (*month <= 2 ? 1 : 0);
}

static sv_status narrow(wide nanoseconds, sv_time *time)
{
    if (nanoseconds > INT64_MAX || nanoseconds <= SV_TIME_NONE) {
        return SV_OVERFLOW;
    }
    *time = (sv_time)nanoseconds;
    return SV_OK;
}

static bool is_date(int64_t year, int month, int day)
{
    if (month == 0) {
        return day >= 1 && day <= (is_leap(year) ? 366 : 365);
    }
    return month >= 1 && month <= 12 && day >= 1 && day <= days_of_month(year, month);
}

/* What a clock on a wall shows. */
struct figures {
    int64_t year;
    int month, day, hour, minute, second; /* month 0: day of the year */
    int64_t nanosecond;
    int offset_minutes; /* how far it is ahead of UTC */
};

static sv_status time_of_figures(const struct figures *figures, sv_time *time)
{
    int64_t year = figures->year;
    if (!is_date(year, figures->month, figures->day) || figures->hour < 0 || figures->hour > 23 ||
        figures->minute < 0 || figures->minute > 59 || figures->second < 0 ||
        figures->second > 60 || figures->nanosecond < 0 || figures->nanosecond >= NANOSECONDS) {
        return SV_INVALID;
    }
    if (year < FIRST_YEAR || year > LAST_YEAR) {
        return SV_OVERFLOW;
    }
    int64_t days = figures->month == 0 ? days_of_date(year, 1, 1) + figures->day - 1
                                       : days_of_date(year, figures->month, figures->day);
    int64_t minutes = figures->hour * 60 + figures->minute - figures->offset_minutes;
    int64_t seconds = days * SECONDS_PER_DAY + minutes * 60 + figures->second;
    return narrow((wide)seconds * NANOSECONDS + figures->nanosecond, time);
}

sv_status sv_time_make(int64_t year, int month, int day, int hour, int minute, int second,
                       int64_t nanosecond, sv_time *time)
{
    struct figures figures = {year, month, day, hour, minute, second, nanosecond, 0};
    return time_of_figures(&figures, time);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* A number of exactly `width` digits. Moves on past it. */
static bool read_number(const char **text, int width, int *number)
{
    int value = 0;
    for (int i = 0; i < width; i++) {
        if (!is_digit((*text)[i])) {
            return false;
        }
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += width;
    *number = value;
    return true;
}

static bool read_letter(const char **text, char letter)
{
    if (**text != letter) {
        return false;
    }
    (*text)++;
    return true;
}

/* One digit or more as nanoseconds; those past the ninth are cut. */
static bool read_fraction(const char **text, int64_t *nanoseconds)
{
    if (!is_digit(**text)) {
        return false;
    }
    int64_t value = 0;
    for (int i = 0; i < NANOSECOND_DIGITS; i++) {
        value *= 10;
        if (is_digit(**text)) {
            value += *(*text)++ - '0';
        }
    }
    while (is_digit(**text)) {
        (*text)++;
    }
    *nanoseconds = value;
    return true;
}

/* YYYY-MM-DD, or YYYY,DDD as month 0. `between` is what stands before the time of day. */
static bool read_date(const char **text, struct figures *figures, const char **between)
{
    int year;
    if (!read_number(text, 4, &year)) {
        return false;
    }
    figures->year = year;
    if (read_letter(text, ',')) {
        *between = ",";
        return read_number(text, 3, &figures->day);
    }
    *between = "T ";
    return read_letter(text, '-') && read_number(text, 2, &figures->month) &&
           read_letter(text, '-') && read_number(text, 2, &figures->day) && figures->month != 0;
}

static bool read_time_of_day(const char **text, struct figures *figures)
{
    if (!read_number(text, 2, &figures->hour) || !read_letter(text, ':') ||
        !read_number(text, 2, &figures->minute) || !read_letter(text, ':') ||
        !read_number(text, 2, &figures->second)) {
        return false;
    }
    return !read_letter(text, '.') || read_fraction(text, &figures->nanosecond);
}

/* Nothing, Z, +HH:MM or -HH:MM. */
static bool read_zone(const char **text, struct figures *figures)
{
    int hours, minutes;
    if (**text == '\0' || read_letter(text, 'Z')) {
        return true;
    }
    int sign = **text == '-' ? -1 : 1;
    if ((!read_letter(text, '+') && !read_letter(text, '-')) || !read_number(text, 2, &hours) ||
        !read_letter(text, ':') || !read_number(text, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    figures->offset_minutes = sign * (hours * 60 + minutes);
    return true;
}

static bool read_figures(const char *text, struct figures *figures)
{
    const char *between;
    if (!read_date(&text, figures, &between)) {
        return false;
    }
    if (*text != '\0' && strchr(between, *text) != NULL) {
        text++;
        if (!read_time_of_day(&text, figures)) {
            return false;
        }
    }
    return read_zone(&text, figures) && *text == '\0';
}

sv_status sv_time_parse(const char *text, sv_time *time)
{
    struct figures figures = {0};
    return read_figures(text, &figures) ? time_of_figures(&figures, time) : SV_INVALID;
}

/* Any number of digits; past `limit` it no longer matters how large the number is. */
static int64_t read_whole(const char **text, int64_t limit)
{
    int64_t value = 0;
    for (; is_digit(**text); (*text)++) {
        value = value <= limit ? value * 10 + (**text - '0') : value;
    }
    return value;
}

sv_status sv_seconds_parse(const char *text, int64_t *nanoseconds)
{
    int64_t fraction = 0;
    int sign = *text == '-' ? -1 : 1;
    if (*text == '-' || *text == '+') {
        text++;
    }
    bool whole_given = is_digit(*text);
    int64_t whole = read_whole(&text, INT64_MAX / NANOSECONDS);
    if (!whole_given && *text != '.') {
        return SV_INVALID;
    }
    if ((read_letter(&text, '.') && !read_fraction(&text, &fraction)) || *text != '\0') {
        return SV_INVALID;
    }
    return narrow(sign * ((wide)whole * NANOSECONDS + fraction), nanoseconds);
}

/* ---- writing -------------------------------------------------------------------------------- */

char *sv_time_format(sv_time time, char text[SV_TIME_TEXT_SIZE])
{
    int64_t year;
    int month, day;
    text[0] = '\0';
    if (time == SV_TIME_NONE) {
        return text;
    }
    int64_t seconds = floor_divide(time, NANOSECONDS);
    int fraction = (int)(time % NANOSECONDS + (time % NANOSECONDS < 0 ? NANOSECONDS : 0));
    int64_t days = floor_divide(seconds, SECONDS_PER_DAY);
    int second = (int)(seconds - days * SECONDS_PER_DAY);
    date_of_days(days, &year, &month, &day);
    int length = snprintf(text, SV_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year,
                          month, day, second / 3600, second / 60 % 60, second % 60);
    if (fraction != 0) {
        length += snprintf(text + length, SV_TIME_TEXT_SIZE - (size_t)length, ".%09d", fraction);
        while (text[length - 1] == '0') {
            length--;
        }
    }
    text[length] = 'Z';
    text[length + 1] = '\0';
    return text;
}

/* ---- samples --------------------------------------------------------------------------------
 * A rate is mantissa × 2^exponent, the mantissa odd and below 2^53. With it the time of a sample
 * is a quotient of whole numbers, and the figures below are exact for every rate and index. */

struct rate {
    uint64_t mantissa;
    int exponent;
};

static struct rate rate_of(double sample_rate)
{
    struct rate rate;
    rate.mantissa = (uint64_t)ldexp(frexp(sample_rate, &rate.exponent), 53);
    rate.exponent -= 53;
    int zeros = __builtin_ctzll(rate.mantissa);
    rate.mantissa >>= zeros;
    rate.exponent += zeros;
    return rate;
}

static int bit_length(unsigned_wide value)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
    if (high != 0) {
        return 128 - __builtin_clzll(high);
    }
    return low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* index / rate in nanoseconds, halves rounded up; false where that leaves 64 bits by far. */
static bool nanoseconds_to_sample(uint64_t index, struct rate rate, unsigned_wide *nanoseconds)
{
    unsigned_wide numerator = (unsigned_wide)index * NANOSECONDS * 2; /* to round when halved */
    unsigned_wide denominator = rate.mantissa;
    if (rate.exponent < 0) {
        if (bit_length(numerator) - rate.exponent > 127) {
            return false;
        }
        numerator <<= -rate.exponent;
    } else {
        if (bit_length(denominator) + rate.exponent > 127) {
            *nanoseconds = 0;
            return true;
        }
        denominator <<= rate.exponent;
    }
    *nanoseconds = (numerator / denominator + 1) / 2;
    return true;
}

sv_time sv_time_of_sample(sv_time start, double sample_rate, int64_t index)
{
    unsigned_wide nanoseconds;
    sv_time time;
    if (start == SV_TIME_NONE || index == 0) {
        return start;
    }
    uint64_t distance = index < 0 ? 0 - (uint64_t)index : (uint64_t)index;
    if (!nanoseconds_to_sample(distance, rate_of(sample_rate), &nanoseconds)) {
        return SV_TIME_NONE;
    }
    wide exact = index < 0 ? (wide)start - (wide)nanoseconds : (wide)start + (wide)nanoseconds;
    return narrow(exact, &time) == SV_OK ? time : SV_TIME_NONE;
}

/* The least index whose rounded time is `nanoseconds` > 0 or more after sample 0, that is whose
 * exact time is nanoseconds − 1/2 or more; INT64_MAX where there is none in 63 bits. */
static int64_t index_after(uint64_t nanoseconds, struct rate rate)
{
    unsigned_wide numerator = ((unsigned_wide)nanoseconds * 2 - 1) * rate.mantissa;
    unsigned_wide denominator = NANOSECONDS * 2;
    if (rate.exponent < 0) {
        if (bit_length(denominator) - rate.exponent > 127) {
            return 1;
        }
        denominator <<= -rate.exponent;
    } else {
        if (bit_length(numerator) + rate.exponent > 127) {
            return INT64_MAX;
        }
        numerator <<= rate.exponent;
    }
    unsigned_wide index = (numerator + denominator - 1) / denominator;
    return index < INT64_MAX ? (int64_t)index : INT64_MAX;
}

int64_t sv_first_sample_at(sv_time start, double sample_rate, sv_time at)
{
    if (at <= start) {
        return 0;
    }
    int64_t index = index_after((uint64_t)at - (uint64_t)start, rate_of(sample_rate));
    bool in_reach = sv_time_of_sample(start, sample_rate, index) != SV_TIME_NONE;
    return in_reach ? index : INT64_MAX;
}
