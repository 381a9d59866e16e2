/* SigMF side files: what they may say of raw samples, and what they get wrong. */
#include <inttypes.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "format/sigmf.h"
#include "scratch.h"

enum { NUM_SAMPLES = 24 };

/* `quake.bin` (or another name) with samples 1, 2, 3 … behind `header_bytes` bytes. */
static const char *write_samples(const char *name, sv_dtype dtype, size_t header_bytes,
                                 size_t trailing_bytes)
{
    unsigned char bytes[1024] = {0};
    size_t itemsize = sv_dtype_itemsize(dtype);
    for (int i = 0; i < NUM_SAMPLES; i++) {
        sv_dtype_store(dtype, bytes + header_bytes + (size_t)i * itemsize, sv_scalar_int(i + 1));
    }
    return write_scratch(name, bytes, header_bytes + NUM_SAMPLES * itemsize + trailing_bytes);
}

static const char *write_quake(void)
{
    return write_samples("quake.bin", sv_dtype_make(SV_I2, SV_BIG_ENDIAN), 0, 0);
}

static const char *write_meta(const char *text)
{
    return write_scratch("quake.sigmf-meta", text, strlen(text));
}

/* A side file of big-endian int16 in quake.bin with more members of global, and captures. */
static const char *write_side(const char *global, const char *captures)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"global\": {\"core:version\": \"1.2.0\", \"core:datatype\": \"ri16_be\", "
             "\"core:dataset\": \"quake.bin\"%s%s}, \"captures\": [%s], \"annotations\": []}",
             global[0] != '\0' ? ", " : "", global, captures);
    return write_meta(text);
}

static void expect_run(const sv_recording *recording, int64_t index, int64_t first, int64_t count,
                       sv_time start)
{
    sv_segment segment = segment_of(recording, index);
    ck_assert_int_eq(segment.num_samples, count);
    ck_assert_double_eq(sample_at(&segment, 0, 0), (double)first + 1.0);
    ck_assert_double_eq(sample_at(&segment, 0, count - 1), (double)(first + count));
    ck_assert_int_eq(segment.start, start);
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, index, 0, &channel), SV_OK);
    ck_assert_int_eq(channel.start, start);
    ck_assert_int_eq(channel.number, 0);
}

/* ---- what it says
 * --------------------------------------------------------------------------------- */

