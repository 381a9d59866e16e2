/* The choice among the sets. */
#include "kernel/kernel.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

extern const sv_kernels sv_kernels_reference;
#ifdef SV_HAVE_AVX2
extern const sv_kernels sv_kernels_avx2;
#endif
#ifdef SV_HAVE_AVX512
extern const sv_kernels sv_kernels_avx512;
#endif

void sv_counts_init(sv_counts *counts)
{
    *counts = (sv_counts){.min = INFINITY, .max = -INFINITY, .least = INFINITY};
}

static bool always(void)
{
    return true;
}

/* The compiler's run-time support asks CPUID and XGETBV: the processor has it and the system keeps
 * its registers. */
#ifdef SV_HAVE_AVX2
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef SV_HAVE_AVX512
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
}
#endif

/* Worst first. A set that may be asked for by name but is not built in has no table. */
static const struct {
    const char *name;
    const sv_kernels *table;
    bool (*runs_here)(void);
} sets[] = {
    {"reference", &sv_kernels_reference, always},
#ifdef SV_HAVE_AVX2
    {"avx2", &sv_kernels_avx2, has_avx2},
#endif
#ifdef SV_HAVE_AVX512
    {"avx512", &sv_kernels_avx512, has_avx512},
#endif
};

enum { NUM_SETS = sizeof sets / sizeof sets[0] };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const sv_kernels *chosen;
static sv_error choice_error;

static void choose_by_name(const char *name)
{
    for (int i = 0; i < NUM_SETS; i++) {
        if (strcmp(name, sets[i].name) == 0 && sets[i].runs_here()) {
            chosen = sets[i].table;
            return;
        }
        if (strcmp(name, sets[i].name) == 0) {
            sv_fail(&choice_error, SV_UNSUPPORTED,
                    "SEISVIEW_KERNEL asks for the instruction set %s, which this processor or "
                    "system lacks; unset it to use the best one there is",
                    name);
            return;
        }
    }
    sv_fail(&choice_error, SV_UNSUPPORTED,
            "SEISVIEW_KERNEL asks for '%s', an instruction set that this build does not have; "
            "unset it to use the best one there is",
            name);
}

static void choose(void)
{
    const char *name = getenv("SEISVIEW_KERNEL");
    if (name != NULL && name[0] != '\0') {
        choose_by_name(name);
        return;
    }
    for (int i = 0; i < NUM_SETS; i++) {
        if (sets[i].runs_here()) {
            chosen = sets[i].table;
        }
    }
}

sv_status sv_kernels_get(const sv_kernels **kernels, sv_error *error)
{
    pthread_once(&once, choose);
    if (chosen == NULL) {
        return sv_fail(error, choice_error.status, "%s", choice_error.message);
    }
    *kernels = chosen;
    return SV_OK;
}

const sv_kernels *sv_kernels_at(int i, bool *runs_here)
{
    if (i < 0 || i >= NUM_SETS) {
        return NULL;
    }
    *runs_here = sets[i].runs_here();
    return sets[i].table;
}
