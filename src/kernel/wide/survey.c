/* The main pass, written once for all sets with wide registers: each way of storing samples becomes
 * a function of its own. */
#include "kernel/set.h"
#include "kernel/wide/state.h"

SV_INLINE void survey(stored as, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                      int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers)
{
    const char *x[SV_STREAMS] = {stream[0], stream[1], stream[2], stream[3]};
    const ptrdiff_t ahead = ahead_bytes();
    state s = begin();
    s.pilot = all_f8(powers != NULL ? powers->pilot : 0.0);
    for (int64_t line = 0; line < lines; line += SV_CHUNK_LINES) {
        int64_t count = lesser(lines - line, SV_CHUNK_LINES);
        add_chunk(as, &s, x, count, ahead);
        if (as.pairs) {
            add_pairs(as, &s, x, count, line / SV_CHUNK_LINES, pairs);
        }
        if ((line + SV_CHUNK_LINES) % SV_GROUP_LINES == 0) {
            end_group(&s.squares);
        }
        for (int k = 0; k < SV_STREAMS; k++) {
            x[k] += count * SV_LANES * size_of(as);
        }
    }
    end_group(&s.squares);
    finish(as, &s, lines * SV_STREAMS * SV_LANES, lanes);
    if (as.type == SV_IBM4 && !as.pairs && !lanes->any_equal) {
        lanes->any_equal = any_not_normalised(as, &s, lanes, x);
    }
    if (lines == 0) {
        lanes->min = lanes->least = (double)INFINITY;
        lanes->max = -(double)INFINITY;
    }
    if (as.powers) {
        store_f8(powers->cubes, s.cubes);
        store_f8(powers->fourths, s.fourths);
    }
}

/* Each use is a loop of its own. Pairs of integers of less than 4 bytes are found faster as these
 * are stored. */
SV_INLINE bool survey_stored(sv_type type, bool swapped, sv_lanes *lanes,
                             const void *const stream[SV_STREAMS], int64_t lines,
                             sv_pair_bits *pairs)
{
    const stored as = {type, swapped, false, false};
    if (pairs != NULL && size_of(as) >= 4) {
        survey((stored){type, swapped, true, false}, lanes, stream, lines, pairs, NULL);
    } else {
        survey(as, lanes, stream, lines, NULL, NULL);
    }
    return true;
}

SV_INLINE bool survey_type(sv_type type, bool swapped, sv_lanes *lanes,
                           const void *const stream[SV_STREAMS], int64_t lines, sv_pair_bits *pairs)
{
    return swapped ? survey_stored(type, true, lanes, stream, lines, pairs)
                   : survey_stored(type, false, lanes, stream, lines, pairs);
}

/* Native float32 or float64. */
SV_INLINE bool survey_native(sv_type type, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                             int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers)
{
    if (powers == NULL) {
        return survey_stored(type, false, lanes, stream, lines, pairs);
    }
    if (pairs != NULL) {
        survey((stored){type, false, true, true}, lanes, stream, lines, pairs, powers);
    } else {
        survey((stored){type, false, false, true}, lanes, stream, lines, NULL, powers);
    }
    return true;
}

bool SV_SET(survey)(sv_dtype dtype, sv_lanes *lanes, const void *const stream[SV_STREAMS],
                    int64_t lines, sv_pair_bits *pairs, sv_power_lanes *powers)
{
    bool swapped = dtype.order != SV_NATIVE_ENDIAN;
    if (!swapped && dtype.type == SV_F4) {
        return survey_native(SV_F4, lanes, stream, lines, pairs, powers);
    }
    if (!swapped && dtype.type == SV_F8) {
        return survey_native(SV_F8, lanes, stream, lines, pairs, powers);
    }
    switch ((sv_type)dtype.type) {
    case SV_F4: return survey_stored(SV_F4, true, lanes, stream, lines, pairs);
    case SV_F8: return survey_stored(SV_F8, true, lanes, stream, lines, pairs);
    case SV_IBM4: return survey_type(SV_IBM4, swapped, lanes, stream, lines, pairs);
    case SV_I1: return survey_stored(SV_I1, false, lanes, stream, lines, pairs);
    case SV_U1: return survey_stored(SV_U1, false, lanes, stream, lines, pairs);
    case SV_I2: return survey_type(SV_I2, swapped, lanes, stream, lines, pairs);
    case SV_U2: return survey_type(SV_U2, swapped, lanes, stream, lines, pairs);
    case SV_I3: return survey_type(SV_I3, swapped, lanes, stream, lines, pairs);
    case SV_U3: return survey_type(SV_U3, swapped, lanes, stream, lines, pairs);
    case SV_I4: return survey_type(SV_I4, swapped, lanes, stream, lines, pairs);
    default: return false;
    }
}
