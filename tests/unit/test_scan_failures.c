/* Scans that go wrong: cut files, cancelled work, no memory, requests that make no sense, samples
 * that cannot be decoded. Whatever was merged is gap-free from each row's beginning. */
#include <check.h>
#include <pthread.h>

#include "base/memory.h"
#include "format/format.h"
#include "layouts.h"
#include "sanitizers.h"
#include "seisview/guard.h"
#include "seisview/summary.h"
#include "walk.h"

static const int thread_counts[] = {1, 2, 3, 7};
static const sv_io ios[] = {SV_IO_MAP, SV_IO_READ, SV_IO_DIRECT};

enum { NUM_WAYS = 12 };

static sv_scan_options way(int i)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    options.threads = thread_counts[i % 4];
    options.io = ios[i / 4];
    return options;
}

/* A float32 recording of ones, so that a zero is a sample that was not there. */
typedef struct ones {
    const char *path;
    sv_recording *recording;
    sv_segment segment;
    sv_scan_range range;
    int64_t size_bytes;
} ones;

static ones open_ones(int64_t channels, int64_t samples, sv_layout order)
{
    ones o = {.size_bytes = 4 * channels * samples};
    float *values = malloc((size_t)o.size_bytes);
    for (int64_t i = 0; i < channels * samples; i++) {
        values[i] = 1.0f;
    }
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    options.channels = channels;
    options.layout = order;
    o.path = write_scratch("ones.bin", values, (size_t)o.size_bytes);
    free(values);
    o.recording = open_good(o.path, &options);
    o.segment = segment_of(o.recording, 0);
    o.range = (sv_scan_range){.num_rows = channels, .last = samples};
    return o;
}

static void cut(const ones *o, int64_t size_bytes)
{
    /* Not an assertion: it is called from any thread. */
    if (truncate(o->path, (off_t)size_bytes) != 0) {
        abort();
    }
}

/* What was merged of ones: [first, next) of each row, and no other value. */
static void check_merged_ones(const walk *w)
{
    ck_assert(w->in_order);
    for (int64_t row = 0; row < w->range.num_rows; row++) {
        uint64_t sum = 0;
        for (int64_t i = w->range.first; i < w->next[row]; i++) {
            sum += mix(row, i, 1.0);
        }
        ck_assert_msg(sum == w->sum[row], "row %" PRId64 ": something else was merged", row);
    }
}

static void check_names_byte(const sv_error *error, int64_t byte)
{
    char words[64];
    snprintf(words, sizeof words, "byte %" PRId64 " ", byte);
    ck_assert_int_eq(error->status, SV_TRUNCATED);
    ck_assert_msg(strstr(error->message, words) != NULL, "'%s' lacks '%s'", error->message, words);
}

/* ---- files that are cut ---------------------------------------------------------------------- */

/* Some within the last page of a block, where nothing faults and zeros are read. */
static const int64_t cuts[] = {0, 4095, 524284, 524288, 1000001, 2097148, 2399996};

enum { NUM_CUTS = sizeof cuts / sizeof cuts[0] };

/* No guard: the look at the size comes before the first touch. */
START_TEST(a_file_cut_before_the_scan)
{
    ones o = open_ones(1, 600000, SV_INTERLEAVED);
    int64_t block = sv_block_samples(&o.segment);
    for (int c = NUM_CUTS - 1; c >= 0; c--) {
        cut(&o, cuts[c]);
        sv_scan_options options = way(_i);
        sv_scan_report report = {0};
        sv_error error;
        walk w = begin_walk(&o.segment, &o.range);
        ck_assert_int_eq(run_walk(&w, o.recording, &options, &report, &error), SV_TRUNCATED);
        check_names_byte(&error, cuts[c]);
        check_merged_ones(&w);
        ck_assert_int_eq(w.next[0], cuts[c] / 4 / block * block);
        ck_assert_int_eq(report.num_blocks, w.num_merged);
        ck_assert_int_eq(report.bytes_mapped + report.bytes_copied, 4 * w.next[0]);
        end_walk(&w);
        sv_summary summary;
        ck_assert_int_eq(
            sv_summary_scan(o.recording, &o.range, 0, &options, &summary, NULL, &error),
            SV_TRUNCATED);
        ck_assert_int_eq(summary.num_samples, cuts[c] / 4 / block * block);
        ck_assert_int_eq(summary.num_zero, 0);
    }
    close_good(o.recording);
}
END_TEST

