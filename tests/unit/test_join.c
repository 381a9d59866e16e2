/* Joined recordings: files cut from a whole are the whole again; gaps, overlaps and what cannot
 * share a segment; parts that are missing, cut or changed; more parts than open files. */
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "random.h"
#include "sac_file.h"
#include "samples.h"
#include "scratch.h"
#include "seisview/guard.h"
#include "seisview/scan.h"
#include "seisview/summary.h"

enum { MOST_PARTS = 128, RATE = 100, PERIOD_NS = 1000000000 / RATE };

/* ---- SAC files of a long recording --------------------------------------------------------- */

/* `name` holds samples [first, last) of `samples`, whose first is at 2026-01-01T00:00:00Z. */
struct part {
    const char *name, *station;
    sv_byte_order order;
    const float *samples;
    int64_t first, last;
    int64_t late_ns; /* a multiple of 1 ms */
};

static void set_time(struct sac_file *file, int64_t nanoseconds)
{
    int64_t milliseconds = nanoseconds / 1000000;
    int32_t nz[] = {2026,
                    (int32_t)(1 + milliseconds / 86400000),
                    (int32_t)(milliseconds / 3600000 % 24),
                    (int32_t)(milliseconds / 60000 % 60),
                    (int32_t)(milliseconds / 1000 % 60),
                    (int32_t)(milliseconds % 1000)};
    for (int i = 0; i < 6; i++) {
        sac_integer(file, 70 + i, nz[i]);
    }
    sac_float(file, 5, 0.0F);
}

static const char *write_part(const struct part *part)
{
    struct sac_file file = make_sac(part->order, 6, 0);
    sac_integer(&file, 79, (int32_t)(part->last - part->first));
    sac_text(&file, 440, part->station);
    sac_text(&file, 600, "BHZ");
    sac_text(&file, 608, "XX");
    set_time(&file, part->first * PERIOD_NS + part->late_ns);
    const char *path = write_scratch(part->name, file.bytes, SAC_HEADER);
    FILE *stream = fopen(path, "ab");
    ck_assert_ptr_nonnull(stream);
    for (int64_t i = part->first; i < part->last; i++) {
        unsigned char bytes[4];
        sv_dtype_store(sv_dtype_make(SV_F4, part->order), bytes,
                       sv_scalar_float((double)part->samples[i]));
        require(fwrite(bytes, 1, 4, stream) == 4, "it is written");
    }
    ck_assert_int_eq(fclose(stream), 0);
    return path;
}

struct list {
    const char *paths[MOST_PARTS];
    char room[MOST_PARTS][128];
    int64_t count;
};

static void add(struct list *list, const char *path)
{
    ck_assert_int_lt(list->count, MOST_PARTS);
    snprintf(list->room[list->count], sizeof list->room[0], "%s", path);
    list->paths[list->count] = list->room[list->count];
    list->count++;
}

static void add_part(struct list *list, const char *station, const float *samples, int64_t first,
                     int64_t last, int64_t late_ns)
{
    char name[32];
    snprintf(name, sizeof name, "%" PRId64 ".sac", list->count);
    struct part part = {name, station, SV_NATIVE_ENDIAN, samples, first, last, late_ns};
    add(list, write_part(&part));
}

static void shuffle(struct list *list, struct random *random)
{
    for (int64_t i = list->count - 1; i > 0; i--) {
        int64_t j = (int64_t)random_below(random, (uint64_t)i + 1);
        const char *path = list->paths[i];
        list->paths[i] = list->paths[j];
        list->paths[j] = path;
    }
}

static sv_recording *join_with(const struct list *list, const sv_open_options *options)
{
    sv_error error = {.message = ""};
    sv_recording *recording = NULL;
    sv_status status = sv_recording_join(list->paths, list->count, options, &recording, &error);
    ck_assert_msg(status == SV_OK, "%s: %s", sv_status_name(status), error.message);
    return recording;
}

static sv_recording *join(const struct list *list)
{
    return join_with(list, NULL);
}

