/* The engine: reads segments, carries their samples in tiles, hands the tiles to the writer of one
 * file. Memory is one tile and what the reader and the writer keep. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/memory.h"
#include "base/size.h"
#include "convert/carry.h"
#include "convert/writer.h"
#include "format/format.h"

enum {
    TILE_BYTES = 4 * 1024 * 1024,
    LEAST_SAMPLES = 4096, /* of a planar tile's rows, so that they are worth a write each */
    CACHED_SAMPLES = 1024 /* carried of a row before the next one's turn comes */
};

typedef struct sv_work {
    sv_writing *writing;
    sv_course *course;
    sv_walk walk;
    sv_reader *reader;
    sv_carry carry;
    char *samples;                     /* the tile */
    int64_t tile_samples;              /* of a row, at most */
    int64_t sample_stride, row_stride; /* bytes within the tile */
} sv_work;

/* ---- notes ------------------------------------------------------------------------------- */

static void note_with(const sv_writing *writing, const char *format, va_list arguments)
{
    char sentence[SV_ERROR_SIZE];
    if (writing->options->note != NULL) {
        vsnprintf(sentence, sizeof sentence, format, arguments);
        writing->options->note(writing->options->context, writing->path, sentence);
    }
}

void sv_note(const sv_writing *writing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note_with(writing, format, arguments);
    va_end(arguments);
}

void sv_note_loss(sv_writing *writing, sv_loss loss, const char *format, ...)
{
    if ((writing->losses & 1U << loss) != 0) {
        return;
    }
    writing->losses |= 1U << loss;
    va_list arguments;
    va_start(arguments, format);
    note_with(writing, format, arguments);
    va_end(arguments);
}

/* ---- a tile ------------------------------------------------------------------------------ */

/* Samples that a reader gave, on their way to a place in the tile. */
typedef struct sv_portion {
    sv_work *work;
    const sv_view *samples;
    int64_t first; /* sample of the segment */
    int64_t at;    /* sample of the tile */
} sv_portion;

static void carry_row(const sv_portion *portion, int64_t i, int64_t from, int64_t n)
{
    sv_work *work = portion->work;
    const sv_view *samples = portion->samples;
    int64_t row = work->walk.rows[i];
    sv_run_of_samples run = {
        .from = samples->address + row * samples->strides[0] + from * samples->strides[1],
        .to = work->samples + i * work->row_stride + (portion->at + from) * work->sample_stride,
        .from_stride = samples->strides[1],
        .to_stride = work->sample_stride,
        .num_samples = n,
        .first = {row, portion->first + from},
    };
    sv_carry_run(&work->carry, &run);
}

/* Frames as they are in the tile too: one run. */
static bool is_laid_out_alike(const sv_portion *portion)
{
    const sv_work *work = portion->work;
    const sv_view *samples = portion->samples;
    return sv_dtype_equal(work->carry.from, work->carry.to) &&
           work->walk.num_rows == samples->shape[0] &&
           samples->strides[0] == (int64_t)sv_view_itemsize(samples) &&
           work->row_stride == samples->strides[0] && work->sample_stride == samples->strides[1];
}

/* Runs under the fault guard: memory is all it touches. */
static void carry_portion(void *context)
{
    const sv_portion *portion = context;
    const sv_work *work = portion->work;
    int64_t num_samples = portion->samples->shape[1];
    if (is_laid_out_alike(portion)) {
        memcpy(work->samples + portion->at * work->sample_stride, portion->samples->address,
               (size_t)(num_samples * work->sample_stride));
        return;
    }
    for (int64_t from = 0; from < num_samples; from += CACHED_SAMPLES) {
        int64_t n = sv_min_i8(CACHED_SAMPLES, num_samples - from);
        for (int64_t i = 0; i < work->walk.num_rows; i++) {
            carry_row(portion, i, from, n);
        }
    }
}

static sv_status fail_unfit(const sv_work *work, sv_error *error)
{
    char value[SV_SCALAR_TEXT_SIZE], from[SV_DTYPE_TEXT_SIZE];
    const sv_carry *carry = &work->carry;
    sv_channel channel = {.number = 0};
    sv_recording_channel(work->writing->scope.recording, work->walk.segment.index,
                         carry->first_unfit.row, &channel);
    return sv_fail(error, SV_RANGE,
                   "sample %" PRId64 " of channel %" PRId64 " is %s (%s), which %s cannot hold; "
                   "give another --encoding",
                   carry->first_unfit.sample, channel.number,
                   sv_scalar_text(carry->unfit, carry->from, value),
                   sv_dtype_text(carry->from, from), work->writing->encoding.name);
}

/* SV_TRUNCATED where the file was cut while it was read; that it was written to is a note. */
static sv_status look_at_source(sv_work *work, sv_error *error)
{
    sv_error inner;
    sv_status status = sv_recording_check(work->writing->scope.recording, &inner);
    if (status == SV_BUSY && !work->course->is_written_to) {
        work->course->is_written_to = true;
        sv_note(work->writing, "the recording was written to while it was converted");
    }
    return status == SV_OK || status == SV_BUSY ? SV_OK : sv_pass_on(error, &inner, "");
}