/* Rows that lie before the cut are whole, rows behind it have nothing. */
START_TEST(rows_before_the_cut_are_whole)
{
    enum { SAMPLES = 200000 };
    ones o = open_ones(4, SAMPLES, SV_PLANAR);
    int64_t block = sv_block_samples(&o.segment);
    cut(&o, 4 * (2 * SAMPLES + block + 5));
    sv_scan_options options = way(_i);
    walk w = begin_walk(&o.segment, &o.range);
    ck_assert_int_eq(run_walk(&w, o.recording, &options, NULL, NULL), SV_TRUNCATED);
    check_merged_ones(&w);
    const int64_t expected[] = {SAMPLES, SAMPLES, block, 0};
    for (int row = 0; row < 4; row++) {
        ck_assert_int_eq(w.next[row], expected[row]);
    }
    end_walk(&w);
    close_good(o.recording);
}
END_TEST

/* Cuts the file in the middle of a block, between the look before it and its samples. */
typedef struct cutting {
    const ones *o;
    int at_block;
    int64_t size_bytes;
} cutting;

static void cut_at_block(void *context, int number)
{
    const cutting *c = context;
    if (number == c->at_block) {
        cut(c->o, c->size_bytes);
    }
}

static void check_cut_during(int64_t channels, sv_layout order, int number, int at_block,
                             int64_t size_bytes)
{
    ones o = open_ones(channels, 600000 / channels, order);
    cutting c = {&o, at_block, size_bytes};
    sv_scan_options options = way(number);
    sv_error error;
    walk w = begin_walk(&o.segment, &o.range);
    w.in_block = cut_at_block;
    w.context = &c;
    sv_status status = run_walk(&w, o.recording, &options, NULL, &error);
    if (status == SV_OK) { /* other threads may have been through with all that was cut off */
        ck_assert(options.threads > 1 && w.next[channels - 1] == o.range.last);
    } else {
        ck_assert_int_eq(status, SV_TRUNCATED);
        check_names_byte(&error, size_bytes);
    }
    check_merged_ones(&w);
    end_walk(&w);
    ck_assert_int_eq(sv_recording_check(o.recording, NULL), SV_TRUNCATED);
    close_good(o.recording);
}

START_TEST(a_file_cut_during_the_scan)
{
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    for (int at_block = 0; at_block < 4; at_block += 3) {
        for (int c = 0; c < NUM_CUTS; c++) {
            check_cut_during(1, SV_INTERLEAVED, _i, at_block, cuts[c]);
        }
        check_cut_during(3, SV_INTERLEAVED, _i, at_block, 700001);
        check_cut_during(3, SV_PLANAR, _i, at_block, 1300001);
    }
}
END_TEST

/* A file that was cut and has grown again is full of zeros: where a scan says that all is well, a
 * look at the file's times does not. */
typedef struct storm {
    const ones *o;
    atomic_bool is_over;
    struct random random;
} storm;

static void *truncate_and_grow(void *context)
{
    storm *s = context;
    while (!atomic_load(&s->is_over)) {
        cut(s->o, (int64_t)random_below(&s->random, (uint64_t)s->o->size_bytes));
        cut(s->o, s->o->size_bytes);
    }
    return NULL;
}

