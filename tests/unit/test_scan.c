/* Scans: every sample once and in order, the same bits however they are run, and what they report.
 * What happens when they go wrong is tested in test_scan_failures.c. */
#include <check.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "kernel/kernel.h"
#include "layouts.h"
#include "sanitizers.h"
#include "seisview/summary.h"
#include "walk.h"

static const int thread_counts[] = {1, 2, 3, 7};
static const sv_io ios[] = {SV_IO_AUTO, SV_IO_MAP, SV_IO_READ, SV_IO_DIRECT};

enum { NUM_WAYS = 16 };

/* One of the ways in which a scan can be run. */
static sv_scan_options way(int i)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.threads = thread_counts[i % 4];
    options.io = ios[i / 4];
    return options;
}

/* ---- samples --------------------------------------------------------------------------------- */

START_TEST(every_sample_comes_once_and_in_order)
{
    struct random random = random_begin("every_sample_comes_once_and_in_order");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "walk.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    for (int i = _i % 3; i < NUM_WAYS; i += 3) { /* some of them, others for each layout */
        sv_scan_options options = way(i);
        sv_scan_range range = range_of(l);
        walk w = begin_walk(&segment, &range);
        ck_assert_int_eq(run_walk(&w, recording, &options, NULL, NULL), SV_OK);
        for (int64_t row = 0; row < range.num_rows; row++) {
            ck_assert(w.next[row] == range.last);
        }
        check_walked(&w, &segment.samples);
        end_walk(&w);
    }
    close_good(recording);
}
END_TEST

START_TEST(random_windows_and_rows)
{
    struct random random = random_begin("random_windows_and_rows");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "walk.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    int64_t *rows = malloc((size_t)l->channels * sizeof *rows);
    for (int round = 0; round < 5; round++) {
        sv_scan_range range = {.rows = rows};
        uint64_t one_in = 1 + random_below(&random, 5);
        for (int64_t row = 0; row < l->channels; row++) {
            if (random_below(&random, one_in) == 0) {
                rows[range.num_rows++] = row;
            }
        }
        range.first = (int64_t)random_below(&random, (uint64_t)l->samples);
        range.last =
            range.first + (int64_t)random_below(&random, (uint64_t)(l->samples - range.first + 1));
        sv_scan_options options = way((int)random_below(&random, NUM_WAYS));
        walk w = begin_walk(&segment, &range);
        ck_assert_int_eq(run_walk(&w, recording, &options, NULL, NULL), SV_OK);
        check_walked(&w, &segment.samples);
        end_walk(&w);
    }
    free(rows);
    close_good(recording);
}
END_TEST

START_TEST(blocks_follow_from_the_geometry_alone)
{
    sv_segment segment = {.in_place = true};
    int64_t before = 1 << 17;
    for (int64_t stride = 1; stride < 1 << 24; stride = stride * 2 + 1) {
        segment.samples.strides[1] = stride;
        int64_t samples = sv_block_samples(&segment);
        ck_assert(samples <= before && (samples & (samples - 1)) == 0);
        segment.samples.strides[1] = -stride;
        ck_assert_int_eq(sv_block_samples(&segment), samples);
        before = samples;
    }
    segment.samples.strides[1] = 4;
    ck_assert_int_eq(sv_block_samples(&segment), 1 << 17);
}
END_TEST

/* ---- the same bits --------------------------------------------------------------------------- */

enum { ALL_FIGURES = SV_FIGURES_SHAPE | SV_FIGURES_CLIPPING };

enum { NUM_REALS = 9, NUM_COUNTS = 18, WORDS = NUM_REALS + NUM_COUNTS + SV_EXACT_DIGITS };

