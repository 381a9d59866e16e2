#include "array/match_peaks.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

sv_status sv_peaks_add(sv_peaks *peaks, const sv_peak *peak, sv_error *error)
{
    if (peaks->count == peaks->room) {
        int64_t room = peaks->room + peaks->room / 2 + 64;
        sv_peak *grown = sv_realloc(peaks->items, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            return sv_fail_memory(error, (size_t)room * sizeof *grown);
        }
        peaks->items = grown;
        peaks->room = room;
    }
    peaks->items[peaks->count++] = *peak;
    return SV_OK;
}

void sv_peaks_free(sv_peaks *peaks)
{
    sv_free(peaks->items);
    *peaks = (sv_peaks){NULL, 0, 0};
}

/* The next higher one that is near; `from` itself where there is none. */
static int64_t find_higher(const sv_peaks *peaks, int64_t from, int64_t distance)
{
    const sv_peak *items = peaks->items;
    for (int64_t i = from + 1;
         i < peaks->count && items[i].position - items[from].position < distance; i++) {
        if (items[i].cc > items[from].cc) {
            return i;
        }
    }
    return from;
}

/* From the first one up to one that is higher than all that are near: what was passed on the way
 * is lower. */
static int64_t climb(const sv_peaks *peaks, int64_t distance)
{
    int64_t at = 0;
    for (;;) {
        int64_t higher = find_higher(peaks, at, distance);
        if (higher == at) {
            return at;
        }
        at = higher;
    }
}

static void drop_near(sv_peaks *peaks, int64_t kept, int64_t distance)
{
    sv_peak *items = peaks->items;
    int64_t position = items[kept].position, first = kept, past = kept + 1;
    while (first > 0 && position - items[first - 1].position < distance) {
        first--;
    }
    while (past < peaks->count && items[past].position - position < distance) {
        past++;
    }
    memmove(items + first, items + past, (size_t)(peaks->count - past) * sizeof *items);
    peaks->count -= past - first;
}

sv_status sv_peaks_decide(sv_peaks *waiting, int64_t distance, int64_t frontier, sv_peaks *kept,
                          sv_error *error)
{
    sv_status status = SV_OK;
    while (status == SV_OK && waiting->count > 0) {
        int64_t highest = climb(waiting, distance);
        if (waiting->items[highest].position > frontier - distance) {
            break;
        }
        status = sv_peaks_add(kept, &waiting->items[highest], error);
        drop_near(waiting, highest, distance);
    }
    return status;
}

double sv_peak_shift(const sv_peak *peak)
{
    double bend = (double)peak->before - 2.0 * (double)peak->cc + (double)peak->after;
    double shift = bend < 0.0 ? 0.5 * ((double)peak->before - (double)peak->after) / bend : 0.0;
    return shift > 0.5 ? 0.5 : shift < -0.5 ? -0.5 : shift;
}
