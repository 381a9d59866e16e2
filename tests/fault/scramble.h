/* A work for crash tests: each new sample depends on the old one and on the old one to its left,
 * and can be told neither from noise nor undone. Two builds of it compute different samples. */
#ifndef SV_TESTS_SCRAMBLE_H
#define SV_TESTS_SCRAMBLE_H

#include "edit/work.h"
#include "journal/system.h"

extern const sv_system *scramble_system; /* through which rows are read */

/* First: another_build is complete then. Both know sv_work_operations, too. */
void scramble_begin(void);

extern const sv_work *const this_build[];
extern const sv_work *const another_build[];

uint64_t scramble(uint64_t left, uint64_t old, uint64_t operation);

#endif
