/* Explain: tables of the graph and its nodes. */
#include "jobs/opportunities/derive/explain.h"

#include <string.h>

#include "common/expr/tops.h"
#include "common/store/table.h"

enum { USERS_SHOWN = 5 };

struct maker {
    const struct derivation *derivation;
    struct lode_arena *arena;
    int64_t n_definitions;
    const char **names; /* [n_definitions] KPIs, then attributes */
    int32_t *roots;     /* [n_definitions] */
};

static lode_status list_definitions(struct maker *maker)
{
    const struct derivation *d = maker->derivation;
    const int64_t n_kpis = d->store.n_kpis - d->n_stored_kpis;
    const int64_t n_attributes = d->store.n_attributes - d->n_stored_attributes;
    maker->n_definitions = n_kpis + n_attributes;
    lode_try(lode_take(maker->arena, maker->n_definitions, &maker->names));
    lode_try(lode_take(maker->arena, maker->n_definitions, &maker->roots));
    for (int64_t i = 0; i < n_kpis; i++) {
        maker->names[i] = d->store.kpis[d->n_stored_kpis + i].name;
        maker->roots[i] = d->kpi_nodes[i];
    }
    for (int64_t i = 0; i < n_attributes; i++) {
        maker->names[n_kpis + i] = d->store.attributes[d->n_stored_attributes + i].name;
        maker->roots[n_kpis + i] = d->attributes[i].node;
    }
    return LODE_OK;
}

/* used[node]: does the root's value need it? Arguments stand before their node. */
static void mark_used(const struct expr_graph *graph, int32_t root, bool *used)
{
    memset(used, 0, (size_t)graph->n_nodes * sizeof *used);
    used[root] = true;
    for (int32_t node = root; node >= 0; node--)
        for (int32_t a = 0; used[node] && a < graph->nodes[node].n_args; a++)
            used[graph->nodes[node].args[a]] = true;
}

/* "slow_pay, night and 3 more" of every node. */
static lode_status add_users(const struct maker *maker, struct lode_bytes *users)
{
    const struct expr_graph *graph = maker->derivation->graph;
    bool *used = NULL;
    int64_t *n_users = NULL;
    lode_try(lode_take(maker->arena, graph->n_nodes, &used));
    lode_try(lode_take_zero(maker->arena, graph->n_nodes, &n_users));
    for (int64_t d = 0; d < maker->n_definitions; d++) {
        mark_used(graph, maker->roots[d], used);
        for (int32_t node = 0; node < graph->n_nodes; node++) {
            if (!used[node] || ++n_users[node] > USERS_SHOWN) continue;
            lode_try(lode_bytes_printf(&users[node], "%s%s", n_users[node] > 1 ? ", " : "",
                                       maker->names[d]));
        }
    }
    for (int32_t node = 0; node < graph->n_nodes; node++)
        if (n_users[node] > USERS_SHOWN)
            lode_try(lode_bytes_printf(&users[node], " and %lld more",
                                       (long long)(n_users[node] - USERS_SHOWN)));
    return LODE_OK;
}

struct node_columns {
    int64_t *node;
    uint32_t *type, *text, *used_by;
};

static lode_status fill_nodes(const struct maker *maker, const struct lode_bytes *users,
                              struct lode_words *words, struct node_columns *columns)
{
    const struct derivation *d = maker->derivation;
    lode_status status = LODE_OK;
    struct lode_bytes text = {0};
    for (int32_t i = 0; i < d->graph->n_nodes; i++) {
        const char *type = expr_type_name(d->graph->nodes[i].type, d->graph->nodes[i].unit);
        text.size = 0;
        columns->node[i] = i;
        lode_try_done(expr_print(&d->schema, d->graph, i, &text));
        lode_try_done(lode_words_add(words, type, strlen(type), &columns->type[i]));
        lode_try_done(lode_words_add(words, (const char *)text.data, text.size, &columns->text[i]));
        lode_try_done(lode_words_add(words, (const char *)users[i].data, users[i].size,
                                     &columns->used_by[i]));
    }
done:
    lode_bytes_clear(&text);
    return status;
}

