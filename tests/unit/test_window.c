/* Windows and selections of channels. */
#include "random.h"
#include "scratch.h"

static sv_position position_of(const char *text)
{
    sv_position position;
    sv_error error = {.message = ""};
    ck_assert_msg(sv_position_parse(text, &position, &error) == SV_OK, "%s: %s", text,
                  error.message);
    return position;
}

static sv_window window_of(const char *from, const char *to)
{
    sv_window window = {{SV_POSITION_NONE, 0}, {SV_POSITION_NONE, 0}};
    if (from != NULL) {
        window.from = position_of(from);
    }
    if (to != NULL) {
        window.to = position_of(to);
    }
    return window;
}

/* 100 samples at 4 Hz. */
static sv_recording *open_hundred(const char *start)
{
    float samples[100] = {0};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 4.0;
    options.start = start != NULL ? time_of(start) : SV_TIME_NONE;
    return open_good(write_scratch("quake.bin", samples, sizeof samples), &options);
}

static void expect_window(const sv_recording *recording, int64_t segment, const char *from,
                          const char *to, int64_t first, int64_t last)
{
    sv_window window = window_of(from, to);
    int64_t found_first, found_last;
    ck_assert_int_eq(
        sv_window_resolve(recording, segment, &window, &found_first, &found_last, NULL), SV_OK);
    ck_assert_msg(found_first == first && found_last == last,
                  "%s .. %s: [%" PRId64 ", %" PRId64 ")", from, to, found_first, found_last);
}

/* ---- positions
 * ------------------------------------------------------------------------------------ */

START_TEST(positions_are_read)
{
    static const struct {
        const char *text;
        sv_position_kind kind;
        int64_t value;
    } good[] = {
        {"0", SV_POSITION_SAMPLE, 0},
        {"1000", SV_POSITION_SAMPLE, 1000},
        {"007", SV_POSITION_SAMPLE, 7},
        {"2026", SV_POSITION_SAMPLE, 2026},
        {"9223372036854775807", SV_POSITION_SAMPLE, INT64_MAX},
        {"0s", SV_POSITION_SECONDS, 0},
        {"12.5s", SV_POSITION_SECONDS, INT64_C(12500000000)},
        {"0.000000001s", SV_POSITION_SECONDS, 1},
        {"9000000000s", SV_POSITION_SECONDS, INT64_C(9000000000000000000)},
        {"1970-01-01T00:00:01Z", SV_POSITION_UTC, 1000000000},
        {"1970-01-02", SV_POSITION_UTC, INT64_C(86400000000000)},
        {"1970,002,00:00:00.5", SV_POSITION_UTC, INT64_C(86400500000000)},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        sv_position position = position_of(good[i].text);
        ck_assert_int_eq(position.kind, good[i].kind);
        ck_assert_int_eq(position.value, good[i].value);
    }
}
END_TEST

