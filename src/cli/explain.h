/* --explain: how a file was read, on standard error. */
#ifndef SV_CLI_EXPLAIN_H
#define SV_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <seisview/recording.h>
#include <seisview/scan.h>

struct visit;

void explain(struct visit *visit);

/* Raises *peak_anonymous to the bytes of anonymous memory in use, where the system says. */
void explain_look_at_memory(int64_t *peak_anonymous);

/* The speed at which this machine merely reads these rows, in bytes a second, of as many samples as
 * a fraction of a second takes; 0: it could not be measured. Twice: what comes first may have pages
 * to map. */
double explain_ceiling(sv_recording *recording, sv_scan_range range, const sv_scan_options *scan);

/* Below some bytes, beginning and ending are most of the time, and a share says nothing. */
bool explain_can_rate(int64_t bytes);

/* How fast it was, and what share of the ceiling; 0: it is not known. */
void explain_rate(const char *path, int64_t bytes, double seconds, double ceiling);

#endif
