/* Fills a file with float32, 8 MiB at a time:
 *
 *   fill FILE BYTES [KIND]
 *
 * KIND is what the samples are: `noise` (Gaussian, of deviation 1000; the default), `swapped` (the
 * same in the other byte order), `whole` (whole numbers, of deviation 30), `constant`, `zeros`, or
 * `nan` (noise with a NaN in every block of 131,072 samples).
 *
 * The size of the pieces decides how the page cache holds the file: in pieces of 2 MiB where the
 * file system can, which map fast. No two parts of the file are the same. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../data/random.h"

#define PIECE_BYTES ((size_t)8 << 20)

static int complain(const char *path)
{
    fprintf(stderr, "fill: %s: %s\n", path, strerror(errno));
    return 2;
}

static ssize_t write_piece(int file, const float *samples, size_t size_bytes)
{
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t written = write(file, (const char *)samples + done, size_bytes - done);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return 0;
}

typedef enum kind { NOISE, SWAPPED, WHOLE, CONSTANT, ZEROS, WITH_NAN, NUM_KINDS } kind;

static const char *const kind_names[NUM_KINDS] = {"noise",    "swapped", "whole",
                                                  "constant", "zeros",   "nan"};

static kind kind_of(const char *name)
{
    int i = 0;
    while (i < NUM_KINDS && strcmp(name, kind_names[i]) != 0) {
        i++;
    }
    return (kind)i;
}

static float swap(float sample)
{
    uint32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    bits = __builtin_bswap32(bits);
    memcpy(&sample, &bits, sizeof bits);
    return sample;
}

/* Sample `index` of a piece, which holds whole blocks. */
static float draw(random_state *random, kind of, size_t index)
{
    switch (of) {
    case WHOLE: return rintf((float)(30.0 * random_gaussian(random)));
    case CONSTANT: return 1234.5f;
    case ZEROS: return 0.0f;
    case SWAPPED: return swap((float)(1000.0 * random_gaussian(random)));
    case WITH_NAN:
        if (index % 131072 == 777) {
            return NAN;
        }
        break;
    default: break;
    }
    return (float)(1000.0 * random_gaussian(random));
}

int main(int count, char *arguments[])
{
    uint64_t left = count >= 3 ? strtoull(arguments[2], NULL, 10) : 0;
    kind of = count == 4 ? kind_of(arguments[3]) : NOISE;
    if (left == 0 || of == NUM_KINDS || count > 4) {
        fputs("Usage: fill FILE BYTES [noise|swapped|whole|constant|zeros|nan]\n", stderr);
        return 1;
    }
    const char *path = arguments[1];
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    float *samples = malloc(PIECE_BYTES);
    if (file < 0 || samples == NULL) {
        return complain(path);
    }
    random_state random = random_begin(1, 0);
    while (left > 0) {
        size_t piece = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        for (size_t index = 0; index < PIECE_BYTES / sizeof(float); index++) {
            samples[index] = draw(&random, of, index);
        }
        if (write_piece(file, samples, piece) != 0) {
            return complain(path);
        }
        left -= piece;
    }
    free(samples);
    /* Written back now, not while something is measured. */
    return fsync(file) != 0 || close(file) != 0 ? complain(path) : 0;
}
