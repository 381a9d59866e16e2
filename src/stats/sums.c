#include "stats/sums.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "stats/exact.h"

/* ---- lanes over the stretches of a block -------------------------------------------------- */

/* Sums as pairs, lane by lane. */
typedef struct pair_lanes {
    double high[SV_LANES], low[SV_LANES];
} pair_lanes;

/* Rounds in `low` alone. */
static void add_rounded(pair_lanes *restrict lanes, const double *restrict x)
{
    for (int i = 0; i < SV_LANES; i++) {
        sv_pair sum = sv_two_sum(lanes->high[i], x[i]);
        lanes->high[i] = sum.high;
        lanes->low[i] += sum.low;
    }
}

static sv_pair total_of(const pair_lanes *lanes)
{
    sv_pair total = {0.0, 0.0};
    for (int i = 0; i < SV_LANES; i++) {
        total = sv_pair_add(total, (sv_pair){lanes->high[i], lanes->low[i]});
    }
    return total;
}

/* Does not round: what even a pair cannot hold goes to the exact sum. */
static void add_exactly(pair_lanes *lanes, int lane, double x, sv_exact *exact)
{
    sv_pair high = sv_two_sum(lanes->high[lane], x);
    sv_pair low = sv_two_sum(lanes->low[lane], high.low);
    lanes->high[lane] = high.high;
    lanes->low[lane] = low.high;
    if (low.low != 0.0) {
        sv_exact_add(exact, low.low);
    }
}

/* The same of all lanes, without a branch on the way. */
static void add_all_exactly(pair_lanes *restrict lanes, const double *restrict x, sv_exact *exact)
{
    double rest[SV_LANES], any = 0.0;
    for (int i = 0; i < SV_LANES; i++) {
        sv_pair high = sv_two_sum(lanes->high[i], x[i]);
        sv_pair low = sv_two_sum(lanes->low[i], high.low);
        lanes->high[i] = high.high;
        lanes->low[i] = low.high;
        rest[i] = low.low;
    }
    for (int i = 0; i < SV_LANES; i++) {
        any += fabs(rest[i]);
    }
    for (int i = 0; i < SV_LANES && any > 0.0; i++) {
        sv_exact_add(exact, rest[i]);
    }
}

static void settle(const pair_lanes *lanes, sv_exact *exact)
{
    for (int i = 0; i < SV_LANES; i++) {
        sv_exact_add(exact, lanes->high[i]);
        sv_exact_add(exact, lanes->low[i]);
    }
    sv_exact_settle(exact);
}

/* Beyond this exponent of a sample the pairs of a block's lanes might overflow. */
enum { HIGHEST_IN_PAIRS = 990 };

/* ---- when a float64 sum of a lane is exact ------------------------------------------------- */

/* Samples are multiples of 2^unit, at most 2^(top + 1) large, and a lane adds SV_STRETCH_ADDS of
 * them: their sums stay below 2^(top + 1 + ADDS_BITS), and float64 holds 53 bits of that. */
enum { FLOAT64_BITS = 53, ADDS_BITS = 9 };
_Static_assert(SV_STRETCH_ADDS == 1 << ADDS_BITS,
               "a lane's sum has more bits than are allowed for");

static bool fits(int top, int unit)
{
    return top + 1 + ADDS_BITS - unit <= FLOAT64_BITS;
}

/* The exponent of the last bit that a sample may have whose magnitude is at least `least`. */
static int unit_of(sv_dtype dtype, double least)
{
    int exponent = isinf(least) ? 0 : ilogb(least);
    switch ((sv_type)dtype.type) {
    case SV_F4: return exponent > -126 ? exponent - 23 : -149;
    case SV_IBM4: return exponent - 23;
    case SV_F8: return exponent > -1022 ? exponent - 52 : -1074;
    default: return 0; /* integers */
    }
}

/* ---- one stretch --------------------------------------------------------------------------- */

typedef struct gathered {
    sv_sums *sums;
    pair_lanes sum, squares;
    bool expects_pairs; /* as the last stretch had some */
} gathered;

