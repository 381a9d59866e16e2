/* The samples of one miniSEED record. */
#include <inttypes.h>
#include <libmseed.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "format/mseed.h"
#include "format/steim.h"

/* ---- what lies plainly ----------------------------------------------------------------------- */

static void swap_bytes(const unsigned char *from, size_t itemsize, size_t count, unsigned char *to)
{
    for (size_t i = 0; i < count * itemsize; i += itemsize) {
        for (size_t j = 0; j < itemsize; j++) {
            to[i + j] = from[i + itemsize - 1 - j];
        }
    }
}

/* Plain samples of a record whose segment holds others too. */
static void convert(const sv_mseed_record *record, const unsigned char *data, void *samples)
{
    size_t itemsize = sv_dtype_itemsize(record->dtype);
    if (record->dtype.type == record->decoded) {
        swap_bytes(data, itemsize, record->num_samples, samples);
        return;
    }
    int32_t *integers = samples;
    for (size_t i = 0; i < record->num_samples; i++) {
        integers[i] = (int32_t)sv_dtype_load(record->dtype, data + i * itemsize).value.i;
    }
}

/* ---- Steim ----------------------------------------------------------------------------------- */

/* A last sample of 0 is one that the writer left out. */
static bool decode_steim(const sv_kernels *kernels, const sv_mseed_record *record,
                         const unsigned char *data, void *samples)
{
    size_t num_frames = (size_t)(record->length - record->data_offset) / SV_STEIM_FRAME_BYTES;
    sv_byte_order order = (sv_byte_order)record->order;
    int32_t *integers = samples, last;
    bool decoded = record->encoding == DE_STEIM1
                       ? sv_steim1_decode(kernels, data, num_frames, order, integers,
                                          record->num_samples, &last)
                       : sv_steim2_decode(kernels, data, num_frames, order, integers,
                                          record->num_samples, &last);
    return decoded && (last == 0 || last == integers[record->num_samples - 1]);
}

/* ---- what else there is ---------------------------------------------------------------------- */

static void say_nothing(char *message)
{
    (void)message;
}

/* By libmseed, one record at a time in the whole process: it puts together what it says on stderr
 * in memory of its own. Its answer says enough. */
static bool decode_by_libmseed(const sv_mseed_record *record, const unsigned char *bytes,
                               void *samples)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct fsdh_s header = {.data_offset = record->data_offset};
    MSRecord msr = {
        .record = (char *)(uintptr_t)bytes,
        .reclen = record->length,
        .fsdh = &header,
        .encoding = (int8_t)record->encoding,
        .samplecnt = record->num_samples,
    };
    pthread_mutex_lock(&lock);
    ms_loginit(say_nothing, NULL, say_nothing, NULL);
    bool decoded =
        msr_unpack_data(&msr, record->order != SV_NATIVE_ENDIAN, 0) == record->num_samples;
    pthread_mutex_unlock(&lock);
    if (decoded) {
        size_t itemsize = sv_dtype_itemsize(sv_dtype_make((sv_type)record->decoded, 0));
        memcpy(samples, msr.datasamples, record->num_samples * itemsize);
    }
    free(msr.datasamples); /* allocated by libmseed */
    return decoded;
}

sv_status sv_mseed_decode(const sv_kernels *kernels, const sv_mseed_record *record,
                          const unsigned char *bytes, void *samples, sv_error *error)
{
    const unsigned char *data = bytes + record->data_offset;
    bool decoded = true;
    if (record->dtype.type != SV_TYPE_NONE) {
        convert(record, data, samples);
    } else if (record->encoding == DE_STEIM1 || record->encoding == DE_STEIM2) {
        decoded = decode_steim(kernels, record, data, samples);
    } else {
        decoded = decode_by_libmseed(record, bytes, samples);
    }
    if (decoded) {
        return SV_OK;
    }
    return sv_fail(error, SV_FORMAT,
                   "the %d samples of the record at byte %" PRId64
                   " cannot be decoded (%s); they are left out",
                   record->num_samples, record->offset, sv_mseed_encoding_name(record->encoding));
}