static void join_bad(const struct list *list, sv_status status, const char *words)
{
    sv_error error = {.message = ""};
    sv_recording *recording = NULL;
    ck_assert_int_eq(sv_recording_join(list->paths, list->count, NULL, &recording, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_ptr_null(recording);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(sv_recording_join(list->paths, list->count, NULL, &recording, NULL), status);
}

static const float *count_up(int64_t count)
{
    static float samples[100000];
    ck_assert_int_le(count, 100000);
    for (int64_t i = 0; i < count; i++) {
        samples[i] = (float)(i + 1);
    }
    return samples;
}

/* ---- what came of it ----------------------------------------------------------------------- */

static sv_status measure(sv_recording *recording, int64_t segment, sv_summary *summary,
                         sv_scan_report *report, sv_error *error)
{
    sv_scan_range range = {segment, NULL, 1, 0, segment_of(recording, segment).num_samples};
    return sv_summary_scan(recording, &range, 0, NULL, summary, report, error);
}

static sv_summary measured(sv_recording *recording, int64_t segment)
{
    sv_summary summary;
    sv_error error = {.message = ""};
    sv_status status = measure(recording, segment, &summary, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    return summary;
}

/* Reads the whole segment in runs of random lengths. */
static void expect_samples(const sv_recording *recording, int64_t segment, const float *samples,
                           int64_t count, struct random *random)
{
    sv_reader *reader;
    ck_assert_int_eq(segment_of(recording, segment).num_samples, count);
    ck_assert_int_eq(sv_reader_open(recording, segment, &reader, NULL), SV_OK);
    for (int64_t first = 0; first < count;) {
        sv_view view;
        int64_t asked = 1 + (int64_t)random_below(random, 5000);
        require(sv_reader_read(reader, first, asked, &view, NULL) == SV_OK, "it is read");
        require(view.ndim == 2 && view.shape[0] == 1 && view.shape[1] >= 1, "a row");
        require(view.shape[1] <= asked && first + view.shape[1] <= count, "no more than asked");
        require(view.readonly && sv_view_check(&view) == SV_OK, "a view");
        for (int64_t i = 0; i < view.shape[1]; i++) {
            float value = (float)sv_scalar_as_f8(
                sv_dtype_load(view.dtype, view.address + i * view.strides[1]));
            require(memcmp(&value, &samples[first + i], sizeof value) == 0, "the same bits");
        }
        first += view.shape[1];
    }
    sv_reader_close(reader);
}

static bool is_close(double a, double b, double scale)
{
    return fabs(a - b) <= 1e-15 * (fabs(b) + scale);
}

static bool same_flat(const sv_flat *a, const sv_flat *b)
{
    return a->length == b->length && a->index == b->index;
}

static void expect_same(const sv_summary *a, const sv_summary *b)
{
    ck_assert_int_eq(a->num_samples, b->num_samples);
    ck_assert_int_eq(a->num_nan, b->num_nan);
    ck_assert_int_eq(a->num_inf, b->num_inf);
    ck_assert_int_eq(a->num_zero, b->num_zero);
    ck_assert_double_eq(a->min, b->min);
    ck_assert_double_eq(a->max, b->max);
    ck_assert_int_eq(a->min_index, b->min_index);
    ck_assert_int_eq(a->max_index, b->max_index);
    ck_assert(same_flat(&a->longest, &b->longest));
    double stdev = sv_summary_stdev(b);
    ck_assert(is_close(sv_summary_mean(a), sv_summary_mean(b), stdev));
    ck_assert(is_close(sv_summary_stdev(a), stdev, 0.0));
}

/* ---- the whole again ----------------------------------------------------------------------- */

static void cut_up(struct list *list, const char *station, const float *samples, int64_t count,
                   int64_t pieces, struct random *random)
{
    int64_t first = 0;
    for (int64_t i = 1; i <= pieces; i++) {
        int64_t left = count - first - (pieces - i);
        int64_t length = i == pieces ? left : 1 + (int64_t)random_below(random, (uint64_t)left / 2);
        /* Clocks are off by less than half a sample. */
        int64_t late_ns = first == 0 ? 0 : ((int64_t)random_below(random, 5) - 2) * 1000000;
        add_part(list, station, samples, first, first + length, late_ns);
        first += length;
    }
}

START_TEST(files_cut_from_a_whole_are_the_whole_again)
{
    enum { COUNT = 300000 };
    static float samples[2][COUNT];
    static const char *const stations[] = {"AAA", "BBB"};
    static const sample_kind kinds[] = {NOISE, SPRINKLED};
    struct random random = random_begin("files_cut_from_a_whole_are_the_whole_again");
    static struct list parts;
    for (int s = 0; s < 2; s++) {
        fill_f4(&random, kinds[s], samples[s], COUNT);
        for (int i = 0; i < 300; i++) {
            samples[s][1000 * (s + 1) + i] = 7.0F; /* flat, across what may be a cut */
        }
        cut_up(&parts, stations[s], samples[s], COUNT, 10 + (int64_t)random_below(&random, 20),
               &random);
    }
    shuffle(&parts, &random);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 2);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 0);
    ck_assert_str_eq(sv_recording_format(joined), "sac");
    ck_assert_str_eq(sv_recording_path(joined), parts.paths[0]);
    no_warning(joined);
    for (int64_t segment = 0; segment < 2; segment++) {
        sv_channel channel;
        ck_assert_int_eq(sv_recording_channel(joined, segment, 0, &channel), SV_OK);
        int s = strstr(channel.id, "BBB") != NULL;
        ck_assert_int_eq(channel.number, segment);
        ck_assert_int_eq(channel.start, time_of("2026-01-01T00:00:00Z"));
        ck_assert(!segment_of(joined, segment).in_place);
        expect_samples(joined, segment, samples[s], COUNT, &random);
        struct part whole = {"whole.sac", stations[s], SV_NATIVE_ENDIAN, samples[s], 0, COUNT, 0};
        sv_recording *recording = open_good(write_part(&whole), NULL);
        sv_summary one = measured(recording, 0), other = measured(joined, segment);
        expect_same(&other, &one);
        close_good(recording);
    }
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    close_good(joined);
}
END_TEST

START_TEST(samples_stay_where_they_are)
{
    static struct list parts;
    const float *samples = count_up(50000);
    add_part(&parts, "AAA", samples, 20000, 50000, 0);
    add_part(&parts, "AAA", samples, 0, 20000, 0);
    sv_recording *joined = join(&parts);
    sv_summary summary;
    sv_scan_report report = {0};
    ck_assert_int_eq(measure(joined, 0, &summary, &report, NULL), SV_OK);
    ck_assert_int_eq(report.bytes_mapped, 50000 * 4);
    ck_assert_int_eq(report.bytes_copied, 0);
    ck_assert_int_eq(sv_recording_size_bytes(joined), 2 * SAC_HEADER + 50000 * 4);
    ck_assert_int_eq(sv_recording_num_missing(joined), 0);
    close_good(joined);
}
END_TEST

START_TEST(one_file_is_joined_with_itself_alone)
{
    static struct list parts;
    struct random random = random_begin("one_file_is_joined_with_itself_alone");
    const float *samples = count_up(10);
    add_part(&parts, "AAA", samples, 0, 10, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 1);
    expect_samples(joined, 0, samples, 10, &random);
    close_good(joined);
    sv_recording *none = NULL;
    ck_assert_int_eq(sv_recording_join(parts.paths, 0, NULL, &none, NULL), SV_INVALID);
}
END_TEST

/* ---- segments ------------------------------------------------------------------------------ */

static void expect_segment(const sv_recording *recording, int64_t index, int64_t channel,
                           double first, int64_t count)
{
    sv_segment segment = segment_of(recording, index);
    sv_channel found;
    ck_assert_int_eq(segment.num_samples, count);
    ck_assert_int_eq(sv_recording_channel(recording, index, 0, &found), SV_OK);
    ck_assert_int_eq(found.number, channel);
    if (count > 0) {
        sv_reader *reader;
        sv_view view;
        ck_assert_int_eq(sv_reader_open(recording, index, &reader, NULL), SV_OK);
        ck_assert_int_eq(sv_reader_read(reader, 0, 1, &view, NULL), SV_OK);
        ck_assert_double_eq(sv_scalar_as_f8(sv_dtype_load(view.dtype, view.address)), first);
        sv_reader_close(reader);
    }
}

START_TEST(gaps_and_overlaps_begin_segments)
{
    static struct list parts;
    const float *samples = count_up(1000);
    add_part(&parts, "AAA", samples, 500, 600, 6000000);  /* 0.6 of a sample late */
    add_part(&parts, "AAA", samples, 300, 500, -5000000); /* half a sample early is none */
    add_part(&parts, "AAA", samples, 700, 1000, 0);
    add_part(&parts, "AAA", samples, 0, 300, 0);
    add_part(&parts, "AAA", samples, 590, 700, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 3);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 2);
    expect_segment(joined, 0, 0, 1.0, 500);
    expect_segment(joined, 1, 0, 501.0, 100);
    expect_segment(joined, 2, 0, 591.0, 410);
    ck_assert_int_eq(segment_of(joined, 2).start, time_of("2026-01-01T00:00:05.9Z"));
    close_good(joined);
}
END_TEST

