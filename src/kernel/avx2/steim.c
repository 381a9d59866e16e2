/* Steim's words without a branch on the data: all lanes of a word are shifted at once, each by an
 * amount of its own, and the next word is written behind those that are meant. */
#include <immintrin.h>

#include "kernel/set.h"

enum { FRAME_BYTES = 4 * SV_STEIM_WORDS };

/* Difference i is (word << left[i]) >> right[i], with its sign. */
typedef struct packing {
    uint32_t left[SV_STEIM_LANES], right[SV_STEIM_LANES];
} packing;

static const _Alignas(64) packing known[] = {
    [SV_PACKED_NONE] = {{0}, {0}},
    [SV_PACKED_UNKNOWN] = {{0}, {0}},
    [SV_PACKED_1_OF_32] = {{0}, {0}},
    [SV_PACKED_2_OF_16] = {{0, 16}, {16, 16}},
    [SV_PACKED_2_OF_16_REVERSED] = {{16, 0}, {16, 16}},
    [SV_PACKED_4_OF_8] = {{0, 8, 16, 24}, {24, 24, 24, 24}},
    [SV_PACKED_4_OF_8_REVERSED] = {{24, 16, 8, 0}, {24, 24, 24, 24}},
    [SV_PACKED_1_OF_30] = {{2}, {2}},
    [SV_PACKED_2_OF_15] = {{2, 17}, {17, 17}},
    [SV_PACKED_3_OF_10] = {{2, 12, 22}, {22, 22, 22}},
    [SV_PACKED_5_OF_6] = {{2, 8, 14, 20, 26}, {26, 26, 26, 26, 26}},
    [SV_PACKED_6_OF_5] = {{2, 7, 12, 17, 22, 27}, {27, 27, 27, 27, 27, 27}},
    [SV_PACKED_7_OF_4] = {{4, 8, 12, 16, 20, 24, 28}, {28, 28, 28, 28, 28, 28, 28}},
};

/* How many differences there are, by packing. */
static const _Alignas(16) uint8_t counts[16] = {
    [SV_PACKED_1_OF_32] = 1, [SV_PACKED_2_OF_16] = 2,         [SV_PACKED_2_OF_16_REVERSED] = 2,
    [SV_PACKED_4_OF_8] = 4,  [SV_PACKED_4_OF_8_REVERSED] = 4, [SV_PACKED_1_OF_30] = 1,
    [SV_PACKED_2_OF_15] = 2, [SV_PACKED_3_OF_10] = 3,         [SV_PACKED_5_OF_6] = 5,
    [SV_PACKED_6_OF_5] = 6,  [SV_PACKED_7_OF_4] = 7,
};

typedef struct frame {
    _Alignas(32) uint32_t words[SV_STEIM_WORDS];
    _Alignas(16) uint8_t packings[SV_STEIM_WORDS];
    _Alignas(16) uint8_t counts[SV_STEIM_WORDS];
} frame;

static __m256i load_words(const unsigned char *bytes, sv_byte_order order)
{
    const __m256i reversed = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
                                              3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    __m256i words = _mm256_loadu_si256((const __m256i *)bytes);
    return order == SV_NATIVE_ENDIAN ? words : _mm256_shuffle_epi8(words, reversed);
}

/* The codes of eight words, of which `kinds` are the bits in the frame's first one, each in the
 * lowest two. */
static __m256i codes_of(__m256i kinds, __m256i words)
{
    __m256i kind = _mm256_and_si256(kinds, _mm256_set1_epi32(3));
    return _mm256_or_si256(_mm256_slli_epi32(kind, 2), _mm256_srli_epi32(words, 30));
}

