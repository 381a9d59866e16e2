/* A page: what a figure is drawn on. Lengths are points (1/72 inch), y grows downwards. */
#ifndef SV_PLOT_PAGE_H
#define SV_PLOT_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "convert/output.h"
#include "plot/cairo.h"

typedef struct sv_page_point {
    double x, y;
} sv_page_point;

struct sv_plot_page {
    struct sv_cairo cairo;
    cairo_surface_t *surface;
    cairo_t *context;
    sv_output *output;
    bool is_png;
    sv_error *error; /* of the output, when it failed */
    sv_status status;
};

enum sv_plot_ink { SV_INK_TEXT, SV_INK_FAINT, SV_INK_GRID, SV_INK_LIMIT, SV_INK_SERIES };

/* SV_INVALID: a suffix that is none of them. */
sv_status sv_plot_page_open(struct sv_plot_page *page, const char *path, double width,
                            double height, sv_error *error);

/* Writes it out, if all went well (`status`), and frees. Returns what went wrong first. */
sv_status sv_plot_page_close(struct sv_plot_page *page, sv_status status, sv_error *error);

/* `ink` SV_INK_SERIES + i is the colour of series i. */
void sv_plot_ink(struct sv_plot_page *page, int ink);

void sv_plot_line(struct sv_plot_page *page, sv_page_point from, sv_page_point to, double width);

/* The mark of series i. */
void sv_plot_mark(struct sv_plot_page *page, int series, sv_page_point at);

/* `align`: 0 begins at the point, 0.5 is centred there, 1 ends there; on the baseline, or with
 * `middle` half above. */
void sv_plot_text(struct sv_plot_page *page, sv_page_point at, double align, bool middle,
                  const char *text);
void sv_plot_upright(struct sv_plot_page *page, sv_page_point at, const char *text);
void sv_plot_font(struct sv_plot_page *page, double size, bool bold);
double sv_plot_text_width(struct sv_plot_page *page, const char *text);

#endif
