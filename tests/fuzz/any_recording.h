/* What must hold of a recording that was opened from any bytes. */
#ifndef SV_TESTS_ANY_RECORDING_H
#define SV_TESTS_ANY_RECORDING_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* One segment whose rows can be asked for, and whose corners can be read. */
static void look_at(const sv_recording *recording)
{
    sv_segment segment;
    sv_channel channel;
    require(sv_recording_num_segments(recording) == 1);
    require(sv_recording_segment(recording, 0, &segment) == SV_OK);
    require(segment.sample_rate > 0.0 && isfinite(segment.sample_rate));
    require(segment.num_channels > 0 && segment.num_samples >= 0);
    require(sv_recording_channel(recording, 0, 0, &channel) == SV_OK);
    require(sv_recording_channel(recording, 0, segment.num_channels - 1, &channel) == SV_OK);
    for (int corner = 0; corner < 4 && segment.num_samples > 0; corner++) {
        int64_t index[] = {corner % 2 == 0 ? 0 : segment.num_channels - 1,
                           corner < 2 ? 0 : segment.num_samples - 1};
        sv_scalar sample;
        require(sv_view_get(&segment.samples, index, &sample, NULL) == SV_OK);
    }
}

/* The bytes are borrowed, not mapped, so that the sanitizer sees every byte that is read past
 * their end. Opening them as `format`, or as whatever they look like, fails with a sentence or
 * gives such a recording; other formats have targets of their own. */
static void open_bytes(const uint8_t *bytes, size_t num_bytes, const char *path, const char *format,
                       bool is_guessed, sv_layout layout)
{
    sv_open_options options = SV_OPEN_OPTIONS_INIT;
    options.format = is_guessed ? NULL : format;
    options.layout = layout;
    sv_source source = {path, path, NULL, &options};
    sv_buffer *buffer;
    sv_recording *recording;
    sv_error error = {.message = ""};
    require(sv_buffer_borrow_const(bytes, num_bytes, &buffer, NULL) == SV_OK);
    if (sv_recording_of_buffer(&source, buffer, NULL, &recording, &error) == SV_OK) {
        if (strcmp(sv_recording_format(recording), format) == 0) {
            look_at(recording);
        }
        require(sv_recording_close(recording) == SV_OK);
    } else {
        require(error.message[0] != '\0');
        require(sv_buffer_close(buffer) == SV_OK);
    }
}

#endif
