/* NumPy files: headers, types, orders of axes, and files that lie. */
#include "base/memory.h"
#include "random.h"
#include "scratch.h"

enum { MAX_BYTES = 4096 };

struct npy_file {
    size_t num_bytes, data_byte;
    unsigned char bytes[MAX_BYTES];
};

/* A file of version `major`.0 with this dictionary, and `num_samples` int16 0, 1, 2, … behind. */
static struct npy_file make_npy(int major, const char *dictionary, int num_samples)
{
    struct npy_file file = {.data_byte = 128};
    size_t first = major == 1 ? 10 : 12;
    memcpy(file.bytes, "\x93NUMPY", 6);
    file.bytes[6] = (unsigned char)major;
    sv_dtype_store(sv_dtype_make(major == 1 ? SV_U2 : SV_U4, SV_LITTLE_ENDIAN), file.bytes + 8,
                   sv_scalar_int((int64_t)(file.data_byte - first)));
    memset(file.bytes + first, ' ', file.data_byte - first);
    memcpy(file.bytes + first, dictionary, strlen(dictionary));
    file.bytes[file.data_byte - 1] = '\n';
    for (int i = 0; i < num_samples; i++) {
        sv_dtype_store(sv_dtype_make(SV_I2, SV_LITTLE_ENDIAN),
                       file.bytes + file.data_byte + 2 * (size_t)i, sv_scalar_int(i));
    }
    file.num_bytes = file.data_byte + 2 * (size_t)num_samples;
    return file;
}

static const char *dictionary_of(const char *type, bool is_fortran, const char *shape)
{
    static char text[256];
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
             is_fortran ? "True" : "False", shape);
    return text;
}

static struct npy_file make_array(bool is_fortran, const char *shape, int num_samples)
{
    return make_npy(1, dictionary_of("<i2", is_fortran, shape), num_samples);
}

static const char *write_npy(const struct npy_file *file)
{
    return write_scratch("array.npy", file->bytes, file->num_bytes);
}

static sv_recording *open_npy(const struct npy_file *file, sv_layout layout)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.layout = layout;
    sv_recording *recording = open_good(write_npy(file), &options);
    ck_assert_str_eq(sv_recording_format(recording), "npy");
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    return recording;
}

/* The view must have this shape, and these steps in samples. */
static void has_view(const struct npy_file *file, sv_layout layout, int64_t num_channels,
                     int64_t num_samples, int64_t row_step, int64_t sample_step)
{
    sv_recording *recording = open_npy(file, layout);
    sv_segment segment = segment_of(recording, 0);
    no_warning(recording);
    ck_assert(segment.complete);
    ck_assert(segment.in_place);
    ck_assert_int_eq(segment.data_offset, (int64_t)file->data_byte);
    ck_assert_int_eq(segment.num_channels, num_channels);
    ck_assert_int_eq(segment.num_samples, num_samples);
    for (int64_t row = 0; row < num_channels; row++) {
        for (int64_t i = 0; i < num_samples; i++) {
            ck_assert_double_eq(sample_at(&segment, row, i),
                                (double)(row * row_step + i * sample_step));
        }
    }
    close_good(recording);
}

static void refuses(const struct npy_file *file, sv_status status, const char *words)
{
    open_bad(write_npy(file), NULL, status, words);
}

/* ---- axes -------------------------------------------------------------------------------- */

START_TEST(all_versions_are_read)
{
    for (int major = 1; major <= 3; major++) {
        struct npy_file file = make_npy(major, dictionary_of("<i2", false, "(3, 4)"), 12);
        has_view(&file, SV_LAYOUT_NONE, 3, 4, 4, 1);
    }
}
END_TEST

START_TEST(the_last_axis_is_time)
{
    struct npy_file file = make_array(false, "(12,)", 12);
    has_view(&file, SV_LAYOUT_NONE, 1, 12, 0, 1);
    file = make_array(false, "(3, 4)", 12);
    has_view(&file, SV_PLANAR, 3, 4, 4, 1);
    file = make_array(false, "(2, 3, 2)", 12);
    has_view(&file, SV_LAYOUT_NONE, 6, 2, 2, 1);
    file = make_array(false, "(2, 1, 3, 1, 2)", 12);
    has_view(&file, SV_LAYOUT_NONE, 6, 2, 2, 1);
    file = make_array(false, "(12, 1)", 12);
    has_view(&file, SV_LAYOUT_NONE, 12, 1, 1, 1);
}
END_TEST

