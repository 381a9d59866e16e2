/* Traces: runs of samples of one length, each behind one or more headers of 240 bytes. They are
 * the body of SEG-Y and SU files, and make one segment: a view traces × samples over the file.
 * Nothing is kept for a trace; its header is read when its row is asked for.
 *
 * Bytes of headers are numbered from 1, as in the standards. */
#ifndef SV_FORMAT_TRACES_H
#define SV_FORMAT_TRACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/format.h"
#include "seisview/recording.h"

enum {
    SV_TRACE_HEADER_BYTES = 240,

    /* Bytes of a trace header. */
    SV_TRACE_LINE_NUMBER = 1,     /* i4, of the trace within its line */
    SV_TRACE_IDENTIFICATION = 29, /* i2 */
    SV_TRACE_DELAY = 109,         /* i2, ms */
    SV_TRACE_NUM_SAMPLES = 115,   /* u2 */
    SV_TRACE_INTERVAL = 117,      /* u2, µs */
    SV_TRACE_YEAR = 157,          /* i2, then day of the year, hour, minute, second */
    SV_TRACE_TIME_BASIS = 167,    /* i2 */
    SV_TRACE_UNIT = 203,          /* i2, from SEG-Y revision 1 on */
    SV_TRACE_TIME_SCALAR = 215,   /* i2, the same */
    SV_TRACE_NAME = 233,          /* 8 letters, from SEG-Y revision 2 on */

    /* Bytes of SEG-Y's first extension of it, the header that follows. */
    SV_EXTENSION_NUM_SAMPLES = 137, /* u4 */
    SV_EXTENSION_NANOSECONDS = 141, /* i4, to add to the time */
    SV_EXTENSION_INTERVAL = 145     /* f8, µs */
};

/* How the traces lie in the file: what is known, and what follows from it. */
typedef struct sv_trace_layout {
    int64_t first_byte, end_byte; /* of the first trace's header; of the last trace */
    int64_t num_headers;          /* of each trace */
    int64_t num_samples;          /* of each trace */
    int64_t num_stated;           /* traces that the file says it has; 0: it does not say */

    int64_t trace_bytes; /* from one trace to the next */
    int64_t num_traces;  /* that are whole */
    int64_t left_bytes;  /* after them */
} sv_trace_layout;

/* How well a layout fits the file, better ones greater. */
enum { SV_GRADE_IMPOSSIBLE = -1, SV_GRADE_DOUBTFUL = 0, SV_GRADE_PROVEN = 2 };

typedef struct sv_traces {
    sv_dtype dtype;
    sv_byte_order order; /* of the headers; one-byte samples have none */
    sv_trace_layout layout;
    double sample_rate;
    bool complete;
    bool has_unit_and_scalar; /* SEG-Y from revision 1 on: bytes 203 and 215 mean something */
    bool has_extension;       /* the second header is SEG-Y's first extension */
    int time_basis;           /* of traces that do not say themselves */

    sv_time start;  /* the earliest of all traces; of traces beyond the 65536th not all are asked */
    sv_time absent; /* the start of traces without a time of their own */
    int64_t shift;  /* ns to add to every time, so that the earliest is the one asked for */
} sv_traces;

/* The number of a header's field: `type` is one of the integers. */
int64_t sv_header_integer(const unsigned char *header, int byte, sv_type type, sv_byte_order order);

/* Works out what follows from a layout. False where it holds not one whole trace. */
bool sv_trace_layout_fit(sv_trace_layout *layout, int64_t itemsize);

/* Grades a layout that fits: one point where the traces end with the file, one where the first,
 * the second and the last header agree in their sample count and interval, as headers do that are
 * where they are thought to be. SV_IO, SV_TRUNCATED. */
sv_status sv_trace_layout_grade(const sv_recording *recording, const sv_trace_layout *layout,
                                int *grade, sv_error *error);

/* For a layout that is not proven. SV_UNSUPPORTED: the traces, each as long as its own header says,
 * end with the file, and two of them differ. SV_IO, SV_TRUNCATED. */
sv_status sv_traces_require_one_length(const sv_recording *recording, const sv_traces *traces,
                                       sv_error *error);

/* For a layout that does not fit because its only trace is cut: makes it the samples that are
 * there, and warns. SV_EMPTY: none is; SV_NOMEM. */
sv_status sv_traces_take_cut(sv_recording *recording, sv_traces *traces, sv_error *error);

/* Makes the recording's state of traces whose dtype, order, layout, rate and flags are known: looks
 * at their times, and says what is wrong with them. SV_NOMEM, SV_OVERFLOW, SV_IO, SV_TRUNCATED. */
sv_status sv_traces_open(sv_recording *recording, const sv_open_options *options,
                         const sv_traces *traces, sv_error *error);

/* Members of the descriptors of formats whose state is made by sv_traces_open(). */
sv_status sv_traces_segment(const sv_recording *recording, int64_t index, sv_segment *segment);
sv_status sv_traces_channel(const sv_recording *recording, int64_t segment, int64_t row,
                            sv_channel *channel);
void sv_traces_close(sv_recording *recording);

#endif