START_TEST(what_came_twice_is_kept_apart)
{
    static struct list parts;
    const float *samples = count_up(1000);
    add_part(&parts, "AAA", samples, 0, 500, 0);
    add_part(&parts, "AAA", samples, 100, 200, 0);
    add_part(&parts, "AAA", samples, 500, 1000, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 2);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 1);
    expect_segment(joined, 0, 0, 1.0, 1000);
    expect_segment(joined, 1, 0, 101.0, 100);
    close_good(joined);
}
END_TEST

START_TEST(another_byte_order_begins_a_segment_and_is_no_gap)
{
    static struct list parts;
    const float *samples = count_up(100);
    struct part little = {"l.sac", "AAA", SV_LITTLE_ENDIAN, samples, 0, 50, 0};
    struct part big = {"b.sac", "AAA", SV_BIG_ENDIAN, samples, 50, 100, 0};
    add(&parts, write_part(&big));
    add(&parts, write_part(&little));
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 2);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 0);
    expect_segment(joined, 0, 0, 1.0, 50);
    expect_segment(joined, 1, 0, 51.0, 50);
    close_good(joined);
}
END_TEST

START_TEST(channels_are_numbered_as_they_appear)
{
    static struct list parts;
    static const char *const stations[] = {"MMM", "ZZZ", "AAA", "ZZZ", "MMM", "QQQ"};
    static const int64_t numbers[] = {0, 0, 1, 1, 2, 3};
    const float *samples = count_up(100);
    for (int i = 0; i < 6; i++) {
        add_part(&parts, stations[i], samples, 10 * i, 10 * i + 5, 0);
    }
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 6);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 2);
    for (int64_t i = 0; i < 6; i++) {
        sv_channel channel;
        ck_assert_int_eq(sv_recording_channel(joined, i, 0, &channel), SV_OK);
        ck_assert_int_eq(channel.number, numbers[i]);
    }
    ck_assert_int_eq(sv_recording_channel(joined, 0, 1, &(sv_channel){0}), SV_RANGE);
    close_good(joined);
}
END_TEST

