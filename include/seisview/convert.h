/* Converting: a recording, or a window and some channels of it, written in another format.
 *
 * The target is written without a name (where the file system has no such files, under a temporary
 * one beside it), synced, and given its own: an interrupted conversion leaves nothing half done.
 * The same input gives the same bytes: nothing of this run's clock goes into a file. Samples are
 * streamed; memory stays bounded whatever the length. */
#ifndef SEISVIEW_CONVERT_H
#define SEISVIEW_CONVERT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_convert_options {
    /* A name of sv_writer_name(), or a suffix without its point ("flac"). NULL: by the target's
     * suffix, which a directory and standard output have not. */
    const char *format;
    /* How samples are stored: "f4 f8 i1 u1 i2 … ibm4 steim1 steim2", of which each format has some.
     * NULL: in the recording's type, or the least of the format that holds all its values, or a
     * float to which they are rounded. */
    const char *encoding;
    const sv_window *window;             /* NULL: all */
    const char *channels;                /* a selection as of sv_channel_selected(); NULL: all */
    bool replace;                        /* a target that exists is replaced; else SV_BUSY */
    const volatile sig_atomic_t *cancel; /* stops soon after it is not 0; may be NULL */
    /* Told each thing that the target cannot hold, once for each file, as a sentence: "the id … is
     * cut", "12 of its samples (<f8) are rounded to f4". `path` is the file's. May be NULL. */
    void (*note)(void *context, const char *path, const char *sentence);
    /* Called now and then, with bytes of the recording's samples; may be NULL. */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context; /* of both */
} sv_convert_options;

/* Writes `recording` to `path`; "-" is standard output. Where a format holds less than is asked for
 * (SAC one channel; raw, npy and sound one segment), `path` must be a directory, and gets one file
 * each, ID.START.suffix. A link is followed, and what it names replaced. Raw samples come with a
 * SigMF side file, unless there is one that belongs to another recording.
 *
 * Numbers are rounded to the nearest, halves to the even one, which is a note; NaN stays NaN. One
 * that the encoding cannot hold (too large, NaN among integers) is SV_RANGE.
 *
 * `options` NULL: all zeros. One thread; the recording may be read by others meanwhile.
 * SV_INVALID: no such format or encoding, or none for such samples; the target is the recording
 * itself, has an edit journal (PATH.svj), or is no regular file. SV_SHAPE: the target holds less
 * than is asked for. SV_BUSY: it exists. SV_WINDOW: the options choose nothing. SV_RANGE: a sample,
 * a count or a time does not fit. SV_IO: with the errno, EPIPE where nobody reads standard output.
 * SV_NOMEM; SV_CANCELLED; and what reading answers (recording.h). After each of them nothing is
 * left of the file that was being written; files of a directory that were finished stay. */
SV_API sv_status sv_convert(sv_recording *recording, const char *path,
                            const sv_convert_options *options, sv_error *error);

/* The formats that are written: name i and its one-line description, NULL past the last. */
SV_API const char *sv_writer_name(int i);
SV_API const char *sv_writer_description(int i);

#ifdef __cplusplus
}
#endif
#endif
