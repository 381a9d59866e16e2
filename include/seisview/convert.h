/* Converting: a recording, or a window and some channels of it, written in another format.
 *
 * The target is written to a temporary name beside it, synced, and renamed: an interrupted
 * conversion leaves nothing half done. The same input gives the same bytes: nothing of this run's
 * clock goes into a file. Samples are streamed; memory stays bounded whatever the length. */
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
    const char *format;   /* a name of sv_writer_name(); NULL: by the target's suffix */
    const char *encoding; /* "f4 f8 i2 i3 i4 … steim1 steim2"; NULL: the samples' own type where the
                             target has it */
    const sv_window *window; /* NULL: all */
    const char *channels;    /* a selection as of sv_channel_selected(); NULL: all */
    bool replace;            /* a target that exists is replaced; else SV_BUSY */
    const volatile sig_atomic_t
        *cancel; /* the conversion stops soon after it is not 0; may be NULL */
    /* Told each thing that the target cannot hold ("float64 samples are rounded to float32"), once
     * for each file; may be NULL. */
    void (*note)(void *context, const char *path, const char *sentence);
    /* Called now and then; may be NULL. */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
} sv_convert_options;

/* Writes `recording` to `path` ("-": standard output). A target format that holds less than is
 * asked for (SAC one channel; raw, npy and sound one segment) needs `path` to be a directory, and
 * gets one file each, ID.START.suffix.
 * SV_INVALID: no such format or encoding, the target would be the source itself or has a journal;
 * SV_SHAPE: the target holds less and `path` is no directory; SV_BUSY: it exists; SV_RANGE: a
 * figure does not fit the target's header; SV_IO, SV_NOMEM, SV_CANCELLED; what reading answers
 * (recording.h), in which case nothing is left of the file that was being written. */
SV_API sv_status sv_convert(sv_recording *recording, const char *path,
                            const sv_convert_options *options, sv_error *error);

/* The formats that are written: name i and its one-line description, NULL past the last. */
SV_API const char *sv_writer_name(int i);
SV_API const char *sv_writer_description(int i);

#ifdef __cplusplus
}
#endif
#endif
