/* Conversions: every format that is written is read back, alone and through every other; what does
 * not fit is told or refused. */
#include "convert_cases.h"

/* ---- round trips ---------------------------------------------------------------------------- */

/* What a target of ours does not say of itself. */
static sv_open_options told_of(const struct target *target)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    if (strcmp(target->suffix, "su") == 0) {
        options.format = "su"; /* which has no magic number */
    }
    if (!target->has_rate) {
        options.rate = 100.0;
    }
    return options;
}

/* What is told of nothing is stored exactly. */
static void round_trip(const struct target *target, bool may_round)
{
    sv_open_options options = source_options();
    sv_convert_options how = plain_options();
    sv_error error = {.message = ""};
    char to[64];
    snprintf(to, sizeof to, "%s", target_path(target, "made"));
    const char *from = write_source("source.raw");
    sv_status status = convert_path(from, &options, to, &how, &error);
    bool is_refused = status == SV_INVALID || status == SV_RANGE;
    if (may_round && is_refused) {
        ck_assert(!exists(to));
    } else {
        ck_assert_msg(status == SV_OK, "%s: %s", to, error.message);
        ck_assert_msg(may_round || !noted("rounded to"), "%s: %s", to, notes);
        sv_open_options reading = told_of(target);
        if (noted("SigMF cannot describe")) {
            reading = source_options();
        }
        sv_recording *recording = open_good(to, &reading);
        if (!noted("rounded to")) {
            compare_all(recording);
        }
        close_good(recording);
        ck_assert_int_eq(unlink(to), 0);
        unlink(path_of("made.sigmf-meta"));
    }
    remove_file("source.raw");
    count_scratch(0);
}

static bool is_whole_type(sv_type type)
{
    return type != SV_F4 && type != SV_F8 && type != SV_IBM4;
}

/* Whether the format has a type for all values of `type`, from what its standard says. */
static bool is_exact(const struct target *target, sv_type type)
{
    size_t itemsize = sv_dtype_itemsize(sv_dtype_make(type, SV_NATIVE_ENDIAN));
    const char *suffix = target->suffix;
    if (strcmp(suffix, "bin") == 0 || strcmp(suffix, "npy") == 0 || strcmp(suffix, "segy") == 0) {
        return true;
    }
    if (strcmp(suffix, "sac") == 0 || strcmp(suffix, "su") == 0) {
        return type == SV_F4 || (is_whole_type(type) && itemsize <= 3);
    }
    if (strcmp(suffix, "flac") == 0) {
        return is_whole_type(type) && itemsize <= 3 && type != SV_U3;
    }
    return type != SV_I8 && type != SV_U8;
}

START_TEST(every_type_survives_every_format_that_holds_it)
{
    struct random random = random_begin("every type");
    const struct target *target = &targets[_i];
    for (int type = SV_TYPE_NONE + 1; type < SV_NUM_TYPES; type++) {
        int64_t channels = target->holding == CHANNEL ? 1 : 1 + (int64_t)random_below(&random, 4);
        int64_t samples = 1 + (int64_t)random_below(&random, 3000);
        sv_byte_order order = random_bits(&random) & 1 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN;
        fill_source(&random, (sv_type)type, order, channels, samples);
        round_trip(target, !is_exact(target, (sv_type)type));
    }
}

START_TEST(counts_survive_every_format_in_every_type)
{
    static const sv_type types[] = {SV_I1, SV_I2, SV_I3, SV_I4, SV_I8, SV_F4, SV_F8, SV_IBM4};
    struct random random = random_begin("counts");
    const struct target *target = &targets[_i];
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool is_narrow = types[i] == SV_I1;
        fill_counts(&random, types[i], target->holding == CHANNEL ? 1 : 3, 777,
                    is_narrow ? 256 : 65536);
        bool may_refuse = strcmp(target->suffix, "flac") == 0;
        round_trip(target, may_refuse);
        if (!may_refuse) {
            ck_assert(!noted("rounded to"));
        }
    }
}

