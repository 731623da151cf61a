/* Event program: first who listens to which selector (uses), then, for each class of names, the
 * uses whose selector has it, kind by kind. Acting kind by kind keeps the branches of the pass
 * predictable; within a kind uses keep the order in which they are written down here.
 */
#include "common/expr/event_program.h"

#include "common/expr/event_keys.h"
#include "common/expr/event_selectors.h"

/* Someone who listens. */
struct use {
    enum event_kind kind;
    int32_t selector, first, second;
};

struct compiler {
    const struct expr_graph *graph;
    const struct expr_roots *roots;
    const struct expr_reach *reach;
    const int32_t *column_of;
    struct lode_arena *arena;
    struct event_selectors selectors;
    struct use *uses;
    int32_t n_uses;
    struct event_step *steps;
    struct event_pattern *patterns;
    struct event_program *program;
};

static void add_use(struct compiler *compiler, enum event_kind kind, int32_t selector,
                    int32_t first, int32_t second)
{
    compiler->uses[compiler->n_uses++] =
        (struct use){.kind = kind,
                     .selector = compiler->selectors.same[selector],
                     .first = first,
                     .second = second};
}

/* Selectors in their order: what a window waits for is known before the window is asked. */
static lode_status add_selectors(struct compiler *compiler)
{
    const struct event_selectors *selectors = &compiler->selectors;
    struct event_program *program = compiler->program;
    struct event_test *tests;
    bool *is_open;
    lode_try(lode_take_zero(compiler->arena, program->always, &tests));
    lode_try(lode_take(compiler->arena, selectors->n_windows, &is_open));
    for (int32_t s = 0; s < program->always; s++) {
        const struct expr_selector *selector = &compiler->graph->selectors[s];
        if (selectors->same[s] != s) continue;
        tests[s] = (struct event_test){.window = selectors->window_of[s],
                                       .n_conditions = selector->n_conditions,
                                       .conditions = selector->conditions};
        if (!event_selector_is_plain(selector)) add_use(compiler, EVENT_SELECT, s, s, 0);
        for (int32_t w = 0; w < selectors->n_windows; w++) {
            const struct event_window *window = &selectors->windows[w];
            const bool is_before = window->kind == EXPR_BEFORE;
            if (s == (is_before ? window->from : window->until))
                add_use(compiler, EVENT_SELECT, s, w, 1);
            if (s == window->from && !is_before) add_use(compiler, EVENT_OPEN, s, w, 0);
            is_open[w] = is_before;
        }
    }
    program->tests = tests;
    program->n_windows = selectors->n_windows;
    program->is_open = is_open;
    return LODE_OK;
}

static void add_node(struct compiler *compiler, const struct expr_node *node, int32_t column)
{
    static const enum event_kind kinds[] = {
        [EXPR_EVENT_COUNT] = EVENT_COUNT, [EXPR_EVENT_FIRST] = EVENT_FIRST,
        [EXPR_EVENT_LAST] = EVENT_LAST,   [EXPR_EVENT_SUM] = EVENT_SUM,
        [EXPR_EVENT_MEAN] = EVENT_MEAN,   [EXPR_EVENT_LEAST] = EVENT_LEAST,
        [EXPR_EVENT_MOST] = EVENT_MOST,
    };
    const int32_t *selectors = node->selectors;
    if (node->op == EXPR_EVENT_GAP || node->op == EXPR_EVENT_STATE_TIME) {
        const bool is_gap = node->op == EXPR_EVENT_GAP;
        const int32_t memory = compiler->program->n_memories++;
        add_use(compiler, is_gap ? EVENT_GAP_END : EVENT_STATE_END, selectors[1], column, memory);
        add_use(compiler, is_gap ? EVENT_GAP_BEGIN : EVENT_STATE_BEGIN, selectors[0], column,
                memory);
    } else if (!expr_op_is_match(node->op)) {
        const int32_t attribute = expr_op_is_fold(node->op) ? (int32_t)node->index : -1;
        add_use(compiler, kinds[node->op], selectors[0], column, attribute);
    }
}

/* From the last step to the first, so that a step finds those before it as the last event left
 * them; what waits for a step is forgotten after that step has looked, before new ones wait. */
