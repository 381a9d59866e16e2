/* What every kernel set must pass: each function gives the reference set's bits. */
#ifndef SV_TESTS_KERNEL_CASES_H
#define SV_TESTS_KERNEL_CASES_H

/* Tests the set of this name. The program's exit status: 77 where the set is not built in or this
 * processor lacks it. */
int run_kernel_cases(const char *name);

#endif
