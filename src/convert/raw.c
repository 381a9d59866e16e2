/* Raw samples, frame by frame, and the SigMF side file that says what they are. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "convert/writer.h"
#include "format/format.h"
#include "format/sigmf.h"

static const char *const suffixes[] = {".bin", ".raw", ".f32", ".dat", ".sigmf-data", NULL};
static const char *const data_suffixes[] = {".sigmf-data", NULL};

static sv_status encode_raw(const sv_writing *writing, sv_dtype from, const char *asked,
                            sv_encoding *encoding, sv_error *error)
{
    static const char *const names[SV_NUM_TYPES] = {
#define SV_DTYPE(NAME, name, itemsize, kind, letter, numpy) [SV_##NAME] = name,
#include "seisview/dtype.def"
#undef SV_DTYPE
    };
    (void)writing;
    sv_dtype dtype = from;
    if (asked != NULL && sv_dtype_parse(asked, &dtype, NULL) != SV_OK) {
        return sv_fail(error, SV_INVALID, "raw samples have no encoding '%.20s'", asked);
    }
    *encoding = (sv_encoding){names[dtype.type], dtype, 0};
    return SV_OK;
}

/* ---- the side file ----------------------------------------------------------------------- */

/* NULL: SigMF has no name for such samples. */
static const char *datatype_of(sv_dtype dtype)
{
    static const char *const names[SV_NUM_TYPES][2] = {
        [SV_F4] = {"rf32_le", "rf32_be"}, [SV_F8] = {"rf64_le", "rf64_be"},
        [SV_I1] = {"ri8", "ri8"},         [SV_U1] = {"ru8", "ru8"},
        [SV_I2] = {"ri16_le", "ri16_be"}, [SV_U2] = {"ru16_le", "ru16_be"},
        [SV_I4] = {"ri32_le", "ri32_be"}, [SV_U4] = {"ru32_le", "ru32_be"},
    };
    return names[dtype.type][dtype.order == SV_BIG_ENDIAN ? 1 : 0];
}

/* The whole number that it is, so that 100 Hz is not written 100.0. */
static json_t *number_of(double value)
{
    return value == floor(value) && value < 0x1p53 ? json_integer((json_int_t)value)
                                                   : json_real(value);
}

static json_t *make_global(const sv_writing *writing)
{
    const char *name = sv_path_name(writing->path);
    json_t *global = json_object();
    json_object_set_new(global, "core:version", json_string("1.2.0"));
    if (!sv_path_has_suffix(writing->path, data_suffixes)) {
        json_object_set_new(global, "core:dataset", json_string(name));
    }
    json_object_set_new(global, "core:datatype", json_string(datatype_of(writing->encoding.dtype)));
    json_object_set_new(global, "core:num_channels", json_integer(writing->extent.num_rows));
    json_object_set_new(global, "core:sample_rate", number_of(writing->extent.sample_rate));
    return global;
}

static json_t *make_captures(const sv_writing *writing)
{
    char start[SV_TIME_TEXT_SIZE];
    json_t *capture = json_object();
    json_object_set_new(capture, "core:sample_start", json_integer(0));
    if (sv_time_format(sv_first_channel(writing).start, start)[0] != '\0') {
        json_object_set_new(capture, "core:datetime", json_string(start));
    }
    json_t *captures = json_array();
    json_array_append_new(captures, capture);
    return captures;
}

