#include "edit/operation_values.h"

#include <math.h>

#include "base/size.h"

int sv_chain_reach(const sv_chain *chain, int from, int to)
{
    int reach = 0;
    for (int i = from; i < to; i++) {
        reach += chain->operations[i].kind == SV_DESPIKE ? SV_DESPIKE_REACH : 0;
    }
    return reach;
}

/* Those of the values that are edited. */
typedef struct run {
    int64_t first, count;
    double *x;
} run;

static run edited(const sv_chain *chain, const sv_values *values)
{
    int64_t first = sv_max_i8(values->first, chain->first);
    int64_t last = sv_min_i8(values->last, chain->last);
    if (first >= last) {
        return (run){.count = 0};
    }
    return (run){first, last - first, values->x + (first - values->first)};
}

/* ---- one sample at a time ---------------------------------------------------------------- */

static void multiply(run r, double factor)
{
    for (int64_t i = 0; i < r.count; i++) {
        r.x[i] *= factor;
    }
}

static void add(run r, double term)
{
    for (int64_t i = 0; i < r.count; i++) {
        r.x[i] += term;
    }
}

static void clip(run r, double low, double high)
{
    for (int64_t i = 0; i < r.count; i++) {
        r.x[i] = r.x[i] < low ? low : r.x[i];
        r.x[i] = r.x[i] > high ? high : r.x[i];
    }
}

static void fill(run r, double value)
{
    for (int64_t i = 0; i < r.count; i++) {
        r.x[i] = isnan(r.x[i]) ? value : r.x[i];
    }
}

static void set(run r, int64_t index, double value)
{
    if (index >= r.first && index < r.first + r.count) {
        r.x[index - r.first] = value;
    }
}

/* ---- taper ------------------------------------------------------------------------------- */

/* sin(x) for 0 <= x <= π/4, by its series: the C library's last bit depends on the processor. */
static double small_sine(double x)
{
    double square = x * x;
    double sum = 1.0;
    for (int k = 16; k >= 2; k -= 2) {
        sum = 1.0 - square / (double)(k * (k + 1)) * sum;
    }
    return x * sum;
}

/* sin²(π/2 · j/n), 0 <= j <= n. */
static double taper_weight(int64_t j, int64_t n)
{
    const double half_pi = 0x1.921fb54442d18p+0;
    bool rising = 2 * j <= n;
    double sine = small_sine(half_pi * ((double)(rising ? j : n - j) / (double)n));
    return rising ? sine * sine : 1.0 - sine * sine;
}

static void taper(run r, double fraction, int64_t first, int64_t last)
{
    int64_t n = (int64_t)(fraction * (double)(last - first));
    for (int64_t i = 0; i < r.count; i++) {
        int64_t index = r.first + i;
        int64_t j = sv_min_i8(index - first, last - 1 - index);
        if (j < n) {
            r.x[i] *= taper_weight(j, n);
        }
    }
}

/* ---- despike ----------------------------------------------------------------------------- */

enum { MOST_NEAR = 2 * SV_DESPIKE_REACH + 1 };

/* The finite samples around one, sorted. There is one zero among them, so that the list is the same
 * however the window came to lie there. */
typedef struct neighbours {
    double list[MOST_NEAR + 1];
    int count;
} neighbours;

static void insert(neighbours *near, double x)
{
    int place = near->count;
    if (!isfinite(x)) {
        return;
    }
    while (place > 0 && near->list[place - 1] > x) {
        near->list[place] = near->list[place - 1];
        place--;
    }
    near->list[place] = x + 0.0;
    near->count++;
}

static void take_out(neighbours *near, double x)
{
    int place = 0;
    if (!isfinite(x)) {
        return;
    }
    while (near->list[place] != x) {
        place++;
    }
    near->count--;
    for (; place < near->count; place++) {
        near->list[place] = near->list[place + 1];
    }
}

/* Between the two in the middle, a <= b. */
static double mean_of(double a, double b)
{
    double sum = a + b;
    return isfinite(sum) ? 0.5 * sum : 0.5 * a + 0.5 * b;
}