START_TEST(parts_without_samples_leave_no_trace)
{
    static struct list parts;
    const float *samples = count_up(100);
    add_part(&parts, "AAA", samples, 0, 50, 0);
    add_part(&parts, "AAA", samples, 20, 20, 0);
    add_part(&parts, "AAA", samples, 50, 50, 0);
    add_part(&parts, "AAA", samples, 50, 100, 0);
    add_part(&parts, "BBB", samples, 10, 10, 0);
    add_part(&parts, "BBB", samples, 30, 30, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_segments(joined), 2);
    ck_assert_int_eq(sv_recording_num_gaps(joined), 0);
    expect_segment(joined, 0, 0, 1.0, 100);
    expect_segment(joined, 1, 1, 0.0, 0);
    close_good(joined);
}
END_TEST

/* ---- windows ------------------------------------------------------------------------------- */

static void expect_window(const sv_recording *recording, const char *from, const char *to,
                          int64_t first, int64_t last)
{
    sv_window window;
    int64_t found[2];
    ck_assert_int_eq(sv_position_parse(from, &window.from, NULL), SV_OK);
    ck_assert_int_eq(sv_position_parse(to, &window.to, NULL), SV_OK);
    ck_assert_int_eq(sv_window_resolve(recording, 0, &window, &found[0], &found[1], NULL), SV_OK);
    ck_assert_int_eq(found[0], first);
    ck_assert_int_eq(found[1], last);
}

