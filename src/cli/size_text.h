/* Sizes for people. */
#ifndef SV_CLI_SIZE_TEXT_H
#define SV_CLI_SIZE_TEXT_H

#include <stdint.h>

#define SIZE_TEXT_SIZE 32

/* "1.5 GiB". Returns `text`. */
const char *size_text(int64_t bytes, char text[SIZE_TEXT_SIZE]);

#endif
