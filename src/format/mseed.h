/* miniSEED 2 (SEED manual 2.4, chapters 8 and Appendix G): what the files of this format share.
 *
 *   mseed_record.c   one header: what a record says of itself
 *   mseed_decode.c   its samples
 *   mseed_walk.c     from record to record through a file, past whatever lies between them
 *   mseed_scan.c     the way through a whole file, and what is said about it
 *   mseed_track.c    one channel's records, put together into runs and chains as they are met,
 *   mseed_join.c     and then into segments
 *   mseed_read.c     the samples of a segment
 *   mseed.c          the descriptor
 *
 * A record is a header of 48 bytes, a chain of blockettes, and up to 65535 samples of one channel.
 * Records are not kept. What is kept is *runs*: a handful of records each, by the byte of the
 * first; the others are found again by walking on from there. A *chain* is runs whose records
 * follow one another in the file as well as in time, with no other record of their channel between
 * them; so a run may be merged into the one before it in its chain, and the list of runs stays
 * short whatever the size of the file. A *segment* is one chain or more, joined in time. */
#ifndef SV_FORMAT_MSEED_H
#define SV_FORMAT_MSEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/format.h"
#include "kernel/kernel.h"

enum {
    SV_MSEED_HEADER_BYTES = 48,
    SV_MSEED_LEAST_BYTES = 128,    /* of a record, and */
    SV_MSEED_MOST_BYTES = 1 << 20, /* powers of two between the two */
    SV_MSEED_KEY_BYTES = 12        /* station, location, channel, network */
};

/* ---- records ------------------------------------------------------------------------------- */

typedef enum sv_mseed_fault {
    SV_MSEED_SOUND,
    SV_MSEED_NO_LENGTH,   /* it states none, and nothing follows that would tell */
    SV_MSEED_CUT,         /* the file ends within it */
    SV_MSEED_ENCODING,    /* of no known kind */
    SV_MSEED_DATA_OFFSET, /* its samples would lie outside of it */
    SV_MSEED_TOO_MANY,    /* more samples than its bytes can hold */
    /* Nothing that a time series lacks: */
    SV_MSEED_TEXT,   /* log messages and the like */
    SV_MSEED_NO_RATE /* samples without a clock */
} sv_mseed_fault;

typedef struct sv_mseed_record {
    int64_t offset; /* byte of the file */
    int32_t length; /* bytes; 0: not stated */
    uint16_t num_samples;
    uint16_t data_offset; /* byte of the record */
    uint8_t encoding;
    uint8_t order;   /* sv_byte_order of the samples */
    uint8_t decoded; /* sv_type that the samples become */
    uint8_t fault;   /* sv_mseed_fault */
    sv_dtype dtype;  /* of samples that lie plainly in the record, else SV_TYPE_NONE */
    bool rate_is_f4; /* it came as a float32 */
    double rate;     /* Hz; 0: none */
    sv_time start;
    unsigned char key[SV_MSEED_KEY_BYTES];
} sv_mseed_record;

/* Whether the 48 bytes are the header of a data record, of a control header (volume, station and
 * the like, in a full SEED volume), of a blank record (a number, then blanks). */
bool sv_mseed_is_record(const unsigned char *bytes);
bool sv_mseed_is_control(const unsigned char *bytes);
bool sv_mseed_is_blank(const unsigned char *bytes);

/* Reads the header of a record, of which `num_bytes` >= 48 are there. Returns how many bytes of
 * the record it would have had to see to follow its blockettes further; at most `num_bytes` where
 * it saw all. Does not judge it. */
size_t sv_mseed_parse(const unsigned char *bytes, size_t num_bytes, sv_mseed_record *record);

/* Whether its samples can be what it says, by its length: sets `fault`. */
void sv_mseed_judge(sv_mseed_record *record, int64_t file_bytes);

/* "is cut: the file ends at byte 700": what follows "the record at byte 512". Returns `text`. */
char *sv_mseed_fault_text(const sv_mseed_record *record, int64_t file_bytes, char text[128]);

/* "Steim1", "float32", "unknown". */
const char *sv_mseed_encoding_name(uint8_t encoding);

/* The same channel, whether blanks or NULs fill its codes up, on whatever side. */
void sv_mseed_clean_key(const unsigned char key[SV_MSEED_KEY_BYTES],
                        unsigned char clean[SV_MSEED_KEY_BYTES]);
void sv_mseed_id(const unsigned char clean_key[SV_MSEED_KEY_BYTES], char id[SV_ID_SIZE]);

