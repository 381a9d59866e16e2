#include "journal/layout.h"

#include <lzma.h>
#include <string.h>

#include "journal/bytes.h"
#include "journal/rules.h"

/* Places of fields, as doc/journal.md has them. */
enum {
    HEADER_VERSION = 8,
    HEADER_BYTES = 12,
    HEADER_INODE = 16,
    HEADER_BIRTH = 24,
    HEADER_SIZE = 32,
    HEADER_SALT = 40,
    HEADER_LAST_NUMBER = 48,
    HEADER_CRC = SV_JOURNAL_HEADER_BYTES - 8
};

enum {
    HEAD_NUMBER = 8,
    HEAD_BODY_BYTES = 16,
    BEGN_NUM_PARTS = 4,
    BEGN_TIME = 24,
    BEGN_PID = 32,
    BEGN_SIZE = 40,
    BEGN_WINDOW_BYTES = 48,
    BEGN_SLOT_BYTES = 56,
    BEGN_USER = 64,
    BEGN_HOST = BEGN_USER + SV_USER_SIZE,
    BEGN_NEXT_CRC = BEGN_HOST + SV_HOST_SIZE,
    WIND_FLAGS = 4,
    WIND_WINDOW = 24,
    WIND_BATCH = 32,
    WIND_OFFSET = 40,
    WIND_COUNT = 48,
    WIND_STRIDE = 56,
    WIND_ITEM_BYTES = 64,
    WIND_AFTER_CRC = 72,
    WIND_CONTEXT_BYTES = 80,
    WIND_BEFORE_BYTES = 84,
    WIND_AFTER_BYTES = 88,
    WIND_TALLY = 96,
    WIND_NEXT_CRC = 120,
    MARK_OUTCOME = 4,
    MARK_BEGN_AT = 24,
    MARK_PREVIOUS_AT = 32,
    MARK_TIME = 40,
    MARK_TALLY = 48,
    HEAD_BODY_CRC = SV_RECORD_HEAD_BYTES - 16,
    HEAD_CRC = SV_RECORD_HEAD_BYTES - 8
};

static const unsigned char magic[8] = {0x89, 'S', 'V', 'J', '\r', '\n', 0x1a, '\n'};
static const char kinds[3][5] = {"BEGN", "WIND", "MARK"};

uint64_t sv_crc(const void *bytes, size_t num_bytes, uint64_t seed)
{
    return lzma_crc64(bytes, num_bytes, seed);
}

/* ---- the header -------------------------------------------------------------------------- */

void sv_header_encode(const sv_journal_header *header, unsigned char block[SV_JOURNAL_HEADER_BYTES])
{
    memset(block, 0, SV_JOURNAL_HEADER_BYTES);
    memcpy(block, magic, sizeof magic);
    sv_put_u4(block + HEADER_VERSION, SV_JOURNAL_VERSION);
    sv_put_u4(block + HEADER_BYTES, SV_JOURNAL_HEADER_BYTES);
    sv_put_u8(block + HEADER_INODE, header->inode);
    sv_put_i8(block + HEADER_BIRTH, header->birth);
    sv_put_i8(block + HEADER_SIZE, header->size_bytes);
    sv_put_u8(block + HEADER_SALT, header->salt);
    sv_put_u8(block + HEADER_LAST_NUMBER, header->last_number);
    sv_put_u8(block + HEADER_CRC, sv_crc(block, HEADER_CRC, 0));
}

bool sv_header_decode(const unsigned char block[SV_JOURNAL_HEADER_BYTES], sv_journal_header *header)
{
    if (memcmp(block, magic, sizeof magic) != 0 ||
        sv_get_u4(block + HEADER_VERSION) != SV_JOURNAL_VERSION ||
        sv_get_u8(block + HEADER_CRC) != sv_crc(block, HEADER_CRC, 0)) {
        return false;
    }
    *header = (sv_journal_header){.inode = sv_get_u8(block + HEADER_INODE),
                                  .birth = sv_get_i8(block + HEADER_BIRTH),
                                  .size_bytes = sv_get_i8(block + HEADER_SIZE),
                                  .salt = sv_get_u8(block + HEADER_SALT),
                                  .last_number = sv_get_u8(block + HEADER_LAST_NUMBER)};
    return true;
}

uint64_t sv_header_crc(const unsigned char block[SV_JOURNAL_HEADER_BYTES])
{
    return sv_get_u8(block + HEADER_CRC);
}

/* ---- heads ------------------------------------------------------------------------------- */

static void put_tally(unsigned char *bytes, const sv_tally *tally)
{
    uint64_t largest;
    memcpy(&largest, &tally->largest_change, sizeof largest);
    sv_put_i8(bytes, tally->num_changed);
    sv_put_i8(bytes + 8, tally->num_saturated);
    sv_put_u8(bytes + 16, largest);
}

