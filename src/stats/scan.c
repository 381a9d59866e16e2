/* Summaries by a scan. */
#include <math.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/memory.h"
#include "seisview/summary.h"
#include "stats/block.h"

/* The extremes merged so far, which threads read without a lock while the merging one goes on: an
 * old value only means that a place is looked for which merging will not need. */
typedef struct known_extremes {
    _Atomic double min, max;
} known_extremes;

typedef struct summary_scan {
    const sv_kernels *kernels;
    unsigned figures;
    sv_summary *summaries;
    known_extremes *known;
} summary_scan;

static sv_known known_of(const summary_scan *scan, int64_t position)
{
    known_extremes *known = &scan->known[position];
    return (sv_known){
        atomic_load_explicit(&known->min, memory_order_relaxed),
        atomic_load_explicit(&known->max, memory_order_relaxed),
    };
}

static void summarise(void *context, const sv_block *block, void *result)
{
    summary_scan *scan = context;
    sv_summarise_block(scan->kernels, &block->samples, block->first,
                       known_of(scan, block->position), scan->figures, result);
}

static void summarise_rows(void *context, const sv_block *block, const sv_view *dense,
                           void *results)
{
    summary_scan *scan = context;
    sv_known known[SV_FRAMES_ROWS];
    for (int64_t i = 0; i < dense->shape[0]; i++) {
        known[i] = known_of(scan, block->position + i);
    }
    sv_summarise_rows(scan->kernels, &block->samples, dense, block->first, known, scan->figures,
                      results);
}

/* What sv_summarise_block() makes of zeros. */
static void summarise_hole(void *context, const sv_block *block, void *result)
{
    const summary_scan *scan = context;
    const known_extremes *known = &scan->known[block->position];
    sv_summary *summary = result;
    sv_flat all = {block->samples.shape[0], block->first, 0.0};
    sv_summary_init(summary);
    summary->figures = scan->figures;
    summary->num_samples = summary->num_zero = all.length;
    summary->min = summary->max = 0.0;
    bool is_least = atomic_load_explicit(&known->min, memory_order_relaxed) > 0.0;
    bool is_most = atomic_load_explicit(&known->max, memory_order_relaxed) < 0.0;
    summary->min_index = is_least ? block->first : -1;
    summary->max_index = is_most ? block->first : -1;
    summary->head = summary->tail = summary->longest = all;
    if ((scan->figures & SV_FIGURES_CLIPPING) != 0 && all.length >= SV_CLIPPED_RUN) {
        summary->num_clipped_min = summary->num_clipped_max = all.length;
    }
}

static void join(void *context, void *result, const void *next)
{
    (void)context;
    sv_summary_merge(result, next);
}

static void merge(void *context, int64_t position, const void *result)
{
    summary_scan *scan = context;
    sv_summary *summary = &scan->summaries[position];
    sv_summary_merge(summary, result);
    atomic_store_explicit(&scan->known[position].min, summary->min, memory_order_relaxed);
    atomic_store_explicit(&scan->known[position].max, summary->max, memory_order_relaxed);
}

sv_status sv_summary_scan(sv_recording *recording, const sv_scan_range *range, unsigned figures,
                          const sv_scan_options *options, sv_summary *summaries,
                          sv_scan_report *report, sv_error *error)
{
    summary_scan scan = {.figures = figures, .summaries = summaries};
    sv_status status = sv_kernels_get(&scan.kernels, error);
    if (status != SV_OK) {
        return status;
    }
    if (range->num_rows < 0) {
        return sv_fail(error, SV_RANGE, "%lld rows were asked for", (long long)range->num_rows);
    }
    scan.known = sv_calloc((size_t)range->num_rows, sizeof *scan.known);
    if (scan.known == NULL) {
        return sv_fail_memory(error, (size_t)range->num_rows * sizeof *scan.known);
    }
    for (int64_t i = 0; i < range->num_rows; i++) {
        sv_summary_init(&summaries[i]);
        summaries[i].figures = figures;
        atomic_init(&scan.known[i].min, INFINITY);
        atomic_init(&scan.known[i].max, -INFINITY);
    }
    sv_reducer reducer = {.context = &scan,
                          .result_size = sizeof(sv_summary),
                          .block = summarise,
                          .rows = summarise_rows,
                          .hole = summarise_hole,
                          .join = join,
                          .merge = merge,
                          .dense = true};
    status = sv_scan(recording, range, &reducer, options, report, error);
    sv_free(scan.known);
    return status;
}
