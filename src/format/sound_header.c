/* What the headers of sound files state, where libsndfile does not hand it on.
 *
 * WAV, RF64, W64, AIFF and CAF are chunks: an id, a size, and as many bytes. RIFF: Microsoft,
 * "Multimedia Programming Interface and Data Specifications 1.0"; RF64: EBU Tech 3306; AIFF-C:
 * Apple, draft of 1991; CAF: Apple Core Audio Format Specification 1.0; W64: Sony. AU is a header
 * of six words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "format/sound.h"

enum {
    MOST_CHUNKS = 1000, /* that are walked over */
    LONGEST_HEADER = 24,
    MOST_IRCAM_CHANNELS = 256,

    /* WAV's codes of encodings. */
    WAVE_MPEG = 0x50,
    WAVE_MP3 = 0x55
};

typedef enum container { WAVE, RF64, W64, AIFF, CAF, SVX } container;

typedef struct style {
    container kind;
    const char *magic;
    size_t magic_bytes;
    const char *form; /* what it must hold at `form_byte` */
    size_t form_bytes;
    size_t form_byte;
    int64_t first_chunk;
    int id_bytes, size_bytes;
    sv_byte_order order;
    int64_t alignment;
    const char *data_id;
    int64_t lead_bytes; /* of the data chunk before the samples */
} style;

#define W64_RIFF "riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00"
#define W64_WAVE "wave\xF3\xAC\xD3\x11\x8C\xD1\x00\xC0\x4F\x8E\xDB\x8A"

static const style styles[] = {
    {WAVE, "RIFF", 4, "WAVE", 4, 8, 12, 4, 4, SV_LITTLE_ENDIAN, 2, "data", 0},
    {WAVE, "RIFX", 4, "WAVE", 4, 8, 12, 4, 4, SV_BIG_ENDIAN, 2, "data", 0},
    {RF64, "RF64", 4, "WAVE", 4, 8, 12, 4, 4, SV_LITTLE_ENDIAN, 2, "data", 0},
    {W64, W64_RIFF, 16, W64_WAVE, 16, 24, 40, 16, 8, SV_LITTLE_ENDIAN, 8, "data", 0},
    {AIFF, "FORM", 4, "AIFF", 4, 8, 12, 4, 4, SV_BIG_ENDIAN, 2, "SSND", 8},
    {AIFF, "FORM", 4, "AIFC", 4, 8, 12, 4, 4, SV_BIG_ENDIAN, 2, "SSND", 8},
    {SVX, "FORM", 4, "8SVX", 4, 8, 12, 4, 4, SV_BIG_ENDIAN, 2, "BODY", 0},
    {SVX, "FORM", 4, "16SV", 4, 8, 12, 4, 4, SV_BIG_ENDIAN, 2, "BODY", 0},
    {CAF, "caff", 4, "\0\1", 2, 4, 8, 4, 8, SV_BIG_ENDIAN, 1, "data", 4},
};

/* ---- bytes ------------------------------------------------------------------------------- */

static bool holds(const sv_head *head, size_t byte, const char *text, size_t num_bytes)
{
    return head->num_bytes >= byte + num_bytes && memcmp(head->bytes + byte, text, num_bytes) == 0;
}

/* −1 where it does not fit: nothing is that long. */
static int64_t load_size(const unsigned char *bytes, int num_bytes, sv_byte_order order)
{
    sv_dtype dtype = sv_dtype_make(num_bytes == 4 ? SV_U4 : SV_U8, order);
    uint64_t size = sv_dtype_load(dtype, bytes).value.u;
    return size <= INT64_MAX ? (int64_t)size : -1;
}

