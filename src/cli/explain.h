/* --explain: how a file was read, on standard error. */
#ifndef SV_CLI_EXPLAIN_H
#define SV_CLI_EXPLAIN_H

#include <stdint.h>

struct visit;

void explain(struct visit *visit);

/* Raises *peak_anonymous to the bytes of anonymous memory in use, where the system says. */
void explain_look_at_memory(int64_t *peak_anonymous);

#endif