START_TEST(windows_go_across_files)
{
    static struct list parts;
    const float *samples = count_up(1000);
    add_part(&parts, "AAA", samples, 400, 1000, 0);
    add_part(&parts, "AAA", samples, 0, 400, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_start(joined), time_of("2026-01-01T00:00:00Z"));
    expect_window(joined, "3.5s", "5s", 350, 500);
    expect_window(joined, "2026-01-01T00:00:03.5Z", "2026-01-01T00:00:05Z", 350, 500);
    expect_window(joined, "350", "5000", 350, 1000);
    sv_summary summary;
    sv_scan_range range = {0, NULL, 1, 350, 500};
    ck_assert_int_eq(sv_summary_scan(joined, &range, 0, NULL, &summary, NULL, NULL), SV_OK);
    ck_assert_int_eq(summary.num_samples, 150);
    ck_assert_double_eq(summary.min, 351.0);
    ck_assert_int_eq(summary.max_index, 499);
    close_good(joined);
}
END_TEST

START_TEST(a_given_start_is_that_of_the_earliest)
{
    static struct list parts;
    const float *samples = count_up(1000);
    add_part(&parts, "AAA", samples, 500, 1000, 0);
    add_part(&parts, "AAA", samples, 0, 400, 0);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.start = time_of("2000-01-01T00:00:00Z");
    sv_recording *joined = join_with(&parts, &options);
    ck_assert_int_eq(sv_recording_start(joined), options.start);
    ck_assert_int_eq(segment_of(joined, 0).start, options.start);
    ck_assert_int_eq(segment_of(joined, 1).start, time_of("2000-01-01T00:00:05Z"));
    close_good(joined);
    options.start = INT64_MAX - 10;
    sv_recording *none = NULL;
    ck_assert_int_eq(sv_recording_join(parts.paths, parts.count, &options, &none, NULL),
                     SV_OVERFLOW);
}
END_TEST

/* ---- what cannot be joined ----------------------------------------------------------------- */

START_TEST(channels_without_id_or_time_are_refused)
{
    static const float four[] = {1.0F, 2.0F, 3.0F, 4.0F};
    static struct list parts;
    add_part(&parts, "AAA", count_up(10), 0, 10, 0);
    add(&parts, write_scratch("quake.bin", four, sizeof four));
    join_bad(&parts, SV_INVALID, "quake.bin: its channel 0 has no id");

    struct sac_file nameless = make_sac(SV_LITTLE_ENDIAN, 6, 5);
    parts.count = 1;
    add(&parts, write_scratch("nameless.sac", nameless.bytes, nameless.num_bytes));
    join_bad(&parts, SV_INVALID, "nameless.sac: its channel 0 has no id");

    sac_text(&nameless, 440, "AAA");
    sac_integer(&nameless, 70, -12345);
    write_scratch("nameless.sac", nameless.bytes, nameless.num_bytes);
    join_bad(&parts, SV_INVALID, "nameless.sac: its channel 0 has no time");
}
END_TEST

START_TEST(options_are_those_of_every_part)
{
    static struct list parts;
    add_part(&parts, "AAA", count_up(10), 0, 10, 0);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = 2;
    sv_recording *none = NULL;
    options.format = "sac";
    ck_assert_int_eq(sv_recording_join(parts.paths, 1, &options, &none, NULL), SV_INVALID);
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.rate = 50.0;
    sv_recording *joined = join_with(&parts, &options);
    ck_assert_double_eq(segment_of(joined, 0).sample_rate, 50.0);
    close_good(joined);
}
END_TEST

/* ---- parts that are not whole -------------------------------------------------------------- */

START_TEST(a_missing_part_is_left_out)
{
    static struct list parts;
    const float *samples = count_up(300);
    add_part(&parts, "AAA", samples, 0, 100, 0);
    add(&parts, scratch_path("nowhere.sac"));
    add_part(&parts, "AAA", samples, 200, 300, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_num_missing(joined), 1);
    one_warning(joined, "nowhere.sac: it cannot be opened");
    ck_assert_int_eq(sv_recording_num_segments(joined), 2);
    close_good(joined);

    parts.count = 0;
    add(&parts, scratch_path("nowhere.sac"));
    add(&parts, scratch_path("neither.sac"));
    join_bad(&parts, SV_IO, "nowhere.sac: it cannot be opened");
}
END_TEST

