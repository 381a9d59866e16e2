/* Figures of charts: where everything goes, and drawing it. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "plot/axis.h"
#include "plot/page.h"
#include "seisview/plot.h"

/* Points. */
#define WIDTH         640.0
#define MARGIN        18.0
#define TITLE_SIZE    14.0
#define HEADING_SIZE  11.0
#define TEXT_SIZE     9.0
#define LINE_HEIGHT   12.0
#define PLOT_HEIGHT   250.0 /* of a chart that is not sideways */
#define PLACE_HEIGHT  20.0  /* of a place of one that is */
#define LEGEND_HEIGHT 20.0
#define CHART_GAP     22.0
#define APART         5.0 /* between the marks of two series at one place, sideways */

struct chart {
    struct sv_plot_page *page;
    const sv_chart *given;
    double top; /* of the whole; the box is what lies within the axes */
    double left, right, box_top, box_bottom;
    struct sv_scale places, values;
};

/* ---- scales -------------------------------------------------------------------------------- */

static bool is_drawn(const sv_axis *axis, double number)
{
    return isfinite(number) && (!axis->logarithmic || number > 0.0);
}

static void widen(const sv_axis *axis, double number, double *least, double *most)
{
    if (is_drawn(axis, number)) {
        *least = fmin(*least, number);
        *most = fmax(*most, number);
    }
}

static struct sv_scale scale_of_places(const sv_chart *chart)
{
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < chart->num_series; i++) {
        for (int j = 0; j < chart->series[i].num_points; j++) {
            widen(&chart->places, chart->series[i].places[j], &least, &most);
        }
    }
    return sv_scale_make(&chart->places, least <= most ? least : 1.0, least <= most ? most : 10.0);
}

static struct sv_scale scale_of_values(const sv_chart *chart)
{
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < chart->num_series; i++) {
        const sv_series *series = &chart->series[i];
        for (int j = 0; j < series->num_points; j++) {
            widen(&chart->values, series->values[j], &least, &most);
            widen(&chart->values, series->least != NULL ? series->least[j] : NAN, &least, &most);
            widen(&chart->values, series->most != NULL ? series->most[j] : NAN, &least, &most);
        }
    }
    return sv_scale_make(&chart->values, least <= most ? least : 1.0, least <= most ? most : 10.0);
}

/* ---- layout -------------------------------------------------------------------------------- */

static double widest_tick(struct sv_plot_page *page, const struct sv_scale *scale)
{
    struct sv_ticks ticks;
    char text[SV_TICK_TEXT_SIZE];
    double widest = 0.0;
    sv_scale_ticks(scale, &ticks);
    for (int i = 0; i < ticks.count; i++) {
        double width = sv_plot_text_width(page, sv_tick_text(scale->axis, ticks.numbers[i], text));
        widest = fmax(widest, width);
    }
    return widest;
}

static double box_height(const sv_chart *chart)
{
    return chart->sideways ? PLACE_HEIGHT * chart->places.num_names : PLOT_HEIGHT;
}

static double chart_height(const sv_chart *chart)
{
    double below = LINE_HEIGHT * 1.3;
    const char *label = chart->sideways ? chart->values.label : chart->places.label;
    below += label != NULL ? LINE_HEIGHT * 1.3 : 0.0;
    return HEADING_SIZE + LEGEND_HEIGHT + box_height(chart) + below;
}

static void lay_out(struct chart *chart)
{
    const sv_chart *given = chart->given;
    struct sv_plot_page *page = chart->page;
    chart->places = scale_of_places(given);
    chart->values = scale_of_values(given);
    struct sv_scale *across = given->sideways ? &chart->values : &chart->places;
    struct sv_scale *upright = given->sideways ? &chart->places : &chart->values;
    chart->box_top = chart->top + HEADING_SIZE + LEGEND_HEIGHT;
    chart->box_bottom = chart->box_top + box_height(given);
    sv_plot_font(page, TEXT_SIZE, false);
    chart->left = MARGIN + widest_tick(page, upright) + 6.0;
    chart->left += upright->axis->label != NULL ? LINE_HEIGHT * 1.3 : 0.0;
    chart->right = WIDTH - MARGIN - widest_tick(page, across) / 2.0;
    across->first = chart->left;
    across->last = chart->right;
    /* Names are read from the top, numbers grow from the bottom. */
    upright->first = given->sideways ? chart->box_top : chart->box_bottom;
    upright->last = given->sideways ? chart->box_bottom : chart->box_top;
}

