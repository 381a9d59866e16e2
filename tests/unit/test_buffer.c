/* Buffers: each kind of memory, sharing between processes, staleness, pins, failures. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "random.h"
#include "sanitizers.h"
#include "scratch.h"
#include "seisview/buffer.h"
#include "view/buffer.h"

static const sv_access accesses[] = {SV_READ, SV_SHARED, SV_PRIVATE};

enum { NUM_ACCESSES = 3 };

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static int count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += is_open(fd) ? 1 : 0;
    }
    return count;
}

static void check_close(sv_buffer *buffer)
{
    ck_assert_int_eq(sv_buffer_close(buffer), SV_OK);
}

/* The bytes of a writable buffer. */
static char *bytes_of(const sv_buffer *buffer)
{
    ck_assert(!sv_buffer_readonly(buffer));
    return (char *)(uintptr_t)sv_buffer_data(buffer);
}

/* Runs `body` in a child process and gives its wait status. */
static int status_of_child(void (*body)(void *), void *context)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(context);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void run_in_child(void (*body)(void *), void *context)
{
    ck_assert_int_eq(status_of_child(body, context), 0);
}

/* A child says that something is wrong by how it ends. */
static void child_requires(bool holds)
{
    if (!holds) {
        _exit(1);
    }
}

/* A shared memory name of this test alone. */
static const char *own_name(void)
{
    static char name[64];
    snprintf(name, sizeof name, "/seisview-test-%ld", (long)getpid());
    return name;
}

/* ---- allocated and lent memory -------------------------------------------------------------- */

START_TEST(allocated_memory_is_zeroed_aligned_writable)
{
    static const size_t sizes[] = {1, 63, 64, 65, 4096, 1000003};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sv_buffer *buffer;
        ck_assert_int_eq(sv_buffer_alloc(sizes[i], &buffer, NULL), SV_OK);
        ck_assert_uint_eq(sv_buffer_size_bytes(buffer), sizes[i]);
        ck_assert_int_eq(sv_buffer_fd(buffer), -1);
        char *bytes = bytes_of(buffer);
        ck_assert_uint_eq((uintptr_t)bytes % 64, 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            require(bytes[at] == 0, "not zero");
        }
        memset(bytes, 0xff, sizes[i]);
        check_close(buffer);
    }
}
END_TEST

START_TEST(lent_memory_is_used_in_place)
{
    char memory[100] = "quake";
    sv_buffer *buffer, *constant;
    ck_assert_int_eq(sv_buffer_borrow(memory, sizeof memory, &buffer, NULL), SV_OK);
    ck_assert_ptr_eq(sv_buffer_data(buffer), memory);
    ck_assert(!sv_buffer_readonly(buffer));
    ck_assert_int_eq(sv_buffer_borrow_const(memory, 5, &constant, NULL), SV_OK);
    ck_assert_ptr_eq(sv_buffer_data(constant), memory);
    ck_assert_uint_eq(sv_buffer_size_bytes(constant), 5);
    ck_assert(sv_buffer_readonly(constant));
    ck_assert_int_eq(sv_buffer_fd(constant), -1);
    bytes_of(buffer)[0] = 'Q';
    check_close(buffer);
    check_close(constant);
    ck_assert_str_eq(memory, "Quake");
}
END_TEST

