/* Random graphs over random partitions: the evaluator says what the oracle says, for every node and
 * session. LODE_SEED=n runs that seed alone. */
#include "tests/common/expr/builder.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/stats/random.h"
#include "tests/common/expr/oracle.h"

enum { SEEDS = 10000, NAMES = 5, WORDS = 3, EVENTS_MAX = 9, SAMPLES = 12, TABLE = WORDS };

struct world {
    struct lode_random random;
    struct builder builder;
    struct part part;
    uint8_t words[BUILDER_SELECTORS][BUILDER_CONDITIONS][WORDS + 1];
    double table[TABLE];
    int depths[BUILDER_NODES];
    int64_t sample_times[4][WORDS][SAMPLES];
    double sample_values[4][WORDS][SAMPLES];
    struct expr_samples samples[4][WORDS];
};

static int64_t below(struct world *w, int64_t n)
{
    return (int64_t)lode_random_below(&w->random, (uint64_t)n);
}

static bool chance(struct world *w, double p)
{
    return lode_random_chance(&w->random, p);
}

static double some_number(struct world *w)
{
    return chance(w, 0.2) ? (double)NAN : (double)below(w, 7) - 2.0;
}

/* --- the partition --- */

static void make_session(struct world *w)
{
    struct part *p = &w->part;
    struct expr_columns *columns = &p->columns;
    const int64_t s = part_session(p, INT64_MIN, "");
    int64_t time = 1600000000000 + below(w, 4) * 86400000 + below(w, 100);
    if (!chance(w, 0.15)) p->starts[s] = time - below(w, 3);
    for (int64_t n = below(w, EVENTS_MAX + 1); n > 0; n--) {
        const int64_t e = columns->n_events++;
        time += chance(w, 0.5) ? below(w, 4) : 0;
        p->event_times[e] = time;
        p->event_names[e] = (uint32_t)below(w, NAMES);
        p->event_codes[0][e] = chance(w, 0.2) ? LODE_NO_CODE : (uint32_t)below(w, WORDS);
        p->event_numbers[0][e] = some_number(w);
    }
    p->event_offsets[s + 1] = columns->n_events;
    p->codes[0][s] = chance(w, 0.2) ? LODE_NO_CODE : (uint32_t)below(w, WORDS);
    p->numbers[0][s] = some_number(w);
    p->numbers[1][s] = chance(w, 0.2) ? (double)NAN : (double)below(w, 2);
}

static void make_series(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        for (int c = 0; c < WORDS; c++) {
            int64_t time = 1600000000000 - 20;
            for (int k = 0; k < SAMPLES; k++) {
                time += below(w, 40);
                w->sample_times[i][c][k] = time;
                w->sample_values[i][c][k] = some_number(w);
            }
            w->samples[i][c] = (struct expr_samples){.n = below(w, SAMPLES + 1),
                                                     .times = w->sample_times[i][c],
                                                     .values = w->sample_values[i][c]};
        }
        w->part.series[i] = (struct expr_series_column){.n_components = i == 0 ? 1 : WORDS - 1,
                                                        .components = w->samples[i]};
        w->builder.series[i] = (struct expr_series){
            .component = i == 0 ? 0 : -1, .by = i == 0 ? -1 : 0, .max_age_ms = below(w, 60)};
    }
    w->builder.graph.n_series = 2;
}

static void make_part(struct world *w)
{
    part_begin(&w->part);
    for (int64_t users = 1 + below(w, 4); users > 0; users--) {
        part_user(&w->part);
        for (int64_t sessions = below(w, 4); sessions > 0; sessions--) make_session(w);
    }
}

/* --- the graph --- */

static void make_selector(struct world *w)
{
    struct builder *b = &w->builder;
    const int32_t earlier = b->graph.n_selectors;
    const bool any = chance(w, 0.1);
    const int32_t s = select_names(b, any ? NULL : "");
    for (int32_t n = 0; !any && n < NAMES; n++) b->names[s][n] = chance(w, 0.35);
    if (chance(w, 0.2)) {
        for (int i = 0; i <= WORDS; i++) w->words[s][0][i] = chance(w, 0.6);
        add_condition(
            b, s, (struct expr_condition){.words = w->words[s][0], .n_words = WORDS, .top = -1});
    }
    if (chance(w, 0.2))
        add_condition(b, s,
                      (struct expr_condition){.attribute = PART_COLUMNS,
                                              .top = -1,
                                              .low = (double)below(w, 4) - 2.0,
                                              .high = (double)below(w, 6)});
    if (earlier > 0 && chance(w, 0.4)) {
        b->selectors[s].window = (enum expr_window)(1 + below(w, 3));
        b->selectors[s].from = (int32_t)below(w, earlier);
        b->selectors[s].until = (int32_t)below(w, earlier);
    }
}