/* ---- the frame ----------------------------------------------------------------------------- */

/* Ticks that would run into each other are left out, evenly. */
static int ticks_apart(const struct chart *chart, const struct sv_scale *scale,
                       const struct sv_ticks *ticks)
{
    double room = fabs(scale->last - scale->first) / (ticks->count > 1 ? ticks->count - 1 : 1);
    return (int)ceil((widest_tick(chart->page, scale) + 8.0) / room);
}

static void draw_across(const struct chart *chart, const struct sv_scale *scale)
{
    struct sv_plot_page *page = chart->page;
    struct sv_ticks ticks;
    char text[SV_TICK_TEXT_SIZE];
    sv_scale_ticks(scale, &ticks);
    int step = ticks_apart(chart, scale, &ticks);
    for (int i = 0; i < ticks.count; i++) {
        double x = sv_scale_at(scale, ticks.numbers[i]);
        sv_plot_ink(page, SV_INK_GRID);
        sv_plot_line(page, (sv_page_point){x, chart->box_top},
                     (sv_page_point){x, chart->box_bottom}, 0.6);
        if (i % step == 0) {
            sv_plot_ink(page, SV_INK_TEXT);
            sv_plot_text(page, (sv_page_point){x, chart->box_bottom + LINE_HEIGHT}, 0.5, false,
                         sv_tick_text(scale->axis, ticks.numbers[i], text));
        }
    }
    if (scale->axis->label != NULL) {
        sv_page_point below = {(chart->left + chart->right) / 2.0,
                               chart->box_bottom + 2.3 * LINE_HEIGHT};
        sv_plot_ink(page, SV_INK_TEXT);
        sv_plot_text(page, below, 0.5, false, scale->axis->label);
    }
}

static void draw_upright(const struct chart *chart, const struct sv_scale *scale)
{
    struct sv_plot_page *page = chart->page;
    struct sv_ticks ticks;
    char text[SV_TICK_TEXT_SIZE];
    sv_scale_ticks(scale, &ticks);
    for (int i = 0; i < ticks.count; i++) {
        double y = sv_scale_at(scale, ticks.numbers[i]);
        sv_plot_ink(page, SV_INK_GRID);
        sv_plot_line(page, (sv_page_point){chart->left, y}, (sv_page_point){chart->right, y}, 0.6);
        sv_plot_ink(page, SV_INK_TEXT);
        sv_plot_text(page, (sv_page_point){chart->left - 6.0, y}, 1.0, true,
                     sv_tick_text(scale->axis, ticks.numbers[i], text));
    }
    if (scale->axis->label != NULL) {
        sv_page_point beside = {MARGIN + LINE_HEIGHT / 2.0,
                                (chart->box_top + chart->box_bottom) / 2.0};
        sv_plot_upright(page, beside, scale->axis->label);
    }
}

/* ---- series -------------------------------------------------------------------------------- */

static sv_page_point point_at(const struct chart *chart, double place, double value, double shift)
{
    double at = sv_scale_at(&chart->places, place), reach = sv_scale_at(&chart->values, value);
    return chart->given->sideways ? (sv_page_point){reach, at + shift} : (sv_page_point){at, reach};
}

static void draw_bars(const struct chart *chart, const sv_series *series, double shift)
{
    const sv_axis *axis = &chart->given->values;
    for (int i = 0; series->least != NULL && series->most != NULL && i < series->num_points; i++) {
        if (is_drawn(axis, series->least[i]) && is_drawn(axis, series->most[i])) {
            sv_plot_line(chart->page, point_at(chart, series->places[i], series->least[i], shift),
                         point_at(chart, series->places[i], series->most[i], shift), 1.4);
        }
    }
}