static sv_tally get_tally(const unsigned char *bytes)
{
    sv_tally tally = {.num_changed = sv_get_i8(bytes), .num_saturated = sv_get_i8(bytes + 8)};
    uint64_t largest = sv_get_u8(bytes + 16);
    memcpy(&tally.largest_change, &largest, sizeof largest);
    return tally;
}

int64_t sv_record_bytes(int64_t body_bytes)
{
    int64_t bytes = SV_RECORD_HEAD_BYTES + body_bytes;
    return bytes + (SV_SECTOR_BYTES - bytes % SV_SECTOR_BYTES) % SV_SECTOR_BYTES;
}

/* Where a MARK has its seal, which holds the chained CRC, other heads have a field like others. */
static uint64_t chained_crc(const unsigned char *head, sv_record_kind kind, uint64_t seed)
{
    if (!sv_holds(SV_RULE_HEAD_CRC)) {
        return 0;
    }
    if (!sv_holds(SV_RULE_HEAD_CHAIN) && kind != SV_BEGN) {
        seed = 0;
    }
    return sv_crc(head, kind == SV_MARK ? HEAD_BODY_CRC : HEAD_CRC, seed);
}

static uint64_t seal_of(const unsigned char *head, uint64_t header_crc)
{
    uint64_t seed = sv_holds(SV_RULE_SEAL_SEEDED_BY_HEADER) ? header_crc : 0;
    return sv_crc(head + HEAD_CRC, 8, sv_crc(head, HEAD_BODY_CRC, seed));
}

static void encode_wind(const sv_wind *wind, unsigned char *head)
{
    sv_put_u4(head + WIND_FLAGS, wind->flags);
    sv_put_u8(head + WIND_WINDOW, wind->window);
    sv_put_u8(head + WIND_BATCH, wind->batch);
    sv_put_i8(head + WIND_OFFSET, wind->run.offset_bytes);
    sv_put_i8(head + WIND_COUNT, wind->run.count);
    sv_put_i8(head + WIND_STRIDE, wind->run.stride_bytes);
    sv_put_i8(head + WIND_ITEM_BYTES, wind->run.item_bytes);
    sv_put_u8(head + WIND_AFTER_CRC, wind->after_crc);
    sv_put_u4(head + WIND_CONTEXT_BYTES, wind->context_bytes);
    sv_put_u4(head + WIND_BEFORE_BYTES, wind->before_bytes);
    sv_put_u4(head + WIND_AFTER_BYTES, wind->after_bytes);
    put_tally(head + WIND_TALLY, &wind->tally);
    sv_put_u8(head + WIND_NEXT_CRC, wind->next_crc);
}

static void encode_kind(const sv_record *record, unsigned char *head)
{
    const sv_begn *begn = &record->is.begn;
    const sv_mark *mark = &record->is.mark;
    switch (record->kind) {
    case SV_BEGN:
        sv_put_u4(head + BEGN_NUM_PARTS, begn->num_parts);
        sv_put_i8(head + BEGN_TIME, begn->time);
        sv_put_i8(head + BEGN_PID, begn->pid);
        sv_put_i8(head + BEGN_SIZE, begn->size_bytes);
        sv_put_i8(head + BEGN_WINDOW_BYTES, begn->window_bytes);
        sv_put_i8(head + BEGN_SLOT_BYTES, begn->slot_bytes);
        memcpy(head + BEGN_USER, begn->user, SV_USER_SIZE);
        memcpy(head + BEGN_HOST, begn->host, SV_HOST_SIZE);
        sv_put_u8(head + BEGN_NEXT_CRC, begn->next_crc);
        break;
    case SV_WIND: encode_wind(&record->is.wind, head); break;
    case SV_MARK:
        sv_put_u4(head + MARK_OUTCOME, (uint32_t)mark->outcome);
        sv_put_i8(head + MARK_BEGN_AT, mark->begn_at);
        sv_put_i8(head + MARK_PREVIOUS_AT, mark->previous_at);
        sv_put_i8(head + MARK_TIME, mark->time);
        put_tally(head + MARK_TALLY, &mark->tally);
        break;
    }
}