START_TEST(a_non_conforming_dataset_is_framed_by_its_side_file)
{
    write_samples("quake.bin", sv_dtype_make(SV_I2, SV_BIG_ENDIAN), 10, 7);
    write_side("\"core:num_channels\": 3, \"core:sample_rate\": 100, \"core:trailing_bytes\": 7",
               "{\"core:sample_start\": 0, \"core:header_bytes\": 10, "
               "\"core:datetime\": \"2026-01-31T12:00:00.5Z\"}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 3);
    ck_assert_int_eq(segment.num_samples, 8);
    ck_assert_double_eq(segment.sample_rate, 100.0);
    ck_assert_int_eq(segment.data_offset, 10);
    ck_assert_int_eq(segment.start, time_of("2026-01-31T12:00:00.5Z"));
    ck_assert_int_eq(sv_recording_start(recording), segment.start);
    ck_assert_double_eq(sample_at(&segment, 1, 7), 23.0);
    no_warning(recording);
    close_good(recording);
}
END_TEST

START_TEST(the_side_file_may_be_named_itself)
{
    write_quake();
    const char *meta = write_side("", "");
    sv_recording *recording = open_good(meta, NULL);
    ck_assert_str_eq(sv_recording_path(recording), meta);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
    close_good(recording);

    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    recording = open_good(meta, &options);
    expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
    close_good(recording);

    /* Under another name than its dataset's. */
    ck_assert_int_eq(rename(scratch_path("quake.sigmf-meta"), scratch_path("other.sigmf-meta")), 0);
    recording = open_good(scratch_path("other.sigmf-meta"), NULL);
    expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
    close_good(recording);
}
END_TEST

START_TEST(a_conforming_dataset_needs_no_name)
{
    write_samples("quake.sigmf-data", sv_dtype_make(SV_F8, SV_LITTLE_ENDIAN), 0, 0);
    write_meta("{\"global\": {\"core:datatype\": \"rf64_le\"}}");
    const char *names[] = {"quake.sigmf-data", "quake.sigmf-meta"};
    for (int i = 0; i < 2; i++) {
        sv_recording *recording = open_good(scratch_path(names[i]), NULL);
        expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
        no_warning(recording);
        close_good(recording);
    }
}
END_TEST

START_TEST(a_side_file_makes_any_name_raw)
{
    static const char text[] = "{\"global\": {\"core:datatype\": \"ri16_be\", "
                               "\"core:dataset\": \"quake.seismogram\"}}";
    write_samples("quake.seismogram", sv_dtype_make(SV_I2, SV_BIG_ENDIAN), 0, 0);
    open_bad(scratch_path("quake.seismogram"), NULL, SV_FORMAT, "--format raw");
    write_meta(text);
    sv_recording *recording = open_good(scratch_path("quake.seismogram"), NULL);
    expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
    close_good(recording);

    /* Without core:dataset it says nothing about a file of an unknown suffix. */
    write_meta("{\"global\": {\"core:datatype\": \"ri16_be\"}}");
    open_bad(scratch_path("quake.seismogram"), NULL, SV_FORMAT, "--format raw");
}
END_TEST

START_TEST(every_real_datatype_is_read)
{
    static const struct {
        const char *name;
        sv_type type;
        sv_byte_order order;
    } types[] = {
        {"rf32_le", SV_F4, SV_LITTLE_ENDIAN}, {"rf32_be", SV_F4, SV_BIG_ENDIAN},
        {"rf64_le", SV_F8, SV_LITTLE_ENDIAN}, {"rf64_be", SV_F8, SV_BIG_ENDIAN},
        {"ri8", SV_I1, SV_NATIVE_ENDIAN},     {"ru8", SV_U1, SV_NATIVE_ENDIAN},
        {"ri8_le", SV_I1, SV_NATIVE_ENDIAN},  {"ri16_le", SV_I2, SV_LITTLE_ENDIAN},
        {"ri16_be", SV_I2, SV_BIG_ENDIAN},    {"ru16_le", SV_U2, SV_LITTLE_ENDIAN},
        {"ru16_be", SV_U2, SV_BIG_ENDIAN},    {"ri32_le", SV_I4, SV_LITTLE_ENDIAN},
        {"ri32_be", SV_I4, SV_BIG_ENDIAN},    {"ru32_le", SV_U4, SV_LITTLE_ENDIAN},
        {"ru32_be", SV_U4, SV_BIG_ENDIAN},    {"ri64_le", SV_I8, SV_LITTLE_ENDIAN},
        {"ri64_be", SV_I8, SV_BIG_ENDIAN},    {"ru64_le", SV_U8, SV_LITTLE_ENDIAN},
        {"ru64_be", SV_U8, SV_BIG_ENDIAN},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        sv_dtype dtype = sv_dtype_make(types[i].type, types[i].order);
        write_samples("quake.bin", dtype, 0, 0);
        char text[128];
        snprintf(text, sizeof text, "{\"global\": {\"core:datatype\": \"%s\"}}", types[i].name);
        write_meta(text);
        sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
        ck_assert(sv_dtype_equal(segment_of(recording, 0).samples.dtype, dtype));
        expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
        close_good(recording);
    }
}
END_TEST

START_TEST(other_datatypes_are_refused)
{
    static const char *const types[] = {"cf32_le", "ci16_be", "cu8",     "rf32",   "ri16",
                                        "rf16_le", "ri24_le", "ri16_me", "i16_le", "ri16_leX",
                                        "",        "_le",     "r",       "RF32_LE"};
    write_quake();
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"global\": {\"core:datatype\": \"%s\"}}", types[i]);
        write_meta(text);
        open_bad(scratch_path("quake.bin"), NULL, SV_UNSUPPORTED,
                 types[i][0] == 'c' ? "is complex" : "is not one that is read");
        open_bad(scratch_path("quake.bin"), NULL, SV_UNSUPPORTED, "quake.sigmf-meta");
    }
}
END_TEST

