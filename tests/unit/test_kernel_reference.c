/* The reference kernels against what kernel.h says of them, written down naively, and the choice
 * among the sets. */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "samples.h"
#include "seisview/summary.h"

enum { LINES = 37, STREAM_SAMPLES = LINES * SV_LANES + 1 };

static const sv_kernels *reference;

static void take_reference(void)
{
    bool runs_here;
    reference = sv_kernels_at(0, &runs_here);
    ck_assert_str_eq(reference->name, "reference");
    ck_assert(runs_here);
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* Four streams, as float64 whatever the kernel reads. */
typedef struct streams {
    bool is_f4;
    float f4[SV_STREAMS][STREAM_SAMPLES];
    double f8[SV_STREAMS][STREAM_SAMPLES];
} streams;

static void fill(streams *all, struct random *random, sample_kind kind, bool is_f4)
{
    all->is_f4 = is_f4;
    for (int s = 0; s < SV_STREAMS; s++) {
        fill_f4(random, kind, all->f4[s], STREAM_SAMPLES);
        fill_f8(random, kind, all->f8[s], STREAM_SAMPLES);
        for (int i = 0; i < STREAM_SAMPLES && is_f4; i++) {
            all->f8[s][i] = (double)all->f4[s][i];
        }
    }
}

typedef enum pass { SURVEY, COUNT, CENTRE, NUM_PASSES } pass;

static void run(pass p, const streams *all, int64_t lines, double pilot, double scale,
                sv_lanes *lanes)
{
    const float *const f4[SV_STREAMS] = {all->f4[0], all->f4[1], all->f4[2], all->f4[3]};
    const double *const f8[SV_STREAMS] = {all->f8[0], all->f8[1], all->f8[2], all->f8[3]};
    switch (p) {
    case SURVEY:
        all->is_f4 ? reference->survey_f4(lanes, f4, lines)
                   : reference->survey_f8(lanes, f8, lines);
        break;
    case COUNT:
        all->is_f4 ? reference->count_f4(lanes, f4, lines) : reference->count_f8(lanes, f8, lines);
        break;
    default:
        all->is_f4 ? reference->centre_f4(lanes, f4, lines, pilot, scale)
                   : reference->centre_f8(lanes, f8, lines, pilot, scale);
        break;
    }
}

static void naive_count(double x, int lane, sv_lanes *lanes)
{
    if (isnan(x)) {
        lanes->nans[lane]++;
    } else if (isinf(x)) {
        lanes->infinities[lane]++;
    } else {
        lanes->zeros[lane] += x == 0.0;
        lanes->min[lane] = fmin(lanes->min[lane], x);
        lanes->max[lane] = fmax(lanes->max[lane], x);
    }
}

/* Lane by lane: the samples that belong to it, in the order in which they are added. */
static void naive(pass p, const streams *all, int64_t lines, double pilot, double scale,
                  sv_lanes *lanes)
{
    sv_lanes ignored = *lanes;
    for (int lane = 0; lane < SV_LANES; lane++) {
        for (int64_t i = 0; i < lines * SV_STREAMS; i++) {
            const double *x = &all->f8[i % SV_STREAMS][i / SV_STREAMS * SV_LANES + lane];
            double value = p == CENTRE ? *x * scale - pilot : *x;
            if (p == CENTRE ? isfinite(*x) : p == SURVEY) {
                lanes->sum[lane] = lanes->sum[lane] + value;
                double square = value * value;
                lanes->squares[lane] = lanes->squares[lane] + square;
            }
            naive_count(*x, lane, p == CENTRE ? &ignored : lanes);
            lanes->any_equal |= p == SURVEY && x[0] == x[1];
        }
    }
    if (p == SURVEY) { /* counts of these are not its business */
        memcpy(lanes->nans, ignored.nans, sizeof lanes->nans);
        memcpy(lanes->infinities, ignored.infinities, sizeof lanes->infinities);
    }
}

static bool same_f8(double a, double b)
{
    return (a == b && signbit(a) == signbit(b)) || (isnan(a) && isnan(b));
}

/* Each assertion of Check is a system call: where there are millions, the failures alone are told.
 */
static void check_f8(const char *what, int64_t i, double own, double expected)
{
    if (!same_f8(own, expected)) {
        ck_abort_msg("%s %lld: %a instead of %a", what, (long long)i, own, expected);
    }
}

static void check_lanes(const sv_lanes *own, const sv_lanes *expected, bool extremes_count)
{
    bool same_counts = true;
    for (int i = 0; i < SV_LANES; i++) {
        check_f8("sum", i, own->sum[i], expected->sum[i]);
        check_f8("squares", i, own->squares[i], expected->squares[i]);
        same_counts &= own->nans[i] == expected->nans[i];
        same_counts &= own->infinities[i] == expected->infinities[i];
        if (extremes_count) {
            check_f8("min", i, own->min[i] + 0.0, expected->min[i] + 0.0);
            check_f8("max", i, own->max[i] + 0.0, expected->max[i] + 0.0);
            same_counts &= own->zeros[i] == expected->zeros[i];
        }
    }
    ck_assert(same_counts);
    ck_assert_int_eq(own->any_equal != 0, expected->any_equal != 0);
}

START_TEST(passes_are_what_the_header_says)
{
    static const double pilots[] = {0.0, 1e9, -3.25}, scales[] = {1.0, 0x1p-600, 0x1p600};
    static streams all;
    struct random random = random_begin("passes_are_what_the_header_says");
    pass p = (pass)(_i / 2);
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        fill(&all, &random, (sample_kind)kind, _i % 2 == 0);
        for (int64_t lines = 0; lines <= LINES; lines++) {
            double pilot = pilots[lines % 3], scale = scales[lines / 3 % 3];
            sv_lanes own, expected;
            sv_lanes_init(&own);
            sv_lanes_init(&expected);
            run(p, &all, lines, pilot, scale, &own);
            naive(p, &all, lines, pilot, scale, &expected);
            check_lanes(&own, &expected, p != SURVEY || kind < LAST_FINITE);
        }
    }
}
END_TEST

