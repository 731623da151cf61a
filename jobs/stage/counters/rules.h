/* Rules: how a store of counters was staged, as names and values that its index keeps
 * (docs/formats.md, `staging/`), so that appending understands rows in the same way. Pure.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RULES_H
#define LODE_JOBS_STAGE_COUNTERS_RULES_H

#include "common/store/store.h"
#include "jobs/stage/counters/counters.h"

LODE_CHECKED lode_status counters_rules_make(const struct stage_counters_options *options,
                                             struct lode_arena *arena,
                                             struct lode_staging_rules *rules);
/* Into `options` what the store decides. Strings are borrowed from the store, or of the arena.
 * LODE_E_INPUT: rules that this lode does not know. */
LODE_CHECKED lode_status counters_rules_read(const struct lode_store *store,
                                             struct lode_arena *arena,
                                             struct stage_counters_options *options);

#endif
