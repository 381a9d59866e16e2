/* Statuses and errors, time, numbers, memory, sizes, the fault guard. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/guard.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "random.h"
#include "sanitizers.h"
#include "seisview/time.h"

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

/* ---- statuses and errors -------------------------------------------------------------------- */

START_TEST(every_status_has_a_text_and_a_name)
{
    for (int status = 0; status < SV_NUM_STATUSES; status++) {
        const char *text = sv_status_text((sv_status)status);
        const char *name = sv_status_name((sv_status)status);
        ck_assert_uint_gt(strlen(text), 0);
        ck_assert_int_eq(strncmp(name, "SV_", 3), 0);
        ck_assert_ptr_null(strchr(text, '\n'));
        for (int other = 0; other < status; other++) {
            ck_assert_str_ne(text, sv_status_text((sv_status)other));
            ck_assert_str_ne(name, sv_status_name((sv_status)other));
        }
    }
    ck_assert_str_eq(sv_status_name(SV_OK), "SV_OK");
    ck_assert_str_eq(sv_status_name(SV_TRUNCATED), "SV_TRUNCATED");
}
END_TEST

START_TEST(what_is_no_status_has_a_text_too)
{
    ck_assert_str_eq(sv_status_text((sv_status)SV_NUM_STATUSES), "an unknown status");
    ck_assert_str_eq(sv_status_text((sv_status)-1), "an unknown status");
    ck_assert_str_eq(sv_status_name((sv_status)12345), "SV_UNKNOWN");
}
END_TEST

START_TEST(a_failure_writes_its_sentence)
{
    sv_error error = {SV_OK, 99, "old"};
    ck_assert_int_eq(sv_fail(&error, SV_RANGE, "sample %d; ask for less", 7), SV_RANGE);
    ck_assert_int_eq(error.status, SV_RANGE);
    ck_assert_int_eq(error.system_error, 0);
    ck_assert_str_eq(error.message, "sample 7; ask for less");
    ck_assert_int_eq(sv_fail_memory(&error, 4096), SV_NOMEM);
    ck_assert_ptr_nonnull(strstr(error.message, "4096"));
}
END_TEST

START_TEST(a_failed_system_call_keeps_its_errno)
{
    sv_error error;
    errno = EACCES;
    ck_assert_int_eq(sv_fail_errno(&error, "it cannot be opened"), SV_IO);
    ck_assert_int_eq(error.status, SV_IO);
    ck_assert_int_eq(error.system_error, EACCES);
    ck_assert_str_eq(error.message, "it cannot be opened: Permission denied");
}
END_TEST

START_TEST(nobody_has_to_want_the_sentence)
{
    errno = ENOENT;
    ck_assert_int_eq(sv_fail(NULL, SV_SHAPE, "%s", "x"), SV_SHAPE);
    ck_assert_int_eq(sv_fail_errno(NULL, "x"), SV_IO);
    ck_assert_int_eq(sv_fail_memory(NULL, 1), SV_NOMEM);
}
END_TEST

START_TEST(a_long_sentence_is_cut)
{
    sv_error error;
    char text[2 * SV_ERROR_SIZE];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    errno = EIO;
    sv_fail_errno(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.message), SV_ERROR_SIZE - 1);
    text[SV_ERROR_SIZE - 4] = '\0'; /* the system's text has three bytes left */
    errno = EIO;
    sv_fail_errno(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.message), SV_ERROR_SIZE - 1);
}
END_TEST

/* ---- sizes ---------------------------------------------------------------------------------- */

START_TEST(sizes_say_when_they_do_not_fit)
{
    int64_t result;
    ck_assert(sv_multiply(INT64_C(1) << 31, INT64_C(1) << 31, &result));
    ck_assert_int_eq(result, INT64_C(1) << 62);
    ck_assert(!sv_multiply(INT64_C(1) << 32, INT64_C(1) << 31, &result));
    ck_assert(!sv_multiply(INT64_MIN, -1, &result));
    ck_assert(sv_add(INT64_MAX - 1, 1, &result));
    ck_assert_int_eq(result, INT64_MAX);
    ck_assert(!sv_add(INT64_MAX, 1, &result));
    ck_assert(!sv_add(INT64_MIN, -1, &result));
    ck_assert_int_eq(sv_min_i8(-3, 2), -3);
    ck_assert_int_eq(sv_max_i8(-3, 2), 2);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

START_TEST(nothing_can_be_allocated_and_freed)
{
    void *none[] = {sv_malloc(0), sv_calloc(0, 8), sv_calloc(8, 0), sv_realloc(NULL, 0),
                    sv_malloc_aligned(64, 0)};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        ck_assert_ptr_nonnull(none[i]);
        sv_free(none[i]);
    }
    sv_free(NULL);
}
END_TEST

START_TEST(memory_is_aligned_zeroed_copied)
{
    char *aligned = sv_malloc_aligned(4096, 3);
    ck_assert_uint_eq((uintptr_t)aligned % 4096, 0);
    sv_free(aligned);
    char *zeros = sv_calloc(3, 100);
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(zeros[i], 0);
    }
    sv_free(zeros);
    char *copy = sv_strdup("quake");
    ck_assert_str_eq(copy, "quake");
    copy = sv_realloc(copy, 1000);
    ck_assert_str_eq(copy, "quake");
    sv_free(copy);
}
END_TEST