START_TEST(a_part_that_lacks_samples_makes_its_segment_incomplete)
{
    static struct list parts;
    const float *samples = count_up(300);
    add_part(&parts, "AAA", samples, 0, 100, 0);
    add_part(&parts, "AAA", samples, 100, 200, 0);
    add_part(&parts, "BBB", samples, 200, 300, 0);
    ck_assert_int_eq(truncate(parts.paths[1], SAC_HEADER + 4 * 60), 0);
    sv_recording *joined = join(&parts);
    one_warning(joined, "1.sac: 40 of the 100 samples");
    ck_assert_int_eq(segment_of(joined, 0).num_samples, 160);
    ck_assert(!segment_of(joined, 0).complete);
    ck_assert(segment_of(joined, 1).complete);
    close_good(joined);
}
END_TEST

START_TEST(a_part_that_is_cut_loses_its_samples_alone)
{
    static struct list parts;
    const float *samples = count_up(30000);
    for (int i = 0; i < 3; i++) {
        add_part(&parts, "AAA", samples, 10000 * i, 10000 * (i + 1), 0);
    }
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(truncate(parts.paths[1], 1000), 0);
    sv_summary summary;
    sv_error error = {.message = ""};
    sv_scan_report report = {0};
    ck_assert_int_eq(measure(joined, 0, &summary, &report, &error), SV_FORMAT);
    ck_assert_msg(strstr(error.message, "1.sac: the file was cut at byte 1000") != NULL, "%s",
                  error.message);
    ck_assert_int_eq(report.samples_lost, 10000);
    ck_assert_int_eq(summary.num_samples, 20000);
    ck_assert_double_eq(summary.min, 1.0);
    ck_assert_double_eq(summary.max, 30000.0);
    ck_assert_int_eq(sv_recording_check(joined, &error), SV_TRUNCATED);
    ck_assert_ptr_nonnull(strstr(error.message, "1.sac: the file was cut"));
    close_good(joined);
}
END_TEST

START_TEST(a_part_that_was_written_to_is_told_once_for_each_reading)
{
    static struct list parts;
    const float *samples = count_up(200);
    add_part(&parts, "AAA", samples, 0, 100, 0);
    add_part(&parts, "AAA", samples, 100, 200, 0);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    struct timespec times[] = {{1, 0}, {1, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, parts.paths[0], times, 0), 0);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK); /* nothing was read of it */
    measured(joined, 0);
    sv_error error = {.message = ""};
    ck_assert_int_eq(sv_recording_check(joined, &error), SV_BUSY);
    ck_assert_ptr_nonnull(strstr(error.message, "0.sac: the file was written to"));
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    close_good(joined);
}
END_TEST

START_TEST(a_part_in_the_hands_of_a_reader_is_looked_at_again)
{
    static struct list parts;
    add_part(&parts, "AAA", count_up(100), 0, 100, 0);
    sv_recording *joined = join(&parts);
    sv_reader *reader;
    sv_view view;
    ck_assert_int_eq(sv_reader_open(joined, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 0, 50, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    ck_assert_int_eq(truncate(parts.paths[0], SAC_HEADER), 0);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_TRUNCATED);
    sv_reader_close(reader);
    close_good(joined);
}
END_TEST

/* ---- many parts ---------------------------------------------------------------------------- */

static int count_open_files(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return 0;
    }
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

/* Room for 30 descriptors more than there are: a few stay open. */
static void limit_open_files(void)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)count_open_files() + 30;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

enum { MANY = 100, MANY_SAMPLES = 1000 };

static void make_many(struct list *parts)
{
    const float *samples = count_up(MANY * MANY_SAMPLES);
    for (int64_t i = 0; i < MANY; i++) {
        add_part(parts, "AAA", samples, i * MANY_SAMPLES, (i + 1) * MANY_SAMPLES, 0);
    }
    limit_open_files();
}