/* One of which SigMF speaks, and the only one of FLAC that holds the counts. */
static const char *encoding_for(const struct target *target)
{
    bool is_raw = strcmp(target->suffix, "bin") == 0;
    if (!target->has_floats) {
        return "i3";
    }
    return !is_raw ? NULL : source.dtype.type == SV_F4 ? "f4" : "i4";
}

/* A to B and back to raw, for all A and B: the samples are those of the source. */
static void pass_through(const struct target *a, const struct target *b)
{
    static const struct target raw = {"bin", SEGMENT, true, true, true};
    sv_convert_options how = plain_options();
    const char *first = target_path(a, "first"), *second = target_path(b, "second");
    const char *last = target_path(&raw, "last");
    sv_open_options options = source_options();
    how.encoding = encoding_for(a);
    convert_good(write_source("source.raw"), &options, first, &how);
    options = told_of(a);
    how.encoding = encoding_for(b);
    convert_good(first, &options, second, &how);
    options = told_of(b);
    how.encoding = encoding_for(&raw);
    convert_good(second, &options, last, &how);
    ck_assert_msg(!noted("rounded to"), "%s, %s: %s", first, second, notes);
    sv_recording *recording = open_good(last, NULL);
    sv_segment segment = segment_of(recording, 0);
    compare_all(recording);
    if (a->has_start && b->has_start) {
        ck_assert_int_eq(segment.start, time_of(START));
    }
    ck_assert_double_eq(segment.sample_rate, 100.0);
    close_good(recording);
    const char *names[] = {first, second, last, path_of("source.raw")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(unlink(names[i]), 0);
    }
    unlink(path_of("first.sigmf-meta"));
    unlink(path_of("second.sigmf-meta"));
    unlink(path_of("last.sigmf-meta"));
    count_scratch(0);
}

START_TEST(all_pairs_of_formats_pass_samples_and_clock_on)
{
    static const sv_type types[] = {SV_I2, SV_I3, SV_F4};
    struct random random = random_begin("pairs");
    for (size_t type = 0; type < sizeof types / sizeof types[0]; type++) {
        for (int other = 0; other < NUM_TARGETS; other++) {
            fill_counts(&random, types[type], 1, 1200, 60000);
            pass_through(&targets[_i], &targets[other]);
        }
    }
}

/* Larger than a tile, so that its seams are seen; planar and interleaved. */
START_TEST(long_recordings_are_the_same_over_the_seams_of_tiles)
{
    enum { NUM_FRAMES = 900001, NUM_CHANNELS = 3 };
    static const char *const suffixes[] = {"bin", "npy", "segy", "mseed", "wav"};
    float *samples = malloc(sizeof(float) * NUM_FRAMES * NUM_CHANNELS);
    ck_assert_ptr_nonnull(samples);
    for (int i = 0; i < NUM_FRAMES * NUM_CHANNELS; i++) {
        samples[i] = (float)i;
    }
    const char *from = write_file("long.raw", samples, sizeof(float) * NUM_FRAMES * NUM_CHANNELS);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = NUM_CHANNELS;
    options.layout = _i % 2 == 0 ? SV_INTERLEAVED : SV_PLANAR;
    char to[64];
    snprintf(to, sizeof to, "%s.%s", path_of("long"), suffixes[_i / 2]);
    sv_convert_options how = plain_options();
    how.replace = true;
    convert_good(from, &options, to, &how);
    sv_recording *made = open_good(to, NULL);
    int64_t row = 0;
    for (int64_t i = 0; i < sv_recording_num_segments(made); i++) {
        sv_reader *reader;
        sv_view view;
        sv_segment segment;
        ck_assert_int_eq(sv_recording_segment(made, i, &segment), SV_OK);
        ck_assert_int_eq(segment.num_samples, NUM_FRAMES);
        ck_assert_int_eq(sv_reader_open(made, i, &reader, NULL), SV_OK);
        for (int64_t done = 0; done < NUM_FRAMES; done += view.shape[1]) {
            ck_assert_int_eq(sv_reader_read(reader, done, NUM_FRAMES - done, &view, NULL), SV_OK);
            for (int64_t r = 0; r < segment.num_channels; r++) {
                for (int64_t j = 0; j < view.shape[1]; j++) {
                    int64_t at = done + j, of = row + r;
                    int64_t expected =
                        options.layout == SV_PLANAR ? of * NUM_FRAMES + at : at * NUM_CHANNELS + of;
                    require(sv_dtype_load(view.dtype,
                                          view.address + r * view.strides[0] + j * view.strides[1])
                                    .value.f == (double)expected,
                            "a sample over a seam");
                }
            }
        }
        sv_reader_close(reader);
        row += segment.num_channels;
    }
    ck_assert_int_eq(row, NUM_CHANNELS);
    close_good(made);
    free(samples);
}

