/* SEG-Y files: types, layouts, clocks, and files that break the standard or lie. */
#include <math.h>

#include "base/memory.h"
#include "random.h"
#include "scratch.h"
#include "segy_file.h"
#include "seisview/guard.h"

/* Bytes of the binary header, and of the trace header. */
enum { INTERVAL = 17, NUM_SAMPLES = 21, FORMAT = 25, LONG_SAMPLES = 69, LONG_INTERVAL = 73 };
enum { CONSTANT = 97, NUM_TEXTS = 305, MORE_HEADERS = 307, BINARY_BASIS = 311, NUM_TRACES = 313 };
enum { FIRST_TRACE = 321, NUM_TRAILERS = 329 };
enum { DELAY = 109, TRACE_SAMPLES = 115, TRACE_INTERVAL = 117, YEAR = 157, BASIS = 167 };
enum { UNIT = 203, SCALAR = 215, EXTENSION = 240 };

static const char *write_segy(const struct segy_file *file)
{
    return write_scratch("line.sgy", file->bytes, file->num_bytes);
}

/* Three traces of 20 samples. */
static struct segy_plan plan_of(sv_byte_order order, int code, int revision)
{
    return (struct segy_plan){
        .order = order, .code = code, .num_traces = 3, .num_samples = 20, .revision = revision};
}

static struct segy_file plain(void)
{
    return make_segy(plan_of(SV_BIG_ENDIAN, 5, 1));
}

static struct segy_file second(void)
{
    return make_segy(plan_of(SV_BIG_ENDIAN, 5, 2));
}

static sv_recording *open_segy(const struct segy_file *file)
{
    sv_recording *recording = open_good(write_segy(file), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "segy");
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    return recording;
}

/* The recording must hold the file's traces where they were put. */
static void holds_traces(const sv_recording *recording, const struct segy_file *file)
{
    const struct segy_plan *plan = &file->plan;
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, plan->num_traces);
    ck_assert_int_eq(segment.num_samples, plan->num_samples);
    ck_assert_int_eq(segment.data_offset,
                     (int64_t)file->first_byte + TRACE_HEADER * (1 + plan->num_more_headers));
    ck_assert(segment.in_place);
    ck_assert(sv_dtype_equal(segment.samples.dtype, file->dtype));
    ck_assert_int_eq(segment.samples.strides[0], (int64_t)file->trace_bytes);
    for (int trace = 0; trace < plan->num_traces; trace++) {
        for (int i = 0; i < plan->num_samples; i += 7) {
            ck_assert_double_eq(sample_at(&segment, trace, i), segy_sample(trace, i));
        }
    }
}

static void reads_quietly(const struct segy_file *file)
{
    sv_recording *recording = open_segy(file);
    no_warning(recording);
    ck_assert(segment_of(recording, 0).complete);
    holds_traces(recording, file);
    close_good(recording);
}

static void reads_with_warning(const struct segy_file *file, const char *words)
{
    sv_recording *recording = open_segy(file);
    one_warning(recording, words);
    ck_assert(segment_of(recording, 0).complete);
    holds_traces(recording, file);
    close_good(recording);
}

static void refuses(const struct segy_file *file, sv_status status, const char *words)
{
    open_bad(write_segy(file), NULL, status, words);
}

static sv_channel channel_of(const sv_recording *recording, int64_t row)
{
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, row, &channel), SV_OK);
    ck_assert_int_eq(channel.number, row);
    ck_assert(!channel.has_id);
    ck_assert_str_eq(channel.id, "");
    return channel;
}

/* ---- types ------------------------------------------------------------------------------- */

START_TEST(every_format_code_in_both_orders_is_read_in_place)
{
    static const int codes[] = {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
            for (int revision = 0; revision <= 2; revision++) {
                struct segy_file file =
                    make_segy(plan_of((sv_byte_order)order, codes[i], revision));
                sv_recording *recording = open_segy(&file);
                sv_segment segment = segment_of(recording, 0);
                ck_assert_ptr_eq(segment.samples.address,
                                 (const char *)sv_buffer_data(sv_recording_buffer(recording)) +
                                     SEGY_HEADERS + TRACE_HEADER);
                ck_assert_double_eq(segment.sample_rate, 250.0);
                ck_assert_int_eq(segment.start, SV_TIME_NONE);
                close_good(recording);
                reads_quietly(&file);
            }
        }
    }
}
END_TEST

START_TEST(fixed_point_with_gain_is_refused)
{
    struct segy_file file = plain();
    segy_binary(&file, FORMAT, SV_I2, 4);
    refuses(&file, SV_UNSUPPORTED, "fixed point with gain (format code 4, byte 3225)");
}
END_TEST

START_TEST(format_codes_that_are_none_are_refused)
{
    static const int codes[] = {0, 13, 14, 17, -1, 256 * 256 - 1 - 32768, 0x2020};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct segy_file file = plain();
        segy_binary(&file, FORMAT, SV_I2, codes[i]);
        refuses(&file, SV_FORMAT, "format code (byte 3225)");
    }
}
END_TEST

START_TEST(an_open_code_beside_the_constant_is_named)
{
    struct segy_file file = second();
    segy_binary(&file, FORMAT, SV_I2, 13);
    refuses(&file, SV_UNSUPPORTED, "have the format code 13");
}
END_TEST

