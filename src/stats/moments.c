#include "stats/moments.h"

#include <math.h>
#include <string.h>

/* No sum of finite float64 times this overflows, and a sum that is not finite has met a sample that
 * is not. */
#define SCALE   0x1p-64
#define UNSCALE 64

__extension__ typedef __int128 wide;

void sv_moments_init(sv_moments *moments, int order)
{
    *moments = (sv_moments){.order = order};
}

/* The least exponent whose power of two is `span` or more. */
static int exponent_of(int64_t span)
{
    int exponent = 0;
    while ((int64_t)1 << exponent < span) {
        exponent++;
    }
    return exponent;
}

/* ---- a tile ------------------------------------------------------------------------------ */

enum { LANES = 4 };

typedef struct lanes {
    double sum[SV_MOMENTS_SAMPLES][LANES];
} lanes;

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Adds (x − pilot)·t^k for lines of LANES samples. t is a multiple of a power of two, so that every
 * t is exact. */
ALWAYS_INLINE void add_lines(int order, const double *x, int64_t lines, double pilot, double t0,
                             double step, lanes *all)
{
    lanes of = {0};
    double t[LANES], z[LANES];
    for (int i = 0; i < LANES; i++) {
        t[i] = t0 + (double)i * step;
    }
    for (int64_t line = 0; line < lines; line++) {
        for (int i = 0; i < LANES; i++) {
            z[i] = x[line * LANES + i] * SCALE - pilot;
        }
        for (int k = 0; k <= order; k++) {
            for (int i = 0; i < LANES; i++) {
                of.sum[k][i] += z[i];
                z[i] *= t[i];
            }
        }
        for (int i = 0; i < LANES; i++) {
            t[i] += LANES * step;
        }
    }
    *all = of;
}

/* The order becomes a constant of the loop. */
static void add_lines_of(int order, const double *x, int64_t lines, double pilot, double t0,
                         double step, lanes *all)
{
    switch (order) {
    case 0: add_lines(0, x, lines, pilot, t0, step, all); break;
    case 1: add_lines(1, x, lines, pilot, t0, step, all); break;
    case 2: add_lines(2, x, lines, pilot, t0, step, all); break;
    case 3: add_lines(3, x, lines, pilot, t0, step, all); break;
    case 4: add_lines(4, x, lines, pilot, t0, step, all); break;
    default: add_lines(5, x, lines, pilot, t0, step, all); break;
    }
}

/* Samples first … last of which none is missing between the two, about their middle. */
static void place(sv_moments *tile, int64_t first, int64_t last)
{
    tile->first = first;
    tile->last = last;
    tile->twice_centre = first + last;
    tile->exponent = exponent_of(last - first);
}

/* Σ(x − pilot)·t^k of n samples; false where one of them is not finite. */
static bool add_finite(sv_moments *tile, const double *x, int64_t n)
{
    double step = ldexp(2.0, -tile->exponent);
    double t0 = (double)(1 - n) * (0.5 * step);
    int64_t lines = n / LANES;
    lanes all;
    add_lines_of(tile->order, x, lines, tile->pilot, t0, step, &all);
    for (int64_t i = lines * LANES; i < n; i++) {
        double t = t0 + (double)i * step;
        double z = x[i] * SCALE - tile->pilot;
        for (int k = 0; k <= tile->order; k++, z *= t) {
            all.sum[k][i % LANES] += z;
        }
    }
    for (int k = 0; k <= tile->order; k++) {
        tile->samples[k] = sv_two_sum(all.sum[k][0], all.sum[k][1]);
        tile->samples[k] = sv_pair_add(tile->samples[k], sv_two_sum(all.sum[k][2], all.sum[k][3]));
    }
    return isfinite(tile->samples[0].high);
}

/* Whole numbers of up to 121 bits as pairs. */
static sv_pair pair_of(wide value)
{
    double high = (double)value;
    return (sv_pair){high, (double)(value - (wide)high)};
}

static void take_weights(sv_moments *tile, const wide sums[SV_MOMENTS_WEIGHTS])
{
    for (int k = 0; k <= 2 * tile->order; k++) {
        tile->weights[k] = sv_pair_scale(pair_of(sums[k]), -k * tile->exponent);
    }
    tile->count = (int64_t)sums[0];
}

/* Σ(2i − (n − 1))^k over 0 <= i < n as a polynomial in n (Faulhaber): (a·n^(k+1) + b·n^(k-1) + …)
 * divided by the first number. Odd k give 0. */
