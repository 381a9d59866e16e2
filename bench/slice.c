/* Claim: a slice takes under 5 ns, and allocates nothing.
 *
 * Times batches of slices and indices of a 2-D view, and prints for each the median of the batches
 * with the least and the most. A slice with a step divides, and is shown beside the claim. Exits
 * with 3 when the claim does not hold. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "seisview/buffer.h"
#include "seisview/view.h"

enum { NUM_BATCHES = 301, BATCH = 20000, GOAL_NS = 5 };

/* ---- counting: every allocation of the process comes through here (glibc) ---- */

static long num_allocations;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
static const bool allocations_are_counted = true;

void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *memory, size_t size_bytes);

void *malloc(size_t size_bytes)
{
    num_allocations++;
    return __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes)
{
    num_allocations++;
    return __libc_calloc(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes)
{
    num_allocations++;
    return __libc_realloc(memory, size_bytes);
}
#else
static const bool allocations_are_counted = false;
#endif

/* ---- timing ---- */

/* One batch; the call is in the loop itself, as in a user's. */
typedef void batch(const sv_view *view, sv_view *out);

static void slice_on(const sv_view *view, sv_view *out)
{
    for (int64_t turn = 0; turn < BATCH; turn++) {
        sv_view_slice(view, 0, turn, SV_END, 1, out, NULL);
    }
}

static void slice_step(const sv_view *view, sv_view *out)
{
    for (int64_t turn = 0; turn < BATCH; turn++) {
        sv_view_slice(view, 0, SV_END, turn, -3, out, NULL);
    }
}

static void slice_again(const sv_view *view, sv_view *out)
{
    *out = *view;
    for (int64_t turn = 0; turn < BATCH; turn++) {
        sv_view_slice(out, 0, turn & 1, SV_END, 1, out, NULL);
    }
}

static void index_one(const sv_view *view, sv_view *out)
{
    for (int64_t turn = 0; turn < BATCH; turn++) {
        sv_view_at(view, 0, turn, out, NULL);
    }
}

static void measure(batch *run, const sv_view *view, double times[NUM_BATCHES])
{
    for (int turn = 0; turn < NUM_BATCHES; turn++) {
        sv_view out;
        double began = figures_now();
        run(view, &out);
        times[turn] = 1e9 * (figures_now() - began) / BATCH;
    }
}

static const struct {
    const char *name;
    batch *run;
    bool has_goal;
} rows[] = {{"view[i:]", slice_on, true},
            {"slice of a slice", slice_again, true},
            {"view[i]", index_one, true},
            {"view[:i:-3]", slice_step, false}};

enum { NUM_ROWS = sizeof rows / sizeof rows[0] };

/* Whether every row with a goal reaches it. */
static bool report(double times[NUM_ROWS][NUM_BATCHES])
{
    bool reached = true;
    printf("slice:");
    for (int row = 0; row < NUM_ROWS; row++) {
        struct figures ns = figures_of(times[row], NUM_BATCHES);
        printf(" %s %.2f ns (%.2f–%.2f);", rows[row].name, ns.median, ns.least, ns.most);
        reached = reached && (!rows[row].has_goal || ns.median < GOAL_NS);
    }
    return reached;
}

int main(void)
{
    static double times[NUM_ROWS][NUM_BATCHES];
    sv_buffer *buffer;
    sv_view view;
    sv_dtype dtype = sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN);
    if (sv_buffer_alloc((size_t)BATCH * 12, &buffer, NULL) != SV_OK ||
        sv_view_make(buffer, 0, dtype, 2, (int64_t[]){BATCH, 3}, NULL, &view, NULL) != SV_OK) {
        return 2;
    }
    long allocations_before = num_allocations;
    for (int row = 0; row < NUM_ROWS; row++) {
        measure(rows[row].run, &view, times[row]);
    }
    long allocations = num_allocations - allocations_before;
    bool reached = report(times);
    if (allocations_are_counted) {
        printf(" %ld allocations in %d calls\n", allocations, NUM_ROWS * NUM_BATCHES * BATCH);
    } else {
        printf(" allocations not counted\n");
    }
    sv_buffer_close(buffer);
    return reached && allocations == 0 ? 0 : 3;
}
