/* The parts of a joined recording: opened when they are needed, closed when others are. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/size.h"
#include "format/join.h"

enum { MOST_OPEN = 256, FEWEST_OPEN = 4, SHARE_OF_LIMIT = 4, NONE = -1 };

/* A part of the descriptors that this process may have is enough: each open part holds one. */
static int32_t choose_most_open(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return MOST_OPEN;
    }
    int64_t share = (int64_t)(limit.rlim_cur / SHARE_OF_LIMIT);
    return (int32_t)sv_max_i8(FEWEST_OPEN, sv_min_i8(share, MOST_OPEN));
}

sv_status sv_parts_make(sv_parts *parts, const char *const *paths, int32_t num_parts,
                        const sv_open_options *options, sv_error *error)
{
    pthread_mutex_init(&parts->lock, NULL);
    parts->options = *options;
    parts->options.start = SV_TIME_NONE; /* of the whole, not of each part */
    parts->most_open = choose_most_open();
    parts->first_read = NONE;
    parts->part = sv_calloc((size_t)num_parts, sizeof *parts->part);
    parts->open = sv_calloc((size_t)num_parts, sizeof *parts->open);
    if (parts->part == NULL || parts->open == NULL) {
        return sv_fail_memory(error, (size_t)num_parts * sizeof *parts->part);
    }
    for (; parts->num_parts < num_parts; parts->num_parts++) {
        const char *path = paths[parts->num_parts];
        parts->part[parts->num_parts].path = sv_strdup(path);
        if (parts->part[parts->num_parts].path == NULL) {
            return sv_fail_memory(error, strlen(path) + 1);
        }
    }
    return SV_OK;
}

void sv_parts_free(sv_parts *parts)
{
    for (int32_t i = 0; i < parts->num_parts; i++) {
        sv_recording_close(parts->part[i].open);
        sv_free(parts->part[i].path);
    }
    sv_free(parts->part);
    sv_free(parts->open);
    pthread_mutex_destroy(&parts->lock);
}

/* ---- with the lock held -------------------------------------------------------------------- */

/* That it was cut outranks that it was written to. */
static void note_change(sv_part *part, sv_status change)
{
    if (change == SV_TRUNCATED || (change != SV_OK && part->change == SV_OK)) {
        part->change = change;
    }
}

/* What has become of its file is seen while it is open: afterwards the path may name another. */
static void close_part(sv_parts *parts, int32_t place)
{
    sv_part *part = &parts->part[parts->open[place]];
    note_change(part, sv_recording_check(part->open, NULL));
    sv_recording_close(part->open);
    part->open = NULL;
    parts->open[place] = parts->open[--parts->num_open];
}

/* Closes the part that was used longest ago and is not in use. False: all are. */
static bool close_oldest(sv_parts *parts)
{
    int32_t oldest = NONE;
    for (int32_t place = 0; place < parts->num_open; place++) {
        const sv_part *part = &parts->part[parts->open[place]];
        if (part->uses == 0 &&
            (oldest == NONE || part->last_use < parts->part[parts->open[oldest]].last_use)) {
            oldest = place;
        }
    }
    if (oldest != NONE) {
        close_part(parts, oldest);
    }
    return oldest != NONE;
}

/* A pipe cannot be read again, and a side file is not what was read: such a part stays open. */
static bool can_be_opened_again(const sv_part *part)
{
    struct stat now;
    return stat(part->path, &now) == 0 && now.st_dev == part->at_joining.st_dev &&
           now.st_ino == part->at_joining.st_ino && strcmp(part->path, "-") != 0;
}

static void open_first(sv_part *part)
{
    part->format = sv_recording_format(part->open);
    part->at_joining = part->open->at_opening;
    part->uses = can_be_opened_again(part) ? 0 : 1;
}

static sv_status open_again(sv_part *part, sv_error *error)
{
    sv_error reason;
    sv_status change = sv_stat_check(&part->at_joining, &part->open->at_opening, &reason);
    note_change(part, change);
    if (change != SV_TRUNCATED) {
        return SV_OK;
    }
    if (error != NULL) {
        *error = reason;
    }
    sv_recording_close(part->open);
    part->open = NULL;
    return change;
}

/* Once more with a descriptor that another part held. */
static sv_status open_part(sv_parts *parts, int32_t i, sv_error *error)
{
    sv_part *part = &parts->part[i];
    sv_open_options options = parts->options;
    options.format = part->format != NULL ? part->format : options.format;
    sv_status status;
    sv_error reason;
    do {
        status = sv_recording_open(part->path, &options, &part->open, &reason);
    } while (status == SV_IO && (reason.system_error == EMFILE || reason.system_error == ENFILE) &&
             close_oldest(parts));
    if (status != SV_OK) {
        if (error != NULL) {
            *error = reason;
        }
        return status;
    }
    if (part->format == NULL) {
        open_first(part);
    } else {
        status = open_again(part, error);
    }
    if (status == SV_OK) {
        parts->open[parts->num_open++] = i;
    }
    return status;
}

static void list_as_read(sv_parts *parts, int32_t i)
{
    sv_part *part = &parts->part[i];
    if (!part->is_read) {
        part->is_read = true;
        part->next_read = parts->first_read;
        parts->first_read = i;
    }
}

/* ---- for all ------------------------------------------------------------------------------- */

sv_status sv_parts_take(sv_parts *parts, int32_t i, const sv_recording **recording, sv_error *error)
{
    sv_part *part = &parts->part[i];
    sv_status status = SV_OK;
    pthread_mutex_lock(&parts->lock);
    if (part->open == NULL) {
        while (parts->num_open >= parts->most_open && close_oldest(parts)) {
        }
        status = open_part(parts, i, error);
    }
    list_as_read(parts, i);
    if (status == SV_OK) {
        part->uses++;
        part->last_use = ++parts->clock;
        *recording = part->open;
    }
    pthread_mutex_unlock(&parts->lock);
    return status == SV_OK ? SV_OK : sv_fail_at(error, part->path, status);
}

void sv_parts_give_back(sv_parts *parts, int32_t i)
{
    pthread_mutex_lock(&parts->lock);
    parts->part[i].uses--;
    pthread_mutex_unlock(&parts->lock);
}

/* Of a part that was closed, as of one that is open. */
static sv_status explain_change(const sv_part *part, sv_error *error)
{
    if (part->change == SV_TRUNCATED) {
        sv_fail(error, SV_TRUNCATED, "the file was cut while it was read");
    } else {
        sv_fail(error, part->change,
                "the file was written to while it was read; read it again when it is done");
    }
    return sv_fail_at(error, part->path, part->change);
}

/* One that is in use is read on without being taken again: it stays in the list. */
sv_status sv_parts_check(sv_parts *parts, sv_error *error)
{
    sv_status worst = SV_OK;
    pthread_mutex_lock(&parts->lock);
    int32_t next = parts->first_read;
    parts->first_read = NONE;
    while (next != NONE) {
        int32_t i = next;
        sv_part *part = &parts->part[i];
        next = part->next_read;
        if (part->open != NULL) {
            note_change(part, sv_recording_check(part->open, NULL));
        }
        if (part->change != SV_OK && worst != SV_TRUNCATED && part->change != worst) {
            worst = explain_change(part, error);
        }
        part->change = SV_OK;
        part->is_read = false;
        if (part->uses > 0) {
            list_as_read(parts, i);
        }
    }
    pthread_mutex_unlock(&parts->lock);
    return worst;
}
