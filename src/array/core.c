/* Which of OpenBLAS's sets of kernels a processor can run. Version 0.3.21 knows processors by their
 * model numbers, and takes one that is newer for the oldest of all, its issue 4267: hence by what
 * they can do. */
#include <stdbool.h>
#include <string.h>

#include "array/blas.h"
#include "seisview/array.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* Intel, Software Developer's Manual, volume 2A, CPUID; volume 1, 13.1, XCR0. */
enum {
    SSE4_2 = 1 << 20,
    FMA = 1 << 12,
    MOVBE = 1 << 22,
    POPCNT = 1 << 23,
    OSXSAVE = 1 << 27,
    AVX = 1 << 28,
    F16C = 1 << 29,

    BMI1 = 1 << 3,
    AVX2 = 1 << 5,
    BMI2 = 1 << 8,
    AVX512F = 1 << 16,
    AVX512DQ = 1 << 17,
    AVX512CD = 1 << 28,
    AVX512BW = 1 << 30,

    LZCNT = 1 << 5,

    XMM_AND_YMM = 1 << 1 | 1 << 2,
    MASKS_AND_ZMM = 1 << 5 | 1 << 6 | 1 << 7
};

#define AVX512VL (UINT32_C(1) << 31)

static bool has(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

/* All that the compiler of these kernels was told that the processor has: -mavx2 -mfma, and
 * -march=skylake-avx512. */
static bool can_run_haswell(const sv_processor *p)
{
    return has(p->leaf_1_ecx, OSXSAVE | AVX | FMA) && has(p->leaf_7_ebx, AVX2) &&
           has(p->enabled_registers, XMM_AND_YMM);
}

static bool can_run_skylake(const sv_processor *p)
{
    return can_run_haswell(p) && has(p->leaf_1_ecx, SSE4_2 | MOVBE | POPCNT | F16C) &&
           has(p->leaf_7_ebx, BMI1 | BMI2 | AVX512F | AVX512DQ | AVX512CD | AVX512BW | AVX512VL) &&
           has(p->extended_1_ecx, LZCNT) && has(p->enabled_registers, MASKS_AND_ZMM);
}

static bool is_zen(const sv_processor *p)
{
    return strcmp(p->vendor, "AuthenticAMD") == 0 || strcmp(p->vendor, "HygonGenuine") == 0;
}

const char *sv_blas_core_for(const sv_processor *processor)
{
    if (can_run_skylake(processor)) {
        return "SkylakeX";
    }
    if (can_run_haswell(processor)) {
        return is_zen(processor) ? "Zen" : "Haswell";
    }
    return NULL;
}

#if defined(__x86_64__)
static uint32_t enabled_registers(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

const char *sv_blas_best_core(void)
{
    sv_processor p = {.vendor = ""};
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
        return NULL;
    }
    memcpy(p.vendor, &ebx, 4);
    memcpy(p.vendor + 4, &edx, 4);
    memcpy(p.vendor + 8, &ecx, 4);
    __get_cpuid(1, &eax, &ebx, &p.leaf_1_ecx, &edx);
    __get_cpuid_count(7, 0, &eax, &p.leaf_7_ebx, &ecx, &edx);
    __get_cpuid(0x80000001, &eax, &ebx, &p.extended_1_ecx, &edx);
    if (has(p.leaf_1_ecx, OSXSAVE)) {
        p.enabled_registers = enabled_registers();
    }
    return sv_blas_core_for(&p);
}
#else
const char *sv_blas_best_core(void)
{
    return NULL;
}
#endif

sv_status sv_blas_core(const char **name, sv_error *error)
{
    const sv_blas *blas;
    sv_status status = sv_blas_get(&blas, error);
    if (status == SV_OK) {
        *name = blas->core;
    }
    return status;
}
