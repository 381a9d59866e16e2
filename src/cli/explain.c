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

double explain_ceiling(sv_recording *recording, sv_scan_range range, const sv_scan_options *scan)
{
    sv_segment segment;
    double most = 0.0;
    if (sv_recording_segment(recording, range.segment, &segment) != SV_OK) {
        return 0.0;
    }
    int64_t frame_bytes = range.num_rows * (int64_t)sv_dtype_itemsize(segment.samples.dtype);
    int64_t room = CEILING_BYTES / frame_bytes;
    range.last = range.last - range.first < room ? range.last : range.first + room;
    for (int i = 0; i < 2; i++) {
        double rate = 0.0;
        sv_ceiling(recording, &range, scan, &rate, NULL);
        most = rate > most ? rate : most;
    }
    return most;
}

bool explain_can_rate(int64_t bytes)
{
    return bytes >= LEAST_BYTES_TO_RATE;
}

void explain_rate(const char *path, int64_t bytes, double seconds, double ceiling)
{
    double rate = seconds > 0.0 ? (double)bytes / seconds : 0.0;
    if (!explain_can_rate(bytes)) {
        message(path, "%.6f s, %.2f GB/s; too little to compare with the ceiling", seconds,
                rate / 1e9);
    } else if (ceiling > 0.0) {
        message(path, "%.3f s, %.2f GB/s, %.2f of the ceiling of %.2f GB/s", seconds, rate / 1e9,
                rate / ceiling, ceiling / 1e9);
    } else {
        message(path, "%.3f s, %.2f GB/s", seconds, rate / 1e9);
    }
}

static double ceiling_of(struct visit *visit)
{
    struct walk walk;
    double ceiling = 0.0;
    walk_begin(&walk, &visit->selection);
    if (walk_segment(&walk) && walk_rows(&walk)) {
        ceiling = explain_ceiling(visit->recording, walk_range(&walk, walk.first, walk.last),
                                  &visit->options->scan);
    }
    walk_end(&walk);
    return ceiling;
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
        int64_t bytes = report->bytes_mapped + report->bytes_copied; /* holes are not read */
        explain_rate(visit->path, bytes, report->seconds,
                     explain_can_rate(bytes) ? ceiling_of(visit) : 0.0);
    }
    explain_look_at_memory(&visit->peak_anonymous);
    if (visit->peak_anonymous >= 0) {
        size_text(visit->peak_anonymous, memory);
    }
    message(visit->path, "%s of anonymous memory at most", memory);
}