/* More rows than are in work at once. */
START_TEST(thousands_of_channels_go_into_frames_and_traces)
{
    static const char *const suffixes[] = {"bin", "npy", "segy", "su"};
    struct random random = random_begin("channels");
    fill_source(&random, SV_F4, SV_LITTLE_ENDIAN, 2600, 11);
    sv_open_options options = source_options();
    const char *from = write_source("wide.raw");
    char to[64];
    snprintf(to, sizeof to, "%s.%s", path_of("made"), suffixes[_i]);
    sv_convert_options how = plain_options();
    convert_good(from, &options, to, &how);
    sv_recording *recording = open_good(to, NULL);
    compare_all(recording);
    close_good(recording);
}

START_TEST(the_same_input_gives_the_same_bytes_without_a_time_stamp)
{
    struct random random = random_begin("bytes");
    static char first[1 << 20], second[1 << 20];
    sv_convert_options how = plain_options();
    how.replace = true;
    how.encoding = targets[_i].has_floats ? NULL : "i3";
    fill_counts(&random, targets[_i].has_floats ? SV_F4 : SV_I3, 1, 5000, 100000);
    sv_open_options options = source_options();
    const char *from = write_source("source.raw");
    const char *to = target_path(&targets[_i], "made");
    size_t num_first = 0, num_second = 0;
    for (int i = 0; i < 2; i++) {
        convert_good(from, &options, to, &how);
        FILE *file = fopen(to, "rb");
        ck_assert_ptr_nonnull(file);
        *(i == 0 ? &num_first : &num_second) =
            fread(i == 0 ? first : second, 1, sizeof first, file);
        fclose(file);
    }
    ck_assert_uint_gt(num_first, 0);
    ck_assert_uint_lt(num_first, sizeof first);
    ck_assert_uint_eq(num_first, num_second);
    ck_assert_mem_eq(first, second, num_first);
    ck_assert_ptr_null(memmem(first, num_first, "PEAK", 4));
}

/* ---- clocks, ids, units --------------------------------------------------------------------- */

static const double rates[] = {100.0,  60.0,  120.0,           1.0,   0.1,     250.0,
                               1000.0, 99.7,  1.0 / 3.0,       31.25, 18.2,    40.00000001,
                               1e6,    125.5, 0.0333333333333, 6.25,  2.5e-05, 99.99999999};

static double rate_through(const char *name, double rate)
{
    sv_convert_options how = plain_options();
    how.replace = true;
    sv_open_options options = source_options();
    options.rate = rate;
    convert_good(write_source("source.raw"), &options, path_of(name), &how);
    sv_recording *recording = open_good(path_of(name), NULL);
    double read = segment_of(recording, 0).sample_rate;
    close_good(recording);
    return read;
}

START_TEST(sample_rates_survive_where_there_is_room_for_them)
{
    static const char *const names[] = {"made.sac", "made.segy", "made.bin"};
    struct random random = random_begin("rates");
    fill_counts(&random, SV_F4, 1, 10, 100);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double read = rate_through(names[_i], rates[i]);
        /* Not every float64 is one over another. */
        ck_assert_msg(fabs(read / rates[i] - 1.0) <= 0x1p-52 &&
                          (read == rates[i] || rates[i] != round(rates[i])),
                      "%s: %.17g became %.17g", names[_i], rates[i], read);
    }
}