/* Decodes its samples into `samples`, native ones of its type `decoded`: as many as it says.
 * `bytes` is the whole record, which is sound. Where its samples are plain, they must not be
 * `decoded` as they lie. SV_FORMAT. */
sv_status sv_mseed_decode(const sv_kernels *kernels, const sv_mseed_record *record,
                          const unsigned char *bytes, void *samples, sv_error *error);

/* ---- walking ------------------------------------------------------------------------------- */

/* A walk through the file, of one thread. Begin with sv_mseed_walk_begin(). */
typedef struct sv_mseed_walk {
    const sv_recording *recording;
    int64_t file_bytes;
    int64_t offset; /* where it goes on; may be set */
    int64_t asked;  /* where the bytes ended that were wanted last */
    /* A window of the file, copied: bytes [first, first + num_bytes). */
    unsigned char *window;
    size_t capacity, num_bytes;
    int64_t first;
    unsigned char glance[SV_MSEED_HEADER_BYTES]; /* at a place outside of the window */
} sv_mseed_walk;

typedef enum sv_mseed_kind {
    SV_MSEED_RECORD,  /* `record` says which, and whether it is sound */
    SV_MSEED_NOISE,   /* control headers and blank records */
    SV_MSEED_PADDING, /* nothing but NULs and blanks */
    SV_MSEED_UNKNOWN, /* bytes that are none of these */
    SV_MSEED_END
} sv_mseed_kind;

/* What lies at bytes [first, last) of the file. */
typedef struct sv_mseed_item {
    sv_mseed_kind kind;
    int64_t first, last;
    sv_mseed_record record;
} sv_mseed_item;

void sv_mseed_walk_begin(sv_mseed_walk *walk, const sv_recording *recording);
void sv_mseed_walk_end(sv_mseed_walk *walk);

/* The next item. What it says of a byte of the file depends on the file alone, not on where the
 * walk began, as long as that was at a record. SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_mseed_walk_next(sv_mseed_walk *walk, sv_mseed_item *item, sv_error *error);

/* Bytes [offset, offset + num_bytes) of the file, at most SV_MSEED_MOST_BYTES of them; valid until
 * the walk's next call. SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_mseed_walk_bytes(sv_mseed_walk *walk, int64_t offset, size_t num_bytes,
                              const unsigned char **bytes, sv_error *error);

/* ---- what is kept of a file ---------------------------------------------------------------- */

typedef struct sv_mseed_run {
    int64_t offset; /* of its first record */
    int64_t first; /* index of its first sample: in its chain while scanning, then in its segment */
    uint32_t num_records;
    uint32_t step;        /* bytes from each record to the next; 0: they differ */
    uint16_t samples;     /* of each record */
    uint16_t data_offset; /* of each record */
    sv_dtype dtype;       /* SV_TYPE_NONE: the records are found one after the other, and `samples`
                             and `data_offset` mean nothing; else they are all alike and plain */
} sv_mseed_run;

typedef struct sv_mseed_segment {
    sv_time start;
    double rate;
    int64_t num_samples;
    const sv_mseed_run *runs; /* of its channel */
    int64_t num_runs;
    int32_t channel;
    sv_dtype dtype; /* of the samples as they are handed out */
    bool complete;
} sv_mseed_segment;

typedef struct sv_mseed_channel {
    unsigned char key[SV_MSEED_KEY_BYTES]; /* clean */
    sv_mseed_run *runs;                    /* of the scan's spill */
} sv_mseed_channel;

/* The recording's `state`. */
typedef struct sv_mseed {
    sv_mseed_channel *channels;
    int32_t num_channels;
    sv_mseed_segment *segments;
    int64_t num_segments, num_gaps;
} sv_mseed;

/* Finds what is in the file, and adds the recording's warnings. SV_FORMAT, SV_UNSUPPORTED: no
 * record of it can be read; SV_EMPTY: there is none; SV_TRUNCATED, SV_IO, SV_NOMEM. */
sv_status sv_mseed_scan(sv_recording *recording, sv_mseed **mseed, sv_error *error);
void sv_mseed_free(sv_mseed *mseed);

/* ---- reading: as in sv_format --------------------------------------------------------------- */

sv_status sv_mseed_open_reader(const sv_recording *recording, int64_t segment, void **state,
                               sv_error *error);
sv_status sv_mseed_read(const sv_recording *recording, int64_t segment, void *state, int64_t first,
                        int64_t count, sv_view *samples, sv_error *error);
void sv_mseed_close_reader(void *state);

#endif
