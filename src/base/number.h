/* Numbers to text and back, always with a point, whatever the locale of the program. */
#ifndef SV_BASE_NUMBER_H
#define SV_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define SV_NUMBER_TEXT_SIZE 32

/* As snprintf of `%.{digits}g`; "nan", "inf", "-inf"; negative zero as "0". Returns `text`. */
char *sv_number_format(double value, int digits, char text[SV_NUMBER_TEXT_SIZE]);

/* The fewest digits that read back to the same float64, or to the same float32. */
char *sv_number_shortest(double value, char text[SV_NUMBER_TEXT_SIZE]);
char *sv_number_shortest_f4(float value, char text[SV_NUMBER_TEXT_SIZE]);

/* The whole of `text` as a number (strtod's forms, hexadecimal, inf and nan too). */
bool sv_number_parse(const char *text, double *value);

#endif
