/* The way through a whole miniSEED file, and what is said about it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/mseed_track.h"

enum {
    RECORDS_A_RUN = 32,     /* of one that is walked, */
    MOST_RUNS = 1 << 20,    /* until there are so many: then fewer, longer ones */
    BUDGET_BYTES = 4 << 20, /* of memory for runs and chains, which then go to a file */
    MOST_COMPLAINTS = 8,    /* that are written out */
    LEAST_ALIASES = 1024,   /* room for; a power of two */
    SENTENCE_BYTES = 256
};

/* An entry of the table of channels, by the key as it stands in records. */
typedef struct alias {
    unsigned char key[SV_MSEED_KEY_BYTES];
    int32_t track; /* −1: free */
} alias;

typedef struct scan {
    sv_recording *recording;
    sv_mseed_walk walk;
    sv_spill spill; /* of the tracks */
    sv_mseed_track *tracks;
    int64_t num_tracks, room_for_tracks;
    alias *aliases;
    uint32_t num_aliases, room_for_aliases;

    int64_t num_runs, most_runs;
    uint32_t records_a_run;

    int64_t last_track;   /* of the latest record; −1: none yet */
    int64_t last_unknown; /* the latest byte that belongs to no record; −1: none yet */
    int64_t after_header; /* where the header of a record without an end ended, just before; −1 */
    int64_t num_samples;
    bool has_lost;                              /* a record, or bytes that may have been one */
    int64_t num_passed_over, first_passed_over; /* records of text, or without a rate */

    int64_t num_complaints;
    sv_status first_status; /* what opening says where nothing can be read, and */
    char first_complaint[SENTENCE_BYTES];
} scan;

/* ---- complaints ---------------------------------------------------------------------------- */

static sv_status complain(scan *s, sv_status status, sv_error *error, const char *format, ...)
    SV_PRINTF(4, 5);

static sv_status complain(scan *s, sv_status status, sv_error *error, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (s->num_complaints == 0) {
        s->first_status = status;
        memcpy(s->first_complaint, sentence, sizeof sentence);
    }
    s->num_complaints++;
    return s->num_complaints <= MOST_COMPLAINTS
               ? sv_recording_warn(s->recording, error, "%s; passed over", sentence)
               : SV_OK;
}

static sv_status complain_of_bytes(scan *s, sv_status status, const sv_mseed_item *item,
                                   const char *what, sv_error *error)
{
    int64_t count = item->last - item->first;
    return complain(s, status, error, "%" PRId64 " %s from byte %" PRId64 " on %s %s", count,
                    count == 1 ? "byte" : "bytes", item->first, count == 1 ? "is" : "are", what);
}

static sv_status sum_up(scan *s, sv_error *error)
{
    sv_status status = SV_OK;
    if (s->num_complaints > MOST_COMPLAINTS) {
        status = sv_recording_warn(s->recording, error,
                                   "%" PRId64 " more places like these were passed over",
                                   s->num_complaints - MOST_COMPLAINTS);
    }
    if (status == SV_OK && s->num_passed_over > 0) {
        bool one = s->num_passed_over == 1;
        status = sv_recording_warn(s->recording, error,
                                   "%" PRId64 " %s no time series but text, or samples without a "
                                   "rate, the first at byte %" PRId64 "; passed over",
                                   s->num_passed_over, one ? "record holds" : "records hold",
                                   s->first_passed_over);
    }
    return status;
}

/* ---- channels ------------------------------------------------------------------------------ */

/* The key's entry, or the free one where it belongs. */
static alias *find_alias(const scan *s, const unsigned char *key)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (int i = 0; i < SV_MSEED_KEY_BYTES; i++) {
        hash = (hash ^ key[i]) * 1099511628211U;
    }
    uint32_t place = (uint32_t)(hash >> 32);
    for (;; place++) {
        alias *entry = &s->aliases[place & (s->room_for_aliases - 1)];
        if (entry->track < 0 || memcmp(entry->key, key, SV_MSEED_KEY_BYTES) == 0) {
            return entry;
        }
    }
}

