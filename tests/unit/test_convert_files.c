/* Conversions: what is cut out of a recording, which files it goes into, and that a conversion that
 * fails leaves nothing behind. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "convert_cases.h"
#include "seisview/guard.h"

/* ---- windows, channels, segments ------------------------------------------------------------ */

START_TEST(windows_and_channels_cut)
{
    struct random random = random_begin("window");
    fill_source(&random, SV_I2, SV_LITTLE_ENDIAN, 3, 500);
    sv_open_options options = source_options();
    sv_convert_options how = plain_options();
    sv_window window = {{SV_POSITION_SAMPLE, 100}, {SV_POSITION_SAMPLE, 350}};
    how.window = &window;
    how.channels = "0,2";
    how.replace = true;
    const char *from = write_source("source.raw");
    static const char *const names[] = {"made.bin", "made.npy", "made.segy", "made.wav"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        convert_good(from, &options, path_of(names[i]), &how);
        sv_recording *recording = open_good(path_of(names[i]), NULL);
        sv_segment segment = segment_of(recording, 0);
        ck_assert_int_eq(segment.num_channels, 2);
        ck_assert_int_eq(segment.num_samples, 250);
        for (int64_t j = 0; j < 250; j++) {
            for (int64_t row = 0; row < 2; row++) {
                require(sample_at(&segment, row, j) == sv_scalar_as_f8(source_at(2 * row, 100 + j)),
                        names[i]);
            }
        }
        if (i == 0 || i == 2) {
            ck_assert_int_eq(segment.start, time_of("2026-01-31T12:34:57Z"));
        }
        close_good(recording);
    }
    window.from.value = 500;
    convert_bad(from, &options, path_of("none.npy"), &how, SV_WINDOW, "holds no sample");
    how.window = NULL;
    how.channels = "7";
    convert_bad(from, &options, path_of("none.npy"), &how, SV_WINDOW, "channels");
    how.channels = "x[";
    convert_bad(from, &options, path_of("none.npy"), &how, SV_INVALID, "x[");
}

/* Two segments of one channel, of different lengths. */
static const char *write_segments(const char *name, bool alike)
{
    struct random random = random_begin("segments");
    fill_counts(&random, SV_I4, 1, 500, 1000);
    write_source("segments.raw");
    char meta[512];
    snprintf(meta, sizeof meta,
             "{\"global\": {\"core:datatype\": \"ri32_le\", \"core:dataset\": \"segments.raw\","
             " \"core:sample_rate\": 100}, \"captures\": ["
             "{\"core:sample_start\": 0, \"core:datetime\": \"2026-01-01T00:00:00Z\"},"
             "{\"core:sample_start\": %d, \"core:datetime\": \"2026-01-01T01:00:00Z\"}]}",
             alike ? 250 : 100);
    write_file("segments.sigmf-meta", meta, strlen(meta));
    return path_of(name);
}

START_TEST(several_segments_need_a_directory_or_a_format_that_holds_them)
{
    const char *from = write_segments("segments.raw", false);
    sv_convert_options how = plain_options();
    convert_bad(from, NULL, path_of("made.bin"), &how, SV_SHAPE, "name a directory");
    convert_bad(from, NULL, path_of("made.sac"), &how, SV_SHAPE, "name a directory");
    convert_bad(from, NULL, path_of("made.segy"), &how, SV_SHAPE, "differ");
    convert_good(from, NULL, path_of("made.mseed"), &how);
    sv_recording *recording = open_good(path_of("made.mseed"), NULL);
    ck_assert_int_eq(sv_recording_num_segments(recording), 2);
    sv_segment segment;
    ck_assert_int_eq(sv_recording_segment(recording, 1, &segment), SV_OK);
    ck_assert_int_eq(segment.num_samples, 400);
    ck_assert_int_eq(segment.start, time_of("2026-01-01T01:00:00Z"));
    close_good(recording);
    from = write_segments("segments.raw", true);
    convert_good(from, NULL, path_of("made.segy"), &how);
    recording = open_good(path_of("made.segy"), NULL);
    ck_assert_int_eq(segment_of(recording, 0).num_channels, 2);
    close_good(recording);
}