/* By this a block is found to need the slower passes. */
START_TEST(whatever_is_not_finite_leaves_its_squares_not_finite)
{
    static const double awkward[] = {NAN, INFINITY, -INFINITY};
    static streams all;
    struct random random = random_begin("whatever_is_not_finite");
    for (int i = 0; i < 3 * SV_STREAMS * 2 * SV_LANES; i++) {
        int place = i / 3;
        fill(&all, &random, NOISE, _i == 0);
        all.f8[place % SV_STREAMS][place / SV_STREAMS] = awkward[i % 3];
        all.f4[place % SV_STREAMS][place / SV_STREAMS] = (float)awkward[i % 3];
        sv_lanes lanes;
        sv_lanes_init(&lanes);
        run(SURVEY, &all, 2, 0.0, 1.0, &lanes);
        int lane = place / SV_STREAMS % SV_LANES;
        bool that_alone = true;
        for (int other = 0; other < SV_LANES; other++) {
            that_alone &= isfinite(lanes.squares[other]) == (other != lane);
        }
        ck_assert(that_alone);
    }
}
END_TEST

START_TEST(lanes_begin_with_nothing)
{
    sv_lanes lanes;
    memset(&lanes, 0xff, sizeof lanes);
    sv_lanes_init(&lanes);
    for (int i = 0; i < SV_LANES; i++) {
        ck_assert(lanes.sum[i] == 0.0 && lanes.squares[i] == 0.0);
        ck_assert(lanes.min[i] == (double)INFINITY && lanes.max[i] == -(double)INFINITY);
        ck_assert_uint_eq(lanes.zeros[i] + lanes.nans[i] + lanes.infinities[i], 0);
    }
    ck_assert_uint_eq(lanes.any_equal, 0);
}
END_TEST

