/* Recordings: options, guessing the format, paths and pipes, files that change, closing. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "format/format.h"
#include "sac_file.h"
#include "scratch.h"

static const float four[] = {1.0F, 2.0F, 3.0F, 4.0F};

static const char *write_sac(const char *name)
{
    struct sac_file file = make_sac(SV_LITTLE_ENDIAN, 6, 20);
    return write_scratch(name, file.bytes, file.num_bytes);
}

static void expect_format(const char *path, const sv_open_options *options, const char *format)
{
    sv_recording *recording = open_good(path, options);
    ck_assert_str_eq(sv_recording_format(recording), format);
    close_good(recording);
}

/* ---- options and formats
 * -------------------------------------------------------------------------- */

START_TEST(options_that_make_no_sense_are_refused)
{
    const char *path = write_scratch("quake.bin", four, sizeof four);
    const double bad_rates[] = {-1.0, -1e-300, (double)INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof bad_rates / sizeof bad_rates[0]; i++) {
        sv_open_options options = SV_OPEN_OPTIONS_INIT;
        options.rate = bad_rates[i];
        open_bad(path, &options, SV_INVALID, "sample rate");
    }
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.channels = -1;
    open_bad(path, &options, SV_INVALID, "-1 channels");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.skip_bytes = -2;
    open_bad(path, &options, SV_INVALID, "-2 bytes");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.dtype.type = SV_NUM_TYPES;
    open_bad(path, &options, SV_INVALID, "dtype");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.dtype = (sv_dtype){SV_F4, 2};
    open_bad(path, &options, SV_INVALID, "dtype");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.layout = (sv_layout)9;
    open_bad(path, &options, SV_INVALID, "layout");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.format = "mp3";
    open_bad(path, &options, SV_INVALID, "there is no format 'mp3'; the formats are: raw ");
    options.format = "RAW";
    open_bad(path, &options, SV_INVALID, "there is no format");
}
END_TEST

