/* Looking for equal neighbours and for a value. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/set.h"

enum { WORD = 64 };

#ifndef SV_WIDE
void SV_SET(equal_f4)(const float *samples, int64_t pairs, uint64_t *bits)
{
    for (int64_t first = 0; first < pairs; first += WORD) {
        int64_t count = pairs - first < WORD ? pairs - first : WORD;
        uint64_t word = 0;
        for (int64_t i = 0; i < count; i++) {
            const float *x = samples + first + i;
            word |= (uint64_t)(x[0] == x[1] && fabsf(x[0]) <= FLT_MAX) << i;
        }
        bits[first / WORD] = word;
    }
}

void SV_SET(equal_f8)(const double *samples, int64_t pairs, uint64_t *bits)
{
    for (int64_t first = 0; first < pairs; first += WORD) {
        int64_t count = pairs - first < WORD ? pairs - first : WORD;
        uint64_t word = 0;
        for (int64_t i = 0; i < count; i++) {
            const double *x = samples + first + i;
            word |= (uint64_t)(x[0] == x[1] && fabs(x[0]) <= DBL_MAX) << i;
        }
        bits[first / WORD] = word;
    }
}

void SV_SET(equal_stored)(const char *samples, size_t itemsize, int64_t pairs, uint64_t *bits)
{
    for (int64_t first = 0; first < pairs; first += WORD) {
        int64_t count = pairs - first < WORD ? pairs - first : WORD;
        uint64_t word = 0;
        for (int64_t i = 0; i < count; i++) {
            const char *x = samples + (first + i) * (int64_t)itemsize;
            word |= (uint64_t)(memcmp(x, x + itemsize, itemsize) == 0) << i;
        }
        bits[first / WORD] = word;
    }
}
#endif

/* Whole stretches are looked at before the sample is looked for in one of them: the inner loop has
 * no exit, so that compilers can vectorise it. */
enum { STRETCH = 256 };

int64_t SV_SET(find_f4)(const float *samples, int64_t n, float value)
{
    int64_t i = 0;
    for (; i + STRETCH <= n; i += STRETCH) {
        int found = 0;
        for (int j = 0; j < STRETCH; j++) {
            found |= samples[i + j] == value;
        }
        if (found) {
            break;
        }
    }
    while (i < n && samples[i] != value) {
        i++;
    }
    return i;
}

int64_t SV_SET(find_f8)(const double *samples, int64_t n, double value)
{
    int64_t i = 0;
    for (; i + STRETCH <= n; i += STRETCH) {
        int found = 0;
        for (int j = 0; j < STRETCH; j++) {
            found |= samples[i + j] == value;
        }
        if (found) {
            break;
        }
    }
    while (i < n && samples[i] != value) {
        i++;
    }
    return i;
}
