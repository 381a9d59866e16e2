/* Times whole processes against each other:
 *
 *   pairs [OPTIONS] -- COMMAND [ARGUMENT...] [-- PEER [ARGUMENT...]]
 *
 * Command and peer run in turn, their order changing from pair to pair, so that a machine that
 * grows slower does so for both. Printed are the medians with the least and the most, and the
 * peer's time over the command's: the median of the pairs' ratios, and the ratio of the medians.
 * One pair is run before, untimed. With one command only its times are printed. The commands'
 * output goes to /dev/null.
 *
 *   --pairs N        how many (11)
 *   --bytes N        what each of them reads: adds GB/s
 *   --names A,B      what to call them
 *   --cold FILE      taken out of the page cache before every run
 *   --within MS      by how much more the command's median may be: exit 3 when it is more
 *   --goal RATIO     the least median of the ratios: exit 3 when it is less */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures.h"

#define MAX_PAIRS 1000

extern char **environ;

struct run {
    const char *name;
    char **arguments; /* NULL: none */
    double seconds[MAX_PAIRS];
};

struct settings {
    int num_pairs;
    double bytes, goal, within; /* 0: not given */
    const char *cold;           /* NULL: not given */
    struct run command, peer;
};

/* Seconds from start to end; a command that fails ends the program. */
static double run_once(const struct run *run)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    double begin = figures_now();
    pid_t child;
    int status = 0;
    int failure = posix_spawnp(&child, run->arguments[0], &actions, NULL, run->arguments, environ);
    while (failure == 0 && waitpid(child, &status, 0) < 0) {
        failure = errno == EINTR ? 0 : errno;
    }
    double seconds = figures_now() - begin;
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        fprintf(stderr, "pairs: %s: %s\n", run->arguments[0], strerror(failure));
        exit(2);
    }
    if (status != 0) {
        fprintf(stderr, "pairs: %s: it failed\n", run->arguments[0]);
        exit(2);
    }
    return seconds;
}

/* As far as nothing of it is still to be written. */
static void take_out_of_cache(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        fprintf(stderr, "pairs: %s: it cannot be taken out of the page cache\n", path);
        exit(2);
    }
    close(file);
}

static void run_one(const struct settings *settings, struct run *run, int pair)
{
    if (run->arguments == NULL) {
        return;
    }
    if (settings->cold != NULL) {
        take_out_of_cache(settings->cold);
    }
    run->seconds[pair] = run_once(run);
}

static void run_pair(struct settings *settings, int pair)
{
    run_one(settings, pair % 2 == 0 ? &settings->command : &settings->peer, pair);
    run_one(settings, pair % 2 == 0 ? &settings->peer : &settings->command, pair);
}

static struct figures print_run(struct run *run, const struct settings *settings)
{
    struct figures figures = figures_of(run->seconds, (size_t)settings->num_pairs);
    printf("  %-28s %8.2f ms  (%.2f–%.2f)", run->name, 1e3 * figures.median, 1e3 * figures.least,
           1e3 * figures.most);
    if (settings->bytes > 0.0) {
        printf("  %.1f GB/s", settings->bytes / figures.median / 1e9);
    }
    putchar('\n');
    return figures;
}

/* Whether the goal is reached. Before the times are sorted the ratios are taken pair by pair. */
static bool print_pairs(struct settings *settings)
{
    if (settings->peer.arguments == NULL) {
        print_run(&settings->command, settings);
        return true;
    }
    double ratios[MAX_PAIRS] = {0.0};
    for (int pair = 0; pair < settings->num_pairs; pair++) {
        ratios[pair] = settings->peer.seconds[pair] / settings->command.seconds[pair];
    }
    struct figures ratio = figures_of(ratios, (size_t)settings->num_pairs);
    struct figures command = print_run(&settings->command, settings);
    struct figures peer = print_run(&settings->peer, settings);
    printf("  %-28s %8.2f     (%.2f–%.2f)  of medians %.2f", "share of the peer's speed",
           ratio.median, ratio.least, ratio.most, peer.median / command.median);
    bool reached = ratio.median >= settings->goal;
    if (settings->goal > 0.0) {
        printf("  goal ≥ %g: %s", settings->goal, reached ? "reached" : "MISSED");
    }
    if (settings->within > 0.0) {
        double more = 1e3 * (command.median - peer.median);
        reached = reached && more <= settings->within;
        printf("  %.2f ms more, goal ≤ %g: %s", more, settings->within,
               more <= settings->within ? "reached" : "MISSED");
    }
    putchar('\n');
    return reached;
}

static void usage(void)
{
    fputs("Usage: pairs [--pairs N] [--bytes N] [--names A,B] [--cold FILE] [--within MS] "
          "[--goal RATIO] -- COMMAND [ARGUMENT...] [-- PEER [ARGUMENT...]]\n",
          stderr);
    exit(1);
}

static double parse_number(const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number > 0.0)) {
        usage();
    }
    return number;
}

static void parse_commands(struct settings *settings, char *names, char *arguments[])
{
    settings->command.arguments = arguments;
    for (char **at = arguments; *at != NULL; at++) {
        if (strcmp(*at, "--") == 0) {
            *at = NULL;
            settings->peer.arguments = at + 1;
            break;
        }
    }
    char **peer = settings->peer.arguments;
    if (arguments[0] == NULL || (peer != NULL && peer[0] == NULL)) {
        usage();
    }
    char *comma = names == NULL ? NULL : strchr(names, ',');
    if (comma != NULL) {
        *comma = '\0';
    }
    settings->command.name = names == NULL ? arguments[0] : names;
    settings->peer.name = comma != NULL ? comma + 1 : peer != NULL ? peer[0] : NULL;
}

static void parse_settings(struct settings *settings, int count, char *arguments[])
{
    static const struct option options[] = {{"pairs", required_argument, NULL, 'p'},
                                            {"bytes", required_argument, NULL, 'b'},
                                            {"names", required_argument, NULL, 'n'},
                                            {"cold", required_argument, NULL, 'c'},
                                            {"within", required_argument, NULL, 'w'},
                                            {"goal", required_argument, NULL, 'g'},
                                            {NULL, 0, NULL, 0}};
    char *names = NULL;
    double num_pairs = 11.0;
    int option;
    while ((option = getopt_long(count, arguments, "+", options, NULL)) != -1) {
        switch (option) {
        case 'p': num_pairs = parse_number(optarg); break;
        case 'b': settings->bytes = parse_number(optarg); break;
        case 'n': names = optarg; break;
        case 'c': settings->cold = optarg; break;
        case 'w': settings->within = parse_number(optarg); break;
        case 'g': settings->goal = parse_number(optarg); break;
        default: usage();
        }
    }
    if (!(num_pairs >= 1.0 && num_pairs <= MAX_PAIRS)) {
        usage();
    }
    settings->num_pairs = (int)num_pairs;
    parse_commands(settings, names, arguments + optind);
}

int main(int count, char *arguments[])
{
    static struct settings settings;
    parse_settings(&settings, count, arguments);
    run_pair(&settings, 0); /* untimed: the first pair writes over it */
    for (int pair = 0; pair < settings.num_pairs; pair++) {
        run_pair(&settings, pair);
    }
    return print_pairs(&settings) ? 0 : 3;
}
