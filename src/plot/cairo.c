#include "plot/cairo.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"

#ifdef __APPLE__
#define LIBRARY "libcairo.2.dylib"
#else
#define LIBRARY "libcairo.so.2"
#endif

/* POSIX has an object pointer hold a function's address, which C does not. */
static void find(void *library, const char *name, void *function, const char **missing)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    *missing = address == NULL ? name : *missing;
}

sv_status sv_cairo_load(struct sv_cairo *cairo, sv_error *error)
{
    const char *missing = NULL;
    void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "pictures need cairo, which is not there; install it (Debian: libcairo2, "
                       "elsewhere: cairo)");
    }
#define SV_CAIRO(name) find(library, "cairo_" #name, &cairo->name, &missing);
#include "plot/cairo.def"
#undef SV_CAIRO
    if (missing != NULL) {
        return sv_fail(error, SV_UNSUPPORTED,
                       "pictures need a cairo that draws PNG, SVG and PDF, and this one has no %s; "
                       "install another",
                       missing);
    }
    return SV_OK;
}