START_TEST(there_may_be_more_parts_than_open_files)
{
    static struct list parts;
    struct random random = random_begin("there_may_be_more_parts_than_open_files");
    int before = count_open_files();
    make_many(&parts);
    shuffle(&parts, &random);
    sv_recording *joined = join(&parts);
    ck_assert_int_lt(count_open_files(), before + 30);
    expect_samples(joined, 0, count_up(MANY * MANY_SAMPLES), MANY * MANY_SAMPLES, &random);
    sv_summary summary = measured(joined, 0);
    ck_assert_int_eq(summary.num_samples, MANY * MANY_SAMPLES);
    ck_assert_double_eq(summary.max, MANY * MANY_SAMPLES);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    close_good(joined);
    ck_assert_int_eq(count_open_files(), before);
}
END_TEST

START_TEST(parts_that_change_while_they_are_closed_are_noticed)
{
    static struct list parts;
    make_many(&parts);
    sv_recording *joined = join(&parts);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_OK);
    ck_assert_int_eq(unlink(parts.paths[3]), 0);
    ck_assert_int_eq(truncate(parts.paths[4], SAC_HEADER + 40), 0);
    const float *samples = count_up(MANY * MANY_SAMPLES);
    struct part shorter = {"5.sac", "AAA", SV_NATIVE_ENDIAN, samples, 5000, 5500, 0};
    write_part(&shorter);
    ck_assert_int_eq(truncate(parts.paths[5], SAC_HEADER + 4000), 0);
    sv_summary summary;
    sv_error error = {.message = ""};
    sv_scan_report report = {0};
    ck_assert_int_eq(measure(joined, 0, &summary, &report, &error), SV_FORMAT);
    ck_assert_msg(strstr(error.message, "3.sac: it cannot be opened") != NULL, "%s", error.message);
    ck_assert_int_eq(report.samples_lost, 3 * MANY_SAMPLES);
    ck_assert_int_eq(summary.num_samples, (MANY - 3) * MANY_SAMPLES);
    ck_assert_int_eq(sv_recording_check(joined, NULL), SV_TRUNCATED);
    close_good(joined);
}
END_TEST

START_TEST(allocations_that_fail_leave_nothing_open)
{
    static struct list parts;
    const float *samples = count_up(100);
    for (int64_t i = 0; i < 5; i++) {
        add_part(&parts, i % 2 == 0 ? "AAA" : "BBB", samples, 20 * i, 20 * (i + 1), 0);
    }
    add(&parts, scratch_path("nowhere.sac"));
    int before = count_open_files();
    sv_status status = SV_NOMEM;
    for (long count = 0; status != SV_OK; count++) {
        sv_recording *joined = NULL;
        sv_error error = {.message = ""};
        sv_memory_fail_after(count, false);
        status = sv_recording_join(parts.paths, parts.count, NULL, &joined, &error);
        sv_memory_fail_after(-1, false);
        ck_assert_int_eq(status == SV_OK, joined != NULL);
        ck_assert_msg(status == SV_OK || status == SV_NOMEM, "%s: %s", sv_status_name(status),
                      error.message);
        close_good(joined);
        ck_assert_int_eq(count_open_files(), before);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        files_cut_from_a_whole_are_the_whole_again,
        samples_stay_where_they_are,
        one_file_is_joined_with_itself_alone,
        gaps_and_overlaps_begin_segments,
        what_came_twice_is_kept_apart,
        another_byte_order_begins_a_segment_and_is_no_gap,
        channels_are_numbered_as_they_appear,
        parts_without_samples_leave_no_trace,
        windows_go_across_files,
        a_given_start_is_that_of_the_earliest,
        channels_without_id_or_time_are_refused,
        options_are_those_of_every_part,
        a_missing_part_is_left_out,
        a_part_that_lacks_samples_makes_its_segment_incomplete,
        a_part_that_is_cut_loses_its_samples_alone,
        a_part_that_was_written_to_is_told_once_for_each_reading,
        a_part_in_the_hands_of_a_reader_is_looked_at_again,
        there_may_be_more_parts_than_open_files,
        parts_that_change_while_they_are_closed_are_noticed,
        allocations_that_fail_leave_nothing_open,
    };
    return run_in_scratch("join", tests, sizeof tests / sizeof tests[0]);
}
