#include "array/match_template.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "array/match_timeline.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "stats/tile.h"

static sv_status allocate(int64_t num_channels, double sample_rate, sv_template **made,
                          sv_error *error)
{
    if (num_channels < 1) {
        return sv_fail(error, SV_EMPTY, "the template has no channel");
    }
    if (!isfinite(sample_rate) || sample_rate <= 0.0) {
        return sv_fail(error, SV_INVALID, "the template needs a sample rate above 0");
    }
    size_t bytes = (size_t)num_channels * sizeof(sv_template_part);
    sv_template *allocated = sv_calloc(1, sizeof *allocated);
    sv_template_part *channels = sv_calloc((size_t)num_channels, sizeof *channels);
    if (allocated == NULL || channels == NULL) {
        sv_free(allocated);
        sv_free(channels);
        return sv_fail_memory(error, bytes);
    }
    *allocated = (sv_template){
        .sample_rate = sample_rate, .num_channels = num_channels, .channels = channels};
    *made = allocated;
    return SV_OK;
}

void sv_template_free(sv_template *freed)
{
    if (freed == NULL) {
        return;
    }
    for (int64_t i = 0; i < freed->num_channels; i++) {
        sv_free(freed->channels[i].samples);
    }
    sv_free(freed->channels);
    sv_free(freed);
}

static sv_status allocate_samples(sv_template_part *part, int64_t number, int64_t count,
                                  sv_error *error)
{
    if (count < 2) {
        return sv_fail(error, SV_EMPTY,
                       "channel %" PRId64 " of the template has %" PRId64
                       " samples; give it two at least",
                       number, count);
    }
    if (count > SV_TEMPLATE_MOST_SAMPLES) {
        return sv_fail(error, SV_OVERFLOW,
                       "channel %" PRId64 " of the template has %" PRId64 " samples; %" PRId64
                       " are the most",
                       number, count, SV_TEMPLATE_MOST_SAMPLES);
    }
    part->length = count;
    part->samples = sv_malloc((size_t)count * sizeof *part->samples);
    return part->samples != NULL ? SV_OK
                                 : sv_fail_memory(error, (size_t)count * sizeof *part->samples);
}

/* The largest absolute value is made 1 first, so that no square leaves float64. */
static bool scale_by_largest(double *x, int64_t n)
{
    double largest = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            return false;
        }
        largest = fmax(largest, fabs(x[i]));
    }
    for (int64_t i = 0; i < n && largest > 0.0; i++) {
        x[i] /= largest;
    }
    return true;
}

static void take_mean_off(double *x, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i];
    }
    for (int64_t i = 0; i < n; i++) {
        x[i] -= sum / (double)n;
    }
}

static bool is_constant(const double *x, int64_t n)
{
    int64_t i = 1;
    while (i < n && x[i] == x[0]) {
        i++;
    }
    return i == n;
}

static sv_status normalise(sv_template_part *part, int64_t number, sv_error *error)
{
    double *x = part->samples, squares = 0.0;
    int64_t n = part->length;
    if (!scale_by_largest(x, n)) {
        return sv_fail(error, SV_INVALID,
                       "channel %" PRId64 " of the template has NaN or infinities", number);
    }
    if (is_constant(x, n)) {
        return sv_fail(error, SV_INVALID,
                       "channel %" PRId64
                       " of the template is constant, which correlates with nothing",
                       number);
    }
    take_mean_off(x, n);
    take_mean_off(x, n); /* what rounding left of it */
    for (int64_t i = 0; i < n; i++) {
        squares += x[i] * x[i];
    }
    for (int64_t i = 0; i < n; i++) {
        x[i] /= sqrt(squares);
    }
    return SV_OK;
}

/* Delays count from the earliest channel. */
static sv_status finish(sv_template *made, sv_error *error)
{
    int64_t earliest = INT64_MAX, past = INT64_MIN;
    for (int64_t i = 0; i < made->num_channels; i++) {
        sv_status status = normalise(&made->channels[i], i, error);
        if (status != SV_OK) {
            return status;
        }
        earliest = sv_min_i8(earliest, made->channels[i].delay);
    }
    for (int64_t i = 0; i < made->num_channels; i++) {
        sv_template_part *part = &made->channels[i];
        part->delay -= earliest;
        past = sv_max_i8(past, part->delay + part->length);
    }
    made->span = past;
    return SV_OK;
}

/* With what became of its channels. */
static sv_status hand_over(sv_status status, sv_template *begun, sv_template **made,
                           sv_error *error)
{
    if (status == SV_OK) {
        status = finish(begun, error);
    }
    if (status != SV_OK) {
        sv_template_free(begun);
        return status;
    }
    *made = begun;
    return SV_OK;
}

/* ---- of views ------------------------------------------------------------------------------ */

