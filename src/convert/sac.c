/* SAC: 632 bytes of header, float32 samples, and for header version 7 a footer of float64; as
 * format/sac.c reads it. Version 6 wherever its float32 holds the clock. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/size.h"
#include "convert/writer.h"

enum {
    HEADER_BYTES = 632,
    NUM_FOOTER = 22,
    UNDEFINED = -12345,

    /* Words of the header. */
    NUM_FLOATS = 70,
    NUM_WORDS = 110,
    DELTA = 0,
    DEPMIN = 1,
    DEPMAX = 2,
    B = 5,
    E = 6,
    DEPMEN = 56,
    NZYEAR = 70,
    NVHDR = 76,
    NPTS = 79,
    IFTYPE = 85,
    IDEP = 86,
    IZTYPE = 87,
    LEVEN = 105,
    LPSPOL = 106,
    LOVROK = 107,
    LCALDA = 108,
    UNUSED = 109,

    /* Bytes of texts of 8; KEVNM alone has 16. */
    KSTNM = 440,
    KEVNM = 448,
    KHOLE = 464,
    KCMPNM = 600,
    KNETWK = 608,
    TEXT_BYTES = 8,

    /* Values of iftype, idep and iztype. */
    ITIME = 1,
    IUNKN = 5,
    IDISP = 6,
    IVEL = 7,
    IACC = 8,
    IB = 9,
    IVOLTS = 50
};

static const char *const suffixes[] = {".sac", NULL};

typedef struct sv_sac_state {
    unsigned char header[HEADER_BYTES];
    double delta; /* seconds */
    double b;     /* from the reference time */
    int version;
    float least, most; /* of the finite samples */
    double sum;
    int64_t num_finite;
} sv_sac_state;

/* ---- fields ------------------------------------------------------------------------------ */

static void put_float(sv_sac_state *sac, int word, double value)
{
    sv_dtype_store(sv_dtype_make(SV_F4, SV_LITTLE_ENDIAN), sac->header + 4 * word,
                   sv_scalar_float((double)(float)value));
}

static void put_integer(sv_sac_state *sac, int word, int64_t value)
{
    sv_dtype_store(sv_dtype_make(SV_I4, SV_LITTLE_ENDIAN), sac->header + 4 * word,
                   sv_scalar_int(value));
}

/* Filled up with blanks. False where it had to be cut. */
static bool put_text(sv_sac_state *sac, int byte, const char *text)
{
    size_t length = strlen(text);
    if (length == 0) {
        return true; /* stays undefined */
    }
    memset(sac->header + byte, ' ', TEXT_BYTES);
    memcpy(sac->header + byte, text, length < TEXT_BYTES ? length : TEXT_BYTES);
    return length <= TEXT_BYTES;
}

static void undefine_all(sv_sac_state *sac)
{
    static const char undefined[] = "-12345  ";
    for (int word = 0; word < NUM_FLOATS; word++) {
        put_float(sac, word, UNDEFINED);
    }
    for (int word = NUM_FLOATS; word < NUM_WORDS; word++) {
        put_integer(sac, word, UNDEFINED);
    }
    for (int byte = KSTNM; byte < HEADER_BYTES; byte += TEXT_BYTES) {
        memcpy(sac->header + byte, undefined, TEXT_BYTES);
    }
    memset(sac->header + KEVNM + TEXT_BYTES, ' ', TEXT_BYTES);
}

/* ---- the clock --------------------------------------------------------------------------- */

/* What format/sac.c makes of a float32 delta: whole Hz where it can be meant, else one over its
 * shortest decimal. */
static double rate_of_f4(float delta)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double value = 0.0;
    sv_number_parse(sv_number_shortest_f4(delta, text), &value);
    double whole = round(1.0 / value);
    if (!(whole >= 1.0 && isfinite(whole))) {
        return 1.0 / value;
    }
    float exact = (float)(1.0 / whole);
    bool is_whole = delta >= nextafterf(exact, 0.0F) && delta <= nextafterf(exact, INFINITY);
    return is_whole ? whole : 1.0 / value;
}

