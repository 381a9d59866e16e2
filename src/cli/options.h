/* The options of all commands: one table, of which each command takes a part. */
#ifndef SV_CLI_OPTIONS_H
#define SV_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/progress.h"
#include "seisview.h"

struct command;

/* Of a list, beside the quartiles. */
enum { NUM_QUARTILES = 3, MOST_QUANTILES = SV_MOST_QUANTILES - NUM_QUARTILES };

enum dump_style { DUMP_TEXT, DUMP_HEX, DUMP_RAW };

struct options {
    const struct command *command;
    char **files; /* paths, and @lists of paths; NULL at the end */

    sv_open_options open;
    bool join; /* the files are parts of one recording */
    sv_window window;
    const char *channels; /* --channel, NULL: all */

    sv_scan_options scan;
    enum progress_mode progress;
    bool explain;

    bool style_is_given;
    sv_report_style style;
    bool dump_is_given;
    enum dump_style dump;
    const char *to_format; /* NULL: by the suffix */
    const char *encoding;  /* NULL: the recording's own */
    bool force;
    const char *output; /* -o: a picture, of corr also a matrix; NULL: none */
    bool against_numpy;
    const char **conditions; /* of --fail-on */
    int num_conditions;
    bool quartiles;                   /* --quantiles was given */
    double quantiles[MOST_QUANTILES]; /* of its list, no two the same */
    int num_quantiles;
    bool moments, clipping, energy; /* figures that are added, */
    bool quick;                     /* and the usual ones but mean and max-abs left out */
    bool covariance;                /* corr: instead of correlations */
    bool fail_on_missing;           /* corr --nan=fail */
    bool detrend;
    int64_t detrend_order;
    const char **templates; /* of --template */
    int num_templates;
    double threshold;      /* of --threshold: a coefficient, */
    bool threshold_is_mad; /* or so many median absolute deviations */
    double distance;       /* of --distance, in seconds; negative: not given */
    bool subsample;

    sv_operation operations[SV_MOST_OPERATIONS]; /* in the order given */
    int num_operations;
    bool dry_run, undo_none;
    bool forget;
    int64_t num_kept; /* with `forget`: so many edits stay undoable */
    double wait_seconds;

    bool help;
};

/* Reads argv[1 …] of a command; argv[0] is its name. Says what is wrong, and returns false. The
 * result is freed by options_free() in either case. */
bool options_read(const struct command *command, int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* "  --rate HZ    what it is" for each option of a command, under their headings. */
void options_explain(const struct command *command, FILE *file);

#endif
