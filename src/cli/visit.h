/* What all commands that read do with the files they are given: open each, choose of it what the
 * options choose, work, look whether it changed meanwhile, go on with the next. */
#ifndef SV_CLI_VISIT_H
#define SV_CLI_VISIT_H

#include "cli/options.h"
#include "cli/selection.h"
#include "seisview.h"

struct visit {
    const char *path; /* of joined files the first */
    /* What stands before the library's sentences: NULL with --join, where they name the file. */
    const char *speaker;
    sv_recording *recording;
    const struct options *options;
    struct selection selection;
    sv_scan_options scan; /* the options' own, with the progress bar */
    sv_scan_report report;
    int64_t done_bytes;     /* of the scans that are through */
    int64_t scan_bytes;     /* of the one that is not, when it was last heard of */
    int64_t peak_anonymous; /* bytes, −1: not known */
    bool is_written_to;     /* and that was said */
};

typedef enum outcome visitor(void *context, struct visit *visit);

/* Visits every file, or with --join all of them at once; returns the exit status, EXIT_CHECK not
 * among them. */
int visit_all(const struct options *options, visitor *work, void *context);

/* Around each scan of a visit; end says what went wrong with it. */
void visit_begin_scan(struct visit *visit);
enum outcome visit_end_scan(struct visit *visit, const sv_scan_range *range, sv_status status,
                            const sv_error *error);

/* Whether the file still is as long as it was: says so when it is not, and once when it was written
 * to. */
bool visit_check(struct visit *visit);

#endif
