/* SU files: byte order, lengths, clock, and files that lie. */
#include <math.h>

#include "random.h"
#include "scratch.h"
#include "segy_file.h"

enum { DELAY = 109, NUM_SAMPLES = 115, INTERVAL = 117 };
enum { SPACING = 181, UNIT = 203, SCALAR = 215 };

static const char *write_su(const struct segy_file *file)
{
    return write_scratch("line.su", file->bytes, file->num_bytes);
}

static struct segy_file make_su(sv_byte_order order, int num_traces, int num_samples)
{
    return make_segy(
        (struct segy_plan){.order = order, .num_traces = num_traces, .num_samples = num_samples});
}

static struct segy_file plain(void)
{
    return make_su(SV_LITTLE_ENDIAN, 3, 20);
}

static sv_recording *open_su(const struct segy_file *file)
{
    sv_recording *recording = open_good(write_su(file), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "su");
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    return recording;
}

static void holds_traces(const sv_recording *recording, const struct segy_file *file)
{
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, file->plan.num_traces);
    ck_assert_int_eq(segment.num_samples, file->plan.num_samples);
    ck_assert_int_eq(segment.data_offset, TRACE_HEADER);
    ck_assert_int_eq(segment.samples.strides[0], (int64_t)file->trace_bytes);
    ck_assert(segment.in_place);
    ck_assert(sv_dtype_equal(segment.samples.dtype, file->dtype));
    for (int trace = 0; trace < file->plan.num_traces; trace++) {
        for (int i = 0; i < file->plan.num_samples; i++) {
            ck_assert_double_eq(sample_at(&segment, trace, i), segy_sample(trace, i));
        }
    }
}

static void reads_with(const struct segy_file *file, const char *warning)
{
    sv_recording *recording = open_su(file);
    if (warning == NULL) {
        no_warning(recording);
    } else {
        one_warning(recording, warning);
    }
    ck_assert(segment_of(recording, 0).complete);
    holds_traces(recording, file);
    close_good(recording);
}

static double rate_of(const struct segy_file *file, const char *warning)
{
    reads_with(file, warning);
    sv_recording *recording = open_su(file);
    double rate = segment_of(recording, 0).sample_rate;
    close_good(recording);
    return rate;
}

static sv_channel channel_of(const sv_recording *recording, int64_t row)
{
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, row, &channel), SV_OK);
    ck_assert(!channel.has_id);
    return channel;
}

/* ---- the byte order ---------------------------------------------------------------------- */

START_TEST(both_orders_are_read_in_place)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        for (int num_traces = 1; num_traces <= 5; num_traces++) {
            struct segy_file file = make_su((sv_byte_order)order, num_traces, 30);
            ck_assert_double_eq(rate_of(&file, NULL), 250.0);
        }
    }
}
END_TEST

/* 257 and 514 with their bytes swapped are 257 and 514 … */
START_TEST(lengths_that_are_the_same_in_both_orders)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        struct segy_file file = make_su((sv_byte_order)order, 4, 257);
        segy_traces(&file, INTERVAL, SV_U2, 257);
        reads_with(&file, NULL);
    }
}
END_TEST

START_TEST(the_order_is_found_without_whole_traces)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        struct segy_file file = make_su((sv_byte_order)order, 7, 12);
        file.num_bytes += 30;
        reads_with(&file, "30 bytes are left over after the last whole trace");
    }
}
END_TEST

/* ---- which files are SU ------------------------------------------------------------------ */

START_TEST(whole_traces_tell_without_a_suffix)
{
    struct segy_file file = plain();
    sv_recording *recording = open_good(write_scratch("line", file.bytes, file.num_bytes), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "su");
    close_good(recording);
    open_bad(write_scratch("line", file.bytes, file.num_bytes - 1), NULL, SV_FORMAT,
             "--format raw");
    segy_trace(&file, 1, NUM_SAMPLES, SV_U2, 21);
    open_bad(write_scratch("line", file.bytes, file.num_bytes), NULL, SV_FORMAT, "--format raw");
}
END_TEST

