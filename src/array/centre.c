#include "array/centre.h"

#include <math.h>

/* By this a sum of samples of any size is finite. */
#define SHRUNK 0x1p-64

enum { MOST_EXPONENT = 1000 };

/* Not a power of two: samples of few digits would keep few, and sums of their products be rounded
 * the same way again and again. */
#define CROOKED 1.2360679774997898

static double unit_above(double size)
{
    int exponent = 0;
    frexp(size, &exponent);
    exponent = exponent > MOST_EXPONENT ? MOST_EXPONENT : exponent;
    exponent = exponent < -MOST_EXPONENT ? -MOST_EXPONENT : exponent;
    return size > 0.0 ? ldexp(CROOKED, exponent) : 1.0;
}

static double value_at(const sv_row_values *values, int64_t i)
{
    return values->f4 != NULL ? (double)values->f4[i] : values->f8[i];
}

/* ---- by a pilot ------------------------------------------------------------------------------ */

/* Of what was written: the squares' mean where float32's range is near its end, and how many
 * variances the square of the mean may be, which costs as much of the accuracy. */
#define LEAST_SQUARES 1e-20
#define MOST_SQUARES  1e20
#define MOST_OFFSET   4.0

/* The sum of equal samples may have been rounded, which must not look like a deviation. */
sv_pilot sv_pilot_of(const sv_spread *spread, int64_t n)
{
    double value = spread->min == spread->max ? spread->min : spread->sum / (double)n;
    double size = fmax(spread->max - value, value - spread->min);
    double scale = isfinite(size) ? 1.0 / unit_above(size) : 1.0;
    return (sv_pilot){value, fmin(fmax(scale, 0x1p-120), 0x1p120)};
}

bool sv_pilot_centred(sv_pilot pilot, const sv_deviations *found, int64_t n, sv_centred *centred)
{
    double offset = found->sum / (double)n, m2 = found->squares - found->sum * offset;
    double square = found->squares / (double)n * pilot.scale * pilot.scale;
    bool is_constant = found->squares == 0.0 && found->sum == 0.0;
    *centred = (sv_centred){pilot.value, found->sum, m2 > 0.0 ? m2 : 0.0, 1.0 / pilot.scale, n, -1};
    return is_constant || (square > LEAST_SQUARES && square < MOST_SQUARES &&
                           offset * offset * (double)n <= MOST_OFFSET * m2);
}

static sv_pilot pilot_of(const sv_row_values *values)
{
    sv_spread spread = {0.0, (double)INFINITY, -(double)INFINITY};
    int64_t n = values->n < SV_PILOT_SAMPLES ? values->n : SV_PILOT_SAMPLES;
    for (int64_t i = 0; i < n; i++) {
        double x = value_at(values, i * (values->n / n));
        spread.sum += x;
        spread.min = x < spread.min ? x : spread.min;
        spread.max = x > spread.max ? x : spread.max;
    }
    return sv_pilot_of(&spread, n);
}

/* ---- a row ----------------------------------------------------------------------------------- */

sv_centred sv_centre_in_steps(const sv_row_values *values, float *to)
{
    sv_centred centred = {.unit = 1.0, .first_missing = -1};
    double sum = 0.0, most = 0.0;
    for (int64_t i = 0; i < values->n; i++) {
        double x = value_at(values, i);
        if (isfinite(x)) {
            sum += x * SHRUNK;
            centred.present++;
        } else if (centred.first_missing < 0) {
            centred.first_missing = i;
        }
    }
    double n = centred.present > 0 ? (double)centred.present : 1.0, mean = sum / n;
    for (int64_t i = 0; i < values->n; i++) {
        double x = value_at(values, i);
        most = isfinite(x) ? fmax(most, fabs(x * SHRUNK - mean)) : most;
    }
    double unit = unit_above(most), rest = 0.0, squares = 0.0;
    for (int64_t i = 0; i < values->n; i++) {
        double x = value_at(values, i);
        double deviation = isfinite(x) ? (x * SHRUNK - mean) / unit : 0.0;
        to[i] = (float)deviation;
        rest += deviation;
        squares += deviation * deviation;
    }
    centred.unit = unit / SHRUNK;
    centred.pilot = mean / SHRUNK;
    centred.sum = rest * centred.unit;
    centred.m2 = fmax(squares - rest * rest / n, 0.0) * centred.unit * centred.unit;
    return centred;
}

sv_centred sv_centre_row(const sv_kernels *kernels, const sv_row_values *values, float *to)
{
    sv_pilot pilot = pilot_of(values);
    sv_deviations found;
    sv_centred centred;
    if (values->f4 != NULL) {
        kernels->centre_row_f4(values->f4, values->n, pilot.value, pilot.scale, to, values->next,
                               &found);
    } else {
        kernels->centre_row_f8(values->f8, values->n, pilot.value, pilot.scale, to, values->next,
                               &found);
    }
    bool will_do = sv_pilot_centred(pilot, &found, values->n, &centred);
    return will_do ? centred : sv_centre_in_steps(values, to);
}
