#include "stats/pairs.h"

#include "base/size.h"

enum { STRETCH_PAIRS = SV_STRETCH_LINES * SV_LANES };

static int64_t number_of(const sv_stretch *stretch)
{
    return stretch->first / SV_STRETCH_LINES;
}

sv_pair_bits *sv_pairs_place(sv_pairs *pairs, const sv_stretch *stretch)
{
    int64_t i = number_of(stretch);
    return pairs != NULL && i < SV_PAIRS_STRETCHES ? &pairs->bits[i] : NULL;
}

void sv_pairs_keep(sv_pairs *pairs, const sv_stretch *stretch)
{
    pairs->known |= (uint64_t)1 << number_of(stretch);
}

void sv_pairs_take(sv_pairs *pairs, sv_stretch *stretch)
{
    sv_pair_bits *bits = sv_pairs_place(pairs, stretch);
    if (bits == NULL) {
        return;
    }
    for (int s = 0; s < SV_STREAMS; s++) {
        sv_stretch_equal(stretch, s, bits->of[s]);
    }
    sv_pairs_keep(pairs, stretch);
}

/* `count` pairs from `first` on. */
static void add_pairs(const sv_samples *samples, int64_t first, int64_t count, bool may_be_equal,
                      sv_runs *runs)
{
    uint64_t bits[SV_PAIRS_WORDS];
    if (may_be_equal) {
        sv_samples_equal(samples, first, count, bits);
        sv_runs_add(runs, bits, count);
    } else {
        sv_runs_skip(runs, count);
    }
}

void sv_pairs_runs(const sv_pairs *pairs, const sv_samples *samples, uint64_t equal, sv_runs *runs)
{
    int64_t lines = samples->lines;
    uint64_t known = pairs != NULL ? pairs->known : 0;
    for (int stream = 0; stream < SV_STREAMS; stream++) {
        for (int64_t line = 0; line < lines; line += SV_STRETCH_LINES) {
            int64_t i = line / SV_STRETCH_LINES;
            int64_t count = sv_min_i8(STRETCH_PAIRS, (lines - line) * SV_LANES);
            if ((known >> i & 1) != 0) {
                sv_runs_add(runs, pairs->bits[i].of[stream], count);
            } else {
                add_pairs(samples, (stream * lines + line) * SV_LANES, count, (equal >> i & 1) != 0,
                          runs);
            }
        }
    }
    int64_t taken = lines * SV_STREAMS * SV_LANES;
    add_pairs(samples, taken, samples->n - 1 - taken, equal >> SV_REST_BIT != 0, runs);
}
