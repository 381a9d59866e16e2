/* Interleaved rows that are put together in the cache before they are reduced: the samples and the
 * figures of rows that lie apart, whatever their number, size, choice and window. */
#include <check.h>
#include <sndfile.h>
#include <stdlib.h>

#include "layouts.h"
#include "seisview/summary.h"
#include "walk.h"

enum { ALL_FIGURES = SV_FIGURES_SHAPE | SV_FIGURES_CLIPPING };

static const int64_t channel_counts[] = {2, 3, 5, 16, 17, 33};
static const char *const dtypes[] = {"i1", "<i2", ">i3", "<f4", ">f4", "<i8", ">f8"};

enum {
    NUM_COUNTS = sizeof channel_counts / sizeof channel_counts[0],
    NUM_DTYPES = sizeof dtypes / sizeof dtypes[0],
    MOST_CHANNELS = 33
};

/* ---- the same samples in both orders ------------------------------------------------------------
 */

typedef struct pair {
    sv_recording *interleaved, *planar;
    int64_t channels, samples;
} pair;

static sv_recording *open_order(const char *name, sv_layout order, sv_dtype dtype, int64_t channels,
                                const char *bytes, size_t num_bytes)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    options.dtype = dtype;
    options.channels = channels;
    options.layout = order;
    return open_good(write_scratch(name, bytes, num_bytes), &options);
}

static pair open_pair(struct random *random, sv_dtype dtype, int64_t channels, int64_t samples)
{
    pair made = {.channels = channels, .samples = samples};
    size_t size = sv_dtype_itemsize(dtype), num_bytes = (size_t)(channels * samples) * size;
    char *planar = malloc(num_bytes), *interleaved = malloc(num_bytes);
    fill_with_pieces(random, dtype, planar, channels * samples);
    for (int64_t i = 0; i < samples; i++) {
        for (int64_t row = 0; row < channels; row++) {
            memcpy(interleaved + (size_t)(i * channels + row) * size,
                   planar + (size_t)(row * samples + i) * size, size);
        }
    }
    made.planar = open_order("planar.bin", SV_PLANAR, dtype, channels, planar, num_bytes);
    made.interleaved =
        open_order("interleaved.bin", SV_INTERLEAVED, dtype, channels, interleaved, num_bytes);
    free(planar);
    free(interleaved);
    return made;
}

static void close_pair(pair *made)
{
    close_good(made->interleaved);
    close_good(made->planar);
}

/* ---- choices of rows ----------------------------------------------------------------------------
 */

/* All of them; as --channel 0,2-4,9; the first and the last; any; one. */
enum { NUM_CHOICES = 5 };

static bool is_chosen(struct random *random, int choice, int64_t row, int64_t channels)
{
    switch (choice) {
    case 0: return true;
    case 1: return row == 0 || (row >= 2 && row <= 4) || row == 9;
    case 2: return row == 0 || row == channels - 1;
    case 3: return random_below(random, 3) != 0;
    default: return row == channels / 2;
    }
}

static sv_scan_range choose(struct random *random, int choice, const pair *made, int64_t *rows)
{
    sv_scan_range range = {.rows = rows, .last = made->samples};
    for (int64_t row = 0; row < made->channels; row++) {
        if (is_chosen(random, choice, row, made->channels)) {
            rows[range.num_rows++] = row;
        }
    }
    if (random_below(random, 3) != 0) {
        range.first = (int64_t)random_below(random, (uint64_t)made->samples);
        range.last = range.first +
                     (int64_t)random_below(random, (uint64_t)(made->samples - range.first + 1));
    }
    return range;
}

/* ---- figures
 * -------------------------------------------------------------------------------------- */

static bool near(double a, double b, double size)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-13 * size;
}

static bool same_flat(const sv_flat *a, const sv_flat *b)
{
    return a->length == b->length && a->index == b->index && a->value == b->value;
}