static const int16_t power_sums[SV_MOMENTS_SAMPLES][1 + SV_MOMENTS_SAMPLES] = {
    {1, 1},
    {3, 1, -1},
    {15, 3, -10, 7},
    {21, 3, -21, 49, -31},
    {45, 5, -60, 294, -620, 381},
    {33, 3, -55, 462, -2046, 4191, -2555},
};

/* Σt^k of n samples without a gap. In whole numbers, which are exact: n is at most 2^11. */
static void weigh_all(sv_moments *tile, int64_t n)
{
    wide sums[SV_MOMENTS_WEIGHTS] = {0};
    for (int half = 0; half <= tile->order; half++) {
        wide sum = 0;
        for (int i = 0; i <= half; i++) {
            sum = sum * n * n + power_sums[half][1 + i];
        }
        sums[2 * half] = sum * n / power_sums[half][0];
    }
    take_weights(tile, sums);
}

/* The same of those that are present. */
static void weigh_present(sv_moments *tile, const double *x, int64_t n)
{
    wide sums[SV_MOMENTS_WEIGHTS] = {0};
    for (int64_t i = 0; i < n; i++) {
        wide power = isfinite(x[i]) ? 1 : 0;
        for (int k = 0; k <= 2 * tile->order; k++) {
            sums[k] += power;
            power *= 2 * i - (n - 1);
        }
    }
    take_weights(tile, sums);
}

/* The first and the last sample are present. Missing ones count as the pilot. */
static void add_present(sv_moments *tile, const double *x, int64_t n)
{
    double filled[SV_MOMENTS_TILE] = {0};
    for (int64_t i = 0; i < n; i++) {
        filled[i] = isfinite(x[i]) ? x[i] : tile->pilot / SCALE;
    }
    add_finite(tile, filled, n);
    weigh_present(tile, x, n);
}

void sv_moments_add(sv_moments *moments, int64_t first, const double *samples, int64_t count)
{
    int64_t from = 0, to = count;
    while (from < to && !isfinite(samples[from])) {
        from++;
    }
    while (from < to && !isfinite(samples[to - 1])) {
        to--;
    }
    if (from == to) {
        return;
    }
    const double *x = samples + from;
    sv_moments tile;
    sv_moments_init(&tile, moments->order);
    place(&tile, first + from, first + to - 1);
    tile.pilot = x[0] * SCALE;
    if (add_finite(&tile, x, to - from)) {
        weigh_all(&tile, to - from);
    } else {
        add_present(&tile, x, to - from);
    }
    sv_moments_merge(moments, &tile);
}

/* ---- merging ----------------------------------------------------------------------------- */

static sv_pair multiply_add(sv_pair sum, sv_pair a, sv_pair b)
{
    return sv_pair_add(sum, sv_pair_multiply(a, b));
}

/* From Σt^k to Σ(t·2^scale + shift)^k; exact, but for the rounding of the pairs. */
static void move_sums(sv_pair *sums, int most, int scale, double shift)
{
    for (int k = 1; k <= most && scale != 0; k++) {
        sums[k] = sv_pair_scale(sums[k], k * scale);
    }
    for (int pass = 1; pass <= most && shift != 0.0; pass++) {
        for (int k = most; k >= pass; k--) {
            sums[k] = multiply_add(sums[k], sums[k - 1], (sv_pair){shift, 0.0});
        }
    }
}

static void move_axis(sv_moments *moments, int64_t twice_centre, int exponent)
{
    int scale = moments->exponent - exponent;
    double shift = ldexp((double)(moments->twice_centre - twice_centre), -exponent);
    move_sums(moments->weights, 2 * moments->order, scale, shift);
    move_sums(moments->samples, moments->order, scale, shift);
    moments->twice_centre = twice_centre;
    moments->exponent = exponent;
}

static void move_pilot(sv_moments *moments, double pilot)
{
    sv_pair step = sv_two_sum(moments->pilot, -pilot);
    for (int k = 0; k <= moments->order && step.high != 0.0; k++) {
        moments->samples[k] = multiply_add(moments->samples[k], moments->weights[k], step);
    }
    moments->pilot = pilot;
}

/* Grows the axis until it reaches `last`: from the first sample, by powers of two, so that it is
 * seldom moved, and the samples lie in half of it or more. */
static void reach(sv_moments *moments, int64_t last)
{
    int exponent = exponent_of(last - moments->first);
    int64_t end = (moments->twice_centre + ((int64_t)1 << moments->exponent)) / 2;
    if (last > end) {
        move_axis(moments, 2 * moments->first + ((int64_t)1 << exponent), exponent);
    }
}

