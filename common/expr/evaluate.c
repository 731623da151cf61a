/* Evaluate: a matrix of columns for one block of sessions, which stays in the cache: events' nodes
 * are filled by the pass, all others from columns before them, then roots are copied out. The
 * columns have an odd number of cache lines, so that equal places of them do not fall together.
 */
#include "common/expr/evaluate.h"

#include <math.h>
#include <string.h>

#include "common/expr/evaluate_columns.h"
#include "common/expr/event_run.h"
#include "common/expr/needs.h"

enum {
    SCRATCH_BYTES = 1 << 20, /* half of a common second-level cache */
    BLOCK_MOST = 1024,       /* sessions */
    BLOCK_LEAST = 24
};
#define LINE INT64_C(8) /* doubles */

struct expr_program {
    const struct expr_graph *graph;
    const struct lode_zone *zone;
    struct expr_roots roots;
    struct expr_reach reach;
    struct expr_needs needs;
    int32_t n_columns;
    int32_t *column_of; /* [graph.n_nodes] -1: not needed */
    struct event_program events;
};

lode_status expr_program_make(const struct expr_graph *graph, const int32_t *roots, int32_t n_roots,
                              const struct lode_zone *zone, struct lode_arena *arena,
                              struct expr_program **program)
{
    struct expr_program *made;
    const struct expr_schema_counts schema = expr_schema_of(graph);
    lode_try(lode_take_zero(arena, 1, &made));
    made->graph = graph;
    made->zone = zone;
    made->roots = (struct expr_roots){.nodes = roots, .n_nodes = n_roots};
    if (!zone) lode_try(lode_zone_make(graph->zone, NULL, 0, arena, &made->zone));
    lode_try(expr_reach_find(graph, &made->roots, arena, &made->reach));
    lode_try(expr_needs_of(graph, &made->roots, &schema, arena, &made->needs));
    lode_try(lode_take(arena, graph->n_nodes, &made->column_of));
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        made->column_of[i] = made->reach.nodes[i] ? made->n_columns : -1;
        if (!made->reach.nodes[i]) continue;
        made->n_columns += graph->nodes[i].op == EXPR_EVENT_MEAN ? 2 : 1;
    }
    lode_try(event_program_make(graph, &made->roots, &made->reach, &made->needs, made->column_of,
                                arena, &made->events));
    *program = made;
    return LODE_OK;
}

/* What a run needs beside program and columns. */
struct scratch {
    int64_t size, stride; /* sessions of a block; doubles from column to column */
    double *values;       /* [columns x stride] */
    double *carries;      /* [columns] */
    int64_t *users;       /* [size] */
    int64_t user;         /* of the next session */
    struct event_run *events;
};

static void fill(double *column, int64_t n, double value)
{
    for (int64_t s = 0; s < n; s++) column[s] = value;
}

static lode_status take_scratch(const struct expr_program *program,
                                const struct expr_columns *columns, struct lode_arena *arena,
                                struct scratch *scratch)
{
    const int64_t n_columns = program->n_columns > 0 ? program->n_columns : 1;
    lode_try(lode_take_zero(arena, n_columns, &scratch->carries));
    lode_try(lode_take(arena, BLOCK_MOST, &scratch->users));
    lode_try(event_run_make(&program->events, columns, arena, &scratch->events));

    const size_t left = lode_arena_left(arena);
    const int64_t in_cache = SCRATCH_BYTES / (int64_t)sizeof(double) / n_columns;
    const int64_t in_arena = (int64_t)(left / sizeof(double)) / n_columns;
    int64_t stride = in_cache < BLOCK_LEAST ? BLOCK_LEAST : in_cache;
    if (stride > in_arena) stride = in_arena;
    if (stride > BLOCK_MOST) stride = BLOCK_MOST;
    if (stride >= 2 * LINE) stride = (stride / LINE - 1) / 2 * 2 * LINE + LINE;
    if (stride < 1) stride = 1;
    scratch->size = scratch->stride = stride;
    lode_try(lode_take(arena, n_columns * stride, &scratch->values));
    for (int32_t i = 0; i < program->graph->n_nodes; i++)
        if (program->reach.nodes[i] && program->graph->nodes[i].op == EXPR_CONSTANT)
            fill(scratch->values + program->column_of[i] * stride, stride,
                 program->graph->nodes[i].number);
    return LODE_OK;
}

/* What a session without events has. */
static double event_default(enum expr_op op)
{
    switch (op) {
    case EXPR_EVENT_FIRST:
    case EXPR_EVENT_LAST:
    case EXPR_EVENT_GAP:
    case EXPR_EVENT_LEAST:
    case EXPR_EVENT_MOST:
        return (double)NAN;
    default:
        return 0.0;
    }
}

static void pass_events(const struct expr_program *program, const struct scratch *scratch,
                        int64_t first, int64_t n)
{
    const struct expr_graph *graph = program->graph;
    const struct event_output output = {.values = scratch->values, .stride = scratch->stride};
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        if (!program->reach.nodes[i] || !expr_op_is_event(graph->nodes[i].op)) continue;
        double *column = scratch->values + program->column_of[i] * scratch->stride;
        fill(column, n, event_default(graph->nodes[i].op));
        if (graph->nodes[i].op == EXPR_EVENT_MEAN) fill(column + scratch->stride, n, 0.0);
    }
    event_run_pass(scratch->events, first, n, &output);
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        if (!program->reach.nodes[i] || graph->nodes[i].op != EXPR_EVENT_MEAN) continue;
        double *column = scratch->values + program->column_of[i] * scratch->stride;
        for (int64_t s = 0; s < n; s++) /* 0 / 0 would be NaN too, of either sign */
            column[s] = column[scratch->stride + s] == 0.0
                            ? (double)NAN
                            : column[s] / column[scratch->stride + s];
    }
}

