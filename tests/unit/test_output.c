/* Files that are written: gathered into large pieces, and there wholly or not at all. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/size.h"
#include "convert/output.h"
#include "random.h"
#include "scratch.h"

enum { PIECE_BYTES = 2 << 20, MOST_BYTES = 4 * PIECE_BYTES };

/* ---- a file system without nameless files --------------------------------------------------- */

static bool has_nameless_files;

/* In the place of the C library's. */
int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    if ((flags & O_TMPFILE) == O_TMPFILE && !has_nameless_files) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return openat(AT_FDCWD, path, flags, mode);
}

/* Whether the scratch directory has nameless files: set for each test, which runs both ways. */
static void choose_file_system(int i)
{
    has_nameless_files = i == 1;
    if (i == 1) {
        int fd = open(scratch_directory, O_TMPFILE | O_RDWR, 0600);
        has_nameless_files = fd >= 0;
        close(fd);
    }
}

/* ---- frames --------------------------------------------------------------------------------- */

static sv_output *open_output(const char *name, bool replace)
{
    sv_output *output;
    sv_error error = {.message = ""};
    ck_assert_msg(sv_output_open(scratch_path(name), replace, false, &output, &error) == SV_OK,
                  "%s", error.message);
    return output;
}

static void commit_good(sv_output *output)
{
    sv_error error = {.message = ""};
    ck_assert_msg(sv_output_commit(output, &error) == SV_OK, "%s", error.message);
    sv_output_close(output);
}

static void write_good(sv_output *output, int64_t offset, const void *bytes, size_t num_bytes)
{
    sv_error error = {.message = ""};
    sv_status status = sv_output_write(output, offset, bytes, num_bytes, &error);
    ck_assert_msg(status == SV_OK, "%s", error.message);
}