START_TEST(a_directory_gets_a_file_for_each)
{
    static const char *const names[] = {
        "made/segments.0.20260101T000000Z.sac", "made/segments.0.20260101T010000Z.sac",
        "made/segments.20260101T000000Z.npy", "made/segments.20260101T010000Z.npy",
        "made/segments.20260101T000000Z.mseed"};
    const char *from = write_segments("segments.raw", false);
    sv_convert_options how = plain_options();
    char directory[64];
    snprintf(directory, sizeof directory, "%s", path_of("made"));
    ck_assert_int_eq(mkdir(directory, 0777), 0);
    convert_bad(from, NULL, directory, &how, SV_INVALID, "--to-format");
    static const char *const formats[] = {"sac", "npy", "mseed"};
    for (int i = 0; i < 3; i++) {
        how.format = formats[i];
        convert_good(from, NULL, directory, &how);
        convert_bad(from, NULL, directory, &how, SV_BUSY, "exists");
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        close_good(open_good(path_of(names[i]), NULL));
        ck_assert_int_eq(unlink(path_of(names[i])), 0);
    }
    ck_assert_int_eq(rmdir(directory), 0);
}

/* Two runs of one id and one start: the second does not replace the first. */
START_TEST(files_of_one_name_are_told_apart)
{
    struct random random = random_begin("names");
    fill_counts(&random, SV_I4, 1, 300, 1000);
    sv_open_options options = source_options();
    sv_convert_options how = plain_options();
    convert_good(write_source("source.raw"), &options, path_of("one.mseed"), &how);
    static char bytes[2 * 65536];
    FILE *file = fopen(path_of("one.mseed"), "rb");
    size_t size = fread(bytes, 1, 65536, file);
    fclose(file);
    memcpy(bytes + size, bytes, size);
    const char *from = write_file("two.mseed", bytes, 2 * size);
    char directory[64];
    snprintf(directory, sizeof directory, "%s", path_of("made"));
    ck_assert_int_eq(mkdir(directory, 0777), 0);
    sv_recording *recording = open_good(from, NULL);
    int64_t num_segments = sv_recording_num_segments(recording);
    close_good(recording);
    how.format = "sac";
    how.replace = true;
    convert_good(from, NULL, directory, &how);
    int64_t count = 0;
    DIR *entries = opendir(directory);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] != '.') {
            ck_assert_int_eq(unlinkat(dirfd(entries), entry->d_name, 0), 0);
            count++;
        }
    }
    closedir(entries);
    ck_assert_int_eq(count, num_segments);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* ---- side files ----------------------------------------------------------------------------- */

START_TEST(side_files_follow_their_samples)
{
    struct random random = random_begin("side files");
    fill_source(&random, SV_I2, SV_BIG_ENDIAN, 2, 50);
    sv_open_options options = source_options();
    sv_convert_options how = plain_options();
    const char *from = write_source("source.dat");
    char to[64];
    snprintf(to, sizeof to, "%s", path_of("made.bin"));
    convert_good(from, &options, to, &how);
    sv_recording *recording = open_good(to, NULL);
    sv_segment segment = segment_of(recording, 0);
    ck_assert(sv_dtype_equal(segment.samples.dtype, source.dtype));
    ck_assert_int_eq(segment.num_channels, 2);
    ck_assert_double_eq(segment.sample_rate, 100.0);
    ck_assert_int_eq(segment.start, time_of(START));
    close_good(recording);
    /* The data are gone, and what speaks of them is there still. */
    ck_assert_int_eq(unlink(to), 0);
    convert_bad(from, &options, to, &how, SV_BUSY, "made.sigmf-meta exists");
    ck_assert(!exists(to));
    how.replace = true;
    convert_good(from, &options, to, &how);
    /* A type that SigMF does not know takes the old one away. */
    how.encoding = "i3";
    convert_good(from, &options, to, &how);
    ck_assert(noted("SigMF cannot describe"));
    ck_assert(!exists(path_of("made.sigmf-meta")));
    how.encoding = NULL;
    convert_good(from, &options, path_of("made.sigmf-data"), &how);
    recording = open_good(path_of("made.sigmf-meta"), NULL);
    compare_all(recording);
    close_good(recording);
}