START_TEST(nonsense_positions_are_refused)
{
    static const struct {
        const char *text;
        sv_status status;
    } bad[] = {
        {"", SV_INVALID},
        {"s", SV_INVALID},
        {"-1", SV_INVALID},
        {"-1s", SV_INVALID},
        {"+5", SV_INVALID},
        {"12.5", SV_INVALID},
        {"1e3", SV_INVALID},
        {"1e3s", SV_INVALID},
        {"12.5 s", SV_INVALID},
        {" 12", SV_INVALID},
        {"12 ", SV_INVALID},
        {"ss", SV_INVALID},
        {"nans", SV_INVALID},
        {"noon", SV_INVALID},
        {"2026-13-01T00:00:00Z", SV_INVALID},
        {"9223372036854775808", SV_OVERFLOW},
        {"99999999999999999999999", SV_OVERFLOW},
        {"99999999999s", SV_OVERFLOW},
        {"3000-01-01T00:00:00Z", SV_OVERFLOW},
        {"0.000000000000000000000000000000000000000000000000000000000000000000000000000001s",
         SV_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sv_position position = {SV_POSITION_NONE, 42};
        sv_error error = {.message = ""};
        sv_status status = sv_position_parse(bad[i].text, &position, &error);
        ck_assert_msg(status == bad[i].status, "'%s': %s", bad[i].text, sv_status_name(status));
        ck_assert_int_eq(error.status, status);
        ck_assert_ptr_nonnull(strstr(error.message, "'"));
        ck_assert_int_eq(position.value, 42);
        ck_assert_int_eq(sv_position_parse(bad[i].text, &position, NULL), status);
    }
}
END_TEST

/* ---- windows
 * -------------------------------------------------------------------------------------- */

START_TEST(windows_are_half_open_and_cut)
{
    sv_recording *recording = open_hundred(NULL);
    expect_window(recording, 0, NULL, NULL, 0, 100);
    expect_window(recording, 0, "10", NULL, 10, 100);
    expect_window(recording, 0, NULL, "10", 0, 10);
    expect_window(recording, 0, "10", "20", 10, 20);
    expect_window(recording, 0, "10", "10", 10, 10);
    expect_window(recording, 0, "20", "10", 20, 20);
    expect_window(recording, 0, "99", "1000", 99, 100);
    expect_window(recording, 0, "100", NULL, 100, 100);
    expect_window(recording, 0, "1000", "2000", 100, 100);
    expect_window(recording, 0, "9223372036854775807", NULL, 100, 100);
    int64_t first, last;
    ck_assert_int_eq(sv_window_resolve(recording, 0, NULL, &first, &last, NULL), SV_OK);
    ck_assert_int_eq(first, 0);
    ck_assert_int_eq(last, 100);
    close_good(recording);
}
END_TEST

START_TEST(seconds_name_the_first_sample_at_or_after)
{
    const char *const starts[] = {NULL, "2026-01-31T12:00:00Z"};
    for (int i = 0; i < 2; i++) {
        sv_recording *recording = open_hundred(starts[i]);
        expect_window(recording, 0, "0s", "1s", 0, 4);
        expect_window(recording, 0, "1s", "1.25s", 4, 5);
        expect_window(recording, 0, "1.01s", "1.25s", 5, 5);
        expect_window(recording, 0, "1.000000001s", "1.250000001s", 5, 6);
        expect_window(recording, 0, "24.75s", "25s", 99, 100);
        expect_window(recording, 0, "25s", "9000000000s", 100, 100);
        close_good(recording);
    }
}
END_TEST

START_TEST(utc_names_the_first_sample_at_or_after)
{
    sv_recording *recording = open_hundred("2026-01-31T12:00:00Z");
    expect_window(recording, 0, "2026-01-31T12:00:00Z", "2026-01-31T12:00:01Z", 0, 4);
    expect_window(recording, 0, "2026,031,12:00:00.26", NULL, 2, 100);
    expect_window(recording, 0, "1999-01-01", "2026-01-31T12:00:00Z", 0, 0);
    expect_window(recording, 0, "1678-01-01", "2262-01-01", 0, 100);
    expect_window(recording, 0, "2027-01-01", NULL, 100, 100);
    expect_window(recording, 0, "10", "2026-01-31T12:00:05Z", 10, 20);
    close_good(recording);
}
END_TEST

START_TEST(utc_needs_a_time)
{
    sv_recording *recording = open_hundred(NULL);
    sv_window windows[] = {window_of("2026-01-31", NULL), window_of(NULL, "2026-01-31")};
    for (int i = 0; i < 2; i++) {
        sv_error error;
        int64_t first = -7, last = -7;
        ck_assert_int_eq(sv_window_resolve(recording, 0, &windows[i], &first, &last, &error),
                         SV_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "--start"));
        ck_assert_int_eq(first, -7);
        ck_assert_int_eq(last, -7);
    }
    close_good(recording);
}
END_TEST

START_TEST(nonsense_windows_are_refused)
{
    sv_recording *recording = open_hundred(NULL);
    sv_window window = {{(sv_position_kind)17, 0}, {SV_POSITION_NONE, 0}};
    int64_t first, last;
    ck_assert_int_eq(sv_window_resolve(recording, 0, &window, &first, &last, NULL), SV_INVALID);
    ck_assert_int_eq(sv_window_resolve(recording, 1, NULL, &first, &last, NULL), SV_RANGE);
    window.from = (sv_position){SV_POSITION_SAMPLE, INT64_MIN};
    ck_assert_int_eq(sv_window_resolve(recording, 0, &window, &first, &last, NULL), SV_OK);
    ck_assert_int_eq(first, 0);
    close_good(recording);
}
END_TEST

