/* Machine: what of this node lode may use, and who says so. */
#ifndef LODE_COMMON_MACHINE_H
#define LODE_COMMON_MACHINE_H

#include <stdint.h>

/* Cores: those of the machine, or fewer: what this process may run on (affinity), its control
 * group's quota, what the batch job was given. At least 1. */
int64_t lode_machine_cores(void);

/* An amount of memory, and whose word it is: "machine", "cgroup", "slurm". */
enum { LODE_MACHINE_SOURCE_SIZE = 16 };
struct lode_machine_memory {
    int64_t bytes;
    char source[LODE_MACHINE_SOURCE_SIZE];
};

/* What this node has for us: the least of the machine's memory and the limits of control groups and
 * of the batch job. */
struct lode_machine_memory lode_machine_memory(void);

/* Pure: that least one; 0: no such limit. Of equal ones the first. */
struct lode_machine_memory lode_machine_least(int64_t machine, uint64_t cgroup, uint64_t slurm);

/* Pure: budget of each of `workers` on a node with `memory_bytes`, when nobody asked for another:
 * 80 % of them divided, but at least LODE_MACHINE_REST_BYTES are left out for the coordinator, or
 * the agents and what starts them. */
enum { LODE_MACHINE_REST_BYTES = 64 << 20 };
uint64_t lode_machine_share(int64_t memory_bytes, int64_t workers);

#endif