/* ---- captures
 * ------------------------------------------------------------------------------------- */

START_TEST(every_capture_with_a_start_makes_a_segment)
{
    write_quake();
    write_side("\"core:sample_rate\": 2",
               "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:10Z\"},"
               "{\"core:sample_start\": 4, \"core:comment\": \"no start of its own\"},"
               "{\"core:sample_start\": 6, \"core:datetime\": \"2026-01-01T00:00:13Z\"},"
               "{\"core:sample_start\": 20, \"core:datetime\": \"2025-12-31T23:59:59Z\"}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), 3);
    expect_run(recording, 0, 0, 6, time_of("2026-01-01T00:00:10Z"));
    expect_run(recording, 1, 6, 14, time_of("2026-01-01T00:00:13Z"));
    expect_run(recording, 2, 20, 4, time_of("2025-12-31T23:59:59Z"));
    /* The second goes on exactly where the first ends. */
    ck_assert_int_eq(sv_recording_num_gaps(recording), 1);
    ck_assert_int_eq(sv_recording_start(recording), time_of("2025-12-31T23:59:59Z"));
    no_warning(recording);
    close_good(recording);
}
END_TEST

START_TEST(gaps_begin_at_half_a_sample)
{
    static const struct {
        const char *start;
        int64_t gaps;
    } cases[] = {{"2026-01-01T00:00:04Z", 0},
                 {"2026-01-01T00:00:04.49Z", 0},
                 {"2026-01-01T00:00:03.51Z", 0},
                 {"2026-01-01T00:00:04.51Z", 1},
                 {"2026-01-01T00:00:03.49Z", 1}};
    write_quake();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char captures[256];
        snprintf(captures, sizeof captures,
                 "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
                 "{\"core:sample_start\": 4, \"core:datetime\": \"%s\"}",
                 cases[i].start);
        write_side("", captures);
        sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
        ck_assert_int_eq(sv_recording_num_segments(recording), 2);
        ck_assert_int_eq(sv_recording_num_gaps(recording), cases[i].gaps);
        close_good(recording);
    }
}
END_TEST

