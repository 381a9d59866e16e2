#include "format/order.h"

#include <math.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"

enum {
    NUM_PLACES = 16,     /* of the run that are looked at */
    PLACE_SAMPLES = 128, /* at each */
    PLACE_BYTES = 4096,  /* read at each */
    FEWEST_SAMPLES = 16  /* from which anything is concluded */
};

/* How far neighbouring samples lie apart, and samples half a place apart: sums of binary
 * exponents, so that a mean is a typical size that a few spikes do not move. */
typedef struct sv_steps {
    double near, far;
} sv_steps;

typedef struct sv_tally {
    int64_t num_nonzero;
    int64_t num_absurd, num_absurd_swapped; /* of the nonzero */
    int64_t num_low_zero;                   /* nonzero ones whose lowest byte is 0 */
    int64_t num_near, num_far;              /* pairs that differ */
    sv_steps steps, steps_swapped;
} sv_tally;

/* The same bytes read in one order and in the other. */
typedef struct sv_reading {
    double as_is, swapped;
} sv_reading;

static sv_byte_order other_order(sv_dtype dtype)
{
    return dtype.order == SV_LITTLE_ENDIAN ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
}

static sv_reading read_both(sv_dtype dtype, const unsigned char *bytes)
{
    sv_dtype swapped = sv_dtype_make((sv_type)dtype.type, other_order(dtype));
    return (sv_reading){sv_scalar_as_f8(sv_dtype_load(dtype, bytes)),
                        sv_scalar_as_f8(sv_dtype_load(swapped, bytes))};
}

static bool is_absurd(double value)
{
    double size = fabs(value);
    return !(size <= 1e15) || (size > 0.0 && size < 1e-30);
}

static void count_sample(sv_tally *tally, sv_dtype dtype, const unsigned char *bytes,
                         sv_reading reading)
{
    if (reading.as_is == 0.0) {
        return;
    }
    size_t low = dtype.order == SV_LITTLE_ENDIAN ? 0 : sv_dtype_itemsize(dtype) - 1;
    tally->num_nonzero++;
    tally->num_absurd += is_absurd(reading.as_is);
    tally->num_absurd_swapped += is_absurd(reading.swapped);
    tally->num_low_zero += bytes[low] == 0;
}

/* Integers alone: their differences are finite. */
static void count_steps(sv_tally *tally, const sv_reading readings[], int count)
{
    int half = count / 2;
    for (int i = 1; i < count; i++) {
        double step = readings[i].as_is - readings[i - 1].as_is;
        if (step != 0.0) {
            tally->num_near++;
            tally->steps.near += ilogb(step);
            tally->steps_swapped.near += ilogb(readings[i].swapped - readings[i - 1].swapped);
        }
    }
    for (int i = half; i < count; i++) {
        double step = readings[i].as_is - readings[i - half].as_is;
        if (step != 0.0) {
            tally->num_far++;
            tally->steps.far += ilogb(step);
            tally->steps_swapped.far += ilogb(readings[i].swapped - readings[i - half].swapped);
        }
    }
}

static bool is_integer(sv_dtype dtype)
{
    static const unsigned char zeros[8] = {0};
    return sv_dtype_load(dtype, zeros).kind != SV_KIND_FLOAT;
}

/* Random mantissas read as exponents make two in five float32 absurd, and nearly all float64. */
static bool floats_look_wrong(const sv_tally *tally)
{
    return tally->num_nonzero >= FEWEST_SAMPLES && tally->num_absurd * 5 >= tally->num_nonzero &&
           tally->num_absurd_swapped * 50 <= tally->num_nonzero;
}

/* Integers the wrong way round have their low byte on top: steps from sample to sample become
 * huge. Right ones with nothing in the low bytes (24 bits to the left of 32) have larger steps
 * than their swapped reading too; there the swapped one must also be smoother. */
static bool integers_look_wrong(const sv_tally *tally)
{
    if (tally->num_near < FEWEST_SAMPLES || tally->num_far < FEWEST_SAMPLES) {
        return false;
    }
    double near = tally->steps.near / (double)tally->num_near;
    double near_swapped = tally->steps_swapped.near / (double)tally->num_near;
    double roughness = near - tally->steps.far / (double)tally->num_far;
    double roughness_swapped = near_swapped - tally->steps_swapped.far / (double)tally->num_far;
    bool is_left_justified = tally->num_low_zero * 10 >= tally->num_nonzero * 9;
    return near - near_swapped >= 4.0 &&
           (!is_left_justified || roughness - roughness_swapped >= 1.0);
}

static sv_status tally_place(const sv_recording *recording, const sv_stored_run *run, int64_t first,
                             int count, sv_tally *tally, sv_error *error)
{
    unsigned char bytes[PLACE_BYTES];
    sv_reading readings[PLACE_SAMPLES];
    size_t itemsize = sv_dtype_itemsize(run->dtype);
    size_t stride = (size_t)run->stride_bytes;
    sv_status status = sv_recording_read(recording, run->offset_bytes + first * run->stride_bytes,
                                         bytes, (size_t)(count - 1) * stride + itemsize, error);
    if (status != SV_OK) {
        return status;
    }
    for (int i = 0; i < count; i++) {
        readings[i] = read_both(run->dtype, bytes + (size_t)i * stride);
        count_sample(tally, run->dtype, bytes + (size_t)i * stride, readings[i]);
    }
    if (is_integer(run->dtype)) {
        count_steps(tally, readings, count);
    }
    return SV_OK;
}

sv_status sv_order_looks_wrong(const sv_recording *recording, const sv_stored_run *run, bool *wrong,
                               sv_error *error)
{
    *wrong = false;
    int64_t itemsize = (int64_t)sv_dtype_itemsize(run->dtype);
    int64_t in_place = (PLACE_BYTES - itemsize) / run->stride_bytes + 1;
    int count = (int)sv_min_i8(sv_min_i8(in_place, PLACE_SAMPLES), run->num_samples);
    if (itemsize == 1 || count < 1) {
        return SV_OK;
    }
    sv_tally tally = {0};
    int64_t between = sv_max_i8((run->num_samples - count) / (NUM_PLACES - 1), count);
    for (int64_t place = 0; place < NUM_PLACES; place++) {
        int64_t first = place * between;
        if (first > run->num_samples - count) {
            break;
        }
        sv_status status = tally_place(recording, run, first, count, &tally, error);
        if (status != SV_OK) {
            return status;
        }
    }
    *wrong = is_integer(run->dtype) ? integers_look_wrong(&tally) : floats_look_wrong(&tally);
    return SV_OK;
}
