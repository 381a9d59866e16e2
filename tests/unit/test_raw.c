/* Raw samples: geometry, bytes that do not fit, byte order. */
#include <inttypes.h>
#include <math.h>

#include "base/memory.h"
#include "random.h"
#include "scratch.h"

static sv_open_options raw_options(sv_dtype dtype, int64_t channels, sv_layout layout)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = dtype;
    options.channels = channels;
    options.layout = layout;
    return options;
}

/* Samples 1, 2, 3 … of any type. */
static void count_up(sv_dtype dtype, int num_samples, unsigned char *bytes)
{
    for (int i = 0; i < num_samples; i++) {
        unsigned char *address = bytes + (size_t)i * sv_dtype_itemsize(dtype);
        ck_assert_int_eq(sv_dtype_store(dtype, address, sv_scalar_int(i + 1)), SV_OK);
    }
}

START_TEST(float32_of_one_channel_without_options)
{
    float samples[] = {1.5F, -2.0F, 3.25F};
    sv_recording *recording = open_good(write_scratch("quake.bin", samples, sizeof samples), NULL);
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    ck_assert_str_eq(sv_recording_path(recording), scratch_path("quake.bin"));
    ck_assert_int_eq(sv_recording_num_segments(recording), 1);
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    ck_assert_int_eq(sv_recording_start(recording), SV_TIME_NONE);
    no_warning(recording);

    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_channels, 1);
    ck_assert_int_eq(segment.num_samples, 3);
    ck_assert_double_eq(segment.sample_rate, 1.0);
    ck_assert_int_eq(segment.start, SV_TIME_NONE);
    ck_assert(segment.complete);
    ck_assert_int_eq(segment.data_offset, 0);
    ck_assert_double_eq(sample_at(&segment, 0, 1), -2.0);
    ck_assert_ptr_eq(segment.samples.address, sv_buffer_data(sv_recording_buffer(recording)));

    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    ck_assert_int_eq(channel.number, 0);
    ck_assert(!channel.has_id);
    ck_assert_str_eq(channel.id, "");
    ck_assert_str_eq(channel.unit, "");
    ck_assert_int_eq(channel.start, SV_TIME_NONE);
    close_good(recording);
}
END_TEST

START_TEST(every_dtype_in_both_orders)
{
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
            sv_dtype dtype = sv_dtype_make((sv_type)type, (sv_byte_order)order);
            unsigned char bytes[12 * 8];
            count_up(dtype, 12, bytes);
            write_scratch("quake.bin", bytes, 12 * sv_dtype_itemsize(dtype));
            sv_open_options options = raw_options(dtype, 3, SV_INTERLEAVED);
            sv_recording *recording = open_good(scratch_path("quake.bin"), &options);
            sv_segment segment = segment_of(recording, 0);
            ck_assert(sv_dtype_equal(segment.samples.dtype, dtype));
            ck_assert_int_eq(segment.num_samples, 4);
            ck_assert_double_eq(sample_at(&segment, 2, 3), 12.0);
            no_warning(recording);
            close_good(recording);
        }
    }
}
END_TEST

START_TEST(interleaved_and_planar_behind_a_header)
{
    unsigned char bytes[5 + 12 * 2];
    sv_dtype dtype = sv_dtype_make(SV_I2, SV_BIG_ENDIAN);
    count_up(dtype, 12, bytes + 5);
    const char *path = write_scratch("quake.bin", bytes, sizeof bytes);

    sv_open_options options = raw_options(dtype, 3, SV_LAYOUT_NONE);
    options.skip_bytes = 5;
    sv_recording *recording = open_good(path, &options);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.data_offset, 5);
    ck_assert_int_eq(segment.num_samples, 4);
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 4; column++) {
            ck_assert_double_eq(sample_at(&segment, row, column), column * 3 + row + 1);
        }
    }
    close_good(recording);

    options.layout = SV_PLANAR;
    recording = open_good(path, &options);
    segment = segment_of(recording, 0);
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 4; column++) {
            ck_assert_double_eq(sample_at(&segment, row, column), row * 4 + column + 1);
        }
    }
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, 2, &channel), SV_OK);
    ck_assert_int_eq(channel.number, 2);
    close_good(recording);
}
END_TEST

START_TEST(rate_and_start_are_as_given)
{
    float samples[4] = {0};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 0.25;
    options.start = time_of("2026-01-31T12:00:00.5Z");
    sv_recording *recording =
        open_good(write_scratch("quake.bin", samples, sizeof samples), &options);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_double_eq(segment.sample_rate, 0.25);
    ck_assert_int_eq(segment.start, options.start);
    ck_assert_int_eq(sv_recording_start(recording), options.start);
    sv_channel channel;
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    ck_assert_int_eq(channel.start, options.start);
    close_good(recording);
}
END_TEST

