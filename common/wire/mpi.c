/* MPI: Init, Gather, Bcast, Finalize; nothing else, ever. */
#include "common/wire/mpi.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lode_mpi_rank(int *rank, int *size)
{
    const char *rank_text = getenv("OMPI_COMM_WORLD_RANK");
    const char *size_text = getenv("OMPI_COMM_WORLD_SIZE");
    if (!rank_text || !size_text) return false;
    *rank = (int)strtol(rank_text, NULL, 10);
    *size = (int)strtol(size_text, NULL, 10);
    return true;
}

int64_t lode_mpi_ranks_here(void)
{
    const char *text = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    const long ranks = text ? strtol(text, NULL, 10) : 1;
    return ranks < 1 ? 1 : ranks;
}

static struct lode_node this_node(void)
{
    struct lode_node node = {0};
    gethostname(node.host, sizeof node.host - 1);
    node.cores = lode_machine_cores();
    node.memory = lode_machine_memory();
    return node;
}

static lode_status exchange(lode_mpi_prepare_fn prepare, void *context, void *message, size_t size,
                            bool *go)
{
    int rank = 0, ranks = 0, ready = 0;
    lode_status status = LODE_OK;
    struct lode_node mine = this_node(), *nodes = NULL;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (rank == 0) {
        nodes = calloc((size_t)ranks, sizeof *nodes);
        if (!nodes) return lode_fail(LODE_E_MEMORY, "no memory for %d ranks", ranks);
    }
    MPI_Gather(&mine, (int)sizeof mine, MPI_BYTE, nodes, (int)sizeof mine, MPI_BYTE, 0,
               MPI_COMM_WORLD);
    if (rank == 0) {
        status = prepare(context, nodes, ranks);
        ready = status == LODE_OK;
    }
    MPI_Bcast(&ready, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (ready) MPI_Bcast(message, (int)size, MPI_BYTE, 0, MPI_COMM_WORLD);
    *go = ready != 0;
    free(nodes);
    return status;
}

lode_status lode_mpi_start(lode_mpi_prepare_fn prepare, void *context, void *message, size_t size,
                           bool *go)
{
    *go = false;
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return lode_fail(LODE_E_CLUSTER, "MPI_Init does not work on this machine");
    const lode_status status = exchange(prepare, context, message, size, go);
    MPI_Finalize();
    return status;
}
