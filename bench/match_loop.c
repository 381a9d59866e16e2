/* match_loop RECORDING SAMPLES THRESHOLD TEMPLATE...: the straightforward way to match templates in
 * the time domain, written from the definition: for each template, position and channel a sum over
 * the template's samples in float32, normalised by running sums. Positions go to threads by OpenMP.
 * Files are float32 of three interleaved channels; the recording's first SAMPLES are matched.
 *
 * Prints the seconds that the loops took to standard error, and to standard output each maximum at
 * or above the threshold that is the highest of those less than half a template away: template,
 * sample. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"

enum { CHANNELS = 3 };

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "match_loop: out of memory\n");
        exit(2);
    }
    return memory;
}

/* Channels one after the other; *length frames at most, and as many as there are. */
static float *read_channels(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    float *frames = allocate(*length * CHANNELS, sizeof *frames);
    *length = fread(frames, CHANNELS * sizeof *frames, *length, file);
    fclose(file);
    float *channels = allocate(*length * CHANNELS, sizeof *channels);
    for (size_t i = 0; i < *length; i++) {
        for (size_t c = 0; c < CHANNELS; c++) {
            channels[c * *length + i] = frames[i * CHANNELS + c];
        }
    }
    free(frames);
    return channels;
}

/* Takes the mean off each channel and scales its sum of squares to 1. */
static void normalise(float *template, size_t length)
{
    for (size_t c = 0; c < CHANNELS; c++) {
        float *x = template + c * length;
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < length; i++) {
            sum += (double)x[i];
        }
        for (size_t i = 0; i < length; i++) {
            x[i] -= (float)(sum / (double)length);
            squares += (double)x[i] * (double)x[i];
        }
        for (size_t i = 0; i < length; i++) {
            x[i] /= (float)sqrt(squares);
        }
    }
}

/* 1 / √ of the sum of squares about the mean of each window. */
static float *make_weights(const float *channels, size_t samples, size_t length)
{
    size_t positions = samples - length + 1;
    float *weights = allocate(positions * CHANNELS, sizeof *weights);
    for (size_t c = 0; c < CHANNELS; c++) {
        const float *x = channels + c * samples;
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < samples; i++) {
            double out = i >= length ? (double)x[i - length] : 0.0, in = (double)x[i];
            sum += in - out;
            squares += in * in - out * out;
            if (i + 1 >= length) {
                double spread = squares - sum * sum / (double)length;
                weights[c * positions + i + 1 - length] =
                    spread > 0.0 ? (float)(1.0 / sqrt(spread)) : 0.0F;
            }
        }
    }
    return weights;
}

static void correlate(const float *restrict template, size_t length, const float *restrict channels,
                      size_t samples, const float *restrict weights, float *restrict cc)
{
    size_t positions = samples - length + 1;
#pragma omp parallel for
    for (size_t p = 0; p < positions; p++) {
        float mean = 0.0F;
        for (size_t c = 0; c < CHANNELS; c++) {
            const float *x = channels + c * samples + p, *t = template + c * length;
            float products = 0.0F;
            for (size_t i = 0; i < length; i++) {
                products += t[i] * x[i];
            }
            mean += products * weights[c * positions + p];
        }
        cc[p] = mean / CHANNELS;
    }
}

/* The first of the highest values in [first, past). */
static size_t highest(const float *cc, size_t first, size_t past)
{
    size_t best = first;
    for (size_t q = first + 1; q < past; q++) {
        best = cc[q] > cc[best] ? q : best;
    }
    return best;
}

static void print_maxima(int number, const float *cc, size_t positions, size_t distance,
                         float threshold)
{
    for (size_t p = 0; p < positions; p++) {
        size_t first = p < distance - 1 ? 0 : p - (distance - 1);
        size_t past = p + distance < positions ? p + distance : positions;
        if (cc[p] >= threshold && highest(cc, first, past) == p) {
            printf("%d %zu\n", number, p);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 5 || atoll(argv[2]) < 1) {
        fprintf(stderr, "usage: match_loop RECORDING SAMPLES THRESHOLD TEMPLATE...\n");
        return 1;
    }
    size_t samples = (size_t)atoll(argv[2]);
    float *channels = read_channels(argv[1], &samples);
    float *cc = allocate(samples, sizeof *cc), *weights = NULL;
    double seconds = 0.0;
    for (int i = 4; i < argc; i++) {
        size_t length = 4096;
        float *template = read_channels(argv[i], &length);
        if (length < 2 || length > samples) {
            fprintf(stderr, "match_loop: %s: it does not fit\n", argv[i]);
            return 2;
        }
        normalise(template, length);
        double began = figures_now();
        weights = weights == NULL ? make_weights(channels, samples, length) : weights;
        correlate(template, length, channels, samples, weights, cc);
        seconds += figures_now() - began;
        print_maxima(i - 4, cc, samples - length + 1, (length + 1) / 2, (float)atof(argv[3]));
        free(template);
    }
    fprintf(stderr, "%.4f\n", seconds);
    free(weights);
    free(cc);
    free(channels);
    return 0;
}
