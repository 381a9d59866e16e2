#include "stats/runs.h"

#include <stdbool.h>

enum { WORD = 64 };

/* Whether `word` holds more than `length` ones in a row. */
static bool has_longer_run(uint64_t word, int64_t length)
{
    if (length >= WORD) {
        return false;
    }
    int64_t have = 1;
    int64_t want = length + 1;
    while (have < want && word != 0) {
        int64_t step = have < want - have ? have : want - have;
        word &= word >> step;
        have += step;
    }
    return word != 0;
}

/* The run that ends before bit `end` has `length` ones. */
static void end_run(sv_runs *runs, int64_t length, int64_t end)
{
    if (length == end) {
        runs->head = length;
    }
    if (length > runs->longest) {
        runs->longest = length;
        runs->longest_first = end - length;
    }
}

static int ones_from_the_bottom(uint64_t word)
{
    return ~word == 0 ? WORD : __builtin_ctzll(~word);
}

static int ones_from_the_top(uint64_t word)
{
    return ~word == 0 ? WORD : __builtin_clzll(~word);
}

/* The first of the longest runs of a word, which has ones: `length` is longer than what was known.
 */
static void take_longest(sv_runs *runs, uint64_t word)
{
    int64_t length = runs->longest + 1;
    while (has_longer_run(word, length)) {
        length++;
    }
    /* Bit i of what is left says that a run of `length` begins there. */
    for (int64_t i = 1; i < length; i++) {
        word &= word >> 1;
    }
    end_run(runs, length, runs->num_pairs + __builtin_ctzll(word) + length);
}

/* A word of which `count` bits are meant, and the others are 0. */
static void add_word(sv_runs *runs, uint64_t word, int count)
{
    if (word == 0 && runs->current == 0) {
        runs->num_pairs += count;
        return;
    }
    int bottom = ones_from_the_bottom(word);
    if (bottom >= count) {
        runs->current += count;
        runs->num_pairs += count;
        return;
    }
    if (runs->current + bottom > 0) {
        end_run(runs, runs->current + bottom, runs->num_pairs + bottom);
    }
    int top = count == WORD ? ones_from_the_top(word) : ones_from_the_top(word << (WORD - count));
    /* The runs at both ends join others, and are not looked at here. */
    uint64_t inner = bottom > 0 ? word & (word + 1) : word;
    inner &= ~(uint64_t)0 >> (WORD - (count - top));
    if (has_longer_run(inner, runs->longest)) {
        take_longest(runs, inner);
    }
    runs->current = top;
    runs->num_pairs += count;
}

enum { WORDS = 4 };

/* Most words of most recordings are 0: how many of the next pairs need no closer look. */
static int64_t skip_zeros(sv_runs *runs, const uint64_t *bits, int64_t pairs)
{
    int64_t first = 0;
    while (runs->current == 0 && pairs - first >= WORDS * WORD &&
           (bits[0] | bits[1] | bits[2] | bits[3]) == 0) {
        bits += WORDS;
        first += (int64_t)WORDS * WORD;
    }
    runs->num_pairs += first;
    return first;
}

void sv_runs_add(sv_runs *runs, const uint64_t *bits, int64_t pairs)
{
    for (int64_t first = skip_zeros(runs, bits, pairs); first < pairs;) {
        add_word(runs, bits[first / WORD], pairs - first < WORD ? (int)(pairs - first) : WORD);
        first += WORD;
        first += skip_zeros(runs, bits + first / WORD, pairs - first);
    }
    if (runs->current == runs->num_pairs) {
        runs->head = runs->current;
    }
    if (runs->current > runs->longest) {
        runs->longest = runs->current;
        runs->longest_first = runs->num_pairs - runs->current;
    }
}

void sv_runs_skip(sv_runs *runs, int64_t pairs)
{
    if (pairs > 0 && runs->current > 0) {
        end_run(runs, runs->current, runs->num_pairs);
        runs->current = 0;
    }
    runs->num_pairs += pairs;
}