START_TEST(one_allocation_fails_on_demand)
{
    sv_memory_fail_after(2, false);
    void *first = sv_malloc(1), *second = sv_calloc(1, 1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_null(sv_malloc_aligned(64, 1));
    void *fourth = sv_malloc(1);
    ck_assert_ptr_nonnull(fourth);
    sv_free(first);
    sv_free(second);
    sv_free(fourth);
}
END_TEST

START_TEST(all_allocations_fail_on_demand)
{
    void *kept = sv_malloc(8);
    sv_memory_fail_after(0, true);
    for (int i = 0; i < 5; i++) {
        ck_assert_ptr_null(sv_malloc(1));
        ck_assert_ptr_null(sv_calloc(1, 1));
        ck_assert_ptr_null(sv_realloc(kept, 16)); /* what was there stays */
        ck_assert_ptr_null(sv_strdup("x"));
    }
    sv_memory_fail_after(-1, false);
    void *again = sv_malloc(1);
    ck_assert_ptr_nonnull(again);
    sv_free(again);
    sv_free(kept);
}
END_TEST

/* ---- time: calendar, reading, writing ------------------------------------------------------- */

static const struct {
    const char *text;
    sv_time time;
} times[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.000000001Z", 1},
    {"1969-12-31T23:59:59.999999999Z", -1},
    {"2026-01-31T12:00:00.5Z", INT64_C(1769860800500000000)},
    {"2000-02-29T00:00:00Z", INT64_C(951782400000000000)},
    {"2000-03-01T00:00:00Z", INT64_C(951868800000000000)},
    {"1900-03-01T00:00:00Z", INT64_C(-2203891200000000000)},
    {"2100-02-28T23:59:59.999Z", INT64_C(4107542399999000000)},
    {"2100-03-01T00:00:00Z", INT64_C(4107542400000000000)},
    {"1677-09-21T00:12:43.145224193Z", -INT64_MAX},
    {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
};

START_TEST(times_are_written_and_read_back)
{
    char text[SV_TIME_TEXT_SIZE];
    sv_time time = 0;
    ck_assert_str_eq(sv_time_format(times[_i].time, text), times[_i].text);
    ck_assert_int_eq(sv_time_parse(times[_i].text, &time), SV_OK);
    ck_assert_int_eq(time, times[_i].time);
}
END_TEST

static const struct {
    const char *text, *same;
} spellings[] = {
    {"2026-01-31", "2026-01-31T00:00:00Z"},
    {"2026-01-31 12:00:00", "2026-01-31T12:00:00Z"},
    {"2026-01-31T12:00:00", "2026-01-31T12:00:00Z"},
    {"2026-01-31T12:00:00.1234567899", "2026-01-31T12:00:00.123456789Z"},
    {"2026-01-31T12:00:00.50000000000000000000Z", "2026-01-31T12:00:00.5Z"},
    {"2026,031,12:00:00.5", "2026-01-31T12:00:00.5Z"},
    {"2026,031,12:00:00.5Z", "2026-01-31T12:00:00.5Z"},
    {"2026,001", "2026-01-01T00:00:00Z"},
    {"2026,365,23:59:59", "2026-12-31T23:59:59Z"},
    {"2024,366,00:00:00", "2024-12-31T00:00:00Z"},
    {"2024,060,00:00:00", "2024-02-29T00:00:00Z"},
    {"2023,060,00:00:00", "2023-03-01T00:00:00Z"},
    {"2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00Z"},
    {"2026-01-01T00:30:00+05:30", "2025-12-31T19:00:00Z"},
    {"2026-12-31T23:00:00.25-01:30", "2027-01-01T00:30:00.25Z"},
    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
    {"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5Z"},
    {"2262-04-12T00:47:16.854775807+01:00", "2262-04-11T23:47:16.854775807Z"},
    {"1677-09-20T23:12:43.145224193-01:00", "1677-09-21T00:12:43.145224193Z"},
};

START_TEST(times_have_other_spellings)
{
    char text[SV_TIME_TEXT_SIZE];
    sv_time time = 0;
    ck_assert_msg(sv_time_parse(spellings[_i].text, &time) == SV_OK, "%s", spellings[_i].text);
    ck_assert_str_eq(sv_time_format(time, text), spellings[_i].same);
}
END_TEST

static const char *const no_times[] = {
    "",
    "now",
    "2026",
    "2026-01",
    "26-01-31",
    "02026-01-31",
    "-2026-01-31",
    " 2026-01-31",
    "2026-01-31 ",
    "2026-1-31",
    "2026-01-32",
    "2026-00-10",
    "2026-13-01",
    "2026-02-29",
    "1900-02-29",
    "2026-04-31",
    "2026-01-00",
    "2026-01-31T",
    "2026-01-31T12",
    "2026-01-31T12:00",
    "2026-01-31T24:00:00",
    "2026-01-31T12:60:00",
    "2026-01-31T12:00:61",
    "2026-01-31T12:00:00.",
    "2026-01-31T12:00:00.Z",
    "2026-01-31T12:00:00,5",
    "2026-01-31T12:00:00z",
    "2026-01-31T12:00:00ZZ",
    "2026-01-31T12:00:00+",
    "2026-01-31T12:00:00+1:00",
    "2026-01-31T12:00:00+24:00",
    "2026-01-31T12:00:00+01:60",
    "2026-01-31T12:00:00+01:00Z",
    "2026-01-31,12:00:00",
    "2026,031T12:00:00",
    "2026,31,12:00:00",
    "2026,000,00:00:00",
    "2025,366,00:00:00",
    "2024,367,00:00:00",
    "2026,031,12:00:00.5x",
    "2026/01/31",
};

START_TEST(what_is_no_time_is_refused)
{
    sv_time time = 42;
    ck_assert_msg(sv_time_parse(no_times[_i], &time) == SV_INVALID, "%s", no_times[_i]);
    ck_assert_int_eq(time, 42);
}
END_TEST

START_TEST(times_out_of_reach_overflow)
{
    static const char *const texts[] = {"2262-04-11T23:47:16.854775808Z",
                                        "1677-09-21T00:12:43.145224192Z",
                                        "1677-09-21T00:12:43.145224191Z",
                                        "2262-04-11T23:47:16.854775807-00:01",
                                        "9999-12-31",
                                        "0000-01-01",
                                        "0001,001"};
    sv_time time = 42;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(sv_time_parse(texts[i], &time) == SV_OVERFLOW, "%s", texts[i]);
    }
    ck_assert_int_eq(sv_time_make(INT64_MAX, 1, 1, 0, 0, 0, 0, &time), SV_OVERFLOW);
    ck_assert_int_eq(sv_time_make(INT64_MIN, 0, 1, 0, 0, 0, 0, &time), SV_OVERFLOW);
    ck_assert_int_eq(time, 42);
}
END_TEST

START_TEST(times_are_made_from_figures)
{
    sv_time time, same;
    ck_assert_int_eq(sv_time_make(1970, 0, 1, 0, 0, 1, 999999999, &time), SV_OK);
    ck_assert_int_eq(time, INT64_C(1999999999));
    ck_assert_int_eq(sv_time_make(2024, 0, 366, 23, 59, 60, 0, &time), SV_OK);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, 0, 0, 0, 0, &same), SV_OK);
    ck_assert_int_eq(time, same);
    ck_assert_int_eq(sv_time_make(2025, 0, 366, 0, 0, 0, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, -1, 1, 0, 0, 0, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, -1, 0, 0, 0, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, -1, 0, 0, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, 0, -1, 0, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, 0, 0, -1, 0, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, 0, 0, 0, -1, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(2025, 1, 1, 0, 0, 0, 1000000000, &time), SV_INVALID);
    ck_assert_int_eq(sv_time_make(-12345, 2, 30, 0, 0, 0, 0, &time), SV_INVALID);
}
END_TEST