START_TEST(bytes_before_a_later_capture_lie_between_segments)
{
    unsigned char bytes[2 + 2 * 6 + 5 + 2 * 4] = {0};
    sv_dtype dtype = sv_dtype_make(SV_I2, SV_BIG_ENDIAN);
    for (int i = 0; i < 10; i++) {
        sv_dtype_store(dtype, bytes + (i < 6 ? 2 : 7) + 2 * i, sv_scalar_int(i + 1));
    }
    write_scratch("quake.bin", bytes, sizeof bytes);
    write_side("", "{\"core:sample_start\": 0, \"core:header_bytes\": 2, "
                   "\"core:datetime\": \"2026-01-01T00:00:00Z\"},"
                   "{\"core:sample_start\": 6, \"core:header_bytes\": 5}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), 2);
    expect_run(recording, 0, 0, 6, time_of("2026-01-01T00:00:00Z"));
    /* Without a start of its own it goes on with the clock of the first. */
    expect_run(recording, 1, 6, 4, time_of("2026-01-01T00:00:06Z"));
    ck_assert_int_eq(segment_of(recording, 1).data_offset, 19);
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    no_warning(recording);
    close_good(recording);

    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.layout = SV_PLANAR;
    open_bad(scratch_path("quake.bin"), &options, SV_UNSUPPORTED, "before a later capture");
}
END_TEST

START_TEST(samples_before_the_first_capture_have_no_time)
{
    write_quake();
    write_side("", "{\"core:sample_start\": 5, \"core:datetime\": \"2026-01-01T00:00:00Z\"}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), 2);
    expect_run(recording, 0, 0, 5, SV_TIME_NONE);
    expect_run(recording, 1, 5, 19, time_of("2026-01-01T00:00:00Z"));
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    close_good(recording);
}
END_TEST

START_TEST(indices_count_from_the_offset)
{
    write_quake();
    write_side("\"core:offset\": 1000",
               "{\"core:sample_start\": 1000, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
               "{\"core:sample_start\": 1010, \"core:datetime\": \"2026-01-02T00:00:00Z\"}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    expect_run(recording, 0, 0, 10, time_of("2026-01-01T00:00:00Z"));
    expect_run(recording, 1, 10, 14, time_of("2026-01-02T00:00:00Z"));
    close_good(recording);
    write_side("\"core:offset\": 1000", "{\"core:sample_start\": 999}");
    open_bad(scratch_path("quake.bin"), NULL, SV_FORMAT, "before core:offset");
}
END_TEST

START_TEST(captures_beyond_the_file_are_passed_over)
{
    static const char *const far[] = {"24", "25", "9223372036854775807", "4611686018427387904"};
    write_quake();
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        char captures[256], words[64];
        snprintf(captures, sizeof captures,
                 "{\"core:sample_start\": 0}, {\"core:sample_start\": %s, "
                 "\"core:datetime\": \"2026-01-01T00:00:00Z\"}",
                 far[i]);
        snprintf(words, sizeof words, "starts at sample %s", far[i]);
        write_side("", captures);
        for (int layout = SV_INTERLEAVED; layout <= SV_PLANAR; layout++) {
            sv_open_options options = SV_OPEN_OPTIONS_INIT;
            options.layout = (sv_layout)layout;
            sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
            ck_assert_int_eq(sv_recording_num_segments(recording), 1);
            expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
            one_warning(recording, words);
            close_good(recording);
        }
    }
}
END_TEST

START_TEST(of_captures_at_one_sample_the_last_counts)
{
    write_quake();
    write_side("", "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
                   "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-02T00:00:00Z\"}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    expect_run(recording, 0, 0, NUM_SAMPLES, time_of("2026-01-02T00:00:00Z"));
    close_good(recording);

    write_side("", "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
                   "{\"core:sample_start\": 0, \"core:header_bytes\": 1000}");
    open_bad(scratch_path("quake.bin"), NULL, SV_EMPTY, "sample");
}
END_TEST

START_TEST(headers_and_trailers_may_leave_nothing)
{
    write_quake();
    write_side("", "{\"core:sample_start\": 0, \"core:header_bytes\": 48}");
    open_bad(scratch_path("quake.bin"), NULL, SV_EMPTY, "leaves no sample");
    write_side("", "{\"core:sample_start\": 0, \"core:header_bytes\": 9223372036854775807},"
                   "{\"core:sample_start\": 1, \"core:header_bytes\": 9223372036854775807}");
    open_bad(scratch_path("quake.bin"), NULL, SV_EMPTY, "leaves no sample");
    write_side("\"core:trailing_bytes\": 9223372036854775807", "");
    open_bad(scratch_path("quake.bin"), NULL, SV_EMPTY, "sample");
    write_side("\"core:trailing_bytes\": 47", "");
    open_bad(scratch_path("quake.bin"), NULL, SV_EMPTY, "1 of 2 bytes");
    write_side("\"core:num_channels\": 4611686018427387904", "");
    open_bad(scratch_path("quake.bin"), NULL, SV_OVERFLOW, "do not fit");
}
END_TEST

/* ---- options
 * -------------------------------------------------------------------------------------- */

START_TEST(options_win_over_the_side_file)
{
    write_quake();
    write_side("\"core:sample_rate\": 100, \"core:num_channels\": 2",
               "{\"core:sample_start\": 0, \"core:header_bytes\": 4, "
               "\"core:datetime\": \"2026-01-01T00:00:00Z\"}");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN);
    options.channels = 4;
    options.layout = SV_PLANAR;
    options.rate = 50.0;
    options.start = time_of("2020-02-29T00:00:00Z");
    options.skip_bytes = 8;
    sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 4);
    ck_assert_int_eq(segment.num_samples, 10);
    ck_assert_int_eq(segment.data_offset, 8);
    ck_assert_double_eq(segment.sample_rate, 50.0);
    ck_assert_int_eq(segment.start, options.start);
    ck_assert_double_eq(sample_at(&segment, 0, 1), 5.0);
    close_good(recording);
}
END_TEST

START_TEST(a_given_start_moves_all_captures)
{
    write_quake();
    write_side("", "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
                   "{\"core:sample_start\": 10, \"core:datetime\": \"2026-01-02T00:00:00Z\"}");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.start = time_of("2020-01-01T00:00:00Z");
    sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
    expect_run(recording, 0, 0, 10, options.start);
    expect_run(recording, 1, 10, 14, time_of("2020-01-02T00:00:00Z"));
    close_good(recording);
    options.start = INT64_MAX;
    open_bad(scratch_path("quake.bin"), &options, SV_OVERFLOW, "1677 to 2262");

    write_side("", "{\"core:sample_start\": 10, \"core:datetime\": \"2026-01-02T00:00:00Z\"}");
    options.start = time_of("2020-01-01T00:00:00Z");
    recording = open_good(scratch_path("quake.bin"), &options);
    expect_run(recording, 0, 0, 10, options.start);
    expect_run(recording, 1, 10, 14, time_of("2026-01-02T00:00:00Z"));
    close_good(recording);
}
END_TEST

START_TEST(planar_captures_are_runs_of_every_row)
{
    write_quake();
    write_side("\"core:num_channels\": 2",
               "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
               "{\"core:sample_start\": 5, \"core:datetime\": \"2026-01-02T00:00:00Z\"}");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.layout = SV_PLANAR;
    sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
    sv_segment segment = segment_of(recording, 1);
    ck_assert_int_eq(segment.num_samples, 7);
    ck_assert_double_eq(sample_at(&segment, 0, 0), 6.0);
    ck_assert_double_eq(sample_at(&segment, 1, 6), 24.0);
    close_good(recording);
}
END_TEST

/* ---- side files that are of no use
 * ------------------------------------------------------------------ */

START_TEST(one_that_names_another_file_is_passed_over)
{
    float samples[4] = {0};
    write_scratch("quake.bin", samples, sizeof samples);
    write_meta("{\"global\": {\"core:datatype\": \"ri16_le\", \"core:dataset\": \"other.bin\"}}");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    one_warning(recording, "names another file, other.bin");
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    close_good(recording);

    /* Without core:dataset it speaks of the .sigmf-data file, where there is one. */
    write_meta("{\"global\": {\"core:datatype\": \"ri16_le\"}}");
    write_scratch("quake.sigmf-data", samples, sizeof samples);
    recording = open_good(scratch_path("quake.bin"), NULL);
    one_warning(recording, "names another file");
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    close_good(recording);
    recording = open_good(scratch_path("quake.sigmf-data"), NULL);
    no_warning(recording);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 8);
    close_good(recording);
}
END_TEST

