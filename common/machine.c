/* Machine: the kernel's word, and the batch system's where it is less. */
#include "common/machine.h"

#include "common/slurm.h"

#include <unistd.h>

int64_t lode_machine_cores(void)
{
    const struct lode_slurm slurm = lode_slurm_here();
    const int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (slurm.cores > 0 && slurm.cores < cores) return slurm.cores;
    return cores < 1 ? 1 : cores;
}

int64_t lode_machine_memory(void)
{
    const struct lode_slurm slurm = lode_slurm_here();
    const int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    if (slurm.memory_bytes > 0 && slurm.memory_bytes < (uint64_t)bytes)
        return (int64_t)slurm.memory_bytes;
    return bytes;
}
