/* A page of a table: rows that wait until their columns can be aligned. */
#ifndef SV_REPORT_PAGE_H
#define SV_REPORT_PAGE_H

#include "report/style.h"

struct sv_cell {
    sv_value_kind kind;
    double number; /* of INT and REAL */
    char *text;    /* as it is drawn; of a REAL from sv_page_format() on */
};

struct sv_page {
    int num_rows;
    int num_columns;
    struct sv_cell *cells; /* row by row */
};

/* SV_NOMEM. */
sv_status sv_page_open(int num_columns, struct sv_page **page, sv_error *error);
void sv_page_close(struct sv_page *page);

/* Takes a copy of a row; the page has room for SV_PAGE_ROWS. SV_NOMEM: the page is as it was. */
sv_status sv_page_add(struct sv_page *page, const sv_value *values, sv_error *error);

/* Forgets the rows. */
void sv_page_clear(struct sv_page *page);

/* Gives the reals of each column their text: decimals in common where six or seven digits then
 * show every one of them, else each number its own form. SV_NOMEM. */
sv_status sv_page_format(struct sv_page *page, sv_error *error);

static inline const struct sv_cell *sv_page_cell(const struct sv_page *page, int row, int column)
{
    return &page->cells[row * page->num_columns + column];
}

/* Whether all rows say the same. */
bool sv_page_constant(const struct sv_page *page, int column);

/* Whether the column holds numbers, which stand at its right edge. */
bool sv_page_numeric(const struct sv_page *page, int column);

/* The columns of a terminal that its widest cell takes. */
int sv_page_width(const struct sv_page *page, int column);

#endif