START_TEST(a_rate_that_miniseed_rounds_is_told)
{
    struct random random = random_begin("rates");
    fill_counts(&random, SV_F4, 1, 10, 100);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double read = rate_through("made.mseed", rates[i]);
        bool is_told = noted("rounded to float32");
        ck_assert_msg(is_told || read == rates[i], "%.17g became %.17g", rates[i], read);
        ck_assert_msg(fabs(read / rates[i] - 1.0) < 1e-6, "%.17g became %.17g", rates[i], read);
    }
    ck_assert(rate_through("made.mseed", 100.0) == 100.0 && !noted("Hz"));
}

START_TEST(sac_needs_version_7_only_where_float32_is_not_enough)
{
    struct random random = random_begin("version");
    fill_counts(&random, SV_F4, 1, 10, 100);
    rate_through("made.sac", 100.0);
    ck_assert(!noted("version 7"));
    rate_through("made.sac", 60.0);
    ck_assert(!noted("version 7"));
    rate_through("made.sac", 40.00000001);
    ck_assert(noted("version 7"));
}

static sv_time start_through(const char *name, const char *start, int64_t *delay_ns)
{
    sv_channel channel;
    sv_convert_options how = plain_options();
    how.replace = true;
    sv_open_options options = source_options();
    options.start = time_of(start);
    convert_good(write_source("source.raw"), &options, path_of(name), &how);
    sv_recording *recording = open_good(path_of(name), NULL);
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    *delay_ns = channel.delay_ns;
    close_good(recording);
    return channel.start;
}

static const char *const starts[] = {"1970-01-01T00:00:00Z",     "1969-12-31T23:59:59.999999Z",
                                     "2000-02-29T23:59:59.5Z",   "2026-12-31T23:59:59.123456789Z",
                                     "1999-12-31T00:00:00.001Z", "2024-12-31T12:00:00.000001Z",
                                     "1901-01-01T00:00:00.25Z"};

START_TEST(starts_survive_as_far_as_there_is_room)
{
    struct random random = random_begin("starts");
    fill_counts(&random, SV_F4, 1, 10, 100);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        int64_t delay_ns;
        sv_time start = time_of(starts[i]);
        ck_assert_int_eq(start_through("made.bin", starts[i], &delay_ns), start);
        ck_assert_int_eq(start_through("made.sac", starts[i], &delay_ns), start);
        sv_time read = start_through("made.mseed", starts[i], &delay_ns);
        ck_assert_int_le(llabs(read - start), 500);
        ck_assert(read == start || noted("microseconds"));
        read = start_through("made.segy", starts[i], &delay_ns);
        ck_assert_int_le(llabs(read + delay_ns - start), 50000);
        ck_assert(read + delay_ns == start || noted("lost"));
        read = start_through("made.su", starts[i], &delay_ns);
        ck_assert_int_le(llabs(read + delay_ns - start), 500000);
        ck_assert(read + delay_ns == start || noted("lost"));
    }
}

/* A SAC file with an id and a unit. */
static const char *write_named(const char *name, const char *id[4], int32_t idep)
{
    static unsigned char bytes[632 + 40];
    static const int places[] = {608, 440, 464, 600};
    sv_dtype f4 = sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN),
             i4 = sv_dtype_make(SV_I4, SV_LITTLE_ENDIAN);
    for (int word = 0; word < 110; word++) {
        sv_dtype_store(word < 70 ? f4 : i4, bytes + 4 * word,
                       word < 70 ? sv_scalar_float(-12345.0) : sv_scalar_int(-12345));
    }
    memset(bytes + 440, ' ', 192);
    for (int i = 0; i < 4; i++) {
        memcpy(bytes + places[i], id[i], strlen(id[i]));
    }
    sv_dtype_store(f4, bytes, sv_scalar_float((double)0.01F));
    const int64_t words[][2] = {{70, 2026}, {71, 31}, {72, 12}, {73, 0},    {74, 1}, {75, 500},
                                {76, 6},    {79, 10}, {85, 1},  {86, idep}, {105, 1}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        sv_dtype_store(i4, bytes + 4 * words[i][0], sv_scalar_int(words[i][1]));
    }
    for (int i = 0; i < 10; i++) {
        sv_dtype_store(f4, bytes + 632 + 4 * i, sv_scalar_float((double)i));
    }
    return write_file(name, bytes, sizeof bytes);
}

