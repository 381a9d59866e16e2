/* What writers share: choosing an encoding, ids, and what is told of what they lose. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "convert/carry.h"
#include "convert/writer.h"

/* ---- encodings --------------------------------------------------------------------------- */

static sv_status find_asked(const sv_encoding *list, int num_encodings, const char *asked,
                            sv_encoding *encoding, sv_error *error)
{
    char names[256] = "";
    for (int i = 0; i < num_encodings; i++) {
        if (strcmp(list[i].name, asked) == 0) {
            *encoding = list[i];
            return SV_OK;
        }
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, " %s", list[i].name);
    }
    return sv_fail(error, SV_INVALID, "it cannot hold the encoding '%.20s'; give one of%s", asked,
                   names);
}

static bool is_float(const sv_encoding *encoding)
{
    return encoding->dtype.type == SV_F4 || encoding->dtype.type == SV_F8;
}

sv_status sv_choose_encoding(const sv_encoding *list, int num_encodings, sv_dtype from,
                             const char *asked, sv_encoding *encoding, sv_error *error)
{
    if (asked != NULL) {
        return find_asked(list, num_encodings, asked, encoding, error);
    }
    const sv_encoding *widest_float = NULL;
    for (int i = 0; i < num_encodings; i++) {
        if (sv_type_holds((sv_type)list[i].dtype.type, (sv_type)from.type)) {
            *encoding = list[i];
            return SV_OK;
        }
        widest_float = is_float(&list[i]) ? &list[i] : widest_float;
    }
    if (widest_float != NULL) {
        *encoding = *widest_float;
        return SV_OK;
    }
    char text[SV_DTYPE_TEXT_SIZE];
    return sv_fail(error, SV_INVALID,
                   "it cannot hold samples of type %s; give --encoding %s to round them",
                   sv_dtype_text(from, text), list[num_encodings - 1].name);
}

/* ---- errors ------------------------------------------------------------------------------ */

sv_status sv_pass_on(sv_error *error, const sv_error *answer, const char *before)
{
    sv_fail(error, answer->status, "%.128s%.380s", before, answer->message);
    if (error != NULL) {
        error->system_error = answer->system_error;
    }
    return answer->status;
}

/* ---- channels ---------------------------------------------------------------------------- */

sv_channel sv_first_channel(const sv_writing *writing)
{
    sv_walk walk;
    sv_walk_begin(&walk, &writing->scope, 1);
    if (sv_walk_segment(&walk) && sv_walk_rows(&walk)) {
        return sv_walk_channel(&walk, 0);
    }
    return (sv_channel){.start = SV_TIME_NONE};
}

/* Up to the next point, or all that is left for the last part. Returns what follows it. */
static const char *take_part(const char *id, bool is_last, char part[SV_ID_SIZE])
{
    size_t length = is_last ? strlen(id) : strcspn(id, ".");
    length = length < SV_ID_SIZE ? length : SV_ID_SIZE - 1;
    memcpy(part, id, length);
    part[length] = '\0';
    return id[length] == '.' ? id + length + 1 : id + length;
}

void sv_split_id(const char *id, sv_id_parts *parts)
{
    id = take_part(id, false, parts->network);
    id = take_part(id, false, parts->station);
    id = take_part(id, false, parts->location);
    take_part(id, true, parts->channel);
}

/* ---- what is lost ------------------------------------------------------------------------ */

static bool is_blank_id(const char *id)
{
    return id[strspn(id, ". ")] == '\0';
}

/* The first row for which `get` has a text; few rows are asked, since most have what one has. */
static bool find_text(const sv_writing *writing, bool wants_unit, sv_channel *found)
{
    sv_walk walk;
    sv_walk_begin(&walk, &writing->scope, SV_GROUP_ROWS);
    if (!sv_walk_segment(&walk) || !sv_walk_rows(&walk)) {
        return false;
    }
    for (int64_t i = 0; i < walk.num_rows; i++) {
        *found = sv_walk_channel(&walk, i);
        if (wants_unit ? found->unit[0] != '\0' : !is_blank_id(found->id)) {
            return true;
        }
    }
    return false;
}

void sv_note_no_ids(sv_writing *writing, const char *target)
{
    sv_channel channel;
    if (find_text(writing, false, &channel)) {
        sv_note_loss(writing, SV_LOSS_ID, "%s have no room for ids: %s%s is lost", target,
                     channel.id, writing->extent.num_rows > 1 ? " and the others" : "");
    }
}

void sv_note_no_clock(sv_writing *writing, const char *target)
{
    char rate[SV_NUMBER_TEXT_SIZE], start[SV_TIME_TEXT_SIZE];
    bool has_start = sv_time_format(sv_first_channel(writing).start, start)[0] != '\0';
    if (has_start || writing->extent.sample_rate != 1.0) {
        sv_note_loss(writing, SV_LOSS_RATE,
                     "%s have no room for a clock: %s Hz%s%s %s lost; give --rate%s to read it",
                     target, sv_number_shortest(writing->extent.sample_rate, rate),
                     has_start ? " from " : "", start, has_start ? "are" : "is",
                     has_start ? " and --start" : "");
    }
}

void sv_note_no_units(sv_writing *writing, const char *target)
{
    sv_channel channel;
    if (find_text(writing, true, &channel)) {
        sv_note_loss(writing, SV_LOSS_UNIT, "%s have no room for units: %s is lost", target,
                     channel.unit);
    }
}

/* ---- times ------------------------------------------------------------------------------- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days from 1970-01-01 to the first day of a year, which is after the year 0. */
static int64_t days_before(int64_t year)
{
    int64_t past = year - 1;
    return 365 * past + past / 4 - past / 100 + past / 400 - 719162;
}

sv_civil sv_civil_of(sv_time time)
{
    int64_t seconds = floor_divide(time, 1000000000);
    int64_t days = floor_divide(seconds, 86400);
    int of_day = (int)(seconds - days * 86400);
    int64_t year = 1970 + floor_divide(days, 366); /* or a later one */
    while (days_before(year + 1) <= days) {
        year++;
    }
    while (days_before(year) > days) {
        year--;
    }
    return (sv_civil){.year = year,
                      .day_of_year = (int)(days - days_before(year)) + 1,
                      .hour = of_day / 3600,
                      .minute = of_day / 60 % 60,
                      .second = of_day % 60,
                      .nanosecond = time - seconds * 1000000000};
}
