/* seisview dump: samples as text, hexadecimal or float32 bytes, frame by frame.
 *
 * A scan carries a chunk of frames out of the file, whatever their layout, into frames that lie
 * one after the other; they are written from there. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/visit.h"

#define CHUNK_BYTES ((int64_t)1 << 20) /* of samples; a frame at least */
#define TEXT_BYTES  65536
#define WIDEST_TEXT 64 /* of a sample in any style, with what stands before and after it */

struct chunk {
    const struct walk *walk;
    bool as_float;   /* samples become native float32 on their way */
    size_t itemsize; /* of a sample that has arrived */
    int64_t first;   /* sample of its first frame */
    char *frames;    /* frames × rows in hand */
    int64_t *there;  /* of each row in hand: how many of its samples have arrived, without a hole */
};

struct dump {
    enum dump_style style;
    bool begun; /* something was written: a blank line stands before the next segment */
    struct chunk chunk;
    size_t text_used;
    char text[TEXT_BYTES + WIDEST_TEXT];
};

/* ---- out of the file ----------------------------------------------------------------------- */

static void carry_as_float(const sv_view *samples, char *to, size_t frame_bytes)
{
    const char *from = samples->address;
    for (int64_t i = 0; i < samples->shape[0]; i++) {
        float value = (float)sv_scalar_as_f8(sv_dtype_load(samples->dtype, from));
        memcpy(to, &value, sizeof value);
        to += frame_bytes;
        from += samples->strides[0];
    }
}

static void carry_as_it_is(const sv_view *samples, char *to, size_t frame_bytes, size_t itemsize)
{
    const char *from = samples->address;
    if (frame_bytes == itemsize && samples->strides[0] == (int64_t)itemsize) {
        memcpy(to, from, (size_t)samples->shape[0] * itemsize);
        return;
    }
    for (int64_t i = 0; i < samples->shape[0]; i++) {
        memcpy(to, from, itemsize);
        to += frame_bytes;
        from += samples->strides[0];
    }
}

/* Frames [first, last) that came without a hole. */
struct stretch {
    int64_t first, last;
};

/* Runs under the fault guard: memory is all it touches. */
static void carry_block(void *context, const sv_block *block, void *result)
{
    const struct chunk *chunk = context;
    size_t frame_bytes = chunk->itemsize * (size_t)chunk->walk->num_rows;
    char *to = chunk->frames + (size_t)(block->first - chunk->first) * frame_bytes +
               (size_t)block->position * chunk->itemsize;
    if (chunk->as_float) {
        carry_as_float(&block->samples, to, frame_bytes);
    } else {
        carry_as_it_is(&block->samples, to, frame_bytes, chunk->itemsize);
    }
    *(struct stretch *)result =
        (struct stretch){block->first, block->first + block->samples.shape[0]};
}

/* What lies behind samples that are lost does not count. */
static void join_pieces(void *context, void *result, const void *next)
{
    (void)context;
    struct stretch *stretch = result;
    const struct stretch *behind = next;
    stretch->last = behind->first == stretch->last ? behind->last : stretch->last;
}

static void count_block(void *context, int64_t position, const void *result)
{
    const struct chunk *chunk = context;
    const struct stretch *stretch = result;
    if (stretch->first == chunk->first + chunk->there[position]) {
        chunk->there[position] += stretch->last - stretch->first;
    }
}

/* Sets *num_frames to those that are there whole. */
static enum outcome fetch(struct dump *dump, struct visit *visit, int64_t last, int64_t *num_frames)
{
    struct chunk *chunk = &dump->chunk;
    sv_scan_range range = walk_range(chunk->walk, chunk->first, last);
    sv_reducer reducer = {.context = chunk,
                          .result_size = sizeof(struct stretch),
                          .block = carry_block,
                          .join = join_pieces,
                          .merge = count_block};
    sv_error error;
    memset(chunk->there, 0, (size_t)chunk->walk->num_rows * sizeof *chunk->there);
    visit_begin_scan(visit);
    sv_status status =
        sv_scan(visit->recording, &range, &reducer, &visit->scan, &visit->report, &error);
    enum outcome outcome = visit_end_scan(visit, &range, status, &error);
    *num_frames = last - chunk->first;
    for (int64_t i = 0; i < chunk->walk->num_rows; i++) {
        *num_frames = chunk->there[i] < *num_frames ? chunk->there[i] : *num_frames;
    }
    return outcome;
}

/* ---- onto paper ---------------------------------------------------------------------------- */

static bool flush(struct dump *dump)
{
    bool written = output_bytes(dump->text, dump->text_used);
    dump->text_used = 0;
    return written;
}

/* `count` bytes that fit, since put() leaves room for a sample. */
static void append(struct dump *dump, const void *bytes, size_t count)
{
    memcpy(dump->text + dump->text_used, bytes, count);
    dump->text_used += count;
}

static void append_hex(struct dump *dump, const unsigned char *sample, size_t itemsize)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < itemsize; i++) {
        append(dump, &digits[sample[i] >> 4], 1);
        append(dump, &digits[sample[i] & 15], 1);
    }
}