/* A summary without the holes between its fields. */
static void pack(const sv_summary *s, uint64_t words[WORDS])
{
    const double reals[NUM_REALS] = {s->min, s->max,        s->m2,         s->m2_low,       s->m3,
                                     s->m4,  s->head.value, s->tail.value, s->longest.value};
    const int64_t counts[NUM_COUNTS] = {s->num_samples,      s->num_nan,         s->num_inf,
                                        s->num_zero,         s->min_index,       s->max_index,
                                        s->exponent,         s->head.length,     s->head.index,
                                        s->tail.length,      s->tail.index,      s->longest.length,
                                        s->longest.index,    s->num_clipped_min, s->num_clipped_max,
                                        s->num_sign_changes, s->first_sign,      s->last_sign};
    memcpy(words, reals, sizeof reals);
    memcpy(words + NUM_REALS, counts, sizeof counts);
    memcpy(words + NUM_REALS + NUM_COUNTS, s->sum.digits, sizeof s->sum.digits);
}

/* The words of all rows; to be freed. */
static uint64_t *summarise(sv_recording *recording, const layout *l, int number)
{
    sv_scan_range range = range_of(l);
    sv_scan_options options = way(number);
    sv_error error;
    sv_summary *summaries = malloc((size_t)range.num_rows * sizeof *summaries);
    sv_status status =
        sv_summary_scan(recording, &range, ALL_FIGURES, &options, summaries, NULL, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
    uint64_t *words = malloc((size_t)range.num_rows * WORDS * sizeof *words);
    for (int64_t row = 0; row < range.num_rows; row++) {
        pack(&summaries[row], words + row * WORDS);
    }
    free(summaries);
    return words;
}

/* In a process of its own, since the set is chosen once: scans in some of the ways, others for each
 * layout, and sends what came of the first; the rest must be the same. */
static void summarise_with(const char *set, sv_recording *recording, const layout *l, int to)
{
    setenv("SEISVIEW_KERNEL", set, 1);
    size_t num_bytes = (size_t)range_of(l).num_rows * WORDS * sizeof(uint64_t);
    uint64_t *first = summarise(recording, l, 0);
    for (int i = 1 + (int)(l - layouts) % 3; i < NUM_WAYS; i += 3) {
        uint64_t *words = summarise(recording, l, i);
        if (memcmp(words, first, num_bytes) != 0) {
            fprintf(stderr, "%s, %s: %d threads, io %d differs\n", l->name, set, way(i).threads,
                    (int)way(i).io);
            _exit(1);
        }
        free(words);
    }
    for (size_t done = 0; done < num_bytes;) {
        ssize_t count = write(to, (const char *)first + done, num_bytes - done);
        if (count < 0) {
            _exit(2);
        }
        done += (size_t)count;
    }
    free(first);
    _exit(0);
}

static uint64_t *receive_from(const char *set, sv_recording *recording, const layout *l)
{
    int ends[2], state;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        summarise_with(set, recording, l, ends[1]);
    }
    close(ends[1]);
    size_t num_bytes = (size_t)range_of(l).num_rows * WORDS * sizeof(uint64_t);
    char *bytes = malloc(num_bytes);
    size_t done = 0;
    for (ssize_t count = 1; count > 0 && done < num_bytes; done += (size_t)count) {
        count = read(ends[0], bytes + done, num_bytes - done);
        ck_assert_int_ge(count, 0);
    }
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert_msg(WIFEXITED(state) && WEXITSTATUS(state) == 0, "%s: state %d", set, state);
    ck_assert_uint_eq(done, num_bytes);
    return (uint64_t *)(void *)bytes;
}

START_TEST(the_same_bits_whatever_runs_the_scan)
{
    struct random random = random_begin("the_same_bits_whatever_runs_the_scan");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "bits.bin", &random);
    size_t num_bytes = (size_t)range_of(l).num_rows * WORDS * sizeof(uint64_t);
    uint64_t *first = receive_from("reference", recording, l);
    bool runs_here;
    const sv_kernels *set;
    for (int i = 1; (set = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        if (runs_here) {
            uint64_t *words = receive_from(set->name, recording, l);
            ck_assert_msg(memcmp(words, first, num_bytes) == 0, "%s: %s differs", l->name,
                          set->name);
            free(words);
        }
    }
    free(first);
    close_good(recording);
}
END_TEST

/* ---- holes ----------------------------------------------------------------------------------- */

/* The same bytes twice: with every zero written, and with none of those left out that fill a page.
 * Long runs of zeros begin and end anywhere. */