START_TEST(bytes_swapped_in_pairs_are_refused)
{
    struct segy_file file = second();
    for (size_t byte = SEGY_TEXT; byte < SEGY_HEADERS; byte += 2) {
        unsigned char first = file.bytes[byte];
        file.bytes[byte] = file.bytes[byte + 1];
        file.bytes[byte + 1] = first;
    }
    /* As a whole file swapped so would, with a code that no order makes sense of. */
    file.bytes[SEGY_TEXT + FORMAT - 1] = 0xff;
    refuses(&file, SV_UNSUPPORTED, "swapped in pairs");
}
END_TEST

/* ---- which files are SEG-Y --------------------------------------------------------------- */

START_TEST(the_content_tells_whatever_the_name)
{
    struct segy_file file = plain();
    static const char *const names[] = {"line", "line.bin", "line.dat", "line.sac", "line.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sv_recording *recording =
            open_good(write_scratch(names[i], file.bytes, file.num_bytes), NULL);
        ck_assert_str_eq(sv_recording_format(recording), "segy");
        close_good(recording);
    }
}
END_TEST

START_TEST(an_ebcdic_text_tells_too)
{
    struct segy_file file = plain();
    memset(file.bytes, 0x40, SEGY_TEXT);
    memcpy(file.bytes, "\xc3\x40\xf1\x40\xc3\xd3\xc9\xc5\xd5\xe3", 10);
    sv_recording *recording =
        open_good(write_scratch("line.bin", file.bytes, file.num_bytes), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "segy");
    close_good(recording);
}
END_TEST

START_TEST(a_file_without_its_text_gives_way_to_a_raw_suffix)
{
    struct segy_file file = plain();
    memset(file.bytes, 0, SEGY_TEXT);
    sv_recording *recording = open_good(write_scratch("line", file.bytes, file.num_bytes), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "segy");
    close_good(recording);
    recording = open_good(write_scratch("line.bin", file.bytes, file.num_bytes), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    close_good(recording);
}
END_TEST

START_TEST(raw_options_are_refused)
{
    struct segy_file file = plain();
    const char *path = write_segy(&file);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = 3;
    open_bad(path, &options, SV_INVALID, "not for SEG-Y files");
    options.format = "raw";
    options.channels = 1;
    sv_recording *recording = open_good(path, &options);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    close_good(recording);
}
END_TEST

START_TEST(a_tape_label_may_stand_before_everything)
{
    struct segy_file file = plain();
    static const char label[] = "   1SY1.0RECORD       ";
    memmove(file.bytes + 128, file.bytes, file.num_bytes);
    memset(file.bytes, ' ', 128);
    memcpy(file.bytes, label, sizeof label - 1);
    file.first_byte += 128;
    file.num_bytes += 128;
    reads_quietly(&file);
}
END_TEST

/* ---- textual headers --------------------------------------------------------------------- */

START_TEST(more_textual_headers_are_passed_in_every_revision)
{
    for (int revision = 0; revision <= 2; revision++) {
        for (int num_texts = 1; num_texts <= 4; num_texts++) {
            struct segy_plan plan = plan_of(SV_LITTLE_ENDIAN, 3, revision);
            plan.num_texts = num_texts;
            struct segy_file file = make_segy(plan);
            reads_quietly(&file);
        }
    }
}
END_TEST

START_TEST(an_unknown_number_of_texts_ends_with_its_stanza)
{
    static const char ascii[] = "((SEG: EndText))";
    static const char ebcdic[] = "\x4d\x4d\xe2\xc5\xc7\x7a\x40\xc5\x95\x84\xe3\x85\xa7\xa3\x5d\x5d";
    for (int code = 0; code < 2; code++) {
        struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 1, 1);
        plan.num_texts = 3;
        struct segy_file file = make_segy(plan);
        segy_binary(&file, NUM_TEXTS, SV_I2, -1);
        segy_text(file.bytes + SEGY_HEADERS + 2 * SEGY_TEXT, code == 0 ? ascii : ebcdic,
                  code == 0 ? ' ' : 0x40);
        reads_quietly(&file);
    }
}
END_TEST

START_TEST(an_unknown_number_of_texts_without_the_stanza_ends_with_the_text)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 1, 1);
    plan.num_texts = 2;
    struct segy_file file = make_segy(plan);
    segy_binary(&file, NUM_TEXTS, SV_I2, -1);
    reads_quietly(&file);
}
END_TEST

START_TEST(texts_that_are_announced_but_not_there)
{
    struct segy_file file = plain();
    segy_binary(&file, NUM_TEXTS, SV_I2, 2);
    reads_with_warning(&file, "2 more textual headers) does not fit the file; read are traces of "
                              "20 samples from byte 3600");
    segy_binary(&file, NUM_TEXTS, SV_I2, 32767);
    reads_with_warning(&file, "does not fit the file");
}
END_TEST

START_TEST(texts_that_are_there_but_not_announced)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 2, 0);
    plan.num_texts = 1;
    plan.num_samples = 33;
    struct segy_file file = make_segy(plan);
    segy_binary(&file, NUM_TEXTS, SV_I2, 0);
    reads_with_warning(&file, "from byte 6800");
}
END_TEST

START_TEST(texts_that_are_no_text_are_passed_where_they_are_counted)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 2, 0);
    plan.num_texts = 2;
    struct segy_file file = make_segy(plan);
    memset(file.bytes + SEGY_HEADERS, 0x11, 2 * SEGY_TEXT);
    reads_quietly(&file);
}
END_TEST

/* ---- revision 2 -------------------------------------------------------------------------- */

