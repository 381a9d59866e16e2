/* Conversions: which format, which files, what each of them holds. */
#include "seisview/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/size.h"
#include "convert/writer.h"
#include "format/format.h"

static const sv_writer *const writers[] = {
#define SV_WRITER_IN_LIST(name) &sv_writer_##name,
#include "convert/writers.def"
#undef SV_WRITER_IN_LIST
};

enum { NUM_WRITERS = sizeof writers / sizeof writers[0] };

/* One call of sv_convert(). */
typedef struct sv_conversion {
    sv_recording *recording;
    const sv_convert_options *options;
    const sv_writer *writer;
    const char *suffix;    /* of the writer's, the one that was meant */
    const char *directory; /* NULL: one file, as it is named */
    uint64_t *names;       /* hashes of those that were written in the directory */
    int64_t num_names, room;
    sv_course course;
} sv_conversion;

const char *sv_writer_name(int i)
{
    return i >= 0 && i < NUM_WRITERS ? writers[i]->name : NULL;
}

const char *sv_writer_description(int i)
{
    return i >= 0 && i < NUM_WRITERS ? writers[i]->description : NULL;
}

/* ---- which format ------------------------------------------------------------------------ */

/* The suffix of the writer that `path` ends in; NULL: none. */
static const char *find_suffix(const sv_writer *writer, const char *path)
{
    for (const char *const *suffix = writer->suffixes; *suffix != NULL; suffix++) {
        const char *const one[] = {*suffix, NULL};
        if (sv_path_has_suffix(path, one)) {
            return *suffix;
        }
    }
    return NULL;
}

static bool take_writer(sv_conversion *conversion, const sv_writer *writer, const char *suffix)
{
    conversion->writer = writer;
    conversion->suffix = suffix;
    return true;
}

/* The one that the path's suffix names; false where none does. */
static bool find_by_suffix(sv_conversion *conversion, const char *path)
{
    for (int i = 0; i < NUM_WRITERS; i++) {
        const char *suffix = find_suffix(writers[i], path);
        if (suffix != NULL) {
            return take_writer(conversion, writers[i], suffix);
        }
    }
    return false;
}

/* "sound", or "flac", which is a suffix without its point. */
static bool find_by_name(sv_conversion *conversion, const char *name, const char *path)
{
    char as_path[32];
    for (int i = 0; i < NUM_WRITERS; i++) {
        if (strcmp(writers[i]->name, name) == 0) {
            const char *suffix = find_suffix(writers[i], path);
            return take_writer(conversion, writers[i],
                               suffix != NULL ? suffix : writers[i]->suffixes[0]);
        }
    }
    snprintf(as_path, sizeof as_path, "x.%s", name);
    return strchr(name, '.') == NULL && find_by_suffix(conversion, as_path);
}

static sv_status choose_writer(sv_conversion *conversion, const char *path, sv_error *error)
{
    const char *name = conversion->options->format;
    if (name != NULL ? find_by_name(conversion, name, path) : find_by_suffix(conversion, path)) {
        return SV_OK;
    }
    char names[128] = "";
    for (int i = 0; i < NUM_WRITERS; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, " %s", writers[i]->name);
    }
    if (name != NULL) {
        return sv_fail(error, SV_INVALID, "the format '%.20s' is not written; give one of%s", name,
                       names);
    }
    return sv_fail(error, SV_INVALID,
                   "its suffix does not say what to write; give --to-format with one of%s", names);
}

/* ---- what must not be written ------------------------------------------------------------ */

static bool has_journal(const char *path)
{
    static const char suffix[] = ".svj";
    char journal[PATH_MAX];
    struct stat found;
    size_t length = strlen(path);
    if (length + sizeof suffix > sizeof journal) {
        return false;
    }
    memcpy(journal, path, length);
    memcpy(journal + length, suffix, sizeof suffix);
    return lstat(journal, &found) == 0;
}

static sv_status check_target(const sv_conversion *conversion, const char *path, sv_error *error)
{
    static const char *const side_suffixes[] = {".sigmf-meta", NULL};
    struct stat found;
    if (strcmp(path, "-") == 0) {
        return SV_OK;
    }
    if (sv_path_has_suffix(path, side_suffixes)) {
        return sv_fail(error, SV_INVALID,
                       "a SigMF side file is written beside its samples; name "
                       "those");
    }
    if (stat(path, &found) == 0 && sv_recording_is_of(conversion->recording, &found)) {
        return sv_fail(error, SV_INVALID,
                       "it is the recording that is to be converted; give another file");
    }
    if (has_journal(path)) {
        return sv_fail(error, SV_INVALID,
                       "it has an edit journal (.svj), whose undo data would be lost; give another "
                       "file, or see: seisview log --forget");
    }
    return SV_OK;
}

/* ---- one file ---------------------------------------------------------------------------- */