START_TEST(interleaved_the_first_axis_is_time)
{
    struct npy_file file = make_array(false, "(12,)", 12);
    has_view(&file, SV_INTERLEAVED, 1, 12, 0, 1);
    file = make_array(false, "(3, 4)", 12);
    has_view(&file, SV_INTERLEAVED, 4, 3, 1, 4);
    file = make_array(false, "(2, 3, 2)", 12);
    has_view(&file, SV_INTERLEAVED, 6, 2, 1, 6);
}
END_TEST

START_TEST(fortran_order_of_two_axes)
{
    struct npy_file file = make_array(true, "(12,)", 12);
    has_view(&file, SV_LAYOUT_NONE, 1, 12, 0, 1);
    file = make_array(true, "(3, 4)", 12);
    has_view(&file, SV_LAYOUT_NONE, 3, 4, 1, 3);
    has_view(&file, SV_INTERLEAVED, 4, 3, 3, 1);
    file = make_array(true, "(3, 1, 4)", 12);
    has_view(&file, SV_LAYOUT_NONE, 3, 4, 1, 3);
    file = make_array(true, "(3, 1, 4)", 12);
    has_view(&file, SV_INTERLEAVED, 4, 3, 3, 1);
}
END_TEST

START_TEST(what_strides_cannot_express_is_refused)
{
    struct npy_file file = make_array(true, "(2, 3, 2)", 12);
    refuses(&file, SV_UNSUPPORTED, "this array of 3 axes do not lie one after the other");
}
END_TEST

/* Channels are 3 × 4 in C order; samples 0, 3, 6, 9, 1 … are no stride. */
START_TEST(time_of_one_sample_does_not_join_channels)
{
    struct npy_file file = make_array(true, "(1, 3, 4)", 12);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.layout = SV_INTERLEAVED;
    open_bad(write_npy(&file), &options, SV_UNSUPPORTED, "in Fortran order");
}
END_TEST

START_TEST(a_single_element)
{
    struct npy_file file = make_array(false, "()", 1);
    has_view(&file, SV_LAYOUT_NONE, 1, 1, 0, 0);
    file = make_array(true, "(1, 1, 1)", 1);
    has_view(&file, SV_INTERLEAVED, 1, 1, 0, 0);
}
END_TEST

START_TEST(arrays_without_elements)
{
    static const char *const shapes[] = {"(0,)", "(3, 0)", "(0, 3)", "(0, 0, 5)"};
    for (size_t i = 0; i < 4; i++) {
        for (int layout = SV_LAYOUT_NONE; layout <= SV_PLANAR; layout++) {
            struct npy_file file = make_array(i % 2 == 0, shapes[i], 0);
            has_view(&file, (sv_layout)layout, 1, 0, 0, 0);
        }
    }
}
END_TEST

/* ---- types ------------------------------------------------------------------------------- */

START_TEST(every_plain_type_in_both_orders)
{
    static const char *const types[] = {"f4", "f8", "i2", "u2", "i4", "u4", "i8", "u8", "i1", "u1"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        static const char orders[] = "<>";
        for (int order = 0; order < 2; order++) {
            char type[8];
            snprintf(type, sizeof type, "%c%s", i < 8 ? orders[order] : '|', types[i]);
            struct npy_file file = make_npy(1, dictionary_of(type, false, "(2, 3)"), 24);
            sv_dtype dtype;
            ck_assert_int_eq(sv_dtype_parse(type, &dtype, NULL), SV_OK);
            file.num_bytes = file.data_byte + 6 * sv_dtype_itemsize(dtype);
            sv_recording *recording = open_npy(&file, SV_LAYOUT_NONE);
            ck_assert(sv_dtype_equal(segment_of(recording, 0).samples.dtype, dtype));
            no_warning(recording);
            close_good(recording);
        }
    }
}
END_TEST

