#include "scan/machine.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/size.h"
#include "seisview/scan.h"

/* Processors' worth of time that the control group of a container allows; 0 where it sets no limit.
 * The file says "max 100000" or "150000 100000": microseconds of time in each period. */
static int quota_of_group(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file == NULL) {
        return 0;
    }
    long long quota, period;
    int fields = fscanf(file, "%lld %lld", &quota, &period);
    fclose(file);
    if (fields != 2 || quota <= 0 || period <= 0) {
        return 0;
    }
    return (int)((quota + period - 1) / period);
}

static int allowed_processors(void)
{
#ifdef CPU_COUNT
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        return CPU_COUNT(&allowed);
    }
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int sv_num_processors(void)
{
    int processors = allowed_processors();
    int quota = quota_of_group();
    if (quota > 0 && quota < processors) {
        processors = quota;
    }
    return processors > 0 ? processors : 1;
}

/* Bytes that the control group of a container allows; INT64_MAX where it sets no limit. */
static int64_t limit_of_group(void)
{
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
    if (file == NULL) {
        return INT64_MAX;
    }
    long long limit;
    int fields = fscanf(file, "%lld", &limit); /* or the word "max" */
    fclose(file);
    return fields == 1 && limit > 0 ? limit : INT64_MAX;
}

int64_t sv_memory_bytes(void)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? sv_min_i8(pages * page, limit_of_group()) : 0;
}