START_TEST(more_trace_headers_are_passed)
{
    for (int minor = 0; minor <= 1; minor++) {
        for (int num_headers = 1; num_headers <= 3; num_headers++) {
            struct segy_plan plan = plan_of((sv_byte_order)minor, 3, 2);
            plan.minor = minor;
            plan.num_more_headers = num_headers;
            struct segy_file file = make_segy(plan);
            reads_quietly(&file);
        }
    }
}
END_TEST

START_TEST(trace_headers_that_are_announced_but_not_there)
{
    struct segy_file file = second();
    segy_binary(&file, MORE_HEADERS, SV_I4, 1);
    reads_with_warning(&file, "does not fit the file");
}
END_TEST

START_TEST(long_traces_are_counted_in_32_bits)
{
    struct segy_plan plan = plan_of(SV_LITTLE_ENDIAN, 8, 2);
    plan.num_samples = 20;
    struct segy_file file = make_segy(plan);
    segy_binary(&file, LONG_SAMPLES, SV_U4, 20);
    segy_binary(&file, NUM_SAMPLES, SV_U2, 65535);
    reads_quietly(&file);

    /* 100,000 samples of a byte: more than two bytes can count. */
    const char *path = write_segy(&file);
    segy_binary(&file, LONG_SAMPLES, SV_U4, 100000);
    path = write_segy(&file);
    ck_assert_int_eq(truncate(path, SEGY_HEADERS + 2 * (TRACE_HEADER + 100000)), 0);
    sv_recording *recording = open_good(path, NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 2);
    ck_assert_int_eq(segment.num_samples, 100000);
    close_good(recording);
}
END_TEST

START_TEST(the_first_traces_byte_counts_more_than_texts)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 2);
    plan.num_texts = 2;
    struct segy_file file = make_segy(plan);
    segy_binary(&file, FIRST_TRACE, SV_U8, (int64_t)file.first_byte);
    segy_binary(&file, NUM_TEXTS, SV_I2, 0);
    reads_quietly(&file);
}
END_TEST

START_TEST(a_first_traces_byte_outside_is_passed_over)
{
    static const int64_t bytes[] = {1, 3599, 1000000, INT64_MAX, INT64_MIN, -1};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        struct segy_file file = second();
        segy_set(&file, SEGY_TEXT, FIRST_TRACE, SV_I8, bytes[i]);
        sv_recording *recording = open_segy(&file);
        holds_traces(recording, &file);
        close_good(recording);
    }
}
END_TEST

START_TEST(fields_of_revision_2_mean_nothing_before_it)
{
    struct segy_file file = plain();
    segy_binary(&file, LONG_SAMPLES, SV_U4, 51488);
    segy_binary(&file, LONG_INTERVAL, SV_F8, 1000);
    segy_binary(&file, MORE_HEADERS, SV_I4, 1);
    segy_binary(&file, NUM_TRACES, SV_U8, 77);
    segy_binary(&file, FIRST_TRACE, SV_U8, 4000);
    segy_binary(&file, NUM_TRAILERS, SV_I4, 1);
    reads_quietly(&file);
    file.bytes[SEGY_TEXT + 300] = 0;
    reads_quietly(&file);
}
END_TEST

START_TEST(revision_1_is_found_however_it_was_written)
{
    static const unsigned char revisions[][2] = {{1, 0}, {0, 1}, {0, 0x10}};
    for (size_t i = 0; i < 3; i++) {
        struct segy_file file = plain();
        memcpy(file.bytes + SEGY_TEXT + 300, revisions[i], 2);
        segy_traces(&file, UNIT, SV_I2, 6);
        sv_recording *recording = open_segy(&file);
        ck_assert_str_eq(channel_of(recording, 2).unit, "m/s");
        close_good(recording);
    }
}
END_TEST

static void append_text(struct segy_file *file, int count)
{
    for (int i = 0; i < count; i++) {
        segy_text(file->bytes + file->num_bytes, "((ACME: Tape))", ' ');
        file->num_bytes += SEGY_TEXT;
    }
}

START_TEST(a_data_trailer_is_no_trace)
{
    for (int stated = -1; stated <= 2; stated += 3) {
        struct segy_file file = second();
        append_text(&file, 2);
        segy_binary(&file, NUM_TRAILERS, SV_I4, stated);
        reads_quietly(&file);
    }
}
END_TEST

START_TEST(a_data_trailer_that_is_not_there)
{
    struct segy_file file = second();
    segy_binary(&file, NUM_TRAILERS, SV_I4, 1);
    reads_with_warning(&file, "does not fit the file");
    segy_binary(&file, NUM_TRAILERS, SV_I4, INT32_MAX);
    reads_with_warning(&file, "does not fit the file");
    segy_binary(&file, NUM_TRAILERS, SV_I4, -1);
    reads_quietly(&file);
}
END_TEST

START_TEST(stated_traces_end_before_what_stands_behind)
{
    struct segy_file file = second();
    segy_binary(&file, NUM_TRACES, SV_U8, 3);
    reads_quietly(&file);
    file.num_bytes += 500;
    reads_with_warning(&file, "500 bytes stand behind the 3 traces that its header states");
}
END_TEST

START_TEST(stated_traces_that_are_missing)
{
    static const int64_t counts[] = {4, INT32_MAX, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        struct segy_file file = second();
        segy_binary(&file, NUM_TRACES, SV_U8, counts[i]);
        sv_recording *recording = open_segy(&file);
        one_warning(recording, "traces that its header states are missing");
        ck_assert(!segment_of(recording, 0).complete);
        holds_traces(recording, &file);
        close_good(recording);
    }
}
END_TEST