START_TEST(a_storm_of_truncations)
{
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ones o = open_ones(1, 600000, SV_INTERLEAVED);
    storm s = {.o = &o, .random = random_begin("a_storm_of_truncations")};
    pthread_t thread;
    int truncated = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, truncate_and_grow, &s), 0);
    for (int round = 0; round < 120; round++) {
        sv_scan_options options = way(round % NUM_WAYS);
        sv_summary summary;
        sv_error error;
        sv_status status =
            sv_summary_scan(o.recording, &o.range, 0, &options, &summary, NULL, &error);
        ck_assert_msg(status == SV_OK || status == SV_TRUNCATED, "%s: %s", sv_status_name(status),
                      error.message);
        truncated += status == SV_TRUNCATED;
        ck_assert_int_eq(summary.num_samples % sv_block_samples(&o.segment),
                         status == SV_OK ? o.range.last % sv_block_samples(&o.segment) : 0);
        if (status == SV_OK && summary.num_zero > 0) {
            ck_assert_int_ne(sv_recording_check(o.recording, NULL), SV_OK);
        }
    }
    atomic_store(&s.is_over, true);
    pthread_join(thread, NULL);
    printf("a_storm_of_truncations: %d of 120 scans were told of\n", truncated);
    ck_assert_int_gt(truncated, 0);
    close_good(o.recording);
}
END_TEST

/* ---- cancelling and closing ------------------------------------------------------------------ */

typedef struct cancelling {
    volatile sig_atomic_t flag;
    int64_t at_merge;
} cancelling;

static void cancel_at_merge(void *context, int64_t number)
{
    cancelling *c = context;
    if (number == c->at_merge) {
        __atomic_store_n(&c->flag, 1, __ATOMIC_RELAXED);
    }
}

/* One thread is stopped on its way. Several may be through with all blocks before the first of them
 * is merged. */
START_TEST(a_scan_is_cancelled)
{
    static const int64_t merges[] = {-1, 0, 7}; /* −1: before the scan */
    ones o = open_ones(1, 40 << 17, SV_INTERLEAVED);
    for (int i = 0; i < 3; i++) {
        cancelling c = {merges[i] < 0, merges[i]};
        sv_scan_options options = way(_i);
        options.cancel = &c.flag;
        sv_error error;
        walk w = begin_walk(&o.segment, &o.range);
        w.in_merge = cancel_at_merge;
        w.context = &c;
        sv_status status = run_walk(&w, o.recording, &options, NULL, &error);
        if (status == SV_OK) {
            ck_assert(options.threads > 1 && merges[i] >= 0 && w.num_merged == 40);
        } else {
            ck_assert_int_eq(status, SV_CANCELLED);
            ck_assert_int_eq(error.status, SV_CANCELLED);
            ck_assert_int_lt(w.num_merged, 40);
        }
        check_merged_ones(&w);
        ck_assert(merges[i] < 0 ? w.num_merged == 0 : w.num_merged > merges[i]);
        end_walk(&w);
    }
    close_good(o.recording);
}
END_TEST

typedef struct closing {
    sv_recording *recording;
    atomic_int answers[SV_NUM_STATUSES];
} closing;

static void close_in_block(void *context, int number)
{
    closing *c = context;
    (void)number;
    atomic_fetch_add(&c->answers[sv_recording_close(c->recording)], 1);
}

START_TEST(closing_during_a_scan_is_refused)
{
    ones o = open_ones(2, 400000, SV_PLANAR);
    closing c = {.recording = o.recording};
    sv_scan_options options = way(_i);
    walk w = begin_walk(&o.segment, &o.range);
    w.in_block = close_in_block;
    w.context = &c;
    ck_assert_int_eq(run_walk(&w, o.recording, &options, NULL, NULL), SV_OK);
    ck_assert_int_eq(atomic_load(&c.answers[SV_BUSY]), w.num_merged);
    check_merged_ones(&w);
    end_walk(&w);
    close_good(o.recording);
}
END_TEST

/* ---- no memory, no threads ------------------------------------------------------------------- */

