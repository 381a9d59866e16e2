#include "kernel_cases.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "samples.h"

enum { SKIPPED = 77, MOST_LINES = 300, SHIFTS = 16, MOST_SAMPLES = MOST_LINES * SV_LANES + SHIFTS };

static const sv_kernels *tested, *reference;

/* ---- fenced memory: reading outside of it ends the test ------------------------------------- */

typedef struct fenced {
    char *begin, *end;
} fenced;

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static fenced fence(size_t size_bytes)
{
    size_t page = page_bytes();
    size_t inner = (size_bytes + page - 1) / page * page;
    char *all = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    ck_assert_int_eq(mprotect(all + page, inner, PROT_READ | PROT_WRITE), 0);
    return (fenced){all + page, all + page + inner};
}

static void unfence(fenced memory)
{
    size_t page = page_bytes();
    munmap(memory.begin - page, (size_t)(memory.end - memory.begin) + 2 * page);
}

/* ---- passes over streams --------------------------------------------------------------------- */

typedef enum pass_kind { SURVEY, COUNT, CENTRE, NUM_PASSES } pass_kind;

typedef struct pass {
    pass_kind kind;
    bool is_f4;
    double pilot, scale;
} pass;

/* Four stretches of memory, and in them the streams, each ending `shift` samples before a fence. */
typedef struct streams {
    fenced memory[SV_STREAMS];
    const float *f4[SV_STREAMS];
    const double *f8[SV_STREAMS];
} streams;

static streams open_streams(void)
{
    streams all = {.f4 = {NULL}};
    for (int s = 0; s < SV_STREAMS; s++) {
        all.memory[s] = fence(MOST_SAMPLES * sizeof(double));
    }
    return all;
}

static void close_streams(streams *all)
{
    for (int s = 0; s < SV_STREAMS; s++) {
        unfence(all->memory[s]);
    }
}

static void fill_streams(streams *all, struct random *random, sample_kind kind, bool is_f4,
                         int64_t samples, const int shift[SV_STREAMS])
{
    for (int s = 0; s < SV_STREAMS; s++) {
        float *f4 = (float *)(void *)all->memory[s].end - samples - shift[s];
        double *f8 = (double *)(void *)all->memory[s].end - samples - shift[s];
        if (is_f4) {
            fill_f4(random, kind, f4, samples);
        } else {
            fill_f8(random, kind, f8, samples);
        }
        all->f4[s] = f4;
        all->f8[s] = f8;
    }
}

static void run_pass(const sv_kernels *set, pass p, const streams *all, int64_t lines,
                     sv_lanes *lanes)
{
    switch (p.kind) {
    case SURVEY:
        p.is_f4 ? set->survey_f4(lanes, all->f4, lines) : set->survey_f8(lanes, all->f8, lines);
        break;
    case COUNT:
        p.is_f4 ? set->count_f4(lanes, all->f4, lines) : set->count_f8(lanes, all->f8, lines);
        break;
    default:
        p.is_f4 ? set->centre_f4(lanes, all->f4, lines, p.pilot, p.scale)
                : set->centre_f8(lanes, all->f8, lines, p.pilot, p.scale);
        break;
    }
}