static void write_twice(const layout *l, struct random *random)
{
    enum { PAGE = 4096, LONGEST = 2 << 20 };
    sv_recording *recording = open_layout(l, "dense.bin", random);
    int64_t size = sv_recording_size_bytes(recording);
    close_good(recording);
    char *bytes = malloc((size_t)size);
    int dense = open(scratch_path("dense.bin"), O_RDWR);
    int sparse = open(scratch_path("sparse.bin"), O_CREAT | O_RDWR | O_TRUNC, 0600);
    ck_assert_int_eq(pread(dense, bytes, (size_t)size, 0), size);
    for (int64_t at = 0, length; at < size; at += length) {
        length = 1 + (int64_t)random_below(random, LONGEST);
        length = length < size - at ? length : size - at;
        memset(bytes + at, 0, (size_t)length);
        at += length;
        length = (int64_t)random_below(random, LONGEST / 8);
    }
    ck_assert_int_eq(pwrite(dense, bytes, (size_t)size, 0), size);
    ck_assert_int_eq(ftruncate(sparse, size), 0);
    static const char zeros[PAGE];
    for (int64_t at = 0; at < size; at += PAGE) {
        size_t length = size - at < PAGE ? (size_t)(size - at) : PAGE;
        if (memcmp(bytes + at, zeros, length) != 0) {
            ck_assert_int_eq(pwrite(sparse, bytes + at, length, (off_t)at), (ssize_t)length);
        }
    }
    close(dense);
    close(sparse);
    free(bytes);
}

static sv_recording *open_again(const layout *l, const char *name)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    ck_assert_int_eq(sv_dtype_parse(l->dtype, &options.dtype, NULL), SV_OK);
    options.format = "raw";
    options.channels = l->channels;
    options.layout = l->order;
    options.skip_bytes = l->skip_bytes;
    return open_good(scratch_path(name), &options);
}

/* What the system says of holes; not every file system knows any. */
static bool begins_with_hole(const char *name)
{
    int fd = open(scratch_path(name), O_RDONLY);
    off_t data = lseek(fd, 0, SEEK_DATA);
    close(fd);
    return data != 0;
}

START_TEST(holes_have_the_figures_of_zeros)
{
    struct random random = random_begin("holes_have_the_figures_of_zeros");
    const layout *l = &layouts[_i];
    write_twice(l, &random);
    sv_recording *dense = open_again(l, "dense.bin"), *sparse = open_again(l, "sparse.bin");
    size_t num_bytes = (size_t)range_of(l).num_rows * WORDS * sizeof(uint64_t);
    uint64_t *expected = summarise(dense, l, 0);
    for (int i = _i % 3; i < NUM_WAYS; i += 3) {
        uint64_t *words = summarise(sparse, l, i);
        ck_assert_msg(memcmp(words, expected, num_bytes) == 0, "%s: %d threads, io %d differs",
                      l->name, way(i).threads, (int)way(i).io);
        free(words);
    }
    free(expected);
    close_good(dense);
    close_good(sparse);
}
END_TEST

/* A reducer that takes holes is told of every sample once, as ever; one that does not reads them.
 */
START_TEST(holes_are_blocks_too)
{
    struct random random = random_begin("holes_are_blocks_too");
    const layout *l = &layouts[_i];
    write_twice(l, &random);
    sv_recording *sparse = open_again(l, "sparse.bin");
    sv_segment segment = segment_of(sparse, 0);
    sv_scan_range range = range_of(l);
    int64_t bytes =
        range.num_rows * (range.last - range.first) * (int64_t)sv_view_itemsize(&segment.samples);
    for (int i = _i % 3; i < NUM_WAYS; i += 3) {
        sv_scan_options options = way(i);
        sv_scan_report report = {0};
        walk w = begin_walk(&segment, &range);
        w.takes_holes = i % 2 == 0;
        ck_assert_int_eq(run_walk(&w, sparse, &options, &report, NULL), SV_OK);
        check_walked(&w, &segment.samples);
        ck_assert(w.takes_holes || report.bytes_in_holes == 0);
        ck_assert_int_ge(report.bytes_in_holes + report.bytes_mapped + report.bytes_copied, bytes);
        end_walk(&w);
    }
    close_good(sparse);
}
END_TEST

