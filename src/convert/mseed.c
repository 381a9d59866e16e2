/* miniSEED 2 through libmseed: records of 4096 bytes, big-endian, channel by channel.
 *
 * Integers are packed by Steim2 (or 1), whose differences have 30 (32) bits: a record in whose
 * reach a larger one lies holds plain int32 instead. Each record begins at the time of its sample
 * by the segment's clock, to the microsecond (blockette 1001), so that nothing adds up. */
#include <inttypes.h>
#include <libmseed.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "convert/writer.h"

enum {
    RECORD_BYTES = 4096,
    PLAIN_SAMPLES = (RECORD_BYTES - 64) / 4, /* int32 in a record */
    REACH = RECORD_BYTES / 64 * 105,         /* no record of Steim2 holds more samples */
    ROOM = 2 * REACH,                        /* samples of a row that wait */
    GROUP_ROWS = 64,
    FIRST_YEAR = 1900, /* what libmseed takes for a year */
    LAST_YEAR = 2100
};

static const char *const suffixes[] = {".mseed", ".miniseed", ".msd", ".seed", NULL};

/* A row of the group in hand, and its samples that are in no record yet. */
typedef struct sv_stream {
    sv_channel channel;
    int64_t first; /* of those that wait: how many came before */
    int64_t num_waiting;
    bool is_numbered; /* it has no id of its own, and there are others */
    bool has_last;
    int32_t last; /* integer that came before */
    char *waiting;
} sv_stream;

typedef struct sv_mseed_state {
    MSRecord *record; /* the mould of all records of a group */
    double rate;
    int64_t num_records;
    sv_output *output;
    sv_status status; /* of the output */
    sv_error error;
    char *room; /* for samples of all streams */
    sv_stream streams[GROUP_ROWS];
} sv_mseed_state;

/* ---- libmseed ---------------------------------------------------------------------------- */

static void say_nothing(char *message)
{
    (void)message;
}

/* It says on stderr what its answer says too. */
static void silence_libmseed(void)
{
    ms_loginit(say_nothing, NULL, say_nothing, NULL);
}

static void take_record(char *record, int num_bytes, void *context)
{
    sv_mseed_state *mseed = context;
    if (mseed->status == SV_OK) {
        mseed->status = sv_output_append(mseed->output, record, (size_t)num_bytes, &mseed->error);
    }
}

/* What a record says of its rate: a factor and a multiplier, or a float32 in blockette 100. */
static bool put_rate(sv_writing *writing, sv_mseed_state *mseed, double rate)
{
    char is[SV_NUMBER_TEXT_SIZE], held[SV_NUMBER_TEXT_SIZE];
    int16_t factor, multiplier;
    mseed->rate = rate;
    mseed->record->samprate = rate;
    if (ms_genfactmult(rate, &factor, &multiplier) == 0 &&
        ms_nomsamprate(factor, multiplier) == rate) {
        return true;
    }
    struct blkt_100_s exact = {.samprate = (float)rate};
    if ((double)exact.samprate != rate) {
        sv_note_loss(writing, SV_LOSS_RATE, "%s Hz is rounded to float32, %s Hz",
                     sv_number_shortest(rate, is), sv_number_shortest_f4(exact.samprate, held));
    }
    return msr_addblockette(mseed->record, (char *)&exact, sizeof exact, 100, 0) != NULL;
}

static sv_status make_mould(sv_writing *writing, sv_mseed_state *mseed, double rate,
                            sv_error *error)
{
    struct blkt_1000_s length = {0};
    struct blkt_1001_s microseconds = {0};
    msr_free(&mseed->record);
    mseed->record = msr_init(NULL);
    MSRecord *record = mseed->record;
    if (record == NULL) {
        return sv_fail_memory(error, sizeof *record);
    }
    record->ststate = calloc(1, sizeof *record->ststate); /* msr_free() frees it */
    record->reclen = RECORD_BYTES;
    record->byteorder = 1;
    record->dataquality = 'D';
    if (record->ststate == NULL ||
        msr_addblockette(record, (char *)&length, sizeof length, 1000, 0) == NULL ||
        msr_addblockette(record, (char *)&microseconds, sizeof microseconds, 1001, 0) == NULL ||
        !put_rate(writing, mseed, rate)) {
        return sv_fail_memory(error, sizeof *record);
    }
    return SV_OK;
}

/* ---- ids --------------------------------------------------------------------------------- */

