/* Reports: rows of named values as an aligned table, JSON Lines or CSV.
 *
 * A report writes to a FILE the caller owns. Numbers carry a point whatever the locale. One thread
 * at a time. Memory is bounded: a table is drawn in pages of 1000 rows, each aligned by itself.
 *
 * A table of six rows at most that fits the width is drawn as cards, one column a row; any other
 * as one line a row, with what all rows of a page have in common in a line above. */
#ifndef SEISVIEW_REPORT_H
#define SEISVIEW_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "seisview/api.h"
#include "seisview/status.h"
#include "seisview/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sv_report_style { SV_TABLE, SV_JSON, SV_CSV } sv_report_style;

typedef enum sv_value_kind {
    SV_VALUE_NULL, /* unknown or meaningless: JSON null, an empty CSV field, "-" in a table */
    SV_VALUE_TEXT, /* bytes of any kind; what is not printable UTF-8 is shown with `?` */
    SV_VALUE_INT,
    SV_VALUE_REAL, /* %.17g in JSON and CSV, as many digits as a reader wants in a table;
                      non-finite is null, negative zero is 0 */
    SV_VALUE_BOOL,
    SV_VALUE_TIME, /* SV_TIME_NONE is null */
    SV_VALUE_INTS  /* a list of integers: [1,2] */
} sv_value_kind;

typedef struct sv_value {
    sv_value_kind kind;
    union {
        const char *text; /* borrowed until sv_report_row() returns */
        int64_t integer;
        double real;
        bool boolean;
        sv_time time;
        struct {
            const int64_t *items; /* borrowed likewise */
            int length;
        } integers;
    } as;
} sv_value;

SV_API sv_value sv_value_null(void);
SV_API sv_value sv_value_text(const char *text); /* NULL gives null */
SV_API sv_value sv_value_int(int64_t value);
SV_API sv_value sv_value_real(double value);
SV_API sv_value sv_value_bool(bool value);
SV_API sv_value sv_value_time(sv_time value);
SV_API sv_value sv_value_ints(const int64_t *items, int length);

/* When a table draws a value in its warning colour. */
typedef enum sv_notice {
    SV_NOTICE_NEVER,
    SV_NOTICE_NONZERO, /* a number other than 0 */
    SV_NOTICE_FALSE    /* false */
} sv_notice;

/* A column: its key, by which scripts know it, and how a table shows it; JSON and CSV look at the
 * key alone. */
typedef struct sv_column {
    const char *key;
    bool heading;     /* names the row (file, id, channel): drawn first, never left out */
    bool fact;        /* tells of the file rather than of the row: cards that agree say it once */
    int importance;   /* a terminal that is too narrow goes without the least ones first */
    sv_notice notice; /* SV_NOTICE_NEVER where nothing is said */
} sv_column;

typedef struct sv_report sv_report;

/* `columns` is borrowed until sv_report_close(). `width` is the terminal's, 0 for none (a pipe);
 * `color` is for tables. SV_NOMEM. */
SV_API sv_status sv_report_open(FILE *file, sv_report_style style, const sv_column *columns,
                                int num_columns, int width, bool color, sv_report **report,
                                sv_error *error);

/* A table is drawn as one line a row, however few there are, and of what all rows have in common
 * only facts stand above. Before the first row. */
SV_API void sv_report_as_list(sv_report *report);

/* One row: num_columns values. The header line of CSV comes with the first one, so that no row is
 * no output. SV_NOMEM; SV_IO: the file cannot be written. */
SV_API sv_status sv_report_row(sv_report *report, const sv_value *values, sv_error *error);

/* Writes what is left, flushes, frees, also on failure. NULL is SV_OK. SV_IO, SV_NOMEM. */
SV_API sv_status sv_report_close(sv_report *report, sv_error *error);

/* `text` with every byte that is not part of printable UTF-8 as `?`, cut to `size` with its NUL
 * (never inside a character). Returns `out`. */
SV_API char *sv_printable(const char *text, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
