#include "array/match_group.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"

/* A window of which less than this share of the squares lies on the template: rounding errors of
 * the transform are some 1e-15 of the root of all squares, and so 1e-7 of it. */
#define LEAST_SHARE 1e-16

/* ---- memory -------------------------------------------------------------------------------- */

typedef struct room {
    size_t samples, lines, waves, hop, scratch; /* bytes */
    size_t centred, straight, spectra, sums, function;
} room;

/* Of a channel of a template. */
static size_t bytes_of_spectra(const sv_match_plan *plan)
{
    bool keeps = plan->by_products || plan->keeps_spectra;
    int64_t numbers = keeps ? 0 : sv_match_num_parts(plan, plan->longest) * plan->size;
    return 2 * (size_t)numbers * sizeof(double);
}

static room room_of(const sv_match_plan *plan, int64_t most_templates)
{
    int64_t lines = plan->hop + plan->longest - 1;
    int64_t positions = plan->rounds * SV_WINDOWS * plan->hop;
    size_t samples = (size_t)(SV_WINDOWS * plan->hop + plan->longest - 1) * sizeof(double);
    return (room){
        .samples = samples,
        .lines = (size_t)lines * sizeof(sv_waves),
        .waves = plan->by_products ? 0 : (size_t)plan->size * sizeof(sv_waves),
        .hop = (size_t)plan->hop * sizeof(sv_waves),
        .scratch = 2 * (size_t)plan->longest * sizeof(sv_waves),
        .centred = plan->by_products ? samples : 0,
        .straight = plan->by_products ? SV_WINDOWS * (size_t)plan->hop * sizeof(double) : 0,
        .spectra = (size_t)most_templates * bytes_of_spectra(plan),
        .sums = (size_t)(most_templates * (positions + plan->reach)) * sizeof(double),
        .function = (size_t)(plan->step + 2) * sizeof(float),
    };
}

int64_t sv_match_group_bytes(const sv_match_plan *plan, int64_t most_templates)
{
    room r = room_of(plan, most_templates);
    return (int64_t)(r.samples + r.lines + 2 * r.waves + r.hop + r.scratch + r.centred +
                     r.straight + r.spectra + r.sums + r.function);
}

sv_status sv_match_group_open(const sv_match_plan *plan, int64_t most_templates,
                              sv_match_group *work, sv_error *error)
{
    room r = room_of(plan, most_templates);
    *work = (sv_match_group){.plan = plan, .most_templates = most_templates, .group = -1};
    work->samples = sv_malloc_aligned(64, r.samples);
    work->lines = sv_malloc_aligned(64, r.lines);
    work->windows = sv_malloc_aligned(64, r.waves);
    work->products = sv_malloc_aligned(64, r.waves);
    work->weights = sv_malloc_aligned(64, r.hop);
    work->scratch = sv_malloc_aligned(64, r.scratch);
    work->centred = sv_malloc_aligned(64, r.centred);
    work->straight = sv_malloc_aligned(64, r.straight);
    work->spectra = sv_malloc_aligned(64, r.spectra);
    work->sums = sv_malloc_aligned(64, r.sums);
    work->function = sv_malloc_aligned(64, r.function);
    if (work->samples == NULL || work->lines == NULL || work->windows == NULL ||
        work->products == NULL || work->weights == NULL || work->scratch == NULL ||
        work->centred == NULL || work->straight == NULL || work->spectra == NULL ||
        work->sums == NULL || work->function == NULL) {
        return sv_fail_memory(error, (size_t)sv_match_group_bytes(plan, most_templates));
    }
    return sv_timeline_reader_open(plan->timeline, plan->kernels, &work->reader, error);
}

