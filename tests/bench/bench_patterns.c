/* Bench: patterns_count over a staged store in one process, CPU seconds of leaves and merge.
 *
 * usage: bench_patterns STORE KPI [KMAX]
 * Leaves include opening and reading the partitions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "jobs/opportunities/patterns.h"

struct lode_cluster {
    struct lode_arena *arena; /* of the tasks */
    double leaves, reading;
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_patterns: %s\n", lode_error_text());
    exit(1);
}

/* What a leaf reads, alone. */
static void read_part(const struct lode_store *store, int64_t index, const char *kpi,
                      struct lode_arena *arena)
{
    struct lode_part part;
    int64_t *offsets;
    uint32_t *codes;
    uint8_t *values;
    check(lode_part_open(store->path, index, &part));
    check(lode_part_event_offsets(&part, arena, &offsets));
    check(lode_part_event_names(&part, store->event_names.count, arena, &codes));
    check(lode_part_kpi_binary(&part, kpi, arena, &values));
    lode_part_close(&part);
}

static lode_status map_here(struct lode_cluster *cluster, const struct lode_stage *stage,
                            lode_merge_fn merge, void *context)
{
    struct lode_bytes output = {0};
    atomic_llong progress = 0;
    const atomic_bool stop = false;
    struct lode_task_private engine = {.progress = &progress, .stop = &stop};
    for (int64_t i = 0; i < stage->n_tasks; i++) {
        struct lode_task task = {.index = i,
                                 .params = stage->params.data,
                                 .params_size = stage->params.size,
                                 .arena = cluster->arena,
                                 .output = &output,
                                 .engine = &engine};
        output.size = 0;
        lode_arena_reset(cluster->arena);
        const double start = cpu_seconds();
        check(patterns_leaf(&task));
        cluster->leaves += cpu_seconds() - start;
        check(merge(context, i, output.data, output.size));
    }
    lode_bytes_clear(&output);
    return LODE_OK;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_patterns STORE KPI [KMAX]\n");
        return 2;
    }
    struct lode_store *store;
    struct lode_cluster cluster = {0};
    struct lode_arena *results;
    check(lode_store_open(argv[1], &store));
    check(lode_arena_create(0, &cluster.arena));
    check(lode_arena_create(0, &results));
    const struct pattern_plan plan = {.attribute = -1,
                                      .n_cohorts = 1,
                                      .n_kpis = 1,
                                      .kpis = {lode_store_find_kpi(store, argv[2])},
                                      .first_k = 1,
                                      .last_k = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 3};
    if (plan.kpis[0] < 0 || plan.last_k < 1 || plan.last_k > PATTERN_MAX_K) return 2;
    double start = cpu_seconds();
    for (int64_t i = 0; i < store->n_partitions; i++) {
        lode_arena_reset(cluster.arena);
        read_part(store, i, argv[2], cluster.arena);
    }
    cluster.reading = cpu_seconds() - start;

    const struct pattern_tokens tokens = {.n_tokens = store->event_names.count};
    struct pattern_counts counts[PATTERN_MAX_K], *plans[] = {counts};
    struct lode_run run = {.store = store,
                           .store_path = store->path,
                           .arena = results,
                           .cluster = &cluster,
                           .map = map_here};
    start = cpu_seconds();
    check(patterns_count(&run, NULL, &tokens, &plan, 1, UINT64_MAX, plans));
    const double all = cpu_seconds() - start;
    printf(
        "events %lld tokens %lld partitions %lld: leaves %.3f (reading %.3f) merge %.3f all %.3f "
        "s CPU\n",
        (long long)store->n_events, (long long)tokens.n_tokens, (long long)store->n_partitions,
        cluster.leaves, cluster.reading, all - cluster.leaves, all);
    for (int k = 1; k <= plan.last_k; k++)
        printf("k %d patterns %lld\n", k, (long long)counts[k - 1].n_patterns);
    lode_arena_destroy(results);
    lode_arena_destroy(cluster.arena);
    lode_store_close(store);
    return 0;
}
