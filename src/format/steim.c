#include "format/steim.h"

/* A frame is 16 words. The first one holds two bits for each, from the top: what is in it. In the
 * first frame the next two are the first sample and the last. */
enum { WORDS = 16, FIRST_SAMPLE = 1, LAST_SAMPLE = 2 };

typedef enum version { STEIM1 = 1, STEIM2 = 2 } version;

static uint32_t word_at(const unsigned char *bytes, sv_byte_order order)
{
    return order == SV_BIG_ENDIAN ? (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                        (uint32_t)bytes[2] << 8 | bytes[3]
                                  : (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
                                        (uint32_t)bytes[1] << 8 | bytes[0];
}

/* `count` signed numbers of `bits` bits, which fill the word up from below; the highest first. */
static inline size_t split(uint32_t word, unsigned count, unsigned bits, uint32_t *differences)
{
    for (unsigned i = 0; i < count; i++) {
        int32_t top = (int32_t)(word << (32 - bits * (count - i)));
        differences[i] = (uint32_t)(top >> (32 - bits));
    }
    return count;
}

/* Bytes, and Steim1's halves, follow one another as they lie in the file, whatever the order. */
static size_t split_bytes(const unsigned char *bytes, uint32_t *differences)
{
    return split(word_at(bytes, SV_BIG_ENDIAN), 4, 8, differences);
}

static size_t split_halves(const unsigned char *bytes, sv_byte_order order, uint32_t *differences)
{
    uint32_t word = word_at(bytes, order);
    return split(order == SV_BIG_ENDIAN ? word : word << 16 | word >> 16, 2, 16, differences);
}

/* 0: the word is of no known kind. */
static size_t split_steim2(uint32_t kind, uint32_t word, uint32_t *differences)
{
    switch (kind << 2 | word >> 30) {
    case 2 << 2 | 1: return split(word, 1, 30, differences);
    case 2 << 2 | 2: return split(word, 2, 15, differences);
    case 2 << 2 | 3: return split(word, 3, 10, differences);
    case 3 << 2 | 0: return split(word, 5, 6, differences);
    case 3 << 2 | 1: return split(word, 6, 5, differences);
    case 3 << 2 | 2: return split(word, 7, 4, differences);
    default: return 0;
    }
}

static inline size_t split_word(version steim, uint32_t kind, const unsigned char *bytes,
                                sv_byte_order order, uint32_t *differences)
{
    if (kind == 1) {
        return split_bytes(bytes, differences);
    }
    if (steim == STEIM2) {
        return split_steim2(kind, word_at(bytes, order), differences);
    }
    return kind == 2 ? split_halves(bytes, order, differences)
                     : split(word_at(bytes, order), 1, 32, differences);
}

/* The differences of a frame, from word `first` on, until there are `wanted`; *count is how many
 * there are. */
static inline bool split_frame(version steim, const unsigned char *frame, unsigned first,
                               sv_byte_order order, size_t wanted, uint32_t *differences,
                               size_t *count)
{
    uint32_t kinds = word_at(frame, order) << 2 * first;
    *count = 0;
    for (unsigned i = first; i < WORDS && *count < wanted; i++, kinds <<= 2) {
        uint32_t kind = kinds >> 30;
        if (kind == 0) {
            continue;
        }
        size_t split = split_word(steim, kind, frame + 4 * i, order, differences + *count);
        if (split == 0) {
            return false;
        }
        *count += split;
    }
    return true;
}

/* Adds the differences up, as many as there is room for; sums wrap around. */
static size_t add_up(const uint32_t *differences, size_t count, uint32_t before, int32_t *samples,
                     size_t room)
{
    count = count < room ? count : room;
    for (size_t i = 0; i < count; i++) {
        before += differences[i];
        samples[i] = (int32_t)before;
    }
    return count;
}

/* The first difference leads to the first sample, which is known. */
static inline bool decode(version steim, const unsigned char *frames, size_t num_frames,
                          sv_byte_order order, int32_t *samples, size_t num_samples, int32_t *last)
{
    uint32_t differences[SV_STEIM2_MOST];
    size_t count, done = 1;
    if (num_frames == 0 ||
        !split_frame(steim, frames, LAST_SAMPLE + 1, order, num_samples, differences, &count)) {
        return false;
    }
    samples[0] = (int32_t)word_at(frames + 4 * FIRST_SAMPLE, order);
    *last = (int32_t)word_at(frames + 4 * LAST_SAMPLE, order);
    if (count > 1) {
        done +=
            add_up(differences + 1, count - 1, (uint32_t)samples[0], samples + 1, num_samples - 1);
    }
    for (size_t i = 1; i < num_frames && done < num_samples; i++) {
        if (!split_frame(steim, frames + i * SV_STEIM_FRAME_BYTES, 1, order, num_samples - done,
                         differences, &count)) {
            return false;
        }
        done += add_up(differences, count, (uint32_t)samples[done - 1], samples + done,
                       num_samples - done);
    }
    return done == num_samples;
}

bool sv_steim1_decode(const unsigned char *frames, size_t num_frames, sv_byte_order order,
                      int32_t *samples, size_t num_samples, int32_t *last)
{
    return decode(STEIM1, frames, num_frames, order, samples, num_samples, last);
}

bool sv_steim2_decode(const unsigned char *frames, size_t num_frames, sv_byte_order order,
                      int32_t *samples, size_t num_samples, int32_t *last)
{
    return decode(STEIM2, frames, num_frames, order, samples, num_samples, last);
}
