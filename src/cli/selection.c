#include "cli/selection.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/message.h"

int outcomes_status(const bool met[STOPPED + 1])
{
    if (met[FAILED] || (met[REFUSED] && met[DONE])) {
        return EXIT_FAILED;
    }
    if (met[CONFLICT]) {
        return EXIT_CHECK;
    }
    return (met[REFUSED] || met[PASSED_OVER]) && !met[DONE] ? EXIT_USAGE : EXIT_DONE;
}

/* ---- the walk ------------------------------------------------------------------------------ */

static bool has_window(const struct options *options)
{
    return options->window.from.kind != SV_POSITION_NONE ||
           options->window.to.kind != SV_POSITION_NONE;
}

/* The selection's text was looked at when the options were read. */
static bool next_rows(const struct selection *selection, int64_t segment, sv_rows *rows)
{
    return sv_rows_selected(selection->recording, segment, selection->options->channels, rows->end,
                            rows);
}

static int64_t count_rows(const struct selection *selection, int64_t segment)
{
    int64_t count = 0;
    sv_rows rows = {0, 0};
    while (next_rows(selection, segment, &rows)) {
        count += rows.end - rows.first;
    }
    return count;
}

void walk_begin(struct walk *walk, const struct selection *selection)
{
    *walk = (struct walk){.selection = selection};
    walk->rows = must_have(malloc(GROUP_ROWS * sizeof *walk->rows));
}

/* A segment that the window misses is passed over; one without samples is shown as it is. */
static bool take_segment(struct walk *walk, int64_t index)
{
    const struct selection *selection = walk->selection;
    if (sv_recording_segment(selection->recording, index, &walk->segment) != SV_OK ||
        sv_window_resolve(selection->recording, index, &selection->options->window, &walk->first,
                          &walk->last, NULL) != SV_OK) {
        return false;
    }
    if (walk->first == walk->last && has_window(selection->options)) {
        return false;
    }
    walk->segment_rows = count_rows(selection, index);
    return walk->segment_rows > 0;
}

bool walk_segment(struct walk *walk)
{
    while (walk->next_segment < sv_recording_num_segments(walk->selection->recording)) {
        if (take_segment(walk, walk->next_segment++)) {
            walk_rows_again(walk);
            return true;
        }
    }
    return false;
}

bool walk_rows(struct walk *walk)
{
    sv_rows rows = {0, walk->next_row};
    walk->num_rows = 0;
    while (walk->num_rows < GROUP_ROWS && next_rows(walk->selection, walk->segment.index, &rows)) {
        while (walk->num_rows < GROUP_ROWS && rows.first < rows.end) {
            walk->rows[walk->num_rows++] = rows.first++;
        }
        walk->next_row = rows.first;
    }
    return walk->num_rows > 0;
}

void walk_rows_again(struct walk *walk)
{
    walk->next_row = 0;
}

void walk_end(struct walk *walk)
{
    free(walk->rows);
}

sv_scan_range walk_range(const struct walk *walk, int64_t first, int64_t last)
{
    return (sv_scan_range){walk->segment.index, walk->rows, walk->num_rows, first, last};
}

/* ---- what the options cannot mean ---------------------------------------------------------- */

/* Channel numbers that were met, a bit each. */
struct met {
    uint64_t *words;
    size_t num_words;
};

/* Whether `number` was there before. */
static bool meet(struct met *met, int64_t number)
{
    size_t word = (size_t)number / 64;
    uint64_t bit = (uint64_t)1 << number % 64;
    if (word >= met->num_words) {
        size_t grown = word + word / 2 + 1;
        met->words = must_have(realloc(met->words, grown * sizeof *met->words));
        for (size_t i = met->num_words; i < grown; i++) {
            met->words[i] = 0;
        }
        met->num_words = grown;
    }
    bool before = (met->words[word] & bit) != 0;
    met->words[word] |= bit;
    return before;
}

static bool meets_again(const struct selection *selection, int64_t segment, struct met *met,
                        sv_channel *channel)
{
    sv_rows rows = {0, 0};
    while (next_rows(selection, segment, &rows)) {
        for (int64_t row = rows.first; row < rows.end; row++) {
            if (sv_recording_channel(selection->recording, segment, row, channel) == SV_OK &&
                meet(met, channel->number)) {
                return true;
            }
        }
    }
    return false;
}

/* Sample positions count within a segment: a channel of several has no one sample 1000. */
static bool is_ambiguous(const struct selection *selection, sv_channel *channel)
{
    const sv_window *window = &selection->options->window;
    int64_t num_segments = sv_recording_num_segments(selection->recording);
    struct met met = {NULL, 0};
    bool ambiguous = false;
    if (num_segments < 2 ||
        (window->from.kind != SV_POSITION_SAMPLE && window->to.kind != SV_POSITION_SAMPLE)) {
        return false;
    }
    for (int64_t segment = 0; segment < num_segments && !ambiguous; segment++) {
        ambiguous = meets_again(selection, segment, &met, channel);
    }
    free(met.words);
    return ambiguous;
}

/* ---- making -------------------------------------------------------------------------------- */

static bool resolves(const struct selection *selection, const char *path)
{
    for (int64_t segment = 0; segment < sv_recording_num_segments(selection->recording);
         segment++) {
        int64_t first, last;
        sv_error error;
        if (sv_window_resolve(selection->recording, segment, &selection->options->window, &first,
                              &last, &error) != SV_OK) {
            message(path, "%s", error.message);
            return false;
        }
    }
    return true;
}

static void count(struct selection *selection)
{
    struct walk walk;
    walk_begin(&walk, selection);
    while (walk_segment(&walk)) {
        int64_t num_samples = walk.segment_rows * (walk.last - walk.first);
        selection->num_rows += walk.segment_rows;
        selection->num_samples += num_samples;
        selection->num_bytes +=
            num_samples * (int64_t)sv_dtype_itemsize(walk.segment.samples.dtype);
    }
    walk_end(&walk);
}

/* Why nothing is chosen: a segment with a chosen row shows that it is the window. */
static void say_nothing_chosen(const struct selection *selection, const char *path)
{
    sv_recording *recording = selection->recording;
    int64_t num_samples = 0, num_rows = 0;
    for (int64_t index = 0; index < sv_recording_num_segments(recording); index++) {
        sv_segment segment;
        if (sv_recording_segment(recording, index, &segment) == SV_OK) {
            int64_t rows = count_rows(selection, index);
            num_rows += rows;
            num_samples += rows > 0 ? segment.num_samples : 0;
        }
    }
    if (num_rows == 0) {
        message(path, "--channel %s chooses none of its channels; see: seisview info",
                selection->options->channels);
    } else {
        message(path,
                "the window holds no sample; there are %" PRId64 " of each channel, "
                "see: seisview info",
                num_samples);
    }
}

enum outcome selection_make(const char *path, sv_recording *recording,
                            const struct options *options, struct selection *selection)
{
    sv_channel channel;
    *selection = (struct selection){.recording = recording, .options = options};
    if (is_ambiguous(selection, &channel)) {
        message(path,
                "channel %" PRId64 " has several segments, and samples count from the first of "
                "each; give the window in seconds or UTC",
                channel.number);
        return REFUSED;
    }
    if (!resolves(selection, path)) {
        return REFUSED;
    }
    count(selection);
    if (selection->num_rows == 0) {
        say_nothing_chosen(selection, path);
        return PASSED_OVER;
    }
    return DONE;
}