static sv_status fetch_portion(sv_work *work, int64_t first, int64_t count, int64_t at,
                               int64_t *num_fetched, sv_error *error)
{
    sv_view samples;
    sv_status status = sv_reader_read(work->reader, first, count, &samples, error);
    if (status != SV_OK) {
        return status;
    }
    const sv_buffer *buffer = sv_recording_buffer(sv_reader_source(work->reader));
    const char *data = sv_buffer_data(buffer);
    const void *fault;
    sv_portion portion = {work, &samples, first, at};
    if (!sv_guard_run(carry_portion, &portion, data, sv_buffer_size_bytes(buffer), &fault)) {
        status = look_at_source(work, error);
        return status != SV_OK ? status
                               : sv_fail(error, SV_IO, "byte %lld of it cannot be read",
                                         (long long)((const char *)fault - data));
    }
    *num_fetched = samples.shape[1];
    return work->carry.num_unfit > 0 ? fail_unfit(work, error) : SV_OK;
}

/* Samples [first, first + count) of the segment. */
static sv_status fetch_tile(sv_work *work, int64_t first, int64_t count, sv_error *error)
{
    for (int64_t done = 0; done < count;) {
        int64_t num_fetched = 0;
        sv_status status =
            fetch_portion(work, first + done, count - done, done, &num_fetched, error);
        if (status != SV_OK) {
            return status;
        }
        done += num_fetched;
    }
    return look_at_source(work, error);
}

/* ---- groups of rows ---------------------------------------------------------------------- */

static void size_tiles(sv_work *work, int64_t rows_at_once)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(work->writing->encoding.dtype);
    int64_t rows = sv_min_i8(rows_at_once, work->walk.segment_rows);
    work->tile_samples = sv_max_i8(TILE_BYTES / (rows * itemsize), 1);
    work->tile_samples =
        sv_min_i8(work->tile_samples, sv_max_i8(work->walk.last - work->walk.first, 1));
}

/* Whether the samples of a row lie together in the source, so that a row alone costs no more to
 * read than among others. */
static bool is_planar(const sv_segment *segment)
{
    return segment->in_place &&
           segment->samples.strides[1] == (int64_t)sv_view_itemsize(&segment->samples);
}

/* Rows whose tiles are taken together. Planar to planar: as many as there is room for in full, at
 * least one; else all that there is room for when each has enough samples. */
static int64_t rows_at_once(const sv_work *work)
{
    const sv_writer *writer = work->writing->writer;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(work->writing->encoding.dtype);
    int64_t samples = sv_max_i8(work->walk.last - work->walk.first, 1);
    if (!is_planar(&work->walk.segment)) {
        samples = sv_min_i8(samples, LEAST_SAMPLES);
    }
    int64_t rows = sv_max_i8(TILE_BYTES / itemsize / samples, 1);
    return sv_min_i8(writer->is_interleaved ? SV_GROUP_ROWS : rows, writer->group_rows);
}

static void place_rows(sv_work *work)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(work->writing->encoding.dtype);
    bool is_interleaved = work->writing->writer->is_interleaved;
    work->sample_stride = is_interleaved ? itemsize * work->walk.num_rows : itemsize;
    work->row_stride = is_interleaved ? itemsize : itemsize * work->tile_samples;
}

static void report_progress(sv_work *work, int64_t num_samples)
{
    const sv_convert_options *options = work->writing->options;
    work->course->done_bytes +=
        num_samples * (int64_t)sv_dtype_itemsize(work->walk.segment.samples.dtype);
    if (options->progress != NULL) {
        options->progress(options->context, work->course->done_bytes, work->course->total_bytes);
    }
}

static sv_status write_tiles(sv_work *work, sv_error *error)
{
    sv_writing *writing = work->writing;
    const sv_walk *walk = &work->walk;
    sv_status status = SV_OK;
    for (int64_t first = walk->first; first < walk->last && status == SV_OK;
         first += work->tile_samples) {
        sv_tile tile = {first - walk->first, sv_min_i8(work->tile_samples, walk->last - first),
                        work->samples, work->row_stride};
        if (writing->options->cancel != NULL && *writing->options->cancel != 0) {
            return sv_fail(error, SV_CANCELLED, "the conversion was stopped");
        }
        status = fetch_tile(work, first, tile.num_samples, error);
        if (status == SV_OK) {
            status = writing->writer->samples(writing, walk, &tile, error);
        }
        report_progress(work, tile.num_samples * walk->num_rows);
    }
    return status;
}

static sv_status write_group(sv_work *work, sv_error *error)
{
    sv_writing *writing = work->writing;
    const sv_writer *writer = writing->writer;
    place_rows(work);
    sv_status status = writer->rows != NULL ? writer->rows(writing, &work->walk, error) : SV_OK;
    if (status == SV_OK) {
        status = write_tiles(work, error);
    }
    if (status == SV_OK && writer->rows_end != NULL) {
        status = writer->rows_end(writing, &work->walk, error);
    }
    return status;
}

