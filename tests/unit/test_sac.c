/* SAC files: header, footer, clock, ids, and files that lie. */
#include <math.h>

#include "base/memory.h"
#include "sac_file.h"
#include "scratch.h"

enum { DELTA = 0, B = 5, NZYEAR = 70, NZJDAY = 71, NZHOUR = 72, NZMIN = 73, NZSEC = 74 };
enum { NZMSEC = 75, NVHDR = 76, NPTS = 79, IFTYPE = 85, IDEP = 86, LEVEN = 105 };
enum { KSTNM = 440, KHOLE = 464, KCMPNM = 600, KNETWK = 608 };

static const char *write_sac(const struct sac_file *file)
{
    return write_scratch("quake.sac", file->bytes, file->num_bytes);
}

static struct sac_file plain(void)
{
    return make_sac(SV_LITTLE_ENDIAN, 6, 20);
}

static sv_segment open_only_segment(const struct sac_file *file, sv_recording **recording)
{
    *recording = open_good(write_sac(file), NULL);
    ck_assert_int_eq(sv_recording_num_segments(*recording), 1);
    return segment_of(*recording, 0);
}

static double rate_of(const struct sac_file *file)
{
    sv_recording *recording;
    double rate = open_only_segment(file, &recording).sample_rate;
    close_good(recording);
    return rate;
}

static sv_time start_of(const struct sac_file *file)
{
    sv_recording *recording;
    sv_time start = open_only_segment(file, &recording).start;
    ck_assert_int_eq(sv_recording_start(recording), start);
    no_warning(recording);
    close_good(recording);
    return start;
}

static sv_channel channel_of(const struct sac_file *file)
{
    sv_channel channel;
    sv_recording *recording = open_good(write_sac(file), NULL);
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    close_good(recording);
    return channel;
}

START_TEST(both_versions_in_both_orders_are_read_in_place)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        for (int version = 6; version <= 7; version++) {
            struct sac_file file = make_sac((sv_byte_order)order, version, 20);
            sv_recording *recording;
            sv_segment segment = open_only_segment(&file, &recording);
            ck_assert_str_eq(sv_recording_format(recording), "sac");
            ck_assert_int_eq(segment.num_channels, 1);
            ck_assert_int_eq(segment.num_samples, 20);
            ck_assert(segment.complete);
            ck_assert_int_eq(segment.data_offset, 632);
            ck_assert_double_eq(segment.sample_rate, 100.0);
            ck_assert_int_eq(segment.start, time_of("1981-03-29T10:38:24.25Z"));
            ck_assert(
                sv_dtype_equal(segment.samples.dtype, sv_dtype_make(SV_F4, (sv_byte_order)order)));
            ck_assert_double_eq(sample_at(&segment, 0, 19), 20.0);
            ck_assert_ptr_eq(segment.samples.address,
                             (const char *)sv_buffer_data(sv_recording_buffer(recording)) + 632);
            ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
            no_warning(recording);
            close_good(recording);
        }
    }
}
END_TEST

/* ---- rate
 * ----------------------------------------------------------------------------------------- */

START_TEST(whole_rates_are_found_in_float32)
{
    struct sac_file file = plain();
    static const float rates[] = {1, 3, 7, 10, 20, 40, 50, 60, 100, 120, 125, 200, 333, 500, 4096};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        sac_float(&file, DELTA, 1.0F / rates[i]);
        ck_assert_double_eq(rate_of(&file), (double)rates[i]);
        sac_float(&file, DELTA, nextafterf(1.0F / rates[i], 1.0F));
        ck_assert_double_eq(rate_of(&file), (double)rates[i]);
    }
}
END_TEST

START_TEST(other_rates_follow_the_shortest_decimal)
{
    struct sac_file file = plain();
    static const double deltas[] = {0.003, 0.0123, 0.7, 1.5, 10.0, 60.0, 0.00015, 0.000123};
    for (size_t i = 0; i < sizeof deltas / sizeof deltas[0]; i++) {
        sac_float(&file, DELTA, (float)deltas[i]);
        double rate = rate_of(&file);
        ck_assert_msg(rate == 1.0 / deltas[i], "delta %g: %.17g Hz", deltas[i], rate);
    }
}
END_TEST

START_TEST(the_footer_wins)
{
    struct sac_file file = make_sac(SV_BIG_ENDIAN, 7, 20);
    sac_footer(&file, 20, 0, 1.0 / 60.0);
    sac_footer(&file, 20, 1, 3.123456789);
    ck_assert_double_eq(rate_of(&file), 60.0);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-29T10:38:17.373456789Z"));

    sac_footer(&file, 20, 0, 0.0099999);
    ck_assert_double_eq(rate_of(&file), 1.0 / 0.0099999);
}
END_TEST

