/* Matrices: a square of cells, a bar that tells the colours, numbers or names beside them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "plot/page.h"
#include "seisview/plot.h"

/* Points; a pixel of a PNG is half of one. */
#define MARGIN      18.0
#define TITLE_SIZE  14.0
#define TEXT_SIZE   9.0
#define LINE_HEIGHT 12.0
#define BOX_PIXELS  1120
#define CELL_PIXELS 96 /* at most */
#define BAR_GAP     16.0
#define BAR_WIDTH   12.0
#define BAR_HEIGHT  240.0 /* at most */
#define BAR_TEXT    52.0
#define LEAST_WIDTH 260.0

enum { MOST_NAMES = 48, MOST_DRAWN = 64, MOST_WRITTEN = 10, MOST_TICKS = 10, BAR_STEPS = 64 };

struct matrix {
    struct sv_plot_page *page;
    const sv_matrix *given;
    double most;
    double cell;      /* its side */
    double left, top; /* of the cells */
    double names;     /* width of the widest name or number */
};

/* ---- colours --------------------------------------------------------------------------------- */

/* The blue and the vermilion of Okabe and Ito (2008), which colour-blind people tell apart. */
static void color_of(const struct matrix *m, double value, double color[3])
{
    static const double below[] = {0.000, 0.447, 0.698}, above[] = {0.835, 0.369, 0.000};
    double share = m->most > 0.0 ? fmin(fabs(value) / m->most, 1.0) : 0.0;
    const double *full = value < 0.0 ? below : above;
    for (int i = 0; i < 3; i++) {
        color[i] = isnan(value) ? 0.72 : 1.0 + share * (full[i] - 1.0);
    }
}

