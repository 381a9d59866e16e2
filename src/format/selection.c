/* Selections of channels by number and by id. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "seisview/recording.h"

enum { LONGEST_ITEM = 128 };

static bool parse_number(const char **text, int64_t *number)
{
    if (**text < '0' || **text > '9') {
        return false;
    }
    char *end;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* "3" and "3-5". */
static bool parse_range(const char *item, int64_t *first, int64_t *last)
{
    if (!parse_number(&item, first)) {
        return false;
    }
    *last = *first;
    if (*item == '-') {
        item++;
        if (!parse_number(&item, last)) {
            return false;
        }
    }
    return *item == '\0' && *first <= *last;
}

static bool has_open_bracket(const char *pattern)
{
    const char *bracket = strchr(pattern, '[');
    return bracket != NULL && strchr(bracket, ']') == NULL;
}

static sv_status match_item(const char *item, const sv_channel *channel, bool *matches,
                            sv_error *error)
{
    bool is_range = item[strspn(item, "0123456789-")] == '\0';
    int64_t first = 0, last = 0;
    if (item[0] == '\0' || has_open_bracket(item) ||
        (is_range && !parse_range(item, &first, &last))) {
        return sv_fail(error, SV_INVALID,
                       "'%s' selects no channels; give numbers (0,3-5) or patterns of ids "
                       "(IU.*.00.BH?)",
                       item);
    }
    *matches = is_range ? channel->number >= first && channel->number <= last
                        : fnmatch(item, channel->id, FNM_NOESCAPE) == 0;
    return SV_OK;
}

sv_status sv_channel_selected(const char *selection, const sv_channel *channel, bool *selected,
                              sv_error *error)
{
    bool any = selection == NULL;
    /* Every item is looked at, so that nonsense is found whichever channel is asked about. */
    for (const char *next = selection; next != NULL;) {
        char item[LONGEST_ITEM];
        size_t length = strcspn(next, ",");
        if (length >= sizeof item) {
            return sv_fail(error, SV_INVALID, "a channel selection of %zu letters is too long",
                           length);
        }
        memcpy(item, next, length);
        item[length] = '\0';
        bool matches = false;
        sv_status status = match_item(item, channel, &matches, error);
        if (status != SV_OK) {
            return status;
        }
        any = any || matches;
        next = next[length] == ',' ? next + length + 1 : NULL;
    }
    *selected = any;
    return SV_OK;
}
