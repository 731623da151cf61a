/* First passes, the leaves. "opportunities.tops": how often each event name, or word of an event
 * attribute, is among the selected events. "opportunities.values": values of numbers, for cuts; of
 * a partition with many sessions only those of some blocks of its users.
 *
 * Parameters of both: store path, session columns (session_columns.h), then an array: tops by
 * index; nodes. Results: for each an array of u64 counts, of all names or words; for each an array
 * of f64, without those that are missing.
 */
#include <math.h>

#include "common/expr/tops.h"
#include "common/wire/pack.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/derive/evaluation.h"
#include "jobs/opportunities/derive/session_columns.h"

enum { PARTITION_SESSIONS = 1 << 16 }; /* from twice as many on only some of them are sampled */

/* The part, opened, and the nodes or tops that the task is about. */
struct opened {
    struct lode_part part;
    struct session_columns columns;
    uint32_t n;
    int32_t *indices;
};

static lode_status open_task(struct lode_task *task, struct opened *opened)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    lode_try(lode_task_open_part(task, &in, task->index, &opened->part));
    lode_try(session_columns_unpack(&in, task, &opened->columns));
    if (!opened->columns.graph) return lode_fail(LODE_E_MESSAGE, "a first pass without a graph");
    lode_try(session_columns_open(&opened->columns, &opened->part, task));
    lode_try(lode_unpack_array(&in, &opened->n));
    lode_try(lode_take(task->arena, opened->n, &opened->indices));
    for (uint32_t i = 0; i < opened->n; i++) {
        int64_t index;
        lode_try(lode_unpack_count(&in, "index", INT32_MAX, &index));
        opened->indices[i] = (int32_t)index;
    }
    return lode_unpack_end(&in);
}

/* Values so far, [n] lists. */
struct collected {
    uint32_t n;
    int64_t *counts;
    double **values;
};

static lode_status collect(void *context, int64_t first, int64_t n_sessions, double *const *values)
{
    struct collected *collected = context;
    (void)first;
    for (uint32_t r = 0; r < collected->n; r++)
        for (int64_t s = 0; s < n_sessions; s++)
            if (!isnan(values[r][s])) collected->values[r][collected->counts[r]++] = values[r][s];
    return LODE_OK;
}

static lode_status collect_values(struct lode_task *task, struct opened *opened)
{
    const int64_t n_sessions = opened->part.n_sessions;
    struct collected collected = {.n = opened->n};
    lode_try(lode_take_zero(task->arena, opened->n, &collected.counts));
    lode_try(lode_take(task->arena, opened->n, &collected.values));
    for (uint32_t r = 0; r < opened->n; r++) {
        if (opened->indices[r] >= opened->columns.graph->n_nodes)
            return lode_fail(LODE_E_MESSAGE, "node %d of %d", opened->indices[r],
                             opened->columns.graph->n_nodes);
        lode_try(lode_take(task->arena, n_sessions, &collected.values[r]));
    }
    const struct evaluation evaluation = {.graph = opened->columns.graph,
                                          .zone = opened->columns.zone,
                                          .roots = opened->indices,
                                          .n_roots = (int32_t)opened->n,
                                          .step = 1 + n_sessions / PARTITION_SESSIONS,
                                          .take = collect,
                                          .context = &collected};
    lode_try(evaluation_run(&evaluation, &opened->columns.part, task));
    for (uint32_t r = 0; r < opened->n; r++) {
        lode_try(lode_pack_array(task->output, (uint32_t)collected.counts[r]));
        for (int64_t i = 0; i < collected.counts[r]; i++)
            lode_try(lode_pack_f64(task->output, collected.values[r][i]));
    }
    return LODE_OK;
}

lode_status derived_values_leaf(struct lode_task *task)
{
    struct opened opened = {0};
    lode_status status = open_task(task, &opened);
    if (!status) status = collect_values(task, &opened);
    lode_part_close(&opened.part);
    return status;
}

static lode_status count_tops(struct lode_task *task, struct opened *opened)
{
    const struct expr_graph *graph = opened->columns.graph;
    const struct expr_schema_counts schema = {.n_attributes = graph->n_attributes,
                                              .n_kpis = graph->n_kpis,
                                              .n_event_attributes = graph->n_event_attributes};
    struct expr_needs needs;
    struct expr_columns columns;
    int64_t *n_counts = NULL, **counts = NULL;
    lode_try(lode_take(task->arena, opened->n, &n_counts));
    lode_try(lode_take(task->arena, opened->n, &counts));
    for (uint32_t t = 0; t < opened->n; t++) {
        if (opened->indices[t] >= graph->n_tops)
            return lode_fail(LODE_E_MESSAGE, "top %d of %d", opened->indices[t], graph->n_tops);
        const int64_t attribute = graph->tops[opened->indices[t]].attribute;
        n_counts[t] = attribute < 0 ? graph->n_names
                                    : opened->columns.part.event_attributes[attribute].words.count;
        lode_try(lode_take_zero(task->arena, n_counts[t], &counts[t]));
    }
    lode_try(
        expr_tops_needs(graph, opened->indices, (int32_t)opened->n, &schema, task->arena, &needs));
    lode_try(evaluation_read_columns(&needs, &opened->columns.part, graph, task, &columns));
    lode_try(expr_tops_count(graph, opened->indices, (int32_t)opened->n, &columns, task->arena,
                             n_counts, counts));
    lode_try(lode_task_advance(task, opened->part.n_events + 1));
    for (uint32_t t = 0; t < opened->n; t++) {
        lode_try(lode_pack_array(task->output, (uint32_t)n_counts[t]));
        for (int64_t i = 0; i < n_counts[t]; i++)
            lode_try(lode_pack_u64(task->output, (uint64_t)counts[t][i]));
    }
    return LODE_OK;
}

lode_status derived_tops_leaf(struct lode_task *task)
{
    struct opened opened = {0};
    lode_status status = open_task(task, &opened);
    if (!status) status = count_tops(task, &opened);
    lode_part_close(&opened.part);
    return status;
}
