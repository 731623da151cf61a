/* Budget: how much memory each worker may take, and on whose word. Pure.
 *
 * Each host divides what it has (machine, control group, batch job) among its own workers, so hosts
 * may differ; --memory is for all. The coordinator knows the hosts that were there at the start and
 * refuses a run whose workers could not work; agents work their own host's share out themselves
 * (agent.h) and workers take the lesser of that and `most_bytes`, which they are welcomed with.
 */
#ifndef LODE_COORDINATOR_BUDGET_H
#define LODE_COORDINATOR_BUDGET_H

#include "common/error.h"
#include "common/machine.h"
#include "common/wire/mpi.h"

#include <stdint.h>

struct budget {
    uint64_t least_bytes, most_bytes;      /* of a worker, on the poorest and on the richest host */
    char source[LODE_MACHINE_SOURCE_SIZE]; /* of the poorest: "--memory", or as in machine.h */
    int64_t limit_bytes;                   /* what that host has by this source; 0: --memory */
    int64_t workers;                       /* that share it there */
    uint64_t coordinator_bytes; /* what its host's workers leave of a limit; 0: no limit, or all */
    char host[sizeof((struct lode_node *)0)->host]; /* the poorest */
};

/* Workers that the memory of a node can carry, 1..wanted. */
int64_t budget_fits(const struct lode_machine_memory *memory, int64_t wanted);

/* One host with `workers`, and the coordinator; asked: --memory, 0: the host's share. */
struct budget budget_of_node(const struct lode_node *node, int64_t workers, uint64_t asked);

/* All ranks of an MPI start-up; rank 0, nodes[0], is the coordinator and has no workers. Hosts are
 * told apart by name. LODE_E_MEMORY: no memory for the list. */
LODE_CHECKED lode_status budget_of_nodes(const struct lode_node *nodes, int n_nodes,
                                         int64_t workers_per_rank, uint64_t asked,
                                         struct budget *budget);

/* LODE_E_MEMORY, with what to do, when a worker could not work with it. */
LODE_CHECKED lode_status budget_check(const struct budget *budget);

#endif
