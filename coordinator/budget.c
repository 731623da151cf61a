/* Budget: hosts by name, their shares, the poorest one. */
#include "coordinator/budget.h"

#include "worker/executor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t budget_fits(const struct lode_machine_memory *memory, int64_t wanted)
{
    const int64_t fit = (int64_t)(lode_machine_share(memory->bytes, 1) / EXECUTOR_LEAST_BYTES);
    if (wanted < 1 || fit < 1) return 1;
    return fit < wanted ? fit : wanted;
}

/* A limit of control group or batch job is the kernel's to enforce; where workers were promised all
 * of it and more, whoever did so has decided. */
static uint64_t left_by(const struct lode_node *node, int64_t workers, uint64_t worker_bytes)
{
    const uint64_t limit = (uint64_t)node->memory.bytes;
    uint64_t taken = 0;
    if (strcmp(node->memory.source, "machine") == 0) return 0;
    if (__builtin_mul_overflow((uint64_t)workers, worker_bytes, &taken)) return 0;
    return taken < limit ? limit - taken : 0;
}

struct budget budget_of_node(const struct lode_node *node, int64_t workers, uint64_t asked)
{
    struct budget budget = {.workers = workers};
    const uint64_t share = asked ? asked : lode_machine_share(node->memory.bytes, workers);
    budget.least_bytes = budget.most_bytes = share;
    budget.limit_bytes = asked ? 0 : node->memory.bytes;
    budget.coordinator_bytes = left_by(node, workers, share);
    snprintf(budget.source, sizeof budget.source, "%s", asked ? "--memory" : node->memory.source);
    snprintf(budget.host, sizeof budget.host, "%s", node->host);
    return budget;
}

/* By host; of one host the least memory first. Ranks of a host may be told different limits (its
 * batch job's steps). */
static int compare_nodes(const void *a, const void *b)
{
    const struct lode_node *x = a, *y = b;
    const int order = strcmp(x->host, y->host);
    if (order) return order;
    return (x->memory.bytes > y->memory.bytes) - (x->memory.bytes < y->memory.bytes);
}

lode_status budget_of_nodes(const struct lode_node *nodes, int n_nodes, int64_t workers_per_rank,
                            uint64_t asked, struct budget *budget)
{
    struct budget poorest = {0};
    uint64_t most = 0, coordinator = left_by(&nodes[0], 0, 0);
    struct lode_node *sorted = malloc((size_t)n_nodes * sizeof *sorted);
    if (!sorted) return lode_fail(LODE_E_MEMORY, "no memory for %d ranks", n_nodes);
    memcpy(sorted, nodes, (size_t)n_nodes * sizeof *sorted);
    qsort(sorted, (size_t)n_nodes, sizeof *sorted, compare_nodes);
    for (int first = 0, end = 0; first < n_nodes; first = end) {
        while (end < n_nodes && strcmp(sorted[end].host, sorted[first].host) == 0) end++;
        const bool with_coordinator = strcmp(sorted[first].host, nodes[0].host) == 0;
        const int64_t ranks = end - first - with_coordinator;
        if (ranks == 0) continue; /* the coordinator has a host of its own */
        const struct budget here = budget_of_node(&sorted[first], ranks * workers_per_rank, asked);
        if (poorest.workers == 0 || here.least_bytes < poorest.least_bytes) poorest = here;
        if (with_coordinator) coordinator = here.coordinator_bytes;
        if (here.most_bytes > most) most = here.most_bytes;
    }
    free(sorted);
    *budget = poorest;
    budget->most_bytes = most;
    budget->coordinator_bytes = coordinator;
    return LODE_OK;
}

lode_status budget_check(const struct budget *budget)
{
    if (budget->least_bytes >= EXECUTOR_LEAST_BYTES) return LODE_OK;
    return lode_fail(LODE_E_MEMORY,
                     "%" PRId64 " worker%s on %s with %" PRIu64 " MB each, of %" PRId64
                     " MB that %s has for them: a worker needs %d MB; take fewer workers (-n, "
                     "--local), or more memory",
                     budget->workers, budget->workers == 1 ? "" : "s", budget->host,
                     budget->least_bytes >> 20, budget->limit_bytes >> 20,
                     strcmp(budget->source, "cgroup") == 0  ? "the control group"
                     : strcmp(budget->source, "slurm") == 0 ? "the batch job"
                                                            : "the machine",
                     EXECUTOR_LEAST_BYTES >> 20);
}
