/* Steim's compression, beside libmseed's decoder and by hand, by each instruction set that runs
 * here. */
#include <check.h>
#include <libmseed.h>
#include <string.h>

#include "format/steim.h"
#include "random.h"

enum { RECORD = 2048, DATA = 64, FRAMES = (RECORD - DATA) / SV_STEIM_FRAME_BYTES, MOST = 2000 };

static const sv_kernels *kernels;

static void put_word(unsigned char *bytes, sv_byte_order order, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        int shift = order == SV_BIG_ENDIAN ? 24 - 8 * i : 8 * i;
        bytes[i] = (unsigned char)(word >> shift);
    }
}

static bool decode(int version, const unsigned char *frames, size_t num_frames, sv_byte_order order,
                   int32_t *samples, size_t num_samples, int32_t *last)
{
    return (version == 1 ? sv_steim1_decode : sv_steim2_decode)(kernels, frames, num_frames, order,
                                                                samples, num_samples, last);
}

/* ---- by hand ------------------------------------------------------------------------------- */

/* One frame that begins with `first`, whose word 3 is `word` of the kind `kind`. */
static void decodes_to(int version, uint32_t kind, uint32_t word, int32_t first, size_t count,
                       const int32_t expected[])
{
    for (int order = SV_LITTLE_ENDIAN; order <= SV_BIG_ENDIAN; order++) {
        unsigned char frame[SV_STEIM_FRAME_BYTES] = {0};
        int32_t samples[16], last;
        put_word(frame, (sv_byte_order)order, kind << (30 - 2 * 3));
        put_word(frame + 4, (sv_byte_order)order, (uint32_t)first);
        put_word(frame + 8, (sv_byte_order)order, (uint32_t)expected[count - 1]);
        put_word(frame + 12, kind == 1 ? SV_BIG_ENDIAN : (sv_byte_order)order, word);
        if (version == 1 && kind == 2 && order == SV_LITTLE_ENDIAN) {
            put_word(frame + 12, SV_LITTLE_ENDIAN, word << 16 | word >> 16);
        }
        ck_assert(decode(version, frame, 1, (sv_byte_order)order, samples, count, &last));
        ck_assert_int_eq(last, expected[count - 1]);
        for (size_t i = 0; i < count; i++) {
            ck_assert_int_eq(samples[i], expected[i]);
        }
        ck_assert(!decode(version, frame, 1, (sv_byte_order)order, samples, count + 1, &last));
    }
}

START_TEST(words_of_steim1)
{
    decodes_to(1, 1, 0x7F01FF80, 10, 4, (const int32_t[]){10, 11, 10, -118});
    decodes_to(1, 2, 0x00018000, -5, 2, (const int32_t[]){-5, -32773});
    decodes_to(1, 3, 0xFFFFFFFF, 99, 1, (const int32_t[]){99});
}
END_TEST

START_TEST(words_of_steim2)
{
    decodes_to(2, 1, 0x7F01FF80, 10, 4, (const int32_t[]){10, 11, 10, -118});
    decodes_to(2, 2, 0x40000000 | 0x3FFFFFFF, 7, 1, (const int32_t[]){7});
    decodes_to(2, 2, 0x80000000 | 1 << 15 | 0x4000, 7, 2, (const int32_t[]){7, -16377});
    decodes_to(2, 2, 0xC0000000 | 1 << 20 | 0x1FF << 10 | 0x200, 0, 3,
               (const int32_t[]){0, 511, -1});
    decodes_to(2, 3, 0x00000000 | 1 << 24 | 31 << 18 | 32 << 12 | 63 << 6 | 1, 0, 5,
               (const int32_t[]){0, 31, -1, -2, -1});
    decodes_to(2, 3, 0x40000000 | 1 << 25 | 15 << 20 | 16 << 15 | 31 << 10 | 1 << 5 | 2, 100, 6,
               (const int32_t[]){100, 115, 99, 98, 99, 101});
    decodes_to(2, 3, 0x80000000 | 0x01278F1E, 0, 7, (const int32_t[]){0, 2, 9, 1, 0, 1, -1});
}
END_TEST

START_TEST(words_of_no_known_kind_are_refused)
{
    static const uint32_t words[][2] = {{2, 0}, {2, 0x3FFFFFFF}, {3, 0xC0000000}, {3, 0xFFFFFFFF}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        unsigned char frames[2 * SV_STEIM_FRAME_BYTES] = {0};
        int32_t samples[8], last;
        put_word(frames, SV_BIG_ENDIAN, words[i][0] << 24 | 1 << 22);
        put_word(frames + 12, SV_BIG_ENDIAN, words[i][1]);
        ck_assert(!sv_steim2_decode(kernels, frames, 2, SV_BIG_ENDIAN, samples, 2, &last));
        /* Behind the last sample they do not matter. */
        put_word(frames, SV_BIG_ENDIAN, 1 << 24 | words[i][0] << 22);
        put_word(frames + 16, SV_BIG_ENDIAN, words[i][1]);
        ck_assert(sv_steim2_decode(kernels, frames, 2, SV_BIG_ENDIAN, samples, 4, &last));
        ck_assert(!sv_steim2_decode(kernels, frames, 2, SV_BIG_ENDIAN, samples, 5, &last));
    }
}
END_TEST

