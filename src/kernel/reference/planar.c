/* Interleaved channels apart from one another, as they are stored. */
#include <string.h>

#include "kernel/set.h"

static inline __attribute__((always_inline)) void part_rows(const char *from, ptrdiff_t frame_bytes,
                                                            size_t itemsize, int rows,
                                                            int64_t frames, char *to,
                                                            ptrdiff_t row_bytes)
{
    for (int64_t frame = 0; frame < frames; frame++) {
        for (int row = 0; row < rows; row++) {
            memcpy(to + row * row_bytes + frame * (int64_t)itemsize,
                   from + frame * frame_bytes + row * (int64_t)itemsize, itemsize);
        }
    }
}

void SV_SET(part_some)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows,
                       int64_t frames, char *to, ptrdiff_t row_bytes)
{
    switch (itemsize) {
    case 1: part_rows(from, frame_bytes, 1, rows, frames, to, row_bytes); break;
    case 2: part_rows(from, frame_bytes, 2, rows, frames, to, row_bytes); break;
    case 3: part_rows(from, frame_bytes, 3, rows, frames, to, row_bytes); break;
    case 4: part_rows(from, frame_bytes, 4, rows, frames, to, row_bytes); break;
    default: part_rows(from, frame_bytes, 8, rows, frames, to, row_bytes); break;
    }
}

#ifndef SV_WIDE
void SV_SET(part)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows,
                  int64_t frames, char *to, ptrdiff_t row_bytes)
{
    SV_SET(part_some)(from, frame_bytes, itemsize, rows, frames, to, row_bytes);
}

bool SV_SET(survey_frames)(const sv_frames *f, int64_t first, int64_t count, sv_lanes *lanes)
{
    (void)f;
    (void)first;
    (void)count;
    (void)lanes;
    return false;
}
#endif
