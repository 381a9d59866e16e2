/* Edit operations against plain code that computes a whole row in one piece, whatever windows they
 * are computed in; what they read and write; and what they refuse. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "edit/operation.h"
#include "journal/bytes.h"
#include "random.h"
#include "samples.h"
#include "scratch.h"

enum { MOST_SAMPLES = 6000, MOST_OPERATIONS = 6, GUARD = 64 };

/* ---- plain code ------------------------------------------------------------------------------ */

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double plain_median(double *list, int count)
{
    qsort(list, (size_t)count, sizeof *list, compare_numbers);
    double low = list[(count - 1) / 2], high = list[count / 2];
    return isfinite(low + high) ? (low + high) / 2.0 : low / 2.0 + high / 2.0;
}

static double plain_despike(const double *x, int64_t n, int64_t i, double times)
{
    double near[11];
    int count = 0;
    for (int64_t j = i - 5; j <= i + 5; j++) {
        if (j >= 0 && j < n && isfinite(x[j])) {
            near[count++] = x[j] + 0.0;
        }
    }
    if (count == 0 || isnan(x[i])) {
        return x[i];
    }
    double middle = plain_median(near, count);
    for (int j = 0; j < count; j++) {
        near[j] = fabs(near[j] - middle);
    }
    double spread = plain_median(near, count);
    return spread > 0.0 && fabs(x[i] - middle) > times * 1.4826 * spread ? middle : x[i];
}

static double plain_fill(const double *x, int64_t n, int64_t i)
{
    int64_t left = i, right = i;
    while (left >= 0 && !isfinite(x[left])) {
        left--;
    }
    while (right < n && !isfinite(x[right])) {
        right++;
    }
    if (!isnan(x[i]) || (left < 0 && right == n)) {
        return x[i];
    }
    if (left < 0 || right == n) {
        return left < 0 ? x[right] : x[left];
    }
    double part = (double)(i - left) / (double)(right - left);
    double step = x[right] - x[left];
    return isfinite(step) ? x[left] + step * part : (1.0 - part) * x[left] + part * x[right];
}

static double plain_taper(int64_t i, double fraction, int64_t first, int64_t last)
{
    int64_t n = (int64_t)floor(fraction * (double)(last - first));
    int64_t j = i - first < last - 1 - i ? i - first : last - 1 - i;
    long double sine = sinl(3.14159265358979323846L / 2.0L * (long double)j / (long double)n);
    return j < n ? (double)(sine * sine) : 1.0;
}

static double plain_value(const sv_chain *chain, const sv_operation *o, const sv_trend *trend,
                          const double *x, int64_t i)
{
    double value = x[i];
    switch (o->kind) {
    case SV_GAIN: return value * o->value;
    case SV_OFFSET: return value + o->value;
    case SV_INVERT: return -value;
    case SV_DEMEAN:
    case SV_DETREND: sv_trend_subtract(trend, i, 1, &value); return value;
    case SV_CLIP: return value < o->value ? o->value : (value > o->high ? o->high : value);
    case SV_DESPIKE: return plain_despike(x, chain->num_samples, i, o->value);
    case SV_FILL: return isnan(value) ? o->value : value;
    case SV_FILL_LINEAR: return plain_fill(x, chain->num_samples, i);
    case SV_SET: return i == o->index ? o->value : value;
    case SV_TAPER: return value * plain_taper(i, o->value, chain->first, chain->last);
    }
    return value;
}

/* The operations [0, count) on a whole row; `x` has room for the row. */
static void plain_values(const sv_chain *chain, int count, double *x)
{
    static double to[MOST_SAMPLES];
    int measured = 0;
    for (int o = 0; o < count; o++) {
        const sv_operation *operation = &chain->operations[o];
        bool is_measured = operation->kind == SV_DEMEAN || operation->kind == SV_DETREND;
        const sv_trend *trend = is_measured ? &chain->trends[measured++] : NULL;
        for (int64_t i = 0; i < chain->num_samples; i++) {
            bool edited = i >= chain->first && i < chain->last;
            to[i] = edited ? plain_value(chain, operation, trend, x, i) : x[i];
        }
        memcpy(x, to, (size_t)chain->num_samples * sizeof *x);
    }
}

typedef struct limits {
    long double least, most; /* 0 and 0: a float */
} limits;

static limits limits_of(sv_type type)
{
    switch (type) {
    case SV_I1: return (limits){-0x1p7L, 0x1p7L - 1};
    case SV_U1: return (limits){0, 0x1p8L - 1};
    case SV_I2: return (limits){-0x1p15L, 0x1p15L - 1};
    case SV_U2: return (limits){0, 0x1p16L - 1};
    case SV_I3: return (limits){-0x1p23L, 0x1p23L - 1};
    case SV_U3: return (limits){0, 0x1p24L - 1};
    case SV_I4: return (limits){-0x1p31L, 0x1p31L - 1};
    case SV_U4: return (limits){0, 0x1p32L - 1};
    case SV_I8: return (limits){-0x1p63L, 0x1p63L - 1};
    case SV_U8: return (limits){0, 0x1p64L - 1};
    default: return (limits){0, 0};
    }
}

static sv_scalar whole_scalar(long double value)
{
    return value < 0 ? sv_scalar_int((int64_t)value) : sv_scalar_uint((uint64_t)value);
}

/* Stores a value that is not what the sample was; true: it was saturated. */
static bool plain_store(sv_dtype dtype, double was, double now, char *to)
{
    limits of = limits_of((sv_type)dtype.type);
    if (of.most > 0) {
        long double nearest = rintl((long double)now);
        bool saturated = nearest < of.least || nearest > of.most;
        nearest = nearest < of.least ? of.least : (nearest > of.most ? of.most : nearest);
        ck_assert_int_eq(sv_dtype_store(dtype, to, whole_scalar(nearest)), SV_OK);
        return saturated;
    }
    if (sv_dtype_store(dtype, to, sv_scalar_float(now)) == SV_OK) {
        return isinf(now) && !isinf(was);
    }
    double most = dtype.type == SV_F4 ? INFINITY : 0x0.ffffffp252;
    ck_assert_int_eq(sv_dtype_store(dtype, to, sv_scalar_float(copysign(most, now))), SV_OK);
    return dtype.type == SV_IBM4 || !isinf(was);
}

static bool is_same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* The new bytes of all samples that are edited; returns the first that would be a NaN in a type
 * without, else −1. */
