/* Recordings: what holds for every format. */
#include "seisview/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"
#include "format/sigmf.h"
#include "journal/hot.h"

/* ---- opening ----------------------------------------------------------------------------- */

bool sv_options_say_raw(const sv_open_options *options)
{
    return options->dtype.type != SV_TYPE_NONE || options->channels != 0 ||
           options->layout != SV_LAYOUT_NONE || options->skip_bytes != -1;
}

sv_status sv_options_check(const sv_open_options *options, sv_error *error)
{
    if (options->dtype.type >= SV_NUM_TYPES || options->dtype.order > SV_BIG_ENDIAN) {
        return sv_fail(error, SV_INVALID, "the given dtype is none");
    }
    if (options->channels < 0) {
        return sv_fail(error, SV_INVALID, "%" PRId64 " channels make no sense; give 1 or more",
                       options->channels);
    }
    if (options->layout != SV_LAYOUT_NONE && options->layout != SV_INTERLEAVED &&
        options->layout != SV_PLANAR) {
        return sv_fail(error, SV_INVALID, "the given layout is neither interleaved nor planar");
    }
    if (!isfinite(options->rate) || options->rate < 0.0) {
        return sv_fail(error, SV_INVALID,
                       "a sample rate of %g Hz makes no sense; give a positive number",
                       options->rate);
    }
    if (options->skip_bytes < -1) {
        return sv_fail(error, SV_INVALID, "%" PRId64 " bytes cannot be skipped; give 0 or more",
                       options->skip_bytes);
    }
    return SV_OK;
}

/* A reader holds its lock as long as the buffer has the file open. The times are looked at again:
 * an edit may have ended meanwhile. */
