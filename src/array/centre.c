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

/* Some samples are missing, or so large that sums of them may overflow. */
static sv_centred centre_present(const sv_row_values *values, float *to)
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
    double mean = centred.present > 0 ? sum / (double)centred.present : 0.0;
    for (int64_t i = 0; i < values->n; i++) {
        double x = value_at(values, i);
        most = isfinite(x) ? fmax(most, fabs(x * SHRUNK - mean)) : most;
    }
    double unit = unit_above(most);
    for (int64_t i = 0; i < values->n; i++) {
        double x = value_at(values, i);
        to[i] = isfinite(x) ? (float)((x * SHRUNK - mean) / unit) : 0.0F;
    }
    centred.mean = mean / SHRUNK;
    centred.unit = unit / SHRUNK;
    return centred;
}

/* All samples are there, and of sums that do not overflow. */
static bool centre_all(const sv_kernels *kernels, const sv_row_values *values, float *to,
                       sv_centred *centred)
{
    sv_spread spread;
    int64_t n = values->n;
    if (values->f4 != NULL) {
        kernels->spread_f4(values->f4, n, &spread);
    } else {
        kernels->spread_f8(values->f8, n, &spread);
    }
    if (!isfinite(spread.sum) || !isfinite(spread.max - spread.min)) {
        return false;
    }
    /* The sum of equal samples may have been rounded, which must not look like a deviation. */
    bool is_constant = spread.min == spread.max;
    double mean = is_constant ? spread.min : spread.sum / (double)n;
    double unit = unit_above(fmax(spread.max - mean, mean - spread.min));
    if (values->f4 != NULL) {
        kernels->shift_f4(values->f4, n, mean, 1.0 / unit, to);
    } else {
        kernels->shift_f8(values->f8, n, mean, 1.0 / unit, to);
    }
    *centred = (sv_centred){mean, 0.0, unit, n, -1};
    return true;
}

/* ---- by a pilot ------------------------------------------------------------------------------ */

/* Of what was written: the squares' mean where float32's range is near its end, and how many
 * variances the square of the mean may be, which costs as much of the accuracy. */
#define LEAST_SQUARES 1e-20
#define MOST_SQUARES  1e20
#define MOST_OFFSET   4.0

sv_pilot sv_pilot_of(const sv_spread *spread, int64_t n)
{
    float value = (float)(spread->sum / (double)n);
    double size = fmax(spread->max - (double)value, (double)value - spread->min);
    double scale = isfinite(size) ? 1.0 / unit_above(size) : 1.0;
    return (sv_pilot){value, (float)fmin(fmax(scale, 0x1p-120), 0x1p120)};
}

bool sv_pilot_centred(sv_pilot pilot, double sum, double squares, int64_t n, sv_centred *centred)
{
    double unit = 1.0 / (double)pilot.scale, rest = sum / (double)n;
    double square = squares / (double)n, variance = square - rest * rest;
    bool is_constant = squares == 0.0 && sum == 0.0;
    *centred = (sv_centred){(double)pilot.value + rest * unit, rest, unit, n, -1};
    return is_constant || (square > LEAST_SQUARES && square < MOST_SQUARES &&
                           rest * rest <= MOST_OFFSET * variance);
}

sv_centred sv_centre_row(const sv_kernels *kernels, const sv_row_values *values, float *to)
{
    sv_centred centred;
    if (centre_all(kernels, values, to, &centred)) {
        return centred;
    }
    return centre_present(values, to);
}
