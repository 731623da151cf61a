/* Event keys: a step that several classes fit is written out, one key for each combination. */
#include "common/expr/event_keys.h"

enum {
    KEYS_MAX = 16, /* of one pattern; more (`any`, wide globs) are cheaper as steps */
    STEPS_MAX = 16,
    TABLE_BYTES = 8 << 20 /* a full table beyond the caches is slower than edges */
};

/* Classes that fit a step, the first KEYS_MAX + 1 of them. */
static int32_t step_classes(const struct event_selectors *selectors, const struct expr_step *step,
                            int32_t *classes)
{
    const int32_t selector = selectors->same[step->selector];
    int32_t n = 0;
    for (int32_t c = 0; c < selectors->n_classes && n <= KEYS_MAX; c++)
        if (event_selector_has(selectors, selector, c)) classes[n++] = c;
    return n;
}

/* How many keys; more than KEYS_MAX: too many. */
static int32_t key_count(const struct event_selectors *selectors,
                         const struct expr_pattern *pattern)
{
    int32_t count = 1, classes[KEYS_MAX + 1];
    for (int32_t k = 0; k < pattern->n_steps && count > 0 && count <= KEYS_MAX; k++)
        count *= step_classes(selectors, &pattern->steps[k], classes);
    return count;
}

bool event_keys_fit(const struct event_selectors *selectors, const struct expr_pattern *pattern)
{
    if (pattern->within_ms != INT64_MAX) return false;
    for (int32_t k = 0; k < pattern->n_steps; k++) {
        const struct expr_step *step = &pattern->steps[k];
        if (step->repeats || (k > 0 && step->link != EXPR_NEXT)) return false;
        if (!event_selector_is_plain(&selectors->graph->selectors[step->selector])) return false;
    }
    return key_count(selectors, pattern) <= KEYS_MAX;
}

struct keys {
    int32_t n, n_symbols;
    int32_t *offsets, *patterns;
    uint32_t *symbols;
};

/* All combinations of the classes of its steps, counted like the digits of a clock. */
static void add_keys(const struct event_selectors *selectors, const struct expr_pattern *pattern,
                     int32_t number, struct keys *keys, uint32_t *symbol_of, uint32_t *next_symbol)
{
    int32_t classes[STEPS_MAX][KEYS_MAX + 1], n_classes[STEPS_MAX], digits[STEPS_MAX] = {0};
    const int32_t count = key_count(selectors, pattern);
    for (int32_t k = 0; k < pattern->n_steps; k++)
        n_classes[k] = step_classes(selectors, &pattern->steps[k], classes[k]);
    for (int32_t key = 0; key < count; key++) {
        for (int32_t k = 0; k < pattern->n_steps; k++) {
            uint32_t *symbol = &symbol_of[classes[k][digits[k]]];
            if (*symbol == 0) *symbol = (*next_symbol)++;
            keys->symbols[keys->n_symbols++] = *symbol;
        }
        keys->patterns[keys->n++] = number;
        keys->offsets[keys->n] = keys->n_symbols;
        for (int32_t k = 0; k < pattern->n_steps && ++digits[k] == n_classes[k]; k++) digits[k] = 0;
    }
}

lode_status event_keys_make(const struct event_selectors *selectors,
                            const struct expr_pattern *const *patterns, int32_t n,
                            struct lode_arena *arena, struct automaton *automaton,
                            const int32_t **key_patterns, uint32_t *symbols)
{
    int64_t n_keys = 0, n_symbols = 0;
    uint32_t next_symbol = 1;
    struct keys keys = {0};
    for (int32_t p = 0; p < n; p++) {
        const int32_t count = key_count(selectors, patterns[p]);
        n_keys += count;
        n_symbols += (int64_t)count * patterns[p]->n_steps;
    }
    if (n_symbols >= INT32_MAX)
        return lode_fail(LODE_E_MEMORY, "%lld steps of patterns are too many for one automaton",
                         (long long)n_symbols);
    lode_try(lode_take(arena, n_keys + 1, &keys.offsets));
    lode_try(lode_take(arena, n_keys, &keys.patterns));
    lode_try(lode_take(arena, n_symbols, &keys.symbols));
    keys.offsets[0] = 0;
    for (int32_t c = 0; c < selectors->n_classes; c++) symbols[c] = 0;
    for (int32_t p = 0; p < n; p++)
        add_keys(selectors, patterns[p], p, &keys, symbols, &next_symbol);
    *key_patterns = keys.patterns;
    const struct automaton_keys all = {.n_keys = keys.n,
                                       .offsets = keys.offsets,
                                       .symbols = keys.symbols,
                                       .n_symbols = next_symbol};
    return automaton_make(&all, TABLE_BYTES, arena, automaton);
}
