/* Reports: values, JSON, CSV, tables of every shape. */
#include <check.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/style.h"
#include "seisview/report.h"

#define COMMA_LOCALE "de_DE.UTF-8"

enum { OUT_BYTES = 1 << 20 };

static char out[OUT_BYTES];

/* A report into memory, whose text is in `out` after finish(). */
static FILE *file;
static sv_report *report;

static void begin_sized(sv_report_style style, const sv_column *columns, int num_columns, int width,
                        bool color)
{
    memset(out, 0, sizeof out);
    file = fmemopen(out, sizeof out, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(sv_report_open(file, style, columns, num_columns, width, color, &report, NULL),
                     SV_OK);
}

static void begin(sv_report_style style, const sv_column *columns, int num_columns)
{
    begin_sized(style, columns, num_columns, 0, false);
}

static void add(const sv_value *values)
{
    ck_assert_int_eq(sv_report_row(report, values, NULL), SV_OK);
}

static const char *finish(void)
{
    ck_assert_int_eq(sv_report_close(report, NULL), SV_OK);
    fclose(file);
    return out;
}

static const sv_column one_column[] = {{.key = "value"}};

/* One value in a style, without the frame around it. */
static const char *written(sv_report_style style, sv_value value)
{
    begin(style, one_column, 1);
    add(&value);
    char *text = (char *)(uintptr_t)finish();
    text[strcspn(text, "\n") == strlen(text) ? strlen(text) : strlen(text) - 1] = '\0';
    if (style == SV_JSON) {
        text[strlen(text) - 1] = '\0';
        return text + strlen("{\"value\":");
    }
    return style == SV_CSV ? text + strlen("value\n") : text + strlen("value  ");
}

/* ---- values ------------------------------------------------------------------------------ */

START_TEST(test_values_in_json)
{
    static const int64_t shape[] = {3, 1000};
    ck_assert_str_eq(written(SV_JSON, sv_value_null()), "null");
    ck_assert_str_eq(written(SV_JSON, sv_value_text(NULL)), "null");
    ck_assert_str_eq(written(SV_JSON, sv_value_text("")), "\"\"");
    ck_assert_str_eq(written(SV_JSON, sv_value_text("a\"b\\c")), "\"a\\\"b\\\\c\"");
    ck_assert_str_eq(written(SV_JSON, sv_value_text("M\xc3\xbcnchen")), "\"M\xc3\xbcnchen\"");
    ck_assert_str_eq(written(SV_JSON, sv_value_text("a\xff\nb")), "\"a??b\"");
    ck_assert_str_eq(written(SV_JSON, sv_value_bool(true)), "true");
    ck_assert_str_eq(written(SV_JSON, sv_value_bool(false)), "false");
    ck_assert_str_eq(written(SV_JSON, sv_value_ints(shape, 2)), "[3,1000]");
    ck_assert_str_eq(written(SV_JSON, sv_value_ints(shape, 0)), "[]");
    ck_assert_str_eq(written(SV_JSON, sv_value_time(SV_TIME_NONE)), "null");
    ck_assert_str_eq(written(SV_JSON, sv_value_time(500000000)), "\"1970-01-01T00:00:00.5Z\"");
}
END_TEST

START_TEST(test_integers_in_full)
{
    for (int style = SV_TABLE; style <= SV_CSV; style++) {
        ck_assert_str_eq(written((sv_report_style)style, sv_value_int(0)), "0");
        ck_assert_str_eq(written((sv_report_style)style, sv_value_int(-7)), "-7");
        ck_assert_str_eq(written((sv_report_style)style, sv_value_int(INT64_MAX)),
                         "9223372036854775807");
        ck_assert_str_eq(written((sv_report_style)style, sv_value_int(INT64_MIN)),
                         "-9223372036854775808");
    }
}
END_TEST

START_TEST(test_reals_in_json_and_csv)
{
    for (int style = SV_JSON; style <= SV_CSV; style++) {
        sv_report_style s = (sv_report_style)style;
        ck_assert_str_eq(written(s, sv_value_real(3.0)), "3");
        ck_assert_str_eq(written(s, sv_value_real(0.1)), "0.10000000000000001");
        ck_assert_str_eq(written(s, sv_value_real(-0.0)), "0");
        ck_assert_str_eq(written(s, (sv_value){SV_VALUE_REAL, {.real = -0.0}}), "0");
        ck_assert_str_eq(written(s, sv_value_real(1e15)), "1000000000000000");
        ck_assert_str_eq(written(s, sv_value_real(-99999999999999984.0)), "-99999999999999984");
        ck_assert_str_eq(written(s, sv_value_real(2.5e-7)),
                         s == SV_JSON ? "2.4999999999999999e-7" : "2.4999999999999999e-07");
    }
    ck_assert_str_eq(written(SV_CSV, sv_value_real(1e17)), "1e+17");
    ck_assert_double_eq(strtod(written(SV_JSON, sv_value_real(1e17)), NULL), 1e17);
    ck_assert_double_eq(strtod(written(SV_JSON, sv_value_real(5e-324)), NULL), 5e-324);
}
END_TEST

START_TEST(test_not_finite_is_null)
{
    const double values[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sv_value_real(values[i]).kind, SV_VALUE_NULL);
        sv_value by_hand = {SV_VALUE_REAL, {.real = values[i]}};
        ck_assert_str_eq(written(SV_JSON, by_hand), "null");
        ck_assert_str_eq(written(SV_CSV, by_hand), "");
        ck_assert_str_eq(written(SV_TABLE, by_hand), "-");
    }
}
END_TEST