START_TEST(lines_leave_a_neighbour_and_less_than_a_line_of_each_stream)
{
    for (int64_t n = 0; n < 1000; n++) {
        int64_t taken = sv_lines_of(n) * SV_STREAMS * SV_LANES;
        ck_assert(n == 0 ? taken == 0 : taken < n);
        ck_assert_int_le(n - taken, SV_STREAMS * SV_LANES);
    }
}
END_TEST

START_TEST(the_plain_sum_of_small_whole_numbers_is_exact)
{
    static streams all;
    struct random random = random_begin("the_plain_sum");
    fill(&all, &random, FEW_VALUES, true);
    const float *const f4[SV_STREAMS] = {all.f4[0], all.f4[1], all.f4[2], all.f4[3]};
    for (int64_t lines = 0; lines <= LINES; lines++) {
        double sum = 0.0;
        for (int64_t i = 0; i < lines * SV_LANES * SV_STREAMS; i++) {
            sum += all.f8[i % SV_STREAMS][i / SV_STREAMS];
        }
        ck_assert_double_eq((double)reference->sum_f4(f4, lines), sum);
    }
}
END_TEST

/* ---- equal neighbours and values ------------------------------------------------------------- */

enum { MOST = 400 };

START_TEST(equal_neighbours_are_those_that_are_equal_and_finite)
{
    static float f4[MOST + 1];
    static double f8[MOST + 1];
    struct random random = random_begin("equal_neighbours");
    for (int64_t pairs = 0; pairs <= MOST; pairs++) {
        for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
            uint64_t bits_f4[MOST / 64 + 1], bits_f8[MOST / 64 + 1];
            fill_f4(&random, (sample_kind)kind, f4, pairs + 1);
            fill_f8(&random, (sample_kind)kind, f8, pairs + 1);
            reference->equal_f4(f4, pairs, bits_f4);
            reference->equal_f8(f8, pairs, bits_f8);
            bool same = true;
            for (int64_t i = 0; i < (pairs + 63) / 64 * 64; i++) {
                bool is_f4 = i < pairs && isfinite(f4[i]) && f4[i] == f4[i + 1];
                bool is_f8 = i < pairs && isfinite(f8[i]) && f8[i] == f8[i + 1];
                same &= (bits_f4[i / 64] >> i % 64 & 1) == is_f4;
                same &= (bits_f8[i / 64] >> i % 64 & 1) == is_f8;
            }
            ck_assert_msg(same, "%lld pairs, samples of kind %d", (long long)pairs, kind);
        }
    }
}
END_TEST

START_TEST(a_value_is_found_at_its_first_place)
{
    static float f4[MOST];
    static double f8[MOST];
    struct random random = random_begin("a_value_is_found");
    for (int64_t n = 0; n <= MOST; n++) {
        sample_kind kind = n % 2 == 0 ? FEW_VALUES : SPRINKLED;
        fill_f4(&random, kind, f4, n);
        fill_f8(&random, kind, f8, n);
        for (double value = -1.0; value <= 2.0; value += 1.0) {
            int64_t at_f4 = 0, at_f8 = 0;
            while (at_f4 < n && f4[at_f4] != (float)value) {
                at_f4++;
            }
            while (at_f8 < n && f8[at_f8] != value) {
                at_f8++;
            }
            ck_assert_int_eq(reference->find_f4(f4, n, (float)value), at_f4);
            ck_assert_int_eq(reference->find_f8(f8, n, value), at_f8);
        }
        ck_assert_int_eq(reference->find_f4(f4, n, NAN), n);
        ck_assert_int_eq(reference->find_f8(f8, n, NAN), n);
    }
}
END_TEST

