/* Numbers to text and back, always with a point, whatever the locale of the program. */
#ifndef SV_BASE_NUMBER_H
#define SV_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define SV_NUMBER_TEXT_SIZE 32

/* As snprintf of `%.{digits}g`, 1 to 17 digits; "nan", "inf", "-inf"; negative zero as "0".
 * Returns `text`. */
char *sv_number_format(double value, int digits, char text[SV_NUMBER_TEXT_SIZE]);

/* The fewest digits that read back to the same float64, or to the same float32. Whole numbers
 * below 2^53 stand in full, without a point or an exponent. */
char *sv_number_shortest(double value, char text[SV_NUMBER_TEXT_SIZE]);
char *sv_number_shortest_f4(float value, char text[SV_NUMBER_TEXT_SIZE]);

/* The same for any other type: `same` says whether `read` becomes the sample that `value` is.
 * Every decimal of up to `safe_digits` digits must survive being stored in the type. */
char *sv_number_shortest_such(double value, int safe_digits,
                              bool (*same)(double read, double value),
                              char text[SV_NUMBER_TEXT_SIZE]);

/* The whole of `text` as a number (strtod's forms, hexadecimal, inf and nan too). False where it
 * is none, or one too large for float64. */
bool sv_number_parse(const char *text, double *value);

#endif