START_TEST(test_values_in_csv)
{
    static const int64_t shape[] = {3, 1000};
    ck_assert_str_eq(written(SV_CSV, sv_value_null()), "");
    ck_assert_str_eq(written(SV_CSV, sv_value_text("")), "\"\"");
    ck_assert_str_eq(written(SV_CSV, sv_value_text("plain text")), "plain text");
    ck_assert_str_eq(written(SV_CSV, sv_value_text("a,b")), "\"a,b\"");
    ck_assert_str_eq(written(SV_CSV, sv_value_text("a\"b")), "\"a\"\"b\"");
    ck_assert_str_eq(written(SV_CSV, sv_value_text("a\nb")), "a?b");
    ck_assert_str_eq(written(SV_CSV, sv_value_ints(shape, 2)), "\"3,1000\"");
    ck_assert_str_eq(written(SV_CSV, sv_value_ints(shape, 1)), "3");
    ck_assert_str_eq(written(SV_CSV, sv_value_bool(false)), "false");
    ck_assert_str_eq(written(SV_CSV, sv_value_time(0)), "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(test_values_in_table)
{
    static const int64_t shape[] = {3, 1000};
    ck_assert_str_eq(written(SV_TABLE, sv_value_null()), "-");
    ck_assert_str_eq(written(SV_TABLE, sv_value_text("text")), "text");
    ck_assert_str_eq(written(SV_TABLE, sv_value_ints(shape, 2)), "(3, 1000)");
    ck_assert_str_eq(written(SV_TABLE, sv_value_ints(shape, 0)), "()");
    ck_assert_str_eq(written(SV_TABLE, sv_value_bool(true)), "true");
    ck_assert_str_eq(written(SV_TABLE, sv_value_time(0)), "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(test_reals_in_table)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {100, "100"},
                 {123456789, "123456789"},
                 {0.1, "0.1"},
                 {-1234.5678, "-1234.568"},
                 {123456.789, "123456.8"},
                 {12345678.9, "12345679"},
                 {9.99999999, "10"},
                 {-0.00012345678, "-0.0001234568"},
                 {1.2345678e-5, "1.234568e-05"},
                 {1.2345678e12, "1.234568e+12"},
                 {1e300, "1e+300"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(written(SV_TABLE, sv_value_real(cases[i].value)), cases[i].text);
    }
}
END_TEST

/* ---- frames ------------------------------------------------------------------------------ */

static const sv_column columns[] = {
    {.key = "file", .heading = true},
    {.key = "format", .fact = true, .importance = 1},
    {.key = "channel", .heading = true},
    {.key = "num_nan", .importance = 3, .notice = SV_NOTICE_NONZERO},
    {.key = "sample_mean", .importance = 2},
    {.key = "complete", .fact = true, .notice = SV_NOTICE_FALSE}};

enum { NUM_COLUMNS = sizeof columns / sizeof columns[0] };

static void add_channel(int64_t channel, int64_t num_nan, double mean, bool complete)
{
    const sv_value values[NUM_COLUMNS] = {sv_value_text("quake.bin"), sv_value_text("raw"),
                                          sv_value_int(channel),      sv_value_int(num_nan),
                                          sv_value_real(mean),        sv_value_bool(complete)};
    add(values);
}

START_TEST(test_no_row_is_no_output)
{
    for (int style = SV_TABLE; style <= SV_CSV; style++) {
        begin((sv_report_style)style, columns, NUM_COLUMNS);
        ck_assert_str_eq(finish(), "");
    }
}
END_TEST

START_TEST(test_json_lines)
{
    begin(SV_JSON, columns, NUM_COLUMNS);
    add_channel(0, 0, 1.5, true);
    add_channel(1, 2, NAN, false);
    ck_assert_str_eq(finish(), "{\"file\":\"quake.bin\",\"format\":\"raw\",\"channel\":0,"
                               "\"num_nan\":0,\"sample_mean\":1.5,\"complete\":true}\n"
                               "{\"file\":\"quake.bin\",\"format\":\"raw\",\"channel\":1,"
                               "\"num_nan\":2,\"sample_mean\":null,\"complete\":false}\n");
}
END_TEST

START_TEST(test_csv_lines)
{
    begin(SV_CSV, columns, NUM_COLUMNS);
    add_channel(0, 0, 1.5, true);
    add_channel(1, 2, NAN, false);
    ck_assert_str_eq(finish(), "file,format,channel,num_nan,sample_mean,complete\n"
                               "quake.bin,raw,0,0,1.5,true\n"
                               "quake.bin,raw,1,2,,false\n");
}
END_TEST

START_TEST(test_one_card)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    add_channel(0, 0, 1.5, true);
    ck_assert_str_eq(finish(), "quake.bin\n"
                               "\n"
                               "format        raw\n"
                               "channel         0\n"
                               "num_nan         0\n"
                               "sample_mean   1.5\n"
                               "complete     true\n");
}
END_TEST

START_TEST(test_cards_say_once_what_they_share)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    add_channel(0, 0, 1.5, true);
    add_channel(1, 0, -20.25, true);
    ck_assert_str_eq(finish(), "quake.bin\n"
                               "\n"
                               "format       raw\n"
                               "complete     true\n"
                               "\n"
                               "channel           0       1\n"
                               "num_nan           0       0\n"
                               "sample_mean    1.50  -20.25\n");
}
END_TEST

START_TEST(test_cards_of_several_files)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    const char *const names[] = {"a.bin", "b.bin"};
    for (int i = 0; i < 2; i++) {
        const sv_value values[NUM_COLUMNS] = {sv_value_text(names[i]), sv_value_text("raw"),
                                              sv_value_int(0),         sv_value_int(i),
                                              sv_value_real(1),        sv_value_bool(i == 0)};
        add(values);
    }
    ck_assert_str_eq(finish(), "format       raw\n"
                               "channel      0\n"
                               "\n"
                               "file         a.bin  b.bin\n"
                               "num_nan          0      1\n"
                               "sample_mean      1      1\n"
                               "complete      true  false\n");
}
END_TEST

