/* A full disk: a file system of its own, in memory and as ext4 on a loop device, from where nothing
 * fits to where an edit does, by 4 KiB steps. Whatever is too little is said, the recording is
 * untouched, and no store into a hole is a signal (no guard is installed). 77 where nothing can be
 * mounted. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../unit/scratch.h"
#include "seisview/edit.h"

enum { SAMPLES = 40000, HOLE = 20000, PAGE = 4096, DISK_BYTES = 16 << 20 };

static char directory[512];

/* ---- file systems ---------------------------------------------------------------------------- */

static bool run(const char *command)
{
    return system(command) == 0;
}

static bool mount_disk(bool is_ext4)
{
    char command[4096];
    snprintf(directory, sizeof directory, "%s/disk", scratch_directory);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    if (!is_ext4) {
        char size[32];
        snprintf(size, sizeof size, "size=%d", DISK_BYTES);
        return mount("none", directory, "tmpfs", 0, size) == 0;
    }
    snprintf(command, sizeof command,
             "exec 2>/dev/null >&2; PATH=$PATH:/usr/sbin:/sbin; truncate -s %d %s.image && "
             "mkfs.ext4 -q -m 0 -O ^has_journal -b 4096 %s.image && mount -o loop %s.image %s",
             DISK_BYTES, directory, directory, directory, directory);
    return run(command);
}

static void unmount_disk(bool is_mounted)
{
    char image[600];
    snprintf(image, sizeof image, "%s.image", directory);
    if (is_mounted) {
        ck_assert_int_eq(umount(directory), 0);
    }
    unlink(image);
    ck_assert_int_eq(rmdir(directory), 0);
}

/* ---- what lies on them ----------------------------------------------------------------------- */

static const char *on_disk(const char *name)
{
    static char paths[2][600];
    static int next;
    next = 1 - next;
    snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
    return paths[next];
}

/* Ones, and a hole in the middle. */
static void make_recording(void)
{
    static float ones[SAMPLES - HOLE];
    for (int i = 0; i < SAMPLES - HOLE; i++) {
        ones[i] = 1.0f;
    }
    size_t half = sizeof ones / 2;
    int fd = open(on_disk("full.bin"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, ones, half, 0), (ssize_t)half);
    ck_assert_int_eq(pwrite(fd, ones, half, (off_t)(half + sizeof(float) * HOLE)), (ssize_t)half);
    ck_assert_int_eq(fsync(fd), 0);
    close(fd);
    unlink(on_disk("full.bin.svj"));
}

static bool holds(float outside, float in_the_hole)
{
    static float samples[SAMPLES];
    FILE *file = fopen(on_disk("full.bin"), "rb");
    bool is_so = fread(samples, sizeof samples[0], SAMPLES, file) == SAMPLES;
    fclose(file);
    int first = (SAMPLES - HOLE) / 2;
    for (int i = 0; i < SAMPLES; i++) {
        bool is_in = i >= first && i < first + HOLE;
        is_so = is_so && samples[i] == (is_in ? in_the_hole : outside);
    }
    return is_so;
}

/* All of the disk but `pages`. */
static int fill_all_but(int64_t pages)
{
    struct statvfs disk;
    int fd = open(on_disk("ballast"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(syncfs(fd), 0);
    ck_assert_int_eq(fstatvfs(fd, &disk), 0);
    int64_t size = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize - pages * PAGE;
    ck_assert_int_eq(fallocate(fd, 0, 0, (off_t)size), 0);
    return fd;
}

/* ---- the sweep ------------------------------------------------------------------------------- */

static sv_status add_one(bool undo_none, sv_error *error)
{
    const sv_operation operation = {.kind = SV_OFFSET, .value = 1.0};
    sv_scan_range range = {.num_rows = 1, .last = SAMPLES};
    sv_edit_options options = SV_EDIT_OPTIONS_INIT;
    sv_edit *edit;
    options.undo_none = undo_none;
    sv_status status = sv_edit_begin(on_disk("full.bin"), NULL, &options, &edit, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_edit_apply(edit, &range, &operation, 1, error);
    ck_assert_int_eq(status, SV_OK);
    return sv_edit_commit(edit, NULL, error);
}

/* Whether it fitted. */
static bool edit_once(bool undo_none, int pages)
{
    sv_error error = {.message = ""};
    sv_verified verified;
    make_recording();
    int ballast = fill_all_but(pages);
    sv_status status = add_one(undo_none, &error);
    ck_assert_msg(status == SV_OK || error.system_error == ENOSPC, "%d pages: %s", pages,
                  error.message);
    ck_assert_msg(status == SV_OK ? holds(2.0f, 1.0f) : holds(1.0f, 0.0f),
                  "%d pages: other samples", pages);
    close(ballast);
    unlink(on_disk("ballast"));
    ck_assert_int_eq(sv_edit_verify(on_disk("full.bin"), NULL, &verified, &error), SV_OK);
    ck_assert(status == SV_OK ? holds(2.0f, 1.0f) : holds(1.0f, 0.0f));
    return status == SV_OK;
}

static bool has_skipped;

START_TEST(by_steps_of_4_kib)
{
    enum { MOST_PAGES = 200 };
    int pages = 0;
    bool is_mounted = mount_disk(_i / 2 == 1), has_fitted = false;
    for (; is_mounted && !has_fitted && pages < MOST_PAGES; pages++) {
        has_fitted = edit_once(_i % 2 == 1, pages);
    }
    unmount_disk(is_mounted);
    if (!is_mounted) {
        printf("%s cannot be mounted here\n", _i / 2 == 1 ? "ext4" : "tmpfs");
        has_skipped = true;
        return;
    }
    ck_assert_int_gt(pages, 10);
    ck_assert(has_fitted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("full");
    TCase *tcase = tcase_create("full");
    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, by_steps_of_4_kib, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* for what was skipped */
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0 ? EXIT_FAILURE : has_skipped ? 77 : EXIT_SUCCESS;
}