/* ---- lengths that disagree --------------------------------------------------------------- */

START_TEST(the_binary_header_counts_more_than_the_trace_headers)
{
    struct segy_file file = plain();
    segy_traces(&file, TRACE_SAMPLES, SV_U2, 462);
    reads_quietly(&file);
    segy_traces(&file, TRACE_SAMPLES, SV_U2, 0);
    reads_quietly(&file);
}
END_TEST

START_TEST(the_trace_headers_count_where_only_they_give_whole_traces)
{
    static const int lies[] = {1, 19, 21, 3000, 32767, 65535};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct segy_file file = plain();
        segy_binary(&file, NUM_SAMPLES, SV_U2, lies[i]);
        reads_with_warning(&file, "read are traces of 20 samples from byte 3600");
    }
    struct segy_file file = plain();
    segy_binary(&file, NUM_SAMPLES, SV_U2, 0);
    reads_quietly(&file);
}
END_TEST

/* 17 traces of 20 samples are 16 of 25, but for the headers that are not there. */
START_TEST(a_length_that_fits_by_accident_is_found_out)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 1);
    plan.num_traces = 17;
    struct segy_file file = make_segy(plan);
    segy_binary(&file, NUM_SAMPLES, SV_U2, 25);
    ck_assert_uint_eq((file.num_bytes - SEGY_HEADERS) % (TRACE_HEADER + 25 * 4), 0);
    reads_with_warning(&file, "20 samples from byte 3600");
}
END_TEST

START_TEST(what_is_left_over_is_told)
{
    struct segy_file file = plain();
    file.num_bytes += 1;
    reads_with_warning(&file, "1 byte is left over after the last whole trace");
    file.num_bytes += 299;
    reads_with_warning(&file, "300 bytes are left over after the last whole trace");
}
END_TEST

START_TEST(traces_of_different_lengths_are_refused)
{
    struct segy_file file = plain();
    /* The second trace ends ten samples early. */
    size_t third = segy_header_of(&file, 2);
    segy_trace(&file, 1, TRACE_SAMPLES, SV_U2, 10);
    memmove(file.bytes + third - 40, file.bytes + third, file.num_bytes - third);
    file.num_bytes -= 40;
    refuses(&file, SV_UNSUPPORTED, "its traces have different lengths, trace 1 another");
}
END_TEST

START_TEST(a_trace_header_that_lies_alone_does_no_harm)
{
    struct segy_file file = plain();
    segy_trace(&file, 1, TRACE_SAMPLES, SV_U2, 65535);
    reads_quietly(&file);
    segy_trace(&file, 2, TRACE_SAMPLES, SV_U2, 0);
    reads_quietly(&file);
}
END_TEST

START_TEST(traces_that_fit_in_no_way_are_refused)
{
    struct segy_file file = plain();
    segy_binary(&file, NUM_SAMPLES, SV_U2, 33);
    segy_traces(&file, TRACE_SAMPLES, SV_U2, 0);
    memset(file.bytes + SEGY_HEADERS + TRACE_HEADER, 0x41,
           file.num_bytes - SEGY_HEADERS - TRACE_HEADER);
    refuses(&file, SV_FORMAT, "its traces are not where its headers put them");
}
END_TEST

START_TEST(a_cut_only_trace_gives_what_is_there)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 1);
    plan.num_traces = 1;
    struct segy_file file = make_segy(plan);
    file.num_bytes -= 4 * 8 - 1;
    sv_recording *recording = open_segy(&file);
    one_warning(recording, "8 of the 20 samples of its only trace are missing");
    sv_segment segment = segment_of(recording, 0);
    ck_assert(!segment.complete);
    ck_assert_int_eq(segment.num_channels, 1);
    ck_assert_int_eq(segment.num_samples, 12);
    ck_assert_double_eq(sample_at(&segment, 0, 11), 11.0);
    close_good(recording);
}
END_TEST

START_TEST(a_cut_only_trace_that_two_headers_disagree_on_is_refused)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 1);
    plan.num_traces = 1;
    struct segy_file file = make_segy(plan);
    segy_traces(&file, TRACE_SAMPLES, SV_U2, 462);
    file.num_bytes -= 4;
    refuses(&file, SV_EMPTY, "there is no whole trace: from byte 3600 on the file has 316 bytes");
}
END_TEST

START_TEST(headers_without_a_trace)
{
    struct segy_file file = plain();
    file.num_bytes = SEGY_HEADERS;
    refuses(&file, SV_EMPTY, "there is no trace behind its headers");
    file.num_bytes = SEGY_HEADERS + 239;
    refuses(&file, SV_EMPTY, "there is no trace behind its headers");
    file.num_bytes = SEGY_HEADERS + 240;
    refuses(&file, SV_EMPTY, "there is no whole sample");
}
END_TEST

START_TEST(a_header_that_is_cut)
{
    struct segy_file file = plain();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "segy";
    for (size_t num_bytes = 1; num_bytes < SEGY_HEADERS; num_bytes += 257) {
        file.num_bytes = num_bytes;
        open_bad(write_segy(&file), &options, SV_TRUNCATED, "the header is cut");
    }
}
END_TEST

START_TEST(traces_without_samples)
{
    struct segy_file file = make_segy((struct segy_plan){.code = 5, .num_traces = 4});
    sv_recording *recording = open_segy(&file);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 4);
    ck_assert_int_eq(segment.num_samples, 0);
    ck_assert(segment.complete);
    no_warning(recording);
    close_good(recording);
    file.num_bytes += 8;
    refuses(&file, SV_FORMAT, "states how many samples a trace has");
}
END_TEST

