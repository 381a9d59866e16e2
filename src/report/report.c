/* Values, and a report's life: what the styles have in common. */
#include "seisview/report.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "base/memory.h"
#include "report/style.h"

sv_value sv_value_null(void)
{
    return (sv_value){.kind = SV_VALUE_NULL};
}

sv_value sv_value_text(const char *text)
{
    return sv_value_normal((sv_value){.kind = SV_VALUE_TEXT, .as.text = text});
}

sv_value sv_value_int(int64_t value)
{
    return (sv_value){.kind = SV_VALUE_INT, .as.integer = value};
}

sv_value sv_value_real(double value)
{
    return sv_value_normal((sv_value){.kind = SV_VALUE_REAL, .as.real = value});
}

sv_value sv_value_bool(bool value)
{
    return (sv_value){.kind = SV_VALUE_BOOL, .as.boolean = value};
}

sv_value sv_value_time(sv_time value)
{
    return sv_value_normal((sv_value){.kind = SV_VALUE_TIME, .as.time = value});
}

sv_value sv_value_ints(const int64_t *items, int length)
{
    return (sv_value){.kind = SV_VALUE_INTS, .as.integers = {items, length}};
}

sv_value sv_value_normal(sv_value value)
{
    bool unknown = (value.kind == SV_VALUE_TEXT && value.as.text == NULL) ||
                   (value.kind == SV_VALUE_TIME && value.as.time == SV_TIME_NONE) ||
                   (value.kind == SV_VALUE_REAL && !isfinite(value.as.real));
    if (unknown) {
        return sv_value_null();
    }
    if (value.kind == SV_VALUE_REAL && value.as.real == 0.0) {
        value.as.real = 0.0;
    }
    return value;
}

sv_status sv_report_written(sv_report *report, sv_error *error)
{
    return ferror(report->file) ? sv_fail_errno(error, "the output cannot be written") : SV_OK;
}

sv_status sv_report_open(FILE *file, sv_report_style style, const sv_column *columns,
                         int num_columns, int width, bool color, sv_report **report,
                         sv_error *error)
{
    static const struct sv_style *const styles[] = {
        [SV_TABLE] = &sv_style_table, [SV_JSON] = &sv_style_json, [SV_CSV] = &sv_style_csv};
    sv_report *opened = sv_calloc(1, sizeof *opened);
    if (opened == NULL) {
        return sv_fail_memory(error, sizeof *opened);
    }
    opened->file = file;
    opened->style = styles[style];
    opened->columns = columns;
    opened->num_columns = num_columns;
    opened->width = width;
    opened->color = color;
    *report = opened;
    return SV_OK;
}

void sv_report_as_list(sv_report *report)
{
    report->is_list = true;
}

sv_status sv_report_row(sv_report *report, const sv_value *values, sv_error *error)
{
    return report->style->row(report, values, error);
}

sv_status sv_report_close(sv_report *report, sv_error *error)
{
    if (report == NULL) {
        return SV_OK;
    }
    sv_status status = report->style->finish != NULL ? report->style->finish(report, error) : SV_OK;
    if (fflush(report->file) != 0 && status == SV_OK) {
        status = sv_fail_errno(error, "the output cannot be written");
    }
    if (status == SV_OK) {
        status = sv_report_written(report, error);
    }
    sv_free(report);
    return status;
}
