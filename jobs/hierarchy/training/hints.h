/* Hints: what operators know of groups, found among the leaves of one component.
 *
 * A pattern is `COUNTER` or `COUNTER@COMPONENT`, both with * and ?; a rule or pattern goes by its
 * name. Lines of parameter groups give each group patterns, separated by commas; those of parameter
 * exemplars are leaves that begin a group. A leaf that several groups would have is of the first.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_HINTS_H
#define LODE_JOBS_HIERARCHY_TRAINING_HINTS_H

#include "jobs/hierarchy/options.h"

struct hints {
    int32_t *given; /* [n] group 0.. of each leaf, -1: none; as group_options has them */
    int32_t *exemplars;
    int64_t n_exemplars;
    const char **names; /* [n] of the groups given; those that have no leaf here have no number */
};

/* The next pattern of a list "a, b*, c@web", the arena's, and the list behind it; NULL: there is no
 * more. */
LODE_CHECKED lode_status hints_next(const char **list, struct lode_arena *arena, char **pattern);

/* leaves [n]: counters, or names of rules and patterns. Everything is the arena's. LODE_E_MEMORY.
 */
LODE_CHECKED lode_status hints_find(const struct hierarchy_options *options, const char *component,
                                    const char *const *leaves, int64_t n, struct lode_arena *arena,
                                    struct hints *hints);

#endif