/* Counts days forward one by one, and so shares nothing with the arithmetic under test. */
START_TEST(every_day_follows_the_one_before)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const sv_time day_length = INT64_C(86400000000000);
    sv_time expected;
    ck_assert_int_eq(sv_time_parse("1678-01-01", &expected), SV_OK);
    for (int year = 1678; year < 2262; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int day_of_year = 1;
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int day = 1; day <= length; day++, day_of_year++, expected += day_length) {
                char text[SV_TIME_TEXT_SIZE], date[SV_TIME_TEXT_SIZE];
                sv_time by_month = 0, by_day = 0;
                sv_time_make(year, month, day, 0, 0, 0, 0, &by_month);
                sv_time_make(year, 0, day_of_year, 0, 0, 0, 0, &by_day);
                snprintf(date, sizeof date, "%04d-%02d-%02dT00:00:00Z", year, month, day);
                require(by_month == expected && by_day == expected, date);
                require(strcmp(sv_time_format(expected, text), date) == 0, date);
            }
        }
    }
}
END_TEST

START_TEST(any_time_reads_back)
{
    struct random random = random_begin("any_time_reads_back");
    for (int i = 0; i < 100000; i++) {
        char text[SV_TIME_TEXT_SIZE];
        sv_time time = (sv_time)random_bits(&random), back = 0;
        if (time == SV_TIME_NONE) {
            continue;
        }
        sv_status status = sv_time_parse(sv_time_format(time, text), &back);
        require(status == SV_OK && back == time, text);
    }
}
END_TEST

START_TEST(no_time_has_no_text)
{
    char text[SV_TIME_TEXT_SIZE] = "old";
    ck_assert_str_eq(sv_time_format(SV_TIME_NONE, text), "");
}
END_TEST

