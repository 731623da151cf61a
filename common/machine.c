/* Machine: the kernel's word, and that of control groups and batch system where it is less. */
#include "common/machine.h"

#include "common/cgroup.h"
#include "common/slurm.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

enum { CPUS_LEAST = 1024, CPUS_MOST = 1 << 20 };

/* Cores that this process may run on; 0: the kernel does not tell. The mask must be as large as
 * that of the kernel, which only the attempt shows. */
static int64_t affinity_cores(void)
{
    for (size_t cpus = CPUS_LEAST; cpus <= CPUS_MOST; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        const size_t size = CPU_ALLOC_SIZE(cpus);
        if (!set) return 0;
        const int bad = sched_getaffinity(0, size, set);
        const int64_t count = bad ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!bad || errno != EINVAL) return count;
    }
    return 0;
}

int64_t lode_machine_cores(void)
{
    const int64_t limits[] = {affinity_cores(), lode_cgroup_cores(), lode_slurm_here().cores};
    int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i] > 0 && limits[i] < cores) cores = limits[i];
    return cores < 1 ? 1 : cores;
}

struct lode_machine_memory lode_machine_least(int64_t machine, uint64_t cgroup, uint64_t slurm)
{
    struct lode_machine_memory least = {.bytes = machine, .source = "machine"};
    if (cgroup > 0 && cgroup < (uint64_t)least.bytes)
        least = (struct lode_machine_memory){.bytes = (int64_t)cgroup, .source = "cgroup"};
    if (slurm > 0 && slurm < (uint64_t)least.bytes)
        least = (struct lode_machine_memory){.bytes = (int64_t)slurm, .source = "slurm"};
    return least;
}

struct lode_machine_memory lode_machine_memory(void)
{
    const int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    return lode_machine_least(bytes, lode_cgroup_memory(), lode_slurm_here().memory_bytes);
}

uint64_t lode_machine_share(int64_t memory_bytes, int64_t workers)
{
    const int64_t fifth = memory_bytes / 5;
    const int64_t rest = fifth > LODE_MACHINE_REST_BYTES ? fifth : LODE_MACHINE_REST_BYTES;
    return memory_bytes <= rest ? 0
                                : (uint64_t)((memory_bytes - rest) / (workers < 1 ? 1 : workers));
}