/* Half of them plain, for the automaton. */
static void make_pattern(struct world *w, int32_t n_plain)
{
    struct builder *b = &w->builder;
    const bool plain = chance(w, 0.5);
    const int32_t p = add_pattern(b, plain || chance(w, 0.5) ? INT64_MAX : below(w, 6));
    const int64_t n_steps = 1 + below(w, 4);
    for (int64_t k = 0; k < n_steps; k++) {
        struct expr_step step = {.selector = (int32_t)below(w, n_plain), .without = -1};
        if (!plain) {
            if (chance(w, 0.4)) step.selector = (int32_t)below(w, b->graph.n_selectors);
            step.link = chance(w, 0.6) ? EXPR_LATER : EXPR_NEXT;
            if (chance(w, 0.3)) step.without = (int32_t)below(w, b->graph.n_selectors);
            step.repeats = chance(w, 0.25);
        }
        add_step(b, p, step);
    }
}

static void make_event_node(struct world *w)
{
    struct builder *b = &w->builder;
    const int32_t first = (int32_t)below(w, b->graph.n_selectors);
    const int32_t second = (int32_t)below(w, b->graph.n_selectors);
    const enum expr_op op =
        (enum expr_op)(EXPR_EVENT_COUNT + below(w, EXPR_EVENT_MOST - EXPR_EVENT_COUNT + 1));
    int64_t index = -1;
    if (op == EXPR_EVENT_MATCH || op == EXPR_EVENT_MATCH_COUNT)
        index = below(w, b->graph.n_patterns);
    if (op >= EXPR_EVENT_SUM) index = PART_COLUMNS;
    event_node(b, op, first, second, index);
}

static bool is_boolean(const struct expr_node *node)
{
    return (node->op >= EXPR_LESS && node->op <= EXPR_NOT) || node->op == EXPR_EVENT_MATCH ||
           node->op == EXPR_IS_MISSING;
}

/* A node of the type that argument `a` of an operator has; the first three are a text, a time and a
 * truth (see make_graph). Not deep: the oracle computes shared arguments anew. */
static int32_t some_argument(struct world *w, enum expr_op op, int32_t a)
{
    const struct builder *b = &w->builder;
    const bool wants_truth = (op == EXPR_IF && a == 0) || (op == EXPR_WHEN && a == 1) ||
                             op == EXPR_AND || op == EXPR_OR || op == EXPR_NOT;
    if (op == EXPR_WORD_TABLE) return 0;
    if (op >= EXPR_HOUR && op <= EXPR_MONTH) return 1;
    for (int tries = 0; tries < 50; tries++) {
        const int32_t i = (int32_t)below(w, b->graph.n_nodes);
        if (w->depths[i] <= 3 && (!wants_truth || is_boolean(&b->nodes[i]))) return i;
    }
    return 2;
}