static bool is_listed(const char *name)
{
    for (int i = 0; sv_format_name(i) != NULL; i++) {
        if (strcmp(sv_format_name(i), name) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(formats_are_listed)
{
    static const char *const names[] = {"raw", "sac", "segy", "su", "mseed", "npy", "sound"};
    int count = 0;
    for (; sv_format_name(count) != NULL; count++) {
        ck_assert_ptr_nonnull(sv_format_description(count));
        ck_assert_uint_gt(strlen(sv_format_description(count)), 10);
    }
    ck_assert_int_eq(count, (int)(sizeof names / sizeof names[0]));
    for (int i = 0; i < count; i++) {
        ck_assert_msg(is_listed(names[i]), "%s", names[i]);
    }
    ck_assert_ptr_null(sv_format_description(count));
    ck_assert_ptr_null(sv_format_name(-1));
    ck_assert_ptr_null(sv_format_description(-1));
}
END_TEST

START_TEST(content_tells_sac_whatever_the_suffix)
{
    static const char *const names[] = {"a.sac", "a.SAC", "a", "a.BHZ", "a.sac.old"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_format(write_sac(names[i]), NULL, "sac");
    }
}
END_TEST

START_TEST(a_raw_suffix_or_raw_option_beats_the_guess_of_sac)
{
    static const char *const names[] = {"a.bin", "a.raw",        "a.f32",
                                        "a.dat", "a.sigmf-data", "a.BIN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_format(write_sac(names[i]), NULL, "raw");
    }
    const char *path = write_sac("a.sac");
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.dtype = sv_dtype_make(SV_I2, SV_BIG_ENDIAN);
    expect_format(path, &options, "raw");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.channels = 1;
    expect_format(path, &options, "raw");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.layout = SV_INTERLEAVED;
    expect_format(path, &options, "raw");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.skip_bytes = 0;
    expect_format(path, &options, "raw");
    options = (sv_open_options)SV_OPEN_OPTIONS_INIT;
    options.rate = 5.0;
    options.start = 0;
    expect_format(path, &options, "sac");
    options.format = "raw";
    expect_format(path, &options, "raw");
    options.format = "sac";
    expect_format(write_sac("a.bin"), &options, "sac");
}
END_TEST

START_TEST(a_side_file_that_names_it_beats_the_guess_of_sac)
{
    static const char meta[] =
        "{\"global\": {\"core:datatype\": \"rf32_le\", \"core:dataset\": \"a.sac\"}}";
    const char *path = write_sac("a.sac");
    write_scratch("a.sigmf-meta", meta, sizeof meta - 1);
    expect_format(path, NULL, "raw");
    expect_format(write_sac("a.BHZ"), NULL, "sac");
    write_scratch("a.sigmf-meta", "{", 1);
    expect_format(path, NULL, "sac");
}
END_TEST

START_TEST(small_integers_are_not_taken_for_sac)
{
    int32_t samples[400];
    for (int i = 0; i < 400; i++) {
        samples[i] = i % 3;
    }
    samples[76] = 6;
    open_bad(write_scratch("counts", samples, sizeof samples), NULL, SV_FORMAT, "--dtype");
    samples[105] = 1;
    samples[106] = samples[107] = samples[108] = 0;
    samples[85] = 1;
    open_bad(write_scratch("counts", samples, sizeof samples), NULL, SV_FORMAT, "--dtype");
}
END_TEST

START_TEST(what_nothing_fits_says_what_to_do)
{
    const char *path = write_scratch("quake.xyz", four, sizeof four);
    open_bad(path, NULL, SV_FORMAT, "say --format raw or their type with --dtype");
    open_bad(write_scratch(".bin", four, sizeof four), NULL, SV_FORMAT, "--format raw");
    open_bad(write_scratch("not.sac", four, sizeof four), NULL, SV_TRUNCATED, "header is cut");
    open_bad(write_scratch("quake.xyz", four, 0), NULL, SV_EMPTY, "the file is empty");
}
END_TEST

/* ---- asking
 * --------------------------------------------------------------------------------------- */

START_TEST(indices_are_checked)
{
    sv_recording *recording = open_good(write_scratch("quake.bin", four, sizeof four), NULL);
    sv_segment segment;
    sv_channel channel;
    static const int64_t outside[] = {-1, 1, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(sv_recording_segment(recording, outside[i], &segment), SV_RANGE);
        ck_assert_int_eq(sv_recording_channel(recording, outside[i], 0, &channel), SV_RANGE);
        ck_assert_int_eq(sv_recording_channel(recording, 0, outside[i], &channel), SV_RANGE);
    }
    ck_assert_ptr_null(sv_recording_warning(recording, 0));
    ck_assert_ptr_null(sv_recording_warning(recording, -1));
    close_good(recording);
}
END_TEST

START_TEST(views_are_stale_after_closing)
{
    sv_recording *recording = open_good(write_scratch("quake.bin", four, sizeof four), NULL);
    sv_segment segment = segment_of(recording, 0);
    close_good(recording);
    ck_assert_int_eq(sv_view_check(&segment.samples), SV_STALE);
    ck_assert_int_eq(sv_recording_close(NULL), SV_OK);
}
END_TEST

START_TEST(a_pinned_recording_stays_open)
{
    sv_recording *recording = open_good(write_scratch("quake.bin", four, sizeof four), NULL);
    sv_buffer_pin(sv_recording_buffer(recording));
    ck_assert_int_eq(sv_recording_close(recording), SV_BUSY);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_double_eq(sample_at(&segment, 0, 3), 4.0);
    sv_buffer_unpin(sv_recording_buffer(recording));
    close_good(recording);
}
END_TEST

/* ---- paths
 * ---------------------------------------------------------------------------------------- */

START_TEST(what_cannot_be_opened_says_why)
{
    open_bad(scratch_path("gone.bin"), NULL, SV_IO, "No such file or directory");
    open_bad("", NULL, SV_IO, "No such file or directory");
    open_bad(scratch_directory, NULL, SV_IO, "Is a directory");
    open_bad("/dev/null", NULL, SV_IO, "neither a file nor a pipe");
    open_bad(scratch_path("quake.bin/"), NULL, SV_IO, "it cannot be opened");
    if (geteuid() != 0) {
        write_scratch("secret.bin", four, sizeof four);
        ck_assert_int_eq(chmod(scratch_path("secret.bin"), 0), 0);
        open_bad(scratch_path("secret.bin"), NULL, SV_IO, "Permission denied");
    }
    char longest[6000];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    open_bad(longest, NULL, SV_IO, "File name too long");
}
END_TEST

START_TEST(a_name_may_be_longest)
{
    char name[256];
    memset(name, 'a', 255);
    strcpy(name + 251, ".bin");
    expect_format(write_scratch(name, four, sizeof four), NULL, "raw");
}
END_TEST

/* ---- standard input
 * ------------------------------------------------------------------------------- */

/* Each test has its own process, so its standard input may be replaced. */
static void take_as_input(int fd)
{
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    if (fd != STDIN_FILENO) {
        close(fd);
    }
}

static void write_fully(int fd, const void *bytes, size_t num_bytes)
{
    for (size_t done = 0; done < num_bytes;) {
        ssize_t count = write(fd, (const char *)bytes + done, num_bytes - done);
        if (count < 0) {
            _exit(1);
        }
        done += (size_t)count;
    }
}

/* A child that writes in pieces of `piece_bytes`, with pauses, into what becomes standard input. */
static pid_t feed(const void *bytes, size_t num_bytes, size_t piece_bytes, useconds_t pause)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        for (size_t done = 0; done < num_bytes; done += piece_bytes) {
            size_t left = num_bytes - done;
            write_fully(ends[1], (const char *)bytes + done,
                        left < piece_bytes ? left : piece_bytes);
            usleep(pause);
        }
        _exit(0);
    }
    close(ends[1]);
    take_as_input(ends[0]);
    return child;
}

static void reap(pid_t child)
{
    int how;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

START_TEST(a_pipe_is_read_to_its_end)
{
    enum { NUM_SAMPLES = 500000 };
    float *samples = malloc(NUM_SAMPLES * sizeof *samples);
    for (int i = 0; i < NUM_SAMPLES; i++) {
        samples[i] = (float)i;
    }
    pid_t child = feed(samples, NUM_SAMPLES * sizeof *samples, 77777, 0);
    sv_recording *recording = open_good("-", NULL);
    reap(child);
    ck_assert_str_eq(sv_recording_path(recording), "-");
    ck_assert_str_eq(sv_recording_format(recording), "raw");
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_samples, NUM_SAMPLES);
    ck_assert_int_eq(memcmp(segment.samples.address, samples, NUM_SAMPLES * sizeof *samples), 0);
    ck_assert_int_eq(sv_recording_check(recording, NULL), SV_OK);
    close_good(recording);
    free(samples);
}
END_TEST

static volatile sig_atomic_t num_alarms;

static void count_alarm(int signal_number)
{
    (void)signal_number;
    num_alarms++;
}

START_TEST(interruptions_and_a_pipe_that_would_block_are_waited_for)
{
    struct sigaction action = {.sa_handler = count_alarm};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    pid_t child = feed(four, sizeof four, 4, 30000);
    ck_assert_int_eq(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    ualarm(5000, 5000);
    sv_recording *recording = open_good("-", NULL);
    ualarm(0, 0);
    ck_assert_int_gt(num_alarms, 0);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    close_good(recording);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}
END_TEST

START_TEST(a_pipe_of_sac_is_recognised)
{
    struct sac_file file = make_sac(SV_BIG_ENDIAN, 7, 20);
    reap(feed(file.bytes, file.num_bytes, file.num_bytes, 0));
    sv_recording *recording = open_good("-", NULL);
    ck_assert_str_eq(sv_recording_format(recording), "sac");
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 20);
    no_warning(recording);
    close_good(recording);
}
END_TEST

START_TEST(an_empty_pipe_is_empty)
{
    reap(feed("", 0, 1, 0));
    open_bad("-", NULL, SV_EMPTY, "empty");
}
END_TEST

START_TEST(a_redirected_file_is_mapped_from_where_it_stands)
{
    const char *path = write_scratch("quake.bin", four, sizeof four);
    take_as_input(open(path, O_RDONLY));
    sv_recording *recording = open_good("-", NULL);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    close_good(recording);

    ck_assert_int_eq(lseek(STDIN_FILENO, 8, SEEK_SET), 8);
    recording = open_good("-", NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert_int_eq(segment.num_samples, 2);
    ck_assert_double_eq(sample_at(&segment, 0, 0), 3.0);
    close_good(recording);
}
END_TEST

START_TEST(a_closed_or_strange_input_is_an_error)
{
    close(STDIN_FILENO);
    open_bad("-", NULL, SV_IO, "Bad file descriptor");
    take_as_input(open(scratch_directory, O_RDONLY));
    open_bad("-", NULL, SV_IO, "Is a directory");
    take_as_input(open(write_scratch("out", four, sizeof four), O_WRONLY));
    open_bad("-", NULL, SV_IO, "Permission denied");
}
END_TEST

START_TEST(a_named_pipe_is_read_too)
{
    const char *path = scratch_path("pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_WRONLY);
        write_fully(fd, four, sizeof four);
        _exit(0);
    }
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = "raw";
    sv_recording *recording = open_good(path, &options);
    reap(child);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    close_good(recording);
}
END_TEST

START_TEST(a_pipe_needs_a_directory_with_room)
{
    setenv("TMPDIR", scratch_path("gone"), 1);
    reap(feed(four, sizeof four, 16, 0));
    sv_error error;
    sv_recording *recording;
    ck_assert_int_eq(sv_recording_open("-", NULL, &recording, &error), SV_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "TMPDIR"));
    ck_assert_int_eq(error.system_error, ENOENT);

    /* A limit on sizes stands for a full disk. */
    setenv("TMPDIR", scratch_directory, 1);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {4096, 4096};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    char bytes[10000] = {0};
    reap(feed(bytes, sizeof bytes, sizeof bytes, 0));
    ck_assert_int_eq(sv_recording_open("-", NULL, &recording, &error), SV_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "let TMPDIR name a directory with room"));
    ck_assert_ptr_nonnull(strstr(error.message, scratch_directory));
    ck_assert_int_eq(error.system_error, EFBIG);

    setenv("TMPDIR", "", 1);
    reap(feed(four, sizeof four, 16, 0));
    close_good(open_good("-", NULL));
}
END_TEST

