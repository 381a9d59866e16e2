/* miniSEED files that lie, are cut, or change while they are read: the good part is measured, what
 * is lost is said with its byte, and nothing crashes. */
#include "mseed_scratch.h"

#include <math.h>

#include "random.h"
#include "seisview/scan.h"
#include "seisview/summary.h"

enum { RECORD = 512, SAMPLES = 60 };

static struct record record_of(int encoding)
{
    struct record record = plain_record();
    record.encoding = encoding;
    record.num_samples = SAMPLES;
    return record;
}

/* Six records of Steim2, of which the third, at byte 1024, can then be spoilt. */
static unsigned char *six_records(void)
{
    file.num_bytes = 0;
    add_row(record_of(STEIM2), 6);
    return file.bytes + 2 * RECORD;
}

/* The third record is left out at opening: what is there are the two before it, incomplete, and
 * the three behind, and one warning says `words`. */
static void third_is_left_out(const char *words)
{
    sv_recording *recording = open_segments(2, 1);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 2 * SAMPLES);
    ck_assert_int_eq(segment_of(recording, 1).num_samples, 3 * SAMPLES);
    ck_assert(!segment_of(recording, 0).complete);
    ck_assert(segment_of(recording, 1).complete);
    counts_up(recording, 0, 0);
    counts_up(recording, 1, 3 * SAMPLES);
    one_warning(recording, words);
    close_good(recording);
}

/* The third record is lost while it is read: SV_FORMAT says `words`, the others are there. */
static void third_is_lost(const char *words)
{
    sv_recording *recording = open_segments(1, 0);
    sv_reader *reader;
    sv_view samples;
    sv_error error = {.message = ""};
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 6 * SAMPLES);
    read_up(recording, 0, 0, 2 * SAMPLES, 1000, 0);
    read_up(recording, 0, 3 * SAMPLES, 6 * SAMPLES, 1000, 3 * SAMPLES);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 100, 1000, &samples, NULL), SV_OK);
    ck_assert_int_eq(samples.shape[1], 20);
    for (int64_t first = 2 * SAMPLES; first < 3 * SAMPLES; first += 7) {
        ck_assert_int_eq(sv_reader_read(reader, first, 1000, &samples, &error), SV_FORMAT);
        ck_assert_int_eq(samples.shape[1], 3 * SAMPLES - first);
        ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message,
                      words);
        ck_assert_int_eq(sv_reader_read(reader, first, 2, &samples, NULL), SV_FORMAT);
        ck_assert_int_le(samples.shape[1], 2);
    }
    ck_assert_int_eq(sv_reader_read(reader, 3 * SAMPLES, 1000, &samples, NULL), SV_OK);
    count_up(&samples, 3 * SAMPLES);
    sv_reader_close(reader);
    no_warning(recording);
    close_good(recording);
}

/* ---- headers that lie ---------------------------------------------------------------------- */

START_TEST(an_unknown_encoding_is_left_out)
{
    static const int unknown[] = {6, 7, 15, 17, 19, 31, 33, 100, 255};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        six_records()[52] = (unsigned char)unknown[i];
        third_is_left_out("the record at byte 1024 is encoded in a way that is not read");
    }
}
END_TEST

START_TEST(samples_outside_of_the_record_are_left_out)
{
    static const int offsets[] = {0, 1, 47, 512, 513, 65535};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        put(six_records() + 44, SV_U2, SV_BIG_ENDIAN, offsets[i]);
        third_is_left_out("the record at byte 1024 has its samples at byte");
    }
}
END_TEST

