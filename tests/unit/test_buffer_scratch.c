/* Scratch files, files that are cut under a view, and counting what is allocated. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "scratch.h"
#include "seisview/buffer.h"
#include "seisview/guard.h"
#include "seisview/view.h"

static char *bytes_of(const sv_buffer *buffer)
{
    return (char *)(uintptr_t)sv_buffer_data(buffer);
}

static bool is_empty_directory(void)
{
    DIR *directory = opendir(scratch_directory);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count == 2;
}

/* ---- scratch files ---- */

START_TEST(a_scratch_file_has_no_name_and_holds_what_is_stored)
{
    sv_buffer *buffer;
    char byte;
    setenv("TMPDIR", scratch_directory, 1);
    ck_assert_int_eq(sv_buffer_scratch(100000, &buffer, NULL), SV_OK);
    ck_assert(is_empty_directory());
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 100000);
    ck_assert(!sv_buffer_readonly(buffer));
    ck_assert_int_eq(bytes_of(buffer)[99999], 0);
    bytes_of(buffer)[99999] = 'q';
    ck_assert_int_eq(pread(sv_buffer_fd(buffer), &byte, 1, 99999), 1);
    ck_assert_int_eq(byte, 'q');
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

/* Room is taken at once: a store to a file that only looks long would be a signal. */
START_TEST(a_scratch_file_has_its_room)
{
    sv_buffer *buffer;
    struct stat about;
    setenv("TMPDIR", scratch_directory, 1);
    ck_assert_int_eq(sv_buffer_scratch(1 << 20, &buffer, NULL), SV_OK);
    ck_assert_int_eq(fstat(sv_buffer_fd(buffer), &about), 0);
    ck_assert_int_ge(about.st_blocks, (1 << 20) / 512);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

START_TEST(a_scratch_file_may_be_empty)
{
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_scratch(0, &buffer, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 0);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

START_TEST(a_scratch_file_that_cannot_be_says_where)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    struct rlimit limit;
    setenv("TMPDIR", "/nowhere", 1);
    ck_assert_int_eq(sv_buffer_scratch(100, &buffer, &error), SV_IO);
    ck_assert_int_eq(error.system_error, ENOENT);
    ck_assert_ptr_nonnull(
        strstr(error.message, "100 bytes cannot be made in /nowhere; let TMPDIR"));
    setenv("TMPDIR", scratch_directory, 1);
    ck_assert_int_eq(sv_buffer_scratch(SIZE_MAX, &buffer, &error), SV_OVERFLOW);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(sv_buffer_scratch(2000, &buffer, &error), SV_IO);
    ck_assert_int_eq(error.system_error, EFBIG);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    sv_memory_fail_after(0, true);
    ck_assert_int_eq(sv_buffer_scratch(100, &buffer, &error), SV_NOMEM);
    sv_memory_fail_after(-1, false);
    ck_assert_ptr_null(buffer);
    ck_assert(is_empty_directory());
}
END_TEST

/* ---- guarded access ---- */

struct reading {
    sv_view view;
    char copy[64 << 10];
    bool through;
};

static void copy_out(void *context)
{
    struct reading *reading = context;
    sv_view_copy_out(&reading->view, SV_C_ORDER, reading->copy, sizeof reading->copy, NULL);
    reading->through = true;
}

START_TEST(a_file_that_is_cut_ends_the_body)
{
    static struct reading reading;
    sv_buffer *buffer;
    sv_error error;
    memset(reading.copy, 1, sizeof reading.copy);
    const char *path = write_scratch("file", reading.copy, sizeof reading.copy);
    ck_assert_int_eq(sv_guard_install(NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &buffer, NULL), SV_OK);
    sv_view_of_buffer(buffer, sv_dtype_make(SV_I1, SV_NATIVE_ENDIAN), &reading.view, NULL);
    ck_assert_int_eq(sv_buffer_guard(buffer, copy_out, &reading, &error), SV_OK);
    ck_assert(reading.through);
    reading.through = false;
    ck_assert_int_eq(truncate(path, 10), 0);
    ck_assert_int_eq(sv_buffer_guard(buffer, copy_out, &reading, &error), SV_TRUNCATED);
    ck_assert(!reading.through);
    ck_assert_ptr_nonnull(strstr(error.message, "the file was cut before byte "));
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

/* ---- counting ---- */

START_TEST(what_is_allocated_is_counted)
{
    sv_buffer *buffer;
    sv_view view;
    uint64_t before = sv_num_allocations();
    ck_assert_int_eq(sv_buffer_alloc(1000, &buffer, NULL), SV_OK);
    ck_assert_uint_ge(sv_num_allocations(), before + 2);
    before = sv_num_allocations();
    sv_view_of_buffer(buffer, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN), &view, NULL);
    sv_view_slice(&view, 0, 10, 200, 3, &view, NULL);
    ck_assert_uint_eq(sv_num_allocations(), before);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_scratch_file_has_no_name_and_holds_what_is_stored,
        a_scratch_file_has_its_room,
        a_scratch_file_may_be_empty,
        a_scratch_file_that_cannot_be_says_where,
        a_file_that_is_cut_ends_the_body,
        what_is_allocated_is_counted,
    };
    return run_in_scratch("buffer_scratch", tests, sizeof tests / sizeof tests[0]);
}