/* The float64 whose inverse is the rate, if there is one: the quotient or a neighbour of it. */
static double interval_of(double rate)
{
    double nearest = 1.0 / rate;
    double below = nextafter(nearest, 0.0), above = nextafter(nearest, INFINITY);
    if (1.0 / nearest == rate) {
        return nearest;
    }
    return 1.0 / below == rate ? below : 1.0 / above == rate ? above : nearest;
}

static sv_status put_rate(sv_writing *writing, sv_sac_state *sac, sv_error *error)
{
    char text[SV_NUMBER_TEXT_SIZE];
    double rate = writing->extent.sample_rate;
    float narrow = (float)(1.0 / rate);
    if (!isnormal(narrow)) {
        return sv_fail(error, SV_RANGE, "SAC cannot hold a sample rate of %s Hz",
                       sv_number_shortest(rate, text));
    }
    sac->delta = interval_of(rate);
    sac->version = rate_of_f4(narrow) == rate ? 6 : 7;
    put_float(sac, DELTA, sac->delta);
    put_integer(sac, NVHDR, sac->version);
    if (sac->version == 7) {
        sv_note_loss(writing, SV_LOSS_RATE,
                     "%s Hz needs float64: the file has SAC header version 7, which old programs "
                     "do not know",
                     sv_number_shortest(rate, text));
    }
    return SV_OK;
}

/* The reference time has milliseconds; B has the rest. */
static void put_start(sv_sac_state *sac, sv_time start)
{
    sac->b = 0.0;
    put_integer(sac, IZTYPE, start == SV_TIME_NONE ? IUNKN : IB);
    put_float(sac, B, 0.0);
    if (start == SV_TIME_NONE) {
        return;
    }
    sv_civil civil = sv_civil_of(start);
    int64_t nz[] = {civil.year,   civil.day_of_year, civil.hour,
                    civil.minute, civil.second,      civil.nanosecond / 1000000};
    for (int i = 0; i < 6; i++) {
        put_integer(sac, NZYEAR + i, nz[i]);
    }
    sac->b = (double)(civil.nanosecond % 1000000) / 1e9;
    put_float(sac, B, sac->b);
}

/* ---- who and what ------------------------------------------------------------------------ */

static void put_id(sv_writing *writing, sv_sac_state *sac, const char *id)
{
    sv_id_parts parts;
    sv_split_id(id, &parts);
    bool fits = put_text(sac, KNETWK, parts.network);
    fits = put_text(sac, KSTNM, parts.station) && fits;
    fits = put_text(sac, KHOLE, parts.location) && fits;
    fits = put_text(sac, KCMPNM, parts.channel) && fits;
    if (!fits) {
        sv_note_loss(writing, SV_LOSS_ID,
                     "the id %s is cut: SAC has room for 8 letters of each "
                     "part",
                     id);
    }
}

static void put_unit(sv_writing *writing, sv_sac_state *sac, const char *unit)
{
    static const struct {
        const char *unit;
        int code;
    } units[] = {{"", IUNKN}, {"nm", IDISP}, {"nm/s", IVEL}, {"nm/s2", IACC}, {"V", IVOLTS}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            put_integer(sac, IDEP, units[i].code);
            return;
        }
    }
    put_integer(sac, IDEP, IUNKN);
    sv_note_loss(writing, SV_LOSS_UNIT, "SAC has no code for the unit %s, which is lost", unit);
}

/* ---- the descriptor ---------------------------------------------------------------------- */

static sv_status encode_sac(const sv_writing *writing, sv_dtype from, const char *asked,
                            sv_encoding *encoding, sv_error *error)
{
    static const sv_encoding list[] = {{"f4", {SV_F4, SV_LITTLE_ENDIAN}, 0}};
    (void)writing;
    return sv_choose_encoding(list, 1, from, asked, encoding, error);
}