static void make_other_node(struct world *w)
{
    static const enum expr_op leaves[] = {
        EXPR_CONSTANT,      EXPR_ATTRIBUTE,      EXPR_KPI,         EXPR_START, EXPR_SESSION_INDEX,
        EXPR_USER_SESSIONS, EXPR_SINCE_PREVIOUS, EXPR_USER_MAX_GAP};
    static const int arity[] = {
        [EXPR_WORD_TABLE] = 1, [EXPR_HOUR] = 1,       [EXPR_MINUTE] = 1, [EXPR_WEEKDAY] = 1,
        [EXPR_DAY] = 1,        [EXPR_MONTH] = 1,      [EXPR_ADD] = 2,    [EXPR_SUBTRACT] = 2,
        [EXPR_MULTIPLY] = 2,   [EXPR_DIVIDE] = 2,     [EXPR_NEGATE] = 1, [EXPR_ABS] = 1,
        [EXPR_LESS] = 2,       [EXPR_LESS_EQUAL] = 2, [EXPR_EQUAL] = 2,  [EXPR_NOT_EQUAL] = 2,
        [EXPR_AND] = 2,        [EXPR_OR] = 2,         [EXPR_NOT] = 1,    [EXPR_MIN] = 2,
        [EXPR_MAX] = 2,        [EXPR_IF] = 3,         [EXPR_WHEN] = 2,   [EXPR_IS_MISSING] = 1,
        [EXPR_OR_ELSE] = 2,    [EXPR_PREVIOUS] = 1,
    };
    struct builder *b = &w->builder;
    struct expr_node node = {.index = -1};
    int depth = 0;
    if (b->graph.n_nodes < 8 || chance(w, 0.2)) {
        node.op = leaves[below(w, (int64_t)(sizeof leaves / sizeof *leaves))];
        node.number = some_number(w);
        node.index = node.op == EXPR_KPI ? below(w, 2) : 0;
    } else if (chance(w, 0.2)) {
        node.op = (enum expr_op)(EXPR_SERIES_AT + below(w, 5));
        node.index = below(w, 2);
    } else {
        do
            node.op =
                (enum expr_op)(EXPR_WORD_TABLE + below(w, EXPR_PREVIOUS - EXPR_WORD_TABLE + 1));
        while (arity[node.op] == 0);
        node.n_args = arity[node.op];
    }
    for (int32_t a = 0; a < node.n_args; a++) {
        node.args[a] = some_argument(w, node.op, a);
        if (w->depths[node.args[a]] >= depth) depth = w->depths[node.args[a]] + 1;
    }
    if (node.op == EXPR_WORD_TABLE) {
        node.table = w->table;
        node.n_table = TABLE;
    }
    w->depths[add_node(b, node)] = depth;
}

static void make_graph(struct world *w)
{
    struct builder *b = &w->builder;
    builder_begin(b);
    b->graph.n_names = NAMES;
    for (int i = 0; i < TABLE; i++) w->table[i] = some_number(w);
    memset(w->depths, 0, sizeof w->depths);
    make_series(w);
    const int32_t n_plain = 4;
    for (int32_t s = 0; s < n_plain; s++) {
        select_names(b, "");
        for (int32_t n = 0; n < NAMES; n++) b->names[s][n] = chance(w, 0.3);
    }
    for (int64_t n = 2 + below(w, 8); n > 0; n--) make_selector(w);
    for (int64_t n = 1 + below(w, 8); n > 0; n--) make_pattern(w, n_plain);
    if (chance(w, 0.4)) {
        for (int n = 0; n < NAMES; n++) b->ignored[n] = chance(w, 0.3);
        b->graph.ignored = b->ignored;
    }
    nullary(b, EXPR_ATTRIBUTE, 0);
    nullary(b, EXPR_START, -1);
    nullary(b, EXPR_KPI, 1);
    for (int64_t n = below(w, 25); n > 0; n--) make_event_node(w);
    for (int64_t n = below(w, 30); n > 0; n--) make_other_node(w);
}

/* --- the check --- */

/* Columns that the roots do not need are not there: reading one ends the test. */
static struct expr_columns needed(struct world *w, const struct expr_needs *needs,
                                  const uint32_t **attributes, const double **kpis,
                                  struct expr_event_column *event_attributes)
{
    struct expr_columns columns = w->part.columns;
    if (!needs->starts) columns.starts = NULL;
    if (!needs->event_offsets) columns.event_offsets = NULL;
    if (!needs->event_names) columns.event_names = NULL;
    if (!needs->event_times) columns.event_times = NULL;
    for (int i = 0; i < PART_COLUMNS; i++) {
        attributes[i] = needs->attributes[i] ? w->part.attributes[i] : NULL;
        kpis[i] = needs->kpis[i] ? w->part.kpis[i] : NULL;
    }
    for (int i = 0; i < 2 * PART_COLUMNS; i++)
        event_attributes[i] = needs->event_attributes[i] ? w->part.event_attributes[i]
                                                         : (struct expr_event_column){0};
    columns.attributes = attributes;
    columns.kpis = kpis;
    columns.event_attributes = event_attributes;
    return columns;
}

static void check_roots(struct world *w, uint64_t seed, const int32_t *roots, int32_t n_roots,
                        struct lode_arena *arena)
{
    static double storage[BUILDER_NODES][PART_USERS];
    static const struct expr_schema_counts schema = {PART_COLUMNS, PART_COLUMNS,
                                                     INT64_C(2) * PART_COLUMNS};
    const uint32_t *attributes[PART_COLUMNS];
    const double *kpis[PART_COLUMNS];
    struct expr_event_column event_attributes[2 * PART_COLUMNS];
    double *values[BUILDER_NODES];
    struct expr_needs needs;
    struct expr_program *program;
    const int64_t n_users = w->part.columns.n_users, cut = below(w, n_users + 1);
    const int64_t at = w->part.session_offsets[cut];