static bool same_bits_f8(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static uint64_t total(const uint32_t lane[SV_LANES])
{
    uint64_t sum = 0;
    for (int i = 0; i < SV_LANES; i++) {
        sum += lane[i];
    }
    return sum;
}

/* The lowest of `lane`, each times `sign`. */
static double lowest(const double lane[SV_LANES], double sign)
{
    double low = INFINITY;
    for (int i = 0; i < SV_LANES; i++) {
        low = sign * lane[i] < low ? sign * lane[i] : low;
    }
    return low;
}

/* Each assertion of Check is a system call: where there are millions, the failures alone are told.
 */
static void check_f8(const char *what, int lane, double own, double expected)
{
    if (!same_bits_f8(own, expected)) {
        ck_abort_msg("%s %d: %a instead of %a", what, lane, own, expected);
    }
}

/* Sums lane by lane; what does not depend on the order (extremes, counts) over all lanes. */
static void same_lanes(const sv_lanes *own, const sv_lanes *expected, bool extremes_count)
{
    for (int i = 0; i < SV_LANES; i++) {
        check_f8("sum", i, own->sum[i], expected->sum[i]);
        check_f8("squares", i, own->squares[i], expected->squares[i]);
    }
    ck_assert_uint_eq(total(own->nans), total(expected->nans));
    ck_assert_uint_eq(total(own->infinities), total(expected->infinities));
    ck_assert_int_eq(own->any_equal != 0, expected->any_equal != 0);
    if (extremes_count) {
        ck_assert_double_eq(lowest(own->min, 1.0), lowest(expected->min, 1.0));
        ck_assert_double_eq(lowest(own->max, -1.0), lowest(expected->max, -1.0));
        ck_assert_uint_eq(total(own->zeros), total(expected->zeros));
    }
}

/* The lanes go on from one call to the next, as they do from tile to tile. */
static void compare_pass(pass p, sample_kind kind, streams *all, struct random *random,
                         int64_t lines)
{
    sv_lanes own, expected;
    sv_lanes_init(&own);
    sv_lanes_init(&expected);
    for (int call = 0; call < 2; call++) {
        int shift[SV_STREAMS];
        for (int s = 0; s < SV_STREAMS; s++) {
            shift[s] = call == 0 ? 0 : (int)random_below(random, SHIFTS);
        }
        int64_t samples = lines * SV_LANES + (p.kind == SURVEY);
        fill_streams(all, random, kind, p.is_f4, samples, shift);
        run_pass(tested, p, all, lines, &own);
        run_pass(reference, p, all, lines, &expected);
        same_lanes(&own, &expected, p.kind != SURVEY || kind < LAST_FINITE);
    }
}

static pass draw_pass(struct random *random, pass_kind kind, bool is_f4)
{
    static const double pilots[] = {0.0, 1e9, -0.1, 1e300};
    static const double scales[] = {1.0, 0x1p-1000, 0x1p1000, 0x1p-1023};
    return (pass){kind, is_f4, pilots[random_below(random, 4)], scales[random_below(random, 4)]};
}

START_TEST(passes_at_every_number_of_lines)
{
    struct random random = random_begin("passes_at_every_number_of_lines");
    streams all = open_streams();
    for (int64_t lines = 0; lines <= MOST_LINES; lines++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        compare_pass(draw_pass(&random, (pass_kind)(_i / 2), _i % 2 == 0), kind, &all, &random,
                     lines);
    }
    close_streams(&all);
}
END_TEST

START_TEST(passes_over_every_kind_of_samples)
{
    struct random random = random_begin("passes_over_every_kind_of_samples");
    streams all = open_streams();
    for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
        for (int64_t lines = 0; lines < 40; lines++) {
            compare_pass(draw_pass(&random, (pass_kind)(_i / 2), _i % 2 == 0), (sample_kind)kind,
                         &all, &random, lines);
        }
    }
    close_streams(&all);
}
END_TEST

/* Sample `at` of a stream that fill_streams() has just filled, without a shift. */
static void put(const streams *all, bool is_f4, int stream, int64_t samples, int64_t at,
                double value)
{
    if (is_f4) {
        float *end = (float *)(void *)all->memory[stream].end;
        end[at - samples] = (float)value;
    } else {
        double *end = (double *)(void *)all->memory[stream].end;
        end[at - samples] = value;
    }
}

static void compare_once(pass p, const streams *all, int64_t lines, bool extremes_count)
{
    sv_lanes own, expected;
    sv_lanes_init(&own);
    sv_lanes_init(&expected);
    run_pass(tested, p, all, lines, &own);
    run_pass(reference, p, all, lines, &expected);
    same_lanes(&own, &expected, extremes_count);
}