START_TEST(a_scan_without_memory_says_so)
{
    ones o = open_ones(3, 300000, SV_PLANAR);
    sv_scan_options options = way(_i);
    options.threads = 1; /* the count of allocations is one thread's */
    sv_summary summaries[3];
    sv_status status = SV_NOMEM;
    long count = 0;
    for (; status == SV_NOMEM; count++) {
        sv_error error = {.status = SV_OK};
        sv_memory_fail_after(count, count % 2 == 0);
        status = sv_summary_scan(o.recording, &o.range, 0, &options, summaries, NULL, &error);
        sv_memory_fail_after(-1, false);
        ck_assert_int_eq(error.status, status);
        ck_assert_int_lt(count, 100);
    }
    ck_assert_int_eq(status, SV_OK);
    ck_assert_int_ge(count, options.io == SV_IO_MAP ? 4 : 5); /* the last one failed nothing */
    ck_assert_int_eq(summaries[2].num_samples, 300000);
    close_good(o.recording);
}
END_TEST

#ifdef __GLIBC__
/* No address space holds such a stack. */
START_TEST(a_scan_without_threads_does_the_work_alone)
{
    ones o = open_ones(1, 1000000, SV_INTERLEAVED);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, (size_t)1 << 50), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attributes), 0);
    sv_scan_options options = way(3);
    sv_scan_report report = {0};
    walk w = begin_walk(&o.segment, &o.range);
    ck_assert_int_eq(run_walk(&w, o.recording, &options, &report, NULL), SV_OK);
    ck_assert_int_eq(report.threads, 1);
    ck_assert_int_eq(w.next[0], 1000000);
    check_merged_ones(&w);
    end_walk(&w);
    close_good(o.recording);
}
END_TEST
#endif

/* ---- requests that make no sense ------------------------------------------------------------- */

static void must_refuse(const ones *o, sv_scan_range range, const char *words)
{
    sv_error error = {.status = SV_OK, .message = ""};
    sv_scan_report report = {0};
    walk w = begin_walk(&o->segment, &o->range);
    w.range = range;
    ck_assert_int_eq(run_walk(&w, o->recording, NULL, &report, &error), SV_RANGE);
    ck_assert_int_eq(error.status, SV_RANGE);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(w.num_merged + report.num_blocks, 0);
    ck_assert_int_eq(run_walk(&w, o->recording, NULL, NULL, NULL), SV_RANGE);
    end_walk(&w);
    sv_summary summaries[8];
    ck_assert_int_eq(sv_summary_scan(o->recording, &range, 0, NULL, summaries, NULL, NULL),
                     SV_RANGE);
}

START_TEST(bad_ranges_are_refused)
{
    ones o = open_ones(3, 1000, SV_PLANAR);
    const int64_t twice[] = {1, 1}, backwards[] = {2, 1}, negative[] = {-1, 0}, far[] = {0, 3};
    must_refuse(&o, (sv_scan_range){.num_rows = 3, .first = -1, .last = 10}, "samples -1 to 10");
    must_refuse(&o, (sv_scan_range){.num_rows = 3, .first = 11, .last = 10}, "samples 11 to 10");
    must_refuse(&o, (sv_scan_range){.num_rows = 3, .last = 1001}, "has 1000");
    must_refuse(&o, (sv_scan_range){.num_rows = 3, .last = INT64_MAX}, "has 1000");
    must_refuse(&o, (sv_scan_range){.num_rows = 4, .last = 10}, "row 3 ");
    must_refuse(&o, (sv_scan_range){.num_rows = -1, .last = 10}, "-1 rows");
    must_refuse(&o, (sv_scan_range){.num_rows = INT64_MIN, .last = 10}, " rows");
    must_refuse(&o, (sv_scan_range){.rows = twice, .num_rows = 2, .last = 10}, "ascending");
    must_refuse(&o, (sv_scan_range){.rows = backwards, .num_rows = 2, .last = 10}, "ascending");
    must_refuse(&o, (sv_scan_range){.rows = negative, .num_rows = 2, .last = 10}, "row -1 ");
    must_refuse(&o, (sv_scan_range){.rows = far, .num_rows = 2, .last = 10}, "row 3 ");
    must_refuse(&o, (sv_scan_range){.segment = 1, .num_rows = 1, .last = 10}, "segment 1");
    must_refuse(&o, (sv_scan_range){.segment = -1, .num_rows = 1, .last = 10}, "segment -1");
    close_good(o.recording);
}
END_TEST

