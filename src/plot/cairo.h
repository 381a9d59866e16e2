/* cairo, loaded at its first use: a program that draws nothing does not pay for it. */
#ifndef SV_PLOT_CAIRO_H
#define SV_PLOT_CAIRO_H

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include "seisview/status.h"

/* cairo_move_to() is cairo.move_to(), and so on. */
struct sv_cairo {
#define SV_CAIRO(name) __typeof__(cairo_##name) *name;
#include "plot/cairo.def"
#undef SV_CAIRO
};

/* SV_UNSUPPORTED: it is not installed, or is without one of these functions. It stays loaded. */
sv_status sv_cairo_load(struct sv_cairo *cairo, sv_error *error);

#endif