START_TEST(left_over_bytes_are_a_warning)
{
    float samples[8] = {0};
    sv_recording *recording = open_good(write_scratch("quake.bin", samples, 13), NULL);
    one_warning(recording, "1 byte is left over after the last whole sample");
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 3);
    ck_assert(segment_of(recording, 0).complete);
    close_good(recording);

    sv_open_options options = raw_options((sv_dtype){0, 0}, 3, SV_INTERLEAVED);
    recording = open_good(write_scratch("quake.bin", samples, sizeof samples), &options);
    one_warning(recording, "8 bytes are left over after the last whole frame");
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 2);
    close_good(recording);
}
END_TEST

START_TEST(planar_samples_must_divide_by_the_channels)
{
    float samples[8] = {0};
    sv_open_options options = raw_options((sv_dtype){0, 0}, 3, SV_PLANAR);
    open_bad(write_scratch("quake.bin", samples, sizeof samples), &options, SV_SHAPE,
             "do not divide by 3 channels");
    open_bad(write_scratch("quake.bin", samples, 25), &options, SV_SHAPE, "25 bytes");
    open_bad(write_scratch("quake.bin", samples, 11), &options, SV_EMPTY, "11 of 12 bytes");
    options.skip_bytes = 8;
    close_good(open_good(write_scratch("quake.bin", samples, sizeof samples), &options));
}
END_TEST

START_TEST(less_than_one_frame_is_empty)
{
    float samples[4] = {0};
    open_bad(write_scratch("quake.bin", samples, 0), NULL, SV_EMPTY, "empty");
    open_bad(write_scratch("quake.bin", samples, 1), NULL, SV_EMPTY,
             "no whole sample: 1 of 4 bytes");
    open_bad(write_scratch("quake.bin", samples, 3), NULL, SV_EMPTY, "no whole sample");
    sv_open_options options = raw_options((sv_dtype){0, 0}, 5, SV_INTERLEAVED);
    open_bad(write_scratch("quake.bin", samples, 16), &options, SV_EMPTY,
             "for each channel: 16 of 20 bytes");
}
END_TEST

START_TEST(a_header_longer_than_the_file_leaves_nothing)
{
    float samples[4] = {0};
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    const char *path = write_scratch("quake.bin", samples, sizeof samples);
    int64_t skips[] = {16, 17, INT64_C(1) << 40, INT64_MAX};
    for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++) {
        options.skip_bytes = skips[i];
        options.layout = SV_INTERLEAVED;
        open_bad(path, &options, SV_EMPTY, "leaves no sample");
        options.layout = SV_PLANAR;
        open_bad(path, &options, SV_EMPTY, "leaves no sample");
    }
    options.skip_bytes = 14;
    open_bad(path, &options, SV_EMPTY, "2 of 4 bytes");
    options.skip_bytes = 0;
    close_good(open_good(path, &options));
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    float samples[4] = {0};
    const char *path = write_scratch("quake.bin", samples, sizeof samples);
    sv_layout layouts[] = {SV_INTERLEAVED, SV_PLANAR};
    for (int i = 0; i < 2; i++) {
        sv_open_options options = raw_options((sv_dtype){0, 0}, INT64_C(1) << 62, layouts[i]);
        open_bad(path, &options, SV_OVERFLOW, "do not fit");
        options.channels = INT64_MAX;
        open_bad(path, &options, SV_OVERFLOW, "do not fit");
        options.channels = INT64_C(1) << 61;
        open_bad(path, &options, SV_OVERFLOW, "do not fit");
        options.channels = INT64_C(1) << 60;
        open_bad(path, &options, SV_EMPTY, "16 of 4611686018427387904 bytes");
        options.skip_bytes = INT64_MAX;
        open_bad(path, &options, SV_EMPTY, "leaves no sample");
    }
}
END_TEST

START_TEST(a_sparse_giant_opens_at_once)
{
    const char *path = write_scratch("giant.bin", "", 0);
    ck_assert_int_eq(truncate(path, (off_t)1 << 36), 0);
    sv_recording *recording = open_good(path, NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_samples, INT64_C(1) << 34);
    ck_assert_double_eq(sample_at(&segment, 0, (INT64_C(1) << 34) - 1), 0.0);
    no_warning(recording);
    close_good(recording);
}
END_TEST

/* ---- byte order
 * ----------------------------------------------------------------------------------- */

enum { NUM_SAMPLES = 5000 };

static struct random random_numbers;

/* In [−1, 1). */
static double noise(void)
{
    return (double)(int64_t)random_bits(&random_numbers) * 0x1p-63;
}

