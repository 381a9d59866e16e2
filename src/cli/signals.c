#include "cli/signals.h"

#include <string.h>
#include <unistd.h>

#include "cli/progress.h"

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
enum { NUM_WATCHED = sizeof watched / sizeof watched[0] };

static bool caught[NUM_WATCHED];         /* not ignored when the program started */
static volatile sig_atomic_t stopped_by; /* the signal, 0: none */
static volatile sig_atomic_t working;

/* Only what a signal handler may call. */
static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void say_stopped(int signal_number)
{
    progress_erase_from_handler();
    switch (signal_number) {
    case SIGINT: say("seisview: stopped by SIGINT\n"); break;
    case SIGTERM: say("seisview: stopped by SIGTERM\n"); break;
    default: say("seisview: stopped by SIGHUP\n"); break;
    }
}

static void handle(int signal_number)
{
    for (int i = 0; i < NUM_WATCHED; i++) {
        if (caught[i]) {
            signal(watched[i], SIG_DFL);
        }
    }
    if (working != 0) {
        stopped_by = signal_number;
        return;
    }
    say_stopped(signal_number);
    raise(signal_number); /* delivered when this handler returns */
}

void signals_install(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < NUM_WATCHED; i++) {
        sigaddset(&action.sa_mask, watched[i]);
    }
    for (int i = 0; i < NUM_WATCHED; i++) {
        caught[i] = sigaction(watched[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN;
    }
    for (int i = 0; i < NUM_WATCHED; i++) {
        if (caught[i]) {
            sigaction(watched[i], &action, NULL);
        }
    }
}

const volatile sig_atomic_t *signals_flag(void)
{
    return &stopped_by;
}

void signals_begin_work(void)
{
    working = 1;
}

void signals_end_work(void)
{
    working = 0;
}

bool signals_stopped(void)
{
    return stopped_by != 0;
}

void signals_die(void)
{
    if (stopped_by != 0) {
        say_stopped(stopped_by);
        signal(stopped_by, SIG_DFL);
        raise(stopped_by);
    }
}
