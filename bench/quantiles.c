/* How fast quantiles are counted, beside the ceiling of the same file:
 *
 *   quantiles [--passes N] [--goal RATIO] [--dtype T] FILE
 *
 * The summary is made first, untimed. Then, N times in turn, the samples are merely added up, and
 * median and quartiles are found, whose bytes in all passes over their time are the rate of a pass.
 * Printed are the medians with the least and the most; a median of the ratios below RATIO is exit
 * 3. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "seisview.h"

#define MAX_PASSES 1000

struct settings {
    int num_passes;
    double goal; /* 0: none */
    sv_open_options open;
    const char *path;
};

static void need(sv_status status, const sv_error *error)
{
    if (status != SV_OK) {
        fprintf(stderr, "quantiles: %s\n", error->message);
        exit(2);
    }
}

static double rate_of_ceiling(sv_recording *recording, const sv_scan_range *range)
{
    double rate = 0.0;
    sv_error error;
    need(sv_ceiling(recording, range, NULL, &rate, &error), &error);
    return rate / 1e9;
}

static double rate_of_quantiles(sv_recording *recording, const sv_scan_range *range,
                                const sv_summary *summary)
{
    static const double probabilities[] = {0.25, 0.5, 0.75};
    double quantiles[3];
    sv_scan_report report = {0};
    sv_error error;
    double begin = figures_now();
    need(sv_quantiles_scan(recording, range, summary, probabilities, 3, NULL, quantiles, &report,
                           &error),
         &error);
    double seconds = figures_now() - begin;
    return (double)(report.bytes_mapped + report.bytes_copied) / seconds / 1e9;
}

static void print_rates(const char *name, double *rates, int count)
{
    struct figures figures = figures_of(rates, (size_t)count);
    printf("  %-28s %8.2f GB/s  (%.2f–%.2f)\n", name, figures.median, figures.least, figures.most);
}

/* Whether the goal is reached. */
static bool measure(const struct settings *settings, sv_recording *recording)
{
    static double own[MAX_PASSES], ceiling[MAX_PASSES], ratio[MAX_PASSES];
    sv_segment segment;
    sv_summary summary;
    sv_error error;
    need(sv_recording_segment(recording, 0, &segment), &error);
    sv_scan_range range = {.num_rows = 1, .last = segment.num_samples};
    need(sv_summary_scan(recording, &range, 0, NULL, &summary, NULL, &error), &error);
    for (int pass = 0; pass < settings->num_passes; pass++) {
        ceiling[pass] = rate_of_ceiling(recording, &range);
        own[pass] = rate_of_quantiles(recording, &range, &summary);
        ratio[pass] = own[pass] / ceiling[pass];
    }
    print_rates("a pass", own, settings->num_passes);
    print_rates("merely added up", ceiling, settings->num_passes);
    struct figures figures = figures_of(ratio, (size_t)settings->num_passes);
    bool reached = figures.median >= settings->goal;
    printf("  %-28s %8.2f       (%.2f–%.2f)", "share of the ceiling", figures.median, figures.least,
           figures.most);
    if (settings->goal > 0.0) {
        printf("  goal ≥ %g: %s", settings->goal, reached ? "reached" : "MISSED");
    }
    putchar('\n');
    return reached;
}

static bool parse(struct settings *settings, int count, char *arguments[])
{
    static const struct option options[] = {{"passes", required_argument, NULL, 'p'},
                                            {"goal", required_argument, NULL, 'g'},
                                            {"dtype", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        switch (option) {
        case 'p': settings->num_passes = atoi(optarg); break;
        case 'g': settings->goal = strtod(optarg, NULL); break;
        case 'd':
            if (sv_dtype_parse(optarg, &settings->open.dtype, NULL) != SV_OK) {
                return false;
            }
            break;
        default: return false;
        }
    }
    settings->path = arguments[optind];
    return optind + 1 == count && settings->num_passes >= 1 && settings->num_passes <= MAX_PASSES;
}

int main(int count, char *arguments[])
{
    struct settings settings = {.num_passes = 11, .open = SV_OPEN_OPTIONS_INIT};
    if (!parse(&settings, count, arguments)) {
        fputs("Usage: quantiles [--passes N] [--goal RATIO] [--dtype T] FILE\n", stderr);
        return 1;
    }
    sv_recording *recording;
    sv_error error;
    need(sv_recording_open(settings.path, &settings.open, &recording, &error), &error);
    bool reached = measure(&settings, recording);
    sv_recording_close(recording);
    return reached ? 0 : 3;
}
