#include "array/row_moments.h"

sv_row_moments sv_row_moments_of(const sv_centred *row)
{
    sv_pair base = sv_two_product(row->pilot, (double)row->present);
    return (sv_row_moments){.present = row->present,
                            .base = row->pilot,
                            .offset = sv_centred_offset(row),
                            .sum = sv_pair_add(base, (sv_pair){row->sum, 0.0}),
                            .m2 = {row->m2, 0.0},
                            .largest = fabs(row->pilot) + row->unit};
}

/* Chan, Golub and LeVeque 1983. */
double sv_row_moments_merge(sv_row_moments *into, const sv_row_moments *next)
{
    double largest = fmax(into->largest, next->largest);
    if (into->present == 0 || next->present == 0) {
        *into = into->present == 0 ? *next : *into;
        into->largest = largest;
        return 0.0;
    }
    double before = (double)into->present, n = (double)next->present, all = before + n;
    double delta = (next->base - into->base) + (next->offset - into->offset);
    into->m2 = sv_pair_add(into->m2, next->m2);
    into->m2 = sv_pair_add(into->m2, (sv_pair){delta * delta * (before * n / all), 0.0});
    into->sum = sv_pair_add(into->sum, next->sum);
    into->offset += delta * (n / all);
    into->present += next->present;
    into->largest = largest;
    return delta;
}

/* The sum may leave float64 where the mean does not. */
double sv_row_mean(const sv_row_moments *moments)
{
    if (moments->present == 0) {
        return NAN;
    }
    double mean = sv_pair_divide(moments->sum, (double)moments->present).high;
    return isfinite(mean) ? mean : moments->base + moments->offset;
}

double sv_row_deviation(const sv_row_moments *moments)
{
    if (moments->present == 0) {
        return NAN;
    }
    return sqrt(sv_pair_divide(moments->m2, (double)moments->present).high);
}
