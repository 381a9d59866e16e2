#include "array/match_plan.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "array/match_cost.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

enum {
    MOST_SIZE = 1 << 2 * SV_MOST_LEVELS,
    PART_LENGTH = MOST_SIZE / 2,
    USUAL_POSITIONS = 1 << 15, /* of a group: below it, what is done once for each of them tells */
    MOST_BATCH = 64,
    SPECTRA_BYTES = 12 << 20,
    MOST_MORE = 1 << 19, /* positions of a group beside the longest delay: they fill memory */
};

/* ---- pairs --------------------------------------------------------------------------------- */

static int64_t find_id(const sv_timeline *timeline, const char *id)
{
    for (int64_t i = 0; i < timeline->num_channels && id[0] != '\0'; i++) {
        if (strcmp(timeline->channels[i].id, id) == 0) {
            return i;
        }
    }
    return -1;
}

static sv_status pair_by_order(const sv_timeline *timeline, const sv_template *template,
                               int64_t *pairs, sv_error *error)
{
    if (template->num_channels > timeline->num_channels) {
        return sv_fail(error, SV_SHAPE,
                       "the template has %" PRId64 " channels and the recording %" PRId64
                       "; choose as many of the template's",
                       template->num_channels, timeline->num_channels);
    }
    for (int64_t i = 0; i < template->num_channels; i++) {
        pairs[i] = i;
    }
    return SV_OK;
}

static sv_status pair_channels(const sv_timeline *timeline, const sv_template *template,
                               int64_t *pairs, sv_error *error)
{
    int64_t found = 0, missing = -1;
    for (int64_t i = 0; i < template->num_channels; i++) {
        pairs[i] = find_id(timeline, template->channels[i].id);
        found += pairs[i] >= 0;
        missing = pairs[i] < 0 ? i : missing;
    }
    if (found == template->num_channels) {
        return SV_OK;
    }
    if (found == 0) {
        return pair_by_order(timeline, template, pairs, error);
    }
    return sv_fail(error, SV_NOTFOUND,
                   "the recording has some channels of the template, but not %s; choose those that "
                   "both have",
                   template->channels[missing].id[0] != '\0' ? template->channels[missing].id
                                                             : "the one without id");
}

/* Clocks that drift apart by less than half a sample over the template are the same. */
static bool same_rate(double a, double b, int64_t num_samples)
{
    return fabs(a - b) * (double)num_samples <= 0.5 * b;
}

static sv_status check_rate(const sv_timeline *timeline, const sv_template *template,
                            int64_t channel, sv_error *error)
{
    const sv_timeline_channel *of = &timeline->channels[channel];
    if (of->sample_rate > 0.0 &&
        same_rate(of->sample_rate, template->sample_rate, template->span)) {
        return SV_OK;
    }
    if (of->sample_rate == 0.0) {
        return sv_fail(error, SV_INVALID,
                       "channel %" PRId64 " changes its sample rate; choose a window of one rate",
                       of->number);
    }
    return sv_fail(error, SV_INVALID,
                   "channel %" PRId64 " has %.10g Hz and the template %.10g; resample one of them",
                   of->number, of->sample_rate, template->sample_rate);
}

static sv_status pair_template(sv_match_plan *plan, int64_t index, sv_error *error)
{
    const sv_template *template = plan->templates[index];
    int64_t *pairs = sv_malloc((size_t) template->num_channels * sizeof *pairs), past = 0;
    plan->pairs[index] = pairs;
    if (pairs == NULL) {
        return sv_fail_memory(error, (size_t) template->num_channels * sizeof *pairs);
    }
    sv_status status = pair_channels(plan->timeline, template, pairs, error);
    for (int64_t i = 0; i < template->num_channels && status == SV_OK; i++) {
        status = check_rate(plan->timeline, template, pairs[i], error);
        past = sv_max_i8(past, plan->timeline->channels[pairs[i]].past);
        plan->longest = sv_max_i8(plan->longest, template->channels[i].length);
        plan->reach = sv_max_i8(plan->reach, template->channels[i].delay);
    }
    if (status == SV_OK && template->span > past) {
        status = sv_fail(error, SV_RANGE,
                         "the template is longer than the recording: %" PRId64
                         " samples from its first to its last one, of %" PRId64,
                         template->span, past);
    }
    plan->num_positions[index] = past - template->span + 1;
    plan->most_positions = sv_max_i8(plan->most_positions, past - template->span + 1);
    return status;
}