static int64_t plain_compute(const sv_chain *chain, const char *from, char *to, sv_changes *changes)
{
    static double was[MOST_SAMPLES], now[MOST_SAMPLES];
    size_t size = sv_dtype_itemsize(chain->dtype);
    bool has_nan = chain->dtype.type == SV_F4 || chain->dtype.type == SV_F8;
    for (int64_t i = 0; i < chain->num_samples; i++) {
        was[i] = sv_scalar_as_f8(sv_dtype_load(chain->dtype, from + (size_t)i * size));
    }
    memcpy(now, was, sizeof now);
    plain_values(chain, chain->count, now);
    for (int64_t i = chain->first; i < chain->last; i++) {
        const char *old = from + (size_t)i * size;
        char *new = to + (size_t)(i - chain->first) * size;
        memcpy(new, old, size);
        if (is_same(was[i], now[i])) {
            continue;
        }
        if (isnan(now[i]) && !has_nan) {
            return i;
        }
        /* Quiet, and without a sign. */
        now[i] = isnan(now[i]) ? (double)NAN : now[i];
        changes->num_saturated += plain_store(chain->dtype, was[i], now[i], new);
        changes->num_changed += memcmp(new, old, size) != 0;
        double change = fabs(sv_scalar_as_f8(sv_dtype_load(chain->dtype, new)) - was[i]);
        changes->largest = change > changes->largest ? change : changes->largest;
    }
    return -1;
}

/* ---- in windows ------------------------------------------------------------------------------ */

/* Computes a row in random windows, which are stored some at a time, as an edit does, and now and
 * then with the walk begun anew from the last context, as recovery does. */
typedef struct windows {
    const sv_chain *chain;
    struct random *random;
    int64_t longest;
    char *row; /* becomes the new samples */
    sv_changes changes;
    sv_status status;
    sv_error error;
} windows;

static void store_windows(windows *w, const char *new, int64_t first, int64_t last)
{
    size_t size = sv_dtype_itemsize(w->chain->dtype);
    memcpy(w->row + (size_t)first * size, new, (size_t)(last - first) * size);
}