START_TEST(more_samples_than_there_is_room_for_are_left_out)
{
    static const struct {
        int encoding, most;
    } rooms[] = {{INT16, 224},        {INT24, 149}, {INT32, 112}, {FLOAT32, 112},
                 {FLOAT64, 56},       {12, 149},    {13, 224},    {14, 224},
                 {16, 224},           {30, 224},    {32, 224},    {STEIM1, 7 * 15 * 4},
                 {STEIM2, 7 * 15 * 7}};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        struct record record = record_of(rooms[i].encoding);
        record.num_samples = rooms[i].most + 1;
        file.num_bytes = 0;
        add(&record);
        open_bad(write_file(), NULL, SV_FORMAT, "more than its 512 bytes hold");
        record.num_samples = 65535;
        file.num_bytes = 0;
        add(&record);
        open_bad(write_file(), NULL, SV_FORMAT, "states 65535 samples");
        record.num_samples = rooms[i].most;
        file.num_bytes = 0;
        add(&record);
        sv_recording *recording = open_segments(1, 0);
        ck_assert_int_eq(segment_of(recording, 0).num_samples, rooms[i].most);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_length_that_swallows_the_next_records_is_not_believed)
{
    for (int exponent = 10; exponent <= 20; exponent++) {
        six_records()[54] = (unsigned char)exponent;
        sv_recording *recording = open_segments(1, 0);
        ck_assert(segment_of(recording, 0).complete);
        counts_up(recording, 0, 0);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_length_that_cannot_be_is_found_from_the_next_record)
{
    static const int exponents[] = {0, 1, 6, 21, 32, 63, 64, 128, 255};
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        six_records()[54] = (unsigned char)exponents[i];
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_length_that_is_too_short_loses_a_record_and_no_more)
{
    six_records()[54] = 7;
    memset(file.bytes + 1024 + 128, 0xAA, 384);
    sv_recording *recording = open_segments(1, 0);
    ck_assert(segment_of(recording, 0).complete);
    one_warning(recording, "384 bytes from byte 1152 on are no record");
    read_up(recording, 0, 0, 6 * SAMPLES, 1000, 0); /* its samples end before byte 128 */
    close_good(recording);

    six_records()[54] = 8;
    put(file.bytes + 1024 + 30, SV_U2, SV_BIG_ENDIAN, 3 * 15 * 7 + 1);
    recording = open_segments(2, 1);
    ck_assert(!segment_of(recording, 0).complete);
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "states 316 samples"));
    counts_up(recording, 1, 3 * SAMPLES);
    close_good(recording);
}
END_TEST

START_TEST(chains_of_blockettes_that_lead_nowhere_have_ended)
{
    static const int offsets[] = {1, 4, 47, 48, 51, 508, 511, 512, 4000, 65535};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        put(six_records() + 50, SV_U2, SV_BIG_ENDIAN, offsets[i]); /* behind blockette 1000 */
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

/* Without blockette 1000, Steim2 is taken for Steim1. */
START_TEST(a_first_blockette_outside_of_the_header_is_none)
{
    static const int offsets[] = {0, 1, 47, 500, 511, 512, 65535};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        file.num_bytes = 0;
        add_row(record_of(STEIM1), 6);
        put(file.bytes + 1024 + 46, SV_U2, SV_BIG_ENDIAN, offsets[i]);
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_loop_of_blockettes_has_ended)
{
    unsigned char *record = six_records();
    put(record + 44, SV_U2, SV_BIG_ENDIAN, 128);
    memcpy(record + 128, record + 64, 64);
    put(record + 50, SV_U2, SV_BIG_ENDIAN, 60);
    put(record + 60, SV_U2, SV_BIG_ENDIAN, 500);
    put(record + 62, SV_U2, SV_BIG_ENDIAN, 48);
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(a_byte_order_that_is_none_is_that_of_the_header)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        struct record record = record_of(INT32);
        record.order = record.data_order = (sv_byte_order)order;
        file.num_bytes = 0;
        add(&record);
        file.bytes[53] = 77;
        sv_recording *recording = open_segments(1, 0);
        counts_up(recording, 0, 0);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_time_that_cannot_be_is_no_record)
{
    static const struct {
        int byte, value;
    } wrong[] = {{20, 0}, {21, 0}, {22, 77}, {24, 24}, {24, 255}, {25, 60}, {26, 61}, {26, 255}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        six_records()[wrong[i].byte] = (unsigned char)wrong[i].value;
        third_is_left_out("512 bytes from byte 1024 on are no record");
    }
    six_records()[6] = 'X';
    third_is_left_out("512 bytes from byte 1024 on are no record");
}
END_TEST

START_TEST(absurd_rates_are_read_as_they_stand)
{
    static const float rates[] = {1e-45F, 1e-38F, 3e38F};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct record record = record_of(INT32);
        record.rate = rates[i];
        file.num_bytes = 0;
        add_row(record, 2);
        sv_recording *recording = open_file();
        for (int64_t j = 0; j < sv_recording_num_segments(recording); j++) {
            double rate = segment_of(recording, j).sample_rate;
            ck_assert(rate > 0.0 && isfinite(rate));
        }
        close_good(recording);
    }
    struct record record = record_of(INT32);
    record.factor = 0;
    add(&record);
    sv_recording *recording = open_file();
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "without a rate"));
    close_good(recording);
    file.num_bytes = 0;
    add(&record);
    open_bad(write_file(), NULL, SV_UNSUPPORTED, "without a rate");
}
END_TEST

