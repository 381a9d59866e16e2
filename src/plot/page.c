#include "plot/page.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "seisview/plot.h"

#define PNG_SCALE 2.0 /* pixels a point: 144 dpi */
#define MARK_SIZE 3.2

enum suffix { PNG, SVG, PDF, OTHER };

static enum suffix suffix_of(const char *path)
{
    static const char *const names[] = {[PNG] = ".png", [SVG] = ".svg", [PDF] = ".pdf"};
    const char *point = strrchr(path, '.');
    for (int i = PNG; point != NULL && i < OTHER; i++) {
        if (strcasecmp(point, names[i]) == 0) {
            return (enum suffix)i;
        }
    }
    return OTHER;
}

sv_status sv_plot_check(const char *path, sv_error *error)
{
    if (suffix_of(path) == OTHER) {
        return sv_fail(error, SV_INVALID,
                       "its suffix does not say how to draw; give .png, .svg or .pdf");
    }
    return SV_OK;
}

/* ---- the surface --------------------------------------------------------------------------- */

/* cairo's way out. The first failure is kept. */
static cairo_status_t write_out(void *closure, const unsigned char *bytes, unsigned int length)
{
    struct sv_plot_page *page = closure;
    if (page->status == SV_OK) {
        page->status = sv_output_append(page->output, bytes, length, page->error);
    }
    return page->status == SV_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *make_surface(struct sv_plot_page *page, enum suffix suffix, double width,
                                     double height)
{
    const struct sv_cairo *cairo = &page->cairo;
    switch (suffix) {
    case SVG: return cairo->svg_surface_create_for_stream(write_out, page, width, height);
    case PDF: return cairo->pdf_surface_create_for_stream(write_out, page, width, height);
    default:
        return cairo->image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * PNG_SCALE),
                                           (int)ceil(height * PNG_SCALE));
    }
}

static void begin(struct sv_plot_page *page)
{
    const struct sv_cairo *cairo = &page->cairo;
    page->context = cairo->create(page->surface);
    cairo->set_source_rgb(page->context, 1.0, 1.0, 1.0);
    cairo->paint(page->context);
    if (page->is_png) {
        cairo->scale(page->context, PNG_SCALE, PNG_SCALE);
    }
}

sv_status sv_plot_page_open(struct sv_plot_page *page, const char *path, double width,
                            double height, sv_error *error)
{
    *page = (struct sv_plot_page){.is_png = suffix_of(path) == PNG, .error = error};
    sv_status status = sv_plot_check(path, error);
    if (status == SV_OK) {
        status = sv_cairo_load(&page->cairo, error);
    }
    if (status == SV_OK) {
        status = sv_output_open(path, true, true, &page->output, error);
    }
    if (status == SV_OK) {
        page->surface = make_surface(page, suffix_of(path), width, height);
        begin(page);
    }
    return status;
}

static sv_status status_of_cairo(const struct sv_plot_page *page, cairo_status_t found,
                                 sv_error *error)
{
    if (page->status != SV_OK) {
        return page->status;
    }
    switch (found) {
    case CAIRO_STATUS_SUCCESS: return SV_OK;
    case CAIRO_STATUS_NO_MEMORY: return sv_fail(error, SV_NOMEM, "out of memory for a picture");
    case CAIRO_STATUS_INVALID_STRING:
        return sv_fail(error, SV_INVALID, "a text of the picture is not UTF-8");
    default:
        return sv_fail(error, SV_UNSUPPORTED, "cairo cannot draw it: %s",
                       page->cairo.status_to_string(found));
    }
}

static sv_status write_page(struct sv_plot_page *page, sv_error *error)
{
    const struct sv_cairo *cairo = &page->cairo;
    cairo_status_t found = cairo->status(page->context);
    if (found == CAIRO_STATUS_SUCCESS && page->is_png) {
        found = cairo->surface_write_to_png_stream(page->surface, write_out, page);
    }
    cairo->surface_finish(page->surface);
    if (found == CAIRO_STATUS_SUCCESS) {
        found = cairo->surface_status(page->surface);
    }
    sv_status status = status_of_cairo(page, found, error);
    return status == SV_OK ? sv_output_commit(page->output, error) : status;
}

