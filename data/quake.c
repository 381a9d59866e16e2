/* The physics of the recording.
 *
 * Frequencies f are in Hz, R is the distance to the hypocentre, c the speed of P or S.
 *
 * Source.  Displacement spectrum at distance R (Brune 1970):
 *              Omega(f) = Omega0 / (1 + (f/fc)^2)
 *              Omega0   = 2 M0 radiation / (4 pi rho c^3 R)      (2: the free surface)
 *              M0       = 10^(1.5 Mw + 9.1) N m                  (Hanks & Kanamori 1979)
 *              r        = (7 M0 / (16 stress drop))^(1/3)        (Brune 1970)
 *              fc(S)    = 2.34 vs / (2 pi r)                     (Brune 1970, 1971)
 *              fc(P)    = fc(S) vp / vs                          (Hanks & Wyss 1972)
 *          In time that is the one-sided pulse t exp(-2 pi fc t), whose phase is -2 atan(f/fc).
 *          The instrument records velocity, whose spectrum is 2 pi i f times as large.
 * Path.    exp(-pi f t*), t* = R / (Q c) + kappa, with the phase 2 f t* ln(f/f0), f0 being half
 *          the sample rate, without which the pulse would begin before its time (Azimi 1968).
 * Times.   R / vp and R / vs: straight rays in a Poisson solid, vp / vs = sqrt(3).
 * Coda.    Scattered waves in octave bands, at the time t after the origin (Aki 1969;
 *          Aki & Chouet 1975, for body waves):
 *              A(f|t) = S(f) t^-1 exp(-pi f t / Qc),  Qc = 120 f^0.8
 *          and after each arrival a shorter coda of what is scattered near the ray.
 * Noise.   Secondary microseism at 0.15 to 0.2 Hz (Longuet-Higgins 1950), and white noise.
 *
 * K. Aki, JGR 74, 1969. K. Aki & B. Chouet, JGR 80, 1975. S. A. Azimi et al., Izv. Phys. Solid
 * Earth, 1968. D. M. Boore & J. Boatwright, BSSA 74, 1984. J. N. Brune, JGR 75, 1970; correction,
 * JGR 76, 1971. T. C. Hanks & H. Kanamori, JGR 84, 1979. T. C. Hanks & M. Wyss, BSSA 62, 1972.
 * M. S. Longuet-Higgins, Phil. Trans. R. Soc. A 243, 1950. */
#include "quake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define PI             3.14159265358979323846
#define NUM_BANDS      6
#define NUM_COMPONENTS 3 /* Z, N, E of each station */

/* The ground: m/s, kg/m^3, m, radians (rays bend upwards near the surface), s. */
static const double vp = 6000.0;
static const double vp_over_vs = 1.7320508075688772;
static const double density = 2700.0;
static const double epicentral_distance = 78e3;
static const double station_spacing = 1e3; /* each one farther from the quake */
static const double depth = 9e3;
static const double back_azimuth = 1.78;
static const double incidence = 0.35;
static const double q_direct = 280.0;
static const double kappa = 0.04;
static const double q_coda_at_1_hz = 120.0;
static const double q_coda_exponent = 0.8;

/* The quake: Mw, Pa, averages over the focal sphere (Boore & Boatwright 1984). */
static const double magnitude = 3.0;
static const double stress_drop = 3e6;
static const double radiation_p = 0.52;
static const double radiation_s = 0.63;
static const double share_sv = 0.7;
static const double share_sh = 0.7;

/* The coda: rms against the direct wave's spectrum, and the shape after an arrival. */
static const double lowest_band = 0.5; /* Hz; the others follow in octaves */
static const double coda_share = 0.75;
static const double rise_seconds = 0.3;
static const double near_p_seconds = 4.5;
static const double near_s_seconds = 3.0;
static const double quake_seconds = 300.0; /* its coda is far below the noise then */

