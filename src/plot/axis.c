#include "plot/axis.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"

enum { WANTED_TICKS = 5, DIGITS = 6 };

#define BYTES_STEP 4.0 /* from one tick of bytes to the next */

_Static_assert(SV_TICK_TEXT_SIZE >= SV_NUMBER_TEXT_SIZE, "a number fits a tick");

static double base_of(const sv_axis *axis)
{
    return axis->quantity == SV_BYTES ? BYTES_STEP : 10.0;
}

/* 1, 2 or 5 times a power of ten, such that about WANTED_TICKS fit. */
static double step_of(double range)
{
    double raw = range / WANTED_TICKS;
    double power = pow(10.0, floor(log10(raw)));
    double share = raw / power;
    return power * (share < 1.5 ? 1.0 : share < 3.5 ? 2.0 : share < 7.5 ? 5.0 : 10.0);
}

struct sv_scale sv_scale_make(const sv_axis *axis, double least, double most)
{
    struct sv_scale scale = {.axis = axis, .least = least, .most = most};
    if (axis->names != NULL) {
        scale.least = -0.5;
        scale.most = axis->num_names - 0.5;
        return scale;
    }
    if (axis->logarithmic) {
        double base = log(base_of(axis));
        bool round = axis->quantity != SV_BYTES; /* bytes have few ticks: they need no room */
        scale.least = round ? exp(base * floor(log(least) / base + 1e-9)) : least / 1.4;
        scale.most = round ? exp(base * ceil(log(most) / base - 1e-9)) : most * 1.4;
        scale.most = scale.most > scale.least ? scale.most : scale.least * base_of(axis);
        return scale;
    }
    scale.least = least < 0.0 ? least : 0.0;
    scale.most = most > scale.least ? most : scale.least + 1.0;
    double step = step_of(scale.most - scale.least);
    scale.least = step * floor(scale.least / step + 1e-9);
    scale.most = step * ceil(scale.most / step - 1e-9);
    return scale;
}

double sv_scale_at(const struct sv_scale *scale, double number)
{
    double share = (number - scale->least) / (scale->most - scale->least);
    if (scale->axis->logarithmic) {
        share = log(number / scale->least) / log(scale->most / scale->least);
    }
    return scale->first + share * (scale->last - scale->first);
}

static void add(struct sv_ticks *ticks, double number)
{
    if (ticks->count < SV_MOST_TICKS) {
        ticks->numbers[ticks->count++] = number;
    }
}

void sv_scale_ticks(const struct sv_scale *scale, struct sv_ticks *ticks)
{
    const sv_axis *axis = scale->axis;
    ticks->count = 0;
    if (axis->names != NULL) {
        for (int i = 0; i < axis->num_names; i++) {
            add(ticks, i);
        }
        return;
    }
    if (axis->logarithmic) {
        double base = base_of(axis), power = ceil(log(scale->least) / log(base) - 1e-9);
        for (; pow(base, power) <= scale->most * (1.0 + 1e-9); power++) {
            add(ticks, pow(base, power));
        }
        return;
    }
    double step = step_of(scale->most - scale->least);
    for (double turn = ceil(scale->least / step - 1e-9); turn * step <= scale->most * (1.0 + 1e-9);
         turn++) {
        add(ticks, turn * step);
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

/* The largest unit of which it is one at least. */
static char *text_in_units(double number, double step, const char *const units[], int num_units,
                           char text[SV_TICK_TEXT_SIZE])
{
    int unit = 0;
    for (; number >= step * (1.0 - 1e-9) && unit + 1 < num_units; unit++) {
        number /= step;
    }
    snprintf(text, SV_TICK_TEXT_SIZE, "%.0f %s", number, units[unit]);
    return text;
}

const char *sv_tick_text(const sv_axis *axis, double number, char text[SV_TICK_TEXT_SIZE])
{
    static const char *const bytes[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    static const char *const seconds[] = {"ps", "ns", "µs", "ms", "s"};
    if (axis->names != NULL) {
        return axis->names[(int)number];
    }
    if (axis->quantity == SV_BYTES) {
        return text_in_units(number, 1024.0, bytes, 6, text);
    }
    if (axis->quantity == SV_SECONDS && axis->logarithmic && number >= 1e-12) {
        return text_in_units(number * 1e12, 1000.0, seconds, 5, text);
    }
    return sv_number_format(number, DIGITS, text);
}
