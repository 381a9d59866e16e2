#include "base/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct guarded {
    struct guarded *outer; /* of the same thread, NULL for the outermost */
    uintptr_t first, past;
    const void *volatile fault;
    sigjmp_buf back;
};

/* The innermost guarded run of this thread: where the handler begins to look. */
static _Thread_local struct guarded *volatile current;

static struct sigaction previous;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int install_error;

/* A signal that a process sent is none, and has no address. */
static bool is_fault(const siginfo_t *info)
{
    return info->si_code > 0;
}

static void pass_on(int signal_number, siginfo_t *info, void *user_context)
{
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal_number, info, user_context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal_number);
    } else if (is_fault(info)) {
        /* Returning runs the faulting access again, now with the default action: the process
         * dies by SIGBUS, as it would have without the guard. */
        signal(signal_number, SIG_DFL);
    } else if (previous.sa_handler == SIG_DFL) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

static void handle(int signal_number, siginfo_t *info, void *user_context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    for (struct guarded *guarded = is_fault(info) ? current : NULL; guarded != NULL;
         guarded = guarded->outer) {
        if (address >= guarded->first && address < guarded->past) {
            guarded->fault = info->si_addr;
            siglongjmp(guarded->back, 1);
        }
    }
    pass_on(signal_number, info, user_context);
}

static void install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handle;
    /* NODEFER: the handler is left by a jump, which does not restore the signal mask. */
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    install_error = sigaction(SIGBUS, &action, &previous);
}

sv_status sv_guard_install(sv_error *error)
{
    pthread_once(&once, install);
    if (install_error != 0) {
        return sv_fail(error, SV_IO, "the handler for SIGBUS could not be installed");
    }
    return SV_OK;
}

bool sv_guard_run(void (*body)(void *context), void *context, const void *start, size_t size_bytes,
                  const void **fault)
{
    struct guarded guarded = {
        .outer = current, .first = (uintptr_t)start, .past = (uintptr_t)start + size_bytes};
    if (sigsetjmp(guarded.back, 0) != 0) {
        current = guarded.outer;
        *fault = guarded.fault;
        return false;
    }
    current = &guarded;
    body(context);
    current = guarded.outer;
    return true;
}