/* One sample, and after a text what stands between it and the next. */
static void append_sample(struct dump *dump, const void *sample, sv_dtype dtype, char separator)
{
    if (dump->style == DUMP_HEX) {
        append_hex(dump, sample, sv_dtype_itemsize(dtype));
        append(dump, &separator, 1);
        return;
    }
    char *text = dump->text + dump->text_used;
    sv_scalar_text(sv_dtype_load(dtype, sample), dtype, text);
    dump->text_used += strlen(text);
    append(dump, &separator, 1);
}

/* The frames of the rows in hand; `ends_line`: they are the segment's last rows. */
static bool write_frames(struct dump *dump, int64_t num_frames, bool ends_line)
{
    const struct chunk *chunk = &dump->chunk;
    const struct walk *walk = chunk->walk;
    sv_dtype dtype = walk->segment.samples.dtype;
    const char *sample = chunk->frames;
    if (dump->style == DUMP_RAW) {
        return output_bytes(sample, (size_t)(num_frames * walk->num_rows) * chunk->itemsize);
    }
    for (int64_t frame = 0; frame < num_frames; frame++) {
        for (int64_t row = 0; row < walk->num_rows; row++) {
            bool is_last = ends_line && row + 1 == walk->num_rows;
            append_sample(dump, sample, dtype, is_last ? '\n' : '\t');
            sample += chunk->itemsize;
            if (dump->text_used >= TEXT_BYTES && !flush(dump)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- segments ------------------------------------------------------------------------------ */

/* Frames [first, last) of a segment, for one group of rows after the other. */
static enum outcome dump_chunk(struct dump *dump, struct visit *visit, struct walk *walk,
                               int64_t last)
{
    enum outcome outcome = DONE;
    int64_t rows_before = 0;
    walk_rows_again(walk);
    while (outcome == DONE && walk_rows(walk)) {
        int64_t num_frames;
        outcome = fetch(dump, visit, last, &num_frames);
        if (outcome == STOPPED) {
            return STOPPED;
        }
        rows_before += walk->num_rows;
        if (!write_frames(dump, num_frames, rows_before == walk->segment_rows)) {
            return STOPPED;
        }
    }
    return outcome;
}

/* With more rows than are in work at once, a chunk is a single frame. */
static int64_t frames_in_chunk(const struct walk *walk, size_t itemsize)
{
    int64_t frames = CHUNK_BYTES / ((int64_t)itemsize * walk->segment_rows);
    return walk->segment_rows > GROUP_ROWS || frames < 1 ? 1 : frames;
}

static bool is_native_float(sv_dtype dtype)
{
    return sv_dtype_equal(dtype, sv_dtype_make(SV_F4, SV_NATIVE_ENDIAN));
}

static enum outcome dump_segment(struct dump *dump, struct visit *visit, struct walk *walk)
{
    struct chunk *chunk = &dump->chunk;
    enum outcome outcome = DONE;
    chunk->walk = walk;
    chunk->as_float = dump->style == DUMP_RAW && !is_native_float(walk->segment.samples.dtype);
    chunk->itemsize =
        chunk->as_float ? sizeof(float) : sv_dtype_itemsize(walk->segment.samples.dtype);
    int64_t step = frames_in_chunk(walk, chunk->itemsize);
    if (walk->last > walk->first && dump->begun && dump->style != DUMP_RAW) {
        append(dump, "\n", 1);
    }
    for (chunk->first = walk->first; chunk->first < walk->last && outcome == DONE;
         chunk->first += step) {
        int64_t left = walk->last - chunk->first;
        dump->begun = true;
        outcome = dump_chunk(dump, visit, walk, chunk->first + (left < step ? left : step));
    }
    return outcome;
}

static enum outcome dump_file(void *context, struct visit *visit)
{
    struct dump *dump = context;
    struct walk walk;
    enum outcome outcome = DONE;
    bool lost = false;
    walk_begin(&walk, &visit->selection);
    while (outcome == DONE && walk_segment(&walk)) {
        outcome = dump_segment(dump, visit, &walk);
        lost = lost || outcome == LOST;
        outcome = outcome == LOST ? DONE : outcome;
    }
    walk_end(&walk);
    if (outcome == DONE && !visit_check(visit)) {
        outcome = FAILED;
    }
    outcome = outcome == DONE && lost ? LOST : outcome;
    return flush(dump) ? outcome : STOPPED;
}

/* ---- the command --------------------------------------------------------------------------- */

int cmd_dump(const struct options *options)
{
    struct dump *dump = must_have(calloc(1, sizeof *dump));
    dump->style = options->dump;
    /* Room for the widest chunk: a full one of small samples, or a frame of as many rows as are in
     * work at once. */
    dump->chunk.frames = must_have(malloc((size_t)CHUNK_BYTES));
    dump->chunk.there = must_have(malloc(GROUP_ROWS * sizeof *dump->chunk.there));
    struct options own = *options;
    if (own.progress == PROGRESS_AUTO && isatty(STDOUT_FILENO)) {
        own.progress = PROGRESS_NEVER; /* the samples that go by show it */
    }
    int status = visit_all(&own, dump_file, dump);
    free(dump->chunk.there);
    free(dump->chunk.frames);
    free(dump);
    return status;
}