/* One awkward sample at each place of two lines: no lane is left out. */
START_TEST(passes_see_every_lane)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES + 1, NUM_AWKWARD = 8 };
    static const double awkward[NUM_AWKWARD] = {NAN,  INFINITY, -INFINITY, 0.0,
                                                -0.0, -3e38,    3e38,      1e-45};
    static const int none[SV_STREAMS];
    struct random random = random_begin("passes_see_every_lane");
    streams all = open_streams();
    pass p = {(pass_kind)(_i / 2), _i % 2 == 0, 0.5, 1.0};
    for (int i = 0; i < SV_STREAMS * SAMPLES * NUM_AWKWARD; i++) {
        double value = awkward[i % NUM_AWKWARD];
        int place = i / NUM_AWKWARD;
        fill_streams(&all, &random, NOISE, p.is_f4, SAMPLES, none);
        put(&all, p.is_f4, place % SV_STREAMS, SAMPLES, place / SV_STREAMS, value);
        compare_once(p, &all, LINES, p.kind != SURVEY || isfinite(value));
    }
    close_streams(&all);
}
END_TEST

/* A single pair of equal samples, at each place; none, and none that is more than NaN. */
START_TEST(survey_sees_every_equal_pair)
{
    enum { LINES = 2, SAMPLES = LINES * SV_LANES + 1 };
    static const int none[SV_STREAMS];
    struct random random = random_begin("survey_sees_every_equal_pair");
    streams all = open_streams();
    pass p = {SURVEY, _i == 0, 0.0, 1.0};
    for (int place = 0; place < SV_STREAMS * (SAMPLES - 1); place++) {
        for (int pair = 0; pair < 3; pair++) {
            double value = pair == 0 ? 5000.0 : (double)NAN;
            fill_streams(&all, &random, NOISE, p.is_f4, SAMPLES, none);
            put(&all, p.is_f4, place % SV_STREAMS, SAMPLES, place / SV_STREAMS, value);
            if (pair < 2) {
                put(&all, p.is_f4, place % SV_STREAMS, SAMPLES, place / SV_STREAMS + 1, value);
            }
            sv_lanes lanes;
            sv_lanes_init(&lanes);
            run_pass(tested, p, &all, LINES, &lanes);
            ck_assert_int_eq(lanes.any_equal != 0, pair == 0);
        }
    }
    close_streams(&all);
}
END_TEST

START_TEST(plain_sums)
{
    struct random random = random_begin("plain_sums");
    streams all = open_streams();
    for (int64_t lines = 0; lines <= MOST_LINES; lines++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        int shift[SV_STREAMS];
        for (int s = 0; s < SV_STREAMS; s++) {
            shift[s] = lines % 2 == 0 ? 0 : (int)random_below(&random, SHIFTS);
        }
        fill_streams(&all, &random, kind, true, lines * SV_LANES, shift);
        float own = tested->sum_f4(all.f4, lines);
        float expected = reference->sum_f4(all.f4, lines);
        ck_assert_msg(memcmp(&own, &expected, sizeof own) == 0 || (isnan(own) && isnan(expected)),
                      "%lld lines: %a, %a", (long long)lines, (double)own, (double)expected);
    }
    close_streams(&all);
}
END_TEST

/* ---- equal neighbours and values ------------------------------------------------------------- */

enum { MOST_PAIRS = 600, MOST_WORDS = MOST_PAIRS / 64 + 2 };

static const uint64_t untouched = UINT64_C(0x5a5a5a5a5a5a5a5a);

static void find_equal(const sv_kernels *set, bool is_f4, const void *samples, int64_t pairs,
                       uint64_t bits[MOST_WORDS])
{
    for (int i = 0; i < MOST_WORDS; i++) {
        bits[i] = untouched;
    }
    if (is_f4) {
        set->equal_f4(samples, pairs, bits);
    } else {
        set->equal_f8(samples, pairs, bits);
    }
}

