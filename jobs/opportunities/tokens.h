/* Tokens: what an event counts as. The map M gives events a common token ("all *_error events are
 * `error`"), the filter F leaves events out, so that the events around them become neighbours.
 * Source: "Automatically Surfacing Opportunities...", section 5.1.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_TOKENS_H
#define LODE_JOBS_OPPORTUNITIES_TOKENS_H

#include "common/store/store.h"
#include "jobs/opportunities/patterns.h"

struct token_rules {
    int64_t n_ignore;
    char *const *ignore; /* [n_ignore] globs of event names; matched before the map */
    int64_t n_map;
    char *const *map; /* [n_map] "glob=token", cut at the last '='; the first match wins */
};

/* Tokens of all event names; an event that no rule matches is a token of its own name.
 *
 *   names   the store's event names
 *   tokens  out; arrays from the arena (sorted names without rules: borrowed)
 *
 * LODE_E_USAGE: an entry of the map without '=' or with an empty side, a rule that matches no event
 * name (the nearest one is named), or nothing left to count. Cost O(names x rules).
 */
LODE_CHECKED lode_status tokens_make(const struct lode_dictionary *names,
                                     const struct token_rules *rules, struct lode_arena *arena,
                                     struct pattern_tokens *tokens);

#endif