static sv_status begin_sac(sv_writing *writing, sv_error *error)
{
    int64_t num_samples = writing->extent.num_samples;
    if (num_samples > INT32_MAX) {
        return sv_fail(error, SV_RANGE,
                       "SAC holds %d samples at most, and there are %" PRId64
                       "; give a window with --from and --to",
                       INT32_MAX, num_samples);
    }
    sv_sac_state *sac = sv_calloc(1, sizeof *sac);
    if (sac == NULL) {
        return sv_fail_memory(error, sizeof *sac);
    }
    writing->state = sac;
    sac->least = INFINITY;
    sac->most = -INFINITY;
    sv_channel channel = sv_first_channel(writing);
    undefine_all(sac);
    put_integer(sac, NPTS, num_samples);
    put_integer(sac, IFTYPE, ITIME);
    put_integer(sac, LEVEN, 1);
    put_integer(sac, LPSPOL, 0);
    put_integer(sac, LOVROK, 1);
    put_integer(sac, LCALDA, 0);
    put_integer(sac, UNUSED, 0);
    put_start(sac, channel.start);
    put_id(writing, sac, channel.id);
    put_unit(writing, sac, channel.unit);
    return put_rate(writing, sac, error);
}

static float load_sample(const char *bytes)
{
    uint32_t bits;
    float sample;
    memcpy(&bits, bytes, sizeof bits);
    bits = SV_NATIVE_ENDIAN == SV_LITTLE_ENDIAN ? bits : __builtin_bswap32(bits);
    memcpy(&sample, &bits, sizeof sample);
    return sample;
}

static void look_at(sv_sac_state *sac, const char *samples, int64_t n)
{
    float least = sac->least, most = sac->most;
    double sum = sac->sum;
    int64_t num_finite = sac->num_finite;
    for (int64_t i = 0; i < n; i++) {
        float sample = load_sample(samples + 4 * i);
        if (isfinite(sample)) {
            least = sample < least ? sample : least;
            most = sample > most ? sample : most;
            sum += (double)sample;
            num_finite++;
        }
    }
    sac->least = least;
    sac->most = most;
    sac->sum = sum;
    sac->num_finite = num_finite;
}

static sv_status write_sac(sv_writing *writing, const sv_walk *walk, const sv_tile *tile,
                           sv_error *error)
{
    (void)walk;
    look_at(writing->state, tile->samples, tile->num_samples);
    return sv_output_write(writing->output, HEADER_BYTES + 4 * tile->first, tile->samples,
                           (size_t)(4 * tile->num_samples), error);
}

static sv_status write_footer(sv_writing *writing, const sv_sac_state *sac, sv_error *error)
{
    double values[NUM_FOOTER]; /* delta, b, e, then what is not known */
    unsigned char footer[NUM_FOOTER * 8];
    int64_t num_samples = writing->extent.num_samples;
    for (int i = 0; i < NUM_FOOTER; i++) {
        values[i] = UNDEFINED;
    }
    values[0] = sac->delta;
    values[1] = sac->b;
    values[2] = sac->b + (double)(num_samples - 1) * sac->delta;
    for (int i = 0; i < NUM_FOOTER; i++) {
        sv_dtype_store(sv_dtype_make(SV_F8, SV_LITTLE_ENDIAN), footer + 8 * i,
                       sv_scalar_float(values[i]));
    }
    return sv_output_write(writing->output, HEADER_BYTES + 4 * num_samples, footer, sizeof footer,
                           error);
}

static sv_status end_sac(sv_writing *writing, sv_error *error)
{
    sv_sac_state *sac = writing->state;
    int64_t num_samples = writing->extent.num_samples;
    if (num_samples > 0) {
        put_float(sac, E, sac->b + (double)(num_samples - 1) * sac->delta);
    }
    if (sac->num_finite > 0) {
        put_float(sac, DEPMIN, (double)sac->least);
        put_float(sac, DEPMAX, (double)sac->most);
        put_float(sac, DEPMEN, sac->sum / (double)sac->num_finite);
    }
    sv_status status = sv_output_write(writing->output, 0, sac->header, sizeof sac->header, error);
    return status == SV_OK && sac->version == 7 ? write_footer(writing, sac, error) : status;
}

static void close_sac(sv_writing *writing)
{
    sv_free(writing->state);
}

const sv_writer sv_writer_sac = {
    .name = "sac",
    .description = "SAC binary time series, one channel a file, header version 6 or 7",
    .suffixes = suffixes,
    .holds = SV_HOLDS_CHANNEL,
    .group_rows = 1,
    .encode = encode_sac,
    .begin = begin_sac,
    .samples = write_sac,
    .end = end_sac,
    .close = close_sac,
};
