/* seisview: the program. Finds the command, runs it, looks whether its output arrived. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "seisview/array.h"

const struct command commands[NUM_COMMANDS] = {
#define SV_COMMAND(name, arguments, summary) {#name, arguments, summary, cmd_##name},
#include "cli/commands.def"
#undef SV_COMMAND
};

const struct command *find_command(const char *name)
{
    for (int i = 0; i < NUM_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* A closed standard descriptor would be given to the first file that is opened, and what is meant
 * for it written there. In its place comes one that cannot be used. */
static void occupy_standard_descriptors(void)
{
    while (fcntl(STDERR_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 ||
           fcntl(STDIN_FILENO, F_GETFD) < 0) {
        int fd = open("/dev/null", fcntl(STDIN_FILENO, F_GETFD) < 0 ? O_WRONLY : O_RDONLY);
        if (fd < 0 || fd > STDERR_FILENO) {
            return;
        }
    }
}

/* Before any thread, and before OpenBLAS is loaded: see array.h. */
static void prepare_blas(void)
{
    const char *core = sv_blas_best_core();
    if (core != NULL) {
        setenv("OPENBLAS_CORETYPE", core, 0);
    }
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = EXIT_USAGE;
    if (options_read(command, argc, argv, &options)) {
        if (options.help) {
            help_command(command);
            status = EXIT_DONE;
        } else {
            status = command->run(&options);
        }
    }
    options_free(&options);
    return status;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help_program();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        help_program();
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("seisview " PACKAGE_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL) {
        message(NULL, "there is no %s '%s'; see: seisview help",
                argv[1][0] == '-' ? "option" : "command", argv[1]);
        return EXIT_USAGE;
    }
    return run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    sv_error error;
    occupy_standard_descriptors();
    prepare_blas();
    signals_install();
    if (sv_guard_install(&error) != SV_OK) {
        message(NULL, "%s", error.message);
        return EXIT_FAILED;
    }
    int status = dispatch(argc, argv);
    if (signals_stopped()) {
        fflush(stdout); /* what was finished before */
        signals_die();
    }
    return output_finish(status);
}
