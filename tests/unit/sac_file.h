/* SAC files made in memory, for tests of them and of what looks like them. */
#ifndef SV_TESTS_SAC_FILE_H
#define SV_TESTS_SAC_FILE_H

#include <stdint.h>
#include <string.h>

#include "seisview/dtype.h"

enum { SAC_HEADER = 632, SAC_FOOTER = 176, SAC_MAX_SAMPLES = 64 };

struct sac_file {
    sv_byte_order order;
    size_t num_bytes;
    unsigned char bytes[SAC_HEADER + 4 * SAC_MAX_SAMPLES + SAC_FOOTER + 64];
};

static inline void sac_integer(struct sac_file *file, int word, int32_t value)
{
    sv_dtype_store(sv_dtype_make(SV_I4, file->order), file->bytes + 4 * word, sv_scalar_int(value));
}

static inline void sac_float(struct sac_file *file, int word, float value)
{
    sv_dtype_store(sv_dtype_make(SV_F4, file->order), file->bytes + 4 * word,
                   sv_scalar_float((double)value));
}

/* Eight bytes, filled up with blanks. */
static inline void sac_text(struct sac_file *file, int byte, const char *text)
{
    memset(file->bytes + byte, ' ', 8);
    memcpy(file->bytes + byte, text, strlen(text) < 8 ? strlen(text) : 8);
}

/* Of a version 7 file with `num_samples` samples: float64 `index` of the footer. */
static inline void sac_footer(struct sac_file *file, int num_samples, int index, double value)
{
    sv_dtype_store(sv_dtype_make(SV_F8, file->order),
                   file->bytes + SAC_HEADER + 4 * num_samples + 8 * index, sv_scalar_float(value));
}

/* A sound file: 100 Hz, 1981-03-29T10:38:14.25Z plus B of 10 s, samples 1, 2, 3 …; version 7 has
 * an undefined footer. */
static inline struct sac_file make_sac(sv_byte_order order, int version, int num_samples)
{
    struct sac_file file = {.order = order};
    for (int word = 0; word < 70; word++) {
        sac_float(&file, word, -12345.0F);
    }
    for (int word = 70; word < 110; word++) {
        sac_integer(&file, word, -12345);
    }
    for (int byte = 440; byte < SAC_HEADER; byte += 8) {
        sac_text(&file, byte, "-12345");
    }
    sac_float(&file, 0, 0.01F);
    sac_float(&file, 5, 10.0F);
    int32_t nz[] = {1981, 88, 10, 38, 14, 250};
    for (int i = 0; i < 6; i++) {
        sac_integer(&file, 70 + i, nz[i]);
    }
    sac_integer(&file, 76, version);
    sac_integer(&file, 79, num_samples);
    sac_integer(&file, 85, 1);
    sac_integer(&file, 105, 1);
    for (int i = 0; i < num_samples; i++) {
        sac_float(&file, SAC_HEADER / 4 + i, (float)(i + 1));
    }
    file.num_bytes = SAC_HEADER + 4 * (size_t)num_samples;
    if (version == 7) {
        for (int i = 0; i < 22; i++) {
            sac_footer(&file, num_samples, i, -12345.0);
        }
        file.num_bytes += SAC_FOOTER;
    }
    return file;
}

#endif