/* The noise: rms in counts, Hz. The filters forget their empty start before the first sample. */
static const double microseism_counts = 170.0;
static const double microseism_hz[2] = {0.155, 0.19};
static const double microseism_bandwidth = 0.035;
static const double white_counts = 12.0;
static const double warm_up_seconds = 60.0;

/* The instrument: a broadband seismometer and a 24-bit digitiser. */
static const double counts_per_m_s = 3e8;
static const double largest_count = 8388607.0;

/* A direct wave's Fourier sum has this period; samples are kept around the arrival. */
static const double pulse_period_seconds = 8.0;
static const double pulse_before_seconds = 0.5;
static const double pulse_after_seconds = 3.0;

struct resonator {
    double gain, turn, square;
    double input[2], output[2];
};

/* A wave at one station. Samples count from the origin. */
struct wave {
    int64_t arrival, pulse_first, pulse_end;
    double *pulse;               /* counts, along the direction in which the ground moves */
    double scattered[NUM_BANDS]; /* counts rms of its coda, before the decay */
};

struct station {
    struct wave waves[NUM_WAVES];
};

struct noise {
    random_state random;
    struct resonator microseism[2];
};

/* One quake's scattered waves on one channel. */
struct coda {
    random_state random;
    struct resonator bands[NUM_BANDS];
};

