/* Calls: what leaves and root steps ask of lode beyond tables and columns (lode/job.h). */
#include "jobs/job.h"

#include <stdio.h>
#include <string.h>

#include "common/wire/pack.h"

lode_status lode_task_advance(struct lode_task *task, int64_t rows)
{
    const struct lode_task_private *engine = task->engine;
    atomic_fetch_add_explicit(engine->progress, rows, memory_order_relaxed);
    return atomic_load_explicit(engine->stop, memory_order_relaxed) ? LODE_E_STOPPED : LODE_OK;
}

lode_status lode_task_open_part(struct lode_task *task, struct lode_unpack *in, int64_t partition,
                                struct lode_part *part)
{
    const char *text = NULL;
    char *path = NULL;
    size_t size = 0;
    int64_t n_generations = 0;
    lode_try(lode_unpack_text(in, &text, &size));
    lode_try(lode_unpack_count(in, "generations of the store", INT64_MAX, &n_generations));
    lode_try(lode_arena_text(task->arena, text, size, &path));
    return lode_part_open_as_of(path, n_generations, partition, part);
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