START_TEST(the_side_file_of_another_recording_is_left_alone)
{
    struct random random = random_begin("side files");
    fill_source(&random, SV_F4, SV_LITTLE_ENDIAN, 2, 50);
    sv_convert_options how = plain_options();
    sv_open_options options = source_options();
    char first[64];
    snprintf(first, sizeof first, "%s", path_of("made.bin"));
    convert_good(write_source("source.dat"), &options, first, &how);
    char before[512] = "", after[512] = "";
    FILE *file = fopen(path_of("made.sigmf-meta"), "rb");
    ck_assert_uint_gt(fread(before, 1, sizeof before - 1, file), 0);
    fclose(file);
    how.replace = true;
    convert_good(first, NULL, path_of("made.raw"), &how);
    ck_assert(noted("belongs to another recording"));
    file = fopen(path_of("made.sigmf-meta"), "rb");
    ck_assert_uint_gt(fread(after, 1, sizeof after - 1, file), 0);
    fclose(file);
    ck_assert_str_eq(before, after);
    convert_bad(first, NULL, path_of("made.sigmf-meta"), &how, SV_INVALID, "");
}

/* ---- targets -------------------------------------------------------------------------------- */

static const char *some_source(void)
{
    struct random random = random_begin("source");
    fill_counts(&random, SV_F4, 1, 1000, 1000);
    return write_source("source.raw");
}

START_TEST(what_exists_is_kept_unless_it_may_be_replaced)
{
    const char *from = some_source();
    const char *to = write_file("made.npy", "precious", 8);
    char bytes[8];
    sv_convert_options how = plain_options();
    convert_bad(from, NULL, to, &how, SV_BUSY, "--force");
    read_bytes(to, 0, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, "precious", 8);
    how.replace = true;
    convert_good(from, NULL, to, &how);
    close_good(open_good(to, NULL));
    count_scratch(2);
}

START_TEST(the_source_is_never_the_target)
{
    char from[64], other[64];
    snprintf(from, sizeof from, "%s", some_source());
    sv_convert_options how = plain_options();
    how.replace = true;
    convert_bad(from, NULL, from, &how, SV_INVALID, "give another file");
    snprintf(other, sizeof other, "%s", path_of("hard.npy"));
    ck_assert_int_eq(link(from, other), 0);
    convert_bad(from, NULL, other, &how, SV_INVALID, "give another file");
    snprintf(other, sizeof other, "%s", path_of("soft.npy"));
    ck_assert_int_eq(symlink(from, other), 0);
    convert_bad(from, NULL, other, &how, SV_INVALID, "give another file");
    count_scratch(3);
}

START_TEST(a_target_with_a_journal_is_refused)
{
    char from[64];
    snprintf(from, sizeof from, "%s", some_source());
    sv_convert_options how = plain_options();
    how.replace = true;
    write_file("made.npy.svj", "", 0);
    convert_bad(from, NULL, path_of("made.npy"), &how, SV_INVALID, "journal");
    write_file("made.npy", "x", 1);
    convert_bad(from, NULL, path_of("made.npy"), &how, SV_INVALID, "journal");
    count_scratch(3);
}

START_TEST(what_is_no_regular_file_is_refused)
{
    const char *from = some_source();
    sv_convert_options how = plain_options();
    how.replace = true;
    how.format = "npy";
    convert_bad(from, NULL, "/dev/null", &how, SV_INVALID, "no regular file");
    convert_bad(from, NULL, path_of("nowhere/made.npy"), &how, SV_IO, "No such file");
    how.format = NULL;
    convert_bad(from, NULL, path_of("made.xyz"), &how, SV_INVALID, "--to-format");
    how.format = "nonsense";
    convert_bad(from, NULL, path_of("made.xyz"), &how, SV_INVALID, "nonsense");
    count_scratch(1);
}