static void *fill_before_fence(fenced memory, struct random *random, sample_kind kind, bool is_f4,
                               int64_t n, int shift)
{
    if (is_f4) {
        float *f4 = (float *)(void *)memory.end - n - shift;
        fill_f4(random, kind, f4, n);
        return f4;
    }
    double *f8 = (double *)(void *)memory.end - n - shift;
    fill_f8(random, kind, f8, n);
    return f8;
}

START_TEST(equal_neighbours)
{
    struct random random = random_begin("equal_neighbours");
    fenced memory = fence((MOST_PAIRS + 1 + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (int64_t pairs = 0; pairs <= MOST_PAIRS; pairs++) {
        for (int kind = 0; kind < NUM_SAMPLE_KINDS; kind++) {
            int shift = kind % 2 == 0 ? 0 : (int)random_below(&random, SHIFTS);
            const void *samples =
                fill_before_fence(memory, &random, (sample_kind)kind, is_f4, pairs + 1, shift);
            uint64_t own[MOST_WORDS], expected[MOST_WORDS];
            find_equal(tested, is_f4, samples, pairs, own);
            find_equal(reference, is_f4, samples, pairs, expected);
            ck_assert_mem_eq(own, expected, sizeof own);
            ck_assert_uint_eq(own[(pairs + 63) / 64], untouched);
        }
    }
    unfence(memory);
}
END_TEST

static int64_t find_value(const sv_kernels *set, bool is_f4, const void *samples, int64_t n,
                          double value)
{
    return is_f4 ? set->find_f4(samples, n, (float)value) : set->find_f8(samples, n, value);
}

/* For a value that is there at every place in turn, once and again behind it. */
START_TEST(finding_a_value)
{
    static const int64_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 300, 511, 600};
    struct random random = random_begin("finding_a_value");
    fenced memory = fence((MOST_PAIRS + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
        int64_t n = sizes[size];
        for (int64_t place = 0; place < n; place++) {
            void *samples = fill_before_fence(memory, &random, SPRINKLED, is_f4, n, 0);
            int64_t again = place + (int64_t)random_below(&random, (uint64_t)(n - place));
            for (int64_t at = place; at <= again; at += again > place ? again - place : 1) {
                if (is_f4) {
                    ((float *)samples)[at] = 4096.0f;
                } else {
                    ((double *)samples)[at] = 4096.0;
                }
            }
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, 4096.0), place);
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, 5000.0), n);
        }
    }
    unfence(memory);
}
END_TEST

START_TEST(finding_awkward_values)
{
    static const double values[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 0.1, 1.0, -1.0, 1e30};
    struct random random = random_begin("finding_awkward_values");
    fenced memory = fence((MOST_PAIRS + SHIFTS) * sizeof(double));
    bool is_f4 = _i == 0;
    for (int64_t n = 0; n <= MOST_PAIRS; n++) {
        sample_kind kind = (sample_kind)random_below(&random, NUM_SAMPLE_KINDS);
        int shift = (int)random_below(&random, SHIFTS);
        const void *samples = fill_before_fence(memory, &random, kind, is_f4, n, shift);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            ck_assert_int_eq(find_value(tested, is_f4, samples, n, values[i]),
                             find_value(reference, is_f4, samples, n, values[i]));
        }
    }
    unfence(memory);
}
END_TEST

/* ---- conversion ------------------------------------------------------------------------------ */

enum { MOST_CONVERTED = 300, MOST_STRIDE = 40, NUM_STRIDES = 9 };

static ptrdiff_t stride_of(int i, ptrdiff_t itemsize)
{
    const ptrdiff_t strides[NUM_STRIDES] = {
        itemsize, -itemsize, 0, itemsize + 1, -itemsize - 3, 3 * itemsize, 1, -1, MOST_STRIDE};
    return strides[i];
}

/* The first sample's address when all of them lie as far up, or down, as they can. */
static const char *place_samples(fenced memory, bool at_end, ptrdiff_t stride, int64_t n,
                                 ptrdiff_t itemsize, int shift)
{
    ptrdiff_t last = n > 0 ? (ptrdiff_t)(n - 1) * stride : 0;
    ptrdiff_t highest = last > 0 ? last : 0, lowest_offset = last < 0 ? last : 0;
    return at_end ? memory.end - shift - itemsize - highest : memory.begin + shift - lowest_offset;
}