START_TEST(seconds_are_exact)
{
    static const struct {
        const char *text;
        sv_status status;
        int64_t nanoseconds;
    } cases[] = {{"0", SV_OK, 0},
                 {"-0", SV_OK, 0},
                 {"12.5", SV_OK, INT64_C(12500000000)},
                 {"-3", SV_OK, INT64_C(-3000000000)},
                 {"+3", SV_OK, INT64_C(3000000000)},
                 {".5", SV_OK, 500000000},
                 {"-.5", SV_OK, -500000000},
                 {"0.1", SV_OK, 100000000},
                 {"0.0000000019", SV_OK, 1},
                 {"-0.0000000019", SV_OK, -1},
                 {"000000000000000000000000012", SV_OK, INT64_C(12000000000)},
                 {"9223372036.854775807", SV_OK, INT64_MAX},
                 {"-9223372036.854775807", SV_OK, -INT64_MAX},
                 {"9223372036.854775808", SV_OVERFLOW, 0},
                 {"-9223372036.854775809", SV_OVERFLOW, 0},
                 {"9223372037", SV_OVERFLOW, 0},
                 {"99999999999999999999999999999999999999999", SV_OVERFLOW, 0},
                 {"", SV_INVALID, 0},
                 {"-", SV_INVALID, 0},
                 {".", SV_INVALID, 0},
                 {"5.", SV_INVALID, 0},
                 {"1e3", SV_INVALID, 0},
                 {"12,5", SV_INVALID, 0},
                 {"12.5s", SV_INVALID, 0},
                 {" 1", SV_INVALID, 0},
                 {"1 ", SV_INVALID, 0},
                 {"--1", SV_INVALID, 0},
                 {"nan", SV_INVALID, 0},
                 {"99999999999999999999x", SV_INVALID, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t nanoseconds = 0;
        ck_assert_msg(sv_seconds_parse(cases[i].text, &nanoseconds) == cases[i].status, "%s",
                      cases[i].text);
        ck_assert_msg(nanoseconds == cases[i].nanoseconds, "%s", cases[i].text);
    }
}
END_TEST

/* ---- time: samples -------------------------------------------------------------------------- */

static const double rates[] = {
    1,      100, 50,      20,     40,    59.94, 1.0 / 3,       1e-3,
    1e6,    1e9, 1e12,    0.1,    200,   4000,  1e-9,          30000 / 1001.0,
    2.5e-5, 128, 0x1p-40, 0x1p40, 3e-12, 7.3,   250.0000000001};

START_TEST(the_time_of_a_sample_is_known)
{
    static const struct {
        sv_time start;
        double rate;
        int64_t index;
        sv_time time;
    } cases[] = {
        {5, 1, 0, 5},
        {0, 1, 1, 1000000000},
        {0, 1, -1, -1000000000},
        {0, 100, 1, 10000000},
        {0, 3, 1, 333333333},
        {0, 3, 2, 666666667},
        {0, 3, -2, -666666667},
        {0, 2e9, 1, 1}, /* halves go up */
        {0, 2e9, 3, 2},
        {0, 4e9, 1, 0},
        {0, 1e6, INT64_C(1) << 53, INT64_C(9007199254740992000)},
        {0, 0x1p-30, 8, INT64_C(8589934592000000000)},
        {0, 0x1p-30, 9, SV_TIME_NONE},
        {INT64_MAX, 1e9, 1, SV_TIME_NONE},
        {INT64_MAX - 1, 1e9, 1, INT64_MAX},
        {-INT64_MAX, 1e9, -1, SV_TIME_NONE},
        {SV_TIME_NONE, 1, 3, SV_TIME_NONE},
        {SV_TIME_NONE, 1, 0, SV_TIME_NONE},
        {0, 1, INT64_MAX, SV_TIME_NONE},
        {0, 1, INT64_MIN, SV_TIME_NONE},
        {7, DBL_MAX, INT64_MAX, 7},
        {7, DBL_TRUE_MIN, 1, SV_TIME_NONE},
        {7, DBL_TRUE_MIN, 0, 7},
        {0, 0x1p63, INT64_MAX, 1000000000},
        {0, 0x1p94, INT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(sv_time_of_sample(cases[i].start, cases[i].rate, cases[i].index) ==
                          cases[i].time,
                      "case %zu", i);
    }
}
END_TEST

static double random_rate(struct random *random)
{
    uint64_t kind = random_below(random, 4);
    if (kind == 0) {
        return rates[random_below(random, sizeof rates / sizeof rates[0])];
    }
    if (kind == 1) {
        return (double)(1 + random_below(random, 100000));
    }
    double mantissa = 0.5 + (double)(random_bits(random) >> 11) * 0x1p-54;
    return ldexp(mantissa, (int)random_below(random, 80) - 40);
}

static int64_t random_index(struct random *random)
{
    return (int64_t)(random_bits(random) >> (11 + random_below(random, 53)));
}

/* The nearest nanosecond n has |n × rate − index × 10^9| ≤ rate / 2: exact in 128 bits for a rate
 * of mantissa × 2^exponent. */
START_TEST(the_time_of_a_sample_is_the_nearest)
{
    struct random random = random_begin("the_time_of_a_sample_is_the_nearest");
    int in_reach = 0;
    for (int i = 0; i < 300000; i++) {
        double rate = random_rate(&random);
        int64_t index = random_index(&random);
        sv_time start = (sv_time)(random_bits(&random) >> 8) - (INT64_C(1) << 55);
        sv_time time = sv_time_of_sample(start, rate, index);
        int exponent;
        wide mantissa = (wide)ldexp(frexp(rate, &exponent), 53);
        exponent -= 53; /* from −93 to −13 */
        if (time == SV_TIME_NONE) {
            require((double)index * 1e9 / rate > 0x1p62, "that time is in reach");
            continue;
        }
        in_reach++;
        wide left = (wide)((uint64_t)time - (uint64_t)start) * mantissa;
        wide right = (wide)((unsigned_wide)index * 1000000000 << -exponent);
        wide difference = left - right;
        if (2 * difference > mantissa || -2 * difference > mantissa) {
            ck_abort_msg("rate %.17g index %" PRId64, rate, index);
        }
    }
    ck_assert_int_gt(in_reach, 100000);
}
END_TEST

START_TEST(the_first_sample_at_a_time_is_the_inverse)
{
    struct random random = random_begin("the_first_sample_at_a_time_is_the_inverse");
    int found = 0;
    for (int i = 0; i < 300000; i++) {
        double rate = random_rate(&random);
        sv_time start = (sv_time)(random_bits(&random) >> 8) - (INT64_C(1) << 55);
        sv_time at = start + (sv_time)(random_bits(&random) >> (2 + random_below(&random, 62)));
        int64_t index = sv_first_sample_at(start, rate, at);
        if (index == INT64_MAX) {
            /* So slow that the one before the end of time is too early, or too many. */
            require(rate < 1e-8 || ((double)at - (double)start) * 1e-9 * rate > 0x1p62,
                    "a sample is in reach");
            continue;
        }
        found++;
        require(index >= 0 && sv_time_of_sample(start, rate, index) >= at, "it is too early");
        require(index == 0 || sv_time_of_sample(start, rate, index - 1) < at,
                "it is not the first");
    }
    ck_assert_int_gt(found, 100000);
}
END_TEST

START_TEST(the_first_sample_at_a_samples_time_is_that_sample)
{
    struct random random = random_begin("the_first_sample_at_a_samples_time_is_that_sample");
    for (int i = 0; i < 100000; i++) {
        double rate = random_rate(&random);
        int64_t index = random_index(&random);
        sv_time time = sv_time_of_sample(0, rate, index);
        if (time == SV_TIME_NONE || rate > 1e9) {
            continue; /* past 1 GHz several samples share a nanosecond */
        }
        require(sv_first_sample_at(0, rate, time) == index, "another sample");
        bool another = sv_time_of_sample(0, rate, index + 1) != SV_TIME_NONE;
        require(sv_first_sample_at(0, rate, time + 1) == (another ? index + 1 : INT64_MAX),
                "not the next sample");
    }
}
END_TEST

START_TEST(the_first_sample_has_its_edges)
{
    ck_assert_int_eq(sv_first_sample_at(0, 1, 0), 0);
    ck_assert_int_eq(sv_first_sample_at(0, 1, -5), 0);
    ck_assert_int_eq(sv_first_sample_at(0, 1, SV_TIME_NONE), 0);
    ck_assert_int_eq(sv_first_sample_at(0, 1, 1), 1);
    ck_assert_int_eq(sv_first_sample_at(0, 1, 1000000000), 1);
    ck_assert_int_eq(sv_first_sample_at(0, 1, 1000000001), 2);
    ck_assert_int_eq(sv_first_sample_at(0, 3, 666666667), 2);
    ck_assert_int_eq(sv_first_sample_at(0, 3, 666666668), 3);
    ck_assert_int_eq(sv_first_sample_at(0, 1, INT64_MAX), INT64_MAX); /* 9223372037 s: no time */
    ck_assert_int_eq(sv_first_sample_at(0, 1e9, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(sv_first_sample_at(0, 1e12, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(sv_first_sample_at(-INT64_MAX, 1, -INT64_MAX + 1), 1);
    ck_assert_int_eq(sv_first_sample_at(-INT64_MAX, 0x1p-30, INT64_C(9030238971145224193)), 17);
    ck_assert_int_eq(sv_first_sample_at(-INT64_MAX, 0x1p-30, INT64_C(9030238971145224194)),
                     INT64_MAX); /* sample 18 has no time any more */
    ck_assert_int_eq(sv_first_sample_at(-INT64_MAX, DBL_MAX, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(sv_first_sample_at(0, DBL_TRUE_MIN, 1), INT64_MAX);
}
END_TEST

/* ---- numbers -------------------------------------------------------------------------------- */

static double f8_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float f4_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of_f8(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

START_TEST(shortest_float64_is_known)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "0"},
                 {1, "1"},
                 {-1, "-1"},
                 {0.1, "0.1"},
                 {-0.1, "-0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {12.5, "12.5"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {0.00012345, "0.00012345"},
                 {1.5e-7, "1.5e-07"},
                 {1e-300, "1e-300"},
                 {100000, "100000"},
                 {123456789, "123456789"},
                 {9007199254740991, "9007199254740991"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e+16"},
                 {9007199254740992, "9.007199254740992e+15"},
                 {1234567890123456.5, "1234567890123456.5"},
                 {1e22, "1e+22"},
                 {1e23, "1e+23"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {5e-324, "5e-324"},
                 {0x1p-44, "5.684341886080802e-14"}, /* not the nearest of 16 digits */
                 {NAN, "nan"},
                 {-NAN, "nan"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SV_NUMBER_TEXT_SIZE];
        ck_assert_str_eq(sv_number_shortest(cases[i].value, text), cases[i].text);
    }
}
END_TEST

START_TEST(shortest_float32_is_known)
{
    static const struct {
        float value;
        const char *text;
    } cases[] = {{0.1F, "0.1"},
                 {-0.0F, "0"},
                 {16777216, "16777216"},
                 {123456784, "123456784"},
                 {3.14159274F, "3.1415927"},
                 {1e10F, "10000000000"},
                 {1e-3F, "0.001"},
                 {1e-45F, "1e-45"},
                 {FLT_MIN, "1.1754944e-38"},
                 {FLT_MAX, "3.4028235e+38"},
                 {-FLT_MAX, "-3.4028235e+38"},
                 {1e30F, "1e+30"},
                 {9.8304e15F, "9.8304e+15"},
                 {INFINITY, "inf"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SV_NUMBER_TEXT_SIZE];
        ck_assert_str_eq(sv_number_shortest_f4(cases[i].value, text), cases[i].text);
    }
}
END_TEST

static int count_digits(const char *text)
{
    int digits = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (digits == 0 && *text == '0')) {
            continue;
        }
        zeros = *text == '0' ? zeros + 1 : 0;
        digits++;
    }
    return digits > zeros ? digits - zeros : 1;
}

/* One more in the last of the digits before the exponent. */
static void increment(char *text)
{
    char *at = strchr(text, 'e') - 1;
    while (*at == '9' || *at == '.') {
        *at = *at == '9' ? '0' : '.';
        at--;
    }
    (*at)++;
}

/* What the C library finds by trying: both decimals around the value at each number of digits. */
static int fewest_digits(double magnitude, bool single)
{
    for (int digits = 1; digits < 17; digits++) {
        char text[64];
        snprintf(text, sizeof text, "0%.*e", digits - 1, magnitude);
        for (int above = 0; above < 2; above++) {
            if (above == 1) {
                increment(text);
            }
            if (single ? strtof(text, NULL) == (float)magnitude : strtod(text, NULL) == magnitude) {
                return digits;
            }
        }
    }
    return 17;
}

static void check_shortest_f8(double value)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double back = 42;
    sv_number_shortest(value, text);
    require(strlen(text) < SV_NUMBER_TEXT_SIZE, text);
    require(sv_number_parse(text, &back) && back == value, text);
    require(count_digits(text) == fewest_digits(fabs(value), false), text);
}

static void check_shortest_f4(float value)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double back = 0;
    sv_number_shortest_f4(value, text);
    require(sv_number_parse(text, &back) && (float)back == value, text);
    require(strtof(text, NULL) == value, text);
    if (fabsf(value) >= 0x1p53F || value != truncf(value)) {
        require(count_digits(text) == fewest_digits(fabs((double)value), true), text);
    }
}

START_TEST(shortest_float64_reads_back_with_fewest_digits)
{
    struct random random = random_begin("shortest_float64_reads_back_with_fewest_digits");
    for (int i = 0; i < 30000; i++) {
        double any = f8_of_bits(random_bits(&random));
        if (isfinite(any)) {
            check_shortest_f8(any);
        }
        int64_t count = (int64_t)random_below(&random, 2000000000) - 1000000000;
        check_shortest_f8((double)count / 1e3);
        check_shortest_f8((double)count * 0x1p-30);
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_shortest_f8(ldexp(1, exponent));
        check_shortest_f8(nextafter(ldexp(1, exponent), 0));
        check_shortest_f8(nextafter(ldexp(1, exponent), INFINITY));
    }
    for (int power = -323; power <= 308; power++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", power);
        double ten = strtod(text, NULL);
        check_shortest_f8(ten);
        check_shortest_f8(nextafter(ten, 0));
        check_shortest_f8(nextafter(ten, INFINITY));
    }
}
END_TEST

START_TEST(shortest_float32_reads_back_with_fewest_digits)
{
    struct random random = random_begin("shortest_float32_reads_back_with_fewest_digits");
    for (int i = 0; i < 60000; i++) {
        float any = f4_of_bits((uint32_t)random_bits(&random));
        if (isfinite(any)) {
            check_shortest_f4(any);
        }
        int64_t count = (int64_t)random_below(&random, 2000000000) - 1000000000;
        check_shortest_f4((float)count * 0x1p-30F);
    }
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        for (uint32_t mantissa = 0; mantissa < 40; mantissa++) {
            check_shortest_f4(f4_of_bits(exponent << 23 | mantissa));
            check_shortest_f4(f4_of_bits(exponent << 23 | (0x7fffff - mantissa)));
        }
    }
}
END_TEST

/* 7.038531e-26 is nearer to the lower of these two, but its float64 lies half-way between them and
 * is rounded to the upper one. So it may stand for neither. */
START_TEST(shortest_float32_reads_back_through_float64_too)
{
    const float neighbours[] = {0x1.5c87fap-84F, 0x1.5c87fcp-84F};
    for (int i = 0; i < 2; i++) {
        char text[SV_NUMBER_TEXT_SIZE];
        double back = 0;
        sv_number_shortest_f4(neighbours[i], text);
        ck_assert(strtof(text, NULL) == neighbours[i]);
        ck_assert(sv_number_parse(text, &back) && (float)back == neighbours[i]);
    }
}
END_TEST

START_TEST(format_is_printf_g)
{
    struct random random = random_begin("format_is_printf_g");
    for (int i = 0; i < 100000; i++) {
        char text[SV_NUMBER_TEXT_SIZE], expected[64];
        int digits = 1 + (int)random_below(&random, 17);
        double value = f8_of_bits(random_bits(&random));
        if (i % 2 == 0) {
            value = (double)(int64_t)random_bits(&random) * 0x1p-40;
        }
        if (!isfinite(value)) {
            continue;
        }
        snprintf(expected, sizeof expected, "%.*g", digits, value);
        require(strcmp(sv_number_format(value, digits, text), expected) == 0, expected);
    }
}
END_TEST

START_TEST(format_is_known)
{
    char text[SV_NUMBER_TEXT_SIZE];
    ck_assert_str_eq(sv_number_format(0.1, 17, text), "0.10000000000000001");
    ck_assert_str_eq(sv_number_format(0.1, 6, text), "0.1");
    ck_assert_str_eq(sv_number_format(999999.5, 6, text), "1e+06");
    ck_assert_str_eq(sv_number_format(99999.96, 6, text), "100000");
    ck_assert_str_eq(sv_number_format(-1234.5678, 6, text), "-1234.57");
    ck_assert_str_eq(sv_number_format(-0.0, 6, text), "0");
    ck_assert_str_eq(sv_number_format(NAN, 17, text), "nan");
    ck_assert_str_eq(sv_number_format(-INFINITY, 17, text), "-inf");
    ck_assert_str_eq(sv_number_format(-DBL_TRUE_MIN, 17, text), "-4.9406564584124654e-324");
}
END_TEST

START_TEST(numbers_are_parsed_whole)
{
    static const char *const wrong[] = {
        "",   " 1", "1 ",  "1x", "x",     "1,5",    "1.5.2", "-",       "+",   ".",
        "e5", "0x", "--1", "1e", "1e999", "-1e999", "1_000", "infinit", "\t1", "nanx"};
    double value = 42;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!sv_number_parse(wrong[i], &value), "%s", wrong[i]);
    }
    ck_assert(value == 42);
    ck_assert(sv_number_parse("-1.5e3", &value) && value == -1500);
    ck_assert(sv_number_parse("+.5", &value) && value == 0.5);
    ck_assert(sv_number_parse("5.", &value) && value == 5);
    ck_assert(sv_number_parse("0x10", &value) && value == 16);
    ck_assert(sv_number_parse("0x1.8p1", &value) && value == 3);
    ck_assert(sv_number_parse("1e-999", &value) && value == 0);
    ck_assert(sv_number_parse("5e-324", &value) && value == DBL_TRUE_MIN);
    ck_assert(sv_number_parse("inf", &value) && value == INFINITY);
    ck_assert(sv_number_parse("-Infinity", &value) && value == -INFINITY);
    ck_assert(sv_number_parse("NaN", &value) && isnan(value));
}
END_TEST

/* A locale that writes 1,5, or NULL where none is installed. */
static const char *comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL) {
            bool comma = localeconv()->decimal_point[0] == ',';
            setlocale(LC_ALL, "C");
            if (comma) {
                return names[i];
            }
        }
    }
    return NULL;
}