START_TEST(other_types_are_refused_by_name)
{
    static const struct {
        const char *type, *words;
    } cases[] = {{"|b1", "booleans"},       {"<c8", "complex numbers"}, {">c16", "complex numbers"},
                 {"|O", "Python objects"},  {"<U5", "texts"},           {"|S3", "texts"},
                 {"<M8[ns]", "times"},      {"<m8[us]", "times"},       {"|V4", "bytes without"},
                 {"<f2", "floats of that"}, {"<f16", "floats of that"}, {"", "no type that is"},
                 {"<", "no type that is"},  {"<i3", "no type that is"}, {"ibm4", "no type that is"},
                 {"<<i4", "no type that"},  {"<x", "no type that"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct npy_file file = make_npy(1, dictionary_of(cases[i].type, false, "(2,)"), 20);
        refuses(&file, SV_UNSUPPORTED, cases[i].words);
    }
}
END_TEST

START_TEST(structures_are_refused)
{
    struct npy_file file = make_npy(
        1, "{'descr': [('a', '<f4'), ('b', '<i2')], 'fortran_order': False, 'shape': (2,), }", 20);
    refuses(&file, SV_UNSUPPORTED, "are structures");
}
END_TEST

/* ---- the dictionary ---------------------------------------------------------------------- */

START_TEST(dictionaries_may_be_written_in_other_ways)
{
    static const char *const dictionaries[] = {
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 4)}",
        "{'shape': (3, 4), 'fortran_order': False, 'descr': '<i2', }",
        "{\"descr\":\"<i2\",\"fortran_order\":False,\"shape\":(3,4,)}",
        "  { 'descr' : '<i2' ,\n 'fortran_order' :\tFalse , 'shape' : ( 3L , 4L ) , }  \n",
    };
    for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
        struct npy_file file = make_npy(1, dictionaries[i], 12);
        has_view(&file, SV_LAYOUT_NONE, 3, 4, 4, 1);
    }
}
END_TEST

START_TEST(dictionaries_that_are_none_are_refused)
{
    static const char *const dictionaries[] = {
        "",
        "{",
        "{}",
        "{'descr': '<i2'}",
        "{'descr': '<i2', 'fortran_order': False}",
        "{'descr': '<i2', 'fortran_order': 0, 'shape': (3, 4)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': 3}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3 4)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, -4)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 4}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 4",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (3, x)}",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999999999999, 1)}",
        "{'descr': '<i2', 'fortran_order': False, 'form': (3, 4)}",
        "{'descr': '<i2, 'fortran_order': False, 'shape': (3, 4)}",
        "{'descr': '<i2' 'fortran_order': False, 'shape': (3, 4)}",
        "[('descr', '<i2')]",
    };
    for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
        struct npy_file file = make_npy(1, dictionaries[i], 12);
        refuses(&file, SV_FORMAT, "its header is not that of a npy file");
    }
}
END_TEST

START_TEST(more_axes_than_numpy_has)
{
    struct npy_file file =
        make_array(false, "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)", 1);
    refuses(&file, SV_FORMAT, "at most 32 axes");
}
END_TEST

/* ---- files that lie ---------------------------------------------------------------------- */

START_TEST(a_header_that_is_cut)
{
    struct npy_file file = make_array(false, "(3, 4)", 12);
    for (file.num_bytes = 6; file.num_bytes < file.data_byte; file.num_bytes++) {
        refuses(&file, SV_TRUNCATED, "the header is cut");
    }
}
END_TEST

START_TEST(a_header_longer_than_any)
{
    struct npy_file file = make_npy(2, dictionary_of("<i2", false, "(3, 4)"), 12);
    memset(file.bytes + 8, 0xff, 4);
    refuses(&file, SV_TRUNCATED, "it has 4294967295 bytes");
    memcpy(file.bytes + 8, "\0\0\x10\0", 4);
    const char *path = write_npy(&file);
    ck_assert_int_eq(truncate(path, 2000000), 0);
    open_bad(path, NULL, SV_UNSUPPORTED, "its header of 1048576 bytes is longer");
}
END_TEST