void sv_record_encode(sv_record *record, uint64_t seed, uint64_t header_crc,
                      unsigned char head[SV_RECORD_HEAD_BYTES])
{
    memset(head, 0, SV_RECORD_HEAD_BYTES);
    memcpy(head, kinds[record->kind], 4);
    sv_put_u8(head + HEAD_NUMBER, record->number);
    sv_put_i8(head + HEAD_BODY_BYTES, record->body_bytes);
    encode_kind(record, head);
    sv_put_u8(head + HEAD_BODY_CRC, record->body_crc);
    record->crc = chained_crc(head, record->kind, seed);
    sv_put_u8(head + HEAD_CRC, record->crc);
    if (record->kind == SV_MARK) {
        record->body_crc = seal_of(head, header_crc);
        sv_put_u8(head + HEAD_BODY_CRC, record->body_crc);
    }
    record->end = record->at + sv_record_bytes(record->body_bytes);
}

static bool find_kind(const unsigned char *head, sv_record_kind *kind)
{
    for (unsigned i = 0; i < 3; i++) {
        if (memcmp(head, kinds[i], 4) == 0) {
            *kind = (sv_record_kind)i;
            return true;
        }
    }
    return false;
}

static void decode_begn(const unsigned char *head, sv_begn *begn)
{
    *begn = (sv_begn){.num_parts = sv_get_u4(head + BEGN_NUM_PARTS),
                      .time = sv_get_i8(head + BEGN_TIME),
                      .pid = sv_get_i8(head + BEGN_PID),
                      .size_bytes = sv_get_i8(head + BEGN_SIZE),
                      .window_bytes = sv_get_i8(head + BEGN_WINDOW_BYTES),
                      .slot_bytes = sv_get_i8(head + BEGN_SLOT_BYTES),
                      .next_crc = sv_get_u8(head + BEGN_NEXT_CRC)};
    memcpy(begn->user, head + BEGN_USER, SV_USER_SIZE - 1);
    memcpy(begn->host, head + BEGN_HOST, SV_HOST_SIZE - 1);
}

static void decode_wind(const unsigned char *head, sv_wind *wind)
{
    *wind = (sv_wind){.flags = sv_get_u4(head + WIND_FLAGS),
                      .window = sv_get_u8(head + WIND_WINDOW),
                      .batch = sv_get_u8(head + WIND_BATCH),
                      .run = {.offset_bytes = sv_get_i8(head + WIND_OFFSET),
                              .count = sv_get_i8(head + WIND_COUNT),
                              .stride_bytes = sv_get_i8(head + WIND_STRIDE),
                              .item_bytes = sv_get_i8(head + WIND_ITEM_BYTES)},
                      .after_crc = sv_get_u8(head + WIND_AFTER_CRC),
                      .context_bytes = sv_get_u4(head + WIND_CONTEXT_BYTES),
                      .before_bytes = sv_get_u4(head + WIND_BEFORE_BYTES),
                      .after_bytes = sv_get_u4(head + WIND_AFTER_BYTES),
                      .next_crc = sv_get_u8(head + WIND_NEXT_CRC),
                      .tally = get_tally(head + WIND_TALLY)};
}

static void decode_mark(const unsigned char *head, sv_mark *mark)
{
    *mark = (sv_mark){.outcome = (sv_outcome)sv_get_u4(head + MARK_OUTCOME),
                      .begn_at = sv_get_i8(head + MARK_BEGN_AT),
                      .previous_at = sv_get_i8(head + MARK_PREVIOUS_AT),
                      .time = sv_get_i8(head + MARK_TIME),
                      .tally = get_tally(head + MARK_TALLY)};
}

static void decode_kind(const unsigned char *head, sv_record *record)
{
    switch (record->kind) {
    case SV_BEGN: decode_begn(head, &record->is.begn); break;
    case SV_WIND: decode_wind(head, &record->is.wind); break;
    case SV_MARK: decode_mark(head, &record->is.mark); break;
    }
}

bool sv_record_decode(const unsigned char head[SV_RECORD_HEAD_BYTES], const uint64_t *seed,
                      uint64_t header_crc, int64_t at, sv_record *record)
{
    sv_record found = {.at = at};
    if (!find_kind(head, &found.kind)) {
        return false;
    }
    found.number = sv_get_u8(head + HEAD_NUMBER);
    found.body_bytes = sv_get_i8(head + HEAD_BODY_BYTES);
    found.body_crc = sv_get_u8(head + HEAD_BODY_CRC);
    found.crc = sv_get_u8(head + HEAD_CRC);
    if (found.kind == SV_MARK ? found.body_crc != seal_of(head, header_crc) : seed == NULL) {
        return false;
    }
    if (seed != NULL && found.crc != chained_crc(head, found.kind, *seed)) {
        return false;
    }
    if (found.body_bytes < 0 || found.body_bytes > INT64_MAX / 2 - at) {
        return false;
    }
    decode_kind(head, &found);
    found.end = at + sv_record_bytes(found.body_bytes);
    *record = found;
    return true;
}
