/* Life cycle classes. The passes over sessions have no branch that depends on the data: with ten
 * sessions a user, a wrongly predicted branch each would cost more than all the arithmetic.
 */
#include "jobs/opportunities/lifecycle.h"

#include <stdio.h>
#include <string.h>

/* LIFECYCLE_AFTER_GAP or 0 of every session, as if all were one user's. */
static void mark_gaps(int64_t sparse_after_ms, int64_t n_sessions, const int64_t *starts,
                      uint8_t *classes)
{
    const uint64_t limit = (uint64_t)sparse_after_ms;
    if (n_sessions > 0) classes[0] = 0;
    for (int64_t s = 1; s < n_sessions; s++) {
        const int64_t before = starts[s - 1], start = starts[s];
        /* Unsigned: a later start minus an earlier one always fits. */
        const bool is_gap =
            (start > before) & (before != INT64_MIN) & ((uint64_t)start - (uint64_t)before > limit);
        classes[s] = is_gap ? LIFECYCLE_AFTER_GAP : 0;
    }
}

void lifecycle_classify(const struct lifecycle_rule *rule, int64_t n_users, const int64_t *offsets,
                        const int64_t *starts, uint8_t *classes)
{
    const int64_t later = rule->first_sessions > 2 ? rule->first_sessions : 2;
    mark_gaps(rule->sparse_after_ms, offsets[n_users], starts, classes);
    for (int64_t user = 0; user < n_users; user++) {
        const int64_t first = offsets[user], end = offsets[user + 1];
        if (first == end) continue;
        classes[first] = 0; /* what came before it was another user's */
        int gaps = 0;
        for (int64_t s = first; s < end; s++) gaps |= classes[s];
        const int of_user = gaps ? LIFECYCLE_SPARSE : 0;
        for (int64_t s = first; s < end; s++) {
            const int64_t index = s - first;
            const int step = (index > 0) + (index > 1) + (index >= later);
            classes[s] = (uint8_t)(classes[s] | step << LIFECYCLE_INDEX_SHIFT | of_user);
        }
    }
}

static int index_step(int class_index)
{
    return class_index >> LIFECYCLE_INDEX_SHIFT & 3;
}

/* The sessions whose step is in [low, high]. */
static uint16_t steps(int low, int high)
{
    int set = 0;
    for (int c = 0; c < LIFECYCLE_CLASSES; c++)
        set |= (index_step(c) >= low && index_step(c) <= high) << c;
    return (uint16_t)set;
}

/* The sessions with a bit of their class set. */
static uint16_t having(int bit)
{
    int set = 0;
    for (int c = 0; c < LIFECYCLE_CLASSES; c++) set |= ((c & bit) != 0) << c;
    return (uint16_t)set;
}

bool lifecycle_is_within(uint16_t classes, uint16_t of)
{
    const int after_gap = having(LIFECYCLE_AFTER_GAP);
    const int never = after_gap & (steps(0, 0) | ~having(LIFECYCLE_SPARSE));
    return (classes & ~of & ~never) == 0;
}

static lode_status add(struct lifecycle_cohorts *cohorts, struct lode_arena *arena,
                       const char *name, int classes)
{
    cohorts->classes[cohorts->count] = (uint16_t)classes;
    return lode_arena_text(arena, name, strlen(name), &cohorts->names[cohorts->count++]);
}

lode_status lifecycle_cohorts_init(int64_t first_sessions, struct lode_arena *arena,
                                   struct lifecycle_cohorts *cohorts)
{
    const struct {
        const char *name;
        int classes;
    } fixed[] = {
        {"all", UINT16_MAX},
        {"session_index=1", steps(0, 0)},
        {"session_index=2", steps(1, 1)},
        {"session_index>=3", steps(2, 3)},
        {"session_index>1", steps(1, 3)},
        {"session_index<=2", steps(0, 1)},
        {"sparse_user", having(LIFECYCLE_SPARSE)},
        {"not_sparse_user", UINT16_MAX & ~having(LIFECYCLE_SPARSE)},
        {"session_after_gap", having(LIFECYCLE_AFTER_GAP)},
        {"session_not_after_gap", UINT16_MAX & ~having(LIFECYCLE_AFTER_GAP)},
    };
    struct lifecycle_cohorts made = {0};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        lode_try(add(&made, arena, fixed[i].name, fixed[i].classes));
    if (first_sessions > 2) { /* k = 1 and k = 2 have their rows above */
        char name[48];
        snprintf(name, sizeof name, "session_index<=%lld", (long long)first_sessions);
        lode_try(add(&made, arena, name, steps(0, 2)));
        snprintf(name, sizeof name, "session_index>%lld", (long long)first_sessions);
        lode_try(add(&made, arena, name, steps(3, 3)));
    }
    *cohorts = made;
    return LODE_OK;
}