static sv_status grow_aliases(scan *s, sv_error *error)
{
    scan grown = {.room_for_aliases =
                      s->room_for_aliases > 0 ? 2 * s->room_for_aliases : (uint32_t)LEAST_ALIASES};
    size_t bytes = grown.room_for_aliases * sizeof *grown.aliases;
    grown.aliases = sv_malloc(bytes);
    if (grown.aliases == NULL) {
        return sv_fail_memory(error, bytes);
    }
    for (uint32_t i = 0; i < grown.room_for_aliases; i++) {
        grown.aliases[i].track = -1;
    }
    for (uint32_t i = 0; i < s->room_for_aliases; i++) {
        if (s->aliases[i].track >= 0) {
            *find_alias(&grown, s->aliases[i].key) = s->aliases[i];
        }
    }
    sv_free(s->aliases);
    s->aliases = grown.aliases;
    s->room_for_aliases = grown.room_for_aliases;
    return SV_OK;
}

static sv_status add_alias(scan *s, const unsigned char *key, int64_t track, sv_error *error)
{
    if (2 * s->num_aliases >= s->room_for_aliases) {
        sv_status status = grow_aliases(s, error);
        if (status != SV_OK) {
            return status;
        }
    }
    alias *entry = find_alias(s, key);
    s->num_aliases += entry->track < 0;
    memcpy(entry->key, key, SV_MSEED_KEY_BYTES);
    entry->track = (int32_t)track;
    return SV_OK;
}

static sv_status add_track(scan *s, const unsigned char *clean, const sv_mseed_record *record,
                           sv_error *error)
{
    if (s->num_tracks == INT32_MAX) {
        return sv_fail(error, SV_OVERFLOW, "it has more channels than can be numbered");
    }
    sv_status status = sv_mseed_make_room((void **)&s->tracks, &s->room_for_tracks, s->num_tracks,
                                          sizeof *s->tracks, error);
    if (status == SV_OK) {
        status = add_alias(s, clean, s->num_tracks, error);
    }
    if (status == SV_OK) {
        sv_mseed_track *track = &s->tracks[s->num_tracks++];
        *track = (sv_mseed_track){
            .spill = &s->spill,
            .start = record->start,
            .rate = record->rate,
            .decoded = record->decoded,
        };
        memcpy(track->key, clean, SV_MSEED_KEY_BYTES);
    }
    return status;
}

/* The number of the record's channel; a new one where it is the first to name it. */
static sv_status find_track(scan *s, const sv_mseed_record *record, int64_t *track, sv_error *error)
{
    *track = s->last_track;
    if (*track >= 0 && memcmp(s->tracks[*track].key, record->key, SV_MSEED_KEY_BYTES) == 0) {
        return SV_OK;
    }
    if (s->num_aliases > 0 && (*track = find_alias(s, record->key)->track) >= 0) {
        return SV_OK;
    }
    unsigned char clean[SV_MSEED_KEY_BYTES];
    sv_mseed_clean_key(record->key, clean);
    sv_status status = SV_OK;
    if (s->num_aliases == 0 || find_alias(s, clean)->track < 0) {
        status = add_track(s, clean, record, error);
    }
    if (status == SV_OK) {
        *track = find_alias(s, clean)->track;
        status = add_alias(s, record->key, *track, error);
    }
    return status;
}

/* ---- items --------------------------------------------------------------------------------- */

/* Too many runs: they are merged. Those of which each is a chain of its own cannot be. */
static void thin(scan *s)
{
    while (s->num_runs > s->most_runs && s->records_a_run < UINT32_MAX / 2) {
        s->records_a_run *= 2;
        s->num_runs = 0;
        int64_t num_chains = 0;
        for (int64_t i = 0; i < s->num_tracks; i++) {
            sv_mseed_track_thin(&s->tracks[i], s->records_a_run);
            s->num_runs += s->tracks[i].num_runs;
            num_chains += s->tracks[i].num_chains;
        }
        s->most_runs = sv_max_i8(s->most_runs, 2 * num_chains);
    }
}

static void note_loss(scan *s, sv_mseed_track *track)
{
    s->has_lost = true;
    if (track->num_chains > 0) {
        track->chains[track->num_chains - 1].complete = false;
    } else {
        track->lacks = true;
    }
}