/* Programs that make a version 7 file of a version 6 one only make its float32 longer. */
START_TEST(a_footer_of_widened_float32_says_nothing_new)
{
    struct sac_file file = make_sac(SV_LITTLE_ENDIAN, 7, 20);
    sac_float(&file, B, -16.3F);
    sac_footer(&file, 20, 0, (double)0.01F);
    sac_footer(&file, 20, 1, (double)-16.3F);
    ck_assert_double_eq(rate_of(&file), 100.0);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-29T10:37:57.95Z"));
    sac_footer(&file, 20, 0, NAN);
    ck_assert_double_eq(rate_of(&file), 100.0);
}
END_TEST

START_TEST(a_cut_footer_is_a_warning)
{
    struct sac_file file = make_sac(SV_LITTLE_ENDIAN, 7, 20);
    sac_footer(&file, 20, 0, 0.5);
    for (size_t missing = 1; missing <= SAC_FOOTER; missing += 25) {
        file.num_bytes = SAC_HEADER + 80 + SAC_FOOTER - missing;
        sv_recording *recording;
        sv_segment segment = open_only_segment(&file, &recording);
        ck_assert(segment.complete);
        ck_assert_double_eq(segment.sample_rate, 100.0);
        one_warning(recording, "footer of header version 7 is cut");
        close_good(recording);
    }
}
END_TEST

START_TEST(absurd_intervals_are_errors_that_the_rate_mends)
{
    static const float deltas[] = {0.0F, -0.01F, NAN, INFINITY, -INFINITY, -12345.0F};
    for (size_t i = 0; i < sizeof deltas / sizeof deltas[0]; i++) {
        struct sac_file file = plain();
        sac_float(&file, DELTA, deltas[i]);
        sv_open_options options = SV_OPEN_OPTIONS_INIT;
        open_bad(write_sac(&file), &options, SV_FORMAT, "give --rate");
        options.rate = 50.0;
        sv_recording *recording = open_good(write_sac(&file), &options);
        ck_assert_double_eq(segment_of(recording, 0).sample_rate, 50.0);
        close_good(recording);
    }
    struct sac_file file = make_sac(SV_LITTLE_ENDIAN, 7, 20);
    sac_footer(&file, 20, 0, 5e-324);
    open_bad(write_sac(&file), NULL, SV_FORMAT, "makes no sense");
}
END_TEST

/* ---- start
 * ---------------------------------------------------------------------------------------- */

START_TEST(b_counts_from_the_reference_time)
{
    struct sac_file file = plain();
    sac_float(&file, B, -12345.0F);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-29T10:38:14.25Z"));
    sac_float(&file, B, 0.1F);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-29T10:38:14.35Z"));
    sac_float(&file, B, -86400.5F);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-28T10:38:13.75Z"));
    sac_float(&file, B, 1e-5F);
    ck_assert_int_eq(start_of(&file), time_of("1981-03-29T10:38:14.25001Z"));
    sac_float(&file, B, 3e7F);
    ck_assert_int_eq(start_of(&file), time_of("1982-03-11T15:58:14.25Z"));
}
END_TEST

START_TEST(an_undefined_field_means_no_time)
{
    for (int word = NZYEAR; word <= NZMSEC; word++) {
        struct sac_file file = plain();
        sac_integer(&file, word, -12345);
        ck_assert_int_eq(start_of(&file), SV_TIME_NONE);
        ck_assert_int_eq(channel_of(&file).start, SV_TIME_NONE);
    }
}
END_TEST

START_TEST(a_time_that_makes_no_sense_is_left_out_with_a_warning)
{
    static const struct {
        int word;
        int32_t value;
    } wrong[] = {{NZYEAR, 1000}, {NZYEAR, 99999}, {NZYEAR, -3},   {NZJDAY, 0},      {NZJDAY, 366},
                 {NZJDAY, -1},   {NZHOUR, 24},    {NZHOUR, -1},   {NZMIN, 60},      {NZSEC, 99},
                 {NZSEC, -5},    {NZMSEC, 1000},  {NZMSEC, -500}, {NZYEAR, 1 << 30}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sac_file file = plain();
        sac_integer(&file, wrong[i].word, wrong[i].value);
        sv_recording *recording;
        ck_assert_int_eq(open_only_segment(&file, &recording).start, SV_TIME_NONE);
        one_warning(recording, "time makes no sense");
        close_good(recording);
    }
    static const float wrong_b[] = {NAN, INFINITY, -INFINITY, 1e12F, 9e9F, -3e38F};
    for (size_t i = 0; i < sizeof wrong_b / sizeof wrong_b[0]; i++) {
        struct sac_file file = plain();
        sac_float(&file, B, wrong_b[i]);
        sv_recording *recording;
        ck_assert_int_eq(open_only_segment(&file, &recording).start, SV_TIME_NONE);
        one_warning(recording, "time makes no sense");
        close_good(recording);
    }
}
END_TEST

