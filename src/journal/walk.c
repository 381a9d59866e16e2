/* Reading a journal: one look at its end, a walk from its beginning, single records. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "journal/file.h"
#include "journal/journal.h"
#include "journal/rules.h"

static sv_status size_of(const sv_journal *journal, int64_t *size_bytes, sv_error *error)
{
    *size_bytes = journal->system->size(journal->fd);
    return *size_bytes >= 0 ? SV_OK
                            : sv_fail_errno(error, "the journal can no longer be looked at");
}

sv_status sv_journal_damaged(sv_error *error, int64_t at)
{
    return sv_fail(error, SV_CONFLICT,
                   "its journal is damaged at byte %" PRId64
                   "; to keep the recording as it is, move the journal away",
                   at);
}

/* ---- single records ---------------------------------------------------------------------- */

sv_status sv_journal_read_head(const sv_journal *journal, int64_t at, const uint64_t *seed,
                               sv_record *record, bool *is_valid, sv_error *error)
{
    unsigned char head[SV_RECORD_HEAD_BYTES];
    size_t done;
    sv_status status =
        sv_read_at(journal->system, journal->fd, at, head, sizeof head, &done, error);
    *is_valid = status == SV_OK && done == sizeof head &&
                sv_record_decode(head, seed, journal->header_crc, at, record);
    return status;
}

sv_status sv_journal_read_begn(const sv_journal *journal, int64_t at, sv_record *begn,
                               sv_error *error)
{
    uint64_t seed = journal->header_crc;
    unsigned char crc[8];
    size_t done = 0;
    sv_status status = SV_OK;
    if (at < SV_JOURNAL_HEADER_BYTES) {
        return sv_journal_damaged(error, at);
    }
    /* What comes before a BEGN is a MARK, whose head is followed by zeros, or the header. */
    if (at > SV_JOURNAL_HEADER_BYTES) {
        int64_t crc_at = at - sv_record_bytes(0) + SV_RECORD_HEAD_BYTES - 8;
        status = sv_read_at(journal->system, journal->fd, crc_at, crc, sizeof crc, &done, error);
        seed = 0;
        for (size_t i = 0; i < done; i++) {
            seed |= (uint64_t)crc[i] << (8 * i);
        }
    }
    bool is_valid = false;
    if (status == SV_OK) {
        status = sv_journal_read_head(journal, at, &seed, begn, &is_valid, error);
    }
    if (status == SV_OK && (!is_valid || begn->kind != SV_BEGN)) {
        return sv_journal_damaged(error, at);
    }
    return status;
}

sv_status sv_journal_read_body(const sv_journal *journal, const sv_record *record, void *body,
                               bool *is_whole, sv_error *error)
{
    size_t done, num_bytes = (size_t)record->body_bytes;
    sv_status status = sv_read_at(journal->system, journal->fd, record->at + SV_RECORD_HEAD_BYTES,
                                  body, num_bytes, &done, error);
    *is_whole = status == SV_OK && done == num_bytes &&
                (sv_crc(body, num_bytes, 0) == record->body_crc || !sv_holds(SV_RULE_BODY_CRC));
    return status;
}

/* ---- the end, and the whole -------------------------------------------------------------- */

void sv_journal_rewind(sv_journal *journal)
{
    journal->end = SV_JOURNAL_HEADER_BYTES;
    journal->crc = journal->header_crc;
    journal->number = journal->header.last_number;
    journal->last = (sv_record){.at = 0};
    journal->begn_at = journal->mark_at = journal->unsure_at = 0;
}

static void stand_behind(sv_journal *journal, const sv_record *record, int64_t end)
{
    journal->last = *record;
    journal->crc = record->crc;
    journal->end = end;
    journal->number = record->number;
    if (record->kind == SV_BEGN) {
        journal->begn_at = record->at;
    }
    if (record->kind == SV_MARK) {
        journal->begn_at = record->is.mark.begn_at;
        journal->mark_at = record->at;
    }
}

bool sv_journal_is_hot(const sv_journal *journal)
{
    const sv_record *last = &journal->last;
    return last->at != 0 && (last->kind != SV_MARK || (last->is.mark.outcome != SV_COMMIT &&
                                                       last->is.mark.outcome != SV_BACK));
}

sv_status sv_journal_look(sv_journal *journal, bool *is_clean, sv_error *error)
{
    int64_t size_bytes;
    sv_record mark;
    bool is_valid;
    *is_clean = false;
    sv_status status = size_of(journal, &size_bytes, error);
    if (status != SV_OK || size_bytes == SV_JOURNAL_HEADER_BYTES) {
        *is_clean = status == SV_OK;
        return status;
    }
    int64_t at = size_bytes - sv_record_bytes(0);
    if (at < SV_JOURNAL_HEADER_BYTES) {
        return SV_OK;
    }
    status = sv_journal_read_head(journal, at, NULL, &mark, &is_valid, error);
    if (status != SV_OK || !is_valid) {
        return status;
    }
    stand_behind(journal, &mark, mark.end);
    journal->unsure_at = at;
    *is_clean = !sv_journal_is_hot(journal) || !sv_holds(SV_RULE_ONLY_COMMIT_AND_BACK_ARE_CLEAN);
    return SV_OK;
}