START_TEST(test_what_is_not_known_is_no_fact)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    const sv_value values[NUM_COLUMNS] = {sv_value_text("a"), sv_value_null(), sv_value_null(),
                                          sv_value_int(0),    sv_value_null(), sv_value_null()};
    add(values);
    ck_assert_str_eq(finish(), "a\n"
                               "\n"
                               "num_nan      0\n"
                               "sample_mean  -\n");
}
END_TEST

static void add_channels(int count)
{
    for (int i = 0; i < count; i++) {
        add_channel(i, i == 1 ? 12 : 0, i * 0.25, true);
    }
}

START_TEST(test_lines)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    add_channels(7);
    ck_assert_str_eq(finish(), "quake.bin\n"
                               "\n"
                               "format raw, complete true\n"
                               "\n"
                               "channel  num_nan  sample_mean\n"
                               "      0        0         0.00\n"
                               "      1       12         0.25\n"
                               "      2        0         0.50\n"
                               "      3        0         0.75\n"
                               "      4        0         1.00\n"
                               "      5        0         1.25\n"
                               "      6        0         1.50\n");
}
END_TEST

START_TEST(test_lines_of_rows_that_agree)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    for (int i = 0; i < 7; i++) {
        add_channel(0, 0, 1, true);
    }
    const char *text = finish();
    ck_assert_ptr_nonnull(strstr(text, "quake.bin\n\nformat raw, num_nan 0, sample_mean 1, "
                                       "complete true\n\nchannel\n      0\n"));
}
END_TEST

