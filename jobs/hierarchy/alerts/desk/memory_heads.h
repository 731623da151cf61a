/* Memory: heads of incidents that were told as lasting, and what has become of them. */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_HEADS_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_HEADS_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* A list of heads, each once. */
struct memory_heads {
    int64_t n;
    struct memory_head *list;
};

bool memory_heads_equal(const struct memory_head *a, const struct memory_head *b);
bool memory_heads_have(const struct memory_heads *heads, const struct memory_head *head);
/* heads->list has room. */
void memory_heads_add(struct memory_heads *heads, const struct memory_head *head);

/* Heads that are open in `before`, and that none of `found` is about: of those that have vanished
 * (all detectors that knew them are of components that were scored) and of those that nobody has
 * looked for. LODE_E_MEMORY. */
LODE_CHECKED lode_status memory_heads_lost(const struct memory *before, const struct alert_run *run,
                                           const struct memory_heads *found,
                                           struct lode_arena *arena, struct memory_heads *vanished,
                                           struct memory_heads *unseen);

/* An alert about a head alone, in the arena: one firing from its start to end_ms (INT64_MIN: it
 * lasts), with a text of why nothing more is known. */
LODE_CHECKED lode_status memory_heads_alert(const struct memory_head *head, int64_t end_ms,
                                            const char *why, struct lode_arena *arena,
                                            struct alert *alert);

/* The slots of a component that a run has scored; NULL: none. */
const struct alert_scored *memory_heads_scored(const struct alert_run *run, const char *component);

#endif