/* ---- samples that cannot be decoded -------------------------------------------------------- */

START_TEST(a_frame_of_unknown_words_is_lost)
{
    put(six_records() + 64, SV_U4, SV_BIG_ENDIAN, 0x02AAAAAA);
    third_is_lost("the 60 samples of the record at byte 1024 cannot be decoded (Steim2)");
}
END_TEST

START_TEST(frames_with_too_few_samples_are_lost)
{
    put(six_records() + 64, SV_U4, SV_BIG_ENDIAN, 0);
    third_is_lost("byte 1024 cannot be decoded");
    put(six_records() + 30, SV_U2, SV_BIG_ENDIAN, SAMPLES);
    put(file.bytes + 1024 + 64, SV_U4, SV_BIG_ENDIAN, 0x03000000);
    third_is_lost("byte 1024 cannot be decoded");
}
END_TEST

START_TEST(a_last_sample_that_is_not_what_is_stated_is_lost)
{
    put(six_records() + 72, SV_I4, SV_BIG_ENDIAN, 12345);
    third_is_lost("byte 1024 cannot be decoded");
    six_records()[64 + 14] ^= 1; /* a difference */
    third_is_lost("byte 1024 cannot be decoded");
}
END_TEST

/* Some writers leave it out. */
START_TEST(a_last_sample_of_zero_says_nothing)
{
    put(six_records() + 72, SV_I4, SV_BIG_ENDIAN, 0);
    sv_recording *recording = open_segments(1, 0);
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(a_legacy_encoding_that_cannot_be_decoded_is_lost)
{
    struct record record = record_of(30); /* SRO: a gain of more than 10 */
    file.num_bytes = 0;
    add(&record);
    memset(file.bytes + 64, 0xFF, 2 * SAMPLES);
    sv_recording *recording = open_segments(1, 0);
    sv_reader *reader;
    sv_view samples;
    sv_error error;
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 0, 1000, &samples, &error), SV_FORMAT);
    ck_assert_int_eq(samples.shape[1], SAMPLES);
    ck_assert_ptr_nonnull(strstr(error.message, "SRO"));
    sv_reader_close(reader);
    close_good(recording);
}
END_TEST

/* ---- what is no record --------------------------------------------------------------------- */

START_TEST(noise_between_records_costs_nothing_but_a_warning)
{
    static const size_t sizes[] = {1, 47, 48, 63, 128, 511, 5000, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        file.num_bytes = 0;
        struct record record = add_row(record_of(STEIM2), 3);
        add_bytes(0xC3, sizes[i]);
        record = add_row(record, 3);
        add_bytes(0x5A, 1);
        add_row(record, 1);
        sv_recording *recording = open_segments(1, 0);
        ck_assert(segment_of(recording, 0).complete);
        counts_up(recording, 0, 0);
        ck_assert_int_eq(count_warnings(recording), 2);
        ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 0), "from byte 1536 on"));
        close_good(recording);
    }
}
END_TEST

START_TEST(noise_in_a_gap_is_where_records_were)
{
    memset(six_records(), 0xC3, RECORD);
    third_is_left_out("512 bytes from byte 1024 on are no record");
}
END_TEST

