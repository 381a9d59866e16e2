/* The list of formats, and which of them a file is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "format/format.h"

static const sv_format *const formats[] = {
#define SV_FORMAT_IN_LIST(name) &sv_format_##name,
#include "format/formats.def"
#undef SV_FORMAT_IN_LIST
};

enum { NUM_FORMATS = sizeof formats / sizeof formats[0] };

const char *sv_format_name(int i)
{
    return i >= 0 && i < NUM_FORMATS ? formats[i]->name : NULL;
}

const char *sv_format_description(int i)
{
    return i >= 0 && i < NUM_FORMATS ? formats[i]->description : NULL;
}

const char *sv_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool sv_path_has_suffix(const char *path, const char *const *suffixes)
{
    const char *name = sv_path_name(path);
    size_t length = strlen(name);
    for (; *suffixes != NULL; suffixes++) {
        size_t suffix_length = strlen(*suffixes);
        if (length > suffix_length && strcasecmp(name + length - suffix_length, *suffixes) == 0) {
            return true;
        }
    }
    return false;
}

static sv_status find_by_name(const char *name, const sv_format **format, sv_error *error)
{
    char names[SV_ERROR_SIZE / 2];
    size_t used = 0;
    for (int i = 0; i < NUM_FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            *format = formats[i];
            return SV_OK;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, " %s", formats[i]->name);
    }
    return sv_fail(error, SV_INVALID, "there is no format '%.64s'; the formats are:%s", name,
                   names);
}

/* How much a format would have the file, in twos: of those that are equally sure, the one whose
 * suffix it bears goes first. */
static int ask(const sv_format *format, const sv_source *source, const sv_head *head)
{
    int likeness = (int)format->probe(source, head);
    if (!sv_path_has_suffix(source->data_path, format->suffixes)) {
        return 2 * likeness;
    }
    return 2 * (likeness > SV_LIKE_SUFFIX ? likeness : SV_LIKE_SUFFIX) + 1;
}

sv_status sv_format_choose(const sv_source *source, const sv_head *head, const sv_format **format,
                           sv_error *error)
{
    if (source->options->format != NULL) {
        return find_by_name(source->options->format, format, error);
    }
    int best = 2 * SV_UNLIKE;
    for (int i = 0; i < NUM_FORMATS; i++) {
        int likeness = ask(formats[i], source, head);
        if (likeness > best) {
            best = likeness;
            *format = formats[i];
        }
    }
    if (best == 2 * SV_UNLIKE) {
        return sv_fail(error, SV_FORMAT,
                       "neither its content nor its suffix tells the format; if its samples are "
                       "raw, say --format raw or their type with --dtype");
    }
    return SV_OK;
}
