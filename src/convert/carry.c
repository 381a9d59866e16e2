/* Three ways, from the fastest to the one that can do everything: the same type (bytes are moved,
 * so that any pattern of bits survives), by way of a tile of float64 (every type but 64-bit
 * integers is exact there), and sample by sample. */
#include "convert/carry.h"

#include <math.h>
#include <string.h>

#include "base/size.h"

enum { TILE_SAMPLES = 256 };

/* ---- what types hold --------------------------------------------------------------------- */

static bool is_float(sv_type type)
{
    return type == SV_F4 || type == SV_F8 || type == SV_IBM4;
}

static bool is_signed(sv_type type)
{
    return type == SV_I1 || type == SV_I2 || type == SV_I3 || type == SV_I4 || type == SV_I8;
}

static int bits_of(sv_type type)
{
    return 8 * (int)sv_dtype_itemsize(sv_dtype_make(type, SV_NATIVE_ENDIAN));
}

/* Bits of a whole number that a float holds exactly, whatever the number. */
static int whole_bits(sv_type type)
{
    /* The fraction of ibm4 has 24 bits, of which up to three are zeros in front. */
    return type == SV_F8 ? 53 : type == SV_F4 ? 24 : 21;
}

bool sv_type_holds(sv_type to, sv_type from)
{
    if (to == from) {
        return true;
    }
    if (is_float(from)) {
        return to == SV_F8;
    }
    int magnitude = bits_of(from) - (is_signed(from) ? 1 : 0);
    if (is_float(to)) {
        return magnitude <= whole_bits(to);
    }
    return is_signed(to) ? magnitude <= bits_of(to) - 1
                         : !is_signed(from) && magnitude <= bits_of(to);
}

/* ---- remembering ------------------------------------------------------------------------- */

static sv_place place_of(const sv_run_of_samples *run, int64_t i)
{
    return (sv_place){run->first.row, run->first.sample + i};
}

static void note_rounded(sv_carry *carry, const sv_run_of_samples *run, int64_t i)
{
    if (carry->num_rounded++ == 0) {
        carry->first_rounded = place_of(run, i);
    }
}

static void note_unfit(sv_carry *carry, const sv_run_of_samples *run, int64_t i, sv_scalar value)
{
    if (carry->num_unfit++ == 0) {
        carry->first_unfit = place_of(run, i);
        carry->unfit = value;
    }
}

/* ---- the same type ----------------------------------------------------------------------- */

static void swap_run(const sv_run_of_samples *run, size_t itemsize)
{
    const char *from = run->from;
    char *to = run->to;
    for (int64_t i = 0; i < run->num_samples; i++) {
        char bytes[8];
        memcpy(bytes, from, itemsize);
        for (size_t byte = 0; byte < itemsize; byte++) {
            to[byte] = bytes[itemsize - 1 - byte];
        }
        from += run->from_stride;
        to += run->to_stride;
    }
}

static void move_run(const sv_run_of_samples *run, size_t itemsize)
{
    const char *from = run->from;
    char *to = run->to;
    if (run->from_stride == (int64_t)itemsize && run->to_stride == (int64_t)itemsize) {
        memcpy(to, from, (size_t)run->num_samples * itemsize);
        return;
    }
    for (int64_t i = 0; i < run->num_samples; i++) {
        memcpy(to, from, itemsize);
        from += run->from_stride;
        to += run->to_stride;
    }
}

/* The size is a constant within each case, which makes the copies single instructions. */
static void carry_same(const sv_run_of_samples *run, size_t itemsize, bool swaps)
{
    switch (itemsize) {
    case 1: move_run(run, 1); break;
    case 2: swaps ? swap_run(run, 2) : move_run(run, 2); break;
    case 3: swaps ? swap_run(run, 3) : move_run(run, 3); break;
    case 4: swaps ? swap_run(run, 4) : move_run(run, 4); break;
    default: swaps ? swap_run(run, 8) : move_run(run, 8); break;
    }
}

/* ---- by way of float64 ------------------------------------------------------------------- */

static void load_tile(const sv_carry *carry, const char *from, int64_t stride, int64_t n,
                      double tile[TILE_SAMPLES])
{
    if (!sv_kernel_is_f4(carry->from)) {
        carry->kernels->convert(carry->from, from, (ptrdiff_t)stride, n, tile);
        return;
    }
    float narrow[TILE_SAMPLES];
    carry->kernels->convert(carry->from, from, (ptrdiff_t)stride, n, narrow);
    for (int64_t i = 0; i < n; i++) {
        tile[i] = (double)narrow[i];
    }
}

static void store_bits(sv_dtype dtype, size_t itemsize, char *to, uint64_t bits)
{
    if (dtype.order != SV_NATIVE_ENDIAN) {
        bits = __builtin_bswap64(bits) >> (64 - 8 * itemsize);
    }
    if (SV_NATIVE_ENDIAN == SV_BIG_ENDIAN) {
        bits <<= 64 - 8 * itemsize;
    }
    memcpy(to, &bits, itemsize);
}