START_TEST(noise_at_the_beginning_or_the_end_may_have_been_records)
{
    file.num_bytes = 0;
    add_row(record_of(STEIM2), 2);
    add_bytes(0xC3, 300);
    sv_recording *recording = open_segments(1, 0);
    ck_assert(!segment_of(recording, 0).complete);
    one_warning(recording, "300 bytes from byte 1024 on are no record");
    close_good(recording);

    file.num_bytes = 0;
    add_bytes(0xC3, 300);
    add_row(record_of(STEIM2), 2);
    recording = open_segments(1, 0);
    ck_assert(!segment_of(recording, 0).complete);
    counts_up(recording, 0, 0);
    one_warning(recording, "300 bytes from byte 0 on are no record");
    close_good(recording);
}
END_TEST

START_TEST(padding_is_not_taken_for_records)
{
    static const int fillers[] = {0, ' '};
    for (int i = 0; i < 2; i++) {
        file.num_bytes = 0;
        add_row(record_of(STEIM2), 2);
        add_bytes(fillers[i], 100000);
        sv_recording *recording = open_segments(1, 0);
        ck_assert(segment_of(recording, 0).complete);
        counts_up(recording, 0, 0);
        one_warning(recording, "100000 bytes from byte 1024 on are blank");
        close_good(recording);
    }
}
END_TEST

START_TEST(a_few_bytes_too_many_are_a_warning)
{
    for (size_t extra = 1; extra < 48; extra += 23) {
        six_records();
        add_bytes(0xC3, extra);
        sv_recording *recording = open_segments(1, 0);
        ck_assert(segment_of(recording, 0).complete);
        counts_up(recording, 0, 0);
        one_warning(recording, "from byte 3072 on");
        close_good(recording);
    }
}
END_TEST

START_TEST(many_bad_places_are_summed_up)
{
    struct record record = record_of(INT32);
    file.num_bytes = 0;
    for (int i = 0; i < 100; i++) {
        record = add_row(record, 1);
        add_bytes(0xC3, 64);
    }
    sv_recording *recording = open_segments(1, 0);
    ck_assert_int_eq(count_warnings(recording), 9);
    ck_assert_ptr_nonnull(strstr(sv_recording_warning(recording, 8), "92 more places"));
    counts_up(recording, 0, 0);
    close_good(recording);
}
END_TEST

START_TEST(what_holds_no_record_is_refused)
{
    file.num_bytes = 0;
    add_bytes(0xC3, 3000);
    open_bad(write_file(), NULL, SV_FORMAT, "3000 bytes from byte 0 on are no record");
    open_bad(write_scratch("a", file.bytes, file.num_bytes), NULL, SV_FORMAT, "tells the format");
    file.num_bytes = 0;
    add_bytes('x', 20);
    open_bad(write_file(), NULL, SV_FORMAT, "20 bytes from byte 0 on are no record");
    file.num_bytes = 0;
    add_bytes(0, 5000);
    open_bad(write_file(), NULL, SV_EMPTY, "are blank");
    memcpy(file.bytes, "000001V 010", 11);
    open_bad(write_file(), NULL, SV_EMPTY, "only control headers");
    static const char text[] = "Dear colleague,\n\n000000D is how a record begins, I am told.\n";
    open_bad(write_scratch("a.mseed", text, sizeof text), NULL, SV_FORMAT, "no record");
    static const char tar[1024] = "day.mseed\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    open_bad(write_scratch("a", tar, sizeof tar), NULL, SV_FORMAT, "tells the format");
}
END_TEST

/* ---- cut ----------------------------------------------------------------------------------- */

START_TEST(a_file_may_be_cut_anywhere)
{
    for (int encoding = 0; encoding < 2; encoding++) {
        for (size_t left = 1; left <= 3 * RECORD; left += left % RECORD < 130 ? 1 : 77) {
            file.num_bytes = 0;
            add_row(record_of(encoding == 0 ? STEIM2 : FLOAT32), 3);
            const char *path = write_scratch("a.mseed", file.bytes, left);
            if (left < RECORD) {
                open_bad(path, NULL, left < 48 ? SV_FORMAT : SV_TRUNCATED,
                         left < 48 ? "no record" : "is cut");
                continue;
            }
            sv_recording *recording = open_good(path, NULL);
            ck_assert_int_eq(sv_recording_num_segments(recording), 1);
            sv_segment segment = segment_of(recording, 0);
            ck_assert_int_eq(segment.num_samples, (int64_t)(left / RECORD) * SAMPLES);
            ck_assert_int_eq(segment.complete, left % RECORD < 48);
            counts_up(recording, 0, 0);
            if (left % RECORD == 0) {
                no_warning(recording);
            } else {
                one_warning(recording, left % RECORD < 48 ? "no record" : "is cut: the file ends");
            }
            close_good(recording);
        }
    }
}
END_TEST