START_TEST(what_is_malformed_is_an_error_or_with_dtype_a_warning)
{
#define G(members)  "{\"global\": {\"core:datatype\": \"ri16_be\"" members "}}"
#define C(captures) "{\"global\": {\"core:datatype\": \"ri16_be\"}, \"captures\": " captures "}"
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"null", "not JSON"},
        {"[]", "no object 'global'"},
        {"{}", "no object 'global'"},
        {"{\"global\": 3}", "no object 'global'"},
        {"{\"global\": {}} x", "not JSON"},
        {"{\"global\": {\"a\": 1, \"a\": 2}}", "not JSON"},
        {"{\"global\": {\"core:datatype\": \"\xff\"}}", "not JSON"},
        {"{\"global\": {}}", "core:datatype is absent; give --dtype"},
        {"{\"global\": {\"core:datatype\": 3}}", "core:datatype is not a text"},
        {"{\"global\": {\"core:datatype\": null}}", "core:datatype is not a text"},
        {G(", \"core:dataset\": 3"), "core:dataset is not a text"},
        {G(", \"core:dataset\": \"\""), "not the name of a file"},
        {G(", \"core:dataset\": \"../quake.bin\""), "not the name of a file"},
        {G(", \"core:num_channels\": 0"), "core:num_channels is 0"},
        {G(", \"core:num_channels\": -3"), "core:num_channels is not a whole number"},
        {G(", \"core:num_channels\": 1.5"), "core:num_channels is not a whole number"},
        {G(", \"core:num_channels\": \"3\""), "core:num_channels is not a whole number"},
        {G(", \"core:num_channels\": 1e300"), "core:num_channels is not a whole number"},
        {G(", \"core:num_channels\": 9223372036854775808"), "not JSON"},
        {G(", \"core:num_channels\": 1e999"), "not JSON"},
        {G(", \"core:sample_rate\": 0"), "core:sample_rate is not a positive number"},
        {G(", \"core:sample_rate\": -1"), "core:sample_rate is not a positive number"},
        {G(", \"core:sample_rate\": \"100\""), "core:sample_rate is not a positive number"},
        {G(", \"core:sample_rate\": null"), "core:sample_rate is not a positive number"},
        {G(", \"core:trailing_bytes\": -1"), "core:trailing_bytes is not a whole number"},
        {G(", \"core:offset\": true"), "core:offset is not a whole number"},
        {C("{}"), "'captures' is not an array"},
        {C("[3]"), "capture 0: it is not an object"},
        {C("[{}]"), "capture 0: core:sample_start is absent"},
        {C("[{\"core:sample_start\": \"0\"}]"), "core:sample_start is not a whole number"},
        {C("[{\"core:sample_start\": -1}]"), "core:sample_start is not a whole number"},
        {C("[{\"core:sample_start\": 0, \"core:header_bytes\": -1}]"), "core:header_bytes"},
        {C("[{\"core:sample_start\": 0, \"core:datetime\": 0}]"), "core:datetime is not a text"},
        {C("[{\"core:sample_start\": 0, \"core:datetime\": \"noon\"}]"), "'noon' is not a time"},
        {C("[{\"core:sample_start\": 0, \"core:datetime\": \"3000-01-01T00:00:00Z\"}]"),
         "is not a time"},
        {C("[{\"core:sample_start\": 5}, {\"core:sample_start\": 4}]"), "must be sorted"},
    };