void sv_moments_merge(sv_moments *into, const sv_moments *next)
{
    if (next->count == 0) {
        return;
    }
    if (into->count == 0) {
        *into = *next;
        return;
    }
    sv_moments other = *next;
    reach(into, next->last);
    move_axis(&other, into->twice_centre, into->exponent);
    move_pilot(&other, into->pilot);
    for (int k = 0; k <= 2 * into->order; k++) {
        into->weights[k] = sv_pair_add(into->weights[k], other.weights[k]);
    }
    for (int k = 0; k <= into->order; k++) {
        into->samples[k] = sv_pair_add(into->samples[k], other.samples[k]);
    }
    into->count += next->count;
    into->last = next->last;
}

/* ---- the fit ----------------------------------------------------------------------------- */

static sv_pair divide(sv_pair a, sv_pair b)
{
    double first = a.high / b.high;
    sv_pair rest = sv_pair_add(a, sv_pair_negate(sv_pair_multiply(b, (sv_pair){first, 0.0})));
    double second = rest.high / b.high;
    rest = sv_pair_add(rest, sv_pair_negate(sv_pair_multiply(b, (sv_pair){second, 0.0})));
    return sv_pair_add(sv_two_sum(first, second), (sv_pair){rest.high / b.high, 0.0});
}

static sv_pair subtract_product(sv_pair from, sv_pair a, sv_pair b)
{
    return multiply_add(from, sv_pair_negate(a), b);
}

/* The matrix Σt^(j+k) = L·D·Lᵀ: row k of L⁻¹ is the orthogonal polynomial of order k, D its
 * squared norm. */
typedef struct factors {
    int size; /* rows that the samples tell apart */
    sv_pair l[SV_MOMENTS_SAMPLES][SV_MOMENTS_SAMPLES];
    sv_pair d[SV_MOMENTS_SAMPLES];
} factors;

/* A norm that is so much smaller than that of t^k is nothing but rounding. */
#define SMALLEST_NORM 0x1p-90

static void factorise(const sv_moments *moments, factors *f)
{
    int most = moments->count <= moments->order ? (int)moments->count : moments->order + 1;
    for (f->size = 0; f->size < most; f->size++) {
        int k = f->size;
        sv_pair norm = moments->weights[2 * k];
        for (int j = 0; j < k; j++) {
            sv_pair below = moments->weights[j + k];
            for (int i = 0; i < j; i++) {
                below = subtract_product(below, sv_pair_multiply(f->l[k][i], f->d[i]), f->l[j][i]);
            }
            f->l[k][j] = divide(below, f->d[j]);
            norm = subtract_product(norm, sv_pair_multiply(f->l[k][j], f->l[k][j]), f->d[j]);
        }
        f->d[k] = norm;
        if (!(norm.high > SMALLEST_NORM * moments->weights[2 * k].high)) {
            return;
        }
    }
}

/* The coefficients of t^k. */
static void solve(const factors *f, const sv_pair *samples, sv_pair *solution)
{
    for (int k = 0; k < f->size; k++) {
        solution[k] = samples[k];
        for (int j = 0; j < k; j++) {
            solution[k] = subtract_product(solution[k], f->l[k][j], solution[j]);
        }
    }
    for (int k = 0; k < f->size; k++) {
        solution[k] = divide(solution[k], f->d[k]);
    }
    for (int k = f->size - 1; k >= 0; k--) {
        for (int j = k + 1; j < f->size; j++) {
            solution[k] = subtract_product(solution[k], f->l[j][k], solution[j]);
        }
    }
}

void sv_moments_fit(const sv_moments *moments, sv_trend *trend)
{
    *trend = (sv_trend){.order = -1};
    if (moments->count == 0) {
        return;
    }
    sv_moments centred = *moments;
    move_axis(&centred, moments->first + moments->last,
              exponent_of(moments->last - moments->first));
    factors f;
    sv_pair solution[SV_MOMENTS_SAMPLES];
    factorise(&centred, &f);
    solve(&f, centred.samples, solution);
    sv_pair constant = sv_pair_add(solution[0], (sv_pair){centred.pilot, 0.0});
    trend->order = f.size - 1;
    trend->exponent = centred.exponent;
    trend->twice_centre = centred.twice_centre;
    trend->offset = ldexp(constant.high, UNSCALE);
    trend->coefficients[0] = ldexp(constant.low, UNSCALE);
    for (int k = 1; k < f.size; k++) {
        trend->coefficients[k] = ldexp(solution[k].high, UNSCALE);
    }
}