START_TEST(a_buffer_may_be_empty)
{
    sv_buffer *buffers[5];
    char memory[1];
    ck_assert_int_eq(sv_buffer_alloc(0, &buffers[0], NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_borrow(NULL, 0, &buffers[1], NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_borrow_const(memory, 0, &buffers[2], NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_memfd("empty", 0, &buffers[3], NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_unlinked_shm(0, &buffers[4], NULL), SV_OK);
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(sv_buffer_size_bytes(buffers[i]), 0);
        ck_assert_ptr_null(sv_buffer_data(buffers[i]));
        check_close(buffers[i]);
    }
}
END_TEST

START_TEST(memory_that_cannot_be_is_refused)
{
    char memory[1];
    sv_buffer *buffer = NULL;
    sv_error error;
    ck_assert_int_eq(sv_buffer_borrow(NULL, 1, &buffer, &error), SV_INVALID);
    ck_assert_int_eq(error.status, SV_INVALID);
    ck_assert_int_eq(sv_buffer_borrow_const(NULL, 1, &buffer, NULL), SV_INVALID);
    ck_assert_int_eq(sv_buffer_borrow(memory, SIZE_MAX, &buffer, &error), SV_OVERFLOW);
    ck_assert_ptr_nonnull(strstr(error.message, "18446744073709551615"));
    ck_assert_int_eq(sv_buffer_memfd("x", SIZE_MAX, &buffer, NULL), SV_OVERFLOW);
    ck_assert_int_eq(sv_buffer_unlinked_shm(SIZE_MAX, &buffer, NULL), SV_OVERFLOW);
    ck_assert_int_eq(sv_buffer_shm_create(own_name(), SIZE_MAX, &buffer, NULL), SV_OVERFLOW);
    ck_assert_ptr_null(buffer);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    ck_assert_int_eq(sv_buffer_close(NULL), SV_OK);
}
END_TEST

/* ---- mapped files --------------------------------------------------------------------------- */

static void check_content(const char *path, const char *expected)
{
    char content[64] = "";
    int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge((int)read(fd, content, sizeof content - 1), 0);
    close(fd);
    ck_assert_str_eq(content, expected);
}

static void check_mapped(sv_buffer *buffer, sv_access access)
{
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 5);
    ck_assert_int_eq(sv_buffer_readonly(buffer), access == SV_READ);
    ck_assert_mem_eq(sv_buffer_data(buffer), "quake", 5);
    int fd = sv_buffer_fd(buffer);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    check_close(buffer);
    ck_assert(!is_open(fd));
}

START_TEST(a_file_is_mapped_whole)
{
    const char *path = write_scratch("file", "quake", 5);
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_map(path, accesses[_i], &buffer, NULL), SV_OK);
    check_mapped(buffer, accesses[_i]);
    int fd = open(path, O_RDWR);
    ck_assert_int_eq(sv_buffer_map_fd(fd, accesses[_i], &buffer, NULL), SV_OK);
    ck_assert_int_ne(sv_buffer_fd(buffer), fd);
    ck_assert_int_eq(close(fd), 0); /* the caller's own */
    check_mapped(buffer, accesses[_i]);
    check_content(path, "quake");
}
END_TEST

START_TEST(an_empty_file_is_an_empty_buffer)
{
    const char *path = write_scratch("empty", "", 0);
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_map(path, accesses[_i], &buffer, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 0);
    ck_assert_ptr_null(sv_buffer_data(buffer));
    ck_assert_int_ge(sv_buffer_fd(buffer), 0);
    ck_assert_int_eq(sv_buffer_readonly(buffer), accesses[_i] == SV_READ);
    check_close(buffer);
}
END_TEST

START_TEST(shared_stores_reach_the_file)
{
    const char *path = write_scratch("file", "quake", 5);
    sv_buffer *writer, *reader;
    ck_assert_int_eq(sv_buffer_map(path, SV_SHARED, &writer, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &reader, NULL), SV_OK);
    bytes_of(writer)[0] = 'Q';
    ck_assert_mem_eq(sv_buffer_data(reader), "Quake", 5);
    check_content(path, "Quake");
    check_close(writer);
    check_close(reader);
    check_content(path, "Quake");
}
END_TEST

START_TEST(private_stores_do_not_reach_the_file)
{
    const char *path = write_scratch("file", "quake", 5);
    sv_buffer *writer, *reader;
    chmod(path, 0400); /* to store in private one needs no leave to write */
    ck_assert_int_eq(sv_buffer_map(path, SV_PRIVATE, &writer, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &reader, NULL), SV_OK);
    bytes_of(writer)[0] = 'Q';
    ck_assert_mem_eq(sv_buffer_data(writer), "Quake", 5);
    ck_assert_mem_eq(sv_buffer_data(reader), "quake", 5);
    check_close(writer);
    check_close(reader);
    check_content(path, "quake");
}
END_TEST

static void store_anyway(void *context)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)context = 'Q';
}

START_TEST(the_system_protects_what_is_read_only)
{
    const char *path = write_scratch("file", "quake", 5);
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &buffer, NULL), SV_OK);
    int status = status_of_child(store_anyway, (void *)(uintptr_t)sv_buffer_data(buffer));
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    check_close(buffer);
    check_content(path, "quake");
}
END_TEST

START_TEST(a_sparse_file_of_a_tebibyte_is_mapped)
{
    const off_t size = (off_t)1 << 40;
    const char *path = write_scratch("sparse", "", 0);
    sv_buffer *buffer;
    int fd = open(path, O_RDWR);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    ck_assert_int_eq((int)pwrite(fd, "quake", 5, size / 2), 5);
    close(fd);
    ck_assert_int_eq(sv_buffer_map(path, accesses[_i], &buffer, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), (size_t)size);
    const char *bytes = sv_buffer_data(buffer);
    ck_assert_mem_eq(bytes + size / 2, "quake", 5);
    ck_assert_int_eq(bytes[0], 0);
    ck_assert_int_eq(bytes[size - 1], 0);
    check_close(buffer);
}
END_TEST

