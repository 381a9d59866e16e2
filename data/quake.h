/* A local earthquake at one or more three-component stations, and the noise it is recorded in. */
#ifndef SV_DATA_QUAKE_H
#define SV_DATA_QUAKE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum wave_type { WAVE_P, WAVE_S, NUM_WAVES } wave_type;

struct settings {
    double seconds, rate;
    double snr; /* negative: as the source and the path have it */
    int64_t num_channels;
    uint64_t seed;
    double *origins; /* s after the first sample, ascending */
    size_t num_origins;
    const char *path;
};

struct recorder;

/* Out of memory ends the program, here and in the generators' other functions. `settings` stays
 * the caller's and is read until recorder_free(). */
struct recorder *recorder_make(const struct settings *settings);
void recorder_free(struct recorder *recorder);

int64_t recorder_num_frames(const struct recorder *recorder);

/* Frame of the first station's arrival of a quake, counted as in settings.origins. */
int64_t recorder_arrival(const struct recorder *recorder, size_t quake, wave_type type);

/* Writes all frames as little-endian float32, once; the caller asks ferror(). */
void recorder_write(struct recorder *recorder, FILE *file);

void *allocate(size_t count, size_t size);

#endif