static bool put_code(char *code, size_t room, const char *text)
{
    size_t length = strnlen(text, room);
    memcpy(code, text, length);
    code[length] = '\0';
    return text[length] == '\0';
}

/* Channels without an id are told apart by their number, in the place of the channel's code. */
static void number_id(int64_t number, sv_id_parts *parts)
{
    snprintf(parts->channel, sizeof parts->channel, "%03d", (int)(number % 1000));
    if (number >= 1000) {
        snprintf(parts->station, sizeof parts->station, "%05" PRId64, number / 1000 % 100000);
    }
}

static void put_id(sv_writing *writing, MSRecord *record, const sv_stream *stream)
{
    const char *id = stream->channel.id;
    sv_id_parts parts;
    sv_split_id(id, &parts);
    if (stream->is_numbered) {
        number_id(stream->channel.number, &parts);
    }
    bool fits = put_code(record->network, 2, parts.network);
    fits = put_code(record->station, 5, parts.station) && fits;
    fits = put_code(record->location, 2, parts.location) && fits;
    fits = put_code(record->channel, 3, parts.channel) && fits;
    if (!fits) {
        sv_note_loss(writing, SV_LOSS_ID,
                     "the id %s is cut to %s.%s.%s.%s: miniSEED has room for 2, 5, 2 and 3 letters",
                     id, record->network, record->station, record->location, record->channel);
    }
}

/* ---- records ----------------------------------------------------------------------------- */

/* Bytes of a sample that waits. */
static int64_t waiting_size(const sv_writing *writing)
{
    return writing->encoding.dtype.type == SV_F8 ? 8 : 4;
}

/* Nearest microsecond; miniSEED needs a time, so one without gets 1970. */
static hptime_t microseconds_of(const sv_mseed_state *mseed, const sv_stream *stream)
{
    sv_time origin = stream->channel.start == SV_TIME_NONE ? 0 : stream->channel.start;
    sv_time start = sv_time_of_sample(origin, mseed->rate, stream->first);
    int64_t part = (start % 1000 + 1000) % 1000;
    return (start - part) / 1000 + (part >= 500 ? 1 : 0);
}

static int32_t integer_at(const sv_stream *stream, int64_t i)
{
    int32_t value;
    memcpy(&value, stream->waiting + 4 * i, sizeof value);
    return value;
}

/* Whether Steim's differences hold those of the first n samples. */
static bool differences_fit(const sv_stream *stream, int64_t n, int code)
{
    int64_t most = code == DE_STEIM2 ? (INT64_C(1) << 29) - 1 : INT32_MAX;
    for (int64_t i = 1; i < n; i++) {
        int64_t difference = (int64_t)integer_at(stream, i) - integer_at(stream, i - 1);
        if (difference > most || difference < -most) {
            return false;
        }
    }
    return true;
}

/* The first difference of a record is to the sample before it; nobody needs it to decode. */
static void put_history(const sv_stream *stream, int code, StreamState *state)
{
    int64_t most = code == DE_STEIM2 ? (INT64_C(1) << 29) - 1 : INT32_MAX;
    int64_t difference = stream->has_last ? (int64_t)integer_at(stream, 0) - stream->last : 0;
    bool fits = difference <= most && difference >= -most;
    state->lastintsample = stream->last;
    state->comphistory = stream->has_last && fits ? 1 : 0;
}

/* How the next samples are stored: *n of them are looked at. */
static int choose_code(sv_writing *writing, const sv_stream *stream, int64_t *n)
{
    sv_mseed_state *mseed = writing->state;
    int code = writing->encoding.code;
    *n = sv_min_i8(stream->num_waiting, REACH);
    if (code != DE_STEIM1 && code != DE_STEIM2) {
        return code;
    }
    if (differences_fit(stream, *n, code)) {
        put_history(stream, code, mseed->record->ststate);
        return code;
    }
    sv_note_loss(writing, SV_LOSS_STEIM,
                 "%s cannot hold the difference of neighbours near sample %" PRId64
                 " of channel %" PRId64 ": records with such ones hold plain int32",
                 writing->encoding.name, stream->first, stream->channel.number);
    *n = sv_min_i8(*n, PLAIN_SAMPLES + 1);
    return DE_INT32;
}