START_TEST(a_raw_suffix_and_raw_options_beat_the_guess)
{
    struct segy_file file = plain();
    static const char *const names[] = {"line.bin", "line.raw", "line.f32", "line.dat"};
    for (size_t i = 0; i < 4; i++) {
        sv_recording *recording =
            open_good(write_scratch(names[i], file.bytes, file.num_bytes), NULL);
        ck_assert_str_eq(sv_recording_format(recording), "raw");
        close_good(recording);
    }
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_I2, SV_LITTLE_ENDIAN);
    sv_recording *recording = open_good(write_su(&file), &options);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    close_good(recording);
    options.format = "su";
    open_bad(write_su(&file), &options, SV_INVALID, "not for SU files");
}
END_TEST

START_TEST(other_bytes_are_no_su)
{
    unsigned char bytes[4000] = {0};
    open_bad(write_scratch("zeros", bytes, sizeof bytes), NULL, SV_FORMAT, "--format raw");
    memset(bytes, 0xff, sizeof bytes);
    open_bad(write_scratch("ones.su", bytes, sizeof bytes), NULL, SV_FORMAT, "this is no SU file");
    memset(bytes, 'a', sizeof bytes);
    open_bad(write_scratch("text.su", bytes, sizeof bytes), NULL, SV_FORMAT, "this is no SU file");
}
END_TEST

/* ---- lengths ----------------------------------------------------------------------------- */

START_TEST(files_of_less_than_a_header)
{
    struct segy_file file = plain();
    for (file.num_bytes = 1; file.num_bytes < TRACE_HEADER; file.num_bytes += 34) {
        open_bad(write_su(&file), NULL, SV_TRUNCATED, "the header is cut");
    }
    file.num_bytes = TRACE_HEADER;
    open_bad(write_su(&file), NULL, SV_EMPTY, "there is no whole sample");
    file.num_bytes = TRACE_HEADER + 3;
    open_bad(write_su(&file), NULL, SV_EMPTY, "there is no whole sample");
}
END_TEST

START_TEST(a_cut_only_trace_gives_what_is_there)
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        struct segy_file file = make_su((sv_byte_order)order, 1, 200);
        file.num_bytes -= 4 * 50 + 1;
        sv_recording *recording = open_su(&file);
        one_warning(recording, "51 of the 200 samples of its only trace are missing");
        sv_segment segment = segment_of(recording, 0);
        ck_assert(!segment.complete);
        ck_assert_int_eq(segment.num_samples, 149);
        ck_assert_double_eq(sample_at(&segment, 0, 148), segy_sample(0, 148));
        close_good(recording);
    }
}
END_TEST

START_TEST(traces_of_different_lengths_are_refused)
{
    struct segy_file file = plain();
    segy_trace(&file, 2, NUM_SAMPLES, SV_U2, 25);
    file.num_bytes += 20;
    open_bad(write_su(&file), NULL, SV_UNSUPPORTED, "different lengths, trace 2 another");
}
END_TEST

START_TEST(a_length_that_lies)
{
    struct segy_file file = plain();
    segy_trace(&file, 0, NUM_SAMPLES, SV_U2, 33);
    memset(file.bytes + TRACE_HEADER, 0x41, 200);
    open_bad(write_su(&file), NULL, SV_FORMAT, "traces of 33 samples, as bytes 115 and 116 say");
}
END_TEST

START_TEST(traces_without_samples)
{
    struct segy_file file = make_su(SV_LITTLE_ENDIAN, 5, 0);
    sv_recording *recording = open_su(&file);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 5);
    ck_assert_int_eq(segment.num_samples, 0);
    ck_assert(segment.complete);
    close_good(recording);
    file.num_bytes += 12;
    open_bad(write_su(&file), NULL, SV_FORMAT, "this is no SU file");
}
END_TEST

/* ---- the clock --------------------------------------------------------------------------- */

START_TEST(the_interval_is_in_microseconds_else_in_seconds)
{
    struct segy_file file = make_su(SV_BIG_ENDIAN, 3, 20);
    segy_traces(&file, INTERVAL, SV_U2, 65000);
    ck_assert_double_eq(rate_of(&file, NULL), 1e6 / 65000.0);
    segy_traces(&file, INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, "no header states a sample interval"), 1.0);
    for (int trace = 0; trace < 3; trace++) {
        sv_dtype_store(file.dtype, file.bytes + segy_header_of(&file, trace) + SPACING - 1,
                       sv_scalar_float((double)0.1F));
    }
    ck_assert_double_eq(rate_of(&file, NULL), 10.0);
}
END_TEST

