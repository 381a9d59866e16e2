/* libFuzzer target: any bytes as an npy file. */
#include <string.h>

#include "any_recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t num_bytes, size_t max_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    open_bytes(bytes, num_bytes, "a.npy", "npy", false,
               num_bytes % 2 == 0 ? SV_LAYOUT_NONE : SV_INTERLEAVED);
    return 0;
}

/* Every other change puts a word of NumPy's at a place; random bytes would hardly make one. Short
 * inputs become a sound file. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    static const char sound[] =
        "\x93NUMPY\x01\0\x46\0{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3, 4), }"
        "        samples of a small array, that are no numbers but letters ";
    static const char *const words[] = {
        "'descr': ", "'shape': ",           "'<f8'", "True", "False", "(", ")", ",", "}", "[('a'",
        "'|u1'",     "9223372036854775807", "0",     "1, "};
    enum { NUM_WORDS = sizeof words / sizeof words[0] };
    if (num_bytes < 16 && max_bytes >= sizeof sound) {
        memcpy(bytes, sound, sizeof sound);
        num_bytes = sizeof sound;
    }
    const char *word = words[seed / 2 % NUM_WORDS];
    size_t length = strlen(word);
    size_t place = 10 + seed / 2 / NUM_WORDS % 60;
    if (seed % 2 == 0 || place + length > num_bytes) {
        return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
    }
    memcpy(bytes + place, word, length);
    return num_bytes;
}