struct recorder {
    const struct settings *settings;
    int64_t num_frames;
    int64_t quake_length;     /* samples */
    double *decay[NUM_BANDS]; /* A(f|t) / S(f), by samples after the origin */
    double *shape[NUM_WAVES]; /* by samples after the arrival */
    double motion[NUM_WAVES][NUM_COMPONENTS];
    struct station *stations;
    struct noise *noises; /* one a channel */
    struct coda *codas;   /* num_origins × num_channels */
    int64_t *origins;     /* in samples */
};

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fputs("make_quake: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

/* ---- filters ------------------------------------------------------------------------------- */

/* Two poles around `hz`, zeros at 0 and at the Nyquist frequency: H = (1 - A) / 2 with an all-pass
 * A whose first coefficient is `square`, so that white noise of variance 1 leaves with variance
 * (1 - square) / 2. The gain makes it 1 again. */
static struct resonator resonator_make(double hz, double bandwidth, double rate)
{
    double radius = exp(-PI * bandwidth / rate);
    struct resonator made = {0};
    made.square = radius * radius;
    made.turn = 2.0 * radius * cos(2.0 * PI * hz / rate);
    made.gain = sqrt((1.0 - made.square) / 2.0);
    return made;
}

static double resonator_next(struct resonator *filter, double input)
{
    double output = filter->gain * (input - filter->input[1]) + filter->turn * filter->output[0] -
                    filter->square * filter->output[1];
    filter->input[1] = filter->input[0];
    filter->input[0] = input;
    filter->output[1] = filter->output[0];
    filter->output[0] = output;
    return output;
}

/* ---- source and path ----------------------------------------------------------------------- */

static double band_hz(int band)
{
    return ldexp(lowest_band, band);
}

static double hypocentral_distance(int64_t station_index)
{
    double distance = epicentral_distance + station_spacing * (double)station_index;
    return sqrt(distance * distance + depth * depth);
}

static double wave_speed(wave_type type)
{
    return type == WAVE_P ? vp : vp / vp_over_vs;
}

static double travel_seconds(wave_type type, int64_t station_index)
{
    return hypocentral_distance(station_index) / wave_speed(type);
}

static double corner_hz(wave_type type)
{
    double moment = pow(10.0, 1.5 * magnitude + 9.1);
    double radius = cbrt(7.0 * moment / (16.0 * stress_drop));
    double corner_s = 2.34 * wave_speed(WAVE_S) / (2.0 * PI * radius);
    return type == WAVE_S ? corner_s : corner_s * vp_over_vs;
}

static double path_t_star(wave_type type, int64_t station_index)
{
    return travel_seconds(type, station_index) / q_direct + kappa;
}

/* |velocity spectrum| in m, with source and path. */
static double spectrum(wave_type type, int64_t station_index, double hz)
{
    double moment = pow(10.0, 1.5 * magnitude + 9.1);
    double speed = wave_speed(type);
    double omega0 =
        2.0 * moment * (type == WAVE_P ? radiation_p : radiation_s) /
        (4.0 * PI * density * speed * speed * speed * hypocentral_distance(station_index));
    double ratio = hz / corner_hz(type);
    return 2.0 * PI * hz * omega0 / (1.0 + ratio * ratio) *
           exp(-PI * hz * path_t_star(type, station_index));
}

/* Velocity in m/s at `seconds` after the arrival. */
static double direct_velocity(wave_type type, int64_t station_index, double rate, double seconds)
{
    double corner = corner_hz(type);
    double t_star = path_t_star(type, station_index);
    double step = 1.0 / pulse_period_seconds;
    double velocity = 0.0;
    for (double hz = step; hz < rate / 2.0; hz += step) {
        double phase =
            PI / 2.0 - 2.0 * atan(hz / corner) + 2.0 * hz * t_star * log(hz / (rate / 2.0));
        velocity +=
            2.0 * step * spectrum(type, station_index, hz) * cos(2.0 * PI * hz * seconds + phase);
    }
    return velocity;
}

static void wave_make(struct wave *made, wave_type type, int64_t station_index, double rate)
{
    double travel = travel_seconds(type, station_index);
    made->arrival = (int64_t)ceil(travel * rate);
    made->pulse_first = (int64_t)ceil((travel - pulse_before_seconds) * rate);
    made->pulse_end = (int64_t)ceil((travel + pulse_after_seconds) * rate);
    made->pulse = allocate((size_t)(made->pulse_end - made->pulse_first), sizeof(double));
    for (int64_t sample = made->pulse_first; sample < made->pulse_end; sample++) {
        double seconds = (double)sample / rate - travel;
        made->pulse[sample - made->pulse_first] =
            counts_per_m_s * direct_velocity(type, station_index, rate, seconds);
    }
}

/* How the ground moves on Z, N and E: P along the ray, S across it in the plane of the ray (SV)
 * and horizontally (SH). */
static void recorder_turn(struct recorder *made)
{
    double away_north = -cos(back_azimuth), away_east = -sin(back_azimuth);
    double *p = made->motion[WAVE_P], *s = made->motion[WAVE_S];
    p[0] = cos(incidence);
    p[1] = sin(incidence) * away_north;
    p[2] = sin(incidence) * away_east;
    s[0] = -share_sv * sin(incidence);
    s[1] = share_sv * cos(incidence) * away_north - share_sh * away_east;
    s[2] = share_sv * cos(incidence) * away_east + share_sh * away_north;
}

/* ---- coda ---------------------------------------------------------------------------------- */

static void recorder_shape_coda(struct recorder *made)
{
    double rate = made->settings->rate;
    size_t length = (size_t)made->quake_length;
    for (int band = 0; band < NUM_BANDS; band++) {
        double hz = band_hz(band);
        double q = q_coda_at_1_hz * pow(hz, q_coda_exponent);
        made->decay[band] = allocate(length, sizeof(double));
        for (size_t sample = 1; sample < length; sample++) {
            double seconds = (double)sample / rate;
            made->decay[band][sample] = exp(-PI * hz * seconds / q) / seconds;
        }
    }
    made->shape[WAVE_P] = allocate(length, sizeof(double));
    made->shape[WAVE_S] = allocate(length, sizeof(double));
    for (size_t sample = 0; sample < length; sample++) {
        double seconds = (double)sample / rate;
        double rise = 1.0 - exp(-seconds / rise_seconds);
        made->shape[WAVE_P][sample] = rise * (0.25 + exp(-seconds / near_p_seconds));
        made->shape[WAVE_S][sample] = rise * (0.5 + exp(-seconds / near_s_seconds));
    }
}

/* A band's rms is the spectrum times the band's width, and what it decays to at the arrival is
 * taken out: the direct wave's spectrum has that already. Bands above the Nyquist are silent. */
static void wave_scatter(struct wave *made, wave_type type, int64_t station_index,
                         const struct recorder *of)
{
    for (int band = 0; band < NUM_BANDS; band++) {
        double hz = band_hz(band);
        if (hz < 0.4 * of->settings->rate && made->arrival < of->quake_length) {
            double width = hz / sqrt(2.0);
            made->scattered[band] = coda_share * counts_per_m_s * width *
                                    spectrum(type, station_index, hz) /
                                    of->decay[band][made->arrival];
        }
    }
}

/* ---- the recorder -------------------------------------------------------------------------- */

static double noise_next(struct noise *of)
{
    double waves = resonator_next(&of->microseism[0], random_gaussian(&of->random)) +
                   resonator_next(&of->microseism[1], random_gaussian(&of->random));
    return microseism_counts * waves / sqrt(2.0) + white_counts * random_gaussian(&of->random);
}

static struct noise noise_make(const struct settings *settings, int64_t channel)
{
    struct noise made = {0};
    made.random = random_begin(settings->seed, 2 * (uint64_t)channel);
    for (int peak = 0; peak < 2; peak++) {
        made.microseism[peak] =
            resonator_make(microseism_hz[peak], microseism_bandwidth, settings->rate);
    }
    for (int64_t left = (int64_t)(warm_up_seconds * settings->rate); left > 0; left--) {
        noise_next(&made);
    }
    return made;
}

/* Every quake is the same one again, as the repeating quakes of one fault are: its coda begins
 * from the same random numbers. */
static struct coda coda_make(const struct settings *settings, int64_t channel)
{
    struct coda made = {0};
    made.random = random_begin(settings->seed, 2 * (uint64_t)channel + 1);
    for (int band = 0; band < NUM_BANDS; band++) {
        double hz = band_hz(band);
        made.bands[band] = resonator_make(hz, hz / sqrt(2.0), settings->rate);
    }
    return made;
}

/* Makes the first station's direct S wave settings.snr times the noise's rms at its peak. */
static void recorder_scale(struct recorder *made, int64_t num_stations)
{
    const struct wave *first = &made->stations[0].waves[WAVE_S];
    double peak = 0.0;
    for (int64_t sample = 0; sample < first->pulse_end - first->pulse_first; sample++) {
        peak = fmax(peak, fabs(first->pulse[sample]));
    }
    double rms = sqrt(microseism_counts * microseism_counts + white_counts * white_counts);
    double scale = made->settings->snr * rms / peak;
    for (int wave_index = 0; wave_index < NUM_WAVES; wave_index++) {
        for (int component = 0; component < NUM_COMPONENTS; component++) {
            made->motion[wave_index][component] *= scale;
        }
    }
    for (int64_t station_index = 0; station_index < num_stations; station_index++) {
        for (int band = 0; band < NUM_BANDS; band++) {
            made->stations[station_index].waves[WAVE_P].scattered[band] *= scale;
            made->stations[station_index].waves[WAVE_S].scattered[band] *= scale;
        }
    }
}

static void recorder_make_stations(struct recorder *made)
{
    double rate = made->settings->rate;
    int64_t num_stations = (made->settings->num_channels + NUM_COMPONENTS - 1) / NUM_COMPONENTS;
    made->stations = allocate((size_t)num_stations, sizeof(struct station));
    for (int64_t station_index = 0; station_index < num_stations; station_index++) {
        for (wave_type type = WAVE_P; type < NUM_WAVES; type++) {
            struct wave *wave = &made->stations[station_index].waves[type];
            wave_make(wave, type, station_index, rate);
            wave_scatter(wave, type, station_index, made);
        }
    }
    if (made->settings->snr >= 0.0) {
        recorder_scale(made, num_stations);
    }
}

struct recorder *recorder_make(const struct settings *settings)
{
    size_t num_channels = (size_t)settings->num_channels;
    struct recorder *made = allocate(1, sizeof(struct recorder));
    made->settings = settings;
    made->num_frames = (int64_t)floor(settings->seconds * settings->rate + 0.5);
    made->quake_length = (int64_t)(quake_seconds * settings->rate);
    recorder_turn(made);
    recorder_shape_coda(made);
    recorder_make_stations(made);

    made->noises = allocate(num_channels, sizeof(struct noise));
    for (size_t channel = 0; channel < num_channels; channel++) {
        made->noises[channel] = noise_make(settings, (int64_t)channel);
    }
    made->origins = allocate(settings->num_origins, sizeof(int64_t));
    made->codas = allocate(settings->num_origins * num_channels, sizeof(struct coda));
    for (size_t quake = 0; quake < settings->num_origins; quake++) {
        made->origins[quake] = (int64_t)floor(settings->origins[quake] * settings->rate + 0.5);
        for (size_t channel = 0; channel < num_channels; channel++) {
            made->codas[quake * num_channels + channel] = coda_make(settings, (int64_t)channel);
        }
    }
    return made;
}

void recorder_free(struct recorder *made)
{
    int64_t num_stations = (made->settings->num_channels + NUM_COMPONENTS - 1) / NUM_COMPONENTS;
    for (int64_t station_index = 0; station_index < num_stations; station_index++) {
        free(made->stations[station_index].waves[WAVE_P].pulse);
        free(made->stations[station_index].waves[WAVE_S].pulse);
    }
    for (int band = 0; band < NUM_BANDS; band++) {
        free(made->decay[band]);
    }
    free(made->shape[WAVE_P]);
    free(made->shape[WAVE_S]);
    free(made->stations);
    free(made->noises);
    free(made->codas);
    free(made->origins);
    free(made);
}

int64_t recorder_num_frames(const struct recorder *recorder)
{
    return recorder->num_frames;
}

int64_t recorder_arrival(const struct recorder *recorder, size_t quake, wave_type type)
{
    return recorder->origins[quake] + recorder->stations[0].waves[type].arrival;
}

/* One quake on one channel, `sample` samples after its origin. */
static double quake_next(const struct recorder *of, size_t quake, int64_t channel, int64_t sample)
{
    const struct station *station = &of->stations[channel / NUM_COMPONENTS];
    struct coda *coda = &of->codas[quake * (size_t)of->settings->num_channels + (size_t)channel];
    double moved = 0.0, shape[NUM_WAVES];
    for (wave_type type = WAVE_P; type < NUM_WAVES; type++) {
        const struct wave *wave = &station->waves[type];
        if (sample >= wave->pulse_first && sample < wave->pulse_end) {
            moved += of->motion[type][channel % NUM_COMPONENTS] *
                     wave->pulse[sample - wave->pulse_first];
        }
        shape[type] = sample > wave->arrival ? of->shape[type][sample - wave->arrival] : 0.0;
    }
    for (int band = 0; band < NUM_BANDS; band++) {
        double scattered = resonator_next(&coda->bands[band], random_gaussian(&coda->random));
        moved += scattered * of->decay[band][sample] *
                 (shape[WAVE_P] * station->waves[WAVE_P].scattered[band] +
                  shape[WAVE_S] * station->waves[WAVE_S].scattered[band]);
    }
    return moved;
}

static void write_count(double counts, FILE *file)
{
    float sample = (float)fmax(-largest_count, fmin(largest_count, floor(counts + 0.5)));
    uint32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                              (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
    fwrite(bytes, 1, sizeof bytes, file);
}

void recorder_write(struct recorder *of, FILE *file)
{
    size_t first_live = 0, num_origins = of->settings->num_origins;
    for (int64_t frame = 0; frame < of->num_frames; frame++) {
        while (first_live < num_origins && frame - of->origins[first_live] >= of->quake_length) {
            first_live++;
        }
        for (int64_t channel = 0; channel < of->settings->num_channels; channel++) {
            double counts = noise_next(&of->noises[channel]);
            for (size_t quake = first_live; quake < num_origins && of->origins[quake] <= frame;
                 quake++) {
                counts += quake_next(of, quake, channel, frame - of->origins[quake]);
            }
            write_count(counts, file);
        }
    }
}
