/* Event keys: patterns that are plain sequences of names become keys of one automaton. */
#ifndef LODE_COMMON_EXPR_EVENT_KEYS_H
#define LODE_COMMON_EXPR_EVENT_KEYS_H

#include "common/expr/automaton.h"
#include "common/expr/event_selectors.h"

/* Whether a pattern is one: every step plain and without `repeats`, each the very next, no
 * `within`, and few sequences of classes that fit it. */
bool event_keys_fit(const struct event_selectors *selectors, const struct expr_pattern *pattern);

/* The automaton of `n` patterns that fit: key_patterns[key] says which; symbols[class] is a class's
 * symbol. From the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status event_keys_make(const struct event_selectors *selectors,
                                         const struct expr_pattern *const *patterns, int32_t n,
                                         struct lode_arena *arena, struct automaton *automaton,
                                         const int32_t **key_patterns, uint32_t *symbols);

#endif
