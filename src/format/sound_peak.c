/* The peaks that a header states, after the samples have changed. In WAV, RF64 and AIFF-C a PEAK
 * chunk: version, time of writing, and for each channel the value as float32 and the frame, 4 bytes
 * each; in CAF a peak chunk: a count of edits, and the value and the frame, 4 and 8 bytes. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "format/sound.h"

enum { LEAD_BYTES = 8, CAF_LEAD_BYTES = 4 };

/* Floats are stated as they are, integers as parts of the largest. */
static float stated_value(sv_dtype dtype, double max_abs)
{
    bool is_float = dtype.type == SV_F4 || dtype.type == SV_F8;
    int bits = 8 * (int)sv_dtype_itemsize(dtype);
    return (float)(is_float ? max_abs : ldexp(max_abs, 1 - bits));
}

static void store_u4(sv_byte_order order, uint64_t value, unsigned char *bytes)
{
    sv_scalar scalar = {.kind = SV_KIND_UINT, .value.u = value < UINT32_MAX ? value : UINT32_MAX};
    sv_dtype_store(sv_dtype_make(SV_U4, order), bytes, scalar);
}

static void store_channel(const sv_sound_peaks *peaks, sv_dtype dtype, const sv_row_figures *of,
                          unsigned char *bytes)
{
    sv_scalar value = {.kind = SV_KIND_FLOAT, .value.f = 0.0};
    uint64_t frame = of->num_finite > 0 ? (uint64_t)of->max_abs_index : 0;
    value.value.f = of->num_finite > 0 ? stated_value(dtype, of->max_abs) : 0.0F;
    sv_dtype_store(sv_dtype_make(SV_F4, peaks->order), bytes, value);
    if (peaks->has_long_places) {
        sv_scalar place = {.kind = SV_KIND_UINT, .value.u = frame};
        sv_dtype_store(sv_dtype_make(SV_U8, peaks->order), bytes + 4, place);
    } else {
        store_u4(peaks->order, frame, bytes + 4);
    }
}

static sv_status restate(const sv_recording *recording, const sv_sound_peaks *peaks,
                         const sv_row_figures *figures, unsigned char *bytes, sv_error *error)
{
    const sv_sound *sound = recording->state;
    size_t lead = peaks->has_long_places ? CAF_LEAD_BYTES : LEAD_BYTES;
    size_t each = peaks->has_long_places ? 12 : 8;
    sv_status status =
        sv_recording_read(recording, peaks->byte, bytes, (size_t)peaks->num_bytes, error);
    if (status != SV_OK) {
        return status;
    }
    if (!peaks->has_long_places) { /* a time before the file's makes the peaks stale */
        store_u4(peaks->order, (uint64_t)time(NULL), bytes + 4);
    }
    for (int64_t i = 0; i < sound->num_channels; i++) {
        store_channel(peaks, sound->dtype, &figures[i], bytes + lead + (size_t)i * each);
    }
    return SV_OK;
}

sv_status sv_sound_restate(const sv_recording *recording, const sv_row_figures *figures,
                           sv_header_store *store, void *context, sv_error *error)
{
    const sv_sound *sound = recording->state;
    sv_sound_peaks peaks;
    sv_status status = sv_sound_find_peaks(recording, &peaks, error);
    int64_t each = peaks.has_long_places ? 12 : 8;
    int64_t lead = peaks.has_long_places ? CAF_LEAD_BYTES : LEAD_BYTES;
    if (status != SV_OK || peaks.byte < 0 || peaks.num_bytes > recording->size_bytes - peaks.byte ||
        peaks.num_bytes < lead + each * sound->num_channels) {
        return status;
    }
    if (figures == NULL) {
        return store(context, peaks.byte, NULL, (size_t)peaks.num_bytes, error);
    }
    unsigned char *bytes = sv_malloc((size_t)peaks.num_bytes);
    if (bytes == NULL) {
        return sv_fail_memory(error, (size_t)peaks.num_bytes);
    }
    status = restate(recording, &peaks, figures, bytes, error);
    if (status == SV_OK) {
        status = store(context, peaks.byte, bytes, (size_t)peaks.num_bytes, error);
    }
    sv_free(bytes);
    return status;
}
