/* Manual groups: a grouping that people made, to be compared with the learned one.
 *
 * A CSV or JSON Lines file with columns component, group and counter; component and counter are
 * patterns with * and ?. The counters of a component that rows of one group fit are that group of
 * it: E is the mean of theirs.
 */
#ifndef LODE_JOBS_HIERARCHY_EVALUATION_MANUAL_GROUPS_H
#define LODE_JOBS_HIERARCHY_EVALUATION_MANUAL_GROUPS_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct manual_row {
    const char *component, *counter; /* patterns */
    int64_t group;                   /* index into groups */
};

struct manual_groups {
    int64_t n_rows;
    struct manual_row *rows;
    int64_t n_groups;
    const char *const *groups; /* [n_groups] names in order of first use */
};

/* Everything is the arena's. LODE_E_INPUT with path and line: a missing column, a row that is no
 * good, an empty name. */
LODE_CHECKED lode_status manual_groups_read(const char *path, struct lode_arena *arena,
                                            struct manual_groups *groups);

/* Is the counter of that component in the group? */
bool manual_groups_has(const struct manual_groups *groups, int64_t group, const char *component,
                       const char *counter);

#endif
