/* What a command of the program is, and how it ends. */
#ifndef SV_CLI_COMMAND_H
#define SV_CLI_COMMAND_H

#include "cli/options.h"

/* Exit statuses, as in the man pages; EXIT_FAILED outranks EXIT_CHECK. */
enum {
    EXIT_DONE = 0,
    EXIT_USAGE = 1,  /* nothing was tried */
    EXIT_FAILED = 2, /* something could not be done */
    EXIT_CHECK = 3   /* done, and a check that was asked for failed */
};

enum command_id {
#define SV_COMMAND(name, arguments, summary) COMMAND_##name,
#include "cli/commands.def"
#undef SV_COMMAND
    NUM_COMMANDS
};

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(const struct options *options); /* returns an exit status */
};

extern const struct command commands[NUM_COMMANDS];

/* NULL: there is no such command. */
const struct command *find_command(const char *name);

#define SV_COMMAND(name, arguments, summary) int cmd_##name(const struct options *options);
#include "cli/commands.def"
#undef SV_COMMAND

#endif
