/* Axes: from numbers to places on the page, and what is written beside them. */
#ifndef SV_PLOT_AXIS_H
#define SV_PLOT_AXIS_H

#include <stdbool.h>

#include "seisview/plot.h"

enum { SV_MOST_TICKS = 40, SV_TICK_TEXT_SIZE = 32 };

struct sv_scale {
    const sv_axis *axis;
    double least, most; /* numbers at the ends */
    double first, last; /* page coordinates there */
};

struct sv_ticks {
    double numbers[SV_MOST_TICKS];
    int count;
};

/* A scale that holds the numbers from `least` to `most`, with ends that are round. */
struct sv_scale sv_scale_make(const sv_axis *axis, double least, double most);

double sv_scale_at(const struct sv_scale *scale, double number);

void sv_scale_ticks(const struct sv_scale *scale, struct sv_ticks *ticks);

/* `text`, or one of the axis' names. */
const char *sv_tick_text(const sv_axis *axis, double number, char text[SV_TICK_TEXT_SIZE]);

#endif