#undef G
#undef C
    write_quake();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *meta = write_meta(bad[i].text);
        sv_open_options options = SV_OPEN_OPTIONS_INIT;
        open_bad(scratch_path("quake.bin"), &options, SV_FORMAT, bad[i].words);
        open_bad(scratch_path("quake.bin"), &options, SV_FORMAT, "side file quake.sigmf-meta: ");
        open_bad(meta, &options, SV_FORMAT, bad[i].words);

        options.dtype = sv_dtype_make(SV_I2, SV_BIG_ENDIAN);
        sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
        one_warning(recording, bad[i].words);
        one_warning(recording, "it is passed over");
        expect_run(recording, 0, 0, NUM_SAMPLES, SV_TIME_NONE);
        close_good(recording);
        open_bad(meta, &options, SV_FORMAT, bad[i].words);
    }
}
END_TEST

START_TEST(whole_numbers_may_be_written_as_reals)
{
    write_quake();
    write_side("\"core:num_channels\": 2.0, \"core:sample_rate\": 1e2", "");
    sv_recording *recording = open_good(scratch_path("quake.bin"), NULL);
    ck_assert_int_eq(segment_of(recording, 0).num_channels, 2);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 100.0);
    close_good(recording);
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error)
{
    write_quake();
    ck_assert_int_eq(mkfifo(scratch_path("quake.sigmf-meta"), 0600), 0);
    open_bad(scratch_path("quake.bin"), NULL, SV_FORMAT, "not a file");
    ck_assert_int_eq(unlink(scratch_path("quake.sigmf-meta")), 0);

    write_meta("");
    ck_assert_int_eq(truncate(scratch_path("quake.sigmf-meta"), SV_SIGMF_MAX_BYTES + 1), 0);
    open_bad(scratch_path("quake.bin"), NULL, SV_UNSUPPORTED, "larger than 4194304 bytes");
    ck_assert_int_eq(truncate(scratch_path("quake.sigmf-meta"), SV_SIGMF_MAX_BYTES), 0);
    open_bad(scratch_path("quake.bin"), NULL, SV_FORMAT, "not JSON");
    ck_assert_int_eq(unlink(scratch_path("quake.sigmf-meta")), 0);

    open_bad(scratch_path("quake.sigmf-meta"), NULL, SV_IO, "No such file");
    write_meta("{\"global\": {\"core:datatype\": \"ri16_be\", \"core:dataset\": \"gone.bin\"}}");
    open_bad(scratch_path("quake.sigmf-meta"), NULL, SV_IO, "No such file");
}
END_TEST