static void compare_conversion(fenced memory, sv_dtype dtype, ptrdiff_t stride, int64_t n,
                               struct random *random)
{
    static double own[MOST_CONVERTED + 1], expected[MOST_CONVERTED + 1];
    int shift = (int)random_below(random, 9) % 8;
    const char *from = place_samples(memory, random_below(random, 2) == 0, stride, n,
                                     (ptrdiff_t)sv_dtype_itemsize(dtype), shift);
    memset(own, 0xa5, sizeof own);
    memset(expected, 0xa5, sizeof expected);
    tested->convert(dtype, from, stride, n, own);
    reference->convert(dtype, from, stride, n, expected);
    char text[SV_DTYPE_TEXT_SIZE];
    ck_assert_msg(memcmp(own, expected, sizeof own) == 0, "%s, stride %td, %lld samples",
                  sv_dtype_text(dtype, text), stride, (long long)n);
}

/* Random bytes, so that floats are of every kind; what lies behind the last sample stays. */
START_TEST(conversions)
{
    struct random random = random_begin("conversions");
    fenced memory = fence(MOST_CONVERTED * MOST_STRIDE + 64);
    for (char *byte = memory.begin; byte < memory.end; byte++) {
        *byte = (char)random_bits(&random);
    }
    sv_type type = (sv_type)(_i / 2 + SV_TYPE_NONE + 1);
    sv_dtype dtype = sv_dtype_make(type, _i % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    ptrdiff_t itemsize = (ptrdiff_t)sv_dtype_itemsize(dtype);
    for (int64_t n = 0; n <= MOST_CONVERTED; n++) {
        for (int i = 0; i < NUM_STRIDES; i++) {
            compare_conversion(memory, dtype, stride_of(i, itemsize), n, &random);
        }
    }
    unfence(memory);
}
END_TEST

/* ---- all of it ------------------------------------------------------------------------------- */

static const sv_kernels *find_set(const char *name, bool *runs_here)
{
    const sv_kernels *set;
    for (int i = 0; (set = sv_kernels_at(i, runs_here)) != NULL; i++) {
        if (strcmp(set->name, name) == 0) {
            return set;
        }
    }
    return NULL;
}

static Suite *make_suite(const char *name)
{
    Suite *suite = suite_create(name);
    TCase *passes = tcase_create("passes");
    tcase_set_timeout(passes, 120);
    tcase_add_loop_test(passes, passes_at_every_number_of_lines, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(passes, passes_over_every_kind_of_samples, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(passes, passes_see_every_lane, 0, 2 * NUM_PASSES);
    tcase_add_loop_test(passes, survey_sees_every_equal_pair, 0, 2);
    tcase_add_test(passes, plain_sums);
    suite_add_tcase(suite, passes);
    TCase *search = tcase_create("search");
    tcase_set_timeout(search, 120);
    tcase_add_loop_test(search, equal_neighbours, 0, 2);
    tcase_add_loop_test(search, finding_a_value, 0, 2);
    tcase_add_loop_test(search, finding_awkward_values, 0, 2);
    suite_add_tcase(suite, search);
    TCase *conversion = tcase_create("conversion");
    tcase_set_timeout(conversion, 120);
    tcase_add_loop_test(conversion, conversions, 0, 2 * (SV_NUM_TYPES - 1));
    suite_add_tcase(suite, conversion);
    return suite;
}

int run_kernel_cases(const char *name)
{
    bool runs_here;
    reference = find_set("reference", &runs_here);
    tested = find_set(name, &runs_here);
    if (tested == NULL || !runs_here) {
        printf("skipped: the kernels %s %s\n", name,
               tested == NULL ? "are not built in" : "do not run on this processor or system");
        return SKIPPED;
    }
    SRunner *runner = srunner_create(make_suite(name));
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