/* The 80-bit float of Motorola's 68881: sign, 15 bits of exponent, 64 bits of mantissa. */
static double load_extended(const unsigned char *bytes)
{
    int exponent = (bytes[0] & 0x7F) << 8 | bytes[1];
    uint64_t mantissa = sv_dtype_load(sv_dtype_make(SV_U8, SV_BIG_ENDIAN), bytes + 2).value.u;
    double value = ldexp((double)mantissa, exponent - 16383 - 63);
    return (bytes[0] & 0x80) != 0 ? -value : value;
}

/* ---- recognising ------------------------------------------------------------------------- */

static const style *style_of(const sv_head *head)
{
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        const style *s = &styles[i];
        if (holds(head, 0, s->magic, s->magic_bytes) &&
            holds(head, s->form_byte, s->form, s->form_bytes)) {
            return s;
        }
    }
    return NULL;
}

/* Sun's and NeXT's AU in either order: the samples begin behind six words at least. */
static bool is_au(const sv_head *head, sv_byte_order *order)
{
    *order = holds(head, 0, ".snd", 4) ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
    return (holds(head, 0, ".snd", 4) || holds(head, 0, "dns.", 4)) && head->num_bytes >= 24 &&
           load_size(head->bytes + 4, 4, *order) >= 24;
}

static int64_t word_at(const sv_head *head, size_t byte, sv_byte_order order)
{
    return byte + 4 <= head->num_bytes ? load_size(head->bytes + byte, 4, order) : -1;
}

/* IRCAM's, in either order: the machine that wrote it, a rate, and how many channels. */
static bool is_ircam(const sv_head *head)
{
    const unsigned char *bytes = head->bytes;
    if (head->num_bytes < 16) {
        return false;
    }
    bool is_little = bytes[0] == 0x64 && bytes[1] == 0xA3 && bytes[2] <= 7 && bytes[3] == 0;
    bool is_big = bytes[0] == 0 && bytes[1] <= 7 && bytes[2] == 0xA3 && bytes[3] == 0x64;
    int64_t little = word_at(head, 8, SV_LITTLE_ENDIAN), big = word_at(head, 8, SV_BIG_ENDIAN);
    return (is_little || is_big) && ((little >= 1 && little <= MOST_IRCAM_CHANNELS) ||
                                     (big >= 1 && big <= MOST_IRCAM_CHANNELS));
}

/* HTK's and Akai's have hardly a magic number, but sizes that are the file's. */
static bool is_htk(const sv_head *head)
{
    return holds(head, 8, "\0\2\0\0", 4) &&
           word_at(head, 0, SV_BIG_ENDIAN) * 2 + 12 == head->file_bytes;
}

static bool is_mpc(const sv_head *head)
{
    enum { HEADER_BYTES = 42, STEREO = 21, NUM_FRAMES = 30 };
    return holds(head, 0, "\1\4", 2) && head->num_bytes >= HEADER_BYTES &&
           head->bytes[STEREO] <= 1 &&
           word_at(head, NUM_FRAMES, SV_LITTLE_ENDIAN) * 2 * (1 + head->bytes[STEREO]) +
                   HEADER_BYTES ==
               head->file_bytes;
}

/* MATLAB 4 begins with a matrix, of any name: here with that of one rate. */
static bool is_matlab_4(const sv_head *head)
{
    return holds(head, 16, "\0\0\0\x0Bsamplerate\0", 15) ||
           holds(head, 16, "\x0B\0\0\0samplerate\0", 15);
}

/* Other magic numbers. */
static const struct magic {
    const char *text;
    size_t num_bytes, byte;
} magics[] = {
    {"fLaC", 4, 0},
    {"OggS\0", 5, 0},
    {"2BIT", 4, 0}, /* AVR */
    {"NIST_1A\n", 8, 0},
    {" paf", 4, 0},
    {"fap ", 4, 0},
    {"PVF1\n", 5, 0},
    {"Creative Voice File\x1A", 20, 0},
    {"ALawSoundFile**\0", 16, 0}, /* WVE */
    {"Extended Instrument: ", 21, 0},
    {"MATLAB 5.0 MAT-file", 19, 0},
};

