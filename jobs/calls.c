/* Calls: what leaves and root steps ask of lode beyond tables and columns (lode/job.h). */
#include "jobs/job.h"

#include <stdio.h>
#include <string.h>

#include "common/store/counters.h"
#include "common/wire/pack.h"

lode_status lode_task_advance(struct lode_task *task, int64_t rows)
{
    const struct lode_task_private *engine = task->engine;
    atomic_fetch_add_explicit(engine->progress, rows, memory_order_relaxed);
    return atomic_load_explicit(engine->stop, memory_order_relaxed) ? LODE_E_STOPPED : LODE_OK;
}

/* What lode_store_refer has packed. */
static lode_status unpack_store(struct lode_task *task, struct lode_unpack *in, char **path,
                                int64_t *n_generations)
{
    const char *text = NULL;
    size_t size = 0;
    lode_try(lode_unpack_text(in, &text, &size));
    lode_try(lode_unpack_count(in, "generations of the store", INT64_MAX, n_generations));
    return lode_arena_text(task->arena, text, size, path);
}

lode_status lode_task_open_part(struct lode_task *task, struct lode_unpack *in, int64_t partition,
                                struct lode_part *part)
{
    char *path = NULL;
    int64_t n_generations = 0;
    lode_try(unpack_store(task, in, &path, &n_generations));
    return lode_part_open_as_of(path, n_generations, partition, part);
}

lode_status lode_task_open_counters(struct lode_task *task, struct lode_unpack *in,
                                    int64_t partition, struct lode_counters **counters)
{
    char *path = NULL;
    int64_t n_generations = 0;
    lode_try(unpack_store(task, in, &path, &n_generations));
    return lode_counters_open_as_of(path, n_generations, partition, counters);
}

lode_status lode_task_load_series(struct lode_task *task, struct lode_unpack *in,
                                  struct lode_series *series)
{
    struct lode_counters *counters = NULL;
    char *path = NULL;
    int64_t n_generations = 0, partition = 0, component = 0, counter = 0;
    lode_try(unpack_store(task, in, &path, &n_generations));
    lode_try(lode_unpack_count(in, "partition of a series", INT64_MAX, &partition));
    lode_try(lode_unpack_count(in, "component of a series", INT64_MAX, &component));
    lode_try(lode_unpack_count(in, "counter of a series", INT64_MAX, &counter));
    lode_try(lode_counters_open_as_of(path, n_generations, partition, &counters));
    const lode_status status = lode_counters_series(
        counters, lode_counters_find(counters, component), counter, task->arena, series);
    lode_counters_close(counters);
    return status ? lode_note(status, "%s", path) : LODE_OK;
}

lode_status lode_findings_put(const struct lode_run *run, const struct lode_table *table)
{
    static const char name[] = "/findings.jsonl";
    char *path = NULL;
    const size_t size = strlen(run->directory) + sizeof name;
    for (int i = 0; i < table->n_columns; i++)
        if (table->columns[i].make)
            return lode_fail(LODE_E_BUG, "table '%s': findings cannot have a column that is made",
                             table->name);
    lode_try(lode_take(run->arena, size, &path));
    snprintf(path, size, "%s%s", run->directory, name);
    lode_try(lode_results_put(run->results, table));
    return lode_table_save_lines(table, path);
}
