/* Interleaved channels of four bytes apart from one another, some frames of four channels at a
 * time, transposed in registers. */
#include "kernel/set.h"
#include "kernel/wide/transpose.h"

enum { ROWS = 4 };

SV_INLINE void part_four(const char *from, ptrdiff_t frame_bytes, int rows, int64_t frames,
                         char *to, ptrdiff_t row_bytes)
{
    for (int64_t frame = 0; frame < frames; frame += FRAMES) {
        part_frames(from + frame * frame_bytes, frame_bytes, rows, to + 4 * frame, row_bytes);
    }
}

static void part_quad(const char *from, ptrdiff_t frame_bytes, int rows, int64_t frames, char *to,
                      ptrdiff_t row_bytes)
{
    switch (rows) {
    case 1: part_four(from, frame_bytes, 1, frames, to, row_bytes); break;
    case 2: part_four(from, frame_bytes, 2, frames, to, row_bytes); break;
    case 3: part_four(from, frame_bytes, 3, frames, to, row_bytes); break;
    default: part_four(from, frame_bytes, 4, frames, to, row_bytes); break;
    }
}

/* So many frames are parted before the next four rows are, that their lines are still in the first
 * cache. */
enum { CHUNK_FRAMES = 32, LINE_BYTES = 64 };

void SV_SET(part_chunk)(const char *from, ptrdiff_t frame_bytes, int rows, int64_t frames, char *to,
                        ptrdiff_t row_bytes)
{
    if (rows == 3 && frame_bytes == 12) { /* three components, the most common of all */
        for (int64_t frame = 0; frame < frames; frame += FRAMES) {
            part_three(from + frame * frame_bytes, to + 4 * frame, row_bytes);
        }
        return;
    }
    for (int row = 0; row < rows; row += ROWS) {
        part_quad(from + 4 * row, frame_bytes, rows - row, frames, to + row * row_bytes, row_bytes);
    }
}

static void ask_for(const char *from, int64_t bytes)
{
    for (int64_t byte = 0; byte < bytes; byte += LINE_BYTES) {
        _mm_prefetch(from + byte, _MM_HINT_T0);
    }
}

/* The frames in four streams, as the surveys read. */
static int64_t part_streams(const char *from, ptrdiff_t frame_bytes, int rows, int64_t frames,
                            char *to, ptrdiff_t row_bytes)
{
    const ptrdiff_t ahead = ahead_bytes();
    int64_t of_stream = frames / (SV_STREAMS * CHUNK_FRAMES) * CHUNK_FRAMES;
    for (int64_t done = 0; done < of_stream; done += CHUNK_FRAMES) {
        for (int stream = 0; stream < SV_STREAMS; stream++) {
            int64_t frame = stream * of_stream + done;
            ask_for(from + frame * frame_bytes + ahead, CHUNK_FRAMES * frame_bytes);
            SV_SET(part_chunk)
            (from + frame * frame_bytes, frame_bytes, rows, CHUNK_FRAMES, to + 4 * frame,
             row_bytes);
        }
    }
    return SV_STREAMS * of_stream;
}

void SV_SET(part)(const char *from, ptrdiff_t frame_bytes, size_t itemsize, int rows,
                  int64_t frames, char *to, ptrdiff_t row_bytes)
{
    int64_t done = 0;
    /* Every frame is read as if it had four samples of each four rows, so frames must follow. */
    if (itemsize == 4 && frame_bytes >= 8 && frames > FRAMES) {
        int64_t fast = (frames - FRAMES) / FRAMES * FRAMES;
        done = part_streams(from, frame_bytes, rows, fast, to, row_bytes);
        SV_SET(part_chunk)
        (from + done * frame_bytes, frame_bytes, rows, fast - done, to + 4 * done, row_bytes);
        done = fast;
    }
    SV_SET(part_some)
    (from + done * frame_bytes, frame_bytes, itemsize, rows, frames - done,
     to + done * (int64_t)itemsize, row_bytes);
}