static sv_dtype swapped(sv_dtype dtype)
{
    return sv_dtype_make((sv_type)dtype.type,
                         dtype.order == SV_LITTLE_ENDIAN ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN);
}

static bool is_float(sv_dtype dtype)
{
    return dtype.type == SV_F4 || dtype.type == SV_F8 || dtype.type == SV_IBM4;
}

typedef double (*sv_signal)(int i);

static double quake(int i)
{
    return 3000.0 * sin(i * 0.05) * exp(-i / 3000.0) + 40.0 * noise();
}

static double positive(int i)
{
    return 4000.0 + 1000.0 * sin(i * 0.03) + 5.0 * noise();
}

static double small_noise(int i)
{
    (void)i;
    return round(100.0 * noise());
}

static double tiny(int i)
{
    return 1e-9 * sin(i * 0.1) + 1e-10 * noise();
}

static double huge(int i)
{
    return 1e18 * (1.1 + sin(i * 0.1));
}

static double zero(int i)
{
    (void)i;
    return 0.0;
}

static double constant(int i)
{
    (void)i;
    return 77.0;
}

static double one_or_zero(int i)
{
    return i % 7 == 0;
}

static double full_scale(int i)
{
    (void)i;
    return 32000.0 * noise();
}

static double not_a_number(int i)
{
    (void)i;
    return NAN;
}

static double infinite(int i)
{
    return i % 2 == 0 ? INFINITY : -INFINITY;
}

static double denormal(int i)
{
    return 1e-40 * (i % 100);
}

/* Writes the signal as `stored`, opens it as `read_as`, and looks for the warning. */
static void look_for_alarm(sv_signal signal, sv_dtype stored, sv_dtype read_as, int num_samples,
                           int64_t channels, bool expected)
{
    static unsigned char bytes[NUM_SAMPLES * 8];
    size_t itemsize = sv_dtype_itemsize(stored);
    for (int i = 0; i < num_samples; i++) {
        double value = is_float(stored) ? signal(i) : nearbyint(signal(i));
        sv_scalar scalar = sv_scalar_float(value);
        ck_assert_int_eq(sv_dtype_store(stored, bytes + (size_t)i * itemsize, scalar), SV_OK);
    }
    sv_open_options options = raw_options(read_as, channels, SV_INTERLEAVED);
    const char *path = write_scratch("quake.bin", bytes, (size_t)num_samples * itemsize);
    sv_recording *recording = open_good(path, &options);
    char option[SV_DTYPE_TEXT_SIZE + 16], text[SV_DTYPE_TEXT_SIZE];
    snprintf(option, sizeof option, "--dtype '%s'", sv_dtype_text(stored, text));
    bool alarm = false;
    for (int i = 0; i < count_warnings(recording); i++) {
        alarm = alarm || strstr(sv_recording_warning(recording, i), option) != NULL;
    }
    ck_assert_msg(alarm == expected, "stored as %s, %d samples: %s", text, num_samples,
                  expected ? "no alarm" : "a false alarm");
    close_good(recording);
}

static void expect_alarm_for(sv_signal signal, const sv_type types[], size_t num_types)
{
    for (size_t i = 0; i < num_types; i++) {
        for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
            sv_dtype stored = sv_dtype_make(types[i], (sv_byte_order)order);
            look_for_alarm(signal, stored, swapped(stored), NUM_SAMPLES, 1, true);
            look_for_alarm(signal, stored, stored, NUM_SAMPLES, 1, false);
        }
    }
}

START_TEST(the_wrong_byte_order_is_seen)
{
    static const sv_type signed_types[] = {SV_F4, SV_F8, SV_IBM4, SV_I2, SV_I3, SV_I4, SV_I8};
    static const sv_type all_types[] = {SV_F4, SV_F8, SV_I2, SV_U2, SV_I3,  SV_U3,
                                        SV_I4, SV_U4, SV_I8, SV_U8, SV_IBM4};
    random_numbers = random_begin("wrong order");
    expect_alarm_for(quake, signed_types, sizeof signed_types / sizeof signed_types[0]);
    expect_alarm_for(small_noise, signed_types, sizeof signed_types / sizeof signed_types[0]);
    expect_alarm_for(positive, all_types, sizeof all_types / sizeof all_types[0]);
}
END_TEST

START_TEST(the_wrong_byte_order_of_many_channels_is_seen)
{
    sv_dtype stored = sv_dtype_make(SV_I4, SV_BIG_ENDIAN);
    random_numbers = random_begin("wrong order, many channels");
    look_for_alarm(quake, stored, swapped(stored), NUM_SAMPLES, 3, true);
    look_for_alarm(quake, stored, swapped(stored), NUM_SAMPLES, 500, true);
    look_for_alarm(quake, stored, swapped(stored), NUM_SAMPLES, NUM_SAMPLES, true);
    look_for_alarm(quake, stored, stored, NUM_SAMPLES, 500, false);
}
END_TEST

