/* The most anonymous memory that a command held at once:
 *
 *   memory [--limit MIB] -- COMMAND [ARGUMENT...]
 *
 * Anonymous is what is resident and no page of a file: the pages of a mapped file belong to the
 * page cache and do not count. The kernel keeps no peak of it, so /proc/PID/statm is looked at
 * every 50 µs. Kernels that count for each processor may show some 100 KiB too little. More than
 * MIB (2^20 bytes) is exit 3. */
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
    double mebibytes;
    long num_looks;
};

static void look(int statm, struct peak *peak)
{
    char text[256];
    ssize_t length = pread(statm, text, sizeof text - 1, 0);
    if (length <= 0) {
        return;
    }
    text[length] = '\0';
    long size, resident, of_files;
    if (sscanf(text, "%ld %ld %ld", &size, &resident, &of_files) != 3 || resident == 0) {
        return;
    }
    double mebibytes = (double)(resident - of_files) * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
    peak->mebibytes = mebibytes > peak->mebibytes ? mebibytes : peak->mebibytes;
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
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)child);
    int statm = open(path, O_RDONLY | O_CLOEXEC);
    if (statm < 0) {
        fprintf(stderr, "memory: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    struct peak peak = {0.0, 0};
    const struct timespec pause = {0, 50000};
    while (waitpid(child, status, WNOHANG) == 0) {
        look(statm, &peak);
        nanosleep(&pause, NULL);
    }
    close(statm);
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
    bool reached = limit <= 0.0 || peak.mebibytes <= limit;
    printf("  %-28s %8.2f MiB (%ld looks)", "peak anonymous memory", peak.mebibytes,
           peak.num_looks);
    if (limit > 0.0) {
        printf("  goal ≤ %g: %s", limit, reached ? "reached" : "MISSED");
    }
    putchar('\n');
    return reached ? 0 : 3;
}