/* A gap with bytes in it that nobody knows is where records were. */
static void note_gap(scan *s, sv_mseed_track *track, int64_t last_byte)
{
    int64_t latest = track->num_chains - 1;
    if (latest > 0 && s->last_unknown >= last_byte) {
        track->chains[latest - 1].complete = false;
    }
    if (latest == 0 && track->lacks) {
        track->chains[0].complete = false;
    }
}

static sv_status take_samples(scan *s, int64_t number, const sv_mseed_record *record,
                              sv_error *error)
{
    sv_mseed_track *track = &s->tracks[number];
    int64_t num_runs = track->num_runs, last_byte = track->last_byte;
    bool is_new_chain;
    sv_status status = sv_mseed_track_add(track, record, s->records_a_run, &is_new_chain, error);
    if (status != SV_OK) {
        return status;
    }
    if (s->last_track < 0 && s->last_unknown >= 0) {
        track->lacks = true; /* what stood before the first record of all */
    }
    if (is_new_chain) {
        note_gap(s, track, last_byte);
    }
    track->lacks = false;
    s->last_track = number;
    s->num_samples += record->num_samples;
    s->num_runs += track->num_runs - num_runs;
    if (s->num_runs > s->most_runs) {
        thin(s);
    }
    return SV_OK;
}

static sv_status status_of(const sv_mseed_record *record)
{
    switch ((sv_mseed_fault)record->fault) {
    case SV_MSEED_CUT: return SV_TRUNCATED;
    case SV_MSEED_ENCODING: return SV_UNSUPPORTED;
    default: return SV_FORMAT;
    }
}

static sv_status take_record(scan *s, const sv_mseed_record *record, sv_error *error)
{
    if (record->fault == SV_MSEED_TEXT || record->fault == SV_MSEED_NO_RATE) {
        s->first_passed_over = s->num_passed_over++ == 0 ? record->offset : s->first_passed_over;
        return SV_OK;
    }
    int64_t track;
    sv_status status = find_track(s, record, &track, error);
    if (status != SV_OK) {
        return status;
    }
    if (record->fault == SV_MSEED_SOUND) {
        return record->num_samples > 0 ? take_samples(s, track, record, error) : SV_OK;
    }
    char fault[128];
    note_loss(s, &s->tracks[track]);
    return complain(s, status_of(record), error, "the record at byte %" PRId64 " %s",
                    record->offset, sv_mseed_fault_text(record, s->walk.file_bytes, fault));
}

/* Bytes that are no record may have been one, unless they are too few. What stands behind the
 * header of a record of which nobody knows the end belongs to that. */
static sv_status take_unknown(scan *s, const sv_mseed_item *item, sv_error *error)
{
    if (item->first == s->after_header) {
        return SV_OK;
    }
    if (item->last - item->first >= SV_MSEED_HEADER_BYTES) {
        s->has_lost = true;
        s->last_unknown = item->last - 1;
        if (s->last_track >= 0) {
            s->tracks[s->last_track].lacks = true;
        }
    }
    return complain_of_bytes(s, SV_FORMAT, item, "no record", error);
}

static sv_status take_item(scan *s, const sv_mseed_item *item, sv_error *error)
{
    sv_status status = SV_OK;
    switch (item->kind) {
    case SV_MSEED_RECORD: status = take_record(s, &item->record, error); break;
    case SV_MSEED_UNKNOWN: status = take_unknown(s, item, error); break;
    case SV_MSEED_PADDING: status = complain_of_bytes(s, SV_EMPTY, item, "blank", error); break;
    case SV_MSEED_NOISE:
    case SV_MSEED_END: break;
    }
    bool is_header_alone =
        item->kind == SV_MSEED_RECORD && item->last - item->first == SV_MSEED_HEADER_BYTES;
    s->after_header = is_header_alone ? item->last : -1;
    return status;
}

static sv_status take_file(scan *s, sv_error *error)
{
    sv_mseed_item item;
    do {
        sv_status status = sv_mseed_walk_next(&s->walk, &item, error);
        if (status == SV_OK) {
            status = take_item(s, &item, error);
        }
        if (status != SV_OK) {
            return status;
        }
    } while (item.kind != SV_MSEED_END);
    for (int64_t i = 0; i < s->num_tracks; i++) {
        if (s->tracks[i].lacks) {
            note_loss(s, &s->tracks[i]);
        }
    }
    return sum_up(s, error);
}