/* Every sample on its own. */
static void add_slowly(sv_stretch *stretch, sv_exact *exact)
{
    for (int s = 0; s < SV_STREAMS; s++) {
        for (int64_t i = 0; i < stretch->count * SV_LANES; i++) {
            double x = sv_stretch_at(stretch, s, i);
            if (isfinite(x)) {
                sv_exact_add(exact, x);
            }
        }
    }
}

/* With the largest pivot whose high parts add up exactly. */
static void add_folded(sv_stretch *stretch, int top, int unit, bool all_finite, gathered *g)
{
    int high_unit = top + 1 + ADDS_BITS - FLOAT64_BITS;
    int pivot = high_unit + FLOAT64_BITS - 1;
    /* The low parts are at most half a high unit. */
    if (!fits(high_unit - 2, unit)) {
        add_slowly(stretch, &g->sums->sum);
        return;
    }
    double high[SV_LANES], low[SV_LANES];
    sv_stretch_fold(stretch, high, low, ldexp(1.5, pivot), all_finite);
    add_all_exactly(&g->sum, high, &g->sums->sum);
    add_all_exactly(&g->sum, low, &g->sums->sum);
}

static void add_sum(sv_stretch *stretch, const sv_lanes *lanes, const sv_counts *counts,
                    bool all_finite, gathered *g)
{
    double max_abs = fmax(fabs(counts->min), fabs(counts->max));
    if (!(max_abs > 0.0) || isinf(max_abs)) {
        return; /* zeros, or no finite sample */
    }
    int top = ilogb(max_abs), unit = unit_of(stretch->samples->dtype, counts->least);
    if (top > HIGHEST_IN_PAIRS) {
        add_slowly(stretch, &g->sums->sum);
    } else if (all_finite && fits(top, unit)) {
        add_all_exactly(&g->sum, lanes->sum, &g->sums->sum);
    } else {
        add_folded(stretch, top, unit, all_finite, g);
    }
}

static double total(const double lanes[SV_LANES])
{
    double sum = 0.0;
    for (int i = 0; i < SV_LANES; i++) {
        sum += lanes[i];
    }
    return sum;
}

/* A survey of stored IBM floats holds those that float32 does not reach at its ends. */
static bool is_beyond_survey(sv_dtype dtype, const sv_counts *counts)
{
    return dtype.type == SV_IBM4 && (counts->min <= -SV_IBM4_MOST || counts->max >= SV_IBM4_MOST ||
                                     counts->least < SV_IBM4_LEAST);
}

/* Before the extremes are joined: those that lie at `bit` come to, or take the place of, those
 * before.
 */
static void note_extremes(sv_sums *sums, double min, double max, int64_t bit)
{
    uint64_t here = (uint64_t)1 << bit;
    if (min <= sums->counts.min) {
        sums->min_at = min < sums->counts.min ? here : sums->min_at | here;
    }
    if (max >= sums->counts.max) {
        sums->max_at = max > sums->counts.max ? here : sums->max_at | here;
    }
}

static void join_counts(sv_counts *into, const sv_counts *counts)
{
    into->zeros += counts->zeros;
    into->negative_zeros += counts->negative_zeros;
    into->nans += counts->nans;
    into->infinities += counts->infinities;
    into->min = counts->min < into->min ? counts->min : into->min;
    into->max = counts->max > into->max ? counts->max : into->max;
    into->least = counts->least < into->least ? counts->least : into->least;
}

static sv_counts count(sv_stretch *stretch, const sv_lanes *lanes, bool finite)
{
    sv_counts counts = {.zeros = lanes->zeros,
                        .negative_zeros = lanes->negative_zeros,
                        .min = lanes->min,
                        .max = lanes->max,
                        .least = lanes->least};
    if (!finite) {
        sv_counts_init(&counts);
        sv_stretch_count(stretch, &counts);
    } else if (lanes->least == 0.0) {
        counts.least = (double)INFINITY;
        sv_stretch_zeros(stretch, &counts);
    }
    return counts;
}

