/* Builder: graphs by hand, and partitions written as text; for the tests of the evaluator. */
#ifndef LODE_TESTS_COMMON_EXPR_BUILDER_H
#define LODE_TESTS_COMMON_EXPR_BUILDER_H

#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/expr/evaluate.h"

enum {
    BUILDER_NODES = 400,
    BUILDER_SELECTORS = 100,
    BUILDER_PATTERNS = 60,
    BUILDER_STEPS = 16,
    BUILDER_CONDITIONS = 2,
    BUILDER_NAMES = 26 /* event names are a..z */
};

struct builder {
    struct expr_graph graph;
    struct expr_node nodes[BUILDER_NODES];
    struct expr_selector selectors[BUILDER_SELECTORS];
    struct expr_condition conditions[BUILDER_SELECTORS][BUILDER_CONDITIONS];
    uint8_t names[BUILDER_SELECTORS][BUILDER_NAMES];
    struct expr_pattern patterns[BUILDER_PATTERNS];
    struct expr_step steps[BUILDER_PATTERNS][BUILDER_STEPS];
    struct expr_top tops[4];
    struct expr_series series[4];
    uint8_t ignored[BUILDER_NAMES];
};

static inline void builder_begin(struct builder *b)
{
    memset(b, 0, sizeof *b);
    b->graph = (struct expr_graph){.nodes = b->nodes,
                                   .selectors = b->selectors,
                                   .patterns = b->patterns,
                                   .tops = b->tops,
                                   .series = b->series,
                                   .n_names = BUILDER_NAMES,
                                   .zone = "UTC"};
}

static inline int32_t add_node(struct builder *b, struct expr_node node)
{
    assert_true(b->graph.n_nodes < BUILDER_NODES);
    b->nodes[b->graph.n_nodes] = node;
    return b->graph.n_nodes++;
}

static inline int32_t constant(struct builder *b, double number)
{
    return add_node(b, (struct expr_node){.op = EXPR_CONSTANT, .index = -1, .number = number});
}

static inline int32_t nullary(struct builder *b, enum expr_op op, int64_t index)
{
    return add_node(b, (struct expr_node){.op = op, .index = index});
}

static inline int32_t unary(struct builder *b, enum expr_op op, int32_t x)
{
    return add_node(b, (struct expr_node){.op = op, .index = -1, .n_args = 1, .args = {x}});
}

static inline int32_t binary(struct builder *b, enum expr_op op, int32_t x, int32_t y)
{
    return add_node(b, (struct expr_node){.op = op, .index = -1, .n_args = 2, .args = {x, y}});
}

static inline int32_t ternary(struct builder *b, enum expr_op op, int32_t x, int32_t y, int32_t z)
{
    return add_node(b, (struct expr_node){.op = op, .index = -1, .n_args = 3, .args = {x, y, z}});
}

/* Events of the names in `names` ("ab"); NULL: of any. */
static inline int32_t select_names(struct builder *b, const char *names)
{
    const int32_t s = b->graph.n_selectors++;
    assert_true(s < BUILDER_SELECTORS);
    b->selectors[s] = (struct expr_selector){.names = names ? b->names[s] : NULL,
                                             .top = -1,
                                             .conditions = b->conditions[s],
                                             .window = EXPR_ALWAYS,
                                             .from = -1,
                                             .until = -1};
    for (; names && *names; names++) b->names[s][*names - 'a'] = 1;
    return s;
}

static inline int32_t select_window(struct builder *b, const char *names, enum expr_window window,
                                    int32_t from, int32_t until)
{
    const int32_t s = select_names(b, names);
    b->selectors[s].window = window;
    b->selectors[s].from = from;
    b->selectors[s].until = until;
    return s;
}

static inline void add_condition(struct builder *b, int32_t selector,
                                 struct expr_condition condition)
{
    struct expr_selector *s = &b->selectors[selector];
    assert_true(s->n_conditions < BUILDER_CONDITIONS);
    s->conditions[s->n_conditions++] = condition;
}

static inline int32_t event_node(struct builder *b, enum expr_op op, int32_t first, int32_t second,
                                 int64_t index)
{
    return add_node(b, (struct expr_node){.op = op, .selectors = {first, second}, .index = index});
}

static inline int32_t count_of(struct builder *b, int32_t selector)
{
    return event_node(b, EXPR_EVENT_COUNT, selector, -1, -1);
}

static inline int32_t add_pattern(struct builder *b, int64_t within_ms)
{
    const int32_t p = b->graph.n_patterns++;
    assert_true(p < BUILDER_PATTERNS);
    b->patterns[p] = (struct expr_pattern){.steps = b->steps[p], .within_ms = within_ms};
    return p;
}

