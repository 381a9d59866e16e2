/* Makes a recording of a local earthquake, with its SigMF side file:
 *
 *   make_quake [OPTIONS] FILE
 *
 * writes FILE (float32 counts, little-endian, interleaved) and beside it the side file, named with
 * the suffix .sigmf-meta, in which the arrivals are annotated. The same options are to make the
 * same bytes everywhere: the random numbers are our own and exact, libm, whose last bit may differ
 * between machines, is asked for constants alone, and the samples are rounded to whole counts,
 * which hides such a bit unless a sample lies within about 1e-9 of a half.
 * Memory is bounded whatever the length; the physics is told in quake.c. */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quake.h"

static void fail(const char *path, const char *sentence)
{
    fprintf(stderr, "make_quake: %s%s%s\n", path == NULL ? "" : path, path == NULL ? "" : ": ",
            sentence);
    exit(path == NULL ? 1 : 2);
}

/* ---- the side file ------------------------------------------------------------------------- */

struct arrival {
    int64_t frame;
    wave_type type;
};

static int arrival_compare(const void *a, const void *b)
{
    const struct arrival *first = a, *second = b;
    return (first->frame > second->frame) - (first->frame < second->frame);
}

static void write_annotations(const struct recorder *recorder, const struct settings *settings,
                              FILE *file)
{
    struct arrival *arrivals = allocate(settings->num_origins * NUM_WAVES, sizeof(struct arrival));
    size_t num_arrivals = 0;
    for (size_t quake = 0; quake < settings->num_origins; quake++) {
        for (wave_type type = WAVE_P; type < NUM_WAVES; type++) {
            int64_t frame = recorder_arrival(recorder, quake, type);
            if (frame < recorder_num_frames(recorder)) {
                arrivals[num_arrivals++] = (struct arrival){frame, type};
            }
        }
    }
    qsort(arrivals, num_arrivals, sizeof(struct arrival), arrival_compare);
    for (size_t index = 0; index < num_arrivals; index++) {
        fprintf(file, "%s\n        {\n            \"core:sample_start\": %lld,\n",
                index > 0 ? "," : "", (long long)arrivals[index].frame);
        fprintf(file, "            \"core:label\": \"%s\"\n        }",
                arrivals[index].type == WAVE_P ? "P" : "S");
    }
    free(arrivals);
}

static void write_side_file(const struct recorder *recorder, const struct settings *settings,
                            const char *dataset, FILE *file)
{
    fprintf(file,
            "{\n"
            "    \"global\": {\n"
            "        \"core:version\": \"1.2.0\",\n"
            "        \"core:dataset\": \"%s\",\n"
            "        \"core:datatype\": \"rf32_le\",\n"
            "        \"core:num_channels\": %lld,\n"
            "        \"core:sample_rate\": %.17g,\n"
            "        \"core:description\": \"A synthetic local earthquake in microseismic noise; "
            "Z, N and E of each station in counts\",\n"
            "        \"core:author\": \"the seisview authors\",\n"
            "        \"core:recorder\": \"make_quake, seed %llu\",\n"
            "        \"core:license\": \"https://spdx.org/licenses/MIT.html\"\n"
            "    },\n"
            "    \"captures\": [\n"
            "        {\n"
            "            \"core:sample_start\": 0,\n"
            "            \"core:datetime\": \"2026-01-01T00:00:00Z\"\n"
            "        }\n"
            "    ],\n"
            "    \"annotations\": [",
            dataset, (long long)settings->num_channels, settings->rate,
            (unsigned long long)settings->seed);
    write_annotations(recorder, settings, file);
    fputs("\n    ]\n}\n", file);
}

static char *side_path(const char *path, const char *name)
{
    static const char suffix[] = ".sigmf-meta";
    const char *dot = strrchr(name, '.');
    size_t stem = dot == NULL || dot == name ? strlen(path) : (size_t)(dot - path);
    char *made = allocate(stem + sizeof suffix, 1);
    memcpy(made, path, stem);
    memcpy(made + stem, suffix, sizeof suffix);
    return made;
}

/* ---- the command line ---------------------------------------------------------------------- */

static double parse_number(const char *text, const char *sentence, double least, double most)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(number >= least && number <= most)) {
        fail(NULL, sentence);
    }
    return number;
}

static uint64_t parse_whole(const char *text, const char *sentence, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < least ||
        number > most) {
        fail(NULL, sentence);
    }
    return number;
}