/* ---- the sample interval ----------------------------------------------------------------- */

static double rate_of(const struct segy_file *file, const char *warning)
{
    sv_recording *recording = open_segy(file);
    double rate = segment_of(recording, 0).sample_rate;
    if (warning == NULL) {
        no_warning(recording);
    } else {
        one_warning(recording, warning);
    }
    close_good(recording);
    return rate;
}

START_TEST(the_interval_comes_from_the_binary_header)
{
    struct segy_file file = plain();
    segy_binary(&file, INTERVAL, SV_U2, 2000);
    ck_assert_double_eq(rate_of(&file, "one of 4000 µs; the first is taken"), 500.0);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, NULL), 500.0);
    segy_binary(&file, INTERVAL, SV_U2, 3);
    ck_assert_double_eq(rate_of(&file, NULL), 1e6 / 3.0);
}
END_TEST

START_TEST(else_from_the_trace_header)
{
    struct segy_file file = plain();
    segy_binary(&file, INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, NULL), 250.0);
    /* −2 to those who hold it to be signed. */
    segy_binary(&file, INTERVAL, SV_U2, 65534);
    ck_assert_double_eq(rate_of(&file, NULL), 250.0);
}
END_TEST

START_TEST(intervals_above_32767_count_where_nothing_else_does)
{
    struct segy_file file = plain();
    segy_binary(&file, INTERVAL, SV_U2, 40000);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 40000);
    ck_assert_double_eq(rate_of(&file, NULL), 25.0);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, NULL), 25.0);
}
END_TEST

START_TEST(without_an_interval_it_is_1_hz)
{
    struct segy_file file = plain();
    segy_binary(&file, INTERVAL, SV_U2, 0);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, "no header states a sample interval; 1 Hz is assumed"), 1.0);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 12.5;
    sv_recording *recording = open_good(write_segy(&file), &options);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 12.5);
    no_warning(recording);
    close_good(recording);
}
END_TEST

static void set_double(struct segy_file *file, size_t header, int byte, double value)
{
    sv_dtype_store(sv_dtype_make(SV_F8, file->plan.order), file->bytes + header + byte - 1,
                   sv_scalar_float(value));
}

START_TEST(revision_2_states_intervals_in_float64)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 2);
    plan.num_more_headers = 1;
    struct segy_file file = make_segy(plan);
    set_double(&file, SEGY_TEXT, LONG_INTERVAL, 0.5);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 0);
    ck_assert_double_eq(rate_of(&file, NULL), 2e6);
    set_double(&file, SEGY_TEXT, LONG_INTERVAL, 0.0);
    segy_binary(&file, INTERVAL, SV_U2, 0);
    set_double(&file, file.first_byte + EXTENSION, 145, 1e6);
    ck_assert_double_eq(rate_of(&file, NULL), 1.0);
}
END_TEST

START_TEST(absurd_intervals_are_passed_over)
{
    static const double absurd[] = {NAN,   (double)INFINITY, -(double)INFINITY, -5.0, 1e-300, 1e300,
                                    5e-324};
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        struct segy_file file = second();
        set_double(&file, SEGY_TEXT, LONG_INTERVAL, absurd[i]);
        ck_assert_double_eq(rate_of(&file, NULL), 250.0);
    }
}
END_TEST

/* ---- times ------------------------------------------------------------------------------- */

static void has_starts(const struct segy_file *file, const char *start, const char *const starts[3])
{
    sv_recording *recording = open_segy(file);
    sv_time expected = start != NULL ? time_of(start) : SV_TIME_NONE;
    ck_assert_int_eq(sv_recording_start(recording), expected);
    ck_assert_int_eq(segment_of(recording, 0).start, expected);
    for (int row = 0; row < 3; row++) {
        expected = starts[row] != NULL ? time_of(starts[row]) : SV_TIME_NONE;
        ck_assert_int_eq(channel_of(recording, row).start, expected);
    }
    close_good(recording);
}

START_TEST(each_trace_has_a_time_and_the_segment_the_earliest)
{
    struct segy_file file = plain();
    segy_time(&file, 0, 2005, 353, 15, 7, 54);
    segy_time(&file, 1, 2005, 353, 15, 7, 30);
    segy_time(&file, 2, 2008, 366, 23, 59, 59);
    has_starts(
        &file, "2005-12-19T15:07:30Z",
        (const char *[]){"2005-12-19T15:07:54Z", "2005-12-19T15:07:30Z", "2008-12-31T23:59:59Z"});
}
END_TEST

START_TEST(years_of_two_digits)
{
    struct segy_file file = plain();
    segy_time(&file, 0, 11, 353, 15, 7, 54);
    segy_time(&file, 1, 75, 1, 0, 0, 0);
    segy_time(&file, 2, 30, 1, 0, 0, 0);
    has_starts(
        &file, "1930-01-01T00:00:00Z",
        (const char *[]){"2011-12-19T15:07:54Z", "1975-01-01T00:00:00Z", "1930-01-01T00:00:00Z"});
}
END_TEST

START_TEST(traces_without_a_time_have_none)
{
    struct segy_file file = plain();
    has_starts(&file, NULL, (const char *[]){NULL, NULL, NULL});
    segy_time(&file, 2, 2005, 353, 15, 7, 54);
    has_starts(&file, "2005-12-19T15:07:54Z", (const char *[]){NULL, NULL, "2005-12-19T15:07:54Z"});
}
END_TEST