static void fill_mould(sv_writing *writing, const sv_stream *stream, int code, int64_t n)
{
    sv_mseed_state *mseed = writing->state;
    MSRecord *record = mseed->record;
    sv_dtype dtype = writing->encoding.dtype;
    put_id(writing, record, stream);
    record->starttime = microseconds_of(mseed, stream);
    record->sequence_number = (int32_t)(mseed->num_records % 999999) + 1;
    record->encoding = (int8_t)code;
    record->sampletype = dtype.type == SV_F4 ? 'f' : dtype.type == SV_F8 ? 'd' : 'i';
    record->datasamples = stream->waiting;
    record->numsamples = n;
}

static void drop_packed(const sv_writing *writing, sv_stream *stream, int64_t num_packed)
{
    int64_t itemsize = waiting_size(writing);
    stream->has_last = itemsize == 4;
    stream->last = stream->has_last ? integer_at(stream, num_packed - 1) : 0;
    stream->first += num_packed;
    stream->num_waiting -= num_packed;
    memmove(stream->waiting, stream->waiting + num_packed * itemsize,
            (size_t)(stream->num_waiting * itemsize));
}

/* Packs some of the samples that wait: all, when they are the row's last and in reach. */
static sv_status pack(sv_writing *writing, sv_stream *stream, bool is_end, sv_error *error)
{
    sv_mseed_state *mseed = writing->state;
    int64_t n, num_packed = 0;
    int code = choose_code(writing, stream, &n);
    fill_mould(writing, stream, code, n);
    bool is_all = is_end && n == stream->num_waiting;
    int num_records = msr_pack(mseed->record, take_record, mseed, &num_packed, is_all ? 1 : 0, 0);
    mseed->record->datasamples = NULL; /* which msr_free() would free */
    if (mseed->status != SV_OK) {
        return sv_pass_on(error, &mseed->error, "");
    }
    if (num_records < 1 || num_packed < 1) {
        return sv_fail(error, SV_NOMEM, "libmseed cannot pack sample %" PRId64, stream->first);
    }
    mseed->num_records += num_records;
    drop_packed(writing, stream, num_packed);
    return SV_OK;
}

/* libmseed takes integers of 32 bits alone. */
static void append(const sv_writing *writing, sv_stream *stream, const char *samples, int64_t n)
{
    char *to = stream->waiting + stream->num_waiting * waiting_size(writing);
    if (writing->encoding.dtype.type != SV_I2) {
        memcpy(to, samples, (size_t)(n * waiting_size(writing)));
    }
    for (int64_t i = 0; i < n && writing->encoding.dtype.type == SV_I2; i++) {
        int16_t narrow;
        memcpy(&narrow, samples + 2 * i, sizeof narrow);
        int32_t value = narrow;
        memcpy(to + 4 * i, &value, sizeof value);
    }
    stream->num_waiting += n;
}