static void store_f8(const sv_carry *carry, const double *tile, int64_t n, char *to, int64_t stride)
{
    for (int64_t i = 0; i < n; i++, to += stride) {
        uint64_t bits;
        memcpy(&bits, &tile[i], sizeof bits);
        store_bits(carry->to, sizeof bits, to, bits);
    }
}

static void store_f4(sv_carry *carry, const sv_run_of_samples *run, const double *tile,
                     int64_t done, int64_t n)
{
    char *to = run->to + done * run->to_stride;
    for (int64_t i = 0; i < n; i++, to += run->to_stride) {
        float narrow = (float)tile[i];
        uint32_t bits;
        if ((double)narrow != tile[i] && !isnan(tile[i])) {
            if (isinf(narrow)) {
                note_unfit(carry, run, done + i, sv_scalar_float(tile[i]));
            } else {
                note_rounded(carry, run, done + i);
            }
        }
        memcpy(&bits, &narrow, sizeof bits);
        store_bits(carry->to, sizeof bits, to, bits);
    }
}

static void store_whole(sv_carry *carry, const sv_run_of_samples *run, const double *tile,
                        int64_t done, int64_t n)
{
    size_t itemsize = sv_dtype_itemsize(carry->to);
    int magnitude = 8 * (int)itemsize - (is_signed((sv_type)carry->to.type) ? 1 : 0);
    double past_largest = ldexp(1.0, magnitude);
    double least = is_signed((sv_type)carry->to.type) ? -past_largest : 0.0;
    char *to = run->to + done * run->to_stride;
    for (int64_t i = 0; i < n; i++, to += run->to_stride) {
        double whole = nearbyint(tile[i]); /* ties to even */
        if (!(whole >= least && whole < past_largest)) {
            note_unfit(carry, run, done + i, sv_scalar_float(tile[i]));
            whole = 0.0;
        } else if (whole != tile[i]) {
            note_rounded(carry, run, done + i);
        }
        store_bits(carry->to, itemsize, to, (uint64_t)(int64_t)whole);
    }
}

static void carry_by_tiles(sv_carry *carry, const sv_run_of_samples *run)
{
    double tile[TILE_SAMPLES];
    for (int64_t done = 0; done < run->num_samples; done += TILE_SAMPLES) {
        int64_t n = sv_min_i8(TILE_SAMPLES, run->num_samples - done);
        load_tile(carry, run->from + done * run->from_stride, run->from_stride, n, tile);
        switch (carry->to.type) {
        case SV_F8:
            store_f8(carry, tile, n, run->to + done * run->to_stride, run->to_stride);
            break;
        case SV_F4: store_f4(carry, run, tile, done, n); break;
        default: store_whole(carry, run, tile, done, n); break;
        }
    }
}

/* ---- sample by sample -------------------------------------------------------------------- */

static bool goes_by_tiles(sv_dtype dtype)
{
    return dtype.type != SV_I8 && dtype.type != SV_U8;
}

static bool is_nan(sv_scalar scalar)
{
    return scalar.kind == SV_KIND_FLOAT && isnan(scalar.value.f);
}

static void carry_each(sv_carry *carry, const sv_run_of_samples *run)
{
    const char *from = run->from;
    char *to = run->to;
    bool to_whole = !is_float((sv_type)carry->to.type);
    for (int64_t i = 0; i < run->num_samples; i++) {
        sv_scalar value = sv_dtype_load(carry->from, from);
        sv_scalar rounded = value;
        if (to_whole && value.kind == SV_KIND_FLOAT) {
            rounded = sv_scalar_float(nearbyint(value.value.f));
        }
        if (sv_dtype_store(carry->to, to, rounded) != SV_OK) {
            note_unfit(carry, run, i, value);
        } else if (!sv_scalar_equal(sv_dtype_load(carry->to, to), value) && !is_nan(value)) {
            note_rounded(carry, run, i);
        }
        from += run->from_stride;
        to += run->to_stride;
    }
}

/* ---- all --------------------------------------------------------------------------------- */

sv_status sv_carry_begin(sv_carry *carry, sv_dtype from, sv_dtype to, sv_error *error)
{
    memset(carry, 0, sizeof *carry);
    carry->from = from;
    carry->to = to;
    return sv_kernels_get(&carry->kernels, error);
}

void sv_carry_run(sv_carry *carry, const sv_run_of_samples *run)
{
    if (carry->from.type == carry->to.type) {
        carry_same(run, sv_dtype_itemsize(carry->to), carry->from.order != carry->to.order);
    } else if (goes_by_tiles(carry->from) && goes_by_tiles(carry->to) &&
               carry->to.type != SV_IBM4) {
        carry_by_tiles(carry, run);
    } else {
        carry_each(carry, run);
    }
}