static double largest(const sv_matrix *given)
{
    double most = 0.0;
    for (int64_t i = 0; i < given->size * given->size; i++) {
        double size = fabs(given->values[i]);
        most = isfinite(size) && size > most ? size : most;
    }
    return most;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void fill(const struct matrix *m, double value, double x, double y, double width,
                 double height)
{
    const struct sv_cairo *cairo = &m->page->cairo;
    double color[3];
    color_of(m, value, color);
    cairo->set_source_rgb(m->page->context, color[0], color[1], color[2]);
    cairo->rectangle(m->page->context, x, y, width, height);
    cairo->fill(m->page->context);
}

static void write_value(const struct matrix *m, double value, double x, double y)
{
    char text[32];
    snprintf(text, sizeof text, m->most == 1.0 ? "%.2f" : "%.3g", value);
    sv_plot_ink(m->page, SV_INK_TEXT);
    sv_plot_text(m->page, (sv_page_point){x + m->cell / 2.0, y + m->cell / 2.0}, 0.5, true, text);
}

static void draw_few(const struct matrix *m)
{
    int64_t size = m->given->size;
    for (int64_t i = 0; i < size; i++) {
        for (int64_t j = 0; j < size; j++) {
            double value = m->given->values[i * size + j];
            double x = m->left + (double)j * m->cell, y = m->top + (double)i * m->cell;
            fill(m, value, x, y, m->cell, m->cell);
            if (size <= MOST_WRITTEN && isfinite(value)) {
                write_value(m, value, x, y);
            }
        }
    }
}

/* A pixel each, which cairo enlarges. */
static sv_status draw_many(const struct matrix *m, sv_error *error)
{
    const struct sv_cairo *cairo = &m->page->cairo;
    int size = (int)m->given->size;
    size_t count = (size_t)size * (size_t)size;
    uint32_t *pixels = sv_malloc(count * sizeof *pixels);
    if (pixels == NULL) {
        return sv_fail_memory(error, count * sizeof *pixels);
    }
    for (size_t i = 0; i < count; i++) {
        double color[3];
        color_of(m, m->given->values[i], color);
        pixels[i] = (uint32_t)lround(color[0] * 255.0) << 16 |
                    (uint32_t)lround(color[1] * 255.0) << 8 | (uint32_t)lround(color[2] * 255.0);
    }
    cairo_surface_t *image = cairo->image_surface_create_for_data(
        (unsigned char *)pixels, CAIRO_FORMAT_RGB24, size, size, size * 4);
    cairo->save(m->page->context);
    cairo->translate(m->page->context, m->left, m->top);
    cairo->scale(m->page->context, m->cell, m->cell);
    cairo->set_source_surface(m->page->context, image, 0.0, 0.0);
    cairo->pattern_set_filter(cairo->get_source(m->page->context), CAIRO_FILTER_NEAREST);
    cairo->rectangle(m->page->context, 0.0, 0.0, (double)size, (double)size);
    cairo->fill(m->page->context);
    cairo->restore(m->page->context);
    cairo->surface_finish(image);
    cairo->surface_destroy(image);
    sv_free(pixels);
    return SV_OK;
}

/* ---- beside the cells ------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten, so that there are MOST_TICKS at most. */
static int64_t tick_step(int64_t size)
{
    static const int64_t factors[] = {1, 2, 5};
    int64_t power = 1;
    for (int i = 0;; i++) {
        power *= i > 0 && i % 3 == 0 ? 10 : 1;
        if (size / (power * factors[i % 3]) <= MOST_TICKS) {
            return power * factors[i % 3];
        }
    }
}

static bool has_names(const sv_matrix *given)
{
    return given->names != NULL && given->size <= MOST_NAMES;
}

/* Row i's name or number; NULL: it has none. */
static const char *name_of(const sv_matrix *given, int64_t i, char text[24])
{
    int64_t number = given->first_number + i;
    if (has_names(given)) {
        return given->names[i];
    }
    if (number % tick_step(given->size) != 0) {
        return NULL;
    }
    snprintf(text, 24, "%lld", (long long)number);
    return text;
}

static void draw_names(const struct matrix *m)
{
    char text[24];
    double side = (double)m->given->size * m->cell;
    sv_plot_ink(m->page, SV_INK_TEXT);
    for (int64_t i = 0; i < m->given->size; i++) {
        const char *name = name_of(m->given, i, text);
        double at = ((double)i + 0.5) * m->cell;
        if (name == NULL) {
            continue;
        }
        sv_plot_text(m->page, (sv_page_point){m->left - 5.0, m->top + at}, 1.0, true, name);
        if (has_names(m->given)) {
            double down = sv_plot_text_width(m->page, name) / 2.0;
            sv_plot_upright(
                m->page,
                (sv_page_point){m->left + at + TEXT_SIZE / 3.0, m->top + side + 7.0 + down}, name);
        } else {
            sv_plot_text(m->page, (sv_page_point){m->left + at, m->top + side + LINE_HEIGHT}, 0.5,
                         false, name);
        }
    }
    if (m->given->label != NULL && !has_names(m->given)) {
        sv_plot_text(m->page,
                     (sv_page_point){m->left + side / 2.0, m->top + side + 2.3 * LINE_HEIGHT}, 0.5,
                     false, m->given->label);
        sv_plot_upright(m->page, (sv_page_point){MARGIN + LINE_HEIGHT / 2.0, m->top + side / 2.0},
                        m->given->label);
    }
}

static void draw_bar(const struct matrix *m)
{
    double side = (double)m->given->size * m->cell, x = m->left + side + BAR_GAP;
    double height = fmin(fmax(side, 60.0), BAR_HEIGHT), step = height / BAR_STEPS;
    for (int i = 0; i < BAR_STEPS; i++) {
        double value = m->most * (1.0 - 2.0 * ((double)i + 0.5) / BAR_STEPS);
        fill(m, value, x, m->top + (double)i * step, BAR_WIDTH,
             step + (i < BAR_STEPS - 1 ? 0.5 : 0.0));
    }
    sv_plot_ink(m->page, SV_INK_TEXT);
    for (int i = 0; i <= 4; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.3g", m->most * (1.0 - (double)i / 2.0));
        sv_plot_text(m->page,
                     (sv_page_point){x + BAR_WIDTH + 4.0, m->top + height * (double)i / 4.0}, 0.0,
                     true, text);
    }
}

static void draw_frame(const struct matrix *m)
{
    double side = (double)m->given->size * m->cell;
    sv_page_point corners[] = {{m->left, m->top},
                               {m->left + side, m->top},
                               {m->left + side, m->top + side},
                               {m->left, m->top + side}};
    sv_plot_ink(m->page, SV_INK_LIMIT);
    for (int i = 0; i < 4; i++) {
        sv_plot_line(m->page, corners[i], corners[(i + 1) % 4], 0.6);
    }
}

/* ---- the page -------------------------------------------------------------------------------- */

/* About: the page is not there yet to measure with. */
static double widest_name(const sv_matrix *given)
{
    size_t longest = 5;
    for (int64_t i = 0; has_names(given) && i < given->size; i++) {
        size_t length = strlen(given->names[i]);
        longest = length > longest ? length : longest;
    }
    return (double)longest * TEXT_SIZE * 0.62;
}

static void lay_out(struct matrix *m)
{
    int64_t pixels = BOX_PIXELS / m->given->size;
    pixels = pixels < 1 ? 1 : pixels;
    m->cell = (double)(pixels < CELL_PIXELS ? pixels : CELL_PIXELS) / 2.0;
    m->names = widest_name(m->given);
    m->left = ceil(MARGIN + m->names + 6.0 + (has_names(m->given) ? 0.0 : LINE_HEIGHT));
    m->top = MARGIN + TITLE_SIZE + 2.0 + (m->given->caption != NULL ? 1.4 * LINE_HEIGHT : 0.0) +
             LINE_HEIGHT;
    m->top = ceil(m->top);
    m->most = m->given->most > 0.0 ? m->given->most : largest(m->given);
}

static sv_status draw(struct matrix *m, sv_error *error)
{
    sv_status status = SV_OK;
    sv_plot_font(m->page, TITLE_SIZE, true);
    sv_plot_ink(m->page, SV_INK_TEXT);
    sv_plot_text(m->page, (sv_page_point){MARGIN, MARGIN + TITLE_SIZE}, 0.0, false,
                 m->given->title);
    sv_plot_font(m->page, TEXT_SIZE, false);
    if (m->given->caption != NULL) {
        sv_plot_ink(m->page, SV_INK_FAINT);
        sv_plot_text(m->page, (sv_page_point){MARGIN, MARGIN + TITLE_SIZE + 1.5 * LINE_HEIGHT}, 0.0,
                     false, m->given->caption);
    }
    if (m->given->size <= MOST_DRAWN) {
        draw_few(m);
    } else {
        status = draw_many(m, error);
    }
    draw_frame(m);
    draw_names(m);
    draw_bar(m);
    return status;
}

sv_status sv_plot_matrix(const char *path, const sv_matrix *matrix, sv_error *error)
{
    struct sv_plot_page page;
    struct matrix m = {.page = &page, .given = matrix};
    if (matrix->size < 1 || matrix->size > 30000) {
        return sv_fail(error, SV_INVALID, "a matrix of %lld rows cannot be drawn",
                       (long long)matrix->size);
    }
    lay_out(&m);
    double side = (double)matrix->size * m.cell;
    double below = has_names(matrix) ? m.names + 10.0 : 2.6 * LINE_HEIGHT;
    double text =
        matrix->caption != NULL ? (double)strlen(matrix->caption) * TEXT_SIZE * 0.56 : 0.0;
    double width = fmax(m.left + side + BAR_GAP + BAR_WIDTH + BAR_TEXT, text + 2.0 * MARGIN);
    double height = m.top + fmax(side, 60.0) + below + MARGIN;
    sv_status status =
        sv_plot_page_open(&page, path, ceil(fmax(width, LEAST_WIDTH)), ceil(height), error);
    if (status == SV_OK) {
        status = draw(&m, error);
    }
    return sv_plot_page_close(&page, status, error);
}