START_TEST(options_win_over_the_header)
{
    struct sac_file file = plain();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "sac";
    options.rate = 8.0;
    options.start = time_of("2026-01-31T00:00:00Z");
    sv_recording *recording = open_good(write_sac(&file), &options);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 8.0);
    ck_assert_int_eq(segment_of(recording, 0).start, options.start);
    ck_assert_int_eq(sv_recording_start(recording), options.start);
    close_good(recording);

    options.dtype = sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN);
    open_bad(write_sac(&file), &options, SV_INVALID, "for raw samples");
    options.dtype.type = SV_TYPE_NONE;
    options.channels = 3;
    open_bad(write_sac(&file), &options, SV_INVALID, "for raw samples");
    options.channels = 0;
    options.skip_bytes = 0;
    open_bad(write_sac(&file), &options, SV_INVALID, "for raw samples");
}
END_TEST

/* ---- id and unit
 * ---------------------------------------------------------------------------------- */

START_TEST(ids_are_cut_at_nul_and_stripped)
{
    struct sac_file file = plain();
    ck_assert(channel_of(&file).has_id);
    ck_assert_str_eq(channel_of(&file).id, "...");
    sac_text(&file, KNETWK, "IU");
    sac_text(&file, KSTNM, "  ANMO ");
    sac_text(&file, KHOLE, "00");
    sac_text(&file, KCMPNM, "BHZ");
    ck_assert_str_eq(channel_of(&file).id, "IU.ANMO.00.BHZ");
    memcpy(file.bytes + KSTNM, "AN\0XYZ  ", 8);
    memcpy(file.bytes + KHOLE, "\0\0\0\0\0\0\0\0", 8);
    ck_assert_str_eq(channel_of(&file).id, "IU.AN..BHZ");
    sac_text(&file, KNETWK, "ABCDEFGH");
    sac_text(&file, KSTNM, "-123456");
    sac_text(&file, KCMPNM, "-12345");
    ck_assert_str_eq(channel_of(&file).id, "ABCDEFGH.-123456..");
    memcpy(file.bytes + KHOLE, " -12345\0", 8);
    ck_assert_str_eq(channel_of(&file).id, "ABCDEFGH.-123456..");
    memset(file.bytes + KSTNM, 0xC7, 8);
    ck_assert_uint_eq(strlen(channel_of(&file).id), 8 + 1 + 8 + 2);
    ck_assert_int_eq(channel_of(&file).number, 0);
}
END_TEST

START_TEST(units_follow_the_quantity)
{
    static const struct {
        int32_t quantity;
        const char *unit;
    } units[] = {{6, "nm"}, {7, "nm/s"}, {8, "nm/s2"}, {50, "V"}, {5, ""}, {-12345, ""}, {99, ""}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct sac_file file = plain();
        sac_integer(&file, IDEP, units[i].quantity);
        ck_assert_str_eq(channel_of(&file).unit, units[i].unit);
    }
}
END_TEST

/* ---- what is refused, what is lost
 * ---------------------------------------------------------------- */

START_TEST(other_kinds_are_refused)
{
    static const int32_t types[] = {2, 3, 4, 5, 51, 0, -1};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct sac_file file = plain();
        sac_integer(&file, IFTYPE, types[i]);
        open_bad(write_sac(&file), NULL, SV_UNSUPPORTED, "iftype");
    }
    struct sac_file file = plain();
    sac_integer(&file, LEVEN, 0);
    open_bad(write_sac(&file), NULL, SV_UNSUPPORTED, "leven is false");
    file = plain();
    sac_integer(&file, IFTYPE, -12345);
    sac_integer(&file, LEVEN, -12345);
    ck_assert_double_eq(rate_of(&file), 100.0);
}
END_TEST

START_TEST(another_version_is_no_sac_file)
{
    static const int32_t versions[] = {0, 5, 8, -12345, 0x06060606};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct sac_file file = plain();
        sac_integer(&file, NVHDR, versions[i]);
        open_bad(write_sac(&file), NULL, SV_FORMAT, "neither 6 nor 7");
    }
}
END_TEST

START_TEST(a_cut_header_is_truncated)
{
    struct sac_file file = plain();
    static const size_t sizes[] = {1, 4, 307, 308, 440, 631};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        file.num_bytes = sizes[i];
        open_bad(write_sac(&file), NULL, SV_TRUNCATED, "header is cut");
    }
    file.num_bytes = 0;
    open_bad(write_sac(&file), NULL, SV_EMPTY, "empty");
}
END_TEST