/* ---- files that change
 * ---------------------------------------------------------------------------- */

static void expect_check(const sv_recording *recording, sv_status status, const char *words)
{
    sv_error error = {.message = ""};
    ck_assert_int_eq(sv_recording_check(recording, &error), status);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(sv_recording_check(recording, NULL), status);
}

static void set_old_time(const char *path)
{
    struct timespec times[] = {{1000000, 0}, {1000000, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(a_file_that_changes_is_noticed)
{
    const char *path = write_scratch("quake.bin", four, sizeof four);
    sv_recording *recording = open_good(path, NULL);
    expect_check(recording, SV_OK, "");
    ck_assert_int_eq(truncate(path, 10), 0);
    expect_check(recording, SV_TRUNCATED, "ends at byte 10 now");
    ck_assert_int_eq(truncate(path, 16), 0);
    set_old_time(path);
    expect_check(recording, SV_BUSY, "was written to");
    close_good(recording);

    write_scratch("quake.bin", four, sizeof four);
    recording = open_good(path, NULL);
    ck_assert_int_eq(truncate(path, 20), 0);
    set_old_time(path);
    expect_check(recording, SV_BUSY, "was written to");
    close_good(recording);

    /* Replaced, it is another file: the one that is read is as it was, but for its ctime. */
    write_scratch("quake.bin", four, sizeof four);
    recording = open_good(path, NULL);
    write_scratch("new.bin", four, 4);
    ck_assert_int_eq(rename(scratch_path("new.bin"), scratch_path("quake.bin")), 0);
    ck_assert_int_ne(sv_recording_check(recording, NULL), SV_TRUNCATED);
    close_good(recording);
}
END_TEST

START_TEST(memory_does_not_change)
{
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_borrow_const(four, sizeof four, &buffer, NULL), SV_OK);
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    sv_source source = {"a.bin", "a.bin", NULL, &options};
    sv_recording *recording;
    ck_assert_int_eq(sv_recording_of_buffer(&source, buffer, NULL, &recording, NULL), SV_OK);
    ck_assert_int_eq(segment_of(recording, 0).num_samples, 4);
    expect_check(recording, SV_OK, "");
    close_good(recording);
}
END_TEST

START_TEST(every_allocation_of_a_pipe_may_fail)
{
    sv_status status = SV_NOMEM;
    sv_recording *recording = NULL;
    for (long count = 0; status == SV_NOMEM; count++) {
        ck_assert_int_lt(count, 100);
        reap(feed(four, sizeof four, 16, 0));
        sv_memory_fail_after(count, false);
        status = sv_recording_open("-", NULL, &recording, NULL);
        sv_memory_fail_after(-1, false);
    }
    ck_assert_int_eq(status, SV_OK);
    close_good(recording);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        options_that_make_no_sense_are_refused,
        formats_are_listed,
        content_tells_sac_whatever_the_suffix,
        a_raw_suffix_or_raw_option_beats_the_guess_of_sac,
        a_side_file_that_names_it_beats_the_guess_of_sac,
        small_integers_are_not_taken_for_sac,
        what_nothing_fits_says_what_to_do,
        indices_are_checked,
        views_are_stale_after_closing,
        a_pinned_recording_stays_open,
        what_cannot_be_opened_says_why,
        a_name_may_be_longest,
        a_pipe_is_read_to_its_end,
        interruptions_and_a_pipe_that_would_block_are_waited_for,
        a_pipe_of_sac_is_recognised,
        an_empty_pipe_is_empty,
        a_redirected_file_is_mapped_from_where_it_stands,
        a_closed_or_strange_input_is_an_error,
        a_named_pipe_is_read_too,
        a_pipe_needs_a_directory_with_room,
        a_file_that_changes_is_noticed,
        memory_does_not_change,
        every_allocation_of_a_pipe_may_fail,
    };
    return run_in_scratch("recording", tests, sizeof tests / sizeof tests[0]);
}
