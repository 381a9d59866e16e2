#include "format/sigmf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/format.h"

static const char *const meta_suffixes[] = {".sigmf-meta", NULL};
static const char *const data_suffixes[] = {".sigmf-data", NULL};

/* ---- paths ------------------------------------------------------------------------------- */

/* `path` with `suffix` in the place of its last suffix. NULL without memory. */
static char *with_suffix(const char *path, const char *suffix)
{
    const char *name = sv_path_name(path);
    const char *point = strrchr(name, '.');
    size_t stem = point != NULL && point != name ? (size_t)(point - path) : strlen(path);
    size_t suffix_bytes = strlen(suffix) + 1;
    char *made = sv_malloc(stem + suffix_bytes);
    if (made != NULL) {
        memcpy(made, path, stem);
        memcpy(made + stem, suffix, suffix_bytes);
    }
    return made;
}

/* The file `name` in the directory of `path`. NULL without memory. */
static char *beside(const char *path, const char *name)
{
    size_t directory = (size_t)(sv_path_name(path) - path);
    size_t name_bytes = strlen(name) + 1;
    char *made = sv_malloc(directory + name_bytes);
    if (made != NULL) {
        memcpy(made, path, directory);
        memcpy(made + directory, name, name_bytes);
    }
    return made;
}

static bool is_side_file(const char *path, const sv_open_options *options)
{
    bool may_be_raw = options->format == NULL || strcmp(options->format, "raw") == 0;
    return may_be_raw && sv_path_has_suffix(path, meta_suffixes);
}

static sv_status find_dataset(const char *side_path, char **data_path, sv_error *error)
{
    sv_sigmf meta;
    sv_status status = sv_sigmf_read(side_path, &meta, error);
    if (status == SV_NOTFOUND) {
        errno = ENOENT;
        return sv_fail_errno(error, "it cannot be opened");
    }
    if (status != SV_OK) {
        return status;
    }
    *data_path = meta.dataset != NULL ? beside(side_path, meta.dataset)
                                      : with_suffix(side_path, data_suffixes[0]);
    sv_sigmf_free(&meta);
    return *data_path != NULL ? SV_OK : sv_fail_memory(error, strlen(side_path));
}

sv_status sv_sigmf_locate(const char *path, const sv_open_options *options, char **data_path,
                          char **side_path, sv_error *error)
{
    *data_path = NULL;
    *side_path = NULL;
    sv_status status = SV_OK;
    if (is_side_file(path, options)) {
        *side_path = sv_strdup(path);
        status = find_dataset(path, data_path, error);
    } else {
        *data_path = sv_strdup(path);
        *side_path = strcmp(path, "-") != 0 ? with_suffix(path, meta_suffixes[0]) : NULL;
    }
    bool is_whole = *data_path != NULL && (*side_path != NULL || strcmp(path, "-") == 0);
    if (status == SV_OK && !is_whole) {
        status = sv_fail_memory(error, strlen(path));
    }
    if (status != SV_OK) {
        sv_free(*data_path);
        sv_free(*side_path);
    }
    return status;
}

bool sv_sigmf_describes(const sv_sigmf *meta, const char *data_path, bool *stated)
{
    const char *name = sv_path_name(data_path);
    if (meta->dataset != NULL) {
        *stated = strcmp(meta->dataset, name) == 0;
        return *stated;
    }
    *stated = sv_path_has_suffix(data_path, data_suffixes);
    if (*stated) {
        return true;
    }
    char *conforming = with_suffix(data_path, data_suffixes[0]);
    bool exists = conforming != NULL && access(conforming, F_OK) == 0;
    sv_free(conforming);
    return !exists;
}

/* ---- JSON values ------------------------------------------------------------------------- */

/* A whole number that is not negative; absent ones are `absent`. JSON knows no integers apart from
 * numbers, so 3.0 is one too. */
static sv_status get_whole(const json_t *object, const char *key, int64_t absent, int64_t *value,
                           sv_error *error)
{
    const json_t *found = json_object_get(object, key);
    if (found == NULL) {
        *value = absent;
        return SV_OK;
    }
    double real = json_real_value(found); /* 0 where it is none */
    bool is_whole = json_is_integer(found) ? json_integer_value(found) >= 0
                                           : json_is_real(found) && real >= 0.0 && real < 0x1p63 &&
                                                 real == floor(real);
    if (!is_whole) {
        return sv_fail(error, SV_FORMAT, "%s is not a whole number from 0 to 2^63 - 1", key);
    }
    *value = json_is_integer(found) ? (int64_t)json_integer_value(found) : (int64_t)real;
    return SV_OK;
}

static sv_status get_text(const json_t *object, const char *key, const char **text, sv_error *error)
{
    const json_t *found = json_object_get(object, key);
    *text = json_string_value(found);
    if (found != NULL && *text == NULL) {
        return sv_fail(error, SV_FORMAT, "%s is not a text", key);
    }
    return SV_OK;
}