START_TEST(sums_wrap_around)
{
    unsigned char frames[SV_STEIM_FRAME_BYTES] = {0};
    int32_t samples[3], last;
    put_word(frames, SV_BIG_ENDIAN, 3U << 24 | 3U << 22 | 3U << 20);
    put_word(frames + 4, SV_BIG_ENDIAN, INT32_MAX);
    put_word(frames + 16, SV_BIG_ENDIAN, 1);
    put_word(frames + 20, SV_BIG_ENDIAN, UINT32_MAX);
    ck_assert(sv_steim1_decode(kernels, frames, 1, SV_BIG_ENDIAN, samples, 3, &last));
    ck_assert_int_eq(samples[1], INT32_MIN);
    ck_assert_int_eq(samples[2], INT32_MAX);
}
END_TEST

START_TEST(without_a_frame_there_is_no_sample)
{
    int32_t sample, last;
    ck_assert(!decode(1, (const unsigned char *)"", 0, SV_BIG_ENDIAN, &sample, 1, &last));
    ck_assert(!decode(2, (const unsigned char *)"", 0, SV_BIG_ENDIAN, &sample, 1, &last));
}
END_TEST

/* ---- beside libmseed ----------------------------------------------------------------------- */

static void say_nothing(char *message)
{
    (void)message;
}

/* What libmseed makes of a record's frames; −1: nothing. */
static int peer_decode(int version, unsigned char *record, sv_byte_order order, int32_t *samples,
                       int num_samples)
{
    struct fsdh_s header = {.data_offset = DATA};
    MSRecord msr = {.record = (char *)record,
                    .reclen = RECORD,
                    .fsdh = &header,
                    .encoding = (int8_t)(version == 1 ? DE_STEIM1 : DE_STEIM2),
                    .samplecnt = num_samples};
    int count = msr_unpack_data(&msr, order != SV_NATIVE_ENDIAN, 0);
    if (count > 0) {
        memcpy(samples, msr.datasamples, (size_t)count * sizeof *samples);
    }
    free(msr.datasamples);
    return count;
}

/* Frames of random words; the first word of differences is never empty, which the standard rules
 * out and decoders take in different ways. */
static void make_frames(struct random *random, int version, sv_byte_order order,
                        unsigned char *frames)
{
    for (int word = 0; word < FRAMES * 16; word++) {
        uint32_t bits = (uint32_t)random_bits(random);
        if (word % 16 == 0 && version == 1) {
            bits |= 3U << 24;
        } else if (word % 16 == 0) {
            bits = (bits & 0xFCFFFFFF) | 1U << 24;
        } else if (version == 2 && random_below(random, 400) > 0) {
            bits |= 0x40000000; /* most words are of a known kind, whatever their kind */
            bits &= random_below(random, 2) == 0 ? 0x7FFFFFFF : UINT32_MAX;
            bits ^= bits >> 30 == 3 ? 0x40000000U : 0U;
        }
        put_word(frames + 4 * word, order, bits);
    }
}

START_TEST(random_frames_decode_as_by_libmseed)
{
    struct random random = random_begin("random_frames_decode_as_by_libmseed");
    ms_loginit(say_nothing, NULL, say_nothing, NULL);
    int num_decoded = 0;
    for (int round = 0; round < 20000; round++) {
        unsigned char record[RECORD] = {0};
        int32_t own[MOST], peer[MOST], last;
        int version = 1 + round % 2;
        sv_byte_order order = random_below(&random, 2) == 0 ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
        int count = 1 + (int)random_below(&random, version == 1 ? 1000 : 1900);
        make_frames(&random, version, order, record + DATA);
        bool decoded = decode(version, record + DATA, FRAMES, order, own, (size_t)count, &last);
        int peer_count = peer_decode(version, record, order, peer, count);
        require(decoded == (peer_count == count), "only one of the two decodes it");
        require(!decoded || memcmp(own, peer, (size_t)count * sizeof own[0]) == 0,
                "the samples differ");
        num_decoded += decoded;
    }
    ck_assert_int_gt(num_decoded, 2000);
}
END_TEST

/* SEISVIEW_KERNEL is not looked at: all sets are tested. */
static int run_suite(void)
{
    Suite *suite = suite_create(kernels->name);
    TCase *tcase = tcase_create("steim");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, words_of_steim1);
    tcase_add_test(tcase, words_of_steim2);
    tcase_add_test(tcase, words_of_no_known_kind_are_refused);
    tcase_add_test(tcase, sums_wrap_around);
    tcase_add_test(tcase, without_a_frame_there_is_no_sample);
    tcase_add_test(tcase, random_frames_decode_as_by_libmseed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

int main(void)
{
    int failed = 0;
    bool runs_here;
    for (int i = 0; (kernels = sv_kernels_at(i, &runs_here)) != NULL; i++) {
        failed += runs_here ? run_suite() : 0;
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
