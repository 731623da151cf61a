/* Explain, the stages: the columns that each reads once, as they lie in memory. A stage reads what
 * its own work needs, and what the values of the definitions do that it asks for.
 */
#include <stdio.h>
#include <string.h>

#include "common/expr/tops.h"
#include "common/store/table.h"
#include "jobs/opportunities/derive/explain.h"

enum { STAGES_MAX = 32, OFFSET = 8, TIME = 8, CODE = 4, MARK = 1, NUMBER = 8 };

/* What a stage reads, of the real store. */
struct reading {
    const char *title;
    int64_t n_tasks;
    bool users, starts, event_offsets, event_names, event_times;
    bool *attributes, *kpis, *event_attributes; /* [of the store] */
    bool *series;                               /* [of the graph] */
};

struct maker {
    const struct derivation *derivation;
    const struct opportunity_options *options;
    struct lode_arena *arena;
    int64_t n_partitions;
    int32_t *roots; /* of definitions that are asked for */
    int32_t n_roots;
    int64_t n;
    struct reading stages[STAGES_MAX];
};

static struct expr_schema_counts schema_of(const struct derivation *derivation)
{
    return (struct expr_schema_counts){.n_attributes = derivation->n_stored_attributes,
                                       .n_kpis = derivation->n_stored_kpis,
                                       .n_event_attributes = derivation->schema.n_event_attributes};
}

static lode_status begin(struct maker *maker, const char *title, int64_t n_tasks,
                         struct reading **stage)
{
    struct reading *made = &maker->stages[maker->n];
    *stage = made;
    if (maker->n == STAGES_MAX) return lode_fail(LODE_E_USAGE, "too many first passes to explain");
    *made = (struct reading){.title = title, .n_tasks = n_tasks, .users = true};
    lode_try(
        lode_take_zero(maker->arena, maker->derivation->n_stored_attributes, &made->attributes));
    lode_try(lode_take_zero(maker->arena, maker->derivation->n_stored_kpis, &made->kpis));
    lode_try(lode_take_zero(maker->arena, maker->derivation->schema.n_event_attributes,
                            &made->event_attributes));
    if (maker->derivation->graph)
        lode_try(lode_take_zero(maker->arena, maker->derivation->graph->n_series, &made->series));
    maker->n++;
    return LODE_OK;
}

static void add_needs(const struct maker *maker, const struct expr_needs *needs,
                      struct reading *stage)
{
    stage->starts |= needs->starts;
    stage->event_offsets |= needs->event_offsets;
    stage->event_names |= needs->event_names;
    stage->event_times |= needs->event_times;
    for (int64_t i = 0; i < maker->derivation->n_stored_attributes; i++)
        stage->attributes[i] |= needs->attributes[i] != 0;
    for (int64_t i = 0; i < maker->derivation->n_stored_kpis; i++)
        stage->kpis[i] |= needs->kpis[i] != 0;
    for (int64_t i = 0; i < maker->derivation->schema.n_event_attributes; i++)
        stage->event_attributes[i] |= needs->event_attributes[i] != 0;
    for (int32_t s = 0; s < maker->derivation->graph->n_series; s++)
        stage->series[s] |= needs->series[s] != 0;
}

static lode_status add_values(struct maker *maker, const int32_t *roots, int32_t n_roots,
                              struct reading *stage)
{
    const struct expr_schema_counts schema = schema_of(maker->derivation);
    struct expr_needs needs;
    if (n_roots == 0) return LODE_OK;
    lode_try(
        expr_needs_find(maker->derivation->graph, roots, n_roots, &schema, maker->arena, &needs));
    add_needs(maker, &needs, stage);
    return LODE_OK;
}

/* Columns that a stage reads for its own work: KPIs and attributes that are analysed. */
static void add_analysed(const struct maker *maker, bool binary_only, bool all_attributes,
                         struct reading *stage)
{
    const struct derivation *derivation = maker->derivation;
    for (int64_t i = 0; i < maker->options->n_kpis; i++) {
        const int64_t kpi = maker->options->kpis[i];
        if (kpi < derivation->n_stored_kpis &&
            (!binary_only || derivation->store.kpis[kpi].is_binary))
            stage->kpis[kpi] = true;
    }
    for (int64_t i = 0; i < derivation->n_stored_attributes; i++)
        stage->attributes[i] |= all_attributes || maker->options->attribute_on[i];
}

static lode_status find_roots(struct maker *maker)
{
    const struct derivation *d = maker->derivation;
    lode_try(lode_take(maker->arena, d->store.n_kpis + d->store.n_attributes, &maker->roots));
    for (int64_t i = 0; i < maker->options->n_kpis; i++)
        if (maker->options->kpis[i] >= d->n_stored_kpis)
            maker->roots[maker->n_roots++] =
                d->kpi_nodes[maker->options->kpis[i] - d->n_stored_kpis];
    for (int64_t i = d->n_stored_attributes; i < d->store.n_attributes; i++)
        if (maker->options->attribute_on[i])
            maker->roots[maker->n_roots++] = d->attributes[i - d->n_stored_attributes].node;
    return LODE_OK;
}