    assert_ok(expr_needs_find(&w->builder.graph, roots, n_roots, &schema, arena, &needs));
    const struct expr_columns columns = needed(w, &needs, attributes, kpis, event_attributes);
    assert_ok(expr_program_make(&w->builder.graph, roots, n_roots, NULL, arena, &program));
    for (int32_t r = 0; r < n_roots; r++) values[r] = storage[r];
    assert_ok(expr_program_run(program, &columns, 0, cut, arena, values));
    for (int32_t r = 0; r < n_roots; r++) values[r] = storage[r] + at;
    assert_ok(expr_program_run(program, &columns, cut, n_users - cut, arena, values));
    for (int32_t r = 0; r < n_roots; r++) {
        for (int64_t s = 0; s < w->part.columns.n_sessions; s++) {
            const double expected = oracle_value(&w->builder.graph, &w->part.columns, roots[r], s);
            if (!same_value(expected, storage[r][s]))
                fail_msg("LODE_SEED=%llu: node %d (operator %d) of session %lld: %.17g, not %.17g",
                         (unsigned long long)seed, roots[r], (int)w->builder.nodes[roots[r]].op,
                         (long long)s, storage[r][s], expected);
        }
    }
}

/* Of each root, by session: what expr_program_occurrences tells. */
struct told {
    const struct part *part;
    double counts[BUILDER_NODES][PART_SESSIONS];
    int64_t last[BUILDER_NODES]; /* event; they never go back */
};

static void hear(void *context, int32_t root, int64_t event)
{
    struct told *told = context;
    int64_t s = 0;
    while (told->part->event_offsets[s + 1] <= event) s++;
    assert_true(event >= told->last[root]);
    told->last[root] = event;
    told->counts[root][s] += 1.0;
}

/* As many occurrences as the counts say, session by session; some counts twice. */
static void check_occurrences(struct world *w, uint64_t seed, struct lode_arena *arena)
{
    static struct told told;
    const struct expr_columns *columns = &w->part.columns;
    int32_t roots[2 * BUILDER_NODES], n_roots = 0;
    struct expr_program *program;
    memset(&told, 0, sizeof told);
    told.part = &w->part;
    for (int32_t i = 0; i < w->builder.graph.n_nodes && n_roots + 2 <= BUILDER_NODES; i++) {
        const enum expr_op op = w->builder.nodes[i].op;
        if (op != EXPR_EVENT_COUNT && op != EXPR_EVENT_MATCH_COUNT) continue;
        for (int twice = chance(w, 0.3); twice >= 0; twice--) roots[n_roots++] = i;
    }
    assert_ok(expr_program_make(&w->builder.graph, roots, n_roots, NULL, arena, &program));
    const int64_t cut = below(w, columns->n_sessions + 1);
    assert_ok(expr_program_occurrences(program, columns, 0, cut, arena, hear, &told));
    assert_ok(expr_program_occurrences(program, columns, cut, columns->n_sessions - cut, arena,
                                       hear, &told));
    for (int32_t r = 0; r < n_roots; r++)
        for (int64_t s = 0; s < columns->n_sessions; s++)
            if (!same_value(oracle_value(&w->builder.graph, columns, roots[r], s),
                            told.counts[r][s]))
                fail_msg("LODE_SEED=%llu: %g occurrences of node %d in session %lld",
                         (unsigned long long)seed, told.counts[r][s], roots[r], (long long)s);
}

static void check_seed(uint64_t seed, struct lode_arena *arena)
{
    static struct world w;
    int32_t roots[BUILDER_NODES];
    w.random = lode_random_begin(seed, 0);
    make_graph(&w);
    make_part(&w);
    const int32_t n = w.builder.graph.n_nodes;
    for (int32_t i = 0; i < n; i++) roots[i] = i;
    check_roots(&w, seed, roots, n, arena);
    for (int32_t i = 0; i < 3; i++) roots[i] = (int32_t)below(&w, n);
    check_roots(&w, seed, roots, 3, arena);
    check_occurrences(&w, seed, arena);
}

static void random_graphs_have_the_values_of_the_oracle(void **state)
{
    (void)state;
    const char *given = getenv("LODE_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    for (uint64_t seed = first; seed < first + (given ? 1 : SEEDS); seed++) {
        lode_arena_reset(arena);
        check_seed(seed, arena);
    }
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs_have_the_values_of_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
