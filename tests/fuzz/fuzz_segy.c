/* libFuzzer target: any bytes as a SEG-Y file. */
#include "../unit/segy_file.h"
#include "any_recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t num_bytes, size_t max_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    open_bytes(bytes, num_bytes, "a.sgy", "segy", num_bytes % 2 == 1, SV_LAYOUT_NONE);
    return 0;
}

/* Of four changes three strike the binary header or the first trace's headers, whose few fields
 * decide everything; short inputs become a sound file, in one of its kinds. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    static const int codes[] = {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16};
    if (num_bytes < SEGY_HEADERS) {
        struct segy_file file = make_segy((struct segy_plan){
            .order = seed % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN,
            .code = codes[seed / 2 % 13],
            .num_traces = (int)(seed / 26 % 4),
            .num_samples = (int)(seed / 104 % 20),
            .revision = (int)(seed / 2080 % 3),
            .num_texts = (int)(seed / 6240 % 3),
            .num_more_headers = seed / 2080 % 3 == 2 ? (int)(seed / 18720 % 3) : 0,
        });
        num_bytes = file.num_bytes < max_bytes ? file.num_bytes : max_bytes;
        memcpy(bytes, file.bytes, num_bytes);
    }
    size_t first = seed % 2 == 0 ? SEGY_TEXT : SEGY_HEADERS;
    size_t length = seed % 2 == 0 ? SEGY_HEADERS - SEGY_TEXT : 2 * TRACE_HEADER;
    if (seed % 4 == 3 || num_bytes < first + length) {
        return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
    }
    LLVMFuzzerMutate(bytes + first, length, length);
    return num_bytes;
}