void sv_match_group_close(sv_match_group *work)
{
    if (work->reader.timeline != NULL) {
        sv_timeline_reader_close(&work->reader);
    }
    sv_free(work->samples);
    sv_free(work->lines);
    sv_free(work->windows);
    sv_free(work->products);
    sv_free(work->weights);
    sv_free(work->scratch);
    sv_free(work->centred);
    sv_free(work->straight);
    sv_free(work->spectra);
    sv_free(work->sums);
    sv_free(work->function);
}

/* ---- a round of a channel ------------------------------------------------------------------ */

static int64_t first_position(const sv_match_group *work)
{
    return work->group * work->plan->step - 1;
}

/* The samples that windows of the recording share lie in several of them. */
static void put_side_by_side(const sv_match_group *work)
{
    int64_t lines = work->plan->hop + work->plan->longest - 1;
    for (int64_t k = 0; k < lines; k++) {
        double *line = sv_windows_of(&work->lines[k]);
        for (int64_t i = 0; i < SV_WINDOWS; i++) {
            line[i] = work->samples[i * work->plan->hop + k];
        }
    }
}

/* Products have their samples in order: one offset for all windows, of those that have samples. */
static void centre_in_order(sv_match_group *work, int64_t lines, const double squares[SV_WINDOWS])
{
    int64_t count = SV_WINDOWS * work->plan->hop + work->plan->longest - 1;
    double offset = 0.0, windows = 0.0, all = 0.0;
    for (int i = 0; i < SV_WINDOWS; i++) {
        offset += work->means[i];
        windows += work->means[i] != 0.0;
    }
    offset /= fmax(windows, 1.0);
    for (int i = 0; i < SV_WINDOWS; i++) {
        double distance = work->means[i] != 0.0 ? work->means[i] - offset : 0.0;
        all += squares[i] + (double)lines * distance * distance;
    }
    for (int i = 0; i < SV_WINDOWS; i++) {
        work->least[i] = all < INFINITY ? LEAST_SHARE * all : INFINITY;
    }
    for (int64_t i = 0; i < count; i++) {
        work->centred[i] = work->samples[i] - offset;
    }
}

static void centre(sv_match_group *work)
{
    double squares[SV_WINDOWS];
    int64_t lines = work->plan->hop + work->plan->longest - 1;
    work->plan->kernels->centre_windows(work->lines, lines, work->means, squares);
    if (work->plan->by_products) {
        centre_in_order(work, lines, squares);
        return;
    }
    for (int i = 0; i < SV_WAVES; i++) { /* the two of a transform share its rounding errors */
        double both = squares[i] + squares[SV_WAVES + i];
        work->least[i] = work->least[SV_WAVES + i] = LEAST_SHARE * both;
    }
}

static sv_status load_round(sv_match_group *work, int64_t channel, int64_t round, sv_error *error)
{
    const sv_match_plan *plan = work->plan;
    if (work->channel == channel && work->round == round) {
        return SV_OK;
    }
    int64_t first = first_position(work) + round * SV_WINDOWS * plan->hop;
    int64_t count = SV_WINDOWS * plan->hop + plan->longest - 1;
    sv_status status = sv_timeline_read(&work->reader, channel, first, count, work->samples, error);
    if (status != SV_OK) {
        return status;
    }
    put_side_by_side(work);
    centre(work);
    work->channel = channel;
    work->round = round;
    work->part = work->length = -1;
    return SV_OK;
}

static void put_in_order(const sv_match_group *work)
{
    int64_t hop = work->plan->hop;
    for (int64_t p = 0; p < hop; p++) {
        const double *line = sv_windows_in(&work->weights[p]);
        for (int64_t i = 0; i < SV_WINDOWS; i++) {
            work->straight[i * hop + p] = line[i];
        }
    }
}

static void spread_windows(sv_match_group *work, int64_t length)
{
    const sv_match_plan *plan = work->plan;
    if (work->length == length) {
        return;
    }
    work->any_small =
        plan->kernels->weigh_windows(work->lines, length, plan->hop, plan->reciprocals, work->least,
                                     work->scratch, work->weights);
    work->length = length;
    if (plan->by_products) {
        put_in_order(work);
    }
}

