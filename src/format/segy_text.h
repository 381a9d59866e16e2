/* The textual headers of SEG-Y: records of 3200 letters, in EBCDIC or ASCII. */
#ifndef SV_FORMAT_SEGY_TEXT_H
#define SV_FORMAT_SEGY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "seisview/recording.h"

enum { SV_SEGY_TEXT_BYTES = 3200 };

/* Whether nearly all of a record's bytes are letters, digits, blanks or punctuation, in one of the
 * two codes. */
bool sv_segy_is_text(const unsigned char text[SV_SEGY_TEXT_BYTES]);

/* Counts the textual records from `byte` on: up to the one that holds the stanza ((SEG: EndText)),
 * included, or to the first record that is no text. SV_IO, SV_TRUNCATED. */
sv_status sv_segy_count_text(const sv_recording *recording, int64_t byte, int64_t *count,
                             sv_error *error);

/* The same backwards from the file's end at `end_byte`, no further than to `byte`: the records of
 * a data trailer. */
sv_status sv_segy_count_trailer(const sv_recording *recording, int64_t byte, int64_t end_byte,
                                int64_t *count, sv_error *error);

#endif
