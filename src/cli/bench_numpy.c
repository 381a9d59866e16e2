/* The same work by NumPy: a script that `python3 -c` runs, and what it prints. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/message.h"
#include "cli/signals.h"

extern char **environ;

enum { NO_NUMPY = 9, MOST_ARGUMENTS = 64, NUMBER_BYTES = 32 };

/* Each of the methods as somebody writes it who knows NumPy well: arrays over a plain mmap rather
 * than np.memmap, whose slices cost more, and chunks that stay in the cache. Its lines have the
 * operation, the method, the size, how many rounds, and three times with tabs between them. */
static const char script[] =
    "import mmap, sys, time\n"
    "try:\n"
    "    import numpy as np\n"
    "except ImportError:\n"
    "    sys.exit(9)\n"
    "import tempfile\n"
    "path, dtype, folder = sys.argv[1:4]\n"
    "first, extent, rows, count, row_stride, stride, scratch = map(int, sys.argv[4:11])\n"
    "sizes = [int(size) for size in sys.argv[11:]]\n"
    "CHUNK, WINDOW = 1 << 16, 1 << 16\n"
    "clock = time.perf_counter\n"
    "\n"
    "def batch(work, times):\n"
    "    begun = clock()\n"
    "    for _ in range(times):\n"
    "        work()\n"
    "    return (clock() - begun) / times\n"
    "\n"
    "def measure(operation, method, size, work):\n"
    "    times, once = 1, batch(work, 1)\n"
    "    while once * times < 5e-4:\n"
    "        times *= 8\n"
    "        once = batch(work, times)\n"
    "    rounds = min(15, max(3, int(1.0 / (once * times))))\n"
    "    seconds = sorted(batch(work, times) for _ in range(rounds))\n"
    "    median = (seconds[(rounds - 1) // 2] + seconds[rounds // 2]) / 2\n"
    "    print(operation, method, size, rounds, repr(median), repr(seconds[0]),\n"
    "          repr(seconds[-1]), sep='\\t', flush=True)\n"
    "\n"
    "def mapped(file):\n"
    "    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)\n"
    "\n"
    "def runs_of(memory, offset):\n"
    "    shape, strides = (rows, count), (row_stride, stride)\n"
    "    if row_stride < stride:\n"
    "        shape, strides = shape[::-1], strides[::-1]\n"
    "    x = np.ndarray(shape, dtype, memory, offset, strides)\n"
    "    return [x.reshape(-1)] if x.flags.c_contiguous else list(x)\n"
    "\n"
    "def figures(x):\n"
    "    return x.min(), x.max(), x.mean(dtype='f8'), np.square(x, dtype='f8').mean()\n"
    "\n"
    "def in_chunks(x):\n"
    "    part = np.empty(CHUNK)\n"
    "    least, most, total, squares = np.inf, -np.inf, 0.0, 0.0\n"
    "    for at in range(0, len(x), CHUNK):\n"
    "        piece = x[at:at + CHUNK]\n"
    "        wide = part[:len(piece)]\n"
    "        np.copyto(wide, piece)\n"
    "        least, most = min(least, piece.min()), max(most, piece.max())\n"
    "        total, squares = total + wide.sum(), squares + np.dot(wide, wide)\n"
    "    return least, most, total / len(x), squares / len(x)\n"
    "\n"
    "def of_map(measured):\n"
    "    with open(path, 'rb') as file:\n"
    "        for run in runs_of(mapped(file), first):\n"
    "            measured(run)\n"
    "\n"
    "def read_all():\n"
    "    for run in runs_of(np.fromfile(path, 'u1', extent, offset=first), 0):\n"
    "        figures(run)\n"
    "\n"
    "def slices(memory):\n"
    "    everything = np.frombuffer(memory, 'u1')\n"
    "    for size in sizes:\n"
    "        measure('slice', 'view', size, lambda: everything[0:size])\n"
    "        measure('slice', 'copy', size, lambda: everything[0:size].copy())\n"
    "\n"
    "def statistics(memory):\n"
    "    size = rows * count * np.dtype(dtype).itemsize\n"
    "    measure('statistics', 'map', size, lambda: of_map(figures))\n"
    "    measure('statistics', 'chunks', size, lambda: of_map(in_chunks))\n"
    "    measure('statistics', 'read_all', size, read_all)\n"
    "    if rows > 1 and row_stride < stride:\n"
    "        x = np.ndarray(count, dtype, memory, first, stride)\n"
    "        measure('channel', 'strided', x.nbytes, lambda: figures(x))\n"
    "        measure('channel', 'deinterleave', x.nbytes,\n"
    "                lambda: figures(np.ascontiguousarray(x)))\n"
    "\n"
    "def edits(memory):\n"
    "    sign = np.uint64(0x8000000080000000)\n"
    "    with tempfile.TemporaryFile(dir=folder) as source, \\\n"
    "            tempfile.TemporaryFile(dir=folder) as target:\n"
    "        source.write(memory[:scratch])\n"
    "        source.flush()\n"
    "        def in_place(begin, end):\n"
    "            with mmap.mmap(source.fileno(), scratch) as shared:\n"
    "                np.frombuffer(shared, 'u8')[begin // 8:end // 8].__ixor__(sign)\n"
    "        def copy(begin, end):\n"
    "            source.seek(0)\n"
    "            target.seek(0)\n"
    "            x = np.fromfile(source, 'u8')\n"
    "            x[begin // 8:end // 8] ^= sign\n"
    "            x.tofile(target)\n"
    "        windows = [('edit', 0, scratch)]\n"
    "        if scratch > 2 * WINDOW:\n"
    "            middle = scratch // 2 // WINDOW * WINDOW\n"
    "            windows.append(('edit_window', middle, middle + WINDOW))\n"
    "        for name, begin, end in windows:\n"
    "            measure(name, 'in_place', end - begin, lambda: in_place(begin, end))\n"
    "            measure(name, 'copy', end - begin, lambda: copy(begin, end))\n"
    "\n"
    "try:\n"
    "    with open(path, 'rb') as file:\n"
    "        memory = mapped(file)\n"
    "    slices(memory)\n"
    "    if dtype != '-':\n"
    "        statistics(memory)\n"
    "    if scratch > 0:\n"
    "        edits(memory)\n"
    "except BaseException as reason:\n"
    "    print('failed', type(reason).__name__, str(reason).split('\\n')[0], sep='\\t')\n"
    "    sys.exit(1)\n";

