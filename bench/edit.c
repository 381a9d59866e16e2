/* What an edit costs beside the plain work that it replaces, in pairs, one after the other:
 *
 *   edit staging FILE    staging and storing alone, beside the same arithmetic straight through a
 *                        shared writable map. In it: the old samples are read, the new ones
 *                        computed into memory and counted, the pages made ready and stored to, all
 *                        by the edit's own functions, on one thread. Not in it: whatever serves the
 *                        journal (checksums, packing, records), reserving, syncs
 *   edit dry FILE        the same with all that is computed for the journal, on an edit's two
 *                        threads: what is left out is writing it, reserving and syncing
 *   edit keep FILE       a whole edit, beside plain sequential writes of the same bytes to the same
 *   edit none FILE       disk with the same syncs
 *   edit window FILE     1,000 samples in the middle, committed durably, again and again: the cost
 *                        grows neither with the file nor with the journal
 *   edit whole keep|none FILE   one edit and nothing else, for those who look at its memory
 *
 * FILE is float32, and each sample is multiplied by −1. SEISVIEW_BENCH_PAIRS is how often (11).
 * Ends with 3 when a goal is missed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edit/editor.h"
#include "edit/operation.h"
#include "figures.h"
#include "seisview/edit.h"

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

enum { MOST_PAIRS = 101, BATCH_BYTES = SV_BATCH_WINDOWS * SV_WINDOW_BYTES };

static volatile double gain = -1.0; /* the compiler is not to know it */

static void give_up(const char *what)
{
    fprintf(stderr, "edit: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void insist(sv_status status, const sv_error *error)
{
    if (status != SV_OK) {
        fprintf(stderr, "edit: %s\n", error->message);
        exit(2);
    }
}

static char *journal_of(const char *path)
{
    static char name[4096];
    snprintf(name, sizeof name, "%s.svj", path);
    return name;
}

static int64_t size_of(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        give_up(path);
    }
    return (int64_t)file.st_size;
}

/* ---- our way --------------------------------------------------------------------------------- */

/* Whatever is written to a journal is thrown away, and nothing is synced. */
static ssize_t drop(int fd, const void *bytes, size_t num_bytes, off_t offset)
{
    (void)fd;
    (void)bytes;
    (void)offset;
    return (ssize_t)num_bytes;
}

static int do_not_sync(int fd)
{
    (void)fd;
    return 0;
}

static int do_not_reserve(int fd, int mode, off_t offset, off_t num_bytes)
{
    (void)fd;
    (void)mode;
    (void)offset;
    (void)num_bytes;
    return 0;
}

/* Each row of the whole segment. */
static sv_scan_range all_of(const sv_edit *edit, int64_t first, int64_t last)
{
    sv_segment segment;
    if (sv_recording_segment(sv_edit_recording(edit), 0, &segment) != SV_OK) {
        give_up("there is no segment");
    }
    return (sv_scan_range){
        .num_rows = 1, .first = first, .last = last >= 0 ? last : segment.num_samples};
}

static void edit_range(const char *path, bool keeps, int64_t first, int64_t last)
{
    sv_error error;
    sv_edit *edit;
    sv_edit_options options = SV_EDIT_OPTIONS_INIT;
    const sv_operation operation = {.kind = SV_GAIN, .value = gain};
    options.undo_none = !keeps;
    insist(sv_edit_begin(path, NULL, &options, &edit, &error), &error);
    sv_scan_range range = all_of(edit, first, last);
    insist(sv_edit_apply(edit, &range, &operation, 1, &error), &error);
    insist(sv_edit_commit(edit, NULL, &error), &error);
}

static void open_through(const sv_system *system, const char *path, sv_editor *editor)
{
    sv_error error;
    sv_recovery recovery;
    sv_editor_options options = sv_editor_defaults;
    options.system = system;
    insist(sv_editor_open(path, &options, editor, &recovery, &error), &error);
}

/* The gain on all samples, by inner functions. `parameters` are written, and borrowed. */
static sv_part gain_of(const char *path, unsigned char parameters[256])
{
    const sv_operation operation = {.kind = SV_GAIN, .value = gain};
    sv_work_operations_encode(&operation, 1, parameters);
    return (sv_part){.dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN),
                     .rows = 1,
                     .samples = size_of(path) / 4,
                     .stride_bytes = 4,
                     .work = &sv_work_operations,
                     .parameters = parameters,
                     .parameters_bytes = sv_work_parameters_size(&operation, 1, 1)};
}

static sv_status store(void *context, uint32_t part, const sv_place *place, const void *after,
                       sv_error *error)
{
    (void)part;
    sv_run run = {.offset_bytes = place->first * 4,
                  .count = place->count,
                  .stride_bytes = 4,
                  .item_bytes = 4};
    return sv_editor_store(context, &run, after, error);
}

