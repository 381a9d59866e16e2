/* Matched filter: where a recording looks like a template.
 *
 * A template is one or several channels of a known event, each with a delay after the earliest of
 * them (its moveout). The function of correlation at position p is the mean, over the template's
 * channels, of Pearson's coefficient of correlation between the channel's samples t and as many of
 * the recording's, x, from p + delay on:
 *
 *   r = Σ (t[i] - mean t) (x[i] - mean x) / √(Σ (t[i] - mean t)² · Σ (x[i] - mean x)²)
 *
 * A channel whose window is constant, or holds NaN, infinities or a gap, adds 0 to that mean;
 * where all of them do, the function is 0 and *not defined*. Its values are rounded to multiples of
 * 2^-20, about a millionth, and lie within ±1; before that they are right to 1e-7, in the windows
 * beside an earthquake of any strength too.
 *
 * Products are summed by overlap-save: windows of the recording are transformed, sixteen side by
 * side, multiplied by the template's spectrum and transformed back, in float64. Those of short
 * templates, up to some twenty samples, are summed in the time domain, a product of matrices of
 * templates and windows, where that is estimated to be faster. Where the rest of a window is so
 * much stronger than what the template lies on that this would tell (by eight orders of magnitude),
 * they are summed one by one. No figure depends on threads or instruction sets.
 *
 * Memory: what the templates hold, the detections, and less than 64 MiB, whatever the recording's
 * length and the number of templates and of their channels; more, 16 bytes for each sample, only
 * where channels of a template are over two million samples apart. */
#ifndef SEISVIEW_MATCH_H
#define SEISVIEW_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/recording.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/time.h"
#include "seisview/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- templates --------------------------------------------------------------------------- */

/* Its samples are a copy; any number of threads may use it. */
typedef struct sv_template sv_template;

#define SV_TEMPLATE_MOST_SAMPLES ((int64_t)1 << 16) /* of a channel */

typedef struct sv_template_channel {
    const char *id;  /* NULL or "": it has none */
    int64_t delay;   /* in samples, any origin: the differences count */
    sv_view samples; /* one axis */
} sv_template_channel;

/* A template of samples in memory. `sample_rate` > 0 in Hz. SV_EMPTY: no channel, or one with less
 * than two samples; SV_INVALID: a channel is constant, or has NaN or infinities; SV_OVERFLOW: too
 * many samples; SV_SHAPE: not one axis; SV_STALE; SV_NOMEM. */
SV_API sv_status sv_template_make(const sv_template_channel *channels, int64_t num_channels,
                                  double sample_rate, sv_template **made, sv_error *error);

/* Channels of a recording, as sv_channel_selected() (NULL: all), within a window (NULL: all of it)
 * as a template. Their start times are the delays, to the nearest sample. SV_WINDOW: the window or
 * the choice of channels holds no sample; SV_SHAPE: a channel has a gap there, or the channels
 * differ in sample rate; what sv_template_make(), sv_window_resolve() and sv_reader_read() answer.
 */
SV_API sv_status sv_template_read(sv_recording *recording, const sv_window *window,
                                  const char *channels, sv_template **read, sv_error *error);

SV_API void sv_template_free(sv_template *freed); /* NULL is fine */

SV_API int64_t sv_template_num_channels(const sv_template *of);
SV_API int64_t sv_template_num_samples(const sv_template *of); /* from the first to the last one */
SV_API double sv_template_rate(const sv_template *of);

/* ---- matching ---------------------------------------------------------------------------- */

