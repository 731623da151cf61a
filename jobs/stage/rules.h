/* Rules: how a store was staged, as names and values that its index keeps, so that appending maps
 * columns and puts sessions together in the same way (docs/formats.md, `staging/`). Pure.
 */
#ifndef LODE_JOBS_STAGE_RULES_H
#define LODE_JOBS_STAGE_RULES_H

#include "common/store/store.h"
#include "jobs/stage/plan.h"

/* A KPI or attribute of the store. */
struct known_column {
    const char *name;
    bool of_user;
    bool of_events; /* its values come from rows of events */
    bool is_binary; /* KPI */
};

/* What is settled once a store is there. */
struct stage_known {
    bool sessions_given, by_user, by_session, split;
    int64_t gap_ms, max_ms;
    int64_t n_kpis, n_event_values; /* as in the plan: values of events are the last */
    struct known_column *kpis;
    int64_t n_attributes, n_event_attributes;
    struct known_column *attributes;
    int64_t n_left_out; /* columns with too many values to be attributes */
    const char **left_out;
};

/* From the options and the plan of a new store, once its attributes are settled. */
LODE_CHECKED lode_status rules_make(const struct stage_events_options *options,
                                    const struct stage_plan *plan, struct lode_arena *arena,
                                    struct lode_staging_rules *rules);
/* Into `options` what decides the mapping, and `known`. Strings are borrowed from the store.
 * LODE_E_INPUT: a store that keeps no rules, or rules that this lode does not know. */
LODE_CHECKED lode_status rules_read(const struct lode_store *store, struct lode_arena *arena,
                                    struct stage_events_options *options,
                                    struct stage_known *known);

#endif