START_TEST(seconds_count_from_the_earliest_segment)
{
    float samples[20] = {0};
    static const char meta[] =
        "{\"global\": {\"core:datatype\": \"rf32_le\", \"core:dataset\": \"quake.bin\"},"
        " \"captures\": ["
        "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:01:40Z\"},"
        "{\"core:sample_start\": 10, \"core:datetime\": \"2026-01-01T00:00:00Z\"}]}";
    write_scratch("quake.sigmf-meta", meta, sizeof meta - 1);
    sv_recording *recording = open_good(write_scratch("quake.bin", samples, sizeof samples), NULL);
    expect_window(recording, 0, "3s", "105s", 0, 5);
    expect_window(recording, 1, "3s", "105s", 3, 10);
    expect_window(recording, 0, "5", "7", 5, 7);
    expect_window(recording, 1, "5", "7", 5, 7);
    expect_window(recording, 1, "9223372036.854775807s", NULL, 10, 10);
    close_good(recording);
}
END_TEST

/* Windows that touch leave nothing out and take nothing twice. */
START_TEST(windows_that_touch_join)
{
    struct random random = random_begin("windows that touch");
    sv_recording *recording = open_hundred("2026-01-31T12:00:00.123456789Z");
    for (int i = 0; i < 2000; i++) {
        int64_t cut = (int64_t)random_below(&random, UINT64_C(30000000000));
        sv_window before = {{SV_POSITION_NONE, 0}, {SV_POSITION_SECONDS, cut}};
        sv_window after = {{SV_POSITION_SECONDS, cut}, {SV_POSITION_NONE, 0}};
        int64_t first, middle, begin, end;
        ck_assert_int_eq(sv_window_resolve(recording, 0, &before, &first, &middle, NULL), SV_OK);
        ck_assert_int_eq(sv_window_resolve(recording, 0, &after, &begin, &end, NULL), SV_OK);
        ck_assert_int_eq(first, 0);
        ck_assert_int_eq(middle, begin);
        ck_assert_int_eq(end, 100);
    }
    close_good(recording);
}
END_TEST

/* ---- channels
 * ------------------------------------------------------------------------------------- */

static bool selects(const char *selection, int64_t number, const char *id)
{
    sv_channel channel = {.number = number, .has_id = id[0] != '\0'};
    snprintf(channel.id, sizeof channel.id, "%s", id);
    bool selected;
    sv_error error = {.message = ""};
    ck_assert_msg(sv_channel_selected(selection, &channel, &selected, &error) == SV_OK, "%s: %s",
                  selection, error.message);
    return selected;
}

START_TEST(channels_are_selected_by_number)
{
    ck_assert(selects(NULL, 5, ""));
    ck_assert(selects("5", 5, ""));
    ck_assert(!selects("5", 15, ""));
    ck_assert(selects("0,3-5", 0, ""));
    ck_assert(!selects("0,3-5", 1, ""));
    ck_assert(selects("0,3-5", 3, ""));
    ck_assert(selects("0,3-5", 5, ""));
    ck_assert(!selects("0,3-5", 6, ""));
    ck_assert(selects("7-7", 7, ""));
    ck_assert(selects("0-9223372036854775807", INT64_MAX, ""));
}
END_TEST

START_TEST(channels_are_selected_by_id)
{
    ck_assert(selects("IU.*.00.BH?", 9, "IU.ANMO.00.BHZ"));
    ck_assert(!selects("IU.*.00.BH?", 9, "IU.ANMO.10.BHZ"));
    ck_assert(!selects("IU.*.00.BH?", 9, "IU.ANMO.00.BH"));
    ck_assert(selects("*.BH[ZN]", 9, "IU.ANMO.00.BHN"));
    ck_assert(!selects("*.BH[!ZN]", 9, "IU.ANMO.00.BHN"));
    ck_assert(selects("IU.ANMO.00.BHZ", 9, "IU.ANMO.00.BHZ"));
    ck_assert(!selects("iu.anmo.00.bhz", 9, "IU.ANMO.00.BHZ"));
    ck_assert(selects("0,*.BHE", 9, "IU.ANMO.00.BHE"));
    ck_assert(selects("*", 9, ""));
    ck_assert(!selects("?*", 9, ""));
    ck_assert(selects("...", 9, "..."));
    ck_assert(selects("*.BHZ", 9, "\xC7\xCF.STA..BHZ"));
    ck_assert(!selects("BHZ", 9, "IU.ANMO.00.BHZ"));
}
END_TEST