sv_status sv_plot_page_close(struct sv_plot_page *page, sv_status status, sv_error *error)
{
    if (page->context != NULL) {
        status = status == SV_OK ? write_page(page, error) : status;
        page->cairo.destroy(page->context);
        page->cairo.surface_destroy(page->surface);
    }
    sv_output_close(page->output);
    return status;
}

/* ---- lines and marks ----------------------------------------------------------------------- */

/* The series' colours are those of Okabe and Ito (2008), which colour-blind people tell apart, the
 * darkest first. */
static const double inks[][3] = {
    [SV_INK_TEXT] = {0.10, 0.10, 0.10},       [SV_INK_FAINT] = {0.35, 0.35, 0.35},
    [SV_INK_GRID] = {0.87, 0.87, 0.87},       [SV_INK_LIMIT] = {0.45, 0.45, 0.45},
    [SV_INK_SERIES] = {0.000, 0.447, 0.698},  [SV_INK_SERIES + 1] = {0.835, 0.369, 0.000},
    [SV_INK_SERIES + 2] = {0.00, 0.62, 0.45}, [SV_INK_SERIES + 3] = {0.80, 0.47, 0.65},
    [SV_INK_SERIES + 4] = {0.90, 0.62, 0.00}, [SV_INK_SERIES + 5] = {0.34, 0.71, 0.91}};

void sv_plot_ink(struct sv_plot_page *page, int ink)
{
    page->cairo.set_source_rgb(page->context, inks[ink][0], inks[ink][1], inks[ink][2]);
}

void sv_plot_line(struct sv_plot_page *page, sv_page_point from, sv_page_point to, double width)
{
    const struct sv_cairo *cairo = &page->cairo;
    cairo->new_path(page->context);
    cairo->move_to(page->context, from.x, from.y);
    cairo->line_to(page->context, to.x, to.y);
    cairo->set_line_width(page->context, width);
    cairo->stroke(page->context);
}

/* A circle, a square, and triangles and squares that stand on a corner. */
void sv_plot_mark(struct sv_plot_page *page, int series, sv_page_point at)
{
    static const struct {
        int num_corners; /* 0: a circle */
        double turn;     /* of the first, in right angles from the right */
    } shapes[] = {{0, 0.0}, {4, 0.5}, {3, -1.0}, {4, 0.0}, {3, 1.0}, {3, 0.0}};
    const struct sv_cairo *cairo = &page->cairo;
    int num_corners = shapes[series].num_corners;
    double radius = num_corners == 0 ? MARK_SIZE : MARK_SIZE * 1.3;
    cairo->new_path(page->context);
    if (num_corners == 0) {
        cairo->arc(page->context, at.x, at.y, radius, 0.0, 2.0 * M_PI);
    }
    for (int corner = 0; corner < num_corners; corner++) {
        double angle = M_PI / 2.0 * (shapes[series].turn + 4.0 * corner / num_corners);
        cairo->line_to(page->context, at.x + radius * cos(angle), at.y + radius * sin(angle));
    }
    cairo->close_path(page->context);
    cairo->fill(page->context);
}

/* ---- text ---------------------------------------------------------------------------------- */

void sv_plot_font(struct sv_plot_page *page, double size, bool bold)
{
    page->cairo.select_font_face(page->context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                                 bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    page->cairo.set_font_size(page->context, size);
}

double sv_plot_text_width(struct sv_plot_page *page, const char *text)
{
    cairo_text_extents_t extents;
    page->cairo.text_extents(page->context, text, &extents);
    return extents.x_advance;
}

void sv_plot_text(struct sv_plot_page *page, sv_page_point at, double align, bool middle,
                  const char *text)
{
    cairo_text_extents_t digit;
    page->cairo.text_extents(page->context, "0", &digit);
    double x = at.x - align * sv_plot_text_width(page, text);
    page->cairo.move_to(page->context, x, at.y + (middle ? digit.height / 2.0 : 0.0));
    page->cairo.show_text(page->context, text);
    page->cairo.new_path(page->context);
}

void sv_plot_upright(struct sv_plot_page *page, sv_page_point at, const char *text)
{
    const struct sv_cairo *cairo = &page->cairo;
    cairo->save(page->context);
    cairo->translate(page->context, at.x, at.y);
    cairo->rotate(page->context, -M_PI / 2.0);
    sv_plot_text(page, (sv_page_point){0.0, 0.0}, 0.5, false, text);
    cairo->restore(page->context);
}