/* ---- segments ------------------------------------------------------------------------------ */

/* A channel without samples is shown where all of them were lost, or where no channel has any. */
static sv_status add_empty_segment(const scan *s, const sv_mseed_track *track, sv_mseed *mseed,
                                   int64_t *room, sv_error *error)
{
    bool is_shown = track->lacks || s->num_samples == 0;
    if (track->num_chains > 0 || !is_shown || !(track->rate > 0.0)) {
        return SV_OK;
    }
    sv_status status = sv_mseed_make_room((void **)&mseed->segments, room, mseed->num_segments,
                                          sizeof *mseed->segments, error);
    if (status == SV_OK) {
        sv_type type = track->decoded != SV_TYPE_NONE ? (sv_type)track->decoded : SV_I4;
        mseed->segments[mseed->num_segments++] = (sv_mseed_segment){
            .start = track->start,
            .rate = track->rate,
            .channel = mseed->num_channels,
            .dtype = sv_dtype_make(type, SV_NATIVE_ENDIAN),
            .complete = !track->lacks,
        };
    }
    return status;
}

static sv_status join(scan *s, sv_mseed *mseed, sv_error *error)
{
    int64_t room = 0;
    size_t bytes = (size_t)s->num_tracks * sizeof *mseed->channels;
    mseed->channels = sv_malloc(bytes);
    if (mseed->channels == NULL) {
        return sv_fail_memory(error, bytes);
    }
    for (int64_t i = 0; i < s->num_tracks; i++) {
        sv_status status = add_empty_segment(s, &s->tracks[i], mseed, &room, error);
        if (status == SV_OK) {
            status = sv_mseed_track_join(&s->tracks[i], mseed, &room, error);
        }
        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static sv_status fail_without_samples(const scan *s, sv_error *error)
{
    if (s->num_complaints > 0) {
        return sv_fail(error, s->first_status, "it holds no miniSEED record that can be read: %s",
                       s->first_complaint);
    }
    if (s->num_passed_over > 0) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "its records hold no time series but text, or samples without a rate");
    }
    return sv_fail(error, SV_EMPTY, "it holds no miniSEED record, only control headers or blanks");
}

static void free_scan(scan *s)
{
    for (int64_t i = 0; i < s->num_tracks; i++) {
        sv_mseed_track_free(&s->tracks[i]);
    }
    sv_free(s->tracks);
    sv_free(s->aliases);
    sv_spill_end(&s->spill);
    sv_mseed_walk_end(&s->walk);
}

sv_status sv_mseed_scan(sv_recording *recording, sv_mseed **mseed, sv_error *error)
{
    scan s = {
        .recording = recording,
        .most_runs = MOST_RUNS,
        .records_a_run = RECORDS_A_RUN,
        .last_track = -1,
        .last_unknown = -1,
        .after_header = -1,
    };
    sv_mseed_walk_begin(&s.walk, recording);
    sv_spill_begin(&s.spill, BUDGET_BYTES);
    sv_mseed *found = sv_calloc(1, sizeof *found);
    sv_status status = found != NULL ? take_file(&s, error) : sv_fail_memory(error, sizeof *found);
    if (status == SV_OK) {
        status = join(&s, found, error);
    }
    bool is_nothing_left = s.num_samples == 0 && s.has_lost;
    if (status == SV_OK && (found->num_segments == 0 || is_nothing_left)) {
        status = fail_without_samples(&s, error);
    }
    free_scan(&s);
    if (status != SV_OK) {
        sv_mseed_free(found);
        return status;
    }
    *mseed = found;
    return SV_OK;
}

void sv_mseed_free(sv_mseed *mseed)
{
    if (mseed == NULL) {
        return;
    }
    for (int32_t i = 0; i < mseed->num_channels; i++) {
        sv_spill_free(NULL, mseed->channels[i].runs);
    }
    sv_free(mseed->channels);
    sv_free(mseed->segments);
    sv_free(mseed);
}
