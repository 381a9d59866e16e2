/* What `seisview bench` measures. A comparison does the same work by several methods, and once as
 * fast as this machine can: its ceiling. All of them run in turn, round after round, so that a
 * machine that grows slower does so for all. One thread, so that copying is all that differs. */
#ifndef SV_CLI_BENCH_H
#define SV_CLI_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "seisview.h"

enum { MOST_METHODS = 4, MOST_LINES = 128 };

struct spread {
    double median, least, most;
};

/* How one method did. What is not known is −1. */
struct bench_line {
    const char *program; /* one of the two below */
    const char *operation, *method;
    int64_t size_bytes; /* that the work is about */
    int64_t bytes_copied, num_allocations, num_rounds;
    struct spread seconds;
    struct spread ratio;   /* to the first method of the comparison, round by round */
    struct spread ceiling; /* seconds */
    bool touches_bytes;    /* else it has no share of the ceiling */
};

extern const char bench_seisview[], bench_python[];

struct bench {
    const char *path;
    const struct options *options;
    sv_recording *recording;
    sv_segment segment;               /* the one with the most samples */
    int64_t num_rows, num_samples;    /* of it that are measured */
    int64_t first_byte, extent_bytes; /* of the file, where they lie */
    int64_t most_bytes;               /* that are copied into memory at once */
    int64_t done_bytes;               /* for the progress bar */
    struct bench_line lines[MOST_LINES];
    int num_lines;
};

/* What a run counts, of itself. */
struct counts {
    int64_t bytes_copied;
    int64_t num_allocations; /* beside the library's own */
    double seconds;          /* where the run knows better than the clock around it; else 0 */
};

/* Does the work so many times. It is left in the middle when the file is cut under it, so that what
 * it allocates is for `context` to know. */
typedef sv_status run_method(void *context, int64_t times, struct counts *counts, sv_error *error);

struct method {
    const char *name;
    run_method *run;
    bool touches_bytes;
};

struct comparison {
    const char *operation;
    int64_t size_bytes;
    const struct method *methods;
    int num_methods;
    run_method *ceiling;
    void *context;
};

/* Adds a line for each method. */
sv_status bench_compare(struct bench *bench, const struct comparison *comparison, sv_error *error);

struct spread spread_of(double *values, int count); /* sorts them */

/* Memory for a copy, from malloc() and so as fast as that gives it. It lies on a page as the file
 * does: copies between addresses whose last twelve bits differ by little are slow on some
 * processors, which would flatter views. `base` is what free() takes. NULL, and the sentence: there
 * is no memory. */
void *bench_fresh(int64_t size_bytes, void *volatile *base, sv_error *error);

/* How much memory may be taken without hurting anybody. */
int64_t bench_comfortable_bytes(void);

/* The comparisons. */
sv_status bench_slices(struct bench *bench, sv_error *error);
sv_status bench_statistics(struct bench *bench, sv_error *error);
sv_status bench_channel(struct bench *bench, sv_error *error);
sv_status bench_edits(struct bench *bench, sv_error *error);

/* The same work by NumPy, in a process of its own, which adds lines to those that are there.
 * SV_UNSUPPORTED: there is no NumPy; SV_IO: it failed. */
sv_status bench_numpy(struct bench *bench, sv_error *error);

/* Draws the lines. */
sv_status bench_draw(const struct bench *bench, const char *path, sv_error *error);

/* "1 KiB" and "4.31 ns", the number in a field of so many columns. */
char *bench_size_text(int64_t bytes, int width, char text[32]);
char *bench_time_text(double seconds, int width, char text[32]);

#endif
