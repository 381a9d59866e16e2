/* What the program says of itself, on standard output. */
#ifndef SV_CLI_HELP_H
#define SV_CLI_HELP_H

struct command;

void help_program(void);
void help_command(const struct command *command);

#endif
