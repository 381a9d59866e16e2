/* match_data FOLDER SAMPLES: three channels of white noise at 100 Hz in FOLDER/noise.f32, float32,
 * interleaved, and a hundred templates of 400 samples, FOLDER/0.f32 to 99.f32. Every 52 seconds the
 * next of them is added to the noise, with its rms. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../data/random.h"

enum { CHANNELS = 3, LENGTH = 400, TEMPLATES = 100, EVERY = 5200 };

static double taper(int i)
{
    return 0.5 - 0.5 * cos(2.0 * 3.14159265358979323846 * (i + 0.5) / LENGTH);
}

static void make_templates(float templates[TEMPLATES][LENGTH][CHANNELS])
{
    for (int t = 0; t < TEMPLATES; t++) {
        random_state random = random_begin(1, (uint64_t)t);
        for (int i = 0; i < LENGTH; i++) {
            for (int c = 0; c < CHANNELS; c++) {
                /* The taper's mean square is 3/8. */
                templates[t][i][c] = (float)(random_gaussian(&random) * taper(i) / sqrt(0.375));
            }
        }
    }
}

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

static void finish(FILE *file)
{
    if (ferror(file) || fclose(file) != 0) {
        perror("match_data");
        exit(2);
    }
}

static void write_noise(const char *folder, int64_t samples,
                        float templates[TEMPLATES][LENGTH][CHANNELS])
{
    FILE *file = create(folder, "noise.f32");
    random_state random = random_begin(1, TEMPLATES);
    for (int64_t i = 0; i < samples; i++) {
        float frame[CHANNELS];
        int64_t place = i % EVERY, t = i / EVERY % TEMPLATES;
        for (int c = 0; c < CHANNELS; c++) {
            frame[c] = (float)random_gaussian(&random);
            frame[c] += place < LENGTH ? templates[t][place][c] : 0.0F;
        }
        fwrite(frame, sizeof frame, 1, file);
    }
    finish(file);
}

int main(int argc, char **argv)
{
    static float templates[TEMPLATES][LENGTH][CHANNELS];
    if (argc != 3 || atoll(argv[2]) < 1) {
        fprintf(stderr, "usage: match_data FOLDER SAMPLES\n");
        return 1;
    }
    make_templates(templates);
    for (int t = 0; t < TEMPLATES; t++) {
        char name[32];
        snprintf(name, sizeof name, "%d.f32", t);
        FILE *file = create(argv[1], name);
        fwrite(templates[t], sizeof templates[t], 1, file);
        finish(file);
    }
    write_noise(argv[1], atoll(argv[2]), templates);
    return 0;
}
