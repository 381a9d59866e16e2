/* Vectors of float64 as wide as the registers of the set that is being compiled. */
#ifndef SV_KERNEL_REFERENCE_VECTOR_H
#define SV_KERNEL_REFERENCE_VECTOR_H

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, NUM_REGISTERS = 32 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, NUM_REGISTERS = 16 };
#else
enum { VECTOR_BYTES = 16, NUM_REGISTERS = 16 };
#endif

#define SV_INLINE static inline __attribute__((always_inline))

typedef double vector __attribute__((vector_size(VECTOR_BYTES)));

enum { STEP = VECTOR_BYTES / sizeof(double) }; /* numbers that are done at once */

#endif