START_TEST(a_link_is_followed)
{
    const char *from = some_source();
    sv_convert_options how = plain_options();
    how.replace = true;
    write_file("there.npy", "x", 1);
    ck_assert_int_eq(symlink("there.npy", path_of("link.npy")), 0);
    convert_good(from, NULL, path_of("link.npy"), &how);
    struct stat found;
    ck_assert_int_eq(lstat(path_of("link.npy"), &found), 0);
    ck_assert(S_ISLNK(found.st_mode));
    close_good(open_good(path_of("there.npy"), NULL));
}

START_TEST(a_new_file_has_the_mode_that_the_umask_leaves)
{
    struct stat found;
    const char *from = some_source();
    sv_convert_options how = plain_options();
    mode_t before = umask(027);
    convert_good(from, NULL, path_of("made.npy"), &how);
    umask(before);
    ck_assert_int_eq(stat(path_of("made.npy"), &found), 0);
    ck_assert_int_eq(found.st_mode & 0777, 0640);
}

/* ---- failures ------------------------------------------------------------------------------- */

static volatile sig_atomic_t cancelled;

static void cancel_at_once(void *context, int64_t done_bytes, int64_t total_bytes)
{
    (void)context;
    require(done_bytes <= total_bytes, "more than all was done");
    cancelled = 1;
}

static const char *write_large(size_t num_bytes)
{
    char path[64];
    snprintf(path, sizeof path, "%s", path_of("large.raw"));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(ftruncate(fd, (off_t)num_bytes), 0);
    close(fd);
    return path_of("large.raw");
}

START_TEST(a_conversion_that_is_cancelled_leaves_nothing)
{
    const char *from = write_large((size_t)24 << 20);
    sv_convert_options how = plain_options();
    cancelled = 0;
    how.cancel = &cancelled;
    how.progress = cancel_at_once;
    how.replace = true;
    for (int i = 0; i < NUM_TARGETS; i++) {
        if (!targets[i].has_floats || strcmp(targets[i].suffix, "su") == 0) {
            continue;
        }
        cancelled = 0;
        sv_error error;
        ck_assert_int_eq(convert_path(from, NULL, target_path(&targets[i], "made"), &how, &error),
                         SV_CANCELLED);
        count_scratch(1);
    }
    write_file("kept.npy", "precious", 8);
    cancelled = 0;
    convert_bad(from, NULL, path_of("kept.npy"), &how, SV_CANCELLED, "stopped");
    char bytes[8];
    read_bytes(path_of("kept.npy"), 0, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, "precious", 8);
    count_scratch(2);
}

START_TEST(a_full_disk_leaves_nothing)
{
    char from[64];
    snprintf(from, sizeof from, "%s", write_large((size_t)8 << 20));
    write_file("made.npy", "precious", 8);
    sv_convert_options how = plain_options();
    how.replace = true;
    struct rlimit limit = {1 << 20, 1 << 20};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < NUM_TARGETS; i++) {
        if (!targets[i].has_floats || strcmp(targets[i].suffix, "su") == 0) {
            continue;
        }
        sv_error error = {.message = ""};
        sv_status status = convert_path(from, NULL, target_path(&targets[i], "made"), &how, &error);
        ck_assert_msg(status == SV_IO, "%s: %s", targets[i].suffix, error.message);
        ck_assert_int_eq(error.system_error, EFBIG);
        count_scratch(2);
    }
    char bytes[8];
    read_bytes(path_of("made.npy"), 0, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, "precious", 8);
}

static void die(void *context, int64_t done_bytes, int64_t total_bytes)
{
    (void)context;
    (void)done_bytes;
    (void)total_bytes;
    kill(getpid(), SIGKILL);
}

