#include "cli/output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cli/terminal.h"

static bool failed;     /* something was not written */
static bool said;       /* and why */
static int first_errno; /* else this says why, 0: the system did not */

static bool note_failure(int system_error)
{
    if (!failed) {
        failed = true;
        first_errno = system_error;
    }
    return false;
}

/* The output's own failures wait for output_finish(). */
static bool note(sv_status status, const sv_error *error)
{
    if (status == SV_OK) {
        return true;
    }
    if (status == SV_IO) {
        return note_failure(error->system_error);
    }
    message(NULL, "%s", error->message);
    failed = said = true;
    return false;
}

sv_report *output_open(const struct options *options, const sv_column *columns, int num_columns)
{
    sv_report *report = NULL;
    sv_error error;
    note(sv_report_open(stdout, options->style, columns, num_columns, terminal_width(STDOUT_FILENO),
                        terminal_color(STDOUT_FILENO), &report, &error),
         &error);
    return report;
}

bool output_row(sv_report *report, const sv_value *values)
{
    sv_error error;
    progress_erase();
    return note(sv_report_row(report, values, &error), &error);
}

bool output_bytes(const void *bytes, size_t num_bytes)
{
    progress_erase();
    return fwrite(bytes, 1, num_bytes, stdout) == num_bytes || note_failure(errno);
}

void output_failed(int system_error)
{
    note_failure(system_error);
}

void output_close(sv_report *report)
{
    sv_error error;
    note(sv_report_close(report, &error), &error);
}

int output_finish(int status)
{
    errno = 0;
    if (ferror(stdout) || fflush(stdout) != 0) {
        note_failure(errno);
    }
    /* Some file systems say only now that there was no room. */
    if (fclose(stdout) != 0) {
        note_failure(errno);
    }
    if (!failed) {
        return status;
    }
    if (first_errno == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (!said) {
        message(NULL, "standard output cannot be written: %s",
                first_errno != 0 ? strerror(first_errno) : "the system does not say why");
    }
    return EXIT_FAILED;
}
