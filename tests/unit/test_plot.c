/* Plots: axes and their ticks, and pictures that are written wholly or not at all. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "plot/axis.h"
#include "scratch.h"
#include "seisview/plot.h"

static void check_ticks(const sv_axis *axis, double least, double most, const char *expected)
{
    struct sv_scale scale = sv_scale_make(axis, least, most);
    struct sv_ticks ticks;
    char found[512] = "", text[SV_TICK_TEXT_SIZE];
    scale.first = 0.0;
    scale.last = 100.0;
    sv_scale_ticks(&scale, &ticks);
    for (int i = 0; i < ticks.count; i++) {
        double at = sv_scale_at(&scale, ticks.numbers[i]);
        ck_assert(at >= -1e-6 && at <= 100.0 + 1e-6);
        strcat(found, i > 0 ? ", " : "");
        strcat(found, sv_tick_text(axis, ticks.numbers[i], text));
    }
    ck_assert_str_eq(found, expected);
}

START_TEST(linear_axes_begin_at_zero_and_have_round_ticks)
{
    const sv_axis axis = {.quantity = SV_NUMBER};
    check_ticks(&axis, 3.0, 22.0, "0, 5, 10, 15, 20, 25");
    check_ticks(&axis, 0.0, 0.031, "0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035");
    check_ticks(&axis, -3.0, 4.0, "-3, -2, -1, 0, 1, 2, 3, 4");
    check_ticks(&axis, 0.0, 0.0, "0, 0.2, 0.4, 0.6, 0.8, 1");
}
END_TEST

START_TEST(logarithmic_axes_have_a_tick_for_each_power)
{
    const sv_axis numbers = {.quantity = SV_NUMBER, .logarithmic = true};
    const sv_axis seconds = {.quantity = SV_SECONDS, .logarithmic = true};
    const sv_axis bytes = {.quantity = SV_BYTES, .logarithmic = true};
    check_ticks(&numbers, 2.0, 300.0, "1, 10, 100, 1000");
    check_ticks(&numbers, 10.0, 10.0, "10, 100");
    check_ticks(&seconds, 3.4e-9, 2e-7, "1 ns, 10 ns, 100 ns, 1 µs");
    check_ticks(&seconds, 1.1e-2, 5.0, "10 ms, 100 ms, 1 s, 10 s");
    check_ticks(&bytes, 1024.0, 1048576.0, "1 KiB, 4 KiB, 16 KiB, 64 KiB, 256 KiB, 1 MiB");
    check_ticks(&bytes, 1024.0, 1024.0, "1 KiB");
}
END_TEST

START_TEST(names_are_ticks)
{
    static const char *const names[] = {"a name that is much longer than a number ever is", "b"};
    const sv_axis axis = {.names = names, .num_names = 2};
    check_ticks(&axis, 0.0, 0.0, "a name that is much longer than a number ever is, b");
}
END_TEST

/* ---- pictures ---- */

static const double places[] = {0.0, 1.0, 2.0}, values[] = {1.0, NAN, 3.0},
                    least[] = {0.5, NAN, 0.0}, most[] = {INFINITY, NAN, 4.0};

static sv_status draw(const char *name, const char *title, int num_series, bool sideways,
                      sv_error *error)
{
    static const char *const names[] = {"first", "second", "third"};
    sv_series series[8];
    for (int i = 0; i < num_series; i++) {
        series[i] = (sv_series){.name = "series",
                                .style = i == 0 ? SV_LIMIT : SV_MARKS_AND_LINE,
                                .num_points = 3,
                                .places = places,
                                .values = values,
                                .least = i > 0 ? least : NULL,
                                .most = i > 0 ? most : NULL};
    }
    sv_chart chart = {.title = title, .sideways = sideways, .num_series = num_series};
    chart.series = series;
    chart.values.logarithmic = !sideways;
    chart.places.names = sideways ? names : NULL;
    chart.places.num_names = 3;
    const sv_figure figure = {
        .title = title, .caption = "one\ntwo", .charts = &chart, .num_charts = 1};
    return sv_plot_write(scratch_path(name), &figure, error);
}

static void check_begins(const char *name, const char *expected)
{
    char found[16] = "";
    FILE *file = fopen(scratch_path(name), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(found, 1, strlen(expected), file), strlen(expected));
    fclose(file);
    ck_assert_str_eq(found, expected);
}

static int count_files(void)
{
    int count = 0;
    DIR *directory = opendir(scratch_directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count - 2;
}

START_TEST(the_suffix_says_how_to_draw)
{
    sv_error error;
    ck_assert_int_eq(draw("a.png", "a", 2, false, &error), SV_OK);
    ck_assert_int_eq(draw("a.svg", "a", 7, true, &error), SV_OK);
    ck_assert_int_eq(draw("a.PDF", "a", 2, false, &error), SV_OK);
    check_begins("a.png", "\x89PNG");
    check_begins("a.svg", "<?xml");
    check_begins("a.PDF", "%PDF-");
    ck_assert_int_eq(draw("a", "a", 2, false, &error), SV_INVALID);
    ck_assert_int_eq(draw("a.jpeg", "a", 2, false, NULL), SV_INVALID);
    ck_assert_int_eq(count_files(), 3);
}
END_TEST

START_TEST(charts_without_a_point_are_drawn)
{
    sv_error error;
    ck_assert_int_eq(draw("a.png", "", 0, false, &error), SV_OK);
    ck_assert_int_eq(draw("b.png", "", 0, true, &error), SV_OK);
}
END_TEST

START_TEST(what_cannot_be_drawn_leaves_no_file)
{
    sv_error error;
    ck_assert_int_eq(draw("a.png", "caf\xe9", 2, false, &error), SV_INVALID);
    ck_assert_str_eq(error.message, "a text of the picture is not UTF-8");
    ck_assert_int_eq(draw("a.png", "a", 8, false, &error), SV_INVALID);
    ck_assert_int_eq(draw("nowhere/a.png", "a", 2, false, &error), SV_IO);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(a_disk_that_is_full_leaves_what_was_there)
{
    sv_error error;
    struct rlimit limit;
    write_scratch("a.svg", "precious", 8);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(draw("a.svg", "new", 2, false, &error), SV_IO);
    ck_assert_int_eq(draw("b.png", "new", 2, false, &error), SV_IO);
    ck_assert_int_eq(draw("b.pdf", "new", 2, false, &error), SV_IO);
    ck_assert_int_eq(error.system_error, EFBIG);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    check_begins("a.svg", "precious");
    ck_assert_int_eq(count_files(), 1);
    ck_assert_int_eq(draw("a.svg", "new", 2, false, &error), SV_OK);
    check_begins("a.svg", "<?xml");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        linear_axes_begin_at_zero_and_have_round_ticks,
        logarithmic_axes_have_a_tick_for_each_power,
        names_are_ticks,
        the_suffix_says_how_to_draw,
        charts_without_a_point_are_drawn,
        what_cannot_be_drawn_leaves_no_file,
        a_disk_that_is_full_leaves_what_was_there,
    };
    return run_in_scratch("plot", tests, sizeof tests / sizeof tests[0]);
}
