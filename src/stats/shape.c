#include "stats/shape.h"

#include <math.h>

#include "stats/exact.h"

/* Beyond this share of a deviation between pilot and mean the powers are summed again. */
static const double FARTHEST_PILOT = 0.5;

static bool serves(const sv_powers *powers, double mean, double n, const sv_summary *summary)
{
    double rest = mean - powers->pilot;
    return powers->known && summary->exponent == 0 &&
           rest * rest * n <= FARTHEST_PILOT * FARTHEST_PILOT * summary->m2;
}

static sv_powers powers_of(const sv_samples *samples, double pilot, double scale, bool all_finite)
{
    sv_powers sum = {.pilot = pilot};
    sv_stretch stretch;
    for (int64_t line = 0; line < samples->lines; line += SV_STRETCH_LINES) {
        double cubes[SV_LANES], fourths[SV_LANES];
        sv_stretch_move(&stretch, samples, line);
        sv_stretch_powers(&stretch, cubes, fourths, pilot, scale, all_finite);
        for (int i = 0; i < SV_LANES; i++) {
            sum.cubes += cubes[i];
            sum.fourths += fourths[i];
        }
    }
    return sum;
}

/* Of what the stretches leave. */
static void add_rest(const sv_samples *samples, double scale, sv_powers *sum)
{
    for (int64_t i = samples->lines * SV_STREAMS * SV_LANES; i < samples->n; i++) {
        double x = sv_sample_at(samples, i);
        double offset = isfinite(x) ? x * scale - sum->pilot : 0.0;
        sum->cubes += offset * offset * offset;
        sum->fourths += offset * offset * (offset * offset);
    }
}

void sv_take_shape(const sv_samples *samples, const sv_powers *powers, sv_summary *summary)
{
    double n = (double)sv_summary_num_finite(summary), scale = ldexp(1.0, -summary->exponent);
    bool all_finite = summary->num_nan + summary->num_inf == 0;
    sv_pair mean = sv_pair_divide(sv_exact_pair(&summary->sum, summary->exponent), n);
    sv_powers sum = serves(powers, mean.high, n, summary)
                        ? *powers
                        : powers_of(samples, mean.high, scale, all_finite);
    add_rest(samples, scale, &sum);
    /* From powers about the pilot to those about the mean, which is `rest` larger. */
    double rest = mean.high - sum.pilot + mean.low, m2 = summary->m2;
    double squares = m2 + n * rest * rest;
    summary->m3 = sum.cubes - 3.0 * rest * squares + 2.0 * n * rest * rest * rest;
    summary->m4 = sum.fourths - 4.0 * rest * sum.cubes + 6.0 * rest * rest * squares -
                  3.0 * n * rest * rest * rest * rest;
}

void sv_merge_shape(sv_summary *into, const sv_summary *next, int exponent)
{
    double a = (double)sv_summary_num_finite(into), b = (double)sv_summary_num_finite(next);
    int shift_into = into->exponent - exponent, shift_next = next->exponent - exponent;
    double m3_next = ldexp(next->m3, 3 * shift_next), m4_next = ldexp(next->m4, 4 * shift_next);
    if (a == 0.0) {
        into->m3 = m3_next;
        into->m4 = m4_next;
        return;
    }
    double m2_into = ldexp(into->m2, 2 * shift_into), m2_next = ldexp(next->m2, 2 * shift_next);
    double m3_into = ldexp(into->m3, 3 * shift_into), m4_into = ldexp(into->m4, 4 * shift_into);
    sv_pair mean_into = sv_pair_divide(sv_exact_pair(&into->sum, exponent), a);
    sv_pair mean_next = sv_pair_divide(sv_exact_pair(&next->sum, exponent), b);
    double delta = sv_pair_add(mean_next, sv_pair_negate(mean_into)).high;
    double n = a + b, share_a = a / n, share_b = b / n;
    into->m3 = m3_into + m3_next + delta * delta * delta * a * share_b * (share_a - share_b) +
               3.0 * delta * (share_a * m2_next - share_b * m2_into);
    double between = share_a * share_a - share_a * share_b + share_b * share_b;
    into->m4 = m4_into + m4_next + delta * delta * delta * delta * a * share_b * between +
               6.0 * delta * delta * (share_a * share_a * m2_next + share_b * share_b * m2_into) +
               4.0 * delta * (share_a * m3_next - share_b * m3_into);
}

/* Never the square of the variance: where nearly all samples are equal, float64 does not hold it.
 */
double sv_summary_skewness(const sv_summary *summary)
{
    double n = (double)sv_summary_num_finite(summary), m2 = summary->m2;
    return m2 > 0.0 ? summary->m3 / m2 * sqrt(n / m2) : NAN;
}

double sv_summary_kurtosis(const sv_summary *summary)
{
    double n = (double)sv_summary_num_finite(summary), m2 = summary->m2;
    return m2 > 0.0 ? summary->m4 / m2 * (n / m2) - 3.0 : NAN;
}