static void draw_line(const struct chart *chart, const sv_series *series, double width)
{
    const sv_axis *axis = &chart->given->values;
    for (int i = 0; i + 1 < series->num_points; i++) {
        if (is_drawn(axis, series->values[i]) && is_drawn(axis, series->values[i + 1])) {
            sv_plot_line(chart->page, point_at(chart, series->places[i], series->values[i], 0.0),
                         point_at(chart, series->places[i + 1], series->values[i + 1], 0.0), width);
        }
    }
}

static void set_dash(const struct chart *chart, bool on)
{
    static const double dash[] = {5.0, 3.0};
    chart->page->cairo.set_dash(chart->page->context, dash, on ? 2 : 0, 0.0);
}

/* Sideways a stroke across each place, as high as the place. */
static void draw_strokes(const struct chart *chart, const sv_series *series)
{
    for (int i = 0; i < series->num_points; i++) {
        if (is_drawn(&chart->given->values, series->values[i])) {
            sv_page_point at = point_at(chart, series->places[i], series->values[i], 0.0);
            sv_plot_line(chart->page, (sv_page_point){at.x, at.y - PLACE_HEIGHT * 0.4},
                         (sv_page_point){at.x, at.y + PLACE_HEIGHT * 0.4}, 1.6);
        }
    }
}

static void draw_limit(const struct chart *chart, const sv_series *series)
{
    sv_plot_ink(chart->page, SV_INK_LIMIT);
    draw_bars(chart, series, 0.0);
    if (chart->given->sideways) {
        draw_strokes(chart, series);
    } else {
        set_dash(chart, true);
        draw_line(chart, series, 1.4);
        set_dash(chart, false);
    }
}

static void draw_series(const struct chart *chart, const sv_series *series, int look, double shift)
{
    sv_plot_ink(chart->page, SV_INK_SERIES + look);
    draw_bars(chart, series, shift);
    if (series->style == SV_MARKS_AND_LINE) {
        draw_line(chart, series, 1.2);
    }
    for (int i = 0; i < series->num_points; i++) {
        if (is_drawn(&chart->given->values, series->values[i])) {
            sv_plot_mark(chart->page, look,
                         point_at(chart, series->places[i], series->values[i], shift));
        }
    }
}

static int count_marked(const sv_chart *chart)
{
    int count = 0;
    for (int i = 0; i < chart->num_series; i++) {
        count += chart->series[i].style != SV_LIMIT ? 1 : 0;
    }
    return count;
}

static void draw_all_series(const struct chart *chart)
{
    const sv_chart *given = chart->given;
    int num_marked = count_marked(given), look = 0;
    for (int i = 0; i < given->num_series; i++) {
        if (given->series[i].style == SV_LIMIT) {
            draw_limit(chart, &given->series[i]);
        }
    }
    for (int i = 0; i < given->num_series; i++) {
        if (given->series[i].style != SV_LIMIT) {
            draw_series(chart, &given->series[i], look, APART * (look - (num_marked - 1) / 2.0));
            look++;
        }
    }
}

/* ---- legend and titles --------------------------------------------------------------------- */

/* What stands for a series, 22 points wide. */
static void draw_key(const struct chart *chart, const sv_series *series, int look, sv_page_point at)
{
    struct sv_plot_page *page = chart->page;
    sv_page_point end = {at.x + 22.0, at.y}, middle = {at.x + 11.0, at.y};
    if (series->style == SV_LIMIT) {
        sv_plot_ink(page, SV_INK_LIMIT);
        if (chart->given->sideways) {
            sv_plot_line(page, (sv_page_point){middle.x, at.y - 5.0},
                         (sv_page_point){middle.x, at.y + 5.0}, 1.6);
            return;
        }
        set_dash(chart, true);
        sv_plot_line(page, at, end, 1.4);
        set_dash(chart, false);
        return;
    }
    sv_plot_ink(page, SV_INK_SERIES + look);
    sv_plot_line(page, at, end, 1.4);
    sv_plot_mark(page, look, middle);
}

