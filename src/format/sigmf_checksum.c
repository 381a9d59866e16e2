/* A side file without its core:sha512, which samples that are edited make stale. All else in its
 * text stays as it is. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/sigmf.h"
#include "journal/file.h"
#include "journal/system.h"

static const char key[] = "core:sha512";

/* ---- its text ---------------------------------------------------------------------------- */

/* These go on in text that is known to be JSON, with a NUL behind it. */
static const char *skip_blank(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static const char *skip_string(const char *text)
{
    for (text++; *text != '"' && *text != '\0'; text++) {
        text += text[0] == '\\' && text[1] != '\0';
    }
    return *text == '"' ? text + 1 : text;
}

static const char *skip_value(const char *text)
{
    if (*text == '"') {
        return skip_string(text);
    }
    if (*text != '{' && *text != '[') {
        return text + strcspn(text, ",}] \t\r\n");
    }
    int depth = 0;
    while (*text != '\0') {
        if (*text == '"') {
            text = skip_string(text);
            continue;
        }
        depth += *text == '{' || *text == '[';
        depth -= *text == '}' || *text == ']';
        text++;
        if (depth == 0) {
            break;
        }
    }
    return text;
}

/* A member of an object: its key, its value, and where the member before it ends. */
struct member {
    const char *before, *first, *value, *end;
};

static bool find_member(const char *object, const char *name, struct member *found)
{
    size_t length = strlen(name);
    const char *before = object + 1, *text = skip_blank(before);
    while (*object == '{' && *text == '"') {
        const char *past = skip_string(text);
        const char *colon = skip_blank(past);
        const char *value = *colon == ':' ? skip_blank(colon + 1) : colon;
        *found = (struct member){before, text, value, skip_value(value)};
        if ((size_t)(past - text) == length + 2 && strncmp(text + 1, name, length) == 0) {
            return true;
        }
        before = found->end;
        text = skip_blank(found->end);
        text = *text == ',' ? skip_blank(text + 1) : text;
    }
    return false;
}

/* The member that follows takes its place; of the last one the comma before it goes, too. */
static bool cut_member(char *text)
{
    struct member global, found;
    if (!find_member(skip_blank(text), "global", &global) ||
        !find_member(global.value, key, &found)) {
        return false;
    }
    const char *first = found.first, *rest = skip_blank(found.end);
    if (*rest == ',') {
        rest = skip_blank(rest + 1);
    } else {
        first = found.before;
        rest = found.end;
    }
    memmove(text + (first - text), rest, strlen(rest) + 1);
    return true;
}

static bool is_equal(const char *text, const json_t *wanted)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool equal = root != NULL && json_equal(root, wanted) != 0;
    json_decref(root);
    return equal;
}

/* `text` without the member; false: it has none. *out is to be freed by free(), NULL: no memory. */
static bool without_checksum(char *text, char **out)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *global = json_object_get(root, "global");
    bool is_there = json_object_get(global, key) != NULL;
    *out = NULL;
    if (is_there) {
        json_object_del(global, key);
        bool is_cut = cut_member(text) && is_equal(text, root);
        *out = is_cut ? strdup(text) : json_dumps(root, JSON_INDENT(4));
    }
    json_decref(root);
    return is_there;
}

/* ---- the file ---------------------------------------------------------------------------- */

static sv_status read_all(const sv_system *system, int fd, char **text, sv_error *error)
{
    size_t done;
    int64_t size_bytes = system->size(fd);
    if (size_bytes < 0 || size_bytes > SV_SIGMF_MAX_BYTES) {
        return sv_fail(error, SV_UNSUPPORTED, "it is larger than %d bytes", SV_SIGMF_MAX_BYTES);
    }
    *text = sv_calloc(1, (size_t)size_bytes + 1);
    if (*text == NULL) {
        return sv_fail_memory(error, (size_t)size_bytes + 1);
    }
    return sv_read_at(system, fd, 0, *text, (size_t)size_bytes, &done, error);
}

static sv_status fill(const sv_system *system, int fd, const sv_identity *as, const char *text,
                      sv_error *error)
{
    sv_status status = sv_write_at(system, fd, 0, text, strlen(text), error);
    if (status != SV_OK) {
        return status;
    }
    bool has_group = system->fchown(fd, as->owner, as->group) == 0 ||
                     system->fchown(fd, (uid_t)-1, as->group) == 0 || errno == EPERM;
    if (!has_group || system->fchmod(fd, as->mode & 07777) != 0 || system->fsync(fd) != 0) {
        return sv_fail_errno(error, "it cannot be written again");
    }
    return SV_OK;
}

/* A new file takes the place of the old one when it is whole. */
static sv_status replace(const sv_system *system, const char *path, const char *temporary,
                         const sv_identity *as, const char *text, sv_error *error)
{
    system->unlink(temporary);
    int fd = system->open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        return sv_fail_errno(error, "%.200s cannot be made beside it", temporary);
    }
    sv_status status = fill(system, fd, as, text, error);
    system->close(fd);
    if (status == SV_OK && system->rename(temporary, path) != 0) {
        status = sv_fail_errno(error, "it cannot be replaced");
    }
    if (status != SV_OK) {
        system->unlink(temporary);
    }
    return status;
}

static sv_status rewrite(const sv_system *system, const char *path, const sv_identity *as,
                         const char *text, sv_error *error)
{
    size_t room = strlen(path) + sizeof ".new";
    char *temporary = sv_malloc(room);
    if (temporary == NULL) {
        return sv_fail_memory(error, room);
    }
    memcpy(temporary, path, room - sizeof ".new");
    strcpy(temporary + room - sizeof ".new", ".new");
    sv_status status = replace(system, path, temporary, as, text, error);
    sv_free(temporary);
    return status;
}

static sv_status drop(const sv_system *system, const char *path, int fd, bool *was_there,
                      sv_error *error)
{
    char *text = NULL, *rest = NULL;
    sv_identity as;
    sv_status status = system->identify(fd, &as) == 0
                           ? read_all(system, fd, &text, error)
                           : sv_fail_errno(error, "it cannot be looked at");
    *was_there = status == SV_OK && without_checksum(text, &rest);
    if (*was_there) {
        status = rest != NULL ? rewrite(system, path, &as, rest, error)
                              : sv_fail_memory(error, strlen(text));
    }
    free(rest);
    sv_free(text);
    return status;
}

sv_status sv_sigmf_drop_checksum(const sv_system *system, const char *path, bool *was_there,
                                 sv_error *error)
{
    sv_error inner;
    char *real = realpath(path, NULL);
    *was_there = false;
    if (real == NULL) {
        return SV_OK; /* there is none */
    }
    int fd = system->open(real, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    sv_status status = fd >= 0 ? drop(system, real, fd, was_there, &inner)
                               : sv_fail_errno(&inner, "it cannot be opened");
    if (fd >= 0) {
        system->close(fd);
    }
    free(real);
    return status == SV_OK ? SV_OK
                           : sv_fail(error, status, "side file %.128s: %s", path, inner.message);
}
