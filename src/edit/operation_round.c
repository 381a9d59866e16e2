#include "edit/operation_round.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A sample in its type: its bytes as an unsigned number, and its value. */
typedef struct rounded {
    uint64_t bits;
    double value;
    bool saturated; /* of types that cannot be infinite */
} rounded;

typedef rounded rounder(double x);

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ---- bytes ------------------------------------------------------------------------------- */

ALWAYS_INLINE uint64_t load_bits(const char *address, size_t size, bool swap)
{
    const unsigned char *byte = (const unsigned char *)address;
    bool big = swap != (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN);
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1: return byte[0];
    case 2: memcpy(&two, address, 2); return swap ? __builtin_bswap16(two) : two;
    case 3: return (uint64_t)byte[big ? 0 : 2] << 16 | (uint64_t)byte[1] << 8 | byte[big ? 2 : 0];
    case 4: memcpy(&four, address, 4); return swap ? __builtin_bswap32(four) : four;
    default: memcpy(&eight, address, 8); return swap ? __builtin_bswap64(eight) : eight;
    }
}

ALWAYS_INLINE void store_bits(char *address, size_t size, bool swap, uint64_t bits)
{
    bool big = swap != (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN);
    uint16_t two = swap ? __builtin_bswap16((uint16_t)bits) : (uint16_t)bits;
    uint32_t four = swap ? __builtin_bswap32((uint32_t)bits) : (uint32_t)bits;
    uint64_t eight = swap ? __builtin_bswap64(bits) : bits;
    switch (size) {
    case 1: address[0] = (char)bits; break;
    case 2: memcpy(address, &two, 2); break;
    case 3:
        address[big ? 2 : 0] = (char)bits;
        address[1] = (char)(bits >> 8);
        address[big ? 0 : 2] = (char)(bits >> 16);
        break;
    case 4: memcpy(address, &four, 4); break;
    default: memcpy(address, &eight, 8); break;
    }
}

/* ---- integers ---------------------------------------------------------------------------- */

/* To a whole number, ties to even; from 2^52 on every float64 is one. */
ALWAYS_INLINE double whole(double x)
{
    double size = fabs(x);
    return size < 0x1p52 ? copysign((size + 0x1p52) - 0x1p52, x) : x;
}

/* `least` and `most` are whole, of 4 bytes at most: what is left of x beyond them has few enough
 * bits for the sum to round. */
ALWAYS_INLINE rounded to_integer(double x, double least, double most)
{
    double low = least - 1.0, high = most + 1.0;
    x = x > low ? x : low;
    x = x < high ? x : high;
    double nearest = (x + 0x1.8p52) - 0x1.8p52;
    bool saturated = nearest < least || nearest > most;
    nearest = nearest > least ? nearest : least;
    nearest = nearest < most ? nearest : most;
    return (rounded){(uint64_t)(int64_t)nearest, nearest, saturated};
}

ALWAYS_INLINE rounded to_i1(double x)
{
    return to_integer(x, -0x1p7, 0x1p7 - 1.0);
}

ALWAYS_INLINE rounded to_u1(double x)
{
    return to_integer(x, 0.0, 0x1p8 - 1.0);
}

ALWAYS_INLINE rounded to_i2(double x)
{
    return to_integer(x, -0x1p15, 0x1p15 - 1.0);
}

ALWAYS_INLINE rounded to_u2(double x)
{
    return to_integer(x, 0.0, 0x1p16 - 1.0);
}

ALWAYS_INLINE rounded to_i3(double x)
{
    return to_integer(x, -0x1p23, 0x1p23 - 1.0);
}

ALWAYS_INLINE rounded to_u3(double x)
{
    return to_integer(x, 0.0, 0x1p24 - 1.0);
}

ALWAYS_INLINE rounded to_i4(double x)
{
    return to_integer(x, -0x1p31, 0x1p31 - 1.0);
}

ALWAYS_INLINE rounded to_u4(double x)
{
    return to_integer(x, 0.0, 0x1p32 - 1.0);
}

/* The largest of 64 bits are no float64. */
ALWAYS_INLINE rounded to_i8(double x)
{
    const double past = 9223372036854775808.0;
    double nearest = whole(x);
    if (nearest >= past) {
        return (rounded){INT64_MAX, past, true};
    }
    bool saturated = nearest < -past;
    nearest = saturated ? -past : nearest;
    return (rounded){(uint64_t)(int64_t)nearest, nearest, saturated};
}

ALWAYS_INLINE rounded to_u8(double x)
{
    double nearest = whole(x);
    if (nearest >= 0x1p64) {
        return (rounded){UINT64_MAX, 0x1p64, true};
    }
    bool saturated = nearest < 0.0;
    nearest = saturated ? 0.0 : nearest;
    return (rounded){(uint64_t)nearest, nearest, saturated};
}

/* ---- floats ------------------------------------------------------------------------------ */

