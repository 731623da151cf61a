/* Schema: components and counters of the store to be, from what its write tasks found and, when it
 * is appended to, from what it has. Indices are kept: what is new comes behind, in order of names.
 * Pure.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_SCHEMA_H
#define LODE_JOBS_STAGE_COUNTERS_SCHEMA_H

#include "common/store/store.h"
#include "jobs/stage/counters/counters.h"

struct schema;

/* `before` NULL: a new store. Borrowed, as the arena. */
LODE_CHECKED lode_status schema_create(const struct lode_counters_schema *before,
                                       struct lode_arena *arena, struct schema **schema);
/* A component as one generation has it in `about->partition`; parent and name of `about` are not
 * looked at. *is_known: the partition had it. */
LODE_CHECKED lode_status schema_add_component(struct schema *schema, const char *name, size_t size,
                                              const struct lode_component *about, bool *is_known);
LODE_CHECKED lode_status schema_add_counter(struct schema *schema, const char *name, size_t size);

/* Ancestors by options->tree or options->family, units and types by name; where machines are
 * aggregated a name stands for all that becomes of the counter. LODE_E_USAGE: a unit or type of no
 * counter (with the nearest), or no such type. */
LODE_CHECKED lode_status schema_finish(struct schema *schema,
                                       const struct stage_counters_options *options,
                                       struct lode_counters_schema *out);
/* Behind schema_finish: names of the family that are neither components nor above any; borrowed. */
LODE_CHECKED lode_status schema_list_unused(struct schema *schema,
                                            const struct counters_family *family,
                                            const char ***names, int64_t *n);

#endif