static sv_status enter(const sv_source *source, const sv_buffer *buffer, struct stat *at_opening,
                       sv_error *error)
{
    int fd = sv_buffer_fd(buffer);
    if (fd < 0 || strcmp(source->data_path, "-") == 0) {
        return SV_OK;
    }
    sv_status status = sv_reader_enter(&sv_real_system, source->data_path, fd,
                                       source->options->wait_seconds, error);
    if (status == SV_OK && fstat(fd, at_opening) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    return status;
}

static sv_status open_located(const sv_source *source, sv_recording **recording, sv_error *error)
{
    sv_buffer *buffer;
    struct stat at_opening;
    sv_status status = sv_input_open(source->data_path, &buffer, &at_opening, error);
    if (status != SV_OK) {
        return status;
    }
    status = enter(source, buffer, &at_opening, error);
    if (status == SV_OK) {
        status = sv_recording_of_buffer(source, buffer, &at_opening, recording, error);
    }
    if (status != SV_OK) {
        sv_buffer_close(buffer);
    }
    return status;
}

sv_status sv_recording_open(const char *path, const sv_open_options *options,
                            sv_recording **recording, sv_error *error)
{
    static const sv_open_options defaults = SV_OPEN_OPTIONS_INIT;
    if (options == NULL) {
        options = &defaults;
    }
    sv_status status = sv_options_check(options, error);
    if (status != SV_OK) {
        return status;
    }
    char *data_path, *side_path;
    status = sv_sigmf_locate(path, options, &data_path, &side_path, error);
    if (status != SV_OK) {
        return status;
    }
    sv_source source = {path, data_path, side_path, options};
    status = open_located(&source, recording, error);
    sv_free(data_path);
    sv_free(side_path);
    return status;
}

static void free_recording(sv_recording *recording)
{
    for (int i = 0; i < recording->num_warnings; i++) {
        sv_free(recording->warnings[i]);
    }
    sv_free(recording->warnings);
    sv_free(recording->path);
    sv_free(recording);
}

static sv_status recognise(sv_recording *recording, const sv_source *source, sv_error *error)
{
    sv_head head;
    head.file_bytes = (int64_t)sv_buffer_size_bytes(recording->buffer);
    if (head.file_bytes == 0) {
        return sv_fail(error, SV_EMPTY, "the file is empty");
    }
    head.num_bytes = (size_t)sv_min_i8(head.file_bytes, SV_HEAD_BYTES);
    sv_status status = sv_recording_read(recording, 0, head.bytes, head.num_bytes, error);
    if (status == SV_OK) {
        status = sv_format_choose(source, &head, &recording->format, error);
    }
    return status == SV_OK ? recording->format->open(recording, source, &head, error) : status;
}

sv_status sv_recording_of_buffer(const sv_source *source, sv_buffer *buffer,
                                 const struct stat *at_opening, sv_recording **recording,
                                 sv_error *error)
{
    sv_recording *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->buffer = buffer;
    opened->size_bytes = (int64_t)sv_buffer_size_bytes(buffer);
    opened->start = SV_TIME_NONE;
    if (at_opening != NULL) {
        opened->at_opening = *at_opening;
    }
    opened->path = sv_strdup(source->path);
    sv_status status = opened->path != NULL ? recognise(opened, source, error)
                                            : sv_fail_memory(error, strlen(source->path) + 1);
    if (status != SV_OK) {
        free_recording(opened);
        return status;
    }
    *recording = opened;
    return SV_OK;
}

sv_status sv_recording_close(sv_recording *recording)
{
    if (recording == NULL) {
        return SV_OK;
    }
    sv_status status = sv_buffer_close(recording->buffer);
    if (status != SV_OK) {
        return status;
    }
    recording->format->close(recording);
    free_recording(recording);
    return SV_OK;
}

/* ---- asking ------------------------------------------------------------------------------ */

const char *sv_recording_path(const sv_recording *recording)
{
    return recording->path;
}

const char *sv_recording_format(const sv_recording *recording)
{
    return recording->format->name;
}

int64_t sv_recording_num_segments(const sv_recording *recording)
{
    return recording->num_segments;
}

int64_t sv_recording_num_gaps(const sv_recording *recording)
{
    return recording->num_gaps;
}

sv_time sv_recording_start(const sv_recording *recording)
{
    return recording->start;
}

int64_t sv_recording_size_bytes(const sv_recording *recording)
{
    return recording->size_bytes;
}

int64_t sv_recording_num_missing(const sv_recording *recording)
{
    return recording->num_missing;
}

sv_buffer *sv_recording_buffer(const sv_recording *recording)
{
    return recording->buffer;
}

const char *sv_recording_warning(const sv_recording *recording, int i)
{
    return i >= 0 && i < recording->num_warnings ? recording->warnings[i] : NULL;
}

sv_status sv_recording_segment(const sv_recording *recording, int64_t index, sv_segment *segment)
{
    if (index < 0 || index >= recording->num_segments) {
        return SV_RANGE;
    }
    sv_segment found = {.index = index, .in_place = true};
    sv_status status = recording->format->segment(recording, index, &found);
    if (status == SV_OK) {
        *segment = found;
    }
    return status;
}

sv_status sv_recording_channel(const sv_recording *recording, int64_t segment, int64_t row,
                               sv_channel *channel)
{
    sv_segment whole;
    sv_status status = sv_recording_segment(recording, segment, &whole);
    if (status != SV_OK) {
        return status;
    }
    if (row < 0 || row >= whole.num_channels) {
        return SV_RANGE;
    }
    sv_channel found = {.number = 0};
    status = recording->format->channel(recording, segment, row, &found);
    if (status == SV_OK) {
        *channel = found;
    }
    return status;
}

/* ---- the file behind it ------------------------------------------------------------------ */

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool sv_recording_is_of(const sv_recording *recording, const struct stat *file)
{
    if (recording->format->is_of != NULL) {
        return recording->format->is_of(recording, file);
    }
    return recording->at_opening.st_dev == file->st_dev &&
           recording->at_opening.st_ino == file->st_ino;
}

sv_status sv_recording_check(const sv_recording *recording, sv_error *error)
{
    if (recording->format->check != NULL) {
        return recording->format->check(recording, error);
    }
    int fd = sv_buffer_fd(recording->buffer);
    if (fd < 0) {
        return SV_OK;
    }
    struct stat now;
    if (fstat(fd, &now) != 0) {
        return sv_fail_errno(error, "the file can no longer be looked at");
    }
    return sv_stat_check(&recording->at_opening, &now, error);
}

sv_status sv_stat_check(const struct stat *then, const struct stat *now, sv_error *error)
{
    if (now->st_size < then->st_size) {
        return sv_fail(error, SV_TRUNCATED,
                       "the file was cut while it was read: it ends at byte %" PRId64
                       " now, it had %" PRId64,
                       (int64_t)now->st_size, (int64_t)then->st_size);
    }
    if (!same_time(now->st_mtim, then->st_mtim) || !same_time(now->st_ctim, then->st_ctim)) {
        return sv_fail(error, SV_BUSY,
                       "the file was written to while it was read; read it again when it is done");
    }
    return SV_OK;
}

sv_status sv_recording_read(const sv_recording *recording, int64_t offset_bytes, void *bytes,
                            size_t num_bytes, sv_error *error)
{
    int fd = sv_buffer_fd(recording->buffer);
    if (fd < 0) {
        memcpy(bytes, (const char *)sv_buffer_data(recording->buffer) + offset_bytes, num_bytes);
        return SV_OK;
    }
    for (size_t done = 0; done < num_bytes;) {
        ssize_t count = pread(fd, (char *)bytes + done, num_bytes - done,
                              (off_t)(offset_bytes + (int64_t)done));
        if (count < 0 && errno != EINTR) {
            return sv_fail_errno(error, "it cannot be read at byte %" PRId64,
                                 offset_bytes + (int64_t)done);
        }
        if (count == 0) {
            return sv_fail(error, SV_TRUNCATED,
                           "the file was cut while it was opened: nothing is at byte %" PRId64
                           " any more",
                           offset_bytes + (int64_t)done);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return SV_OK;
}

/* ---- warnings ---------------------------------------------------------------------------- */

sv_status sv_recording_warn(sv_recording *recording, sv_error *error, const char *format, ...)
{
    char sentence[SV_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);

    size_t size_bytes = ((size_t)recording->num_warnings + 1) * sizeof *recording->warnings;
    char **grown = sv_realloc(recording->warnings, size_bytes);
    if (grown == NULL) {
        return sv_fail_memory(error, size_bytes);
    }
    recording->warnings = grown;
    grown[recording->num_warnings] = sv_strdup(sentence);
    if (grown[recording->num_warnings] == NULL) {
        return sv_fail_memory(error, strlen(sentence) + 1);
    }
    recording->num_warnings++;
    return SV_OK;
}
