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

/* Every run of a word in turn; `count` bits of it are meant. */
static void walk_word(sv_runs *runs, uint64_t word, int count)
{
    int at = 0;
    while (at < count) {
        uint64_t rest = word >> at;
        int ones = ~rest == 0 ? WORD : __builtin_ctzll(~rest);
        ones = ones < count - at ? ones : count - at;
        at += ones;
        runs->current += ones;
        if (at == count) {
            break;
        }
        end_run(runs, runs->current, runs->num_pairs + at);
        runs->current = 0;
        rest = word >> at;
        int zeros = rest == 0 ? count - at : __builtin_ctzll(rest);
        at += zeros < count - at ? zeros : count - at;
    }
    runs->num_pairs += count;
}

void sv_runs_add(sv_runs *runs, const uint64_t *bits, int64_t pairs)
{
    for (int64_t first = 0; first < pairs; first += WORD) {
        uint64_t word = bits[first / WORD];
        int count = pairs - first < WORD ? (int)(pairs - first) : WORD;
        /* The usual case: nothing runs in or out of the word, and nothing in it is longer than what
         * is known (of the first word any one is). */
        bool apart = runs->current == 0 && word >> (WORD - 1) == 0;
        if (apart && count == WORD && !has_longer_run(word, runs->longest)) {
            runs->num_pairs += WORD;
            continue;
        }
        walk_word(runs, word, count);
    }
    if (runs->current == runs->num_pairs) {
        runs->head = runs->current;
    }
    if (runs->current > runs->longest) {
        runs->longest = runs->current;
        runs->longest_first = runs->num_pairs - runs->current;
    }
}
