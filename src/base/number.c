#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A positive number digits × 10^exponent. Texts are made from it and not by printf, and it is read
 * back without a point, so that no locale has a say. */
struct decimal {
    uint64_t digits;
    int exponent;
};

enum {
    MAX_DIGITS = 17,       /* enough to read any float64 back */
    MAX_EXACT_POWER = 22,  /* 10^22 is the last power of ten that a float64 holds */
    MAX_FAST_DIGITS = 15,  /* digits that a float64 holds, and a product keeps */
    LEAST_FIXED_POWER = -4 /* 0.0001 is the least that is written without an exponent */
};

static const double powers_of_ten[MAX_EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- number to decimal ---------------------------------------------------------------------- */

/* Rounded correctly to `num_digits` digits, by the C library. */
static struct decimal round_exactly(double value, int num_digits)
{
    char text[SV_NUMBER_TEXT_SIZE];
    struct decimal decimal = {0, 0};
    snprintf(text, sizeof text, "%.*e", num_digits - 1, value);
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (isdigit((unsigned char)*at)) { /* else it is the locale's point, of any length */
            decimal.digits = decimal.digits * 10 + (uint64_t)(*at - '0');
        }
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) - (num_digits - 1);
    return decimal;
}

/* The power of ten of the first digit: value = d.ddd × 10^power. */
static int first_power(double value)
{
    int exponent;
    frexp(value, &exponent);
    int next = (int)floor((exponent - 1) * 0.30102999566398120) + 1; /* right, or one too large */
    bool reached = next >= 0 ? value >= powers_of_ten[next] : value * powers_of_ten[-next] >= 1;
    return reached ? next : next - 1;
}

/* The same, where that is enough with one product, whose error matters only to ties. */
static struct decimal round_to(double value, int num_digits)
{
    if (num_digits > MAX_FAST_DIGITS || value < 1e-22 || value >= 1e22) {
        return round_exactly(value, num_digits);
    }
    int exponent = first_power(value) - (num_digits - 1);
    if (exponent > 0 || exponent < -MAX_EXACT_POWER) {
        return round_exactly(value, num_digits);
    }
    return (struct decimal){(uint64_t)llrint(value * powers_of_ten[-exponent]), exponent};
}

/* Rounded once to float64. Quotients and products of exact numbers are. */
static double read_decimal(struct decimal decimal)
{
    bool exact_digits = decimal.digits <= (uint64_t)1 << DBL_MANT_DIG;
    if (exact_digits && decimal.exponent <= 0 && decimal.exponent >= -MAX_EXACT_POWER) {
        return (double)decimal.digits / powers_of_ten[-decimal.exponent];
    }
    if (exact_digits && decimal.exponent > 0 && decimal.exponent <= MAX_EXACT_POWER) {
        return (double)decimal.digits * powers_of_ten[decimal.exponent];
    }
    char text[SV_NUMBER_TEXT_SIZE];
    snprintf(text, sizeof text, "%" PRIu64 "e%d", decimal.digits, decimal.exponent);
    return strtod(text, NULL);
}

static struct decimal without_zeros(struct decimal decimal)
{
    while (decimal.digits != 0 && decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    return decimal;
}

/* ---- decimal to text ------------------------------------------------------------------------ */

static char *write_digits(char *at, const char *digits, int count)
{
    memcpy(at, digits, (size_t)count);
    return at + count;
}

static char *write_zeros(char *at, int count)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

static char *write_whole(uint64_t value, char *at)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    *at = '\0';
    return at;
}

/* d.ddde+XX, with at least two digits in the exponent, as printf. */
static void write_scientific(char *at, const char *digits, int count, int power)
{
    at = write_digits(at, digits, 1);
    if (count > 1) {
        *at++ = '.';
        at = write_digits(at, digits + 1, count - 1);
    }
    *at++ = 'e';
    *at++ = power < 0 ? '-' : '+';
    if (abs(power) < 10) {
        *at++ = '0';
    }
    write_whole((uint64_t)abs(power), at);
}

/* ddd.ddd, with the zeros that the point needs on either side. */
static void write_fixed(char *at, const char *digits, int count, int power)
{
    if (power < 0) {
        at = write_digits(at, "0.", 2);
        at = write_zeros(at, -power - 1);
        at = write_digits(at, digits, count);
    } else if (power >= count - 1) {
        at = write_digits(at, digits, count);
        at = write_zeros(at, power - (count - 1));
    } else {
        at = write_digits(at, digits, power + 1);
        *at++ = '.';
        at = write_digits(at, digits + power + 1, count - power - 1);
    }
    *at = '\0';
}