static sv_channel channel_through(const char *from, const char *name)
{
    sv_channel channel;
    sv_convert_options how = plain_options();
    how.replace = true;
    convert_good(from, NULL, path_of(name), &how);
    sv_recording *recording = open_good(path_of(name), NULL);
    ck_assert_int_eq(sv_recording_channel(recording, 0, 0, &channel), SV_OK);
    close_good(recording);
    return channel;
}

START_TEST(ids_and_units_go_where_there_is_room)
{
    const char *id[] = {"IU", "ANMO", "00", "BHZ"};
    const char *from = write_named("named.sac", id, 7);
    sv_channel channel = channel_through(from, "made.sac");
    ck_assert_str_eq(channel.id, "IU.ANMO.00.BHZ");
    ck_assert_str_eq(channel.unit, "nm/s");
    ck_assert_str_eq(notes, "");
    channel = channel_through(from, "made.mseed");
    ck_assert_str_eq(channel.id, "IU.ANMO.00.BHZ");
    ck_assert(noted("units: nm/s is lost") && !noted("ids"));
    ck_assert_int_eq(channel.start, time_of("2026-01-31T12:00:01.5Z"));
    channel_through(from, "made.segy");
    ck_assert(noted("IU.ANMO.00.BHZ is lost") && noted("unit nm/s"));
    channel_through(from, "made.npy");
    ck_assert(noted("IU.ANMO.00.BHZ is lost") && noted("units: nm/s") && noted("100 Hz"));
    channel_through(from, "made.wav");
    ck_assert(noted("IU.ANMO.00.BHZ is lost") && noted("units: nm/s") && noted("time"));
    channel = channel_through(write_named("volts.sac", id, 50), "made.segy");
    ck_assert_str_eq(channel.unit, "V");
    ck_assert(!noted("unit"));
}

START_TEST(ids_that_are_too_long_are_cut_and_told)
{
    const char *id[] = {"NETWORK", "STATION", "LOC", "CHAN"};
    const char *from = write_named("named.sac", id, 5);
    sv_channel channel = channel_through(from, "made.mseed");
    ck_assert_str_eq(channel.id, "NE.STATI.LO.CHA");
    ck_assert(noted("NETWORK.STATION.LOC.CHAN is cut to NE.STATI.LO.CHA"));
    channel = channel_through(from, "made.sac");
    ck_assert_str_eq(channel.id, "NETWORK.STATION.LOC.CHAN");
    ck_assert_str_eq(notes, "");
}

START_TEST(channels_without_ids_are_told_apart_in_miniseed)
{
    struct random random = random_begin("ids");
    fill_counts(&random, SV_I4, 3, 100, 100);
    sv_open_options options = source_options();
    sv_convert_options how = plain_options();
    convert_good(write_source("source.raw"), &options, path_of("made.mseed"), &how);
    ck_assert(noted("named by their numbers"));
    sv_recording *recording = open_good(path_of("made.mseed"), NULL);
    for (int i = 0; i < 3; i++) {
        char id[16];
        sv_channel channel;
        snprintf(id, sizeof id, "...%03d", i);
        ck_assert_int_eq(sv_recording_channel(recording, i, 0, &channel), SV_OK);
        ck_assert_str_eq(channel.id, id);
    }
    ck_assert_int_eq(sv_recording_num_gaps(recording), 0);
    close_good(recording);
}

/* ---- figures of headers --------------------------------------------------------------------- */

