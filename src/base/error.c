#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_sentence(sv_error *error, sv_status status, int system_error, const char *format,
                           va_list arguments)
{
    error->status = status;
    error->system_error = system_error;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    if (system_error != 0) {
        size_t length = strlen(error->message);
        snprintf(error->message + length, sizeof error->message - length, ": %s",
                 strerror(system_error));
    }
}

sv_status sv_fail(sv_error *error, sv_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        write_sentence(error, status, 0, format, arguments);
        va_end(arguments);
    }
    return status;
}

sv_status sv_fail_errno(sv_error *error, const char *format, ...)
{
    if (error != NULL) {
        int system_error = errno;
        va_list arguments;
        va_start(arguments, format);
        write_sentence(error, SV_IO, system_error, format, arguments);
        va_end(arguments);
    }
    return SV_IO;
}

sv_status sv_fail_at(sv_error *error, const char *path, sv_status status)
{
    if (error != NULL) {
        char sentence[SV_ERROR_SIZE];
        memcpy(sentence, error->message, sizeof sentence);
        error->status = status;
        snprintf(error->message, sizeof error->message, "%.255s: %.*s", path, SV_ERROR_SIZE - 258,
                 sentence);
    }
    return status;
}

sv_status sv_fail_memory(sv_error *error, size_t size_bytes)
{
    return sv_fail(error, SV_NOMEM, "out of memory: %zu bytes were asked for", size_bytes);
}