START_TEST(holes_are_not_read)
{
    const layout *l = &layouts[2];
    struct random random = random_begin("holes_are_not_read");
    close_good(open_layout(l, "sparse.bin", &random));
    ck_assert_int_eq(truncate(scratch_path("sparse.bin"), 0), 0);
    ck_assert_int_eq(truncate(scratch_path("sparse.bin"), (off_t)(4 * l->samples)), 0);
    sv_recording *recording = open_again(l, "sparse.bin");
    sv_scan_range range = range_of(l);
    for (int i = 0; i < NUM_WAYS; i++) {
        sv_scan_options options = way(i);
        sv_scan_report report = {0};
        sv_summary summary;
        ck_assert_int_eq(
            sv_summary_scan(recording, &range, ALL_FIGURES, &options, &summary, &report, NULL),
            SV_OK);
        ck_assert_int_eq(summary.num_zero, l->samples);
        ck_assert_int_eq(sv_summary_num_clipped(&summary), l->samples);
        ck_assert(summary.num_sign_changes == 0 && isnan(sv_summary_kurtosis(&summary)));
        ck_assert_int_eq(summary.longest.length, l->samples);
        if (begins_with_hole("sparse.bin")) {
            ck_assert_int_eq(report.bytes_in_holes, 4 * l->samples);
            ck_assert_int_eq(report.bytes_mapped + report.bytes_copied + report.bytes_read_ahead,
                             0);
        }
    }
    close_good(recording);
}
END_TEST

/* ---- the page cache -------------------------------------------------------------------------- */

static void take_out_of_cache(const char *name)
{
    int fd = open(scratch_path(name), O_RDWR);
    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    close(fd);
}

/* Large enough for several spans, which are brought ahead of those who use them. */
START_TEST(the_same_bits_whatever_the_cache_holds)
{
    struct random random = random_begin("the_same_bits_whatever_the_cache_holds");
    const layout large = {"large", "<f4", 1, 6000001, SV_PLANAR, 0, 0, {0, 0}, 0, 0};
    sv_recording *recording = open_layout(&large, "cold.bin", &random);
    uint64_t *expected = summarise(recording, &large, 0);
    for (int i = 0; i < NUM_WAYS; i++) {
        take_out_of_cache("cold.bin");
        uint64_t *words = summarise(recording, &large, i);
        ck_assert_msg(memcmp(words, expected, WORDS * sizeof *words) == 0,
                      "%d threads, io %d differs", way(i).threads, (int)way(i).io);
        free(words);
    }
    free(expected);
    close_good(recording);
}
END_TEST

static bool near(double a, double b, double size)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-13 * size;
}

static bool same_flat(const sv_flat *a, const sv_flat *b)
{
    return a->length == b->length && a->index == b->index && a->value == b->value;
}

