/* libFuzzer target: any bytes as a SAC file. The bytes are borrowed, not mapped, so that the
 * sanitizer sees every byte that is read past their end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/sac_file.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t num_bytes, size_t max_bytes);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* What must hold of a recording, whatever its bytes. */
static void look_at(const sv_recording *recording, size_t num_bytes)
{
    sv_segment segment;
    sv_channel channel;
    require(sv_recording_num_segments(recording) == 1);
    require(sv_recording_segment(recording, 0, &segment) == SV_OK);
    require(sv_recording_channel(recording, 0, 0, &channel) == SV_OK);
    require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate));
    require(segment.num_samples >= 0 && (size_t)segment.num_samples * 4 + 632 <= num_bytes);
    int64_t last[] = {0, segment.num_samples - 1};
    double sample;
    require(segment.num_samples == 0 ||
            sv_view_get_f8(&segment.samples, last, &sample, NULL) == SV_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t num_bytes)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = num_bytes % 2 == 0 ? "sac" : NULL;
    sv_source source = {"a.sac", "a.sac", NULL, &options};
    sv_buffer *buffer;
    sv_recording *recording;
    sv_error error;
    require(sv_buffer_borrow_const(bytes, num_bytes, &buffer, NULL) == SV_OK);
    if (sv_recording_of_buffer(&source, buffer, NULL, &recording, &error) == SV_OK) {
        /* By its first bytes a file may be of another format, which has a target of its own. */
        if (strcmp(sv_recording_format(recording), "sac") == 0) {
            look_at(recording, num_bytes);
        }
        require(sv_recording_close(recording) == SV_OK);
    } else {
        require(error.message[0] != '\0');
        require(sv_buffer_close(buffer) == SV_OK);
    }
    return 0;
}

/* Random bytes are hardly ever a SAC file: short inputs become a sound one, in one of its kinds,
 * before anything is changed in it. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t num_bytes, size_t max_bytes, unsigned seed)
{
    if (num_bytes < SAC_HEADER) {
        sv_byte_order order = seed % 2 == 0 ? SV_LITTLE_ENDIAN : SV_BIG_ENDIAN;
        struct sac_file file = make_sac(order, seed % 4 < 2 ? 6 : 7, (int)(seed / 4 % 20));
        num_bytes = file.num_bytes < max_bytes ? file.num_bytes : max_bytes;
        memcpy(bytes, file.bytes, num_bytes);
    }
    return LLVMFuzzerMutate(bytes, num_bytes, max_bytes);
}