static sv_status copy_channel(const sv_template_channel *from, int64_t number,
                              sv_template_part *part, sv_error *error)
{
    const sv_view *view = &from->samples;
    const sv_kernels *kernels;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status == SV_OK && sv_view_check(view) != SV_OK) {
        status =
            sv_fail(error, SV_STALE, "channel %" PRId64 " of the template is a stale view", number);
    }
    if (status == SV_OK && view->ndim != 1) {
        status = sv_fail(error, SV_SHAPE,
                         "channel %" PRId64 " of the template has %d axes; it needs one", number,
                         view->ndim);
    }
    if (status == SV_OK) {
        status = allocate_samples(part, number, view->shape[0], error);
    }
    if (status != SV_OK) {
        return status;
    }
    const int64_t most = INT64_MAX / 8;
    if (from->delay > most || from->delay < -most) {
        return sv_fail(error, SV_OVERFLOW, "channel %" PRId64 " of the template is too late",
                       number);
    }
    snprintf(part->id, sizeof part->id, "%s", from->id != NULL ? from->id : "");
    part->delay = from->delay;
    sv_load_f8(kernels, view->dtype, view->address, view->strides[0], view->shape[0],
               part->samples);
    return SV_OK;
}

sv_status sv_template_make(const sv_template_channel *channels, int64_t num_channels,
                           double sample_rate, sv_template **made, sv_error *error)
{
    sv_template *begun;
    sv_status status = allocate(num_channels, sample_rate, &begun, error);
    if (status != SV_OK) {
        return status;
    }
    for (int64_t i = 0; i < num_channels && status == SV_OK; i++) {
        status = copy_channel(&channels[i], i, &begun->channels[i], error);
    }
    return hand_over(status, begun, made, error);
}

/* ---- of a recording ------------------------------------------------------------------------ */

static sv_status check_channel(const sv_timeline *timeline, int64_t i, sv_error *error)
{
    const sv_timeline_channel *channel = &timeline->channels[i];
    const char *name = channel->id[0] != '\0' ? channel->id : "without id";
    if (channel->num_parts > 1) {
        return sv_fail(error, SV_SHAPE,
                       "channel %" PRId64 " (%s) has a gap within the template; take it from a "
                       "stretch without",
                       channel->number, name);
    }
    if (channel->sample_rate != timeline->channels[0].sample_rate) {
        return sv_fail(error, SV_SHAPE,
                       "channel %" PRId64 " (%s) of the template has %g Hz and the first one %g; "
                       "take channels of one rate",
                       channel->number, name, channel->sample_rate,
                       timeline->channels[0].sample_rate);
    }
    return SV_OK;
}

static sv_status read_channel(sv_timeline_reader *reader, int64_t i, sv_template_part *part,
                              sv_error *error)
{
    const sv_timeline_channel *channel = &reader->timeline->channels[i];
    const sv_timeline_part *only = &reader->timeline->parts[channel->first_part];
    sv_status status = check_channel(reader->timeline, i, error);
    if (status == SV_OK) {
        status = allocate_samples(part, channel->number, only->last - only->first, error);
    }
    if (status != SV_OK) {
        return status;
    }
    memcpy(part->id, channel->id, sizeof part->id);
    part->delay = only->at;
    status = sv_timeline_read(reader, i, only->at, part->length, part->samples, error);
    if (status == SV_OK && reader->samples_lost > 0) {
        *error = reader->loss;
        status = SV_FORMAT;
    }
    return status;
}

static sv_status read_axis(const sv_timeline *timeline, sv_template **read, sv_error *error)
{
    const sv_kernels *kernels;
    sv_timeline_reader reader;
    sv_template *begun;
    sv_status status = sv_kernels_get(&kernels, error);
    if (status == SV_OK) {
        status = allocate(timeline->num_channels, timeline->channels[0].sample_rate, &begun, error);
    }
    if (status != SV_OK) {
        return status;
    }
    status = sv_timeline_reader_open(timeline, kernels, &reader, error);
    for (int64_t i = 0; i < timeline->num_channels && status == SV_OK; i++) {
        status = read_channel(&reader, i, &begun->channels[i], error);
    }
    sv_timeline_reader_close(&reader);
    return hand_over(status, begun, read, error);
}

sv_status sv_template_read(sv_recording *recording, const sv_window *window, const char *channels,
                           sv_template **read, sv_error *error)
{
    sv_error own = {.message = ""};
    sv_timeline timeline;
    error = error != NULL ? error : &own;
    sv_status status = sv_timeline_open(recording, window, channels, &timeline, error);
    if (status == SV_WINDOW) {
        status = sv_fail(error, SV_WINDOW, "the window of the template holds no sample");
    }
    if (status == SV_OK) {
        status = read_axis(&timeline, read, error);
    }
    sv_timeline_close(&timeline);
    return status;
}

int64_t sv_template_num_channels(const sv_template *of)
{
    return of->num_channels;
}

int64_t sv_template_num_samples(const sv_template *of)
{
    return of->span;
}

double sv_template_rate(const sv_template *of)
{
    return of->sample_rate;
}