/* Nothing is left of a channel but that it was there. */
START_TEST(a_channel_that_is_lost_as_a_whole_is_shown_empty)
{
    struct record record = record_of(STEIM2);
    file.num_bytes = 0;
    add_row(record, 2);
    record.channel = "BHN";
    record.encoding = 19;
    add_row(record, 2);
    sv_recording *recording = open_segments(2, 0);
    ck_assert(segment_of(recording, 0).complete);
    ck_assert_str_eq(id_of(recording, 1), "IU.ANMO.00.BHN");
    ck_assert_int_eq(segment_of(recording, 1).num_samples, 0);
    ck_assert(!segment_of(recording, 1).complete);
    ck_assert_int_eq(count_warnings(recording), 2);
    close_good(recording);
}
END_TEST

/* ---- files that change --------------------------------------------------------------------- */

static void overwrite(size_t offset, const void *bytes, size_t num_bytes)
{
    int fd = open(scratch_path("a.mseed"), O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, num_bytes, (off_t)offset), (ssize_t)num_bytes);
    ck_assert_int_eq(close(fd), 0);
}

/* Whatever stands there now: an answer for every sample, and no other. */
static void read_whatever(const sv_recording *recording, int64_t segment)
{
    sv_reader *reader;
    sv_error error;
    int64_t first = 0, num_samples = segment_of(recording, segment).num_samples;
    ck_assert_int_eq(sv_reader_open(recording, segment, &reader, NULL), SV_OK);
    while (first < num_samples) {
        sv_view samples;
        sv_status status = sv_reader_read(reader, first, num_samples, &samples, &error);
        require(status == SV_OK || status == SV_FORMAT, "another status");
        require(samples.shape[1] >= 1 && samples.shape[1] <= num_samples - first, "too many");
        first += samples.shape[1];
    }
    sv_reader_close(reader);
}

START_TEST(records_that_change_meanwhile_are_lost_or_read)
{
    struct random random = random_begin("records_that_change_meanwhile_are_lost_or_read");
    static const int kinds[] = {STEIM1, STEIM2, INT16, INT24, INT32, FLOAT32, FLOAT64, DWWSSN};
    for (int round = 0; round < 300; round++) {
        file.num_bytes = 0;
        struct record record = record_of(kinds[round % 8]);
        for (int i = 0; i < 40; i++) {
            record.num_samples = 1 + (int)random_below(&random, 50);
            add(&record);
            record = record_after(record);
            record.encoding = record.encoding < FLOAT32 ? STEIM1 : record.encoding;
        }
        sv_recording *recording = open_file();
        for (int i = 0; i < 10; i++) {
            unsigned char bytes[1024];
            struct record other = record_of(kinds[random_below(&random, 8)]);
            other.num_samples = (int)random_below(&random, 100);
            other.exponent = 7 + (int)random_below(&random, 4);
            size_t length = put_record(bytes, &other);
            overwrite(random_below(&random, 40) * 512, bytes, length);
        }
        for (int64_t i = 0; i < sv_recording_num_segments(recording); i++) {
            read_whatever(recording, i);
        }
        close_good(recording);
    }
}
END_TEST

START_TEST(records_that_are_gone_are_said_to_be)
{
    unsigned char zeros[4 * RECORD] = {0};
    six_records();
    sv_recording *recording = open_segments(1, 0);
    overwrite(2 * RECORD, zeros, sizeof zeros);
    sv_reader *reader;
    sv_view samples;
    sv_error error;
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 0, 1000, &samples, NULL), SV_OK);
    ck_assert_int_eq(samples.shape[1], 2 * SAMPLES);
    ck_assert_int_eq(sv_reader_read(reader, 2 * SAMPLES, 1000, &samples, &error), SV_FORMAT);
    ck_assert_int_eq(samples.shape[1], 4 * SAMPLES);
    ck_assert_ptr_nonnull(strstr(error.message, "are not those that were there"));
    sv_reader_close(reader);
    close_good(recording);
}
END_TEST

