/* Steim's compression: differences of samples, several to a word. SEED manual 2.4, Appendix B.
 *
 * libmseed has decoders too. These exist because libmseed 2 writes what it has to say of a bad
 * record into memory that all threads share, and takes several times as long. */
#ifndef SV_FORMAT_STEIM_H
#define SV_FORMAT_STEIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seisview/dtype.h"

enum {
    SV_STEIM_FRAME_BYTES = 64,
    SV_STEIM1_MOST = 15 * 4, /* differences in a frame */
    SV_STEIM2_MOST = 15 * 7
};

/* Decodes the first `num_samples` >= 1 samples of `num_frames` frames in the byte order `order`.
 * *last is the last sample of the record as its first frame states it. False: the frames hold
 * fewer samples, or (Steim2) a word of no known kind. */
bool sv_steim1_decode(const sv_kernels *kernels, const unsigned char *frames, size_t num_frames,
                      sv_byte_order order, int32_t *samples, size_t num_samples, int32_t *last);
bool sv_steim2_decode(const sv_kernels *kernels, const unsigned char *frames, size_t num_frames,
                      sv_byte_order order, int32_t *samples, size_t num_samples, int32_t *last);

#endif