static double number_at(const char *path, long offset, sv_type type, sv_byte_order order)
{
    unsigned char bytes[8];
    sv_dtype dtype = sv_dtype_make(type, order);
    read_bytes(path, offset, bytes, sv_dtype_itemsize(dtype));
    return sv_scalar_as_f8(sv_dtype_load(dtype, bytes));
}

START_TEST(sac_states_the_extremes_and_the_mean_of_what_is_written)
{
    static const float samples[] = {3.0F, -7.5F, (float)NAN, 12.0F, 0.25F, (float)INFINITY};
    sv_convert_options how = plain_options();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.rate = 50.0;
    const char *to = path_of("made.sac");
    convert_good(write_file("source.raw", samples, sizeof samples), &options, to, &how);
    ck_assert_double_eq(number_at(to, 4, SV_F4, SV_LITTLE_ENDIAN), -7.5);
    ck_assert_double_eq(number_at(to, 8, SV_F4, SV_LITTLE_ENDIAN), 12.0);
    ck_assert_double_eq(number_at(to, 56 * 4, SV_F4, SV_LITTLE_ENDIAN), 7.75 / 4.0);
    ck_assert_double_eq(number_at(to, 79 * 4, SV_I4, SV_LITTLE_ENDIAN), 6.0);
    ck_assert_double_eq(number_at(to, 6 * 4, SV_F4, SV_LITTLE_ENDIAN), (double)0.1F);
    ck_assert_double_eq(number_at(to, 70 * 4, SV_I4, SV_LITTLE_ENDIAN), -12345.0);
}

START_TEST(segy_is_revision_1_wherever_that_is_enough)
{
    struct random random = random_begin("revision");
    const char *to = path_of("made.segy");
    fill_counts(&random, SV_F4, 2, 1000, 100);
    rate_through("made.segy", 100.0);
    unsigned char text[3];
    read_bytes(to, 0, text, sizeof text);
    ck_assert_mem_eq(text, "\xc3\x40\xf1", 3); /* "C 1" */
    ck_assert_double_eq(number_at(to, 3500, SV_U1, SV_BIG_ENDIAN), 1.0);
    ck_assert_double_eq(number_at(to, 3216, SV_I2, SV_BIG_ENDIAN), 10000.0);
    ck_assert_double_eq(number_at(to, 3220, SV_I2, SV_BIG_ENDIAN), 1000.0);
    ck_assert_double_eq(number_at(to, 3224, SV_I2, SV_BIG_ENDIAN), 5.0);
    ck_assert_double_eq(number_at(to, 3600 + 114, SV_I2, SV_BIG_ENDIAN), 1000.0);
    ck_assert_double_eq(number_at(to, 3600 + 4240 + 4, SV_I4, SV_BIG_ENDIAN), 2.0);
    rate_through("made.segy", 60.0);
    ck_assert_double_eq(number_at(to, 3500, SV_U1, SV_BIG_ENDIAN), 2.0);
    ck_assert_double_eq(number_at(to, 3272, SV_F8, SV_BIG_ENDIAN), 1e6 / 60.0);
    fill_counts(&random, SV_I3, 1, 40000, 100);
    rate_through("made.segy", 100.0);
    ck_assert_double_eq(number_at(to, 3500, SV_U1, SV_BIG_ENDIAN), 2.0);
    ck_assert_double_eq(number_at(to, 3268, SV_U4, SV_BIG_ENDIAN), 40000.0);
}

START_TEST(what_su_cannot_count_is_refused)
{
    struct random random = random_begin("su");
    sv_convert_options how = plain_options();
    fill_counts(&random, SV_I1, 1, 65536, 100);
    sv_open_options options = source_options();
    convert_bad(write_source("source.raw"), &options, path_of("made.su"), &how, SV_RANGE,
                "65535 samples");
    options.rate = 10.0;
    options.channels = 2;
    convert_bad(path_of("source.raw"), &options, path_of("made.su"), &how, SV_RANGE, "10 Hz");
    count_scratch(1);
}