static void check_map_fails(const char *path, sv_access access, sv_status status, int system_error,
                            const char *words)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    int num_open = count_open();
    ck_assert_int_eq(sv_buffer_map(path, access, &buffer, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_int_eq(error.system_error, system_error);
    ck_assert_msg(strstr(error.message, words) != NULL, "'%s' lacks '%s'", error.message, words);
    ck_assert_int_eq(sv_buffer_map(path, access, &buffer, NULL), status);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(count_open(), num_open);
}

START_TEST(what_is_not_there_cannot_be_mapped)
{
    const char *path = write_scratch("file", "quake", 5);
    char below[600];
    check_map_fails(scratch_path("missing"), accesses[_i], SV_IO, ENOENT, "No such file");
    check_map_fails("", accesses[_i], SV_IO, ENOENT, "cannot be opened");
    snprintf(below, sizeof below, "%s/below", path);
    check_map_fails(below, accesses[_i], SV_IO, ENOTDIR, "Not a directory");
    ck_assert_int_eq(symlink("loop", scratch_path("loop")), 0);
    check_map_fails(scratch_path("loop"), accesses[_i], SV_IO, ELOOP, "cannot be opened");
}
END_TEST

static int bind_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

START_TEST(what_is_no_regular_file_cannot_be_mapped)
{
    check_map_fails(scratch_directory, accesses[_i], SV_INVALID, 0, "directory; name a file");
    ck_assert_int_eq(mkfifo(scratch_path("pipe"), 0600), 0);
    check_map_fails(scratch_path("pipe"), accesses[_i], SV_INVALID, 0, "a pipe");
    check_map_fails("/dev/null", accesses[_i], SV_INVALID, 0, "a device");
    int fd = bind_socket(scratch_path("socket"));
    check_map_fails(scratch_path("socket"), accesses[_i], SV_INVALID, 0, "a socket");
    close(fd);
}
END_TEST

START_TEST(there_are_three_kinds_of_access)
{
    const char *path = write_scratch("file", "quake", 5);
    check_map_fails(path, (sv_access)3, SV_INVALID, 0, "access 3");
    check_map_fails(path, (sv_access)-1, SV_INVALID, 0, "access");
    sv_buffer *buffer = NULL;
    ck_assert_int_eq(sv_buffer_map_fd(0, (sv_access)3, &buffer, NULL), SV_INVALID);
    ck_assert_int_eq(sv_buffer_shm_open("/x", (sv_access)3, &buffer, NULL), SV_INVALID);
}
END_TEST

/* Root may read everything, so a child becomes somebody else. */
static void map_as_nobody(void *context)
{
    enum { NOBODY = 65534 };
    sv_buffer *buffer = NULL;
    sv_error error;
    if (geteuid() == 0) {
        child_requires(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    }
    child_requires(sv_buffer_map(context, SV_READ, &buffer, &error) == SV_IO);
    child_requires(error.system_error == EACCES && buffer == NULL);
    child_requires(strcmp(error.message, "it cannot be opened: Permission denied") == 0);
}

static void map_shared_as_nobody(void *context)
{
    enum { NOBODY = 65534 };
    sv_buffer *buffer = NULL;
    sv_error error;
    if (geteuid() == 0) {
        child_requires(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    }
    child_requires(sv_buffer_map(context, SV_READ, &buffer, NULL) == SV_OK);
    child_requires(sv_buffer_close(buffer) == SV_OK);
    child_requires(sv_buffer_map(context, SV_SHARED, &buffer, &error) == SV_IO);
    child_requires(error.system_error == EACCES);
}

START_TEST(permissions_are_respected)
{
    const char *path = write_scratch("file", "quake", 5);
    ck_assert_int_eq(chmod(scratch_directory, 0755), 0);
    ck_assert_int_eq(chmod(path, 0000), 0);
    run_in_child(map_as_nobody, (void *)(uintptr_t)path);
    ck_assert_int_eq(chmod(path, 0444), 0);
    run_in_child(map_shared_as_nobody, (void *)(uintptr_t)path);
}
END_TEST

static void check_map_fd_fails(int fd, sv_access access, sv_status status, int system_error)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    int num_open = count_open();
    ck_assert_int_eq(sv_buffer_map_fd(fd, access, &buffer, &error), status);
    ck_assert_int_eq(error.system_error, system_error);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(count_open(), num_open);
}

START_TEST(descriptors_that_do_not_suit_are_refused)
{
    const char *path = write_scratch("file", "quake", 5);
    int ends[2], readable = open(path, O_RDONLY), writable = open(path, O_WRONLY);
    ck_assert_int_eq(pipe(ends), 0);
    check_map_fd_fails(-1, SV_READ, SV_IO, EBADF);
    check_map_fd_fails(9999, SV_READ, SV_IO, EBADF);
    check_map_fd_fails(ends[0], SV_READ, SV_INVALID, 0);
    check_map_fd_fails(readable, SV_SHARED, SV_IO, EACCES);
    check_map_fd_fails(writable, SV_READ, SV_IO, EACCES);
    check_map_fd_fails(writable, SV_SHARED, SV_IO, EACCES);
    close(ends[0]);
    close(ends[1]);
    close(readable);
    close(writable);
}
END_TEST

static void map_without_descriptors(void *context)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    int first_free = dup(STDOUT_FILENO);
    struct rlimit limit = {(rlim_t)first_free, (rlim_t)first_free};
    close(first_free);
    child_requires(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    child_requires(sv_buffer_map(context, SV_READ, &buffer, &error) == SV_IO);
    child_requires(error.system_error == EMFILE);
    child_requires(sv_buffer_map_fd(STDOUT_FILENO, SV_READ, &buffer, &error) == SV_IO);
    child_requires(sv_buffer_memfd("x", 1, &buffer, &error) == SV_IO);
    child_requires(sv_buffer_unlinked_shm(1, &buffer, &error) == SV_IO);
}

START_TEST(descriptors_may_run_out)
{
    run_in_child(map_without_descriptors, (void *)(uintptr_t)write_scratch("file", "quake", 5));
}
END_TEST

/* ---- shared memory -------------------------------------------------------------------------- */

static void store_by_name(void *context)
{
    sv_buffer *buffer;
    child_requires(sv_buffer_shm_open(context, SV_SHARED, &buffer, NULL) == SV_OK);
    child_requires(sv_buffer_size_bytes(buffer) == 100000);
    bytes_of(buffer)[99999] = 'Q';
    child_requires(sv_buffer_close(buffer) == SV_OK);
}

START_TEST(shared_memory_has_a_name)
{
    const char *name = own_name();
    sv_buffer *buffer, *other;
    sv_error error;
    ck_assert_int_eq(sv_buffer_shm_create(name, 100000, &buffer, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 100000);
    const char *bytes = bytes_of(buffer);
    ck_assert_int_eq(bytes[0], 0);
    ck_assert_int_eq(bytes[99999], 0);

    run_in_child(store_by_name, (void *)(uintptr_t)name);
    ck_assert_int_eq(bytes[99999], 'Q');

    ck_assert_int_eq(sv_buffer_shm_create(name, 1, &other, &error), SV_IO);
    ck_assert_int_eq(error.system_error, EEXIST);
    ck_assert_int_eq(sv_buffer_shm_open(name, SV_READ, &other, NULL), SV_OK);
    ck_assert(sv_buffer_readonly(other));
    ck_assert_int_eq(((const char *)sv_buffer_data(other))[99999], 'Q');
    ck_assert_int_eq(sv_buffer_shm_unlink(name, NULL), SV_OK);

    /* The name is gone, the memory is not. */
    ck_assert_int_eq(bytes[99999], 'Q');
    check_close(buffer);
    ck_assert_int_eq(((const char *)sv_buffer_data(other))[99999], 'Q');
    check_close(other);
    ck_assert_int_eq(sv_buffer_shm_open(name, SV_READ, &other, &error), SV_IO);
    ck_assert_int_eq(error.system_error, ENOENT);
    ck_assert_int_eq(sv_buffer_shm_unlink(name, &error), SV_IO);
    ck_assert_int_eq(error.system_error, ENOENT);
}
END_TEST

START_TEST(shared_memory_may_be_private)
{
    const char *name = own_name();
    sv_buffer *buffer, *own;
    ck_assert_int_eq(sv_buffer_shm_create(name, 8, &buffer, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_shm_open(name, SV_PRIVATE, &own, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_shm_unlink(name, NULL), SV_OK);
    bytes_of(own)[0] = 'q';
    ck_assert_int_eq(bytes_of(own)[0], 'q');
    ck_assert_int_eq(bytes_of(buffer)[0], 0);
    check_close(own);
    check_close(buffer);
}
END_TEST

START_TEST(names_of_shared_memory_begin_with_their_only_slash)
{
    static const char *const names[] = {"", "/", "quake", "/a/b", "//", "a/"};
    sv_buffer *buffer = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sv_error error;
        ck_assert_int_eq(sv_buffer_shm_create(names[i], 1, &buffer, &error), SV_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, "/quake"));
        ck_assert_int_eq(sv_buffer_shm_open(names[i], SV_READ, &buffer, NULL), SV_INVALID);
        ck_assert_int_eq(sv_buffer_shm_unlink(names[i], NULL), SV_INVALID);
    }
    ck_assert_ptr_null(buffer);
}
END_TEST

START_TEST(shared_memory_that_has_no_room_leaves_no_name)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    int num_open = count_open();
    ck_assert_int_eq(sv_buffer_shm_create(own_name(), (size_t)1 << 60, &buffer, &error), SV_IO);
    ck_assert_int_ne(error.system_error, 0);
    ck_assert_int_eq(sv_buffer_shm_open(own_name(), SV_READ, &buffer, &error), SV_IO);
    ck_assert_int_eq(error.system_error, ENOENT);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(count_open(), num_open);
}
END_TEST

START_TEST(what_cannot_be_mapped_is_an_error)
{
    sv_buffer *buffer = NULL;
    sv_error error;
    int num_open = count_open();
    ck_assert_int_eq(sv_buffer_memfd("huge", (size_t)1 << 60, &buffer, &error), SV_IO);
    ck_assert_int_ne(error.system_error, 0);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(count_open(), num_open);
}
END_TEST

struct heirloom {
    sv_buffer *buffer;
};

/* Through the mapping that fork copied, and through one of its own. */
static void store_in_both_ways(void *context)
{
    struct heirloom *heirloom = context;
    sv_buffer *own;
    bytes_of(heirloom->buffer)[1] = 'u';
    int fd = sv_buffer_fd(heirloom->buffer);
    child_requires(sv_buffer_map_fd(fd, SV_SHARED, &own, NULL) == SV_OK);
    child_requires(sv_buffer_data(own) != sv_buffer_data(heirloom->buffer));
    child_requires(bytes_of(own)[0] == 'q');
    bytes_of(own)[2] = 'a';
    child_requires(sv_buffer_close(own) == SV_OK);
    child_requires(sv_buffer_close(heirloom->buffer) == SV_OK);
}

static void check_inherited(sv_buffer *buffer)
{
    struct heirloom heirloom = {buffer};
    ck_assert_uint_eq(sv_buffer_size_bytes(buffer), 5000);
    ck_assert_int_ge(sv_buffer_fd(buffer), 0);
    ck_assert_int_eq(fcntl(sv_buffer_fd(buffer), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    bytes_of(buffer)[0] = 'q';
    run_in_child(store_in_both_ways, &heirloom);
    ck_assert_mem_eq(sv_buffer_data(buffer), "qua\0", 4);
    check_close(buffer);
}

START_TEST(nameless_memory_is_inherited)
{
    char long_name[1000];
    sv_buffer *buffer;
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_int_eq(sv_buffer_memfd("quake", 5000, &buffer, NULL), SV_OK);
    check_inherited(buffer);
    ck_assert_int_eq(sv_buffer_memfd(NULL, 5000, &buffer, NULL), SV_OK);
    check_inherited(buffer);
    ck_assert_int_eq(sv_buffer_memfd(long_name, 5000, &buffer, NULL), SV_OK);
    check_inherited(buffer);
}
END_TEST

START_TEST(nameless_memory_without_memfd_is_inherited)
{
    sv_buffer *first, *second;
    ck_assert_int_eq(sv_buffer_unlinked_shm(5000, &first, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_unlinked_shm(5000, &second, NULL), SV_OK);
    check_inherited(first);
    check_inherited(second);
}
END_TEST

START_TEST(a_name_that_is_taken_is_not_in_the_way)
{
    char name[64];
    sv_buffer *taken, *buffer;
    snprintf(name, sizeof name, "/seisview-%ld-0", (long)getpid());
    ck_assert_int_eq(sv_buffer_shm_create(name, 1, &taken, NULL), SV_OK);
    ck_assert_int_eq(sv_buffer_unlinked_shm(5000, &buffer, NULL), SV_OK);
    check_inherited(buffer);
    check_close(taken);
    ck_assert_int_eq(sv_buffer_shm_unlink(name, NULL), SV_OK); /* still the first one's */
}
END_TEST

/* ---- staleness ------------------------------------------------------------------------------ */

static bool is_current(uint32_t slot, uint64_t generation)
{
    return sv_generation_is_current(slot, generation);
}

START_TEST(a_closed_buffer_is_not_current)
{
    char memory[1];
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_borrow(memory, 1, &buffer, NULL), SV_OK);
    uint32_t slot = sv_buffer_slot(buffer);
    uint64_t generation = sv_buffer_generation(buffer);
    ck_assert(is_current(slot, generation));
    check_close(buffer);
    ck_assert(!is_current(slot, generation));

    /* The slot is used again, the generation never. */
    ck_assert_int_eq(sv_buffer_borrow(memory, 1, &buffer, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_slot(buffer), slot);
    ck_assert_uint_ne(sv_buffer_generation(buffer), generation);
    ck_assert(!is_current(slot, generation));
    check_close(buffer);
}
END_TEST

START_TEST(numbers_of_no_buffer_are_not_current)
{
    char memory[1];
    sv_buffer *buffer;
    ck_assert(!is_current(0, 0));
    ck_assert(!is_current(0, 1));
    ck_assert_int_eq(sv_buffer_borrow(memory, 1, &buffer, NULL), SV_OK);
    uint64_t generation = sv_buffer_generation(buffer);
    ck_assert(!is_current(sv_buffer_slot(buffer), 0));
    ck_assert(!is_current(sv_buffer_slot(buffer) + 1, 0));
    ck_assert(!is_current(sv_buffer_slot(buffer) + 1, generation));
    ck_assert(!is_current(SV_CHUNK_SLOTS, generation));
    ck_assert(!is_current((uint32_t)SV_CHUNK_SLOTS * SV_MAX_CHUNKS - 1, generation));
    ck_assert(!is_current((uint32_t)SV_CHUNK_SLOTS * SV_MAX_CHUNKS, generation));
    ck_assert(!is_current(UINT32_MAX, generation));
    check_close(buffer);
}
END_TEST

START_TEST(thousands_of_buffers_are_told_apart)
{
    enum { NUM_BUFFERS = 3 * SV_CHUNK_SLOTS + 17, NUM_STEPS = 20000 };
    struct random random = random_begin("thousands_of_buffers_are_told_apart");
    static sv_buffer *buffers[NUM_BUFFERS];
    static uint32_t slots[NUM_BUFFERS];
    static uint64_t generations[NUM_BUFFERS];
    char memory[1];
    for (int i = 0; i < NUM_BUFFERS; i++) {
        require(sv_buffer_borrow(memory, 1, &buffers[i], NULL) == SV_OK, "cannot open");
        slots[i] = sv_buffer_slot(buffers[i]);
        generations[i] = sv_buffer_generation(buffers[i]);
        require(slots[i] < NUM_BUFFERS, "a slot was left out");
    }
    for (int i = 0; i < NUM_STEPS; i++) {
        size_t at = (size_t)random_below(&random, NUM_BUFFERS);
        bool was_open = buffers[at] != NULL;
        require(is_current(slots[at], generations[at]) == was_open, "wrongly current or stale");
        if (was_open) {
            require(sv_buffer_close(buffers[at]) == SV_OK, "cannot close");
            buffers[at] = NULL;
        } else {
            require(sv_buffer_borrow(memory, 1, &buffers[at], NULL) == SV_OK, "cannot open");
            require(sv_buffer_generation(buffers[at]) > generations[at], "used again");
            slots[at] = sv_buffer_slot(buffers[at]);
            generations[at] = sv_buffer_generation(buffers[at]);
            require(slots[at] < NUM_BUFFERS, "a free slot was left out");
        }
    }
    for (int i = 0; i < NUM_BUFFERS; i++) {
        require(is_current(slots[i], generations[i]) == (buffers[i] != NULL), "wrong at the end");
        require(sv_buffer_close(buffers[i]) == SV_OK, "cannot close");
    }
}
END_TEST

struct shared_number {
    _Atomic uint64_t generation; /* of a buffer in slot 0 that stays open */
    atomic_bool done;
    atomic_int wrong;
};

static void *look_up(void *context)
{
    struct shared_number *shared = context;
    while (!atomic_load(&shared->done)) {
        for (uint32_t slot = 0; slot < 2 * SV_CHUNK_SLOTS; slot += 97) {
            bool current = is_current(slot, atomic_load(&shared->generation));
            atomic_fetch_add(&shared->wrong, current != (slot == 0) ? 1 : 0);
        }
    }
    return NULL;
}

static void *open_and_close(void *context)
{
    enum { AT_ONCE = 700, ROUNDS = 20 };
    struct shared_number *shared = context;
    char memory[1];
    sv_buffer *buffers[AT_ONCE];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            bool opened = sv_buffer_borrow(memory, 1, &buffers[i], NULL) == SV_OK;
            atomic_fetch_add(&shared->wrong, opened ? 0 : 1);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            uint32_t slot = sv_buffer_slot(buffers[i]);
            uint64_t generation = sv_buffer_generation(buffers[i]);
            bool before = is_current(slot, generation);
            bool closed = sv_buffer_close(buffers[i]) == SV_OK;
            bool after = is_current(slot, generation);
            atomic_fetch_add(&shared->wrong, before && closed && !after ? 0 : 1);
        }
    }
    return NULL;
}

START_TEST(buffers_open_and_close_in_any_thread)
{
    enum { NUM_OPENERS = 2, NUM_LOOKERS = 2 };
    struct shared_number shared = {0};
    pthread_t openers[NUM_OPENERS], lookers[NUM_LOOKERS];
    char memory[1];
    sv_buffer *kept;
    ck_assert_int_eq(sv_buffer_borrow(memory, 1, &kept, NULL), SV_OK);
    ck_assert_uint_eq(sv_buffer_slot(kept), 0);
    atomic_store(&shared.generation, sv_buffer_generation(kept));
    for (int i = 0; i < NUM_LOOKERS; i++) {
        ck_assert_int_eq(pthread_create(&lookers[i], NULL, look_up, &shared), 0);
    }
    for (int i = 0; i < NUM_OPENERS; i++) {
        ck_assert_int_eq(pthread_create(&openers[i], NULL, open_and_close, &shared), 0);
    }
    for (int i = 0; i < NUM_OPENERS; i++) {
        pthread_join(openers[i], NULL);
    }
    atomic_store(&shared.done, true);
    for (int i = 0; i < NUM_LOOKERS; i++) {
        pthread_join(lookers[i], NULL);
    }
    ck_assert_int_eq(atomic_load(&shared.wrong), 0);
    check_close(kept);
}
END_TEST

/* ---- pins ----------------------------------------------------------------------------------- */

START_TEST(a_pinned_buffer_stays_open)
{
    const char *path = write_scratch("file", "quake", 5);
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_map(path, SV_READ, &buffer, NULL), SV_OK);
    sv_buffer_pin(buffer);
    sv_buffer_pin(buffer);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_BUSY);
    sv_buffer_unpin(buffer);
    ck_assert_int_eq(sv_buffer_close(buffer), SV_BUSY);
    ck_assert(is_current(sv_buffer_slot(buffer), sv_buffer_generation(buffer)));
    ck_assert_mem_eq(sv_buffer_data(buffer), "quake", 5);
    ck_assert(is_open(sv_buffer_fd(buffer)));
    sv_buffer_unpin(buffer);
    check_close(buffer);
}
END_TEST

static void *pin_and_unpin(void *context)
{
    for (int i = 0; i < 20000; i++) {
        sv_buffer_pin(context);
        sv_buffer_unpin(context);
    }
    return NULL;
}

START_TEST(pins_count_in_any_thread)
{
    enum { NUM_THREADS = 4 };
    pthread_t threads[NUM_THREADS];
    sv_buffer *buffer;
    ck_assert_int_eq(sv_buffer_alloc(8, &buffer, NULL), SV_OK);
    sv_buffer_pin(buffer);
    for (int i = 0; i < NUM_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pin_and_unpin, buffer), 0);
    }
    ck_assert_int_eq(sv_buffer_close(buffer), SV_BUSY);
    for (int i = 0; i < NUM_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(sv_buffer_close(buffer), SV_BUSY);
    sv_buffer_unpin(buffer);
    check_close(buffer);
}
END_TEST