/* ---- arguments ----------------------------------------------------------------------------- */

struct arguments {
    char *words[MOST_ARGUMENTS];
    char numbers[MOST_ARGUMENTS][NUMBER_BYTES];
    int count;
};

static void add_text(struct arguments *arguments, const char *text)
{
    arguments->words[arguments->count++] = (char *)(uintptr_t)text;
}

static void add_number(struct arguments *arguments, int64_t number)
{
    char *text = arguments->numbers[arguments->count];
    snprintf(text, NUMBER_BYTES, "%" PRId64, number);
    add_text(arguments, text);
}

/* What NumPy calls the type; "-": it has none like it, or the samples lie in records. */
static const char *numpy_type(const struct bench *bench, char text[SV_DTYPE_TEXT_SIZE])
{
    sv_dtype dtype = bench->segment.samples.dtype;
    bool known = dtype.type != SV_IBM4 && sv_dtype_itemsize(dtype) != 3;
    return known && bench->segment.in_place ? sv_dtype_text(dtype, text) : "-";
}

static void fill_arguments(const struct bench *bench, const char *python,
                           char type[SV_DTYPE_TEXT_SIZE], struct arguments *arguments)
{
    const char *folder = getenv("TMPDIR");
    const int64_t *strides = bench->segment.samples.strides;
    int64_t scratch = 0;
    arguments->count = 0;
    add_text(arguments, python);
    add_text(arguments, "-c");
    add_text(arguments, script);
    add_text(arguments, bench->path);
    add_text(arguments, numpy_type(bench, type));
    add_text(arguments, folder != NULL && folder[0] != '\0' ? folder : "/var/tmp");
    for (int i = 0; i < bench->num_lines; i++) {
        scratch =
            strcmp(bench->lines[i].operation, "edit") == 0 ? bench->lines[i].size_bytes : scratch;
    }
    const int64_t numbers[] = {
        bench->first_byte, bench->extent_bytes, bench->num_rows, bench->num_samples,
        strides[0],        strides[1],          scratch};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        add_number(arguments, numbers[i]);
    }
    for (int i = 0; i < bench->num_lines && arguments->count + 1 < MOST_ARGUMENTS; i += 2) {
        if (strcmp(bench->lines[i].operation, "slice") == 0) {
            add_number(arguments, bench->lines[i].size_bytes);
        }
    }
    arguments->words[arguments->count] = NULL;
}

/* ---- answers ------------------------------------------------------------------------------- */