static lode_status make_nodes(const struct maker *maker, const struct lode_bytes *users,
                              struct lode_table *table)
{
    const int64_t n = maker->derivation->graph->n_nodes;
    struct node_columns c;
    struct lode_words *words = NULL;
    struct lode_column *columns = NULL;
    int64_t n_words = 0;
    lode_try(lode_words_create(maker->arena, &words));
    lode_try(lode_take(maker->arena, n, &c.node));
    lode_try(lode_take(maker->arena, n, &c.type));
    lode_try(lode_take(maker->arena, n, &c.text));
    lode_try(lode_take(maker->arena, n, &c.used_by));
    lode_try(fill_nodes(maker, users, words, &c));
    char *const *list = lode_words_list(words, &n_words);
    lode_try(lode_take(maker->arena, 4, &columns));
    columns[0] = lode_column_numbers("node", LODE_COLUMN_I64, c.node, NULL, "number of the node");
    columns[1] = lode_column_words("type", c.type, list, n_words, "of its value");
    columns[2] = lode_column_words("expression", c.text, list, n_words, "canonical text");
    columns[3] = lode_column_words("used_by", c.used_by, list, n_words, "definitions");
    *table = (struct lode_table){.name = "nodes",
                                 .title = "nodes of the graph, equal ones merged",
                                 .n_rows = n,
                                 .n_columns = 4,
                                 .columns = columns};
    return LODE_OK;
}

static lode_status add_nodes(const struct maker *maker, struct lode_table *table)
{
    const int32_t n = maker->derivation->graph->n_nodes;
    struct lode_bytes *users = NULL;
    lode_try(lode_take_zero(maker->arena, n, &users));
    lode_status status = add_users(maker, users);
    if (!status) status = make_nodes(maker, users, table);
    for (int32_t i = 0; i < n; i++) lode_bytes_clear(&users[i]);
    return status;
}

static lode_status add_graph(const struct maker *maker, struct lode_table *table)
{
    static const char *const names[] = {"definitions", "nodes_asked", "nodes",
                                        "patterns",    "selectors",   "first_passes"};
    enum { FIGURES = sizeof names / sizeof *names };
    const struct expr_graph *graph = maker->derivation->graph;
    struct lode_column *columns = NULL;
    int64_t *figures = NULL;
    int32_t *round_of = NULL, n_rounds = 0;
    lode_try(lode_take(maker->arena, graph->n_tops, &round_of));
    lode_try(expr_tops_rounds(graph, maker->roots, (int32_t)maker->n_definitions, maker->arena,
                              round_of, &n_rounds));
    const int64_t values[FIGURES] = {maker->n_definitions, graph->n_asked,     graph->n_nodes,
                                     graph->n_patterns,    graph->n_selectors, n_rounds};
    lode_try(lode_take(maker->arena, FIGURES, &columns));
    lode_try(lode_take(maker->arena, FIGURES, &figures));
    for (int i = 0; i < FIGURES; i++) {
        figures[i] = values[i];
        columns[i] = lode_column_numbers(names[i], LODE_COLUMN_I64, &figures[i], "1", "");
    }
    *table = (struct lode_table){.name = "graph",
                                 .title = "one graph of all definitions",
                                 .n_rows = 1,
                                 .n_columns = FIGURES,
                                 .columns = columns};
    return LODE_OK;
}

lode_status opportunities_explain(const struct lode_run *run, struct lode_explanation *explanation)
{
    struct derivation *derivation = NULL;
    struct opportunity_options options;
    lode_try(lode_take(run->arena, 1, &derivation)); /* tables borrow names from its store */
    lode_try(derivation_make(run->params, run->store, run->arena, derivation));
    lode_try(opportunity_options_read(run->params, &derivation->store, run->arena, &options));
    if (derivation->graph) {
        struct maker maker = {.derivation = derivation, .arena = run->arena};
        lode_try(list_definitions(&maker));
        lode_try(add_graph(&maker, &explanation->tables[explanation->n_tables++]));
        lode_try(add_nodes(&maker, &explanation->tables[explanation->n_tables++]));
    }
    return explain_stages(run, derivation, &options, &explanation->tables[explanation->n_tables++]);
}
