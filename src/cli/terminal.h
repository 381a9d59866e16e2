/* What the program needs to know of the terminal. */
#ifndef SV_CLI_TERMINAL_H
#define SV_CLI_TERMINAL_H

#include <stdbool.h>

/* Its columns; 80 where it does not say, 0 where `fd` is no terminal. */
int terminal_width(int fd);

/* Whether to colour what goes to `fd`: a terminal that can, and NO_COLOR is not set. */
bool terminal_color(int fd);

#endif