START_TEST(zeros_constants_noise_tiny_values_and_nan_raise_no_alarm)
{
    static const sv_signal anywhere[] = {zero, constant, one_or_zero};
    static const sv_signal of_floats[] = {tiny, huge, full_scale, not_a_number, infinite, denormal};
    random_numbers = random_begin("no false alarm");
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
            sv_dtype dtype = sv_dtype_make((sv_type)type, (sv_byte_order)order);
            for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++) {
                look_for_alarm(anywhere[i], dtype, dtype, NUM_SAMPLES, 1, false);
            }
            for (size_t i = 0; i < sizeof of_floats / sizeof of_floats[0]; i++) {
                if (type == SV_F4 || type == SV_F8) {
                    look_for_alarm(of_floats[i], dtype, dtype, NUM_SAMPLES, 1, false);
                }
            }
            look_for_alarm(constant, dtype, dtype, 1, 1, false);
        }
    }
}
END_TEST

/* Random bytes make as much sense in one order as in the other, in all types but float32 and
 * float64, whose readings are absurd in both. */
START_TEST(random_bytes_raise_no_alarm)
{
    struct random random = random_begin("random bytes");
    for (int repetition = 0; repetition < 20; repetition++) {
        uint64_t bytes[2000];
        for (int i = 0; i < 2000; i++) {
            bytes[i] = random_bits(&random);
        }
        const char *path = write_scratch("noise.bin", bytes, sizeof bytes - sizeof bytes % 24);
        for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
            sv_dtype dtype = sv_dtype_make((sv_type)type, SV_BIG_ENDIAN);
            sv_open_options options = raw_options(dtype, 0, SV_LAYOUT_NONE);
            sv_recording *recording = open_good(path, &options);
            const char *warning = sv_recording_warning(recording, 0);
            ck_assert_msg(warning == NULL || strstr(warning, "order") == NULL, "type %d: %s", type,
                          warning);
            close_good(recording);
        }
    }
}
END_TEST

/* Integers with nothing in their low bytes: 24 and 16 bits in 32, ramps of any step. */
START_TEST(integers_to_the_left_of_32_bits_raise_no_alarm)
{
    static int32_t samples[NUM_SAMPLES];
    random_numbers = random_begin("left-justified");
    for (int shift = 0; shift < 28; shift++) {
        for (int kind = 0; kind < 3; kind++) {
            for (int i = 0; i < NUM_SAMPLES; i++) {
                double value = kind == 0 ? quake(i) : kind == 1 ? 2000.0 * noise() : i;
                samples[i] = (int32_t)((uint32_t)(int32_t)value << shift);
            }
            sv_open_options options =
                raw_options(sv_dtype_make(SV_I4, SV_NATIVE_ENDIAN), 0, SV_LAYOUT_NONE);
            const char *path = write_scratch("quake.bin", samples, sizeof samples);
            sv_recording *recording = open_good(path, &options);
            ck_assert_msg(count_warnings(recording) == 0, "shift %d, kind %d", shift, kind);
            close_good(recording);
        }
    }
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    float samples[3] = {0};
    const char *path = write_scratch("quake.bin", samples, 11);
    sv_recording *recording = NULL;
    sv_status status = SV_NOMEM;
    for (long count = 0; status == SV_NOMEM; count++) {
        ck_assert_int_lt(count, 100);
        sv_memory_fail_after(count, false);
        status = sv_recording_open(path, NULL, &recording, NULL);
        sv_memory_fail_after(-1, false);
    }
    ck_assert_int_eq(status, SV_OK);
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        float32_of_one_channel_without_options,
        every_dtype_in_both_orders,
        interleaved_and_planar_behind_a_header,
        rate_and_start_are_as_given,
        left_over_bytes_are_a_warning,
        planar_samples_must_divide_by_the_channels,
        less_than_one_frame_is_empty,
        a_header_longer_than_the_file_leaves_nothing,
        sizes_that_overflow_are_refused,
        a_sparse_giant_opens_at_once,
        the_wrong_byte_order_is_seen,
        the_wrong_byte_order_of_many_channels_is_seen,
        zeros_constants_noise_tiny_values_and_nan_raise_no_alarm,
        random_bytes_raise_no_alarm,
        integers_to_the_left_of_32_bits_raise_no_alarm,
        every_allocation_may_fail,
    };
    return run_in_scratch("raw", tests, sizeof tests / sizeof tests[0]);
}