static int longest_line(const char *text)
{
    int longest = 0;
    while (*text != '\0') {
        int length = (int)strcspn(text, "\n");
        longest = length > longest ? length : longest;
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return longest;
}

START_TEST(test_narrow_terminal_leaves_the_least_important_out)
{
    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 36, false);
    for (int i = 0; i < 7; i++) {
        add_channel(i, i, i * 0.25, i > 0);
    }
    const char *text = finish();
    ck_assert_ptr_nonnull(strstr(text, "channel  num_nan  sample_mean\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n\n1 column left out; --json has all\n"));
    ck_assert_int_le(longest_line(text), 36);

    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 20, false);
    for (int i = 0; i < 7; i++) {
        add_channel(i, i, i * 0.25, i > 0);
    }
    text = finish();
    ck_assert_ptr_nonnull(strstr(text, "channel  num_nan\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n\n2 columns left out; --json has all\n"));
}
END_TEST

START_TEST(test_headings_are_never_left_out)
{
    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 1, false);
    add_channels(7);
    ck_assert_ptr_nonnull(strstr(finish(), "channel\n      0\n"));
}
END_TEST

START_TEST(test_cards_that_do_not_fit_are_lines)
{
    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 40, false);
    add_channels(6);
    ck_assert_ptr_nonnull(strstr(finish(), "channel  num_nan  sample_mean\n"));
    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 60, false);
    add_channels(6);
    ck_assert_ptr_nonnull(strstr(finish(), "channel         0     1     2     3     4     5\n"));
}
END_TEST

START_TEST(test_facts_are_wrapped)
{
    for (int width = 20; width < 60; width++) {
        begin_sized(SV_TABLE, columns, NUM_COLUMNS, width, false);
        add_channels(SV_CARD_ROWS + 1);
        ck_assert_int_le(longest_line(finish()), width > 34 ? width : 34);
    }
}
END_TEST

static int count_heads(const char *text)
{
    static const char head[] = "channel  num_nan  sample_mean\n";
    int heads = 0;
    while ((text = strstr(text, head)) != NULL) {
        heads++;
        text += strlen(head);
    }
    return heads;
}

START_TEST(test_long_tables_come_in_pages)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    for (int i = 0; i < 2 * SV_PAGE_ROWS + 2; i++) {
        add_channel(i, i, i, true);
    }
    const char *text = finish();
    ck_assert_int_eq(count_heads(text), 3);
    ck_assert_ptr_nonnull(strstr(text, "   1999     1999         1999\n\nquake.bin\n\nformat raw"));
}
END_TEST

START_TEST(test_a_last_row_alone_is_a_card)
{
    begin(SV_TABLE, columns, NUM_COLUMNS);
    for (int i = 0; i < SV_PAGE_ROWS + 1; i++) {
        add_channel(i, i, i, true);
    }
    const char *text = finish();
    ck_assert_int_eq(count_heads(text), 1);
    ck_assert_ptr_nonnull(
        strstr(text, "    999      999          999\n\nquake.bin\n\nformat        raw\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nchannel      1000\n"));
}
END_TEST

START_TEST(test_text_is_left_and_numbers_are_right)
{
    static const sv_column two[] = {{.key = "id"}, {.key = "n"}, {.key = "word"}};
    begin(SV_TABLE, two, 3);
    for (int i = 0; i < 7; i++) {
        const sv_value values[] = {sv_value_text(i % 2 == 0 ? "IU.ANMO" : "X"),
                                   sv_value_int(i * 1000), sv_value_text(i == 0 ? "a" : "bcd")};
        add(values);
    }
    ck_assert_int_eq(strncmp(finish(),
                             "id          n  word\n"
                             "IU.ANMO     0  a\n"
                             "X        1000  bcd\n",
                             54),
                     0);
}
END_TEST