START_TEST(a_locale_with_a_comma_changes_nothing)
{
    struct random random = random_begin("a_locale_with_a_comma_changes_nothing");
    char probe[16];
    ck_assert_ptr_nonnull(setlocale(LC_ALL, comma_locale()));
    snprintf(probe, sizeof probe, "%.1f", 1.5);
    ck_assert_str_eq(probe, "1,5");
    for (int i = 0; i < 50000; i++) {
        char text[SV_NUMBER_TEXT_SIZE];
        double value = f8_of_bits(random_bits(&random)), back = 0;
        float single = f4_of_bits((uint32_t)random_bits(&random));
        if (!isfinite(value) || !isfinite(single)) {
            continue;
        }
        require(sv_number_parse(sv_number_shortest(value, text), &back) &&
                    bits_of_f8(back) == bits_of_f8(value),
                text);
        require(sv_number_parse(sv_number_format(value, 17, text), &back) &&
                    bits_of_f8(back) == bits_of_f8(value),
                text);
        require(sv_number_parse(sv_number_shortest_f4(single, text), &back) &&
                    (float)back == single,
                text);
        require(strchr(text, ',') == NULL, text);
    }
    double value = 42;
    ck_assert(!sv_number_parse("1,5", &value));
    ck_assert(sv_number_parse("1.5", &value) && value == 1.5);
    snprintf(probe, sizeof probe, "%.1f", 1.5);
    ck_assert_str_eq(probe, "1,5"); /* the program's locale is as it was */
}
END_TEST

