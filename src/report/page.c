#include "report/page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#define DIGITS          7    /* of a real number */
#define LARGEST_PLAIN   1e9  /* larger numbers are written with an exponent */
#define SMALLEST_PLAIN  1e-4 /* and smaller ones */
#define CELL_TEXT_BYTES 48   /* room for any text of a number or time */

sv_status sv_page_open(int num_columns, struct sv_page **page, sv_error *error)
{
    struct sv_page *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    size_t count = (size_t)SV_PAGE_ROWS * (size_t)num_columns;
    opened->num_columns = num_columns;
    opened->cells = sv_calloc(count, sizeof *opened->cells);
    if (opened->cells == NULL) {
        sv_free(opened);
        return sv_fail_memory(error, count * sizeof *opened->cells);
    }
    *page = opened;
    return SV_OK;
}

static void free_texts(struct sv_page *page, int row)
{
    for (int column = 0; column < page->num_columns; column++) {
        struct sv_cell *cell = &page->cells[row * page->num_columns + column];
        sv_free(cell->text);
        cell->text = NULL;
    }
}

void sv_page_clear(struct sv_page *page)
{
    for (int row = 0; row < page->num_rows; row++) {
        free_texts(page, row);
    }
    page->num_rows = 0;
}

void sv_page_close(struct sv_page *page)
{
    if (page != NULL) {
        sv_page_clear(page);
        sv_free(page->cells);
        sv_free(page);
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

static char *text_of_printable(const char *text)
{
    size_t size = strlen(text) + 1;
    char *shown = sv_malloc(size);
    return shown != NULL ? sv_printable(text, shown, size) : NULL;
}

/* "(3, 1000)", as shapes are written elsewhere. */
static char *text_of_integers(const int64_t *items, int length)
{
    size_t size = (size_t)length * 24 + 3;
    char *text = sv_malloc(size);
    if (text == NULL) {
        return NULL;
    }
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < length; i++) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s%" PRId64, i > 0 ? ", " : "", items[i]);
    }
    snprintf(text + used, size - used, ")");
    return text;
}

static char *text_of_value(sv_value value)
{
    char text[CELL_TEXT_BYTES] = "-";
    switch (value.kind) {
    case SV_VALUE_TEXT: return text_of_printable(value.as.text);
    case SV_VALUE_INTS: return text_of_integers(value.as.integers.items, value.as.integers.length);
    case SV_VALUE_INT: snprintf(text, sizeof text, "%" PRId64, value.as.integer); break;
    case SV_VALUE_BOOL: strcpy(text, value.as.boolean ? "true" : "false"); break;
    case SV_VALUE_TIME: sv_time_format(value.as.time, text); break;
    case SV_VALUE_REAL: break; /* sv_page_format() knows the others of its column */
    case SV_VALUE_NULL: break;
    }
    return sv_strdup(text);
}

static double number_of(sv_value value)
{
    switch (value.kind) {
    case SV_VALUE_INT: return (double)value.as.integer;
    case SV_VALUE_REAL: return value.as.real;
    case SV_VALUE_BOOL: return value.as.boolean ? 1.0 : 0.0;
    default: return 0.0;
    }
}

sv_status sv_page_add(struct sv_page *page, const sv_value *values, sv_error *error)
{
    for (int column = 0; column < page->num_columns; column++) {
        sv_value value = sv_value_normal(values[column]);
        struct sv_cell *cell = &page->cells[page->num_rows * page->num_columns + column];
        *cell = (struct sv_cell){value.kind, number_of(value), text_of_value(value)};
        if (cell->text == NULL) {
            free_texts(page, page->num_rows);
            return sv_fail(error, SV_NOMEM, "out of memory for a row of the table");
        }
    }
    page->num_rows++;
    return SV_OK;
}

/* ---- real numbers -------------------------------------------------------------------------- */

struct magnitudes {
    double largest, smallest; /* of the |x| that are not 0 */
    bool whole;
};

static struct magnitudes magnitudes_of(const struct sv_page *page, int column)
{
    struct magnitudes found = {0.0, INFINITY, true};
    for (int row = 0; row < page->num_rows; row++) {
        double number = fabs(sv_page_cell(page, row, column)->number);
        found.whole = found.whole && number == floor(number);
        if (number > 0.0) {
            found.largest = fmax(found.largest, number);
            found.smallest = fmin(found.smallest, number);
        }
    }
    return found;
}

