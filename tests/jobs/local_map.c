#include "tests/jobs/local_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lode_status run_leaf(struct lode_cluster *cluster, const struct lode_stage *stage,
                            lode_leaf_fn leaf, int64_t index, struct lode_bytes *output)
{
    struct lode_arena *arena = NULL;
    atomic_llong progress = 0;
    const atomic_bool stop = false;
    struct lode_task_private engine = {.progress = &progress, .stop = &stop};
    char attempt[32];
    lode_try(lode_arena_create(cluster->budget_bytes, &arena));
    snprintf(attempt, sizeof attempt, "a%lld", (long long)cluster->n_tasks++);
    struct lode_task task = {.index = index,
                             .params = stage->params.data,
                             .params_size = stage->params.size,
                             .arena = arena,
                             .output = output,
                             .work_directory = cluster->work_directory,
                             .attempt = attempt,
                             .engine = &engine};
    if (stage->inputs) {
        task.input = stage->inputs[index].data;
        task.input_size = stage->inputs[index].size;
    }
    output->size = 0;
    const lode_status status = leaf(&task);
    if (lode_arena_peak(arena) > cluster->peak_bytes) cluster->peak_bytes = lode_arena_peak(arena);
    lode_arena_destroy(arena);
    return status;
}

static lode_leaf_fn find_leaf(const struct lode_cluster *cluster, const char *name)
{
    for (const struct lode_leaf *leaf = cluster->leaves; leaf->name; leaf++)
        if (strcmp(leaf->name, name) == 0) return leaf->run;
    return NULL;
}

lode_status local_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                      lode_merge_fn merge, void *context)
{
    lode_status status = LODE_OK;
    const lode_leaf_fn leaf = find_leaf(cluster, stage->leaf);
    if (!leaf) return lode_fail(LODE_E_BUG, "no leaf '%s'", stage->leaf);
    const int64_t n = stage->n_tasks;
    struct lode_bytes *results = calloc((size_t)n + 1, sizeof *results);
    if (!results) return lode_fail(LODE_E_MEMORY, "results of %lld tasks", (long long)n);
    for (int64_t i = 0; i < n && status == LODE_OK; i++) {
        const int64_t index = cluster->backwards ? n - 1 - i : i;
        status = run_leaf(cluster, stage, leaf, index, &results[index]);
        if (status == LODE_OK && cluster->twice)
            status = run_leaf(cluster, stage, leaf, index, &results[index]);
    }
    for (int64_t i = 0; i < n && status == LODE_OK; i++)
        status = merge(context, i, results[i].data, results[i].size);
    for (int64_t i = 0; i < n; i++) lode_bytes_clear(&results[i]);
    free(results);
    return status;
}