/* ---- the fault guard ------------------------------------------------------------------------ */

enum { NUM_PAGES = 8 };

/* A mapped file of NUM_PAGES pages of which only the first is left. */
struct truncated {
    volatile const char *start;
    size_t page, size;
    size_t sum; /* of the bytes that were read */
};

static struct truncated map_and_truncate(void)
{
    char path[] = "/tmp/seisview-guard-XXXXXX";
    struct truncated file = {.page = (size_t)sysconf(_SC_PAGESIZE)};
    file.size = NUM_PAGES * file.page;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(ftruncate(fd, (off_t)file.size), 0);
    ck_assert_int_eq((int)pwrite(fd, "\1", 1, 0), 1);
    file.start = mmap(NULL, file.size, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne((const void *)file.start, MAP_FAILED);
    ck_assert_int_eq(ftruncate(fd, (off_t)file.page), 0);
    close(fd);
    return file;
}

static void read_first_page(void *context)
{
    struct truncated *file = context;
    for (size_t i = 0; i < file->page; i++) {
        file->sum += (size_t)file->start[i];
    }
}

static void read_all(void *context)
{
    struct truncated *file = context;
    for (size_t i = 0; i < file->size; i++) {
        file->sum += (size_t)file->start[i];
    }
}

static bool run_guarded(void (*body)(void *), struct truncated *file, const void **fault)
{
    return sv_guard_run(body, file, (const void *)file->start, file->size, fault);
}

START_TEST(a_body_without_fault_runs_through)
{
    struct truncated file = map_and_truncate();
    const void *fault = &file;
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ck_assert(run_guarded(read_first_page, &file, &fault));
    ck_assert_uint_eq(file.sum, 1);
    ck_assert_ptr_eq(fault, &file);
}
END_TEST

START_TEST(a_fault_is_caught_with_its_address)
{
    struct truncated file = map_and_truncate();
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK); /* once is enough, twice is no harm */
    for (int i = 0; i < 1000; i++) {
        const void *fault = NULL;
        ck_assert(!run_guarded(read_all, &file, &fault));
        ck_assert_ptr_eq(fault, (const void *)(file.start + file.page));
    }
    ck_assert_uint_eq(file.sum, 1000);
}
END_TEST