START_TEST(a_zero_is_found_by_either_sign)
{
    const float f4[] = {1.0f, -0.0f, 0.0f};
    const double f8[] = {1.0, 0.0, -0.0};
    ck_assert_int_eq(reference->find_f4(f4, 3, 0.0f), 1);
    ck_assert_int_eq(reference->find_f8(f8, 3, -0.0), 1);
}
END_TEST

/* ---- conversion ------------------------------------------------------------------------------ */

typedef struct known_sample {
    sv_type type;
    unsigned char bytes[8]; /* big-endian */
    double value;
} known_sample;

static const known_sample known_samples[] = {
    {SV_F4, {0x3f, 0x80, 0x00, 0x00}, 1.0},
    {SV_F4, {0x80, 0x00, 0x00, 0x01}, -0x1p-149},
    {SV_F4, {0xff, 0x80, 0x00, 0x00}, -INFINITY},
    {SV_F4, {0x7f, 0xc0, 0x00, 0x00}, NAN},
    {SV_F8, {0xc0, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -2.5},
    {SV_F8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -0.0},
    {SV_I1, {0x80}, -128.0},
    {SV_I1, {0x7f}, 127.0},
    {SV_U1, {0xff}, 255.0},
    {SV_I2, {0x80, 0x01}, -32767.0},
    {SV_U2, {0xff, 0xfe}, 65534.0},
    {SV_I3, {0x80, 0x00, 0x00}, -8388608.0},
    {SV_I3, {0x7f, 0xff, 0xff}, 8388607.0},
    {SV_I3, {0xff, 0xff, 0xff}, -1.0},
    {SV_U3, {0xff, 0xff, 0xff}, 16777215.0},
    {SV_U3, {0x01, 0x02, 0x03}, 66051.0},
    {SV_I4, {0x80, 0x00, 0x00, 0x00}, -2147483648.0},
    {SV_I4, {0x01, 0x00, 0x00, 0x01}, 16777217.0},
    {SV_U4, {0xff, 0xff, 0xff, 0xff}, 4294967295.0},
    {SV_I8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, -0x1p63},
    {SV_I8, {0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}, 0x1p53},
    {SV_I8, {0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03}, 0x1p53 + 4.0},
    {SV_U8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0x1p64},
    {SV_U8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00}, 0x1p63},
    {SV_U8, {0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x01}, 0x1p63 + 2048.0},
    {SV_IBM4, {0x42, 0x64, 0x00, 0x00}, 100.0},
    {SV_IBM4, {0xc2, 0x76, 0xa0, 0x00}, -118.625},
    {SV_IBM4, {0x00, 0x00, 0x00, 0x00}, 0.0},
    {SV_IBM4, {0x80, 0x00, 0x00, 0x00}, -0.0},
    {SV_IBM4, {0x7f, 0xff, 0xff, 0xff}, 0x1.fffffep251},
    {SV_IBM4, {0x00, 0x10, 0x00, 0x00}, 0x1p-260},
    {SV_IBM4, {0x00, 0x00, 0x00, 0x01}, 0x1p-280}, /* not normalised */
};

static double convert_one(sv_dtype dtype, const void *from, ptrdiff_t stride)
{
    union {
        float f4;
        double f8;
    } to;
    reference->convert(dtype, from, stride, 1, &to);
    return sv_kernel_is_f4(dtype) ? (double)to.f4 : to.f8;
}

START_TEST(known_samples_convert_to_their_values)
{
    const known_sample *known = &known_samples[_i];
    size_t size = sv_dtype_itemsize(sv_dtype_make(known->type, SV_BIG_ENDIAN));
    unsigned char big[9], little[9];
    for (size_t i = 0; i < size; i++) {
        big[1 + i] = known->bytes[i]; /* at odd addresses */
        little[1 + i] = known->bytes[size - 1 - i];
    }
    double of_big = convert_one(sv_dtype_make(known->type, SV_BIG_ENDIAN), big + 1, 17);
    double of_little = convert_one(sv_dtype_make(known->type, SV_LITTLE_ENDIAN), little + 1, 17);
    ck_assert_msg(same_f8(of_big, known->value), "%a instead of %a", of_big, known->value);
    ck_assert_msg(same_f8(of_little, known->value), "%a instead of %a", of_little, known->value);
}
END_TEST

