/* SigMF side files: what `quake.sigmf-meta` says of the samples beside it.
 *
 * The Signal Metadata Format 1.2 (sigmf.org) keeps samples in `NAME.sigmf-data`; a file of another
 * name is a Non-Conforming Dataset: core:dataset names it, core:header_bytes of each capture and
 * core:trailing_bytes frame its samples. Only real (not complex) samples are read. */
#ifndef SV_FORMAT_SIGMF_H
#define SV_FORMAT_SIGMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "seisview/recording.h"

/* Larger side files are refused: their text is held in memory while it is parsed. */
#define SV_SIGMF_MAX_BYTES (4 * 1024 * 1024)

typedef struct sv_capture {
    int64_t sample_start; /* frame of the file: core:offset is taken off */
    int64_t header_bytes; /* that stand before its first frame */
    sv_time start;        /* core:datetime, SV_TIME_NONE without one */
} sv_capture;

typedef struct sv_sigmf {
    char *dataset; /* core:dataset, NULL where it is not stated */
    sv_dtype dtype;
    int64_t num_channels;
    double sample_rate; /* 0 where it is not stated */
    int64_t trailing_bytes;
    sv_capture *captures; /* by sample_start, ascending */
    int64_t num_captures;
} sv_sigmf;

/* Parses a side file's text, which needs no NUL. SV_FORMAT: malformed, or not what the standard
 * says; SV_UNSUPPORTED: complex or unknown datatypes; SV_NOMEM. */
sv_status sv_sigmf_parse(const char *text, size_t num_bytes, sv_sigmf *meta, sv_error *error);

/* Reads and parses the side file `path`. SV_NOTFOUND: there is none; SV_IO; and as above. Messages
 * name the side file. */
sv_status sv_sigmf_read(const char *path, sv_sigmf *meta, sv_error *error);

void sv_sigmf_free(sv_sigmf *meta);

/* Where the samples of `path` lie and where their side file would: another data path where `path`
 * is a side file itself, no side path (NULL) for standard input. Both are the caller's to free. */
sv_status sv_sigmf_locate(const char *path, const sv_open_options *options, char **data_path,
                          char **side_path, sv_error *error);

/* Whether a side file speaks of the file `data_path`: core:dataset is its name, or there is no
 * core:dataset and no `.sigmf-data` file that it would speak of. *stated says the former, or that
 * data_path itself ends in `.sigmf-data`. */
bool sv_sigmf_describes(const sv_sigmf *meta, const char *data_path, bool *stated);

/* Removes core:sha512 from the side file `path`, durably, and leaves the rest of its text alone;
 * *was_there false: it has none, or there is no such file. SV_IO, SV_UNSUPPORTED, SV_NOMEM. */
struct sv_system;
sv_status sv_sigmf_drop_checksum(const struct sv_system *system, const char *path, bool *was_there,
                                 sv_error *error);

#endif