static void add_origin(struct settings *made, double seconds)
{
    size_t place = made->num_origins++;
    made->origins = realloc(made->origins, made->num_origins * sizeof(double));
    if (made->origins == NULL) {
        fail(NULL, "out of memory");
    }
    for (; place > 0 && made->origins[place - 1] > seconds; place--) {
        made->origins[place] = made->origins[place - 1];
    }
    made->origins[place] = seconds;
}

static void print_help(void)
{
    fputs("Usage: make_quake [OPTIONS] FILE\n"
          "Makes a recording of a local earthquake in FILE, and its SigMF side file.\n"
          "  --seconds S   length (120)\n"
          "  --rate HZ     sample rate (100)\n"
          "  --channels N  Z, N and E of one station, then of the next (3)\n"
          "  --seed N      another noise and another coda (1)\n"
          "  --at S        origin time after the first sample; repeatable (17);\n"
          "                the P wave comes 13.1 s after it, the S wave 22.7 s\n"
          "  --snr RATIO   peak of the direct S wave over the rms of the noise\n"
          "                0: no quake (as the source and the path have it)\n",
          stdout);
}

enum { OPTION_SECONDS = 1, OPTION_RATE, OPTION_CHANNELS, OPTION_SEED, OPTION_SNR, OPTION_AT };

static void parse_option(struct settings *made, int option)
{
    switch (option) {
    case OPTION_SECONDS:
        made->seconds = parse_number(optarg, "--seconds is a number of seconds", 0.0, 1e9);
        break;
    case OPTION_RATE:
        made->rate = parse_number(optarg, "--rate is from 1 to 10000 Hz", 1.0, 1e4);
        break;
    case OPTION_CHANNELS:
        made->num_channels =
            (int64_t)parse_whole(optarg, "--channels is from 1 to 10000", 1, 10000);
        break;
    case OPTION_SEED:
        made->seed = parse_whole(optarg, "--seed is a whole number", 0, UINT64_MAX);
        break;
    case OPTION_SNR:
        made->snr = parse_number(optarg, "--snr is from 0 to 1000000", 0.0, 1e6);
        break;
    case OPTION_AT:
        add_origin(made, parse_number(optarg, "--at is a number of seconds", 0.0, 1e9));
        break;
    case 'h': print_help(); exit(0);
    default: exit(1);
    }
}

static struct settings parse_settings(int count, char *arguments[])
{
    static const struct option options[] = {{"seconds", required_argument, NULL, OPTION_SECONDS},
                                            {"rate", required_argument, NULL, OPTION_RATE},
                                            {"channels", required_argument, NULL, OPTION_CHANNELS},
                                            {"seed", required_argument, NULL, OPTION_SEED},
                                            {"snr", required_argument, NULL, OPTION_SNR},
                                            {"at", required_argument, NULL, OPTION_AT},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct settings made = {
        .seconds = 120.0, .rate = 100.0, .snr = -1.0, .num_channels = 3, .seed = 1};
    int option;
    while ((option = getopt_long(count, arguments, "h", options, NULL)) != -1) {
        parse_option(&made, option);
    }
    if (optind + 1 != count) {
        fail(NULL, "give one FILE; see --help");
    }
    made.path = arguments[optind];
    if (made.num_origins == 0) {
        add_origin(&made, 17.0);
    }
    return made;
}

static FILE *open_output(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fail(path, strerror(errno));
    }
    return file;
}

static void close_output(FILE *file, const char *path)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        fail(path, "it could not be written whole");
    }
}

int main(int count, char *arguments[])
{
    struct settings settings = parse_settings(count, arguments);
    const char *slash = strrchr(settings.path, '/');
    const char *name = slash == NULL ? settings.path : slash + 1;
    if (*name == '\0' || strpbrk(name, "\"\\") != NULL) {
        fail(NULL, "FILE needs a name without quotes and backslashes");
    }
    char *side = side_path(settings.path, name);
    struct recorder *recorder = recorder_make(&settings);

    FILE *samples = open_output(settings.path);
    recorder_write(recorder, samples);
    close_output(samples, settings.path);
    FILE *text = open_output(side);
    write_side_file(recorder, &settings, name, text);
    close_output(text, side);

    recorder_free(recorder);
    free(settings.origins);
    free(side);
    return 0;
}