static int count_entries(void)
{
    int count = -2; /* . and .. */
    DIR *directory = opendir(scratch_directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static void holds(const char *name, const void *expected, size_t num_bytes)
{
    static char found[MOST_BYTES + 1];
    FILE *file = fopen(scratch_path(name), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(found, 1, sizeof found, file), num_bytes);
    fclose(file);
    require(memcmp(found, expected, num_bytes) == 0, "other bytes");
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Bytes in the file before it is committed: the last one that was written. */
static int64_t size_on_disk(void)
{
    DIR *directory = opendir(scratch_directory);
    struct stat found = {.st_size = -1};
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strstr(entry->d_name, ".part") != NULL) {
            ck_assert_int_eq(fstatat(dirfd(directory), entry->d_name, &found, 0), 0);
        }
    }
    closedir(directory);
    return found.st_size;
}

START_TEST(small_writes_wait_for_a_whole_piece)
{
    static char bytes[1 << 16];
    choose_file_system(0);
    sv_output *output = open_output("made", false);
    memset(bytes, 'x', sizeof bytes);
    write_good(output, 0, bytes, 3840);
    for (int i = 0; i < 31; i++) {
        write_good(output, 3840 + i * (1 << 16), bytes, sizeof bytes);
        ck_assert_int_eq(size_on_disk(), 0);
    }
    write_good(output, 3840 + 31 * (1 << 16), bytes, sizeof bytes);
    ck_assert_int_eq(size_on_disk(), PIECE_BYTES);
    ck_assert_int_eq(sv_output_size(output), 3840 + 32 * (1 << 16));
    commit_good(output);
}

START_TEST(each_of_several_places_waits)
{
    static char bytes[PIECE_BYTES / 2];
    choose_file_system(0);
    sv_output *output = open_output("made", false);
    for (int half = 0; half < 2; half++) {
        for (int i = 15; i >= 0; i--) {
            ck_assert_int_eq(size_on_disk(), half == 0 || i == 15 ? 0 : 16 * PIECE_BYTES);
            write_good(output, i * PIECE_BYTES + half * PIECE_BYTES / 2, bytes, sizeof bytes);
        }
    }
    commit_good(output);
}

/* Whatever is written where and in which order, each byte is the last one that was written. */
START_TEST(any_order_of_writes_gives_the_same_file)
{
    static char model[MOST_BYTES], bytes[MOST_BYTES / 2];
    struct random random = random_begin("writes");
    choose_file_system(_i);
    sv_output *output = open_output("made", false);
    int64_t size = 0, next = 0;
    memset(model, 0, sizeof model);
    for (int i = 0; i < 300; i++) {
        uint64_t most = random_below(&random, 20) == 0 ? sizeof bytes : 20000;
        bool follows = random_below(&random, 3) > 0;
        int64_t offset = follows ? next : (int64_t)random_below(&random, MOST_BYTES);
        size_t count = random_below(&random, most);
        count = (size_t)sv_min_i8((int64_t)count, MOST_BYTES - offset);
        memset(bytes, 1 + i % 251, count);
        memcpy(model + offset, bytes, count);
        write_good(output, offset, bytes, count);
        next = offset + (int64_t)count;
        size = count > 0 ? sv_max_i8(size, next) : size;
        if (random_below(&random, 50) == 0) {
            size_t num_read;
            int64_t from = (int64_t)random_below(&random, (uint64_t)size + 1);
            size_t wanted = (size_t)sv_min_i8(size - from, (int64_t)sizeof bytes);
            ck_assert_int_eq(sv_output_read(output, from, bytes, wanted, &num_read, NULL), SV_OK);
            ck_assert_uint_eq(num_read, wanted);
            require(memcmp(bytes, model + from, wanted) == 0, "other bytes are read back");
        }
    }
    ck_assert_int_eq(sv_output_size(output), size);
    commit_good(output);
    holds("made", model, (size_t)size);
}

START_TEST(a_full_disk_is_found_at_the_end_at_the_latest)
{
    sv_error error = {.message = ""};
    struct rlimit limit = {1000, 1000};
    choose_file_system(_i);
    sv_output *output = open_output("made", false);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    char bytes[2000] = "";
    write_good(output, 0, bytes, sizeof bytes);
    ck_assert_int_eq(sv_output_commit(output, &error), SV_IO);
    ck_assert_int_eq(error.system_error, EFBIG);
    ck_assert_ptr_nonnull(strstr(error.message, "cannot be written at byte 1000"));
    sv_output_close(output);
    ck_assert_int_eq(count_entries(), 0);
}

/* ---- names ---------------------------------------------------------------------------------- */

START_TEST(nothing_is_there_until_it_is_committed)
{
    choose_file_system(_i);
    sv_output *output = open_output("made", false);
    write_good(output, 0, "some", 4);
    ck_assert_int_eq(count_entries(), has_nameless_files ? 0 : 1);
    sv_output_close(output);
    ck_assert_int_eq(count_entries(), 0);
    output = open_output("made", true);
    write_good(output, 0, "some", 4);
    commit_good(output);
    ck_assert_int_eq(count_entries(), 1);
    holds("made", "some", 4);
}

START_TEST(what_is_replaced_is_replaced_by_a_whole_file)
{
    choose_file_system(_i);
    write_scratch("made", "precious", 8);
    sv_output *output = open_output("made", true);
    write_good(output, 0, "some", 4);
    holds("made", "precious", 8);
    commit_good(output);
    holds("made", "some", 4);
    ck_assert_int_eq(count_entries(), 1);
}

START_TEST(a_file_that_was_made_meanwhile_is_kept)
{
    sv_error error = {.message = ""};
    choose_file_system(_i);
    sv_output *output = open_output("made", false);
    write_good(output, 0, "some", 4);
    write_scratch("made", "precious", 8);
    ck_assert_int_eq(sv_output_commit(output, &error), SV_BUSY);
    sv_output_close(output);
    holds("made", "precious", 8);
    ck_assert_int_eq(count_entries(), 1);
}

START_TEST(hidden_names_that_are_taken_are_passed_over)
{
    char name[64];
    choose_file_system(_i);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, ".seisview-%ld-%d.part", (long)getpid(), i);
        write_scratch(name, "old", 3);
    }
    write_scratch("made", "precious", 8);
    sv_output *output = open_output("made", true);
    commit_good(output);
    holds("made", "", 0);
    ck_assert_int_eq(count_entries(), 4);
}

START_TEST(a_name_without_a_directory_is_in_this_one)
{
    choose_file_system(_i);
    ck_assert_int_eq(chdir(scratch_directory), 0);
    sv_output *output;
    ck_assert_int_eq(sv_output_open("made", false, false, &output, NULL), SV_OK);
    write_good(output, 0, "some", 4);
    commit_good(output);
    holds("made", "some", 4);
    ck_assert_int_eq(chdir("/"), 0);
}

int main(void)
{
    Suite *suite = suite_create("output");
    TCase *tcase = tcase_create("output");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, small_writes_wait_for_a_whole_piece);
    tcase_add_test(tcase, each_of_several_places_waits);
    tcase_add_loop_test(tcase, any_order_of_writes_gives_the_same_file, 0, 2);
    tcase_add_loop_test(tcase, a_full_disk_is_found_at_the_end_at_the_latest, 0, 2);
    tcase_add_loop_test(tcase, nothing_is_there_until_it_is_committed, 0, 2);
    tcase_add_loop_test(tcase, what_is_replaced_is_replaced_by_a_whole_file, 0, 2);
    tcase_add_loop_test(tcase, a_file_that_was_made_meanwhile_is_kept, 0, 2);
    tcase_add_loop_test(tcase, hidden_names_that_are_taken_are_passed_over, 0, 2);
    tcase_add_loop_test(tcase, a_name_without_a_directory_is_in_this_one, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