/* ---- the global object ------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The datatype without "_le" or "_be". */
static sv_type find_type(const char *name, size_t length)
{
    static const struct {
        const char *name;
        sv_type type;
    } types[] = {
        {"rf32", SV_F4}, {"rf64", SV_F8}, {"ri8", SV_I1},  {"ru8", SV_U1},  {"ri16", SV_I2},
        {"ru16", SV_U2}, {"ri32", SV_I4}, {"ru32", SV_U4}, {"ri64", SV_I8}, {"ru64", SV_U8},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i].name) == length && strncmp(types[i].name, name, length) == 0) {
            return types[i].type;
        }
    }
    return SV_TYPE_NONE;
}

static sv_status get_datatype(const json_t *global, sv_dtype *dtype, sv_error *error)
{
    const char *name;
    sv_status status = get_text(global, "core:datatype", &name, error);
    if (status != SV_OK) {
        return status;
    }
    if (name == NULL) {
        return sv_fail(error, SV_FORMAT, "core:datatype is absent; give --dtype");
    }
    if (name[0] == 'c') {
        return sv_fail(error, SV_UNSUPPORTED,
                       "core:datatype '%.32s' is complex; only real samples are read", name);
    }
    bool is_little = ends_in(name, "_le");
    bool is_big = ends_in(name, "_be");
    sv_type type = find_type(name, strlen(name) - (is_little || is_big ? 3 : 0));
    sv_byte_order order = is_big ? SV_BIG_ENDIAN : SV_LITTLE_ENDIAN;
    bool has_order = is_little || is_big;
    bool is_single_byte = type == SV_I1 || type == SV_U1;
    if (type == SV_TYPE_NONE || (!has_order && !is_single_byte)) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "core:datatype '%.32s' is not one that is read (as rf32_le or ri16_be); "
                       "give --dtype",
                       name);
    }
    *dtype = sv_dtype_make(type, order);
    return SV_OK;
}

static sv_status get_dataset(const json_t *global, char **dataset, sv_error *error)
{
    const char *name;
    sv_status status = get_text(global, "core:dataset", &name, error);
    if (status != SV_OK || name == NULL) {
        return status;
    }
    if (name[0] == '\0' || strchr(name, '/') != NULL) {
        return sv_fail(error, SV_FORMAT,
                       "core:dataset '%.64s' is not the name of a file in the same directory",
                       name);
    }
    *dataset = sv_strdup(name);
    return *dataset != NULL ? SV_OK : sv_fail_memory(error, strlen(name) + 1);
}

static sv_status get_rate(const json_t *global, double *rate, sv_error *error)
{
    const json_t *found = json_object_get(global, "core:sample_rate");
    *rate = json_number_value(found);
    if (found != NULL && !(json_is_number(found) && isfinite(*rate) && *rate > 0.0)) {
        return sv_fail(error, SV_FORMAT, "core:sample_rate is not a positive number");
    }
    return SV_OK;
}

static sv_status get_global(const json_t *global, sv_sigmf *meta, sv_error *error)
{
    if (!json_is_object(global)) {
        return sv_fail(error, SV_FORMAT, "it has no object 'global', as SigMF demands");
    }
    sv_status status = get_dataset(global, &meta->dataset, error);
    if (status == SV_OK) {
        status = get_datatype(global, &meta->dtype, error);
    }
    if (status == SV_OK) {
        status = get_whole(global, "core:num_channels", 1, &meta->num_channels, error);
    }
    if (status == SV_OK && meta->num_channels == 0) {
        status = sv_fail(error, SV_FORMAT, "core:num_channels is 0");
    }
    if (status == SV_OK) {
        status = get_rate(global, &meta->sample_rate, error);
    }
    if (status == SV_OK) {
        status = get_whole(global, "core:trailing_bytes", 0, &meta->trailing_bytes, error);
    }
    return status;
}

/* ---- captures ---------------------------------------------------------------------------- */

static sv_status get_start(const json_t *object, sv_time *start, sv_error *error)
{
    *start = SV_TIME_NONE;
    const char *text;
    sv_status status = get_text(object, "core:datetime", &text, error);
    if (status == SV_OK && text != NULL && sv_time_parse(text, start) != SV_OK) {
        return sv_fail(error, SV_FORMAT,
                       "core:datetime '%.40s' is not a time like 2026-01-31T12:00:00.5Z", text);
    }
    return status;
}