int64_t sv_journal_behind(const sv_record *begn)
{
    return begn->end + 2 * begn->is.begn.slot_bytes;
}

/* Whether `record` may follow the last one. */
static bool may_follow(const sv_journal *journal, const sv_record *record)
{
    const sv_record *last = &journal->last;
    bool is_hot = sv_journal_is_hot(journal);
    switch (record->kind) {
    case SV_BEGN:
        return !is_hot && record->is.begn.slot_bytes >= 0 &&
               record->is.begn.slot_bytes < INT64_MAX / 4 - record->end;
    case SV_WIND: return is_hot && last->kind != SV_MARK && record->number == last->number;
    case SV_MARK: return record->is.mark.previous_at == journal->mark_at;
    }
    return false;
}

sv_status sv_journal_walk(sv_journal *journal, sv_error *error)
{
    int64_t size_bytes;
    sv_status status = size_of(journal, &size_bytes, error);
    sv_journal_rewind(journal);
    while (status == SV_OK) {
        sv_record record;
        bool is_valid;
        status =
            sv_journal_read_head(journal, journal->end, &journal->crc, &record, &is_valid, error);
        if (!is_valid || record.end > size_bytes || !may_follow(journal, &record)) {
            break;
        }
        stand_behind(journal, &record,
                     record.kind == SV_BEGN ? sv_journal_behind(&record) : record.end);
    }
    return status;
}

/* ---- writing ----------------------------------------------------------------------------- */

sv_status sv_journal_write_again(sv_journal *journal, int64_t from, int64_t to, sv_error *error)
{
    unsigned char bytes[8 * SV_SECTOR_BYTES];
    while (from < to) {
        size_t done,
            wanted = to - from < (int64_t)sizeof bytes ? (size_t)(to - from) : sizeof bytes;
        sv_status status =
            sv_read_at(journal->system, journal->fd, from, bytes, wanted, &done, error);
        if (status == SV_OK) {
            status = sv_write_at(journal->system, journal->fd, from, bytes, done, error);
        }
        if (status != SV_OK || done < wanted) {
            return status;
        }
        from += (int64_t)done;
    }
    return SV_OK;
}

void sv_journal_close_body(sv_record *record, unsigned char *bytes)
{
    size_t body_bytes = (size_t)record->body_bytes;
    size_t whole = (size_t)sv_record_bytes(record->body_bytes);
    unsigned char *body = bytes + SV_RECORD_HEAD_BYTES;
    record->body_crc = sv_crc(body, body_bytes, 0);
    memset(body + body_bytes, 0, whole - SV_RECORD_HEAD_BYTES - body_bytes);
}

sv_status sv_journal_write(sv_journal *journal, sv_record *record, uint64_t seed,
                           unsigned char *bytes, sv_error *error)
{
    sv_record_encode(record, seed, journal->header_crc, bytes);
    return sv_write_at(journal->system, journal->fd, record->at, bytes,
                       (size_t)(record->end - record->at), error);
}

/* A MARK is not appended to one that may not be on the disk: a power loss could leave the second
 * alone, which would look like damage. */
static sv_status make_sure(sv_journal *journal, const sv_record *record, sv_error *error)
{
    if (journal->unsure_at == 0 || !sv_holds(SV_RULE_MARK_WRITTEN_AGAIN)) {
        return SV_OK;
    }
    sv_status status = sv_journal_write_again(journal, journal->unsure_at,
                                              journal->unsure_at + SV_SECTOR_BYTES, error);
    if (status == SV_OK && record->kind == SV_MARK && sv_holds(SV_RULE_MARKS_SYNCED_ONE_BY_ONE)) {
        status = sv_journal_sync(journal, error);
    }
    return status;
}

sv_status sv_journal_append(sv_journal *journal, sv_record *record, unsigned char *bytes,
                            sv_error *error)
{
    sv_status status = make_sure(journal, record, error);
    if (status == SV_OK) {
        journal->unsure_at = 0;
        record->at = journal->end;
        status = sv_journal_write(journal, record, journal->crc, bytes, error);
    }
    if (status == SV_OK) {
        stand_behind(journal, record,
                     record->kind == SV_BEGN ? sv_journal_behind(record) : record->end);
    }
    return status;
}

sv_status sv_journal_mark(sv_journal *journal, const sv_record *begn, sv_outcome outcome,
                          const sv_tally *tally, int64_t time, sv_error *error)
{
    unsigned char bytes[SV_SECTOR_BYTES];
    sv_record mark = {.kind = SV_MARK,
                      .number = journal->number,
                      .is.mark = {.outcome = outcome,
                                  .begn_at = begn->at,
                                  .previous_at = journal->mark_at,
                                  .time = time,
                                  .tally = *tally}};
    sv_journal_close_body(&mark, bytes);
    return sv_journal_append(journal, &mark, bytes, error);
}