START_TEST(versions_that_are_not_read)
{
    static const int versions[] = {0, 4, 255};
    for (size_t i = 0; i < 3; i++) {
        struct npy_file file = make_array(false, "(3, 4)", 12);
        file.bytes[6] = (unsigned char)versions[i];
        refuses(&file, SV_UNSUPPORTED, "versions 1 to 3 are read");
    }
}
END_TEST

START_TEST(a_file_that_is_no_npy)
{
    struct npy_file file = make_array(false, "(3, 4)", 12);
    file.bytes[0] = 0x92;
    refuses(&file, SV_FORMAT, "this is no npy file");
}
END_TEST

START_TEST(shapes_that_overflow)
{
    static const char *const shapes[] = {"(4611686018427387904,)", "(3037000500, 3037000500)",
                                         "(9223372036854775807, 2)",
                                         "(9223372036854775807, 9223372036854775807, 0)"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (int is_fortran = 0; is_fortran < 2; is_fortran++) {
            struct npy_file file = make_array(is_fortran == 1, shapes[i], 12);
            refuses(&file, SV_OVERFLOW, "does not fit in 64 bits");
        }
    }
}
END_TEST

/* The file has 12 samples where the shape says more: of those, what can be measured. */
START_TEST(missing_samples)
{
    static const struct {
        const char *shape;
        bool is_fortran;
        sv_layout layout;
        int64_t num_channels, num_samples;
    } cases[] = {
        {"(13,)", false, SV_LAYOUT_NONE, 1, 12},
        {"(4, 4)", false, SV_LAYOUT_NONE, 3, 4},
        {"(4, 5)", false, SV_LAYOUT_NONE, 2, 5},
        {"(2, 13)", false, SV_LAYOUT_NONE, 1, 12},
        {"(2, 2, 5)", false, SV_LAYOUT_NONE, 2, 5},
        {"(4, 4)", false, SV_INTERLEAVED, 4, 3},
        {"(100, 5)", false, SV_INTERLEAVED, 5, 2},
        {"(5, 4)", true, SV_LAYOUT_NONE, 5, 2},
        {"(5, 4)", true, SV_INTERLEAVED, 2, 5},
        {"(1000000000000, 1000000)", false, SV_LAYOUT_NONE, 1, 12},
        {"(1000000000000, 3)", false, SV_LAYOUT_NONE, 4, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct npy_file file = make_array(cases[i].is_fortran, cases[i].shape, 12);
        file.num_bytes += i % 2; /* half a sample */
        sv_recording *recording = open_npy(&file, cases[i].layout);
        sv_segment segment = segment_of(recording, 0);
        one_warning(recording, "samples that its header states are missing");
        ck_assert(!segment.complete);
        ck_assert_int_eq(segment.num_channels, cases[i].num_channels);
        ck_assert_int_eq(segment.num_samples, cases[i].num_samples);
        close_good(recording);
    }
}
END_TEST

START_TEST(no_whole_sample)
{
    struct npy_file file = make_array(false, "(3, 4)", 0);
    refuses(&file, SV_EMPTY, "there is no whole sample: the file ends at byte 128");
    file.num_bytes++;
    refuses(&file, SV_EMPTY, "there is no whole sample");
    file = make_array(true, "(3, 4)", 2);
    refuses(&file, SV_EMPTY, "there is no whole sample for each channel");
}
END_TEST

START_TEST(bytes_behind_the_array)
{
    struct npy_file file = make_array(false, "(3, 4)", 13);
    sv_recording *recording = open_npy(&file, SV_LAYOUT_NONE);
    one_warning(recording, "2 bytes stand behind the array");
    ck_assert(segment_of(recording, 0).complete);
    close_good(recording);
    file.num_bytes--;
    recording = open_npy(&file, SV_LAYOUT_NONE);
    one_warning(recording, "1 byte stands behind the array");
    close_good(recording);
}
END_TEST

/* ---- options ----------------------------------------------------------------------------- */

START_TEST(rate_and_start_give_the_clock)
{
    struct npy_file file = make_array(false, "(3, 4)", 12);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    sv_recording *recording = open_good(write_npy(&file), &options);
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 1.0);
    ck_assert_int_eq(sv_recording_start(recording), SV_TIME_NONE);
    close_good(recording);

    options.rate = 40.0;
    options.start = time_of("2026-01-31T12:00:00Z");
    recording = open_good(write_npy(&file), &options);
    sv_channel channel;
    ck_assert_double_eq(segment_of(recording, 0).sample_rate, 40.0);
    ck_assert_int_eq(segment_of(recording, 0).start, options.start);
    ck_assert_int_eq(sv_recording_start(recording), options.start);
    ck_assert_int_eq(sv_recording_channel(recording, 0, 2, &channel), SV_OK);
    ck_assert_int_eq(channel.number, 2);
    ck_assert_int_eq(channel.start, options.start);
    ck_assert(!channel.has_id);
    close_good(recording);
}
END_TEST