static sv_status write_file(sv_conversion *conversion, const char *path, const sv_scope *scope,
                            sv_error *error)
{
    sv_writing writing = {.writer = conversion->writer,
                          .options = conversion->options,
                          .path = path,
                          .suffix = conversion->suffix,
                          .scope = *scope};
    sv_status status = check_target(conversion, path, error);
    return status == SV_OK ? sv_write_file(&writing, &conversion->course, error) : status;
}

/* Whether one file can hold it all. */
static sv_status check_shape(const sv_conversion *conversion, const sv_extent *extent,
                             sv_error *error)
{
    const sv_writer *writer = conversion->writer;
    if (writer->holds == SV_HOLDS_CHANNEL && extent->num_rows > 1) {
        return sv_fail(error, SV_SHAPE,
                       "a %s file holds one channel of one segment, and there are %" PRId64
                       "; name a directory, or choose with --channel, --from and --to",
                       writer->name, extent->num_rows);
    }
    if (writer->holds == SV_HOLDS_SEGMENT && extent->num_segments > 1) {
        return sv_fail(error, SV_SHAPE,
                       "a %s file holds one segment, and there are %" PRId64
                       "; name a directory, or choose with --channel, --from and --to",
                       writer->name, extent->num_segments);
    }
    if (writer->holds == SV_HOLDS_ALIKE && !extent->is_alike) {
        return sv_fail(error, SV_SHAPE,
                       "the traces of a %s file have one length and one rate, and these segments "
                       "differ; choose with --channel, --from and --to, or write miniSEED",
                       writer->name);
    }
    return SV_OK;
}

/* ---- a directory ------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return hash != 0 ? hash : 1;
}

static void put_hash(uint64_t *names, int64_t room, uint64_t hash)
{
    int64_t i = (int64_t)(hash % (uint64_t)room);
    while (names[i] != 0 && names[i] != hash) {
        i = (i + 1) % room;
    }
    names[i] = hash;
}

static sv_status grow_names(sv_conversion *conversion, sv_error *error)
{
    int64_t room = conversion->room * 2 + 64;
    uint64_t *names = sv_calloc((size_t)room, sizeof *names);
    if (names == NULL) {
        return sv_fail_memory(error, (size_t)room * sizeof *names);
    }
    for (int64_t i = 0; i < conversion->room; i++) {
        if (conversion->names[i] != 0) {
            put_hash(names, room, conversion->names[i]);
        }
    }
    sv_free(conversion->names);
    conversion->names = names;
    conversion->room = room;
    return SV_OK;
}

/* Sets *is_new where no file of this name was written yet by this call: two channels of one id and
 * one start must not replace one another. */
static sv_status remember_name(sv_conversion *conversion, const char *name, bool *is_new,
                               sv_error *error)
{
    uint64_t hash = hash_of(name);
    if (2 * (conversion->num_names + 1) > conversion->room) {
        sv_status status = grow_names(conversion, error);
        if (status != SV_OK) {
            return status;
        }
    }
    int64_t i = (int64_t)(hash % (uint64_t)conversion->room);
    while (conversion->names[i] != 0 && conversion->names[i] != hash) {
        i = (i + 1) % conversion->room;
    }
    *is_new = conversion->names[i] == 0;
    conversion->names[i] = hash;
    conversion->num_names += *is_new ? 1 : 0;
    return SV_OK;
}

