/* Findings: what staging tells beside the store it made. */
#include "common/store/counters.h"
#include "jobs/stage/counters/counting.h"
#include "jobs/stage/counters/mapping.h"

#include <string.h>

/* One more of the list, which has room; equal names are added up. */
static void add(struct lode_counters_schema *schema, const char *what, int64_t count)
{
    for (int64_t i = 0; i < schema->n_found; i++) {
        if (strcmp(schema->found[i].what, what) != 0) continue;
        schema->found[i].count += count;
        return;
    }
    if (count > 0) schema->found[schema->n_found++] = (struct lode_store_finding){what, count};
}

lode_status counting_find(struct counting *c)
{
    struct lode_counters_schema *schema = &c->store.counters;
    const struct lode_counters_schema *before = c->before ? &c->before->counters : NULL;
    const int64_t n_before = before ? before->n_found : 0;
    lode_try(lode_take(c->arena, n_before + c->rejects.n_reasons + 3, &schema->found));
    schema->n_found = 0;
    for (int64_t i = 0; i < n_before; i++)
        add(schema, before->found[i].what, before->found[i].count);
    add(schema, "samples missing: empty, null or NaN", c->n_missing);
    add(schema, "rows out of order", c->n_unordered);
    add(schema, "occurrences before the last slot that was staged: left out", c->n_late);
    rejects_sort(&c->rejects);
    for (int64_t i = 0; i < c->rejects.n_reasons; i++)
        add(schema, c->rejects.reasons[i].reason, c->rejects.reasons[i].count);
    return LODE_OK;
}

static void count_gaps(const struct counting *c, struct stage_counters_summary *summary)
{
    const struct lode_counters_schema *schema = &c->store.counters;
    for (int64_t i = 0; i < schema->n_components; i++) {
        const int64_t gaps = lode_component_gaps(&schema->components[i], schema->slot_ms);
        summary->n_gaps += gaps;
        summary->n_gap_components += gaps > 0;
    }
}

lode_status counting_summarise(struct counting *c, struct stage_counters_summary *out)
{
    struct stage_counters_summary summary = {0};
    int64_t n_columns = 0;
    rejects_sort(&c->rejects);
    lode_try(lode_take(c->arena, c->rejects.n_reasons, &summary.reasons));
    memcpy(summary.reasons, c->rejects.reasons,
           (size_t)c->rejects.n_reasons * sizeof *summary.reasons);
    summary.n_reasons = c->rejects.n_reasons;
    summary.n_rows_read = c->n_rows_read;
    summary.n_rows_rejected = c->rejects.n;
    summary.n_rows_used = c->n_rows_read - c->rejects.n;
    summary.n_components = c->store.counters.n_components;
    summary.n_counters = c->store.counters.n_counters;
    summary.n_times = c->store.n_sessions;
    summary.n_values = c->store.n_events;
    summary.n_partitions = c->store.n_partitions;
    summary.n_generations = c->plan.generation;
    summary.n_missing = c->n_missing;
    summary.n_unordered = c->n_unordered;
    summary.of_events = c->events != NULL;
    summary.n_occurrences = c->n_occurrences;
    summary.n_late = c->n_late;
    count_gaps(c, &summary);
    lode_try(schema_list_unused(c->schema, &c->options.family, &summary.unused, &summary.n_unused));
    for (int64_t f = 0; f < c->n_files; f++) n_columns += c->files[f].n_columns;
    lode_try(lode_take(c->arena, n_columns, &summary.unstaged));
    for (int64_t f = 0; f < c->n_files; f++)
        counters_list_unstaged(&c->files[f], summary.unstaged, &summary.n_unstaged);
    *out = summary;
    return LODE_OK;
}