static void transform_part(sv_match_group *work, int64_t part)
{
    const sv_match_plan *plan = work->plan;
    if (work->part == part) {
        return;
    }
    int64_t first = part * plan->part_length;
    int64_t lines = plan->hop + plan->longest - 1;
    int64_t count = sv_min_i8(plan->size, lines - first);
    plan->kernels->take_off(work->lines + first, count, work->means, work->windows);
    memset(work->windows + count, 0, (size_t)(plan->size - count) * sizeof *work->windows);
    plan->kernels->transform(work->windows, plan->levels, plan->roots);
    work->num_transforms++;
    work->part = part;
}

/* ---- a channel of a template --------------------------------------------------------------- */

/* By the definition. */
static double correlate(const double *template, const double *samples, int64_t n)
{
    double mean = 0.0, products = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        mean += samples[i];
    }
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double x = samples[i] - mean;
        products += template[i] * x;
        squares += x * x;
    }
    double r = squares > 0.0 ? products / sqrt(squares) : 0.0;
    return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

static void add_small(sv_match_group *work, const sv_template_part *channel, double *sums)
{
    for (int64_t window = 0; window < SV_WINDOWS; window++) {
        int64_t first = window * work->plan->hop;
        for (int64_t p = 0; p < work->plan->hop; p++) {
            if (sv_windows_in(&work->weights[p])[window] == 0.0) {
                sums[first + p] +=
                    correlate(channel->samples, work->samples + first + p, channel->length);
                work->num_direct++;
            }
        }
    }
}

/* Of a template in hand, the round's first. */
static double *sums_of(const sv_match_group *work, int64_t template, int64_t delay)
{
    const sv_match_plan *plan = work->plan;
    int64_t positions = plan->rounds * SV_WINDOWS * plan->hop;
    return work->sums + (template - work->first_template) * (positions + plan->reach) +
           plan->reach - delay + work->round * SV_WINDOWS * plan->hop;
}

/* Made in `products`, which are written later. */
static const double *spectra_of(sv_match_group *work, int64_t template, int64_t i)
{
    const sv_match_plan *plan = work->plan;
    if (plan->keeps_spectra) {
        return plan->spectrum[template][i];
    }
    int64_t in_hand = template - work->first_template;
    double *spectra = work->spectra + (size_t)in_hand * bytes_of_spectra(plan) / sizeof(double);
    if (work->has_spectra[in_hand] != i) {
        const sv_template_part *channel = &plan->templates[template]->channels[i];
        sv_match_plan_spectra(plan, channel, work->products, spectra);
        work->num_transforms += sv_match_num_parts(plan, channel->length);
        work->has_spectra[in_hand] = i;
    }
    return spectra;
}

static void add_by_transforms(sv_match_group *work, int64_t template, int64_t i)
{
    const sv_match_plan *plan = work->plan;
    const sv_template_part *channel = &plan->templates[template]->channels[i];
    int64_t num_parts = sv_match_num_parts(plan, channel->length);
    const double *spectrum = spectra_of(work, template, i);
    double *sums = sums_of(work, template, channel->delay);
    spread_windows(work, channel->length);
    for (int64_t part = 0; part < num_parts; part++) {
        transform_part(work, part);
        plan->kernels->multiply(work->products, work->windows, spectrum + 2 * part * plan->size,
                                plan->size, part > 0);
    }
    plan->kernels->restore(work->products, plan->levels, plan->roots);
    work->num_transforms++;
    plan->kernels->add_weighed(work->products, work->weights, plan->hop, sums);
    if (work->any_small) {
        add_small(work, channel, sums);
    }
}

/* Channels of templates, equally long, that slide along the round together. */
typedef struct hand {
    int64_t count;
    const sv_template_part *channels[SV_MOST_IN_HAND];
    const double *samples[SV_MOST_IN_HAND];
    double *sums[SV_MOST_IN_HAND];
} hand;