sv_status sv_match_plan_pair(const sv_timeline *timeline, sv_template *const templates[],
                             int64_t num_templates, sv_match_plan *plan, sv_error *error)
{
    size_t count = (size_t)num_templates;
    *plan = (sv_match_plan){
        .timeline = timeline, .templates = templates, .num_templates = num_templates};
    plan->pairs = sv_calloc(count, sizeof(int64_t *));
    plan->num_positions = sv_calloc(count, sizeof *plan->num_positions);
    plan->spectrum = sv_calloc(count, sizeof(double **));
    if (plan->pairs == NULL || plan->num_positions == NULL || plan->spectrum == NULL) {
        return sv_fail_memory(error, count * 3 * sizeof(int64_t *));
    }
    sv_status status = sv_kernels_get(&plan->kernels, error);
    for (int64_t i = 0; i < num_templates && status == SV_OK; i++) {
        status = pair_template(plan, i, error);
    }
    return status;
}

void sv_match_plan_close(sv_match_plan *plan)
{
    for (int64_t i = 0; i < plan->num_templates; i++) {
        if (plan->pairs != NULL) {
            sv_free(plan->pairs[i]);
        }
        if (plan->spectrum != NULL) {
            sv_free(plan->spectrum[i]);
        }
    }
    sv_free(plan->pairs);
    sv_free(plan->num_positions);
    sv_free(plan->spectrum);
    sv_free(plan->roots);
    sv_free(plan->reciprocals);
    sv_free(plan->spectra);
    *plan = (sv_match_plan){.num_templates = 0};
}

/* ---- batches ------------------------------------------------------------------------------- */

/* What transforms a set of templates needs. */
typedef struct spectra {
    int64_t longest; /* samples of a channel */
    int64_t parts;   /* of all channels */
} spectra;

static void add_template(const sv_template *template, spectra *of)
{
    for (int64_t i = 0; i < template->num_channels; i++) {
        int64_t length = template->channels[i].length;
        of->longest = sv_max_i8(of->longest, length);
        of->parts += (length + PART_LENGTH - 1) / PART_LENGTH;
    }
}

/* At most, whichever size is chosen. */
static int64_t bytes_of_spectra(const spectra *of)
{
    int64_t size = of->longest > 512 ? MOST_SIZE : 4096;
    return of->parts * size * 2 * (int64_t)sizeof(double);
}

int64_t sv_match_batch(sv_template *const templates[], int64_t num_templates)
{
    spectra of = {.parts = 0};
    int64_t count = 0;
    do {
        add_template(templates[count++], &of);
    } while (count < sv_min_i8(num_templates, MOST_BATCH) &&
             bytes_of_spectra(&of) <= SPECTRA_BYTES);
    if (bytes_of_spectra(&of) <= SPECTRA_BYTES) {
        return count;
    }
    return count > 1 ? count - 1 : sv_min_i8(num_templates, SV_MOST_IN_HAND);
}

static bool fit_in_memory(const sv_match_plan *plan)
{
    spectra of = {.parts = 0};
    for (int64_t t = 0; t < plan->num_templates; t++) {
        add_template(plan->templates[t], &of);
    }
    return bytes_of_spectra(&of) <= SPECTRA_BYTES;
}

/* ---- sizes --------------------------------------------------------------------------------- */

