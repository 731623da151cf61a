/* Life cycle: where a session stands in the history of its user, as one small number.
 *
 * The life cycle cohorts overlap ("session_index>1" holds "session_index=2"), so a session is put
 * into exactly one of 16 classes in a first step, and a cohort is a set of classes. What is
 * counted per class is added up per cohort afterwards.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_LIFECYCLE_H
#define LODE_JOBS_OPPORTUNITIES_LIFECYCLE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

/* Bits of a class. Two bits of them say the session's index among those of its user: 0 first,
 * 1 second, 2 third to k-th, 3 later (k = first_sessions; nobody is in 2 for k <= 2). */
enum {
    LIFECYCLE_AFTER_GAP = 1, /* a gap before this session */
    LIFECYCLE_INDEX_SHIFT = 1,
    LIFECYCLE_SPARSE = 8, /* the user has a gap somewhere */
    LIFECYCLE_CLASSES = 16,
    LIFECYCLE_MOST_COHORTS = 12
};

struct lifecycle_rule {
    int64_t sparse_after_ms; /* a gap: starts of consecutive sessions of a user differ by more */
    int64_t first_sessions;  /* k >= 1 */
};

/* classes[s] of all sessions. Sessions of user u are offsets[u] .. offsets[u + 1] - 1, in order of
 * their start; starts in ms, INT64_MIN where unknown (no gap on either side of such a session).
 * Offsets begin at 0 and never decrease. */
void lifecycle_classify(const struct lifecycle_rule *rule, int64_t n_users, const int64_t *offsets,
                        const int64_t *starts, uint8_t *classes);

/* The cohorts: names, and sets of classes (bit c: class c). In this order: all, session_index=1,
 * =2, >=3, >1, <=2, sparse_user, not_sparse_user, session_after_gap, session_not_after_gap; for
 * k >= 3 then session_index<=k and session_index>k. */
struct lifecycle_cohorts {
    int count;
    char *names[LIFECYCLE_MOST_COHORTS]; /* from the arena */
    uint16_t classes[LIFECYCLE_MOST_COHORTS];
};
/* Is a session of one of the classes always of one of the classes `of`? (Only users with a gap have
 * a session after one, and never a first one.) */
bool lifecycle_is_within(uint16_t classes, uint16_t of);
LODE_CHECKED lode_status lifecycle_cohorts_init(int64_t first_sessions, struct lode_arena *arena,
                                                struct lifecycle_cohorts *cohorts);

#endif
