/* Differences of samples, several to a word, and their running sums. */
#include "kernel/set.h"

#ifndef SV_WIDE
static uint32_t word_at(const unsigned char *bytes, sv_byte_order order)
{
    return order == SV_BIG_ENDIAN ? (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                        (uint32_t)bytes[2] << 8 | bytes[3]
                                  : (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
                                        (uint32_t)bytes[1] << 8 | bytes[0];
}

/* `count` signed numbers of `bits` bits, which fill the word up from below; the highest first. */
static inline int64_t split(uint32_t word, int count, int bits, int32_t *differences)
{
    for (int i = 0; i < count; i++) {
        differences[i] = (int32_t)(word << (32 - bits * (count - i))) >> (32 - bits);
    }
    return count;
}

static inline int64_t split_word(sv_packing packing, uint32_t word, int32_t *differences)
{
    switch (packing) {
    case SV_PACKED_NONE:
    case SV_PACKED_UNKNOWN: return 0;
    case SV_PACKED_1_OF_32: return split(word, 1, 32, differences);
    case SV_PACKED_2_OF_16: return split(word, 2, 16, differences);
    case SV_PACKED_2_OF_16_REVERSED: return split(word >> 16 | word << 16, 2, 16, differences);
    case SV_PACKED_4_OF_8: return split(word, 4, 8, differences);
    case SV_PACKED_4_OF_8_REVERSED: return split(__builtin_bswap32(word), 4, 8, differences);
    case SV_PACKED_1_OF_30: return split(word, 1, 30, differences);
    case SV_PACKED_2_OF_15: return split(word, 2, 15, differences);
    case SV_PACKED_3_OF_10: return split(word, 3, 10, differences);
    case SV_PACKED_5_OF_6: return split(word, 5, 6, differences);
    case SV_PACKED_6_OF_5: return split(word, 6, 5, differences);
    case SV_PACKED_7_OF_4: return split(word, 7, 4, differences);
    }
    return 0;
}

bool SV_SET(split_frames)(const uint8_t packings[SV_STEIM_CODES], const unsigned char *frames,
                          int64_t num_frames, sv_byte_order order, int32_t *differences,
                          int64_t *count)
{
    *count = 0;
    uint32_t kinds = 0;
    for (int64_t i = 0; i < num_frames * SV_STEIM_WORDS; i++, kinds <<= 2) {
        uint32_t word = word_at(frames + i * (int64_t)sizeof word, order);
        if (i % SV_STEIM_WORDS == 0) {
            kinds = word;
            continue;
        }
        uint8_t packing = packings[kinds >> 30 << 2 | word >> 30];
        if (packing == SV_PACKED_UNKNOWN) {
            return false;
        }
        *count += split_word((sv_packing)packing, word, differences + *count);
    }
    return true;
}

void SV_SET(add_up)(int32_t before, const int32_t *differences, int64_t count, int32_t *samples)
{
    uint32_t sum = (uint32_t)before;
    for (int64_t i = 0; i < count; i++) {
        sum += (uint32_t)differences[i];
        samples[i] = (int32_t)sum;
    }
}
#endif
