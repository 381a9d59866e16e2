#include "seisview/correlation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "array/comoments.h"
#include "array/gaps.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/size.h"
#include "convert/output.h"

/* What is left of a row is that small against its samples where only their rounding is left. */
#define ROUNDING 4e-15

typedef struct figures {
    sv_correlation *made;
    const sv_correlation_options *options;
    sv_row_moments *moments;
    double *units;
} figures;

/* ---- figures --------------------------------------------------------------------------------- */

static double *place_of(const figures *f, int64_t i, int64_t j)
{
    return &f->made->matrix[i * f->made->num_rows + j];
}

static void set_pair(const figures *f, int64_t i, int64_t j, double value)
{
    *place_of(f, i, j) = value;
    *place_of(f, j, i) = value;
}

static double correlation_of(double xx, double yy, double xy)
{
    double r = xy / (sqrt(xx) * sqrt(yy));
    return r > 1.0 ? 1.0 : (r < -1.0 ? -1.0 : r);
}

/* A sum of squares after what the mean has of it was taken away. */
static double centred_sum(double squares, double sum, double n)
{
    double rest = squares - sum * sum / n;
    return rest > squares * ROUNDING * 16.0 ? rest : 0.0;
}

static void take_pair(void *context, int64_t i, int64_t j, const sv_pair_sums *sums)
{
    const figures *f = context;
    double n = sums->n;
    double xy = sums->xy - sums->x * sums->y / n;
    double xx = centred_sum(sums->xx, sums->x, n), yy = centred_sum(sums->yy, sums->y, n);
    double value = NAN;
    if (n > 0.0 && f->options->covariance) {
        value = xy / n * f->units[i] * f->units[j];
    } else if (n > 0.0 && xx > 0.0 && yy > 0.0) {
        value = i == j ? 1.0 : correlation_of(xx, yy, xy);
    }
    set_pair(f, i, j, value);
    if (i == j && n > 0.0) {
        f->made->deviations[i] = sqrt(xx / n) * f->units[i];
    }
}

/* How large a row's samples are, about, before its trend was taken away. */
static double largest(const sv_row_moments *moments, const sv_trend *trend)
{
    double size = moments->largest + (trend != NULL ? fabs(trend->offset) : 0.0);
    for (int k = 0; trend != NULL && k <= trend->order; k++) {
        size += fabs(trend->coefficients[k]);
    }
    return size;
}

static void fill_rows(const figures *f, const sv_trend *trends)
{
    for (int64_t i = 0; i < f->made->num_rows; i++) {
        const sv_row_moments *moments = &f->moments[i];
        double deviation = sv_row_deviation(moments);
        double least = ROUNDING * largest(moments, trends != NULL ? &trends[i] : NULL);
        int exponent = 0;
        f->made->num_missing[i] = f->made->num_samples - moments->present;
        f->made->means[i] = sv_row_mean(moments);
        f->made->deviations[i] = deviation <= least ? 0.0 : deviation;
        frexp(deviation, &exponent);
        f->units[i] = deviation > 0.0 && isfinite(deviation) ? ldexp(1.0, exponent) : 1.0;
    }
}

/* In place of the sums. */
static void fill_pairs(const figures *f)
{
    int64_t rows = f->made->num_rows;
    double n = (double)f->made->num_samples;
    const double *deviations = f->made->deviations;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = rows - 1; j >= i; j--) {
            double mean = *place_of(f, i, j) / n, x = deviations[i], y = deviations[j], value = NAN;
            if (f->options->covariance) {
                value = i == j ? x * x : mean;
            } else if (x > 0.0 && y > 0.0) {
                value = i == j ? 1.0 : correlation_of(x * x, y * y, mean);
            }
            set_pair(f, i, j, value);
        }
    }
}

/* ---- the work -------------------------------------------------------------------------------- */

static sv_status make_result(int64_t rows, int64_t samples, figures *f, sv_error *error)
{
    size_t n = (size_t)rows;
    int64_t pairs;
    if (!sv_multiply(rows, rows, &pairs) || pairs > INT64_MAX / 16) {
        return sv_fail(error, SV_OVERFLOW, "a matrix of %lld rows is too large", (long long)rows);
    }
    sv_correlation *made = f->made = sv_calloc(1, sizeof *made);
    if (made != NULL) {
        made->num_rows = rows;
        made->num_samples = samples;
        made->matrix = sv_calloc(n * n, sizeof(double));
        made->means = sv_calloc(n, sizeof(double));
        made->deviations = sv_calloc(n, sizeof(double));
        made->num_missing = sv_calloc(n, sizeof(int64_t));
    }
    f->moments = sv_calloc(n, sizeof *f->moments);
    f->units = sv_calloc(n, sizeof *f->units);
    if (made == NULL || made->matrix == NULL || made->means == NULL || made->deviations == NULL ||
        made->num_missing == NULL || f->moments == NULL || f->units == NULL) {
        return sv_fail_memory(error, n * n * sizeof(double));
    }
    return SV_OK;
}

static bool has_gaps(const sv_correlation *made)
{
    for (int64_t i = 0; i < made->num_rows; i++) {
        if (made->num_missing[i] > 0) {
            return true;
        }
    }
    return false;
}