/* As `%g` lays out: the exponent shows from 10^max_power up. */
static void write_decimal(char *at, struct decimal decimal, int max_power)
{
    char digits[24];
    decimal = without_zeros(decimal);
    int count = (int)(write_whole(decimal.digits, digits) - digits);
    int power = decimal.exponent + count - 1;
    if (power < LEAST_FIXED_POWER || power >= max_power) {
        write_scientific(at, digits, count, power);
    } else {
        write_fixed(at, digits, count, power);
    }
}

/* Writes what has no digits, or the sign. Returns where the digits go, or NULL. */
static char *write_sign(double value, char *text)
{
    if (isnan(value)) {
        strcpy(text, "nan");
        return NULL;
    }
    if (isinf(value) || value == 0) {
        strcpy(text, value == 0 ? "0" : (value > 0 ? "inf" : "-inf"));
        return NULL;
    }
    if (value < 0) {
        *text++ = '-';
    }
    return text;
}

char *sv_number_format(double value, int digits, char text[SV_NUMBER_TEXT_SIZE])
{
    char *at = write_sign(value, text);
    if (at != NULL) {
        write_decimal(at, round_exactly(fabs(value), digits), digits);
    }
    return text;
}

/* ---- the fewest digits ---------------------------------------------------------------------- */

/* Whether a decimal of `num_digits` digits reads back; the one nearest to the value is the first
 * candidate. Below a power of two the numbers lie twice as dense as above it, so there the next
 * decimal above may read back where the nearest one, below, does not. */
static bool reads_back(double value, int num_digits, bool (*same)(double read, double value),
                       struct decimal *decimal)
{
    int exponent;
    *decimal = round_to(value, num_digits);
    if (same(read_decimal(*decimal), value)) {
        return true;
    }
    if (frexp(value, &exponent) != 0.5) {
        return false;
    }
    decimal->digits++;
    return same(read_decimal(*decimal), value);
}

char *sv_number_shortest_such(double value, int safe_digits,
                              bool (*same)(double read, double value),
                              char text[SV_NUMBER_TEXT_SIZE])
{
    char *at = write_sign(value, text);
    double magnitude = fabs(value);
    if (at == NULL) {
        return text;
    }
    if (magnitude < 0x1p53 && magnitude == floor(magnitude)) {
        write_whole((uint64_t)magnitude, at);
        return text;
    }
    struct decimal decimal;
    int num_digits = safe_digits;
    while (num_digits < MAX_DIGITS && !reads_back(magnitude, num_digits, same, &decimal)) {
        num_digits++;
    }
    if (num_digits == MAX_DIGITS) {
        decimal = round_exactly(magnitude, MAX_DIGITS);
    }
    /* What is whole here is 2^53 or more, and not exact in few digits: it gets an exponent. */
    write_decimal(at, decimal, magnitude < 0x1p53 ? MAX_DIGITS : LEAST_FIXED_POWER);
    return text;
}

static bool same_f8(double read, double value)
{
    return read == value;
}

/* A read that lies half-way between two float32 may have been rounded to there: which of the two
 * the decimal itself is nearer to is not known, so it does not count. */
static bool same_f4(double read, double value)
{
    uint64_t bits;
    memcpy(&bits, &read, sizeof bits);
    bool half_way = (bits & 0x1fffffff) == 0x10000000;
    return !half_way && (float)read == (float)value;
}

char *sv_number_shortest(double value, char text[SV_NUMBER_TEXT_SIZE])
{
    bool subnormal = fabs(value) < DBL_MIN;
    return sv_number_shortest_such(value, subnormal ? 1 : DBL_DIG, same_f8, text);
}

char *sv_number_shortest_f4(float value, char text[SV_NUMBER_TEXT_SIZE])
{
    bool subnormal = fabsf(value) < FLT_MIN;
    return sv_number_shortest_such((double)value, subnormal ? 1 : FLT_DIG, same_f4, text);
}

/* ---- text to number ------------------------------------------------------------------------- */

bool sv_number_parse(const char *text, double *value)
{
    if (text[0] == '\0' || isspace((unsigned char)text[0])) {
        return false;
    }
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return false;
    }
    locale_t programs = uselocale(plain);
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    bool too_large = errno == ERANGE && fabs(number) > 1;
    uselocale(programs);
    freelocale(plain);
    if (end == text || *end != '\0' || too_large) {
        return false;
    }
    *value = number;
    return true;
}