static void compute_nodes(const struct expr_program *program, const struct column_block *block,
                          const struct scratch *scratch)
{
    for (int32_t i = 0; i < program->graph->n_nodes; i++) {
        const struct expr_node *node = &program->graph->nodes[i];
        const double *args[EXPR_ARGS_MAX] = {NULL, NULL, NULL};
        const int32_t column = program->column_of[i];
        if (column < 0 || node->op == EXPR_CONSTANT || expr_op_is_event(node->op)) continue;
        for (int32_t a = 0; a < node->n_args; a++)
            args[a] = scratch->values + program->column_of[node->args[a]] * scratch->stride;
        expr_column_compute(block, node, args, &scratch->carries[column],
                            scratch->values + column * scratch->stride);
    }
}

/* Users of the block's sessions; those without sessions are passed over. */
static void name_users(const int64_t *offsets, int64_t first, int64_t n, struct scratch *scratch)
{
    for (int64_t s = 0; s < n; s++) {
        while (offsets[scratch->user + 1] <= first + s) scratch->user++;
        scratch->users[s] = scratch->user;
    }
}

lode_status expr_program_run(const struct expr_program *program, const struct expr_columns *columns,
                             int64_t first_user, int64_t n_users, struct lode_arena *arena,
                             double *const *values)
{
    lode_status status = LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct scratch scratch = {.user = first_user};
    lode_try_done(expr_columns_check(program->graph, &program->roots, &program->reach,
                                     &program->needs, columns));
    lode_try_done(take_scratch(program, columns, arena, &scratch));
    const int64_t *offsets = columns->session_offsets;
    const int64_t begin = offsets[first_user], end = offsets[first_user + n_users];
    for (int64_t first = begin; first < end; first += scratch.size) {
        const int64_t n = end - first < scratch.size ? end - first : scratch.size;
        const struct column_block block = {.graph = program->graph,
                                           .zone = program->zone,
                                           .columns = columns,
                                           .first = first,
                                           .n = n,
                                           .users = scratch.users};
        name_users(offsets, first, n, &scratch);
        pass_events(program, &scratch, first, n);
        compute_nodes(program, &block, &scratch);
        for (int32_t r = 0; r < program->roots.n_nodes; r++)
            memcpy(values[r] + (first - begin),
                   scratch.values + program->column_of[program->roots.nodes[r]] * scratch.stride,
                   sizeof(double) * (size_t)n);
    }
done:
    lode_arena_rewind(arena, mark);
    return status;
}

/* Who wants to know, by columns. */
struct telling {
    int32_t *first; /* [columns] the first root of it */
    int32_t *next;  /* [roots] the next one of the same column; -1 */
    expr_occurred_fn occurred;
    void *context;
};

static void tell(void *context, int32_t column, int64_t event)
{
    const struct telling *telling = context;
    for (int32_t root = telling->first[column]; root >= 0; root = telling->next[root])
        telling->occurred(telling->context, root, event);
}

static lode_status list_roots(const struct expr_program *program, struct lode_arena *arena,
                              struct telling *telling)
{
    lode_try(lode_take(arena, program->n_columns, &telling->first));
    lode_try(lode_take(arena, program->roots.n_nodes, &telling->next));
    for (int32_t c = 0; c < program->n_columns; c++) telling->first[c] = -1;
    for (int32_t r = program->roots.n_nodes - 1; r >= 0; r--) {
        const int32_t node = program->roots.nodes[r];
        const enum expr_op op = program->graph->nodes[node].op;
        if (op != EXPR_EVENT_COUNT && op != EXPR_EVENT_MATCH_COUNT)
            return lode_fail(LODE_E_BUG, "root %d is no count of events", (int)r);
        telling->next[r] = telling->first[program->column_of[node]];
        telling->first[program->column_of[node]] = r;
    }
    return LODE_OK;
}

lode_status expr_program_occurrences(const struct expr_program *program,
                                     const struct expr_columns *columns, int64_t first, int64_t n,
                                     struct lode_arena *arena, expr_occurred_fn occurred,
                                     void *context)
{
    lode_status status = LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct telling telling = {.occurred = occurred, .context = context};
    struct event_run *run = NULL;
    double *counts = NULL; /* of one session after the other: nobody asks */
    lode_try_done(expr_columns_check(program->graph, &program->roots, &program->reach,
                                     &program->needs, columns));
    lode_try_done(list_roots(program, arena, &telling));
    lode_try_done(event_run_make(&program->events, columns, arena, &run));
    lode_try_done(lode_take_zero(arena, program->n_columns, &counts));
    const struct event_output output = {
        .values = counts, .stride = 1, .occurred = tell, .context = &telling};
    for (int64_t s = first; s < first + n; s++) event_run_pass(run, s, 1, &output);
done:
    lode_arena_rewind(arena, mark);
    return status;
}
