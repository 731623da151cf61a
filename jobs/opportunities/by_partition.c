#include "jobs/opportunities/by_partition.h"

lode_status stage_by_partition(const struct lode_store *store, const char *leaf, const char *title,
                               struct lode_arena *arena, struct lode_stage *stage)
{
    int64_t *costs;
    lode_try(lode_take(arena, store->n_partitions, &costs));
    for (int64_t i = 0; i < store->n_partitions; i++) costs[i] = store->partitions[i].n_events;
    *stage = (struct lode_stage){.leaf = leaf,
                                 .title = title,
                                 .n_tasks = store->n_partitions,
                                 .costs = costs,
                                 .cost_units = "events",
                                 .describe = lode_store_name_partition,
                                 .describe_context = store};
    return LODE_OK;
}