static void lay_out(sv_match_plan *plan, int levels)
{
    plan->levels = levels;
    plan->size = (int64_t)1 << 2 * levels;
    plan->part_length = plan->longest <= PART_LENGTH ? plan->longest : PART_LENGTH;
    plan->hop = plan->size - plan->part_length + 1;
    int64_t round = SV_WINDOWS * plan->hop;
    int64_t usual = plan->keeps_spectra ? USUAL_POSITIONS : sv_max_i8(USUAL_POSITIONS, 4 * round);
    int64_t more = sv_min_i8(3 * (plan->reach + 2), MOST_MORE);
    int64_t wanted = sv_max_i8(usual, plan->reach + 2 + more);
    wanted = sv_min_i8(wanted, plan->most_positions + plan->reach + 2);
    plan->rounds = (wanted + round - 1) / round;
    plan->step = plan->rounds * round - plan->reach - 2;
    plan->num_groups = (plan->most_positions + plan->step - 1) / plan->step;
}

/* Nanoseconds for all of a channel of a template. */
static double cost_of_all(const sv_match_plan *plan)
{
    double positions = (double)plan->num_groups * (double)plan->rounds * SV_WINDOWS;
    return positions * (double)plan->hop *
           sv_match_cost_of_transforms(plan->levels, plan->hop, plan->num_templates);
}

static void choose_size(sv_match_plan *plan)
{
    int best = SV_MOST_LEVELS;
    double least = INFINITY;
    for (int levels = SV_LEAST_LEVELS; levels <= SV_MOST_LEVELS; levels++) {
        if (plan->longest > (int64_t)1 << (2 * levels - 1) && levels < SV_MOST_LEVELS) {
            continue;
        }
        lay_out(plan, levels);
        if (cost_of_all(plan) < least) {
            least = cost_of_all(plan);
            best = levels;
        }
    }
    lay_out(plan, best);
}

static double mean_length(const sv_match_plan *plan)
{
    double samples = 0.0, channels = 0.0;
    for (int64_t t = 0; t < plan->num_templates; t++) {
        const sv_template *template = plan->templates[t];
        channels += (double)template->num_channels;
        for (int64_t i = 0; i < template->num_channels; i++) {
            samples += (double)template->channels[i].length;
        }
    }
    return samples / channels;
}

/* Products need no transform; rounds of the smallest one fit the cache. */
static void choose_way(sv_match_plan *plan)
{
    const int64_t most = (int64_t)1 << (2 * SV_LEAST_LEVELS - 1);
    plan->cost_of_transforms =
        sv_match_cost_of_transforms(plan->levels, plan->hop, plan->num_templates);
    plan->cost_of_products = sv_match_cost_of_products(mean_length(plan), plan->num_templates);
    plan->by_products = plan->longest <= most && plan->cost_of_products < plan->cost_of_transforms;
    plan->size_for_transforms = plan->size;
    if (plan->by_products) {
        lay_out(plan, SV_LEAST_LEVELS);
    }
}

/* ---- tables -------------------------------------------------------------------------------- */

typedef struct turn {
    long double re, im;
} turn;

