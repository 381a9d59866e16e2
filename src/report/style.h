/* What a style of report has to offer, and what all styles need. */
#ifndef SV_REPORT_STYLE_H
#define SV_REPORT_STYLE_H

#include "seisview/report.h"

#define SV_PAGE_ROWS 1000 /* a table aligns this many rows at a time */
#define SV_CARD_ROWS 6    /* no more than this many are drawn side by side */

struct sv_page;

struct sv_style {
    sv_status (*row)(sv_report *report, const sv_value *values, sv_error *error);
    sv_status (*finish)(sv_report *report, sv_error *error); /* NULL: nothing is left to write */
};

struct sv_report {
    FILE *file;
    const struct sv_style *style;
    const sv_column *columns;
    int num_columns;
    int width; /* of the terminal, 0 for none */
    bool color;
    bool is_list;         /* a line a row, however few */
    bool begun;           /* something was written */
    struct sv_page *page; /* of a table: rows that wait to be aligned */
};

extern const struct sv_style sv_style_json, sv_style_csv, sv_style_table;

/* The value as every style shows it: what is non-finite or unknown is null, −0 is 0. */
sv_value sv_value_normal(sv_value value);

/* SV_OK, or SV_IO with the errno when the report's file has failed. */
sv_status sv_report_written(sv_report *report, sv_error *error);

/* The columns of a terminal that printable UTF-8 takes. */
int sv_display_width(const char *text);

#endif