START_TEST(absurd_spacings_are_passed_over)
{
    static const float absurd[] = {NAN, INFINITY, -1.0F, 1e-40F, 1e30F};
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        struct segy_file file = plain();
        segy_traces(&file, INTERVAL, SV_U2, 0);
        memcpy(file.bytes + SPACING - 1, &absurd[i], 4);
        ck_assert_double_eq(rate_of(&file, "1 Hz is assumed"), 1.0);
    }
}
END_TEST

START_TEST(times_and_delays_of_each_trace)
{
    struct segy_file file = plain();
    segy_time(&file, 0, 11, 353, 15, 7, 54);
    segy_time(&file, 1, 2011, 353, 15, 7, 50);
    segy_trace(&file, 2, DELAY, SV_I2, -100);
    segy_traces(&file, SCALAR, SV_I2, -10); /* which SU does not have */
    segy_traces(&file, UNIT, SV_I2, 6);
    sv_recording *recording = open_su(&file);
    ck_assert_int_eq(sv_recording_start(recording), time_of("2011-12-19T15:07:50Z"));
    ck_assert_int_eq(channel_of(recording, 0).start, time_of("2011-12-19T15:07:54Z"));
    ck_assert_int_eq(channel_of(recording, 1).start, time_of("2011-12-19T15:07:50Z"));
    ck_assert_int_eq(channel_of(recording, 2).start, SV_TIME_NONE);
    ck_assert_int_eq(channel_of(recording, 2).delay_ns, -100000000);
    ck_assert_str_eq(channel_of(recording, 2).unit, "");
    close_good(recording);
}
END_TEST

START_TEST(given_rate_and_start_win)
{
    struct segy_file file = plain();
    segy_time(&file, 0, 2011, 353, 15, 7, 54);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 0.5;
    options.start = time_of("1999-01-01T00:00:00Z");
    sv_recording *recording = open_good(write_su(&file), &options);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 0.5);
    ck_assert_int_eq(channel_of(recording, 0).start, options.start);
    close_good(recording);
}
END_TEST

/* ---- anything at all --------------------------------------------------------------------- */

START_TEST(random_bytes_in_headers)
{
    struct random random = random_begin("random_bytes_in_headers");
    for (int round = 0; round < 2000; round++) {
        struct segy_file file =
            make_su((sv_byte_order)random_below(&random, 2), 1 + (int)random_below(&random, 6),
                    (int)random_below(&random, 40));
        for (uint64_t left = random_below(&random, 6); left > 0; left--) {
            file.bytes[random_below(&random, file.num_bytes)] = (unsigned char)random_bits(&random);
            file.bytes[114 + random_below(&random, 4)] = (unsigned char)random_bits(&random);
        }
        file.num_bytes -= random_below(&random, file.num_bytes / 2);
        sv_recording *recording;
        sv_error error = {.message = ""};
        if (sv_recording_open(write_su(&file), NULL, &recording, &error) != SV_OK) {
            require(error.message[0] != '\0', "a failure without a sentence");
            continue;
        }
        sv_segment segment = segment_of(recording, 0);
        const int64_t last[] = {segment.num_channels - 1, segment.num_samples - 1};
        double sample;
        require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate), "rate");
        require(segment.num_samples == 0 ||
                    sv_view_get_f8(&segment.samples, last, &sample, NULL) == SV_OK,
                "last sample");
        require(sv_recording_close(recording) == SV_OK, "close");
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        both_orders_are_read_in_place,
        lengths_that_are_the_same_in_both_orders,
        the_order_is_found_without_whole_traces,
        whole_traces_tell_without_a_suffix,
        a_raw_suffix_and_raw_options_beat_the_guess,
        other_bytes_are_no_su,
        files_of_less_than_a_header,
        a_cut_only_trace_gives_what_is_there,
        traces_of_different_lengths_are_refused,
        a_length_that_lies,
        traces_without_samples,
        the_interval_is_in_microseconds_else_in_seconds,
        absurd_spacings_are_passed_over,
        times_and_delays_of_each_trace,
        given_rate_and_start_win,
        random_bytes_in_headers,
    };
    return run_in_scratch("su", tests, sizeof tests / sizeof tests[0]);
}