static sv_walk *open_walk(const windows *w, const sv_view *row)
{
    sv_walk *walk;
    sv_error error;
    sv_status status = sv_walk_open(w->chain, row, &walk, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    return walk;
}

static void compute_windows(windows *w)
{
    const sv_chain *chain = w->chain;
    size_t size = sv_dtype_itemsize(chain->dtype);
    static char pending[8 * MOST_SAMPLES], old[8 * MOST_SAMPLES];
    char *context = malloc(sv_context_room(chain) + 1);
    sv_buffer *buffer;
    sv_view row;
    ck_assert_int_eq(sv_buffer_borrow(w->row, (size_t)chain->num_samples * size, &buffer, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, chain->dtype, &row, NULL), SV_OK);
    sv_walk *walk = open_walk(w, &row);
    int64_t stored = chain->first;
    for (int64_t first = chain->first; first < chain->last && w->status == SV_OK;) {
        int64_t most = chain->last - first < w->longest ? chain->last - first : w->longest;
        int64_t count = 1 + (int64_t)random_below(w->random, (uint64_t)most);
        char *new = pending + (size_t)(first - stored) * size;
        size_t used = sv_walk_context(walk, count, context);
        require(used <= sv_context_room(chain), "room for the context");
        memcpy(old, w->row + (size_t)first * size, (size_t)count * size);
        w->status = sv_chain_compute(chain, first, count, context, used, old, (ptrdiff_t)size, new,
                                     &w->changes, &w->error);
        if (random_below(w->random, 3) == 0) {
            if (random_below(w->random, 2) == 0) {
                sv_walk_close(walk);
                walk = open_walk(w, &row);
            }
            require(sv_walk_resume(walk, first, count, context, used, old, NULL) == SV_OK,
                    "resumed");
        }
        first += count;
        if (random_below(w->random, 2) == 0 || first == chain->last) {
            store_windows(w, pending, stored, first);
            stored = first;
        }
    }
    sv_walk_close(walk);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    free(context);
}

/* Plain code and windows must agree on every byte and every count. */
static void compare(const sv_chain *chain, const char *samples, struct random *random,
                    int64_t longest)
{
    size_t size = sv_dtype_itemsize(chain->dtype);
    static char expected[8 * MOST_SAMPLES], row[8 * MOST_SAMPLES];
    sv_changes changes = {0};
    windows w = {.chain = chain, .random = random, .longest = longest, .row = row};
    memcpy(row, samples, (size_t)chain->num_samples * size);
    int64_t nan = plain_compute(chain, samples, expected, &changes);
    compute_windows(&w);
    if (nan >= 0) {
        char words[64];
        snprintf(words, sizeof words, "sample %lld would become NaN", (long long)nan);
        ck_assert_int_eq(w.status, SV_RANGE);
        ck_assert_ptr_nonnull(strstr(w.error.message, words));
        return;
    }
    ck_assert_msg(w.status == SV_OK, "%s", w.error.message);
    ck_assert_mem_eq(row, samples, (size_t)chain->first * size);
    ck_assert_mem_eq(row + (size_t)chain->last * size, samples + (size_t)chain->last * size,
                     (size_t)(chain->num_samples - chain->last) * size);
    for (int64_t i = chain->first; i < chain->last; i++) {
        const char *is = row + (size_t)i * size;
        const char *should = expected + (size_t)(i - chain->first) * size;
        if (memcmp(is, should, size) != 0) {
            char type[SV_DTYPE_TEXT_SIZE], text[SV_OPERATION_TEXT_SIZE];
            for (int o = 0; o < chain->count; o++) {
                puts(sv_operation_text(&chain->operations[o], text));
            }
            fflush(stdout);
            ck_abort_msg("%s, sample %lld of %lld: %.17g instead of %.17g, from %.17g",
                         sv_dtype_text(chain->dtype, type), (long long)i,
                         (long long)chain->num_samples,
                         sv_scalar_as_f8(sv_dtype_load(chain->dtype, is)),
                         sv_scalar_as_f8(sv_dtype_load(chain->dtype, should)),
                         sv_scalar_as_f8(sv_dtype_load(chain->dtype, samples + (size_t)i * size)));
        }
    }
    ck_assert_int_eq(w.changes.num_changed, changes.num_changed);
    ck_assert_int_eq(w.changes.num_saturated, changes.num_saturated);
    ck_assert_double_eq(w.changes.largest, changes.largest);
}

/* ---- random chains --------------------------------------------------------------------------- */

static double any_number(struct random *random)
{
    static const double some[] = {0.0, 1.0, -1.0, 0.5, 1e-9, 2.5e9, 1e300, -1e300, 3.0, 127.5};
    uint64_t draw = random_below(random, 20);
    return draw < 10 ? some[draw] : 100.0 * random_unit(random);
}

static sv_operation any_operation(struct random *random, const sv_chain *chain, bool may_fill)
{
    sv_operation o = {.value = any_number(random)};
    o.kind = (sv_operation_kind)(1 + random_below(random, 11));
    int64_t width = chain->last - chain->first;
    switch (o.kind) {
    case SV_CLIP: o.high = o.value + fabs(any_number(random)); break;
    case SV_DESPIKE: o.value = 0.1 + 4.0 * fabs(random_unit(random)); break;
    case SV_TAPER: o.value = 0.5 * fabs(random_unit(random)); break;
    case SV_DETREND: o.order = (int)random_below(random, 6); break;
    case SV_SET: o.index = chain->first + (int64_t)random_below(random, (uint64_t)width); break;
    case SV_FILL_LINEAR: o.kind = may_fill ? SV_FILL_LINEAR : SV_DESPIKE; break;
    default: break;
    }
    return o;
}

static sv_trend any_trend(struct random *random)
{
    sv_trend trend = {.order = 1, .exponent = 12, .twice_centre = 4000};
    trend.offset = any_number(random);
    trend.coefficients[0] = 1e-9 * random_unit(random);
    trend.coefficients[1] = random_unit(random);
    return trend;
}

/* Gaps are short or long, of NaN or with infinities in them; some rows have few values. */
static void any_samples(struct random *random, sv_dtype dtype, int64_t n, char *to)
{
    size_t size = sv_dtype_itemsize(dtype);
    uint64_t gaps = random_below(random, 3), length = random_below(random, 2) == 0 ? 4 : 300;
    bool few = random_below(random, 4) == 0, missing = false;
    for (int64_t i = 0; i < n; i++) {
        bool turns = gaps > 0 && random_below(random, missing ? length : 3 * length / 2) == 0;
        missing = turns ? !missing : missing;
        double value = random_below(random, 30) == 0 ? 1e4 : 100.0 * random_unit(random);
        value = random_below(random, 100) == 0 ? any_number(random) : value;
        value = few ? copysign(rint(value / 100.0), value) : value;
        value = missing && gaps == 1 ? NAN : value;
        value = missing && gaps == 2 && random_below(random, 5) != 0 ? NAN : value;
        value = random_below(random, 100) == 0 ? INFINITY : value;
        if (sv_dtype_store(dtype, to + (size_t)i * size, sv_scalar_float(value)) != SV_OK) {
            uint64_t bits = random_bits(random);
            memcpy(to + (size_t)i * size, &bits, size);
        }
    }
}

/* Taper is left to a test of its own: the plain code's sine differs in the last bit. */
static void one_random_chain(struct random *random, sv_dtype dtype, int64_t longest_row)
{
    static char samples[8 * MOST_SAMPLES];
    sv_operation operations[MOST_OPERATIONS];
    sv_trend trends[MOST_OPERATIONS];
    sv_chain chain = {.operations = operations, .trends = trends, .dtype = dtype};
    bool may_fill = true;
    chain.num_samples = 1 + (int64_t)random_below(random, (uint64_t)longest_row);
    chain.first = (int64_t)random_below(random, (uint64_t)chain.num_samples);
    chain.first = random_below(random, 2) == 0 ? 0 : chain.first;
    chain.last = chain.first + 1 +
                 (int64_t)random_below(random, (uint64_t)(chain.num_samples - chain.first));
    chain.count = 1 + (int)random_below(random, MOST_OPERATIONS);
    for (int i = 0; i < chain.count; i++) {
        do {
            operations[i] = any_operation(random, &chain, may_fill);
        } while (operations[i].kind == SV_TAPER);
        may_fill = may_fill && operations[i].kind != SV_FILL_LINEAR;
        trends[i] = any_trend(random);
    }
    any_samples(random, dtype, chain.num_samples, samples);
    require(sv_operations_check(operations, chain.count, dtype, chain.first, chain.last, NULL) ==
                SV_OK,
            "they make sense");
    compare(&chain, samples, random, 1 + (int64_t)random_below(random, (uint64_t)longest_row));
}

START_TEST(windows_do_not_change_a_bit_in_any_type)
{
    struct random random = random_begin("windows");
    for (sv_type type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        for (int order = 0; order < 2; order++) {
            sv_dtype dtype = sv_dtype_make(type, order == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
            for (int round = 0; round < 150; round++) {
                one_random_chain(&random, dtype, round % 15 == 0 ? MOST_SAMPLES : 60);
            }
        }
    }
}
END_TEST

/* Where a gap begins and ends, the fill needs what the operation before it makes of the samples
 * around, and the operation behind it needs what it makes of them. */
START_TEST(a_fill_between_operations_that_look_to_the_sides)
{
    struct random random = random_begin("between");
    static char samples[8 * MOST_SAMPLES];
    for (int round = 0; round < 1500; round++) {
        const sv_operation operations[] = {{.kind = SV_DESPIKE, .value = 0.3},
                                           {.kind = SV_FILL_LINEAR},
                                           {.kind = SV_DESPIKE, .value = 0.5}};
        sv_chain chain = {operations, 3, NULL, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), 0, 40, 40};
        chain.count = 2 + round % 2;
        for (int64_t i = 0; i < 40; i++) {
            double x = random_below(&random, 2) == 0 ? NAN : 100.0 * random_unit(&random);
            memcpy(samples + 8 * i, &x, 8);
        }
        compare(&chain, samples, &random, 6);
    }
}
END_TEST

/* Samples that lie close together in memory take another way than others. */
START_TEST(the_fast_way_gives_the_same_bits)
{
    enum { N = 3001, PLAIN = 7 };
    static const sv_operation_kind plain[PLAIN] = {SV_GAIN,    SV_OFFSET, SV_INVERT, SV_DEMEAN,
                                                   SV_DETREND, SV_CLIP,   SV_FILL};
    struct random random = random_begin("fast");
    static char dense[4 * N], apart[8 * N], to[4 * N], expected[4 * N];
    for (int round = 0; round < 400; round++) {
        sv_operation operations[MOST_OPERATIONS];
        sv_trend trends[MOST_OPERATIONS];
        sv_chain chain = {operations, 1 + (int)random_below(&random, MOST_OPERATIONS),
                          trends,     sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN),
                          0,          N,
                          N};
        for (int i = 0; i < chain.count; i++) {
            operations[i] = any_operation(&random, &chain, false);
            operations[i].kind = plain[random_below(&random, PLAIN)];
            operations[i].high = operations[i].value + 20.0;
            trends[i] = any_trend(&random);
            trends[i].order = (int)random_below(&random, 7) - 1;
        }
        bool is_clean = round % 3 == 0;
        for (int i = 0; i < N; i++) {
            double x = sample_f8(&random, is_clean ? NOISE : SPRINKLED, i);
            require(sv_dtype_store(chain.dtype, dense + 4 * i, sv_scalar_float(x)) == SV_OK,
                    "it fits");
            memcpy(apart + 8 * i, dense + 4 * i, 4);
        }
        int64_t first = (int64_t)random_below(&random, N);
        int64_t count = (int64_t)random_below(&random, (uint64_t)(N - first + 1));
        sv_changes changes = {0}, others = {0};
        ck_assert_int_eq(sv_chain_compute(&chain, first, count, NULL, 0, dense + 4 * first, 4, to,
                                          &changes, NULL),
                         SV_OK);
        ck_assert_int_eq(sv_chain_compute(&chain, first, count, NULL, 0, apart + 8 * first, 8,
                                          expected, &others, NULL),
                         SV_OK);
        ck_assert_mem_eq(to, expected, (size_t)count * 4);
        ck_assert_int_eq(changes.num_changed, others.num_changed);
        ck_assert_int_eq(changes.num_saturated, others.num_saturated);
        ck_assert_double_eq(changes.largest, others.largest);
    }
}
END_TEST

/* ---- single operations -------------------------------------------------------------------------
 */