/* Whatever the room of views loads from the same bytes. */
START_TEST(conversions_agree_with_loading_single_samples)
{
    enum { N = 100, MOST_STRIDE = 29 };
    static unsigned char bytes[2 * N * MOST_STRIDE + 16];
    struct random random = random_begin("conversions_agree");
    sv_type type = (sv_type)(_i / 2 + SV_TYPE_NONE + 1);
    sv_dtype dtype = sv_dtype_make(type, _i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)random_bits(&random);
    }
    for (ptrdiff_t stride = -MOST_STRIDE; stride <= MOST_STRIDE; stride++) {
        const unsigned char *from = bytes + sizeof bytes / 2 + random_below(&random, 4);
        union {
            float f4[N];
            double f8[N];
        } to;
        reference->convert(dtype, (const char *)from, stride, N, &to);
        for (int i = 0; i < N; i++) {
            double own = sv_kernel_is_f4(dtype) ? (double)to.f4[i] : to.f8[i];
            double expected = sv_scalar_as_f8(sv_dtype_load(dtype, from + i * stride));
            check_f8("sample", i, own, expected);
        }
    }
}
END_TEST

START_TEST(float32_is_taken_where_it_holds_every_value)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        bool is_f4 = type == SV_F4 || type == SV_I1 || type == SV_U1 || type == SV_I2 ||
                     type == SV_U2 || type == SV_I3 || type == SV_U3;
        ck_assert_int_eq(sv_kernel_is_f4(sv_dtype_make((sv_type)type, SV_BIG_ENDIAN)), is_f4);
        ck_assert_int_eq(sv_kernel_is_f4(sv_dtype_make((sv_type)type, SV_LITTLE_ENDIAN)), is_f4);
    }
}
END_TEST

/* ---- the choice ------------------------------------------------------------------------------ */

START_TEST(every_set_is_listed_once_and_whole)
{
    bool runs_here;
    ck_assert_ptr_null(sv_kernels_at(-1, &runs_here));
    int count = 0;
    for (const sv_kernels *set; (set = sv_kernels_at(count, &runs_here)) != NULL; count++) {
        ck_assert(set->survey_f4 && set->survey_f8 && set->count_f4 && set->count_f8);
        ck_assert(set->centre_f4 && set->centre_f8 && set->equal_f4 && set->equal_f8);
        ck_assert(set->find_f4 && set->find_f8 && set->convert && set->sum_f4);
        for (int other = 0; other < count; other++) {
            ck_assert_str_ne(set->name, sv_kernels_at(other, &runs_here)->name);
        }
    }
    ck_assert_int_ge(count, 1);
    ck_assert_ptr_null(sv_kernels_at(count + 1, &runs_here));
}
END_TEST

/* The environment is asked once in a process: each of these tests runs in one of its own. */
static void must_choose(const char *name)
{
    const sv_kernels *first, *again;
    const char *told;
    ck_assert_int_eq(sv_kernels_get(&first, NULL), SV_OK);
    ck_assert_str_eq(first->name, name);
    unsetenv("SEISVIEW_KERNEL");
    ck_assert_int_eq(sv_kernels_get(&again, NULL), SV_OK);
    ck_assert_ptr_eq(first, again);
    ck_assert_int_eq(sv_kernel_name(&told, NULL), SV_OK);
    ck_assert_str_eq(told, name);
}

