/* Makes files that a reader must not trip over:
 *
 *   make_hostile DIRECTORY
 *
 * Each is one function below, a few KB at most, and the same bytes on every machine. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define NUM_SAMPLES 1000

static void write_word(uint32_t word, FILE *file)
{
    for (int shift = 0; shift < 32; shift += 8) {
        putc((int)(word >> shift & 0xff), file);
    }
}

static void write_f4(float sample, FILE *file)
{
    uint32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    write_word(bits, file);
}

static void write_samples(float sample, FILE *file)
{
    for (int index = 0; index < NUM_SAMPLES; index++) {
        write_f4(sample, file);
    }
}

static void make_empty(FILE *file)
{
    (void)file;
}

static void make_one_byte(FILE *file)
{
    putc(0x2a, file);
}

/* 1000 whole samples and three bytes of another. */
static void make_odd_size(FILE *file)
{
    for (int index = 0; index < NUM_SAMPLES; index++) {
        write_f4((float)index, file);
    }
    fputs("odd", file);
}

/* Quiet ones of both signs, with and without payload, and signalling ones. */
static void make_all_nan(FILE *file)
{
    static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7fc12345, 0x7f800001, 0xffbfffff};
    for (size_t index = 0; index < NUM_SAMPLES; index++) {
        write_word(nans[index % (sizeof nans / sizeof nans[0])], file);
    }
}

/* 250 of each sign between two ones: the extremes and the mean are those of the ones, 1. */
static void make_infinities(FILE *file)
{
    static const float samples[] = {1.0F, INFINITY, 1.0F, -INFINITY};
    for (size_t index = 0; index < NUM_SAMPLES; index++) {
        write_f4(samples[index % 4], file);
    }
}

/* 1, -2, 3, ... -1000 times the smallest float32, 2^-149: the mean is -2^-150. Flushed to zero they
 * would all count as zeros. */
static void make_denormals(FILE *file)
{
    for (uint32_t index = 0; index < NUM_SAMPLES; index++) {
        write_word((index + 1) | (index % 2 == 1 ? 0x80000000 : 0), file);
    }
}

/* Its deviation is 0, though neither its sum nor its squares are exact in float32. */
static void make_constant(FILE *file)
{
    write_samples(16777.1F, file);
}

/* Both zeros: equal by value, so one flat run. */
static void make_zeros(FILE *file)
{
    for (int index = 0; index < NUM_SAMPLES; index++) {
        write_f4(index % 2 == 0 ? 0.0F : -0.0F, file);
    }
}

/* A SAC file of version 6 (the words of its header: IRIS, SAC Users Manual) that states a million
 * samples and holds 250. */
static void make_header_lies(FILE *file)
{
    enum { DELTA = 0, B = 5, E = 6, NUM_FLOATS = 70 };
    enum { NZYEAR, NZJDAY, NZHOUR, NZMIN, NZSEC, NZMSEC, NVHDR, NPTS = 9, IFTYPE = 15 };
    enum { LEVEN = 35, NUM_INTEGERS = 40, NUM_TEXTS = 24 };
    float floats[NUM_FLOATS];
    for (int word = 0; word < NUM_FLOATS; word++) {
        floats[word] = -12345.0F;
    }
    floats[DELTA] = 0.01F;
    floats[B] = 0.0F;
    floats[E] = 9999.99F;
    int32_t integers[NUM_INTEGERS];
    for (int word = 0; word < NUM_INTEGERS; word++) {
        integers[word] = word < LEVEN ? -12345 : 0;
    }
    integers[NZYEAR] = 2026;
    integers[NZJDAY] = 1;
    integers[NZHOUR] = integers[NZMIN] = integers[NZSEC] = integers[NZMSEC] = 0;
    integers[NVHDR] = 6;
    integers[NPTS] = 1000000;
    integers[IFTYPE] = 1;
    integers[LEVEN] = 1;

    for (int word = 0; word < NUM_FLOATS; word++) {
        write_f4(floats[word], file);
    }
    for (int word = 0; word < NUM_INTEGERS; word++) {
        write_word((uint32_t)integers[word], file);
    }
    fputs("LIAR    ", file); /* KSTNM */
    for (int word = 1; word < NUM_TEXTS; word++) {
        fputs(word == 2 ? "        " : "-12345  ", file); /* KEVNM has words 1 and 2 */
    }
    for (int index = 0; index < 250; index++) {
        write_f4((float)(index % 50 - 25), file);
    }
}

/* A trembling ground in nm/s, big-endian, under a name that says nothing of it: read in the wrong
 * order most values are absurd. */
static void make_wrong_order(FILE *file)
{
    random_state random = random_begin(1, 0);
    for (int index = 0; index < NUM_SAMPLES; index++) {
        float sample = (float)(1500.0 * random_gaussian(&random));
        uint32_t bits;
        memcpy(&bits, &sample, sizeof bits);
        write_word(bits << 24 | (bits & 0xff00) << 8 | (bits >> 8 & 0xff00) | bits >> 24, file);
    }
}

static const struct hostile {
    const char *name;
    void (*make)(FILE *file);
} hostiles[] = {
    {"empty.bin", make_empty},
    {"one_byte.bin", make_one_byte},
    {"odd_size.bin", make_odd_size},
    {"all_nan.bin", make_all_nan},
    {"infinities.bin", make_infinities},
    {"denormals.bin", make_denormals},
    {"constant.bin", make_constant},
    {"zeros.bin", make_zeros},
    {"header_lies.sac", make_header_lies},
    {"wrong_order.bin", make_wrong_order},
};

static bool write_hostile(const struct hostile *hostile, const char *directory)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", directory, hostile->name);
    if (length < 0 || (size_t)length >= sizeof path) {
        fprintf(stderr, "make_hostile: %s: the name is too long\n", directory);
        return false;
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "make_hostile: %s: %s\n", path, strerror(errno));
        return false;
    }
    hostile->make(file);
    bool written = ferror(file) == 0;
    written = fclose(file) == 0 && written;
    if (!written) {
        fprintf(stderr, "make_hostile: %s: it could not be written whole\n", path);
    }
    return written;
}

int main(int count, char *arguments[])
{
    if (count != 2) {
        fputs("Usage: make_hostile DIRECTORY\n", stderr);
        return 1;
    }
    for (size_t index = 0; index < sizeof hostiles / sizeof hostiles[0]; index++) {
        if (!write_hostile(&hostiles[index], arguments[1])) {
            return 2;
        }
    }
    return 0;
}