static lode_status add_tops(struct maker *maker)
{
    const struct expr_graph *graph = maker->derivation->graph;
    const struct expr_schema_counts schema = schema_of(maker->derivation);
    int32_t *round_of = NULL, *tops = NULL, n_rounds = 0;
    lode_try(lode_take(maker->arena, graph->n_tops, &round_of));
    lode_try(lode_take(maker->arena, graph->n_tops, &tops));
    lode_try(
        expr_tops_rounds(graph, maker->roots, maker->n_roots, maker->arena, round_of, &n_rounds));
    for (int32_t round = 0; round < n_rounds; round++) {
        struct reading *stage = NULL;
        struct expr_needs needs;
        int32_t n = 0;
        for (int32_t t = 0; t < graph->n_tops; t++)
            if (round_of[t] == round) tops[n++] = t;
        lode_try(begin(maker, "counting frequent events", maker->n_partitions, &stage));
        lode_try(expr_tops_needs(graph, tops, n, &schema, maker->arena, &needs));
        add_needs(maker, &needs, stage);
    }
    return LODE_OK;
}

/* The sample for cuts, where a number is to be cut. */
static lode_status add_sample(struct maker *maker)
{
    const struct derivation *d = maker->derivation;
    int32_t *nodes = NULL, n = 0;
    struct reading *stage = NULL;
    lode_try(lode_take(maker->arena, d->store.n_attributes, &nodes));
    for (int64_t i = d->n_stored_attributes; i < d->store.n_attributes; i++) {
        const struct derived_attribute *derived = &d->attributes[i - d->n_stored_attributes];
        if (maker->options->attribute_on[i] && derived->type == EXPR_NUMBER)
            nodes[n++] = derived->node;
    }
    if (n == 0) return LODE_OK;
    lode_try(begin(maker, "sampling derived attributes", derivation_sampled_partitions(&d->store),
                   &stage));
    return add_values(maker, nodes, n, stage);
}

/* A stage that reads the sessions: their users, KPIs and attributes, and all that is derived. */
static lode_status begin_sessions(struct maker *maker, const char *title, struct reading **stage)
{
    lode_try(begin(maker, title, maker->n_partitions, stage));
    (*stage)->starts = true;
    add_analysed(maker, false, false, *stage);
    return add_values(maker, maker->roots, maker->n_roots, *stage);
}

/* Of the same, those that look up findings in the events: no more than this, as it depends on what
 * was found. */
static lode_status begin_findings(struct maker *maker, const char *title)
{
    struct reading *stage = NULL;
    lode_try(begin_sessions(maker, title, &stage));
    stage->event_offsets = stage->event_names = true;
    return LODE_OK;
}

static lode_status add_over_time(struct maker *maker)
{
    struct reading *stage = NULL;
    if (!maker->options->trend && !maker->options->change) return LODE_OK;
    lode_try(begin(maker, "finding the span of time", maker->n_partitions, &stage));
    stage->users = false;
    stage->starts = true;
    return begin_sessions(maker, "counting over time", &stage);
}

static lode_status list_stages(struct maker *maker)
{
    struct reading *stage = NULL;
    lode_try(find_roots(maker));
    if (maker->derivation->graph) {
        lode_try(add_tops(maker));
        lode_try(add_sample(maker));
    }
    lode_try(begin_sessions(maker, "counting cohorts", &stage));
    add_analysed(maker, false, true, stage);
    if (maker->options->pairs) lode_try(begin_sessions(maker, "counting pairs of cohorts", &stage));
    lode_try(begin(maker, "counting patterns", maker->n_partitions, &stage));
    stage->users = false;
    stage->event_offsets = stage->event_names = true;
    add_analysed(maker, true, false, stage);
    lode_try(add_values(maker, maker->roots, maker->n_roots, stage));
    stage->users |= maker->n_roots > 0;
    lode_try(add_over_time(maker));
    lode_try(begin_findings(maker, "comparing findings"));
    if (maker->options->causal) lode_try(begin_findings(maker, "adjusting for attributes"));
    return begin_findings(maker, "finding example sessions");
}

/* Sums bytes, and tells the names. */
struct listing {
    struct lode_bytes names;
    int64_t bytes;
};

static lode_status add_column(struct listing *listing, bool is_read, const char *name, int64_t rows,
                              int64_t width)
{
    if (!is_read) return LODE_OK;
    listing->bytes += rows * width;
    return lode_bytes_printf(&listing->names, "%s%s", listing->names.size ? ", " : "", name);
}

static lode_status list_event_attributes(const struct maker *maker, const struct reading *stage,
                                         int64_t n_events, struct listing *out)
{
    const struct expr_schema *schema = &maker->derivation->schema;
    for (int64_t i = 0; i < schema->n_event_attributes; i++) {
        const struct expr_event_attribute *attribute = &schema->event_attributes[i];
        char name[96]; /* events and sessions may have attributes of one name */
        snprintf(name, sizeof name, "event %.80s", attribute->name);
        lode_try(add_column(out, stage->event_attributes[i], name, n_events,
                            attribute->is_number ? NUMBER : CODE));
    }
    return LODE_OK;
}