START_TEST(times_that_make_no_sense_are_left_out)
{
    static const int times[][5] = {{2005, 0, 0, 0, 0},  {2005, 366, 0, 0, 0}, {2005, 9999, 0, 0, 0},
                                   {2005, 1, 25, 0, 0}, {2005, 1, 0, 60, 0},  {2005, 1, 0, 0, -1},
                                   {-5, 1, 0, 0, 0},    {32767, 1, 0, 0, 0}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct segy_file file = plain();
        const int *time = times[i];
        segy_time(&file, 0, 2005, 353, 15, 7, 54);
        segy_time(&file, 1, time[0], time[1], time[2], time[3], time[4]);
        has_starts(&file, "2005-12-19T15:07:54Z",
                   (const char *[]){"2005-12-19T15:07:54Z", NULL, NULL});
        ck_assert_double_eq(
            rate_of(&file, "the times of 1 of 3 traces make no sense, first that of trace 1"),
            250.0);
    }
}
END_TEST

START_TEST(nanoseconds_of_revision_2)
{
    struct segy_plan plan = plan_of(SV_LITTLE_ENDIAN, 5, 2);
    plan.num_more_headers = 2;
    struct segy_file file = make_segy(plan);
    for (int trace = 0; trace < 3; trace++) {
        segy_time(&file, trace, 2005, 353, 15, 7, 54);
        segy_set(&file, segy_header_of(&file, trace) + EXTENSION, 141, SV_I4, 123456789 * trace);
    }
    has_starts(&file, "2005-12-19T15:07:54Z",
               (const char *[]){"2005-12-19T15:07:54Z", "2005-12-19T15:07:54.123456789Z",
                                "2005-12-19T15:07:54.246913578Z"});
    /* A second header that is another one has none. */
    memcpy(file.bytes + file.first_byte + EXTENSION + 232, "ACME0001", 8);
    has_starts(
        &file, "2005-12-19T15:07:54Z",
        (const char *[]){"2005-12-19T15:07:54Z", "2005-12-19T15:07:54Z", "2005-12-19T15:07:54Z"});
}
END_TEST

START_TEST(other_time_bases_are_told)
{
    static const char *const words[] = {NULL, "local time", NULL, "of another time basis",
                                        NULL, "GPS time"};
    for (int basis = 0; basis <= 5; basis++) {
        struct segy_file file = plain();
        segy_time(&file, 0, 2005, 353, 15, 7, 54);
        segy_traces(&file, BASIS, SV_I2, basis);
        ck_assert_double_eq(rate_of(&file, words[basis]), 250.0);
        file = second();
        segy_time(&file, 0, 2005, 353, 15, 7, 54);
        segy_binary(&file, BINARY_BASIS, SV_I2, basis);
        ck_assert_double_eq(rate_of(&file, words[basis]), 250.0);
    }
    struct segy_file file = plain();
    segy_traces(&file, BASIS, SV_I2, 1);
    ck_assert_double_eq(rate_of(&file, NULL), 250.0);
}
END_TEST

START_TEST(a_given_start_is_the_earliest_traces)
{
    struct segy_file file = plain();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.start = time_of("2020-01-01T00:00:00Z");
    sv_recording *recording = open_good(write_segy(&file), &options);
    ck_assert_int_eq(channel_of(recording, 2).start, options.start);
    ck_assert_int_eq(segment_of(recording, 0).start, options.start);
    close_good(recording);

    segy_time(&file, 0, 2005, 353, 15, 7, 54);
    segy_time(&file, 1, 2005, 353, 15, 7, 44);
    recording = open_good(write_segy(&file), &options);
    ck_assert_int_eq(channel_of(recording, 0).start, time_of("2020-01-01T00:00:10Z"));
    ck_assert_int_eq(channel_of(recording, 1).start, options.start);
    ck_assert_int_eq(channel_of(recording, 2).start, SV_TIME_NONE);
    close_good(recording);
}
END_TEST

START_TEST(a_given_start_that_is_too_far_away)
{
    struct segy_file file = plain();
    segy_time(&file, 0, 1700, 1, 0, 0, 0);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.start = time_of("2250-01-01T00:00:00Z");
    open_bad(write_segy(&file), &options, SV_OVERFLOW, "lies too far from the time of the traces");
}
END_TEST

