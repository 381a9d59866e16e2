/* miniSEED files that say the truth: encodings, clock, channels, segments. */
#include "mseed_scratch.h"

#include <math.h>

#include "base/memory.h"
#include "format/mseed_track.h"
#include "random.h"

static const char *bytes_of_file(const sv_recording *recording)
{
    return sv_buffer_data(sv_recording_buffer(recording));
}

/* ---- encodings ----------------------------------------------------------------------------- */

static const struct {
    int encoding;
    sv_type plain, decoded;
} encodings[] = {{INT16, SV_I2, SV_I4},         {INT24, SV_I3, SV_I4},
                 {INT32, SV_I4, SV_I4},         {FLOAT32, SV_F4, SV_F4},
                 {FLOAT64, SV_F8, SV_F8},       {STEIM1, SV_TYPE_NONE, SV_I4},
                 {STEIM2, SV_TYPE_NONE, SV_I4}, {DWWSSN, SV_TYPE_NONE, SV_I4}};

enum { NUM_ENCODINGS = sizeof encodings / sizeof encodings[0] };

static struct record record_of(int encoding, int num_samples)
{
    struct record record = plain_record();
    record.encoding = encoding;
    record.num_samples = num_samples;
    return record;
}

START_TEST(every_encoding_in_every_order_is_read)
{
    for (int i = 0; i < NUM_ENCODINGS * 4; i++) {
        struct record record = record_of(encodings[i / 4].encoding, 50);
        record.order = i % 2 == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
        record.data_order = i / 2 % 2 == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
        file.num_bytes = 0;
        add_row(record, 5);
        sv_recording *recording = open_segments(1, 0);
        sv_segment segment = segment_of(recording, 0);
        sv_dtype plain = sv_dtype_make(encodings[i / 4].plain, record.data_order);
        sv_dtype native = sv_dtype_make(encodings[i / 4].decoded, SV_NATIVE_ENDIAN);
        ck_assert(
            sv_dtype_equal(segment.samples.dtype, plain.type != SV_TYPE_NONE ? plain : native));
        ck_assert_int_eq(segment.num_samples, 250);
        ck_assert(!segment.in_place);
        ck_assert_int_eq(segment.data_offset, -1);
        ck_assert(segment.complete);
        counts_up(recording, 0, 0);
        read_up(recording, 0, 3, 247, 7, 3);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

/* As many samples as make a record long, at least. */
static struct record long_record(int kind)
{
    int itemsize = (int)sv_dtype_itemsize(sv_dtype_make(encodings[kind].plain, SV_BIG_ENDIAN));
    struct record record = record_of(encodings[kind].encoding, ((32 << 10) - 1) / itemsize + 1);
    record.exponent = 16;
    return record;
}

static bool is_in_file(const sv_recording *recording, const sv_view *samples)
{
    uintptr_t offset = (uintptr_t)samples->address - (uintptr_t)bytes_of_file(recording);
    return offset < file.num_bytes;
}

START_TEST(long_plain_records_are_views_of_the_file)
{
    for (int i = 0; i < NUM_ENCODINGS; i++) {
        if (encodings[i].plain == SV_TYPE_NONE) {
            continue;
        }
        struct record record = long_record(i);
        int count = record.num_samples;
        record.first = -count;
        file.num_bytes = 0;
        add_row(record, 2);
        sv_recording *recording = open_segments(1, 0);
        sv_reader *reader;
        ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
        for (int first = 0; first < 2 * count; first += count / 3) {
            sv_view samples;
            ck_assert_int_eq(sv_reader_read(reader, first, 1 << 20, &samples, NULL), SV_OK);
            ck_assert_int_eq(samples.shape[1], count - first % count);
            ptrdiff_t offset = first / count * 65536 + 64 +
                               first % count * (int64_t)sv_dtype_itemsize(samples.dtype);
            ck_assert_ptr_eq(samples.address, bytes_of_file(recording) + offset);
            count_up(&samples, first - count);
        }
        sv_reader_close(reader);
        close_good(recording);
    }
}
END_TEST

START_TEST(short_plain_records_are_gathered)
{
    for (int i = 0; i < NUM_ENCODINGS; i++) {
        if (encodings[i].plain == SV_TYPE_NONE) {
            continue;
        }
        file.num_bytes = 0;
        add_row(record_of(encodings[i].encoding, 50), 600);
        sv_recording *recording = open_segments(1, 0);
        sv_reader *reader;
        ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
        for (int first = 0; first < 30000; first += 777) {
            sv_view samples;
            int count = first % 2 == 0 ? 20000 : 70;
            ck_assert_int_eq(sv_reader_read(reader, first, count, &samples, NULL), SV_OK);
            ck_assert_int_eq(samples.shape[1], count < 30000 - first ? count : 30000 - first);
            ck_assert(!is_in_file(recording, &samples));
            count_up(&samples, first);
        }
        sv_reader_close(reader);
        close_good(recording);
    }
}
END_TEST

/* What is gathered ends where a long record begins, which is handed out as it lies. */
START_TEST(short_and_long_records_take_turns)
{
    struct record record = record_of(FLOAT32, 100), wide = record_of(FLOAT32, 9000);
    wide.exponent = 16;
    for (int i = 0; i < 12; i++) {
        struct record *next = i % 4 == 3 ? &wide : &record;
        add(next);
        struct record after = record_after(*next);
        after.num_samples = record.num_samples;
        after.exponent = record.exponent;
        record = after;
        after.num_samples = wide.num_samples;
        after.exponent = wide.exponent;
        wide = after;
    }
    sv_recording *recording = open_segments(1, 0);
    sv_reader *reader;
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    int64_t first = 0;
    for (int i = 0; i < 6; i++) {
        sv_view samples;
        ck_assert_int_eq(sv_reader_read(reader, first, 1 << 20, &samples, NULL), SV_OK);
        ck_assert_int_eq(samples.shape[1], i % 2 == 0 ? 300 : 9000);
        ck_assert_int_eq(is_in_file(recording, &samples), i % 2 == 1);
        count_up(&samples, first);
        first += samples.shape[1];
    }
    sv_reader_close(reader);
    for (int64_t step = 1; step < 40000; step += step / 2 + 97) {
        read_up(recording, 0, 0, 3 * 9300, step, 0);
    }
    close_good(recording);
}
END_TEST

START_TEST(a_single_plain_record_is_in_place)
{
    struct record record = record_of(FLOAT32, 30);
    record.data_order = SV_NATIVE_ENDIAN;
    add(&record);
    sv_recording *recording = open_segments(1, 0);
    sv_segment segment = segment_of(recording, 0);
    ck_assert(segment.in_place);
    ck_assert_int_eq(segment.data_offset, 64);
    ck_assert_ptr_eq(segment.samples.address, bytes_of_file(recording) + 64);
    ck_assert_double_eq(sample_at(&segment, 0, 29), 29.0);
    close_good(recording);
}
END_TEST

START_TEST(integers_of_all_kinds_make_one_segment)
{
    static const int mixed[] = {STEIM2, INT32, STEIM1, INT16, DWWSSN, INT24, STEIM1};
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        struct record record = plain_record();
        file.num_bytes = 0;
        for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
            record.encoding = mixed[i];
            record.data_order = (sv_byte_order)order;
            add(&record);
            record = record_after(record);
        }
        sv_recording *recording = open_segments(1, 0);
        sv_dtype native = sv_dtype_make(SV_I4, SV_NATIVE_ENDIAN);
        ck_assert(sv_dtype_equal(segment_of(recording, 0).samples.dtype, native));
        counts_up(recording, 0, 0);
        for (int64_t step = 1; step < 300; step += 37) {
            read_up(recording, 0, 0, 700, step, 0);
        }
        close_good(recording);
    }
}
END_TEST