struct nested {
    struct truncated outer, inner;
    bool inner_caught, went_on;
    const void *inner_fault;
    void (*inner_body)(void *);
};

static void read_outer_file(void *context)
{
    struct nested *nested = context;
    read_all(&nested->outer);
}

static void read_inner_file(void *context)
{
    struct nested *nested = context;
    read_all(&nested->inner);
}

static void run_nested(void *context)
{
    struct nested *nested = context;
    nested->inner_caught =
        !sv_guard_run(nested->inner_body, nested, (const void *)nested->inner.start,
                      nested->inner.size, &nested->inner_fault);
    nested->went_on = true;
    read_all(&nested->outer);
}

START_TEST(guards_nest)
{
    struct nested nested = {map_and_truncate(), map_and_truncate(), .inner_body = read_inner_file};
    const void *fault = NULL;
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ck_assert(!sv_guard_run(run_nested, &nested, (const void *)nested.outer.start,
                            nested.outer.size, &fault));
    ck_assert(nested.inner_caught);
    ck_assert(nested.went_on);
    ck_assert_ptr_eq(nested.inner_fault, (const void *)(nested.inner.start + nested.inner.page));
    ck_assert_ptr_eq(fault, (const void *)(nested.outer.start + nested.outer.page));
}
END_TEST

START_TEST(the_outer_guard_catches_what_the_inner_one_does_not_cover)
{
    struct nested nested = {map_and_truncate(), map_and_truncate(), .inner_body = read_outer_file};
    const void *fault = NULL;
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ck_assert(!sv_guard_run(run_nested, &nested, (const void *)nested.outer.start,
                            nested.outer.size, &fault));
    ck_assert(!nested.went_on);
    ck_assert_ptr_eq(fault, (const void *)(nested.outer.start + nested.outer.page));
    /* And the guards are down again: another run works. */
    ck_assert(!run_guarded(read_all, &nested.inner, &fault));
    ck_assert(run_guarded(read_first_page, &nested.inner, &fault));
}
END_TEST

struct storm {
    struct truncated file;
    int wrong;
};

static void *fault_often(void *context)
{
    struct storm *storm = context;
    for (int i = 0; i < 2000; i++) {
        const void *fault = NULL;
        bool through = run_guarded(read_all, &storm->file, &fault);
        bool right = fault == (const void *)(storm->file.start + storm->file.page);
        storm->wrong += through || !right ? 1 : 0;
    }
    return NULL;
}

START_TEST(threads_are_guarded_apart)
{
    struct storm storms[2] = {{map_and_truncate(), 0}, {map_and_truncate(), 0}};
    pthread_t threads[2];
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fault_often, &storms[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(storms[i].wrong, 0);
        ck_assert_uint_eq(storms[i].file.sum, 2000);
    }
}
END_TEST

static sigjmp_buf before_fault;
static volatile sig_atomic_t faults_seen;

static void plain_handler(int signal_number)
{
    faults_seen = faults_seen + signal_number;
    siglongjmp(before_fault, 1);
}

static const void *volatile fault_seen;

static void info_handler(int signal_number, siginfo_t *info, void *user_context)
{
    (void)user_context;
    faults_seen = faults_seen + signal_number;
    fault_seen = info->si_addr;
    siglongjmp(before_fault, 1);
}

static void fault_unguarded(struct truncated *file)
{
    if (sigsetjmp(before_fault, 1) == 0) {
        read_all(file);
    }
}

START_TEST(other_faults_go_to_the_handler_before)
{
    struct truncated file = map_and_truncate();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = info_handler;
    action.sa_flags = SA_SIGINFO;
    ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    fault_unguarded(&file);
    ck_assert_int_eq(faults_seen, SIGBUS);
    ck_assert_ptr_eq(fault_seen, (const void *)(file.start + file.page));
}
END_TEST

START_TEST(other_faults_go_to_a_plain_handler_too)
{
    struct truncated file = map_and_truncate();
    signal(SIGBUS, plain_handler);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    fault_unguarded(&file);
    ck_assert_int_eq(faults_seen, SIGBUS);
}
END_TEST

struct stranger {
    struct truncated guarded, other;
};

static void read_the_other(void *context)
{
    struct stranger *stranger = context;
    read_all(&stranger->other);
}

