#include "format/steim.h"

#include <string.h>

#include "base/size.h"

/* In the first frame words 1 and 2 are the first sample and the last, and hold no differences. */
enum { WORD_BYTES = 4, FIRST_SAMPLE = 1, LAST_SAMPLE = 2, KINDS_BEHIND = 0x03FFFFFF };

enum { FRAMES_AT_ONCE = 8, MOST_AT_ONCE = FRAMES_AT_ONCE * SV_STEIM2_MOST + SV_STEIM_LANES };

/* The first two bits of a code say how a word is packed, or (Steim2, 2 and 3) the others do. Bytes,
 * and Steim1's halves, follow one another as they lie in the file, whatever the order of words. */
static const uint8_t steim1_codes[2][SV_STEIM_CODES] = {
    [SV_BIG_ENDIAN] = {[4] = SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_2_OF_16,
                       SV_PACKED_2_OF_16,
                       SV_PACKED_2_OF_16,
                       SV_PACKED_2_OF_16,
                       SV_PACKED_1_OF_32,
                       SV_PACKED_1_OF_32,
                       SV_PACKED_1_OF_32,
                       SV_PACKED_1_OF_32},
    [SV_LITTLE_ENDIAN] = {[4] = SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_2_OF_16_REVERSED,
                          SV_PACKED_2_OF_16_REVERSED,
                          SV_PACKED_2_OF_16_REVERSED,
                          SV_PACKED_2_OF_16_REVERSED,
                          SV_PACKED_1_OF_32,
                          SV_PACKED_1_OF_32,
                          SV_PACKED_1_OF_32,
                          SV_PACKED_1_OF_32},
};

static const uint8_t steim2_codes[2][SV_STEIM_CODES] = {
    [SV_BIG_ENDIAN] = {[4] = SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_4_OF_8,
                       SV_PACKED_UNKNOWN,
                       SV_PACKED_1_OF_30,
                       SV_PACKED_2_OF_15,
                       SV_PACKED_3_OF_10,
                       SV_PACKED_5_OF_6,
                       SV_PACKED_6_OF_5,
                       SV_PACKED_7_OF_4,
                       SV_PACKED_UNKNOWN},
    [SV_LITTLE_ENDIAN] = {[4] = SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_4_OF_8_REVERSED,
                          SV_PACKED_UNKNOWN,
                          SV_PACKED_1_OF_30,
                          SV_PACKED_2_OF_15,
                          SV_PACKED_3_OF_10,
                          SV_PACKED_5_OF_6,
                          SV_PACKED_6_OF_5,
                          SV_PACKED_7_OF_4,
                          SV_PACKED_UNKNOWN},
};

static uint32_t word_at(const unsigned char *bytes, sv_byte_order order)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return order == SV_NATIVE_ENDIAN ? word : __builtin_bswap32(word);
}

static void put_word(uint32_t word, sv_byte_order order, unsigned char *bytes)
{
    word = order == SV_NATIVE_ENDIAN ? word : __builtin_bswap32(word);
    memcpy(bytes, &word, sizeof word);
}

/* A record that is being decoded. */
typedef struct decoding {
    const sv_kernels *kernels;
    const uint8_t *codes;
    sv_byte_order order;
    int32_t *samples;
    int64_t num_samples, done;
} decoding;

/* The first difference leads to the first sample, which is known. */
static bool take_first(decoding *d, const unsigned char *frame)
{
    int32_t differences[SV_STEIM2_MOST + SV_STEIM_LANES];
    int64_t count;
    unsigned char behind[SV_STEIM_FRAME_BYTES];
    memcpy(behind, frame, sizeof behind);
    put_word(word_at(frame, d->order) & KINDS_BEHIND, d->order, behind);
    bool known = d->kernels->split_frames(d->codes, behind, 1, d->order, differences, &count);
    d->samples[0] = (int32_t)word_at(frame + WORD_BYTES * FIRST_SAMPLE, d->order);
    d->done = sv_max_i8(1, sv_min_i8(count, d->num_samples));
    d->kernels->add_up(d->samples[0], differences + 1, d->done - 1, d->samples + 1);
    return known;
}

static bool take_more(decoding *d, const unsigned char *frames, int64_t num_frames)
{
    int32_t differences[MOST_AT_ONCE];
    int64_t count;
    bool known =
        d->kernels->split_frames(d->codes, frames, num_frames, d->order, differences, &count);
    count = sv_min_i8(count, d->num_samples - d->done);
    d->kernels->add_up(d->samples[d->done - 1], differences, count, d->samples + d->done);
    d->done += count;
    return known;
}

/* What comes behind the last sample does not matter. */
static bool decode(decoding d, const unsigned char *frames, size_t num_frames, int32_t *last)
{
    if (num_frames == 0) {
        return false;
    }
    *last = (int32_t)word_at(frames + WORD_BYTES * LAST_SAMPLE, d.order);
    bool known = take_first(&d, frames);
    for (size_t i = 1; known && i < num_frames && d.done < d.num_samples; i += FRAMES_AT_ONCE) {
        known = take_more(&d, frames + i * SV_STEIM_FRAME_BYTES,
                          sv_min_i8(FRAMES_AT_ONCE, (int64_t)(num_frames - i)));
    }
    return d.done == d.num_samples;
}

bool sv_steim1_decode(const sv_kernels *kernels, const unsigned char *frames, size_t num_frames,
                      sv_byte_order order, int32_t *samples, size_t num_samples, int32_t *last)
{
    decoding d = {kernels, steim1_codes[order], order, samples, (int64_t)num_samples, 0};
    return decode(d, frames, num_frames, last);
}

bool sv_steim2_decode(const sv_kernels *kernels, const unsigned char *frames, size_t num_frames,
                      sv_byte_order order, int32_t *samples, size_t num_samples, int32_t *last)
{
    decoding d = {kernels, steim2_codes[order], order, samples, (int64_t)num_samples, 0};
    return decode(d, frames, num_frames, last);
}
