/* What a journal is made of, as bytes: doc/journal.md draws them. Nothing here touches a file.
 *
 * A header block, then records. A record is a head of one size, its body, and zeros up to the next
 * sector, so that writing one never touches the sectors of another. Three kinds:
 *
 *   BEGN   a transaction: what it does and where (its body: parts.h of the edit room)
 *   WIND   a window of samples: its place, the CRC it will have, its old bytes (the body)
 *   MARK   what became of a transaction
 *
 * Each head ends in its CRC, which is seeded by that of the head before it, the first by the
 * header's: what an older journal left in these blocks is never taken for a record. */
#ifndef SV_JOURNAL_LAYOUT_H
#define SV_JOURNAL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/system.h"

enum {
    SV_SECTOR_BYTES = 512, /* what a disk writes wholly or not at all */
    SV_JOURNAL_HEADER_BYTES = 4096,
    SV_RECORD_HEAD_BYTES = 256,
    SV_JOURNAL_VERSION = 1
};

/* CRC-64 (ECMA-182, as in xz). With 64 bits any change of up to eight neighbouring bytes, so of
 * any one sample, is always seen. `seed` is the CRC of what comes before, or 0. */
uint64_t sv_crc(const void *bytes, size_t num_bytes, uint64_t seed);

typedef struct sv_journal_header {
    uint64_t inode;       /* of the recording */
    int64_t birth;        /* of the recording, INT64_MIN: not known */
    int64_t size_bytes;   /* of the recording when the journal was made */
    uint64_t salt;        /* random, another one in every journal */
    uint64_t last_number; /* of the transactions before this journal; 0: there were none */
} sv_journal_header;

typedef enum sv_record_kind { SV_BEGN, SV_WIND, SV_MARK } sv_record_kind;

/* What became of a transaction. After COMMIT and BACK nothing is hot. */
typedef enum sv_outcome { SV_OPEN, SV_COMMIT, SV_UNDO, SV_BACK, SV_REDO } sv_outcome;

enum { SV_USER_SIZE = 32, SV_HOST_SIZE = 64 };

typedef struct sv_begn {
    int64_t time; /* ns since 1970 */
    int64_t pid;
    char user[SV_USER_SIZE], host[SV_HOST_SIZE]; /* NUL-terminated, cut where they are longer */
    int64_t size_bytes;                          /* of the recording */
    int64_t window_bytes; /* of samples, at most; windows follow from it and the parts */
    int64_t slot_bytes;   /* of each of two slots behind the record; 0: before-images are kept */
    uint64_t next_crc;    /* with slots: of the samples of the first batch, as they were */
    uint32_t num_parts;
} sv_begn;

/* How much was changed, up to and with this window. */
typedef struct sv_tally {
    int64_t num_changed;
    int64_t num_saturated; /* of them, those that did not fit the type */
    double largest_change;
} sv_tally;

enum { SV_WIND_PACKED = 1 }; /* the items before are shuffled and compressed */

typedef struct sv_wind {
    uint64_t window; /* from 0 within the transaction */
    uint64_t batch;  /* windows of one batch became durable together */
    sv_run run;
    uint64_t after_crc;     /* of the items as the edit leaves them */
    uint32_t flags;         /* SV_WIND_… */
    uint32_t before_bytes;  /* the body: the items before, as they are kept here, … */
    uint32_t after_bytes;   /* … those after, where nobody could compute them again, … */
    uint32_t context_bytes; /* … and the context */
    uint64_t next_crc;      /* in a slot: of the samples of the batch that follows, as they were */
    sv_tally tally;
} sv_wind;

typedef struct sv_mark {
    sv_outcome outcome;
    int64_t begn_at;     /* of the transaction's BEGN */
    int64_t previous_at; /* of the MARK before, 0: it is the first */
    int64_t time;        /* ns since 1970 */
    sv_tally tally;
} sv_mark;

typedef struct sv_record {
    sv_record_kind kind;
    uint64_t number; /* of the transaction; in a MARK that of the newest one begun */
    int64_t at, end; /* bytes of the journal */
    int64_t body_bytes;
    uint64_t body_crc; /* of a MARK: its seal */
    uint64_t crc;      /* of the head; it seeds the next one's */
    union {
        sv_begn begn;
        sv_wind wind;
        sv_mark mark;
    } is;
} sv_record;

void sv_header_encode(const sv_journal_header *header,
                      unsigned char block[SV_JOURNAL_HEADER_BYTES]);

/* False: not a journal, of another version, or damaged. */
bool sv_header_decode(const unsigned char block[SV_JOURNAL_HEADER_BYTES],
                      sv_journal_header *header);

/* The CRC that seeds the first head and every seal. */
uint64_t sv_header_crc(const unsigned char block[SV_JOURNAL_HEADER_BYTES]);

/* Writes the head, and sets the record's `end` and `crc` (and `body_crc` of a MARK). */
void sv_record_encode(sv_record *record, uint64_t seed, uint64_t header_crc,
                      unsigned char head[SV_RECORD_HEAD_BYTES]);

/* Reads the head of the record at `at`. False: not a head, or not one that follows `seed`. A MARK
 * may be read without knowing what comes before it (`seed` NULL): its seal tells. */
bool sv_record_decode(const unsigned char head[SV_RECORD_HEAD_BYTES], const uint64_t *seed,
                      uint64_t header_crc, int64_t at, sv_record *record);

/* Bytes that a record with such a body takes. */
int64_t sv_record_bytes(int64_t body_bytes);

#endif
