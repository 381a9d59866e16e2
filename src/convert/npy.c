/* NumPy's .npy: magic number, version, the length of a text that is a Python dictionary, the text,
 * then the samples; NumPy's "NEP 1". Version 1.0 counts the text in 16 bits, which is enough for
 * two axes of any length. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "convert/writer.h"

enum { PREFIX_BYTES = 10, HEADER_BYTES = 128 /* a multiple of 64, as NumPy aligns it */ };

static const char *const suffixes[] = {".npy", NULL};

static sv_status encode_npy(const sv_writing *writing, sv_dtype from, const char *asked,
                            sv_encoding *encoding, sv_error *error)
{
    (void)writing;
    sv_dtype dtype = from;
    if (asked != NULL) {
        sv_status status = sv_dtype_parse(asked, &dtype, NULL);
        if (status != SV_OK) {
            return sv_fail(error, SV_INVALID, "NumPy files have no encoding '%.20s'", asked);
        }
    }
    if (asked != NULL && (dtype.type == SV_I3 || dtype.type == SV_U3 || dtype.type == SV_IBM4)) {
        return sv_fail(error, SV_INVALID, "NumPy has no type %.20s; give i4, u4 or f8", asked);
    }
    switch (dtype.type) {
    case SV_I3: dtype.type = SV_I4; break;
    case SV_U3: dtype.type = SV_U4; break;
    case SV_IBM4: dtype.type = SV_F8; break;
    default: break;
    }
    static const char *const names[SV_NUM_TYPES] = {
#define SV_DTYPE(NAME, name, itemsize, kind, letter, numpy) [SV_##NAME] = name,
#include "seisview/dtype.def"
#undef SV_DTYPE
    };
    *encoding = (sv_encoding){names[dtype.type], dtype, 0};
    return SV_OK;
}

/* "<f4", "|u1" */
static void describe_type(sv_dtype dtype, char text[SV_DTYPE_TEXT_SIZE + 1])
{
    text[0] = '|';
    sv_dtype_text(dtype, sv_dtype_itemsize(dtype) == 1 ? text + 1 : text);
}

static sv_status begin_npy(sv_writing *writing, sv_error *error)
{
    const sv_extent *extent = &writing->extent;
    char header[HEADER_BYTES + 1];
    char type[SV_DTYPE_TEXT_SIZE + 1];
    describe_type(writing->encoding.dtype, type);
    memset(header, ' ', sizeof header);
    int length =
        snprintf(header + PREFIX_BYTES, sizeof header - PREFIX_BYTES,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
                 type, extent->num_rows, extent->num_samples);
    header[PREFIX_BYTES + length] = ' ';
    header[HEADER_BYTES - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)(HEADER_BYTES - PREFIX_BYTES);
    header[9] = 0;
    sv_note_no_clock(writing, "NumPy files");
    sv_note_no_ids(writing, "NumPy files");
    sv_note_no_units(writing, "NumPy files");
    return sv_output_write(writing->output, 0, header, HEADER_BYTES, error);
}

static sv_status write_npy(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                           sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    sv_status status = SV_OK;
    for (int64_t i = 0; i < walk->num_rows && status == SV_OK; i++) {
        int64_t sample = (walk->position + i) * writing->extent.num_samples + tile->first;
        status = sv_output_write(writing->output, HEADER_BYTES + sample * itemsize,
                                 tile->samples + i * tile->row_bytes,
                                 (size_t)(tile->num_samples * itemsize), error);
    }
    return status;
}

const sv_writer sv_writer_npy = {
    .name = "npy",
    .description = "NumPy array, channels by samples",
    .suffixes = suffixes,
    .holds = SV_HOLDS_SEGMENT,
    .group_rows = SV_GROUP_ROWS,
    .encode = encode_npy,
    .begin = begin_npy,
    .samples = write_npy,
};