START_TEST(test_wide_characters_are_counted)
{
    ck_assert_int_eq(sv_display_width("abc"), 3);
    ck_assert_int_eq(sv_display_width("M\xc3\xbcnchen"), 7);
    ck_assert_int_eq(sv_display_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two wide ones */
    ck_assert_int_eq(sv_display_width("e\xcc\x81"), 1);                /* e and its accent */
    ck_assert_int_eq(sv_display_width(""), 0);
}
END_TEST

START_TEST(test_colour_marks_what_is_wrong)
{
    begin_sized(SV_TABLE, columns, NUM_COLUMNS, 80, true);
    add_channel(0, 0, 1, true);
    add_channel(1, 5, 1, false);
    const char *text = finish();
    ck_assert_ptr_nonnull(strstr(text, "\033[1mquake.bin\033[m"));
    ck_assert_ptr_nonnull(strstr(text, "\033[2mnum_nan\033[m"));
    ck_assert_ptr_nonnull(strstr(text, "\033[33m5\033[m"));
    ck_assert_ptr_null(strstr(text, "\033[33m0"));
    ck_assert_ptr_nonnull(strstr(text, "\033[33mfalse\033[m"));
    ck_assert_ptr_null(strstr(text, "\033[33mtrue"));
}
END_TEST

/* ---- printable text ---------------------------------------------------------------------- */

START_TEST(test_printable)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"tab\tnewline\n\x1b[31m\x7f", "tab?newline??[31m?"},
        {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x8c\x8d", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x8c\x8d"},
        {"\xff\xfe", "??"},
        {"\x80z", "?z"},
        {"\xc3", "?"},                /* cut */
        {"\xe2\x82", "??"},           /* cut */
        {"\xc3(", "?("},              /* no continuation */
        {"\xc0\xaf", "??"},           /* overlong */
        {"\xe0\x80\xaf", "???"},      /* overlong */
        {"\xed\xa0\x80", "???"},      /* surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* past U+10FFFF */
        {"\xc2\x9b", "??"},           /* a control in two bytes */
        {"a\xe2\x80\xae"
         "b",
         "a???b"},                  /* right-to-left override */
        {"\xef\xbb\xbfx", "???x"}}; /* byte order mark */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[64];
        ck_assert_str_eq(sv_printable(cases[i].text, shown, sizeof shown), cases[i].shown);
    }
}
END_TEST

START_TEST(test_printable_is_cut_between_characters)
{
    char shown[8] = "xxxxxxx";
    ck_assert_str_eq(sv_printable("ab\xe2\x82\xac", shown, 5), "ab");
    ck_assert_str_eq(sv_printable("ab\xe2\x82\xac", shown, 6), "ab\xe2\x82\xac");
    ck_assert_str_eq(sv_printable("abc", shown, 1), "");
    shown[0] = 'x';
    sv_printable("abc", shown, 0);
    ck_assert_int_eq(shown[0], 'x');
}
END_TEST

/* ---- what goes wrong --------------------------------------------------------------------- */

START_TEST(test_a_full_disk_is_an_error)
{
    for (int style = SV_TABLE; style <= SV_CSV; style++) {
        FILE *full = fopen("/dev/full", "w");
        sv_error error;
        ck_assert_ptr_nonnull(full);
        sv_status status = sv_report_open(full, (sv_report_style)style, columns, NUM_COLUMNS, 0,
                                          false, &report, &error);
        for (int i = 0; i < 2000 && status == SV_OK; i++) {
            const sv_value values[NUM_COLUMNS] = {sv_value_text("a"), sv_value_text("raw"),
                                                  sv_value_int(i),    sv_value_int(i),
                                                  sv_value_real(0.1), sv_value_bool(true)};
            status = sv_report_row(report, values, &error);
        }
        sv_status at_close = sv_report_close(report, &error);
        ck_assert(status == SV_IO || at_close == SV_IO);
        ck_assert_int_eq(error.system_error, ENOSPC);
        fclose(full);
    }
}
END_TEST