static double median(const neighbours *near)
{
    return mean_of(near->list[(near->count - 1) / 2], near->list[near->count / 2]);
}

/* The median of |x − middle|, of which the smallest are found from the middle outwards. */
static double median_deviation(const neighbours *near, double middle)
{
    int left = (near->count - 1) / 2, right = left + 1;
    double last = 0.0, before = 0.0;
    for (int i = 0; i <= near->count / 2; i++) {
        double below = left >= 0 ? middle - near->list[left] : INFINITY;
        double above = right < near->count ? near->list[right] - middle : INFINITY;
        before = last;
        last = below < above ? below : above;
        left -= below < above;
        right += !(below < above);
    }
    return near->count % 2 == 1 ? last : mean_of(before, last);
}

static double without_spike(const neighbours *near, double x, double times)
{
    if (near->count == 0) {
        return x;
    }
    double middle = median(near);
    double spread = median_deviation(near, middle);
    return spread > 0.0 && fabs(x - middle) > times * 1.4826 * spread ? middle : x;
}

/* `to[i]` becomes the sample at first + i. */
static void despike_run(const sv_values *values, run r, double times, double *to)
{
    int64_t low = values->first, high = values->last;
    neighbours near = {.count = 0};
    for (int64_t i = sv_max_i8(low, r.first - SV_DESPIKE_REACH);
         i < sv_min_i8(high, r.first + SV_DESPIKE_REACH); i++) {
        insert(&near, values->x[i - low]);
    }
    for (int64_t i = r.first; i < r.first + r.count; i++) {
        int64_t comes = i + SV_DESPIKE_REACH, goes = i - SV_DESPIKE_REACH - 1;
        if (comes < high) {
            insert(&near, values->x[comes - low]);
        }
        if (goes >= low && i > r.first) {
            take_out(&near, values->x[goes - low]);
        }
        to[i - r.first] = without_spike(&near, values->x[i - low], times);
    }
}

static void despike(const sv_chain *chain, double times, sv_values *values)
{
    double to[SV_TILE_ROOM];
    run r = edited(chain, values);
    despike_run(values, r, times, to);
    for (int64_t i = 0; i < r.count; i++) {
        r.x[i] = to[i];
    }
    if (values->first > 0) {
        values->first += SV_DESPIKE_REACH;
        values->x += SV_DESPIKE_REACH;
    }
    if (values->last < chain->num_samples) {
        values->last -= SV_DESPIKE_REACH;
    }
}

/* ------------------------------------------------------------------------------------------ */

static void apply(const sv_chain *chain, const sv_operation *operation, const sv_trend *trend,
                  sv_values *values)
{
    run r = edited(chain, values);
    switch (operation->kind) {
    case SV_GAIN: multiply(r, operation->value); break;
    case SV_OFFSET: add(r, operation->value); break;
    case SV_INVERT: multiply(r, -1.0); break;
    case SV_DEMEAN:
    case SV_DETREND: sv_trend_subtract(trend, r.first, r.count, r.x); break;
    case SV_CLIP: clip(r, operation->value, operation->high); break;
    case SV_DESPIKE: despike(chain, operation->value, values); break;
    case SV_FILL: fill(r, operation->value); break;
    case SV_SET: set(r, operation->index, operation->value); break;
    case SV_TAPER: taper(r, operation->value, chain->first, chain->last); break;
    case SV_FILL_LINEAR: break;
    }
}

void sv_values_apply(const sv_chain *chain, int from, int to, sv_values *values)
{
    static const sv_trend none = {.order = -1};
    int measured = sv_operations_num_measured(chain->operations, from);
    for (int i = from; i < to; i++) {
        bool is_measured = sv_operations_num_measured(&chain->operations[i], 1) == 1;
        const sv_trend *trend = is_measured ? &chain->trends[measured++] : &none;
        apply(chain, &chain->operations[i], trend, values);
    }
}
