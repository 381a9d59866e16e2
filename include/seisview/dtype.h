/* Data types of samples, and single samples as values.
 * A small value, copied freely; all functions: any thread, any locale. */
#ifndef SEISVIEW_DTYPE_H
#define SEISVIEW_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seisview/api.h"
#include "seisview/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sv_type {
    SV_TYPE_NONE, /* not known, not given */
#define SV_DTYPE(name, text, itemsize, kind, letter, numpy) SV_##name,
#include "seisview/dtype.def"
#undef SV_DTYPE
    SV_NUM_TYPES
} sv_type;

typedef enum sv_byte_order {
    SV_LITTLE_ENDIAN,
    SV_BIG_ENDIAN,
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    SV_NATIVE_ENDIAN = SV_BIG_ENDIAN
#else
    SV_NATIVE_ENDIAN = SV_LITTLE_ENDIAN
#endif
} sv_byte_order;

/* The type of a sample. One-byte types always carry SV_NATIVE_ENDIAN, so that equal types compare
 * equal. IBM is the hexadecimal floating point of IBM System/360 (SEG-Y format 1): sign, 7-bit
 * exponent of 16 with bias 64, 24-bit fraction; it reaches 7.2e75, so it reads as float64. */
typedef struct sv_dtype {
    uint8_t type;  /* sv_type */
    uint8_t order; /* sv_byte_order */
} sv_dtype;

#define SV_DTYPE_TEXT_SIZE 8 /* room for any text of sv_dtype_text, with its NUL */

SV_API sv_dtype sv_dtype_make(sv_type type, sv_byte_order order);
SV_API bool sv_dtype_equal(sv_dtype a, sv_dtype b);

/* Bytes of one sample; 0 for SV_TYPE_NONE. */
SV_API size_t sv_dtype_itemsize(sv_dtype dtype);

/* Reads seisview's names (`f4 … ibm4`), NumPy's (`float32`, `|u1`) and PEP 3118's letters in
 * standard sizes (`f d b B h H i I l L q Q`: i and l are 4 bytes, q 8), each with an optional
 * byte order before it: `<` little, `>` or `!` big, `=` `@` or `|` native. Without one the order
 * is native. SV_DTYPE: not such a name. */
SV_API sv_status sv_dtype_parse(const char *text, sv_dtype *dtype, sv_error *error);

/* The name with its byte order: "<f4", ">ibm4"; one-byte types without: "i1". Returns `text`. */
SV_API char *sv_dtype_text(sv_dtype dtype, char text[SV_DTYPE_TEXT_SIZE]);

/* The PEP 3118 format string, "<f"; a type without a letter is its bytes, "3s" or "4s", which a
 * reader takes in whole but cannot compute with. Returns `text`. */
SV_API char *sv_dtype_format(sv_dtype dtype, char text[SV_DTYPE_TEXT_SIZE]);

/* One sample as a value. */
typedef enum sv_kind { SV_KIND_INT, SV_KIND_UINT, SV_KIND_FLOAT } sv_kind;

typedef struct sv_scalar {
    sv_kind kind;
    union {
        int64_t i;
        uint64_t u;
        double f;
    } value;
} sv_scalar;

#define SV_SCALAR_TEXT_SIZE 32 /* room for any text of sv_scalar_text, with its NUL */

SV_API sv_scalar sv_scalar_int(int64_t value);
SV_API sv_scalar sv_scalar_uint(uint64_t value);
SV_API sv_scalar sv_scalar_float(double value);

/* Rounded once to float64. */
SV_API double sv_scalar_as_f8(sv_scalar scalar);

/* Equal by value, as Python compares: 2 == 2.0, 2^53 + 1 != 2.0^53 (integers and floats are
 * compared exactly), 0.0 == -0.0, NaN equals nothing. */
SV_API bool sv_scalar_equal(sv_scalar a, sv_scalar b);

/* Reads and writes one sample at `address` (any alignment).
 * Store: SV_RANGE when the value does not fit (integers: not whole or too large, as Python's
 * struct; f4: a finite value that would become infinite; ibm4: NaN, infinite or too large).
 * Storing into f4 and ibm4 rounds to nearest, ties to even. On failure nothing is stored. */
SV_API sv_scalar sv_dtype_load(sv_dtype dtype, const void *address);
SV_API sv_status sv_dtype_store(sv_dtype dtype, void *address, sv_scalar scalar);

/* The shortest decimal that reads back to the same sample of `dtype` ("0.1" for the float32 next
 * to 0.1), always with a point; "nan", "inf", "-inf". Whole numbers carry no point ("3", "-0" is
 * "0"). Returns `text`. */
SV_API char *sv_scalar_text(sv_scalar scalar, sv_dtype dtype, char text[SV_SCALAR_TEXT_SIZE]);

/* The inverse, for any decimal, hexadecimal (0x…) integer, "nan" or "inf"; the kind is INT where
 * the text is a whole number that fits, else UINT, else FLOAT. SV_INVALID. */
SV_API sv_status sv_scalar_parse(const char *text, sv_scalar *scalar);

#ifdef __cplusplus
}
#endif
#endif
