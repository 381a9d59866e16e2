/* Interleaved rows as they lie, frame by frame: centred without being taken apart, since ssyrk
 * multiplies them as well so. */
#ifndef SV_ARRAY_FRAMES_H
#define SV_ARRAY_FRAMES_H

#include "array/centre.h"

/* Whether all rows are neighbours in the frames of one segment that lies in place, of a type that
 * float32 holds, and keep their trends. */
bool sv_frames_are(const sv_rows_read *set);

/* Converted at a time: so that they are still in the cache when they are centred. */
enum { SV_FRAMES_PIECE = 64 };

/* Memory of one thread, for `rows` rows. */
typedef struct sv_frames_scratch {
    double *sums, *squares;
    float *pilots, *scales;
    float *row;   /* of the chunk, by itself */
    float *piece; /* SV_FRAMES_PIECE converted frames */
} sv_frames_scratch;

sv_status sv_frames_scratch_open(sv_frames_scratch *scratch, int64_t rows, int64_t samples,
                                 sv_error *error);
void sv_frames_scratch_close(sv_frames_scratch *scratch);

/* Writes samples [first, first + n) of rows [from, from + count), centred, into frames of `step`
 * values at `to`, each row in its place, and of each row what sv_centre_row() says. `copies` is for
 * what is read by calls. SV_TRUNCATED, SV_IO. */
sv_status sv_frames_load(const sv_rows_read *set, int64_t from, int64_t count, int64_t first,
                         int64_t n, sv_frames_scratch *scratch, sv_rows_scratch *copies, float *to,
                         int64_t step, sv_centred *centred, sv_rows_count *counted,
                         sv_error *error);

#endif
