/* Bench: attributes of events, evaluated together in one pass.
 *
 * usage: bench_expressions [SESSIONS] [KIND]
 * SESSIONS (1000000) of 20 events on average, names drawn from 200, frequent ones first. For 1, 10,
 * 100 and 1,000 attributes prints processor time for each event, session and attribute, and a
 * checksum. KIND: mixed (default: counts, times, states, windows, patterns), gapped (a => b within
 * 30 s) or given (contiguous patterns of three names: one automaton).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/expr/evaluate.h"
#include "common/stats/random.h"

enum {
    NAMES = 200,
    ATTRIBUTES = 1000,
    CHUNK = 1024, /* sessions of one call: values stay small */
    SELECTORS = 3 * ATTRIBUTES,
    STEPS = 3,
    SESSIONS_OF_USER = 8
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
    fprintf(stderr, "bench_expressions: %s\n", lode_error_text());
    exit(1);
}

/* Name i about as frequent as 1 / (i + 5). */
static uint32_t some_name(struct lode_random *random)
{
    const double u = lode_random_uniform(random);
    return (uint32_t)(5.0 * (pow((NAMES + 5.0) / 5.0, u) - 1.0)) % NAMES;
}

static void make_part(int64_t n_sessions, struct lode_arena *arena, struct expr_columns *columns)
{
    struct lode_random random = lode_random_begin(1, 1);
    const int64_t n_users = (n_sessions + SESSIONS_OF_USER - 1) / SESSIONS_OF_USER;
    int64_t *users, *offsets, *times;
    uint32_t *names;
    check(lode_take(arena, n_users + 1, &users));
    check(lode_take(arena, n_sessions + 1, &offsets));
    offsets[0] = 0;
    for (int64_t s = 0; s < n_sessions; s++)
        offsets[s + 1] = offsets[s] + 10 + (int64_t)lode_random_below(&random, 21);
    for (int64_t u = 0; u <= n_users; u++)
        users[u] = u * SESSIONS_OF_USER < n_sessions ? u * SESSIONS_OF_USER : n_sessions;
    check(lode_take(arena, offsets[n_sessions], &times));
    check(lode_take(arena, offsets[n_sessions], &names));
    for (int64_t e = 0, time = 0; e < offsets[n_sessions]; e++) {
        times[e] = time += (int64_t)lode_random_below(&random, 10000);
        names[e] = some_name(&random);
    }
    *columns = (struct expr_columns){.n_users = n_users,
                                     .n_sessions = n_sessions,
                                     .n_events = offsets[n_sessions],
                                     .session_offsets = users,
                                     .event_offsets = offsets,
                                     .event_times = times,
                                     .event_names = names};
}

static int32_t add_selector(struct expr_graph *graph, struct lode_random *random,
                            struct lode_arena *arena, enum expr_window window, int32_t from)
{
    uint8_t *names;
    check(lode_take_zero(arena, NAMES, &names));
    names[lode_random_below(random, NAMES)] = 1;
    graph->selectors[graph->n_selectors] = (struct expr_selector){
        .names = names, .top = -1, .window = window, .from = from, .until = -1};
    return graph->n_selectors++;
}

static int64_t add_pattern(struct expr_graph *graph, struct lode_random *random,
                           struct lode_arena *arena, int32_t n_steps, enum expr_link link)
{
    struct expr_step *steps;
    check(lode_take_zero(arena, n_steps, &steps));
    for (int32_t k = 0; k < n_steps; k++)
        steps[k] =
            (struct expr_step){.selector = add_selector(graph, random, arena, EXPR_ALWAYS, -1),
                               .link = link,
                               .without = -1};
    graph->patterns[graph->n_patterns] = (struct expr_pattern){
        .n_steps = n_steps, .steps = steps, .within_ms = link == EXPR_LATER ? 30000 : INT64_MAX};
    return graph->n_patterns++;
}