static double time_staging(const char *path)
{
    sv_error error;
    sv_editor editor;
    sv_transaction transaction;
    unsigned char parameters[256];
    sv_part part = gain_of(path, parameters);
    double begun = figures_now();
    open_through(&sv_real_system, path, &editor);
    insist(sv_transaction_prepare(&editor, &part, 1, true, "gain", &transaction, &error), &error);
    insist(sv_transaction_rehearse(&transaction, store, &editor, &error), &error);
    insist(sv_editor_stop_storing(&editor, &error), &error);
    sv_transaction_close(&transaction);
    sv_editor_close(&editor);
    return figures_now() - begun;
}

static double time_dry(const char *path)
{
    sv_error error;
    sv_editor editor;
    sv_transaction transaction;
    unsigned char parameters[256];
    sv_part part = gain_of(path, parameters);
    sv_system system = sv_real_system;
    system.pwrite = drop;
    system.fdatasync = do_not_sync;
    system.fsync = do_not_sync;
    system.fallocate = do_not_reserve;
    unlink(journal_of(path));
    double begun = figures_now();
    open_through(&system, path, &editor);
    insist(sv_transaction_begin(&editor, &part, 1, true, "gain", &transaction, &error), &error);
    insist(sv_transaction_run(&transaction, &error), &error);
    insist(sv_transaction_commit(&transaction, &error), &error);
    sv_transaction_close(&transaction);
    sv_editor_close(&editor);
    double seconds = figures_now() - begun;
    unlink(journal_of(path));
    return seconds;
}

/* ---- the plain ways -------------------------------------------------------------------------- */

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef double eight_wide __attribute__((vector_size(64)));

/* In float64, as an edit does, and rounded once. `count` is a multiple of 8. */
FOR_EACH_PROCESSOR static void multiply(float *samples, int64_t count)
{
    const double by = gain;
    for (int64_t i = 0; i < count; i += 8) {
        eight *line = (eight *)(samples + i);
        *line = __builtin_convertvector(__builtin_convertvector(*line, eight_wide) * by, eight);
    }
}

static double time_straight(const char *path)
{
    int64_t num_bytes = size_of(path);
    double begun = figures_now();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, (size_t)num_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || mapped == MAP_FAILED) {
        give_up(path);
    }
    multiply(mapped, num_bytes / 4);
    munmap(mapped, (size_t)num_bytes);
    close(fd);
    return figures_now() - begun;
}

static void write_all(int fd, const char *bytes, int64_t num_bytes, int64_t offset)
{
    while (num_bytes > 0) {
        ssize_t count = pwrite(fd, bytes, (size_t)num_bytes, (off_t)offset);
        if (count <= 0) {
            give_up("it cannot be written");
        }
        bytes += count;
        offset += count;
        num_bytes -= count;
    }
}

static void sync_it(int fd)
{
    if (fdatasync(fd) != 0) {
        give_up("it cannot be synced");
    }
}

/* A batch to the journal, synced; the same to the recording, synced at the end (undo=none: after
 * each batch); the journal's last sector, synced. The space is reserved, as an edit does. */