static void must_refuse(const char *words)
{
    const sv_kernels *kernels = NULL;
    const char *told = NULL;
    sv_error error;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sv_kernels_get(&kernels, &error), SV_UNSUPPORTED);
        ck_assert_int_eq(error.status, SV_UNSUPPORTED);
        ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message,
                      words);
        ck_assert_int_eq(sv_kernel_name(&told, NULL), SV_UNSUPPORTED);
    }
    ck_assert_ptr_null(kernels);
    ck_assert_ptr_null(told);
}

static const char *name_of_best_set(void)
{
    const char *best = NULL;
    bool runs_here;
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        best = runs_here ? set->name : best;
    }
    return best;
}

START_TEST(the_best_set_that_runs_here_is_chosen)
{
    unsetenv("SEISVIEW_KERNEL");
    must_choose(name_of_best_set());
}
END_TEST

START_TEST(an_empty_name_is_none)
{
    setenv("SEISVIEW_KERNEL", "", 1);
    must_choose(name_of_best_set());
}
END_TEST

START_TEST(an_unknown_set_is_refused_by_its_name)
{
    setenv("SEISVIEW_KERNEL", "avx1024", 1);
    must_refuse("'avx1024'");
    sv_summary summary;
    double sample = 1.0;
    sv_buffer *buffer;
    sv_view view;
    ck_assert_int_eq(sv_buffer_borrow(&sample, sizeof sample, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_view_of_buffer(buffer, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), &view, NULL),
                     SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, 0, &summary), SV_UNSUPPORTED);
    sv_buffer_close(buffer);
}
END_TEST

/* Every set by its name: taken where it runs, refused where it does not. */
START_TEST(a_set_that_is_named_is_taken_or_refused)
{
    static const char *const names[] = {"reference", "avx2", "avx512", "neon"};
    bool runs_here = false, is_built_in = false;
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, &runs_here)) != NULL && !is_built_in; i++) {
        is_built_in = strcmp(set->name, names[_i]) == 0;
        if (is_built_in) {
            break;
        }
    }
    setenv("SEISVIEW_KERNEL", names[_i], 1);
    if (is_built_in && runs_here) {
        must_choose(names[_i]);
    } else {
        must_refuse(names[_i]);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("kernel");
    TCase *kernels = tcase_create("reference");
    tcase_set_timeout(kernels, 120);
    tcase_add_checked_fixture(kernels, take_reference, NULL);
    tcase_add_loop_test(kernels, passes_are_what_the_header_says, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(kernels, whatever_is_not_finite_leaves_its_squares_not_finite, 0, 2);
    tcase_add_test(kernels, lanes_begin_with_nothing);
    tcase_add_test(kernels, lines_leave_a_neighbour_and_less_than_a_line_of_each_stream);
    tcase_add_test(kernels, the_plain_sum_of_small_whole_numbers_is_exact);
    tcase_add_test(kernels, equal_neighbours_are_those_that_are_equal_and_finite);
    tcase_add_test(kernels, a_value_is_found_at_its_first_place);
    tcase_add_test(kernels, a_zero_is_found_by_either_sign);
    tcase_add_loop_test(kernels, known_samples_convert_to_their_values, 0,
                        sizeof known_samples / sizeof known_samples[0]);
    tcase_add_loop_test(kernels, conversions_agree_with_loading_single_samples, 0,
                        2 * (SV_NUM_TYPES - 1));
    tcase_add_test(kernels, float32_is_taken_where_it_holds_every_value);
    suite_add_tcase(suite, kernels);
    TCase *choice = tcase_create("choice");
    tcase_add_test(choice, every_set_is_listed_once_and_whole);
    tcase_add_test(choice, the_best_set_that_runs_here_is_chosen);
    tcase_add_test(choice, an_empty_name_is_none);
    tcase_add_test(choice, an_unknown_set_is_refused_by_its_name);
    tcase_add_loop_test(choice, a_set_that_is_named_is_taken_or_refused, 0, 4);
    suite_add_tcase(suite, choice);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_set_fork_status(runner, CK_FORK); /* the set is chosen once in a process */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
