#include "array/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"

#ifdef __APPLE__
#define LIBRARY "libopenblas.0.dylib"
#else
#define LIBRARY "libopenblas.so.0"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sv_blas loaded;
static sv_error load_error;

/* POSIX has an object pointer hold a function's address, which C does not. */
static void find(void *library, const char *name, void *function, const char **missing)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    *missing = address == NULL ? name : *missing;
}

static void load(void)
{
    const char *missing = NULL;
    char *(*get_core)(void) = NULL;
    void (*set_num_threads)(int) = NULL;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        sv_fail(
            &load_error, SV_UNSUPPORTED,
            "this needs OpenBLAS, which is not there; install it (Debian: libopenblas0-pthread, "
            "elsewhere: openblas)");
        return;
    }
#define SV_BLAS(result, name, arguments) find(library, "cblas_" #name, &loaded.name, &missing);
#include "array/blas.def"
#undef SV_BLAS
    find(library, "openblas_get_corename", &get_core, &missing);
    find(library, "openblas_set_num_threads", &set_num_threads, &missing);
    if (missing != NULL) {
        sv_fail(&load_error, SV_UNSUPPORTED,
                "the OpenBLAS that was found has no %s; install another (Debian: "
                "libopenblas0-pthread)",
                missing);
        return;
    }
    set_num_threads(1);
    loaded.core = get_core();
}

sv_status sv_blas_get(const sv_blas **blas, sv_error *error)
{
    pthread_once(&once, load);
    if (loaded.core == NULL) {
        return sv_fail(error, load_error.status, "%s", load_error.message);
    }
    *blas = &loaded;
    return SV_OK;
}