static double time_disk(const char *path, bool keeps)
{
    int64_t num_bytes = size_of(path);
    char *batch = malloc(BATCH_BYTES);
    int out = open(path, O_RDONLY | O_CLOEXEC);
    if (batch == NULL || out < 0 || pread(out, batch, BATCH_BYTES, 0) < 0) {
        give_up(path);
    }
    close(out);
    unlink(journal_of(path));
    double begun = figures_now();
    int recording = open(path, O_RDWR | O_CLOEXEC);
    int journal = open(journal_of(path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int64_t room = keeps ? num_bytes : 2 * (int64_t)BATCH_BYTES;
    if (recording < 0 || journal < 0 ||
        fallocate(journal, FALLOC_FL_KEEP_SIZE, 0, (off_t)room + 8192) != 0) {
        give_up(path);
    }
    for (int64_t done = 0; done < num_bytes; done += BATCH_BYTES) {
        int64_t count = num_bytes - done < BATCH_BYTES ? num_bytes - done : BATCH_BYTES;
        write_all(journal, batch, count, keeps ? done : done / BATCH_BYTES % 2 * BATCH_BYTES);
        sync_it(journal);
        write_all(recording, batch, count, done);
        if (!keeps) {
            sync_it(recording);
        }
    }
    sync_it(recording);
    write_all(journal, batch, 512, room);
    sync_it(journal);
    double seconds = figures_now() - begun;
    close(recording);
    close(journal);
    unlink(journal_of(path));
    free(batch);
    return seconds;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static double time_edit(const char *path, bool keeps)
{
    unlink(journal_of(path));
    double begun = figures_now();
    edit_range(path, keeps, 0, -1);
    double seconds = figures_now() - begun;
    unlink(journal_of(path));
    return seconds;
}

/* Whatever was left over from before is on the disk. */
static double run_one(const char *what, const char *path, bool is_peer)
{
    bool is_staging = strcmp(what, "staging") == 0;
    if (is_staging || strcmp(what, "dry") == 0) {
        return is_peer ? time_straight(path) : is_staging ? time_staging(path) : time_dry(path);
    }
    sync();
    bool keeps = strcmp(what, "keep") == 0;
    return is_peer ? time_disk(path, keeps) : time_edit(path, keeps);
}

static void print(const char *name, double *seconds, int count, int64_t bytes)
{
    struct figures figures = figures_of(seconds, (size_t)count);
    printf("  %-28s %8.0f ms  (%.0f–%.0f)  %.2f GB/s\n", name, 1e3 * figures.median,
           1e3 * figures.least, 1e3 * figures.most, (double)bytes / figures.median / 1e9);
}

/* A goal of 0: there is none. */
static bool run_pairs(const char *what, const char *path, int num_pairs, double goal,
                      const char *peer_name)
{
    double ours[MOST_PAIRS] = {0.0}, peers[MOST_PAIRS] = {0.0}, ratios[MOST_PAIRS] = {0.0};
    run_one(what, path, false);
    run_one(what, path, true);
    for (int i = 0; i < num_pairs; i++) {
        for (int turn = 0; turn < 2; turn++) {
            bool is_peer = (i + turn) % 2 == 1;
            *(is_peer ? &peers[i] : &ours[i]) = run_one(what, path, is_peer);
        }
        ratios[i] = peers[i] / ours[i];
    }
    struct figures ratio = figures_of(ratios, (size_t)num_pairs);
    print(what, ours, num_pairs, size_of(path));
    print(peer_name, peers, num_pairs, size_of(path));
    bool reached = ratio.median >= goal;
    printf("  %-28s %8.2f     (%.2f–%.2f)", "share of the peer's speed", ratio.median, ratio.least,
           ratio.most);
    if (goal > 0.0) {
        printf("  goal ≥ %g: %s", goal, reached ? "reached" : "MISSED");
    }
    puts("");
    return reached;
}

/* ---- a window -------------------------------------------------------------------------------- */

static double time_window(const char *path)
{
    int64_t middle = size_of(path) / 8;
    double begun = figures_now();
    edit_range(path, true, middle, middle + 1000);
    return figures_now() - begun;
}

static bool run_windows(const char *path)
{
    enum { FIRST = 20, BETWEEN = 1000 };
    double first[FIRST] = {0.0}, last[FIRST] = {0.0};
    unlink(journal_of(path));
    time_window(path); /* makes the journal, and finds the blocks */
    for (int i = 0; i < FIRST; i++) {
        first[i] = time_window(path);
    }
    for (int i = 0; i < BETWEEN; i++) {
        time_window(path);
    }
    for (int i = 0; i < FIRST; i++) {
        last[i] = time_window(path);
    }
    struct figures before = figures_of(first, FIRST), after = figures_of(last, FIRST);
    double growth = after.median / before.median;
    bool reached = before.most <= 0.05 && after.most <= 0.05 && growth < 1.5;
    printf("  %-28s %8.2f ms  (%.2f–%.2f)\n", "1,000 samples, durable", 1e3 * before.median,
           1e3 * before.least, 1e3 * before.most);
    printf("  %-28s %8.2f ms  (%.2f–%.2f)  %.2f of before  goal ≤ 50 ms, no growth: %s\n",
           "after a thousand edits", 1e3 * after.median, 1e3 * after.least, 1e3 * after.most,
           growth, reached ? "reached" : "MISSED");
    unlink(journal_of(path));
    return reached;
}

/* ---- the program ----------------------------------------------------------------------------- */

int main(int count, char *arguments[])
{
    const char *pairs = getenv("SEISVIEW_BENCH_PAIRS");
    int num_pairs = pairs != NULL ? atoi(pairs) : 11;
    const char *what = count > 1 ? arguments[1] : "";
    if (num_pairs < 1 || num_pairs > MOST_PAIRS) {
        num_pairs = 11;
    }
    if (count == 4 && strcmp(what, "whole") == 0) {
        edit_range(arguments[3], strcmp(arguments[2], "keep") == 0, 0, -1);
        return 0;
    }
    if (count != 3) {
        fputs("Usage: edit staging|dry|keep|none|window FILE, edit whole keep|none FILE\n", stderr);
        return 1;
    }
    bool reached;
    if (strcmp(what, "window") == 0) {
        reached = run_windows(arguments[2]);
    } else if (strcmp(what, "staging") == 0) {
        reached = run_pairs(what, arguments[2], num_pairs, 0.6, "straight through a map");
    } else if (strcmp(what, "dry") == 0) {
        reached = run_pairs(what, arguments[2], num_pairs, 0.0, "straight through a map");
    } else {
        reached = run_pairs(what, arguments[2], num_pairs, 0.7, "the disk, plain writes");
    }
    return reached ? 0 : 3;
}