static void draw_legend(const struct chart *chart)
{
    struct sv_plot_page *page = chart->page;
    sv_page_point at = {chart->left, chart->box_top - 9.0};
    int look = 0;
    for (int i = 0; i < chart->given->num_series; i++) {
        const sv_series *series = &chart->given->series[i];
        draw_key(chart, series, look, at);
        sv_plot_ink(page, SV_INK_TEXT);
        sv_plot_text(page, (sv_page_point){at.x + 27.0, at.y}, 0.0, true, series->name);
        at.x += 27.0 + sv_plot_text_width(page, series->name) + 18.0;
        look += series->style != SV_LIMIT ? 1 : 0;
    }
}

static void draw_chart(struct chart *chart)
{
    const sv_chart *given = chart->given;
    struct sv_plot_page *page = chart->page;
    lay_out(chart);
    sv_plot_font(page, HEADING_SIZE, true);
    sv_plot_ink(page, SV_INK_TEXT);
    sv_plot_text(page, (sv_page_point){MARGIN, chart->top + HEADING_SIZE}, 0.0, false,
                 given->title);
    sv_plot_font(page, TEXT_SIZE, false);
    draw_across(chart, given->sideways ? &chart->values : &chart->places);
    draw_upright(chart, given->sideways ? &chart->places : &chart->values);
    draw_legend(chart);
    draw_all_series(chart);
}

/* ---- figures ------------------------------------------------------------------------------- */

static int count_lines(const char *text)
{
    int count = text != NULL ? 1 : 0;
    for (; text != NULL && *text != '\0'; text++) {
        count += *text == '\n' ? 1 : 0;
    }
    return count;
}

static double figure_height(const sv_figure *figure)
{
    double height = 2.0 * MARGIN + TITLE_SIZE;
    for (int i = 0; i < figure->num_charts; i++) {
        height += CHART_GAP + chart_height(&figure->charts[i]);
    }
    return height + 1.2 * LINE_HEIGHT * count_lines(figure->caption);
}

static void draw_caption(struct sv_plot_page *page, const char *caption, double top)
{
    char line[256];
    sv_plot_font(page, TEXT_SIZE, false);
    sv_plot_ink(page, SV_INK_FAINT);
    for (const char *next = caption; next != NULL && *next != '\0'; top += LINE_HEIGHT * 1.2) {
        size_t length = strcspn(next, "\n");
        size_t kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, next, kept);
        line[kept] = '\0';
        sv_plot_text(page, (sv_page_point){MARGIN, top}, 0.0, false, line);
        next += length + (next[length] == '\n' ? 1 : 0);
    }
}

static void draw_figure(struct sv_plot_page *page, const sv_figure *figure)
{
    double top = MARGIN + TITLE_SIZE;
    sv_plot_font(page, TITLE_SIZE, true);
    sv_plot_ink(page, SV_INK_TEXT);
    sv_plot_text(page, (sv_page_point){MARGIN, top}, 0.0, false, figure->title);
    for (int i = 0; i < figure->num_charts; i++) {
        top += CHART_GAP;
        struct chart chart = {.page = page, .given = &figure->charts[i], .top = top};
        draw_chart(&chart);
        top += chart_height(chart.given);
    }
    draw_caption(page, figure->caption, top + 1.2 * LINE_HEIGHT);
}

sv_status sv_plot_write(const char *path, const sv_figure *figure, sv_error *error)
{
    for (int i = 0; i < figure->num_charts; i++) {
        if (count_marked(&figure->charts[i]) > SV_MOST_SERIES) {
            return sv_fail(error, SV_INVALID, "chart %d has more than %d series", i,
                           SV_MOST_SERIES);
        }
    }
    struct sv_plot_page page;
    sv_status status = sv_plot_page_open(&page, path, WIDTH, figure_height(figure), error);
    if (status == SV_OK) {
        draw_figure(&page, figure);
    }
    return sv_plot_page_close(&page, status, error);
}