bool sv_sound_has_magic(const sv_head *head)
{
    sv_byte_order order;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (holds(head, magics[i].byte, magics[i].text, magics[i].num_bytes)) {
            return true;
        }
    }
    return style_of(head) != NULL || is_au(head, &order) || is_ircam(head) || is_htk(head) ||
           is_mpc(head) || is_matlab_4(head);
}

/* ---- what is not read -------------------------------------------------------------------- */

static bool is_mpeg(const sv_head *head)
{
    return holds(head, 0, "ID3", 3) && head->num_bytes > 3 && head->bytes[3] <= 4;
}

static bool is_sample_dump(const sv_head *head)
{
    return holds(head, 0, "\xF0\x7E", 2) && holds(head, 3, "\1", 1) && holds(head, 20, "\xF7", 1);
}

bool sv_sound_is_refused(const sv_head *head)
{
    return is_mpeg(head) || is_sample_dump(head);
}

sv_status sv_sound_refuse(const char *path, const sv_head *head, sv_error *error)
{
    static const char *const mpeg[] = {".mp3", NULL}, *const dump[] = {".sds", NULL},
                             *const designer[] = {".sd2", NULL};
    if (is_mpeg(head) || sv_path_has_suffix(path, mpeg)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "MP3 is not read: it keeps what ears hear, and no samples as they were "
                       "measured; where they are all there is, convert it to WAV with sox or "
                       "ffmpeg");
    }
    if (is_sample_dump(head) || sv_path_has_suffix(path, dump)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "a MIDI sample dump is not read, since its decoder would write messages "
                       "among the results; convert it to WAV with sndfile-convert");
    }
    if (sv_path_has_suffix(path, designer)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "Sound Designer II keeps its header in a second file, its resource fork; "
                       "give --format raw with --dtype, --channels and --rate");
    }
    return sv_fail(error, SV_FORMAT,
                   "it does not begin as a sound file that is read (WAV, RF64, W64, AIFF, AU, CAF, "
                   "FLAC, Ogg and others); if its samples are raw, say --format raw");
}

/* ---- chunks ------------------------------------------------------------------------------ */

typedef struct walk {
    const sv_recording *recording;
    const style *style;
    sv_sound_statement *statement;
    int64_t file_bytes;
    int64_t rest_bytes; /* that follow the header's first 8, by its own account */

    /* RF64 has its sizes in a chunk of their own. */
    int64_t long_data_bytes, long_field_byte;
    sv_sound_peaks *peaks; /* what is looked for; NULL: the statement */
} walk;

typedef struct chunk {
    unsigned char header[LONGEST_HEADER];
    int64_t first_byte;     /* of the contents */
    int64_t num_bytes;      /* of the contents as stated; −1: makes no sense */
    unsigned char peek[24]; /* the beginning of the contents, zeros past the file's end */
} chunk;