static sv_status feed(sv_writing *writing, sv_stream *stream, const char *samples, int64_t n,
                      sv_error *error)
{
    int64_t itemsize = (int64_t)sv_dtype_itemsize(writing->encoding.dtype);
    sv_status status = SV_OK;
    while (n > 0 && status == SV_OK) {
        int64_t taken = sv_min_i8(n, ROOM - stream->num_waiting);
        append(writing, stream, samples, taken);
        samples += taken * itemsize;
        n -= taken;
        while (status == SV_OK && stream->num_waiting > REACH) {
            status = pack(writing, stream, false, error);
        }
    }
    return status;
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status encode_mseed(const sv_writing *writing, sv_dtype from, const char *asked,
                              sv_encoding *encoding, sv_error *error)
{
    static const sv_encoding list[] = {
        {"steim2", {SV_I4, SV_NATIVE_ENDIAN}, DE_STEIM2},
        {"steim1", {SV_I4, SV_NATIVE_ENDIAN}, DE_STEIM1},
        {"i2", {SV_I2, SV_NATIVE_ENDIAN}, DE_INT16},
        {"i4", {SV_I4, SV_NATIVE_ENDIAN}, DE_INT32},
        {"f4", {SV_F4, SV_NATIVE_ENDIAN}, DE_FLOAT32},
        {"f8", {SV_F8, SV_NATIVE_ENDIAN}, DE_FLOAT64},
    };
    (void)writing;
    return sv_choose_encoding(list, (int)(sizeof list / sizeof list[0]), from, asked, encoding,
                              error);
}

static sv_status begin_mseed(sv_writing *writing, sv_error *error)
{
    static pthread_once_t silenced = PTHREAD_ONCE_INIT;
    pthread_once(&silenced, silence_libmseed);
    /* The record's own order, whatever the environment says to libmseed: the same input gives the
     * same bytes. */
    MS_PACKHEADERBYTEORDER(-1);
    MS_PACKDATABYTEORDER(-1);
    if (writing->extent.num_samples == 0) {
        return sv_fail(error, SV_RANGE, "miniSEED cannot hold a channel without samples");
    }
    sv_mseed_state *mseed = sv_calloc(1, sizeof *mseed);
    char *room = sv_malloc((size_t)GROUP_ROWS * ROOM * sizeof(double));
    if (mseed == NULL || room == NULL) {
        sv_free(mseed);
        sv_free(room);
        return sv_fail_memory(error, (size_t)GROUP_ROWS * ROOM * sizeof(double));
    }
    mseed->output = writing->output;
    mseed->room = room;
    writing->state = mseed;
    sv_note_no_units(writing, "miniSEED records");
    return SV_OK;
}

static sv_status check_start(sv_writing *writing, const sv_stream *stream, sv_error *error)
{
    char text[SV_TIME_TEXT_SIZE];
    sv_time start = stream->channel.start;
    if (start == SV_TIME_NONE) {
        sv_note_loss(writing, SV_LOSS_START,
                     "miniSEED records need a time, and there is none: they begin in 1970");
        return SV_OK;
    }
    sv_civil civil = sv_civil_of(start);
    if (civil.year < FIRST_YEAR || civil.year > LAST_YEAR) {
        return sv_fail(error, SV_RANGE, "%s is outside the years %d to %d of miniSEED",
                       sv_time_format(start, text), FIRST_YEAR, LAST_YEAR);
    }
    if (start % 1000 != 0) {
        sv_note_loss(writing, SV_LOSS_START, "the start %s is rounded to microseconds",
                     sv_time_format(start, text));
    }
    return SV_OK;
}

static bool needs_number(const sv_walk *walk, int64_t i)
{
    sv_channel channel = sv_walk_channel(walk, i);
    return walk->segment_rows > 1 && channel.id[strspn(channel.id, ". ")] == '\0';
}

static sv_status begin_rows(sv_writing *writing, const sv_walk *walk, sv_error *error)
{
    sv_mseed_state *mseed = writing->state;
    sv_status status = make_mould(writing, mseed, walk->segment.sample_rate, error);
    for (int64_t i = 0; i < walk->num_rows && status == SV_OK; i++) {
        sv_stream *stream = &mseed->streams[i];
        *stream = (sv_stream){.channel = sv_walk_channel(walk, i),
                              .is_numbered = needs_number(walk, i),
                              .waiting = mseed->room + i * ROOM * (int64_t)sizeof(double)};
        status = check_start(writing, stream, error);
    }
    if (status == SV_OK && mseed->streams[0].is_numbered) {
        sv_note_loss(writing, SV_LOSS_ID,
                     "miniSEED tells channels apart by their ids, and these have none: they are "
                     "named by their numbers");
    }
    return status;
}

static sv_status write_mseed(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                             sv_error *error)
{
    sv_mseed_state *mseed = writing->state;
    sv_status status = SV_OK;
    for (int64_t i = 0; i < walk->num_rows && status == SV_OK; i++) {
        status = feed(writing, &mseed->streams[i], tile->samples + i * tile->row_bytes,
                      tile->num_samples, error);
    }
    return status;
}

static sv_status end_rows(sv_writing *writing, const sv_walk *walk, sv_error *error)
{
    sv_mseed_state *mseed = writing->state;
    sv_status status = SV_OK;
    for (int64_t i = 0; i < walk->num_rows && status == SV_OK; i++) {
        while (status == SV_OK && mseed->streams[i].num_waiting > 0) {
            status = pack(writing, &mseed->streams[i], true, error);
        }
    }
    return status;
}

static void close_mseed(sv_writing *writing)
{
    sv_mseed_state *mseed = writing->state;
    if (mseed != NULL) {
        msr_free(&mseed->record);
        sv_free(mseed->room);
        sv_free(mseed);
    }
}

const sv_writer sv_writer_mseed = {
    .name = "mseed",
    .description = "miniSEED 2, records of 4096 bytes",
    .suffixes = suffixes,
    .holds = SV_HOLDS_ALL,
    .appends = true,
    .group_rows = GROUP_ROWS,
    .encode = encode_mseed,
    .begin = begin_mseed,
    .rows = begin_rows,
    .samples = write_mseed,
    .rows_end = end_rows,
    .close = close_mseed,
};