/* Parses, computes in one piece, and compares with what is expected. */
static sv_changes edit_f8(const char *name, const char *argument, const double *from, int64_t n,
                          double *to)
{
    sv_operation operation;
    sv_error error = {.message = ""};
    sv_status status = sv_operation_parse(name, argument, &operation, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    sv_changes changes = {0};
    sv_chain chain = {&operation, 1, NULL, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), 0, n, n};
    char context[64];
    sv_buffer *buffer;
    sv_view row;
    sv_walk *walk;
    ck_assert_int_eq(sv_buffer_borrow_const(from, (size_t)n * 8, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, chain.dtype, &row, NULL), SV_OK);
    ck_assert_int_eq(sv_walk_open(&chain, &row, &walk, NULL), SV_OK);
    size_t used = sv_walk_context(walk, n, context);
    ck_assert_uint_le(used, sizeof context);
    status = sv_chain_compute(&chain, 0, n, context, used, from, 8, to, &changes, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    sv_walk_close(walk);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    return changes;
}

static void expect_f8(const char *name, const char *argument, const double *from,
                      const double *expected, int64_t n)
{
    double to[64];
    edit_f8(name, argument, from, n, to);
    for (int64_t i = 0; i < n; i++) {
        ck_assert_msg(is_same(to[i], expected[i]), "--%s %s: %.17g instead of %.17g at %lld", name,
                      argument != NULL ? argument : "", to[i], expected[i], (long long)i);
    }
}

START_TEST(each_operation_does_what_its_name_says)
{
    const double x[] = {1.0, -2.0, 0.0, NAN, 4.5, INFINITY};
    expect_f8("gain", "-2", x, (const double[]){-2.0, 4.0, -0.0, NAN, -9.0, -INFINITY}, 6);
    expect_f8("offset", "0.5", x, (const double[]){1.5, -1.5, 0.5, NAN, 5.0, INFINITY}, 6);
    expect_f8("invert", NULL, x, (const double[]){-1.0, 2.0, -0.0, NAN, -4.5, -INFINITY}, 6);
    expect_f8("clip", "-1,2", x, (const double[]){1.0, -1.0, 0.0, NAN, 2.0, 2.0}, 6);
    expect_f8("clip", "0.5,inf", x, (const double[]){1.0, 0.5, 0.5, NAN, 4.5, INFINITY}, 6);
    expect_f8("fill-nan", "7", x, (const double[]){1.0, -2.0, 0.0, 7.0, 4.5, INFINITY}, 6);
    expect_f8("fill-nan", "linear", x, (const double[]){1.0, -2.0, 0.0, 2.25, 4.5, INFINITY}, 6);
    expect_f8("set", "0=999", x, (const double[]){999.0, -2.0, 0.0, NAN, 4.5, INFINITY}, 6);
    expect_f8("set", "1=nan", x, (const double[]){1.0, NAN, 0.0, NAN, 4.5, INFINITY}, 6);
    expect_f8("taper", "0", x, x, 6);
}
END_TEST

START_TEST(a_linear_fill_at_the_ends_repeats_the_nearest_sample)
{
    const double x[] = {NAN, NAN, 3.0, INFINITY, NAN, 5.0, NAN};
    expect_f8("fill-nan", "linear", x,
              (const double[]){3.0, 3.0, 3.0, INFINITY, 3.0 + 2.0 * (2.0 / 3.0), 5.0, 5.0}, 7);
    const double none[] = {NAN, -INFINITY, NAN};
    expect_f8("fill-nan", "linear", none, none, 3);
    const double far[] = {-DBL_MAX, NAN, DBL_MAX};
    expect_f8("fill-nan", "linear", far, (const double[]){-DBL_MAX, 0.0, DBL_MAX}, 3);
}
END_TEST

START_TEST(despike_takes_the_median_of_eleven)
{
    double x[25], expected[25];
    for (int i = 0; i < 25; i++) {
        x[i] = expected[i] = i % 4;
    }
    x[0] = 50.0; /* of 0 1 2 3 0 1 with itself instead of the first 0: 50 1 2 3 0 1 */
    expected[0] = 1.5;
    x[12] = -40.0;
    expected[12] = 1.0; /* 3 0 1 2 3 −40 1 2 3 0 1 */
    x[20] = INFINITY;   /* 3 0 1 2 3 1 2 3 0 and itself, which is left out */
    expected[20] = 2.0;
    expect_f8("despike", "5", x, expected, 25);
    double flat[] = {2.0, 2.0, 2.0, 9.0, 2.0, 2.0, 2.0};
    expect_f8("despike", "0.1", flat, flat, 7);
    double lone[] = {NAN, INFINITY, NAN};
    expect_f8("despike", "3", lone, lone, 3);
}
END_TEST

START_TEST(taper_is_a_cosine_at_both_ends)
{
    enum { N = 1001 };
    double x[N], to[N];
    for (int i = 0; i < N; i++) {
        x[i] = 1.0;
    }
    edit_f8("taper", "0.1", x, N, to);
    for (int i = 0; i < N; i++) {
        ck_assert_double_eq_tol(to[i], plain_taper(i, 0.1, 0, N), 2e-16);
        ck_assert(is_same(to[i], to[N - 1 - i]));
    }
    ck_assert_double_eq(to[0], 0.0);
    ck_assert_double_eq(to[100], 1.0);
    edit_f8("taper", "0.5", x, N, to);
    ck_assert_double_eq(to[500], 1.0);
    ck_assert_double_lt(to[499], 1.0);
}
END_TEST

START_TEST(a_chain_is_in_the_order_given_and_rounded_once)
{
    const int16_t from[] = {100, -3, 32767};
    const sv_operation chains[][2] = {
        {{.kind = SV_GAIN, .value = 0.1}, {.kind = SV_GAIN, .value = 10.0}},
        {{.kind = SV_OFFSET, .value = 1.0}, {.kind = SV_GAIN, .value = 2.0}},
        {{.kind = SV_GAIN, .value = 2.0}, {.kind = SV_OFFSET, .value = 1.0}}};
    const int16_t expected[][3] = {{100, -3, 32767}, {202, -4, 32767}, {201, -5, 32767}};
    for (int c = 0; c < 3; c++) {
        int16_t to[3];
        sv_changes changes = {0};
        sv_chain chain = {chains[c], 2, NULL, sv_dtype_make(SV_I2, SV_NATIVE_ENDIAN), 0, 3, 3};
        ck_assert_int_eq(sv_chain_compute(&chain, 0, 3, NULL, 0, from, 2, to, &changes, NULL),
                         SV_OK);
        ck_assert_mem_eq(to, expected[c], sizeof to);
        ck_assert_int_eq(changes.num_saturated, c > 0);
        ck_assert_int_eq(changes.num_changed, c > 0 ? 2 : 0);
        ck_assert_double_eq(changes.largest, c == 0 ? 0.0 : (c == 1 ? 102.0 : 101.0));
    }
}
END_TEST

/* Half to even, and the ends of the range. */
START_TEST(integers_are_rounded_to_even_and_saturate)
{
    const double x[] = {0.5, 1.5, -0.5, -1.5, 126.5, 127.49, 127.5, -128.5, -128.51, 300.0};
    const int8_t expected[] = {0, 2, 0, -2, 126, 127, 127, -128, -128, 127};
    const bool saturated[] = {0, 0, 0, 0, 0, 0, 1, 0, 1, 1};
    for (int i = 0; i < 10; i++) {
        sv_operation set = {.kind = SV_SET, .value = x[i]};
        sv_chain chain = {&set, 1, NULL, sv_dtype_make(SV_I1, SV_NATIVE_ENDIAN), 0, 1, 1};
        sv_changes changes = {0};
        int8_t from = 55, to;
        ck_assert_int_eq(sv_chain_compute(&chain, 0, 1, NULL, 0, &from, 1, &to, &changes, NULL),
                         SV_OK);
        ck_assert_int_eq(to, expected[i]);
        ck_assert_int_eq(changes.num_saturated, saturated[i]);
    }
}
END_TEST

/* 2^53 + 1 is no float64; only what is set may change. And a NaN keeps its bits. */
START_TEST(what_is_not_changed_keeps_its_bytes)
{
    const int64_t from[] = {INT64_C(9007199254740993), INT64_MAX, 5};
    int64_t to[3];
    sv_changes changes = {0};
    sv_operation set = {.kind = SV_SET, .index = 2, .value = 1e30};
    sv_chain chain = {&set, 1, NULL, sv_dtype_make(SV_I8, SV_NATIVE_ENDIAN), 0, 3, 3};
    ck_assert_int_eq(sv_chain_compute(&chain, 0, 3, NULL, 0, from, 8, to, &changes, NULL), SV_OK);
    ck_assert_mem_eq(to, from, 16);
    ck_assert(to[2] == INT64_MAX);
    ck_assert_int_eq(changes.num_changed, 1);
    ck_assert_int_eq(changes.num_saturated, 1);

    const uint32_t nans[] = {0x7f800001, 0xffc12345, 0x7fc00000};
    uint32_t new[3];
    sv_operation gain = {.kind = SV_GAIN, .value = -2.0};
    chain = (sv_chain){&gain, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 0, 3, 3};
    changes = (sv_changes){0};
    ck_assert_int_eq(sv_chain_compute(&chain, 0, 3, NULL, 0, nans, 4, new, &changes, NULL), SV_OK);
    ck_assert_mem_eq(new, nans, sizeof nans);
    ck_assert_int_eq(changes.num_changed, 0);
}
END_TEST

/* Processors differ in the sign that they give a NaN they make. */
START_TEST(a_new_nan_is_the_same_everywhere)
{
    const float from = INFINITY;
    uint32_t to;
    sv_changes changes = {0};
    sv_operation gain = {.kind = SV_GAIN, .value = 0.0};
    sv_chain chain = {&gain, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 0, 1, 1};
    ck_assert_int_eq(sv_chain_compute(&chain, 0, 1, NULL, 0, &from, 4, &to, &changes, NULL), SV_OK);
    ck_assert_uint_eq(to, 0x7fc00000);
    const double wide = INFINITY;
    uint64_t bits;
    chain.dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    ck_assert_int_eq(sv_chain_compute(&chain, 0, 1, NULL, 0, &wide, 8, &bits, &changes, NULL),
                     SV_OK);
    ck_assert_uint_eq(bits, UINT64_C(0x7ff8000000000000));
    ck_assert_int_eq(changes.num_changed, 2);
    ck_assert_double_eq(changes.largest, 0.0);
}
END_TEST

START_TEST(a_float_that_overflows_is_counted)
{
    const float from[] = {1e30F, INFINITY, NAN};
    float to[3];
    sv_changes changes = {0};
    sv_operation gain = {.kind = SV_GAIN, .value = -1e20};
    sv_chain chain = {&gain, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 0, 3, 3};
    ck_assert_int_eq(sv_chain_compute(&chain, 0, 3, NULL, 0, from, 4, to, &changes, NULL), SV_OK);
    ck_assert(isinf(to[0]) && to[0] < 0.0F && isinf(to[1]) && isnan(to[2]));
    ck_assert_int_eq(changes.num_saturated, 1);
    ck_assert_int_eq(changes.num_changed, 2);
    ck_assert(isinf(changes.largest));
}
END_TEST

START_TEST(a_nan_that_has_no_place_is_refused_with_its_sample)
{
    static const sv_type types[] = {SV_I2, SV_U8, SV_IBM4};
    const sv_operation operations[] = {{.kind = SV_GAIN, .value = 1e300},
                                       {.kind = SV_GAIN, .value = 1e300},
                                       {.kind = SV_GAIN, .value = 0.0}};
    for (int i = 0; i < 3; i++) {
        sv_dtype dtype = sv_dtype_make(types[i], SV_NATIVE_ENDIAN);
        char from[8 * 1500] = {0}, to[8 * 1500];
        size_t size = sv_dtype_itemsize(dtype);
        sv_error error = {.message = ""};
        sv_changes changes = {0};
        ck_assert_int_eq(sv_dtype_store(dtype, from + 1234 * size, sv_scalar_float(1e5)),
                         types[i] == SV_I2 ? SV_RANGE : SV_OK);
        sv_dtype_store(dtype, from + 1234 * size, sv_scalar_float(9.0));
        sv_chain chain = {operations, 3, NULL, dtype, 100, 1600, 1600};
        ck_assert_int_eq(sv_chain_compute(&chain, 100, 1500, NULL, 0, from, (ptrdiff_t)size, to,
                                          &changes, &error),
                         SV_RANGE);
        ck_assert_ptr_nonnull(strstr(error.message, "sample 1334 would become NaN"));
    }
}
END_TEST

/* ---- refusals ----------------------------------------------------------------------------------
 */

START_TEST(arguments_that_make_no_sense_are_refused)
{
    static const char *const bad[][2] = {
        {"gain", NULL},
        {"gain", "x"},
        {"gain", "nan"},
        {"gain", "inf"},
        {"gain", "1e999"},
        {"gain", ""},
        {"gain", "1 "},
        {"offset", "-inf"},
        {"invert", "1"},
        {"demean", "0"},
        {"detrend", "6"},
        {"detrend", "-1"},
        {"detrend", "1.5"},
        {"detrend", "01"},
        {"detrend", ""},
        {"clip", "1"},
        {"clip", "2,1"},
        {"clip", "nan,1"},
        {"clip", "1,nan"},
        {"clip", ",1"},
        {"clip", "1,"},
        {"clip", "1,2,3"},
        {"despike", "0"},
        {"despike", "-1"},
        {"despike", "inf"},
        {"despike", NULL},
        {"fill-nan", "cubic"},
        {"fill-nan", "nan"},
        {"fill-nan", "inf"},
        {"fill-nan", NULL},
        {"set", "1"},
        {"set", "-1=5"},
        {"set", "1.5=5"},
        {"set", "=5"},
        {"set", "5="},
        {"set", "1=2=3"},
        {"taper", "0.6"},
        {"taper", "-0.1"},
        {"taper", "nan"},
        {"smooth", "3"},
        {"set", "99999999999999999999=1"},
        {"clip", "1;2"},
        {"set", "000000000000000000000000000000000000000000000001=5"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sv_operation operation = {.kind = SV_SET, .index = 77};
        sv_error error = {.message = ""};
        sv_status status = sv_operation_parse(bad[i][0], bad[i][1], &operation, &error);
        ck_assert_msg(status == SV_INVALID, "--%s %s", bad[i][0], bad[i][1]);
        ck_assert_ptr_nonnull(strstr(error.message, bad[i][0]));
        ck_assert_int_eq(operation.index, 77);
        ck_assert_int_eq(sv_operation_parse(bad[i][0], bad[i][1], &operation, NULL), SV_INVALID);
    }
}
END_TEST

static void refused(const sv_operation *operations, int count, sv_type type, sv_status status,
                    const char *words)
{
    sv_error error = {.message = ""};
    sv_dtype dtype = sv_dtype_make(type, SV_BIG_ENDIAN);
    ck_assert_int_eq(sv_operations_check(operations, count, dtype, 10, 20, &error), status);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
}

START_TEST(chains_that_make_no_sense_are_refused)
{
    sv_operation set = {.kind = SV_SET, .index = 10, .value = NAN};
    refused(&set, 1, SV_I2, SV_INVALID, "sample 10 cannot be set to NaN: >i2 has none");
    refused(&set, 1, SV_IBM4, SV_INVALID, ">ibm4 has none");
    refused(&set, 0, SV_F4, SV_INVALID, "there is no operation");
    ck_assert_int_eq(sv_operations_check(&set, 1, sv_dtype_make(SV_F4, 0), 10, 20, NULL), SV_OK);
    set.index = 9;
    refused(&set, 1, SV_F4, SV_RANGE, "sample 9 is to be set, but samples 10 to 20 are edited");
    set.index = 20;
    refused(&set, 1, SV_F4, SV_RANGE, "sample 20");
    sv_operation fills[2] = {{.kind = SV_FILL_LINEAR}, {.kind = SV_FILL_LINEAR}};
    refused(fills, 2, SV_F4, SV_INVALID, "twice");
    sv_operation despikes[SV_MOST_DESPIKES + 1];
    for (int i = 0; i <= SV_MOST_DESPIKES; i++) {
        despikes[i] = (sv_operation){.kind = SV_DESPIKE, .value = 3.0};
    }
    refused(despikes, SV_MOST_DESPIKES + 1, SV_F4, SV_INVALID, "more than 8 times");
    ck_assert_int_eq(
        sv_operations_check(despikes, SV_MOST_DESPIKES, sv_dtype_make(SV_F4, 0), 10, 20, NULL),
        SV_OK);
}
END_TEST

START_TEST(a_context_of_another_window_is_refused)
{
    sv_operation despike = {.kind = SV_DESPIKE, .value = 3.0};
    sv_chain chain = {&despike, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 10, 90, 100};
    float from[100] = {0.0F}, to[100];
    char context[400] = {0};
    sv_changes changes = {0};
    ck_assert_uint_eq(sv_context_room(&chain), 40);
    ck_assert_int_eq(sv_chain_compute(&chain, 20, 10, context, 40, from, 4, to, &changes, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_chain_compute(&chain, 20, 10, context, 39, from, 4, to, &changes, NULL),
                     SV_FORMAT);
    ck_assert_int_eq(sv_chain_compute(&chain, 9, 10, context, 40, from, 4, to, &changes, NULL),
                     SV_FORMAT);
    ck_assert_int_eq(sv_chain_compute(&chain, 81, 10, context, 40, from, 4, to, &changes, NULL),
                     SV_FORMAT);
    ck_assert_int_eq(sv_chain_compute(&chain, 20, -1, context, 40, from, 4, to, &changes, NULL),
                     SV_FORMAT);
    ck_assert_int_eq(
        sv_chain_compute(&chain, 20, INT64_MAX, context, 40, from, 4, to, &changes, NULL),
        SV_FORMAT);
}
END_TEST

/* ---- as bytes and as text ----------------------------------------------------------------------
 */

static const char *const every_operation[][2] = {
    {"gain", "2.5e-09"},    {"offset", "-3"},
    {"invert", NULL},       {"demean", NULL},
    {"detrend", "5"},       {"clip", "-inf,4"},
    {"despike", "6.5"},     {"fill-nan", "0"},
    {"fill-nan", "linear"}, {"set", "1099511627776=999"},
    {"taper", "0.05"},
};
enum { NUM_EVERY = sizeof every_operation / sizeof every_operation[0] };

static void parse_every(sv_operation operations[NUM_EVERY])
{
    for (int i = 0; i < NUM_EVERY; i++) {
        ck_assert_int_eq(
            sv_operation_parse(every_operation[i][0], every_operation[i][1], &operations[i], NULL),
            SV_OK);
    }
}

START_TEST(anchors_that_cannot_be_are_refused)
{
    sv_operation fill = {.kind = SV_FILL_LINEAR};
    sv_chain chain = {&fill, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 0, 100, 100};
    static const struct {
        int64_t left, right;
        double value;
        sv_status status;
    } cases[] = {
        {9, 20, 1.0, SV_OK},
        {-1, -1, 0.0, SV_OK},
        {10, 20, 1.0, SV_FORMAT},
        {9, 19, 1.0, SV_FORMAT},
        {-2, 20, 1.0, SV_FORMAT},
        {9, 100, 1.0, SV_FORMAT},
        {9, -2, 1.0, SV_FORMAT},
        {INT64_MIN, 20, 1.0, SV_FORMAT},
        {9, INT64_MAX, 1.0, SV_FORMAT},
        {9, 20, NAN, SV_FORMAT},
    };
    float from[10] = {NAN}, to[10];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char context[32];
        sv_changes changes = {0};
        sv_put_u8(context, (uint64_t)cases[i].left);
        sv_put_f8(context + 8, cases[i].value);
        sv_put_u8(context + 16, (uint64_t)cases[i].right);
        sv_put_f8(context + 24, cases[i].value);
        ck_assert_int_eq(sv_chain_compute(&chain, 10, 10, context, 32, from, 4, to, &changes, NULL),
                         cases[i].status);
    }
}
END_TEST

START_TEST(operations_are_told_as_they_were_given)
{
    sv_operation operations[NUM_EVERY];
    parse_every(operations);
    for (int i = 0; i < NUM_EVERY; i++) {
        char text[SV_OPERATION_TEXT_SIZE], expected[SV_OPERATION_TEXT_SIZE];
        const char *argument = every_operation[i][1];
        snprintf(expected, sizeof expected, "--%s%s%s", every_operation[i][0],
                 argument != NULL ? "=" : "", argument != NULL ? argument : "");
        ck_assert_str_eq(sv_operation_text(&operations[i], text), expected);
        ck_assert_int_eq(operations[i].kind, i + 1);
    }
    ck_assert_int_eq(operations[4].order, 5);
    sv_operation line;
    ck_assert_int_eq(sv_operation_parse("detrend", NULL, &line, NULL), SV_OK);
    ck_assert_int_eq(line.order, 1);
}
END_TEST

START_TEST(operations_come_back_from_their_bytes)
{
    sv_operation operations[NUM_EVERY], *read;
    int count;
    parse_every(operations);
    size_t size = sv_operations_size(NUM_EVERY);
    char *bytes = malloc(size);
    sv_operations_encode(operations, NUM_EVERY, bytes);
    ck_assert_int_eq(sv_operations_decode(bytes, size, &read, &count, NULL), SV_OK);
    ck_assert_int_eq(count, NUM_EVERY);
    for (int i = 0; i < NUM_EVERY; i++) {
        ck_assert_int_eq(read[i].kind, operations[i].kind);
        ck_assert_int_eq(read[i].order, operations[i].order);
        ck_assert_int_eq(read[i].index, operations[i].index);
        ck_assert_double_eq(read[i].value, operations[i].value);
        ck_assert_double_eq(read[i].high, operations[i].high);
    }
    sv_free(read);
    /* The layout, to the byte: the gain of 2.5e-9. */
    static const unsigned char first[] = {1, 0, 0, 0, NUM_EVERY, 0, 0, 0, 1, 0, 0, 0,
                                          0, 0, 0, 0, 0,         0, 0, 0, 0, 0, 0, 0};
    ck_assert_mem_eq(bytes, first, sizeof first);
    free(bytes);
}
END_TEST

static void not_operations(const char *bytes, size_t size, const char *words)
{
    sv_operation *read = NULL;
    int count = -5;
    sv_error error = {.message = ""};
    ck_assert_int_eq(sv_operations_decode(bytes, size, &read, &count, &error), SV_FORMAT);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(count, -5);
}

START_TEST(bytes_that_are_no_operations_are_refused)
{
    sv_operation operations[NUM_EVERY];
    char bytes[8 + 32 * NUM_EVERY], broken[sizeof bytes];
    parse_every(operations);
    sv_operations_encode(operations, NUM_EVERY, bytes);
    for (size_t size = 0; size < sizeof bytes; size++) {
        not_operations(bytes, size, size < 8 ? "version" : "size");
    }
    static const struct {
        size_t byte;
        char value;
        const char *words;
    } faults[] = {
        {0, 2, "version"},      {3, 1, "version"},
        {4, 3, "size"},         {7, 1, "size"},
        {8, 0, "operation 0"},  {8, 12, "operation 0"},
        {10, 1, "operation 0"}, {8 + 32 * 4 + 1, 6, "operation 4"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        memcpy(broken, bytes, sizeof bytes);
        broken[faults[i].byte] = faults[i].value;
        not_operations(broken, sizeof broken, faults[i].words);
    }
    struct random random = random_begin("bytes");
    for (int round = 0; round < 20000; round++) {
        sv_operation *read = NULL;
        int count;
        memcpy(broken, bytes, sizeof bytes);
        broken[random_below(&random, sizeof bytes)] = (char)random_bits(&random);
        if (sv_operations_decode(broken, sizeof broken, &read, &count, NULL) == SV_OK) {
            sv_free(read);
        }
    }
}
END_TEST

START_TEST(trends_come_back_from_their_bytes)
{
    sv_trend trend = {3, 41, INT64_C(1) << 41, 1e9, {1e-8, 2.0, -3.0, 0.5}}, read;
    char bytes[72];
    ck_assert_uint_eq(sv_trend_bytes(SV_TREND_MOST_ORDER), sizeof bytes);
    for (int i = 0; i < 2; i++) {
        sv_trend_encode(&trend, SV_TREND_MOST_ORDER, bytes);
        ck_assert_int_eq(sv_trend_decode(bytes, SV_TREND_MOST_ORDER, &read, NULL), SV_OK);
        ck_assert_int_eq(read.order, trend.order);
        ck_assert_int_eq(read.exponent, trend.exponent);
        ck_assert_int_eq(read.twice_centre, trend.twice_centre);
        ck_assert_double_eq(read.offset, trend.offset);
        ck_assert_mem_eq(read.coefficients, trend.coefficients, sizeof trend.coefficients);
        trend = (sv_trend){.order = -1};
    }
    static const size_t at[] = {0, 1, 5, 15};
    for (int i = 0; i < 4; i++) {
        sv_error error;
        sv_trend_encode(&trend, SV_TREND_MOST_ORDER, bytes);
        bytes[at[i]] = (char)0x85;
        ck_assert_int_eq(sv_trend_decode(bytes, SV_TREND_MOST_ORDER, &read, &error), SV_FORMAT);
        ck_assert_str_eq(error.message, "its trend is not understood");
    }
}
END_TEST

/* ---- measuring ---------------------------------------------------------------------------------
 */

enum { ROWS = 2, FRAMES = 150000 };

static const char *write_frames(const char *name, struct random *random, float *x)
{
    bool missing = false;
    for (int64_t i = 0; i < ROWS * FRAMES; i++) {
        missing = random_below(random, missing ? 20000 : 5000) == 0 ? !missing : missing;
        x[i] = missing ? NAN : (float)(1000.0 + (double)i * 1e-3 + random_unit(random));
        x[i] = random_below(random, 50) == 0 ? 1e6F : x[i];
    }
    return write_scratch(name, x, sizeof *x * ROWS * FRAMES);
}

static void measure_good(sv_recording *recording, const sv_operation *operations, int count,
                         int threads, int64_t first, int64_t last, sv_trend *trends)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    sv_scan_range range = {0, NULL, ROWS, first, last};
    sv_error error = {.message = ""};
    options.threads = threads;
    sv_status status =
        sv_operations_measure(recording, &range, operations, count, &options, trends, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
}

/* What is measured is what the operations before leave, with what they see beyond a block. */
START_TEST(means_and_trends_are_of_what_the_operations_before_leave)
{
    enum { COUNT = 6, FIRST = 1001, LAST = FRAMES - 77 };
    struct random random = random_begin("measure");
    float *x = malloc(sizeof *x * ROWS * FRAMES);
    double *row = malloc(sizeof *row * FRAMES), *next = malloc(sizeof *row * FRAMES);
    sv_open_options open = SV_OPEN_OPTIONS_INIT;
    open.channels = ROWS;
    sv_recording *recording = open_good(write_frames("m.f32", &random, x), &open);
    const sv_operation operations[COUNT] = {
        {.kind = SV_GAIN, .value = 2.0},    {.kind = SV_DEMEAN},
        {.kind = SV_DESPIKE, .value = 4.0}, {.kind = SV_FILL_LINEAR},
        {.kind = SV_DETREND, .order = 2},   {.kind = SV_INVERT}};
    sv_trend trends[ROWS * 2], again[ROWS * 2];
    measure_good(recording, operations, COUNT, 1, FIRST, LAST, trends);
    for (int threads = 2; threads <= 5; threads += 3) {
        measure_good(recording, operations, COUNT, threads, FIRST, LAST, again);
        ck_assert_mem_eq(again, trends, sizeof trends);
    }
    for (int r = 0; r < ROWS; r++) {
        sv_chain chain = {operations, COUNT, trends + 2 * r, {SV_F4, SV_NATIVE_ENDIAN},
                          FIRST,      LAST,  FRAMES};
        for (int64_t i = 0; i < FRAMES; i++) {
            row[i] = (double)x[i * ROWS + r];
        }
        for (int o = 0; o < 4; o++) {
            for (int64_t i = 0; i < FRAMES; i++) {
                bool edited = i >= FIRST && i < LAST;
                next[i] =
                    edited ? plain_value(&chain, &operations[o], chain.trends, row, i) : row[i];
            }
            memcpy(row, next, sizeof *row * FRAMES);
        }
        sv_buffer *buffer;
        sv_view view;
        sv_trend expected;
        ck_assert_int_eq(sv_buffer_borrow(row + FIRST, sizeof *row * (LAST - FIRST), &buffer, NULL),
                         SV_OK);
        ck_assert_int_eq(
            sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &view, NULL), SV_OK);
        ck_assert_int_eq(sv_trend_of(&view, FIRST, 2, &expected), SV_OK);
        for (int64_t i = 0; i < FRAMES; i += 1000) {
            ck_assert_double_eq_tol(sv_trend_at(&trends[2 * r + 1], i), sv_trend_at(&expected, i),
                                    1e-8);
        }
        ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    }
    close_good(recording);
    free(x);
    free(row);
    free(next);
}
END_TEST

/* Every block lies in the one gap: the row is read a few times, and not once for each of them. */
START_TEST(a_gap_as_long_as_the_recording_is_looked_through_once)
{
    enum { LONG = 4000000 };
    float *x = malloc(sizeof *x * LONG);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < LONG; i++) {
        x[i] = NAN;
    }
    x[1] = 3.0F;
    x[LONG - 5] = 3.0F + (float)(LONG - 6);
    sv_recording *recording = open_good(write_scratch("gap.f32", x, sizeof *x * LONG), NULL);
    const sv_operation operations[] = {{.kind = SV_FILL_LINEAR}, {.kind = SV_DETREND, .order = 1}};
    sv_scan_range range = {0, NULL, 1, 1, LONG - 4};
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    for (int threads = 1; threads <= 3; threads++) {
        sv_trend trend;
        options.threads = threads;
        ck_assert_int_eq(
            sv_operations_measure(recording, &range, operations, 2, &options, &trend, NULL), SV_OK);
        ck_assert_double_eq_tol(sv_trend_at(&trend, 1), 3.0, 1e-6);
        ck_assert_double_eq_tol(sv_trend_at(&trend, LONG / 2), 2.0 + LONG / 2, 1e-6);
    }
    close_good(recording);
    free(x);
}
END_TEST

START_TEST(measuring_refuses_what_it_cannot)
{
    const float x[4] = {1.0F, 2.0F, 3.0F, 4.0F};
    sv_recording *recording = open_good(write_scratch("r.f32", x, sizeof x), NULL);
    sv_operation demean = {.kind = SV_DEMEAN}, gain = {.kind = SV_GAIN, .value = 2.0};
    sv_trend trend = {.order = 7};
    sv_error error;
    sv_scan_range range = {5, NULL, 1, 0, 4};
    ck_assert_int_eq(sv_operations_measure(recording, &range, &demean, 1, NULL, &trend, &error),
                     SV_RANGE);
    range = (sv_scan_range){0, NULL, 1, 0, 5};
    ck_assert_int_eq(sv_operations_measure(recording, &range, &demean, 1, NULL, &trend, &error),
                     SV_RANGE);
    range.last = 4;
    ck_assert_int_eq(sv_operations_measure(recording, &range, &gain, 1, NULL, NULL, NULL), SV_OK);
    sv_memory_fail_after(0, false);
    ck_assert_int_eq(sv_operations_measure(recording, &range, &demean, 1, NULL, &trend, &error),
                     SV_NOMEM);
    sv_memory_fail_after(-1, false);
    ck_assert_int_eq(sv_operations_measure(recording, &range, &demean, 1, NULL, &trend, &error),
                     SV_OK);
    ck_assert_double_eq(sv_trend_at(&trend, 0), 2.5);
    close_good(recording);
}
END_TEST

START_TEST(walks_refuse_what_they_cannot)
{
    sv_operation fill = {.kind = SV_FILL_LINEAR}, *read;
    sv_chain chain = {&fill, 1, NULL, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), 0, 4, 4};
    float x[4] = {NAN, 1.0F, NAN, 2.0F};
    char context[32] = {0}, bytes[40];
    int count;
    sv_buffer *buffer;
    sv_view row;
    sv_walk *walk;
    sv_error error;
    ck_assert_int_eq(sv_buffer_borrow(x, sizeof x, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, chain.dtype, &row, NULL), SV_OK);
    sv_memory_fail_after(0, false);
    ck_assert_int_eq(sv_walk_open(&chain, &row, &walk, &error), SV_NOMEM);
    sv_operations_encode(&fill, 1, bytes);
    sv_memory_fail_after(0, false);
    ck_assert_int_eq(sv_operations_decode(bytes, sizeof bytes, &read, &count, &error), SV_NOMEM);
    sv_memory_fail_after(-1, false);
    chain.num_samples = 5;
    ck_assert_int_eq(sv_walk_open(&chain, &row, &walk, &error), SV_SHAPE);
    chain.num_samples = 4;
    ck_assert_int_eq(sv_walk_open(&chain, &row, &walk, &error), SV_OK);
    ck_assert_int_eq(sv_walk_resume(walk, 0, 4, context, 31, x, &error), SV_FORMAT);
    ck_assert_uint_eq(sv_walk_context(walk, 4, context), 32);
    sv_walk_close(walk);
    sv_walk_close(NULL);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
    ck_assert_int_eq(sv_walk_open(&chain, &row, &walk, &error), SV_STALE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        windows_do_not_change_a_bit_in_any_type,
        a_fill_between_operations_that_look_to_the_sides,
        the_fast_way_gives_the_same_bits,
        each_operation_does_what_its_name_says,
        a_linear_fill_at_the_ends_repeats_the_nearest_sample,
        despike_takes_the_median_of_eleven,
        taper_is_a_cosine_at_both_ends,
        a_chain_is_in_the_order_given_and_rounded_once,
        integers_are_rounded_to_even_and_saturate,
        what_is_not_changed_keeps_its_bytes,
        a_new_nan_is_the_same_everywhere,
        a_float_that_overflows_is_counted,
        a_nan_that_has_no_place_is_refused_with_its_sample,
        arguments_that_make_no_sense_are_refused,
        chains_that_make_no_sense_are_refused,
        a_context_of_another_window_is_refused,
        anchors_that_cannot_be_are_refused,
        operations_are_told_as_they_were_given,
        operations_come_back_from_their_bytes,
        bytes_that_are_no_operations_are_refused,
        trends_come_back_from_their_bytes,
        means_and_trends_are_of_what_the_operations_before_leave,
        a_gap_as_long_as_the_recording_is_looked_through_once,
        measuring_refuses_what_it_cannot,
        walks_refuse_what_they_cannot,
    };
    return run_in_scratch("operation", tests, sizeof tests / sizeof tests[0]);
}