/* Against the summary of the row's view, which other tests hold to its word. */
static void check_row(const sv_segment *segment, const sv_scan_range *range, int64_t position,
                      const sv_summary *own)
{
    int64_t row = range->rows != NULL ? range->rows[position] : position;
    sv_view view;
    sv_summary expected;
    ck_assert_int_eq(sv_view_at(&segment->samples, 0, row, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_view_slice(&view, 0, range->first, range->last, 1, &view, NULL), SV_OK);
    ck_assert_int_eq(sv_summary_of(&view, range->first, ALL_FIGURES, &expected), SV_OK);
    ck_assert(own->num_samples == expected.num_samples && own->num_nan == expected.num_nan &&
              own->num_inf == expected.num_inf && own->num_zero == expected.num_zero);
    ck_assert(own->min == expected.min && own->min_index == expected.min_index);
    ck_assert(own->max == expected.max && own->max_index == expected.max_index);
    ck_assert(same_flat(&own->head, &expected.head) && same_flat(&own->tail, &expected.tail) &&
              same_flat(&own->longest, &expected.longest));
    double rms = sv_summary_rms(&expected);
    ck_assert(near(sv_summary_mean(own), sv_summary_mean(&expected), rms));
    ck_assert(near(sv_summary_rms(own), rms, rms));
    ck_assert(near(sv_summary_stdev(own), sv_summary_stdev(&expected), rms));
    ck_assert(near(sv_summary_skewness(own), sv_summary_skewness(&expected), 10.0));
    ck_assert(near(sv_summary_kurtosis(own), sv_summary_kurtosis(&expected), 100.0));
    ck_assert(own->num_clipped_min == expected.num_clipped_min &&
              own->num_clipped_max == expected.num_clipped_max &&
              own->num_sign_changes == expected.num_sign_changes);
}

START_TEST(a_scan_summarises_what_the_views_hold)
{
    struct random random = random_begin("a_scan_summarises_what_the_views_hold");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "rows.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(l);
    sv_summary *summaries = malloc((size_t)range.num_rows * sizeof *summaries);
    ck_assert_int_eq(sv_summary_scan(recording, &range, ALL_FIGURES, NULL, summaries, NULL, NULL),
                     SV_OK);
    for (int64_t row = 0; row < range.num_rows; row++) {
        check_row(&segment, &range, row, &summaries[row]);
    }
    free(summaries);
    close_good(recording);
}
END_TEST

/* ---- the report ------------------------------------------------------------------------------ */

START_TEST(native_float32_is_never_copied)
{
    struct random random = random_begin("native_float32_is_never_copied");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "report.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(l);
    int64_t bytes =
        range.num_rows * (range.last - range.first) * (int64_t)sv_view_itemsize(&segment.samples);
    for (int i = 0; i < NUM_WAYS; i++) {
        sv_scan_options options = way(i);
        sv_scan_report report = {0};
        walk w = begin_walk(&segment, &range);
        ck_assert_int_eq(run_walk(&w, recording, &options, &report, NULL), SV_OK);
        ck_assert_int_eq(report.num_blocks, w.num_merged);
        ck_assert_int_eq(report.samples_lost, 0);
        ck_assert(report.seconds >= 0.0);
        ck_assert(report.threads >= 1 && report.threads <= options.threads);
        if (options.io == SV_IO_AUTO || options.io == SV_IO_MAP) {
            ck_assert_int_eq(report.io, SV_IO_MAP);
            ck_assert_int_eq(report.bytes_in_holes, 0);
            ck_assert_ptr_nonnull(report.why);
            ck_assert_int_eq(report.bytes_mapped, bytes);
            ck_assert_int_eq(report.bytes_copied, 0);
        } else {
            ck_assert_int_eq(report.io, options.io);
            ck_assert_int_eq(report.bytes_mapped, 0);
            ck_assert_int_ge(report.bytes_copied, bytes);
        }
        end_walk(&w);
    }
    close_good(recording);
}
END_TEST

START_TEST(a_report_is_added_to)
{
    struct random random = random_begin("a_report_is_added_to");
    sv_recording *recording = open_layout(&layouts[0], "report.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(&layouts[0]);
    sv_scan_report report = {.num_blocks = 1000, .threads = 99, .seconds = 5.0};
    walk w = begin_walk(&segment, &range);
    ck_assert_int_eq(run_walk(&w, recording, NULL, &report, NULL), SV_OK);
    ck_assert_int_eq(report.num_blocks, 1000 + w.num_merged);
    ck_assert_int_eq(report.threads, 99);
    ck_assert(report.seconds >= 5.0);
    end_walk(&w);
    close_good(recording);
}
END_TEST

typedef struct progress {
    pthread_t thread;
    int64_t done, total;
    int calls;
    bool is_good;
} progress;

static void note_progress(void *context, int64_t done_bytes, int64_t total_bytes)
{
    progress *p = context;
    p->is_good &= pthread_equal(pthread_self(), p->thread) != 0;
    p->is_good &= done_bytes >= p->done && done_bytes <= total_bytes && total_bytes == p->total;
    p->done = done_bytes;
    p->calls++;
}

static void dawdle(void *context, int number)
{
    (void)context;
    (void)number;
    nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
}

START_TEST(progress_is_told_by_the_calling_thread)
{
    struct random random = random_begin("progress");
    sv_recording *recording = open_layout(&layouts[2], "progress.bin", &random);
    sv_segment segment = segment_of(recording, 0);
    sv_scan_range range = range_of(&layouts[2]);
    progress p = {pthread_self(), 0, range.last * 4, 0, true};
    sv_scan_options options = {2, SV_IO_AUTO, NULL, note_progress, &p};
    walk w = begin_walk(&segment, &range);
    w.in_block = dawdle;
    ck_assert_int_eq(run_walk(&w, recording, &options, NULL, NULL), SV_OK);
    ck_assert(p.is_good);
    ck_assert_int_ge(p.calls, 1);
    end_walk(&w);
    close_good(recording);
}
END_TEST

START_TEST(the_ceiling_is_a_rate)
{
    struct random random = random_begin("the_ceiling_is_a_rate");
    const layout *l = &layouts[_i];
    sv_recording *recording = open_layout(l, "ceiling.bin", &random);
    sv_scan_range range = range_of(l);
    double rate = 0.0;
    ck_assert_int_eq(sv_ceiling(recording, &range, NULL, &rate, NULL), SV_OK);
    ck_assert(rate > 0.0 && isfinite(rate));
    range.segment = 1;
    ck_assert_int_eq(sv_ceiling(recording, &range, NULL, &rate, NULL), SV_RANGE);
    close_good(recording);
}
END_TEST

START_TEST(there_is_a_processor)
{
    ck_assert_int_ge(sv_num_processors(), 1);
    ck_assert_int_le(sv_num_processors(), (int)sysconf(_SC_NPROCESSORS_CONF));
}
END_TEST

/* ---- far larger than memory ------------------------------------------------------------------ */

#define TIB INT64_C(1099511627776)

static void make_sparse(const char *name)
{
    int fd = open(scratch_path(name), O_CREAT | O_RDWR | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, TIB), 0);
    close(fd);
}

/* Not every file system has room for such an offset. */
static bool can_make_sparse(void)
{
    FILE *file = tmpfile();
    bool can = file != NULL && ftruncate(fileno(file), TIB) == 0;
    if (file != NULL) {
        fclose(file);
    }
    return can && !under_thread_sanitizer();
}

static void put_f4(const char *name, int64_t byte, float value)
{
    int fd = open(scratch_path(name), O_RDWR);
    ck_assert_int_eq(pwrite(fd, &value, sizeof value, (off_t)byte), sizeof value);
    close(fd);
}

/* A window in the middle of each of four channels, which lie 256 GiB apart or sample by sample:
 * one over an edge of blocks, and one so short that several rows might be taken at once. */
START_TEST(a_window_in_the_middle_of_a_tebibyte)
{
    enum { CHANNELS = 4, AT = 1234 };
    const bool is_planar = _i / 4 == 0, is_short = _i % 2 == 1;
    const int64_t samples = TIB / 4 / CHANNELS, first = samples / 2 + (is_short ? 7 : -7);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    options.channels = CHANNELS;
    options.layout = is_planar ? SV_PLANAR : SV_INTERLEAVED;
    make_sparse("sparse.bin");
    for (int64_t row = 0; row < CHANNELS; row++) {
        int64_t index = first + AT + row;
        int64_t sample = is_planar ? row * samples + index : index * CHANNELS + row;
        put_f4("sparse.bin", 4 * sample, (float)(row + 1));
    }
    sv_recording *recording = open_good(scratch_path("sparse.bin"), &options);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, samples);
    const int64_t length = is_short ? AT + CHANNELS : 300000;
    sv_scan_range range = {.num_rows = CHANNELS, .first = first, .last = first + length};
    sv_scan_options how = {2, _i / 2 % 2 == 0 ? SV_IO_AUTO : SV_IO_READ, NULL, NULL, NULL};
    sv_summary summaries[CHANNELS];
    sv_scan_report report = {0};
    ck_assert_int_eq(sv_summary_scan(recording, &range, 0, &how, summaries, &report, NULL), SV_OK);
    for (int64_t row = 0; row < CHANNELS; row++) {
        ck_assert_int_eq(summaries[row].num_samples, length);
        ck_assert_int_eq(summaries[row].num_zero, length - 1);
        ck_assert_double_eq(summaries[row].max, (double)(row + 1));
        ck_assert_int_eq(summaries[row].max_index, first + AT + row);
    }
    ck_assert_int_eq(report.io, how.io == SV_IO_AUTO ? SV_IO_MAP : SV_IO_READ);
    ck_assert_int_le(report.bytes_read_ahead, INT64_C(16) << 20);
    ck_assert_int_le(report.bytes_copied, INT64_C(16) << 20);
    close_good(recording);
}
END_TEST

