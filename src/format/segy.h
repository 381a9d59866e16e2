/* What the files that read SEG-Y share: the binary header, and the search for the traces. */
#ifndef SV_FORMAT_SEGY_H
#define SV_FORMAT_SEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/segy_text.h"
#include "format/traces.h"
#include "seisview/recording.h"

enum {
    SV_SEGY_HEADER_BYTES = SV_SEGY_TEXT_BYTES + 400, /* the first text and the binary header */

    /* Bytes of the binary header, numbered from 1; the standard counts on from the text. */
    SV_SEGY_INTERVAL = 17,    /* u2, µs */
    SV_SEGY_NUM_SAMPLES = 21, /* u2 */
    SV_SEGY_FORMAT = 25,      /* i2 */

    /* The same from revision 2 on, but for the number of texts. */
    SV_SEGY_EXTENDED_NUM_SAMPLES = 69, /* u4 */
    SV_SEGY_EXTENDED_INTERVAL = 73,    /* f8, µs */
    SV_SEGY_BYTE_ORDER = 97,           /* u4, the constant 0x01020304 */
    SV_SEGY_REVISION = 301,            /* u1 major, u1 minor */
    SV_SEGY_NUM_TEXTS = 305,           /* i2, more than the first; −1: up to one that ends them */
    SV_SEGY_NUM_MORE_HEADERS = 307,    /* of a trace; i4 in revision 2.0, i2 in 2.1 */
    SV_SEGY_TIME_BASIS = 311,          /* i2 */
    SV_SEGY_NUM_TRACES = 313,          /* u8 */
    SV_SEGY_FIRST_TRACE = 321,         /* u8, from the file's beginning */
    SV_SEGY_NUM_TRAILERS = 329         /* i4, texts after the traces; −1: unknown */
};

/* The binary header, and what it says. */
typedef struct sv_segy {
    const unsigned char *header; /* of 400 bytes */
    int64_t label_bytes;         /* of a tape label before the first text */
    bool has_constant;           /* of the byte order */
    sv_byte_order order;
    int64_t code; /* of the samples' format */
    int revision, minor;
} sv_segy;

static inline int64_t sv_segy_field(const sv_segy *segy, int byte, sv_type type)
{
    return sv_header_integer(segy->header, byte, type, segy->order);
}

/* The headers of the first trace: the standard one, and SEG-Y's extension of it, all zeros where it
 * has none. */
typedef struct sv_first_trace {
    bool is_there, has_extension;
    unsigned char header[SV_TRACE_HEADER_BYTES], extension[SV_TRACE_HEADER_BYTES];
} sv_first_trace;

/* SV_IO, SV_TRUNCATED. */
sv_status sv_segy_read_first_trace(const sv_recording *recording, const sv_trace_layout *layout,
                                   sv_first_trace *trace, sv_error *error);

/* Fills in the layout of traces whose dtype and order are known, and whether they are complete;
 * warns where it is not the one that the headers state.
 * SV_EMPTY: no whole sample; SV_FORMAT: no layout fits; SV_UNSUPPORTED: traces of different
 * lengths; SV_NOMEM, SV_IO, SV_TRUNCATED. */
sv_status sv_segy_find_layout(sv_recording *recording, const sv_segy *segy, int64_t file_bytes,
                              sv_traces *traces, sv_error *error);

#endif