/* ---- segments ---------------------------------------------------------------------------- */

static void note_rounded(const sv_work *work)
{
    char from[SV_DTYPE_TEXT_SIZE];
    const sv_carry *carry = &work->carry;
    if (carry->num_rounded == 0) {
        return;
    }
    sv_channel channel = {.number = 0};
    sv_recording_channel(work->writing->scope.recording, work->walk.segment.index,
                         carry->first_rounded.row, &channel);
    sv_note(work->writing,
            "%" PRId64 " of its samples (%s) %s rounded to %s, first sample %" PRId64
            " of channel %" PRId64,
            carry->num_rounded, sv_dtype_text(carry->from, from),
            carry->num_rounded == 1 ? "is" : "are", work->writing->encoding.name,
            carry->first_rounded.sample, channel.number);
}

static sv_status begin_segment(sv_work *work, sv_error *error)
{
    sv_writing *writing = work->writing;
    sv_dtype from = work->walk.segment.samples.dtype;
    sv_status status = SV_OK;
    if (writing->writer->holds == SV_HOLDS_ALL) {
        status = writing->writer->encode(writing, from, writing->options->encoding,
                                         &writing->encoding, error);
    }
    if (status == SV_OK) {
        status = sv_carry_begin(&work->carry, from, writing->encoding.dtype, error);
    }
    if (status == SV_OK) {
        status = sv_reader_open(writing->scope.recording, work->walk.segment.index, &work->reader,
                                error);
    }
    return status;
}

static sv_status write_segment(sv_work *work, sv_error *error)
{
    sv_status status = begin_segment(work, error);
    if (status != SV_OK) {
        return status;
    }
    work->walk.most_rows = rows_at_once(work);
    size_tiles(work, work->walk.most_rows);
    while (status == SV_OK && sv_walk_rows(&work->walk)) {
        status = write_group(work, error);
    }
    sv_reader_close(work->reader);
    if (status == SV_OK) {
        note_rounded(work);
    }
    return status;
}

static sv_status write_segments(sv_writing *writing, sv_course *course, sv_error *error)
{
    sv_work *work = sv_calloc(1, sizeof *work);
    char *samples = sv_malloc(TILE_BYTES);
    sv_status status = work != NULL && samples != NULL ? SV_OK : sv_fail_memory(error, TILE_BYTES);
    if (status == SV_OK) {
        work->writing = writing;
        work->course = course;
        work->samples = samples;
        sv_walk_begin(&work->walk, &writing->scope, writing->writer->group_rows);
        while (status == SV_OK && sv_walk_segment(&work->walk)) {
            status = write_segment(work, error);
        }
    }
    sv_free(samples);
    sv_free(work);
    return status;
}

/* ---- a file ------------------------------------------------------------------------------ */

static sv_status write_all(sv_writing *writing, sv_course *course, sv_error *error)
{
    const sv_writer *writer = writing->writer;
    sv_status status = writer->begin != NULL ? writer->begin(writing, error) : SV_OK;
    if (status == SV_OK) {
        status = write_segments(writing, course, error);
    }
    if (status == SV_OK && writer->end != NULL) {
        status = writer->end(writing, error);
    }
    if (writer->close != NULL) {
        writer->close(writing);
    }
    return status;
}

/* Samples first, then what speaks of them. */
static sv_status commit(sv_writing *writing, sv_error *error)
{
    sv_status status = sv_output_commit(writing->output, error);
    if (status == SV_OK && writing->side != NULL) {
        status = sv_output_commit(writing->side, error);
        if (status != SV_OK) {
            sv_output_take_back(writing->output);
        }
    }
    if (status == SV_OK && writing->obsolete_path != NULL) {
        unlink(writing->obsolete_path);
    }
    return status;
}

sv_status sv_write_file(sv_writing *writing, sv_course *course, sv_error *error)
{
    const sv_writer *writer = writing->writer;
    sv_status status = sv_scope_measure(&writing->scope, &writing->extent, error);
    if (status == SV_OK) {
        status = writer->encode(writing, writing->extent.dtype, writing->options->encoding,
                                &writing->encoding, error);
    }
    /* With more rows than a group a frame comes in pieces, which lie apart. */
    bool appends =
        writer->appends && (!writer->is_interleaved || writing->extent.num_rows <= SV_GROUP_ROWS);
    if (status == SV_OK) {
        status = sv_output_open(writing->path, writing->options->replace, appends, &writing->output,
                                error);
    }
    if (status != SV_OK) {
        return status;
    }
    status = write_all(writing, course, error);
    if (status == SV_OK) {
        status = commit(writing, error);
    }
    sv_output_close(writing->output);
    sv_output_close(writing->side);
    sv_free(writing->obsolete_path);
    return status;
}
