/* Selections of channels by number and by id. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
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

/* The item that *next begins with, cut where it is too long, and its length; *next is what comes
 * after it, NULL behind the last. */
static size_t take_item(const char **next, char item[LONGEST_ITEM])
{
    size_t length = strcspn(*next, ",");
    size_t kept = length < LONGEST_ITEM ? length : LONGEST_ITEM - 1;
    memcpy(item, *next, kept);
    item[kept] = '\0';
    *next = (*next)[length] == ',' ? *next + length + 1 : NULL;
    return length;
}

sv_status sv_channel_selected(const char *selection, const sv_channel *channel, bool *selected,
                              sv_error *error)
{
    bool any = selection == NULL;
    /* Every item is looked at, so that nonsense is found whichever channel is asked about. */
    for (const char *next = selection; next != NULL;) {
        char item[LONGEST_ITEM];
        size_t length = take_item(&next, item);
        if (length >= sizeof item) {
            return sv_fail(error, SV_INVALID, "a channel selection of %zu letters is too long",
                           length);
        }
        bool matches = false;
        sv_status status = match_item(item, channel, &matches, error);
        if (status != SV_OK) {
            return status;
        }
        any = any || matches;
    }
    *selected = any;
    return SV_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* [*first, *last], the first numbers from `from` on that an item has, as far as that item goes. */
static bool find_numbers(const char *selection, int64_t from, int64_t *first, int64_t *last)
{
    bool found = false;
    for (const char *next = selection; next != NULL;) {
        char item[LONGEST_ITEM];
        int64_t low, high;
        if (take_item(&next, item) >= sizeof item || !parse_range(item, &low, &high) ||
            high < from) {
            continue;
        }
        low = sv_max_i8(low, from);
        if (!found || low < *first) {
            *first = low;
            *last = high;
        }
        found = true;
    }
    return found;
}

static bool find_by_number(const sv_recording *recording, const sv_segment *segment,
                           const char *selection, int64_t row, sv_rows *rows)
{
    sv_channel channel;
    int64_t first = 0, last = 0;
    if (sv_recording_channel(recording, segment->index, 0, &channel) != SV_OK ||
        !find_numbers(selection, channel.number + row, &first, &last)) {
        return false;
    }
    last = sv_min_i8(last - channel.number, segment->num_channels - 1);
    *rows = (sv_rows){first - channel.number, last + 1};
    return rows->first < rows->end;
}

static bool find_by_pattern(const sv_recording *recording, const sv_segment *segment,
                            const char *selection, int64_t row, sv_rows *rows)
{
    for (; row < segment->num_channels; row++) {
        sv_channel channel;
        bool selected = false;
        if (sv_recording_channel(recording, segment->index, row, &channel) == SV_OK &&
            sv_channel_selected(selection, &channel, &selected, NULL) == SV_OK && selected) {
            *rows = (sv_rows){row, row + 1};
            return true;
        }
    }
    return false;
}

bool sv_rows_selected(const sv_recording *recording, int64_t index, const char *selection,
                      int64_t row, sv_rows *rows)
{
    sv_segment segment;
    if (sv_recording_segment(recording, index, &segment) != SV_OK || row < 0 ||
        row >= segment.num_channels) {
        return false;
    }
    if (selection == NULL) {
        *rows = (sv_rows){row, segment.num_channels};
        return true;
    }
    bool has_numbers_alone = selection[strspn(selection, "0123456789-,")] == '\0';
    return has_numbers_alone ? find_by_number(recording, &segment, selection, row, rows)
                             : find_by_pattern(recording, &segment, selection, row, rows);
}
