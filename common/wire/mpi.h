/* MPI: the one file that calls MPI, and only for the start of a run: who is there, and the door.
 *
 * After lode_mpi_start has returned MPI is finalised; mpirun then only watches processes
 * (ENGINE-FACTS.md section 2). Workers never call MPI.
 */
#ifndef LODE_COMMON_MPI_H
#define LODE_COMMON_MPI_H

#include "common/error.h"
#include "common/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is this process a rank of an mpirun, and which, of how many? Reads the launcher's environment
 * only; false when there is none. */
bool lode_mpi_rank(int *rank, int *size);

/* How many ranks of the mpirun run on this host, this one among them; 1 where nobody says. */
int64_t lode_mpi_ranks_here(void);

/* What every rank tells the coordinator. */
struct lode_node {
    char host[64];
    int64_t cores;
    struct lode_machine_memory memory;
};

/* Collective over all ranks: gathers the nodes at rank 0 and broadcasts `size` bytes of `message`
 * from rank 0. `prepare` is called on rank 0 between the two, with the nodes, to fill the message;
 * its failure is passed on to all ranks by *go = false (they leave quietly). Then finalises. */
typedef lode_status (*lode_mpi_prepare_fn)(void *context, const struct lode_node *nodes,
                                           int n_nodes);
LODE_CHECKED lode_status lode_mpi_start(lode_mpi_prepare_fn prepare, void *context, void *message,
                                        size_t size, bool *go);

#endif