/* All of it: a few seconds, where reading as many zeros would take minutes. */
START_TEST(a_tebibyte_of_holes)
{
    const int64_t samples = TIB / 4, middle = samples / 2 + 1234567;
    make_sparse("sparse.bin");
    put_f4("sparse.bin", 4 * middle, 3.0f);
    put_f4("sparse.bin", TIB - 4, -2.0f);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    sv_recording *recording = open_good(scratch_path("sparse.bin"), &options);
    sv_scan_range range = {.num_rows = 1, .last = samples};
    sv_scan_report report = {0};
    sv_summary summary;
    ck_assert_int_eq(sv_summary_scan(recording, &range, 0, NULL, &summary, &report, NULL), SV_OK);
    ck_assert_int_eq(summary.num_samples, samples);
    ck_assert_int_eq(summary.num_zero, samples - 2);
    ck_assert_int_eq(summary.max_index, middle);
    ck_assert_int_eq(summary.min_index, samples - 1);
    ck_assert_int_eq(summary.longest.length, middle);
    ck_assert_int_eq(summary.longest.index, 0);
    ck_assert_double_eq(sv_summary_mean(&summary), 1.0 / (double)samples);
    ck_assert_int_eq(report.bytes_mapped, INT64_C(2) << 19);
    ck_assert_int_eq(report.bytes_in_holes, TIB - report.bytes_mapped);
    close_good(recording);
}
END_TEST