/* ---- failing allocations -------------------------------------------------------------------- */

static sv_status open_map(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_map(scratch_path("file"), SV_SHARED, buffer, error);
}

static sv_status open_map_fd(sv_buffer **buffer, sv_error *error)
{
    int fd = open(scratch_path("file"), O_RDONLY);
    sv_status status = sv_buffer_map_fd(fd, SV_PRIVATE, buffer, error);
    close(fd);
    return status;
}

static sv_status open_alloc(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_alloc(100, buffer, error);
}

static char lent[8];

static sv_status open_borrow(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_borrow(lent, sizeof lent, buffer, error);
}

static sv_status open_borrow_const(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_borrow_const(lent, sizeof lent, buffer, error);
}

static sv_status open_shm_create(sv_buffer **buffer, sv_error *error)
{
    sv_status status = sv_buffer_shm_create(own_name(), 100, buffer, error);
    if (status == SV_OK) {
        sv_buffer_shm_unlink(own_name(), NULL);
    } else {
        ck_assert_int_eq(sv_buffer_shm_unlink(own_name(), NULL), SV_IO); /* none was left */
    }
    return status;
}

static sv_status open_shm_open(sv_buffer **buffer, sv_error *error)
{
    int fd = shm_open(own_name(), O_CREAT | O_RDWR, 0600);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    close(fd);
    sv_status status = sv_buffer_shm_open(own_name(), SV_READ, buffer, error);
    shm_unlink(own_name());
    return status;
}