/* The first stretch gives the pilot. */
static void add_powers(sv_stretch *stretch, const sv_lanes *lanes, bool finite,
                       sv_power_lanes *found, sv_powers *powers)
{
    powers->known &= finite;
    if (!powers->known) {
        return;
    }
    if (stretch->first == 0) {
        powers->pilot = total(lanes->sum) / (double)(stretch->count * SV_STREAMS * SV_LANES);
    }
    if (!lanes->has_powers) {
        sv_stretch_powers(stretch, found->cubes, found->fourths, powers->pilot, 1.0, true);
    }
    powers->cubes += total(found->cubes);
    powers->fourths += total(found->fourths);
}

static bool is_finite(const sv_lanes *lanes)
{
    return isfinite(total(lanes->squares)) != 0;
}

static void take_pairs(sv_stretch *stretch, const sv_lanes *lanes, bool finite, gathered *g)
{
    bool maybe = lanes->any_equal != 0 || !finite;
    if (lanes->has_pairs && finite) {
        sv_pairs_keep(g->sums->pairs, stretch);
    } else if (maybe) {
        sv_pairs_take(g->sums->pairs, stretch);
    }
    g->sums->equal |= (uint64_t)maybe << stretch->first / SV_STRETCH_LINES;
    g->expects_pairs = maybe && finite;
}

static void take_surveyed(sv_stretch *stretch, sv_lanes *lanes, sv_counts *counts, bool finite,
                          sv_power_lanes *powers, gathered *g)
{
    if (!finite) {
        sv_stretch_centre(stretch, lanes->squares, 0.0, 1.0, false);
    }
    note_extremes(g->sums, counts->min, counts->max, stretch->first / SV_STRETCH_LINES);
    join_counts(&g->sums->counts, counts);
    take_pairs(stretch, lanes, finite, g);
    add_powers(stretch, lanes, finite, powers, &g->sums->powers);
    add_rounded(&g->squares, lanes->squares);
    add_sum(stretch, lanes, counts, finite, g);
}

static void take_stretch(sv_stretch *stretch, gathered *g)
{
    sv_lanes lanes;
    sv_power_lanes of_powers = {.pilot = g->sums->powers.pilot};
    sv_power_lanes *powers = g->sums->powers.known && stretch->first > 0 ? &of_powers : NULL;
    sv_pair_bits *pairs = g->expects_pairs ? sv_pairs_place(g->sums->pairs, stretch) : NULL;
    bool stored = sv_stretch_survey_stored(stretch, &lanes, pairs, powers);
    if (!stored) {
        sv_stretch_survey(stretch, &lanes, pairs, powers);
    }
    bool finite = is_finite(&lanes);
    sv_counts counts = count(stretch, &lanes, finite);
    if (stored && is_beyond_survey(stretch->samples->dtype, &counts)) {
        sv_stretch_survey(stretch, &lanes, pairs, powers);
        finite = is_finite(&lanes);
        counts = count(stretch, &lanes, finite);
    }
    take_surveyed(stretch, &lanes, &counts, finite, &of_powers, g);
}

/* ---- the block ----------------------------------------------------------------------------- */

/* What the kernels do with a sample, for those after the last whole line. */
static void take_sample(double x, int lane, gathered *g)
{
    sv_counts *counts = &g->sums->counts;
    counts->nans += isnan(x) != 0;
    counts->infinities += isinf(x) != 0;
    if (!isfinite(x)) {
        return;
    }
    double magnitude = fabs(x);
    counts->zeros += x == 0.0;
    counts->negative_zeros += x == 0.0 && signbit(x) != 0;
    note_extremes(g->sums, x, x, SV_REST_BIT);
    counts->min = x < counts->min ? x : counts->min;
    counts->max = x > counts->max ? x : counts->max;
    counts->least = magnitude > 0.0 && magnitude < counts->least ? magnitude : counts->least;
    if (magnitude > 0x1p990) {
        sv_exact_add(&g->sums->sum, x);
    } else {
        add_exactly(&g->sum, lane, x, &g->sums->sum);
    }
    sv_pair squares = sv_two_sum(g->squares.high[lane], x * x);
    g->squares.high[lane] = squares.high;
    g->squares.low[lane] += squares.low;
}