/* A NaN that was none has one form, whatever the processor made. */
ALWAYS_INLINE rounded to_f4(double x)
{
    float narrow = (float)x;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return (rounded){isnan(x) ? 0x7fc00000 : bits, (double)narrow, false};
}

ALWAYS_INLINE rounded to_f8(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (rounded){isnan(x) ? UINT64_C(0x7ff8) << 48 : bits, x, false};
}

static rounded to_ibm4(double x)
{
    static const sv_dtype ibm4 = {SV_IBM4, SV_NATIVE_ENDIAN};
    uint32_t bits;
    bool fits = sv_dtype_store(ibm4, &bits, sv_scalar_float(x)) == SV_OK;
    if (!fits) {
        bits = signbit(x) ? 0xffffffff : 0x7fffffff;
    }
    return (rounded){bits, sv_dtype_load(ibm4, &bits).value.f, !fits};
}

/* ---- loops ------------------------------------------------------------------------------- */

ALWAYS_INLINE bool same(double a, double b)
{
    uint64_t bits_a, bits_b;
    memcpy(&bits_a, &a, sizeof bits_a);
    memcpy(&bits_b, &b, sizeof bits_b);
    return bits_a == bits_b || (isnan(a) && isnan(b));
}

/* What the loops share. */
typedef struct work {
    const double *was, *now;
    int64_t n;
    const char *from;
    ptrdiff_t stride;
    char *to;
    sv_changes *changes;
} work;

/* What a type is like. */
typedef enum nature {
    EXACT,    /* a float64 holds every value, and each has one form */
    FLOATING, /* with NaN and infinities */
    LOSSY     /* neither */
} nature;

ALWAYS_INLINE void round_all(const work *w, rounder *round, nature of, size_t size, bool swap)
{
    sv_changes changes = {0};
    for (int64_t i = 0; i < w->n; i++) {
        double now = w->now[i], was = w->was[i];
        rounded r = round(now);
        bool is_same = of != EXACT && same(now, was);
        bool beyond = of == FLOATING ? isinf(r.value) && !isinf(was) : r.saturated;
        double change = is_same ? 0.0 : fabs(r.value - was);
        uint64_t old = load_bits(w->from + i * w->stride, size, swap);
        uint64_t bits = is_same ? old : r.bits & UINT64_MAX >> (64 - 8 * size);
        store_bits(w->to + i * (int64_t)size, size, swap, bits);
        changes.num_changed += bits != old;
        changes.num_saturated += beyond && !is_same;
        changes.largest = change > changes.largest ? change : changes.largest;
    }
    w->changes->num_changed += changes.num_changed;
    w->changes->num_saturated += changes.num_saturated;
    w->changes->largest = fmax(w->changes->largest, changes.largest);
}

/* The order becomes a constant of the loop. */
ALWAYS_INLINE void round_ordered(const work *w, rounder *round, nature of, size_t size, bool swap)
{
    swap ? round_all(w, round, of, size, true) : round_all(w, round, of, size, false);
}

static int64_t find_new_nan(const work *w)
{
    for (int64_t i = 0; i < w->n; i++) {
        if (isnan(w->now[i])) {
            return i;
        }
    }
    return -1;
}

static void round_finite(sv_type type, const work *w, bool swap)
{
    switch (type) {
    case SV_I1: round_ordered(w, to_i1, EXACT, 1, swap); break;
    case SV_U1: round_ordered(w, to_u1, EXACT, 1, swap); break;
    case SV_I2: round_ordered(w, to_i2, EXACT, 2, swap); break;
    case SV_U2: round_ordered(w, to_u2, EXACT, 2, swap); break;
    case SV_I3: round_ordered(w, to_i3, EXACT, 3, swap); break;
    case SV_U3: round_ordered(w, to_u3, EXACT, 3, swap); break;
    case SV_I4: round_ordered(w, to_i4, EXACT, 4, swap); break;
    case SV_U4: round_ordered(w, to_u4, EXACT, 4, swap); break;
    case SV_I8: round_ordered(w, to_i8, LOSSY, 8, swap); break;
    case SV_U8: round_ordered(w, to_u8, LOSSY, 8, swap); break;
    case SV_IBM4: round_ordered(w, to_ibm4, LOSSY, 4, swap); break;
    default: break;
    }
}

int64_t sv_round_into(sv_dtype dtype, const double *was, const double *now, int64_t n,
                      const char *from, ptrdiff_t stride, char *to, sv_changes *changes)
{
    work w = {was, now, n, from, stride, to, changes};
    bool swap = dtype.order != SV_NATIVE_ENDIAN;
    if (dtype.type == SV_F4) {
        round_ordered(&w, to_f4, FLOATING, 4, swap);
        return -1;
    }
    if (dtype.type == SV_F8) {
        round_ordered(&w, to_f8, FLOATING, 8, swap);
        return -1;
    }
    int64_t nan = find_new_nan(&w);
    if (nan < 0) {
        round_finite((sv_type)dtype.type, &w, swap);
    }
    return nan;
}
