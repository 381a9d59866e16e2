#include "scan/pace.h"

/* More than one fault in so many bytes: they lie in small pieces. */
enum { BYTES_A_FAULT = 128 << 10 };

/* Both ways are tried twice at first, and the other one again every so many spans. Faults have to
 * be clearly better, or chance would choose between ways that are alike. The best time is what
 * counts, as all others were held up by something else, and it is forgotten slowly, as what comes
 * next in the file may lie in the cache in other pieces. */
enum { FIRST_SPANS = 4, SPANS_A_TRIAL = 32 };
static const double clearly = 0.97, forgetting = 1.02;

sv_way sv_pace_choose(const sv_pace *pace)
{
    if (pace->spans < FIRST_SPANS) {
        return pace->spans % 2 == 0 ? SV_BY_CALLS : SV_BY_FAULTS;
    }
    const double *took = pace->seconds_a_byte;
    bool by_faults = pace->has_small_pieces && took[SV_BY_FAULTS] < clearly * took[SV_BY_CALLS];
    bool tries_other = pace->spans % SPANS_A_TRIAL == 0;
    return by_faults != tries_other ? SV_BY_FAULTS : SV_BY_CALLS;
}

void sv_pace_note(sv_pace *pace, sv_way way, int64_t bytes, double seconds, int64_t faults)
{
    double took = seconds / (double)bytes, *best = &pace->seconds_a_byte[way];
    *best *= forgetting;
    *best = *best == 0.0 || took < *best ? took : *best;
    if (way == SV_BY_FAULTS) {
        pace->has_small_pieces = faults * BYTES_A_FAULT > bytes;
    }
    pace->spans++;
}