/* NULL without memory, or where the file's name is no text. */
static char *make_text(const sv_writing *writing)
{
    json_t *root = json_object();
    json_object_set_new(root, "global", make_global(writing));
    json_object_set_new(root, "captures", make_captures(writing));
    json_object_set_new(root, "annotations", json_array());
    bool is_named = sv_path_has_suffix(writing->path, data_suffixes) ||
                    json_object_get(json_object_get(root, "global"), "core:dataset") != NULL;
    char *text = is_named ? json_dumps(root, JSON_INDENT(4) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    return text;
}

static sv_status write_side_file(sv_writing *writing, const char *side_path, sv_error *error)
{
    sv_error inner;
    char *text = make_text(writing);
    if (text == NULL) {
        sv_note_loss(writing, SV_LOSS_SIDE_FILE,
                     "its name is no UTF-8, which a SigMF side file demands; none is written");
        return SV_OK;
    }
    sv_status status =
        sv_output_open(side_path, writing->options->replace, false, &writing->side, &inner);
    if (status == SV_OK) {
        status = sv_output_append(writing->side, text, strlen(text), &inner);
    }
    if (status == SV_OK) {
        status = sv_output_append(writing->side, "\n", 1, &inner);
    }
    free(text);
    return status == SV_OK ? SV_OK : sv_pass_on(error, &inner, "side file: ");
}

/* A side file that speaks of another recording is nobody's to replace: *is_free is false then. */
static sv_status look_at_side_file(sv_writing *writing, const char *side_path, bool *is_free,
                                   sv_error *error)
{
    sv_sigmf meta;
    bool stated;
    sv_status status = sv_sigmf_read(side_path, &meta, NULL);
    *is_free = true;
    if (status == SV_NOTFOUND) {
        return SV_OK;
    }
    *is_free = status == SV_OK && sv_sigmf_describes(&meta, writing->path, &stated);
    if (status == SV_OK) {
        sv_sigmf_free(&meta);
    }
    if (!*is_free) {
        sv_note_loss(writing, SV_LOSS_SIDE_FILE,
                     "the side file %.128s belongs to another recording; none is written",
                     sv_path_name(side_path));
        return SV_OK;
    }
    return writing->options->replace
               ? SV_OK
               : sv_fail(error, SV_BUSY, "its side file %.128s exists; give --force to replace it",
                         sv_path_name(side_path));
}

/* Takes the path over. */
static sv_status describe(sv_writing *writing, char *side_path, sv_error *error)
{
    bool is_free;
    sv_status status = look_at_side_file(writing, side_path, &is_free, error);
    if (status == SV_OK && is_free && datatype_of(writing->encoding.dtype) != NULL) {
        status = write_side_file(writing, side_path, error);
    } else if (status == SV_OK && is_free) {
        sv_note_loss(writing, SV_LOSS_SIDE_FILE,
                     "SigMF cannot describe samples of type %s; no side file is written, give "
                     "--dtype, --channels, --rate and --start to read them",
                     writing->encoding.name);
        /* One of an earlier file of this name would tell lies. */
        writing->obsolete_path = side_path;
        return SV_OK;
    }
    sv_free(side_path);
    return status;
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status begin_raw(sv_writing *writing, sv_error *error)
{
    static const sv_open_options itself = {.format = "sac"}; /* the name is that of the samples */
    char *data_path, *side_path;
    sv_note_no_ids(writing, "raw samples");
    sv_note_no_units(writing, "raw samples");
    if (strcmp(writing->path, "-") == 0) {
        sv_note_no_clock(writing, "raw samples");
        return SV_OK;
    }
    sv_status status = sv_sigmf_locate(writing->path, &itself, &data_path, &side_path, error);
    if (status != SV_OK) {
        return status;
    }
    sv_free(data_path);
    return describe(writing, side_path, error);
}

static sv_status write_raw(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                           sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    int64_t frame_bytes = writing->extent.num_rows * itemsize;
    int64_t piece_bytes = walk->num_rows * itemsize;
    int64_t offset = tile->first * frame_bytes + walk->position * itemsize;
    if (piece_bytes == frame_bytes) {
        return sv_output_write(writing->output, offset, tile->samples,
                               (size_t)(tile->num_samples * frame_bytes), error);
    }
    sv_status status = SV_OK;
    for (int64_t i = 0; i < tile->num_samples && status == SV_OK; i++) {
        status = sv_output_write(writing->output, offset + i * frame_bytes,
                                 tile->samples + i * piece_bytes, (size_t)piece_bytes, error);
    }
    return status;
}

const sv_writer sv_writer_raw = {
    .name = "raw",
    .description = "raw samples, frame by frame, with a SigMF side file",
    .suffixes = suffixes,
    .holds = SV_HOLDS_SEGMENT,
    .is_interleaved = true,
    .appends = true,
    .group_rows = SV_GROUP_ROWS,
    .encode = encode_raw,
    .begin = begin_raw,
    .samples = write_raw,
};
