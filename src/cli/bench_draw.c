/* The picture: how long slices take, and how close everything else comes to its ceiling. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench.h"

enum { MOST_SERIES = 5, MOST_PLACES = 16 };

/* A series with room for its numbers. */
struct curve {
    sv_series series;
    double places[MOST_PLACES], values[MOST_PLACES], least[MOST_PLACES], most[MOST_PLACES];
};

static void begin(struct curve *curve, const char *name, sv_series_style style)
{
    curve->series =
        (sv_series){name, style, 0, curve->places, curve->values, curve->least, curve->most};
}

static void add(struct curve *curve, double place, struct spread spread)
{
    int i = curve->series.num_points;
    if (i < MOST_PLACES) {
        curve->places[i] = place;
        curve->values[i] = spread.median;
        curve->least[i] = spread.least;
        curve->most[i] = spread.most;
        curve->series.num_points++;
    }
}

/* Leaves out those without a point. */
static int collect(const struct curve *curves, int num_curves, sv_series series[MOST_SERIES])
{
    int count = 0;
    for (int i = 0; i < num_curves; i++) {
        if (curves[i].series.num_points > 0) {
            series[count++] = curves[i].series;
        }
    }
    return count;
}

/* ---- slices -------------------------------------------------------------------------------- */

enum { VIEWS, COPIES, NUMPY_VIEWS, NUMPY_COPIES, CEILINGS, NUM_SLICE_CURVES };

static void add_slices(const struct bench *bench, struct curve curves[NUM_SLICE_CURVES])
{
    begin(&curves[VIEWS], "view", SV_MARKS_AND_LINE);
    begin(&curves[COPIES], "copy", SV_MARKS_AND_LINE);
    begin(&curves[NUMPY_VIEWS], "view, NumPy", SV_MARKS_AND_LINE);
    begin(&curves[NUMPY_COPIES], "copy, NumPy", SV_MARKS_AND_LINE);
    begin(&curves[CEILINGS], "ceiling of a copy", SV_LIMIT);
    for (int i = 0; i < bench->num_lines; i++) {
        const struct bench_line *line = &bench->lines[i];
        if (strcmp(line->operation, "slice") == 0) {
            bool own = line->program == bench_seisview, view = strcmp(line->method, "view") == 0;
            double size = (double)line->size_bytes;
            int which = view ? own ? VIEWS : NUMPY_VIEWS : own ? COPIES : NUMPY_COPIES;
            add(&curves[which], size, line->seconds);
            if (own && !view) {
                add(&curves[CEILINGS], size, line->ceiling);
            }
        }
    }
}

/* ---- everything else ----------------------------------------------------------------------- */

static const struct {
    const char *operation, *method, *name;
} places[] = {{"statistics", "map", "statistics of the map"},
              {"statistics", "chunks", "statistics of chunks that are read"},
              {"statistics", "read_all", "statistics after reading everything"},
              {"channel", "strided", "one channel, strided"},
              {"channel", "deinterleave", "one channel, de-interleaved first"},
              {"edit", "in_place", "edit in place"},
              {"edit", "copy", "edit of a copy"},
              {"edit_window", "in_place", "edit of 64 KiB in place"},
              {"edit_window", "copy", "edit of 64 KiB of a copy"}};

enum { NUM_PLACES = sizeof places / sizeof places[0] };

enum { OWN, NUMPY, LIMITS, NUM_RATE_CURVES };

static struct spread rate_of(const struct bench_line *line, struct spread seconds)
{
    double gigabytes = (double)line->size_bytes / 1e9;
    return (struct spread){gigabytes / seconds.median, gigabytes / seconds.most,
                           gigabytes / seconds.least};
}

static bool is_of(const struct bench_line *line, int place)
{
    return strcmp(line->operation, places[place].operation) == 0 &&
           strcmp(line->method, places[place].method) == 0;
}

/* Returns how many places there are; what was not measured has none. */
static int add_rates(const struct bench *bench, struct curve curves[NUM_RATE_CURVES],
                     const char *names[NUM_PLACES])
{
    int count = 0;
    begin(&curves[OWN], "seisview", SV_MARKS);
    begin(&curves[NUMPY], "NumPy", SV_MARKS);
    begin(&curves[LIMITS], "the machine's ceiling", SV_LIMIT);
    for (int place = 0; place < NUM_PLACES; place++) {
        bool found = false;
        for (int i = 0; i < bench->num_lines; i++) {
            const struct bench_line *line = &bench->lines[i];
            if (is_of(line, place)) {
                bool own = line->program == bench_seisview;
                add(&curves[own ? OWN : NUMPY], count, rate_of(line, line->seconds));
                if (own) {
                    add(&curves[LIMITS], count, rate_of(line, line->ceiling));
                }
                found = true;
            }
        }
        if (found) {
            names[count++] = places[place].name;
        }
    }
    return count;
}

/* ---- the figure ---------------------------------------------------------------------------- */

/* "AMD EPYC, 2 processors". */
static void name_machine(char text[160])
{
    char line[256], name[100] = "";
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && name[0] == '\0' && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "model name : %99[^\n]", name) != 1) {
            name[0] = '\0';
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    int processors = sv_num_processors();
    snprintf(text, 160, "%s%s%d processor%s", name, name[0] != '\0' ? ", " : "", processors,
             processors == 1 ? "" : "s");
}

sv_status bench_draw(const struct bench *bench, const char *path, sv_error *error)
{
    struct curve slices[NUM_SLICE_CURVES], rates[NUM_RATE_CURVES];
    sv_series slice_series[MOST_SERIES], rate_series[MOST_SERIES];
    const char *names[NUM_PLACES];
    char title[512], caption[640], machine[160];
    const char *slash = strrchr(bench->path, '/');
    add_slices(bench, slices);
    int num_names = add_rates(bench, rates, names);
    const sv_chart charts[] = {
        {.title = "Time of a slice",
         .places = {.label = "length of the slice", .quantity = SV_BYTES, .logarithmic = true},
         .values = {.label = "time", .quantity = SV_SECONDS, .logarithmic = true},
         .series = slice_series,
         .num_series = collect(slices, NUM_SLICE_CURVES, slice_series)},
        {.title = "Rate of whole operations",
         .places = {.names = names, .num_names = num_names},
         .values = {.label = "GB/s of the samples that are measured or edited",
                    .logarithmic = true},
         .sideways = true,
         .series = rate_series,
         .num_series = collect(rates, NUM_RATE_CURVES, rate_series)}};
    bool any_slice = slices[VIEWS].series.num_points > 0;
    sv_printable(slash != NULL ? slash + 1 : bench->path, machine, sizeof machine);
    snprintf(title, sizeof title, "Copy versus view: %s", machine);
    name_machine(machine);
    snprintf(
        caption, sizeof caption,
        "Medians of rounds, with bars from the least to the most; one thread, the file in the "
        "page cache.\n"
        "Ceilings: of a copy, into memory that is there already; of statistics, a plain sum of "
        "the map; of an edit, the same in memory.\n"
        "%s, seisview " PACKAGE_VERSION,
        machine);
    const sv_figure figure = {.title = title,
                              .caption = caption,
                              .charts = any_slice ? charts : charts + 1,
                              .num_charts = any_slice ? 2 : 1};
    return sv_plot_write(path, &figure, error);
}
