/* Plots: figures of charts, as PNG, SVG or PDF.
 *
 * A figure is charts, one above the other. A chart has series of values at places: along the bottom
 * with values going up, or, sideways, down the left side with values going to the right. Each
 * value may have a least and a most, which are drawn as a bar through its mark. Series differ by
 * colour, mark and grey value, so that they stay apart in print and for colour-blind readers.
 *
 * Everything is borrowed while sv_plot_write() runs. cairo is loaded then, and not before: programs
 * that draw nothing start without it. Any thread, one figure each. */
#ifndef SEISVIEW_PLOT_H
#define SEISVIEW_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sv_quantity {
    SV_NUMBER,
    SV_SECONDS, /* 1 ns, 10 ns … */
    SV_BYTES    /* 1 KiB, 4 KiB … */
} sv_quantity;

/* A linear axis begins at 0 or below; a logarithmic one takes values above 0 alone. */
typedef struct sv_axis {
    const char *label; /* NULL: none */
    sv_quantity quantity;
    bool logarithmic;
    const char *const *names; /* of the places 0, 1, 2 …; NULL: they are numbers */
    int num_names;
} sv_axis;

typedef enum sv_series_style {
    SV_MARKS,          /* a mark at each value */
    SV_MARKS_AND_LINE, /* and a line through them */
    SV_LIMIT           /* what bounds the others: grey, a broken line or a stroke at each place */
} sv_series_style;

typedef struct sv_series {
    const char *name; /* in the legend, which is one line */
    sv_series_style style;
    int num_points;
    const double *places;       /* ascending; indices of names where the axis has them */
    const double *values;       /* NaN: none here */
    const double *least, *most; /* NULL: no bars */
} sv_series;

typedef struct sv_chart {
    const char *title;
    sv_axis places, values;
    bool sideways;
    const sv_series *series; /* SV_MOST_SERIES at most, limits not counted */
    int num_series;
} sv_chart;

#define SV_MOST_SERIES 6

typedef struct sv_figure {
    const char *title;
    const char *caption; /* lines with '\n' between; NULL: none */
    const sv_chart *charts;
    int num_charts;
} sv_figure;

/* Draws the figure into `path`, whose suffix says how: .png, .svg or .pdf. A file of that name is
 * replaced, and only by a whole one. Texts are UTF-8.
 * SV_INVALID: another suffix, no regular file, too many series, a text that is not UTF-8;
 * SV_UNSUPPORTED: cairo is not there, or lacks what is needed; SV_IO, SV_NOMEM. */
SV_API sv_status sv_plot_write(const char *path, const sv_figure *figure, sv_error *error);

/* A square of values, each a cell whose colour tells its size and sign: blue below 0, white at 0,
 * orange above; grey where it is NaN. Cells of a small one have their value written in them. */
typedef struct sv_matrix {
    const char *title;
    const char *caption; /* NULL: none */
    int64_t size;
    const double *values;     /* size × size, C order */
    double most;              /* |value| of the full colours; 0: the largest there is */
    const char *label;        /* of both axes */
    const char *const *names; /* of rows and columns, shown where there is room; NULL: numbers */
    int64_t first_number;     /* that of row 0 */
} sv_matrix;

/* Draws it, as sv_plot_write() does a figure. SV_INVALID also: no row. */
SV_API sv_status sv_plot_matrix(const char *path, const sv_matrix *matrix, sv_error *error);

/* Whether sv_plot_write() knows the suffix: for those who work long before they draw. SV_INVALID.
 */
SV_API sv_status sv_plot_check(const char *path, sv_error *error);

#ifdef __cplusplus
}
#endif
#endif
