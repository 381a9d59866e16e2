/* The most anonymous memory, and the most page tables, that a command held at once:
 *
 *   memory [--limit MIB] -- COMMAND [ARGUMENT...]
 *
 * Anonymous is what is resident and no page of a file: the pages of a mapped file belong to the
 * page cache and do not count, but the tables that map them are memory too. The kernel keeps no
 * peak of either, so /proc/PID/status is looked at every 50 µs. Kernels that count for each
 * processor may show some 100 KiB too little. More than MIB (2^20 bytes) of both together is
 * exit 3. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct peak {
    double anonymous, tables, both; /* in MiB */
    long num_looks;
};

/* The number behind `name`, which is in KiB. */
static double field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? strtod(at + strlen(name), NULL) / 1024.0 : 0.0;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

static void look(int file, struct peak *peak)
{
    char text[4096];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    if (strstr(text, "RssAnon:") == NULL) {
        return; /* it has ended */
    }
    double anonymous = field(text, "RssAnon:"), tables = field(text, "VmPTE:");
    peak->anonymous = most(peak->anonymous, anonymous);
    peak->tables = most(peak->tables, tables);
    peak->both = most(peak->both, anonymous + tables);
    peak->num_looks++;
}

static pid_t start(char *command[])
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int failure = posix_spawnp(&child, command[0], &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        fprintf(stderr, "memory: %s: %s\n", command[0], strerror(failure));
        exit(2);
    }
    return child;
}

static struct peak watch(pid_t child, int *status)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)child);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        fprintf(stderr, "memory: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    struct peak peak = {0.0, 0.0, 0.0, 0};
    const struct timespec pause = {0, 50000};
    while (waitpid(child, status, WNOHANG) == 0) {
        look(file, &peak);
        nanosleep(&pause, NULL);
    }
    close(file);
    return peak;
}

int main(int count, char *arguments[])
{
    static const struct option options[] = {{"limit", required_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    double limit = 0.0;
    int option;
    while ((option = getopt_long(count, arguments, "+", options, NULL)) == 'l') {
        limit = strtod(optarg, NULL);
    }
    if (option != -1 || optind == count) {
        fputs("Usage: memory [--limit MIB] -- COMMAND [ARGUMENT...]\n", stderr);
        return 1;
    }
    int status = 0;
    struct peak peak = watch(start(arguments + optind), &status);
    if (status != 0 || peak.num_looks == 0) {
        fprintf(stderr, "memory: %s: %s\n", arguments[optind],
                status != 0 ? "it failed" : "it ended before it was looked at");
        return 2;
    }
    bool reached = limit <= 0.0 || peak.both <= limit;
    printf("  %-28s %8.2f MiB (%ld looks), page tables %.2f MiB", "peak anonymous memory",
           peak.anonymous, peak.num_looks, peak.tables);
    if (limit > 0.0) {
        printf("  goal ≤ %g: %s", limit, reached ? "reached" : "MISSED");
    }
    putchar('\n');
    return reached ? 0 : 3;
}