/* ---- what does not fit ---------------------------------------------------------------------- */

static void convert_doubles(const double *samples, size_t count, const char *name,
                            const char *encoding, sv_status status, const char *words)
{
    sv_convert_options how = plain_options();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_F8, SV_NATIVE_ENDIAN);
    how.encoding = encoding;
    how.replace = true;
    const char *from = write_file("source.raw", samples, count * sizeof *samples);
    if (status != SV_OK) {
        convert_bad(from, &options, path_of(name), &how, status, words);
        ck_assert(!exists(path_of(name)));
        return;
    }
    convert_good(from, &options, path_of(name), &how);
}

START_TEST(a_sample_that_does_not_fit_is_named)
{
    static const double large[] = {1.0, 2.0, 32768.0, -1e300};
    static const double nans[] = {1.0, NAN};
    convert_doubles(large, 4, "made.npy", "i2", SV_RANGE, "sample 2 of channel 0 is 32768");
    convert_doubles(large, 4, "made.sac", NULL, SV_RANGE, "sample 3 of channel 0 is -1");
    convert_doubles(large, 4, "made.segy", "ibm4", SV_RANGE, "sample 3 of channel 0");
    convert_doubles(large, 4, "made.npy", "u8", SV_RANGE, "sample 3 of channel 0");
    convert_doubles(nans, 2, "made.npy", "i4", SV_RANGE, "sample 1 of channel 0 is nan");
    convert_doubles(nans, 2, "made.npy", "i8", SV_RANGE, "sample 1 of channel 0 is nan");
    convert_doubles(nans, 2, "made.segy", "ibm4", SV_RANGE, "sample 1 of channel 0 is nan");
    convert_doubles(nans, 2, "made.npy", "f4", SV_OK, NULL);
    ck_assert(!noted("rounded"));
}

START_TEST(rounding_is_to_nearest_even_and_told)
{
    static const double halves[] = {0.5, 1.5, 2.5, -0.5, -1.5, 3.0, 0.1};
    static const double expected[] = {0.0, 2.0, 2.0, 0.0, -2.0, 3.0, 0.0};
    static const char *const encodings[] = {"i1", "i2", "i3", "i4", "i8"};
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++) {
        convert_doubles(halves, 7, "made.segy", encodings[e], SV_OK, NULL);
        ck_assert_msg(noted("6 of its samples"), "%s", notes);
        ck_assert(noted("first sample 0 of channel 0"));
        sv_recording *recording = open_good(path_of("made.segy"), NULL);
        sv_segment segment = segment_of(recording, 0);
        for (int64_t i = 0; i < 7; i++) {
            ck_assert_double_eq(sample_at(&segment, 0, i), expected[i]);
        }
        close_good(recording);
    }
    convert_doubles(halves, 6, "made.sac", NULL, SV_OK, NULL);
    ck_assert_str_eq(strstr(notes, "rounded") == NULL ? "" : notes, "");
    convert_doubles(halves, 7, "made.sac", NULL, SV_OK, NULL);
    ck_assert(noted("1 of its samples (<f8) is rounded to f4, first sample 6 of channel 0"));
}

START_TEST(what_is_no_encoding_of_the_format_is_refused)
{
    static const double samples[] = {1.0};
    static const char *const names[] = {"made.bin",   "made.npy", "made.sac", "made.segy",
                                        "made.mseed", "made.wav", "made.flac"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        convert_doubles(samples, 1, names[i], "f16", SV_INVALID, "f16");
    }
    convert_doubles(samples, 1, "made.npy", "ibm4", SV_INVALID, "ibm4");
    convert_doubles(samples, 1, "made.flac", NULL, SV_INVALID, "--encoding i3");
}