START_TEST(fewer_samples_than_stated_are_incomplete)
{
    for (int version = 6; version <= 7; version++) {
        struct sac_file file = make_sac(SV_BIG_ENDIAN, version, 20);
        file.num_bytes = SAC_HEADER + 4 * 13 + 3;
        sv_recording *recording;
        sv_segment segment = open_only_segment(&file, &recording);
        ck_assert_int_eq(segment.num_samples, 13);
        ck_assert(!segment.complete);
        ck_assert_double_eq(sample_at(&segment, 0, 12), 13.0);
        one_warning(recording, "7 of the 20 samples");
        close_good(recording);

        file.num_bytes = SAC_HEADER;
        segment = open_only_segment(&file, &recording);
        ck_assert_int_eq(segment.num_samples, 0);
        ck_assert(!segment.complete);
        one_warning(recording, "20 of the 20 samples");
        close_good(recording);
    }
    struct sac_file file = plain();
    sac_integer(&file, NPTS, INT32_MAX);
    sv_recording *recording;
    ck_assert_int_eq(open_only_segment(&file, &recording).num_samples, 20);
    one_warning(recording, "2147483627 of the 2147483647 samples");
    close_good(recording);
}
END_TEST

START_TEST(bytes_behind_the_samples_are_a_warning)
{
    for (int version = 6; version <= 7; version++) {
        struct sac_file file = make_sac(SV_LITTLE_ENDIAN, version, 20);
        file.num_bytes += 1;
        sv_recording *recording;
        sv_segment segment = open_only_segment(&file, &recording);
        ck_assert_int_eq(segment.num_samples, 20);
        ck_assert(segment.complete);
        one_warning(recording, "1 byte stands behind the 20 samples");
        close_good(recording);
        file.num_bytes += 41;
        open_only_segment(&file, &recording);
        one_warning(recording, "42 bytes stand behind");
        close_good(recording);
    }
}
END_TEST

START_TEST(no_samples_stated_is_an_empty_segment)
{
    for (int version = 6; version <= 7; version++) {
        struct sac_file file = make_sac(SV_LITTLE_ENDIAN, version, 0);
        sv_recording *recording;
        sv_segment segment = open_only_segment(&file, &recording);
        ck_assert_int_eq(segment.num_samples, 0);
        ck_assert(segment.complete);
        ck_assert_int_eq(segment.start, time_of("1981-03-29T10:38:24.25Z"));
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_count_that_makes_no_sense_is_an_error)
{
    struct sac_file file = plain();
    sac_integer(&file, NPTS, -12345);
    open_bad(write_sac(&file), NULL, SV_FORMAT, "does not state how many");
    sac_integer(&file, NPTS, -1);
    open_bad(write_sac(&file), NULL, SV_FORMAT, "-1 samples");
    sac_integer(&file, NPTS, INT32_MIN);
    open_bad(write_sac(&file), NULL, SV_FORMAT, "-2147483648 samples");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct sac_file file = plain();
    file.num_bytes -= 5;
    sac_integer(&file, NZHOUR, 77);
    const char *path = write_sac(&file);
    sv_recording *recording = NULL;
    sv_status status = SV_NOMEM;
    for (long count = 0; status == SV_NOMEM; count++) {
        ck_assert_int_lt(count, 100);
        sv_memory_fail_after(count, false);
        status = sv_recording_open(path, NULL, &recording, NULL);
        sv_memory_fail_after(-1, false);
    }
    ck_assert_int_eq(status, SV_OK);
    ck_assert_int_eq(count_warnings(recording), 2);
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        both_versions_in_both_orders_are_read_in_place,
        whole_rates_are_found_in_float32,
        other_rates_follow_the_shortest_decimal,
        the_footer_wins,
        a_footer_of_widened_float32_says_nothing_new,
        a_cut_footer_is_a_warning,
        absurd_intervals_are_errors_that_the_rate_mends,
        b_counts_from_the_reference_time,
        an_undefined_field_means_no_time,
        a_time_that_makes_no_sense_is_left_out_with_a_warning,
        options_win_over_the_header,
        ids_are_cut_at_nul_and_stripped,
        units_follow_the_quantity,
        other_kinds_are_refused,
        another_version_is_no_sac_file,
        a_cut_header_is_truncated,
        fewer_samples_than_stated_are_incomplete,
        bytes_behind_the_samples_are_a_warning,
        no_samples_stated_is_an_empty_segment,
        a_count_that_makes_no_sense_is_an_error,
        every_allocation_may_fail,
    };
    return run_in_scratch("sac", tests, sizeof tests / sizeof tests[0]);
}