static Suite *make_suite(bool with_sparse)
{
    Suite *suite = suite_create("scan");
    TCase *tests = tcase_create("scan");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_add_loop_test(tests, every_sample_comes_once_and_in_order, 0, NUM_LAYOUTS);
    tcase_add_loop_test(tests, random_windows_and_rows, 0, NUM_LAYOUTS);
    tcase_add_test(tests, blocks_follow_from_the_geometry_alone);
    tcase_add_loop_test(tests, the_same_bits_whatever_runs_the_scan, 0, NUM_LAYOUTS);
    tcase_add_loop_test(tests, a_scan_summarises_what_the_views_hold, 0, NUM_LAYOUTS);
    tcase_add_loop_test(tests, native_float32_is_never_copied, 0, 3);
    tcase_add_loop_test(tests, holes_have_the_figures_of_zeros, 0, NUM_LAYOUTS);
    tcase_add_loop_test(tests, holes_are_blocks_too, 0, NUM_LAYOUTS);
    tcase_add_test(tests, holes_are_not_read);
    tcase_add_test(tests, the_same_bits_whatever_the_cache_holds);
    tcase_add_test(tests, a_report_is_added_to);
    tcase_add_test(tests, progress_is_told_by_the_calling_thread);
    tcase_add_loop_test(tests, the_ceiling_is_a_rate, 0, NUM_LAYOUTS);
    tcase_add_test(tests, there_is_a_processor);
    if (with_sparse) {
        tcase_add_loop_test(tests, a_window_in_the_middle_of_a_tebibyte, 0, 8);
        tcase_add_test(tests, a_tebibyte_of_holes);
    }
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    enum { SKIPPED = 77 };
    bool with_sparse = can_make_sparse();
    SRunner *runner = srunner_create(make_suite(with_sparse));
    srunner_set_fork_status(runner, CK_FORK); /* the set of kernels is chosen once in a process */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0) {
        return EXIT_FAILURE;
    }
    if (!with_sparse) {
        puts("skipped: scans of a sparse file of 1 TiB, which this file system or sanitizer "
             "cannot hold");
    }
    return with_sparse ? EXIT_SUCCESS : SKIPPED;
}