START_TEST(differences_too_large_for_steim_become_plain_integers)
{
    static const char *const encodings[] = {NULL, "steim1", "i4"};
    struct random random = random_begin("steim");
    sv_open_options options;
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++) {
        sv_convert_options how = plain_options();
        fill_counts(&random, SV_I4, 1, 30000, 1000);
        for (int64_t i = 9000; i < 9100; i++) {
            sv_dtype_store(source.dtype, source.bytes + 4 * i,
                           sv_scalar_int(i % 2 == 0 ? INT32_MIN : INT32_MAX));
        }
        sv_dtype_store(source.dtype, source.bytes + 4 * 29999, sv_scalar_int(INT32_MAX));
        options = source_options();
        how.encoding = encodings[e];
        how.replace = true;
        convert_good(write_source("source.raw"), &options, path_of("made.mseed"), &how);
        ck_assert_int_eq(noted("plain int32"), encodings[e] == NULL || e == 1);
        sv_recording *recording = open_good(path_of("made.mseed"), NULL);
        ck_assert_int_eq(sv_recording_num_segments(recording), 1);
        compare_all(recording);
        close_good(recording);
    }
}

START_TEST(pcm_is_stored_as_the_integers_are)
{
    static const int8_t small[] = {-128, -1, 0, 1, 127};
    unsigned char bytes[5];
    sv_convert_options how = plain_options();
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_U1, SV_NATIVE_ENDIAN);
    const char *from = write_file("source.raw", small, sizeof small);
    convert_good(from, &options, path_of("made.wav"), &how);
    sv_recording *recording = open_good(path_of("made.wav"), NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.samples.dtype.type, SV_U1);
    read_bytes(path_of("made.wav"), segment.data_offset, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, small, sizeof bytes);
    close_good(recording);
    options.dtype = sv_dtype_make(SV_I1, SV_NATIVE_ENDIAN);
    convert_good(from, &options, path_of("made.aiff"), &how);
    recording = open_good(path_of("made.aiff"), NULL);
    segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.samples.dtype.type, SV_I1);
    ck_assert_double_eq(sample_at(&segment, 0, 0), -128.0);
    close_good(recording);
}

/* ---- the list ------------------------------------------------------------------------------- */

START_TEST(the_writers_are_listed)
{
    int count = 0;
    while (sv_writer_name(count) != NULL) {
        ck_assert_ptr_nonnull(sv_writer_description(count));
        ck_assert_str_ne(sv_writer_description(count), "");
        count++;
    }
    ck_assert_int_eq(count, 7);
    ck_assert_ptr_null(sv_writer_description(count));
    ck_assert_ptr_null(sv_writer_name(-1));
}

int main(void)
{
    const struct convert_test tests[] = {
        {every_type_survives_every_format_that_holds_it, NUM_TARGETS},
        {counts_survive_every_format_in_every_type, NUM_TARGETS},
        {all_pairs_of_formats_pass_samples_and_clock_on, NUM_TARGETS},
        {long_recordings_are_the_same_over_the_seams_of_tiles, 10},
        {thousands_of_channels_go_into_frames_and_traces, 4},
        {the_same_input_gives_the_same_bytes_without_a_time_stamp, NUM_TARGETS},
        {sample_rates_survive_where_there_is_room_for_them, 3},
        {a_rate_that_miniseed_rounds_is_told, 1},
        {sac_needs_version_7_only_where_float32_is_not_enough, 1},
        {starts_survive_as_far_as_there_is_room, 1},
        {ids_and_units_go_where_there_is_room, 1},
        {ids_that_are_too_long_are_cut_and_told, 1},
        {channels_without_ids_are_told_apart_in_miniseed, 1},
        {sac_states_the_extremes_and_the_mean_of_what_is_written, 1},
        {segy_is_revision_1_wherever_that_is_enough, 1},
        {what_su_cannot_count_is_refused, 1},
        {a_sample_that_does_not_fit_is_named, 1},
        {rounding_is_to_nearest_even_and_told, 1},
        {what_is_no_encoding_of_the_format_is_refused, 1},
        {differences_too_large_for_steim_become_plain_integers, 1},
        {pcm_is_stored_as_the_integers_are, 1},
        {the_writers_are_listed, 1},
    };
    return run_convert_tests("convert", tests, sizeof tests / sizeof tests[0]);
}
