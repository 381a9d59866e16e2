/* seisview help [COMMAND] */
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/message.h"

void help_program(void)
{
    puts("seisview reads seismic recordings larger than memory, in place.\n"
         "\n"
         "  seisview COMMAND [OPTIONS] FILE...\n");
    for (int i = 0; i < NUM_COMMANDS; i++) {
        printf("  %-8s %s\n", commands[i].name, commands[i].summary);
    }
    puts("\nExamples:\n"
         "  seisview stats quake.bin\n"
         "  seisview stats --dtype '<i2' --channels 3 --rate 100 --from 60s --to 90s day.raw\n"
         "  zcat night.bin.gz | seisview stats --json --fail-on 'num_nan>0' -\n"
         "\n"
         "More: seisview help COMMAND, man seisview");
}

void help_command(const struct command *command)
{
    printf("seisview %s %s\n\n%s\n", command->name, command->arguments, command->summary);
    options_explain(command, stdout);
    printf("\nMore: man seisview%s%s\n", command->run == cmd_help ? "" : "-",
           command->run == cmd_help ? "" : command->name);
}

int cmd_help(const struct options *options)
{
    if (options->files[0] == NULL) {
        help_program();
        return EXIT_DONE;
    }
    const struct command *command = find_command(options->files[0]);
    if (command == NULL) {
        message(NULL, "there is no command '%s'; see: seisview help", options->files[0]);
        return EXIT_USAGE;
    }
    help_command(command);
    return EXIT_DONE;
}