static sv_status fail(sv_error *error, sv_status status, const char *format, const char *python,
                      const char *reason)
{
    error->status = status;
    error->system_error = 0;
    snprintf(error->message, sizeof error->message, format, python, reason);
    return status;
}

static struct spread divided(struct spread spread, double by)
{
    return (struct spread){spread.median / by, spread.least / by, spread.most / by};
}

static bool is_same_work(const struct bench_line *line, const struct bench_line *other)
{
    return strcmp(line->operation, other->operation) == 0 && line->size_bytes == other->size_bytes;
}

/* Behind the lines of the same work, the first of which the ratio is to. */
static void add_line(struct bench *bench, struct bench_line *line)
{
    int first = 0;
    while (first < bench->num_lines && !is_same_work(&bench->lines[first], line)) {
        first++;
    }
    int past = first;
    while (past < bench->num_lines && is_same_work(&bench->lines[past], line)) {
        if (strcmp(bench->lines[past].method, line->method) == 0) {
            line->method = bench->lines[past].method;
            line->operation = bench->lines[past].operation;
            line->touches_bytes = bench->lines[past].touches_bytes;
        }
        past++;
    }
    if (past == first || bench->num_lines == MOST_LINES) {
        return;
    }
    line->ratio = divided(line->seconds, bench->lines[first].seconds.median);
    line->ceiling = bench->lines[first].ceiling;
    memmove(&bench->lines[past + 1], &bench->lines[past],
            (size_t)(bench->num_lines - past) * sizeof *line);
    bench->lines[past] = *line;
    bench->num_lines++;
}

static void read_line(struct bench *bench, const char *line, char reason[256])
{
    char operation[32], method[32];
    struct bench_line read = {.program = bench_python,
                              .operation = operation,
                              .method = method,
                              .bytes_copied = -1,
                              .num_allocations = -1};
    if (strncmp(line, "failed\t", 7) == 0) {
        snprintf(reason, 256, "%.255s", line + 7);
    } else if (sscanf(line, "%31s %31s %" SCNd64 " %" SCNd64 " %lf %lf %lf", operation, method,
                      &read.size_bytes, &read.num_rounds, &read.seconds.median, &read.seconds.least,
                      &read.seconds.most) == 7) {
        add_line(bench, &read);
    }
}

/* All that comes, a line at a time, until the end or a signal. */
static void read_lines(struct bench *bench, int fd, char reason[256])
{
    char text[4096];
    size_t used = 0;
    while (!signals_stopped()) {
        ssize_t count = read(fd, text + used, sizeof text - 1 - used);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return;
        }
        used += count > 0 ? (size_t)count : 0;
        text[used] = '\0';
        for (char *end; (end = strchr(text, '\n')) != NULL;) {
            *end = '\0';
            read_line(bench, text, reason);
            used -= (size_t)(end + 1 - text);
            memmove(text, end + 1, used + 1);
        }
        used = used < sizeof text - 1 ? used : 0; /* no line of ours is so long */
    }
}

/* ---- the process --------------------------------------------------------------------------- */

/* Starts it with its output in *fd; returns the errno. */
static int start(char **words, pid_t *child, int *fd)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int failure = posix_spawnp(child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *fd = ends[0];
    if (failure != 0) {
        close(ends[0]);
    }
    return failure;
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

sv_status bench_numpy(struct bench *bench, sv_error *error)
{
    const char *python = getenv("PYTHON");
    char type[SV_DTYPE_TEXT_SIZE], reason[256] = "";
    struct arguments *arguments = must_have(malloc(sizeof *arguments));
    pid_t child;
    int fd = -1;
    python = python != NULL && python[0] != '\0' ? python : "python3";
    fill_arguments(bench, python, type, arguments);
    int failure = start(arguments->words, &child, &fd);
    free(arguments);
    if (failure != 0) {
        return fail(error, SV_UNSUPPORTED,
                    "%s cannot be started: %s; let PYTHON name a Python that has NumPy", python,
                    strerror(failure));
    }
    read_lines(bench, fd, reason);
    if (signals_stopped()) {
        kill(child, SIGKILL);
    }
    close(fd);
    int status = wait_for(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NUMPY) {
        return fail(error, SV_UNSUPPORTED,
                    "%s has no NumPy%s; install it (Debian: python3-numpy), or let PYTHON name a "
                    "Python that has it",
                    python, "");
    }
    if (status != 0) {
        return fail(error, SV_IO, "%s failed: %s", python,
                    reason[0] != '\0' ? reason : "it does not say why");
    }
    return SV_OK;
}