/* All that does not depend on where blocks begin, and the rest to within rounding. */
static void same_figures(const sv_summary *own, const sv_summary *other)
{
    require(own->num_samples == other->num_samples && own->num_nan == other->num_nan &&
                own->num_inf == other->num_inf && own->num_zero == other->num_zero,
            "counts");
    require(own->min == other->min && own->min_index == other->min_index &&
                own->max == other->max && own->max_index == other->max_index,
            "extremes");
    require(same_flat(&own->head, &other->head) && same_flat(&own->tail, &other->tail) &&
                same_flat(&own->longest, &other->longest),
            "runs");
    require(memcmp(&own->sum, &other->sum, sizeof own->sum) == 0, "sums");
    require(own->num_clipped_min == other->num_clipped_min &&
                own->num_clipped_max == other->num_clipped_max &&
                own->num_sign_changes == other->num_sign_changes &&
                own->first_sign == other->first_sign && own->last_sign == other->last_sign,
            "clipped samples or signs");
    require(near(own->m2, other->m2, own->m2), "squares");
    require(near(own->m4, other->m4, own->m4), "fourth powers");
    /* Cubes may cancel; their sizes add up to √(Σd² · Σd⁴) at most. */
    require(near(own->m3, other->m3, sqrt(own->m2 * own->m4)), "third powers");
}

/* The bits of rows that are reduced where they lie, block by block. */
static sv_summary by_blocks(const sv_segment *segment, const sv_scan_range *range, int64_t row)
{
    sv_summary merged;
    sv_summary_init(&merged);
    int64_t block = sv_block_samples(segment);
    for (int64_t from = range->first, to; from < range->last; from = to) {
        to = (from / block + 1) * block;
        to = to < range->last ? to : range->last;
        sv_view view;
        sv_summary part;
        ck_assert_int_eq(sv_view_at(&segment->samples, 0, row, &view, NULL), SV_OK);
        ck_assert_int_eq(sv_view_slice(&view, 0, from, to, 1, &view, NULL), SV_OK);
        ck_assert_int_eq(sv_summary_of(&view, from, ALL_FIGURES, &part), SV_OK);
        sv_summary_merge(&merged, &part);
    }
    return merged;
}

static void scan_rows(sv_recording *recording, const sv_scan_range *range, int threads,
                      sv_summary *summaries)
{
    sv_error error;
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.threads = threads;
    options.io = threads % 2 == 0 ? SV_IO_AUTO : SV_IO_READ;
    sv_status status =
        sv_summary_scan(recording, range, ALL_FIGURES, &options, summaries, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
}

static void check_samples(sv_recording *recording, const sv_segment *seen_as,
                          const sv_scan_range *range)
{
    sv_segment segment = segment_of(recording, 0);
    walk w = begin_walk(&segment, range);
    w.dense = true;
    ck_assert_int_eq(run_walk(&w, recording, NULL, NULL, NULL), SV_OK);
    for (int64_t i = 0; i < range->num_rows; i++) {
        ck_assert_int_eq(w.next[i], range->last);
    }
    check_walked(&w, &seen_as->samples);
    end_walk(&w);
}

static void check_range(const pair *made, const sv_scan_range *range, int threads)
{
    sv_summary own[MOST_CHANNELS], other[MOST_CHANNELS];
    sv_segment segment = segment_of(made->interleaved, 0);
    check_samples(made->interleaved, &segment, range);
    scan_rows(made->interleaved, range, threads, own);
    scan_rows(made->planar, range, 1, other);
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_summary expected = by_blocks(&segment, range, range->rows[i]);
        same_figures(&own[i], &other[i]);
        require(own[i].m2 == expected.m2 && own[i].m2_low == expected.m2_low &&
                    own[i].m3 == expected.m3 && own[i].m4 == expected.m4,
                "the bits of squares and higher powers");
    }
}

