/* Component rules: rules of operators (detectors/rule.h) over a store and its components. The
 * coordinator compiles them against the store's counters, leaves get them as bytes.
 *
 * A component has the rules whose counters it all has, in the order of their definitions.
 */
#ifndef LODE_JOBS_HIERARCHY_COMPONENT_RULES_H
#define LODE_JOBS_HIERARCHY_COMPONENT_RULES_H

#include "jobs/hierarchy/detectors/rule.h"
#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/slots.h"
#include "jobs/job.h"

/* Rule i is options->rules[i]; without any, all is 0. Everything is the arena's. Fails as
 * rules_compile does. */
LODE_CHECKED lode_status component_rules_compile(const struct hierarchy_options *options,
                                                 const struct lode_store *store,
                                                 struct lode_arena *arena, struct rules *rules);

/* To the parameters of a stage and back. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status component_rules_pack(const struct rules *rules, struct lode_bytes *out);
LODE_CHECKED lode_status component_rules_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                                struct rules *rules);

/* Are all counters that the rule reads among these (indices in the store, in any order)? */
bool component_rules_fits(const struct rule *rule, const int64_t *counters, int64_t n_counters);

/* The rules of a component with these counters: indices [*n], ascending. */
LODE_CHECKED lode_status component_rules_find(const struct rules *rules, const int64_t *counters,
                                              int64_t n_counters, struct lode_arena *arena,
                                              int64_t **found, int64_t *n);

/* Where a rule is read. */
struct rule_slots {
    struct lode_counters *counters;
    int64_t block;
    struct slots slots;
    const int64_t *times;    /* of the component's samples */
    int64_t first_sample, n; /* those that may lie in the slots */
};

/* D of a rule that the component has: distance [slots.n]. Gaps stay gaps. Scratch (a MiB and some
 * series for each counter that the rule reads) is given back. LODE_E_MEMORY, LODE_E_INPUT. */
LODE_CHECKED lode_status component_rules_scan(const struct rules *rules, int64_t rule,
                                              const struct rule_slots *where,
                                              struct lode_arena *arena, double *distance);

#endif