static sv_status open_memfd(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_memfd("quake", 100, buffer, error);
}

static sv_status open_unlinked_shm(sv_buffer **buffer, sv_error *error)
{
    return sv_buffer_unlinked_shm(100, buffer, error);
}

static sv_status (*const openers[])(sv_buffer **, sv_error *) = {
    open_map,        open_map_fd,   open_alloc, open_borrow,      open_borrow_const,
    open_shm_create, open_shm_open, open_memfd, open_unlinked_shm};

enum { NUM_OPENERS = sizeof openers / sizeof openers[0] };

static int count_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024];
    int count = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        count += strstr(line, "seisview") != NULL || strstr(line, "memfd:quake") != NULL ? 1 : 0;
    }
    if (maps != NULL) {
        fclose(maps);
    }
    return count;
}

/* The first buffer of a process needs memory for itself and for the table; the allocated kind for
 * its bytes too. What is lost on the way a sanitizer finds. */
START_TEST(a_failed_allocation_leaves_nothing)
{
    sv_buffer *buffer = NULL;
    write_scratch("file", "quake", 5);
    int num_open = count_open(), num_mappings = count_mappings(), failures = 0;
    for (long count = 0; buffer == NULL; count++) {
        sv_error error = {SV_OK, 0, ""};
        sv_memory_fail_after(count, false);
        sv_status status = openers[_i](&buffer, &error);
        sv_memory_fail_after(-1, false);
        if (status == SV_OK) {
            break;
        }
        failures++;
        ck_assert_int_eq(status, SV_NOMEM);
        ck_assert_int_eq(error.status, SV_NOMEM);
        ck_assert_int_eq(strncmp(error.message, "out of memory", 13), 0);
        ck_assert_ptr_null(buffer);
        ck_assert_int_eq(count_open(), num_open);
        ck_assert_int_eq(count_mappings(), num_mappings);
    }
    ck_assert_int_ge(failures, 2);
    check_close(buffer);
    ck_assert_int_eq(count_open(), num_open);
    ck_assert_int_eq(count_mappings(), num_mappings);

    sv_memory_fail_after(0, true);
    ck_assert_int_eq(openers[_i](&buffer, NULL), SV_NOMEM);
    sv_memory_fail_after(-1, false);
    ck_assert_int_eq(count_open(), num_open);
}
END_TEST