static sv_status correlate(sv_correlating *work, figures *f, sv_error *error)
{
    sv_status status = sv_comoments(work, f->made->matrix, f->moments, error);
    if (status == SV_OK) {
        fill_rows(f, work->set->trends);
        fill_pairs(f);
    }
    if (status == SV_OK && has_gaps(f->made)) {
        status = sv_gaps(work, f->moments, f->units, take_pair, f, error);
    }
    if (status == SV_OK && work->counted.samples_lost > 0) {
        if (error != NULL) {
            *error = work->counted.loss;
        }
        status = SV_FORMAT;
    }
    return status;
}

static sv_status begin(sv_rows_read *set, sv_correlating *work, sv_scan_report *report,
                       sv_error *error)
{
    const sv_correlation_options *options = work->options;
    sv_status status = sv_blas_get(&work->blas, error);
    if (status == SV_OK && options->detrend_order >= 0) {
        status = sv_rows_detrend(set, options->detrend_order, &options->scan, report, error);
    }
    if (status == SV_OK) {
        int threads = options->scan.threads, most = sv_comoments_most_threads(set);
        threads = threads > 0 ? threads : sv_num_processors();
        status = sv_crew_open(threads < most ? threads : most, &work->crew, error);
    }
    const sv_row_group *group = &set->groups[0];
    work->total_bytes =
        set->num_rows * set->num_samples * (int64_t)sv_dtype_itemsize(group->segment.samples.dtype);
    return status;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void add_report(const sv_correlating *work, double seconds, sv_scan_report *report)
{
    report->num_blocks += work->chunks;
    report->bytes_mapped += work->counted.bytes_mapped;
    report->bytes_copied += work->counted.bytes_copied;
    report->samples_lost += work->counted.samples_lost;
    report->threads = work->crew != NULL ? sv_crew_size(work->crew) : 0;
    report->io = work->set->io == SV_IO_AUTO ? SV_IO_MAP : work->set->io;
    report->why = "all rows at once";
    report->seconds += seconds;
}

/* Pins keep the files from being closed meanwhile. */
static void pin(const sv_rows_read *set, void (*change)(sv_buffer *buffer))
{
    for (int64_t i = 0; i < set->num_groups; i++) {
        change(sv_recording_buffer(set->groups[i].recording));
    }
}

static sv_status check(int64_t num_rows, int64_t num_samples, int order, sv_error *error)
{
    if (num_rows < 1 || num_samples < 0) {
        return sv_fail(error, SV_INVALID, "there is no row to correlate");
    }
    if (order > SV_TREND_MOST_ORDER) {
        return sv_fail(error, SV_INVALID, "there are no trends of order %d; 0 to %d", order,
                       SV_TREND_MOST_ORDER);
    }
    return SV_OK;
}

sv_status sv_correlate(const sv_correlation_row *rows, int64_t num_rows, int64_t num_samples,
                       const sv_correlation_options *options, sv_correlation **correlation,
                       sv_scan_report *report, sv_error *error)
{
    static const sv_correlation_options usual = SV_CORRELATION_OPTIONS_INIT;
    sv_rows_read set = {.rows = NULL};
    sv_correlating work = {.set = &set, .options = options != NULL ? options : &usual};
    figures f = {.options = work.options};
    double began = seconds_now();
    sv_status status = check(num_rows, num_samples, work.options->detrend_order, error);
    if (status != SV_OK) {
        return status;
    }
    status = sv_rows_open(&set, rows, num_rows, num_samples, work.options->scan.io, error);
    if (status == SV_OK) {
        pin(&set, sv_buffer_pin);
        status = make_result(num_rows, num_samples, &f, error);
        status = status == SV_OK ? begin(&set, &work, report, error) : status;
        status = status == SV_OK ? correlate(&work, &f, error) : status;
        if (report != NULL) {
            add_report(&work, seconds_now() - began, report);
        }
        pin(&set, sv_buffer_unpin);
    }
    sv_crew_close(work.crew);
    sv_rows_close(&set);
    sv_free(f.moments);
    sv_free(f.units);
    if (status == SV_OK || status == SV_FORMAT) {
        *correlation = f.made;
    } else {
        sv_correlation_free(f.made);
    }
    return status;
}

void sv_correlation_free(sv_correlation *correlation)
{
    if (correlation != NULL) {
        sv_free(correlation->matrix);
        sv_free(correlation->means);
        sv_free(correlation->deviations);
        sv_free(correlation->num_missing);
        sv_free(correlation);
    }
}

/* ---- output ---------------------------------------------------------------------------------- */

/* NumPy's NEP 1: magic number, version 1.0, the length of the text, the text, padded to 64 bytes.
 */
static void make_header(int64_t rows, char header[128])
{
    char text[119];
    int length =
        snprintf(text, sizeof text,
                 "{'descr': '%cf8', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
                 SV_NATIVE_ENDIAN == SV_LITTLE_ENDIAN ? '<' : '>', rows, rows);
    memset(header, ' ', 128);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(header + 10, text, (size_t)length);
    header[127] = '\n';
}

sv_status sv_correlation_write_npy(const sv_correlation *correlation, const char *path,
                                   sv_error *error)
{
    char header[128];
    sv_output *output = NULL;
    size_t rows = (size_t)correlation->num_rows;
    make_header(correlation->num_rows, header);
    sv_status status = sv_output_open(path, true, true, &output, error);
    if (status == SV_OK) {
        status = sv_output_append(output, header, sizeof header, error);
    }
    if (status == SV_OK) {
        status = sv_output_append(output, correlation->matrix, rows * rows * sizeof(double), error);
    }
    if (status == SV_OK) {
        status = sv_output_commit(output, error);
    }
    sv_output_close(output);
    return status;
}