START_TEST(floats_of_both_orders_make_one_segment)
{
    for (int encoding = FLOAT32; encoding <= FLOAT64; encoding++) {
        struct record record = record_of(encoding, 50);
        file.num_bytes = 0;
        record = add_row(record, 3);
        record.data_order = SV_LITTLE_ENDIAN;
        add_row(record, 3);
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

/* Another type begins another segment, but there is no gap. */
START_TEST(other_types_are_other_segments)
{
    struct record record = record_of(STEIM1, 50);
    record = add_row(record, 3);
    record.encoding = FLOAT32;
    record = add_row(record, 3);
    record.encoding = FLOAT64;
    add_row(record, 2);
    sv_recording *recording = open_segments(3, 0);
    for (int64_t segment = 0; segment < 3; segment++) {
        counts_up(recording, segment, 150 * segment);
        ck_assert_int_eq(number_of(recording, segment), 0);
    }
    no_warning(recording);
    close_good(recording);
}
END_TEST

/* ---- records ------------------------------------------------------------------------------- */

START_TEST(records_of_all_lengths_are_read)
{
    for (int exponent = 7; exponent <= 20; exponent++) {
        struct record record = record_of(exponent % 2 == 0 ? STEIM2 : INT32, 16);
        record.exponent = exponent;
        file.num_bytes = 0;
        add_row(record, 3);
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(records_of_mixed_lengths_make_one_segment)
{
    struct record record = record_of(FLOAT32, 10);
    for (int i = 0; i < 60; i++) {
        record.exponent = 7 + i * 7 % 12;
        record.num_samples = 1 + i * 11 % 16;
        add(&record);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(samples_begin_where_the_header_says)
{
    static const int offsets[] = {56, 64, 128, 300, 511 - 4 * 16};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct record record = record_of(INT32, 16);
        record.data_offset = offsets[i];
        file.num_bytes = 0;
        add_row(record, 4);
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

/* Without blockette 1000: Steim1, in the order of the header, up to the next record. */
START_TEST(records_without_blockettes_are_read)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        for (int count = 1; count <= 3; count++) {
            struct record record = record_of(STEIM1, 100);
            record.order = record.data_order = (sv_byte_order)order;
            record.exponent = -1;
            record.data_offset = order == SV_BIG_ENDIAN ? 48 : 64;
            record.first_blockette = 0;
            file.num_bytes = 0;
            add_row(record, count);
            sv_recording *recording = open_segments(1, 0);
            counts_up(recording, 0, 0);
            no_warning(recording);
            close_good(recording);
        }
    }
}
END_TEST

START_TEST(blockettes_may_come_in_any_order_and_far_behind)
{
    struct record record = record_of(INT32, 16);
    record.has_microseconds = true;
    record.microseconds = 7;
    record.data_offset = 400;
    add(&record);
    memcpy(file.bytes + 300, file.bytes + 48, 8); /* 1000, now behind 1001 */
    put(file.bytes + 302, SV_U2, SV_BIG_ENDIAN, 0);
    put(file.bytes + 58, SV_U2, SV_BIG_ENDIAN, 300);
    put(file.bytes + 46, SV_U2, SV_BIG_ENDIAN, 56);
    sv_recording *recording = open_segments(1, 0);
    ck_assert_int_eq(segment_of(recording, 0).start, time_of("2026-01-31T12:00:00.000007Z"));
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(the_sequence_number_and_the_quality_may_be_any)
{
    static const char *const beginnings[] = {"000000D ", "999999R ", "      Q ", "\0\0\0\0\0\0M\0",
                                             " 1 2 3D "};
    struct record record = record_of(STEIM2, 20);
    for (int i = 0; i < 5; i++) {
        size_t offset = add(&record);
        memcpy(file.bytes + offset, beginnings[i], 8);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    no_warning(recording);
    close_good(recording);
}
END_TEST

/* ---- clock --------------------------------------------------------------------------------- */

static sv_segment segment_of_record(const struct record *record)
{
    file.num_bytes = 0;
    add(record);
    sv_recording *recording = open_segments(1, 0);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(sv_recording_start(recording), segment.start);
    no_warning(recording);
    close_good(recording);
    return segment;
}

static void starts_at(const struct record *record, const char *text)
{
    char found[SV_TIME_TEXT_SIZE];
    ck_assert_str_eq(sv_time_format(segment_of_record(record).start, found), text);
}

START_TEST(starts_have_all_their_digits)
{
    struct record record = plain_record();
    record.minute = 34;
    record.second = 56;
    record.fraction = 7891;
    starts_at(&record, "2026-01-31T12:34:56.7891Z");
    record.has_microseconds = true;
    record.microseconds = 23;
    starts_at(&record, "2026-01-31T12:34:56.789123Z");
    record.microseconds = -128;
    starts_at(&record, "2026-01-31T12:34:56.788972Z");
    record.order = SV_LITTLE_ENDIAN;
    starts_at(&record, "2026-01-31T12:34:56.788972Z");
    record = plain_record();
    record.year = 1900;
    record.day = 1;
    record.hour = 0;
    starts_at(&record, "1900-01-01T00:00:00Z");
    record.year = 2100;
    record.day = 365;
    starts_at(&record, "2100-12-31T00:00:00Z");
    record.year = 2024;
    record.day = 366;
    starts_at(&record, "2024-12-31T00:00:00Z");
}
END_TEST

START_TEST(leap_seconds_and_days_that_are_not_are_the_next)
{
    struct record record = plain_record();
    record.year = 2016;
    record.day = 366;
    record.hour = 23;
    record.minute = 59;
    record.second = 60;
    starts_at(&record, "2017-01-01T00:00:00Z");
    record = plain_record();
    record.year = 2025;
    record.day = 366;
    starts_at(&record, "2026-01-01T12:00:00Z");
}
END_TEST

START_TEST(time_corrections_are_applied_once)
{
    struct record record = plain_record();
    record.correction = -1500;
    starts_at(&record, "2026-01-31T11:59:59.85Z");
    record.activity = 0x02;
    starts_at(&record, "2026-01-31T12:00:00Z");
    record.activity = 0xfd;
    record.correction = INT32_MAX;
    starts_at(&record, "2026-02-02T23:39:08.3647Z");
    record.correction = INT32_MIN;
    starts_at(&record, "2026-01-29T00:20:51.6352Z");
}
END_TEST

START_TEST(rates_follow_factor_and_multiplier)
{
    static const struct {
        int factor, multiplier;
        double rate;
    } rates[] = {{100, 1, 100.0},
                 {1, 1, 1.0},
                 {25, 10, 250.0},
                 {5000, -100, 50.0},
                 {-10, 1, 0.1},
                 {-10, -10, 0.01},
                 {32760, -819, 40.0},
                 {-60, 1, 1.0 / 60.0},
                 {100, 0, 100.0},
                 {1000, -3, 1000.0 / 3.0},
                 {32767, 32767, 32767.0 * 32767.0},
                 {-32768, -32768, 1.0 / 32768.0 / 32768.0}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct record record = plain_record();
        record.factor = rates[i].factor;
        record.multiplier = rates[i].multiplier;
        double rate = segment_of_record(&record).sample_rate;
        ck_assert_msg(fabs(rate - rates[i].rate) <= 4e-16 * rate, "%.17g instead of %.17g", rate,
                      rates[i].rate);
    }
}
END_TEST

START_TEST(the_rate_of_blockette_100_wins_as_the_decimal_that_was_meant)
{
    struct record record = plain_record();
    record.rate = 99.9F;
    ck_assert_double_eq(segment_of_record(&record).sample_rate, 99.9);
    record.rate = 33.3333F;
    ck_assert_double_eq(segment_of_record(&record).sample_rate, 33.3333);
    record.factor = 1000;
    record.multiplier = -3;
    record.rate = (float)(1000.0 / 3.0);
    ck_assert_double_eq(segment_of_record(&record).sample_rate, 1000.0 / 3.0);
    static const float absurd[] = {-5.0F, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        record.factor = 20;
        record.multiplier = 1;
        record.rate = absurd[i];
        ck_assert_double_eq(segment_of_record(&record).sample_rate, 20.0);
    }
    record.factor = 0;
    record.rate = 12.5F;
    ck_assert_double_eq(segment_of_record(&record).sample_rate, 12.5);
}
END_TEST

START_TEST(options_win_over_the_headers)
{
    struct record record = plain_record();
    record = add_row(record, 2);
    record.minute = 10;
    add_row(record, 2);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "mseed";
    options.rate = 8.0;
    options.start = time_of("1999-01-01T00:00:00Z");
    sv_recording *recording = open_good(write_file(), &options);
    ck_assert_int_eq(sv_recording_num_segments(recording), 2);
    ck_assert_double_eq(segment_of(recording, 1).sample_rate, 8.0);
    ck_assert_int_eq(sv_recording_start(recording), options.start);
    ck_assert_int_eq(segment_of(recording, 1).start, time_of("1999-01-01T00:10:02Z"));
    close_good(recording);
    options.channels = 3;
    open_bad(write_file(), &options, SV_INVALID, "for raw samples");
}
END_TEST

/* ---- segments ------------------------------------------------------------------------------ */

/* At 100 Hz a tick of 100 µs is a hundredth of a sample. */
START_TEST(half_a_sample_makes_no_gap)
{
    static const struct {
        int ticks, num_segments;
    } shifts[] = {{0, 1}, {50, 1}, {-50, 1}, {51, 2}, {-51, 2}, {5000, 2}, {-5000, 2}};
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        struct record record = plain_record();
        record.second = 5;
        file.num_bytes = 0;
        record = add_row(record, 3);
        record.correction = shifts[i].ticks;
        add_row(record, 3);
        sv_recording *recording = open_segments(shifts[i].num_segments, shifts[i].num_segments - 1);
        int64_t each = 600 / shifts[i].num_segments;
        for (int64_t segment = 0; segment < shifts[i].num_segments; segment++) {
            /* An overlap's second part may begin before the first. */
            int64_t value = shifts[i].ticks < -30000 ? each - each * segment : each * segment;
            counts_up(recording, segment, value);
        }
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

/* Each record within tolerance of the one before it: a clock that drifts. */
START_TEST(a_drifting_clock_makes_no_gap)
{
    struct record record = plain_record();
    for (int i = 0; i < 40; i++) {
        record.correction = 40 * i;
        add(&record);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(another_rate_is_another_segment)
{
    struct record record = plain_record();
    record = add_row(record, 2);
    record.rate = 100.02F;
    record = add_row(record, 2);
    record.rate = 100.001F;
    add_row(record, 2);
    sv_recording *recording = open_segments(3, 2);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 100.0);
    ck_assert_double_eq(segment_of(recording, 1).sample_rate, 100.02);
    close_good(recording);
}
END_TEST

START_TEST(records_out_of_order_find_their_place)
{
    struct random random = random_begin("records_out_of_order_find_their_place");
    struct record records[200];
    for (int round = 0; round < 30; round++) {
        struct record record = record_of(round % 2 == 0 ? STEIM2 : INT32, 100);
        int count = 2 + (int)random_below(&random, 198);
        for (int i = 0; i < count; i++) {
            record.num_samples = 1 + (int)random_below(&random, 110);
            records[i] = record;
            record = record_after(record);
        }
        for (int i = count - 1; i > 0; i--) {
            int other = (int)random_below(&random, (uint64_t)i + 1);
            struct record swapped = records[i];
            records[i] = records[other];
            records[other] = swapped;
        }
        file.num_bytes = 0;
        for (int i = 0; i < count; i++) {
            add(&records[i]);
        }
        sv_recording *recording = open_segments(1, 0);
        ck_assert_int_eq(segment_of(recording, 0).num_samples, record.first);
        counts_up(recording, 0, 0);
        read_up(recording, 0, 0, record.first, 97, 0);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

/* The same data twice, as they come over two lines: two segments that overlap, each whole. */
/* More records, each with a place of its own, than are kept in memory. */
START_TEST(a_file_in_no_order_at_all_is_put_in_order)
{
    enum { RECORDS = 60000, RECORD_BYTES = 128, SAMPLES = 16 };
    struct random random = random_begin("a_file_in_no_order_at_all_is_put_in_order");
    struct record record = record_of(FLOAT32, SAMPLES);
    record.exponent = 7;
    add_row(record, RECORDS);
    for (size_t i = RECORDS - 1; i > 0; i--) {
        unsigned char kept[RECORD_BYTES];
        unsigned char *a = file.bytes + i * RECORD_BYTES;
        unsigned char *b = file.bytes + random_below(&random, i + 1) * RECORD_BYTES;
        memcpy(kept, a, RECORD_BYTES);
        memmove(a, b, RECORD_BYTES);
        memcpy(b, kept, RECORD_BYTES);
    }
    sv_recording *recording = open_segments(1, 0);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, RECORDS * SAMPLES);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(twins_are_kept_apart)
{
    struct record record = plain_record();
    for (int i = 0; i < 20; i++) {
        add(&record);
        add(&record);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(2, 1);
    counts_up(recording, 0, 0);
    counts_up(recording, 1, 0);
    close_good(recording);
}
END_TEST

START_TEST(channels_take_turns)
{
    static const char *const names[] = {"BHZ", "BHN", "BHE"};
    struct random random = random_begin("channels_take_turns");
    for (int round = 0; round < 20; round++) {
        struct record records[3];
        int encoding = encodings[round % NUM_ENCODINGS].encoding;
        for (int i = 0; i < 3; i++) {
            records[i] = record_of(encoding, 40);
            records[i].channel = names[i];
        }
        file.num_bytes = 0;
        for (int i = 0; i < 300; i++) {
            int turn = round % 2 == 0 || i < 3 ? i % 3 : (int)random_below(&random, 3);
            add(&records[turn]);
            records[turn] = record_after(records[turn]);
        }
        sv_recording *recording = open_segments(3, 0);
        for (int64_t i = 0; i < 3; i++) {
            char id[] = "IU.ANMO.00.BHZ";
            id[13] = names[i][2];
            ck_assert_str_eq(id_of(recording, i), id);
            ck_assert_int_eq(number_of(recording, i), i);
            ck_assert_int_eq(segment_of(recording, i).num_samples, records[i].first);
            counts_up(recording, i, 0);
            read_up(recording, i, 1, records[i].first, 33, 1);
        }
        close_good(recording);
    }
}
END_TEST

/* A few records, seldom, among very many of another channel. */
START_TEST(a_rare_channel_is_found_among_others)
{
    struct record common = record_of(STEIM2, 60), rare = record_of(STEIM1, 10);
    rare.channel = "LHZ";
    for (int i = 0; i < 4000; i++) {
        if (i % 400 == 7) {
            add(&rare);
            rare = record_after(rare);
        }
        add(&common);
        common = record_after(common);
    }
    sv_recording *recording = open_segments(2, 0);
    counts_up(recording, 0, 0);
    counts_up(recording, 1, 0);
    close_good(recording);
}
END_TEST

START_TEST(segments_come_by_channel_then_by_time)
{
    struct record record = plain_record(), other = plain_record();
    other.channel = "BHN";
    record.minute = 30;
    add(&record);
    other.minute = 5;
    add(&other);
    record.minute = 10;
    add(&record);
    other.minute = 2;
    add(&other);
    record.minute = 20;
    add(&record);
    sv_recording *recording = open_segments(5, 3);
    static const int minutes[] = {10, 20, 30, 2, 5};
    for (int64_t i = 0; i < 5; i++) {
        int64_t since = segment_of(recording, i).start - time_of("2026-01-31T12:00:00Z");
        ck_assert_int_eq(since, minutes[i] * INT64_C(60000000000));
        ck_assert_int_eq(number_of(recording, i), i / 3);
    }
    ck_assert_int_eq(sv_recording_start(recording), time_of("2026-01-31T12:02:00Z"));
    close_good(recording);
}
END_TEST

/* ---- ids ----------------------------------------------------------------------------------- */

START_TEST(ids_are_stripped_of_what_fills_them_up)
{
    static const struct {
        const char *codes, *id; /* station, location, channel, network */
    } ids[] = {{"ANMO 00BHZIU", "IU.ANMO.00.BHZ"},     {"ANMO   BHZIU", "IU.ANMO..BHZ"},
               {"A    \0\0B\0\0I\0", "I.A..B"},        {"            ", "..."},
               {"\0\0\0\0\0\0\0\0\0\0\0\0", "..."},    {"ABCDE12XYZQR", "QR.ABCDE.12.XYZ"},
               {" ANM  0 HZ U", "U.ANM.0.HZ"},         {"A B\0C0 BHZIU", "IU.A B?C.0.BHZ"},
               {"GECKO\360ACNZ  ", ".GECKO.\360A.CNZ"}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct record record = plain_record();
        file.num_bytes = 0;
        add(&record);
        memcpy(file.bytes + 8, ids[i].codes, 12);
        sv_recording *recording = open_segments(1, 0);
        ck_assert_str_eq(id_of(recording, 0), ids[i].id);
        close_good(recording);
    }
}
END_TEST

START_TEST(blanks_and_nuls_are_the_same_channel)
{
    struct record record = record_of(STEIM1, 30);
    for (int i = 0; i < 6; i++) {
        size_t offset = add(&record);
        memcpy(file.bytes + offset + 8, i % 2 == 0 ? "ANMO   BHZIU" : "ANMO\0\0\0BHZIU", 12);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(many_channels_are_told_apart)
{
    enum { COUNT = 3000 };
    struct record record = record_of(INT16, 5);
    record.exponent = 7;
    for (int i = 0; i < 2 * COUNT; i++) {
        char station[6];
        snprintf(station, sizeof station, "%05d", i % COUNT);
        record.station = station;
        record.second = i / COUNT;
        record.factor = 5;
        record.first = i;
        add(&record);
    }
    sv_recording *recording = open_segments(COUNT, 0);
    for (int64_t i = 0; i < COUNT; i += 501) {
        sv_reader *reader;
        sv_view samples;
        ck_assert_int_eq(number_of(recording, i), i);
        ck_assert_int_eq(sv_reader_open(recording, i, &reader, NULL), SV_OK);
        ck_assert_int_eq(sv_reader_read(reader, 5, 5, &samples, NULL), SV_OK);
        count_up(&samples, COUNT + i);
        sv_reader_close(reader);
    }
    close_good(recording);
}
END_TEST

/* ---- what stands between ------------------------------------------------------------------- */

static void add_text(const char *text, size_t num_bytes)
{
    size_t offset = file.num_bytes;
    add_bytes(' ', num_bytes);
    memcpy(file.bytes + offset, text, strlen(text));
}

START_TEST(control_headers_and_blank_records_are_passed_over)
{
    struct record record = record_of(STEIM2, 60);
    add_text("000001V 010009502.1121992,001,00:00:00.0000~2012,001~~IRIS _ DMC~Data for x~", 4096);
    add_text("000002A 030", 512);
    add_text("000003S 050", 256);
    add_text("000004S*more of it", 256);
    record = add_row(record, 2);
    add_text("000007T 070", 512);
    record = add_row(record, 2);
    add_text("000009", 128);
    record = add_row(record, 1);
    add_text("000010", 1024);
    add_row(record, 2);
    sv_recording *recording = open_segments(1, 0);
    ck_assert(segment_of(recording, 0).complete);
    counts_up(recording, 0, 0);
    no_warning(recording);
    close_good(recording);
}
END_TEST

START_TEST(text_and_records_without_samples_are_passed_over)
{
    struct record record = record_of(INT32, 60), log = plain_record(), empty = plain_record();
    log.encoding = 0;
    log.channel = "LOG";
    log.factor = 0;
    empty.num_samples = 0;
    empty.data_offset = 0;
    record = add_row(record, 2);
    add(&log);
    add(&empty);
    record = add_row(record, 2);
    add(&log);
    add_row(record, 2);
    sv_recording *recording = open_segments(1, 0);
    ck_assert(segment_of(recording, 0).complete);
    counts_up(recording, 0, 0);
    one_warning(recording, "2 records hold no time series but text");
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "byte 1024"));
    close_good(recording);
}
END_TEST

START_TEST(records_that_say_they_hold_nothing_are_empty_segments)
{
    struct record record = plain_record();
    record.num_samples = 0;
    add(&record);
    record.channel = "BHN";
    add(&record);
    sv_recording *recording = open_segments(2, 0);
    for (int64_t i = 0; i < 2; i++) {
        sv_segment segment = segment_of(recording, i);
        ck_assert_int_eq(segment.num_samples, 0);
        ck_assert(segment.complete);
        ck_assert_double_eq(segment.sample_rate, 100.0);
        ck_assert_int_eq(segment.start, time_of("2026-01-31T12:00:00Z"));
    }
    close_good(recording);
}
END_TEST

/* ---- which format it is -------------------------------------------------------------------- */

START_TEST(the_content_tells_whatever_the_name)
{
    static const char *const names[] = {"a", "a.bin", "a.sac", "a.txt", "a.sgy"};
    struct record record = plain_record();
    add_row(record, 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sv_recording *recording =
            open_good(write_scratch(names[i], file.bytes, file.num_bytes), NULL);
        ck_assert_str_eq(sv_recording_format(recording), "mseed");
        close_good(recording);
    }
    file.num_bytes = 0;
    add_text("000001", 512);
    add_row(record, 2);
    close_good(open_good(write_scratch("a", file.bytes, file.num_bytes), NULL));
}
END_TEST

START_TEST(version_3_is_named)
{
    add_bytes(0, 100);
    memcpy(file.bytes, "MS\003", 3);
    open_bad(write_file(), NULL, SV_UNSUPPORTED, "miniSEED 3");
    open_bad(write_scratch("a", file.bytes, 100), NULL, SV_UNSUPPORTED, "miniSEED 3");
}
END_TEST

/* ---- runs ---------------------------------------------------------------------------------- */

/* Puts the file's one channel together anew, with runs of so many records, then merged. */
static void merge_runs(sv_recording *recording, uint32_t records_a_run, uint32_t merged)
{
    sv_spill spill;
    sv_spill_begin(&spill, 10000);
    sv_mseed_track track = {.spill = &spill};
    sv_mseed_walk walk;
    sv_mseed_item item;
    sv_mseed *mseed = recording->state;
    sv_mseed_walk_begin(&walk, recording);
    while (sv_mseed_walk_next(&walk, &item, NULL) == SV_OK && item.kind != SV_MSEED_END) {
        bool is_new_chain;
        if (memcmp(item.record.key, "ANMO 00BHZIU", 12) == 0) {
            ck_assert_int_eq(
                sv_mseed_track_add(&track, &item.record, records_a_run, &is_new_chain, NULL),
                SV_OK);
        }
    }
    sv_mseed_walk_end(&walk);
    int64_t before = track.num_runs, room = 0;
    sv_mseed_track_thin(&track, merged);
    ck_assert_int_le(track.num_runs, before);
    memcpy(track.key, "ANMO 00BHZIU", 12);
    for (int32_t i = 0; i < mseed->num_channels; i++) {
        sv_spill_free(NULL, mseed->channels[i].runs);
    }
    sv_free(mseed->segments);
    mseed->segments = NULL;
    mseed->num_channels = 0;
    mseed->num_segments = mseed->num_gaps = 0;
    ck_assert_int_eq(sv_mseed_track_join(&track, mseed, &room, NULL), SV_OK);
    recording->num_segments = mseed->num_segments;
    sv_mseed_track_free(&track);
    sv_spill_end(&spill);
}

START_TEST(runs_of_any_length_give_the_same_samples)
{
    struct random random = random_begin("runs_of_any_length_give_the_same_samples");
    for (int round = 0; round < 40; round++) {
        struct record record = record_of(encodings[round % NUM_ENCODINGS].encoding, 40);
        struct record other = record;
        other.channel = "BHN";
        file.num_bytes = 0;
        add(&record);
        record = record_after(record);
        for (int i = 0; i < 300; i++) {
            uint64_t what = random_below(&random, 40);
            record.num_samples = what < 3 ? 1 + (int)random_below(&random, 50) : 40;
            record.minute += what == 3 && record.minute < 50 ? 5 : 0;
            if (what > 33) {
                add(&other);
            } else {
                add(&record);
                record = record_after(record);
            }
        }
        sv_recording *recording = open_file();
        int64_t num_segments = sv_recording_num_segments(recording);
        merge_runs(recording, 1 + (uint32_t)random_below(&random, 8),
                   1 + (uint32_t)random_below(&random, 200));
        ck_assert_int_le(recording->num_segments, num_segments);
        int64_t value = 0;
        for (int64_t i = 0; i < recording->num_segments; i++) {
            counts_up(recording, i, value);
            value += segment_of(recording, i).num_samples;
        }
        ck_assert_int_eq(value, record.first);
        close_good(recording);
    }
}
END_TEST

/* ---- reading ------------------------------------------------------------------------------- */

/* What a read gives must not depend on what was read before. */
START_TEST(reads_at_random_give_what_a_fresh_reader_gives)
{
    struct random random = random_begin("reads_at_random_give_what_a_fresh_reader_gives");
    struct record record = plain_record();
    for (int i = 0; i < 3000; i++) {
        static const int mixed[] = {STEIM2, STEIM1, STEIM2, INT32};
        record.encoding = mixed[random_below(&random, 4)];
        record.data_order = random_below(&random, 2) == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
        record.num_samples = 1 + (int)random_below(&random, 110);
        add(&record);
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    sv_reader *kept, *fresh;
    ck_assert_int_eq(sv_reader_open(recording, 0, &kept, NULL), SV_OK);
    for (int i = 0; i < 1000; i++) {
        sv_view one, two;
        int64_t first = (int64_t)random_below(&random, (uint64_t)record.first);
        int64_t count = 1 + (int64_t)random_below(&random, i % 2 == 0 ? 100000 : 200);
        ck_assert_int_eq(sv_reader_open(recording, 0, &fresh, NULL), SV_OK);
        for (int step = 0; step < 3 && first < record.first; step++) {
            require(sv_reader_read(kept, first, count, &one, NULL) == SV_OK, "kept");
            count_up(&one, first);
            first += one.shape[1];
        }
        first -= one.shape[1];
        require(sv_reader_read(fresh, first, count, &two, NULL) == SV_OK, "fresh");
        require(one.shape[1] == two.shape[1], "another number of samples");
        sv_reader_close(fresh);
    }
    sv_reader_close(kept);
    close_good(recording);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct record record = record_of(STEIM2, 60);
    add_row(record, 4);
    record.minute = 1;
    add_row(record, 4);
    record.minute = 0;
    record.channel = "BHN";
    record.encoding = INT16;
    add_row(record, 4);
    const char *path = write_file();
    for (long after = 0;; after++) {
        sv_recording *recording = NULL;
        sv_reader *reader = NULL;
        sv_view samples;
        sv_error error = {.message = ""};
        sv_memory_fail_after(after, false);
        sv_status status = sv_recording_open(path, NULL, &recording, &error);
        if (status == SV_OK) {
            status = sv_reader_open(recording, 0, &reader, &error);
        }
        if (status == SV_OK) {
            status = sv_reader_read(reader, 0, 100, &samples, &error);
        }
        sv_memory_fail_after(-1, false);
        sv_reader_close(reader);
        close_good(recording);
        if (status == SV_OK) {
            ck_assert_int_gt(after, 10);
            return;
        }
        ck_assert_msg(status == SV_NOMEM, "after %ld: %s", after, error.message);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_encoding_in_every_order_is_read,
        long_plain_records_are_views_of_the_file,
        short_plain_records_are_gathered,
        short_and_long_records_take_turns,
        a_single_plain_record_is_in_place,
        integers_of_all_kinds_make_one_segment,
        floats_of_both_orders_make_one_segment,
        other_types_are_other_segments,
        records_of_all_lengths_are_read,
        records_of_mixed_lengths_make_one_segment,
        samples_begin_where_the_header_says,
        records_without_blockettes_are_read,
        blockettes_may_come_in_any_order_and_far_behind,
        the_sequence_number_and_the_quality_may_be_any,
        starts_have_all_their_digits,
        leap_seconds_and_days_that_are_not_are_the_next,
        time_corrections_are_applied_once,
        rates_follow_factor_and_multiplier,
        the_rate_of_blockette_100_wins_as_the_decimal_that_was_meant,
        options_win_over_the_headers,
        half_a_sample_makes_no_gap,
        a_drifting_clock_makes_no_gap,
        another_rate_is_another_segment,
        records_out_of_order_find_their_place,
        a_file_in_no_order_at_all_is_put_in_order,
        twins_are_kept_apart,
        channels_take_turns,
        a_rare_channel_is_found_among_others,
        segments_come_by_channel_then_by_time,
        ids_are_stripped_of_what_fills_them_up,
        blanks_and_nuls_are_the_same_channel,
        many_channels_are_told_apart,
        control_headers_and_blank_records_are_passed_over,
        text_and_records_without_samples_are_passed_over,
        records_that_say_they_hold_nothing_are_empty_segments,
        the_content_tells_whatever_the_name,
        version_3_is_named,
        runs_of_any_length_give_the_same_samples,
        reads_at_random_give_what_a_fresh_reader_gives,
        every_allocation_may_fail,
    };
    return run_in_scratch("mseed", tests, sizeof tests / sizeof tests[0]);
}
