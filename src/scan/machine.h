/* What of the machine this process may use; its processors are public (seisview/scan.h). */
#ifndef SV_SCAN_MACHINE_H
#define SV_SCAN_MACHINE_H

#include <stdint.h>

/* Memory in bytes; 0: unknown. */
int64_t sv_memory_bytes(void);

#endif
