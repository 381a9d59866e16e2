/* Interleaved rows parted and surveyed in one go: a chunk of each row in turn, so that the memory
 * brings the next frames while the rows in hand are surveyed. */
#include "kernel/set.h"
#include "kernel/wide/state.h"

enum { SAMPLE_BYTES = 4, LINE_BYTES = SV_LANES * SAMPLE_BYTES };

/* So many lines of a stream are parted ahead of those that are surveyed: what has just been stored
 * is not read well yet, and a chunk reads a sample past its end. */
enum { LINES_AHEAD = 2 * SV_CHUNK_LINES };

/* The chunk of each stream that begins at `line`, or what there is of it. */
static void part_lines(const sv_frames *f, int64_t lines, int64_t line)
{
    int64_t count = lesser(lines - line, SV_CHUNK_LINES);
    for (int k = 0; k < SV_STREAMS && count > 0; k++) {
        int64_t first = (k * lines + line) * SV_LANES;
        SV_SET(part_chunk)
        (f->from + first * f->frame_bytes, f->frame_bytes, f->rows, count * SV_LANES,
         f->to + first * SAMPLE_BYTES, f->row_bytes);
    }
}

/* The first lines of each stream, and the frames behind the last one's. */
static void part_first(const sv_frames *f, int64_t lines)
{
    int64_t taken = lines * SV_STREAMS * SV_LANES;
    SV_SET(part)
    (f->from + taken * f->frame_bytes, f->frame_bytes, SAMPLE_BYTES, f->rows, f->n - taken,
     f->to + taken * SAMPLE_BYTES, f->row_bytes);
    for (int64_t line = 0; line < LINES_AHEAD; line += SV_CHUNK_LINES) {
        part_lines(f, lines, line);
    }
}

/* What a survey of these samples changes from chunk to chunk. */
SV_INLINE void copy_state(stored as, state *to, const state *from)
{
    to->sum = from->sum;
    to->squares = from->squares;
    copy_equal_i4(&to->equal, &from->equal);
    if (is_whole(as)) {
        to->min_i4 = from->min_i4;
        to->max_i4 = from->max_i4;
        to->zeros = from->zeros;
    } else {
        to->min_f4 = from->min_f4;
        to->max_f4 = from->max_f4;
        to->magnitudes = from->magnitudes;
    }
}

/* A row's chunk; with each of its lines one of the frames' is asked for, from `ask` on. */
SV_INLINE void survey_chunk(stored as, const char *row, int64_t lines, int64_t count,
                            const char *ask, ptrdiff_t ask_stream, ptrdiff_t ask_line, state *kept)
{
    const int64_t stream = lines * LINE_BYTES;
    state s = begin();
    copy_state(as, &s, kept);
    for (int64_t i = 0; i < count; i++) {
        const char *x = row + i * LINE_BYTES, *next = ask + i * ask_line;
        _mm_prefetch(next, _MM_HINT_T0);
        _mm_prefetch(next + ask_stream, _MM_HINT_T0);
        _mm_prefetch(next + 2 * ask_stream, _MM_HINT_T0);
        _mm_prefetch(next + 3 * ask_stream, _MM_HINT_T0);
        add_line(as, &s, x);
        add_line(as, &s, x + stream);
        add_line(as, &s, x + 2 * stream);
        add_line(as, &s, x + 3 * stream);
    }
    end_chunk(&s.squares, &s.chunk);
    copy_state(as, kept, &s);
}

SV_INLINE void survey_frames(stored as, const sv_frames *f, int64_t first, int64_t count,
                             sv_lanes *lanes)
{
    const int64_t lines = sv_lines_of(f->n), end = first + count;
    const ptrdiff_t line_frames = SV_LANES * f->frame_bytes, ask_line = line_frames / f->rows;
    const char *ask = f->from + LINES_AHEAD * line_frames + ahead_bytes();
    state states[SV_FRAMES_ROWS];
    for (int row = 0; row < f->rows; row++) {
        states[row] = begin();
    }
    for (int64_t line = first; line < end; line += SV_CHUNK_LINES) {
        int64_t some = lesser(end - line, SV_CHUNK_LINES);
        part_lines(f, lines, line + LINES_AHEAD);
        for (int row = 0; row < f->rows; row++) {
            survey_chunk(as, f->to + row * f->row_bytes + line * LINE_BYTES, lines, some,
                         ask + line * line_frames + row * SV_CHUNK_LINES * ask_line,
                         lines * line_frames, ask_line, &states[row]);
            if ((line - first + SV_CHUNK_LINES) % SV_GROUP_LINES == 0) {
                end_group(&states[row].squares);
            }
        }
    }
    for (int row = 0; row < f->rows; row++) {
        end_group(&states[row].squares);
        finish(as, &states[row], count * SV_STREAMS * SV_LANES, &lanes[row]);
    }
}

bool SV_SET(survey_frames)(const sv_frames *f, int64_t first, int64_t count, sv_lanes *lanes)
{
    bool swapped = f->dtype.order != SV_NATIVE_ENDIAN;
    if (f->dtype.type != SV_F4 && f->dtype.type != SV_I4) {
        return false;
    }
    if (first == 0) {
        part_first(f, sv_lines_of(f->n));
    }
    if (f->dtype.type == SV_I4) {
        if (swapped) {
            survey_frames((stored){SV_I4, true, false, false}, f, first, count, lanes);
        } else {
            survey_frames((stored){SV_I4, false, false, false}, f, first, count, lanes);
        }
    } else if (swapped) {
        survey_frames((stored){SV_F4, true, false, false}, f, first, count, lanes);
    } else {
        survey_frames((stored){SV_F4, false, false, false}, f, first, count, lanes);
    }
    return true;
}
