#include "stats/clipping.h"

#include <math.h>

#include "base/size.h"

/* What the walk over a block's samples has found. */
typedef struct walk {
    double min, max;
    double value; /* of the run that goes on; NaN: none does */
    int64_t length;
    int64_t clipped_min, clipped_max;
    int64_t sign_changes;
    int first_sign, last_sign;
} walk;

static int64_t counted(int64_t length)
{
    return length >= SV_CLIPPED_RUN ? length : 0;
}

static void end_run(walk *w)
{
    w->clipped_min += w->value == w->min ? counted(w->length) : 0;
    w->clipped_max += w->value == w->max ? counted(w->length) : 0;
}

static void take_sign(walk *w, double x)
{
    int sign = (x > 0.0) - (x < 0.0);
    if (sign == 0 || !isfinite(x)) {
        return;
    }
    w->sign_changes += w->last_sign == -sign;
    w->first_sign = w->first_sign != 0 ? w->first_sign : sign;
    w->last_sign = sign;
}

static void take_sample(walk *w, double x)
{
    take_sign(w, x);
    if (x == w->value) {
        w->length++;
        return;
    }
    end_run(w);
    w->value = isfinite(x) ? x : NAN;
    w->length = 1;
}

enum { SOME_SAMPLES = 1024 };

typedef union some_values {
    float f4[SOME_SAMPLES];
    double f8[SOME_SAMPLES];
} some_values;

static double value_at(const sv_samples *samples, const some_values *values, int64_t i)
{
    return samples->is_f4 ? (double)values->f4[i] : values->f8[i];
}

static void walk_samples(const sv_samples *samples, walk *w)
{
    some_values values;
    for (int64_t first = 0; first < samples->n; first += SOME_SAMPLES) {
        int64_t count = sv_min_i8(SOME_SAMPLES, samples->n - first);
        sv_samples_convert(samples, first, count, &values);
        for (int64_t i = 0; i < count; i++) {
            take_sample(w, value_at(samples, &values, i));
        }
    }
    end_run(w);
}

/* Where all samples have a sign, and none is in a long run. */
static void compare_neighbours(const sv_samples *samples, walk *w)
{
    some_values values;
    bool is_negative = sv_sample_at(samples, 0) < 0.0;
    w->first_sign = is_negative ? -1 : 1;
    for (int64_t first = 0; first < samples->n; first += SOME_SAMPLES) {
        int64_t count = sv_min_i8(SOME_SAMPLES, samples->n - first);
        sv_samples_convert(samples, first, count, &values);
        for (int64_t i = 0; i < count; i++) {
            bool was_negative = is_negative;
            is_negative = value_at(samples, &values, i) < 0.0;
            w->sign_changes += is_negative != was_negative;
        }
    }
    w->last_sign = is_negative ? -1 : 1;
}

void sv_take_clipping(const sv_samples *samples, sv_summary *summary)
{
    walk w = {.min = summary->min, .max = summary->max, .value = NAN};
    bool all_have_signs = summary->num_nan + summary->num_inf + summary->num_zero == 0;
    if (all_have_signs && summary->longest.length < SV_CLIPPED_RUN) {
        compare_neighbours(samples, &w);
    } else {
        walk_samples(samples, &w);
    }
    summary->num_clipped_min = w.clipped_min;
    summary->num_clipped_max = w.clipped_max;
    summary->num_sign_changes = w.sign_changes;
    summary->first_sign = w.first_sign;
    summary->last_sign = w.last_sign;
}

/* How many more samples count at `extreme` when the runs on both sides of the border become one. */
static int64_t gained(const sv_flat *tail, const sv_flat *head, double extreme)
{
    bool joins = tail->length > 0 && head->length > 0 && tail->value == head->value &&
                 head->value == extreme;
    return joins ? counted(tail->length + head->length) - counted(tail->length) -
                       counted(head->length)
                 : 0;
}

static void merge_extreme(double into, double next, bool next_is_beyond, int64_t *count,
                          int64_t of_next)
{
    if (next_is_beyond) {
        *count = of_next;
    } else if (into == next) {
        *count += of_next;
    }
}

void sv_merge_clipping(sv_summary *into, const sv_summary *next)
{
    double min = next->min < into->min ? next->min : into->min;
    double max = next->max > into->max ? next->max : into->max;
    merge_extreme(into->min, next->min, next->min < into->min, &into->num_clipped_min,
                  next->num_clipped_min);
    merge_extreme(into->max, next->max, next->max > into->max, &into->num_clipped_max,
                  next->num_clipped_max);
    into->num_clipped_min += gained(&into->tail, &next->head, min);
    into->num_clipped_max += gained(&into->tail, &next->head, max);
    into->num_sign_changes += next->num_sign_changes;
    into->num_sign_changes += into->last_sign != 0 && into->last_sign == -next->first_sign;
    into->first_sign = into->first_sign != 0 ? into->first_sign : next->first_sign;
    into->last_sign = next->last_sign != 0 ? next->last_sign : into->last_sign;
}

int64_t sv_summary_num_clipped(const sv_summary *summary)
{
    /* Where all are equal, both counts are of the same samples. */
    return summary->min == summary->max ? summary->num_clipped_min
                                        : summary->num_clipped_min + summary->num_clipped_max;
}