START_TEST(a_file_that_is_cut_meanwhile_is_truncated)
{
    six_records();
    sv_recording *recording = open_segments(1, 0);
    sv_reader *reader;
    sv_view samples;
    ck_assert_int_eq(truncate(scratch_path("a.mseed"), 700), 0);
    ck_assert_int_eq(sv_reader_open(recording, 0, &reader, NULL), SV_OK);
    ck_assert_int_eq(sv_reader_read(reader, 0, 1000, &samples, NULL), SV_TRUNCATED);
    sv_reader_close(reader);
    close_good(recording);
}
END_TEST

/* ---- measured ------------------------------------------------------------------------------ */

static sv_status measure(sv_recording *recording, int threads, sv_summary *summary,
                         sv_scan_report *report, sv_error *error)
{
    sv_scan_options options = SV_SCAN_OPTIONS_INIT;
    sv_scan_range range = {.num_rows = 1, .last = segment_of(recording, 0).num_samples};
    options.threads = threads;
    *report = (sv_scan_report){.threads = 0};
    return sv_summary_scan(recording, &range, 0, &options, summary, report, error);
}

static void same_bits(const sv_summary *a, const sv_summary *b)
{
    const double figures[][2] = {
        {a->min, b->min}, {a->max, b->max}, {a->m2, b->m2}, {a->m2_low, b->m2_low}};
    ck_assert_mem_eq(&a->sum, &b->sum, sizeof a->sum);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        ck_assert_int_eq(memcmp(&figures[i][0], &figures[i][1], sizeof(double)), 0);
    }
    ck_assert_int_eq(a->num_samples, b->num_samples);
    ck_assert_int_eq(a->min_index, b->min_index);
    ck_assert_int_eq(a->max_index, b->max_index);
    ck_assert_int_eq(a->num_zero, b->num_zero);
}

/* Lost records here and there, several blocks long: the rest is measured, by any number of
 * threads to the same bits. */
START_TEST(the_rest_is_measured_whatever_the_threads)
{
    struct random random = random_begin("the_rest_is_measured_whatever_the_threads");
    struct record record = record_of(STEIM2);
    record.num_samples = 200;
    file.num_bytes = 0;
    int64_t lost = 0;
    for (int i = 0; i < 5000; i++) {
        size_t offset = add(&record);
        if (random_below(&random, 100) == 0) {
            put(file.bytes + offset + 64, SV_U4, SV_BIG_ENDIAN, 0x02AAAAAA);
            lost += record.num_samples;
        }
        record = record_after(record);
    }
    sv_recording *recording = open_segments(1, 0);
    sv_summary one, many;
    sv_scan_report report;
    sv_error error = {.message = ""};
    sv_status expected = lost > 0 ? SV_FORMAT : SV_OK;
    ck_assert_int_eq(measure(recording, 1, &one, &report, &error), expected);
    ck_assert_int_eq(report.samples_lost, lost);
    ck_assert_int_eq(one.num_samples, 1000000 - lost);
    ck_assert(lost == 0 || strstr(error.message, "cannot be decoded (Steim2)") != NULL);
    for (int threads = 2; threads <= 8; threads++) {
        ck_assert_int_eq(measure(recording, threads, &many, &report, NULL), expected);
        same_bits(&one, &many);
    }
    close_good(recording);
}
END_TEST

START_TEST(long_records_are_measured_without_a_copy)
{
    struct record record = record_of(FLOAT32);
    record.data_order = SV_NATIVE_ENDIAN;
    record.exponent = 17;
    record.num_samples = 30000;
    file.num_bytes = 0;
    add_row(record, 50);
    sv_recording *recording = open_segments(1, 0);
    sv_summary summary;
    sv_scan_report report;
    ck_assert_int_eq(measure(recording, 2, &summary, &report, NULL), SV_OK);
    ck_assert_int_eq(report.bytes_copied, 0);
    ck_assert_int_eq(report.bytes_mapped, 50 * 30000 * 4);
    ck_assert_double_eq(summary.max, 50 * 30000 - 1);
    close_good(recording);
}
END_TEST