static void add_steps(struct compiler *compiler, const struct expr_pattern *pattern, int32_t number)
{
    struct event_program *program = compiler->program;
    const int32_t from = program->n_steps;
    for (int32_t k = pattern->n_steps - 1; k >= 0; k--) {
        const struct expr_step *step = &pattern->steps[k];
        compiler->steps[from + k] = (struct event_step){.pattern = number,
                                                        .is_first = k == 0,
                                                        .is_last = k == pattern->n_steps - 1,
                                                        .is_next = step->link == EXPR_NEXT,
                                                        .repeats = step->repeats};
        add_use(compiler, EVENT_STEP, step->selector, from + k, 0);
        if (k > 0 && step->link == EXPR_LATER && step->without >= 0)
            add_use(compiler, EVENT_STEP, step->without, from + k, 1);
    }
    program->n_steps += pattern->n_steps;
}

static void add_pattern(struct compiler *compiler, int32_t node, const struct expr_pattern *pattern)
{
    compiler->patterns[compiler->program->n_patterns++] = (struct event_pattern){
        .within_ms = pattern->within_ms,
        .column = compiler->column_of[node],
        .n_steps = pattern->n_steps,
        .is_counted = compiler->graph->nodes[node].op == EXPR_EVENT_MATCH_COUNT};
}

/* Patterns that are keys first: the automaton counts them from 0. */
static lode_status add_patterns(struct compiler *compiler, const struct expr_pattern **keys,
                                uint32_t *symbols)
{
    const struct expr_graph *graph = compiler->graph;
    struct event_program *program = compiler->program;
    for (int32_t round = 0; round < 2; round++) {
        for (int32_t i = 0; i < graph->n_nodes; i++) {
            if (!compiler->reach->nodes[i] || !expr_op_is_match(graph->nodes[i].op)) continue;
            const struct expr_pattern *pattern = &graph->patterns[graph->nodes[i].index];
            if (event_keys_fit(&compiler->selectors, pattern) != (round == 0)) continue;
            if (round == 0)
                keys[program->n_patterns] = pattern;
            else
                add_steps(compiler, pattern, program->n_patterns);
            add_pattern(compiler, i, pattern);
        }
        if (round == 0 && program->n_patterns > 0) {
            program->has_automaton = true;
            lode_try(event_keys_make(&compiler->selectors, keys, program->n_patterns,
                                     compiler->arena, &program->automaton, &program->key_patterns,
                                     symbols));
        }
    }
    program->steps = compiler->steps;
    program->patterns = compiler->patterns;
    return LODE_OK;
}

/* Uses, sorted by kind: those of kind k are from[k] to from[k + 1] - 1. */
static lode_status sort_uses(struct compiler *compiler, int32_t *from)
{
    struct use *sorted;
    int32_t at[EVENT_KINDS];
    lode_try(lode_take(compiler->arena, compiler->n_uses, &sorted));
    for (int32_t k = 0; k <= EVENT_KINDS; k++) from[k] = 0;
    for (int32_t u = 0; u < compiler->n_uses; u++) from[compiler->uses[u].kind + 1]++;
    for (int32_t k = 0; k < EVENT_KINDS; k++) from[k + 1] += from[k];
    for (int32_t k = 0; k < EVENT_KINDS; k++) at[k] = from[k];
    for (int32_t u = 0; u < compiler->n_uses; u++)
        sorted[at[compiler->uses[u].kind]++] = compiler->uses[u];
    compiler->uses = sorted;
    return LODE_OK;
}

/* What listens to a class; NULL entries: only says how many there are. */
static int64_t list_class(const struct compiler *compiler, int32_t name_class, const int32_t *from,
                          bool is_invisible, struct event_entry *entries, int32_t *ends)
{
    int64_t n = 0;
    for (int32_t kind = 0; kind < EVENT_KINDS; kind++) {
        const int32_t end = kind == EVENT_STEP && is_invisible ? from[kind] : from[kind + 1];
        for (int32_t u = from[kind]; u < end; u++) {
            const struct use *use = &compiler->uses[u];
            if (!event_selector_has(&compiler->selectors, use->selector, name_class)) continue;
            const bool is_plain =
                event_selector_is_plain(&compiler->graph->selectors[use->selector]);
            if (entries)
                entries[n] = (struct event_entry){.guard = is_plain ? compiler->program->always
                                                                    : use->selector,
                                                  .first = use->first,
                                                  .second = use->second};
            n++;
        }
        ends[kind] = (int32_t)n;
    }
    return n;
}

static bool is_ignored(const struct compiler *compiler, int32_t name_class)
{
    const int64_t sample = compiler->selectors.sample[name_class];
    return compiler->graph->ignored && sample >= 0 && compiler->graph->ignored[sample];
}