START_TEST(delays_are_scaled_and_kept_apart)
{
    static const struct {
        int delay, scalar;
        int64_t delay_ns;
    } cases[] = {{0, 0, 0},          {-100, 0, -100000000},          {10000, -10, 1000000000},
                 {5, 1, 5000000},    {5, 10000, 50000000000},        {1, -10000, 100},
                 {-3, -1000, -3000}, {32767, 10000, 327670000000000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct segy_file file = plain();
        segy_time(&file, 1, 2005, 353, 15, 7, 54);
        segy_trace(&file, 1, DELAY, SV_I2, cases[i].delay);
        segy_trace(&file, 1, SCALAR, SV_I2, cases[i].scalar);
        sv_recording *recording = open_segy(&file);
        ck_assert_int_eq(channel_of(recording, 1).delay_ns, cases[i].delay_ns);
        ck_assert_int_eq(channel_of(recording, 1).start, time_of("2005-12-19T15:07:54Z"));
        ck_assert_int_eq(channel_of(recording, 0).delay_ns, 0);
        close_good(recording);
    }
    /* Revision 0 has no scalar, whatever stands there. */
    struct segy_file file = make_segy(plan_of(SV_BIG_ENDIAN, 5, 0));
    segy_traces(&file, DELAY, SV_I2, 7);
    segy_traces(&file, SCALAR, SV_I2, -10);
    sv_recording *recording = open_segy(&file);
    ck_assert_int_eq(channel_of(recording, 0).delay_ns, 7000000);
    close_good(recording);
}
END_TEST

START_TEST(units_are_known_from_revision_1_on)
{
    static const char *const units[] = {"",    "Pa",   "V", "mV", "A", "m",
                                        "m/s", "m/s2", "N", "W",  "",  ""};
    for (int code = 0; code < 12; code++) {
        struct segy_file file = plain();
        segy_traces(&file, UNIT, SV_I2, code < 11 ? code : -1);
        sv_recording *recording = open_segy(&file);
        ck_assert_str_eq(channel_of(recording, 1).unit, units[code]);
        close_good(recording);
        file.bytes[SEGY_TEXT + 300] = 0;
        recording = open_segy(&file);
        ck_assert_str_eq(channel_of(recording, 1).unit, "");
        close_good(recording);
    }
}
END_TEST

/* ---- windows ----------------------------------------------------------------------------- */

static sv_status resolve(const sv_recording *recording, const char *from, const char *to,
                         int64_t *first, int64_t *last, sv_error *error)
{
    sv_window window;
    ck_assert_int_eq(sv_position_parse(from, &window.from, NULL), SV_OK);
    ck_assert_int_eq(sv_position_parse(to, &window.to, NULL), SV_OK);
    return sv_window_resolve(recording, 0, &window, first, last, error);
}

START_TEST(windows_in_utc_need_traces_that_start_together)
{
    int64_t first, last;
    sv_error error;
    struct segy_file file = plain();
    for (int trace = 0; trace < 3; trace++) {
        segy_time(&file, trace, 2005, 353, 15, 7, 54);
    }
    sv_recording *recording = open_segy(&file);
    ck_assert_int_eq(resolve(recording, "2005-12-19T15:07:54.02Z", "2005-12-19T15:07:54.05Z",
                             &first, &last, NULL),
                     SV_OK);
    ck_assert_int_eq(first, 5);
    ck_assert_int_eq(last, 13);
    close_good(recording);

    segy_time(&file, 2, 2005, 353, 15, 7, 55);
    recording = open_segy(&file);
    ck_assert_int_eq(resolve(recording, "2005-12-19T15:07:54.02Z", "10", &first, &last, &error),
                     SV_INVALID);
    ck_assert_ptr_nonnull(
        strstr(error.message, "start together, which channel 2 and others do not"));
    /* Seconds count from the first sample of each trace. */
    ck_assert_int_eq(resolve(recording, "0.02s", "0.05s", &first, &last, NULL), SV_OK);
    ck_assert_int_eq(first, 5);
    ck_assert_int_eq(last, 13);
    close_good(recording);
}
END_TEST

/* ---- anything at all --------------------------------------------------------------------- */

/* Whatever could be opened lies within the file. */
static void lies_within(const sv_recording *recording, size_t num_bytes)
{
    sv_segment segment = segment_of(recording, 0);
    sv_channel channel;
    double sample;
    const int64_t last[] = {segment.num_channels - 1, segment.num_samples - 1};
    require(segment.num_channels > 0 && segment.num_samples >= 0, "shape");
    require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate), "rate");
    require((size_t)segment.data_offset <= num_bytes, "offset");
    require(sv_recording_channel(recording, 0, last[0], &channel) == SV_OK, "channel");
    require(segment.num_samples == 0 ||
                sv_view_get_f8(&segment.samples, last, &sample, NULL) == SV_OK,
            "last sample");
}

static void open_any(const struct segy_file *file)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "segy";
    sv_recording *recording;
    sv_error error = {.message = ""};
    if (sv_recording_open(write_segy(file), &options, &recording, &error) != SV_OK) {
        require(error.message[0] != '\0', "a failure without a sentence");
        return;
    }
    lies_within(recording, file->num_bytes);
    require(sv_recording_close(recording) == SV_OK, "close");
}

START_TEST(files_cut_anywhere)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 6, 2);
    plan.num_more_headers = 1;
    struct segy_file file = make_segy(plan);
    size_t whole = file.num_bytes;
    for (file.num_bytes = 1; file.num_bytes < whole;
         file.num_bytes += file.num_bytes < 3500 ? 97 : 1) {
        open_any(&file);
    }
}
END_TEST

START_TEST(headers_of_random_bytes)
{
    struct random random = random_begin("headers_of_random_bytes");
    for (int round = 0; round < 3000; round++) {
        struct segy_plan plan =
            plan_of((sv_byte_order)random_below(&random, 2), 5, (int)random_below(&random, 3));
        plan.num_more_headers = plan.revision == 2 ? (int)random_below(&random, 3) : 0;
        plan.num_texts = (int)random_below(&random, 3);
        struct segy_file file = make_segy(plan);
        for (uint64_t left = random_below(&random, 12); left > 0; left--) {
            bool in_binary = random_below(&random, 2) == 0;
            size_t place = in_binary ? SEGY_TEXT + random_below(&random, 340)
                                     : file.first_byte + random_below(&random, 480);
            static const unsigned char values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
            file.bytes[place] = values[random_below(&random, sizeof values)];
        }
        file.num_bytes -= random_below(&random, 2) * random_below(&random, 900);
        open_any(&file);
    }
}
END_TEST