/* `offset` is core:offset, the index that the file's first frame has in all indices. */
static sv_status get_capture(const json_t *object, int64_t offset, sv_capture *capture,
                             sv_error *error)
{
    if (!json_is_object(object)) {
        return sv_fail(error, SV_FORMAT, "it is not an object");
    }
    int64_t absolute;
    sv_status status = get_whole(object, "core:sample_start", -1, &absolute, error);
    if (status == SV_OK && absolute < 0) {
        status = sv_fail(error, SV_FORMAT, "core:sample_start is absent");
    }
    if (status == SV_OK && absolute < offset) {
        status = sv_fail(error, SV_FORMAT,
                         "core:sample_start %" PRId64 " lies before core:offset %" PRId64, absolute,
                         offset);
    }
    if (status == SV_OK) {
        capture->sample_start = absolute - offset;
        status = get_whole(object, "core:header_bytes", 0, &capture->header_bytes, error);
    }
    return status == SV_OK ? get_start(object, &capture->start, error) : status;
}

static sv_status fill_captures(const json_t *captures, int64_t offset, sv_sigmf *meta,
                               sv_error *error)
{
    for (int64_t i = 0; i < meta->num_captures; i++) {
        sv_capture *capture = &meta->captures[i];
        sv_error inner;
        sv_status status =
            get_capture(json_array_get(captures, (size_t)i), offset, capture, &inner);
        if (status != SV_OK) {
            return sv_fail(error, status, "capture %" PRId64 ": %s", i, inner.message);
        }
        if (i > 0 && capture->sample_start < capture[-1].sample_start) {
            return sv_fail(error, SV_FORMAT,
                           "capture %" PRId64 " starts before the one before it; captures must "
                           "be sorted by core:sample_start",
                           i);
        }
    }
    return SV_OK;
}

static sv_status get_captures(const json_t *root, sv_sigmf *meta, sv_error *error)
{
    int64_t offset;
    sv_status status = get_whole(json_object_get(root, "global"), "core:offset", 0, &offset, error);
    if (status != SV_OK) {
        return status;
    }
    const json_t *captures = json_object_get(root, "captures");
    if (captures != NULL && !json_is_array(captures)) {
        return sv_fail(error, SV_FORMAT, "'captures' is not an array");
    }
    meta->num_captures = (int64_t)json_array_size(captures);
    meta->captures = sv_calloc((size_t)meta->num_captures, sizeof *meta->captures);
    if (meta->captures == NULL) {
        return sv_fail_memory(error, (size_t)meta->num_captures * sizeof *meta->captures);
    }
    return fill_captures(captures, offset, meta, error);
}

/* ---- the side file ----------------------------------------------------------------------- */

sv_status sv_sigmf_parse(const char *text, size_t num_bytes, sv_sigmf *meta, sv_error *error)
{
    json_error_t where;
    json_t *root = json_loadb(text, num_bytes, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        return sv_fail(error, SV_FORMAT, "it is not JSON: line %d, column %d: %s", where.line,
                       where.column, where.text);
    }
    memset(meta, 0, sizeof *meta);
    sv_status status = get_global(json_object_get(root, "global"), meta, error);
    if (status == SV_OK) {
        status = get_captures(root, meta, error);
    }
    json_decref(root);
    if (status != SV_OK) {
        sv_sigmf_free(meta);
    }
    return status;
}

void sv_sigmf_free(sv_sigmf *meta)
{
    sv_free(meta->dataset);
    sv_free(meta->captures);
    memset(meta, 0, sizeof *meta);
}

static sv_status parse_open_file(int fd, sv_sigmf *meta, sv_error *error)
{
    struct stat file;
    if (fstat(fd, &file) != 0) {
        return sv_fail_errno(error, "it cannot be looked at");
    }
    if (!S_ISREG(file.st_mode)) {
        return sv_fail(error, SV_FORMAT, "it is not a file");
    }
    if (file.st_size > SV_SIGMF_MAX_BYTES) {
        return sv_fail(error, SV_UNSUPPORTED, "it is larger than %d bytes", SV_SIGMF_MAX_BYTES);
    }
    char *text = sv_malloc((size_t)file.st_size);
    if (text == NULL) {
        return sv_fail_memory(error, (size_t)file.st_size);
    }
    ssize_t num_bytes;
    do {
        num_bytes = read(fd, text, (size_t)file.st_size);
    } while (num_bytes < 0 && errno == EINTR);
    sv_status status = num_bytes < 0 ? sv_fail_errno(error, "it cannot be read")
                                     : sv_sigmf_parse(text, (size_t)num_bytes, meta, error);
    sv_free(text);
    return status;
}

sv_status sv_sigmf_read(const char *path, sv_sigmf *meta, sv_error *error)
{
    sv_error inner;
    sv_status status;
    /* Without waiting: a pipe of that name must not hold up the recording beside it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        status = parse_open_file(fd, meta, &inner);
        close(fd);
    } else if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) {
        return sv_fail(error, SV_NOTFOUND, "there is no side file");
    } else {
        status = sv_fail_errno(&inner, "it cannot be opened");
    }
    if (status != SV_OK) {
        sv_fail(error, status, "side file %.128s: %s", sv_path_name(path), inner.message);
    }
    return status;
}