START_TEST(many_captures_stay_small)
{
    enum { NUM_CAPTURES = 20000 };
    static char text[NUM_CAPTURES * 80 + 200];
    static unsigned char samples[NUM_CAPTURES];
    size_t used =
        (size_t)sprintf(text, "{\"global\": {\"core:datatype\": \"ru8\"}, \"captures\": [");
    for (int i = 0; i < NUM_CAPTURES; i++) {
        used += (size_t)sprintf(text + used,
                                "%s{\"core:sample_start\": %d, "
                                "\"core:datetime\": \"2026-01-01T%02d:%02d:%02dZ\"}",
                                i > 0 ? "," : "", i, i / 3600, i / 60 % 60, i % 60);
    }
    strcpy(text + used, "]}");
    write_meta(text);
    sv_recording *recording = open_good(write_scratch("quake.bin", samples, sizeof samples), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), NUM_CAPTURES);
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    ck_assert_int_eq(segment_of(recording, NUM_CAPTURES - 1).start,
                     time_of("2026-01-01T05:33:19Z"));
    close_good(recording);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    write_quake();
    const char *paths[] = {scratch_path("quake.bin"), write_side("", "{\"core:sample_start\": 3, "
                                                                     "\"core:header_bytes\": 1}")};
    for (int i = 0; i < 2; i++) {
        sv_recording *recording = NULL;
        sv_status status = SV_NOMEM;
        for (long count = 0; status == SV_NOMEM; count++) {
            ck_assert_int_lt(count, 100);
            sv_memory_fail_after(count, false);
            status = sv_recording_open(paths[i], NULL, &recording, NULL);
            sv_memory_fail_after(-1, false);
        }
        ck_assert_int_eq(status, SV_OK);
        ck_assert_int_eq(sv_recording_num_segments(recording), 2);
        close_good(recording);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_non_conforming_dataset_is_framed_by_its_side_file,
        the_side_file_may_be_named_itself,
        a_conforming_dataset_needs_no_name,
        a_side_file_makes_any_name_raw,
        every_real_datatype_is_read,
        other_datatypes_are_refused,
        every_capture_with_a_start_makes_a_segment,
        gaps_begin_at_half_a_sample,
        bytes_before_a_later_capture_lie_between_segments,
        samples_before_the_first_capture_have_no_time,
        indices_count_from_the_offset,
        captures_beyond_the_file_are_passed_over,
        of_captures_at_one_sample_the_last_counts,
        headers_and_trailers_may_leave_nothing,
        options_win_over_the_side_file,
        a_given_start_moves_all_captures,
        planar_captures_are_runs_of_every_row,
        one_that_names_another_file_is_passed_over,
        what_is_malformed_is_an_error_or_with_dtype_a_warning,
        whole_numbers_may_be_written_as_reals,
        what_cannot_be_read_is_an_error,
        many_captures_stay_small,
        every_allocation_may_fail,
    };
    return run_in_scratch("sigmf", tests, sizeof tests / sizeof tests[0]);
}