/* Every allocation fails in turn: a status, no crash, nothing leaked (under ASan). */
START_TEST(test_no_memory)
{
    for (int style = SV_TABLE; style <= SV_CSV; style++) {
        bool failed = true;
        for (long count = 0; failed && count < 10000; count++) {
            FILE *memory = fmemopen(out, sizeof out, "w");
            sv_report *opened = NULL;
            sv_memory_fail_after(count, false);
            sv_status status = sv_report_open(memory, (sv_report_style)style, columns, NUM_COLUMNS,
                                              0, false, &opened, NULL);
            for (int i = 0; i < 8 && status == SV_OK; i++) {
                const sv_value values[NUM_COLUMNS] = {sv_value_text("a"), sv_value_text("raw"),
                                                      sv_value_int(i),    sv_value_int(i),
                                                      sv_value_real(0.1), sv_value_bool(true)};
                status = sv_report_row(opened, values, NULL);
            }
            sv_status at_close = sv_report_close(opened, NULL);
            sv_memory_fail_after(-1, false);
            fclose(memory);
            failed = status != SV_OK || at_close != SV_OK;
            ck_assert(!failed || status == SV_NOMEM || at_close == SV_NOMEM);
        }
        ck_assert(!failed);
    }
}
END_TEST

START_TEST(test_closing_nothing)
{
    ck_assert_int_eq(sv_report_close(NULL, NULL), SV_OK);
}
END_TEST

START_TEST(test_numbers_have_a_point_in_any_locale)
{
    ck_assert_ptr_nonnull(setlocale(LC_ALL, COMMA_LOCALE));
    for (int style = SV_TABLE; style <= SV_CSV; style++) {
        ck_assert_str_eq(written((sv_report_style)style, sv_value_real(0.5)), "0.5");
        ck_assert_ptr_nonnull(
            strstr(written((sv_report_style)style, sv_value_real(1.5e-9)), "1.5e-"));
    }
    setlocale(LC_ALL, "C");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, test_values_in_json);
    tcase_add_test(tests, test_integers_in_full);
    tcase_add_test(tests, test_reals_in_json_and_csv);
    tcase_add_test(tests, test_not_finite_is_null);
    tcase_add_test(tests, test_values_in_csv);
    tcase_add_test(tests, test_values_in_table);
    tcase_add_test(tests, test_reals_in_table);
    tcase_add_test(tests, test_no_row_is_no_output);
    tcase_add_test(tests, test_json_lines);
    tcase_add_test(tests, test_csv_lines);
    tcase_add_test(tests, test_one_card);
    tcase_add_test(tests, test_cards_say_once_what_they_share);
    tcase_add_test(tests, test_cards_of_several_files);
    tcase_add_test(tests, test_what_is_not_known_is_no_fact);
    tcase_add_test(tests, test_lines);
    tcase_add_test(tests, test_lines_of_rows_that_agree);
    tcase_add_test(tests, test_narrow_terminal_leaves_the_least_important_out);
    tcase_add_test(tests, test_headings_are_never_left_out);
    tcase_add_test(tests, test_cards_that_do_not_fit_are_lines);
    tcase_add_test(tests, test_facts_are_wrapped);
    tcase_add_test(tests, test_long_tables_come_in_pages);
    tcase_add_test(tests, test_a_last_row_alone_is_a_card);
    tcase_add_test(tests, test_text_is_left_and_numbers_are_right);
    tcase_add_test(tests, test_wide_characters_are_counted);
    tcase_add_test(tests, test_colour_marks_what_is_wrong);
    tcase_add_test(tests, test_printable);
    tcase_add_test(tests, test_printable_is_cut_between_characters);
    tcase_add_test(tests, test_a_full_disk_is_an_error);
    tcase_add_test(tests, test_no_memory);
    tcase_add_test(tests, test_closing_nothing);
    if (setlocale(LC_ALL, COMMA_LOCALE) != NULL) {
        setlocale(LC_ALL, "C");
        tcase_add_test(tests, test_numbers_have_a_point_in_any_locale);
    } else {
        fprintf(stderr, "not tested: a locale with a comma; there is no " COMMA_LOCALE "\n");
    }
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