static turn multiply(turn x, turn y)
{
    return (turn){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}

/* e^(2πi k / 4^levels): a product of those of powers of two, which halving the angle gives. By no
 * function of the C library, so that the same bits come out whichever the processor has. */
static turn root_of(const turn of_powers[], int64_t k)
{
    turn root = {1.0L, 0.0L};
    for (int bit = 0; k >> bit != 0; bit++) {
        if ((k >> bit & 1) != 0) {
            root = multiply(root, of_powers[bit]);
        }
    }
    return root;
}

static void fill_roots(int levels, double *roots)
{
    turn of_powers[2 * SV_MOST_LEVELS];
    int most = 2 * levels - 1;
    of_powers[most] = (turn){-1.0L, 0.0L};
    of_powers[most - 1] = (turn){0.0L, 1.0L};
    for (int bit = most - 2; bit >= 0; bit--) {
        turn whole = of_powers[bit + 1];
        long double re = sqrtl((1.0L + whole.re) / 2.0L);
        of_powers[bit] = (turn){re, whole.im / (2.0L * re)};
    }
    for (int level = 2; level <= levels; level++) {
        int64_t quarter = (int64_t)1 << 2 * (level - 1);
        int64_t stride = (int64_t)1 << 2 * (levels - level);
        for (int64_t k = 0; k < 3 * quarter; k++) {
            turn root = root_of(of_powers, (k / 3) * (k % 3 + 1) * stride);
            *roots++ = (double)root.re;
            *roots++ = (double)root.im;
        }
    }
}

static sv_status make_tables(sv_match_plan *plan, sv_error *error)
{
    size_t root_bytes = 2 * (size_t)plan->size * sizeof *plan->roots;
    size_t bytes = (size_t)plan->longest * sizeof *plan->reciprocals;
    plan->roots = sv_malloc(root_bytes);
    plan->reciprocals = sv_malloc(bytes);
    if (plan->roots == NULL || plan->reciprocals == NULL) {
        return sv_fail_memory(error, root_bytes + bytes);
    }
    fill_roots(plan->levels, plan->roots);
    for (int64_t k = 0; k < plan->longest; k++) {
        plan->reciprocals[k] = 1.0 / (double)(k + 1);
    }
    return SV_OK;
}

/* ---- spectra ------------------------------------------------------------------------------- */

/* Conjugated, since this is a correlation, and divided by what the transform back leaves. */
static void make_spectrum(const sv_match_plan *plan, const double *samples, int64_t count,
                          sv_waves *waves, double *spectrum)
{
    memset(waves, 0, (size_t)plan->size * sizeof *waves);
    for (int64_t i = 0; i < count; i++) {
        waves[i].re[0] = samples[i];
    }
    plan->kernels->transform(waves, plan->levels, plan->roots);
    for (int64_t k = 0; k < plan->size; k++) {
        spectrum[2 * k] = waves[k].re[0] / (double)plan->size;
        spectrum[2 * k + 1] = -waves[k].im[0] / (double)plan->size;
    }
}

double *sv_match_plan_spectra(const sv_match_plan *plan, const sv_template_part *channel,
                              sv_waves *waves, double *spectrum)
{
    for (int64_t first = 0; first < channel->length; first += plan->part_length) {
        int64_t count = sv_min_i8(plan->part_length, channel->length - first);
        make_spectrum(plan, channel->samples + first, count, waves, spectrum);
        spectrum += 2 * plan->size;
    }
    return spectrum;
}

static sv_status fill_spectra(sv_match_plan *plan, sv_waves *waves, sv_error *error)
{
    double *next = plan->spectra;
    for (int64_t t = 0; t < plan->num_templates; t++) {
        const sv_template *template = plan->templates[t];
        plan->spectrum[t] = sv_malloc((size_t) template->num_channels * sizeof(double *));
        if (plan->spectrum[t] == NULL) {
            return sv_fail_memory(error, (size_t) template->num_channels * sizeof(double *));
        }
        for (int64_t i = 0; i < template->num_channels; i++) {
            plan->spectrum[t][i] = next;
            next = sv_match_plan_spectra(plan, &template->channels[i], waves, next);
        }
    }
    return SV_OK;
}

static sv_status make_spectra(sv_match_plan *plan, sv_error *error)
{
    int64_t parts = 0;
    for (int64_t t = 0; t < plan->num_templates; t++) {
        for (int64_t i = 0; i < plan->templates[t]->num_channels; i++) {
            parts += sv_match_num_parts(plan, plan->templates[t]->channels[i].length);
        }
    }
    int64_t bytes = parts * plan->size * 2 * (int64_t)sizeof(double);
    size_t wave_bytes = (size_t)plan->size * sizeof(sv_waves);
    sv_waves *waves = sv_malloc_aligned(64, wave_bytes);
    plan->spectra = sv_malloc((size_t)bytes);
    sv_status status = waves != NULL && plan->spectra != NULL
                           ? fill_spectra(plan, waves, error)
                           : sv_fail_memory(error, (size_t)bytes + wave_bytes);
    sv_free(waves);
    return status;
}

sv_status sv_match_plan_way(sv_match_plan *plan, sv_error *error)
{
    plan->keeps_spectra = fit_in_memory(plan);
    choose_size(plan);
    choose_way(plan);
    sv_status status = make_tables(plan, error);
    if (status == SV_OK && !plan->by_products && plan->keeps_spectra) {
        status = make_spectra(plan, error);
    }
    return status;
}