START_TEST(nothing_to_scan_is_no_error)
{
    ones o = open_ones(2, 1000, SV_INTERLEAVED);
    const sv_scan_range nothing[] = {
        {.num_rows = 2, .first = 0, .last = 0},
        {.num_rows = 2, .first = 1000, .last = 1000},
        {.num_rows = 0, .first = 0, .last = 1000},
    };
    for (int i = 0; i < 3; i++) {
        sv_scan_report report = {0};
        sv_summary summaries[2];
        walk w = begin_walk(&o.segment, &nothing[i]);
        ck_assert_int_eq(run_walk(&w, o.recording, NULL, &report, NULL), SV_OK);
        ck_assert_int_eq(w.num_merged + report.num_blocks, 0);
        end_walk(&w);
        ck_assert_int_eq(sv_summary_scan(o.recording, &nothing[i], 0, NULL, summaries, NULL, NULL),
                         SV_OK);
        for (int64_t row = 0; row < nothing[i].num_rows; row++) {
            ck_assert_int_eq(summaries[row].num_samples, 0);
        }
    }
    close_good(o.recording);
}
END_TEST

/* ---- samples that a reader gives ------------------------------------------------------------- */

/* A format of this test: two channels of counts, handed out in records of uneven length. Sample i
 * of row r is i + r / 2, and some records cannot be decoded. */
enum { CODED_SAMPLES = 700000, CODED_ROWS = 2, MOST_RECORD = 5000 };

typedef struct coded {
    int64_t lost_first, lost_last; /* samples that cannot be decoded */
    int64_t broken;                /* from this sample on reading fails altogether; −1: never */
} coded;

static int64_t record_end(int64_t first)
{
    int64_t record = first / MOST_RECORD * MOST_RECORD;
    int64_t middle = record + 1 + record / MOST_RECORD * 577 % (MOST_RECORD - 2);
    return first < middle ? middle : record + MOST_RECORD;
}

static sv_status describe_coded(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    (void)recording, (void)index;
    segment->num_channels = CODED_ROWS;
    segment->num_samples = CODED_SAMPLES;
    segment->sample_rate = 1.0;
    segment->start = SV_TIME_NONE;
    segment->complete = true;
    segment->in_place = false;
    segment->data_offset = -1;
    segment->samples = (sv_view){
        .dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN),
        .ndim = 2,
        .readonly = true,
        .shape = {CODED_ROWS, CODED_SAMPLES},
    };
    return SV_OK;
}

typedef struct coded_reader {
    sv_buffer *buffer;
    double samples[CODED_ROWS][MOST_RECORD];
} coded_reader;

static sv_status open_coded_reader(const sv_recording *recording, int64_t segment, void **state,
                                   sv_error *error)
{
    (void)recording, (void)segment;
    coded_reader *reader = sv_malloc(sizeof *reader);
    if (reader == NULL) {
        return sv_fail_memory(error, sizeof *reader);
    }
    sv_status status =
        sv_buffer_borrow(reader->samples, sizeof reader->samples, &reader->buffer, error);
    if (status != SV_OK) {
        sv_free(reader);
        return status;
    }
    *state = reader;
    return SV_OK;
}

static void close_coded_reader(void *state)
{
    coded_reader *reader = state;
    sv_buffer_close(reader->buffer);
    sv_free(reader);
}

static sv_status read_coded(const sv_recording *recording, int64_t segment, void *state,
                            int64_t first, int64_t count, sv_view *samples, sv_error *error)
{
    const coded *c = recording->state;
    coded_reader *reader = state;
    int64_t last = record_end(first) < first + count ? record_end(first) : first + count;
    int64_t shape[] = {CODED_ROWS, last - first};
    int64_t strides[] = {sizeof reader->samples[0], sizeof(double)};
    (void)segment;
    if (c->broken >= 0 && c->broken < last) {
        return sv_fail(error, SV_IO, "sample %" PRId64 " is broken",
                       c->broken > first ? c->broken : first);
    }
    for (int64_t row = 0; row < CODED_ROWS; row++) {
        for (int64_t i = first; i < last; i++) {
            reader->samples[row][i - first] = (double)i + (double)row / 2;
        }
    }
    sv_status status = sv_view_make(reader->buffer, 0, sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN), 2,
                                    shape, strides, samples, error);
    if (status == SV_OK && first >= c->lost_first && last <= c->lost_last) {
        return sv_fail(error, SV_FORMAT, "the record of sample %" PRId64 " is bad", first);
    }
    return status;
}