START_TEST(raw_options_are_refused)
{
    struct npy_file file = make_array(false, "(3, 4)", 12);
    const char *path = write_scratch("array.bin", file.bytes, file.num_bytes);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.skip_bytes = 128;
    open_bad(path, &options, SV_INVALID, "not for npy files");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.channels = 3;
    open_bad(path, &options, SV_INVALID, "not for npy files");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_I2, SV_LITTLE_ENDIAN);
    open_bad(path, &options, SV_INVALID, "not for npy files");
    options.format = "raw";
    sv_recording *recording = open_good(path, &options);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    close_good(recording);
}
END_TEST

/* ---- anything at all --------------------------------------------------------------------- */

START_TEST(random_bytes_in_the_header)
{
    struct random random = random_begin("random_bytes_in_the_header");
    for (int round = 0; round < 3000; round++) {
        struct npy_file file = make_array(random_below(&random, 2) == 0, "(30, 4, 10)", 1200);
        static const char bytes[] = "0123456789(),L'\"{}:<>|ifu \0\xff";
        for (uint64_t left = 1 + random_below(&random, 4); left > 0; left--) {
            file.bytes[random_below(&random, 80)] =
                (unsigned char)bytes[random_below(&random, sizeof bytes)];
        }
        file.num_bytes -= random_below(&random, 2) * random_below(&random, 2500);
        sv_recording *recording;
        sv_error error = {.message = ""};
        if (sv_recording_open(write_npy(&file), NULL, &recording, &error) != SV_OK) {
            require(error.message[0] != '\0', "a failure without a sentence");
            continue;
        }
        sv_segment segment = segment_of(recording, 0);
        const int64_t last[] = {segment.num_channels - 1, segment.num_samples - 1};
        double sample;
        require(segment.num_samples == 0 ||
                    sv_view_get_f8(&segment.samples, last, &sample, NULL) == SV_OK,
                "last sample");
        require(sv_recording_close(recording) == SV_OK, "close");
    }
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct npy_file file = make_array(false, "(3, 4)", 13);
    const char *path = write_npy(&file);
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

int main(void)
{
    const TTest *const tests[] = {
        all_versions_are_read,
        the_last_axis_is_time,
        interleaved_the_first_axis_is_time,
        fortran_order_of_two_axes,
        what_strides_cannot_express_is_refused,
        time_of_one_sample_does_not_join_channels,
        a_single_element,
        arrays_without_elements,
        every_plain_type_in_both_orders,
        other_types_are_refused_by_name,
        structures_are_refused,
        dictionaries_may_be_written_in_other_ways,
        dictionaries_that_are_none_are_refused,
        more_axes_than_numpy_has,
        a_header_that_is_cut,
        a_header_longer_than_any,
        versions_that_are_not_read,
        a_file_that_is_no_npy,
        shapes_that_overflow,
        missing_samples,
        no_whole_sample,
        bytes_behind_the_array,
        rate_and_start_give_the_clock,
        raw_options_are_refused,
        random_bytes_in_the_header,
        every_allocation_may_fail,
    };
    return run_in_scratch("npy", tests, sizeof tests / sizeof tests[0]);
}