static sv_status read_chunk(const walk *w, int64_t byte, chunk *found, sv_error *error)
{
    int id_bytes = w->style->id_bytes;
    int header_bytes = id_bytes + w->style->size_bytes;
    *found = (chunk){.first_byte = byte + header_bytes};
    sv_status status =
        sv_recording_read(w->recording, byte, found->header, (size_t)header_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    found->num_bytes = load_size(found->header + id_bytes, w->style->size_bytes, w->style->order);
    if (w->style->kind == W64) { /* which counts the chunk's header too */
        found->num_bytes = sv_max_i8(found->num_bytes - header_bytes, -1);
    }
    int64_t there = sv_min_i8((int64_t)sizeof found->peek, w->file_bytes - found->first_byte);
    return there > 0 ? sv_recording_read(w->recording, found->first_byte, found->peek,
                                         (size_t)there, error)
                     : SV_OK;
}

static bool has_id(const chunk *found, const char *id)
{
    return memcmp(found->header, id, 4) == 0;
}

/* A size that a program writes before it knows it: ffmpeg all ones; sox the most whole frames below
 * 2 GiB less a page, or for AIFF less 16 MiB, which a file may well have. */
static bool is_placeholder(const walk *w, int64_t field, int64_t data_bytes)
{
    int64_t sox = w->style->kind == AIFF ? 0x7F000000 : 0x7FFFF000;
    bool is_sox = data_bytes > sox - 65536 && data_bytes <= sox;
    return field == UINT32_MAX || (is_sox && data_bytes > w->file_bytes - w->statement->data_byte);
}

/* CAF may leave it open. Elsewhere, that there are none is a statement in a file which has the size
 * that its header gives. */
static bool is_unfinished(const walk *w, int64_t field)
{
    const sv_sound_statement *s = w->statement;
    if (w->style->kind == CAF || s->data_byte >= w->file_bytes) {
        return false;
    }
    if (s->data_bytes <= 0) {
        return llabs(w->rest_bytes - (w->file_bytes - 8)) > 1;
    }
    return is_placeholder(w, field, s->data_bytes);
}

static void take_data(const walk *w, const chunk *found)
{
    sv_sound_statement *s = w->statement;
    int64_t field = found->num_bytes;
    s->field_byte = found->first_byte - w->style->size_bytes;
    s->field_bytes = w->style->size_bytes;
    s->field_order = w->style->order;
    s->counted_from = found->first_byte;
    if (w->style->kind == W64) {
        s->counted_from -= w->style->id_bytes + w->style->size_bytes;
    }
    if (field == UINT32_MAX && w->long_data_bytes >= 0) {
        field = w->long_data_bytes;
        s->field_byte = w->long_field_byte;
        s->field_bytes = 8;
    }
    int64_t lead = w->style->lead_bytes;
    if (w->style->kind == AIFF) { /* how far behind the chunk's two words they begin */
        lead += load_size(found->peek, 4, SV_BIG_ENDIAN);
    }
    s->data_byte = found->first_byte + lead;
    s->data_bytes = field < 0 ? -1 : sv_max_i8(field - lead, 0);
    s->is_unfinished = is_unfinished(w, field);
}

static void take_chunk(walk *w, const chunk *found)
{
    container kind = w->style->kind;
    if (has_id(found, w->style->data_id)) {
        take_data(w, found);
    } else if (kind == RF64 && has_id(found, "ds64") && found->num_bytes >= 16) {
        w->rest_bytes = load_size(found->peek, 8, SV_LITTLE_ENDIAN);
        w->long_data_bytes = load_size(found->peek + 8, 8, SV_LITTLE_ENDIAN);
        w->long_field_byte = found->first_byte + 8;
    } else if (kind == AIFF && has_id(found, "COMM") && found->num_bytes >= 18) {
        w->statement->num_frames = load_size(found->peek + 2, 4, SV_BIG_ENDIAN);
        w->statement->rate = load_extended(found->peek + 8);
    } else if (kind <= W64 && has_id(found, "fmt ")) {
        int tag = found->peek[w->style->order == SV_LITTLE_ENDIAN ? 0 : 1];
        int rest = found->peek[w->style->order == SV_LITTLE_ENDIAN ? 1 : 0];
        w->statement->is_mpeg = rest == 0 && (tag == WAVE_MPEG || tag == WAVE_MP3);
    } else if (kind == CAF && has_id(found, "desc")) {
        sv_dtype dtype = sv_dtype_make(SV_F8, SV_BIG_ENDIAN);
        w->statement->rate = sv_dtype_load(dtype, found->peek).value.f;
    }
}

/* AIFF may have its COMM behind the samples. */
static bool is_done(const walk *w)
{
    return w->statement->data_byte >= 0 &&
           (w->statement->num_frames >= 0 || w->style->kind != AIFF);
}

static void take_peaks(walk *w, const chunk *found)
{
    bool is_caf = w->style->kind == CAF;
    take_chunk(w, found);
    if (has_id(found, is_caf ? "peak" : "PEAK")) {
        *w->peaks = (sv_sound_peaks){.byte = found->first_byte,
                                     .num_bytes = found->num_bytes,
                                     .order = w->style->order,
                                     .has_long_places = is_caf};
    }
}

/* What lies behind the chunk begins here; −1: nothing does. */
static int64_t end_of(const walk *w, const chunk *found)
{
    bool is_long = has_id(found, w->style->data_id) && found->num_bytes == UINT32_MAX &&
                   w->long_data_bytes >= 0;
    int64_t bytes = is_long ? w->long_data_bytes : found->num_bytes;
    /* Not their sum: what a header states may be any number. */
    return bytes < 0 || bytes > w->file_bytes - found->first_byte ? -1 : found->first_byte + bytes;
}

static sv_status walk_chunks(walk *w, sv_error *error)
{
    int header_bytes = w->style->id_bytes + w->style->size_bytes;
    int64_t byte = w->style->first_chunk;
    for (int i = 0; i < MOST_CHUNKS && byte <= w->file_bytes - header_bytes; i++) {
        chunk found;
        if (w->peaks != NULL ? w->peaks->byte >= 0 : is_done(w)) {
            break;
        }
        sv_status status = read_chunk(w, byte, &found, error);
        if (status != SV_OK) {
            return status;
        }
        if (w->peaks != NULL) {
            take_peaks(w, &found);
        } else {
            take_chunk(w, &found);
        }
        int64_t end = end_of(w, &found);
        if (end < 0) {
            return SV_OK;
        }
        int64_t rest = end % w->style->alignment;
        byte = end + (rest > 0 ? w->style->alignment - rest : 0);
    }
    return SV_OK;
}

/* ---- headers of one size ----------------------------------------------------------------- */

/* How many samples NIST's header says that there are of each channel; −1: it does not. */
static int64_t find_nist_count(const sv_head *head)
{
    static const char key[] = "sample_count -i ";
    size_t length = sizeof key - 1;
    for (size_t byte = 0; byte + length < head->num_bytes; byte++) {
        if (memcmp(head->bytes + byte, key, length) == 0) {
            int64_t count = 0;
            for (byte += length; byte < head->num_bytes && count < INT64_MAX / 20; byte++) {
                if (head->bytes[byte] < '0' || head->bytes[byte] > '9') {
                    return count;
                }
                count = 10 * count + head->bytes[byte] - '0';
            }
        }
    }
    return -1;
}

static void read_counts(const sv_head *head, sv_sound_statement *statement)
{
    if (holds(head, 0, "NIST_1A\n", 8)) {
        statement->num_frames = find_nist_count(head);
    } else if (holds(head, 0, "2BIT", 4)) {
        statement->num_frames = word_at(head, 26, SV_BIG_ENDIAN);
    } else if (holds(head, 0, "ALawSoundFile**", 15)) {
        statement->num_frames = word_at(head, 18, SV_BIG_ENDIAN);
    } else if (is_matlab_4(head)) {
        bool is_little = head->bytes[0] == 0 && head->bytes[2] == 0;
        statement->num_frames = word_at(head, 47, is_little ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN);
    } else if (is_htk(head)) { /* in units of 100 ns */
        statement->rate = 1e7 / (double)word_at(head, 4, SV_BIG_ENDIAN);
    }
}

static walk begin_walk(const sv_recording *recording, const style *of, const sv_head *head,
                       sv_sound_statement *statement)
{
    walk w = {.recording = recording,
              .style = of,
              .statement = statement,
              .file_bytes = head->file_bytes,
              .long_data_bytes = -1};
    w.rest_bytes = of->kind == W64 ? load_size(head->bytes + 16, 8, of->order) - 8
                                   : load_size(head->bytes + 4, 4, of->order);
    return w;
}

static const sv_sound_statement nothing = {.data_byte = -1, .data_bytes = -1, .num_frames = -1};

sv_status sv_sound_find_peaks(const sv_recording *recording, sv_sound_peaks *peaks, sv_error *error)
{
    sv_head head = {.file_bytes = recording->size_bytes};
    sv_sound_statement statement = nothing;
    head.num_bytes = (size_t)sv_min_i8(head.file_bytes, SV_HEAD_BYTES);
    *peaks = (sv_sound_peaks){.byte = -1};
    sv_status status = sv_recording_read(recording, 0, head.bytes, head.num_bytes, error);
    const style *of = status == SV_OK ? style_of(&head) : NULL;
    if (of == NULL) {
        return status;
    }
    walk w = begin_walk(recording, of, &head, &statement);
    w.peaks = peaks;
    return walk_chunks(&w, error);
}

sv_status sv_sound_read_statement(const sv_recording *recording, const sv_head *head,
                                  sv_sound_statement *statement, sv_error *error)
{
    *statement = nothing;
    sv_byte_order order;
    const style *s = style_of(head);
    if (s != NULL) {
        walk w = begin_walk(recording, s, head, statement);
        return walk_chunks(&w, error);
    }
    if (is_au(head, &order)) {
        int64_t size = load_size(head->bytes + 8, 4, order);
        statement->data_byte = load_size(head->bytes + 4, 4, order);
        statement->data_bytes = size == UINT32_MAX ? -1 : size;
    }
    read_counts(head, statement);
    return SV_OK;
}

/* ---- what libsndfile is shown instead ---------------------------------------------------- */

/* A field of 32 bits that the length does not fit says as much as it can. */
void sv_sound_mend_header(const sv_sound_statement *stated, int64_t file_bytes,
                          sv_sound_patch *patch)
{
    int64_t there = file_bytes - stated->data_byte;
    bool is_right = stated->data_bytes >= 0 && stated->data_bytes <= there;
    if (stated->field_bytes == 0 || there < 0 || (is_right && !stated->is_unfinished)) {
        return;
    }
    int64_t length = file_bytes - stated->counted_from;
    if (stated->field_bytes == 4) {
        length = sv_min_i8(length, UINT32_MAX - 1);
    }
    sv_dtype dtype = sv_dtype_make(stated->field_bytes == 4 ? SV_U4 : SV_U8, stated->field_order);
    patch->first_byte = stated->field_byte;
    patch->num_bytes = (size_t)stated->field_bytes;
    sv_dtype_store(dtype, patch->bytes, sv_scalar_int(length));
}

/* The 36 bits from the middle of byte 21 on, in the block that always comes first. */
sv_status sv_sound_restate_flac(const sv_recording *recording, int64_t num_frames,
                                sv_sound_patch *patch, sv_error *error)
{
    enum { TOTAL_BYTE = 21, TOTAL_BYTES = 5, HEAD_BYTES = TOTAL_BYTE + TOTAL_BYTES };
    unsigned char head[HEAD_BYTES];
    if (sv_buffer_size_bytes(recording->buffer) < HEAD_BYTES) {
        return SV_OK;
    }
    sv_status status = sv_recording_read(recording, 0, head, sizeof head, error);
    if (status != SV_OK || memcmp(head, "fLaC", 4) != 0 || (head[4] & 0x7F) != 0) {
        return status;
    }
    uint64_t total = num_frames < (INT64_C(1) << 36) ? (uint64_t)num_frames : 0;
    patch->first_byte = TOTAL_BYTE;
    patch->num_bytes = TOTAL_BYTES;
    for (int i = 0; i < TOTAL_BYTES; i++) {
        patch->bytes[i] = (unsigned char)(total >> 8 * (TOTAL_BYTES - 1 - i));
    }
    patch->bytes[0] = (unsigned char)((head[TOTAL_BYTE] & 0xF0) | (patch->bytes[0] & 0x0F));
    return SV_OK;
}