static const sv_format coded_format = {
    .name = "coded",
    .segment = describe_coded,
    .open_reader = open_coded_reader,
    .read = read_coded,
    .close_reader = close_coded_reader,
};

static sv_recording *open_coded(coded *c)
{
    static sv_recording recording;
    recording = (sv_recording){.format = &coded_format, .num_segments = 1, .state = c};
    ck_assert_int_eq(sv_buffer_alloc(4096, &recording.buffer, NULL), SV_OK);
    return &recording;
}

static void check_coded(const walk *w)
{
    for (int64_t row = 0; row < CODED_ROWS; row++) {
        uint64_t sum = 0;
        for (int64_t i = 0; i < w->next[row]; i++) {
            sum += mix(row, i, (double)i + (double)row / 2);
        }
        ck_assert(sum == w->sum[row]);
    }
}

static const sv_scan_range coded_range = {.num_rows = CODED_ROWS, .last = CODED_SAMPLES};

START_TEST(decoded_pieces_become_blocks)
{
    coded c = {.broken = -1};
    sv_recording *recording = open_coded(&c);
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    sv_scan_options options = way(_i);
    sv_scan_report report = {0};
    walk w = begin_walk(&segment, &coded_range);
    ck_assert_int_eq(run_walk(&w, recording, &options, &report, NULL), SV_OK);
    ck_assert(w.in_order && w.next[0] == CODED_SAMPLES && w.next[1] == CODED_SAMPLES);
    check_coded(&w);
    ck_assert_int_eq(report.bytes_copied, 8 * CODED_ROWS * CODED_SAMPLES);
    ck_assert_int_eq(report.bytes_mapped + report.samples_lost, 0);
    end_walk(&w);
    sv_summary summaries[CODED_ROWS];
    ck_assert_int_eq(sv_summary_scan(recording, &coded_range, 0, &options, summaries, NULL, NULL),
                     SV_OK);
    for (int row = 0; row < CODED_ROWS; row++) {
        double half = row / 2.0, n = CODED_SAMPLES;
        ck_assert_double_eq(sv_summary_mean(&summaries[row]), (n - 1.0) / 2.0 + half);
        ck_assert_double_eq_tol(sv_summary_stdev(&summaries[row]), sqrt((n * n - 1.0) / 12.0),
                                1e-7);
        ck_assert_int_eq(summaries[row].max_index, CODED_SAMPLES - 1);
        ck_assert_int_eq(summaries[row].min_index, 0);
    }
    sv_buffer_close(recording->buffer);
}
END_TEST

/* Two records within a block, then a whole block and more. */
START_TEST(samples_that_cannot_be_decoded_are_left_out_and_told)
{
    static const int64_t lost[][2] = {{10000, 20000}, {100000, 350000}, {0, CODED_SAMPLES}};
    for (int i = 0; i < 3; i++) {
        coded c = {.lost_first = lost[i][0], .lost_last = lost[i][1], .broken = -1};
        sv_recording *recording = open_coded(&c);
        sv_scan_options options = way(_i);
        sv_scan_report report = {0};
        sv_error error;
        sv_summary summaries[CODED_ROWS];
        ck_assert_int_eq(
            sv_summary_scan(recording, &coded_range, 0, &options, summaries, &report, &error),
            SV_FORMAT);
        char words[64];
        snprintf(words, sizeof words, "sample %" PRId64 " ", c.lost_first);
        ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message,
                      words);
        int64_t num_lost = c.lost_last - c.lost_first;
        ck_assert_int_eq(report.samples_lost, CODED_ROWS * num_lost);
        ck_assert_int_eq(report.bytes_copied, 8 * CODED_ROWS * (CODED_SAMPLES - num_lost));
        for (int row = 0; row < CODED_ROWS; row++) {
            ck_assert_int_eq(summaries[row].num_samples, CODED_SAMPLES - num_lost);
            ck_assert_int_eq(summaries[row].max_index,
                             num_lost == CODED_SAMPLES ? -1 : CODED_SAMPLES - 1);
        }
        sv_buffer_close(recording->buffer);
    }
}
END_TEST