/* ---- suite ---------------------------------------------------------------------------------- */

int main(void)
{
    enum { SKIPPED = 77 };
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");
    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, allocated_memory_is_zeroed_aligned_writable);
    tcase_add_test(tests, lent_memory_is_used_in_place);
    tcase_add_test(tests, a_buffer_may_be_empty);
    tcase_add_test(tests, memory_that_cannot_be_is_refused);
    tcase_add_test(tests, closing_nothing_is_fine);
    tcase_add_loop_test(tests, a_file_is_mapped_whole, 0, NUM_ACCESSES);
    tcase_add_loop_test(tests, an_empty_file_is_an_empty_buffer, 0, NUM_ACCESSES);
    tcase_add_test(tests, shared_stores_reach_the_file);
    tcase_add_test(tests, private_stores_do_not_reach_the_file);
    tcase_add_test(tests, the_system_protects_what_is_read_only);
    if (!under_thread_sanitizer()) {
        tcase_add_loop_test(tests, a_sparse_file_of_a_tebibyte_is_mapped, 0, NUM_ACCESSES);
    }
    tcase_add_loop_test(tests, what_is_not_there_cannot_be_mapped, 0, NUM_ACCESSES);
    tcase_add_loop_test(tests, what_is_no_regular_file_cannot_be_mapped, 0, NUM_ACCESSES);
    tcase_add_test(tests, there_are_three_kinds_of_access);
    tcase_add_test(tests, permissions_are_respected);
    tcase_add_test(tests, descriptors_that_do_not_suit_are_refused);
    tcase_add_test(tests, descriptors_may_run_out);
    tcase_add_test(tests, shared_memory_has_a_name);
    tcase_add_test(tests, shared_memory_may_be_private);
    tcase_add_test(tests, names_of_shared_memory_begin_with_their_only_slash);
    tcase_add_test(tests, shared_memory_that_has_no_room_leaves_no_name);
    tcase_add_test(tests, what_cannot_be_mapped_is_an_error);
    tcase_add_test(tests, nameless_memory_is_inherited);
    tcase_add_test(tests, nameless_memory_without_memfd_is_inherited);
    tcase_add_test(tests, a_name_that_is_taken_is_not_in_the_way);
    tcase_add_test(tests, a_closed_buffer_is_not_current);
    tcase_add_test(tests, numbers_of_no_buffer_are_not_current);
    tcase_add_test(tests, thousands_of_buffers_are_told_apart);
    tcase_add_test(tests, buffers_open_and_close_in_any_thread);
    tcase_add_test(tests, a_pinned_buffer_stays_open);
    tcase_add_test(tests, pins_count_in_any_thread);
    tcase_add_loop_test(tests, a_failed_allocation_leaves_nothing, 0, NUM_OPENERS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    /* Each test begins with an empty generation table, and failing memory stays in its test. */
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed != 0) {
        return EXIT_FAILURE;
    }
    if (under_thread_sanitizer()) {
        puts("skipped: a file of a tebibyte: ThreadSanitizer has the address space");
        return SKIPPED;
    }
    return EXIT_SUCCESS;
}