/* The same samples, once in short records and once plainly in a file of nothing else. */
static void measures_as_raw(int encoding, sv_type type, int64_t num_samples)
{
    struct record record = record_of(encoding);
    file.num_bytes = 0;
    add_row(record, (int)(num_samples / SAMPLES));
    sv_recording *records = open_segments(1, 0);
    sv_dtype dtype = sv_dtype_make(type, SV_NATIVE_ENDIAN);
    size_t itemsize = sv_dtype_itemsize(dtype);
    for (int64_t i = 0; i < num_samples; i++) {
        sv_dtype_store(dtype, file.bytes + (size_t)i * itemsize,
                       type == SV_F4 ? sv_scalar_float((double)i) : sv_scalar_int(i));
    }
    const char *path = write_scratch("a.raw", file.bytes, (size_t)num_samples * itemsize);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = dtype;
    sv_recording *raw = open_good(path, &options);
    sv_summary one, other;
    sv_scan_report report;
    ck_assert_int_eq(measure(records, 2, &one, &report, NULL), SV_OK);
    ck_assert_int_eq(report.bytes_mapped, 0);
    ck_assert_int_eq(report.bytes_copied, num_samples * (int64_t)itemsize);
    ck_assert_int_eq(measure(raw, 1, &other, &report, NULL), SV_OK);
    same_bits(&one, &other);
    close_good(records);
    close_good(raw);
}

START_TEST(records_are_measured_as_if_their_samples_lay_plainly)
{
    measures_as_raw(FLOAT32, SV_F4, 16000 * SAMPLES);
    measures_as_raw(INT32, SV_I4, 16000 * SAMPLES);
    measures_as_raw(INT24, SV_I3, 16000 * SAMPLES);
    measures_as_raw(STEIM1, SV_I4, 16000 * SAMPLES);
    measures_as_raw(STEIM2, SV_I4, 16000 * SAMPLES);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_unknown_encoding_is_left_out,
        samples_outside_of_the_record_are_left_out,
        more_samples_than_there_is_room_for_are_left_out,
        a_length_that_swallows_the_next_records_is_not_believed,
        a_length_that_cannot_be_is_found_from_the_next_record,
        a_length_that_is_too_short_loses_a_record_and_no_more,
        chains_of_blockettes_that_lead_nowhere_have_ended,
        a_first_blockette_outside_of_the_header_is_none,
        a_loop_of_blockettes_has_ended,
        a_byte_order_that_is_none_is_that_of_the_header,
        a_time_that_cannot_be_is_no_record,
        absurd_rates_are_read_as_they_stand,
        a_frame_of_unknown_words_is_lost,
        frames_with_too_few_samples_are_lost,
        a_last_sample_that_is_not_what_is_stated_is_lost,
        a_last_sample_of_zero_says_nothing,
        a_legacy_encoding_that_cannot_be_decoded_is_lost,
        noise_between_records_costs_nothing_but_a_warning,
        noise_in_a_gap_is_where_records_were,
        noise_at_the_beginning_or_the_end_may_have_been_records,
        padding_is_not_taken_for_records,
        a_few_bytes_too_many_are_a_warning,
        many_bad_places_are_summed_up,
        what_holds_no_record_is_refused,
        a_file_may_be_cut_anywhere,
        a_channel_that_is_lost_as_a_whole_is_shown_empty,
        records_that_change_meanwhile_are_lost_or_read,
        records_that_are_gone_are_said_to_be,
        a_file_that_is_cut_meanwhile_is_truncated,
        the_rest_is_measured_whatever_the_threads,
        long_records_are_measured_without_a_copy,
        records_are_measured_as_if_their_samples_lay_plainly,
    };
    return run_in_scratch("mseed, hostile", tests, sizeof tests / sizeof tests[0]);
}
