#include "cli/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "cli/size_text.h"
#include "cli/visit.h"

/* Below this, beginning and ending are most of the time, and a share of the ceiling says nothing.
 */
#define LEAST_BYTES_TO_RATE ((int64_t)64 << 20)
#define CEILING_BYTES       ((int64_t)1 << 30)

void explain_look_at_memory(int64_t *peak_anonymous)
{
    char line[256];
    int64_t kibibytes;
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL) {
        return;
    }
    while (fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "RssAnon: %" SCNd64, &kibibytes) == 1 &&
            kibibytes * 1024 > *peak_anonymous) {
            *peak_anonymous = kibibytes * 1024;
        }
    }
    fclose(status);
}

/* Of the first chosen rows and as many samples as a fraction of a second takes. Twice: what comes
 * first may have pages to map. */
static bool measure_ceiling(struct visit *visit, double *bytes_per_second)
{
    struct walk walk;
    *bytes_per_second = 0.0;
    walk_begin(&walk, &visit->selection);
    if (walk_segment(&walk) && walk_rows(&walk)) {
        int64_t frame_bytes =
            walk.num_rows * (int64_t)sv_dtype_itemsize(walk.segment.samples.dtype);
        int64_t room = CEILING_BYTES / frame_bytes, there = walk.last - walk.first;
        sv_scan_range range =
            walk_range(&walk, walk.first, walk.first + (there < room ? there : room));
        for (int i = 0; i < 2; i++) {
            double rate = 0.0;
            sv_ceiling(visit->recording, &range, &visit->options->scan, &rate, NULL);
            *bytes_per_second = rate > *bytes_per_second ? rate : *bytes_per_second;
        }
    }
    walk_end(&walk);
    return *bytes_per_second > 0.0;
}

static void explain_rate(struct visit *visit)
{
    const sv_scan_report *report = &visit->report;
    int64_t bytes = report->bytes_mapped + report->bytes_copied; /* holes are not read */
    double rate = report->seconds > 0.0 ? (double)bytes / report->seconds : 0.0, ceiling;
    if (bytes < LEAST_BYTES_TO_RATE) {
        message(visit->path, "%.6f s, %.2f GB/s; too little to compare with the ceiling",
                report->seconds, rate / 1e9);
    } else if (measure_ceiling(visit, &ceiling)) {
        message(visit->path, "%.3f s, %.2f GB/s, %.2f of the ceiling of %.2f GB/s", report->seconds,
                rate / 1e9, rate / ceiling, ceiling / 1e9);
    } else {
        message(visit->path, "%.3f s, %.2f GB/s", report->seconds, rate / 1e9);
    }
}

/* Where the bytes were, and what was done about it. */
static void explain_reading(const struct visit *visit)
{
    static const char *const ways[] = {[SV_IO_AUTO] = "auto",
                                       [SV_IO_MAP] = "map",
                                       [SV_IO_READ] = "read",
                                       [SV_IO_DIRECT] = "direct"};
    const sv_scan_report *report = &visit->report;
    message(visit->path,
            "%" PRId64 " bytes mapped, %" PRId64 " copied, %" PRId64 " in holes (%s: %s)",
            report->bytes_mapped, report->bytes_copied, report->bytes_in_holes, ways[report->io],
            report->why);
    if (report->bytes_read_ahead > 0) {
        message(visit->path, "%" PRId64 " bytes were not in the page cache and were read ahead",
                report->bytes_read_ahead);
    }
    if (report->bytes_by_faults > report->bytes_mapped / 2) { /* less was a trial */
        message(visit->path,
                "%" PRId64 " bytes mapped by faults, quicker here than by calls as the page cache "
                "holds them in small pieces",
                report->bytes_by_faults);
    }
}

void explain(struct visit *visit)
{
    const sv_scan_report *report = &visit->report;
    char size[32], memory[32] = "unknown";
    const char *kernel = "unknown";
    message(visit->path, "%s, %s", sv_recording_format(visit->recording),
            size_text(sv_recording_size_bytes(visit->recording), size));
    if (report->num_blocks > 0) {
        sv_kernel_name(&kernel, NULL);
        explain_reading(visit);
        message(visit->path, "%" PRId64 " blocks, %d thread%s, %s kernels", report->num_blocks,
                report->threads, report->threads == 1 ? "" : "s", kernel);
        explain_rate(visit);
    }
    explain_look_at_memory(&visit->peak_anonymous);
    if (visit->peak_anonymous >= 0) {
        size_text(visit->peak_anonymous, memory);
    }
    message(visit->path, "%s of anonymous memory at most", memory);
}