/* `number` with so many decimals; |number| × 10^decimals fits an int64_t. */
static void write_fixed(double number, int decimals, char text[CELL_TEXT_BYTES])
{
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++) {
        unit *= 10;
    }
    int64_t scaled = llround(fabs(number) * (double)unit);
    const char *sign = number < 0.0 && scaled > 0 ? "-" : "";
    if (decimals == 0) {
        snprintf(text, CELL_TEXT_BYTES, "%s%" PRId64, sign, scaled);
    } else {
        snprintf(text, CELL_TEXT_BYTES, "%s%" PRId64 ".%0*" PRId64, sign, scaled / unit, decimals,
                 scaled % unit);
    }
}

/* How many decimals the reals of a column have in common, −1: each is written by itself. */
static int decimals_of(const struct sv_page *page, int column)
{
    struct magnitudes found = magnitudes_of(page, column);
    if (found.largest >= LARGEST_PLAIN) {
        return -1;
    }
    if (found.whole) {
        return 0;
    }
    if (found.smallest < SMALLEST_PLAIN || found.smallest < found.largest * 1e-3) {
        return -1;
    }
    int decimals = DIGITS - 1 - (int)floor(log10(found.largest));
    return decimals > 0 ? decimals : 0;
}

/* Decimals that are 0 in every row are noise. */
static int without_zeros(const struct sv_page *page, int column, int decimals)
{
    char text[CELL_TEXT_BYTES];
    int needed = 0;
    for (int row = 0; row < page->num_rows; row++) {
        write_fixed(sv_page_cell(page, row, column)->number, decimals, text);
        int used = decimals;
        for (size_t end = strlen(text); used > needed && text[end - 1] == '0'; end--) {
            used--;
        }
        needed = used > needed ? used : needed;
    }
    return needed;
}

static sv_status format_column(struct sv_page *page, int column, sv_error *error)
{
    int decimals = decimals_of(page, column);
    if (decimals > 0) {
        decimals = without_zeros(page, column, decimals);
    }
    for (int row = 0; row < page->num_rows; row++) {
        struct sv_cell *cell = &page->cells[row * page->num_columns + column];
        if (cell->kind != SV_VALUE_REAL) {
            continue;
        }
        char text[CELL_TEXT_BYTES];
        if (decimals >= 0) {
            write_fixed(cell->number, decimals, text);
        } else {
            sv_number_format(cell->number, DIGITS, text);
        }
        char *copy = sv_strdup(text);
        if (copy == NULL) {
            return sv_fail(error, SV_NOMEM, "out of memory for a row of the table");
        }
        sv_free(cell->text);
        cell->text = copy;
    }
    return SV_OK;
}

sv_status sv_page_format(struct sv_page *page, sv_error *error)
{
    sv_status status = SV_OK;
    for (int column = 0; column < page->num_columns && status == SV_OK; column++) {
        status = format_column(page, column, error);
    }
    return status;
}

/* ---- asking -------------------------------------------------------------------------------- */

bool sv_page_constant(const struct sv_page *page, int column)
{
    const struct sv_cell *first = sv_page_cell(page, 0, column);
    for (int row = 1; row < page->num_rows; row++) {
        const struct sv_cell *cell = sv_page_cell(page, row, column);
        if (cell->kind != first->kind || cell->number != first->number ||
            strcmp(cell->text, first->text) != 0) {
            return false;
        }
    }
    return true;
}

bool sv_page_numeric(const struct sv_page *page, int column)
{
    for (int row = 0; row < page->num_rows; row++) {
        sv_value_kind kind = sv_page_cell(page, row, column)->kind;
        if (kind == SV_VALUE_INT || kind == SV_VALUE_REAL) {
            return true;
        }
    }
    return false;
}

int sv_page_width(const struct sv_page *page, int column)
{
    int widest = 0;
    for (int row = 0; row < page->num_rows; row++) {
        int width = sv_display_width(sv_page_cell(page, row, column)->text);
        widest = width > widest ? width : widest;
    }
    return widest;
}
