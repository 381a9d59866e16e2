/* The templates that --template names: files, or windows of files. */
#ifndef SV_CLI_MATCH_TEMPLATES_H
#define SV_CLI_MATCH_TEMPLATES_H

#include "cli/options.h"
#include "seisview.h"

/* Reads options->num_templates of them into `templates`, which was all NULL. Returns EXIT_DONE, or
 * another exit status after a line. */
int templates_read(const struct options *options, sv_template **templates);

#endif