/* 20260131T120000.5Z: a time whose text may stand in a file's name. */
static void compact_time(sv_time time, char text[SV_TIME_TEXT_SIZE])
{
    char full[SV_TIME_TEXT_SIZE];
    char *to = text;
    for (const char *from = sv_time_format(time, full); *from != '\0'; from++) {
        if (*from != '-' && *from != ':') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* What is left of an id that could lead elsewhere: no slash, no blank, nothing unprintable. */
static void clean_name(char *name)
{
    for (; *name != '\0'; name++) {
        if (*name <= ' ' || *name > '~' || *name == '/') {
            *name = '_';
        }
    }
}

/* The id; where there is none the recording's own name, with the channel's number for a file of
 * one channel. */
static void name_channel(const sv_conversion *conversion, const sv_channel *channel, char *name,
                         size_t size)
{
    if (channel->id[strspn(channel->id, ". ")] != '\0') {
        snprintf(name, size, "%s", channel->id);
        clean_name(name);
        return;
    }
    const char *path = sv_recording_path(conversion->recording);
    const char *stem = strcmp(path, "-") == 0 ? "stdin" : sv_path_name(path);
    const char *point = strrchr(stem, '.');
    int length = (int)(point != NULL && point != stem ? (size_t)(point - stem) : strlen(stem));
    if (conversion->writer->holds == SV_HOLDS_CHANNEL) {
        snprintf(name, size, "%.*s.%" PRId64, length, stem, channel->number);
    } else {
        snprintf(name, size, "%.*s", length, stem);
    }
}

/* DIRECTORY/ID.START.suffix, with a number from 2 up where that was written already. */
static sv_status name_file(sv_conversion *conversion, const sv_scope *scope, char path[PATH_MAX],
                           sv_error *error)
{
    char name[NAME_MAX / 2], start[SV_TIME_TEXT_SIZE], number[24] = "";
    sv_walk walk;
    sv_channel channel = {.start = SV_TIME_NONE};
    sv_walk_begin(&walk, scope, 1);
    if (sv_walk_segment(&walk) && sv_walk_rows(&walk)) {
        channel = sv_walk_channel(&walk, 0);
    }
    name_channel(conversion, &channel, name, sizeof name);
    compact_time(channel.start, start);
    for (int64_t i = 2;; i++) {
        bool is_new;
        int length = snprintf(path, PATH_MAX, "%s/%s%s%s%s%s", conversion->directory, name,
                              start[0] != '\0' ? "." : "", start, number, conversion->suffix);
        if (length >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return sv_fail_errno(error, "a name in the directory");
        }
        sv_status status = remember_name(conversion, path, &is_new, error);
        if (status != SV_OK || is_new) {
            return status;
        }
        snprintf(number, sizeof number, ".%" PRId64, i);
    }
}

/* Errors name the file in the directory, which the caller does not know. */
static sv_status write_named(sv_conversion *conversion, const sv_scope *scope, sv_error *error)
{
    char path[PATH_MAX];
    sv_error inner;
    sv_status status = name_file(conversion, scope, path, error);
    if (status != SV_OK) {
        return status;
    }
    status = write_file(conversion, path, scope, &inner);
    if (status != SV_OK) {
        char before[NAME_MAX + 3];
        snprintf(before, sizeof before, "%s: ", sv_path_name(path));
        return sv_pass_on(error, &inner, before);
    }
    return status;
}

static sv_status write_rows(sv_conversion *conversion, const sv_scope *all, int64_t segment,
                            sv_error *error)
{
    sv_walk walk;
    sv_scope scope = *all;
    sv_status status = SV_OK;
    scope.first_segment = segment;
    scope.last_segment = segment + 1;
    if (conversion->writer->holds == SV_HOLDS_SEGMENT) {
        return write_named(conversion, &scope, error);
    }
    sv_scope segment_scope = scope;
    sv_walk_begin(&walk, &segment_scope, SV_GROUP_ROWS);
    sv_walk_segment(&walk);
    while (status == SV_OK && sv_walk_rows(&walk)) {
        for (int64_t i = 0; i < walk.num_rows && status == SV_OK; i++) {
            scope.only_row = walk.rows[i];
            status = write_named(conversion, &scope, error);
        }
    }
    return status;
}

static sv_status write_directory(sv_conversion *conversion, const sv_scope *all, sv_error *error)
{
    sv_walk walk;
    sv_status status = SV_OK;
    if (conversion->writer->holds > SV_HOLDS_SEGMENT) {
        return write_named(conversion, all, error);
    }
    sv_walk_begin(&walk, all, SV_GROUP_ROWS);
    while (status == SV_OK && sv_walk_segment(&walk)) {
        status = write_rows(conversion, all, walk.segment.index, error);
    }
    return status;
}

/* ---- all --------------------------------------------------------------------------------- */

static sv_status convert(sv_conversion *conversion, const char *path, sv_error *error)
{
    sv_extent extent;
    sv_scope scope = sv_scope_of(conversion->recording, conversion->options);
    sv_status status = sv_scope_measure(&scope, &extent, error);
    conversion->course.total_bytes = extent.num_bytes;
    if (status == SV_OK &&
        (conversion->directory == NULL || conversion->writer->holds == SV_HOLDS_ALIKE)) {
        status = check_shape(conversion, &extent, error);
    }
    if (status != SV_OK) {
        return status;
    }
    conversion->course.total_bytes = extent.num_bytes;
    return conversion->directory != NULL ? write_directory(conversion, &scope, error)
                                         : write_file(conversion, path, &scope, error);
}

sv_status sv_convert(sv_recording *recording, const char *path, const sv_convert_options *options,
                     sv_error *error)
{
    static const sv_convert_options none = {.format = NULL};
    struct stat found;
    sv_conversion conversion = {.recording = recording,
                                .options = options != NULL ? options : &none};
    bool is_directory = strcmp(path, "-") != 0 && stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    conversion.directory = is_directory ? path : NULL;
    sv_status status = choose_writer(&conversion, path, error);
    if (status == SV_OK) {
        sv_buffer_pin(recording->buffer);
        status = convert(&conversion, path, error);
        sv_buffer_unpin(recording->buffer);
    }
    sv_free(conversion.names);
    return status;
}