START_TEST(dense_rows_are_the_rows)
{
    struct random random = random_begin("dense_rows_are_the_rows");
    sv_dtype dtype;
    int64_t channels = channel_counts[_i / NUM_DTYPES], rows[MOST_CHANNELS];
    ck_assert_int_eq(sv_dtype_parse(dtypes[_i % NUM_DTYPES], &dtype, NULL), SV_OK);
    int64_t block = 512 * 1024 / (channels * (int64_t)sv_dtype_itemsize(dtype));
    int64_t samples = block + 1 + (int64_t)random_below(&random, (uint64_t)block);
    pair made = open_pair(&random, dtype, channels, samples);
    for (int choice = 0; choice < NUM_CHOICES; choice++) {
        sv_scan_range range = choose(&random, choice, &made, rows);
        check_range(&made, &range, 1 + choice);
    }
    close_pair(&made);
}
END_TEST

/* Fewer frames than registers take at once, up to the end of the file. */
START_TEST(few_frames)
{
    struct random random = random_begin("few_frames");
    sv_dtype dtype;
    int64_t rows[MOST_CHANNELS];
    ck_assert_int_eq(sv_dtype_parse(dtypes[_i], &dtype, NULL), SV_OK);
    for (int64_t samples = 1; samples <= 20; samples++) {
        int64_t channels = channel_counts[samples % NUM_COUNTS];
        pair made = open_pair(&random, dtype, channels, samples);
        for (int choice = 0; choice < NUM_CHOICES; choice++) {
            sv_scan_range range = choose(&random, choice, &made, rows);
            check_range(&made, &range, 1);
        }
        close_pair(&made);
    }
}
END_TEST

/* ---- decoded
 * ---------------------------------------------------------------------------------------- */

/* FLAC of what the 16-bit interleaved recording holds. */
static sv_recording *open_flac(const pair *made)
{
    SF_INFO info = {.samplerate = 100, .channels = (int)made->channels};
    info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
    sv_segment segment = segment_of(made->interleaved, 0);
    SNDFILE *file = sf_open(scratch_path("rows.flac"), SFM_WRITE, &info);
    ck_assert_ptr_nonnull(file);
    const short *samples = (const short *)(const void *)segment.samples.address;
    ck_assert_int_eq(sf_writef_short(file, samples, made->samples), made->samples);
    ck_assert_int_eq(sf_close(file), 0);
    return open_good(scratch_path("rows.flac"), NULL);
}

START_TEST(dense_rows_of_a_reader)
{
    static const int64_t counts[] = {2, 3, 8};
    struct random random = random_begin("dense_rows_of_a_reader");
    int64_t rows[MOST_CHANNELS];
    sv_dtype dtype = sv_dtype_make(SV_I2, SV_NATIVE_ENDIAN);
    pair made = open_pair(&random, dtype, counts[_i], 300001 / counts[_i]);
    sv_recording *flac = open_flac(&made);
    sv_segment segment = segment_of(made.interleaved, 0);
    ck_assert(!segment_of(flac, 0).in_place);
    for (int choice = 0; choice < NUM_CHOICES; choice++) {
        sv_summary own[MOST_CHANNELS], other[MOST_CHANNELS];
        sv_scan_range range = choose(&random, choice, &made, rows);
        check_samples(flac, &segment, &range);
        scan_rows(flac, &range, 1 + choice, own);
        scan_rows(made.planar, &range, 1, other);
        for (int64_t i = 0; i < range.num_rows; i++) {
            same_figures(&own[i], &other[i]);
        }
    }
    close_good(flac);
    close_pair(&made);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("planar");
    TCase *tests = tcase_create("planar");
    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, dense_rows_are_the_rows, 0, NUM_COUNTS * NUM_DTYPES);
    tcase_add_loop_test(tests, few_frames, 0, NUM_DTYPES);
    tcase_add_loop_test(tests, dense_rows_of_a_reader, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