static lode_status make_lists(struct compiler *compiler, const uint32_t *symbols)
{
    struct event_program *program = compiler->program;
    const int32_t n_classes = compiler->selectors.n_classes;
    int32_t from[EVENT_KINDS + 1], ends[EVENT_KINDS], n_groups = 0;
    int64_t n_entries = 0, at = 0;
    struct event_class *classes;
    struct event_group *groups;
    struct event_entry *entries;
    lode_try(sort_uses(compiler, from));
    for (int32_t c = 0; c < n_classes; c++)
        n_entries += list_class(compiler, c, from, is_ignored(compiler, c), NULL, ends);
    if (n_entries > INT32_MAX)
        return lode_fail(LODE_E_MEMORY,
                         "%lld uses of selectors by names of events are more than %d; give fewer "
                         "expressions with `any` or wide globs at once",
                         (long long)n_entries, INT32_MAX);
    lode_try(lode_take(compiler->arena, n_classes, &classes));
    lode_try(lode_take(compiler->arena, (int64_t)n_classes * EVENT_KINDS, &groups));
    lode_try(lode_take(compiler->arena, n_entries, &entries));
    for (int32_t c = 0; c < n_classes; c++) {
        const bool is_invisible = is_ignored(compiler, c);
        classes[c] = (struct event_class){
            .groups_from = n_groups, .symbol = symbols[c], .is_invisible = is_invisible};
        const int64_t n = list_class(compiler, c, from, is_invisible, entries + at, ends);
        for (int32_t kind = 0, begin = 0; kind < EVENT_KINDS; begin = ends[kind++])
            if (ends[kind] > begin)
                groups[n_groups++] = (struct event_group){.kind = (enum event_kind)kind,
                                                          .from = (int32_t)at + begin,
                                                          .end = (int32_t)at + ends[kind]};
        at += n;
        classes[c].groups_end = n_groups;
    }
    program->n_classes = n_classes;
    program->classes = classes;
    program->groups = groups;
    program->entries = entries;
    program->is_empty = n_entries == 0 && !program->has_automaton;
    return LODE_OK;
}

/* Most uses that there can be; patterns are those of nodes, each of which gets its own steps. */
static lode_status take_room(struct compiler *compiler)
{
    const struct expr_graph *graph = compiler->graph;
    int64_t n_steps = 0, n_patterns = 0;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        if (!compiler->reach->nodes[i] || !expr_op_is_match(graph->nodes[i].op)) continue;
        n_steps += graph->patterns[graph->nodes[i].index].n_steps;
        n_patterns++;
    }
    const int64_t n_uses = INT64_C(3) * graph->n_selectors + INT64_C(2) * graph->n_nodes +
                           2 * n_steps + compiler->roots->n_tops;
    lode_try(lode_take(compiler->arena, n_uses, &compiler->uses));
    lode_try(lode_take(compiler->arena, n_steps, &compiler->steps));
    return lode_take(compiler->arena, n_patterns, &compiler->patterns);
}

lode_status event_program_make(const struct expr_graph *graph, const struct expr_roots *roots,
                               const struct expr_reach *reach, const struct expr_needs *needs,
                               const int32_t *column_of, struct lode_arena *arena,
                               struct event_program *program)
{
    struct compiler compiler = {.graph = graph,
                                .roots = roots,
                                .reach = reach,
                                .column_of = column_of,
                                .arena = arena,
                                .program = program};
    const struct expr_pattern **keys;
    uint32_t *symbols;
    *program =
        (struct event_program){.always = graph->n_selectors, .reads_times = needs->event_times};
    lode_try(event_selectors_make(graph, reach, arena, &compiler.selectors));
    lode_try(take_room(&compiler));
    lode_try(lode_take(arena, graph->n_nodes, &keys));
    lode_try(lode_take_zero(arena, compiler.selectors.n_classes, &symbols));
    lode_try(add_selectors(&compiler));
    for (int32_t t = 0; t < roots->n_tops; t++) {
        const struct expr_top *top = &graph->tops[roots->tops[t]];
        add_use(&compiler, EVENT_TALLY, top->selector, t, (int32_t)top->attribute);
    }
    for (int32_t i = 0; i < graph->n_nodes; i++)
        if (reach->nodes[i] && expr_op_is_event(graph->nodes[i].op))
            add_node(&compiler, &graph->nodes[i], column_of[i]);
    lode_try(add_patterns(&compiler, keys, symbols));
    lode_try(make_lists(&compiler, symbols));
    if (needs->event_names) program->class_of = compiler.selectors.class_of;
    return LODE_OK;
}