/* Of several that fail at once the first in the file is told. */
START_TEST(a_reader_that_fails_stops_the_scan)
{
    coded c = {.broken = 425983}; /* the last of its block: later blocks fail sooner */
    sv_recording *recording = open_coded(&c);
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, 0, &segment), SV_OK);
    sv_scan_options options = way(_i);
    sv_error error;
    walk w = begin_walk(&segment, &coded_range);
    ck_assert_int_eq(run_walk(&w, recording, &options, NULL, &error), SV_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "sample 425983 is broken"));
    int64_t block = sv_block_samples(&segment);
    ck_assert_int_eq(w.next[0], c.broken / block * block);
    check_coded(&w);
    end_walk(&w);
    sv_buffer_close(recording->buffer);
}
END_TEST

START_TEST(readers_without_memory_say_so)
{
    coded c = {.broken = -1};
    sv_recording *recording = open_coded(&c);
    sv_scan_options options = way(0);
    sv_summary summaries[CODED_ROWS];
    sv_status status = SV_NOMEM;
    long count = 0;
    for (; status == SV_NOMEM; count++) {
        sv_memory_fail_after(count, false);
        status = sv_summary_scan(recording, &coded_range, 0, &options, summaries, NULL, NULL);
        sv_memory_fail_after(-1, false);
        ck_assert_int_lt(count, 100);
    }
    ck_assert_int_eq(status, SV_OK);
    ck_assert_int_ge(count, 8);
    sv_buffer_close(recording->buffer);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("scan failures");
    TCase *tests = tcase_create("failures");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_add_loop_test(tests, a_file_cut_before_the_scan, 0, NUM_WAYS);
    tcase_add_loop_test(tests, rows_before_the_cut_are_whole, 0, NUM_WAYS);
    if (!under_thread_sanitizer()) {
        tcase_add_loop_test(tests, a_file_cut_during_the_scan, 0, NUM_WAYS);
        tcase_add_test(tests, a_storm_of_truncations);
    }
    tcase_add_loop_test(tests, a_scan_is_cancelled, 0, NUM_WAYS);
    tcase_add_loop_test(tests, closing_during_a_scan_is_refused, 0, NUM_WAYS);
    tcase_add_loop_test(tests, a_scan_without_memory_says_so, 0, NUM_WAYS);
#ifdef __GLIBC__
    if (!under_thread_sanitizer()) { /* it wants to look at the stack */
        tcase_add_test(tests, a_scan_without_threads_does_the_work_alone);
    }
#endif
    tcase_add_test(tests, bad_ranges_are_refused);
    tcase_add_test(tests, nothing_to_scan_is_no_error);
    suite_add_tcase(suite, tests);
    TCase *readers = tcase_create("readers");
    tcase_set_timeout(readers, 120);
    tcase_add_loop_test(readers, decoded_pieces_become_blocks, 0, 4);
    tcase_add_loop_test(readers, samples_that_cannot_be_decoded_are_left_out_and_told, 0, 4);
    tcase_add_loop_test(readers, a_reader_that_fails_stops_the_scan, 0, 4);
    tcase_add_test(readers, readers_without_memory_say_so);
    suite_add_tcase(suite, readers);
    return suite;
}

int main(void)
{
    enum { SKIPPED = 77 };
    SRunner *runner = srunner_create(make_suite());
    srunner_set_fork_status(runner, CK_FORK); /* the guard and failing memory stay in their test */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0) {
        return EXIT_FAILURE;
    }
    if (under_thread_sanitizer()) {
        puts("skipped: files cut during a scan, whose signals this sanitizer holds back");
    }
    return under_thread_sanitizer() ? SKIPPED : EXIT_SUCCESS;
}