START_TEST(a_fault_outside_of_the_guarded_memory_goes_to_the_handler_before)
{
    struct stranger stranger = {map_and_truncate(), map_and_truncate()};
    const void *fault = NULL;
    signal(SIGBUS, plain_handler);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    if (sigsetjmp(before_fault, 1) == 0) {
        sv_guard_run(read_the_other, &stranger, (const void *)stranger.guarded.start,
                     stranger.guarded.size, &fault);
        ck_abort_msg("the body went through");
    }
    ck_assert_int_eq(faults_seen, SIGBUS);
    ck_assert_ptr_null(fault);
}
END_TEST

/* How a child ends that runs `body` with the given disposition and the guard installed. */
static int end_of_child(void (*before)(int), void (*body)(struct truncated *))
{
    struct truncated file = map_and_truncate();
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        signal(SIGBUS, before);
        if (sv_guard_install(NULL) == SV_OK) {
            body(&file);
        }
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void fault_plainly(struct truncated *file)
{
    read_all(file);
}

static void be_sent_the_signal(struct truncated *file)
{
    (void)file;
    kill(getpid(), SIGBUS);
}

START_TEST(without_a_handler_before_the_process_dies_by_the_signal)
{
    int status = end_of_child(SIG_DFL, fault_plainly);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    status = end_of_child(SIG_DFL, be_sent_the_signal);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}
END_TEST

START_TEST(a_signal_that_was_ignored_is_ignored_when_sent)
{
    int status = end_of_child(SIG_IGN, be_sent_the_signal);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = end_of_child(SIG_IGN, fault_plainly);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS); /* no fault can be ignored */
}
END_TEST

/* ---- suite ---------------------------------------------------------------------------------- */

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static void add_tests_of_errors(Suite *suite)
{
    TCase *tests = tcase_create("status, error, size, memory");
    tcase_add_test(tests, every_status_has_a_text_and_a_name);
    tcase_add_test(tests, what_is_no_status_has_a_text_too);
    tcase_add_test(tests, a_failure_writes_its_sentence);
    tcase_add_test(tests, a_failed_system_call_keeps_its_errno);
    tcase_add_test(tests, nobody_has_to_want_the_sentence);
    tcase_add_test(tests, a_long_sentence_is_cut);
    tcase_add_test(tests, sizes_say_when_they_do_not_fit);
    tcase_add_test(tests, nothing_can_be_allocated_and_freed);
    tcase_add_test(tests, memory_is_aligned_zeroed_copied);
    tcase_add_test(tests, one_allocation_fails_on_demand);
    tcase_add_test(tests, all_allocations_fail_on_demand);
    suite_add_tcase(suite, tests);
}

static void add_tests_of_time(Suite *suite)
{
    TCase *tests = tcase_create("time");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, times_are_written_and_read_back, 0, COUNT(times));
    tcase_add_loop_test(tests, times_have_other_spellings, 0, COUNT(spellings));
    tcase_add_loop_test(tests, what_is_no_time_is_refused, 0, COUNT(no_times));
    tcase_add_test(tests, times_out_of_reach_overflow);
    tcase_add_test(tests, times_are_made_from_figures);
    tcase_add_test(tests, every_day_follows_the_one_before);
    tcase_add_test(tests, any_time_reads_back);
    tcase_add_test(tests, no_time_has_no_text);
    tcase_add_test(tests, seconds_are_exact);
    tcase_add_test(tests, the_time_of_a_sample_is_known);
    tcase_add_test(tests, the_time_of_a_sample_is_the_nearest);
    tcase_add_test(tests, the_first_sample_at_a_time_is_the_inverse);
    tcase_add_test(tests, the_first_sample_at_a_samples_time_is_that_sample);
    tcase_add_test(tests, the_first_sample_has_its_edges);
    suite_add_tcase(suite, tests);
}

static void add_tests_of_numbers(Suite *suite)
{
    TCase *tests = tcase_create("number");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, shortest_float64_is_known);
    tcase_add_test(tests, shortest_float32_is_known);
    tcase_add_test(tests, shortest_float64_reads_back_with_fewest_digits);
    tcase_add_test(tests, shortest_float32_reads_back_with_fewest_digits);
    tcase_add_test(tests, shortest_float32_reads_back_through_float64_too);
    tcase_add_test(tests, format_is_printf_g);
    tcase_add_test(tests, format_is_known);
    tcase_add_test(tests, numbers_are_parsed_whole);
    if (comma_locale() != NULL) {
        tcase_add_test(tests, a_locale_with_a_comma_changes_nothing);
    }
    suite_add_tcase(suite, tests);
}

static void add_tests_of_guard(Suite *suite)
{
    TCase *tests = tcase_create("guard");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_body_without_fault_runs_through);
    tcase_add_test(tests, a_fault_is_caught_with_its_address);
    tcase_add_test(tests, guards_nest);
    tcase_add_test(tests, the_outer_guard_catches_what_the_inner_one_does_not_cover);
    tcase_add_test(tests, threads_are_guarded_apart);
    tcase_add_test(tests, other_faults_go_to_the_handler_before);
    tcase_add_test(tests, other_faults_go_to_a_plain_handler_too);
    tcase_add_test(tests, a_fault_outside_of_the_guarded_memory_goes_to_the_handler_before);
    tcase_add_test(tests, without_a_handler_before_the_process_dies_by_the_signal);
    tcase_add_test(tests, a_signal_that_was_ignored_is_ignored_when_sent);
    suite_add_tcase(suite, tests);
}

/* What cannot be tested here, one line each. */
static int report_skipped(void)
{
    int skipped = 0;
    if (comma_locale() == NULL) {
        puts("skipped: a locale with a comma: none is installed; try de_DE.UTF-8");
        skipped++;
    }
    if (under_thread_sanitizer()) {
        puts("skipped: the fault guard: ThreadSanitizer has the signals");
        skipped++;
    }
    return skipped;
}

int main(void)
{
    enum { SKIPPED = 77 };
    Suite *suite = suite_create("base");
    add_tests_of_errors(suite);
    add_tests_of_time(suite);
    add_tests_of_numbers(suite);
    if (!under_thread_sanitizer()) {
        add_tests_of_guard(suite);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); /* handlers and failing memory stay in their test */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0) {
        return EXIT_FAILURE;
    }
    return report_skipped() == 0 ? EXIT_SUCCESS : SKIPPED;
}