START_TEST(ten_million_traces_take_no_memory)
{
    struct segy_plan plan = {.order = SV_BIG_ENDIAN, .code = 5, .num_traces = 1, .num_samples = 10};
    struct segy_file file = make_segy(plan);
    segy_traces(&file, TRACE_SAMPLES, SV_U2, 0);
    segy_traces(&file, TRACE_INTERVAL, SV_U2, 0);
    const char *path = write_segy(&file);
    int64_t num_traces = 10000000;
    if (truncate(path, SEGY_HEADERS + num_traces * 280) != 0) {
        return; /* a file system without large files */
    }
    sv_recording *recording = open_good(path, NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, num_traces);
    ck_assert_double_eq(sample_at(&segment, 0, 9), 9.0);
    ck_assert_double_eq(sample_at(&segment, num_traces - 1, 9), 0.0);
    /* Rows are asked for without one allocation. */
    sv_memory_fail_after(0, true);
    for (int64_t row = 0; row < num_traces; row += 99999) {
        ck_assert_int_eq(channel_of(recording, row).start, SV_TIME_NONE);
    }
    sv_memory_fail_after(-1, false);
    close_good(recording);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct segy_file file = plain();
    file.num_bytes += 5; /* for a warning */
    const char *path = write_segy(&file);
    sv_status status = SV_NOMEM;
    for (long count = 0; status != SV_OK; count++) {
        sv_recording *recording = NULL;
        sv_memory_fail_after(count, false);
        status = sv_recording_open(path, NULL, &recording, NULL);
        sv_memory_fail_after(-1, false);
        ck_assert(status == SV_OK || status == SV_NOMEM || status == SV_IO);
        ck_assert_int_eq(sv_recording_close(recording), SV_OK);
        ck_assert_int_lt(count, 100);
    }
}
END_TEST

/* A header that is gone tells nothing; the scan will say why. */
START_TEST(a_file_that_is_cut_while_it_is_open)
{
    struct segy_plan plan = plan_of(SV_BIG_ENDIAN, 5, 1);
    plan.num_traces = 100;
    struct segy_file file = make_segy(plan);
    const char *path = write_segy(&file);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    sv_recording *recording = open_good(path, NULL);
    ck_assert_int_eq(truncate(path, SEGY_HEADERS), 0);
    ck_assert_int_eq(channel_of(recording, 99).start, SV_TIME_NONE);
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_format_code_in_both_orders_is_read_in_place,
        fixed_point_with_gain_is_refused,
        format_codes_that_are_none_are_refused,
        an_open_code_beside_the_constant_is_named,
        bytes_swapped_in_pairs_are_refused,
        the_content_tells_whatever_the_name,
        an_ebcdic_text_tells_too,
        a_file_without_its_text_gives_way_to_a_raw_suffix,
        raw_options_are_refused,
        a_tape_label_may_stand_before_everything,
        more_textual_headers_are_passed_in_every_revision,
        an_unknown_number_of_texts_ends_with_its_stanza,
        an_unknown_number_of_texts_without_the_stanza_ends_with_the_text,
        texts_that_are_announced_but_not_there,
        texts_that_are_there_but_not_announced,
        texts_that_are_no_text_are_passed_where_they_are_counted,
        more_trace_headers_are_passed,
        trace_headers_that_are_announced_but_not_there,
        long_traces_are_counted_in_32_bits,
        the_first_traces_byte_counts_more_than_texts,
        a_first_traces_byte_outside_is_passed_over,
        fields_of_revision_2_mean_nothing_before_it,
        revision_1_is_found_however_it_was_written,
        a_data_trailer_is_no_trace,
        a_data_trailer_that_is_not_there,
        stated_traces_end_before_what_stands_behind,
        stated_traces_that_are_missing,
        the_binary_header_counts_more_than_the_trace_headers,
        the_trace_headers_count_where_only_they_give_whole_traces,
        a_length_that_fits_by_accident_is_found_out,
        what_is_left_over_is_told,
        traces_of_different_lengths_are_refused,
        a_trace_header_that_lies_alone_does_no_harm,
        traces_that_fit_in_no_way_are_refused,
        a_cut_only_trace_gives_what_is_there,
        a_cut_only_trace_that_two_headers_disagree_on_is_refused,
        headers_without_a_trace,
        a_header_that_is_cut,
        traces_without_samples,
        the_interval_comes_from_the_binary_header,
        else_from_the_trace_header,
        intervals_above_32767_count_where_nothing_else_does,
        without_an_interval_it_is_1_hz,
        revision_2_states_intervals_in_float64,
        absurd_intervals_are_passed_over,
        each_trace_has_a_time_and_the_segment_the_earliest,
        years_of_two_digits,
        traces_without_a_time_have_none,
        times_that_make_no_sense_are_left_out,
        nanoseconds_of_revision_2,
        other_time_bases_are_told,
        a_given_start_is_the_earliest_traces,
        a_given_start_that_is_too_far_away,
        delays_are_scaled_and_kept_apart,
        units_are_known_from_revision_1_on,
        windows_in_utc_need_traces_that_start_together,
        files_cut_anywhere,
        headers_of_random_bytes,
        ten_million_traces_take_no_memory,
        every_allocation_may_fail,
        a_file_that_is_cut_while_it_is_open,
    };
    return run_in_scratch("segy", tests, sizeof tests / sizeof tests[0]);
}
