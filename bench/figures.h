/* Medians and spreads of repeated measurements. */
#ifndef SV_BENCH_FIGURES_H
#define SV_BENCH_FIGURES_H

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

struct figures {
    double median, least, most;
};

/* Seconds of a clock that nobody sets. */
static inline double figures_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline int figures_compare(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

/* Sorts the values, of which there is one at least. */
static inline struct figures figures_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, figures_compare);
    struct figures made;
    made.median = (values[(count - 1) / 2] + values[count / 2]) / 2.0;
    made.least = values[0];
    made.most = values[count - 1];
    return made;
}

#endif