typedef struct sv_match_options {
    sv_window window;     /* windows of the function lie within it */
    const char *channels; /* of the recording, as sv_channel_selected(); NULL: all */
    /* What is reported: 0 < threshold <= 1 is a coefficient; with `in_mad` it is as many times the
     * median absolute deviation of the function from its median, over all positions where it is
     * defined: exact, for each template by itself. */
    double threshold;
    bool in_mad;
    /* Of detections of one template that are less than this many seconds apart, the one with the
     * higher coefficient stays (the earlier of equal ones), the highest first. Negative: half of
     * the template. */
    double distance;
    bool subsample; /* find each maximum between samples, by a parabola through three values */
    /* Is given the function: values of template `index` from position `first` on, 0 where it is
     * not defined, up to where the template ends with the recording. Called by several threads at
     * once, for parts in any order, each position once or, with in_mad, more often with the same
     * values. A status other than SV_OK ends the work. NULL: nobody asks. */
    sv_status (*function)(void *context, int64_t index, int64_t first, int64_t count,
                          const float *values, sv_error *error);
    void *function_context;
    /* With in_mad: gets the median absolute deviation of each template's function, NaN where it is
     * defined nowhere. NULL: nobody asks. */
    double *deviations;
    sv_scan_options scan; /* progress in parts of SV_MATCH_PROGRESS; SV_IO_AUTO is SV_IO_MAP */
} sv_match_options;

#define SV_MATCH_PROGRESS 1000000

#define SV_MATCH_OPTIONS_INIT                                                                      \
    {                                                                                              \
        {{SV_POSITION_NONE, 0}, {SV_POSITION_NONE, 0}}, NULL, 8.0, true, -1.0, false, NULL, NULL,  \
            NULL, SV_SCAN_OPTIONS_INIT                                                             \
    }

/* A maximum of the function. The place is that of the window's first sample on the template's
 * earliest channel. */
typedef struct sv_detection {
    int64_t index;    /* of the template */
    int64_t position; /* of the function: 0 is the earliest sample within the window */
    int64_t channel;  /* the recording's number of the channel */
    int64_t segment;  /* and where on it: −1 in a gap of that channel */
    int64_t row;
    int64_t sample; /* from the segment's first, −1 in a gap */
    sv_time time;   /* SV_TIME_NONE where the recording has none; with `subsample` refined */
    double shift;   /* in samples, from `sample` to the maximum: 0 but with `subsample` */
    double cc;
} sv_detection;

/* One of the two ways to sum products. Costs are estimates, in nanoseconds for each position of a
 * channel of a template, on a thread of a processor with AVX-512; the cheaper way was chosen. */
typedef struct sv_match_way {
    int64_t num_templates; /* that went it; of the last batch of these: */
    double cost, other_cost;
    int64_t transform_size; /* complex numbers, of the best transforms, taken or not */
} sv_match_way;

/* What a match did. */
typedef struct sv_match_report {
    int64_t num_positions;                   /* of the function */
    int64_t num_channels;                    /* of the recording, that were read */
    sv_match_way by_transforms, by_products; /* products in the time domain */
    int64_t num_transforms;
    int64_t num_direct;   /* coefficients whose products were summed one by one */
    int64_t num_passes;   /* over the recording */
    int64_t bytes_mapped; /* of samples that were read in place, in all passes; */
    int64_t bytes_copied; /* read by calls, or decoded */
    int64_t samples_lost;
    int threads;
    double seconds;
} sv_match_report;

/* How many positions the function has: the longest of the templates'. Also tells whether the
 * templates go with the recording; statuses as of sv_match(). */
SV_API sv_status sv_match_positions(sv_recording *recording, sv_template *const templates[],
                                    int64_t num_templates, const sv_match_options *options,
                                    int64_t *num_positions, sv_error *error);

/* Matches. *detections is an array that sv_detections_free() frees, by time and then by template.
 * A template's channels are the recording's with the same ids, or, where none of its ids occurs
 * there, those in the same order. `report` may be NULL.
 * SV_NOTFOUND: some ids of a template occur in the recording and some do not; SV_SHAPE: the
 * template has more channels; SV_RANGE: it is longer than the recording; SV_INVALID: another sample
 * rate, or options that make no sense; SV_WINDOW: the window or the channels choose nothing;
 * SV_FORMAT: some samples could not be decoded, all others were matched, and the detections are
 * there; SV_TRUNCATED, SV_CANCELLED, SV_IO, SV_NOMEM, SV_OVERFLOW: no detections. */
SV_API sv_status sv_match(sv_recording *recording, sv_template *const templates[],
                          int64_t num_templates, const sv_match_options *options,
                          sv_detection **detections, int64_t *num_detections,
                          sv_match_report *report, sv_error *error);

SV_API void sv_detections_free(sv_detection *detections); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