/* Whether all words are packed in a known way. */
static bool take_frame(const unsigned char *bytes, sv_byte_order order, __m128i packings, frame *f)
{
    const __m256i shifts = _mm256_setr_epi32(30, 28, 26, 24, 22, 20, 18, 16);
    const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i low = load_words(bytes, order), high = load_words(bytes + FRAME_BYTES / 2, order);
    __m256i first = _mm256_broadcastd_epi32(_mm256_castsi256_si128(low));
    __m256i low_codes = codes_of(_mm256_srlv_epi32(first, shifts), low);
    __m256i high_codes = codes_of(_mm256_srlv_epi32(_mm256_slli_epi32(first, 16), shifts), high);
    __m256i both = _mm256_packus_epi32(low_codes, high_codes);
    both = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(both, both), in_order);
    __m128i packed = _mm_shuffle_epi8(packings, _mm256_castsi256_si128(both));
    _mm256_store_si256((__m256i *)f->words, low);
    _mm256_store_si256((__m256i *)(f->words + SV_STEIM_LANES), high);
    _mm_store_si128((__m128i *)f->packings, packed);
    _mm_store_si128((__m128i *)f->counts,
                    _mm_shuffle_epi8(_mm_load_si128((const __m128i *)counts), packed));
    __m128i unknown = _mm_cmpeq_epi8(packed, _mm_set1_epi8(SV_PACKED_UNKNOWN));
    return (_mm_movemask_epi8(unknown) & ~1) == 0;
}

/* How many differences stand before the first word that is packed in no known way. */
static int64_t count_known(const frame *f)
{
    int64_t count = 0;
    for (int i = 1; f->packings[i] != SV_PACKED_UNKNOWN; i++) {
        count += f->counts[i];
    }
    return count;
}

/* Returns how many there are. */
static int64_t split_frame(const frame *f, int32_t *differences)
{
    int64_t done = 0;
#pragma GCC unroll 15
    for (int i = 1; i < SV_STEIM_WORDS; i++) {
        const packing *packed = &known[f->packings[i]];
        __m256i word = _mm256_set1_epi32((int32_t)f->words[i]);
        word = _mm256_sllv_epi32(word, _mm256_load_si256((const __m256i *)packed->left));
        word = _mm256_srav_epi32(word, _mm256_load_si256((const __m256i *)packed->right));
        _mm256_storeu_si256((__m256i *)(differences + done), word);
        done += f->counts[i];
    }
    return done;
}

bool SV_SET(split_frames)(const uint8_t packings[SV_STEIM_CODES], const unsigned char *frames,
                          int64_t num_frames, sv_byte_order order, int32_t *differences,
                          int64_t *count)
{
    __m128i by_code = _mm_loadu_si128((const __m128i *)packings);
    bool all_known = true;
    *count = 0;
    for (int64_t i = 0; all_known && i < num_frames; i++) {
        frame f;
        all_known = take_frame(frames + i * FRAME_BYTES, order, by_code, &f);
        int64_t split = split_frame(&f, differences + *count);
        *count += all_known ? split : count_known(&f);
    }
    return all_known;
}

/* The sums of each lane and those below it. */
static __m256i running(__m256i x)
{
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));
    __m256i of_low = _mm256_permute2x128_si256(x, x, 0x08);
    return _mm256_add_epi32(x, _mm256_shuffle_epi32(of_low, 0xFF));
}

void SV_SET(add_up)(int32_t before, const int32_t *differences, int64_t count, int32_t *samples)
{
    const __m256i last = _mm256_set1_epi32(7);
    __m256i sum = _mm256_set1_epi32(before);
    int64_t i = 0;
    for (; i + SV_STEIM_LANES <= count; i += SV_STEIM_LANES) {
        __m256i sums = running(_mm256_loadu_si256((const __m256i *)(differences + i)));
        _mm256_storeu_si256((__m256i *)(samples + i), _mm256_add_epi32(sums, sum));
        sum = _mm256_add_epi32(sum, _mm256_permutevar8x32_epi32(sums, last));
    }
    uint32_t rest = (uint32_t)_mm256_extract_epi32(sum, 0);
    for (; i < count; i++) {
        rest += (uint32_t)differences[i];
        samples[i] = (int32_t)rest;
    }
}