static void add_by_products(sv_match_group *work, hand *together)
{
    const sv_match_plan *plan = work->plan;
    if (together->count == 0) {
        return;
    }
    int64_t length = together->channels[0]->length;
    spread_windows(work, length);
    plan->kernels->add_slid(work->centred, together->samples, together->count, length,
                            work->straight, SV_WINDOWS * plan->hop, together->sums);
    for (int64_t i = 0; i < together->count && work->any_small; i++) {
        add_small(work, together->channels[i], together->sums[i]);
    }
    together->count = 0;
}

static void take_in_hand(sv_match_group *work, const sv_template_part *channel, double *sums,
                         hand *together)
{
    if (together->count == SV_MOST_IN_HAND ||
        (together->count > 0 && together->channels[0]->length != channel->length)) {
        add_by_products(work, together);
    }
    together->channels[together->count] = channel;
    together->samples[together->count] = channel->samples;
    together->sums[together->count] = sums;
    together->count++;
}

/* All channels that pair with one of the recording's, over one round. */
static sv_status add_paired(sv_match_group *work, int64_t channel, int64_t round, sv_error *error)
{
    const sv_match_plan *plan = work->plan;
    hand together = {.count = 0};
    for (int64_t t = 0; t < work->num_templates; t++) {
        int64_t template = work->first_template + t;
        for (int64_t i = 0; i < plan->templates[template]->num_channels; i++) {
            if (plan->pairs[template][i] != channel) {
                continue;
            }
            sv_status status = load_round(work, channel, round, error);
            if (status != SV_OK) {
                return status;
            }
            if (plan->by_products) {
                const sv_template_part *part = &plan->templates[template]->channels[i];
                take_in_hand(work, part, sums_of(work, template, part->delay), &together);
            } else {
                add_by_transforms(work, template, i);
            }
        }
    }
    add_by_products(work, &together);
    return SV_OK;
}

sv_status sv_match_group_sum(sv_match_group *work, int64_t group, int64_t first_template,
                             int64_t num_templates, sv_error *error)
{
    const sv_match_plan *plan = work->plan;
    int64_t positions = plan->rounds * SV_WINDOWS * plan->hop;
    work->group = group;
    work->first_template = first_template;
    work->num_templates = num_templates;
    work->channel = work->round = -1;
    for (int64_t t = 0; t < SV_MOST_IN_HAND; t++) {
        work->has_spectra[t] = -1;
    }
    for (int64_t i = 0; i < num_templates * (positions + plan->reach); i++) {
        work->sums[i] = -0.0;
    }
    sv_status status = SV_OK;
    for (int64_t channel = 0; channel < plan->timeline->num_channels && status == SV_OK;
         channel++) {
        for (int64_t round = 0; round < plan->rounds && status == SV_OK; round++) {
            status = add_paired(work, channel, round, error);
        }
    }
    return status;
}

int64_t sv_match_group_settle(sv_match_group *work, int64_t template)
{
    const sv_match_plan *plan = work->plan;
    int64_t positions = plan->rounds * SV_WINDOWS * plan->hop;
    int64_t count = plan->step + 2;
    const double *sums =
        work->sums + (template - work->first_template) * (positions + plan->reach) + plan->reach;
    plan->kernels->settle(sums, count, (double)plan->templates[template]->num_channels,
                          work->function);
    int64_t first = work->group * plan->step;
    int64_t there = plan->num_positions[template] - first;
    there = there < 0 ? 0 : sv_min_i8(there, plan->step);
    if (first == 0) {
        work->function[0] = -0.0F;
    }
    for (int64_t i = 1 + there; i < count && first + i - 1 >= plan->num_positions[template]; i++) {
        work->function[i] = -0.0F;
    }
    return there;
}