START_TEST(nonsense_selections_are_refused)
{
    static const char *const bad[] = {"",     ",",   "0,",       ",0",  "0,,1",
                                      "5-3",  "-3",  "3-",       "-",   "1-2-3",
                                      "IU.[", "[AB", "0,IU.[AB", "*,,", "99999999999999999999"};
    sv_channel channel = {.number = 0, .has_id = true, .id = "IU.ANMO.00.BHZ"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool selected = true;
        sv_error error = {.message = ""};
        sv_status status = sv_channel_selected(bad[i], &channel, &selected, &error);
        ck_assert_msg(status == SV_INVALID, "'%s': %s", bad[i], sv_status_name(status));
        ck_assert_ptr_nonnull(strstr(error.message, "give numbers"));
        ck_assert_int_eq(sv_channel_selected(bad[i], &channel, &selected, NULL), SV_INVALID);
    }
    char endless[1000];
    memset(endless, '*', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    bool selected;
    ck_assert_int_eq(sv_channel_selected(endless, &channel, &selected, NULL), SV_INVALID);
}
END_TEST

/* ---- rows ---------------------------------------------------------------------------------- */

enum { NUM_ROWS = 40 };

/* "7,3-12,30": up to five items, now and then a pattern. */
static void make_selection(struct random *random, char *text, size_t size)
{
    int num_items = 1 + (int)random_below(random, 5);
    text[0] = '\0';
    for (int i = 0; i < num_items; i++) {
        size_t used = strlen(text);
        int low = (int)random_below(random, NUM_ROWS + 5);
        int high = low + (int)random_below(random, 9);
        const char *comma = i > 0 ? "," : "";
        uint64_t kind = random_below(random, 20);
        if (kind == 0) {
            snprintf(text + used, size - used, "%sIU.*", comma);
        } else if (kind < 10) {
            snprintf(text + used, size - used, "%s%d", comma, low);
        } else {
            snprintf(text + used, size - used, "%s%d-%d", comma, low, high);
        }
    }
}

static void compare_rows(const sv_recording *recording, const char *selection)
{
    bool taken[NUM_ROWS] = {false};
    sv_rows rows = {0, 0};
    while (sv_rows_selected(recording, 0, selection, rows.end, &rows)) {
        ck_assert_msg(rows.first < rows.end && rows.end <= NUM_ROWS, "%s", selection);
        for (int64_t row = rows.first; row < rows.end; row++) {
            require(!taken[row], selection);
            taken[row] = true;
        }
    }
    for (int64_t row = 0; row < NUM_ROWS; row++) {
        ck_assert_msg(taken[row] == selects(selection, row, ""), "%s: row %d",
                      selection != NULL ? selection : "all", (int)row);
    }
}

START_TEST(rows_are_those_whose_channels_are_selected)
{
    char samples[NUM_ROWS * 4] = {0}, selection[128];
    struct random random = random_begin("rows");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = NUM_ROWS;
    sv_recording *recording = open_good(write_scratch("a.raw", samples, sizeof samples), &options);
    compare_rows(recording, NULL);
    compare_rows(recording, "0-9223372036854775807");
    compare_rows(recording, "5-9,0-20,20-22,7");
    for (int i = 0; i < 2000; i++) {
        make_selection(&random, selection, sizeof selection);
        compare_rows(recording, selection);
    }
    sv_rows rows;
    ck_assert(!sv_rows_selected(recording, 1, NULL, 0, &rows));
    ck_assert(!sv_rows_selected(recording, 0, NULL, NUM_ROWS, &rows));
    ck_assert(!sv_rows_selected(recording, 0, NULL, -1, &rows));
    ck_assert(!sv_rows_selected(recording, 0, "nonsense[", 0, &rows));
    ck_assert(!sv_rows_selected(recording, 0, "3-", 0, &rows));
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        positions_are_read,
        nonsense_positions_are_refused,
        windows_are_half_open_and_cut,
        seconds_name_the_first_sample_at_or_after,
        utc_names_the_first_sample_at_or_after,
        utc_needs_a_time,
        nonsense_windows_are_refused,
        seconds_count_from_the_earliest_segment,
        windows_that_touch_join,
        channels_are_selected_by_number,
        channels_are_selected_by_id,
        nonsense_selections_are_refused,
        rows_are_those_whose_channels_are_selected,
    };
    return run_in_scratch("window", tests, sizeof tests / sizeof tests[0]);
}