/* Every task has all samples of the series that it needs. */
static lode_status list_series(const struct maker *maker, const struct reading *stage,
                               struct listing *out)
{
    const struct derivation *d = maker->derivation;
    for (int32_t s = 0; d->graph && s < d->graph->n_series; s++) {
        const struct expr_series *series = &d->graph->series[s];
        const struct expr_source *source = &d->schema.sources[series->source];
        char name[192];
        int64_t bytes = 0;
        snprintf(name, sizeof name, "%.80s.%.80s", source->name,
                 source->counters.words[series->counter]);
        lode_try(
            samples_bytes(&d->sources, d->graph, d->schema.attributes, s, maker->arena, &bytes));
        lode_try(add_column(out, stage->series[s], name, stage->n_tasks, bytes));
    }
    return LODE_OK;
}

static lode_status list_columns(const struct maker *maker, const struct reading *stage,
                                struct listing *out)
{
    const struct lode_store *store = &maker->derivation->store;
    struct lode_row_counts rows = {0};
    for (int64_t i = 0; i < stage->n_tasks; i++) { /* always the first ones */
        rows.n_users += store->partitions[i].n_users;
        rows.n_sessions += store->partitions[i].n_sessions;
        rows.n_events += store->partitions[i].n_events;
    }
    lode_try(add_column(out, stage->users, "users", rows.n_users, OFFSET));
    lode_try(add_column(out, stage->starts, "starts", rows.n_sessions, TIME));
    lode_try(add_column(out, stage->event_offsets, "sessions", rows.n_sessions, OFFSET));
    lode_try(add_column(out, stage->event_names, "event names", rows.n_events, CODE));
    lode_try(add_column(out, stage->event_times, "event times", rows.n_events, TIME));
    for (int64_t i = 0; i < maker->derivation->n_stored_kpis; i++)
        lode_try(add_column(out, stage->kpis[i], store->kpis[i].name, rows.n_sessions,
                            store->kpis[i].is_binary ? MARK : NUMBER));
    for (int64_t i = 0; i < maker->derivation->n_stored_attributes; i++)
        lode_try(add_column(out, stage->attributes[i], store->attributes[i].name, rows.n_sessions,
                            CODE));
    lode_try(list_event_attributes(maker, stage, rows.n_events, out));
    return list_series(maker, stage, out);
}

static lode_status make_table(const struct maker *maker, struct lode_table *table)
{
    struct lode_words *words = NULL;
    struct lode_column *columns = NULL;
    uint32_t *titles = NULL, *read = NULL;
    int64_t *tasks = NULL, *bytes = NULL, n_words = 0;
    lode_try(lode_words_create(maker->arena, &words));
    lode_try(lode_take(maker->arena, maker->n, &titles));
    lode_try(lode_take(maker->arena, maker->n, &read));
    lode_try(lode_take(maker->arena, maker->n, &tasks));
    lode_try(lode_take(maker->arena, maker->n, &bytes));
    lode_try(lode_take(maker->arena, 4, &columns));
    for (int64_t i = 0; i < maker->n; i++) {
        const struct reading *stage = &maker->stages[i];
        struct listing listing = {0};
        lode_status status = list_columns(maker, stage, &listing);
        if (!status) status = lode_words_add(words, stage->title, strlen(stage->title), &titles[i]);
        if (!status)
            status = lode_words_add(words, listing.names.data ? (char *)listing.names.data : "",
                                    listing.names.size, &read[i]);
        lode_bytes_clear(&listing.names);
        if (status) return status;
        tasks[i] = stage->n_tasks;
        bytes[i] = listing.bytes;
    }
    char *const *list = lode_words_list(words, &n_words);
    columns[0] = lode_column_words("stage", titles, list, n_words, "");
    columns[1] = lode_column_numbers("tasks", LODE_COLUMN_I64, tasks, "1", "");
    columns[2] = lode_column_words("reads", read, list, n_words, "columns, each once");
    columns[3] = lode_column_numbers("bytes", LODE_COLUMN_I64, bytes, "bytes", "of these columns");
    *table = (struct lode_table){.name = "stages",
                                 .title = "stages: the columns of the store that each reads once, "
                                          "at most, and their bytes in memory",
                                 .n_rows = maker->n,
                                 .n_columns = 4,
                                 .columns = columns};
    return LODE_OK;
}

lode_status explain_stages(const struct lode_run *run, const struct derivation *derivation,
                           const struct opportunity_options *options, struct lode_table *table)
{
    struct maker *maker = NULL;
    lode_try(lode_take_zero(run->arena, 1, &maker));
    maker->derivation = derivation;
    maker->options = options;
    maker->arena = run->arena;
    maker->n_partitions = derivation->store.n_partitions;
    lode_try(list_stages(maker));
    return make_table(maker, table);
}
