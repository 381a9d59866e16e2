/* CSV as RFC 4180 quotes it, with lines that end as text lines do here. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "report/style.h"

/* Empty text is quoted: an empty field is null. */
static void write_text(FILE *file, const char *text)
{
    if (text[0] != '\0' && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', file);
        }
        fputc(*text, file);
    }
    fputc('"', file);
}

static sv_status write_printable(FILE *file, const char *text, sv_error *error)
{
    size_t size = strlen(text) + 1;
    char *shown = sv_malloc(size);
    if (shown == NULL) {
        return sv_fail_memory(error, size);
    }
    write_text(file, sv_printable(text, shown, size));
    sv_free(shown);
    return SV_OK;
}

static void write_integers(FILE *file, const int64_t *items, int length)
{
    const char *quote = length > 1 ? "\"" : "";
    fputs(quote, file);
    for (int i = 0; i < length; i++) {
        fprintf(file, "%s%" PRId64, i > 0 ? "," : "", items[i]);
    }
    fputs(quote, file);
}

static sv_status write_value(FILE *file, sv_value value, sv_error *error)
{
    char number[SV_NUMBER_TEXT_SIZE], time[SV_TIME_TEXT_SIZE];
    switch (value.kind) {
    case SV_VALUE_TEXT: return write_printable(file, value.as.text, error);
    case SV_VALUE_INT: fprintf(file, "%" PRId64, value.as.integer); break;
    case SV_VALUE_REAL: fputs(sv_number_format(value.as.real, 17, number), file); break;
    case SV_VALUE_BOOL: fputs(value.as.boolean ? "true" : "false", file); break;
    case SV_VALUE_TIME: fputs(sv_time_format(value.as.time, time), file); break;
    case SV_VALUE_INTS:
        write_integers(file, value.as.integers.items, value.as.integers.length);
        break;
    case SV_VALUE_NULL: break;
    }
    return SV_OK;
}

static void write_header(sv_report *report)
{
    for (int i = 0; i < report->num_columns; i++) {
        fputs(i > 0 ? "," : "", report->file);
        write_text(report->file, report->columns[i].key);
    }
    fputc('\n', report->file);
    report->begun = true;
}

static sv_status row(sv_report *report, const sv_value *values, sv_error *error)
{
    if (!report->begun) {
        write_header(report);
    }
    for (int i = 0; i < report->num_columns; i++) {
        fputs(i > 0 ? "," : "", report->file);
        sv_status status = write_value(report->file, sv_value_normal(values[i]), error);
        if (status != SV_OK) {
            return status;
        }
    }
    fputc('\n', report->file);
    return sv_report_written(report, error);
}

const struct sv_style sv_style_csv = {row, NULL};