static inline void add_step(struct builder *b, int32_t pattern, struct expr_step step)
{
    struct expr_pattern *p = &b->patterns[pattern];
    assert_true(p->n_steps < BUILDER_STEPS);
    p->steps[p->n_steps++] = step;
}

/* "a>b=>c" of single names; `>` the very next, `=>` any later; `+` after a name: repeats. */
static inline int32_t pattern_of(struct builder *b, const char *text, int64_t within_ms)
{
    const int32_t p = add_pattern(b, within_ms);
    enum expr_link link = EXPR_NEXT;
    for (; *text; text++) {
        const char name[2] = {*text, '\0'};
        if (*text == '>') continue;
        if (*text == '=') {
            link = EXPR_LATER;
            continue;
        }
        const bool repeats = text[1] == '+';
        add_step(b, p,
                 (struct expr_step){.selector = select_names(b, name),
                                    .link = link,
                                    .without = -1,
                                    .repeats = repeats});
        if (repeats) text++;
        link = EXPR_NEXT;
    }
    return p;
}

static inline int32_t matches(struct builder *b, int32_t pattern)
{
    return event_node(b, EXPR_EVENT_MATCH, -1, -1, pattern);
}

static inline int32_t match_count(struct builder *b, int32_t pattern)
{
    return event_node(b, EXPR_EVENT_MATCH_COUNT, -1, -1, pattern);
}

/* --- a partition --- */

enum { PART_USERS = 64, PART_SESSIONS = 4096, PART_EVENTS = 20000, PART_COLUMNS = 4 };

struct part {
    struct expr_columns columns;
    int64_t session_offsets[PART_USERS + 1], event_offsets[PART_SESSIONS + 1];
    int64_t starts[PART_SESSIONS], event_times[PART_EVENTS];
    uint32_t event_names[PART_EVENTS];
    uint32_t codes[PART_COLUMNS][PART_SESSIONS], event_codes[PART_COLUMNS][PART_EVENTS];
    double numbers[PART_COLUMNS][PART_SESSIONS], event_numbers[PART_COLUMNS][PART_EVENTS];
    const uint32_t *attributes[PART_COLUMNS];
    const double *kpis[PART_COLUMNS];
    struct expr_event_column event_attributes[2 * PART_COLUMNS]; /* codes, then numbers */
    struct expr_series_column series[4];
};

static inline void part_begin(struct part *p)
{
    memset(p, 0, sizeof *p);
    for (int c = 0; c < PART_COLUMNS; c++) {
        p->attributes[c] = p->codes[c];
        p->kpis[c] = p->numbers[c];
        p->event_attributes[c].codes = p->event_codes[c];
        p->event_attributes[PART_COLUMNS + c].numbers = p->event_numbers[c];
    }
    p->columns = (struct expr_columns){.session_offsets = p->session_offsets,
                                       .event_offsets = p->event_offsets,
                                       .starts = p->starts,
                                       .event_times = p->event_times,
                                       .event_names = p->event_names,
                                       .attributes = p->attributes,
                                       .kpis = p->kpis,
                                       .event_attributes = p->event_attributes,
                                       .series = p->series};
}

/* A new user, whose sessions follow. */
static inline void part_user(struct part *p)
{
    assert_true(p->columns.n_users < PART_USERS);
    p->session_offsets[++p->columns.n_users] = p->columns.n_sessions;
}

/* A session of the last user: "a0 b10 c10" are names and times in ms. Returns its row. */
static inline int64_t part_session(struct part *p, int64_t start, const char *events)
{
    const int64_t s = p->columns.n_sessions++;
    assert_true(s < PART_SESSIONS);
    p->starts[s] = start;
    p->session_offsets[p->columns.n_users] = p->columns.n_sessions;
    for (const char *at = events; *at;) {
        const int64_t e = p->columns.n_events++;
        char *end;
        assert_true(e < PART_EVENTS);
        p->event_names[e] = (uint32_t)(*at - 'a');
        p->event_times[e] = strtoll(at + 1, &end, 10);
        at = *end == ' ' ? end + 1 : end;
    }
    p->event_offsets[s + 1] = p->columns.n_events;
    return s;
}

/* --- values --- */

/* Values of one node for all sessions. */
static inline void evaluate(const struct builder *b, const struct part *p, int32_t node,
                            double *values)
{
    struct lode_arena *arena;
    struct expr_program *program;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_program_make(&b->graph, &node, 1, NULL, arena, &program));
    assert_ok(expr_program_run(program, &p->columns, 0, p->columns.n_users, arena, &values));
    lode_arena_destroy(arena);
}

static inline bool same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b)); /* exact: the same sums in the same order */
}

#endif