static void add_attribute(struct expr_graph *graph, const char *kind, struct lode_random *random,
                          struct lode_arena *arena)
{
    static const enum expr_op mixed[] = {
        EXPR_EVENT_COUNT, EXPR_EVENT_FIRST,       EXPR_EVENT_LAST,
        EXPR_EVENT_GAP,   EXPR_EVENT_STATE_TIME,  EXPR_EVENT_MATCH,
        EXPR_EVENT_MATCH, EXPR_EVENT_MATCH_COUNT, EXPR_EVENT_COUNT};
    const int32_t i = graph->n_nodes % (int32_t)(sizeof mixed / sizeof *mixed);
    struct expr_node node = {.op = mixed[i], .index = -1};
    if (strcmp(kind, "mixed") != 0) node.op = EXPR_EVENT_MATCH;
    if (node.op == EXPR_EVENT_MATCH || node.op == EXPR_EVENT_MATCH_COUNT) {
        const bool given = strcmp(kind, "given") == 0 || (strcmp(kind, "mixed") == 0 && i == 5);
        node.index =
            add_pattern(graph, random, arena, given ? 3 : 2, given ? EXPR_NEXT : EXPR_LATER);
    } else {
        node.selectors[0] = add_selector(graph, random, arena, EXPR_ALWAYS, -1);
        node.selectors[1] = add_selector(graph, random, arena, EXPR_ALWAYS, -1);
        if (i == 8) /* the last of the list: count(b after a) */
            node.selectors[0] = add_selector(graph, random, arena, EXPR_AFTER, node.selectors[0]);
    }
    graph->nodes[graph->n_nodes++] = node;
}

static double evaluate(const struct expr_graph *graph, const struct expr_columns *columns,
                       struct lode_arena *arena, double *sum)
{
    int32_t roots[ATTRIBUTES];
    double *values[ATTRIBUTES], *storage;
    struct expr_program *program;
    for (int32_t r = 0; r < graph->n_nodes; r++) roots[r] = r;
    check(lode_take_zero(arena, graph->n_nodes * CHUNK, &storage));
    for (int32_t r = 0; r < graph->n_nodes; r++) values[r] = storage + (int64_t)r * CHUNK;
    const double begin = cpu_seconds();
    check(expr_program_make(graph, roots, graph->n_nodes, NULL, arena, &program));
    const int64_t step = CHUNK / SESSIONS_OF_USER;
    for (int64_t u = 0; u < columns->n_users; u += step) {
        const int64_t n = columns->n_users - u < step ? columns->n_users - u : step;
        check(expr_program_run(program, columns, u, n, arena, values));
        for (int32_t r = 0; r < graph->n_nodes; r++)
            if (!isnan(values[r][0])) *sum += values[r][0];
    }
    return cpu_seconds() - begin;
}

int main(int argc, char **argv)
{
    const int64_t n_sessions = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    const char *kind = argc > 2 ? argv[2] : "mixed";
    struct lode_arena *data, *arena;
    struct expr_columns columns;
    if (n_sessions < 1) return 2;
    check(lode_arena_create(0, &data));
    check(lode_arena_create(0, &arena));
    make_part(n_sessions, data, &columns);
    for (int32_t n = 1; n <= ATTRIBUTES; n *= 10) {
        static struct expr_node nodes[ATTRIBUTES];
        static struct expr_selector selectors[SELECTORS];
        static struct expr_pattern patterns[ATTRIBUTES];
        struct expr_graph graph = {.nodes = nodes,
                                   .selectors = selectors,
                                   .patterns = patterns,
                                   .n_names = NAMES,
                                   .zone = "UTC"};
        struct lode_random random = lode_random_begin(2, 2);
        double sum = 0.0;
        lode_arena_reset(arena);
        for (int32_t i = 0; i < n; i++) add_attribute(&graph, kind, &random, arena);
        const double seconds = evaluate(&graph, &columns, arena, &sum);
        printf("%s: %d attributes: %.3f s CPU, %.1f ns an event, %.1f ns a session, %.3f ns a "
               "session and attribute, checksum %.17g\n",
               kind, n, seconds, 1e9 * seconds / (double)columns.n_events,
               1e9 * seconds / (double)n_sessions, 1e9 * seconds / (double)n_sessions / n, sum);
    }
    lode_arena_destroy(arena);
    lode_arena_destroy(data);
    return 0;
}
