/* Sequences of samples of every type, at any stride, with their values: awkward ones, and such as
 * are against figures that are added up. Included by one source a program. */
#ifndef SV_TESTS_SEQUENCES_H
#define SV_TESTS_SEQUENCES_H

#include "seisview/view.h"
#include "stored_samples.h"

enum { MOST_SAMPLES = 300001, MOST_STEP = 24 };

/* ---- samples of every type ------------------------------------------------------------------- */

/* A view of n samples `stride` bytes apart, and their values. */
typedef struct sequence {
    sv_buffer *buffer;
    sv_view view;
    double *values;
} sequence;

static char memory[MOST_SAMPLES * MOST_STEP + 64];
static double all_values[MOST_SAMPLES];

/* A view without its samples. */
static inline sequence place_sequence(sv_dtype dtype, ptrdiff_t stride, int64_t n)
{
    sequence made = {.values = all_values};
    /* Odd addresses for odd strides; the first sample lies behind all others for negative ones. */
    int64_t offset = (stride < 0 && n > 0 ? -stride * (n - 1) : 0) + (stride % 2 != 0);
    ck_assert_int_eq(sv_buffer_borrow(memory, sizeof memory, &made.buffer, NULL), SV_OK);
    int64_t step = stride;
    sv_error error;
    sv_status status = sv_view_make(made.buffer, offset, dtype, 1, &n, &step, &made.view, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    return made;
}

static inline void load_values(const sequence *made)
{
    const sv_view *view = &made->view;
    for (int64_t i = 0; i < view->shape[0]; i++) {
        const char *address = view->address + i * view->strides[0];
        made->values[i] = sv_scalar_as_f8(sv_dtype_load(view->dtype, address));
    }
}

static inline sequence open_sequence(struct random *random, sample_kind kind, sv_dtype dtype,
                                     ptrdiff_t stride, int64_t n)
{
    sequence made = place_sequence(dtype, stride, n);
    for (int64_t i = 0; i < n; i++) {
        store_sample(random, kind, dtype, i, made.view.address + i * stride);
    }
    load_values(&made);
    return made;
}

static inline void close_sequence(sequence *made)
{
    ck_assert_int_eq(sv_buffer_close(made->buffer), SV_OK);
}

static const int64_t short_lengths[] = {0,  1,  2,  3,   15,  16,  17,  63,
                                        64, 65, 66, 127, 128, 129, 130, 1000};
static const int64_t long_lengths[] = {131071, 131072, 131073, 300001};

enum {
    NUM_SHORT = sizeof short_lengths / sizeof short_lengths[0],
    NUM_LONG = sizeof long_lengths / sizeof long_lengths[0],
    NUM_DTYPES = 2 * (SV_NUM_TYPES - 1),
    NUM_STRIDES = 6
};

static inline sv_dtype dtype_of(int i)
{
    return sv_dtype_make((sv_type)(i / 2 + SV_TYPE_NONE + 1),
                         i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
}

static inline ptrdiff_t stride_of(int i, sv_dtype dtype)
{
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    const ptrdiff_t strides[NUM_STRIDES] = {itemsize,     -itemsize,    0,
                                            itemsize + 1, 3 * itemsize, -2 * itemsize - 1};
    return strides[i];
}

/* ---- against what is added up ---------------------------------------------------------------- */

typedef enum adverse {
    UNIT_OVER_OFFSET,  /* 1e9 and a unit deviation */
    CANCELLING,        /* ±1e30 with small remainders between them */
    TINY,              /* denormals; of IBM floats with zeros among them */
    TENTHS,            /* all 0.1 */
    ANY_EXPONENT,      /* any bytes */
    BIASED,            /* a mean of 0.1 to 1e6 deviations */
    ROUNDING_ONE_WAY,  /* few values, of which every addition rounds the same way */
    LARGEST,           /* near the type's largest, of one sign */
    LARGE,             /* where the sum of a few thousand leaves float64, or nearly */
    LARGE_AFTER_SMALL, /* squares from nothing to more than float64 holds */
    MANY_ZEROS,        /* zeros but for a few of every size */
    WITH_NOT_FINITE,   /* NaN and infinities in large and small */
    NUM_ADVERSE
} adverse;

/* What changes from one sequence to the next, not from sample to sample. */
typedef struct temper {
    double mean, deviation;
    int64_t period;
    int exponent;
} temper;

static inline temper draw_temper(struct random *random)
{
    temper drawn = {
        .deviation = ldexp(1.0 + fabs(random_unit(random)), (int)random_below(random, 40) - 20),
        .period = 2 + (int64_t)random_below(random, 7),
        .exponent = (int)random_below(random, 30),
    };
    drawn.mean = random_sign(random) * drawn.deviation * pow(10.0, 3.5 * random_unit(random) + 2.5);
    return drawn;
}

static double draw_adverse(struct random *random, adverse how, const temper *as, int64_t i,
                           double most)
{
    double unit = random_unit(random);
    switch (how) {
    case UNIT_OVER_OFFSET: return fmin(1e9, most / 2.0) + 2.0 * unit;
    case CANCELLING: return i % 2 == 0 ? fmin(1e30, most) * (i % 4 == 0 ? 1.0 : -1.0) : unit;
    case TENTHS: return 0.1;
    case BIASED: return as->mean + as->deviation * unit;
    case ROUNDING_ONE_WAY: return as->mean + (i % as->period == 0 ? 1.0 : -1.0) * as->deviation;
    case LARGEST: return most * (1.0 - fabs(unit) * 0x1p-20);
    case LARGE: return ldexp(most, -as->exponent) * (1.0 - fabs(unit) * 0x1p-3);
    case LARGE_AFTER_SMALL: return unit * (i % 40000 < 5000 ? 1e-200 : most);
    case MANY_ZEROS: return random_below(random, 300) == 0 ? unit * pow(1e10, unit * 5.0) : 0.0;
    default: return random_below(random, 30) == 0 ? (double)(unit < 0.0 ? NAN : INFINITY) : unit;
    }
}

/* The largest of a type that tests store; of float64 all of them. */
static double most_of(sv_dtype dtype)
{
    int bits = 8 * (int)sv_dtype_itemsize(dtype);
    switch ((sv_type)dtype.type) {
    case SV_F4: return (double)FLT_MAX;
    case SV_F8: return DBL_MAX;
    case SV_IBM4: return 7e75;
    default: return ldexp(1.0, bits - 1) - (bits < 64 ? 1.0 : 0x1p10);
    }
}

static inline bool is_unsigned(sv_dtype dtype)
{
    return dtype.type == SV_U1 || dtype.type == SV_U2 || dtype.type == SV_U3 ||
           dtype.type == SV_U4 || dtype.type == SV_U8;
}

static inline sv_scalar fit(sv_dtype dtype, double x)
{
    double most = most_of(dtype);
    if (dtype.type == SV_IBM4) {
        return sv_scalar_float(isfinite(x) ? fmax(-most, fmin(most, x)) : 0.0);
    }
    if (dtype.type == SV_F4 || dtype.type == SV_F8) {
        return sv_scalar_float(isfinite(x) ? fmax(-most, fmin(most, x)) : x);
    }
    double whole = isfinite(x) ? rint(fmax(-most, fmin(most, x))) : 0.0;
    return sv_scalar_int((int64_t)(is_unsigned(dtype) ? fabs(whole) : whole));
}

static inline sequence open_adverse(struct random *random, adverse how, sv_dtype dtype, int64_t n)
{
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    sequence made = place_sequence(dtype, itemsize, n);
    temper as = draw_temper(random);
    double most = most_of(dtype);
    for (int64_t i = 0; i < n; i++) {
        void *to = made.view.address + i * itemsize;
        if (how == TINY || how == ANY_EXPONENT) {
            store_sample(random, how == TINY ? DENORMAL : LAST_FINITE, dtype, i, to);
            continue;
        }
        sv_scalar value = fit(dtype, draw_adverse(random, how, &as, i, most));
        if (sv_dtype_store(dtype, to, value) != SV_OK) {
            ck_abort_msg("sample %" PRId64 " does not fit its type", i);
        }
    }
    load_values(&made);
    return made;
}

#endif
