/* Standard output: where results go, and the one place that looks whether they arrived. */
#ifndef SV_CLI_OUTPUT_H
#define SV_CLI_OUTPUT_H

#include <stddef.h>

#include "cli/options.h"
#include "seisview.h"

/* A report on standard output in the options' style; NULL: there is no memory, which was said. */
sv_report *output_open(const struct options *options, const sv_column *columns, int num_columns);

/* Both return false when the output failed: then nothing more is to be written. */
bool output_row(sv_report *report, const sv_value *values);
bool output_bytes(const void *bytes, size_t num_bytes);

/* For what was written to standard output in another way: it failed, with this errno. */
void output_failed(int system_error);

void output_close(sv_report *report);

/* Flushes and closes standard output. `status`, or EXIT_FAILED with a line where something did not
 * arrive. A reader that went away is no news to anybody: the program dies as SIGPIPE has it. */
int output_finish(int status);

#endif
