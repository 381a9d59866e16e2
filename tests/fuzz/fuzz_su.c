/* libFuzzer target: any bytes as an SU file. */
#include "../unit/segy_file.h"
#include "any_recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t num_bytes, size_t max_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    open_bytes(bytes, num_bytes, num_bytes % 4 < 2 ? "a.su" : "a", "su", num_bytes % 2 == 1,
               SV_LAYOUT_NONE);
    return 0;
}

/* Short inputs become a sound file before anything is changed in them. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    if (num_bytes < TRACE_HEADER) {
        struct segy_file file = make_segy((struct segy_plan){
            .order = seed % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN,
            .num_traces = 1 + (int)(seed / 2 % 4),
            .num_samples = (int)(seed / 8 % 20),
        });
        num_bytes = file.num_bytes < max_bytes ? file.num_bytes : max_bytes;
        memcpy(bytes, file.bytes, num_bytes);
    }
    return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
}