START_TEST(a_program_that_is_killed_leaves_no_file_of_that_name)
{
    const char *from = write_large((size_t)16 << 20);
    sv_convert_options how = plain_options();
    how.progress = die;
    pid_t child = fork();
    if (child == 0) {
        sv_recording *recording = open_good(from, NULL);
        sv_convert(recording, path_of("made.bin"), &how, NULL);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert(!exists(path_of("made.bin")));
    ck_assert(!exists(path_of("made.sigmf-meta")));
    int nameless = open(scratch_directory, O_TMPFILE | O_RDWR, 0600);
    if (nameless >= 0) {
        close(nameless);
        count_scratch(1);
    }
}

START_TEST(an_unwritable_directory_is_an_error)
{
    if (geteuid() == 0) {
        return; /* root writes everywhere; the same with a directory that is not there */
    }
    char from[64];
    snprintf(from, sizeof from, "%s", some_source());
    sv_convert_options how = plain_options();
    ck_assert_int_eq(chmod(scratch_directory, 0500), 0);
    convert_bad(from, NULL, path_of("made.npy"), &how, SV_IO, "Permission denied");
    ck_assert_int_eq(chmod(scratch_directory, 0700), 0);
    count_scratch(1);
}

static void cut_source(void *context, int64_t done_bytes, int64_t total_bytes)
{
    (void)done_bytes;
    (void)total_bytes;
    ck_assert_int_eq(truncate(context, 1 << 20), 0);
}

START_TEST(a_source_that_is_cut_meanwhile_is_an_error)
{
    char from[64];
    snprintf(from, sizeof from, "%s", write_large((size_t)24 << 20));
    sv_convert_options how = plain_options();
    how.progress = cut_source;
    how.context = from;
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    sv_error error = {.message = ""};
    ck_assert_int_eq(convert_path(from, NULL, path_of("made.npy"), &how, &error), SV_TRUNCATED);
    count_scratch(1);
}

START_TEST(without_memory_nothing_is_left)
{
    struct random random = random_begin("memory");
    fill_counts(&random, SV_I3, 1, 3000, 1000);
    sv_open_options options = source_options();
    const char *from = write_source("source.dat");
    sv_convert_options how = plain_options();
    for (int i = 0; i < NUM_TARGETS; i++) {
        sv_recording *recording = open_good(from, &options);
        char to[64];
        snprintf(to, sizeof to, "%s", target_path(&targets[i], "made"));
        sv_status status = SV_NOMEM;
        for (long count = 0; status != SV_OK && count < 200; count++) {
            sv_memory_fail_after(count, true);
            status = sv_convert(recording, to, &how, NULL);
            sv_memory_fail_after(-1, false);
            if (status != SV_OK) {
                ck_assert_msg(status == SV_NOMEM, "%s: %s", to, sv_status_name(status));
                count_scratch(1);
            }
        }
        ck_assert_int_eq(status, SV_OK);
        ck_assert_int_eq(unlink(to), 0);
        unlink(path_of("made.sigmf-meta"));
        close_good(recording);
    }
}

int main(void)
{
    const struct convert_test tests[] = {
        {windows_and_channels_cut, 1},
        {several_segments_need_a_directory_or_a_format_that_holds_them, 1},
        {a_directory_gets_a_file_for_each, 1},
        {files_of_one_name_are_told_apart, 1},
        {side_files_follow_their_samples, 1},
        {the_side_file_of_another_recording_is_left_alone, 1},
        {what_exists_is_kept_unless_it_may_be_replaced, 1},
        {the_source_is_never_the_target, 1},
        {a_target_with_a_journal_is_refused, 1},
        {what_is_no_regular_file_is_refused, 1},
        {a_link_is_followed, 1},
        {a_new_file_has_the_mode_that_the_umask_leaves, 1},
        {a_conversion_that_is_cancelled_leaves_nothing, 1},
        {a_full_disk_leaves_nothing, 1},
        {a_program_that_is_killed_leaves_no_file_of_that_name, 1},
        {an_unwritable_directory_is_an_error, 1},
        {a_source_that_is_cut_meanwhile_is_an_error, 1},
        {without_memory_nothing_is_left, 1},
    };
    return run_convert_tests("convert_files", tests, sizeof tests / sizeof tests[0]);
}