static void take_rest(const sv_samples *samples, gathered *g)
{
    enum { MOST = SV_STREAMS * SV_LANES };
    int64_t taken = samples->lines * MOST, left = samples->n - taken;
    union {
        float f4[MOST];
        double f8[MOST];
    } values;
    double before = NAN;
    sv_samples_convert(samples, taken, left, &values);
    for (int64_t i = 0; i < left; i++) {
        double x = samples->is_f4 ? (double)values.f4[i] : values.f8[i];
        take_sample(x, (int)(i % SV_LANES), g);
        g->sums->equal |= (uint64_t)(x == before) << SV_REST_BIT;
        before = x;
    }
}

static void begin(const sv_samples *samples, bool powers, sv_pairs *pairs, sv_sums *sums,
                  gathered *g)
{
    sv_counts_init(&sums->counts);
    sums->sum = (sv_exact){0};
    sums->equal = sums->min_at = sums->max_at = 0;
    sums->powers = (sv_powers){.known = powers && samples->lines > 0};
    sums->pairs = pairs;
    /* Integers are full of equal neighbours. */
    *g = (gathered){.sums = sums, .expects_pairs = sv_samples_are_whole(samples->dtype)};
}

static void end(const sv_samples *samples, gathered *g)
{
    sv_sums *sums = g->sums;
    take_rest(samples, g);
    /* Zeros of both signs are equal, and differ in their bits. */
    const sv_counts *counts = &sums->counts;
    if (counts->negative_zeros > 0 && counts->negative_zeros < counts->zeros) {
        sums->equal = UINT64_MAX;
    }
    settle(&g->sum, &sums->sum);
    sums->squares = total_of(&g->squares);
}

void sv_sums_of(const sv_samples *samples, bool powers, sv_pairs *pairs, sv_sums *sums)
{
    gathered g;
    sv_stretch stretch;
    begin(samples, powers, pairs, sums, &g);
    for (int64_t line = 0; line < samples->lines; line += SV_STRETCH_LINES) {
        sv_stretch_move(&stretch, samples, line);
        take_stretch(&stretch, &g);
    }
    end(samples, &g);
}

bool sv_sums_of_frames(const sv_frames *frames, const sv_samples *rows, bool powers, sv_sums *sums)
{
    gathered g[SV_FRAMES_ROWS];
    sv_lanes lanes[SV_FRAMES_ROWS];
    sv_stretch stretch;
    for (int row = 0; row < frames->rows; row++) {
        begin(&rows[row], powers, NULL, &sums[row], &g[row]);
    }
    for (int64_t line = 0; line < rows->lines; line += SV_STRETCH_LINES) {
        int64_t lines = sv_min_i8(SV_STRETCH_LINES, rows->lines - line);
        if (!rows->kernels->survey_frames(frames, line, lines, lanes)) {
            return false;
        }
        for (int row = 0; row < frames->rows; row++) {
            sv_power_lanes of_powers;
            sv_stretch_move(&stretch, &rows[row], line);
            bool finite = is_finite(&lanes[row]);
            sv_counts counts = count(&stretch, &lanes[row], finite);
            take_surveyed(&stretch, &lanes[row], &counts, finite, &of_powers, &g[row]);
        }
    }
    for (int row = 0; row < frames->rows; row++) {
        end(&rows[row], &g[row]);
    }
    return rows->lines > 0;
}

sv_pair sv_centred_squares(const sv_samples *samples, double pilot, double scale, bool all_finite)
{
    pair_lanes sums = {{0.0}, {0.0}};
    sv_stretch stretch;
    for (int64_t line = 0; line < samples->lines; line += SV_STRETCH_LINES) {
        double squares[SV_LANES];
        sv_stretch_move(&stretch, samples, line);
        sv_stretch_centre(&stretch, squares, pilot, scale, all_finite);
        add_rounded(&sums, squares);
    }
    sv_pair total = total_of(&sums);
    for (int64_t i = samples->lines * SV_STREAMS * SV_LANES; i < samples->n; i++) {
        double x = sv_sample_at(samples, i);
        double offset = isfinite(x) ? x * scale - pilot : 0.0;
        total = sv_pair_add(total, sv_two_product(offset, offset));
    }
    return total;
}
