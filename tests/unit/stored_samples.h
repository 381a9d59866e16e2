/* Samples of every awkward kind as they are stored, of any type. */
#ifndef SV_TESTS_STORED_SAMPLES_H
#define SV_TESTS_STORED_SAMPLES_H

#include "samples.h"
#include "seisview/dtype.h"

/* For integers: kinds that mean something to them, in their own range; else any bytes. */
static inline bool draw_integer(struct random *random, sample_kind kind, sv_dtype dtype, int64_t i,
                                sv_scalar *value)
{
    bool is_unsigned = dtype.type == SV_U1 || dtype.type == SV_U2 || dtype.type == SV_U3 ||
                       dtype.type == SV_U4 || dtype.type == SV_U8;
    int bits = 8 * (int)sv_dtype_itemsize(dtype);
    int64_t large = (INT64_C(1) << (bits - 2)) - 1;
    switch (kind) {
    case FEW_VALUES: *value = sv_scalar_int((int64_t)random_below(random, 3) - !is_unsigned); break;
    case CONSTANT: *value = sv_scalar_int(large); break;
    case OFFSET: *value = sv_scalar_int(large - (int64_t)random_below(random, 3)); break;
    case ALTERNATING: *value = sv_scalar_int(i % 2 == 0 || is_unsigned ? large : -large); break;
    case ZEROS: *value = sv_scalar_int(0); break;
    default: return false;
    }
    return true;
}

/* IBM floats: those that are tiny, with zeros among them; those of every size, and not all
 * normalised, that a survey must know; any. */
static inline uint32_t draw_ibm4(struct random *random, sample_kind kind)
{
    uint32_t bits = (uint32_t)random_bits(random) & 0x80ffffff;
    uint32_t exponent = (uint32_t)random_below(random, 128);
    if (kind == DENORMAL) {
        bits = random_below(random, 4) == 0 ? 0 : bits;
        exponent = (uint32_t)random_below(random, 45);
    } else if (kind == FINITE_BITS) {
        bits &= random_below(random, 4) == 0 ? 0x800fffff : 0xffffffff;
        exponent = 46 + (uint32_t)random_below(random, 51);
    }
    return bits | exponent << 24;
}

static inline void store_sample(struct random *random, sample_kind kind, sv_dtype dtype, int64_t i,
                                void *address)
{
    sv_scalar value;
    if (dtype.type == SV_F4) {
        value = sv_scalar_float((double)sample_f4(random, kind, i));
    } else if (dtype.type == SV_F8 || (dtype.type == SV_IBM4 && kind < DENORMAL)) {
        value = sv_scalar_float(sample_f8(random, kind, i));
    } else if (dtype.type == SV_IBM4) {
        uint32_t bits = draw_ibm4(random, kind);
        if (dtype.order != SV_NATIVE_ENDIAN) {
            bits = __builtin_bswap32(bits);
        }
        memcpy(address, &bits, sizeof bits);
        return;
    } else if (!draw_integer(random, kind, dtype, i, &value)) {
        uint64_t bits = random_bits(random);
        memcpy(address, &bits, sv_dtype_itemsize(dtype));
        return;
    }
    if (sv_dtype_store(dtype, address, value) != SV_OK) {
        ck_abort_msg("sample %" PRId64 " does not fit its type", i);
    }
}

#endif
